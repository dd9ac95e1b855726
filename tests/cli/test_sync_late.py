#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` after a silence of more than thirty days: Stripe tells no more of the events, so what
was refunded and disputed is read from its own lists.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, equal, eventually, main, ok, test  # noqa: E402
from sync_kit import DAY, EVENTS, SyncShop, agrees  # noqa: E402

REFUNDS, DISPUTES, SESSION = "GET /v1/refunds", "GET /v1/disputes", "GET /v1/checkout/sessions/{id}"
shops = []


def silent_shop(count, days=45, age=60):
    """Orders of `age` days ago, and no sync for `days`; the shop and the sessions."""
    shop = SyncShop()
    shops.append(shop)
    at = int(time.time()) - age * DAY
    ids = shop.sell_many(count, to=at, **{"from": at - 3600})
    shop.sync("--since", "2020-01-01")
    be_silent(shop, days)
    return shop, [shop.ledger()[one] for one in ids]


def be_silent(shop, days):
    """The last run that was complete was so many days ago."""
    shop.write({**shop.state(), "through": int(time.time()) - days * DAY})
    shop.sim.post("/_sim/stats/reset")


def calls(shop, *which):
    return [shop.sim.calls().get(one, 0) for one in which]


@test
def _():
    "after 45 days without a sync it finds what was refunded and disputed meanwhile, however old the order"
    shop, (refunded, lost, won, quiet, today) = silent_shop(5)
    shop.long_ago(40, lambda: shop.refund(refunded, 300))
    shop.long_ago(35, lambda: shop.dispute(lost, "open", "lose"))
    shop.long_ago(31, lambda: shop.dispute(won, "open", "win"))
    shop.refund(today, 1000)
    want = {one["id"]: "stale" for one in (refunded, lost, won, today)}
    dry = shop.sync("--dry-run")
    equal(dry.kinds(), want)
    shop.sim.post("/_sim/stats/reset")
    said = shop.sync()
    equal(said.kinds(), want)
    equal(said.counts, {"sessions": 4, "stale": 4})
    equal(dry.counts, said.counts, "the dry run's counts")
    equal(said.summary["stripeCalls"], shop.sim.get("/_sim/stats")["total"], "the calls that it tells of")
    equal(calls(shop, REFUNDS, EVENTS), [1, 1])
    equal([shop.order_of(one["id"])["status"] for one in (refunded, quiet, today)],
          ["partially_refunded", "completed", "refunded"])
    equal(shop.order_of(lost["id"])["dispute"]["status"], "lost")
    agrees(shop)
    equal(shop.sync().kinds(), {})
    agrees(shop)


@test
def _():
    "a refund that failed in the silence and a dispute that was decided in it were made before it"
    shop, (refunded, disputed) = silent_shop(2, age=130)
    made = shop.long_ago(70, lambda: shop.refund(refunded, 300))
    shop.long_ago(120, lambda: shop.dispute(disputed, "open"))
    be_silent(shop, 80)
    shop.sync()
    equal(shop.order_of(disputed["id"])["dispute"]["status"], "needs_response")
    shop.long_ago(40, lambda: shop.sim.post("/_sim/refund", {"refund": made["id"], "outcome": "fail"}))
    shop.long_ago(40, lambda: shop.dispute(disputed, "lose"))
    be_silent(shop, 45)
    equal(shop.sync().kinds(), {refunded["id"]: "stale", disputed["id"]: "stale"})
    equal(shop.order_of(refunded["id"])["status"], "completed")
    equal(shop.order_of(disputed["id"])["dispute"]["status"], "lost")
    agrees(shop)


@test
def _():
    "as long as the events tell of all, the lists are not asked for"
    for days, lists in ((27, 0), (28, 1)):  # the window begins a day and an hour before
        shop, (one,) = silent_shop(1, days=days)
        shop.long_ago(days, lambda: shop.refund(one, 300))
        equal(shop.sync().kinds(), {one["id"]: "stale"})
        equal(calls(shop, REFUNDS), [lists], f"after {days} days")
        equal(calls(shop, EVENTS), [1])


@test
def _():
    "more than a hundred refunds, and a place in their list that is lost"
    shop, sold = silent_shop(4)
    for one in sold[:3]:
        for days in (44, 40, 32):
            shop.long_ago(days, lambda: [shop.refund(one, 1) for _ in range(30)])
    want = {one["id"]: "stale" for one in sold[:3]}
    equal(shop.sync("--dry-run").kinds(), want)
    own = 2 * 3  # ninety refunds of a charge are a list of their own, for what is told and what is written
    equal(calls(shop, REFUNDS), [3 + own])
    shop.sim.post("/_sim/stats/reset")
    shop.fault(REFUNDS, "lost_cursor")
    said = shop.sync()
    equal(said.kinds(), want)
    equal(calls(shop, REFUNDS), [5 + own], "two pages of which the second is refused, and three anew")
    equal(calls(shop, SESSION), [6], "each is asked for, and again when it is repaired")
    agrees(shop)


@test
def _():
    "a run that is killed while it reads refunds is made up for by the next one"
    shop, sold = silent_shop(5)
    for one in sold:
        shop.long_ago(40, lambda: shop.refund(one, 300))
    shop.long_ago(40, lambda: shop.dispute(sold[0], "open", "lose"))
    for held in ("GET /v1/refunds", "GET /v1/disputes", "GET /v1/checkout/sessions/cs_", EVENTS):
        shop.fault(held, "hold", times=-1)
        running = shop.start("sync")
        eventually(lambda r=running: r.poll() is not None or any(
            fault.get("struck") for fault in shop.sim.get("/_sim/fault")), what=held)
        equal(running.poll(), None, f"{held} was not asked for")
        running.send_signal(signal.SIGKILL)
        running.communicate()
        shop.sim.post("/_sim/fault", method="DELETE")
    said = shop.sync()
    equal(said.summary["end"], "complete")
    equal(said.kinds(), {one["id"]: "stale" for one in sold})
    ok(shop.state()["through"] > time.time() - 3600, shop.state())
    agrees(shop)
    equal(shop.sync().kinds(), {})
    equal(calls(shop, REFUNDS)[0] > 0, True)


@test
def _():
    "a key that may not read the lists ends the run with their name, and the window stays where it was"
    shop, (one,) = silent_shop(1)
    shop.long_ago(40, lambda: shop.refund(one, 300))
    shop.sim.post("/_sim/permissions", {"deny": ["GET /v1/disputes"]})
    said = shop.sync(code=1)
    contains(said.summary["error"], "/v1/disputes")
    contains(said.summary["error"], "STRIPE_SECRET is no key, or may not read")
    ok(shop.state()["through"] < time.time() - 44 * DAY, shop.state())
    equal(said.kinds(), {one["id"]: "stale"})
    shop.sim.post("/_sim/permissions", {"deny": []})
    equal(shop.sync().summary["end"], "complete")
    agrees(shop)


main(*shops)
