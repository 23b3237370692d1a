"""Measures one engine: prints what `sidetok bench` prints, one JSON line for each text.

usage: peer.py ENGINE MODEL [--warm FILE]... [--repeat N] FILE...

ENGINE: gigatoken, fastokens, tokenizers, tiktoken, splintr, sentencepiece, mistral-common
MODEL:  a tekken.json or a SentencePiece .model file
"""

import argparse
import base64
import hashlib
import json
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path


def tekken(path):
    """Pattern, ranks by bytes, and what is added to a rank to give an id."""
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    config = document["config"]
    n_special = config["default_num_special_tokens"]
    n_vocab = config["default_vocab_size"] - n_special
    ranks = {base64.b64decode(t["token_bytes"]): t["rank"] for t in document["vocab"][:n_vocab]}
    return config["pattern"], ranks, n_special


def tiktoken_file(ranks):
    file = tempfile.NamedTemporaryFile("wb", suffix=".tiktoken", delete=False)
    with file:
        for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
            file.write(base64.b64encode(token) + b" %d\n" % rank)
    return file.name


def byte_letters():
    """The printable letters by which byte-level tokenizers spell bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


def merge_of(token, ranks):
    """The pair whose merge makes the token: byte pair encoding with the lower ranks only."""
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        rank, i = min((ranks.get(parts[i] + parts[i + 1], 1 << 30), i) for i in range(len(parts) - 1))
        if rank >= ranks[token]:
            return None
        parts[i : i + 2] = [parts[i] + parts[i + 1]]
    return parts


def hf_json(path):
    """A tokenizer.json of the model."""
    if not str(path).endswith(".json"):
        from gigatoken._load.sentencepiece import sentencepiece_to_tokenizer_json

        text = sentencepiece_to_tokenizer_json(Path(path).read_bytes())
        return text if isinstance(text, str) else text.decode()
    pattern, ranks, _ = tekken(path)
    letters = byte_letters()
    spell = lambda token: "".join(letters[b] for b in token)
    merges = [merge_of(t, ranks) for t, _ in sorted(ranks.items(), key=lambda item: item[1]) if len(t) > 1]
    split = {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
    model = {"type": "BPE", "vocab": {spell(t): r for t, r in ranks.items()}, "ignore_merges": True,
             "merges": [[spell(a), spell(b)] for a, b in filter(None, merges)], "dropout": None, "unk_token": None,
             "continuing_subword_prefix": None, "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False}
    return json.dumps({"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, level]},
                       "post_processor": None, "decoder": level, "model": model})


def is_tekken(path):
    return str(path).endswith(".json")


def gigatoken(path):
    import gigatoken as engine

    if not is_tekken(path):
        return engine.Tokenizer.from_sentencepiece(str(path)).encode, 0
    _, ranks, shift = tekken(path)
    return engine.Tokenizer.from_tiktoken(tiktoken_file(ranks), pretokenizer="nemotron").encode, shift


def fastokens(path):
    import fastokens as engine

    tokenizer = engine.Tokenizer.from_json_str(hf_json(path))
    return (lambda text: tokenizer.encode(text, add_special_tokens=False).ids), tekken(path)[2] if is_tekken(path) else 0


def tokenizers(path):
    import tokenizers as engine

    tokenizer = engine.Tokenizer.from_str(hf_json(path))
    return (lambda text: tokenizer.encode(text, add_special_tokens=False).ids), tekken(path)[2] if is_tekken(path) else 0


def tiktoken(path):
    import tiktoken as engine

    pattern, ranks, shift = tekken(path)
    return engine.Encoding("tekken", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}).encode, shift


def splintr(path):
    import splintr as engine

    file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False, encoding="utf-8")
    with file:
        file.write(hf_json(path))
    tokenizer = engine.from_json(file.name)
    return tokenizer.encode, tekken(path)[2] if is_tekken(path) else 0


def sentencepiece(path):
    import sentencepiece as engine

    return engine.SentencePieceProcessor(model_file=str(path)).encode, 0


def mistral_common(path):
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    tokenizer = MistralTokenizer.from_file(str(path)).instruct_tokenizer.tokenizer
    return (lambda text: tokenizer.encode(text, bos=False, eos=False)), 0


ENGINES = {"gigatoken": gigatoken, "fastokens": fastokens, "tokenizers": tokenizers, "tiktoken": tiktoken,
           "splintr": splintr, "sentencepiece": sentencepiece, "mistral-common": mistral_common}


def timed(encode, text):
    """CPU time of the whole process: some engines work in a thread of their own."""
    start = time.process_time_ns()
    ids = encode(text)
    return ids, time.process_time_ns() - start


def measure(encode, shift, path, repeat):
    text = Path(path).read_bytes().decode()
    ids, first_ns = timed(encode, text)
    ids = [int(i) + shift for i in ids]
    again = [timed(encode, text)[1] for _ in range(repeat)] or [first_ns]
    return {"file": str(path), "bytes": len(text.encode()), "tokens": len(ids),
            "sha256": hashlib.sha256(struct.pack("<%dI" % len(ids), *ids)).hexdigest(),
            "first_ns": first_ns, "median_ns": int(statistics.median(again))}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=ENGINES)
    parser.add_argument("model", type=Path)
    parser.add_argument("--warm", action="append", default=[])
    parser.add_argument("--repeat", type=int, default=0)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    encode, shift = ENGINES[options.engine](options.model)
    for path in options.warm:
        text = Path(path).read_bytes().decode()
        for i in range(0, len(text), 100_000):
            encode(text[i : i + 100_000])
    for path in options.files:
        print(json.dumps(measure(encode, shift, path, options.repeat)), flush=True)


if __name__ == "__main__":
    sys.exit(main())
