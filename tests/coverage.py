"""Sums up by room what llvm-cov exported: coverage.py ROOT LCOV JSON yes|no. With yes, every line and branch that nothing takes is printed.

Lines are of the lcov file, branches of the JSON file, where each has its place: a header's inline function is compiled into many
files, and counts once.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path


def read_lines(path):
    """{file: {line: times}}; programs share files, so times are added."""
    files = defaultdict(lambda: defaultdict(int))
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = text.partition(":")
        if key == "SF":
            lines = files[Path(value).resolve()]
        elif key == "DA":
            number, times = value.split(",")[:2]
            lines[int(number)] += int(times)
    return files


def read_branches(path):
    """{file: {(line, column, the place in a macro, whether it was true): times}}"""
    files = defaultdict(lambda: defaultdict(int))
    for file in json.loads(Path(path).read_text(encoding="utf-8"))["data"][0]["files"]:
        branches = files[Path(file["filename"]).resolve()]

        def add(found, *place):
            for branch in found:
                at = (*(place or branch[:2]), *branch[:2])
                branches[(*at, True)] += branch[4]
                branches[(*at, False)] += branch[5]

        add(file["branches"])
        for expansion in file["expansions"]:
            add(expansion["branches"], *expansion["source_region"][:2])
    return files


def share(done, of):
    return f"{done:6d} of {of:6d} {100 * done / of if of else 100:6.1f} %"


def row(name, lines, branches):
    hit = [sum(map(bool, lines)), sum(map(bool, branches))]
    print(f"{name:28} lines {share(hit[0], len(lines))}   branches {share(hit[1], len(branches))}")


def print_missing(file, lines, branches):
    gone = sorted(number for number, times in lines.items() if not times)
    half = sorted({at[0] for at, times in branches.items() if not times and lines.get(at[0])})
    if gone:
        print(f"{file}: lines {', '.join(map(str, gone))}")
    if half:
        print(f"{file}: branches of {', '.join(map(str, half))}")


def main():
    root, wants_missing = Path(sys.argv[1]).resolve(), sys.argv[4] == "yes"
    all_lines, all_branches = read_lines(sys.argv[2]), read_branches(sys.argv[3])
    rooms = defaultdict(lambda: ([], []))
    for name, lines in sorted(all_lines.items()):
        file, branches = name.relative_to(root), all_branches[name]
        rooms[str(file.parent)][0].extend(lines.values())
        rooms[str(file.parent)][1].extend(branches.values())
        if wants_missing:
            print_missing(file, lines, branches)
    for name, (lines, branches) in sorted(rooms.items()):
        row(name, lines, branches)
    row("all", [t for r in rooms.values() for t in r[0]], [t for r in rooms.values() for t in r[1]])


main()
