# SPDX-License-Identifier: ISC
"""What happens when a buyer pays: the session completes, money arrives or does not, with all that
Stripe then writes into session, payment intent and charge."""

import re
import time
from dataclasses import dataclass

from .captures import approved, authorize
from .collecting import billing_address, customer_extras, fill_custom_fields, give_consent
from .discounts import enter_code
from .errors import ControlError, Declined
from .known import CARDS, CHECKOUT_WAIT, OTHER_CARD
from .invoices import make_invoice
from .objects import charge_object, debit_type, new_id, now, payment_intent_object
from .sale import break_down, take_fee
from .shipping import charge_shipping, choose_shipping


@dataclass
class Payment:
    """What a buyer enters on the page, or a test in /_sim/pay."""
    card: str = "4242424242424242"
    method: str = "card"
    email: str = None
    name: str = None
    phone: str = None
    shipping: dict = None
    discount: int = 0
    promotion_code: str = None
    tax: int = 0
    shipping_amount: int = None
    presentment: dict = None
    shipping_rate: str = None
    custom_fields: dict = None
    tax_ids: list = None
    business_name: str = None
    individual_name: str = None
    consent: dict = None
    billing: dict = None
    at: int = None


def pay_session(world, session, payment, emit=True):
    """Complete an open session; returns the completed event and its deliveries."""
    if session["status"] != "open":
        raise ControlError(f"the session is {session['status']}", 409)
    details = charge_method(session, payment)
    if payment.shipping_rate and not choose_shipping(session, payment.shipping_rate):
        raise ControlError("the session does not offer this shipping rate")
    fill_custom_fields(session, payment.custom_fields)
    give_consent(session, payment)
    if payment.promotion_code and not payment.discount:
        enter_code(world, session, payment.promotion_code)
    payment.discount = payment.discount or session["total_details"]["amount_discount"]
    settle_amounts(session, world.lines[session["id"]], payment)
    break_down(world, session, payment)
    collect_details(session, payment)
    session.update(status="complete", url=None)
    if session["mode"] == "payment" and session["amount_total"] > 0:
        take_money(world, session, payment, details, emit)
    elif session["mode"] == "subscription":
        start_subscription(session)
    elif session["mode"] == "setup":
        session["setup_intent"] = new_id("setup_intent")
    else:
        session["payment_status"] = "no_payment_required"
    make_invoice(world, session, emit, payment.at)
    if not emit:
        return None, []
    return world.emit("checkout.session.completed", session, at=payment.at)


def settle_amounts(session, lines, payment):
    """Discount, tax and shipping on top of the lines, shared out among them to the last cent."""
    subtotal = session["amount_subtotal"] or 0
    if not 0 <= payment.discount <= subtotal:
        raise ControlError("discount must be between 0 and the subtotal")
    weights = [line["amount_subtotal"] for line in lines]
    discounts, taxes = share(payment.discount, weights), share(payment.tax, weights)
    for line, discount, tax in zip(lines, discounts, taxes):
        line.update(amount_discount=discount, amount_tax=tax,
                    amount_total=line["amount_subtotal"] - discount + tax)
    totals = session["total_details"] = session["total_details"] | {
        "amount_discount": payment.discount, "amount_tax": payment.tax}
    if lines:
        session["amount_total"] = (subtotal - payment.discount + payment.tax
                                   + totals["amount_shipping"])
    if payment.shipping_amount is not None:
        charge_shipping(session, payment.shipping_amount, new_id("shipping_rate"))
    if session["automatic_tax"]["enabled"]:
        session["automatic_tax"] = session["automatic_tax"] | {"status": "complete"}


def share(amount, weights):
    """Split an amount in proportion; the parts add up exactly."""
    parts, done, weight_done, total = [], 0, 0, sum(weights)
    for weight in weights:
        weight_done += weight
        upto = amount * weight_done // total if total else 0
        parts.append(upto - done)
        done = upto
    if parts:
        parts[-1] += amount - done
    return parts


def charge_method(session, payment):
    """The charge's payment_method_details, or the decline."""
    if payment.method == "later":
        kind = debit_type(session["currency"])
        return {"type": kind, kind: {"bank_name": "STRIPE TEST BANK", "last4": "6789"}}
    if payment.method != "card":
        raise ControlError("method must be card or later")
    number = re.sub(r"[ -]", "", payment.card)
    if not number.isdigit() or not 12 <= len(number) <= 19 or not luhn(number):
        raise Declined("incorrect_number", "Your card number is invalid.")
    brand, code, message = CARDS.get(number, OTHER_CARD)
    if code:
        raise Declined(code, message)
    return {"type": "card", "card": {
        "brand": brand, "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit",
        "last4": number[-4:], "network": brand, "three_d_secure": None, "wallet": None}}


def luhn(number):
    digits = [int(digit) for digit in reversed(number)]
    return sum(digits[0::2] + [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]) % 10 == 0


def collect_details(session, payment):
    """Who bought it and where it goes; what the session asks for and was not given has defaults."""
    shipping = payment.shipping
    asked = session["shipping_address_collection"]
    if shipping is None and asked:
        country = "US" if "US" in asked["allowed_countries"] else asked["allowed_countries"][0]
        shipping = {"name": payment.name or "Jenny Rosen",
                    "address": {"line1": "510 Townsend St", "city": "San Francisco", "state": "CA",
                                "postal_code": "94103", "country": country}}
    if shipping:
        shipping = {"address": full_address(shipping.get("address", {})),
                    "name": shipping.get("name")}
        if asked and shipping["address"]["country"] not in asked["allowed_countries"]:
            raise ControlError("the session does not ship to this country")
    phone = payment.phone
    if phone is None and session["phone_number_collection"]["enabled"]:
        phone = "+14155550100"
    if shipping or asked:
        session["collected_information"] = {"business_name": payment.business_name,
                                            "individual_name": payment.individual_name,
                                            "shipping_details": shipping}
    country = shipping["address"]["country"] if shipping else "US"
    session["customer_details"] = {
        "address": billing_address(session, payment, country),
        "email": session["customer_email"] or payment.email or "jenny.rosen@example.com",
        "name": payment.name or "Jenny Rosen", "phone": phone,
        "tax_exempt": "none"} | customer_extras(session, payment, country)
    if payment.presentment:
        session["presentment_details"] = {
            "presentment_amount": payment.presentment["amount"],
            "presentment_currency": payment.presentment["currency"]}


def full_address(address):
    return {name: address.get(name) for name in
            ("city", "country", "line1", "line2", "postal_code", "state")}


def take_money(world, session, payment, details, emit):
    at = payment.at or now()
    intent = world.put(payment_intent_object(session, world.intent_data[session["id"]], at))
    charge = world.put(charge_object(session, intent, details, at))
    intent["latest_charge"] = charge["id"]
    session["payment_intent"] = intent["id"]
    world.shelf("checkout.session").file(session, "payment_intent")
    for thing in (intent, charge):
        if "presentment_details" in session:
            thing["presentment_details"] = dict(session["presentment_details"])
    if payment.method == "later":
        session["payment_status"] = "unpaid"
        if emit:
            world.emit("payment_intent.processing", intent, at=payment.at)
            world.emit("charge.pending", charge, at=payment.at)
    elif intent["capture_method"] == "manual":
        authorize(world, session, intent, charge, emit, payment.at)
    else:
        money_arrives(world, session, intent, charge, emit, payment.at)


def money_arrives(world, session, intent, charge, emit=True, at=None):
    intent.update(status="succeeded", amount_received=intent["amount"])
    charge.update(status="succeeded", paid=True, captured=True, amount_captured=charge["amount"],
                  receipt_url=f"https://pay.stripe.com/receipts/payment/{charge['id']}",
                  outcome=approved())
    charge["balance_transaction"] = take_fee(world, charge)["id"]
    session["payment_status"] = "paid"
    if emit:
        world.emit("charge.succeeded", charge, at=at)
        world.emit("payment_intent.succeeded", intent, at=at)


def money_fails(world, intent, charge):
    intent.update(status="requires_payment_method", last_payment_error={
        "code": "payment_intent_payment_attempt_failed", "message": "The bank debit failed.",
        "type": "invalid_request_error"})
    charge.update(status="failed", failure_code="insufficient_funds",
                  failure_message="The bank debit failed.")
    world.emit("charge.failed", charge)
    world.emit("payment_intent.payment_failed", intent)


def another_charge(world, session, intent, failed):
    """The buyer pays once more after a payment that failed."""
    charge = world.put(charge_object(session, intent, failed["payment_method_details"], now()))
    intent.update(latest_charge=charge["id"], last_payment_error=None)
    return charge


def start_subscription(session):
    session.update(payment_status="paid" if session["amount_total"] else "no_payment_required",
                   customer=session["customer"] or new_id("customer"),
                   subscription=new_id("subscription"), invoice=new_id("invoice"))


def wait_for_answer(deliveries, wait=True):
    """As Checkout does: up to ten seconds for the first attempt's status, or None."""
    deadline = time.monotonic() + CHECKOUT_WAIT
    for delivery in deliveries if wait else ():
        delivery.answered.wait(max(0, deadline - time.monotonic()))
    return next((d.status for d in deliveries if d.answered.is_set()), None)
