# SPDX-License-Identifier: ISC
"""The table that the AWS Lambda functions leave, which ordersnap replaces: what their checkout, their
webhook and their reader do with a DynamoDB table, and twelve kinds of orders that a shop has of them.

What they write was looked at item by item: no versions, null where Stripe has null, times with
microseconds and `+00:00`, the time of processing in an order's key, and nothing that names an order.
"""
import datetime
import hashlib
import itertools
import json
import re
import time
import urllib.parse
import urllib.request

from shop import STRIPE_SECRET

DAY = 86400
SIGNATURE = re.compile(r"[0-9a-f]{64}$")
ACKNOWLEDGED = {"checkout.session.completed": "completed",
                "checkout.session.async_payment_succeeded": "completed",
                "checkout.session.expired": "expired",
                "checkout.session.async_payment_failed": "failed"}
ORDERED = ("checkout.session.completed", "checkout.session.async_payment_succeeded")


def stamp(epoch):
    """2024-11-26T12:00:00.123456+00:00"""
    return datetime.datetime.fromtimestamp(epoch + .123456, datetime.timezone.utc).isoformat()


def spelled(name):
    """A user as a key of theirs has it."""
    return re.sub(r"[^a-zA-Z0-9@._-]", "", name)[:256]


class Functions:
    """All of the functions over one table: {(PK, SK): item}."""

    def __init__(self, table=None):
        self.table = {} if table is None else table

    def put(self, pk, sk, **item):
        self.table[pk, sk] = {"PK": pk, "SK": sk, **item}

    def update(self, pk, sk, **item):
        self.table[pk, sk] = {"PK": pk, "SK": sk, **self.table.get((pk, sk), {}), **item}

    # --- checkout ----------------------------------------------------------------------------

    def quote(self, signature, at):
        cart = hashlib.sha256(signature.encode()).hexdigest()
        self.put("QUOTE#" + signature, "METADATA", status="pending", cartHash=cart,
                 createdAt=stamp(at))
        self.put("CART#" + cart, "QUOTE#" + signature, createdAt=stamp(at))

    def checkout(self, session, signature, at):
        own = "sess_" + hashlib.sha256(session["id"].encode()).hexdigest()[:32]
        for key in (session["id"], own):
            self.put("SESSION#" + key, "METADATA", status="open", stripeSessionId=session["id"],
                     stripeSessionUrl=session.get("url"), updatedAt=stamp(at))
        self.put("QUOTE#" + signature, "SESSION#" + session["id"], status="open",
                 createdAt=stamp(at))

    # --- webhook -----------------------------------------------------------------------------

    def webhook(self, event, at, lines):
        """One delivery; `lines` is None where Stripe could not be asked.  False: seen before."""
        key = "EVENT#" + event["id"], "METADATA"
        if key in self.table:
            return False
        kind, session = event["type"], event["data"]["object"]
        status = ACKNOWLEDGED.get(kind, "received")
        self.put(*key, eventId=event["id"], eventType=kind, status=status, createdAt=stamp(at),
                 updatedAt=stamp(at))
        if kind in ACKNOWLEDGED and ("SESSION#" + session["id"], "METADATA") in self.table:
            self.update("SESSION#" + session["id"], "METADATA", status=status, updatedAt=stamp(at),
                        stripePaymentStatus=session["payment_status"],
                        stripePaymentIntentId=session["payment_intent"],
                        stripeCustomerEmail=session["customer_details"]["email"])
        if kind in ORDERED:
            self.order(session, at, lines)
        return True

    def order(self, session, at, lines):
        metadata = session["metadata"] or {}
        email = (session["customer_details"] or {}).get("email") or session["customer_email"]
        user = spelled(metadata.get("userId") or metadata.get("user_id") or email)
        found = session.get("collected_information") or {}
        shipping = found.get("shipping_details")
        address = (shipping or {}).get("address") or {}
        letters = re.sub(r"[^A-Za-z0-9]", "", session["id"].rsplit("_", 1)[-1])[-8:]
        self.put(
            "USER#" + user, f"ORDER#{at}#{session['id']}", orderId=session["id"],
            orderNumber="BC-" + letters.upper(), userId=user, status="completed",
            amount=session["amount_total"], amountSubtotal=session["amount_subtotal"],
            currency=session["currency"], items=[item_of(line) for line in lines or []],
            itemCount=len(lines or []), createdAt=stamp(at), completedAt=stamp(at),
            stripeSessionId=session["id"], stripePaymentIntentId=session["payment_intent"],
            customerEmail=email, customerName=(session["customer_details"] or {}).get("name"),
            quoteSignature=metadata.get("quoteSignature"),
            shippingAddress=shipping and {
                "name": shipping.get("name"), "line1": address.get("line1"),
                "line2": address.get("line2"), "city": address.get("city"),
                "state": address.get("state"), "postalCode": address.get("postal_code"),
                "country": address.get("country")})

    # --- dashboard ---------------------------------------------------------------------------

    def orders(self, name):
        """As their reader gives a user's orders: newest first."""
        mine = [i for (pk, sk), i in self.table.items()
                if pk == "USER#" + spelled(name) and sk.startswith("ORDER#")]
        return [{"orderId": i["orderId"], "orderNumber": i["orderNumber"], "status": i["status"],
                 "amount": i["amount"], "currency": i["currency"], "createdAt": i["createdAt"],
                 "items": [(line["name"], line["quantity"], line["unitPrice"]) for line in i["items"]]}
                for i in sorted(mine, key=lambda i: i["SK"], reverse=True)]


def item_of(line):
    price = line["price"]
    product = price["product"] if isinstance(price["product"], dict) else {}
    metadata = product.get("metadata") or {}
    return {"name": line["description"], "quantity": line["quantity"],
            "unitPrice": price["unit_amount"], "sku": metadata.get("sku"),
            "collectionId": metadata.get("collection"), "variantId": metadata.get("variant_id"),
            "color": metadata.get("color")}


# --- twelve kinds of orders ----------------------------------------------------------------------

RED = {"name": "Red Necklace", "unit_amount": 3000, "currency": "usd", "quantity": 2}
RING = {"name": "Silver Ring", "unit_amount": 2500, "currency": "usd"}

# What Stripe is told of the session; and what is special about how the functions had it.
KINDS = {
    "userId": {"metadata": {"userId": "user_12345"}},
    "user_id": {"metadata": {"user_id": "user_777"}},
    "e-mail with capitals": {"email": "Jane.Doe@Shop.Example"},
    "e-mail with a plus": {"email": "jane+gifts@shop.example"},
    "characters that they drop": {"metadata": {"userId": "auth0|J\u00fcrgen #7"}},
    "a name that they cut": {"metadata": {"userId": "u" * 150 + "|" * 150 + "v" * 150}},
    "unpaid": {"metadata": {"userId": "user_later"}, "method": "later"},
    "no items": {"metadata": {"userId": "user_bare"}, "lost_lines": True},
    "refunded": {"metadata": {"userId": "user_back"}, "refunded": 2500},
    "quoted": {"metadata": {"userId": "user_quoted"}, "quoted": True},
    "open at the switch": {"metadata": {"userId": "user_open"}, "quoted": True, "open": True},
    "unpaid and quoted": {"email": "Later@Shop.Example", "quoted": True, "method": "later"},
}

_ids = itertools.count(1)


class Sale:
    """One order of a kind, at Stripe and in the functions' table."""

    def __init__(self, sim, functions, kind, ago=2 * DAY):
        special = dict(KINDS[kind])
        self.kind, self.sim, self.functions = kind, sim, functions
        self.created = int(time.time()) - ago - next(_ids) * 60
        self.processed = self.created + 95
        self.id = f"cs_test_{hashlib.sha256(kind.encode()).hexdigest()[:20]}{next(_ids):06d}"
        self.is_open = special.pop("open", False)
        quoted, refunded = special.pop("quoted", False), special.pop("refunded", 0)
        lost = special.pop("lost_lines", False)
        if quoted:
            self.signature = hashlib.sha256(self.id.encode()).hexdigest()
            special["client_reference_id"] = self.signature
            special["metadata"] = {**special.get("metadata", {}),
                                   "quoteSignature": self.signature}
        name = special.pop("email", "buyer@shop.example")
        self.user = (special.get("metadata") or {}).get("userId") or \
            (special.get("metadata") or {}).get("user_id") or name
        self.session = sim.post("/_sim/session", {
            "id": self.id, "created": self.created, "at": self.created + 60, "email": name,
            "line_items": [RED, RING], **special})["session"]
        if quoted:
            functions.quote(self.signature, self.created - 30)
            functions.checkout(self.session, self.signature, self.created)
        self.lines = None if lost else ask(sim, "GET", f"/v1/checkout/sessions/{self.id}/line_items"
                                           "?expand[]=data.price.product&limit=100")["data"]
        if refunded:
            self.refund(refunded)
        self.seen = [] if self.is_open else self.events()
        for event in self.seen:
            functions.webhook(event, self.processed, self.lines)

    def refund(self, amount):
        ask(self.sim, "POST", "/v1/refunds", {"payment_intent": self.session["payment_intent"],
                                              "amount": amount})

    def ledger(self):
        return next(r for r in self.sim.get("/_sim/ledger") if r["id"] == self.id)

    def events(self):
        """All that Stripe has to tell of the sale, oldest first."""
        mine = {self.id, self.session["payment_intent"]}
        return [e for e in self.sim.get("/_sim/events")
                if {e["data"]["object"]["id"],
                    e["data"]["object"].get("payment_intent")} & mine]

    def new_events(self):
        return [e for e in self.events() if e["id"] not in {s["id"] for s in self.seen}]


def ask(sim, method, path, form=None):
    """A call of the Stripe API by the shop's owner."""
    request = urllib.request.Request(
        sim.base + path, urllib.parse.urlencode(form or {}).encode() if method == "POST" else None,
        {"Authorization": "Bearer " + STRIPE_SECRET}, method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def late(event, **session):
    """The same told by another event, with another session's attributes."""
    told = {**event, "id": f"evt_late{next(_ids):08d}"}
    told["data"] = {**event["data"], "object": {**event["data"]["object"], **session}}
    return told
