"""The real daemon in a temporary directory, and the runner of the service tests.

A test file ends with `run(globals())`: every function named test_* is a test, output is TAP. Programs are found by
SIDETOK_BUILD (the build directory), model files by SIDETOK_MODELS; without either the file is skipped.

SIDETOK_SLOW (default 1): the programs under test run so many times slower than natively, as valgrind and a busy machine make them. Waits
and bounds of time are so many times longer, and what is meant to keep the worker at work is so many times less.
"""

import base64
import functools
import json
import os
import signal
import struct
import subprocess
import sys
import tempfile
import traceback
import zlib
from pathlib import Path

from patience import PATIENCE, SLOW, wait_until
from wire import Client

BUILD = Path(os.environ.get("SIDETOK_BUILD", Path(__file__).resolve().parents[2] / "build"))
MODELS = Path(os.environ.get("SIDETOK_MODELS", Path(__file__).resolve().parents[2] / ".cache/models"))
SPM = MODELS / "mistral_instruct_tokenizer_240323.model.v3"
TEKKEN = MODELS / "tekken_240911.json"
DAEMON = BUILD / "sidecar/sidetokd"
COMMAND = BUILD / "sidecar/cli/sidetok"
WRAP = os.environ.get("SIDETOK_WRAP", "").split()  # runs the daemon, as valgrind does; what it writes with == is a finding
SLOW_ROWS = max(14000 // SLOW // 100, 1) * 100  # of the image that keeps the worker at work

for kind in ("ASAN", "UBSAN", "TSAN"):  # a finding has a status that nothing else ends with, so that none passes for a failure that is expected
    os.environ[kind + "_OPTIONS"] = ":".join(filter(None, [os.environ.get(kind + "_OPTIONS"), "exitcode=66"]))


class Daemon:
    """`with Daemon(...) as daemon:` starts sidetokd and waits until it is ready; leaving it kills it."""

    def __init__(self, *flags, directory=None, environment=None, tokenizers=None, path=None, wait=True):
        self.home = None if directory else tempfile.TemporaryDirectory(prefix="sidetok-")
        self.directory = Path(directory or self.home.name)
        self.path = path or str(self.directory / "s.sock")
        self.url = "ipc://" + self.path
        command = [*WRAP, DAEMON, "--listen", self.url]
        for name, file in (tokenizers or {"v3": SPM}).items():
            command += ["--tokenizer", f"{name}={file}"]
        ready, self.ready = os.pipe()
        self.log = open(self.directory / "log", "w+b")
        self.process = subprocess.Popen([*command, *flags], stdin=subprocess.DEVNULL, stderr=self.log, stdout=self.log,
                                        env={**os.environ, **(environment or {})})
        os.close(ready)
        os.close(self.ready)
        if wait:
            self.wait_for_log("ready")

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.kill()
        self.log.close()
        findings = [line for line in self.lines() if "Sanitizer" in line or "runtime error" in line or line.startswith("==")]
        if kind or findings:
            for line in self.lines()[-40:]:
                print("# log: " + line)
        if self.home:
            self.home.cleanup()
        assert kind or not findings, findings[0]

    def lines(self):
        return (self.directory / "log").read_text(errors="replace").splitlines()

    def wait_for_log(self, word):
        def seen():
            if self.process.poll() is not None and not any(word in line for line in self.lines()):
                raise AssertionError("the daemon ended: " + " | ".join(self.lines()))
            return any(word in line for line in self.lines())

        wait_until(seen)

    def client(self):
        return Client(self.path)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """SIGTERM; the exit status."""
        self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@functools.lru_cache
def is_sanitized(kinds=("asan", "tsan")):
    """Whether the daemon was built with a sanitizer, which brings an allocator and memory of its own."""
    program = DAEMON.read_bytes()
    return any(f"__{kind}_".encode() in program for kind in kinds)


def refused(*flags, environment=None):
    """A daemon that is expected to end by itself: (status, what it said)."""
    done = subprocess.run([DAEMON, *map(str, flags)], stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                          env={**os.environ, **(environment or {})})
    return done.returncode, done.stderr.decode(errors="replace")


def text_request(n_bytes, word="word "):
    return {"text": word * (n_bytes // len(word)), "bos": True, "eos": False}


def blank_png(width, height):
    """An image of zeros, RGBA. Its stream is one block of deflate again and again, so that making it takes no time."""
    rows, size = 100, 1 + 4 * width
    assert height % rows == 0
    deflate = zlib.compressobj(9, wbits=-15)
    block = deflate.compress(bytes(rows * size)) + deflate.flush(zlib.Z_FULL_FLUSH)
    end = zlib.compressobj(9, wbits=-15).flush(zlib.Z_FINISH)
    adler = struct.pack(">HH", height * size % 65521, 1)  # of that many zeros

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)) + chunk(
        b"IDAT", b"\x78\xda" + block * (height // rows) + end + adler) + chunk(b"IEND", b"")


@functools.lru_cache
def slow_request():
    """A small chat for the tokenizer with images that keeps the worker at work for a second or more: the image that it holds is
    as large as images may be (where programs run at their speed), and is decoded whole."""
    data = base64.b64encode(blank_png(12000, SLOW_ROWS)).decode()
    return json.dumps({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64," + data}}]}]})


class BusyDaemon(Daemon):
    """A daemon whose worker is at work on a slow request, id `long`, of the connection `client`; `prober` is another one."""

    def __init__(self, *flags):
        super().__init__(*flags, tokenizers={"t": TEKKEN})
        self.prober, self.client = self.connect(), self.connect()
        self.long = self.client.send("chat", slow_request(), want=4)
        wait_until(lambda: self.prober.ask("ping").value["working_ms"] > 0)

    def connect(self):
        return Client(self.path)

    def waiting(self):
        return self.prober.ask("ping").value["requests"]


def run(names):
    tests = [(name, test) for name, test in names.items() if name.startswith("test_")]
    missing = [str(file) for file in (DAEMON, COMMAND, SPM, TEKKEN) if not file.exists()]
    if missing:
        print("1..0 # SKIP " + ", ".join(missing) + " missing")
        sys.exit(0)
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except Exception:
            failed += 1
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            print(f"not ok {number} - {name}", flush=True)
    sys.exit(1 if failed else 0)
