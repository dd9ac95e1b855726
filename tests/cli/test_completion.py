#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Shell completion: what bash and zsh offer is what the command takes."""
import os
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import COMMAND, CommandShop, equal, lib, main, ok, skip, test  # noqa: E402

shop = CommandShop(sim=False)
SCRIPTS = os.path.join(lib.SRC, "completions")
ONE_FILE = os.path.join(shop.folder, "a file.conf")
open(ONE_FILE, "w").close()


def bash(*words):
    """What bash offers for the last word."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ordersnap; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(["bash", "--norc", "-c", script, "bash",
                           os.path.join(SCRIPTS, "ordersnap.bash"), COMMAND, *words],
                          capture_output=True, text=True, env=shop.environment())
    equal(done.stderr, "")
    return done.stdout.split("\n")[:-1] if done.stdout.strip() else []


def zsh(*words):
    """What zsh offers; its own functions are stand-ins that print what they are given."""
    if not shutil.which("zsh"):
        skip("zsh is not here")
    script = ('_files() { echo FILES; }; _describe() { print -l -- ${(P)2%%:*}; }; compset() { : }; '
              'f=$1; shift; words=("$@"); CURRENT=$#; eval "complete_it() { $(<$f) }"; complete_it')
    done = subprocess.run(["zsh", "-f", "-c", script, "zsh", os.path.join(SCRIPTS, "_ordersnap"),
                           COMMAND, *words], capture_output=True, text=True, env=shop.environment())
    equal(done.stderr, "")
    return done.stdout.split()


def offered(*args):
    lines = shop.run("__complete", *args).out.splitlines()
    return [line.split("\t")[0] for line in lines]


@test
def _():
    "the words for completion are those of the help"
    names = [name for name in offered() if not name.startswith("-")]
    ok({"init", "sync", "replay"} <= set(names), names)
    for name in names:
        text = shop.run(name, "--help").out
        words = [word.rstrip(",") for line in text.splitlines() if line.startswith("  --")
                 for word in line.split()[:1]]
        equal(sorted(w for w in offered(name) if w.startswith("--")), sorted(words), name)


@test
def _():
    "bash: commands first, then the command's options, also behind common options"
    equal(bash("sy"), ["sync"])
    ok("--dry-run" in bash("sync", "--"), bash("sync", "--"))
    equal(bash("--conf", "x", "sync", "--dry"), ["--dry-run"])
    equal(bash("--db", "=", "sync", "sync", "--dry"), ["--dry-run"])
    equal(bash("init", "--dry"), [])


@test
def _():
    "bash: a file where an option takes a file, nothing where it takes something else"
    equal(bash("sync", "--conf", ONE_FILE[:-3]), [ONE_FILE])
    equal(bash("sync", "--conf", "=", ONE_FILE[:-3]), [ONE_FILE])
    equal(bash("sync", "--hours", ""), [])


def values_of(name):
    """{option: the words that its value may be} of a command."""
    lines = [line.split("\t") for line in shop.run("__complete", name).out.splitlines()]
    return {line[0]: line[3].split() for line in lines if len(line) > 3}


@test
def _():
    "the values that are offered are those that the command takes, all of them"
    shop.run("init")
    names = [name for name in offered() if not name.startswith("-")]
    found = {name: values_of(name) for name in names}
    ok({"--day", "--since", "--until", "--month", "--status", "--by"} <= set(found["orders"]), found)
    for option, values in found["orders"].items():
        for value in values:
            shop.run("orders", option, value)
        said = shop.run("orders", option, "x", code=2).err
        if option in ("--status", "--by"):
            ok(all(value in said for value in values), said)
    for value in found["export"]["--only"]:
        shop.run("export", "--only", value)
    said = shop.run("export", "--only", "x", code=2).err
    ok(all(value in said for value in found["export"]["--only"]), said)


@test
def _():
    "bash: what a value may be, the last word of a list, and the words of a command"
    equal(bash("orders", "--by", ""), ["month", "product"])
    equal(bash("orders", "--day", "to"), ["today"])
    equal(bash("orders", "--status", "pa"), ["partially_refunded"])
    equal(bash("orders", "--status", "=", "fa"), ["failed"])
    equal(bash("orders", "--status", "failed,ref"), ["failed,refunded"])
    equal(bash("export", "--only", "order,session,e"), ["order,session,event"])
    equal(bash("orders", "--month", time.strftime("%Y-")[:3])[0], time.strftime("%Y-%m"))
    equal(len(bash("orders", "--month", "")), 12)
    equal(bash("mark", "BC-1", "sh"), ["shipped"])
    equal(bash("orders", "--email", ""), [])


@test
def _():
    "zsh: the same"
    equal(zsh("orders", "--by", ""), ["month", "product"])
    equal(zsh("orders", "--by=m"), ["month", "product"])
    ok("failed" in zsh("orders", "--status", "pending,"), zsh("orders", "--status", "pending,"))
    equal(zsh("mark", "BC-1", ""), ["shipped", "unshipped", "FILES"])
    ok("sync" in zsh(""), zsh(""))
    ok("--dry-run" in zsh("sync", "--"), zsh("sync", "--"))
    ok("--dry-run" not in zsh("init", "--"), zsh("init", "--"))
    equal(zsh("sync", "--conf", ""), ["FILES"])
    equal(zsh("sync", "--conf=x"), ["FILES"])
    equal(zsh("sync", "--hours", ""), [])
    equal(zsh("replay", ""), ["FILES"])


main(shop)
