"""The frame of the fuzzers of tokenizer files: files by number, in rounds; counts, and the last lines."""

import argparse
import sys
import time
from collections import Counter

AT_ONCE = 24


def read_options(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--sidetok", required=True)
    parser.add_argument("--seed", default=str(int(time.time())))
    parser.add_argument("--count", type=int)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--show", type=int, default=10)
    parser.add_argument("--only", type=int)
    return parser.parse_args()


class FileFuzz:
    """round(numbers) of the class below compares the files of these numbers and counts them."""

    def __init__(self, options):
        self.options = options
        self.counts, self.refusals, self.shown = Counter(), Counter(), set()

    def run(self):
        if self.options.only is not None:
            return self.round([self.options.only])
        end, number = time.monotonic() + self.options.seconds, 0
        while number < self.options.count if self.options.count else time.monotonic() < end:
            self.round(range(number, number + AT_ONCE))
            number += AT_ONCE

    def main(self):
        """Exit status 1 on any difference."""
        self.run()
        for name, n in self.refusals.items():
            print(f"{n:8} refused: {name}")
        print(f"seed {self.options.seed}")
        print(f"{self.counts['passed']} passed, {self.counts['failed']} failed")
        sys.exit(1 if self.counts["failed"] else 0)
