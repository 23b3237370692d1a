"""Where nothing can be written: a full disk, a log that is closed, gone or never read. The daemon serves on, reloads and ends as ever."""

import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from service import DAEMON, PATIENCE, is_sanitized, run, wait_until
from small import write_models
from wire import Client


class Silent:
    """A daemon whose standard error is the test's choice, so that no log tells when it is ready."""

    def __init__(self, stderr=subprocess.DEVNULL, preexec_fn=None, path=None):
        self.home = tempfile.TemporaryDirectory(prefix="sidetok-")
        self.path = path or self.home.name + "/s.sock"
        self.model = write_models(self.home.name)["tekken"]
        self.process = subprocess.Popen([DAEMON, "--listen", "ipc://" + self.path, "--tokenizer", f"m={self.model}"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=stderr, preexec_fn=preexec_fn)

    def __enter__(self):
        wait_until(self.answers)
        return self

    def answers(self):
        assert self.process.poll() is None, f"the daemon ended: {self.process.returncode}"
        try:
            self.client = Client(self.path)
            return self.client.ask("ping").value["ready"]
        except OSError:
            return False

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.home.cleanup()

    def reload(self):
        """Loads another file, and waits until it is served; the old one if there is none."""
        before = self.client.ask("info").value["sha256"]
        self.model.write_bytes(self.model.read_bytes() + b"\n")
        self.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.client.ask("info").value["sha256"] != before)

    def does_all(self):
        """Serves, says things about a reload that fails and some that do not, serves on, ends with 0."""
        assert self.client.ask("encode", {"text": "abc ab"}).code == 0
        content = self.model.read_bytes()
        self.model.write_bytes(b"{")
        for _ in range(20):
            self.process.send_signal(signal.SIGHUP)
            assert self.client.ask("encode", {"text": "abc"}).code == 0
        self.model.write_bytes(content)
        for _ in range(20):
            self.reload()
        assert Client(self.path).ask("encode", {"text": "abc ab"}).code == 0
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0
        assert not os.path.exists(self.path)


def test_a_log_on_a_full_disk_loses_lines_and_nothing_else():
    with open("/dev/full", "wb", buffering=0) as full, Silent(full) as daemon:
        daemon.does_all()


def test_a_log_whose_reader_is_gone_ends_nothing():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed, Silent(closed) as daemon:
        daemon.does_all()


def test_a_log_that_nobody_reads_holds_nobody_up():
    """A pipe is full after 64 KB; here it is full from the start."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 512)
    except BlockingIOError:
        os.set_blocking(writer, True)
    with os.fdopen(writer, "wb") as full, Silent(full) as daemon:
        daemon.does_all()
    os.close(reader)


def test_a_log_that_is_a_stuck_journal_holds_nobody_up():
    """A stream socket, as the journal's, with a full buffer."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    try:
        while True:
            writer.send(b"x" * 512)
    except BlockingIOError:
        writer.setblocking(True)
    with reader, writer, Silent(writer) as daemon:
        daemon.does_all()


def test_without_standard_descriptors_no_connection_takes_their_numbers():
    """A log line would go to whoever has number 2."""
    def close_all():
        for number in range(3):
            os.close(number)

    with Silent(preexec_fn=close_all) as daemon:
        for number in range(3):
            assert os.readlink(f"/proc/{daemon.process.pid}/fd/{number}") == "/dev/null", number
        daemon.does_all()


def test_no_file_is_written():
    """A process that may write no byte to a file is ended by the kernel with the first it writes: so no disk can be too full."""
    if is_sanitized(("tsan",)):
        print("# skipped: the thread sanitizer writes a file as it starts")
        return

    def forbid():
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    with Silent(preexec_fn=forbid) as daemon:
        daemon.does_all()


def full_folder(options, fill):
    """A shell's beginning: a file system of the daemon's own at $1, which is then filled up."""
    return ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
            f'mount -t tmpfs -o {options} none "$1" || exit 99; cp "$2" "$1/tekken.json"; {fill}; shift 2; exec "$@"', "sh"]


FULL = {"without a free byte": ("size=64k", 'dd if=/dev/zero of="$1/filler" 2>/dev/null'),
        "without a free inode": ("nr_inodes=20", 'i=0; while true 2>/dev/null >"$1/$i"; do i=$((i + 1)); done')}


def on_full_disk(options, fill, *command):
    with tempfile.TemporaryDirectory() as directory:
        model = write_models(directory)["tekken"]
        place = Path(directory) / "full"
        place.mkdir()
        shell = full_folder(options, fill)
        if shutil.which("unshare") is None or subprocess.run([*shell, place, model, "true"], capture_output=True).returncode:
            print("# skipped: no file system may be mounted here")
            return None
        command = [str(word).replace("PLACE", str(place)) for word in command]
        return subprocess.run([*shell, place, model, *command], capture_output=True, timeout=PATIENCE)


def test_a_socket_that_finds_no_room_is_told():
    options, fill = FULL["without a free inode"]
    done = on_full_disk(options, fill, DAEMON, "--listen", "ipc://PLACE/s.sock", "--tokenizer", "m=PLACE/tekken.json")
    if done:
        said = done.stderr.decode()
        assert done.returncode == 3 and "s.sock" in said and "space" in said, (done.returncode, said)


def test_a_socket_needs_no_byte_of_a_full_disk_and_the_log_there_loses_lines():
    options, fill = FULL["without a free byte"]
    serve = '''"$@" 2>>PLACE/filler & trap "kill $!" EXIT
               while ! "$0" encode --connect ipc://PLACE/s.sock --wait-ms 100 </dev/null >/dev/null 2>&1; do kill -0 $! || exit 98; done
               printf abc | "$0" encode --connect ipc://PLACE/s.sock; kill $!; wait $!; echo "ended $?"; trap - EXIT'''
    done = on_full_disk(options, fill, "sh", "-c", serve, DAEMON.parent / "cli/sidetok", DAEMON, "--listen", "ipc://PLACE/s.sock", "--tokenizer", "m=PLACE/tekken.json")
    if done:
        assert done.returncode == 0 and b"[" in done.stdout and b"ended 0" in done.stdout, done


run(globals())
