"""Records the parity cases again, with the reference that is installed, and says what changed or writes them anew.

usage: generate.py --variants DIR [--write] [--share K/N] [FILE ...]

FILE: names in tests/parity/cases without the ending; all of them by default. Without --write nothing is changed: each
case that differs is one line with its id and the first difference, and the counts of each file follow. --share K/N
records every n-th case (not with --write). Exit status 1 when a case differs and --write was not given.

Requests stay as they are; `expect` is what is recorded. A case that begins to fail, or ceases to, stays in its file.
"""

import argparse
import gzip
import hashlib
import json
import os
import random
import re
import sys
from pathlib import Path

from compare import digest_ids, digest_text, first_difference
from expand import expand, with_bytes
from reference import Reference
from replay import tokenizer_paths
from jsonschema import _keywords
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

HERE = Path(__file__).parent
TOKENS_WHOLE, TEXT_WHOLE = 2000, 8000  # longer results are recorded as digests
ORDERS = 30  # in which entries of a schema are visited, to find the messages that can occur
OPEN_AT_MOST = 12

order = None  # a Random while other orders are tried


def visited(items=()):
    out = list(dict.fromkeys(items))
    if order is not None:
        order.shuffle(out)
    return out


_keywords.set = visited


def image_properties(encoder):
    if encoder is None:
        return None
    config, ids = encoder.image_config, encoder.special_ids
    return {"image_patch_size": config.image_patch_size, "max_image_size": config.max_image_size,
            "spatial_merge_size": config.spatial_merge_size, "img": ids.img, "img_break": ids.img_break, "img_end": ids.img_end}


def audio_properties(encoder):
    config, ids = encoder.audio_config, encoder.special_ids
    return {"sampling_rate": config.sampling_rate, "frame_rate": config.frame_rate,
            "hop_length": config.encoding_config.hop_length, "window_size": config.encoding_config.window_size,
            "chunk_length_s": config.chunk_length_s, "transcription_format": str(config.transcription_format),
            "samples_per_token": config.raw_audio_length_per_tok, "frames_per_token": config.audio_length_per_tok,
            "voices": config.voice_num_audio_tokens, "audio": ids.audio, "begin_audio": ids.begin_audio,
            "streaming_pad": ids.streaming_pad, "text_to_audio": ids.text_to_audio, "audio_to_text": ids.audio_to_text}


def properties(instruct):
    inner = instruct.tokenizer
    pieces = hashlib.sha256()
    for i in range(inner.n_words):
        pieces.update(inner.id_to_piece(i).encode("utf-8", "surrogatepass") + b"\0")
    out = {"version": inner.version.value, "n_words": inner.n_words, "num_special_tokens": inner.num_special_tokens,
           "bos_id": inner.bos_id, "eos_id": inner.eos_id, "pad_id": inner.pad_id, "unk_id": inner.unk_id,
           "pieces_sha256": pieces.hexdigest(), "image": image_properties(instruct.image_encoder)}
    if instruct.audio_encoder is not None:
        out["audio"] = audio_properties(instruct.audio_encoder)
    return out


class Recorder(Reference):
    """The reference with the operations that ask about a whole file."""

    def tokenizer(self, name):
        if name not in self.tokenizers and len(self.tokenizers) >= OPEN_AT_MOST:
            self.tokenizers.clear()
            self.by_mode.clear()
            self.wrappers.clear()
        return super().tokenizer(name)

    def load(self, record, request):
        return {"version": MistralTokenizer.from_file(Path(self.paths[record["tokenizer"]])).version.value}

    def info(self, record, request):
        self.inner(record)
        return properties(self.tokenizer(record["tokenizer"]).instruct_tokenizer)


def packed(result):
    """Long ids and texts become digests, as the cases hold them."""
    out = dict(result)
    many = len(out.get("tokens", ())) > TOKENS_WHOLE
    for name in ("tokens", "prefix_ids"):
        if name in out and len(out[name]) > TOKENS_WHOLE:
            out[name] = digest_ids(out[name])
    if "text" in out and (many or "tokens" not in out and len(out["text"]) > TEXT_WHOLE):
        out["text"] = digest_text(out["text"])
    return out


def once(recorder, case):
    record = {"request": {}, **case}
    if "request" in case:
        record["request"] = with_bytes(expand(case["request"]))
    result = recorder.answer(record)
    if result.get("error", {}).get("type") == "LibsndfileError":  # it names a buffer by its address
        result["error"]["message"] = re.sub(r"0x[0-9a-f]+", "0x0", result["error"]["message"])
    return packed(result)


def depends_on_order(error):
    return error["type"] == "InvalidToolSchemaException" or error["type"] == "ValidationError" and "json_schema" in error["message"]


def record(recorder, case):
    """The value of `expect`; every message that can occur in `any_of`, if several can."""
    global order
    expect = once(recorder, case)
    error = expect.get("error")
    if error and depends_on_order(error):
        order = random.Random(1)
        seen = {once(recorder, case)["error"]["message"] for _ in range(ORDERS)} | {error["message"]}
        order = None
        if len(seen) > 1:
            error["any_of"] = sorted(seen)
    return expect


def write(path, cases):
    """The same bytes for the same cases: no time, no name in the gzip header."""
    text = "".join(json.dumps(case, ensure_ascii=True, separators=(",", ":")) + "\n" for case in cases)
    with open(path, "wb") as file, gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=9, mtime=0) as out:
        out.write(text.encode("ascii"))


def record_file(recorder, path, options):
    part, parts = map(int, options.share.split("/"))
    with gzip.open(path, "rt", encoding="ascii") as lines:
        cases = [json.loads(line) for line in lines]
    changed = recorded = 0
    for number, case in enumerate(cases):
        if number % parts != part:
            continue
        recorded += 1
        expect = record(recorder, case)
        if expect == case["expect"]:
            continue
        changed += 1
        before, now = first_difference(case["expect"], expect)
        print(f"{case['id']}: was {before} now {now}")
        case["expect"] = expect
    if options.write and changed:
        write(path, cases)
    print(f"{path.name.removesuffix('.jsonl.gz'):32} {recorded:6} recorded {changed:6} changed", flush=True)
    return recorded, changed


def main():
    parser = argparse.ArgumentParser(description="record the parity cases again")
    parser.add_argument("--variants", required=True, type=Path)
    parser.add_argument("--write", action="store_true", help="write what changed into the case files")
    parser.add_argument("--share", default="0/1", help="K/N: only cases whose number is K modulo N")
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    if options.write and options.share != "0/1":
        sys.exit("--write records whole files")
    paths = [p for p in sorted(HERE.resolve().glob("cases/*.jsonl.gz"))
             if not options.files or p.name.removesuffix(".jsonl.gz") in options.files]
    os.chdir(options.variants)  # messages name a file as it was given: by its bare name
    recorder = Recorder(tokenizer_paths())
    counts = [record_file(recorder, path, options) for path in paths]
    recorded, changed = (sum(column) for column in zip(*counts)) if counts else (0, 0)
    print(f"{recorded} recorded, {changed} changed{', written' if options.write and changed else ''}")
    sys.exit(1 if changed and not options.write else 0)


if __name__ == "__main__":
    main()
