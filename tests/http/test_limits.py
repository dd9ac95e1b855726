#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""One address that asks for more quotes and sessions than any buyer, behind each server with the
shipped limits: it is turned away, and the webhook never is."""
import json
import os
import sys
import time

import servers
from tap import contains, equal, eventually, main, ok, skip, test

QUOTE = {"items": [{"sku": "N-RED", "quantity": 1}]}
NOBODY = {"quoteSignature": "0" * 64}
MANY = 100  # more than either limit allows at once
FORGOTTEN = 6  # seconds after which thirty requests are forgotten: both paths share one limit
SERVERS = ("nginx", "apache-proxy_fcgi")  # Apache has one file of limits, however the programs run
sites = {}


def site_of(server):
    """The running site, started when first asked for."""
    if servers.lacking(server):
        skip(f"{servers.lacking(server)} is not installed")
    if server != "nginx" and not os.path.exists(f"{servers.fronts.MODULES}/mod_qos.so"):
        skip("mod_qos is not installed (Debian: libapache2-mod-qos)")
    if server not in sites:
        sites[server] = servers.Site(server, children=2, limits=True)
    return sites[server]


def burst(site, path, body, headers=()):
    return site.curl_all([(path, body, headers)] * MANY)


def is_let_in(site, path, body, status):
    return eventually(lambda: site.curl(path, body).status == status, seconds=60,
                      what=f"{path} answers {status} again")


for server in SERVERS:
    for path, body, fine in (("/cart/quote", QUOTE, 200), ("/checkout/create-session", NOBODY, 404)):
        def check(server=server, path=path, body=body, fine=fine):
            site = site_of(server)
            is_let_in(site, path, body, fine)
            time.sleep(FORGOTTEN)
            answers = burst(site, path, body)
            equal({a.status for a in answers}, {fine, 429}, "statuses")
            ok(sum(a.status == fine for a in answers) >= 15, "a buyer's share is let in")
            turned_away = next(a for a in answers if a.status == 429)
            ok(1 <= int(turned_away.headers["retry-after"]) <= 60, "Retry-After")
            equal(turned_away.headers["access-control-allow-origin"], "*")
            if server == "nginx":
                equal(turned_away.headers["content-type"], "application/json")
                contains(turned_away.json["error"], "Too many requests")
            is_let_in(site, path, body, fine)
        check.__doc__ = f"{server}: {path} from one address is a 429 beyond the limit, and later not"
        test(check)

    def check(server=server):
        site = site_of(server)
        event = site.paid_event()
        burst(site, "/cart/quote", QUOTE)
        body = json.dumps(event).encode()
        answers = burst(site, "/stripe/webhook", body, ["Stripe-Signature: " + servers.shop.sign(body)])
        equal({a.status for a in answers}, {200}, "deliveries")
        equal({a.status for a in burst(site, "/healthz", None)}, {200}, "health")
    check.__doc__ = f"{server}: the webhook is never limited, also while the same address is turned away"
    test(check)

    def check(server=server):
        site = site_of(server)
        is_let_in(site, "/cart/quote", QUOTE, 200)
        time.sleep(FORGOTTEN)  # one request is let in already where ten are not
        for _buyer in range(5):
            ok(site.buy()["checkoutUrl"], "a session")
    check.__doc__ = f"{server}: five buyers in a row behind one address get their sessions"
    test(check)


@test
def _():
    "nginx: the addresses of one IPv6 network count as one, and those of different networks and IPv4 addresses do not"
    if servers.lacking("nginx"):
        skip(servers.lacking("nginx") + " is not installed")
    # nginx believes who asks: a client of another machine is one that says so.
    site = servers.Site("nginx", children=2, limits=True,
                        locations="set_real_ip_from 127.0.0.1;\n        real_ip_header X-Client;")
    try:
        for address, limited in (("2001:db8:a:b:{:x}:1:2:3", True), ("2001:db8::{:x}", True),
                                 ("2001:db8:c:{:x}::1", False), ("2001:{:x}::", False),
                                 ("::ffff:203.0.113.{}", False), ("198.51.100.{}", False)):
            answers = site.curl_all([("/cart/quote", QUOTE, ["X-Client: " + address.format(n)])
                                     for n in range(1, MANY + 1)])
            equal({a.status for a in answers}, {200, 429} if limited else {200}, address)
    finally:
        site.close()


class Remote(servers.Site):
    """Apache believes who asks: a client of another machine is one that says so."""

    def write_server(self):
        super().write_server()
        with open(self.path("httpd.conf"), "a", encoding="utf-8") as f:
            f.write("RemoteIPHeader X-Client\nRemoteIPInternalProxy 127.0.0.1\n")


for server in ("apache-proxy_fcgi", "apache-cgi", "apache-fcgid"):
    def check(server=server):
        site_of("apache-proxy_fcgi")  # skips where Apache or mod_qos is not there
        if servers.lacking(server):
            skip(f"{servers.lacking(server)} is not installed")
        site = Remote(server, children=2, limits=True, metrics=True, modules=("remoteip",))
        try:
            def status(path, *headers):
                return site.curl(path, None, "--path-as-is", headers=headers).status
            equal((status("/metrics"), status("/healthz", "X-Client: 203.0.113.9")), (200, 200))
            for path in ("/metrics", "//metrics", "/%6detrics", "/metrics/metrics", "/healthz/metrics",
                         "/healthz/x/metrics", "/healthz//metrics"):
                equal(status(path, "X-Client: 203.0.113.9"), 403, path)
            for path in ("/cart/%71uote", "/cart//quote", "/cart/./quote"):
                is_let_in(site, "/cart/quote", QUOTE, 200)
                ok(429 in {a.status for a in burst(site, path, QUOTE)}, f"{path} is not limited")
        finally:
            site.close()
    check.__doc__ = f"{server}: counts are for the machine alone, and limits hold, however a path is written"
    test(check)

sys.exit(main(lambda: [site.close() for site in sites.values()]))
