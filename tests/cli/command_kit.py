# SPDX-License-Identifier: ISC
"""What the tests of the ordersnap command share: a shop, and the command run in it."""
import fcntl
import os
import struct
import subprocess
import sys
import termios

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cgi"))

import kit  # noqa: E402  (tests/cgi's)
import shop as lib  # noqa: E402
from kit import KeptShop, SPENT  # noqa: E402
from tap import Watch, contains, equal, eventually, lacks, ok, skip, test  # noqa: E402,F401
import tap  # noqa: E402

COMMAND = os.path.join(lib.BUILD, "ordersnap")


def unread(pipe):
    """How many bytes are in it."""
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


class Run:
    """What a command said: `code`, `out`, `err`."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode() if isinstance(done.stdout, bytes) else done.stdout
        self.err = done.stderr.decode() if isinstance(done.stderr, bytes) else done.stderr

    @property
    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"exit {self.code}\n{self.out}\n{self.err}"


class CommandShop(KeptShop):
    """A shop whose owner has a shell."""

    def run(self, *args, code=0, input=None, timeout=120, **variables):
        """Runs `ordersnap ARGS`; fails unless it exits with `code` (None: with any)."""
        done = subprocess.run([*lib.WRAPPER, COMMAND, *map(str, args)],
                              input=input.encode() if isinstance(input, str) else input or b"",
                              env=self.environment(**variables), capture_output=True,
                              timeout=timeout * kit.PATIENCE)
        run = Run(done)
        kit.logged.append(("ordersnap", run.err))
        if SPENT.search(run.err):
            raise AssertionError(f"ordersnap {' '.join(map(str, args))}: {run.err}")
        if code is not None and run.code != code:
            raise AssertionError(f"ordersnap {' '.join(map(str, args))}: want exit {code}, got {run}")
        return run

    def start(self, *args, **variables):
        """Starts the command and does not wait for it."""
        return subprocess.Popen([*lib.WRAPPER, COMMAND, *map(str, args)],
                                env=self.environment(**variables), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def main(*shops):
    kit.main(*shops)
