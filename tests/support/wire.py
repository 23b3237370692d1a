"""Protocol 1 over SP, in plain Python: what the service tests speak to a daemon with. See proto/PROTOCOL.md."""

import os
import socket
import struct

OPS = {"chat": 1, "apply": 2, "fim": 3, "encode": 4, "decode": 5, "piece": 6, "info": 10, "load": 11, "ping": 14, "cancel": 15}
HELLO = b"\0SP\0\0\x30\0\0"
SLOW = int(os.environ.get("SIDETOK_SLOW", "1"))  # see service.py


def pack(value):
    """msgpack of what requests hold."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return b"\xcf" + struct.pack(">Q", value) if value >= 0 else b"\xd3" + struct.pack(">q", value)
    if isinstance(value, str):
        raw = value.encode("utf-8", "surrogatepass")
        return b"\xdb" + struct.pack(">I", len(raw)) + raw
    if isinstance(value, bytes):
        return b"\xc6" + struct.pack(">I", len(value)) + value
    if isinstance(value, (list, tuple)):
        return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(pack, value))
    return b"\xdf" + struct.pack(">I", len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        return self.data[self.at - n : self.at]

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self):
        c = self.take(1)[0]
        if c < 0x80:
            return c
        if c < 0x90:
            return self.map(c & 15)
        if c < 0xA0:
            return [self.value() for _ in range(c & 15)]
        if c < 0xC0:
            return self.take(c & 31).decode("utf-8", "surrogatepass")
        if c >= 0xE0:
            return c - 256
        return self.wide(c)

    def map(self, n):
        return {self.value(): self.value() for _ in range(n)}

    def wide(self, c):
        constants = {0xC0: None, 0xC2: False, 0xC3: True}
        numbers = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q", 0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"}
        lengths = {0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xD9: ">B", 0xDA: ">H", 0xDB: ">I", 0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I"}
        if c in constants:
            return constants[c]
        if c in numbers:
            return self.number(numbers[c])
        n = self.number(lengths[c])
        if c <= 0xC6:
            return self.take(n)
        if c <= 0xDB:
            return self.take(n).decode("utf-8", "surrogatepass")
        return [self.value() for _ in range(n)] if c <= 0xDD else self.map(n)


class Reply:
    """One reply: code, ids, text, count, value; type and message of an error."""

    def __init__(self, body):
        fields = Reader(body).value()
        self.code = fields[1]
        raw = fields.get(2)
        self.ids = None if raw is None else list(struct.unpack("<%dI" % (len(raw) // 4), raw))
        self.text, self.count, self.value = fields.get(3), fields.get(4), fields.get(8)
        self.type, self.message = fields.get(10), fields.get(12)


class Client:
    """One connection. Requests may be sent ahead; replies are read in the order in which they come."""

    def __init__(self, path, timeout=240):
        """timeout: seconds, of each wait; longer where programs run slower."""
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(timeout * SLOW)
        self.socket.connect(path)
        self.socket.sendall(HELLO)
        self.read(8)
        self.next_id = 0x80000001

    def read(self, n):
        parts, left = [], n
        while left:
            part = self.socket.recv(min(left, 1 << 20))
            if not part:
                raise EOFError("the daemon closed the connection")
            parts.append(part)
            left -= len(part)
        return b"".join(parts)

    def send_bytes(self, body):
        number, self.next_id = self.next_id, self.next_id + 1
        self.socket.sendall(b"\1" + struct.pack(">QI", len(body) + 4, number))
        self.socket.sendall(body)
        return number

    def send(self, op, body=None, **fields):
        """Returns the request's id. fields: timeout_ms, tokenizer, want, cancel."""
        keys = {"timeout_ms": 2, "tokenizer": 3, "mode": 4, "want": 5, "cancel": 10}
        envelope = {0: 1, 1: OPS[op], **{keys[name]: value for name, value in fields.items()}}
        if isinstance(body, str):
            envelope[8] = body
        elif body is not None:
            envelope[9] = body
        return self.send_bytes(pack(envelope))

    def receive(self):
        """(id, reply) of whatever comes next."""
        kind, size = struct.unpack(">BQ", self.read(9))
        assert kind == 1
        frame = self.read(size)
        return struct.unpack(">I", frame[:4])[0], Reply(frame[4:])

    def ask(self, op, body=None, **fields):
        """Sends and waits; nothing else may be under way."""
        number = self.send(op, body, **fields)
        got, reply = self.receive()
        assert got == number, "a reply to another request"
        return reply

    def close(self):
        self.socket.close()
