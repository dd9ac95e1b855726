#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Puts the figures of a run into doc/speed.md and draws its plots.

usage: page.py FIGURES.json

FIGURES.json is what `./dev bench --json FIGURES.json` wrote.  Between the two marks of doc/speed.md stand
the ratios and then each case; the plots, doc/speed-*.svg, are drawn by gnuplot.
"""
import json
import math
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DOC = os.path.join(HERE, "..", "..", "doc")
MARKS = "<!-- figures -->\n", "<!-- end of figures -->\n"
sys.dont_write_bytecode = True
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]

import bench  # noqa: E402
import environment  # noqa: E402,F401

COLUMNS = (("cpu", "CPU ms", ".3f"), ("rate", "a second", ".0f"), ("p50", "p50 ms", ".2f"),
           ("p99", "p99 ms", ".2f"), ("idle", "MB idle", ".1f"), ("loaded", "MB loaded", ".1f"),
           ("start", "start ms", ".0f"))
PLOTS = (  # file, title, figure, what it is called, (case, its name in the plot)
    ("speed-cpu", "Processor time of a request", "cpu", "ms",
     (("new, at once, 16", "new event,\\nstore at once"), ("new, DynamoDB Local, 16", "new event,\\nDynamoDB Local"),
      ("duplicate, DynamoDB Local, 16", "duplicate,\\nDynamoDB Local"), ("bad signature, 16", "bad\\nsignature"))),
    ("speed-memory", "Memory (PSS) when loaded", "loaded", "MB",
     (("new, at once, 8", "8 in flight"), ("new, at once, 16", "16 in flight"),
      ("new, at once over TLS, 32", "32 in flight,\\nover TLS"),
      ("new, at once, 64, Stripe at 100 ms", "64 in flight,\\nStripe at 100 ms"))))
CONTESTANTS = ("ordersnap", "go", "node")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def ratios(figures):
    rows = []
    for what, beside, ratio, limit in bench.ratios(figures):
        side = "at least" if limit < 0 else "at most"
        rows.append((what, beside, f"{ratio:.2f}", f"{side} {abs(limit):.2f}",
                     "no" if bench.missed(ratio, limit) else "yes"))
    return table(("ordersnap", "beside", "ratio", "aim", "reached"), rows)


def case(name, contestants):
    text = f"\n### {name[0].upper() + name[1:]}\n\n"
    rows = [(kind, *(format(r[key], form) for key, _, form in COLUMNS),
             ", ".join(f"{n:g} {what.replace('_', ' ')}" for what, n in r["calls"].items()) or "none")
            for kind, r in contestants.items() if isinstance(r, dict)]
    text += table(("", *(title for _, title, _ in COLUMNS), "calls of a request"), rows)
    if "commits" in contestants:
        text += f"\nOne-row commits of a bare C program: {contestants['commits']:.0f} a second.\n"
    return text


def alone(figures):
    text = ""
    if "refused in plain CGI" in figures:
        r = figures["refused in plain CGI"]
        text += (f"\n### Refused in plain CGI\n\nA process of ordersnap {r['ordersnap']:.2f} ms of a processor, "
                 f"an empty program with the same libraries {r['empty']:.2f} ms.\n")
    if "reconciled" in figures:
        text += "\n### Reconciled, SQLite\n\n" + table(
            ("sessions", "Stripe's ms a page", "seconds", "CPU ms each", "MB", "calls of Stripe", "calls of the store"),
            [(f"{r['sessions']:,}", str(r["delay"]), f"{r['seconds']:.1f}", f"{r['cpu'] / r['sessions'] * 1e3:.3f}",
              f"{r['mb']:.0f}", f"{r['stripe']:,}", f"{r['reads']:,}") for r in figures["reconciled"].values()])
    return text


def draw(figures, plot):
    """One plot: groups of bars, a group a case, a bar a contestant."""
    name, title, figure, unit, cases = plot
    cases = [(c, label) for c, label in cases if c in figures]
    rows = [["case", *CONTESTANTS]]
    for c, label in cases:
        rows.append([f'"{label}"', *(str(figures[c].get(k, {}).get(figure, "NaN")) for k in CONTESTANTS)])
    data = "\n".join(" ".join(row) for row in rows)
    values = [r[figure] for c, _ in cases for k, r in figures[c].items() if k in CONTESTANTS]
    low = 10 ** math.floor(math.log10(min(values) / 2))
    path = os.path.join(DOC, name + ".svg")
    script = f"""$figures << END
{data}
END
set terminal svg size 760,420 dynamic background rgb "white" font "sans-serif,13"
set title "{title}, {unit}, logarithmic"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set logscale y
set grid ytics
set key top left
set yrange [{low:g}:{max(values) * 3:g}]
set bmargin 3.5
plot for [i=2:{len(CONTESTANTS) + 1}] $figures using i:xtic(1) title columnheader(i), \\
     for [i=2:{len(CONTESTANTS) + 1}] $figures using ($0 - 1 + (i - 3) * 0.25):i:(sprintf("%.3g", column(i))) \\
         with labels offset 0,0.6 font ",10" notitle
"""
    drawn = subprocess.run(["gnuplot"], input=script, stdout=subprocess.PIPE, text=True, check=True).stdout
    with open(path, "w", encoding="utf-8") as f:
        f.writelines(line.rstrip() + "\n" for line in drawn.splitlines())


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        figures = json.load(f)
    machine = figures.pop("machine")
    text = (f"{machine['date']}, {machine['processors']} × {machine['model']}, {machine['system']}, "
            f"Linux {machine['linux']}; medians of {machine['rounds']} rounds of {machine['events']} events.\n\n")
    text += ratios(figures)
    text += "".join(case(name, contestants) for name, contestants in figures.items()
                    if isinstance(contestants.get("ordersnap"), dict)) + alone(figures)
    page = os.path.join(DOC, "speed.md")
    with open(page, encoding="utf-8") as f:
        old = f.read()
    new, found = re.subn(re.escape(MARKS[0]) + ".*" + re.escape(MARKS[1]),
                         lambda _: MARKS[0] + "\n" + text + "\n" + MARKS[1], old, flags=re.DOTALL)
    if not found:
        sys.exit(f"page: {page} has no marks")
    with open(page, "w", encoding="utf-8") as f:
        f.write(new)
    for plot in PLOTS:
        draw(figures, plot)


if __name__ == "__main__":
    main()
