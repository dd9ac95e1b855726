# SPDX-License-Identifier: ISC
"""A payment that is authorized at first: it is captured, in whole or in part, or given back."""

from .errors import refuse
from .objects import now
from .operations import operation
from .parameters import CANCEL, CAPTURE
from .sale import take_fee

REASONS = ("requires_payment_method", "requires_capture", "processing")


def authorize(world, session, intent, charge, emit, at):
    """The buyer's bank keeps the money ready; nobody has paid."""
    intent.update(status="requires_capture", amount_capturable=intent["amount"])
    charge.update(status="succeeded", paid=True, captured=False, amount_captured=0,
                  outcome=approved())
    session["payment_status"] = "unpaid"
    if emit:
        world.emit("charge.succeeded", charge, at=at)
        world.emit("payment_intent.amount_capturable_updated", intent, at=at)


def approved():
    return {"advice_code": None, "network_advice_code": None, "network_decline_code": None,
            "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
            "risk_score": 12, "seller_message": "Payment complete.", "type": "authorized"}


def intent_in(world, call, *statuses):
    intent = world.get("payment_intent", call.ids["id"], "intent")
    if intent["status"] not in statuses:
        raise refuse("This PaymentIntent could not be changed because it has a status of "
                     f"{intent['status']}.", code="payment_intent_unexpected_state")
    return intent


def session_of(world, intent):
    rows = world.shelf("checkout.session").group("payment_intent", intent["id"]).rows
    return rows[0] if rows else None


@operation("POST", "/v1/payment_intents/{id}/capture", "payment_intent", CAPTURE)
def capture(world, call):
    intent = intent_in(world, call, "requires_capture")
    amount = call.params.get("amount_to_capture", intent["amount_capturable"])
    if amount > intent["amount_capturable"]:
        raise refuse("The requested capture amount is greater than the authorized amount.",
                     "amount_to_capture", "amount_too_large")
    charge = world.find("charge", intent["latest_charge"])
    rest = charge["amount"] - amount
    charge.update(captured=True, amount_captured=amount, amount_refunded=rest,
                  receipt_url=f"https://pay.stripe.com/receipts/payment/{charge['id']}")
    charge["balance_transaction"] = take_fee(world, charge, now())["id"]
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    session = session_of(world, intent)
    if session:
        session["payment_status"] = "paid"
    world.emit("charge.captured", charge, call)
    world.emit("payment_intent.succeeded", intent, call)
    return intent


@operation("POST", "/v1/payment_intents/{id}/cancel", "payment_intent", CANCEL)
def cancel(world, call):
    intent = intent_in(world, call, *REASONS)
    charge = world.find("charge", intent["latest_charge"])
    intent.update(status="canceled", amount_capturable=0, canceled_at=now(),
                  cancellation_reason=call.params.get("cancellation_reason"))
    if charge and charge["status"] == "succeeded":
        charge.update(amount_refunded=charge["amount"], refunded=True)
        world.emit("charge.refunded", charge, call)
    world.emit("payment_intent.canceled", intent, call)
    return intent
