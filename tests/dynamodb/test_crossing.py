#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Two events of one payment at the same moment, each to a process of its own, on both stores: in the
end the order and all that is derived from it say the same as Stripe.  The owner's mark is as an event.

ORDERSNAP_ROUNDS is how often they meet; when exactly is up to the machine.  A quarter as often they
meet on a slow store: each lock of the file, each call of DynamoDB waits for a random moment first.
"""
import concurrent.futures
import os
import random
import subprocess
import time

import kit
import local
from lambda_table import ask
from tap import equal, main, ok
from workers import FastCgi

ROUNDS = int(os.environ.get("ORDERSNAP_ROUNDS") or 40)
SLOW_ROUNDS = max(1, ROUNDS // 4)
SLOWEST = 0.02  # seconds that a call of DynamoDB waits before and after
TRIES = 20
NEWEST = 20  # more events than a round makes
LINE = [{"name": "Ring", "unit_amount": 2500, "currency": "usd"}]

SHOPS = {"SQLite": kit.Shop()}
db = None
if not local.why_not():
    db = local.at_hand()
    SHOPS["DynamoDB"] = kit.TableShop(db, f"http://127.0.0.1:{db.port}")
WORKERS, CLOSE = {}, []
MARKED = set()  # the sessions whose parcel the owner marked
POOL = concurrent.futures.ThreadPoolExecutor(2)

for each in SHOPS.values():
    each.sim.post("/_sim/delivery", {"mode": "off"})


def events_of(shop, session, *types):
    """The newest event of each type that is about the session or its payment."""
    ids = (session["id"], session["payment_intent"])
    found = {}
    for event in ask(shop.sim, "GET", f"/v1/events?limit={NEWEST}")["data"][::-1]:
        thing = event["data"]["object"]
        if thing["id"] in ids or thing.get("payment_intent") in ids:
            found[event["type"]] = event
    return [found[t] for t in types]


def sell(shop, n, **more):
    return shop.sim.post("/_sim/session", {
        "id": f"cs_test_cross{n:06d}", "line_items": LINE, "metadata": {"userId": "user_1"},
        **more})["session"]


def end_later(shop, session, outcome):
    """How a later payment ended: the event that tells it."""
    name = {"succeed": "succeeded", "fail": "failed"}[outcome]
    shop.sim.post("/_sim/later", {"session": session["id"], "outcome": outcome})
    return events_of(shop, session, f"checkout.session.async_payment_{name}")[0]


# A case gives the events that meet and those before them.  An event may be a function that makes it:
# Stripe moves on while the other one is worked on.

def later_and_paid(shop, n):
    session = sell(shop, n, method="later")
    return [*events_of(shop, session, "checkout.session.completed"),
            end_later(shop, session, "succeed")], []


def later_and_failed(shop, n):
    session = sell(shop, n, method="later")
    return [*events_of(shop, session, "checkout.session.completed"),
            end_later(shop, session, "fail")], []


def failed_and_paid(shop, n):
    session = sell(shop, n, method="later")
    before = events_of(shop, session, "checkout.session.completed")
    failed = end_later(shop, session, "fail")
    return [failed, lambda: end_later(shop, session, "succeed")], before


def refunded_and_sold(shop, n):
    session = sell(shop, n)
    ask(shop.sim, "POST", "/v1/refunds", {
        "payment_intent": session["payment_intent"], "amount": 500})
    return events_of(shop, session, "charge.refunded", "checkout.session.completed"), []


def refunded_twice(shop, n):
    session = sell(shop, n)
    before = events_of(shop, session, "checkout.session.completed")

    def refund(amount):
        ask(shop.sim, "POST", "/v1/refunds", {
            "payment_intent": session["payment_intent"], "amount": amount})
        return events_of(shop, session, "charge.refunded")[0]
    return [refund(500), lambda: refund(700)], before


def refunded_and_marked(shop, n):
    session = sell(shop, n)
    before = events_of(shop, session, "checkout.session.completed")
    ask(shop.sim, "POST", "/v1/refunds", {
        "payment_intent": session["payment_intent"], "amount": 500})
    MARKED.add(session["id"])
    return [*events_of(shop, session, "charge.refunded"), Mark(session["id"])], before


def sold_again_and_marked(shop, n):
    session = sell(shop, n, method="later")
    before = events_of(shop, session, "checkout.session.completed")
    MARKED.add(session["id"])
    return [end_later(shop, session, "succeed"), Mark(session["id"])], before


class Mark:
    """What the owner does instead of an event: `ordersnap mark`."""

    def __init__(self, session):
        self.session = session

    def made(self, shop):
        command = [*kit.lib.WRAPPER, os.path.join(kit.lib.BUILD, "ordersnap"), "mark", self.session,
                   "shipped", self.session[-6:]]
        return subprocess.run(command, env=shop.environment(), capture_output=True).returncode == 0


def deliver(shop, worker, event):
    """Delivers it as Stripe does: until it is acknowledged."""
    if isinstance(event, Mark):
        return event.made(shop)
    event = event() if callable(event) else event
    for _ in range(TRIES):
        if worker.webhook(event).status == 200:
            return True
    return False


def expected(row):
    """The status that the order of a session in the ledger has."""
    if row["payment_status"] == "unpaid":
        return "failed"
    return "partially_refunded" if row["amount_refunded"] else "completed"


def faults_of(shop, n, ledger, items):
    """What of a round's order does not agree."""
    session = f"cs_test_cross{n:06d}"
    orders = items.get(session, [])
    if len(orders) != 1:
        return [f"{len(orders)} orders"]
    order, row, wrong = orders[0], ledger[session], []
    want = expected(row)
    beside = {
        "day": items.get(order["SK"], []),
        "payment": [items.get(("PAYMENT#" + row["payment_intent"], "METADATA"))],
        "number": [items.get(("NUMBER#" + order["orderNumber"], "METADATA"))],
        "session": [items.get(("SESSION#" + session, "METADATA"))]}
    if (order["status"], order.get("amountRefunded", 0)) != (want, row["amount_refunded"]):
        wrong.append(f"the order is {order['status']}, not {want}")
    if session in MARKED and order.get("tracking", {}).get("number") != session[-6:]:
        wrong.append("the owner's mark is lost")
    for name, found in beside.items():
        if len(found) != 1 or not found[0] or (
                found[0]["orderPK"], found[0]["orderSK"]) != (order["PK"], order["SK"]):
            wrong.append(f"its {name} item does not name it")
    if not wrong and beside["day"][0]["status"] != want:
        wrong.append(f"the day's entry is {beside['day'][0]['status']}")
    if not wrong and beside["payment"][0]["order"] != order:
        wrong.append("the payment's copy is another")
    return wrong


def by_name(items):
    """The items by key; besides the orders by session, the days' entries by sort key."""
    found = dict(items)
    for (pk, sk), item in items.items():
        if pk.startswith("USER#"):
            found.setdefault(item["orderId"], []).append(item)
        elif pk.startswith("DAY#"):
            found.setdefault(sk, []).append(item)
    return found


def cross(shop, workers, make, rounds):
    """Rounds of two events at once; the rounds that went wrong."""
    shop.sim.post("/_sim/reset")
    shop.sim.post("/_sim/delivery", {"mode": "off"})
    first = shop.rounds = getattr(shop, "rounds", 0)
    shop.rounds += rounds
    wrong = {}
    for n in range(first, first + rounds):
        pair, before = make(shop, n)
        for event in before:
            ok(deliver(shop, workers[0], event), "what comes before is acknowledged")
        done = [POOL.submit(deliver, shop, w, e) for w, e in zip(workers, pair)]
        if not all(d.result() for d in done):
            wrong[n] = ["an event is never acknowledged"]
    items, ledger = by_name(shop.items()), {r["id"]: r for r in shop.sim.get("/_sim/ledger")}
    for n in range(first, first + rounds):
        found = faults_of(shop, n, ledger, items)
        if found:
            wrong.setdefault(n, []).extend(found)
    return wrong


CASES = {
    "a sale that is not paid yet, and its payment": later_and_paid,
    "a sale that is not paid yet, and that it failed": later_and_failed,
    "a payment that failed, and one that came after all": failed_and_paid,
    "a refund, and the sale that it is of": refunded_and_sold,
    "two refunds of one charge": refunded_twice,
    "a refund, and the owner's mark": refunded_and_marked,
    "a payment that came later, and the owner's mark": sold_again_and_marked,
}


def slow_file():
    """What a worker needs so that the locks of its file are slow."""
    library = kit.Preload(os.path.join(kit.HERE, "slow_locks.c"))
    CLOSE.append(library.close)
    return library.variables


def slow_table():
    """What a worker needs so that DynamoDB is slow."""
    slow = local.Proxy(db.port)
    CLOSE.append(slow.close)

    def act(handler, _, body):
        time.sleep(random.uniform(0, SLOWEST))
        answer = handler.ask(body)
        time.sleep(random.uniform(0, SLOWEST))
        handler.give(*answer)
    slow.add(None, act, times=None)
    return kit.aws_settings(slow.base)


SLOW = {"SQLite": slow_file, "DynamoDB": slow_table}


def workers_of(store, slow):
    if (store, slow) not in WORKERS:
        variables = SLOW[store]() if slow else {}
        WORKERS[store, slow] = [FastCgi(SHOPS[store], "stripe-webhook", **variables)
                                for _ in range(2)]
    return WORKERS[store, slow]


def register(store, slow, what, make):
    rounds = SLOW_ROUNDS if slow else ROUNDS

    @kit.case(f"{what} cross on {'a slow ' * slow}{store}: the order and all beside it say what "
              "Stripe says")
    def _():
        wrong = cross(SHOPS[store], workers_of(store, slow), make, rounds)
        equal(len(wrong), 0, f"of {rounds}: {dict(list(wrong.items())[:5])}")


for a_store in SHOPS:
    for is_slow in (False, True):
        for a_case in CASES.items():
            register(a_store, is_slow, *a_case)


def close():
    for workers in WORKERS.values():
        for worker in workers:
            worker.close()
    for end in CLOSE:
        end()
    for shop in SHOPS.values():
        shop.close()
    if db:
        db.close()


main(close)
