# SPDX-License-Identifier: ISC
"""The operations on what comes after the sale: payment intents, charges, refunds, disputes."""

from .errors import refuse
from .known import format_amount
from .objects import refund_object
from .operations import equal, operation, page_of
from .parameters import BY_CHARGE, CHARGE_LIST, PAGING, REFUND_CREATE


@operation("GET", "/v1/payment_intents/{id}", "payment_intent")
def retrieve_payment_intent(world, call):
    return world.get("payment_intent", call.ids["id"], "intent")


@operation("GET", "/v1/charges", "list:charge", CHARGE_LIST)
def list_charges(world, call):
    return page_of(call, world.shelf("charge"),
                   equal(call.params, "customer", "payment_intent", "transfer_group"))


@operation("GET", "/v1/charges/{id}", "charge")
def retrieve_charge(world, call):
    return world.get("charge", call.ids["id"], "id")


@operation("GET", "/v1/balance_transactions", "list:balance_transaction", PAGING)
def list_balance_transactions(world, call):
    return page_of(call, world.shelf("balance_transaction"))


@operation("GET", "/v1/refunds", "list:refund", BY_CHARGE)
def list_refunds(world, call):
    return page_of(call, world.shelf("refund"), equal(call.params, "charge", "payment_intent"))


@operation("GET", "/v1/refunds/{id}", "refund")
def retrieve_refund(world, call):
    return world.get("refund", call.ids["id"], "id")


@operation("POST", "/v1/refunds", "refund", REFUND_CREATE)
def create_refund(world, call):
    charge = charge_to_refund(world, call.params)
    left = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise refuse(f"Charge {charge['id']} has already been refunded.",
                     code="charge_already_refunded")
    amount = call.params.get("amount", left)
    if amount > left:
        raise refuse(f"Refund amount ({format_amount(amount, charge['currency'])}) is greater than "
                     "unrefunded amount on charge "
                     f"({format_amount(left, charge['currency'])})", "amount")
    card = charge["payment_method_details"]["type"] == "card"
    refund = world.put(refund_object(charge, amount, call.params, "succeeded" if card else "pending"))
    world.emit("refund.created", refund, call)
    move_refunded(world, charge, amount, call)
    return refund


def charge_to_refund(world, params):
    if "charge" in params:
        charge = world.get("charge", params["charge"], "charge")
        if charge["payment_intent"] != params.get("payment_intent", charge["payment_intent"]):
            raise refuse("The charge does not belong to the payment intent.", "payment_intent")
    elif "payment_intent" in params:
        intent = world.get("payment_intent", params["payment_intent"], "payment_intent")
        charge = world.find("charge", intent["latest_charge"])
    else:
        raise refuse("One of the following params should be provided for this request: "
                     "payment_intent or charge.", code="parameter_missing")
    if charge is None or charge["status"] != "succeeded":
        raise refuse("This PaymentIntent does not have a successful charge to refund.",
                     code="payment_intent_unexpected_state")
    disputes = world.shelf("dispute").group("charge", charge["id"]).rows
    if any(dispute["status"] != "won" for dispute in disputes):
        raise refuse(f"Charge {charge['id']} has been charged back; cannot issue a refund.",
                     code="charge_disputed")
    return charge


def move_refunded(world, charge, amount, call=None):
    """Change what is refunded of a charge; more of it is a charge.refunded event."""
    previous = {"amount_refunded": charge["amount_refunded"]}
    charge["amount_refunded"] += amount
    full = charge["amount_refunded"] == charge["amount"]
    if full != charge["refunded"]:
        previous["refunded"], charge["refunded"] = charge["refunded"], full
    if amount > 0:
        world.emit("charge.refunded", charge, call, previous)


@operation("GET", "/v1/disputes", "list:dispute", BY_CHARGE)
def list_disputes(world, call):
    return page_of(call, world.shelf("dispute"), equal(call.params, "charge", "payment_intent"))


@operation("GET", "/v1/disputes/{id}", "dispute")
def retrieve_dispute(world, call):
    return world.get("dispute", call.ids["id"], "dispute")
