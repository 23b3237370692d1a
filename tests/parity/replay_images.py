"""Recorded image files through sidetok's readers: what Pillow made of each is what we make of it.

usage: replay_images.py --probe build/tests/parity/image_probe [--without FORMAT]...
       replay_images.py --probe ... --record DIR      (with the Python of the reference)

Each line of images.jsonl.gz is a small file, whole or broken, made by image_maker.py and chosen because it takes a way through the readers that
no other takes: its bytes, and a verdict as fuzz_images.py has it. --record looks at every file of DIR and keeps those in which both
agree, or differ by an exception's name as documented (BELOW of fuzz_images.py; ours is kept then); the others are differences of codecs'
versions, which fuzz_images.py knows by name.
"""

import argparse
import base64
import gzip
import json
import pathlib
import struct
import subprocess
import sys

CODECS = {"AVIF", "JPEG2000", "TIFF", "WEBP", "JPEG"}  # decoded by libraries, of which one version refuses what another takes
CASES = pathlib.Path(__file__).with_name("images.jsonl.gz")


def probe(program, files, *arguments):
    """The verdict on each file: unidentified; or width, height and ok or the error's name."""
    asked = b"".join(struct.pack("<I", len(data)) + data for data in files)
    said = subprocess.run([program, *arguments], input=asked, capture_output=True, check=True).stdout.decode(errors="replace").splitlines()
    assert len(said) == len(files), f"{len(said)} answers to {len(files)} files"
    return ["unidentified" if line == "unidentified" else line.partition(" ")[2].partition(":")[0] for line in said]


def record(program, directory):
    import warnings

    from fuzz_images import BELOW, reference

    warnings.simplefilter("ignore")
    files = [(path.name, path.read_bytes()) for path in sorted(directory.iterdir())]
    ours = probe(program, [data for _, data in files])
    kept = []
    for (name, data), got in zip(files, ours):
        want, made, _ = reference(data)
        size, _, end = want.rpartition(" ")
        if want == got or (got.startswith(f"{size} ") and {end, got.rpartition(" ")[2]} in BELOW):
            kept.append({"format": made or "none", "verdict": got, "data": base64.b64encode(data).decode()})
    kept.sort(key=lambda case: (case["format"], case["verdict"], case["data"]))
    with gzip.GzipFile(CASES, "wb", mtime=0) as file:
        file.write("".join(json.dumps(case) + "\n" for case in kept).encode())
    print(f"{len(kept)} of {len(files)} files kept")


def replay(program, without):
    cases = [case for case in map(json.loads, gzip.open(CASES, "rt")) if case["format"] not in without]
    failed = versions = 0
    for case, got in zip(cases, probe(program, [base64.b64decode(case["data"]) for case in cases])):
        if got == case["verdict"]:
            continue
        if case["format"] in CODECS and got.split(" ")[:2] == case["verdict"].split(" ")[:2]:
            versions += 1
        else:
            failed += 1
            print(f"# {case['format']}: expected {case['verdict']}, got {got}: {case['data'][:100]}")
    swept = probe(program, [base64.b64decode(case["data"]) for case in cases], "--memory")
    lost = [(case, got) for case, got in zip(cases, swept) if got != case["verdict"] and case["format"] not in CODECS]
    for case, got in lost:
        print(f"# {case['format']}, memory: expected {case['verdict']}, got {got}: {case['data'][:100]}")
    print(f"# {versions} whose data another version of a codec takes or refuses")
    print(f"1..2\n{'not ok' if failed else 'ok'} 1 - {len(cases)} images are what Pillow makes of them")
    print(f"{'not ok' if lost else 'ok'} 2 - without memory they are the same, or there is no memory")
    return bool(failed or lost)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--record", type=pathlib.Path)
    options = parser.parse_args()
    return record(options.probe, options.record) if options.record else replay(options.probe, options.without)


sys.exit(main())
