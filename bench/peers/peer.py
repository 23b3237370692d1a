"""One engine as a worker: reads names of text files from standard input and prints what `sidetok bench` prints, one JSON line for each.

usage: peer.py ENGINE MODEL TOKENIZER_JSON [--warm FILE]... [--repeat N]
       peer.py tokenizer-json MODEL OUT

MODEL is a tekken.json or a SentencePiece .model file. TOKENIZER_JSON is the same vocabulary as the `tokenizers` package reads it; the
second form writes it. Each engine is called by its own quickest way from text to ids: an array where it has one, else its list.
"""

import argparse
import base64
import contextlib
import hashlib
import json
import os
import statistics
import struct
import sys
import tempfile
import time
from pathlib import Path


def is_tekken(path):
    return path.endswith(".json")


def tekken(path):
    """Pattern, ranks by bytes, and what is added to a rank to give an id."""
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    config = document["config"]
    n_special = config["default_num_special_tokens"]
    n_vocab = config["default_vocab_size"] - n_special
    ranks = {base64.b64decode(t["token_bytes"]): t["rank"] for t in document["vocab"][:n_vocab]}
    return config["pattern"], ranks, n_special


def shift_of(path):
    return tekken(path)[2] if is_tekken(path) else 0


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


def tekken_json(path):
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


def sentencepiece_json(path):
    from gigatoken._load.sentencepiece import sentencepiece_to_tokenizer_json

    text = sentencepiece_to_tokenizer_json(Path(path).read_bytes())
    return text if isinstance(text, str) else text.decode()


def tiktoken_file(ranks):
    file = tempfile.NamedTemporaryFile("wb", suffix=".tiktoken", delete=False)
    with file:
        for token, rank in sorted(ranks.items(), key=lambda item: item[1]):
            file.write(base64.b64encode(token) + b" %d\n" % rank)
    return file.name


# Each gives a function from text to ids and what is to be added to those.


def gigatoken(model, _):
    import gigatoken as engine

    if not is_tekken(model):
        return engine.Tokenizer.from_sentencepiece(model).encode, 0
    _, ranks, shift = tekken(model)
    file = tiktoken_file(ranks)
    tokenizer = engine.Tokenizer.from_tiktoken(file, pretokenizer="nemotron")
    os.unlink(file)
    return tokenizer.encode, shift


def fastokens(model, tokenizer_json):
    import fastokens as engine

    tokenizer = engine.Tokenizer.from_file(tokenizer_json)
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids, shift_of(model)


def tokenizers(model, tokenizer_json):
    import tokenizers as engine

    tokenizer = engine.Tokenizer.from_file(tokenizer_json)
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids, shift_of(model)


def quicktok(model, _):
    import quicktok as engine

    if not is_tekken(model):
        raise ValueError("byte-level vocabularies only")
    folder = tempfile.TemporaryDirectory()
    os.environ["QUICKTOK_DATA"] = folder.name
    with contextlib.redirect_stdout(sys.stderr):
        engine.import_tokenizer(model, "tekken")
    tokenizer = engine.get_encoding("tekken")
    return lambda text: tokenizer.encode_batch([text], 1, False)[0], 0


def tiktoken(model, _):
    import tiktoken as engine

    if not is_tekken(model):
        raise ValueError("byte-level vocabularies only")
    pattern, ranks, shift = tekken(model)
    return engine.Encoding("tekken", pat_str=pattern, mergeable_ranks=ranks, special_tokens={}).encode_ordinary, shift


def splintr(model, tokenizer_json):
    import splintr as engine

    return engine.from_json(tokenizer_json).encode, shift_of(model)


def sentencepiece(model, _):
    import sentencepiece as engine

    if is_tekken(model):
        raise ValueError("SentencePiece models only")
    return engine.SentencePieceProcessor(model_file=model).encode, 0


def mistral_common(model, _):
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    tokenizer = MistralTokenizer.from_file(model).instruct_tokenizer.tokenizer
    return lambda text: tokenizer.encode(text, bos=False, eos=False), 0


ENGINES = {"gigatoken": gigatoken, "fastokens": fastokens, "quicktok": quicktok, "tokenizers": tokenizers, "tiktoken": tiktoken,
           "splintr": splintr, "sentencepiece": sentencepiece, "mistral-common": mistral_common}
WITHOUT_CACHE = {"tiktoken", "sentencepiece", "mistral-common"}


def timed(encode, text):
    """Ids, and nanoseconds: of wall-clock time, and of the whole process's CPU time, because some engines work in threads of their own."""
    wall, cpu = time.perf_counter_ns(), time.process_time_ns()
    ids = encode(text)
    return ids, (time.process_time_ns() - cpu, time.perf_counter_ns() - wall)


def measure(encode, shift, path, repeat):
    text = Path(path).read_bytes().decode()
    ids, first = timed(encode, text)
    ids = [int(i) + shift for i in ids]
    again = [timed(encode, text)[1] for _ in range(repeat)] or [first]
    return {"file": path, "bytes": len(text.encode()), "tokens": len(ids),
            "sha256": hashlib.sha256(struct.pack("<%dI" % len(ids), *ids)).hexdigest(),
            "first_ns": first[0], "first_wall_ns": first[1],
            "median_ns": int(statistics.median(cpu for cpu, _ in again)),
            "median_wall_ns": int(statistics.median(wall for _, wall in again))}


def warm_up(encode, paths, has_cache):
    """An engine that remembers nothing needs no more than its first call."""
    parts = [text[i : i + 100_000] for text in (Path(path).read_bytes().decode() for path in paths) for i in range(0, len(text), 100_000)]
    for part in parts if has_cache else parts[:1]:
        encode(part)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=[*ENGINES, "tokenizer-json"])
    parser.add_argument("model")
    parser.add_argument("tokenizer_json")
    parser.add_argument("--warm", action="append", default=[])
    parser.add_argument("--repeat", type=int, default=0)
    options = parser.parse_args()
    if options.engine == "tokenizer-json":
        text = (tekken_json if is_tekken(options.model) else sentencepiece_json)(options.model)
        Path(options.tokenizer_json).write_text(text, encoding="utf-8")
        return
    try:
        encode, shift = ENGINES[options.engine](options.model, options.tokenizer_json)
    except Exception as error:  # a peer that does not take the model is a result, not a failure
        print(json.dumps({"error": f"{error}"[:200]}), flush=True)
        return
    warm_up(encode, options.warm, options.engine not in WITHOUT_CACHE)
    print(json.dumps({"ready": options.engine}), flush=True)
    for line in sys.stdin:
        print(json.dumps(measure(encode, shift, line.rstrip("\n"), options.repeat)), flush=True)


if __name__ == "__main__":
    main()
