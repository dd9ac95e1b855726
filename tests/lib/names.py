# SPDX-License-Identifier: ISC
"""Name servers of a test's own, in a network of its own.

The one idea: enter() runs the test's file once more inside network and mount namespaces, where
nothing but `lo` is, where 127.0.0.1 to 127.0.0.3 may listen on port 53, and where files of /etc can
be covered by others.  Root may do that, and so may users where the kernel allows user namespaces.
"""
import http.client
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

import environment  # noqa: F401
from namespaces import MS_BIND, mount, raise_lo
from server import Handler, Server

INSIDE = "ORDERSNAP_TEST_NAMES"
ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
HOST = "127.0.0.9"  # what every name stands for

SILENT, ANSWERS, REFUSES, FAILS, CLOSED, UNKNOWN, NO_AAAA, CUT = (
    "silent", "answers", "refuses", "fails", "closed", "unknown", "no AAAA", "cut")


def _skip_all(why):
    print(f"1..0 # SKIP {why}")
    sys.exit(0)


def enter():
    """Goes on inside, or skips the whole file and says why it can't."""
    if os.environ.get(INSIDE):
        raise_lo()
        return
    said = "unshare (util-linux) is not installed"
    for more in ([], ["--map-root-user"]):
        command = ["unshare", "--net", "--mount", *more]
        if shutil.which("unshare"):
            tried = subprocess.run([*command, "true"], capture_output=True, text=True)
            if tried.returncode == 0:
                os.environ[INSIDE] = "1"
                os.execvp("unshare", [*command, sys.executable, *sys.argv])
            said = tried.stderr.strip()
    _skip_all(f"a network of its own needs root or user namespaces: {said}")


def cover(path, folder, text):
    """Has everybody in here read `text` at `path`.  The file under it stays as it is."""
    own = os.path.join(folder, os.path.basename(path))
    with open(own, "w") as f:
        f.write(text)
    os.chmod(own, 0o644)
    try:
        mount(own, path, flags=MS_BIND)
    except OSError as error:
        _skip_all(f"{path} can't be covered: {error}")


def ask_name_servers_alone(folder):
    """No /etc/hosts, no systemd-resolved, no nscd: names are looked up as resolv.conf says."""
    cover("/etc/nsswitch.conf", folder, "hosts: dns\n")
    if os.path.isdir("/run/nscd"):
        mount("tmpfs", "/run/nscd", "tmpfs")


class NameServer:
    """One on an address, which answers as `way` says, `late` seconds after it was asked."""

    def __init__(self, address):
        self.address, self.way, self.late = address, CLOSED, 0
        self.socket = self.listener = self.thread = None

    def set(self, way, late=0):
        self.end()
        self.way, self.late = way, late
        if way == CLOSED:
            return
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((self.address, 53))
        self.socket.settimeout(0.05)
        if way == CUT:  # "ask again over TCP", where nobody says a word
            self.listener = socket.create_server((self.address, 53))
        self.thread = threading.Thread(target=self.serve, args=[self.socket], daemon=True)
        self.thread.start()

    def end(self):
        if self.thread:
            self.way = CLOSED
            self.thread.join()
            self.socket.close()
        if self.listener:
            self.listener.close()
        self.socket = self.listener = self.thread = None

    def serve(self, own):
        while self.way != CLOSED:
            try:
                question, peer = own.recvfrom(4096)
            except socket.timeout:
                continue
            answer = self.answer_to(question)
            if answer:
                threading.Timer(self.late, self.send, [own, answer, peer]).start()

    @staticmethod
    def send(own, answer, peer):
        try:
            own.sendto(answer, peer)
        except OSError:
            pass  # closed meanwhile

    def answer_to(self, question):
        """RFC 1035: the header, the question, and one A record where one is due."""
        end = question.index(b"\0", 12) + 5
        is_a = question[end - 4:end - 2] == b"\0\1"
        if self.way == SILENT or (self.way == NO_AAAA and not is_a):
            return None
        code = {REFUSES: 5, FAILS: 2, UNKNOWN: 3}.get(self.way, 0)
        answers = is_a and code == 0 and self.way != CUT
        flags = 0x8180 | code | (0x0200 if self.way == CUT else 0)
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4" + socket.inet_aton(HOST) if answers else b""
        return (question[:2] + struct.pack(">HHHHH", flags, 1, int(answers), 0, 0) +
                question[12:end] + record)


def certificate(folder, names):
    """A key and a certificate that signs itself, for some names; (certificate, key)."""
    paths = os.path.join(folder, "tls.crt"), os.path.join(folder, "tls.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=ordersnap test",
                    "-addext", "subjectAltName=" + ",".join("DNS:" + n for n in names),
                    "-out", paths[0], "-keyout", paths[1]], check=True, capture_output=True)
    return paths


class Upstreams(Server):
    """All the hosts that the names stand for, on port 443 of HOST: what is for stripe.test goes to
    the simulator, the rest is answered with `{}`.  `reached` has the names that were reached."""

    def __init__(self, folder, names, sim):
        self.reached, self.sim = [], sim.rpartition("/")[2]
        super().__init__(UpstreamHandler, (HOST, 443), certificate(folder, names),
                         do_handshake_on_connect=False)

    def answer(self, request, body):
        name = request.headers["Host"]
        self.reached.append(name)
        if name != "stripe.test":
            return 200, b"{}"
        onward = http.client.HTTPConnection(self.sim, timeout=30)
        onward.request(request.command, request.path, body, dict(request.headers))
        got = onward.getresponse()
        return got.status, got.read()


class UpstreamHandler(Handler):
    def serve(self):
        self.give(*self.server.answer(self, self.body()))

    do_GET = do_POST = do_PUT = serve


def timed(function):
    """What it gives, and the seconds that it took."""
    since = time.monotonic()
    return function(), time.monotonic() - since
