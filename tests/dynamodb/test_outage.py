#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""DynamoDB Local stops for ten seconds while a shop sells: after redelivery no order is lost and
none is there twice.

Four FastCGI processes take the events behind a small HTTP server; Stripe's simulator delivers again
what was not answered with 200.  Both ways to stop run beside each other.
"""
import collections
import concurrent.futures
import re
import time

import kit
import local
import shop as lib
from kit import case
from server import Handler, Server
from tap import equal, eventually, main, ok

local.need()

AWAY = 10
PACE = 0.2  # seconds from one sale to the next
WORKERS = 4


class Gateway(Server):
    """HTTP in front of a FastCGI program."""

    def __init__(self):
        self.program, self.statuses, self.slowest = None, collections.Counter(), 0
        self.late = set()  # sessions whose lines could not be had before the request's time was over
        super().__init__(_Handler)
        self.url = self.base + "/stripe/webhook"


class _Handler(Handler):
    protocol_version = "HTTP/1.0"

    def do_POST(self):
        answer = self.server.program.ask(
            self.body(), HTTP_STRIPE_SIGNATURE=self.headers["Stripe-Signature"])
        self.server.statuses[answer.status] += 1
        self.server.late.update(re.findall(
            r'Failed to fetch line items sessionId=(\S+) again="on redelivery"', answer.log))
        self.give(answer.status, answer.body)


class Trial:
    """A shop that sells before, during and after the ten seconds."""

    def __init__(self, stop, start):
        self.stop, self.start = stop, start
        self.db = local.Local(kept=True)
        self.gateway = Gateway()
        self.shop = kit.TableShop(self.db, self.db.base, sim=False)
        self.shop.sim = lib.Sim(self.shop.folder, self.gateway.url,
                                args=("--retry-ms", ",".join(["400"] * 120)))
        self.shop.settings["STRIPE_API_BASE"] = self.shop.sim.base
        self.gateway.program = kit.FastCgi(self.shop, "stripe-webhook", WORKERS)
        self.sold = []

    def sell(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            session = f"cs_test_{len(self.sold):06}"
            self.shop.sim.post("/_sim/session", {
                "id": session, "wait": False, "client_reference_id": f"user-{len(self.sold) % 7}",
                "line_items": [{"name": "Ring", "unit_amount": 1000 + len(self.sold),
                                "currency": "usd"}]})
            self.sold.append(session)
            time.sleep(PACE)

    def delivered(self):
        done = {d["event"] for d in self.shop.sim.get("/_sim/deliveries") if d["status"] == 200}
        return len(done) >= len(self.sold)

    def run(self):
        try:
            self.sell(2)
            self.stop(self.db)
            self.sell(AWAY)
            self.start(self.db)
            self.sell(2)
            eventually(self.delivered, 120, "all events delivered")
            return self.shop.items(), {e["id"]: e for e in self.shop.sim.get("/_sim/ledger")}
        finally:
            self.close()

    def close(self):
        self.gateway.program.close()
        self.shop.close()
        self.gateway.shutdown()
        self.gateway.server_close()
        self.db.close()


WAYS = {
    "stopped as by a stalled machine": Trial(local.Local.pause, local.Local.resume),
    "ended and started again": Trial(local.Local.end, local.Local.start),
}
pool = concurrent.futures.ThreadPoolExecutor(len(WAYS))
runs = {what: pool.submit(trial.run) for what, trial in WAYS.items()}

for what, trial in WAYS.items():
    @case(f"{what} for ten seconds under load: no order is lost and none is there twice")
    def _(trial=trial, run=runs[what]):
        items, ledger = run.result()
        ok(len(trial.sold) > 40, f"{len(trial.sold)} sales")
        ok(trial.gateway.statuses[503] > 0, "some deliveries failed meanwhile")
        equal(set(trial.gateway.statuses), {200, 503}, "statuses")
        equal(sorted(ledger), sorted(trial.sold), "what Stripe sold")
        kinds = collections.defaultdict(list)
        for (pk, _), item in items.items():
            kinds[pk.split("#")[0]].append(item)
        orders = {o["orderId"]: o for o in kinds["USER"]}
        equal(sorted(orders), sorted(trial.sold), "orders")
        for kind in ("USER", "SESSION", "PAYMENT", "NUMBER", "DAY", "EVENT"):
            equal(len(kinds[kind]), len(trial.sold), f"items of {kind}")
        for session, order in orders.items():
            equal((order["amount"], order["status"], order.get("itemsPending")),
                  (ledger[session]["amount_total"], "completed", None), session)
            # Where the table's answer came too late to ask for the lines, they came with the second.
            most = 2 if session in trial.gateway.late else 1
            ok(order["version"] <= most, f"{session}: version {order['version']}, not {most}")


main(pool.shutdown)
