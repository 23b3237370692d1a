"""A table on standard output and an SVG picture of what measure.py wrote. usage: plot.py --svg FILE [--title TEXT] MEASURED.json

The table has one row for each server and text: request times (median), /health p50, p99 and the longest. The picture shows the first round: a panel for
each server, /health over time on a logarithmic scale, and where requests were under way.
"""

import argparse
import json
import math
from pathlib import Path

WIDTH, PANEL, LEFT, RIGHT, TOP, GAP = 860, 190, 70, 20, 56, 58
LOW, HIGH = -1.0, 4.0  # of log10 ms
COLORS = ("#b3261e", "#1a6b3c", "#3057a5", "#7a4d9f")


def quantile(values, q):
    values = sorted(values)
    return values[min(len(values) - 1, math.ceil(q * len(values)) - 1)]


def table(runs):
    rows = {}
    for run in runs:
        row = rows.setdefault((run["kind"], run["size"], run["server"]), ([], []))
        row[0].extend((end - begin) * 1000 for begin, end, _ in run["requests"])
        row[1].extend(seconds * 1000 for _, seconds in run["health"])
    print("| text | size | server | request, ms | /health p50, ms | p99, ms | longest, ms |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for (kind, size, server), (requests, health) in rows.items():
        figures = (quantile(requests, 0.5), quantile(health, 0.5), quantile(health, 0.99), max(health))
        print(f"| {kind} | {size} | {server} | " + " | ".join(f"{v:.0f}" if v >= 100 else f"{v:.1f}" for v in figures) + " |")


def line_up(runs):
    """The first round of a server as one time line from 0: requests as (begin, end, label), health as (at, ms)."""
    requests, health, start = [], [], 0.0
    for run in runs:
        zero = min(run["health"][0][0], run["requests"][0][0])
        requests += [(begin - zero + start, end - zero + start, f"{run['kind']} {run['size']}") for begin, end, _ in run["requests"]]
        health += [(at - zero + start, seconds * 1000) for at, seconds in run["health"]]
        start = max(requests[-1][1], health[-1][0]) + 0.2
    return requests, health, start


def panel(name, color, line, span, top):
    requests, health, _ = line

    def x(seconds):
        return LEFT + seconds / span * (WIDTH - LEFT - RIGHT)

    def y(ms):
        at = min(max(math.log10(max(ms, 1e-9)), LOW), HIGH)
        return top + PANEL * (HIGH - at) / (HIGH - LOW)

    out = [f'<text x="{LEFT}" y="{top - 8}" class="name">{name}</text>']
    for begin, end, _ in requests:
        out.append(f'<rect x="{x(begin):.1f}" y="{top}" width="{max(0.6, x(end) - x(begin)):.1f}" height="{PANEL}" class="request"/>')
    for power in range(int(LOW), int(HIGH) + 1):
        at = y(10.0**power)
        out.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" class="grid"/>')
        label = f"{10**power} ms" if 0 <= power < 3 else "0.1 ms" if power < 0 else f"{10**power // 1000} s"
        out.append(f'<text x="{LEFT - 8}" y="{at + 4:.1f}" class="axis" text-anchor="end">{label}</text>')
    worst = {}
    for at, ms in health:
        column = round(x(at) * 2)
        worst[column] = max(worst.get(column, 0.0), ms)
    points = " ".join(f"{column / 2:.1f},{y(ms):.1f}" for column, ms in sorted(worst.items()))
    out.append(f'<polyline points="{points}" style="stroke:{color}"/>')
    last = None
    for begin, _, label in requests:
        if label != last:
            out.append(f'<text x="{x(begin):.1f}" y="{top + PANEL + 14}" class="axis">{label}</text>')
        last = label
    return out


def picture(runs, title):
    names = list(dict.fromkeys(run["server"] for run in runs))
    lines = [line_up([run for run in runs if run["server"] == name and run["round"] == 0]) for name in names]
    span = max(line[2] for line in lines)
    height = TOP + len(names) * (PANEL + GAP)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<style>text{fill:#222;font-size:12px}.title{font-size:15px;font-weight:bold}.name{font-weight:bold;font-size:13px}.axis{fill:#555;font-size:11px}"
        ".grid{stroke:#ccc;stroke-width:.6}.request{fill:#e9edf5}polyline{fill:none;stroke-width:1}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="22" class="title">{title}</text>',
    ]
    for i, name in enumerate(names):
        out += panel(name, COLORS[i % len(COLORS)], lines[i], span, TOP + i * (PANEL + GAP))
    foot = f"time, {span:.0f} s in all; shaded: a request under way; each point the longest /health of its moment"
    out.append(f'<text x="{WIDTH - RIGHT}" y="{height - 12}" class="axis" text-anchor="end">{foot}</text>')
    return "\n".join([*out, "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--svg", required=True)
    parser.add_argument("--title", default="GET /health while long requests are answered")
    parser.add_argument("measured")
    options = parser.parse_args()
    runs = json.loads(Path(options.measured).read_text())
    table(runs)
    Path(options.svg).write_text(picture(runs, options.title))


if __name__ == "__main__":
    main()
