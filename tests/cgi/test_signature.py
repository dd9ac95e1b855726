#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""POST /stripe/webhook: which signatures and payloads pass, case by case.

The cases of the official SDKs' own webhook suites stand under their names; where the SDKs differ (a
timestamp of the future, an element that can't be read) DESIGN decides, and the case says so.
"""
import base64
import copy
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import tempfile
import time

from kit import (KeptShop, SLOW, Stub, WEBHOOK_SECRET, case, check_log, contains, equal, granted,
                 lib, main, ok, refused, sign, skip, test)

SIGNATURE, PAYLOAD = "Invalid Stripe signature", "Invalid Stripe payload"
SDK_BODY = b'{\n  "id": "evt_test_webhook",\n  "object": "event"\n}'
OTHER = "whsec_another_endpoint"


LINES = {"object": "list", "has_more": False, "data": [
    {"id": "li_1", "object": "item", "description": "Ring", "quantity": 1, "currency": "usd",
     "amount_total": 8500, "amount_subtotal": 8500}]}
delivered = {}  # the session of the last delivery, as Stripe has it


def session_of(_request):
    return (200, json.dumps({**delivered, "line_items": LINES}).encode()) if delivered else (404, b"{}")


def remember(body):
    """Stripe knows the session that a delivery tells of."""
    delivered.clear()
    try:
        value = json.loads(body)
        delivered.update(value["data"]["object"])
    except (ValueError, TypeError, KeyError, RecursionError):
        pass


stripe = Stub(session_of)
shop = KeptShop(sim=False, STRIPE_API_BASE=stripe.base)


def mac(body, at, secret=WEBHOOK_SECRET):
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def deliver(body, header, **variables):
    remember(body)
    return shop.cgi("stripe-webhook", body, HTTP_STRIPE_SIGNATURE=header, **variables)


# --- signatures ---------------------------------------------------------------------------------

NOW = int(time.time())
GOOD = mac(SDK_BODY, NOW)
SLACK = 1000000  # a tolerance under which NOW does not grow old while the tests run

# (what, header, whether it passes)
HEADERS = [
    # stripe-node, Webhook.spec
    ("node: a valid header", f"t={NOW},v1={GOOD}", True),
    ("node: a bad header", "bad_header", False),
    ("node: no header", None, False),
    ("node: an empty header", "", False),
    ("node: not even a real signature header", "I'm not even a real signature header", False),
    ("node: no signature of the expected scheme", f"t={NOW},v0={GOOD}", False),
    ("node: no signature that matches", f"t={NOW},v1=bad_signature", False),
    ("node: two headers in one", f"t={NOW},v1={GOOD},t={NOW},v1={GOOD}", False),
    ("node: one of several signatures is valid", f"t={NOW},v1={GOOD},v1=potato", True),
    ("node: a signature of another payload", f"t={NOW},v1={mac(b'[]', NOW)}", False),
    ("node: a signature of another timestamp", f"t={NOW},v1={mac(SDK_BODY, NOW - 1)}", False),
    # stripe-python, test_webhook
    ("python: a malformed header", "i'm not even a real signature header", False),
    ("python: a valid one and then a bad one", f"t={NOW},v1={GOOD},v1=bad_signature", True),
    ("python: a bad one and then a valid one", f"t={NOW},v1=bad_signature,v1={GOOD}", True),
    ("python: a timestamp that is no number", f"t=now,v1={GOOD}", False),
    ("python: no timestamp", f"v1={GOOD}", False),
    ("python: a value with an equals sign", f"t={NOW},v1={GOOD}=", False),
    # stripe-go, webhook_test
    ("go: an empty timestamp", f"t=,v1={GOOD}", False),
    ("go: a timestamp alone", f"t={NOW}", False),
    ("go: a timestamp and an empty signature", f"t={NOW},v1=", False),
    ("go: a signature that is no hex", f"t={NOW},v1=xyz", False),
    ("go: an element without a value, which we ignore", f"t={NOW},v1={GOOD},v1", True),
    ("go: bare elements alone", "t,v1", False),
    ("go: v0 beside a valid v1", f"t={NOW},v1={GOOD},v0={'0' * 64}", True),
    ("go: v0 in front of a valid v1", f"v0={'0' * 64},t={NOW},v1={GOOD}", True),
    ("go: the signature in front of the timestamp", f"v1={GOOD},t={NOW}", True),
    ("go: another secret's signature", f"t={NOW},v1={mac(SDK_BODY, NOW, OTHER)}", False),
    ("go: the old and the new secret's signature",
     f"t={NOW},v1={mac(SDK_BODY, NOW, OTHER)},v1={GOOD}", True),
    # stripe-ruby, webhook_test
    ("ruby: a valid header", sign(SDK_BODY, at=NOW), True),
    ("ruby: no valid signature for the payload", f"t={NOW},v1=bad_signature", False),
    ("ruby: scheme v0 alone", f"t={NOW},v0={GOOD},v0={GOOD}", False),
    # stripe-php, WebhookTest
    ("php: a header with a valid signature", f"t={NOW},v1={GOOD},v1=bad", True),
    ("php: the timestamp is text", f"t=abc,v1={GOOD}", False),
    ("php: no elements", ",", False),
    ("php: an element with an empty name", f"={GOOD},t={NOW}", False),
    # stripe-java, WebhookTest
    ("java: a malformed header", "i'm not even a real signature header", False),
    ("java: a header without a signature of the scheme", f"t={NOW},v2={GOOD}", False),
    ("java: a timestamp of twenty digits", f"t=99999999999999999999,v1={GOOD}", False),
    # stripe-dotnet, EventUtilityTest
    ("dotnet: an incorrect timestamp", f"t={NOW + 1},v1={GOOD}", False),
    ("dotnet: an incorrect signature", f"t={NOW},v1={GOOD[:-4]}0000", False),
    ("dotnet: an element that can't be read, which we ignore", f"t={NOW},v1={GOOD},=,==", True),
    # the header's form
    ("spaces after the commas", f"t={NOW}, v1={GOOD}, v0=x", True),
    ("spaces before the commas", f"t={NOW} ,v1={GOOD} ,v0=x", True),
    ("spaces around it all", f"  t={NOW},v1={GOOD}  ", True),
    ("empty elements", f",,t={NOW},,v1={GOOD},,", True),
    ("an unknown scheme in front", f"v2={GOOD},t={NOW},v1={GOOD}", True),
    ("an unknown word", f"t={NOW},hello world,v1={GOOD}", True),
    ("an unknown element with several equals signs", f"t={NOW},a=b=c,v1={GOOD}", True),
    ("semicolons for commas", f"t={NOW};v1={GOOD}", False),
    ("a space before the equals sign", f"t={NOW},v1 ={GOOD}", False),
    ("a space behind the equals sign", f"t={NOW},v1= {GOOD}", False),
    ("a space in t", f"t= {NOW},v1={GOOD}", False),
    ("quotes around the signature", f't={NOW},v1="{GOOD}"', False),
    ("T for t", f"T={NOW},v1={GOOD}", False),
    ("V1 for v1", f"t={NOW},V1={GOOD}", False),
    ("v11 for v1", f"t={NOW},v11={GOOD}", False),
    ("v for v1", f"t={NOW},v={GOOD}", False),
    ("ts for t", f"ts={NOW},v1={GOOD}", False),
    ("the signature alone", GOOD, False),
    ("a scheme in front, as Authorization has it", f"HMAC t={NOW},v1={GOOD}", False),
    # t
    ("the same t twice", f"t={NOW},t={NOW},v1={GOOD}", False),
    ("two t, the valid one first", f"t={NOW},v1={GOOD},t=1", False),
    ("two t, the valid one last", f"t=1,t={NOW},v1={GOOD}", False),
    ("two t, one of them empty", f"t=,t={NOW},v1={GOOD}", False),
    ("a plus sign", f"t=+{NOW},v1={mac(SDK_BODY, '+' + str(NOW))}", False),
    ("a minus sign", f"t=-{NOW},v1={mac(SDK_BODY, '-' + str(NOW))}", False),
    ("a fraction", f"t={NOW}.0,v1={mac(SDK_BODY, str(NOW) + '.0')}", False),
    ("an exponent", f"t=1e9,v1={mac(SDK_BODY, '1e9')}", False),
    ("hexadecimal", f"t=0x6a,v1={mac(SDK_BODY, '0x6a')}", False),
    ("milliseconds", f"t={NOW}000,v1={mac(SDK_BODY, str(NOW) + '000')}", False),
    ("an empty t that is signed", f"t=,v1={mac(SDK_BODY, '')}", False),
    ("no t, the body signed alone",
     f"v1={hmac.new(WEBHOOK_SECRET.encode(), SDK_BODY, hashlib.sha256).hexdigest()}", False),
    ("2^63 - 1", f"t={2**63 - 1},v1={mac(SDK_BODY, 2**63 - 1)}", False),
    ("2^63", f"t={2**63},v1={mac(SDK_BODY, 2**63)}", False),
    ("2^64 + now", f"t={2**64 + NOW},v1={mac(SDK_BODY, 2**64 + NOW)}", False),
    ("digits of another script", f"t={''.join(chr(0x660 + int(d)) for d in str(NOW))},v1={GOOD}",
     False),
    # v1
    ("a signature cut short", f"t={NOW},v1={GOOD[:-1]}", False),
    ("half a signature", f"t={NOW},v1={GOOD[:32]}", False),
    ("a signature and more", f"t={NOW},v1={GOOD}00", False),
    ("the signature twice in one", f"t={NOW},v1={GOOD}{GOOD}", False),
    ("capitals", f"t={NOW},v1={GOOD.upper()}", GOOD == GOOD.upper()),
    ("base64 instead of hex", f"t={NOW},v1={base64.b64encode(bytes.fromhex(GOOD)).decode()}", False),
    ("0x in front", f"t={NOW},v1=0x{GOOD}", False),
    ("the first letter changed", f"t={NOW},v1={'f' if GOOD[0] != 'f' else 'e'}{GOOD[1:]}", False),
    ("the last letter changed", f"t={NOW},v1={GOOD[:-1]}{'f' if GOOD[-1] != 'f' else 'e'}", False),
    ("zeros", f"t={NOW},v1={'0' * 64}", False),
    ("sixteen signatures, the last one valid", f"t={NOW}," + f"v1={'0' * 64}," * 15 + f"v1={GOOD}",
     True),
    ("seventeen signatures, the first one valid",
     f"t={NOW},v1={GOOD}" + f",v1={'0' * 64}" * 16, True),
    ("seventeen signatures, the last one valid", f"t={NOW}," + f"v1={'0' * 64}," * 16 + f"v1={GOOD}",
     False),
    ("a thousand signatures, the last one valid", f"t={NOW}," + "v1=0," * 999 + f"v1={GOOD}", False),
    ("sixty thousand bytes of a header", "t=1," + "x" * 60000, False),
    ("SHA-1", f"t={NOW},v1=" + hmac.new(WEBHOOK_SECRET.encode(), f"{NOW}.".encode() + SDK_BODY,
                                       hashlib.sha1).hexdigest(), False),
    ("SHA-512", f"t={NOW},v1=" + hmac.new(WEBHOOK_SECRET.encode(), f"{NOW}.".encode() + SDK_BODY,
                                         hashlib.sha512).hexdigest(), False),
    ("a plain digest without a key",
     f"t={NOW},v1=" + hashlib.sha256(f"{NOW}.".encode() + SDK_BODY).hexdigest(), False),
    ("the secret without its whsec_",
     f"t={NOW},v1={mac(SDK_BODY, NOW, WEBHOOK_SECRET[len('whsec_'):])}", False),
    ("an empty secret", f"t={NOW},v1={mac(SDK_BODY, NOW, '')}", False),
    ("a comma between t and the body", f"t={NOW},v1=" + hmac.new(
        WEBHOOK_SECRET.encode(), f"{NOW},".encode() + SDK_BODY, hashlib.sha256).hexdigest(), False),
]

for name, header, passes in HEADERS:
    @case(f"{name}: {'passes' if passes else 'is refused'}")
    def _(header=header, passes=passes):
        answer = deliver(SDK_BODY, header, STRIPE_WEBHOOK_TOLERANCE=SLACK)
        if passes:
            equal(granted(answer), {"status": "ignored"})
        else:
            refused(answer, 400)
            equal(answer.json["error"], SIGNATURE)


@test
def _():
    """the known answer: this secret, time and body give this signature"""
    equal(mac(SDK_BODY, 1700000000),
          "4f1cd7feda9826e746b7d482c4badebb657398df1099e1046364f6196a230150")
    granted(deliver(SDK_BODY, "t=1700000000,v1=4f1cd7feda9826e746b7d482c4badebb657398df1099e1046364f"
                    "6196a230150", STRIPE_WEBHOOK_TOLERANCE=2147483647))


# seconds from now, the tolerance, whether it passes.  What passes, or is of the future, may be looked at
# two minutes later on a machine that has no time; the very second is for tests/unit/test_signature.c.
TIMES = [
    (0, 300, True), (-170, 300, True), (270, 300, True), (-301, 300, False), (430, 300, False),
    (-86400, 300, False), (86400, 300, False), (-301, None, False), (-170, None, True),
    (270, None, True), (430, None, False), (-3000, 3600, True), (3600, 3600, True),
    (-3601, 3600, False), (3800, 3600, False), (-11, 10, False), (140, 10, False),
    (-NOW, 300, False), (12345 - NOW, 300, False), (-NOW, SLACK, False),
]

for shift, tolerance, passes in TIMES:
    @case(f"signed {shift} seconds from now, tolerance {tolerance or 'as it comes'}: "
          f"{'passes' if passes else 'is refused'}")
    def _(shift=shift, tolerance=tolerance, passes=passes):
        answer = deliver(SDK_BODY, sign(SDK_BODY, at=int(time.time()) + shift),
                         STRIPE_WEBHOOK_TOLERANCE=tolerance)
        if passes:
            granted(answer)
        else:
            refused(answer, 400)
            equal(answer.json["error"], SIGNATURE)


SECRETS = [
    ("two secrets, signed with the first", f"{WEBHOOK_SECRET},{OTHER}", WEBHOOK_SECRET, True),
    ("two secrets, signed with the second", f"{OTHER},{WEBHOOK_SECRET}", WEBHOOK_SECRET, True),
    ("spaces around the commas", f"{OTHER} , {WEBHOOK_SECRET}", WEBHOOK_SECRET, True),
    ("three secrets, signed with the last", f"a1,b2,{WEBHOOK_SECRET}", WEBHOOK_SECRET, True),
    ("two secrets, signed with neither", f"{OTHER},whsec_third", WEBHOOK_SECRET, False),
    ("signed with the whole list", f"{OTHER},{WEBHOOK_SECRET}", f"{OTHER},{WEBHOOK_SECRET}", False),
    ("signed with the beginning of the secret", WEBHOOK_SECRET, WEBHOOK_SECRET[:-1], False),
    ("signed with the secret and a space", WEBHOOK_SECRET, WEBHOOK_SECRET + " ", False),
    ("signed with the API key", WEBHOOK_SECRET, lib.STRIPE_SECRET, False),
    ("a secret of 200 bytes", "whsec_" + "x" * 194, "whsec_" + "x" * 194, True),
    ("a secret without whsec_", "just-a-secret", "just-a-secret", True),
    ("a secret with =, + and /", "whsec_a+/b==", "whsec_a+/b==", True),
]

for name, setting, secret, passes in SECRETS:
    @case(f"{name}: {'passes' if passes else 'is refused'}")
    def _(setting=setting, secret=secret, passes=passes):
        answer = deliver(SDK_BODY, sign(SDK_BODY, secret), STRIPE_WEBHOOK_SECRET=setting)
        equal(answer.status, 200 if passes else 400)


CHANGED = [
    ("one byte changed", SDK_BODY.replace(b"evt_t", b"evt_u")),
    ("a space less", SDK_BODY.replace(b": ", b":", 1)),
    ("a line feed more", SDK_BODY + b"\n"),
    ("carriage returns", SDK_BODY.replace(b"\n", b"\r\n")),
    ("a byte order mark", b"\xef\xbb\xbf" + SDK_BODY),
    ("serialised anew", json.dumps(json.loads(SDK_BODY)).encode()),
    ("nothing left", b""),
    ("cut at the half", SDK_BODY[:20]),
    ("a NUL byte more", SDK_BODY + b"\0"),
    ("no JSON any more", b"\xff" * len(SDK_BODY)),
]

for name, body in CHANGED:
    @case(f"a body with {name} is refused for its signature, before it is looked at")
    def _(body=body):
        answer = deliver(body, sign(SDK_BODY))
        refused(answer, 400)
        equal(answer.json["error"], SIGNATURE)


# --- payloads -----------------------------------------------------------------------------------

EVENT = {
    "id": "evt_payload", "object": "event", "api_version": "2026-10-28.endive",
    "created": 1732612800, "livemode": False, "type": "checkout.session.completed",
    "data": {"object": {
        "id": "cs_test_payload", "object": "checkout.session", "created": 1732612800,
        "amount_total": 8500, "amount_subtotal": 8500, "currency": "usd", "mode": "payment",
        "payment_status": "paid", "payment_intent": "pi_payload", "livemode": False,
        "metadata": {"userId": "user_payload"}, "total_details":
        {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0}}}}
COUNT = 0


def event(change=None, session=None, **members):
    """The event as it should be, with an id of its own, then changed."""
    global COUNT
    COUNT += 1
    value = copy.deepcopy(EVENT)
    value["id"] = f"evt_payload{COUNT}"
    value["data"]["object"]["id"] = f"cs_test_payload{COUNT}"
    value["data"]["object"]["payment_intent"] = f"pi_payload{COUNT}"
    value["data"]["object"].update(session or {})
    value.update(members)
    if change:
        change(value)
    return value


def without(*path):
    def change(value):
        for key in path[:-1]:
            value = value[key]
        del value[path[-1]]
    return change


def raw(value, **texts):
    """The event's JSON with the text "@name@" replaced by bytes as they are."""
    body = json.dumps(value).encode()
    for name, text in texts.items():
        text = text if isinstance(text, bytes) else text.encode()
        body = body.replace(f'"@{name}@"'.encode(), text)
    return body


def number(path, text):
    """An event with this text as one number of the session."""
    def make():
        value = event()
        node = value["data"]["object"]
        *way, last = path.split(".")
        for key in way:
            node = node[key]
        node[last] = "@n@"
        return raw(value, n=text)
    return make


def bytes_in_name(bad):
    return lambda: raw(event(session={"customer_email": "@b@"}), b=b'"' + bad + b'"')


def nested(depth, opening=b"[", closing=b"]"):
    """An event of no type of ours with JSON this deep: the event's own level is one."""
    return (b'{"id":"evt_deep","object":"event","type":"ping","x":' + opening * (depth - 1) +
            closing * (depth - 1) + b"}")


def is_order(answer, body):
    session = json.loads(body)["data"]["object"]["id"]
    equal(granted(answer)["orderId"], session)
    return shop.order_of(session)


IGNORED, ORDER, BAD = "is ignored", "is an order", "is no event"

PAYLOADS = [
    ("the event as it should be", lambda: raw(event()), ORDER),
    ("the SDKs' own event, without a type", lambda: SDK_BODY, IGNORED),
    ("node, python, ruby: what is not valid JSON", lambda: b"this is not valid JSON", BAD),
    ("go: an empty payload", lambda: b"", BAD),
    ("java: an unterminated object", lambda: b'{"id":"evt_1","object":"event"', BAD),
    ("dotnet: a payload that is text", lambda: b'"{}"', BAD),
    ("an empty object", lambda: b"{}", BAD),
    ("an array", lambda: b"[]", BAD),
    ("the event in an array", lambda: b"[" + SDK_BODY + b"]", BAD),
    ("null", lambda: b"null", BAD), ("true", lambda: b"true", BAD), ("a number", lambda: b"42", BAD),
    ("a text", lambda: b'"event"', BAD),
    ("white space", lambda: b" \n\t ", BAD),
    ("white space around it", lambda: b"\r\n\t " + raw(event()) + b" \n", ORDER),
    ("a vertical tab around it", lambda: b"\x0b" + SDK_BODY, BAD),
    ("a form feed around it", lambda: SDK_BODY + b"\x0c", BAD),
    # what stands behind
    ("a letter behind", lambda: SDK_BODY + b"x", BAD),
    ("a second event behind", lambda: SDK_BODY + SDK_BODY, BAD),
    ("a comma behind", lambda: SDK_BODY + b",", BAD),
    ("a bracket behind", lambda: SDK_BODY + b"}", BAD),
    ("a NUL behind", lambda: SDK_BODY + b"\0", BAD),
    ("a NUL and JSON behind", lambda: SDK_BODY + b"\0" + SDK_BODY, BAD),
    ("a comment behind", lambda: SDK_BODY + b" // no", BAD),
    ("a comment within", lambda: SDK_BODY.replace(b"{", b"{/* no */"), BAD),
    # grammar
    ("single quotes", lambda: SDK_BODY.replace(b'"', b"'"), BAD),
    ("names without quotes", lambda: b'{id:"evt_1",object:"event"}', BAD),
    ("a trailing comma", lambda: SDK_BODY.replace(b"\n}", b",\n}"), BAD),
    ("a missing comma", lambda: SDK_BODY.replace(b",", b""), BAD),
    ("a missing colon", lambda: SDK_BODY.replace(b":", b"", 1), BAD),
    ("a missing value", lambda: b'{"id":,"object":"event"}', BAD),
    ("a value that is a word", lambda: b'{"id":"evt_1","object":"event","x":yes}', BAD),
    ("True", lambda: b'{"id":"evt_1","object":"event","x":True}', BAD),
    ("NULL", lambda: b'{"id":"evt_1","object":"event","x":NULL}', BAD),
    ("NaN", lambda: b'{"id":"evt_1","object":"event","x":NaN}', BAD),
    ("Infinity", lambda: b'{"id":"evt_1","object":"event","x":-Infinity}', BAD),
    ("an escape that is none", lambda: b'{"id":"evt_1","object":"event","x":"\\x41"}', BAD),
    ("half an escape", lambda: b'{"id":"evt_1","object":"event","x":"\\u12"}', BAD),
    ("a raw line feed in a text", lambda: b'{"id":"evt_1","object":"event","x":"a\nb"}', BAD),
    ("a raw NUL in a text", lambda: b'{"id":"evt_1","object":"event","x":"a\0b"}', BAD),
    ("a text that does not end", lambda: b'{"id":"evt_1","object":"event","x":"a}', BAD),
    # depth
    ("64 levels", lambda: nested(64), IGNORED),
    ("65 levels", lambda: nested(65), BAD),
    ("64 levels of objects", lambda: nested(64, b'{"a":', b"}").replace(b'{"a":}', b"{}"), IGNORED),
    ("65 levels of objects", lambda: nested(65, b'{"a":', b"}").replace(b'{"a":}', b"{}"), BAD),
    ("100000 levels", lambda: nested(100000), BAD),
    ("100000 levels that are never closed", lambda: b'{"id":"evt_1","x":' + b"[" * 100000, BAD),
    ("100000 closing brackets", lambda: SDK_BODY + b"]" * 100000, BAD),
    ("a list of 100000", lambda: b'{"id":"evt_1","object":"event","x":[' + b"0," * 99999 + b"0]}",
     IGNORED),
    ("20000 members", lambda: b'{"id":"evt_1","object":"event"' + b"".join(
        b',"k%d":%d' % (n, n) for n in range(20000)) + b"}", IGNORED),
    # UTF-8
    ("a euro sign", bytes_in_name("€".encode()), ORDER),
    ("four bytes of UTF-8", bytes_in_name("𝄞".encode()), ORDER),
    ("the last code point", bytes_in_name("\U0010ffff".encode()), ORDER),
    ("an overlong slash, two bytes", bytes_in_name(b"\xc0\xaf"), BAD),
    ("an overlong slash, three bytes", bytes_in_name(b"\xe0\x80\xaf"), BAD),
    ("an overlong slash, four bytes", bytes_in_name(b"\xf0\x80\x80\xaf"), BAD),
    ("an overlong NUL", bytes_in_name(b"\xc0\x80"), BAD),
    ("an overlong quote", bytes_in_name(b"\xc0\xa2"), BAD),
    ("a surrogate in UTF-8", bytes_in_name(b"\xed\xa0\x80"), BAD),
    ("a pair of surrogates in UTF-8 (CESU-8)", bytes_in_name(b"\xed\xa0\xb4\xed\xb4\x9e"), BAD),
    ("beyond the last code point", bytes_in_name(b"\xf4\x90\x80\x80"), BAD),
    ("five bytes", bytes_in_name(b"\xf8\x88\x80\x80\x80"), BAD),
    ("a lone continuation", bytes_in_name(b"\x80"), BAD),
    ("a sequence cut short", bytes_in_name(b"\xe2\x82"), BAD),
    ("Latin-1", bytes_in_name("é".encode("latin-1")), BAD),
    ("0xFF", bytes_in_name(b"\xff"), BAD),
    ("bad UTF-8 in a name", lambda: b'{"id":"evt_1","object":"event","\xff":1}', BAD),
    ("UTF-16", lambda: SDK_BODY.decode().encode("utf-16"), BAD),
    ("UTF-16 without a mark", lambda: SDK_BODY.decode().encode("utf-16-le"), BAD),
    ("a byte order mark in front", lambda: b"\xef\xbb\xbf" + SDK_BODY, BAD),
    ("a byte order mark within a text", bytes_in_name(b"\xef\xbb\xbf"), ORDER),
    ("a pair of escaped surrogates", bytes_in_name(b"\\ud834\\udd1e"), ORDER),
    # numbers
    ("amount_total 0", number("amount_total", "0"), ORDER),
    ("amount_total 1", number("amount_total", "1"), ORDER),
    ("amount_total 99999999999", number("amount_total", "99999999999"), ORDER),
    ("amount_total null", number("amount_total", "null"), ORDER),
    ("amount_total 85.0", number("amount_total", "85.0"), BAD),
    ("amount_total 8500.5", number("amount_total", "8500.5"), BAD),
    ("amount_total 8.5e3", number("amount_total", "8.5e3"), BAD),
    ("amount_total 85E2", number("amount_total", "85E2"), BAD),
    ("amount_total 1e400", number("amount_total", "1e400"), BAD),
    ("amount_total 1e-400", number("amount_total", "1e-400"), BAD),
    ("amount_total \"8500\"", number("amount_total", '"8500"'), BAD),
    ("amount_total \"\"", number("amount_total", '""'), BAD),
    ("amount_total true", number("amount_total", "true"), BAD),
    ("amount_total []", number("amount_total", "[]"), BAD),
    ("amount_total {}", number("amount_total", "{}"), BAD),
    ("amount_total -1", number("amount_total", "-1"), BAD),
    ("amount_total 9223372036854775808", number("amount_total", "9223372036854775808"), BAD),
    ("amount_total 18446744073709551616", number("amount_total", "18446744073709551616"), BAD),
    ("amount_total -9223372036854775809", number("amount_total", "-9223372036854775809"), BAD),
    ("amount_total of 400 digits", number("amount_total", "9" * 400), BAD),
    ("amount_total 08500", number("amount_total", "08500"), BAD),
    ("amount_total +8500", number("amount_total", "+8500"), BAD),
    ("amount_total 0x2134", number("amount_total", "0x2134"), BAD),
    ("amount_total .5", number("amount_total", ".5"), BAD),
    ("amount_total 5.", number("amount_total", "5."), BAD),
    ("amount_total 8_500", number("amount_total", "8_500"), BAD),
    ("amount_total 12abc", number("amount_total", "12abc"), BAD),
    ("amount_subtotal -1", number("amount_subtotal", "-1"), BAD),
    ("amount_subtotal \"1\"", number("amount_subtotal", '"1"'), BAD),
    ("amount_tax 1.5", number("total_details.amount_tax", "1.5"), BAD),
    ("amount_discount -5", number("total_details.amount_discount", "-5"), BAD),
    ("amount_shipping \"0\"", number("total_details.amount_shipping", '"0"'), BAD),
    ("created 1732612800.0", number("created", "1732612800.0"), BAD),
    ("created \"1732612800\"", number("created", '"1732612800"'), BAD),
    ("created -1", number("created", "-1"), BAD),
    ("created true", number("created", "true"), BAD),
    ("created 9223372036854775808", number("created", "9223372036854775808"), BAD),
    # what an event has to have
    ("no id", lambda: raw(event(without("id"))), BAD),
    ("an empty id", lambda: raw(event(id="")), BAD),
    ("an id that is null", lambda: raw(event(id=None)), BAD),
    ("an id that is a number", lambda: raw(event(id=7)), BAD),
    ("an id with a NUL", lambda: raw(event(id="evt_\0x")), BAD),
    ("an id of 300 characters", lambda: raw(event(id="evt_" + "x" * 300)), BAD),
    ("no object", lambda: raw(event(without("object"))), BAD),
    ("an object that is another", lambda: raw(event(object="charge")), BAD),
    ("an object that is null", lambda: raw(event(object=None)), BAD),
    ("a type that is a number", lambda: raw(event(type=5)), BAD),
    ("a type that is an array", lambda: raw(event(type=["checkout.session.completed"])), BAD),
    ("a type of another kind", lambda: raw(event(type="invoice.paid")), IGNORED),
    ("a type in capitals", lambda: raw(event(type="CHECKOUT.SESSION.COMPLETED")), IGNORED),
    ("a type with a space behind", lambda: raw(event(type="checkout.session.completed ")), IGNORED),
    ("a type that begins like ours", lambda: raw(event(type="checkout.session.completed.x")), IGNORED),
    ("no data", lambda: raw(event(without("data"))), BAD),
    ("data that is null", lambda: raw(event(data=None)), BAD),
    ("data that is an array", lambda: raw(event(data=[])), BAD),
    ("no data.object", lambda: raw(event(data={})), BAD),
    ("data.object that is an id", lambda: raw(event(data={"object": "cs_test_1"})), BAD),
    ("data.object that is null", lambda: raw(event(data={"object": None})), BAD),
    ("data.object that is empty", lambda: raw(event(data={"object": {}})), BAD),
    ("data.object of another kind",
     lambda: raw(event(session={"object": "payment_intent"})), BAD),
    ("data.object without a kind", lambda: raw(event(without("data", "object", "object"))), BAD),
    ("a session without an id", lambda: raw(event(without("data", "object", "id"))), BAD),
    ("a session whose id is empty", lambda: raw(event(session={"id": ""})), BAD),
    ("a session whose id is a number", lambda: raw(event(session={"id": 5})), BAD),
    ("a session whose id has a NUL", lambda: raw(event(session={"id": "cs_\0"})), BAD),
    ("metadata that is an array", lambda: raw(event(session={"metadata": []})), BAD),
    ("metadata that is text", lambda: raw(event(session={"metadata": "userId"})), BAD),
    ("metadata that is null", lambda: raw(event(session={"metadata": None})), ORDER),
    ("a currency that is a number", lambda: raw(event(session={"currency": 840})), BAD),
    ("a payment_status that is a number", lambda: raw(event(session={"payment_status": 1})), BAD),
    ("a payment_status not known yet", lambda: raw(event(session={"payment_status": "later"})), ORDER),
    ("a status not known yet", lambda: raw(event(session={"status": "resting"})), ORDER),
    ("members of other types than ours",
     lambda: raw(event(session={"customer": 5, "payment_intent": [], "customer_details": "x",
                                "total_details": 1, "shipping_details": [], "mode": None,
                                "collected_information": True, "client_reference_id": {}})), ORDER),
    ("members nobody knows", lambda: raw(event(session={"brand_new": {"a": [1, {"b": None}]}})), ORDER),
    # neither stored nor an error
    ("a session of mode subscription", lambda: raw(event(session={"mode": "subscription"})), IGNORED),
    ("a session of mode setup", lambda: raw(event(session={"mode": "setup"})), IGNORED),
    ("an event of a connected account", lambda: raw(event(account="acct_1")), IGNORED),
    ("an event of live mode to a test key", lambda: raw(event(livemode=True)), IGNORED),
    # said twice
    ("the same name twice",
     lambda: raw(event()).replace(b'"amount_total": 8500', b'"amount_total": 1, "amount_total": 8500'),
     ORDER),
]

for name, make, result in PAYLOADS:
    @case(f"signed, {name}: {result}")
    def _(make=make, result=result):
        body = make()
        if result == ORDER:
            is_order(deliver(body, sign(body)), body)
            return
        with shop.unchanged(but="SYSTEM"):  # which remembers what it warned of today
            answer = deliver(body, sign(body))
        if result == BAD:
            refused(answer, 400)
            equal(answer.json["error"], PAYLOAD)
        else:
            equal(granted(answer), {"status": "ignored"})


@test
def _():
    """amount_total 2^63 - 1 is stored to the last digit or refused, never something else"""
    body = number("amount_total", str(2 ** 63 - 1))()
    answer = deliver(body, sign(body))
    if answer.status == 200:
        equal(is_order(answer, body)["amount"], 2 ** 63 - 1)
    else:
        equal((answer.status, answer.json["error"]), (400, PAYLOAD))


@test
def _():
    """amount_total 2^53 + 1 is stored to the last digit"""
    body = number("amount_total", str(2 ** 53 + 1))()
    equal(is_order(deliver(body, sign(body)), body)["amount"], 2 ** 53 + 1)


for created in (253402300800, 99999999999999, 67768036191676799, 2 ** 62):
    @case(f"created {created} is refused, or gives a createdAt that is a time")
    def _(created=created):
        body = number("created", str(created))()
        answer = deliver(body, sign(body))
        if answer.status == 200:
            at = is_order(answer, body)["createdAt"]
            ok(at.endswith("Z") and at.count(":") == 2, f"createdAt is {at!r}")
        else:
            equal((answer.status, answer.json["error"]), (400, PAYLOAD))


for name, text in (("a lone high surrogate", "\\ud834"), ("a lone low surrogate", "\\udd1e"),
                   ("surrogates the wrong way round", "\\udd1e\\ud834"),
                   ("a high surrogate and a letter", "\\ud834x"), ("a NUL", "a\\u0000b"),
                   ("control characters", "\\u0001\\u001f\\u007f")):
    @case(f"{name}, escaped, in metadata: kept as valid UTF-8 or refused, and never cut")
    def _(text=text):
        body = raw(event(session={"metadata": {"userId": "u", "k": "@v@", "z": "last"}}),
                   v=f'"[{text}]"')
        answer = deliver(body, sign(body))
        if answer.status == 200:
            kept = is_order(answer, body)["metadata"]
            kept["k"].encode("utf-8")
            equal((kept["k"][0], kept["k"][-1], kept["z"]), ("[", "]", "last"))
        else:
            equal((answer.status, answer.json["error"]), (400, PAYLOAD))


@test
def _():
    """a name said twice gives one order that is consistent in itself"""
    value = event()
    body = raw(value).replace(b'"id": "cs_test', b'"id": "cs_test_first", "id": "cs_test')
    answer = granted(deliver(body, sign(body)))
    order = shop.order_of(answer["orderId"])
    equal(order["stripeSessionId"], order["orderId"])
    ok(shop.item("SESSION#" + order["orderId"]), "the session's item has the same id")


# --- size ---------------------------------------------------------------------------------------

def padded(size):
    body = raw(event())
    return body[:-1] + b',"pad":"' + b"x" * (size - len(body) - 9) + b'"}'


@test
def _():
    """1 MiB is an event, one byte more is a 413, signed or not"""
    body = padded(1 << 20)
    equal(len(body), 1 << 20)
    is_order(deliver(body, sign(body)), body)
    body = padded((1 << 20) + 1)
    with shop.unchanged():
        refused(deliver(body, sign(body)), 413)
        refused(deliver(body, "t=1,v1=0"), 413)


@test
def _():
    """1 MiB of white space behind an event is JSON too"""
    body = raw(event())
    body = body.ljust(1 << 20)
    is_order(deliver(body, sign(body)), body)


for given, status in (("1048577", 413), ("99999999999999999999", 413), ("-1", 411), ("x", 411)):
    @case(f"Content-Length {given} is a {status} before anything is read")
    def _(given=given, status=status):
        refused(deliver(SDK_BODY, sign(SDK_BODY), CONTENT_LENGTH=given), status)


@test
def _():
    """a body one byte short or long is a 400, even where what is left is signed"""
    refused(deliver(SDK_BODY, sign(SDK_BODY), CONTENT_LENGTH=len(SDK_BODY) + 1), 400)
    refused(deliver(SDK_BODY, sign(SDK_BODY[:-1]), CONTENT_LENGTH=len(SDK_BODY) - 1), 400)


# --- a bad signature costs nothing --------------------------------------------------------------

BAD_DELIVERIES = {
    "no header": (SDK_BODY, None), "a wrong signature": (SDK_BODY, f"t={NOW},v1={'0' * 64}"),
    "a malformed header": (SDK_BODY, "nonsense"), "an old one": (SDK_BODY, sign(SDK_BODY, at=1)),
    "one of the future": (SDK_BODY, sign(SDK_BODY, at=NOW + 100000)),
    "a paid session's event, signed by another": (raw(event()), sign(b"{}")),
}

for name, (body, header) in BAD_DELIVERIES.items():
    @case(f"{name}: neither the store nor Stripe is touched")
    def _(body=body, header=header):
        counter = Stub()
        folder = tempfile.mkdtemp(prefix="ordersnap untouched ")
        try:
            answer = deliver(body, header, COMMERCE_DB=folder + "/orders.db",
                             STRIPE_API_BASE=counter.base)
            equal((answer.status, answer.json["error"]), (400, SIGNATURE))
            equal(os.listdir(folder), [])
            equal(counter.connections, 0)
        finally:
            counter.close()
            shutil.rmtree(folder)


@test
def _():
    """a bad signature makes no connection and opens no database, as the kernel sees it"""
    if SLOW or not shutil.which("strace"):
        skip("strace is not installed, or another tool runs the program")
    trace = os.path.join(shop.folder, "trace")
    given = shop.environment(
        REQUEST_METHOD="POST", GATEWAY_INTERFACE="CGI/1.1", CONTENT_TYPE="application/json",
        CONTENT_LENGTH=len(SDK_BODY), HTTP_STRIPE_SIGNATURE=f"t={NOW},v1={'0' * 64}")
    done = subprocess.run(["strace", "-f", "-o", trace, "-e", "trace=network,%file",
                           lib.program("stripe-webhook")], input=SDK_BODY, env=given,
                          capture_output=True)
    if not os.path.exists(trace) or b"Operation not permitted" in done.stderr:
        skip("strace may not trace here")
    contains(done.stdout, SIGNATURE.encode())
    with open(trace) as f:
        calls = f.read()
    contains(calls, "execve")
    for word in ("connect(", "socket(AF_INET", "sendto(", ".db", "ca-certificates"):
        ok(word not in calls, f"{word} in {[c for c in calls.splitlines() if word in c]}")


@test
def _():
    """the refusal says in the log why, and in the answer nothing"""
    for header, why in ((None, "Stripe-Signature"), (f"t={NOW},v1={'0' * 64}", "STRIPE_WEBHOOK_SECRET"),
                        (sign(SDK_BODY, at=1), "STRIPE_WEBHOOK_TOLERANCE"),
                        (sign(SDK_BODY, at=NOW + 100000), "clock")):
        answer = deliver(SDK_BODY, header)
        equal(answer.json, {"error": SIGNATURE})
        contains(answer.log, why)


@test
def _():
    """each of several secrets is masked in the log, whatever brings it there"""
    secrets = ["first-of-two-secrets", "second-of-two-secrets"]
    for secret in secrets:
        body = json.dumps({"id": "evt_" + secret, "object": "event", "type": "ping"}).encode()
        answer = deliver(body, sign(body, secret), STRIPE_WEBHOOK_SECRET=",".join(secrets))
        granted(answer)
        ok(secret not in answer.log, answer.log)


@test
def _():
    """no secret and no whole e-mail address was logged in this run"""
    check_log([OTHER])


if __name__ == "__main__":
    main(shop, stripe)
