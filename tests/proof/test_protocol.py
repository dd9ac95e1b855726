#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The protocol, checked in all its runs: protocol.pml by spin, and each of its stones taken out."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

from tap import main, ok, test  # noqa: E402

MODEL = os.path.join(HERE, "protocol.pml")
SECONDS = 120  # for one search

folder = tempfile.mkdtemp(prefix="ordersnap-proof-")


def run(command, where, seconds=SECONDS):
    done = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, timeout=seconds, check=False)
    return done.returncode, done.stdout + done.stderr


def build(what, defines, flags):
    """A verifier of the model; its folder."""
    where = os.path.join(folder, what)
    os.mkdir(where)
    code, said = run(["spin", *(f"-D{d}" for d in defines), "-a", MODEL], where)
    ok(code == 0 and "error" not in said, said)
    code, said = run(["gcc", "-O0", "-w", "-DMEMLIM=1024", *flags, "-o", "pan", "pan.c"], where)
    ok(code == 0, said)
    return where


def search(what, defines=(), live=False):
    """(errors, states, what was said) of a search through all runs: for an assertion that fails or
    a state from which nothing goes on, or, live, for a run that goes on for ever with an event that
    is never acknowledged (of fair runs: who can go on does at last)."""
    flags = ["-DNFAIR=3"] if live else ["-DSAFETY", "-DNOCLAIM"]
    where = build(what + (" live" if live else ""), defines, flags)
    options = ["-a", "-f", "-N", "acknowledged"] if live else []
    _, said = run(["./pan", "-m200000", *options], where)
    found = re.search(r"errors: (\d+)", said)
    ok(found, said)
    ok("max search depth too small" not in said, said)
    ok(int(found.group(1)) or "Search not completed" not in said, said)
    states = re.search(r"(\d+) states, stored", said)
    return int(found.group(1)), int(states.group(1)) if states else 0, said


def holds(what, defines=(), live=False):
    errors, states, said = search(what, defines, live)
    ok(errors == 0, said)
    ok(states > 1000, f"only {states} states: the model does not run")
    print(f"# {states} states")


def is_caught(what, live=False):
    errors, _, said = search(what, [what], live)
    ok(errors > 0, f"{what} is not caught: {said}")
    print("# " + next((line for line in said.splitlines() if line.startswith("pan:1:")), "caught"))


@test
def _():
    "two responders: one order, no acknowledged event without effect, no update lost"
    holds("safe")


@test
def _():
    "so it is with three responders, a sale and a refund"
    holds("safe three", ["RESPONDERS=3", "EVENTS=2", "CRASHES=0"])


@test
def _():
    "so it is when responders die twice"
    holds("safe crashes", ["CRASHES=2"])


@test
def _():
    "every event is acknowledged at last"
    holds("live", live=True)


@test
def _():
    "a marker written without its condition is caught"
    is_caught("BREAK_MARKER_CONDITION")


@test
def _():
    "an order written without its condition is caught"
    is_caught("BREAK_ORDER_CONDITION")


@test
def _():
    "versions that are ignored are caught"
    is_caught("BREAK_VERSIONS")


@test
def _():
    "an acknowledgement before the write is caught"
    is_caught("BREAK_ACKNOWLEDGE_FIRST")


@test
def _():
    "a truth that was asked for before the order was read is caught"
    is_caught("BREAK_ASK_FIRST")


@test
def _():
    "an order that looks unchanged, and whose version is not checked, is caught"
    is_caught("BREAK_UNCHANGED")


@test
def _():
    "an order's key that depends on who writes it is caught"
    is_caught("BREAK_KEY")


@test
def _():
    "a copy of the order that is trusted after a conflict is caught: its event waits for ever"
    is_caught("BREAK_TRUST_COPY", live=True)


for program in ("spin", "gcc"):
    if not shutil.which(program):
        shutil.rmtree(folder)
        print(f"1..0 # SKIP {program} is not installed")
        sys.exit(0)
main(lambda: shutil.rmtree(folder, ignore_errors=True))
