"""Round trips through a sidecar beside mistral_common in this process, taken in turns; prints a Markdown table.

usage: run.py --build DIR --models DIR [--rounds N] [--json FILE]

The payloads of the contract, and prose. Times are medians: for sidetok wall-clock time from the text in the client's memory to its ids
there, for mistral_common CPU time from the text to its list of ids (the request object built and checked in both), which is what it
takes on a machine with nothing else to do.
"""

import argparse
import hashlib
import json
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mistral_common.protocol.instruct.messages import UserMessage
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

SIZES = {"1 KB": 1 << 10, "100 KB": 100 << 10, "500 KB": 500 << 10, "1 MB": 1 << 20}
MODELS = {"SentencePiece v3": "mistral_instruct_tokenizer_240323.model.v3", "Tekken": "tekken_240911.json"}
RUNS = 20
LICENSES = Path("/usr/share/common-licenses")


def prose(size):
    """English text that every Debian carries."""
    text = "\n\n".join(p.read_text(encoding="utf-8", errors="ignore") for p in sorted(LICENSES.iterdir()) if p.is_file())
    return (text * (size // len(text) + 1))[:size]


def texts(folder):
    for label, size in SIZES.items():
        for name, text in (("word", ("word " * (size // 5 + 1))[:size]), ("prose", prose(size))):
            path = folder / f"{name}-{size}.txt"
            path.write_text(text, encoding="utf-8")
            yield label, name, path


def in_process(tokenizer, text, n):
    times, ids = [], []
    for _ in range(n):
        begin = time.process_time_ns()
        request = ChatCompletionRequest.from_openai(messages=[{"role": "user", "content": text}])
        ids = tokenizer.encode_chat_completion(request).tokens
        times.append(time.process_time_ns() - begin)
    return times, ids


def through_sidecar(options, url, model, paths, n):
    """One line a text, all in one process."""
    command = [options.build / "bench/roundtrip", url, f"m={model}", str(n), *map(str, paths)]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def start(options, folder, model):
    url = f"ipc://{folder}/bench.sock"
    daemon = subprocess.Popen([options.build / "sidecar/sidetokd", "--listen", url, "--tokenizer", f"m={model}"],
                              stderr=subprocess.DEVNULL)
    subprocess.run([options.build / "sidecar/cli/sidetok", "ping", "--connect", url, "--wait-ms", "10000"],
                   check=True, stdout=subprocess.DEVNULL)
    return url, daemon


def row_of(kind, label, name, library, ids, sidecar):
    """Medians over the rounds; at first sight is only the first round."""
    digest = hashlib.sha256(struct.pack(f"<{len(ids)}I", *ids)).hexdigest()
    if any(line["sha256"] != digest for line in sidecar):
        sys.exit(f"{kind}, {name}, {label}: the ids differ")
    row = {"tokenizer": kind, "text": name, "size": label, "tokens": len(ids), "mistral_common_ms": statistics.median(library) / 1e6}
    for key in ("roundtrip", "handler", "engine", "floor", "ping"):
        row[f"{key}_ms"] = statistics.median(line[f"{key}_ns"] for line in sidecar) / 1e6
        row[f"first_{key}_ms"] = sidecar[0][f"first_{key}_ns"] / 1e6
    return row


def measure(options, folder, kind, model):
    reference = MistralTokenizer.from_file(str(model))
    cases = list(texts(folder))
    url, daemon = start(options, folder, model)
    library, ids, sidecar = {}, {}, {}
    try:
        for _ in range(options.rounds):
            for case, line in zip(cases, through_sidecar(options, url, model, [path for _, _, path in cases], RUNS)):
                sidecar.setdefault(case, []).append(line)
            for case in cases:
                text = case[2].read_text(encoding="utf-8")
                times, ids[case] = in_process(reference, text, 30 if len(text) < 10_000 else 3)
                library.setdefault(case, []).extend(times)
    finally:
        daemon.terminate()
        daemon.wait()
    return [row_of(kind, label, name, library[case], ids[case], sidecar[case]) for case in cases for label, name, _ in [case]]


def main():
    parser = argparse.ArgumentParser(description="round trips beside the library")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    print("| tokenizer | text | size | tokens | mistral_common, ms | sidetok round trip, ms | faster | at first sight, ms | "
          "handler in process, ms | engine in process, ms | transport alone, ms |")
    print("| --- " * 11 + "|")
    with tempfile.TemporaryDirectory() as folder:
        for kind, model in MODELS.items():
            for row in measure(options, Path(folder), kind, options.models / model):
                rows.append(row)
                print("| {tokenizer} | {text} | {size} | {tokens} | {mistral_common_ms:.2f} | {roundtrip_ms:.3f} | {ratio:.0f} x | "
                      "{first_roundtrip_ms:.3f} | {handler_ms:.3f} | {engine_ms:.3f} | {floor_ms:.3f} |".format(ratio=row["mistral_common_ms"] / row["roundtrip_ms"], **row), flush=True)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
