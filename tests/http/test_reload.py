#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A web server takes its configuration anew while events are delivered: none is lost, the one in the
middle of its request neither.  mod_cgid, mod_fcgid and Caddy may refuse one that comes in that
moment."""
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import servers  # finds tests/lib
from tap import equal, eventually, lacks, main, skip, test

LINE_ITEMS = "GET /v1/checkout/sessions/"
CLIENTS = 3
RELOADS = 2
BETWEEN = 12  # deliveries between two reloads
HELD = 1.2  # seconds
_sites = {}


def site_of(name):
    if servers.lacking(name):
        skip(servers.lacking(name) + " is not installed")
    if name not in _sites:
        _sites[name] = servers.Site(name, children=4, log_to_file=True, LOG_LEVEL="info")
    return _sites[name]


class Client(threading.Thread):
    """Delivers one event again and again, as Stripe would; all its answers."""

    def __init__(self, site, event, done):
        super().__init__(daemon=True)
        self.site, self.event, self.done, self.statuses = site, event, done, []
        self.start()

    def run(self):
        while not self.done.is_set():
            answer = self.site.deliver(self.event)
            self.statuses.append(answer.status)
            if answer.status != 200:
                print(f"# {self.site.server}: {answer.status} {answer.log.strip()}", flush=True)


def hold_stripe(site):
    site.sim.post("/_sim/fault", {"match": LINE_ITEMS, "kind": "hold"})


def is_held(site):
    return any(fault["struck"] for fault in site.sim.get("/_sim/fault"))


def forget_faults(site):
    site.sim.post("/_sim/fault", method="DELETE")


def reload_under_load(site):
    """The statuses of all deliveries, a list for each event."""
    done = threading.Event()
    clients = [Client(site, site.paid_event(), done) for _ in range(CLIENTS)]

    def more(number):
        enough = sum(len(client.statuses) for client in clients) + number
        eventually(lambda: sum(len(client.statuses) for client in clients) >= enough,
                   what="deliveries")
    try:
        more(BETWEEN)
        for _ in range(RELOADS):
            site.reload()
            more(BETWEEN)
    finally:
        done.set()
        for client in clients:
            client.join()
    return [client.statuses for client in clients]


for _name in servers.chosen():
    def _(name=_name):
        site = site_of(name)
        for statuses in reload_under_load(site):
            refused = {status for status in statuses if status != 200}
            equal((refused - ({0, 500, 503} if site.front.gap else set()), statuses[-1]), (set(), 200))
    _.__doc__ = f"through {_name}: no event is lost while the server is reloaded twice"
    test(_)

    def _(name=_name):
        site = site_of(name)
        held, after = site.paid_event(), site.paid_event()
        site.deliver(after)
        hold_stripe(site)
        with ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(site.deliver, held)]
            eventually(lambda: is_held(site), what="the call to Stripe")
            site.reload()
            # lighttpd and mod_fcgid let this one wait until the other is done
            answers.append(pool.submit(site.deliver, after))
            time.sleep(HELD)  # the reload finds it in the middle, whenever it begins
            forget_faults(site)
        equal([answer.result().status for answer in answers], [200, 200])
        eventually(lambda: "sessionId=" + held["data"]["object"]["id"] in site.log("ordersnap"),
                   what="its line in the log")
        if site.front.lines != "ordersnap":
            lacks(site.log(site.front.lines), "Webhook processed")
    _.__doc__ = f"through {_name}: a delivery in its middle outlives a reload; the log is in its file alone"
    test(_)

sys.exit(main(lambda: [site.close() for site in _sites.values()]))
