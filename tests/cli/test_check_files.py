#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""`ordersnap check` on files: settings that can't be read, a store on a file system that does not do,
and what the web server hands out that it should not."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from check_kit import CheckedShop, main, no_secret  # noqa: E402
from command_kit import equal, kit, test  # noqa: E402
from server import Handler, Server  # noqa: E402

SETTINGS, ORDERS = "site/settings file", "site/orders' file"
shop = CheckedShop()
machine = kit.preload.Machine()


def settings_file(folder):
    """The shop's settings as a file in a folder of its own; gives the variables to run with."""
    path = os.path.join(shop.folder, folder, "ordersnap.conf")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write("".join(f"{k}={v}\n" for k, v in shop.settings.items()))
    return path, {"ORDERSNAP_CONF": path, **dict.fromkeys(shop.settings)}


# --- settings that can't be read ----------------------------------------------------------------

@test
def _():
    "settings that can't be read are one failure: what they may hold is not also missed"
    shop.well()
    for path in (shop.folder, os.path.join(shop.folder, "gone.conf")):
        report = shop.check(ORDERSNAP_CONF=path, **dict.fromkeys(shop.settings))
        report.blames("failed configuration/file").says("configuration/file", "can't read " + path)
        report.is_silent_on("stripe", "webhook", "store")


@test
def _():
    "what the environment says is looked at beside settings that can't be read"
    shop.well()
    report = shop.check(ORDERSNAP_CONF=shop.folder, STRIPE_SECRET="pk_test_published0000")
    report.blames("failed configuration/file", "failed configuration/STRIPE_SECRET")


# --- the file system ----------------------------------------------------------------------------

TYPES = {"6969": "NFS", "ff534d42": "CIFS", "fe534d42": "SMB", "1021997": "9p", "786f4256": "vboxsf",
         "65735546": "FUSE", "73757245": "Coda"}


@test
def _():
    "a store on a file system that another machine or program serves fails, by its name"
    shop.well()
    for number, name in TYPES.items():
        report = shop.check(**machine.at(file_system=number)).blames("failed store/disk")
        report.says("store/disk", f"is on {name}", "local disk")
    shop.check(**machine.at(file_system="ef53")).blames()


@test
def _():
    "virtiofs and FUSE's own kinds are told from each other by the mount"
    shop.well()
    device = os.stat(shop.db).st_dev
    mounts = os.path.join(shop.folder, "mountinfo")
    for kind, said in (("virtiofs", "is on virtiofs"), ("fuse.sshfs", "is on FUSE, fuse.sshfs")):
        with open(mounts, "w") as f:
            f.write("21 1 0:99999 / /else rw - ext4 /dev/x rw\n"
                    f"36 35 {os.major(device)}:{os.minor(device)} / / rw,noatime shared:1 - {kind} s rw\n")
        report = shop.check(**machine.at(file_system="65735546", mounts=mounts))
        report.blames("failed store/disk").says("store/disk", said)


# --- what the web server hands out --------------------------------------------------------------

class FileHandler(Handler):
    """A web server that hands out the files of its root, as httpd does, and else what it likes."""

    def do_GET(self):
        path = self.server.root + self.path if self.server.root else ""
        self.server.seen.append((self.path, self.headers.get("Range")))
        if path and os.path.isfile(path):
            with open(path, "rb") as f:
                self.give(*((206, f.read(256)) if self.server.ranges else (200, f.read())))
        else:
            self.give(*self.server.otherwise)

    def do_POST(self):
        self.body()
        self.give(404, b"<html>no</html>")

    do_OPTIONS = do_POST


class FileServer(Server):
    def __init__(self, certificate=None):
        self.root, self.otherwise, self.seen = None, (404, b"<html>no</html>"), []
        self.ranges = False
        super().__init__(FileHandler, certificate=certificate)


server = FileServer()


def check(root, **variables):
    """The lines about the files, of a server with that document root."""
    shop.well()
    server.root, server.seen = root, []
    report = shop.check("--url", server.base, **variables)
    report.lines = [x for x in report.lines
                    if f"{x['group']}/{x['name']}" in (SETTINGS, ORDERS)]
    return report


@test
def _():
    "settings that the web server hands out fail, wherever below the document root they stand"
    path, variables = settings_file("site/conf")
    for root, address in ((os.path.dirname(path), "/ordersnap.conf"),
                          (os.path.join(shop.folder, "site"), "/conf/ordersnap.conf"),
                          (shop.folder, "/site/conf/ordersnap.conf")):
        report = check(root, **variables)
        report.says(SETTINGS, server.base + address, "move the file", "change each secret")
        equal([x["status"] for x in report.named(SETTINGS)], ["failed"])


@test
def _():
    "orders that the web server hands out fail, and no more than their first bytes are asked for"
    for server.ranges in (True, False):
        report = check(os.path.dirname(shop.db)).blames("failed " + ORDERS)
        report.says(ORDERS, server.base + "/orders.db hands out the orders", "-wal")
        equal({asked for path, asked in server.seen if path.endswith("orders.db")}, {"bytes=0-255"})


@test
def _():
    "what is not handed out is ok, also where the server has a page for each address"
    path, variables = settings_file("site/conf")
    for server.otherwise in ((404, b"<html>no</html>"), (403, b""), (200, b"<html>welcome</html>"),
                             (200, b"")):
        report = check(None, **variables).blames()
        report.says(SETTINGS, path + " is not handed out").says(ORDERS, "is not handed out")


@test
def _():
    "a space in a path is asked for as %20"
    _, variables = settings_file("my site/conf")
    check(None, **variables).blames()
    equal([path for path, _ in server.seen if "site" in path][0], "/my%20site/conf/ordersnap.conf")


# --- whom it believes ---------------------------------------------------------------------------

@test
def _():
    "a site whose certificate is of an authority in CA_FILE is believed, and without it is not"
    shop.well()
    pem = os.path.join(shop.folder, "site.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
                    "/CN=shop.example", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", pem,
                    "-out", pem + ".crt"], check=True, capture_output=True)
    secure = FileServer([pem + ".crt", pem])
    try:
        for ca, verdict, part in ((pem + ".crt", "ok", "its certificate is valid"),
                                  (None, "failed", "certificate"),
                                  ("/nonexistent/ca.pem", "failed", "/nonexistent/ca.pem")):
            report = shop.check("--url", secure.base, CA_FILE=ca)
            equal([x["status"] for x in report.named("site/address")], [verdict])
            report.says("site/address", part)
    finally:
        secure.close()
    for what in ("/nonexistent/ca.pem", "/dev/zero", os.path.abspath(__file__)):
        report = shop.check(CA_FILE=what)
        equal([x["status"] for x in report.named("configuration/CA_FILE")], ["failed"], what)
        report.says("configuration/CA_FILE", what)


@test
def _():
    "no secret is in any of the reports"
    no_secret()


main(shop, machine, server)
