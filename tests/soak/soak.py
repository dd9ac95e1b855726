#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A soak: so many seconds at full load behind nginx, with redeliveries, bad signatures, quotes and a
Stripe that fails now and then.  Afterwards ledger and table are equal, memory is flat and no
descriptor was left open.

usage: soak.py [SECONDS]     600 by default
"""
import os
import random
import statistics
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))

import servers  # noqa: E402  (finds tests/lib)
from tap import equal, eventually, main, ok, test  # noqa: E402

SECONDS = int(sys.argv.pop(1)) if len(sys.argv) > 1 else 600
CLIENTS = 8
NAMES = ("stripe-webhook", "cart-quote")

servers.require("nginx")
site = servers.Site("nginx", children=4, log_to_file=True)


class Ledger:
    """What was acknowledged: each event, with its session."""

    def __init__(self):
        self.lock, self.acknowledged, self.waiting = threading.Lock(), [], []
        self.counts = {"new": 0, "again": 0, "refused": 0, "quotes": 0, "later": 0}

    def note(self, what):
        with self.lock:
            self.counts[what] += 1

    def deliver(self, event, what):
        """Delivers; what is not acknowledged waits for its redelivery."""
        status = site.deliver(event).status
        with self.lock:
            self.counts[what] += 1
            if status == 200:
                self.acknowledged.append(event)
            else:
                equal(status, 503)
                self.waiting.append(event)
                self.counts["later"] += 1

    def some(self, of):
        with self.lock:
            return of[random.randrange(len(of))] if of else None

    def take_waiting(self):
        with self.lock:
            return self.waiting.pop(0) if self.waiting else None


ledger = Ledger()
failures = []


def one_step():
    kind = random.random()
    late, old = ledger.take_waiting() if kind < 0.2 else None, ledger.some(ledger.acknowledged)
    if late:
        ledger.deliver(late, "again")
    elif kind < 0.6:
        ledger.deliver(site.paid_event(), "new")
    elif kind < 0.8 and old:
        equal(site.deliver(old).status, 200)
        ledger.note("again")
    elif kind < 0.9:
        equal(site.deliver(site.paid_event(), secret="whsec_another").status, 400)
        ledger.note("refused")
    else:
        site.curl("/cart/quote", {"items": [{"sku": "N-RED", "quantity": 1}]})
        ledger.note("quotes")


def client(end):
    while time.monotonic() < end and not failures:
        try:
            one_step()
        except Exception as e:  # the main thread says it
            failures.append(e)


def trouble(end):
    """Stripe is slow or fails, now and then."""
    while time.monotonic() < end:
        kind = random.choice([{"kind": "status", "status": 500}, {"kind": "delay", "ms": 300},
                              {"kind": "disconnect"}])
        site.sim.post("/_sim/fault", {"match": "GET /v1/checkout/sessions/", "times": 30, **kind})
        time.sleep(2)


def look():
    """(PSS in KiB, open descriptors) of all workers."""
    memory = descriptors = 0
    for name in NAMES:
        for pid in site.pids(name):
            with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
                memory += sum(int(line.split()[1]) for line in f if line.startswith("Pss:"))
            descriptors += len(os.listdir(f"/proc/{pid}/fd"))
    return memory, descriptors


looks = []


@test
def _():
    "under full load with faults every answer is a 200, a 400 to a bad signature, or a 503"
    end = time.monotonic() + SECONDS
    threads = [threading.Thread(target=client, args=(end,)) for _ in range(CLIENTS)]
    threads.append(threading.Thread(target=trouble, args=(end,)))
    for thread in threads:
        thread.start()
    while time.monotonic() < end and not failures:
        looks.append(look())
        time.sleep(max(SECONDS / 60, 0.5))
    for thread in threads:
        thread.join()
    print("# " + ", ".join(f"{n} {what}" for what, n in ledger.counts.items()))
    equal([str(f) for f in failures], [])


@test
def _():
    "once Stripe is well again all that waited is acknowledged, and ledger and table are equal"
    site.sim.post("/_sim/fault", method="DELETE")
    while ledger.waiting:
        event = ledger.take_waiting()
        eventually(lambda event=event: site.deliver(event).status == 200, what="it is acknowledged")
        ledger.acknowledged.append(event)
    sessions = {event["data"]["object"]["id"] for event in ledger.acknowledged}
    orders = [item for (_, sk), item in site.items("USER#").items() if sk.startswith("ORDER#")]
    equal(len(orders), len(sessions))
    equal({order["orderId"] for order in orders}, sessions)
    equal({order["status"] for order in orders}, {"completed"})
    ok(not any(order.get("itemsPending") for order in orders), "an order lacks its lines")


@test
def _():
    "memory is flat and no descriptor is left open"
    third = max(len(looks) // 3, 1)
    first, last = looks[third // 2:third + 1], looks[-third:]
    memory = [statistics.median(m for m, _ in part) for part in (first, last)]
    print(f"# PSS of {4 * len(NAMES)} workers: {memory[0] / 1024:.1f} MB, at the end {memory[1] / 1024:.1f} MB")
    ok(memory[1] < memory[0] * 1.15 + 1024, f"memory grew from {memory[0]} to {memory[1]} KiB")
    eventually(lambda: look()[1] <= max(d for _, d in first), what="descriptors are as many as before")


main()
