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

db = local.Local()
try:
    done = subprocess.run([*kit.lib.WRAPPER, PROGRAM], check=False, timeout=300,
                          env={**os.environ, "ORDERSNAP_TEST_DYNAMODB": db.base,
                               "CMOCKA_MESSAGE_OUTPUT": "TAP"})
finally:
    db.close()
sys.exit(done.returncode)
