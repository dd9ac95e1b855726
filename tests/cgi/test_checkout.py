#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""POST /checkout/create-session: a quote becomes one Stripe Checkout Session, or is refused."""
import contextlib
import json
import os
import sqlite3
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from kit import (JWT_SECRET, KeptShop, PATIENCE, Stub, b64, Watch, case, check_log, clock, contains,
                 equal, granted, key_pair, lacks, lines_of, main, ok, refused, test, token)

shop = KeptShop()
QUOTE = granted(shop.quote({"sku": "N-RED", "quantity": 2, "collectionId": "necklaces",
                            "variantId": "red/40"}, "R-SIL"))
SIGNATURE = QUOTE["quoteSignature"]


def create(body=None, **variables):
    return shop.checkout(SIGNATURE, body, **variables)


def session_of(answer):
    """The session as Stripe has it."""
    return shop.stripe("GET", "/v1/checkout/sessions/" + granted(answer)["sessionId"])


def sessions():
    return shop.stripe("GET", "/v1/checkout/sessions?limit=100")["data"]


@contextlib.contextmanager
def none_made():
    """Nothing is stored, and no session is made at Stripe."""
    before = [s["id"] for s in sessions()]
    with shop.unchanged():
        yield
    equal([s["id"] for s in sessions()], before, "sessions at Stripe")


@contextlib.contextmanager
def unsold():
    """No session is made at Stripe, and nothing stored but what becomes of a price."""
    before = [s["id"] for s in sessions()]
    with shop.unchanged(but="PRICE#"):
        yield
    equal([s["id"] for s in sessions()], before, "sessions at Stripe")


# --- what is answered and what is sent ----------------------------------------------------------

@test
def _():
    """the answer has all of its fields"""
    answer = granted(create({"userId": "user_1", "customerEmail": "jane.doe@shop.example"}))
    session = shop.stripe("GET", "/v1/checkout/sessions/" + answer["sessionId"])
    equal(answer, {
        "sessionId": session["id"], "stripeSessionId": session["id"],
        "quoteSignature": SIGNATURE, "quote": QUOTE, "expiresAt": QUOTE["expiresAt"],
        "checkoutUrl": session["url"],
        "clientReturnUrl": shop.settings["CHECKOUT_SUCCESS_URL"], "stripeStatus": "open",
        "stripeMode": "payment", "stripePaymentStatus": "unpaid",
        "stripeExpiresAt": session["expires_at"], "customerEmail": "jane.doe@shop.example"})


@test
def _():
    """Stripe gets the user, the lines with their metadata, the address and where to return"""
    session = session_of(create({"userId": "user_2", "customerEmail": "jane.doe@shop.example",
                                 "metadata": {"campaign": "spring"}}))
    equal(session["mode"], "payment")
    equal(session["client_reference_id"], "user_2")
    equal(session["customer_email"], "jane.doe@shop.example")
    equal(session["metadata"], {"campaign": "spring", "userId": "user_2", "userKind": "claimed",
                                "quoteSignature": SIGNATURE,
                                "normalizedHash": QUOTE["normalizedHash"]})
    equal(session["success_url"], shop.settings["CHECKOUT_SUCCESS_URL"])
    equal(session["cancel_url"], shop.settings["CHECKOUT_CANCEL_URL"])
    lines = shop.stripe("GET", f"/v1/checkout/sessions/{session['id']}/line_items")["data"]
    equal([(i["price"]["id"], i["quantity"], i["metadata"]) for i in lines], [
        (QUOTE["items"][0]["stripePriceId"], 2,
         {"sku": "N-RED", "collectionId": "necklaces", "variantId": "red/40"}),
        (QUOTE["items"][1]["stripePriceId"], 1, {"sku": "R-SIL"})])
    equal(session["amount_total"], QUOTE["pricingSummary"]["subtotal"])


@test
def _():
    """the payment intent gets the same metadata as the session"""
    session = session_of(create({"userId": "user_pi", "metadata": {"a": "b"}}))
    paid = shop.sim.post("/_sim/pay", {"session": session["id"]})["session"]
    intent = shop.stripe("GET", "/v1/payment_intents/" + paid["payment_intent"])
    equal(intent["metadata"], session["metadata"])


@test
def _():
    """the session's item has the quote, the user, the status and its end"""
    answer = granted(create({"userId": "user_3"}))
    item = shop.item("SESSION#" + answer["sessionId"])
    equal((item["quoteSignature"], item["userId"], item["status"], item["version"]),
          (SIGNATURE, "user_3", "open", 1))
    equal(item["expiresAt"], answer["stripeExpiresAt"] + 3 * 86400)


@test
def _():
    """one session costs one call of Stripe"""
    with shop.asks(create=1):
        granted(create({"userId": "user_calls"}))


FLAGS = [
    ("nothing asked for", {}, {}, (None, False, False, None)),
    ("allowPromotionCodes", {"allowPromotionCodes": True}, {}, (True, False, False, None)),
    ("automaticTax", {"automaticTax": True}, {}, (None, True, False, None)),
    ("phoneNumberCollection", {"phoneNumberCollection": {"enabled": True}}, {},
     (None, False, True, None)),
    ("shippingAddressCollection", {"shippingAddressCollection": {"allowed_countries": ["CA", "US"]}},
     {}, (None, False, False, ["CA", "US"])),
    ("CHECKOUT_ALLOW_PROMOTION_CODES", {}, {"CHECKOUT_ALLOW_PROMOTION_CODES": 1},
     (True, False, False, None)),
    ("CHECKOUT_AUTOMATIC_TAX", {}, {"CHECKOUT_AUTOMATIC_TAX": "yes"}, (None, True, False, None)),
    ("a request that says no where the settings say yes",
     {"allowPromotionCodes": False, "automaticTax": False},
     {"CHECKOUT_ALLOW_PROMOTION_CODES": 1, "CHECKOUT_AUTOMATIC_TAX": 1}, (True, True, False, None)),
    ("a request that says yes where the settings say no",
     {"allowPromotionCodes": True, "automaticTax": True},
     {"CHECKOUT_ALLOW_PROMOTION_CODES": 0, "CHECKOUT_AUTOMATIC_TAX": "off"},
     (None, False, False, None)),
    ("flags as the functions took them",
     {"allowPromotionCodes": 1, "automaticTax": "true", "phoneNumberCollection": {"enabled": "true"}},
     {}, (True, True, True, None)),
]

for name, body, settings, want in FLAGS:
    @case(f"{name}: Stripe is asked for that and nothing else")
    def _(name=name, body=body, settings=settings, want=want):
        session = session_of(create({"userId": "flags-" + str(len(name)), **body}, **settings))
        shipping = session["shipping_address_collection"]
        equal((session["allow_promotion_codes"] or None, session["automatic_tax"]["enabled"],
               session["phone_number_collection"]["enabled"],
               shipping and shipping["allowed_countries"]), want)


for quote_ttl, session_ttl, age in ((15, 1440, 0), (15, 30, 0), (15, 30, 14), (1380, 30, 1379),
                                    (1, 60, 0), (15, 525600, 0)):
    @case(f"quote of {quote_ttl} minutes, session of {session_ttl}, clicked after {age}: Stripe's 30 "
          "minutes to 24 hours are kept")
    def _(quote_ttl=quote_ttl, session_ttl=session_ttl, age=age):
        variables = clock(-60 * age + 20) if age else {}
        quote = granted(shop.quote("N-RED", QUOTE_TTL_MINUTES=quote_ttl, **variables))
        answer = granted(shop.checkout(quote["quoteSignature"], QUOTE_TTL_MINUTES=quote_ttl,
                                       SESSION_TTL_MINUTES=session_ttl))
        left = answer["stripeExpiresAt"] - time.time()
        ok(1800 <= left <= 86400, f"{left} seconds left")


@test
def _():
    """a quote that was made while quotes were valid for longer is good for as long as it says"""
    quote = granted(shop.quote("N-RED", QUOTE_TTL_MINUTES=240, **clock(-3600)))
    answer = granted(shop.checkout(quote["quoteSignature"], SESSION_TTL_MINUTES=30))
    equal(answer["stripeExpiresAt"], quote["expiresAt"] + 35 * 60)


for shift in (-290, 290):
    for age, session_ttl in ((0, 1440), (880, 30)):
        @case(f"a clock that is {shift} seconds off, which webhooks are taken with, sells all the same: a "
              f"session of {session_ttl} minutes, clicked after {age} seconds")
        def _(shift=shift, age=age, session_ttl=session_ttl):
            quote = granted(shop.quote("N-RED", **clock(shift - age)))
            granted(shop.checkout(quote["quoteSignature"], SESSION_TTL_MINUTES=session_ttl, **clock(shift)))


def asked_of_stripe(body=None, **variables):
    """The requests that a program sends for one session."""
    def answer(_request):
        return 200, json.dumps({"id": "cs_test_stub", "object": "checkout.session", "url": "u",
                                "status": "open", "mode": "payment"}).encode()
    stub = Stub(answer)
    try:
        granted(create(body, STRIPE_API_BASE=stub.base, **variables))
    finally:
        stub.close()
    return stub.requests


@test
def _():
    """the request carries the key, a pinned Stripe-Version and an Idempotency-Key, and one form"""
    request, = asked_of_stripe({"userId": "user_stub"})
    headers = request.headers
    equal((request.method, request.path), ("POST", "/v1/checkout/sessions"))
    equal(headers["authorization"], "Bearer " + shop.settings["STRIPE_SECRET"])
    ok(headers["stripe-version"].startswith("20"), headers["stripe-version"])
    ok(8 <= len(headers["idempotency-key"]) <= 255, headers["idempotency-key"])
    equal(headers["content-type"], "application/x-www-form-urlencoded")
    form = dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))
    equal(form["line_items[0][price]"], QUOTE["items"][0]["stripePriceId"])
    for name in ("ui_mode", "payment_method_types[0]", "customer", "line_items[0][price_data]"):
        ok(name not in form, f"{name} is not sent")


@test
def _():
    """the Idempotency-Key is told from the quote and the request alone"""
    def key_of(body):
        return asked_of_stripe(body)[0].headers["idempotency-key"]
    first = key_of({"userId": "user_key"})
    equal(key_of({"userId": "user_key"}), first)
    ok(key_of({"userId": "user_kez"}) != first, "another user")
    lacks(first, "user_key")


@test
def _():
    """a Proxy header of the client's does not choose who sees the API key"""
    proxy = Stub(lambda _request: (200, b"{}"))
    try:
        granted(create({"userId": "user_proxy"}, HTTP_PROXY=proxy.base, http_proxy=proxy.base,
                       ALL_PROXY=proxy.base, all_proxy=proxy.base))
        equal(proxy.connections, 0)
    finally:
        proxy.close()


@test
def _():
    """a redirect of Stripe's is not followed with the key"""
    target = Stub(lambda _request: (200, b'{"id":"cs_evil","url":"https://evil.example"}'))
    stub = Stub(lambda _request: (302, b"{}", {"Location": target.base + "/v1/checkout/sessions"}))
    try:
        answer = create({"userId": "user_redirect"}, STRIPE_API_BASE=stub.base)
        ok(answer.status in (502, 503), answer.status)
        equal(target.connections, 0)
    finally:
        stub.close()
        target.close()


for what, body in (("no JSON", b"<html>"), ("an array", b"[]"), ("empty", b""), ("null", b"null"),
                   ("without an id", b'{"object":"checkout.session"}'),
                   ("of a numeric id", b'{"id":7,"object":"checkout.session"}')):
    @case(f"an answer of Stripe's that is {what} is a 503, not a session")
    def _(body=body):
        stub = Stub(lambda _request: (200, body))
        try:
            with shop.unchanged():
                refused(create({"userId": "u"}, STRIPE_API_BASE=stub.base), 503)
        finally:
            stub.close()


# --- one click, one session ---------------------------------------------------------------------

@test
def _():
    """two clicks give one session, at Stripe too"""
    before = len(sessions())
    body = {"userId": "user_twice", "customerEmail": "twice@shop.example", "metadata": {"a": "1"}}
    first, again = granted(create(body)), granted(create(body))
    equal(again, first)
    equal(len(sessions()), before + 1)
    equal(shop.item("SESSION#" + first["sessionId"])["version"], 1)


@test
def _():
    """four clicks at the same moment give one session"""
    before = len(sessions())
    body = {"userId": "user_four"}
    with shop.faults("POST /v1/checkout/sessions", "delay", ms=150, times=-1), \
            ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _n: create(body), range(4)))
    equal(len({granted(a)["sessionId"] for a in answers}), 1)
    equal(len(sessions()), before + 1)


@test
def _():
    """another request on the same quote is another session"""
    ids = {granted(create(body))["sessionId"] for body in (
        {"userId": "user_a"}, {"userId": "user_b"}, {"userId": "user_a", "metadata": {"x": "y"}},
        {"userId": "user_a", "successUrl": "https://shop.example/other"})}
    equal(len(ids), 4)


@test
def _():
    """a session that Stripe made but could not tell of is found again by the retry"""
    before = len(sessions())
    with shop.faults("POST /v1/checkout/sessions", "disconnect_after", times=1):
        granted(create({"userId": "user_lost"}))
    equal(len(sessions()), before + 1)


@test
def _():
    """a 500 that Stripe replays for its key is recovered by a new key"""
    before = len(sessions())
    with shop.faults("POST /v1/checkout/sessions", "status", status=500, times=1):
        granted(create({"userId": "user_500"}))
    equal(len(sessions()), before + 1)


# What Stripe's first answer is, what its Stripe-Should-Retry says (or nothing), and whose
# idempotency key comes next: the same, another one, or none.  A 500 is kept for its key.
for status, told, then in ((500, None, "another"), (503, None, "another"), (500, "false", "another"),
                           (500, "true", "the same"), (409, None, "the same"), (409, "false", "no"),
                           (429, None, "no"), (429, "true", "the same"), (400, "true", "the same")):
    @case(f"after a {status}" + (f" that says Stripe-Should-Retry: {told}" if told else "") +
          f" {then} key is sent")
    def _(status=status, told=told, then=then):
        def answer(_request):
            if len(stub.requests) > 1:
                return 200, json.dumps({"id": "cs_test_again", "object": "checkout.session",
                                        "url": "u", "status": "open", "mode": "payment"}).encode()
            return (status, b'{"error":{"type":"api_error","message":"broken"}}',
                    {"Stripe-Should-Retry": told} if told else {})
        stub = Stub(answer)
        try:
            got = create({"userId": f"user_{status}_{told}"}, STRIPE_API_BASE=stub.base)
        finally:
            stub.close()
        keys = [request.headers["idempotency-key"] for request in stub.requests]
        equal(keys, keys[:1] if then == "no" else [keys[0], keys[-1]], "keys")
        equal(keys[0] == keys[-1], then != "another", "the same key")
        equal(got.status, 503 if then == "no" else 200)


@test
def _():
    """after that 500, too, a second click gives the same session"""
    before = len(sessions())
    with shop.faults("POST /v1/checkout/sessions", "status", status=500, times=1):
        first = granted(create({"userId": "user_500_again"}))
    equal(granted(create({"userId": "user_500_again"}))["sessionId"], first["sessionId"])
    equal(len(sessions()), before + 1)


# --- quotes that can't be had -------------------------------------------------------------------

for name, signature in (("of zeros", "0" * 64), ("of another length", SIGNATURE[:-1]),
                        ("in capitals", SIGNATURE.upper()), ("with a # in it", "QUOTE#CACHE"),
                        ("with a space", SIGNATURE + " "), ("of 60000 bytes", "a" * 60000),
                        ("with a letter changed",
                         SIGNATURE[:-1] + ("0" if SIGNATURE[-1] != "0" else "1"))):
    @case(f"a signature {name} is a 404")
    def _(signature=signature):
        with none_made():
            refused(shop.checkout(signature), 404)


for value in (None, "", 7, [], {}, True):
    @case(f"quoteSignature {value!r} is a 400 that names it")
    def _(value=value):
        with none_made():
            refused(shop.cgi("checkout-create-session", {"quoteSignature": value}), 400,
                    "quoteSignature")


@test
def _():
    """no quoteSignature is a 400 that names it"""
    with none_made():
        refused(shop.cgi("checkout-create-session", {"userId": "u"}), 400, "quoteSignature")


for ttl, age, status in ((15, 16 * 60, 410), (15, 74 * 60, 410), (15, 76 * 60, 404), (15, 15 * 60 + 2, 410),
                         (1, 61, 410), (15, 13 * 60, 200), (60, 45 * 60, 200)):
    @case(f"a quote of {ttl} minutes that is {age} seconds old is a {status}")
    def _(ttl=ttl, age=age, status=status):
        quote = granted(shop.quote("N-RED", QUOTE_TTL_MINUTES=ttl, **clock(-age)))
        with none_made() if status != 200 else contextlib.nullcontext():
            answer = shop.checkout(quote["quoteSignature"], {"userId": f"age{age}"},
                                   QUOTE_TTL_MINUTES=ttl)
        equal(answer.status, status)


@test
def _():
    """a quote that is past its time in the table is a 404"""
    quote = granted(shop.quote("N-RED", **clock(-30 * 86400)))
    before = len(sessions())
    refused(shop.checkout(quote["quoteSignature"]), 404)
    equal(len(sessions()), before)


@test
def _():
    """a quote that was signed with another secret is a 404"""
    with none_made():
        refused(create(QUOTE_SIGNATURE_SECRET="another secret of the same shop".replace(" ", "-")),
                404)


def change(**members):
    return lambda item: {**item, **members}


def change_line(**members):
    return lambda item: {**item, "items": [{**item["items"][0], **members}] + item["items"][1:]}


TAMPERED = [
    ("a lower sum", change(subtotal=1)),
    ("a later end", change(validUntil=4102444800)),
    ("an earlier start", change(created=1)),
    ("another currency", change(currency="eur")),
    ("another nonce", change(nonce="00" * 16)),
    ("no nonce", lambda i: {k: v for k, v in i.items() if k != "nonce"}),
    ("a line less", lambda i: {**i, "items": i["items"][:1]}),
    ("a line more", lambda i: {**i, "items": i["items"] + i["items"][:1]}),
    ("no lines", change(items=[])),
    ("lines that are null", change(items=None)),
    ("lines that are text", change(items="all")),
    ("another order of lines", lambda i: {**i, "items": i["items"][::-1]}),
    ("another quantity", change_line(quantity=200)),
    ("a quantity as text", change_line(quantity="2")),
    ("a lower price", change_line(unitPrice=1)),
    ("another price's id", change_line(stripePriceId="price_evil")),
    ("another sku", change_line(sku="R-SIL")),
    ("another variant", change_line(variantId="gold/40")),
    ("no signature", lambda i: {k: v for k, v in i.items() if k != "quoteSignature"}),
    ("another signature", change(quoteSignature="0" * 64)),
    ("a signature that is null", change(quoteSignature=None)),
]

for name, tamper in TAMPERED:
    @case(f"a quote with {name} in the table is a 404")
    def _(tamper=tamper):
        item = shop.item("QUOTE#" + SIGNATURE, "CACHE")
        shop.store(tamper(item))
        try:
            with none_made():
                refused(create({"userId": "tampered"}), 404)
        finally:
            shop.store(item)


# --- who it is ----------------------------------------------------------------------------------

def in_an_hour(**claims):
    return {"sub": "user_jwt", "exp": int(time.time()) + 3600, **claims}


def bearer(jwt, **variables):
    return {"JWT_SECRET": JWT_SECRET, "HTTP_AUTHORIZATION": "Bearer " + jwt, **variables}


def user_of(answer):
    """The session's user: in its metadata and in its item."""
    session = session_of(answer)
    user = session["metadata"].get("userId")
    equal(shop.item("SESSION#" + session["id"]).get("userId"), user)
    return user


@test
def _():
    """without a token the userId is taken as given, trimmed, and user_id is another name"""
    equal(user_of(create({"userId": "  user_trim \n"})), "user_trim")
    equal(user_of(create({"user_id": "user_snake"})), "user_snake")
    equal(user_of(create({"userId": "", "user_id": "user_snake2"})), "user_snake2")
    equal(user_of(create({"userId": None, "user_id": "user_snake3"})), "user_snake3")
    equal(user_of(create({"userId": "first", "user_id": "second"})), "first")


@test
def _():
    """without a userId it is the e-mail address in lower case, and without both it is nobody"""
    equal(user_of(create({"customerEmail": "Jane.Doe@Shop.example"})), "jane.doe@shop.example")
    equal(user_of(create({"userId": "  ", "customerEmail": "A@shop.example"})), "a@shop.example")
    equal(user_of(create({"metadata": {"nobody": "1"}})), None)


@test
def _():
    """a userId that is no client_reference_id is in the metadata alone"""
    for user, reference in (("user_1-A", "user_1-A"), ("a#b%c", None), ("ü", None), ("a b", None),
                            ("x" * 200, "x" * 200), ("x" * 201, None)):
        session = session_of(create({"userId": user}))
        equal(session["metadata"]["userId"], user)
        equal(session["client_reference_id"], reference)


for body, part in (({"userId": 7}, "userId"), ({"userId": {}}, "userId"), ({"userId": True}, "userId"),
                   ({"user_id": []}, "user_id"), ({"userId": "x" * 257}, "userId"),
                   ({"userId": "é" * 129}, "userId"), ({"userId": "a\0b"}, "userId")):
    @case(f"{str(body)[:40]} is a 400 that names it")
    def _(body=body, part=part):
        with none_made():
            refused(create(body), 400, part)


@test
def _():
    """256 bytes are a userId"""
    equal(user_of(create({"userId": "é" * 128})), "é" * 128)


@test
def _():
    """the token's subject wins over the e-mail address and agrees with an equal userId"""
    jwt = token(in_an_hour())
    equal(user_of(create({"customerEmail": "jane@shop.example"}, **bearer(jwt))), "user_jwt")
    equal(user_of(create({"userId": "user_jwt"}, **bearer(jwt))), "user_jwt")
    equal(user_of(create({"userId": ""}, **bearer(jwt))), "user_jwt")


for body in ({"userId": "user_other"}, {"user_id": "user_other"}, {"userId": "USER_JWT"},
             {"userId": "user_jwt2"}):
    @case(f"a valid token and {body} is a 403")
    def _(body=body):
        with none_made():
            refused(create(body, **bearer(token(in_an_hour()))), 403)


for name, variables in (
        ("Authorization", lambda v: {"HTTP_AUTHORIZATION": v}),
        ("REDIRECT_HTTP_AUTHORIZATION", lambda v: {"REDIRECT_HTTP_AUTHORIZATION": v}),
        ("AUTH_HEADER", lambda v: {"AUTH_HEADER": "X-Shop-Token", "HTTP_X_SHOP_TOKEN": v})):
    @case(f"the token is found in {name}")
    def _(variables=variables):
        for scheme in ("Bearer", "bearer", "BEARER"):
            equal(user_of(create(None, JWT_SECRET=JWT_SECRET,
                                 **variables(f"{scheme} {token(in_an_hour())}"))), "user_jwt")


@test
def _():
    """a header that AUTH_HEADER does not name is not read"""
    equal(user_of(create({"customerEmail": "plain@shop.example"}, JWT_SECRET=JWT_SECRET,
                         HTTP_X_SHOP_TOKEN="Bearer " + token(in_an_hour()))), "plain@shop.example")


@test
def _():
    """Authorization comes before REDIRECT_HTTP_AUTHORIZATION before AUTH_HEADER"""
    def jwt(sub):
        return "Bearer " + token(in_an_hour(sub=sub))
    equal(user_of(create(None, JWT_SECRET=JWT_SECRET, AUTH_HEADER="X-T", HTTP_AUTHORIZATION=jwt("a"),
                         REDIRECT_HTTP_AUTHORIZATION=jwt("b"), HTTP_X_T=jwt("c"))), "a")
    equal(user_of(create(None, JWT_SECRET=JWT_SECRET, AUTH_HEADER="X-T",
                         REDIRECT_HTTP_AUTHORIZATION=jwt("b"), HTTP_X_T=jwt("c"))), "b")


def tampered_claims(jwt):
    head, _, signature = jwt.split(".")
    return ".".join([head, b64(json.dumps(in_an_hour(sub="admin")).encode()), signature])


BAD_TOKENS = [
    ("expired", lambda: token(in_an_hour(exp=int(time.time()) - 10))),
    ("expired in 1970", lambda: token(in_an_hour(exp=0))),
    ("not valid yet", lambda: token(in_an_hour(nbf=int(time.time()) + 600))),
    ("of an exp that is text", lambda: token(in_an_hour(exp="tomorrow"))),
    ("of an exp that is true", lambda: token(in_an_hour(exp=True))),
    ("of an nbf that is an object", lambda: token(in_an_hour(nbf={}))),
    ("of an nbf that is text", lambda: token(in_an_hour(nbf="tomorrow"))),
    ("not valid yet, to the fraction of a second",
     lambda: token(in_an_hour(nbf=int(time.time()) + 600.5))),
    ("signed with another secret", lambda: token(in_an_hour(), key="x" * 32)),
    ("signed with no secret", lambda: token(in_an_hour(), key="")),
    ("of other claims than signed", lambda: tampered_claims(token(in_an_hour()))),
    ("HS384", lambda: token(in_an_hour(), "HS384")),
    ("HS512", lambda: token(in_an_hour(), "HS512")),
    ("unsigned (none)", lambda: token(in_an_hour(), "none")),
    ("unsigned (None)", lambda: token(in_an_hour(), "none", said="None")),
    ("HS256, and says none", lambda: token(in_an_hour(), said="none")),
    ("HS256, and says HS512", lambda: token(in_an_hour(), said="HS512")),
    ("HS256, and says RS256", lambda: token(in_an_hour(), said="RS256")),
    ("without its signature", lambda: token(in_an_hour()).rsplit(".", 1)[0]),
    ("of an empty signature", lambda: token(in_an_hour()).rsplit(".", 1)[0] + "."),
    ("of one part", lambda: "abc"),
    ("of four parts", lambda: token(in_an_hour()) + ".abc"),
    ("no base64", lambda: "!!!.???.***"),
    ("without a subject", lambda: token({"exp": int(time.time()) + 3600})),
    ("of an empty subject", lambda: token(in_an_hour(sub=""))),
    ("of a numeric subject", lambda: token(in_an_hour(sub=42))),
    ("of a null subject", lambda: token(in_an_hour(sub=None))),
    ("of claims that are an array", lambda: token([])),
    ("of 9000 bytes", lambda: token(in_an_hour(pad="x" * 9000))),
    ("empty", lambda: ""),
]

for name, make in BAD_TOKENS:
    @case(f"a token that is {name} is a 401, with or without CHECKOUT_REQUIRE_AUTH")
    def _(make=make):
        for required in (0, 1):
            with none_made():
                answer = create({"customerEmail": "jane@shop.example"},
                                **bearer(make(), CHECKOUT_REQUIRE_AUTH=required))
                refused(answer, 401)
            contains(answer.headers["www-authenticate"], "Bearer")


for name, subject in (("257 bytes", "x" * 257), ("blanks", "  ")):
    @case(f"a token whose subject is {name} does not turn into the client's e-mail address")
    def _(subject=subject):
        answer = create({"customerEmail": "victim@shop.example"},
                        **bearer(token(in_an_hour(sub=subject))))
        if answer.status == 200:
            lacks(json.dumps(session_of(answer)["metadata"]), "victim@shop.example")
        else:
            ok(answer.status in (400, 401, 403), answer.status)


@test
def _():
    """a token without exp does not expire"""
    equal(user_of(create(None, **bearer(token({"sub": "user_forever"})))), "user_forever")


@test
def _():
    """a token of another minute: valid at the last second, not a second later"""
    now = int(time.time())
    jwt = token({"sub": "user_clock", "exp": now + 7200, "nbf": now + 3600})
    refused(create(None, **bearer(jwt)), 401)
    refused(create(None, **bearer(jwt), **clock(+7300)), 401)


@test
def _():
    """CHECKOUT_REQUIRE_AUTH=1 turns a bare userId off"""
    for variables in ({}, {"HTTP_AUTHORIZATION": "Basic dXNlcjpwYXNz"}, {"REMOTE_USER": "user_1"}):
        with none_made():
            answer = create({"userId": "user_1"}, JWT_SECRET=JWT_SECRET, CHECKOUT_REQUIRE_AUTH=1,
                            **variables)
            refused(answer, 401)
        contains(answer.headers["www-authenticate"], "Bearer")
    equal(user_of(create(None, CHECKOUT_REQUIRE_AUTH=1, **bearer(token(in_an_hour())))), "user_jwt")


def kind_of(answer):
    """Who named the session's user: in its metadata and in its payment's."""
    session = session_of(answer)
    paid = shop.sim.post("/_sim/pay", {"session": session["id"]})["session"]
    intent = shop.stripe("GET", "/v1/payment_intents/" + paid["payment_intent"])
    equal(intent["metadata"].get("userKind"), session["metadata"].get("userKind"))
    return session["metadata"].get("userId"), session["metadata"].get("userKind")


@test
def _():
    """the session says who named its user: the login, the client, or an address alone"""
    equal(kind_of(create(None, **bearer(token(in_an_hour(sub="kind_1"))))), ("kind_1", "user"))
    equal(kind_of(create(None, ORDERS_AUTH="remote_user", REMOTE_USER="kind_2")), ("kind_2", "user"))
    equal(kind_of(create({"userId": "kind_3"})), ("kind_3", "claimed"))
    equal(kind_of(create({"customerEmail": "Kind@shop.example"})), ("kind@shop.example", "guest"))
    equal(kind_of(create({"metadata": {"kind": "none"}})), (None, None))


LOGINS = {"JWT_SECRET": {"JWT_SECRET": JWT_SECRET},
          "JWT_PUBLIC_KEY_FILE": {"JWT_PUBLIC_KEY_FILE": lambda: keys("ec")[1]},
          "ORDERS_AUTH=remote_user": {"ORDERS_AUTH": "remote_user"}}
for login, settings in LOGINS.items():
    @case(f"where {login} is set a client's bare userId is a 401 that says so, a guest may buy")
    def _(settings=settings):
        settings = {name: value() if callable(value) else value for name, value in settings.items()}
        for name in ("userId", "user_id"):
            with none_made():
                refused(create({name: "user_1", "customerEmail": "user_1@shop.example"}, **settings),
                        401, name + " is not believed")
        equal(user_of(create({"customerEmail": "user_1@shop.example", "userId": " "}, **settings)),
              "user_1@shop.example")


@test
def _():
    """the web server's user wins where ORDERS_AUTH says that it is the login, and nowhere else"""
    by_server = {"ORDERS_AUTH": "remote_user", "REMOTE_USER": "user_remote"}
    equal(user_of(create({"customerEmail": "r@shop.example"}, **by_server)), "user_remote")
    equal(user_of(create({"userId": "user_remote"}, CHECKOUT_REQUIRE_AUTH=1, **by_server)),
          "user_remote")
    equal(user_of(create({"userId": "given_r"}, REMOTE_USER="user_remote")), "given_r")
    with none_made():
        refused(create({"userId": "other"}, **by_server), 403, "not the user who is logged in")
        refused(create(None, CHECKOUT_REQUIRE_AUTH=1, ORDERS_AUTH="remote_user", REMOTE_USER=""),
                401, "a login is required")


@test
def _():
    """without JWT_SECRET a token means nothing and a userId is taken as given"""
    equal(user_of(create({"userId": "given"},
                         HTTP_AUTHORIZATION="Bearer " + token(in_an_hour()))), "given")


KEYS = {}


def keys(kind):
    if kind not in KEYS:
        KEYS[kind] = key_pair(shop.folder, kind)
    return KEYS[kind]


for kind, alg in (("rsa", "RS256"), ("ec", "ES256")):
    @case(f"an {alg} token is checked with JWT_PUBLIC_KEY_FILE")
    def _(kind=kind, alg=alg):
        private, public = keys(kind)
        settings = {"JWT_PUBLIC_KEY_FILE": public}

        def with_token(jwt):
            return {**settings, "HTTP_AUTHORIZATION": "Bearer " + jwt}
        equal(user_of(create(None, **with_token(token(in_an_hour(), alg, private)))), "user_jwt")
        with none_made():
            refused(create({"userId": "other"}, **with_token(token(in_an_hour(), alg, private))), 403)
            refused(create(None, **with_token(token(in_an_hour(exp=1), alg, private))), 401)
            refused(create(None, **with_token(
                tampered_claims(token(in_an_hour(), alg, private)))), 401)
            refused(create(None, **with_token(token(in_an_hour(), "none"))), 401)
            with open(public) as pem:
                refused(create(None, **with_token(token(in_an_hour(), "HS256", pem.read()))), 401)

    @case(f"an {alg} token is refused where the configuration has a secret")
    def _(kind=kind, alg=alg):
        with none_made():
            refused(create(None, **bearer(token(in_an_hour(), alg, keys(kind)[0]))), 401)

    @case(f"an {alg} token of another key is a 401")
    def _(kind=kind, alg=alg):
        os.makedirs(shop.folder + "/other", exist_ok=True)
        private, _public = key_pair(shop.folder + "/other", kind)
        with none_made():
            refused(create(None, JWT_PUBLIC_KEY_FILE=keys(kind)[1],
                           HTTP_AUTHORIZATION="Bearer " + token(in_an_hour(), alg, private)), 401)


# --- metadata -----------------------------------------------------------------------------------

@test
def _():
    """the client can't set our own metadata"""
    session = session_of(create({"userId": "user_meta", "metadata": {
        "userId": "admin", "userKind": "user", "user_id": "admin", "quoteSignature": "0" * 64,
        "normalizedHash": "x", "mine": "yes"}}))
    equal(session["metadata"], {"mine": "yes", "userId": "user_meta", "userKind": "claimed",
                                "quoteSignature": SIGNATURE,
                                "normalizedHash": QUOTE["normalizedHash"]})


@test
def _():
    """where there is no user, the client's metadata does not make one"""
    session = session_of(create({"metadata": {"userId": "admin", "user_id": "admin",
                                              "userKind": "user", "n": "2"}}))
    equal(sorted(session["metadata"]), ["n", "normalizedHash", "quoteSignature"])


@test
def _():
    """metadata goes up to Stripe's limits: 50 keys with ours, 40 and 500 characters"""
    most = {f"key-{n:02}": "v" for n in range(46)}
    equal(len(session_of(create({"userId": "u47", "metadata": most}))["metadata"]), 50)
    wide = {"é" * 40: "ü" * 500, "k" * 40: "✓" * 500}
    equal({k: v for k, v in session_of(create({"userId": "wide", "metadata": wide}))[
        "metadata"].items() if k in wide}, wide)


@test
def _():
    """numbers and booleans in metadata become their text, an empty text nothing"""
    session = session_of(create({"userId": "typed", "metadata": {
        "n": 5, "big": 9007199254740993, "t": True, "f": False, "empty": ""}}))
    equal({k: session["metadata"].get(k) for k in ("n", "big", "t", "f", "empty")},
          {"n": "5", "big": "9007199254740993", "t": "true", "f": "false", "empty": None})


@test
def _():
    """metadata with characters of a form's own reaches Stripe whole"""
    odd = {"a&b=c": "d&e=f+g%20 h", "quote\"'": "line\nfeed\t", "emoji": "🎁", "null": "\\u0000"}
    session = session_of(create({"userId": "odd", "metadata": odd}))
    equal({k: session["metadata"].get(k) for k in odd}, odd)


BAD_METADATA = [
    ("48 keys", {f"k{n}": "v" for n in range(48)}), ("100 keys", {f"k{n}": "v" for n in range(100)}),
    ("a key of 41 characters", {"k" * 41: "v"}), ("an empty key", {"": "v"}),
    ("a key with brackets", {"a[b]": "v"}), ("a value of 501 characters", {"k": "é" * 501}),
    ("a value that is an object", {"k": {}}),
    ("a value that is an array", {"k": ["v"]}), ("a value with a NUL", {"k": "a\0b"}),
    ("metadata that is an array", ["a"]), ("metadata that is text", "a=b"),
    ("metadata that is a number", 1),
]

for name, metadata in BAD_METADATA:
    @case(f"{name} is a 400")
    def _(metadata=metadata):
        with none_made():
            refused(create({"metadata": metadata}), 400, "metadata")


# --- the other members --------------------------------------------------------------------------

BAD_MEMBERS = [
    ({"customerEmail": "no address"}, "customerEmail"), ({"customerEmail": "a@"}, "customerEmail"),
    ({"customerEmail": "@b"}, "customerEmail"), ({"customerEmail": "a@b@c"}, "customerEmail"),
    ({"customerEmail": 7}, "customerEmail"), ({"customerEmail": ["a@b.example"]}, "customerEmail"),
    ({"customerEmail": "a@b.example\r\nBcc: x@y.example"}, "customerEmail"),
    ({"customerEmail": "a" * 250 + "@b.example"}, "customerEmail"),
    ({"customerEmail": "a\0@b.example"}, "customerEmail"),
    ({"allowPromotionCodes": "yes"}, "allowPromotionCodes"),
    ({"allowPromotionCodes": 2}, "allowPromotionCodes"),
    ({"automaticTax": "ja"}, "automaticTax"), ({"automaticTax": {}}, "automaticTax"),
    ({"phoneNumberCollection": True}, "phoneNumberCollection"),
    ({"phoneNumberCollection": {"enabled": 2}}, "phoneNumberCollection"),
    ({"phoneNumberCollection": {"enabled": True, "required": True}},
     "phoneNumberCollection.required"),
    ({"mode": "subscription"}, "mode"), ({"mode": "setup"}, "mode"), ({"mode": 1}, "mode"),
    ({"paymentMethodTypes": ["card", "ideal"]}, "paymentMethodTypes[1]"),
    ({"paymentMethodTypes": "card"}, "paymentMethodTypes"), ({"locale": "xx"}, "locale"),
    ({"locale": ["de"]}, "locale"), ({"shippingRate": "shr_1"}, "shippingRate"),
    ({"line_items": [{"price": "price_evil"}]}, "line_items"), ({"currency": "jpy"}, "currency"),
    ({"discounts": [{"coupon": "all"}]}, "discounts"), ({"expires_at": 1}, "expires_at"),
    ({"customerId": "cus_1"}, "customerId"), ({"amount": 1}, "amount"), ({"items": []}, "items"),
    ({"quotesignature": "x"}, "quotesignature"), ({"": 1}, "not a field"),
    ({"shippingAddressCollection": ["CA"]}, "shippingAddressCollection"),
    ({"shippingAddressCollection": {}}, "allowed_countries"),
    ({"shippingAddressCollection": {"allowed_countries": []}}, "allowed_countries"),
    ({"shippingAddressCollection": {"allowed_countries": "CA"}}, "allowed_countries"),
    ({"shippingAddressCollection": {"allowed_countries": ["CAN"]}}, "allowed_countries"),
    ({"shippingAddressCollection": {"allowed_countries": ["ca"]}}, "allowed_countries"),
    ({"shippingAddressCollection": {"allowed_countries": ["C1"]}}, "allowed_countries"),
    ({"shippingAddressCollection": {"allowed_countries": [None]}}, "allowed_countries"),
    ({"shippingAddressCollection": {"allowed_countries": ["CA"] * 300}}, "allowed_countries"),
]

for body, part in BAD_MEMBERS:
    @case(f"{json.dumps(body)[:70]} is a 400 that names it")
    def _(body=body, part=part):
        with none_made():
            refused(create(body), 400, part)


@test
def _():
    """members that are null are as if they were not there"""
    session = session_of(create({name: None for name in (
        "userId", "user_id", "customerEmail", "successUrl", "cancelUrl", "allowPromotionCodes",
        "automaticTax", "metadata", "shippingAddressCollection", "phoneNumberCollection", "locale",
        "shippingRate", "mode", "paymentMethodTypes", "customerId", "line_items")}))
    equal(session["success_url"], shop.settings["CHECKOUT_SUCCESS_URL"])


@test
def _():
    """what the Lambda functions' pages say of mode and methods is taken where it happens anyway"""
    session = session_of(create({"userId": "functions", "mode": "payment",
                                 "paymentMethodTypes": ["card"], "locale": "de"}))
    equal((session["mode"], session["locale"], session["allowed_payment_method_types"]),
          ("payment", "de", None))


# --- where to return to -------------------------------------------------------------------------

URLS = [
    ("https://shop.example/thanks", True), ("https://shop.example", True),
    ("https://shop.example:443/thanks?a=b#c", True), ("HTTPS://SHOP.EXAMPLE/x", True),
    ("https://shop.example/?s={CHECKOUT_SESSION_ID}", True),
    ("http://localhost:5173/done", True), ("http://localhost:5174/done", False),
    ("http://localhost/done", False),
    ("http://shop.example/thanks", False), ("https://shop.example:8443/", False),
    ("https://evil.example/", False), ("https://shop.example.evil.example/", False),
    ("https://evil.example/https://shop.example/", False),
    ("https://shop.example@evil.example/", False), ("https://evil.example#@shop.example/", False),
    ("https://user:pw@shop.example/", False), ("https://evil.example\\@shop.example/", False),
    ("https://shop.example\\.evil.example/", False), ("https://shop.example%2f@evil.example/", False),
    ("https://shop.example%00.evil.example/", False), ("https://shop.example..evil.example/", False),
    ("//shop.example/thanks", False), ("/thanks", False), ("thanks", False), ("https:shop.example", False),
    ("https:///shop.example/", False), ("https://", False), ("https:// shop.example/", False),
    ("javascript:alert(1)//https://shop.example/", False), ("data:text/html,x", False),
    ("ftp://shop.example/", False), (" https://shop.example/", False),
    ("https://shop.example/\r\nX: y", False), ("https://shop.example/a b", False),
    ("https://shop.example:99999/", False), ("https://shop.example:/x:y@evil.example", False),
    ("https://shop.example/" + "x" * 4000, False), ("https://[::1]/", False),
    ("https://shopexample/", False), ("https://xshop.example/", False),
]

for url, fine in URLS:
    for member in ("successUrl", "cancelUrl"):
        @case(f"{member} {json.dumps(url)[:60]} is {'sent' if fine else 'a 400 that names it'}")
        def _(url=url, fine=fine, member=member):
            settings = {"CORS_ALLOW_ORIGIN": "https://shop.example http://localhost:5173"}
            if not fine:
                with none_made():
                    refused(create({member: url}, **settings), 400, member)
                return
            answer = create({"userId": "urls", member: url}, **settings)
            name = {"successUrl": "success_url", "cancelUrl": "cancel_url"}[member]
            equal(session_of(answer)[name], url)
            if member == "successUrl":
                equal(answer.json["clientReturnUrl"], url)


for braces in ("{SESSION_ID}", "{checkout_session_id}", "{}", "{CHECKOUT_SESSION_ID}{X}", "{open",
               "%7BCHECKOUT_SESSION_ID%7D", "%7bCHECKOUT_SESSION_ID%7d",
               "{CHECKOUT_SESSION_ID%7D"):
    @case(f"an address with {braces} in it is a 400 that names the field and the braces")
    def _(braces=braces):
        named = braces.removeprefix("{CHECKOUT_SESSION_ID}")
        for member in ("successUrl", "cancelUrl"):
            with none_made():
                body = {member: f"https://shop.example/thanks?id={braces}"}
                refused(create(body, CORS_ALLOW_ORIGIN="https://shop.example"), 400,
                        f"{member} has {named} in it", "{CHECKOUT_SESSION_ID}")


@test
def _():
    """{CHECKOUT_SESSION_ID} is sent as it is, however often it stands there"""
    url = "https://shop.example/thanks/{CHECKOUT_SESSION_ID}?id={CHECKOUT_SESSION_ID}&a=%7B%7D"
    answer = create({"successUrl": url}, CORS_ALLOW_ORIGIN="https://shop.example")
    equal(answer.json["clientReturnUrl"], url)


for value in (7, {}, ["https://shop.example/"], True):
    @case(f"a successUrl that is {value!r} is a 400")
    def _(value=value):
        with none_made():
            refused(create({"successUrl": value}), 400, "successUrl")


@test
def _():
    """the origins of the two configured pages count, whatever CORS says"""
    settings = {"CHECKOUT_SUCCESS_URL": "https://a.example/ok", "CHECKOUT_CANCEL_URL":
                "https://b.example/no", "CORS_ALLOW_ORIGIN": None}
    for url in ("https://a.example/x", "https://b.example/x"):
        equal(session_of(create({"successUrl": url}, **settings))["success_url"], url)
    refused(create({"successUrl": "https://shop.example/x"}, **settings), 400, "successUrl")


@test
def _():
    """CHECKOUT_RETURN_ORIGINS is the whole list where it is set"""
    settings = {"CHECKOUT_RETURN_ORIGINS": "https://a.example,https://b.example:8443"}
    for url in ("https://a.example/x", "https://b.example:8443/x"):
        equal(session_of(create({"successUrl": url}, **settings))["success_url"], url)
    for url in ("https://b.example/x", "https://shop.example/x"):
        refused(create({"successUrl": url}, **settings), 400, "successUrl")
    equal(session_of(create({"userId": "preset"}, **settings))["success_url"],
          shop.settings["CHECKOUT_SUCCESS_URL"], "the configured page needs no permission")


@test
def _():
    """CORS_ALLOW_ORIGIN=* allows reading answers, not returning to any address"""
    refused(create({"successUrl": "https://evil.example/"}, CORS_ALLOW_ORIGIN="*"), 400)


@test
def _():
    """without CHECKOUT_SUCCESS_URL the request has to have one, without a cancel page it is fine"""
    settings = {"CHECKOUT_SUCCESS_URL": None, "CHECKOUT_CANCEL_URL": None}
    refused(create(None, **settings), 400, "successUrl")
    session = session_of(create({"successUrl": "https://shop.example/ok"}, **settings))
    equal(session["cancel_url"], None)


# --- requests that are refused ------------------------------------------------------------------

GOOD = json.dumps({"quoteSignature": SIGNATURE, "userId": "raw"}).encode()

for name, body in (("empty", b""), ("cut short", GOOD[:-1]), ("followed by more", GOOD + b"{}"),
                   ("not UTF-8", GOOD.replace(b"raw", b"\xff")), ("in single quotes", b"{'a':1}"),
                   ("an array", b"[]"), ("null", b"null"), ("a text", b'"x"'), ("a number", b"1"),
                   ("nested 100 deep", b'{"metadata":' + b"[" * 100 + b"]" * 100 + b"}")):
    @case(f"a body that is {name} is a 400")
    def _(body=body):
        with none_made():
            refused(shop.cgi("checkout-create-session", body), 400)


@test
def _():
    """wrong methods, types and lengths are 405, 415, 411, 413 and 400"""
    name = "checkout-create-session"
    with none_made():
        for method in ("GET", "PUT", "DELETE", "HEAD"):
            answer = shop.cgi(name, GOOD, method=method)
            equal((answer.status, answer.headers["allow"]), (405, "POST, OPTIONS"))
        refused(shop.cgi(name, GOOD, CONTENT_TYPE="text/plain"), 415)
        refused(shop.cgi(name, GOOD, CONTENT_TYPE=None), 415)
        refused(shop.cgi(name, GOOD, CONTENT_LENGTH=None), 411)
        refused(shop.cgi(name, GOOD.ljust(65537)), 413)
        refused(shop.cgi(name, GOOD, CONTENT_LENGTH=len(GOOD) + 1), 400)
        refused(shop.cgi(name, GOOD + b" ", CONTENT_LENGTH=len(GOOD)), 400)
        refused(shop.cgi(name, GOOD, SCRIPT_NAME="/checkout/other"), 404)
    granted(shop.cgi(name, GOOD.ljust(65536)))


@test
def _():
    """CORS is answered, to refusals and preflights too"""
    for method, body in (("POST", GOOD), ("POST", b"no"), ("OPTIONS", None)):
        for origin, allowed in (("https://shop.example", True), ("https://evil.example", False)):
            answer = shop.cgi("checkout-create-session", body, method=method, HTTP_ORIGIN=origin)
            equal(answer.headers.get("access-control-allow-origin"), origin if allowed else None)
            equal(answer.headers["vary"], "Origin")


# --- Stripe refuses, is away, is slow -----------------------------------------------------------

for status in (400, 402, 403, 404):
    @case(f"Stripe's {status} is a 502, its Request-Id in the log and not in the answer")
    def _(status=status):
        with shop.faults("POST /v1/checkout/sessions", "status", status=status, times=-1), \
                none_made():
            answer = create({"userId": f"refused{status}"})
        refused(answer, 502)
        contains(answer.log, "req_")
        lacks(answer.body.decode(), "req_")
        lacks(answer.body.decode(), "tripe answered")


def refusing(code, param, message):
    """A Stripe that lets prices through to the simulator's and refuses each session."""
    error = {"type": "invalid_request_error", "code": code, "param": param, "message": message}

    def answer(request):
        if request.method == "POST":
            return 400, json.dumps({"error": error}).encode(), {"Request-Id": "req_refused"}
        with urllib.request.urlopen(shop.sim.base + request.path) as given:
            return 200, given.read()
    return Stub(answer)


@test
def _():
    """a price that is no longer sold is a 409 that says to quote again, and leaves the cache"""
    price = shop.stripe("POST", "/v1/prices", {
        "unit_amount": 500, "currency": "usd", "product_data[name]": "Short-lived",
        "lookup_key": "SHORT"})
    quote = granted(shop.quote("N-RED", "SHORT"))
    shop.stripe("POST", "/v1/prices/" + price["id"], {"active": "false"})
    granted(shop.quote("SHORT"))  # from the cache
    with unsold():
        answer = shop.checkout(quote["quoteSignature"])
    refused(answer, 409, "items[1] (SHORT)", "quote the cart again")
    contains(answer.log, "req_")
    equal([pk for pk, _ in shop.items("PRICE#SHORT")], [])
    equal(len(shop.items("PRICE#N-RED")), 1, "the other price is still kept")
    refused(shop.quote("SHORT"), 400, "SHORT")
    shop.stripe("POST", "/v1/prices", {"unit_amount": 600, "currency": "usd", "lookup_key": "SHORT2",
                                       "product": price["product"]})
    granted(shop.quote("SHORT2"))


@test
def _():
    """a price that was asked for by its id leaves the cache too"""
    price = shop.stripe("POST", "/v1/prices", {
        "unit_amount": 500, "currency": "usd", "product_data[name]": "Nameless"})
    body = {"items": [{"stripePriceId": price["id"], "quantity": 1}]}
    quote = granted(shop.cgi("cart-quote", body))
    shop.stripe("POST", "/v1/prices/" + price["id"], {"active": "false"})
    with unsold():
        refused(shop.checkout(quote["quoteSignature"]), 409, price["id"])
    refused(shop.cgi("cart-quote", body), 400, "not active")


REFUSALS = [
    ("a mistyped address", "email_invalid", "customer_email", "Invalid email address: jane@example",
     400, ["customerEmail"]),
    ("a total that is too small", "amount_too_small", None,
     "The Checkout Session's total amount must convert to at least 50 cents.", 400,
     ["total", "at least 50 cents"]),
    ("a total that is too large", "amount_too_large", None,
     "The Checkout Session's total amount due must be no more than $999,999.99.", 400, ["no more than"]),
    ("a price without its line", None, "line_items[7][price]", "No such price", 502, []),
    ("a line's quantity", None, "line_items[0][quantity]", "Invalid integer", 400,
     ["items[0].quantity", "Invalid integer"]),
    ("an address to return to that is the shop's own", "url_invalid", "success_url",
     "Not a valid URL", 502, []),
    ("a line's other parameter", None, "line_items[0][metadata]", "Too much of it", 502, []),
    ("a line that is no number", None, "line_items[x][price]", "No such price", 502, []),
    ("anything else", "parameter_unknown", "color", "Received unknown parameter: color", 502, []),
]
for what, code, param, message, status, parts in REFUSALS:
    @case(f"{what}, refused by Stripe, is a {status}")
    def _(code=code, param=param, message=message, status=status, parts=parts):
        stub = refusing(code, param, message)
        try:
            with none_made():
                answer = create({"userId": "r"}, STRIPE_API_BASE=stub.base)
        finally:
            stub.close()
        refused(answer, status, *parts)
        contains(answer.log, "req_refused")
        lacks(answer.body.decode(), "req_refused")


# The request that gave what Stripe refuses, the parameter, and the field that is named.
OF_THE_REQUEST = [
    ({"successUrl": "https://shop.example/%zz"}, "url_invalid", "success_url", "successUrl"),
    ({"cancelUrl": "https://shop.example/%zz"}, "url_invalid", "cancel_url", "cancelUrl"),
    ({"shippingAddressCollection": {"allowed_countries": ["QQ"]}}, None,
     "shipping_address_collection[allowed_countries][0]", "shippingAddressCollection"),
    ({"metadata": {"a": "b"}}, None, "metadata[a]", "metadata"),
    ({"metadata": {"a": "b"}}, None, "payment_intent_data[metadata][a]", "metadata"),
    ({"locale": "mt"}, None, "locale", "locale"),
]
for body, code, param, field in OF_THE_REQUEST:
    @case(f"{param} of the request's, refused by Stripe, is a 400 that names {field}")
    def _(body=body, code=code, param=param, field=field):
        stub = refusing(code, param, "Stripe says no")
        try:
            with none_made():
                answer = create(body, STRIPE_API_BASE=stub.base)
        finally:
            stub.close()
        refused(answer, 400, field, "Stripe says no")


# Why Stripe does not sell a cart any more: code, parameter, and which of two prices leave the cache.
DEAD = [(None, "line_items[1][price]", "one"), ("resource_missing", "line_items[1][price]", "one"),
        (None, "line_items[1]", "one"), (None, "line_items", "all"), ("product_inactive", None, "all")]
for code, param, gone in DEAD:
    @case(f"a refusal of {param or code} is a 409 that says to quote again, and the next quote asks")
    def _(code=code, param=param, gone=gone):
        quote = granted(shop.quote("N-RED", "R-SIL"))
        stub = refusing(code, param, "All prices must use the same currency")
        try:
            with unsold():
                answer = shop.checkout(quote["quoteSignature"], STRIPE_API_BASE=stub.base)
        finally:
            stub.close()
        refused(answer, 409, "quote the cart again")
        equal(answer.json["code"], "outdated")
        equal([len(shop.items("PRICE#" + sku)) for sku in ("N-RED", "R-SIL")],
              [0, 0] if gone == "all" else [1, 0])


@test
def _():
    """a product that is no longer sold is a 409, and is not quoted again"""
    price = shop.stripe("POST", "/v1/prices", {
        "unit_amount": 500, "currency": "usd", "product_data[name]": "Last season",
        "lookup_key": "LAST"})
    quote = granted(shop.quote("LAST"))
    shop.stripe("POST", "/v1/products/" + price["product"], {"active": "false"})
    with unsold():
        refused(shop.checkout(quote["quoteSignature"]), 409, "LAST")
    refused(shop.quote("LAST"), 400, "LAST")


@test
def _():
    """making a session keeps the quote as long as the session can be paid, and three days more"""
    quote = granted(shop.quote("N-RED"))
    key = ("QUOTE#" + quote["quoteSignature"], "CACHE")
    before = shop.items()[key]
    made = granted(shop.checkout(quote["quoteSignature"], {"userId": "keeper"}))
    after = shop.items()[key]
    equal(after["expiresAt"], made["stripeExpiresAt"] + 3 * 86400)
    equal({**after, "expiresAt": 0, "version": 0}, {**before, "expiresAt": 0, "version": 0})
    with shop.unchanged():
        granted(shop.checkout(quote["quoteSignature"], {"userId": "keeper"}))


@test
def _():
    """a quote lives on although its session's item is there already, and the other way round"""
    quote = granted(shop.quote("N-RED"))
    key = ("QUOTE#" + quote["quoteSignature"], "CACHE")
    short = shop.items()[key]
    made = granted(shop.checkout(quote["quoteSignature"], {"userId": "twice"}))
    shop.store(short)
    again = granted(shop.checkout(quote["quoteSignature"], {"userId": "twice"}))
    equal(again["sessionId"], made["sessionId"])
    equal(shop.items()[key]["expiresAt"], made["stripeExpiresAt"] + 3 * 86400)


@test
def _():
    """an API key that Stripe does not know is a 502 and is not in the log"""
    with none_made():
        answer = create({"userId": "k"}, STRIPE_SECRET="sk_test_another0000000000")
    refused(answer, 502)
    contains(answer.log, "req_")
    lacks(answer.log, "another0000")


@test
def _():
    """Stripe down is a 503 with Retry-After within eight and a half seconds"""
    started = Watch()
    with shop.unchanged():
        refused(create({"userId": "d"}, STRIPE_API_BASE="http://127.0.0.1:9"), 503)
    started.at_most(8.5)


for kind, more in (("delay", {"ms": 30000}), ("status", {"status": 500}), ("disconnect", {}),
                   ("status", {"status": 429}), ("garbage", {})):
    @case(f"a lasting {kind} {more.get('status', '')} of Stripe's is a 503 within eight and a half "
          "seconds")
    def _(kind=kind, more=more):
        started = Watch()
        with shop.faults("POST /v1/checkout/sessions", kind, times=-1, **more), shop.unchanged():
            refused(create({"userId": f"slow-{kind}-{more.get('status')}"}), 503)
        started.at_most(8.5)


# --- the store ----------------------------------------------------------------------------------

@contextlib.contextmanager
def sessions_unwritable():
    """From now on the table takes no session items."""
    def run(sql):
        with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
            db.execute(sql)
    run("CREATE TRIGGER no_sessions BEFORE INSERT ON items WHEN NEW.pk LIKE 'SESSION#%' "
        "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
    try:
        yield
    finally:
        run("DROP TRIGGER no_sessions")


@test
def _():
    """a session whose item can't be written is answered with 200, and logged"""
    with sessions_unwritable(), shop.unchanged():
        answer = create({"userId": "user_unwritable"})
        granted(answer)
    ok(lines_of(answer.log, "Failed to write session"), answer.log)
    contains(answer.log, answer.json["sessionId"])
    lacks(answer.body.decode(), "disk")


@test
def _():
    """a session whose item could not be written still becomes its user's order"""
    signature = granted(shop.quote({"sku": "N-RED", "quantity": 1, "variantId": "red/40"},
                                   "R-SIL"))["quoteSignature"]
    with sessions_unwritable():
        answer = granted(shop.checkout(signature, {"userId": "user_unwritable2"}))
    shop.sim.post("/_sim/pay", {"session": answer["sessionId"]})
    event = [e for e in shop.sim.get("/_sim/events") if e["type"] == "checkout.session.completed"
             and e["data"]["object"]["id"] == answer["sessionId"]][0]
    granted(shop.webhook(event))
    order = shop.order_of(answer["sessionId"])
    equal((order["userId"], order["quoteSignature"]), ("user_unwritable2", signature))
    equal([i.get("variantId") for i in order["items"]], ["red/40", None])


@test
def _():
    """a store that can't be read is a 503, and no session is made"""
    before = len(sessions())
    answer = create({"userId": "u"}, COMMERCE_DB=shop.folder + "/no such folder/orders.db")
    refused(answer, 503)
    equal(len(sessions()), before)


ORDERED = {"userId": "user_ordered"}


def event_of(kind, session):
    """The session's event of this kind, as Stripe sends it."""
    return next(e for e in shop.sim.get("/_sim/events")
                if e["type"] == kind and e["data"]["object"]["id"] == session)


def completed(session):
    return event_of("checkout.session.completed", session)


def ordered(**paid):
    """A quote, and the session of it whose order is written."""
    signature = granted(shop.quote("N-RED"))["quoteSignature"]
    answer = granted(shop.checkout(signature, ORDERED))
    shop.sim.post("/_sim/pay", {"session": answer["sessionId"], **paid})
    granted(shop.webhook(completed(answer["sessionId"])))
    return signature, answer


@test
def _():
    """a quote whose order exists is a 409, to the same click and to another, and makes no session"""
    signature, answer = ordered()
    quote = shop.item("QUOTE#" + signature, "CACHE")
    equal(quote["orderId"], answer["sessionId"])
    equal(quote["expiresAt"], answer["stripeExpiresAt"] + 3 * 86400)
    with none_made():
        for body in (ORDERED, {"userId": "user_other"}, None):
            again = shop.checkout(signature, body)
            refused(again, 409, "already ordered", "quote the cart again")
            equal(again.json["code"], "already_ordered")


@test
def _():
    """so it is while the payment is on its way, after it has failed, and past the quote's end"""
    signature, answer = ordered(method="later")
    equal(shop.order_of(answer["sessionId"])["status"], "pending")
    with none_made():
        refused(shop.checkout(signature, ORDERED), 409, "already ordered")
        refused(shop.checkout(signature, ORDERED, **clock(+3600)), 409, "already ordered")
    shop.sim.post("/_sim/later", {"session": answer["sessionId"], "outcome": "fail"})
    granted(shop.webhook(event_of("checkout.session.async_payment_failed", answer["sessionId"])))
    equal(shop.order_of(answer["sessionId"])["status"], "failed")
    with none_made():
        refused(shop.checkout(signature, ORDERED), 409, "already ordered")


@test
def _():
    """a click between the payment and its event gives the same session"""
    signature = granted(shop.quote("N-RED"))["quoteSignature"]
    session = granted(shop.checkout(signature, ORDERED))["sessionId"]
    shop.sim.post("/_sim/pay", {"session": session})
    with shop.unchanged():
        equal(granted(shop.checkout(signature, ORDERED))["sessionId"], session)


@test
def _():
    """a session that the owner has ended before its time is not given again, once an event has told"""
    signature = granted(shop.quote("N-RED"))["quoteSignature"]
    first = granted(shop.checkout(signature, ORDERED))["sessionId"]
    shop.stripe("POST", f"/v1/checkout/sessions/{first}/expire")
    equal(granted(shop.checkout(signature, ORDERED))["sessionId"], first, "untold")
    granted(shop.webhook(event_of("checkout.session.expired", first)))
    again = [granted(shop.checkout(signature, ORDERED))["sessionId"] for _ in range(2)]
    ok(again[0] != first, "another session")
    equal(again[1], again[0], "a double click")
    equal(shop.stripe("GET", "/v1/checkout/sessions/" + again[0])["status"], "open")


@test
def _():
    """of two sessions of one quote the first that is ordered uses it up; a warning names both orders"""
    signature = granted(shop.quote("N-RED"))["quoteSignature"]
    made = [granted(shop.checkout(signature, {"userId": f"two_{n}"}))["sessionId"] for n in (1, 2)]
    logs = []
    for session in made:
        shop.sim.post("/_sim/pay", {"session": session})
        answer = shop.webhook(completed(session))
        granted(answer)
        logs.append(answer.log + shop.webhook(completed(session)).log)
    equal(shop.item("QUOTE#" + signature, "CACHE")["orderId"], made[0])
    lacks(logs[0], "paid twice")
    warned, = (line for line in logs[1].splitlines() if "A quote was paid twice" in line)
    first, second = (shop.order_of(session)["orderNumber"] for session in made)
    for part in ("warning", "orderId=" + made[1], "orderNumber=" + second,
                 "firstOrderId=" + made[0], "firstOrderNumber=" + first):
        contains(warned, part)
    equal([len(shop.items(f"USER#two_{n}")) for n in (1, 2)], [1, 1])


@test
def _():
    """an order does not lengthen its quote's life, nor bring one back that is past its time"""
    for left in (3600, -1):
        signature = granted(shop.quote("N-RED"))["quoteSignature"]
        session = granted(shop.checkout(signature, ORDERED))["sessionId"]
        shop.sim.post("/_sim/pay", {"session": session})
        ends = int(time.time()) + left
        shop.store({**shop.item("QUOTE#" + signature, "CACHE"), "expiresAt": ends})
        granted(shop.webhook(completed(session)))
        stand = [json.loads(item) for pk, _sk, item, _ends in shop.rows()
                 if pk == "QUOTE#" + signature]
        equal([(q["expiresAt"], q.get("orderId")) for q in stand if left > 0 or q["expiresAt"] > ends],
              [(ends, session)] if left > 0 else [])
        ok(left > 0 or not any("orderId" in q for q in stand), stand)


@test
def _():
    """a new session is logged by its id, without the buyer's address"""
    answer = create({"customerEmail": "jane.doe@shop.example", "metadata": {"log": "1"}})
    line, = lines_of(answer.log, "Checkout session created")
    contains(line, granted(answer)["sessionId"])
    lacks(answer.log, "jane.doe@")


@test
def _():
    """no secret and no whole e-mail address was logged in this run"""
    check_log(["sk_test_another0000000000", SIGNATURE * 2])


main(shop)
