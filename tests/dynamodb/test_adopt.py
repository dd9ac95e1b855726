#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap adopt` on the table that it is for, in DynamoDB: before, while and after it is adopted."""
import os
import subprocess

import kit
import local
from tap import equal, main

local.need()

import lambda_cases  # noqa: E402
import lambda_walks  # noqa: E402
import shop as lib  # noqa: E402

db = local.at_hand()
shop = kit.TableShop(db, db.base)


def fresh():
    """The shop with a table that ordersnap has not made."""
    shop.table = shop.settings["COMMERCE_TABLE"] = db.new_table()
    return shop


def write(items):
    for item in items:
        db.put(shop.table, item)


def run(*args, code=0, input=None):
    done = kit.run_command(shop, *args, input=input)
    if code is not None:
        equal(done.returncode, code, f"ordersnap {' '.join(args)}: {done.stdout[-500:]}{done.stderr}")
    done.out, done.err = done.stdout, done.stderr
    return done


def start(*args):
    """Starts the command and does not wait for it."""
    return subprocess.Popen([*lib.WRAPPER, os.path.join(lib.BUILD, "ordersnap"), *args],
                            env=shop.environment(), stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


shop.write, shop.run, shop.start = write, run, start
lambda_cases.register(fresh)
lambda_walks.register(fresh)


def cleanup():
    shop.close()
    db.close()


main(cleanup)
