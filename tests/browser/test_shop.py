#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The demo shop and ordersnap's elements in a real browser: starts a shop behind nginx, and Chromium
through shop.mjs, which has the tests."""
import json
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))

import servers  # noqa: E402
from servers import shop  # noqa: E402
import orders as made  # noqa: E402
from demo import SEED, SESSION_FILE  # noqa: E402
from lambda_table import Functions  # noqa: E402
from login import SECRET, Login  # noqa: E402

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
EVIL = "<img src=x onerror=alert(1)>"
NOW = int(time.time())

# A page of somebody else's site, with as strict a policy as there is, sent as a header.
FOREIGN = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>A foreign page</title>
<meta name="viewport" content="width=device-width">
<link rel="icon" href="/demo/icon.svg">
<script src="/ordersnap.js" defer></script>
<main><h1>A foreign page</h1>
{}
</main></html>
"""
POLICY = ("default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self'; "
          "require-trusted-types-for 'script'; trusted-types 'none'")

# Pages of a site at another origin than the programs'.
OTHER = {"orders.html": FOREIGN.format("<ordersnap-orders></ordersnap-orders>"),
         "all.html": FOREIGN.replace(
             "defer></script>", 'defer></script>\n<script src="/other/own.js" defer></script>').format(
             '<ordersnap-buy sku="N-RED"></ordersnap-buy>\n<ordersnap-cart></ordersnap-cart>\n'
             "<ordersnap-orders></ordersnap-orders>"),
         "own.js": "ordersnap.configure(window.forTheTest);\n"}


def skip(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def orders_of_ann():
    """Twelve orders in several states; the newest has all that a customer may see."""
    listed = [made.order(f"cs_test_ann{n:02d}", NOW - 86400 * n, "ann",
                         shippingAddress={"name": "Ann Lee", "line1": "5 Shore Road", "city": "Halifax",
                                          "state": "NS", "postalCode": "B3H 1A1", "country": "CA"})
              for n in range(1, 13)]
    listed[0].update(amountDiscount=1000, amountShipping=500, amountTax=500, refunds=[
        {"id": "re_1", "amount": 2500, "currency": "usd", "status": "succeeded",
         "createdAt": made.iso(NOW)}], amountRefunded=2500, status="partially_refunded",
        tracking={"carrier": "DHL", "number": "JD01", "url": "https://track.example/JD01"})
    listed[1].update(status="pending")
    listed[2].update(status="failed")
    listed[3].update(currency="jpy", amount=8500, status="refunded", amountRefunded=8500, items=[
        {"name": EVIL, "quantity": 1, "amountTotal": 8500, "currency": "jpy"}],
        tracking={"carrier": EVIL, "url": "javascript:alert(1)"},
        shippingAddress={"name": EVIL, "line1": EVIL, "country": "CA"})
    return listed


def orders_of_the_functions():
    """What the Lambda functions wrote of a session that has all, of one that has nothing but nulls, and of
    one whose lines Stripe did not give: their items, newest first."""
    table = Functions()
    session = {"id": "cs_test_old3", "metadata": {"userId": "old"}, "amount_total": 8500,
               "amount_subtotal": 8500, "currency": "usd", "payment_intent": "pi_1", "customer_email": None,
               "customer_details": {"email": "old@shop.example", "name": "Old Lee"},
               "collected_information": {"shipping_details": {"name": "Old Lee", "address": {
                   "line1": "5 Shore Road", "line2": None, "city": "Halifax", "state": None,
                   "postal_code": "B3H 1A1", "country": "CA"}}}}
    line = {"description": "Red Necklace", "quantity": 2, "price": {"unit_amount": 3000, "product": {
        "metadata": {"sku": "N-RED", "collection": "necklaces"}}}}
    table.order(session, NOW - 900, None)
    table.order({**session, "id": "cs_test_old2", "customer_details": None, "amount_total": None,
                 "amount_subtotal": None, "currency": None, "payment_intent": None,
                 "collected_information": {"shipping_details": {"name": None, "address": None}}}, NOW - 600,
                [{"description": None, "quantity": None, "price": {"unit_amount": None, "product": "prod_1"}}])
    table.order({**session, "id": "cs_test_old1"}, NOW - 300, [line])
    return sorted(table.table.values(), key=lambda item: item["SK"], reverse=True)


def main():
    lacks = servers.lacking("nginx")
    if lacks or not CHROMIUM or not shutil.which("node"):
        skip(f"{lacks or ('node' if CHROMIUM else 'chromium')} is not installed")
    login, port = Login(), shop.free_port()
    url, other = f"http://127.0.0.1:{port}", f"http://localhost:{port}"  # two origins to a browser
    site = servers.Site(
        "nginx", children=2, port=port, session_file=SESSION_FILE,
        seed=[*SEED, {"lookup_key": "X-EVIL", "name": EVIL, "unit_amount": 100, "currency": "usd"}],
        locations=login.location + f'\n        location /foreign/ {{ add_header Content-Security-Policy '
        f'"{POLICY}"; }}', JWT_SECRET=SECRET, CORS_ALLOW_ORIGIN=f"{url},{other}",
        CHECKOUT_SUCCESS_URL=url + "/demo/thanks.html?session_id={CHECKOUT_SESSION_ID}",
        CHECKOUT_CANCEL_URL=url + "/demo/")
    old = orders_of_the_functions()
    made.put(site, *orders_of_ann())
    made.put(site, *old, without=("day", "number", "session", "payment"))
    for folder in ("foreign", "other"):
        os.mkdir(site.path("www", folder), 0o755)
    with open(os.path.join(HERE, "..", "..", "doc", "elements.md"), encoding="utf-8") as f:
        snippets = [part.split("```")[0] for part in f.read().split("```html\n")[1:]]
    pages = {"evil": '<ordersnap-buy sku="X-EVIL"></ordersnap-buy>\n<ordersnap-cart email></ordersnap-cart>',
             "orders": "<ordersnap-orders></ordersnap-orders>",
             "bare-thanks": "<p>Thank you.</p>",
             "thanks": "<ordersnap-thanks></ordersnap-thanks>",
             **{f"snippet{n}": text for n, text in enumerate(snippets)}}
    for name, text in pages.items():
        with open(site.path("www", "foreign", name + ".html"), "w", encoding="utf-8") as f:
            f.write(text if "<html" in text else FOREIGN.format(text))
            os.chmod(f.name, 0o644)
    for name, text in OTHER.items():
        with open(site.path("www", "other", name), "w", encoding="utf-8") as f:
            f.write(text)
            os.chmod(f.name, 0o644)
    told = {"url": site.url, "old": ["Order " + order["orderNumber"] for order in old],
            "other": other, "sim": site.sim.base, "snippets": len(snippets),
            "shots": os.environ.get("ORDERSNAP_SCREENSHOTS", site.path("tmp"))}
    try:
        done = subprocess.run(["node", os.path.join(HERE, "shop.mjs"), *sys.argv[1:]], check=False,
                              env={**os.environ, "ORDERSNAP_SITE": json.dumps(told), "CHROMIUM": CHROMIUM,
                                   "HOME": site.path("tmp")})  # where Chromium has its crash reports
    finally:
        site.close()
    sys.exit(done.returncode)


if __name__ == "__main__":
    main()
