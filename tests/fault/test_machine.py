#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The machine has no room left, or its disk may not be written, a process no descriptor, and its clock
jumps: each of them tried for real, on a disk of the test's own and on a program that goes on running.

After each of them: an honest answer within the deadline, the table has all items of the order or none
of them, and once the machine is well the next delivery gives the order, without a restart.
"""
import contextlib
import json
import os
import resource
import shutil
import sqlite3
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cgi"))

import kit  # noqa: E402
import names  # noqa: E402

names.enter()

from kit import KeptShop, case, equal, lib, ok, test  # noqa: E402
import fastcgi  # noqa: E402
from namespaces import libc, mount  # noqa: E402
from orders import put_items  # noqa: E402
from preload import Clock  # noqa: E402
from tap import Watch, eventually  # noqa: E402
from workers import FastCgi  # noqa: E402

DEADLINE = 8.5
MS_RDONLY, MS_REMOUNT, MNT_DETACH = 1, 32, 2
PAGE = 4096
WHOLE = ["DAY", "EVENT", "NUMBER", "PAYMENT", "SESSION", "USER"]
WAITS = [kind for kind in WHOLE if kind != "EVENT"]
shop = KeptShop()
shop.sim.post("/_sim/delivery", {"mode": "off"})


def new_event():
    made = shop.sim.post("/_sim/session", {"line_items": [{"lookup_key": "N-RED", "quantity": 2}],
                                           "metadata": {"userId": "user_12345"}})
    return next(e for e in shop.sim.get("/_sim/events") if e["id"] == made["event"])


class Disk:
    """A small disk of its own with a store on it, and a webhook that runs."""

    def __init__(self, size="16m", **variables):
        self.folder = os.path.join(shop.folder, "disk")
        os.makedirs(self.folder, exist_ok=True)
        mount("tmpfs", self.folder, "tmpfs", options=f"size={size},mode=755")
        self.db, self.filler = (os.path.join(self.folder, name) for name in ("orders.db", "filler"))
        self.settings = {"COMMERCE_DB": self.db, **{k: v.format(disk=self.folder) for k, v in variables.items()}}
        made = kit.subprocess.run([os.path.join(lib.BUILD, "ordersnap"), "init"], capture_output=True, check=False,
                                  env=shop.environment(**self.settings))
        equal(made.returncode, 0, made.stderr)
        self.program = FastCgi(shop, "stripe-webhook", **self.settings)

    def fill(self, left=0):
        """Leaves so many bytes."""
        with open(self.filler, "wb") as f, contextlib.suppress(OSError):
            f.write(bytes(max(0, self.room() - left)))

    def room(self):
        free = os.statvfs(self.folder)
        return free.f_bavail * free.f_frsize

    def clear(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.filler)

    def kinds(self, event):
        session, copy = event["data"]["object"]["id"], os.path.join(shop.folder, "copy.db")
        for end in ("", "-wal"):  # to read a file with a log needs room, too
            shutil.copyfile(self.db + end, copy + end)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            equal(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            rows = db.execute("SELECT pk, sk, item FROM items").fetchall()
        return sorted(pk.split("#")[0] for pk, sk, item in rows if session in pk + sk or event["id"] in pk
                      or session in (json.loads(item).get("orderId"), json.loads(item).get("stripeSessionId")))

    def holds(self, event, answer, watch):
        """What holds of each answer on a bad disk; whether it was a 200."""
        watch.at_most(DEADLINE)
        ok(answer.status in (200, 503), f"{answer.status} {answer.log}")
        if answer.status == 503:
            equal(list(answer.json), ["error"])
        ok(self.kinds(event) in ([WHOLE] if answer.status == 200 else ([], WAITS, WHOLE)), self.kinds(event))
        return answer.status == 200

    def well(self, event):
        equal(self.program.webhook(event).status, 200)
        equal(self.kinds(event), WHOLE)

    def close(self):
        self.program.close()
        self.clear()
        equal(libc.umount2(self.folder.encode(), MNT_DETACH), 0, "umount")


@test
def _():
    "a disk with room for no page more, or some: 200 and whole, or 503 and nothing half; then it is made good"
    with contextlib.closing(Disk()) as disk:
        disk.well(new_event())
        taken = 0
        for pages in range(0, 42, 3):
            event, watch = new_event(), Watch()
            disk.fill(pages * PAGE)
            taken += disk.holds(event, disk.program.webhook(event), watch)
            disk.clear()
            disk.well(event)
        ok(0 < taken < 14, f"{taken} of 14 found room")


@test
def _():
    "a full disk, to a program that starts on it: 503, and with room the next delivery makes the order"
    with contextlib.closing(Disk()) as disk:
        event, watch = new_event(), Watch()
        disk.fill()
        ok(not disk.holds(event, shop.webhook(event, **disk.settings), watch), "there is no room")
        equal(shop.health(**disk.settings).status in (200, 503), True)
        disk.clear()
        disk.well(event)


@test
def _():
    "an erasure for which the disk has no room says so and takes none; with room it is done"
    with contextlib.closing(Disk("24m")) as disk:
        event = new_event()
        disk.well(event)
        put_items(disk, *({"PK": f"P#{n}", "SK": "S", "text": "x" * 3000} for n in range(2500)))
        with contextlib.closing(sqlite3.connect(disk.db)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for room, code in ((3 << 20, 1), (None, 0)):
            disk.clear()
            if room:
                disk.fill(room)
            before = disk.room()
            done = kit.subprocess.run(
                [os.path.join(lib.BUILD, "ordersnap"), "erase", event["data"]["object"]["id"], "--yes"],
                env=shop.environment(**disk.settings), capture_output=True, text=True, check=False)
            equal(done.returncode, code, done.stderr)
            ok(disk.room() >= before, f"{disk.room()} bytes are free, and were {before}")
            ok(("can't write it anew: database or disk is full" in done.stderr) == bool(room), done.stderr)


@test
def _():
    "a log and counts on a full disk: events are recorded all the same"
    with contextlib.closing(Disk(LOG_TARGET="{disk}/log", METRICS_FILE="{disk}/metrics", LOG_LEVEL="debug")) as disk:
        settings = {**disk.settings, "COMMERCE_DB": shop.db}
        with contextlib.closing(FastCgi(shop, "stripe-webhook", **settings)) as program:
            equal(program.webhook(new_event()).status, 200)
            disk.fill()
            equal([program.webhook(new_event()).status for _ in range(3)], [200] * 3)
            disk.clear()
        os.unlink(os.path.join(disk.folder, "metrics"))
        disk.fill()
        with contextlib.closing(FastCgi(shop, "stripe-webhook", **settings)) as program:
            equal([program.webhook(new_event()).status for _ in range(3)], [200] * 3)


@test
def _():
    "a disk that is mounted read-only: 503 and nothing acknowledged; writable again, without restart, it is made good"
    with contextlib.closing(Disk()) as disk:
        first = new_event()
        disk.well(first)
        disk.program.close()
        mount(None, disk.folder, flags=MS_REMOUNT | MS_RDONLY)
        with contextlib.closing(FastCgi(shop, "stripe-webhook", **disk.settings)) as disk.program:
            event = new_event()
            for deliver in (disk.program.webhook, lambda e: shop.webhook(e, **disk.settings)):
                watch = Watch()
                answer = deliver(event)
                watch.at_most(DEADLINE)
                equal((answer.status, list(answer.json)), (503, ["error"]), answer.log)
            equal(shop.health(**disk.settings).status, 503)
            mount(None, disk.folder, flags=MS_REMOUNT)
            disk.well(event)
            equal(disk.program.webhook(first).json["duplicate"], True)


@test
def _():
    "a process without descriptors: no answer or a 503, then each event is recorded, and it does not spin"
    with contextlib.closing(FastCgi(shop, "stripe-webhook")) as program:
        equal(program.webhook(new_event()).status, 200)
        pid = program.processes[0].pid
        usual = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for left in range(0, 6):
            event = new_event()
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + left, usual[1]))
            began = cpu_of(pid)
            body = json.dumps(event).encode()
            with contextlib.suppress(TimeoutError, ConnectionError):
                answer = fastcgi.request(program.path, {
                    "REQUEST_METHOD": "POST", "GATEWAY_INTERFACE": "CGI/1.1", "CONTENT_LENGTH": str(len(body)),
                    "CONTENT_TYPE": "application/json", "HTTP_STRIPE_SIGNATURE": lib.sign(body)}, body, 1)
                ok(answer is None or answer.status in (200, 503), f"{left} left: {answer}")
            ok(cpu_of(pid) - began < 0.5, f"{left} left: {cpu_of(pid) - began} s of a processor")
            resource.prlimit(pid, resource.RLIMIT_NOFILE, usual)
            eventually(lambda e=event: program.webhook(e).status == 200, what="it is recorded")
            ok(shop.order_of(event["data"]["object"]["id"]), "the order")


def cpu_of(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


for HOURS in (1, -1):
    @case(f"the clock of a program that runs jumps an hour {'on' if HOURS > 0 else 'back'}: its deadlines stay, and "
          "events of the new time are recorded")
    def _(hours=HOURS):
        with contextlib.closing(Clock("CLOCK_WALL")) as clock, \
                contextlib.closing(FastCgi(shop, "stripe-webhook", **clock.variables)) as program:
            equal(program.webhook(new_event()).status, 200)
            clock.move(hours * 3600)
            event = new_event()
            equal(program.webhook(event).status, 400)  # signed by the old clock
            now = int(lib.time.time()) + hours * 3600
            equal(program.webhook(event, at=now).status, 200)
            ok(shop.order_of(event["data"]["object"]["id"]), "the order")
            event, watch = new_event(), Watch()
            with shop.faults("GET /v1/checkout/sessions/", "hold", times=-1):
                answer = program.webhook(event, at=now)
            watch.at_most(DEADLINE)
            equal(answer.status, 503, answer.log)
            clock.move(-hours * 3600)
            equal(program.webhook(event).status, 200)
            equal(shop.order_of(event["data"]["object"]["id"]).get("itemsPending"), None)


kit.main(shop)
