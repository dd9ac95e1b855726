#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` on a machine whose clock was ahead and is set back: during a run, between a run that was
stopped and the one that goes on with it, and long after.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import equal, eventually, kit, main, ok, test  # noqa: E402
from preload import Clock  # noqa: E402
from sync_kit import DAY, SyncShop, agrees  # noqa: E402

HOUR = 3600
shops = []


def new_shop():
    """A shop that looks back for an hour alone, and so leans on what the last run has noted."""
    shops.append(SyncShop(SYNC_LOOKBACK_HOURS=1))
    return shops[-1]


def paid_a_day_later(shop):
    """A session that was made 24 hours ago, and is paid now: no later one can be."""
    return shop.sell(created=int(time.time()) - DAY + 60)["id"]


for hours in (1, 5):
    @kit.case(f"the clock is set back by {hours} hours during a run: nothing is left out, then or later")
    def _(hours=hours):
        clock, shop = Clock("CLOCK_WALL"), new_shop()
        try:
            clock.move(hours * HOUR)
            ids = shop.sell_many(120, to=int(time.time()) - 5, **{"from": int(time.time()) - HOUR // 2})
            shop.refund(shop.ledger()[ids[7]], 300)
            shop.fault("GET /v1/checkout/sessions/cs_test_many000030", "hold", times=-1)
            running = shop.start("sync", "--hours", 12, **clock.variables)
            eventually(lambda: running.poll() is not None or any(
                fault.get("struck") for fault in shop.sim.get("/_sim/fault")), what="the held call")
            clock.move(-hours * HOUR)
            ids.append(shop.sell()["id"])
            shop.sim.post("/_sim/fault", method="DELETE")
            _, err = running.communicate(timeout=300)
            equal(running.returncode, 0, err)
            ok(shop.state()["through"] <= time.time(), shop.state())
            ids.append(paid_a_day_later(shop))
            shop.sync(**clock.variables)
            equal(sorted(o["orderId"] for o in shop.orders()), sorted(ids))
            agrees(shop)
            equal(shop.sync().kinds(), {})
        finally:
            clock.close()


@test
def _():
    "on a clock that is days ahead a run finds what came since the last one, and so does the first on a right one"
    clock, shop = Clock("CLOCK_WALL"), new_shop()
    try:
        old = shop.sell(created=int(time.time()) - 10 * DAY)
        shop.sync("--hours", 300)
        for days in (5, 40, 400):
            clock.move(days * DAY)
            shop.sync(**clock.variables)
            ids = [shop.sell()["id"], paid_a_day_later(shop)]
            shop.refund(old, 10)
            equal(sorted(shop.sync(**clock.variables).kinds()), sorted([*ids, old["id"]]), f"{days} days ahead")
            ok(shop.state()["through"] <= time.time() + 1, shop.state())
            late = paid_a_day_later(shop)
            clock.move(-days * DAY)
            equal(list(shop.sync(**clock.variables).kinds()), [late], f"no longer {days} days ahead")
        agrees(shop)
    finally:
        clock.close()


@test
def _():
    "a run that goes on with one that was stopped, when the clock has been set back, leaves nothing out"
    clock, shop = Clock("CLOCK_WALL"), new_shop()
    try:
        clock.move(5 * HOUR)
        ids = shop.sell_many(5, to=int(time.time()) - 5, **{"from": int(time.time()) - HOUR // 2})
        equal(shop.sync("--hours", 12, "--max-sessions", 2, **clock.variables).summary["end"], "stopped")
        clock.move(-5 * HOUR)
        ids.append(shop.sell()["id"])
        equal(shop.sync(**clock.variables).summary["end"], "complete")
        ok(shop.state()["through"] <= time.time(), shop.state())
        ids.append(paid_a_day_later(shop))
        shop.sync(**clock.variables)
        equal(sorted(o["orderId"] for o in shop.orders()), sorted(ids))
        agrees(shop)
    finally:
        clock.close()


@test
def _():
    "orders that wait are looked after, though all days were walked at a time that is to come"
    shop = new_shop()
    at = int(time.time()) - 60 * DAY
    voucher = shop.sell(method="later", created=at, at=at)["id"]
    shop.sync("--since", "2020-01-01")
    shop.write({**shop.state(), "pendingDays": [], "pendingWalked": 10 ** 6,
                "pendingWalkedAt": int(time.time()) + 365 * DAY})
    shop.sim.post("/_sim/later", {"session": voucher, "outcome": "succeed"})
    equal(shop.sync().kinds(), {voucher: "pending"})
    agrees(shop)


main(*shops)
