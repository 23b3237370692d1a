"""Prints `N passed, N failed, N skipped` of a run of meson or pytest. usage: summary.py JUNIT_XML

Beside the subtests that meson's XML has, its JSON log tells how each program ended: one whose subtests passed and that failed all
the same, as by a leak that is found at its end, counts as a failure.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

GOOD = {"OK", "SKIP", "EXPECTEDFAIL"}

xml = Path(sys.argv[1])
passed = failed = skipped = 0
has_failures = set()
for suite in ElementTree.parse(xml).iter("testsuite"):
    for case in suite.iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            has_failures |= {suite.get("name").partition(".")[2], case.get("name")}
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
log = xml.with_name(xml.name.removesuffix(".junit.xml") + ".json")
for line in log.read_text().splitlines() if xml.name.endswith(".junit.xml") else ():
    test = json.loads(line)
    if test["result"] not in GOOD and test["name"] not in has_failures:
        print(f"{test['name']}: {test['result']}")
        failed += 1
print(f"{passed} passed, {failed} failed, {skipped} skipped")
