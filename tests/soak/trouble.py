# SPDX-License-Identifier: ISC
"""The trouble of a soak: Stripe or the store is slow, refuses, is cut off or is busy with others, for
some seconds each, in turns, and the programs are reloaded.
"""
import contextlib
import fcntl
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time

import environment
import servers
import shop
from tap import equal, eventually

STRIPE = [{"kind": "delay", "ms": 400}, {"kind": "delay", "ms": 3000}, {"kind": "status", "status": 500},
          {"kind": "status", "status": 429}, {"kind": "status", "status": 503, "should_retry": False},
          {"kind": "disconnect"}, {"kind": "disconnect_after"}, {"kind": "garbage"}]
# All but the owner's own calls.
CALLS = ["GET /v1/checkout/sessions", "POST /v1/checkout/sessions$", "GET /v1/prices",
         "GET /v1/(charges|payment_intents|disputes)",
         "(GET|POST) /v1/(?!.*/expire)(checkout|prices|charges|payment_intents)"]


class Trouble:
    """Deals one trouble after the other until the time is over; then all is well again."""

    def __init__(self, site, seed, store):
        self.site, self.store, self.rng = site, store, random.Random(seed)
        self.stopped, self.reloading = threading.Event(), threading.Lock()
        self.last, self.reloads, self.dealt, self.failures = None, 0, [], []

    def calm(self, since=9):
        """Whether there has been none for so long that no request can still suffer from one."""
        return self.last is not None and time.monotonic() - self.last > since

    def run(self, end):
        deck = []
        while time.monotonic() < end and not self.stopped.is_set() and not self.failures:
            if not deck:
                deck = [("Stripe", fault) for fault in STRIPE] + 2 * [(name, None) for name in self.store.ways]
                self.rng.shuffle(deck)
            where, fault = deck.pop()
            seconds = min(self.rng.uniform(0.5, 4), max(0, end - time.monotonic()))
            self.dealt.append(where)
            try:
                if fault:
                    self.at_stripe(fault, seconds)
                else:
                    getattr(self.store, self.store.ways[where])(seconds)
            except Exception as why:  # the main thread says it
                self.failures.append(why)
            self.stopped.wait(self.rng.uniform(0.5, 2))
        self.site.sim.post("/_sim/fault", method="DELETE")
        self.last = time.monotonic()

    def at_stripe(self, fault, seconds):
        self.site.sim.post("/_sim/fault", {"match": self.rng.choice(CALLS), "times": -1, **fault})
        self.stopped.wait(seconds)
        self.site.sim.post("/_sim/fault", method="DELETE")

    def reload(self):
        """SIGHUP to each program, one after the other: new workers of the same master."""
        with self.reloading:
            for name in servers.PROGRAMS:
                before, master = set(self.site.pids(name)), self.site.processes[name].pid
                os.kill(master, signal.SIGHUP)
                eventually(lambda n=name, b=before: len(self.site.pids(n)) == self.site.children
                           and not b & set(self.site.pids(n)), what=name + "'s workers are new")
                equal(self.site.processes[name].poll(), None, name)
            self.reloads += 1


class Sqlite:
    """A file that others use as well."""

    ways = {"a writer holds the lock": "hold", "a checkpointer": "checkpoint", "a long reader": "read",
            "the writers' queue is held": "queue", "a backup": "backup", "the folder is moved away and back": "move"}

    def __init__(self, site, stopped):
        self.site, self.stopped = site, stopped

    def open(self):
        return contextlib.closing(sqlite3.connect(self.site.db, timeout=10, isolation_level=None))

    def hold(self, seconds):
        with self.open() as db:
            db.execute("BEGIN IMMEDIATE")
            self.stopped.wait(seconds)
            db.execute("ROLLBACK")

    def checkpoint(self, seconds):
        end = time.monotonic() + seconds
        with self.open() as db:
            while time.monotonic() < end:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                self.stopped.wait(0.05)

    def read(self, seconds):
        with self.open() as db:
            db.execute("BEGIN")
            db.execute("SELECT count(*) FROM items").fetchall()
            self.stopped.wait(seconds)
            db.execute("COMMIT")

    def queue(self, seconds):
        folder = os.open(os.path.dirname(self.site.db), os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            self.stopped.wait(seconds)
        finally:
            os.close(folder)

    def backup(self, _seconds):
        copy = self.site.path("store", "backup.db")
        command(self.site, "backup", copy)
        os.unlink(copy)

    def move(self, seconds):
        folder = os.path.dirname(self.site.db)
        os.rename(folder, folder + ".away")
        self.stopped.wait(seconds / 4)
        os.rename(folder + ".away", folder)

    def items(self):
        return self.site.items()

    def close(self):
        pass


class DynamoDB:
    """DynamoDB Local behind a proxy."""

    ways = {"throttled": "throttle", "over the account's limit": "limit", "internal errors": "fail", "cut off": "lose",
            "answers are lost": "forget", "slow": "delay", "stands still": "pause", "half of a batch": "part",
            "garbage": "babble"}

    def __init__(self, site, stopped, local, proxy):
        self.site, self.stopped, self.local, self.proxy = site, stopped, local, proxy

    def during(self, seconds):
        """A fault's time; the proxy's own list of requests does not grow for ever."""
        self.stopped.wait(seconds)
        self.proxy.mend()

    def throttle(self, seconds):
        self.proxy.refuse(None, "ThrottlingException", times=None)
        self.during(seconds)

    def limit(self, seconds):
        self.proxy.refuse("TransactWriteItems", "RequestLimitExceeded", times=None)
        self.during(seconds)

    def fail(self, seconds):
        self.proxy.refuse(None, "InternalServerError", times=None)
        self.during(seconds)

    def lose(self, seconds):
        self.proxy.lose(times=None)
        self.during(seconds)

    def forget(self, seconds):
        self.proxy.forget("TransactWriteItems", times=None)
        self.during(seconds)

    def delay(self, seconds):
        self.proxy.delay(None, seconds / 4, times=None)
        self.during(seconds)

    def part(self, seconds):
        self.proxy.partly(times=None)
        self.during(seconds)

    def babble(self, seconds):
        self.proxy.say(None, 200, b"<html>", times=None)
        self.during(seconds)

    def pause(self, seconds):
        self.local.pause()
        self.during(seconds)
        self.local.resume()

    def items(self):
        return self.local.items(self.site.table)

    def close(self):
        self.proxy.close()
        self.local.close()


class Hook:
    """ORDER_HOOK: keeps what it is told."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="ordersnap soak ")
        os.chmod(self.folder, 0o755)
        self.program, self.file = (os.path.join(self.folder, name) for name in ("hook", "told"))
        with open(self.file, "wb"):
            os.chmod(self.file, 0o666)
        with open(self.program, "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nexec cat >>"{self.file}"\n')
        os.chmod(self.program, 0o755)

    def last(self):
        """What it was told last of each order."""
        with open(self.file, encoding="utf-8") as f:
            text, at, found = f.read(), 0, {}
        while text[at:at + 1].strip() or text[at:].strip():
            told, at = json.JSONDecoder().raw_decode(text, at + len(text[at:at + 2]) - len(text[at:at + 2].lstrip()))
            found[told["orderId"]] = told
        return found

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def command(site, *arguments, check=True, **variables):
    """The ordersnap command as the programs' user; what it said."""
    done = subprocess.run([os.path.join(shop.BUILD, "ordersnap"), *arguments, "--conf",
                           site.path("conf", "ordersnap.conf")],
                          env=environment.of(ORDERSNAP_CONF=None, **variables),
                          user=site.user and site.user.pw_uid, group=site.user and site.user.pw_gid,
                          capture_output=True, text=True, timeout=600, check=False)
    if check:
        equal(done.returncode, 0, f"ordersnap {arguments[0]}: {done.stdout}{done.stderr}")
    return done.stdout
