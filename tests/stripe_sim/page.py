# SPDX-License-Identifier: ISC
"""The page to pay on, as a buyer's browser sees it."""

import html
import re
import urllib.parse

from .answers import Answer, html_answer
from .collecting import TAX_ID_TYPES
from .errors import ControlError, Declined
from .known import COUNTRIES, format_amount
from .paying import Payment, pay_session, wait_for_answer
from .shipping import choose_shipping

STYLE = """
:root { color-scheme: light; --ink: #1a1f36; --soft: #697386; --line: #e3e8ee; --accent: #0a6cff }
* { box-sizing: border-box }
body { margin: 0; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: #f6f8fa }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem; display: grid; gap: 2.5rem }
@media (min-width: 48rem) { main.pay { grid-template-columns: 1fr 1fr; padding-top: 4rem } }
.mode { display: inline-block; padding: 0 .6em; border-radius: 1em; background: #ffde92;
        color: #6b4400; font-size: .75rem; font-weight: 600; letter-spacing: .04em }
.total { font-size: 2.25rem; font-weight: 650; margin: .25rem 0 1.5rem; letter-spacing: -.02em }
table { width: 100%; border-collapse: collapse }
td { padding: .6rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
td:last-child { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
tr.sum td { border: 0; font-weight: 600 }
small, .soft { color: var(--soft); font-size: .875rem }
form, .note { background: #fff; border: 1px solid var(--line); border-radius: .75rem;
              padding: 1.5rem; box-shadow: 0 1px 3px rgb(26 31 54 / 8%) }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem } h2:first-child { margin-top: 0 }
label { display: block; font-size: .875rem; font-weight: 500; margin: .6rem 0 }
input:not([type=radio], [type=checkbox]), select { width: 100%; margin-top: .25rem; padding: .6rem .7rem; font: inherit;
       color: inherit; background: #fff; border: 1px solid #c9d1dc; border-radius: .4rem }
input:focus-visible, select:focus-visible, button:focus-visible, a:focus-visible {
       outline: 3px solid rgb(10 108 255 / 35%); outline-offset: 1px }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 .75rem }
.choice { display: flex; gap: .5rem; align-items: baseline; font-weight: 400 }
form:has(#method-later:checked) .card { display: none }
form:not(:has(#business:checked)) .business { display: none }
button { width: 100%; margin-top: 1.25rem; padding: .8rem; font: inherit; font-weight: 600;
         color: #fff; background: var(--accent); border: 0; border-radius: .4rem; cursor: pointer }
button:hover { background: #0054d1 }
a { color: #0054d1 }
[role=alert] { padding: .7rem .9rem; border-radius: .4rem; color: #8c1d18; background: #fdecea;
               font-weight: 500 }
"""


def page(title, body, kind=""):
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main class="{kind}">
{body}
</main>
</body>
</html>
"""


def pay_page(world, session, entered, decline=""):
    total = format_amount(session["amount_total"] or 0, session["currency"] or "usd")
    alert = f'<p role="alert" id="decline">{html.escape(decline)}</p>' if decline else ""
    cancel = session["cancel_url"]
    back = (f'<p><a id="cancel" href="{html.escape(cancel)}">Cancel and go back</a></p>'
            if cancel else "")
    return page("Checkout", f"""<section>
<span class="mode">TEST MODE</span>
<p class="total" id="total">{total}</p>
<table>
{lines_table(world, session)}
</table>
{back}
</section>
<form method="post" id="checkout">
{alert}
{contact_fields(session, entered)}
{shipping_fields(session, entered)}
{note(session, "shipping_address")}
{rate_fields(world, session, entered)}
{method_fields(session, entered)}
{billing_fields(session, entered)}
{tax_id_fields(session, entered)}
{custom_fields(session, entered)}
{code_fields(session, entered)}
{consent_fields(session, entered)}
{note(session, "submit")}
<button id="pay" type="submit">Pay {total}</button>
</form>
{SUMS}""", "pay")


# The sums follow the postage that is chosen.
SUMS = """<script>
for (const rate of document.querySelectorAll('input[name=shipping_rate]'))
  rate.addEventListener('change', () => {
    document.getElementById('postage').textContent = rate.dataset.amount;
    for (const id of ['total', 'due']) document.getElementById(id).textContent = rate.dataset.total;
    document.getElementById('pay').textContent = 'Pay ' + rate.dataset.total;
  });
</script>"""


def lines_table(world, session):
    rows = []
    for line in world.lines[session["id"]]:
        each = format_amount(line["price"]["unit_amount"], line["currency"])
        amount = format_amount(line["amount_subtotal"], line["currency"])
        rows.append(f"<tr><td>{html.escape(line['description'])}<br><small>{line['quantity']} × "
                    f"{each}</small></td><td>{amount}</td></tr>")
    if session["shipping_cost"]:
        amount = format_amount(session["shipping_cost"]["amount_total"], session["currency"])
        rows.append(f'<tr><td>Shipping</td><td id="postage">{amount}</td></tr>')
    total = format_amount(session["amount_total"] or 0, session["currency"] or "usd")
    rows.append(f'<tr class="sum"><td>Total due</td><td id="due">{total}</td></tr>')
    return "\n".join(rows)


def input_field(label, name, entered, kind="text", complete="", more="required"):
    value = html.escape(entered.get(name, ""))
    return (f'<label>{label}<input id="{name}" name="{name}" type="{kind}" value="{value}" '
            f'autocomplete="{complete or name}" {more}></label>')


def contact_fields(session, entered):
    known = session["customer_email"]
    entered = entered | ({"email": known} if known else {})
    fields = ["<h2>Contact</h2>",
              input_field("Email", "email", entered, "email",
                          more="readonly" if known else "required")]
    if session["phone_number_collection"]["enabled"]:
        fields.append(input_field("Phone", "phone", entered, "tel"))
    return "\n".join(fields)


def shipping_fields(session, entered):
    asked = session["shipping_address_collection"]
    if not asked:
        return ""
    chosen = entered.get("country")
    options = "".join(f"<option{' selected' if code == chosen else ''}>{code}</option>"
                      for code in asked["allowed_countries"])
    return "\n".join([
        "<h2>Shipping address</h2>",
        input_field("Full name", "shipping_name", entered, complete="shipping name"),
        f'<label>Country<select id="country" name="country">{options}</select></label>',
        input_field("Address", "line1", entered, complete="shipping address-line1"),
        input_field("Address line 2", "line2", entered, complete="shipping address-line2", more=""),
        '<div class="pair">',
        input_field("Postal code", "postal_code", entered, complete="shipping postal-code"),
        input_field("City", "city", entered, complete="shipping address-level2"), "</div>",
        input_field("State or region", "state", entered, complete="shipping address-level1",
                    more="")])


def note(session, place):
    """The shop's own text at a place of the page."""
    text = session["custom_text"][place]
    return f'<p class="soft">{html.escape(text["message"])}</p>' if text else ""


def rate_fields(world, session, entered):
    """The shop's shipping options, the first of them chosen until the buyer does."""
    offered = session["shipping_options"]
    if not offered:
        return ""
    chosen = entered.get("shipping_rate") or session["shipping_cost"]["shipping_rate"]
    before = session["amount_total"] - session["total_details"]["amount_shipping"]
    fields = ["<h2>Shipping method</h2>"]
    for option in offered:
        name = html.escape(world.find("shipping_rate", option["shipping_rate"])["display_name"])
        amount, total = (format_amount(sum, session["currency"]) for sum in (
            option["shipping_amount"], before + option["shipping_amount"]))
        mark = " checked" if option["shipping_rate"] == chosen else ""
        fields.append(f'<label class="choice"><input type="radio" name="shipping_rate" '
                      f'value="{option["shipping_rate"]}" data-amount="{amount}" '
                      f'data-total="{total}"{mark}> {name}, {amount}</label>')
    return "\n".join(fields)


def billing_fields(session, entered):
    if session["billing_address_collection"] != "required":
        return ""
    codes = "".join(f"<option{' selected' if code == entered.get('billing_country', 'US') else ''}>"
                    f"{code}</option>" for code in sorted(COUNTRIES))
    return "\n".join([
        "<h2>Billing address</h2>",
        f'<label>Country<select id="billing_country" name="billing_country">{codes}</select></label>',
        input_field("Address", "billing_line1", entered, complete="billing address-line1"),
        '<div class="pair">',
        input_field("Postal code", "billing_postal_code", entered, complete="billing postal-code"),
        input_field("City", "billing_city", entered, complete="billing address-level2"), "</div>"])


def tax_id_fields(session, entered):
    if not session["tax_id_collection"]["enabled"]:
        return ""
    mark = " checked" if entered.get("business") else ""
    kinds = "".join(f"<option{' selected' if kind == entered.get('tax_id_type') else ''}>{kind}</option>"
                    for kind in sorted(set(TAX_ID_TYPES.values())))
    return "\n".join([
        f'<label class="choice"><input type="checkbox" name="business" id="business"{mark}> '
        "I buy for a business</label>", '<div class="business">',
        input_field("Business name", "business_name", entered, complete="organization", more=""),
        f'<label>Kind of tax id<select id="tax_id_type" name="tax_id_type">{kinds}</select></label>',
        input_field("Tax id", "tax_id", entered, complete="off", more=""), "</div>"])


def custom_fields(session, entered):
    """The shop's own questions."""
    fields = []
    for field in session["custom_fields"]:
        name, given = "custom_" + field["key"], field[field["type"]]
        label = html.escape(field["label"]["custom"]) + (" (optional)" if field["optional"] else "")
        need = "" if field["optional"] else "required"
        value = {name: entered.get(name, given["default_value"] or "")}
        if field["type"] == "dropdown":
            choices = "".join(
                f'<option value="{html.escape(option["value"])}"'
                f'{" selected" if option["value"] == value[name] else ""}>'
                f'{html.escape(option["label"])}</option>' for option in given["options"])
            empty = '<option value=""></option>' if field["optional"] else ""
            fields.append(f'<label>{label}<select id="{name}" name="{name}" {need}>{empty}{choices}'
                          "</select></label>")
            continue
        bound = given["maximum_length"] or 255
        digits = ' inputmode="numeric" pattern="[0-9]*"' if field["type"] == "numeric" else ""
        fields.append(input_field(label, name, value, complete="off",
                                  more=f'{need} maxlength="{bound}"{digits}'))
    return "\n".join(["<h2>A few questions</h2>", *fields] if fields else [])


def code_fields(session, entered):
    if not session["allow_promotion_codes"]:
        return ""
    return input_field("Promotion code", "promotion_code", entered, complete="off", more="")


def consent_fields(session, entered):
    if (session["consent_collection"] or {}).get("terms_of_service") != "required":
        return ""
    return ('<label class="choice"><input type="checkbox" name="terms" id="terms" required> '
            "I accept the terms of service</label>")


def method_fields(session, entered):
    later = entered.get("method") == "later"
    debit = "US bank account" if session["currency"] == "usd" else "SEPA debit"
    return "\n".join([
        "<h2>Payment method</h2>",
        f'<label class="choice"><input type="radio" name="method" value="card" id="method-card"'
        f'{"" if later else " checked"}> Card</label>', '<div class="card">',
        input_field("Card number", "card", entered, complete="cc-number",
                    more='inputmode="numeric" placeholder="4242 4242 4242 4242"'),
        input_field("Name on card", "name", entered, complete="cc-name", more=""), "</div>",
        f'<label class="choice"><input type="radio" name="method" value="later" id="method-later"'
        f'{" checked" if later else ""}> Bank debit ({debit}), confirmed days later</label>'])


def closed_page(session):
    if session["status"] == "complete":
        link = return_link(session)
        return page("Already paid", '<div class="note"><h2 id="closed">You have already completed '
                    f'this checkout</h2><p><a href="{html.escape(link)}">Continue</a></p></div>')
    link = session["cancel_url"]
    back = f'<p><a href="{html.escape(link)}">Back to the shop</a></p>' if link else ""
    return page("Expired", f'<div class="note"><h2 id="closed">This checkout session has expired</h2>'
                f'<p class="soft">Nothing was charged.</p>{back}</div>')


def not_found(sentence):
    return html_answer(404, page("Not found", f'<div class="note"><h2>{sentence}</h2></div>'))


def return_link(session):
    return (session["success_url"] or "/").replace("{CHECKOUT_SESSION_ID}", session["id"])


def serve_page(world, method, path, body):
    """GET shows the page, POST pays: declined, the page again; paid, on to success_url."""
    world.expire_due()
    with world.lock:
        session = world.find("checkout.session", path.removeprefix("/pay/"))
        if session is None:
            return not_found("No such checkout")
        if session["status"] != "open":
            return html_answer(200, closed_page(session))
        if method == "GET":
            return html_answer(200, pay_page(world, session, {}))
        entered = {name: value.strip() for name, value in
                   urllib.parse.parse_qsl(body.decode("utf-8", "replace"))}
        if entered.get("shipping_rate"):
            choose_shipping(session, entered["shipping_rate"])
        try:
            deliveries = pay_session(world, session, entered_payment(session, entered))[1]
        except (Declined, ControlError) as problem:
            return html_answer(402, pay_page(world, session, entered, str(problem)))
    wait_for_answer(deliveries)
    return Answer(303, {"Location": return_link(session)}, b"")


def entered_payment(session, entered):
    shipping = None
    if session["shipping_address_collection"]:
        shipping = {"name": entered.get("shipping_name"), "address": {
            name: entered.get(name) or None for name in
            ("city", "country", "line1", "line2", "postal_code", "state")}}
    address = session["customer_email"] or entered.get("email", "")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        raise Declined("email_invalid", "Your email is incomplete.")
    return Payment(card=entered.get("card", ""), method=entered.get("method", "card"),
                   email=address, phone=entered.get("phone"), shipping=shipping,
                   name=entered.get("name") or entered.get("shipping_name"),
                   shipping_rate=entered.get("shipping_rate"),
                   **entered_extras(session, entered))


def entered_extras(session, entered):
    business = session["tax_id_collection"]["enabled"] and entered.get("business")
    terms = (session["consent_collection"] or {}).get("terms_of_service") == "required"
    billing = None
    if session["billing_address_collection"] == "required":
        billing = {name: entered.get("billing_" + name) or None for name in (
            "city", "country", "line1", "line2", "postal_code", "state")}
    return {
        "billing": billing,
        "business_name": entered.get("business_name") or None if business else None,
        "consent": {"terms_of_service": "accepted" if entered.get("terms") else None} if terms else None,
        "custom_fields": {field["key"]: entered.get("custom_" + field["key"], "")
                          for field in session["custom_fields"]},
        "promotion_code": entered.get("promotion_code") or None,
        "tax_ids": [{"type": entered.get("tax_id_type"), "value": entered["tax_id"]}]
                   if business and entered.get("tax_id") else None}
