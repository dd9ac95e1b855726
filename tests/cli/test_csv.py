#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""CSV of orders: a row an order, a row a line, and what a spreadsheet may make of it."""
import csv
import io
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, equal, lacks, main, ok, test  # noqa: E402
from orders import at, lambda_order, order  # noqa: E402
from orders_kit import Shops  # noqa: E402

shops = Shops()
NOON = at("2024-11-26 12:00:00")


def table(where, *args, delimiter=","):
    text = where.run("orders", "--csv", "--day", "2024-11-26", *args).out
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


WHOLE = order(
    "cs_test_whole", NOON, customerBusinessName="Doe GmbH", locale="de", currency="eur",
    customerTaxIds=[{"type": "eu_vat", "value": "DE1"}, {"type": "gb_vat", "value": "GB2"}],
    customFields=[{"key": "gift", "label": "Gift note", "type": "text", "value": "For Zoë"},
                  {"key": "size", "value": "xl"}],
    consent={"promotions": "opt_in", "termsOfService": None},
    billingAddress={"name": "Doe GmbH", "line1": "1 St", "line2": "B", "city": "Bonn", "state": "NW",
                    "postalCode": "53111", "country": "DE"},
    shippingRate={"id": "shr_1", "name": "Express", "amount": 1000},
    discounts=[{"code": "SAVE5", "amount": 500}], taxes=[{"name": "VAT", "rate": "19", "amount": 350}],
    payment={"type": "card", "brand": "visa", "last4": "4242", "wallet": "apple_pay"},
    amountCaptured=8500, amountFee=301, amountNet=12000, settlementCurrency="jpy",
    refunds=[{"id": "re_1", "amount": 100, "currency": "eur", "status": "succeeded"}],
    disputes=[{"id": "dp_1", "amount": 200, "currency": "usd", "status": "lost"}],
    clientReferenceId="ref", paymentLinkId="plink_1", invoiceId="in_1",
    tracking={"carrier": "DHL", "number": "0034", "url": "https://x", "status": "shipped",
              "shippedAt": "2024-11-27T10:00:00Z"})


@test
def _():
    "the whole sale has its columns, each amount in its own currency, a list in one cell"
    row, = table(shops.new(WHOLE))
    want = {
        "customerBusinessName": "Doe GmbH", "customerTaxIds": "eu_vat DE1; gb_vat GB2",
        "customFields": "Gift note: For Zoë; size: xl", "consent": "promotions: opt_in", "locale": "de",
        "billingName": "Doe GmbH", "billingLine1": "1 St", "billingLine2": "B", "billingCity": "Bonn",
        "billingState": "NW", "billingPostalCode": "53111", "billingCountry": "DE",
        "shippingRate": "Express", "discounts": "SAVE5: 5.00 EUR", "taxes": "VAT 19%: 3.50 EUR",
        "paymentType": "card", "paymentBrand": "visa", "paymentLast4": "4242",
        "paymentWallet": "apple_pay", "amountCaptured": "85.00", "amountFee": "301",
        "amountNet": "12000", "settlementCurrency": "jpy", "refunds": "1.00 EUR, succeeded, re_1",
        "disputes": "2.00 USD, lost, dp_1", "clientReferenceId": "ref", "paymentLinkId": "plink_1",
        "invoiceId": "in_1", "trackingStatus": "shipped", "trackingCarrier": "DHL",
        "trackingNumber": "0034", "trackingUrl": "https://x", "shippedAt": "2024-11-27T10:00:00Z"}
    equal({k: row[k] for k in want}, want)
    bare, = table(shops.new(order("cs_test_1", NOON)))
    equal({bare[k] for k in want}, {""})


LINE_COLUMNS = ("orderNumber orderId createdAt completedAt status livemode userId customerEmail "
                "customerName shippingCountry line name sku collectionId variantId color quantity "
                "unitPrice amountSubtotal amountDiscount amountTax amountTotal currency stripePriceId "
                "stripeProductId").split()


@test
def _():
    "--csv --lines has a row a line, with the order's own number in each"
    made = shops.new(
        order("cs_test_two", NOON + 1, shippingAddress={"country": "CA"}),
        order("cs_test_yen", NOON, currency="jpy", items=[
            {"name": "A", "quantity": 3, "unitPrice": 1000, "amountTotal": 2900, "amountDiscount": 100,
             "amountTax": 5, "amountSubtotal": 3000, "currency": "kwd", "sku": "S", "variantId": "v",
             "collectionId": "c", "color": "red", "stripePriceId": "price_1", "stripeProductId": "prod_1"},
            {"name": "B"}]))
    rows = table(made, "--lines")
    equal(list(rows[0]), LINE_COLUMNS)
    equal([(r["orderNumber"], r["line"], r["name"], r["quantity"], r["amountTotal"], r["currency"],
            r["shippingCountry"]) for r in rows],
          [("BC-TWO", "1", "Red Necklace", "2", "60.00", "usd", "CA"),
           ("BC-TWO", "2", "Silver Ring", "1", "25.00", "usd", "CA"),
           ("BC-YEN", "1", "A", "3", "2.900", "kwd", ""), ("BC-YEN", "2", "B", "1", "", "jpy", "")])
    equal([rows[2][k] for k in LINE_COLUMNS[12:]],
          ["S", "c", "v", "red", "3", "1.000", "3.000", "0.100", "0.005", "2.900", "kwd", "price_1", "prod_1"])
    equal(made.run("show", "two", "--csv", "--lines").out.split("\r\n")[1:3],
          made.run("orders", "--csv", "--lines", "--day", "2024-11-26").out.split("\r\n")[1:3])


@test
def _():
    "an order without lines has one row in --lines too, so that none is missing"
    made = shops.new(order("cs_test_1", NOON, items=[], itemsPending=True),
                     order("cs_test_2", NOON + 1, items=None))
    equal([(r["orderNumber"], r["line"], r["name"], r["quantity"]) for r in table(made, "--lines")],
          [("BC-2", "", "", ""), ("BC-1", "", "", "")])


@test
def _():
    "--bom puts a byte order mark in front, once"
    made = shops.new(order("cs_test_1", NOON))
    day = ("--day", "2024-11-26")
    plain = made.run("orders", "--csv", *day).out
    equal(made.run("orders", "--csv", "--bom", *day).out, "\ufeff" + plain)
    equal(made.run("show", "--csv", "--bom", "1").out, "\ufeff" + plain)
    contains(made.run("orders", "--csv", "--lines", "--bom", *day).out, "\ufefforderNumber,orderId")
    for option in ("--bom", "--lines"):
        for how in ([], ["--json"]):
            contains(made.run("orders", option, *how, code=2).err, f"{option} goes with --csv")


FORMULAS = ("=1+1", "+1+cmd", "+", "-2+3", "@SUM(A1)", "＝1", "＋1", "－1", "＠x", "x;=1", "x;+cmd", "x;-1",
            "x;@a", "x;＝1", "\n=1", "x\n=1", "x\r\n=1", "x\t=1", '";=1', 'a";@b', "\r=1", "\t=1", "x;＋1;＠y")


@test
def _():
    "no cell begins with a formula, for one who cuts at commas and for one who cuts at semicolons"
    for n, text in enumerate(FORMULAS):
        address = {k: text for k in ("name", "line1", "line2", "city", "state", "postalCode", "country")}
        made = shops.new(order(
            f"cs_test_f{n}", NOON, customerName=text, customerEmail=text, customerPhone=text,
            customerBusinessName=text, clientReferenceId=text, shippingAddress=address,
            billingAddress=address, items=[{"name": text, "sku": text, "quantity": 1}],
            customFields=[{"label": text, "value": text}], discounts=[{"code": text}],
            tracking={"carrier": text, "number": text}))
        for how in ([], ["--lines"]):
            text_of = made.run("orders", "--csv", "--day", "2024-11-26", *how).out
            for delimiter in ",;":
                for row in csv.reader(io.StringIO(text_of, newline=""), delimiter=delimiter):
                    for cell in row:
                        ok(cell[:1] not in "=+-@＝＋－＠" or not cell, f"{text!r} {delimiter} {cell!r}")


@test
def _():
    "a telephone number stays as it is, and so does a number"
    for phone in ("+49 30 123456", "+4930123456", "+1 (416) 555-0100", "+49 (0)30/1234.5", "030 1234"):
        row, = table(shops.new(order("cs_test_1", NOON, customerPhone=phone, amount=-250)))
        equal((row["customerPhone"], row["amount"]), (phone, "-2.50"))


@test
def _():
    "orders of the Lambda functions have the same columns"
    made = shops.new()
    made.store(lambda_order("cs_test_old1", NOON))
    text = made.run("orders", "--csv", "--lines", "--user", "user_old").out
    row, = csv.DictReader(io.StringIO(text, newline=""))
    equal((row["sku"], row["quantity"], row["unitPrice"], row["livemode"], row["amountTotal"]),
          ("N-RED", "2", "30.00", "false", ""))
    lacks(text, "None")


main(shops)
