#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What is printed for a person goes through base/output.h, which cleans it: a terminal obeys what a
buyer has written."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
from tap import main, test  # noqa: E402

HOME = "src/base/output.c"

# What prints otherwise, and why it may.
ALLOWED = {
    ("src/cli/csv.c", "fprintf(csv->to"): "each cell was cleaned, and a row has lines",
    ("src/cli/csv.c", "fputs(\"\\xEF\\xBB\\xBF\""): "the byte order mark",
    ("src/cli/command.c", "fputs(command->arguments"): "ours, of several lines",
    ("src/cli/main.c", "fputs(command->arguments"): "ours, of several lines",
    ("src/cli/main.c", "fputs(command->help"): "ours, of several lines",
    ("src/cli/complete.c", "fputs(options->values"): "ours, for a shell",
    ("src/cli/progress.c", "fwrite(line"): "a line of the log, which is clean",
}

PRINTS = re.compile(r"(?<![\w.>])(v?f?printf|v?dprintf|puts|fputs|fwrite|perror|psignal)\s*\(([^;]*)")
# A text that stands in the source, or one of several that do.
LITERAL = re.compile(r'^\s*([\w>.\-!=& ()]+\?\s*)?"')


def output_faults(root):
    """Whoever prints past base/output.h: in the command, the programs and all rooms."""
    found = []
    for name in tree.files(root):
        if not re.match(r"(src|cgi-bin)/.*\.c$", name) or name == HOME:
            continue
        for number, line in enumerate(tree.read(root, name).splitlines(), 1):
            code = line.split("/*")[0]
            for call, rest in PRINTS.findall(code):
                if call in ("puts", "fputs") and LITERAL.match(rest):
                    continue
                if any(file == name and how.split("(", 1)[0] == call and rest.startswith(how.split("(", 1)[1])
                       for file, how in ALLOWED):
                    continue
                if call in ("fprintf", "printf") and re.match(r'(\w+, )?"[^"%]*"\s*\)', rest):
                    continue
                found.append(f"{name}:{number}: {call}() prints past base/output.h")
    return found


@test
def _():
    "no program and no command prints a text that base/output.h has not cleaned"
    tree.no_faults(output_faults(tree.SRC))


@test
def _():
    "a text that is printed past it is found, and a fixed one is not"
    with tree.bad_tree({"src/cli/x.c": 'void x(const char *t)\n{\n\tprintf("%s", t);\n\tputs(t);\n'
                                     '\tputs("fixed");\n\tfputs(t ? "a" : "b", stdout);\n}\n'}) as root:
        found = output_faults(root)
    assert len(found) == 2, found


main()
