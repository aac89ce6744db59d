# SPDX-License-Identifier: Apache-2.0
"""A small HTTP server on loopback that can also misbehave.

Python's http.server always answers properly; a peer that resets in mid-body, falls silent or
announces more than it sends needs the socket itself. One thread a connection, blocking reads:
what happens on a connection can be read from top to bottom.
"""

import socket
import struct
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Limits:
    """What a listener tolerates; the defaults tolerate all that tests do."""

    request_line_bytes: int = 1 << 20
    header_bytes: int = 1 << 20
    headers: int = 1000
    first_byte_seconds: float = 600
    request_seconds: float = 600
    idle_seconds: float = 600
    # Those above wait until one ends.
    connections: int = 1 << 20


@dataclass
class Request:
    method: str
    target: str
    version: str
    headers: list
    body: bytes = b""
    connection: int = 0
    received: float = 0.0
    answered: float = 0.0

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return self.target.partition("?")[2]

    def header(self, name):
        """The header's value, None if absent; a repeated header is joined as HTTP says."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return ", ".join(values) if values else None


class BadRequest(Exception):
    """The request cannot be read; the status is what the server says before it closes."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


@dataclass
class Connection:
    """One accepted connection; reads requests, writes raw bytes."""

    sock: socket.socket
    number: int
    limits: Limits
    buffered: bytes = b""
    requests_read: int = field(default=0)

    def send(self, data):
        self.sock.sendall(data)

    def reset(self):
        """Close so that the peer sees a reset instead of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def wait_until_closed_by_peer(self):
        """Say nothing until the peer gives up (or the server stops)."""
        self.sock.settimeout(None)
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass

    def read_request(self):
        """The next request, or None at the end of the connection."""
        first = self.requests_read == 0
        seconds = self.limits.first_byte_seconds if first else self.limits.idle_seconds
        self.sock.settimeout(seconds)
        try:
            while not self.buffered:
                if not self._fill():
                    return None
        except TimeoutError:
            return None
        self.sock.settimeout(self.limits.request_seconds)
        try:
            return self._read_started_request()
        except TimeoutError:
            raise BadRequest("408 Request Timeout") from None

    def _fill(self):
        data = self.sock.recv(1 << 18)
        self.buffered += data
        return bool(data)

    def _line(self, limit, status):
        while b"\n" not in self.buffered:
            if len(self.buffered) > limit:
                raise BadRequest(status)
            if not self._fill():
                raise ConnectionError("ended within a request")
        line, _, self.buffered = self.buffered.partition(b"\n")
        if len(line) > limit:
            raise BadRequest(status)
        return line.rstrip(b"\r").decode("latin-1")

    def _exactly(self, count):
        while len(self.buffered) < count:
            if not self._fill():
                raise ConnectionError("ended within a body")
        data, self.buffered = self.buffered[:count], self.buffered[count:]
        return data

    def _read_started_request(self):
        parts = self._line(self.limits.request_line_bytes, "414 Request-URI Too Long").split(" ")
        if len(parts) == 2:
            raise BadRequest("505 HTTP Version Not Supported")
        if len(parts) != 3 or parts[2] not in ("HTTP/1.0", "HTTP/1.1"):
            raise BadRequest("400 Bad Request")
        headers = []
        while line := self._line(self.limits.header_bytes,
                                 "431 Request Header Fields Too Large"):
            name, colon, value = line.partition(":")
            if not colon:
                raise BadRequest("400 Bad Request")
            headers.append((name, value.strip(" \t")))
            if len(headers) > self.limits.headers:
                raise BadRequest("431 Request Header Fields Too Large")
        request = Request(*parts, headers, connection=self.number, received=time.monotonic())
        if request.header("host") is None and request.version == "HTTP/1.1":
            raise BadRequest("400 Bad Request")
        if (request.header("expect") or "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = self._read_body(request)
        self.requests_read += 1
        return request

    def _read_body(self, request):
        if (request.header("transfer-encoding") or "").lower() != "chunked":
            return self._exactly(int(request.header("content-length") or 0))
        body = b""
        while size := int(self._line(1024, "400 Bad Request").split(";")[0], 16):
            body += self._exactly(size)
            self._line(1024, "400 Bad Request")
        while self._line(1024, "400 Bad Request"):
            pass
        return body


class LoopbackServer:
    """Accepts, reads and records requests; a subclass answers them in `handle`."""

    def __init__(self, port=0, limits=None):
        self.limits = limits or Limits()
        self._wanted_port = port
        self._listener = None
        self._lock = threading.Lock()
        self._requests = []
        self._connections = {}
        self._threads = []
        self._accepted = 0
        self._room = threading.Semaphore(self.limits.connections)
        self.port = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def handle(self, connection, request):
        """Answer one request; True if the connection is to be kept."""
        raise NotImplementedError

    # Life

    def start(self):
        self._bind(self._wanted_port)
        self._listen()
        return self

    def stop(self):
        self._close_listener()
        self._drop_connections()
        for thread in self._threads:
            thread.join(timeout=10)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def refuse(self):
        """Refuse connections from now on, and end those that stand.

        The port stays bound without listening, so nobody else can get it meanwhile.
        """
        self._close_listener()
        self._drop_connections()
        self._bind(self.port)

    def accept_again(self):
        self._listen()

    def _bind(self, port):
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]

    def _listen(self):
        self._listener.listen(128)
        self._run(self._accept_all, self._listener)

    def _close_listener(self):
        if self._listener is None:
            return
        try:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept()
        except OSError:
            pass
        self._listener.close()
        self._listener = None

    def _drop_connections(self):
        with self._lock:
            connections = list(self._connections.values())
        for connection in connections:
            try:
                connection.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _run(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        with self._lock:
            self._threads = [other for other in self._threads if other.is_alive()]
            self._threads.append(thread)
            thread.start()

    # Connections

    def _accept_all(self, listener):
        while True:
            self._room.acquire()
            try:
                sock, _ = listener.accept()
            except OSError:
                self._room.release()
                return
            # Without this, Nagle's algorithm and delayed acknowledgements cost 40 ms an answer.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._accepted += 1
                connection = Connection(sock, self._accepted, self.limits)
                self._connections[connection.number] = connection
            self._run(self._serve, connection)

    def _serve(self, connection):
        try:
            while request := connection.read_request():
                with self._lock:
                    self._requests.append(request)
                keep = self.handle(connection, request)
                request.answered = time.monotonic()
                if not keep:
                    break
        except BadRequest as bad:
            self._refuse_request(connection, bad.status)
        except (OSError, ValueError):
            pass  # the peer went away, or the server stops
        finally:
            with self._lock:
                self._connections.pop(connection.number, None)
            connection.sock.close()
            self._room.release()

    @staticmethod
    def _refuse_request(connection, status):
        try:
            connection.send(f"HTTP/1.1 {status}\r\nconnection: close\r\n"
                            "content-length: 0\r\n\r\n".encode())
        except OSError:
            pass

    # What was asked

    @property
    def requests(self):
        with self._lock:
            return list(self._requests)

    @property
    def n_connections(self):
        """How many connections were ever accepted."""
        with self._lock:
            return self._accepted

    def forget_requests(self):
        with self._lock:
            self._requests.clear()


# The other end

def ask(server, target, method="GET", version="1.1", body="", **headers):
    """The raw answer, as it stands on the wire (http.client would change header names)."""
    lines = [f"{method} {target} HTTP/{version}", "Host: broker"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as sock:
        sock.sendall("\r\n".join([*lines, "", body]).encode())
        sock.shutdown(socket.SHUT_WR)
        data = b""
        while part := sock.recv(65536):
            data += part
    return split_answer(data)


def split_answer(data):
    """(status line, headers, body)"""
    head, _, body = data.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return status, [tuple(header.split(": ", 1)) for header in headers], body.decode()
