"""Live differential fuzz: random JSON, nearly JSON and doubles through sidetok's reader and writers and through Python's.

usage: fuzz_json.py --probe build/tests/parity/json_probe [--seed N] [--count N]

Compares json.loads (value or error with its text and position), json.dumps with ensure_ascii false and true, and repr().
Run it with the Python of the reference, 3.11. Prints the first differences with their text; the last line counts.
"""

import argparse
import json
import math
import random
import struct
import subprocess
import sys
import time

CHARACTERS = ["a", "b", '"', "\\", "/", "\0", "\x1f", "\x7f", " ", "\n", "'", "é", "\x80", "\xa0", "\xad", "€", "\u2028", "\ud800", "\udc00",
              "\udbff", "\udfff", "\ufeff", "\uffff", "😀", "\U0001fae8", "\U000e0001", "\U0010ffff", "0123456789abcdefghijklmnop"]
ESCAPES = ['\\"', "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t", "\\u0000", "\\u00e9", "\\u20AC", "\\ud83d\\ude00", "\\uD800", "\\udfff", "\\ud800\\u0041",
           "\\ud800\\ud800\\udc00", "\\u12", "\\x", "\\u12g4", "\\ud800\\u12", "\\ud800\\", "\\", "\\ud800\\u00zz"]
TOKENS = list('{}[],:" \t\n\r') + ["null", "true", "false", "NaN", "Infinity", "-Infinity", "nul", "-", "+", ".", "e", "E", "0", "1", "-0", "01", "1.", "1e", "1e+",
                                   '"a"', '"', "\\", "\x0b", "\xa0", "\ufeff", "é", "\ud800", "//", "'a'", "None"]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def string(self):
        r = self.random
        parts = r.choices(CHARACTERS, k=r.choice([0, 1, 2, 5, 20]))
        return "".join(parts)

    def spelled_string(self):
        r = self.random
        parts = []
        for _ in range(r.choice([0, 1, 2, 4, 12])):
            kind = r.random()
            if kind < 0.5:
                parts.append(r.choice(["a", "key", " ", "é", "€", "😀", "\ud800", "\udc00", "x" * r.randrange(40)]))
            elif kind < 0.9:
                parts.append(r.choice(ESCAPES[:16]))
            elif kind < 0.93:
                parts.append(r.choice(ESCAPES))
            else:
                parts.append(r.choice(CHARACTERS[4:10]).replace('"', "").replace("\\", "").replace("\n", ""))
        return '"' + "".join(parts) + '"'

    def number(self):
        r = self.random
        kind = r.random()
        if kind < 0.3:
            return str(r.choice([0, 1, -1, 12, 10**r.randrange(30), r.getrandbits(70), -r.getrandbits(64)]))
        if kind < 0.5:
            return repr(self.double())
        if kind < 0.6:
            return json.dumps(self.double())
        digits = "".join(r.choices("0123456789", k=r.choice([1, 2, 5, 17, 18, 25, 60, 400])))
        whole = digits[: r.randrange(1, len(digits) + 1)].lstrip("0") or "0"
        text = r.choice(["", "-"]) + whole + r.choice(["", "." + digits])
        return text + r.choice(["", "", "e", "E"]).replace("e", f"e{r.choice(['', '+', '-'])}{r.choice([0, 1, 5, 15, 22, 300, 308, 323, 400, 99999])}")

    def double(self):
        r = self.random
        kind = r.random()
        if kind < 0.5:
            return struct.unpack("<d", struct.pack("<Q", r.getrandbits(64)))[0]
        if kind < 0.6:
            return math.ldexp(1.0, r.randrange(-1074, 1024)) * r.choice([1, -1])
        if kind < 0.7:
            return math.ldexp(r.choice([2**53 - 1, 2**52 + 1, 3, 5]), r.randrange(-1074, 960))
        if kind < 0.85:
            return float(f"{r.randrange(10 ** r.randrange(1, 18))}e{r.randrange(-330, 300)}")
        return round(r.uniform(-1000, 1000), r.randrange(6))

    def space(self):
        return "".join(self.random.choices(" \t\n\r", k=self.random.choice([0, 0, 0, 1, 2])))

    def value(self, depth=0):
        r = self.random
        kind = r.random() if depth < 6 else r.random() * 0.6
        if kind < 0.25:
            return self.spelled_string()
        if kind < 0.45:
            return self.number()
        if kind < 0.6:
            return r.choice(["null", "true", "false", "NaN", "Infinity", "-Infinity"])
        s = self.space
        if kind < 0.8:
            return "[" + s() + ",".join(s() + self.value(depth + 1) + s() for _ in range(r.choice([0, 1, 2, 5]))) + "]"
        n = r.choice([0, 1, 2, 5, 40 if depth < 2 else 3])
        keys = [self.spelled_string() if r.random() < 0.6 else f'"{r.randrange(20)}"' for _ in range(n)]
        return "{" + s() + ",".join(s() + key + s() + ":" + s() + self.value(depth + 1) + s() for key in keys) + "}"

    def broken(self, text):
        r = self.random
        for _ in range(r.choice([1, 1, 2, 3])):
            at = r.randrange(len(text) + 1)
            kind = r.randrange(4)
            if kind == 0:
                text = text[:at] + text[at + r.choice([1, 1, 2, 5]) :]
            elif kind == 1:
                text = text[:at] + r.choice(TOKENS + ESCAPES + CHARACTERS) + text[at:]
            elif kind == 2:
                text = text[:at]
            else:
                end = r.randrange(len(text) + 1)
                text = text[:at] + text[min(at, end) : end] + text[at:]
        return text

    def text(self):
        r = self.random
        kind = r.random()
        if kind < 0.3:
            return self.space() + self.value() + self.space()
        if kind < 0.4:
            return "[" + ",".join(json.dumps(self.double()) for _ in range(100)) + "]"
        if kind < 0.5:
            return json.dumps({self.string(): self.string() for _ in range(r.choice([0, 1, 30]))}, ensure_ascii=r.random() < 0.5)
        if kind < 0.9:
            return self.broken(self.value())
        if kind < 0.905:
            return r.choice(["", "-"]) + r.choice("123456789") * r.choice([4299, 4300, 4301, 9000])
        return "".join(r.choices(TOKENS, k=r.randrange(12)))


def expected(text):
    try:
        value = json.loads(text)
    except ValueError as e:
        return "error", type(e).__name__, str(e)
    return "value", json.dumps(value, ensure_ascii=False), json.dumps(value), repr(value)


def frames(data):
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "little")
        yield data[at + 4 : at + 4 + size].decode("utf-8", "surrogatepass")
        at += 4 + size


def answers(probe, texts):
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    done = subprocess.run([probe], input=b"".join(len(e).to_bytes(4, "little") + e for e in encoded), stdout=subprocess.PIPE, check=True)
    parts = frames(done.stdout)
    for first in parts:
        if first == "V":
            yield "value", next(parts), next(parts), next(parts)
        else:
            yield "error", *first[1:].split("\0", 1)


def main():
    parser = argparse.ArgumentParser(description="compare random JSON with Python's json module")
    parser.add_argument("--probe", required=True)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--count", type=int, default=100000)
    arguments = parser.parse_args()
    assert sys.version_info[:2] == (3, 11), "the reference runs on Python 3.11"
    maker = Maker(arguments.seed)
    n = n_errors = n_different = 0
    while n < arguments.count:
        texts = [maker.text() for _ in range(min(5000, arguments.count - n))]
        for text, got in zip(texts, answers(arguments.probe, texts), strict=True):
            want = expected(text)
            n_errors += want[0] == "error"
            if got != want:
                n_different += 1
                if n_different <= 5:
                    print(f"text     {text!a}\nexpected {want!a}\ngot      {got!a}")
        n += len(texts)
    print(f"{n - n_different} passed, {n_different} failed ({n_errors} of them errors; --seed {arguments.seed})")
    return 1 if n_different else 0


if __name__ == "__main__":
    sys.exit(main())
