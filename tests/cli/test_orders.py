#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap orders`: which orders it lists, in what order, and how a table, JSON and CSV look."""
import csv
import io
import json
import os
import sqlite3
import subprocess
import sys
import unicodedata

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import COMMAND, contains, equal, lacks, lib, main, ok, test  # noqa: E402
from orders import DAY, at, day_of, lambda_order, order, put, today  # noqa: E402
from orders_kit import Screen, Shops  # noqa: E402

shops = Shops()
another = shops.new
shop = another()


def listed(where, *args):
    """The ids of what is listed, without `cs_test_`."""
    return [o["orderId"][8:] for o in json.loads(where.run("orders", "--json", *args).out)]


def rows(where, *args):
    """The lines of the table alone."""
    return where.run("orders", *args).out.split("\n\n")[0].splitlines()


def cells(where, *args):
    text = where.run("orders", "--csv", *args).out
    return list(csv.DictReader(io.StringIO(text, newline="")))


def wrong(*args):
    run = shop.run("orders", *args, code=2)
    equal(run.out, "")
    contains(run.err, "usage: ordersnap orders")
    return run.err


# Noon of a day, so that no test depends on the time of the day.
NOON = at("2024-11-26 12:00:00")
days = another(*[order(f"cs_test_d{n}", NOON - n * DAY) for n in range(12)],
               order("cs_test_first", at("2024-11-26 00:00:00")),
               order("cs_test_last", at("2024-11-26 23:59:59")))


# --- days ---------------------------------------------------------------------------------------

@test
def _():
    "without options the orders of the last seven days are listed, today being one, newest first"
    week = another(order("cs_test_now", today()), order("cs_test_six", today() - 6 * DAY),
                   order("cs_test_seven", today() - 6 * DAY - 1),
                   order("cs_test_yesterday", today() - 1))
    equal(listed(week), ["now", "yesterday", "six"])
    equal(listed(week, "--day", "today"), ["now"])
    equal(listed(week, "--day", "yesterday"), ["yesterday"])
    equal(listed(week, "--since", "yesterday"), ["now", "yesterday"])
    equal(listed(week, "--until", "yesterday"), ["yesterday", "six", "seven"])
    equal(listed(week, "--day", day_of(today() - 7 * DAY)), ["seven"])


@test
def _():
    "a day is one of UTC, from its first second to its last"
    equal(listed(days, "--day", "2024-11-26"), ["last", "d0", "first"])
    equal(listed(days, "--day", "2024-11-25"), ["d1"])
    equal(listed(days, "--day", "2024-11-27"), [])
    for zone in ("America/New_York", "Asia/Tokyo", "UTC-14", "UTC+12"):
        equal([o["orderId"] for o in json.loads(
            days.run("orders", "--json", "--day", "2024-11-26", TZ=zone).out)],
            ["cs_test_last", "cs_test_d0", "cs_test_first"], zone)


@test
def _():
    "--since and --until count both their days"
    equal(listed(days, "--since", "2024-11-24", "--until", "2024-11-25"), ["d1", "d2"])
    equal(listed(days, "--since", "2024-11-25", "--until", "2024-11-25"), ["d1"])
    equal(listed(days, "--until", "2024-11-23"), [f"d{n}" for n in range(3, 10)])
    equal(listed(days, "--since", "2024-11-24"), ["last", "d0", "first", "d1", "d2"])
    equal(len(listed(days, "--since", "1970-01-01")), 14)


@test
def _():
    "what is no day is wrong usage that says what a day is"
    for text in ("2024-02-30", "2024-2-3", "24-02-03", "2024-13-01", "tomorrow", "Today", "20241126",
                 "2024-11-26 ", "2024-11-26T00:00:00Z", "2024-11-26x", "1969-12-31", "-1", "now"):
        for option in ("--day", "--since", "--until"):
            said = wrong(f"{option}={text}")
            contains(said, option)
            contains(said, "2024-11-26, today or yesterday")


@test
def _():
    "days that exclude each other are wrong usage"
    contains(wrong("--day", "today", "--since", "yesterday"), "--day excludes")
    contains(wrong("--day", "today", "--until", "today"), "--day excludes")
    contains(wrong("--since", "2024-11-26", "--until", "2024-11-25"), "after --until")
    contains(wrong("--since", "2999-01-01"), "after today")
    contains(wrong("--since", "2024-01-01", "--until", "9999-12-31"), "more than a century")
    contains(wrong("extra"), 'unexpected argument "extra"')


@test
def _():
    "wrong usage is said before the settings are read"
    contains(shop.run("orders", "--day", "x", code=2, COMMERCE_DB=None).err, "--day must be")
    contains(shop.run("orders", code=1, COMMERCE_DB=None).err, "COMMERCE_DB is not set")


# --- users --------------------------------------------------------------------------------------

@test
def _():
    "a user's orders are listed from all days, newest first, and nobody else's"
    users = another(order("cs_test_a", NOON), order("cs_test_b", NOON + 9000 * DAY),
                    order("cs_test_c", today()), order("cs_test_d", today(), user="user_10"),
                    order("cs_test_e", today(), user="user"))
    equal(listed(users, "--user", "user_1"), ["b", "c", "a"])
    equal(listed(users, "--user", " user_1 "), ["b", "c", "a"])
    equal(listed(users, "--user", "USER_1"), [])
    equal(listed(users, "--user", "nobody"), [])
    equal(listed(users, "--user", "user_1", "--day", "today"), ["c"])
    equal(listed(users, "--user", "user_1", "--since", "2024-11-27"), ["c"])
    equal(listed(users, "--user", "user_1", "--until", "2024-11-26"), ["a"])


@test
def _():
    "an e-mail address is looked up as it stands and in lower case, both merged by time"
    users = another(*[order(f"cs_test_{n}", NOON + n, user=u) for n, u in enumerate(
        ["Jane@Shop.Example", "jane@shop.example", "JANE@SHOP.EXAMPLE", "Jane@Shop.Example",
         "jane@shop.example"])])
    equal(listed(users, "--user", "Jane@Shop.Example"), ["4", "3", "1", "0"])
    equal(listed(users, "--user", "jane@shop.example"), ["4", "1"])
    equal(listed(users, "--user", "JANE@SHOP.EXAMPLE", "--limit", "2"), ["4", "2"])


@test
def _():
    "a user's id is encoded as in the key, and one that can't be is wrong usage"
    users = another(order("cs_test_hash", NOON, user="a#b"), order("cs_test_percent", NOON, user="a%23b"),
                    order("cs_test_umlaut", NOON, user="zoë"))
    equal(listed(users, "--user", "a#b"), ["hash"])
    equal(listed(users, "--user", "a%23b"), ["percent"])
    equal(listed(users, "--user", "zoë"), ["umlaut"])
    for user in ("x" * 257, "  ", "\udcff\udcfe"):
        contains(wrong("--user", user), "--user must be")


@test
def _():
    "orders of the Lambda functions are listed by user, though no day has an entry for them"
    old = another()
    old.store(lambda_order("cs_test_old1", NOON))
    old.store(lambda_order("cs_test_old2", NOON + 5))
    put(old, order("cs_test_new", NOON + 3, user="user_old"))
    equal(listed(old, "--user", "user_old"), ["old2", "new", "old1"])
    equal(listed(old, "--day", "2024-11-26"), ["new"])
    row = cells(old, "--user", "user_old")[0]
    equal((row["orderNumber"], row["amount"], row["itemCount"], row["items"], row["amountTax"]),
          ("BC-OLD2", "85.00", "2", "2 x Red Necklace", ""))
    contains(rows(old, "--user", "user_old")[1], "old@shop.example      2  85.00 USD  completed")


# --- status -------------------------------------------------------------------------------------

STATUSES = ("pending", "failed", "completed", "partially_refunded", "refunded")
states = another(
    *[order(f"cs_test_{s}", NOON + n, status=s) for n, s in enumerate(STATUSES)],
    order("cs_test_won", NOON + 10, dispute={"id": "dp_1", "status": "won"}),
    order("cs_test_late", NOON + 11, status="pending", itemsPending=True),
    order("cs_test_odd", NOON + 12, status="sent"))


@test
def _():
    "--status lists the orders that are in one of the states, by day and by user"
    for where in (["--day", "2024-11-26"], ["--user", "user_1"]):
        def has(status, where=where):
            return listed(states, "--status", status, *where)

        equal(has("pending"), ["late", "pending"])
        equal(has("failed"), ["failed"])
        equal(has("completed"), ["won", "completed"])
        equal(has("partially_refunded"), ["partially_refunded"])
        equal(has("refunded"), ["refunded"])
        equal(has("disputed"), ["won"])
        equal(has("incomplete"), ["late"])
        equal(has("refunded,failed"), ["refunded", "failed"])
        equal(has("failed,disputed, incomplete"), ["late", "won", "failed"])
        equal(len(listed(states, *where)), 8)


@test
def _():
    "an unknown status is wrong usage that lists those there are"
    for status in ("paid", "Pending", "pending,", ",", "pending;failed"):
        said = wrong("--status", status)
        for name in (*STATUSES, "disputed", "incomplete"):
            contains(said, name)


@test
def _():
    "what the day's entry says is not the last word: the order itself is"
    stale = another(order("cs_test_x", NOON, status="refunded"))
    equal(listed(stale, "--day", "2024-11-26", "--status", "refunded"), ["x"])
    put(stale, order("cs_test_y", NOON, status="completed"), without=("order",))
    stale.store(order("cs_test_y", NOON, status="refunded"))
    equal(listed(stale, "--day", "2024-11-26", "--status", "completed"), [])


# --- how many -----------------------------------------------------------------------------------

@test
def _():
    "a table has fifty orders and says that there are more; JSON and CSV have all"
    some = another(*[order(f"cs_test_n{n:03}", NOON + n) for n in range(51)])
    day = ("--day", "2024-11-26")
    run = some.run("orders", *day)
    equal(len(rows(some, *day)), 51)
    contains(run.out, "\n50 test orders\n")
    contains(run.err, "there are more orders: --limit 0 lists all")
    equal(run.code, 0)
    equal((len(listed(some, *day)), len(cells(some, *day))), (51, 51))
    equal(len(rows(some, *day, "--limit", "0")), 52)
    for limit in ("0", "51", "52"):
        equal(some.run("orders", *day, "--limit", limit).err, "")
    equal(listed(some, *day, "--limit", "2"), ["n050", "n049"])
    equal(some.run("orders", *day, "--limit", "2", "--csv").err, "")
    for text in ("-1", "x", "1.5", "1e3", "99999999999999999999"):
        contains(wrong("--limit", text), "--limit must be a whole number")


@test
def _():
    "many orders come each once and in order, whether of a day or of a user"
    ids = [f"m{n:03}" for n in range(305)]
    many = another(*[order(f"cs_test_{i}", NOON + n // 4, user="M@x.example" if n % 3 else "m@x.example")
                     for n, i in enumerate(ids)])
    equal(listed(many, "--day", "2024-11-26"), ids[::-1])
    equal(listed(many, "--user", "M@x.example"), ids[::-1])
    equal(listed(many, "--user", "M@x.example", "--limit", "101"), ids[:-102:-1])
    full = another(*[order(f"cs_test_{i}", NOON + n) for n, i in enumerate(ids[:200])])
    equal(listed(full, "--since", "2024-11-20", "--until", "2024-11-27"), ids[199::-1])


# --- JSON ---------------------------------------------------------------------------------------

@test
def _():
    "--json gives the items as they stand, an order a line, and [] where there is none"
    made = [order("cs_test_1", NOON, customerName='Zoë "東京" \\ / \n', metadata={"a": "<b>"}, odd=[1, None]),
            order("cs_test_2", NOON + 1)]
    run = another(*made).run("orders", "--json", "--day", "2024-11-26")
    equal(json.loads(run.out), made[::-1])
    equal((run.lines[0], run.lines[-1], len(run.lines)), ("[", "]", 4))
    equal(json.loads(run.lines[1].rstrip(",")), made[1])
    equal(days.run("orders", "--json", "--day", "2001-01-01").out, "[]\n")
    equal(another().run("orders", "--json", "--user", "x").out, "[]\n")
    contains(wrong("--json", "--csv"), "exclude each other")


@test
def _():
    "JSON that broke off is not whole, and the reason is said"
    broken = another(*[order(f"cs_test_{n}", NOON - n * DAY) for n in range(3)])
    item = order("cs_test_bad", NOON - DAY)
    put(broken, item)
    with sqlite3.connect(broken.db) as db:
        db.execute("UPDATE items SET item = '{' WHERE sk = ? AND pk LIKE 'USER%'", (item["SK"],))
    run = broken.run("orders", "--json", "--since", "2024-11-20", "--until", "2024-11-26", code=1)
    contains(run.out, "cs_test_0")
    ok(not run.out.rstrip().endswith("]"), run.out[-80:])
    equal(run.err.count("\n"), 1)
    table = broken.run("orders", "--since", "2024-11-20", "--until", "2024-11-26", code=1)
    contains(table.out, "BC-0")
    lacks(table.out, " order")


# --- CSV ----------------------------------------------------------------------------------------

COLUMNS = ("orderNumber orderId createdAt completedAt status userId customerEmail customerName "
           "customerPhone amount amountSubtotal amountDiscount amountTax amountShipping "
           "amountRefunded currency itemCount items shippingName shippingLine1 shippingLine2 "
           "shippingCity shippingState shippingPostalCode shippingCountry stripePaymentIntentId "
           "disputeStatus source livemode customerBusinessName customerTaxIds customFields consent "
           "locale billingName billingLine1 billingLine2 billingCity billingState billingPostalCode "
           "billingCountry shippingRate discounts taxes paymentType paymentBrand paymentLast4 "
           "paymentWallet amountCaptured amountFee amountNet settlementCurrency refunds disputes "
           "clientReferenceId paymentLinkId invoiceId trackingStatus trackingCarrier trackingNumber "
           "trackingUrl shippedAt").split()


@test
def _():
    "--csv has a header, a row an order, CRLF, and no byte order mark"
    made = another(order("cs_test_abc123", NOON, amountRefunded=1000, customerPhone="555-0100",
                         dispute={"id": "dp_1", "status": "lost"}, shippingAddress={
                             "name": "J. Doe", "line1": "5 St", "line2": "Apt 1", "city": "Toronto",
                             "state": "ON", "postalCode": "M5V", "country": "CA"}))
    out = made.run("orders", "--csv", "--day", "2024-11-26").out
    equal(out.split("\r\n")[0], ",".join(COLUMNS))
    equal((out.count("\r\n"), out.count("\n")), (2, 2))
    equal(list(cells(made, "--day", "2024-11-26")[0].values())[:29], [
        "BC-ABC123", "cs_test_abc123", "2024-11-26T12:00:00Z", "2024-11-26T12:01:07Z", "completed",
        "user_1", "jane@shop.example", "Jane Doe", "555-0100", "85.00", "85.00", "0.00", "0.00",
        "0.00", "10.00", "usd", "3", "2 x Red Necklace; 1 x Silver Ring", "J. Doe", "5 St", "Apt 1",
        "Toronto", "ON", "M5V", "CA", "pi_abc123", "lost", "webhook", "false"])
    equal(made.run("orders", "--csv", "--day", "2001-01-01").out, ",".join(COLUMNS) + "\r\n")


@test
def _():
    "amounts in CSV have their currency's decimals, a point, and nothing else"
    for currency, amount, want in (("usd", 123456789, "1234567.89"), ("jpy", 8500, "8500"),
                                   ("kwd", 8500, "8.500"), ("isk", 8500, "85.00"), (None, 5, "0.05"),
                                   ("eur", -250, "-2.50")):
        row = cells(another(order("cs_test_1", NOON, currency=currency, amount=amount)),
                    "--user", "user_1")[0]
        equal((row["amount"], row["currency"]), (want, currency or ""))


@test
def _():
    "a cell of CSV reads back as it was, quotes, commas and line ends too"
    name = 'a "b", c\r\nd\ne '
    row = cells(another(order("cs_test_1", NOON, customerName=name, userId="  x")), "--user",
                "user_1")[0]
    equal((row["customerName"], row["userId"]), (name, "  x"))


@test
def _():
    "what a spreadsheet would compute has an apostrophe in front, a number or a phone has none"
    for text in ("=1+1", "+1+cmd", "-2", "@SUM(A1)", "\t=1", "\ra", "="):
        made = order("cs_test_1", NOON, customerName=text, customerPhone=text, amount=-250,
                     customerEmail=text, user="u", userId=text,
                     shippingAddress={k: text for k in ("name", "line1", "line2", "city", "state",
                                                        "postalCode", "country")})
        row = cells(another(made), "--user", "u")[0]
        for column in ("customerName", "customerPhone", "customerEmail", "userId", "shippingName",
                       "shippingLine1", "shippingLine2", "shippingCity", "shippingState",
                       "shippingPostalCode", "shippingCountry"):
            equal(row[column], "'\t'=1" if text == "\t=1" else "'" + text, column)
        equal(row["amount"], "-2.50")
    for text in ("1=1", "a-b", " =1", "'=1", "x@y", "+1 555 0100"):
        row = cells(another(order("cs_test_1", NOON, customerName=text)), "--user", "user_1")[0]
        equal(row["customerName"], text)


# --- the table ----------------------------------------------------------------------------------

def width(text):
    """Cells of a terminal, for what the tests use."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
               for c in text)


def columns_at(line, *words):
    """At which cell each word begins."""
    return [width(line[:line.index(word)]) for word in words]


NAMES = ["Jane Doe", "東京 花子", "Zoe\u0308 Mu\u0308ller", "👩 Ada", "한국어 이름", "x"]
names = another(*[order(f"cs_test_n{n}", NOON + n, customerName=name) for n, name in enumerate(NAMES)])


@test
def _():
    "columns stand under each other whatever script a name is in"
    table = rows(names, "--user", "user_1")
    equal(table[0].split(), ["NUMBER", "TIME", "(UTC)", "CUSTOMER", "ITEMS", "AMOUNT", "STATUS"])
    equal({columns_at(line, "85.00 USD", "completed")[0] for line in table[1:]},
          {columns_at(table[1], "85.00 USD")[0]})
    equal({columns_at(line, "completed")[0] for line in table[1:]}, {columns_at(table[0], "STATUS")[0]})
    for line, name in zip(table[1:], NAMES[::-1]):
        contains(line, name)
        contains(line, "2024-11-26 12:00")


@test
def _():
    "a table of more rows than are measured at once has one head and every row"
    many = another(*[order(f"cs_test_w{n:04}", NOON + n, customerName="N" * (4 + n % 9))
                     for n in range(1100)])
    table = rows(many, "--user", "user_1", "--limit", "0")
    equal(len(table), 1101)
    equal(sum(line.startswith("NUMBER") for line in table), 1)
    equal([line.split()[0] for line in table[1:]], [f"BC-W{n:04}" for n in range(1099, -1, -1)])


@test
def _():
    "a name can't drive the terminal"
    evil = "\x1b[31mred\x07\x00\x7f\x9b2J\u202egnp\u2066\r\nBC-FAKE\t2024"
    made = another(order("cs_test_1", NOON, customerName=evil.replace("\x00", ""),
                         status="completed\x1b[0m", currency="us\x1b"))
    out = made.run("orders", "--user", "user_1").out
    for c in "\x1b\x07\x7f\x9b\u202e\u2066\r\t":
        lacks(out, c)
    line, = [line for line in out.splitlines() if "BC-1" in line]
    contains(line, "\ufffd[31mred\ufffd\ufffd\ufffd2J\ufffdgnp\ufffd  BC-FAKE 2024")


@test
def _():
    "on a terminal the table fits the line and says by … what it cut; elsewhere nothing is cut"
    long = "Maximiliane Konstantinopolitanische-Dudelsackpfeifer 東京都渋谷区"
    made = another(order("cs_test_1", NOON, customerName=long, status="partially_refunded",
                         dispute={"status": "needs_response"}), order("cs_test_2", NOON + 1))
    for columns in (200, 120, 100, 80, 72, 60, 40, 20, 5, 1):
        screen = Screen(made, columns, "orders", "--user", "user_1")
        equal((screen.code, screen.err), (0, ""))
        table = screen.lines[:3]
        ok(max(width(line) for line in table) <= columns, f"{columns}: {table}")
        if columns >= 72:
            contains(table[1], "85.00 USD  completed")
        equal("…" in table[2], columns < 160, f"{columns}: {table[2]}")
    contains(made.run("orders", "--user", "user_1").out, long)
    contains(made.run("orders", "--user", "user_1").out, "partially_refunded, disputed: needs_response")


@test
def _():
    "the status does not vanish from a narrow terminal: other columns shrink, and then go"
    made = another(order("cs_test_abc12345", NOON, customerName="Jane Doe-Smith", amount=123456789,
                         livemode=True),
                   order("cs_test_xyz12345", NOON + 1, status="refunded", livemode=True))
    heads = {120: "NUMBER TIME (UTC) CUSTOMER ITEMS AMOUNT STATUS", 70: "NUMBER TIME (UTC) CUSTOMER AMOUNT STATUS",
             50: "NUMBER CUSTOMER AMOUNT STATUS", 40: "NUMBER AMOUNT STATUS", 25: "NUMBER STATUS",
             10: "STATUS"}
    for columns, head in heads.items():
        table = Screen(made, columns, "orders", "--user", "user_1").lines[:3]
        equal(" ".join(table[0].split()), head)
        for line, status in zip(table[1:], ("refunded", "completed")):
            ok(line.endswith(status) and width(line) <= columns, f"{columns}: {line}")


@test
def _():
    "a terminal that does not say its width has eighty columns"
    made = another(order("cs_test_1", NOON, customerName="N" * 200))
    equal(max(map(width, Screen(made, 0, "orders", "--user", "user_1").lines)), 80)


@test
def _():
    "the status is marked with the dispute and with items that are pending"
    out = states.run("orders", "--day", "2024-11-26").out
    contains(out, "completed, disputed: won, test\n")
    contains(out, "pending, items pending, test\n")


@test
def _():
    "the customer is the name, else the e-mail address, else the user"
    made = another(order("cs_test_1", NOON), order("cs_test_2", NOON + 1, customerName=None),
                   order("cs_test_3", NOON + 2, customerName="", customerEmail=None))
    equal([line[26:].split("  ")[0] for line in rows(made, "--user", "user_1")],
          ["CUSTOMER", "user_1", "jane@shop.example", "Jane Doe"])


# --- sums ---------------------------------------------------------------------------------------

@test
def _():
    "the end has the number of orders and, by currency, the sum, what is unpaid, refunded, and left"
    made = another(
        order("cs_test_1", NOON + 9, amount=100000), order("cs_test_2", NOON + 8, amount=250),
        order("cs_test_3", NOON + 7, amount=1000, amountRefunded=1000, status="refunded"),
        order("cs_test_4", NOON + 6, amount=2000, status="pending"),
        order("cs_test_5", NOON + 5, amount=4000, status="failed"),
        order("cs_test_6", NOON + 4, amount=500, currency="jpy"),
        order("cs_test_7", NOON + 3, amount=700, currency="JPY"))
    equal(made.run("orders", "--user", "user_1").out.split("\n\n")[1].splitlines(),
          ["7 test orders", "1,072.50 USD, not paid 60.00 USD, refunded 10.00 USD, net 1,002.50 USD",
           "1,200 JPY"])
    equal(made.run("orders", "--user", "user_1", "--limit", "1").out.split("\n\n")[1].splitlines(),
          ["1 test order", "1,000.00 USD"])
    equal(made.run("orders", "--user", "nobody").out, "0 orders\n")


OWN = {"CHECKOUT_SUCCESS_URL": None, "CHECKOUT_CANCEL_URL": None, "CORS_ALLOW_ORIGIN": None}


def sums(where, *args, **settings):
    """What stands under the table; a live key wants no address of the example's."""
    return where.run("orders", "--user", "user_1", *args, **OWN, **settings).out.split("\n\n")[1].splitlines()


@test
def _():
    "test money and real money are never in one sum, and a live shop sums test money when asked alone"
    made = another(
        order("cs_live_1", NOON, amount=1000, livemode=True),
        order("cs_test_2", NOON + 1, amount=250), order("cs_test_3", NOON + 2, amount=50),
        order("cs_live_4", NOON + 3, amount=300, livemode=True, currency="jpy"))
    for old in (lambda_order("cs_test_old5", NOON, user="user_1"),
                lambda_order("cs_live_old6", NOON, user="user_1")):
        made.store(old)
    live, test = ["3 orders", "300 JPY", "95.00 USD"], ["3 test orders", "88.00 USD"]
    for key in ("sk_test_1", None, "sk_odd"):
        equal(sums(made, STRIPE_SECRET=key), live + test)
    for key in ("sk_live_1", "rk_live_1", "sk_org_live_1"):
        equal(sums(made, STRIPE_SECRET=key),
              live + ["3 test orders are in no sum: --test sums test orders"])
        equal(sums(made, "--test", STRIPE_SECRET=key), test)
    equal([o[-4:] for o in listed(made, "--user", "user_1", "--test")], ["3", "2", "old5"])
    equal({row["orderId"]: row["livemode"] for row in cells(made, "--user", "user_1")}, {
        "cs_live_1": "true", "cs_test_2": "false", "cs_test_3": "false", "cs_live_4": "true",
        "cs_test_old5": "false", "cs_live_old6": "true"})
    marked = [line.split()[0] for line in rows(made, "--user", "user_1") if "test" in line]
    equal(marked, ["BC-3", "BC-2", "BC-OLD5"])
    alone = another(order("cs_test_1", NOON))
    equal(sums(alone, STRIPE_SECRET="sk_live_1"), ["1 test order is in no sum: --test sums test orders"])
    equal(alone.run("orders", "--user", "nobody", "--test").out, "0 test orders\n")


@test
def _():
    "sums that can't be counted are said to be so"
    made = another(*[order(f"cs_test_{n}", NOON, amount=2**62) for n in range(3)])
    contains(made.run("orders", "--user", "user_1").out, "more than can be counted of usd")


# --- faults -------------------------------------------------------------------------------------

@test
def _():
    "an order that its day names and that is not there is said, and the others are listed"
    made = another(order("cs_test_1", NOON))
    put(made, order("cs_test_2", NOON + 1), without=("order",))
    run = made.run("orders", "--json", "--day", "2024-11-26")
    equal([o["orderId"] for o in json.loads(run.out)], ["cs_test_1"])
    contains(run.err, "1 orders are in the list of their day, but not in the store")


@test
def _():
    "what has expired is not listed"
    made = another(order("cs_test_1", NOON))
    gone = order("cs_test_2", NOON + 1, expiresAt=NOON + 5)
    put(made, gone)
    made.store({**gone, "PK": "DAY#2024-11-26", "orderPK": gone["PK"], "orderSK": gone["SK"]})
    run = made.run("orders", "--json", "--day", "2024-11-26")
    equal([o["orderId"] for o in json.loads(run.out)], ["cs_test_1"])


@test
def _():
    "a reader that has seen enough ends the list, without a word"
    many = another(*[order(f"cs_test_h{n:04}", NOON + n) for n in range(2000)])  # more than a pipe holds
    for how in (["--json"], ["--csv"], ["--limit", "0"]):
        process = many.start("orders", "--user", "user_1", *how)
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read().decode()
        process.wait()
        equal((process.returncode, said), (1, ""), str(how))


@test
def _():
    "output that can't be written is not success"
    for how in (["--json"], ["--csv"], []):
        with open("/dev/full", "w") as full:
            done = subprocess.run([*lib.WRAPPER, COMMAND, "orders", "--user", "user_1", *how],
                                  env=names.environment(), stdout=full, stderr=subprocess.PIPE,
                                  text=True)
        equal(done.returncode, 1)
        contains(done.stderr, "can't write to standard output")


@test
def _():
    "a store that can't be opened is named in one line"
    run = shop.run("orders", "--db", "/no/such/folder/x.db", code=1)
    contains(run.err, "/no/such/folder/x.db")
    equal((run.out, run.err.count("\n")), ("", 1))
    equal(shop.run("orders", "--json", "--db", "/no/such/folder/x.db", code=1).out, "")


main(shops)
