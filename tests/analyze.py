"""Runs a checker over every source file of sidecar, client and proto: analyze.py gcc|tidy ROOT BUILD JOBS. Ends with 1 when one says something.

BUILD is a configured build of gcc's; the files and their flags are those of its compile_commands.json.
"""

import json
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# What -fanalyzer of gcc 12 gets wrong: file, words of the message, and why it is not so. The memory sanitizer runs all of the first four.
FALSE_GCC = {
    "sidecar/tokenizer/first_look.c": {"uninitialized value": "what lookups holds, another function of this file has written, through a pointer"},
    "sidecar/tokenizer/quick_window.c": {"uninitialized value ‘merged[at]’": "at is where orders has a minimum, and there the loop before has written"},
    "sidecar/tokenizer/tekken_encode.c": {"struct table_answer, certain": "a struct that is returned whole by another file's function"},
    "sidecar/request/character_name.c": {"uninitialized value": "the bytes of a view: the caller's, which the analyzer does not see"},
    "sidecar/tokenizer/symbols.c": {"dereference of NULL": "each character of each piece was collected before; what is looked up are pieces"},
    "sidecar/service/listener.c": {"NULL": "only an ipc address is bound and has an inode, and that has a path"},
    "client/example/epoll.c": {"‘adapter’": "only a callback that detaches would set is_detached; the example's does not",
                               "uninitialized value ‘*adapter": "the same: read after a free() that does not happen"},
}

# The same of clang-tidy 14, by words of the message or of the line of code. It looks at one file at a time, so it does not know that failure_set()
# never returns SIDETOK_OK, nor that what another file's function gives is set where that succeeds.
FAILED = "set by a function that has succeeded"
FALSE_TIDY = {
    "client/example/io_uring.c": {"sidetok_io_uring_complete(ask.loop": "only a callback that detaches would set is_detached; the example's does not"},
    "sidecar/cli/commands.c": {"view_of(text)": FAILED, "i < text.size": FAILED},
    "sidecar/cli/transport.c": {"message_unpack_reply(reply": FAILED},
    "sidecar/media/image_iptc.c": {"inner[i]->accept(bytes)": FAILED},
    "sidecar/media/image_png.c": {"- chunk->offset": FAILED, "chunk.offset + chunk.size": FAILED},
    "sidecar/request/pydantic.c": {"sizeof *list": "an array of pointers is meant"},
    "sidecar/request/pydantic_read.c": {"value <= 1.0": FAILED, "digits.data[0]": FAILED},
    "sidecar/request/python_object.c": {"item->key.kind ==": FAILED},
    "sidecar/service/apply.c": {"messages->kind": FAILED},
    "sidecar/service/text.c": {"text.size / 3": FAILED, "tokenizer_special_id": FAILED},
    "sidecar/template/audio.c": {"sound->rate <": FAILED},
    "sidecar/tokenizer/quick_merge.c": {"Division by zero": "a character has a byte at least (symbols_read)"},
    "sidecar/tokenizer/symbols.c": {"sizeof *ret->pages": "an array of pointers is meant"},
    "sidecar/tokenizer/tekken.c": {"buf_append(out, text)": FAILED},
    "sidecar/tokenizer/tekken_vocab.c": {"buf_reserve(bytes, text.size)": FAILED},
    "sidecar/tokenizer/tokenizer.c": {"keep_path(": FAILED},
}


def commands(root, build):
    """{file: (directory, its compiler's command)}; a file that is compiled twice is looked at once."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = (Path(entry["directory"]) / entry["file"]).resolve().relative_to(root)
        if file.parts[0] in ("sidecar", "client", "proto"):
            found[str(file)] = (entry["directory"], shlex.split(entry["command"]))
    return found


def findings(said, false, word=""):
    """Blocks that begin with a warning's line and hold the word, but for those that are known to be false."""
    blocks, block = [], []
    for line in said.splitlines() + ["end: warning:"]:
        if " warning: " in line or " error: " in line or line == "end: warning:":
            blocks.append("\n".join(block))
            block = []
        block.append(line)
    return [text for text in blocks[1:] if word in text and not any(words in "".join(text.splitlines()[:2]) for words in false)]


def gcc(_, file, directory, command):
    at = command.index("-o")
    command = command[:at] + command[at + 2:] + ["-o", "/dev/null", "-O1", "-fanalyzer", "-fdiagnostics-plain-output"]
    said = subprocess.run(command, cwd=directory, capture_output=True, text=True).stderr
    return findings(said, FALSE_GCC.get(file, ()), "-Wanalyzer")


def tidy(root, file, directory, _):
    done = subprocess.run(["clang-tidy", "--quiet", "-p", directory, str(root / file)], capture_output=True, text=True)
    return [done.stderr] if done.returncode else findings(done.stdout, FALSE_TIDY.get(file, ()))


def main():
    check, root, build, jobs = {"gcc": gcc, "tidy": tidy}[sys.argv[1]], Path(sys.argv[2]).resolve(), Path(sys.argv[3]), int(sys.argv[4])
    files = {file: command for file, command in commands(root, build).items() if not sys.argv[5:] or file in sys.argv[5:]}
    with ThreadPoolExecutor(jobs) as pool:
        found = dict(zip(files, pool.map(lambda file: check(root, file, *files[file]), files)))
    for file, texts in found.items():
        for text in texts:
            print(f"{file}:\n{text}\n")
    n = sum(map(len, found.values()))
    print(f"{len(files)} files, {n} findings")
    return n > 0


sys.exit(main())
