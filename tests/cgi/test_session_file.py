#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""CHECKOUT_SESSION_FILE: what the owner decides about Checkout is in each session, a request fills
what is left open, and a file that is wrong is named with its line before anything starts."""
import csv
import io
import json
import os
import subprocess
import urllib.parse

from kit import KeptShop, Stub, lib, case, contains, equal, granted, lacks, main, ok, refused, test

shop = KeptShop()
QUOTE = granted(shop.quote(("N-RED", 2)))
SIGNATURE = QUOTE["quoteSignature"]
POST = {"shipping_rate_data": {"display_name": "Post", "type": "fixed_amount",
                               "fixed_amount": {"amount": 500, "currency": "usd"}}}
EXPRESS = {"shipping_rate_data": {"display_name": "Express",
                                  "fixed_amount": {"amount": 1900, "currency": "usd"}}}


def file_with(text, mode=0o644):
    """The file, with this text or these parameters; its path."""
    path = os.path.join(shop.folder, "session.json")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text if isinstance(text, str) else json.dumps(text))
    os.chmod(path, mode)
    return path


# What the owner's spreadsheet has of a sale with everything.
CELLS = {"customerBusinessName": "Doe GmbH", "customerTaxIds": "eu_vat DE123456789", "amount": "73.00",
         "amountSubtotal": "60.00", "amountDiscount": "6.00", "amountShipping": "19.00", "currency": "usd",
         "livemode": "false", "status": "completed", "customerEmail": "jane@shop.example"}


def command(*words):
    """What `ordersnap` prints."""
    return subprocess.run([*lib.WRAPPER, os.path.join(lib.BUILD, "ordersnap"), *words], check=True,
                          env=shop.environment(), capture_output=True, text=True).stdout


def create(options, body=None, **variables):
    return shop.checkout(SIGNATURE, body, CHECKOUT_SESSION_FILE=file_with(options), **variables)


def session_of(options, body=None, **variables):
    """The session as Stripe has it."""
    return shop.stripe("GET", "/v1/checkout/sessions/"
                       + granted(create(options, body, **variables))["sessionId"])


def form_of(options, body=None, **variables):
    """What is sent to Stripe, without what each session has."""
    made = b'{"id":"cs_test_stub","object":"checkout.session","url":"u","status":"open"}'
    stub = Stub(lambda _request: (200, made))
    try:
        granted(create(options, body, STRIPE_API_BASE=stub.base, **variables))
    finally:
        stub.close()
    form = dict(urllib.parse.parse_qsl(stub.requests[-1].body.decode(), strict_parsing=True))
    return {name: value for name, value in form.items() if name.split("[")[0] not in (
        "mode", "success_url", "cancel_url", "expires_at", "metadata", "line_items") and
        not name.startswith("payment_intent_data[metadata]")}


@test
def _():
    """what the file says is in the session"""
    session = session_of({
        "locale": "fr", "billing_address_collection": "required",
        "shipping_address_collection": {"allowed_countries": ["US", "CA"]},
        "shipping_options": [POST, EXPRESS], "phone_number_collection": {"enabled": True},
        "custom_text": {"submit": {"message": "We pack it today."}},
        "after_expiration": {"recovery": {"enabled": True}}, "submit_type": "book"})
    equal((session["locale"], session["billing_address_collection"], session["submit_type"]),
          ("fr", "required", "book"))
    equal(session["shipping_address_collection"], {"allowed_countries": ["US", "CA"]})
    equal([option["shipping_amount"] for option in session["shipping_options"]], [500, 1900])
    ok(session["phone_number_collection"]["enabled"], "phone")
    equal(session["custom_text"]["submit"], {"message": "We pack it today."})
    ok(session["after_expiration"]["recovery"]["enabled"], "recovery")
    equal(session["amount_total"], 6500, "with the first rate's postage")


@test
def _():
    """each parameter goes to Stripe by its own name"""
    equal(form_of({
        "tax_id_collection": {"enabled": True}, "invoice_creation": {"enabled": False},
        "consent_collection": {"terms_of_service": "required"},
        "payment_intent_data": {"statement_descriptor_suffix": "TEES"},
        "custom_fields": [{"key": "gift", "label": {"type": "custom", "custom": "Gift note"},
                           "type": "text", "optional": True, "text": {"maximum_length": 200}}]}), {
        "tax_id_collection[enabled]": "true", "invoice_creation[enabled]": "false",
        "consent_collection[terms_of_service]": "required",
        "payment_intent_data[statement_descriptor_suffix]": "TEES",
        "custom_fields[0][key]": "gift", "custom_fields[0][label][type]": "custom",
        "custom_fields[0][label][custom]": "Gift note", "custom_fields[0][type]": "text",
        "custom_fields[0][optional]": "true", "custom_fields[0][text][maximum_length]": "200"})


# What the owner says, what the request asks for, and what Stripe is sent of both.
TOGETHER = [
    ("a locale of the request's fills in", {}, {"locale": "de"}, {"locale": "de"}),
    ("a locale of the file's stays", {"locale": "fr"}, {"locale": "de"}, {"locale": "fr"}),
    ("the owner's tax is not switched off", {"automatic_tax": {"enabled": True}},
     {"automaticTax": False}, {"automatic_tax[enabled]": "true"}),
    ("nor on", {"automatic_tax": {"enabled": False}}, {"automaticTax": True},
     {"automatic_tax[enabled]": "false"}),
    ("promotion codes are not switched on beside a discount", {"discounts": [{"coupon": "c"}]},
     {"allowPromotionCodes": True}, {"discounts[0][coupon]": "c"}),
    ("the telephone is asked for as the file says", {"phone_number_collection": {"enabled": False}},
     {"phoneNumberCollection": {"enabled": True}}, {"phone_number_collection[enabled]": "false"}),
    ("countries are narrowed", {"shipping_address_collection": {"allowed_countries": ["DE", "FR"]}},
     {"shippingAddressCollection": {"allowed_countries": ["FR", "US"]}},
     {"shipping_address_collection[allowed_countries][0]": "FR"}),
    ("countries fill in", {}, {"shippingAddressCollection": {"allowed_countries": ["FR"]}},
     {"shipping_address_collection[allowed_countries][0]": "FR"}),
    ("a rate is picked by its id", {"shipping_options": [{"shipping_rate": "shr_1"},
                                                         {"shipping_rate": "shr_2"}]},
     {"shippingRate": "shr_2"}, {"shipping_options[0][shipping_rate]": "shr_2"}),
    ("a rate is picked by its name", {"shipping_options": [POST, EXPRESS]},
     {"shippingRate": "Express"}, {
         "shipping_options[0][shipping_rate_data][display_name]": "Express",
         "shipping_options[0][shipping_rate_data][fixed_amount][amount]": "1900",
         "shipping_options[0][shipping_rate_data][fixed_amount][currency]": "usd"}),
    ("the functions' list of methods is the file's", {"allowed_payment_method_types": ["card",
                                                                                       "klarna"]},
     {"paymentMethodTypes": ["klarna", "card"]},
     {"allowed_payment_method_types[0]": "card", "allowed_payment_method_types[1]": "klarna"}),
]

for name, options, body, want in TOGETHER:
    @case(name)
    def _(options=options, body=body, want=want):
        equal(form_of(options, body), want)


REFUSED = [
    ({"shipping_options": [POST]}, {"shippingRate": "Express"}, "shippingRate"),
    ({}, {"shippingRate": "Post"}, "shippingRate"),
    ({"shipping_address_collection": {"allowed_countries": ["DE"]}},
     {"shippingAddressCollection": {"allowed_countries": ["FR"]}}, "allowed_countries"),
    ({"allowed_payment_method_types": ["klarna"]}, {"paymentMethodTypes": ["card"]},
     "paymentMethodTypes[0]"),
    ({"metadata": {f"own{n}": "x" for n in range(40)}},
     {"metadata": {f"k{n}": "x" for n in range(20)}}, "metadata"),
]

for options, body, name in REFUSED:
    @case(f"{json.dumps(body)[:60]} is a 400 where the owner does not offer it")
    def _(options=options, body=body, name=name):
        with shop.unchanged():
            refused(create(options, body), 400, name)


@test
def _():
    """what Stripe does not take of the file is a 502, and the log says whose it is"""
    answer = create({"shipping_options": [{"shipping_rate": "shr_gone"}]})
    refused(answer, 502)
    contains(answer.log, "CHECKOUT_SESSION_FILE: Stripe answered 400")
    contains(answer.log, "param=shipping_options[0][shipping_rate]")
    lacks(answer.body.decode(), "shr_gone")


@test
def _():
    """an address in the file that Stripe does not take is the owner's to mend, not the buyer's"""
    answer = create({"payment_intent_data": {"receipt_email": "the shop"}},
                    {"customerEmail": "jane.doe@shop.example"})
    refused(answer, 502)
    contains(answer.log, "CHECKOUT_SESSION_FILE: Stripe answered 400")
    contains(answer.log, "param=payment_intent_data[receipt_email]")


@test
def _():
    """the owner's metadata stands beside the request's and over it, in the payment too"""
    session = session_of({"metadata": {"season": "winter"}, "payment_intent_data": {
        "metadata": {"till": "7"}}}, {"metadata": {"season": "spring", "gift": "yes"}, "userId": "m"})
    own = {"season": "winter", "gift": "yes", "userId": "m", "userKind": "claimed",
           "quoteSignature": SIGNATURE, "normalizedHash": QUOTE["normalizedHash"]}
    equal(session["metadata"], own)
    paid = shop.sim.post("/_sim/pay", {"session": session["id"]})["session"]
    intent = shop.stripe("GET", "/v1/payment_intents/" + paid["payment_intent"])
    equal(intent["metadata"], {**own, "till": "7"})


@test
def _():
    """a postage that was picked is paid and in the order"""
    signature = granted(shop.quote("R-SIL"))["quoteSignature"]
    answer = granted(shop.checkout(signature, {"userId": "postage", "shippingRate": "Express"},
                                   CHECKOUT_SESSION_FILE=file_with({"shipping_options":
                                                                    [POST, EXPRESS]})))
    session = shop.stripe("GET", "/v1/checkout/sessions/" + answer["sessionId"])
    equal(session["amount_total"] - session["amount_subtotal"], 1900)


EVERYTHING = {
    "locale": "de", "billing_address_collection": "required", "invoice_creation": {"enabled": True},
    "shipping_address_collection": {"allowed_countries": ["US", "CA"]},
    "shipping_options": [POST, EXPRESS], "phone_number_collection": {"enabled": True},
    "tax_id_collection": {"enabled": True}, "allow_promotion_codes": True,
    "consent_collection": {"terms_of_service": "required", "promotions": "auto"},
    "custom_fields": [
        {"key": "gift", "label": {"type": "custom", "custom": "Gift note"}, "type": "text"},
        {"key": "size", "label": {"type": "custom", "custom": "Size"}, "type": "dropdown",
         "dropdown": {"options": [{"label": "Small", "value": "s"}, {"label": "Large", "value": "l"}]}}],
    "metadata": {"season": "winter"}}


@test
def _():
    """a sale with every option set has all of it in its order"""
    tenth = shop.stripe("POST", "/v1/coupons", {"percent_off": "10", "name": "A tenth"})
    code = shop.stripe("POST", "/v1/promotion_codes", {
        "promotion[type]": "coupon", "promotion[coupon]": tenth["id"], "code": "TENTH"})
    signature = granted(shop.quote(("N-RED", 2)))["quoteSignature"]
    session = granted(shop.checkout(signature, {
        "userId": "everything", "customerEmail": "jane@shop.example", "shippingRate": "Express",
        "shippingAddressCollection": {"allowed_countries": ["US"]}},
        CHECKOUT_SESSION_FILE=file_with(EVERYTHING)))["sessionId"]
    paid = shop.sim.post("/_sim/pay", {
        "session": session, "promotion_code": "TENTH", "business_name": "Doe GmbH",
        "tax_ids": [{"type": "eu_vat", "value": "DE123456789"}], "consent": {"promotions": "opt_in"},
        "custom_fields": {"gift": "For Ann", "size": "l"}})["session"]
    event = next(e for e in shop.sim.get("/_sim/events") if e["type"] == "checkout.session.completed"
                 and e["data"]["object"]["id"] == session)
    granted(shop.webhook(event))
    order = shop.order_of(session)
    equal((order["amountSubtotal"], order["amountDiscount"], order["amountShipping"], order["amount"]),
          (6000, 600, 1900, 7300))
    equal(order["shippingRate"], {"id": paid["shipping_cost"]["shipping_rate"], "name": "Express",
                                  "amount": 1900})
    equal(order["discounts"], [{"code": "TENTH", "promotionCodeId": code["id"], "couponId": tenth["id"],
                                "name": "A tenth", "amount": 600}])
    equal([(f["key"], f["label"], f["type"], f["value"]) for f in order["customFields"]],
          [("gift", "Gift note", "text", "For Ann"), ("size", "Size", "dropdown", "l")])
    equal(order["customerTaxIds"], [{"type": "eu_vat", "value": "DE123456789"}])
    equal((order["customerBusinessName"], order["locale"], order["invoiceId"]),
          ("Doe GmbH", "de", paid["invoice"]))
    equal(order["billingAddress"]["line1"], "510 Townsend St")
    ok(order["consent"], "consent")
    ok(order["amountFee"] + order["amountNet"] == order["amount"], "the fee and what is left")
    shown = command("show", order["orderNumber"])
    for part in ("Doe GmbH", "TENTH", "DE123456789", "Gift note: For Ann", "Express", "510 Townsend St"):
        contains(shown, part)
    row, = csv.DictReader(io.StringIO(command("orders", "--csv", "--test")))
    equal({name: row[name] for name in CELLS}, CELLS)
    line, = csv.DictReader(io.StringIO(command("orders", "--csv", "--lines", "--test")))
    equal((line["orderNumber"], line["name"], line["quantity"], line["amountSubtotal"], line["amountDiscount"]),
          (order["orderNumber"], "Red Necklace", "2", "60.00", "6.00"))
    command("sync")
    equal(shop.order_of(session), order, "after a list, which does not name the coupon")


# --- a file that is wrong ---------------------------------------------------------------------

WRONG = [
    ("of ordersnap's own", '{\n "locale": "de",\n "line_items": []\n}', "session.json:3: line_items"),
    ("that is the mode", '{"mode": "payment"}', "session.json:1: mode"),
    ("that is an address", '{\n"success_url": "https://x.example/"}', "session.json:2: success_url"),
    ("of ordersnap's metadata", '{"metadata": {\n"a": "b",\n"userId": "x"}}',
     "session.json:3: metadata.userId"),
    ("nobody knows", '{"shipping_options": [\n{"shiping_rate": "shr_1"}]}',
     "session.json:2: shipping_options[0].shiping_rate"),
    ("with a value of another type", '{"tax_id_collection":\n {"enabled": "yes"}}',
     "session.json:2: tax_id_collection.enabled must be true or false"),
    ("cut short", '{"locale": "de",\n', "session.json:2: this is no JSON"),
    ("with a comma too many", '{"locale": "de",\n}', "session.json:2: this is no JSON"),
    ("that is a list", "[]", "session.json:1: this must be an object"),
    ("of 70000 bytes", '{"locale": "de"' + " " * 70000 + "}", "is larger than 65536 bytes"),
]

for name, text, sentence in WRONG:
    @case(f"a file {name}: the program does not start")
    def _(text=text, sentence=sentence):
        with shop.unchanged():
            answer = create(text)
        equal(answer.status, 500)
        contains(answer.log, "CHECKOUT_SESSION_FILE: ")
        contains(answer.log, sentence)


@test
def _():
    """a file that is not there, or that anybody can write, is named"""
    answer = shop.checkout(SIGNATURE, CHECKOUT_SESSION_FILE="/nonexistent/s.json")
    equal(answer.status, 500)
    contains(answer.log, "CHECKOUT_SESSION_FILE: can't read /nonexistent/s.json: No such file")
    answer = shop.checkout(SIGNATURE, CHECKOUT_SESSION_FILE=file_with("{}", 0o602))
    equal(answer.status, 500)
    contains(answer.log, "can be written by anybody: chmod o-w it")


@test
def _():
    """the programs that record payments do not read it"""
    granted(shop.quote("N-RED", CHECKOUT_SESSION_FILE="/nonexistent/s.json"))


main(shop)
