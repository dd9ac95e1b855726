# SPDX-License-Identifier: ISC
"""The way from the Lambda functions to ordersnap and back, on either store: the manual's steps, the
functions reading on, and `ordersnap adopt` that is killed with -9 while webhooks deliver.

register() wants of a shop what lambda_cases does, and shop.start(...), the command that is not waited
for.  ORDERSNAP_SEED repeats what was chosen at random.
"""
import json
import os
import random
import re
import shlex
import signal
import threading
import time

from lambda_cases import (World, case, double, paid_later, redelivered, synced)
from lambda_table import KINDS, Functions, late
from tap import contains, equal, eventually, lacks, ok

SEED = int(os.environ.get("ORDERSNAP_SEED", time.time_ns() % 10 ** 9))
KILLS = 8


# --- the manual's steps ---------------------------------------------------------------------------

SOURCE = os.environ.get("ORDERSNAP_SRC") or os.path.join(os.path.dirname(__file__), "..", "..")


def manual_steps():
    """The commands of each step of doc/lambda.md, as they stand there: those of its
    blocks, or where it has none those in its sentences."""
    with open(os.path.join(SOURCE, "doc", "lambda.md"), encoding="utf-8") as file:
        section = file.read()
    steps = re.findall(r"^\d\. .*?(?=^\d\. |^\S)", section + "\nEnd", re.M | re.S)
    found = []
    for step in steps:
        lines = re.findall(r"^ {7}(\S.*)$", step, re.M) or re.findall(r"`(ordersnap [^`]*)`", step)
        found.append([shlex.split(line) for line in lines if line.startswith("ordersnap ")])
    return section, found


def follow(world, commands):
    """Runs them with the test's own settings in the place of the manual's table."""
    for _name, *arguments in commands:
        run = world.shop.run(*arguments, code=None if arguments == ["check"] else 0)
    return run


# --- a walk that is killed ------------------------------------------------------------------------

class Deliveries(threading.Thread):
    """Webhooks beside the walk; what is not acknowledged comes again, as from Stripe."""

    def __init__(self, world, events):
        super().__init__()
        self.world, self.events, self.stopped = world, events, threading.Event()
        self.start()

    def run(self):
        for event in list(self.events):
            if self.stopped.is_set():
                return
            if self.world.shop.webhook(event).status == 200:
                self.events.remove(event)

    def finish(self):
        self.stopped.set()
        self.join()
        for event in self.events:
            self.world.deliver(event)


def waiting(world):
    """How many orders have no version yet."""
    return sum("version" not in i for (pk, _), i in world.shop.items().items()
               if pk.startswith("USER#"))


def killed(world, rng, *args):
    """Walks that are killed with -9.  How far each one gets is told by the table, not by a clock."""
    kills = 0
    while kills < KILLS:
        until = waiting(world) - (rng.randrange(1, 1 + len(world.sales) // KILLS) if kills else 0)
        walk = world.shop.start("adopt", *args)
        while walk.poll() is None and waiting(world) > until:
            pass  # it goes on meanwhile, or ends
        kills += walk.poll() is None
        walk.send_signal(signal.SIGKILL)
        walk.communicate()
        if walk.returncode == 0:
            break
    print(f"# ORDERSNAP_SEED={SEED}: {kills} kills, {waiting(world)} orders wait", flush=True)
    ok(kills, "the first one died before it was done")


def register(new_shop):
    @case("the manual's steps from the functions to ordersnap, followed literally")
    def _():
        section, steps = manual_steps()
        equal([[" ".join(c[1:]) for c in step] for step in steps],
              [["init", "adopt --dry-run"], [], ["adopt"],
               ["sync --since 2024-01-01 --dry-run", "sync --since 2024-01-01"], ["check"]],
              "the manual's commands")
        contains(section, "       COMMERCE_TABLE=shop-orders\n")
        world = World(new_shop())
        before = world.shop.items()
        contains(follow(world, steps[0]).err, f"{len(KINDS) - 1} would be adopted")
        equal(world.shop.items(), before, "the first step changes nothing")
        world.deliver_new()
        redelivered(world)
        world.are_one()
        follow(world, steps[2])
        world.is_linked()
        before = world.shop.items()
        follow(world, steps[3][:1])
        equal({k: i for k, i in world.shop.items().items() if k[0] != "SYSTEM"},
              {k: i for k, i in before.items() if k[0] != "SYSTEM"}, "a dry run")
        follow(world, steps[3][1:])
        world.holds()
        world.is_linked()
        said = world.shop.run("sync", "--since", "2024-01-01", "--json").out
        equal(json.loads(said)["differences"], [], "what the hourly sync finds")
        lacks(follow(world, steps[4]).out, "run ordersnap adopt")

    @case("back to the functions: they read what stands there newest first, and write no order twice")
    def _():
        world = World(new_shop(), ["open at the switch"] * 4)
        theirs, ours, late_one, new = world.sales
        for event in theirs.events():
            world.functions.webhook(event, theirs.processed, theirs.lines)
        world.shop.write(list(world.functions.table.values()))
        world.adopt()
        for event in ours.events() + late_one.events():
            world.deliver(event)
        late_one.refund(late_one.session["amount_total"])
        for event in late_one.events():
            world.deliver(event)
        back = Functions(world.shop.items())
        for sale in (theirs, ours, late_one):
            for event in sale.events():
                if event["type"].startswith("checkout.session."):
                    equal(back.webhook(event, int(time.time()), sale.lines), False, event["type"])
        found = back.orders("user_open")
        newest = sorted((theirs, ours, late_one), reverse=True,
                        key=lambda s: s.processed if s is theirs else s.created)
        equal([o["orderId"] for o in found], [s.id for s in newest], "newest first")
        for order in found:
            equal({k: order[k] for k in ("status", "amount", "currency", "items")},
                  {"status": "refunded" if order["orderId"] == late_one.id else "completed",
                   "amount": 8500, "currency": "usd",
                   "items": [("Red Necklace", 2, 3000), ("Silver Ring", 1, 2500)]}, order)
            ok(order["orderNumber"] and order["createdAt"], order)
        # They sell one meanwhile; then ordersnap is back.
        at = int(time.time())
        for event in new.events():
            ok(back.webhook(event, at, new.lines), event["type"])
        ours_now = world.shop.items()
        world.shop.write([i for k, i in back.table.items() if i != ours_now.get(k)])
        for event in new.events():
            if event["type"] == "checkout.session.completed":
                world.deliver(late(event))
        world.are_one()
        contains(world.shop.run("check", "--quiet", code=None).out, "run ordersnap adopt again")
        eventually(lambda: time.time() >= at + 1, what="the second after their last order")
        world.adopt()
        lacks(world.shop.run("check", "--quiet", code=None).out, "adopt")
        world.is_linked()

    @case("killed with -9 at any moment beside webhooks, and resumed: one order a sale at the end")
    def _():
        rng = random.Random(SEED)
        world = World(new_shop(), list(KINDS) * 3)
        paid_later(world)
        for sale in rng.sample(world.sales, 9):
            if sale.ledger()["payment_status"] == "paid":
                sale.refund(700)
        events = [e for sale in world.sales for e in sale.events()]
        rng.shuffle(events)
        beside = Deliveries(world, events)
        killed(world, rng)
        world.adopt()
        beside.finish()
        world.are_one()
        synced(world)
        world.holds()
        world.is_linked()
        contains(world.adopt().err, f" {len(world.sales)} orders: 0 adopted, 0 stand twice")

    @case("killed with -9 while it makes one of two orders, and resumed: one order a sale at the end")
    def _():
        rng = random.Random(SEED)
        world = World(new_shop(), ["userId", "e-mail with capitals", "user_id", "quoted"] * 20)
        items = world.shop.items()
        world.shop.write([item for sale in world.sales for item in double(world, sale, items)])
        killed(world, rng, "--merge")
        world.adopt("--merge")
        world.is_linked()
        items = world.shop.items()
        for sale in world.sales:
            order = world.order(sale, items)
            equal((order["SK"], order["status"], order["amountRefunded"]),
                  (f"ORDER#{sale.processed}#{sale.id}", "partially_refunded", 1500), sale.kind)
        equal([k for k in items if k[0] == "USER#doubled"], [])
        equal(len([k for k in items if k[0].startswith("DAY#")]), len(world.sales))
        contains(world.adopt().err, f" {len(world.sales)} orders: 0 adopted, 0 stand twice")
