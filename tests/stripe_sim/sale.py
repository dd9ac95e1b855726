# SPDX-License-Identifier: ISC
"""What a sale has besides its sums, for who asks: the fee that Stripe took, and which discounts and
taxes its totals are made of."""

from .objects import new_id, now


def take_fee(world, charge, at=None):
    """The charge's balance transaction: 2.9 % and 30 cents, in the charge's own currency."""
    amount = charge["amount_captured"]
    fee = min(amount, amount * 29 // 1000 + 30)
    return world.put({
        "id": new_id("balance_transaction"), "object": "balance_transaction",
        "amount": amount, "available_on": charge["created"] + 2 * 24 * 3600,
        "balance_type": "payments", "created": at or charge["created"], "currency": charge["currency"],
        "description": charge["description"], "exchange_rate": None, "fee": fee,
        "fee_details": [{"amount": fee, "application": None, "currency": charge["currency"],
                         "description": "Stripe processing fees", "type": "stripe_fee"}],
        "net": amount - fee, "reporting_category": "charge", "source": charge["id"],
        "status": "pending", "type": "charge"})


def tax_rate_object(percentage):
    return {"id": new_id("tax_rate"), "object": "tax_rate", "active": True, "country": None,
            "created": now(), "description": None, "display_name": "Sales Tax",
            "effective_percentage": None, "flat_amount": None, "inclusive": False,
            "jurisdiction": None, "jurisdiction_level": None, "livemode": False, "metadata": {},
            "percentage": percentage, "rate_type": "percentage", "state": None,
            "tax_type": "sales_tax"}


def coupon_of(world, discount):
    """A session's discount names its coupon, or the code alone that stands for one."""
    if discount["coupon"]:
        return discount["coupon"]
    return world.find("promotion_code", discount["promotion_code"])["promotion"]["coupon"]


def break_down(world, session, payment):
    """What total_details.breakdown says, once somebody expands it."""
    discounts, taxes = [], []
    if session["discounts"] and payment.discount:
        own = session["discounts"][0]
        discounts.append({"amount": payment.discount, "discount": {
            "id": new_id("discount"), "object": "discount", "checkout_session": session["id"],
            "customer": None, "end": None, "invoice": None, "invoice_item": None,
            "promotion_code": own["promotion_code"],
            "source": {"coupon": coupon_of(world, own), "type": "coupon"},
            "start": now(), "subscription": None, "subscription_item": None}})
    if payment.tax:
        taxable = max(1, session["amount_subtotal"] - payment.discount)
        rate = round(100 * payment.tax / taxable, 3)
        taxes.append({"amount": payment.tax, "rate": tax_rate_object(rate),
                      "taxability_reason": None, "taxable_amount": None})
    world.breakdowns[session["id"]] = {"discounts": discounts, "taxes": taxes}
