"""Sums up an lcov file by room: coverage.py ROOT FILE yes|no. With yes, every line that nothing runs is printed."""

import sys
from collections import defaultdict
from pathlib import Path


def read(path):
    """{file: ({line: times}, {(line, block, branch): times})}; programs share files, so times are added."""
    files = defaultdict(lambda: (defaultdict(int), defaultdict(int)))
    lines = branches = None
    for text in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = text.partition(":")
        if key == "SF":
            lines, branches = files[value]
        elif key == "DA":
            number, times = value.split(",")[:2]
            lines[int(number)] += int(times)
        elif key == "BRDA":
            number, block, branch, times = value.split(",")
            branches[int(number), block, branch] += 0 if times == "-" else int(times)
    return files


def share(done, of):
    return f"{done:6d} of {of:6d} {100 * done / of if of else 100:6.1f} %"


def row(name, lines, branches):
    hit = [sum(map(bool, lines)), sum(map(bool, branches))]
    print(f"{name:28} lines {share(hit[0], len(lines))}   branches {share(hit[1], len(branches))}")


def main():
    root, path, wants_missing = Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3] == "yes"
    rooms, files = defaultdict(lambda: ([], [])), read(path)
    for name, (lines, branches) in sorted(files.items()):
        file = Path(name).resolve().relative_to(root)
        rooms[str(file.parent)][0].extend(lines.values())
        rooms[str(file.parent)][1].extend(branches.values())
        gone = sorted(number for number, times in lines.items() if not times)
        if wants_missing and gone:
            print(f"{file}: {', '.join(map(str, gone))}")
    for name, (lines, branches) in sorted(rooms.items()):
        row(name, lines, branches)
    row("all", [t for r in rooms.values() for t in r[0]], [t for r in rooms.values() for t in r[1]])


main()
