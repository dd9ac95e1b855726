#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A soak: so many seconds at full load behind nginx.  Buyers quote, order, pay and look; Stripe's events
come in any order, again, and under bad signatures; garbage comes, too.  Stripe and the store have all
kinds of trouble, and the programs are reloaded.  Afterwards ledger and table are equal, /metrics agrees
with what was asked, memory is flat, no worker died and no descriptor was left open.

usage: soak.py [SECONDS] [sqlite|dynamodb]     600 on SQLite by default

ORDERSNAP_SEED repeats what was chosen at random.
"""
import collections
import os
import re
import sys
import threading
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "http"))
sys.path.insert(0, os.path.join(HERE, "..", "dynamodb"))

import servers  # noqa: E402  (finds tests/lib)
import buyers  # noqa: E402
import ledger  # noqa: E402
import login  # noqa: E402
import looks  # noqa: E402
import shop  # noqa: E402
import trouble  # noqa: E402
from tap import equal, main, ok, test  # noqa: E402

SECONDS = int(sys.argv.pop(1)) if sys.argv[1:] and sys.argv[1].isdigit() else 600
STORE = sys.argv.pop(1) if sys.argv[1:] and sys.argv[1] in ("sqlite", "dynamodb") else "sqlite"
if sys.argv[1:]:  # would be the name of a test, of which none is called so
    print(__doc__[__doc__.index("usage:"):].split("\n")[0], file=sys.stderr)
    sys.exit(2)
SEED = int(os.environ.get("ORDERSNAP_SEED") or time.time())
CLIENTS = 8
RELOADS = (0.1, 0.2)  # of the time; one more at the end
TROUBLE = 0.8         # of the time; then all has to be well

servers.require("nginx")
mailbox, books = buyers.Mailbox(), buyers.Books()
told = trouble.Hook()
heaps = looks.Heaps()
settings = {"JWT_SECRET": login.SECRET, "PRICE_CACHE_SECONDS": "3", "ORDER_HOOK": told.program}


def shop_on_dynamodb():
    import local  # finds a kit of its own
    local.need()
    db = local.Local(heap="1g")
    proxy = local.Proxy(db.port)
    servers.DYNAMODB = db.base
    made = servers.Site("nginx", children=4, log_to_file=True, metrics=True, webhook_url=mailbox.url,
                        preload=heaps.variables,
                        AWS_ENDPOINT_URL_DYNAMODB=proxy.base, **settings)
    return made, trouble.DynamoDB(made, threading.Event(), db, proxy)


def shop_on_sqlite():
    made = servers.Site("nginx", children=4, log_to_file=True, metrics=True, webhook_url=mailbox.url,
                        preload=heaps.variables, **settings)
    return made, trouble.Sqlite(made, threading.Event())


site, store = shop_on_dynamodb() if STORE == "dynamodb" else shop_on_sqlite()
troubles = trouble.Trouble(site, f"{SEED} trouble", store)
store.stopped = troubles.stopped
watching = looks.Looks(site, troubles, SECONDS, heaps)
failures = []


def notify(end):
    """`ordersnap notify`, as cron runs it."""
    while time.monotonic() < end and not failures:
        trouble.command(site, "notify", "--quiet", check=False)
        troubles.stopped.wait(5)


def client(number, end):
    one = buyers.Client(site, books, mailbox, f"{SEED} {number}")
    one.calm = troubles.calm
    try:
        while time.monotonic() < end and not failures:
            one.step()
    except Exception as why:  # the main thread says it
        failures.append(why)
    finally:
        one.close()


def progress(began):
    done = books.done
    print(f"# {time.monotonic() - began:4.0f} s: " + ", ".join(f"{done[what]} {what}" for what in (
        "deliveries", "redeliveries", "answered with 503", "sessions", "payments", "refunds", "bad signatures",
        "garbage", "looks")) + f"; {len(mailbox.waiting)} wait", flush=True)


@test
def _():
    "under full load with faults each answer is the right one, or a 503 that comes again"
    print(f"# ORDERSNAP_SEED={SEED}, {SECONDS} s on {STORE}", flush=True)
    began = watching.began = time.monotonic()
    end = began + SECONDS
    threads = [threading.Thread(target=client, args=(n, end)) for n in range(CLIENTS)]
    threads.append(threading.Thread(target=troubles.run, args=(began + TROUBLE * SECONDS,)))
    threads.append(threading.Thread(target=watching.run))
    threads.append(threading.Thread(target=notify, args=(end,)))
    reloads, minute = [began + part * SECONDS for part in RELOADS], began
    for thread in threads:
        thread.start()
    while time.monotonic() < end and not failures + troubles.failures + watching.failures:
        if reloads and time.monotonic() > reloads[0]:
            reloads.pop(0)
            troubles.reload()
        if time.monotonic() > minute + 60:
            minute += 60
            progress(began)
        time.sleep(0.1)
    failures.extend(troubles.failures + watching.failures)
    troubles.stopped.set()
    watching.stopped.set()
    for thread in threads:
        thread.join()
    progress(began)
    dealt = collections.Counter(troubles.dealt)
    print("# trouble: " + ", ".join(f"{n} {what}" for what, n in dealt.items()), flush=True)
    for failure in failures:
        print("".join("# " + line + "\n" for part in traceback.format_exception(failure) for line in part.splitlines()))
    equal(len(failures), 0, "failures")


@test
def _():
    "memory is flat from the second third to the last, and nothing is left open"
    watching.summary()
    watching.are_flat()
    watching.left_open()


@test
def _():
    "once all is well, what waited is acknowledged at its next delivery"
    one = buyers.Client(site, books, mailbox, SEED)
    one.calm = lambda: True
    while mailbox.waiting:
        one.deliver()
    one.close()


@test
def _():
    "ledger and table are equal: amounts, lines, status, refunds; each event once"
    table = store.items()
    rows = {row["id"]: row for row in site.sim.get("/_sim/ledger")}
    view = type("View", (), {"items": lambda _: table, "ledger": lambda _: rows})()
    ledger.agrees(view, books.failed)
    refunds = collections.defaultdict(dict)  # payment: {refund: (amount, status)}
    for refund in buyers.all_of(site, "/v1/refunds"):
        refunds[refund["payment_intent"]][refund["id"]] = refund["amount"], refund["status"]
    for order in (item for (pk, _), item in table.items() if pk.startswith("USER#")):
        cart = books.carts[order["orderId"]]
        equal({i["name"]: i["quantity"] for i in order["items"]}, cart["lines"], order["orderId"])
        equal((order["amountSubtotal"], sum(i["amountSubtotal"] for i in order["items"])), 2 * (cart["subtotal"],),
              order["orderId"])
        equal(order["amountSubtotal"] - order["amountDiscount"] + order["amountTax"] + order["amountShipping"],
              order["amount"], order["orderId"])
        equal(order["userId"], cart["user"], order["orderId"])
        equal({r["id"]: (r["amount"], r["status"]) for r in order.get("refunds", [])},
              refunds.get(order.get("stripePaymentIntentId"), {}), order["orderId"])
    events = sorted(pk[6:] for pk, _ in table if pk.startswith("EVENT#"))
    equal(events, sorted(e for e, said in books.outcomes.items() if said != "ignored"), "events with a marker")
    print(f"# {len(rows)} orders, {len(events)} events, {len(table)} items", flush=True)


@test
def _():
    "the shop was told of each order as it is, and the outbox is empty"
    trouble.command(site, "notify", "--retry", "waiting")
    while "OUTBOX" in {pk for pk, _ in store.items()}:
        trouble.command(site, "notify")
    table = store.items()
    orders = {item["orderId"]: item for (pk, _), item in table.items() if pk.startswith("USER#")}
    last = told.last()
    equal(sorted(last), sorted(orders), "orders that the shop was told of")
    for session, order in orders.items():
        said = {k: v for k, v in last[session].items() if k != "notification"}
        equal([(k, said.get(k), order.get(k)) for k in ("status", "amountRefunded", "dispute")
               if (said.get(k) or None) != (order.get(k) or None)], [], session)


@test
def _():
    "`ordersnap sync` finds nothing to do"
    said = trouble.command(site, "sync", "--dry-run", "--json")
    equal(shop.json.loads(said)["differences"], [])


@test
def _():
    "/metrics says what was asked and answered, how many events there were, and how many orders were made"
    text = buyers.Client(site, buyers.Books(), mailbox, 0).ask("GET", "/metrics")[1].decode()
    found = collections.defaultdict(int)
    for name, labels, value in re.findall(r'^(\w+)(?:\{(.*)\})? (\d+)$', text, re.M):
        label = dict(re.findall(r'(\w+)="([^"]*)"', labels))
        if name == "ordersnap_request_seconds_count":
            found[label["endpoint"], int(label["status"])] += int(value)
        elif name == "ordersnap_events_total":
            found["event " + label["outcome"]] += int(value)
        elif name == "ordersnap_orders_created_total":
            found["orders"] += int(value)
        elif name == "ordersnap_metrics_lost_total":
            equal(int(value), 0, "counts without a place")
    asked = collections.Counter()
    for (path, status), n in books.answers.items():
        asked["/orders/*" if path.startswith("/orders/") else path, status] += n
    equal({k: v for k, v in found.items() if isinstance(k, tuple) and v}, dict(asked), "requests")
    outcomes = {k: v for k, v in books.done.items() if k.startswith("event ")}
    equal({k: v for k, v in found.items() if str(k).startswith("event ")}, outcomes, "events")
    orders = len(site.sim.get("/_sim/ledger"))
    # A write whose answer was lost, or whose file was moved away behind it, is a 503 and an order that was
    # not counted.
    moved = troubles.dealt.count("the folder is moved away and back")
    lost = books.done["event failed"] if STORE == "dynamodb" else site.children * moved
    ok(orders - lost <= found["orders"] <= orders, f"{found['orders']} orders were counted, {orders} are there")


@test
def _():
    "no worker has died, and the log has no error that a soak has no reason for"
    log = site.log("ordersnap")
    equal([line for line in log.splitlines() if "Worker ended" in line or "out of memory" in line][:3], [])
    for name in servers.PROGRAMS:
        equal(site.processes[name].poll(), None, name)
        lines = site.log(name)
        ok("Sanitizer" not in lines and "runtime error" not in lines, lines[:1000])


def clean_up():
    site.close()
    store.close()
    told.close()
    heaps.close()


main(clean_up)
