#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap check` of a table in DynamoDB and of secrets in SSM: what is wrong is named as that, and
nothing of it is changed."""
import json
import time

import kit
import local
from kit import lib
from tap import contains, equal, lacks, main, ok, test

local.need()

db = local.at_hand()
proxy = local.Proxy(db.port)
ssm = kit.Stub(lambda request: parameters(request))
values = {}
shop = kit.TableShop(db, proxy.base, AWS_ENDPOINT_URL_SSM=ssm.base, **lib.OWN_PAGES)
printed = []


def parameters(request):
    name = request.json["Name"]
    if name in values:
        return 200, {"Parameter": {"Name": name, "Value": values[name], "Type": "SecureString"}}
    return 400, {"__type": "ParameterNotFound"}


def check(**variables):
    proxy.mend()
    return checked(**variables)


def checked(**variables):
    """{"group/name": line}, without what is about Stripe's endpoints and the sync."""
    run = kit.run_command(shop, "check", "--json", **variables)
    printed.append(run.stdout + run.stderr)
    lines = {f"{x['group']}/{x['name']}": x for x in json.loads(run.stdout)["checks"]}
    lines.pop("webhook/endpoint", None)
    return lines


def blamed(lines, *names):
    equal(sorted(f"{x['status']} {name}" for name, x in lines.items() if x["status"] != "ok"),
          sorted(names), f"blamed in {lines}")
    return lines


def sync_done():
    db.put(shop.table, {"PK": "SYSTEM", "SK": "STRIPE_ORDER_SYNC", "version": 1,
                        "completedAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                        "summary": {"errors": 0}})


kit.run_command(shop, "init")
sync_done()


@test
def _():
    "a table that is well has no fault, and is not changed"
    before = db.items(shop.table)
    lines = blamed(check())
    contains(lines["store/table"]["text"], shop.table)
    contains(lines["store/ttl"]["text"], "expiresAt")
    equal(lines["store/write"]["status"], "ok")
    equal(db.items(shop.table), before)


@test
def _():
    "a table that is not there is named, and nothing is read or made"
    lines = blamed(check(COMMERCE_TABLE="nobodys-table"), "failed store/table")
    contains(lines["store/table"]["text"], "nobodys-table")
    contains(lines["store/table"]["advice"], "ordersnap init")
    lacks(db.call("ListTables")["TableNames"], "nobodys-table")


@test
def _():
    "a table with other keys is named as that"
    name = db.new_table(KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
    contains(blamed(check(COMMERCE_TABLE=name), "failed store/table")["store/table"]["text"],
             "other keys")


@test
def _():
    "a table without time to live, or with that of another attribute, is a warning"
    name = db.new_table()
    db.put(name, {"PK": "SYSTEM", "SK": "ADOPTED", "version": 1})
    lines = blamed(check(COMMERCE_TABLE=name), "warning store/ttl", "warning store/sync")
    contains(lines["store/ttl"]["advice"], "ordersnap init")
    db.call("UpdateTimeToLive", TableName=name,
            TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True})
    lines = blamed(check(COMMERCE_TABLE=name), "warning store/ttl", "warning store/sync")
    contains(lines["store/ttl"]["text"], '"ttl"')


@test
def _():
    "credentials that may not describe the table are no fault, those that may not write it are"
    for operation in ("DescribeTable", "DescribeTimeToLive", "DescribeContinuousBackups"):
        proxy.mend()
        proxy.refuse(operation, "AccessDeniedException", times=100)
        blamed(checked())
    proxy.mend()
    proxy.refuse("TransactWriteItems", "AccessDeniedException", times=100)
    contains(blamed(checked(), "failed store/write")["store/write"]["text"], "may not do this")
    proxy.mend()
    proxy.refuse("GetItem", "AccessDeniedException", times=100)
    proxy.refuse("BatchGetItem", "AccessDeniedException", times=100)
    blamed(checked(), "failed store/read")


@test
def _():
    "an action that the policy lacks is named: without it some things still go"
    for part, action in (("ConditionCheck", "dynamodb:ConditionCheckItem"),
                         ("Delete", "dynamodb:DeleteItem")):
        proxy.mend()
        proxy.deny(part, times=100)
        lines = blamed(checked(), "warning store/write")
        contains(lines["store/write"]["text"], action)
        contains(lines["store/write"]["advice"], "iam-policy.json")


@test
def _():
    "a policy that lacks more than one action, as that of 0.1.0, is told each of them, and what goes without it"
    def deny_both(handler, _, body):
        parts = {part for action in json.loads(body)["TransactItems"] for part in action}
        lacks_it = [part + "Item" for part in ("ConditionCheck", "Delete") if part in parts]
        handler.give(*(local.error("AccessDeniedException", lacks_it[0]) if lacks_it else handler.ask(body)))

    proxy.mend()
    proxy.add("TransactWriteItems", deny_both, times=None)
    run = kit.run_command(shop, "check", "--json")
    proxy.mend()
    said = [x for x in json.loads(run.stdout)["checks"] if (x["group"], x["name"]) == ("store", "write")]
    equal([x["status"] for x in said], ["warning", "warning"], said)
    contains(said[0]["text"], "lack dynamodb:ConditionCheckItem: an order is written again")
    contains(said[1]["text"], "lack dynamodb:DeleteItem: ORDER_HOOK is told of no order")


@test
def _():
    "whether the table may be walked is said, with the commands that do; no program needs it"
    proxy.mend()
    contains(blamed(checked())["store/scan"]["text"], "allowed: ")
    proxy.refuse("Scan", "AccessDeniedException", times=100)
    lines = blamed(checked())
    for part in ("not allowed", "dynamodb:Scan", "erase --user", "export", "adopt",
                 "iam-policy-transfer.json"):
        contains(lines["store/scan"]["text"], part)


@test
def _():
    "an access key that AWS does not know is named"
    proxy.mend()
    proxy.refuse(None, "UnrecognizedClientException", times=100)
    contains(blamed(checked(), "failed store/table")["store/table"]["text"], "AWS_ACCESS_KEY_ID")


@test
def _():
    "a signature that is wrong because of the clock is the clock's fault"
    proxy.mend()
    proxy.refuse(None, "InvalidSignatureException", times=100)
    shop.sim.post("/_sim/clock", {"skew": 900})
    lines = blamed(checked(), "failed clock/clock", "failed store/table")
    contains(lines["store/table"]["advice"], "set the clock")
    shop.sim.post("/_sim/clock", {"skew": 0})
    lacks(checked()["store/table"]["advice"], "clock")


@test
def _():
    "a secret in SSM is resolved, judged and masked"
    values.update({"/shop/stripe": lib.STRIPE_SECRET, "/shop/quote": "short"})
    lines = blamed(check(STRIPE_SECRET=None, STRIPE_SECRET_PARAMETER="/shop/stripe",
                         QUOTE_SIGNATURE_SECRET=None, QUOTE_SIGNATURE_SECRET_PARAMETER="/shop/quote"),
                   "warning configuration/QUOTE_SIGNATURE_SECRET")
    equal(lines["configuration/STRIPE_SECRET"]["text"], "…0000 (SSM parameter /shop/stripe)")
    equal(lines["stripe/key"]["status"], "ok")


@test
def _():
    "an SSM parameter that is not there is named, and Stripe is not blamed"
    lines = blamed(check(STRIPE_SECRET=None, STRIPE_SECRET_PARAMETER="/shop/gone"),
                   "failed configuration/STRIPE_SECRET_PARAMETER")
    contains(lines["configuration/STRIPE_SECRET_PARAMETER"]["text"], "no SSM parameter /shop/gone")
    ok("stripe/key" not in lines and "stripe/api" not in lines, lines)


@test
def _():
    "no secret was ever printed"
    for text in printed:
        for secret in (lib.STRIPE_SECRET, lib.WEBHOOK_SECRET, lib.QUOTE_SECRET, kit.SECRET_KEY):
            ok(secret not in text, f"a secret in {text}")


def cleanup():
    shop.close()
    proxy.close()
    ssm.close()
    db.close()


main(cleanup)
