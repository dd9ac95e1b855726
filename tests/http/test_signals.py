#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Processes that end: told to, and killed at the worst moment.  What the table says is what was
acknowledged or nothing at all; a redelivery makes it whole.
"""
import os
import random
import signal
import threading
import time

import servers
from tap import Watch, equal, eventually, main, ok, test

KILLS = 50
KILLS_OF_A_MASTER = 2  # it waits longer after each death that comes soon, for up to five seconds
WHOLE = 6  # order, session, event, payment, number and day
LINE_ITEMS = "GET /v1/checkout/sessions/cs_"

servers.require("nginx")
site = servers.Site("nginx", children=4)


class Delivery(threading.Thread):
    """A delivery while something happens to the process that serves it."""

    def __init__(self, where, event):
        super().__init__(daemon=True)
        self.where, self.event, self.answer = where, event, None
        self.start()

    def run(self):
        self.answer = self.where.deliver(self.event)

    def wait(self):
        self.join()
        return self.answer


def slow_stripe(where, ms, times=1):
    where.sim.post("/_sim/fault", {"match": LINE_ITEMS, "kind": "delay", "ms": ms, "times": times})


def hold_stripe(where):
    """It does not answer until the faults are forgotten."""
    where.sim.post("/_sim/fault", {"match": LINE_ITEMS, "kind": "hold"})


def asked(where):
    """Whether the line items were asked for: the process is in the middle of its request."""
    return any(f["struck"] for f in where.sim.get("/_sim/fault"))


def forget_faults(where):
    where.sim.post("/_sim/fault", method="DELETE")


def items_of(where, event):
    """All that the table has of an event and its session."""
    session = event["data"]["object"]
    names = (session["id"], event["id"], session["payment_intent"])
    return {key: item for key, item in where.items().items()
            if item.get("orderId") == session["id"] or any(n in "".join(key) for n in names)}


def kill(pids, number=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def has_processes(where, name="stripe-webhook"):
    return len(where.pids(name)) == where.children


def start_afresh(where, name="stripe-webhook"):
    """Another master, which has seen no worker die."""
    eventually(lambda: has_processes(where, name), what="processes that can be told to end")
    equal(where.end(name), 0, "exit code")
    where.spawn(name)
    eventually(lambda: has_processes(where, name), what="new processes")


@test
def _():
    "killed in the middle of a request, it leaves nothing; the redelivery gives one whole order"
    event = site.paid_event()
    hold_stripe(site)
    delivery = Delivery(site, event)
    eventually(lambda: asked(site), what="the call to Stripe")
    kill(site.pids("stripe-webhook"))
    equal(delivery.wait().status, 502)
    equal(items_of(site, event), {})
    forget_faults(site)
    eventually(lambda: has_processes(site), what="new processes")
    equal(site.deliver(event).json["status"], "processed")
    items = items_of(site, event)
    equal((len(items), {i["version"] for i in items.values()}), (WHOLE, {1}))
    equal(site.deliver(event).json["duplicate"], True)


@test
def _():
    "killed fifty times at random moments, each order is there whole or not at all"
    chance = random.Random(20261123)
    unanswered = whole = 0
    for n in range(KILLS):
        if n % KILLS_OF_A_MASTER == 0:
            start_afresh(site)
        event = site.paid_event(metadata={"userId": "user_of_kills"})
        slow_stripe(site, chance.uniform(0, 5))
        delivery = Delivery(site, event)
        time.sleep(chance.uniform(0.005, 0.035))
        kill(site.pids("stripe-webhook"))
        answer = delivery.wait()
        items = items_of(site, event)
        ok(len(items) in (0, WHOLE), f"kill {n}: the table has {sorted(items)}")
        if answer.status == 200:
            equal(len(items), WHOLE, f"kill {n}, acknowledged")
        else:
            unanswered += 1
        whole += len(items) == WHOLE
        eventually(lambda: has_processes(site), what="new processes")
        again = eventually(lambda e=event: (a := site.deliver(e)).status == 200 and a, what="a 200")
        equal(again.json["status"], "processed")
        items = items_of(site, event)
        equal((len(items), {i["version"] for i in items.values()}), (WHOLE, {1}), f"kill {n}")
    forget_faults(site)
    print(f"# {unanswered} of {KILLS} kills met a request, {whole} came after the write")
    ok(0 < unanswered, "some of the kills met a request")
    orders = [o for o in site.orders() if o["PK"] == "USER#user_of_kills"]
    equal(len(orders), KILLS)


@test
def _():
    "SIGTERM during a request: it is answered with a 200 and is durable, then the process ends with 0"
    where = servers.Site("nginx", children=1)
    event = where.paid_event()
    hold_stripe(where)
    delivery = Delivery(where, event)
    eventually(lambda: asked(where), what="the call to Stripe")
    process = where.processes["stripe-webhook"]
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)  # in which a program that ends at once would end
    equal(process.poll(), None, "it ended before it had answered")
    forget_faults(where)
    equal(delivery.wait().status, 200)
    equal(process.wait(60), 0, "exit code")
    equal(len(items_of(where, event)), WHOLE)
    where.close()


@test
def _():
    "SIGTERM, SIGINT, SIGUSR1 and SIGHUP end an idle process within a second, with 0"
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGHUP):
        where = servers.Site("nginx", children=1)
        # Each has answered, so it has begun.
        equal((where.curl("/healthz").status, where.curl("/orders").status), (200, 401))
        equal(where.deliver(where.paid_event()).status, 200)
        for name in servers.PROGRAMS:
            process, since = where.processes[name], Watch()
            process.send_signal(number)
            equal(process.wait(60), 0, name)
            since.at_most(1)
        where.close()


@test
def _():
    "programs replaced one after the other while events come lose none and answer each with a 200"
    events = [site.paid_event() for _ in range(40)]
    answers = []
    deliveries = threading.Thread(target=lambda: answers.extend(site.deliver(e) for e in events),
                                  daemon=True)
    deliveries.start()
    while deliveries.is_alive():
        eventually(lambda: has_processes(site), what="new processes")
        kill(site.pids("stripe-webhook")[:1], signal.SIGTERM)  # the oldest: a young one's place stays empty for long
        time.sleep(0.05)  # so that there are deliveries between two of them
    deliveries.join()
    equal([a.status for a in answers], [200] * len(events))
    equal({len(items_of(site, e)) for e in events}, {WHOLE})


@test
def _():
    "a payment while no program runs: Stripe delivers again, and the order is there"
    where = servers.Site("nginx", children=2, sim_args=["--retry-ms", "300,600,1200"])
    session = where.buy()["sessionId"]
    where.end("stripe-webhook")
    equal(where.sim.post("/_sim/pay", {"session": session})["delivery"], 502)
    where.spawn("stripe-webhook")
    order = eventually(lambda: [o for o in where.orders() if o["orderId"] == session],
                       what="the redelivery")
    equal((len(order), order[0]["status"], order[0]["version"]), (1, "completed", 1))
    where.close()


main()
