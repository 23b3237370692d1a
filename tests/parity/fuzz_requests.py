"""Live differential fuzz: random requests through `sidetok batch` and through the installed reference.

usage: fuzz_requests.py --sidetok PROGRAM --variants DIR [--seed N] [--count N | --seconds N] [--ops chat,apply,...]
                        [--tokenizers a,b] [--show N] [--only I] [--stage convert]

Requests are valid or nearly valid: a request of every feature, then zero to three faults anywhere in it, now and then
spelled as odd JSON text. Case I of seed N is always the same: --seed N --only I replays it and prints both answers whole.
The first differences of each kind are shrunk and printed. --stage convert compares only what conversion decides: its errors, or that
there was none. Exit status 1 on any difference that is no listed deviation. The last lines are the counts and the seed.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from compare import first_difference, same
from reference import Reference
from request_breaker import Breaker, Speller
from request_maker import PLAIN, Maker
from shrink import shrink

HERE = Path(__file__).parent

# name, version, images, sounds
TOKENIZERS = [
    ("spm_v1", "v1", False, False), ("spm_v2", "v2", False, False), ("spm_v3", "v3", False, False), ("spm_v7", "v7", False, False),
    ("spm_v7m1", "v7", True, False), ("tekken_240718", "v3", False, False), ("tekken_240911", "v3", True, False),
    ("tekken_v7_img", "v7", True, False), ("tekken_v11", "v11", False, False), ("tekken_v11_img", "v11", True, False),
    ("tekken_v13", "v13", False, False), ("tekken_v13_think", "v13", False, False), ("tekken_v15", "v15", False, False),
    ("tekken_v15_full", "v15", True, False), ("tekken_v15_nobuilder", "v15", False, False), ("tekken_tiny_v7", "v7", False, False),
    ("tekken_tiny_v11", "v11", False, False), ("tekken_tiny_v13_think", "v13", False, False), ("tekken_tiny_v15", "v15", False, False),
    ("tekken_v1", "v1", False, False), ("tekken_v2", "v2", False, False), ("tekken_v15_json_only", "v15", False, False), ("spm_v11", "v11", False, False),
    ("tekken_audio_tiny_v7", "v7", False, True), ("tekken_audio_tiny_v11_img", "v11", True, True), ("tekken_audio_tiny_v13", "v13", False, True),
    ("tekken_audio_tiny_v15", "v15", False, True), ("tekken_audio_tiny_v15_nobuilder", "v15", False, True), ("tekken_audio_tiny_v7_stream", "v7", False, True),
    ("tekken_audio_tiny_v15_stream", "v15", False, True), ("tekken_audio_tiny_v15_tts", "v15", False, True),
    ("tekken_audio_tiny_v13_tts_novoices", "v13", False, True), ("tekken_audio_tiny_no_audio", "v11", False, True), ("tekken_audio_tiny_no_begin", "v11", False, True),
    ("spm_v3m1", "v3", True, False), ("spm_bare", "v3", False, False), ("spm_v2m1", "v2", True, False), ("tekken_v7", "v7", False, False), ("tekken_v13_img", "v13", True, False),
    ("tekken_v15_schema", "v15", False, False), ("tekken_v15_empty", "v15", False, False), ("tekken_v3_cut", "v3", False, False), ("tekken_v11_order", "v11", False, False),
    ("tekken_tiny_v13", "v13", False, False), ("tekken_null_multimodal", "v3", False, False), ("tekken_audio_v7", "v7", False, True), ("tekken_audio_v11_tts", "v11", False, True),
    ("tekken_audio_v13_stream", "v13", False, True), ("tekken_audio_v15", "v15", False, True), ("tekken_audio_tiny_v7_24k", "v7", False, True), ("tekken_audio_tiny_v11", "v11", False, True),
    ("tekken_audio_tiny_v11_stream", "v11", False, True), ("tekken_audio_tiny_v7_tts", "v7", False, True), ("tekken_audio_tiny_hop", "v11", False, True), ("tekken_audio_tiny_44k", "v13", False, True),
    ("tekken_audio_tiny_no_next", "v13", False, True), ("tekken_audio_tiny_no_repeat", "v13", False, True), ("tekken_audio_tiny_no_pad", "v13", False, True),
    ("tekken_audio_tiny_stream_no_transcribe", "v13", False, True), ("tekken_audio_tiny_format", "v11", False, True), ("tekken_audio_tiny_null", "v11", False, False),
    ("tekken_audio_tiny_int_rate", "v7", False, True),
]
WHOLE = 6  # of the large vocabularies, for each seed others: one takes seconds to load
MODES = ["test", "test", "test", "serving", "finetuning", "agnostic"]
WEIGHTS = {"chat": 74, "apply": 8, "fim": 4, "transcription": 4, "speech": 4, **dict.fromkeys(PLAIN, 1)}
ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")


def make_parser(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--sidetok", required=True)
    parser.add_argument("--variants", required=True, type=Path)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--ops", default=",".join(WEIGHTS))
    parser.add_argument("--tokenizers", default="", help="only these, by name")
    return parser


def arguments():
    parser = make_parser("compare random requests with the installed reference")
    parser.add_argument("--count", type=int, help="cases (default: as --seconds allows)")
    parser.add_argument("--show", type=int, default=8, help="differences to shrink and print (default 8)")
    parser.add_argument("--only", type=int, help="only this case; prints it whole")
    parser.add_argument("--stage", choices=["convert", "all"], default="all")
    return parser.parse_args()


class Batch:
    """`sidetok batch` as a co-process: a line in, a line out. Started again when it dies."""

    def __init__(self, program, paths):
        self.command = [program, "batch"] + [part for name, path in paths.items() for part in ("--tokenizer", f"{name}={path}")]
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="ascii")

    def answer(self, record):
        try:
            self.process.stdin.write(json.dumps(record) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            status = self.process.wait()
            self.start()
            return {"error": {"type": "crash", "message": f"sidetok ended with status {status}"}}
        return json.loads(line)


def make_case(seed, number, tokenizers, ops):
    rng = random.Random(f"{seed}/{number}")
    name, version, images, sounds = rng.choice(tokenizers)
    op = rng.choices(ops, [WEIGHTS.get(op, 10) for op in ops])[0]
    maker = Maker(rng, version, images or rng.random() < 0.03, sounds or rng.random() < 0.03)
    record = {"id": f"{seed}/{number}", "tokenizer": name, "op": op}
    request = getattr(maker, op)()
    if op in PLAIN:
        op = "piece" if op == "byte_piece" and name.startswith("spm") else op  # tekken only
        return record | {"op": op, "request": request}
    if op == "chat":
        record["mode"] = rng.choice(MODES)
        if record["mode"] == "serving" and rng.random() < 0.95:
            request["model"] = "m"
        if rng.random() < 0.1:
            request["truncate_for_context_length"] = rng.random() < 0.9
            record["max_model_input_len"] = rng.choice([-1, 0, 1, 5, 20, 20, 40, 40, 80, 80, 1000, 2**62, None])
        elif rng.random() < 0.03:
            record["max_model_input_len"] = rng.choice([0, 5, 1000])
    breaker = Breaker(rng)
    for _ in range(rng.choice([0, 0, 1, 1, 2, 3])):
        request = breaker.change(request)
    if rng.random() < 0.1:
        record["request_json"] = Speller(rng).spell(request)
    else:
        record["request"] = request
    return record


def same_stage(expect, answer):
    """Whether conversion ended alike."""
    errors = [side.get("error", {}) for side in (expect, answer)]
    converted = [error.get("stage") != "convert" for error in errors]
    return converted[0] == converted[1] if any(converted) else same(expect, answer)


def without_addresses(answer):
    return json.loads(ADDRESS.sub("at 0x0", json.dumps(answer)))


IMAGE_PROSE = re.compile(r"image file is truncated|loading image|cannot identify image|broken data stream|decoder error")
DOWNLOAD = re.compile("images are not downloaded here: send (https?:)?")  # the network, other schemes and IDNA are not asked


def deviation(expect, answer):
    """The name of the listed deviation that explains a difference, or None."""
    if "error" not in answer:
        return None
    if "error" not in expect:
        return None
    kind, message = expect["error"]["type"], expect["error"]["message"]
    refused = DOWNLOAD.match(answer["error"]["message"])
    if refused and (kind == "ConnectionError" or not refused[1] or not answer["error"]["message"].isascii()):
        return "images at addresses (a service error)"
    if message.startswith("Failed to create Audio instance from URL") and not message.isascii():
        return "a host that is not ASCII"
    if same(without_addresses(expect), without_addresses(answer)):
        return "memory address"
    if "RecursionError" in (kind, answer["error"]["type"]):
        return "recursion limit"
    if kind == "LibsndfileError" or IMAGE_PROSE.search(message):
        return "prose of the image or audio library"
    return None


def kind_of(answer):
    """What tells differences apart, so that each is shown once."""
    error = answer.get("error")
    return (error.get("type"), re.sub(r"\W.*", "", error.get("message", ""), flags=re.S)) if error else "ok"


def bytes_are_base64(value):
    """Damage, or shrinking, may leave a "$bytes" that stands for none."""
    if isinstance(value, dict) and list(value) == ["$bytes"] and isinstance(value["$bytes"], str):
        return bool(re.fullmatch(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?", value["$bytes"]))
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(map(bytes_are_base64, values))


def chosen(seed, wanted):
    """The tokenizers of a run, those wanted or, of the large ones, a few."""
    if wanted:
        return [t for t in TOKENIZERS if t[0] in wanted]
    large = [t for t in TOKENIZERS if t[0].startswith("tekken") and "tiny" not in t[0]]
    few = random.Random(f"{seed}/tokenizers").sample(large, WHOLE)
    return [t for t in TOKENIZERS if t not in large or t in few]


class Fuzz:
    def __init__(self, options):
        wanted = set(filter(None, options.tokenizers.split(",")))
        variants = json.loads((HERE / "variants.json").read_text(encoding="utf-8"))["variants"]
        files = {v["name"]: options.variants / v["file"] for v in variants}
        self.tokenizers = chosen(options.seed, wanted)
        paths = {t[0]: files[t[0]] for t in self.tokenizers}
        self.ops = options.ops.split(",")
        self.options = options
        self.reference = Reference(paths)
        self.batch = Batch(options.sidetok, paths)
        self.counts = Counter()
        self.outcomes = Counter()
        self.shown = set()

    def differs(self, record):
        """(expect, answer) when the two sides differ and no deviation explains it, else None."""
        self.outcome, self.deviation = "left out", None
        if not bytes_are_base64(record):
            return None
        expect, answer = self.reference.answer(record), self.batch.answer(record)
        equal = same_stage if self.options.stage == "convert" else same
        answer.pop("record" if "record" in answer else "id", None)  # the answer of special_id has an "id" of its own
        error = expect.get("error")
        self.outcome = f"{error['stage']} {error['type']}" if error else "ok"
        self.deviation = None if equal(expect, answer) else deviation(expect, answer)
        return None if self.deviation or equal(expect, answer) else (expect, answer)

    def shrunk(self, record):
        if "request_json" in record:
            plain = {k: v for k, v in record.items() if k != "request_json"} | {"request": json.loads(record["request_json"])}
            if not self.differs(plain):
                return record
            record = plain
        fails = lambda request: self.differs({**record, "request": request}) is not None
        return {**record, "request": shrink(record["request"], fails)}

    def report(self, number, record):
        smallest = self.shrunk(record)
        expected, got = first_difference(*self.differs(smallest) or self.differs(record) or ({}, {}))
        print(f"--- --seed {self.options.seed} --only {number}\n    {json.dumps(smallest)[:1500]}")
        print(f"    expected {expected}\n    got      {got}", flush=True)

    def make_case(self, number):
        return make_case(self.options.seed, number, self.tokenizers, self.ops)

    def case(self, number):
        record = self.make_case(number)
        found = self.differs(record)
        self.outcomes[self.outcome] += 1
        self.counts["deviation: " + self.deviation if self.deviation else "failed" if found else "passed"] += 1
        if self.options.only is not None:
            print(json.dumps(record), *map(json.dumps, found or ({"same": True},)), sep="\n")
        elif found and len(self.shown) < self.options.show and tuple(map(kind_of, found)) not in self.shown:
            self.shown.add(tuple(map(kind_of, found)))
            self.report(number, record)

    def run(self):
        if self.options.only is not None:
            return self.case(self.options.only)
        end, number = time.monotonic() + self.options.seconds, 0
        while number < self.options.count if self.options.count else time.monotonic() < end:
            self.case(number)
            number += 1


def main():
    fuzz = Fuzz(arguments())
    try:
        fuzz.run()
    except KeyboardInterrupt:
        pass
    for outcome, n in fuzz.outcomes.most_common():
        print(f"{n:8} {outcome}")
    for name, n in fuzz.counts.items():
        if name.startswith("deviation"):
            print(f"{n:8} {name}")
    print(f"seed {fuzz.options.seed}")
    print(f"{fuzz.counts['passed']} passed, {fuzz.counts['failed']} failed")
    sys.exit(1 if fuzz.counts["failed"] else 0)


if __name__ == "__main__":
    main()
