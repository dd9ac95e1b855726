#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""A master of WORKERS by itself, without a web server: how its workers end, and how it does."""
import os
import re
import resource
import signal
import socket
import subprocess

import servers
import environment
import processes
from tap import Watch, equal, eventually, main, ok, test

servers.require("nginx")
site = servers.Site("nginx", children=1)
NAME = "stripe-webhook"


def alone(workers, log, **more):
    """A master on a listener of its own, which nobody asks."""
    path = site.path("run", "alone.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        os.unlink(path)
        return subprocess.Popen([site.path("cgi-bin", NAME + ".fcgi")], stdin=listener, env=environment.of(
            ORDERSNAP_CONF=None, WORKERS=workers, LOG_TARGET=log), **more)


@test
def _():
    "a worker that dies soon is replaced after a pause that doubles, until one has lived; the master sleeps"
    log = site.path("log", "alone.log")
    process = alone("1", log)

    def kill(least=0):
        """Kills the worker when it is so old; how long the next one is waited for."""
        pid, = eventually(lambda: processes.children_of(process.pid), what="a worker")
        eventually(lambda: processes.sleeps(process.pid), seconds=5, what="the master waits")
        seen = Watch()
        eventually(lambda: seen.seconds >= least)
        before = pauses()
        os.kill(pid, signal.SIGKILL)
        return eventually(lambda: len(pauses()) > len(before) and pauses()[-1:])[0]

    def pauses():
        with open(log, encoding="utf-8") as f:
            return [int(ms) for ms in re.findall(r"Worker ended.* nextInMs=(\d+) ", f.read())]

    try:
        for _ in range(2):  # on a busy machine one may be killed later than soon: the next one is the first again
            eventually(lambda: kill() >= 400, what="a pause that has doubled twice")
            equal(kill(least=1.1), 0)
        told, want = pauses(), 100
        for ms in told:
            equal(ms, ms and want, str(told))
            want = 2 * ms or 100
        eventually(lambda: processes.children_of(process.pid), what="a worker")
    finally:
        process.terminate()
    equal(process.wait(60), 0)
    equal(pauses(), told, "of one that was told to end nothing is said")


@test
def _():
    "SIGINT and SIGUSR1 end a master, too, with 0"
    for number in (signal.SIGINT, signal.SIGUSR1):
        process = alone("2", site.path("log", "signals.log"))
        workers = eventually(lambda p=process: len(processes.children_of(p.pid)) == 2 and
                             processes.children_of(p.pid), what="two workers")
        process.send_signal(number)
        equal(process.wait(60), 0)
        equal([pid for pid in workers if not processes.has_ended(pid)], [])


@test
def _():
    "a worker that does not end is killed when each request would have ended, and the master ends"
    process = alone("2", site.path("log", "stopped.log"))
    try:
        workers = eventually(lambda: len(processes.children_of(process.pid)) == 2 and
                             processes.children_of(process.pid), what="two workers")
        os.kill(workers[0], signal.SIGSTOP)
        process.terminate()
        waited = Watch()
        equal(process.wait(60), 0)
        ok(waited.seconds > 8, "a request may take longer")
        eventually(lambda: all(processes.has_ended(pid) for pid in workers), what="what is killed has ended")
    finally:
        process.kill()


@test
def _():
    "a master goes on whose log nobody reads any more, or may not grow any more"
    full = site.path("log", "full.log")
    with open(full, "wb") as f:
        f.write(b"\n" * 4096)
    for log in ("stderr", full):
        reading, writing = os.pipe()
        process = alone("2", log, stderr=writing,
                        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)))
        os.close(writing)
        try:
            killed = eventually(lambda: process.poll() or (len(processes.children_of(process.pid)) == 2 and
                                                           processes.children_of(process.pid)[0]), what="two workers")
            equal(process.poll(), None)
            os.close(reading)
            os.kill(killed, signal.SIGKILL)
            eventually(lambda: process.poll() or (processes.has_ended(killed) and
                                                  len(processes.children_of(process.pid)) == 2), what="another worker")
            equal(process.poll(), None)
        finally:
            process.terminate()
        equal(process.wait(60), 0)


main()
