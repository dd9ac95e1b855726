#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What runs the programs: systemd's units, cron's lines, the rotation of logs and Debian's package
agree with each other and with the tree."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import tree  # noqa: E402  (finds tests/lib)
import environment  # noqa: E402
from tap import contains, equal, main, ok, skip, test  # noqa: E402

SERVICES = ["ordersnap@.service", "ordersnap-sync.service", "ordersnap-notify.service"]
MOST_EXPOSED = 1.5  # of 10, by systemd-analyze
BEGINS = "# One file to read, two folders to write"


def conf(name):
    return tree.read(tree.SRC, "conf/" + name)


def confinement(unit):
    """The lines from the comment that begins them to the next section."""
    text = conf("systemd/" + unit)
    return text[text.index(BEGINS):].partition("\n\n[")[0].strip().splitlines()


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)


def needs(program):
    if not shutil.which(program):
        skip(f"there is no {program}")


def installed(folder):
    """The units in a folder, with programs of this machine in the place of ours."""
    for name in os.listdir(os.path.join(tree.SRC, "conf/systemd")):
        text = conf("systemd/" + name)
        text = re.sub(r"/usr/local/(libexec|bin)/ordersnap(/%i\.fcgi)?", "/bin/true", text)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            f.write(text)


@test
def _():
    "the command and the programs are confined alike, line by line"
    for unit in SERVICES[1:]:
        equal(confinement(unit), confinement(SERVICES[0]), unit)
    ok(len(confinement(SERVICES[0])) > 25, "the lines are found")


@test
def _():
    "no unit gives up starting, and each says where it logs"
    for unit in SERVICES:
        text = conf("systemd/" + unit)
        for line in ("StartLimitIntervalSec=0", "StandardError=journal", "User=ordersnap"):
            ok(f"\n{line}\n" in text, f"{unit} lacks {line}")
    contains(conf("systemd/ordersnap@.service"), "\nKillMode=mixed\n")
    contains(conf("systemd/ordersnap@.socket"), "\nTriggerLimitIntervalSec=0\n")


@test
def _():
    "no unit is more exposed than 1.5 of 10, as systemd-analyze says"
    needs("systemd-analyze")
    if run("systemd-analyze", "security", "--offline=yes", "--help").returncode:
        skip("this systemd-analyze looks at no file")
    with tempfile.TemporaryDirectory(prefix="ordersnap test ") as folder:
        installed(folder)
        for unit in SERVICES:
            said = run("systemd-analyze", "security", "--offline=yes", "--no-pager",
                       os.path.join(folder, unit))
            level = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
            ok(level, said.stdout[-500:] + said.stderr)
            ok(float(level[1]) <= MOST_EXPOSED, f"{unit}: {level[1]}")


@test
def _():
    "systemd finds nothing to complain of in any unit"
    needs("systemd-analyze")
    with tempfile.TemporaryDirectory(prefix="ordersnap-test-") as folder:
        installed(folder)
        units = [os.path.join(folder, n) for n in sorted(os.listdir(folder))
                 if not n.endswith(".conf")]
        said = run("systemd-analyze", "verify", "--man=no", *units,
                   env=environment.of(SYSTEMD_UNIT_PATH=folder + ":"))
        ours = [line for line in said.stderr.splitlines() if "ordersnap" in line]
        equal(ours, [])


@test
def _():
    "ordersnap.target has every program that is built, and both timers"
    wanted = re.findall(r"^Wants=(\S+)$", conf("systemd/ordersnap.target"), re.M)
    programs = re.findall(r"cgi-bin/([a-z-]+)\.fcgi(?: \\)?$", tree.read(tree.SRC, "Makefile.am"), re.M)
    equal(sorted(wanted), sorted([f"ordersnap@{p}.socket" for p in programs] +
                                 ["ordersnap-notify.timer", "ordersnap-sync.timer"]))


@test
def _():
    "what cron runs is named by its path, since cron's PATH has no /usr/local/bin"
    lines = [line for line in conf("cron/ordersnap").splitlines() if re.match(r"[0-9*]", line)]
    equal(len(lines), 2)
    for line in lines:
        ok(re.match(r"\S+ \S+ \S+ \S+ \S+ +ordersnap +LOG_TARGET=syslog /usr/local/bin/ordersnap "
                    r"(sync|notify) --quiet$", line), line)


@test
def _():
    "a copy each night is made by a line that cron takes whole, and again the next night"
    line, = re.findall(r"^#(\d.* backup .*)$", conf("cron/ordersnap"), re.M)
    ok(re.match(r"\d+ \d+ \* \* \*  ordersnap  LOG_TARGET=syslog /usr/local/bin/ordersnap backup ", line), line)
    contains(tree.read(tree.SRC, "doc/operation.md"), "    " + line)
    equal(re.findall(r"(?<!\\)%", line), [], "where cron ends the command (crontab(5))")
    for text in (line, conf("dropin/README.txt")):
        contains(text, "backup --quiet --force")

    # As cron hands it to sh.
    command = line.split("  ", 2)[2].replace("\\%", "%").replace("/usr/local/bin/ordersnap", "echo")
    said = run("/bin/sh", "-c", command, env=environment.of(LC_ALL="C"))
    ok(re.fullmatch(r"backup --quiet --force /var/backups/ordersnap/orders-[A-Z][a-z]{2}\.db\n", said.stdout),
       said.stdout + said.stderr)


@test
def _():
    "where the programs' user is another one, as of plain CGI, logrotate's is too, and the manual says so"
    script, = re.findall(r"^    sed '(.*)' \S*/logrotate/ordersnap >/etc/logrotate.d/ordersnap$",
                         tree.read(tree.SRC, "doc/hosting.md"), re.M)
    made = run("sed", script, os.path.join(tree.SRC, "conf/logrotate/ordersnap")).stdout
    equal(re.findall(r"^\tsu (.*)$", made, re.M), ["www-data www-data"])
    contains(tree.read(tree.SRC, "doc/operation.md"), "its line `su` names the programs' user")


@test
def _():
    "logrotate takes its file"
    needs("logrotate")
    with tempfile.TemporaryDirectory(prefix="ordersnap-test-") as folder:
        path = os.path.join(folder, "ordersnap")
        text = re.sub(r"\n\tsu [^\n]*", "", conf("logrotate/ordersnap"))  # there may be no such user
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("/var/log/ordersnap/", folder + "/"))
        os.chmod(path, 0o644)
        with open(os.path.join(folder, "web.log"), "w", encoding="utf-8") as f:
            f.write("a line\n")
        said = run("logrotate", "--force", "--state", os.path.join(folder, "state"), path)
        equal((said.returncode, said.stderr), (0, ""))
        equal(sorted(n for n in os.listdir(folder) if "log" in n), ["web.log.1"])


@test
def _():
    "sysusers and tmpfiles make the user and the folders that the units use"
    needs("systemd-sysusers")
    with tempfile.TemporaryDirectory(prefix="ordersnap-test-") as root:
        files = os.path.join(tree.SRC, "conf/systemd/")
        os.mkdir(os.path.join(root, "etc"))
        said = run("systemd-sysusers", f"--root={root}", files + "sysusers.conf")
        if said.returncode and os.geteuid() != 0:
            skip("only root may make users")
        equal(said.returncode, 0, said.stderr)
        with open(os.path.join(root, "etc/passwd"), encoding="utf-8") as f:
            contains(f.read(), ":/var/lib/ordersnap:/usr/sbin/nologin\n")
    made = re.findall(r"^d (\S+)", conf("systemd/tmpfiles.conf"), re.M)
    equal(made, ["/etc/ordersnap", "/var/lib/ordersnap", "/var/log/ordersnap", "/run/ordersnap"])


@test
def _():
    "Debian's package has the version of configure.ac"
    version = re.search(r"^AC_INIT\(\[ordersnap\], \[([^]]+)\]", tree.read(tree.SRC, "configure.ac"), re.M)
    equal(tree.read(tree.SRC, "debian/changelog").partition(")")[0], "ordersnap (" + version[1])


@test
def _():
    "every unit, and each page of the web servers' that the package moves, is in conf/"
    rules = tree.read(tree.SRC, "debian/rules")
    units = [n for n in os.listdir(os.path.join(tree.SRC, "conf/systemd")) if n.startswith("ordersnap")]
    equal([u for u in sorted(units) if not re.search(rf"[ /]{re.escape(u)}\b", rules)], [])
    for path in re.findall(r"\$\(share\)/((?:apache|nginx|logrotate|systemd)/[\w@.-]+)", rules):
        ok(os.path.exists(os.path.join(tree.SRC, "conf", path)), f"debian/rules: there is no conf/{path}")


@test
def _():
    "each web server's file that is included where it is installed says that an update replaces it"
    included = 0
    for server in ("apache", "caddy", "lighttpd", "nginx"):
        for name in sorted(os.listdir(os.path.join(tree.SRC, "conf", server))):
            head = conf(f"{server}/{name}").partition("\n\n")[0]
            if re.search(rf"(?i)\b(include|import)\b.*/usr/local/share/ordersnap/{server}/{name}", head):
                included += 1
                contains(head, "An update replaces what is in /usr/local/share/ordersnap")
    equal(included, 9)


main()
