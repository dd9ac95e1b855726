#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""POST /stripe/webhook: each row of its table of answers.  Signatures and payloads are in
test_signature.py, the order that comes of an event in test_order.py and test_shapes.py."""
import contextlib
import copy
import json
import os
import sqlite3
import time

from kit import (KeptShop, Stub, Watch, case, check_log, contains, equal, fields_of, granted, lacks,
                 lib, lines_of, main, ok, preload, refused, sign, stripe_with, test)

shop = KeptShop()
SIGNATURE, PAYLOAD = "Invalid Stripe signature", "Invalid Stripe payload"
NUMBER = 0


def paid(**more):
    """The completed event of a session that was paid at Stripe."""
    global NUMBER
    NUMBER += 1
    made = shop.sim.post("/_sim/session", {
        "id": f"cs_test_w1{NUMBER:08}", "line_items": [{"lookup_key": "N-RED", "quantity": 2}],
        **more})
    return [e for e in shop.sim.get("/_sim/events") if e["type"] == "checkout.session.completed"
            and e["data"]["object"]["id"] == made["session"]["id"]][0]


# --- processed, seen before, ignored ------------------------------------------------------------

@test
def _():
    """processed: 200 with status, eventId, sessionId, orderId and orderNumber, nothing else"""
    event = paid()
    session = event["data"]["object"]["id"]
    equal(granted(shop.webhook(event)), {
        "status": "processed", "eventId": event["id"], "sessionId": session, "orderId": session,
        "orderNumber": "BC-" + session[-8:].upper()})


@test
def _():
    """seen before: 200 with the stored status and duplicate: true, for as long as it is marked"""
    event = paid()
    first = granted(shop.webhook(event))
    with shop.unchanged(), shop.asks():
        equal(granted(shop.webhook(event)), {**first, "duplicate": True})
        equal(granted(shop.webhook(event, STRIPE_API_BASE="http://127.0.0.1:9")),
              {**first, "duplicate": True})


@test
def _():
    """an event is acknowledged only when its order is on the disk: the log of the table is synced"""
    event, log = paid(), os.path.realpath(shop.db) + "-wal"
    # While another has the file open, a program that ends moves nothing out of the log, and the
    # log is begun (which syncs it, too) by the first event alone.
    with contextlib.closing(preload.Syncs()) as syncs, \
            contextlib.closing(sqlite3.connect(shop.db)) as other:
        other.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        granted(shop.webhook(paid(), **syncs.variables))
        syncs.take()
        granted(shop.webhook(event, **syncs.variables))
        ok(log in syncs.take(), "the log was synced")
        granted(shop.webhook(event, **syncs.variables))
        lacks(syncs.take(), log)


# What Stripe's first answer to a question is, what its Stripe-Should-Retry says, and how often it
# is asked: https://docs.stripe.com/error-low-level#should-retry
for status, told, calls in ((500, None, 2), (500, "false", 1), (409, None, 2), (409, "false", 1),
                            (429, None, 1), (429, "true", 2), (403, "true", 2)):
    @case(f"a question that is answered by a {status}" +
          (f" with Stripe-Should-Retry: {told}" if told else "") +
          (" is asked again at once" if calls > 1 else " is asked again by the next delivery alone"))
    def _(status=status, told=told, calls=calls):
        event = paid()
        stripe = stripe_with(event["data"]["object"])
        known = stripe.answer

        def answer(request):
            if len(stripe.requests) > 1:
                return known(request)
            return (status, b'{"error":{"type":"api_error","message":"broken"}}',
                    {"Stripe-Should-Retry": told} if told else {})
        stripe.answer = answer
        try:
            got = shop.webhook(event, STRIPE_API_BASE=stripe.base)
        finally:
            stripe.close()
        equal((got.status, len(stripe.requests)), (200 if calls > 1 else 503, calls))


@test
def _():
    """a refund of an old order that a Lambda function wrote, and that nothing names, changes that order"""
    granted(shop.webhook(paid()))  # makes the table
    then = int(time.time()) - 40 * 86400
    event = paid(created=then, metadata={"userId": "of old"})
    session = event["data"]["object"]
    sk = f"ORDER#{then + 777}#{session['id']}"
    for number in range(120):  # it is on the second page of the user's orders
        shop.store({"PK": "USER#of old", "SK": f"ORDER#{then + 1000 + number}#cs_{number}",
                    "orderId": f"cs_{number}"})
    shop.store({"PK": "USER#of old", "SK": sk, "orderId": session["id"], "orderNumber": "BC-OLD",
                "userId": "of old", "status": "completed", "amount": 6000, "currency": "usd",
                "items": [{"name": "Red Necklace", "quantity": 2, "unitPrice": 3000}], "itemCount": 2})
    shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"]})
    refund = [e for e in shop.sim.get("/_sim/events") if e["type"] == "charge.refunded"][-1]
    granted(shop.webhook(refund))
    order = shop.order_of(session["id"])
    equal((order["SK"], order["status"], order["orderNumber"]), (sk, "refunded", "BC-OLD"))


@test
def _():
    """the marker says `completed`, as the functions do; the answer says `processed`, whatever is stored"""
    event = paid()
    granted(shop.webhook(event))
    marker = shop.item("EVENT#" + event["id"])
    equal(marker["status"], "completed")
    equal(shop.item("SESSION#" + event["data"]["object"]["id"])["status"], "completed")
    for word in ("completed", "processed", "received", None):
        shop.store({**marker, "status": word})
        answer = granted(shop.webhook(event))
        equal((answer["status"], answer["duplicate"]), ("processed", True), word)


@test
def _():
    """the word of ordersnap 0.1.0 in a session's item becomes the functions' with the next event"""
    event = paid()
    granted(shop.webhook(event))
    session = {**shop.item("SESSION#" + event["data"]["object"]["id"]), "status": "complete"}
    shop.store(session)
    granted(shop.webhook({**event, "id": event["id"] + "again"}))
    equal(shop.item(session["PK"])["status"], "completed")


@test
def _():
    """a marker whose time is over is as if it were not there; the order stays as it is"""
    event = paid()
    granted(shop.webhook(event))
    order = shop.order_of(event["data"]["object"]["id"])
    shop.store({**shop.item("EVENT#" + event["id"]), "expiresAt": int(time.time()) - 5})
    ok("duplicate" not in granted(shop.webhook(event)), "not a duplicate")
    equal(shop.order_of(event["data"]["object"]["id"]), order)


IGNORED_TYPES = ["ping", "invoice.paid", "customer.created", "payment_intent.succeeded",
                 "charge.succeeded", "checkout.session", "checkout.session.", "", "x" * 5000,
                 "checkout.session.completed\n", "price.updated", "account.updated"]

for type in IGNORED_TYPES:
    @case(f"the type {type[:40]!r} is ignored: 200, nothing stored, nobody asked")
    def _(type=type):
        event = {**paid(), "type": type}
        with shop.unchanged(), shop.asks():
            equal(granted(shop.webhook(event)), {"status": "ignored"})


for mode in ("setup", "subscription"):
    @case(f"a session of mode {mode} is ignored")
    def _(mode=mode):
        event = paid()
        event["data"]["object"]["mode"] = mode
        with shop.unchanged(but="SYSTEM"), shop.asks():
            equal(granted(shop.webhook(event)), {"status": "ignored"})


@test
def _():
    """an event of a connected account is ignored"""
    with shop.unchanged(), shop.asks():
        equal(granted(shop.webhook({**paid(), "account": "acct_1GSkQzHUyJoJD8Sk"})),
              {"status": "ignored"})


# the key, livemode of the event, whether it is ours
MODES = [("sk_test_x00000000", True, False), ("rk_test_x00000000", True, False),
         ("sk_live_x00000000", False, False), ("rk_live_x00000000", False, False),
         ("sk_test_x00000000", False, True), ("sk_live_x00000000", True, True),
         ("rk_live_x00000000", True, True)]

for key, livemode, ours in MODES:
    @case(f"livemode {livemode} with a key {key[:8]}… is {'processed' if ours else 'ignored'}")
    def _(key=key, livemode=livemode, ours=ours):
        event = {**paid(), "livemode": livemode}
        event["data"]["object"]["livemode"] = livemode
        stub = stripe_with(event["data"]["object"])
        try:
            with contextlib.nullcontext() if ours else shop.unchanged():
                answer = shop.webhook(event, STRIPE_SECRET=key, STRIPE_API_BASE=stub.base,
                                      **lib.OWN_PAGES)
        finally:
            stub.close()
        equal(granted(answer)["status"], "processed" if ours else "ignored")
        equal(stub.connections > 0, ours)


@test
def _():
    """what is ignored is logged with its id and why"""
    line, = lines_of(shop.webhook({**paid(), "account": "acct_1"}).log, "Webhook ignored")
    ok(fields_of(line)["why"], line)


@test
def _():
    """an ignored event needs no store at all"""
    folder = os.path.join(shop.folder, "untouched")
    os.mkdir(folder)
    granted(shop.webhook({**paid(), "type": "ping"}, COMMERCE_DB=folder + "/orders.db"))
    equal(os.listdir(folder), [])


# --- refused ------------------------------------------------------------------------------------

@test
def _():
    """a signature that is missing, malformed, wrong or outside the tolerance either way: 400"""
    body = json.dumps(paid()).encode()
    now = int(time.time())
    with shop.unchanged(), shop.asks():
        for header in (None, "", "nonsense", "t=1", "v1=0", sign(body, "whsec_wrong"),
                       sign(body + b" "), sign(body, at=now - 1000), sign(body, at=now + 1000)):
            answer = shop.cgi("stripe-webhook", body, HTTP_STRIPE_SIGNATURE=header)
            equal((answer.status, answer.json), (400, {"error": SIGNATURE}))


@test
def _():
    """signed, but not an event: 400"""
    with shop.unchanged(), shop.asks():
        for body in (b"", b"{}", b"[]", b"null", b"no JSON", b'{"object":"event"}',
                     b'{"object":"charge","id":"ch_1"}'):
            answer = shop.webhook(body)
            equal((answer.status, answer.json), (400, {"error": PAYLOAD}))


BODY = json.dumps({"id": "evt_raw", "object": "event", "type": "ping"}).encode()


def raw(body=BODY, method="POST", **variables):
    variables.setdefault("HTTP_STRIPE_SIGNATURE", sign(body))
    return shop.cgi("stripe-webhook", body, method=method, **variables)


for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "CONNECT", "post"):
    @case(f"{method} is a 405 with Allow")
    def _(method=method):
        answer = raw(method=method)
        equal((answer.status, answer.headers["allow"]), (405, "POST, OPTIONS"))


for given, status in ((None, 200), ("application/json", 200), ("application/json; charset=utf-8", 200),
                      ("Application/JSON;charset=UTF-8", 200), ("text/plain", 415),
                      ("application/x-www-form-urlencoded", 415), ("text/json", 415)):
    @case(f"Content-Type {given} is a {status}")
    def _(given=given, status=status):
        equal(raw(CONTENT_TYPE=given).status, status)


for script, info, status in (("/stripe/webhook", None, 200), ("/api/stripe/webhook", None, 200),
                             ("/cgi-bin/stripe-webhook.fcgi", None, 200),
                             ("/cgi-bin/stripe-webhook.fcgi", "/stripe/webhook", 200),
                             ("/cgi-bin/stripe-webhook.fcgi", "/other", 404),
                             ("/stripe/webhooks", None, 404), ("/stripe/webhook/", None, 404),
                             ("/cart/quote", None, 404)):
    @case(f"{script} with path {info} is a {status}")
    def _(script=script, info=info, status=status):
        equal(raw(SCRIPT_NAME=script, PATH_INFO=info).status, status)


@test
def _():
    """a body without a length is a 411, one byte short or long a 400, above 1 MiB a 413"""
    refused(raw(CONTENT_LENGTH=None), 411)
    refused(raw(CONTENT_LENGTH=len(BODY) + 1), 400)
    refused(raw(CONTENT_LENGTH=len(BODY) - 1), 400)
    refused(raw(CONTENT_LENGTH=(1 << 20) + 1), 413)
    refused(raw(b"x" * ((1 << 20) + 1)), 413)


@test
def _():
    """a query string and other headers make no difference"""
    granted(raw(QUERY_STRING="--help", HTTP_USER_AGENT="Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                HTTP_ACCEPT="*/*; q=0.5, application/xml", HTTP_CACHE_CONTROL="no-cache",
                HTTP_PROXY="http://127.0.0.1:9", HTTP_AUTHORIZATION="Bearer x"))


# --- unavailable --------------------------------------------------------------------------------

@test
def _():
    """a store that can't be opened: 503 with Retry-After, and the delivery after that is processed"""
    event = paid()
    answer = shop.webhook(event, COMMERCE_DB=shop.folder + "/no such folder/orders.db")
    refused(answer, 503)
    ok(lines_of(answer.log, "Failed to create order snapshot"), answer.log)
    lacks(answer.body.decode(), "folder")
    granted(shop.webhook(event))


@test
def _():
    """a store whose file is damaged: 503, and the file is left for whoever repairs it"""
    path = os.path.join(shop.folder, "damaged.db")
    with open(path, "wb") as f:
        f.write(b"SQLite format 3\0" + b"\xff" * 8000)
    refused(shop.webhook(paid(), COMMERCE_DB=path), 503)
    equal(os.path.getsize(path), 8016)


@test
def _():
    """a store with a row that is no JSON: 503, not an order without it"""
    event = paid(metadata={"userId": "user_corrupt"})
    session = event["data"]["object"]["id"]
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        db.execute("INSERT INTO items VALUES (?, 'METADATA', '{broken', NULL)", ("SESSION#" + session,))
    try:
        refused(shop.webhook(event), 503)
    finally:
        with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
            db.execute("DELETE FROM items WHERE item = '{broken'")
    granted(shop.webhook(event))


def stays_the_one(lost):
    """An order, of whose pointers some are lost, is sold again by another event."""
    event = paid(metadata={"userId": "user_unnamed"})
    session = event["data"]["object"]["id"]
    granted(shop.webhook(event))
    before = {k: v for k, v in shop.items().items() if session in json.dumps(v)}
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        for prefix in lost:
            db.execute("DELETE FROM items WHERE pk LIKE ? AND item LIKE ?", (prefix + "%", f"%{session}%"))
    granted(shop.webhook({**event, "id": event["id"] + "b"}))
    after = {k: v for k, v in shop.items().items() if session in json.dumps(v)}
    ok(set(after) >= set(before), "what was lost is there again")
    equal(len([k for k in after if k[0].startswith("USER#")]), 1, "orders")


@test
def _():
    """an order that its session's item does not name, or nothing, stays the one of its session"""
    for lost in ("SESSION#",), ("SESSION#", "PAYMENT#", "NUMBER#"):
        stays_the_one(lost)


@test
def _():
    """of pointers, one whose order is not there is passed over for one whose order stands"""
    event = paid()
    granted(shop.webhook(event))
    session = event["data"]["object"]
    order = shop.order_of(session["id"])
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        db.execute("DELETE FROM items WHERE pk = ? AND sk = ?", (order["PK"], order["SK"]))
    shop.store({**order, "PK": "USER#moved"})
    for key in ("PAYMENT#" + session["payment_intent"], "NUMBER#" + order["orderNumber"]):
        shop.store({**shop.item(key), "orderPK": "USER#moved"})
    granted(shop.webhook({**event, "id": event["id"] + "b"}))
    equal([k for k in shop.items() if k[1] == order["SK"] and k[0].startswith("USER#")],
          [("USER#moved", order["SK"])])


@test
def _():
    """Stripe down: 503 with Retry-After, and the delivery after that is processed"""
    event = paid()
    started = Watch()
    refused(shop.webhook(event, STRIPE_API_BASE="http://127.0.0.1:9"), 503)
    started.at_most(8.5)
    equal(shop.item("EVENT#" + event["id"]), None)
    granted(shop.webhook(event))


@test
def _():
    """Stripe that accepts and says nothing: 503 within eight and a half seconds"""
    event = paid()
    started = Watch()
    with shop.faults("GET /v1/checkout/sessions", "delay", ms=30000, times=-1):
        refused(shop.webhook(event), 503)
    started.at_most(8.5)


@test
def _():
    """Stripe that drips a byte a second: 503 within eight and a half seconds"""
    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        for _n in range(40):
            try:
                handler.wfile.write(b"{")
                handler.wfile.flush()
            except OSError:
                break
            time.sleep(0.5)
        return 200, b""
    stub = Stub(drip)
    started = Watch()
    try:
        refused(shop.webhook(paid(), STRIPE_API_BASE=stub.base), 503)
        started.at_most(8.5)
    finally:
        stub.close()


LISTS = [("no list", b"{}"), ("an array", b"[]"), ("data that is null", b'{"data":null}'),
         ("data that is an object", b'{"data":{}}'), ("no JSON", b"<html>"),
         ("has_more without a line", b'{"object":"list","data":[],"has_more":true}'),
         ("has_more with a line that has no id", b'{"data":[{"quantity":1}],"has_more":true}')]

for name, body in LISTS:
    @case(f"line items that are {name}: 503, never an order that looks whole")
    def _(body=body):
        stub = Stub(lambda _request: (200, body))
        event = paid()
        try:
            refused(shop.webhook(event, STRIPE_API_BASE=stub.base), 503)
        finally:
            stub.close()
        equal(shop.order_of(event["data"]["object"]["id"])["itemsPending"], True)
        granted(shop.webhook(event))


@test
def _():
    """a list that never ends is given up"""
    count = {"n": 0}

    def endless(_request):
        count["n"] += 1
        return 200, json.dumps({"object": "list", "has_more": True, "data": [
            {"id": f"li_{count['n']}", "quantity": 1, "amount_total": 1}]}).encode()
    stub = Stub(endless)
    try:
        refused(shop.webhook(paid(), STRIPE_API_BASE=stub.base), 503)
    finally:
        stub.close()
    ok(count["n"] <= 1000, f"{count['n']} calls")


LINES = [
    ("null", None), ("a text", "li_1"), ("empty", {}), ("a price that is null", {"price": None}),
    ("a price that is an id", {"price": "price_1"}), ("a quantity that is null", {"quantity": None}),
    ("a quantity that is a text", {"quantity": "2"}), ("a description that is null",
                                                       {"description": None}),
    ("a product that is an id", {"price": {"id": "price_1", "product": "prod_1"}}),
    ("a product that was deleted", {"price": {"id": "price_1", "product": {
        "id": "prod_1", "object": "product", "deleted": True}}}),
    ("an amount that is a fraction", {"amount_total": 1.5}),
    ("a quantity of 2^62", {"quantity": 2 ** 62}),
]

for name, line in LINES:
    @case(f"a line item that is, or has, {name}: an order all the same")
    def _(line=line):
        if isinstance(line, dict):
            line = {"id": "li_1", "object": "item", **line}
        good = {"id": "li_2", "description": "Ring", "quantity": 1, "amount_total": 5, "currency": "usd"}
        event = paid()
        stub = stripe_with(event["data"]["object"], [line, good])
        try:
            granted(shop.webhook(event, STRIPE_API_BASE=stub.base))
        finally:
            stub.close()
        order = shop.order_of(event["data"]["object"]["id"])
        equal(len(order["items"]), 2)
        equal(order["items"][1]["name"], "Ring")
        lacks(json.dumps(order), ": null")


@test
def _():
    """quantities whose sum does not fit give no negative itemCount"""
    stub = Stub(lambda _request: (200, json.dumps({"object": "list", "has_more": False, "data": [
        {"id": f"li_{n}", "description": "Ring", "quantity": 2 ** 62} for n in (1, 2)]}).encode()))
    event = paid()
    try:
        answer = shop.webhook(event, STRIPE_API_BASE=stub.base)
    finally:
        stub.close()
    if answer.status == 200:
        ok(shop.order_of(event["data"]["object"]["id"]).get("itemCount", 0) >= 0, "itemCount")


@test
def _():
    """line items of more than Stripe's answer may have are a 503, not a crash"""
    stub = Stub(lambda _request: (200, b'{"data":[' + b" " * (64 << 20) + b"]}"))
    try:
        answer = shop.webhook(paid(), STRIPE_API_BASE=stub.base)
        ok(answer.status in (200, 503), answer.status)
    finally:
        stub.close()


@test
def _():
    """an unavailable answer says nothing of why"""
    answer = shop.webhook(paid(), STRIPE_API_BASE="http://127.0.0.1:9")
    equal(answer.status, 503)
    for word in ("127.0.0.1", "curl", "Stripe", "line items", "connect"):
        lacks(answer.body.decode(), word)
    contains(answer.log, "127.0.0.1")


@test
def _():
    """other events of a session's life make no order by themselves: a charge that Stripe does not
    know is not acknowledged"""
    event = paid()
    for type in ("checkout.session.expired", "charge.refunded", "refund.created", "refund.updated",
                 "charge.dispute.created", "charge.dispute.closed"):
        other = copy.deepcopy(event)
        other["id"], other["type"] = "evt_" + type, type
        if not type.startswith("checkout"):
            other["data"]["object"] = {"id": "x_1", "object": type.rsplit(".", 1)[0],
                                       "payment_intent": "pi_of_nobody", "charge": "ch_of_nobody"}
        with shop.asks() if type.startswith("checkout") else contextlib.nullcontext():
            equal(shop.webhook(other).status, 200 if type.startswith("checkout") else 503, type)
    equal([o for o in shop.orders() if o["orderId"] == event["data"]["object"]["id"]
           and o["status"] == "completed"], [])


@test
def _():
    """a session event of another account's context is ignored, without a call"""
    with shop.unchanged(), shop.asks():
        equal(granted(shop.webhook({**paid(), "context": "acct_1GSkQzHUyJoJD8Sk"})),
              {"status": "ignored"})


THIN = {"object": "v2.core.event", "created": "2026-11-23T10:00:00.000Z", "livemode": False}

for status in (401, 403, 404, 500):
    for what, type, related in (("a session", "v1.checkout.session.completed", "cs_test_thin01"),
                                ("a refund", "v1.refund.created", "re_thin01")):
        @case(f"a thin event's object, {what}, that is answered with {status}: 503, and no marker")
        def _(status=status, type=type, related=related):
            event = {**THIN, "id": f"evt_thin{status}{related}", "type": type,
                     "related_object": {"id": related, "type": "x", "url": "/v1/x"}}
            stub = Stub(lambda _request: (status, b'{"error": {"message": "no"}}'))
            try:
                with shop.unchanged():
                    answer = shop.webhook(event, STRIPE_API_BASE=stub.base)
            finally:
                stub.close()
            refused(answer, 503)
            equal(len([x for x in answer.log.splitlines() if " error Failed" in x]), 1, answer.log)
            if status == 404:
                contains(answer.log, "STRIPE_SECRET of another account or sandbox")


@test
def _():
    """a thin event's object is asked for where its kind stands"""
    stub = Stub(lambda _request: (404, b'{"error": {"message": "no"}}'))
    try:
        for number, (type, path) in enumerate((
                ("checkout.session.expired", "checkout/sessions"), ("charge.refunded", "charges"),
                ("refund.updated", "refunds"), ("charge.dispute.closed", "disputes"),
                ("charge.updated", "charges"), ("charge.captured", "charges"),
                ("payment_intent.canceled", "payment_intents"))):
            event = {**THIN, "id": f"evt_place{number}", "type": "v1." + type,
                     "related_object": {"id": "x_1", "type": "x", "url": "/v1/other/x_2"}}
            refused(shop.webhook(event, STRIPE_API_BASE=stub.base), 503)
            equal([r.path.split("?")[0] for r in stub.taken()], [f"/v1/{path}/x_1"], type)
    finally:
        stub.close()


for status in (401, 403, 404):
    for type, object in (("charge.refunded", {"id": "ch_x1", "object": "charge",
                                              "payment_intent": "pi_x1"}),
                         ("charge.dispute.created", {"id": "dp_x1", "object": "dispute",
                                                     "charge": "ch_x1", "payment_intent": "pi_x1"})):
        @case(f"{type} of a charge that is answered with {status} is not acknowledged")
        def _(status=status, type=type, object=object):
            stub = Stub(lambda _request: (status, b'{"error": {"message": "no"}}'))
            event = {"id": f"evt_{status}{type}", "object": "event", "type": type, "livemode": False,
                     "created": 1764000000, "data": {"object": object}}
            try:
                with shop.unchanged():
                    refused(shop.webhook(event, STRIPE_API_BASE=stub.base), 503)
            finally:
                stub.close()


# A refund whose charge may be read, a payment that was given up, and a sale: each asks for its session.
CHARGE = {"id": "ch_x2", "object": "charge", "payment_intent": "pi_x2", "amount": 100, "amount_refunded": 100,
          "captured": True, "status": "succeeded", "currency": "usd"}

for status in (401, 403):
    for type, object in (("charge.refunded", CHARGE),
                         ("payment_intent.canceled", {"id": "pi_x2", "object": "payment_intent"})):
        @case(f"{type} of a payment whose session is answered with {status} is not acknowledged")
        def _(status=status, type=type, object=object):
            stub = Stub(lambda request: (200, json.dumps(CHARGE).encode()) if "/charges/" in request.path
                        else (status, b'{"error": {"message": "no"}}'))
            event = {"id": f"evt_s{status}{type}", "object": "event", "type": type, "livemode": False,
                     "created": 1764000000, "data": {"object": object}}
            try:
                with shop.unchanged():
                    refused(shop.webhook(event, STRIPE_API_BASE=stub.base), 503)
            finally:
                stub.close()
            ok([r for r in stub.requests if "payment_intent=pi_x2" in r.path], "asked for the session")

    @case(f"a sale whose session is answered with {status} is kept, but not acknowledged")
    def _(status=status):
        event = paid()
        stub = Stub(lambda _request: (status, b'{"error": {"message": "no"}}'))
        try:
            for _delivery in range(2):
                refused(shop.webhook(event, STRIPE_API_BASE=stub.base), 503)
        finally:
            stub.close()
        equal(shop.item("EVENT#" + event["id"]), None, "its marker")
        granted(shop.webhook(event))


@test
def _():
    """no secret and no whole e-mail address was logged in this run"""
    check_log(["x00000000"])


main(shop)
