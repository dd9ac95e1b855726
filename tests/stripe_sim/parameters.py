# SPDX-License-Identifier: ISC
"""The parameters of each operation, as tables of kinds.  What is not in its table is refused; what
Stripe has and this simulator has not is in the table as UNSIMULATED, and refused by name."""

from .forms import (UNSIMULATED, Versioned, boolean, currency, either, email, integer, list_of,
                    metadata, one_of, shape, text, url)
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

SHIPPING_OPTION = shape({
    "shipping_rate": text(),
    "shipping_rate_data": shape({
        "display_name": text(100), "type": one_of("fixed_amount"), "metadata": metadata,
        "fixed_amount": shape({"amount": AMOUNT, "currency": currency,
                               "currency_options": UNSIMULATED}, ["amount", "currency"]),
        "tax_behavior": TAX_BEHAVIOR, "tax_code": text(), "delivery_estimate": UNSIMULATED},
        ["display_name"])})

PAYMENT_INTENT_DATA = shape({
    "capture_method": one_of("automatic", "automatic_async"), "description": text(1000),
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
                                 "terms_of_service": one_of("none", "required")}),
    "currency": currency,
    "custom_text": shape({name: MESSAGE for name in (
        "after_submit", "shipping_address", "submit", "terms_of_service_acceptance")}),
    "customer": text(),
    "customer_creation": one_of("always", "if_required"),
    "customer_email": email,
    "discounts": list_of(shape({"coupon": text(), "promotion_code": text()}), 1),
    "expires_at": integer(),
    "integration_identifier": text(),
    "invoice_creation": shape({"enabled": boolean, "invoice_data": UNSIMULATED}, ["enabled"]),
    "line_items": list_of(LINE_ITEM, 100, 1),
    "locale": one_of(*LOCALES),
    "metadata": metadata,
    "mode": one_of("payment", "setup", "subscription"),
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
    ("branding_settings custom_fields customer_account customer_update "
     "excluded_payment_method_types managed_payments name_collection optional_items "
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
