# SPDX-License-Identifier: ISC
"""Tests as functions whose docstring is the sentence that has to hold; TAP on standard output.

    @test
    def _(): "a quote names its prices"; equal(1, 1)

    main()        # runs them all, or those whose sentence contains each argument

A test fails by an exception; `skip(why)` skips it.
"""
import os
import sys
import time
import traceback

import environment  # noqa: F401  (nothing of this machine gets in)

# Whether the programs are run by valgrind, or with sanitizers.
SLOW = bool(os.environ.get("ORDERSNAP_WRAPPER")) or "ASAN_OPTIONS" in os.environ

_tests = []


class Skip(Exception):
    """Raised by skip()."""


def skip(why):
    """Ends the test: it can't be run on this machine."""
    raise Skip(why)


def test(function):
    """Registers a test; its sentence is the docstring."""
    _tests.append((function.__doc__.strip().splitlines()[0], function))
    return function


def equal(got, want, what=""):
    """Fails unless the two are equal."""
    if got != want:
        raise AssertionError(f"{what + ': ' if what else ''}got {got!r}, want {want!r}")


def ok(condition, what):
    """Fails unless the condition holds."""
    if not condition:
        raise AssertionError(what)


def contains(text, part):
    """Fails unless `part` is in `text`."""
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


def lacks(text, part):
    """Fails if `part` is in `text`."""
    if part in text:
        raise AssertionError(f"{part!r} is in {text!r}")


def _stolen():
    """Seconds that processes of this machine had to wait for a processor, the disk or memory, since
    it was started; what the load says where the kernel does not count them."""
    total = 0
    for kind in ("cpu", "io", "memory"):
        try:
            with open(f"/proc/pressure/{kind}", encoding="ascii") as f:
                total += int(f.readline().rpartition("total=")[2])
        except (OSError, ValueError):
            waiting = os.getloadavg()[0] / (os.cpu_count() or 1)
            return time.monotonic() * max(0, min(4, waiting) - 0.5)
    return total / 1e6


class Watch:
    """How long something takes, from now on, on a machine that has time for it.

    A limit is what a program promises.  Where others keep the machine busy, the time in which
    processes had to wait for it comes on top of each limit, so that no verdict rests on who is
    faster; on an idle machine it is next to nothing.  Under valgrind and sanitizers nothing is
    promised."""

    def __init__(self):
        self.began, self.stolen = time.monotonic(), _stolen()

    @property
    def seconds(self):
        return time.monotonic() - self.began

    @property
    def slack(self):
        """Seconds that come on top of a limit."""
        return 3 * max(0, _stolen() - self.stolen)

    def allows(self, limit):
        """Whether a limit is kept up to here."""
        took = self.seconds
        return SLOW or took < limit + self.slack

    def at_most(self, limit, what="it"):
        """Fails unless the limit was kept."""
        if not self.allows(limit):
            raise AssertionError(f"{what} took {self.seconds:.1f} s, more than {limit} s, of which "
                                 f"{self.slack / 3:.1f} s went to others")


def eventually(condition, seconds=60, what="condition"):
    """Waits until the condition gives something true, and returns it.  The time limit only ends a
    run that would stand still, where others keep the machine busy after twenty times as long: what a
    program promises is for a Watch."""
    watch = Watch()
    while True:
        value = condition()
        if value:
            return value
        if watch.seconds > 20 * seconds or not watch.allows(seconds):
            raise AssertionError(f"{what}: not within {watch.seconds:.0f} s")
        time.sleep(0.02 + watch.seconds / 20)  # whoever waits long looks seldom


def _run(number, sentence, function):
    try:
        function()
    except Skip as why:
        print(f"ok {number} - {sentence} # SKIP {why}", flush=True)
        return True
    except Exception:  # a test may fail in any way
        for line in traceback.format_exc().splitlines():
            print(f"# {line}")
        print(f"not ok {number} - {sentence}", flush=True)
        return False
    print(f"ok {number} - {sentence}", flush=True)
    return True


def main(cleanup=None):
    """Runs the tests, prints TAP, calls `cleanup`, exits with 1 if one failed."""
    words = sys.argv[1:]
    chosen = [t for t in _tests if all(word in t[0] for word in words)]
    print(f"1..{len(chosen)}", flush=True)
    try:
        results = [_run(i, *t) for i, t in enumerate(chosen, 1)]
    finally:
        if cleanup:
            cleanup()
    sys.exit(0 if all(results) else 1)
