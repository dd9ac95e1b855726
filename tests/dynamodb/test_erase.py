#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap erase` on DynamoDB: an order moves in one transaction with all that names it."""
import json

import kit
import local
from orders import items_of, order
from tap import equal, main, ok, test

local.need()

db = local.at_hand()
shop = kit.TableShop(db, db.base)
JANE = "jane@shop.example"


def erase(*args):
    done = kit.run_command(shop, "erase", *args)
    equal(done.returncode, 0, f"{done.stdout}{done.stderr}")
    return done.stderr


def table():
    return {(i["PK"], i["SK"]): i for i in shop.items("").values()}


@test
def _():
    "a guest's order moves with its pointers, and nothing of the person is left"
    sale = order("cs_test_guest123", 1795700000, user=JANE)
    for item in items_of(sale):
        db.put(shop.table, item)
    ok("1 erased" in erase("--user", "Jane@shop.example", "--yes"), "one order")
    items = table()
    key = "USER#erased-" + sale["orderNumber"], sale["SK"]
    ok(key in items and (sale["PK"], sale["SK"]) not in items, f"the order's key: {list(items)}")
    equal(items[key]["amount"], sale["amount"])
    for part in (JANE, "Jane Doe"):
        equal([k for k, i in items.items() if part in json.dumps([k, i])], [], part)
    equal({i["orderPK"] for i in items.values() if "orderPK" in i}, {key[0]})
    ok("0 erased, 1 had been before" in erase(sale["orderNumber"], "--yes"), "once is enough")


def cleanup():
    shop.close()
    db.close()


main(cleanup)
