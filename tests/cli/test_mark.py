#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap mark`: what the owner says of an order, and that nothing which comes later takes it away."""
import csv
import io
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import CommandShop, contains, equal, lacks, main, test  # noqa: E402
from orders import at, items_of, lambda_order, order, put  # noqa: E402
from orders_kit import Shops  # noqa: E402
from lambda_table import ask  # noqa: E402

NOON = at("2024-11-26 12:00:00")
shops = Shops()
shop = shops.new(order("cs_test_abc123", NOON))


def order_of(where, name):
    return json.loads(where.run("show", "--json", name).out)[0]


def tracking_of(where, name):
    return order_of(where, name).get("tracking")


def wrong(*args):
    run = shop.run("mark", *args, code=2)
    contains(run.err, "usage: ordersnap mark ORDER shipped [TRACKING]")
    return run.err


def without_time(tracking):
    return {k: v for k, v in tracking.items() if k != "shippedAt"}


# --- the mark -----------------------------------------------------------------------------------

@test
def _():
    "a mark says that the parcel went, when, by whom and under which number"
    made = shops.new(order("cs_test_abc123", NOON))
    run = made.run("mark", "abc123", "shipped", "00340", "--carrier", "DHL", "--url", "https://dhl.example/00340")
    equal(run.out, "BC-ABC123: shipped, DHL 00340\n")
    tracking = tracking_of(made, "abc123")
    equal(without_time(tracking), {"carrier": "DHL", "number": "00340", "status": "shipped",
                                   "url": "https://dhl.example/00340"})
    equal(len(tracking["shippedAt"]), len("2024-11-26T12:00:00Z"))


@test
def _():
    "a number that a program of the shop's own has written as a number is shown, of whatever length"
    for number in (340434161094, 9400110898825022579493):
        made = shops.new(order("cs_test_abc123", NOON, tracking={
            "carrier": "USPS", "number": number, "status": "shipped", "url": "https://usps.example/1"}))
        contains(made.run("show", "abc123").out, f"Tracking number  {number}\n")
        row, = csv.DictReader(io.StringIO(made.run("show", "--csv", "abc123").out, newline=""))
        equal((row["trackingCarrier"], row["trackingNumber"]), ("USPS", str(number)))
        equal(made.run("mark", "abc123", "shipped", number).out, f"BC-ABC123: shipped, USPS {number}\n")
        equal(tracking_of(made, "abc123")["url"], "https://usps.example/1")


@test
def _():
    "a mark needs no number, is found by every name of an order, and is taken off by `unshipped`"
    made = shops.new(order("cs_test_abc123", NOON))
    for name in ("BC-ABC123", "abc123", "cs_test_abc123", "pi_abc123"):
        equal(made.run("mark", name, "shipped").out, "BC-ABC123: shipped\n")
        equal(without_time(tracking_of(made, name)), {"status": "shipped"})
        equal(made.run("mark", name, "unshipped").out, "BC-ABC123: not shipped\n")
        equal(tracking_of(made, name), None)


@test
def _():
    "what is not given stays, the first time stays, and a new number does away with the old page"
    made = shops.new(order("cs_test_abc123", NOON))
    made.run("mark", "abc123", "shipped")
    first = {**order_of(made, "abc123"), "tracking": {"status": "shipped", "shippedAt": "2024-11-27T10:00:00Z"}}
    put(made, first)
    made.run("mark", "abc123", "shipped", "1", "--url", "https://x.example/1")
    made.run("mark", "abc123", "shipped", "--carrier", "Post")
    equal(tracking_of(made, "abc123"), {"status": "shipped", "shippedAt": "2024-11-27T10:00:00Z",
                                        "number": "1", "url": "https://x.example/1", "carrier": "Post"})
    made.run("mark", "abc123", "shipped", "2")
    equal(tracking_of(made, "abc123"), {"status": "shipped", "shippedAt": "2024-11-27T10:00:00Z",
                                        "number": "2", "carrier": "Post"})


@test
def _():
    "a mark that stands already writes nothing and says so"
    made = shops.new(order("cs_test_abc123", NOON))
    equal(made.run("mark", "abc123", "unshipped").out, "BC-ABC123: not shipped, as before\n")
    made.run("mark", "abc123", "shipped", "1")
    before = made.items()
    equal(made.run("mark", "abc123", "shipped", "1").out, "BC-ABC123: shipped, 1, as before\n")
    equal(made.items(), before)


@test
def _():
    "a mark is written under the order's version, with the copy that the payment's pointer has"
    made = shops.new(order("cs_test_abc123", NOON, version=7))
    made.run("mark", "abc123", "shipped", "1")
    stands = order_of(made, "abc123")
    equal(stands["version"], 8)
    equal(made.items()[("PAYMENT#pi_abc123", "METADATA")]["order"], stands)
    for key in (("NUMBER#BC-ABC123", "METADATA"), ("SESSION#cs_test_abc123", "METADATA")):
        equal(made.items()[key]["orderSK"], stands["SK"])


@test
def _():
    "a number's pointer that is another order's is left to it"
    made = shops.new(order("cs_test_abc123", NOON), order("cs_live_abc123", NOON + 1))
    number = ("NUMBER#BC-ABC123", "METADATA")
    before = made.items()[number]
    equal(before["orderId"], "cs_live_abc123")
    made.run("mark", "cs_test_abc123", "shipped")
    equal(made.items()[number], before)
    equal(without_time(tracking_of(made, "cs_test_abc123")), {"status": "shipped"})


# --- what is wrong ------------------------------------------------------------------------------

@test
def _():
    "what can be no mark is wrong usage that says why"
    contains(wrong("abc123"), "missing argument: ORDER and shipped or unshipped")
    contains(wrong("abc123", "sent"), 'there is no mark "sent"; there are shipped and unshipped')
    contains(wrong("abc123", "shipped", "1", "2"), 'unexpected argument "2"')
    for more in (["1"], ["--carrier", "DHL"], ["--url", "https://x"]):
        contains(wrong("abc123", "unshipped", *more), "go with shipped")
    for url in ("dhl.example", "ftp://x", "javascript:alert(1)", "https://x y", "https://x/" + "y" * 2000):
        contains(wrong("abc123", "shipped", "--url", url), "must begin with https:// or http://")
    for text in ("x" * 201, " ", "a\x1bb", "a\u202eb", "\udcff"):
        contains(wrong("abc123", "shipped", text), "the tracking number must be")
        contains(wrong("abc123", "shipped", "--carrier", text), "the carrier must be")
    equal(tracking_of(shop, "abc123"), None)


@test
def _():
    "an order that is not there, or not adopted yet, is named"
    contains(shop.run("mark", "nope", "shipped", code=1).err, "there is no order nope")
    made, old = shops.new(), lambda_order("cs_test_old123", NOON)
    made.store(old)
    made.store({"PK": "SESSION#cs_test_old123", "SK": "METADATA", "orderPK": old["PK"], "orderSK": old["SK"]})
    contains(made.run("mark", "cs_test_old123", "shipped", code=1).err, "run `ordersnap adopt` first")


@test
def _():
    "an order whose number somebody has taken away is named, with what puts that right"
    odd = order("cs_test_abc123", NOON)
    made = shops.new(odd)
    made.store({**odd, "orderNumber": None})
    contains(made.run("mark", "cs_test_abc123", "shipped", code=1).err,
             "order cs_test_abc123 lacks its number or its session's id: `ordersnap sync --since DATE`")


@test
def _():
    "an order that is not paid can be marked, and it is said that it is not paid"
    made = shops.new(order("cs_test_abc123", NOON, status="pending", stripePaymentStatus="unpaid"))
    run = made.run("mark", "abc123", "shipped")
    contains(run.err, "this order is not paid: its status is pending")
    equal(without_time(tracking_of(made, "abc123")), {"status": "shipped"})
    lacks(made.run("mark", "abc123", "unshipped").err, "not paid")


# --- what comes later ---------------------------------------------------------------------------

MARK = ("shipped", "00340", "--carrier", "DHL", "--url", "https://dhl.example/00340")


def sold(session, **more):
    """A shop that has sold one ring; the shop and the event."""
    real = CommandShop()
    shops.made.append(real)
    real.sim.post("/_sim/session", {
        "id": session, "metadata": {"userId": "user-1"}, "customer_email": "jane@shop.example",
        "line_items": [{"name": "Silver Ring", "unit_amount": 2500, "currency": "usd"}], **more})
    event = [e for e in real.sim.get("/_sim/events") if e["data"]["object"]["id"] == session][-1]
    equal(real.webhook(event).status, 200)
    return real, event


def refund(where, session, amount):
    intent = where.order_of(session)["stripePaymentIntentId"]
    ask(where.sim, "POST", "/v1/refunds", {"payment_intent": intent, "amount": amount})
    event = [e for e in where.sim.get("/_sim/events") if e["type"] == "charge.refunded"][-1]
    equal(where.webhook(event).status, 200)


@test
def _():
    "a webhook, a refund, a replay and a sync leave the mark as it is"
    real, event = sold("cs_test_real99")
    real.run("mark", "real99", *MARK)
    mark = tracking_of(real, "real99")
    equal(real.webhook({**event, "id": "evt_again"}).status, 200)
    equal(tracking_of(real, "real99"), mark)
    refund(real, "cs_test_real99", 500)
    equal((tracking_of(real, "real99"), order_of(real, "real99")["status"]), (mark, "partially_refunded"))
    real.run("replay", "--again", event["id"])
    equal(tracking_of(real, "real99"), mark)
    before = real.items("USER#")
    real.run("sync")
    equal(real.items("USER#"), before)


@test
def _():
    "adopting, exporting, importing, backing up and restoring keep the mark"
    made = shops.new(order("cs_test_abc123", NOON))
    made.run("mark", "abc123", *MARK)
    mark = tracking_of(made, "abc123")
    made.run("adopt")
    equal(tracking_of(made, "abc123"), mark)
    lines = made.run("export").out
    other = shops.new()
    other.run("import", "-", input=lines)
    equal(tracking_of(other, "abc123"), mark)
    copy = os.path.join(made.folder, "copy.db")
    made.run("backup", copy)
    made.run("mark", "abc123", "unshipped")
    made.run("restore", copy)
    equal(tracking_of(made, "abc123"), mark)


@test
def _():
    "two orders of one sale that are made one keep the mark of either"
    for marked in (0, 1):
        made = shops.new()
        theirs = lambda_order("cs_test_abc123", NOON + 5)
        ours = order("cs_test_abc123", NOON)
        tracking = {"status": "shipped", "shippedAt": "2024-11-27T10:00:00Z"}
        made.store({**theirs, **({} if marked else {"tracking": tracking})})
        put(made, {**ours, **({"tracking": tracking} if marked else {})})
        made.run("adopt", "--merge")
        equal(len(made.items("USER#")), 1)
        equal(tracking_of(made, "cs_test_abc123"), tracking)


@test
def _():
    "erasing the person keeps that the parcel went, not where it went"
    made = shops.new(order("cs_test_abc123", NOON))
    made.run("mark", "abc123", *MARK)
    made.run("erase", "abc123", "--yes")
    equal(without_time(tracking_of(made, "abc123")), {"carrier": "DHL", "status": "shipped"})
    lacks(json.dumps(list(made.items().values())), "00340")
    contains(made.run("mark", "abc123", "shipped", "00341", code=1).err,
             "the person was erased from order BC-ABC123")
    equal(made.run("mark", "abc123", "shipped", "--carrier", "Post").out, "BC-ABC123: shipped, Post\n")


@test
def _():
    "an order that is given away to a new key while it is marked is marked there"
    made = shops.new(order("cs_test_abc123", NOON, user="jane@shop.example"))
    made.run("erase", "abc123", "--yes")
    made.run("mark", "abc123", "shipped")
    stands = order_of(made, "abc123")
    equal((stands["PK"], stands["tracking"]["status"]), ("USER#erased-BC-ABC123", "shipped"))
    equal(len(items_of(stands)), 5)


main(shops)
