"""The wall clock may be set while the daemon runs: deadlines, liveness, the watchdog and the end go by clocks that nobody sets.

The C library's wall clock is replaced by one that a test sets (tests/support/jumping_clock.c); nng before 1.10 measures its waits by it.
"""

import mmap
import os
import socket
import struct
import subprocess
import sys
import tempfile

from service import BUILD, PATIENCE, TEKKEN, Daemon, run, slow_request, text_request, wait_until
from wire import Client

LIBRARY = {"LD_PRELOAD": str(BUILD / "tests/support/jumping_clock.so"), "ASAN_OPTIONS": os.environ["ASAN_OPTIONS"] + ":verify_asan_link_order=0"}
HOUR, WEEK, YEAR = 3600, 7 * 86400, 365 * 86400


class Clock:
    def __init__(self, directory):
        path = directory + "/clock"
        with open(path, "wb") as file:
            file.write(bytes(8))
        self.file = open(path, "r+b")
        self.map = mmap.mmap(self.file.fileno(), 8)
        self.environment = {**LIBRARY, "SIDETOK_CLOCK_FILE": path}

    def set(self, ahead):
        self.map[:8] = struct.pack("<q", ahead)


def serves(daemon):
    """A new client, which connects anew if its handshake was the one that a jump ended."""
    def asked():
        try:
            return Client(daemon.path, timeout=5).ask("encode", text_request(1000)).code == 0
        except (OSError, EOFError):
            return False

    wait_until(asked)


def test_the_clock_is_the_programs():
    with tempfile.TemporaryDirectory() as directory:
        clock = Clock(directory)
        clock.set(YEAR)
        done = subprocess.run([sys.executable, "-c", "import time; print(int(time.time()))"], env={**os.environ, **clock.environment}, capture_output=True, timeout=PATIENCE)
        import time

        assert abs(int(done.stdout) - time.time() - YEAR) < 3600, done


def test_deadlines_of_requests_that_wait_hold():
    with tempfile.TemporaryDirectory() as directory:
        clock = Clock(directory)
        for ahead in (WEEK, -WEEK, YEAR):
            clock.set(0)
            with Daemon(tokenizers={"t": TEKKEN}, environment=clock.environment) as daemon:
                prober, client = daemon.client(), daemon.client()
                long = client.send("chat", slow_request(), want=4)
                wait_until(lambda: prober.ask("ping").value["working_ms"] > 0)
                short = [client.send("encode", text_request(100), timeout_ms=1) for _ in range(10)]
                patient = [client.send("encode", text_request(100), timeout_ms=600_000) for _ in range(10)]
                wait_until(lambda: prober.ask("ping").value["requests"] == 20)
                clock.set(ahead)
                replies = dict(client.receive() for _ in range(21))
                assert replies[long].code == 0
                assert [replies[number].type for number in short] == ["expired"] * 10
                assert [replies[number].code for number in patient] == [0] * 10
                assert prober.ask("ping").value["uptime_ms"] < PATIENCE * 1000
                serves(daemon)


def test_an_idle_daemon_stays_alive_whatever_the_clock_says():
    """For longer than a receiver may be silent (10 s) after each jump; the watchdog is fed ten times a second."""
    with tempfile.TemporaryDirectory() as directory:
        clock, path = Clock(directory), directory + "/notify"
        manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        manager.bind(path)
        manager.settimeout(PATIENCE)
        with Daemon(environment={**clock.environment, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "300000"}) as daemon:
            for ahead in (YEAR, -HOUR):
                clock.set(ahead)
                fed = 0
                while fed < 110:
                    told = manager.recv(4096).decode()
                    assert "stuck" not in told, told
                    fed += "WATCHDOG=1" in told
                serves(daemon)
            clock.set(-YEAR)
            assert daemon.stop() == 0


def test_the_end_comes_at_once_when_the_clock_was_set_back():
    """While the receiver waits until a time that is a year away, where nng goes by the wall clock."""
    with tempfile.TemporaryDirectory() as directory:
        clock = Clock(directory)
        with Daemon(environment=clock.environment) as daemon:
            serves(daemon)
            clock.set(-YEAR)
            assert daemon.stop() == 0


run(globals())
