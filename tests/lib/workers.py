# SPDX-License-Identifier: ISC
"""A program as a web server runs it: processes on a socket."""
import json
import os
import shutil
import socket
import subprocess
import tempfile

import fastcgi
import shop

class FastCgi:
    """`workers` processes of a program that wait on one socket, as spawn-fcgi starts them."""

    def __init__(self, of, name, workers=1, **variables):
        self.folder = tempfile.mkdtemp(prefix="ordersnap-fcgi-")
        self.path = os.path.join(self.folder, "socket")
        self.log = os.path.join(self.folder, "log")
        with socket.socket(socket.AF_UNIX) as listener, open(self.log, "ab") as log:
            listener.bind(self.path)
            listener.listen(128)
            self.processes = [subprocess.Popen(
                [*shop.WRAPPER, shop.program(name)], stdin=listener, stdout=log, stderr=log,
                env=of.environment(**variables)) for _ in range(workers)]

    def ask(self, body=None, method="POST", timeout=60, **variables):
        """One request: the Answer; its log is what went to FastCGI's error stream."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        given = {"REQUEST_METHOD": method, "GATEWAY_INTERFACE": "CGI/1.1", **variables}
        if body is not None:
            given.update(CONTENT_LENGTH=str(len(body)), CONTENT_TYPE="application/json")
        answer = fastcgi.request(self.path, given, body or b"", timeout)
        if answer is None:
            raise ConnectionError("the program hung up")
        return answer

    def webhook(self, event, secret=shop.WEBHOOK_SECRET, at=None, **variables):
        body = event if isinstance(event, bytes) else json.dumps(event, indent=2).encode()
        return self.ask(body, HTTP_STRIPE_SIGNATURE=shop.sign(body, secret, at), **variables)

    def health(self):
        return self.ask(None, "GET", SCRIPT_NAME="/healthz")

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
