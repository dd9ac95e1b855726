# SPDX-License-Identifier: ISC
"""What the tests of `ordersnap sync` share: a shop that is reconciled, and ways to spoil its table as
life does.
"""
import atexit
import json
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import CommandShop, equal, ok  # noqa: E402,F401  (finds tests/lib)
from ledger import agrees, parse_time, status_of  # noqa: E402,F401

DAY = 86400
STATE = ("SYSTEM", "STRIPE_ORDER_SYNC")
LIST = "GET /v1/checkout/sessions"
EVENTS = "GET /v1/events"
COUNTS = ("sessions", "inOrder", "missing", "stale", "pending", "pointers", "waiting", "skipped", "errors")


class SyncShop(CommandShop):
    """A shop whose events are all lost; `of` is one whose Stripe it shares."""

    def __init__(self, of=None, **settings):
        if of:
            settings.setdefault("STRIPE_API_BASE", of.sim.base)
        super().__init__(sim=of is None, **settings)
        self.stripe_of = self if of is None else of
        if of is None:
            self.sim.post("/_sim/delivery", {"mode": "off"})

        atexit.register(self.close)  # a file that fails before its main() leaves nothing either

    # --- Stripe ----------------------------------------------------------------------------

    def sell(self, lines=None, **more):
        """A session that was paid; the session."""
        if lines is None:
            lines = [{"name": "Thing", "unit_amount": 1000, "currency": "usd"}]
        return self.stripe_of.sim.post("/_sim/session", {"line_items": lines, **more})["session"]

    def sell_many(self, count, prefix="cs_test_many", **more):
        """Paid sessions in a row; their ids, oldest first."""
        self.stripe_of.sim.post("/_sim/sessions", {"count": count, "prefix": prefix, **more})
        return [f"{prefix}{n:06d}" for n in range(1, count + 1)]

    def refund(self, session, amount, end=None):
        made = self.stripe_of.stripe("POST", "/v1/refunds", {
            "payment_intent": session["payment_intent"], "amount": amount})
        if end:
            self.stripe_of.sim.post("/_sim/refund", {"refund": made["id"], "outcome": end})
        return made

    def long_ago(self, days, change):
        """What `change` does at Stripe happened that many days ago: its refunds, disputes and
        events are of then.  Returns what it returned."""
        known = {event["id"] for event in self.events()}
        made = change()
        new = [event for event in self.events() if event["id"] not in known]
        ids = {event["data"]["object"]["id"] for event in new
               if event["type"] in ("refund.created", "charge.dispute.created")}
        self.stripe_of.sim.post("/_sim/created", {"created": int(time.time()) - days * DAY,
                                                  "ids": [event["id"] for event in new] + sorted(ids)})
        return made

    def ledger(self):
        return {row["id"]: row for row in self.stripe_of.sim.get("/_sim/ledger")}

    def dispute(self, session, *actions, **more):
        charge = self.ledger()[session["id"]]["charge"]
        for action in actions:
            self.stripe_of.sim.post("/_sim/dispute", {"charge": charge, "action": action, **more})

    def events(self):
        return self.stripe_of.sim.get("/_sim/events")

    # --- the command -------------------------------------------------------------------------

    def sync(self, *args, code=0, **more):
        """A run with --json: its summary, with `differences` and the `run`."""
        run = self.run("sync", "--json", *args, code=code, **more)
        said = json.loads(run.out)
        equal(sorted(said), ["differences", "summary"], run.out[:300])
        return Said(said, run)

    def state(self):
        return self.item(*STATE)

    # --- the table ---------------------------------------------------------------------------

    def items(self, pk_prefix=""):
        try:
            return super().items(pk_prefix)
        except sqlite3.OperationalError:  # the file is there before its table
            return {}

    def write(self, *items):
        """Many items at once, as somebody else would write them."""
        db = sqlite3.connect(self.db)
        with db:
            db.executemany("INSERT OR REPLACE INTO items (pk, sk, item, expires_at) "
                           "VALUES (?, ?, ?, ?)", [(i["PK"], i["SK"], json.dumps(i),
                                                   i.get("expiresAt")) for i in items])
        db.close()

    def forget(self, *keys):
        """Takes rows away."""
        db = sqlite3.connect(self.db)
        with db:
            db.executemany("DELETE FROM items WHERE pk = ? AND sk = ?", keys)
        db.close()

    def of_order(self, session_id):
        """The keys of all that stands for one order, itself first."""
        keys = [k for k, item in self.items().items() if owner(item) == session_id]
        return sorted(keys, key=lambda k: not k[0].startswith("USER#"))

    def spoil(self, session_id, **members):
        """The order row says something else; None takes a member away."""
        order = self.order_of(session_id)
        order.update(members)
        self.write({k: v for k, v in order.items() if v is not None})

    def spoil_all(self, session_id, **members):
        """As spoil(), in the payment's copy and the day's entry too: an event was lost."""
        self.spoil(session_id, **members)
        order = self.order_of(session_id)
        for key in self.of_order(session_id):
            item = self.item(*key)
            if key[0].startswith("PAYMENT#"):
                self.write({**item, "order": order})
            if key[0].startswith("DAY#"):
                item["status"] = order["status"]
                if "itemsPending" in order:
                    item["itemsPending"] = True
                self.write(item)


class Said:
    """What a run with --json said."""

    def __init__(self, said, run):
        self.run, self.differences = run, said["differences"]
        self.summary = said["summary"]
        self.counts = {name: self.summary[name] for name in COUNTS if self.summary[name]}

    def of(self, session_id):
        """The one difference of a session."""
        found = [d for d in self.differences if d["orderId"] == session_id]
        equal(len(found), 1, f"differences of {session_id} in {self.differences}")
        return found[0]

    def kinds(self):
        return {d["orderId"]: d["difference"] for d in self.differences}


def owner(item):
    """Whose order an item is part of."""
    return item.get("orderId") or item.get("stripeSessionId")


def changed(before, after):
    """The keys of the rows that are not the same in both."""
    return sorted(k for k in before.keys() | after.keys() if before.get(k) != after.get(k))


def by_key(rows):
    return {(row[0], row[1]): row[2:] for row in rows}
