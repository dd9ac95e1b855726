# SPDX-License-Identifier: ISC
"""The HTTP server: the parts together, a thread a connection, on 127.0.0.1 alone."""

import itertools
import socket
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import control_objects, control_service  # noqa: F401  (each fills CONTROLS)
from .answers import Answer, Request, json_answer
from .api import Api
from .control import run_control
from .errors import ControlError, Declined, StripeError
from .faults import Faults
from .known import BODY_CAP
from .page import not_found, serve_page
from .stats import Stats
from .world import World


class Sim:
    """The parts together, and one method that answers any request."""

    def __init__(self, options):
        self.options = options
        self.world = World(options)
        self.faults, self.stats = Faults(), Stats()
        self.skew = 0  # of the Date header, in seconds
        self.api = Api(self.world, self.faults, self.stats)

    def serve(self, request, connection):
        if request.path.startswith("/_sim/"):
            try:
                return json_answer(200, run_control(self, request.method, request.path, request.body))
            except Declined as decline:
                return json_answer(402, {"error": decline.message, "decline_code": decline.code})
            except ControlError as error:
                return json_answer(error.status, {"error": str(error)})
            except (KeyError, TypeError, AttributeError, StripeError) as error:
                return json_answer(400, {"error": f"{type(error).__name__}: {error}"})
        if request.path.startswith("/pay/") and request.method in ("GET", "POST"):
            return serve_page(self.world, request.method, request.path, request.body)
        if not request.path.startswith(("/v1/", "/v2/")):
            return not_found("Nothing here")
        return self.api.serve(request, connection)

    def tick(self):
        while True:
            time.sleep(0.5)
            self.world.expire_due()


class Handler(BaseHTTPRequestHandler):
    """One connection: reads requests, writes whole answers, keeps the connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "stripe-sim", ""
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one write

    def setup(self):
        super().setup()
        self.number = next(self.server.numbers)  # of this connection

    def date_time_string(self, timestamp=None):
        at = time.time() if timestamp is None else timestamp
        return super().date_time_string(at + self.server.sim.skew)

    def handle_expect_100(self):
        go_on = super().handle_expect_100()
        self.wfile.flush()
        return go_on

    def serve(self):
        began = time.monotonic()
        path, _, query = self.path.partition("?")
        body = self.read_body()
        if body is None:
            answer = Answer(411, {"Connection": "close"}, b"")
        else:
            request = Request(self.command, path, query, self.headers, body)
            answer = self.server.sim.serve(request, self.number)
        status = "-" if answer.body is None else answer.status
        ms = (time.monotonic() - began) * 1000
        self.server.write_log(f"{self.command} {self.path} {status} {ms:.1f}ms")
        if answer.body is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(answer.status)
        for name, value in (answer.headers | {"Content-Length": str(len(answer.body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body if self.command != "HEAD" else b"")

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = serve

    def read_body(self):
        """The body, or None if its length is not told, or is above the cap."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > BODY_CAP:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, sim, port, log):
        super().__init__(("127.0.0.1", port), Handler)
        self.sim, self.log, self.log_lock = sim, log, threading.Lock()
        self.numbers = itertools.count(1)
        sim.world.base_url = f"http://127.0.0.1:{self.server_port}"

    def write_log(self, line):
        if self.log:
            with self.log_lock:
                at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
                print(at, line, file=self.log, flush=True)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):  # a client that left
            traceback.print_exc()
