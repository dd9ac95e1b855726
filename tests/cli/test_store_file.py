#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The SQLite file moved, emptied, replaced, copied and restored under programs that run.

The one idea: a ledger of what was acknowledged.  Whatever happens to the file, an order that was
answered with 200 is there afterwards, unless a copy of before it was put in the file's place.
"""
import contextlib
import datetime
import fcntl
import itertools
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import (COMMAND, CommandShop, Watch, contains, equal, eventually, lacks,  # noqa: E402
                         lib, main, ok, skip, test)
from workers import FastCgi  # noqa: E402

shop = CommandShop()
names = itertools.count()


def event(number):
    """A new session that was paid."""
    session = f"cs_test_file{number:06}"
    shop.sim.post("/_sim/session", {
        "id": session, "client_reference_id": f"user-{number % 3}",
        "customer_email": "jane@shop.example",
        "line_items": [{"name": "Silver Ring", "unit_amount": 2500, "currency": "usd"}]})
    return session, [e for e in shop.sim.get("/_sim/events")
                     if e["data"]["object"]["id"] == session][-1]


class World:
    """A new store, workers on it, and the ledger."""

    def __init__(self, workers=3):
        shop.sim.post("/_sim/reset")
        self.folder = os.path.join(shop.folder, f"store {next(names)}")
        os.mkdir(self.folder, 0o700)
        self.db = os.path.join(self.folder, "orders.db")
        self.copy = os.path.join(shop.folder, f"copy {next(names)}.db")
        self.run("init")
        self.fcgi = FastCgi(shop, "stripe-webhook", workers, COMMERCE_DB=self.db)
        self.ledger = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.fcgi.close()

    def run(self, *args, **more):
        return shop.run(*args, "--db", self.db, **more)

    def deliver(self, count):
        """Delivers so many new events; their statuses."""
        statuses = set()
        for _ in range(count):
            session, told = event(next(names))
            answer = self.fcgi.webhook(told)
            statuses.add(answer.status)
            if answer.status == 200:
                self.ledger.append(session)
            else:
                self.said = answer.log
        return statuses

    def health(self):
        return shop.health(COMMERCE_DB=self.db)

    @contextlib.contextmanager
    def standing_still(self):
        """The workers notice nothing meanwhile; else they look after their file each second."""
        for process in self.fcgi.processes:
            process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for process in self.fcgi.processes:
                process.send_signal(signal.SIGCONT)

    def stop(self):
        self.fcgi.close()

    def stored(self, path=None):
        """The sessions whose orders stand in a file that is sound and holds nothing half."""
        with contextlib.closing(sqlite3.connect(path or self.db)) as db:
            equal(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            rows = {(pk, sk): json.loads(text)
                    for pk, sk, text in db.execute("SELECT pk, sk, item FROM items")}
        orders = {v["orderId"]: k for k, v in rows.items() if k[0].startswith("USER#")}
        for session, (pk, sk) in orders.items():
            pointer = rows.get((f"SESSION#{session}", "METADATA"))
            ok(pointer, f"{session} has no session item")
            ok(any(k[0].startswith("PAYMENT#") and v.get("orderSK") == sk for k, v in rows.items()),
               f"{session} has no payment item")
            ok(any(k[0].startswith("DAY#") and session in k[1] + json.dumps(v)
                   for k, v in rows.items()), f"{session} has no day entry")
        return set(orders)

    def lost(self, ledger=None):
        return sorted(set(self.ledger if ledger is None else ledger) - self.stored())


def move(source, target, *suffixes):
    for suffix in ("", *suffixes):
        if os.path.exists(source + suffix):
            os.rename(source + suffix, target + suffix)


def log_of(path):
    with open(path + "-wal", "rb") as f:
        return f.read()


@test
def _():
    "a file that is moved away and back while a new process asks /healthz loses none of 30 orders"
    with World() as world:
        equal(world.deliver(30), {200})
        log = log_of(world.db)
        ok(log, "the log is empty: the test shows nothing")
        os.rename(world.db, world.db + ".aside")
        answer = world.health()
        equal(answer.status, 503)
        contains(answer.json["problem"], world.db)
        contains(answer.json["problem"], "ordersnap init")
        contains(answer.log, world.db)
        equal(world.deliver(4), {503})
        contains(world.said, f"{world.db} is not there")
        equal(log_of(world.db), log, "the log")
        ok(not os.path.exists(world.db), "a file was made")
        os.rename(world.db + ".aside", world.db)
        equal(world.health().status, 200)
        equal(world.deliver(4), {200})
        world.stop()
        equal(world.lost(), [])


@test
def _():
    "init, import and restored programs do not touch a log whose file is away"
    with World() as world:
        world.deliver(5)
        log = log_of(world.db)
        os.rename(world.db, world.db + ".aside")
        contains(world.run("init", code=1).err, "-wal is, with orders in it")
        contains(world.run("import", input="", code=1).err, "`ordersnap init` makes it")
        contains(world.run("backup", world.copy, code=1).err, "`ordersnap init` makes it")
        contains(world.run("check", code=None).out, "is not there")
        equal(log_of(world.db), log, "the log")
        os.rename(world.db + ".aside", world.db)
        world.stop()
        equal(world.lost(), [])


@test
def _():
    "a worker that ends while the file is away leaves the log to whoever comes back"
    with World() as world:
        world.deliver(6)
        os.rename(world.db, world.db + ".aside")
        world.stop()
        ok(log_of(world.db), "the log is gone")
        os.rename(world.db + ".aside", world.db)
        equal(world.health().status, 200)
        equal(world.lost(), [])


@test
def _():
    "a file that is moved away with its log, or with its folder, comes back with all of it"
    with World() as world:
        for source in (world.db, world.folder):
            equal(world.deliver(6), {200})
            move(source, source + ".aside", "-wal", "-shm")
            equal(world.deliver(3), {503})
            equal(world.health().status, 503)
            move(source + ".aside", source, "-wal", "-shm")
        equal(world.deliver(6), {200})
        world.stop()
        equal(world.lost(), [])


@test
def _():
    "a file that is emptied takes nothing, and what stands again is used with the log that was kept"
    with World() as world:
        equal(world.deliver(10), {200})
        log = log_of(world.db)
        with open(world.db, "rb") as f:
            whole = f.read()
        os.truncate(world.db, 0)
        equal(world.deliver(4), {503})
        contains(world.said, f"{world.db} is empty")
        contains(world.health().json["problem"], "ordersnap restore")
        equal((os.path.getsize(world.db), log_of(world.db)), (0, log))
        with open(world.db, "r+b") as f:
            f.write(whole)
        equal(world.deliver(4), {200})
        world.stop()
        equal(world.lost(), [])


@test
def _():
    "a worker that ends on an emptied file does not write its log into it"
    with World() as world:
        world.deliver(10)
        log = log_of(world.db)
        os.truncate(world.db, 0)
        world.stop()
        equal((os.path.getsize(world.db), log_of(world.db)), (0, log))


@test
def _():
    "a folder, another program's database or a text in the file's place is a 503 and left as it is"
    with World() as world:
        equal(world.deliver(3), {200})
        move(world.db, world.db + ".aside", "-wal", "-shm")
        os.mkdir(world.db)
        equal((world.deliver(3), world.health().status), ({503}, 503))
        equal(os.listdir(world.db), [])
        os.rmdir(world.db)
        with contextlib.closing(sqlite3.connect(world.db)) as db:
            db.execute("CREATE TABLE others (a)")
        for content in (None, b"this is a text of some length\n" * 200):
            if content:
                with open(world.db, "wb") as f:
                    f.write(content)
            with open(world.db, "rb") as f:
                before = f.read()
            equal((world.deliver(3), world.health().status), ({503}, 503))
            with open(world.db, "rb") as f:
                equal(f.read(), before, "the file")
            ok(not os.path.exists(world.db + "-wal"), "it has a log now")
        os.unlink(world.db)
        move(world.db + ".aside", world.db, "-wal", "-shm")
        equal(world.deliver(3), {200})
        world.stop()
        equal(world.lost(), [])


@test
def _():
    "a copy that is moved over the file while its log stays is not mixed with that log"
    with World() as world:
        equal(world.deliver(10), {200})
        world.run("backup", world.copy)
        before = list(world.ledger)
        equal(world.deliver(10), {200})
        with world.standing_still():
            os.rename(world.copy, world.db)
            new = shop.webhook(event(next(names))[1], COMMERCE_DB=world.db)
        equal(new.status, 503, "a new process, which does not know the log")
        contains(new.log, "running programs")
        world.ledger = []
        eventually(lambda: world.deliver(3) == {200}, 20, "all workers have seen it")
        equal(world.health().status, 200)
        world.stop()
        equal(world.lost(before + world.ledger), [])


def has_open(process):
    """The files that a process has open, by their names."""
    folder = f"/proc/{process.pid}/fd"
    names = []
    for number in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):  # it was closed meanwhile
            names.append(os.readlink(os.path.join(folder, number)))
    return names


@test
def _():
    "a process that nobody asks lets go of its file when another one stands in its place"
    with World(1) as world:
        world.deliver(1)
        process = world.fcgi.processes[0]
        ok(world.db in has_open(process), str(has_open(process)))
        world.run("backup", world.copy)
        os.rename(world.copy, world.db)
        eventually(lambda: not [name for name in has_open(process) if name.startswith(world.folder)],
                   what="it has let go of the file and its log")


@test
def _():
    "a log that is taken away under running programs loses nothing that was acknowledged"
    with World() as world:
        equal(world.deliver(20), {200})
        os.unlink(world.db + "-wal")
        eventually(lambda: world.deliver(3) == {200}, 20, "all workers have seen it")
        world.stop()
        equal(world.lost(), [])


@test
def _():
    "the log comes down again after a long reader, beside writers"
    with World() as world:
        world.deliver(1)
        with contextlib.closing(sqlite3.connect(world.db, isolation_level=None)) as reader, \
                contextlib.closing(sqlite3.connect(world.db, isolation_level=None)) as writer:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM items").fetchall()
            for number in range(300):
                writer.execute("INSERT OR REPLACE INTO items VALUES ('BIG', ?, ?, NULL)",
                               (str(number % 10), json.dumps({"t": "x" * 50000})))
            ok(os.path.getsize(world.db + "-wal") > 12 << 20, "the log did not grow")
            equal(world.deliver(2), {200})
            reader.execute("COMMIT")
            eventually(lambda: world.deliver(1) == {200} and
                       os.path.getsize(world.db + "-wal") < 5 << 20, 20, "the log is small")
            writer.execute("DELETE FROM items WHERE pk = 'BIG'")
        world.stop()
        equal(world.lost(), [])


# --- backup ---------------------------------------------------------------------------------------

class Buyers:
    """Deliver events one after the other, until they are told to stop: [(session, began, ended)]."""

    def __init__(self, world):
        self.world, self.told, self.done, self.ends = world, [], [], threading.Event()
        self.events = [event(next(names)) for _ in range(120)]
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.buy) for _ in range(3)]

    def buy(self):
        while not self.ends.is_set():
            with self.lock:
                if not self.events:
                    return
                session, told = self.events.pop()
            began = time.monotonic()
            status = self.world.fcgi.webhook(told).status
            with self.lock:
                self.done.append((session, status, began, time.monotonic()))

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        eventually(lambda: len(self.done) > 10, 20, "orders come in")
        return self

    def __exit__(self, *_):
        self.ends.set()
        for thread in self.threads:
            thread.join()

    def acknowledged(self, before=float("inf"), after=0.0):
        return [s for s, status, began, ended in self.done
                if status == 200 and ended < before and began > after]


@test
def _():
    "a backup beside writers is of one moment, whole and sound, with all that was acknowledged before"
    with World() as world, Buyers(world) as buyers:
        for _ in range(5):
            begin = time.monotonic()
            world.run("backup", "--force", world.copy)
            equal(sorted(set(buyers.acknowledged(before=begin)) - world.stored(world.copy)), [])
            equal(os.stat(world.copy).st_mode & 0o777, 0o600)
            equal([n for n in os.listdir(shop.folder) if n.startswith(os.path.basename(world.copy))],
                  [os.path.basename(world.copy)])
        buyers.__exit__()
        equal({status for _, status, _, _ in buyers.done}, {200}, "nobody had to wait")
        world.stop()
        equal(world.lost(buyers.acknowledged()), [])


@test
def _():
    "the sync that restore names begins a day before the copy's latest item, and before the file, whatever that says"
    for text, latest in (("2024-11-26T09:30:00Z", "2024-11-26"), ("2024-11-26T09:30:00.123456+00:00", "2024-11-26"),
                         ("2999-01-01T00:00:00Z", "2025-03-04"), ("soon", "2025-03-04")):
        made = CommandShop(sim=False)
        try:
            made.run("init")
            with contextlib.closing(sqlite3.connect(made.db)) as db, db:
                db.execute("DELETE FROM items")
            made.store({"PK": "P", "SK": "S", "version": 1, "updatedAt": text})
            copy = os.path.join(made.folder, "copy.db")
            made.run("backup", copy)
            os.utime(copy, (1741089600, 1741089600))  # 2025-03-04T12:00:00Z
            day = datetime.date.fromisoformat(latest) - datetime.timedelta(days=1)
            contains(made.run("restore", copy).out, f"ordersnap sync --since {day}\n")
        finally:
            made.close()


@test
def _():
    "a restore beside writers loses no order of the backup and none that came after it, nothing is half"
    with World() as world:
        equal(world.deliver(8), {200})
        with Buyers(world) as buyers:
            begin = time.monotonic()
            world.run("backup", world.copy)
            eventually(lambda: len(buyers.acknowledged(after=begin)) > 20, 20, "more orders")
            said = world.run("restore", world.copy).out
            end = time.monotonic()
            newest = datetime.date.fromisoformat(re.search(r"the latest of (\S{10})", said)[1])
            contains(said, f"ordersnap sync --since {newest - datetime.timedelta(days=1)}\n")
            contains(said, "erase")
            eventually(lambda: len(buyers.acknowledged(after=end)) > 10, 20, "orders after it")
        equal({status for _, status, _, _ in buyers.done} - {200, 503}, set())
        world.stop()
        equal(world.lost(world.ledger + buyers.acknowledged(before=begin) +
                         buyers.acknowledged(after=end)), [])


@test
def _():
    "what the restore says to sync brings back what came after the backup"
    with World() as world:
        world.deliver(3)
        world.run("backup", world.copy)
        world.deliver(3)
        since = re.search(r"ordersnap sync (--since \S+)", world.run("restore", world.copy).out)
        equal(len(world.stored()), 3)
        world.run("sync", *since.group(1).split())
        equal(world.lost(), [])


@test
def _():
    "a file that is empty, damaged or gone is moved aside with its log, and the workers go on"
    with World() as world:
        equal(world.deliver(8), {200})
        world.run("backup", world.copy)
        before = list(world.ledger)
        for ruin in ("empty", "text", "gone", "folder"):
            world.deliver(3)
            if ruin == "empty":
                os.truncate(world.db, 0)
            elif ruin == "text":
                with open(world.db, "r+b") as f:
                    f.write(b"x" * 5000)
            elif ruin == "gone":
                os.unlink(world.db)
            else:
                shutil.rmtree(world.folder)
                os.mkdir(world.folder, 0o700)
            log = os.path.exists(world.db + "-wal")
            run = world.run("restore", world.copy)
            aside = re.search(r"it is now (\S.*)", run.out)
            equal(bool(aside), ruin != "folder", run.out)
            if aside and log:
                ok(os.path.exists(re.sub(r"(-wal)?$", "", aside.group(1)) + "-wal"), run.out)
            world.ledger = []
            eventually(lambda: world.deliver(3) == {200}, 20, f"{ruin}: all workers have seen it")
            equal(sorted(set(before) - world.stored()), [], ruin)
        world.stop()
        equal(world.lost(before + world.ledger), [])


@test
def _():
    "a restore that is killed leaves the store as it was, or as the backup is"
    with World() as world:
        world.deliver(3)
        with contextlib.closing(sqlite3.connect(world.db)) as db, db:
            db.executemany("INSERT INTO items VALUES ('BIG', ?, ?, NULL)",
                           [(str(n), json.dumps({"t": "x" * 3000})) for n in range(4000)])
        world.run("backup", world.copy)
        copied = world.stored(world.copy)
        world.deliver(3)
        whole = set(world.ledger)
        for wait in (0.002, 0.01, 0.03, 0.06, 0.1):
            process = subprocess.Popen([COMMAND, "restore", "--db", world.db, world.copy],
                                       env=shop.environment(), stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
            time.sleep(wait)  # wherever it is by then
            process.send_signal(signal.SIGKILL)
            process.wait()
            found = world.stored()
            ok(found in (whole, copied), f"after {wait} s: {len(found)} orders")
            equal(world.deliver(1), {200})
            whole, copied = found | {world.ledger[-1]}, copied


@test
def _():
    "what a killed init or restore has left beside the file goes with the next one, and what is being made stays"
    with World(1) as world:
        world.deliver(2)
        world.run("backup", world.copy)
        world.stop()
        left, taken = world.db + ".draft-4711", world.db + ".draft-4712"
        for command in (["restore", world.copy], ["init"], ["init"]):
            if command == ["restore", world.copy]:
                os.unlink(world.db)
            for path in (left, taken, left + "-shm"):
                shutil.copy(world.copy, path)
            with open(taken, "rb") as run:
                fcntl.flock(run, fcntl.LOCK_EX)
                world.run(*command)
                equal([os.path.exists(p) for p in (left, left + "-shm", taken)], [False, False, True], command[0])
            if command == ["restore", world.copy]:
                equal(world.lost(), [])
                os.unlink(world.db)


@test
def _():
    "a backup that its owner has called FILE.new-DATE is there after it was restored, and after an init"
    with World(1) as world:
        world.deliver(2)
        own = world.db + ".new-20261128"
        world.run("backup", own)
        world.stop()
        os.unlink(world.db)
        world.run("restore", own)
        equal(world.lost(), [])
        world.run("init")
        ok(os.path.exists(own), "the backup")


@test
def _():
    "a file that is no good backup changes nothing, and a backup overwrites nothing untold"
    with World(1) as world:
        world.deliver(2)
        world.run("backup", world.copy)
        junk = os.path.join(shop.folder, "junk.db")
        for content, said in ((b"", "is empty"), (b"text\n" * 999, "is not a database")):
            with open(junk, "wb") as f:
                f.write(content)
            contains(world.run("restore", junk, code=1).err, said)
        with open(world.copy, "rb") as f:
            cut = f.read()[:-5000]
        with open(junk, "wb") as f:
            f.write(cut)
        contains(world.run("restore", junk, code=1).err, "damaged")
        os.unlink(junk)
        with contextlib.closing(sqlite3.connect(junk)) as db:
            db.execute("CREATE TABLE others (a)")
        contains(world.run("restore", junk, code=1).err, "without ordersnap's table")
        contains(world.run("restore", junk + ".gone", code=1).err, "is not there")
        contains(world.run("restore", world.db, code=1).err, "the store itself")
        contains(world.run("restore", shop.folder, code=1).err, "is no file")

        contains(world.run("backup", world.copy, code=1).err, "is there already")
        link = os.path.join(shop.folder, "link.db")
        os.symlink(junk, link)
        contains(world.run("backup", link, code=1).err, "is there already")
        world.run("backup", "--force", link)
        ok(not os.path.islink(link), "it was followed")
        with contextlib.closing(sqlite3.connect(junk)) as db:
            equal(db.execute("SELECT name FROM sqlite_master").fetchall(), [("others",)])
        os.symlink(junk, link + "2.part")
        contains(world.run("backup", link + "2", code=1).err, ".part")
        contains(world.run("backup", "--force", world.db, code=1).err, "the store itself")
        contains(world.run("backup", shop.folder, code=1).err, "is a folder")
        contains(world.run("backup", shop.folder + "/no/b.db", code=1).err, "No such file")
        contains(world.run("backup", code=2).err, "missing argument: FILE")
        world.stop()
        equal(world.lost(), [])


@test
def _():
    "a backup is read where nobody may write, and with the log that lies beside it"
    with World(1) as world:
        world.deliver(3)
        world.run("backup", world.copy)
        closed = os.path.join(shop.folder, "closed")
        os.mkdir(closed)
        shutil.copy(world.copy, closed + "/b.db")
        os.chmod(closed, 0o500)
        world.run("restore", closed + "/b.db")
        equal(os.listdir(closed), ["b.db"])
        world.deliver(2)
        for suffix in ("", "-wal"):  # a copy by hand, of a store that is open
            shutil.copy(world.db + suffix, world.copy + ".raw" + suffix)
        world.run("restore", world.copy + ".raw")
        world.stop()
        equal(world.lost(), [])
        os.chmod(closed, 0o700)


@test
def _():
    "for a DynamoDB table both name its point-in-time recovery, and exit with 1"
    for command in ("backup", "restore"):
        run = shop.run(command, "x.db", code=1, COMMERCE_DB=None, COMMERCE_TABLE="orders",
                       AWS_REGION="eu-central-1")
        contains(run.err, "point-in-time recovery")
        lacks(run.out, "checked")


# --- whose files they are -----------------------------------------------------------------------------

@test
def _():
    "init as root gives the file, also one that root made before, to the folder's owner"
    if os.geteuid() != 0:
        skip("only root can give files away")
    folder = os.path.join(shop.folder, "theirs")
    path = os.path.join(folder, "orders.db")
    os.chmod(shop.folder, 0o755)
    os.mkdir(folder, 0o750)
    os.chown(folder, 33, 33)
    shop.run("init", "--db", path)
    for _ in range(2):
        with contextlib.closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA user_version").fetchall()
            db.execute("SELECT * FROM items").fetchall()
            equal({(os.stat(path + s).st_uid, os.stat(path + s).st_gid, os.stat(path + s).st_mode & 0o777)
                   for s in ("", "-wal", "-shm")}, {(33, 33, 0o660)})
        os.chown(path, 0, 0)
        shop.run("init", "--db", path)
    os.link(path, os.path.join(folder, "second"))
    os.chown(path, 0, 0)
    shop.run("init", "--db", path)
    equal(os.stat(path).st_uid, 0, "a file with a second name may be anybody's")


@test
def _():
    "a file that is restored where none was is the folder owner's too"
    if os.geteuid() != 0:
        skip("only root can give files away")
    with World(1) as world:
        world.deliver(1)
        world.run("backup", world.copy)
        world.stop()
        os.chown(world.folder, 33, 33)
        os.unlink(world.db)
        world.run("restore", world.copy)
        equal((os.stat(world.db).st_uid, os.stat(world.db).st_mode & 0o777), (33, 0o660))


@test
def _():
    "the sync that the guide names behind a restore brings back an order of five hours ago"
    with open(os.path.join(lib.SRC, "doc", "deployment.md"), encoding="utf-8") as page:
        sync, = re.findall(r"ordersnap restore .*\n +runuser -u ordersnap -- ordersnap (sync.*)", page.read())
    with World(1) as world:
        world.run("sync")
        world.run("backup", world.copy)
        shop.sim.post("/_sim/session", {
            "id": "cs_test_fivehours", "customer_email": "jane@shop.example", "created": int(time.time()) - 5 * 3600,
            "line_items": [{"name": "Silver Ring", "unit_amount": 2500, "currency": "usd"}]})
        world.run("sync")
        equal(world.stored(), {"cs_test_fivehours"})
        world.run("restore", world.copy)
        equal(world.stored(), set())
        world.run(*sync.split())
        equal(world.stored(), {"cs_test_fivehours"})


def wakings(fcgi):
    """How often a program's process has slept until now."""
    with open(f"/proc/{fcgi.processes[0].pid}/status", encoding="ascii") as status:
        return int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read(), re.M)[1])


@test
def _():
    "an idle process looks after its file each second; one whose orders are in a table sleeps"
    with World(1) as world, contextlib.closing(FastCgi(
            shop, "stripe-webhook", COMMERCE_DB=None, COMMERCE_TABLE="orders", AWS_REGION="eu-central-1",
            AWS_ACCESS_KEY_ID="AKIATEST", AWS_SECRET_ACCESS_KEY="test")) as on_table:
        equal(on_table.webhook(b"{}", secret="whsec_other").status, 400)  # it has begun to wait
        begun = Watch()
        world.deliver(1)
        eventually(lambda: begun.seconds > 9, what="the time that a request may take has passed")

        def sleeps_meanwhile():
            began, slept = wakings(world.fcgi), wakings(on_table)
            eventually(lambda: wakings(world.fcgi) >= began + 3, what="the other one looks")
            return wakings(on_table) == slept

        eventually(sleeps_meanwhile, what="it sleeps")  # after its last answer


main(shop)
