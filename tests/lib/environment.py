# SPDX-License-Identifier: ISC
"""What the tests let in of the world around them.

A machine that runs the tests may have a shop of its own: /etc/ordersnap/ordersnap.conf, AWS keys, a
proxy, a home folder with profiles, a time zone.  Importing this module, as tests/lib's others do,
takes all of it away from this process and so from whatever it starts: a variable stays only if it
is in KEPT.  ORDERSNAP_CONF names a file that can't be there, so a program that is started without
the environment of a test's shop stops and says so; it never takes the machine's settings.  Nor is a
signal ignored because whoever started the tests ignores it.
tests/lib/environment.c does the same for the C programs.
"""
import os
import signal
import sys
import time

# Where programs are and how this run is made; nothing that a program of ours reads as a setting.
KEPT = {"PATH", "TMPDIR", "LD_LIBRARY_PATH", "JAVA_HOME", "CC", "DYNAMODB_LOCAL", "USER", "LOGNAME",
        "PYTHONDONTWRITEBYTECODE", "PYTHONUTF8", "PYTHONPATH"}
KEPT_PREFIXES = ("ORDERSNAP_", "ASAN_", "UBSAN_", "LSAN_", "VALGRIND_", "CMOCKA_", "CCACHE_")
# What is the same on every machine.
FIXED = {"LC_ALL": "C.UTF-8", "TZ": "UTC", "ORDERSNAP_CONF": "/nonexistent/ordersnap-tests.conf"}


def stays(name):
    """Whether a variable of the world outside is let in."""
    return name in KEPT or (name.startswith(KEPT_PREFIXES) and name not in FIXED)


def clean():
    """Makes this process independent of who started it."""
    for name in list(os.environ):
        if not stays(name):
            del os.environ[name]
    os.environ.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
    os.environ.update(FIXED)
    time.tzset()
    os.umask(0o022)
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
        if signal.getsignal(number) == signal.SIG_IGN:  # as nohup and a shell's background have it
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")


SANITIZERS = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


def of(**variables):
    """The whole environment of a program: these variables (None takes one away), where programs are
    found, and what sanitizers are told."""
    whole = {name: os.environ[name] for name in ("PATH", *SANITIZERS, *FIXED) if name in os.environ}
    return {k: str(v) for k, v in {**whole, **variables}.items() if v is not None}


clean()
