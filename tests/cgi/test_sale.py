#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The whole sale in one call: what the programs ask Stripe for, what they do where the key may not
read all of it, and the events that tell of the charge afterwards."""
import contextlib
import json
import sqlite3
import time

from kit import KeptShop, Stub, case, equal, granted, lines_of, main, test

shop = KeptShop()
COMPLETED = "checkout.session.completed"
NUMBER = 0


def sell(lines=1, **more):
    """A session at Stripe that was paid; gives (session, its completed event)."""
    global NUMBER
    NUMBER += 1
    made = shop.sim.post("/_sim/session", {
        "id": f"cs_test_s1{NUMBER:08}", **({"line_items": [{"lookup_key": "N-RED"}] * lines} | more)})
    session = made["session"]
    return session, next(e for e in shop.sim.get("/_sim/events") if e["type"] == COMPLETED
                         and e["data"]["object"]["id"] == session["id"])


def charge_of(session):
    intent = shop.stripe("GET", f"/v1/payment_intents/{session['payment_intent']}?expand[]=latest_charge")
    return intent["latest_charge"]


def event_of(type, thing):
    """An event of the thing that Stripe sends by itself."""
    return {"id": f"evt_{type}_{thing['id']}", "object": "event", "api_version": "2026-10-28.endive",
            "created": int(time.time()), "livemode": False, "type": type, "data": {"object": thing}}


# --- one call -------------------------------------------------------------------------------------

for lines, calls in ((1, {"session": 1}), (10, {"session": 1}), (11, {"session": 1, "lines": 1})):
    @case(f"a sale of {lines} lines costs {calls}")
    def _(lines=lines, calls=calls):
        session, event = sell(lines)
        with shop.asks(**calls):
            granted(shop.webhook(event))
        equal(len(shop.order_of(session["id"])["items"]), lines)


@test
def _():
    """taxes, the payment and its fee are in the order of the one call"""
    session, event = sell(tax=240)
    with shop.asks(session=1):
        granted(shop.webhook(event))
    order = shop.order_of(session["id"])
    equal([tax["amount"] for tax in order["taxes"]], [240])
    equal((order["items"][0]["amountTax"], order["amountCaptured"], order["payment"]["brand"]),
          (240, 3240, "visa"))
    equal((order["amountFee"] + order["amountNet"], order["settlementCurrency"]), (3240, "usd"))


@test
def _():
    """an older snapshot that comes again takes nothing back, and asks for nothing"""
    session, event = sell()
    granted(shop.webhook(event))
    order = shop.order_of(session["id"])
    old = json.loads(json.dumps(event))
    old["id"] += "_old"
    old["data"]["object"]["customer_details"].update(name="Somebody Else", address=None)
    with shop.asks():
        granted(shop.webhook(old))
    equal(shop.order_of(session["id"]), order)


@test
def _():
    """a key that may not read all of a sale gets the order without it, for one call more"""
    session, event = sell()
    shop.sim.post("/_sim/permissions", {"deny": ["GET /v1/balance_transactions"]})
    try:
        with shop.asks(session=2):
            granted(shop.webhook(event))
    finally:
        shop.sim.post("/_sim/permissions", {"deny": []})
    order = shop.order_of(session["id"])
    equal((order["status"], "amountFee" in order, order["payment"]["last4"]), ("completed", False, "4242"))


@test
def _():
    """that the key may not read all of a sale is said once a day, with what Stripe says is missing"""
    shop.sim.post("/_sim/permissions", {"deny": ["GET /v1/shipping_rates"]})
    try:
        said = [lines_of(shop.webhook(sell()[1]).log, "may not read all of a sale") for _ in range(2)]
    finally:
        shop.sim.post("/_sim/permissions", {"deny": []})
    # The first one of this file's day was said above.
    equal([len(lines) for lines in said], [0, 0])
    equal([sk.split("#")[1] for pk, sk in shop.items("SYSTEM") if sk.startswith("WARNED#")],
          ["permission"])


@test
def _():
    """a subscription makes no order, which is said once a day"""
    _session, event = sell()
    said = []
    for number in (1, 2):
        other = json.loads(json.dumps(event))
        other["id"] += f"_sub{number}"
        other["data"]["object"].update(id=f"cs_test_sub{number}", mode="subscription", subscription="sub_1")
        answer = shop.webhook(other)
        equal(granted(answer), {"status": "ignored"})
        said.append(len(lines_of(answer.log, "Subscriptions make no orders")))
    equal(said, [1, 0])


@test
def _():
    """an order that is larger than the table takes is written with its lines cut, and a warning"""
    big = {f"k{n}": "x" * 490 for n in range(40)}
    lines = [{"lookup_key": "N-RED", "metadata": {name: "€" * 350 for name in (
        "sku", "collectionId", "variantId", "color")}}] * 100
    session, event = sell(lines=0, **{"line_items": lines, "metadata": big})
    answer = shop.webhook(event)
    granted(answer)
    equal(len(lines_of(answer.log, "Order is too large for the table")), 1)
    order = shop.order_of(session["id"])
    equal((len(order["items"]), order["itemCount"], order["metadata"]["k1"]), (100, 100, "x" * 490))
    equal(order["items"][99], {"name": "Red Necklace", "quantity": 1, "unitPrice": 3000,
                               "amountTotal": 3000, "amountSubtotal": 3000, "amountDiscount": 0,
                               "amountTax": 0, "currency": "usd"})
    with shop.unchanged(but="EVENT#"):
        granted(shop.webhook({**event, "id": event["id"] + "_again"}))


@test
def _():
    """an expired session keeps the address where the buyer gets another one"""
    made = shop.stripe("POST", "/v1/checkout/sessions", {
        "mode": "payment", "line_items[0][price]": shop.price_of("N-RED")["id"],
        "line_items[0][quantity]": 1, "success_url": "https://shop.example/ok"})
    shop.store({"PK": f"SESSION#{made['id']}", "SK": "METADATA", "status": "open", "version": 1})
    expired = {**made, "status": "expired", "after_expiration": {"recovery": {
        "allow_promotion_codes": False, "enabled": True, "expires_at": 1800000000,
        "url": "https://buy.stripe.com/r/live_asAb1724"}}}
    granted(shop.webhook(event_of("checkout.session.expired", expired)))
    item = shop.item(f"SESSION#{made['id']}")
    equal((item["status"], item["recoveryUrl"]), ("expired", "https://buy.stripe.com/r/live_asAb1724"))


# --- the charge afterwards ------------------------------------------------------------------------

@test
def _():
    """a refunded order is put by each of its events, also where it says the same: no older answer can follow"""
    session, event = sell()
    granted(shop.webhook(event))
    shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"], "amount": 500})
    refunded = next(e for e in shop.sim.get("/_sim/events")[::-1] if e["type"] == "charge.refunded")
    granted(shop.webhook(refunded))
    order = shop.order_of(session["id"])
    for number, again in enumerate((refunded, event), 1):
        granted(shop.webhook({**again, "id": again["id"] + "again"}))
        now = shop.order_of(session["id"])
        equal((now["version"], now["amountRefunded"]), (order["version"] + number, 500), again["type"])


def moves_on(change):
    """Stripe, where `change()` happens right after it told of a charge for the first time."""
    changed = []

    def answer(request):
        said = shop.stripe("GET", request.path)
        if "/charges/" in request.path and not changed:
            changed.append(change())
        return 200, said
    return Stub(answer)


# A refund that names its charge alone: the charge is asked for its payment, then the order is read.
for stands in (True, False):
    @case("a refund that is made while the order of another one is " + ("read" if stands else "made") +
          " is in the order: what counts of the charge is asked for after that")
    def _(stands=stands):
        session, event = sell()
        if stands:
            granted(shop.webhook(event))

        def refund():
            return shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"],
                                                       "amount": 100})
        made = refund()
        stub = moves_on(refund)
        try:
            granted(shop.webhook(event_of("refund.created", {key: made[key] for key in (
                "id", "object", "charge")}), STRIPE_API_BASE=stub.base))
        finally:
            stub.close()
        equal(shop.order_of(session["id"])["amountRefunded"], 200)


@test
def _():
    """charge.updated brings the fee of a charge that was captured after the sale"""
    session, event = sell()
    shop.sim.post("/_sim/permissions", {"deny": ["GET /v1/balance_transactions"]})
    granted(shop.webhook(event))
    shop.sim.post("/_sim/permissions", {"deny": []})
    granted(shop.webhook(event_of("charge.updated", charge_of(session))))
    order = shop.order_of(session["id"])
    equal((order["amountFee"], order["amountNet"], order["version"]), (117, 2883, 2))


@test
def _():
    """a charge.updated that changes nothing leaves the order as it is"""
    session, event = sell()
    granted(shop.webhook(event))
    with shop.unchanged(but="EVENT#"):
        granted(shop.webhook(event_of("charge.updated", charge_of(session))))


@test
def _():
    """charge.updated never makes an order: without one it is ignored, and nothing is asked"""
    session, _event = sell()
    event = event_of("charge.updated", charge_of(session))
    with shop.unchanged(), shop.asks():
        equal(granted(shop.webhook(event)), {"status": "ignored"})
    del event["data"]["object"]["payment_intent"]
    with shop.unchanged(), shop.asks():
        equal(granted(shop.webhook(event)), {"status": "ignored"})


@test
def _():
    """an order that is pending is failed once its payment is canceled, and stays so"""
    session, event = sell(method="later")
    granted(shop.webhook(event))
    equal(shop.order_of(session["id"])["status"], "pending")
    shop.stripe("POST", f"/v1/payment_intents/{session['payment_intent']}/cancel", {})
    canceled = [e for e in shop.sim.get("/_sim/events") if e["type"] == "payment_intent.canceled"][-1]
    granted(shop.webhook(canceled))
    equal(shop.order_of(session["id"])["status"], "failed")
    granted(shop.webhook(event))
    equal(shop.order_of(session["id"])["status"], "failed")


@test
def _():
    """a payment that is of no session is none of ours when it is canceled"""
    intent = {"id": "pi_elsewhere", "object": "payment_intent", "status": "canceled", "latest_charge": None}
    with shop.unchanged():
        equal(granted(shop.webhook(event_of("payment_intent.canceled", intent))), {"status": "ignored"})


# Of the session that a payment was made for, what Stripe says in its place, and what comes of it.
for what, said, status in (("is still open", {"status": "open"}, 200),
                           ("is of mode setup", {"mode": "setup"}, 200),
                           ("has no id", {"id": None}, 503), ("is none", {"object": "list"}, 503)):
    @case(f"a payment that is canceled and whose session {what} makes no order" +
          (", and comes again" if status == 503 else ""))
    def _(said=said, status=status):
        session, _event = sell(method="later")
        intent = {"id": session["payment_intent"], "object": "payment_intent", "latest_charge": None}
        stub = Stub(lambda _request: (200, {"object": "list", "has_more": False, "data": [{**session, **said}]}))
        try:
            with shop.unchanged():
                answer = shop.webhook(event_of("payment_intent.canceled", intent), STRIPE_API_BASE=stub.base)
        finally:
            stub.close()
        equal(answer.status, status)
        if status == 200:
            equal(answer.json, {"status": "ignored"})


@test
def _():
    """a refund of a charge that no payment intent made is none of ours"""
    charge = {"id": "ch_alone", "object": "charge", "amount": 5, "amount_refunded": 5, "payment_intent": None}
    stub = Stub(lambda _request: (200, charge))
    try:
        with shop.unchanged():
            answer = shop.webhook(event_of("refund.created", {"id": "re_alone", "object": "refund",
                                                              "charge": "ch_alone"}),
                                  STRIPE_API_BASE=stub.base)
    finally:
        stub.close()
    equal(granted(answer), {"status": "ignored"})


def without(member):
    return lambda said: (200, {key: value for key, value in said.items() if key != member})


def part_of_refunds(said):
    return 200, {**said, "refunds": {"object": "list", "data": [], "has_more": True}}


def too_many(_said):
    return 429, b'{"error": {"message": "not now"}}'


# A refund that names its payment or its charge; what Stripe says else than it would.
for what, named, changed in (
        ("whose payment has no charge yet", "payment_intent", {"/payment_intents/": without("latest_charge")}),
        ("whose charge has no amount", "charge", {"/charges/": without("amount")}),
        ("of which Stripe keeps the list back", "charge", {"/charges/": part_of_refunds, "/refunds": too_many})):
    @case(f"a refund {what} changes nothing, and comes again")
    def _(named=named, changed=changed):
        session, event = sell()
        granted(shop.webhook(event))
        refund = shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"], "amount": 100})

        def answer(request):
            for part, change in changed.items():
                if part in request.path:
                    return change(shop.stripe("GET", request.path))
            return 200, shop.stripe("GET", request.path)
        stub = Stub(answer)
        told = event_of("refund.created", {"id": refund["id"], "object": "refund", named: refund[named]})
        try:
            with shop.unchanged():
                equal(shop.webhook(told, STRIPE_API_BASE=stub.base).status, 503)
        finally:
            stub.close()
        granted(shop.webhook(told))
        equal(shop.order_of(session["id"])["amountRefunded"], 100)


@test
def _():
    """charge.updated makes no order where only the payment's pointer is left of one"""
    session, event = sell()
    granted(shop.webhook(event))
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        db.execute("DELETE FROM items WHERE pk LIKE 'USER#%' AND sk LIKE ?", ("%" + session["id"],))
    updated = event_of("charge.updated", charge_of(session))
    with shop.unchanged(), shop.asks():
        equal(granted(shop.webhook(updated)), {"status": "ignored"})


def held():
    """A payment that is only held on the card; gives (session, its completed event)."""
    made = shop.stripe("POST", "/v1/checkout/sessions", {
        "mode": "payment", "line_items[0][price]": shop.price_of("N-RED")["id"],
        "line_items[0][quantity]": 1, "payment_intent_data[capture_method]": "manual",
        "success_url": "https://shop.example/ok"})
    shop.sim.post("/_sim/pay", {"session": made["id"], "wait": False})
    event = next(e for e in shop.sim.get("/_sim/events") if e["type"] == COMPLETED
                 and e["data"]["object"]["id"] == made["id"])
    return event["data"]["object"], event


def newest(type):
    return [e for e in shop.sim.get("/_sim/events") if e["type"] == type][-1]


@test
def _():
    """a payment that was held is completed by charge.captured, at that time, whichever event is first"""
    for captured_first in (False, True):
        session, event = held()
        if not captured_first:
            granted(shop.webhook(event))
            equal(shop.order_of(session["id"])["status"], "pending")
        shop.stripe("POST", f"/v1/payment_intents/{session['payment_intent']}/capture",
                    {"amount_to_capture": 1000})
        captured = newest("charge.captured")
        captured["created"] += 7  # the charge itself may only say when it was held
        granted(shop.webhook(captured))
        if captured_first:
            granted(shop.webhook(event))
        order = shop.order_of(session["id"])
        equal((order["status"], order["amountCaptured"], order.get("amountRefunded")),
              ("completed", 1000, 0))
        equal(order["completedAt"], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(captured["created"])))


@test
def _():
    """a hold that is given up makes the order failed by payment_intent.canceled alone"""
    session, event = held()
    granted(shop.webhook(event))
    shop.stripe("POST", f"/v1/payment_intents/{session['payment_intent']}/cancel", {})
    granted(shop.webhook(newest("payment_intent.canceled")))
    order = shop.order_of(session["id"])
    equal((order["status"], order["amountCaptured"], "completedAt" in order), ("failed", 0, False))


main(shop)
