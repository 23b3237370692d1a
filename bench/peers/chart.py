"""The chart of a result: speeds at first sight of 100 KB texts, one row a class, one dot an engine, on a logarithmic scale.

usage: chart.py RESULT.JSON KIND prints the SVG. Colours follow the reader's light or dark scheme.
"""

import json
import math
import sys

WIDTH, LEFT, RIGHT, TOP, ROW = 860, 150, 24, 74, 26
COLOURS = {"gigatoken": "#d97706", "fastokens": "#059669", "quicktok": "#7c3aed", "tokenizers": "#0891b2", "tokenizers rc": "#64748b",
           "tiktoken": "#be185d", "splintr": "#65a30d", "sentencepiece": "#9333ea", "mistral-common": "#78716c"}
STYLE = """text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:15px;font-weight:600}.g{stroke:#d0d7de}.s{fill:#cf222e}
.m{fill:#57606a;font-size:11px}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.g{stroke:#30363d}.s{fill:#ff7b72}.m{fill:#9da7b1}}"""


def scale(low, high):
    """A speed's place, left to right."""
    span = math.log(high / low)
    return lambda speed: LEFT + (WIDTH - LEFT - RIGHT) * math.log(max(speed, low) / low) / span


def ticks(low, high):
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [value for decade in decades for value in (10**decade, 3 * 10**decade) if low <= value <= high]


def legend(names, exact):
    out, x = [], 16
    for name in names:
        mark = 'class="s"' if name == "sidetok" else f'fill="{COLOURS[name]}"'
        label = name if exact[name] else name + " *"
        out.append(f'<circle cx="{x:.0f}" cy="46" r="5" {mark}/><text x="{x + 9:.0f}" y="50">{label}</text>')
        x += 20 + 6.8 * len(label)
    return out


def svg(result, kind, size="100k", key="fresh"):
    found = result["tokenizers"][kind]
    rows = found["rows"][size]
    names = [name for name in found["exact"] if any(name in row for row in rows.values())]
    speeds = [row[name][key] for row in rows.values() for name in row]
    low, high = min(speeds) / 1.2, max(speeds) * 1.2
    place, bottom = scale(low, high), TOP + ROW * len(rows)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 48}" role="img">', f"<style>{STYLE}</style>",
           f'<text class="t" x="{LEFT}" y="24">{kind}: MB/s at first sight, 100 KB texts, one core</text>', *legend(names, found["exact"])]
    for value in ticks(low, high):
        x = place(value)
        out.append(f'<path class="g" d="M{x:.0f} {TOP - 8}V{bottom}"/><text class="m" x="{x:.0f}" y="{bottom + 16}" '
                   f'text-anchor="middle">{value:g}</text>')
    for i, (text_class, row) in enumerate(rows.items()):
        y = TOP + ROW * i + 9
        out.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{text_class}</text>')
        for name in sorted(row, key=lambda name: name == "sidetok"):
            mark = 'r="7" class="s"' if name == "sidetok" else f'r="4.5" fill="{COLOURS[name]}"'
            out.append(f'<circle cx="{place(row[name][key]):.0f}" cy="{y}" {mark}><title>{name} {row[name][key]:g}</title></circle>')
    note = "* ids differ from mistral_common's on some text" if not all(found["exact"][name] for name in names) else ""
    out.append(f'<text class="m" x="{LEFT}" y="{bottom + 36}">{note}</text></svg>')
    return "\n".join(out) + "\n"


if __name__ == "__main__":
    print(svg(json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2]))
