#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Stripe or the table is away: nothing is acknowledged that is not kept, and nothing is lost."""
import contextlib
import os
import sqlite3

import servers
from tap import Watch, equal, eventually, main, ok, test

LINE_ITEMS = "GET /v1/checkout/sessions/cs_"
LIMIT = 8.5  # seconds for an answer, whatever Stripe does

servers.require("nginx")
site = servers.Site("nginx", children=2)


def fault(kind, match=LINE_ITEMS, times=-1, **more):
    site.sim.post("/_sim/fault", {"match": match, "kind": kind, "times": times, **more})


def forget_faults():
    site.sim.post("/_sim/fault", method="DELETE")


def bought_event(where=site):
    """A cart that was quoted, checked out and paid, of which the shop has not heard yet."""
    where.sim.post("/_sim/delivery", {"mode": "off"})
    session = where.buy()["sessionId"]
    paid = where.sim.post("/_sim/pay", {"session": session})
    return next(e for e in where.sim.get("/_sim/events") if e["id"] == paid["event"])


def order_of(event, where=site):
    orders = [o for o in where.orders() if o["orderId"] == event["data"]["object"]["id"]]
    ok(len(orders) <= 1, f"{len(orders)} orders of one session")
    return orders[0] if orders else None


def is_marked(event, where=site):
    return (f"EVENT#{event['id']}", "METADATA") in where.items()


def is_unavailable(answer):
    """Our own 503."""
    equal(answer.status, 503, repr(answer.body[:120]))
    equal(list(answer.json), ["error"])
    ok(int(answer.headers["retry-after"]) > 0, "Retry-After")


def pends_then_completes(event):
    """An order with the quote's items that is not marked; the redelivery makes it whole."""
    is_unavailable(site.deliver(event))
    order = order_of(event)
    equal((order["itemsPending"], order["status"], order["amount"]), (True, "completed", 8500))
    equal([(i["name"], i["quantity"]) for i in order["items"]],
          [("Red Necklace", 2), ("Silver Ring", 1)])
    ok(not is_marked(event), "the event is not marked")
    forget_faults()
    answer = site.deliver(event)
    equal((answer.status, answer.json["status"]), (200, "processed"))
    order = order_of(event)
    ok("itemsPending" not in order, "the items are there")
    equal([(i["sku"], i["quantity"]) for i in order["items"]], [("N-RED", 2), ("R-SIL", 1)])
    equal(order["itemCount"], 3)
    ok(is_marked(event), "the event is marked")
    equal(site.deliver(event).json["duplicate"], True)


@test
def _():
    "Stripe is slow: a 503 within 8.5 seconds, and the redelivery completes the order"
    event = bought_event()
    fault("delay", ms=30000)
    since = Watch()
    is_unavailable(site.deliver(event))
    since.at_most(LIMIT)
    forget_faults()
    equal(site.deliver(event).json["status"], "processed")
    order = order_of(event)
    ok("itemsPending" not in order and order["itemCount"] == 3, "the order is whole")


def pending(kind, **more):
    def run():
        event = bought_event()
        fault(kind, **more)
        pends_then_completes(event)
    return run


for _name, _fault in (("hangs up", ("disconnect", {})),
                      ("answers 500", ("status", {"status": 500})),
                      ("answers 503", ("status", {"status": 503})),
                      ("answers 429", ("status", {"status": 429})),
                      ("answers half of its JSON", ("garbage", {}))):
    _run = pending(_fault[0], **_fault[1])
    _run.__doc__ = f"Stripe {_name}: the order waits for its items, a 503, and is completed later"
    test(_run)


@test
def _():
    "Stripe fails once and then answers: the first delivery is a 200"
    for kind, more in (("disconnect", {}), ("status", {"status": 500}),
                       ("status", {"status": 429, "should_retry": True})):
        event = bought_event()
        fault(kind, times=1, **more)
        equal(site.deliver(event).json["status"], "processed")
        ok("itemsPending" not in order_of(event), "the items are there")
        forget_faults()


def refusing(status):
    def run():
        event = bought_event()
        fault("status", status=status)
        is_unavailable(site.deliver(event))
        forget_faults()
        order = order_of(event)
        equal([(i["name"], i["quantity"]) for i in order["items"]],
              [("Red Necklace", 2), ("Silver Ring", 1)])
        equal((order["itemsPending"], is_marked(event)), (True, False))
        equal(site.deliver(event).status, 200)
        equal(("itemsPending" in order_of(event), is_marked(event)), (False, True))
    return run


for _status in (401, 403):
    _run = refusing(_status)
    _run.__doc__ = (f"a key that Stripe refuses by a {_status}: the order has the quote's items, and is "
                    "completed once it is mended")
    test(_run)


@test
def _():
    "a session that Stripe does not know is no order, and its event is not acknowledged"
    event = bought_event()
    fault("status", status=404)
    is_unavailable(site.deliver(event))
    forget_faults()
    equal((order_of(event), is_marked(event)), (None, False))
    equal(site.deliver(event).status, 200)
    equal(order_of(event)["status"], "completed")


@test
def _():
    "Stripe is down for a new price: quote and session are a 503 within 8.5 seconds, later fine"
    items = [{"sku": "E-EUR", "quantity": 1}]
    for kind, more in (("delay", {"ms": 9000}), ("disconnect", {}), ("status", {"status": 500})):
        quote = site.curl("/cart/quote", {"items": [{"sku": "N-RED", "quantity": 3}]}).json
        body = {"quoteSignature": quote["quoteSignature"]}
        fault(kind, match="/v1/", **more)
        for path, value in (("/cart/quote", {"items": items}), ("/checkout/create-session", body)):
            since = Watch()
            is_unavailable(site.curl(path, value))
            since.at_most(LIMIT)
        forget_faults()
        if kind == "status":  # Stripe keeps a 500 for its idempotency key: a new quote, a new key
            body = {"quoteSignature": site.curl("/cart/quote", {"items": [
                {"sku": "N-RED", "quantity": 3}]}).json["quoteSignature"]}
        # a request that Stripe still works on is a conflict until it is done
        eventually(lambda b=body: site.curl("/checkout/create-session", b).status == 200,
                   what=f"{kind}: a session")
    equal(site.curl("/cart/quote", {"items": items}).status, 200)


@test
def _():
    "a session is made but the answer is lost on the way: the next click gives that one"
    before = site.sim.get("/_sim/stats")["calls"].get("POST /v1/checkout/sessions", 0)
    quote = site.curl("/cart/quote", {"items": [{"sku": "R-SIL", "quantity": 2}]}).json
    fault("disconnect_after", match="POST /v1/checkout/sessions", times=1)
    body = {"quoteSignature": quote["quoteSignature"], "userId": "user_of_two"}
    first = site.curl("/checkout/create-session", body)
    second = site.curl("/checkout/create-session", body)
    forget_faults()
    equal((first.status, second.status), (200, 200))
    equal(first.json["sessionId"], second.json["sessionId"])
    calls = site.sim.get("/_sim/stats")["calls"]["POST /v1/checkout/sessions"]
    ok(calls - before >= 3, "the lost answer was asked for again")


@test
def _():
    "the table's folder can't be written: nothing is acknowledged; later all is fine, without restart"
    where = servers.Site("nginx", children=2)
    event = where.paid_event()
    os.chmod(where.path("store"), 0o555)
    is_unavailable(where.curl("/cart/quote", {"items": [{"sku": "N-RED", "quantity": 1}]}))
    is_unavailable(where.deliver(event))
    equal(where.curl("/healthz").status, 503)
    os.chmod(where.path("store"), 0o755)
    equal(where.curl("/healthz").status, 200)
    equal(where.deliver(event).json["status"], "processed")
    ok(order_of(event, where), "the order")
    where.close()


@test
def _():
    "the table's file is read-only: nothing is acknowledged; later all is fine, without restart"
    where = servers.Site("nginx", children=2)
    first, event = where.paid_event(), where.paid_event()
    equal(where.deliver(first).status, 200)
    where.end("stripe-webhook")
    where.spawn("stripe-webhook")
    os.chmod(where.db, 0o444)
    is_unavailable(where.deliver(event))
    os.chmod(where.db, 0o660)
    equal(where.deliver(event).json["status"], "processed")
    ok(order_of(event, where), "the order")
    where.close()


@test
def _():
    "another process holds the table's lock: a 503 within 8.5 seconds, nothing acknowledged; later fine"
    event = bought_event()
    with contextlib.closing(sqlite3.connect(site.db, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        since = Watch()
        is_unavailable(site.deliver(event))
        since.at_most(LIMIT)
        holder.execute("ROLLBACK")
    equal(order_of(event), None)
    equal(site.deliver(event).json["status"], "processed")
    ok(order_of(event), "the order")


@test
def _():
    "the table's folder is moved away and back: what was acknowledged is there, the rest comes again"
    where = servers.Site("nginx", children=3)
    events = [where.paid_event() for _ in range(12)]
    acknowledged = [e for e in events[:4] if where.deliver(e).status == 200]
    equal(len(acknowledged), 4)
    os.rename(where.path("store"), where.path("away"))
    for event in events[4:]:
        answer = where.deliver(event)
        if answer.status == 200:
            acknowledged.append(event)
        else:
            is_unavailable(answer)
    os.rename(where.path("away"), where.path("store"))
    for event in acknowledged:
        ok(order_of(event, where), "an acknowledged order is in the table")
    for event in events:
        eventually(lambda e=event: where.deliver(e).status == 200, what="a 200")
        equal(order_of(event, where)["version"], 1)
    equal(where.curl("/healthz").status, 200)
    where.close()


@test
def _():
    "the table's folder is away when the processes start: 503, and fine once it is there"
    where = servers.Site("nginx", children=2)
    event = where.paid_event()
    os.rename(where.path("store"), where.path("away"))
    for _ in range(4):
        is_unavailable(where.deliver(event))
    equal(where.curl("/healthz").status, 503)
    os.rename(where.path("away"), where.path("store"))
    equal(where.deliver(event).json["status"], "processed")
    equal(where.curl("/healthz").status, 200)
    where.close()


main()
