"""Replays recorded cases through `sidetok batch` and reports what differs.

usage: replay.py --sidetok PROGRAM --variants DIR [--case ID] [--show N] [--share K/N] [FILE ...]

FILE: names in tests/parity/cases without the ending; all of them by default. --share K/N replays every n-th case.
A case that differs by a listed deviation (deviations.json) is counted apart. Exit status 1 when any other differs.
The last line is `N passed, N failed`.
"""

import argparse
import gzip
import json
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

from compare import first_difference, same
from expand import expand

HERE = Path(__file__).parent


def arguments():
    parser = argparse.ArgumentParser(description="replay recorded parity cases")
    parser.add_argument("--sidetok", required=True)
    parser.add_argument("--variants", required=True, type=Path)
    parser.add_argument("--case", help="only this case; prints request and both answers whole")
    parser.add_argument("--show", type=int, default=10, help="differences to print (default 10)")
    parser.add_argument("--share", default="0/1", help="K/N: only cases whose number is K modulo N")
    parser.add_argument("--only", default="", help="only tokenizers whose name is in this comma-separated list")
    parser.add_argument("files", nargs="*")
    return parser.parse_args()


def tokenizer_paths():
    """File names: the messages of files that do not load name them as they were given, and the cases give them so."""
    variants = json.loads((HERE / "variants.json").read_text(encoding="utf-8"))["variants"]
    return {v["name"]: v["file"] for v in variants}


def read_cases(options):
    part, parts = map(int, options.share.split("/"))
    only = set(filter(None, options.only.split(",")))
    for path in sorted(HERE.glob("cases/*.jsonl.gz")):
        stem = path.name.removesuffix(".jsonl.gz")
        if options.files and stem not in options.files:
            continue
        with gzip.open(path, "rt", encoding="ascii") as lines:
            for number, line in enumerate(lines):
                case = json.loads(line)
                wanted = case["id"] == options.case if options.case else number % parts == part
                if wanted and (not only or case["tokenizer"] in only):
                    yield stem, case


def record(case):
    """The batch record of a case."""
    out = {name: case[name] for name in ("id", "tokenizer", "op", "mode", "request_json", "max_model_input_len") if name in case}
    if "request" in case:
        out["request"] = expand(case["request"])
    return json.dumps(out)


def feed(process, cases):
    try:
        for _, case in cases:
            process.stdin.write(record(case) + "\n")
        process.stdin.close()
    except BrokenPipeError:
        pass


def answers(options, cases):
    """Each case with its answer; a program that dies answers the rest with {}."""
    names = sorted({case["tokenizer"] for _, case in cases})
    paths = tokenizer_paths()
    command = [str(Path(options.sidetok).resolve()), "batch"]
    for name in names:
        command += ["--tokenizer", f"{name}={paths[name]}"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                               errors="surrogatepass", cwd=options.variants, stderr=subprocess.DEVNULL)
    threading.Thread(target=feed, args=(process, cases), daemon=True).start()
    for stem, case in cases:
        line = process.stdout.readline()
        yield stem, case, json.loads(line) if line else {}
    process.wait()


def known_deviation(deviations, stem, case):
    return any(case["id"] in entry.get("cases", []) or stem in entry.get("files", []) for entry in deviations)


def report(case, answer):
    expected, got = first_difference(case["expect"], answer)
    print(f"--- {case['id']}\n    expected {expected}\n    got      {got}")


def main():
    options = arguments()
    deviations = json.loads((HERE / "deviations.json").read_text(encoding="utf-8"))
    cases = list(read_cases(options))
    if not cases:
        sys.exit("no such case")
    counts, shown = {}, 0
    for stem, case, answer in answers(options, cases):
        count = counts.setdefault(stem, Counter())
        if case["op"] == "load" and "error" in answer:  # recorded beside the files, with paths relative to them
            answer["error"]["message"] = answer["error"]["message"].replace(f"{options.variants}/", "")
        record_id = answer.pop("record" if "record" in answer else "id", None)  # the answer of special_id has an "id" of its own
        right = record_id == case["id"] and same(case["expect"], answer)
        kind = "passed" if right else "deviation" if known_deviation(deviations, stem, case) else "failed"
        count[kind] += 1
        if options.case:
            print(json.dumps(case, indent=1), json.dumps(answer, indent=1), sep="\n")
        elif kind == "failed" and shown < options.show:
            report(case, answer)
            shown += 1
    total = sum(counts.values(), Counter())
    for stem, count in counts.items():
        print(f"{stem:32} {count['passed']:6} passed {count['failed']:6} failed {count['deviation']:6} deviations")
    print(f"{total['deviation']} listed deviations")
    print(f"{total['passed']} passed, {total['failed']} failed")
    sys.exit(1 if total["failed"] else 0)


if __name__ == "__main__":
    main()
