#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is kept from a checker's eyes says why: clang-tidy's checks, and single lines of the sources."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402
from tap import main, test  # noqa: E402

# What a source says to a checker, and the reason that has to stand behind it.
SILENCED = re.compile(r"(NOLINT\w*(?:\([^)]*\))?|cppcheck-suppress\s+\S+)(.*)")


def tidy_faults(root):
    """Each check that .clang-tidy leaves out is named by a comment, in which there is more than it."""
    text = tree.read(root, ".clang-tidy")
    comments = " ".join(line for line in text.splitlines() if line.startswith("#"))
    return [f".clang-tidy: -{name} has no comment that says why"
            for name in re.findall(r"^\s+-([\w.*-]+),?$", text, re.M)
            if not re.search(r"[\s,]" + re.escape(name) + r"[\s,:]", comments + " ")]


def line_faults(root):
    """A line that a checker is to leave alone says why: `NOLINT(check): reason`."""
    return [f"{path}:{number}: {found[1]} gives no reason"
            for path in tree.c_files(root)
            for number, line in enumerate(tree.read(root, path).splitlines(), 1)
            for found in [SILENCED.search(line)]
            if found and not re.search(r"[a-z]{3}", found[2].replace("*/", ""))]


@test
def _():
    "each check that clang-tidy leaves out has its reason in .clang-tidy"
    tree.no_faults(tidy_faults(tree.SRC))
    with tree.bad_tree({".clang-tidy": "# cert-a: why\nChecks: >\n  -*,cert-*,\n  -cert-a,\n  -cert-b\n"}) as root:
        tree.only_fault(tidy_faults(root), "cert-b")


@test
def _():
    "each line that a checker is to leave alone says why"
    tree.no_faults(line_faults(tree.SRC))
    with tree.bad_tree({"src/a.c": "/* NOLINTNEXTLINE(cert-a): the kernel's */\n/* NOLINT(cert-b) */\n"}) as root:
        tree.only_fault(line_faults(root), "src/a.c:2", "cert-b")


main()
