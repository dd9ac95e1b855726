#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap check --url`: the real programs behind a small web server that has each of the usual
mistakes in turn; the mistake is named, and nothing else."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from check_kit import CheckedShop, main, no_secret  # noqa: E402
from command_kit import equal, kit, lacks, ok, test  # noqa: E402
from server import Handler, Server  # noqa: E402

PROGRAMS = {"/healthz": "status", "/cart/quote": "cart-quote", "/stripe/webhook": "stripe-webhook",
            "/checkout/create-session": "checkout-create-session",
            "/orders": "orders", "/checkout/session-status": "orders"}
JWT = "jwt-secret-of-the-tests-0123456789"
HTML = b"<html>This is no program.</html>"


class Gateway(Server):
    """A web server in front of the programs.  `fault(request, body)` gives (status, headers) to
    answer in their place, or None; `change(headers)` changes those of their answers."""

    def __init__(self, certificate=None):
        self.well()
        super().__init__(SiteHandler, certificate=certificate and [certificate])

    def well(self):
        self.fault, self.change, self.dropped, self.seen, self.led = None, None, (), [], dict(PROGRAMS)


class SiteHandler(Handler):
    def serve(self):
        body = self.body()
        self.server.seen.append((self.command, self.path, body))
        path = self.path.removeprefix("/shop")
        fault = self.server.fault and self.server.fault(self, body)
        if fault:
            self.give(fault[0], HTML, fault[1])
        elif path in self.server.led:
            status, headers, answer = self.ask(path, body)
            self.give(status, answer, headers)
        else:
            self.give(404, HTML)

    def ask(self, path, body):
        variables = {"HTTP_" + k.upper().replace("-", "_"): v for k, v in self.headers.items()
                     if k not in self.server.dropped}
        answer = shop.cgi(self.server.led[path], body if self.command == "POST" else None, self.command,
                          SCRIPT_NAME=path, **{**shop.login, **variables})
        headers = {k: v for k, v in answer.headers.items() if k not in ("status", "content-length")}
        if self.server.change:
            self.server.change(self.command, headers)
        return answer.status or 200, headers, answer.body

    do_GET = do_POST = do_OPTIONS = serve


shop = CheckedShop(CORS_ALLOW_ORIGIN="https://pearls.test, https://www.pearls.test")
shop.login = {}
gateway = Gateway()


def at(path, status, headers=None, method="POST"):
    """A fault of one path."""
    return lambda request, body: ((status, headers or {}) if request.path == path
                                  and request.command == method else None)


def check(**variables):
    """The lines about the site; the endpoint at Stripe is another's."""
    report = shop.check("--url", gateway.base, **variables)
    report.lines = [x for x in report.lines if x["group"] == "site"]
    return report


def case(sentence):
    """test() where all is well before."""
    def register(function):
        def body():
            gateway.well()
            shop.login = {}
            function()
        body.__doc__ = sentence
        return test(body)
    return register


# --- when all is well ---------------------------------------------------------------------------

@case("a site where all is well has no fault, and nothing in the table has changed")
def _():
    with shop.unchanged():
        report = check().blames()
    for name in ("address", "healthz", "quote", "quote limit", "checkout", "webhook", "webhook limit"):
        equal(len(report.named("site/" + name)), 1, name)
    equal(len(report.named("site/cors")), 3, "lines on CORS")
    equal([call for call in shop.sim.calls() if call.startswith("POST /v1/checkout")], [])


@case("an address may have a path, and end in a slash")
def _():
    shop.check("--url", gateway.base + "/shop/").says("site/address", gateway.base + "/shop")
    ok(all(path.startswith("/shop/") and "//" not in path for _, path, _ in gateway.seen), gateway.seen)


@case("where every origin may read, that is not a fault")
def _():
    shop.login = {"CORS_ALLOW_ORIGIN": "*"}
    check(CORS_ALLOW_ORIGIN="*").blames().says("site/cors", "any origin")


@case("without --url the site is not asked")
def _():
    equal([x for x in shop.check().lines if x["group"] == "site"], [])
    equal(gateway.seen, [])


# --- what does not reach its program -------------------------------------------------------------

@case("/healthz: 502 and 504 are programs that don't run, 404 a path that leads nowhere")
def _():
    for status, part in ((502, "does not reach status.fcgi"), (504, "does not reach status.fcgi"),
                         (404, "path"), (401, "keeps visitors out"), (500, "answered 500"),
                         (200, "path"), (301, "redirected")):
        gateway.fault = at("/healthz", status, {"Location": "https://x.example/"}, "GET")
        check().blames("failed site/healthz").says("site/healthz", part)


@case("/healthz: what is unhealthy is said")
def _():
    shop.login = {"QUOTE_SIGNATURE_SECRET": None}
    gateway.fault = lambda request, body: None if request.path == "/healthz" else (429, {})
    check().says("site/healthz", "unhealthy", "store ok, secrets failed")


@case("an address where nobody listens is the fault, and nothing more is asked")
def _():
    report = shop.check("--url", "http://127.0.0.1:9")
    report.lines = [x for x in report.lines if x["group"] == "site"]
    report.blames("failed site/address").says("site/address", "can't be reached")


@case("a program that does not run is the fault, and what needs it is left out")
def _():
    for path, name in (("/cart/quote", "quote"), ("/stripe/webhook", "webhook"),
                       ("/checkout/create-session", "checkout")):
        gateway.fault = at(path, 502)
        report = check().blames("failed site/" + name)
        report.says("site/" + name, "does not reach " + PROGRAMS[path])
        if name != "checkout":
            equal(report.named(f"site/{name} limit"), [])


@case("a path that leads to another of the programs is the fault")
def _():
    gateway.led["/checkout/create-session"] = "orders"
    check().blames("failed site/checkout").says("site/checkout", "404", "does not lead to")


@case("a redirect on the webhook's path is a fault: Stripe does not follow")
def _():
    gateway.fault = at("/stripe/webhook", 301, {"Location": "https://x.example/stripe/webhook/"})
    report = check().blames("failed site/webhook")
    report.says("site/webhook", "301", "https://x.example/stripe/webhook/", "Stripe does not follow")


@case("a webhook that takes what is not signed is not ours")
def _():
    gateway.fault = at("/stripe/webhook", 200)
    check().blames("failed site/webhook")


# --- CORS ----------------------------------------------------------------------------------------

@case("an origin that is in the settings but not let through is named")
def _():
    shop.login = {"CORS_ALLOW_ORIGIN": "https://pearls.test"}
    report = check().blames("failed site/cors")
    report.says("site/cors", "https://www.pearls.test", "CORS_ALLOW_ORIGIN")


@case("OPTIONS that the web server answers itself is named")
def _():
    gateway.fault = at("/cart/quote", 204, method="OPTIONS")
    check().blames("failed site/cors", "failed site/cors").says("site/cors", "OPTIONS")


@case("an origin that may read but not POST is named")
def _():
    def refuse(request, body):
        """As by nginx's limit_except, beside add_header ... always."""
        origin = request.headers.get("Origin", "")
        return (403, {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Methods": "POST"}
                ) if request.command == "OPTIONS" and origin.endswith("pearls.test") else None
    gateway.fault = refuse
    check().blames("failed site/cors", "failed site/cors").says("site/cors", "may not POST", "403")
    gateway.well()
    gateway.change = lambda method, headers: headers.pop("access-control-allow-methods", None)
    check().blames("failed site/cors", "failed site/cors").says("site/cors", "may not POST")


@case("a web server that lets every origin read is named")
def _():
    gateway.change = lambda method, headers: headers.update(
        {"access-control-allow-origin": "*"} if method == "OPTIONS" else {})
    check().blames("failed site/cors").says("site/cors", "any origin")


# --- limits --------------------------------------------------------------------------------------

def above(size, path, status):
    return lambda request, body: ((status, {}) if request.path == path and len(body) > size else None)


@case("a limit of the web server below an event's size is named, with the settings to raise")
def _():
    for status in (413, 500):
        gateway.fault = above(131072, "/stripe/webhook", status)
        report = check().blames("failed site/webhook limit")
        report.says("site/webhook limit", str(status), "client_max_body_size", "FcgidMaxRequestLen",
                    "LimitRequestBody")


@case("a cart that is too large is refused by the program, not by the web server, and not taken")
def _():
    gateway.fault = above(65536, "/cart/quote", 413)
    check().blames("warning site/quote limit").says("site/quote limit", "client_max_body_size")
    gateway.fault = above(65536, "/cart/quote", 200)
    check().blames("failed site/quote limit").says("site/quote limit", "200")


# --- Authorization -------------------------------------------------------------------------------

@case("an Authorization header that is dropped on the way is named, with CGIPassAuth")
def _():
    for more in ({}, {"CHECKOUT_REQUIRE_AUTH": "1"}):
        shop.login = {"JWT_SECRET": JWT, **more}
        gateway.dropped = ()
        check(**shop.login).blames().says("site/authorization", "reaches")
        gateway.dropped = ("Authorization",)
        check(**shop.login).blames("failed site/authorization").says(
            "site/authorization", "CGIPassAuth On", "does not reach")


@case("a checkout for which the web server's login is required refuses whoever is not logged in")
def _():
    shop.login = {"ORDERS_AUTH": "remote_user", "CHECKOUT_REQUIRE_AUTH": "1"}
    check(**shop.login).blames().says("site/checkout", "refuses whoever is not logged in")
    gateway.fault = at("/checkout/create-session", 401)
    for more in ({}, {"JWT_SECRET": JWT}):
        check(**shop.login, **more).blames().says("site/checkout", "refuses whoever is not logged in")
    gateway.fault, gateway.dropped = None, ("Authorization",)
    check(**shop.login, JWT_SECRET=JWT).blames("failed site/authorization")
    gateway.dropped = ()
    gateway.fault = at("/checkout/create-session", 404)
    check(**shop.login).says("site/checkout", "does not lead to")
    gateway.fault = at("/checkout/create-session", 401)
    del shop.login["CHECKOUT_REQUIRE_AUTH"]
    check(**shop.login).blames("failed site/checkout").says("site/checkout", "keeps visitors out")


@case("where AUTH_HEADER brings the token, a dropped Authorization is no fault")
def _():
    shop.login = {"JWT_SECRET": JWT, "AUTH_HEADER": "X-Authorization"}
    gateway.dropped = ("Authorization",)
    check(**shop.login).blames().says("site/authorization", "reaches")
    gateway.dropped = ("Authorization", "X-Authorization")
    check(**shop.login).blames("failed site/authorization")


# --- the page after paying -----------------------------------------------------------------------

@case("a page after paying that is told its session, and can't ask for its order, is named")
def _():
    lost = at("/checkout/session-status", 404, method="GET")
    check().blames().says("site/session-status", "reaches orders.fcgi")
    gateway.fault = lost
    check().blames("warning site/session-status").says("site/session-status", "404", "orders.fcgi")
    gateway.fault = at("/checkout/session-status", 429, method="GET")
    check().blames("warning site/session-status").says("site/session-status", "too many requests")
    gateway.fault = lost
    gateway.fault = at("/checkout/session-status", 401, method="GET")
    check(ORDERS_AUTH="remote_user").says("site/session-status", "behind the web server's login")
    gateway.fault = lost
    report = check(CHECKOUT_SUCCESS_URL="https://pearls.test/thanks").blames()
    equal(report.named("site/session-status"), [])


# --- a customer's orders -------------------------------------------------------------------------

def believing(request, body):
    """A server that names whatever user a Basic header names, as nginx's $remote_user does."""
    if request.headers.get("Authorization", "").startswith("Basic "):
        shop.login = {**shop.login, "REMOTE_USER": "ordersnap-check"}


@case("a web server that believes an invented user is named, and what to do")
def _():
    shop.login = {"ORDERS_AUTH": "remote_user"}
    report = check(ORDERS_AUTH="remote_user").blames()
    report.says("site/orders", "refuses a user")
    report.says("site/buyer", "refuses a user")
    gateway.fault = believing
    report = check(ORDERS_AUTH="remote_user").blames("failed site/orders", "failed site/buyer")
    report.says("site/orders", "an invented user without a password was believed", "auth_basic")
    report.says("site/buyer", "believed an invented user without a password", "auth_basic")


@case("a login of the web server's own may deny, or lead to its page: whoever comes is not believed")
def _():
    for status, headers in ((403, {}), (302, {"Location": "https://login.test/?next=/orders"}),
                            (307, {"Location": "https://login.test/?next=/orders"})):
        def login(request, body, answer=(status, headers)):
            return answer if request.path in ("/orders", "/checkout/create-session") else None
        gateway.fault = login
        shop.login = {"ORDERS_AUTH": "remote_user", "CHECKOUT_REQUIRE_AUTH": "1"}
        report = check(**shop.login).blames()
        for name in ("orders", "buyer", "checkout"):
            report.says("site/" + name, "refuses")
    shop.login = {"ORDERS_AUTH": "remote_user"}
    gateway.fault = at("/orders", 301, {"Location": "/orders/"}, method="GET")
    check(**shop.login).blames("warning site/orders").says("site/orders", "answered 301")
    gateway.fault = at("/orders", 302, {"Location": "/"}, method="GET")
    shop.login = {"JWT_SECRET": JWT}
    check(**shop.login).blames("warning site/orders").says("site/orders", "answered 302")


@case("a login of the web server's own, and one by tokens, refuse an invented user")
def _():
    shop.login = {"ORDERS_AUTH": "remote_user"}
    gateway.fault = at("/orders", 401, method="GET")
    check(ORDERS_AUTH="remote_user").blames().says("site/orders", "refuses a user")
    gateway.fault = at("/checkout/create-session", 401)
    check(ORDERS_AUTH="remote_user").says("site/buyer", "refuses a user")
    gateway.fault = at("/checkout/create-session", 404)
    check(ORDERS_AUTH="remote_user").says("site/buyer", "answered 404")
    gateway.well()
    shop.login = {"JWT_SECRET": JWT}
    check(JWT_SECRET=JWT).blames().says("site/orders", "refuses a user")
    gateway.fault = at("/orders", 404, method="GET")
    check(JWT_SECRET=JWT).blames("warning site/orders").says("site/orders", "does not lead to")


@case("a rate limit of the web server is not taken for another fault")
def _():
    for status in (429, 503):
        asked = []
        gateway.fault = lambda request, body: (asked.append(1), (
            (status, {}) if request.path == "/cart/quote" and len(asked) > 3 else None))[1]
        check().blames("warning site/cors", "warning site/cors", "warning site/quote limit").says(
            "site/cors", f"answered {status}", "too many requests")


# --- TLS -----------------------------------------------------------------------------------------

@case("a certificate that is not valid is named")
def _():
    pem = os.path.join(shop.folder, "site.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                    "/CN=shop.example", "-keyout", pem, "-out", pem + ".crt"], check=True,
                   capture_output=True)
    with open(pem, "a") as f, open(pem + ".crt") as crt:
        f.write(crt.read())
    secure = Gateway(pem)
    try:
        report = shop.check("--url", secure.base)
        report.lines = [x for x in report.lines if x["group"] == "site"]
        report.blames("failed site/address").says("site/address", "certificate")
        equal(secure.seen, [])
    finally:
        secure.shutdown()
        secure.server_close()


@case("plain http is a fault in live mode alone")
def _():
    stub = kit.Stub(lambda request: (200, b'{"data":[],"has_more":false}'))
    try:
        check(STRIPE_API_BASE=stub.base, STRIPE_SECRET="sk_live_x0000000000000").blames(
            "failed site/address").says("site/address", "not https")
    finally:
        stub.close()


@test
def _():
    "no secret was ever printed"
    no_secret(JWT)


main(shop)
