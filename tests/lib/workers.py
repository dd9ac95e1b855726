# SPDX-License-Identifier: ISC
"""A program as a web server runs it: processes on a socket, and a FastCGI client."""
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile

import shop

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7


def _record(kind, content=b""):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def _length(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 0x80000000)


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
        params = b"".join(_length(len(k)) + _length(len(v)) + k + v for k, v in
                          ((k.encode(), str(v).encode()) for k, v in given.items()))
        out = _record(BEGIN, struct.pack(">HB5x", 1, 0)) + _record(PARAMS, params) + _record(PARAMS)
        for at in range(0, len(body or b""), 65535):
            out += _record(STDIN, body[at:at + 65535])
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout)
            s.connect(self.path)
            s.sendall(out + _record(STDIN))
            return self._answer(s.makefile("rb"))

    def _answer(self, stream):
        text = {STDOUT: b"", STDERR: b""}
        while True:
            head = stream.read(8)
            if len(head) < 8:
                raise ConnectionError("the program hung up")
            _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", head)
            content = stream.read(length + padding)[:length]
            if kind == END:
                return shop.Answer(text[STDOUT], text[STDERR].decode("utf-8", "replace"))
            text[kind] = text.get(kind, b"") + content

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
