#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Secrets in SSM parameters: decrypted, asked for once a process, again when a signature stops
matching, and never shown.  A small server answers as SSM does.
"""
import base64
import hashlib
import hmac
import json
import time

import kit
from kit import case
from tap import Watch, contains, equal, lacks, main, ok, test

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
JWT = "jwt-secret-of-the-tests-0123456789"
NAMES = {
    "STRIPE_SECRET": ("/shop/stripe/secret", kit.lib.STRIPE_SECRET),
    "STRIPE_WEBHOOK_SECRET": ("/shop/stripe/webhook", kit.lib.WEBHOOK_SECRET),
    "QUOTE_SIGNATURE_SECRET": ("/shop/quote", kit.lib.QUOTE_SECRET),
    "JWT_SECRET": ("/shop/jwt", JWT),
}
DENIED = ("User: arn:aws:iam::123456789012:user/shop is not authorized to perform: ssm:GetParameter "
          "on resource: arn:aws:ssm:eu-central-1:123456789012:parameter/shop/quote because no "
          "identity-based policy allows the ssm:GetParameter action")


class Ssm(kit.Stub):
    """Parameters, and an error in their place."""

    def __init__(self):
        self.values, self.failure, self.times = {}, None, None
        super().__init__(self.give)
        self.reset()

    def reset(self):
        self.values = dict(NAMES.values())
        self.failure = self.times = None
        self.requests = []

    def fail(self, status, value, times=None):
        self.failure, self.times = (status, value), times

    def give(self, request):
        if self.failure and self.times != 0:
            if self.times:
                self.times -= 1
            return self.failure
        name = request.json["Name"]
        if name not in self.values:
            return 400, {"__type": "ParameterNotFound"}
        value = self.values[name] if request.json.get("WithDecryption") else "AQICAHgENCRYPTED=="
        return 200, {"Parameter": {
            "Name": name, "Type": "SecureString", "Value": value, "Version": 3, "DataType": "text",
            "LastModifiedDate": 1.7e9, "ARN": "arn:aws:ssm:eu-central-1:123456789012:parameter" + name}}

    def asked(self):
        """The names asked for since the last time."""
        return [r.json["Name"] for r in self.taken()]


ssm = Ssm()
shop = kit.Shop(AWS_REGION=kit.REGION, AWS_ENDPOINT_URL_SSM=ssm.base,
                AWS_ACCESS_KEY_ID=kit.KEY_ID, AWS_SECRET_ACCESS_KEY=kit.SECRET_KEY)
for setting, (parameter, _) in NAMES.items():
    shop.settings.pop(setting, None)
    shop.settings[setting + "_PARAMETER"] = parameter
logs = []
events = (f"cs_test_ssm{n:03}" for n in range(1000))


def seen(answer):
    """Keeps its log and looks at its body."""
    logs.append(answer.log)
    for _, secret in NAMES.values():
        lacks(answer.body.decode(), secret)
    return answer


def deliver(secret=kit.lib.WEBHOOK_SECRET, program=None, **variables):
    event = kit.paid_event(shop, next(events))
    if program:
        return seen(program.webhook(event, secret))
    return seen(shop.webhook(event, secret, **variables))


def token(secret):
    """A bearer token."""
    def b64(raw):
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    text = ".".join(b64(json.dumps(p).encode()) for p in (
        {"alg": "HS256", "typ": "JWT"}, {"sub": "member-1", "exp": int(time.time()) + 3600}))
    return f"{text}.{b64(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest())}"


def quote(**variables):
    return seen(shop.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 1}]}, **variables))


class Running(kit.FastCgi):
    """A webhook process and the clock it goes by."""

    def __init__(self, name="stripe-webhook", **variables):
        self.clock = kit.Clock()
        super().__init__(shop, name, **{**self.clock.variables, **variables})

    def webhook(self, event, secret=kit.lib.WEBHOOK_SECRET, at=None, **variables):
        return super().webhook(event, secret, int(time.time()) + self.clock.now(), **variables)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        self.clock.close()


# --- all four -----------------------------------------------------------------------------------

@test
def _():
    "quote, session and webhook work with all four secrets in parameters, decrypted"
    ssm.reset()
    signature = quote()
    equal(signature.status, 200, signature.log)
    equal(sorted(ssm.asked()), ["/shop/quote", "/shop/stripe/secret"])
    made = seen(shop.cgi("checkout-create-session",
                         {"quoteSignature": signature.json["quoteSignature"]},
                         HTTP_AUTHORIZATION="Bearer " + token(JWT)))
    equal(made.status, 200, made.log)
    equal(sorted(set(ssm.asked())), ["/shop/jwt", "/shop/quote", "/shop/stripe/secret"])
    equal(deliver().status, 200)
    for request in ssm.taken():
        equal(request.headers["x-amz-target"], "AmazonSSM.GetParameter")
        equal(request.headers["content-type"], "application/x-amz-json-1.1")
        equal(request.json["WithDecryption"], True)
        ok(kit.is_signed_with(request, kit.SECRET_KEY), "signed")
        equal(request.scope[2:], (kit.REGION, "ssm"))
    equal(kit.health(shop).json["checks"], {"store": "ok", "secrets": "ok"})


@test
def _():
    "a quote is signed with the parameter's secret: the same cart under another secret is refused"
    ssm.reset()
    signature = quote().json["quoteSignature"]
    ssm.values["/shop/quote"] = "another-secret-of-the-quotes"
    answer = seen(shop.cgi("checkout-create-session", {"quoteSignature": signature}))
    ok(answer.status != 200, "the quote is not authentic")
    ssm.reset()
    equal(shop.cgi("checkout-create-session", {"quoteSignature": signature}).status, 200)


@test
def _():
    "a request that needs no secret asks for none"
    ssm.reset()
    seen(shop.cgi("stripe-webhook", None, "GET"))
    seen(shop.cgi("cart-quote", b"{", "POST"))
    equal(ssm.asked(), [])
    deliver("whsec_wrong")
    equal(set(ssm.asked()), {"/shop/stripe/webhook"}, "a bad signature asks for its own secret alone")


@test
def _():
    "one process asks once for each secret, whatever it serves"
    ssm.reset()
    program = kit.FastCgi(shop, "stripe-webhook")
    for _ in range(4):
        equal(deliver(program=program).status, 200)
    program.close()
    equal(sorted(ssm.asked()), ["/shop/stripe/secret", "/shop/stripe/webhook"])


# --- rotation -----------------------------------------------------------------------------------

@test
def _():
    "a rotated webhook secret needs no restart: it is read again when a signature stops matching"
    ssm.reset()
    with Running() as program:
        equal(deliver(program=program).status, 200)
        ssm.values["/shop/stripe/webhook"] = "whsec_rotated"
        program.clock.move(61)
        ssm.asked()
        equal(deliver(program=program).status, 200, "the old one is good until a new one is needed")
        equal(ssm.asked(), [])
        equal(deliver("whsec_rotated", program).status, 200, "the new one is fetched")
        equal(ssm.asked(), ["/shop/stripe/webhook"])
        equal(deliver(program=program).status, 400, "the old one is none any more")
        equal(ssm.asked(), [])


@test
def _():
    "while it is rolled the parameter may name both secrets"
    ssm.reset()
    ssm.values["/shop/stripe/webhook"] = "whsec_new, " + kit.lib.WEBHOOK_SECRET
    for secret, status in (("whsec_new", 200), (kit.lib.WEBHOOK_SECRET, 200), ("whsec_other", 400),
                           ("", 400)):
        equal(deliver(secret).status, status, secret)


@test
def _():
    "a burst of bad signatures asks once a minute"
    ssm.reset()
    with Running() as program:
        equal(deliver(program=program).status, 200)
        program.clock.move(61)
        ssm.asked()
        burst = Watch()
        for _ in range(20):
            equal(deliver("whsec_wrong", program).status, 400)
        equal(ssm.asked(), ["/shop/stripe/webhook"])
        # 50 seconds after it, the time that the burst took being part of them
        program.clock.move(max(0, 50 - int(burst.seconds)))
        equal(deliver("whsec_wrong", program).status, 400)
        equal(ssm.asked(), [])
        program.clock.move(11)
        for _ in range(5):
            equal(deliver("whsec_wrong", program).status, 400)
        equal(ssm.asked(), ["/shop/stripe/webhook"])
        equal(deliver(program=program).status, 200)


HEX = "0" * 64
HEADERS = [None, "", " ", ",", "x", "t", "t=", "v1=" + HEX, "t=now", "t=now,v1=", "t=now,v1=abc",
           f"t=now,v0={HEX}", f"t=now,t=now,v1={HEX}", f"t=1.5,v1={HEX}", f"t=-now,v1={HEX}",
           f"t=0,v1={HEX}", f"t=old,v1={HEX}", f"t=ahead,v1={HEX}", f"t=now;v1={HEX}",
           f"t=now,v1={HEX}0", f"t=now,v1={HEX[:63]}", f"t=now,v1={'F' * 64}", f"t=now,v1={'g' * 64}",
           f"t=99999999999999999999,v1={HEX}"]


@test
def _():
    "a Stripe-Signature that is not there, malformed or out of time costs no call of SSM"
    ssm.reset()
    event = kit.paid_event(shop, next(events))
    now = int(time.time())
    for header in HEADERS:
        given = header and header.replace("now", str(now)).replace("old", str(now - 301)) \
            .replace("ahead", str(now + 310))
        answer = seen(shop.cgi("stripe-webhook", event, HTTP_STRIPE_SIGNATURE=given))
        equal((answer.status, answer.json), (400, {"error": "Invalid Stripe signature"}), repr(given))
        equal(ssm.asked(), [], repr(given))
    seen(shop.cgi("stripe-webhook", event, HTTP_STRIPE_SIGNATURE=f"t={now},v1={HEX}"))
    equal(ssm.asked(), ["/shop/stripe/webhook"], "one that may be right")


@test
def _():
    "a checkout without a bearer token, or with what can't be one, does not ask for the JWT secret"
    ssm.reset()
    signature = quote().json["quoteSignature"]
    for given, status in ((None, 200), ("", 200), ("Basic eDp5", 200), ("Bearer", 401),
                          ("Bearer ", 401), ("Bearer x", 401), ("Bearer a.b", 401),
                          ("Bearer a.b.", 401), ("Bearer a.b.c.d", 401), ("Bearer a.b.c=", 401)):
        ssm.asked()
        answer = seen(shop.cgi("checkout-create-session", {"quoteSignature": signature},
                               HTTP_AUTHORIZATION=given))
        equal(answer.status, status, f"{given!r}: {answer.log}")
        equal(ssm.asked().count("/shop/jwt"), 0, repr(given))


@test
def _():
    "a quote's signature that can't be one costs no call of SSM and no read of the table"
    ssm.reset()
    for given in ("x", "0" * 63, "F" * 64, "0" * 65):
        equal(seen(shop.cgi("checkout-create-session", {"quoteSignature": given})).status, 404)
    equal(ssm.asked(), [])


@test
def _():
    "bad signatures to a new process ask once, not twice"
    ssm.reset()
    with Running() as program:
        for _ in range(5):
            equal(deliver("whsec_wrong", program).status, 400)
    equal(ssm.asked(), ["/shop/stripe/webhook"])


@test
def _():
    "while SSM is away a bad signature is still a bad signature, and the known secret still good"
    ssm.reset()
    with Running() as program:
        equal(deliver(program=program).status, 200)
        program.clock.move(61)
        ssm.fail(400, {"__type": "AccessDeniedException", "Message": DENIED})
        equal(deliver("whsec_wrong", program).status, 400)
        contains(logs[-1], "Failed to read secret again")
        equal(deliver(program=program).status, 200)


@test
def _():
    "a rotated JWT secret needs no restart either"
    ssm.reset()
    with Running("checkout-create-session") as program:
        def ask(secret):
            signature = quote().json["quoteSignature"]
            ssm.asked()
            answer = seen(program.ask(
                {"quoteSignature": signature}, HTTP_AUTHORIZATION="Bearer " + token(secret)))
            return answer.status, ssm.asked().count("/shop/jwt")
        equal(ask(JWT), (200, 1))
        equal(ask(JWT), (200, 0))
        ssm.values["/shop/jwt"] = "rotated-jwt-secret-0123456789-0123456789"
        program.clock.move(61)
        equal(ask("rotated-jwt-secret-0123456789-0123456789"), (200, 1))
        equal(ask(JWT), (401, 0))


@test
def _():
    "a parameter with white space around its secret is the secret"
    ssm.reset()
    ssm.values = {name: f" {value}\n" for name, value in ssm.values.items()}
    equal(deliver().status, 200)
    signature = quote()
    equal(signature.status, 200, signature.log)
    made = seen(shop.cgi("checkout-create-session",
                         {"quoteSignature": signature.json["quoteSignature"]},
                         HTTP_AUTHORIZATION="Bearer " + token(JWT)))
    equal(made.status, 200, made.log)


# --- SSM refuses --------------------------------------------------------------------------------

REFUSALS = [
    ("a parameter that is not there", 400, {"__type": "ParameterNotFound"}, ["there is no SSM parameter"]),
    ("a missing permission", 400, {"__type": "AccessDeniedException", "Message": DENIED},
     ["policy in conf/dynamodb", "not authorized"]),
    ("a key of KMS that may not be used", 400, {
        "__type": "AccessDeniedException", "Message": "The ciphertext refers to a customer master key "
        "that does not exist, does not exist in this region, or you are not allowed to access."},
     ["policy in conf/dynamodb", "customer master key"]),
    ("an unknown access key", 400, {"__type": "UnrecognizedClientException", "message":
                                    "The security token included in the request is invalid."},
     ["AWS_ACCESS_KEY_ID"]),
    ("an invalid key id", 400, {"__type": "InvalidKeyId", "message": "The keyId is not valid"},
     ["InvalidKeyId"]),
    ("an answer without a value", 200, {"Parameter": {"Name": "x"}}, ["no value"]),
    ("an empty parameter", 200, {"Parameter": {"Value": " \n"}}, ["empty"]),
    ("the example's value", 200, {"Parameter": {"Value": "whsec_REPLACE_ME"}},
     ["STRIPE_WEBHOOK_SECRET_PARAMETER", "example"]),
    ("the manual's value", 200, {"Parameter": {"Value": "whsec_..."}}, ["example"]),
    ("only commas", 200, {"Parameter": {"Value": " , ,"}}, ["STRIPE_WEBHOOK_SECRET"]),
]
for what, status, value, parts in REFUSALS:
    @case(f"{what}: 503 at once, and the log names the parameter and what to do")
    def _(status=status, value=value, parts=parts):
        ssm.reset()
        ssm.fail(status, value)
        began = Watch()
        answer = deliver()
        began.at_most(2)
        equal(answer.status, 503, answer.log)
        for part in ["/shop/stripe/webhook", *parts]:
            contains(answer.log, part)
        sick = seen(kit.health(shop))
        equal((sick.status, sick.json["checks"]["secrets"]), (503, "failed"))
        equal(sick.json["checks"]["store"], "ok")
        lacks(sick.body.decode(), "/shop")


@test
def _():
    "a live key out of SSM is not used while an address is the example's"
    ssm.reset()
    ssm.values["/shop/stripe/secret"] = "sk_live_ordersnap0000000000"
    answer = quote(PRICE_CACHE_SECONDS=0)
    equal((answer.status, answer.json), (500, {"error": "Service misconfigured"}))
    contains(answer.log, "CHECKOUT_SUCCESS_URL")
    contains(answer.log, "live key")
    equal(kit.health(shop).json["checks"]["secrets"], "failed")
    ssm.reset()


@test
def _():
    "SSM away: 503 in time, and the next delivery completes"
    ssm.reset()
    event = kit.paid_event(shop, next(events))
    ssm.fail(500, {"__type": "InternalServerError", "message": None})
    began = Watch()
    answer = seen(shop.webhook(event))
    equal(answer.status, 503, answer.log)
    began.at_most(8.5)
    ssm.reset()
    equal(seen(shop.webhook(event)).json["status"], "processed")


@test
def _():
    "throttled by SSM, the request waits and succeeds"
    ssm.reset()
    ssm.fail(400, {"__type": "ThrottlingException", "message": "Rate exceeded"}, times=4)
    equal(deliver().status, 200)


@test
def _():
    "no region: 503 and the log says so"
    answer = deliver(AWS_REGION=None)
    equal(answer.status, 503, answer.log)
    contains(answer.log, "AWS_REGION")


@test
def _():
    "a process that could not have a secret asks again at the next request"
    ssm.reset()
    program = kit.FastCgi(shop, "stripe-webhook")
    ssm.fail(400, {"__type": "ParameterNotFound"})
    equal(deliver(program=program).status, 503)
    ssm.reset()
    equal(deliver(program=program).status, 200)
    program.close()


# --- the configuration --------------------------------------------------------------------------

PROGRAM_OF = {"STRIPE_SECRET": "cart-quote", "STRIPE_WEBHOOK_SECRET": "stripe-webhook",
              "QUOTE_SIGNATURE_SECRET": "cart-quote", "JWT_SECRET": "checkout-create-session"}
for setting, (_, plain) in NAMES.items():
    @case(f"{setting} and {setting}_PARAMETER together are refused at the start, both named")
    def _(setting=setting, plain=plain):
        answer = seen(shop.cgi(PROGRAM_OF[setting], {}, **{setting: plain}))
        equal(answer.status, 500, answer.log)
        equal(answer.exit_code, 1)
        contains(answer.log, f"{setting} and {setting}_PARAMETER")


@test
def _():
    "neither the secret nor its parameter: the message names both"
    answer = seen(shop.cgi("stripe-webhook", {}, STRIPE_WEBHOOK_SECRET_PARAMETER=None))
    equal(answer.exit_code, 1)
    contains(answer.log, "STRIPE_WEBHOOK_SECRET is not set")
    contains(answer.log, "STRIPE_WEBHOOK_SECRET_PARAMETER")


@test
def _():
    "no secret is in any log of this run, at any level"
    ssm.reset()
    equal(deliver(LOG_LEVEL="debug").status, 200)
    seen(quote(LOG_LEVEL="debug"))
    ssm.fail(400, {"__type": "InvalidThing", "message": f"what is {kit.SECRET_KEY}?"})
    deliver()
    ok(len(logs) > 50, "there are logs")
    for log in logs:
        for secret in (*(s for _, s in NAMES.values()), kit.SECRET_KEY, "whsec_rotated",
                       "rotated-jwt-secret"):
            lacks(log, secret)


def cleanup():
    shop.close()
    ssm.close()


main(cleanup)
