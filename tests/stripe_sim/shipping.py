# SPDX-License-Identifier: ISC
"""Shipping rates, and the options of a session that are made of them."""

from .errors import missing, no_such, refuse
from .objects import merge_metadata, new_id, now
from .operations import equal, operation, page_of
from .parameters import SHIPPING_RATE_CREATE, SHIPPING_RATE_LIST, SHIPPING_RATE_UPDATE


def shipping_rate_object(data):
    return {"id": new_id("shipping_rate"), "object": "shipping_rate", "active": True, "created": now(),
            "delivery_estimate": data.get("delivery_estimate"), "display_name": data["display_name"],
            "fixed_amount": {name: data["fixed_amount"][name] for name in (
                "amount", "currency", "currency_options") if name in data["fixed_amount"]},
            "livemode": False, "metadata": merge_metadata({}, data.get("metadata", {})),
            "tax_behavior": data.get("tax_behavior", "unspecified"), "tax_code": data.get("tax_code"),
            "type": "fixed_amount"}


@operation("GET", "/v1/shipping_rates", "list:shipping_rate", SHIPPING_RATE_LIST)
def list_shipping_rates(world, call):
    same, code = equal(call.params, "active"), call.params.get("currency")
    return page_of(call, world.shelf("shipping_rate"), lambda row: same(row) and code in (
        None, row["fixed_amount"]["currency"]))


@operation("POST", "/v1/shipping_rates", "shipping_rate", SHIPPING_RATE_CREATE, ("display_name",))
def create_shipping_rate(world, call):
    if "fixed_amount" not in call.params:
        raise missing("fixed_amount")
    return world.put(shipping_rate_object(call.params))


@operation("GET", "/v1/shipping_rates/{id}", "shipping_rate")
def retrieve_shipping_rate(world, call):
    return world.get("shipping_rate", call.ids["id"], "shipping_rate")


@operation("POST", "/v1/shipping_rates/{id}", "shipping_rate", SHIPPING_RATE_UPDATE)
def update_shipping_rate(world, call):
    rate = world.get("shipping_rate", call.ids["id"], "shipping_rate")
    if "active" in call.params:
        rate["active"] = call.params["active"]
    if "metadata" in call.params:
        rate["metadata"] = merge_metadata(rate["metadata"], call.params["metadata"])
    return rate


def amount_in(rate, code, param):
    """What a rate costs in the session's currency."""
    fixed = rate["fixed_amount"]
    if fixed["currency"] == code:
        return fixed["amount"]
    if code in fixed.get("currency_options", {}):
        return fixed["currency_options"][code]["amount"]
    raise refuse(f"The shipping rate's currency, {fixed['currency']}, must be the session's, {code}.",
                 param)


def offer_shipping(world, session, options):
    """The options that the session offers; Checkout chooses the first until the buyer does."""
    for n, option in enumerate(options):
        param = f"shipping_options[{n}]"
        if ("shipping_rate" in option) == ("shipping_rate_data" in option):
            raise refuse("You must specify exactly one of these parameters: shipping_rate, "
                         "shipping_rate_data.", param)
        if "shipping_rate" in option:
            rate = world.find("shipping_rate", option["shipping_rate"])
            if rate is None:
                raise no_such("shipping_rate", option["shipping_rate"], f"{param}[shipping_rate]", 400)
            if not rate["active"]:
                raise refuse("The shipping rate specified is inactive. This field only accepts active "
                             "shipping rates.", f"{param}[shipping_rate]")
            named = f"{param}[shipping_rate]"
        elif "fixed_amount" not in option["shipping_rate_data"]:
            raise missing(f"{param}[shipping_rate_data][fixed_amount]")
        else:
            rate = world.put(shipping_rate_object(option["shipping_rate_data"]))
            named = f"{param}[shipping_rate_data][fixed_amount][currency]"
        session["shipping_options"].append({
            "shipping_amount": amount_in(rate, session["currency"], named), "shipping_rate": rate["id"]})
    if options:
        choose_shipping(session, session["shipping_options"][0]["shipping_rate"])


def choose_shipping(session, rate):
    """The buyer chooses one of the options; False where it is none of them."""
    option = next((o for o in session["shipping_options"] if o["shipping_rate"] == rate), None)
    if option is None:
        return False
    charge_shipping(session, option["shipping_amount"], rate)
    return True


def charge_shipping(session, amount, rate):
    session["shipping_cost"] = {"amount_subtotal": amount, "amount_tax": 0, "amount_total": amount,
                                "shipping_rate": rate}
    session["amount_total"] += amount - session["total_details"]["amount_shipping"]
    session["total_details"] = session["total_details"] | {"amount_shipping": amount}
