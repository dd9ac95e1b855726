#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A web server takes its configuration anew while events are delivered: none is lost, the one in the
middle of its request neither.  mod_cgid and mod_fcgid may refuse one that comes in that moment; so
may Caddy, unless the kernel is told to hand waiting connections on, as conf/caddy/sysctl.conf does.

The shops log to a system log of the test's own, which is to get each line at its level from behind
every server.
"""
import os
import re
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import namespaces  # noqa: E402

OWN = namespaces.enter()  # a network, and mounts

import servers  # noqa: E402
from tap import equal, eventually, lacks, main, skip, test  # noqa: E402

LINE_ITEMS = "GET /v1/checkout/sessions/"
CLIENTS = 3
RELOADS = 2
BETWEEN = 12  # deliveries between two reloads
HELD = 1.2  # seconds
HANDS_ON = OWN and namespaces.apply_sysctl(os.path.join(servers.shop.SRC, "conf/caddy/sysctl.conf"))
NAMES = servers.chosen() + ([] if "ORDERSNAP_SERVERS" in os.environ else ["apache-cgi-event"])
_sites = {}

# What an event writes whose session Stripe forbids so often: the level and the message of each line.
FORBIDDEN = {
    1: [("info", "Processing checkout completion"), ("warning", "The key may not read all of a sale"),
        ("info", "Order snapshot created"), ("info", "Webhook processed")],
    -1: [("info", "Processing checkout completion"), ("error", "Failed to fetch line items"),
         ("info", "Order snapshot created"), ("error", "Failed to create order snapshot"),
         ("error", "Request refused")]}


def own_system_log():
    """The log at a /dev of the test's own."""
    namespaces.cover_dev()
    return namespaces.SystemLog()


system_log = own_system_log() if OWN else None


def site_of(name):
    if servers.lacking(name):
        skip(servers.lacking(name) + " is not installed")
    if name not in _sites:
        target = {"LOG_TARGET": "syslog"} if OWN else {"log_to_file": True}
        _sites[name] = servers.Site(name, children=4, LOG_LEVEL="info", **target)
    return _sites[name]


def lines_of(site, session):
    """The lines about a session, in the order they came: a level and a message."""
    if not OWN:
        return [tuple(line.split(" ", 2)[1:]) for line in site.log("ordersnap").splitlines()
                if "sessionId=" + session in line]
    # Each begins with the day, the time, "ordersnap[pid]:" and what a file's line begins with.
    return [(level, text.split(" ", 6)[-1].rstrip()) for level, text in list(system_log.lines)
            if "sessionId=" + session in text]


def own_logs(site):
    """What the server and its programs have written without LOG_TARGET."""
    return "".join(site.log(name) for name in ("error", "breakage", "server", "stripe-webhook"))


def refusals(site):
    """What a request in the moment of a reload may be refused with."""
    return {0, 500, 503} if site.front.gap and not (site.server == "caddy" and HANDS_ON) else set()


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


for _name in NAMES:
    def _(name=_name):
        site = site_of(name)
        for statuses in reload_under_load(site):
            refused = {status for status in statuses if status != 200}
            equal((refused - refusals(site), statuses[-1]), (set(), 200))
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
        outlives, beside = (answer.result().status for answer in answers)
        equal((outlives, {beside} - refusals(site) - {200}), (200, set()))
        session = held["data"]["object"]["id"]
        eventually(lambda: any("Webhook processed" in line for _, line in lines_of(site, session)),
                   what="its line in the log")
        lacks(own_logs(site), "Webhook processed")
    _.__doc__ = f"through {_name}: a delivery in its middle outlives a reload; its line is in the log"
    test(_)

    def _(name=_name):
        site = site_of(name)
        for times, wanted in FORBIDDEN.items():
            event = site.paid_event()
            site.sim.post("/_sim/fault", {"match": LINE_ITEMS, "kind": "status", "status": 403,
                                          "times": times})
            site.deliver(event)
            forget_faults(site)
            got = eventually(lambda e=event, n=len(wanted): (
                found := lines_of(site, e["data"]["object"]["id"])) and len(found) >= n and found,
                what="its lines in the log")
            equal([(level, re.split(r" \w+=|:", line)[0]) for level, line in got], wanted)
            lacks(own_logs(site), event["id"])
    _.__doc__ = f"through {_name}: each line is in LOG_TARGET once, at its level, and nowhere else"
    test(_)

sys.exit(main(lambda: [site.close() for site in _sites.values()]))
