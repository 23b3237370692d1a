"""What the soak asks, and what is right: made here, known from the recorded cases or from `sidetok batch` in process, never from the daemon.

The file of the cases holds for each a line "OP TOKENIZER SIZE SIZE SIZE" and then its body (JSON), the error that is right ("TYPE: MESSAGE") or
nothing, and the ids that are right, little-endian.
"""

import array
import gzip
import json
import random
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "parity"))
from expand import expand  # noqa: E402

TOKENIZERS = ("spm_v3", "tekken_240911")
RECORDED = ("chat", "chat_errors", "chat_schema_errors", "chat_toolschema_errors", "chatfuzz", "chatfuzz_errors", "fim", "apply", "encode_spm_v3")
N_RECORDED = 20  # of each file and tokenizer, at most

# How often a request has each size, in a thousand; the mean is some 40 KB.
SHARES = {10: 150, 100: 200, 1000: 200, 10_000: 120, 100_000: 50, 500_000: 12, 1_000_000: 8, 10_000_000: 1}
RECORDED_SHARE = 250
STYLES = {10: 8, 100: 8, 1000: 8, 10_000: 4, 100_000: 4, 500_000: 2, 1_000_000: 2, 10_000_000: 1}  # how many texts of a size

PROSE = "the quick brown fox jumps over 12 lazy dogs, said été and then again \n".split(" ")
CODE = ["\tif (n > 0)\n", "return ", "for (size_t i = 0; ", "x->next", "= NULL;\n", "}\n", "0x7f", "// why\n"]
TOOLS = [{"type": "function", "function": {"name": f"look_up_{i}", "description": "Looks up what a city is known for.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "a name"}, "days": {"type": "integer", "minimum": i}},
    "required": ["city"]}}} for i in range(6)]


class Case:
    def __init__(self, op, tokenizer, body, share, error=None, ids=None):
        self.op, self.tokenizer, self.body, self.share, self.error = op, tokenizer, body, share, error
        self.ids = array.array("I", ids or ())

    def packed(self):
        error, ids = (self.error or "").encode("utf-8", "surrogatepass"), self.ids.tobytes()
        body = self.body.encode()
        return b"%s %s %d %d %d\n" % (self.op.encode(), self.tokenizer.encode(), len(body), len(error), len(ids)) + body + error + ids


def text_of(size, style, noise):
    if style % 4 == 0:
        words = lambda: noise.choice(PROSE) + " "  # noqa: E731
    elif style % 4 == 1:
        words = lambda: noise.choice(CODE)  # noqa: E731
    elif style % 4 == 2:
        words = lambda: "".join(chr(noise.randrange(0x4E00, 0x5E00)) for _ in range(8))  # noqa: E731
    else:
        words = lambda: "%x " % noise.getrandbits(64)  # noqa: E731
    return "".join(words() for _ in range(min(size, 200_000) // 4 + 1))[: min(size, 200_000)] * max(1, size // 200_000)


def chat_of(text, style):
    messages = [{"role": "system", "content": "Be brief."}] if style % 2 else []
    messages += [{"role": "user", "content": "First " + text[:100]}, {"role": "assistant", "content": "Yes."}] if style % 3 == 0 else []
    body = {"messages": messages + [{"role": "user", "content": text}]}
    return json.dumps(dict(body, tools=TOOLS) if style % 2 == 0 else body)


def made(seed):
    noise, out = random.Random(seed), []
    for size, share in SHARES.items():
        n = STYLES[size]
        for tokenizer in TOKENIZERS:
            for style in range(n):
                text = text_of(size, style, noise)
                out.append(Case("encode", tokenizer, json.dumps({"text": text}), share / n / 4))
                out.append(Case("chat", tokenizer, chat_of(text, style), share / n / 4))
    return out


def asked_in_process(command, files, cases):
    """Fills in what `sidetok batch` answers, which needs no daemon."""
    records = "".join(json.dumps({"id": i, "tokenizer": c.tokenizer, "op": c.op, "request_json": c.body}) + "\n" for i, c in enumerate(cases))
    arguments = [word for name, path in files.items() for word in ("--tokenizer", f"{name}={path}")]
    done = subprocess.run([command, "batch", *arguments], input=records.encode(), capture_output=True, check=True)
    answers = done.stdout.decode("utf-8", "surrogatepass").splitlines()
    assert len(answers) == len(cases), done.stderr
    for case, line in zip(cases, answers):
        answer = json.loads(line)
        case.ids = array.array("I", answer.get("tokens", ()))
        case.error = "{type}: {message}".format(**answer["error"]) if "error" in answer else None
    return cases


def recorded(seed):
    """Cases that the reference answered."""
    noise, out = random.Random(seed), []
    for stem in RECORDED:
        with gzip.open(Path(__file__).resolve().parents[1] / f"parity/cases/{stem}.jsonl.gz", "rt", encoding="ascii") as lines:
            found = [case for case in map(json.loads, lines) if case["tokenizer"] in TOKENIZERS and is_plain(case)]
        for name in TOKENIZERS:
            of_one = [case for case in found if case["tokenizer"] == name]
            out += noise.sample(of_one, min(N_RECORDED, len(of_one)))
    return [case_of(case, RECORDED_SHARE / len(out)) for case in out]


def is_plain(case):
    """A request of op and body alone, answered with ids in full or with an error."""
    ids = case["expect"].get("tokens")
    is_answered = "error" in case["expect"] or (isinstance(ids, list) and all(isinstance(id, int) for id in ids))
    return is_answered and "request" in case and case.get("mode", "test") == "test" and "max_model_input_len" not in case


def case_of(case, share):
    expect, error = case["expect"], case["expect"].get("error")
    text = error and "{type}: {message}".format(**error)
    return Case(case["op"], case["tokenizer"], json.dumps(expand(case["request"])), share, text, expect.get("tokens"))


def make(command, files, seed):
    """All cases. files: {name of a tokenizer: path}."""
    return asked_in_process(command, files, made(seed)) + recorded(seed)
