"""`sidetok batch` as a co-process, in process and over a connection."""

import json
import subprocess
import sys
from pathlib import Path

PARITY = Path(__file__).resolve().parents[1] / "parity"
sys.path.insert(0, str(PARITY))

from service import COMMAND, PATIENCE, SPM, TEKKEN, Daemon, run

V3, T = f"v3={SPM}", f"t={TEKKEN}"


class Batch:
    def __init__(self, *flags):
        self.process = subprocess.Popen([COMMAND, "batch", *flags], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        encoding="ascii", stderr=subprocess.DEVNULL)

    def line(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def ask(self, **record):
        return self.line(json.dumps(record))

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(PATIENCE)
        assert status == 0, status  # another one may be a sanitizer's


def hello(text="Hello"):
    return {"messages": [{"role": "user", "content": text}]}


RECORDS = [
    {"id": 1, "tokenizer": "v3", "op": "chat", "request": hello()},
    {"id": "two", "tokenizer": "t", "op": "chat", "mode": "serving", "request": hello()},
    {"id": [3], "tokenizer": "v3", "op": "encode", "request": {"text": "a\ud800", "bos": True, "eos": False}},
    {"id": 4, "tokenizer": "t", "op": "decode", "request": {"tokens": [1, 5000], "policy": "KEEP"}},
    {"id": 5, "tokenizer": "t", "op": "byte_piece", "request": {"id": 5000, "policy": "IGNORE"}},
    {"id": 6, "tokenizer": "v3", "op": "is_special", "request": {"token": "<s>"}},
    {"id": 7, "tokenizer": "v3", "op": "load"},
    {"id": 8, "tokenizer": "v3", "op": "info"},
    {"id": 9, "tokenizer": "v3", "op": "chat", "request_json": '{"messages": [{"role": "user", "content": NaN, "content": "x"}]}'},
    {"id": 10, "tokenizer": "v3", "op": "fim", "request": {"prompt": 5}},
    {"id": 11, "tokenizer": "none", "op": "load"},
]


def test_each_line_is_answered_before_the_next_is_sent():
    batch = Batch("--tokenizer", V3, "--tokenizer", T)
    for record in RECORDS:
        assert batch.ask(**record)["id"] == record["id"]
    batch.end()


def test_a_connection_gives_the_same_answers_as_this_process():
    with Daemon(tokenizers={"v3": SPM, "t": TEKKEN}) as daemon:
        here, there = Batch("--tokenizer", V3, "--tokenizer", T), Batch("--connect", daemon.url)
        for record in RECORDS:
            assert here.ask(**record) == there.ask(**record), record
        here.end()
        there.end()


def test_members_are_those_of_the_records():
    batch = Batch("--tokenizer", V3, "--tokenizer", T)
    assert set(batch.ask(**RECORDS[0])) == {"id", "tokens", "text"}
    assert set(batch.ask(**RECORDS[4])) == {"id", "hex"}
    assert batch.ask(**RECORDS[5]) == {"id": 6, "value": True}
    assert batch.ask(**RECORDS[6]) == {"id": 7, "version": "v3"}
    assert set(batch.ask(**RECORDS[7])) == {"id", "version", "n_words", "num_special_tokens", "bos_id", "eos_id", "pad_id", "unk_id",
                                            "pieces_sha256", "image"}
    error = batch.ask(**RECORDS[9])["error"]
    assert set(error) == {"type", "message", "stage", "errors"} and error["type"] == "ValidationError"
    error = batch.ask(id=1, tokenizer="v3", op="chat", request={"messages": []})["error"]
    assert set(error) == {"type", "message", "stage", "family"} and error["stage"] == "encode"
    batch.end()


def test_the_id_of_a_special_token_stands_beside_the_records_id():
    batch = Batch("--tokenizer", V3)
    process = batch.process
    process.stdin.write('{"id": 7, "tokenizer": "v3", "op": "special_id", "request": {"token": "</s>"}}\n')
    process.stdin.flush()
    assert json.loads(process.stdout.readline(), object_pairs_hook=list) == [("record", 7), ("id", 2)]
    error = batch.ask(id=8, tokenizer="v3", op="special_id", request={"token": 5})
    assert set(error) == {"id", "error"} and error["id"] == 8
    batch.end()


def test_lists_of_conversations_give_lists_of_ids():
    batch = Batch("--tokenizer", V3)
    hi, bye = ([{"role": "user", "content": text}] for text in ("Hi", "Bye bye"))
    alone = [batch.ask(id=1, tokenizer="v3", op="apply", request={"messages": each})["tokens"] for each in (hi, bye)]
    both = batch.ask(id=2, tokenizer="v3", op="apply", request={"messages": [hi, bye]})
    assert both == {"id": 2, "tokens": alone}
    padded = batch.ask(id=3, tokenizer="v3", op="apply", request={"messages": [hi, bye], "padding": True})["tokens"]
    assert padded == [[0] * (len(alone[1]) - len(alone[0])) + alone[0], alone[1]]
    assert batch.ask(id=4, tokenizer="v3", op="apply", request={"messages": [hi]})["tokens"] == alone[:1]
    error = batch.ask(id=5, tokenizer="v3", op="apply", request={"messages": [hi, []]})["error"]
    assert (error["type"], error["message"]) == ("InvalidMessageStructureException", "Conversation must have at least one message")
    batch.end()


def spm_without_bos():
    """A SentencePiece file of the pieces <unk>, a and ▁a."""
    field = lambda number, data: bytes([number << 3 | 2, len(data)]) + data
    piece = lambda text, kind: field(1, field(1, text.encode()) + b"\x15\0\0\0\0" + bytes([3 << 3, kind]))
    return piece("<unk>", 2) + piece("a", 1) + piece("▁a", 1) + field(2, bytes([3 << 3, 2]))


def test_a_model_without_bos_begins_with_minus_one():
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".model.v3") as file:
        file.write(spm_without_bos())
        file.flush()
        batch = Batch("--tokenizer", f"x={file.name}")
        assert batch.ask(id=1, tokenizer="x", op="encode", request={"text": "a", "bos": True, "eos": True})["tokens"] == [-1, 2, -1]
        assert batch.ask(id=3, tokenizer="x", op="is_special", request={"token": "<s>"})["value"] is False
        error = batch.ask(id=2, tokenizer="x", op="chat", request=hello("a"))["error"]
        assert (error["type"], error["message"]) == ("IndexError", "OUT_OF_RANGE: piece id is out of range.")
        batch.end()


def test_a_bad_line_gets_an_error_record_and_the_rest_goes_on():
    batch = Batch("--tokenizer", V3)
    for line in ("nonsense", "{", "[1]", '{"id": 7}', '{"id": 7, "op": "dance"}', '{"id": 7, "op": "chat", "mode": 5}', '{"id": 7, "op": "chat"} x',
                 '{"id": 7, "op": "encode", "request": {"text": }}', '{"id": 7, "op": "load", "tokenizer": "\\ud800"}', "\0"):
        answer = batch.line(line)
        assert "error" in answer and set(answer) == {"id", "error"}, line
        assert answer["id"] in (7, None)
    assert batch.ask(**RECORDS[0])["tokens"][0] == 1
    batch.end()


def test_relative_paths_begin_in_this_folder():
    batch = Batch("--tokenizer", T)
    here = str(Path.cwd())
    for path, whole in (("no such", here + "/no such"), ("./a/../no/", here + "/no"), ("../no", str(Path.cwd().parent / "no"))):
        chunk = {"type": "image", "path": path}
        error = batch.ask(id=1, tokenizer="t", op="apply", request={"messages": [{"role": "user", "content": [chunk]}]})["error"]
        assert error["message"] == f"[Errno 2] No such file or directory: '{whole.replace(' ', '%20')}'", error
    batch.end()


def test_a_request_that_is_no_json_fails_as_json_loads():
    batch = Batch("--tokenizer", V3)
    for text, message in (("", "Expecting value: line 1 column 1 (char 0)"), ('{"a":1}x', "Extra data: line 1 column 8 (char 7)"),
                          ("{", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)")):
        error = batch.ask(id=1, tokenizer="v3", op="chat", request_json=text)["error"]
        assert error == {"type": "JSONDecodeError", "message": message, "stage": "convert", "family": "ValueError"}, error
    batch.end()


def write_sounding(folder):
    """The path of a small tokenizer with an audio section."""
    from variants import Bases, tekken_text

    variants = json.loads((PARITY / "variants.json").read_text(encoding="utf-8"))["variants"]
    path = Path(folder) / "tekken_sounding.json"
    path.write_text(tekken_text(next(v for v in variants if v["name"] == "tekken_audio_tiny_v7"), Bases(None)), encoding="utf-8")
    return path


def test_what_a_library_prints_is_not_among_the_lines():
    import base64
    import tempfile

    # a MIDI sample dump without its blocks: libsndfile prints "Error A : 00"
    dump = base64.b64encode(bytes.fromhex("f07e000100001024680364000000000000000000f7") + bytes(381)).decode()
    with tempfile.TemporaryDirectory() as folder:
        batch = Batch("--tokenizer", f"a={write_sounding(folder)}")
        error = batch.ask(id=1, tokenizer="a", op="transcription", request={"audio": dump})["error"]
        assert error["message"].startswith("Failed to decode the base64 payload as audio."), error
        batch.end()


def test_a_tokenizer_that_does_not_load_gives_its_error_to_the_records_that_name_it():
    batch = Batch("--tokenizer", "bad=/nonexistent.model", "--tokenizer", V3)
    for op in ("load", "info", "chat"):
        error = batch.ask(id=1, tokenizer="bad", op=op, request=hello())["error"]
        assert error["type"] == "TokenizerException" and error["message"] == "Unrecognized tokenizer file: /nonexistent.model"
    assert "tokens" in batch.ask(**RECORDS[0])
    batch.end()


def test_long_ids_and_texts_are_whole():
    batch = Batch("--tokenizer", V3)
    answer = batch.ask(id=1, tokenizer="v3", op="chat", request=hello("word " * 50_000))
    assert len(answer["tokens"]) > 50_000 and len(answer["text"]) > 200_000
    batch.end()


def test_bench_prints_one_line_for_each_file():
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("Hello world. " * 1000)
        file.flush()
        done = subprocess.run([COMMAND, "bench", "--tokenizer", SPM, "--warm", file.name, "--repeat", "3", file.name, file.name],
                              capture_output=True, text=True, timeout=PATIENCE)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0 and len(lines) == 2, done.stderr
        for line in lines:
            assert set(line) == {"file", "bytes", "tokens", "sha256", "first_ns", "first_wall_ns", "median_ns", "median_wall_ns"} and line["bytes"] == 13_000
        assert lines[0]["sha256"] == lines[1]["sha256"] and lines[0]["first_ns"] > 0


run(globals())
