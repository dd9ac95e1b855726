#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a run of `ordersnap sync` looks at: windows, older orders, runs that stopped and go on, several
at once.
"""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, equal, eventually, main, ok, test  # noqa: E402
from sync_kit import DAY, EVENTS, LIST, STATE, SyncShop, agrees, by_key, changed, parse_time  # noqa: E402

HOUR = 3600
NOW = int(time.time())
shops = []


def new_shop(of=None, **settings):
    shops.append(SyncShop(of, **settings))
    return shops[-1]


def sell_ago(shop, seconds, **more):
    return shop.sell(created=NOW - seconds, at=NOW - seconds + 30, **more)


# --- windows ---------------------------------------------------------------------------------

@test
def _():
    "a run looks back for SYNC_LOOKBACK_HOURS, --hours for so many, --since to that day or time"
    shop = new_shop()
    ids = {hours: sell_ago(shop, hours * HOUR)["id"] for hours in (1, 5, 30, 47, 50, 100, 800)}
    day = time.strftime("%Y-%m-%d", time.gmtime(NOW - 99 * HOUR))
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 101 * HOUR))

    def found(*args, **more):
        kinds = shop.sync("--dry-run", *args, **more).kinds()
        return [hours for hours, one in ids.items() if one in kinds]
    equal(found(), [1, 5, 30, 47])
    equal(found(SYNC_LOOKBACK_HOURS=4), [1])
    equal(found("--hours", 6), [1, 5])
    equal(found("--hours", 60), [1, 5, 30, 47, 50])
    equal(found("--since", moment), [1, 5, 30, 47, 50, 100])
    equal(found("--since=2020-02-29"), list(ids))
    equal(found("--since", "1970-01-01"), list(ids))
    equal(found("--hours", 876000), list(ids))
    since = parse_time(day + "T00:00:00Z")
    equal(found("--since", day), [h for h in ids if NOW - h * HOUR >= since])


@test
def _():
    "the edges belong to the window"
    shop = new_shop()
    edge = NOW - 3 * HOUR
    inside, outside = (shop.sell(created=at, at=at, method="later")["id"]
                       for at in (edge, edge - 1))
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(edge))
    equal(shop.sync("--since", moment).kinds(), {inside: "missing"})
    # It is pending, and would be an older order's if the edge belonged to both.
    equal(shop.sync("--since", moment).counts, {"sessions": 1, "inOrder": 1, "waiting": 1})
    now = shop.sell()["id"]
    equal(shop.sync("--hours", 1).kinds(), {now: "missing"})
    equal(shop.sync().kinds(), {outside: "missing"})


@test
def _():
    "what is no window is wrong usage, says what would be one, and does nothing"
    shop = new_shop()
    for args, part in ((["--hours", "0"], "--hours must be"), (["--hours", "x"], "--hours must be"),
                       (["--hours", "-1"], "--hours must be"), (["--hours", "1.5"], "--hours must"),
                       (["--hours", "9" * 30], "--hours must be"), (["--since", "soon"], "--since"),
                       (["--since", "2026-02-30"], "--since"), (["--since", "1960-01-01"], "--since"),
                       (["--since", "2999-01-01"], "--since"), (["--since", ""], "--since"),
                       (["--hours", "1", "--since", "2026-01-01"], "exclude each other"),
                       (["--max-sessions", "0"], "--max-sessions must be"),
                       (["--max-sessions", "many"], "--max-sessions must be"),
                       (["--dry-run=yes"], "takes no value"), (["all"], 'unexpected argument "all"')):
        run = shop.run("sync", *args, code=2)
        contains(run.err, part)
        equal(run.out, "", str(args))
    equal(shop.sim.calls(), {})
    equal(shop.items(), {})


@test
def _():
    "after a long silence a run looks back to a day before the last complete one"
    shop = new_shop()
    old, older = sell_ago(shop, 9 * DAY)["id"], sell_ago(shop, 12 * DAY)["id"]
    shop.sync("--hours", 1)
    shop.write({**shop.state(), "through": NOW - 9 * DAY - HOUR})
    equal(shop.sync().kinds(), {old: "missing"})
    ok(shop.state()["through"] >= NOW, shop.state())
    equal(shop.sync("--since", "2020-01-01").kinds(), {older: "missing"})


@test
def _():
    "a run over a few hours does not hide what is older from the next one"
    shop = new_shop()
    shop.sync()
    old = sell_ago(shop, 5 * DAY)["id"]
    shop.write({**shop.state(), "through": NOW - 6 * DAY})
    equal(shop.sync("--hours", 1).kinds(), {})
    equal(shop.sync().kinds(), {old: "missing"})


@test
def _():
    "what could not be repaired is looked at again by the next run, however old it is"
    shop = new_shop()
    old = sell_ago(shop, 40 * DAY)["id"]
    shop.fault(f"GET /v1/checkout/sessions/{old}", status=400, times=-1)
    said = shop.sync("--since", "2020-01-01", code=1)
    equal(said.counts, {"sessions": 1, "errors": 1})
    equal(shop.order_of(old)["itemsPending"], True)
    shop.sim.post("/_sim/fault", method="DELETE")
    equal(shop.sync().kinds(), {old: "pending"})
    agrees(shop)
    equal(shop.sync().counts, {})


# --- older orders ------------------------------------------------------------------------------

def old_shop():
    """Sessions of ten and twenty days ago, with their orders."""
    shop = new_shop()
    sold = {what: sell_ago(shop, days * DAY, method=method)
            for what, days, method in (
                ("paid", 10, "later"), ("failed", 10, "later"), ("waiting", 10, "later"),
                ("refunded", 10, "card"), ("disputed", 11, "card"), ("quiet", 10, "card"),
                ("voucher", 59, "later"), ("lines", 12, "card"))}
    shop.sync("--since", "2020-01-01")
    shop.forget(STATE)
    return shop, sold


@test
def _():
    "older orders: those that are pending, and those with a refund or a dispute since"
    shop, sold = old_shop()
    for what, outcome in (("paid", "succeed"), ("failed", "fail"), ("voucher", "succeed")):
        shop.sim.post("/_sim/later", {"session": sold[what]["id"], "outcome": outcome})
    shop.refund(sold["refunded"], 300)
    shop.refund(sold["refunded"], 700)
    shop.dispute(sold["disputed"], "open", "lose")
    lines = shop.order_of(sold["lines"]["id"])["items"]
    shop.spoil_all(sold["lines"]["id"], itemsPending=True, items=[])
    shop.refund(sold["lines"], 10)
    want = {"paid": "pending", "failed": "pending", "voucher": "pending", "refunded": "stale", "disputed": "stale",
            "lines": "pending"}
    dry = shop.sync("--dry-run")
    said = shop.sync()
    equal(said.kinds(), {sold[what]["id"]: kind for what, kind in want.items()})
    equal(dry.kinds(), said.kinds())
    equal(dry.counts, said.counts, "the dry run's counts")
    equal(said.counts, {"sessions": 7, "inOrder": 1, "waiting": 1, "pending": 4, "stale": 2})
    equal(shop.order_of(sold["lines"]["id"])["items"], lines)
    equal(shop.order_of(sold["lines"]["id"])["status"], "partially_refunded")
    equal(shop.order_of(sold["refunded"]["id"])["status"], "refunded")
    equal(shop.order_of(sold["disputed"]["id"])["dispute"]["status"], "lost")
    equal(shop.order_of(sold["voucher"]["id"])["status"], "completed")
    before = by_key(shop.rows())
    equal(shop.sync().differences, [])
    equal([k for k in changed(before, by_key(shop.rows())) if k != STATE], [])
    equal(shop.sync("--since", "2020-01-01").kinds(), {})
    agrees(shop, [sold["failed"]["id"]])


@test
def _():
    "an order under the key of a Lambda function is the order: what it lacks is added once, none is made"
    shop = new_shop()
    one = sell_ago(shop, 5 * HOUR, metadata={"userId": "u1"})
    shop.sync()
    keys = shop.of_order(one["id"])
    order, session = shop.item(*keys[0]), shop.item("SESSION#" + one["id"])
    shop.forget(STATE, *keys)
    sk = f"ORDER#{NOW - 4 * HOUR}#{one['id']}"
    for name in ("version", "stripePaymentStatus", "source"):
        order.pop(name)
    session.pop("version")
    shop.write({**order, "SK": sk}, {**session, "orderSK": sk})
    said = shop.sync()
    equal(said.kinds(), {one["id"]: "stale"})
    equal(shop.order_of(one["id"])["SK"], sk)
    equal(shop.order_of(one["id"])["createdAt"], order["createdAt"])
    before = by_key(shop.rows())
    shop.sim.post("/_sim/stats/reset")
    equal(shop.sync().counts, {"sessions": 1, "inOrder": 1})
    equal(shop.sim.calls(), {LIST: 1, EVENTS: 1})
    equal([k for k in changed(before, by_key(shop.rows())) if k != STATE], [])


@test
def _():
    "an order under the key of a Lambda function is found when its session's item has expired too"
    shop = new_shop()
    one = sell_ago(shop, 40 * DAY, metadata={"userId": "u1"})
    shop.sync("--since", "2020-01-01")
    keys = shop.of_order(one["id"])
    order = shop.item(*keys[0])
    shop.forget(STATE, *keys)
    for name in ("version", "stripePaymentStatus", "source"):
        order.pop(name)
    shop.write({**order, "SK": f"ORDER#{NOW - 40 * DAY + HOUR}#{one['id']}"})
    equal(shop.sync("--since", "2020-01-01").kinds(), {one["id"]: "stale"})
    equal([o["SK"] for o in shop.orders()], [f"ORDER#{NOW - 40 * DAY + HOUR}#{one['id']}"])
    equal(shop.sync("--since", "2020-01-01").counts, {"sessions": 1, "inOrder": 1})


@test
def _():
    "a session of another mode is none of the shop's"
    shop = new_shop()
    price = shop.stripe("POST", "/v1/prices", {
        "currency": "usd", "unit_amount": 900, "recurring[interval]": "month",
        "product_data[name]": "Box"})
    made = shop.stripe("POST", "/v1/checkout/sessions", {
        "mode": "subscription", "success_url": "https://shop.example/", "line_items[0][quantity]": 1,
        "line_items[0][price]": price["id"]})
    shop.sim.post("/_sim/pay", {"session": made["id"]})
    equal(shop.sync().counts, {"sessions": 1, "skipped": 1})
    equal(shop.orders(), [])


# --- told to stop ---------------------------------------------------------------------------------

@test
def _():
    "with --max-sessions of any size, repeated runs come to the end, and look at each session once"
    for count, most in ((5, 1), (230, 99), (230, 100), (230, 101), (200, 100), (230, 1000)):
        shop = new_shop()
        shop.sell_many(count, to=NOW)
        runs, seen = 0, []
        while True:
            runs += 1
            said = shop.sync("--max-sessions", most)
            seen += said.kinds()
            if said.summary["end"] == "complete":
                break
            contains(said.run.err, f"stopped after {most} sessions")
            equal(said.summary["sessions"], most * runs, "so far")
            ok(runs < 10, f"{count} sessions by {most}: no end in sight")
        equal(runs, -(-count // most), f"runs of {most} for {count}")
        equal((len(seen), len(set(seen))), (count, count), "sessions that were repaired")
        equal(said.counts, {"sessions": count, "missing": count})
        equal(shop.state()["summary"]["missing"], count)
        agrees(shop)
        shop.close()


@test
def _():
    "SYNC_MAX_SESSIONS is the same, and the option goes over it"
    shop = new_shop(SYNC_MAX_SESSIONS=2)
    shop.sell_many(5)
    equal(shop.sync().counts["sessions"], 2)
    last = shop.sync("--max-sessions", 1)
    equal(last.counts["sessions"], 3)
    contains(last.run.err, "stopped after 1 sessions, as it was told: the next run goes on from here")
    equal(shop.sync("--max-sessions", 10).counts, {"sessions": 5, "missing": 5})


@test
def _():
    "a run that goes on sees what was sold since the one that stopped"
    shop = new_shop()
    shop.sell_many(5, to=NOW - 100)
    shop.sync("--max-sessions", 2)
    eventually(lambda: time.time() > parse_time(shop.state()["run"]["startedAt"]) + 2)
    shop.sell()
    equal(shop.sync().counts, {"sessions": 6, "missing": 6})


for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    def told(number=number):
        shop = new_shop()
        shop.sell_many(150)
        shop.fault("GET /v1/checkout/sessions/cs_", "delay", ms=30, times=-1)
        running = shop.start("sync")
        eventually(lambda: len(shop.orders()) > 110)
        running.send_signal(number)
        out, err = running.communicate(timeout=20)
        equal(running.returncode, 1, err)
        contains(err.decode(), "ordersnap sync: interrupted: the next run goes on from here\n")
        contains(out.decode(), "sync: ")
        ok(len(shop.orders()) < 150, "it had done all")
        shop.sim.post("/_sim/fault", method="DELETE")
        shop.sim.post("/_sim/stats/reset")
        said = shop.sync()
        ok(said.summary["resumed"], said.summary)
        equal(said.counts["sessions"], 150)
        equal(said.counts["missing"] + said.counts["inOrder"], 150)
        agrees(shop)
        shop.close()
    told.__doc__ = f"{signal.Signals(number).name} ends a run after the session it is at; the next goes on"
    test(told)


@test
def _():
    "two and three runs at once: each exits with 0, the table is right, nothing is written twice"
    for n in (2, 3):
        shop = new_shop()
        shop.sell_many(120)
        running = [shop.start("sync") for _ in range(n)]
        for one in running:
            out, err = one.communicate(timeout=60)
            equal(one.returncode, 0, err)
        shop.sync()
        agrees(shop)
        equal({o["version"] for o in shop.orders()}, {1}, "versions")
        shop.close()


@test
def _():
    "a run that is taken over says so and ends well"
    shop = new_shop()
    shop.sell_many(250)
    shop.fault("GET /v1/checkout/sessions/cs_", "delay", ms=20, times=40)
    first = shop.start("sync", "--json")
    eventually(lambda: len(shop.orders()) > 2)
    second = shop.sync()
    out, err = first.communicate(timeout=60)
    equal(first.returncode, 0, err)
    contains(err.decode(), "another run has taken over")
    contains(out.decode(), '"end":"taken over"' if '"end":"' in out.decode() else "taken over")
    equal(second.summary["end"], "complete")
    equal(subprocess.run(["python3", "-m", "json.tool"], input=out, capture_output=True).returncode, 0)
    agrees(shop)


@test
def _():
    "a run whose state is put back beneath it, as by a restore, says so and does not end well"
    shop = new_shop()
    shop.sell_many(20)
    shop.sync()
    before = {**shop.item(*STATE), "completedAt": "2026-01-02T03:04:05Z"}
    shop.store(before)
    shop.sell_many(250, "cs_test_more")
    shop.fault("GET /v1/checkout/sessions?", "hold", times=1)
    running = shop.start("sync")
    eventually(lambda: shop.item(*STATE) != before or any(f["struck"] for f in shop.sim.get("/_sim/fault")),
               what="it has begun")
    shop.store(before)
    shop.sim.post("/_sim/fault", method="DELETE")
    err = running.communicate(timeout=60)[1].decode()
    equal(running.returncode, 1, err)
    contains(err, "put back")
    shop.sync()
    agrees(shop)


main(*shops)
