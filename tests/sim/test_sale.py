#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""TAP tests of what tests/stripe-sim knows of a sale beside its lines: postage, the shop's own fields,
tax ids, consent, invoices, discounts, captures and other currencies; and that a buyer can give all of it
on its page.  Run as test_sim.py is."""

import os
import re
import sys
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import test_sim  # noqa: E402
from test_sim import eq, refused, refuses_session, test  # noqa: E402

test_sim.TESTS.clear()
FIELD = {"custom_fields[0][key]": "gift", "custom_fields[0][label][type]": "custom",
         "custom_fields[0][label][custom]": "Gift note", "custom_fields[0][type]": "text"}
CODES = {"shipping_options[0][shipping_rate]": "resource_missing",
         "custom_fields[0][dropdown]": "parameter_missing"}
RATE = {"shipping_options[0][shipping_rate_data][display_name]": "Post",
        "shipping_options[0][shipping_rate_data][fixed_amount][amount]": 500,
        "shipping_options[0][shipping_rate_data][fixed_amount][currency]": "usd"}


def made(sim, path, **form):
    status, thing, _ = sim.call("POST", "/v1/" + path, form)
    eq(status, 200, thing)
    return thing


def page_says(sim, session, form):
    """What the page answers to what a buyer enters."""
    form = {"email": "jane@example.com", "card": "4242424242424242", "method": "card", **form}
    return sim.raw("POST", f"/pay/{session['id']}", urllib.parse.urlencode(form))


@test("shipping rates are made, listed, read and changed")
def _(sim, hook):
    rate = made(sim, "shipping_rates", **{"display_name": "Express", "fixed_amount[amount]": 1900,
                                          "fixed_amount[currency]": "usd"})
    eq((rate["display_name"], rate["fixed_amount"], rate["type"], rate["active"]),
       ("Express", {"amount": 1900, "currency": "usd"}, "fixed_amount", True))
    eq(sim.call("GET", "/v1/shipping_rates/" + rate["id"])[1], rate)
    made(sim, "shipping_rates/" + rate["id"], active="false")
    eq(sim.call("GET", "/v1/shipping_rates", {"active": "true"})[1]["data"], [])
    refuses_session(sim, "shipping_options[0][shipping_rate]", says="inactive",
                    **{"shipping_options[0][shipping_rate]": rate["id"]})


@test("a session offers rates by id and by data, the first is chosen, and its currency has to fit")
def _(sim, hook):
    rate = made(sim, "shipping_rates", **{
        "display_name": "Both", "fixed_amount[amount]": 900, "fixed_amount[currency]": "eur",
        "fixed_amount[currency_options][usd][amount]": 1000})
    session = sim.session(**RATE, **{"shipping_options[1][shipping_rate]": rate["id"]})
    eq([o["shipping_amount"] for o in session["shipping_options"]], [500, 1000])
    eq((session["amount_total"], session["total_details"]["amount_shipping"]), (3000, 500))
    paid = sim.control("pay", session=session["id"], shipping_rate=rate["id"])["session"]
    eq((paid["amount_total"], paid["shipping_cost"]["shipping_rate"]), (3500, rate["id"]))
    whole = sim.call("GET", f"/v1/checkout/sessions/{session['id']}",
                     {"expand[]": "shipping_cost.shipping_rate"})[1]
    eq(whole["shipping_cost"]["shipping_rate"]["display_name"], "Both")
    for param, more in (
            ("shipping_options[0]", RATE | {"shipping_options[0][shipping_rate]": rate["id"]}),
            ("shipping_options[0][shipping_rate]", {"shipping_options[0][shipping_rate]": "shr_none"}),
            ("shipping_options[0][shipping_rate_data][fixed_amount][currency]", RATE | {
                "shipping_options[0][shipping_rate_data][fixed_amount][currency]": "eur"}),
            ("shipping_options", {f"shipping_options[{n}][shipping_rate]": rate["id"]
                                  for n in range(6)})):
        refuses_session(sim, param, CODES.get(param), **more)


@test("custom fields are held against Stripe's rules, and come back with what was entered")
def _(sim, hook):
    session = sim.session(**FIELD)
    field, = session["custom_fields"]
    eq((field["key"], field["type"], field["optional"], field["text"]["value"]),
       ("gift", "text", False, None))
    paid = sim.control("pay", session=session["id"], custom_fields={"gift": "For Ann"})["session"]
    eq(paid["custom_fields"][0]["text"]["value"], "For Ann")
    dropdown = FIELD | {"custom_fields[0][type]": "dropdown"}
    for param, more in (
            ("custom_fields[0][dropdown]", dropdown),
            ("custom_fields[0][numeric]", FIELD | {"custom_fields[0][numeric][maximum_length]": 3}),
            ("custom_fields[0][key]", FIELD | {"custom_fields[0][key]": "a b"}),
            ("custom_fields[0][label][custom]", FIELD | {"custom_fields[0][label][custom]": "x" * 51}),
            ("custom_fields[1][key]", FIELD | {name.replace("[0]", "[1]", 1): value
                                               for name, value in FIELD.items()}),
            ("custom_fields", {name.replace("[0]", f"[{n}]", 1): value
                               for n in range(4) for name, value in FIELD.items()})):
        refuses_session(sim, param, CODES.get(param), **more)


@test("a business, its tax id, names, consent and a billing address are collected where they are asked for")
def _(sim, hook):
    session = sim.session(**{
        "tax_id_collection[enabled]": "true", "billing_address_collection": "required",
        "consent_collection[terms_of_service]": "required", "consent_collection[promotions]": "auto",
        "name_collection[business][enabled]": "true"})
    paid = sim.control("pay", session=session["id"], tax_ids=[{"type": "eu_vat", "value": "DE1"}],
                       consent={"promotions": "opt_in"}, business_name="Doe GmbH")["session"]
    details = paid["customer_details"]
    eq((details["business_name"], details["tax_ids"]), ("Doe GmbH", [{"type": "eu_vat", "value": "DE1"}]))
    eq(details["address"]["line1"], "510 Townsend St")
    eq(paid["consent"], {"promotions": "opt_in", "terms_of_service": "accepted"})
    sim.control("pay", 400, session=sim.session()["id"], tax_ids=[{"type": "eu_vat", "value": "DE1"}])


@test("an invoice is made where the session asks for one")
def _(sim, hook):
    session = sim.session(**{"invoice_creation[enabled]": "true",
                             "invoice_creation[invoice_data][footer]": "Thanks"})
    paid = sim.control("pay", session=session["id"])["session"]
    invoice = sim.call("GET", "/v1/invoices/" + paid["invoice"])[1]
    eq((invoice["total"], invoice["status"], invoice["footer"]), (2500, "paid", "Thanks"))
    eq(invoice["customer"], paid["customer"])


@test("coupons and promotion codes take their part off, and one of them alone")
def _(sim, hook):
    tenth = made(sim, "coupons", percent_off="10", duration="once", name="A tenth")
    code = made(sim, "promotion_codes", **{"promotion[type]": "coupon", "code": "TENTH",
                                           "promotion[coupon]": tenth["id"]})
    session = sim.session(**{"discounts[0][coupon]": tenth["id"]})
    eq((session["amount_total"], session["total_details"]["amount_discount"]), (2250, 250))
    paid = sim.control("pay", session=session["id"])["session"]
    eq((paid["amount_total"], paid["discounts"]), (2250, [{"coupon": tenth["id"], "promotion_code": None}]))
    session = sim.session(allow_promotion_codes="true")
    paid = sim.control("pay", session=session["id"], promotion_code="tenth")["session"]
    eq((paid["amount_total"], paid["discounts"]), (2250, [{"coupon": None, "promotion_code": code["id"]}]))
    whole = sim.call("GET", "/v1/checkout/sessions/" + session["id"], {
        "expand[0]": "discounts.promotion_code.promotion.coupon", "expand[1]": "total_details.breakdown"})[1]
    eq(whole["discounts"][0]["promotion_code"]["promotion"]["coupon"]["name"], "A tenth")
    eq(whole["total_details"]["breakdown"]["discounts"][0]["discount"]["source"]["coupon"], tenth["id"])
    refuses_session(sim, "discounts[0][coupon]", "resource_missing", **{"discounts[0][coupon]": "none"})
    refuses_session(sim, "discounts", **{"discounts[0][coupon]": tenth["id"],
                                         "discounts[1][coupon]": tenth["id"]})
    refused(sim.call("POST", "/v1/coupons", {"percent_off": "0"}), 400, None, "percent_off")
    refused(sim.call("POST", "/v1/coupons", {"amount_off": "5"}), 400, "parameter_missing", "currency")


@test("a payment that is captured by hand is unpaid until then, and can be captured in part or given back")
def _(sim, hook):
    by_hand = {"payment_intent_data[capture_method]": "manual"}
    for amount, status in ((None, "paid"), (2000, "paid")):
        session = sim.control("pay", session=sim.session(**by_hand)["id"])["session"]
        eq(session["payment_status"], "unpaid")
        intent = sim.call("GET", "/v1/payment_intents/" + session["payment_intent"])[1]
        eq((intent["status"], intent["amount_capturable"]), ("requires_capture", 2500))
        refused(sim.call("POST", f"/v1/payment_intents/{intent['id']}/capture",
                         {"amount_to_capture": 2501}), 400, "amount_too_large", "amount_to_capture")
        made(sim, f"payment_intents/{intent['id']}/capture",
             **({"amount_to_capture": amount} if amount else {}))
        charge = sim.call("GET", "/v1/charges/" + intent["latest_charge"])[1]
        eq((charge["captured"], charge["amount_captured"], charge["amount_refunded"]),
           (True, amount or 2500, 2500 - (amount or 2500)))
        after = sim.call("GET", "/v1/checkout/sessions/" + session["id"])[1]
        eq(after["payment_status"], status)
        refused(sim.call("POST", f"/v1/payment_intents/{intent['id']}/cancel"), 400,
                "payment_intent_unexpected_state")
    session = sim.control("pay", session=sim.session(**by_hand)["id"])["session"]
    intent = made(sim, f"payment_intents/{session['payment_intent']}/cancel")
    charge = sim.call("GET", "/v1/charges/" + intent["latest_charge"])[1]
    eq((intent["status"], charge["captured"], charge["refunded"]), ("canceled", False, True))
    types = [event["type"] for event in sim.control("events")]
    for type in ("charge.captured", "payment_intent.canceled", "charge.refunded"):
        eq(type in types, True, type)


@test("a price in other currencies is charged in the session's")
def _(sim, hook):
    price = made(sim, "prices", **{"unit_amount": 1000, "currency": "usd", "product_data[name]": "Two",
                                   "currency_options[eur][unit_amount]": 900})
    whole = sim.call("GET", "/v1/prices/" + price["id"], {"expand[]": "currency_options"})[1]
    eq({code: o["unit_amount"] for code, o in whole["currency_options"].items()},
       {"usd": 1000, "eur": 900})
    eq("currency_options" in price, False, "only where it is asked for")
    session = sim.session(**{"line_items[0][price]": price["id"], "currency": "eur"})
    eq((session["currency"], session["amount_total"]), ("eur", 1800))
    refuses_session(sim, "line_items", **{"currency": "gbp"})


@test("the page asks for all that the session collects, and a sale can be made by hand")
def _(sim, hook):
    tenth = made(sim, "coupons", percent_off="10", duration="once")
    made(sim, "promotion_codes", **{"promotion[type]": "coupon", "code": "TENTH",
                                    "promotion[coupon]": tenth["id"]})
    express = {name.replace("[0]", "[1]", 1): value for name, value in RATE.items()} | {
        "shipping_options[1][shipping_rate_data][display_name]": "Express",
        "shipping_options[1][shipping_rate_data][fixed_amount][amount]": 1900}
    session = sim.session(**RATE, **express, **FIELD, **{
        "custom_fields[0][text][maximum_length]": 20, "tax_id_collection[enabled]": "true",
        "consent_collection[terms_of_service]": "required", "allow_promotion_codes": "true",
        "billing_address_collection": "required"})
    text = sim.raw("GET", f"/pay/{session['id']}")[2]
    for name in ("shipping_rate", "custom_gift", "business", "tax_id", "terms", "promotion_code",
                 "billing_line1"):
        eq(f'name="{name}"' in text, True, name)
    rates = re.findall(r'name="shipping_rate" value="(\w+)"', text)
    form = {"shipping_rate": rates[1], "custom_gift": "For Ann", "terms": "on", "business": "on",
            "business_name": "Doe GmbH", "tax_id_type": "eu_vat", "tax_id": "DE123456789",
            "promotion_code": "TENTH", "billing_country": "DE", "billing_line1": "Hauptstr. 1",
            "billing_postal_code": "10115", "billing_city": "Berlin"}
    for name, value, says in (("custom_gift", "", "Gift note: too short"),
                              ("custom_gift", "x" * 21, "Gift note: too short or too long"),
                              ("promotion_code", "NONE", "This code is invalid"),
                              ("terms", "", "Accept the terms"),
                              ("shipping_rate", "shr_none", "does not offer")):
        status, _, text = page_says(sim, session, form | {name: value})
        eq((status, says in text), (402, True), f"{name}: {text[-2000:]}")
    eq(page_says(sim, session, form)[0], 303)
    paid = sim.call("GET", "/v1/checkout/sessions/" + session["id"])[1]
    eq((paid["status"], paid["amount_total"]), ("complete", 2500 - 250 + 1900))
    eq(paid["custom_fields"][0]["text"]["value"], "For Ann")
    eq(paid["customer_details"]["tax_ids"], [{"type": "eu_vat", "value": "DE123456789"}])
    eq(paid["customer_details"]["address"]["city"], "Berlin")
    eq(paid["consent"]["terms_of_service"], "accepted")


if __name__ == "__main__":
    sys.exit(test_sim.main(sys.argv[1:]))
