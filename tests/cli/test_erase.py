#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap erase`: the person leaves an order and all that is written next to it, the sale stays,
and nothing that Stripe says later brings the person back.
"""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time

from sync_kit import SyncShop, equal, ok
from command_kit import COMMAND, lib
from terminal import new_terminal
from orders import lambda_order, put, put_items
from preload import Syncs
from tap import contains, lacks, main, test
from workers import FastCgi

PERSON = ("Jane Doe", "jane@mail.example", "Main Street", "+4915", "a gift for Jane")
WHO = {"email": "jane@mail.example", "name": "Jane Doe", "phone": "+49151234567",
       "shipping": {"name": "Jane Doe", "address": {"line1": "Main Street 1", "country": "DE"}}}
# Holds what it reads first until its input ends.
READER = """import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN")
db.execute("SELECT count(*) FROM items").fetchall()
print("reads", flush=True)
sys.stdin.read()
"""
SUMS = ("amount", "amountSubtotal", "currency", "items", "orderNumber", "createdAt", "completedAt",
        "status", "stripePaymentIntentId")

shop = SyncShop()
shop.run("init")


def sell(user=None, **more):
    """A paid session, delivered."""
    metadata = {"note": "a gift for Jane", **({"userId": user} if user else {})}
    session = shop.sell(metadata=metadata, **WHO, **more)
    equal(deliver(session).status, 200)
    return session


def sell_to(address):
    session = shop.sell(metadata={"note": "a gift for Jane"}, **{**WHO, "email": address})
    equal(deliver(session).status, 200)
    return session


def erased_of(ids):
    return sum("erasedAt" in o for o in shop.orders() if o["orderId"] in ids)


def completed(session):
    return next(e for e in shop.events() if e["type"] == "checkout.session.completed" and
                e["data"]["object"]["id"] == session["id"])


def deliver(session, **more):
    event = completed(session)
    return shop.webhook({**event, **more})


def text():
    """All that the table holds."""
    return json.dumps([[*key, item] for key, item in shop.items().items()])


def is_gone(what=""):
    for key, item in shop.items().items():
        found = [part for part in PERSON if part in json.dumps([*key, item])]
        equal(found, [], f"{what}left in {key}")


def number(session):
    return shop.order_of(session["id"])["orderNumber"]


def is_whole(session, before):
    """The order is as it was but for the person, once, and all names it."""
    order = shop.order_of(session["id"])
    equal({k: order.get(k) for k in SUMS}, {k: before.get(k) for k in SUMS})
    ok(order["erasedAt"], "erasedAt")
    named = [i for i in shop.items().values() if i.get("orderId") == session["id"] and "orderPK" in i]
    equal(len(named), 4, "session, payment, number and day")
    for item in named:
        equal((item["orderPK"], item["orderSK"], item["userId"]),
              (order["PK"], order["SK"], order["userId"]))
    copy = shop.item("PAYMENT#" + session["payment_intent"], "METADATA")["order"]
    equal(copy, order, "the payment's copy")
    return order


def late(session):
    """All that can still come: the event again, others of the session, a sync, a refund."""
    equal(deliver(session).status, 200)
    for kind in ("completed", "async_payment_succeeded", "async_payment_failed", "expired"):
        equal(deliver(session, id=f"evt_late_{session['id']}_{kind}",
                      type=f"checkout.session.{kind}").status, 200)
    shop.sync()
    shop.refund(session, 100)
    event = next(e for e in shop.events() if e["type"] == "charge.refunded" and
                 e["data"]["object"]["payment_intent"] == session["payment_intent"])
    equal(shop.webhook(event).status, 200)
    equal(shop.order_of(session["id"])["amountRefunded"], 100)
    shop.sync()


@test
def _():
    "a user's order stays under its user, without the person, and late events don't bring it back"
    session = sell("user_1")
    before = shop.order_of(session["id"])
    contains(text(), "Jane Doe")
    run = shop.run("erase", number(session), "--yes")
    contains(run.err, "1 erased, 0 had been before, 0 failed")
    lacks(run.err, "jane@mail.example")
    equal(is_whole(session, before)["PK"], "USER#user_1")
    is_gone()
    late(session)
    is_gone()
    equal(len(shop.orders()), 1)


@test
def _():
    "a guest's order moves to a key that names nobody, and late events find it there"
    session = sell()
    before = shop.order_of(session["id"])
    equal(before["PK"], "USER#jane@mail.example")
    shop.run("erase", session["id"], "--yes")
    order = is_whole(session, before)
    equal((order["PK"], order["userId"], order["SK"], order["version"]),
          ("USER#erased-" + before["orderNumber"], "erased-" + before["orderNumber"], before["SK"], 1))
    equal(shop.item(before["PK"], before["SK"]), None)
    is_gone()
    late(session)
    is_gone()
    equal([o["orderId"] for o in shop.orders()].count(session["id"]), 1)
    contains(shop.run("show", before["orderNumber"]).out, before["orderNumber"])


@test
def _():
    "the session's item outlives its days, so that nothing makes a second order"
    session = sell()
    shop.run("erase", session["payment_intent"], "--yes")
    ok("expiresAt" not in shop.item("SESSION#" + session["id"], "METADATA"), "it would expire")


@test
def _():
    "a guest's order without a number is erased, too, and gets the one that its session has"
    for nothing in (None, 7):
        session = sell()
        before = shop.order_of(session["id"])
        shop.store({**before, "orderNumber": nothing})
        shop.run("erase", session["id"], "--yes")
        is_gone()
        equal(is_whole(session, before)["userId"], "erased-" + before["orderNumber"])


@test
def _():
    "--user takes all orders of a person, in any spelling, and goes on where it ended"
    sessions = [sell() for _ in range(3)]
    shop.run("erase", sessions[0]["id"], "--yes")
    contains(shop.run("erase", "--user", "Jane@Mail.example", "--yes").err, "2 erased, 0 had been")
    contains(shop.run("erase", "--user", "Jane@Mail.example", "--yes").err, "0 erased, 0 had been")
    is_gone()
    mixed = [sell("user_7") for _ in range(2)]
    shop.run("erase", mixed[0]["id"], "--yes")
    contains(shop.run("erase", "--user", "user_7", "--yes").err, "1 erased, 1 had been before")
    is_gone()


@test
def _():
    "who is in an erased order again, as ordersnap 0.1.0 wrote it after a rollback, is erased once more"
    person = ("customerName", "customerEmail", "shippingAddress")
    for user in ("user_8", None):
        session, who = sell(user), user or "jane@mail.example"
        before = shop.order_of(session["id"])
        shop.run("erase", session["id"], "--yes")
        is_gone()
        for name in ("an order", "a user"):
            shop.spoil_all(session["id"], **{k: before[k] for k in person})
            contains(text(), "Jane Doe")
            run = shop.run("erase", *([session["id"]] if name == "an order" else ["--user", who]), "--yes")
            contains(run.err, "1 erased, 0 had been before")
            is_gone()
        is_whole(session, before)
        contains(shop.run("erase", session["id"], "--yes").err, "0 erased, 1 had been before")


@test
def _():
    "an order of the Lambda functions loses its person too, without a pointer to find it by"
    order = {**lambda_order("cs_test_old1", 1700000000, "jane@mail.example"),
             "customerName": "Jane Doe", "customerEmail": "jane@mail.example",
             "shippingAddress": {"line1": "Main Street 1"}}
    put(shop, order, without=("day", "number", "session", "payment"))
    contains(shop.run("erase", "--user", "jane@mail.example", "--yes").err, "1 erased")
    is_gone()
    found = shop.order_of("cs_test_old1")
    equal((found["PK"], found["amount"]), ("USER#erased-" + order["orderNumber"], 8500))
    ok(shop.item("SESSION#cs_test_old1", "METADATA")["orderPK"] == found["PK"], "the session's item")


@test
def _():
    "--user is taken without the blanks around it, and what can be no user's name is refused, not done"
    session = sell("user-blank")
    for user in ("   ", "x" * 257, "x" * 250 + "@mail.example"):
        contains(shop.run("erase", "--user", user, "--yes", code=2).err, "--user must be a user's id")
    contains(shop.run("erase", "--user", " user-blank\t", "--yes").err, "1 erased, 0 had been before, 0 failed")
    is_gone()
    is_whole(session, shop.order_of(session["id"]))


def bytes_of_store():
    """Of the file and of its log, which a running program keeps.  In a process of its own: closing the file would
    drop the locks of what this one has of it."""
    return subprocess.run(["cat", shop.db, shop.db + "-wal"], capture_output=True, check=False).stdout


@test
def _():
    "what was erased is in no byte of the file and of its log, while programs have them open"
    session = shop.sell(metadata={}, **{**WHO, "email": "sole@mail.example"})
    fcgi = FastCgi(shop, "stripe-webhook")
    try:
        equal(fcgi.webhook(completed(session)).status, 200)
        ok(b"sole@mail.example" in bytes_of_store() and os.path.exists(shop.db + "-wal"), "it is there, in a log")
        shop.run("erase", "--user", "sole@mail.example", "--yes", "--dry-run")
        ok(b"sole@mail.example" in bytes_of_store(), "a dry run changes nothing")
        shop.run("erase", "--user", "sole@mail.example", "--yes")
        ok(b"sole@mail.example" not in bytes_of_store(), "the address is in the store's files")
        # Somebody reads for long: then it is said, and the same command does it later.
        again = shop.sell(metadata={}, **{**WHO, "email": "sole@mail.example"})
        equal(fcgi.webhook(completed(again)).status, 200)
        with subprocess.Popen([sys.executable, "-c", READER, shop.db], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as reader:
            reader.stdout.readline()
            run = shop.run("erase", number(again), "--yes", code=1)
            contains(run.err, "1 erased, 0 had been before, 0 failed")
            contains(run.err, "what was erased may still stand in the store's files: " + shop.db +
                     "-wal can't be emptied")
            contains(run.err, "run the same command again")
            reader.stdin.close()
        contains(shop.run("erase", number(again), "--yes").err, "1 had been before, 0 failed")
        ok(b"sole@mail.example" not in bytes_of_store(), "the address is in the store's files")
    finally:
        fcgi.close()


@test
def _():
    "an order of theirs whose number another sale has is erased in the number's pointer with the letter, too"
    first, second = (lambda_order(f"cs_test_{n}_samenumber", 1700000000, f"{n}@mail.example") for n in ("ann", "jane"))
    equal(first["orderNumber"], second["orderNumber"])
    put(shop, first, second, without=("day", "number", "session", "payment"))
    shop.run("adopt")
    number_key = (f"NUMBER#{first['orderNumber']}A", "METADATA")
    before = shop.item(*number_key)
    equal(before["orderId"], "cs_test_jane_samenumber")
    shop.run("erase", "cs_test_jane_samenumber", "--yes")
    is_gone()
    for again in (("cs_test_jane_samenumber",), ("--user", "jane@mail.example")):  # 0.2.0 left it
        put_items(shop, before)
        contains(shop.run("erase", *again, "--yes").err, "1 erased, 0 had been before, 0 failed")
        is_gone()
    contains(shop.run("erase", "cs_test_jane_samenumber", "--yes").err, "1 had been before")
    found = shop.order_of("cs_test_jane_samenumber")
    pointers = {i["orderId"]: i for k, i in shop.items().items() if k[0].startswith("NUMBER#" + first["orderNumber"])}
    equal({k: i["orderPK"] for k, i in pointers.items()},
          {"cs_test_ann_samenumber": "USER#ann@mail.example", "cs_test_jane_samenumber": found["PK"]})


@test
def _():
    "--user takes the orders along that the functions put under the address as it was typed, and no other's"
    typed = {"cs_test_typed1": ("Jane@Mail.example", "Jane@Mail.example"),
             "cs_test_typed2": ("janeshop@mail.example", "jane+Shop@mail.example"),
             "cs_test_typed3": ("janeshop@mail.example", "janeshop@mail.example")}
    for n, (session, (user, email)) in enumerate(typed.items()):
        put(shop, {**lambda_order(session, 1700000000 + n, user), "customerEmail": email},
            without=("day", "number", "session", "payment"))
    for who, left in (("jane@mail.example", 2), ("Jane+shop@mail.example", 1)):
        contains(shop.run("erase", "--user", who, "--dry-run").err, "1 would be erased")
        contains(shop.run("erase", "--user", who, "--yes").err, "1 erased, 0 had been before, 0 failed")
        equal(len([o for o in shop.orders() if "anes" in o["PK"] or "Jane" in o["PK"]]), left, who)
    equal(shop.order_of("cs_test_typed3")["customerEmail"], "janeshop@mail.example")
    other = {**lambda_order("cs_test_typed4", 1700000009, "janeshop@mail.example"),
             "customerEmail": "jane+shop@mail.example"}
    put(shop, other, without=("day", "number", "session", "payment"))
    run = shop.run("erase", "--user", "janeshop@mail.example", "--yes", code=1)
    contains(run.err, f"order {other['orderNumber']} is kept under this address, but its buyer has another one")
    contains(run.err, "erase it by its number")
    contains(run.err, "1 erased, 0 had been before, 1 failed")
    equal(shop.order_of("cs_test_typed4")["customerEmail"], "jane+shop@mail.example")
    shop.run("erase", "--user", "jane+shop@mail.example", "--yes")
    shop.run("erase", "--user", "janeshop@mail.example", "--yes")
    is_gone()


def come_back(session, **changed):
    """An order of before its person was erased comes back, as by `ordersnap import` of a copy from then."""
    before = shop.order_of(session["id"])
    shop.run("erase", session["id"], "--yes")
    shop.write({k: v for k, v in {**before, **changed}.items() if v is not None})
    equal(len([o for o in shop.orders() if o["orderId"] == session["id"]]), 2, "it stands twice")
    return before


@test
def _():
    "a guest's order that comes back with a copy of the table goes again, and what was erased stays"
    session = sell()
    before = come_back(session)
    contains(shop.run("erase", "--user", "jane@mail.example", "--yes").err, "1 erased, 0 had been before, 0 failed")
    equal(is_whole(session, before)["version"], 1)
    is_gone()
    late(session)
    is_gone()
    equal([o["orderId"] for o in shop.orders()].count(session["id"]), 1)


@test
def _():
    "an import of a copy from before the person was erased brings nobody back"
    for user in (None, "user_77"):
        session = sell(user)
        copy = shop.run("export").out
        before = shop.order_of(session["id"])
        shop.run("erase", session["id"], "--yes")
        contains(shop.run("import", input=copy).err, " 0 written")
        is_whole(session, before)
        is_gone()


@test
def _():
    "adopt --merge brings no person back, whoever wrote the order that came back"
    for changed in ({}, {"source": None}, {"source": None, "version": None}):
        session = sell()
        before = come_back(session, **changed)
        contains(shop.run("adopt", "--merge", code=None).err, "1 made one")
        is_whole(session, before)
        is_gone(f"{changed}: ")
        equal([o["orderId"] for o in shop.orders()].count(session["id"]), 1)


@test
def _():
    "--user takes the address out of the Lambda functions' sessions, which have nothing else of the buyer"
    def guest(session, address, user=None):
        order = {**lambda_order(session, 1700000000, user or re.sub(r"[^A-Za-z0-9@._-]", "", address)),
                 "customerName": "Joan Roe", "customerEmail": address}
        return [order, {"PK": "SESSION#" + session, "SK": "METADATA", "status": "completed",
                        "stripeSessionId": session, "stripeCustomerEmail": address}]
    hers = [*guest("cs_test_caps", "Jane.Doe+X@Mail.example"), *guest("cs_test_lower", "jane.doe+x@mail.example"),
            {"PK": "SESSION#cs_test_left", "SK": "METADATA", "status": "expired",
             "stripeCustomerEmail": "JANE.doe+x@mail.example"}]
    others = [*guest("cs_test_other", "jane.doex@mail.example"),
              *guest("cs_test_user", "jane.doe+x@mail.example", "user_9")]
    shop.write(*hers, *others)
    found = shop.run("erase", "--user", "jane.doe+x@mail.example", "--dry-run").err
    contains(found, "2 would be erased")
    contains(shop.run("erase", "--user", "jane.doe+x@mail.example", "--yes").err, "2 erased, 0 had been")
    contains(shop.run("erase", "--user", "jane.doe+x@mail.example", "--yes").err, "0 erased, 0 had been")
    for key, item in shop.items().items():
        ok(item in others or "jane.doe+x" not in json.dumps([*key, item]).lower(), f"left in {key}")
    equal([shop.item(o["PK"], o["SK"]) for o in others[:3]], others[:3])


@test
def _():
    "--user says that orders stand under the Lambda functions' spelling of an id, which may be another's"
    made = {**lambda_order("cs_test_auth0", 1700000000, "auth0abc"), "customerEmail": "jane@mail.example"}
    shop.write(made)
    told = shop.run("erase", "--user", "auth0|abc", "--yes").err
    contains(told, "1 orders stand under this id without the characters")
    contains(told, "0 erased")
    equal(shop.item(made["PK"], made["SK"]), made)
    lacks(shop.run("erase", "--user", "auth0abc", "--yes").err, "stand under")
    lacks(shop.run("erase", "--user", "auth0|abc", "--yes").err, "stand under")
    is_gone()


@test
def _():
    "--user takes a person out of the sessions that no order came of, and of no other's"
    ends = int(time.time()) + 3600
    left = [{"PK": f"SESSION#cs_test_left{n}", "SK": "METADATA", "version": 1, "userId": user,
             "stripeSessionId": f"cs_test_left{n}", "status": "open", "expiresAt": ends}
            for n, user in enumerate(("jane@mail.example", "Jane@Mail.example", "kim@mail.example"))]
    shop.write(*left)
    contains(shop.run("erase", "--user", "JANE@mail.example", "--dry-run").err, "2 sessions without")
    equal(shop.item(left[0]["PK"], "METADATA"), left[0])
    contains(shop.run("erase", "--user", "JANE@mail.example", "--yes").err, "2 sessions without")
    is_gone()
    kept = {k: v for k, v in left[0].items() if k != "userId"}
    equal(shop.item(left[0]["PK"], "METADATA"), {**kept, "version": 2})
    equal(shop.item(left[2]["PK"], "METADATA"), left[2])


@test
def _():
    "an erasure that is killed in its middle is whole after it was run again"
    many, done = 12, []
    with contextlib.closing(Syncs()) as syncs:
        for last in (2, 3, 7, many):
            user = f"jane{last}@mail.example"
            ids = [sell_to(user)["id"] for _ in range(many)]
            with shop.start("erase", "--user", user, "--yes", **syncs.variables, SYNCS_LAST=str(last)) as process:
                process.communicate()
            equal(process.returncode, -signal.SIGKILL)
            done.append(erased_of(ids))
            contains(shop.run("erase", "--user", user, "--yes").err, f"{many - done[-1]} erased")
            lacks(text(), user)
            is_gone(f"killed after {done}: ")
            equal([[o["orderId"] for o in shop.orders()].count(i) for i in ids], [1] * many)
    ok(done == sorted(set(done)) and done[-1] < many, f"killed after {done}, in the middle")


@test
def _():
    "--dry-run writes nothing"
    session = sell()
    before = shop.items()
    contains(shop.run("erase", session["id"], "--dry-run").err, "1 would be erased")
    equal(shop.items(), before)
    shop.run("erase", session["id"], "--yes")


@test
def _():
    "what is not there is said, the others are erased; wrong usage is 2"
    session = sell()
    run = shop.run("erase", "BC-NOTHERE1", session["id"], "--yes", code=1)
    contains(run.err, "1 erased, 0 had been before, 1 failed")
    is_gone()
    equal([shop.run("erase", *args, code=None).code for args in
           ([], ["--user", "u", "BC-1"], ["--nonsense"])], [2, 2, 2])
    contains(shop.run("erase", session["id"], "--yes").err, "0 erased, 1 had been before")


@test
def _():
    "a person at a terminal is asked, and nothing is erased where the question would not be seen"
    session = sell("user_asked")
    for answer, screen, erased in (("n", True, False), ("y", False, False), ("y", True, True)):
        leader, follower = new_terminal()
        process = subprocess.Popen([*lib.WRAPPER, COMMAND, "erase", number(session)], stdin=follower,
                                   stdout=subprocess.DEVNULL, stderr=follower if screen else subprocess.PIPE,
                                   env=shop.environment())
        os.close(follower)
        os.write(leader, answer.encode() + b"\n")
        err = process.communicate()[1]
        os.close(leader)
        equal((process.returncode, "erasedAt" in shop.order_of(session["id"])), (0 if erased else 1, erased))
        if not screen:
            contains(err.decode(), "nobody would see the question, as standard error is no terminal: give --yes")


main(shop.close)
