#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What conf/dynamodb says is so: its table is the one that `ordersnap init` makes, its policy allows
what the programs call and no more, its query shows an order.
"""
import json
import os
import re
import shlex
import subprocess
import tempfile
import urllib.parse
import urllib.request

import kit
import local
from tap import contains, equal, main, ok, test

local.need()

CONF = os.path.join(kit.lib.SRC, "conf", "dynamodb")
# A transaction is allowed by the actions of its parts.
CALLS = {"TransactWriteItems": "PutItem"}
PARTS = {"Put": "PutItem", "ConditionCheck": "ConditionCheckItem", "Delete": "DeleteItem"}

db = local.at_hand()
proxy = local.Proxy(db.port)
shop = kit.TableShop(db, proxy.base, **kit.lib.OWN_PAGES)


def read(name):
    with open(os.path.join(CONF, name), encoding="utf-8") as f:
        return f.read()


def actions(name):
    """{"dynamodb:GetItem", ...} of a policy."""
    found = []
    for statement in json.loads(read(name))["Statement"]:
        equal(statement["Effect"], "Allow")
        ok("*" not in statement["Resource"].split("/")[0], "an account's, not everybody's")
        action = statement["Action"]
        found += [action] if isinstance(action, str) else action
    equal(len(found), len(set(found)), "each once")
    return set(found)


@test
def _():
    "table.json makes the same table as `ordersnap init`"
    definition = json.loads(read("table.json"))
    db.call("CreateTable", **definition)
    made = kit.run_command(shop, "init", COMMERCE_TABLE="orders-conf")
    equal(made.returncode, 0, made.stderr)
    one, other = (db.call("DescribeTable", TableName=name)["Table"]
                  for name in (definition["TableName"], "orders-conf"))
    for part in ("KeySchema", "AttributeDefinitions", "TableStatus"):
        equal(one[part], other[part], part)
    equal(one["BillingModeSummary"]["BillingMode"], other["BillingModeSummary"]["BillingMode"])


@test
def _():
    "the policies allow what the programs and `ordersnap init` call, and no more"
    proxy.mend()
    quoted = shop.cgi("cart-quote", {"items": [{"sku": "N-RED", "quantity": 1}]}).json
    session = shop.cgi("checkout-create-session",
                       {"quoteSignature": quoted["quoteSignature"]}).json["sessionId"]
    shop.sim.post("/_sim/pay", {"session": session})
    equal(shop.webhook(shop.sim.get("/_sim/events")[-1]).status, 200)
    equal(kit.health(shop).status, 200)
    called = {"dynamodb:" + CALLS.get(name, name) for name in proxy.calls}
    equal(kit.run_command(shop, "check").returncode in (0, 1), True)
    for name, _, body in proxy.requests:
        if name == "TransactWriteItems":
            called |= {"dynamodb:" + PARTS[k] for a in json.loads(body)["TransactItems"] for k in a}
    allowed = {a for a in actions("iam-policy.json") if a.startswith("dynamodb:")}
    equal(called - allowed, set(), "called and not allowed")
    equal(allowed - called, {"dynamodb:Query"}, "allowed and not called")
    equal({a for a in actions("iam-policy.json") if not a.startswith("dynamodb:")},
          {"ssm:GetParameter", "kms:Decrypt"})


@test
def _():
    "the policy for init allows what `ordersnap init --point-in-time-recovery` calls"
    proxy.mend()
    proxy.say("DescribeContinuousBackups", 200, {"ContinuousBackupsDescription": {}}, times=None)
    proxy.say("UpdateContinuousBackups", 200, {}, times=None)
    done = kit.run_command(shop, "init", "--point-in-time-recovery", COMMERCE_TABLE="orders-init")
    equal(done.returncode, 0, done.stderr)
    equal({"dynamodb:" + CALLS.get(name, name) for name in proxy.calls},
          actions("iam-policy-init.json"))


@test
def _():
    "the policy for moving the table allows what `ordersnap export`, `import`, `adopt` and `erase` call"
    lines = "".join(json.dumps({"PK": f"P#{n}", "SK": "1"}) + "\n" for n in range(3))
    for text in (lines, lines[:lines.index("\n") + 1].replace("P#0", "P#9")):
        path = os.path.join(shop.folder, "lines.jsonl")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        if text == lines:
            proxy.mend()
        done = kit.run_command(shop, "import", path)
        equal(done.returncode, 0, done.stderr)
    done = kit.run_command(shop, "export")
    equal(done.returncode, 0, done.stderr)
    equal(kit.run_command(shop, "adopt", "--dry-run").returncode, 0)
    equal(kit.run_command(shop, "erase", "--user", "nobody", "--yes").returncode, 0)
    called = {"dynamodb:" + CALLS.get(name, name) for name in proxy.calls}
    # A walk that was interrupted has an item to delete at its end.
    equal(called | {"dynamodb:DeleteItem"}, actions("iam-policy-transfer.json"))


def hold_to(policy):
    """From here on calls that a policy does not allow are refused, as IAM refuses them; the list of these."""
    allowed, refused = actions(policy), []

    def act(handler, name, body):
        needed = {name} if name != "TransactWriteItems" else {
            PARTS[part] for one in json.loads(body)["TransactItems"] for part in one}
        lacking = sorted(needed - {a.removeprefix("dynamodb:") for a in allowed})
        refused.extend(lacking)
        handler.give(*(local.error("AccessDeniedException", lacking[0]) if lacking else handler.ask(body)))

    proxy.mend()
    proxy.add(None, act, times=None)
    return refused


@test
def _():
    "under the programs' policy, and no more, a shop's day is done: sales, notify, mark, sync, replay, lists, erasure"
    hook = os.path.join(shop.folder, "hook")
    with open(hook, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\ncat >/dev/null\n")
    os.chmod(hook, 0o755)
    shop.settings["ORDER_HOOK"] = hook
    refused = hold_to("iam-policy.json")
    events = [kit.paid_event(shop, f"cs_test_day_{n}") for n in range(3)]
    equal(shop.webhook(events[0]).status, 200)
    payment = urllib.parse.urlencode({"payment_intent": events[0]["data"]["object"]["payment_intent"]}).encode()
    urllib.request.urlopen(urllib.request.Request(shop.sim.base + "/v1/refunds", payment, {
        "Authorization": "Bearer " + kit.lib.STRIPE_SECRET}), timeout=60).close()
    equal(shop.webhook(shop.sim.get("/_sim/events")[-1]).status, 200)
    for words in (["notify"], ["mark", "cs_test_day_0", "shipped", "123"], ["replay", events[1]["id"]], ["sync"],
                  ["orders"], ["orders", "--user", "jane@shop.example"], ["orders", "--by", "month"],
                  ["show", "cs_test_day_2"], ["notify", "--list"], ["erase", "cs_test_day_0", "--yes"]):
        done = kit.run_command(shop, *words)
        equal((done.returncode, refused), (0, []), f"{words}: {done.stdout}{done.stderr}")
    equal({o["orderId"] for o in shop.orders()} >= {f"cs_test_day_{n}" for n in range(3)}, True)
    del shop.settings["ORDER_HOOK"]
    proxy.mend()


@test
def _():
    "under the policy for moving the table two orders of one session are made one, and a person is erased from all"
    order = {"orderId": "cs_test_twice", "orderNumber": "BC-TWICE1", "status": "completed", "amount": 100,
             "currency": "usd", "items": [], "createdAt": "2023-11-14T22:13:20.000000+00:00",
             "userId": "Old@Shop.example", "customerEmail": "Old@Shop.example"}
    for epoch in (1700000000, 1700000050):
        db.put(shop.table, {"PK": "USER#Old@Shop.example", "SK": f"ORDER#{epoch}#cs_test_twice", **order})
    refused = hold_to("iam-policy-transfer.json")
    for words in (["adopt", "--merge"], ["export"], ["erase", "--user", "Old@Shop.example", "--yes"]):
        done = kit.run_command(shop, *words)
        equal((done.returncode, refused), (0, []), f"{words}: {done.stderr}")
    equal([key for key, item in shop.items().items() if "Old@Shop" in json.dumps([key, item])], [])
    proxy.mend()


@test
def _():
    "every file that the README names is there"
    for name in re.findall(r"file://([\w.-]+)|\]\(([\w.-]+)\)", read("README.md")):
        ok(os.path.exists(os.path.join(CONF, "".join(name))), "".join(name))


def readme_commands():
    """The `aws dynamodb` reads of the README, as argument lists."""
    text = re.sub(r"\\\n\s*", " ", read("README.md"))
    return [shlex.split(line) for line in re.findall(r"^ {4,}(aws dynamodb (?:query|get-item).*)$",
                                                     text, re.M)]


@test
def _():
    "the README's queries show an order by its customer, its number and its day"
    aws = kit.aws_cli()
    table = db.new_table("shown")
    shown = kit.TableShop(db, db.base, table=table)
    try:
        event = kit.paid_event(shown, "cs_test_readme", customer_email="jane@shop.example",
                               client_reference_id=None)
        equal(shown.webhook(event).status, 200)
        order, = shown.orders()
        commands = readme_commands()
        equal(len(commands), 3, "commands")
        for command in commands:
            text = json.dumps(run_cli(aws, command, order, table))
            contains(text, order["orderNumber"])
    finally:
        shown.close()


def run_cli(aws, command, order, table):
    arguments = []
    for word in command[1:]:
        word = word.replace("NUMBER#BC-A1B2C3D4", "NUMBER#" + order["orderNumber"])
        word = re.sub(r"DAY#\d{4}-\d\d-\d\d", "DAY#" + order["createdAt"][:10], word)
        arguments.append(table if word == "orders" else word)
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [aws, *arguments, "--endpoint-url", db.base, "--region", kit.REGION, "--output", "json"],
            env=kit.environment.of(HOME=home, AWS_ACCESS_KEY_ID=kit.KEY_ID,
                                   AWS_SECRET_ACCESS_KEY=kit.SECRET_KEY, AWS_PAGER=""),
            capture_output=True, text=True, timeout=120, check=False)
    equal(done.returncode, 0, done.stderr)
    return json.loads(done.stdout)


def cleanup():
    shop.close()
    proxy.close()
    db.close()


main(cleanup)
