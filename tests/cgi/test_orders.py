#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""GET /orders, GET /orders/{orderId}, GET /checkout/session-status: what a customer is shown of
which orders, and what is refused."""
import contextlib
import json
import os
import sqlite3
import subprocess
import time

from kit import (JWT_SECRET, KeptShop, contains, equal, granted, key_pair, lacks, lib, main, ok,
                 refused, test, token)
import orders as made
import preload
from lambda_table import Functions

DAY = 86400
NOW = int(time.time())

shop = KeptShop(sim=False, JWT_SECRET=JWT_SECRET)
subprocess.run([os.path.join(lib.BUILD, "ordersnap"), "init"], env=shop.environment(), check=True,
               capture_output=True)


def bearer(sub="user_1", exp=NOW + DAY, **claims):
    claims = {"sub": sub, "exp": exp, **claims}
    return {"HTTP_AUTHORIZATION": "Bearer " + token({k: v for k, v in claims.items()
                                                     if v is not None})}


def verified(email, sub="somebody"):
    return bearer(sub, email=email, email_verified=True)


def ask(query="", who=None, **variables):
    return shop.cgi("orders", None, "GET", SCRIPT_NAME="/orders", QUERY_STRING=query,
                    **{**(bearer() if who is None else who), **variables})


def ask_one(order_id, who=None, **variables):
    return shop.cgi("orders", None, "GET", SCRIPT_NAME="/orders", PATH_INFO="/" + order_id,
                    **{**(bearer() if who is None else who), **variables})


def status_of(query, **variables):
    return shop.cgi("orders", None, "GET", SCRIPT_NAME="/checkout/session-status",
                    QUERY_STRING=query, **variables)


def ids(answer):
    return [o["orderId"] for o in granted(answer)["orders"]]


def walk(limit, who=None, between=lambda page: None):
    """All orders, a page at a time: the ids, and how many were on each page."""
    found, cursor, sizes = [], "", []
    while True:
        page = granted(ask(f"limit={limit}" + (f"&cursor={cursor}" if cursor else ""), who))
        found += [o["orderId"] for o in page["orders"]]
        sizes.append(len(page["orders"]))
        cursor = page["nextCursor"]
        if cursor is None:
            return found, sizes
        between(len(sizes))


def guest(session, created, email, **more):
    return made.order(session, created, email.lower(), **{"customerEmail": email, "guest": True, **more})


made.put(shop, *[made.order(f"cs_test_{n:03d}", NOW - 1000 * n) for n in range(1, 46)])
made.put(shop, made.order("cs_test_two", NOW - 5, "user_2", customerEmail="two@shop.example"))
made.put(shop, made.order("cs_live_other", NOW - 6, livemode=True))


# --- the list -----------------------------------------------------------------------------------

@test
def _():
    "the newest twenty orders of who asks, and a cursor to the next ones"
    page = granted(ask())
    equal([o["orderId"] for o in page["orders"]], [f"cs_test_{n:03d}" for n in range(1, 21)])
    equal(list(page), ["orders", "nextCursor", "hasOrders"])
    ok(page["nextCursor"] and page["hasOrders"] is True, "a cursor, and orders")


@test
def _():
    "pages of any size give each order once, and the last one's cursor is null"
    every = [f"cs_test_{n:03d}" for n in range(1, 46)]
    for limit, sizes in ((1, [1] * 45), (9, [9] * 5), (20, [20, 20, 5]), (44, [44, 1]), (45, [45]),
                         (100, [45])):
        if limit > 1 or not lib.WRAPPER:
            equal(walk(limit), (every, sizes), f"limit {limit}")


@test
def _():
    "orders that come in while somebody reads on do not move the pages"
    more = iter(range(100))

    def add(_page):
        n = next(more)
        made.put(shop, made.order(f"cs_test_walk{n}", NOW + n, "user_walk"))

    made.put(shop, *[made.order(f"cs_test_w{n:02d}", NOW - 10 * n, "user_walk") for n in range(25)])
    equal(walk(7, bearer("user_walk"), add)[0], [f"cs_test_w{n:02d}" for n in range(25)])


@test
def _():
    "who has bought nothing gets an empty list that says so"
    equal(granted(ask(who=bearer("nobody"))), {"orders": [], "nextCursor": None, "hasOrders": False})


@test
def _():
    "an order is shown without what is the shop's"
    order = granted(ask("limit=1"))["orders"][0]
    equal((order["orderNumber"], order["amount"], order["currency"]), ("BC-001", 8500, "usd"))
    equal(order["items"][0]["name"], "Red Necklace")
    for name in ("PK", "SK", "version", "userId", "livemode", "source", "stripeSessionId",
                 "stripePaymentIntentId", "quoteSignature", "metadata"):
        ok(name not in order, name)


@test
def _():
    "orders of the other mode than the key's are left out, and so they are by a live key"
    lacks(ask("limit=100").body.decode(), "cs_live_other")
    refused(ask_one("cs_live_other"), 404)
    live = ask("limit=100", STRIPE_SECRET="sk_live_ordersnap0000000000", CHECKOUT_SUCCESS_URL=None,
               CHECKOUT_CANCEL_URL=None, CORS_ALLOW_ORIGIN=None)
    equal(ids(live), ["cs_live_other"])


@test
def _():
    "thousands of orders of the other mode do not hide what is older: cursors lead through them"
    made.put(shop, *[made.order(f"cs_live_{n:04d}", NOW - n, "user_tests", livemode=True)
                     for n in range(2500)], without=("day", "number", "session", "payment"))
    made.put(shop, made.order("cs_test_old", NOW - 5000, "user_tests"))
    first = granted(ask("limit=5", bearer("user_tests")))
    equal((first["orders"], first["hasOrders"]), ([], True))  # a request reads so far and no further
    equal(walk(5, bearer("user_tests")), (["cs_test_old"], [0, 1]))


# --- the Lambda functions' dashboard ---------------------------------------------------------------

# What their reader of a user's orders took of an item, and their pages of a line.
READ = ("orderId", "orderNumber", "status", "amount", "amountSubtotal", "currency", "createdAt",
        "completedAt", "itemCount", "items", "customerEmail", "shippingAddress")
LINE = ("sku", "name", "quantity", "unitPrice", "collectionId", "variantId", "color")


def as_they_read(item):
    """As their pages had it: they took null for what is not there."""
    def without_null(value):
        return {k: v for k, v in value.items() if v is not None}
    read = without_null({key: item.get(key) for key in READ})
    read["items"] = [without_null({key: line.get(key) for key in LINE}) for line in item["items"]]
    if "shippingAddress" in read:
        read["shippingAddress"] = without_null(read["shippingAddress"])
    return read


def of_a_session(n, **more):
    details = {"name": "Jane Doe", "address": {"line1": "5 Shore Road", "line2": None, "city": "Halifax",
                                               "state": "NS", "postal_code": "B3H 1A1", "country": "CA"}}
    return {"id": f"cs_test_dash{n:02}", "metadata": {"userId": "dash"}, "amount_total": 8500 + n,
            "amount_subtotal": 8000, "currency": "usd", "payment_intent": f"pi_dash{n}",
            "customer_details": {"email": "Jane@Shop.example", "name": None}, "customer_email": None,
            "collected_information": {"shipping_details": details}, **more}


def line_of(description="Red Necklace", quantity=2, unit_amount=3000, **metadata):
    return {"description": description, "quantity": quantity,
            "price": {"unit_amount": unit_amount, "product": {"metadata": metadata}}}


@test
def _():
    "what the functions' dashboard read of an order that they wrote, value by value and page by page"
    table = Functions()
    for n, (session, lines) in enumerate((
            ({}, [line_of(sku="N-RED", collection="necklaces", variant_id="v1", color="red"), line_of("Ring", 1, 25)]),
            ({"collected_information": None}, [line_of(None, None, None)]),
            ({"collected_information": {"shipping_details": {"name": None, "address": None}}}, None),
            ({"amount_total": None, "amount_subtotal": None, "currency": None}, [line_of()]),
            ({"payment_intent": None, "amount_total": 0}, [line_of(unit_amount=0)]))):
        table.order(of_a_session(n, **session), NOW - 50 * n, lines)
    theirs = sorted(table.table.values(), key=lambda item: item["SK"], reverse=True)
    made.put_items(shop, *theirs)
    read = [as_they_read(item) for item in theirs]
    for limit in (1, 2, 5, 100):
        shown, cursor = [], None
        while True:
            page = granted(ask(f"limit={limit}" + (f"&cursor={cursor}" if cursor else ""), bearer("dash")))
            equal((list(page), page["hasOrders"]), (["orders", "nextCursor", "hasOrders"], True))
            shown += page["orders"]
            cursor = page["nextCursor"]
            if cursor is None:
                break
        equal(shown, read, f"pages of {limit}")


@test
def _():
    "and of one that ordersnap wrote: the same names, texts for texts and numbers for numbers"
    stored = made.order("cs_test_ours", NOW, "dash_ours",
                        shippingAddress={"name": "Jane Doe", "line1": "5 Shore Road", "country": "CA"})
    made.put(shop, stored)
    (shown,) = granted(ask(who=bearer("dash_ours")))["orders"]
    equal({k: shown[k] for k in READ if k != "items"}, {k: v for k, v in as_they_read(stored).items() if k != "items"})
    equal([{k: v for k, v in line.items() if k in LINE} for line in shown["items"]], as_they_read(stored)["items"])


# --- items that are odd --------------------------------------------------------------------------

def raw(session, text, created, user):
    """A row as somebody's own program may leave it: its text is none of ours."""
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        db.execute("INSERT OR REPLACE INTO items (pk, sk, item) VALUES (?, ?, ?)",
                   (f"USER#{user}", f"ORDER#{created}#{session}", text))


ODD = (None, True, 7, -1.5, "x", "", [], {}, [None], [[]], ["x"], [{}], {"a": {"b": []}}, 10 ** 30)


@test
def _():
    "an order with a field of another kind, whichever it is, is listed without it, and hides no other"
    whole = made.order("cs_test_whole", NOW, "user_odd")
    values = [(key, value) for key in whole if key not in ("PK", "SK", "orderId")
              for value in ODD]
    for n, (key, value) in enumerate(values):
        odd = {**made.order(f"cs_test_odd{n:04}", NOW - n, "user_odd"), key: value}
        raw(odd["orderId"], json.dumps(odd), NOW - n, "user_odd")
    kinds = {"amount": int, "amountSubtotal": int, "itemCount": int, "orderNumber": str, "status": str,
             "createdAt": str, "currency": str, "customerEmail": str}
    shown, cursor = [], ""
    while cursor is not None:
        page = granted(ask(f"limit=100&cursor={cursor}" if cursor else "limit=100", bearer("user_odd")))
        shown += page["orders"]
        cursor = page["nextCursor"]
    hidden = [n for n, (key, value) in enumerate(values) if (key, value) == ("livemode", True)]
    equal([o["orderId"] for o in shown],
          [f"cs_test_odd{n:04}" for n in range(len(values)) if n not in hidden])
    for order in shown:
        for key, kind in kinds.items():
            ok(isinstance(order.get(key, kind()), kind), f"{order['orderId']} {key}: {order.get(key)!r}")
        for item in order.get("items", []):
            ok(isinstance(item, dict), order)


@test
def _():
    "a parcel's number that somebody has written as a number is shown digit by digit, however long it is"
    for number in (12, 940011089882502257, 2**63 - 1, 9400110898825022579493):
        made.put(shop, made.order("cs_test_parcel", NOW, "user_parcel", tracking={"number": number}))
        equal(granted(ask_one("cs_test_parcel", bearer("user_parcel")))["tracking"], {"number": str(number)})


@test
def _():
    "what is no order at all is left out of the list, with a word in the log; the others stand"
    created = iter(range(NOW - 100, NOW))
    good = [made.order(f"cs_test_good{n}", next(created), "user_raw") for n in range(2)]
    for n, text in enumerate(("{}", "[]", "7", "null", "", "{", "garbage", '"x"', "[" * 100, "\0",
                              json.dumps({"PK": "USER#user_2", "SK": "ORDER#9#x"}), '{"orderId": 7}',
                              '{"orderId": null}', '{"orderId": ""}', '{"PK": 1, "SK": []}')):
        raw(f"cs_test_raw{n}", text, next(created), "user_raw")
    good += [made.order(f"cs_test_good{n}", next(created), "user_raw") for n in range(2, 4)]
    made.put(shop, *good, without=("day", "number", "session", "payment"))
    answer = ask("limit=3", bearer("user_raw"))
    contains(answer.log, "no order was left out")
    contains(answer.log, "cs_test_raw11")
    for limit in (1, 2, 3, 100):
        equal(walk(limit, bearer("user_raw"))[0], [f"cs_test_good{n}" for n in (3, 2, 1, 0)], limit)
    equal(granted(ask_one("cs_test_001"))["orderId"], "cs_test_001")


@test
def _():
    "an order that has everything is shown by its status, whatever kind its fields are"
    for n, value in enumerate(ODD):
        session = f"cs_test_state{n:02}"
        made.put(shop, {**made.order(session, NOW - n, "user_state"), "status": value, "amount": value,
                        "currency": value, "items": value})
        view = granted(status_of("session_id=" + session))
        ok(isinstance(view["status"], str), view)


# --- guests -------------------------------------------------------------------------------------

made.put(shop,
         made.order("cs_test_g1", NOW - 10, "member", customerEmail="elsewhere@shop.example"),
         guest("cs_test_g2", NOW - 20, "Jane@Shop.example"),
         made.order("cs_test_g3", NOW - 30, "member"),
         guest("cs_test_g4", NOW - 40, "jane@shop.example", guest=None),
         guest("cs_test_g5", NOW - 50, "joe@shop.example"))
GUEST = ["cs_test_g1", "cs_test_g2", "cs_test_g3", "cs_test_g4"]


@test
def _():
    "a verified address brings in what it bought as a guest, the newest first, under one cursor"
    for email in ("jane@shop.example", "JANE@shop.EXAMPLE"):
        for limit in (1, 2, 3, 100):
            equal(walk(limit, verified(email, "member"))[0], GUEST, f"{email} by {limit}")
    equal(granted(ask_one("cs_test_g2", verified("jane@shop.example", "member")))["orderNumber"],
          "BC-G2")
    in_text = bearer("member", email="jane@shop.example", email_verified="true")  # as Apple has it
    equal(walk(100, in_text)[0], GUEST)


@test
def _():
    "an address that is not verified brings in nothing, and neither does a name that looks like one"
    for claims in ({}, {"email": "jane@shop.example"},
                   {"email": "jane@shop.example", "email_verified": False},
                   {"email": "jane@shop.example", "email_verified": "false"},
                   {"email": "jane@shop.example", "email_verified": 1}):
        equal(ids(ask(who=bearer("member", **claims))), ["cs_test_g1", "cs_test_g3"], str(claims))
        equal(ids(ask(who=bearer("jane@shop.example", **claims))), [], str(claims))
        refused(ask_one("cs_test_g2", bearer("jane@shop.example", **claims)), 404)


@test
def _():
    "two addresses that the functions wrote as one see each their own"
    for session, email in (("cs_test_plus", "a+b@x.example"), ("cs_test_none", "ab@x.example")):
        old = made.lambda_order(session, NOW - 100, "ab@x.example")
        made.put(shop, {**old, "customerEmail": email})
    equal(ids(ask(who=verified("a+b@x.example"))), ["cs_test_plus"])
    equal(ids(ask(who=verified("ab@x.example"))), ["cs_test_none"])
    equal(ids(ask(who=bearer("ab@x.example"))), [])
    equal(granted(ask_one("cs_test_plus", verified("A+B@x.example")))["orderId"], "cs_test_plus")
    refused(ask_one("cs_test_plus", verified("ab@x.example")), 404)


@test
def _():
    "an order that stands in two of the partitions is shown once, and costs none of its neighbours"
    for n in range(6):
        twice = guest(f"cs_test_d{n}", NOW - 60 - n, "Dup@x.example")
        made.put(shop, twice, *([{**twice, "PK": "USER#Dup@x.example"}] if n % 2 else []))
    for limit in (1, 2, 100):
        equal(walk(limit, verified("Dup@x.example"))[0], [f"cs_test_d{n}" for n in range(6)])


@test
def _():
    "orders of a hundred long lines come on shorter pages, none of them cut"
    lines = [{"name": "x" * 400, "quantity": 1, "amountTotal": 1, "currency": "usd"}] * 100
    made.put(shop, *[made.order(f"cs_test_big{n:03d}", NOW - n, "user_big", items=lines)
                     for n in range(120)], without=("day", "number", "session", "payment"))
    found, sizes = walk(100, bearer("user_big"))
    equal(found, [f"cs_test_big{n:03d}" for n in range(120)])
    ok(max(sizes) < 40, sizes)


# --- who asks -----------------------------------------------------------------------------------

@test
def _():
    "who shows no valid token is refused, for a list and for an order"
    other, unsigned = "another-secret-of-32-bytes-or-more!", token({"sub": "user_1"}, "none")
    claims = {"sub": "user_1", "exp": NOW + DAY}
    for header, why in (
            (None, "is required"), ("", "is required"), ("Basic dTpw", "is required"),
            ("Bearer", "signature or form"), ("Bearer ", "signature or form"),
            ("bearer x", "signature or form"), ("Bearer " + unsigned, "signature or form"),
            ("Bearer " + token(claims, "HS256", said="none"), "signature or form"),
            ("Bearer " + token(claims, key=other), "signature or form"),
            ("Bearer " + token(claims, "HS512"), "algorithm"),
            ("Bearer " + token({"sub": "user_1", "exp": NOW - 1}), "expired"),
            ("Bearer " + token({**claims, "nbf": NOW + DAY - 9}), "not valid yet"),
            ("Bearer " + token({"sub": "user_1"}), "never expires"),
            ("Bearer " + token({"exp": NOW + DAY}), "no subject"),
            ("Bearer " + token({"sub": "", "exp": NOW + DAY}), "no subject"),
            ("Bearer " + token({"sub": " ", "exp": NOW + DAY}), "empty or too long"),
            ("Bearer " + token({"sub": "x" * 257, "exp": NOW + DAY}), "empty or too long"),
            ("Bearer " + "x" * 65536, "signature or form"),
            ("Bearer " + token({**claims, "x": "y" * 65536}), "signature or form")):
        for answer in (ask(who={"HTTP_AUTHORIZATION": header}),
                       ask_one("cs_test_001", {"HTTP_AUTHORIZATION": header})):
            refused(answer, 401, why)
            equal(answer.headers["www-authenticate"],
                  "Bearer" if why == "is required" else 'Bearer error="invalid_token"')


@test
def _():
    "who has just logged in sees their orders, also where the login's clock is ahead by up to a minute"
    for ahead, status in ((0, 200), (1, 200), (30, 200), (600, 401)):
        at = int(time.time()) + ahead
        equal(ask("limit=1", bearer(iat=at, nbf=at + .5)).status, status, ahead)


@test
def _():
    "the token's issuer and audience are held to the settings"
    settings = {"JWT_ISSUER": "https://login.shop.example", "JWT_AUDIENCE": "shop"}
    right = {"iss": "https://login.shop.example", "aud": ["other", "shop"]}
    equal(ask(who=bearer(**right), **settings).status, 200)
    refused(ask(who=bearer(**{**right, "iss": "https://else"}), **settings), 401, "issuer")
    refused(ask(who=bearer(**{**right, "aud": "other"}), **settings), 401, "audience")
    refused(ask(who=bearer(), **settings), 401)


@test
def _():
    "tokens of a public key are RS256 or ES256, and no secret makes one of it"
    for kind, alg in (("rsa", "RS256"), ("ec", "ES256")):
        private, public = key_pair(shop.folder, kind)
        settings = {"JWT_SECRET": None, "JWT_PUBLIC_KEY_FILE": public}
        claims = {"sub": "user_1", "exp": NOW + DAY}

        def who(*args, **more):
            return {"HTTP_AUTHORIZATION": "Bearer " + token(*args, **more)}
        equal(ask("limit=1", who(claims, alg, private), **settings).status, 200)
        with open(public, encoding="ascii") as f:
            refused(ask("", who(claims, "HS256", f.read()), **settings), 401)


@test
def _():
    "with ORDERS_AUTH=remote_user the web server says who asks, and no token counts"
    by_server = {"ORDERS_AUTH": "remote_user"}
    equal(ids(ask("limit=1", {}, REMOTE_USER="user_2", **by_server)), ["cs_test_two"])
    refused(ask("", {}, **by_server), 401, "a login is required")
    refused(ask("", bearer(), **by_server), 401)
    refused(ask("", {}, REMOTE_USER="user_2"), 401)
    refused(ask("", {}, HTTP_REMOTE_USER="user_2", **by_server), 401)


@test
def _():
    "a name with white space around it is another name, and none: its orders would be another's; nor is what is no text"
    for name in ("user_1 ", " user_1", "\tuser_1", "user_1\n", "user_1\r"):
        for get in (ask, lambda *args, **more: ask_one("cs_test_001", *args[1:], **more)):
            refused(get("", bearer(name)), 401, "white space around it")
            refused(get("", {}, REMOTE_USER=name, ORDERS_AUTH="remote_user"), 401, "white space around it")
    for name in ("J\udcfcrgen", "user_1\udcc3"):  # bytes that are no UTF-8, as a server hands them on
        refused(ask("", {}, REMOTE_USER=name, ORDERS_AUTH="remote_user"), 401, "not UTF-8")
    equal(ask("", {}, REMOTE_USER="J\u00fcrgen", ORDERS_AUTH="remote_user").status, 200)
    for name in ("user_1\u00a0", "user_1#", "user%5F1", "User_1"):
        equal(granted(ask(who=bearer(name)))["hasOrders"], False, name)


@test
def _():
    "without a login in the settings nobody sees orders, and a session's status is told all the same"
    refused(ask(JWT_SECRET=None), 401)
    equal(granted(status_of("session_id=cs_test_001", JWT_SECRET=None))["status"], "completed")


# --- what is asked ------------------------------------------------------------------------------

@test
def _():
    "a limit that is none is refused"
    for limit in ("0", "-1", "101", "abc", "1.5", "%31x", "1&limit=1", "99999999999999999999"):
        refused(ask("limit=" + limit), 400, "limit must be a whole number from 1 to 100")
    equal(len(ids(ask("limit=3&other=x"))), 3)


@test
def _():
    "a cursor of another user, one that was cut and garbage are refused"
    cursor = granted(ask("limit=1"))["nextCursor"]
    for bad in (cursor[:-1], cursor[:-2], cursor[:20], cursor + "00", cursor.upper(), "garbage",
                "ORDER%231", "%00", "%ff", "x" * 70000):
        refused(ask("cursor=" + bad), 400, "cursor")
    refused(ask("cursor=" + cursor, bearer("user_2")), 400, "cursor")
    equal(ids(ask("limit=1&cursor=" + cursor)), ["cs_test_002"])


@test
def _():
    "another's order, one that is not there and what is no id are one answer"
    none = ask_one("cs_test_nothing")
    refused(none, 404, "there is no such order")
    for bad in ("cs_test_two", "..", "../orders", "cs_test_001\0", "cs_test_001%00", "cs_test_001#",
                "cs_test_001 ", "x" * 10240, "cs_", "BC-001", "pi_001", "cs_test_é", "orders"):
        if "\0" not in bad and "/" not in bad:
            answer = ask_one(bad)
            equal((answer.status, answer.body), (404, none.body), bad[:40])


@test
def _():
    "another's order and one that is not there cost the same reads, whatever names it and whoever asks"
    made.put(shop, made.order("cs_test_bare", NOW, "user_2"), without=("session", "number", "payment"))
    made.put(shop, made.order("cs_test_numb", NOW, "user_2"), without=("session",))
    made.put(shop, guest("cs_test_hers", NOW, "hers@x.example"))
    with contextlib.closing(preload.Statements()) as statements:
        for who in (bearer(), verified("jane@shop.example"), bearer("nobody")):
            refused(ask_one("cs_test_nothing", who, **statements.variables), 404)
            none = statements.take()
            equal(len([s for s in none if s.startswith("SELECT item")]), 4, none)
            for order_id in ("cs_test_two", "cs_live_other", "cs_test_bare", "cs_test_numb", "cs_test_hers"):
                refused(ask_one(order_id, who, **statements.variables), 404)
                equal(statements.take(), none, order_id)


@test
def _():
    "an order by its id, also where its session's item is gone or its number has a letter"
    equal(granted(ask_one("cs_test_007"))["orderNumber"], "BC-007")
    made.put(shop, made.order("cs_test_late", NOW - 7, "user_late"), without=("session",))
    equal(granted(ask_one("cs_test_late", bearer("user_late")))["orderId"], "cs_test_late")
    made.put(shop, made.order("cs_test_x_001", NOW - 8, "user_late", orderNumber="BC-001B"),
             without=("session",))
    equal(granted(ask_one("cs_test_x_001", bearer("user_late")))["orderNumber"], "BC-001B")


@test
def _():
    "an order of the Lambda functions, which nothing names, is found while the table is not adopted"
    made.put(shop, made.lambda_order("cs_test_lambda", NOW - 9, "user_lambda"),
             without=("day", "number", "session"))
    who = bearer("user_lambda")
    equal(ids(ask(who=who)), ["cs_test_lambda"])
    refused(ask_one("cs_test_lambda", who), 404)
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        (adopted,) = db.execute("SELECT item FROM items WHERE sk = 'ADOPTED'").fetchone()
        db.execute("DELETE FROM items WHERE sk = 'ADOPTED'")
    equal(granted(ask_one("cs_test_lambda", who))["orderId"], "cs_test_lambda")
    refused(ask_one("cs_test_lambda", bearer("user_2")), 404, "there is no such order")
    shop.store(json.loads(adopted))


@test
def _():
    "what has not changed is a 304 without a body, for a list and for an order"
    for get in (ask, lambda who=None, **more: ask_one("cs_test_001", who, **more)):
        first = get()
        tag = first.headers["etag"]
        same = get(HTTP_IF_NONE_MATCH=f'"x", W/{tag}')
        equal((same.status, same.body, same.headers["etag"]), (304, b"", tag))
        for has in ("*", tag, "W/" + tag, f'"a,b" , {tag}', f'"x",,{tag}'):
            equal(get(HTTP_IF_NONE_MATCH=has).status, 304, has)
        for has in ('"x"', tag.strip('"'), tag[:-2] + '"', "", "W/", "w/" + tag):
            equal(get(HTTP_IF_NONE_MATCH=has).body, first.body, has)
        contains(first.headers["vary"], "Authorization")
    ok(get(who=bearer("nobody"), HTTP_IF_NONE_MATCH=tag).status == 404, "another's tag")


@test
def _():
    "the shop's page may read the answers, with a token, and other pages not"
    answer = ask("limit=1", HTTP_ORIGIN="https://shop.example")
    equal(answer.headers["access-control-allow-origin"], "https://shop.example")
    contains(answer.headers["access-control-expose-headers"], "ETag")
    ok("access-control-allow-origin" not in ask("", HTTP_ORIGIN="https://else").headers, "others")
    asked = shop.cgi("orders", None, "OPTIONS", SCRIPT_NAME="/orders", PATH_INFO="/cs_test_001",
                     HTTP_ORIGIN="https://shop.example")
    equal(asked.status, 204)
    for name in ("Authorization", "If-None-Match"):
        contains(asked.headers["access-control-allow-headers"], name)
    refused(shop.cgi("orders", {}, "POST", SCRIPT_NAME="/orders", **bearer()), 405)
    equal(shop.cgi("orders", None, "HEAD", SCRIPT_NAME="/orders", **bearer()).body, b"")


@test
def _():
    "the program answers at its own address, too"
    at = {"SCRIPT_NAME": "/cgi-bin/orders.fcgi"}
    for path, wanted in (("", "orders"), ("/orders", "orders"), ("/cs_test_001", "orderId"),
                         ("/orders/cs_test_001", "orderId")):
        answer = shop.cgi("orders", None, "GET", PATH_INFO=path or None, **at, **bearer())
        equal(next(iter(granted(answer))), wanted, path)
    answer = shop.cgi("orders", None, "GET", PATH_INFO="/checkout/session-status", **at,
                      QUERY_STRING="session_id=cs_test_001")
    equal(granted(answer)["orderNumber"], "BC-001")


# --- a session's status -------------------------------------------------------------------------

@test
def _():
    "who knows a session's id learns how its order stands, and nothing of the person"
    equal(granted(status_of("session_id=cs_test_two")),
          {"status": "completed", "orderNumber": "BC-TWO", "amount": 8500, "currency": "usd",
           "items": [{"name": "Red Necklace", "quantity": 2}, {"name": "Silver Ring", "quantity": 1}]})


@test
def _():
    "no order, not yet an order, no session and another mode's are one answer"
    shop.store({"PK": "SESSION#cs_test_open", "SK": "METADATA", "status": "open", "version": 1,
                "stripeSessionId": "cs_test_open", "userId": "user_1"})
    for session in ("cs_test_open", "cs_test_of_another_shop", "cs_live_other"):
        equal(granted(status_of("session_id=" + session)), {"status": "unknown"}, session)


@test
def _():
    "a session that expired is said to have"
    shop.store({"PK": "SESSION#cs_test_expired", "SK": "METADATA", "status": "expired", "version": 1,
                "stripeSessionId": "cs_test_expired"})
    equal(granted(status_of("session_id=cs_test_expired")), {"status": "expired"})


@test
def _():
    "what is no session's id is refused"
    for query in ("", "session_id=", "session_id=%00", "session_id=cs_", "session_id=pi_1",
                  "session_id=cs_test_1%23", "session_id=..", "session_id=" + "cs_" + "x" * 10240,
                  "session_id=cs_test_001&session_id=cs_test_001", "session=cs_test_001"):
        refused(status_of(query), 400, "session_id")


main(shop)
