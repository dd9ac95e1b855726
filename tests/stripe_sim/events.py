# SPDX-License-Identifier: ISC
"""The operations on events, webhook endpoints and the account."""

import random

from .errors import no_such
from .known import DAY
from .objects import ACCOUNT, ALPHANUMERICS, merge_metadata, now
from .operations import only_one_of, operation, page_of
from .parameters import ENDPOINT_CREATE, ENDPOINT_UPDATE, EVENT_LIST, PAGING


def oldest_event():
    """The key from which on events are told of: Stripe goes back 30 days."""
    return now() - 30 * DAY, 0


@operation("GET", "/v1/events", "list:event", EVENT_LIST)
def list_events(world, call):
    only_one_of(call.params, "type", "types")
    pattern, success = call.params.get("type", "*"), call.params.get("delivery_success")
    types = call.params.get("types") or ([pattern] if "*" not in pattern else None)
    shelf = world.shelf("event")
    orders = ([world.undelivered] if success is False else
              [shelf.group("type", type) for type in set(types)] if types else [shelf.all])

    def fits(row):
        return ((row["type"] in types if types else matches_type(row["type"], pattern))
                and (success is None or success == (row["pending_webhooks"] == 0)))
    return page_of(call, shelf, fits, orders, oldest_event())


def matches_type(type, pattern):
    return type == pattern or pattern.endswith("*") and type.startswith(pattern[:-1])


@operation("GET", "/v1/events/{id}", "event")
def retrieve_event(world, call):
    event = world.get("event", call.ids["id"], "id")
    if world.shelf("event").keys[event["id"]] < oldest_event():
        raise no_such("event", event["id"], "id")
    return event


@operation("GET", "/v1/webhook_endpoints", "list:webhook_endpoint", PAGING)
def list_webhook_endpoints(world, call):
    return page_of(call, world.shelf("webhook_endpoint"))


@operation("POST", "/v1/webhook_endpoints", "webhook_endpoint", ENDPOINT_CREATE,
           ("enabled_events", "url"))
def create_webhook_endpoint(world, call):
    secret = "whsec_" + "".join(random.choices(ALPHANUMERICS, k=32))
    return world.add_endpoint(call.params, secret) | {"secret": secret}  # told only this once


@operation("GET", "/v1/webhook_endpoints/{id}", "webhook_endpoint")
def retrieve_webhook_endpoint(world, call):
    return world.get("webhook_endpoint", call.ids["id"], "webhook_endpoint")


@operation("POST", "/v1/webhook_endpoints/{id}", "webhook_endpoint", ENDPOINT_UPDATE)
def update_webhook_endpoint(world, call):
    endpoint = world.get("webhook_endpoint", call.ids["id"], "webhook_endpoint")
    changes = {name: value for name, value in call.params.items() if name != "expand"}
    if "disabled" in changes:
        endpoint["status"] = "disabled" if changes.pop("disabled") else "enabled"
    if "metadata" in changes:
        changes["metadata"] = merge_metadata(endpoint["metadata"], changes["metadata"])
    endpoint.update(changes)
    return endpoint


@operation("GET", "/v1/account", "account")
def retrieve_account(world, call):
    return ACCOUNT
