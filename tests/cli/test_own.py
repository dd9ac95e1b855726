#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""ORDER_SESSIONS=own: sessions without a quote's signature are no orders of this shop, whoever asks;
an order that stands in the table is one.
"""
from sync_kit import SyncShop, equal, ok
from tap import contains, main, test

SIGNED = {"userId": "user_1", "quoteSignature": "f" * 64}
EMPTY = {"userId": "user_1", "quoteSignature": ""}

shop = SyncShop(ORDER_SESSIONS="own")
shop.run("init")


def deliver(event):
    return shop.webhook(event).json


def completed(session):
    return next(e for e in shop.events() if e["type"] == "checkout.session.completed" and
                e["data"]["object"]["id"] == session["id"])


@test
def _():
    "a session without a signature, or with an empty one, is ignored by the webhook; a signed one is taken"
    for metadata in ({"userId": "user_1"}, EMPTY, {}):
        session = shop.sell(metadata=metadata)
        equal(deliver(completed(session)), {"status": "ignored"})
        equal(shop.of_order(session["id"]), [])
    session = shop.sell(metadata=SIGNED)
    equal(deliver(completed(session))["status"], "processed")
    ok(shop.order_of(session["id"]), "the order")


@test
def _():
    "that a foreign session expired is ignored, and leaves nothing; of a signed one it is recorded"
    for metadata, status in (({}, "ignored"), (SIGNED, "processed")):
        session = {**shop.sell(metadata=metadata), "status": "expired", "payment_status": "unpaid"}
        told = {"id": "evt_expired_" + status, "object": "event", "type": "checkout.session.expired",
                "livemode": False, "created": session["created"], "data": {"object": session}}
        equal(deliver(told)["status"], status)
        equal(shop.item("EVENT#" + told["id"]) is None, status == "ignored", "its marker")


@test
def _():
    "without the setting, and with `all`, every session is taken"
    for setting in (None, "all"):
        session = shop.sell()
        answer = shop.webhook(completed(session), ORDER_SESSIONS=setting).json
        equal(answer["status"], "processed")


@test
def _():
    "sync counts foreign sessions as skipped, and writes nothing for them"
    other = SyncShop(ORDER_SESSIONS="own")
    other.run("init")
    foreign, own = other.sell(), other.sell(metadata=SIGNED)
    said = other.sync()
    equal(said.counts, {"sessions": 2, "missing": 1, "skipped": 1})
    ok(other.order_of(own["id"]), "the order")
    equal(other.of_order(foreign["id"]), [])
    equal(other.sync().counts, {"sessions": 2, "inOrder": 1, "skipped": 1})


@test
def _():
    "a refund of a foreign payment makes no order, and is acknowledged"
    session = shop.sell()
    shop.refund(session, 400)
    event = [e for e in shop.events() if e["type"] == "charge.refunded"][0]
    equal(event["data"]["object"]["payment_intent"], session["payment_intent"])
    equal(deliver(event), {"status": "ignored"})
    equal(shop.of_order(session["id"]), [])


@test
def _():
    "an order that stands is ours, whatever its session bears: refunds and sync go on with it"
    session = shop.sell()
    shop.webhook(completed(session), ORDER_SESSIONS="all")
    shop.refund(session, 400)
    event = [e for e in shop.events() if e["type"] == "charge.refunded" and
             e["data"]["object"]["payment_intent"] == session["payment_intent"]][0]
    equal(deliver(event)["status"], "processed")
    equal(shop.order_of(session["id"])["amountRefunded"], 400)
    shop.spoil(session["id"], status="pending", stripePaymentStatus="unpaid")
    shop.sync()
    equal(shop.order_of(session["id"])["status"], "partially_refunded")


@test
def _():
    "replay says why it ignores a foreign session"
    session = shop.sell()
    run = shop.run("replay", completed(session)["id"], code=None)
    contains(run.out + run.err, "ORDER_SESSIONS=own")
    equal(shop.of_order(session["id"]), [])


@test
def _():
    "check says how many of the latest sessions are none of this shop's"
    other = SyncShop(ORDER_SESSIONS="own")
    other.run("init")
    for metadata in ({}, {}, SIGNED):
        other.sell(metadata=metadata)
    contains(other.run("check", code=None).out, "2 of the latest 3 that are complete bear no quote's")
    ok("latest" not in other.run("check", code=None, ORDER_SESSIONS="all").out, "said without need")


main(shop.close)
