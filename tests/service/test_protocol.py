"""Two protocol versions meet: either side says so in words, nothing hangs, and requests of the version that both speak are served beside."""

import socket
import struct
import subprocess
import tempfile
import threading

from service import COMMAND, PATIENCE, Daemon, run, text_request
from wire import HELLO, Reader, pack


class DaemonOfTheFuture(threading.Thread):
    """Speaks protocol 2 alone: what has another version is refused by the fields that every version keeps."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()
        self.versions = []
        self.start()

    def run(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    def serve(self, peer):
        stream = peer.makefile("rwb")
        stream.write(HELLO.replace(b"\x30", b"\x31"))
        stream.flush()
        stream.read(8)
        while head := stream.read(9):
            frame = stream.read(struct.unpack(">Q", head[1:])[0])
            self.versions.append(Reader(frame[4:]).value()[0])
            body = frame[:4] + pack({0: 2, 1: 104, 10: "unknown_version", 12: "this sidecar speaks protocol 2", 77: {"a": b"b"}})
            stream.write(b"\1" + struct.pack(">Q", len(body)) + body)
            stream.flush()


def test_the_command_tells_that_a_daemon_speaks_another_protocol():
    with tempfile.TemporaryDirectory() as directory:
        daemon = DaemonOfTheFuture(directory + "/s.sock")
        for arguments in (["encode"], ["chat"], ["info"], ["decode"]):
            done = subprocess.run([COMMAND, *arguments, "--connect", f"ipc://{directory}/s.sock"], input=b"[]", capture_output=True, timeout=PATIENCE)
            said = (done.stdout + done.stderr).decode()
            assert done.returncode == 3 and "protocol" in said, (done.returncode, said)
        assert set(daemon.versions) == {1}, "a version that every daemon can refuse"


def test_requests_of_protocol_2_are_refused_beside_those_of_protocol_1():
    """One connection, sent ahead: each reply has its request's id, and its own version."""
    with Daemon() as daemon:
        client = daemon.client()
        right = client.ask("encode", text_request(1000)).ids
        for new in (b"\x81\x00\x02", b"\x82\x00\x02\x01\x04", b"\x83\x00\xcd\xff\xff\x01\xa5novel\x09\x81\xc0\xc0", b"\x82\x00\x02\xc1\xc1\xc1", b"\x8f\x00\x02" + b"\xff" * 1000):
            sent = []
            for _ in range(20):
                sent += [("new", client.send_bytes(new)), ("old", client.send("encode", text_request(1000)))]
            replies = dict(client.receive() for _ in sent)
            for kind, number in sent:
                reply = replies[number]
                if kind == "old":
                    assert reply.ids == right
                else:
                    assert reply.code == 104 and reply.type == "unknown_version" and "protocol 1" in reply.message, reply.message
        assert client.ask("ping").value["ready"]


run(globals())
