#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` never sticks: whatever is lost, refused or broken for good at Stripe, a run comes to its
end and the window moves on.
"""
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, equal, lacks, main, ok, test  # noqa: E402
from sync_kit import DAY, EVENTS, LIST, SyncShop, agrees  # noqa: E402

NOW = int(time.time())
LINES = "GET /v1/checkout/sessions/{id}"
shops = []


def new_shop(of=None, **settings):
    shops.append(SyncShop(of, **settings))
    return shops[-1]


def heal(shop):
    shop.sim.post("/_sim/fault", method="DELETE")


def heals(shop):
    """Stripe's faults are over: then one sync brings in all that was set aside."""
    heal(shop)
    shop.sync()
    equal(shop.state()["setAside"], [])
    agrees(shop)


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
    for match in (LIST + "$", "GET /v1/checkout/sessions/cs_"):
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


# --- sessions that fail for good -----------------------------------------------------------------

def broken(shop, one, status=400):
    shop.fault(f"GET /v1/checkout/sessions/{one}", status=status, should_retry=False,
               times=-1)


@test
def _():
    "a session that fails for good is set aside: the run finishes, the window moves on, check names it"
    shop = new_shop()
    ids = shop.sell_many(5, to=NOW - 60)
    broken(shop, ids[2])
    said = shop.sync(code=1)
    equal((said.summary["end"], said.counts["errors"]), ("complete", 1))
    ok(shop.state()["through"] >= NOW, shop.state())
    equal([entry["id"] for entry in shop.state()["setAside"]], [ids[2]])
    shop.sim.post("/_sim/stats/reset")
    said = shop.sync("--hours", 1, code=1)
    equal([(d["orderId"], d["difference"]) for d in said.differences], [(ids[2], "error")])
    run = shop.run("check", code=None)
    contains(run.out, f"session {ids[2]} could not be brought in order")
    contains(run.out, "Stripe answered 400")
    heal(shop)
    equal(shop.sync("--hours", 1).kinds(), {ids[2]: "pending"})
    equal(shop.state()["setAside"], [])
    lacks(shop.run("check", code=None).out, ids[2])
    agrees(shop)


@test
def _():
    "a run that goes on counts as errors what fails still, once, and ends well when all is in order"
    shop = new_shop()
    ids = shop.sell_many(6, to=NOW - 60)
    broken(shop, ids[4])
    said = shop.sync("--max-sessions", 3, code=1)
    equal((said.summary["end"], said.counts["errors"]), ("stopped", 1))
    said = shop.sync("--max-sessions", 1)
    equal((said.summary["end"], said.counts.get("errors", 0)), ("stopped", 0))
    said = shop.sync(code=1)
    equal((said.summary["end"], said.counts["errors"]), ("complete", 1))
    contains(said.run.err, "1 sessions could not be brought in order")
    broken(shop, ids[3])
    shop.spoil_all(ids[3], itemsPending=True)
    equal(shop.sync("--max-sessions", 3, code=1).summary["end"], "stopped")
    heal(shop)
    said = shop.sync()
    equal((said.summary["end"], said.counts.get("errors", 0), shop.state()["setAside"]), ("complete", 0, []))
    lacks(said.run.err, "could not be brought in order")
    agrees(shop)


ONE = "GET /v1/checkout/sessions/{id}"


@test
def _():
    "sessions that Stripe refuses for good, their own call, lines or disputes, are asked for once and end no run"
    shop = new_shop()
    ids = shop.sell_many(6, to=NOW - 60)
    shop.sim.post("/_sim/session", {"id": "cs_test_long", "line_items": [
        {"name": f"Bead {n}", "unit_amount": 100, "currency": "usd"} for n in range(120)]})
    for one, status in zip(ids[1:5], (400, 402, 410, 422)):  # more in a row than may fail in passing
        broken(shop, one, status)
    shop.fault("GET /v1/checkout/sessions/cs_test_long/line_items", status=400, times=-1)
    shop.dispute({"id": ids[0]}, "open")
    shop.fault("GET /v1/disputes", status=400, times=-1)
    failed = sorted([*ids[:5], "cs_test_long"])
    said = shop.sync(code=1)
    equal((said.summary["end"], said.counts["errors"], said.kinds()[ids[5]]), ("complete", 6, "missing"))
    equal(sorted(entry["id"] for entry in shop.state()["setAside"]), failed)
    # Those of the list, once each; the tries of what was set aside by this run are the next one's.
    equal(shop.sim.calls()[ONE], 7)
    lacks(said.run.err, "Trying again")
    out = shop.run("check", code=None).out
    for one in failed[:3]:
        contains(out, f"session {one} could not be brought in order")
    heals(shop)


@test
def _():
    "a session whose answer can't be read is set aside after three tries, and the others are done"
    shop = new_shop()
    ids = shop.sell_many(6, to=NOW - 60)
    for one in ids[1:5]:
        shop.fault(f"GET /v1/checkout/sessions/{one}", "garbage", times=-1)
    said = shop.sync(code=1, timeout=120)
    equal((said.summary["end"], said.counts["errors"]), ("complete", 4))
    equal(sorted(entry["id"] for entry in shop.state()["setAside"]), ids[1:5])
    equal(shop.sim.calls()[ONE], 2 + 4 * 3)
    contains(said.of(ids[1])["error"], "is no JSON object")
    shop.sim.post("/_sim/stats/reset")
    equal(shop.sync(code=1).summary["end"], "complete")
    equal(shop.sim.calls()[ONE], 4)
    heals(shop)


@test
def _():
    "older orders that fail for good, whatever way, are set aside and keep no run from its end"
    for kind, status in (("status", 500), ("status", 400), ("garbage", 200)):
        shop = new_shop()
        old = [shop.sell(method="later", created=NOW - days * DAY, at=NOW - days * DAY)["id"]
               for days in (5, 6)]
        shop.sync("--since", "2020-01-01")
        for one in old:
            shop.sim.post("/_sim/later", {"session": one, "outcome": "succeed"})
        shop.fault(f"GET /v1/checkout/sessions/{old[0]}", kind, status=status, times=-1)
        shop.forget(("SYSTEM", "STRIPE_ORDER_SYNC"))
        said = shop.sync(code=1, timeout=120)
        equal((said.summary["end"], said.kinds()), ("complete", {old[0]: "error", old[1]: "pending"}))
        equal([entry["id"] for entry in shop.state()["setAside"]], [old[0]])
        heal(shop)
        equal(shop.sync().kinds(), {old[0]: "pending"})
        agrees(shop)


@test
def _():
    "three in a row that fail for good end one run, and the next one goes on past them"
    shop = new_shop()
    ids = shop.sell_many(6, to=NOW - 60)
    for one in ids[3:]:
        broken(shop, one, 503)
    said = shop.sync(code=1, timeout=300)
    equal((said.summary["end"], len(shop.state()["setAside"])), ("failed", 3))
    said = shop.sync(code=1)
    equal((said.summary["end"], said.counts["errors"] >= 3), ("complete", True))
    equal(sorted(o["orderId"] for o in shop.orders() if o.get("itemsPending") is None), ids[:3])
    heals(shop)


@test
def _():
    "one that is set aside and then deleted at Stripe is named once more, and forgotten"
    shop = new_shop()
    one, = shop.sell_many(1)
    broken(shop, one)
    shop.sync(code=1)
    heal(shop)
    shop.sim.post("/_sim/delete", {"ids": [one]})
    said = shop.sync()
    equal(said.kinds(), {one: "unknown"})
    equal(shop.state()["setAside"], [])


# --- other modes and accounts --------------------------------------------------------------------

OTHER = "sk_test_other00000000000000000"


@test
def _():
    "an unfinished run of another account is not gone on with, and that account's is not lost by it"
    shop = new_shop()
    ids = shop.sell_many(5, to=NOW - 60)
    shop.sync("--max-sessions", 2)
    run = shop.run("sync", code=1, STRIPE_SECRET=OTHER)  # Stripe does not take it
    lacks(run.err, "starting_after")
    ok("after" not in shop.state()["run"]["todo"][0], shop.state())
    said = shop.sync()
    equal((said.summary["resumed"], said.summary["end"]), (False, "complete"))
    equal(sorted(o["orderId"] for o in shop.orders()), ids)


@test
def _():
    "an item that the Lambda functions wrote under the key of the state does not confuse a run, nor check"
    shop = new_shop()
    ids = shop.sell_many(3, to=NOW - 60)
    shop.run("init")
    shop.write({"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "lastSyncedAt": "2026-01-01T00:00:00Z",
                "run": "daily", "through": "yesterday", "completedAt": 5, "setAside": {"id": 1},
                "pendingDays": "none", "expiresAt": NOW + 5 * DAY})
    contains(shop.run("check", code=None).out, "ordersnap sync has never been done")
    equal(shop.sync().kinds(), {one: "missing" for one in ids})
    ok(shop.state()["through"] >= NOW and "expiresAt" not in shop.state(), shop.state())
    equal(shop.state()["lastSyncedAt"], "2026-01-01T00:00:00Z")


# --- windows --------------------------------------------------------------------------------------

@test
def _():
    "a voucher is looked after as long as it pends, also where whole days are walked once a day alone"
    shop = new_shop()
    sold = {days: shop.sell(method="later", created=NOW - days * DAY, at=NOW - days * DAY + 60)["id"]
            for days in (20, 58, 200)}
    equal(shop.sync("--since", "2020-01-01").counts["missing"], 3)
    shop.write({**shop.state(), "pendingWalked": 10 ** 6, "pendingWalkedAt": NOW})
    equal(shop.sync().counts, {"sessions": 3, "inOrder": 3, "waiting": 3})
    for days in (58, 200):
        shop.sim.post("/_sim/later", {"session": sold[days], "outcome": "succeed"})
    equal(shop.sync().kinds(), {sold[days]: "pending" for days in (58, 200)})
    equal(len(shop.state()["pendingDays"]), 3)
    shop.sync()
    day = time.strftime("%Y-%m-%d", time.gmtime(NOW - 20 * DAY))
    equal(shop.state()["pendingDays"], [day])
    shop.sim.post("/_sim/later", {"session": sold[20], "outcome": "fail"})
    equal(shop.sync().kinds(), {sold[20]: "pending"})


@test
def _():
    "an order from before the window that its webhook left pending is found without being listed"
    shop = new_shop()
    one = shop.sell(method="later", created=NOW - 58 * DAY, at=NOW - 58 * DAY)
    shop.sync()
    event, = [e for e in shop.events() if e["type"] == "checkout.session.completed"]
    equal(shop.webhook(event).status, 200)
    shop.sim.post("/_sim/later", {"session": one["id"], "outcome": "succeed"})
    equal(shop.sync().kinds(), {one["id"]: "pending"})


@test
def _():
    "an order from before the window that an event told of while Stripe could not be asked is found, too"
    shop = new_shop()
    one = shop.sell(method="later", created=NOW - 58 * DAY, at=NOW - 58 * DAY)
    shop.sync("--since", "2020-01-01")
    shop.sim.post("/_sim/later", {"session": one["id"], "outcome": "succeed"})
    event, = [e for e in shop.events() if e["type"] == "checkout.session.async_payment_succeeded"]
    with shop.faults("GET /v1/checkout/sessions/", "status", times=-1, status=500):
        equal(shop.webhook(event).status, 503)
    entry = shop.item("DAY#" + time.strftime("%Y-%m-%d", time.gmtime(NOW - 58 * DAY)),
                      shop.order_of(one["id"])["SK"])
    equal((entry["status"], entry.get("unconfirmed")), ("completed", True))
    contains(shop.run("check", code=None).out, "1 orders wait")
    equal(shop.sync().kinds(), {one["id"]: "stale"})
    lacks(json.dumps([*shop.items().values()]), "unconfirmed")
    equal(shop.sync().kinds(), {})


@test
def _():
    "sessions that Stripe's clock dates after ours are found, by a fresh run and by one that goes on"
    shop = new_shop()
    first = shop.sell(created=NOW + 5000, at=NOW + 5000)["id"]
    more = shop.sell_many(4, to=NOW + 4000)
    equal(shop.sync("--max-sessions", 2).kinds(), {first: "missing", more[3]: "missing"})
    second = shop.sell(created=NOW + 6000, at=NOW + 6000)["id"]
    kinds = {**shop.sync().kinds(), **shop.sync().kinds()}
    equal(sorted(kinds), sorted([*more[:3], second]))
    agrees(shop)


@test
def _():
    "a refund that Stripe's clock dates after ours is seen, and so is an order that Stripe does not know any more"
    shop = new_shop()
    old = shop.sell(created=NOW - 40 * DAY, at=NOW - 40 * DAY)
    ahead = shop.sell(created=NOW + 5000, at=NOW + 5000)["id"]
    shop.sync("--since", "2020-01-01")
    shop.long_ago(-1, lambda: shop.refund(old, 300))
    shop.sim.post("/_sim/delete", {"ids": [ahead]})
    equal(shop.sync().kinds(), {old["id"]: "stale", ahead: "unknown"})


@test
def _():
    "an order past ORDER_TTL_DAYS is not made anew"
    shop = new_shop(ORDER_TTL_DAYS=30)
    old, young = (shop.sell(created=NOW - days * DAY, at=NOW - days * DAY)["id"] for days in (31, 29))
    equal(shop.sync("--since", "2020-01-01").kinds(), {young: "missing"})
    equal([o["orderId"] for o in shop.orders()], [young])
    shop.refund(shop.ledger()[old], 100)
    equal(shop.sync().kinds(), {})
    equal([o["orderId"] for o in shop.orders()], [young])


# --- what Stripe does not know --------------------------------------------------------------------

@test
def _():
    "an order whose session Stripe does not know is named, and only that, and nothing is written"
    shop = new_shop()
    ids = shop.sell_many(230, to=NOW - 60)
    shop.sync()
    gone = [ids[3], ids[120], ids[229]]
    shop.sim.post("/_sim/delete", {"ids": gone})
    shop.sim.post("/_sim/stats/reset")
    with shop.unchanged():
        equal(shop.sync("--dry-run").kinds(), {one: "unknown" for one in gone})
    said = shop.sync()
    equal(said.kinds(), {one: "unknown" for one in gone})
    equal(said.counts["inOrder"], 227)
    equal(shop.sim.calls()["GET /v1/checkout/sessions/{id}"], 6)
    equal(said.of(gone[0])["fields"], {})
    equal(said.of(gone[0])["orderNumber"], shop.order_of(gone[0])["orderNumber"])
    run = shop.run("sync")
    contains(run.out, f"{shop.order_of(gone[0])['orderNumber']}  {gone[0]}  Stripe does not know its")
    equal(len(shop.orders()), 230)


@test
def _():
    "orders of the other mode, and those with a later time than their session's, are not taken for unknown"
    shop = new_shop()
    one = shop.sell(created=NOW - 7200, at=NOW - 7000)["id"]
    shop.sell_many(150, to=NOW - 7300)
    shop.sync()
    day = [item for key, item in shop.items("DAY#").items() if item["orderId"] == one][0]
    shop.write({**day, "SK": f"ORDER#{NOW - 60}#{one}",
                "PK": time.strftime("DAY#%Y-%m-%d", time.gmtime(NOW - 60))},
               {**day, "SK": f"ORDER#{NOW - 61}#cs_live_1", "orderId": "cs_live_1",
                "PK": time.strftime("DAY#%Y-%m-%d", time.gmtime(NOW - 61))})
    shop.sim.post("/_sim/stats/reset")
    equal(shop.sync().kinds(), {})
    lacks(str(shop.sim.calls()), "sessions/{id}'")


main(*shops)
