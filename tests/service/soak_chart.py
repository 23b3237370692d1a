"""The picture of a soak: memory of the sidecars and of clients that lived through it, and the latency of each minute.

usage: soak_chart.py DIR writes DIR/soak.svg from DIR/soak.csv and DIR/soak-latency.csv. Colours follow the reader's light or dark scheme.
"""

import csv
import math
import sys
from pathlib import Path

WIDTH, LEFT, RIGHT, PANEL, GAP, TOP = 860, 58, 130, 210, 74, 50
STYLE = """text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:15px;font-weight:600}.g{stroke:#d0d7de;stroke-width:.6}.m{fill:#57606a;font-size:11px}
path{fill:none}.l{stroke-width:1.3;stroke-linejoin:round}.d{stroke-dasharray:4 3}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.g{stroke:#30363d}.m{fill:#9da7b1}}"""
MEMORY = (("steady", "sidecar, never killed", "#cf222e"), ("killed", "sidecar, killed", "#d97706"), ("c", "client in C", "#0891b2"),
          ("python", "client in Python", "#7c3aed"), ("go", "client in Go", "#059669"))
LATENCY = (("steady_p99", "never killed, p99", "#cf222e", ""), ("killed_p99", "killed, p99", "#d97706", ""),
           ("steady_p50", "never killed, p50", "#cf222e", " d"), ("killed_p50", "killed, p50", "#d97706", " d"))


def read(path):
    """{column: [(seconds, value)]}"""
    out = {}
    with open(path, encoding="ascii", newline="") as file:
        for row in csv.DictReader(file):
            time = float(row["second"])
            for name, value in row.items():
                if value:
                    out.setdefault(name, []).append((time, float(value)))
    return out


def thinned(points, n=400):
    """At most about n points, each the median of its neighbours'."""
    step = max(1, len(points) // n)
    parts = [points[i : i + step] for i in range(0, len(points), step)]
    return [(part[len(part) // 2][0], sorted(value for _, value in part)[len(part) // 2]) for part in parts]


def line(points, x, y, colour, more=""):
    return f'<path class="l{more}" stroke="{colour}" d="M' + "L".join(f"{x(t):.1f} {y(v):.1f}" for t, v in points) + '"/>'


def labels(names, x):
    """Labels at the right end; names: [(wanted y, text, colour)], moved apart where they would touch."""
    out, last = [], -99.0
    for wanted, text, colour in sorted(names):
        last = max(wanted, last + 13)
        out.append(f'<text x="{x + 6}" y="{last + 4:.0f}" style="fill:{colour};font-size:11px">{text}</text>')
    return out


def grid(ticks, y, name):
    return [f'<path class="g" d="M{LEFT} {y(v):.1f}H{WIDTH - RIGHT}"/><text class="m" x="{LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{name(v)}</text>'
            for v in ticks]


def milliseconds(value):
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms"


def times(last, x, bottom):
    step = next(s for s in (5, 10, 30, 60, 300, 600, 1200, 1800, 3600) if last / s <= 8)
    unit, per = ("min", 60) if step >= 60 else ("s", 1)
    return [f'<text class="m" x="{x(t):.0f}" y="{bottom + 16}" text-anchor="middle">{t // per} {unit}</text>' for t in range(0, int(last) + 1, step)]


def memory_panel(columns, x, top):
    series = [(name, label, colour, thinned(columns[name + "_mb"])) for name, label, colour in MEMORY if name + "_mb" in columns]
    most = max(value for *_, points in series for _, value in points) * 1.05
    y = lambda mb: top + PANEL - mb / most * PANEL  # noqa: E731
    step = next(s for s in (5, 10, 20, 50, 100, 200, 500, 1000) if most / s <= 6)
    ends = [(y(points[-1][1]), label, colour) for _, label, colour, points in series]
    return grid(range(0, int(most) + 1, step), y, "{} MB".format) + [line(points, x, y, colour) for _, _, colour, points in series] + labels(ends, WIDTH - RIGHT)


def latency_panel(columns, x, top):
    series = [(label, colour, more, columns[name]) for name, label, colour, more in LATENCY if name in columns]
    values = [value for *_, points in series for _, value in points]
    low, high = math.floor(math.log10(max(min(values), 0.01))), math.ceil(math.log10(max(values)))
    y = lambda ms: top + PANEL - (math.log10(max(ms, 10**low)) - low) / max(high - low, 1) * PANEL  # noqa: E731
    ends = [(y(points[-1][1]), label, colour) for label, colour, _, points in series]
    return grid([10**e for e in range(low, high + 1)], y, milliseconds) + [line(points, x, y, colour, more) for _, colour, more, points in series
                                                                if len(points) > 1] + labels(ends, WIDTH - RIGHT)


def svg(columns, latencies):
    last = max(points[-1][0] for points in columns.values())
    x = lambda t: LEFT + t / last * (WIDTH - LEFT - RIGHT)  # noqa: E731
    second = TOP + PANEL + GAP
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {second + PANEL + 30}" role="img">', f"<style>{STYLE}</style>",
           f'<text class="t" x="{LEFT}" y="26">Resident memory during the soak</text>', *memory_panel(columns, x, TOP), *times(last, x, TOP + PANEL)]
    if latencies:
        out += [f'<text class="t" x="{LEFT}" y="{second - 18}">Latency of each minute, requests of 10 B to 10 MB together</text>',
                *latency_panel(latencies, x, second), *times(last, x, second + PANEL)]
    return "\n".join([*out, "</svg>"]) + "\n"


def draw(directory):
    latency = Path(directory, "soak-latency.csv")
    Path(directory, "soak.svg").write_text(svg(read(Path(directory, "soak.csv")), read(latency) if latency.exists() else {}), encoding="utf-8")


if __name__ == "__main__":
    draw(sys.argv[1])
