#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""tests/coverage/floor only rises: no figure of it is below what it was in any commit before."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "coverage"))

import coverage  # noqa: E402
import tree  # noqa: E402
from tap import main, skip, test  # noqa: E402

WHAT = ("lines", "branches")


def git(root, *arguments):
    """What git says of the tree; None where it is no work tree of git's, or git does not read it."""
    if not tree.exists(root, ".git"):
        return None
    try:
        return subprocess.run(["git", "-C", root, *arguments], capture_output=True, check=True).stdout.decode()
    except (OSError, subprocess.CalledProcessError):
        return None


def highest(texts):
    """{place: (lines, branches)}: the most that any of these texts of the floor wanted."""
    most = {}
    for text in texts:
        for place, shares in coverage.read_floor(text).items():
            most[place] = tuple(map(max, shares, most.get(place, shares)))
    return most


def past_floors(root):
    """The floor's text in each commit that changed it; None where there is no history."""
    commits = git(root, "log", "--format=%H", "--", coverage.FLOOR)
    return commits and [git(root, "show", f"{commit}:{coverage.FLOOR}") or "" for commit in commits.split()]


def fallen(root):
    """Whatever the floor once wanted and no longer wants.  A room that is gone takes its figures with it."""
    now = coverage.read_floor(tree.read(root, coverage.FLOOR))
    return [f"{coverage.FLOOR}: {place} is to have {has} % of its {what}, and once was to have {want}"
            for place, wanted in highest(past_floors(root) or ()).items()
            if place == "whole" or tree.exists(root, place)
            for what, want, has in zip(WHAT, wanted, now.get(place, (0.0, 0.0))) if has < want]


def rooms(root):
    """The folders with sources, as the table has them."""
    return {os.path.dirname(path) for path in tree.c_files(root) if path.endswith(".c")}


def missing(root):
    """A room without a figure."""
    now = coverage.read_floor(tree.read(root, coverage.FLOOR))
    return [f"{coverage.FLOOR} has no line for {place}"
            for place in sorted({"whole", *rooms(root), *coverage.EVERY_LINE} - set(now))]


def commit_floor(root, *lines):
    """The floor with these lines, committed."""
    with open(os.path.join(root, coverage.FLOOR), "w", encoding="utf-8") as f:
        f.writelines(line + "\n" for line in lines)
    git(root, "add", "-A")
    git(root, "-c", "user.name=a", "-c", "user.email=a@b.example", "commit", "-q", "-m", "floor")


@test
def _():
    "no figure of the coverage's floor is below what it was in an earlier commit"
    if not past_floors(tree.SRC):
        skip("there is no git history here")
    tree.no_faults(fallen(tree.SRC))


@test
def _():
    "a floor that is lowered, or loses a line, is found; one that rises, or whose room is gone, is not"
    with tree.bad_tree({"tests/coverage/floor": "", "src/a/a.c": "", "src/b/b.c": ""}) as root:
        if git_missing(root):
            skip("there is no git")
        commit_floor(root, "whole 80 70", "src/a 90.5 60", "src/b 50 40", "src/gone 99 99")
        commit_floor(root, "whole 81 70", "src/a 90.5 61", "src/b 50 40")
        tree.no_faults(fallen(root))
        commit_floor(root, "whole 81 70", "src/a 90.4 61", "src/b 50 40")
        tree.only_fault(fallen(root), "src/a", "90.4 % of its lines", "90.5")
        commit_floor(root, "whole 81 70", "src/a 90.5 61")
        found = fallen(root)
        tree.only_fault(found[:1], "src/b", "lines")
        tree.only_fault(found[1:], "src/b", "branches")


def git_missing(root):
    try:
        return subprocess.run(["git", "init", "-q", root], capture_output=True, check=False).returncode != 0
    except OSError:
        return True


@test
def _():
    "the whole and each room have a figure in the floor"
    tree.no_faults(missing(tree.SRC))
    floor = "".join(f"{place} 1 1\n" for place in ("whole", *coverage.EVERY_LINE))
    with tree.bad_tree({"tests/coverage/floor": floor, "src/shop/a.c": "", "src/b/b.c": ""}) as root:
        tree.only_fault(missing(root), "src/b")


@test
def _():
    "a figure below the floor is said with its place, and one that can rise keeps its slack"
    floor = {"whole": (90.0, 80.0), "src/a": (99.0, 50.0), "src/gone": (1.0, 0.0)}
    found = list(coverage.below_floor(floor, {"whole": (89.9, 80.0), "src/a": (99.0, 50.0)}))
    tree.only_fault(found[:1], "89.9 % of the lines of whole", "90.0")
    tree.only_fault(found[1:], "src/gone", "0.0 %")
    tree.no_faults(list(coverage.below_floor(floor, {**floor, "src/a": (99.0, 49.5)})))
    tree.only_fault(list(coverage.below_floor(floor, {**floor, "src/a": (99.0, 49.4)})), "branches of src/a")
    tree.only_fault(list(coverage.above_floor({"src/a": (99.0, 50.0)}, {"src/a": (100.0, 50.3)})), "100.0", "50.1")


main()
