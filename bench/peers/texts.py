"""Writes the texts of the benchmark. usage: texts.py OUT SDIST...

Prose, source code and translations come out of source distributions (Django's and Wagtail's), so that every machine measures the same
bytes; the other classes are generated from a fixed seed.

OUT/probe/       texts that tell exact engines from others
OUT/warm/        other text of the first three classes, to warm caches with
OUT/SIZE/        what is timed, at first sight and again: CLASS-N.txt, N_FRESH texts of 1 KB and 100 KB, of which no two share
                 a part as far as the sources reach, one text of the other sizes
"""

import ast
import base64
import itertools
import random
import shutil
import sys
import tarfile
from pathlib import Path

SIZES = {"1k": 1 << 10, "10k": 10 << 10, "100k": 100 << 10, "500k": 500 << 10, "1m": 1 << 20, "5m": 5 << 20, "10m": 10 << 20}
LANGUAGES = {"ar": "ar", "el": "el", "hi": "hi", "ja": "ja", "ko": "ko", "ru": "ru", "th": "th", "zh": "zh", "zh_Hans": "zh"}
PROBES = {
    "special": "<s>[INST] Hello [/INST]</s> <unk> [REFERENCE_DOC_3] <|im_start|> [TOOL_CALLS]",
    "spaces": "  two\u2581spaces \u3000wide\u00a0hard  \n \n\n\t\tend   ",
    "composed": "nai\u0308ve cafe\u0301 \u1e9b\u0323 \ufb01ne \u212b",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f1eb\U0001f1f7 ok",
    "control": "a\u0000b\u0001c\u007f\ufeffd\ufffde\r\nf\rg",
    "case": "don't WON'T I'LL HTTPServer iPhone15Pro x1y2z3 3.14159 1,000,000",
    "scripts": "\u0393\u03b5\u03b9\u03ac \u0645\u0631\u062d\u0628\u0627 \u0928\u092e\u0938\u094d\u0924\u0947 \u3053\u3093 \uc548\ub155 \u0e2a\u0e27\u0e31\u0e2a \u1c89\u088f",
}
N_FRESH = 6
N_TEXTS = {"1k": N_FRESH, "100k": N_FRESH}
WARM_BYTES = 4 << 20  # of the three classes together
WARM_SHARE = 4  # and no more than this part of a source
LONGEST_SPACES = 900_000  # the reference's pattern fails on 999,999


def members(sdists):
    for sdist in sdists:
        with tarfile.open(sdist) as archive:
            for member in archive:
                if member.isfile():
                    yield member.name, archive.extractfile(member)


def translations(po):
    """The translated sentences of a gettext catalogue."""
    out, reading = [], False
    for line in po.splitlines():
        if line.startswith("msgstr"):
            reading, line = True, line[line.index('"') :]
        elif not line.startswith('"'):
            reading = False
        if reading:
            out.append(ast.literal_eval(line.strip()))
    return "\n".join(text for text in out[1:] if text)  # the first is the catalogue's own header


def corpus(sdists):
    """Prose, code and multilingual text, each one long string."""
    prose, code, catalogues = [], [], {language: [] for language in LANGUAGES.values()}
    for name, file in members(sdists):
        parts = Path(name).parts
        if "docs" in parts and name.endswith(".txt"):
            prose.append(file.read().decode())
        elif parts[1] == "django" and name.endswith(".py"):
            code.append(file.read().decode())
        elif name.endswith(".po") and "locale" in parts:
            language = LANGUAGES.get(parts[parts.index("locale") + 1])
            if language:
                catalogues[language].append(translations(file.read().decode()))
    rounds = itertools.zip_longest(*(split("\n".join(texts), 2000) for texts in catalogues.values()), fillvalue="")
    return {"prose": "\n".join(prose), "code": "\n".join(code), "multilingual": "\n".join("\n".join(pieces) for pieces in rounds)}


def split(text, n):
    return [text[i : i + n] for i in range(0, len(text), n)]


def cut(raw, size):
    """raw, again from its start where it ends, cut to whole characters of at most size bytes."""
    raw = raw * (size // len(raw) + 1)
    return raw[:size].decode("utf-8", "ignore")


def written(raw, size, number):
    """The text of that number out of a source: texts of one size begin evenly spread."""
    return cut(raw[number * len(raw) // N_FRESH :], size).lstrip("\ufffd")


def generated(size, number, rng):
    """Runs differ in length from text to text, so that no engine can have remembered a whole one."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    cjk = "".join(map(chr, range(0x4E00, 0x9FA6)))
    run = size - 37 * number
    return {
        "word": cut(b"word ", run),
        "hello": cut(b"Hello ", run),
        "test content": cut(b"Test content ", run),
        "large test content": cut(b"Large test content ", run),
        "a": "a" * run,
        "space": cut(b" " * LONGEST_SPACES + b"\n", run),
        "newline": "\n" * run,
        "base64": base64.b64encode(rng.randbytes(size))[:size].decode(),
        "letters": "".join(rng.choices(letters + letters.upper(), k=size)),
        "lower": "".join(rng.choices(letters, k=size)),
        "digits": "".join(rng.choices("0123456789", k=size)),
        "cjk": "".join(rng.choices(cjk, k=size // 3)),
    }


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def main():
    out, sdists = Path(sys.argv[1]), sys.argv[2:]
    shutil.rmtree(out, ignore_errors=True)
    rng = random.Random(20260217)
    rest = {}
    for name, text in PROBES.items():
        write(out / "probe" / f"{name}-0.txt", text)
    for name, text in corpus(sdists).items():
        raw = text.encode()
        warm = min(len(raw) // WARM_SHARE, WARM_BYTES // 3)
        write(out / "warm" / f"{name}.txt", raw[:warm].decode("utf-8", "ignore"))
        rest[name] = raw[warm:].decode("utf-8", "ignore").encode()
    for label, size in SIZES.items():
        for number in range(N_TEXTS.get(label, 1)):
            texts = {name: written(raw, size, number) for name, raw in rest.items()} | generated(size, number, rng)
            for name, text in texts.items():
                write(out / label / f"{name}-{number}.txt", text)


if __name__ == "__main__":
    main()
