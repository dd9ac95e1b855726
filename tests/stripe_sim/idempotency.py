# SPDX-License-Identifier: ISC
"""Stripe's table of Idempotency-Keys: the answer to a key is kept and given again."""

import threading

from .errors import StripeError


class Idempotency:
    """Stripe's table of Idempotency-Keys: what each was first used for, and the answer."""

    def __init__(self):
        self.lock = threading.Lock()
        self.entries = {}  # key -> [path, parameters, answer or None while in flight]

    def reset(self):
        with self.lock:
            self.entries = {}

    def begin(self, key, path, form):
        """The stored answer; or None, and then the caller must call finish."""
        again = f"Try using a key other than '{key}' if you meant to execute a different request."
        with self.lock:
            entry = self.entries.setdefault(key, [path, form, None])
            if entry[1] is form:
                return None
            if entry[0] != path:
                raise StripeError(400, "Keys for idempotent requests can only be used for the same "
                                  f"endpoint they were first used for ('{path}' vs '{entry[0]}'). "
                                  + again, type="idempotency_error")
            if entry[1] != form:
                raise StripeError(400, "Keys for idempotent requests can only be used with the same "
                                  "parameters they were first used with. " + again,
                                  type="idempotency_error")
            if entry[2] is None:
                raise StripeError(409, "There is currently another in-progress request using this "
                                  "Idempotent Key (that probably means you submitted twice, and the "
                                  f"other request is still going through): {key}. Please try again "
                                  "later.", code="idempotency_key_in_use")
            return entry[2]

    def finish(self, key, form, answer):
        """Keep the answer, or None: the request was refused and the key is free again."""
        with self.lock:
            entry = self.entries.get(key)
            if entry is None or entry[1] is not form:
                return  # the table was reset meanwhile
            if answer is None:
                del self.entries[key]
            else:
                entry[2] = answer
