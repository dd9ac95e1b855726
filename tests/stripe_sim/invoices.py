# SPDX-License-Identifier: ISC
"""The invoice of a session that asks for one: made when it is paid."""

from .objects import new_id, now
from .operations import operation


def invoice_object(session, lines):
    data, customer = session["invoice_creation"]["invoice_data"], session["customer_details"]
    total = session["amount_total"]
    id = new_id("invoice")
    return {"id": id, "object": "invoice", "account_tax_ids": data["account_tax_ids"],
            "amount_due": total, "amount_paid": total, "amount_remaining": 0, "auto_advance": False,
            "billing_reason": "manual", "collection_method": "charge_automatically", "created": now(),
            "currency": session["currency"], "custom_fields": data["custom_fields"],
            "customer": session["customer"], "customer_address": customer["address"],
            "customer_email": customer["email"], "customer_name": customer["name"],
            "customer_tax_ids": customer["tax_ids"], "description": data["description"],
            "footer": data["footer"], "hosted_invoice_url": f"https://invoice.stripe.com/i/{id}",
            "invoice_pdf": f"https://pay.stripe.com/invoice/{id}/pdf", "livemode": False,
            "metadata": dict(data["metadata"] or {}), "number": id[-8:].upper() + "-0001",
            "status": "paid", "subtotal": session["amount_subtotal"], "total": total,
            "lines": {"object": "list", "data": [
                {"id": new_id("item"), "object": "line_item", "amount": line["amount_total"],
                 "currency": line["currency"], "description": line["description"],
                 "quantity": line["quantity"]} for line in lines[:10]],
                "has_more": len(lines) > 10, "url": f"/v1/invoices/{id}/lines"}}


def make_invoice(world, session, emit, at):
    """Sessions that ask for an invoice make a customer, too."""
    if session["mode"] != "payment" or not session["invoice_creation"]["enabled"]:
        return
    session["customer"] = session["customer"] or new_id("customer")
    invoice = world.put(invoice_object(session, world.lines[session["id"]]))
    session["invoice"] = invoice["id"]
    if emit and session["payment_status"] == "paid":
        world.emit("invoice.paid", invoice, at=at)


@operation("GET", "/v1/invoices/{id}", "invoice")
def retrieve_invoice(world, call):
    return world.get("invoice", call.ids["id"], "invoice")
