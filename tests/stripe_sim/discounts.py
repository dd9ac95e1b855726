# SPDX-License-Identifier: ISC
"""Coupons, the codes that a buyer types for them, and what they take off a session."""

from .errors import ControlError, missing, no_such, refuse
from .objects import merge_metadata, new_id, now
from .operations import equal, only_one_of, operation, page_of
from .parameters import COUPON_CREATE, PAGING, PROMOTION_CODE_CREATE, PROMOTION_CODE_LIST


@operation("POST", "/v1/coupons", "coupon", COUPON_CREATE)
def create_coupon(world, call):
    params = call.params
    only_one_of(params, "amount_off", "percent_off")
    if "amount_off" not in params and "percent_off" not in params:
        raise missing("percent_off")
    if "amount_off" in params and "currency" not in params:
        raise missing("currency")
    if world.find("coupon", params.get("id")):
        raise refuse("Coupon already exists.", "id", "resource_already_exists")
    return world.put({
        "id": params.get("id") or new_id("coupon"), "object": "coupon",
        "amount_off": params.get("amount_off"), "created": now(), "currency": params.get("currency"),
        "duration": params.get("duration", "once"), "duration_in_months": None, "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merge_metadata({}, params.get("metadata", {})), "name": params.get("name"),
        "percent_off": params.get("percent_off"), "redeem_by": params.get("redeem_by"),
        "times_redeemed": 0, "valid": True})


@operation("GET", "/v1/coupons/{id}", "coupon")
def retrieve_coupon(world, call):
    return world.get("coupon", call.ids["id"], "coupon")


@operation("POST", "/v1/promotion_codes", "promotion_code", PROMOTION_CODE_CREATE, ("promotion",))
def create_promotion_code(world, call):
    params = call.params
    coupon = world.get("coupon", params["promotion"]["coupon"], "promotion[coupon]", 400)
    code = params.get("code") or new_id("promotion_code")[-8:].upper()
    if code_named(world, code):
        raise refuse(f"An active promotion code with `code: {code}` already exists.", "code",
                     "resource_already_exists")
    return world.put({
        "id": new_id("promotion_code"), "object": "promotion_code",
        "active": params.get("active", True), "code": code, "created": now(), "customer": None,
        "customer_account": None, "expires_at": params.get("expires_at"), "livemode": False,
        "max_redemptions": params.get("max_redemptions"),
        "metadata": merge_metadata({}, params.get("metadata", {})),
        "promotion": {"coupon": coupon["id"], "type": "coupon"},
        "restrictions": {"first_time_transaction": False, "minimum_amount": None,
                         "minimum_amount_currency": None}, "times_redeemed": 0})


@operation("GET", "/v1/promotion_codes", "list:promotion_code", PROMOTION_CODE_LIST)
def list_promotion_codes(world, call):
    return page_of(call, world.shelf("promotion_code"), equal(call.params, "active", "code"))


@operation("GET", "/v1/coupons", "list:coupon", PAGING)
def list_coupons(world, call):
    return page_of(call, world.shelf("coupon"))


@operation("GET", "/v1/promotion_codes/{id}", "promotion_code")
def retrieve_promotion_code(world, call):
    return world.get("promotion_code", call.ids["id"], "promotion_code")


def code_named(world, code):
    """Codes are the same in capitals and not."""
    return next((p for p in world.all("promotion_code")
                 if p["active"] and p["code"].lower() == code.lower()), None)


def take_discounts(world, session, discounts):
    """The discounts that a session is made with."""
    for discount in discounts:
        only_one_of(discount, "coupon", "promotion_code")
        for name, id in discount.items():
            thing = world.find(name, id)
            if thing is None:
                raise no_such(name.replace("_", " "), id, f"discounts[0][{name}]", 400)
            if name == "promotion_code" and not thing["active"]:
                raise refuse("This promotion code is inactive.", f"discounts[0][{name}]")
            take_off(world, session, thing)


def take_off(world, session, thing):
    """Lower the session's total by a coupon, or by a code's."""
    code = thing if thing["object"] == "promotion_code" else None
    coupon = world.find("coupon", code["promotion"]["coupon"]) if code else thing
    subtotal = session["amount_subtotal"] or 0
    if coupon["amount_off"] is None:
        amount = round(subtotal * coupon["percent_off"] / 100)
    elif coupon["currency"] != session["currency"]:
        raise refuse("The coupon's currency must be the session's.", "discounts[0][coupon]")
    else:
        amount = min(coupon["amount_off"], subtotal)
    session["discounts"] = [{"coupon": None if code else coupon["id"], "promotion_code": code and code["id"]}]
    session["amount_total"] -= amount - session["total_details"]["amount_discount"]
    session["total_details"] = session["total_details"] | {"amount_discount": amount}


def enter_code(world, session, text):
    """The buyer types a code."""
    code = code_named(world, text)
    if code is None or not session["allow_promotion_codes"]:
        raise ControlError("This code is invalid.")
    take_off(world, session, code)
