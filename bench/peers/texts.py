"""Writes the texts of the benchmark. usage: texts.py DJANGO_SDIST OUT

Prose, source code and translations come out of one source distribution, so that every machine measures the same bytes;
the other classes are generated from a fixed seed. Each class has a text of each size; fresh/ holds 100 KB texts of which each is
seen once, warm.txt 4 MB of other text.
"""

import ast
import base64
import itertools
import random
import sys
import tarfile
from pathlib import Path

SIZES = {"1k": 1 << 10, "10k": 10 << 10, "100k": 100 << 10, "500k": 500 << 10, "1m": 1 << 20, "5m": 5 << 20}
LANGUAGES = ["ar", "el", "hi", "ja", "ko", "ru", "th", "zh_Hans"]
N_FRESH = 8


def members(sdist):
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
    return "\n".join(text for text in out if text)


def corpus(sdist):
    """Prose, code and multilingual text, each one long string."""
    prose, code, catalogues = [], [], {language: [] for language in LANGUAGES}
    for name, file in members(sdist):
        parts = Path(name).parts
        if "docs" in parts and name.endswith(".txt"):
            prose.append(file.read().decode())
        elif parts[1] == "django" and name.endswith(".py"):
            code.append(file.read().decode())
        elif name.endswith(".po") and "locale" in parts:
            language = parts[parts.index("locale") + 1]
            if language in catalogues:
                catalogues[language].append(translations(file.read().decode()))
    rounds = itertools.zip_longest(*(split("\n".join(texts), 2000) for texts in catalogues.values()), fillvalue="")
    return "\n".join(prose), "\n".join(code), "\n".join("\n".join(pieces) for pieces in rounds)


def split(text, n):
    return [text[i : i + n] for i in range(0, len(text), n)]


def cut(text, size):
    """text repeated to at least size bytes, then cut to a whole character."""
    raw = text.encode()
    raw *= size // len(raw) + 1
    return raw[:size].decode("utf-8", "ignore")


def generated(size, rng):
    letters = "abcdefghijklmnopqrstuvwxyz"
    cjk = "".join(map(chr, range(0x4E00, 0x9FA6)))
    return {
        "word": cut("word ", size),
        "hello": cut("Hello ", size),
        "test content": cut("Test content ", size),
        "large test content": cut("Large test content ", size),
        "a": "a" * size,
        "space": " " * min(size, 999_000),
        "newline": "\n" * size,
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
    sdist, out = sys.argv[1], Path(sys.argv[2])
    rng = random.Random(20260217)
    sources = dict(zip(("prose", "code", "multilingual"), corpus(sdist)))
    for name, text in sources.items():
        raw = text.encode()
        half = len(raw) // 2
        warm, rest = raw[:half], raw[half:].decode("utf-8", "ignore").lstrip("\ufffd")
        write(out / "warm" / f"{name}.txt", warm[: 4 << 20].decode("utf-8", "ignore"))
        for label, size in SIZES.items():
            write(out / label / f"{name}.txt", cut(rest, size))
        for i in range(N_FRESH):
            start = i * len(rest) // (N_FRESH + 1)
            write(out / "fresh" / f"{name}-{i}.txt", cut(rest[start:], 100 << 10))
            write(out / "fresh1k" / f"{name}-{i}.txt", cut(rest[start + len(rest) // 20 :], 1 << 10))
    for label, size in SIZES.items():
        for name, text in generated(size, rng).items():
            write(out / label / f"{name}.txt", text)
    for i in range(N_FRESH):
        for name, text in generated(100 << 10, rng).items():
            write(out / "fresh" / f"{name}-{i}.txt", text)
        for name, text in generated(1 << 10, rng).items():
            write(out / "fresh1k" / f"{name}-{i}.txt", text)


if __name__ == "__main__":
    main()
