#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap init`: makes the table or the file, says what of an existing one is wrong, and is as good
a second time.
"""
import json
import os
import sqlite3
import stat
import time

import kit
import local
from local import wire
from tap import contains, equal, lacks, main, ok, test

local.need()

db = local.at_hand()
proxy = local.Proxy(db.port)
shop = kit.TableShop(db, proxy.base, table="unused", sim=False)
names = (f"init-{n}" for n in range(1000))


def init(*arguments, table=None, **variables):
    if table:
        variables["COMMERCE_TABLE"] = table
    proxy.mend()
    return kit.run_command(shop, "init", *arguments, **variables)


def done(run, *parts):
    equal(run.returncode, 0, run.stderr)
    equal(run.stderr, "")
    for part in parts:
        contains(run.stdout, part)
    return run.stdout


def failed(run, *parts, code=1):
    equal(run.returncode, code, run.stdout + run.stderr)
    contains(run.stderr, "ordersnap init: ")
    for part in parts:
        contains(run.stderr, part)
    return run.stderr


def ttl_of(table):
    return db.call("DescribeTimeToLive", TableName=table)["TimeToLiveDescription"]


# --- DynamoDB -----------------------------------------------------------------------------------

@test
def _():
    "a table is made with its keys, billed on demand, with time to live on expiresAt"
    name = next(names)
    said = done(init(table=name), f"table {name} was created, billed on demand",
                f"time to live of {name} was switched on for expiresAt")
    equal(len(said.splitlines()), 3, said)
    table = db.call("DescribeTable", TableName=name)["Table"]
    for part in kit.KEYS:
        equal(table[part], kit.KEYS[part], part)
    equal(table["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
    equal(ttl_of(name), {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"})
    equal(kit.health(shop, COMMERCE_TABLE=name, STRIPE_API_BASE=None).status, 200)


@test
def _():
    "the second time it says what is there and changes nothing"
    name = next(names)
    done(init(table=name))
    db.put(name, {"PK": "a", "SK": "b"})
    said = done(init(table=name), f"table {name} is there with the right keys",
                f"time to live of {name} is on for expiresAt")
    lacks(said, "created")
    equal([o for o in proxy.calls if not o.startswith(("Describe", "Get"))], [],
          "calls that change")
    equal(len(db.items(name)), 2, "what was put, and ADOPTED")


@test
def _():
    "a table without time to live gets it"
    name = db.new_table(next(names))
    done(init(table=name), "is there with the right keys", "was switched on for expiresAt")
    equal(ttl_of(name)["AttributeName"], "expiresAt")


for operation in ("CreateTable", "UpdateTimeToLive"):
    @kit.case(f"a lost answer to {operation} is no failure: what stands there tells that it was done")
    def _(operation=operation):
        name = next(names)
        proxy.mend()
        lost = proxy.forget(operation)
        done(kit.run_command(shop, "init", COMMERCE_TABLE=name), f"table {name} was created",
             "was switched on for expiresAt")
        equal(lost.struck, 1, "answers that were lost")
        equal(ttl_of(name), {"TimeToLiveStatus": "ENABLED", "AttributeName": "expiresAt"})


WRONG_KEYS = {
    "a hash key alone": [("PK", "HASH", "S")],
    "keys in small letters": [("pk", "HASH", "S"), ("sk", "RANGE", "S")],
    "a number as range key": [("PK", "HASH", "S"), ("SK", "RANGE", "N")],
    "the keys swapped": [("SK", "HASH", "S"), ("PK", "RANGE", "S")],
}
for what, keys in WRONG_KEYS.items():
    @kit.case(f"a table with {what} is named as wrong and left alone")
    def _(keys=keys):
        name = db.new_table(
            next(names), KeySchema=[{"AttributeName": n, "KeyType": k} for n, k, _ in keys],
            AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, _, t in keys])
        failed(init(table=name), f"table {name}", "PK (hash)", "SK (range)", "COMMERCE_TABLE")
        equal([o for o in proxy.calls if not o.startswith(("Describe", "Get"))], [],
          "calls that change")
        equal(ttl_of(name)["TimeToLiveStatus"], "DISABLED")


@test
def _():
    "time to live on another attribute is named, with what to do, and left alone"
    name = db.new_table(next(names))
    db.call("UpdateTimeToLive", TableName=name,
            TimeToLiveSpecification={"AttributeName": "ttl", "Enabled": True})
    failed(init(table=name), f"time to live of {name}", '"ttl"', "expiresAt", "switch it off")
    equal(ttl_of(name)["AttributeName"], "ttl")


@test
def _():
    "an index on the table is no fault"
    name = db.new_table(
        next(names), AttributeDefinitions=[*kit.KEYS["AttributeDefinitions"],
                                           {"AttributeName": "status", "AttributeType": "S"}],
        GlobalSecondaryIndexes=[{"IndexName": "byStatus", "Projection": {"ProjectionType": "ALL"},
                                 "KeySchema": [{"AttributeName": "status", "KeyType": "HASH"}]}])
    done(init(table=name), "right keys")


def table_in_state(*states):
    """DescribeTable gives these states one after the other; CreateTable works."""
    left = list(states)

    def describe(handler, _, body):
        state = left.pop(0) if len(left) > 1 else left[0]
        if state is None:
            return handler.give(*local.error("ResourceNotFoundException"))
        return handler.give(200, json.dumps({"Table": {"TableStatus": state, **kit.KEYS}}).encode())
    proxy.mend()
    proxy.add("DescribeTable", describe, times=None)
    proxy.say("CreateTable", 200, {"TableDescription": {"TableStatus": "CREATING"}}, times=None)
    proxy.say("DescribeTimeToLive", 200, {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}},
              times=None)
    proxy.say("UpdateTimeToLive", 200, {}, times=None)


def init_as_it_is(*arguments, **variables):
    return kit.run_command(shop, "init", *arguments, **variables)


@test
def _():
    "a new table is waited for, as AWS takes some seconds, and is not seen at once"
    table_in_state(None, None, "CREATING", "CREATING", "ACTIVE")
    done(init_as_it_is(COMMERCE_TABLE="slow"), "table slow was created")
    ok(proxy.calls["DescribeTable"] >= 5, "it asked again")
    equal(proxy.calls["CreateTable"], 1)


@test
def _():
    "a table that is being deleted or made is named, and nothing is done to it"
    for state in ("DELETING", "CREATING"):
        table_in_state(state)
        failed(init_as_it_is(COMMERCE_TABLE="busy"), "table busy", "again in a minute")
        equal([o for o in proxy.calls if not o.startswith("Describe")], [])


# --- backups ------------------------------------------------------------------------------------

def backups(state):
    return {"ContinuousBackupsDescription": {
        "ContinuousBackupsStatus": "ENABLED",
        "PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": state}}}


@test
def _():
    "--point-in-time-recovery switches backups on, and says so"
    name = db.new_table(next(names))
    proxy.mend()
    proxy.say("DescribeContinuousBackups", 200, backups("DISABLED"), times=None)
    proxy.say("UpdateContinuousBackups", 200, backups("ENABLED"), times=None)
    done(init_as_it_is("--point-in-time-recovery", COMMERCE_TABLE=name),
         f"point-in-time recovery of {name} was switched on")
    body, = [json.loads(b) for o, _, b in proxy.requests if o == "UpdateContinuousBackups"]
    equal(body, {"TableName": name, "PointInTimeRecoverySpecification": {
        "PointInTimeRecoveryEnabled": True}})


@test
def _():
    "backups that are on stay on, and those that were not asked for stay off"
    name = db.new_table(next(names))
    for state, arguments, said in (("ENABLED", ["--point-in-time-recovery"], "is on"),
                                   ("ENABLED", [], "is on"), ("DISABLED", [], "is off")):
        proxy.mend()
        proxy.say("DescribeContinuousBackups", 200, backups(state), times=None)
        done(init_as_it_is(*arguments, COMMERCE_TABLE=name),
             f"point-in-time recovery of {name} {said}")
        equal(proxy.calls["UpdateContinuousBackups"], 0)


@test
def _():
    "backups that can't be switched on are a failure that says why"
    name = db.new_table(next(names))
    proxy.mend()
    proxy.say("DescribeContinuousBackups", 200, backups("DISABLED"), times=None)
    proxy.refuse("UpdateContinuousBackups", "AccessDeniedException", times=None)
    failed(init_as_it_is("--point-in-time-recovery", COMMERCE_TABLE=name), "policy",
           "UpdateContinuousBackups")


@test
def _():
    "backups that can't be read are not said to be off"
    name = db.new_table(next(names))
    for fault in ("AccessDeniedException", "InternalServerError"):
        proxy.mend()
        proxy.refuse("DescribeContinuousBackups", fault, times=None if "Denied" in fault else 2)
        said = init_as_it_is(COMMERCE_TABLE=name)
        equal(said.returncode, 0, said.stderr)
        if "Denied" in fault:
            lacks(said.stdout, "recovery of " + name + " is off")


# --- what goes wrong ----------------------------------------------------------------------------

@test
def _():
    "no permission or no credentials: one line says what to do"
    proxy.mend()
    proxy.refuse(None, "AccessDeniedException", times=None)
    failed(init_as_it_is(COMMERCE_TABLE="denied"), "policy in conf/dynamodb", "DescribeTable")
    proxy.mend()
    said = failed(init_as_it_is(COMMERCE_TABLE="denied", AWS_ACCESS_KEY_ID=None,
                                AWS_SECRET_ACCESS_KEY=None, AWS_EC2_METADATA_DISABLED="true"),
                  "no AWS credentials", "AWS_ACCESS_KEY_ID")
    equal(len(said.splitlines()), 1, said)
    equal(sum(proxy.calls.values()), 0)


@test
def _():
    "somebody at the endpoint who is not DynamoDB is not waited for as a new table is"
    proxy.mend()
    proxy.say(None, 200, b"<html>Welcome to nginx!</html>", times=None)
    begun = time.monotonic()
    said = failed(init_as_it_is(COMMERCE_TABLE="elsewhere"), "DescribeTable", "no JSON object")
    equal(len(said.splitlines()), 1, said)
    ok(time.monotonic() - begun < 60, "it gave up")


@test
def _():
    "no region: one line says what to do"
    equal(len(failed(init(table="somewhere", AWS_REGION=None), "AWS_REGION").splitlines()), 1)


@test
def _():
    "a throttled control plane is waited for"
    name = next(names)
    proxy.mend()
    proxy.refuse("CreateTable", "ThrottlingException", times=2)
    done(init_as_it_is(COMMERCE_TABLE=name), "was created")


@test
def _():
    "no secret is in anything that it says"
    proxy.mend()
    proxy.refuse(None, "InvalidSignatureException", times=None)
    run = init_as_it_is(COMMERCE_TABLE="x-y")
    lacks(run.stdout + run.stderr, kit.SECRET_KEY)
    proxy.mend()


# --- SQLite -------------------------------------------------------------------------------------

@test
def _():
    "a SQLite file is made, the second time it is there, and the shop can use it"
    path = os.path.join(shop.folder, "new orders.db")
    done(init(COMMERCE_TABLE=None, COMMERCE_DB=path), f"{path} was created")
    equal(stat.S_IMODE(os.stat(path).st_mode) & 0o007, 0, "others' permissions")
    done(init(COMMERCE_TABLE=None, COMMERCE_DB=path), f"{path} is there")
    equal(kit.health(shop, COMMERCE_TABLE=None, COMMERCE_DB=path).status, 200)
    with sqlite3.connect(path) as file:
        equal(file.execute("PRAGMA journal_mode").fetchone(), ("wal",))


@test
def _():
    "a file that is none of SQLite's and a folder that is not there are named"
    path = os.path.join(shop.folder, "text.db")
    with open(path, "w") as f:
        f.write("this is a text and no table at all\n" * 40)
    failed(init(COMMERCE_TABLE=None, COMMERCE_DB=path), path)
    failed(init(COMMERCE_TABLE=None, COMMERCE_DB="/no/such/folder/orders.db"), "/no/such/folder")


@test
def _():
    "both stores or none is a failure that names both"
    failed(init(table="one", COMMERCE_DB="/tmp/x.db"), "COMMERCE_DB", "COMMERCE_TABLE")
    failed(init(COMMERCE_TABLE=None), "COMMERCE_DB", "COMMERCE_TABLE")


# --- the command --------------------------------------------------------------------------------

@test
def _():
    "wrong usage is 2 with the usage, and does nothing"
    with wire(proxy):
        failed(init("--point-in-time"), "--point-in-time", "usage: ordersnap init", code=2)
        failed(init("extra"), "extra", "usage:", code=2)
        failed(init("--point-in-time-recovery", COMMERCE_TABLE=None, COMMERCE_DB=shop.db),
               "DynamoDB", code=2)
    ok(not os.path.exists(shop.db), "no file was made")
    for arguments in ([], ["initialise"], ["--what"]):
        run = kit.run_command(shop, *arguments)
        equal(run.returncode, 2)
        contains(run.stderr, "ordersnap")
        equal(run.stdout, "")


@test
def _():
    "--help and --version answer on standard output, whatever the configuration"
    nothing = {"COMMERCE_TABLE": None, "STRIPE_API_BASE": "nonsense"}
    for arguments, part in ((["--help"], "init "), (["init", "--help"], "--point-in-time-recovery"),
                            (["--version"], "ordersnap ")):
        run = kit.run_command(shop, *arguments, **nothing)
        equal((run.returncode, run.stderr), (0, ""), str(arguments))
        contains(run.stdout, part)


@test
def _():
    "a wrong option is wrong usage even where the configuration is wrong too"
    equal(init("--nonsense", COMMERCE_TABLE=None).returncode, 2)


def cleanup():
    shop.close()
    proxy.close()
    db.close()


main(cleanup)
