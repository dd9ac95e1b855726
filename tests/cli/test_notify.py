#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ORDER_HOOK` and `ordersnap notify`: what happens to an order is queued with it, and the shop's
program is told of it at least once, whatever that program does.
"""
import contextlib
import hashlib
import hmac
import json
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time

from notify_kit import DAY, HOUR, MINUTE, TAKE, HookShop
from command_kit import COMMAND, contains, equal, eventually, lacks, ok, skip, test
from command_kit import main as run_all
import environment
import kit
import shop as lib

shop = HookShop()


# --- what is queued ---------------------------------------------------------------------------

@test
def _():
    "a sale, its refund and its dispute are told once each, with the order as it is"
    shop.empty()
    session = shop.sale()
    shop.notify()
    sale, = shop.told()
    equal(sale["notification"]["events"], ["created", "paid"])
    equal({k: v for k, v in sale.items() if k != "notification"}, shop.order_of(session["id"]))
    shop.refund(session, 400)
    shop.deliver("charge.refunded")
    shop.notify()
    refund, = shop.told()
    equal((refund["notification"]["events"], refund["amountRefunded"]), (["refunded"], 400))
    shop.dispute(session, "open")
    shop.deliver("charge.dispute.created")
    shop.notify()
    equal(shop.events_told(), ["disputed"])
    shop.notify()
    equal(shop.told(), [])
    equal(shop.outbox(), [])


@test
def _():
    "a delayed payment is created and then paid, or failed"
    shop.empty()
    for outcome, event in (("paid", "succeeded"), ("failed", "failed")):
        session = shop.sell(method="later")
        shop.deliver("checkout.session.completed", session)
        shop.sim.post("/_sim/later", {"session": session["id"], "outcome": "succeed" if outcome == "paid" else "fail"})
        shop.deliver(f"checkout.session.async_payment_{event}", session)
        equal(sorted(" ".join(i["events"]) for i in shop.outbox()), sorted(["created", outcome]))
        shop.empty()


@test
def _():
    "an event that comes twice, or is replayed, tells nothing more"
    shop.empty()
    session = shop.sale()
    shop.deliver("checkout.session.completed", session)
    event = [e for e in shop.events() if e["data"]["object"]["id"] == session["id"]][-1]
    shop.run("replay", "--again", event["id"])
    equal([i["events"] for i in shop.outbox()], [["created", "paid"]])


@test
def _():
    "an order costs one item more with a hook, in its own transaction, and the same calls"
    def cost(**variables):
        session = shop.sell()
        event = [e for e in shop.events() if e["data"]["object"]["id"] == session["id"]][-1]
        before = len(shop.items())
        answer = shop.webhook(event, **variables)
        line = next(x for x in answer.log.splitlines() if "Webhook processed" in x)
        words = dict(w.split("=") for w in line.split() if "=" in w)
        return len(shop.items()) - before, {k: words[k] for k in words if "Calls" in k or "store" in k}
    shop.empty()
    with_hook, without = cost(), cost(ORDER_HOOK=None)
    equal(with_hook[0], without[0] + 1)
    equal(with_hook[1], without[1])


@test
def _():
    "a command whose standard descriptors are closed has no file and no connection in their place"
    shop.empty()
    shop.sale()
    # SQLite holds them, too, but to read; that they fail is ours.
    shop.program('for fd in 0 1 2; do readlink /proc/$PPID/fd/$fd; done >"{folder}/held"\n'
                 "sed -n 's/^flags:.*\\(.\\)$/\\1/p' /proc/$PPID/fdinfo/0 >>\"{folder}/held\"")
    done = subprocess.run(["sh", "-c", 'exec "$0" notify <&- >&- 2>&-', COMMAND],
                          env=shop.environment(**shop.clock.variables), timeout=60)
    equal(shop.lines("held"), ["/dev/null"] * 3 + ["1"])
    equal((done.returncode, shop.outbox()), (1, []))  # what it has to say can't be written
    shop.program(TAKE)


@test
def _():
    "without the setting nothing is queued, and what waits stays and is named"
    shop.empty()
    shop.sale()
    session = shop.sell()
    event = [e for e in shop.events() if e["data"]["object"]["id"] == session["id"]][-1]
    equal(shop.webhook(event, ORDER_HOOK=None).status, 200)
    equal(len(shop.outbox()), 1)
    contains(shop.notify(ORDER_HOOK=None).out, "ORDER_HOOK is not set")
    equal(shop.notify("--quiet", ORDER_HOOK=None).out, "")
    contains(shop.run("check", code=None, ORDER_HOOK=None).out,
             "1 notifications wait, and ORDER_HOOK is not set: nobody is told")
    equal((len(shop.outbox()), shop.told()), (1, []))


@test
def _():
    "a sync tells of what it found, unless it is a dry run or told not to"
    shop.empty()
    shop.sell()
    shop.sync("--dry-run")
    equal((shop.told(), shop.outbox()), ([], []))
    shop.sync("--no-notify")
    equal((shop.told(), len(shop.outbox())), ([], 1))
    shop.sync()
    equal((shop.events_told(), shop.outbox()), (["created paid"], []))


@test
def _():
    "a sync with --no-hook queues nothing of what it finds"
    shop.empty()
    shop.sell()
    shop.sync("--no-hook")
    shop.sync()
    equal((shop.told(), shop.outbox()), ([], []))


@test
def _():
    "copies of the table have no outbox; erase, import and restore tell nothing, and keep what waits"
    shop.empty()
    first, second = shop.sale(), shop.sale()
    copy, lines = os.path.join(shop.folder, "copy.db"), os.path.join(shop.folder, "lines")
    shop.notify("--limit", 1)
    equal(len(shop.outbox()), 1)
    waiting = shop.outbox()
    shop.run("backup", "--force", copy)
    lacks(open(copy, "rb").read().decode("latin-1"), "ntf_")
    shop.run("export", "--output", lines)
    with open(lines, encoding="utf-8") as f:
        text = f.read()
    lacks(text, "OUTBOX")
    with open(lines, "a", encoding="utf-8") as f:
        f.write(json.dumps({**waiting[0], "SK": "NEW#8204229138#ntf_other"}) + "\n")
    shop.run("import", lines)
    equal(shop.outbox(), waiting, "import")
    shop.run("erase", "--yes", first["id"], second["id"])
    equal(shop.outbox(), waiting, "erase")
    shop.run("restore", copy)
    equal(shop.outbox(), waiting, "restore")
    ok("erasedAt" not in shop.order_of(first["id"]), "it is the copy")
    shop.run("erase", "--yes", first["id"], second["id"])
    shop.told()
    shop.notify()
    told, = shop.told()
    ok("erasedAt" in told and "customerEmail" not in told, "the order is told as it is")


@test
def _():
    "a copy that has an outbox, made by other means, mails nothing again"
    shop.empty()
    shop.sale()
    raw = os.path.join(shop.folder, "raw.db")
    with contextlib.closing(sqlite3.connect(shop.db)) as db, contextlib.closing(sqlite3.connect(raw)) as copy:
        db.backup(copy)
    shop.notify()
    equal(len(shop.told()), 1)
    shop.run("restore", raw)
    equal(shop.outbox(), [])


@test
def _():
    "what is sold once more after a restore has the id that it had"
    shop.empty()
    copy = os.path.join(shop.folder, "early.db")
    shop.run("backup", "--force", copy)
    shop.sale()
    shop.notify()
    before, = shop.told()
    shop.run("restore", copy)
    shop.sync()
    after = [t for t in shop.told() if t["orderId"] == before["orderId"]]
    equal([t["notification"]["id"] for t in after], [before["notification"]["id"]])


# --- what the program gets ----------------------------------------------------------------------

@test
def _():
    "the program has a small environment without a secret, and no descriptor of ours"
    shop.empty()
    shop.program('env >"{folder}/env"; ls /proc/self/fd >"{folder}/fds"; cat >/dev/null')
    session = shop.sale()
    shop.notify(AWS_SECRET_ACCESS_KEY="aws-secret-of-the-shop")
    names = {line.split("=")[0] for line in shop.lines("env")}
    equal(names, {"PATH", "LANG", "HOME", "TZ", "ORDERSNAP_CONF", "NOTIFY_ID", "NOTIFY_EVENTS",
                  "NOTIFY_ORDER", "NOTIFY_NUMBER", "NOTIFY_ATTEMPT", "PWD"} & (names | {"PATH"}))
    text = "\n".join(shop.lines("env"))
    for secret in (lib.STRIPE_SECRET, lib.WEBHOOK_SECRET, lib.QUOTE_SECRET, "aws-secret"):
        lacks(text, secret)
    contains(text, "NOTIFY_ORDER=" + session["id"])
    contains(text, "NOTIFY_EVENTS=created paid")
    ok(len(shop.lines("fds")) <= 4, shop.lines("fds"))


@test
def _():
    "a program that reads nothing of a large order may take it"
    shop.empty()
    shop.program('echo "$NOTIFY_ID" >>"{folder}/ids"')
    session = shop.sale()
    shop.spoil(session["id"], metadata={"note": "x" * 300000})
    shop.notify()
    equal((len(shop.lines("ids")), shop.outbox()), (1, []))


# --- programs that fail ---------------------------------------------------------------------------

FILES = [
    ("is missing", lambda: os.unlink(shop.hook), "No such file"),
    ("can't be executed", lambda: os.chmod(shop.hook, 0o644), "chmod +x"),
    ("can be written by everybody", lambda: os.chmod(shop.hook, 0o777), "chmod o-w"),
    ("is a folder", lambda: (os.unlink(shop.hook), os.mkdir(shop.hook)), "is no file"),
]


@test
def _():
    "a program that must not or can't be run is named, by notify, sync and check, and costs no try"
    for what, spoil, says in FILES:
        shop.empty()
        shop.sale()
        waiting = shop.outbox()
        spoil()
        run = shop.notify("--quiet", code=1)
        contains(run.err, says)
        contains(run.err, "ORDER_HOOK")
        equal(shop.outbox(), waiting, what)
        contains(shop.run("sync", "--quiet").err, says)
        contains(shop.run("check", code=2).out, says)
        if os.path.isdir(shop.hook):
            os.rmdir(shop.hook)
        shop.program(TAKE)
        shop.notify()
        equal(shop.events_told(), ["created paid"], what)


@test
def _():
    "a program that others can change by the time of the second notification is not run for it"
    shop.empty()
    shop.sale(), shop.sale()
    shop.program(TAKE + '\nchmod o+w "$0"')
    contains(shop.notify(code=1).err, "can be written by everybody")
    equal((len(shop.told()), len(shop.outbox())), (1, 1))


@test
def _():
    "a program is told by a command whose children are not waited for, and named an absolute file of settings"
    shop.empty()
    shop.sale()
    shop.program('echo "$ORDERSNAP_CONF" >"{folder}/conf"')
    with open(os.path.join(shop.folder, "own.conf"), "w", encoding="utf-8"):
        pass
    done = subprocess.run([COMMAND, "--conf", "own.conf", "notify"], cwd=shop.folder, timeout=60,
                          env=shop.environment(**shop.clock.variables), capture_output=True,
                          preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    equal((done.returncode, shop.outbox(), shop.lines("conf")),
          (0, [], [os.path.join(shop.folder, "own.conf")]), done.stderr)


@test
def _():
    "what was queued by a clock that was a month ahead is told when it is right again"
    shop.empty()
    shop.clock.move(30 * DAY)
    session = shop.sell()
    shop.run("sync", "--no-notify", "--hours", 1000, **shop.clock.variables)
    equal(len(shop.outbox()), 1)
    shop.clock.move(-30 * DAY)
    shop.notify()
    equal([t["orderId"] for t in shop.told()], [session["id"]])


@test
def _():
    "what failed by a clock that was a month ahead is tried again when it is right again, and what failed since is not"
    shop.empty()
    shop.clock.move(30 * DAY)
    session = shop.sell()
    shop.run("sync", "--no-notify", "--hours", 1000, **shop.clock.variables)
    shop.program("exit 1")
    shop.notify(code=1)
    shop.clock.move(-30 * DAY)
    late = shop.sale()
    shop.program('[ "$NOTIFY_ATTEMPT" = 2 ] && ' + TAKE)
    equal(shop.notify(code=1).out, "notify: 1 told, 1 failed\n")
    equal([t["orderId"] for t in shop.told()], [session["id"]])
    equal(shop.notify().out, "notify: 0 told, 0 failed\n")
    shop.clock.move(2 * MINUTE)
    equal(shop.notify().out, "notify: 1 told, 0 failed\n")
    equal([t["orderId"] for t in shop.told()], [late["id"]])


@test
def _():
    "without a program `notify --json` is an object all the same"
    shop.empty()
    said = json.loads(shop.notify("--json", ORDER_HOOK=None).out)
    equal((said["notifications"], said["told"], said["failed"]), ([], 0, 0))


ENDS = [
    ("fails", "echo out of paper >&2; exit 75", "ended with status 75: out of paper"),
    ("dies by a signal", "kill -KILL $$", "was ended by signal 9"),
    ("floods", "cat >/dev/null; yes", "wrote more than a megabyte, and was killed"),
    ("hangs", "sleep 1000", "was not done within its time, and was killed"),
    ("is no program", None, "it is no program"),
]


@test
def _():
    "a program that fails, dies, floods or hangs is named, the order stays, and the next one is told"
    for what, body, says in ENDS:
        shop.empty()
        bad, good = shop.sale(), shop.sale()
        order = shop.order_of(bad["id"])
        if body is None:
            shop.program("exit 0", first="")
        else:
            shop.program(f'[ "$NOTIFY_ORDER" = {good["id"]} ] && {{ {TAKE}; exit 0; }}\n{body}')
        run = shop.notify(code=1)
        contains(run.err, says)
        contains(run.err, order["orderNumber"])
        equal(shop.order_of(bad["id"]), order, what)
        if body is not None:
            equal([t["orderId"] for t in shop.told()], [good["id"]], what)
        contains(shop.run("check", code=None).out, says)
        equal({i["attempts"] for i in shop.outbox()}, {1})


@test
def _():
    "a process that is left behind with the output open is killed and named, and the next one is told"
    shop.empty()
    shop.sale(), shop.sale()
    shop.program(TAKE + '\n[ -e "{folder}/pid" ] || { sleep 1000 & echo $! >"{folder}/pid"; }')
    run = shop.notify()
    contains(run.err, "left a process behind")
    equal((len(shop.told()), shop.outbox()), (2, []))
    pid = int(shop.lines("pid")[0])
    eventually(lambda: not os.path.exists(f"/proc/{pid}") or
               "Z" in open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0], what="killed")


@test
def _():
    "a process that has left the program's group is not said to be killed"
    shop.empty()
    shop.sale()
    shop.program("setsid sh -c 'echo $$ >\"{folder}/alone\"; exec sleep 1000' &\n"
                 'until [ -s "{folder}/alone" ]; do sleep 0.01; done')
    run = shop.notify()
    os.kill(int(shop.lines("alone")[0]), signal.SIGKILL)
    contains(run.err, "left a process behind, which still runs")
    contains(run.err, "for 8 seconds, and still runs: it has left the process group, as with setsid")
    lacks(run.err, "killed")
    equal(shop.outbox(), [])


@test
def _():
    "an error that names a person is masked, and drives no terminal"
    shop.empty()
    shop.sale()
    shop.program("printf 'no mail to jane@mail.example \\033[31m\\n'; exit 1")
    run = shop.notify(code=1)
    text = run.err + json.dumps(shop.outbox()) + shop.notify("--list").out
    lacks(text, "jane@mail")
    lacks(text, "\033")


@test
def _():
    "one that failed is tried again after one minute, two, four, and given up after seven days"
    shop.empty()
    shop.sale()
    shop.program('echo "$NOTIFY_ID $NOTIFY_ATTEMPT" >>"{folder}/tries"; exit 1')
    shop.notify(code=1)
    for gap in (1, 2, 4):
        shop.clock.move(gap * MINUTE - 20)
        equal(shop.notify().out, "notify: 0 told, 0 failed\n")
        shop.clock.move(30)
        shop.notify(code=1)
    for _ in range(40):
        shop.clock.move(6 * HOUR)
        shop.notify(code=None)
    tries = [line.split() for line in shop.lines("tries")]
    equal(len({name for name, _ in tries}), 1, "one id")
    equal([int(n) for _, n in tries], list(range(1, len(tries) + 1)))
    ok(30 <= len(tries) <= 45, f"{len(tries)} tries")
    item, = shop.outbox()
    contains(shop.notify("--list").out, f"given up after {len(tries)} tries")
    equal([n["state"] for n in json.loads(shop.notify("--list", "--json").out)], ["given up"])
    contains(shop.run("check", code=None).out, item["id"] + " was given up after 7 days")
    shop.clock.move(30 * DAY)
    equal(shop.notify().out, "notify: 0 told, 0 failed\n")
    shop.program(TAKE)
    contains(shop.notify("--retry", item["id"]).out, "1 to be tried again")
    shop.notify()
    equal([t["notification"]["id"] for t in shop.told()], [item["id"]])


@test
def _():
    "the seven days begin with the first try: what could not be tried for longer is not given up at once"
    shop.empty()
    shop.sale()
    shop.program(TAKE, mode=0o777)
    shop.notify(code=1)
    shop.clock.move(8 * DAY)
    shop.program("exit 1")
    shop.notify(code=1)
    shop.clock.move(2 * MINUTE)
    shop.program(TAKE)
    equal(shop.notify().out, "notify: 1 told, 0 failed\n")
    equal(len(shop.told()), 1)


@test
def _():
    "the owner forgets one by its id, or all that were given up"
    shop.empty()
    shop.sale(), shop.sale(), shop.sale()
    ids = [i["id"] for i in shop.outbox()]
    contains(shop.notify("--forget", ids[0]).out, "1 forgotten")
    contains(shop.notify("--forget", ids[0], code=1).err, f"there is no notification {ids[0]}")
    contains(shop.notify("--forget", "all").out, "0 forgotten")
    shop.program("exit 1")
    shop.notify(code=1)
    shop.clock.move(8 * DAY)
    shop.notify(code=1)
    equal({i["SK"].split("#")[0] for i in shop.outbox()}, {"GIVEN_UP"})
    contains(shop.notify("--retry", "all").out, "2 to be tried again")
    contains(shop.notify("--list").out, "created paid  new")
    shop.notify(code=1)
    shop.clock.move(8 * DAY)
    shop.notify(code=1)
    contains(shop.notify("--forget", "all").out, "2 forgotten")
    equal(shop.outbox(), [])


@test
def _():
    "what waits is tried at once when the program is mended, or dropped when nobody is to be told"
    shop.empty()
    shop.sale(), shop.sale()
    shop.program("exit 1")
    shop.notify(code=1)
    shop.sale()
    contains(shop.notify("--retry", "waiting").out, "2 to be tried again")
    shop.program(TAKE)
    shop.notify()
    equal((len(shop.told()), shop.outbox()), (3, []))
    shop.sale(), shop.sale()
    shop.program("exit 1")
    shop.notify("--limit", 1, code=1)
    contains(shop.notify("--forget", "waiting", ORDER_HOOK=None).out, "2 forgotten")
    contains(shop.notify("--forget", "waiting").out, "0 forgotten")
    equal(shop.outbox(), [])


@test
def _():
    "check says that nobody runs notify, and which order's program failed"
    shop.empty()
    shop.sale()
    contains(shop.run("check", code=None).out, "1 notifications wait for the next run")
    old = shop.outbox()[0]
    shop.forget(("OUTBOX", old["SK"]))
    shop.write({**old, "SK": "NEW#8204229138#" + old["id"], "dueAt": int(time.time()) - 3600})
    text = shop.run("check", code=None).out
    contains(text, "1 notifications wait, the oldest for 60 minutes")
    contains(text, shlex.quote(COMMAND) + " notify --quiet")
    shop.program("echo the printer is on fire; exit 1")
    shop.notify(code=1)
    contains(shop.run("check", code=None).out,
             "1 notifications failed and are tried again; that of order " + old["orderNumber"])


@test
def _():
    "an order that is gone fails by its name, and keeps nobody waiting"
    shop.empty()
    gone, there = shop.sale(), shop.sale()
    shop.forget(*[k for k in shop.of_order(gone["id"]) if k[0] != "OUTBOX"])
    contains(shop.notify(code=1).err, "there is no order " + gone["id"])
    equal([t["orderId"] for t in shop.told()], [there["id"]])


# --- runs beside each other, and runs that die --------------------------------------------------

@test
def _():
    "a dry run and --list write and run nothing, --limit runs so many, --json says what was done"
    shop.empty()
    shop.sale(), shop.sale(), shop.sale()
    waiting = shop.outbox()
    contains(shop.notify("--dry-run").out, "3 would be told; nothing was run")
    equal(len(json.loads(shop.notify("--list", "--json").out)), 3)
    equal((shop.outbox(), shop.told()), (waiting, []))
    said = json.loads(shop.notify("--limit", 2, "--json").out)
    equal((said["told"], said["failed"], said["more"]), (2, 0, True))
    equal([n["state"] for n in said["notifications"]], ["told", "told"])
    equal((len(shop.outbox()), len(shop.told())), (1, 2))
    for wrong in (["--dry-run", "--list"], ["--retry", "a", "--forget", "b"], ["--limit", "0"]):
        shop.notify(*wrong, code=2)


@test
def _():
    "of many that fail twenty are named and the others counted, and --list has them all, each as it stands"
    def states():
        return {n["state"] for n in json.loads(shop.notify("--list", "--json").out)}

    shop.empty()
    shop.copy_order(shop.sale()["id"], 21)
    shop.program("exit 1")
    equal(states(), {"new"})
    said = [line for line in shop.notify(code=1).err.splitlines() if line.startswith("ordersnap notify: ")]
    equal((len(said), sum(" ntf_" in line for line in said)), (21, 20), str(said))
    contains(said[-1], "2 more failed; ordersnap notify --list names them")
    equal(states(), {"waiting"})


@test
def _():
    "a sync that can't tell the shop of what it found says so"
    shop.empty()
    shop.sale()
    with sqlite3.connect(shop.db) as db:
        db.execute("UPDATE items SET item = 'broken' WHERE pk = 'OUTBOX'")
    try:
        contains(shop.run("sync", **shop.clock.variables).err, "the shop was not told of its orders: ")
    finally:
        with sqlite3.connect(shop.db) as db:
            db.execute("DELETE FROM items WHERE pk = 'OUTBOX'")


@test
def _():
    "two runs at once tell each once"
    shop.empty()
    ids = shop.copy_order(shop.sale()["id"], 40)
    runs = [shop.start("notify", "--quiet", **shop.clock.variables) for _ in range(3)]
    for run in runs:
        out, err = run.communicate(timeout=120)
        equal((run.returncode, out, err.decode().count(" failed")), (0, b"", 0), err)
    told = [t["orderId"] for t in shop.told()]
    equal(len(told), 41)
    equal(len(set(told)), 41)
    ok(set(ids) < set(told), "all of them")
    equal(shop.outbox(), [])


@test
def _():
    "a run that is ended by SIGTERM finishes the program that runs, and nothing is lost"
    shop.empty()
    shop.sale(), shop.sale()
    shop.program('echo >"{folder}/begun"; while [ ! -e "{folder}/go" ]; do sleep 0.05; done\n' + TAKE)
    run = shop.start("notify", **shop.clock.variables)
    eventually(lambda: os.path.exists(os.path.join(shop.folder, "begun")), what="the program runs")
    run.send_signal(signal.SIGTERM)
    with open(os.path.join(shop.folder, "go"), "w"):
        pass
    out, _ = run.communicate(timeout=60)
    contains(out.decode(), "1 told, 0 failed; more are due")
    equal((run.returncode, len(shop.told()), len(shop.outbox())), (0, 1, 1))


@test
def _():
    "a signal that comes again ends a run at once, and what it was at is told by a later one"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        shop.empty()
        shop.sale()
        begun, go = (os.path.join(shop.folder, f"{name}-{number}") for name in ("begun", "go"))
        shop.program(f'echo >"{begun}"; while [ ! -e "{go}" ]; do sleep 0.05; done\n' + TAKE)
        run = shop.start("notify", **shop.clock.variables)
        eventually(lambda name=begun: os.path.exists(name), what="the program runs")
        eventually(lambda r=run, n=number: r.send_signal(n) or r.poll(), seconds=5, what="its end")
        run.communicate(timeout=60)
        equal(run.returncode, -number)
        with open(go, "w", encoding="ascii"):
            pass
        equal(len(shop.outbox()), 1)
        shop.program(TAKE)
        shop.clock.move(HOUR)
        shop.run("notify", **shop.clock.variables)
        equal(shop.outbox(), [])


@test
def _():
    "kill -9 at any moment loses nothing, and what comes twice has one id"
    rounds = int(os.environ.get("ORDERSNAP_ROUNDS", "25"))
    shop.empty()
    shop.program('echo "$NOTIFY_ORDER $NOTIFY_ID" >>"{folder}/all"; cat >/dev/null')
    queued, wanted = 0, {}
    for n in range(rounds):
        if not shop.outbox():
            shop.copy_order(shop.sale()["id"], 30)
            queued += 31
            wanted.update({i["orderId"]: i["id"] for i in shop.outbox()})
        run = shop.start("notify", "--quiet", **shop.clock.variables)
        time.sleep(0.3 * ((n * 0.6180339887) % 1))
        run.kill()
        run.communicate()
        shop.clock.move(7 * HOUR)
    while shop.outbox():
        shop.notify("--quiet")
        shop.clock.move(7 * HOUR)
    pairs = [tuple(line.split()) for line in shop.lines("all")]
    equal(set(pairs), set(wanted.items()), "each is told, under its one id")
    equal(len({p for p in pairs}), queued)


@test
def _():
    "new ones and those that failed share the time: neither waits for all of the other"
    shop.empty()
    old = set(shop.copy_order(shop.sale()["id"], 6))
    old |= {i["orderId"] for i in shop.outbox()}
    shop.program("exit 1")
    shop.notify(code=1)
    shop.clock.move(2 * MINUTE)
    new = set(shop.copy_order(shop.sale()["id"], 60)) | {i["orderId"] for i in shop.outbox()} - old
    shop.program('echo "$NOTIFY_ORDER" >>"{folder}/order"; [ "$NOTIFY_ATTEMPT" = 1 ] || sleep 1')
    shop.notify()
    told = shop.lines("order")
    equal((sorted(told), shop.outbox()), (sorted(old | new), []))
    ok(sum(o in new for o in told[:20]) > 12, "a slow one that is tried again lets many new ones by")
    ok(any(o in old for o in told[:3]), "and is not kept waiting by them")


# --- the shipped ones ---------------------------------------------------------------------------

def shipped(name, **changes):
    with open(os.path.join(lib.SRC, "conf", "hooks", name), encoding="utf-8") as f:
        text = f.read()
    for key, value in changes.items():
        old = next(line for line in text.splitlines() if line.startswith(key + "="))
        text = text.replace(old, f"{key}='{value}'")
    first, _, body = text.partition("\n")
    shop.program(body, first=first)


@test
def _():
    "the mail names order, number and events, and a double has one Message-ID"
    shop.empty()
    sendmail = os.path.join(shop.folder, "sendmail")
    with open(sendmail, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\necho "$*" >"{shop.folder}/args"; cat >"{shop.folder}/mail"\n')
    os.chmod(sendmail, 0o755)
    shipped("mail", to="orders@shop.example", sendmail=sendmail)
    session = shop.sale()
    item, = shop.outbox()
    shop.notify()
    order, mail = shop.order_of(session["id"]), "\n".join(shop.lines("mail"))
    equal(shop.lines("args"), ["-oi -- orders@shop.example"])
    for part in ("To: orders@shop.example\n", f"Subject: Order {order['orderNumber']}: created, paid\n",
                 f"Message-ID: <{item['id']}@", "Content-Type: text/plain; charset=UTF-8\n", session["id"]):
        contains(mail, part)


@test
def _():
    "where sendmail's setgid does nothing, as in the unit, the mail goes to this machine's server"
    if not shutil.which("setpriv") or not shutil.which("curl"):
        skip("there is no setpriv, or no curl")
    server = socket.create_server(("127.0.0.1", 0))
    taken = []

    def serve():
        with server.accept()[0] as peer, peer.makefile("rwb", buffering=0) as wire:
            wire.write(b"220 here\r\n")
            for line in wire:
                taken.append(line.decode())
                if line == b"DATA\r\n":
                    wire.write(b"354 go on\r\n")
                    for part in iter(wire.readline, b".\r\n"):
                        taken.append(part.decode())
                wire.write(b"250 fine\r\n")

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    shop.empty()
    shipped("mail", to="orders@shop.example", sendmail="/nonexistent/sendmail",
            smtp=f"smtp://127.0.0.1:{server.getsockname()[1]}")
    long = json.dumps({"note": "a gift, " * 400}).encode() + b"\n"
    run = subprocess.run(["setpriv", "--no-new-privs", shop.hook], input=long, timeout=30,
                         env=environment.of(NOTIFY_ID="ntf_1", NOTIFY_EVENTS="created paid",
                                            NOTIFY_ORDER="cs_x", NOTIFY_NUMBER="BC-1"),
                         capture_output=True, check=False)
    server.close()
    equal((run.returncode, run.stderr), (0, b""))
    thread.join(30)
    for part in ("RCPT TO:<orders@shop.example>", "Subject: Order BC-1: created, paid\r\n",
                 "Message-ID: <ntf_1@", '\r\n\r\n{"note": "a gift, '):
        contains("".join(taken), part)
    ok(max(map(len, "".join(taken).split("\r\n"))) <= 998, "a line is too long for a mail")
    equal("".join(taken).replace("\r\n", "").count("a gift, "), 400)


@test
def _():
    "a long line of the mail ends behind a blank, where there is one, and never within a character"
    mail = os.path.join(shop.folder, "mail")
    sendmail = os.path.join(shop.folder, "sendmail")
    with open(sendmail, "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\ncat >"{mail}"\n')
    os.chmod(sendmail, 0o755)
    shipped("mail", to="orders@shop.example", sendmail=sendmail)
    for note in ("x" + "贈り物です。" * 80, "🎁" * 500, "字" * 240, "a gift, " * 400, "字 " * 500, "short"):
        run = subprocess.run([shop.hook], input=note.encode() + b"\n", timeout=30, capture_output=True, check=False,
                             env=environment.of(NOTIFY_ID="ntf_1", NOTIFY_EVENTS="paid", NOTIFY_ORDER="cs_x",
                                                NOTIFY_NUMBER="BC-1"))
        equal((run.returncode, run.stderr), (0, b""))
        with open(mail, "rb") as f:
            body = f.read().partition(b"\n\n")[2]
        lines = body.decode().splitlines()
        ok(max(len(line.encode()) for line in lines) <= 998, "a line is too long for a mail")
        equal("".join(lines), note)
        ok(" " not in note or all(line.endswith(" ") for line in lines[:-1]), lines)


@test
def _():
    "the webhook is posted with a signature that Stripe's libraries verify; 500 and a redirect are no receipt"
    if not shutil.which("curl"):
        skip("there is no curl")
    answers = [500, 301, 200]
    stub = kit.Stub(lambda request: (answers.pop(0), b""))
    key = os.path.join(shop.folder, "key")
    with open(key, "w", encoding="utf-8") as f:
        f.write("a-key-of-the-hook\n")
    try:
        shop.empty()
        shipped("webhook", url=stub.base + "/orders", key=key)
        session = shop.sale()
        contains(shop.notify(code=1).err, "500")
        shop.clock.move(2 * MINUTE)
        contains(shop.notify(code=1).err, "answered 301")
        shop.clock.move(3 * MINUTE)
        shop.notify()
        first, _, second = stub.taken()
        equal((first.method, second.path, shop.outbox()), ("POST", "/orders", []))
        sent = json.loads(second.body)
        equal((sent["orderId"], sent["notification"]["attempt"]), (session["id"], 3))
        equal(json.loads(first.body)["notification"]["id"], sent["notification"]["id"])
        signed = dict(p.split("=") for p in second.headers["ordersnap-signature"].split(","))
        mac = hmac.new(b"a-key-of-the-hook", signed["t"].encode() + b"." + second.body, hashlib.sha256)
        equal(signed["v1"], mac.hexdigest())
    finally:
        stub.close()


run_all(shop)
