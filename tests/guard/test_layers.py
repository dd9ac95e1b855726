#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""An include points down, and each library has one home.  HACKING.md has the table and why."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
from tap import main, test  # noqa: E402

# The rooms, from the ground up.  A room includes only rooms of earlier rows, never a neighbour of its
# own row.  net is for those that speak with another server.
ROWS = [["base"], ["format", "config"], ["net"], ["stripe", "aws", "shop", "web"], ["store"], ["app"],
        ["checkout", "orders", "transfer"], ["record", "check"], ["sync"], ["cgi-bin", "cli"]]
NOT_BELOW = {"shop": {"config", "net"}, "web": {"config", "net"}, "stripe": {"config"}, "aws": {"config"},
             "net": {"config"}, "store": {"config", "net", "stripe", "shop", "web"},
             "app": {"net"}, "checkout": {"net"}, "orders": {"net"}, "transfer": {"net"},
             "record": {"net"}, "sync": {"net"}, "cgi-bin": {"net"}, "cli": {"net"}}


def _may_include():
    """{room: the rooms that it may include beside itself}."""
    may, below = {}, set()
    for row in ROWS:
        for room in row:
            may[room] = below - NOT_BELOW.get(room, set())
        below = below | set(row)
    return may


MAY_INCLUDE = _may_include()

# The one file, or files (by blanks), that may include a library's headers.
HOMES = [
    (re.compile(r"fcgi.*\.h$"), "src/web/responder.c"),
    (re.compile(r"curl/"), "src/net/http.c"),
    (re.compile(r"sqlite3"), "src/store/store_sqlite.c src/store/store_sqlite_file.c "
     "src/store/store_sqlite_make.c src/store/store_sqlite_copy.c"),
    (re.compile(r"malloc\.h$"), "src/base/mem.c"),
    (re.compile(r"jwt\.h$"), "src/web/auth.c"),
    (re.compile(r"openssl/"), "src/base/digest.c src/base/trust.c"),
    (re.compile(r"json-c/|json\.h$"), "src/format/json.h"),
]
# The C library and POSIX.  A header that is neither here nor above has no home yet.
SYSTEM = re.compile(r"(assert|ctype|dirent|errno|fcntl|float|glob|inttypes|limits|locale|math|poll|"
                    r"pwd|grp|sched|setjmp|signal|spawn|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|"
                    r"strings|syslog|termios|time|unistd|wchar|netdb|getopt|"
                    r"sys/[a-z_]+|netinet/[a-z_]+|arpa/inet)\.h$")

# shop/ has rules and nothing else: no I/O, no clock, no environment.
IMPURE_HEADERS = re.compile(r"(fcntl|poll|signal|stdio|syslog|termios|time|unistd|netdb|dirent|"
                            r"sys/[a-z_]+|netinet/[a-z_]+|arpa/inet)\.h$")
IMPURE_OURS = {"base/clock.h", "base/log.h"}
IMPURE_CALLS = re.compile(r"\b(fopen|fdopen|freopen|fread|fwrite|fgets|fputs|fprintf|printf|puts|"
                          r"putchar|open|read|write|socket|connect|send|recv|time|clock|"
                          r"clock_gettime|gettimeofday|localtime|getenv|secure_getenv|setenv|"
                          r"rand|random|getrandom|digest_random|system|exit)\s*\(")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


MOST_OF_ALL = 20  # per cent of the lines, in one room


def layer_of(path):
    parts = path.split("/")
    return parts[0] if parts[0] == "cgi-bin" else parts[1] if len(parts) > 2 else ""


def includes(root, path):
    """(line number, '<' or '"', name) of each include."""
    text = tree.without_comments(tree.read(root, path))
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match.group(1), match.group(2)


def allowed(path):
    return {layer_of(path)} | MAY_INCLUDE[layer_of(path)]


def fault_of_ours(root, path, name):
    """What is wrong with an include of one of our own headers, or None."""
    if "/" not in name:
        there = os.path.join(os.path.dirname(path), name)
        return None if tree.exists(root, there) else f"there is no {there}"
    if not tree.exists(root, os.path.join("src", name)):
        return f"there is no src/{name}"
    target = name.split("/")[0]
    if target not in allowed(path):
        return f"{layer_of(path)} may not include {target}"
    if layer_of(path) == "shop" and name in IMPURE_OURS:
        return "shop has no clock, no log and no configuration"
    return None


def fault_of_system(path, name):
    """What is wrong with an include of another's header, or None."""
    for pattern, home in HOMES:
        if pattern.match(name):
            return None if path in home.split() else f"only {home} includes it"
    if not SYSTEM.match(name):
        return "it has no home in tests/guard/test_layers.py"
    if layer_of(path) == "shop" and IMPURE_HEADERS.match(name):
        return "shop does no I/O and has no clock"
    return None


def layer_faults(root):
    """Every include of src/ and cgi-bin/ that points anywhere but down or home."""
    found = []
    for path in tree.c_files(root):
        if layer_of(path) not in MAY_INCLUDE:
            found.append(f"{path}: is in no layer of HACKING.md's table")
            continue
        for line, kind, name in includes(root, path):
            fault = fault_of_ours(root, path, name) if kind == '"' else fault_of_system(path, name)
            if fault:
                found.append(f"{path}:{line}: includes {name}: {fault}")
    return found


def circle_faults(root):
    """Headers of one room that include each other in a circle, by way of their sources or not."""
    edges = {}
    for path in tree.c_files(root):
        module = re.sub(r"^src/|\.[ch]$", "", path)
        for _, kind, name in includes(root, path):
            other = name[:-2]
            if kind == '"' and other != module and other.split("/")[0] == module.split("/")[0]:
                edges.setdefault(module, set()).add(other)
    found, done = [], set()

    def visit(module, way):
        if module in way:
            circle = way[way.index(module):]
            if frozenset(circle) not in done:
                done.add(frozenset(circle))
                found.append("a circle of includes: " + " -> ".join(circle + [module]))
            return
        for other in sorted(edges.get(module, ())):
            visit(other, way + [module])

    for module in sorted(edges):
        visit(module, [])
    return found


def share_faults(root):
    """A room with more than a fifth of all lines: it is several rooms."""
    lines = {}
    for path in tree.c_files(root):
        lines[layer_of(path)] = lines.get(layer_of(path), 0) + tree.read(root, path).count("\n")
    whole = sum(lines.values())
    return [f"{room}: {n} of {whole} lines, more than {MOST_OF_ALL} %: split it"
            for room, n in sorted(lines.items()) if 100 * n > MOST_OF_ALL * whole]


def purity_faults(root):
    """Every call in shop/ that asks the world something."""
    found = []
    for path in tree.c_files(root):
        if layer_of(path) != "shop":
            continue
        text = tree.without_strings(tree.without_comments(tree.read(root, path)))
        for number, line in enumerate(text.splitlines(), 1):
            match = IMPURE_CALLS.search(line)
            if match:
                found.append(f"{path}:{number}: calls {match.group(1)}(): shop/ is pure")
    return found


@test
def _():
    "no room has more than a fifth of the lines"
    tree.no_faults(share_faults(tree.SRC))


@test
def _():
    "a room that has more than a fifth is a fault"
    rooms = {f"src/{room}/a.c": "\n" * 4 for room in ("base", "shop", "web", "store", "cli")}
    with tree.bad_tree(rooms) as root:
        tree.no_faults(share_faults(root))
    with tree.bad_tree({**rooms, "src/shop/b.c": "\n"}) as root:
        tree.only_fault(share_faults(root), "shop", "5 of 21")


@test
def _():
    "every include in src/ and cgi-bin/ points down the list of layers"
    tree.no_faults(layer_faults(tree.SRC))


@test
def _():
    "no files of a room include each other in a circle"
    tree.no_faults(circle_faults(tree.SRC))


@test
def _():
    "a circle of includes is a fault, whether headers or sources make it"
    bad = {"src/shop/a.h": '#include "shop/b.h"\n', "src/shop/b.c": '#include "shop/a.h"\n', "src/shop/b.h": ""}
    with tree.bad_tree(bad) as root:
        tree.only_fault(circle_faults(root), "shop/a -> shop/b -> shop/a")
    with tree.bad_tree({"src/shop/a.c": '#include "shop/a.h"\n#include "shop/b.h"\n'}) as root:
        tree.no_faults(circle_faults(root))


@test
def _():
    "shop/ does no I/O, reads no clock and no environment"
    tree.no_faults(purity_faults(tree.SRC))


@test
def _():
    "the guard sees the tree: all its layers, more than a hundred files"
    seen = {layer_of(p) for p in tree.c_files(tree.SRC)}
    if set(MAY_INCLUDE) - seen or len(tree.c_files(tree.SRC)) < 100:
        raise AssertionError(f"seen: {sorted(seen)}")


def refused(path, include, *words, also=()):
    """A tree in which only this include is wrong has exactly this fault."""
    contents = {path: f"#include {include}\n"}
    if include.startswith('"'):
        contents.setdefault("src/" + include.strip('"'), "")
    contents.update(also)
    with tree.bad_tree(contents) as root:
        tree.only_fault(layer_faults(root), path + ":1", *words)


@test
def _():
    "an include that points up is refused, for each layer"
    refused("src/base/a.c", '"format/json.h"', "base may not include format")
    refused("src/format/a.c", '"net/http.h"', "format may not include net")
    refused("src/net/a.c", '"stripe/api.h"', "net may not include stripe")
    refused("src/shop/a.c", '"store/store.h"', "shop may not include store")
    refused("src/store/a.c", '"app/app.h"', "store may not include app")
    refused("src/record/a.c", '"cgi-bin/program.h"', "record may not include cgi-bin")
    refused("src/record/a.c", '"cli/command.h"', "record may not include cli")
    refused("src/record/a.c", '"sync/sync.h"', "record may not include sync")
    refused("src/aws/a.c", '"store/store.h"', "aws may not include store")
    refused("cgi-bin/a.c", '"cli/command.h"', "cgi-bin may not include cli")


@test
def _():
    "rooms of one row don't include each other"
    refused("src/web/a.c", '"shop/order.h"', "web may not include shop")
    refused("src/shop/a.c", '"stripe/api.h"', "shop may not include stripe")
    refused("src/stripe/a.c", '"aws/ssm.h"', "stripe may not include aws")
    refused("src/aws/a.c", '"web/request.h"', "aws may not include web")
    refused("src/orders/a.c", '"transfer/import.h"', "orders may not include transfer")
    refused("src/check/a.c", '"record/webhook.h"', "check may not include record")


@test
def _():
    "only aws, stripe and the probe of check include net"
    for path in ("src/app/a.c", "src/store/a.c", "src/store/store_dynamodb.c", "src/shop/a.c",
                 "src/web/a.c", "src/record/a.c", "src/cli/a.c", "cgi-bin/a.c"):
        refused(path, '"net/http.h"', "may not include net")
    refused("src/store/a.c", '"stripe/api.h"', "store may not include stripe")
    good = {"src/store/dynamodb.c": '#include "aws/client.h"\n',
            "src/app/setup.c": '#include "store/dynamodb.h"\n', "src/store/dynamodb.h": "",
            "src/aws/client.h": '#include "net/http.h"\n',
            "src/stripe/client.c": '#include "net/http.h"\n', "src/net/http.h": ""}
    with tree.bad_tree(good) as root:
        tree.no_faults(layer_faults(root))


@test
def _():
    "a library's header outside its home is refused, and so is one without a home"
    for header, home in (("fcgiapp.h", "src/web/responder.c"), ("curl/curl.h", "src/net/http.c"),
                         ("sqlite3.h", "src/store/store_sqlite.c src/store/store_sqlite_file.c "
     "src/store/store_sqlite_make.c src/store/store_sqlite_copy.c"),
                         ("jwt.h", "src/web/auth.c"),
                         ("openssl/evp.h", "src/base/digest.c src/base/trust.c"),
                         ("json-c/json.h", "src/format/json.h")):
        refused("src/record/a.c", f"<{header}>", f"only {home} includes it")
        with tree.bad_tree({path: f"#include <{header}>\n" for path in home.split()}) as root:
            tree.no_faults(layer_faults(root))
    refused("src/record/a.c", "<libxml/tree.h>", "has no home")


@test
def _():
    "an include of nothing, and a folder that is no layer, are refused"
    with tree.bad_tree({"src/shop/a.c": '#include "shop/gone.h"\n'}) as root:
        tree.only_fault(layer_faults(root), "there is no src/shop/gone.h")
    with tree.bad_tree({"src/utils/a.c": "\n"}) as root:
        tree.only_fault(layer_faults(root), "src/utils/a.c", "in no layer")


@test
def _():
    "a rule that reads a clock, a file or the environment is refused"
    refused("src/shop/a.c", "<time.h>", "no I/O")
    refused("src/shop/a.c", "<sys/socket.h>", "no I/O")
    refused("src/shop/a.c", '"base/clock.h"', "shop has no clock")
    for call in ("time(NULL)", "getenv(name)", "fopen(path, mode)", "digest_random(bytes, 4)"):
        with tree.bad_tree({"src/shop/a.c": f"\n\tx = {call};\n"}) as root:
            tree.only_fault(purity_faults(root), "src/shop/a.c:2", call.split("(")[0])
    innocent = '/* time(NULL) */\nchar *s = "getenv(x)";\nint y = iso8601_time(n, out);\n'
    with tree.bad_tree({"src/shop/a.c": innocent}) as root:
        tree.no_faults(purity_faults(root))


main()
