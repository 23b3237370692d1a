"""Each allocation of a program's life fails once, in turn: it says so and lives on, or ends with its exit status; it never crashes.

The C library's allocator is replaced by one that fails on demand (tests/support/failing_alloc.c), so libraries' allocations fail too.
"""

import mmap
import os
import struct
import subprocess
import tempfile
from pathlib import Path

from service import BUILD, COMMAND, DAEMON, PATIENCE, Daemon, blank_png, is_sanitized, run
from small import chat, image_chat, write_models

LIBRARY = BUILD / "tests/support/failing_alloc.so"


class Failing:
    """The shared count: at(n) makes the n-th allocation from now fail."""

    def __init__(self, directory, thread=None):
        self.path = Path(directory) / "count"
        self.path.write_bytes(bytes(24))
        self.file = open(self.path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 24)
        self.environment = {"LD_PRELOAD": str(LIBRARY), "SIDETOK_FAIL_FILE": str(self.path)}
        if thread:
            self.environment["SIDETOK_FAIL_THREAD"] = thread

    def at(self, n):
        self.map[:24] = struct.pack("<3q", n, 0, 0)

    def failed(self):
        return struct.unpack("<3q", self.map[:24])[1]

    def counted(self):
        return struct.unpack("<3q", self.map[:24])[2]


def sanitized():
    if is_sanitized():
        print("# skipped: a sanitizer brings its own allocator")
        return True
    return False


def sweep_command(failing, arguments, stdin, right):
    """Runs a command with its n-th allocation failing, for each n. Returns how many there were."""
    n = 0
    while True:
        n += 1
        failing.at(n)
        done = subprocess.run([COMMAND, *arguments], input=stdin, capture_output=True, timeout=PATIENCE,
                              env={**os.environ, **failing.environment})
        if not failing.failed():
            assert done.stdout == right, (arguments, done)
            return n - 1
        told = done.stdout + done.stderr
        assert done.returncode >= 0, f"{arguments}, allocation {n}: signal {-done.returncode}"
        assert done.stdout == right or b"memory" in told.lower() or done.returncode != 0, f"{arguments}, allocation {n}: {told[-300:]}"


def test_each_allocation_of_the_command_fails_once():
    if sanitized():
        return
    with tempfile.TemporaryDirectory() as directory:
        failing = Failing(directory)
        for name, path in write_models(directory).items():
            for op, stdin in (("chat", chat().encode()), ("encode", b"abc ab"), ("decode", b"[1, 70, 300]"), ("info", b"")):
                arguments = [op, "--tokenizer", f"m={path}"]
                right = subprocess.run([COMMAND, *arguments], input=stdin, capture_output=True, timeout=PATIENCE).stdout
                n = sweep_command(failing, arguments, stdin, right)
                print(f"# {op} with {name}: {n} allocations")


def test_each_allocation_of_the_start_fails_once():
    if sanitized():
        return
    with tempfile.TemporaryDirectory() as directory:
        failing = Failing(directory)
        flags = [f"--tokenizer={name}={path}" for name, path in write_models(directory).items()]
        n = 0
        while True:
            n += 1
            failing.at(n)
            done = subprocess.run([DAEMON, "--check", *flags], capture_output=True, timeout=PATIENCE, env={**os.environ, **failing.environment})
            if not failing.failed():
                break
            assert done.returncode in (0, 4), f"allocation {n}: {done.returncode}: {done.stderr[-300:]}"
            assert done.returncode == 0 or b"memory" in done.stderr.lower(), f"allocation {n}: {done.stderr[-300:]}"
        print(f"# start: {n - 1} allocations")
        assert done.returncode == 0


def requests():
    """No sound: libsndfile 1.2.0 itself falls over a NULL when it closes a file whose opening found no memory."""
    small = image_chat(blank_png(100, 100))
    return {"chat": ("chat", chat(), {}), "image": ("chat", small, {}),
            "encode": ("encode", {"text": "abc ab 1", "bos": True}, {}), "text": ("encode", {"text": "abc ab 1"}, {"want": 3}),
            "decode": ("decode", {"tokens": [1, 70, 300]}, {"want": 2}), "piece": ("piece", {"id": 70}, {}), "info": ("info", None, {})}


def test_each_allocation_of_the_worker_fails_once_and_the_daemon_lives_on():
    if sanitized():
        return
    with tempfile.TemporaryDirectory() as directory:
        failing = Failing(directory, "sidetok-worker")
        models = write_models(directory)
        with Daemon("--seccomp", "no", environment=failing.environment, tokenizers=models) as daemon:  # the count asks for a thread's name
            client = daemon.client()
            for name in models:
                for kind, (op, body, fields) in requests().items():
                    right = client.ask(op, body, tokenizer=name, **fields)
                    n = sweep_request(failing, client, (op, body, {"tokenizer": name, **fields}), right)
                    print(f"# {kind} with {name}: {n} allocations")
            assert daemon.process.poll() is None


def sweep_request(failing, client, request, right):
    op, body, fields = request
    n = 0
    while True:
        n += 1
        failing.at(n)
        number = client.send(op, body, **fields)
        got, reply = client.receive() if answered(failing, client) else (number, None)
        assert got == number
        if not failing.failed():
            failing.at(0)
            assert (reply.code, reply.ids, reply.text) == (right.code, right.ids, right.text)
            return n - 1
        failing.at(0)
        assert reply is None or reply.code == right.code or reply.type == "no_memory", (op, n, reply.type, reply.message)


def answered(failing, client):
    """A reply that found no memory at all is not sent: the client's deadline tells it."""
    import select

    while not select.select([client.socket], [], [], 1)[0]:
        if failing.failed():
            return bool(select.select([client.socket], [], [], 1)[0])
    return True


def test_each_allocation_of_the_receiver_fails_once_and_the_daemon_lives_on():
    if sanitized():
        return
    with tempfile.TemporaryDirectory() as directory:
        failing = Failing(directory, "sidetok-receive")
        with Daemon(environment=failing.environment, tokenizers={"m": write_models(directory)["tekken"]}) as daemon:
            for op, body in (("ping", None), ("info", None), ("encode", {"text": "abc"})):
                client = daemon.client()
                right = client.ask(op, body)
                n = sweep_request(failing, client, (op, body, {}), right)
                print(f"# {op}: {n} allocations")
            assert daemon.process.poll() is None


run(globals())
