#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""No test reads anything of the machine that it runs on: not its shop's settings, not its AWS keys,
proxy, home, locale, time zone or umask."""
import json
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
import environment  # noqa: E402
from tap import equal, main, ok, test  # noqa: E402

LIB = os.path.join(tree.SRC, "tests", "lib")

# A world in which everything that leaks in does harm.
BAD_WORLD = {
    "ORDERSNAP_CONF": "/etc/ordersnap/ordersnap.conf", "COMMERCE_DB": "/var/lib/ordersnap/orders.db",
    "STRIPE_SECRET": "sk_live_of_this_machine", "LOG_LEVEL": "loud", "HOME": "/root",
    "AWS_PROFILE": "shop", "AWS_ACCESS_KEY_ID": "AKIAREAL", "AWS_REGION": "mars-north-1",
    "http_proxy": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "socks5://x",
    "no_proxy": "", "RES_OPTIONS": "attempts:9", "LOCALDOMAIN": "x", "HOSTALIASES": "/x",
    "TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8", "LC_ALL": "C", "LANGUAGE": "de", "POSIXLY_CORRECT": "1",
    "CURL_CA_BUNDLE": "/x", "SSL_CERT_FILE": "/x", "SSL_CERT_DIR": "/x", "OPENSSL_CONF": "/x",
    "SQLITE_TMPDIR": "/x", "CURL_HOME": "/x", "GIT_DIR": "/x", "REQUEST_METHOD": "POST",
    "QUERY_STRING": "x", "FCGI_WEB_SERVER_ADDRS": "10.0.0.1", "NO_COLOR": "1", "TERM": "dumb",
    "COLUMNS": "20", "MAKEFLAGS": "-n", "PYTHONWARNINGS": "error", "NODE_OPTIONS": "--inspect",
    "JAVA_TOOL_OPTIONS": "-Xmx1k", "LD_PRELOAD": "",
}

LOOK = """
import json, os, sys, time
sys.path.insert(0, sys.argv[1])
import {module}
told = {{}}
if "{module}" == "shop":
    shop = shop.Shop(sim=False)
    told = shop.environment()
    told["bytes"] = os.path.getsize(told["ORDERSNAP_CONF"])
    shop.close()
print(json.dumps([dict(os.environ), told, os.umask(0), time.tzname[0], sys.stdout.encoding]))
"""


def seen(module):
    """What a test sees of BAD_WORLD once it has imported a module of tests/lib."""
    ours = ("PATH", "ORDERSNAP_SRC", "ORDERSNAP_BUILD")
    world = {**{n: os.environ[n] for n in ours if n in os.environ},
             "PYTHONDONTWRITEBYTECODE": "1", **BAD_WORLD}
    done = subprocess.run([sys.executable, "-c", LOOK.format(module=module), LIB], env=world,  # world
                          umask=0o777, capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


for name in ("environment", "tap", "shop", "orders"):
    def look(name=name):
        variables, _, umask, zone, encoding = seen(name)
        leaked = [n for n, v in variables.items() if BAD_WORLD.get(n) == v]
        equal(leaked, [], "variables of the machine")
        equal({n: variables.get(n) for n in environment.FIXED}, environment.FIXED)
        equal((umask, zone, encoding.lower()), (0o022, "UTC", "utf-8"))
    if name != "orders":  # which starts nothing
        look.__doc__ = f"a test that imports {name} has nothing of the machine in its environment"
        test(look)


@test
def _():
    "a program of a test's shop gets the shop's settings, an empty file, and nothing else"
    _, given, *_ = seen("shop")
    equal(given.pop("bytes"), 0)
    ok(given["ORDERSNAP_CONF"].endswith("/empty.conf"), given["ORDERSNAP_CONF"])
    equal([n for n in given if given[n] == BAD_WORLD.get(n)], [])
    for name in ("HOME", "AWS_PROFILE", "http_proxy", "RES_OPTIONS", "LANG"):
        ok(name not in given, f"{name} is set")


@test
def _():
    "what a test starts obeys the signals that whoever started the test has ignored"
    numbers = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD)
    look = ("import sys; sys.path.insert(0, sys.argv[1]); import environment, subprocess; "
            "subprocess.run(['grep', '^SigIgn', '/proc/self/status'], check=True)")
    said = subprocess.run([sys.executable, "-c", look, LIB], capture_output=True, text=True, check=True,
                          preexec_fn=lambda: [signal.signal(n, signal.SIG_IGN) for n in numbers]).stdout
    ignored = int(said.split()[1], 16)
    equal([n for n in numbers if ignored >> (n - 1) & 1], [])


@test
def _():
    "the C tests have the same list as the Python ones"
    text = tree.read(tree.SRC, "tests/lib/environment.c")
    kept = re.findall(r'"(\w+)=?"[,\n]', text.split("beginnings[] = {")[1].split("}")[0])
    allowed = environment.KEPT | set(environment.KEPT_PREFIXES)
    equal([n for n in kept if n not in allowed], [], "let in by the C tests alone")
    header = tree.read(tree.SRC, "tests/lib/environment.h")
    ok(f'"{environment.FIXED["ORDERSNAP_CONF"]}"' in header, "the file that is not there")


# --- every suite takes part ------------------------------------------------------------------------

STARTS = re.compile(r"^import subprocess|^import socket|^from http\.server|^import urllib\.request", re.M)
CLEAN = re.compile(r"^\s*(import|from) (environment|tap|shop|kit|local|servers|tree|command_kit|check_kit|"
                   r"orders_kit|sync_kit|orders)\b", re.M)
PROGRAM = "tests/stripe_sim/"  # which the suites start, in an environment of theirs
MADE_BY_HAND = re.compile(r"\benv=\{(?!\*\*os\.environ\b)")


def suite_faults(root):
    """A Python file of the tests that starts something in an environment of its own making."""
    found = []
    for path in tree.files(root):
        if not re.match(r"tests/.*\.py$", path):
            continue
        text = tree.read(root, path)
        if not path.startswith(PROGRAM) and STARTS.search(text) and not CLEAN.search(text):
            found.append(f"{path}: imports none of tests/lib, so all of the machine gets in")
        for number, line in enumerate(text.splitlines(), 1):
            if MADE_BY_HAND.search(line):
                found.append(f"{path}:{number}: makes an environment by hand: take environment.of()")
    return found


def program_faults(root):
    """A C test whose main() does not begin in a clean environment; what measures is none."""
    found = []
    for path in tree.files(root):
        text = tree.read(root, path) if re.match(r"tests/(?!bench/).*\.c$", path) else ""
        if re.search(r"^int main\(", text, re.M) and not re.search(
                r'"(unit|outside|runs|\w+_fixture|stripe_script|\.\./lib/environment)\.h"', text):
            found.append(f"{path}: its main() does not clean the environment")
    return found


@test
def _():
    "every suite begins in a clean environment, and gives its programs one from tests/lib"
    tree.no_faults(suite_faults(tree.SRC) + program_faults(tree.SRC))


@test
def _():
    "an environment made by hand, a suite without tests/lib and a C test of its own are faults"
    for path, text, word in (
            ("tests/x/test_a.py", "import tap\nrun(x, env=" "{'A': 1})\n", "by hand"),
            ("tests/x/test_a.py", "import subprocess\n", "none of tests/lib"),
            ("tests/x/a.py", "import subprocess\nimport kitten\n", "none of tests/lib")):
        with tree.bad_tree({path: text}) as root:
            tree.only_fault(suite_faults(root), path, word)
    with tree.bad_tree({"tests/x/test_a.c": "\nint main(void)\n"}) as root:
        tree.only_fault(program_faults(root), "test_a.c")
    with tree.bad_tree({"tests/x/test_a.py": "import subprocess\nimport tap\n"
                                             "run(x, env={**os.environ, 'A': 1})\n"}) as root:
        tree.no_faults(suite_faults(root))


main()
