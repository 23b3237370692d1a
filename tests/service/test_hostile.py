"""Peers that break the rules do not hurt the others."""

import os
import random
import re
import resource
import socket
import struct
from pathlib import Path

from service import SLOW, WRAP, BusyDaemon, Daemon, is_sanitized, run, text_request, wait_until
from wire import HELLO, Client, pack


def raw(daemon):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(60 * SLOW)
    peer.connect(daemon.path)
    return peer


def ended(peer):
    """Whether the daemon closes the connection; what it sends before is read."""
    try:
        while peer.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True  # a timeout raises


def resident_mb(daemon):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{daemon.process.pid}/status").read_text())[1]) >> 10


class Steady:
    """A client like any real one: it connects anew when it is cut off, as the guard does where an old nng has gone deaf."""

    def __init__(self, daemon):
        self.path, self.client = daemon.path, daemon.client()

    def ask(self, *request):
        try:
            return self.client.ask(*request)
        except (OSError, EOFError):
            wait_until(self.connects)
            return self.client.ask(*request)

    def connects(self):
        try:
            self.client = Client(self.path, timeout=2)
            return self.client.ask("ping").code == 0
        except (OSError, EOFError):
            return False


def serves_new_clients(daemon):
    def asked():
        try:
            client = Client(daemon.path, timeout=2)
            answer = client.ask("ping").code == 0
            client.close()
            return answer
        except (OSError, EOFError):
            return False

    wait_until(asked)


def test_bodies_of_noise_are_bad_requests():
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    noise = random.Random(seed)
    with Daemon() as daemon:
        client = daemon.client()
        for _ in range(500):
            number = client.send_bytes(noise.randbytes(noise.randrange(0, 200)))
            got, reply = client.receive()
            assert got == number and reply.code != 0
        assert client.ask("encode", text_request(100)).code == 0


def test_half_frames_and_wrong_protocols_leave_the_others_alone():
    with Daemon() as daemon:
        good = Steady(daemon)
        assert good.ask("ping").code == 0
        for send in (b"", b"XXXXXXXXXXXX", HELLO[:3], b"\0SP\0\0\x10\0\0", HELLO, HELLO + b"\1" + struct.pack(">Q", 1000) + b"abc",
                     HELLO + b"\2" + struct.pack(">Q", 4), HELLO + b"\1" + struct.pack(">Q", 1 << 62), HELLO + b"\1" + struct.pack(">Q", 2) + b"ab"):
            peer = raw(daemon)
            try:
                peer.sendall(send)
            except OSError:
                pass
            peer.close()
            assert good.ask("ping").code == 0
        serves_new_clients(daemon)


def test_a_giant_header_is_no_giant_allocation():
    """A header may promise what it likes: beyond the limit the connection ends, below it memory is only reserved."""
    with Daemon("--queue-bytes", "64M", environment={"MALLOC_PERTURB_": "0"}) as daemon:  # which would touch what is reserved
        for size in (1 << 62, 1 << 33, (1 << 32) - 1, 70 << 20):
            peer = raw(daemon)
            peer.sendall(HELLO + b"\1" + struct.pack(">Q", size) + b"x" * 100)
            assert ended(peer), size
        waiting = []
        for _ in range(50):  # 60 MB each were they all taken at their word
            peer = raw(daemon)
            peer.sendall(HELLO + b"\1" + struct.pack(">Q", 60 << 20) + b"x")
            waiting.append(peer)
        serves_new_clients(daemon)
        assert WRAP or is_sanitized() or resident_mb(daemon) < 500  # those touch what is reserved


def test_a_thousand_idle_connections_are_carried():
    with Daemon() as daemon:
        before = resident_mb(daemon)
        idle = [Client(daemon.path) for _ in range(1000)]
        serves_new_clients(daemon)
        assert resident_mb(daemon) - before < 100
        assert all(client.ask("ping").code == 0 for client in idle[::100])


def test_a_peer_that_never_reads_loses_its_own_replies_only():
    with Daemon() as daemon:
        deaf, good = daemon.client(), daemon.client()
        before = resident_mb(daemon)
        for _ in range(200):
            deaf.send("encode", text_request(100_000))
        assert [good.ask("encode", text_request(100)).code for _ in range(100)] == [0] * 100
        wait_until(lambda: good.ask("ping").value["requests"] == 0)
        assert resident_mb(daemon) - before < 200  # 64 replies of 80 KB wait for it


def test_a_replayed_id_is_answered_like_any_other():
    """Ids are the peer's own: the same twice, at once or later, is two requests; another connection's are no key to them."""
    with BusyDaemon() as daemon:
        client, other = daemon.connect(), daemon.connect()
        for peer, ids in ((client, (7, 7, 7)), (other, (7,))):
            for number in ids:
                peer.next_id = 0x80000000 | number
                peer.send("encode", text_request(100))
        assert [client.receive()[0] & 0xFF for _ in range(3)] == [7] * 3
        assert other.receive()[1].code == 0
        stale = client.send("cancel", cancel=0x80000007)
        got, reply = client.receive()
        assert got == stale and reply.count == 0, "what was answered cannot be cancelled"


def test_an_id_without_its_end_is_followed_for_eight_words_and_no_further():
    """The header of an SP request ends at the word whose top bit is set."""
    with Daemon() as daemon:
        good = Steady(daemon)
        for words in (1, 7, 8, 100, 100_000):
            peer = raw(daemon)
            body = struct.pack(">I", 5) * words
            try:
                peer.sendall(HELLO + b"\1" + struct.pack(">Q", len(body)) + body)
            except OSError:  # the daemon was first to close
                pass
            assert good.ask("ping").code == 0
            peer.close()
        serves_new_clients(daemon)


def test_protocols_of_the_future_are_refused_politely():
    with Daemon() as daemon:
        client = daemon.client()
        for envelope in ({0: 2, 1: 14}, {0: 255, 1: 4, 9: {}}, {0: (1 << 32) - 1, 1: 14}):
            client.send_bytes(pack(envelope))
            assert client.receive()[1].type == "unknown_version", envelope
        client.send_bytes(pack({0: 1, 1: 99}))
        assert client.receive()[1].type == "unknown_op"
        client.send_bytes(pack({0: 1, 1: 14, 200: "a field of the future", 201: {"a": [1, 2]}}))
        assert client.receive()[1].code == 0, "unknown fields are ignored"


def test_without_descriptors_the_connected_are_served_and_accepting_resumes():
    with Daemon() as daemon:
        good = Steady(daemon)
        assert good.ask("ping").code == 0
        used = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used + 20, used + 20))
        crowd = []
        for _ in range(60):  # those beyond the limit wait in the backlog
            peer = raw(daemon)
            peer.sendall(HELLO)
            crowd.append(peer)
        assert [good.ask("encode", text_request(100)).code for _ in range(20)] == [0] * 20
        for peer in crowd:
            peer.close()
        serves_new_clients(daemon)
        assert good.ask("ping").code == 0


run(globals())
