# SPDX-License-Identifier: ISC
"""What a soak's clients do: buyers who quote, order, pay and look at their orders, an owner who refunds,
Stripe's events in any order and more than once, and others who send what is none.

The one idea: the simulator delivers to this process, which keeps each event until the shop has taken
it.  So it is known what was acknowledged, and what waits for its redelivery.
"""
import collections
import http.client
import json
import os
import random
import sys
import threading
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))

import servers  # noqa: E402,F401  (finds tests/lib)
import login  # noqa: E402
import shop  # noqa: E402
from server import Handler, Server  # noqa: E402
from tap import equal, ok  # noqa: E402

GOODS = {"usd": {"N-RED": ("Red Necklace", 3000), "R-SIL": ("Silver Ring", 2500)},
         "eur": {"E-EUR": ("Euro Earring", 1500)}}
KEPT = 400  # events that were taken and come again
ORDERS = 20  # of a user


def all_of(site, path):
    """All objects of one of Stripe's lists."""
    after = ""
    while True:
        request = urllib.request.Request(f"{site.sim.base}{path}?limit=100{after}",
                                         headers={"Authorization": "Bearer " + shop.STRIPE_SECRET})
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = json.load(answer)
        yield from page["data"]
        if not page["has_more"]:
            return
        after = "&starting_after=" + page["data"][-1]["id"]


class Mailbox(Server):
    """In the place of the shop's webhook: what Stripe sends waits here."""

    def __init__(self):
        self.lock, self.waiting = threading.Lock(), []
        super().__init__(_Letter)
        self.url = self.base + "/"

    def put(self, raw):
        with self.lock:
            self.waiting.append(raw)

    def take(self, rng):
        """One of them, whichever."""
        with self.lock:
            if not self.waiting:
                return None
            at = rng.randrange(len(self.waiting))
            self.waiting[at], self.waiting[-1] = self.waiting[-1], self.waiting[at]
            return self.waiting.pop()


class _Letter(Handler):
    def do_POST(self):
        self.server.put(self.body())
        self.give(200)


class Books:
    """What was bought, paid and acknowledged, as the clients know it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.carts = {}        # session: {"lines": {name: quantity}, "user", "subtotal"}
        self.open, self.unpaid, self.paid, self.taken = [], [], [], []
        self.failed = set()    # sessions whose delayed payment failed
        self.outcomes = {}     # event: what the shop said of it at last
        self.answers = collections.Counter()  # (program's path, status)
        self.done = collections.Counter()     # what the clients did

    def count(self, what, by=1):
        with self.lock:
            self.done[what] += by

    def add(self, where, thing):
        with self.lock:
            where.append(thing)

    def take(self, where, rng):
        with self.lock:
            return where.pop(rng.randrange(len(where))) if where else None

    def look_at(self, where, rng):
        with self.lock:
            return where[rng.randrange(len(where))] if where else None


class Client:
    """One of the clients: a thread with a connection of its own."""

    def __init__(self, site, books, mailbox, seed):
        self.site, self.books, self.mailbox = site, books, mailbox
        self.rng, self.connection = random.Random(seed), None
        self.calm = lambda: False  # whether a 503 has no excuse

    # -- asking

    def ask(self, method, path, body=None, may_fail=True, **headers):
        """(status, JSON or text); a 503 counts as an answer where something is in trouble."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
        calm, began = self.calm(), time.monotonic()
        status, raw = self.exchange(method, path, body, headers)
        if status == 503:
            time.sleep(0.05)  # nobody comes again at once
        with self.books.lock:
            self.books.answers[path.partition("?")[0], status] += 1
        what = f"{method} {path}: {status} {raw[:300]!r} after {time.monotonic() - began:.1f} s"
        ok(status == 503 or status < 500, what)
        ok(status != 503 or may_fail and not calm, what)
        return status, json.loads(raw) if raw[:1] in b"{[" else raw

    def exchange(self, method, path, body, headers):
        if self.connection is None:
            self.connection = http.client.HTTPConnection("127.0.0.1", self.site.port, timeout=90)
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def bearer(self, user):
        return {"Authorization": "Bearer " + login.jwt({"sub": user, "exp": int(time.time()) + 600})}

    def stripe(self, path, form=None):
        """A call of Stripe's API by the owner; its status and answer."""
        connection = http.client.HTTPConnection("127.0.0.1", int(self.site.sim.base.rpartition(":")[2]), timeout=60)
        try:
            connection.request("POST", path, urllib.parse.urlencode(form or {}), {
                "Authorization": "Bearer " + shop.STRIPE_SECRET, "Content-Type": "application/x-www-form-urlencoded"})
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        finally:
            connection.close()

    # -- a buyer

    def order(self):
        """A cart up to an open session, and a second click now and then."""
        currency = "eur" if self.rng.random() < 0.2 else "usd"
        goods = GOODS[currency]
        cart = {sku: self.rng.randint(1, 5) for sku in self.rng.sample(sorted(goods), self.rng.randint(1, len(goods)))}
        status, quote = self.ask("POST", "/cart/quote", {
            "items": [{"sku": sku, "quantity": n} for sku, n in cart.items()]})
        if status == 503:
            return
        equal(status, 200, f"quote {quote}")
        subtotal = sum(n * goods[sku][1] for sku, n in cart.items())
        equal([(i["sku"], i["name"], i["quantity"], i["unitPrice"], i["amountSubtotal"]) for i in quote["items"]],
              [(sku, goods[sku][0], n, goods[sku][1], n * goods[sku][1]) for sku, n in cart.items()], "a quote's lines")
        equal(quote["pricingSummary"], {"items": sum(cart.values()), "subtotal": subtotal, "currency": currency})
        # A user orders some dozens of times, so that a list is as long in the end as in the beginning.
        user, headers = f"user_{len(self.books.carts) // ORDERS + self.rng.randrange(4)}", {}
        body = {"quoteSignature": quote["quoteSignature"], "customerEmail": user + "@shop.example"}
        if self.rng.random() < 0.7:
            headers = self.bearer(user)
        else:
            user = body["customerEmail"]
        first = self.click(body, headers)
        if first is None or self.rng.random() < 0.1:
            second = self.click(body, headers)
            ok(not (first and second) or first["sessionId"] == second["sessionId"], "two clicks gave two sessions")
            first = first or second
        if first:
            with self.books.lock:
                self.books.carts[first["sessionId"]] = {
                    "lines": {goods[sku][0]: n for sku, n in cart.items()}, "user": user, "subtotal": subtotal}
                self.books.open.append(first["sessionId"])

    def click(self, body, headers):
        status, answer = self.ask("POST", "/checkout/create-session", body, **headers)
        self.books.count("sessions")
        if status == 503:
            return None
        equal(status, 200, f"session {answer}")
        ok(answer["checkoutUrl"], "a session has a page")
        return answer

    def pay(self):
        """The buyer pays, by card or later, or the session expires."""
        session = self.books.take(self.books.open, self.rng)
        if session is None:
            return self.order()
        if self.rng.random() < 0.05:
            equal(self.stripe(f"/v1/checkout/sessions/{session}/expire")[0], 200, "expiry")
            return self.books.count("expired")
        later = self.rng.random() < 0.15
        paid = self.site.sim.post("/_sim/pay", {
            "session": session, "wait": False, "method": "later" if later else "card",
            "discount": self.rng.choice([0, 0, 300]), "tax": self.rng.choice([0, 0, 190]),
            "shipping_amount": self.rng.choice([0, 0, 500])})["session"]
        self.books.count("payments")
        self.books.add(self.books.unpaid if later else self.books.paid,
                       {"id": session, "intent": paid["payment_intent"], "left": paid["amount_total"]})

    def end_later(self):
        """A delayed payment arrives, or fails."""
        payment = self.books.take(self.books.unpaid, self.rng)
        if payment is None:
            return self.pay()
        fails = self.rng.random() < 0.3
        if fails:
            self.books.failed.add(payment["id"])
        self.site.sim.post("/_sim/later", {"session": payment["id"], "outcome": "fail" if fails else "succeed",
                                           "wait": False})
        self.books.count("payments that failed" if fails else "late payments")
        if not fails:
            self.books.add(self.books.paid, payment)

    def refund(self):
        """The owner pays back a part or all; now and then the refund fails after all."""
        payment = self.books.take(self.books.paid, self.rng)
        if payment is None:
            return self.pay()
        amount = payment["left"] if self.rng.random() < 0.5 else max(1, payment["left"] // 3)
        status, made = self.stripe("/v1/refunds", {"payment_intent": payment["intent"], "amount": amount})
        equal(status, 200, f"refund {made}")
        self.books.count("refunds")
        if self.rng.random() < 0.2:
            self.site.sim.post("/_sim/refund", {"refund": made["id"], "outcome": "fail"})
            self.books.count("refunds that failed")
        else:
            payment["left"] -= amount
        if payment["left"] and self.rng.random() < 0.2:
            self.dispute(made["charge"], payment["left"])
        elif payment["left"]:
            self.books.add(self.books.paid, payment)

    def dispute(self, charge, amount):
        """The buyer's bank wants the rest back; the shop wins, loses or waits."""
        self.site.sim.post("/_sim/dispute", {"charge": charge, "action": "open", "amount": amount})
        end = self.rng.choice(["win", "lose", "update", None])
        if end:
            self.site.sim.post("/_sim/dispute", {"charge": charge, "action": end})
        self.books.count("disputes")

    def look(self):
        """A buyer looks at a list, an order and the page after the payment; a monitor looks as well."""
        session = self.books.look_at(list(self.books.carts), self.rng)
        if session is None:
            return self.order()
        cart = self.books.carts[session]
        status, answer = self.ask("GET", "/checkout/session-status?session_id=" + session)
        if status == 200 and answer["status"] == "completed":
            equal({i["name"]: i["quantity"] for i in answer["items"]}, cart["lines"], "the lines of a status")
        user = cart["user"] if "@" not in cart["user"] else "user_0"
        status, page = self.ask("GET", f"/orders?limit={self.rng.choice([1, 5, 20, 100])}", **self.bearer(user))
        for order in page["orders"] if status == 200 else []:
            ok(order["orderId"] in self.books.carts, f"{order['orderId']} is nobody's")
            equal(self.books.carts[order["orderId"]]["user"], user, "whose order it is")
        status, order = self.ask("GET", "/orders/" + session, **self.bearer(user))
        ok(status in (200, 404, 503), f"an order: {status}")
        if status == 200:
            equal((order["orderId"], user), (session, cart["user"]), "whose order it is")
        equal(self.ask("GET", "/orders")[0], 401, "a list without a login")
        self.ask("GET", "/healthz")
        equal(self.ask("GET", "/metrics", may_fail=False)[0], 200, "metrics")
        self.books.count("looks")

    # -- Stripe

    def deliver(self):
        """An event that waits, in no order; what is not acknowledged waits again."""
        raw = self.mailbox.take(self.rng)
        if raw is None:
            return self.pay()
        try:
            if self.post_event(raw, "deliveries"):
                with self.books.lock:
                    if len(self.books.taken) < KEPT:
                        self.books.taken.append(raw)
                    else:
                        self.books.taken[self.rng.randrange(KEPT)] = raw
                raw = None
        finally:
            if raw:
                self.mailbox.put(raw)

    def again(self):
        """One that was acknowledged."""
        raw = self.books.look_at(self.books.taken, self.rng)
        if raw is None:
            return self.deliver()
        answer = self.post_event(raw, "redeliveries")
        ok(not answer or answer["status"] == "ignored" or answer.get("duplicate"), f"{answer} of what was acknowledged")

    def post_event(self, raw, what):
        """The shop's answer, or None for a 503."""
        event = json.loads(raw)
        status, answer = self.ask("POST", "/stripe/webhook", raw, **{"Stripe-Signature": shop.sign(raw)})
        ok(status in (200, 503), f"{event['type']} {event['id']}: {status} {answer}")
        with self.books.lock:
            self.books.done[what] += 1
            self.books.done["answered with 503"] += status == 503
            outcome = "failed" if status == 503 else "duplicate" if answer.get("duplicate") else answer["status"]
            self.books.done["event " + outcome] += 1
            if status == 200:
                self.books.outcomes[event["id"]] = answer["status"]
        return answer if status == 200 else None

    # -- others

    def forge(self):
        """An event under a wrong, old or missing signature."""
        raw = self.books.look_at(self.books.taken, self.rng)
        if raw is None:
            return self.deliver()
        given = self.rng.choice([{"Stripe-Signature": shop.sign(raw, "whsec_another")},
                                 {"Stripe-Signature": shop.sign(raw, at=int(time.time()) - 900)}, {},
                                 {"Stripe-Signature": shop.sign(raw + b" ")},
                                 {"Stripe-Signature": "t=1,v1=" + "0" * 64}])
        equal(self.ask("POST", "/stripe/webhook", raw, may_fail=False, **given)[0], 400, "a bad signature")
        self.books.count("bad signatures")

    def babble(self):
        """What is no request."""
        noise = self.rng.randbytes(self.rng.randint(0, 3000))
        path, body, headers, want = self.rng.choice([
            ("/stripe/webhook", noise, {"Stripe-Signature": shop.sign(noise)}, 400),
            ("/stripe/webhook", b"[" * 5000, {"Stripe-Signature": shop.sign(b"[" * 5000)}, 400),
            ("/cart/quote", noise, {}, 400), ("/cart/quote", {"items": []}, {}, 400),
            ("/cart/quote", b"{" + b" " * 40000 + b"}", {}, 413),
            ("/cart/quote", {"items": [{"sku": "NO-SUCH", "quantity": 1}]}, {}, 400),
            ("/checkout/create-session", noise, {}, 400),
            ("/checkout/create-session", {"quoteSignature": "0" * 64}, {}, 404),
            ("/checkout/create-session", {"quoteSignature": "0" * 64, "userId": "x"}, {}, 401)])
        status, answer = self.ask("POST", path, body, **headers)
        ok(status in (want, 503), f"{path}: {status} {answer}")
        equal(list(answer), ["error"], path)
        self.books.count("garbage")

    STEPS = {"deliver": 34, "pay": 16, "order": 14, "again": 12, "look": 6, "forge": 6, "babble": 4, "refund": 6,
             "end_later": 2}

    def step(self):
        # Where more waits than comes, it is delivered first.
        crowded = len(self.mailbox.waiting) > 200
        name = "deliver" if crowded else self.rng.choices(list(self.STEPS), self.STEPS.values())[0]
        getattr(self, name)()

    def close(self):
        if self.connection:
            self.connection.close()
