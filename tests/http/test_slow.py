#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Clients that send their bodies slowly, or nothing at all, behind each server with its shipped
limits: an honest webhook is answered meanwhile."""
import socket
import threading
import time

import servers  # finds tests/lib
from tap import Watch, equal, main, skip, test

SLOW = (8, 40)  # clients, for four processes a program
LIMIT = 2  # seconds that an honest delivery may take
DELIVERIES = 4  # one after the other, while they dribble
PAUSE = 0.1  # between two pieces of a slow body: 600 bytes a second
PIECE = 60

# What a host's own .htaccess can't limit is the host's: there each client costs a process of httpd's.
NAMES = [name for name in servers.chosen() if not name.startswith("htaccess")]


class SlowClient(threading.Thread):
    """Announces a webhook of 60,000 bytes and dribbles it; when it is cut off it comes again."""

    def __init__(self, site, done):
        super().__init__(daemon=True)
        self.site, self.done = site, done
        self.begun = threading.Event()

    def run(self):
        while not self.done.is_set():
            try:
                self.send()
            except OSError:
                pass

    def send(self):
        with socket.create_connection(("127.0.0.1", self.site.port), 10) as s:
            s.sendall(b"POST /stripe/webhook HTTP/1.1\r\nHost: shop\r\nContent-Length: 60000\r\n"
                      b"Content-Type: application/json\r\nStripe-Signature: t=1,v1=0\r\n\r\n")
            self.begun.set()
            for _ in range(60000 // PIECE):
                s.sendall(b" " * PIECE)
                if self.done.wait(PAUSE):
                    return


def deliver_beside(site, count):
    """Delivers events while so many slow clients are there; the watch of the slowest."""
    done = threading.Event()
    clients = [SlowClient(site, done) for _ in range(count)]
    for client in clients:
        client.start()
    for client in clients:
        client.begun.wait(30)
    time.sleep(3 * PAUSE)  # their bodies have begun
    try:
        for event in [site.paid_event() for _ in range(DELIVERIES)]:
            since = Watch()
            answer = site.deliver(event)
            print(f"# {site.server}, {count} slow clients: {since.seconds:.2f} s", flush=True)
            equal((answer.status, answer.json["status"]), (200, "processed"))
            since.at_most(LIMIT, "a delivery")
    finally:
        done.set()
        for client in clients:
            client.join()


for _name in NAMES:
    def _(name=_name):
        if servers.lacking(name):
            skip(servers.lacking(name) + " is not installed")
        site = servers.Site(name, children=4, limits=True)
        try:
            for count in SLOW:
                deliver_beside(site, count)
        finally:
            site.close()
    _.__doc__ = f"through {_name}: beside 8 and 40 slow clients an honest webhook takes under 2 s"
    test(_)


main()
