#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap orders --by month|product`: what paid orders come to, by currency, and nothing twice."""
import csv
import io
import json
import os
import random
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import COMMAND, contains, equal, lacks, main, ok, test  # noqa: E402
from orders import DAY, at, iso, lambda_order, order, today  # noqa: E402
from orders_kit import Screen, Shops  # noqa: E402
from tap import SLOW  # noqa: E402

shops = Shops()
another = shops.new
NOON = at("2026-10-15 12:00:00")
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
ALL = ("--since", "2026-01-01", "--until", "2026-12-31")


def report(where, by, *args, **variables):
    return json.loads(where.run("orders", "--by", by, "--json", *(args or ALL), **variables).out)


def sums(row):
    return {k: row[k] for k in ("orders", "quantity", "gross", "refunded", "lost", "fees", "net")}


def of(orders, quantity, gross, refunded=0, lost=0, fees=0):
    return {"orders": orders, "quantity": quantity, "gross": gross, "refunded": refunded, "lost": lost,
            "fees": fees, "net": gross - refunded - lost - fees}


FEE = {"amountFee": 300, "settlementCurrency": "usd"}


# --- months -------------------------------------------------------------------------------------

@test
def _():
    "a month has what its paid orders came to: things sold, gross, refunds, lost disputes, fees and net"
    made = another(
        order("cs_live_1", NOON, livemode=True, **FEE),
        order("cs_live_2", NOON + 1, livemode=True, status="partially_refunded", amountRefunded=500, **FEE),
        order("cs_live_3", NOON + 2, livemode=True, dispute={"status": "lost", "amount": 8500}),
        order("cs_live_4", NOON + 3, livemode=True, status="pending", stripePaymentStatus="unpaid"),
        order("cs_live_5", NOON + 4, livemode=True, status="failed"),
        order("cs_live_6", NOON - 40 * DAY, livemode=True))
    got = report(made, "month")
    equal([(r["month"], r["currency"], r["livemode"]) for r in got],
          [("2026-10", "usd", True), ("2026-09", "usd", True)])
    equal([sums(r) for r in got], [of(3, 9, 25500, 500, 8500, 600), of(1, 3, 8500)])


@test
def _():
    "currencies are apart, test money is apart, and a fee is in the currency in which it was settled"
    made = another(
        order("cs_live_1", NOON, livemode=True, amountFee=400, settlementCurrency="cad"),
        order("cs_live_2", NOON, livemode=True, currency="EUR", amount=1000, **FEE),
        order("cs_live_3", NOON, livemode=True, currency="eur", amount=200),
        order("cs_test_4", NOON, amount=7))
    equal({(r["livemode"], r["currency"]): sums(r) for r in report(made, "month")},
          {(True, "usd"): of(1, 3, 8500, fees=300), (True, "cad"): of(0, 0, 0, fees=400),
           (True, "eur"): of(2, 6, 1200), (False, "usd"): of(1, 3, 7)})
    out = made.run("orders", "--by", "month", *ALL).out
    equal([line.split() for line in out.splitlines()],
          [["MONTH", "MODE", "CURRENCY", "ORDERS", "QUANTITY", "GROSS", "REFUNDED", "FEES", "NET"],
           ["2026-10", "CAD", "0", "0", "0.00", "0.00", "4.00", "-4.00"],
           ["2026-10", "EUR", "2", "6", "12.00", "0.00", "0.00", "12.00"],
           ["2026-10", "USD", "1", "3", "85.00", "0.00", "3.00", "82.00"],
           ["2026-10", "test", "USD", "1", "3", "0.07", "0.00", "0.00", "0.07"]])


@test
def _():
    "in a live shop test money is in no sum unless it is asked for"
    made = another(order("cs_live_1", NOON, livemode=True), order("cs_test_2", NOON))
    live = {"STRIPE_SECRET": "sk_live_1", "CHECKOUT_SUCCESS_URL": None,
            "CHECKOUT_CANCEL_URL": None, "CORS_ALLOW_ORIGIN": None}
    run = made.run("orders", "--by", "month", "--json", *ALL, **live)
    equal([r["livemode"] for r in json.loads(run.out)], [True])
    contains(run.err, "1 test orders are in no sum: --test sums test orders")
    equal([r["livemode"] for r in report(made, "month", *ALL, "--test", **live)], [False])
    equal([r["livemode"] for r in report(made, "month")], [True, False])
    equal(another(order("cs_live_1", NOON, livemode=True)).run("orders", "--by", "month", *ALL, **live).err, "")


@test
def _():
    "a month is one of the zone of TZ, and of the payment where --paid asks"
    night = at("2026-10-31 23:30:00")
    made = another(order("cs_test_1", night), order("cs_test_2", night - DAY, completedAt=iso(night)))
    equal([r["month"] for r in report(made, "month")], ["2026-10"])
    equal([(r["month"], r["orders"]) for r in report(made, "month", *ALL, TZ=BERLIN)],
          [("2026-11", 1), ("2026-10", 1)])
    equal([(r["month"], r["orders"]) for r in report(made, "month", *ALL, "--paid", TZ=BERLIN)],
          [("2026-11", 2)])
    equal([(r["month"], r["orders"]) for r in report(made, "month", "--month", "2026-11", TZ=BERLIN)],
          [("2026-11", 1)])


@test
def _():
    "without days --by month has the last twelve months, whole ones"
    now = today()
    made = another(order("cs_test_1", now), order("cs_test_2", now - 300 * DAY), order("cs_test_3", now - 400 * DAY))
    equal(sum(r["orders"] for r in report(made, "month", "--status", "completed")), 2)
    equal(sum(r["orders"] for r in report(made, "product", "--status", "completed")), 2)


@test
def _():
    "of an order that was captured in part its gross is that part, and what was not is no product's"
    made = another(order("cs_test_1", NOON, amount=1000, amountCaptured=600, itemCount=1, items=[
        {"name": "Ring", "amountTotal": 1000, "currency": "usd"}]))
    equal([sums(r) for r in report(made, "month")], [of(1, 1, 600)])
    equal({r["product"]: sums(r) for r in report(made, "product")},
          {"Ring": of(1, 1, 1000), "(other)": of(1, 0, -400)})


@test
def _():
    "of an order of which more was captured than it was made for its gross is that, and the sums of the list have it"
    made = another(order("cs_test_1", NOON, amount=1000, amountCaptured=1200, amountRefunded=1100, itemCount=1,
                         status="partially_refunded", items=[{"name": "Ring", "amountTotal": 1000, "currency": "usd"}]))
    equal([sums(r) for r in report(made, "month")], [of(1, 1, 1200, 1100)])
    equal({r["product"]: sums(r)["gross"] for r in report(made, "product")}, {"Ring": 1000, "(other)": 200})
    contains(made.run("orders", *ALL).out, "\n12.00 USD, refunded 11.00 USD, net 1.00 USD\n")


@test
def _():
    "a fee of 0 in another currency makes no row, and the fee of an order that cost nothing is not lost"
    made = another(order("cs_test_1", NOON, currency="eur", amount=1000, amountFee=0, settlementCurrency="usd"),
                   order("cs_test_2", NOON, amount=0, itemCount=0, items=[], **FEE))
    equal({r["currency"]: sums(r) for r in report(made, "month")},
          {"eur": of(1, 3, 1000), "usd": of(1, 0, 0, fees=300)})
    equal([(r["product"], r["currency"], r["fees"]) for r in report(made, "product")],
          [("Red Necklace", "eur", 0), ("Silver Ring", "eur", 0), ("(other)", "eur", 0), ("(other)", "usd", 300)])


@test
def _():
    "a user's months are all, also those of years ago"
    made = another(order("cs_test_1", NOON - 1000 * DAY), order("cs_test_2", NOON))
    equal([r["orders"] for r in report(made, "month", "--user", "user_1")], [1, 1])


@test
def _():
    "an order that its day names and that is not there is said, as its money is in no sum"
    made = another(order("cs_test_1", NOON), order("cs_test_2", NOON))
    with sqlite3.connect(made.db) as db:
        db.execute("DELETE FROM items WHERE sk LIKE '%cs_test_2' AND pk LIKE 'USER%'")
    run = made.run("orders", "--by", "month", "--json", *ALL)
    equal([r["orders"] for r in json.loads(run.out)], [1])
    contains(run.err, "1 orders are in the list of their day, but not in the store")


# --- products -----------------------------------------------------------------------------------

@test
def _():
    "a product is known by its sku, else by its name; shipping and the rest have rows of their own"
    made = another(
        order("cs_test_1", NOON + 1, amount=9500, amountShipping=900, items=[
            {"name": "New Name", "sku": "N", "quantity": 2, "amountTotal": 6000, "currency": "usd"},
            {"name": "Ring", "quantity": 1, "amountTotal": 2500, "currency": "usd"}]),
        order("cs_test_2", NOON, amount=3000, items=[
            {"name": "Old Name", "sku": "N", "quantity": 1, "amountTotal": 1000},
            {"name": "Older Name", "sku": "N", "quantity": 1, "amountTotal": 2000}]))
    got = report(made, "product")
    equal([(r["product"], r.get("sku")) for r in got],
          [("New Name", "N"), ("Ring", None), ("(shipping)", None), ("(other)", None)])
    equal([sums(r) for r in got], [of(2, 4, 9000), of(1, 1, 2500), of(1, 0, 900), of(1, 0, 100)])


@test
def _():
    "what sold most is first and what is no product last, and a name is no other product's sku"
    made = another(order("cs_test_1", NOON, amount=10000, amountShipping=5000, items=[
        {"name": "(Gold) Ring", "sku": "R", "quantity": 1, "amountTotal": 2000, "currency": "usd"},
        {"name": "R", "quantity": 1, "amountTotal": 1000, "currency": "usd"}]))
    equal([(r["product"], r.get("sku"), r["gross"]) for r in report(made, "product")],
          [("(Gold) Ring", "R", 2000), ("R", None, 1000), ("(shipping)", None, 5000), ("(other)", None, 2000)])


@test
def _():
    "refunds and fees are divided by the lines' shares, and the parts come to the whole"
    made = another(order("cs_test_1", NOON, amount=1000, amountRefunded=100, amountFee=10,
                         settlementCurrency="usd", status="partially_refunded", items=[
                             {"name": n, "quantity": 1, "amountTotal": t, "currency": "usd"}
                             for n, t in (("a", 333), ("b", 333), ("c", 334))]))
    got = {r["product"]: sums(r) for r in report(made, "product")}
    equal(got, {"a": of(1, 1, 333, 33, fees=3), "b": of(1, 1, 333, 33, fees=3), "c": of(1, 1, 334, 34, fees=4)})


@test
def _():
    "by product and by month the same orders come to the same, whatever they are made of"
    dice = random.Random(7)
    made = []
    for n in range(300):
        lines = [{"name": f"P{dice.randrange(9)}", "quantity": dice.randrange(4),
                  "amountTotal": dice.randrange(5000), "currency": dice.choice(["usd", "usd", "eur"])}
                 for _ in range(dice.randrange(5))]
        amount = dice.randrange(20000)
        made.append(order(
            f"cs_test_r{n:03}", NOON - dice.randrange(80) * DAY + n, amount=amount, items=lines,
            amountShipping=dice.randrange(800), currency=dice.choice(["usd", "eur", "jpy"]),
            amountRefunded=dice.randrange(amount + 1), amountFee=dice.randrange(500),
            settlementCurrency=dice.choice(["usd", "eur"]), livemode=dice.random() < 0.5,
            status=dice.choice(["completed", "partially_refunded", "refunded", "pending"]),
            dispute={"status": dice.choice(["lost", "won"]), "amount": dice.randrange(9000)}))
    where = another(*made)

    def total(by):
        found = {}
        for row in report(where, by):
            key = (row["livemode"], row["currency"])
            for name in ("gross", "refunded", "lost", "fees", "net"):
                found[key, name] = found.get((key, name), 0) + row[name]
        return found

    months = total("month")
    equal(total("product"), months)
    ok(all(months[k, "net"] == months[k, "gross"] - months[k, "refunded"] - months[k, "lost"] -
           months[k, "fees"] for k, _ in months), str(months))


@test
def _():
    "more products than there is room for are one, and nothing is lost"
    made = another(*[order(f"cs_test_m{n:03}", NOON + n, amount=101, items=[
        {"name": f"thing {n} {i}", "quantity": 1, "amountTotal": 1} for i in range(101)]) for n in range(101)])
    got = report(made, "product")
    equal((len(got), sum(r["gross"] for r in got), sum(r["quantity"] for r in got)), (10001, 10201, 10201))
    more, = [r for r in got if r["product"] == "(more products)"]
    equal(more["gross"], 201)


@test
def _():
    "orders of the Lambda functions count by their unit prices, and an order without lines as other"
    made = another(order("cs_test_none", NOON, items=[], itemsPending=True))
    made.store(lambda_order("cs_test_old1", NOON))
    got = {r["product"]: sums(r) for r in report(made, "product", "--user", "user_old")}
    equal(got, {"Red Necklace": of(1, 2, 6000), "(other)": of(1, 0, 2500)})
    equal({r["product"]: sums(r) for r in report(made, "product")}, {"(other)": of(1, 0, 8500)})
    equal([sums(r) for r in report(made, "month", "--user", "user_old")], [of(1, 2, 8500)])


# --- formats ------------------------------------------------------------------------------------

@test
def _():
    "CSV has plain amounts and a guarded name, and JSON [] where there is nothing"
    made = another(order("cs_live_1", NOON, livemode=True, amount=123456789, items=[
        {"name": "=1+1", "quantity": 1, "amountTotal": 123456789}]))
    for by, head, row in (
            ("product", "product,sku,livemode,currency,orders,quantity,gross,refunded,lost,fees,net",
             "'=1+1,,true,USD,1,1,1234567.89,0.00,0.00,0.00,1234567.89"),
            ("month", "month,livemode,currency,orders,quantity,gross,refunded,lost,fees,net",
             "2026-10,true,USD,1,1,1234567.89,0.00,0.00,0.00,1234567.89")):
        equal(made.run("orders", "--by", by, "--csv", *ALL).out, f"{head}\r\n{row}\r\n")
        ok(made.run("orders", "--by", by, "--csv", "--bom", *ALL).out.startswith("\ufeff" + head), by)
        equal(report(made, by, "--day", "2001-01-01"), [])
        equal(made.run("orders", "--by", by, "--day", "2001-01-01").out, "")
    less = another(order("cs_test_1", NOON, currency="eur", amount=5, **FEE))
    contains(less.run("orders", "--by", "month", "--csv", *ALL).out, "USD,0,0,0.00,0.00,0.00,3.00,-3.00\r\n")
    rows = csv.reader(io.StringIO(made.run("orders", "--by", "month", "--csv", *ALL).out))
    equal(len({len(r) for r in rows}), 1)


@test
def _():
    "what --by can't be is wrong usage, and sums that can't be counted say so"
    made = another(*[order(f"cs_test_{n}", NOON, amount=2**62) for n in range(3)])
    for text in ("day", "Month", "", "months"):
        run = made.run("orders", f"--by={text}", code=2)
        contains(run.err, "--by")
    for more in (["--limit", "5"], ["--csv", "--lines"]):
        contains(made.run("orders", "--by", "month", *more, code=2).err, "--by excludes")
    contains(made.run("orders", "--by", "month", *ALL).out, "too much")
    lacks(json.dumps(report(made, "month")), "gross")
    made = another(order("cs_test_1", NOON, items=[
        {"name": name, "quantity": 1, "amountTotal": 9 * 10**18, "currency": "usd"} for name in "ab"]))
    said = made.run("orders", "--by", "product", *ALL).out
    equal(said.count("too much"), 2)  # the second line's, and what is left
    lacks(said, "4,467,440,737")  # what is left of one order, less the two, in 64 bits


@test
def _():
    "a store that fails in the middle gives no sums at all"
    made = another(*[order(f"cs_test_{n}", NOON - n * DAY) for n in range(3)])
    made.store({**order("cs_test_bad", NOON - DAY)})
    with sqlite3.connect(made.db) as db:
        db.execute("UPDATE items SET item = '{' WHERE sk LIKE '%cs_test_1' AND pk LIKE 'USER%'")
    run = made.run("orders", "--by", "month", *ALL, code=1)
    equal((run.out, run.err.count("\n")), ("", 1))


def flat_memory():
    "a report needs the memory of its rows, however many orders there are"
    def memory(orders):
        made = another(*[order(f"cs_test_m{n:05}", NOON - n % 40 * DAY - n) for n in range(orders)])
        measure = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, "
                   "stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        return int(subprocess.run([sys.executable, "-c", measure, COMMAND, "orders", "--by", "month", *ALL],
                                  env=made.environment(), check=True, capture_output=True).stdout)

    few, many = memory(500), memory(8000)
    ok(many - few < 3000, f"{few} KB for 500 orders, {many} KB for 8,000")


with open(COMMAND, "rb") as program:
    if not SLOW and b"__asan_init" not in program.read():  # sanitizers have memory of their own
        test(flat_memory)


@test
def _():
    "on a narrow terminal the net stays, whatever else goes"
    made = another(order("cs_live_1", NOON, livemode=True, amount=123456789, **FEE))
    for columns in (120, 80, 60, 40, 30):
        lines = Screen(made, columns, "orders", "--by", "product", *ALL).lines
        ok(all(len(line) <= columns for line in lines), f"{columns}: {lines}")
        ok(lines[0].endswith("NET"), lines[0])


main(shops)
