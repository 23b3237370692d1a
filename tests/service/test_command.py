"""The command line: every command's flags, exit statuses, what a terminal is shown."""

import json
import os
import pty
import subprocess
import tempfile

from service import COMMAND, PATIENCE, SPM, TEKKEN, Daemon, run

V3, T = f"v3={SPM}", f"t={TEKKEN}"
V7 = f"v7={SPM.parent}/mistral_instruct_tokenizer_241114.model.v7"
HELLO = {"messages": [{"role": "user", "content": "Hello"}]}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]


def command(*arguments, stdin=b""):
    """(status, standard output, standard error)"""
    done = subprocess.run([COMMAND, *map(str, arguments)], input=stdin, capture_output=True, timeout=PATIENCE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def answer(*arguments, stdin=b""):
    status, out, err = command(*arguments, stdin=stdin)
    assert status == 0, (status, out, err)
    return json.loads(out)


def error_of(*arguments, stdin=b""):
    status, out, _ = command(*arguments, stdin=stdin)
    assert status == 1, (status, out)
    return json.loads(out)["error"]


def test_a_chat_is_read_from_a_file_or_from_standard_input():
    body = json.dumps(HELLO).encode()
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        named = answer("chat", "--tokenizer", V3, file.name)
    assert named == answer("chat", "--tokenizer", V3, "-", stdin=body) == answer("chat", f"--tokenizer={V3}", stdin=body)
    assert set(named) == {"tokens"} and named["tokens"][0] == 1
    asked = answer("chat", "--tokenizer", V3, "--text", "--time", stdin=body)
    assert asked["tokens"] == named["tokens"] and asked["text"] == "<s>[INST]\u2581Hello[/INST]" and asked["time_ms"] > 0


def test_the_name_chooses_among_tokenizers_and_the_first_is_the_default():
    body = json.dumps(HELLO).encode()
    both = ("--tokenizer", V3, "--tokenizer", T)
    first, second = answer("chat", *both, stdin=body), answer("chat", *both, "--name", "t", stdin=body)
    assert first == answer("chat", "--tokenizer", V3, stdin=body) and second == answer("chat", "--tokenizer", T, stdin=body) and first != second
    assert error_of("chat", *both, "--name", "x", stdin=body)["type"] == "unknown_tokenizer"


def test_the_mode_is_that_of_the_validation():
    ends_with_assistant = json.dumps({"messages": [*HELLO["messages"], {"role": "assistant", "content": "x"}]}).encode()
    chat = lambda mode, body: ("chat", "--tokenizer", V3, "--mode", mode, body)
    assert "tokens" in answer(*chat("finetuning", "-"), stdin=ends_with_assistant)
    assert error_of(*chat("test", "-"), stdin=ends_with_assistant)["type"] == "InvalidMessageStructureException"
    assert error_of(*chat("serving", "-"), stdin=json.dumps(HELLO).encode())["message"] == "Model name parameter is required for serving mode"
    assert command(*chat("agnostisch", "-"))[0] == 2


def test_the_limit_of_the_input_is_handed_on():
    long = {"messages": [{"role": "user", "content": "word " * 100}, {"role": "assistant", "content": "x"}, {"role": "user", "content": "last"}],
            "truncate_for_context_length": True}
    body = json.dumps(long).encode()
    chat = ("chat", "--tokenizer", V7, "--max-model-input-len")
    whole, cut = (answer(*chat, limit, stdin=body)["tokens"] for limit in (1000, 50))
    assert len(cut) < 50 < len(whole)
    assert command(*chat, "many", stdin=body)[0] == 2


def test_every_command_answers():
    assert answer("apply", "--tokenizer", V3, stdin=json.dumps(HELLO).encode())["tokens"][0] == 1
    assert answer("fim", "--tokenizer", V3, stdin=b'{"prompt": "a", "suffix": "b"}')["tokens"][0] == 1
    plain = answer("encode", "--tokenizer", V3, stdin="é word".encode())["tokens"]
    assert answer("encode", "--tokenizer", V3, "--bos", "--eos", stdin="é word".encode())["tokens"] == [1, *plain, 2]
    spelled = " ".join(map(str, plain)).encode()
    for ids in (json.dumps(plain).encode(), spelled, b"\n" + spelled.replace(b" ", b"\n\t")):
        assert answer("decode", "--tokenizer", V3, stdin=ids) == {"text": "é word"}
    kept = lambda policy: ("decode", "--tokenizer", V3, "--policy", policy)
    assert answer(*kept("KEEP"), stdin=b"[1]") == {"text": "<s>"} and answer(*kept("IGNORE"), stdin=b"[1]") == {"text": ""}
    assert error_of(*kept("RAISE"), stdin=b"[1]")["type"] == "ValueError"
    assert "policy" in error_of(*kept("GUESS"), stdin=b"[1]")["message"]
    assert answer("info", "--tokenizer", V3)["version"] == "v3"


def test_bad_usage_is_told_with_status_2():
    for arguments, words in ((("dance",), "there is no command"), (("chat",), "--connect URL or --tokenizer"), (("chat", "--tokenizer", "x"), "NAME=PATH"),
                             (("chat", "--dance"), "unknown option"), (("chat", "--name"), "needs a value"), (("chat", "--text=1"), "takes no value"),
                             (("chat", "--wait-ms", "-1"), "bad value"), (("chat", "--repeat", "0"), "bad value"), (("encode", "--tokenizer", V3, "a", "b"), "one FILE"),
                             (("chat", "--tokenizer", V3, "/nonexistent"), "No such file"), (("chat", "--tokenizer", V3, "/"), "directory"),
                             (("bench",), "--tokenizer PATH")):
        status, out, err = command(*arguments)
        assert status == 2 and not out and words in err, (arguments, status, out, err)
    assert command()[0] == 2 and command("--help")[0] == 0 and command("chat", "--help")[1] == command("--help")[1]
    assert command("--version")[1].startswith("sidetok ")


def test_without_a_sidecar_the_status_is_3():
    with tempfile.TemporaryDirectory() as folder:
        status, _, err = command("info", "--connect", f"ipc://{folder}/none.sock", "--wait-ms", "50")
        assert status == 3 and err, err


def test_a_closed_output_is_status_4():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as closed:
        for arguments in (("info", "--tokenizer", V3), ("bench", "--tokenizer", SPM)):
            done = subprocess.run([COMMAND, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=closed, stderr=subprocess.DEVNULL, timeout=PATIENCE)
            assert done.returncode == 4, arguments


def test_a_connection_and_this_process_print_the_same():
    body = json.dumps({**HELLO, "tools": TOOLS}).encode()
    with Daemon() as daemon:
        assert command("chat", "--connect", daemon.url, "--text", stdin=body) == command("chat", "--tokenizer", V3, "--text", stdin=body)
        assert answer("info", "--connect", daemon.url) == answer("info", "--tokenizer", V3)


def test_bench_takes_names_as_they_come():
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("a", b"word " * 1000), ("b", b"\xff")):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(text)
        process = subprocess.Popen([COMMAND, "bench", "--tokenizer", str(SPM), "--repeat", "2"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        assert json.loads(process.stdout.readline()) == {"ready": "sidetok"}
        for _ in range(2):
            process.stdin.write(f"{folder}/a\n")
            process.stdin.flush()
            line = json.loads(process.stdout.readline())
            assert line["file"] == f"{folder}/a" and line["bytes"] == 5000 and line["tokens"] == 1001 and len(line["sha256"]) == 64
        out, err = process.communicate(f"{folder}/b\n", PATIENCE)
        assert process.returncode == 2 and not out and "not UTF-8" in err


def progress_of(stdin):
    """What a batch of one line, from a file or a pipe, shows on a terminal."""
    ours, terminal = pty.openpty()
    process = subprocess.Popen([COMMAND, "batch", "--tokenizer", V3], stdin=stdin, stdout=subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    if stdin == subprocess.PIPE:
        process.stdin.write(b'{"id": 1, "op": "load"}\n')
        process.stdin.close()
        process.stdin = None
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and json.loads(out.splitlines()[0]) == {"id": 1, "version": "v3"}
    shown = b""
    try:
        while more := os.read(ours, 4096):
            shown += more
    except OSError:  # the terminal's other end is closed
        pass
    os.close(ours)
    return shown.decode()


def test_a_terminal_is_shown_lines_rate_and_time_left():
    shown = progress_of(subprocess.PIPE)
    assert shown.split("\r")[1].startswith("1 lines, ") and shown.rstrip().endswith("MB/s") and " left" not in shown, shown
    with tempfile.TemporaryFile() as file:
        file.write(b'{"id": 1, "op": "load"}\n' + b'{"id": 2, "op": "load"}\n' * 3)
        file.flush()
        file.seek(0)
        shown = progress_of(file)
    assert "\r1 lines, " in shown and " s left" in shown and "\r4 lines, " in shown, shown


run(globals())
