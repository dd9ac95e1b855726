#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap replay`: what a delivered event would have done, no more and no less."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import (CommandShop, Watch, contains, equal, eventually, kit, lacks, main,  # noqa: E402
                         ok, test, unread)

shop = CommandShop()
other = CommandShop(sim=False)
other.settings["STRIPE_API_BASE"] = shop.sim.base
shop.sim.post("/_sim/delivery", {"mode": "off"})
shop.stripe("POST", "/v1/webhook_endpoints",
            {"url": "https://shop.example/stripe/webhook", "enabled_events[]": "*"})
LINES = [{"lookup_key": "N-RED", "quantity": 2, "metadata": {"sku": "N-RED"}}]


def sale(**more):
    """A paid session and its event."""
    made = shop.sim.post("/_sim/session", {"line_items": LINES, "wait": False, **more})
    event = [e for e in shop.sim.get("/_sim/events") if e["id"] == made["event"]][0]
    return made["session"], event


def last_event(kind):
    return [e for e in shop.sim.get("/_sim/events") if e["type"] == kind][-1]


def path(name, content):
    where = os.path.join(shop.folder, name)
    with open(where, "w") as f:
        f.write(content)
    return where


def plain(item):
    return {k: v for k, v in item.items()
            if k not in ("source", "updatedAt", "expiresAt", "processedAt")}


def table(of):
    """All but what says who wrote it when."""
    found = {}
    for key, item in of.items().items():
        item = plain(item)
        if "order" in item:
            item["order"] = plain(item["order"])
        found[key] = item
    return found


@test
def _():
    "an event by its id gives the items that its delivery would have given, but for source"
    session, event = sale(metadata={"userId": "ann", "gift": "yes"})
    run = shop.run("replay", event["id"])
    contains(run.out, f"processed  {event['id']}  checkout.session.completed")
    contains(run.out, "order created")
    equal(other.webhook(event).status, 200)
    equal(table(shop), table(other))
    equal(shop.order_of(session["id"])["source"], "replay")


@test
def _():
    "what was processed is a duplicate and changes nothing; --again processes it once more"
    session, event = sale()
    shop.webhook(event)
    with shop.unchanged():
        contains(shop.run("replay", event["id"]).out, f"duplicate  {event['id']}")
    order = shop.order_of(session["id"])
    order["status"] = "pending"
    del order["completedAt"]
    shop.store(order)
    contains(shop.run("replay", "--again", event["id"]).out, "order updated")
    order = shop.order_of(session["id"])
    equal((order["status"], order["source"]), ("completed", "webhook"))
    equal(shop.item("EVENT#" + event["id"])["status"], "completed")
    contains(shop.run("replay", "--again", event["id"]).out, "order unchanged")


@test
def _():
    "--undelivered takes all that no endpoint has taken: sales, refunds, disputes, expiry"
    made = [sale()[0] for _ in range(3)]
    shop.stripe("POST", "/v1/refunds", {"payment_intent": made[0]["payment_intent"]})
    charge = shop.stripe("GET", "/v1/payment_intents/" + made[1]["payment_intent"])["latest_charge"]
    shop.sim.post("/_sim/dispute", {"charge": charge, "action": "open"})
    run = shop.run("replay", "--undelivered")
    contains(run.out, " 0 failed")
    equal(shop.order_of(made[0]["id"])["status"], "refunded")
    ok(shop.order_of(made[1]["id"])["dispute"]["status"], "a dispute")
    equal(shop.order_of(made[2]["id"])["status"], "completed")
    with shop.unchanged():
        contains(shop.run("replay", "--undelivered").out, " 0 processed")


@test
def _():
    "--file takes one event, an array, a list of the API and one a line, from a file or standard input"
    for form in (lambda events: json.dumps(events[0], indent=2), json.dumps,
                 lambda events: json.dumps({"object": "list", "data": events, "has_more": False}),
                 lambda events: "\n".join(map(json.dumps, events)) + "\n\n"):
        sales = [sale() for _ in range(2)]
        text = form([event for _, event in sales])
        want = 1 if sales[1][1]["id"] not in text else 2
        run = shop.run("replay", "--file", path("events.json", text))
        equal(run.out.count("order created"), want, run.out)
        contains(shop.run("replay", "--file", "-", input=text).out, "duplicate")
        equal(shop.order_of(sales[0][0]["id"])["status"], "completed")


@test
def _():
    "a file that is cut replays nothing and names the line; an empty or a missing one is said"
    events = [sale()[1] for _ in range(2)]
    text = json.dumps(events[0]) + "\n" + json.dumps(events[1])[:-20]
    with shop.unchanged():
        contains(shop.run("replay", "--file", path("cut.json", text), code=1).err, "line 2 is not JSON")
        contains(shop.run("replay", "--file", path("empty.json", ""), code=1).err, "it is empty")
        for text in ("5", "null\n"):
            contains(shop.run("replay", "--file", path("other.json", text), code=1).err, "no event in it")
        contains(shop.run("replay", "--file", shop.folder + "/gone", code=1).err, "No such file")


@test
def _():
    "what is no event, of another mode or type fails or is ignored, the others are done"
    session, event = sale()
    text = "\n".join(json.dumps(e) for e in (
        {"object": "event"}, event | {"id": "evt_live", "livemode": True},
        event | {"id": "evt_other", "type": "invoice.paid"}, event))
    run = shop.run("replay", "--file", path("mixed.json", text), code=1)
    contains(run.out, "failed")
    contains(run.out, "ignored    evt_live")
    contains(run.out, "ignored    evt_other")
    contains(run.out, "4 events: 1 processed, 0 duplicates, 2 ignored, 1 failed")
    equal(shop.order_of(session["id"])["status"], "completed")


@test
def _():
    "--dry-run says what would be done, field by field, and writes nothing"
    session, event = sale()
    with shop.unchanged():
        run = shop.run("replay", "--dry-run", event["id"])
        contains(run.out, "order created")
        contains(run.out, "    status: completed")
    shop.webhook(event)
    shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"], "amount": 100})
    with shop.unchanged():
        run = shop.run("replay", "--dry-run", last_event("charge.refunded")["id"])
        contains(run.out, "    status: completed -> partially_refunded")
        contains(run.out, "    amountRefunded: (none) -> 100")


@test
def _():
    "--dry-run of a refund whose sale is not there yet tells of the order that both make"
    session, _ = sale()
    shop.stripe("POST", "/v1/refunds", {"payment_intent": session["payment_intent"]})
    with shop.unchanged():
        run = shop.run("replay", "--dry-run", last_event("charge.refunded")["id"])
        contains(run.out, "refunded")
    shop.run("replay", last_event("charge.refunded")["id"])
    equal(shop.order_of(session["id"])["status"], "refunded")


@test
def _():
    "an id that Stripe does not have is one line and exit 1, several ids are taken in turn"
    run = shop.run("replay", "evt_nowhere", code=1)
    contains(run.err, "Stripe has no event evt_nowhere")
    equal(len([line for line in run.err.splitlines() if line.startswith("ordersnap")]), 1)
    events = [sale()[1]["id"] for _ in range(2)]
    contains(shop.run("replay", *events).out, "2 events: 2 processed")


@test
def _():
    "without or with more than one of id, --file and --undelivered it is a wrong usage"
    contains(shop.run("replay", code=2).err, "missing argument: EVENT_ID, --file FILE or --undelivered")
    for args in (("evt_1", "--undelivered"), ("--file", "x", "--undelivered")):
        contains(shop.run("replay", *args, code=2).err, "exclude each other")


@test
def _():
    "a file that is larger than one may be is named, and nothing of it is processed"
    large = path("large.json", "[\n")
    os.truncate(large, (64 << 20) + 1)
    run = shop.run("replay", "--file", large, code=1)
    contains(run.err, f"{large} is larger than 64 MiB")
    contains(run.out, "0 events")


@test
def _():
    "--json is one object, with and without events"
    session, event = sale()
    said = json.loads(shop.run("replay", "--json", event["id"]).out)
    equal(said["summary"], {"events": 1, "processed": 1, "duplicates": 0, "ignored": 0, "failed": 0,
                            "dryRun": False})
    equal((said["events"][0]["orderId"], said["events"][0]["status"]), (session["id"], "processed"))
    none = json.loads(shop.run("replay", "--json", "--file", path("none.json", "[]")).out)
    equal((none["events"], none["summary"]["events"]), ([], 0))


@test
def _():
    "an event that Stripe can't be asked about now fails after a while, and marks nothing"
    session, event = sale()
    with shop.faults("GET /v1/checkout/sessions/cs_", times=-1, status=500):
        started = Watch()
        run = shop.run("replay", event["id"], code=1)
        started.at_most(100)
        contains(run.out, "failed")
    equal(shop.item("EVENT#" + event["id"]), None)
    contains(shop.run("replay", event["id"]).out, "processed")
    lacks(json.dumps(shop.order_of(session["id"])), "itemsPending")


def has_stopped(pid):
    """Whether it waits for something, and has for a tenth of a second."""
    def used():
        with open(f"/proc/{pid}/stat", encoding="ascii") as f:
            return f.read().rpartition(")")[2].split()[:12:11]
    before = used()
    time.sleep(0.1)
    return before[0] == "S" and used() == before


@test
def _():
    "a run that is interrupted while nobody reads what it says has a line for each event that it did"
    events = [{"id": f"evt_many_{n}", "object": "event", "type": "customer.created", "created": 1700000000,
               "livemode": False, "data": {"object": {"id": f"cus_{n}", "object": "customer"}}}
              for n in range(4000)]
    with open(os.path.join(shop.folder, "many.json"), "w", encoding="utf-8") as f:
        json.dump(events, f)
    process = shop.start("replay", "--dry-run", "--file", f.name, LOG_LEVEL="error")
    eventually(lambda: unread(process.stdout) >= 65000 and has_stopped(process.pid), what="the pipe is full")
    process.send_signal(signal.SIGINT)
    time.sleep(0.3)  # it meets the write that waits
    out, err = (text.decode() for text in process.communicate(timeout=60 * kit.PATIENCE))
    *lines, summary = out.splitlines()
    contains(summary, f" {len(lines)} events: ")
    equal(process.returncode, 1, err)
    contains(err, "interrupted")


main(shop, other)
