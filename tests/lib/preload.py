# SPDX-License-Identifier: ISC
"""What programs of a test run with: a C file in LD_PRELOAD, and the one that has clocks that are off.
"""
import mmap
import os
import shutil
import struct
import subprocess
import tempfile

import shop as lib
from tap import skip

CLOCK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clock.c")
SYNCS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "syncs.c")
MACHINE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "machine.c")
STATEMENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "statements.c")

class Preload:
    """A C file, built for LD_PRELOAD: a program with .variables runs with it."""

    def __init__(self, source, *flags):
        compiler = shutil.which(os.environ.get("CC", "cc").split()[0])
        if not compiler:
            skip(f"there is no C compiler to build {os.path.basename(source)} with")
        self.folder = tempfile.mkdtemp(prefix="ordersnap-preload-")
        shim = os.path.join(self.folder, os.path.basename(source).replace(".c", ".so"))
        subprocess.run([compiler, "-shared", "-fPIC", *flags, "-o", shim, source], check=True)
        self.variables = {"LD_PRELOAD": shim,
                          "ASAN_OPTIONS": lib.asan_options("verify_asan_link_order=0")}

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Clock(Preload):
    """All clocks of the programs that run with .variables; move() sets them forward together.  With
    CLOCK_WALL it is the wall clock alone, which may be set back too."""

    def __init__(self, variable="CLOCK_FILE"):
        super().__init__(CLOCK)
        self.path = os.path.join(self.folder, "seconds")
        with open(self.path, "wb") as f:
            f.write(bytes(8))
        with open(self.path, "r+b") as f:
            self.shift = mmap.mmap(f.fileno(), 8)
        self.variables[variable] = self.path

    def now(self):
        return struct.unpack("@q", self.shift[:])[0]

    def move(self, seconds):
        self.shift[:] = struct.pack("@q", self.now() + seconds)

    def close(self):
        self.shift.close()
        super().close()


class Machine(Preload):
    """A machine on which the user has another home, or the disk another file system."""

    def __init__(self):
        super().__init__(MACHINE)

    def at(self, home=None, file_system=None, mounts=None):
        """The variables of a program that runs there."""
        return {**self.variables, "MACHINE_HOME": home, "MACHINE_FILE_SYSTEM": file_system,
                "MACHINE_MOUNTS": mounts}


class Lines(Preload):
    """What the programs that run with .variables write, line by line, into the file that a variable
    names."""

    def __init__(self, source, variable):
        super().__init__(source)
        self.path = os.path.join(self.folder, "lines")
        self.variables[variable] = self.path

    def take(self):
        """The lines since the last time."""
        if not os.path.exists(self.path):
            return []
        with open(self.path) as f:
            lines = f.read().splitlines()
        os.remove(self.path)
        return lines


class Syncs(Lines):
    """The files that are brought to the disk for good, by fsync or fdatasync."""

    def __init__(self):
        super().__init__(SYNCS, "SYNCS")


class Statements(Lines):
    """The texts of SQLite's statements, one for each step."""

    def __init__(self):
        super().__init__(STATEMENTS, "STATEMENTS")
