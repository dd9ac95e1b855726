#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A customer's orders on DynamoDB: what SQLite gives, and what it costs."""
import hashlib
import json
import os
import sys
import time

import kit
import local
from orders import items_of, order, put
from tap import equal, main, ok, test

sys.path.insert(0, os.path.join(kit.lib.SRC, "tests", "http"))

from login import jwt  # noqa: E402

local.need()

SECRET = "the-secret-of-the-login-that-the-tests-use"
NOW = int(time.time())
ORDERS = ([order(f"cs_test_c{n:03}", NOW - 600 * n, "ann") for n in range(230)] +
          [order(f"cs_test_g{n:03}", NOW - 700 * n, "a+b@x.example", guest=True,
                 customerEmail="A+b@x.example") for n in range(30)] +
          [order(f"cs_test_f{n:03}", NOW - 800 * n, "ab@x.example", version=None,
                 customerEmail=("a+b@x.example", "ab@x.example")[n % 2]) for n in range(20)] +
          [order("cs_test_bob", NOW, "bob")])

db = local.at_hand()
proxy = local.Proxy(db.port)
on_file = kit.Shop(sim=False, JWT_SECRET=SECRET)
on_table = kit.TableShop(db, proxy.base, sim=False, JWT_SECRET=SECRET)
put(on_file, *ORDERS)
for one in ORDERS:
    for item in items_of(one):
        db.put(on_table.table, item)


def ask(path="", query="", email=None, shops=(on_file, on_table)):
    """What both answer, and DynamoDB's calls."""
    claims = {"sub": "ann", "exp": NOW + 86400}
    if email:
        claims.update(email=email, email_verified=True)
    proxy.mend()
    answers = [shop.cgi("orders", None, "GET", SCRIPT_NAME="/orders", PATH_INFO=path or None,
                        QUERY_STRING=query,
                        HTTP_AUTHORIZATION="Bearer " + jwt(claims, SECRET)) for shop in shops]
    equal(answers[0].status, answers[-1].status, answers[-1].log)
    equal(answers[0].json, answers[-1].json)
    return answers[-1], dict(proxy.calls)


def walk(limit, email=None):
    """The ids of all pages, and each page's calls."""
    found, calls, cursor = [], [], ""
    while cursor is not None:
        answer, cost = ask("", f"limit={limit}{cursor and '&cursor=' + cursor}", email)
        found += [o["orderId"] for o in answer.json["orders"]]
        calls.append(cost)
        cursor = answer.json["nextCursor"]
    return found, calls


@test
def _():
    "each page of 20 or of 100 costs one query, the first and the last alike"
    for limit in (20, 100):
        found, calls = walk(limit)
        equal(found, [f"cs_test_c{n:03}" for n in range(230)])
        equal(calls, [{"Query": 1}] * -(-230 // limit))


@test
def _():
    "a page's query ends where the page before it did, so what is above is not read again"
    first, _calls = ask("", "limit=20")
    ask("", "limit=20&cursor=" + first.json["nextCursor"])
    asked = [json.loads(body) for operation, _headers, body in proxy.requests if operation == "Query"]
    equal([(q["KeyConditionExpression"], q["ExpressionAttributeValues"][":place"])
           for q in asked],
          [("PK = :pk AND SK BETWEEN :sk AND :place", asked[0]["ExclusiveStartKey"]["SK"])])


@test
def _():
    "with guest orders, also of the functions' spelling, a page costs two queries more"
    found, calls = walk(40, "a+b@x.example")
    wanted = [o for o in ORDERS if o["userId"] == "ann" or
              o["customerEmail"].lower() == "a+b@x.example"]
    equal(found, [o["orderId"] for o in sorted(wanted, key=lambda o: o["SK"], reverse=True)])
    ok(all(c == {"Query": 3} for c in calls), calls)


@test
def _():
    "an order costs two reads, and so does one that is another's or is not there"
    wanted = {"BatchGetItem": 1, "GetItem": 1}
    for path, status in (("/cs_test_c007", 200), ("/cs_test_bob", 404), ("/cs_test_none", 404)):
        answer, calls = ask(path)
        equal((answer.status, calls), (status, wanted), path)


@test
def _():
    "an order with a field of any of DynamoDB's kinds hides no other"
    kinds = ({"S": "x"}, {"S": ""}, {"N": "12"}, {"N": "1.5"}, {"N": "-1E+30"}, {"N": "9" * 38}, {"B": "AAE="},
             {"BOOL": True}, {"NULL": True}, {"SS": ["a", "b"]}, {"NS": ["1", "2.5"]}, {"BS": ["AAE="]},
             {"L": []}, {"L": [{"NULL": True}, {"L": [{"SS": ["a"]}]}]}, {"M": {}}, {"M": {"a": {"B": "AA=="}}})
    fields = ("amount", "status", "createdAt", "items", "shippingAddress", "refunds", "customerEmail", "guest",
              "orderNumber", "orderId")
    wanted = []
    for n, (field, value) in enumerate((f, v) for f in fields for v in kinds):
        whole = order(f"cs_test_k{n:03}", NOW - n, "kinds")
        db.call("PutItem", TableName=on_table.table, Item={**local.to_item(whole), field: value})
        if (field, value) == ("guest", {"BOOL": True}):
            continue  # a guest's order is none of the account's
        if field != "orderId":
            wanted.append(whole["orderId"])
        elif value.get("S"):
            wanted.append(value["S"])
    found, cursor = [], ""
    while cursor is not None:
        answer = on_table.cgi("orders", None, "GET", SCRIPT_NAME="/orders",
                              QUERY_STRING="limit=50" + (cursor and "&cursor=" + cursor),
                              HTTP_AUTHORIZATION="Bearer " + jwt({"sub": "kinds", "exp": NOW + 86400}, SECRET))
        equal(answer.status, 200, answer.log)
        found += [o["orderId"] for o in answer.json["orders"]]
        cursor = answer.json["nextCursor"]
    equal(sorted(found), sorted(wanted + ["AAE="]))  # what is binary is its base64 text


@test
def _():
    "a cursor that a customer has made up costs one query or none, and is no fault of the store"
    for place, status, cost in ((b"ORDER#1\xff", 400, {}), (b"ORDER#\xed\xa0\x80", 400, {}),
                                (b"ORDER#", 200, {}), (b"ORDER#1", 200, {"Query": 1}),
                                (b"ORDER#" + b"x" * 1018, 200, {"Query": 1}), (b"ORDER#\x01~", 200, {"Query": 1})):
        mark = hashlib.sha256(b"ordersnap cursor 1\nann\n" + place).hexdigest()[:32]
        answer, calls = ask("", "limit=1&cursor=" + mark + place.hex())
        equal((answer.status, calls), (status, cost), place)


@test
def _():
    "a store that is away is a 503"
    proxy.mend()
    for operation in ("Query", "BatchGetItem", "GetItem"):
        proxy.refuse(operation, "InternalServerError", seconds=60)
    for path in ("", "/cs_test_c007"):
        claims = {"sub": "ann", "exp": NOW + 86400}
        answer = on_table.cgi("orders", None, "GET", SCRIPT_NAME="/orders", PATH_INFO=path or None,
                              HTTP_AUTHORIZATION="Bearer " + jwt(claims, SECRET))
        equal((answer.status, answer.json), (503, {"error": "Service temporarily unavailable"}))
    proxy.mend()


def cleanup():
    on_file.close()
    on_table.close()
    proxy.close()
    db.close()


main(cleanup)
