"""The Markdown of a result. usage: report.py RESULT.JSON prints it."""

import json
import sys

SIZES = {"1k": 1 << 10, "10k": 10 << 10, "100k": 100 << 10, "500k": 500 << 10, "1m": 1 << 20, "5m": 5 << 20}
SIZE_NAMES = {"1k": "1 KB", "10k": "10 KB", "100k": "100 KB", "500k": "500 KB", "1m": "1 MB", "5m": "5 MB", "10m": "10 MB"}


def best_peer(found, row, key, exact_only):
    """Name and speed of the fastest peer, or None."""
    peers = {name: speeds[key] for name, speeds in row.items() if name != "sidetok" and (found["exact"].get(name) or not exact_only)}
    return max(peers.items(), key=lambda item: item[1]) if peers else None


def number(value):
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def ratio(own, peer):
    return number(own / peer[1]) + " x" if peer else ""


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| " + " | ".join(["---"] * len(head)) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def summary(found, size):
    """sidetok beside the best exact peer and the best peer, first sight and again."""
    rows = []
    for text_class, row in found["rows"][size].items():
        cells = [text_class]
        for key in ("fresh", "again"):
            own = row["sidetok"][key]
            exact, any_peer = best_peer(found, row, key, True), best_peer(found, row, key, False)
            cells += [number(own), f"{exact[0]} {number(exact[1])}" if exact else "", ratio(own, exact), ratio(own, any_peer)]
        rows.append(cells)
    head = ["class", "first sight, MB/s", "best exact peer", "ratio", "to any peer", "again, MB/s", "best exact peer", "ratio", "to any peer"]
    return table(head, rows)


def all_speeds(found, size, key):
    names = [name for name in found["exact"] if any(name in row for row in found["rows"][size].values())]
    rows = [[text_class] + [number(row[name][key]) if name in row else "" for name in names]
            for text_class, row in found["rows"][size].items()]
    return table(["MB/s"] + [name if found["exact"][name] else f"{name} *" for name in names], rows)


def by_size(found):
    """The ratio to the best exact peer at first sight, class by size."""
    sizes = list(found["rows"])
    cells = lambda row: ratio(row["sidetok"]["fresh"], best_peer(found, row, "fresh", True))
    rows = [[text_class] + [cells(found["rows"][size][text_class]) for size in sizes] for text_class in found["rows"][sizes[0]]]
    return table(["class"] + [SIZE_NAMES[size] for size in sizes], rows)


def growth(found):
    rows = []
    for text_class, sizes in found["growth"].items():
        times = f"{sizes['5m']['ns'] / sizes['500k']['ns']:.1f}"
        rows.append([text_class, times] + [number(1000 * size["bytes"] / size["ns"]) for size in sizes.values()])
    return table(["class", "time(5 MB) / time(500 KB)"] + [f"{SIZE_NAMES[size]}, MB/s" for size in ("500k", "5m", "10m")], rows)


def exactness(found, versions):
    lines = []
    for name, is_exact in found["exact"].items():
        what = "same ids everywhere" if is_exact else "**other ids** on " + ", ".join(found["differs"][name])
        lines.append(f"- {name} {versions.get(name, '')}: {what}")
    lines += [f"- {name}: {error}" for name, error in found["errors"].items()]
    return "\n".join(lines)


def markdown(result):
    host = result["machine"]
    parts = ["# Engines side by side", "",
             f"One run of `bash bench/peers.sh{' --quick' if result['quick'] else ''}` on {host['date']}: {host['processors']} x "
             f"{host['processor']}, of which other work used {100 * host['busy_before']:.0f} % before and {100 * host['busy_after']:.0f} % "
             "after. MB/s of the whole process's CPU time, threads included; medians over texts. result.json holds wall-clock figures beside "
             "them. sidetok is called from C, the others from Python, each by its quickest call; below some KB that call is part of "
             "their time. `*`: not all ids are mistral_common's."]
    for kind, found in result["tokenizers"].items():
        parts += ["", f"## {kind}", "", exactness(found, result["versions"]), "", "100 KB:", "", summary(found, "100k"), "",
                  "1 KB:", "", summary(found, "1k"), "", "Ratio to the best exact peer at first sight, by size:", "", by_size(found), "",
                  "sidetok's growth:", "", growth(found), "", "All engines, 100 KB, first sight:", "", all_speeds(found, "100k", "fresh"), "",
                  "All engines, 100 KB, again:", "", all_speeds(found, "100k", "again")]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    print(markdown(json.load(open(sys.argv[1], encoding="utf-8"))))
