# SPDX-License-Identifier: ISC
"""Each kind of object when it is made, in the shape of the newest API version; their ids, and the
clock."""

import random
import string
import time

from .collecting import custom_field_objects
from .known import DAY

ALPHANUMERICS = string.ascii_letters + string.digits
ID_PREFIX = {"product": ("prod_", 14), "price": ("price_1", 23),
             "checkout.session": ("cs_test_a1", 56),
             "item": ("li_1", 23), "payment_intent": ("pi_3", 23), "charge": ("ch_3", 23),
             "refund": ("re_3", 23), "dispute": ("du_1", 23), "event": ("evt_1", 23),
             "webhook_endpoint": ("we_1", 23), "coupon": ("", 8), "promotion_code": ("promo_1", 23),
             "discount": ("di_1", 23), "tax_rate": ("txr_1", 23), "payment_method": ("pm_1", 23),
             "balance_transaction": ("txn_3", 23), "shipping_rate": ("shr_1", 23),
             "customer": ("cus_", 14), "subscription": ("sub_1", 23), "invoice": ("in_1", 23),
             "setup_intent": ("seti_1", 23), "request": ("req_", 14)}


def new_id(kind):
    prefix, length = ID_PREFIX[kind]
    return prefix + "".join(random.choices(ALPHANUMERICS, k=length))


def now():
    return int(time.time())


def list_object(path, rows, has_more):
    return {"object": "list", "data": rows, "has_more": has_more, "url": path}


def merge_metadata(old, new):
    """Stripe's update: an empty value removes its key, empty text removes all."""
    if new is None:
        return {}
    return {key: value for key, value in {**old, **new}.items() if value != ""}


def product_object(params):
    created = now()
    return {"id": params.get("id") or new_id("product"), "object": "product",
            "active": params.get("active", True), "created": created, "default_price": None,
            "description": params.get("description"), "images": params.get("images", []),
            "livemode": False, "marketing_features": [],
            "metadata": merge_metadata({}, params.get("metadata", {})), "name": params["name"],
            "package_dimensions": None, "shippable": params.get("shippable"),
            "statement_descriptor": params.get("statement_descriptor"),
            "tax_code": params.get("tax_code"), "tax_details": None,
            "type": params.get("type", "service"), "unit_label": params.get("unit_label"),
            "updated": created, "url": params.get("url")}


def price_object(product_id, params):
    recurring = params.get("recurring")
    if recurring:
        recurring = {"interval": recurring["interval"],
                     "interval_count": recurring.get("interval_count", 1), "meter": None,
                     "trial_period_days": None, "usage_type": "licensed"}
    amount = params["unit_amount"]
    return {"id": params.get("id") or new_id("price"), "object": "price",
            "active": params.get("active", True), "billing_scheme": "per_unit", "created": now(),
            "currency": params["currency"], "custom_unit_amount": None, "livemode": False,
            "lookup_key": params.get("lookup_key") or None,
            "metadata": merge_metadata({}, params.get("metadata", {})),
            "nickname": params.get("nickname") or None, "product": product_id,
            "recurring": recurring, "tax_behavior": params.get("tax_behavior", "unspecified"),
            "tiers_mode": None, "transform_quantity": params.get("transform_quantity"),
            "type": "recurring" if recurring else "one_time", "unit_amount": amount,
            "unit_amount_decimal": str(amount)}


def packages(price, quantity):
    """How many times a quantity is charged the unit amount."""
    package = price["transform_quantity"]
    if not package:
        return quantity
    whole, rest = divmod(quantity, package["divide_by"])
    return whole + (rest > 0 and package["round"] == "up")


def line_item_object(price, product, quantity, params):
    subtotal = price["unit_amount"] * packages(price, quantity)
    return {"id": new_id("item"), "object": "item",
            "adjustable_quantity": params.get("adjustable_quantity"), "amount_discount": 0,
            "amount_subtotal": subtotal, "amount_tax": 0, "amount_total": subtotal,
            "currency": price["currency"], "description": product["name"],
            "metadata": merge_metadata({}, params.get("metadata", {})),
            "price": dict(price), "quantity": quantity}


def session_object(params, lines, created, base_url):
    """A Checkout Session as it is right after its creation, open and unpaid."""
    id = params.get("id") or new_id("checkout.session")
    code = lines[0]["currency"] if lines else params.get("currency")
    ui_mode = params.get("ui_mode", "hosted_page")
    subtotal = sum(line["amount_subtotal"] for line in lines) if lines else None
    tax = params.get("automatic_tax", {"enabled": False})
    nullable = {name: params.get(name) for name in (
        "adaptive_pricing", "allow_promotion_codes", "billing_address_collection", "cancel_url",
        "client_reference_id", "consent_collection", "customer", "customer_email",
        "integration_identifier", "locale", "origin_context", "shipping_address_collection",
        "submit_type", "success_url")}
    session = nullable | {
        "id": id, "object": "checkout.session",
        "after_expiration": recovery_object(params),
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": subtotal, "amount_total": subtotal,
        "automatic_tax": {
            "enabled": tax["enabled"],
            "liability": {"type": "self"} if tax["enabled"] else None,
            "provider": "stripe" if tax["enabled"] else None,
            "status": "requires_location_inputs" if tax["enabled"] else None},
        "client_secret": None, "collected_information": None, "consent": None, "created": created,
        "currency": code, "currency_conversion": None, "custom_fields": custom_field_objects(params),
        "custom_text": {name: params.get("custom_text", {}).get(name) for name in (
            "after_submit", "shipping_address", "submit", "terms_of_service_acceptance")},
        "customer_account": None,
        "customer_creation": params.get("customer_creation", needed_for_subscriptions(params)),
        "customer_details": waiting_customer(params),
        "discounts": [], "expires_at": params.get("expires_at", created + DAY), "invoice": None,
        "invoice_creation": invoice_creation_object(params), "livemode": False,
        "managed_payments": {"enabled": False}, "name_collection": params.get("name_collection"),
        "metadata": merge_metadata({}, params.get("metadata", {})), "mode": params["mode"],
        "payment_intent": None, "payment_link": None,
        "payment_method_collection": params.get(
            "payment_method_collection", needed_for_subscriptions(params)),
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": params.get("payment_method_types", ["card", debit_type(code)]),
        "payment_status": "unpaid" if subtotal else "no_payment_required", "permissions": None,
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "recovered_from": None, "saved_payment_method_options": None, "setup_intent": None,
        "shipping_cost": None, "shipping_options": [], "status": "open", "subscription": None,
        "tax_id_collection": params.get("tax_id_collection", {"enabled": False}),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": ui_mode,
        "url": f"{base_url}/pay/{id}" if ui_mode == "hosted_page" else None, "wallet_options": None}
    if ui_mode != "hosted_page":
        session["client_secret"] = id + "_secret_" + "".join(random.choices(ALPHANUMERICS, k=40))
        session["return_url"] = params.get("return_url")
        session["redirect_on_completion"] = params.get("redirect_on_completion", "always")
    first = ("id", "object")
    return dict(sorted(session.items(), key=lambda entry: (entry[0] not in first, entry[0])))


def recovery_object(params):
    recovery = params.get("after_expiration", {}).get("recovery")
    if not recovery:
        return None
    return {"recovery": {"allow_promotion_codes": recovery.get("allow_promotion_codes", False),
                         "enabled": recovery["enabled"], "expires_at": None, "url": None}}


def needed_for_subscriptions(params):
    return "always" if params["mode"] == "subscription" else "if_required"


def invoice_creation_object(params):
    return {"enabled": params.get("invoice_creation", {}).get("enabled", False),
            "invoice_data": {"account_tax_ids": None, "custom_fields": None, "description": None,
                             "footer": None, "issuer": None, "metadata": {},
                             "rendering_options": None} | params.get(
                                 "invoice_creation", {}).get("invoice_data", {})}


def waiting_customer(params):
    if "customer_email" not in params:
        return None
    return {"address": None, "business_name": None, "email": params["customer_email"],
            "individual_name": None, "name": None, "phone": None, "tax_exempt": "none",
            "tax_ids": None}


def debit_type(code):
    return "us_bank_account" if code == "usd" else "sepa_debit"


def payment_intent_object(session, data, created):
    id = new_id("payment_intent")
    collected = session["collected_information"] or {}
    return {"id": id, "object": "payment_intent", "allowed_payment_method_types": None,
            "amount": session["amount_total"],
            "amount_capturable": 0, "amount_details": {"tip": {}}, "amount_received": 0,
            "application": None, "application_fee_amount": None, "automatic_payment_methods": None,
            "canceled_at": None, "cancellation_reason": None,
            "capture_method": data.get("capture_method", "automatic_async"),
            "client_secret": id + "_secret_" + "".join(random.choices(ALPHANUMERICS, k=25)),
            "confirmation_method": "automatic", "created": created, "currency": session["currency"],
            "customer": session["customer"], "customer_account": None,
            "description": data.get("description"), "excluded_payment_method_types": None,
            "last_payment_error": None, "latest_charge": None, "livemode": False,
            "managed_payments": None,
            "metadata": merge_metadata({}, data.get("metadata", {})), "next_action": None,
            "on_behalf_of": None, "payment_method": new_id("payment_method"),
            "payment_method_configuration_details": None,
            "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
            "payment_method_types": session["payment_method_types"], "payment_record": None,
            "processing": None, "receipt_email": data.get("receipt_email"), "review": None,
            "setup_future_usage": data.get("setup_future_usage"),
            "shipping": data.get("shipping") or collected.get("shipping_details"),
            "source": None, "statement_descriptor": data.get("statement_descriptor"),
            "statement_descriptor_suffix": data.get("statement_descriptor_suffix"),
            "status": "processing", "transfer_data": None,
            "transfer_group": data.get("transfer_group")}


def charge_object(session, intent, method_details, created):
    id = new_id("charge")
    customer = session["customer_details"]
    return {"id": id, "object": "charge", "amount": intent["amount"], "amount_captured": 0,
            "amount_refunded": 0, "application": None, "application_fee": None,
            "application_fee_amount": None, "balance_transaction": None,
            "billing_details": {"address": customer["address"], "email": customer["email"],
                                "name": customer["name"], "phone": customer["phone"], "tax_id": None},
            "calculated_statement_descriptor": "ORDERSNAP DEMO", "captured": False,
            "created": created, "currency": intent["currency"], "customer": intent["customer"],
            "description": intent["description"], "disputed": False,
            "failure_balance_transaction": None, "failure_code": None, "failure_message": None,
            "fraud_details": {}, "livemode": False, "metadata": dict(intent["metadata"]),
            "on_behalf_of": None, "outcome": None, "paid": False, "payment_intent": intent["id"],
            "payment_method": intent["payment_method"], "payment_method_details": method_details,
            "radar_options": {}, "receipt_email": intent["receipt_email"], "receipt_number": None,
            "receipt_url": None, "refunded": False, "review": None, "shipping": intent["shipping"],
            "source": None, "source_transfer": None,
            "statement_descriptor": intent["statement_descriptor"],
            "statement_descriptor_suffix": intent["statement_descriptor_suffix"],
            "status": "pending", "transfer_data": None, "transfer_group": intent["transfer_group"]}


def refund_object(charge, amount, params, status):
    card = charge["payment_method_details"]["type"] == "card"
    return {"id": new_id("refund"), "object": "refund", "amount": amount,
            "balance_transaction": new_id("balance_transaction"), "charge": charge["id"],
            "created": now(), "currency": charge["currency"], "customer": charge["customer"],
            "customer_account": None,
            "destination_details": {"card": {"reference_status": "pending", "reference_type":
                                             "acquirer_reference_number", "type": "refund"},
                                    "type": "card"} if card else
                                   {charge["payment_method_details"]["type"]: {},
                                    "type": charge["payment_method_details"]["type"]},
            "metadata": merge_metadata({}, params.get("metadata", {})),
            "payment_intent": charge["payment_intent"], "payment_method": charge["payment_method"],
            "reason": params.get("reason"), "receipt_number": None,
            "source_transfer_reversal": None, "status": status, "transfer_reversal": None}


EVIDENCE = ("access_activity_log billing_address cancellation_policy cancellation_policy_disclosure "
            "cancellation_rebuttal customer_communication customer_email_address customer_name "
            "customer_purchase_ip customer_signature duplicate_charge_documentation "
            "duplicate_charge_explanation duplicate_charge_id product_description receipt "
            "refund_policy refund_policy_disclosure refund_refusal_explanation service_date "
            "service_documentation shipping_address shipping_carrier shipping_date "
            "shipping_documentation shipping_tracking_number uncategorized_file "
            "uncategorized_text").split()


def dispute_object(charge, amount, reason):
    created = now()
    return {"id": new_id("dispute"), "object": "dispute", "amount": amount,
            "balance_transactions": [], "charge": charge["id"], "created": created,
            "currency": charge["currency"], "enhanced_eligibility_types": [],
            "evidence": dict.fromkeys(EVIDENCE) | {"enhanced_evidence": {}},
            "evidence_details": {"due_by": created + 9 * DAY, "enhanced_eligibility": {},
                                 "has_evidence": False, "past_due": False, "submission_count": 0,
                                 "submission_method": "manual"},
            "intended_submission_method": None, "is_charge_refundable": False, "livemode": False,
            "metadata": {}, "network_reason_code": "10.4",
            "payment_intent": charge["payment_intent"],
            "payment_method_details": {"card": {"brand": "visa", "case_type": "chargeback",
                                                "network_reason_code": "10.4"}, "type": "card"},
            "reason": reason, "status": "needs_response"}


def endpoint_object(params, version):
    return {"id": new_id("webhook_endpoint"), "object": "webhook_endpoint",
            "api_version": params.get("api_version", version), "application": None,
            "created": now(), "description": params.get("description"),
            "enabled_events": params["enabled_events"], "livemode": False,
            "metadata": merge_metadata({}, params.get("metadata", {})), "status": "enabled",
            "url": params["url"]}


ACCOUNT = {"id": "acct_1StripeSimOrdersnap", "object": "account",
           "business_profile": {"mcc": None, "name": "ordersnap demo shop", "url": None},
           "business_type": "company", "capabilities": {"card_payments": "active"},
           "charges_enabled": True, "country": "US", "created": 1700000000,
           "default_currency": "usd", "details_submitted": True, "email": "shop@example.com",
           "payouts_enabled": True,
           "settings": {"dashboard": {"display_name": "ordersnap demo shop", "timezone": "Etc/UTC"}},
           "type": "standard"}
