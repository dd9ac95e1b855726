# SPDX-License-Identifier: ISC
"""A server of a test's own on this machine: what all of them share, and Stub, which answers in the
place of Stripe, AWS or anybody else and keeps what it was asked."""
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import environment  # noqa: F401  (nothing of this machine gets in)


class Server(ThreadingHTTPServer):
    """Serves at `base` from the beginning; a peer that hangs up is no fault."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler, address=("127.0.0.1", 0), certificate=None, **tls):
        super().__init__(address, handler)
        self.base = f"http{'s' if certificate else ''}://{address[0]}:{self.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, **tls)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05},
                         daemon=True).start()

    def handle_error(self, request, client_address):
        pass

    def close(self):
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One request: body() reads it whole, give() answers it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def give(self, status, body=b"", headers=None):
        """`body`: bytes, or a value to be sent as JSON."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if status != 204:
            self.wfile.write(raw)

    def log_message(self, *args):
        pass


class Request:
    """What a Stub was asked."""

    def __init__(self, handler, body):
        self.method, self.path, self.body = handler.command, handler.requestline.split()[1], body
        self.headers = {k.lower(): v for k, v in handler.headers.items()}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def operation(self):
        """Of AWS's services."""
        return self.headers.get("x-amz-target", "?").split(".")[-1]

    @property
    def scope(self):
        """(key id, date, region, service) of an AWS signature."""
        text = self.headers["authorization"].split("Credential=")[1].split(",")[0]
        return tuple(text.split("/")[:4])


class Stub(Server):
    """Answers what `answer(request)` gives: (status, body) or (status, body, headers), the body as
    bytes or a value; None hangs up.  Without `answer` it only counts connections."""

    def __init__(self, answer=None, host="127.0.0.1"):
        self.answer, self.connections, self.requests = answer, 0, []
        super().__init__(_StubHandler, (host, 0))

    def verify_request(self, request, client_address):
        self.connections += 1
        return self.answer is not None

    def taken(self):
        """What it was asked since the last time."""
        taken, self.requests = self.requests, []
        return taken


class _StubHandler(Handler):
    def serve(self):
        request = Request(self, self.body())
        self.server.requests.append(request)
        answer = self.server.answer(request)
        if answer is None:
            self.close_connection = True
            return
        self.give(*answer)

    do_GET = do_PUT = do_POST = serve
