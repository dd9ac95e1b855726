# SPDX-License-Identifier: ISC
"""How an answer looks: with the objects that the call expands, in the shape of its API version.
Objects are kept in the newest shape and walked back, one change at a time."""

from .errors import refuse
from .objects import list_object

# Property to the type behind it, "list:" before the type of a list's elements.  A dictionary is a
# plain object on the way: it can be walked through, not expanded.
EXPANDABLE = {
    "checkout.session": {
        "customer": "customer", "invoice": "invoice", "line_items": "list:item",
        "payment_intent": "payment_intent", "payment_link": "payment_link",
        "setup_intent": "setup_intent", "subscription": "subscription",
        "shipping_cost": {"shipping_rate": "shipping_rate"},
        "total_details": {"breakdown": "breakdown"},
        "discounts": {"coupon": "coupon", "promotion_code": "promotion_code"}},
    "promotion_code": {"promotion": {"coupon": "coupon"}},
    "item": {"price": "price", "discounts": "discount", "taxes": "tax"},
    "price": {"product": "product", "currency_options": "", "tiers": ""},
    "product": {"default_price": "price", "tax_code": "tax_code"},
    "payment_intent": {
        "latest_charge": "charge", "customer": "customer", "payment_method": "payment_method",
        "application": "application", "on_behalf_of": "account", "review": "review", "source": ""},
    "charge": {
        "payment_intent": "payment_intent", "refunds": "list:refund", "customer": "customer",
        "balance_transaction": "balance_transaction", "application": "application",
        "application_fee": "application_fee", "on_behalf_of": "account", "review": "review",
        "source_transfer": "transfer", "transfer": "transfer"},
    "refund": {
        "charge": "charge", "payment_intent": "payment_intent", "customer": "customer",
        "balance_transaction": "balance_transaction", "transfer_reversal": "transfer_reversal",
        "source_transfer_reversal": "transfer_reversal"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
}


def check_expand(returns, paths):
    """Raise Stripe's error for the first path that an answer of this type cannot expand."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > 4:
            raise refuse(f"You cannot expand more than 4 levels of a property. Property: {path}",
                         "expand")
        if not expandable(returns, steps):
            hint = ""
            if returns.startswith("list:") and expandable(returns, ["data"] + steps):
                hint = f" You may want to try expanding 'data.{path}' instead."
            raise refuse(f"This property cannot be expanded ({path}).{hint}", "expand")


def expandable(kind, steps):
    node = kind
    for at, step in enumerate(steps):
        if isinstance(node, str) and node.startswith("list:"):
            if step != "data" or at == len(steps) - 1:
                return False
            node = node[len("list:"):]
            continue
        node = (node if isinstance(node, dict) else EXPANDABLE.get(node, {})).get(step)
        if node is None:
            return False
    return isinstance(node, str)


def expand_path(world, node, steps):
    """Put objects in the place of ids along one path of a rendered answer."""
    if isinstance(node, list):
        for element in node:
            expand_path(world, element, steps)
        return
    if not isinstance(node, dict) or not steps:
        return
    name = steps[0]
    if name == "total_details":
        node[name] = dict(node[name], breakdown=copy_json(
            world.breakdowns.get(node["id"], {"discounts": [], "taxes": []})))
    if name not in node:
        include(world, node, name)
    value = node.get(name)
    if isinstance(value, str) and (held := world.find_any(value)):
        node[name] = signed_anew(world, copy_json(held))
    expand_path(world, node.get(name), steps[1:])


def include(world, node, name):
    """Properties that an object has only when they are asked for."""
    kind = node.get("object")
    if (kind, name) == ("checkout.session", "line_items"):
        lines = world.lines[node["id"]]
        node[name] = list_object(f"/v1/checkout/sessions/{node['id']}/line_items", copy_json(lines[:10]),
                                 len(lines) > 10)
    elif (kind, name) == ("charge", "refunds"):
        rows = world.shelf("refund").group("charge", node["id"]).rows[::-1]
        node[name] = list_object(f"/v1/charges/{node['id']}/refunds", copy_json(rows[:10]), len(rows) > 10)
    elif (kind, name) == ("price", "currency_options"):
        node[name] = copy_json(world.currency_options.get(node["id"], {}))
    elif kind == "item":
        node[name] = []


def without_allowed_types(session):
    session.pop("allowed_payment_method_types", None)


def old_ui_mode(session):
    names = {"hosted_page": "hosted", "embedded_page": "embedded", "elements": "custom"}
    session["ui_mode"] = names.get(session["ui_mode"], session["ui_mode"])


def without_line_metadata(item):
    item.pop("metadata", None)


def shipping_details_on_top(session):
    collected = session.pop("collected_information", None) or {}
    session["shipping_details"] = collected.get("shipping_details")


def presentment_in_amounts(session):
    """Before basil the amounts were the buyer's, and currency_conversion told the shop's."""
    presentment = session.pop("presentment_details", None)
    session["currency_conversion"] = None
    if not presentment or not session["amount_total"]:
        return
    rate = presentment["presentment_amount"] / session["amount_total"]
    session["currency_conversion"] = {
        "amount_subtotal": session["amount_subtotal"], "amount_total": session["amount_total"],
        "fx_rate": f"{rate:.6g}", "source_currency": session["currency"]}
    session["amount_subtotal"] = round(session["amount_subtotal"] * rate)
    session["amount_total"] = presentment["presentment_amount"]
    session["currency"] = presentment["presentment_currency"]


def shipping_with_old_name(session):
    session["shipping"] = session.pop("shipping_details", None)


# (the first version of the new shape, object, how to go back), newest first
VERSION_CHANGES = [
    ("2026-09-30.endive", "checkout.session", without_allowed_types),
    ("2026-03-25.dahlia", "checkout.session", old_ui_mode),
    ("2025-12-15.clover", "item", without_line_metadata),
    ("2025-03-31.basil", "checkout.session", shipping_details_on_top),
    ("2025-03-31.basil", "checkout.session", presentment_in_amounts),
    ("2022-08-01", "checkout.session", shipping_with_old_name),
]
LAST_CHANGE = VERSION_CHANGES[0][0]


def to_version(node, version):
    """Walk an answer back to an API version, in place.  An event has its own, for ever."""
    if isinstance(node, list):
        for element in node:
            to_version(element, version)
    elif isinstance(node, dict):
        if node.get("object") == "event":
            version = node["api_version"]
        if version >= LAST_CHANGE and node.get("object") != "list":
            return  # as it is kept; only a list may hold events
        for since, kind, go_back in VERSION_CHANGES:
            if version < since and node.get("object") == kind:
                go_back(node)
        for element in node.values():
            to_version(element, version)


def copy_json(node):
    """A copy of a tree of dictionaries, lists and values, several times faster than copy.deepcopy."""
    if type(node) is dict:
        return {name: copy_json(value) if type(value) in (dict, list) else value
                for name, value in node.items()}
    if type(node) is list:
        return [copy_json(element) for element in node]
    return node


def signed_anew(world, thing):
    """The link to a charge's receipt carries the moment of the answer that it is in, where that is wanted."""
    if world.receipts is None:
        return thing
    if isinstance(thing, dict) and thing.get("object") == "charge" and thing.get("receipt_url"):
        world.receipts += 1
        thing["receipt_url"] += f"?s=ap&at={world.receipts}"
    return thing


def render(world, answer, version, expand=()):
    answer = signed_anew(world, copy_json(answer))
    for path in expand:
        expand_path(world, answer, path.split("."))
    to_version(answer, version)
    return answer
