#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""WORKERS: the master that forks, replaces, stops and upgrades a program's processes."""
import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time

import servers
import environment
import processes
from tap import equal, eventually, lacks, main, ok, test

servers.require("nginx")
site = servers.Site("nginx", children=3, log_to_file=True, LOG_LEVEL="info")
NAME = "stripe-webhook"


def master():
    return site.processes[NAME].pid


def deliver_all(stop, answers):
    """Delivers event after event until told to stop."""
    while not stop.is_set():
        answers.append(int(site.deliver(site.paid_event()).status))


class Load:
    """Deliveries from four clients while something happens; every answer has to be a 200."""

    def __enter__(self):
        self.stop, self.answers = threading.Event(), []
        self.threads = [threading.Thread(target=deliver_all, args=(self.stop, self.answers)) for _ in range(4)]
        for thread in self.threads:
            thread.start()
        eventually(lambda: len(self.answers) > 4, what="deliveries are answered")
        return self

    def __exit__(self, *_):
        seen = len(self.answers)
        eventually(lambda: len(self.answers) > seen + 4, what="deliveries go on")
        self.stop.set()
        for thread in self.threads:
            thread.join()
        equal(set(self.answers), {200})


@test
def _():
    "a program with WORKERS=3 is a master with three processes"
    eventually(lambda: len(site.pids(NAME)) == 3, what="three workers")
    equal(site.deliver(site.paid_event()).status, 200)


@test
def _():
    "master and workers leave no core dump, in which the secrets would be"
    for pid in (master(), *site.pids(NAME)):
        with open(f"/proc/{pid}/limits", encoding="utf-8") as f:
            limits = next(line for line in f if line.startswith("Max core file size"))
        equal(limits.split()[4:6], ["0", "0"])


@test
def _():
    "a worker that is killed is replaced, however often"
    for _ in range(20):
        before = eventually(lambda: len(site.pids(NAME)) == 3 and site.pids(NAME), what="three workers")
        os.kill(before[0], signal.SIGKILL)
        eventually(lambda: len(site.pids(NAME)) == 3 and before[0] not in site.pids(NAME), what="another worker")
    equal(site.deliver(site.paid_event()).status, 200)
    ok("Worker ended" in site.log("ordersnap") and "signal=9" in site.log("ordersnap"), site.log("ordersnap")[-500:])


@test
def _():
    "SIGHUP under load: other workers of the same master, and no delivery is lost"
    pid, before = master(), set(site.pids(NAME))
    with Load():
        os.kill(pid, signal.SIGHUP)
        eventually(lambda: len(site.pids(NAME)) == 3 and not before & set(site.pids(NAME)), what="all workers are new")
    equal(master(), pid)
    equal(site.processes[NAME].poll(), None)


@test
def _():
    "the ends of the workers of before are no end of a new one, which would be one too many"
    pid, before = master(), set(site.pids(NAME))
    os.kill(pid, signal.SIGHUP)
    eventually(lambda: len(set(site.pids(NAME)) - before) == 3, what="three new workers")
    eventually(lambda: not any(os.path.exists(f"/proc/{old}") for old in before), what="those of before are buried")
    eventually(lambda: processes.sleeps(pid), what="the master waits")
    equal(len(site.pids(NAME)), 3)


@test
def _():
    "SIGHUP with wrong settings keeps the old workers, serving, and says so"
    before, path = set(site.pids(NAME)), site.path("conf", "ordersnap.conf")
    with open(path, encoding="utf-8") as f:
        good = f.read()
    with open(path, "a", encoding="utf-8") as f:
        f.write("ORDER_TTL_DAYS=soon\n")
    with Load():
        os.kill(master(), signal.SIGHUP)
        eventually(lambda: "Reload refused" in site.log("ordersnap"), what="the log says that it was refused")
    equal(set(site.pids(NAME)), before)
    with open(path, "w", encoding="utf-8") as f:
        f.write(good)


@test
def _():
    "SIGHUP after the file was replaced runs the new one: a reload under load is an upgrade, and a rollback"
    path = site.path("cgi-bin", NAME + ".fcgi")
    kept = shutil.copy(path, path + ".before")
    for source in (shutil.copy(path, path + ".new"), kept):
        before = set(site.pids(NAME))
        os.rename(source, path)
        with Load():
            os.kill(master(), signal.SIGHUP)
            eventually(lambda b=before: len(site.pids(NAME)) == 3 and not b & set(site.pids(NAME)),
                       what="all workers are new")
        equal(os.stat(f"/proc/{master()}/exe").st_ino, os.stat(path).st_ino)


@test
def _():
    "SIGHUP again and again, also while it executes itself: the same master serves, and no delivery is lost"
    pid, before = master(), set(site.pids(NAME))
    with Load() as load:
        for n in range(300):
            os.kill(pid, signal.SIGHUP)
            time.sleep(n % 7 / 1000)
            ok(site.processes[NAME].poll() is None, f"signal {n} ended it")
        seen = len(load.answers)
    ok(seen, "deliveries were answered meanwhile")
    eventually(lambda: len(site.pids(NAME)) == 3 and not before & set(site.pids(NAME)), what="all workers are new")
    equal(master(), pid)


@contextlib.contextmanager
def a_look_that_hangs():
    """Meanwhile the master is at a look at the settings that does not come to an end; its pid."""
    path, seen = site.path("cgi-bin", NAME + ".fcgi"), site.path("run", "look")
    kept = shutil.copy(path, path + ".before")
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(f"#!/bin/sh\necho $$ >'{seen}.new'\nmv '{seen}.new' '{seen}'\nexec sleep 1000\n")
    os.chmod(path + ".new", 0o755)
    os.rename(path + ".new", path)
    os.kill(master(), signal.SIGHUP)
    try:
        eventually(lambda: os.path.exists(seen), what="the settings are looked at")
        with open(seen, encoding="ascii") as f:
            yield int(f.read())
    finally:
        os.unlink(seen)
        os.rename(kept, path)


@test
def _():
    "SIGHUP where the look at the settings does not come to an end: it is ended, and the old workers serve"
    before, log = set(site.pids(NAME)), len(site.log("ordersnap"))
    with a_look_that_hangs() as look:
        equal(site.deliver(site.paid_event()).status, 200)
        eventually(lambda: "Reload refused" in site.log("ordersnap")[log:], what="the reload is refused")
        ok(processes.has_ended(look), "the look goes on")
    equal(set(site.pids(NAME)), before)
    equal(site.deliver(site.paid_event()).status, 200)


@test
def _():
    "SIGTERM does not wait for a look at the settings that hangs, and ends that"
    process, log = site.processes[NAME], len(site.log("ordersnap"))
    with a_look_that_hangs() as look:
        process.send_signal(signal.SIGTERM)
        equal(process.wait(60), 0)
        ok(processes.has_ended(look), "the look goes on")
    lacks(site.log("ordersnap")[log:], "Reload refused")
    site.spawn(NAME)
    eventually(lambda: site.deliver(site.paid_event()).status == 200, what="it serves again")


def stops_behind_its_request(told):
    """The master ends with 0, and not before the request that a worker is at has its answer; `told` tells it to
    stop, given the process and the workers of before."""
    event = site.paid_event()
    site.sim.post("/_sim/fault", {"match": "GET /v1/checkout/sessions/", "kind": "hold"})
    answers = []
    delivery = threading.Thread(target=lambda: answers.append(site.deliver(event).status))
    delivery.start()
    eventually(lambda: any(f["struck"] for f in site.sim.get("/_sim/fault")), what="it is at its request")
    process = site.processes[NAME]
    told(process, set(site.pids(NAME)))
    equal(process.poll(), None, "it did not wait")
    site.sim.post("/_sim/fault", method="DELETE")
    delivery.join()
    equal((answers, process.wait(60)), ([200], 0))
    site.spawn(NAME)


@test
def _():
    "SIGTERM right after a reload waits for the request that a worker of before is at"
    def told(process, before):
        process.send_signal(signal.SIGHUP)
        eventually(lambda: len(set(site.pids(NAME)) - before) == 3, what="three new workers")
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
    stops_behind_its_request(told)


@test
def _():
    "SIGTERM together with SIGHUP, while it looks at the settings, waits for the request, too, and ends with 0"
    def told(process, before):
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        eventually(lambda: process.poll() is not None or sum(map(processes.has_ended, before)) == 2, what="it is told")
    stops_behind_its_request(told)


@test
def _():
    "a master that is killed leaves no worker behind"
    workers, process = site.pids(NAME), site.processes.pop(NAME)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    eventually(lambda: all(processes.has_ended(pid) for pid in workers), what="the workers have ended")
    site.spawn(NAME)
    eventually(lambda: site.deliver(site.paid_event()).status == 200, what="it serves again")


@test
def _():
    "SIGTERM ends master and workers, with 0"
    workers, process, asleep = site.pids(NAME), site.processes[NAME], 0
    process.terminate()
    while process.poll() is None:
        asleep += all(processes.sleeps(pid) for pid in (process.pid, *processes.children_of(process.pid)))
        ok(asleep < 50, "nobody works and nobody ends")
        time.sleep(0.02)
    equal(site.end(NAME), 0)
    equal([pid for pid in workers if not processes.has_ended(pid)], [])
    site.spawn(NAME)
    eventually(lambda: site.deliver(site.paid_event()).status == 200, what="it serves again")


@test
def _():
    "a number of workers that is none stops the start by the variable's name"
    for value in ("0", "-1", "many", "513", "4.5"):
        done = subprocess.run(["spawn-fcgi", "-n", "-s", site.path("run", "wrong.sock"), "--",
                               site.path("cgi-bin", NAME + ".fcgi")],
                              env=environment.of(ORDERSNAP_CONF=None, WORKERS=value),
                              capture_output=True, text=True, check=False)
        os.unlink(site.path("run", "wrong.sock"))
        equal(done.returncode, 1)
        ok("WORKERS must be a number from 1 to 512" in done.stderr, done.stderr)


@test
def _():
    "--check-settings says whether a program would start, and why not"
    program = site.path("cgi-bin", NAME + ".fcgi")

    def run(**more):
        return subprocess.run([program, "--check-settings"], stdin=subprocess.DEVNULL, text=True,
                              env=environment.of(ORDERSNAP_CONF=None, **more), capture_output=True,
                              check=False)
    equal(run().returncode, 0)
    wrong = run(ORDER_TTL_DAYS="soon")
    equal(wrong.returncode, 1)
    ok("ORDER_TTL_DAYS" in wrong.stderr, wrong.stderr)


main()
