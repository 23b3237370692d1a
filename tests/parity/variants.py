"""Writes the tokenizer files that the recorded cases name into one folder.

usage: variants.py MODELS OUT

MODELS holds the model files of the pinned wheel. variants.json says how each file derives from one of them (or from
the 256 bytes and a few pairs); nothing but the standard library is needed.
"""

import base64
import json
import shutil
import sys
from pathlib import Path


def dumps(value):
    return json.dumps(value, ensure_ascii=True)


class Bases:
    """The wheel's tekken files, each read once, its vocabulary kept as the text that all its variants share."""

    def __init__(self, models):
        self.models = models
        self.loaded = {}

    def get(self, name):
        if name not in self.loaded:
            document = json.loads((self.models / name).read_text(encoding="utf-8"))
            self.loaded[name] = (dumps(document["vocab"]), {**document, "vocab": None})
        return self.loaded[name]


def bytes_vocabulary(extra_tokens):
    raws = [bytes([i]) for i in range(256)] + [base64.b64decode(token) for token in extra_tokens]
    entries = []
    for rank, raw in enumerate(raws):
        text = chr(rank) if rank < 256 else raw.decode("utf-8", "replace")
        token = base64.b64encode(raw).decode() if rank < 256 else extra_tokens[rank - 256]
        entries.append({"rank": rank, "token_bytes": token, "token_str": text})
    return entries


def tekken_text(variant, bases):
    """The file's JSON text, members in the base file's order."""
    if variant.get("base"):
        vocabulary, base = bases.get(variant["base"])
        document = dict(base)
    else:
        vocabulary, document = dumps(bytes_vocabulary(variant["extra_tokens"])), {"vocab": None, "config": {}}
    members = {**document, "config": {**document["config"], **variant.get("config", {})}}
    for name in variant.get("drop", []):
        members.pop(name, None)
    members.update(variant.get("set", {}))
    own_vocabulary = "vocab" in variant.get("set", {})
    spell = lambda name: vocabulary if name == "vocab" and not own_vocabulary else dumps(members[name])
    return "{" + ", ".join(f"{dumps(name)}: {spell(name)}" for name in members) + "}"


def main():
    models, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    bases = Bases(models)
    spec = Path(__file__).with_name("variants.json")
    for variant in json.loads(spec.read_text(encoding="utf-8"))["variants"]:
        target = out / variant["file"]
        if variant["kind"] == "copy":
            shutil.copyfile(models / variant["base"], target)
        else:
            target.write_text(tekken_text(variant, bases), encoding="utf-8")


if __name__ == "__main__":
    main()
