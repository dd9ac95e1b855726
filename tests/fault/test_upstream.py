#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Stripe answers what it never should, or somebody else answers in its place, and the machine has
limits of its own.

After each of them: an honest answer within the deadline, the table has all items of the order or none
of them, no event is done that was not, and the next delivery, with Stripe well again, gives the order.
"""
import concurrent.futures
import contextlib
import json
import os
import resource
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cgi"))

import kit  # noqa: E402
from kit import KeptShop, case, contains, equal, lacks, lib, main, ok  # noqa: E402
from odd_servers import ANSWERS, Raw, certificate  # noqa: E402
from server import Handler, Server  # noqa: E402
from tap import Watch  # noqa: E402
from workers import FastCgi  # noqa: E402

DEADLINE = 8.5
shop = KeptShop()


def new_event():
    shop.sim.post("/_sim/delivery", {"mode": "off"})
    made = shop.sim.post("/_sim/session", {"line_items": [{"lookup_key": "N-RED", "quantity": 2}],
                                           "metadata": {"userId": "user_12345"}})
    return next(e for e in shop.sim.get("/_sim/events") if e["id"] == made["event"])


def keys_of(event):
    session = event["data"]["object"]["id"]
    return sorted(key[0].split("#")[0] for key, item in shop.items().items()
                  if session in (item.get("orderId"), item.get("stripeSessionId")) or session in key[0] + key[1]
                  or event["id"] in key[0])


WHOLE = ["DAY", "EVENT", "NUMBER", "PAYMENT", "SESSION", "USER"]
WAITS = [kind for kind in WHOLE if kind != "EVENT"]  # the next delivery completes it


def comes_again(event, answer):
    """It was not acknowledged, and the next delivery makes the order."""
    equal(answer.status, 503, answer.log)
    equal(list(answer.json), ["error"])
    ok(keys_of(event) in ([], WAITS), keys_of(event))
    equal(shop.webhook(event).status, 200)
    equal(keys_of(event), WHOLE)
    order = shop.order_of(event["data"]["object"]["id"])
    equal((order["status"], order["amount"], [i["quantity"] for i in order["items"]], order.get("itemsPending")),
          ("completed", 6000, [2], None))


def in_time(ask):
    """The answer, within the deadline."""
    watch = Watch()
    answer = ask()
    watch.at_most(DEADLINE)
    return answer


def while_it_answers(speak, ask):
    """What a program answers while Stripe's place answers so."""
    raw = Raw(speak)
    try:
        return in_time(lambda: ask(STRIPE_API_BASE=raw.base))
    finally:
        raw.close()


def delivered(speak):
    event = new_event()
    return event, while_it_answers(speak, lambda **settings: shop.webhook(event, **settings))


def clicked(speak, quote):
    return quote, while_it_answers(speak, lambda **settings: shop.checkout(quote, {"userId": "user_1"}, **settings))


if not os.path.exists("/usr/bin/openssl"):
    print("1..0 # SKIP openssl is not installed")
    sys.exit(0)
QUOTED = {what: shop.quote("N-RED").json["quoteSignature"] for what in ANSWERS}
SOLD = {}  # of each sale a part is paid back: the session, and the event that says so
for WHAT in ANSWERS:
    EVENT = new_event()
    equal(shop.webhook(EVENT).status, 200)
    shop.stripe("POST", "/v1/refunds", {"payment_intent": EVENT["data"]["object"]["payment_intent"], "amount": 500})
    SOLD[WHAT] = EVENT["data"]["object"]["id"], [e for e in shop.sim.get("/_sim/events")
                                                 if e["type"] == "charge.refunded"][-1]


def refunded(what, speak):
    return while_it_answers(speak, lambda **settings: shop.webhook(SOLD[what][1], **settings))


# What waits for a deadline waits beside the others.
pool = concurrent.futures.ThreadPoolExecutor(60)
RUNS = {what: pool.submit(delivered, speak) for what, speak in ANSWERS.items()}
REFUNDS = {what: pool.submit(refunded, what, speak) for what, speak in ANSWERS.items()}
CLICKS = {what: pool.submit(clicked, speak, QUOTED[what]) for what, speak in ANSWERS.items()}
QUOTES = {what: pool.submit(while_it_answers, speak, lambda **settings: shop.quote("R-SIL", **settings))
          for what, speak in ANSWERS.items()}

for WHAT, RUN in RUNS.items():
    @case(f"Stripe answers with {WHAT}: 503 in time, and the next delivery makes the order")
    def _(run=RUN):
        comes_again(*run.result())


@kit.test
def _():
    "whatever Stripe answers so to a refund's event: 503 in time, the order stays, and the next delivery refunds it"
    for what, (session, event) in SOLD.items():
        answer = REFUNDS[what].result()
        equal((what, answer.status, list(answer.json)), (what, 503, ["error"]), answer.log)
        order = shop.order_of(session)
        equal((order["status"], order.get("amountRefunded")), ("completed", None), what)
        equal((what, shop.webhook(event).status), (what, 200))
        order = shop.order_of(session)
        equal((order["status"], order["amountRefunded"]), ("partially_refunded", 500), what)


@kit.test
def _():
    "whatever Stripe answers so to a quote or a session: an honest answer in time, and the next is a 200"
    for what in ANSWERS:
        refused, (quote, answer) = QUOTES[what].result(), CLICKS[what].result()
        for one in (refused, answer):
            ok(one.status in (502, 503), f"{what}: {one.status} {one.body[:200]!r} {one.log}")
            equal(list(one.json), ["error"], what)
        again = shop.checkout(quote, {"userId": "user_1"})
        equal((what, again.status), (what, 200), again.log)
        made = [s for s in shop.stripe("GET", "/v1/checkout/sessions?limit=100")["data"]
                if s["metadata"].get("quoteSignature") == quote]
        equal([s["id"] for s in made], [again.json["sessionId"]], what)
    equal(shop.quote("R-SIL").status, 200)


# --- fields of another kind ---------------------------------------------------------------------

def altered(path, value):
    """Stripe's own answer, with one field of another kind."""
    class Altering(Handler):
        def do_GET(self):
            answer = shop.stripe("GET", self.path)
            place = answer
            *way, last = path
            for step in way:
                place = place[step]
            place[last] = value
            self.give(200, answer, {"Content-Type": "application/json"})
    return Server(Altering)


FIELDS = [(("id",), None), (("id",), 7), (("id",), "cs_test_another"), (("object",), "list"),
          (("amount_total",), "6000"), (("amount_total",), None), (("amount_total",), -1),
          (("amount_total",), 10 ** 30), (("currency",), None), (("currency",), 7),
          (("payment_status",), "perhaps"), (("payment_status",), {}), (("status",), []),
          (("created",), "yesterday"), (("created",), -5), (("created",), 10 ** 15),
          (("line_items",), None), (("line_items",), []), (("line_items", "data"), None),
          (("line_items", "data"), {}), (("line_items", "data"), [None]), (("line_items", "data"), [7]),
          (("line_items", "data", 0, "quantity"), "two"), (("line_items", "data", 0, "quantity"), -2),
          (("line_items", "data", 0, "amount_total"), []), (("line_items", "data", 0, "price"), 7),
          (("line_items", "has_more"), "no"), (("payment_intent",), []), (("payment_intent",), 7),
          (("payment_intent", "latest_charge", "amount_refunded"), 10 ** 9),
          (("payment_intent", "latest_charge", "amount"), "6000"),
          (("customer_details",), "Jenny"), (("customer_details",), None), (("metadata",), []),
          (("total_details",), 7), (("metadata", "userId"), {"a": 1})]

for PATH, VALUE in FIELDS:
    @case(f"Stripe's session has {'.'.join(map(str, PATH))} = {json.dumps(VALUE)[:30]}: "
          "nothing half-written, and the order is right in the end")
    def _(path=PATH, value=VALUE):
        event, server = new_event(), altered(path, value)
        try:
            answer = in_time(lambda: shop.webhook(event, STRIPE_API_BASE=server.base))
        finally:
            server.close()
        ok(answer.status in (200, 400, 503), f"{answer.status} {answer.log}")
        if answer.status == 200:
            ok(keys_of(event) in (WHOLE, []), f"{keys_of(event)} {answer.body!r} {answer.log}")
        else:
            ok(keys_of(event) in ([], WAITS), keys_of(event))
            equal(shop.webhook(event).status, 200)
            equal(keys_of(event), WHOLE)


# --- TLS ----------------------------------------------------------------------------------------

class Onward(Handler):
    """Stripe behind TLS."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.give(200, shop.stripe("GET", self.path), {"Content-Type": "application/json"})


def over_tls(names, days, issuer, trusted, scheme="https"):
    """What comes of a delivery, and what Stripe's place was asked."""
    event = new_event()
    server = Server(Onward, certificate=certificate(shop.folder, names, days=days, issuer=issuer))
    server.asked = []
    try:
        answer = in_time(lambda: shop.webhook(event, STRIPE_API_BASE=server.base.replace("https", scheme),
                                              CA_FILE=trusted[0]))
    finally:
        server.close()
    return event, answer, server.asked


AUTHORITY, OTHER = (certificate(shop.folder, f"DNS:{name}.test") for name in ("authority", "other"))


@kit.test
def _():
    "TLS by an authority of CA_FILE, for the right host: the order is made; a scheme is in any case"
    for scheme in ("https", "HTTPS"):
        event, answer, asked = over_tls("IP:127.0.0.1", (-1, 2), AUTHORITY, AUTHORITY, scheme)
        equal(answer.status, 200, answer.log)
        equal(keys_of(event), WHOLE)
        ok(asked, "Stripe was asked")


for NAME, *HOW in (("has expired", "IP:127.0.0.1", (-3, -1), AUTHORITY, AUTHORITY),
                   ("is not valid yet", "IP:127.0.0.1", (1, 3), AUTHORITY, AUTHORITY),
                   ("is another host's", "IP:127.0.0.2,DNS:api.stripe.com", (-1, 2), AUTHORITY, AUTHORITY),
                   ("is of an unknown authority", "IP:127.0.0.1", (-1, 2), AUTHORITY, OTHER),
                   ("signs itself", "IP:127.0.0.1", (-1, 2), None, OTHER)):
    @case(f"a certificate that {NAME} is refused, and nothing is asked")
    def _(run=pool.submit(over_tls, *HOW)):
        event, answer, asked = run.result()
        equal(asked, [], "what was asked")
        comes_again(event, answer)


# --- limits of the process ----------------------------------------------------------------------

def under(limits, event):
    """The webhook under limits of bash's ulimit."""
    body = json.dumps(event).encode()
    given = shop.environment(REQUEST_METHOD="POST", CONTENT_LENGTH=len(body), CONTENT_TYPE="application/json",
                             HTTP_STRIPE_SIGNATURE=lib.sign(body), GATEWAY_INTERFACE="CGI/1.1")
    done = subprocess.run(["bash", "-c", f'ulimit {limits} && exec "$0"', lib.program("stripe-webhook")],
                          input=body, env=given, capture_output=True, timeout=60, check=False)
    return lib.Answer(done.stdout, done.stderr.decode("utf-8", "replace"), done.returncode)


@kit.test
def _():
    "a file that may not grow (SIGXFSZ): 503, and the next delivery makes the order"
    event = new_event()
    comes_again(event, in_time(lambda: under("-f 0", event)))


@kit.test
def _():
    "a running program whose files may not grow: 503, and it goes on when they may again"
    with contextlib.closing(FastCgi(shop, "stripe-webhook")) as program:
        pid, none = program.processes[0].pid, resource.RLIM_INFINITY
        equal(program.webhook(new_event()).status, 200)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, none))
        event = new_event()
        equal(program.webhook(event).status, 503)
        equal(keys_of(event), [])
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (none, none))
        equal(program.webhook(event).status, 200)


@kit.test
def _():
    "no descriptor is left: 503, and the next delivery makes the order"
    for n in (4, 5, 6, 7, 8, 9):
        event = new_event()
        answer = in_time(lambda e=event, n=n: under(f"-n {n}", e))
        if answer.status == 500:  # not even the settings can be read
            contains(answer.body.decode(), "misconfigured")
            equal(keys_of(event), [])
        elif answer.status != 200:
            comes_again(event, answer)


@kit.test
def _():
    "a FastCGI program that has no descriptor to wait for requests with ends, and its log says why"
    log = os.path.join(shop.folder, "no-wait.log")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.join(shop.folder, "no-wait.sock"))
        listener.listen()
        # The fourth descriptor is the log's.
        done = subprocess.run(["bash", "-c", 'ulimit -n 4 && exec "$0"', lib.program("stripe-webhook")], stdin=listener,
                              env=shop.environment(LOG_TARGET=log), capture_output=True, timeout=60, check=False)
    equal((done.returncode, done.stdout), (1, b""), done.stderr)
    with open(log, encoding="utf-8") as f:
        contains(f.read(), "error Requests can't be waited for errno=24")


for HOURS in (-1, 1):
    @case(f"a clock that jumps {abs(HOURS)} hour {'back' if HOURS < 0 else 'forward'}: the delivery is refused, "
          "and made good when the clock is right")
    def _(hours=HOURS):
        event = new_event()
        answer = shop.webhook(event, **kit.clock(hours * 3600))
        equal(answer.status, 400, answer.log)
        lacks(answer.log, "Order snapshot")
        equal(keys_of(event), [])
        equal(shop.webhook(event).status, 200)
        equal(keys_of(event), WHOLE)


main(shop)
