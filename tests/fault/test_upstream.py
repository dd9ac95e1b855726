#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Stripe answers what it never should, or somebody else answers in its place, and the machine has
limits of its own.

After each of them: an honest answer within the deadline, the table has all items of the order or none
of them, no event is done that was not, and the next delivery, with Stripe well again, gives the order.
"""
import datetime
import json
import os
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cgi"))

import kit  # noqa: E402
from kit import KeptShop, case, contains, equal, lacks, lib, main, ok, skip  # noqa: E402
from server import Handler, Server  # noqa: E402
from tap import Watch  # noqa: E402

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


def comes_again(event, answer, watch):
    """It was not acknowledged, and the next delivery makes the order."""
    equal(answer.status, 503, answer.log)
    equal(list(answer.json), ["error"])
    watch.at_most(DEADLINE)
    ok(keys_of(event) in ([], WAITS), keys_of(event))
    equal(shop.webhook(event).status, 200)
    equal(keys_of(event), WHOLE)
    order = shop.order_of(event["data"]["object"]["id"])
    equal((order["status"], order["amount"], [i["quantity"] for i in order["items"]], order.get("itemsPending")),
          ("completed", 6000, [2], None))


class Raw:
    """A listener that answers each connection with what `speak` sends, whatever it was asked."""

    def __init__(self, speak):
        self.speak, self.listener = speak, socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        try:
            with connection:
                connection.settimeout(20)
                connection.recv(65536)
                self.speak(connection)
        except OSError:
            pass

    def close(self):
        self.listener.close()


def says(*parts):
    def speak(connection):
        for part in parts:
            connection.sendall(part)
    return speak


def without_end(head, part):
    """Sends on and on, for as long as somebody reads."""
    def speak(connection):
        connection.sendall(head)
        while True:
            connection.sendall(part)
    return speak


def silence(connection):
    connection.recv(1)  # until the other hangs up


def dripping(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    pause = threading.Event()
    for byte in b'{"id": "cs_test_' + b"x" * 900:
        connection.sendall(bytes([byte]))
        pause.wait(0.2)


def ok_with(body, more=b""):
    return says(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + more +
                b"Content-Length: %d\r\n\r\n" % len(body) + body)


MEGABYTE = b" " * (1 << 20)
CHUNK = b"100000\r\n" + MEGABYTE + b"\r\n"
ANSWERS = {
    "nothing at all": silence,
    "a byte at a time": dripping,
    "a hundred megabytes": says(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", *[MEGABYTE] * 100),
    "a chunked body without an end": without_end(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK),
    "headers without an end": without_end(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n"),
    "a body that is cut off": says(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b'{"id": "cs_te'),
    "a status line alone": says(b"HTTP/1.1 200 OK\r\n"),
    "what is no HTTP": says(b"\x16\x03\x01\x02\x00 hello, this is not HTTP\r\n\r\n"),
    "a redirect elsewhere": says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    "a permanent redirect": says(b"HTTP/1.1 308 Permanent Redirect\r\nLocation: /v1/other\r\n"
                                 b"Content-Length: 0\r\n\r\n"),
    "an empty body": ok_with(b""),
    "null": ok_with(b"null"),
    "a list": ok_with(b"[]"),
    "an empty object": ok_with(b"{}"),
    "a page in HTML": ok_with(b"<html><body>Please log in to the WLAN</body></html>"),
    "JSON and then more": ok_with(b'{"id": "cs_test_1"} {"id": "cs_test_2"}'),
    "JSON of a thousand levels": ok_with(b'{"a":' * 1000 + b"1" + b"}" * 1000),
    "bytes that are no UTF-8": ok_with(b'{"id": "cs_test_\xff\xfe"}'),
    "a gzip that nobody asked for": ok_with(b"\x1f\x8b\x08\x00\x00\x00\x00\x00", b"Content-Encoding: gzip\r\n"),
}

for WHAT, SPEAK in ANSWERS.items():
    @case(f"Stripe answers with {WHAT}: 503 in time, and the next delivery makes the order")
    def _(speak=SPEAK):
        event, raw, watch = new_event(), Raw(speak), Watch()
        try:
            answer = shop.webhook(event, STRIPE_API_BASE=raw.base)
        finally:
            raw.close()
        comes_again(event, answer, watch)


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
        event, server, watch = new_event(), altered(path, value), Watch()
        try:
            answer = shop.webhook(event, STRIPE_API_BASE=server.base)
        finally:
            server.close()
        watch.at_most(DEADLINE)
        ok(answer.status in (200, 400, 503), f"{answer.status} {answer.log}")
        if answer.status == 200:
            ok(keys_of(event) in (WHOLE, []), f"{keys_of(event)} {answer.body!r} {answer.log}")
        else:
            ok(keys_of(event) in ([], WAITS), keys_of(event))
            equal(shop.webhook(event).status, 200)
            equal(keys_of(event), WHOLE)


# --- TLS ----------------------------------------------------------------------------------------

def made(*names, days=(-1, 2), issuer=None):
    """A certificate for these names, and its key, signed by an authority or by itself."""
    folder = os.path.join(shop.folder, "tls")
    os.makedirs(folder, exist_ok=True)
    base = os.path.join(folder, f"{len(os.listdir(folder))}")
    begin, end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=d) for d in days)
    config = base + ".cnf"
    with open(config, "w", encoding="utf-8") as f:
        f.write("[req]\ndistinguished_name=dn\n[dn]\n[ext]\n"
                f"subjectAltName={','.join(names)}\nbasicConstraints=CA:{'FALSE' if issuer else 'TRUE'}\n"
                f"[ca]\ndefault_ca=own\n[own]\ndatabase={base}.txt\nserial={base}.srl\nnew_certs_dir={folder}\n"
                "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
    with open(base + ".txt", "w", encoding="utf-8"):
        pass
    with open(base + ".srl", "w", encoding="utf-8") as f:
        f.write("01\n")

    def run(*command):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        f"/CN={os.path.basename(base)}", "-config", config, "-keyout", base + ".key", "-out", base + ".csr")
    signer = ["-cert", issuer[0], "-keyfile", issuer[1]] if issuer else ["-selfsign", "-keyfile", base + ".key"]
    run("ca", "-batch", "-config", config, "-in", base + ".csr", "-out", base + ".crt", "-notext",
        "-extensions", "ext", "-startdate", begin.strftime("%Y%m%d%H%M%SZ"),
        "-enddate", end.strftime("%Y%m%d%H%M%SZ"), *signer)
    return base + ".crt", base + ".key"


class Onward(Handler):
    """Stripe behind TLS."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.give(200, shop.stripe("GET", self.path), {"Content-Type": "application/json"})


def over_tls(certificate, trusted):
    """What comes of a delivery, and whether Stripe's place was asked anything."""
    event, watch = new_event(), Watch()
    server = Server(Onward, certificate=certificate)
    server.asked = []
    try:
        answer = shop.webhook(event, STRIPE_API_BASE=server.base, CA_FILE=trusted)
    finally:
        server.close()
    return event, answer, watch, server.asked


@kit.test
def _():
    "TLS by an authority of CA_FILE, for the right host: the order is made"
    authority = made("DNS:authority.test")
    event, answer, _watch, asked = over_tls(made("IP:127.0.0.1", issuer=authority), authority[0])
    equal(answer.status, 200, answer.log)
    equal(keys_of(event), WHOLE)
    ok(asked, "Stripe was asked")


for NAME, NAMES, DAYS, KNOWN in (("has expired", "IP:127.0.0.1", (-3, -1), True),
                                 ("is not valid yet", "IP:127.0.0.1", (1, 3), True),
                                 ("is another host's", "IP:127.0.0.2,DNS:api.stripe.com", (-1, 2), True),
                                 ("is of an unknown authority", "IP:127.0.0.1", (-1, 2), False)):
    @case(f"a certificate that {NAME} is refused, and nothing is asked")
    def _(names=NAMES, days=DAYS, known=KNOWN):
        authority, other = made("DNS:authority.test"), made("DNS:other.test")
        event, answer, watch, asked = over_tls(made(names, days=days, issuer=authority),
                                               (authority if known else other)[0])
        equal(asked, [], "what was asked")
        comes_again(event, answer, watch)


@kit.test
def _():
    "a certificate that signs itself is refused, and nothing is asked"
    event, answer, watch, asked = over_tls(made("IP:127.0.0.1"), made("DNS:other.test")[0])
    equal(asked, [], "what was asked")
    comes_again(event, answer, watch)


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
    event, watch = new_event(), Watch()
    comes_again(event, under("-f 0", event), watch)


@kit.test
def _():
    "no descriptor is left: 503, and the next delivery makes the order"
    for n in (4, 5, 6, 7, 8, 9):
        event, watch = new_event(), Watch()
        answer = under(f"-n {n}", event)
        if answer.status == 500:  # not even the settings can be read
            contains(answer.body.decode(), "misconfigured")
            equal(keys_of(event), [])
        elif answer.status != 200:
            comes_again(event, answer, watch)


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


if not os.path.exists("/usr/bin/openssl"):
    skip("openssl is not installed")
main(shop)
