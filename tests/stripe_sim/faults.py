# SPDX-License-Identifier: ISC
"""Faults: what goes wrong with requests that match, how, and how often."""

import re
import threading
import time
from dataclasses import dataclass

from .errors import StripeError
from .known import SUPPORT

# What Stripe says with each status: type, code, message.
FAULT_ERRORS = {
    400: ("invalid_request_error", None, "Invalid request."),
    401: ("invalid_request_error", None, "Invalid API Key provided: sk_test_***"),
    402: ("card_error", "card_declined", "Your card was declined."),
    403: ("invalid_request_error", None, "The provided key does not have the required permissions."),
    404: ("invalid_request_error", "resource_missing", "No such object."),
    409: ("invalid_request_error", "lock_timeout", "This object cannot be accessed right now because "
          "another API request or Stripe process is currently accessing it."),
    429: ("invalid_request_error", "rate_limit", "Request rate limit exceeded. Learn more about rate "
          "limits: https://stripe.com/docs/rate-limits."),
}
SERVER_FAULT = ("api_error", None, "Sorry, there was a problem while processing your request. "
                + SUPPORT)
FAULT_KINDS = ("delay", "hold", "status", "disconnect", "disconnect_after", "garbage", "lost_cursor")


@dataclass
class Fault:
    match: str
    kind: str
    times: int = 1
    ms: int = 0
    status: int = 500
    should_retry: bool = None
    cursor: bool = False
    struck: int = 0
    removed: bool = False

    def wait(self):
        """Its delay; a "hold" lasts until the fault is removed, or a minute."""
        until = time.monotonic() + (60 if self.kind == "hold" else self.ms / 1000)
        if self.kind != "hold":
            time.sleep(self.ms / 1000)
        while self.kind == "hold" and not self.removed and time.monotonic() < until:
            time.sleep(0.005)

    def error(self):
        type, code, message = FAULT_ERRORS.get(self.status, SERVER_FAULT)
        headers = {} if self.should_retry is None else {
            "Stripe-Should-Retry": str(self.should_retry).lower()}
        return StripeError(self.status, message, None, code, type, headers)


class Faults:
    def __init__(self):
        self.lock = threading.Lock()
        self.list = []

    def add(self, fault):
        with self.lock:
            self.list.append(fault)

    def clear(self):
        with self.lock:
            for fault in self.list:
                fault.removed = True
            self.list = []

    def take(self, request, cursor):
        """The oldest fault that still strikes this request, counted; or None."""
        with self.lock:
            for fault in self.list:
                if (fault.times != fault.struck and re.search(fault.match, request)
                        and (cursor or not fault.cursor and fault.kind != "lost_cursor")):
                    fault.struck += 1
                    return fault
        return None
