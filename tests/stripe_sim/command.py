# SPDX-License-Identifier: ISC
"""The command line: options, the seed's file, the port's file, and the end by a signal."""

import argparse
import json
import os
import signal
import threading

from . import __doc__ as manual
from .known import API_VERSIONS, NEWEST
from .server import Server, Sim

SEED_NAMES = {"lookup_key", "name", "unit_amount", "currency", "metadata", "images", "id",
              "description", "recurring", "active"}


def read_seed(path):
    with open(path, encoding="utf-8") as file:
        seed = json.load(file)
    for entry in seed:
        if not {"name", "unit_amount", "currency"} <= set(entry) <= SEED_NAMES:
            raise ValueError(f"a seed entry has name, unit_amount and currency, and may have "
                             f"{', '.join(sorted(SEED_NAMES))}; this has {', '.join(sorted(entry))}")
    return seed


def milliseconds(text):
    return [int(gap) for gap in text.split(",") if gap.strip()]


def read_options(argv):
    parser = argparse.ArgumentParser(description=manual, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--port", type=int, default=12111, help="0: any free one (%(default)s)")
    add("--port-file", metavar="F", help="write the port there once it listens")
    add("--secret", default="sk_test_sim", help="the API key it accepts (%(default)s)")
    add("--webhook-url", metavar="URL", help="where events go; without it they are only stored")
    add("--webhook-secret", metavar="whsec_…", help="what they are signed with")
    add("--api-version", metavar="V", default=NEWEST, choices=sorted(API_VERSIONS),
        help="the webhook endpoint's, and so the shape of events (%(default)s)")
    add("--seed", metavar="FILE", type=read_seed, default=[],
        help='prices to begin with: [{"lookup_key", "name", "unit_amount", "currency", "metadata"?, '
             '"images"?, "description"?, "id"?, "recurring"?, "active"?}, …]; metadata is the '
             "product's and the price's")
    add("--retry-ms", metavar="MS,MS,…", type=milliseconds, default=[500, 1000, 2000, 4000, 8000],
        help="gaps between redeliveries (500,1000,2000,4000,8000)")
    add("--deliver-timeout", metavar="S", type=float, default=10, help="of a delivery (%(default)s)")
    add("--log", metavar="F", help="append a line a request to this file")
    options = parser.parse_args(argv)
    if options.webhook_url and not options.webhook_secret:
        parser.error("--webhook-url needs --webhook-secret")
    return options


def write_port(path, port):
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "w", encoding="ascii") as file:
        file.write(f"{port}\n")
    os.replace(temporary, path)


def main(argv):
    options = read_options(argv)
    sim = Sim(options)
    log = open(options.log, "a", encoding="utf-8") if options.log else None
    server = Server(sim, options.port, log)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    threading.Thread(target=sim.tick, daemon=True).start()
    if options.port_file:
        write_port(options.port_file, server.server_port)
    print(f"stripe-sim listens on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    return 0
