"""Measures sidetok's engine beside the others in one interleaved run; bench/peers.sh prepares what it needs.

For each tokenizer and each size of text all engines are started anew and warmed up with other text. Then each text goes to every engine in
turn, the order moving on from text to text: at first sight, and again. Ids are compared with mistral_common's for every text, and on
texts made to tell exact engines from others.
"""

import argparse
import json
import os
import platform
import select
import statistics
import subprocess
import time
from pathlib import Path

import chart
import report

HERE = Path(__file__).parent
MODELS = {"Tekken": "tekken_240911.json", "SentencePiece v3": "mistral_instruct_tokenizer_240323.model.v3"}
REFERENCE = "mistral-common"
CLASSES = ["prose", "code", "multilingual", "word", "hello", "test content", "large test content", "a", "space", "newline",
           "base64", "letters", "lower", "digits", "cjk"]
REPEATS = {"probe": 1, "1k": 9, "10k": 9, "100k": 5, "500k": 3, "1m": 3, "5m": 1}
QUICK_SIZES = ["1k", "100k"]
QUICK_TEXTS = 3
GROWTH_SIZES = ["500k", "5m", "10m"]
GROWTH_ROUNDS = 5
PATIENCE_S = 10  # a peer that would take longer for a text, going by the size before, is spared it


def engines(options):
    """Name to command."""
    peer = lambda venv, name: [options.cache / f"venv-{venv}/bin/python", HERE / "peer.py", name]
    own = {"sidetok": [options.build / "sidecar/cli/sidetok", "bench", "--tokenizer"]}
    names = ["gigatoken", "fastokens", "quicktok", "tokenizers", "tiktoken", "splintr", "sentencepiece", REFERENCE]
    return own | {name: peer("peers", name) for name in names} | {"tokenizers rc": peer("peers-rc", "tokenizers")}


def versions(options):
    own = subprocess.run([options.build / "sidecar/cli/sidetok", "--version"], capture_output=True, text=True, check=True)
    found = {"sidetok": own.stdout.split()[-1]}
    for venv, suffix in (("peers", ""), ("peers-rc", " rc")):
        pip = [options.cache / f"venv-{venv}/bin/pip", "list", "--format", "json", "--disable-pip-version-check"]
        for package in json.loads(subprocess.run(pip, capture_output=True, text=True, check=True).stdout):
            name = package["name"].replace("_", "-").removesuffix("-v1").removesuffix("-rs")
            found[name + suffix] = package["version"]
    return found


class Worker:
    """An engine's process."""

    def __init__(self, command):
        self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, bufsize=0)
        self.pending = b""

    def read(self, timeout_s):
        """The next line as an object; an error when none comes in time or the process is gone."""
        end = time.monotonic() + timeout_s
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            more = self.process.stdout.read(1 << 16) if ready else b""
            if not more:
                self.stop()
                return {"error": "ended" if ready else "took too long"}
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return json.loads(line)

    def ask(self, path, timeout_s=300):
        try:
            self.process.stdin.write(f"{path}\n".encode())
        except BrokenPipeError:
            return {"error": "ended"}
        return self.read(timeout_s)

    def stop(self):
        self.process.kill()
        self.process.wait()


def start(options, model, names, repeat):
    """Workers of the named engines, loaded and warm. An engine that does not take the model is left out."""
    path = options.cache / "models" / model
    warm = [part for file in sorted((options.texts / "warm").iterdir()) for part in ("--warm", file)]
    workers, errors = {}, {}
    for name in names:
        own = [path] if name == "sidetok" else [path, options.cache / "peers" / f"{model}.json"]
        workers[name] = Worker([*engines(options)[name], *own, *warm, "--repeat", str(max(1, repeat))])
        answer = workers[name].read(300)  # one after the other: loading is not measured
        if "error" in answer:
            errors[name] = answer["error"]
            workers.pop(name).stop()
    return workers, errors


class Measurement:
    """One tokenizer's results. samples[size][class][engine] are the lines of its texts."""

    def __init__(self, options, kind):
        self.options, self.model = options, MODELS[kind]
        self.errors, self.differs, self.samples = {}, {}, {}

    def measure_text(self, workers, path, turn, skip):
        """Each engine in turn; returns the answers by engine."""
        names = list(workers)
        answers = {}
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            answer = {"error": "skipped"} if name in skip else workers[name].ask(path)
            answers[name] = answer
            if answer.get("error") in ("ended", "took too long"):
                self.errors[f"{name}, {path.parent.name} {path.stem}"] = answer["error"]
                del workers[name]
        for name, answer in answers.items():
            if "error" not in answer and answer["sha256"] != answers[REFERENCE]["sha256"]:
                self.differs.setdefault(name, []).append(f"{path.parent.name}/{path.stem}")
        return answers

    def too_slow(self, name, text_class, size):
        """Whether a peer's speed on the last size says that this one would take too long."""
        sizes = list(report.SIZES)
        before = self.samples.get(sizes[sizes.index(size) - 1], {}).get(text_class, {}).get(name) if size != sizes[0] else None
        if not before or name in ("sidetok", REFERENCE):
            return False
        ns_per_byte = statistics.median(line["first_wall_ns"] / line["bytes"] for line in before)
        return ns_per_byte * report.SIZES[size] * (1 + REPEATS[size]) > PATIENCE_S * 1e9

    def measure_size(self, size, classes):
        workers, errors = start(self.options, self.model, engines(self.options), REPEATS[size])
        self.errors |= errors
        rows = self.samples.setdefault(size, {})
        for number, text_class in enumerate(classes):
            row = rows.setdefault(text_class, {})
            paths = sorted((self.options.texts / size).glob(f"{text_class}-[0-9]*.txt"))
            skip = {name for name in workers if size != "probe" and self.too_slow(name, text_class, size)}
            for turn, path in enumerate(paths[: QUICK_TEXTS if self.options.quick else None] if size != "probe" else paths):
                for name, line in self.measure_text(workers, path, number + turn, skip).items():
                    if "error" not in line:
                        row.setdefault(name, []).append(line)
        for worker in workers.values():
            worker.stop()

    def measure_growth(self):
        """sidetok alone: long texts at first sight, several processes. Class to size to nanoseconds (median) and bytes."""
        found = {text_class: {size: [] for size in GROWTH_SIZES} for text_class in CLASSES}
        for _ in range(1 if self.options.quick else GROWTH_ROUNDS):
            workers, _ = start(self.options, self.model, ["sidetok"], 1)
            for text_class, sizes in found.items():
                for size, lines in sizes.items():
                    lines.append(workers["sidetok"].ask(self.options.texts / size / f"{text_class}-0.txt"))
            workers["sidetok"].stop()
        return {text_class: {size: {"bytes": lines[0]["bytes"], "ns": int(statistics.median(line["first_ns"] for line in lines))}
                             for size, lines in sizes.items()} for text_class, sizes in found.items()}

    def result(self, names):
        """What the report is made of: medians over texts, in MB/s."""
        speed = lambda lines, key: float(f"{statistics.median(1000 * line['bytes'] / line[key] for line in lines):.4g}")
        keys = {"fresh": "first_ns", "again": "median_ns", "fresh_wall": "first_wall_ns", "again_wall": "median_wall_ns"}
        rows = {size: {text_class: {name: {key: speed(lines, field) for key, field in keys.items()} for name, lines in by_name.items()}
                       for text_class, by_name in classes.items()}
                for size, classes in self.samples.items() if size != "probe"}
        exact = {name: not self.differs.get(name) for name in names if name not in self.errors}
        return {"exact": exact, "differs": {name: paths[:6] for name, paths in self.differs.items()}, "errors": self.errors, "rows": rows}


def busy_share():
    """What others used of the processors in one second, 0 to 1; steal by other guests included."""
    read = lambda: [int(n) for n in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    before = read()
    time.sleep(1)
    delta = [b - a for a, b in zip(before, read())]
    return round(1 - (delta[3] + delta[4]) / max(1, sum(delta)), 2)


def machine():
    model = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {"processor": model[0] if model else platform.machine(), "processors": os.cpu_count(), "busy_before": busy_share(),
            "python": platform.python_version(), "date": time.strftime("%Y-%m-%d")}


def measure(options):
    out = {"machine": machine(), "versions": versions(options), "quick": options.quick, "tokenizers": {}}
    probes = sorted({path.stem.rpartition("-")[0] for path in (options.texts / "probe").iterdir()})
    for kind in MODELS:
        measurement = Measurement(options, kind)
        measurement.measure_size("probe", probes)
        for size in QUICK_SIZES if options.quick else report.SIZES:
            began = time.monotonic()
            measurement.measure_size(size, CLASSES)
            print(f"{kind}, {size}: {time.monotonic() - began:.0f} s", flush=True)
        growth = measurement.measure_growth()
        out["tokenizers"][kind] = measurement.result(engines(options)) | {"growth": growth}
    out["machine"]["busy_after"] = busy_share()
    return out


def main():
    parser = argparse.ArgumentParser(description="the engine beside its peers")
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="where models, venvs and texts are")
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=HERE / "result", help="folder of result.json, result.md and the charts")
    parser.add_argument("--quick", action="store_true", help="1 KB and 100 KB only, three texts each, growth once")
    options = parser.parse_args()
    result = measure(options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "result.json").write_text(json.dumps(result).replace("{\"sidetok\"", "\n{\"sidetok\"") + "\n", encoding="utf-8")
    (options.out / "result.md").write_text(report.markdown(result), encoding="utf-8")
    for kind in result["tokenizers"]:
        (options.out / f"{kind.split()[0].lower()}.svg").write_text(chart.svg(result, kind), encoding="utf-8")
    print(report.markdown(result))


if __name__ == "__main__":
    main()
