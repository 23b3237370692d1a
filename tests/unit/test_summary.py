"""What counts as a failure of a test run: tests/summary.py on the logs that meson leaves."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tap import ROOT, run

PASSED, FAILED, SKIPPED = '<testcase name="one" />', '<testcase name="one"><failure /></testcase>', '<testcase name="one"><skipped /></testcase>'


def summary(*programs):
    """Of programs (cases of the XML, result): the last line, and what is said before."""
    with tempfile.TemporaryDirectory() as directory:
        xml = Path(directory) / "log.junit.xml"
        suites = "".join(f'<testsuite name="p.p:s / {n}">{cases}</testsuite>' for n, (cases, _) in enumerate(programs))
        xml.write_text(f"<testsuites>{suites}</testsuites>")
        lines = [json.dumps({"name": f"p:s / {n}", "result": result}) for n, (_, result) in enumerate(programs)]
        (Path(directory) / "log.json").write_text("\n".join(lines) + "\n")
        done = subprocess.run([sys.executable, ROOT / "tests/summary.py", xml], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_each_subtest_counts_once():
    assert summary((PASSED * 3 + SKIPPED, "OK"), (PASSED + FAILED, "FAIL")) == ["4 passed, 1 failed, 1 skipped"]


def test_a_finding_at_the_end_of_a_program_is_a_failure():
    assert summary((PASSED, "OK"), (PASSED * 2, "ERROR")) == ["p:s / 1: ERROR", "3 passed, 1 failed, 0 skipped"]


def test_a_program_that_took_too_long_is_a_failure():
    assert summary((PASSED, "TIMEOUT"))[-1] == "1 passed, 1 failed, 0 skipped"


run(globals())
