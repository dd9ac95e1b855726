#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Commands on items that no program of ours wrote: the Lambda functions, a script of the owner's, or somebody
who edited the table.

Whatever an attribute is, no command dies of it; what it can't do it says, naming the item; and what only reads,
or fails, changes nothing.  ORDERSNAP_FAULTS=1 tries each kind of value for each attribute.
"""
import contextlib
import itertools
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import CommandShop, contains, equal, lacks, main, ok, test  # noqa: E402
from kit import case  # noqa: E402
from orders import at, items_of, order  # noqa: E402
from table import Table  # noqa: E402

NOON = at("2024-11-26 12:00:00")
ALL = bool(os.environ.get("ORDERSNAP_FAULTS"))
MARKED = [("status",), ("orderNumber",), ("stripeSessionId",), ("version",), ("tracking",)]  # what it reads


def nested(depth):
    return {"a": nested(depth - 1)} if depth else [None]


class Raw(str):
    """A number as it stands in the text."""


ODD = [None, "", 7, -1, 1.5, "text", "\x1b[2J", True, [], {}, [None], [7], {"a": None}, nested(40), "x" * 3000,
       2**63 - 1, -2**63, Raw("1" * 40), Raw("1e999"), "2026-13-45T00:00:00Z", "\0", [[]], "\u202e", False]

WHOLE = {
    "customerPhone": "+1", "shippingAddress": {"name": "A", "line1": "l", "city": "c", "country": "US"},
    "billingAddress": {"name": "B"}, "payment": {"type": "card", "brand": "visa", "last4": "4242"},
    "refunds": [{"id": "re_1", "amount": 5, "currency": "usd", "status": "succeeded",
                 "createdAt": "2024-11-27T00:00:00Z"}],
    "disputes": [{"id": "dp_1", "amount": 5, "currency": "usd", "status": "lost"}], "amountRefunded": 5, "amountFee": 3,
    "dispute": {"id": "dp_1", "amount": 5, "currency": "usd", "status": "lost"}, "amountNet": 4, "amountCaptured": 8500,
    "settlementCurrency": "eur", "presentment": {"amount": 5, "currency": "gbp"}, "guest": True, "unconfirmed": True,
    "discounts": [{"code": "A", "name": "n", "amount": 1}], "taxes": [{"name": "VAT", "rate": "19", "amount": 2}],
    "shippingRate": {"id": "s", "name": "Post", "amount": 3},
    "customFields": [{"key": "k", "label": "L", "value": "v"}],
    "customerTaxIds": [{"type": "eu_vat", "value": "DE1"}], "consent": {"promotions": "opt_in"}, "metadata": {"a": "b"},
    "itemsPending": True, "expiresAt": 4102444800, "customerBusinessName": "Biz",
    "tracking": {"carrier": "DHL", "number": "1", "url": "https://x", "status": "shipped"}, "userKind": "guest"}


def text_of(value):
    """As JSON, a Raw as it is."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k) + ":" + text_of(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(text_of, value)) + "]"
    return json.dumps(value)


def places(whole):
    """Where something can be odd: (attribute,), and (attribute, member) of what is in it."""
    for name, value in whole.items():
        yield (name,)
        inner = value[0] if isinstance(value, list) and value else value
        yield from ((name, member) for member in inner) if isinstance(inner, dict) else ()


def with_odd(item, place, value):
    item = json.loads(json.dumps(item))
    to = item
    if len(place) > 1:
        to = item[place[0]][0] if isinstance(item[place[0]], list) else item[place[0]]
    if value is ...:
        del to[place[-1]]
    else:
        to[place[-1]] = value
    return item


def pairs(whole, without=()):
    """Each place with some odd values, or all, and with nothing at all."""
    values = itertools.cycle(ODD)
    for place in places(whole):
        if place[0] not in without:
            odd = ODD if ALL else itertools.islice(values, 1 if len(place) > 1 else 3)
            yield from ((place, value) for value in (*odd, ...))


def store(shop, items):
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        db.executemany("INSERT OR REPLACE INTO items (pk, sk, item) VALUES (?, ?, ?)",
                       [(i["PK"], i["SK"], text_of(i)) for i in items])


def rows(shop):
    with contextlib.closing(sqlite3.connect(shop.db)) as db:
        return sorted(db.execute("SELECT pk, sk, item FROM items").fetchall())


def said(shop, *args, writes=False, **more):
    """What a command says: it ends by itself, and is plain text; what only reads changes nothing."""
    before = None if writes else rows(shop)
    run = shop.run(*args, code=None, **more)
    ok(run.code in (0, 1), f"{args[:1]} {run}")
    for text in ("(null)", "Sanitizer", "runtime error", *(() if args[0] == "export" else ("\x1b", "\u202e"))):
        lacks(run.out + run.err, text)
    ok(run.code == 0 or run.err, f"{args[:1]} fails without a word")
    if before:
        equal(rows(shop), before, f"after {args[:1]}")
    return run


ODD_PLACES = list(pairs(order("cs_test_odd", NOON, **WHOLE), without=("PK", "SK")))
shop = CommandShop(sim=False)
shop.run("init")
numbers = []
for n, (PLACE, VALUE) in enumerate(ODD_PLACES):
    made = order(f"cs_test_odd{n:05d}", NOON + n, user=f"user{n}@shop.example", **WHOLE)
    numbers.append(made["orderNumber"])
    odd = with_odd(made, PLACE, VALUE)
    store(shop, [odd if item is made else item for item in items_of(made)])
ok(len(numbers) > 250, f"{len(numbers)} odd orders")


def of(number):
    place, value = ODD_PLACES[numbers.index(number)]
    return f"{place} = {'nothing' if value is ... else text_of(value)[:60]}"


def unnamed(err, names):
    """Lines of complaint that name none of the orders."""
    return [line for line in err.splitlines() if line and not any(n in line or "odd" + n[-5:] in line for n in names)]


for ARGS in (["orders", "--since", "2024-11-25"], ["orders", "--since", "2024-11-25", "--json"],
             ["orders", "--since", "2024-11-25", "--csv", "--lines"],
             ["orders", "--by", "month", "--since", "2024-11-25"],
             ["orders", "--by", "product", "--since", "2024-11-25"], ["orders", "--unshipped", "--since", "2024-11-25"],
             ["adopt", "--dry-run"]):
    @case(f"{' '.join(a for a in ARGS if a[0] != '2')}: odd orders are listed with the others")
    def _(args=ARGS):
        run = said(shop, *args)
        equal(run.code, 0, run.err)


for ARGS in ([], ["--json"], ["--csv", "--lines"]):
    @case(f"show {' '.join(ARGS)}: an odd order is shown, or its name is said")
    def _(args=ARGS):
        for at_once in range(0, len(numbers), 900):
            names = numbers[at_once:at_once + 900]
            run = said(shop, "show", *args, *names)
            equal(unnamed(run.err, names), [], "complaints without a name")


@test
def _():
    "an export of odd items is taken by an import, which finds all of them there"
    run = said(shop, "export")
    equal(run.code, 0, run.err)
    again = said(shop, "import", "--dry-run", input=run.out)
    equal(again.code, 0, again.err)


@test
def _():
    "a mark on an odd order is made, or the order named and nothing changed"
    for number, (place, _) in zip(numbers, ODD_PLACES):
        if not ALL and place not in MARKED:
            continue
        before = rows(shop)
        run = said(shop, "mark", number, "shipped", "T1", writes=True)
        if run.code:
            equal(unnamed(run.err, [number]), [], f"{of(number)}: {run.err}")
            equal(rows(shop), before, of(number))


@test
def _():
    "the person of an odd order is erased, or the order named"
    for args in (["--dry-run"], ["--yes"]):
        run = said(shop, "erase", *args, *numbers[:900], writes=args == ["--yes"])
        complaints = [line for line in run.err.splitlines() if line.startswith("ordersnap erase: ")]
        equal(unnamed("\n".join(complaints[:-1]), numbers), [], "complaints without a name")


@test
def _():
    "an order that stands twice and has no number is told by its session"
    made = CommandShop(sim=False)
    made.run("init")
    try:
        twice = [{"PK": "USER#" + user, "SK": f"ORDER#{NOON}#cs_test_twice", "status": "completed",
                  "stripePaymentIntentId": "pi_1"} for user in ("a", "b")]
        store(made, [*twice, {"PK": "PAYMENT#pi_1", "SK": "METADATA", "orderPK": "USER#b", "orderSK": twice[1]["SK"]}])
        contains(made.run("adopt", "--dry-run").err, "order ? (cs_test_twice) stands twice")
    finally:
        made.close()


# --- the outbox --------------------------------------------------------------------------------------

NOTE = {"PK": "OUTBOX", "id": "ntf_1", "orderId": "cs_test_abc", "orderNumber": "BC-ABC", "events": ["paid"],
        "createdAt": "2024-11-26T12:00:00Z", "attempts": 1, "dueAt": NOON, "version": 1, "error": "x"}


@test
def _():
    "odd notifications are listed, tried, tried again and forgotten"
    made = CommandShop(sim=False, ORDER_HOOK="/bin/true")
    made.run("init")
    notes = [{**with_odd(NOTE, place, value), "SK": f"{lane}#{1732622400 + n:010d}#ntf_{n}"}
             for n, (place, value) in enumerate(pairs(NOTE, without=("PK",))) for lane in ("NEW", "AGAIN", "GIVEN_UP")]
    store(made, notes)
    try:
        for args in (["--list"], ["--list", "--json"], ["--dry-run"]):
            equal(said(made, "notify", *args).code, 0)
        said(made, "notify", "--limit", 5, writes=True)
        for args in (["--retry", "waiting"], ["--retry", "all"], ["--forget", "all"], ["--forget", "waiting"]):
            said(made, "notify", *args, writes=True)
        equal(said(made, "notify", "--list").out, "", "what is left")
    finally:
        made.close()


# --- rows and attributes that are none ---------------------------------------------------------------

def refused(shop, *names, what, **more):
    for args in (["show", "BC-BAD"], ["mark", "BC-BAD", "shipped"], ["erase", "--yes", "BC-BAD"], ["export"]):
        run = shop.run(*args, code=1, **more)
        contains(run.err, what)
        lacks(run.err, "not an error")


@test
def _():
    "a row of the file that is no item is named by each command that meets it"
    made = CommandShop(sim=False)
    made.run("init")
    bad = order("cs_test_bad", NOON)
    try:
        for text in ("{broken", "7", "null", "[]", ""):
            store(made, items_of(bad))
            with contextlib.closing(sqlite3.connect(made.db)) as db, db:
                db.execute("UPDATE items SET item = ? WHERE pk = 'USER#user_1'", (text,))
            refused(made, what=f"what stands under USER#user_1, ORDER#{NOON}#cs_test_bad is no item")
    finally:
        made.close()


@test
def _():
    "an item of DynamoDB that is none is named by each command that meets it"
    table, bad = Table(), order("cs_test_bad", NOON)
    made = CommandShop(sim=False, **table.settings())

    def wire(value):
        kind = {str: "S", int: "N", bool: "BOOL", dict: "M", list: "L"}[type(value)]
        inner = {"M": lambda v: {k: wire(x) for k, x in v.items()}, "L": lambda v: [wire(x) for x in v], "N": str}
        return {kind: inner.get(kind, lambda v: v)(value)}
    try:
        for attribute in ({"N": None}, {"N": "many"}, {"L": {}}, {"Q": 1}, 7, None):
            for item in items_of(bad):
                table.put({k: wire(v) for k, v in item.items()})
            table.raw["USER#user_1", bad["SK"]]["note"] = attribute
            before = dict(table.raw)
            refused(made, what=f"what stands under USER#user_1, {bad['SK']} is no item")
            equal(table.raw, before)
    finally:
        made.close()
        table.close()


main(shop)
