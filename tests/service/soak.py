"""The sidecar under everything at once, for as long as asked: soak.py [--seconds 7200] [--clients 8] [--kills N] [--seed S] [--out DIR]

Clients ask texts and chats of real sizes ahead of the answers, some with deadlines, some cancelled, some wrong. Meanwhile the sidecar is
killed, reloaded and its clients are killed. Every request of a client that lived must end exactly once: answered with the right ids, with
the right error, expired, cancelled, or lost with the sidecar that was killed. Replies of a connection come in the order of its requests.
At the end the sidecar's descriptors and threads are as many as at the beginning, and its memory is what it was after the first tenth
of the time. DIR gets soak.csv and soak.svg. Environment: SIDETOK_BUILD, SIDETOK_MODELS, as for the tests.

The last line is `N passed, N failed`: requests.
"""

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from service import COMMAND, SPM, TEKKEN, Daemon  # noqa: E402
from small import chat  # noqa: E402
from wire import Client  # noqa: E402

WORDS = "the quick brown fox jumps over 12 lazy dogs, said été 漢字 and then again \n".split(" ")
AHEAD = 12  # requests that a client has under way


def requests(seed=1):
    """What is asked: (op, tokenizer, body)."""
    noise = random.Random(seed)
    out = []
    for size in (10, 100, 1000, 10_000, 100_000, 500_000, 1_000_000):
        for tokenizer in ("v3", "tekken"):
            text = " ".join(noise.choice(WORDS) for _ in range(size // 5))[:size]
            out += [("encode", tokenizer, {"text": text})] * (4 if size < 100_000 else 1)
            out.append(("chat", tokenizer, json.dumps({"messages": [{"role": "user", "content": text}]})))
    return out + [("chat", "tekken", chat()), ("chat", "v3", json.dumps({"messages": []})), ("chat", "tekken", "{"), ("piece", "v3", {"id": 70})]


def answer_of(reply):
    return [reply.code, reply.message or "", hash(tuple(reply.ids)) if reply.ids is not None else 0]


class Asker:
    """One client process: asks until it is told to end, and writes a line for each request that began and each that ended."""

    def __init__(self, path, expected, seed):
        self.path, self.expected, self.random = path, expected, random.Random(seed)
        self.client, self.waiting = None, {}  # id: (number, request, kind)
        self.number = 0

    def tell(self, *words):
        print(*words, flush=True)

    def ended(self, entry, outcome):
        self.tell("end", entry[0], outcome)

    def lost(self):
        """The sidecar is gone: nothing of what was under way will be answered."""
        for entry in self.waiting.values():
            if entry[2] != "cancelling":
                self.ended(entry, "lost")
        self.waiting.clear()
        if self.client:
            self.client.close()
        self.client = None

    def connect(self):
        while self.client is None:
            try:
                self.client = Client(self.path, timeout=30)
                self.client.ask("ping")
            except (OSError, EOFError):
                if self.client:
                    self.client.close()
                self.client = None
                time.sleep(0.02)

    def ask(self):
        index = self.random.randrange(len(self.expected))
        op, tokenizer, body = REQUESTS[index]
        kind = self.random.choices(("plain", "deadline", "cancel"), (20, 2, 1))[0]
        fields = {"timeout_ms": self.random.choice((1, 20, 100))} if kind == "deadline" else {}
        self.number += 1
        self.tell("begin", self.number)
        entry = (self.number, index, kind, time.monotonic())
        try:
            sent = self.client.send(op, body, tokenizer=tokenizer, **fields)
            self.waiting[sent] = entry
            if kind == "cancel":
                asked = self.client.send("cancel", cancel=sent)
                self.waiting[asked] = (0, sent, "cancelling", 0)
        except OSError:
            if entry not in self.waiting.values():
                self.ended(entry, "lost")
            self.lost()

    def take(self):
        got, reply = self.client.receive()
        entry = self.waiting.pop(got, None)
        if entry is None:
            self.tell("end", 0, "wrong: a reply to nothing that was asked")
        elif entry[2] == "cancelling":
            if reply.count == 1:  # dropped: no answer comes
                self.ended(self.waiting.pop(entry[1]), "cancelled")
        else:
            self.judge(got, entry, reply)

    def judge(self, got, entry, reply):
        earlier = [other for other, (_, _, kind, _) in self.waiting.items() if other < got and kind != "cancelling"]
        if reply.type in ("busy", "shutting_down"):
            self.ended(entry, reply.type)
        elif earlier:
            self.ended(entry, "wrong: answered before an earlier request")
        elif entry[2] == "deadline" and reply.type == "expired":
            self.ended(entry, "expired")
        elif answer_of(reply) != self.expected[entry[1]]:
            self.ended(entry, f"wrong: {REQUESTS[entry[1]][0]} gave {reply.type} {reply.message}")
        else:
            self.tell("end", entry[0], "right", round((time.monotonic() - entry[3]) * 1e3, 1))

    def run(self):
        while True:
            self.connect()
            ending = select.select([sys.stdin], [], [], 0)[0]
            if ending and not self.waiting:
                return
            if not ending and len(self.waiting) < AHEAD:
                self.ask()
                continue
            try:
                self.take()
            except (OSError, EOFError):
                self.lost()


class Client_:
    """A client process, seen from here."""

    def __init__(self, options, number):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([sys.executable, __file__, "--ask", options.path, options.expected, str(number)], stdin=subprocess.PIPE,
                                        stdout=self.log, stderr=sys.stderr, env={**os.environ, "PYTHONHASHSEED": "0"})

    def finish(self, is_killed):
        """(outcomes, latencies); a request that is missing or doubled is an outcome of its own."""
        if is_killed:
            self.process.kill()
        else:
            self.process.stdin.close()
        self.process.wait(120)
        self.log.seek(0)
        begun, ended, outcomes, latencies = set(), Counter(), Counter(), []
        for line in self.log.read().splitlines():
            words = line.split(" ", 2)
            if words[0] == "begin":
                begun.add(words[1])
            elif len(words) == 3:
                ended[words[1]] += 1
                outcome = words[2].split(" ")
                outcomes[words[2] if outcome[0].startswith("wrong") else outcome[0]] += 1
                latencies += [float(outcome[1])] if outcome[0] == "right" and len(outcome) > 1 else []
        if not is_killed:
            outcomes["wrong: never ended"] += len(begun - set(ended))
        outcomes["wrong: ended twice"] += sum(n - 1 for n in ended.values())
        return +outcomes, latencies


def measure(pid):
    """(resident MB, descriptors, threads)"""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    values = dict(line.split(":", 1) for line in status.splitlines())
    return int(values["VmRSS"].split()[0]) / 1024, len(os.listdir(f"/proc/{pid}/fd")), int(values["Threads"])


def draw(rows, kills, path):
    """Memory over time; a line where the sidecar was killed."""
    width, height, most = 900, 260, max(row[1] for row in rows) * 1.1
    x, y = (lambda t: 50 + t / rows[-1][0] * (width - 60)), (lambda mb: height - 30 - mb / most * (height - 50))
    points = " ".join(f"{x(t):.1f},{y(mb):.1f}" for t, mb, *_ in rows)
    marks = "".join(f'<line x1="{x(t):.1f}" y1="20" x2="{x(t):.1f}" y2="{height - 30}" stroke="#d88" stroke-width="1"/>' for t in kills)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>{marks}<polyline points="{points}" fill="none" stroke="#246" stroke-width="1.5"/>'
        f'<text x="50" y="14">resident memory of sidetokd, MB; red: killed and started again</text><text x="4" y="{y(most / 1.1):.0f}">{most / 1.1:.0f}</text>'
        f'<text x="4" y="{height - 30}">0</text><text x="50" y="{height - 10}">0 s</text><text x="{width - 60}" y="{height - 10}">{rows[-1][0]:.0f} s</text></svg>\n',
        encoding="utf-8")


def right_answers(daemon):
    client = daemon.client()
    client.socket.settimeout(120)
    return [answer_of(client.ask(op, body, tokenizer=tokenizer)) for op, tokenizer, body in REQUESTS]


def soak(options, directory):
    start = lambda: Daemon("--queue-requests", "4096", directory=directory, tokenizers={"v3": SPM, "tekken": TEKKEN})  # noqa: E731
    daemon, chance = start(), random.Random(options.seed)
    options.path, options.expected = daemon.path, str(Path(directory) / "expected.json")
    Path(options.expected).write_text(json.dumps(right_answers(daemon)))
    clients = [Client_(options, n) for n in range(options.clients)]
    outcomes, latencies, rows, kills, reloads, before = Counter(), [], [], [], 0, None
    begin = time.monotonic()

    def finish(client, is_killed):
        done, took = client.finish(is_killed)
        outcomes.update(done)
        latencies.extend(took)

    while (now := time.monotonic() - begin) < options.seconds:
        time.sleep(1)
        rows.append((now, *measure(daemon.process.pid)))
        what = chance.choices(("nothing", "reload", "kill", "kill a client"), (80, 6, options.kills, 8))[0]
        if what == "reload":
            daemon.signal(signal.SIGHUP)
            reloads += 1
        elif what == "kill":
            daemon.kill()
            kills.append(now)
            daemon = start()
        elif what == "kill a client":
            n = chance.randrange(len(clients))
            finish(clients[n], True)
            clients[n] = Client_(options, len(clients) + len(rows))
    for client in clients:
        finish(client, False)
    after = settled(daemon)
    return outcomes, latencies, rows, kills, reloads, after, daemon


def settled(daemon):
    """Descriptors and threads once the clients are gone, the least of some looks: beside a fresh daemon's they must be alike."""
    looks = []
    for _ in range(30):
        looks.append(measure(daemon.process.pid)[1:])
        time.sleep(0.2)
    return min(looks)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seconds", type=int, default=7200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--kills", type=int, default=4, help="of the sidecar, in a hundred seconds")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--out", type=Path)
    parser.add_argument("--ask", nargs=3)
    options = parser.parse_args()
    if options.ask:
        Asker(options.ask[0], json.loads(Path(options.ask[1]).read_text()), int(options.ask[2])).run()
        return
    if os.environ.get("PYTHONHASHSEED") != "0":  # answers are compared between processes by their hash
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "PYTHONHASHSEED": "0"})
    print(f"seed {options.seed}")
    with tempfile.TemporaryDirectory(prefix="sidetok-soak-") as directory:
        with Daemon(tokenizers={"v3": SPM, "tekken": TEKKEN}) as fresh:
            fresh.client().ask("ping")
            quiet = settled(fresh)
        outcomes, latencies, rows, kills, reloads, after, daemon = soak(options, directory)
        daemon.kill()
    latencies.sort()
    since = kills[-1] if kills else 0
    calm = [mb for t, mb, *_ in rows if t - since > options.seconds / 10] or [rows[-1][1]]
    print(f"{sum(outcomes.values())} requests of {options.clients} clients in {options.seconds} s; {len(kills)} kills, {reloads} reloads: "
          + ", ".join(f"{n} {what}" for what, n in outcomes.most_common()))
    print(f"latency ms: p50 {latencies[len(latencies) // 2]}, p99 {latencies[len(latencies) * 99 // 100]}, most {latencies[-1]}")
    print(f"memory MB since the last kill: {calm[0]:.0f} to {calm[-1]:.0f}, most {max(row[1] for row in rows):.0f}")
    print(f"descriptors and threads: {quiet} of a fresh daemon, {after} at the end")
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        draw(rows, kills, options.out / "soak.svg")
        (options.out / "soak.csv").write_text("second,MB,descriptors,threads\n" + "".join("%.0f,%.1f,%d,%d\n" % row for row in rows))
    wrong = sum(n for what, n in outcomes.items() if what.startswith("wrong")) + (after[0] > quiet[0] + 2) + (after[1] > quiet[1] + 1)
    print(f"{sum(outcomes.values())} passed, {wrong} failed")
    sys.exit(wrong > 0)


REQUESTS = requests()
if __name__ == "__main__":
    main()
