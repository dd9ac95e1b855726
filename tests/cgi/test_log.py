#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The log: what each line of a request about an order says, in both formats, on standard error and in a
file (the system's log is in tests/unit/test_log.c)."""
import json
import os
import re
import sqlite3
import subprocess

from kit import KeptShop, case, check_log, contains, equal, fields_of, lib, main, ok, test
from tap import eventually

shop = KeptShop(LOG_LEVEL="debug")
FILE = os.path.join(shop.folder, "log")
NUMBER = 0


def paid(**more):
    """The completed event of a session that was paid at Stripe."""
    global NUMBER
    NUMBER += 1
    made = shop.sim.post("/_sim/session", {
        "id": f"cs_test_l1{NUMBER:08}", "line_items": [{"lookup_key": "N-RED", "quantity": 2}], **more})
    return events_of(made["session"]["id"])[0]


def events_of(session, kind="checkout.session.completed"):
    return [e for e in shop.sim.get("/_sim/events") if e["type"] == kind
            and session in json.dumps(e["data"]["object"])]


def read(log, form):
    """The lines as {key: value}."""
    lines = log.splitlines()
    if form == "json":
        return [json.loads(line) for line in lines]
    return [{"msg": " ".join(re.split(r" \w+=", line)[0].split(" ")[2:]), **fields_of(line)} for line in lines]


def deliver(event, form, target):
    """Delivers an event: what was logged for it."""
    if os.path.exists(FILE):
        os.unlink(FILE)
    answer = shop.webhook(event, LOG_FORMAT=form, LOG_TARGET=target)
    if target == "stderr":
        return answer.log
    equal(answer.log, "")
    with open(FILE, encoding="utf-8") as log:
        return log.read()


def is_held(descriptor):
    """The shell has had something there, then the program nothing for a while."""
    try:
        return os.readlink(descriptor) == "/dev/null"
    except FileNotFoundError:
        return False


@test
def _():
    "a program whose standard error is closed has nothing in its place that a line of the log could go into"
    given = shop.environment(REQUEST_METHOD="POST", GATEWAY_INTERFACE="CGI/1.1", CONTENT_LENGTH=2,
                             CONTENT_TYPE="application/json")
    with subprocess.Popen(["sh", "-c", 'exec "$0" 2>&-', lib.program("cart-quote")], env=given,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        eventually(lambda: is_held(f"/proc/{process.pid}/fd/2"), what="it is held")
        contains(process.communicate(b"{}", timeout=60)[0].decode(), "Status: 400")


@test
def _():
    "LOG_LEVEL is the least that is written"
    levels = ("debug", "info", "warning", "error")
    for least, level in enumerate(levels):
        with sqlite3.connect(shop.db) as db:
            db.execute("DELETE FROM items WHERE pk = 'SYSTEM' AND sk LIKE '%SUBSCRIPTION%'")  # it warns once a day
        warned = paid()
        warned["data"]["object"]["mode"] = "subscription"
        text = shop.webhook(paid(), LOG_LEVEL=level).log + shop.webhook(warned, LOG_LEVEL=level).log
        shop.fault("GET /v1/checkout/sessions", "status", status=500, times=-1)
        try:
            text += shop.webhook(paid(), LOG_LEVEL=level).log
        finally:
            shop.sim.post("/_sim/fault", method="DELETE")
        found = {line.split(" ")[1] for line in text.splitlines()}
        equal(found, set(levels[max(least, 1):]), level)


def recorded():
    return paid(), "Order snapshot created"


def seen_twice():
    event = paid()
    shop.webhook(event)
    return event, "Webhook processed"


def without_stripe():
    return paid(), "Failed to create order snapshot"


def expired():
    event = paid()
    event["type"] = "checkout.session.expired"
    event["data"]["object"].update(status="expired", payment_status="unpaid")
    return event, "Webhook processed"


CASES = [("a new order", recorded, 0), ("an event that came before", seen_twice, 0),
         ("an order that Stripe can't be asked for", without_stripe, 1), ("a session that expired", expired, 0)]

for form in ("text", "json"):
    for target in ("stderr", FILE):
        for what, make, fails in CASES:
            @case(f"each line of {what} names program, event, session and order number: {form}, "
                  f"{'a file' if target == FILE else target}")
            def _(form=form, target=target, make=make, fails=fails):
                event, sentence = make()
                session = event["data"]["object"]["id"]
                if fails:
                    shop.fault("GET /v1/checkout/sessions", "status", status=500, times=-1)
                try:
                    lines = read(deliver(event, form, target), form)
                finally:
                    shop.sim.post("/_sim/fault", method="DELETE")
                ok(sentence in [line["msg"] for line in lines], [line["msg"] for line in lines])
                for line in lines:
                    equal([line.get(key) for key in ("program", "eventId", "sessionId", "orderNumber")],
                          ["stripe-webhook", event["id"], session, "BC-" + session[-8:].upper()], line)


@test
def _():
    """a refund's lines name the order that its payment is of"""
    event = paid()
    session = event["data"]["object"]["id"]
    shop.webhook(event)
    shop.stripe("POST", "/v1/refunds", {"payment_intent": event["data"]["object"]["payment_intent"]})
    refund = [e for e in shop.sim.get("/_sim/events") if e["type"] == "charge.refunded"][-1]
    lines = read(deliver(refund, "json", "stderr"), "json")
    ok(len(lines) >= 2, lines)
    for line in lines:
        equal([line.get(key) for key in ("program", "eventId", "sessionId", "orderNumber")],
              ["stripe-webhook", refund["id"], session, "BC-" + session[-8:].upper()], line)


@test
def _():
    """an order whose number was taken is named by the number that it got"""
    first = paid()
    session = first["data"]["object"]["id"]
    shop.webhook(first)
    made = shop.sim.post("/_sim/session", {"id": session.replace("cs_test_", "cs_test_other"),
                                           "line_items": [{"lookup_key": "N-RED", "quantity": 1}]})
    lines = read(deliver(events_of(made["session"]["id"])[0], "json", "stderr"), "json")
    equal({line["orderNumber"] for line in lines if line["msg"] != "Processing checkout completion"},
          {shop.order_of(made["session"]["id"])["orderNumber"]})


@test
def _():
    """a line about no order names none, and the next request inherits nothing"""
    answer = shop.webhook(paid(), secret="whsec_wrong", LOG_FORMAT="json")
    for line in read(answer.log, "json"):
        equal((line["program"], "eventId" in line, "orderNumber" in line), ("stripe-webhook", False, False))


@test
def _():
    """sync names itself, the session and the order number in what it records"""
    event = paid()
    session = event["data"]["object"]["id"]
    done = subprocess.run([os.path.join(lib.BUILD, "ordersnap"), "sync", "--quiet", "--no-notify"],
                          env=shop.environment(LOG_FORMAT="json"), capture_output=True, text=True)
    equal(done.returncode, 0, done.stderr)
    lines = [line for line in read(done.stderr, "json") if line["msg"] == "Order snapshot created"
             and line["orderId"] == session]
    equal([(line["program"], line["sessionId"], line["orderNumber"]) for line in lines],
          [("ordersnap-sync", session, "BC-" + session[-8:].upper())])


@test
def _():
    """a file that is renamed between two requests keeps what it has, and the next lines begin a new one"""
    shop.webhook(paid(), LOG_TARGET=FILE)
    os.rename(FILE, FILE + ".1")
    shop.webhook(paid(), LOG_TARGET=FILE)
    for name in (FILE, FILE + ".1"):
        with open(name, encoding="utf-8") as log:
            contains(log.read(), "Webhook processed")


@test
def _():
    """no secret was logged in this run"""
    check_log()


main(shop)
