#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap export | ordersnap import` from SQLite into DynamoDB and back: the same lines at the end,
in flat memory, on bad days too.

    ORDERSNAP_TRANSFER_ITEMS=100000 python3 tests/dynamodb/test_transfer.py "back again"
"""
import contextlib
import json
import os
import sqlite3
import subprocess
import threading
import time

import kit
import local
from local import error
from tap import Watch, contains, equal, main, ok, test

local.need()

ITEMS = int(os.environ.get("ORDERSNAP_TRANSFER_ITEMS", "600" if kit.SLOW else "3000"))
MOST_KB = 32 * 1024  # of memory; sanitizers and valgrind have their own
COMMAND = [*kit.lib.WRAPPER, os.path.join(kit.lib.BUILD, "ordersnap")]

db = local.at_hand()
proxy = local.Proxy(db.port)
shop = kit.TableShop(db, proxy.base, table="unused", sim=False)
LATER = int(time.time()) + 10**6


def fresh():
    """A new table and the options that choose it."""
    proxy.mend()
    return ["--table", db.new_table()]


def run(*args, code=0, stdin=None):
    done = subprocess.run([*COMMAND, *args], env=shop.environment(), input=stdin or b"",
                          capture_output=True, timeout=3000)
    done.err = done.stderr.decode()
    equal(done.returncode, code, f"ordersnap {' '.join(args)}: {done.err}")
    return done


def lines_of(*options):
    """What is exported, sorted."""
    return sorted(run("export", *options).stdout.splitlines())


def line(item):
    return json.dumps(item, ensure_ascii=False).encode() + b"\n"


class Timed:
    """A command that runs; its memory is looked at meanwhile (that of wait4() is this process's)."""

    def __init__(self, args, **files):
        self.started, self.memory = time.monotonic(), 0
        self.process = subprocess.Popen([*COMMAND, *args], env=shop.environment(),
                                        stderr=subprocess.PIPE, **files)
        self.watcher = threading.Thread(target=self.watch)
        self.watcher.start()

    def watch(self):
        while self.process.poll() is None:
            with contextlib.suppress(OSError), \
                    open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
                self.memory = max([self.memory, *(int(line.split()[1]) for line in status
                                                  if line.startswith("VmHWM"))])
            time.sleep(0.01)

    def finish(self):
        """(seconds, what it said)"""
        text = self.process.stderr.read().decode()
        equal(self.process.wait(), 0, text)
        seconds = time.monotonic() - self.started
        self.watcher.join()
        return seconds, text


def pipe(source, destination):
    """export | import; what import says."""
    one = Timed(["export", *source, "--quiet"], stdout=subprocess.PIPE)
    other = Timed(["import", *destination], stdin=one.process.stdout)
    one.process.stdout.close()
    seconds, text = other.finish()
    one.finish()
    print(f"# {seconds:.1f} s, memory of export {one.memory} KB, of import {other.memory} KB")
    print(f"# {text.strip()}", flush=True)
    if not kit.SLOW:
        ok(one.memory < MOST_KB and other.memory < MOST_KB, "memory is not flat")
    return text


def order(n):
    user, sid = f"u{n % 500}@shop.example", f"cs_test_{n:08d}"
    return {"PK": f"USER#{user}", "SK": f"ORDER#{1700000000 + n}#{sid}", "version": 1 + n % 3,
            "orderId": sid, "userId": user, "customerName": "J\u00fcrgen M\u00fcller \U0001F600",
            "status": "completed", "amount": 8500 + n, "currency": "usd", "livemode": False,
            "items": [{"name": "Red \"Necklace\"\t\\", "quantity": 2, "unitPrice": 3000,
                       "sku": "", "nothing": None, "more": [[], {}, [None, {"a": [1, "1"]}]]}],
            "metadata": {}, "shippingAddress": {"line1": "", "city": "Z\u00fcrich"}}


def belongings(n):
    """The items that stand beside the order in the table."""
    o, sid = order(n), f"cs_test_{n:08d}"
    yield o
    yield {**o, "PK": f"PAYMENT#pi_{n}", "SK": "METADATA", "orderSk": o["SK"]}
    yield {"PK": f"NUMBER#BC-{n:08d}", "SK": "METADATA", "version": 1, "orderSk": o["SK"]}
    yield {"PK": f"DAY#2024-01-{1 + n % 28:02d}", "SK": o["SK"], "version": 1}
    yield {"PK": f"SESSION#{sid}", "SK": "METADATA", "expiresAt": LATER + n}  # without a version
    yield {"PK": f"EVENT#evt_{n}", "SK": "METADATA", "version": 1, "expiresAt": LATER}


# What is worth a line of its own.
SPECIAL = [
    {"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 9, "cursor": "evt_1"},
    {"PK": "X#numbers", "SK": "1", "version": 1, "max": 2**63 - 1, "min": -2**63, "exact": 2**53 + 1,
     "zero": 0, "half": 0.5, "tiny": 0.000125, "list": [1, -1, 0.1]},
    {"PK": "X#large", "SK": "1", "version": 1, "text": "\u00e4" * 150000},
    {"PK": "X#large", "SK": "2", "version": 1, "text": "x" * 300000},
    {"PK": "X#\u00e4\u20ac\U0001F600", "SK": "k e y#%", "version": 1, "a b.#": {" ": ""}},
    {"PK": "X#deep", "SK": "1", "a": [{"b": [{"c": [{"d": [None, True, False, ""]}]}]}]},
]


def fill(path, count):
    """A SQLite file with `count` items, and some that have expired."""
    run("init", "--db", path)
    items = list(SPECIAL)
    n = 0
    while len(items) < count:
        n += 1
        items += belongings(n)
    items += [{"PK": f"EVENT#old_{i}", "SK": "METADATA", "version": 1, "expiresAt": 1000 + i}
              for i in range(50)]
    with contextlib.closing(sqlite3.connect(path)) as file:
        file.executemany("INSERT INTO items VALUES (?, ?, ?, ?)", [
            (i["PK"], i["SK"], json.dumps(i, ensure_ascii=False), i.get("expiresAt"))
            for i in items])
        file.commit()
    return len(items) - 50


@test
def _():
    "a table goes from SQLite to DynamoDB and back again, and the sorted lines are the same bytes"
    first, second = (os.path.join(shop.folder, n) for n in ("first.db", "second.db"))
    count = fill(first, ITEMS)
    run("init", "--db", second)
    table = fresh()
    contains(pipe(["--db", first], table),
             f"import: {count:,} lines: {count:,} written, 0 the same, 0 newer there, "
             "0 conflicts, 0 expired; all verified")
    contains(pipe(table, ["--db", second]), f"{count:,} written")
    contains(pipe(["--db", second], table), f"0 written, {count:,} the same")
    lines = lines_of("--db", first)
    equal(len(lines), count)
    for options in (["--db", second], table):
        differ = [pair for pair in zip(lines, lines_of(*options)) if pair[0] != pair[1]]
        ok(not differ, f"{options}: {len(differ)} lines differ, {[p[:200] for p in differ[:1]]}")


@test
def _():
    "a number that DynamoDB gives back with another text counts as the same"
    table, text = fresh(), b'{"PK":"a","SK":"b","n":[1.50,1e3,0.0010,-0.0,10.0,1E-7,9400110898825022579493]}\n'
    said = {"1.50": "1.5", "1e3": "1000", "0.0010": "0.001", "-0.0": "0", "10.0": "10",
            "1E-7": "0.0000001"}

    def as_in_aws(handler, _, body):  # DynamoDB Local gives the text that it got
        status, raw = handler.ask(body)
        for written, given in said.items():
            raw = raw.replace(b'{"N":"%s"}' % written.encode(), b'{"N":"%s"}' % given.encode())
        handler.give(status, raw)
    proxy.add("BatchGetItem", as_in_aws, times=None)
    proxy.add("GetItem", as_in_aws, times=None)
    proxy.add("Scan", as_in_aws, times=None)
    contains(run("import", *table, stdin=text).err, "1 written")
    contains(run("import", *table, stdin=text).err, "0 written, 1 the same")
    contains(run("export", *table).stdout.decode(), '"n":[1.5,1000,0.001,0,10,0.0000001,9400110898825022579493]')


@test
def _():
    "what a page of DynamoDB leaves out is not the end of the table"
    table = fresh()
    for n in range(30):
        db.put(table[1], {"PK": f"E#{n}", "SK": "1", "expiresAt": 5, "text": "x" * 390000})
    db.put(table[1], {"PK": "there", "SK": "1"})
    equal(lines_of(*table), [b'{"PK":"there","SK":"1"}'])
    for name, _, body in proxy.requests:
        if name == "Scan":
            equal(json.loads(body)["ConsistentRead"], True)
    ok(proxy.calls["Scan"] > 5, f"{proxy.calls} calls")


@test
def _():
    "sets and binary values become lists and texts"
    table = fresh()
    db.call("PutItem", TableName=table[1], Item={
        "PK": {"S": "a"}, "SK": {"S": "b"}, "numbers": {"NS": ["3"]}, "texts": {"SS": ["x"]},
        "bytes": {"B": "AAEC"}})
    equal(run("export", *table).stdout,
          b'{"PK":"a","SK":"b","bytes":"AAEC","numbers":[3],"texts":["x"]}\n')


@test
def _():
    "throttling, lost calls and lost answers pass: every item is there, once"
    table = fresh()
    text = b"".join(line(i) for n in range(40) for i in belongings(n))
    for operation in ("BatchGetItem", "TransactWriteItems", "Scan"):
        proxy.refuse(operation, "ThrottlingException", times=2)
        proxy.lose(operation, times=1)
        proxy.forget(operation, times=1)
    proxy.say("TransactWriteItems", *local.cancelled("None", "TransactionConflict", "ThrottlingError"))
    proxy.partly(times=3)
    contains(run("import", *table, stdin=text).err,
             "import: 240 lines: 240 written, 0 the same, 0 newer there, 0 conflicts, 0 expired; "
             "all verified")
    equal(lines_of(*table), sorted(canonical(json.loads(t)) for t in text.splitlines()))


def canonical(item):
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@test
def _():
    "what DynamoDB refuses for good is said at once, with the lines that it is about"
    table = fresh()
    item = {"PK": "a", "SK": "b", "n": 0}
    for _ in range(40):
        item = {"PK": "a", "SK": "b", "n": item}
    started = Watch()
    said = run("import", *table, stdin=line({"PK": "x", "SK": "y"}) + line(item), code=1).err
    contains(said, "lines 1 to 2: ")
    contains(said, "import: 0 lines: 0 written")
    started.at_most(20)


@test
def _():
    "credentials that may not do it and a table that is not there are said at once"
    table = fresh()
    proxy.refuse("Scan", "AccessDeniedException", times=None)
    contains(run("export", *table, code=1).err, "give them the policy in conf/dynamodb")
    proxy.mend()
    contains(run("export", "--table", "gone", code=1).err, "create it with `ordersnap init`")
    contains(run("import", "--table", "gone", stdin=line({"PK": "a", "SK": "b"}), code=1).err,
             "create it with `ordersnap init`")


@test
def _():
    "an export into a file that was killed goes on where it was, in DynamoDB's order too"
    table = fresh()
    run("import", *table, stdin=b"".join(line(i) for n in range(100) for i in belongings(n)))
    whole = lines_of(*table)
    path = os.path.join(shop.folder, "out.jsonl")
    proxy.add("Scan", lambda handler, name, body: handler.give(*error("ValidationException", name))
              if b"ExclusiveStartKey" in body else handler.give(*handler.ask(body)), times=None)
    contains(run("export", *table, "--output", path, code=1).err, "--resume")
    proxy.mend()
    ok(os.path.exists(path + ".part") and not os.path.exists(path), "the part")
    contains(run("export", *table, "--output", path, "--resume").err, f"export: {len(whole)} items")
    ok("ExclusiveStartKey" in proxy.requests[0][2].decode(), "it began anew")
    with open(path, "rb") as f:
        equal(sorted(f.read().splitlines()), whole)


@test
def _():
    "a conflict with a live writer is read and decided again"
    table = fresh()
    text = b"".join(line({"PK": f"P#{n}", "SK": "1", "version": 1}) for n in range(10))

    def interfere(handler, _, body):
        db.put(table[1], {"PK": "P#3", "SK": "1", "version": 4, "by": "somebody"})
        handler.give(*handler.ask(body))
    proxy.add("TransactWriteItems", interfere)
    contains(run("import", *table, stdin=text).err, "9 written, 0 the same, 1 newer there")
    equal(db.items(table[1])[("P#3", "1")]["by"], "somebody")
    equal(len(db.items(table[1])), 10)


@test
def _():
    "what reads back otherwise than it was written is named, and the exit status is 1"
    table = fresh()

    def spoil(handler, _, body):
        handler.give(*handler.ask(body.replace(b"right", b"wrong")))
    proxy.add("TransactWriteItems", spoil)
    said = run("import", *table, stdin=line({"PK": "a", "SK": "b", "t": "right"}), code=1).err
    contains(said, "line 1: a, b (version 0) reads back otherwise than it was written")
    contains(said, "1 not verified")


def cleanup():
    shop.close()
    proxy.close()
    db.close()


main(cleanup)
