# SPDX-License-Identifier: ISC
"""What was called, how often and how fast; and the limit on that."""

import collections
import threading
import time


class LastSecond:
    """The times of the calls of the last second."""

    def __init__(self):
        self.times = collections.deque()

    def size(self, at):
        while self.times and self.times[0] <= at - 1:
            self.times.popleft()
        return len(self.times)


class Stats:
    """What was called, and the rate limit."""

    def __init__(self):
        self.lock = threading.Lock()
        self.stands_at = None
        self.limit_to(None)
        self.reset()

    def now(self):
        return time.monotonic() if self.stands_at is None else self.stands_at

    def reset(self):
        with self.lock:
            self.calls, self.connections = {}, set()
            self.recent, self.peak, self.limited = LastSecond(), 0, 0

    def limit_to(self, per_second):
        with self.lock:
            self.per_second, self.answered = per_second, LastSecond()

    def count(self, name, connection):
        with self.lock:
            at = self.now()
            self.calls[name] = self.calls.get(name, 0) + 1
            self.connections.add(connection)
            self.recent.times.append(at)
            self.peak = max(self.peak, self.recent.size(at))

    def admit(self):
        """May a call be answered, or is it one too many of this second?"""
        with self.lock:
            if self.per_second is None:
                return True
            at = self.now()
            if self.answered.size(at) >= self.per_second:
                self.limited += 1
                return False
            self.answered.times.append(at)
            return True

    def report(self):
        with self.lock:
            return {"calls": dict(sorted(self.calls.items())), "total": sum(self.calls.values()),
                    "connections": len(self.connections), "peak_per_second": self.peak,
                    "limited": self.limited}
