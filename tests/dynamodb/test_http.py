# SPDX-License-Identifier: ISC
"""The main job's HTTP suites once more, with the orders in DynamoDB: the same tests in a server of each kind
(what a server hands on does not depend on the store), with ORDERSNAP_TEST_DYNAMODB naming DynamoDB Local."""
import concurrent.futures
import os
import re
import subprocess
import sys

sys.path[:0] = [os.path.join(os.path.dirname(os.path.abspath(__file__)), name)
                for name in ("../lib", ".")]

import local  # noqa: E402
from shop import SRC  # noqa: E402
from tap import equal, main, ok, test  # noqa: E402

local.need()
server = local.Local()  # of its own: it asks for all that there is


def run(suite):
    """The suite's verdicts: how many passed, and the lines of those that did not."""
    done = subprocess.run([sys.executable, os.path.join(SRC, "tests", "http", suite)],
                          env={**os.environ, "ORDERSNAP_TEST_DYNAMODB": server.base,
                               "ORDERSNAP_SERVERS": "nginx apache-cgi"},
                          capture_output=True, text=True, timeout=1200, check=False)
    lines = done.stdout.splitlines()
    planned = int(re.match(r"1\.\.(\d+)", lines[0]).group(1)) if lines else 0
    passed = [line for line in lines if re.match(r"ok \d+ - ", line)]
    for line in lines:
        if line.startswith("#"):
            print(line)
    return planned, len(passed), [line for line in lines if line.startswith("not ok")]


def after(other, suite):
    concurrent.futures.wait([other])
    return run(suite)


# Two at once, since they mostly wait, and each of their shops has a table of its own; first the one
# that asks for all that DynamoDB Local can do.
pool = concurrent.futures.ThreadPoolExecutor(3)
runs = {"test_nginx.py": pool.submit(run, "test_nginx.py")}
for suite in ("test_smoke.py", "test_signals.py"):
    runs[suite] = pool.submit(after, runs["test_nginx.py"], suite)


def holds(suite, least):
    planned, passed, failed = runs[suite].result()
    equal(failed, [])
    equal(passed, planned)
    ok(passed >= least, f"{suite} has {passed} tests")


@test
def _():
    "through nginx and Apache, by FastCGI and by CGI, all is as on SQLite"
    holds("test_smoke.py", 55)


@test
def _():
    "many deliveries at once give one order each, and cost what they cost on SQLite"
    holds("test_nginx.py", 10)


@test
def _():
    "kills, stops and redelivery leave one order and no half-written state"
    holds("test_signals.py", 5)


main(server.close)
