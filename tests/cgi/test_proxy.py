#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A host that lets nothing out but by a proxy: Stripe is asked through it, and it sees no key."""
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from server import Handler, Server  # noqa: E402
from shop import STRIPE_SECRET, Shop  # noqa: E402
from tap import Watch, contains, equal, lacks, main, ok, test  # noqa: E402

CART = {"items": [{"sku": "N-RED", "quantity": 2}]}
END = 8.5  # seconds in which a request ends, and some for the start of a process


class ProxyHandler(Handler):
    """CONNECT to wherever: it leads to `server.inside`, as if names were looked up there."""

    def do_CONNECT(self):
        self.server.asked.append((self.path, str(self.headers)))
        if self.server.refuses:
            self.give(self.server.refuses, b"", {"Proxy-Authenticate": "Basic"})
            return
        self.send_response(200)
        self.end_headers()
        with socket.create_connection(self.server.inside) as inside:
            pair = (self.connection, inside)
            while True:
                for end in select.select(pair, (), ())[0]:
                    data = end.recv(65536)
                    if not data:
                        self.close_connection = True
                        return
                    pair[end is self.connection].sendall(data)

    def do_GET(self):
        """A request that is not encrypted, with all that it has."""
        self.server.asked.append((self.path, str(self.headers)))
        self.give(502, b"")


class Proxy(Server):
    def __init__(self, inside):
        self.inside, self.asked, self.refuses = inside, [], None
        super().__init__(ProxyHandler)


class StripeHandler(Handler):
    """The simulator, behind https."""

    def do_GET(self):
        self.server.keys.append(self.headers["Authorization"])
        asked = urllib.request.Request(self.server.sim + self.path, headers=dict(self.headers))
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                self.give(answer.status, answer.read())
        except urllib.error.HTTPError as e:
            self.give(e.code, e.read())


def certificate(folder):
    pem = os.path.join(folder, "stripe.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                    "/CN=stripe.test", "-addext", "subjectAltName=DNS:stripe.test", "-keyout", pem,
                    "-out", pem + ".crt"], check=True, capture_output=True)
    return pem + ".crt", pem


shop = Shop()
folder = tempfile.mkdtemp(prefix="ordersnap-proxy-")
files = certificate(folder)
stripe = Server(StripeHandler, certificate=files)
stripe.sim, stripe.keys = shop.sim.base, []
proxy = Proxy(("127.0.0.1", stripe.server_port))


def quote(**variables):
    """A cart whose prices Stripe is asked for; nothing is cached."""
    return shop.cgi("cart-quote", CART, STRIPE_API_BASE="https://stripe.test", CA_FILE=files[0],
                    PRICE_CACHE_SECONDS="0", **variables)


@test
def _():
    "Stripe is asked by the proxy, which learns the server's name and nothing of the key"
    proxy.asked.clear()
    answer = quote(OUTGOING_PROXY=proxy.base)
    equal(answer.status, 200, answer.log)
    equal({to for to, _ in proxy.asked}, {"stripe.test:443"})
    for _to, headers in proxy.asked:
        lacks(headers, "Authorization")
    contains(stripe.keys[-1], STRIPE_SECRET)


@test
def _():
    "a proxy of the environment is not used"
    proxy.asked.clear()
    answer = quote(HTTP_PROXY=proxy.base, http_proxy=proxy.base, HTTPS_PROXY=proxy.base,
                   https_proxy=proxy.base, ALL_PROXY=proxy.base, all_proxy=proxy.base)
    equal((answer.status, proxy.asked), (503, []))


@test
def _():
    "no_proxy of the environment takes nothing away from it"
    answer = quote(OUTGOING_PROXY=proxy.base, NO_PROXY="*", no_proxy="stripe.test")
    equal(answer.status, 200, answer.log)


@test
def _():
    "this machine is asked directly, by each of its addresses: the key goes there in the clear"
    proxy.asked.clear()
    for host, status in (("127.0.0.1", 200), ("localhost", 200), ("127.0.0.2", 503)):  # where nobody listens
        answer = shop.cgi("cart-quote", CART, OUTGOING_PROXY=proxy.base, PRICE_CACHE_SECONDS="0",
                          STRIPE_API_BASE=shop.sim.base.replace("127.0.0.1", host))
        equal((answer.status, proxy.asked), (status, []), answer.log)


@test
def _():
    "a proxy that refuses is a 503, and the log has its status"
    for status in (403, 407, 502):
        proxy.refuses = status
        answer = quote(OUTGOING_PROXY=proxy.base)
        equal(answer.status, 503)
        contains(answer.log, str(status))
    proxy.refuses = None


@test
def _():
    "a proxy that is not there, or takes connections and says nothing, is a 503 within 8 seconds"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (silent.getsockname()[1], 9):
            since = Watch()
            answer = quote(OUTGOING_PROXY=f"http://127.0.0.1:{port}")
            equal(answer.status, 503)
            since.at_most(END)


@test
def _():
    "the proxy does not make a wrong certificate a right one"
    answer = shop.cgi("cart-quote", CART, STRIPE_API_BASE="https://another.test", CA_FILE=files[0],
                      PRICE_CACHE_SECONDS="0", OUTGOING_PROXY=proxy.base)
    equal(answer.status, 503)
    ok("certificate" in answer.log or "SSL" in answer.log, answer.log)


def clean_up():
    proxy.close()
    stripe.close()
    shop.close()
    shutil.rmtree(folder, ignore_errors=True)


main(clean_up)
