#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""From a paid session's event to the order in the table, and what stands around it."""
import contextlib
import json
import os
import re
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor

from kit import (KeptShop, PATIENCE, STRIPE_SECRET, Stub, WHOLE_ADDRESS, Watch, case, check_log,
                 contains, equal, fields_of, granted, lacks, lib, lines_of, logged, main, ok,
                 refused, stripe_with, test)

lib.SEED[:] = lib.SEED + [
    {"lookup_key": "FREE", "name": "Sticker", "unit_amount": 0, "currency": "usd"},
    {"lookup_key": "YEN", "name": "Fan", "unit_amount": 1200, "currency": "jpy"},
    {"lookup_key": "META", "name": "Bangle", "unit_amount": 900, "currency": "usd",
     "metadata": {"sku": "B-GOLD", "collectionId": "bangles", "variantId": "gold"}},
]
shop = KeptShop()
CREATED = 1732612800  # 2024-11-26T09:20:00Z
NUMBER = 0


def new_id():
    """A session's id whose order number is its own."""
    global NUMBER
    NUMBER += 1
    return f"cs_test_a1{NUMBER:08}"


def sell(*lines, **more):
    """A session at Stripe that was paid; gives (session, its events by type)."""
    made = shop.sim.post("/_sim/session", {
        "id": new_id(), "line_items": [sale_line(x) for x in lines or [("N-RED", 2), "R-SIL"]],
        **more})
    return made["session"], events_of(made["session"]["id"])


def sale_line(line):
    if isinstance(line, str):
        return {"lookup_key": line}
    if isinstance(line, tuple):
        return {"lookup_key": line[0], "quantity": line[1]}
    return line


def events_of(session_id):
    return {e["type"]: e for e in shop.sim.get("/_sim/events")
            if e["data"]["object"]["id"] == session_id}


def receipt_of(session):
    """Where Stripe shows the buyer the session's receipt."""
    charge = [row["charge"] for row in shop.sim.get("/_sim/ledger") if row["id"] == session["id"]]
    return f"https://pay.stripe.com/receipts/payment/{charge[0]}"


COMPLETED = "checkout.session.completed"
SUCCEEDED = "checkout.session.async_payment_succeeded"
FAILED = "checkout.session.async_payment_failed"


def deliver(events, type=COMPLETED, **variables):
    return shop.webhook(events[type], **variables)


def bought(*lines, **more):
    """Sells and delivers; gives (answer, order)."""
    variables = {k: more.pop(k) for k in list(more) if k.isupper()}
    session, events = sell(*lines, **more)
    answer = deliver(events, **variables)
    granted(answer)
    return answer, shop.order_of(session["id"])


def around(order):
    """The items that belong to an order, by the first part of their PK, without its event marker."""
    found = {}
    for (pk, _sk), item in shop.items().items():
        if order["SK"] in item.values() and item["PK"] != order["PK"] or \
                pk == "SESSION#" + order["orderId"]:
            found[pk.split("#")[0]] = item
    return found


def iso(at):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def counts(answer):
    """(store reads, Stripe calls, store writes) as the log line has them."""
    line, = lines_of(answer.log, "Webhook processed")
    said = fields_of(line)
    return tuple(int(said[name]) for name in ("storeReads", "stripeCalls", "storeWrites"))


# --- the design's example -----------------------------------------------------------------------

@test
def _():
    """the design's example: keys, number and every attribute"""
    made = shop.sim.post("/_sim/session", {
        "id": "cs_test_abc123", "created": CREATED, "at": CREATED + 61,
        "metadata": {"userId": "user_12345", "campaign": "spring"},
        "customer_email": "customer@example.com", "name": "John Doe", "phone": "+14165550123",
        "line_items": [{"lookup_key": "N-RED", "quantity": 2,
                        "metadata": {"sku": "N-RED", "collectionId": "necklaces",
                                     "variantId": "red/40"}}, {"lookup_key": "R-SIL"}],
        "shipping": {"name": "John Doe", "address": {
            "line1": "123 Main St", "line2": "Unit 4", "city": "Toronto", "state": "ON",
            "postal_code": "M5V 1A1", "country": "CA"}}})
    event = events_of("cs_test_abc123")[COMPLETED]
    before = int(time.time())
    answer = granted(shop.webhook(event))
    equal(answer, {"status": "processed", "eventId": event["id"], "sessionId": "cs_test_abc123",
                   "orderId": "cs_test_abc123", "orderNumber": "BC-ABC123"})
    order = shop.item("USER#user_12345", "ORDER#1732612800#cs_test_abc123")
    ok(iso(before) <= order.pop("updatedAt") <= iso(time.time()), "updatedAt is now")
    necklace, ring = shop.price_of("N-RED"), shop.price_of("R-SIL")
    equal(order, {
        "PK": "USER#user_12345", "SK": "ORDER#1732612800#cs_test_abc123", "version": 1,
        "orderId": "cs_test_abc123", "orderNumber": "BC-ABC123", "userId": "user_12345",
        "customerEmail": "customer@example.com", "customerPhone": "+14165550123",
        "customerName": "John Doe", "status": "completed",
        "amount": 8500, "amountSubtotal": 8500, "amountDiscount": 0, "amountTax": 0,
        "amountShipping": 0, "currency": "usd",
        "items": [
            {"name": "Red Necklace", "quantity": 2, "unitPrice": 3000, "amountTotal": 6000,
             "amountSubtotal": 6000, "amountDiscount": 0, "amountTax": 0, "currency": "usd",
             "sku": "N-RED", "collectionId": "necklaces", "variantId": "red/40", "stripePriceId": necklace["id"],
             "stripeProductId": necklace["product"]},
            {"name": "Silver Ring", "quantity": 1, "unitPrice": 2500, "amountTotal": 2500,
             "amountSubtotal": 2500, "amountDiscount": 0, "amountTax": 0, "currency": "usd",
             "sku": "R-SIL", "stripePriceId": ring["id"], "stripeProductId": ring["product"]}],
        "itemCount": 3, "createdAt": "2024-11-26T09:20:00Z", "completedAt": "2024-11-26T09:21:01Z",
        "stripeSessionId": "cs_test_abc123",
        "stripePaymentIntentId": made["session"]["payment_intent"], "stripePaymentStatus": "paid",
        "shippingAddress": {"name": "John Doe", "line1": "123 Main St", "line2": "Unit 4",
                            "city": "Toronto", "state": "ON", "postalCode": "M5V 1A1",
                            "country": "CA"},
        "billingAddress": {"name": "John Doe", "country": "CA"}, "customerTaxExempt": "none",
        "payment": {"type": "card", "brand": "visa", "last4": "4242",
                    "receiptUrl": receipt_of(made["session"])},
        "amountCaptured": 8500, "amountFee": 276, "amountNet": 8224, "settlementCurrency": "usd",
        "metadata": {"campaign": "spring"}, "livemode": False, "source": "webhook"})


@test
def _():
    """the example of the Lambda functions' guide: its attributes have these names and values"""
    guide = {
        "orderNumber": "BC-ABC124", "userId": "user_12346", "status": "completed", "amount": 8500,
        "amountSubtotal": 8500, "currency": "usd", "itemCount": 2,
        "createdAt": "2024-11-26T12:00:00Z", "completedAt": "2024-11-26T12:00:00Z",
        "stripeSessionId": "cs_test_abc124", "stripePaymentIntentId": "pi_xyz789",
        "customerEmail": "customer@example.com", "orderId": "cs_test_abc124",
        "PK": "USER#user_12346", "SK": "ORDER#1732622400#cs_test_abc124",
        "shippingAddress": {"name": "John Doe", "line1": "123 Main St", "city": "Toronto",
                            "state": "ON", "postalCode": "M5V 1A1", "country": "CA"}}
    line = {"name": "Red Necklace", "quantity": 2, "unitPrice": 3000, "sku": "N-RED",
            "collectionId": "necklaces"}
    event = {"id": "evt_guide", "object": "event", "type": COMPLETED, "created": 1732622400,
             "livemode": False, "data": {"object": {
                 "id": "cs_test_abc124", "object": "checkout.session", "created": 1732622400,
                 "mode": "payment", "payment_status": "paid", "amount_total": 8500,
                 "amount_subtotal": 8500, "currency": "usd", "payment_intent": "pi_xyz789",
                 "client_reference_id": None, "metadata": {"userId": "user_12346"},
                 "customer_details": {"email": "customer@example.com", "name": None, "phone": None},
                 "shipping_details": {"name": "John Doe", "address": {
                     "line1": "123 Main St", "line2": None, "city": "Toronto", "state": "ON",
                     "postal_code": "M5V 1A1", "country": "CA"}}}}}
    stub = stripe_with(event["data"]["object"], [{
        "id": "li_1", "object": "item", "description": "Red Necklace", "quantity": 2,
        "amount_subtotal": 6000, "amount_total": 6000, "currency": "usd",
        "metadata": {"collectionId": "necklaces"},
        "price": {"id": "price_1", "unit_amount": 3000, "lookup_key": "N-RED"}}])
    try:
        granted(shop.webhook(event, STRIPE_API_BASE=stub.base))
    finally:
        stub.close()
    order = shop.order_of("cs_test_abc124")
    equal({name: order.get(name) for name in guide}, guide)
    equal({name: order["items"][0].get(name) for name in line}, line)


@test
def _():
    """all of the transaction's items are there, and name the order"""
    session, events = sell(metadata={"userId": "user_around", "quoteSignature": "0" * 64})
    before = time.time()
    granted(deliver(events))
    order = shop.order_of(session["id"])
    found = around(order)
    equal(sorted(found), ["DAY", "NUMBER", "PAYMENT", "SESSION"])
    day = time.strftime("%Y-%m-%d", time.gmtime(session["created"]))
    equal((found["DAY"]["PK"], found["DAY"]["SK"]), ("DAY#" + day, order["SK"]))
    for name in ("orderNumber", "userId", "amount", "status"):
        equal(found["DAY"][name], order[name], "the day's entry: " + name)
    equal(found["NUMBER"]["PK"], "NUMBER#" + order["orderNumber"])
    equal(found["PAYMENT"]["PK"], "PAYMENT#" + session["payment_intent"])
    equal(found["SESSION"]["quoteSignature"], "0" * 64)
    equal((found["SESSION"]["userId"], found["SESSION"]["status"]), ("user_around", "completed"))
    for kind, item in found.items():
        ok(order["PK"] in item.values() and order["SK"] in item.values(), f"{kind} has its keys")
        equal(item["version"], 1, kind)
        if kind != "DAY":
            equal(item["SK"], "METADATA", kind)
    marker = shop.item("EVENT#" + events[COMPLETED]["id"])
    equal((marker["status"], marker["eventId"], marker["sessionId"], marker["orderId"],
           marker["orderNumber"], marker["version"]),
          ("completed", events[COMPLETED]["id"], session["id"], session["id"],
           order["orderNumber"], 1))
    near = 10 * PATIENCE
    ok(abs(marker["expiresAt"] - before - 90 * 86400) < near, "a marker stays 90 days")
    for item in (order, found["SESSION"], found["DAY"], found["NUMBER"], found["PAYMENT"]):
        ok("expiresAt" not in item, item["PK"] + " stays for ever")


@test
def _():
    """ORDER_TTL_DAYS ends the order with its session, its pointers and its day, EVENT_TTL_DAYS the marker"""
    session, events = sell()
    granted(deliver(events, ORDER_TTL_DAYS=10, EVENT_TTL_DAYS=5))
    order = shop.order_of(session["id"])
    found = around(order)
    ends = {found[kind]["expiresAt"] for kind in ("SESSION", "DAY", "NUMBER", "PAYMENT")}
    ends.add(order["expiresAt"])
    equal(len(ends), 1, "all end together")
    ok(abs(ends.pop() - time.time() - 10 * 86400) < 10 * PATIENCE, "in ten days")
    marker = shop.item("EVENT#" + events[COMPLETED]["id"])
    ok(abs(marker["expiresAt"] - time.time() - 5 * 86400) < 10 * PATIENCE, "EVENT_TTL_DAYS")


for session_id, number in (("cs_test_abc125", "BC-ABC125"), ("cs_test_a1B2c3D4e5F6", "BC-C3D4E5F6"),
                           ("cs_live_x_y_z_ab-cd.ef", "BC-ABCDEF"), ("withoutunderscore9", "BC-ERSCORE9"),
                           ("cs_test_1", "BC-1"), ("cs_test_äöü12345678", "BC-12345678")):
    @case(f"{session_id} gives the number {number}")
    def _(session_id=session_id, number=number):
        _answer, order = bought(id=session_id)
        equal(order["orderNumber"], number)


@test
def _():
    """ORDER_NUMBER_PREFIX stands in front"""
    equal(bought(id="cs_test_prefix01", ORDER_NUMBER_PREFIX="SHOP7")[1]["orderNumber"],
          "SHOP7-PREFIX01")


# --- whose order it is --------------------------------------------------------------------------

USERS = [
    ("the metadata's userId", {"metadata": {"userId": "user_m"}, "client_reference_id": "ref",
                               "customer_email": "m@shop.example"}, "user_m", "USER#user_m"),
    ("the metadata's user_id, as the Lambda functions took it",
     {"metadata": {"user_id": "user_u"}, "customer_email": "u@shop.example"}, "user_u",
     "USER#user_u"),
    ("the address, whatever client_reference_id says",
     {"client_reference_id": "ref_1", "customer_email": "c@shop.example"}, "c@shop.example",
     "USER#c@shop.example"),
    ("the address in lower case", {"customer_email": "Guest.One@Shop.example"},
     "guest.one@shop.example", "USER#guest.one@shop.example"),
    ("an address with a plus", {"customer_email": "a+b@shop.example"}, "a+b@shop.example",
     "USER#a+b@shop.example"),
    ("the address without the plus, another person", {"customer_email": "ab@shop.example"},
     "ab@shop.example", "USER#ab@shop.example"),
    ("a userId with blanks around", {"metadata": {"userId": "  user_t \t"}}, "user_t", "USER#user_t"),
    ("a userId in capitals", {"metadata": {"userId": "User_UP"}}, "User_UP", "USER#User_UP"),
    ("a userId with #", {"metadata": {"userId": "a#b"}}, "a#b", "USER#a%23b"),
    ("a userId with %", {"metadata": {"userId": "a%23b"}}, "a%23b", "USER#a%2523b"),
    ("a userId with control bytes", {"metadata": {"userId": "a\u0001\nb\u007f"}}, "a\u0001\nb\u007f",
     "USER#a%01%0Ab%7F"),
    ("a userId like another key", {"metadata": {"userId": "x#ORDER#1"}}, "x#ORDER#1",
     "USER#x%23ORDER%231"),
    ("a userId of other scripts", {"metadata": {"userId": "用户-ü"}}, "用户-ü", "USER#用户-ü"),
    ("a userId of 256 bytes", {"metadata": {"userId": "é" * 128}}, "é" * 128, "USER#" + "é" * 128),
    ("the address where the userId is empty",
     {"metadata": {"userId": " "}, "client_reference_id": "ref_2",
      "customer_email": "Two@shop.example"}, "two@shop.example", "USER#two@shop.example"),
]

for name, more, user, pk in USERS:
    @case(f"the order is of {name}")
    def _(more=more, user=user, pk=pk):
        _answer, order = bought(**more)
        equal((order["userId"], order["PK"]), (user, pk))


@test
def _():
    """the orders of nobody, two sessions without any name, are two people's"""
    def nobody(session_id, event_id):
        session, events = sell(id=session_id)
        event = events[COMPLETED]
        event["id"] = event_id
        event["data"]["object"].update(customer_details=None, customer_email=None)
        stub = stripe_with(event["data"]["object"])
        try:
            granted(shop.webhook(event, STRIPE_API_BASE=stub.base))
        finally:
            stub.close()
        return shop.order_of(session["id"])
    one, two = nobody("cs_test_nobody01", "evt_nobody1"), nobody("cs_test_nobody02", "evt_nobody2")
    ok(one["PK"] != two["PK"], "they share a key: " + one["PK"])
    ok(one["PK"].startswith("USER#") and len(one["PK"]) > 5, one["PK"])
    ok("customerEmail" not in one, "an address that was not given is absent")


@test
def _():
    """a userId of more than 256 bytes does not make a key of its own and loses no order"""
    _answer, order = bought(metadata={"userId": "x" * 257}, customer_email="long@shop.example")
    ok(len(order["userId"]) <= 256, order["userId"])


# --- again and again ----------------------------------------------------------------------------

@test
def _():
    """the same event again is a 200 with the stored status, and changes nothing"""
    session, events = sell()
    first = granted(deliver(events))
    for _round in range(2):
        with shop.unchanged(), shop.asks():
            answer = deliver(events)
            equal(granted(answer), {**first, "duplicate": True})
        equal(counts(answer), (1, 0, 0))


@test
def _():
    """another event of the same session changes nothing of its order, and is remembered"""
    session, events = sell()
    granted(deliver(events))
    before = shop.items()
    events[COMPLETED]["id"] = "evt_twin" + session["id"]
    with shop.asks():
        answer = granted(deliver(events))
    equal((answer["orderId"], answer["eventId"]), (session["id"], events[COMPLETED]["id"]))
    after = shop.items()
    equal([key for key in after if after[key] != before.get(key)],
          [("EVENT#" + events[COMPLETED]["id"], "METADATA")])


@test
def _():
    """eight deliveries at once, of two events, give one order and eight answers"""
    session, events = sell()
    twin = {**events[COMPLETED], "id": "evt_parallel" + session["id"]}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(shop.webhook, [events[COMPLETED], twin] * 4))
    equal({granted(a)["orderNumber"] for a in answers}, {"BC-" + session["id"][-8:]})
    order = shop.order_of(session["id"])
    equal(order["version"], 1)
    equal(sorted(around(order)), ["DAY", "NUMBER", "PAYMENT", "SESSION"])


def pay_later(outcome=None, **more):
    session, _events = sell(method="later", **more)
    if outcome:
        time.sleep(1.1)  # so that the second event has a later time
        shop.sim.post("/_sim/later", {"session": session["id"], "outcome": outcome})
    return session, events_of(session["id"])


@test
def _():
    """an unpaid session's order is pending, without completedAt, and its day's entry says so"""
    session, events = pay_later()
    granted(deliver(events))
    order = shop.order_of(session["id"])
    equal((order["status"], order["stripePaymentStatus"]), ("pending", "unpaid"))
    ok("completedAt" not in order, "no completedAt")
    equal(around(order)["DAY"]["status"], "pending")
    ok(order["items"], "its lines are there already")


@test
def _():
    """the payment that arrives later completes it: version 2, the time of that event"""
    session, events = pay_later("succeed")
    stub = stripe_with(events[COMPLETED]["data"]["object"])
    try:
        granted(deliver(events, STRIPE_API_BASE=stub.base))
    finally:
        stub.close()
    with shop.asks(session=1):
        granted(deliver(events, SUCCEEDED))
    order = shop.order_of(session["id"])
    equal((order["status"], order["stripePaymentStatus"], order["version"]), ("completed", "paid", 2))
    equal(order["completedAt"], iso(events[SUCCEEDED]["created"]))
    equal(around(order)["DAY"]["status"], "completed")
    equal(around(order)["NUMBER"]["version"], 1)


@test
def _():
    """the payment that arrives first is not taken back by the unpaid event that comes late"""
    session, events = pay_later("succeed")
    granted(deliver(events, SUCCEEDED))
    order = shop.order_of(session["id"])
    granted(deliver(events))
    late = shop.order_of(session["id"])
    equal((late["status"], late["stripePaymentStatus"], late["completedAt"]),
          ("completed", "paid", order["completedAt"]))
    equal(around(late)["DAY"]["status"], "completed")


@test
def _():
    """the time of a delayed payment is not that of `completed`, where the event that paid is lost"""
    for thin in (False, True):
        session, events = pay_later("succeed")
        event = events[COMPLETED]
        if thin:
            event = {"object": "v2.core.event", "id": event["id"], "type": "v1." + COMPLETED,
                     "created": iso(event["created"]), "livemode": False,
                     "related_object": {"id": session["id"], "type": "checkout.session"}}
        granted(shop.webhook(event))
        order = shop.order_of(session["id"])
        equal((order["status"], order.get("completedAt")), ("completed", None), f"thin {thin}")
        granted(deliver(events, SUCCEEDED))
        equal(shop.order_of(session["id"])["completedAt"], iso(events[SUCCEEDED]["created"]))


@test
def _():
    """a thin event of a card's payment tells when it was paid"""
    session, events = sell()
    granted(shop.webhook({
        "object": "v2.core.event", "id": events[COMPLETED]["id"], "type": "v1." + COMPLETED,
        "created": iso(events[COMPLETED]["created"]), "livemode": False,
        "related_object": {"id": session["id"], "type": "checkout.session"}}))
    equal(shop.order_of(session["id"])["completedAt"], iso(events[COMPLETED]["created"]))


@test
def _():
    """completedAt is the time of the last event that paid it, in whatever order they come"""
    for turn in (1, -1):
        session, events = sell()
        paid = events[COMPLETED]
        later = {**paid, "id": "evt_later" + session["id"], "type": SUCCEEDED,
                 "created": paid["created"] + 100}
        for event in [paid, later][::turn]:
            granted(shop.webhook(event))
        equal(shop.order_of(session["id"])["completedAt"], iso(later["created"]))


@test
def _():
    """in either order, the two events converge on the same order"""
    def orders(*types):
        session, events = pay_later("succeed", customer_email="same@shop.example")
        for type in types:
            granted(deliver(events, type))
        order = shop.order_of(session["id"])
        text = json.dumps({k: v for k, v in order.items() if k not in ("version", "updatedAt")})
        for one in (session["id"], session["id"][-8:], session["payment_intent"],
                    receipt_of(session)):
            text = text.replace(one, "X")
        text = text.replace(order["createdAt"], "C").replace(order["completedAt"], "D")
        return json.loads(text.replace(str(session["created"]), "N"))
    equal(orders(SUCCEEDED, COMPLETED), orders(COMPLETED, SUCCEEDED))


@test
def _():
    """a payment that fails later makes the order failed"""
    session, events = pay_later("fail")
    granted(deliver(events))
    granted(deliver(events, FAILED))
    order = shop.order_of(session["id"])
    equal(order["status"], "failed")
    ok("completedAt" not in order, "no completedAt")
    equal(around(order)["DAY"]["status"], "failed")
    equal(around(order)["SESSION"]["status"], "failed")


@test
def _():
    """failed is not taken back by the unpaid event that comes late"""
    session, events = pay_later("fail")
    granted(deliver(events, FAILED))
    granted(deliver(events))
    equal(shop.order_of(session["id"])["status"], "failed")


@test
def _():
    """a paid order is not taken back by a failure that comes late"""
    session, events = pay_later("fail")
    paid = json.loads(json.dumps(events[COMPLETED]))
    paid["id"] = "evt_paid" + session["id"]
    paid["type"] = SUCCEEDED
    paid["data"]["object"]["payment_status"] = "paid"
    stub = stripe_with(paid["data"]["object"])
    try:
        granted(shop.webhook(paid, STRIPE_API_BASE=stub.base))
        granted(deliver(events, FAILED, STRIPE_API_BASE=stub.base))
        granted(deliver(events, STRIPE_API_BASE=stub.base))
    finally:
        stub.close()
    order = shop.order_of(session["id"])
    equal((order["status"], order["stripePaymentStatus"]), ("completed", "paid"))


@test
def _():
    """a payment after a failure completes the order"""
    session, events = pay_later("fail")
    granted(deliver(events))
    granted(deliver(events, FAILED))
    paid = json.loads(json.dumps(events[FAILED]))
    paid["id"] = "evt_again" + session["id"]
    paid["type"] = SUCCEEDED
    paid["data"]["object"]["payment_status"] = "paid"
    stub = stripe_with(paid["data"]["object"])
    try:
        granted(shop.webhook(paid, STRIPE_API_BASE=stub.base))
    finally:
        stub.close()
    equal(shop.order_of(session["id"])["status"], "completed")


for status in ("refunded", "partially_refunded"):
    @case(f"an order that was {status} meanwhile is not made completed again")
    def _(status=status):
        session, events = sell()
        granted(deliver(events))
        order = shop.order_of(session["id"])
        shop.store({**order, "status": status, "amountRefunded": 100, "version": 7,
                    "note": "the shop's own"})
        granted(shop.webhook({**events[COMPLETED], "id": "evt_late" + session["id"]}))
        after = shop.order_of(session["id"])
        equal((after["status"], after["amountRefunded"], after["note"]),
              (status, 100, "the shop's own"))


# --- numbers that collide -----------------------------------------------------------------------

@test
def _():
    """two ids with one number: the later order's grows by a letter, and both pointers are right"""
    orders = [bought(id=f"cs_test_{n}_SAMESAME")[1] for n in ("one", "two", "three")]
    numbers = [order["orderNumber"] for order in orders]
    equal(numbers[0], "BC-SAMESAME")
    equal(len(set(numbers)), 3)
    for order, number in zip(orders, numbers):
        ok(re.fullmatch("BC-SAMESAME[A-Z]?", number), number)
        pointer = shop.item("NUMBER#" + number)
        ok(order["PK"] in pointer.values() and order["SK"] in pointer.values(), pointer)
        equal(around(order)["DAY"]["orderNumber"], number)


@test
def _():
    """a redelivery and a late event keep the number that grew"""
    bought(id="cs_test_first_GROWGROW")
    session, events = pay_later("succeed", id="cs_test_second_GROWGROW")
    number = granted(deliver(events))["orderNumber"]
    ok(number != "BC-GROWGROW", number)
    equal(granted(deliver(events))["orderNumber"], number)
    equal(granted(deliver(events, SUCCEEDED))["orderNumber"], number)
    equal(shop.order_of(session["id"])["orderNumber"], number)
    equal(sorted(k[0] for k in shop.items("NUMBER#BC-GROWGROW")),
          sorted(["NUMBER#BC-GROWGROW", "NUMBER#" + number]))


@test
def _():
    """two sessions with one number, delivered at once, get two numbers"""
    events = [sell(id=f"cs_test_{n}_RACERACE")[1][COMPLETED] for n in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(shop.webhook, events))
    equal(len({granted(a)["orderNumber"] for a in answers}), 4)


# --- what the Lambda functions wrote ------------------------------------------------------------

@test
def _():
    """an order under the time of its processing, without versions, keeps its key and its number"""
    session, events = sell(created=CREATED, metadata={"userId": "user_lambda"})
    sk = f"ORDER#{CREATED + 77}#{session['id']}"
    shop.store({"PK": "SESSION#" + session["id"], "SK": "METADATA", "status": "completed",
                "orderPK": "USER#user_lambda", "orderSK": sk, "note": "kept"})
    shop.store({"PK": "USER#user_lambda", "SK": sk, "orderId": session["id"],
                "orderNumber": "BC-LAMBDA01", "userId": "user_lambda", "status": "completed",
                "amount": 8500, "currency": "usd", "createdAt": "2024-11-26T09:21:17Z",
                "completedAt": "2024-11-26T09:21:17Z", "stripeSessionId": session["id"],
                "items": [{"name": "Red Necklace", "quantity": 2}], "itemCount": 2})
    granted(deliver(events))
    order = shop.order_of(session["id"])
    equal((order["SK"], order["orderNumber"], order["version"], order["createdAt"]),
          (sk, "BC-LAMBDA01", 1, "2024-11-26T09:21:17Z"))
    equal(order["stripePaymentIntentId"], session["payment_intent"])
    item = shop.item("SESSION#" + session["id"])
    equal((item["orderSK"], item["version"], item["note"]), (sk, 1, "kept"))
    found = around(order)
    equal(found["DAY"]["SK"], sk)
    equal(found["NUMBER"]["PK"], "NUMBER#BC-LAMBDA01")
    equal(shop.item("NUMBER#BC-" + session["id"][-8:]), None)


@test
def _():
    """a session's item that names a key under which there is no order yet: the order gets that key"""
    session, events = sell(metadata={"userId": "user_named"})
    sk = f"ORDER#{session['created'] + 5}#{session['id']}"
    shop.store({"PK": "SESSION#" + session["id"], "SK": "METADATA",
                "orderPK": "USER#user_named", "orderSK": sk})
    granted(deliver(events))
    order = shop.order_of(session["id"])
    equal((order["PK"], order["SK"], order["version"]), ("USER#user_named", sk, 1))


@test
def _():
    """a session's item without a version and without an order's key is kept and completed"""
    session, events = sell(metadata={"userId": "user_bare"})
    shop.store({"PK": "SESSION#" + session["id"], "SK": "METADATA", "status": "open",
                "createdBy": "lambda"})
    granted(deliver(events))
    item = shop.item("SESSION#" + session["id"])
    equal((item["version"], item["status"], item["createdBy"]), (1, "completed", "lambda"))


@test
def _():
    """an event that the Lambda functions marked, without a version, was seen before"""
    session, events = sell()
    shop.store({"PK": "EVENT#" + events[COMPLETED]["id"], "SK": "METADATA", "status": "processed"})
    with shop.unchanged():
        answer = granted(deliver(events))
    equal((answer["status"], answer["duplicate"]), ("processed", True))


# --- line items ---------------------------------------------------------------------------------

for count, calls in ((1, 1), (10, 1), (11, 2), (100, 2), (101, 3), (200, 3), (250, 4)):
    @case(f"{count} line items are all in the order, for {calls} call{'s' * (calls > 1)}")
    def _(count=count, calls=calls):
        session, events = sell(*[{"name": f"Item {n}", "unit_amount": 100 + n, "quantity": n % 3 + 1}
                                 for n in range(count)])
        with shop.asks(session=1, lines=calls - 1):
            answer = deliver(events)
            granted(answer)
        order = shop.order_of(session["id"])
        equal([(i["name"], i["unitPrice"], i["quantity"]) for i in order["items"]],
              [(f"Item {n}", 100 + n, n % 3 + 1) for n in range(count)])
        equal(order["itemCount"], sum(n % 3 + 1 for n in range(count)))
        equal(counts(answer), (1, calls, 1))


@test
def _():
    """a paid session costs one read, one call and one write"""
    answer, _order = bought()
    equal(counts(answer), (1, 1, 1))


@test
def _():
    """a paid session that came from a quote and a checkout costs the same"""
    quote = granted(shop.quote(("N-RED", 2)))
    made = granted(shop.checkout(quote["quoteSignature"], {"userId": "user_cost"}))
    shop.sim.post("/_sim/pay", {"session": made["sessionId"]})
    answer = deliver(events_of(made["sessionId"]))
    granted(answer)
    equal(counts(answer), (1, 1, 1))
    order = shop.order_of(made["sessionId"])
    equal((order["userId"], order["quoteSignature"]), ("user_cost", quote["quoteSignature"]))
    ok("metadata" not in order or not set(order["metadata"]) & {
        "userId", "quoteSignature", "normalizedHash"}, "our own keys are no metadata")
    item = shop.item("SESSION#" + made["sessionId"])
    equal((item["status"], item["version"]), ("completed", 2))


@test
def _():
    """what the shop knows of a line comes from the line, then its price, and the sku from its key"""
    _answer, order = bought(
        {"lookup_key": "META", "metadata": {"variantId": "rose"}}, "META", "R-SIL",
        {"name": "Ad hoc", "unit_amount": 5})
    equal([[i.get(k) for k in ("sku", "collectionId", "variantId")] for i in order["items"]],
          [["B-GOLD", "bangles", "rose"], ["B-GOLD", "bangles", "gold"], ["R-SIL", None, None],
           [None, None, None]])


@test
def _():
    """discount, tax and shipping are the session's, and the lines' totals add up"""
    _answer, order = bought(("N-RED", 2), "R-SIL", discount=850, tax=612, shipping_amount=700)
    equal([order[name] for name in ("amount", "amountSubtotal", "amountDiscount", "amountTax",
                                    "amountShipping")], [8962, 8500, 850, 612, 700])
    equal(sum(i["amountTotal"] for i in order["items"]), 8500 - 850 + 612)


@test
def _():
    """what the buyer paid in another currency stands beside the shop's own amount"""
    _answer, order = bought(presentment={"amount": 11620, "currency": "cad"})
    equal((order["amount"], order["currency"], order["presentment"]),
          (8500, "usd", {"amount": 11620, "currency": "cad"}))


@test
def _():
    """a total of nothing: completed, without a payment and its pointer"""
    answer, order = bought("FREE")
    equal((order["status"], order["amount"], order["stripePaymentStatus"]),
          ("completed", 0, "no_payment_required"))
    ok("stripePaymentIntentId" not in order and "completedAt" in order, order)
    equal(sorted(around(order)), ["DAY", "NUMBER", "SESSION"])
    equal(counts(answer), (1, 1, 1))


@test
def _():
    """a yen is a yen"""
    _answer, order = bought(("YEN", 3))
    equal((order["amount"], order["currency"], order["items"][0]["unitPrice"]), (3600, "jpy", 1200))


# --- line items that can't be had ---------------------------------------------------------------

def from_quote(user):
    """A session that was paid and that has a quote; gives (its id, its events)."""
    quote = granted(shop.quote({"sku": "N-RED", "quantity": 2, "variantId": "red/40"}, "R-SIL"))
    made = granted(shop.checkout(quote["quoteSignature"], {"userId": user}))
    shop.sim.post("/_sim/pay", {"session": made["sessionId"]})
    return made["sessionId"], events_of(made["sessionId"])


SESSION = "GET /v1/checkout/sessions/cs_"
PASSING = [("a 500", "status", {"status": 500}), ("a 503", "status", {"status": 503}),
           ("a 429", "status", {"status": 429}), ("a 409", "status", {"status": 409}),
           ("a hangup", "disconnect", {}), ("half an answer", "garbage", {}),
           ("no answer in time", "delay", {"ms": 30000})]

for name, kind, more in PASSING:
    @case(f"the session fails with {name}: the order has the quote's, a 503, and the redelivery "
          "completes it")
    def _(name=name, kind=kind, more=more):
        session_id, events = from_quote("user_" + name.replace(" ", "_"))
        started = Watch()
        with shop.faults(SESSION, kind, times=-1, **more):
            answer = deliver(events)
        started.at_most(8.5)
        refused(answer, 503)
        ok(lines_of(answer.log, "Failed to fetch line items"), answer.log)
        order = shop.order_of(session_id)
        equal((order["itemsPending"], order["status"], order["amount"]), (True, "completed", 8500))
        equal([(i["name"], i["quantity"], i.get("variantId")) for i in order["items"]],
              [("Red Necklace", 2, "red/40"), ("Silver Ring", 1, None)])
        equal(shop.item("EVENT#" + events[COMPLETED]["id"]), None, "no marker")
        again = granted(deliver(events))
        ok("duplicate" not in again, again)
        after = shop.order_of(session_id)
        ok("itemsPending" not in after, "itemsPending is gone")
        equal((after["version"], len(after["items"]), after["itemCount"]), (2, 2, 3))
        ok(all("amountTotal" in i for i in after["items"]), "the lines are Stripe's now")
        ok(shop.item("EVENT#" + events[COMPLETED]["id"]), "now it is marked")


@test
def _():
    """an order that an event changed while Stripe was away is asked for by the redelivery"""
    session, events = sell({"name": "Bead", "unit_amount": 500}, method="later")
    granted(deliver(events))
    equal(shop.order_of(session["id"])["status"], "pending")
    shop.sim.post("/_sim/later", {"session": session["id"], "outcome": "succeed"})
    succeeded = events_of(session["id"])[SUCCEEDED]
    succeeded["data"]["object"]["amount_total"] = 499  # what the event says counts only meanwhile
    with shop.faults(SESSION, "status", times=-1, status=500):
        refused(shop.webhook(succeeded), 503)
    order = shop.order_of(session["id"])
    equal((order["status"], order["amount"], order["unconfirmed"]), ("completed", 499, True))
    granted(shop.webhook(succeeded))
    order = shop.order_of(session["id"])
    equal((order["status"], order["amount"], "unconfirmed" in order), ("completed", 500, False))
    ok(shop.item("EVENT#" + succeeded["id"]), "now it is marked")


@test
def _():
    """one passing failure is tried again within the delivery"""
    session, events = sell()
    with shop.faults(SESSION, "status", status=500, times=1):
        granted(deliver(events))
    ok("itemsPending" not in shop.order_of(session["id"]), "the second try had them")


@test
def _():
    """the second page of three fails: no half of the lines is taken for the whole"""
    session, events = sell(*[{"name": f"I{n}", "unit_amount": 5} for n in range(201)])
    stub_hits = {"n": 0}

    def proxy(request):
        stub_hits["n"] += 1
        if stub_hits["n"] >= 2:
            return 500, b"{}"
        data = shop.stripe("GET", request.path)
        return 200, json.dumps(data).encode()
    stub = Stub(proxy)
    try:
        refused(deliver(events, STRIPE_API_BASE=stub.base), 503)
    finally:
        stub.close()
    equal(shop.order_of(session["id"])["itemsPending"], True)
    granted(deliver(events))
    order = shop.order_of(session["id"])
    equal((len(order["items"]), "itemsPending" in order), (201, False))


@test
def _():
    """without a quote the pending order has no items yet"""
    session, events = sell(metadata={"userId": "user_noquote"})
    with shop.faults(SESSION, "status", status=500, times=-1):
        refused(deliver(events), 503)
    order = shop.order_of(session["id"])
    equal((order["items"], order["itemCount"], order["itemsPending"]), ([], 0, True))


@test
def _():
    """a delivery that fails three times writes one order and changes it when it succeeds"""
    session_id, events = from_quote("user_thrice")
    with shop.faults(SESSION, "status", status=500, times=-1):
        for _round in range(3):
            refused(deliver(events), 503)
    equal(shop.order_of(session_id)["version"], 1)
    granted(deliver(events))
    equal(shop.order_of(session_id)["version"], 2)


for status in (400, 401, 403):
    @case(f"a session that is refused with {status}: the order has the quote's lines, a 503, and is "
          "completed once that is mended")
    def _(status=status):
        session_id, events = from_quote(f"user_{status}")
        with shop.faults(SESSION, "status", status=status, times=-1):
            answer = deliver(events)
        refused(answer, 503)
        ok(lines_of(answer.log, "Failed to fetch line items"), answer.log)
        order = shop.order_of(session_id)
        equal((order["itemsPending"], order["status"], len(order["items"])), (True, "completed", 2))
        equal(shop.item("EVENT#" + events[COMPLETED]["id"]), None, "no marker")
        granted(deliver(events))
        ok("itemsPending" not in shop.order_of(session_id), "the lines are Stripe's")


def refunded(session):
    """A refund of 300 of the session's payment; its event."""
    shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"], "amount": 300})
    return next(event for event in shop.sim.get("/_sim/events")[::-1] if event["type"] == "charge.refunded")


def amount_refunded(session):
    return shop.order_of(session["id"]).get("amountRefunded", 0)


for status in (401, 403):
    @case(f"a refund whose charge is refused with {status} is not acknowledged, and is booked once that is "
          "mended")
    def _(status=status):
        session, events = sell()
        granted(deliver(events))
        event = refunded(session)
        with shop.faults("GET /v1/charges/|GET /v1/payment_intents/", "status", status=status, times=-1), \
                shop.unchanged():
            refused(shop.webhook(event), 503)
        granted(shop.webhook(event))
        equal(amount_refunded(session), 300)

    @case(f"a refund of an order that is missing, whose session is refused with {status}, is not "
          "acknowledged, and is booked once that is mended")
    def _(status=status):
        session, _events = sell()
        event = refunded(session)
        with shop.faults("GET /v1/checkout/sessions$", "status", status=status, times=-1), shop.unchanged():
            refused(shop.webhook(event), 503)
        granted(shop.webhook(event))
        equal(amount_refunded(session), 300)


for nothing in (None, "", 7):
    @case(f"an order whose number is {nothing!r}, and what names it, are whole after refunds and its sale's event")
    def _(nothing=nothing):
        session, events = sell()
        number = granted(deliver(events))["orderNumber"]
        order = shop.order_of(session["id"])
        for item in (order, *around(order).values()):
            shop.store({**item, "orderNumber": nothing})
        for refund in (refunded(session), refunded(session)):
            ok(isinstance(granted(shop.webhook(refund)).get("orderNumber", number), str), "no null")
        equal(amount_refunded(session), 600)
        granted(shop.webhook({**events[COMPLETED], "id": "evt_again" + session["id"]}))
        order = shop.order_of(session["id"])
        equal([item["orderNumber"] for item in (order, *around(order).values())], [number] * 5)


@test
def _():
    """a session that Stripe does not know is no order and not acknowledged: the log names the key"""
    session, events = sell()
    with shop.faults(SESSION, "status", status=404, times=-1), shop.unchanged():
        answer = deliver(events)
    refused(answer, 503)
    errors = [line for line in answer.log.splitlines() if " error Failed" in line]
    equal(len(errors), 1, answer.log)
    contains(errors[0], session["id"])
    contains(errors[0], "STRIPE_SECRET of another account or sandbox")
    granted(deliver(events))


@test
def _():
    """what is recorded is the session as Stripe has it at the call; the event fills its gaps"""
    session, events = sell(customer_email="then@shop.example", phone="+14165550199")
    event = json.loads(json.dumps(events[COMPLETED]))
    event["data"]["object"].update(amount_total=1, payment_status="unpaid")
    now = {**session, "customer_details": None, "customer_email": None}
    stub = stripe_with(now)
    try:
        granted(shop.webhook(event, STRIPE_API_BASE=stub.base))
    finally:
        stub.close()
    order = shop.order_of(session["id"])
    equal((order["amount"], order["status"], order["userId"], order["customerPhone"]),
          (8500, "completed", "then@shop.example", "+14165550199"))


@test
def _():
    """a session whose buyer gets another name has one order for ever, also when its item is gone"""
    session, events = sell(customer_email="first@shop.example")
    granted(deliver(events))
    before = shop.order_of(session["id"])
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        db.execute("DELETE FROM items WHERE pk = ?", ["SESSION#" + session["id"]])
    event = json.loads(json.dumps(events[COMPLETED]))
    event["id"] = "evt_renamed" + session["id"]
    event["data"]["object"].update(metadata={"userId": "user_later"}, customer_details=None)
    del event["data"]["object"]["created"]
    granted(shop.webhook(event))
    after = shop.order_of(session["id"])
    equal((after["PK"], after["SK"], after["userId"]),
          (before["PK"], before["SK"], before["userId"]))
    ok(shop.item("SESSION#" + session["id"]), "its item is there again")


for kind, what in (("SESSION", "session's item"), ("PAYMENT", "payment's pointer"),
                   ("NUMBER", "number's pointer")):
    @case(f"a {what} that names another session's order hides no sale, and that order gets none of it")
    def _(kind=kind):
        _answer, other = bought(metadata={"userId": "user_other"})
        for with_id in (True, False):
            session, events = sell(metadata={"userId": "user_hidden"})
            if kind != "SESSION":
                granted(deliver(events))
            key = {"SESSION": session["id"], "PAYMENT": session["payment_intent"],
                   "NUMBER": "BC-" + session["id"][-8:]}[kind]
            shop.store({**(shop.item(f"{kind}#{key}") or {}), "PK": f"{kind}#{key}", "SK": "METADATA",
                        "orderPK": other["PK"], "orderSK": other["SK"], "order": other,
                        "orderId": other["orderId"] if with_id else session["id"]})
            if kind == "SESSION":
                granted(deliver(events))
            shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"],
                                                "amount": 500})
            refund = next(e for e in shop.sim.get("/_sim/events")[::-1] if e["type"] == "charge.refunded")
            granted(shop.webhook(refund))
            order = shop.order_of(session["id"])
            equal((order["userId"], order["status"]), ("user_hidden", "partially_refunded"))
            equal(shop.order_of(other["orderId"]), other, "the other order")
            ends = [shop.item(f"{k}#{n}")["orderSK"] for k, n in (
                ("SESSION", session["id"]), ("PAYMENT", session["payment_intent"]))]
            equal(ends, [order["SK"]] * 2, "the pointers")


@test
def _():
    """where a session has two orders, that of its pointers is the order, not that of the buyer's name today"""
    session, events = sell(metadata={"userId": "user_pointed"})
    granted(deliver(events))
    order = shop.order_of(session["id"])
    shop.store({**order, "itemsPending": True, "items": []})
    shop.store({**order, "PK": "USER#user_named", "userId": "user_named"})
    named = shop.item("USER#user_named", order["SK"])
    event = json.loads(json.dumps(events[COMPLETED]))
    event["id"] = "evt_named" + session["id"]
    event["data"]["object"]["metadata"] = {"userId": "user_named"}
    granted(shop.webhook(event))
    equal(shop.item(order["PK"], order["SK"])["items"], order["items"], "what the event completes")
    equal(shop.item("USER#user_named", order["SK"]), named)
    for key in ("SESSION#" + session["id"], "NUMBER#" + order["orderNumber"]):
        equal(shop.item(key)["orderPK"], order["PK"], key)


@test
def _():
    """an order past ORDER_TTL_DAYS is not made anew"""
    session, events = sell(created=int(time.time()) - 11 * 86400)
    with shop.unchanged():
        equal(granted(deliver(events, ORDER_TTL_DAYS=10)), {"status": "ignored"})


for kind, more, guest in (("guest", {"userKind": "guest", "userId": "g@shop.example"}, True),
                          ("user", {"userKind": "user", "userId": "GUEST@shop.example"}, None),
                          ("without a kind, its own address", {"userId": "GUEST@shop.example"}, True),
                          ("without a kind, nobody named", {}, True),
                          ("without a kind, a user", {"userId": "user_g"}, None)):
    @case(f"an order of kind {kind} is {'a guest' if guest else 'no guest'}'s")
    def _(more=more, guest=guest):
        _answer, order = bought(metadata=more, customer_email="guest@shop.example")
        equal(order.get("guest"), guest)
        ok("userKind" not in order.get("metadata", {}), "it is no metadata of the shop's")


# --- the table fails ----------------------------------------------------------------------------

@contextlib.contextmanager
def unwritable(prefix):
    def run(sql):
        with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
            db.execute(sql)
    run(f"CREATE TRIGGER no BEFORE INSERT ON items WHEN NEW.pk LIKE '{prefix}%' "
        "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    try:
        yield
    finally:
        run("DROP TRIGGER no")


for prefix in ("USER#", "DAY#", "NUMBER#", "PAYMENT#", "SESSION#", "EVENT#"):
    @case(f"where the {prefix} item can't be written, none is: 503, and the redelivery writes all")
    def _(prefix=prefix):
        session, events = sell()
        with unwritable(prefix), shop.unchanged():
            answer = deliver(events)
        refused(answer, 503)
        ok(lines_of(answer.log, "Failed to create order snapshot"), answer.log)
        lacks(answer.body.decode(), "disk")
        granted(deliver(events))
        order = shop.order_of(session["id"])
        equal(sorted(around(order)), ["DAY", "NUMBER", "PAYMENT", "SESSION"])
        ok(shop.item("EVENT#" + events[COMPLETED]["id"]), "marked")


@test
def _():
    """a table that another program holds for ever is a 503 within eight and a half seconds"""
    session, events = sell()
    with contextlib.closing(sqlite3.connect(shop.db, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        started = Watch()
        refused(deliver(events), 503)
        started.at_most(8.5)
        db.execute("ROLLBACK")
    granted(deliver(events))


@test
def _():
    """a table that another program holds for a moment is waited for"""
    session, events = sell()
    db = sqlite3.connect(shop.db, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(deliver, events)
        time.sleep(0.7)
        db.execute("ROLLBACK")
        granted(answer.result())
    db.close()


# --- the log ------------------------------------------------------------------------------------

@test
def _():
    """the sentences that operators filter on are there"""
    session, events = sell(customer_email="log.reader@shop.example")
    answer = deliver(events)
    for sentence in ("Processing checkout completion", "Order snapshot created",
                     "Webhook processed"):
        equal(len(lines_of(answer.log, sentence)), 1, sentence)
    created = fields_of(lines_of(answer.log, "Order snapshot created")[0])
    equal((created["orderId"], created["amount"]), (session["id"], "8500"))
    contains(answer.log, events[COMPLETED]["id"])
    lacks(deliver(events).log, "Order snapshot created")


@test
def _():
    """every line is: time, level, sentence, key=value"""
    session, events = sell()
    for line in deliver(events).log.splitlines():
        ok(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (debug|info|warning|error) [A-Z][^=]*"
                        r"( \w+=(\"(?:[^\"\\]|\\.)*\"|\S+))*", line), line)


@test
def _():
    """LOG_FORMAT=json parses line by line, with the same sentences, in refusals too"""
    session, events = sell(customer_email="json.reader@shop.example",
                           metadata={"userId": "line\nfeed \"quote\" back\\slash \u0001 é"})
    log = deliver(events, LOG_FORMAT="json").log
    log += shop.webhook(b"{}", secret="wrong", LOG_FORMAT="json").log
    with shop.faults(SESSION, "status", status=403, times=-1):
        log += deliver(sell()[1], LOG_FORMAT="json").log
    lines = [json.loads(line) for line in log.splitlines()]
    ok(len(lines) >= 6, log)
    for line in lines:
        equal(sorted({"ts", "level", "msg"} - set(line)), [])
    for sentence in ("Processing checkout completion", "Order snapshot created",
                     "Failed to fetch line items", "Webhook processed"):
        ok(any(line["msg"] == sentence for line in lines), sentence)
    processed = [line for line in lines if line["msg"] == "Webhook processed"][0]
    equal((processed["storeReads"], processed["stripeCalls"], processed["storeWrites"]), (1, 1, 1))


@test
def _():
    """LOG_TARGET names a file, which only its owner and group can read, and stderr stays empty"""
    path = os.path.join(shop.folder, "ordersnap.log")
    session, events = sell()
    answer = deliver(events, LOG_TARGET=path)
    granted(answer)
    equal(answer.log, "")
    with open(path) as f:
        text = f.read()
    logged.append(("stripe-webhook", text))
    contains(text, "Order snapshot created")
    equal(os.stat(path).st_mode & 0o007, 0)
    deliver(events, LOG_TARGET=path)
    with open(path) as f:
        ok(f.read().startswith(text), "it is appended to")


@test
def _():
    """LOG_LEVEL=error drops what is no error and keeps what is"""
    session, events = sell()
    equal(deliver(events, LOG_LEVEL="error").log, "")
    session, events = sell()
    with shop.faults(SESSION, "status", status=403, times=-1):
        log = deliver(events, LOG_LEVEL="error").log
    contains(log, "Failed to fetch line items")
    lacks(log, "Order snapshot created")


@test
def _():
    """addresses and secrets in what Stripe and clients say are masked too"""
    tricky = "x.y@shop.example"
    session, events = sell(metadata={"userId": tricky}, customer_email=tricky)
    granted(deliver(events))
    event = json.loads(json.dumps(events[COMPLETED]))
    event["id"] = f"evt {tricky} {STRIPE_SECRET} {lib.WEBHOOK_SECRET}"
    event["type"] = f"{tricky} {lib.QUOTE_SECRET}"
    log = shop.webhook(event).log
    ok(not WHOLE_ADDRESS.search(log), log)
    lacks(log, STRIPE_SECRET)


@test
def _():
    """no secret and no whole e-mail address was logged in this run"""
    check_log()


main(shop)
