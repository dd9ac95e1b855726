# SPDX-License-Identifier: ISC
"""What is measured beside no peer: a refused request in plain CGI, and the reconciler.

A CGI process is measured beside an empty program that is linked with the same libraries: loading them is
most of what both do.
"""
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "cli"), os.path.join(HERE, "..", "lib")]

import shop  # noqa: E402

PROCESSES = 100
SLOW_MS = 100  # for a page of the list
LIBRARIES = ("fcgi", "libcurl", "json-c", "libssl", "libcrypto", "sqlite3")


def build_empty(bench):
    flags = subprocess.run(["pkg-config", "--libs", *LIBRARIES], stdout=subprocess.PIPE, check=True,
                           text=True).stdout.split()
    subprocess.run([os.environ.get("CC", "cc"), "-O2", "-o", bench.path("empty"), os.path.join(HERE, "empty.c"),
                    "-Wl,--no-as-needed", "-Wl,-z,now", *flags], check=True)
    return bench.path("empty")


def cpu_of_processes(program, body, environment):
    """Milliseconds of a process that is started, asked and ended."""
    with open(os.devnull, "wb") as null:
        before = os.times()
        for _ in range(PROCESSES):
            with open(body, "rb") as f:
                subprocess.run([program], stdin=f, stdout=null, stderr=null, env=environment, check=True)
        after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return spent / PROCESSES * 1e3


def refused_in_cgi(bench):
    body = bench.path("body")
    with open(body, "wb") as f:
        f.write(b"x" * 3400)
    environment = bench.environment({
        "REQUEST_METHOD": "POST", "SCRIPT_NAME": "/stripe/webhook", "GATEWAY_INTERFACE": "CGI/1.1",
        "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": "3400",
        "HTTP_STRIPE_SIGNATURE": f"t={int(time.time())},v1={'a' * 64}", "COMMERCE_DB": bench.path("none.db"),
        "STRIPE_SECRET": shop.STRIPE_SECRET, "STRIPE_WEBHOOK_SECRET": shop.WEBHOOK_SECRET})
    programs = {"ordersnap": shop.program("stripe-webhook"), "empty": build_empty(bench)}
    rounds = {name: [] for name in programs}
    for _ in range(bench.rounds):
        for name, program in programs.items():
            rounds[name].append(cpu_of_processes(program, body, environment))
    result = {name: statistics.median(values) for name, values in rounds.items()}
    print("\nrefused in plain CGI\n  CPU ms of a process: " +
          ", ".join(f"{name} {value:.2f}" for name, value in result.items()) +
          f"; ordersnap / empty: {result['ordersnap'] / result['empty']:.2f}", flush=True)
    return result


def make_orders(environment, since):
    """A new table with the order of each session."""
    for arguments in (["init"], ["sync", "--quiet", since]):
        subprocess.run([os.path.join(shop.BUILD, "ordersnap"), *arguments], env=environment, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def sync(environment, since):
    """Runs the reconciler; its summary, and what it took."""
    start = time.monotonic()
    with subprocess.Popen([os.path.join(shop.BUILD, "ordersnap"), "sync", "--quiet", "--json", since],
                          env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        summary = json.loads(process.stdout.read())["summary"]
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return summary, {"seconds": time.monotonic() - start, "cpu": usage.ru_utime + usage.ru_stime,
                     "mb": usage.ru_maxrss / 1024, "stripe": summary["stripeCalls"], "reads": summary["storeReads"]}


def reconciled(bench, sessions, new_store, environment_of):
    """Sessions whose orders stand, looked through again: time and memory, of half as many and of all, with
    a Stripe that answers at once and one that takes its time for each page."""
    result, newest = {}, int(time.time()) - 60
    print("\nreconciled, SQLite", flush=True)
    for n in (sessions // 2, sessions):
        store = new_store(bench, None)
        for delay in (0, SLOW_MS):
            upstreams = bench.upstreams(delay, listed=n, newest=newest)
            environment = bench.environment(environment_of(store, upstreams))
            since = time.strftime("--since=%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest - n))
            if not delay:
                make_orders(environment, since)
            summary, took = sync(environment, since)
            bench.end(upstreams)
            if summary["inOrder"] != n:
                raise SystemExit(f"bench: {summary['inOrder']} of {n} sessions are in order")
            result[f"{n}, Stripe at {delay} ms"] = {"sessions": n, "delay": delay, **took}
            print(f"  {n} sessions, Stripe at {delay} ms: {took['seconds']:.1f} s, "
                  f"CPU {took['cpu'] / n * 1e3:.3f} ms each, {took['mb']:.0f} MB, "
                  f"{took['stripe']} calls of Stripe, {took['reads']} of the store", flush=True)
        store.close()
    return result
