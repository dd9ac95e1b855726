# SPDX-License-Identifier: ISC
"""Webhooks: what is posted, how it is signed, and the courier that delivers it again and again
until a 2xx, in the order and number that a test asks for."""

import hashlib
import hmac
import http.client
import random
import threading
import time
import urllib.parse

from .answers import to_json
from .known import BODY_CAP
from .objects import now
from .render import render


def sign(secret, timestamp, payload):
    """A Stripe-Signature header.  v0 is a decoy: right for nothing, as on Stripe's test events."""
    message = str(timestamp).encode() + b"." + payload
    v1 = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    v0 = hmac.new(b"decoy", message, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={v1},v0={v0}"


class Delivery:
    """One event on its way to one endpoint; the body is made once and never changes."""

    def __init__(self, world, event, endpoint):
        self.world, self.event, self.endpoint = world, event, endpoint
        self.goal = event["id"], endpoint["id"]
        self.secret = world.secrets[endpoint["id"]] or ""
        self.body = event_body(world, event, endpoint["api_version"])
        self.tried = threading.Event()     # the first attempt has ended
        self.answered = threading.Event()  # it has, or will not begin soon: no use to wait
        self.status = None                 # of the first attempt


def event_body(world, event, version):
    return to_json(render(world, event | {"api_version": version}, version))


def thin_body(event):
    """The v2 event that names a snapshot event and its object."""
    thing = event["data"]["object"]
    paths = {"checkout.session": "/v1/checkout/sessions/", "charge": "/v1/charges/",
             "refund": "/v1/refunds/", "dispute": "/v1/disputes/",
             "payment_intent": "/v1/payment_intents/"}
    return to_json({
        "id": "evt_test_" + event["id"][4:], "object": "v2.core.event", "context": None,
        "created": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(event["created"])),
        "livemode": False, "reason": None,
        "related_object": {"id": thing["id"], "type": thing["object"],
                           "url": paths[thing["object"]] + thing["id"]},
        "snapshot_event": event["id"], "type": "v1." + event["type"]})


def post_webhook(target, body, headers, timeout):
    """One POST, redirects not followed: (status or None, text of the answer)."""
    parts = urllib.parse.urlsplit(target)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request("POST", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
                           body, headers)
        response = connection.getresponse()
        return response.status, response.read(BODY_CAP).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()


class Courier:
    """Delivers events, again and again until a 2xx, in the order and number that it was told."""

    MODES = ("normal", "off", "duplicate", "reorder", "shuffle")

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.reset()

    def reset(self):
        with self.lock:
            self.stop.set()  # ends the redeliveries of before
            self.stop = threading.Event()
            self.settings = {"mode": "normal", "copies": 2, "hold": False, "latency_ms": 0,
                             "window_ms": 200}
            self.held = []
            self.attempts = []
            self.awaited = set()  # (event id, endpoint id) that no 2xx came for yet
            self.timer = None

    def configure(self, changes):
        with self.lock:
            self.settings.update(changes)
            if not self.settings["hold"]:
                self.release()
            return self.settings | {"held": len(self.held)}

    def submit(self, delivery):
        with self.lock:
            self.awaited.add(delivery.goal)
            mode = self.settings["mode"]
            if mode == "off":
                delivery.answered.set()
            elif self.settings["hold"]:
                self.held.append(delivery)
                delivery.answered.set()
            elif mode in ("reorder", "shuffle"):
                self.held.append(delivery)
                if self.timer is None:
                    self.timer = threading.Timer(self.settings["window_ms"] / 1000, self.end_window)
                    self.timer.daemon = True
                    self.timer.start()
            else:
                self.start(delivery)

    def end_window(self):
        with self.lock:
            if not self.settings["hold"]:
                self.release()

    def release(self):
        batch, self.held, self.timer = self.held, [], None
        mode = self.settings["mode"]
        if mode == "off":
            return
        if mode == "reorder":
            batch.reverse()
        elif mode == "shuffle":
            random.shuffle(batch)
        if mode in ("reorder", "shuffle"):
            self.spawn(self.in_order, batch, self.stop)
        else:
            for delivery in batch:
                self.start(delivery)

    def start(self, delivery):
        copies = self.settings["copies"] if self.settings["mode"] == "duplicate" else 1
        for _ in range(copies):
            self.spawn(self.deliver, delivery, self.stop)

    def spawn(self, work, *args):
        threading.Thread(target=work, args=args, daemon=True).start()

    def in_order(self, batch, stop):
        """Each first attempt ends before the next begins; redeliveries go their own way."""
        for delivery in batch:
            self.spawn(self.deliver, delivery, stop)
            delivery.tried.wait(self.options.deliver_timeout + 1)

    def deliver(self, delivery, stop):
        """The attempts of one copy: each signed anew, until a 2xx or the gaps are used up."""
        for number, gap in enumerate([0] + self.options.retry_ms, 1):
            if stop.wait(gap / 1000):
                return
            result = self.attempt(delivery, number)
            if number == 1 and not delivery.answered.is_set():
                delivery.status = result["status"]
            delivery.tried.set()
            delivery.answered.set()
            if succeeded(result):
                return

    def attempt(self, delivery, number=1, body=None, url=None, timestamp=None):
        """One POST of an event, recorded: {"status", "body", "ms", ...}."""
        attempts, awaited = self.attempts, self.awaited  # of before, should a reset come meanwhile
        body = delivery.body if body is None else body
        url = url or delivery.endpoint["url"]
        time.sleep(self.settings["latency_ms"] / 1000)
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "*/*",
                   "Cache-Control": "no-cache",
                   "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
                   "Stripe-Signature": sign(delivery.secret, timestamp or now(), body)}
        began = time.monotonic()
        status, answer = post_webhook(url, body, headers, self.options.deliver_timeout)
        result = {"event": delivery.event["id"], "type": delivery.event["type"], "url": url,
                  "attempt": number, "status": status,
                  "ms": round((time.monotonic() - began) * 1000, 1), "body": answer}
        with self.lock:
            attempts.append(result)
            first = (succeeded(result) and url == delivery.endpoint["url"]
                     and delivery.goal in awaited)
            if first:
                awaited.remove(delivery.goal)
        if first:
            delivery.world.delivered(delivery.event)
        return result


def succeeded(result):
    return result["status"] is not None and 200 <= result["status"] < 300
