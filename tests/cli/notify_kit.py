# SPDX-License-Identifier: ISC
"""What the tests of `ordersnap notify` share: a shop with a program that is told, and what it was told.
"""
import glob
import json
import os
import sqlite3

from sync_kit import SyncShop, equal, ok  # finds tests/lib
from preload import Clock

MINUTE, HOUR, DAY = 60, 3600, 86400
# A file for each run, for two may write at once.
TAKE = 'cat >"{folder}/told.$$"'


class HookShop(SyncShop):
    """A shop that is told what it sells, and whose clock can be set forward."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.hook = os.path.join(self.folder, "hook")
        self.settings["ORDER_HOOK"] = self.hook
        self.clock = Clock()
        self.program(TAKE)

    def program(self, body, mode=0o755, first="#!/bin/sh"):
        """What ORDER_HOOK is; {folder} is the shop's."""
        text = first + "\n" + body.replace("{folder}", self.folder) + "\n"
        if os.path.lexists(self.hook):
            os.unlink(self.hook)
        with open(self.hook, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(self.hook, mode)

    def notify(self, *args, code=0, **more):
        return self.run("notify", *args, code=code, **self.clock.variables, **more)

    def lines(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [line for line in f.read().splitlines() if line]

    def told(self):
        """The orders that the program was given since the last time."""
        paths = glob.glob(os.path.join(glob.escape(self.folder), "told.*"))
        found = []
        for path in paths:
            with open(path, encoding="utf-8") as f:
                found.append(json.load(f))
            os.unlink(path)
        return found

    def events_told(self):
        return [" ".join(t["notification"]["events"]) for t in self.told()]

    def outbox(self):
        return list(self.items("OUTBOX").values())

    def deliver(self, kind, session=None):
        """The newest event of that type, delivered."""
        found = [e for e in self.events() if e["type"] == kind and
                 (session is None or e["data"]["object"]["id"] == session["id"])]
        ok(found, f"no event {kind}")
        equal(self.webhook(found[-1]).status, 200, kind)

    def sale(self, **more):
        """A paid session whose event was delivered."""
        session = self.sell(**more)
        self.deliver("checkout.session.completed", session)
        return session

    def queue(self, count, prefix="cs_test_many"):
        """So many orders and their notifications, as `ordersnap sync` finds them; their ids."""
        ids = self.sell_many(count, prefix)
        self.sync("--no-notify")
        equal(len(self.outbox()), count, "queued")
        return ids

    def copy_order(self, order_id, count):
        """`count` more orders like this one, each with what names it and its notification."""
        kept = [self.item(*k) for k in self.of_order(order_id) if not k[0].startswith("EVENT#")]
        rows, order = [], self.order_of(order_id)
        for n in range(count):
            new = f"{order_id}x{n:05d}"
            for item in kept:
                text = json.dumps(item).replace(order_id, new)
                for key in ("orderNumber", "stripePaymentIntentId"):
                    text = text.replace(order[key], f"{order[key]}X{n:05d}")
                copy = json.loads(text)
                if copy["PK"] == "OUTBOX":
                    copy["id"] = f"ntf_{n:024x}"
                    copy["SK"] = copy["SK"].rpartition("#")[0] + "#" + copy["id"]
                rows.append((copy["PK"], copy["SK"], json.dumps(copy)))
        with sqlite3.connect(self.db) as db:
            db.executemany("INSERT INTO items (pk, sk, item) VALUES (?, ?, ?)", rows)
        db.close()
        return [f"{order_id}x{n:05d}" for n in range(count)]

    def empty(self):
        """Nothing waits, nothing was told, and the clock is right."""
        self.clock.move(-self.clock.now())
        self.forget(*self.items("OUTBOX"))
        self.told()
        self.program(TAKE)

    def close(self):
        self.clock.close()
        super().close()
