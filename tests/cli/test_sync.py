#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` finds exactly what differs, makes exactly those writes, and a second run writes
nothing.

ORDERSNAP_SYNC_FULL=1 takes the measured scenario in its full size: 1,000 sessions, 37 orders missing,
11 stale, 5 pending.
"""
import contextlib
import copy
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, equal, lacks, main, ok, test  # noqa: E402
from sync_kit import (COUNTS, DAY, EVENTS, LIST, STATE, SyncShop, agrees, by_key, changed, owner,  # noqa: E402
                      parse_time)

FULL = bool(os.environ.get("ORDERSNAP_SYNC_FULL"))
SESSIONS, MISSING, STALE, PENDING = (1000, 37, 11, 5) if FULL else (300, 13, 11, 5)
NOW = int(time.time())
shops = []


def new_shop(of=None, **settings):
    shops.append(SyncShop(of, **settings))
    return shops[-1]


@contextlib.contextmanager
def writes_nothing(shop):
    """No row but the reconciler's own changes."""
    before = by_key(shop.rows())
    yield
    equal([k for k in changed(before, by_key(shop.rows())) if k != STATE], [], "rows that changed")


# --- the same order ---------------------------------------------------------------------------

PLAIN = [{"name": "Ring", "unit_amount": 2500, "currency": "usd", "metadata": {"sku": "R-SIL"}}]
SHIPPING = {"name": "Zoë Müller", "address": {
    "line1": "Königstraße 5", "line2": None, "city": "東京", "state": "", "postal_code": "010",
    "country": "JP"}}


def sold_in_every_way(shop):
    """Sessions of each kind that the identity is about: {what: session}."""
    at = {"created": NOW - 10 * 3600, "at": NOW - 9 * 3600}
    sold = {
        "card": shop.sell(PLAIN, **at),
        "euro": shop.sell([{"lookup_key": "E-EUR", "quantity": 3}], **at),
        "guest": shop.sell(PLAIN, customer_email="Jane+x@Shop.example", email="jane+x@shop.example",
                           **at),
        "user": shop.sell(PLAIN, metadata={"userId": "user 7#%", "campaign": "spring"}, **at),
        "reference": shop.sell(PLAIN, client_reference_id="ref_5", **at),
        "free": shop.sell(PLAIN, discount=2500, **at),
        "amounts": shop.sell(PLAIN * 2, discount=700, tax=333, shipping_amount=490,
                             shipping=SHIPPING, phone="+49301234", name="Zoë", **at),
        "presentment": shop.sell(PLAIN, presentment={"amount": 2345, "currency": "eur"}, **at),
        "long": shop.sell([{"name": f"Bead {n}", "unit_amount": 100 + n, "currency": "usd",
                            "quantity": n % 4 + 1, "metadata": {"sku": f"B-{n}"}}
                           for n in range(120)], **at),
        "waiting": shop.sell(PLAIN, method="later", **at),
        "same second 1": shop.sell(PLAIN, created=NOW - 7000, at=NOW - 6900),
        "same second 2": shop.sell(PLAIN, created=NOW - 7000, at=NOW - 6900),
        "just now": shop.sell(PLAIN),
    }
    for what, outcome in (("came late", "succeed"), ("failed late", "fail")):
        sold[what] = shop.sell(PLAIN, method="later", **at)
        shop.sim.post("/_sim/later", {"session": sold[what]["id"], "outcome": outcome})
    for what, amounts in (("partly refunded", [500, 300]), ("refunded", [2000, 500])):
        sold[what] = shop.sell(PLAIN, **at)
        for amount in amounts:
            shop.refund(sold[what], amount)
    sold["partly failed refund"] = shop.sell(PLAIN, **at)
    shop.refund(sold["partly failed refund"], 200)
    shop.refund(sold["partly failed refund"], 900, "fail")
    for what, actions in (("disputed", ["open"]), ("won", ["open", "update", "win"]),
                          ("lost", ["open", "lose"])):
        sold[what] = shop.sell(PLAIN, **at)
        shop.dispute(sold[what], *actions)
    sold["won after lost"] = shop.sell(PLAIN, **at)
    shop.dispute(sold["won after lost"], "open", "lose", "win")
    sold["lost after a refund"] = shop.sell(PLAIN, **at)
    shop.refund(sold["lost after a refund"], 1000)
    shop.dispute(sold["lost after a refund"], "open", "lose", amount=2500)
    sold["lost in another currency"] = shop.sell(PLAIN, presentment={"amount": 2345, "currency": "eur"},
                                                 **at)
    shop.dispute(sold["lost in another currency"], "open", "lose", amount=2345, currency="eur")
    for what, amount in (("held", None), ("captured in part", 1500), ("captured", 2500),
                         ("captured in part, and refunded in part", 1500), ("released", 0)):
        sold[what] = shop.sell(PLAIN, capture_method="manual", **at)
        payment = "/v1/payment_intents/" + sold[what]["payment_intent"]
        if amount:
            shop.stripe("POST", payment + "/capture", {"amount_to_capture": amount})
        elif amount == 0:
            shop.stripe("POST", payment + "/cancel")
    shop.refund(sold["captured in part, and refunded in part"], 500)
    sold["disputed twice"] = shop.sell(PLAIN, **at)
    shop.dispute(sold["disputed twice"], "open", "win", amount=1000)
    shop.dispute(sold["disputed twice"], "open", amount=500)
    return sold


def checked_out(shop, other):
    """A real checkout; `other` is the same shop without the events."""
    quote = shop.quote(("N-RED", 2), "R-SIL").json
    session = shop.checkout(quote["quoteSignature"], {
        "userId": "user_q", "metadata": {"gift": "yes"}}).json["sessionId"]
    other.run("init")
    other.write(*[i for i in shop.items().values() if i["PK"].split("#")[0] in
                  ("QUOTE", "PRICE", "SESSION")])
    return shop.sim.post("/_sim/pay", {"session": session})["session"]


def comparable(item):
    """An item without what may differ between a webhook and the reconciler."""
    item = copy.deepcopy(item)
    for part in (item, item.get("order", {})):
        for name in ("source", "updatedAt", "version", "expiresAt"):
            part.pop(name, None)
        if part.get("amountRefunded") == 0:  # there is none where nobody ever asked
            del part["amountRefunded"]
    return item


def same_table(told, reconciled):
    """What sync made is what the events made."""
    def ours(shop):
        return {k: i for k, i in shop.items().items() if not k[0].startswith(("EVENT#", "SYSTEM"))}
    a, b = ours(told), ours(reconciled)
    equal(sorted(a), sorted(b), "keys")
    for key in a:
        equal(comparable(b[key]), comparable(a[key]), str(key))
        equal("expiresAt" in b[key], "expiresAt" in a[key], f"expiresAt of {key}")
        ok(abs(b[key].get("expiresAt", 0) - a[key].get("expiresAt", 0)) < 120, f"expiresAt {key}")
        if key[0].startswith("USER#"):
            equal((a[key]["source"], b[key]["source"]), ("webhook", "sync"), str(key))


told = new_shop()
untold = new_shop(told)
sold = sold_in_every_way(told)
sold["quoted"] = checked_out(told, untold)


@test
def _():
    "an order that sync makes is the one that the events make, attribute for attribute"
    for event in told.events():
        equal(told.webhook(event).status, 200, event["type"])
    said = untold.sync()
    equal(said.counts, {"sessions": len(sold), "missing": len(sold)})
    same_table(told, untold)


@test
def _():
    "a second run finds all in order and writes nothing"
    with writes_nothing(untold):
        said = untold.sync()
    equal(said.counts, {"sessions": len(sold), "inOrder": len(sold), "waiting": 2})
    equal(said.differences, [])


@test
def _():
    "what the webhook wrote is in order for sync"
    with writes_nothing(told):
        said = told.sync()
    equal(said.differences, [])
    equal(said.counts, {"sessions": len(sold), "inOrder": len(sold), "waiting": 2})


@test
def _():
    "events that come after all change nothing of what sync made"
    before = untold.items()
    for event in untold.events():
        equal(untold.webhook(event).status, 200, event["type"])
    for key, item in untold.items().items():
        if not key[0].startswith("EVENT#"):
            equal(comparable(item), comparable(before[key]), str(key))
            equal(item.get("source"), before[key].get("source"))


@test
def _():
    "what was held, captured, refunded and lost is in the sums once"
    for what, status, captured, refunded in (
            ("held", "pending", 0, 0), ("released", "failed", 0, 0), ("captured", "completed", 2500, 0),
            ("captured in part", "completed", 1500, 0),
            ("captured in part, and refunded in part", "partially_refunded", 1500, 500)):
        order = untold.order_of(sold[what]["id"])
        equal((order["status"], order.get("amountCaptured"), order.get("amountRefunded", 0)),
              (status, captured, refunded), what)

    def sums(what):
        order = untold.order_of(sold[what]["id"])
        one = SyncShop(of=told)
        shops.append(one)
        one.run("init")
        one.write(order)
        return one.run("orders", "--user", order["userId"]).out.splitlines()[-1]
    for what, said in (
            ("held", "25.00 USD, not paid 25.00 USD, net 0.00 USD"),
            ("released", "25.00 USD, not paid 25.00 USD, net 0.00 USD"),
            ("captured in part", "25.00 USD, not paid 10.00 USD, net 15.00 USD"),
            ("captured in part, and refunded in part",
             "25.00 USD, not paid 10.00 USD, refunded 5.00 USD, net 10.00 USD"),
            ("partly failed refund", "25.00 USD, refunded 2.00 USD, net 23.00 USD"), ("won after lost", "25.00 USD"),
            ("lost after a refund",
             "25.00 USD, refunded 10.00 USD, lost in disputes 15.00 USD, net 0.00 USD"),
            ("lost in another currency", "25.00 USD, lost in disputes 25.00 USD, net 0.00 USD"),
            ("disputed", "25.00 USD, of it in dispute 25.00 USD")):
        equal(sums(what), said, what)


@test
def _():
    "a payment that came hours later is completed at the time of its own event"
    event, = [e for e in told.events() if e["type"].endswith("async_payment_succeeded")]
    equal(parse_time(untold.order_of(sold["came late"]["id"])["completedAt"]), event["created"])
    ok("completedAt" not in untold.order_of(sold["failed late"]["id"]), "a failed one has a time")
    equal(untold.order_of(sold["failed late"]["id"])["status"], "failed")


@test
def _():
    "a payment that came a day after all others of its page has the time of its own event too"
    alone = new_shop()
    session = alone.sell(PLAIN, method="later", created=NOW - 30 * 3600, at=NOW - 29 * 3600)
    alone.sim.post("/_sim/later", {"session": session["id"], "outcome": "succeed"})
    alone.sync()
    equal(parse_time(alone.order_of(session["id"])["completedAt"]),
          alone.events()[-1]["created"])


@test
def _():
    "a refund that failed again leaves the order completed, whoever saw it"
    a = new_shop()
    b = new_shop(a)
    session = a.sell(PLAIN)
    a.refund(session, 700, "fail")
    for event in a.events():
        equal(a.webhook(event).status, 200, event["type"])
    b.sync()
    for shop in (a, b):
        order = shop.order_of(session["id"])
        equal((order["status"], order.get("amountRefunded", 0)), ("completed", 0))
    with writes_nothing(a):
        equal(a.sync().differences, [])


@test
def _():
    "two ids that give one order number get two, and keep them in the next run"
    shop = new_shop()
    for first in ("aaaa", "bbbb"):
        shop.sell(PLAIN, id=f"cs_test_{first}SAME0001")
    equal(shop.sync().counts, {"sessions": 2, "missing": 2})
    equal(sorted(o["orderNumber"] for o in shop.orders()), ["BC-SAME0001", "BC-SAME0001A"])
    with writes_nothing(shop):
        equal(shop.sync().counts, {"sessions": 2, "inOrder": 2})
    agrees(shop)


@test
def _():
    "with ORDER_TTL_DAYS an order expires when it would have, and is not made again after that"
    shop = new_shop(ORDER_TTL_DAYS=1)
    old = shop.sell(PLAIN, created=NOW - DAY - 3600, at=NOW - DAY - 3500)
    new = shop.sell(PLAIN, created=NOW - 3600, at=NOW - 3500)
    equal(shop.sync().counts, {"sessions": 2, "missing": 1, "skipped": 1})
    equal([o["orderId"] for o in shop.orders()], [new["id"]])
    order = shop.order_of(new["id"])
    shop.write({**order, "expiresAt": NOW - 60})
    lacks(str(shop.sync("--dry-run").kinds()), old["id"])


# --- the measured scenario ---------------------------------------------------------------------

big = new_shop()
ids = big.sell_many(SESSIONS, "cs_test_big", metadata={"userId": "user_{n}"}, to=NOW - 100, emit=True)
missing, stale, pending = (ids[3::7][:MISSING], ids[1::7][:STALE - 2], ids[2::7][:PENDING])
REFUNDED, DISPUTED = ids[5], ids[12]


def make_big():
    """The table with all orders, and the two that Stripe has more to say of."""
    said = big.sync()
    equal(said.counts, {"sessions": SESSIONS, "missing": SESSIONS})
    session = big.stripe("GET", "/v1/checkout/sessions/" + REFUNDED)
    big.refund(session, 400)
    big.dispute({"id": DISPUTED}, "open")


def damage():
    """Orders go, orders are stale, orders wait."""
    gone = []
    for n, one in enumerate(missing):
        keys = big.of_order(one)
        gone += keys if n % 2 else keys[:1]
    big.forget(*gone)
    spoilt = [{"status": "pending", "completedAt": None}, {"status": "failed"}, {"amount": 1},
              {"customerEmail": "else@shop.example"}, {"completedAt": None}, {"status": "refunded",
              "amountRefunded": 1000}, {"currency": "eur"}, {"amountRefunded": 5},
              {"stripePaymentStatus": "unpaid"}]
    for n, one in enumerate(stale):
        big.spoil(one, **spoilt[n % len(spoilt)])
    for one in pending:
        big.spoil_all(one, itemsPending=True, items=[{"sku": "N-RED"}])


def versions(shop):
    return {k: i["version"] for k, i in shop.items().items()}


@test
def _():
    "the measured scenario: exactly what was spoilt is found, repaired and counted, with the fewest calls"
    make_big()
    equal(big.sync().kinds(), {REFUNDED: "stale", DISPUTED: "stale"})
    agrees(big)
    whole = {k: comparable(i) for k, i in big.items().items() if k != STATE}
    damage()
    before, dry = by_key(big.rows()), big.sync("--dry-run")
    equal(by_key(big.rows()), before, "rows after a dry run")
    counted, old = versions(big), by_key(big.rows())
    big.sim.post("/_sim/stats/reset")
    said = big.sync()
    # The status that was set back to pending, with the payment long there, is a pending one.
    late = {stale[0]} | set(pending)
    kinds = {one: "missing" for one in missing} | {one: "stale" for one in stale} | \
        {one: "pending" for one in late}
    equal(said.kinds(), kinds)
    equal(dry.kinds(), kinds, "the dry run")
    equal([(d["orderId"], sorted(d["fields"])) for d in dry.differences],
          [(d["orderId"], sorted(d["fields"])) for d in said.differences], "fields")
    equal(said.counts, {"sessions": SESSIONS, "inOrder": SESSIONS - len(kinds),
                        "missing": len(missing), "stale": len(stale) - 1, "pending": len(late)})
    equal({n: big.state()["summary"][n] for n in COUNTS}, {n: said.summary[n] for n in COUNTS})
    calls = big.sim.calls()
    equal(calls[LIST], SESSIONS // 100, "lists of sessions")
    equal(calls["GET /v1/checkout/sessions/{id}"], len(kinds), "sessions that were asked for")
    ok(calls[EVENTS] <= 2 * SESSIONS // 100 + 2, str(calls))
    check_writes(old, counted, kinds)
    now = {k: comparable(i) for k, i in big.items().items() if k != STATE}
    equal([(whole.get(k), now.get(k)) for k in changed(whole, now)], [], "the table")
    agrees(big)


def check_writes(old, counted, kinds):
    """Only rows of what differed were written, each once."""
    now, items = by_key(big.rows()), big.items()
    wrong = [k for k in changed(old, now) if k != STATE and owner(items[k]) not in kinds]
    equal(wrong, [], "rows of other orders that changed")
    twice = [k for k in changed(old, now) if k != STATE and
             items[k]["version"] != counted.get(k, 0) + 1]
    equal(twice, [], "rows that were written more than once")


@test
def _():
    "a hundred sessions that are in order cost one list, and the events one call a run"
    big.sim.post("/_sim/stats/reset")
    with writes_nothing(big):
        equal(big.sync().counts, {"sessions": SESSIONS, "inOrder": SESSIONS})
    # A disputed order's dispute is asked for each time.
    equal(big.sim.calls(), {LIST: SESSIONS // 100, EVENTS: 1, "GET /v1/disputes": 1})


@test
def _():
    "an order whose row is repaired gets its pointers back too"
    one = ids[40]
    keys = big.of_order(one)
    equal(len(keys), 5, keys)
    for lost in keys[1:]:
        before = big.items()
        big.forget(lost)
        big.spoil(one, amount=7)
        equal(big.sync().kinds(), {one: "stale"})
        equal(comparable(big.item(*lost)), comparable(before[lost]), str(lost))
    agrees(big)


def astray(key):
    return key[0].split("#")[0] + "#"


@test
def _():
    "an item beside an order that is gone is a difference of its own, named and mended, the order untouched"
    one = ids[41]
    for lost in big.of_order(one)[1:]:
        before = big.items()
        big.forget(lost)
        dry = big.sync("--dry-run")
        equal(big.item(*lost), None)
        said = big.sync()
        equal((dry.kinds(), said.kinds()), ({one: "pointers"}, {one: "pointers"}))
        equal((said.of(one)["pointers"], said.of(one)["fields"]), ([astray(lost)], {}))
        equal(said.counts, {"sessions": SESSIONS, "inOrder": SESSIONS - 1, "pointers": 1})
        equal(comparable(big.item(*lost)), comparable(before[lost]), str(lost))
        equal([k for k in changed(before, big.items()) if k not in (lost, STATE)], [], "other rows")
    equal(big.sync().kinds(), {})
    agrees(big)


@test
def _():
    "an item beside an order that says something else is named and mended too, also of a refunded order"
    wrong = {"SESSION#": {"orderPK": "USER#else"}, "PAYMENT#": {"order": {"status": "pending"}},
             "NUMBER#": {"orderSK": "ORDER#1#else"}, "DAY#": {"status": "pending"}}
    for one in (ids[42], REFUNDED):
        for key in big.of_order(one)[1:]:
            before = big.items()
            big.write({**before[key], **wrong[astray(key)]})
            run = big.run("sync", "--dry-run")
            contains(run.out, f"  {astray(key)}\n")
            contains(run.out, " 1 with wrong pointers: nothing was written")
            said = big.sync()
            equal([(d["orderId"], d["difference"], d["pointers"]) for d in said.differences],
                  [(one, "pointers", [astray(key)])])
            equal(big.item(*key).get("status"), before[key].get("status"))
    equal(big.sync().kinds(), {})
    agrees(big)


@test
def _():
    "what may be so is no difference: a session's word, a copy's version, another's number"
    one = ids[43]
    big.sync("--since", "2020-01-01")
    items = {astray(k): big.item(*k) for k in big.of_order(one)}
    copy = items["PAYMENT#"]
    big.write({**items["SESSION#"], "status": "completed"}, {**items["NUMBER#"], "orderId": ids[44]},
              {**copy, "order": {**copy["order"], "version": 99}})
    with writes_nothing(big):
        equal(big.sync("--since", "2020-01-01").differences, [])
    big.write(items["SESSION#"], items["NUMBER#"], copy)


@test
def _():
    "a number whose pointer names an order that is not there is taken over, and none that is merely elsewhere"
    one, other, gone = ids[45], ids[46], "cs_test_gone0001"
    key = next(k for k in big.of_order(one) if k[0].startswith("NUMBER#"))
    right = big.item(*key)
    lost = {**right, "orderId": gone, "orderPK": "USER#gone", "orderSK": "ORDER#1700000000#" + gone}
    session = {"PK": "SESSION#" + gone, "SK": "METADATA", "version": 1, "orderId": gone}
    there = big.item("SESSION#" + other, "METADATA")
    moved = {**lost, "orderId": other, "orderSK": "ORDER#1#" + other}
    for pointer in (moved, {**moved, "orderPK": there["orderPK"], "orderSK": there["orderSK"]}):
        big.write(pointer)
        with writes_nothing(big):
            equal(big.sync().kinds(), {})
    for pointer, beside in ((lost, ()), (lost, (session,)),
                            (lost, ({**session, **{k: lost[k] for k in ("orderPK", "orderSK")}},)),
                            (lost, ({**session, **{k: there[k] for k in ("orderPK", "orderSK")}},)),
                            ({"PK": key[0], "SK": key[1], "version": 2}, ())):
        big.write(pointer, *beside)
        said = big.sync("--dry-run")
        equal((said.kinds(), said.of(one)["pointers"]), ({one: "pointers"}, ["NUMBER#"]))
        equal(big.sync().kinds(), {one: "pointers"})
        equal(comparable(big.item(*key)), comparable(right))
        with writes_nothing(big):
            equal(big.sync().kinds(), {})
        big.forget((session["PK"], "METADATA"))
    agrees(big)


@test
def _():
    "a session's item that would end before its order is mended once, also one that has ended"
    old = big.sell(created=NOW - 31 * DAY, at=NOW - 31 * DAY)["id"]
    key = ("SESSION#" + old, "METADATA")
    big.sync("--since", "2020-01-01")
    right = big.item(*key)
    ok("expiresAt" not in right, "it ends")
    for ends in (NOW + 3 * DAY, NOW - DAY):
        big.write({**right, "expiresAt": ends})
        before = big.items()
        said = big.sync("--since", "2020-01-01")
        equal([(d["orderId"], d["pointers"]) for d in said.differences], [(old, ["SESSION#"])])
        equal(comparable(big.item(*key)), comparable(right))
        equal([k for k in changed(before, big.items()) if k not in (key, STATE)], [], "other rows")
        with writes_nothing(big):
            equal(big.sync("--since", "2020-01-01").differences, [])


# --- --dry-run ------------------------------------------------------------------------------------

@test
def _():
    "--dry-run prints each field before and after, and writes nothing, not even the file"
    shop = new_shop()
    one = shop.sell(PLAIN)
    for how, more in ((["--dry-run"], {}), ([], {"SYNC_DRY_RUN": 1})):
        run = shop.run("sync", *how, **more)
        contains(run.out, "missing")
        contains(run.out, one["id"])
        contains(run.out, "    amount: 2500\n")
        contains(run.out, "(dry run): 1 sessions")
        contains(run.out, "nothing was written")
        contains(run.out, " reads and 0 writes of the store")
        lacks(run.out, " 0 reads")
        ok(re.search(r" of the store, \d+\.\d s\n", run.out), run.out)
        equal(shop.items(), {})
    equal(shop.sync().counts, {"sessions": 1, "missing": 1})
    shop.spoil(one["id"], amount=7, customerEmail=None)
    shop.forget(STATE)
    with shop.unchanged():
        run = shop.run("sync", "--dry-run")
    contains(run.out, "    amount: 7 -> 2500\n")
    contains(run.out, "    customerEmail: (none) -> ")
    lacks(run.out, "updatedAt")
    lacks(run.out, "version")
    ok(shop.state() is None, "a dry run wrote its state")


@test
def _():
    "--dry-run looks as far back as the run after it does"
    shop = new_shop()
    old = shop.sell(PLAIN, created=NOW - 5 * DAY, at=NOW - 5 * DAY + 60)
    shop.sync("--hours", 1)
    shop.write({**shop.state(), "through": NOW - 5 * DAY})
    equal(shop.sync("--dry-run").kinds(), {old["id"]: "missing"})
    equal(shop.sync().kinds(), {old["id"]: "missing"})


@test
def _():
    "an order whose receipt has another link in each of Stripe's answers is in order"
    shop = SyncShop()
    try:
        shop.sim.post("/_sim/receipts", {})
        session = shop.sell()
        equal(shop.sync().kinds(), {session["id"]: "missing"})
        order = shop.order_of(session["id"])
        equal(shop.sync().counts, {"sessions": 1, "inOrder": 1})
        shop.refund(session, 100)
        equal(shop.sync().kinds(), {session["id"]: "stale"})
        ok(shop.order_of(session["id"])["payment"]["receiptUrl"] != order["payment"]["receiptUrl"], "the newest link")
        equal(shop.sync().counts, {"sessions": 1, "inOrder": 1})
    finally:
        shop.close()


main(*shops)
