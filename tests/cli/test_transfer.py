#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap export` and `ordersnap import`: what is copied, what is kept, and what is said, when all
goes well and when it does not.
"""
import contextlib
import fcntl
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import (COMMAND, CommandShop, contains, equal, eventually, kit,  # noqa: E402
                         lacks, lib, main, ok, test, unread)
import preload  # noqa: E402
from terminal import new_terminal  # noqa: E402

shop = CommandShop(sim=False)
numbers = iter(range(10**6))
NOW = int(time.time())
SUMMARY = ("import: {} lines: {} written, {} the same, {} newer there, {} conflicts, {} expired; "
           "all verified\n")


def new_path(suffix=".db"):
    return os.path.join(shop.folder, f"{next(numbers)}{suffix}")


def line(item):
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"), sort_keys=True) + "\n"


def lines(*items):
    return "".join(line(i) for i in items)


def item(pk="P#1", sk="S", **more):
    return {"PK": pk, "SK": sk, **more}


def order(n=1, user="u1", **more):
    return item(f"USER#{user}", f"ORDER#{1700000000 + n}#cs_{n}", **{"version": 1, "userId": user,
                                                                    "orderId": f"cs_{n}", **more})


def store_of(*items):
    """A new SQLite file with these items."""
    path = new_path()
    shop.run("init", "--db", path)
    put(path, *items)
    return path


def put(path, *items):
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as db, db:
        db.executemany("INSERT OR REPLACE INTO items VALUES (?, ?, ?, ?)", [
            (i["PK"], i["SK"], json.dumps(i), i.get("expiresAt")) for i in items])


def items_in(path):
    with contextlib.closing(sqlite3.connect(path)) as db:
        return {(pk, sk): json.loads(text) for pk, sk, text in
                db.execute("SELECT pk, sk, item FROM items") if (pk, sk) != lib.ADOPTED}


def exported(path, *args):
    """The lines, and the run."""
    run = shop.run("export", "--db", path, *args)
    return run.out


def imported(path, text, *args, code=0):
    return shop.run("import", "--db", path, *args, input=text, code=code)


def summary(*counts):
    return SUMMARY.format(*(f"{c:,}" for c in counts))


def many(count):
    return [item(f"P#{i:06d}", "S", version=1, text="x" * 50) for i in range(count)]


# --- export ------------------------------------------------------------------------------------

ALL_KINDS = {
    "order": order(), "session": item("SESSION#cs_1", "METADATA", userId="u1"),
    "event": item("EVENT#evt_1", "METADATA"), "payment": item("PAYMENT#pi_1", "METADATA", userId="u1"),
    "number": item("NUMBER#BC-1", "METADATA"), "day": item("DAY#2024-01-01", "ORDER#1#cs_1", userId="u1"),
    "quote": item("QUOTE#abc", "CACHE"), "price": item("PRICE#N-RED", "CACHE"),
    "system": item("SYSTEM", "STRIPE_ORDER_SYNC", version=3), "other": item("ELSE", "X"),
}


@test
def _():
    "each item is a line of compact JSON with its keys in order at every depth, in UTF-8"
    db = store_of({"SK": "b", "PK": "a", "z": {"b": [1, {"y": None, "x": True}], "a": "J\u00fcrgen/\u20ac"},
                   "Z": 1.5, "n": 2**63 - 1, "m": -2**63, "empty": "", "o": {}, "l": []})
    equal(exported(db), '{"PK":"a","SK":"b","Z":1.5,"empty":"","l":[],"m":-9223372036854775808,'
                        '"n":9223372036854775807,"o":{},'
                        '"z":{"a":"J\u00fcrgen/\u20ac","b":[1,{"x":true,"y":null}]}}\n')


@test
def _():
    "a number is exported as it was written"
    db = store_of(item())
    with contextlib.closing(sqlite3.connect(db)) as file, file:
        file.execute("""UPDATE items SET item = '{"PK":"P#1","SK":"S","n":[1.50,1e3,0.10,-1E-7]}'""")
    contains(exported(db), '"n":[1.50,1e3,0.10,-1E-7]')


@test
def _():
    "the counts by kind are said at the end, on standard error"
    run = shop.run("export", "--db", store_of(*ALL_KINDS.values(), order(2), order(3, "u2")))
    equal(run.err, "export: 12 items (3 orders, 1 sessions, 1 events, 1 payments, 1 numbers, 1 days, "
                   "1 quotes, 1 prices, 1 system, 1 others)\n")
    equal(len(run.lines), 12)
    equal(shop.run("export", "--db", store_of()).err, "export: 0 items\n")


@test
def _():
    "expired items are left out"
    db = store_of(item("a", expiresAt=NOW - 5), item("b", expiresAt=NOW + 10**6), item("c"))
    equal([json.loads(text)["PK"] for text in exported(db).splitlines()], ["b", "c"])


@test
def _():
    "a partition of more items than a page has is exported whole"
    items = [item("DAY#2024-01-01", f"ORDER#{i:05d}#cs", version=1) for i in range(350)]
    equal(exported(store_of(*items, item("DAY#2024-01-02"))), lines(*items, item("DAY#2024-01-02")))


@test
def _():
    "--only takes kinds apart, one or several, and names a wrong one"
    db = store_of(*ALL_KINDS.values())
    for kind, one in ALL_KINDS.items():
        if kind != "other":
            equal(exported(db, "--only", kind), line(one), kind)
    equal(sorted(exported(db, "--only", "order, price").splitlines(True)),
          sorted([line(ALL_KINDS["order"]), line(ALL_KINDS["price"])]))
    wrong = shop.run("export", "--db", db, "--only", "order,orders", code=2)
    contains(wrong.err, '--only: "orders" is not a kind of item; there are order, session')
    contains(shop.run("export", "--db", db, "--only", ",", code=2).err, '"" is not a kind')


@test
def _():
    "--user takes what names the user, and nobody else's"
    db = store_of(*ALL_KINDS.values(), order(2, "u2"), order(3, "u11"), item("USER#u1", "NOTE"),
                  item("SESSION#cs_9", "METADATA", userId="u11"))
    found = [json.loads(text) for text in exported(db, "--user", " u1 ").splitlines()]
    equal(sorted(i["PK"] for i in found),
          ["DAY#2024-01-01", "PAYMENT#pi_1", "SESSION#cs_1", "USER#u1", "USER#u1"])
    equal(exported(db, "--user", "u1", "--only", "order"), line(order()))
    equal(exported(db, "--user", "u%"), "")
    odd = store_of(item("USER#a%23b", "ORDER#1#cs"))
    equal(exported(odd, "--user", "a#b"), line(item("USER#a%23b", "ORDER#1#cs")))


@test
def _():
    "--quiet says nothing when all is well"
    db = store_of(order())
    equal(shop.run("export", "--db", db, "--quiet").err, "")
    run = shop.run("import", "--db", store_of(), "--quiet", input=line(order()))
    equal(run.err + run.out, "")


@test
def _():
    "on a terminal it shows how far it is, of the table in SQLite and of a file"
    db, path = store_of(*many(3000)), new_path(".jsonl")
    for args in (["export", "--db", db, "--output", path], ["import", "--db", store_of(), path]):
        near, far = new_terminal()
        with subprocess.Popen([*lib.WRAPPER, COMMAND, *args], env=shop.environment(),
                              stdin=subprocess.DEVNULL, stderr=far) as process:
            os.close(far)
            shown = b""
            with contextlib.suppress(OSError):  # the end of a terminal
                while part := os.read(near, 65536):
                    shown += part
        os.close(near)
        equal(process.returncode, 0, shown)
        ok(re.search(rb"\r%s \[#*\.*\] +\d+%%" % args[0].encode(), shown), shown)
        ok(shown.rstrip().splitlines()[-1].split(b"\x1b[K")[-1].startswith(args[0].encode() + b": 3,000"),
           shown)


@test
def _():
    "a store that is not there is an error, and is not made"
    path = new_path()
    for args in (["export"], ["import", "--quiet"]):
        run = shop.run(*args, "--db", path, input=line(order()), code=1)
        contains(run.err, f"{path}: No such file")
        contains(run.err, "`ordersnap init` makes it")
        ok(not os.path.exists(path), "it was made")


@test
def _():
    "output that can't be written is an error, on a full disk and on a closed pipe"
    db = store_of(*many(3000))
    with open("/dev/full", "wb") as full:
        done = subprocess.run([COMMAND, "export", "--db", db], env=shop.environment(), stdout=full,
                              stderr=subprocess.PIPE, text=True)
    equal(done.returncode, 1)
    equal(done.stderr, "ordersnap export: can't write to standard output: No space left on device\n")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([COMMAND, "export", "--db", db], env=shop.environment(), stdout=writer,
                          stderr=subprocess.PIPE, text=True)
    os.close(writer)
    equal(done.returncode, 1)
    equal(done.stderr, "ordersnap export: can't write to standard output: Broken pipe\n")


@test
def _():
    "a row that is no item stops the export and is named, and an import of what came is no success"
    db = store_of(*many(150), item("Q"))
    broken(db, "Q")
    run = shop.run("export", "--db", db, code=1)
    contains(run.err, "what stands under Q, S is no item")
    equal(len(run.err.splitlines()), 1, "lines of error")
    run = imported(store_of(), run.out, code=1)
    contains(run.err, "line 101: cut off: the input ends in it")
    contains(run.err, summary(100, 100, 0, 0, 0, 0))
    broken(db, "P#000000")
    equal(shop.run("export", "--db", db, code=1).out, "")


# --- export into a file -------------------------------------------------------------------------

def file_text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


@test
def _():
    "a file has its name only when it is whole, and is its owner's alone"
    db, out = store_of(*many(250)), new_path(".jsonl")
    run = shop.run("export", "--db", db, "--output", out)
    equal(run.out, "")
    equal(file_text(out), exported(db))
    equal(os.stat(out).st_mode & 0o777, 0o600)
    ok(not os.path.exists(out + ".part"), "the part is still there")
    for made in (lambda part: os.symlink(db, part), lambda part: os.mkfifo(part)):
        part = new_path(".jsonl") + ".part"
        made(part)
        os.chmod(shop.folder, 0o1777)  # others may have put it there
        shop.run("export", "--db", db, "--output", part[:-5], code=1)
        os.chmod(shop.folder, 0o700)
        ok(os.path.lexists(part) and os.path.getsize(db), "nothing was followed")
    with open(out + ".part", "w", encoding="utf-8"):
        os.chmod(out + ".part", 0o666)
    shop.run("export", "--db", db, "--output", out)
    equal(os.stat(out).st_mode & 0o777, 0o600, "of a part that others could read")
    if os.geteuid() == 0:
        with open(out + ".part", "w", encoding="utf-8"):
            os.chown(out + ".part", 65534, 65534)
        contains(shop.run("export", "--db", db, "--output", out, code=1).err, "somebody else's: remove it")
        os.unlink(out + ".part")
    missing = os.path.join(shop.folder, "no folder", "x")
    contains(shop.run("export", "--db", db, "--output", missing, code=1).err, f"can't open {missing}.part")


@test
def _():
    "what a new table, an export and a backup have written is on the disk, and their names are, before they are done"
    db, made = store_of(item()), [new_path() for _ in range(3)]
    with contextlib.closing(preload.Syncs()) as syncs:
        for path, args in zip(made, (["init", "--db", made[0]], ["export", "--db", db, "--output", made[1]],
                                     ["backup", "--db", db, made[2]])):
            shop.run(*args, **syncs.variables)
            synced = syncs.take()
            ok([one for one in synced if one.startswith(os.path.realpath(path))], f"{args[0]}: {synced}")
            contains(synced, os.path.realpath(shop.folder))


@test
def _():
    "an export that failed leaves what it had in FILE.part, and the old FILE as it was"
    db, out = store_of(*many(250), item("Q")), new_path(".jsonl")
    with open(out, "w", encoding="utf-8") as f:
        f.write("old")
    broken(db, "Q")
    run = shop.run("export", "--db", db, "--output", out, code=1)
    equal(file_text(out), "old")
    equal(len(file_text(out + ".part").splitlines()), 200)
    contains(run.err, f"what is written so far is in {out}.part: the same command with --resume goes on")
    mended(db, "Q")
    resumed = shop.run("export", "--db", db, "--output", out, "--resume")
    equal(file_text(out), exported(db))
    contains(resumed.err, "export: 251 items (251 others)")


def broken(db, pk):
    with contextlib.closing(sqlite3.connect(db)) as file, file:
        file.execute("UPDATE items SET item = 'broken' WHERE pk = ?", (pk,))


def mended(db, pk):
    put(db, item(pk))


@test
def _():
    "--resume goes on behind the last whole line, whatever stands behind it"
    db = store_of(*many(20))
    whole = exported(db)
    for cut in (0, 1, 50, len(whole) // 2, len(whole) - 1, len(whole)):
        out = new_path(".jsonl")
        with open(out + ".part", "w", encoding="utf-8") as f:
            f.write(whole[:cut])
        contains(shop.run("export", "--db", db, "--output", out, "--resume").err, "export: 20 items")
        equal(file_text(out), whole, f"cut at {cut}")
    out = new_path(".jsonl")
    shop.run("export", "--db", db, "--output", out, "--resume")
    equal(file_text(out), whole, "without a part")


@test
def _():
    "- is no file of that name, where a pipe would get nothing of the table"
    db = store_of(item())
    for args, said in ((["backup", "-"], "a backup is a file, and can't be standard output"),
                       (["export", "--output", "-"], "without it the lines go to standard output")):
        run = shop.run(*args, "--db", db, code=2)
        contains(run.err, said)
        equal((run.out, os.path.exists("-")), ("", False))


@test
def _():
    "without --resume it begins anew"
    db, out = store_of(*many(3)), new_path(".jsonl")
    with open(out + ".part", "w", encoding="utf-8") as f:
        f.write(line(item("P#000001", version=1)))
    shop.run("export", "--db", db, "--output", out)
    equal(file_text(out), exported(db))


@test
def _():
    "a part that is none, one that another export writes, and --resume alone are refused"
    db, out = store_of(*many(3)), new_path(".jsonl")
    with open(out + ".part", "w", encoding="utf-8") as f:
        f.write(line(item()) + "\0\0\0\n")
    contains(shop.run("export", "--db", db, "--output", out, "--resume", code=1).err,
             "can't be resumed, remove it: line 2: not JSON")
    with open(out + ".part", "r+", encoding="utf-8") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        contains(shop.run("export", "--db", db, "--output", out, code=1).err, "another export is writing")
        ok(f.read(), "it was emptied")
    contains(shop.run("export", "--db", db, "--resume", code=2).err, "--resume goes with --output FILE")


# --- import: the rules --------------------------------------------------------------------------

@test
def _():
    "what is not there is written as it is, with its version and without one"
    db = store_of()
    items = [order(1, version=7), item("a", text="\u00e4\u20ac\U0001F600", none=None, deep=[[{}]]),
             item("b", version=1, n=2**63 - 1, x=0.1, empty=""), *list(ALL_KINDS.values())[1:]]
    run = imported(db, lines(*items))
    equal(run.out, "")
    equal(run.err, summary(len(items), len(items), 0, 0, 0, 0))
    equal(items_in(db), {(i["PK"], i["SK"]): i for i in items})
    equal(sorted(exported(db).splitlines(True)), sorted(map(line, items)))


@test
def _():
    "the second time nothing is written"
    db, text = store_of(), lines(*many(250))
    equal(imported(db, text).err, summary(250, 250, 0, 0, 0, 0))
    with contextlib.closing(sqlite3.connect(db)) as other:
        version = other.execute("PRAGMA data_version").fetchone()
        equal(imported(db, text).err, summary(250, 0, 250, 0, 0, 0))
        equal(other.execute("PRAGMA data_version").fetchone(), version, "it was written to")


RULES = [
    # there, line -> written, the same, newer, conflicts, expired; what stands there after it
    ("absent", None, item(version=3), (1, 0, 0, 0, 0), "line"),
    ("the same", item(version=3, a=1), item(version=3, a=1.0), (0, 1, 0, 0, 0), "there"),
    ("a lower version there", item(version=2, old=1), item(version=3), (1, 0, 0, 0, 0), "line"),
    ("none there, a version in the line", item(old=1), item(version=1), (1, 0, 0, 0, 0), "line"),
    ("a higher version there", item(version=4), item(version=3), (0, 0, 1, 0, 0), "there"),
    ("a version there, none in the line", item(version=1), item(), (0, 0, 1, 0, 0), "there"),
    ("another content", item(version=3, a=1), item(version=3, a=2), (0, 0, 0, 1, 0), "there"),
    ("no versions, another content", item(a=1), item(a=2), (0, 0, 0, 1, 0), "there"),
    ("an expired line", item(version=1), item(version=2, expiresAt=NOW - 5), (0, 0, 0, 0, 1), "there"),
    ("an expired one there", item(version=9, expiresAt=NOW - 5), item(version=1), (1, 0, 0, 0, 0), "line"),
    ("both of the future", item(version=1, expiresAt=NOW + 9999),
     item(version=2, expiresAt=NOW + 99999), (1, 0, 0, 0, 0), "line"),
    ("a version that is no integer", item(version="7"), item(version=1), (1, 0, 0, 0, 0), "line"),
]

for name, there, new, counts, stays in RULES:
    def check(there=there, new=new, counts=counts, stays=stays):
        db = store_of(*([there] if there else []))
        want = new if stays == "line" else there
        dry = imported(db, line(new), "--dry-run")
        equal(items_in(db), {("P#1", "S"): there} if there else {}, "after --dry-run")
        contains(dry.err, "import: 1 lines: {} would be written, {} the same, {} newer there, "
                          "{} conflicts, {} expired; nothing was written\n".format(*counts))
        contains(imported(db, line(new)).err, summary(1, *counts))
        equal(items_in(db), {("P#1", "S"): want})
    kit.case(f"import: {name}: {stays} stays")(check)


@test
def _():
    "a conflict is named; that of an order makes the exit status 1, and says who puts it right"
    db = store_of(order(amount=1), item("PRICE#x", "CACHE", version=1, n=1))
    run = imported(db, lines(item("a"), order(amount=2), item("PRICE#x", "CACHE", version=1, n=2)), code=1)
    contains(run.err, "ordersnap import: line 2: USER#u1, ORDER#1700000001#cs_1 (version 1) is a conflict")
    contains(run.err, "`ordersnap sync` puts it right")
    contains(run.err, "line 3: PRICE#x, CACHE (version 1) is a conflict")
    contains(run.err, summary(3, 1, 0, 0, 2, 0))
    equal(items_in(db)[("USER#u1", "ORDER#1700000001#cs_1")]["amount"], 1)
    run = imported(db, line(item("PRICE#x", "CACHE", version=1, n=2)))
    lacks(run.err, "sync")
    run = imported(db, line(order(amount=2)), "--quiet", code=1)
    contains(run.err, "is a conflict")


@test
def _():
    "of two lines of one key the later one counts as the next batch"
    db = store_of()
    equal(imported(db, lines(item(version=1), item("b"), item(version=3), item(version=2), item(version=3))).err,
          summary(5, 3, 1, 1, 0, 0))
    equal(items_in(db)[("P#1", "S")], item(version=3))


@test
def _():
    "export | import through a pipe, and back, gives the same bytes"
    items = [*ALL_KINDS.values(), *many(1500), item("big", text="\u00e4" * 150000), item("big", "2", t="x" * 390000)]
    first, second, third = store_of(*items), store_of(), store_of()
    for source, destination in ((first, second), (second, third)):
        with subprocess.Popen([COMMAND, "export", "--quiet", "--db", source], env=shop.environment(),
                              stdout=subprocess.PIPE) as one:
            done = subprocess.run([*lib.WRAPPER, COMMAND, "import", "--db", destination], stdin=one.stdout,
                                  env=shop.environment(), capture_output=True, text=True)
        equal((done.returncode, one.wait()), (0, 0), done.stderr)
        equal(done.stderr, summary(len(items), len(items), 0, 0, 0, 0))
    ok(exported(first) == exported(third), "they differ")


@test
def _():
    "an order with a number of more than 64 bits, as a parcel's of 22 digits may be, is moved with each digit"
    text = exported(store_of(order(tracking={"number": 9400110898825022579493, "low": -2**70})))
    contains(text, '"number":9400110898825022579493')
    db = store_of()
    contains(shop.run("import", "--db", db, input=text).err, summary(1, 1, 0, 0, 0, 0))
    equal(exported(db), text)


@test
def _():
    "a file is read as well as standard input, with - or without"
    path, db = new_path(".jsonl"), store_of()
    with open(path, "w", encoding="utf-8") as f:
        f.write(lines(*many(3)))
    equal(shop.run("import", path, "--db", db).err, summary(3, 3, 0, 0, 0, 0))
    equal(imported(db, lines(*many(4)), "-").err, summary(4, 1, 3, 0, 0, 0))
    contains(shop.run("import", path + ".gone", "--db", db, code=1).err, f"can't open {path}.gone: No such file")
    contains(shop.run("import", shop.folder, "--db", db, code=1).err, "Is a directory")
    contains(shop.run("import", path, path, "--db", db, code=2).err, "unexpected argument")


@test
def _():
    "a signal ends an import behind a batch and an export behind a page: how far, and what to do"
    db = store_of()
    running = subprocess.Popen([*lib.WRAPPER, COMMAND, "import", "--db", db], env=shop.environment(),
                               stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    running.stdin.write(lines(*many(300)).encode())
    running.stdin.flush()
    eventually(lambda: items_in(db))
    running.send_signal(signal.SIGINT)
    err = running.communicate(timeout=20)[1].decode()
    equal(running.returncode, 1, err)
    contains(err, "ordersnap import: interrupted\n")
    contains(err, "run the same command again")
    put(db, *many(3000))
    reader, writer = os.pipe()
    running = subprocess.Popen([*lib.WRAPPER, COMMAND, "export", "--db", db], env=shop.environment(),
                               stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        pipe.readline()
        running.send_signal(signal.SIGINT)
        pipe.read()
    err = running.communicate(timeout=20)[1].decode()
    equal(running.returncode, 1, err)
    contains(err, "ordersnap export: interrupted: the export is not whole")


@test
def _():
    "pipes that somebody made non-blocking are waited for"
    db, path = store_of(*many(3000)), new_path(".jsonl")
    with open(path, "w", encoding="utf-8") as f:
        f.write(exported(db))
    for args, source in ((["export", "--db", db], None), (["import", "--db", store_of()], path)):
        near, far = os.pipe()
        os.set_blocking(near, False)
        os.set_blocking(far, False)
        with subprocess.Popen([*lib.WRAPPER, COMMAND, *args], env=shop.environment(), text=True,
                              stdin=near if source else subprocess.DEVNULL, stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL if source else far) as process:
            os.set_blocking(far if source else near, True)
            time.sleep(0.2)
            os.close(near if source else far)
            if source:
                with open(far, "w", encoding="utf-8") as f:
                    f.write(file_text(source))
            else:
                with open(near, encoding="utf-8") as f:
                    ok(f.read() == file_text(path), "another text")
            contains(process.stderr.read(), "3,000")
        equal(process.returncode, 0)


# --- import: bad input --------------------------------------------------------------------------

BAD = {
    "not JSON": ("nonsense", "not JSON"),
    "empty": ("", "not JSON"),
    "JSON with junk behind it": (line(item()).strip() + "x", "not JSON"),
    "JSON with a NUL byte": ('{"PK":"a","SK":"b"}\0', "not JSON"),
    "not UTF-8": (b'{"PK":"a","SK":"\xff"}', "not JSON"),
    "an array": ("[1]", "not a JSON object"),
    "a text": ('"a"', "not a JSON object"),
    "without PK": ('{"SK":"a"}', "PK is missing, empty or not a string"),
    "without SK": ('{"PK":"a"}', "SK is missing, empty or not a string"),
    "with a PK that is no text": ('{"PK":1,"SK":"a"}', "PK is missing, empty or not a string"),
    "with an empty SK": ('{"PK":"a","SK":""}', "SK is missing, empty or not a string"),
    "with NUL in its PK": ('{"PK":"a\\u0000b","SK":"a"}', "PK is missing, empty or not a string"),
    "larger than an item can be": (line(item(text="x" * 410000)).strip(), "larger than an item can be (400 KB)"),
    "longer than any item": ("x" * 3000000, "longer than an item can be (400 KB)"),
}

for name, (bad, said) in BAD.items():
    def check_bad(bad=bad, said=said):
        db = store_of()
        bad = bad if isinstance(bad, bytes) else bad.encode()
        good = [line(i).encode() for i in many(150)]
        text = b"".join(good[:120]) + bad + b"\n" + b"".join(good[120:])
        run = shop.run("import", "--db", db, input=text, code=1)
        contains(run.err, f"ordersnap import: line 121: {said}")
        contains(run.err, summary(120, 120, 0, 0, 0, 0))
        contains(run.err, "not all lines are imported: mend the fault and run the same command again")
        equal(len(items_in(db)), 120)
        lacks(shop.run("import", "--dry-run", "--db", db, input=text, code=1).err, "not all lines are imported")
        equal(shop.run("import", "--db", db, input=b"".join(good)).err, summary(150, 30, 120, 0, 0, 0))
    kit.case(f"a line that is {name} is named, and the lines before it are done")(check_bad)


@test
def _():
    "a last line that was cut is named, wherever the cut is; a whole one needs no newline"
    whole = lines(*many(3))
    last = len(line(many(3)[2]))
    for cut in (1, 2, 20, last - 2):
        run = imported(store_of(), whole[:-cut - 1], code=1)
        contains(run.err, "line 3: cut off: the input ends in it")
        contains(run.err, summary(2, 2, 0, 0, 0, 0))
    equal(imported(store_of(), whole[:-1]).err, summary(3, 3, 0, 0, 0, 0))
    equal(imported(store_of(), whole.replace("\n", "\r\n")).err, summary(3, 3, 0, 0, 0, 0))


@test
def _():
    "nothing is nothing"
    equal(imported(store_of(), "").err, summary(0, 0, 0, 0, 0, 0))


@test
def _():
    "a store that fails ends the import, with the lines that are not known to be done"
    db = store_of()
    with contextlib.closing(sqlite3.connect(db)) as file, file:
        file.execute("CREATE TRIGGER t BEFORE INSERT ON items WHEN new.pk = 'P#000150'"
                     " BEGIN SELECT RAISE(ABORT, 'the disk is on fire'); END")
    run = imported(db, lines(*many(400)), code=1)
    contains(run.err, "ordersnap import: lines 101 to 200: ")
    contains(run.err, "the disk is on fire")
    contains(run.err, summary(100, 100, 0, 0, 0, 0))
    equal(len(items_in(db)), 100)


@test
def _():
    "what reads back otherwise than it was written is named, and is no success"
    db = store_of()
    with contextlib.closing(sqlite3.connect(db)) as file, file:
        file.execute("""CREATE TRIGGER t AFTER INSERT ON items WHEN new.pk = 'P#000003' BEGIN
                        UPDATE items SET item = '{"PK":"P#000003","SK":"S","version":1}'
                        WHERE pk = new.pk; END""")
    run = imported(db, lines(*many(5)), "--quiet", code=1)
    contains(run.err, "line 4: P#000003, S (version 1) reads back otherwise than it was written")
    contains(run.err, "5 written, 0 the same, 0 newer there, 0 conflicts, 0 expired; 1 not verified")


@test
def _():
    "what a live writer made newer before it was read back is no failure"
    db = store_of()
    with contextlib.closing(sqlite3.connect(db)) as file, file:
        file.execute("""CREATE TRIGGER t AFTER INSERT ON items WHEN new.pk = 'P#000003' BEGIN
                        UPDATE items SET item = '{"PK":"P#000003","SK":"S","version":2}'
                        WHERE pk = new.pk; END""")
    equal(imported(db, lines(*many(5))).err, summary(5, 5, 0, 0, 0, 0))


# --- bad days -----------------------------------------------------------------------------------

@test
def _():
    "an import that is killed at any moment is whole after it was run again"
    path, text = new_path(".jsonl"), lines(*many(4000))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    for wait in (0.02, 0.05, 0.1):
        db = store_of()
        with shop.start("import", "--db", db, path) as process:
            time.sleep(wait * kit.PATIENCE)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        done = len(items_in(db))
        equal(done % 100, 0, "a part of a batch was written")
        equal(shop.run("import", "--db", db, path).err, summary(4000, 4000 - done, done, 0, 0, 0))
        ok(exported(db) == text, "it is not whole")


@test
def _():
    "an export into a file that is killed is whole after it was resumed"
    db, out = store_of(*many(20000)), new_path(".jsonl")
    with shop.start("export", "--db", db, "--output", out) as process:
        while process.poll() is None and not (os.path.exists(out + ".part") and
                                              os.path.getsize(out + ".part")):
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    shop.run("export", "--db", db, "--output", out, "--resume")
    ok(file_text(out) == exported(db), "it is not whole")


def live_writer(path, keys, stop, written):
    """Goes on from version to version of these items, as a program would."""
    with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as db:
        n = 0
        while not stop.is_set():
            pk = keys[n % len(keys)]
            n += 1
            db.execute("BEGIN IMMEDIATE")
            row = db.execute("SELECT item FROM items WHERE pk = ? AND sk = 'S'", (pk,)).fetchone()
            version = json.loads(row[0])["version"] + 1 if row else 1
            db.execute("INSERT OR REPLACE INTO items VALUES (?, 'S', ?, NULL)",
                       (pk, json.dumps(item(pk, version=version, by="live"))))
            db.execute("COMMIT")
            written[pk] = version
            time.sleep(0.0005)


@test
def _():
    "no write of a live writer is lost beside an import, and no version goes back"
    db, count = store_of(), 3000
    items = [item(f"P#{i:06d}", version=50, by="import") for i in range(count)]
    keys, stop, written = [f"P#{i:06d}" for i in range(0, count, 10)], threading.Event(), {}
    writer = threading.Thread(target=live_writer, args=(db, keys, stop, written))
    writer.start()
    try:
        run = imported(db, lines(*items))
    finally:
        stop.set()
        writer.join()
    counts = [int(n.replace(",", "")) for n in re.findall(r"([\d,]+) [a-z]", run.err)]
    equal(counts[0], count)
    equal(sum(counts[1:]), count, run.err)
    contains(run.err, "all verified")
    stands = items_in(db)
    equal(len(stands), count)
    for pk, version in written.items():
        equal(max(version, 50), stands[(pk, "S")]["version"], pk)
    ok(any(i["by"] == "live" and i["version"] > 50 for i in stands.values()), "no writer met the import")


@test
def _():
    "a table that is written meanwhile is exported without a loss of what stood there all the while"
    db, stop, written = store_of(*many(5000)), threading.Event(), {}
    writer = threading.Thread(target=live_writer, args=(db, ["A", "P#002500x", "Z"], stop, written))
    writer.start()
    try:
        text = exported(db)
    finally:
        stop.set()
        writer.join()
    pks = [json.loads(one)["PK"] for one in text.splitlines()]
    equal(len(pks), len(set(pks)), "each once")
    equal([p for p in pks if re.fullmatch(r"P#\d{6}", p)], [i["PK"] for i in many(5000)])


@test
def _():
    "a shop moves while it is open: export | import, and again for what came meanwhile"
    first, second = store_of(order(1), order(2), order(3)), store_of()
    imported(second, exported(first))
    put(first, order(1, version=2, status="refunded"), order(4))      # came meanwhile
    put(second, order(2, version=2, status="refunded"), order(5))     # the new store is in use already
    equal(imported(second, exported(first)).err, summary(4, 2, 1, 1, 0, 0))
    stands = items_in(second)
    equal(len(stands), 5)
    for n in (1, 2):
        equal(stands[("USER#u1", f"ORDER#{1700000000 + n}#cs_{n}")]["status"], "refunded")


@test
def _():
    "an import that waits for input ends at SIGTERM, with what it had; one under nohup outlives SIGHUP"
    for number, ignored in ((signal.SIGTERM, ()), (signal.SIGHUP, (signal.SIGHUP,)), (signal.SIGINT, (signal.SIGINT,))):
        db = store_of()
        process = subprocess.Popen(
            [*lib.WRAPPER, COMMAND, "import", "--db", db], env=shop.environment(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=lambda ignored=ignored: [signal.signal(n, signal.SIG_IGN) for n in ignored])
        process.stdin.write(line(item("P#1")).encode())
        process.stdin.flush()
        eventually(lambda p=process: unread(p.stdin) == 0, what="the line is read")
        process.send_signal(number)
        if ignored:
            err = process.communicate(line(item("P#2")).encode(), timeout=60 * kit.PATIENCE)[1]
            equal((process.returncode, len(items_in(db))), (0, 2), err)
        else:
            process.wait(60 * kit.PATIENCE)  # though nobody has closed its input
            err = process.communicate()[1]
            equal(process.returncode, 1, err)
            contains(err.decode(), "interrupted")


main(shop)
