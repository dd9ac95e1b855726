# SPDX-License-Identifier: ISC
"""Stripe's ledger held against the table: each payment has one order, which says what Stripe says to
the cent, and what stands next to it says the same.
"""
import calendar
import time

from tap import equal, ok


def parse_time(text):
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def status_of(row, failed=()):
    """What an order has to be by the ledger."""
    if row["amount_refunded"]:
        whole = row["amount_refunded"] == row["amount_total"]
        return "refunded" if whole else "partially_refunded"
    if row["payment_status"] == "unpaid":
        return "failed" if row["id"] in failed else "pending"
    return "completed"


def agrees(shop, failed=()):
    """The ledger and the table agree to the cent, each payment has one order, and what stands next
    to an order says what it says."""
    items, ledger = shop.items(), shop.ledger()
    orders = {}
    for (pk, _), item in items.items():
        if pk.startswith("USER#"):
            ok(item["orderId"] not in orders, f"two orders of {item['orderId']}")
            orders[item["orderId"]] = item
    equal((sorted(set(ledger) - set(orders)), sorted(set(orders) - set(ledger))), ([], []),
          "orders that are missing, and orders of nobody")
    for session, row in ledger.items():
        order = orders[session]
        equal((order["amount"], order["currency"], order["status"], order.get("amountRefunded", 0),
               order.get("dispute", {}).get("status")),
              (row["amount_total"], row["currency"], status_of(row, failed),
               row["amount_refunded"], row["dispute"]), session)
        ok(order["items"] and "itemsPending" not in order, f"{session}: {order}")
        equal("completedAt" in order, row["payment_status"] != "unpaid", session)
        if order.get("stripePaymentIntentId"):
            equal(items["PAYMENT#" + order["stripePaymentIntentId"], "METADATA"]["order"], order,
                  session)
        equal(items["NUMBER#" + order["orderNumber"], "METADATA"]["orderId"], session)
        equal(items["SESSION#" + session, "METADATA"]["status"],
              "failed" if order["status"] == "failed" else "completed", session)
        day = items["DAY#" + time.strftime("%Y-%m-%d", time.gmtime(
            int(parse_time(order["createdAt"])))), order["SK"]]
        equal((day["status"], day["amount"]), (order["status"], order["amount"]), session)
