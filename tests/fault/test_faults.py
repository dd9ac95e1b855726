#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Each read, write, connect, open and sync on the way of a webhook and of a checkout fails once, one
after the other, and so does each allocation.

After each of them: an honest answer within the deadline, the table has all items of the order or none,
and the next delivery gives the order that an undisturbed one gives.  A 200 is never a promise that
the table does not keep.

ORDERSNAP_FAULTS=1 tries each allocation, which takes some minutes; else it is one of so many.
"""
import contextlib
import errno
import mmap
import os
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cgi"))

import kit  # noqa: E402
from kit import KeptShop, case, equal, lib, main, ok, skip  # noqa: E402
import fastcgi  # noqa: E402
import preload  # noqa: E402
import processes  # noqa: E402
from tap import SLOW, Watch, eventually  # noqa: E402

FAILING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "failing.c")
READ, WRITE, CONNECT, SYNC, OPEN, ALLOCATE = range(1, 7)
# The calls, the errors that they may end with, and how many in a row fail.
FAULTS = [
    ("read", READ, errno.EIO, 0),
    ("read", READ, errno.ECONNRESET, 0),
    ("write", WRITE, errno.EIO, 0),
    ("write", WRITE, errno.ENOSPC, 5),
    ("write", WRITE, errno.EPIPE, 0),
    ("sync", SYNC, errno.EIO, 0),
]
# Those of a process that begins with the request.
FAULTS_OF_A_START = [
    ("read", READ, errno.EIO, 0),
    ("write", WRITE, errno.EIO, 0),
    ("connect", CONNECT, errno.ECONNREFUSED, 0),
    ("connect", CONNECT, errno.EADDRNOTAVAIL, 3),
    ("sync", SYNC, errno.EIO, 0),
    ("open", OPEN, errno.EMFILE, 0),
    ("open", OPEN, errno.EACCES, 0),
]
DEADLINE = 9  # seconds for an answer
EVERY = int(os.environ.get("ORDERSNAP_FAULTS") or 401)  # allocations

shop = KeptShop()


class Fault(preload.Preload):
    """A shop's programs with a call that fails."""

    def __init__(self):
        super().__init__(FAILING, *(["-DWITHOUT_ALLOCATIONS"] if SLOW else []))
        self.path = os.path.join(self.folder, "fault")
        with open(self.path, "wb") as f:
            f.write(bytes(40))
        with open(self.path, "r+b") as f:
            self.words = mmap.mmap(f.fileno(), 40)
        self.variables["FAULT_FILE"] = self.path

    def set(self, kind, at=0, number=0, more=0):
        """The call of this kind that fails, counted from now on."""
        self.words[:] = struct.pack("@5q", kind, at, number, 0, more)

    def kind(self):
        return struct.unpack("@5q", self.words[:])[0]

    def count(self):
        return struct.unpack("@5q", self.words[:])[3]


class Worker:
    """A program as a FastCGI process of its own, which goes on from fault to fault."""

    def __init__(self, name, fault):
        self.name, self.fault, self.process = name, fault, None
        self.socket = os.path.join(shop.folder, name + ".sock")
        self.log = open(os.path.join(shop.folder, name + ".log"), "ab")

    def ask(self, fields, body):
        """The answer, or None where it hung up."""
        if self.process and self.process.poll() is not None:
            self.process = None
        if not self.process:
            self.start()
        answer = self.request(fields, body)
        if answer is None and self.fault.kind() in (0, ALLOCATE):  # it is about to end
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
        return answer

    def request(self, fields, body):
        end = time.monotonic() + 10
        while True:
            try:
                return fastcgi.request(self.socket, fields, body, timeout=60)
            except ConnectionRefusedError:  # its socket is there, and does not listen yet
                if self.process.poll() is not None or time.monotonic() > end:
                    return None
                time.sleep(0.02)
            except OSError:
                return None

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.process = subprocess.Popen(
            ["spawn-fcgi", "-n", "-s", self.socket, "--", lib.program(self.name)],
            env=shop.environment(**self.fault.variables), stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=self.log)
        eventually(lambda: processes.listens(self.socket) or self.process.poll() is not None, what="it listens")

    def end(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        self.log.close()


class Cgi:
    """A program as CGI, a process for each request: its start fails, too."""

    def __init__(self, name, fault):
        self.name, self.fault = name, fault

    def ask(self, fields, body):
        answer = lib.Shop.cgi(shop, self.name, body, **{**fields, **self.fault.variables})
        return answer if answer.status else None

    def end(self):
        pass


class Webhook:
    """Paid sessions that are delivered."""

    program = "stripe-webhook"

    def __init__(self):
        self.usual = None

    def make(self):
        shop.sim.post("/_sim/delivery", {"mode": "off"})
        made = shop.sim.post("/_sim/session", {
            "line_items": [{"lookup_key": "N-RED", "quantity": 2}, {"lookup_key": "R-SIL"}],
            "metadata": {"userId": "user_12345"}})
        return next(e for e in shop.sim.get("/_sim/events") if e["id"] == made["event"])

    def ask(self, worker, event):
        body = kit.json.dumps(event).encode()
        return worker.ask(fastcgi.variables("/stripe/webhook", len(body),
                                            HTTP_STRIPE_SIGNATURE=lib.sign(body)), body)

    def items_of(self, event):
        """Which items the table has of the event's order, and the order without what differs between
        sales."""
        session = event["data"]["object"]["id"]
        found = {key: item for key, item in shop.items().items()
                 if session in (item.get("orderId"), item.get("stripeSessionId"), item.get("sessionId"))
                 or event["id"] in key[0] or session in key[0] or session in key[1]}
        kinds = sorted(key[0].split("#")[0] for key in found)
        order = next((item for key, item in found.items() if key[0].startswith("USER#")), {})
        same = {name: value for name, value in order.items() if name not in (
            "SK", "orderId", "stripeSessionId", "orderNumber", "createdAt", "updatedAt", "completedAt", "version",
            "stripePaymentIntentId", "stripeCustomerId", "payment", "billingAddress", "source")}
        return kinds, same

    def holds(self, event, answer):
        kinds, order = self.items_of(event)
        usual, whole = self.usual
        if answer and answer.status == 200:
            equal(kinds, usual, "a 200 and what is in the table")
        if kinds and "EVENT" in kinds:
            equal((kinds, order), (usual, whole), "an event that is done")
        elif kinds:
            equal(kinds, [k for k in usual if k != "EVENT"], "what is in the table of an event that comes again")

    def finish(self, worker, event):
        """The redelivery: the order that an undisturbed delivery gives."""
        answer = self.ask(worker, event) or self.ask(worker, event)
        equal(answer and answer.status, 200, "the redelivery")
        state = self.items_of(event)
        if not self.usual:
            self.usual = state
        equal(state, self.usual, "after the redelivery")


class Checkout:
    """Quotes that become sessions."""

    program = "checkout-create-session"

    def make(self):
        return shop.quote("N-RED").json["quoteSignature"]

    def ask(self, worker, signature):
        body = kit.json.dumps({"quoteSignature": signature, "userId": "user_12345"}).encode()
        return worker.ask(fastcgi.variables("/checkout/create-session", len(body)), body)

    def holds(self, signature, answer):
        if answer and answer.status == 200:
            ok(answer.json["checkoutUrl"], "a 200 has the address of a session")

    def finish(self, worker, signature):
        answer = self.ask(worker, signature) or self.ask(worker, signature)
        equal(answer and answer.status, 200, "the second click")
        made = [s for s in shop.stripe("GET", "/v1/checkout/sessions?limit=100")["data"]
                if s["metadata"].get("quoteSignature") == signature]
        equal([s["id"] for s in made], [answer.json["sessionId"]], "the sessions of the quote")
        ok((f"SESSION#{answer.json['sessionId']}", "METADATA") in shop.items(), "the session's item")


def answers_honestly(answer, kind):
    """What a web server may pass on: ours, or nothing, which it makes a 502 of."""
    if answer is None:
        return
    ok(answer.status in (200, 400, 408, 500, 503), f"status {answer.status}: {answer.body[:200]!r}")
    if answer.status != 200:
        ok(list(answer.json) == ["error"], repr(answer.body[:200]))


def go_through(world, client, kind, number, more=0, every=1):
    """Lets one call after the other fail, until a request has none left to fail."""
    fault = Fault()
    worker = client(world.program, fault)
    at, tried = 1, 0
    try:
        fault.set(kind)
        world.finish(worker, world.make())
        world.finish(worker, world.make())
        while True:
            thing = world.make()
            fault.set(kind, at, number, more)
            watch = Watch()
            answer = world.ask(worker, thing)
            reached = fault.count() >= at
            fault.set(0)
            ok(watch.seconds - watch.slack < DEADLINE, f"call {at}: {watch.seconds} s")
            try:
                answers_honestly(answer, kind)
                world.holds(thing, answer)
                world.finish(worker, thing)
            except AssertionError as why:
                raise AssertionError(f"call {at}: {why}") from why
            tried += 1
            if not reached:
                ok(answer and answer.status == 200, "a request without a fault")
                ok(tried > 1, "there is something to fail")
                return tried
            at += every
    finally:
        worker.end()
        fault.close()


for WORLD in (Webhook, Checkout):
    for CLIENT, OF_IT, HOW in ((Worker, FAULTS, "FastCGI"), (Cgi, FAULTS_OF_A_START, "CGI")):
        for what, KIND, NUMBER, MORE in OF_IT:
            @case(f"{WORLD.program}, {HOW}: each {what} that ends with {errno.errorcode[NUMBER]}"
                  f"{f', {MORE + 1} in a row' if MORE else ''}")
            def _(world=WORLD, client=CLIENT, kind=KIND, number=NUMBER, more=MORE):
                go_through(world(), client, kind, number, more)

    @case(f"{WORLD.program}: an allocation that fails, one of {EVERY}" if EVERY > 1 else
          f"{WORLD.program}: each allocation that fails")
    def _(world=WORLD):
        if SLOW:
            skip("sanitizers and valgrind have their own allocations")
        go_through(world(), Worker, ALLOCATE, errno.ENOMEM, every=EVERY)


main(shop)
