#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How `ordersnap sync` reads a window: the next page is on its way while one is looked at, and a window of
very many pages is cut into parts that are read beside each other.
"""
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import equal, eventually, main, ok, test  # noqa: E402
from sync_kit import LIST, STATE, SyncShop, agrees  # noqa: E402

NOW = int(time.time())
SESSIONS = 230
MANY = 7300  # the pages before the first cut, and enough for one
ONE = "GET /v1/checkout/sessions/{id}"
shops = []


def new_shop():
    shops.append(SyncShop())
    return shops[-1], shops[-1].sell_many(SESSIONS, to=NOW - 60)


def old_shop(count):
    """One whose sessions are too old for an order: to look at them costs nothing but the list."""
    shops.append(SyncShop(ORDER_TTL_DAYS=1))
    shops[-1].run("init")
    ids = shops[-1].sell_many(count, to=NOW - 30 * 3600)
    return shops[-1], ids, ("--since", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(created(shops[-1], ids[0]))))


def created(shop, session):
    return shop.stripe("GET", "/v1/checkout/sessions/" + session)["created"]


def fault(shop, **more):
    shop.sim.post("/_sim/fault", {"match": LIST + "$", "cursor": True, **more})


def heal(shop):
    shop.sim.post("/_sim/fault", method="DELETE")


def lists(shop):
    return shop.sim.calls().get(LIST, 0)


def todo_of(shop):
    return ((shop.state() or {}).get("run") or {}).get("todo", [])


# --- one page ahead --------------------------------------------------------------------------

@test
def _():
    "the next page is on its way while one is looked at"
    shop, ids = new_shop()
    fault(shop, kind="hold")
    running = shop.start("sync", "--quiet")
    eventually(lambda: len(shop.orders()) == 100, what="the orders of the first page")
    equal([f["struck"] for f in shop.sim.get("/_sim/fault")], [1])
    heal(shop)
    running.communicate()
    equal(running.returncode, 0)
    equal(len(shop.orders()), len(ids))
    equal(shop.sync().counts, {"sessions": len(ids), "inOrder": len(ids)})


@test
def _():
    "a page that fails while the one before it is looked at is asked for again"
    shop, ids, since = old_shop(SESSIONS)
    for what in ({"kind": "status", "status": 500}, {"kind": "status", "status": 429}, {"kind": "garbage"},
                 {"kind": "disconnect"}, {"kind": "delay", "ms": 1000}):
        shop.forget(STATE)
        fault(shop, **what)
        said = shop.sync(*since)
        equal([f["struck"] for f in shop.sim.get("/_sim/fault")], [1], str(what))
        equal(said.summary["end"], "complete", str(what))
        equal(said.counts, {"sessions": len(ids), "skipped": len(ids)}, str(what))
        heal(shop)


@test
def _():
    "a run that is told to stop ends between two sessions, and what is on its way is asked for by the next one"
    shop, ids = new_shop()
    shop.fault(f"GET /v1/checkout/sessions/{ids[-121]}$", kind="hold")
    running = shop.start("sync", "--quiet")
    eventually(lambda: shop.sim.get("/_sim/fault")[0]["struck"], what="a session of the second page")
    running.send_signal(signal.SIGTERM)
    heal(shop)
    running.communicate()
    equal(running.returncode, 1)
    equal(len(shop.orders()), 121)
    equal([part["after"] for part in todo_of(shop)], [ids[-100]])
    equal(shop.sync().summary["end"], "complete")
    equal(len(shop.orders()), len(ids))
    equal({o["version"] for o in shop.orders()}, {1})
    agrees(shop)


@test
def _():
    "a run that may look at so many sessions takes the newest ones, and asks for no page beyond them"
    shop, ids, since = old_shop(SESSIONS)
    equal(shop.sync("--max-sessions", 200, *since).counts, {"sessions": 200, "skipped": 200})
    equal([part["after"] for part in todo_of(shop)], [ids[-200]])
    equal(lists(shop), 2)


# --- parts beside each other -------------------------------------------------------------------

@test
def _():
    "a window of very many pages is cut, each session is looked at once, and an empty part costs a call"
    shop, ids, since = old_shop(MANY)
    shop.sim.post("/_sim/stats/reset")
    said = shop.sync(*since)
    equal(said.counts, {"sessions": len(ids), "skipped": len(ids)})
    pages = -(-MANY // 100)
    ok(pages < lists(shop) <= pages + 4, shop.sim.calls())


@test
def _():
    "a run that is killed with pages on their way leaves the parts that it has not read to the next one"
    shop, ids, since = old_shop(MANY)
    running = shop.start("sync", "--quiet", *since)
    eventually(lambda: len(todo_of(shop)) > 1, what="a window that was cut")
    running.send_signal(signal.SIGKILL)
    running.communicate()
    todo = todo_of(shop)
    times = sorted((part["from"], part["to"]) for part in todo)
    ok(all(one[1] + 1 == other[0] for one, other in zip(times, times[1:])), f"a gap, or twice: {todo}")
    said = shop.sync(*since)
    ok(said.summary["resumed"], said.summary)
    equal(said.summary["end"], "complete")
    equal(said.counts, {"sessions": len(ids), "skipped": len(ids)})


@test
def _():
    "a run that is told to stop in a large window writes how far it is, and the next one goes on from there"
    shop, ids, since = old_shop(MANY)
    fault(shop, kind="delay", times=55)
    fault(shop, kind="hold")
    running = shop.start("sync", "--quiet", *since)
    eventually(lambda: shop.sim.get("/_sim/fault")[1]["struck"], what="a page behind those whose place is written each")
    running.send_signal(signal.SIGTERM)
    heal(shop)
    running.communicate()
    equal(running.returncode, 1)
    done = shop.state()["run"]["summary"]["sessions"]
    ok(5000 < done < 6000 and done % 100 == 0, shop.state())
    equal(shop.sync(*since).counts, {"sessions": len(ids), "skipped": len(ids)})


@test
def _():
    "an order whose entry is of a later time than its session is not asked for, whichever comes first"
    shop, ids, since = old_shop(MANY)
    at = created(shop, ids[-5400])  # among the last of the newest part
    shop.write({"PK": time.strftime("DAY#%Y-%m-%d", time.gmtime(at)), "SK": f"ORDER#{at}#{ids[5]}",
                "orderId": ids[5], "version": 1})
    shop.sim.post("/_sim/stats/reset")
    said = shop.sync("--dry-run", *since)
    equal(said.counts, {"sessions": len(ids), "skipped": len(ids)})
    equal(shop.sim.calls().get(ONE, 0), 0)


if __name__ == "__main__":
    main(*shops)
