#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` never sticks: whatever is lost, refused or broken for good at Stripe, a run comes to its
end and the window moves on.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, equal, lacks, main, ok, test  # noqa: E402
from sync_kit import DAY, EVENTS, LIST, SyncShop, agrees  # noqa: E402

NOW = int(time.time())
LINES = "GET /v1/checkout/sessions/{id}/line_items"
shops = []


def new_shop(of=None, **settings):
    shops.append(SyncShop(of, **settings))
    return shops[-1]


def heal(shop):
    shop.sim.post("/_sim/fault", method="DELETE")


# --- places in lists that Stripe does not know any more ----------------------------------------

@test
def _():
    "the session that an interrupted run would go on after was deleted: the segment is listed anew"
    shop = new_shop()
    ids = shop.sell_many(5, to=NOW - 60)
    equal(shop.sync("--max-sessions", 2).summary["end"], "stopped")
    at = shop.state()["run"]["todo"][0]["after"]
    ok(at in ids, shop.state())
    shop.sim.post("/_sim/delete", {"ids": [at]})
    said = shop.sync()
    equal(said.summary["end"], "complete")
    equal(sorted(o["orderId"] for o in shop.orders()), ids)
    ok("run" not in shop.state(), shop.state())
    equal(shop.sync().summary["end"], "complete")


@test
def _():
    "a place that is lost within a run is no end of it: sessions, events, line items, disputes"
    shop = new_shop()
    ids = shop.sell_many(230)
    shop.sim.post("/_sim/session", {"id": "cs_test_long", "line_items": [
        {"name": f"Bead {n}", "unit_amount": 100, "currency": "usd"} for n in range(120)]})
    for match in (LIST + "$", "line_items"):
        shop.fault(match, "lost_cursor")
    said = shop.sync()
    equal(said.summary["end"], "complete")
    equal(len(shop.orders()), len(ids) + 1)
    equal(len(shop.order_of("cs_test_long")["items"]), 120)
    equal({o["version"] for o in shop.orders()}, {1})
    old = {one: session for one, session in ((one, shop.ledger()[one]) for one in ids[:3])}
    equal(shop.sync("--hours", 1).counts["inOrder"] > 0, True)
    for session in old.values():
        for _ in range(40):
            shop.refund(session, 1)
    shop.fault(EVENTS, "lost_cursor")
    equal(shop.sync("--hours", 1).kinds(), {one: "stale" for one in old})
    equal([f["struck"] for f in shop.sim.get("/_sim/fault")], [1, 1, 1])
    agrees(shop)


@test
def _():
    "places that are lost each time end the run with Stripe's refusal, not in a circle"
    shop = new_shop()
    shop.sell_many(230)
    shop.fault(LIST + "$", "lost_cursor", times=-1)
    said = shop.sync(code=1)
    contains(said.summary["error"], "param=starting_after")
    ok(shop.sim.calls()[LIST] < 12, shop.sim.calls())
    heal(shop)
    equal(shop.sync().summary["end"], "complete")
    agrees(shop)


@test
def _():
    "replay --undelivered goes on where its place in the list of events is lost"
    shop = new_shop()
    shop.stripe("POST", "/v1/webhook_endpoints",
                {"url": "https://shop.example/stripe/webhook", "enabled_events[]": "*"})
    shop.sell_many(130, emit=True)
    shop.fault(EVENTS, "lost_cursor")
    run = shop.run("replay", "--undelivered")
    contains(run.out, " 0 failed")
    equal(len(shop.orders()), 130)
    agrees(shop)


main(*shops)
