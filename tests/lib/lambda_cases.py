# SPDX-License-Identifier: ISC
"""What holds for a table that the Lambda functions wrote, on either store: whatever comes before or
after `ordersnap adopt`, each sale has one order, and it says what Stripe says.

A suite gives register() a way to make a shop: shop.write(items) puts items as they are, shop.run(...)
is the command, and the rest is that of tests/lib/shop.py.
"""
import atexit
import itertools
import json
import time

from lambda_table import KINDS, Functions, Sale, late, spelled
from orders import items_of, order
from tap import contains, equal, lacks, ok, test
from workers import FastCgi

ADOPTED = ("SYSTEM", "ADOPTED")


def case(sentence):
    def add(function):
        function.__doc__ = sentence
        return test(function)
    return add


class Programs:
    """The webhook of the world that stands, as a web server has it: one process before, while and after
    its table is adopted."""

    running = None

    @classmethod
    def start(cls, shop):
        cls.close()
        cls.running = FastCgi(shop, "stripe-webhook")
        return cls.running

    @classmethod
    def close(cls):
        if cls.running:
            cls.running.close()
        cls.running = None


atexit.register(Programs.close)


class World:
    """A shop that takes over from the functions: all kinds of orders stand in its table."""

    def __init__(self, shop, kinds=KINDS):
        self.shop, self.functions = shop, Functions()
        shop.sim.post("/_sim/reset")
        shop.sim.post("/_sim/delivery", {"mode": "off"})
        self.sales = [Sale(shop.sim, self.functions, kind) for kind in kinds]
        shop.write(list(self.functions.table.values()))
        self.program = Programs.start(shop)

    def adopt(self, *args, code=0):
        return self.shop.run("adopt", *args, code=code)

    def deliver(self, event):
        answer = self.program.webhook(event)
        equal(answer.status, 200, f"{event['type']}: {answer.body[:300]} {answer.log[-600:]}")
        return answer.json

    def deliver_new(self):
        """What the functions have not heard of."""
        for sale in self.sales:
            for event in sale.new_events():
                self.deliver(event)
                sale.seen.append(event)

    def order(self, sale, items=None):
        """The sale's one order, in the table or in what was read of it."""
        found = [i for (pk, sk), i in (items or self.shop.items()).items()
                 if pk.startswith("USER#") and sk.endswith("#" + sale.id)]
        equal(len(found), 1, f"orders of {sale.kind}: {[(o['PK'], o['SK']) for o in found]}")
        return found[0]

    def are_one(self):
        """Each sale has one order."""
        items = self.shop.items()
        for sale in self.sales:
            self.order(sale, items)

    def holds(self, failed=()):
        """Each sale has one order, and it says what Stripe's ledger says."""
        items, ledger = self.shop.items(), {row["id"]: row for row in self.shop.sim.get("/_sim/ledger")}
        for sale in self.sales:
            order, row = self.order(sale, items), ledger[sale.id]
            equal((order["status"], order["amount"], order.get("amountRefunded") or 0,
                   (order.get("dispute") or {}).get("status")),
                  (status_of(row, sale.id in failed), row["amount_total"], row["amount_refunded"],
                   row["dispute"]), f"{sale.kind}: {order}")
            equal([i["quantity"] for i in order["items"]], [2, 1], f"{sale.kind}: {order}")

    def is_linked(self):
        """Whatever stands next to an order names it, and says what it says."""
        items = self.shop.items()
        for sale in self.sales:
            order = self.order(sale, items)
            key = order["PK"], order["SK"]
            ok(order["version"], sale.kind)
            pointers = ["SESSION#" + sale.id, "NUMBER#" + order["orderNumber"],
                        "PAYMENT#" + order["stripePaymentIntentId"]]
            for pk in pointers:
                pointer = items[pk, "METADATA"]
                equal((pointer["orderPK"], pointer["orderSK"]), key, f"{sale.kind}: {pk}")
                ok(pointer["version"], pk)
            equal(items[pointers[2], "METADATA"]["order"], order, sale.kind)
            equal(items[pointers[0], "METADATA"]["status"],
                  "failed" if order["status"] == "failed" else "completed", sale.kind)
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
    for adopted, (name, comes) in itertools.product((False, True), COMES.items()):
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

    @case("--dry-run says what would be done, and nothing is written")
    def _():
        world = World(new_shop())
        before = world.shop.items()
        contains(world.adopt("--dry-run").err, f"{len(KINDS) - 1} would be adopted, 0 stand twice")
        equal(world.shop.items(), before, "the table")

    @case("an expiry that comes twice is a duplicate")
    def _():
        world = World(new_shop(), ["userId"])
        event = late(next(e for e in world.sales[0].seen if e["type"].startswith("checkout.")))
        event["type"] = "checkout.session.expired"
        ok("duplicate" not in world.deliver(event), "the first time")
        equal(world.deliver(event).get("duplicate"), True)

    @case("the second time there is nothing to do")
    def _():
        world = World(new_shop())
        contains(world.adopt().err, f" {len(KINDS) - 1} orders: {len(KINDS) - 1} adopted, 0 stand")
        before = world.shop.items()
        contains(world.adopt().err, f" {len(KINDS) - 1} orders: 0 adopted, 0 stand twice")
        equal(world.shop.items(), before, "the table")

    @case("an order keeps its key, its number and what the functions wrote in it")
    def _():
        world = World(new_shop())
        before = dict(world.functions.table)
        world.adopt()
        after = world.shop.items()
        for key, order in before.items():
            if key[0].startswith("USER#"):
                equal({k: after[key].get(k) for k in order if k not in ("status", "completedAt")},
                      {k: order[k] for k in order if k not in ("status", "completedAt")}, key)

    @case("a number that another order has grows by a letter; one whose order is gone is taken over")
    def _():
        world = World(new_shop(), ["userId", "user_id"])
        first, second = (world.order(sale) for sale in world.sales)
        names = {"orderId": "cs_test_else1", "orderPK": "USER#else", "SK": "METADATA", "version": 1,
                 "orderSK": "ORDER#1700000000#cs_test_else1"}
        there = {"PK": names["orderPK"], "SK": names["orderSK"], "orderId": names["orderId"],
                 "stripeSessionId": names["orderId"], "orderNumber": second["orderNumber"], "version": 1}
        gone = {**names, "orderId": "cs_test_gone1", "orderSK": "ORDER#1700000000#cs_test_gone1"}
        taken, lost = "NUMBER#" + second["orderNumber"], "NUMBER#" + first["orderNumber"]
        world.shop.write([there, {**names, "PK": taken}, {**gone, "PK": lost}])
        world.adopt()
        items = world.shop.items()
        equal({pk: items[pk, "METADATA"]["orderId"] for pk in (taken, taken + "A", lost)},
              {taken: names["orderId"], taken + "A": second["orderId"], lost: first["orderId"]})

    @case("the functions read on what ordersnap adopted and wrote, newest first")
    def _():
        world = World(new_shop())
        world.adopt()
        world.deliver_new()
        synced(world)
        back = Functions(world.shop.items())
        for sale in world.sales:
            names = {spelled(sale.user), spelled(sale.user.lower())}
            found = [o for name in names for o in back.orders(name)]
            mine = [o for o in found if o["orderId"] == sale.id]
            equal([o["items"] for o in mine], [[("Red Necklace", 2, 3000), ("Silver Ring", 1, 2500)]],
                  f"{sale.kind}: {found}")

    @case("the functions wrote a second order when a payment came: --merge makes one of them")
    def _():
        world = World(new_shop(), ["unpaid", "unpaid and quoted"])
        paid_later(world)
        for sale in world.sales:
            (event,) = [e for e in sale.new_events() if "async" in e["type"]]
            world.functions.webhook(event, sale.processed + 5000, sale.lines)
            sale.seen.append(event)
        world.shop.write(list(world.functions.table.values()))
        for _ in range(2):
            said = world.adopt(code=1).err
            equal(said.count("stands twice: "), 2, said)
            contains(said, "2 orders stand twice")
        contains(world.adopt("--merge", "--dry-run").err, "2 would be made one")
        contains(world.adopt("--merge").err, "2 stand twice, 2 made one")
        for sale in world.sales:
            equal(world.order(sale)["SK"], f"ORDER#{sale.processed}#{sale.id}", "the first one stays")
        world.is_linked()
        synced(world)
        world.holds()

    @case("an order of ordersnap next to one of theirs: theirs stays, with the newer state")
    def _():
        world = World(new_shop(), ["userId", "e-mail with capitals", "user_id"])
        ours = []
        for sale in world.sales:
            ours += double(world, sale)
        world.shop.write(ours)
        contains(world.adopt(code=1).err, "3 orders stand twice")
        contains(world.adopt("--merge").err, "3 stand twice, 3 made one")
        world.is_linked()
        for sale in world.sales:
            order = world.order(sale)
            equal((order["SK"], order["status"], order["amountRefunded"]),
                  (f"ORDER#{sale.processed}#{sale.id}", "partially_refunded", 1500), sale.kind)
            ok("+00:00" in order["createdAt"], order["createdAt"])
        equal([k for k in world.shop.items() if k[0] == "USER#doubled"], [])
        equal(len([k for k in world.shop.items() if k[0].startswith("DAY#")]), 3)
        contains(world.adopt().err, "3 orders: 0 adopted, 0 stand twice")

    @case("an order that is younger than the walk means another one")
    def _():
        world = World(new_shop(), ["userId"])
        sale = world.sales[0]
        world.functions.order({**sale.session, "id": sale.id[::-1],
                               "payment_intent": "pi_other"}, int(time.time()) + 3600,
                              sale.lines)
        world.shop.write(list(world.functions.table.values()))
        contains(world.adopt(code=1).err, "run this command again when they are off")
        contains(world.shop.run("check", "--quiet", code=None).out, "run ordersnap adopt")
        world.adopt()
        lacks(world.shop.run("check", "--quiet", code=None).out, "adopt")

    @case("an order without a session is left as it is, and named")
    def _():
        world = World(new_shop(), ["userId"])
        world.shop.write([{"PK": "USER#x", "SK": "ORDER#odd", "status": "completed"}])
        said = world.adopt().err
        contains(said, "USER#x, ORDER#odd names no session")
        contains(said, " 1 odd")
        equal(world.shop.items()["USER#x", "ORDER#odd"],
              {"PK": "USER#x", "SK": "ORDER#odd", "status": "completed"})

    @case("init says that orders wait, a copy does not say that they don't")
    def _():
        world = World(new_shop())
        contains(world.shop.run("init").out, "run `ordersnap adopt`")
        lines = world.shop.run("export", "--quiet").out
        world.adopt()
        lacks(world.shop.run("export", "--quiet").out, '"ADOPTED"')
        lacks(world.shop.run("init").out, "adopt")
        contains(world.shop.run("show", "BC-NOBODY", code=1).err, "there is no order")
        lacks(world.shop.run("show", "BC-NOBODY", code=1).err, "adopt")
        line = next(t for t in lines.splitlines() if '"USER#' in t)
        line = line.replace('"USER#', '"USER#another')
        world.shop.run("import", "--quiet", "-", input=line + "\n")
        contains(world.shop.run("check", "--quiet", code=None).out, "run ordersnap adopt again")
        contains(world.shop.run("show", "BC-NOBODY", code=1).err, "`ordersnap adopt`")


def double(world, sale, items=None):
    """What an ordersnap of before wrote next to theirs, and a refund that it booked since."""
    theirs = world.order(sale, items)
    return items_of({**order(sale.id, sale.created, user="doubled"), "status": "partially_refunded",
                     "amountRefunded": 1500, "stripePaymentIntentId": theirs["stripePaymentIntentId"],
                     "orderNumber": theirs["orderNumber"]})
