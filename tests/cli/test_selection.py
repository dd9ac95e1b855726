#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap orders`: which orders --month, --paid, --email and --unshipped ask for."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, equal, lacks, main, ok, test  # noqa: E402
from orders import DAY, at, iso, lambda_order, order, put, today  # noqa: E402
from orders_kit import Shops  # noqa: E402

shops = Shops()
another = shops.new
shop = another()
HOUR = 3600
NOON = at("2024-11-26 12:00:00")

# Rules of daylight saving time as TZ itself has them: no machine has to know the zones.
BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"
NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"
ASUNCION = "<-04>4<-03>,M10.1.0/0,M3.4.0/0"  # its clocks go on at midnight


def listed(where, *args, **variables):
    """The ids of what is listed, without `cs_test_`."""
    return [o["orderId"][8:] for o in json.loads(where.run("orders", "--json", *args, **variables).out)]


def wrong(*args):
    run = shop.run("orders", *args, code=2)
    equal(run.out, "")
    return run.err


# --- months -------------------------------------------------------------------------------------

def edges(month, following):
    """Orders in the seconds around two moments; those within are called in..."""
    first, last = month, following - 1
    return another(order("cs_test_before", first - 1), order("cs_test_in1", first),
                   order("cs_test_in2", last), order("cs_test_after", last + 1))


@test
def _():
    "a month is one of the zone of TZ, from its first second to its last, in summer and in winter"
    for zone, month, first, following in (
            ("UTC", "2026-10", "2026-10-01 00:00:00", "2026-11-01 00:00:00"),
            (BERLIN, "2026-10", "2026-09-30 22:00:00", "2026-10-31 23:00:00"),
            (BERLIN, "2026-03", "2026-02-28 23:00:00", "2026-03-31 22:00:00"),
            (BERLIN, "2024-02", "2024-01-31 23:00:00", "2024-02-29 23:00:00"),
            (BERLIN, "2026-12", "2026-11-30 23:00:00", "2026-12-31 23:00:00"),
            (NEW_YORK, "2026-11", "2026-11-01 04:00:00", "2026-12-01 05:00:00"),
            (ASUNCION, "2023-10", "2023-10-01 04:00:00", "2023-11-01 03:00:00"),
            ("UTC-14", "2026-10", "2026-09-30 10:00:00", "2026-10-31 10:00:00"),
            ("UTC+12", "2026-10", "2026-10-01 12:00:00", "2026-11-01 12:00:00")):
        where = edges(at(first), at(following))
        equal(listed(where, "--month", month, TZ=zone), ["in2", "in1"], f"{zone} {month}")
        equal(listed(where, "--month", month, "--user", "user_1", TZ=zone), ["in2", "in1"], zone)


@test
def _():
    "what is no month, or excludes one, is wrong usage"
    for text in ("2026-13", "2026-00", "2026-1", "2026", "26-10", "2026-10-01", "1969-12", "2026/10",
                 "october", "-026-10", "2026--1", " 2026-10", "2026-1x"):
        contains(wrong(f"--month={text}"), f'--month must be a month as 2024-11, not "{text}"')
    for more in (["--day", "today"], ["--since", "2026-10-01"], ["--until", "today"]):
        contains(wrong("--month", "2026-10", *more), "--month excludes --day, --since and --until")


@test
def _():
    "of a user --until alone lists all up to that day, and --since alone all from that day on"
    made = another(order("cs_test_old", NOON - 400 * DAY), order("cs_test_last", NOON),
                   order("cs_test_next", NOON + DAY))
    user = ("--user", "user_1")
    equal(listed(made, *user), ["next", "last", "old"])
    equal(listed(made, *user, "--until", "2024-11-26"), ["last", "old"])
    equal(listed(made, *user, "--since", "2024-11-26"), ["next", "last"])


# --- paid ---------------------------------------------------------------------------------------

@test
def _():
    "--paid counts the day of the payment, also of what was begun long before, and what is paid alone"
    made = another(
        order("cs_test_in", NOON, completedAt=iso(NOON + 60)),
        order("cs_test_delayed", NOON - 80 * DAY, completedAt=iso(NOON + 61)),
        order("cs_test_later", NOON, completedAt=iso(NOON + DAY)),
        order("cs_test_back", NOON + 1, status="refunded", completedAt=iso(NOON + 62)),
        order("cs_test_pending", NOON, status="pending", completedAt=None, stripePaymentStatus="unpaid"),
        order("cs_test_failed", NOON, status="failed", completedAt=None))
    day = ("--day", "2024-11-26")
    equal(listed(made, *day, "--paid"), ["back", "in", "delayed"])
    equal(listed(made, "--day", "2024-11-27", "--paid"), ["later"])
    equal(listed(made, "--month", "2024-11", "--paid"), ["back", "later", "in", "delayed"])
    equal(listed(made, "--user", "user_1", "--paid"), ["back", "later", "in", "delayed"])
    equal(listed(made, *day, "--paid", "--user", "user_1"), ["back", "in", "delayed"])
    equal(sorted(listed(made, *day)), ["back", "failed", "in", "later", "pending"])
    out = made.run("orders", *day, "--paid").out
    contains(out, "PAID (UTC)")
    contains(out, "2024-11-26 12:01  Jane Doe")


@test
def _():
    "a payment of the first seconds of a month in the zone of TZ is that month's"
    night = at("2026-10-31 23:00:00")
    made = another(order("cs_test_a", night - DAY, completedAt=iso(night - 1)),
                   order("cs_test_b", night - DAY, completedAt=iso(night)))
    equal(listed(made, "--month", "2026-10", "--paid", TZ=BERLIN), ["a"])
    equal(listed(made, "--month", "2026-11", "--paid", TZ=BERLIN), ["b"])


@test
def _():
    "a zone that this machine does not know is named where months are asked for: the C library takes UTC for it"
    zones = os.path.join(shop.folder, "zones")
    os.makedirs(os.path.join(zones, "Europe"))
    for zone in (os.path.join("Europe", "Berlin"), "Ours"):
        with open(os.path.join(zones, zone), "w", encoding="ascii"):
            pass
    for zone in ("Europe/Berlim", "Berlin", "Europe", "CE1", ":Europe/Berlim", "/no/such/zone"):
        for args in (("--month", "2026-10"), ("--by", "month"), ("--by", "month", "--day", "2026-10-01")):
            run = shop.run("orders", *args, code=2, TZ=zone, TZDIR=zones)
            equal(run.out, "")
            contains(run.err, f'TZ must be a time zone of this machine\'s, not "{zone}"')
        shop.run("orders", TZ=zone, TZDIR=zones)
        shop.run("orders", "--by", "product", TZ=zone, TZDIR=zones)
    for zone in ("", ":", "UTC", "Etc/UTC", "GMT", "UTC0", "CET-1", "<-03>3", BERLIN, ":Europe/Berlin", "Europe/Berlin",
                 "Ours", os.path.join(zones, "Europe", "Berlin")):
        shop.run("orders", "--month", "2026-10", TZ=zone, TZDIR=zones)


# --- e-mail -------------------------------------------------------------------------------------

@test
def _():
    "--email lists the orders that bear this address in whatever case, of the days asked for"
    made = another(order("cs_test_a", NOON, customerEmail="Jane@Shop.Example"),
                   order("cs_test_b", NOON + 1, customerEmail="john@shop.example"),
                   order("cs_test_c", NOON + 2, customerEmail="jane@shop.example", user="u2"),
                   order("cs_test_d", NOON + 3, customerEmail=None),
                   order("cs_test_e", NOON - DAY, customerEmail="JANE@SHOP.EXAMPLE"))
    for address in ("jane@shop.example", "JANE@shop.Example", " jane@shop.example "):
        equal(listed(made, "--email", address, "--day", "2024-11-26"), ["c", "a"])
    equal(listed(made, "--email", "jane@shop.example", "--month", "2024-11"), ["c", "a", "e"])
    equal(listed(made, "--email", "jane@shop.example", "--user", "user_1"), ["a", "e"])
    equal(listed(made, "--email", "jane@shop.exampl", "--month", "2024-11"), [])
    equal(listed(made, "--email", "jane@shop.example"), [])
    contains(wrong("--email", "jane"), "--email must be an e-mail address")


@test
def _():
    "a limit counts the orders that were asked for, not those that were read"
    made = another(*[order(f"cs_test_n{n}", NOON + n, customerEmail=f"p{n % 2}@x.example") for n in range(10)])
    how = ("--day", "2024-11-26", "--email", "P1@x.example")
    equal(listed(made, *how, "--limit", "2"), ["n9", "n7"])
    run = made.run("orders", *how, "--limit", "5")
    equal((run.err, run.out.count("BC-N")), ("", 5))
    contains(run.out, "5 test orders")
    contains(made.run("orders", *how, "--limit", "4").err, "there are more orders")


# --- parcels ------------------------------------------------------------------------------------

HOME = {"line1": "5 St", "city": "Bonn", "country": "DE"}


@test
def _():
    "--unshipped lists what is paid, was not refunded whole, and waits for its parcel"
    now = today()
    made = another(
        order("cs_test_a", now, shippingAddress=HOME),
        order("cs_test_partly", now - 1, shippingAddress=HOME, status="partially_refunded"),
        order("cs_test_back", now, shippingAddress=HOME, status="refunded"),
        order("cs_test_unpaid", now, shippingAddress=HOME, status="pending", stripePaymentStatus="unpaid"),
        order("cs_test_failed", now, shippingAddress=HOME, status="failed"),
        order("cs_test_file", now),
        order("cs_test_rate", now - 2, shippingRate={"name": "Standard", "amount": 0}),
        order("cs_test_unknown", now - 3, items=[], itemsPending=True),
        order("cs_test_old", now - 60 * DAY, shippingAddress=HOME),
        order("cs_test_ancient", now - 100 * DAY, shippingAddress=HOME),
        order("cs_test_sent", now, shippingAddress=HOME))
    made.run("mark", "cs_test_sent", "shipped")
    equal(listed(made, "--unshipped"), ["a", "partly", "rate", "unknown", "old"])
    equal(listed(made, "--unshipped", "--day", "today"), ["a"])
    equal(listed(made, "--unshipped", "--user", "user_1")[-1], "ancient")
    made.run("mark", "cs_test_a", "shipped", "1")
    made.run("mark", "cs_test_sent", "unshipped")
    equal(listed(made, "--unshipped", "--day", "today"), ["sent"])
    made.run("erase", "cs_test_old", "--yes")
    ok("old" in listed(made, "--unshipped"), "whose parcel nobody knows of is listed")


@test
def _():
    "an order of the Lambda functions waits for its parcel where they wrote an address"
    made = another()
    made.store({**lambda_order("cs_test_old1", NOON), "shippingAddress": HOME})
    made.store({**lambda_order("cs_test_old2", NOON + 1), "shippingAddress": None})
    equal(listed(made, "--user", "user_old", "--unshipped"), ["old1"])
    put(made, order("cs_test_new", NOON, user="user_old"))
    lacks(made.run("orders", "--user", "user_old", "--unshipped").out, "BC-NEW")


main(shops)
