#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""doc/openapi.json says what is: its examples are run, every answer fits its schema, and every status,
field and refusal that it names was seen from the programs, and no other."""
import json
import os
import re
import subprocess
import time

from kit import JWT_SECRET, KeptShop, clock, equal, lib, main, ok, sign, test, token
import orders as made

with open(os.path.join(lib.SRC, "doc", "openapi.json"), encoding="utf-8") as f:
    API = json.load(f)
SCHEMAS = API["components"]["schemas"]
PROGRAMS = {"/cart/quote": "cart-quote", "/checkout/create-session": "checkout-create-session",
            "/checkout/session-status": "orders", "/orders": "orders", "/orders/{orderId}": "orders",
            "/stripe/webhook": "stripe-webhook", "/healthz": "status", "/metrics": "status"}
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict,
         "null": type(None)}
NOW = int(time.time())
BEARER = "Bearer " + token({"sub": "ann", "exp": NOW + 86400})

shop = KeptShop(JWT_SECRET=JWT_SECRET)
answered, fields = set(), set()


# --- the little of JSON Schema that the file uses -----------------------------------------------

def resolved(schema):
    """The schema and its name, if it has one."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return SCHEMAS[name], name
    return schema, None


def is_a(value, kind):
    return isinstance(value, TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))


def fit(value, schema, where, name):
    """Fails unless the value fits; notes each field that it has."""
    schema, own = resolved(schema)
    name = own or name
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    ok(not kinds or any(is_a(value, k) for k in kinds), f"{where}: {value!r} is no {kinds}")
    ok(value in schema.get("enum", [value]), f"{where}: {value!r} is not listed")
    if isinstance(value, str) and "pattern" in schema:
        ok(re.search(schema["pattern"], value), f"{where}: {value!r} does not match")
    if isinstance(value, dict):
        known = schema.get("properties", {})
        for key in schema.get("required", []):
            ok(key in value, f"{where}: {key} is missing")
        for key, inner in value.items():
            if key in known:
                fields.add(f"{name}.{key}")
                fit(inner, known[key], f"{where}.{key}", f"{name}.{key}")
            else:
                ok(schema.get("additionalProperties", True), f"{where}: {key} is not documented")
    if isinstance(value, list) and "items" in schema:
        for i, inner in enumerate(value):
            fit(inner, schema["items"], f"{where}[{i}]", name)


def operation(path):
    (method, found), = API["paths"][path].items()
    return method.upper(), found


def ask(path, body=None, status=200, **variables):
    """Asks the program of a path; the answer is documented, and fits."""
    method, described = operation(path)
    variables.setdefault("SCRIPT_NAME", path)
    answer = shop.cgi(PROGRAMS[path], body, method, **variables)
    equal(answer.status, status, f"{path} {body!r:.200} ({answer.body[:300]} {answer.log[-300:]})")
    ok(str(status) in described["responses"], f"{path}: {status} is not documented")
    response = described["responses"][str(status)]
    if "text/plain" in response.get("content", {}):
        answered.add((path, str(status)))
        return answer.body.decode()
    for header in response.get("headers", {}):
        ok(header.lower() in answer.headers, f"{path} {status}: no {header}")
    answered.add((path, str(status)))
    if "content" in response:
        fit(answer.json, response["content"]["application/json"]["schema"], path, path)
        return answer.json
    equal(answer.body, b"", f"{path} {status}: a body that is not documented")
    return None


def stalled(path):
    """Sends half a body and no more: the answer is a 408."""
    process = subprocess.Popen(
        [*lib.WRAPPER, lib.program(PROGRAMS[path])], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=shop.environment(
            REQUEST_METHOD="POST", SCRIPT_NAME=path, CONTENT_LENGTH=100, CONTENT_TYPE="application/json"))
    with process:
        process.stdin.write(b"{")
        process.stdin.flush()
        answer = lib.Answer(process.stdout.read())
    equal(answer.status, 408, path)
    fit(answer.json, operation(path)[1]["responses"]["408"]["content"]["application/json"]["schema"], path, path)
    answered.add((path, "408"))


def a_cart():
    return {"items": [{"sku": "N-RED", "quantity": 1}]}


def example(path):
    return operation(path)[1]["requestBody"]["content"]["application/json"]["example"]


# --- a sale by the examples ---------------------------------------------------------------------

def a_quote():
    return ask("/cart/quote", example("/cart/quote"))


def a_session(**more):
    body = {**example("/checkout/create-session"), "quoteSignature": a_quote()["quoteSignature"], **more}
    return ask("/checkout/create-session", body, HTTP_AUTHORIZATION=BEARER)


@test
def _():
    "the examples make a sale: quote, session, the event of its payment, the order and its status"
    session = a_session()
    paid = shop.sim.post("/_sim/pay", {"session": session["sessionId"], "name": "Ann Lee"})
    event = shop.stripe("GET", "/v1/events/" + paid["event"])
    for times in (1, 2):
        body = json.dumps(event).encode()
        got = ask("/stripe/webhook", body, HTTP_STRIPE_SIGNATURE=sign(body))
        equal((got["status"], got.get("duplicate")), ("processed", True if times == 2 else None))
    shown = ask("/checkout/session-status", QUERY_STRING="session_id=" + session["sessionId"])
    equal((shown["status"], shown["amount"]), ("completed", 8500))
    page = ask("/orders", HTTP_AUTHORIZATION=BEARER)
    equal([o["orderId"] for o in page["orders"]], [session["sessionId"]])
    ask("/orders/{orderId}", SCRIPT_NAME="/orders", PATH_INFO="/" + session["sessionId"],
        HTTP_AUTHORIZATION=BEARER)


@test
def _():
    "an order that has everything shows every field, and the examples of the list are as they say"
    whole = made.order("cs_test_abc123", NOW + 9, "ann", color="x", amountRefunded=1, itemsPending=True,
                       presentment={"amount": 1, "currency": "eur"}, customerPhone="+1", id="no",
                       customerBusinessName="Lee Ltd", shippingRate={"name": "Post", "amount": 5},
                       discounts=[{"code": "TEN", "name": "Ten", "amount": 1}],
                       taxes=[{"name": "VAT", "rate": "19", "amount": 1}],
                       refunds=[{"id": "re_1", "amount": 1, "currency": "usd", "status": "succeeded",
                                 "createdAt": "2026-11-27T00:00:00Z", "reason": "no"}],
                       payment={"type": "card", "brand": "visa", "last4": "4242", "wallet": "link",
                                "receiptUrl": "https://x.test/r"},
                       tracking={"carrier": "DHL", "number": "1", "url": "https://x.test/1",
                                 "status": "sent", "shippedAt": "2026-11-27"},
                       customFields=[{"key": "k", "label": "L", "type": "text", "value": "v"}],
                       **{a: dict.fromkeys(("name", "line1", "line2", "city", "state", "postalCode",
                                            "country"), "x") for a in ("shippingAddress", "billingAddress")})
    whole["items"][0].update(amountDiscount=1, amountTax=1, collectionId="c", variantId="v", color="red")
    made.put(shop, whole, made.order("cs_test_older", NOW - 99, "ann"))
    parameters = {p["name"]: p.get("example") for p in operation("/orders")[1]["parameters"]}
    page = ask("/orders", QUERY_STRING=f"limit={parameters['limit']}", HTTP_AUTHORIZATION=BEARER)
    equal(len(page["orders"]), parameters["limit"])
    ask("/orders", QUERY_STRING="cursor=" + page["nextCursor"], HTTP_AUTHORIZATION=BEARER)
    (order_id,) = (p["example"] for p in operation("/orders/{orderId}")[1]["parameters"])
    equal(ask("/orders/{orderId}", SCRIPT_NAME="/orders", PATH_INFO="/" + order_id,
              HTTP_AUTHORIZATION=BEARER)["orderNumber"], "BC-ABC123")
    (session_id,) = (p["example"] for p in operation("/checkout/session-status")[1]["parameters"])
    ask("/checkout/session-status", QUERY_STRING="session_id=" + session_id)
    equal(ask("/checkout/session-status", QUERY_STRING="session_id=cs_test_none"), {"status": "unknown"})


@test
def _():
    "health, well and not"
    ask("/healthz")
    shop.store({"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 1, "completedAt": "2026-11-27T12:00:00Z"})
    ask("/healthz")
    ask("/healthz", status=503, COMMERCE_DB=os.path.join(shop.folder, "none", "orders.db"))
    ask("/healthz", status=503, STRIPE_SECRET=None)
    ask("/metrics", METRICS_FILE=os.path.join(shop.folder, "metrics"))
    ask("/metrics", status=404)
    ask("/metrics", status=503, METRICS_FILE=shop.folder)


# --- refusals -----------------------------------------------------------------------------------

@test
def _():
    "a body that is not JSON, without a length or of another type is refused as documented"
    for path in ("/cart/quote", "/checkout/create-session", "/stripe/webhook"):
        signed = {"HTTP_STRIPE_SIGNATURE": sign(b"{")} if "webhook" in path else {}
        ask(path, b"{", 400, **signed)
        ask(path, b"{}", 411, CONTENT_LENGTH=None)
        ask(path, b"{}", 415, CONTENT_TYPE="text/plain")


@test
def _():
    "the cap of each body and the time that it has are as documented"
    for path, cap, seconds in (("/cart/quote", 32 << 10, "three"), ("/stripe/webhook", 1 << 20, "five"),
                               ("/checkout/create-session", 64 << 10, "three")):
        method, described = operation(path)
        size = f"{cap >> 20} MiB" if cap >> 20 else f"{cap >> 10} KiB"
        equal([described["responses"][s]["description"] for s in ("413", "408")],
              [f"More than {size}", f"The body is not whole after {seconds} seconds"], path)
        ask(path, b" " * (cap + 1), 413)
        answer = shop.cgi(PROGRAMS[path], b" " * cap, method, SCRIPT_NAME=path)
        equal(answer.status, 400, f"{path}: blanks up to the cap")
        stalled(path)


@test
def _():
    "a currency is taken in the letters of either case that are documented"
    for currency in ("usd", "USD", "Usd"):
        fit({"currency": currency, **a_cart()}, SCHEMAS["Cart"], "a cart", "Cart")
        ask("/cart/quote", {"currency": currency, **a_cart()})


@test
def _():
    "each field of a request that has another type is refused by its name"
    for path, schema, around in (
            ("/cart/quote", SCHEMAS["CartItem"], lambda f: {"items": [
                {"sku": "N-RED", "quantity": 1, **f}]}),
            ("/cart/quote", SCHEMAS["Cart"], lambda f: {"items": [{"sku": "N-RED", "quantity": 1}], **f}),
            ("/checkout/create-session", SCHEMAS["CheckoutRequest"],
             lambda f: {"quoteSignature": "0" * 64, **f})):
        for name, field in schema["properties"].items():
            wrong = 7 if field.get("type") in ("object", "array", "string") else {"a": 1}
            text = ask(path, around({name: wrong}), 400)["error"]
            ok(name in text or (name == "stripePriceId" and "sku" in text), f"{path} {name}: {text}")


@test
def _():
    "what is refused for who asks, and for what is not there or over"
    one = {"SCRIPT_NAME": "/orders", "PATH_INFO": "/cs_test_none"}
    ask("/orders", status=401)
    ask("/orders/{orderId}", status=401, **one)
    ask("/orders/{orderId}", status=404, HTTP_AUTHORIZATION=BEARER, **one)
    ask("/orders", status=400, QUERY_STRING="limit=0", HTTP_AUTHORIZATION=BEARER)
    ask("/checkout/session-status", status=400)
    ask("/checkout/create-session", {"quoteSignature": "0" * 64}, 404)
    ask("/checkout/create-session", {"quoteSignature": "0" * 64}, 401, HTTP_AUTHORIZATION="Bearer x")
    ask("/checkout/create-session", {"quoteSignature": "0" * 64, "userId": "bob"}, 403,
        HTTP_AUTHORIZATION=BEARER)
    ask("/checkout/create-session", {"quoteSignature": a_quote()["quoteSignature"]}, 410, **clock(3600))
    event = b'{"id":"evt_1","object":"event","type":"ping"}'
    equal(ask("/stripe/webhook", event, HTTP_STRIPE_SIGNATURE=sign(event)), {"status": "ignored"})
    for path, more in (("/orders", {}), ("/orders/{orderId}", {**one, "PATH_INFO": "/cs_test_abc123"})):
        tag = shop.cgi("orders", None, "GET", **{"SCRIPT_NAME": "/orders", **more},
                       HTTP_AUTHORIZATION=BEARER).headers["etag"]
        ask(path, status=304, HTTP_IF_NONE_MATCH=tag, HTTP_AUTHORIZATION=BEARER, **more)


@test
def _():
    "a price that Stripe does not sell any more is a 409"
    quote = a_quote()
    shop.stripe("POST", "/v1/prices/" + quote["items"][0]["stripePriceId"], {"active": "false"})
    try:
        equal(ask("/checkout/create-session", {"quoteSignature": quote["quoteSignature"]}, 409,
                  HTTP_AUTHORIZATION=BEARER)["code"], "outdated")
    finally:
        shop.stripe("POST", "/v1/prices/" + quote["items"][0]["stripePriceId"], {"active": "true"})


@test
def _():
    "what others are to blame for: settings, the store, Stripe"
    sent = {"/cart/quote": {"items": [{"sku": "N-RED", "quantity": 1}]},
            "/checkout/create-session": {"quoteSignature": "0" * 64},
            "/stripe/webhook": b'{"id":"evt_2","object":"event","type":"ping"}'}
    variables = {
        "/checkout/session-status": {"QUERY_STRING": "session_id=cs_test_1"},
        "/orders": {"HTTP_AUTHORIZATION": BEARER},
        "/orders/{orderId}": {"SCRIPT_NAME": "/orders", "PATH_INFO": "/cs_test_1",
                              "HTTP_AUTHORIZATION": BEARER}}
    gone = os.path.join(shop.folder, "none", "orders.db")
    for path in PROGRAMS:
        more = variables.get(path, {})
        ask(path, sent.get(path), 500, LOG_LEVEL="loud", **more)
        if path in ("/healthz", "/metrics"):
            continue
        body = sent.get(path)
        if path == "/stripe/webhook":
            body = json.dumps(shop.stripe("GET", "/v1/events?limit=1")["data"][0]).encode()
            more = {"HTTP_STRIPE_SIGNATURE": sign(body)}
        ask(path, body, 503, COMMERCE_DB=gone, **more)
    shop.fault("GET /v1/prices", status=402, times=1)
    ask("/cart/quote", {"items": [{"sku": "R-SIL", "quantity": 1}]}, 502, PRICE_CACHE_SECONDS=0)
    signature = a_quote()["quoteSignature"]
    shop.fault("POST /v1/checkout/sessions", status=402, times=1)
    ask("/checkout/create-session", {"quoteSignature": signature, "userId": None}, 502,
        HTTP_AUTHORIZATION=BEARER)


# --- nothing that is not so ---------------------------------------------------------------------

def named(schema, name):
    """Every field of a schema, as fit() notes them."""
    schema, own = resolved(schema)
    name = own or name
    for key, inner in schema.get("properties", {}).items():
        yield f"{name}.{key}"
        yield from named(inner, f"{name}.{key}")
    if "items" in schema:
        yield from named(schema["items"], name)


@test
def _():
    "every status and every field of an answer that is documented was seen"
    documented = {(path, status) for path in API["paths"]
                  for status in operation(path)[1]["responses"]}
    equal(sorted(documented - answered), [])
    described = set()
    for path in API["paths"]:
        for response in operation(path)[1]["responses"].values():
            for content in response.get("content", {}).values():
                described |= set(named(content["schema"], path))
    equal(sorted(described - fields), [])


@test
def _():
    "every path that the programs and the web servers' files know is documented"
    equal(sorted(API["paths"]), sorted(PROGRAMS))
    for name in ("nginx/ordersnap.conf", "apache/ordersnap-cgi.conf", "apache/ordersnap-proxy_fcgi.conf"):
        with open(os.path.join(lib.SRC, "conf", name), encoding="utf-8") as conf:
            text = conf.read()
        for path in PROGRAMS:
            ok(path.partition("/{")[0] in text, f"{name}: {path}")


@test
def _():
    "the manual's list of what is shown of an order is the one that is documented here"
    with open(os.path.join(lib.SRC, "man", "orders.fcgi.8"), encoding="utf-8") as page:
        text = page.read().partition("Only these attributes are shown:")[2].partition("An attribute is left out")[0]
    named = [word for line in re.findall(r"^\.Va (.*)", text, re.M) for word in re.findall(r"\w+", line)]
    equal(named, list(SCHEMAS["Order"]["properties"]))


main(shop)
