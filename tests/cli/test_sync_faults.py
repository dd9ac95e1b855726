#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` on bad days: Stripe limits, fails, lies and goes away, the store is locked or gone;
and what is printed, on good days too.
"""
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import COMMAND, Watch, contains, equal, eventually, kit, lacks, lib, main, ok, test  # noqa: E402
from sync_kit import SyncShop, agrees  # noqa: E402
from terminal import new_terminal  # noqa: E402

SESSION = "GET /v1/checkout/sessions/{id}"
shops = []


def new_shop(**settings):
    shops.append(SyncShop(**settings))
    return shops[-1]


def heal(shop):
    shop.sim.post("/_sim/fault", method="DELETE")


def complaints(err):
    return [line for line in err.splitlines() if line.startswith("ordersnap")]


# Nobody listens there.  It takes its time, which the other tests use.
away = new_shop(STRIPE_API_BASE="http://127.0.0.1:9")
class Gone(threading.Thread):
    """A run that goes on beside the tests; `watch` stops when it ends."""

    def __init__(self):
        super().__init__(daemon=True)
        self.watch, self.process = Watch(), away.start("sync", "--json")
        self.start()

    def run(self):
        self.out, self.err = self.process.communicate()
        self.in_time = self.watch.allows(60)


gone = Gone()


# --- Stripe ----------------------------------------------------------------------------------

@test
def _():
    "Stripe's limit of 25 a second makes it slower, not wrong"
    for limit in (25, 12, 6, 3):  # a machine that is busy may not reach the first
        shop = new_shop()
        sessions = 4 * limit + 10
        shop.sell_many(sessions)
        shop.sim.post("/_sim/rate_limit", {"per_second": limit})
        said = shop.sync()
        stats = shop.sim.get("/_sim/stats")
        ok(stats["limited"] <= 2, f"it did not slow down: {stats}")
        equal(said.counts, {"sessions": sessions, "missing": sessions})
        agrees(shop)
        if stats["limited"]:
            return
    raise AssertionError("it was never too fast: the test tells nothing")


@test
def _():
    "what passes is waited for: server errors, half answers, hung up connections, slow ones"
    shop = new_shop()
    shop.sell_many(6)
    for match, kind, times in (("GET /v1/checkout/sessions$", "status", 4),
                               ("GET /v1/checkout/sessions$", "garbage", 1),
                               ("GET /v1/events", "disconnect", 2),
                               ("GET /v1/checkout/sessions/cs_", "disconnect_after", 2),
                               ("GET /v1/checkout/sessions/cs_", "garbage", 1)):
        shop.fault(match, kind, times=times)
    shop.fault("GET /v1/checkout/sessions/cs_", "delay", times=2, ms=700)
    equal(shop.sync().counts, {"sessions": 6, "missing": 6})
    equal([f for f in shop.sim.get("/_sim/fault") if not f.get("struck", 1)], [], "idle faults")
    agrees(shop)
    equal(shop.sync().counts, {"sessions": 6, "inOrder": 6})


@test
def _():
    "a key that was revoked is one clear line, at once"
    shop = new_shop(STRIPE_SECRET="sk_test_revoked00000000000000")
    shop.sell_many(2)
    start = Watch()
    run = shop.run("sync", code=1)
    start.at_most(5)
    equal(len(complaints(run.err)), 1, run.err)
    contains(complaints(run.err)[0], "401")
    equal(shop.orders(), [])


@test
def _():
    "a key that may not read events: the orders are made and the pending ones looked at, and it says why"
    shop = new_shop()
    now = int(time.time())
    old = shop.sell(method="later", created=now - 5 * 86400, at=now - 5 * 86400)
    shop.sync("--since", "2020-01-01")
    shop.sim.post("/_sim/later", {"session": old["id"], "outcome": "succeed"})
    ids = shop.sell_many(3)
    shop.forget(("SYSTEM", "STRIPE_ORDER_SYNC"))
    shop.sim.post("/_sim/permissions", {"deny": ["GET /v1/events"]})
    said = shop.sync(code=1)
    equal(said.kinds(), {one: "missing" for one in ids} | {old["id"]: "pending"})
    contains(said.run.err, "403")
    equal(said.summary["end"], "failed")
    contains(said.summary["error"], "/v1/events")
    agrees(shop)


@test
def _():
    "a key that may not read sessions, or is revoked on the way, ends the run at once with a clear sentence"
    for shop, status in ((new_shop(), 401), (new_shop(), 403)):
        ids = shop.sell_many(5)
        shop.fault("GET /v1/checkout/sessions/cs_", status=status, times=-1)
        watch = Watch()
        said = shop.sync(code=1)
        watch.at_most(10)
        equal((said.summary["end"], said.counts.get("errors")), ("failed", None))
        contains(said.summary["error"], "STRIPE_SECRET is no key, or may not read")
        contains(said.summary["error"], f"Stripe answered {status}")
        equal([line for line in complaints(said.run.err) if "STRIPE_SECRET" not in line], [])
        # 403: it is asked again for less, which this key might read.
        equal(shop.sim.calls()[SESSION], 1 if status == 401 else 2)
        equal(shop.state()["setAside"], [])
        equal({o.get("itemsPending") for o in shop.orders()}, {True})
        heal(shop)
        equal(sorted(shop.sync().kinds()), ids)
        agrees(shop)


@test
def _():
    "a key that is refused while what was set aside is tried again ends the run, and all stays set aside"
    shop = new_shop()
    ids = shop.sell_many(2)
    shop.fault("GET /v1/checkout/sessions/cs_", status=404, times=-1)
    equal(shop.sync(code=1).counts, {"sessions": 2, "errors": 2})
    heal(shop)
    shop.fault("GET /v1/checkout/sessions/cs_", status=403, times=-1)
    contains(shop.sync(code=1).summary["error"], "403")
    equal(sorted(entry["id"] for entry in shop.state()["setAside"]), ids)
    heal(shop)
    equal(shop.sync().kinds(), {one: "missing" for one in ids})
    equal(shop.state()["setAside"], [])
    agrees(shop)


@test
def _():
    "sessions that Stripe lists but does not know are errors, asked for once, and the others are done"
    shop = new_shop()
    ids = shop.sell_many(9)
    for one in ids[3:7]:  # more in a row than failures may be that pass
        shop.fault(f"GET /v1/checkout/sessions/{one}", status=404, times=-1)
    said = shop.sync(code=1)
    equal(said.counts, {"sessions": 9, "missing": 5, "errors": 4})
    equal(sorted(d["orderId"] for d in said.differences if d["difference"] == "error"), ids[3:7])
    equal(said.of(ids[3])["error"].startswith(f"Stripe does not know session {ids[3]}"), True)
    contains(said.run.err, "4 sessions could not be brought in order")
    equal(shop.sim.calls()[SESSION], 9)
    equal(len(shop.orders()), 5)
    heal(shop)
    equal(shop.sync().kinds(), {one: "missing" for one in ids[3:7]})
    agrees(shop)


@test
def _():
    "a session that comes at the second try is no second difference"
    shop = new_shop()
    ids = shop.sell_many(2)
    shop.fault(f"GET /v1/checkout/sessions/{ids[0]}", status=500, times=4)
    equal(shop.sync().kinds(), {one: "missing" for one in ids})
    agrees(shop)


@test
def _():
    "Stripe that hangs for two seconds is waited for"
    shop = new_shop()
    shop.sell_many(150)
    shop.fault("GET /v1/checkout/sessions/cs_", "delay", ms=5, times=-1)
    running = shop.start("sync")
    eventually(lambda: len(shop.orders()) > 105)
    shop.sim.process.send_signal(signal.SIGSTOP)
    threading.Timer(2, lambda: shop.sim.process.send_signal(signal.SIGCONT)).start()
    out, err = running.communicate(timeout=60)
    equal(running.returncode, 0, err)
    contains(out.decode(), "150 missing")
    heal(shop)
    agrees(shop)


# --- the store ------------------------------------------------------------------------------------

@test
def _():
    "a table that is locked for some seconds is waited for"
    shop = new_shop()
    shop.sell_many(3)
    shop.run("init")
    db = sqlite3.connect(shop.db, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN EXCLUSIVE")
    threading.Timer(3, lambda: db.execute("ROLLBACK")).start()
    equal(shop.sync().counts, {"sessions": 3, "missing": 3})
    db.close()
    agrees(shop)


@test
def _():
    "a folder that is gone is named, in one line"
    shop = new_shop(COMMERCE_DB="/no/such/folder/orders.db")
    start = Watch()
    run = shop.run("sync", code=1)
    start.at_most(30)
    equal(len(complaints(run.err)), 1, run.err)
    contains(complaints(run.err)[0], "/no/such/folder/orders.db")


# --- what is printed --------------------------------------------------------------------------------

@test
def _():
    "--json is one object where it failed at the start too; a wrong setting is no run"
    shop = new_shop(COMMERCE_DB="/no/such/folder/orders.db")
    said = shop.sync(code=1)
    equal((said.summary["end"], said.differences), ("failed", []))
    contains(said.summary["error"], "/no/such/folder")
    run = shop.run("sync", "--json", code=1, STRIPE_SECRET=None)
    equal((run.out, len(run.err.splitlines())), ("", 1), run.err)
    contains(run.err, "STRIPE_SECRET")


@test
def _():
    "what a buyer typed can't speak to the terminal, nor make a line of its own"
    shop = new_shop()
    shop.sell(name="Eve\x1b]0;x\x07\nmissing  BC-1", email="eve@shop.example")
    run = shop.run("sync", "--dry-run")
    equal(re.findall(r"[\x00-\x09\x0b-\x1f]", run.out), [])
    equal(len([line for line in run.lines if line.startswith("missing")]), 1, run.out)
    equal(shop.sync().differences[0]["fields"]["customerName"]["after"],
          "Eve\x1b]0;x\x07\nmissing  BC-1")


@test
def _():
    "--quiet says nothing where all went well, and the summary where it did not"
    shop = new_shop(LOG_LEVEL="error")
    one, = shop.sell_many(1)
    run = shop.run("sync", "--quiet")
    equal([line.split()[0] for line in run.lines], ["missing"])
    equal(run.err, "")
    run = shop.run("sync", "--quiet")
    equal((run.out, run.err), ("", ""))
    shop.forget(*shop.of_order(one))
    shop.fault("GET /v1/checkout/sessions/cs_", status=404, times=-1)
    contains(shop.run("sync", "--quiet", code=1).out, "1 errors")


@test
def _():
    "where standard error is no terminal, the progress is plain lines, if any"
    shop = new_shop()
    shop.sell_many(30)
    run = shop.run("sync")
    for sign in ("\r", "\x1b", "[#"):
        lacks(run.err + run.out, sign)
    equal(len(run.lines), 30 + 4, run.out)


def screen(raw):
    """What a terminal shows in the end: carriage return and erase to the end of the line are known."""
    lines, column = [""], 0
    for part in re.findall(r"\x1b\[K|\r|\n|[^\x1b\r\n]+|\x1b", raw):
        if part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
            column = 0
        elif part == "\x1b[K":
            lines[-1] = lines[-1][:column]
        else:
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part):]
            column += len(part)
    return lines


def on_terminal(shop, *args):
    """Runs with a terminal as standard error; (standard output, what was sent to the terminal)."""
    master, slave = new_terminal()
    process = subprocess.Popen([*lib.WRAPPER, COMMAND, *args], env=shop.environment(), stderr=slave,
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    os.close(slave)
    raw = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        raw += part
    os.close(master)
    out, _ = process.communicate(timeout=60)
    equal(process.returncode, 0, raw)
    return out.decode(), raw.decode()


@test
def _():
    "on a terminal there is a bar, which leaves nothing behind"
    shop = new_shop()
    shop.sell_many(40)
    shop.fault("GET /v1/checkout/sessions/cs_", "delay", ms=20, times=-1)
    out, raw = on_terminal(shop, "sync")
    contains(raw, "[##")
    contains(raw, "sessions, ")
    for line in screen(raw):
        lacks(line, "[#")
        lacks(line, "..]")
    ok(max(len(line) for line in re.split(r"[\r\n]", raw.replace("\x1b[K", ""))) < 200, "width")
    equal(len(out.splitlines()), 44, out)
    shop.forget(*[k for k in shop.items() if k[0] != "SYSTEM"])
    lacks(on_terminal(shop, "sync", "--quiet")[1], "[##")


# --- Stripe is away for good ------------------------------------------------------------------------

@test
def _():
    "Stripe that is away for good: exit 1 within a minute, one clear line, one object of JSON"
    gone.join(300 * kit.PATIENCE)
    ok(not gone.is_alive(), "it goes on and on")
    out, err = gone.out, gone.err
    equal(gone.process.returncode, 1, err)
    ok(gone.in_time, "it took more than a minute")
    equal(len(complaints(err.decode())), 1, err)
    contains(complaints(err.decode())[0], "127.0.0.1")
    equal(json.loads(out)["summary"]["end"], "failed")


@test
def _():
    "no secret and no whole address is in what was logged"
    kit.check_log(["sk_test_revoked"])


@test
def _():
    "an order that an event told of while Stripe could not be asked is confirmed by the next sync"
    shop = new_shop()
    session = shop.sell(method="later")

    def deliver(kind):
        return shop.webhook([e for e in shop.events() if e["type"] == kind][-1]).status
    equal(deliver("checkout.session.completed"), 200)
    shop.sim.post("/_sim/later", {"session": session["id"], "outcome": "fail"})
    shop.fault("GET /v1/checkout/sessions/", "status", status=500, times=-1)
    equal(deliver("checkout.session.async_payment_failed"), 503)
    heal(shop)
    order = shop.order_of(session["id"])
    equal((order["status"], order["unconfirmed"]), ("failed", True))
    equal(shop.sync().counts, {"sessions": 1, "stale": 1})
    equal(shop.sync().counts, {"sessions": 1, "inOrder": 1})
    lacks(json.dumps(shop.order_of(session["id"])), "unconfirmed")


main(*shops)
