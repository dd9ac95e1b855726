# SPDX-License-Identifier: ISC
"""The operations on products and prices."""

from .errors import missing, refuse
from .known import THREE_DECIMAL, WHOLE_ONLY
from .objects import merge_metadata, now, price_object, product_object
from .operations import equal, operation, page_of
from .parameters import (PRICE_CREATE, PRICE_LIST, PRICE_UPDATE, PRODUCT_CREATE, PRODUCT_LIST,
                         PRODUCT_UPDATE)


@operation("GET", "/v1/products", "list:product", PRODUCT_LIST)
def list_products(world, call):
    same, ids = equal(call.params, "active", "shippable", "url"), call.params.get("ids")
    return page_of(call, world.shelf("product"),
                   lambda row: same(row) and (ids is None or row["id"] in ids))


@operation("POST", "/v1/products", "product", PRODUCT_CREATE, ("name",))
def create_product(world, call):
    if world.find("product", call.params.get("id")):
        raise refuse("Product already exists.", "id", "resource_already_exists")
    return world.put(product_object(call.params))


@operation("GET", "/v1/products/{id}", "product")
def retrieve_product(world, call):
    return world.get("product", call.ids["id"], "id")


@operation("POST", "/v1/products/{id}", "product", PRODUCT_UPDATE)
def update_product(world, call):
    product = world.get("product", call.ids["id"], "id")
    changes = {name: value for name, value in call.params.items() if name != "expand"}
    if "default_price" in changes:
        world.get("price", changes["default_price"], "default_price", 400)
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(product["metadata"], changes["metadata"])
    product.update(changes, updated=now())
    return product


@operation("GET", "/v1/prices", "list:price", PRICE_LIST)
def list_prices(world, call):
    same = equal(call.params, "active", "currency", "product", "type")
    keys = call.params.get("lookup_keys")
    return page_of(call, world.shelf("price"),
                   lambda row: same(row) and (keys is None or row["lookup_key"] in keys))


@operation("POST", "/v1/prices", "price", PRICE_CREATE, ("currency",))
def create_price(world, call):
    params = call.params
    if ("product" in params) == ("product_data" in params):
        if "product" in params:
            raise refuse("You may only specify one of these parameters: product, product_data.",
                         "product")
        raise missing("product")
    if "unit_amount" not in params:
        raise missing("unit_amount")
    check_amount(params["unit_amount"], params["currency"], "unit_amount")
    take_lookup_key(world, params, None)
    product = (world.put(product_object(params["product_data"])) if "product_data" in params
               else world.get("product", params["product"], "product", 400))
    price = world.put(price_object(product["id"], params))
    world.currency_options[price["id"]] = {
        code: {"custom_unit_amount": None, "tax_behavior": option.get("tax_behavior", "unspecified"),
               "unit_amount": option["unit_amount"], "unit_amount_decimal": str(option["unit_amount"])}
        for code, option in ({params["currency"]: params} | params.get("currency_options", {})).items()}
    return price


@operation("GET", "/v1/prices/{id}", "price")
def retrieve_price(world, call):
    return world.get("price", call.ids["id"], "price")


@operation("POST", "/v1/prices/{id}", "price", PRICE_UPDATE)
def update_price(world, call):
    price = world.get("price", call.ids["id"], "price")
    changes = {name: value for name, value in call.params.items()
               if name not in ("expand", "transfer_lookup_key")}
    take_lookup_key(world, call.params, price)
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(price["metadata"], changes["metadata"])
    for name in ("lookup_key", "nickname"):
        if changes.get(name) == "":
            changes[name] = None
    price.update(changes)
    return price


def check_amount(amount, code, param):
    if code in WHOLE_ONLY and amount % 100 or code in THREE_DECIMAL and amount % 10:
        unit = 100 if code in WHOLE_ONLY else 10
        raise refuse(f"Invalid integer: {amount}. Amounts in {code} must be divisible by {unit}.",
                     param, "parameter_invalid_integer")


def take_lookup_key(world, params, owner):
    """A lookup key belongs to one price; transfer_lookup_key takes it from the one that has it."""
    key = params.get("lookup_key")
    for price in world.all("price") if key else ():
        if price["lookup_key"] == key and price is not owner:
            if not params.get("transfer_lookup_key"):
                raise refuse(f"A price (`{price['id']}`) already uses that lookup key.", "lookup_key")
            price["lookup_key"] = None
