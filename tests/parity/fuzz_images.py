"""Live differential fuzz: image files, whole, cut and broken, through sidetok's readers and through Pillow.

usage: fuzz_images.py --probe build/tests/parity/image_probe [--seed N] [--count N] [--formats PNG,ICO] [--keep DIR] [--list]

Compares what a request sees: whether the file is an image, its size, whether it decodes, and the exception's type where it does
not. The prose of an exception may differ; how often is counted. Run it with the Python of the reference. Differences by the
reference's codecs' versions are named in KNOWN, and counted apart. Prints a line for each kind of difference, with the first
example; the last line counts, and the exit status is 1 when there is one that is not known.
"""

import argparse
import collections
import io
import pathlib
import struct
import subprocess
import sys
import warnings

from image_maker import HAND_MADE, WRITTEN, Maker
from mistral_common.tokens.tokenizers.image import _convert_to_rgb
from PIL import Image

BELOW = ({"BadGzipFile", "OSError"}, {"DecompressionBombError", "OSError"}, {"error", "IndexError"})
LIBRARIES = {"AVIF": "libavif or dav1d", "JPEG2000": "OpenJPEG", "TIFF": "libtiff"}
MOST_PIXELS = 4_000_000  # decoded by Pillow here; beyond, sizes are compared only


def known(name, our_name, want, got):
    """Why this difference is expected, or None."""
    ends = {want.rsplit(" ", 1)[-1], got.rsplit(" ", 1)[-1]}
    if our_name == "AVIF" and "unidentified" in ends:
        return "a head passes in one version of libavif"
    if want.rsplit(" ", 1)[0] != got.rsplit(" ", 1)[0]:
        return None
    if got.endswith(" not_supported") and our_name in ("AVIF", "JPEG2000", "ICNS", "IPTC"):
        return "more pixels than are decoded here"
    if ends in BELOW:
        return "an exception bears the name of the class above its own"
    if name in LIBRARIES and "ok" in ends and ends & {"OSError", "RuntimeError", "SyntaxError"}:
        return f"broken data passes in one version of {LIBRARIES[name]}"
    return None


def reference(data):
    """(verdict, format, message): unidentified, a size and ok, or a size and an exception's name."""
    try:
        image = Image.open(io.BytesIO(data))
    except Exception as error:
        return "unidentified", "", str(error)
    if len(image.size) > 2:  # of an IM file; the reference unpacks two
        return f"{image.size[0]} {image.size[1]} ValueError", image.format, "too many values to unpack (expected 2)"
    width, height = (int(side) if side == side else 0 for side in image.size)  # an IM's may be a float
    size = f"{width} {height}"
    if width == 0 or height == 0:
        return size, image.format, "no pixels"
    if width * height > MOST_PIXELS:
        return size, image.format, "not decoded"
    try:
        _convert_to_rgb(image).load()
        return f"{size} ok", image.format, ""
    except Exception as error:
        return f"{size} {type(error).__name__}", image.format, str(error)


class Probe:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, data):
        self.process.stdin.write(struct.pack("<I", len(data)) + data)
        self.process.stdin.flush()
        line = self.process.stdout.readline().decode(errors="replace").rstrip("\n")
        if not line:
            sys.exit(f"the probe ended: status {self.process.wait()}")
        if line == "unidentified":
            return line, "", ""
        name, width, height, rest = line.split(" ", 3)
        error, _, message = rest.partition(": ")
        return f"{width} {height} {error}", name, message


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--probe", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--formats")
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    if options.list:
        return print(*WRITTEN, *sorted(HAND_MADE))
    warnings.simplefilter("ignore")
    probe, maker = Probe(options.probe), Maker(options.seed, options.formats and options.formats.split(","))
    differences, expected, prose, verdicts = {}, collections.Counter(), collections.Counter(), collections.Counter()
    for i in range(options.count):
        made, data = maker.make()
        want, name, message = reference(data)
        got, our_name, our_message = probe.ask(data)
        verdicts[want.split(" ")[-1] if " " in want else want] += 1
        same = got == want if want.count(" ") != 1 else got.rsplit(" ", 1)[0] == want
        if same:
            prose[f"{message[:40]!r} / {our_message[:40]!r}"] += want.count(" ") == 2 and message != our_message
            continue
        why = known(name, our_name, want, got)
        if why:
            expected[why] += 1
            continue
        kind = (made, name, want.split(" ")[-1], our_name, got.split(" ")[-1], want.rsplit(" ", 1)[0] == got.rsplit(" ", 1)[0])
        count, first = differences.get(kind, (0, f"image {i}: {want} ({message}) / {got} ({our_message})"))
        differences[kind] = (count + 1, first)
        if options.keep and count < 3:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / "_".join(map(str, (*kind[:5], options.seed, i)))).write_bytes(data)
    for kind, (count, first) in sorted(differences.items(), key=lambda item: -item[1][0]):
        print(count, *kind, "|", first)
    for why, count in sorted(expected.items()):
        print(f"known: {why}: {count}")
    total = sum(count for count, _ in differences.values())
    print(f"{options.count} images (seed {options.seed}; {', '.join(f'{n} {v}' for v, n in verdicts.most_common(6))}), {sum(prose.values())} with other prose, {total} differences")
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())
