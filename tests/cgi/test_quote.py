#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""POST /cart/quote: what a cart costs, and every cart that is refused."""
import contextlib
import json
import re
import time

from kit import (KeptShop, PATIENCE, Stub, Watch, case, check_log, clock, contains, equal, granted,
                 lacks, lib, lines_of, main, ok, refused, test)

SEED = lib.SEED + [
    {"lookup_key": f"K-{n:02}", "name": f"Key {n}", "unit_amount": 100 + n, "currency": "usd"}
    for n in range(1, 26)] + [
    {"lookup_key": "OLD", "name": "Old", "unit_amount": 900, "currency": "usd", "active": False,
     "id": "price_old"},
    {"lookup_key": "CLUB", "name": "Club", "unit_amount": 900, "currency": "usd",
     "id": "price_club", "recurring": {"interval": "month"}},
    {"lookup_key": "GONE", "name": "Gone", "unit_amount": 900, "currency": "usd",
     "id": "price_gone"},
    {"lookup_key": "FREE", "name": "Sticker", "unit_amount": 0, "currency": "usd"},
    {"lookup_key": "DEAR", "name": "Diamond", "unit_amount": 99999999, "currency": "usd"},
    {"lookup_key": "ONE", "name": "The one", "unit_amount": 111, "currency": "usd",
     "id": "price_one"},
    {"lookup_key": "price_one", "name": "Reads like the one", "unit_amount": 222,
     "currency": "usd", "id": "price_two"},
    {"lookup_key": "Ü-ñ 1&x=[]#%", "name": "Ünïcode ✓", "unit_amount": 700, "currency": "usd"},
    {"lookup_key": "YEN", "name": "Fan", "unit_amount": 1200, "currency": "jpy"},
]

lib.SEED[:] = SEED
shop = KeptShop()
shop.stripe("POST", "/v1/products/" + shop.price_of("GONE")["product"], {"active": "false"})


# --- what is answered ---------------------------------------------------------------------------

@test
def _():
    """a quote has its signature, times, hash, lines with names and prices, and the sum"""
    before = int(time.time())
    quote = granted(shop.quote(
        {"sku": "N-RED", "quantity": 2, "collectionId": "necklaces", "variantId": "red/40"}, "R-SIL"))
    equal(sorted(quote), ["expiresAt", "items", "normalizedHash", "pricingSummary",
                          "quoteCreatedAt", "quoteSignature"])
    ok(re.fullmatch("[0-9a-f]{64}", quote["quoteSignature"]), "64 hex digits sign it")
    ok(re.fullmatch("[0-9a-f]{64}", quote["normalizedHash"]), "64 hex digits are its hash")
    ok(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", quote["quoteCreatedAt"]), "ISO 8601, UTC")
    ok(0 <= quote["expiresAt"] - before - 15 * 60 <= 5 * PATIENCE, "valid for fifteen minutes")
    price = shop.price_of("N-RED")
    equal(quote["items"][0], {
        "name": "Red Necklace", "quantity": 2, "unitPrice": 3000, "amountSubtotal": 6000,
        "currency": "usd", "sku": "N-RED", "collectionId": "necklaces", "variantId": "red/40",
        "stripePriceId": price["id"], "stripeProductId": price["product"]})
    equal(quote["items"][1]["name"], "Silver Ring")
    ok("collectionId" not in quote["items"][1], "what was not said is absent, not null")
    equal(quote["pricingSummary"], {"items": 3, "subtotal": 8500, "currency": "usd"})


@test
def _():
    """the quote's item is kept under its signature, while it is unused until it expires"""
    quote = granted(shop.quote("N-RED"))
    item = shop.item("QUOTE#" + quote["quoteSignature"], "CACHE")
    equal(item["validUntil"], quote["expiresAt"])
    equal(item["version"], 1)
    equal(item["items"], quote["items"])
    equal(item["expiresAt"], item["validUntil"] + 3600, "an hour to say that it has expired")


@test
def _():
    """QUOTE_TTL_MINUTES says how long a quote is valid"""
    now = time.time()
    quote = granted(shop.quote("N-RED", QUOTE_TTL_MINUTES=90))
    ok(abs(quote["expiresAt"] - now - 5400) <= 5 * PATIENCE, "ninety minutes")


@test
def _():
    """the same cart in another order has the same hash, another cart has another"""
    def hash_of(*items):
        return granted(shop.quote(*items))["normalizedHash"]
    equal(hash_of("N-RED", ("R-SIL", 2)), hash_of(("R-SIL", 2), "N-RED"))
    ok(hash_of("N-RED", ("R-SIL", 2)) != hash_of("N-RED", ("R-SIL", 3)), "another quantity")


@test
def _():
    """two quotes of one cart never have one signature"""
    signatures = {granted(shop.quote("N-RED"))["quoteSignature"] for _ in range(5)}
    equal(len(signatures), 5)


@test
def _():
    """a price, a subtotal and a name that the client sends are ignored"""
    quote = granted(shop.cgi("cart-quote", {
        "items": [{"sku": "N-RED", "quantity": 1, "price": 1, "unitPrice": 1, "unit_amount": 1,
                   "amountSubtotal": 1, "name": "Cheap", "currency": "eur",
                   "stripeProductId": "prod_evil"}],
        "subtotal": 1, "total": 1, "amount": 1, "pricingSummary": {"subtotal": 1}}))
    equal(quote["items"][0]["unitPrice"], 3000)
    equal(quote["items"][0]["name"], "Red Necklace")
    equal(quote["items"][0]["stripeProductId"], shop.price_of("N-RED")["product"])
    equal(quote["pricingSummary"], {"items": 1, "subtotal": 3000, "currency": "usd"})


@test
def _():
    """a stripePriceId is read by id, and its sku is the lookup key"""
    with shop.asks(price=1):
        quote = granted(shop.quote({"stripePriceId": "price_one", "quantity": 3},
                                   PRICE_CACHE_SECONDS=0))
    equal(quote["items"][0]["sku"], "ONE")
    equal(quote["pricingSummary"]["subtotal"], 333)


@test
def _():
    """a sku that reads like another price's id is not mistaken for it, cached or not"""
    for _round in range(2):
        by_sku = granted(shop.quote({"sku": "price_one", "quantity": 1}))["items"][0]
        by_id = granted(shop.quote({"stripePriceId": "price_one", "quantity": 1}))["items"][0]
        equal((by_sku["unitPrice"], by_sku["stripePriceId"]), (222, "price_two"))
        equal((by_id["unitPrice"], by_id["stripePriceId"]), (111, "price_one"))
    both = granted(shop.quote({"stripePriceId": "price_one", "quantity": 1},
                              {"sku": "price_one", "quantity": 1}))["items"]
    equal([i["unitPrice"] for i in both], [111, 222])


@test
def _():
    """a price of packages is quoted as Stripe charges it, and paid so"""
    for round, cases in (("up", ((1, 1000, 1000), (12, 1000, None), (13, 2000, None), (20, 2000, 100))),
                         ("down", ((12, 1000, None), (13, 1000, None), (25, 2000, 80)))):
        shop.stripe("POST", "/v1/prices", {
            "unit_amount": 1000, "currency": "usd", "product_data[name]": "Eggs", "lookup_key": round,
            "transform_quantity[divide_by]": 12, "transform_quantity[round]": round})
        for quantity, subtotal, each in cases:
            quote = granted(shop.quote({"sku": round, "quantity": quantity}))
            line = quote["items"][0]
            equal((line["amountSubtotal"], quote["pricingSummary"]["subtotal"], line.get("unitPrice")),
                  (subtotal, subtotal, each), f"{quantity} {round}")
            made = granted(shop.checkout(quote["quoteSignature"]))
            session = shop.stripe("GET", "/v1/checkout/sessions/" + made["sessionId"])
            equal(session["amount_subtotal"], subtotal, f"{quantity} {round}: the session")


@test
def _():
    """where a line has both, the id of the price is what counts"""
    quote = granted(shop.quote({"sku": "R-SIL", "stripePriceId": "price_one", "quantity": 1}))
    equal(quote["items"][0]["unitPrice"], 111)


@test
def _():
    """a sku of any characters reaches Stripe and the table whole"""
    for _round in range(2):
        quote = granted(shop.quote(("Ü-ñ 1&x=[]#%", 2)))
        equal(quote["items"][0]["name"], "Ünïcode ✓")
        equal(quote["pricingSummary"]["subtotal"], 1400)


@test
def _():
    """a price of nothing can be quoted, and a yen has no cents"""
    equal(granted(shop.quote("FREE"))["pricingSummary"],
          {"items": 1, "subtotal": 0, "currency": "usd"})
    equal(granted(shop.quote(("YEN", 2)))["pricingSummary"],
          {"items": 2, "subtotal": 2400, "currency": "jpy"})


@test
def _():
    """a sum beyond 32 bits is exact"""
    quote = granted(shop.quote(("DEAR", 999), ("DEAR", 999)))
    equal(quote["pricingSummary"]["subtotal"], 2 * 999 * 99999999)


@test
def _():
    """the wish for a currency is read in either case, and null is no wish"""
    items = [{"sku": "N-RED", "quantity": 1}]
    for wish in ("usd", "USD", None):
        quote = granted(shop.cgi("cart-quote", {"items": items, "currency": wish}))
        equal(quote["pricingSummary"]["currency"], "usd")


@test
def _():
    """one price may stand in a cart twice, as two variants"""
    quote = granted(shop.quote({"sku": "N-RED", "quantity": 1, "variantId": "40"},
                               {"sku": "N-RED", "quantity": 2, "variantId": "45"}))
    equal([i["variantId"] for i in quote["items"]], ["40", "45"])
    equal(quote["pricingSummary"]["items"], 3)


@test
def _():
    """the ends of a quantity, 1 and 999, are fine"""
    quote = granted(shop.quote(("N-RED", 1), ("R-SIL", 999)))
    equal(quote["pricingSummary"]["subtotal"], 3000 + 999 * 2500)


@test
def _():
    """a hundred lines are a cart, and the same prices are asked for once"""
    with shop.asks(prices=1):
        quote = granted(shop.quote(*["N-RED", "R-SIL"] * 50, PRICE_CACHE_SECONDS=0))
    equal(len(quote["items"]), 100)
    equal(quote["pricingSummary"], {"items": 100, "subtotal": 50 * 5500, "currency": "usd"})


# --- how often Stripe is asked ------------------------------------------------------------------

@test
def _():
    """twenty-five skus are three calls of up to ten, each line at its own price"""
    cart = [f"K-{n:02}" for n in range(1, 26)]
    with shop.asks(prices=3):
        quote = granted(shop.quote(*cart, PRICE_CACHE_SECONDS=0))
    equal([(i["sku"], i["unitPrice"]) for i in quote["items"]],
          [(f"K-{n:02}", 100 + n) for n in range(1, 26)])


for count, calls in ((1, 1), (10, 1), (11, 2), (20, 2), (21, 3)):
    @case(f"{count} skus cost {calls} call{'s' * (calls > 1)}")
    def _(count=count, calls=calls):
        with shop.asks(prices=calls):
            granted(shop.quote(*[f"K-{n:02}" for n in range(1, count + 1)], PRICE_CACHE_SECONDS=0))


@test
def _():
    """the second quote of a price asks Stripe for nothing"""
    cart = ["K-01", {"stripePriceId": "price_one", "quantity": 1}]
    first = granted(shop.quote(*cart))
    with shop.asks():
        second = granted(shop.quote(*cart))
    equal(second["items"], first["items"])
    equal(second["pricingSummary"], first["pricingSummary"])


@test
def _():
    """a cart of cached and new prices asks for the new ones only"""
    granted(shop.quote("K-02"))
    cart = ["K-02"] + [f"K-{n:02}" for n in range(13, 23)]
    with shop.asks(prices=1):
        granted(shop.quote(*cart))


@test
def _():
    """PRICE_CACHE_SECONDS=0 asks for every quote and keeps no price"""
    fresh = KeptShop(PRICE_CACHE_SECONDS=0)
    try:
        for _round in range(2):
            with fresh.asks(prices=1):
                granted(fresh.quote("N-RED"))
        equal(fresh.items("PRICE#"), {})
    finally:
        fresh.close()


@test
def _():
    """a price is asked for again when its time in the cache is over, and a new one then holds"""
    fresh = KeptShop(PRICE_CACHE_SECONDS=60)
    try:
        old = granted(fresh.quote("N-RED"))["items"][0]
        fresh.stripe("POST", "/v1/prices", {
            "unit_amount": 3100, "currency": "usd", "product": old["stripeProductId"],
            "lookup_key": "N-RED", "transfer_lookup_key": "true"})
        equal(granted(fresh.quote("N-RED"))["items"][0]["unitPrice"], 3000, "while it is cached")
        with fresh.asks(prices=1):
            later = granted(fresh.quote("N-RED", **clock(+61)))
        equal(later["items"][0]["unitPrice"], 3100)
    finally:
        fresh.close()


@test
def _():
    """a price that a clock left in the cache that was ahead is asked for again, and so is one that is missing"""
    fresh = KeptShop(PRICE_CACHE_SECONDS=60)
    try:
        granted(fresh.quote("N-RED", **clock(+36000)))
        refused(fresh.quote("SOON", **clock(+36000)), 400)
        for sku in ("N-RED", "SOON"):
            with fresh.asks(prices=1):
                fresh.quote(sku)
            with fresh.asks():
                fresh.quote(sku)
    finally:
        fresh.close()


@test
def _():
    """a price that another program left in the cache without a version is used and replaced"""
    fresh = KeptShop()
    try:
        granted(fresh.quote("N-RED"))
        sk = next(sk for pk, sk in fresh.items("PRICE#"))
        fresh.store({"PK": "PRICE#R-SIL", "SK": sk, "note": "no price at all"})
        with fresh.asks(prices=1):
            quote = granted(fresh.quote("R-SIL"))
        equal(quote["items"][0]["unitPrice"], 2500)
        equal(fresh.item("PRICE#R-SIL", sk)["stripePriceId"], quote["items"][0]["stripePriceId"])
    finally:
        fresh.close()


@test
def _():
    """a price that is not there is remembered for a minute, then Stripe is asked again"""
    fresh = KeptShop()
    missing = {"items": [{"sku": "N-RED", "quantity": 1}, {"sku": "SOON", "quantity": 1},
                         {"stripePriceId": "price_soon", "quantity": 1}]}
    try:
        with fresh.asks(prices=1):
            for _round in range(3):
                refused(fresh.cgi("cart-quote", missing), 400, "items[1]", "SOON", "no active price")
        by_id = {"items": missing["items"][2:]}
        with fresh.asks(price=1):
            for _round in range(3):
                refused(fresh.cgi("cart-quote", by_id), 400, "items[0]", "price_soon", "no such price")
        kept = fresh.items("PRICE#")
        equal(sorted(pk for pk, _ in kept), ["PRICE#N-RED", "PRICE#SOON", "PRICE#price_soon"])
        for name in ("SOON", "price_soon"):
            left = next(x["expiresAt"] for (pk, _), x in kept.items() if pk == "PRICE#" + name)
            ok(abs(left - time.time() - 60) <= 5 * PATIENCE, f"{name}: a minute")
        fresh.stripe("POST", "/v1/prices", {"unit_amount": 100, "currency": "usd",
                                            "product_data[name]": "Soon", "lookup_key": "SOON"})
        refused(fresh.cgi("cart-quote", missing), 400, "SOON")
        with fresh.asks(prices=1):
            granted(fresh.quote("SOON", **clock(+61)))
    finally:
        fresh.close()


@test
def _():
    """a price that is missing is forgotten with PRICE_CACHE_SECONDS=0, and kept no longer than it says"""
    fresh = KeptShop()
    try:
        for _round in range(2):
            with fresh.asks(prices=1):
                refused(fresh.quote("SOON", PRICE_CACHE_SECONDS=0), 400)
        equal(fresh.items("PRICE#"), {})
        refused(fresh.quote("SOON", PRICE_CACHE_SECONDS=10), 400)
        (item,) = fresh.items("PRICE#").values()
        ok(item["expiresAt"] <= time.time() + 10, "ten seconds")
    finally:
        fresh.close()


@test
def _():
    """a cached price is of one key: another account's, or a live key's, has to be asked for"""
    asked = []

    def answer(request):
        asked.append(request.headers["authorization"])
        amount = 100 * len(asked)
        return 200, json.dumps({"object": "list", "has_more": False, "data": [{
            "id": f"price_{amount}", "object": "price", "active": True, "type": "one_time",
            "currency": "usd", "unit_amount": amount, "lookup_key": "N-RED",
            "product": {"id": "prod_1", "object": "product", "active": True, "name": "Red"}}]}).encode()
    stub = Stub(answer)
    fresh = KeptShop(sim=False, STRIPE_API_BASE=stub.base, **lib.OWN_PAGES)
    try:
        keys = ["sk_test_first0000000000", "sk_test_second000000000", "sk_live_first0000000000"]
        for _round in range(2):
            for n, key in enumerate(keys, 1):
                line = granted(fresh.quote("N-RED", STRIPE_SECRET=key))["items"][0]
                equal((line["unitPrice"], line["stripePriceId"]), (100 * n, f"price_{100 * n}"))
        equal(asked, ["Bearer " + key for key in keys])
        for _, sk in fresh.items("PRICE#"):
            lacks(sk, "first")
        equal({sk.split("#")[1] for _, sk in fresh.items("PRICE#")}, {"test", "live"})
    finally:
        fresh.close()
        stub.close()


# --- carts that are refused ---------------------------------------------------------------------

LINE = {"sku": "N-RED", "quantity": 1}


def line(**more):
    return {"items": [{**LINE, **more}]}


def second(item):
    return {"items": [LINE, item]}


BAD_CARTS = [
    ("an array", [LINE], []),
    ("a string", "cart", []),
    ("null", None, []),
    ("a number", 7, []),
    ("no items", {}, ["items"]),
    ("items null", {"items": None}, ["items"]),
    ("items an object", {"items": {"0": LINE}}, ["items"]),
    ("items a string", {"items": "N-RED"}, ["items"]),
    ("an empty cart", {"items": []}, ["items"]),
    ("101 lines", {"items": [LINE] * 101}, ["items[100]", "100"]),
    ("a line that is null", second(None), ["items[1]"]),
    ("a line that is a string", second("N-RED"), ["items[1]"]),
    ("a line that is an array", second([LINE]), ["items[1]"]),
    ("a line without sku and id", second({"quantity": 1}), ["items[1]"]),
    ("a sku that is null", second({"sku": None, "quantity": 1}), ["items[1]"]),
    ("an empty sku", line(sku=""), ["items[0]"]),
    ("a sku that is a number", line(sku=7), ["items[0]"]),
    ("a sku that is an object", line(sku={"a": 1}), ["items[0]"]),
    ("a sku of 201 characters", line(sku="x" * 201), ["items[0]"]),
    ("a sku with a NUL", line(sku="N-RED\0"), ["items[0]"]),
    ("a sku with a line feed", line(sku="N-RED\n"), ["items[0]"]),
    ("an unknown sku", second({"sku": "NOPE", "quantity": 1}), ["items[1]", "NOPE"]),
    ("a sku in another case", second({"sku": "n-red", "quantity": 1}), ["items[1]", "n-red"]),
    ("a sku with a space behind", second({"sku": "N-RED ", "quantity": 1}), ["items[1]"]),
    ("the sku of an inactive price", second({"sku": "OLD", "quantity": 1}), ["items[1]", "OLD"]),
    ("the sku of a recurring price", second({"sku": "CLUB", "quantity": 1}),
     ["items[1]", "CLUB", "recurring"]),
    ("the sku of an inactive product", second({"sku": "GONE", "quantity": 1}),
     ["items[1]", "GONE", "active"]),
    ("an unknown id", second({"stripePriceId": "price_nope", "quantity": 1}),
     ["items[1]", "price_nope"]),
    ("the id of an inactive price", second({"stripePriceId": "price_old", "quantity": 1}),
     ["items[1]", "price_old", "active"]),
    ("the id of a recurring price", second({"stripePriceId": "price_club", "quantity": 1}),
     ["items[1]", "price_club", "recurring"]),
    ("the id of an inactive product", second({"stripePriceId": "price_gone", "quantity": 1}),
     ["items[1]", "price_gone", "active"]),
    ("an empty id", second({"stripePriceId": "", "quantity": 1}), ["items[1]"]),
    ("an id that is a number", second({"stripePriceId": 5, "quantity": 1}), ["items[1]"]),
    ("an id with a slash", second({"stripePriceId": "price_one/../x", "quantity": 1}), ["items[1]"]),
    ("an id with a query", second({"stripePriceId": "price_one?a=b", "quantity": 1}), ["items[1]"]),
    ("the id of a product", second({"stripePriceId": "prod_123", "quantity": 1}), ["items[1]"]),
    ("quantity 0", line(quantity=0), ["items[0]", "quantity"]),
    ("quantity 1000", line(quantity=1000), ["items[0]", "quantity"]),
    ("quantity -1", line(quantity=-1), ["items[0]", "quantity"]),
    ("quantity 1.5", line(quantity=1.5), ["items[0]", "quantity"]),
    ("quantity as text", line(quantity="2"), ["items[0]", "quantity"]),
    ("quantity null", line(quantity=None), ["items[0]", "quantity"]),
    ("quantity true", line(quantity=True), ["items[0]", "quantity"]),
    ("quantity an array", line(quantity=[1]), ["items[0]", "quantity"]),
    ("quantity 2^32 + 1", line(quantity=2 ** 32 + 1), ["items[0]", "quantity"]),
    ("quantity 2^64 + 1", line(quantity=2 ** 64 + 1), ["items[0]", "quantity"]),
    ("no quantity", second({"sku": "N-RED"}), ["items[1]", "quantity"]),
    ("a collectionId that is a number", line(collectionId=1), ["items[0]", "collectionId"]),
    ("a collectionId of 501 characters", line(collectionId="é" * 501), ["items[0]", "collectionId"]),
    ("a variantId that is an object", line(variantId={}), ["items[0]", "variantId"]),
    ("mixed currencies", second({"sku": "E-EUR", "quantity": 1}), ["items[1]", "E-EUR", "eur"]),
    ("mixed currencies, by id", {"items": [{"sku": "E-EUR", "quantity": 1},
                                           {"stripePriceId": "price_one", "quantity": 1}]},
     ["items[1]", "price_one", "usd"]),
    ("another currency than wished", {"items": [LINE], "currency": "eur"}, ["items[0]", "eur"]),
    ("a currency of two letters", {"items": [LINE], "currency": "us"}, ["currency"]),
    ("a currency with a digit", {"items": [LINE], "currency": "us1"}, ["currency"]),
    ("a currency that is a number", {"items": [LINE], "currency": 840}, ["currency"]),
]

for name, cart, parts in BAD_CARTS:
    for cached in (0, 300):
        @case(f"{name} is a 400 that says so{', with cached prices' if cached else ''}")
        def _(cart=cart, parts=parts, cached=cached):
            body = b"null" if cart is None else cart
            with shop.unchanged(but="PRICE#" if cached else None):
                refused(shop.cgi("cart-quote", body, PRICE_CACHE_SECONDS=cached), 400, *parts)


@test
def _():
    """the first bad line is named, however many there are"""
    with shop.unchanged():
        answer = shop.quote("N-RED", "R-SIL", ("K-01", 0), ("K-02", 0))
    refused(answer, 400, "items[2]")
    lacks(answer.json["error"], "items[3]")


@test
def _():
    """the line of an unknown sku among more than ten is named"""
    cart = [f"K-{n:02}" for n in range(1, 15)] + ["NOPE"]
    with shop.unchanged():
        refused(shop.quote(*cart, PRICE_CACHE_SECONDS=0), 400, "items[14]", "NOPE")


@test
def _():
    """a cart that is refused for its form asks Stripe for nothing"""
    with shop.asks():
        refused(shop.quote("N-RED", ("R-SIL", 0), PRICE_CACHE_SECONDS=0), 400)


# --- requests that are refused ------------------------------------------------------------------

GOOD = b'{"items":[{"sku":"N-RED","quantity":1}]}'

NOT_JSON = {
    "empty": b"", "white space": b"  \n", "cut short": GOOD[:-1], "followed by more": GOOD + b" x",
    "two values": GOOD + GOOD, "in single quotes": GOOD.replace(b'"', b"'"),
    "with a comment": GOOD + b"//x", "with NaN": b'{"items":NaN}', "with a trailing comma":
    b'{"items":[{"sku":"N-RED","quantity":1},]}', "with a leading zero":
    b'{"items":[{"sku":"N-RED","quantity":01}]}', "with a BOM": b"\xef\xbb\xbf" + GOOD,
    "followed by a NUL": GOOD + b"\0", "not UTF-8": GOOD.replace(b"RED", b"\xff\xfe"),
    "with an overlong sequence": GOOD.replace(b"RED", b"\xc0\xaf"),
    "with a raw line feed in a string": GOOD.replace(b"RED", b"R\nD"),
    "nested 30000 deep": b"[" * 30000, "nested 65 deep": b"[" * 65 + b"]" * 65,
}

for name, body in NOT_JSON.items():
    @case(f"a body that is {name} is a 400")
    def _(body=body):
        with shop.unchanged():
            refused(shop.cgi("cart-quote", body), 400)


for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "post", "TRACE"):
    @case(f"{method} is a 405 with Allow")
    def _(method=method):
        with shop.unchanged():
            answer = shop.cgi("cart-quote", GOOD, method=method)
        equal(answer.status, 405)
        equal(answer.headers["allow"], "POST, OPTIONS")


for given in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
              "application/jsonp", "application/json2", "text/json", ""):
    @case(f"Content-Type {given or 'missing'} is a 415")
    def _(given=given):
        with shop.unchanged():
            refused(shop.cgi("cart-quote", GOOD, CONTENT_TYPE=given or None), 415)


for given in ("application/json", "application/json; charset=utf-8", "Application/JSON",
              "application/json;charset=UTF-8", " application/json "):
    @case(f"Content-Type {given!r} is fine")
    def _(given=given):
        granted(shop.cgi("cart-quote", GOOD, CONTENT_TYPE=given))


@test
def _():
    """32768 bytes are a body, 32769 are a 413 that names the limit"""
    granted(shop.cgi("cart-quote", GOOD.ljust(32768)))
    with shop.unchanged():
        refused(shop.cgi("cart-quote", GOOD.ljust(32769)), 413, "32768 bytes")


for given in ("32769", "4294967296", "9223372036854775808", "99999999999999999999999"):
    @case(f"Content-Length {given} is a 413 before a byte is read")
    def _(given=given):
        with shop.unchanged():
            refused(shop.cgi("cart-quote", GOOD, CONTENT_LENGTH=given), 413)


for given in ("-1", "abc", "1e3", "0x10", "12 34", "+40"):
    @case(f"Content-Length {given!r} is a 411")
    def _(given=given):
        with shop.unchanged():
            refused(shop.cgi("cart-quote", GOOD, CONTENT_LENGTH=given), 411)


@test
def _():
    """a body one byte short and one byte long are 400"""
    with shop.unchanged():
        refused(shop.cgi("cart-quote", GOOD, CONTENT_LENGTH=len(GOOD) + 1), 400)
        refused(shop.cgi("cart-quote", GOOD + b" ", CONTENT_LENGTH=len(GOOD)), 400)


@test
def _():
    """a body without Content-Length is a 411"""
    with shop.unchanged():
        refused(shop.cgi("cart-quote", GOOD, CONTENT_LENGTH=None), 411)


for script, info, status in (("/cart/quote", None, 200), ("/api/cart/quote", None, 200),
                             ("/cgi-bin/cart-quote.fcgi", None, 200), ("/cart-quote", None, 200),
                             ("/cgi-bin/cart-quote.fcgi", "/cart/quote", 200),
                             ("/cgi-bin/cart-quote.fcgi", "/cart/nope", 404),
                             ("/cgi-bin/cart-quote.fcgi", "/xcart/quote", 404),
                             ("/cart/quotes", None, 404), ("/healthz", None, 404),
                             ("/cart/quote/", None, 404), ("/", None, 404)):
    @case(f"{script} with path {info} is a {status}")
    def _(script=script, info=info, status=status):
        with shop.unchanged() if status != 200 else contextlib.nullcontext():
            answer = shop.cgi("cart-quote", GOOD, SCRIPT_NAME=script, PATH_INFO=info)
        equal(answer.status, status)


# --- CORS ---------------------------------------------------------------------------------------

ORIGINS = "https://shop.example, http://localhost:5173"

for origin, allowed in (("https://shop.example", True), ("http://localhost:5173", True),
                        ("https://evil.example", False), ("https://shop.example.evil", False),
                        ("http://shop.example", False), ("https://shop.example:8443", False),
                        ("null", False), ("https://shop.example/x", False),
                        ("https://a@shop.example", False), ("https://sub.shop.example", False)):
    @case(f"an answer to the origin {origin} may {'' if allowed else 'not '}be read")
    def _(origin=origin, allowed=allowed):
        for body in (GOOD, b"no JSON"):
            answer = shop.cgi("cart-quote", body, HTTP_ORIGIN=origin, CORS_ALLOW_ORIGIN=ORIGINS)
            equal(answer.headers.get("access-control-allow-origin"), origin if allowed else None)
            equal(answer.headers["vary"], "Origin")
        preflight = shop.cgi("cart-quote", None, method="OPTIONS", HTTP_ORIGIN=origin,
                             CORS_ALLOW_ORIGIN=ORIGINS,
                             HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST")
        equal(preflight.status, 204)
        equal(preflight.headers["vary"], "Origin")
        equal(preflight.headers.get("access-control-allow-origin"), origin if allowed else None)
        if allowed:
            contains(preflight.headers["access-control-allow-methods"], "POST")
            contains(preflight.headers["access-control-allow-headers"].lower(), "content-type")
            contains(preflight.headers["access-control-allow-headers"].lower(), "authorization")


@test
def _():
    """a request without Origin gets Vary and no allow header, without the setting too"""
    for setting in (ORIGINS, None):
        answer = shop.cgi("cart-quote", GOOD, CORS_ALLOW_ORIGIN=setting)
        equal(answer.headers["vary"], "Origin")
        ok("access-control-allow-origin" not in answer.headers, "no allow header")
    answer = shop.cgi("cart-quote", GOOD, CORS_ALLOW_ORIGIN=None,
                      HTTP_ORIGIN="https://shop.example")
    ok("access-control-allow-origin" not in answer.headers, "no setting, no allow header")


# --- Stripe and the store away ------------------------------------------------------------------

@test
def _():
    """Stripe down is a 503 with Retry-After, and nothing is kept"""
    with shop.unchanged():
        refused(shop.quote("N-RED", PRICE_CACHE_SECONDS=0, STRIPE_API_BASE="http://127.0.0.1:9"),
                503)


@test
def _():
    """a Stripe that takes too long is a 503 within eight and a half seconds"""
    started = Watch()
    with shop.faults("GET /v1/prices", "delay", ms=30000, times=-1), shop.unchanged():
        refused(shop.quote("N-RED", PRICE_CACHE_SECONDS=0), 503)
    started.at_most(8.5)


@test
def _():
    """Stripe down is no reason to refuse a cart whose prices are cached"""
    granted(shop.quote("N-RED"))
    granted(shop.quote("N-RED", STRIPE_API_BASE="http://127.0.0.1:9"))


for kind, more in (("status", {"status": 500}), ("status", {"status": 503}), ("disconnect", {}),
                   ("garbage", {}), ("status", {"status": 409})):
    @case(f"one {kind} {more.get('status', '')} of Stripe's is tried again or a 503, never a quote "
          "without prices")
    def _(kind=kind, more=more):
        with shop.faults("GET /v1/prices", kind, times=1, **more):
            answer = shop.quote("N-RED", PRICE_CACHE_SECONDS=0)
        if kind == "garbage" and answer.status == 503:
            return
        equal(granted(answer)["pricingSummary"]["subtotal"], 3000)


for status in (429, 500, 503):
    @case(f"a lasting {status} of Stripe's is a 503")
    def _(status=status):
        with shop.faults("GET /v1/prices", "status", status=status, times=-1), shop.unchanged():
            refused(shop.quote("N-RED", PRICE_CACHE_SECONDS=0), 503)


for status, then in ((403, 502), (500, 503)):
    @case(f"a lasting {status} for a price by its id is a {then}, and is not taken for a price that is missing")
    def _(status=status, then=then):
        with shop.faults("GET /v1/prices/price_one", "status", status=status, times=-1), shop.unchanged():
            refused(shop.quote({"stripePriceId": "price_one", "quantity": 1}, PRICE_CACHE_SECONDS=0), then)


@test
def _():
    """a wrong API key is a 502, with Stripe's request id in the log and not in the answer"""
    with shop.unchanged():
        answer = shop.quote("N-RED", PRICE_CACHE_SECONDS=0,
                            STRIPE_SECRET="sk_test_another0000000000")
    refused(answer, 502)
    contains(answer.log, "req_")
    lacks(answer.body.decode(), "req_")
    lacks(answer.log, "another0000")


@test
def _():
    """a store that can't be opened is a 503, and its path is not in the answer"""
    answer = shop.quote("N-RED", COMMERCE_DB=shop.folder + "/no such folder/orders.db")
    refused(answer, 503)
    lacks(answer.body.decode(), "no such folder")
    contains(answer.log, "no such folder")


@test
def _():
    """a refusal is logged with its status and reason"""
    answer = shop.quote(("N-RED", 0))
    ok(lines_of(answer.log, "status=400"), answer.log)


# --- collections and variants -------------------------------------------------------------------

CLUB = {"QUOTE_LOOKUP_KEY": "babesclub:{collectionId}:{variantId}:{currency}"}


def catalogue(key, unit=2500, **metadata):
    """A price of the Lambda functions' catalogue."""
    made = shop.stripe("POST", "/v1/prices", {
        "unit_amount": unit, "currency": "usd", "lookup_key": key, "product_data[name]": "Bracelet",
        **{f"product_data[metadata][{name}]": value for name, value in metadata.items()}})
    return made


def frontend(collection, variant, currency="usd", **more):
    """The request of the functions' frontend, as it stands."""
    line = {"collectionId": collection, "variantId": variant, "quantity": 2, "name": "Bracelet",
            "unitAmount": 1, "currency": "usd", "options": {"size": "M"}, **more}
    return {"items": [line], "subtotal": 2, "currency": currency}


@test
def _():
    """QUOTE_LOOKUP_KEY: collection and variant make the lookup key; the order has the product's sku"""
    price = catalogue("babesclub:summer:rose:usd", sku="BR-ROSE", collection="summer",
                      variant_id="rose", color="rose")
    for again in range(2):
        with shop.asks(prices=1 - again):
            quote = granted(shop.cgi("cart-quote", frontend("summer", "rose"), **CLUB))
        equal(quote["items"], [{
            "name": "Bracelet", "quantity": 2, "unitPrice": 2500, "amountSubtotal": 5000,
            "currency": "usd", "sku": "BR-ROSE", "collectionId": "summer", "variantId": "rose",
            "stripePriceId": price["id"], "stripeProductId": price["product"]}])
    order = sold(quote)
    equal([[i.get(k) for k in ("sku", "collectionId", "variantId", "color")] for i in order["items"]],
          [["BR-ROSE", "summer", "rose", "rose"]])


@test
def _():
    """a product without a sku gives an order without one: the lookup key is none"""
    catalogue("babesclub:bare:1:usd")
    quote = granted(shop.cgi("cart-quote", frontend("bare", "1"), **CLUB))
    ok("sku" not in quote["items"][0], quote["items"])
    (line,) = sold(quote)["items"]
    equal([line.get(k) for k in ("sku", "collectionId", "variantId")], [None, "bare", "1"])
    same = granted(shop.quote("babesclub:bare:1:usd", **CLUB))
    equal(same["items"][0]["sku"], "babesclub:bare:1:usd", "where the client names it so")


@test
def _():
    """the currency of the key is the request's in lower case, usd where it names none"""
    catalogue("babesclub:cur:1:usd")
    for currency in ("USD", "usd", None):
        granted(shop.cgi("cart-quote", frontend("cur", "1", currency), **CLUB))
    body = frontend("cur", "1")
    del body["currency"]
    granted(shop.cgi("cart-quote", body, **CLUB))
    refused(shop.cgi("cart-quote", frontend("cur", "1", "EUR"), **CLUB), 400,
            "no active price has this lookup key", '(lookup key "babesclub:cur:1:eur")')


@test
def _():
    """a sku and a stripePriceId win; half a name, or no QUOTE_LOOKUP_KEY, is a 400 that says so"""
    quote = granted(shop.cgi("cart-quote", frontend("x", "y", sku="N-RED"), **CLUB))
    equal([quote["items"][0][k] for k in ("sku", "collectionId")], ["N-RED", "necklaces"])
    refused(shop.cgi("cart-quote", frontend("x", None), **CLUB), 400,
            "items[0].sku or stripePriceId, or collectionId and variantId, is required")
    refused(shop.cgi("cart-quote", frontend("x", "y")), 400,
            "items[0].sku or stripePriceId is required")
    refused(shop.cgi("cart-quote", frontend("x" * 190, "y"), **CLUB), 400, "more than 200 characters")


@test
def _():
    """what a product or a price says that it is counts, whatever the request calls it: in the order, too"""
    cheap = catalogue("SILVER", 500, collection="silver", variant_id="1")
    other = catalogue("OTHER", 600, collectionId="plain")
    for name in ({"sku": "SILVER"}, {"sku": "SILVER"}, {"stripePriceId": cheap["id"]}):
        quote = granted(shop.quote({**name, "quantity": 1, "collectionId": "gold", "variantId": "9"},
                                   {"sku": "OTHER", "quantity": 1, "collectionId": "gold", "variantId": "9"}))
        equal([[i["collectionId"], i["variantId"]] for i in quote["items"]], [["silver", "1"], ["plain", "9"]])
    equal([[i["collectionId"], i["variantId"]] for i in sold(quote)["items"]], [["silver", "1"], ["plain", "9"]])
    bare = granted(shop.quote("SILVER", {"stripePriceId": other["id"], "quantity": 1}))["items"]
    equal([[i.get("collectionId"), i.get("variantId")] for i in bare], [["silver", "1"], ["plain", None]])


@test
def _():
    """QUOTE_LOOKUP_KEYS_ONLY: an old price that is still active can't be bought at by its id"""
    old = catalogue("RAISED", 3000)
    shop.stripe("POST", "/v1/prices", {"unit_amount": 4500, "currency": "usd", "product": old["product"],
                                       "lookup_key": "RAISED", "transfer_lookup_key": "true"})
    line, only = {"stripePriceId": old["id"], "quantity": 1}, {"QUOTE_LOOKUP_KEYS_ONLY": 1}
    equal(granted(shop.quote(line))["pricingSummary"]["subtotal"], 3000, "without the setting")
    with shop.asks():
        refused(shop.quote(line, **only), 400, "items[0].sku is required")
        refused(shop.quote(line, **only, **CLUB), 400, "items[0].sku, or collectionId and variantId, is required")
    both = granted(shop.quote({**line, "sku": "RAISED"}, **only))
    equal(both["pricingSummary"]["subtotal"], 4500, "where a line has both")


@test
def _():
    """a price that Stripe refuses for a session leaves the cache under the key that ids made, too"""
    price = catalogue("babesclub:gone:1:usd", sku="GONE-1")
    quote = granted(shop.cgi("cart-quote", frontend("gone", "1"), **CLUB))
    equal(len(shop.items("PRICE#babesclub:gone")), 1)
    shop.stripe("POST", "/v1/prices/" + price["id"], {"active": "false"})
    refused(shop.checkout(quote["quoteSignature"], **CLUB), 409, "quote the cart again")
    equal(len(shop.items("PRICE#babesclub:gone")), 0)


@test
def _():
    """QUOTE_PRODUCT_METADATA: only products that bear the key are sold, whatever is cached"""
    only = {"QUOTE_PRODUCT_METADATA": "webshop"}
    for key, name, more in (("SOLD", "Marked", {"product_data[metadata][webshop]": "no"}),
                            ("NOT-SOLD", "Unmarked", {"product_data[metadata][shop]": "yes"})):
        shop.stripe("POST", "/v1/prices", {"unit_amount": 500, "currency": "usd", "lookup_key": key,
                                           "product_data[name]": name, **more})
    granted(shop.quote("NOT-SOLD"))
    granted(shop.quote("SOLD", **only))
    for _again in range(2):
        refused(shop.quote("SOLD", "NOT-SOLD", **only), 400, "items[1] can't be sold",
                "not for sale here")
    price = shop.price_of("NOT-SOLD")["id"]
    refused(shop.cgi("cart-quote", {"items": [{"stripePriceId": price, "quantity": 1}]}, **only), 400,
            "not for sale here")
    granted(shop.quote("NOT-SOLD"))


@test
def _():
    """a QUOTE_PRODUCT_METADATA that can be no key stops the start and is named"""
    for key in ("a[b]", "k" * 41, " "):
        answer = shop.quote("N-RED", QUOTE_PRODUCT_METADATA=key)
        equal(answer.status, 500)
        contains(answer.log, "QUOTE_PRODUCT_METADATA")


@test
def _():
    """a QUOTE_LOOKUP_KEY without the two places, or with another, stops the start and is named"""
    for template in ("babesclub", "b:{collectionId}", "b:{variantId}", "b:{collectionId}:{variant}",
                     "b:{collectionId}:{variantId}:{colour}", "b:{collectionId}:{variantId}}"):
        answer = shop.quote("N-RED", QUOTE_LOOKUP_KEY=template)
        equal((answer.status, answer.exit_code), (500, 1), template)
        contains(answer.log, "QUOTE_LOOKUP_KEY must be")


def sold(quote):
    """The order that becomes of a quote."""
    made = granted(shop.checkout(quote["quoteSignature"], **CLUB))
    shop.sim.post("/_sim/pay", {"session": made["sessionId"]})
    (event,) = [e for e in shop.sim.get("/_sim/events") if e["type"] == "checkout.session.completed"
                and e["data"]["object"]["id"] == made["sessionId"]]
    granted(shop.webhook(event))
    return shop.order_of(made["sessionId"])


@test
def _():
    """no secret and no whole e-mail address was logged in this run"""
    check_log(["sk_test_another0000000000"])


main(shop)
