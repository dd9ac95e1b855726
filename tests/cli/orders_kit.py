# SPDX-License-Identifier: ISC
"""What the tests of `orders` and `show` share: shops that have orders, and a terminal."""
import fcntl
import os
import struct
import subprocess
import termios

from command_kit import COMMAND, CommandShop, lib
from orders import put
from terminal import new_terminal


class Shops:
    """Shops that are made as the tests need them, and end together."""

    def __init__(self):
        self.made = []

    def new(self, *orders, **settings):
        """A shop with these orders and no others."""
        shop = CommandShop(sim=False, **settings)
        self.made.append(shop)
        shop.run("init")
        put(shop, *orders)
        return shop

    def close(self):
        for shop in self.made:
            shop.close()


class Screen:
    """What the command says to a terminal of so many columns: `text`, `code`."""

    def __init__(self, shop, columns, *args):
        leader, follower = new_terminal()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = subprocess.Popen([*lib.WRAPPER, COMMAND, *map(str, args)], stdout=follower,
                                   stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                   env=shop.environment())
        os.close(follower)
        raw = b""
        while True:
            try:
                chunk = os.read(leader, 65536)
            except OSError:
                break
            if not chunk:
                break
            raw += chunk
        os.close(leader)
        self.err = process.communicate()[1].decode()
        self.code = process.returncode
        self.text = raw.decode().replace("\r\n", "\n")

    @property
    def lines(self):
        return self.text.splitlines()
