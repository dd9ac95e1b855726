#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Whoever asks ./dev what a command does is told, and nothing is installed, built or run for it."""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
import environment  # noqa: E402
from tap import contains, equal, main, ok, test  # noqa: E402

COMMANDS = ("demo", "test", "coverage", "fuzz", "soak", "bench", "build", "deb")
# What installs and builds: each says that it was called, and fails.
WORKERS = ("apt-get", "sudo", "dpkg-query", "make", "autoreconf", "npm", "dpkg-buildpackage")


def dev(*arguments):
    """The answer of a ./dev in a folder of its own, where nothing can be installed; what it called; what it left."""
    with tempfile.TemporaryDirectory(prefix="ordersnap dev ") as root:
        shutil.copy(os.path.join(tree.SRC, "dev"), root)
        for name in ("tools", "tests"):
            os.symlink(os.path.join(tree.SRC, name), os.path.join(root, name))
        called, workers = os.path.join(root, "called"), os.path.join(root, "workers")
        os.mkdir(workers)
        for name in WORKERS:
            with open(os.path.join(workers, name), "w", encoding="utf-8") as f:
                f.write(f'#!/bin/sh\necho "$0" >>"{called}"\nexit 1\n')
            os.chmod(f.name, 0o755)
        done = subprocess.run([os.path.join(root, "dev"), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False,
                              env=environment.of(PATH=workers + ":" + os.environ["PATH"]))
        return done, os.path.exists(called), set(os.listdir(root)) - {"dev", "tools", "tests", "workers"}


@test
def _():
    "./dev COMMAND --help says what the command does, whichever it is, and does nothing"
    for command in COMMANDS:
        for word in ("--help", "-h"):
            done, called, left = dev(command, word)
            equal((done.returncode, called, left), (0, False, set()), f"{command} {word}: {done.stdout[-300:]}")
            contains(done.stdout, "usage: ")
            contains(done.stdout, "--rounds" if command == "bench" else f"\n  {command} ")


@test
def _():
    "./dev with a command or a word that it does not know says so, and does nothing"
    for arguments in (("bild",), ("build", "it"), ("deb", "12"), ("test", "webhook"), ("demo", "twice"),
                      ("soak", "5m"), ("soak", "dynamodb", "60"), ("soak", "60", "postgres")):
        done, called, _ = dev(*arguments)
        equal((done.returncode, called, done.stdout), (2, False, ""), " ".join(arguments))
        ok(done.stderr.startswith("usage: ./dev COMMAND"), done.stderr)


@test
def _():
    "a soak whose words are in no order of its own does not pass without a test"
    for words in (("5m",), ("dynamodb", "60")):
        done = subprocess.run([sys.executable, os.path.join(tree.SRC, "tests", "soak", "soak.py"), *words],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        equal((done.returncode, done.stdout), (2, ""), " ".join(words))
        contains(done.stderr, "usage: soak.py [SECONDS]")


main()
