"""Live differential fuzz of tokenizer files: damaged tekken.json files, loaded and asked here and by the reference.

usage: fuzz_load.py --sidetok PROGRAM [--seed N] [--count N | --seconds N] [--show N] [--only I]

Each file is one of the small ones of variants.json with zero to three faults in its configuration, special tokens, sections or
vocabulary. It is loaded; its properties, a text, a chat, a transcription and a speech are asked for. File I of seed N is always the
same. Exit status 1 on any difference but a refusal that docs/parity.md lists. The last lines are the counts and the seed.
"""

import base64
import json
import random
import resource
import tempfile
from pathlib import Path

from compare import first_difference, same
from fuzz_files import FileFuzz, read_options
from fuzz_requests import Batch
from generate import Recorder
from request_breaker import JUNK, Breaker, Speller, get
from request_maker import png, wav
from shrink import shrink
from variants import Bases, tekken_text

HERE = Path(__file__).parent
MEMORY = 6 << 30  # bytes: some damaged sections pad by more than a machine has

SECTIONS = {
    "image": {"image_patch_size": 16, "max_image_size": 64, "spatial_merge_size": 1},
    "multimodal": {"image_patch_size": 14, "max_image_size": 1540, "spatial_merge_size": 2},
    "audio": {"sampling_rate": 16000, "frame_rate": 12.5, "chunk_length_s": 1.5,
              "audio_encoding_config": {"num_mel_bins": 80, "hop_length": 160, "window_size": 400}},
    "model_settings_builder": {"reasoning_effort": {"type": "enum", "values": ["none", "high"], "accepts_none": True, "default": "none"},
                               "json_schema": {"type": "json_schema", "accepts_none": True, "default": None}},
}
KEYS = ["image_patch_size", "max_image_size", "spatial_merge_size", "sampling_rate", "frame_rate", "chunk_length_s", "transcription_format",
        "transcription_delay_ms", "streaming_look_ahead_ms", "streaming_look_back_ms", "streaming_n_left_pad_tokens", "voice_num_audio_tokens",
        "audio_encoding_config", "encoding_config", "num_mel_bins", "hop_length", "window_size", "rank", "token_str", "token_bytes", "is_control",
        "pattern", "num_vocab_tokens", "default_vocab_size", "default_num_special_tokens", "version", "type", "values", "accepts_none", "default",
        "reasoning_effort", "json_schema", "image", "audio", "multimodal", "model_settings_builder", "special_tokens", "config", "vocab", "x"]
VALUES = JUNK + [3, 16, 99, 100, 160, 356, 357, 0.5, 12.5, 80, 80.0, 480, -80, 1e-9, 1e9, 1e18, "v1", "v2", "v3", "v7", "v11", "v13", "v15", "v3\n",
                 "streaming", "instruct", "enum", "json_schema", "none", "high", ".+", ".", "[a-z]+", "<s>", "</s>", "<unk>", "[IMG]", "<SPECIAL_99>",
                 {"a": 3}, {"a": 0}, {"a": 2.5}, {"a": "b"}, {"a": None}, "AA==", "AA", "A", "é==", ["high", "none"], ["high", "high"], [{"rank": 0}]]
HELLO = {"messages": [{"role": "user", "content": "Hi"}]}
IMAGE = {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64," + base64.b64encode(png(40, 70)).decode()}]}]}
SOUND = base64.b64encode(wav(1600, 16000)).decode()
HEARD = {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": SOUND}]}]}
EFFORT = HELLO | {"reasoning_effort": "high", "response_format": {"type": "json_object"}}
QUESTIONS = [
    ("load", {}), ("info", {}), ("encode", {"text": "a b\n", "bos": True, "eos": True}), ("decode", {"tokens": [3, 101, 140], "policy": "KEEP"}),
    ("special_id", {"token": "<s>"}), ("is_special", {"token": 3}),
    ("is_special", {"token": "[INST]"}), ("special_id", {"token": "x"}), ("piece", {"id": 120}), ("piece", {"id": -1}), ("byte_piece", {"id": 3, "policy": "KEEP"}),
    ("byte_piece", {"id": 3, "policy": "RAISE"}), ("byte_piece", {"id": 120, "policy": "RAISE"}), ("byte_piece", {"id": 400, "policy": "IGNORE"}), ("chat", HELLO), ("chat", IMAGE), ("chat", HEARD), ("chat", EFFORT),
    ("chat", HELLO | {"truncate_for_context_length": True}), ("fim", {"prompt": "a", "suffix": "b"}), ("transcription", {"audio": SOUND, "language": "en"}),
    ("transcription", {"audio": SOUND, "streaming": "offline"}), ("transcription", {"audio": "", "streaming": "online"}),
    ("speech", {"input": "a", "voice": "a"}), ("speech", {"input": "a", "ref_audio": SOUND}), ("apply", HELLO | {"padding": "max_length", "max_length": 20}),
]


def beyond_64_bits(value):
    """Properties that msgpack does not carry."""
    if isinstance(value, dict):
        value = list(value.values())
    return any(map(beyond_64_bits, value)) if isinstance(value, list) else isinstance(value, int) and abs(value) >= 2**63


class FileBreaker(Breaker):
    """Faults in a tokenizer's file: the vocabulary is left alone most of the time."""

    def path(self, value):
        if self.rng.random() < 0.9:
            value = {name: member for name, member in value.items() if name != "vocab"}
        return super().path(value)

    def junk(self):
        return json.loads(json.dumps(self.rng.choice(VALUES)))

    def add(self, parent, key):
        if isinstance(parent, list):
            return super().add(parent, key)
        parent[self.rng.choice(KEYS)] = self.junk()

    def rename(self, parent, key):
        if isinstance(parent, dict):
            parent[self.rng.choice(KEYS)] = parent.pop(key)
        else:
            parent.append(parent[key])

    def respell(self, parent, key):
        value = parent[key]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            parent[key] = self.rng.choice([str(value), -value, value + 0.5, value * 1000, value / 1000, bool(value), float(value)])
        else:
            super().respell(parent, key)


def seeds():
    variants = json.loads((HERE / "variants.json").read_text(encoding="utf-8"))["variants"]
    return [json.loads(tekken_text(v, Bases(None))) for v in variants if v["kind"] == "tekken" and not v.get("base")]


def make_file(seed, number, documents):
    rng = random.Random(f"{seed}/{number}")
    document = json.loads(json.dumps(rng.choice(documents)))
    for name, section in SECTIONS.items():
        if rng.random() < 0.2:
            document[name] = json.loads(json.dumps(section))
    breaker = FileBreaker(rng)
    for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
        document = breaker.change(document)
    return document


def refusal(expect, answer):
    """Why the two may differ, where docs/parity.md says so; else None."""
    error, wanted = answer.get("error", {}), expect.get("error", {})
    if wanted.get("type", "").endswith("MemoryError") or "Insufficient memory" in wanted.get("message", ""):
        return "the reference: out of memory"
    if error.get("type") == "too_large" and wanted.get("message", "").startswith("OpenCV"):
        return error["message"]
    refused = error.get("type") == "not_supported" and any(word in error["message"] for word in ("the pattern", "the rank of special token", "256 bytes", "special tokens are not supported", "streaming_n_left_pad_tokens"))
    return error["message"] if refused else None


class Fuzz(FileFuzz):
    def __init__(self, options):
        super().__init__(options)
        self.documents = seeds()
        self.folder = Path(tempfile.mkdtemp(prefix="fuzz_load"))

    def write(self, name, document):
        path = self.folder / f"tekken_{name}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    def differences(self, batch, recorder, name):
        for op, request in QUESTIONS:
            record = {"id": 0, "tokenizer": name, "op": op, "request": request}
            expect, answer = recorder.answer(json.loads(json.dumps(record))), batch.answer(record)
            answer.pop("record" if "record" in answer else "id", None)
            for marker in ("bos_id", "eos_id", "pad_id", "unk_id"):  # a rank that is true is reported as 1
                if isinstance(expect.get(marker), bool):
                    expect[marker] = int(expect[marker])
            for sound in expect.get("audios", ()):  # a rate with a fraction is reported cut
                sound["sampling_rate"] = int(sound["sampling_rate"])
            if reason := refusal(expect, answer):
                self.refusals[reason[:40]] += 1
                return
            if not same(expect, answer) and not (op == "info" and beyond_64_bits(expect)):
                yield op, expect, answer
            if op == "load" and "error" in expect:
                return

    def first(self, document, name="again"):
        """The first difference of one file, alone."""
        paths = {name: self.write(name, document)}
        batch = Batch(self.options.sidetok, paths)
        found = next(self.differences(batch, Recorder(paths), name), None)
        batch.process.stdin.close()
        batch.process.wait()
        return found

    def report(self, number, document):
        kind = lambda found: found and (found[0], str(found[1].get("error", {}).get("type")), str(found[2].get("error", {}).get("type")))
        wanted = kind(self.first(document))
        if wanted in self.shown:
            return
        self.shown.add(wanted)
        vocabulary = document.get("vocab")
        rest = {name: value for name, value in document.items() if name != "vocab"}
        whole = lambda rest: {"vocab": vocabulary, **rest} if "vocab" in document else rest
        smallest = shrink(rest, lambda rest: kind(self.first(whole(rest))) == wanted, 15) if wanted else rest
        op, expect, answer = self.first(whole(smallest)) or ("none alone", {}, {})
        expected, got = first_difference(expect, answer)
        print(f"--- --seed {self.options.seed} --only {number}: {op}\n    {json.dumps(smallest)[:1200]}\n    expected {expected}\n    got      {got}", flush=True)

    def round(self, numbers):
        files = {f"n{number}": make_file(self.options.seed, number, self.documents) for number in numbers}
        paths = {name: self.write(name, document) for name, document in files.items()}
        batch, recorder = Batch(self.options.sidetok, paths), Recorder(paths)
        for name, document in files.items():
            found = next(self.differences(batch, recorder, name), None)
            self.counts["failed" if found else "passed"] += 1
            if found and len(self.shown) < self.options.show:
                self.report(int(name[1:]), document)
        batch.process.stdin.close()
        batch.process.wait()
        for path in paths.values():
            path.unlink()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    Fuzz(read_options("compare damaged tokenizer files with the installed reference")).main()
