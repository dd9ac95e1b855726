# SPDX-License-Identifier: ISC
"""Processes of this machine, as /proc shows them.

The one idea: a process in state Z has ended.  It only stands in the list until its parent asks for
its exit code, which is the business of whoever has become its parent: in a container, a process 1
that may never ask.
"""
import os


def _stat(pid):
    """(state, parent) of a process; (None, None) once it is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as f:
            state, parent = f.read().rpartition(b")")[2].split()[:2]
        return state, int(parent)
    except (OSError, ValueError):
        return None, None


def has_ended(pid):
    """Whether a process runs no more."""
    return _stat(pid)[0] in (None, b"Z", b"X")


def sleeps(pid):
    """Whether a process waits for something; one that only waits for its turn does not."""
    return _stat(pid)[0] == b"S"


def children_of(pid):
    """The process ids of a process's children that have not ended."""
    return sorted(int(entry) for entry in os.listdir("/proc")
                  if entry.isdigit() and _stat(entry)[1] == pid and not has_ended(entry))


def listens(path):
    """Whether somebody listens on the Unix socket; for a moment it is there, and nobody does."""
    with open("/proc/net/unix", encoding="utf-8", errors="replace") as f:
        return any(line.split()[3] == "00010000" and line.endswith(f" {path}\n") for line in f)
