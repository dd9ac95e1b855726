# SPDX-License-Identifier: ISC
"""The parameters of each operation, as tables of kinds.  What is not in its table is refused; what
Stripe has and this simulator has not is in the table as UNSIMULATED, and refused by name."""

from .forms import (UNSIMULATED, Versioned, boolean, currency, either, email, integer, list_of,
                    mapping, metadata, percent, one_of, shape, text, url)
from .known import API_VERSIONS, COUNTRIES, LOCALES, MOST_AMOUNT

AMOUNT = integer(0, MOST_AMOUNT)
RANGE = either(integer(), shape({name: integer() for name in ("gt", "gte", "lt", "lte")}))
PAGING = {"limit": integer(1, 100), "starting_after": text(), "ending_before": text()}
ENABLED = shape({"enabled": boolean}, ["enabled"])
MESSAGE = shape({"message": text(1200)}, ["message"])
TAX_BEHAVIOR = one_of("exclusive", "inclusive", "unspecified")
RECURRING = shape({"interval": one_of("day", "month", "week", "year"),
                   "interval_count": integer(1, 1095)}, ["interval"])
ADDRESS = shape({name: text(empty=True) for name in
                 ("city", "country", "line1", "line2", "postal_code", "state")})

PRODUCT_DATA = {"name": text(), "description": text(40000), "images": list_of(url, 8),
                "metadata": metadata, "tax_code": text(), "unit_label": text(12)}

PRODUCT_CREATE = PRODUCT_DATA | {
    "id": text(), "active": boolean, "shippable": boolean, "statement_descriptor": text(22),
    "url": url, "type": one_of("good", "service"), "default_price_data": UNSIMULATED,
    "marketing_features": UNSIMULATED, "package_dimensions": UNSIMULATED, "tax_details": UNSIMULATED}

PRODUCT_UPDATE = PRODUCT_DATA | {
    "active": boolean, "default_price": text(), "shippable": boolean, "url": url,
    "statement_descriptor": text(22), "description": text(40000, empty=True),
    "marketing_features": UNSIMULATED, "package_dimensions": UNSIMULATED, "tax_details": UNSIMULATED}

PRODUCT_LIST = PAGING | {"active": boolean, "created": RANGE, "ids": list_of(text()),
                         "shippable": boolean, "url": url}

PRICE_UPDATE = {"active": boolean, "lookup_key": text(200, empty=True), "metadata": metadata,
                "nickname": text(empty=True), "tax_behavior": TAX_BEHAVIOR,
                "transfer_lookup_key": boolean, "currency_options": UNSIMULATED}

PRICE_CREATE = PRICE_UPDATE | {
    "currency": currency, "product": text(), "unit_amount": AMOUNT, "recurring": RECURRING,
    "lookup_key": text(200), "nickname": text(),
    "currency_options": mapping(currency, shape({
        "unit_amount": AMOUNT, "tax_behavior": TAX_BEHAVIOR}, ["unit_amount"])),
    "product_data": shape({"name": text(), "id": text(), "active": boolean, "metadata": metadata,
                           "statement_descriptor": text(22), "tax_code": text(),
                           "unit_label": text(12)}, ["name"]),
    "billing_scheme": one_of("per_unit"), "unit_amount_decimal": UNSIMULATED,
    "custom_unit_amount": UNSIMULATED, "tiers": UNSIMULATED, "tiers_mode": UNSIMULATED,
    "transform_quantity": shape({"divide_by": integer(1, 999_999), "round": one_of("up", "down")},
                                ["divide_by", "round"])}

PRICE_LIST = PAGING | {"active": boolean, "created": RANGE, "currency": currency,
                       "lookup_keys": list_of(text(), 10), "product": text(),
                       "type": one_of("one_time", "recurring"), "recurring": UNSIMULATED}

LINE_ITEM = shape({
    "price": text(), "quantity": integer(1, 999_999), "metadata": metadata,
    "adjustable_quantity": shape({"enabled": boolean, "minimum": integer(0, 999_998),
                                  "maximum": integer(1, 999_999)}, ["enabled"]),
    "price_data": shape({"currency": currency, "unit_amount": AMOUNT, "product": text(),
                         "product_data": shape(PRODUCT_DATA, ["name"]), "recurring": RECURRING,
                         "tax_behavior": TAX_BEHAVIOR, "unit_amount_decimal": UNSIMULATED},
                        ["currency"]),
    "tax_rates": UNSIMULATED})

UNIT = shape({"unit": one_of("business_day", "day", "hour", "month", "week"),
              "value": integer(1)}, ["unit", "value"])

SHIPPING_RATE_CREATE = {
    "display_name": text(100), "type": one_of("fixed_amount"), "metadata": metadata,
    "fixed_amount": shape({"amount": AMOUNT, "currency": currency, "currency_options": mapping(
        currency, shape({"amount": AMOUNT, "tax_behavior": TAX_BEHAVIOR}, ["amount"]))},
        ["amount", "currency"]),
    "tax_behavior": TAX_BEHAVIOR, "tax_code": text(),
    "delivery_estimate": shape({"maximum": UNIT, "minimum": UNIT})}
SHIPPING_RATE_UPDATE = {"active": boolean, "metadata": metadata, "tax_behavior": TAX_BEHAVIOR,
                        "fixed_amount": UNSIMULATED}
SHIPPING_RATE_LIST = PAGING | {"active": boolean, "created": RANGE, "currency": currency}

LENGTHS = {"default_value": text(255), "maximum_length": integer(0, 255),
           "minimum_length": integer(0, 255)}
ALPHANUMERIC = ("[A-Za-z0-9_-]+", "it must be alphanumeric")
CUSTOM_FIELD = shape({
    "key": text(200, *ALPHANUMERIC),
    "label": shape({"type": one_of("custom"), "custom": text(50)}, ["type", "custom"]),
    "type": one_of("dropdown", "numeric", "text"), "optional": boolean,
    "dropdown": shape({"default_value": text(100), "options": list_of(shape(
        {"label": text(100), "value": text(100, *ALPHANUMERIC)}, ["label", "value"]), 200, 1)},
        ["options"]),
    "numeric": shape(LENGTHS), "text": shape(LENGTHS)}, ["key", "label", "type"])

NAME = shape({"enabled": boolean, "optional": boolean}, ["enabled"])
INVOICE_DATA = shape({
    "account_tax_ids": list_of(text()), "description": text(1500), "footer": text(5000),
    "custom_fields": list_of(shape({"name": text(40), "value": text(140)}, ["name", "value"]), 4),
    "metadata": metadata, "issuer": UNSIMULATED, "rendering_options": shape({
        "amount_tax_display": one_of("exclude_tax", "include_inclusive_tax"), "template": text()})})

SHIPPING_OPTION = shape({
    "shipping_rate": text(),
    "shipping_rate_data": shape(SHIPPING_RATE_CREATE, ["display_name"])})

PAYMENT_INTENT_DATA = shape({
    "capture_method": one_of("automatic", "automatic_async", "manual"), "description": text(1000),
    "metadata": metadata, "receipt_email": email,
    "setup_future_usage": one_of("off_session", "on_session"),
    "shipping": shape({"address": ADDRESS, "name": text(), "phone": text(), "carrier": text(),
                       "tracking_number": text()}, ["address", "name"]),
    "statement_descriptor": text(22), "statement_descriptor_suffix": text(22),
    "transfer_group": text(), "application_fee_amount": UNSIMULATED, "on_behalf_of": UNSIMULATED,
    "transfer_data": UNSIMULATED})

SESSION_CREATE = {
    "adaptive_pricing": shape({"enabled": boolean}),
    "after_expiration": shape({"recovery": shape(
        {"enabled": boolean, "allow_promotion_codes": boolean}, ["enabled"])}),
    "allow_promotion_codes": boolean,
    "allowed_payment_method_types": Versioned(list_of(text(), 100), since="2026-09-30.endive"),
    "automatic_tax": shape({"enabled": boolean, "liability": shape(
        {"type": one_of("account", "self"), "account": text()}, ["type"])}, ["enabled"]),
    "billing_address_collection": one_of("auto", "required"),
    "cancel_url": url,
    "client_reference_id": text(200, "[A-Za-z0-9_-]+", "can contain only alphanumeric characters, "
                                "dashes and underscores"),
    "consent_collection": shape({"promotions": one_of("auto", "none"),
                                 "terms_of_service": one_of("none", "required"),
                                 "payment_method_reuse_agreement": shape(
                                     {"position": one_of("auto", "hidden")}, ["position"])}),
    "custom_fields": list_of(CUSTOM_FIELD, 3),
    "currency": currency,
    "custom_text": shape({name: MESSAGE for name in (
        "after_submit", "shipping_address", "submit", "terms_of_service_acceptance")}),
    "customer": text(),
    "customer_creation": one_of("always", "if_required"),
    "customer_email": email,
    "discounts": list_of(shape({"coupon": text(), "promotion_code": text()}), 1),
    "expires_at": integer(),
    "integration_identifier": text(),
    "invoice_creation": shape({"enabled": boolean, "invoice_data": INVOICE_DATA}, ["enabled"]),
    "line_items": list_of(LINE_ITEM, 100, 1),
    "locale": one_of(*LOCALES),
    "metadata": metadata,
    "mode": one_of("payment", "setup", "subscription"),
    "name_collection": shape({"business": NAME, "individual": NAME}),
    "excluded_payment_method_types": list_of(text(), 100),
    "origin_context": one_of("mobile_app", "web"),
    "payment_intent_data": PAYMENT_INTENT_DATA,
    "payment_method_collection": one_of("always", "if_required"),
    "payment_method_types": Versioned(list_of(text(), 100), until="2026-09-30.endive"),
    "phone_number_collection": ENABLED,
    "redirect_on_completion": one_of("always", "if_required", "never"),
    "return_url": url,
    "shipping_address_collection": shape(
        {"allowed_countries": list_of(one_of(*sorted(COUNTRIES)), 300, 1)}, ["allowed_countries"]),
    "shipping_options": list_of(SHIPPING_OPTION, 5),
    "submit_type": one_of("auto", "book", "donate", "pay", "subscribe"),
    "subscription_data": shape({"description": text(500), "metadata": metadata,
                                "trial_period_days": integer(1, 730)}),
    "success_url": url,
    "tax_id_collection": shape({"enabled": boolean, "required": one_of("if_supported", "never")},
                               ["enabled"]),
    "ui_mode": text(),
} | dict.fromkeys(
    ("branding_settings customer_account customer_update managed_payments optional_items "
     "payment_method_configuration payment_method_data payment_method_options permissions "
     "saved_payment_method_options setup_intent_data wallet_options").split(), UNSIMULATED)

SESSION_LIST = PAGING | {
    "created": RANGE, "customer": text(), "payment_intent": text(), "payment_link": text(),
    "status": one_of("complete", "expired", "open"), "subscription": text(),
    "customer_details": shape({"email": email}, ["email"]), "customer_account": text()}

REFUND_CREATE = {
    "amount": integer(1, MOST_AMOUNT), "charge": text(), "payment_intent": text(),
    "reason": one_of("duplicate", "fraudulent", "requested_by_customer"), "metadata": metadata,
    "currency": UNSIMULATED, "customer": UNSIMULATED, "origin": UNSIMULATED,
    "instructions_email": UNSIMULATED, "refund_application_fee": UNSIMULATED,
    "reverse_transfer": UNSIMULATED}

COUPON_CREATE = {
    "id": text(), "amount_off": integer(1, MOST_AMOUNT), "currency": currency,
    "percent_off": percent, "duration": one_of("forever", "once"), "name": text(40),
    "max_redemptions": integer(1), "metadata": metadata, "redeem_by": integer(),
    "applies_to": UNSIMULATED, "currency_options": UNSIMULATED, "duration_in_months": UNSIMULATED}
PROMOTION_CODE_CREATE = {
    "promotion": shape({"type": one_of("coupon"), "coupon": text()}, ["type", "coupon"]),
    "code": text(500, "[A-Za-z0-9-]+", "it can contain only letters, digits and dashes"),
    "active": boolean, "expires_at": integer(), "max_redemptions": integer(1), "metadata": metadata,
    "customer": UNSIMULATED, "customer_account": UNSIMULATED, "restrictions": UNSIMULATED}
PROMOTION_CODE_LIST = PAGING | {"active": boolean, "code": text(), "created": RANGE}

CAPTURE = {"amount_to_capture": integer(1, MOST_AMOUNT), "metadata": metadata,
           "final_capture": boolean, "statement_descriptor": text(22),
           "statement_descriptor_suffix": text(22), "application_fee_amount": UNSIMULATED,
           "transfer_data": UNSIMULATED}
CANCEL = {"cancellation_reason": one_of("abandoned", "duplicate", "fraudulent",
                                        "requested_by_customer")}

BY_CHARGE = PAGING | {"created": RANGE, "charge": text(), "payment_intent": text()}
CHARGE_LIST = PAGING | {"created": RANGE, "customer": text(), "payment_intent": text(),
                        "transfer_group": text()}

EVENT_LIST = PAGING | {"created": RANGE, "delivery_success": boolean, "type": text(),
                       "types": list_of(text(), 20)}

ENDPOINT_UPDATE = {"description": text(empty=True), "disabled": boolean, "metadata": metadata,
                   "enabled_events": list_of(text(), 250, 1), "url": url}
ENDPOINT_CREATE = {name: ENDPOINT_UPDATE[name] for name in
                   ("description", "metadata", "enabled_events", "url")} | {
                       "api_version": one_of(*sorted(API_VERSIONS)), "connect": boolean}
