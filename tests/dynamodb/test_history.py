#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap orders` and `show` on DynamoDB say what they say on SQLite; of JSON the order of members
does not count, for DynamoDB has none."""
import json

import kit
import local
from orders import at, items_of, order, put
from tap import contains, equal, main, ok, test

local.need()

NOON = at("2024-11-26 12:00:00")
ORDERS = [order(f"cs_test_n{n:03}", NOON + n * 600, user=("A@x.example", "a@x.example", "zoë#1")[n % 3],
                status=("completed", "pending", "refunded")[n % 3], customerName="東京 花子")
          for n in range(230)]

db = local.at_hand()
proxy = local.Proxy(db.port)
on_file = kit.Shop(sim=False)
kit.run_command(on_file, "init")
put(on_file, *ORDERS)
on_table = kit.TableShop(db, proxy.base, sim=False)
for one in ORDERS:
    for item in items_of(one):
        db.put(on_table.table, item)


def same(*args, code=0):
    """What both say."""
    proxy.mend()
    file, table = (kit.run_command(shop, *args) for shop in (on_file, on_table))
    equal((table.returncode, table.stderr), (code, file.stderr), " ".join(args))
    equal(file.returncode, code, file.stderr)
    read = json.loads if "--json" in args else str
    ok(read(table.stdout) == read(file.stdout), f"{args}: {table.stdout[:999]} {file.stdout[:999]}")
    return table.stdout


ALL = ("--since", "2024-11-20", "--until", "2024-11-30")


@test
def _():
    "orders are the same by day, by user and by status, in each format"
    equal(same("orders", "--json", *ALL).count("\n"), 232)
    equal(len(same("orders", "--csv", "--user", "A@x.example").splitlines()), 155)
    equal(same("orders", "--day", "2024-11-27", "--limit", "0").count("BC-N"), 144)
    same("orders", "--user", "zoë#1")
    same("orders", "--status", "pending,disputed", "--json", *ALL)
    same("orders", "--user", "A@x.example", "--since", "2024-11-27", "--until", "2024-11-27", "--csv")
    equal(same("orders", "--json", "--user", "nobody"), "[]\n")
    same("orders", "--limit", "3", *ALL)


@test
def _():
    "an order is found by number, id and payment, without a scan"
    for name in ("n007", "bc-N007", "cs_test_n007", "pi_n007"):
        contains(same("show", name), "BC-N007")
        ok("Scan" not in proxy.calls, proxy.calls)
    for name in ("nope", "cs_test_nope", "pi_nope", "#", "x" * 300, "ß"):
        same("show", name, code=1)
    same("show", "--json", "n001", "nope", "n002", code=1)


@test
def _():
    "two hundred orders cost a query a hundred and a day, and a read a hundred"
    same("orders", "--json", "--since", "2024-11-26", "--until", "2024-11-28")
    equal((proxy.calls["Query"], proxy.calls["BatchGetItem"]), (4, 4))


@test
def _():
    "a table that is not there is said in one line"
    run = kit.run_command(on_table, "orders", COMMERCE_TABLE="no-such-table")
    equal((run.returncode, run.stdout, run.stderr.count("\n")), (1, "", 1), run.stderr)
    contains(run.stderr, "COMMERCE_TABLE names a table that is not in this region")


def cleanup():
    on_file.close()
    on_table.close()
    proxy.close()
    db.close()


main(cleanup)
