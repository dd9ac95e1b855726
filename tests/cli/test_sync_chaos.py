#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap sync` is killed with -9 ten times while webhooks go on: in the end the table says what
Stripe's ledger says, and the kills did not send it back to the beginning.  And it needs no memory to
speak of.

ORDERSNAP_SEED repeats what was chosen at random; ORDERSNAP_SYNC_MANY is the number of sessions whose
memory is measured (a run of as many and one of half of it).
"""
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import COMMAND, equal, eventually, kit, lib, main, ok, skip, test  # noqa: E402
from sync_kit import LIST, SyncShop, agrees  # noqa: E402

SEED = int(os.environ.get("ORDERSNAP_SEED") or time.time())
MANY = int(os.environ.get("ORDERSNAP_SYNC_MANY") or 4000)
SESSIONS, KILLS = 1200, 10
RSS_MAX = 32 << 10  # KiB
shops = []


def new_shop(**settings):
    shops.append(SyncShop(**settings))
    return shops[-1]


class Webhooks:
    """Delivers what it is given, in any order and some of it twice, until it is stopped."""

    def __init__(self, shop, rng, events):
        self.shop, self.stopped, self.failed = shop, threading.Event(), []
        self.waiting = events + rng.sample(events, len(events) // 4)
        rng.shuffle(self.waiting)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.waiting and not self.stopped.is_set():
            answer = self.shop.webhook(self.waiting.pop())
            if answer.status not in (200, 503):
                self.failed.append(answer)

    def stop(self):
        self.stopped.set()
        self.thread.join()


def aftermath(shop, rng, ids):
    """Refunds and disputes at Stripe, of which the shop hears or not."""
    for one in rng.sample(ids, 24):
        session = shop.stripe("GET", "/v1/checkout/sessions/" + one)
        rng.choice([lambda s: shop.refund(s, 1000), lambda s: shop.refund(s, 300),
                    lambda s: shop.refund(s, 300, "fail"), lambda s: shop.dispute(s, "open", "win"),
                    lambda s: shop.dispute(s, "open")])(session)


def killed_runs(shop, rng):
    """Ten runs that are killed on their way; how many were.  What a run has done when it dies is
    told by Stripe's calls, not by a clock, so that it is the same on any machine."""
    kills = 0
    while kills < KILLS:
        until = shop.sim.get("/_sim/stats")["total"] + rng.randrange(1, 120)
        running = shop.start("sync")
        eventually(lambda r=running, u=until: r.poll() is not None or
                   shop.sim.get("/_sim/stats")["total"] >= u, what="the run's calls")
        if running.poll() is None:
            kills += 1
            running.send_signal(signal.SIGKILL)
        running.communicate()
        if running.returncode == 0:
            break
    return kills


@test
def _():
    "killed ten times with webhooks beside it, the table says what the ledger says, each order once"
    print(f"# ORDERSNAP_SEED={SEED}", flush=True)
    rng = random.Random(SEED)
    shop = new_shop()
    ids = shop.sell_many(SESSIONS, metadata={"userId": "user_{n}"})
    late = [shop.sell(method="later") for _ in range(12)]
    aftermath(shop, rng, ids)
    for n, session in enumerate(late[:8]):
        shop.sim.post("/_sim/later", {"session": session["id"],
                                      "outcome": "fail" if n % 2 else "succeed"})
    shop.run("init")
    shop.sim.post("/_sim/stats/reset")
    webhooks = Webhooks(shop, rng, shop.events())
    kills = killed_runs(shop, rng)
    webhooks.stop()
    equal(webhooks.failed, [])
    last = shop.sync()
    lists = shop.sim.calls()[LIST]
    print(f"# {kills} kills, {lists} lists of {SESSIONS + len(late)} sessions", flush=True)
    ok(kills >= 5, f"it was killed {kills} times only")
    equal(last.summary["end"], "complete")
    agrees(shop, [s["id"] for s in late[1:8:2]])
    # A kill costs its page and two looks at what is new; not all pages again.
    pages = -(-(SESSIONS + len(late)) // 100)
    ok(lists <= pages + 3 * (kills + 1), f"{lists} lists of {pages} pages after {kills} kills")
    equal(shop.sync().counts["errors"] if "errors" in last.counts else 0, 0)


# --- memory ------------------------------------------------------------------------------------------

def clone(shop, ids):
    """The table has an order for each session, with all that belongs to it, made of the first one's."""
    one, ledger, listed = shop.order_of(ids[0]), shop.ledger(), created_of(shop)
    names = [one["SK"], one["orderNumber"], one["stripePaymentIntentId"], ids[0], one["createdAt"],
             "DAY#" + one["createdAt"][:10], one["payment"]["receiptUrl"]]
    kinds = ("USER#", "SESSION#", "PAYMENT#", "NUMBER#", "DAY#")
    made_of = [(pk, sk, json.dumps(item)) for (pk, sk), item in shop.items().items() if pk.startswith(kinds)]
    rows = []
    for session in ids:
        epoch, receipt = listed[session]
        created = text_of(epoch)
        others = [f"ORDER#{epoch}#{session}", "BC-" + session[-8:].replace("_", "").upper(),
                  ledger[session]["payment_intent"], session, created, "DAY#" + created[:10], receipt]
        for row in made_of:
            for name, other in zip(names, others):
                row = [text.replace(name, other) for text in row]
            rows.append(row)
    db = sqlite3.connect(shop.db)
    with db:
        db.executemany("INSERT OR REPLACE INTO items (pk, sk, item) VALUES (?, ?, ?)", rows)
    db.close()


def created_of(shop):
    """When each session was created, and where its receipt is, as the list says."""
    created, after = {}, ""
    while True:
        page = shop.stripe("GET", "/v1/checkout/sessions?limit=100&expand[]=data.payment_intent.latest_charge" + after)
        created.update({s["id"]: (s["created"], s["payment_intent"]["latest_charge"]["receipt_url"])
                        for s in page["data"]})
        if not page["has_more"]:
            return created
        after = "&starting_after=" + page["data"][-1]["id"]


def text_of(epoch):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(epoch))


# A process that is started counts the memory of the one that started it, so a small one does.
STARTER = ("import os, sys; pid = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]);"
           "_, status, usage = os.wait4(pid, 0);"
           "print(usage.ru_maxrss, usage.ru_utime + usage.ru_stime, file=sys.stderr);"
           "sys.exit(os.waitstatus_to_exitcode(status))")


def measure(shop, *args):
    """Runs sync; (summary, KiB of memory at most, seconds of a processor: whatever else runs)."""
    done = subprocess.run([sys.executable, "-ISc", STARTER, COMMAND, "sync", "--json", *args],
                          env=shop.environment(LOG_LEVEL="error"), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stdout[-500:] + done.stderr)
    memory, seconds = done.stderr.split()[-2:]
    return json.loads(done.stdout)["summary"], int(memory), float(seconds)


@test
def _():
    "the memory stays flat and the time linear, however many sessions are in order"
    if kit.SLOW or lib.WRAPPER:
        skip("valgrind and sanitizers have memory of their own")
    figures = []
    for count in (MANY // 2, MANY):
        shop = new_shop()
        ids = shop.sell_many(count, metadata={"userId": "user_1"}, to=int(time.time()) - 10)
        equal(shop.sync("--max-sessions", 1).counts["missing"], 1)
        shop.forget(("SYSTEM", "STRIPE_ORDER_SYNC"))
        clone(shop, [ids[-1]] + ids[:-1])
        summary, memory, seconds = measure(shop)
        print(f"# {count} sessions in order: {memory} KiB, {seconds:.1f} s, "
              f"{summary['stripeCalls']} calls", flush=True)
        # Alike they are, but a clone has the first one's time of payment: nothing that Stripe says.
        equal((summary["sessions"], summary["inOrder"]), (count, count))
        equal(summary["stripeCalls"], -(-count // 100) + 1)
        figures.append((memory, seconds))
        shop.close()
    (half, quick), (whole, slow) = figures
    ok(whole < RSS_MAX, f"{whole} KiB")
    ok(whole < half * 1.15 + 1024, f"{half} KiB for half, {whole} KiB for all")
    ok(slow < 3 * quick + 2, f"{quick:.1f} s for half, {slow:.1f} s for all")


main(*shops)
