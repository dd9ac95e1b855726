#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Name servers that are silent, refuse, fail or answer late: whoever can be reached is reached, and
a request ends within 8 seconds, and its process with it, whatever they do.
"""
import contextlib
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import names  # noqa: E402
from names import ANSWERS, CLOSED, CUT, FAILS, NO_AAAA, REFUSES, SILENT, UNKNOWN  # noqa: E402

names.enter()

import fastcgi  # noqa: E402
import shop  # noqa: E402
from tap import equal, main, ok, test  # noqa: E402

LIMIT = 8.0 + (0.0 if not shop.WRAPPER else 8.0)
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
HOSTS = ("stripe.test", "dynamodb.test", "ssm.test", "shop.test")

here = shop.Shop()
servers = [names.NameServer(address) for address in names.ADDRESSES]
names.ask_name_servers_alone(here.folder)
upstreams = names.Upstreams(here.folder, HOSTS, here.sim.base)
with open(os.path.join(here.folder, "tls.crt")) as own:
    names.cover(BUNDLE, here.folder, own.read())
names.cover("/etc/resolv.conf", here.folder, "")
here.settings["STRIPE_API_BASE"] = "https://stripe.test"
AWS = {"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "AKIATEST",
       "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests"}
ON_DYNAMODB = {**AWS, "COMMERCE_DB": None, "COMMERCE_TABLE": "orders",
               "AWS_ENDPOINT_URL_DYNAMODB": "https://dynamodb.test"}
IN_SSM = {**AWS, "STRIPE_SECRET": None, "STRIPE_SECRET_PARAMETER": "/shop/stripe",
          "AWS_ENDPOINT_URL_SSM": "https://ssm.test"}
NO_KEYS = {**ON_DYNAMODB, "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None,
           "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://metadata.test", "HOME": here.folder}


def name_servers(*ways, options=""):
    """These, in their order; a way is a word, or a word and how late it is."""
    for server, way in zip(servers, ways):
        server.set(*(way if isinstance(way, tuple) else (way,)))
    with open(os.path.join(here.folder, "resolv.conf"), "w") as f:
        f.writelines(f"nameserver {s.address}\n" for s, _ in zip(servers, ways))
        f.write(options)
    upstreams.reached.clear()


def paid_event():
    """A session that was paid, of which the shop has not heard yet."""
    here.sim.post("/_sim/delivery", {"mode": "off"})
    session = here.sim.post("/_sim/session", {"line_items": [
        {"lookup_key": "N-RED", "quantity": 2}]})
    return next(e for e in here.sim.get("/_sim/events") if e["id"] == session["event"])


class Responder:
    """The webhook as FastCGI, in one process."""

    def __init__(self):
        self.path = os.path.join(here.folder, "webhook.sock")
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        self.process = subprocess.Popen([*shop.WRAPPER, shop.program("stripe-webhook")],
                                        stdin=self.listener, env=here.environment(),
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def deliver(self, event):
        body = shop.json.dumps(event).encode()
        return fastcgi.request(self.path, fastcgi.variables(
            "/stripe/webhook", len(body), HTTP_STRIPE_SIGNATURE=shop.sign(body)), body)

    def close(self):
        self.listener.close()
        self.process.terminate()
        self.process.wait()
        os.unlink(self.path)


def quote(**settings):
    return here.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 1}]}, **settings)


def ask_all(responder):
    """Asks every kind of program at once: {what: (status, seconds)}."""
    event, other = paid_event(), paid_event()
    asks = {
        "webhook, CGI": lambda: here.webhook(event),
        "webhook, FastCGI": lambda: responder.deliver(other),
        "quote, table in DynamoDB": lambda: quote(**ON_DYNAMODB),
        "health, table in DynamoDB": lambda: here.cgi("status", method="GET", **ON_DYNAMODB),
        "quote, key in SSM": lambda: quote(**IN_SSM, COMMERCE_DB=here.db + ".ssm"),
        "quote, keys of the instance": lambda: quote(**NO_KEYS),
    }
    got = {}

    def ask(what, function):
        answer, seconds = names.timed(function)
        got[what] = (answer.status if answer else None, seconds)
    threads = [threading.Thread(target=ask, args=item) for item in asks.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got


def in_time(got):
    for what, (_, seconds) in got.items():
        ok(seconds <= LIMIT, f"{what}: it took {seconds:.1f} s")


REACHED = [
    ("the first of two is silent", (SILENT, ANSWERS)),
    ("the first of two is silent, and so is every second try",
     (SILENT, ANSWERS), "options timeout:10 attempts:5\n"),
    ("two of three are silent", (SILENT, SILENT, ANSWERS)),
    ("the first of two refuses", (REFUSES, ANSWERS)),
    ("the first of two fails", (FAILS, ANSWERS)),
    ("the first of two is not there", (CLOSED, ANSWERS)),
    ("one fails, one is silent, the third answers", (FAILS, SILENT, ANSWERS)),
    ("one answers after half a second", ((ANSWERS, 0.5),)),
]

LOST = [
    ("one is silent", (SILENT,)),
    ("three are silent", (SILENT, SILENT, SILENT)),
    ("three are silent, and three domains are searched", (SILENT, SILENT, SILENT),
     "search a.test b.test c.test\noptions ndots:5 timeout:10 attempts:5\n"),
    ("two answer after four seconds", ((ANSWERS, 4), (ANSWERS, 4))),
    ("all refuse or fail", (REFUSES, FAILS, REFUSES)),
    ("none is there", (CLOSED, CLOSED)),
    ("the name is not known", (UNKNOWN,)),
    ("one sends everybody to TCP, where it is silent", (CUT,)),
]


def reached(ways, options=""):
    def run():
        name_servers(*ways, options=options)
        with contextlib.closing(Responder()) as responder:
            got = ask_all(responder)
        in_time(got)
        equal([got[w][0] for w in ("webhook, CGI", "webhook, FastCGI")], [200, 200],
              f"the webhooks ({got})")
        equal(set(upstreams.reached), {"stripe.test", "dynamodb.test", "ssm.test"}, "reached")
    return run


def lost(ways, options=""):
    def run():
        name_servers(*ways, options=options)
        with contextlib.closing(Responder()) as responder:
            got = ask_all(responder)
            in_time(got)
            equal({status for status, _ in got.values()}, {503}, f"the answers ({got})")
            equal(upstreams.reached, [])
            name_servers(ANSWERS)
            equal(responder.deliver(paid_event()).status, 200, "once a name server answers")
    return run


for _cases, _make, _end in ((REACHED, reached, "Stripe, DynamoDB and SSM are reached"),
                            (LOST, lost, "a 503 within 8 seconds, and fine once one answers")):
    for _case in _cases:
        _run = _make(*_case[1:])
        _run.__doc__ = f"of the name servers {_case[0]}: {_end}"
        test(_run)


@test
def _():
    "a name server that never says a word to questions for IPv6 addresses: Stripe and the table are reached"
    name_servers(NO_AAAA)
    answer, seconds = names.timed(lambda: here.webhook(paid_event()))
    equal((answer.status, seconds <= LIMIT), (200, True), f"{seconds:.1f} s")
    quote(**ON_DYNAMODB)
    ok("dynamodb.test" in upstreams.reached, "the table was not reached")


@test
def _():
    "what the owner says in RES_OPTIONS stands"
    name_servers(SILENT, ANSWERS)
    here.settings["RES_OPTIONS"] = "timeout:30"
    try:
        equal(here.webhook(paid_event()).status, 503)
        here.settings["RES_OPTIONS"] = "edns0"
        equal(here.webhook(paid_event()).status, 200)
    finally:
        del here.settings["RES_OPTIONS"]


@test
def _():
    "with the first of two name servers silent, the command reaches Stripe and the shop's address"
    name_servers(SILENT, ANSWERS)
    subprocess.run([os.path.join(shop.BUILD, "ordersnap"), "check", "--url", "https://shop.test"],
                   env=here.environment(), capture_output=True, timeout=120)
    equal({"stripe.test", "shop.test"} - set(upstreams.reached), set(), "not reached")


main(here.close)
