# SPDX-License-Identifier: ISC
"""The login of the demo shop: it believes whatever it is told, and signs it."""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

SECRET = "the-secret-of-the-login-of-the-demo-shop"


def jwt(claims, secret=SECRET):
    """A token of the site's login (RFC 7519, HS256)."""
    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")
    text = b".".join(part(json.dumps(p).encode()) for p in ({"alg": "HS256", "typ": "JWT"}, claims))
    return (text + b"." + part(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


class Login(http.server.ThreadingHTTPServer):
    """POST {"name", "email"?, "seconds"?} gives {"token"}, for an hour or so many seconds."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()

    @property
    def location(self):
        """For nginx: where the shop's pages find it."""
        return f"location = /demo/login {{ proxy_pass http://127.0.0.1:{self.server_port}; }}"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        claims = {"sub": asked.get("name"), "exp": int(time.time()) + asked.get("seconds", 3600)}
        if asked.get("email"):
            claims.update(email=asked["email"], email_verified=True)
        answer = json.dumps({"token": jwt(claims)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args):
        pass
