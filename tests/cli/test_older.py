#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Tables that an older ordersnap made: its orders stay as they are, and their stories go on.

A table is a file of lines in tests/cli/data, as the older version has exported it, with names in the
place of Stripe's ids and the day on which it was recorded as its first line.  To record one, with the
programs of an older version in a folder of their own:

    ORDERSNAP_BUILD=FOLDER python3 tests/cli/test_older.py --record >tests/cli/data/table-VERSION.jsonl
"""
import datetime
import glob
import json
import os
import re
import sys
import time

from sync_kit import SyncShop, agrees, equal, ok
from orders import DAY, today
from tap import contains, main, test

HERE = os.path.dirname(os.path.abspath(__file__))
CART = [{"lookup_key": "N-RED", "quantity": 2}, {"lookup_key": "R-SIL"}]
FAILED = "cs_test_olderfailed"
STORIES = {
    "cs_test_olderwhole": {"user": "user_1", "discount": 500, "tax": 300, "shipping_amount": 700, "shipping": {
        "name": "Jane Doe", "address": {"line1": "Main Street 1", "city": "Toronto", "country": "CA"}}},
    "cs_test_olderguest": {},
    "cs_test_olderdelayed": {"user": "user_1", "method": "later"},
    FAILED: {"user": "user_2", "method": "later"},
    "cs_test_olderrefund": {"user": "user_2"},
    "cs_test_olderdispute": {"user": "user_2"},
}
SUMS = ("orderNumber", "userId", "status", "amount", "amountSubtotal", "amountDiscount", "amountTax", "amountShipping",
        "amountRefunded", "currency", "createdAt", "completedAt", "itemCount", "SK", "PK")


class OlderShop(SyncShop):
    """A shop whose Stripe has these stories up to when the older version was replaced."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.sessions, self.delivered = {}, set()
        noon = today(12) - DAY
        for n, (name, story) in enumerate(STORIES.items()):
            user = {"metadata": {"userId": story["user"]}} if "user" in story else {}
            how = {k: v for k, v in story.items() if k != "user"}
            self.sessions[name] = self.sell(CART, id=name, created=noon + n, at=noon + 60 + n, name="Jane Doe",
                                            email="jane@mail.example", **user, **how)

    def go_on(self):
        """What came after the payments."""
        self.sim.post("/_sim/later", {"session": FAILED, "outcome": "fail"})
        self.refund(self.sessions["cs_test_olderrefund"], 1000)
        self.dispute(self.sessions["cs_test_olderdispute"], "open")

    def end(self):
        """What comes after the update."""
        self.sim.post("/_sim/later", {"session": "cs_test_olderdelayed", "outcome": "succeed"})
        self.refund(self.sessions["cs_test_olderrefund"], 500)
        self.refund(self.sessions["cs_test_olderguest"], 8500)
        self.dispute(self.sessions["cs_test_olderdispute"], "lose")

    def deliver(self, again=False):
        for event in self.events():
            if again or event["id"] not in self.delivered:
                equal(self.webhook(event).status, 200, event["type"])
            self.delivered.add(event["id"])

    def names(self):
        """{id at Stripe: its name in a recorded table}"""
        found = {}
        disputes = {e["data"]["object"]["charge"]: e["data"]["object"]["id"] for e in self.events()
                    if e["type"] == "charge.dispute.created"}
        for name, row in self.ledger().items():
            session = self.stripe("GET", f"/v1/checkout/sessions/{name}?expand[]=line_items")
            for key in ("payment_intent", "customer"):
                found[session.get(key)] = f"<{key} {name}>"
            found[row["charge"]] = f"<charge {name}>"
            found[disputes.get(row["charge"])] = f"<dispute {name}>"
            for n, line in enumerate(session["line_items"]["data"]):
                found[line["price"]["id"]], found[line["price"]["product"]] = f"<price {n}>", f"<product {n}>"
        return {k: v for k, v in found.items() if k}


def record():
    """Prints the table that the programs of ORDERSNAP_BUILD make of it."""
    shop = OlderShop()
    try:
        shop.deliver()
        shop.go_on()
        shop.deliver()
        text = shop.run("export").out
        for made, name in shop.names().items():
            text = text.replace(made, name)
        print(json.dumps({"recorded": time.strftime("%Y-%m-%d", time.gmtime(today()))}))
        print("".join(line + "\n" for line in text.splitlines() if re.search(r'"PK":"(?!EVENT#|PRICE#)', line)), end="")
    finally:
        shop.close()


def later(text, days):
    """Each time and day in it, so many days later."""
    def day(match):
        return str(datetime.date.fromisoformat(match[0]) + datetime.timedelta(days))

    text = re.sub(r"\b20\d\d-\d\d-\d\d(?=T|\")", day, text)
    return re.sub(r"\b1[789]\d{8}\b", lambda match: str(int(match[0]) + days * DAY), text)


def older(path):
    """A shop with the table of that file, and its lines as they came in."""
    shop = OlderShop()
    shop.go_on()
    with open(path, encoding="utf-8") as f:
        head, text = f.readline(), f.read()
    days = (datetime.datetime.fromtimestamp(today(), datetime.timezone.utc).date()
            - datetime.date.fromisoformat(json.loads(head)["recorded"])).days
    text = later(text, days)
    for made, name in shop.names().items():
        text = text.replace(name, made)
    contains(shop.run("import", "-", input=text).err, f"{len(text.splitlines())} written, 0 the same, 0 newer")
    return shop, [json.loads(line) for line in text.splitlines()]


def sums(orders):
    return {o["orderId"]: {k: o.get(k) for k in SUMS} for o in orders}


def story(path):
    version = os.path.basename(path).removeprefix("table-").removesuffix(".jsonl")

    def its_orders_stay_and_go_on():
        shop, lines = older(path)
        before = sums(line for line in lines if line["PK"].startswith("USER#"))
        equal(sorted(before), sorted(STORIES), "recorded")
        for again in (False, True):  # first with ids that the table does not know
            shop.deliver(again)
            equal(sums(shop.orders()), before)
        shop.end()
        shop.deliver()
        shop.sync()
        agrees(shop, failed={FAILED})
        equal(shop.sync().counts, {"sessions": len(STORIES), "inOrder": len(STORIES)})
        for order in shop.orders():
            contains(shop.run("show", order["orderNumber"]).out, order["orderId"])
        contains(shop.run("erase", "--user", "jane@mail.example", "--yes").err, "1 erased, 0 had been before")
        ok("erasedAt" in shop.order_of("cs_test_olderguest"), "erased")
        shop.sync()
        equal(len(shop.orders()), len(STORIES))

    its_orders_stay_and_go_on.__doc__ = f"the orders of a table of {version} stay as they are, and their stories go on"
    test(its_orders_stay_and_go_on)


if sys.argv[1:] == ["--record"]:
    record()
    sys.exit()
for table in sorted(glob.glob(os.path.join(glob.escape(HERE), "data", "table-*.jsonl"))):
    story(table)
main()
