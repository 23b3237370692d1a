"""Clients of the soak in Python: soak_client.py python|wire URL CASES. What they are told and what they tell: soak.py.

`python` is the package's asyncio client. `wire` speaks SP by itself and tells a reply that comes before an earlier request's apart.
They read "ask NUMBER CASE TIMEOUT_MS" and "cancel NUMBER", and write "end NUMBER MS OUTCOME" when a request has ended.
"""

import array
import asyncio
import json
import mmap
import os
import select
import sys
import time
from collections import deque
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
import wire  # noqa: E402


class Cases:
    """The mapped file: each case is a line "OP TOKENIZER SIZE SIZE SIZE" and then body, error ("TYPE: MESSAGE") and ids."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.places, at = [], 0
        while at < len(self.data):
            stop = self.data.find(b"\n", at)
            op, tokenizer, *sizes = self.data[at:stop].decode().split()
            body = stop + 1
            error = body + int(sizes[0])
            ids = error + int(sizes[1])
            at = ids + int(sizes[2])
            self.places.append((op, tokenizer, slice(body, error), slice(error, ids), slice(ids, at)))

    def request(self, index):
        """(op, tokenizer, body)"""
        op, tokenizer, body, _, _ = self.places[index]
        return op, tokenizer, self.data[body].decode()

    def judge(self, index, error, ids):
        """error: TYPE: MESSAGE, or None."""
        _, _, _, expected_error, expected_ids = self.places[index]
        if error is None and expected_error.start == expected_error.stop and self.data[expected_ids] == bytes(ids):
            return "right"
        if error is not None and self.data[expected_error] == error.encode("utf-8", "surrogatepass"):
            return "right"
        return f"wrong {len(ids) // 4} ids" if error is None else "wrong " + error.splitlines()[0][:100]


class Lines:
    """Whole lines of a descriptor; `ended` at its end."""

    def __init__(self, fd):
        self.fd, self.rest, self.ended = fd, b"", False

    def read(self):
        data = os.read(self.fd, 1 << 16)
        self.ended = not data
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [line.decode().split() for line in lines]


def tell(number, begin, outcome):
    print(f"end {number} {(time.monotonic() - begin) * 1e3:.2f} {outcome}", flush=True)


class Loop:
    """The package's asyncio client."""

    def __init__(self, url, cases):
        import sidetok

        self.module, self.cases, self.tasks = sidetok, cases, {}
        self.client = sidetok.aio.Client(url)

    async def ask(self, number, index, timeout_ms):
        op, tokenizer, body = self.cases.request(index)
        body, begin = json.loads(body), time.monotonic()
        try:
            reply = await self.client.request(op, body, tokenizer=tokenizer, timeout=timeout_ms / 1e3 or None)
            outcome = self.cases.judge(index, None, memoryview(reply.ids).cast("B"))
        except self.module.ServiceError as error:
            outcome = error.word
        except Exception as error:  # the reference's
            outcome = self.cases.judge(index, f"{type(error).__name__}: {error}", b"")
        tell(number, begin, outcome)

    def begin(self, number, index, timeout_ms):
        begin = time.monotonic()

        def ended(task):
            del self.tasks[number]
            if task.cancelled():
                tell(number, begin, "cancelled")
            else:
                task.result()

        self.tasks[number] = asyncio.ensure_future(self.ask(number, index, timeout_ms))
        self.tasks[number].add_done_callback(ended)

    async def run(self):
        lines, ended = Lines(0), asyncio.Event()

        def obey():
            for what, number, *rest in lines.read():
                if what == "ask":
                    self.begin(number, *map(int, rest))
                elif number in self.tasks:
                    self.tasks[number].cancel()
            if lines.ended:
                asyncio.get_running_loop().remove_reader(0)
                ended.set()

        asyncio.get_running_loop().add_reader(0, obey)
        await ended.wait()
        while self.tasks:
            await asyncio.wait(list(self.tasks.values()))
        self.client.close()


class Wire:
    """Plain SP. Replies of a connection come in the order of its requests."""

    def __init__(self, url, cases):
        self.path, self.cases, self.client = url[len("ipc://"):], cases, None
        self.under_way = {}  # id: (number, case, begin); of a cancel: the id that it is for

    def connect(self):
        while self.client is None:
            try:
                self.client = wire.Client(self.path, timeout=60)
                self.client.ask("ping")
            except (OSError, EOFError):
                self.lost()
                time.sleep(0.02)

    def lost(self):
        for entry in self.under_way.values():
            if isinstance(entry, tuple):
                tell(entry[0], entry[2], "peer_lost")
        self.under_way.clear()
        if self.client:
            self.client.close()
        self.client = None

    def obey(self, what, number, *rest):
        self.connect()
        if what == "cancel":
            for victim in [id for id, entry in self.under_way.items() if isinstance(entry, tuple) and entry[0] == number]:
                self.under_way[self.client.send("cancel", cancel=victim)] = victim
            return
        index, timeout_ms = map(int, rest)
        op, tokenizer, body = self.cases.request(index)
        entry = (number, index, time.monotonic())
        self.under_way[self.client.next_id] = entry
        self.client.send(op, body, tokenizer=tokenizer, **({"timeout_ms": timeout_ms} if timeout_ms else {}))

    def take(self):
        got, reply = self.client.receive()
        entry = self.under_way.pop(got, None)
        if entry is None:
            tell(0, 0, "wrong a reply to nothing that was asked")
        elif not isinstance(entry, tuple):
            if reply.count == 1 and entry in self.under_way:  # dropped: no answer comes
                number, _, begin = self.under_way.pop(entry)
                tell(number, begin, "cancelled")
        else:
            tell(entry[0], entry[2], self.outcome(got, entry[1], reply))

    def outcome(self, got, index, reply):
        if reply.type in ("busy", "shutting_down", "too_large"):
            return reply.type
        victims = {entry for entry in self.under_way.values() if not isinstance(entry, tuple)}  # may be dropped: the cancel's own reply is still to come
        if any(id < got and isinstance(entry, tuple) and id not in victims for id, entry in self.under_way.items()):
            return "wrong answered before an earlier request"
        if reply.type == "expired":
            return reply.type
        return self.cases.judge(index, f"{reply.type}: {reply.message}" if reply.code else None, array.array("I", reply.ids or ()).tobytes())

    def run(self):
        lines, told = Lines(0), deque()
        while told or self.under_way or not lines.ended:
            readable = ([] if lines.ended else [0]) + ([self.client.socket] if self.client else [])
            try:
                ready = select.select(readable, [], [], 0 if told else None)[0]
                if 0 in ready:
                    told.extend(lines.read())
                if self.client and self.client.socket in ready:
                    self.take()
                if told:
                    self.obey(*told.popleft())
            except (OSError, EOFError):
                self.lost()


if __name__ == "__main__":
    kind, url, path = sys.argv[1:]
    if kind == "wire":
        Wire(url, Cases(path)).run()
    else:
        asyncio.run(Loop(url, Cases(path)).run())
