# SPDX-License-Identifier: ISC
"""Tests as functions whose docstring is the sentence that has to hold; TAP on standard output.

    @test
    def _(): "a quote names its prices"; equal(1, 1)

    main()        # runs them all, or those whose sentence contains each argument

A test fails by an exception; `skip(why)` skips it.
"""
import sys
import time
import traceback

import environment  # noqa: F401  (nothing of this machine gets in)

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


def eventually(condition, seconds=10, what="condition"):
    """Waits until the condition gives something true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


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
