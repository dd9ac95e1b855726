#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap check`: settings, Stripe, clock, webhook endpoint and SQLite file; of each broken set-up
it names the cause, and nothing else."""
import contextlib
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from check_kit import ADDRESS, EVENTS, CheckedShop, ago, main, no_secret, sync_state  # noqa: E402
import environment  # noqa: E402  (check_kit finds tests/lib)
from command_kit import COMMAND, Watch, contains, equal, kit, lacks, lib, ok, skip, test  # noqa: E402

JWT = "jwt-secret-of-the-tests-0123456789"
NEVER_SHOWN = ["sk_test_revoked000000000000", "rk_test_restricted00000000", JWT, "elevenchars",
               "whsec_another_secret_0001", "not-a-webhook-secret-0002", "short-quote-1"]

shop = CheckedShop()


def case(sentence):
    """test() where all is well before and after."""
    def register(function):
        def body():
            shop.well()
            function()
        body.__doc__ = sentence
        return test(body)
    return register


@contextlib.contextmanager
def file_of(text, mode=0o640, but=()):
    """A file with the shop's settings and `text`; gives the variables to run with."""
    path = os.path.join(shop.folder, "ordersnap.conf")
    with open(path, "w") as f:
        f.write("".join(f"{k}={v}\n" for k, v in shop.settings.items() if k not in but) + text)
    os.chmod(path, mode)
    yield {"ORDERSNAP_CONF": path, **dict.fromkeys(shop.settings)}
    os.unlink(path)


# --- when all is well ---------------------------------------------------------------------------

@case("when all is well every line is ok, and it exits with 0")
def _():
    report = shop.check().blames()
    equal((report.status, report.code), ("ok", 0))
    for name in ("configuration/STRIPE_SECRET", "stripe/api", "stripe/key", "stripe/permissions",
                 "clock/clock", "webhook/endpoint", "webhook/events", "store/file", "store/read",
                 "store/write", "store/sync", "store/pending"):
        equal(len(report.named(name)), 1, name)


@case("nothing is changed: not the table, not the folder, and Stripe is only read")
def _():
    shop.sim.post("/_sim/stats/reset")
    before = sorted(os.listdir(shop.folder))
    with shop.unchanged():
        shop.check()
    equal(sorted(os.listdir(shop.folder)), before)
    equal([call for call in shop.sim.calls() if not call.startswith("GET ")], [])


@case("text has groups, aligned lines and a summary as the last line, no colour but on a terminal")
def _():
    lines = shop.text(code=0).splitlines()
    equal(lines[0], "configuration")
    equal(lines[-1][:22], "ok: 0 failed, 0 warnin")
    lacks("\n".join(lines), "\033")
    names = [line for line in lines[1:] if line.startswith("  ok")]
    group = names[:5]
    equal(len({line.index(line.split(None, 2)[2]) for line in group}), 1, f"columns of {group}")


@case("--quiet prints what is not ok alone, and nothing when all is well")
def _():
    equal(shop.text("--quiet", code=0), "")
    shop.store(sync_state(3 * 86400))
    out = shop.text("--quiet", code=1)
    equal([x.split()[0] for x in out.splitlines() if x.startswith("  ") and ">" not in x], ["warning"])
    contains(out.splitlines()[-1], "warning: 0 failed, 1 warning")


@case("settings come with where they are from, those that have their default only with --verbose")
def _():
    with file_of("LOG_LEVEL=error\n") as variables:
        report = shop.check(**variables, QUOTE_TTL_MINUTES=20)
        number = len(shop.settings) + 1
        report.says("configuration/LOG_LEVEL", f"error ({variables['ORDERSNAP_CONF']}:{number})")
        report.says("configuration/QUOTE_TTL_MINUTES", "20 (environment)")
        report.says("configuration/file", variables["ORDERSNAP_CONF"], "mode 640")
        equal(report.named("configuration/LOG_FORMAT"), [])
        shop.check("--verbose", **variables).says("configuration/LOG_FORMAT", "text (default)")
        shop.check("--db", shop.db, **variables).says("configuration/COMMERCE_DB", "(option)")
        shop.check("--table", "a b", **variables).says("configuration/COMMERCE_TABLE", "must be the name of a")


@case("a secret is shown by its last four characters, a short one not at all, each of several")
def _():
    report = shop.check(STRIPE_WEBHOOK_SECRET=f"{lib.WEBHOOK_SECRET}, whsec_another_secret_0001",
                        JWT_SECRET=JWT, QUOTE_SIGNATURE_SECRET="elevenchars",
                        AWS_SECRET_ACCESS_KEY=JWT)
    report.says("configuration/STRIPE_SECRET", "…0000 (environment)")
    report.says("configuration/STRIPE_WEBHOOK_SECRET", "…cret, …0001 (environment)")
    report.says("configuration/JWT_SECRET", "…6789 (environment)")
    report.says("configuration/AWS_SECRET_ACCESS_KEY", "…6789 (environment)")
    report.says("configuration/QUOTE_SIGNATURE_SECRET", "… (environment)", "openssl rand")
    report.blames("warning configuration/QUOTE_SIGNATURE_SECRET")


# --- arguments ----------------------------------------------------------------------------------

@case("a wrong usage exits with 3, which is not what a monitoring system takes for a verdict")
def _():
    for args in (["--fast"], ["extra"], ["--url"], ["--url", "shop.example"],
                 ["--url", "https://shop.example/?x"], ["--json=1"]):
        run = shop.run("check", *args, code=3)
        contains(run.err, "usage: ordersnap check")
    shop.run("init", "--fast", code=2)


@case("output that can't be written exits with 3, not with a warning's 1")
def _():
    for args in ([], ["--json"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([*lib.WRAPPER, COMMAND, "check", *args], env=shop.environment(),
                                  stdout=full, stderr=subprocess.PIPE, text=True)
        equal(done.returncode, 3)
        contains(done.stderr, "can't write to standard output")


# --- configuration ------------------------------------------------------------------------------

@case("a file with secrets that others can read is the fault, and the rest is looked at")
def _():
    with file_of("", 0o644) as variables:
        report = shop.check(**variables).blames("failed configuration/file")
        report.says("configuration/file", "STRIPE_SECRET is a secret", "others can read", "chmod 640")
        equal(len(report.named("stripe/key")), 1)


@case("a file that its group can write is a warning, one that anybody can write a fault")
def _():
    with file_of("", 0o660) as variables:
        shop.check(**variables).blames("warning configuration/file").says(
            "configuration/file", "chmod g-w")
    with file_of("", 0o642) as variables:
        shop.check(**variables).blames("failed configuration/file").says(
            "configuration/file", "chmod o-w")


@case("what is wrong in a file is told line by line, and what is right there counts")
def _():
    with file_of("QUOTE_TTL=5\nQUOTE_TTL_MINUTES=soon\nnonsense\nLOG_LEVEL=error\n") as variables:
        report = shop.check(**variables).blames(
            "failed configuration/QUOTE_TTL", "failed configuration/QUOTE_TTL_MINUTES",
            "failed configuration/file")
        first = len(shop.settings) + 1
        report.says("configuration/QUOTE_TTL", f":{first}: QUOTE_TTL is not a setting")
        report.says("configuration/QUOTE_TTL_MINUTES", f":{first + 1}: ", "whole number from 1")
        report.says("configuration/file", f":{first + 2}: this is not KEY=VALUE")
        report.says("configuration/LOG_LEVEL", "error")


@case("a misspelt setting is not also missed under its right name")
def _():
    with file_of("STRIPE_SECRT=x\n", but=["STRIPE_SECRET"]) as variables:
        report = shop.check(**variables).blames("failed configuration/STRIPE_SECRT")
        report.says("configuration/STRIPE_SECRT", "did you mean STRIPE_SECRET?")
        report.is_silent_on("stripe", "webhook", "clock")


@case("a file that is not there is named")
def _():
    path = os.path.join(shop.folder, "gone.conf")
    shop.check("--conf", path).blames("failed configuration/file").says("configuration/file", path)


@case("where none is named, the places are told in which one is looked for")
def _():
    beside = os.path.join(os.path.dirname(lib.BUILD), "conf", "ordersnap.conf")
    for path in (beside, "/etc/ordersnap/ordersnap.conf"):
        if os.path.exists(path):
            skip(f"{path} is a shop's own, which no test reads")
    shop.check(ORDERSNAP_CONF=None).says("configuration/file", "none was read",
                                         "/conf/ordersnap.conf")


PROGRAMS = ("cart-quote", "checkout-create-session", "orders", "status", "stripe-webhook")
MISSING = {
    "STRIPE_SECRET": ("no program but status starts", ("stripe", "clock", "webhook")),
    "STRIPE_WEBHOOK_SECRET": ("stripe-webhook does not start", ()),
    "QUOTE_SIGNATURE_SECRET": ("neither cart-quote nor checkout-create-session starts", ()),
    "COMMERCE_DB": ("no program but status starts", ("store",)),
}


def that_do_not_start(**settings):
    """The programs that do not start with these."""
    return {program for program in PROGRAMS if subprocess.run(
        [lib.program(program), "--check-settings"], env=shop.environment(**settings),
        stdin=subprocess.DEVNULL, capture_output=True).returncode}


NAMED = {
    "no program but status starts": set(PROGRAMS) - {"status"},
    "stripe-webhook does not start": {"stripe-webhook"},
    "neither cart-quote nor checkout-create-session starts": {"cart-quote", "checkout-create-session"},
}
for name, (said, silent) in MISSING.items():
    @case(f"{name} is missed, with what does not start, and what needs it is left out")
    def _(name=name, said=said, silent=silent):
        report = shop.check(**{name: None}).blames(f"failed configuration/{name}")
        report.says("configuration/" + name, "is not set", said, "put ").is_silent_on(*silent)
        equal(that_do_not_start(**{name: None}), NAMED[said])


@case("CHECKOUT_SUCCESS_URL is missed with a warning")
def _():
    shop.check(CHECKOUT_SUCCESS_URL=None).blames("warning configuration/CHECKOUT_SUCCESS_URL")


@case("a rate of postage in CHECKOUT_SESSION_FILE that Stripe does not have, or has archived, is named")
def _():
    path = os.path.join(shop.folder, "session.json")
    rate = shop.stripe("POST", "/v1/shipping_rates", {
        "display_name": "Post", "fixed_amount[amount]": 500, "fixed_amount[currency]": "usd"})["id"]
    for named, wrong in ((rate, None), ("shr_gone", "does not know shr_gone"), (rate, "is archived")):
        if named == rate and wrong:
            shop.stripe("POST", "/v1/shipping_rates/" + rate, {"active": "false"})
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"shipping_options": [{"shipping_rate": named}]}, file)
        report = shop.check(CHECKOUT_SESSION_FILE=path)
        report.blames(*(["failed stripe/shipping_rate"] if wrong else []))
        if wrong:
            report.says("stripe/shipping_rate", wrong, "CHECKOUT_SESSION_FILE")


@case("a coupon or promotion code in CHECKOUT_SESSION_FILE that Stripe does not have, or takes no more, is named")
def _():
    path = os.path.join(shop.folder, "session.json")
    coupon = shop.stripe("POST", "/v1/coupons", {"percent_off": "10", "duration": "once"})["id"]
    codes = [shop.stripe("POST", "/v1/promotion_codes", {
        "promotion[type]": "coupon", "promotion[coupon]": coupon, "active": active})["id"]
        for active in ("true", "false")]
    for key, named, wrong in (("coupon", coupon, None), ("promotion_code", codes[0], None),
                              ("coupon", "none", "does not know none"), ("promotion_code", "promo_1", "does not know"),
                              ("promotion_code", codes[1], "is not active any more")):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"discounts": [{key: named}]}, file)
        report = shop.check(CHECKOUT_SESSION_FILE=path)
        report.blames(*([f"failed stripe/{key}"] if wrong else []))
        if wrong:
            report.says(f"stripe/{key}", named, wrong, "CHECKOUT_SESSION_FILE", "no session can be made")
    expired = {"id": coupon, "object": "coupon", "valid": False}
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"discounts": [{"coupon": coupon}]}, file)
    stub = kit.Stub(lambda request: (200, json.dumps(expired if coupon in request.path else {"data": []}).encode()))
    try:
        shop.check(CHECKOUT_SESSION_FILE=path, STRIPE_API_BASE=stub.base).says(
            "stripe/coupon", coupon + " is not valid any more")
    finally:
        stub.close()


@case("a price of optional_items in CHECKOUT_SESSION_FILE that Stripe does not have, or that is archived, is named")
def _():
    path = os.path.join(shop.folder, "session.json")
    price = shop.stripe("POST", "/v1/prices", {"unit_amount": 500, "currency": "usd",
                                               "product_data[name]": "Gift wrap"})["id"]
    for named, wrong in ((price, None), ("price_gone", "does not know price_gone"), (price, "is archived")):
        if named == price and wrong:
            shop.stripe("POST", "/v1/prices/" + price, {"active": "false"})
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"optional_items": [{"price": named, "quantity": 1}]}, file)
        report = shop.check(CHECKOUT_SESSION_FILE=path)
        report.blames(*(["failed stripe/price"] if wrong else []))
        if wrong:
            report.says("stripe/price", named, wrong, "CHECKOUT_SESSION_FILE", "no session can be made")


@case("a CHECKOUT_SESSION_FILE is judged as the program that makes sessions judges it")
def _():
    path = os.path.join(shop.folder, "session.json")
    for text, sentence in (('{"locale": "de"}', None), ('{\n"line_items": []}', ":2: line_items"),
                           ('{"locale": 7}', ":1: locale must be one of"), ("{", ":1: this is no JSON")):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        report = shop.check(CHECKOUT_SESSION_FILE=path)
        name = "configuration/CHECKOUT_SESSION_FILE"
        report.blames(*([f"failed {name}"] if sentence else [])).says(name, path + (sentence or ""))
    shop.check(CHECKOUT_SESSION_FILE="/nonexistent/s.json").blames(f"failed {name}").says(
        name, "can't read /nonexistent/s.json")


@case("two settings of which one is to be chosen are named, and neither store is looked at")
def _():
    report = shop.check(COMMERCE_TABLE="orders").blames("failed configuration/COMMERCE_DB")
    report.says("configuration/COMMERCE_DB", "COMMERCE_TABLE", "both set", "leave one")
    report.is_silent_on("store")
    shop.check(JWT_SECRET=JWT, JWT_PUBLIC_KEY_FILE="/etc/hostname").blames(
        "failed configuration/login").says("configuration/login", "JWT_SECRET", "both set")


@case("a login that is required but not set up is named, with each way to set one up")
def _():
    shop.check(CHECKOUT_REQUIRE_AUTH=1).blames("failed configuration/login").says(
        "configuration/login", "JWT_SECRET", "JWT_PUBLIC_KEY_FILE", "ORDERS_AUTH=remote_user")
    shop.check(CHECKOUT_REQUIRE_AUTH=1, JWT_SECRET=JWT).blames()


@case("the web server's own login is one, too: where it is required nothing is wrong")
def _():
    shop.check(CHECKOUT_REQUIRE_AUTH=1, ORDERS_AUTH="remote_user").blames()


@case("a publishable key, and what is no key at all, are named, and Stripe is not asked")
def _():
    for key, part in (("pk_test_000000000000000000", "publishable"), ("hunter2hunter2", "sk_ or rk_")):
        report = shop.check(STRIPE_SECRET=key).blames("failed configuration/STRIPE_SECRET")
        report.says("configuration/STRIPE_SECRET", part).is_silent_on("stripe", "clock", "webhook")


@case("a signing secret that is none is named")
def _():
    shop.check(STRIPE_WEBHOOK_SECRET="not-a-webhook-secret-0002").blames(
        "failed configuration/STRIPE_WEBHOOK_SECRET").says(
        "configuration/STRIPE_WEBHOOK_SECRET", "whsec_")


@case("a quote secret that can be guessed is a warning")
def _():
    shop.check(QUOTE_SIGNATURE_SECRET="short-quotes").blames(
        "warning configuration/QUOTE_SIGNATURE_SECRET").says(
            "configuration/QUOTE_SIGNATURE_SECRET", "…otes")


@case("a log or counts that can't be written are named, with what is done without them: the programs start")
def _():
    for name, without in (("LOG_TARGET", "standard error and syslog"), ("METRICS_FILE", "nothing is counted")):
        away = {name: os.path.join(shop.folder, "gone", "file")}
        shop.check(**away).blames(f"failed configuration/{name}").says(
            f"configuration/{name}", "can't", "until then", without)
        equal(that_do_not_start(**away), set())
    relative = {"LOG_TARGET": "shop.log"}
    shop.check(**relative).says("configuration/LOG_TARGET", "the programs do not start")
    equal(that_do_not_start(**relative), set(PROGRAMS))


@case("a login that can't be used is named, with the programs that do not start")
def _():
    gone, both = {"JWT_PUBLIC_KEY_FILE": "/nonexistent"}, "neither checkout-create-session nor orders starts"
    for settings, said, programs in (
            (gone, both, {"checkout-create-session", "orders"}),
            ({**gone, "CHECKOUT_REQUIRE_AUTH": 1}, both, {"checkout-create-session", "orders"}),
            ({"CHECKOUT_REQUIRE_AUTH": 1}, "checkout-create-session does not start", {"checkout-create-session"})):
        shop.check(**settings).blames("failed configuration/login").says("configuration/login", said)
        equal(that_do_not_start(**settings), programs)


# --- Stripe and the clock -----------------------------------------------------------------------

@case("a key that Stripe does not accept is the key's fault")
def _():
    report = shop.check(STRIPE_SECRET="sk_test_revoked000000000000").blames("failed stripe/key")
    report.says("stripe/key", "does not accept", "API keys").is_silent_on("webhook")


@case("where Stripe can't be reached the key is not known, not wrong")
def _():
    report = shop.check(STRIPE_API_BASE="http://127.0.0.1:9").blames("failed stripe/api")
    report.says("stripe/api", "can't be reached", "not known").is_silent_on("clock", "webhook")
    shop.fault(".*", status=500, times=-1)
    shop.check().blames("failed stripe/api").says("stripe/api", "no proper answer", "not known")


DENIED = {
    "GET /v1/prices": ("failed", "Prices"),
    "GET /v1/checkout/sessions": ("failed", "Checkout Sessions"),
    "GET /v1/checkout/sessions/{id}": ("failed", "Checkout Sessions"),
    "GET /v1/payment_intents/{id}": ("failed", "PaymentIntents"),
    "GET /v1/charges/{id}": ("failed", "Charges"),
    "GET /v1/refunds/{id}": ("failed", "Refunds"),
    "GET /v1/disputes": ("failed", "Disputes"),
    "GET /v1/balance_transactions": ("warning", "Balance"),
    "GET /v1/coupons": ("warning", "Coupons"),
    "GET /v1/promotion_codes": ("warning", "Promotion Codes"),
    "GET /v1/shipping_rates": ("warning", "Shipping Rates"),
    "GET /v1/events": ("warning", "Events"),
    "GET /v1/webhook_endpoints": ("warning", "Webhook Endpoints"),
}
for call, (status, name) in DENIED.items():
    @case(f"a restricted key that may not {call} lacks \"{name}\" and nothing else")
    def _(call=call, status=status, name=name):
        shop.sim.post("/_sim/permissions", {"deny": [call]})
        report = shop.check().blames(f"{status} stripe/permission")
        report.says("stripe/permission", f'lacks "{name}', "restricted key")
        equal(len(report.named("webhook/endpoint")), 0 if "webhook" in call else 1)


@case("each permission that is missing is named")
def _():
    shop.sim.post("/_sim/permissions", {"deny": list(DENIED)})
    equal(len(shop.check().named("stripe/permission")), 12)


@case("the mode of the key is said, and that it is a restricted one")
def _():
    shop.check().says("stripe/key", "secret key", "test mode")
    stub = kit.Stub(lambda request: (200, b'{"data":[],"has_more":false}'))
    try:
        shop.check(STRIPE_API_BASE=stub.base, STRIPE_SECRET="rk_live_x0000000000000").says(
            "stripe/key", "restricted key", "live mode").says("stripe/permissions", "Write")
    finally:
        stub.close()


@case("an answer that quotes the key is shown without it")
def _():
    key = "sk_test_quoted0000000000000001"
    stub = kit.Stub(lambda request: (401, json.dumps({"error": {"message": f"No such key: {key}"}}).encode()))
    try:
        report = shop.check(STRIPE_API_BASE=stub.base, STRIPE_SECRET=key).says("stripe/key", "No such key")
        lacks(report.named("stripe/key")[0]["text"], key)
    finally:
        stub.close()


@case("a clock that is off by ten minutes is a fault, by one a warning, by five seconds none")
def _():
    for skew, blamed in ((600, ["failed clock/clock"]), (-600, ["failed clock/clock"]),
                         (60, ["warning clock/clock"]), (-5, [])):
        shop.sim.post("/_sim/clock", {"skew": skew})
        report = shop.check().blames(*blamed)
        report.says("clock/clock", {600: "10 minutes behind", -600: "10 minutes ahead",
                                    60: "behind", -5: "within"}[skew])
    shop.sim.post("/_sim/clock", {"skew": 600})
    shop.check().says("clock/clock", "NTP", "300 seconds")
    shop.check(STRIPE_WEBHOOK_TOLERANCE=3000).blames("warning clock/clock")


@case("a clock that is two days ahead does not make the sync old")
def _():
    shop.check(**kit.clock(2 * 86400)).blames("failed clock/clock")


# --- what is still the example's ----------------------------------------------------------------

for name in ("CHECKOUT_SUCCESS_URL", "CHECKOUT_CANCEL_URL", "CHECKOUT_RETURN_ORIGINS",
             "CORS_ALLOW_ORIGIN"):
    @case(f"{name} on shop.example is a fault, also with a test key")
    def _(name=name):
        report = shop.check(**{name: "https://shop.example"})
        equal([x["name"] for x in report.lines if x["status"] == "failed"], [name], repr(report))
        report.says("configuration/" + name, "shop.example", "the shop's own address")


@case("a secret that holds REPLACE_ME is a fault with the variable's name")
def _():
    for name in ("STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET", "QUOTE_SIGNATURE_SECRET", "JWT_SECRET"):
        report = shop.check(**{name: "sk_test_REPLACE_ME"})
        report.says("configuration/" + name, name, "example", "do not start")
        equal((report.code, report.status), (2, "failed"))


# --- the webhook endpoint -----------------------------------------------------------------------

@case("an endpoint that is missing is a warning with the address and the events to add")
def _():
    shop.sim.post("/_sim/reset")
    shop.add_endpoint("https://shop.example/other")
    report = shop.check().blames("warning webhook/endpoint")
    report.says("webhook/endpoint", "https://pearls.test/stripe/webhook", *EVENTS,
                "a destination of thin events is not in Stripe's list")
    shop.check("--url", "http://127.0.0.1:9/x/").says(
        "webhook/endpoint", "http://127.0.0.1:9/x/stripe/webhook")


@case("an endpoint that is disabled is a fault")
def _():
    shop.change_endpoint(disabled="true")
    shop.check().blames("failed webhook/status").says("webhook/status", "disabled", "enable it")


@case("an endpoint that was disabled for a newer one at its address, but for a query, is no fault")
def _():
    shop.change_endpoint(disabled="true")
    newer = shop.add_endpoint(ADDRESS + "?version=2026-10-28")["id"]
    for given in ((), ("--url", "https://shop.example:1")):
        report = shop.check(*given)
        equal([x["text"] for x in report.named("webhook/endpoint")], [ADDRESS + "?version=2026-10-28"])
        report.says("webhook/status", "enabled")
    shop.check().blames()
    shop.add_endpoint("https://shop.example/old/stripe/webhook")
    shop.check("--url", "https://shop.example:1").says("webhook/endpoint", "2 endpoints are this shop's")
    shop.stripe("POST", "/v1/webhook_endpoints/" + newer, {"disabled": "true"})
    report = shop.check("--url", "https://shop.example:1")
    report.says("webhook/endpoint", "3 endpoints are this shop's")
    equal([x["status"] for x in report.named("webhook/status")].count("failed"), 2)


@case("an endpoint whose API version can't tell of each refund is a warning")
def _():
    for version, words in (("2024-09-30.acacia", "warning"), ("2024-10-28.acacia", "ok")):
        shop.sim.post("/_sim/reset")
        shop.add_endpoint(api_version=version)
        report = shop.check()
        equal([line["status"] for line in report.named("webhook/version")], [words])
        report.says("webhook/version", version)
    shop.sim.post("/_sim/reset")
    shop.add_endpoint()


@case("events that an endpoint does not get are named; without the completed session a fault")
def _():
    shop.sim.post("/_sim/reset")
    shop.add_endpoint(events=EVENTS[:-1])
    shop.check().blames("warning webhook/events").says("webhook/events", EVENTS[-1])
    shop.sim.post("/_sim/reset")
    shop.add_endpoint(events=EVENTS[1:])
    report = shop.check().blames("failed webhook/events").says("webhook/events", EVENTS[0])
    lacks(report.named("webhook/events")[0]["text"], EVENTS[1])


@case("all events, and more than are needed, are well")
def _():
    shop.sim.post("/_sim/reset")
    shop.add_endpoint(events=["*"])
    shop.check().blames().says("webhook/events", "all")
    shop.sim.post("/_sim/reset")
    shop.add_endpoint(events=[*EVENTS, "charge.updated"])
    shop.check().blames().says("webhook/events", "1 that are ignored")


@case("of several endpoints --url says which one it is, also beyond the first page")
def _():
    for n in range(120):
        shop.add_endpoint(f"https://other{n}.example/stripe/webhook", EVENTS[:1])
    shop.check().blames("warning webhook/endpoint").says("webhook/endpoint", "121 endpoints", "--url")
    report = shop.check("--url", "https://shop.example:1/")
    equal(report.named("webhook/endpoint")[0]["text"], ADDRESS)
    equal(report.named("webhook/events")[0]["status"], "ok")
    shop.add_endpoint("https://SHOP.example/stripe/webhook?2")
    report = shop.check("--url", "https://shop.example:1")
    report.says("webhook/endpoint", "2 endpoints are this shop's", "delete")
    equal(len(report.named("webhook/events")), 2)


@case("the endpoint at the very address of --url is taken before one of another port or scheme")
def _():
    shop.add_endpoint("https://shop.example:8443/stripe/webhook", EVENTS[:1])
    report = shop.check("--url", "https://shop.example:443")
    equal([x["text"] for x in report.named("webhook/endpoint")], [ADDRESS])
    report = shop.check("--url", "https://shop.example:8443")
    equal([x["text"] for x in report.named("webhook/endpoint")],
          ["https://shop.example:8443/stripe/webhook"])
    equal(report.named("webhook/events")[0]["status"], "warning")


@case("the programs' own addresses are known as webhooks, others are not")
def _():
    for address, count in (("https://shop.example/cgi-bin/stripe-webhook.fcgi", 1),
                           ("https://shop.example/cgi-bin/stripe-webhook?x=1", 1),
                           ("https://shop.example/stripe/webhooks", 0),
                           ("https://shop.example/stripe/webhook/", 0)):
        shop.sim.post("/_sim/reset")
        shop.add_endpoint(address)
        equal(len(shop.check().named("webhook/events")), count, address)


@case("in live mode an endpoint without https, or of test mode, is a fault")
def _():
    endpoint = {"object": "webhook_endpoint", "url": "http://shop.example/stripe/webhook",
                "livemode": False, "status": "enabled", "enabled_events": EVENTS}
    stub = kit.Stub(lambda request: (200, json.dumps({
        "data": [endpoint] if "webhook_endpoints" in request.path else []}).encode()))
    try:
        shop.check(STRIPE_API_BASE=stub.base, STRIPE_SECRET="sk_live_x0000000000000").blames(
            "failed webhook/endpoint", "failed webhook/mode")
    finally:
        stub.close()


@case("an endpoint of connected accounts is named, and is not taken for the shop's own")
def _():
    own = {"object": "webhook_endpoint", "url": ADDRESS, "livemode": False, "status": "enabled",
           "enabled_events": EVENTS, "application": None}
    connect = {**own, "enabled_events": ["*"], "application": "ca_1"}
    for endpoints, more in (([connect], ["warning webhook/endpoint"]), ([own, connect], []), ([connect, own], [])):
        stub = kit.Stub(lambda request, found=endpoints: (200, json.dumps({
            "data": found if "webhook_endpoints" in request.path else []}).encode()))
        try:
            report = shop.check("--url", "https://shop.example:1", STRIPE_API_BASE=stub.base)
        finally:
            stub.close()
        equal([f"{x['status']} {x['group']}/{x['name']}" for x in report.lines
               if x["group"] == "webhook" and x["status"] != "ok"], ["warning webhook/connect", *more])
        report.says("webhook/connect", ADDRESS, "ca_1", "connected accounts")
        equal(len(report.named("webhook/events")), len(endpoints) - 1)


# --- the store ----------------------------------------------------------------------------------

@case("a folder that can't be written is named, and the file is not blamed")
def _():
    os.chmod(shop.folder, 0o555)
    try:
        report = shop.check().blames("failed store/folder")
        report.says("store/folder", shop.folder, "chown")
    finally:
        os.chmod(shop.folder, 0o700)
    shop.check(COMMERCE_DB="/nonexistent/orders.db").blames("failed store/folder")


def store_in(name):
    """A store in a folder of its own, and the folder."""
    folder = os.path.join(shop.folder, name)
    os.mkdir(folder, 0o700)
    path = os.path.join(folder, "orders.db")
    equal(shop.run("init", "--db", path).code, 0)
    return path, folder


def store_folders(path):
    """What check says of the folder of this store: its status, and all of it."""
    report = shop.check("--db", path)
    return ([x["status"] for x in report.named("store/folder")] or ["ok"])[0], report


@case("a folder that others, or a group that is not the file's, can write is a fault")
def _():
    path, folder = store_in("open")
    equal(store_folders(path)[0], "ok")
    for mode in (0o777, 0o1777, 0o702):
        os.chmod(folder, mode)
        status, report = store_folders(path)
        equal(status, "failed", f"mode {mode:o}")
        report.says("store/folder", "others can write it", folder, "chmod o-w")
    os.chmod(folder, 0o770)
    equal(store_folders(path)[0], "ok", "its group is the file's")
    if os.geteuid() == 0:
        os.chown(folder, -1, os.stat(path).st_gid + 1)
        equal(store_folders(path)[0], "failed", "another group")


@case("a store behind a symbolic link is looked at where it is")
def _():
    path, folder = store_in("real")
    links = os.path.join(shop.folder, "links")
    os.mkdir(links, 0o700)
    link = os.path.join(links, "orders.db")
    os.symlink(path, link)
    equal(store_folders(link)[0], "ok")
    os.chmod(folder, 0o777)
    status, report = store_folders(link)
    equal(status, "failed")
    report.says("store/folder", folder)


@case("a folder is a fault where a link on the way stands that others could replace")
def _():
    path, _ = store_in("behind")
    for name, target in (("first", path), ("second", "../first/link"), ("third", "..")):
        os.mkdir(os.path.join(shop.folder, name), 0o700)
        os.symlink(target, os.path.join(shop.folder, name, "link"))
    ways = {"first/link": "first", "second/link": "first", "third/link/first/link": "third"}
    for way, open_one in ways.items():
        link, opened = os.path.join(shop.folder, way), os.path.join(shop.folder, open_one)
        equal(store_folders(link)[0], "ok", way)
        os.chmod(opened, 0o777)
        status, report = store_folders(link)
        equal(status, "failed", way)
        report.says("store/folder", f"{opened}, mode 0777")
        os.chmod(opened, 0o1777)
        equal(store_folders(link)[0], "ok", f"{way}: sticky, nobody else can replace it")
        os.chmod(opened, 0o700)


@case("a file that is not there is a fault, since the programs make none, and it is not made")
def _():
    path = os.path.join(shop.folder, "new.db")
    shop.check("--db", path).blames("failed store/file").says("store/file", "ordersnap init")
    ok(not os.path.exists(path), "it was made")


@case("a file that others can read is a warning")
def _():
    os.chmod(shop.db, 0o664)
    try:
        shop.check().blames("warning store/file").says("store/file", "chmod 660")
    finally:
        os.chmod(shop.db, 0o660)


@case("a file of a newer ordersnap is named as that")
def _():
    path = os.path.join(shop.folder, "newer.db")
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA user_version = 99")
    os.chmod(path, 0o660)
    shop.check("--db", path).blames("failed store/read").says(
        "store/read", "newer ordersnap", "install")
    with open(path, "w") as f:
        f.write("this is no database, " * 50)
    shop.check("--db", path).blames("failed store/read").says("store/read", "not a database")


@case("a table that another program has locked can't be written")
def _():
    with contextlib.closing(sqlite3.connect(shop.db, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        shop.check().blames("failed store/write").says("store/write", "locked")
        db.execute("ROLLBACK")


@case("the line for cron that is given runs as it stands, with nothing but what cron gives")
def _():
    shop.store({"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 1})
    with file_of("") as variables:
        odd = os.path.join(shop.folder, "it's 100% odd.conf")
        os.rename(variables["ORDERSNAP_CONF"], odd)
        variables["ORDERSNAP_CONF"] = odd
        try:
            advice = shop.check(**variables).blames("warning store/sync").named("store/sync")[0]["advice"]
            line = advice.partition("17 * * * * ")[2]
            if os.geteuid() == 0:
                contains(advice, "/etc/cron.d/ordersnap: 17 * * * * root ")
                line = line.partition(" ")[2]
            line = re.split(r"(?<!\\)%", line)[0].replace("\\%", "%")  # as cron takes it
            run = subprocess.run(["/bin/sh", "-c", line], cwd="/", timeout=60,
                                 env=environment.of(PATH="/usr/bin:/bin", ORDERSNAP_CONF=None),
                                 capture_output=True, text=True)
            equal((run.returncode, run.stdout), (0, ""), run.stderr + line)  # a syslog may be missing
            shop.check(**variables).blames()
        finally:
            os.rename(odd, os.path.join(shop.folder, "ordersnap.conf"))


@case("a sync that was never done, that is old, or that had errors is a warning")
def _():
    shop.store({"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 1})
    shop.check().blames("warning store/sync").says("store/sync", "never", shlex.quote(COMMAND) + " sync")
    shop.store(sync_state(25 * 3600))
    shop.check().blames("warning store/sync").says("store/sync", "25 hours")
    shop.store(sync_state(23 * 3600))
    shop.check().blames()
    shop.store(sync_state(-3600))  # the clock was put back
    shop.check().blames().says("store/sync", "0 seconds ago")
    shop.store(sync_state(60, errors=3))
    shop.check().blames("warning store/sync").says("store/sync", "3 errors")


@case("after ordersnap sync the sync is well")
def _():
    shop.store({"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 1})
    shop.run("sync")
    shop.check().blames().says("store/sync", "ago: 0 sessions")


@case("a sync that is running is said, one that was interrupted long ago is a warning")
def _():
    shop.store(sync_state(600, run={"startedAt": ago(120)}))
    shop.check().blames().says("store/sync", "2 minutes")
    shop.store(sync_state(600, run={"startedAt": ago(3 * 86400)}))
    shop.check().blames("warning store/sync").says("store/sync", "3 days")


def day_entry(seconds, **more):
    created = int(time.time() - seconds)
    name = more.pop("session", f"cs_live_day{seconds}")  # of the other mode: Stripe is not asked for it
    return {"PK": "DAY#" + time.strftime("%Y-%m-%d", time.gmtime(created)),
            "SK": f"ORDER#{created}#{name}", "version": 1, "orderId": name, **more}


@case("orders that wait are counted; with a warning from three days on, unless Stripe says so too")
def _():
    shop.store(day_entry(3600, status="pending"))
    shop.store(day_entry(7200, status="completed", itemsPending=True))
    shop.store(day_entry(90000, status="completed"))
    shop.check().blames().says("store/pending", "2 orders", "2 hours")
    shop.store(day_entry(13 * 86400, status="pending"))
    shop.store(day_entry(15 * 86400, status="pending"))
    shop.check().blames().says("store/pending", "3 orders", "13 days")
    shop.store(sync_state(25 * 3600))
    shop.check().blames("warning store/sync", "warning store/pending").says("store/pending", "3 orders", "13 days")
    shop.store(sync_state(3600, errors=1))
    shop.check().blames("warning store/sync", "warning store/pending")
    state = sync_state(3600)
    shop.store({**state, "summary": {**state["summary"], "unknown": 1}})
    shop.check().blames("warning store/pending")
    shop.store(state)
    shop.store(day_entry(4 * 86400, status="completed", itemsPending=True))
    shop.check().blames("warning store/pending").says("store/pending", "4 orders")


@case("orders of the newest hundred whose session Stripe does not know are named, with few calls")
def _():
    shop.sim.post("/_sim/sessions", {"count": 120, "prefix": "cs_test_known", "to": int(time.time()) - 3600})
    listed = shop.stripe("GET", "/v1/checkout/sessions?limit=100")["data"]
    for session in [s for s in listed if s["id"].startswith("cs_test_known")][:60]:
        shop.store(day_entry(time.time() - session["created"], session=session["id"]))
    late = [s["id"] for s in listed if s["id"].startswith("cs_test_known")][70]
    shop.store(day_entry(60, session=late))  # the functions' orders bear a later time than their session
    shop.sim.post("/_sim/stats/reset")
    shop.check().blames().says("store/sessions", "Stripe knows", "61")
    ok(shop.sim.calls()["GET /v1/checkout/sessions"] <= 5, str(shop.sim.calls()))
    shop.store(day_entry(61, session="cs_test_forged", orderNumber="BC-FORGED"))
    shop.store(day_entry(5 * 86400, session="cs_test_old", orderNumber="BC-OLD"))
    shop.check().blames("warning store/sessions").says("store/sessions", "2 of the newest 63 orders",
                                                       "BC-FORGED", "BC-OLD")
    shop.sim.post("/_sim/permissions", {"deny": ["GET /v1/checkout/sessions"]})
    equal(shop.check().named("store/sessions"), [])
    shop.sim.post("/_sim/permissions", {"deny": []})


# --- the whole ----------------------------------------------------------------------------------

@test
def _():
    "where everything hangs it is done within a minute"
    stub = kit.Stub(lambda request: time.sleep(70))
    shop.well()
    begun = Watch()
    try:
        shop.check("--url", stub.base, STRIPE_API_BASE=stub.base).blames(
            "failed stripe/api", "failed site/address")
    finally:
        stub.server_close()
    begun.at_most(60)


@test
def _():
    "no secret was ever printed whole, nor all but its end"
    no_secret(*NEVER_SHOWN)


main(shop)
