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
FALSE = {
    "sidecar/tokenizer/first_look.c": {"uninitialized value": "what lookups holds, another function of this file has written, through a pointer"},
    "sidecar/tokenizer/quick_window.c": {"uninitialized value ‘merged[at]’": "at is where orders has a minimum, and there the loop before has written"},
    "sidecar/tokenizer/tekken_encode.c": {"struct table_answer, certain": "a struct that is returned whole by another file's function"},
    "sidecar/request/character_name.c": {"uninitialized value": "the bytes of a view: the caller's, which the analyzer does not see"},
    "sidecar/tokenizer/symbols.c": {"dereference of NULL": "each character of each piece was collected before; what is looked up are pieces"},
    "sidecar/service/listener.c": {"NULL": "only an ipc address is bound and has an inode, and that has a path"},
    "client/example/epoll.c": {"‘adapter’": "only a callback that detaches would set is_detached; the example's does not",
                               "uninitialized value ‘*adapter": "the same: read after a free() that does not happen"},
}


def commands(root, build):
    """{file: (directory, its compiler's command)}; a file that is compiled twice is looked at once."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        file = (Path(entry["directory"]) / entry["file"]).resolve().relative_to(root)
        if file.parts[0] in ("sidecar", "client", "proto"):
            found[str(file)] = (entry["directory"], shlex.split(entry["command"]))
    return found


def gcc(file, directory, command):
    """The findings: blocks that begin with a warning's line."""
    at = command.index("-o")
    command = command[:at] + command[at + 2:] + ["-o", "/dev/null", "-O1", "-fanalyzer", "-fdiagnostics-plain-output"]
    said = subprocess.run(command, cwd=directory, capture_output=True, text=True).stderr
    findings, block = [], []
    for line in said.splitlines() + ["end: warning:"]:
        if " warning: " in line or " error: " in line or line == "end: warning:":
            findings.append("\n".join(block))
            block = []
        block.append(line)
    return [text for text in findings if "-Wanalyzer" in text and not any(word in text for word in FALSE.get(file, ()))]


def tidy(file, directory, _):
    said = subprocess.run(["clang-tidy", "--quiet", "-p", directory, file], capture_output=True, text=True)
    return [said.stdout + said.stderr] if said.stdout.strip() or said.returncode else []


def main():
    check, root, build, jobs = {"gcc": gcc, "tidy": tidy}[sys.argv[1]], Path(sys.argv[2]).resolve(), Path(sys.argv[3]), int(sys.argv[4])
    files = {file: command for file, command in commands(root, build).items() if not sys.argv[5:] or file in sys.argv[5:]}
    with ThreadPoolExecutor(jobs) as pool:
        found = dict(zip(files, pool.map(lambda file: check(str(root / file) if check is tidy else file, *files[file]), files)))
    for file, findings in found.items():
        for text in findings:
            print(f"{file}:\n{text}\n")
    n = sum(map(len, found.values()))
    print(f"{len(files)} files, {n} findings")
    return n > 0


sys.exit(main())
