# SPDX-License-Identifier: ISC
"""What /proc says of the programs while they are under load: who runs, what each has of memory of its
own, of descriptors and of mappings.

The one idea: a process is held against itself.  The programs are warm after the first third of a soak;
from the second third to the last one nothing may grow in any of them.
"""
import collections
import mmap
import os
import statistics
import struct
import threading
import time

import servers
from preload import Preload
from tap import equal, eventually, ok

HERE = os.path.dirname(os.path.abspath(__file__))
# What is in use of a process's heap while it waits is all that it keeps from one request to the next, and
# what malloc has at hand for the next one (some 40 KiB, which come within two thousand requests); SQLite's
# pages become a few more as the table grows.  That is some 30 KiB from one third to the next, and less than
# 6 in ten minutes.  200 bytes lost in each request are 100 KiB after 500 requests of one worker, which a
# soak of two minutes shows on a machine that others use as well.
HEAP = 96             # KiB that it may grow by
WARM = 50             # requests after which a process has all that it keeps
CACHE = 2048 + 512    # KiB: SQLite's pages, and what malloc keeps beside them, for all other memory
MAPPINGS = 12         # that a process may still need which has answered nothing before

Look = collections.namedtuple("Look", "own pss descriptors mappings heap requests")


class Heaps(Preload):
    """What the programs that run with .variables have in use of their heaps while they wait."""

    PLACE, PLACES = struct.Struct("@qqq"), 1024

    def __init__(self):
        super().__init__(os.path.join(HERE, "heap.c"))
        os.chmod(self.folder, 0o755)
        path = os.path.join(self.folder, "heaps")
        with open(path, "w+b") as f:
            os.chmod(path, 0o666)
            f.truncate(self.PLACE.size * self.PLACES)
            self.words = mmap.mmap(f.fileno(), 0)
        self.variables["HEAP_FILE"] = path

    def take(self, pid):
        """(the least KiB since the last time, or None where it did not wait in between; its requests)"""
        for at in range(0, len(self.words), self.PLACE.size):
            of, found, requests = self.PLACE.unpack_from(self.words, at)
            if of == pid:
                self.words[at + 8:at + 16] = bytes(8)
                return found / 1024 if found else None, requests
        return None, 0


def look_at(pid, heaps):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        sizes = {line.split(":")[0]: int(line.split()[1]) for line in f if line.rstrip().endswith("kB")}
    with open(f"/proc/{pid}/maps", encoding="utf-8") as f:
        mappings = sum(1 for _ in f)
    return Look(sizes["Anonymous"] + sizes["Swap"], sizes["Pss"], len(os.listdir(f"/proc/{pid}/fd")), mappings,
                *heaps.take(pid))


class Looks:
    """Looks again and again, until it is stopped."""

    def __init__(self, site, trouble, seconds, heaps):
        self.site, self.trouble, self.seconds, self.heaps = site, trouble, seconds, heaps
        self.looks = collections.defaultdict(list)  # (program, pid): [(when, Look)]
        self.failures, self.stopped, self.began = [], threading.Event(), time.monotonic()

    def processes(self):
        """(program, pid) of all masters and workers."""
        return [(name, pid) for name in servers.PROGRAMS
                for pid in (self.site.processes[name].pid, *self.site.pids(name))]

    def run(self):
        known = generation = None
        while not self.stopped.wait(max(self.seconds / 200, 0.5)):
            if not self.trouble.reloading.acquire(blocking=False):
                continue
            try:
                found = self.processes()
                if generation != self.trouble.reloads:  # a reload is the one thing that changes them
                    known, generation = found, self.trouble.reloads
                equal(found, known, "the programs' processes")
                for key in found:
                    self.looks[key].append((time.monotonic() - self.began, look_at(key[1], self.heaps)))
            except (AssertionError, OSError) as why:
                self.failures.append(why)
                return
            finally:
                self.trouble.reloading.release()

    def thirds(self):
        """Of each process that ran through both: its looks in the second third, and in the last."""
        for key, looks in sorted(self.looks.items()):
            parts = [[look for when, look in looks if n <= 3 * when / self.seconds < n + 1] for n in (1, 2)]
            if all(len(part) >= 3 for part in parts):
                yield key, parts

    def heaps_of(self, parts):
        """The heap in each third and the requests from the one to the other, for a process that was warm in
        both."""
        warm = [[look for look in part if look.heap and look.requests >= WARM] for part in parts]
        return [*(statistics.median(look.heap for look in part) for part in warm),
                warm[1][-1].requests - warm[0][0].requests] if all(warm) else None

    def summary(self):
        """A line a program: what its processes keep, in KiB, and how that grew."""
        for name in servers.PROGRAMS:
            of = [parts for (program, _), parts in self.thirds() if program == name]
            heap = [found for found in map(self.heaps_of, of) if found]
            own = [[statistics.median(look.own for look in part) for part in parts] for parts in of]
            pss = sum(statistics.median(look.pss for look in parts[1]) for parts in of)
            most = max((look.descriptors for parts in of for look in parts[1]), default=0)
            print(f"# {name}: heap in use " + ", ".join(f"{a:.1f}{b - a:+.1f} ({n})" for a, b, n in heap)
                  + " KiB (requests); own memory " + ", ".join(f"{a:.0f}{b - a:+.0f}" for a, b in own)
                  + f" KiB; PSS of all {pss / 1024:.1f} MB; at most {most} descriptors", flush=True)

    def are_flat(self):
        judged = collections.Counter()
        for (name, pid), parts in self.thirds():
            heap, own, maps = (self.heaps_of(parts), [statistics.median(look.own for look in part) for part in parts],
                               [max(look.mappings for look in part) for part in parts])
            if heap:
                judged[name] += 1
                ok(heap[1] <= heap[0] + HEAP, f"{name} {pid}: from {heap[0]:.0f} to {heap[1]:.0f} KiB in use")
            ok(own[1] <= own[0] + CACHE, f"{name} {pid}: from {own[0]:.0f} to {own[1]:.0f} KiB of its own")
            ok(maps[1] <= maps[0] + MAPPINGS, f"{name} {pid}: from {maps[0]} to {maps[1]} mappings")
        wanted = servers.PROGRAMS if self.seconds >= 120 else ("stripe-webhook",)
        equal([name for name in wanted if not judged[name]], [], "programs that were not warm")

    def left_open(self):
        """At rest each process has as many descriptors as the fullest of its program had in the second
        third, at most."""
        most = collections.defaultdict(int)
        for (name, _), (second, _) in self.thirds():
            most[name] = max(most[name], *(look.descriptors for look in second))
        for (name, pid), _ in self.thirds():
            eventually(lambda n=name, p=pid: len(os.listdir(f"/proc/{p}/fd")) <= most[n], seconds=10,
                       what=f"{name} {pid} has at most {most[name]} descriptors")
