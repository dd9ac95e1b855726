#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The store's one test program (tests/unit/test_store.c) on DynamoDB Local."""
import os
import subprocess
import sys

import kit
import local

local.need()

PROGRAM = os.path.join(kit.lib.BUILD, "tests", "unit", "test_store")
if not os.path.exists(PROGRAM):
    print("1..0 # SKIP tests/unit/test_store was not built (cmocka is missing)")
    sys.exit(0)

db = local.at_hand()
proxy = local.Proxy(db.port)


def run(base, **more):
    done = subprocess.run([*kit.lib.WRAPPER, PROGRAM], check=False, timeout=300, **more,
                          env={**os.environ, "ORDERSNAP_TEST_DYNAMODB": base,
                               "CMOCKA_MESSAGE_OUTPUT": "TAP"})
    return done.returncode


# Credentials that may not check give the same: such an item is put again.
try:
    proxy.deny("ConditionCheck", times=None)
    denied = run(proxy.base, stdout=subprocess.DEVNULL)
    status = run(db.base)
finally:
    proxy.close()
    db.close()
if denied:
    print("Bail out! it fails where dynamodb:ConditionCheckItem is denied", flush=True)
sys.exit(status or denied)
