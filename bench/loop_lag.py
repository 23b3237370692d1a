"""How long one request holds up the asyncio loop that asks it: the longest turn of the loop while it is under way.

usage: loop_lag.py URL [--tokenizer NAME] [--requests N] [--text KIND:SIZE...]      see bench/loop_lag.sh

A turn is the time from one wait for events to the next, measured around the loop's selector: nothing is asked of the loop that it does
not do anyway. Packing, copying, reading the reply and making the list are in it. Rows: the ids as array('I') (`aio.Client.apply`) and as list
(the drop-in for vLLM). One request at a time; p50, p99 and the longest of N requests, in ms.
"""

import argparse
import asyncio
import math
import os
import selectors
import time
from pathlib import Path

import sidetok
from sidetok import aio

LICENSES = Path("/usr/share/common-licenses")
UNITS = {"KB": 1 << 10, "MB": 1 << 20}
WARM_UPS = 3


class Stopwatch(selectors.DefaultSelector):
    """A selector that knows how long its loop has been away."""

    def __init__(self):
        super().__init__()
        self.longest, self._back = 0.0, time.perf_counter()

    def select(self, timeout=None):
        self.longest = max(self.longest, time.perf_counter() - self._back)
        ready = super().select(timeout)
        self._back = time.perf_counter()
        return ready

    def reset(self):
        self.longest, self._back = 0.0, time.perf_counter()


def make_text(kind, size):
    unit = "word "
    if kind == "prose":
        unit = "\n\n".join(p.read_text(encoding="ascii", errors="ignore") for p in sorted(LICENSES.iterdir()) if p.is_file())
    return (unit * (size // len(unit) + 1))[:size]


def quantile(values, q):
    return sorted(values)[math.ceil(q * len(values)) - 1]


async def measure(ask, watch, n):
    """[(longest turn, whole request)] in ms."""
    found = []
    for _ in range(n + WARM_UPS):
        await asyncio.sleep(0)  # the turn that made this one is over
        watch.reset()
        begin = time.perf_counter()
        await ask()
        took = time.perf_counter() - begin
        await asyncio.sleep(0)  # the turn in which the answer came counts whole
        found.append((watch.longest * 1000, took * 1000))
    return found[WARM_UPS:]


async def run(options, watch):
    print("| text | ids as | requests | loop held up, p50 ms | p99 | longest | whole request, p50 ms |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    async with aio.Client(options.url, tokenizer=options.tokenizer, timeout=60) as client:
        for text in options.text:
            kind, size = text.split(":")
            messages = [{"role": "user", "content": make_text(kind, int(size[:-2]) * UNITS[size[-2:]])}]
            asks = {
                "array": lambda: client.apply(messages),
                "list": lambda: sidetok.async_apply_mistral_chat_template(options.tokenizer, messages),
            }
            for name, ask in asks.items():
                found = await measure(ask, watch, options.requests)
                turns = [turn for turn, _ in found]
                whole = quantile([took for _, took in found], 0.5)
                figures = f"{quantile(turns, 0.5):.2f} | {quantile(turns, 0.99):.2f} | {max(turns):.2f} | {whole:.1f}"
                print(f"| {kind} {size} | {name} | {len(found)} | {figures} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--tokenizer")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--text", action="append")
    options = parser.parse_args()
    options.text = options.text or ["prose:1MB", "word:1MB", "prose:5MB", "word:5MB"]
    os.environ["SIDETOK_URL"] = options.url
    watch = Stopwatch()
    loop = asyncio.SelectorEventLoop(watch)
    try:
        loop.run_until_complete(run(options, watch))
    finally:
        loop.close()


if __name__ == "__main__":
    main()
