#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What reaches the owner's screen: whatever a buyer, Stripe or a file says, no command prints what
drives a terminal or turns a line around, in no form; and JSON keeps the value."""
import json
import os
import re
import subprocess

from notify_kit import HookShop, equal, ok
from command_kit import COMMAND, lib
from kit import case
from orders import put_items
from tap import contains, main, test
from terminal import new_terminal

EVIL = "a\x1b[31mb\u009b2Jc\u202ed\u2066e\x7f\u0085f\u061cg"
# All but what ends a line or stands between cells.
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe]")
shop = HookShop()


def write(name, *values):
    path = os.path.join(shop.folder, name)
    with open(path, "w", encoding="utf-8") as f:
        for value in values:
            f.write(json.dumps(value, ensure_ascii=False) + "\n")
    return path


session = shop.sale()
KEYS = [key for key, item in shop.items("USER#").items()]
order = shop.items("USER#")[KEYS[0]]
NUMBER = order["orderNumber"]
order.update(customerName=EVIL, customerEmail="x\u202ey@shop.example", shippingAddress={"name": EVIL, "line1": EVIL},
             metadata={EVIL: EVIL}, amount=order["amount"] + 1)
order["items"][0].update(name=EVIL, sku=EVIL)
put_items(shop, order)
day = next(item for (pk, _), item in shop.items("DAY#").items())
day.update(customerEmail=EVIL)
put_items(shop, day)
EVENT = [e for e in shop.events() if e["type"] == "checkout.session.completed"][-1]
EVIL_EVENT = {**EVENT, "id": "evt_" + EVIL, "type": "checkout.session.completed"}

COMMANDS = [
    ("orders",), ("orders", "--json"), ("orders", "--csv"), ("orders", "--csv", "--lines"),
    ("orders", "--by", "product", "--test"), ("orders", "--by", "product", "--csv"), ("show", "NUMBER"),
    ("show", "NUMBER", "--json"), ("show", EVIL), ("sync", "--dry-run"), ("sync", "--dry-run", "--json"),
    ("replay", "--dry-run", "--again", "--file", "EVENTS"), ("replay", "--dry-run", "--json", "--file", "EVENTS"),
    ("replay", "evt_" + EVIL), ("import", "ITEMS"), ("import", "--dry-run", "NONE"), ("notify", "--list"),
    ("notify", "--list", "--json"), ("mark", "NUMBER", "shipped", EVIL), ("erase", EVIL), ("export", "--user", EVIL),
    ("check",), ("check", "--json"), (EVIL,), ("orders", "--day", EVIL),
]
FILES = {"EVENTS": write("events", EVIL_EVENT, EVENT),
         "ITEMS": write("items", {"PK": EVIL, "SK": EVIL, "version": EVIL}, {"PK": 1, "SK": EVIL}),
         "NUMBER": NUMBER, "NONE": os.path.join(shop.folder, "no" + EVIL)}

for command in COMMANDS:
    @case(f"`{' '.join(w if w.isascii() and w.isprintable() else '…' for w in command)}` prints nothing that a "
          "terminal obeys")
    def _(command=command):
        run = shop.run(*[FILES.get(word, word) for word in command], code=None)
        for text in (run.out, run.err):
            found = OBEYED.search(text)
            ok(not found, f"{found and text[max(0, found.start() - 60):found.end() + 20]!r}")


@test
def _():
    "JSON has the value all the same, by escapes"
    shown, = json.loads(shop.run("show", NUMBER, "--json").out)
    equal((shown["customerName"], shown["items"][0]["name"]), (EVIL, EVIL))


@test
def _():
    "a terminal is shown an export with escapes, a pipe gets the bytes that are stored: the same values"
    stored = shop.run("export", "--only", "order").out
    contains(stored, "\u009b2J")
    master, slave = new_terminal()
    process = subprocess.Popen([*lib.WRAPPER, COMMAND, "export", "--only", "order", "--quiet"], stdout=slave,
                               env=shop.environment(), stdin=subprocess.DEVNULL)
    os.close(slave)
    shown = b""
    try:
        while part := os.read(master, 65536):
            shown += part
    except OSError:  # the other end is closed
        pass
    os.close(master)
    equal(process.wait(60), 0)
    shown = shown.decode().replace("\r\n", "\n")
    found = OBEYED.search(shown)
    ok(not found, f"{found and shown[max(0, found.start() - 60):found.end() + 20]!r}")
    equal(*([json.loads(line) for line in lines.rstrip("\n").split("\n")] for lines in (shown, stored)))


@test
def _():
    "CSV keeps a cell's lines, and shows that something was taken out"
    out = shop.run("orders", "--csv").out
    contains(out, "\ufffd")


main(shop.close)
