#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What the tests have reached of the program: lines and branches, whole and for each room.

    coverage.py BUILD              the table beside tests/coverage/floor, and each line that was not
                                   reached of the rooms where every line is to be
    coverage.py BUILD PATH...      of these files or folders the lines that were not reached, and those
                                   with a condition that went one way only
    coverage.py BUILD --floor      the table; ends with 1 where a figure is below the floor

BUILD was built by clang with counters (check_sanitizers in tools/checks.sh), and has them in the folder
counters/.  They are mapped into memory, so a process that is killed has counted too.  A line is one
that clang has a counter for; a branch is one side of one condition.
"""
import collections
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import environment  # noqa: E402,F401  (nothing of this machine gets in)

SRC = os.path.abspath(os.environ.get("ORDERSNAP_SRC") or os.path.join(HERE, "..", ".."))
FLOOR = "tests/coverage/floor"
# Where money is decided: every line is to be reached.
EVERY_LINE = ("src/shop", "src/record", "src/stripe/signature.c")
# By so much the figures of two runs may differ: what is reached by chance, who comes first.
SLACK = 0.2
# The floor's figures are of Debian 12's clang.  What is a branch is the compiler's to say: that of Debian 13
# comes to up to 0.5 less in a room, and to the same lines.
COMPILER = 0.5

# Lines: {number: count}.  Branches: {(line, which): count}.
File = collections.namedtuple("File", "lines branches")


def run(*command):
    """A command's output; its end with an error is ours."""
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        sys.exit(f"error: {command[0]} ends with {done.returncode}")
    return done.stdout.decode()


def programs(build):
    """All that is linked of the library stands in one of these."""
    return [os.path.join(build, "ordersnap"), *sorted(glob.glob(os.path.join(glob.escape(build), "cgi-bin", "*.fcgi")))]


def own_path(path):
    """A source's path from the folder of sources; None for what is not ours."""
    path = os.path.normpath(path).replace(os.sep, "/")
    found = re.search(r"(?:^|/)((?:src|cgi-bin)/(?:[a-z0-9_]+/)?[a-z0-9_-]+\.[ch])$", path)
    return found and os.path.exists(os.path.join(SRC, found[1])) and found[1]


def read_lcov(text):
    """{path: File} of a report in lcov's form: SF a file, DA a line, BRDA a branch."""
    files, now = {}, None
    for line in text.splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            path = own_path(rest)
            now = files.setdefault(path, File({}, {})) if path else None
        elif now and kind == "DA":
            number, count = map(int, rest.split(",")[:2])
            now.lines[number] = now.lines.get(number, 0) + count
        elif now and kind == "BRDA":
            number, block, which, count = rest.split(",")
            key = (int(number), block, which)
            now.branches[key] = now.branches.get(key, 0) + (0 if count == "-" else int(count))
    return files


def measured(build):
    """{path: File} of all that the processes of this build have counted."""
    counters = glob.glob(os.path.join(glob.escape(build), "counters", "*.profraw"))
    if not counters:
        sys.exit(f"error: {build}/counters has no counts: `./dev coverage` runs the tests that count")
    whole = os.path.join(build, "counters", "all.profdata")
    run("llvm-profdata", "merge", "-sparse", "-o", whole, *counters)
    first, *others = programs(build)
    return read_lcov(run("llvm-cov", "export", "-format=lcov", f"-instr-profile={whole}", first,
                         *(part for path in others for part in ("-object", path))))


def within(path, place):
    return path == place or path.startswith(place.rstrip("/") + "/")


def percent(counts):
    """Of some counts, how many are not zero; rounded down, so 100 is all of them."""
    counts = list(counts)
    return int(1000 * sum(map(bool, counts)) / len(counts)) / 10 if counts else 100.0


def figures(files, place=""):
    """(lines, branches) of a folder or file, in percent."""
    chosen = [file for path, file in files.items() if not place or within(path, place)]
    return (percent(count for file in chosen for count in file.lines.values()),
            percent(count for file in chosen for count in file.branches.values()))


def places(files):
    """The whole and each room, as the table has them."""
    return ["whole", *sorted({os.path.dirname(path) for path in files} | set(EVERY_LINE))]


def table(files):
    """{place: (lines, branches)}"""
    return {place: figures(files, "" if place == "whole" else place) for place in places(files)}


def runs(numbers):
    """[1, 2, 3, 7] as "1-3 7"."""
    text, numbers = [], sorted(numbers)
    for number in numbers:
        if text and text[-1][1] == number - 1:
            text[-1][1] = number
        else:
            text.append([number, number])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in text)


def print_missing(files, chosen, branches=False):
    """The lines of these files and folders that were not reached, and those with a condition that was
    reached and went one way only."""
    for path in sorted(files):
        if not any(within(path, place) for place in chosen):
            continue
        missing = {number for number, count in files[path].lines.items() if not count}
        one_way = {key[0] for key, count in files[path].branches.items() if not count} - missing
        if missing:
            print(f"  {path}: {len(missing)} not reached: {runs(missing)}")
        if branches and one_way:
            print(f"  {path}: one way only: {runs(one_way)}")


def read_floor(text):
    """{place: (lines, branches)} of the file."""
    rows = (line.split() for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {place: (float(lines), float(branches)) for place, lines, branches in rows}


def below_floor(floor, got):
    """Whatever is less than the floor, as sentences."""
    for place, wanted in floor.items():
        for what, less, want, has in zip(("lines", "branches"), (0, COMPILER), wanted,
                                         got.get(place, (0.0, 0.0))):
            if has < want - less:
                yield f"error: the tests reach {has} % of the {what} of {place}, and {FLOOR} wants {want}"


def above_floor(floor, got):
    """What the floor can be raised to, as its lines."""
    for place, wanted in floor.items():
        if any(has >= want + 2 * SLACK or (has == 100.0 > want) for want, has in zip(wanted, got[place])):
            yield row(place, *(max(want, has if has == 100.0 else round(has - SLACK, 1))
                               for want, has in zip(wanted, got[place])))


def row(place, lines, branches, floor=()):
    return f"{place:<26}{lines:>7.1f} {branches:>9.1f}" + "".join(f"{share:>9.1f}" for share in floor)


def print_table(got, floor):
    print(f"{'% that the tests reach of':<26}{'lines':>7} {'branches':>9}    at least")
    for place, shares in got.items():
        print(row(place, *shares, floor.get(place, ())))


def main(build, *chosen):
    files = measured(os.path.abspath(build))
    if chosen and chosen != ("--floor",):
        print_missing(files, [place.rstrip("/") for place in chosen], branches=True)
        return 0

    # The table, and what is missing where nothing may be.
    got = table(files)
    with open(os.path.join(SRC, FLOOR), encoding="utf-8") as f:
        floor = read_floor(f.read())
    print_table(got, floor)
    print_missing(files, EVERY_LINE)

    # What fell; else what may rise.
    faults = list(below_floor(floor, got))
    higher = [] if faults else list(above_floor(floor, got))
    if higher:
        print(f"{FLOOR} can be raised to", *higher, sep="\n")
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults and chosen else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
