#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""doc/keys.md under load: each secret is exchanged by its steps, and no buyer, customer or delivery
is refused."""
import os
import signal
import threading
import time

import servers
from login import jwt
from shop import WEBHOOK_SECRET
from tap import equal, eventually, main, test

servers.require("nginx")
OLD = {"quote": "the-old-secret-of-the-quotes", "jwt": "the-old-secret-of-the-login", "webhook": WEBHOOK_SECRET}
NEW = {"quote": "the-new-secret-of-the-quotes", "jwt": "the-new-secret-of-the-login",
       "webhook": "whsec_the_new_secret_of_the_webhook"}
site = servers.Site("nginx", children=2, log_to_file=True, QUOTE_SIGNATURE_SECRET=OLD["quote"],
                    JWT_SECRET=OLD["jwt"])
login = {"secret": OLD["jwt"]}       # what the login signs with
endpoint = {"secrets": [OLD["webhook"]]}  # what Stripe signs with


def token():
    return ["Authorization: Bearer " + jwt({"sub": "user_1", "exp": int(time.time()) + 3600}, login["secret"])]


def quote():
    return site.curl("/cart/quote", {"items": [{"sku": "N-RED", "quantity": 1}]})


def session(quoted):
    return site.curl("/checkout/create-session", {"quoteSignature": quoted.json["quoteSignature"]}, headers=token())


def buy():
    """A quote, held for a moment, and its session, as the login's user."""
    quoted = quote()
    time.sleep(0.02)  # a buyer looks at it
    return [int(quoted.status), int(session(quoted).status)]


def read():
    return [int(site.curl("/orders", headers=token()).status)]


def deliver():
    return [int(site.deliver(site.paid_event(), secret=endpoint["secrets"][-1]).status)]


class Load:
    """Buyers, customers and deliveries while something happens; none is refused."""

    def __enter__(self):
        self.stop, self.statuses, self.counts = threading.Event(), [], {}
        self.threads = [threading.Thread(target=self.go_on, args=(what,)) for what in (buy, buy, read, deliver)]
        for thread in self.threads:
            thread.start()
        self.some_more()
        return self

    def go_on(self, what):
        while not self.stop.is_set():
            self.statuses += what()
            self.counts[what] = self.counts.get(what, 0) + 1

    def some_more(self):
        """Until each kind of client has been served a few times more."""
        before = dict(self.counts)
        eventually(lambda: all(self.counts.get(w, 0) > before.get(w, 0) + 3 for w in (buy, read, deliver)),
                   what="all kinds of clients are served")

    def __exit__(self, *_):
        self.some_more()
        self.stop.set()
        for thread in self.threads:
            thread.join()
        equal(set(self.statuses), {200})


def reload(*programs, **settings):
    """New settings, and these programs reloaded, one after the other as doc/keys.md has them; it waits
    until no process has the old settings."""
    for name, value in settings.items():
        if value is None:
            site.settings.pop(name, None)
        else:
            site.settings[name] = value
    site.write_configuration()
    for program in programs:
        before = set(site.pids(program))
        os.kill(site.processes[program].pid, signal.SIGHUP)
        eventually(lambda: len(site.pids(program)) == 2 and not before & set(site.pids(program)),
                   what="all processes are new")


@test
def _():
    "the quotes' secret is rolled, and no quote is refused"
    early, earlier = quote(), quote()
    with Load() as load:
        reload("checkout-create-session", "cart-quote", QUOTE_SIGNATURE_SECRET=NEW["quote"],
               QUOTE_SIGNATURE_SECRET_PREVIOUS=OLD["quote"])
        load.some_more()
    equal(session(early).status, 200)
    reload("checkout-create-session", "cart-quote", QUOTE_SIGNATURE_SECRET_PREVIOUS=None)
    equal(session(earlier).status, 404)
    equal(session(quote()).status, 200)


@test
def _():
    "the login's secret is rolled, and no user is refused"
    with Load() as load:
        reload("checkout-create-session", "orders", JWT_SECRET=NEW["jwt"], JWT_SECRET_PREVIOUS=OLD["jwt"])
        load.some_more()
        login["secret"] = NEW["jwt"]
        load.some_more()
        reload("checkout-create-session", "orders", JWT_SECRET_PREVIOUS=None)
    login["secret"] = OLD["jwt"]
    equal(site.curl("/orders", headers=token()).status, 401)
    login["secret"] = NEW["jwt"]


@test
def _():
    "the webhook's secret is rolled, and no delivery is refused"
    with Load() as load:
        reload("stripe-webhook", STRIPE_WEBHOOK_SECRET=NEW["webhook"] + "," + OLD["webhook"])
        endpoint["secrets"].append(NEW["webhook"])
        load.some_more()
        reload("stripe-webhook", STRIPE_WEBHOOK_SECRET=NEW["webhook"])
    equal(int(site.deliver(site.paid_event(), secret=OLD["webhook"]).status), 400)


main()
