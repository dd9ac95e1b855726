# SPDX-License-Identifier: ISC
"""What holds for a table that the Lambda functions wrote, on either store: whatever comes before or
after `ordersnap adopt`, each sale has one order, and it says what Stripe says.

A suite gives register() a way to make a shop: shop.write(items) puts items as they are, shop.run(...)
is the command, and the rest is that of tests/lib/shop.py.
"""
import itertools
import json

from lambda_table import KINDS, Functions, Sale, late
from tap import equal, ok, test

ADOPTED = ("SYSTEM", "ADOPTED")


def case(sentence):
    def add(function):
        function.__doc__ = sentence
        return test(function)
    return add


class World:
    """A shop that takes over from the functions: all kinds of orders stand in its table."""

    def __init__(self, shop, kinds=KINDS):
        self.shop, self.functions = shop, Functions()
        shop.sim.post("/_sim/reset")
        shop.sim.post("/_sim/delivery", {"mode": "off"})
        self.sales = [Sale(shop.sim, self.functions, kind) for kind in kinds]
        shop.write(list(self.functions.table.values()))

    def adopt(self, *args, code=0):
        return self.shop.run("adopt", *args, code=code)

    def deliver(self, event):
        answer = self.shop.webhook(event)
        equal(answer.status, 200, f"{event['type']}: {answer.body[:300]} {answer.log[-600:]}")
        return answer.json

    def deliver_new(self):
        """What the functions have not heard of."""
        for sale in self.sales:
            for event in sale.new_events():
                self.deliver(event)
                sale.seen.append(event)

    def orders(self, sale):
        return [i for (pk, sk), i in self.shop.items().items()
                if pk.startswith("USER#") and sk.endswith("#" + sale.id)]

    def order(self, sale):
        found = self.orders(sale)
        equal(len(found), 1, f"orders of {sale.kind}: {[(o['PK'], o['SK']) for o in found]}")
        return found[0]

    def are_one(self):
        """Each sale has one order."""
        for sale in self.sales:
            self.order(sale)

    def holds(self, failed=()):
        """Each sale has one order, and it says what Stripe's ledger says."""
        ledger = {row["id"]: row for row in self.shop.sim.get("/_sim/ledger")}
        for sale in self.sales:
            order, row = self.order(sale), ledger[sale.id]
            equal((order["status"], order["amount"], order.get("amountRefunded") or 0,
                   (order.get("dispute") or {}).get("status")),
                  (status_of(row, sale.id in failed), row["amount_total"], row["amount_refunded"],
                   row["dispute"]), f"{sale.kind}: {order}")
            equal([i["quantity"] for i in order["items"]], [2, 1], f"{sale.kind}: {order}")

    def is_linked(self):
        """Whatever stands next to an order names it, and says what it says."""
        items = self.shop.items()
        for sale in self.sales:
            order = self.order(sale)
            key = order["PK"], order["SK"]
            ok(order["version"], sale.kind)
            pointers = ["SESSION#" + sale.id, "NUMBER#" + order["orderNumber"],
                        "PAYMENT#" + order["stripePaymentIntentId"]]
            for pk in pointers:
                pointer = items[pk, "METADATA"]
                equal((pointer["orderPK"], pointer["orderSK"]), key, f"{sale.kind}: {pk}")
                ok(pointer["version"], pk)
            equal(items[pointers[2], "METADATA"]["order"], order, sale.kind)
            ok(items[pointers[0], "METADATA"]["status"] in ("complete", "completed"), sale.kind)
            (day,) = [i for (pk, sk), i in items.items() if pk.startswith("DAY#") and sk == key[1]]
            equal((day["orderPK"], day["status"]), (key[0], order["status"]), sale.kind)

    def of(self, kind):
        return next(s for s in self.sales if s.kind == kind)


def status_of(row, failed):
    if row["amount_refunded"]:
        whole = row["amount_refunded"] == row["amount_total"]
        return "refunded" if whole else "partially_refunded"
    if row["payment_status"] == "unpaid":
        return "failed" if failed else "pending"
    return "completed"


# --- what comes -----------------------------------------------------------------------------------

def redelivered(world):
    for sale in world.sales:
        for event in sale.seen:
            world.deliver(event)


def told_again(world):
    """By other events, as Stripe does now and then."""
    for sale in world.sales:
        for event in sale.events():
            if event["type"] == "checkout.session.completed":
                world.deliver(late(event))
    redelivered(world)


def told_after_all(world):
    """The refund and the payments that the functions did not book."""
    for sale in world.sales:
        for event in sale.events():
            if "refund" in event["type"] or "async" in event["type"]:
                world.deliver(event)


def refunded(world):
    for sale in world.sales:
        if sale.ledger()["payment_status"] == "paid":
            sale.refund(1000)
    redelivered(world)


def disputed(world):
    for sale in world.sales:
        if sale.ledger()["charge"]:
            world.shop.sim.post("/_sim/dispute", {"charge": sale.ledger()["charge"],
                                                  "action": "open"})
    redelivered(world)


def synced(world):
    world.shop.run("sync", "--since", "2024-01-01", "--quiet")


def paid_later(world):
    for sale in world.sales:
        if sale.ledger()["payment_status"] == "unpaid":
            world.shop.sim.post("/_sim/later", {"session": sale.id, "outcome": "succeed"})


def failed_later(world):
    for sale in world.sales:
        if sale.ledger()["payment_status"] == "unpaid":
            world.shop.sim.post("/_sim/later", {"session": sale.id, "outcome": "fail"})


COMES = {"redelivered": redelivered, "told again": told_again, "refunded": refunded,
         "disputed": disputed, "synced": synced, "paid later": paid_later,
         "failed later": failed_later}


def finish(world):
    """All that is still to be told is told; a sync brings in what nobody tells."""
    world.deliver_new()
    told_after_all(world)


def register(new_shop):
    for adopted, (name, comes) in itertools.product((True,), COMES.items()):
        when = "after its adoption" if adopted else "before its adoption"

        @case(f"{when}, a table of the functions keeps one order a sale: {name}")
        def _(adopted=adopted, comes=comes):
            world = World(new_shop())
            if adopted:
                world.adopt()
            comes(world)
            finish(world)
            failed = [s.id for s in world.sales if comes is failed_later]
            world.are_one()
            synced(world)
            world.holds(failed)
            said = world.shop.run("sync", "--since", "2024-01-01", "--json").out
            equal(json.loads(said)["differences"], [], "what a second sync finds")
            if not adopted:
                world.adopt()
            world.is_linked()
            world.holds(failed)
