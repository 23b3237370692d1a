"""Sidecars and clients under everything at once, for as long as asked:

    soak.py [--seconds 7200] [--load SHARE] [--sidecar-kill S] [--client-kill S] [--reload S] [--seed N] [--out DIR]

Two sidecars. One is killed every so many seconds and started again; the other is never killed. Each serves clients in C, Python and Go and one
that speaks the wire by itself. They are asked texts and chats of 10 B to 10 MB, some with deadlines, some cancelled, some wrong. Both sidecars are
reloaded; clients are killed, but for one of each language at the sidecar that is killed, which must live through it all. A kill comes in
the middle of work: the clients are asked something just before.

Counted: each request of a client that lived ends exactly once: with the answer that is right (soak_cases.py), expired where it had a deadline,
cancelled where that was asked, lost where its sidecar was killed. Answers come in the order of requests; of the Go client, whose
goroutines have none, this is not asked. At the end both sidecars have the descriptors and threads of a fresh one, and the memory of what
lived through it is flat.

A client is `PROGRAM URL CASES` (soak_client.c, soak_client.py, client/go/internal/soak). It reads "ask NUMBER CASE TIMEOUT_MS" and "cancel NUMBER"
and writes "end NUMBER MS OUTCOME". The one in Python needs msgpack, the one in Go is built by Go 1.24; without them C stands in, and it is said.

DIR gets soak.csv, soak-latency.csv and soak.svg. Environment: SIDETOK_BUILD, SIDETOK_MODELS, as for the tests. SIGTERM ends it early and in order.
The last line is `N passed, N failed`.
"""

import argparse
import array
import heapq
import itertools
import os
import random
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import soak_cases
import soak_report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from service import BUILD, COMMAND, SPM, TEKKEN, Daemon  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FILES = dict(zip(soak_cases.TOKENIZERS, (SPM, TEKKEN)))
FLAGS = ("--queue-requests", "4096", "--queue-bytes", "1G")
AHEAD = 48  # requests that a client has under way at most
BURST = 12
LOOK = 2.0  # seconds between two looks at memory
LATE = 60.0  # seconds after a kill in which its loss may still be noticed, on a machine however busy
PATIENCE = 600.0
USUAL = ("nng 1", "ready", "reloaded", "tokenizer ", "listening on", "seccomp")  # words of a sidecar's log that tell nothing
# (sidecar, language, whether it lives through it all)
CREW = [("killed", "c", True), ("killed", "python", True), ("killed", "go", True), ("killed", "c", False), ("killed", "wire", False),
        ("steady", "c", False), ("steady", "python", False), ("steady", "go", False), ("steady", "python", False), ("steady", "wire", False)]


class Sidecar:
    def __init__(self, soak, name, directory):
        self.soak, self.name, self.directory = soak, name, Path(directory) / name
        self.directory.mkdir()
        self.losses = [-LATE]  # when connections may have been lost: kills, and what nng's guard does
        self.kills = self.anew = self.listeners = self.reloads = 0
        self.start()

    def start(self):
        self.daemon, self.read, self.is_ready = Daemon(*FLAGS, directory=self.directory, tokenizers=FILES, wait=False), 0, False
        self.pid, self.url = self.daemon.process.pid, self.daemon.url

    def kill(self):
        self.losses.append(self.soak.now())
        self.kills += 1
        self.daemon.kill()
        self.daemon.log.close()
        self.start()

    def look(self):
        """Reads what it has logged since."""
        with open(self.directory / "log", "rb") as log:
            log.seek(self.read)
            *lines, _ = log.read().split(b"\n")
        self.read += sum(len(line) + 1 for line in lines)
        for line in map(bytes.decode, lines):
            self.heard(line)
        if self.daemon.process.poll() is not None:
            self.soak.wrong(f"{self.name} sidecar ended by itself: {self.daemon.process.returncode}")
            self.kill()

    def heard(self, line):
        self.is_ready = (self.is_ready and "beginning anew" not in line) or line.endswith("ready")
        self.reloads += line.endswith("reloaded")
        self.anew += "beginning anew" in line
        self.listeners += "listening anew" in line
        if " anew" in line:
            self.losses.append(self.soak.now())
        if not any(word in line for word in USUAL):
            self.soak.say(f"{self.name} sidecar: {line}")


class Client:
    """A client process, seen from here."""

    def __init__(self, soak, sidecar, language, is_spared):
        self.soak, self.sidecar, self.language, self.is_spared = soak, sidecar, language, is_spared
        self.under_way, self.rest, self.newest, self.is_asked = {}, b"", 0, True
        self.process = subprocess.Popen([*soak.programs[language], sidecar.url, soak.cases_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=soak.environment, bufsize=0)
        self.output = self.process.stdout.fileno()
        os.set_blocking(self.output, False)
        soak.selector.register(self.output, selectors.EVENT_READ, self)

    def tell(self, text):
        try:
            self.process.stdin.write(text.encode())
        except OSError:  # it has ended: seen at the end of its output
            pass

    def ask(self, index, kind):
        number, timeout_ms = next(self.soak.numbers), 0
        if kind == "deadline":
            timeout_ms = self.soak.random.choice((1, 5, 20, 100, 1000))
        self.under_way[number] = (kind, self.soak.now())
        self.tell(f"ask {number} {index} {timeout_ms}\n")
        if kind == "cancel":
            self.soak.at(self.soak.random.random() * 0.02, lambda: number in self.under_way and self.tell(f"cancel {number}\n"))

    def take(self):
        """Reads what it has written. False at the end."""
        try:
            data = os.read(self.output, 1 << 16)
        except BlockingIOError:
            return True
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            _, number, ms, outcome = line.decode(errors="replace").split(" ", 3)
            self.ended(int(number), float(ms), outcome)
        return bool(data)

    def ended(self, number, ms, outcome):
        entry = self.under_way.pop(number, None)
        if entry is None:
            self.soak.wrong(f"{self.language}: {number} ended twice, or was never asked: {outcome}")
            return
        kind, asked = entry
        self.soak.outcomes[outcome.split(" ")[0]] += 1
        if not self.is_allowed(kind, asked, outcome):
            self.soak.wrong(f"{self.language} at the {self.sidecar.name} sidecar, {kind}, {self.soak.now() - asked:.3f} s: {outcome}")
        if outcome == "right":
            self.soak.latencies[self.sidecar.name].append(ms)
            if number < self.newest and self.language != "go":
                self.soak.wrong(f"{self.language}: {number} was answered after {self.newest}")
            self.newest = max(number, self.newest)

    def is_allowed(self, kind, asked, outcome):
        if outcome in ("peer_lost", "not_connected", "shutting_down"):
            self.sidecar.look()
            is_lost = self.sidecar.losses[-1] >= asked - LATE or not self.sidecar.is_ready
            return is_lost or (outcome == "not_connected" and kind == "deadline")
        return outcome in ("right", "busy") or (kind == "deadline" and outcome == "expired") or (kind == "cancel" and outcome == "cancelled")

    def gone(self, is_expected):
        """Its output has ended."""
        self.soak.selector.unregister(self.output)
        for stream in (self.process.stdin, self.process.stdout):
            stream.close()
        self.soak.n_abandoned += len(self.under_way)
        self.under_way.clear()
        status = self.process.wait(PATIENCE)
        if not is_expected:
            self.soak.wrong(f"{self.language}: a client ended by itself: {status}")

    def kill(self):
        self.process.kill()
        self.process.wait()
        while self.take():
            pass
        self.gone(True)

    def finish(self):
        """No more questions: it ends what is under way, and then itself."""
        self.process.stdin.close()


class Soak:
    def __init__(self, options, directory):
        self.options, self.random, self.begin = options, random.Random(options.seed), time.monotonic()
        self.end, self.events, self.numbers, self.order = options.seconds, [], itertools.count(1), itertools.count()
        self.outcomes, self.latencies, self.mistakes = Counter(), {"steady": [], "killed": []}, []
        self.client_kills = self.n_abandoned = 0
        self.rows, self.minutes, self.selector = [], [], selectors.DefaultSelector()
        self.environment = {**os.environ, "PYDANTIC_ERRORS_INCLUDE_URL": "0", "PYTHONPATH": str(ROOT / "client/python"),
                            "SIDETOK_LIBRARY": str(BUILD / "client/libsidetok.so.0"),
                            # of a client: what glibc would keep of a request of 10 MB, and Go until it collects, is not what it holds
                            "MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
        self.programs = programs(directory, self.environment)
        self.cases = soak_cases.make(COMMAND, FILES, 1)
        self.cases_path = str(Path(directory) / "cases")
        Path(self.cases_path).write_bytes(b"".join(case.packed() for case in self.cases))
        self.shares = list(itertools.accumulate(case.share for case in self.cases))
        self.sidecars = {name: Sidecar(self, name, directory) for name in ("steady", "killed")}

    def now(self):
        return time.monotonic() - self.begin

    def say(self, text):
        print(f"{self.now():.0f} s: {text}", flush=True)

    def wrong(self, text):
        self.mistakes.append(text)
        if len(self.mistakes) < 100:
            self.say("WRONG " + text)

    def at(self, seconds, what):
        heapq.heappush(self.events, (self.now() + seconds, next(self.order), what))

    def every(self, mean, what):
        """At random times, so many seconds apart on average."""
        def run():
            what()
            self.every(mean, what)

        if mean > 0:
            self.at(min(self.random.expovariate(1 / mean), 5 * mean), run)

    def check_cases(self):
        """The daemon answers each case as it is known to be right. Returns the CPU seconds of a request, on average, once all were seen."""
        client, sidecar = self.sidecars["steady"].daemon.client(), self.sidecars["steady"]
        for once in range(2):
            begin, costs, cpu = time.monotonic(), [], soak_report.cpu_seconds(sidecar.pid)
            for case in self.cases:
                asked = time.monotonic()
                reply = client.ask(case.op, case.body, tokenizer=case.tokenizer)
                costs.append(time.monotonic() - asked)
                error = f"{reply.type}: {reply.message}" if reply.code else None
                if error != case.error or (error is None and array.array("I", reply.ids) != case.ids):
                    self.wrong(f"the daemon answers {case.op} {case.body[:200]} with {error or 'other ids'}, right is {case.error or 'ids'}")
        client.close()
        share = (soak_report.cpu_seconds(sidecar.pid) - cpu) / (time.monotonic() - begin)
        return share * sum(cost * case.share for cost, case in zip(costs, self.cases)) / self.shares[-1]

    def burst(self, client, n=None):
        for _ in range(min(n or self.random.randint(1, BURST), AHEAD - len(client.under_way))):
            index = self.random.choices(range(len(self.cases)), cum_weights=self.shares)[0]
            client.ask(index, self.random.choices(("plain", "deadline", "cancel"), (20, 2, 1))[0])

    def kill_sidecar(self):
        sidecar = self.sidecars["killed"]
        if not sidecar.is_ready:
            return
        for client in self.clients:
            if client.sidecar is sidecar:
                self.burst(client, BURST)
        self.at(self.random.random() * 0.03, sidecar.kill)

    def kill_client(self):
        n = self.random.choice([i for i, client in enumerate(self.clients) if not client.is_spared])
        self.burst(self.clients[n], BURST)
        self.at(self.random.random() * 0.03, lambda: self.replace(n))

    def replace(self, n):
        old = self.clients[n]
        old.kill()
        self.client_kills += 1
        self.clients[n] = Client(self, old.sidecar, old.language, False)

    def reload(self):
        sidecar = self.random.choice(list(self.sidecars.values()))
        if sidecar.is_ready:
            sidecar.daemon.signal(signal.SIGHUP)

    def spared(self):
        return {client.language: client for client in self.clients if client.is_spared}

    def look(self):
        for sidecar in self.sidecars.values():
            sidecar.look()
        found = {name: soak_report.measure(sidecar.pid) for name, sidecar in self.sidecars.items()}
        found.update({name: soak_report.measure(client.process.pid, "RssAnon") for name, client in self.spared().items()})
        self.rows.append((self.now(), {name: values for name, values in found.items() if values}))

    def minute(self):
        row = {}
        for name, values in self.latencies.items():
            values.sort()
            if values:
                row.update({name + "_n": len(values), name + "_p50": values[len(values) // 2], name + "_p99": values[len(values) * 99 // 100]})
            values.clear()
        self.minutes.append((self.now(), row))
        kills = f"{self.sidecars['killed'].kills} and {self.client_kills} kills, {sum(s.reloads for s in self.sidecars.values())} reloads"
        memory = ", ".join(f"{name} %.0f MB %d %d" % found for name, found in self.rows[-1][1].items()) if self.rows else ""
        self.say(f"{sum(self.outcomes.values())} ended, {len(self.mistakes)} wrong; {kills}; {memory}; {dict(self.outcomes)}")
        if self.options.out:
            soak_report.write(self, self.options.out)

    def wait(self, until):
        """Runs what is due and reads what comes, until then."""
        while (now := self.now()) < until():
            while self.events and self.events[0][0] <= now:
                heapq.heappop(self.events)[2]()
            timeout = min(max(self.events[0][0] - now, 0), 0.2) if self.events else 0.2
            for key, _ in self.selector.select(timeout):
                client = key.data
                if client.output in self.selector.get_map() and not client.take():
                    self.lost_client(client)

    def lost_client(self, client):
        client.gone(not client.is_asked)
        if not client.is_asked:
            return
        self.clients[self.clients.index(client)] = Client(self, client.sidecar, client.language, client.is_spared)

    def repeat(self, seconds, what):
        def run():
            what()
            self.at(seconds, run)

        self.at(seconds, run)

    def run(self):
        for sidecar in self.sidecars.values():
            sidecar.daemon.wait_for_log("ready")
            sidecar.look()
        cost, options = self.check_cases(), self.options
        self.say(f"{len(self.cases)} cases, {cost * 1e3:.2f} ms each in the sidecar")
        self.begin = time.monotonic()
        self.clients = [Client(self, self.sidecars[name], language, is_spared) for name, language, is_spared in CREW]
        for n in range(len(self.clients)):
            self.every((BURST + 1) / 2 * cost * len(self.clients) / options.load, lambda n=n: self.burst(self.clients[n]))
        self.every(options.sidecar_kill, self.kill_sidecar)
        self.every(options.client_kill, self.kill_client)
        self.every(options.reload, self.reload)
        self.repeat(LOOK, self.look)
        self.repeat(min(60, options.seconds / 10), self.minute)
        self.wait(lambda: self.end)
        self.stop()

    def stop(self):
        """Every request ends, then every client."""
        self.events, patience = [], self.now() + PATIENCE
        self.repeat(0.5, self.look)
        self.wait(lambda: patience if any(client.under_way for client in self.clients) else 0)
        for client in self.clients:
            if client.under_way:
                self.wrong(f"{client.language} at the {client.sidecar.name} sidecar: {len(client.under_way)} requests never ended")
            client.is_asked = False
            client.finish()
        self.wait(lambda: patience if self.selector.get_map() else 0)
        self.minute()


def programs(directory, environment):
    """{language: command}; what this machine cannot run is said, and C stands in."""
    out = {"c": [BUILD / "tests/service/soak_client"], "wire": [sys.executable, Path(__file__).parent / "soak_client.py", "wire"]}
    out["python"] = [sys.executable, Path(__file__).parent / "soak_client.py", "python"]
    if subprocess.run([sys.executable, "-c", "import sidetok"], env=environment).returncode != 0:
        print("the Python package cannot be loaded here (it needs msgpack): clients in C stand in", flush=True)
        out["python"] = out["c"]
    out["go"] = [Path(directory) / "soak-go"]
    command = ["go", "build", "-o", out["go"][0], "./internal/soak"]
    if not shutil.which("go") or subprocess.run(command, cwd=ROOT / "client/go").returncode != 0:
        print("Go 1.24 is not to be had here: clients in C stand in", flush=True)
        out["go"] = out["c"]
    return out


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seconds", type=float, default=7200)
    parser.add_argument("--load", type=float, default=0.08, help="share of a core that the requests keep the sidecars busy")
    parser.add_argument("--sidecar-kill", type=float, default=12, help="mean seconds between two kills; 0: none")
    parser.add_argument("--client-kill", type=float, default=6)
    parser.add_argument("--reload", type=float, default=30)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sidetok-soak-") as directory:
        with Daemon(*FLAGS, tokenizers=FILES) as daemon:
            client = daemon.client()
            client.ask("ping")
            client.close()
            fresh = soak_report.settled(daemon.process.pid)
        soak = Soak(options, directory)
        signal.signal(signal.SIGTERM, lambda *_: setattr(soak, "end", 0))
        try:
            soak.run()
            n_wrong = soak_report.report(soak, fresh)
            if options.out:
                soak_report.write(soak, options.out)
        finally:
            for sidecar in soak.sidecars.values():
                sidecar.daemon.kill()
    sys.exit(n_wrong > 0)


if __name__ == "__main__":
    main()
