#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The demo: a shop on this machine, and one sale through it.  `./dev demo` builds and runs it.

    demo.py [--once]      --once: ends after the sale; 0 if its order stands in the table
"""
import json
import os
import shlex
import signal
import subprocess
import sys
import time

import servers
import shop
from login import SECRET, Login, jwt

FIRST_PORT = 8080
# Postage, and the question for a gift note.
SESSION_FILE = os.path.join(shop.SRC, "conf", "session.json.example")
CART = [{"sku": "N-RED", "quantity": 2}, {"sku": "R-SIL", "quantity": 1}]
SEED = [
    {"lookup_key": "N-RED", "name": "Red Necklace", "unit_amount": 3000, "currency": "usd",
     "metadata": {"collectionId": "necklaces"}},
    {"lookup_key": "R-SIL", "name": "Silver Ring", "unit_amount": 2500, "currency": "usd",
     "metadata": {"collectionId": "rings"}},
    {"lookup_key": "E-MOON", "name": "Moon Earrings", "unit_amount": 1800, "currency": "usd",
     "metadata": {"collectionId": "earrings"}},
    {"lookup_key": "B-SEA", "name": "Sea Glass Bracelet", "unit_amount": 4200, "currency": "usd",
     "metadata": {"collectionId": "bracelets"}},
]


class Failed(Exception):
    """A step of the sale went wrong; the text says which and how."""


def money(amount, currency):
    return f"{amount // 100}.{amount % 100:02d} {currency.upper()}"


def step(number, request, outcome):
    print(f"  {number}  {request:<30} {outcome}", flush=True)


def answer_of(request, answer):
    if answer.status != 200:
        raise Failed(f"{request}: {answer.status or 'no answer'} "
                     f"{answer.body.decode(errors='replace')} {answer.log}".strip())
    return answer.json


def ask(site, path, body, headers=()):
    return answer_of("POST " + path, site.curl(path, body, headers=headers))


def take_an_order(site):
    """The four steps of a sale, each a request as a browser or Stripe sends it."""
    quote = ask(site, "/cart/quote", {"items": CART})
    summary = quote["pricingSummary"]
    step(1, "POST /cart/quote", f"{money(summary['subtotal'], summary['currency'])}, "
         f"signed {quote['quoteSignature'][:12]}…")
    session = ask(site, "/checkout/create-session",
                  {"quoteSignature": quote["quoteSignature"],
                   "customerEmail": "jane@shop.example",
                   "shippingRate": "Express",
                   "shippingAddressCollection": {"allowed_countries": ["CA", "US"]}},
                  ["Authorization: Bearer " + jwt({"sub": "jane", "exp": int(time.time()) + 60})])
    step(2, "POST /checkout/create-session", session["sessionId"])
    paid = site.sim.post("/_sim/pay", {"session": session["sessionId"], "name": "Jane Doe",
                                        "custom_fields": {"gift": "For Ann, with love"}})
    step(3, "the buyer pays at Stripe", "card 4242 4242 4242 4242 (simulated)")
    step(4, "POST /stripe/webhook", f"signed event {paid['event']}, answered {paid['delivery']}")
    if paid["delivery"] != 200:
        raise Failed(f"the webhook was answered {paid['delivery']}")
    return session["sessionId"]


def show_order(site, session):
    orders = [(key, item) for key, item in site.items("USER#").items()
              if item.get("orderId") == session]
    if len(orders) != 1:
        raise Failed(f"{len(orders)} orders of {session} stand in the table, not one")
    print(f"\nThe order, as it stands in the table ({site.db}):\n")
    print(json.dumps(orders[0][1], indent=2, ensure_ascii=False), flush=True)


def command(site):
    """The owner's command, for this shop."""
    return [os.path.join(servers.shop.BUILD, "ordersnap"),
            "--conf", site.path("conf", "ordersnap.conf")]


def show_list(site):
    """The same order as its owner sees it."""
    done = subprocess.run([*command(site), "orders"], capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"ordersnap orders: {done.stderr}")
    print("\nThe same to the shop's owner, `ordersnap orders`:\n\n" + done.stdout, end="", flush=True)


def serve(site):
    print(f"\nThe demo shop:  {site.url}/demo/\n"
          f"My orders:      {site.url}/demo/orders.html\n"
          f"Health:         {site.url}/healthz\n"
          f"Logs:           {site.path('log')}\n"
          f"The command:    {shlex.join(command(site))} --help\n\n"
          "It serves until Ctrl-C.", flush=True)
    while True:
        signal.pause()


def main(arguments):
    if arguments not in ([], ["--once"]):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    port = shop.free_port(FIRST_PORT)
    url = f"http://127.0.0.1:{port}"
    print(f"A shop on {url}: nginx, spawn-fcgi, SQLite, and a stand-in for Stripe\n", flush=True)
    try:
        site = servers.Site("nginx", children=2, port=port, seed=SEED,
                            locations=Login().location, JWT_SECRET=SECRET,
                            CHECKOUT_SUCCESS_URL=url +
                            "/demo/thanks.html?session_id={CHECKOUT_SESSION_ID}",
                            CHECKOUT_CANCEL_URL=url + "/demo/", CORS_ALLOW_ORIGIN=url, session_file=SESSION_FILE)
        try:
            show_order(site, take_an_order(site))
            show_list(site)
        except (Failed, OSError, KeyError, ValueError) as why:
            logs = site.log("error") + "".join(site.log(p) for p in servers.PROGRAMS)
            print(f"\nThe demo failed: {type(why).__name__}: {why}\n{logs}", file=sys.stderr)
            return 1
    except (RuntimeError, AssertionError, OSError) as why:
        print(f"The demo could not start: {why}", file=sys.stderr)
        return 1
    if not arguments:
        serve(site)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
