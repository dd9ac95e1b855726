# SPDX-License-Identifier: ISC
"""The login of the demo shop: it believes whatever it is told, and signs it."""
import base64
import hashlib
import hmac
import json
import time

from server import Handler, Server

SECRET = "the-secret-of-the-login-of-the-demo-shop"


def jwt(claims, secret=SECRET):
    """A token of the site's login (RFC 7519, HS256)."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    text = b".".join(part(json.dumps(p).encode()) for p in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (text + b"." + part(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


class Login(Server):
    """POST {"name", "email"?, "seconds"?} gives {"token"}, for an hour or so many seconds."""

    def __init__(self):
        super().__init__(LoginHandler)

    @property
    def location(self):
        """For nginx: where the shop's pages find it."""
        return f"location = /demo/login {{ proxy_pass http://127.0.0.1:{self.server_port}; }}"


class LoginHandler(Handler):
    def do_POST(self):
        asked = json.loads(self.body() or b"{}")
        claims = {"sub": asked.get("name"), "exp": int(time.time()) + asked.get("seconds", 3600)}
        if asked.get("email"):
            claims.update(email=asked["email"], email_verified=True)
        self.give(200, {"token": jwt(claims)}, {"Content-Type": "application/json"})
