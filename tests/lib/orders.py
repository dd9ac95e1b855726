# SPDX-License-Identifier: ISC
"""Orders in the table, with all that is written next to them."""
import contextlib
import datetime
import json
import re
import sqlite3
import time

DAY = 86400


def iso(epoch):
    return datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc).strftime(
        "%Y-%m-%dT%H:%M:%SZ")


def day_of(epoch):
    return iso(epoch)[:10]


def at(text):
    """The epoch seconds of `2024-11-26 09:20:00`."""
    return int(datetime.datetime.fromisoformat(text).replace(
        tzinfo=datetime.timezone.utc).timestamp())


def today(hour=0):
    return int(time.time()) // DAY * DAY + hour * 3600


def encoded(text):
    """As a key has it."""
    return re.sub(r"[#%\x00-\x1f\x7f]", lambda m: f"%{ord(m.group()):02X}", text)


def number_of(session, prefix="BC"):
    return prefix + "-" + re.sub(r"[^A-Za-z0-9]", "", session.rsplit("_", 1)[-1])[-8:].upper()


def order(session, created, user="user_1", **more):
    """An order as the webhook writes it; a value None takes an attribute away."""
    made = {
        "PK": "USER#" + encoded(user), "SK": f"ORDER#{created}#{session}", "version": 1,
        "orderId": session, "orderNumber": number_of(session), "userId": user,
        "customerEmail": "jane@shop.example", "customerName": "Jane Doe", "status": "completed",
        "amount": 8500, "amountSubtotal": 8500, "amountDiscount": 0, "amountTax": 0,
        "amountShipping": 0, "currency": "usd",
        "items": [{"name": "Red Necklace", "quantity": 2, "unitPrice": 3000, "amountTotal": 6000,
                   "amountSubtotal": 6000, "currency": "usd", "sku": "N-RED"},
                  {"name": "Silver Ring", "quantity": 1, "unitPrice": 2500, "amountTotal": 2500,
                   "amountSubtotal": 2500, "currency": "usd", "sku": "R-SIL"}],
        "itemCount": 3, "createdAt": iso(created), "completedAt": iso(created + 67),
        "updatedAt": iso(created + 68), "stripeSessionId": session,
        "stripePaymentIntentId": "pi_" + session.rsplit("_", 1)[-1], "stripePaymentStatus": "paid",
        "livemode": False, "source": "webhook", **more}
    return {k: v for k, v in made.items() if v is not None}


def lambda_order(session, processed, user="user_old"):
    """An order as the Lambda functions wrote it."""
    return {"PK": "USER#" + user, "SK": f"ORDER#{processed}#{session}", "orderId": session,
            "orderNumber": number_of(session), "userId": user,
            "customerEmail": "old@shop.example", "status": "completed", "amount": 8500,
            "amountSubtotal": 8500, "currency": "usd", "createdAt": iso(processed), "itemCount": 1,
            "items": [{"name": "Red Necklace", "quantity": 2, "unitPrice": 3000, "sku": "N-RED",
                       "collectionId": "necklaces"}]}


def items_of(o, without=()):
    """The order with its pointers; `without` leaves some of them away."""
    names = {"orderPK": o["PK"], "orderSK": o["SK"], "orderId": o["orderId"],
             "orderNumber": o["orderNumber"], "userId": o["userId"]}
    created = int(o["SK"].split("#")[1])
    made = {
        "order": o,
        "day": {"PK": "DAY#" + day_of(created), "SK": o["SK"], **names,
                **{k: o[k] for k in ("amount", "currency", "status", "createdAt") if k in o}},
        "number": {"PK": "NUMBER#" + o["orderNumber"], "SK": "METADATA", **names},
        "session": {"PK": "SESSION#" + o["orderId"], "SK": "METADATA", "status": "completed",
                    "stripeSessionId": o["orderId"], **names}}
    if o.get("stripePaymentIntentId"):
        made["payment"] = {"PK": "PAYMENT#" + o["stripePaymentIntentId"], "SK": "METADATA",
                           **names, "order": o}
    return [{"version": 1, **item} if name != "order" else item
            for name, item in made.items() if name not in without]


def put(shop, *orders, without=()):
    """Puts the orders into the shop's SQLite file, as somebody else would."""
    put_items(shop, *(i for o in orders for i in items_of(o, without)))


def put_items(shop, *items):
    rows = [(i["PK"], i["SK"], json.dumps(i), i.get("expiresAt")) for i in items]
    with contextlib.closing(sqlite3.connect(shop.db)) as db, db:
        db.executemany("INSERT OR REPLACE INTO items (pk, sk, item, expires_at) "
                       "VALUES (?, ?, ?, ?)", rows)
