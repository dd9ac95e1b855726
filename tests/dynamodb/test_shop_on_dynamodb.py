#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The same shop on both stores: the same events give the same items, attribute for attribute, and
the table reads with the plain AWS CLI.

Two shops, one on SQLite and one on DynamoDB Local, sell through one Stripe simulator.  With the same
quote Checkout's idempotency key is the same, and so the session is one and the same.
"""
import contextlib
import copy
import json
import os
import re
import sqlite3
import subprocess
import tempfile
import time

import kit
import local
from local import wire
from tap import contains, equal, lacks, main, ok, test

local.need()

db = local.at_hand()
proxy = local.Proxy(db.port)
on_table = kit.TableShop(db, proxy.base)
on_file = kit.Shop(sim=False, STRIPE_API_BASE=on_table.sim.base)
shops = (on_table, on_file)
sim = on_table.sim

ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
SHIPPING = {"name": "Zoë Müller-Ødegård", "address": {
    "line1": "Königstraße 5 – 2. Stock", "line2": None, "city": "東京", "state": "",
    "postal_code": "010-0001", "country": "JP"}}


def event_of(session, kind="checkout.session.completed"):
    return [e for e in sim.get("/_sim/events")
            if e["type"] == kind and e["data"]["object"]["id"] == session][-1]


def quote():
    """The same cart quoted in both shops, which is the same but for the random part; SQLite then gets
    DynamoDB's.  Returns the signature."""
    cart = {"items": [{"sku": "N-RED", "quantity": 2}, {"sku": "R-SIL", "quantity": 1}]}
    answers = [shop.cgi("cart-quote", cart) for shop in shops]
    equal([a.status for a in answers], [200, 200], answers[0].log)
    made = [shop.items()[("QUOTE#" + a.json["quoteSignature"], "CACHE")]
            for shop, a in zip(shops, answers)]
    equal(*(without(m, "PK", "quoteSignature", "nonce", "created", "createdAt", "quoteCreatedAt",
                    "validUntil", "expiresAt") for m in made), "the quote's item")
    equal(*(sorted(m) for m in made), "the quote's attributes")
    equal(*(without(a.json, "quoteSignature", "quoteCreatedAt", "expiresAt") for a in answers))
    with contextlib.closing(sqlite3.connect(on_file.db)) as file, file:
        file.execute("UPDATE items SET pk = ?, item = ?, expires_at = ? WHERE pk = ?",
                     (made[0]["PK"], json.dumps(made[0]), made[0]["expiresAt"], made[1]["PK"]))
    return answers[0].json["quoteSignature"]


def sell(**body):
    """Quote and session in both shops; the session's id."""
    body["quoteSignature"] = quote()
    made = [shop.cgi("checkout-create-session", body) for shop in shops]
    equal([m.status for m in made], [200, 200], made[0].log)
    equal(made[0].json, made[1].json, "the session")
    return made[0].json["sessionId"]


def deliver(event):
    answers = [shop.webhook(event) for shop in shops]
    equal([a.status for a in answers], [200, 200], answers[0].log)
    equal(answers[0].json, answers[1].json, "the answer")
    return answers[0]


def without(value, *names):
    return {k: v for k, v in value.items() if k not in names}


def normal(item):
    """The item without the few seconds by which the second shop was later."""
    item = copy.deepcopy(item)
    for name in ("updatedAt", "processedAt", "cachedAt"):
        if name in item:
            ok(ISO.match(item[name]), f"{name} is a time: {item[name]}")
            item[name] = "a time"
    if isinstance(item.get("order"), dict):  # a payment's pointer has a copy of its order
        item["order"] = normal(item["order"])
    return item


def same_items():
    """Compares the two stores; gives DynamoDB's items."""
    table, file = on_table.items(), on_file.items()
    equal(sorted(table), sorted(file), "the keys")
    for key in table:
        a, b = normal(table[key]), normal(file[key])
        if "expiresAt" in a and "expiresAt" in b:
            ok(abs(a["expiresAt"] - b["expiresAt"]) <= 5, f"{key}: expiresAt")
            b["expiresAt"] = a["expiresAt"]
        equal(a, b, str(key))
        equal({k: type(v) for k, v in a.items()}, {k: type(v) for k, v in b.items()}, "types")
    return table


@test
def _():
    "quote, session, payment and webhook give the same items in both stores"
    session = sell(userId="user+1#2%3", customerEmail="jane.doe@shop.example",
                   metadata={"gift": "für Zoë 🎁", "empty": ""},
                   shippingAddressCollection={"allowed_countries": ["JP"]},
                   phoneNumberCollection={"enabled": True})
    sim.post("/_sim/pay", {"session": session, "shipping": SHIPPING, "name": "Zoë"})
    deliver(event_of(session))
    items = same_items()
    kinds = sorted({pk.split("#")[0] for pk, _ in items})
    equal(kinds, ["DAY", "EVENT", "NUMBER", "PAYMENT", "PRICE", "QUOTE", "SESSION", "USER"])
    order, = [i for (pk, _), i in items.items() if pk.startswith("USER#")]
    equal((order["amount"], order["itemCount"], order["status"]), (8500, 3, "completed"))
    equal(order["metadata"]["gift"], "für Zoë 🎁")


def expiry_of(event, n=0):
    """That the session of a payment's event has expired, as Stripe would say it."""
    expired = copy.deepcopy(event)
    expired.update(id=f"evt_expired{n}{event['id'][4:]}", type="checkout.session.expired")
    expired["data"]["object"].update(status="expired", payment_status="unpaid", payment_intent=None)
    return expired


def stands_for(session):
    """What both stores have of a session: the status of its item, and those of its orders."""
    items = same_items()
    orders = [i for (pk, _), i in items.items() if pk.startswith("USER#") and i["orderId"] == session]
    return items.get(("SESSION#" + session, "METADATA"), {}).get("status"), [o["status"] for o in orders]


@test
def _():
    "a session that is said to have expired and is paid all the same has one order, and stays complete"
    for method in ("card", "later"):
        session = sell(userId=f"expired-{method}")
        sim.post("/_sim/pay", {"session": session, "method": method})
        paid = event_of(session)
        equal(stands_for(session), ("open", []))
        deliver(expiry_of(paid))
        equal(stands_for(session), ("expired", []))
        equal(deliver(expiry_of(paid)).json["duplicate"], True)
        deliver(paid)
        status = "completed" if method == "card" else "pending"
        equal(stands_for(session), ("completed", [status]))
        deliver(expiry_of(paid, 1))
        equal(stands_for(session), ("completed", [status]))


@test
def _():
    "the expiry of a session that was never seen leaves its marker alone, and hides no payment"
    session = sim.post("/_sim/session", {"line_items": [
        {"name": "Ring", "unit_amount": 2500, "currency": "usd"}]})["session"]["id"]
    paid, before = event_of(session), set(same_items())
    expired = expiry_of(paid)
    equal(deliver(expired).json["status"], "processed")
    equal(set(same_items()) - before, {("EVENT#" + expired["id"], "METADATA")})
    equal(stands_for(session), (None, []))
    deliver(paid)
    equal(stands_for(session), ("completed", ["completed"]))


@test
def _():
    "a payment that comes later and one that fails give the same items"
    for outcome in ("succeed", "fail"):
        session = sell(userId=f"later-{outcome}")
        sim.post("/_sim/pay", {"session": session, "method": "later"})
        deliver(event_of(session))
        same_items()
        sim.post("/_sim/later", {"session": session, "outcome": outcome})
        deliver(event_of(session, "checkout.session.async_payment_"
                         + {"succeed": "succeeded", "fail": "failed"}[outcome]))
        same_items()
    orders = {o["userId"]: o for o in on_table.orders()}
    equal(orders["later-succeed"]["status"], "completed")
    equal(orders["later-fail"]["status"], "failed")
    equal(orders["later-succeed"]["version"], 2, "an order's second write")


@test
def _():
    "a guest's order, a discount, tax, shipping and another currency give the same items"
    session = sell(customerEmail="Guest.Of+Ours@Shop.Example", allowPromotionCodes=True)
    sim.post("/_sim/pay", {"session": session, "discount": 500, "tax": 321, "shipping_amount": 990,
                           "presentment": {"amount": 1234567, "currency": "jpy"}})
    deliver(event_of(session))
    same_items()


@test
def _():
    "sessions that were made elsewhere, with any text in them, give the same items"
    for number, text in enumerate(("\u00e9\u0301 \u200d 👩‍👩‍👧", "\" \\ / \b\f\n\r\t", "a#b%c",
                                   "  x  ", "0", "true", "1e3", "{\"S\": \"x\"}")):
        event = kit.paid_event(on_table, f"cs_test_text{number}", client_reference_id=None,
                               metadata={"userId": f"u{number} {text}", "note": text, text[:20]: "k"})
        deliver(event)
    same_items()


@test
def _():
    "amounts of 64 bits keep every digit in both stores"
    event = kit.paid_event(on_table, "cs_test_huge1", line_items=[
        {"name": "Huge", "unit_amount": 9007199254740993, "currency": "usd"}],
        tax=9214364837600034813)
    deliver(event)
    orders = [o for o in on_table.orders() if o["orderId"] == "cs_test_huge1"]
    equal(orders[0]["amount"], 9223372036854775806)
    equal(orders[0]["amountSubtotal"], 9007199254740993)
    same_items()


@test
def _():
    "the same order twice: the second event's marker is new, its order the same"
    event = kit.paid_event(on_table, "cs_test_twice1")
    deliver(event)
    before = same_items()
    again = deliver(event).json
    equal(again["duplicate"], True)
    equal(on_table.items(), before, "a duplicate writes nothing")
    deliver({**event, "id": "evt_another_one"})
    after = same_items()
    equal(set(after) - set(before), {("EVENT#evt_another_one", "METADATA")})


@test
def _():
    "on the wire a paid session is one BatchGetItem and one TransactWriteItems"
    event = kit.paid_event(on_table, "cs_test_wire1")
    with wire(proxy, BatchGetItem=1, TransactWriteItems=1):
        equal(on_table.webhook(event).status, 200)
    with wire(proxy, BatchGetItem=1):
        equal(on_table.webhook(event).json["duplicate"], True)


@test
def _():
    "of a new sale and of a duplicate the marker, the session and the adoption alone are read"
    event = kit.paid_event(on_table, "cs_test_wire2")
    for _ in "new", "duplicate":
        proxy.mend()
        equal(on_table.webhook(event).status, 200)
        (_, wanted), = json.loads(proxy.requests[0][2])["RequestItems"].items()
        equal(sorted(k["PK"]["S"].split("#")[0] for k in wanted["Keys"]), ["EVENT", "SESSION", "SYSTEM"])


@test
def _():
    "an event of an order that stands reads its other items as well"
    event = kit.paid_event(on_table, "cs_test_wire3")
    equal(on_table.webhook(event).status, 200)
    with wire(proxy, BatchGetItem=2, TransactWriteItems=1):
        equal(on_table.webhook({**event, "id": "evt_wire3_again"}).status, 200)


@test
def _():
    "a paid session of a quote is one read and one write too"
    session = sell(userId="wire")
    sim.post("/_sim/pay", {"session": session})
    with wire(proxy, BatchGetItem=1, TransactWriteItems=1):
        equal(on_table.webhook(event_of(session)).status, 200)


@test
def _():
    "a process keeps its connection from one event to the next"
    program = kit.FastCgi(on_table, "stripe-webhook")
    try:
        before = proxy.connections
        for number in range(5):
            answer = program.webhook(kit.paid_event(on_table, f"cs_test_keep{number}"))
            equal(answer.status, 200, answer.log)
        equal(proxy.connections - before, 1, "connections")
    finally:
        program.close()


@test
def _():
    "reads are strongly consistent and writes carry a token"
    event = kit.paid_event(on_table, "cs_test_shape1")
    proxy.mend()
    on_table.webhook(event)
    (_, _, read), (_, _, write) = proxy.requests
    equal(json.loads(read)["RequestItems"][on_table.table]["ConsistentRead"], True)
    ok(len(json.loads(write)["ClientRequestToken"]) <= 36, "a token of at most 36 characters")
    for action in json.loads(write)["TransactItems"]:
        ok("ConditionExpression" in action["Put"], "every put has its condition")
    proxy.mend()
    kit.health(on_table)
    (operation, _, read), = proxy.requests
    equal((operation, json.loads(read)["ConsistentRead"]), ("GetItem", True))


# --- the AWS CLI --------------------------------------------------------------------------------

S, N, M, L, BOOL = "S", "N", "M", "L", "BOOL"
ORDER = {
    "PK": S, "SK": S, "version": N, "orderId": S, "orderNumber": S, "userId": S, "customerEmail": S,
    "customerPhone": S, "customerName": S, "status": S, "amount": N, "amountSubtotal": N,
    "amountDiscount": N, "amountTax": N, "amountShipping": N, "amountRefunded": N, "currency": S,
    "presentment": M, "items": L, "itemCount": N, "itemsPending": BOOL, "createdAt": S,
    "completedAt": S, "updatedAt": S, "stripeSessionId": S, "stripePaymentIntentId": S,
    "stripeCustomerId": S, "stripePaymentStatus": S, "shippingAddress": M, "dispute": M,
    "quoteSignature": S, "metadata": M, "livemode": BOOL, "source": S, "expiresAt": N,
    "clientReferenceId": S, "guest": BOOL, "userKind": S, "erasedAt": S, "unconfirmed": BOOL,
    "billingAddress": M, "customerTaxIds": L, "customerTaxExempt": S, "customerBusinessName": S,
    "customFields": L, "consent": M, "locale": S, "paymentLinkId": S, "invoiceId": S,
    "recoveredFrom": S, "shippingRate": M, "discounts": L, "taxes": L, "payment": M,
    "amountCaptured": N, "amountFee": N, "amountNet": N, "settlementCurrency": S, "refunds": L,
    "disputes": L, "tracking": M,
}
LINE = {"name": S, "quantity": N, "unitPrice": N, "amountTotal": N, "amountSubtotal": N,
        "currency": S, "sku": S, "collectionId": S, "variantId": S, "stripePriceId": S,
        "stripeProductId": S, "amountDiscount": N, "amountTax": N}
# What every paid order of a quote has.
ALWAYS = {"PK", "SK", "version", "orderId", "orderNumber", "userId", "status", "amount",
          "amountSubtotal", "currency", "items", "itemCount", "createdAt", "completedAt",
          "updatedAt", "stripeSessionId", "stripePaymentIntentId", "stripePaymentStatus",
          "quoteSignature", "livemode", "source"}


def query(pk, sk):
    """What the plain AWS CLI shows."""
    command = kit.aws_cli()
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [command, "dynamodb", "query", "--endpoint-url", db.base, "--region", kit.REGION,
             "--table-name", on_table.table, "--output", "json",
             "--key-condition-expression", "PK = :pk AND begins_with(SK, :sk)",
             "--expression-attribute-values", json.dumps({":pk": {"S": pk}, ":sk": {"S": sk}})],
            env=kit.environment.of(HOME=home, AWS_ACCESS_KEY_ID=kit.KEY_ID,
                                   AWS_SECRET_ACCESS_KEY=kit.SECRET_KEY, AWS_PAGER=""),
            capture_output=True, text=True, timeout=120, check=False)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)["Items"]


def check_types(item, documented, what):
    for name, value in item.items():
        ok(name in documented, f"{what} has {name}, which is not documented")
        equal(list(value), [documented[name]], f"the type of {what}'s {name}")


@test
def _():
    "`aws dynamodb query` shows the order with exactly the documented attributes and types"
    session = sell(userId="queried", metadata={"a": "b"})
    sim.post("/_sim/pay", {"session": session, "shipping": SHIPPING})
    on_table.webhook(event_of(session))
    order, = query("USER#queried", "ORDER#")
    check_types(order, ORDER, "the order")
    lacks(json.dumps(order), "NULL")
    equal(ALWAYS - set(order), set(), "what is missing")
    equal(order["orderId"], {"S": session})
    equal(order["amount"], {"N": "8500"})
    equal(order["version"], {"N": "1"})
    equal(order["SK"]["S"].split("#")[::2], ["ORDER", session])
    for line in order["items"]["L"]:
        check_types(line["M"], LINE, "a line")
    equal([(li["M"]["sku"]["S"], li["M"]["quantity"]["N"]) for li in order["items"]["L"]],
          [("N-RED", "2"), ("R-SIL", "1")])
    check_types(order["shippingAddress"]["M"],
                dict.fromkeys(("name", "line1", "line2", "city", "state", "postalCode", "country"), S),
                "the address")
    equal(order["shippingAddress"]["M"]["city"], {"S": "東京"})
    for name in ("createdAt", "completedAt", "updatedAt"):
        ok(ISO.match(order[name]["S"]), name)


@test
def _():
    "every number in the table is one on the wire too, and expiresAt is one that TTL understands"
    items = db.raw_items(on_table.table)
    ok(len(items) > 20, "there are items")
    for item in items:
        equal(list(item["version"]), ["N"])
        if "expiresAt" in item:
            equal(list(item["expiresAt"]), ["N"])
            ok(int(item["expiresAt"]["N"]) > time.time(), "it is in seconds and ahead")
        contains(item["SK"]["S"] + "CACHE METADATA ORDER#", item["SK"]["S"].split("#")[0])


def cleanup():
    for shop in shops:
        shop.close()
    proxy.close()
    db.close()


main(cleanup)
