#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The outbox on DynamoDB: queued in the order's transaction, told at least once, by one of two runs, and
by the next one where a run dies.
"""
import json
import os
import subprocess
import time

import kit
import local
import shop as lib
from tap import contains, equal, main, ok, test

local.need()

db = local.at_hand()
shop = kit.TableShop(db, db.base)
clock = kit.Clock()
HOOK = os.path.join(shop.folder, "hook")
shop.settings["ORDER_HOOK"] = HOOK


def program(body):
    with open(HOOK, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n" + body.replace("{folder}", shop.folder) + "\n")
    os.chmod(HOOK, 0o755)


def lines(name):
    path = os.path.join(shop.folder, name)
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def outbox():
    return list(shop.items("OUTBOX").values())


def sell(count, name):
    """So many orders, each by its event; {order: the id of its notification}."""
    for n in range(count):
        event = kit.paid_event(shop, f"cs_test_{name}{n:04d}")
        equal(shop.webhook(event).status, 200)
    return {i["orderId"]: i["id"] for i in outbox()}


def notify(*args, code=0, **variables):
    done = kit.run_command(shop, "notify", *args, **clock.variables, **variables)
    equal(done.returncode, code, done.stdout + done.stderr)
    return done


@test
def _():
    "a sale is queued with its order and told once"
    program('cat >"{folder}/order"; echo "$NOTIFY_EVENTS" >>"{folder}/events"')
    (order, name), = sell(1, "one").items()
    contains(notify("--dry-run").stdout, name)
    notify()
    with open(os.path.join(shop.folder, "order"), encoding="utf-8") as f:
        said = json.load(f)
    equal((said["orderId"], said["notification"]["id"], said["amount"]), (order, name, 2500))
    notify()
    equal((lines("events"), outbox()), (["created paid"], []))


@test
def _():
    "what fails is tried again when its time has come, and named"
    sell(1, "fails")
    program("echo no paper; exit 1")
    contains(notify(code=1).stderr, "ended with status 1: no paper")
    contains(notify("--list").stdout, "tried 1 time, next ")
    notify()
    program('echo "$NOTIFY_ATTEMPT" >>"{folder}/attempts"')
    clock.move(70)
    notify()
    equal((lines("attempts"), outbox()), (["2"], []))


@test
def _():
    "two runs at once tell each once"
    wanted = sell(12, "both")
    program('echo "$NOTIFY_ORDER" >>"{folder}/both"')
    runs = [subprocess.Popen([os.path.join(lib.BUILD, "ordersnap"), "notify", "--quiet"],
                             env=shop.environment(**clock.variables), stdin=subprocess.DEVNULL,
                             stderr=subprocess.PIPE) for _ in range(2)]
    for run in runs:
        _, err = run.communicate(timeout=120)
        equal(run.returncode, 0, err.decode())
    equal((sorted(lines("both")), outbox()), (sorted(wanted), []))


@test
def _():
    "kill -9 at any moment loses nothing, and what comes twice has one id"
    rounds = int(os.environ.get("ORDERSNAP_ROUNDS", "12"))
    program('echo "$NOTIFY_ORDER $NOTIFY_ID" >>"{folder}/killed"; cat >/dev/null')
    wanted = {}
    for n in range(rounds):
        if not outbox():
            wanted.update(sell(10, f"kill{n}x"))
        run = subprocess.Popen([os.path.join(lib.BUILD, "ordersnap"), "notify", "--quiet"],
                               env=shop.environment(**clock.variables), stdin=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
        time.sleep(0.6 * ((n * 0.6180339887) % 1))
        run.kill()
        run.wait()
        clock.move(7 * 3600)
    while outbox():
        notify("--quiet")
        clock.move(7 * 3600)
    pairs = {tuple(line.split()) for line in lines("killed")}
    equal(pairs, set(wanted.items()), "each is told, under its one id")
    ok(len(lines("killed")) >= len(wanted), "at least once")


@test
def _():
    "what waited in the file that a shop has left for a table is told from there, by the table's settings"
    program('echo "$NOTIFY_ORDER" >>"{folder}/from-file"')
    file = os.path.join(shop.folder, "left.db")
    equal(kit.run_command(shop, "init", "--db", file).returncode, 0)
    event = kit.paid_event(shop, "cs_test_left")
    equal(shop.webhook(event, COMMERCE_TABLE=None, COMMERCE_DB=file).status, 200)
    lines_of = kit.run_command(shop, "export", "--db", file).stdout
    equal(kit.run_command(shop, "import", input=lines_of).returncode, 0)
    equal(outbox(), [], "notifications that came with the lines")
    notify()
    equal(lines("from-file"), [])
    contains(notify("--list", "--db", file).stdout, "BC-LEFT")
    contains(notify("--db", file).stdout, "1 told, 0 failed")
    equal(lines("from-file"), ["cs_test_left"])


def cleanup():
    clock.close()
    shop.close()
    db.close()


main(cleanup)
