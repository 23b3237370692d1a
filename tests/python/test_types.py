"""The package is typed: a strict checker has nothing to say."""

import pathlib
import subprocess
import sys

PACKAGE = pathlib.Path(__file__).parents[2] / "client/python"


def test_the_types_hold_strictly():
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir=/dev/null", "sidetok"]
    done = subprocess.run(command, cwd=PACKAGE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def test_the_types_are_handed_to_users():
    assert (PACKAGE / "sidetok/py.typed").exists()
