# SPDX-License-Identifier: ISC
"""A network and a /dev of a test's own, for a test that root runs: what is set or put there, nobody
else on the machine sees.
"""
import ctypes
import fcntl
import os
import re
import socket
import struct
import tempfile
import threading

import environment  # noqa: F401  (nothing of this machine gets in)

CLONE_NEWNS, CLONE_NEWNET = 0x20000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
libc = ctypes.CDLL(None, use_errno=True)
NODES = ("null", "zero", "full", "random", "urandom", "tty")
LINKS = {"fd": "/proc/self/fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}


def mount(source, target, kind=None, flags=0, options=None):
    """mount(2): not every machine has the command."""
    words = [word and word.encode() for word in (source, target, kind, options)]
    if libc.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]):
        raise OSError(ctypes.get_errno(), f"mount {target}: {os.strerror(ctypes.get_errno())}")


def unmount(target):
    """umount2(2) of it and all below; where it is mounted too, it stays."""
    if libc.umount2(target.encode(), MNT_DETACH):
        raise OSError(ctypes.get_errno(), f"unmount {target}: {os.strerror(ctypes.get_errno())}")


def raise_lo():
    """`ip link set lo up`."""
    siocgifflags, siocsifflags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        name = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(s, siocgifflags, name))[1]
        fcntl.ioctl(s, siocsifflags, struct.pack("16sH14x", b"lo", flags | up))


def enter():
    """Goes on in a network with `lo` alone, and may mount; whether this machine lets it.  It has to
    come before the first thread."""
    if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS):
        return False
    try:
        mount(None, "/", flags=MS_REC | MS_PRIVATE)
    except OSError:  # a folder of another system's (chroot): what is mounted here, that one might see
        return False
    if libc.unshare(CLONE_NEWNET):
        return False
    raise_lo()
    return True


def apply_sysctl(path):
    """`sysctl -p`; whether the kernel knows all that the file sets."""
    with open(path, encoding="ascii") as f:
        settings = re.findall(r"^([\w.]+) = (\S+)$", f.read(), re.M)
    try:
        for name, value in settings:
            with open("/proc/sys/" + name.replace(".", "/"), "w", encoding="ascii") as f:
                f.write(value)
    except OSError:
        return False
    return bool(settings)


def cover_dev():
    """A /dev with the usual nodes and no log, in the place of the machine's."""
    dev = tempfile.mkdtemp(prefix="ordersnap-dev-")  # only until it is there
    mount("tmpfs", dev, "tmpfs", options="mode=755")
    for name in NODES:
        with open(os.path.join(dev, name), "wb"):
            pass
        mount("/dev/" + name, os.path.join(dev, name), flags=MS_BIND)
    for name, target in LINKS.items():
        os.symlink(target, os.path.join(dev, name))
    os.mkdir(os.path.join(dev, "shm"))
    os.chmod(os.path.join(dev, "shm"), 0o1777)
    mount(dev, "/dev", flags=MS_BIND | MS_REC)
    unmount(dev)
    os.rmdir(dev)


class SystemLog(threading.Thread):
    """What a syslog daemon would get at /dev/log: `lines` is a list of (level, text)."""

    LEVELS = {3: "error", 4: "warning", 6: "info", 7: "debug"}

    def __init__(self):
        super().__init__(daemon=True)
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.start()

    def run(self):
        while data := self.socket.recv(65536):
            priority, text = re.match(r"<(\d+)>(?s:(.*))", data.decode("utf-8", "replace")).groups()
            self.lines.append((self.LEVELS.get(int(priority) % 8), text))
