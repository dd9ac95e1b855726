# SPDX-License-Identifier: ISC
"""What the tests of `ordersnap check` share: a shop where all is well, and what a check blamed."""
import contextlib
import json
import sqlite3
import time

import command_kit
from command_kit import CommandShop, contains, equal, lib, ok

EVENTS = [
    "checkout.session.completed", "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed", "checkout.session.expired", "charge.updated",
    "charge.captured", "payment_intent.canceled", "charge.refunded", "refund.created",
    "refund.updated", "refund.failed", "charge.refund.updated",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.closed",
    "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated"]
ADDRESS = "https://shop.example/stripe/webhook"

# All that any check of the run printed.
printed = []


def ago(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))


def sync_state(seconds, errors=0, **more):
    summary = {"sessions": 12, "inOrder": 12, "missing": 0, "stale": 0, "pending": 0, "waiting": 0,
               "errors": errors}
    return {"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 1, "completedAt": ago(seconds),
            "summary": summary, **more}


class Report:
    """What a check said: `status`, the lines, the exit code."""

    def __init__(self, run):
        value = json.loads(run.out)
        self.code, self.status, self.lines = run.code, value["status"], value["checks"]
        equal(sorted(value), ["checks", "status"], "members")
        equal(run.code, {"ok": 0, "warning": 1, "failed": 2}[self.status], "exit code")
        equal(run.err, "", "standard error")
        for line in self.lines:
            ok(line["text"], f"a text: {line}")
            equal("advice" in line, line["status"] != "ok", f"an advice: {line}")
        equal(self.status, max((line["status"] for line in self.lines),
                               key=["ok", "warning", "failed"].index), "the worst")

    def __repr__(self):
        return "\n".join(f"{x['status']} {x['group']}/{x['name']}: {x['text']}" for x in self.lines)

    def named(self, name):
        """The lines of "group/name"."""
        return [x for x in self.lines if f"{x['group']}/{x['name']}" == name]

    def blames(self, *names):
        """Exactly these are not ok: "failed stripe/key"."""
        equal(sorted(f"{x['status']} {x['group']}/{x['name']}" for x in self.lines
                     if x["status"] != "ok"), sorted(names), f"blamed in\n{self!r}\n")
        return self

    def says(self, name, *parts):
        """One line of that name has all of the parts, in its text or its advice."""
        lines = [x["text"] + "\n" + x.get("advice", "") for x in self.named(name)]
        ok(lines, f"no {name} in\n{self!r}")
        if not any(all(part in line for part in parts) for line in lines):
            raise AssertionError(f"{parts!r} are not in {lines!r}")
        return self

    def is_silent_on(self, *groups):
        equal([x for x in self.lines if x["group"] in groups], [], "lines that can't be known")
        return self


class CheckedShop(CommandShop):
    """A shop with a table, a sync that was done an hour ago, and an endpoint at Stripe."""

    def __init__(self, **settings):
        super().__init__(**{**lib.OWN_PAGES, **settings})
        self.run("init")
        self.well()

    def well(self):
        """All is as it should be, again."""
        self.sim.post("/_sim/reset")
        with contextlib.closing(sqlite3.connect(self.db)) as db, db:
            db.execute("DELETE FROM items WHERE sk <> 'ADOPTED'")
        self.endpoint = self.add_endpoint()["id"]
        self.store(sync_state(3600))

    def add_endpoint(self, url=ADDRESS, events=EVENTS, **more):
        form = {"url": url, **more, **{f"enabled_events[{i}]": e for i, e in enumerate(events)}}
        return self.stripe("POST", "/v1/webhook_endpoints", form)

    def change_endpoint(self, **form):
        self.stripe("POST", "/v1/webhook_endpoints/" + self.endpoint, form)

    def check(self, *args, **variables):
        run = self.run("check", "--json", *args, code=None, **variables)
        printed.append(run.out + run.err)
        return Report(run)

    def text(self, *args, code, **variables):
        run = self.run("check", *args, code=code, **variables)
        printed.append(run.out + run.err)
        return run.out


def no_secret(*more):
    for text in printed:
        for secret in [lib.STRIPE_SECRET, lib.WEBHOOK_SECRET, lib.QUOTE_SECRET, *more]:
            ok(secret not in text, f"a secret in {text}")
            ok(secret[:-4] not in text, f"most of a secret in {text}")


main = command_kit.main
