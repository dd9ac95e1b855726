#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Where 32 bits end: files beyond 2 GiB (the log, the table; sparse, so they cost no room), and times
after January 2038."""
import os
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import contains, kit, main, ok, skip, test  # noqa: E402
from sync_kit import SyncShop  # noqa: E402

GIB = 1 << 30
IN_2040 = 2208988800 - int(time.time())  # seconds until then
shop = SyncShop()


def sparse(path, size):
    """Makes a file that long without writing it, where the file system can."""
    try:
        os.truncate(path, size)
    except OSError as problem:
        skip(f"this file system takes no such file: {problem.strerror}")
    if os.stat(path).st_blocks * 512 > GIB:
        os.truncate(path, 0)
        skip("this file system has no sparse files")


@test
def _():
    "lines go behind 2 GiB of a log"
    path = os.path.join(shop.folder, "log")
    open(path, "w", encoding="utf-8").close()
    sparse(path, 2 * GIB + 5)
    shop.run("sync", LOG_TARGET=path, LOG_LEVEL="info")
    with open(path, "rb") as f:
        f.seek(2 * GIB + 5)
        lines = f.read().decode()
    ok("Sync completed" in lines, lines)


@test
def _():
    "orders go behind 2 GiB of a table, and are read from there"
    with open(shop.db, "r+b") as f:
        head = f.read(100)
        page = struct.unpack(">H", head[16:18])[0] or 65536
        pages = 3 * GIB // page
        # the number of pages, as of a table that once was as large (sqlite.org/fileformat2.html)
        f.seek(28)
        f.write(struct.pack(">I", pages))
    sparse(shop.db, pages * page)
    sessions = shop.sell_many(40)
    shop.run("sync")
    ok(os.stat(shop.db).st_size > pages * page, "no page went behind the old end")
    listed = shop.run("orders", "--limit", 100).out
    for session in sessions:
        ok(shop.order_of(session)["orderNumber"] in listed, listed)


@test
def _():
    "what is done in 2040 is of 2040, in the log and in the table"
    path = os.path.join(shop.folder, "log of 2040")
    shop.run("sync", LOG_TARGET=path, LOG_LEVEL="info", **kit.clock(IN_2040 + 60))
    with open(path, encoding="utf-8") as f:
        contains(f.read(), "2040-01-01T00:0")
    contains(shop.items()["SYSTEM", "STRIPE_ORDER_SYNC"]["completedAt"], "2040-01-01T00:0")


main(shop)
