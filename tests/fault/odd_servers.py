# SPDX-License-Identifier: ISC
"""Servers that answer what none should: in the place of Stripe or AWS, or of a proxy before them; and
certificates, good and bad.
"""
import datetime
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

import environment  # noqa: E402,F401  (nothing of this machine gets in)


class Raw:
    """A listener that answers each connection with what `speak` sends, whatever it was asked."""

    def __init__(self, speak):
        self.speak, self.listener = speak, socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.answer, args=(connection,), daemon=True).start()

    def answer(self, connection):
        try:
            with connection:
                connection.settimeout(20)
                connection.recv(65536)
                self.speak(connection)
        except OSError:
            pass

    def close(self):
        self.listener.close()


def says(*parts):
    def speak(connection):
        for part in parts:
            connection.sendall(part)
    return speak


def without_end(head, part):
    """Sends on and on, for as long as somebody reads."""
    def speak(connection):
        connection.sendall(head)
        while True:
            connection.sendall(part)
    return speak


def silence(connection):
    connection.recv(1)  # until the other hangs up


def dripping(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
    pause = threading.Event()
    for byte in b'{"id": "cs_test_' + b"x" * 900:
        connection.sendall(bytes([byte]))
        pause.wait(0.2)


def ok_with(body, more=b""):
    return says(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + more +
                b"Content-Length: %d\r\n\r\n" % len(body) + body)


MEGABYTE = b" " * (1 << 20)
CHUNK = b"100000\r\n" + MEGABYTE + b"\r\n"
ANSWERS = {
    "nothing at all": silence,
    "a byte at a time": dripping,
    "a hundred megabytes": says(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n", *[MEGABYTE] * 100),
    "a chunked body without an end": without_end(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK),
    "headers without an end": without_end(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 1000 + b"\r\n"),
    "a body that is cut off": says(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b'{"id": "cs_te'),
    "a status line alone": says(b"HTTP/1.1 200 OK\r\n"),
    "what is no HTTP": says(b"\x16\x03\x01\x02\x00 hello, this is not HTTP\r\n\r\n"),
    "a redirect elsewhere": says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
    "a permanent redirect": says(b"HTTP/1.1 308 Permanent Redirect\r\nLocation: /v1/other\r\n"
                                 b"Content-Length: 0\r\n\r\n"),
    "an empty body": ok_with(b""),
    "null": ok_with(b"null"),
    "a list": ok_with(b"[]"),
    "an empty object": ok_with(b"{}"),
    "a page in HTML": ok_with(b"<html><body>Please log in to the WLAN</body></html>"),
    "JSON and then more": ok_with(b'{"id": "cs_test_1"} {"id": "cs_test_2"}'),
    "JSON of a thousand levels": ok_with(b'{"a":' * 1000 + b"1" + b"}" * 1000),
    "bytes that are no UTF-8": ok_with(b'{"id": "cs_test_\xff\xfe"}'),
    "a gzip that nobody asked for": ok_with(b"\x1f\x8b\x08\x00\x00\x00\x00\x00", b"Content-Encoding: gzip\r\n"),
}


numbers = itertools.count()


def certificate(within, *names, days=(-1, 2), issuer=None):
    """A certificate for these names, and its key, signed by an authority or by itself, in a folder."""
    folder = tempfile.mkdtemp(prefix="tls", dir=within)  # several may be made at once
    base = os.path.join(folder, f"{next(numbers)}")
    begin, end = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=d) for d in days)
    config = base + ".cnf"
    with open(config, "w", encoding="utf-8") as f:
        f.write("[req]\ndistinguished_name=dn\n[dn]\n[ext]\n"
                f"subjectAltName={','.join(names)}\nbasicConstraints=CA:{'FALSE' if issuer else 'TRUE'}\n"
                f"[ca]\ndefault_ca=own\n[own]\ndatabase={base}.txt\nserial={base}.srl\nnew_certs_dir={folder}\n"
                "default_md=sha256\npolicy=any\n[any]\ncommonName=supplied\n")
    with open(base + ".txt", "w", encoding="utf-8"):
        pass
    with open(base + ".srl", "w", encoding="utf-8") as f:
        f.write("01\n")

    def run(*command):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
        f"/CN={os.path.basename(base)}", "-config", config, "-keyout", base + ".key", "-out", base + ".csr")
    signer = ["-cert", issuer[0], "-keyfile", issuer[1]] if issuer else ["-selfsign", "-keyfile", base + ".key"]
    run("ca", "-batch", "-config", config, "-in", base + ".csr", "-out", base + ".crt", "-notext",
        "-extensions", "ext", "-startdate", begin.strftime("%Y%m%d%H%M%SZ"),
        "-enddate", end.strftime("%Y%m%d%H%M%SZ"), *signer)
    return base + ".crt", base + ".key"
