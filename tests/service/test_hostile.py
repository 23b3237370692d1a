"""Peers that break the rules do not hurt the others."""

import random
import socket
import struct

from service import Daemon, run, text_request, wait_until
from wire import HELLO, Client


def raw(daemon):
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(60)
    peer.connect(daemon.path)
    return peer


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
        good = daemon.client()
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


def test_a_peer_that_never_reads_does_not_stop_the_others():
    with Daemon() as daemon:
        deaf, good = daemon.client(), daemon.client()
        for _ in range(100):
            deaf.send("encode", text_request(1 << 20))
        assert good.ask("encode", text_request(100)).code == 0


run(globals())
