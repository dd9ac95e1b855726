#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Completed sessions in the shape of every API version since 2020.

events/NAME.json is an event as Stripe sends it in that version (shapes of recorded ones, with ids and
people of our own), NAME.order.json the order that has to come of it (null: none, it is ignored), written
down from the rules and not from what the program gave, NAME.lines.json what Stripe lists for it where
that is not lines.json.  `updatedAt` is the time of processing and not in the files.
"""
import glob
import json
import os
import re
import time

from kit import (HERE, KeptShop, PATIENCE, Stub, case, check_log, equal, granted, lib, main, ok,
                 test)

EVENTS = os.path.join(HERE, "events")
LIVE = "sk_live_ordersnap0000000000"


def read(name):
    with open(os.path.join(EVENTS, name), "rb") as f:
        return f.read()


KNOWN = {}  # sessions by their id, with their lines


def answer(request):
    """The session in the path as its event has it: what Stripe says in our version is read by the
    same code, and the shapes are what is looked at here."""
    found = KNOWN.get(request.path.split("?")[0].rsplit("/", 1)[-1])
    return (200, json.dumps(found).encode()) if found else (404, b"{}")


stripe = Stub(answer)
shop = KeptShop(sim=False, STRIPE_API_BASE=stripe.base, **lib.OWN_PAGES)
NAMES = sorted(os.path.basename(path)[:-len(".order.json")]
               for path in glob.glob(os.path.join(EVENTS, "*.order.json")))
LOOKED_AT = NAMES[::3] if lib.WRAPPER else NAMES  # a process takes twenty times as long under valgrind


def lines_of(name):
    special = name + ".lines.json"
    return read(special if os.path.exists(os.path.join(EVENTS, special)) else "lines.json")


LATE = set()  # sessions of which a delivery had no time: the next one completed what it had written


def deliver(name, body=None):
    """Delivers an event's bytes as they stand, under valgrind until there was time for it, as Stripe
    would; gives (its session's id, the answer)."""
    body = body or read(name + ".json")
    session = json.loads(body)["data"]["object"]
    KNOWN[session["id"]] = {**session, "line_items": json.loads(lines_of(name))}
    for _ in range(PATIENCE):
        answer = shop.webhook(body, STRIPE_SECRET=LIVE if session["livemode"] else
                              shop.settings["STRIPE_SECRET"])
        if answer.status != 503:
            break
        LATE.add(session["id"])
    return session["id"], answer


def difference(got, want):
    """Attribute for attribute, so that a failure names them all."""
    return {name: (got.get(name), want.get(name)) for name in sorted({*got, *want})
            if got.get(name) != want.get(name)}


for name in LOOKED_AT:
    @case(f"{name}: the order is as written down, to the attribute")
    def _(name=name):
        want = json.loads(read(name + ".order.json"))
        if want is None:
            with shop.unchanged(but="SYSTEM"):
                equal(granted(deliver(name)[1]), {"status": "ignored"})
            return
        session_id, answer = deliver(name)
        said = granted(answer)
        equal((said["orderId"], said["orderNumber"]), (session_id, want["orderNumber"]))
        order = shop.order_of(session_id)
        updated = time.mktime(time.strptime(order.pop("updatedAt"), "%Y-%m-%dT%H:%M:%SZ"))
        ok(abs(updated - time.mktime(time.gmtime())) < 60 * PATIENCE, "updatedAt is now")
        if session_id in LATE:
            order["version"] = want["version"]
        equal(difference(order, want), {}, "attribute: (got, want)")

    @case(f"{name}: the same event in one line, with other white space, gives the same order")
    def _(name=name):
        want = json.loads(read(name + ".order.json"))
        if want is None:
            return
        value = json.loads(read(name + ".json"))
        value["id"] += "b"
        with_session = json.dumps(value, separators=(",", ":")).encode()
        before = shop.order_of(value["data"]["object"]["id"])
        granted(deliver(name, with_session)[1])
        equal(shop.order_of(value["data"]["object"]["id"]), before)


@test
def _():
    """every version that changed a Checkout Session since 2020 has an event here"""
    versions = {json.loads(read(name + ".json"))["api_version"] for name in NAMES}
    equal(sorted({
        "2020-03-02", "2020-08-27", "2022-08-01", "2022-11-15", "2023-08-16", "2023-10-16",
        "2024-04-10", "2024-06-20", "2024-09-30.acacia", "2024-12-18.acacia", "2025-02-24.acacia",
        "2025-03-31.basil", "2025-04-30.basil", "2025-06-30.basil", "2025-09-30.clover",
        "2025-12-15.clover", "2026-03-25.dahlia", "2026-09-30.endive", "2026-10-28.endive"}
        - versions), [])


@test
def _():
    """no attribute of any order is null"""
    for order in shop.orders():
        ok(": null" not in json.dumps(order), order)


@test
def _():
    """no secret and no whole e-mail address was logged in this run"""
    check_log([LIVE])


if __name__ == "__main__":
    main(shop, stripe)
