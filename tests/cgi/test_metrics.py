#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""GET /metrics: what all programs have counted, in one file."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import time

from kit import KeptShop, case, check_log, contains, equal, lacks, lib, main, ok, refused, skip, test
from tap import eventually
from workers import FastCgi

shop = KeptShop()
FILE = os.path.join(shop.folder, "metrics")
shop.settings["METRICS_FILE"] = FILE
NUMBER = 0


def paid(**more):
    """The completed event of a session that was paid at Stripe."""
    global NUMBER
    NUMBER += 1
    made = shop.sim.post("/_sim/session", {
        "id": f"cs_test_m1{NUMBER:08}", "line_items": [{"lookup_key": "N-RED", "quantity": 2}], **more})
    return [e for e in shop.sim.get("/_sim/events") if e["type"] == "checkout.session.completed"
            and e["data"]["object"]["id"] == made["session"]["id"]][0]


def scrape(**settings):
    answer = shop.cgi("status", None, "GET", SCRIPT_NAME="/metrics", **settings)
    equal(answer.status, 200)
    return answer


def series():
    """{series: number}"""
    lines = [line for line in scrape().body.decode().split("\n") if line and not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


@contextlib.contextmanager
def counts(**want):
    """What becomes more meanwhile, and by how much: words that a series has, by underscores."""
    before = series()
    yield
    after = series()
    for words, by in want.items():
        found = [s for s in set(before) | set(after) if all(word in s for word in words.split("__"))
                 and "_bucket" not in s and "_sum" not in s]
        equal(sum(after.get(s, 0) - before.get(s, 0) for s in found), by, words)


def webhook(event):
    return shop.webhook(event, SCRIPT_NAME="/stripe/webhook")


@test
def _():
    """without METRICS_FILE nothing is counted, and /metrics is a 404"""
    refused(shop.cgi("status", None, "GET", SCRIPT_NAME="/metrics", METRICS_FILE=None), 404)
    equal(shop.webhook(paid(), METRICS_FILE=None).status, 200)
    ok(not os.path.exists(FILE), "no file")


@test
def _():
    """the answer is Prometheus' text, for nobody to keep, and says each family's help and type"""
    answer = scrape()
    equal(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
    equal(answer.headers["cache-control"], "no-store")
    text = answer.body.decode()
    for name in re.findall(r"# TYPE (\S+)", text):
        contains(text, f"# HELP {name} ")


@test
def _():
    """what an alert waits for stands with 0 before it happens"""
    begun = series()
    for name in ('events_total{type="charge.refunded",outcome="failed"}', 'orders_created_total{source="sync"}',
                 'events_total{type="checkout.session.completed",outcome="failed"}',
                 'request_seconds_count{endpoint="/stripe/webhook",status="400",outcome="signature"}',
                 'store_seconds_count{verb="write",outcome="unavailable"}'):
        equal(begun.get("ordersnap_" + name), 0, name)


@test
def _():
    """a delivery is counted by endpoint, status and outcome, its event by type and outcome, its order, and
    the calls of Stripe and of the store that it took"""
    with counts(request_seconds_count__stripe__200__ok=1, events_total__session__completed__processed=1,
                orders_created_total__webhook=1, orders_updated=0, stripe_seconds_count__GET__ok=1,
                store_seconds_count__write__ok=1, store_seconds_count__read__ok=1):
        equal(webhook(paid()).status, 200)


def duplicate():
    event = paid()
    webhook(event)
    with counts(events_total__duplicate=1, orders_created=0):
        webhook(event)


def of_other_type():
    with counts(events_total__other__ignored=1):
        webhook({"id": "evt_o1", "object": "event", "type": "invoice.odd\"}", "created": 1700000000,
                 "livemode": False, "data": {"object": {"id": "in_1"}}})


def badly_signed():
    with counts(request_seconds_count__400__signature=1, events_total=0):
        shop.webhook(paid(), secret="whsec_wrong", SCRIPT_NAME="/stripe/webhook")


def while_stripe_fails():
    event = paid()
    with shop.faults("GET /v1/checkout/sessions", status=500, times=-1), \
            counts(events_total__failed=1, stripe_seconds_count__failed=3, stripe_retries_total=2,
                   request_seconds_count__503__unavailable=1, orders_created=1, orders_pending=1):
        webhook(event)
    with counts(orders_created=0, orders_updated_total__webhook=1, orders_pending=-1):
        webhook(event)


def pending():
    event = paid()
    event["data"]["object"]["payment_status"] = "unpaid"
    with shop.faults("GET /v1/checkout/sessions", status=500, times=-1), counts(orders_created=1, orders_pending=1):
        webhook(event)


def quoted():
    with counts(request_seconds_count__cart_quote__200=0, request_seconds_count__quote__200__ok=1):
        shop.quote("N-RED", SCRIPT_NAME="/cart/quote")


def nowhere():
    with counts(request_seconds_count__other__404__not_found=1):
        shop.cgi("status", None, "GET", SCRIPT_NAME="/no")


for what, run in [("an event that comes twice", duplicate), ("an event of a type that is not handled", of_other_type),
                  ("a bad signature", badly_signed), ("an outage of Stripe", while_stripe_fails),
                  ("a payment that is on its way", pending), ("a quote", quoted), ("another path", nowhere)]:
    @case(f"{what} is counted as what it is")
    def _(run=run):
        run()


@test
def _():
    """the last webhook and the last sync are told as a time and as an age; sync counts what is pending anew"""
    before = int(time.time())
    webhook(paid())
    ran = subprocess.run([os.path.join(lib.BUILD, "ordersnap"), "sync", "--quiet", "--no-notify"],
                         env=shop.environment(), capture_output=True, text=True)
    equal(ran.returncode, 0, ran.stderr)
    got = series()
    for name in ("webhook", "sync"):
        ok(before <= got[f"ordersnap_last_{name}_timestamp_seconds"] <= time.time(), name)
        ok(0 <= got[f"ordersnap_last_{name}_age_seconds"] <= time.time() - before, name)
    waiting = [o for o in shop.orders() if o["status"] == "pending" or o.get("itemsPending")]
    equal(got["ordersnap_orders_pending"], len(waiting))


@test
def _():
    """an order that only sync has found is counted as sync's"""
    paid()
    with counts(orders_created_total__sync=1, orders_created_total__webhook=0):
        subprocess.run([os.path.join(lib.BUILD, "ordersnap"), "sync", "--quiet", "--no-notify"],
                       env=shop.environment(), check=True, capture_output=True)


@test
def _():
    """processes that are killed after each answer, by SIGKILL, lose no count"""
    events = [paid() for _ in range(6)]
    with counts(events_total__processed=6, orders_created=6, request_seconds_count__stripe__200=6):
        for event in events:
            running = FastCgi(shop, "stripe-webhook", workers=1)
            try:
                equal(running.webhook(event, SCRIPT_NAME="/stripe/webhook").status, 200)
                running.processes[0].send_signal(signal.SIGKILL)
                running.processes[0].wait()
            finally:
                running.close()


@test
def _():
    """a file that is cut, removed or another one below running programs stops no request, and is counted in
    again once it is one"""
    running = FastCgi(shop, "stripe-webhook", workers=1)
    try:
        def deliver():
            answer = running.webhook(paid(), SCRIPT_NAME="/stripe/webhook")
            equal(answer.status, 200)
            return answer.log

        deliver()
        os.truncate(FILE, 0)
        deliver()
        os.unlink(FILE)
        deliver()
        with open(FILE + ".new", "w", encoding="utf-8") as f:
            f.write("no counts\n")
        os.rename(FILE + ".new", FILE)
        told = eventually(lambda: [line for line in (deliver(),) if "Metrics are not counted" in line],
                          what="it is told")
        contains(told[0], "it is no file of counts")
        equal(open(FILE, encoding="utf-8").read(), "no counts\n")
        refused(shop.cgi("status", None, "GET", SCRIPT_NAME="/metrics"), 503)
        os.unlink(FILE)
        eventually(lambda: deliver() is not None and os.path.exists(FILE) and any(
            "ordersnap_events_total" in s for s in series()), what="it counts again")
    finally:
        running.close()


@test
def _():
    """a folder that is not there stops the counting and no request, which is told"""
    answer = shop.webhook(paid(), METRICS_FILE=shop.folder + "/no/metrics")
    equal(answer.status, 200)
    contains(answer.log, "METRICS_FILE: can't use")


@test
def _():
    """no label has anything of a buyer, and no secret is there"""
    text = scrape().body.decode()
    for word in ("@", "cs_test", "evt_", "BC-", lib.STRIPE_SECRET, lib.WEBHOOK_SECRET):
        lacks(text, word)


@test
def _():
    """promtool finds nothing wrong with it"""
    if not shutil.which("promtool"):
        skip("promtool (Debian: prometheus) is not here")
    checked = subprocess.run(["promtool", "check", "metrics"], input=scrape().body, capture_output=True)
    equal((checked.returncode, checked.stdout + checked.stderr), (0, b""))


@test
def _():
    """HEAD has the headers alone, POST is a 405"""
    head = shop.cgi("status", None, "HEAD", SCRIPT_NAME="/metrics")
    equal((head.status, head.body), (200, b""))
    equal(shop.cgi("status", None, "POST", SCRIPT_NAME="/metrics", CONTENT_LENGTH=0).status, 405)


@test
def _():
    """no secret was logged in this run"""
    check_log()


main(shop)
