# SPDX-License-Identifier: ISC
"""The world: every object there is, the events that tell of them, and the lock that whoever reads
or changes them holds."""

import heapq
import threading

from .delivery import Courier, Delivery
from .errors import no_such
from .idempotency import Idempotency
from .known import DEFAULT_EVENTS
from .objects import endpoint_object, new_id, now, price_object, product_object
from .shelves import Order, Shelf


class World:
    """All state but faults and statistics.  Whoever reads or changes it holds `lock`.

    Whoever changes an object sets its properties anew and leaves alone what is nested in them: an
    event's object shares it with the one it was made of, and so do the sessions of /_sim/sessions.
    """

    def __init__(self, options):
        self.options = options
        self.base_url = ""  # known once the socket is bound
        self.lock = threading.RLock()
        self.courier = Courier(options)
        self.idempotency = Idempotency()
        self.reset()

    def reset(self):
        with self.lock:
            self.shelves = {}      # kind -> Shelf
            self.by_id = {}
            self.undelivered = Order()  # events that an endpoint still has to get
            self.lines = {}        # session id -> its line items
            self.intent_data = {}  # session id -> payment_intent_data
            self.currency_options = {}  # price id -> what it costs in other currencies
            self.breakdowns = {}   # session id -> what its total_details.breakdown is
            self.secrets = {}      # webhook endpoint id -> its secret
            self.receipts = None   # links to receipts that were signed; None: each charge has one for ever
            self.open_until = []   # heap of (expires_at, session id)
            self.idempotency.reset()
            self.courier.reset()
            if self.options.webhook_url:
                self.add_endpoint({"url": self.options.webhook_url, "enabled_events": DEFAULT_EVENTS},
                                  self.options.webhook_secret)
            for entry in self.options.seed:
                self.add_seed(entry)

    def put(self, thing):
        self.shelf(thing["object"]).add(thing)
        self.by_id[thing["id"]] = thing
        return thing

    def shelf(self, kind):
        if kind not in self.shelves:
            self.shelves[kind] = Shelf(kind)
        return self.shelves[kind]

    def all(self, kind):
        """The objects of a kind in the order in which they were made."""
        return self.shelf(kind).by_id.values()

    def find(self, kind, id):
        return self.shelf(kind).by_id.get(id)

    def find_any(self, id):
        return self.by_id.get(id)

    def get(self, kind, id, param, status=404):
        thing = self.find(kind, id)
        if thing is None:
            raise no_such(kind, id, param, status)
        return thing

    def delete(self, thing):
        if thing["object"] == "event":
            self.undelivered.remove(self.shelf("event").keys[thing["id"]])
        self.shelf(thing["object"]).remove(thing["id"])
        del self.by_id[thing["id"]]

    def date(self, thing, created):
        """The object is of another time, and stands there in the lists."""
        unheard = thing["object"] == "event" and thing["pending_webhooks"] > 0
        self.delete(thing)
        thing["created"] = created
        self.put(thing)
        if unheard:
            self.undelivered.add(self.shelf("event").keys[thing["id"]], thing)

    def add_endpoint(self, params, secret):
        endpoint = self.put(endpoint_object(params, self.options.api_version))
        self.secrets[endpoint["id"]] = secret
        return endpoint

    def add_seed(self, entry):
        product = self.put(product_object({name: entry[name] for name in (
            "name", "metadata", "images", "description") if name in entry}))
        self.put(price_object(product["id"], entry | {"metadata": entry.get("metadata", {})}))

    def endpoints(self):
        return list(self.all("webhook_endpoint"))

    def emit(self, type, thing, call=None, previous=None, at=None):
        """Make an event of a thing as it is now and hand it to the courier."""
        subscribed = [e for e in self.endpoints() if e["status"] == "enabled"
                      and {"*", type} & set(e["enabled_events"])]
        first = self.endpoints()[0]["api_version"] if self.endpoints() else self.options.api_version
        data = {"object": dict(thing)}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.put({
            "id": new_id("event"), "object": "event", "api_version": first, "created": at or now(),
            "data": data, "livemode": False, "pending_webhooks": len(subscribed),
            "request": {"id": call.request_id if call else None,
                        "idempotency_key": call.idempotency_key if call else None},
            "type": type})
        if subscribed:
            self.undelivered.add(self.shelf("event").keys[event["id"]], event)
        deliveries = [Delivery(self, event, endpoint) for endpoint in subscribed]
        for delivery in deliveries:
            self.courier.submit(delivery)
        return event, deliveries

    def delivered(self, event):
        """One endpoint more has got the event."""
        with self.lock:
            event["pending_webhooks"] -= 1
            if event["pending_webhooks"] == 0 and self.find("event", event["id"]) is event:
                self.undelivered.remove(self.shelf("event").keys[event["id"]])

    def expire_due(self):
        """Expire the open sessions whose time has passed."""
        with self.lock:
            while self.open_until and self.open_until[0][0] <= now():
                session = self.find("checkout.session", heapq.heappop(self.open_until)[1])
                if session and session["status"] == "open":
                    expire_session(self, session)


def expire_session(world, session, call=None):
    session.update(status="expired", url=None)
    world.emit("checkout.session.expired", session, call)
