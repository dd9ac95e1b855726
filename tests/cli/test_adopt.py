#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap adopt` on SQLite: a table that the Lambda functions wrote, before, while and after it is
adopted.
"""
import contextlib
import json
import os
import sqlite3
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from command_kit import CommandShop, main  # noqa: E402
import lambda_cases  # noqa: E402
import lambda_walks  # noqa: E402


class AdoptShop(CommandShop):
    """A shop whose table may be begun anew."""

    def fresh(self):
        """An empty store, as a table is that ordersnap has not made."""
        for suffix in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.db + suffix)
        self.run("init")
        with contextlib.closing(sqlite3.connect(self.db)) as db, db:
            db.execute("DELETE FROM items")
        return self

    def write(self, items):
        with contextlib.closing(sqlite3.connect(self.db)) as db, db:
            db.executemany("INSERT OR REPLACE INTO items (pk, sk, item, expires_at) "
                           "VALUES (?, ?, ?, ?)", [(i["PK"], i["SK"], json.dumps(i),
                                                   i.get("expiresAt")) for i in items])


shop = AdoptShop()
lambda_cases.register(shop.fresh)
lambda_walks.register(shop.fresh)

main(shop)
