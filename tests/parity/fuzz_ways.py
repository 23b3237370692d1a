"""Live differential fuzz led by coverage: of many random requests the reference is asked those only that take a way through sidetok which none took before.

usage: fuzz_ways.py --sidetok PROGRAM --variants DIR [--seed N] [--seconds N] [--ops chat,apply,...] [--tokenizers a,b] [--record]

PROGRAM counts its own ways: `sidetok` as tests/coverage.sh builds it, whose counters lie in a file that both processes map. The recorded cases
are replayed first, so a way is new when no case takes it. A request that takes one is kept, asked of the reference, and changed
further from then on: half of all requests are kept ones with one to three faults more. The Python of the reference runs it.

--record adds the kept requests that both sides answer alike to cases/ways.jsonl.gz. Exit status 1 on any difference that is no listed
deviation. The last lines are the counts and the seed.
"""

import gzip
import json
import mmap
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy
from compare import first_difference, same
from expand import LISTED, carried, expand
from fuzz_requests import PLAIN, Batch, bytes_are_base64, chosen, deviation, make_case, make_parser
from generate import Recorder, record, write
from replay import tokenizer_paths
from request_breaker import Breaker

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
KEPT_BYTES = 20_000  # a longer request is not recorded: a shorter one will come that takes the same way


def recordable(case):
    """Whether the cases' files can hold it: they spell values that are to be generated, and bytes, as objects of one member."""
    text = json.dumps(case)
    if any(f'"{name}"' in text for name in LISTED) or not bytes_are_base64(case) or "$bytes" in text and not ("request" in case and carried(case)):
        return False
    try:
        return expand(case) == case
    except (TypeError, ValueError):
        return False


class Ways:
    """Which counters of the program have been above zero."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.words = numpy.frombuffer(self.map, dtype=numpy.uint64, count=len(self.map) // 8)
        self.seen = self.words != 0

    def new(self):
        """How many are since the last call."""
        now = self.words != 0
        n = int(numpy.count_nonzero(now & ~self.seen))
        self.seen |= now
        return n


class Fuzz:
    def __init__(self, options, counters):
        self.tokenizers = chosen(options.seed, set(filter(None, options.tokenizers.split(","))))
        self.ops = options.ops.split(",")
        self.options = options
        self.rng = random.Random(options.seed)
        paths = tokenizer_paths()
        self.recorder = Recorder(paths)
        self.batch = Batch(options.sidetok, paths)
        self.pool, self.cases, self.failed, self.n = [], [], 0, 0
        self.answer({"id": 0, "tokenizer": self.tokenizers[0][0], "op": "info", "request": {}})  # so that the counters' file is there
        self.ways = Ways(counters)

    def answer(self, case):
        answer = self.batch.answer(case)
        answer.pop("record" if "record" in answer else "id", None)  # the answer of special_id has an "id" of its own
        return answer

    def replay(self):
        for path in sorted(CASES.glob("*.jsonl.gz")):
            for line in gzip.open(path, "rt", encoding="ascii"):
                case = json.loads(line)
                self.answer(expand({name: value for name, value in case.items() if name != "expect"}))
        self.ways.new()

    def next_case(self):
        self.n += 1
        if not self.pool or self.rng.random() < 0.5:
            return make_case(self.options.seed, self.n, self.tokenizers, self.ops)
        case = json.loads(json.dumps(self.rng.choice(self.pool)))
        breaker = Breaker(self.rng)
        for _ in range(self.rng.choice([1, 1, 2, 3])):
            case["request"] = breaker.change(case["request"])
        if self.rng.random() < 0.2:
            case["tokenizer"] = self.rng.choice(self.tokenizers)[0]
        return case

    def keep(self, case, answer):
        """The reference's word on a request that took a new way."""
        if "request" in case and case["op"] not in PLAIN:
            self.pool.append(case)
        expect = record(self.recorder, case)
        if same(expect, answer):
            if len(json.dumps(case)) <= KEPT_BYTES:
                self.cases.append({**case, "id": f"ways/{case['op']}/{self.options.seed}-{self.n}", "expect": expect})
        elif not deviation(expect, answer):
            self.failed += 1
            expected, got = first_difference(expect, answer)
            print(f"--- {json.dumps(case)[:3000]}\n    expected {expected}\n    got      {got}", flush=True)

    def run(self):
        self.replay()
        end = time.monotonic() + self.options.seconds
        while time.monotonic() < end:
            case = self.next_case()
            if recordable(case):
                answer = self.answer(case)
                if self.ways.new():
                    self.keep(case, answer)


def main():
    parser = make_parser("compare requests that take new ways with the installed reference")
    parser.add_argument("--record", action="store_true", help="keep them in cases/ways.jsonl.gz")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counters = f"{folder}/counters"
        os.environ["LLVM_PROFILE_FILE"] = counters + "%c"
        options.sidetok = str(Path(options.sidetok).resolve())
        os.chdir(options.variants)  # messages name a file as it was given: by its bare name
        fuzz = Fuzz(options, counters)
        fuzz.run()
    path = CASES / "ways.jsonl.gz"
    if options.record and fuzz.cases:
        before = [json.loads(line) for line in gzip.open(path, "rt", encoding="ascii")] if path.exists() else []
        write(path, before + fuzz.cases)
    print(f"{fuzz.n} requests, {int(fuzz.ways.seen.sum())} ways, {len(fuzz.cases)} new cases\nseed {options.seed}\n{len(fuzz.cases)} passed, {fuzz.failed} failed")
    sys.exit(1 if fuzz.failed else 0)


if __name__ == "__main__":
    main()
