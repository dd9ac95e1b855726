#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` on DynamoDB: a hundred orders a read, a transaction an order, and a second run that
writes nothing; what AWS refuses for a moment is waited for.
"""
import json

import kit
import local
from tap import contains, equal, main, ok, test

local.need()

db = local.at_hand()
proxy = local.Proxy(db.port)
shop = kit.TableShop(db, proxy.base)
STATE = ("SYSTEM", "STRIPE_ORDER_SYNC")
SESSIONS = 250

shop.sim.post("/_sim/delivery", {"mode": "off"})
shop.sim.post("/_sim/sessions", {"count": SESSIONS, "prefix": "cs_test_dyn",
                                 "metadata": {"userId": "user_{n}"}})


def sync(*args, code=0):
    """A run's (summary, differences); the calls of DynamoDB are counted from here."""
    proxy.calls.clear()
    run = kit.run_command(shop, "sync", "--json", *args)
    equal(run.returncode, code, run.stdout + run.stderr)
    said = json.loads(run.stdout)
    return said["summary"], said["differences"]


def orders():
    return {i["orderId"]: i for k, i in shop.items("USER#").items()}


def rows():
    return {k: i for k, i in shop.items().items() if k != STATE}


@test
def _():
    "every order is made with one transaction of its five items"
    proxy.mend()
    summary, _ = sync()
    equal((summary["sessions"], summary["missing"]), (SESSIONS, SESSIONS))
    equal(len(orders()), SESSIONS)
    equal({i["version"] for i in rows().values()}, {1})
    equal(len(rows()), SESSIONS * 5)
    # Beside the orders' own: the state, after the plan, each page, and at the end.
    writes = proxy.calls["TransactWriteItems"] + proxy.calls["PutItem"]
    equal(writes, SESSIONS + 5, str(proxy.calls))


@test
def _():
    "a hundred orders in order and what stands beside them are four BatchGetItem, and nothing is written"
    before = rows()
    summary, differences = sync()
    equal((summary["inOrder"], differences), (SESSIONS, []))
    equal(rows(), before)
    # The state, and three pages with four kinds of items, a hundred a call; the days' entries are queries,
    # for pending orders all of the last ninety where they have few orders.
    equal(proxy.calls["BatchGetItem"] + proxy.calls["GetItem"], 1 + 4 + 4 + 2, str(proxy.calls))
    equal(proxy.calls["TransactWriteItems"] + proxy.calls["PutItem"], 5, str(proxy.calls))
    ok(proxy.calls["Query"] <= 95, str(proxy.calls))


@test
def _():
    "--dry-run writes nothing; the run after it writes what it said, and no other item"
    before, found = rows(), orders()
    for n in (3, 77):
        gone = found[f"cs_test_dyn{n:06d}"]
        db.call("DeleteItem", TableName=shop.table, Key=local.to_item(
            {"PK": gone["PK"], "SK": gone["SK"]}))
    stale = found["cs_test_dyn000140"]
    db.put(shop.table, {**stale, "status": "pending"})
    spoilt = rows()
    _, dry = sync("--dry-run")
    equal(proxy.calls["TransactWriteItems"] + proxy.calls["PutItem"], 0, proxy.calls)
    equal(rows(), spoilt)
    summary, differences = sync()
    equal([(d["orderId"], d["difference"]) for d in differences],
          [(d["orderId"], d["difference"]) for d in dry])
    equal((summary["missing"], summary["pending"], summary["stale"]), (2, 1, 0))
    touched = {k for k, i in rows().items() if i != spoilt.get(k)}
    ids = {rows()[k]["orderId"] for k in touched}
    equal(ids, {"cs_test_dyn000003", "cs_test_dyn000077", "cs_test_dyn000140"})
    equal({k for k in before}, set(rows()), "keys")


@test
def _():
    "what DynamoDB refuses for a moment is waited for; half of a batch is asked for again"
    proxy.mend()
    proxy.refuse("BatchGetItem", "ProvisionedThroughputExceededException", times=3)
    proxy.partly(times=2)
    proxy.refuse("TransactWriteItems", "ThrottlingException", times=2)
    proxy.refuse("PutItem", "ThrottlingException", times=2)
    summary, differences = sync()
    equal((summary["inOrder"], summary["errors"], differences), (SESSIONS, 0, []))
    proxy.mend()


@test
def _():
    "a key of AWS that may not write is an error that says what to do"
    proxy.mend()
    for operation in ("PutItem", "TransactWriteItems"):
        proxy.refuse(operation, "AccessDeniedException", times=None)
    run = kit.run_command(shop, "sync")
    proxy.mend()
    equal(run.returncode, 1, run.stdout)
    contains(run.stderr, "ordersnap sync: ")
    contains(run.stderr, "policy in conf/dynamodb")


def cleanup():
    shop.close()
    proxy.close()
    db.close()


main(cleanup)
