#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""GET /healthz: whether this installation can take an order."""
import os
import time

from kit import (KeptShop, Stub, Watch, case, check_log, contains, equal, lacks, main, ok, refused, test)

shop = KeptShop(sim=False)

FAULTS = [
    ("no store", {"COMMERCE_DB": None}, "store"),
    ("a store in no folder", {"COMMERCE_DB": shop.folder + "/no/orders.db"}, "store"),
    ("a store that is a folder", {"COMMERCE_DB": shop.folder}, "store"),
    ("no STRIPE_SECRET", {"STRIPE_SECRET": None}, "secrets"),
    ("no STRIPE_WEBHOOK_SECRET", {"STRIPE_WEBHOOK_SECRET": None}, "secrets"),
    ("no QUOTE_SIGNATURE_SECRET", {"QUOTE_SIGNATURE_SECRET": None}, "secrets"),
]


@test
def _():
    """a whole installation is healthy"""
    answer = shop.health()
    equal((answer.status, answer.json),
          (200, {"status": "ok", "checks": {"store": "ok", "secrets": "ok"}}))


for name, settings, check in FAULTS:
    @case(f"with {name} it is not: 503, the check is named, a store's path and what to do, no secret")
    def _(settings=settings, check=check):
        answer = shop.health(**settings)
        equal((answer.status, answer.json["status"]), (503, "failed"))
        for one, state in answer.json["checks"].items():
            equal(state, "failed" if one == check else "ok", one)
        ok(int(answer.headers["retry-after"]) > 0, "Retry-After")
        variable, = settings
        if variable == "COMMERCE_DB" and settings[variable]:
            contains(answer.json["problem"], settings[variable])
            contains(answer.json["problem"], "ordersnap init")
        else:
            lacks(answer.body.decode(), "problem")
            lacks(answer.body.decode(), shop.folder)
        contains(answer.log, settings[variable] or variable)


@test
def _():
    """both checks can fail at once"""
    answer = shop.health(COMMERCE_DB=None, STRIPE_SECRET=None)
    equal((answer.status, answer.json["checks"]), (503, {"store": "failed", "secrets": "failed"}))


@test
def _():
    """a store whose file is no database is not healthy, and is left as it is"""
    path = os.path.join(shop.folder, "junk.db")
    with open(path, "wb") as f:
        f.write(b"this is no database\n" * 400)
    answer = shop.health(COMMERCE_DB=path)
    equal((answer.status, answer.json["checks"]["store"]), (503, "failed"))
    with open(path, "rb") as f:
        equal(f.read(), b"this is no database\n" * 400)


@test
def _():
    """Stripe is not asked: its outage is not this machine's"""
    stub = Stub()
    try:
        equal(shop.health(STRIPE_API_BASE=stub.base).status, 200)
        equal(stub.connections, 0)
    finally:
        stub.close()


@test
def _():
    """HEAD has the headers without the body"""
    full, head = shop.health(), shop.health("HEAD")
    equal((head.status, head.body), (200, b""))
    equal(head.headers["content-length"], str(len(full.body)))


for method in ("POST", "PUT", "DELETE"):
    @case(f"{method} is a 405 with Allow")
    def _(method=method):
        answer = shop.health(method, CONTENT_LENGTH=0)
        equal((answer.status, answer.headers["allow"]), (405, "GET, HEAD, OPTIONS"))


@test
def _():
    """another path is a 404"""
    for path in ("/healthz2", "/health", "/"):
        refused(shop.cgi("status", None, "GET", SCRIPT_NAME=path), 404)
    refused(shop.cgi("status", None, "GET", SCRIPT_NAME="/cgi-bin/status.fcgi", PATH_INFO="/no"), 404)
    equal(shop.cgi("status", None, "GET", SCRIPT_NAME="/cgi-bin/status.fcgi",
                   PATH_INFO="/healthz").status, 200)


@test
def _():
    """a wrong value is a misconfiguration, not an illness: 500"""
    refused(shop.health(QUOTE_TTL_MINUTES="soon"), 500, "Service misconfigured")


@test
def _():
    """asking changes nothing in the table"""
    shop.health()
    with shop.unchanged():
        shop.health()
    equal(shop.items(), {})


@test
def _():
    """the age of the last complete sync is told, and never a failure"""
    lacks(shop.health().body.decode(), "lastSync")
    sync = {"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 3}
    ago = time.time() - 90000
    for item, told in (({**sync, "completedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ago))}, True),
                       (sync, False), ({**sync, "completedAt": "yesterday"}, False),
                       ({**sync, "completedAt": "2020-01-01T00:00:00Z", "version": None}, False)):
        shop.store(item)
        answer = shop.health()
        equal((answer.status, answer.json["status"]), (200, "ok"))
        equal("lastSyncSeconds" in answer.json, told, str(item))
        if told:
            ok(90000 <= answer.json["lastSyncSeconds"] < 90060 + Watch().slack, answer.json)


@test
def _():
    """no secret was logged in this run"""
    check_log()


main(shop)
