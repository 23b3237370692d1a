"""The units and the sample configuration."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tap import BUILD, ROOT, Skip, run

UNITS = [BUILD / "deploy/sidetokd.service", BUILD / "deploy/sidetokd@.service"]
EXPOSURE = 5  # tenths; the issue of it is 0.5, the units have 0.2


def analyze(*arguments):
    if not shutil.which("systemd-analyze"):
        raise Skip("systemd-analyze is missing")
    return subprocess.run(["systemd-analyze", "--no-pager", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_exposure_is_at_most_0_5():
    for unit in UNITS:
        # an instance has a name; its file does not
        with tempfile.TemporaryDirectory() as directory:
            copy = Path(directory) / unit.name.replace("@", "-one")
            copy.write_text(unit.read_text().replace("%i", "one"))
            done = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", copy)
            if "nknown" in done.stdout and "offline" in done.stdout:
                raise Skip("this systemd-analyze reads no files")
            assert done.returncode == 0, done.stdout[-300:]
            print("# " + next((line for line in done.stdout.splitlines() if "Overall" in line), "").strip("→ "))


def test_systemd_understands_every_line():
    with tempfile.TemporaryDirectory() as directory:
        for unit in UNITS:
            text = re.sub(r"^Documentation=.*\n", "", unit.read_text(), flags=re.M)
            text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.M)
            copy = Path(directory) / unit.name.replace("@.", "@one.")
            copy.write_text(text)
            done = analyze("verify", "--man=no", copy)
            bad = [line for line in done.stdout.splitlines() if unit.name.split(".")[0] in line]
            assert not bad, bad


def test_nothing_is_left_to_be_filled_in():
    for file in [*UNITS, BUILD / "deploy/sidetok.conf"]:
        assert not re.search(r"@[A-Z]+@", file.read_text()), file


def test_the_two_units_differ_by_the_instance_alone():
    one, many = (unit.read_text().splitlines() for unit in UNITS)
    different = [(a, b) for a, b in zip(one, many, strict=True) if a != b]
    assert [b.split("=")[0] for _, b in different if not b.startswith("#")] == ["Description", "ExecStart", "RuntimeDirectory"], different


def test_the_sample_says_the_defaults():
    sample = dict(re.findall(r"^#?([a-z-]+) = (.+)$", (ROOT / "deploy/systemd/sidetok.conf").read_text(), re.M))
    defaults = re.findall(r'^KEY\("([a-z-]+)", \w+, \w+, "(.+)"\)', (ROOT / "sidecar/service/options.def").read_text(), re.M)
    for key, value in defaults:
        assert sample[key] == value, (key, sample[key], value)


def test_the_sample_with_every_line_switched_on_has_no_mistake_but_missing_models():
    text = re.sub(r"^#([a-z-]+ = )", r"\1", (ROOT / "deploy/systemd/sidetok.conf").read_text(), flags=re.M)
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "sidetok.conf"
        file.write_text(text.replace("socket-group = sidetok", "socket-group = 0"))
        done = subprocess.run([BUILD / "sidecar/sidetokd", "--check", "--config", file], capture_output=True, text=True)
        said = [line for line in done.stderr.splitlines() if " tokenizer " not in line]
        assert done.returncode == 1 and not said, done.stderr


run(globals())
