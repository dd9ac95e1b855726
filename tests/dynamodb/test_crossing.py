#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Two events of one payment at the same moment, each to a process of its own, on both stores: in the
end the order and all that is derived from it say the same as Stripe.

ORDERSNAP_ROUNDS is how often they meet; when exactly is up to the machine.
"""
import concurrent.futures
import os

import kit
import local
from lambda_table import ask
from tap import equal, main, ok
from workers import FastCgi

ROUNDS = int(os.environ.get("ORDERSNAP_ROUNDS") or 60)
TRIES = 20
LINE = [{"name": "Ring", "unit_amount": 2500, "currency": "usd"}]

SHOPS = {"SQLite": kit.Shop()}
db = None
if not local.why_not():
    db = local.Local()
    SHOPS["DynamoDB"] = kit.TableShop(db, f"http://127.0.0.1:{db.port}")
WORKERS = {}
POOL = concurrent.futures.ThreadPoolExecutor(2)

for each in SHOPS.values():
    each.sim.post("/_sim/delivery", {"mode": "off"})


def events_of(shop, session, *types):
    """The newest event of each type that is about the session or its payment."""
    ids = (session["id"], session["payment_intent"])
    found = {}
    for event in shop.sim.get("/_sim/events"):
        thing = event["data"]["object"]
        if thing["id"] in ids or thing.get("payment_intent") in ids:
            found[event["type"]] = event
    return [found[t] for t in types]


def sell(shop, n, **more):
    return shop.sim.post("/_sim/session", {
        "id": f"cs_test_cross{n:06d}", "line_items": LINE, "metadata": {"userId": "user_1"},
        **more})["session"]


def later_and_paid(shop, n):
    session = sell(shop, n, method="later")
    shop.sim.post("/_sim/later", {"session": session["id"], "outcome": "succeed"})
    return events_of(shop, session, "checkout.session.completed",
                     "checkout.session.async_payment_succeeded"), []


def failed_and_paid(shop, n):
    session = sell(shop, n, method="later")
    events = events_of(shop, session, "checkout.session.completed")
    shop.sim.post("/_sim/later", {"session": session["id"], "outcome": "succeed"})
    paid = events_of(shop, session, "checkout.session.async_payment_succeeded")[0]
    failed = {**paid, "id": f"evt_failed{n:06d}",
              "type": "checkout.session.async_payment_failed", "created": paid["created"] - 1}
    failed["data"] = {"object": {**paid["data"]["object"], "payment_status": "unpaid"}}
    return [failed, paid], events


def refunded_and_sold(shop, n):
    session = sell(shop, n)
    ask(shop.sim, "POST", "/v1/refunds", {
        "payment_intent": session["payment_intent"], "amount": 500})
    return events_of(shop, session, "charge.refunded", "checkout.session.completed"), []


def refunded_twice(shop, n):
    session = sell(shop, n)
    events = events_of(shop, session, "checkout.session.completed")
    refunds = []
    for amount in (500, 700):
        ask(shop.sim, "POST", "/v1/refunds", {
        "payment_intent": session["payment_intent"], "amount": amount})
        refunds += events_of(shop, session, "charge.refunded")
    return refunds, events


def settle(shop, worker, event):
    """Delivers it as Stripe does: until it is acknowledged."""
    for _ in range(TRIES):
        if worker.webhook(event).status == 200:
            return True
    return False


def faults_of(shop, n, ledger, items):
    """What of a round's order does not agree."""
    session = f"cs_test_cross{n:06d}"
    orders = [i for (pk, _), i in items.items() if pk.startswith("USER#")
              and i["orderId"] == session]
    if len(orders) != 1:
        return [f"{len(orders)} orders"]
    order, row, wrong = orders[0], ledger[session], []
    refunded = row["amount_refunded"]
    want = "partially_refunded" if refunded else "completed"
    beside = {
        "day": [i for (pk, sk), i in items.items() if pk.startswith("DAY#")
                and sk == order["SK"]],
        "payment": [items.get(("PAYMENT#" + row["payment_intent"], "METADATA"))],
        "number": [items.get(("NUMBER#" + order["orderNumber"], "METADATA"))],
        "session": [items.get(("SESSION#" + session, "METADATA"))]}
    if (order["status"], order.get("amountRefunded", 0)) != (want, refunded):
        wrong.append(f"the order is {order['status']}, not {want}")
    for name, found in beside.items():
        if len(found) != 1 or not found[0] or (
                found[0]["orderPK"], found[0]["orderSK"]) != (order["PK"], order["SK"]):
            wrong.append(f"its {name} item does not name it")
    if not wrong and beside["day"][0]["status"] != want:
        wrong.append(f"the day's entry is {beside['day'][0]['status']}")
    if not wrong and beside["payment"][0]["order"] != order:
        wrong.append("the payment's copy is another")
    return wrong


def cross(shop, workers, make):
    """Rounds of two events at once; the rounds that went wrong."""
    shop.sim.post("/_sim/reset")
    shop.sim.post("/_sim/delivery", {"mode": "off"})
    first = shop.rounds = getattr(shop, "rounds", 0)
    shop.rounds += ROUNDS
    wrong = {}
    for n in range(first, first + ROUNDS):
        pair, before = make(shop, n)
        for event in before:
            ok(settle(shop, workers[0], event), "what comes before is acknowledged")
        done = [POOL.submit(settle, shop, w, e) for w, e in zip(workers, pair)]
        if not all(d.result() for d in done):
            wrong[n] = ["an event is never acknowledged"]
    items, ledger = shop.items(), {r["id"]: r for r in shop.sim.get("/_sim/ledger")}
    for n in range(first, first + ROUNDS):
        found = faults_of(shop, n, ledger, items)
        if found:
            wrong.setdefault(n, []).extend(found)
    return wrong


CASES = {
    "a sale that is not paid yet, and its payment": later_and_paid,
    "a payment that failed, and one that came after all": failed_and_paid,
    "a refund, and the sale that it is of": refunded_and_sold,
    "two refunds of one charge": refunded_twice,
}


def register(store, what, make):
    @kit.case(f"{what} cross on {store}: the order and all beside it say what Stripe says")
    def _():
        shop = SHOPS[store]
        if store not in WORKERS:
            WORKERS[store] = [FastCgi(shop, "stripe-webhook") for _ in range(2)]
        wrong = cross(shop, WORKERS[store], make)
        equal(len(wrong), 0, f"of {ROUNDS}: {dict(list(wrong.items())[:5])}")


for a_store in SHOPS:
    for a_case in CASES.items():
        register(a_store, *a_case)


def close():
    for workers in WORKERS.values():
        for worker in workers:
            worker.close()
    for shop in SHOPS.values():
        shop.close()
    if db:
        db.close()


main(close)
