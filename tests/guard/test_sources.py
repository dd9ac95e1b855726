#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How a source file looks: built, licensed, introduced, short, as .editorconfig says, and without the
functions that cut strings, lose errors or can't be bounded."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
from tap import equal, main, skip, test  # noqa: E402

MAX_FILE_LINES = 450
MAX_FUNCTION_LINES = 60  # between its braces
MAX_PARAMETERS = 5  # a variadic one's dots are none

SPDX = "SPDX-License-Identifier: ISC"
LICENSED = re.compile(r"(.*\.(c|h|py|sh|mjs|js|css|am|ac)|dev|\.ci/run|tests/stripe-sim)$")
MADE_ELSEWHERE = re.compile(r"m4/|tests/.*/(data|fixtures|corpus)/")

BANNED = {
    "FCGX_FPrintF": "it cuts the answer at %zu: format into a buffer, FCGX_PutStr",
    "sprintf": "it has no bound: snprintf or buf_printf",
    "vsprintf": "it has no bound: vsnprintf or buf_printf",
    "strcpy": "it has no bound: struct buf or str_dup",
    "stpcpy": "it has no bound: struct buf or str_dup",
    "strcat": "it has no bound: struct buf",
    "strncpy": "it leaves strings open: struct buf",
    "strtok": "it has hidden state: span_next",
    "gets": "it has no bound",
    "atoi": "it can't tell 0 from nonsense: span_to_int64",
    "atol": "it can't tell 0 from nonsense: span_to_int64",
    "atoll": "it can't tell 0 from nonsense: span_to_int64",
    "atof": "money is no floating point number: int64_t",
    "strtod": "money is no floating point number: int64_t",
    "system": "a program behind a web server starts no shell",
    "popen": "a program behind a web server starts no shell",
}
BANNED_CALL = re.compile(r"\b(" + "|".join(BANNED) + r")\s*\(")


def makefile_text(root):
    """Makefile.am with its fragments."""
    paths = [p for p in tree.files(root) if p == "Makefile.am" or p.endswith(".am")]
    return "\n".join(tree.read(root, p) for p in paths)


def build_faults(root):
    """A source that is not built, or one that is named and not there."""
    text = re.sub(r"#[^\n]*", "", makefile_text(root))
    named = set(re.findall(r"(?<![\w/.-])(?:src|cgi-bin)/[\w./-]+\.[ch](?![\w.])", text))
    have = set(tree.c_files(root))
    return ([f"{p}: not in Makefile.am" for p in sorted(have - named)] +
            [f"Makefile.am: names {p}, which is not there" for p in sorted(named - have)])


# Folders that Makefile.am names as a whole, or configure.ac does for it.
WHOLE_FOLDERS = re.compile(r"(m4|tests/fuzz/corpus|tests/fuzz/dict)/")


def stray_faults(root, paths):
    """Those of the paths that no tarball would have: what a program left behind and nobody meant to keep."""
    named = set(re.findall(r"[\w./@+-]+", re.sub(r"#[^\n]*", "", makefile_text(root))))
    named |= {"Makefile.am", "configure.ac"}  # automake's own
    return [f"{p}: Makefile.am does not name it" for p in paths
            if p not in named and re.sub(r"\.c$", "", p) not in named and not WHOLE_FOLDERS.match(p)]


def head_faults(root):
    """A file without a licence line, or C without a word on what it is."""
    found = []
    for path in tree.files(root):
        if not LICENSED.match(path) or MADE_ELSEWHERE.match(path):
            continue
        lines = tree.read(root, path).splitlines() + ["", "", ""]
        if not any(SPDX in line for line in lines[:2]):
            found.append(f"{path}: does not begin with '{SPDX}'")
        elif re.match(r"(src|cgi-bin)/.*\.[ch]$", path):
            if lines[0] != f"/* {SPDX} */":
                found.append(f"{path}: line 1 must be '/* {SPDX} */'")
            elif lines[1] != "/*" or not re.match(r" \* \S", lines[2]):
                found.append(f"{path}: line 2 must begin a paragraph on what the file is")
    return found


def functions(text):
    """(first line, last line, text of the line before) of each body that begins in column 0."""
    lines = tree.without_comments(text).splitlines()
    first = None
    for number, line in enumerate(lines, 1):
        if line.rstrip() == "{":
            first = number
        elif line.startswith("}") and first:
            yield first, number, lines[first - 2].strip() if first > 1 else ""
            first = None


def length_faults(root):
    """A file or a function that a reader must scroll through."""
    found = []
    for path in tree.c_files(root):
        text = tree.read(root, path)
        lines = text.count("\n")
        if lines > MAX_FILE_LINES:
            found.append(f"{path}: {lines} lines, more than {MAX_FILE_LINES}: split it")
        for first, last, name in functions(text):
            if last - first - 1 > MAX_FUNCTION_LINES:
                found.append(f"{path}:{first}: {last - first - 1} lines in '{name}', more than "
                             f"{MAX_FUNCTION_LINES}: split it")
    return found


# More parameters than five, and why.
MANY_PARAMETERS = {
    "the store's verbs, which the store's users know": {
        "src/store/store.c": ("store_get_many", "store_query", "store_scan", "store_write"),
        "src/store/store_dynamodb.c": ("get_many", "query", "scan", "write"),
        "src/store/store_sqlite.c": ("get_many", "query", "take_page", "scan", "write_all"),
        "src/store/dynamodb.c": ("dynamodb_get_batch", "dynamodb_scan"),
    },
    "Stripe's calls: the client, what is asked for in which words, how long, the answer, the error": {
        "src/stripe/api.c": ("stripe_prices_by_lookup_key", "stripe_session_create",
                             "stripe_session_with_sale"),
        "src/stripe/get.c": ("stripe_get_by_id",),
        "src/stripe/expand.c": ("stripe_get_expanded", "stripe_get_page_expanded"),
        "src/stripe/pages.c": ("stripe_get_page", "stripe_get_list", "stripe_pages_read_all"),
    },
    "an endpoint's work: the program, who asks, for what, how long, the answer, the error": {
        "src/orders/customer_order.c": ("customer_order", "customer_session_status"),
        "src/orders/customer_page.c": ("customer_page",),
        "src/checkout/checkout.c": ("checkout_create",),
    },
    "a message's place, its format and its arguments": {
        "src/base/log.c": ("log_format",),
    },
}


def parameters(text):
    """(name, number of parameters) of each function that is defined."""
    text = tree.without_comments(text)
    for found in re.finditer(r"^\w[\w \t*]*?\b(\w+)\(((?:[^(){};]|\([^()]*\))*)\)\n\{", text, re.M):
        inner = re.sub(r"\([^()]*\)", "", found.group(2))
        yield found.group(1), len([p for p in inner.split(",") if p.strip() not in ("", "void", "...")])


def parameter_faults(root, exceptions=None):
    """A function that asks for more than a reader keeps in mind, and an exception that is none."""
    allowed = {(path, name) for paths in (exceptions or {}).values()
               for path, names in paths.items() for name in names}
    found = []
    for path in tree.c_files(root):
        for name, count in parameters(tree.read(root, path)):
            if count > MAX_PARAMETERS and (path, name) not in allowed:
                found.append(f"{path}: {name}() has {count} parameters, more than {MAX_PARAMETERS}: "
                             "put what belongs together into a struct")
            if count > MAX_PARAMETERS:
                allowed.discard((path, name))
    return found + [f"{path}: {name}() is an exception for nothing" for path, name in sorted(allowed)]


def editor_rules(root):
    """The sections of .editorconfig: (expression, {name: value}), the later ones over the earlier."""
    sections = []
    for line in map(str.strip, tree.read(root, ".editorconfig").splitlines()):
        if line.startswith("["):
            glob = line[1:-1]
            words = re.findall(r"\*\*|.", glob)
            expression = "".join({"**": ".*", "*": "[^/]*", "{": "(?:", "}": ")", ",": "|"}.get(w) or
                                 re.escape(w) for w in words)
            sections.append((re.compile(("" if "/" in glob else "(?:.*/)?") + expression + "$"), {}))
        elif "=" in line and not line.startswith("#") and sections:
            name, value = line.split("=", 1)
            sections[-1][1][name.strip()] = value.strip()
    return sections


def editor_faults(root):
    """A line that is longer, or begins or ends otherwise, than .editorconfig says; a tab is eight wide."""
    sections, found = editor_rules(root), []
    for path in tree.files(root):
        rules = {}
        for expression, values in sections:
            if expression.match(path):
                rules.update(values)
        text, longest = tree.read(root, path), rules.get("max_line_length", "off")
        for number, line in enumerate(text.split("\n"), 1):
            width, wrong = len(line.expandtabs(8)), []
            if re.match(r"(<{7}|>{7}) ", line):
                wrong.append("of a merge that was not resolved")
            if longest != "off" and width > int(longest):
                wrong.append(f"{width} columns, more than {longest}")
            if rules.get("trim_trailing_whitespace") == "true" and line != line.rstrip():
                wrong.append("ends in white space")
            if rules.get("indent_style") == "space" and line.startswith("\t"):
                wrong.append("begins with a tab")
            if rules.get("indent_style") == "tab" and line.startswith(" " * 8):
                wrong.append("begins with eight spaces")
            found += [f"{path}:{number}: {w}" for w in wrong]
        if rules.get("insert_final_newline") == "true" and text and not text.endswith("\n"):
            found.append(f"{path}: does not end with a newline")
    return found


def guard_faults(root):
    """A header whose guard is not named after its path."""
    found = []
    for path in tree.c_files(root):
        if not path.endswith(".h"):
            continue
        stem = path[len("src/"):] if path.startswith("src/") else path
        name = "ORDERSNAP_" + re.sub(r"\W", "_", stem).upper()
        text = tree.without_comments(tree.read(root, path))
        directives = re.findall(r"^#.*$", text, re.M)
        if directives[:2] != [f"#ifndef {name}", f"#define {name}"] or directives[-1] != "#endif":
            found.append(f"{path}: its guard must be {name}, around all of it")
    return found


def digest_faults(root):
    """A signature that is made and not compared by digest_equal(), and a digest_equal() that stops at
    the first byte that differs."""
    found = []
    for path in tree.c_files(root):
        text = tree.without_comments(tree.read(root, path))
        if path == "src/base/digest.c":
            if "CRYPTO_memcmp(" not in text or re.search(r"\b(?<!CRYPTO_)(memcmp|strn?cmp) *\(", text):
                found.append(f"{path}: bytes are compared by CRYPTO_memcmp() alone")
        elif path.startswith("src/") and path.endswith(".c") and "digest_hmac_hex(" in text and \
                "digest_equal(" not in text:
            found.append(f"{path}: what digest_hmac_hex() makes is compared by digest_equal()")
    return found


def order_faults(root):
    """A source whose own header is not the first that it quotes: then nothing shows that the header
    stands on its own."""
    found = []
    for path in tree.c_files(root):
        header = path[:-1] + "h"
        if not path.endswith(".c") or not tree.exists(root, header):
            continue
        text = tree.without_comments(tree.read(root, path))
        names = re.findall(r'^[ \t]*#[ \t]*include[ \t]*([<"][^>"]+[>"])', text, re.M)
        own = header[len("src/"):] if header.startswith("src/") else os.path.basename(header)
        if not names or names[0] != f'"{own}"':
            found.append(f'{path}: its first include must be "{own}"')
    return found


def call_faults(root):
    """A call of what is banned, with what to take instead."""
    found = []
    for path in tree.c_files(root):
        text = tree.without_strings(tree.without_comments(tree.read(root, path)))
        for number, line in enumerate(text.splitlines(), 1):
            for name in BANNED_CALL.findall(line):
                found.append(f"{path}:{number}: {name}(): {BANNED[name]}")
    return found


@test
def _():
    "every .c and .h is in Makefile.am, and all it names are there"
    tree.no_faults(build_faults(tree.SRC))


@test
def _():
    "every file that git has is in the tarball: nothing was committed by mistake"
    kept = tree.committed(tree.SRC)
    if kept is None:
        skip("git does not list these sources")
    tree.no_faults(stray_faults(tree.SRC, kept))


@test
def _():
    "every file says its licence, every C file what it is"
    tree.no_faults(head_faults(tree.SRC))


@test
def _():
    "no source has more than 450 lines, no function more than 60"
    tree.no_faults(length_faults(tree.SRC))


@test
def _():
    "no function has more than five parameters, but for those with a reason"
    tree.no_faults(parameter_faults(tree.SRC, MANY_PARAMETERS))


@test
def _():
    "every line is as .editorconfig says"
    tree.no_faults(editor_faults(tree.SRC))


@test
def _():
    "every header is guarded by a name made from its path"
    tree.no_faults(guard_faults(tree.SRC))


@test
def _():
    "every source includes its own header first"
    tree.no_faults(order_faults(tree.SRC))


@test
def _():
    "nobody calls a function that has no bound, hides errors or starts a shell"
    tree.no_faults(call_faults(tree.SRC))


@test
def _():
    "what a secret signs is compared in a time that tells nothing"
    tree.no_faults(digest_faults(tree.SRC))


@test
def _():
    "the function counter sees the tree: some hundreds of functions"
    count = sum(len(list(functions(tree.read(tree.SRC, p)))) for p in tree.c_files(tree.SRC))
    if count < 300:
        raise AssertionError(f"it sees {count}")


def only(check, contents, *words):
    with tree.bad_tree(contents) as root:
        tree.only_fault(check(root), *words)


def clean(check, contents):
    with tree.bad_tree(contents) as root:
        tree.no_faults(check(root))


@test
def _():
    "where there is no git the same files are seen, and none that was built"
    with tree.bad_tree({".gitignore": "*.o\n/build*/\n/tests/**/*.log\n/x\n!/src/keep.o\n.deps/\n",
                        "src/a.c": "", "src/a.o": "", "src/keep.o": "", "build/b.c": "", "x": "",
                        "src/x": "", "tests/t/u/v.log": "", "tests/v.log": "", "src/v.log": "",
                        "src/.deps/a.Po": "", "elsewhere/config.status": "", "elsewhere/c.c": "",
                        "src/build/b.c": "", ".git": "of another kind"}) as root:
        equal(tree.files(root), [".git", ".gitignore", "src/a.c", "src/build/b.c", "src/keep.o",
                                 "src/v.log", "src/x"])
    known = tree._git_files(tree.SRC)
    if known is None:
        skip("git does not list these sources")
    equal(sorted(tree._walked(tree.SRC)), tree.files(tree.SRC))


@test
def _():
    "a source that is not built and one that is gone are faults"
    only(build_faults, {"Makefile.am": "", "src/a/b.c": ""}, "src/a/b.c", "not in Makefile.am")
    only(build_faults, {"Makefile.am": "# src/a/b.c\n", "src/a/b.c": ""}, "not in Makefile.am")
    only(build_faults, {"Makefile.am": "x = src/a/b.h\n"}, "src/a/b.h", "not there")
    clean(build_faults, {"Makefile.am": "x = src/a/b.c\n", "src/a/b.c": ""})


@test
def _():
    "a file that a program left behind is a fault, at the top and in a folder"
    makefile = "bin = tests/unit/test_a # stray\nx = a/b.c tests\n"
    known = {"Makefile.am": makefile, "configure.ac": "", "a/b.c": "", "tests/unit/test_a.c": "",
             "m4/x.m4": "", "tests/fuzz/corpus/t/x": ""}
    with tree.bad_tree(known) as root:
        tree.no_faults(stray_faults(root, known))
        for left in ("stray", "stFfW1jG", "a/core", "tests/b.txt", "m5/x"):
            tree.only_fault(stray_faults(root, [*known, left]), left)


@test
def _():
    "a file without licence and a file without introduction are faults"
    licence = f"/* {SPDX} */\n"
    only(head_faults, {"src/a/b.c": "/*\n * What it is.\n */\n"}, "src/a/b.c", "does not begin")
    only(head_faults, {"tests/x.py": "print()\n"}, "tests/x.py", "does not begin")
    only(head_faults, {"src/a/b.c": licence + "#include <stdio.h>\n"}, "paragraph")
    only(head_faults, {"src/a/b.c": f"// {SPDX}\n/*\n * It.\n */\n"}, "line 1")
    clean(head_faults, {"src/a/b.c": licence + "/*\n * What it is.\n */\n"})


def function_of(lines):
    return "int f(void)\n{\n" + "\tx();\n" * lines + "}\n"


@test
def _():
    "a long file and a long function are faults"
    only(length_faults, {"src/a/b.c": "\n" * (MAX_FILE_LINES + 1)}, "451 lines")
    only(length_faults, {"src/a/b.c": "\n" + function_of(61)}, "src/a/b.c:3", "61 lines",
         "int f(void)")
    clean(length_faults, {"src/a/b.c": function_of(60) + "\n" + function_of(60)})


@test
def _():
    "six parameters are a fault, dots are none of them, and an exception has to be needed"
    six = "static int f(int a, int (*b)(int, int), int c,\n\t     int d, int e, int g)\n{\n}\n"
    only(parameter_faults, {"src/a/b.c": six}, "src/a/b.c", "f()", "6")
    clean(parameter_faults, {"src/a/b.c": six.replace("int g", "...") + "void g(void)\n{\n}\n"})
    allowed = {"why": {"src/a/b.c": ("f",)}}
    clean(lambda root: parameter_faults(root, allowed), {"src/a/b.c": six})
    only(lambda root: parameter_faults(root, allowed), {"src/a/b.c": "int f(int a)\n{\n}\n"}, "for nothing")


@test
def _():
    "a line that is too long, indented otherwise or ends in white space is a fault"
    rules = ("root = true\n[*]\nmax_line_length = 20\ntrim_trailing_whitespace = true\n"
             "insert_final_newline = true\n[*.{c,h}]\nindent_style = tab\n[{a,b}/**.py]\n"
             "indent_style = space\nmax_line_length = off\n[.editorconfig]\nmax_line_length = off\n")
    for name, text, word in (("x.c", "\t\tint x;\n", "22 columns"), ("x.c", "        int x;\n", "eight"),
                             ("x.c", "int x; \n", "white space"), ("x.c", "int x;", "newline"),
                             ("c.am", "<" * 7 + " HEAD\n", "a merge"), ("a/b/x.py", "\tx\n", "a tab"),
                             ("c/x.py", "x" * 21 + "\n", "21 columns")):
        only(editor_faults, {".editorconfig": rules, name: text}, name, word)
    clean(editor_faults, {".editorconfig": rules, "x.c": "\tint x;\n", "a/b/x.py": "x" * 21 + "\n"})


@test
def _():
    "a guard of another name, or one that does not reach to the end, is a fault"
    good = "#ifndef ORDERSNAP_A_B_H\n#define ORDERSNAP_A_B_H\nint x;\n#endif\n"
    clean(guard_faults, {"src/a/b.h": good})
    only(guard_faults, {"src/a/b.h": good.replace("A_B", "B")}, "ORDERSNAP_A_B_H")
    only(guard_faults, {"src/a/b.h": good + "#define LATE\n"}, "around all of it")
    only(guard_faults, {"src/a/b.h": "#pragma once\n"}, "ORDERSNAP_A_B_H")
    clean(guard_faults, {"cgi-bin/p.h": good.replace("A_B", "CGI_BIN_P")})


@test
def _():
    "another include before the own header is a fault"
    header = {"src/a/b.h": ""}
    only(order_faults, {**header, "src/a/b.c": '#include <stdio.h>\n#include "a/b.h"\n'}, "a/b.h")
    only(order_faults, {**header, "src/a/b.c": '#include "a/a.h"\n#include "a/b.h"\n'}, "a/b.h")
    only(order_faults, {**header, "src/a/b.c": ""}, "a/b.h")
    clean(order_faults, {**header, "src/a/b.c": '/* #include "x.h" */\n#include "a/b.h"\n'})
    clean(order_faults, {"src/a/b_more.c": '#include <stdio.h>\n#include "a/b.h"\n'})


@test
def _():
    "a banned call is a fault, its name in a comment, a string or a longer name is not"
    for name in BANNED:
        only(call_faults, {"src/a/b.c": f"\n\tint n = {name} (a, b);\n"}, "src/a/b.c:2", name)
    clean(call_faults, {"src/a/b.c": '/* strcpy(a, b) */\nchar *s = "atoi(x)";\n'
                                     "snprintf(a, 1, b); log_system(x); int atoi_like;\n"})


@test
def _():
    "a signature that is compared by memcmp is a fault, in the digests and where they are used"
    only(digest_faults, {"src/a/b.c": "digest_hmac_hex(k, p, 1, x);\nreturn memcmp(x, y, 64) == 0;\n"},
         "src/a/b.c")
    for wrong in ("return memcmp(a, b, n) == 0;", "return CRYPTO_memcmp(a, b, n) || strcmp(a, b);"):
        only(digest_faults, {"src/base/digest.c": wrong + "\n"}, "CRYPTO_memcmp")
    clean(digest_faults, {"src/base/digest.c": "return CRYPTO_memcmp(a, b, n) == 0;\n",
                          "src/a/b.c": "digest_hmac_hex(k, p, 1, x);\nreturn digest_equal(x, y);\n"})


main()
