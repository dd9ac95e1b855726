#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Many at once, and what a sale costs, through nginx and several processes of each program."""
import re
from concurrent.futures import ThreadPoolExecutor

import servers
import shop
from tap import contains, equal, eventually, main, ok, test

CLIENTS = 16
SESSION = "GET /v1/checkout/sessions/{id}"

servers.require("nginx")
site = servers.Site("nginx", children=4, log_to_file=True)
# One process a program: what it keeps between requests can be counted.
alone = servers.Site("nginx", children=1)


def at_once(function, values):
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(function, values))


def order_of(event, where=site):
    """The order of the event's session; there must be one, and all that is written with it."""
    session = event["data"]["object"]
    items = where.items()
    orders = [i for (_, sk), i in items.items()
              if sk.startswith("ORDER#") and i["PK"].startswith("USER#")
              and i["orderId"] == session["id"]]
    equal(len(orders), 1, "orders of " + session["id"])
    order = orders[0]
    for key in ((f"SESSION#{session['id']}", "METADATA"), (f"EVENT#{event['id']}", "METADATA"),
                (f"PAYMENT#{session['payment_intent']}", "METADATA"),
                (f"NUMBER#{order['orderNumber']}", "METADATA"),
                (f"DAY#{order['createdAt'][:10]}", order["SK"])):
        ok(key in items, f"{key} is in the table")
    return order


def processed_line(where, event):
    """The log's line about an event that was processed, and was no duplicate."""
    def find():
        for line in re.findall(r"Webhook processed [^\n]*", where.log("ordersnap")):
            if f"eventId={event['id']} " in line and "duplicate" not in line:
                return line
        return None
    return eventually(find, what="the line")


@test
def _():
    "two hundred deliveries of one event by sixteen clients are all a 200 and give one order"
    event = site.paid_event()
    answers = at_once(site.deliver, [event] * 200)
    equal({a.status for a in answers}, {200}, str([a.body for a in answers if a.status != 200][:3]))
    equal(sum("duplicate" not in a.json for a in answers), 1, "answers that are no duplicate's")
    equal(len({a.json["orderNumber"] for a in answers}), 1)
    equal(order_of(event)["version"], 1)


@test
def _():
    "a hundred sessions' events by sixteen clients give a hundred orders"
    site.sim.post("/_sim/delivery", {"mode": "off"})
    ids = {site.sim.post("/_sim/session", {"line_items": [{"lookup_key": "N-RED"}],
                                           "metadata": {"userId": f"user_{n % 7}"}})["event"]
           for n in range(100)}
    events = [e for e in site.sim.get("/_sim/events") if e["id"] in ids]
    answers = at_once(lambda e: servers.answer_in_time(lambda: site.deliver(e)), events)
    equal([a.status for a in answers], [200] * 100)
    ok(not any("duplicate" in a.json for a in answers), "no answer says duplicate")
    equal({order_of(e)["version"] for e in events}, {1})
    equal(len({a.json["orderNumber"] for a in answers}), 100)


@test
def _():
    "quotes, sessions and payments of sixteen buyers at once are sixteen orders"
    site.sim.post("/_sim/delivery", {"mode": "normal"})

    def buy(n):
        session = site.buy(userId=f"buyer_{n}")["sessionId"]
        return session, site.sim.post("/_sim/pay", {"session": session})["delivery"]
    bought = at_once(buy, range(CLIENTS))
    equal([delivery for _, delivery in bought], [200] * CLIENTS)
    orders = site.orders()
    for n, (session, _) in enumerate(bought):
        equal([o["PK"] for o in orders if o["orderId"] == session], [f"USER#buyer_{n}"])


@test
def _():
    "Stripe sends each event four times and in another order: each session has one order"
    site.sim.post("/_sim/delivery", {"mode": "duplicate", "copies": 4, "latency_ms": 5})
    sessions = [site.buy(userId="user_of_copies")["sessionId"] for _ in range(5)]
    for session in sessions:
        equal(site.sim.post("/_sim/pay", {"session": session})["delivery"], 200)
    site.sim.post("/_sim/delivery", {"mode": "shuffle", "latency_ms": 0})
    later = [site.buy(userId="user_of_copies")["sessionId"] for _ in range(5)]
    at_once(lambda s: site.sim.post("/_sim/pay", {"session": s}), later)

    def all_there():
        ids = sorted(o["orderId"] for o in site.orders() if o["PK"] == "USER#user_of_copies")
        return ids == sorted(sessions + later)
    eventually(all_there, what="one order each")
    equal({o["version"] for o in site.orders() if o["PK"] == "USER#user_of_copies"}, {1})
    site.sim.post("/_sim/delivery", {"mode": "off"})


@test
def _():
    "a second click gives the same session, and so do sixteen at once"
    quote = site.curl("/cart/quote", {"items": [{"sku": "R-SIL", "quantity": 1}]}).json
    body = {"quoteSignature": quote["quoteSignature"], "userId": "user_double"}
    clicks = [site.curl("/checkout/create-session", body) for _ in range(2)]
    clicks += at_once(lambda _: site.curl("/checkout/create-session", body), range(CLIENTS))
    equal({c.status for c in clicks}, {200}, str([c.body for c in clicks if c.status != 200][:3]))
    equal(len({c.json["sessionId"] for c in clicks}), 1, "sessions")
    other = site.curl("/cart/quote", {"items": [{"sku": "N-RED", "quantity": 1}]}).json
    body = {"quoteSignature": other["quoteSignature"], "userId": "user_double"}
    clicks = at_once(lambda _: site.curl("/checkout/create-session", body), range(2))
    equal([c.status for c in clicks], [200, 200])
    equal(len({c.json["sessionId"] for c in clicks}), 1, "sessions of two clicks at once")


@test
def _():
    "a paid session costs one read, one call to Stripe and one write"
    session = site.buy()["sessionId"]
    event_id = site.sim.post("/_sim/pay", {"session": session, "wait": False})["event"]
    event = next(e for e in site.sim.get("/_sim/events") if e["id"] == event_id)
    site.sim.post("/_sim/stats/reset")
    equal(site.deliver(event).status, 200)
    equal(site.sim.calls(), {SESSION: 1})
    contains(processed_line(site, event), "storeReads=1 stripeCalls=1 storeWrites=1")


@test
def _():
    "a session of a hundred lines costs two calls to Stripe: it, and the rest of its lines"
    event = site.paid_event(line_items=[{"name": f"Bead {n}", "unit_amount": 100 + n,
                                         "currency": "usd", "quantity": n + 1}
                                        for n in range(100)])
    site.sim.post("/_sim/stats/reset")
    equal(site.deliver(event).status, 200)
    equal(site.sim.calls(), {SESSION: 1, SESSION + "/line_items": 1})
    contains(processed_line(site, event), "storeReads=1 stripeCalls=2 storeWrites=1")
    order = order_of(event)
    equal((len(order["items"]), order["itemCount"]), (100, 5050))


@test
def _():
    "a duplicate and a bad signature cost Stripe nothing"
    event = site.paid_event()
    equal(site.deliver(event).status, 200)
    site.sim.post("/_sim/stats/reset")
    equal(site.deliver(event).json["duplicate"], True)
    equal(site.deliver(event, secret="whsec_wrong").status, 400)
    equal(site.sim.calls(), {})


@test
def _():
    "one process asks Stripe over one connection, however many events come"
    events = [alone.paid_event() for _ in range(6)]
    alone.sim.post("/_sim/stats/reset")
    equal([alone.deliver(e).status for e in events], [200] * 6)
    stats = alone.sim.get("/_sim/stats")
    equal((stats["calls"], stats["connections"]), ({SESSION: 6}, 1))


@test
def _():
    "one process asks for prices over one connection, and once for what it still knows"
    alone.sim.post("/_sim/stats/reset")
    for sku in ("N-RED", "R-SIL", "N-RED", "R-SIL"):
        equal(alone.curl("/cart/quote", {"items": [{"sku": sku, "quantity": 1}]}).status, 200)
    stats = alone.sim.get("/_sim/stats")
    equal((stats["calls"], stats["connections"]), ({"GET /v1/prices": 2}, 1))


@test
def _():
    "the example order of the design has the key, the number and the attributes it says"
    event = site.paid_event(
        id="cs_test_abc123", created=1732612800, at=1732612800, metadata={"userId": "user_12345"},
        email="customer@example.com", line_items=[
            {"lookup_key": "N-RED", "quantity": 2, "metadata": {"sku": "N-RED"}},
            {"lookup_key": "R-SIL", "quantity": 1, "metadata": {"sku": "R-SIL"}}])
    answer = site.deliver(event)
    equal((answer.status, answer.json["orderNumber"]), (200, "BC-ABC123"))
    order = order_of(event)
    wanted = {"PK": "USER#user_12345", "SK": "ORDER#1732612800#cs_test_abc123",
              "orderId": "cs_test_abc123", "orderNumber": "BC-ABC123", "userId": "user_12345",
              "status": "completed", "amount": 8500, "amountSubtotal": 8500, "currency": "usd",
              "itemCount": 3, "createdAt": "2024-11-26T09:20:00Z", "livemode": False,
              "completedAt": "2024-11-26T09:20:00Z", "stripeSessionId": "cs_test_abc123",
              "customerEmail": "customer@example.com", "version": 1}
    equal({k: order.get(k) for k in wanted}, wanted)
    equal({k: order["items"][0].get(k) for k in ("name", "quantity", "unitPrice", "sku",
                                                 "collectionId")},
          {"name": "Red Necklace", "quantity": 2, "unitPrice": 3000, "sku": "N-RED",
           "collectionId": "necklaces"})


@test
def _():
    "the demo shop's pages are served, and name no other host"
    for page, kind in (("index.html", "text/html"), ("thanks.html", "text/html"),
                       ("demo.css", "text/css"), ("demo.js", "text/javascript")):
        answer = site.curl("/demo/" + page)
        equal(answer.status, 200)
        contains(answer.headers["content-type"], kind)
        equal(re.findall(rb"(?:https?:)?//[a-z0-9-]+\.[a-z]+", answer.body), [])


main()
