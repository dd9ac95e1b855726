#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a page of "My orders" costs a customer who has very many, on both stores.

usage: pages.py [--orders N] [--rounds N] [--only sqlite|dynamodb]

One customer has N orders (100,000), in SQLite and in DynamoDB Local (a table on disk).  All of them are
walked through orders.fcgi as CGI in pages of 100, while another order is added after each page: each of
the N has to come once, in order.  Then pages of 20 are asked for at the beginning, in the middle and at
the end of the list, in turn: the median time of the whole process, the queries and the bytes that
DynamoDB answered.  Cost is constant if the three rows are alike.
"""
import argparse
import os
import statistics
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
for folder in ("http", "dynamodb", "lib"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

import kit  # noqa: E402
import local  # noqa: E402
from login import jwt  # noqa: E402
from orders import order, put  # noqa: E402

SECRET = "the-secret-of-the-login-that-the-tests-use"
NOW = int(time.time())
BATCH = 25
OTHERS = ("session", "payment", "number", "day")


def order_of(n):
    return order(f"cs_test_{n:06d}", NOW - 300 * n, "ann")


class OnFile:
    name = "SQLite"

    def __init__(self):
        self.shop = kit.Shop(sim=False, JWT_SECRET=SECRET)

    def put(self, orders):
        put(self.shop, *orders, without=OTHERS)

    def forget(self):
        pass

    def cost(self):
        return ""

    def close(self):
        self.shop.close()


class OnTable:
    name = "DynamoDB Local"

    def __init__(self):
        self.db = local.Local(kept=True)
        self.proxy = local.Proxy(self.db.port)
        self.shop = kit.TableShop(self.db, self.proxy.base, sim=False, JWT_SECRET=SECRET)

    def put(self, orders):
        """As BatchWriteItem; what it did not take is put again."""
        for at in range(0, len(orders), BATCH):
            left = {self.shop.table: [{"PutRequest": {"Item": local.to_item(o)}} for o in orders[at:at + BATCH]]}
            while left:
                left = self.db.call("BatchWriteItem", RequestItems=left).get("UnprocessedItems")

    def forget(self):
        self.proxy.mend()

    def cost(self):
        return ", ".join(f"{count} {operation}" for operation, count in sorted(self.proxy.calls.items()))

    def close(self):
        self.shop.close()
        self.proxy.close()
        self.db.close()


def ask(store, limit, cursor):
    token = jwt({"sub": "ann", "exp": NOW + 86400}, SECRET)
    answer = store.shop.cgi("orders", None, "GET", SCRIPT_NAME="/orders", HTTP_AUTHORIZATION="Bearer " + token,
                            QUERY_STRING=f"limit={limit}" + (f"&cursor={cursor}" if cursor else ""))
    assert answer.status == 200, answer
    return answer.json


def walk(store, count):
    """All pages of 100, with an order added between each two; gives the pages' cursors."""
    found, cursors = [], [None]
    while True:
        page = ask(store, 100, cursors[-1])
        found += [o["orderId"] for o in page["orders"]]
        if page["nextCursor"] is None:
            break
        cursors.append(page["nextCursor"])
        adding = threading.Thread(target=store.put, args=([order_of(-len(cursors))],))
        adding.start()  # while the next page is read
        if len(cursors) % 100 == 0:
            adding.join()
    wanted = [f"cs_test_{n:06d}" for n in range(count)]
    assert found == wanted, f"{len(found)} came, {len(set(found))} different, {count} are there"
    return cursors


def measure(store, count, rounds):
    begun = time.monotonic()
    for at in range(0, count, 5000):
        store.put([order_of(n) for n in range(at, min(count, at + 5000))])
    print(f"{store.name}: {count} orders, put in {time.monotonic() - begun:.0f} s", flush=True)
    begun = time.monotonic()
    cursors = walk(store, count)
    took = time.monotonic() - begun
    print(f"  walked by {len(cursors)} pages of 100 in {took:.0f} s ({1000 * took / len(cursors):.1f} ms each), "
          f"{len(cursors) - 1} orders added meanwhile: none twice, none missing", flush=True)
    places = {"first": None, "middle": cursors[len(cursors) // 2], "last": cursors[-1]}
    times, costs = {p: [] for p in places}, {}
    for _ in range(rounds):
        for place, cursor in places.items():
            store.forget()
            start = time.perf_counter()
            page = ask(store, 20, cursor)
            times[place].append(1000 * (time.perf_counter() - start))
            assert len(page["orders"]) == 20
            costs[place] = store.cost()
    for place, ms in times.items():
        print(f"  {place:6} page of 20: median {statistics.median(ms):.1f} ms of {rounds} {costs[place]}", flush=True)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--orders", type=int, default=100000)
    options.add_argument("--rounds", type=int, default=40)
    options.add_argument("--only", choices=("sqlite", "dynamodb"))
    chosen = options.parse_args()
    for word, make in (("sqlite", OnFile), ("dynamodb", OnTable)):
        if chosen.only in (None, word):
            store = make()
            try:
                measure(store, chosen.orders, chosen.rounds)
            finally:
                store.close()


if __name__ == "__main__":
    main()
