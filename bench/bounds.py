"""How long a request can keep the worker: ns a byte of requests made to be slow, and how that grows with their size.

usage: bounds.py BUILD MODELS [--mb N] [CLASS ...]

BUILD: a build directory; MODELS: the folder of model files. Each class is asked at N/4 and at N MB (default 4), the better of two. Growth
is the large one's time by the small one's: 4 is linear. Time is the daemon's CPU time, so that other jobs on the machine matter less.
"""

import argparse
import json
import os
import random
import string
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/support"))

R = random.Random(7)


def texts(n):
    letters = string.ascii_letters
    planes = [chr(c) for c in range(0x20, 0x30000) if not 0xD800 <= c < 0xE000]
    return {
        "prose": "The quick brown fox, it was said, did not jump over 12 lazy dogs. " * (n // 66),
        "one letter": "a" * n, "two letters": "ab" * (n // 2), "spaces": " " * min(n, 999_000), "line feeds": "\n" * n, "space and feed": " \n" * (n // 2),
        "random letters": "".join(R.choices(letters, k=n)), "lower case": "".join(R.choices("etaoinshr", k=n)), "signs": "".join(R.choices("!?/.,-_", k=n)),
        "digits": "".join(R.choices(string.digits, k=n)), "any code point": "".join(R.choices(planes, k=n // 4)),
        "marks": "e\u0301\u0300" * (n // 5), "emoji": "\U0001F469\u200d\U0001F680" * (n // 11), "CJK": "".join(R.choices("漢字日本語中国的一是", k=n // 3)),
    }


def message(content, **more):
    return {"role": "user", "content": content, **more}


def tool(parameters):
    return {"messages": [message("x")], "tools": [{"type": "function", "function": {"name": "f", "parameters": parameters}}]}


def called(n):
    """n calls at once, their results in the opposite order."""
    ids = [f"{i:09d}" for i in range(n)]
    calls = [{"id": i, "type": "function", "function": {"name": "f", "arguments": "{}"}} for i in ids]
    results = [{"role": "tool", "tool_call_id": i, "content": "1"} for i in reversed(ids)]
    return {"messages": [message("x"), {"role": "assistant", "content": "", "tool_calls": calls}, *results]}


def nested(n):
    """Schemas of the deepest nesting that is taken, side by side."""
    depth, one = 100, {"type": "string"}
    for _ in range(depth):
        one = {"anyOf": [one]}
    return {f"k{i}": one for i in range(max(1, n // (depth * 12)))}


def bodies(n):
    keys = {f"k{i:06d}": i for i in range(n // 18)}
    return {
        "many messages": {"messages": [message("a") for _ in range(n // 34)]},
        "turns": {"messages": [{"role": ("user", "assistant")[i % 2], "content": "a"} for i in range(n // 37 | 1)]},
        "chunks": {"messages": [message([{"type": "text", "text": "a"}] * (n // 30))]},
        "calls and results": called(n // 190),
        "many keys": {"messages": [message("x")], **keys},
        "empty arrays": {"messages": [message("x")], "x": [[]] * (n // 4)},
        "deep arrays": {"messages": [message("x")], "x": [json.loads("[" * 900 + "]" * 900)] * (n // 1802)},
        "long numbers": {"messages": [message("x")], "x": [10**4299] * (n // 4302)},
        "floats": {"messages": [message("x")], "x": [R.random() for _ in range(n // 20)]},
        "escapes": {"messages": [message("\u4e00" * (n // 6))]},
        "schema: required": tool({"type": "object", "required": [f"k{i:06d}" for i in range(n // 11)]}),
        "schema: enum": tool({"type": "object", "properties": {"a": {"enum": [{"a": i} for i in range(n // 16)]}}}),
        "schema: enum of lists": tool({"type": "object", "properties": {"a": {"enum": [[1, 2, [i]] for i in range(n // 18)]}}}),
        "schema: properties": tool({"type": "object", "properties": {f"k{i:06d}": {"type": "string"} for i in range(n // 31)}}),
        "schema: nested": tool({"type": "object", "properties": nested(n)}),
        "schema: wrong entries": tool({"type": "object", "properties": {f"k{i:06d}": {"type": 5} for i in range(n // 22)}}),
        "regex: groups": tool({"pattern": "(a)" * (n // 3)}), "regex: open groups": tool({"pattern": "(" * n}),
        "regex: braces": tool({"pattern": "a{1" * (n // 3)}), "regex: names": tool({"pattern": "".join(f"(?P<n{i}>a)" for i in range(n // 12))}),
        "regex: sets": tool({"pattern": "[a-z]" * (n // 5)}), "regex: alternatives": tool({"pattern": "a|" * (n // 2)}),
        "regex: backtracking": tool({"pattern": "(a*)*b" * (n // 6)}), "many tools": {"messages": [message("x")], "tools": [tool({})["tools"][0]] * (n // 70)},
    }


def cpu_seconds(process):
    fields = open(f"/proc/{process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(daemon, client, op, body, tokenizer):
    best = None
    for _ in range(2):
        begin = cpu_seconds(daemon.process)
        reply = client.ask(op, body, tokenizer=tokenizer, want=4)
        took = cpu_seconds(daemon.process) - begin
        best = took if best is None else min(best, took)
    return best, reply


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("models")
    parser.add_argument("--mb", type=int, default=4)
    parser.add_argument("classes", nargs="*")
    options = parser.parse_args()
    os.environ.update(SIDETOK_BUILD=options.build, SIDETOK_MODELS=options.models)
    from service import SPM, TEKKEN, Daemon

    sizes = [options.mb << 18, options.mb << 20]
    small, large = ({**{f"text: {k}": ("encode", {"text": v}) for k, v in texts(n).items()},
                     **{k: ("chat", json.dumps(v)) for k, v in bodies(n).items()}} for n in sizes)
    with Daemon(tokenizers={"tekken": TEKKEN, "spm": SPM}) as daemon:
        client = daemon.client()
        client.socket.settimeout(600)
        for tokenizer in ("tekken", "spm"):
            for name in large:
                if options.classes and not any(word in name for word in options.classes):
                    continue
                if tokenizer == "spm" and not name.startswith("text"):
                    continue
                first, _ = asked(daemon, client, *small[name], tokenizer)
                second, reply = asked(daemon, client, *large[name], tokenizer)
                size = len(large[name][1]["text"].encode() if isinstance(large[name][1], dict) else large[name][1])
                print(f"{tokenizer:7} {name:24} {size / 1e6:6.2f} MB {second * 1e9 / size:8.1f} ns/byte  growth {second / max(first, 0.01):6.1f}"
                      f"  {reply.type or 'ids'}", flush=True)


main()
