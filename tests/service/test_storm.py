"""Peers that connect and leave, in every place where they can: accepting goes on.

The suite takes a short share; the whole is `SIDETOK_STORM=30000 python3 tests/service/test_storm.py` (with SIDETOK_BUILD,
SIDETOK_MODELS and PYTHONPATH=tests/support as the build sets them).
"""

import os
import re
import socket
import struct
import subprocess
import time

from service import COMMAND, PATIENCE, SLOW, BusyDaemon, Daemon, run, text_request, wait_until
from wire import HELLO, Client, pack

EACH = int(os.environ.get("SIDETOK_STORM", 300))
RESUMES_SECONDS = (3.0 if EACH >= 30000 else 30.0) * SLOW  # promised for the whole; the share runs on busy machines
BODY = pack({0: 1, 1: 4, 9: text_request(1000)})
REQUEST = b"\1" + struct.pack(">QI", len(BODY) + 4, 0x80000001) + BODY


def peer(address):
    """address: a path, a name that begins with a zero byte, or (host, port)."""
    made = socket.socket(socket.AF_INET if isinstance(address, tuple) else socket.AF_UNIX)
    made.settimeout(60 * SLOW)
    made.connect(address)
    return made


def greet(made):
    made.sendall(HELLO)
    made.recv(8)


def leave_before_the_handshake(made):
    pass


def leave_in_the_handshake(made):
    made.sendall(HELLO)


def leave_after_the_handshake(made):
    greet(made)


def leave_after_half_a_request(made):
    greet(made)
    made.sendall(REQUEST[: len(REQUEST) // 2])


def leave_without_the_reply(made):
    greet(made)
    made.sendall(REQUEST)


def storm(path, leave):
    for _ in range(EACH):
        try:
            made = peer(path)
            try:
                leave(made)
            finally:
                made.close()
        except OSError:  # it was first to close
            pass


def answers(path):
    try:
        client = Client(path, timeout=1)
        try:
            return client.ask("ping").code == 0
        finally:
            client.close()
    except (OSError, EOFError):
        return False


def resumes_after(leave):
    with Daemon() as daemon:
        storm(daemon.path, leave)
        begin = time.monotonic()
        wait_until(lambda: answers(daemon.path))
        seconds = time.monotonic() - begin
        renewed = sum("listening anew" in line for line in daemon.lines())
        begun = sum("beginning anew" in line for line in daemon.lines())
        print(f"# {EACH} times: accepting after {seconds * 1000:.0f} ms, {renewed} new listeners, {begun} new beginnings")
        assert seconds < RESUMES_SECONDS
        version = re.search(r"nng (\d+)\.(\d+)", "\n".join(daemon.lines()))
        assert (int(version[1]), int(version[2])) < (1, 10) or renewed == 0, "this nng was thought to be free of the fault"


def test_accepting_goes_on_after_peers_that_leave_before_the_handshake():
    resumes_after(leave_before_the_handshake)


def test_accepting_goes_on_after_peers_that_leave_in_the_handshake():
    resumes_after(leave_in_the_handshake)


def test_accepting_goes_on_after_peers_that_leave_after_the_handshake():
    resumes_after(leave_after_the_handshake)


def test_accepting_goes_on_after_peers_that_leave_in_the_middle_of_a_request():
    resumes_after(leave_after_half_a_request)


def test_accepting_goes_on_after_peers_that_do_not_wait_for_their_reply():
    resumes_after(leave_without_the_reply)


def pings(url):
    return subprocess.run([COMMAND, "ping", "--connect", url, "--wait-ms", "1000"], capture_output=True, timeout=PATIENCE).returncode == 0


def resumes_at(url, address, *flags):
    with Daemon("--listen", url, *flags) as daemon:
        for leave in (leave_before_the_handshake, leave_in_the_handshake):
            storm(address, leave)
            wait_until(lambda: pings(url) and pings(daemon.url))
        renewed, begun = (sum(words in line for line in daemon.lines()) for words in ("listening anew", "beginning anew"))
        print(f"# {renewed} new listeners, {begun} new beginnings")


def test_accepting_goes_on_at_an_abstract_name():
    name = f"sidetok-storm-{os.getpid()}"
    resumes_at(f"abstract://{name}", "\0" + name, "--allow-uid", str(os.getuid()))


def test_accepting_goes_on_at_a_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    resumes_at(f"tcp://127.0.0.1:{port}", ("127.0.0.1", port), "--insecure-tcp", "yes")


def test_a_request_under_way_is_answered_through_a_storm():
    with BusyDaemon() as daemon:
        storm(daemon.path, leave_before_the_handshake)
        got, reply = daemon.client.receive()
        assert got == daemon.long and reply.code == 0


def answer_or_end(client):
    try:
        return client.receive()[1].code == 0
    except EOFError:
        return False


def test_no_connection_of_a_storm_is_left_hanging():
    """Whoever finished the handshake while nobody was taken over is told by the end of the connection."""
    with Daemon() as daemon:
        caught = []
        for _ in range(20):
            for _ in range(10):
                peer(daemon.path).close()
            client = Client(daemon.path, timeout=20)
            client.send("ping")
            caught.append(client)
        ends = [answer_or_end(client) for client in caught]  # a timeout fails
        print(f"# {ends.count(True)} answered, {ends.count(False)} ended")
        wait_until(lambda: answers(daemon.path))


def test_descriptors_of_peers_that_left_are_given_back():
    """Large messages both ways when the connection breaks: nng before 1.9 may stop clearing connections away."""
    big = pack({0: 1, 1: 4, 9: text_request(1 << 20), 5: 1})
    frame = b"\1" + struct.pack(">QI", len(big) + 4, 0x80000001) + big
    with Daemon() as daemon:
        folder = f"/proc/{daemon.process.pid}/fd"
        before = len(os.listdir(folder))
        for n in range(20 + EACH // 10):
            made = peer(daemon.path)
            try:
                greet(made)
                made.setblocking(False)
                for _ in range(3):
                    made.send(frame)
                made.recv(1000 * (n % 20) + 1)
            except OSError:
                pass
            made.close()
        wait_until(lambda: len(os.listdir(folder)) < before + 30)
        wait_until(lambda: answers(daemon.path))


run(globals())
