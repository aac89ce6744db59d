# SPDX-License-Identifier: Apache-2.0
"""What the suites of the whole program share: usual settings, and three more peers."""

import gzip
import http.client
import socket

from exposition import Exposition
from loopback import LoopbackServer
from peers import PATIENCE, FakeGateway

NODE = "emqx@127.0.0.1"
KEY = {"job": "emqx", "instance": "emqx~127.0.0.1"}
PATH = "/metrics/job/emqx/instance/emqx~127.0.0.1"
ENDPOINTS = ("stats", "auth", "data_integration")
HOSTNAME = socket.gethostname()
# A port on which nobody listens: any connection is refused.
NOBODY = "http://127.0.0.1:1"


def emqx_source(emqx, **more):
    return {"name": "emqx", "type": "emqx", "url": emqx.url, "node": NODE, **more}


def exporter(server, **more):
    """A source of type prometheus."""
    return {"name": "exporter", "type": "prometheus", "url": server.url, **more}


def sink(gateway, **more):
    return {"name": "gateway", "type": "pushgateway", "url": gateway.url, **more}


def config(sources, sinks, **more):
    """A configuration; one source or sink may stand without a list."""
    return {"interval": "15s", **more,
            "sources": sources if isinstance(sources, list) else [sources],
            "sinks": sinks if isinstance(sinks, list) else [sinks]}


def running_nodes(nodes, stopped=()):
    """The page of what the agent adds in the cluster modes: which nodes run."""
    values = {**dict.fromkeys(nodes, 1), **dict.fromkeys(stopped, 0)}
    return "# TYPE emqx_node_running gauge\n" + "".join(
        f'emqx_node_running{{node="{node}"}} {value}\n' for node, value in values.items())


def nodes_of(page):
    """The nodes that a page has samples of."""
    return {dict(labels)["node"] for family in Exposition.parse(page).families.values()
            for _, labels in family.samples if "node" in dict(labels)}


class Page(LoopbackServer):
    """An exporter that always serves the same bytes, so a comparison is exact."""

    def __init__(self, page, content_type="text/plain; version=0.0.4; charset=utf-8"):
        super().__init__()
        self.body = page if isinstance(page, bytes) else page.encode()
        self.content_type = content_type

    def handle(self, connection, request):
        connection.send(f"HTTP/1.1 200 OK\r\nContent-Type: {self.content_type}\r\n"
                        f"Content-Length: {len(self.body)}\r\n\r\n".encode() + self.body)
        return True


class RecordedExporter(LoopbackServer):
    """A real exporter behind a listener that remembers what it answered: its next page may be
    another."""

    def __init__(self, exporter, port=None):
        super().__init__()
        self.exporter_port = port or exporter.port
        self.pages = []
        self.headers = []  # of those pages

    def handle(self, connection, request):
        onward = http.client.HTTPConnection("127.0.0.1", self.exporter_port, timeout=PATIENCE)
        onward.putrequest(request.method, request.target, skip_host=True,
                          skip_accept_encoding=True)
        for name, value in request.headers:
            onward.putheader(name, value)
        onward.endheaders()
        answer = onward.getresponse()
        page, headers = answer.read(), answer.headers
        onward.close()
        packed = headers.get("Content-Encoding") == "gzip"
        self.pages.append((gzip.decompress(page) if packed else page).decode())
        self.headers.append(headers)
        told = "".join(f"{name}: {headers[name]}\r\n" for name in
                       ("Content-Type", "Content-Encoding") if name in headers)
        connection.send(f"HTTP/1.1 {answer.status} Whatever\r\n{told}"
                        f"Content-Length: {len(page)}\r\n\r\n".encode() + page)
        return True


class RecordedGateway(FakeGateway):
    """A real gateway behind a listener that remembers what passed."""

    def __init__(self, gateway):
        super().__init__()
        self.gateway = gateway

    def metrics_text(self):
        return self.gateway.metrics_text()

    def handle(self, connection, request):
        with self._state:
            misbehaving = self._fault is not None
        if misbehaving:
            return super().handle(connection, request)
        onward = http.client.HTTPConnection("127.0.0.1", self.gateway.port, timeout=PATIENCE)
        onward.putrequest(request.method, request.target, skip_host=True,
                          skip_accept_encoding=True)
        for name, value in request.headers:
            onward.putheader(name, value)
        onward.endheaders(request.body)
        answer = onward.getresponse()
        text, location = answer.read().decode(), answer.getheader("Location")
        onward.close()
        return self._fault_status(connection, request, answer.status, text,
                                  {"Location": location} if location else None)
