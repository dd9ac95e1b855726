#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap show`: by what an order is found, and that all of it is shown."""
import csv
import io
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import CommandShop, contains, equal, lacks, main, ok, test  # noqa: E402
from orders import at, items_of, lambda_order, order, put  # noqa: E402
from orders_kit import Screen, Shops  # noqa: E402

NOON = at("2024-11-26 12:00:00")
shops = Shops()
shop = shops.new(order("cs_test_abc123", NOON), order("cs_test_def456", NOON + 1, user="u2"))


def shown(where, *args, code=0):
    """The ids of what is shown."""
    return [o["orderId"] for o in json.loads(where.run("show", "--json", *args, code=code).out)]


def values(where, name):
    """{label: value} of the lines that are shown."""
    lines = where.run("show", name).out.splitlines()
    return {line[:17].strip(): line[17:] for line in lines if len(line) > 17 and line[16] == " "}


def missing(where, name, *parts):
    run = where.run("show", name, code=1)
    equal((run.out, run.err.count("\n")), ("", 1), run.err)
    for part in ("ordersnap show: there is no order ", *parts):
        contains(run.err, part)


# --- finding it ---------------------------------------------------------------------------------

@test
def _():
    "an order is found by its number in either case, with its prefix or without, and by no other"
    for name in ("BC-ABC123", "bc-abc123", "ABC123", "abc123", "Bc-aBc123", " BC-ABC123 "):
        equal(shown(shop, name), ["cs_test_abc123"], name)
    for name in ("BC-ABC12", "BC-ABC1234", "BCABC123", "XX-ABC123", "BC-", "BC-BC-ABC123"):
        missing(shop, name, name)


@test
def _():
    "an order is found by its id and by its payment, which are written as they are"
    equal(shown(shop, "cs_test_def456"), ["cs_test_def456"])
    equal(shown(shop, "pi_def456"), ["cs_test_def456"])
    missing(shop, "cs_test_DEF456")
    missing(shop, "pi_DEF456")
    missing(shop, "pi_")


@test
def _():
    "the prefix is the configured one, in whatever case it stands there, and an old one is written out"
    made = shops.new()
    made.settings["ORDER_NUMBER_PREFIX"] = "shop"
    put(made, order("cs_test_a1", NOON, orderNumber="shop-A1"),
        order("cs_test_a2", NOON, orderNumber="BC-A2"))
    for name in ("shop-a1", "SHOP-A1", "a1", "A1"):
        equal(shown(made, name), ["cs_test_a1"], name)
    equal(shown(made, "bc-a2"), ["cs_test_a2"])
    missing(made, "a2")


@test
def _():
    "an id whose session's item is gone is found by the number that follows from it"
    made = shops.new()
    put(made, order("cs_test_abc123", NOON), without=("session",))
    equal(shown(made, "cs_test_abc123"), ["cs_test_abc123"])
    missing(made, "cs_live_abc123", "order number", "payment intent")


@test
def _():
    "of orders with one number each is found by its id, whatever letter its number ends in"
    made = shops.new()
    ids = ["cs_test_xabc12345", "cs_live_yabc12345", "cs_a_zabc12345"]
    numbers = ["BC-ABC12345", "BC-ABC12345A", "BC-ABC12345Z"]
    put(made, *[order(i, NOON, orderNumber=n) for i, n in zip(ids, numbers)], without=("session",))
    for i, n in zip(ids, numbers):
        equal(shown(made, i), [i])
        equal(shown(made, n.lower()), [i])
    missing(made, "cs_b_uabc12345")


@test
def _():
    "a session's item that names an order that is not there, or another's, is not believed"
    made = shops.new()
    put(made, order("cs_test_gone", NOON), without=("order", "number"))
    missing(made, "cs_test_gone", "completed")
    put(made, order("cs_test_one", NOON))
    wrong = items_of(order("cs_test_one", NOON))[3]
    made.store({**wrong, "PK": "SESSION#cs_test_two"})
    missing(made, "cs_test_two")
    put(made, order("cs_test_two", NOON), without=("session",))
    equal(shown(made, "cs_test_two"), ["cs_test_two"])


@test
def _():
    "a session that has no order says what has become of it"
    made = shops.new()
    made.store({"PK": "SESSION#cs_test_open", "SK": "METADATA", "status": "open", "version": 1})
    missing(made, "cs_test_open", 'cs_test_open (its session is "open")')


@test
def _():
    "an order of the Lambda functions is found by its id where the session's item names it"
    made = shops.new()
    old = lambda_order("cs_test_old123", NOON)
    made.store(old)
    missing(made, "cs_test_old123", "ordersnap orders --user")
    made.store({"PK": "SESSION#cs_test_old123", "SK": "METADATA", "userId": "user_old",
                "orderPK": old["PK"], "orderSK": old["SK"]})
    equal(json.loads(made.run("show", "--json", "cs_test_old123").out), [old])
    got = values(made, "cs_test_old123")
    equal((got["Total"], got["Order"], got["User"]), ("85.00 USD", "BC-OLD123", "user_old"))
    contains(made.run("show", "cs_test_old123").out, "Red Necklace  N-RED         2   30.00 USD  60.00 USD")
    missing(made, "BC-OLD123")


@test
def _():
    "a name that can be none is no order"
    for name in ("x" * 256, "x" * 5000, " ", "\udcff\udcfe", "#", "%", "a#b", "USER#u2"):
        missing(shop, name)
    contains(shop.run("show", "--", code=2).err, "missing argument: ORDER")
    contains(shop.run("show", code=2).err, "usage: ordersnap show")


@test
def _():
    "several orders are shown in their order, and one that is not there keeps none from being shown"
    equal(shown(shop, "def456", "abc123", "def456"),
          ["cs_test_def456", "cs_test_abc123", "cs_test_def456"])
    run = shop.run("show", "nope", "abc123", "BC-NONE", "pi_def456", code=1)
    equal([line for line in run.lines if line.startswith("Order  ")],
          ["Order            BC-ABC123", "Order            BC-DEF456"])
    equal(run.err.splitlines(), ["ordersnap show: there is no order nope",
                                 "ordersnap show: there is no order BC-NONE"])
    equal(shown(shop, "nope", "abc123", code=1), ["cs_test_abc123"])
    equal(shop.run("show", "--json", "nope", code=1).out, "[]\n")


@test
def _():
    "the order itself is shown, not the copy that its payment's pointer has"
    made = shops.new(order("cs_test_1", NOON))
    made.store(order("cs_test_1", NOON, status="refunded"))
    equal(json.loads(made.run("show", "--json", "pi_1").out)[0]["status"], "refunded")


# --- showing it ---------------------------------------------------------------------------------

WHOLE = order(
    "cs_test_whole", NOON, user="user#9", status="partially_refunded", amount=9350,
    amountDiscount=500, amountTax=350, amountShipping=1000, amountRefunded=1234,
    customerPhone="+1 555 0100", stripeCustomerId="cus_1", quoteSignature="59ed27",
    presentment={"amount": 8800, "currency": "eur"}, metadata={"gift": "yes", "n": 5},
    dispute={"id": "dp_1", "status": "needs_response", "reason": "fraudulent", "amount": 8700},
    shippingAddress={"name": "J. Doe", "line1": "123 Main St", "line2": "Apt 4", "city": "Toronto",
                     "state": "ON", "postalCode": "M5V 1A1", "country": "CA"},
    expiresAt=4102444800, version=7, colour="blue", nested={"a": [1]})


@test
def _():
    "all of an order is shown, what nobody knows under its own name"
    made = shops.new(WHOLE)
    got = values(made, "whole")
    want = {
        "Order": "BC-WHOLE", "Status": "partially_refunded, disputed: needs_response",
        "Order id": "cs_test_whole", "Created": "2024-11-26 12:00:00 UTC",
        "Completed": "2024-11-26 12:01:07 UTC", "Updated": "2024-11-26 12:01:08 UTC",
        "Kept until": "2100-01-01T00:00:00Z", "Customer": "Jane Doe", "E-mail": "jane@shop.example",
        "Phone": "+1 555 0100", "User": "user#9", "Ship to": "J. Doe", "Subtotal": "85.00 USD",
        "Discount": "-5.00 USD", "Tax": "3.50 USD", "Shipping": "10.00 USD", "Total": "93.50 USD",
        "Refunded": "12.34 USD", "Buyer paid": "88.00 EUR", "Dispute": "needs_response",
        "Dispute reason": "fraudulent", "Dispute amount": "87.00 EUR", "Dispute id": "dp_1",
        "Payment": "pi_whole", "Payment status": "paid", "Stripe customer": "cus_1",
        "Stripe session": "cs_test_whole", "Quote": "59ed27", "Metadata gift": "yes",
        "Metadata n": "5", "Mode": "test", "Source": "webhook", "Version": "7",
        "PK": "USER#user%239", "SK": WHOLE["SK"], "colour": "blue", "nested": '{"a":[1]}'}
    equal({k: got.get(k) for k in want}, want)
    out = made.run("show", "whole").out
    contains(out, "\nShip to          J. Doe\n                 123 Main St\n                 Apt 4\n"
                  "                 Toronto, ON M5V 1A1\n                 CA\n")
    contains(out, "Red Necklace  N-RED         2   30.00 USD  60.00 USD\n"
                  "Silver Ring   R-SIL         1   25.00 USD  25.00 USD\n")


SALE = order(
    "cs_test_sale", NOON, guest=True, locale="de", customerBusinessName="Doe GmbH",
    customerTaxIds=[{"type": "eu_vat", "value": "DE123456789"}], customerTaxExempt="reverse",
    customFields=[{"key": "gift", "label": "Gift note", "type": "text", "value": "Alles Gute: Zoë"},
                  {"key": "size", "type": "dropdown", "value": "xl"}, {"key": "age", "value": 7}],
    consent={"promotions": "opt_in", "termsOfService": "accepted"}, clientReferenceId="ref-1",
    paymentLinkId="plink_1", invoiceId="in_1", recoveredFrom="cs_test_before",
    amount=9350, amountDiscount=500, amountTax=350, amountShipping=1000, currency="usd",
    shippingRate={"id": "shr_1", "name": "Express", "amount": 1000},
    discounts=[{"code": "SAVE5", "name": "Five off", "couponId": "c", "amount": 300},
               {"couponId": "OLD", "amount": 100}, {"promotionCodeId": "promo_1", "amount": 100}],
    taxes=[{"name": "VAT", "rate": "19", "amount": 300}, {"name": "GST", "rate": "5.5%", "amount": 50}],
    payment={"type": "card", "brand": "visa", "last4": "4242", "wallet": "apple_pay",
             "receiptUrl": "https://pay.example/r"},
    amountCaptured=9350, amountFee=301, amountNet=12000, settlementCurrency="cad",
    refunds=[{"id": "re_1", "amount": 100, "currency": "usd", "status": "succeeded",
              "reason": "duplicate", "createdAt": "2024-11-27T09:00:00Z"},
             {"id": "re_2", "amount": 50, "currency": "usd", "status": "pending"}],
    disputes=[{"id": "dp_1", "amount": 8600, "currency": "eur", "status": "lost",
               "reason": "fraudulent", "createdAt": "2024-11-28T09:00:00Z"}],
    dispute={"id": "dp_1", "status": "lost", "amount": 8600, "currency": "eur"},
    shippingAddress={"name": "J. Doe", "line1": "123 Main St", "city": "Toronto", "country": "CA"},
    billingAddress={"line1": "Hauptstr. 1", "city": "Bonn", "postalCode": "53111", "country": "DE"},
    tracking={"carrier": "DHL", "number": "00340", "url": "https://dhl.example/00340",
              "status": "shipped", "shippedAt": "2024-11-27T10:00:00Z"},
    erasedAt="2024-12-01T00:00:00Z", unconfirmed=True, items=[
        {"name": "Ring", "quantity": 2, "unitPrice": 5000, "amountSubtotal": 10000,
         "amountDiscount": 500, "amountTax": 350, "amountTotal": 9850, "currency": "usd"}])


@test
def _():
    "the whole sale is shown: who paid how, for what, what Stripe kept and what went back"
    out = shops.new(SALE).run("show", "sale").out
    for label, text in (
            ("Mode", "test"), ("Guest", "yes"), ("Business", "Doe GmbH"), ("Language", "de"),
            ("Tax id", "eu_vat DE123456789"), ("Tax exempt", "reverse"),
            ("Custom field", "Gift note: Alles Gute: Zoë"), ("Custom field", "size: xl"),
            ("Custom field", "age: 7"), ("Consent promotions", "opt_in"),
            ("Consent termsOfService", "accepted"), ("Reference", "ref-1"), ("Payment link", "plink_1"),
            ("Invoice", "in_1"), ("Recovered from", "cs_test_before"), ("Discount", "-5.00 USD"),
            ("Discount code", "SAVE5, Five off: 3.00 USD"), ("Discount code", "OLD: 1.00 USD"),
            ("Discount code", "promo_1: 1.00 USD"),
            ("Tax", "3.50 USD"), ("Tax rate", "VAT 19%: 3.00 USD"), ("Tax rate", "GST 5.5%: 0.50 USD"),
            ("Shipping", "10.00 USD"), ("Shipping rate", "Express: 10.00 USD"),
            ("Paid with", "Visa ...4242, Apple Pay"), ("Receipt", "https://pay.example/r"),
            ("Captured", "93.50 USD"), ("Fee", "3.01 CAD"), ("Net", "120.00 CAD"),
            ("Refund", "1.00 USD, succeeded, duplicate, 2024-11-27 09:00:00 UTC, re_1"),
            ("Refund", "0.50 USD, pending, re_2"),
            ("Dispute", "86.00 EUR, lost, fraudulent, 2024-11-28 09:00:00 UTC, dp_1"),
            ("Ship to", "J. Doe"), ("Bill to", "Hauptstr. 1"), ("", "Bonn 53111"),
            ("Parcel", "shipped"), ("Shipped", "2024-11-27 10:00:00 UTC"), ("Carrier", "DHL"),
            ("Tracking number", "00340"),
            ("Tracking page", "https://dhl.example/00340"),
            ("Person erased", "2024-12-01 00:00:00 UTC"),
            ("Unconfirmed", "yes, Stripe could not be asked yet")):
        contains(out, f"\n{label:<16} {text}\n")
    equal([line.split() for line in out.split("\n\n")[1].splitlines()],
          [["ITEM", "SKU", "QUANTITY", "UNIT", "PRICE", "DISCOUNT", "TAX", "TOTAL"],
           ["Ring", "2", "50.00", "USD", "5.00", "USD", "3.50", "USD", "98.50", "USD"]])
    equal(out.count("lost, fraudulent"), 1)


@test
def _():
    "the billing address is shown where it differs from the shipping address alone"
    ship = {"name": "J. Doe", "line1": "5 St", "city": "Bonn", "country": "DE"}
    for bill, differs in (({**ship}, False), ({k: v for k, v in ship.items() if k != "name"}, False),
                          ({**ship, "line1": "6 St"}, True), ({**ship, "line2": "c/o"}, True),
                          ({**ship, "name": "Doe GmbH"}, True)):
        made = shops.new(order("cs_test_1", NOON, shippingAddress=ship, billingAddress=bill))
        equal("Bill to" in made.run("show", "1").out, differs, str(bill))
    made = shops.new(order("cs_test_1", NOON, billingAddress=ship))
    contains(made.run("show", "1").out, "\nBill to          J. Doe\n")


@test
def _():
    "a payment is named by its brand, else its type, and an attribute of another shape by itself"
    for payment, says in (({"type": "card", "brand": "mastercard", "last4": "4444"}, "Mastercard ...4444"),
                          ({"type": "sepa_debit", "last4": "3000"}, "SEPA debit ...3000"),
                          ({"type": "link"}, "Link"), ({"type": "some_thing"}, "Some thing"),
                          ({"type": "card", "brand": "amex", "wallet": "google_pay"},
                           "American Express, Google Pay")):
        equal(values(shops.new(order("cs_test_1", NOON, payment=payment)), "1")["Paid with"], says)
    odd = values(shops.new(order("cs_test_1", NOON, payment="x", discounts={"a": 1}, taxes=[5],
                                 tracking=None, consent="y")), "1")
    equal((odd["payment"], odd["discounts"], odd["consent"]), ("x", '{"a":1}', "y"))


@test
def _():
    "the total of a line does not vanish from a narrow terminal"
    made = shops.new(SALE)
    for columns in (100, 60, 40, 30):
        lines = Screen(made, columns, "show", "sale").text.split("\n\n")[1].splitlines()
        ok(all(len(line) <= columns for line in lines), lines)
        contains(lines[1], "98.50 USD")


@test
def _():
    "what an order has not is not shown"
    made = shops.new()
    put(made, {"PK": "USER#u", "SK": f"ORDER#{NOON}#cs_test_bare", "orderId": "cs_test_bare",
               "orderNumber": "BC-BARE", "userId": "u"})
    equal(made.run("show", "bare").out, "Order            BC-BARE\nStatus           ?\n"
          "Order id         cs_test_bare\nUser             u\nPK               USER#u\n"
          f"SK               ORDER#{NOON}#cs_test_bare\n")
    put(made, order("cs_test_part", NOON, shippingAddress={"line1": "5 St", "city": "Bonn",
                                                           "postalCode": "53111"}))
    contains(made.run("show", "part").out, "Ship to          5 St\n                 Bonn 53111\n\n")


@test
def _():
    "amounts are in each line's and the order's own currency"
    made = shops.new(order("cs_test_yen", NOON, currency="jpy", amount=8500, items=[
        {"name": "A", "quantity": 3, "unitPrice": 1000, "amountTotal": 2900, "currency": "jpy"},
        {"name": "B", "unitPrice": 5500}, {"sku": "C-1", "quantity": 2}, {}]))
    out = made.run("show", "yen").out
    equal(values(made, "yen")["Total"], "8,500 JPY")
    equal([line.split() for line in out.split("\n\n")[1].splitlines()[1:]],
          [["A", "3", "1,000", "JPY", "2,900", "JPY"], ["B", "1", "5,500", "JPY", "5,500", "JPY"],
           ["C-1", "C-1", "2"], ["?", "1"]])


@test
def _():
    "nothing that a buyer wrote can drive the terminal"
    evil = "a\x1b[2Jb\x9bc\x7fd\ne\u202ef"
    made = shops.new(order("cs_test_evil", NOON, customerName=evil, customerPhone=evil,
                           metadata={evil: evil}, items=[{"name": evil, "quantity": 1}],
                           shippingAddress={"name": evil, "line1": evil, "city": evil}, **{evil: evil}))
    out = made.run("show", "evil").out
    for c in "\x1b\x9b\x7f\u202e":
        lacks(out, c)
    contains(out, "Customer         a\ufffd[2Jb\ufffdc\ufffdd e\ufffdf\n")


@test
def _():
    "on a terminal the items fit the line"
    made = shops.new(order("cs_test_1", NOON, items=[
        {"name": "Necklace " * 20, "quantity": 1, "unitPrice": 100, "sku": "SKU" * 10}]))
    table = Screen(made, 80, "show", "1").text.split("\n\n")[1].splitlines()
    equal([len(line) for line in table], [80, 80])
    contains(table[1], "…")
    contains(made.run("show", "1").out, "Necklace " * 20)


@test
def _():
    "--json and --csv are those of `ordersnap orders`"
    names = ("abc123", "def456")
    equal(json.loads(shop.run("show", "--json", *names).out)[0], order("cs_test_abc123", NOON))
    equal(shop.run("show", "--json", "def456", "abc123").out,
          shop.run("orders", "--json", "--day", "2024-11-26").out)
    equal(shop.run("show", "def456", "abc123", "--csv").out,
          shop.run("orders", "--csv", "--day", "2024-11-26").out)
    rows = list(csv.reader(io.StringIO(shop.run("show", "--csv", "nope", code=1).out)))
    equal(len(rows), 1)
    contains(shop.run("show", "abc123", "--json", "--csv", code=2).err, "exclude each other")


@test
def _():
    "a store that is away is said once, and JSON is then not whole"
    run = shop.run("show", "--json", "--db", "/no/such/folder/x.db", "a", "b", code=1)
    equal((run.out, run.err.count("\n")), ("", 1))
    contains(run.err, "/no/such/folder/x.db")


@test
def _():
    "an item's amounts are in its own currency, else in the order's"
    made = shops.new(order("cs_test_1", NOON, currency="jpy", items=[
        {"name": "A", "quantity": 1, "unitPrice": 2600, "amountTotal": 2500, "amountDiscount": 100, "currency": "usd"},
        {"name": "B", "quantity": 1, "unitPrice": 2400, "amountTotal": 2400}]))
    lines = [line.split("  ") for line in made.run("show", "1").out.splitlines() if line[:2] in ("A ", "B ")]
    equal([[cell.strip() for cell in line if cell.strip()] for line in lines],
          [["A", "1", "26.00 USD", "1.00 USD", "25.00 USD"], ["B", "1", "2,400 JPY", "2,400 JPY"]])


@test
def _():
    "a store that fails between two orders ends it: JSON is then not whole, and the others are not asked for"
    made = shops.new(*[order(f"cs_test_{n}", NOON + n) for n in (1, 2, 3)])
    with sqlite3.connect(made.db) as db:
        db.execute("UPDATE items SET item = '{' WHERE sk LIKE '%cs_test_2' AND pk LIKE 'USER%'")
    run = made.run("show", "--json", "1", "2", "3", code=1)
    ok(not run.out.rstrip().endswith("]"), run.out[-80:])
    lacks(run.out, "cs_test_3")
    equal(run.err.count("\n"), 1, run.err)
    equal(shown(made, "1", "3"), ["cs_test_1", "cs_test_3"])


@test
def _():
    "where the Lambda functions' orders are not adopted yet, only what is not found says so"
    made = shops.new(order("cs_test_1", NOON))
    with sqlite3.connect(made.db) as db:
        db.execute("DELETE FROM items WHERE sk = 'ADOPTED'")
    equal(made.run("show", "1").err, "")
    contains(made.run("show", "1", "nope", code=1).err, "found when `ordersnap adopt` has been run")


@test
def _():
    "an order that was sold through the programs is listed and found by all its names"
    real = CommandShop()
    shops.made.append(real)
    real.sim.post("/_sim/session", {
        "id": "cs_test_real99", "metadata": {"userId": "user-1"}, "customer_email": "jane@shop.example",
        "line_items": [{"name": "Silver Ring", "unit_amount": 2500, "currency": "usd"}]})
    event = [e for e in real.sim.get("/_sim/events")
             if e["data"]["object"]["id"] == "cs_test_real99"][-1]
    equal(real.webhook(event).status, 200)
    made = real.order_of("cs_test_real99")
    for name in (made["orderId"], made["orderNumber"], "real99", made["stripePaymentIntentId"]):
        equal(json.loads(real.run("show", "--json", name).out), [made])
    for how in (["--day", made["createdAt"][:10]], ["--user", "user-1"], []):
        equal(json.loads(real.run("orders", "--json", *how).out), [made])
    ok("25.00 USD" in real.run("show", "real99").out, "its amount")


main(shops)
