"""Live differential fuzz of SentencePiece files: small random models, sound and damaged, loaded and asked here and by the reference.

usage: fuzz_model.py --sidetok PROGRAM [--seed N] [--count N | --seconds N] [--show N] [--only I]

Model I of seed N is always the same; --only keeps its file and prints where. Models of kinds that docs/parity.md says are refused
count as such. Exit status 1 on any difference. The last lines are the counts and the seed.
"""

import ctypes
import random
import struct
import tempfile
from pathlib import Path

from compare import first_difference, same
from fuzz_files import FileFuzz, read_options
from fuzz_requests import Batch
from generate import Recorder

AT_ONCE = 24
NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = range(1, 7)
ALPHABETS = ["ab", "abc", "aé", "a▁", "ab▁ ", "xyz[]", "a一▁b", "\U0001f600a", "abcdefgh", "a\x00", "▁"]
ODD_SCORES = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 3e38, -1e9, 1e-40]


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    return bytes(out + bytes([n]))


def field(number, value):
    """A protobuf field: an int as varint, a float in 32 bits, bytes by length."""
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


class ModelMaker:
    def __init__(self, rng):
        self.rng = rng
        self.alphabet = rng.choice(ALPHABETS)

    def maybe(self, chance):
        return self.rng.random() < chance

    def word(self):
        return "".join(self.rng.choices(self.alphabet, k=self.rng.choice([1, 1, 2, 2, 2, 3, 3, 4, 5, 8])))

    def score(self):
        if self.maybe(0.03):
            return self.rng.choice(ODD_SCORES)
        return self.rng.choice([-float(self.rng.randrange(50)), -self.rng.random() * 10, float(self.rng.randrange(-2, 3))])

    def pieces(self, has_bytes):
        out = [("<unk>", 0.0, UNKNOWN)] if self.maybe(0.96) else []
        out += [("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)] if self.maybe(0.85) else []
        out += [(f"<0x{i:02X}>", 0.0, BYTE) for i in range(256)] if has_bytes else []
        known = {text for text, _, _ in out}
        odd = self.rng.choice([0, 0, 5, 15])
        for _ in range(self.rng.randrange(1, 60)):
            text = self.word()
            if text not in known or self.maybe(0.002):
                kind = self.rng.choices([NORMAL, USER, UNUSED, CONTROL, UNKNOWN, BYTE, 9], [90, odd, odd, 1, 0.1, 0.1, 0.1])[0]
                out.append((text, self.score(), kind))
            known.add(text)
        if self.maybe(0.3):
            self.rng.shuffle(out)
        return out

    def trainer(self, has_bytes):
        kind = 2 if self.maybe(0.94) else self.rng.randrange(6)
        out = field(3, kind) + field(35, int(has_bytes if self.maybe(0.98) else not has_bytes))
        out += field(24, 1) if self.maybe(0.1) else b""  # treat_whitespace_as_suffix
        for number in (45, 46, 47, 48):  # what unk, bos, eos and pad are called
            out += field(number, self.word().encode()) if self.maybe(0.06) else b""
        return out + (field(44, self.rng.choice([b"??", b"", b" ? ", b"\xff", "▁".encode()])) if self.maybe(0.1) else b"")

    def normalizer(self):
        out = field(1, b"identity")
        for number, chance in ((3, 0.8), (4, 0.7), (5, 0.3)):  # dummy prefix, extra white space, escaped white space
            out += field(number, self.rng.randrange(2)) if self.maybe(chance) else b""
        return out + (field(2, self.rng.randbytes(self.rng.choice([3, 4, 5, 9, 1100]))) if self.maybe(0.02) else b"")

    def damage(self, data):
        data = bytearray(data)
        for _ in range(self.rng.choice([1, 1, 2, 5])):
            at = self.rng.randrange(len(data) + 1) if self.maybe(0.5) else max(0, len(data) - self.rng.randrange(60))
            action = self.rng.random()
            if action < 0.3 and at < len(data):
                data[at] = self.rng.randrange(256)
            elif action < 0.45:
                del data[at : at + self.rng.randrange(1, 5)]
            elif action < 0.55:
                del data[at:]
            else:
                data[at:at] = self.rng.choice([varint(self.rng.getrandbits(35)), b"\xff" * self.rng.randrange(1, 12), b"\x1b\x1c", field(200, b"abc"), field(4, b"x"),
                                               varint(self.rng.randrange(1, 300) << 3 | 1) + b"12345678", self.rng.randbytes(3)])
        return bytes(data)

    def file(self):
        """(bytes, texts): a model, and texts of its letters and pieces."""
        has_bytes = self.maybe(0.7)
        pieces = self.pieces(has_bytes)
        parts = [field(1, field(1, text.encode()) + field(2, score) + field(3, kind)) for text, score, kind in pieces]
        parts += [field(2, self.trainer(has_bytes))] + [field(3, self.normalizer())] * self.maybe(0.9)
        parts += [field(5, field(2, self.rng.randbytes(self.rng.choice([0, 3, 9]))))] * self.maybe(0.03)
        if self.maybe(0.15):
            self.rng.shuffle(parts)
        data = b"".join(parts)
        letters = list(self.alphabet) + [" ", "▁", "q", "\n"] + [text for text, _, _ in pieces]
        texts = ["".join(self.rng.choices(letters, k=self.rng.choice([0, 1, 2, 3, 5, 8, 20, 60]))) for _ in range(8)] + [self.rng.choice(letters) * 200]
        return self.damage(data) if self.maybe(0.2) else data, texts


def words_are_checked():
    """Whether this Python tells that the words of a native error are no UTF-8, as 3.11.7 does. 3.11.2, which is Debian 12's, raises that
    error without words."""
    try:
        ctypes.pythonapi.PyErr_SetString(ctypes.py_object(RuntimeError), b"\xff")
    except UnicodeDecodeError:
        return True
    except RuntimeError:
        return False


class Fuzz(FileFuzz):
    def __init__(self, options):
        super().__init__(options)
        self.words_are_checked = words_are_checked()
        self.folder = Path(tempfile.mkdtemp(prefix="fuzz_model"))

    def questions(self, texts, rng):
        yield from (("load", {}), ("info", {}))
        for text in texts:
            yield "encode", {"text": text, "bos": rng.random() < 0.5, "eos": rng.random() < 0.5}
        for policy in ("IGNORE", "KEEP", "RAISE"):
            yield "decode", {"tokens": [rng.randrange(-1 if rng.random() < 0.05 else 0, 300) for _ in range(rng.randrange(12))], "policy": policy}
        yield from (("piece", {"id": rng.randrange(-1, 300)}), ("byte_piece", {"id": 5, "policy": "KEEP"}), ("is_special", {"token": rng.choice([0, 1, 5, "<s>", "a"])}),
                    ("special_id", {"token": rng.choice(["<s>", "[INST]", "a", ""])}))
        yield "chat", {"messages": [{"role": "user", "content": texts[0] + "a"}]}

    def is_without_words(self, expect, answer):
        """Whether the reference's error lost its words to this Python."""
        error = expect.get("error", {})
        return (not self.words_are_checked and (error.get("type"), error.get("message")) == ("RuntimeError", "")
                and answer.get("error", {}).get("type") == "UnicodeDecodeError")

    def difference(self, batch, recorder, name, texts, rng):
        for op, request in self.questions(texts, rng):
            record = {"id": 0, "tokenizer": name, "op": op, "request": request}
            expect, answer = recorder.answer(record), batch.answer(record)
            answer.pop("record" if "record" in answer else "id", None)
            if answer.get("error", {}).get("type") == "not_supported" and "error" not in expect:
                self.refusals[answer["error"]["message"]] += 1
                return None
            if not same(expect, answer) and not self.is_without_words(expect, answer):
                return op, request, expect, answer
            if op == "load" and "error" in expect:
                return None
        return None

    def round(self, numbers):
        models = {f"n{number}": ModelMaker(random.Random(f"{self.options.seed}/{number}")).file() for number in numbers}
        paths = {name: self.folder / f"{name}.model.v3" for name in models}
        for name, (data, _) in models.items():
            paths[name].write_bytes(data)
        batch, recorder = Batch(self.options.sidetok, paths), Recorder(paths)
        for name, (_, texts) in models.items():
            found = self.difference(batch, recorder, name, texts, random.Random(name))
            self.counts["failed" if found else "passed"] += 1
            if found and len(self.shown) < self.options.show:
                self.shown.add(name)
                expected, got = first_difference(*found[2:])
                print(f"--- --seed {self.options.seed} --only {name[1:]}: {found[0]} {str(found[1])[:300]}\n    expected {expected}\n    got      {got}", flush=True)
        batch.process.stdin.close()
        batch.process.wait()
        if self.options.only is None:
            for path in paths.values():
                path.unlink()
        else:
            print(*paths.values())


if __name__ == "__main__":
    Fuzz(read_options("compare random SentencePiece files with the installed reference")).main()
