#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Where the settings' file is looked for, and where it may not stand: below the document root."""
import os
import shutil
import subprocess

from kit import (KeptShop, contains, environment, equal, lacks, lib, logged, main, preload, skip,
                 test)

SYSTEM = "/etc/ordersnap/ordersnap.conf"
PROGRAMS = ("cart-quote", "checkout-create-session", "orders", "status", "stripe-webhook")
shop = KeptShop(sim=False)
machine = preload.Machine()
_count = iter(range(1000))


class Place:
    """Somebody's account: `cgi` is a folder with the programs, others are made as asked for."""

    def __init__(self, cgi="cgi-bin"):
        self.folder = os.path.join(shop.folder, f"account{next(_count)}")
        self.cgi = os.path.join(self.folder, cgi)
        os.makedirs(self.cgi)
        for name in PROGRAMS:
            shutil.copy(lib.program(name), self.cgi)

    def put(self, name, mode=0o600, **changes):
        """A settings' file, whose LOG_FORMAT is told from another's; gives its path."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            for key, value in {**shop.settings, **changes}.items():
                if value is not None:
                    f.write(f"{key}={value}\n")
        os.chmod(path, mode)
        return path

    def run(self, program="status", **variables):
        given = environment.of(**{
            "ORDERSNAP_CONF": None, "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/healthz",
            **machine.at(home=self.folder), **variables})
        done = subprocess.run([*lib.WRAPPER, os.path.join(self.cgi, program + ".fcgi")], env=given,
                              capture_output=True, stdin=subprocess.DEVNULL)
        answer = lib.Answer(done.stdout, done.stderr.decode(), done.returncode)
        logged.append((program, answer.log))
        return answer

    def file(self, **variables):
        """The file that is read here: that which holds a name that is no setting says so."""
        return self.run(**variables).log


# --- the places ---------------------------------------------------------------------------------

@test
def _():
    """~/ordersnap/ordersnap.conf is read, by the user's home and not by HOME"""
    place = Place()
    path = place.put("ordersnap/ordersnap.conf", NONSENSE="1")
    contains(place.file(), path)
    contains(place.file(HOME="/nonexistent"), path)


@test
def _():
    """the file beside the program comes before that at home, and ORDERSNAP_CONF before both"""
    place = Place()
    place.put("ordersnap/ordersnap.conf", AT_HOME="1")
    place.put("conf/ordersnap.conf", BESIDE="1")
    named = place.put("named.conf", NAMED="1")
    contains(place.file(), "BESIDE is not a setting")
    contains(place.file(ORDERSNAP_CONF=named), "NAMED is not a setting")


@test
def _():
    """a home that can't be entered, or is none, is passed over"""
    if os.path.exists(SYSTEM):
        skip(f"{SYSTEM} is a shop's own, which no test reads")
    place = Place()
    for home in ("/nonexistent", "", "/proc/self/exe"):
        answer = place.run(**machine.at(home=home))
        equal(answer.status, 503)
        lacks(answer.log, "can't read")


@test
def _():
    """a file that is kept from the programs' user is one message, with what to do"""
    if os.geteuid() != 0:
        skip("only root can run a program as somebody else")
    place = Place()
    path = place.put("conf/ordersnap.conf")
    os.chmod(shop.folder, 0o755)
    given = environment.of(ORDERSNAP_CONF=None, REQUEST_METHOD="GET", SCRIPT_NAME="/healthz")
    for program in PROGRAMS:
        done = subprocess.run([os.path.join(place.cgi, program + ".fcgi")], env=given, user=33, group=33,
                              extra_groups=[], capture_output=True, stdin=subprocess.DEVNULL)
        equal(lib.Answer(done.stdout).status, 500)
        log = done.stderr.decode()
        equal(log.count("\n"), 1, "lines of the log")
        for part in (path.replace("/conf/", "/cgi-bin/../conf/"), "Permission denied", "chgrp",
                     "chmod 640"):
            contains(log, part)
        lacks(log, "ORDERSNAP_CONF")


# --- the document root --------------------------------------------------------------------------

def below(place, mode, **changes):
    """The answer where cgi-bin and conf lie below the document root."""
    place.put("public_html/conf/ordersnap.conf", mode, **changes)
    return place.run(DOCUMENT_ROOT=place.folder + "/public_html")


NO_SECRET = dict.fromkeys(("STRIPE_SECRET", "STRIPE_WEBHOOK_SECRET", "QUOTE_SIGNATURE_SECRET"))


@test
def _():
    """settings below the document root that others can read are refused, also without a secret"""
    place = Place("public_html/cgi-bin")
    answer = below(place, 0o644, **NO_SECRET)
    equal((answer.status, answer.json), (500, {"error": "Service misconfigured"}))
    contains(answer.log, "is below the document root")
    contains(answer.log, "~/ordersnap/ordersnap.conf")


@test
def _():
    """settings below the document root that are kept from others are warned of, once"""
    place = Place("public_html/cgi-bin")
    for mode in (0o600, 0o640):
        answer = below(place, mode)
        equal(answer.status, 200)
        equal(answer.log.count("The settings are below the document root"), 1)


@test
def _():
    """a document root that is a link, or ends in a slash, is the same"""
    place = Place("public_html/cgi-bin")
    place.put("public_html/conf/ordersnap.conf", 0o644, **NO_SECRET)
    os.symlink("public_html", place.folder + "/www")
    for root in ("/www", "/public_html/", "/www/cgi-bin/.."):
        equal(place.run(DOCUMENT_ROOT=place.folder + root).status, 500)


@test
def _():
    """settings beside the document root are no matter, nor is a root that is said to be / or is none"""
    place = Place("public_html/cgi-bin")
    os.makedirs(place.folder + "/public")
    place.put("public_html/conf/ordersnap.conf", 0o644, **NO_SECRET)
    for root in (place.folder + "/public", "/", "/nonexistent", "", None):
        answer = place.run(DOCUMENT_ROOT=root)
        equal(answer.status, 503)  # no secrets
        lacks(answer.log, "document root")


@test
def _():
    """orders below the document root are warned of"""
    place = Place()
    place.put("conf/ordersnap.conf")
    answer = place.run(DOCUMENT_ROOT=shop.folder)
    contains(answer.log, "The settings are below the document root")
    answer = place.run(DOCUMENT_ROOT=os.path.dirname(shop.db))
    contains(answer.log, "The orders are below the document root")


main(shop, machine)
