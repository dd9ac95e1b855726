# SPDX-License-Identifier: ISC
"""The operations on Checkout Sessions: what may be sold, how its lines add up, the way to its
end."""

import heapq

from .collecting import check_custom_fields
from .discounts import take_discounts
from .errors import missing, no_such, refuse
from .forms import one_of
from .known import DAY, HALF_HOUR, MINIMUM_CHARGE, MOST_AMOUNT, format_amount
from .objects import line_item_object, now, packages, price_object, product_object, session_object
from .operations import equal, only_one_of, operation, page_of
from .parameters import PAGING, SESSION_CREATE, SESSION_LIST
from .products import check_amount
from .shelves import Shelf
from .shipping import offer_shipping
from .world import expire_session


@operation("POST", "/v1/checkout/sessions", "checkout.session", SESSION_CREATE)
def create_session(world, call):
    check_session(call.params)
    created = now()
    if "expires_at" in call.params:
        check_expires_at(call.params["expires_at"], created)
    lines = [make_line(world, item, f"line_items[{n}]", call.params["mode"],
                       call.params.get("currency"))
             for n, item in enumerate(call.params.get("line_items", []))]
    check_lines(lines, call.params)
    if "customer" in call.params:
        raise no_such("customer", call.params["customer"], "customer", 400)
    return add_session(world, call.params, lines, created)


def add_session(world, params, lines, created):
    session = session_object(params, lines, created, world.base_url)
    world.lines[session["id"]] = lines
    world.intent_data[session["id"]] = params.get("payment_intent_data", {})
    offer_shipping(world, session, params.get("shipping_options", []))
    take_discounts(world, session, params.get("discounts", []))
    heapq.heappush(world.open_until, (session["expires_at"], session["id"]))
    return world.put(session)


def check_session(params):
    """The rules between parameters."""
    ui_mode = params.setdefault("ui_mode", "hosted_page")
    modes = {"hosted": "hosted_page", "embedded": "embedded_page", "custom": "elements"}
    params["ui_mode"] = modes.get(ui_mode, ui_mode)
    one_of(*modes.values(), "form")(params["ui_mode"], "ui_mode")
    if "mode" not in params:
        raise missing("mode")
    if params["ui_mode"] == "hosted_page":
        if "success_url" not in params:
            raise missing("success_url")
        if "return_url" in params:
            raise refuse("`return_url` cannot be passed when `ui_mode` is `hosted_page`.",
                         "return_url")
    elif "success_url" in params or "cancel_url" in params:
        name = "success_url" if "success_url" in params else "cancel_url"
        raise refuse(f"`{name}` cannot be passed when `ui_mode` is not `hosted_page`.", name)
    only_one_of(params, "customer", "customer_email")
    only_one_of(params, "allow_promotion_codes", "discounts")
    only_one_of(params, "allowed_payment_method_types", "excluded_payment_method_types")
    check_custom_fields(params.get("custom_fields", []))
    for mode, name in (("subscription", "payment_intent_data"), ("setup", "payment_intent_data"),
                       ("setup", "line_items"), ("payment", "subscription_data"),
                       ("setup", "subscription_data"), ("subscription", "submit_type"),
                       ("subscription", "invoice_creation")):
        if params["mode"] == mode and name in params:
            raise refuse(f"You can not pass `{name}` in `{mode}` mode.", name)
    if params["mode"] != "setup" and "line_items" not in params:
        raise missing("line_items")


def check_expires_at(expires_at, created):
    if expires_at < created + HALF_HOUR:
        raise refuse("The `expires_at` timestamp must be at least 30 minutes from Checkout Session "
                     "creation.", "expires_at")
    if expires_at > created + DAY:
        raise refuse("The `expires_at` timestamp must be less than 24 hours from Checkout Session "
                     "creation.", "expires_at")


def make_line(world, item, param, mode, code=None):
    if ("price" in item) == ("price_data" in item):
        if "price" in item:
            raise refuse("You may only specify one of these parameters: price, price_data.", param)
        raise missing(f"{param}[price]")
    if "quantity" not in item:
        raise refuse(f"Quantity is required. Add `quantity` to `{param}`", f"{param}[quantity]",
                     "parameter_missing")
    if "price" in item:
        price = world.get("price", item["price"], f"{param}[price]", 400)
    else:
        price = ad_hoc_price(world, item["price_data"], f"{param}[price_data]")
    product = world.find("product", price["product"])
    if "price" in item and not price["active"]:
        raise refuse("The price specified is inactive. This field only accepts active prices.",
                     f"{param}[price]")
    if not product["active"]:
        raise refuse("This price is not available to be purchased because its product is not active.",
                     f"{param}[price]")
    if price["recurring"] and mode == "payment":
        raise refuse("You specified `payment` mode but passed a recurring price. Either switch to "
                     "`subscription` mode or use only one-time prices.", f"{param}[price]")
    line = line_item_object(price, product, item["quantity"], item)
    option = world.currency_options.get(price["id"], {}).get(code)
    if option and code != price["currency"]:
        amount = option["unit_amount"] * packages(price, item["quantity"])
        line.update(currency=code, amount_subtotal=amount, amount_total=amount)
    return line


def ad_hoc_price(world, data, param):
    only_one_of(data, "product", "product_data")
    if "unit_amount" not in data:
        raise missing(f"{param}[unit_amount]")
    check_amount(data["unit_amount"], data["currency"], f"{param}[unit_amount]")
    if "product_data" in data:
        product = world.put(product_object(data["product_data"]))
    elif "product" in data:
        product = world.get("product", data["product"], f"{param}[product]", 400)
    else:
        raise missing(f"{param}[product]")
    return world.put(price_object(product["id"], data | {"active": False}))


def check_lines(lines, params):
    codes = {line["currency"] for line in lines} | {params[n] for n in ("currency",) if n in params}
    if len(codes) > 1:
        raise refuse("All prices on a Checkout Session must use the same currency. Found: "
                     + ", ".join(sorted(codes)), "line_items")
    if params["mode"] == "subscription" and not any(line["price"]["recurring"] for line in lines):
        raise refuse("You must provide at least one recurring price in `subscription` mode when "
                     "using prices.", "line_items")
    total = sum(line["amount_total"] for line in lines)
    code = lines[0]["currency"] if lines else "usd"
    if params["mode"] == "payment" and 0 < total < MINIMUM_CHARGE.get(code, 0):
        raise refuse("The Checkout Session's total amount due must add up to at least "
                     f"{format_amount(MINIMUM_CHARGE[code], code)} {code}", code="amount_too_small")
    if total > MOST_AMOUNT:
        raise refuse("The Checkout Session's total amount due must be no more than "
                     f"{format_amount(MOST_AMOUNT, code)}", code="amount_too_large")


@operation("GET", "/v1/checkout/sessions", "list:checkout.session", SESSION_LIST)
def list_sessions(world, call):
    same = equal(call.params, "customer", "payment_intent", "payment_link", "status", "subscription",
                 "customer_account")
    wanted = call.params.get("customer_details")
    return page_of(call, world.shelf("checkout.session"), lambda row: same(row) and (
        wanted is None or (row["customer_details"] or {}).get("email") == wanted["email"]))


@operation("GET", "/v1/checkout/sessions/{id}", "checkout.session")
def retrieve_session(world, call):
    return world.get("checkout.session", call.ids["id"], "session")


@operation("POST", "/v1/checkout/sessions/{id}/expire", "checkout.session")
def expire(world, call):
    session = world.get("checkout.session", call.ids["id"], "session")
    if session["status"] != "open":
        raise refuse("Only Checkout Sessions with a status in [\"open\"] can be expired. This "
                     f"Checkout Session has a status of {session['status']}.")
    expire_session(world, session, call)
    return session


@operation("GET", "/v1/checkout/sessions/{id}/line_items", "list:item", PAGING)
def list_line_items(world, call):
    session = world.get("checkout.session", call.ids["id"], "session")
    lines = Shelf("item")
    for line in reversed(world.lines[session["id"]]):  # the one list that begins with the first
        lines.add(line)
    return page_of(call, lines)
