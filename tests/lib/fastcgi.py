# SPDX-License-Identifier: ISC
"""The least of a FastCGI client (the FastCGI 1.0 specification), so that a test can send a program
what no web server would: wrong lengths, half a request, nothing at all; and of a program, so that a
test can see what a server sends.  As a program of its own it is the latter, on descriptor 0.
"""
import os
import socket
import struct
import threading

BEGIN, END, PARAMS, STDIN, STDOUT, STDERR = 1, 3, 4, 5, 6, 7
RESPONDER, KEEP_CONN = 1, 1
ID = 0x0203  # of each request that is made here, in both of its bytes
OF_A_SERVER = 1  # what web servers number theirs, one a connection


def record(kind, content=b"", number=ID):
    return struct.pack(">BBHHBx", 1, kind, number, len(content), 0) + content


def stream(kind, content):
    """A stream in records of at most 32 KiB; without its end."""
    return b"".join(record(kind, content[i:i + 32768]) for i in range(0, len(content), 32768))


def _length(n):
    return struct.pack(">B", n) if n < 128 else struct.pack(">I", n | 1 << 31)


def params(variables):
    parts = []
    for name, value in variables.items():
        name, value = str(name).encode(), str(value).encode()
        parts.append(_length(len(name)) + _length(len(value)) + name + value)
    return stream(PARAMS, b"".join(parts)) + record(PARAMS)


def head(variables):
    """The beginning of a request, up to its body; it asks in vain to keep the connection."""
    return record(BEGIN, struct.pack(">HBxxxxx", RESPONDER, KEEP_CONN)) + params(variables)


def connect(path, timeout=30):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(timeout)
    s.connect(path)
    return s


def _exactly(s, n):
    data = b""
    while len(data) < n:
        more = s.recv(n - len(data))
        if not more:
            return None
        data += more
    return data


def _rest(s):
    """A byte more; none where the other end has closed, whether or not it had read all."""
    try:
        return s.recv(1)
    except ConnectionResetError:
        return b""


def read_answer(s):
    """What the program answers; None if it hangs up without an END_REQUEST.  Each record has to be of
    the request, each stream that has begun to be ended before the request is, and the connection then."""
    import shop
    import tap
    streams, ended = {STDOUT: b"", STDERR: b""}, set()
    while True:
        header = _exactly(s, 8)
        if header is None:
            return None
        version, kind, number, length, padding = struct.unpack(">BBHHBx", header)
        content = _exactly(s, length + padding)
        if content is None:
            return None
        tap.equal((version, number), (1, ID), f"version and request of a record {kind}")
        if kind == END:
            begun = {kind for kind, data in streams.items() if data} | {STDOUT}
            tap.equal(ended, begun, "streams that have ended")
            tap.equal(content, bytes(8), "status 0, and complete")
            tap.equal(_rest(s), b"", "nothing more, and the connection closed")
            return shop.Answer(streams[STDOUT], streams[STDERR].decode("utf-8", "replace"))
        tap.ok(kind in streams and kind not in ended, f"a record {kind} after {ended}")
        streams[kind] += content[:length]
        if not length:
            ended.add(kind)


def variables(script, length, **more):
    """The variables of a POST of JSON."""
    return {"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "POST", "SCRIPT_NAME": script,
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": length, **more}


def request(path, fields, body, timeout=30):
    """A whole request; the answer, or None."""
    with connect(path, timeout) as s:
        s.sendall(head(fields) + stream(STDIN, body) + record(STDIN))
        return read_answer(s)


def _read_variables(s):
    """The variables of one request, as a program gets them; its body is read and forgotten."""
    data, variables = b"", {}
    while True:
        header = _exactly(s, 8)
        if header is None:
            return variables
        _, kind, _, length, padding = struct.unpack(">BBHHBx", header)
        content = _exactly(s, length + padding)[:length]
        if kind == PARAMS and content:
            data += content
        elif kind == STDIN and not content:
            break
    while data:
        lengths = []
        for _ in range(2):
            if data[0] < 128:
                lengths.append(data[0])
                data = data[1:]
            else:
                lengths.append(struct.unpack(">I", data[:4])[0] & 0x7FFFFFFF)
                data = data[4:]
        name, value, data = (data[:lengths[0]], data[lengths[0]:sum(lengths)],
                             data[sum(lengths):])
        variables[name.decode()] = value.decode("utf-8", "replace")
    return variables


def _answer_variables(listener):
    with listener.accept()[0] as s:
        lines = "".join(f"{k}={v}\n" for k, v in _read_variables(s).items())
        answer = b"Content-Type: text/plain\r\n\r\n" + lines.encode()
        s.sendall(b"".join(record(kind, content, OF_A_SERVER) for kind, content in (
            (STDOUT, answer), (STDOUT, b""), (END, bytes(8)))))


def serve_variables(path):
    """Listens in a program's place, for one request: answers its variables as NAME=value lines."""
    listener = socket.socket(socket.AF_UNIX)
    listener.settimeout(30)
    listener.bind(path)
    os.chmod(path, 0o666)
    listener.listen()

    def serve():
        with listener:
            _answer_variables(listener)
    threading.Thread(target=serve, daemon=True).start()


if __name__ == "__main__":
    _answer_variables(socket.socket(fileno=0))
