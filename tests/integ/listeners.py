# SPDX-License-Identifier: Apache-2.0
"""Peers with a transport of their own: TLS, Unix sockets, other addresses, proxies, redirects."""

import gzip
import http.client
import select
import socket
import threading
import time
import urllib.parse

from loopback import LoopbackServer
from peers import PATIENCE, FakeGateway

PAGE = "# HELP app_up \n# TYPE app_up gauge\napp_up 1\n"


def large_page(size=96 * 1024):
    """A page of at least that size."""
    lines = ["# HELP app_rows \n# TYPE app_rows gauge\n"]
    lines += [f'app_rows{{row="{row:06d}"}} {row}\n' for row in range(size // 25 + 1)]
    return "".join(lines)


def many_labels(name, n):
    """A sample with so many labels."""
    return name + "{" + ",".join(f'l{number}="{number}"' for number in range(n)) + "} 1\n"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


class UnixSocket(socket.socket):
    """Takes options of TCP without a complaint, as the servers set them for every connection."""

    def accept(self):
        sock, address = super().accept()
        return UnixSocket(fileno=sock.detach()), address

    def setsockopt(self, level, *rest):
        if level != socket.IPPROTO_TCP:
            super().setsockopt(level, *rest)


class Placed:
    """A server somewhere else than in clear text on 127.0.0.1; mixed into one of loopback's.

    address     an IPv4 or IPv6 address
    unix        path of a Unix socket instead
    tls         context of TLS (Certificate.server_context)
    """

    def __init__(self, *args, address="127.0.0.1", unix=None, tls=None, **more):
        super().__init__(*args, **more)
        self.address, self.unix, self.tls = address, unix, tls
        self.names_asked = []  # by TLS clients (SNI)
        self.tls_errors = []
        if tls:
            tls.sni_callback = lambda _sock, name, _context: self.names_asked.append(name)

    @property
    def url(self):
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{self.authority}" if self.port else f"{scheme}://localhost"

    @property
    def authority(self):
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    def _bind(self, port):
        if self.unix:
            self._listener = UnixSocket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._listener.bind(str(self.unix))
            return
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((self.address, port))
        self.port = self._listener.getsockname()[1]

    def _serve(self, connection):
        if self.tls and not self._greet(connection):
            with self._lock:
                self._connections.pop(connection.number, None)
            connection.sock.close()
            return
        super()._serve(connection)

    def _greet(self, connection):
        connection.sock.settimeout(PATIENCE)
        try:
            connection.sock = self.tls.wrap_socket(connection.sock, server_side=True,
                                                   do_handshake_on_connect=False)
            connection.sock.do_handshake()
            return True
        except (OSError, ValueError) as error:
            self.tls_errors.append(str(error))
            self._let_it_read_why(connection.sock)
            return False

    @staticmethod
    def _let_it_read_why(sock):
        """Closing at once would reset what the client has not read yet, such as an alert."""
        try:
            socket.socket.shutdown(sock, socket.SHUT_WR)
            while socket.socket.recv(sock, 65536):
                pass
        except OSError:
            pass


class Guarded:
    """Demands credentials: `authorization` is the header's value, `refusal` what others get."""

    authorization = None
    refusal = 401

    def handle(self, connection, request):
        if self.authorization in (None, request.header("authorization")):
            return super().handle(connection, request)
        connection.send(f"HTTP/1.1 {self.refusal} Whatever\r\nContent-Length: 0\r\n\r\n".encode())
        return True


class Sink(Guarded, Placed, FakeGateway):
    """A fake gateway somewhere."""


class OldSink(Sink):
    """A gateway from before 1.5: it reads packed bytes as text."""

    def handle(self, connection, request):
        if request.header("content-encoding") == "gzip":
            return self._fault_status(connection, request, 400,
                                      "text format parsing error in line 1: invalid metric name\n")
        return super().handle(connection, request)


class Served(LoopbackServer):
    """Serves one page at every path, but for those that `redirects` sends elsewhere: path -> the
    Location, or a status and the Location.
    """

    def __init__(self, page=PAGE, headers=None, redirects=None, **more):
        super().__init__(**more)
        self.page = page if isinstance(page, bytes) else page.encode()
        self.headers = headers or {}
        self.redirects = redirects or {}

    def handle(self, connection, request):
        if request.path in self.redirects:
            target = self.redirects[request.path]
            status, location = target if isinstance(target, tuple) else (302, target)
            return self._send(connection, status, b"", {"Location": location})
        return self._send(connection, 200, self.page,
                          {"Content-Type": "text/plain; version=0.0.4", **self.headers})

    @staticmethod
    def _send(connection, status, body, headers):
        fields = {"Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.send(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + body)
        return True


class Exporter(Guarded, Placed, Served):
    """An exporter somewhere."""


def packed_exporter(page, packed=None, **more):
    """Serves the page packed; `packed`: these bytes instead."""
    return Exporter(packed if packed is not None else gzip.compress(page.encode()),
                    headers={"Content-Encoding": "gzip"}, **more)


class Endless(LoopbackServer):
    """Announces no length and sends lines for as long as it is listened to, so many at a time."""

    def __init__(self, head="Content-Type: text/plain\r\n", pause_s=0):
        super().__init__()
        self.head = head
        self.pause_s = pause_s
        self.streamed = 0

    def handle(self, connection, request):
        connection.send(f"HTTP/1.1 200 OK\r\n{self.head}\r\n".encode())
        line = b"endless 1\n" * 1000
        if "chunked" in self.head:
            line = b"%x\r\n%s\r\n" % (len(line), line)
        while True:
            connection.send(line)
            self.streamed += len(line)
            time.sleep(self.pause_s)


class Proxy(LoopbackServer):
    """A forward proxy: CONNECT, and requests with a whole URL as their target."""

    def __init__(self, refusal=None):
        super().__init__()
        self.refusal = refusal  # the status line's end that every CONNECT gets
        self.tunneled = bytearray()  # from clients, through CONNECT

    @property
    def targets(self):
        return [(request.method, request.target) for request in self.requests]

    def handle(self, connection, request):
        if self.refusal:
            connection.send(f"HTTP/1.1 {self.refusal}\r\nContent-Length: 0\r\n\r\n".encode())
            return True
        if request.method == "CONNECT":
            self._tunnel(connection, request)
            return False
        return self._forward(connection, request)

    @staticmethod
    def _forward(connection, request):
        url = urllib.parse.urlsplit(request.target)
        onward = http.client.HTTPConnection(url.hostname, url.port, timeout=PATIENCE)
        onward.putrequest(request.method, url.path, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            if not name.lower().startswith("proxy-"):
                onward.putheader(name, value)
        onward.endheaders(request.body)
        answer = onward.getresponse()
        body = answer.read()
        onward.close()
        connection.send(f"HTTP/1.1 {answer.status} {answer.reason}\r\n"
                        f"Content-Type: {answer.getheader('Content-Type') or 'text/plain'}\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return True

    def _tunnel(self, connection, request):
        host, _, port = request.target.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), PATIENCE) as onward:
            connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            connection.sock.settimeout(PATIENCE)
            ends = {connection.sock: onward, onward: connection.sock}
            while True:
                ready, _, _ = select.select(list(ends), [], [], PATIENCE)
                for end in ready:
                    data = end.recv(1 << 16)
                    if end is connection.sock:
                        self.tunneled += data
                    if not data:
                        return
                    ends[end].sendall(data)
                if not ready:
                    return


class Silence:
    """A listener that must not be bothered: it accepts, and remembers whatever comes."""

    def __init__(self, address="127.0.0.1", port=0):
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((address, port))
        self._listener.listen(16)
        self.address, self.port = self._listener.getsockname()
        self.n_connections = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.n_connections += 1
            sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=PATIENCE)
