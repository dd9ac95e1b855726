# SPDX-License-Identifier: ISC
"""What Checkout asks the buyer for besides a card and where to send it: the shop's own fields, a
business and its tax id, consent, a billing address."""

from .errors import ControlError, missing, refuse

TAX_ID_TYPES = {"DE": "eu_vat", "FR": "eu_vat", "IT": "eu_vat", "ES": "eu_vat", "GB": "gb_vat",
                "US": "us_ein", "CA": "ca_bn", "AU": "au_abn", "CH": "ch_vat", "NO": "no_vat"}
KINDS = ("dropdown", "numeric", "text")


def check_custom_fields(fields):
    """The rules between the parts of a field, and between fields."""
    keys = set()
    for n, field in enumerate(fields):
        param = f"custom_fields[{n}]"
        if field["key"] in keys:
            raise refuse("Each custom field must have a unique `key`.", f"{param}[key]")
        keys.add(field["key"])
        for kind in KINDS:
            if kind in field and kind != field["type"]:
                raise refuse(f"`{kind}` can only be specified if `type` is `{kind}`.",
                             f"{param}[{kind}]")
        if field["type"] == "dropdown":
            check_dropdown(field, param)
        bounds = field.get(field["type"], {})
        if bounds.get("minimum_length", 0) > bounds.get("maximum_length", 255):
            raise refuse("`minimum_length` must not be above `maximum_length`.",
                         f"{param}[{field['type']}][minimum_length]")


def check_dropdown(field, param):
    if "dropdown" not in field:
        raise missing(f"{param}[dropdown]")
    values = [option["value"] for option in field["dropdown"]["options"]]
    if len(set(values)) < len(values):
        raise refuse("Each option must have a unique `value`.", f"{param}[dropdown][options]")
    if field["dropdown"].get("default_value", values[0]) not in values:
        raise refuse("`default_value` must be the value of an option.",
                     f"{param}[dropdown][default_value]")


def custom_field_objects(params):
    """The session's custom_fields, whose values nobody has entered yet."""
    return [{"key": field["key"], "label": dict(field["label"]), "optional": field.get("optional", False),
             "type": field["type"]} | {
                 kind: custom_value(kind, field.get(kind, {})) if kind == field["type"] else None
                 for kind in KINDS} for field in params.get("custom_fields", [])]


def custom_value(kind, bounds):
    known = {"default_value": bounds.get("default_value"), "value": None}
    if kind == "dropdown":
        return known | {"options": [dict(option) for option in bounds["options"]]}
    return known | {name: bounds.get(name) for name in ("maximum_length", "minimum_length")}


def fill_custom_fields(session, entered):
    """What the buyer entered, a dictionary of keys and texts; a needed field that is not in it gets
    something that fits, one that does not fit is the buyer's mistake."""
    entered = entered or {}
    for key in entered:
        if key not in [field["key"] for field in session["custom_fields"]]:
            raise ControlError(f"the session has no custom field {key}")
    session["custom_fields"] = [
        field | {field["type"]: field[field["type"]] | {"value": value_for(field, entered)}}
        for field in session["custom_fields"]]


def value_for(field, entered):
    kind, bounds = field["type"], field[field["type"]]
    value = entered.get(field["key"], bounds["default_value"])
    if value is None and not field["optional"]:
        value = bounds["options"][0]["value"] if kind == "dropdown" else (
            "1" if kind == "numeric" else "x") * max(1, bounds["minimum_length"] or 1)
    if value is None or value == "" and field["optional"]:
        return None
    label = field["label"]["custom"]
    if kind == "dropdown":
        if value not in [option["value"] for option in bounds["options"]]:
            raise ControlError(f"{label}: choose one of the list.")
        return value
    if kind == "numeric" and not value.isdigit():
        raise ControlError(f"{label}: digits only.")
    if not max(1, bounds["minimum_length"] or 0) <= len(value) <= (bounds["maximum_length"] or 255):
        raise ControlError(f"{label}: too short or too long.")
    return value


def customer_extras(session, payment, country):
    """Of customer_details: a business, its tax ids, and names that were asked for."""
    asked = session["name_collection"] or {}
    tax_ids = payment.tax_ids or []
    if tax_ids and not session["tax_id_collection"]["enabled"]:
        raise ControlError("the session does not collect tax ids")
    if session["tax_id_collection"].get("required") == "if_supported" and not tax_ids \
            and country in TAX_ID_TYPES:
        tax_ids = [{"type": TAX_ID_TYPES[country], "value": "DE123456789"}]
    return {"business_name": payment.business_name or (
                "Doe Ltd" if wants(asked.get("business")) else None),
            "individual_name": payment.individual_name or (
                payment.name or "Jenny Rosen" if wants(asked.get("individual")) else None),
            "tax_ids": [{"type": one["type"], "value": one["value"]} for one in tax_ids]}


def wants(collection):
    return bool(collection) and collection["enabled"] and not collection.get("optional")


def give_consent(session, payment):
    asked = session["consent_collection"] or {}
    given = payment.consent or {}
    if not asked:
        return
    terms = asked.get("terms_of_service") == "required"
    if terms and given.get("terms_of_service", "accepted") != "accepted":
        raise ControlError("Accept the terms of service to go on.")
    session["consent"] = {"promotions": given.get("promotions", "opt_out")
                          if asked.get("promotions") == "auto" else None,
                          "terms_of_service": "accepted" if terms else None}


def billing_address(session, payment, country):
    """A whole one where the session requires it, else what the card's form asks for: the country."""
    whole = {"line1": "510 Townsend St", "city": "San Francisco", "state": "CA",
             "postal_code": "94103", "country": country}
    given = payment.billing or (whole if session["billing_address_collection"] == "required"
                                else {"country": country})
    return {name: given.get(name) for name in
            ("city", "country", "line1", "line2", "postal_code", "state")}
