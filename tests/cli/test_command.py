#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The command as a whole: help, options, what is said of a wrong one, exit statuses."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import COMMAND, CommandShop, contains, equal, lacks, main, ok, test  # noqa: E402

shop = CommandShop(sim=False)


def commands():
    listing = shop.run("--help").out
    return [line.split()[0] for line in listing.splitlines()
            if line.startswith("  ") and not line.startswith("  --")]


@test
def _():
    "--help lists the commands, and each has a help of its own with its options"
    names = commands()
    ok("init" in names, names)
    for name in names:
        text = shop.run(name, "--help").out
        contains(text, f"usage: ordersnap {name}")
        contains(text, "--conf FILE")
        contains(text, f"ordersnap-{name}(8)")
        equal(shop.run("help", name).out, text)
        equal(shop.run(name, "-h").out, text)
        ok(max(len(line) for line in text.splitlines()) <= 100, f"{name}: the help is too wide")


@test
def _():
    "without a command it says what there is, on standard error, and exits with 2"
    run = shop.run(code=2)
    equal(run.out, "")
    contains(run.err, "usage: ordersnap COMMAND")


@test
def _():
    "a command or an option that is not there is named, with what was probably meant"
    contains(shop.run("inti", code=2).err, "did you mean init?")
    contains(shop.run("init", "--tabel", "x", code=2).err, "did you mean --table?")
    for words in (["frobnicate"], ["init", "--frobnicate"]):
        lacks(shop.run(*words, code=2).err, "did you mean")
    contains(shop.run("init", "--wholly-other", code=2).err, "there is no option --wholly-other")
    contains(shop.run("init", "-x", code=2).err, "there is no option -x")
    contains(shop.run("--dbb", "x", "init", code=2).err, "there is no option --dbb")
    contains(shop.run("-", code=2).err, 'there is no command "-"')
    contains(shop.run("--", code=2).err, "there is no option --")


@test
def _():
    "an option is written out: no abbreviation, no value where it takes none, one where it takes one"
    contains(shop.run("init", "--point-in-time", code=2).err, "there is no option --point-in-time")
    contains(shop.run("init", "--point-in-time-recovery=yes", code=2).err, "takes no value")
    contains(shop.run("init", "--db", code=2).err, "--db needs a value")
    contains(shop.run("init", "--db=", code=2).err, "--db needs a value")
    contains(shop.run("init", "extra", code=2).err, 'unexpected argument "extra"')
    contains(shop.run("init", "--", "--db", code=2).err, 'unexpected argument "--db"')


@test
def _():
    "--db and --table choose the store, whatever the settings say, and exclude each other"
    other = os.path.join(shop.folder, "other.db")
    os.unlink(shop.db)
    contains(shop.run("init", "--db", other).out, f"{other} was created")
    contains(shop.run("--db=" + other, "init", COMMERCE_DB=None, COMMERCE_TABLE="orders").out,
             f"{other} is there")
    contains(shop.run("init", "--db", "a", "--table", "bcd", code=2).err, "exclude each other")
    contains(shop.run("init", "--table", "no good", code=1).err, "COMMERCE_TABLE must be")
    ok(not os.path.exists(shop.db), "the settings' own store was made")


@test
def _():
    "a command that only reads does not make a file that is not there, and says so"
    gone = os.path.join(shop.folder, "mistyped.db")
    for args in (["orders"], ["show", "BC-1"], ["export"]):
        contains(shop.run(*args, "--db", gone, code=1).err, gone + ": No such file")
        ok(not os.path.exists(gone), f"{args} made it")


@test
def _():
    "a relative --db is one from here"
    done = subprocess.run([COMMAND, "init", "--db", "here.db"], cwd=shop.folder,
                          env=shop.environment(), capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    ok(os.path.exists(os.path.join(shop.folder, "here.db")), done.stdout)


@test
def _():
    "--conf names the settings' file"
    path = os.path.join(shop.folder, "a.conf")
    db = os.path.join(shop.folder, "conf.db")
    with open(path, "w") as f:
        f.write(f"COMMERCE_DB={db}\n")
    contains(shop.run("--conf", path, "init", COMMERCE_DB=None).out, f"{db} was created")
    missing = shop.run("init", "--conf", path + ".gone", code=1)
    contains(missing.err, path + ".gone")
    equal(missing.err.count("\n"), 1, "lines")


@test
def _():
    "output that can't be written is not success"
    with open("/dev/full", "w") as full:
        done = subprocess.run([COMMAND, "--help"], env=shop.environment(), stdout=full,
                              stderr=subprocess.PIPE, text=True)
    equal(done.returncode, 1)
    contains(done.stderr, "can't write to standard output")
    lacks(done.stderr, "usage")
    # A reader that has seen enough, as head(1), is no fault to speak of.
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([COMMAND, "--help"], env=shop.environment(), stdout=writer,
                          stderr=subprocess.PIPE, text=True)
    os.close(writer)
    equal((done.returncode, done.stderr), (1, ""))


@test
def _():
    "a visitor whose words a web server hands on as arguments gets a 404, and nothing is done"
    for script in ({"SCRIPT_NAME": "/cgi-bin/ordersnap"},
                   {"SCRIPT_NAME": "/x", "SCRIPT_FILENAME": COMMAND}):
        answer = shop.run("orders", "--json", GATEWAY_INTERFACE="CGI/1.1", **script)
        equal((answer.out, answer.err),
              ("Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\nNot found\n", ""))


@test
def _():
    "a page's program that runs the command is not taken for that"
    contains(shop.run("--help", GATEWAY_INTERFACE="CGI/1.1", SCRIPT_NAME="/admin/orders.php",
                      SCRIPT_FILENAME="/srv/html/admin/orders.php").out, "usage: ordersnap")


main(shop)
