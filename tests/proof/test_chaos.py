#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Real processes: sixteen clients deliver shuffled and duplicated events of two hundred payments
through nginx, while responders are killed with -9 and the store goes away and comes back.

In the end the simulator's ledger and the table say the same, to the cent and the status.
ORDERSNAP_SEED repeats what was chosen at random, ORDERSNAP_CASES is the number of payments; when
things meet is up to the machine.
"""
import http.client
import json
import os
import random
import signal
import sqlite3
import sys
import threading
import time
import urllib.parse
import urllib.request

SRC = os.path.abspath(os.environ.get("ORDERSNAP_SRC") or
                      os.path.join(os.path.dirname(__file__), "..", ".."))
sys.path.insert(0, os.path.join(SRC, "tests", "http"))

import servers  # noqa: E402
from servers import Site, shop  # noqa: E402  (finds tests/lib)
from tap import equal, main, ok, test  # noqa: E402

SEED = int(os.environ.get("ORDERSNAP_SEED") or time.time())
PAYMENTS = int(os.environ.get("ORDERSNAP_CASES") or 200)
CLIENTS = 16
RESPONDERS = 8
TROUBLE_SECONDS = 25  # for so long at most
END_SECONDS = 60      # without an event that is acknowledged: there won't be one


class Pool:
    """The events that are still to be delivered."""

    def __init__(self, rng):
        self.rng, self.lock = rng, threading.Lock()
        self.known, self.waiting, self.acknowledged = {}, [], set()
        self.delivered = self.refused = 0
        self.last = time.monotonic()  # when an event was acknowledged
        self.closed = False

    def add(self, events):
        with self.lock:
            for event in events:
                if event["id"] not in self.known:
                    self.known[event["id"]] = json.dumps(event).encode()
                    # Some come twice, and perhaps at once.
                    self.waiting += [event["id"]] * self.rng.choice([1, 1, 1, 2, 3])

    def take(self):
        """An event's id, or None."""
        with self.lock:
            if not self.waiting:
                return None
            at = self.rng.randrange(len(self.waiting))
            self.waiting[at], self.waiting[-1] = self.waiting[-1], self.waiting[at]
            return self.waiting.pop()

    def answer(self, event, status):
        with self.lock:
            self.delivered += 1
            if status == 200:
                self.acknowledged.add(event)
                self.last = time.monotonic()
            else:
                self.refused += 1
                self.waiting.append(event)

    def is_empty(self):
        with self.lock:
            return len(self.acknowledged) == len(self.known) and not self.waiting


def client(site, pool):
    """Delivers until the pool is closed."""
    connection = None
    while not pool.closed:
        event = pool.take()
        if event is None:
            time.sleep(0.02)
            continue
        body, status = pool.known[event], None
        try:
            connection = connection or http.client.HTTPConnection("127.0.0.1", site.port,
                                                                  timeout=20)
            connection.request("POST", "/stripe/webhook", body,
                               {"Content-Type": "application/json",
                                "Stripe-Signature": shop.sign(body)})
            answer = connection.getresponse()
            answer.read()
            status = answer.status
        except (OSError, http.client.HTTPException):
            connection = None
        pool.answer(event, status)
        if status != 200:
            time.sleep(0.05)


class Payments:
    """What happens at Stripe, a little of each payment at a time."""

    def __init__(self, sim, rng, pool):
        self.sim, self.rng, self.pool = sim, rng, pool
        self.failed, self.todo = set(), []

    def call(self, path, **form):
        request = urllib.request.Request(
            self.sim.base + path, urllib.parse.urlencode(form).encode(),
            {"Authorization": "Bearer " + shop.STRIPE_SECRET,
             "Idempotency-Key": f"proof-{self.rng.random()}"}, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def sale(self, i):
        later = self.rng.random() < 0.35
        lines = [{"lookup_key": "N-RED", "quantity": self.rng.randint(1, 4)},
                 {"lookup_key": "R-SIL"}]
        made = self.sim.post("/_sim/session", {
            "line_items": lines, "metadata": {"userId": f"user_{i % 40}"},
            "method": "later" if later else "card"})
        session = made["session"]
        if not later:
            return self.aftermath(session)
        if self.rng.random() < 0.25:
            self.failed.add(session["id"])
            return [lambda: self.later(session, "fail")]
        return [lambda: self.later(session, "succeed")] + self.aftermath(session)

    def later(self, session, outcome):
        self.sim.post("/_sim/later", {"session": session["id"], "outcome": outcome})

    def aftermath(self, session):
        intent, amount = session["payment_intent"], session["amount_total"]
        return self.rng.choice([
            [], [],
            [lambda: self.refund(intent, amount)],
            [lambda: self.refund(intent, 500), lambda: self.refund(intent, 250)],
            # The same amount once more: the truth comes back to what it was.
            [lambda: self.refund(intent, 500, "fail"), lambda: self.refund(intent, 500)],
            [lambda: self.refund(intent, 700, "cancel")],
            [lambda: self.dispute(intent, "open"), lambda: self.dispute(intent, "update"),
             lambda: self.dispute(intent, "lose")],
            [lambda: self.refund(intent, 300), lambda: self.dispute(intent, "open"),
             lambda: self.dispute(intent, "win"), lambda: self.refund(intent, 1)],
        ])

    def refund(self, intent, amount, end=None):
        made = self.call("/v1/refunds", payment_intent=intent, amount=amount)
        if end:
            self.later_refunds(made["id"], end)

    def later_refunds(self, refund, end):
        self.todo.append([lambda: self.sim.post("/_sim/refund", {"refund": refund,
                                                                 "outcome": end})])

    def dispute(self, intent, action):
        charge = next(row["charge"] for row in self.sim.get("/_sim/ledger")
                      if row["payment_intent"] == intent)
        self.sim.post("/_sim/dispute", {"charge": charge, "action": action})

    def run(self):
        """All of it, in one order or another; each payment's steps in theirs."""
        self.todo = [[lambda i=i: self.sale(i)] for i in range(PAYMENTS)]
        done = 0
        while self.todo:
            steps = self.rng.choice(self.todo)
            more = steps.pop(0)()
            steps += more if isinstance(more, list) else []
            if not steps:
                self.todo.remove(steps)
            time.sleep(0.01)  # so that there is time for trouble
            done += 1
            if done % 20 == 0 or not self.todo:
                self.pool.add(self.sim.get("/_sim/events"))


class Trouble:
    """Kills responders, and takes the store away."""

    def __init__(self, site, rng):
        self.site, self.rng = site, rng
        self.kills = self.locks = self.moves = 0
        self.stopped = threading.Event()

    def kill(self):
        pids = self.site.pids("stripe-webhook")
        if pids:
            os.kill(self.rng.choice(pids), signal.SIGKILL)
            self.kills += 1

    def lock(self):
        db = sqlite3.connect(self.site.db, timeout=5, isolation_level=None)
        try:
            db.execute("BEGIN EXCLUSIVE")
            time.sleep(1)
            db.execute("ROLLBACK")
            self.locks += 1
        except sqlite3.OperationalError:
            pass  # too busy to be locked
        finally:
            db.close()

    def move(self):
        folder = os.path.dirname(self.site.db)
        os.rename(folder, folder + ".away")
        try:
            time.sleep(0.5)
        finally:
            os.rename(folder + ".away", folder)
        self.moves += 1

    def killing(self):
        while not self.stopped.wait(self.rng.uniform(0.02, 0.2)):
            try:
                self.kill()
            except ProcessLookupError:
                pass

    def outages(self):
        while not self.stopped.wait(self.rng.uniform(0.5, 1.5)):
            if os.path.exists(self.site.db):
                self.rng.choice([self.lock, self.move])()


class Result:
    """The one run that the tests look at."""

    def __init__(self):
        rng = random.Random(SEED)
        print(f"# ORDERSNAP_SEED={SEED} ORDERSNAP_CASES={PAYMENTS}", flush=True)
        self.site = Site("nginx", children=RESPONDERS, log_to_file=True)
        self.site.sim.post("/_sim/delivery", {"mode": "off"})
        self.pool = Pool(random.Random(SEED + 1))
        self.payments = Payments(self.site.sim, rng, self.pool)
        self.trouble = Trouble(self.site, random.Random(SEED + 2))
        self.errors = []
        self.go()
        self.ledger = {row["id"]: row for row in self.site.sim.get("/_sim/ledger")}
        self.items = self.site.items()
        print(f"# {len(self.ledger)} payments, {len(self.pool.known)} events, "
              f"{self.pool.delivered} deliveries of which {self.pool.refused} failed, "
              f"{self.trouble.kills} kills, {self.trouble.locks} locks, "
              f"{self.trouble.moves} moves, {time.monotonic() - self.began:.0f} s", flush=True)

    def thread(self, function, *args):
        def guarded():
            try:
                function(*args)
            except Exception as error:  # shown by the test
                self.errors.append(f"{function.__qualname__}: {error!r}")
        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        return thread

    def go(self):
        self.began = time.monotonic()
        clients = [self.thread(client, self.site, self.pool) for _ in range(CLIENTS)]
        troubles = [self.thread(self.trouble.killing), self.thread(self.trouble.outages)]
        stripe = self.thread(self.payments.run)
        while (stripe.is_alive() or not self.pool.is_empty()) and \
                time.monotonic() - self.began < TROUBLE_SECONDS:
            time.sleep(0.05)
        self.trouble.stopped.set()
        for thread in troubles:
            thread.join(20)
        stripe.join(10 * END_SECONDS)
        while not self.pool.is_empty() and time.monotonic() - self.pool.last < END_SECONDS:
            time.sleep(0.05)
        self.pool.closed = True
        for thread in clients:
            thread.join(30)

    def orders(self):
        return [item for (pk, _), item in self.items.items() if pk.startswith("USER#")]

    def order(self, session):
        found = [o for o in self.orders() if o["orderId"] == session]
        equal(len(found), 1, f"orders of {session}")
        return found[0]


servers.require("nginx")
result = Result()


def status_of(row):
    """What an order has to be by the ledger."""
    if row["amount_refunded"]:
        return "refunded" if row["amount_refunded"] == row["amount_total"] else \
            "partially_refunded"
    if row["payment_status"] == "unpaid":
        return "failed" if row["id"] in result.payments.failed else "pending"
    return "completed"


def says(order):
    return (order["amount"], order["currency"], order["status"], order.get("amountRefunded", 0),
            order.get("dispute", {}).get("status"))


@test
def _():
    "every event is acknowledged in the end, whatever was killed and taken away meanwhile"
    equal(result.errors, [])
    missing = set(result.pool.known) - result.pool.acknowledged
    ok(not missing, f"not acknowledged: {sorted(missing)[:5]} of {len(missing)}; "
                    + result.site.log("ordersnap")[-2000:])
    equal(len(result.ledger), PAYMENTS, "payments")


@test
def _():
    "there was trouble: responders were killed, the store was locked and moved away"
    ok(result.trouble.kills > 20, f"{result.trouble.kills} kills")
    ok(result.trouble.locks + result.trouble.moves > 2, "outages")
    ok(result.pool.refused > 0, "no delivery failed")


@test
def _():
    "each payment has one order, and there is no other"
    equal(sorted(o["orderId"] for o in result.orders()), sorted(result.ledger))


@test
def _():
    "the ledger and the table agree to the cent and the status"
    wrong = []
    for session, row in result.ledger.items():
        want = (row["amount_total"], row["currency"], status_of(row), row["amount_refunded"],
                row["dispute"])
        if says(result.order(session)) != want:
            wrong.append(f"{session}: {says(result.order(session))}, want {want}")
    equal(wrong, [])


@test
def _():
    "every order has its lines, and a time of completion if it was paid"
    for session, row in result.ledger.items():
        order = result.order(session)
        ok(order["items"] and "itemsPending" not in order, f"{session}: {order}")
        equal("completedAt" in order, row["payment_status"] != "unpaid", session)


@test
def _():
    "every acknowledged event of ours has its marker"
    ours = ("checkout.session.", "charge.refunded", "refund.", "charge.dispute.")
    for event in result.pool.acknowledged:
        kind = json.loads(result.pool.known[event])["type"]
        if kind.startswith(ours):
            ok(("EVENT#" + event, "METADATA") in result.items, f"{event} {kind} has no marker")


@test
def _():
    "what is written next to an order says what it says"
    for session in result.ledger:
        order = result.order(session)
        payment = result.items["PAYMENT#" + order["stripePaymentIntentId"], "METADATA"]
        equal(payment["order"], order, session)
        number = result.items["NUMBER#" + order["orderNumber"], "METADATA"]
        equal(number["orderId"], session, order["orderNumber"])
        equal(result.items["SESSION#" + session, "METADATA"]["status"],
              "failed" if order["status"] == "failed" else "completed", session)
        day = [item for (pk, sk), item in result.items.items()
               if pk.startswith("DAY#") and sk == order["SK"]]
        equal([(d["status"], d["amount"]) for d in day], [(order["status"], order["amount"])],
              session)


main(result.site.close)
