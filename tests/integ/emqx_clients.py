# SPDX-License-Identifier: Apache-2.0
"""The clients of a simulated EMQX, and the life that a test scripts for them.

    emqx.clients.connect("a", keepalive=30)             by id: text, or bytes, which may be any
    emqx.clients.publish("a", 3, qos=1)                 three messages, 300 bytes on the wire
    emqx.clients.set("a", {"mqueue_len": 7, "listener": ABSENT, "port": Raw(b"1e999")})
    emqx.clients.on_page = lambda page: page == 2 and emqx.clients.vanish("a")
    emqx.clients.crowd(100000)                          rows that nobody holds: emqx_crowd.py
    live(emqx.clients, step)                            three clients with a life, for people

What the two paths answer is in emqx_client_pages.py. Their faults are those of the broker, such as
emqx.set_fault("page", "json:clients", text=b"...", content_type="application/json"); of one page
they are on_page's business, which may return the body as bytes or raise emqx_json.Refused.
A release between those of emqx_families.PROFILES: emqx.profile = emqx.profile._replace(
release="5.0.0").
"""

import threading
import time
from datetime import datetime, timedelta, timezone

from emqx_crowd import Crowd, json_bytes

DROPPED = {"rx": ("recv_msg.dropped", ("await_pubrel_timeout",)),
           "tx": ("send_msg.dropped", ("expired", "queue_full", "too_large"))}
# What a row lacks while its client is away.
OF_THE_CONNECTION = ("recv_oct", "send_oct", "recv_cnt", "send_cnt")
# All that a row may have, in the order in which 5.8.9 sent it.
KEYS = """
    subscriptions_cnt awaiting_rel_cnt heap_size recv_msg.qos0 send_msg.dropped.expired enable_authn
    send_msg.qos2 connected_at is_expired username send_msg.dropped.too_large listener
    auth_expire_at clientid recv_oct inflight_max inflight_cnt peersni mqueue_dropped connected
    subscriptions_max send_msg.dropped.queue_full send_msg.qos1 expiry_interval
    recv_msg.dropped.await_pubrel_timeout clean_start send_pkt recv_msg.qos1 port mqueue_len
    recv_cnt node ip_address recv_msg mountpoint send_msg proto_ver is_bridge is_persistent
    proto_name recv_msg.dropped recv_pkt created_at mqueue_max disconn_props disconnected_at
    mailbox_len send_oct reductions send_msg.qos0 send_msg.dropped client_attrs durable
    awaiting_rel_max send_cnt recv_msg.qos2 keepalive""".split()
COUNTERS = tuple(key for key in KEYS if key.startswith(("recv_", "send_")))
PLACE = {key: place for place, key in enumerate(KEYS)}
# As the value of a key: the row is without it.
ABSENT = object()


class Raw(bytes):
    """A value that is sent as it stands, JSON or not."""


def text_of(clientid):
    """Bytes that are not UTF-8 go through text and back unharmed."""
    if isinstance(clientid, bytes):
        return clientid.decode(errors="surrogateescape")
    return clientid


def date_text(milliseconds):
    """2026-01-02T03:04:05.678+00:00"""
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=milliseconds)
    return at.isoformat(timespec="milliseconds")


def value_json(value):
    return bytes(value) if isinstance(value, Raw) else json_bytes(text_of(value))


def object_json(keys, wanted=None):
    """A row; `wanted` are its keys in their order, None for all."""
    if wanted is None:
        wanted = sorted(keys, key=lambda key: PLACE.get(key, len(PLACE)))
    return b"{%s}" % b",".join(b"%s:%s" % (json_bytes(key), value_json(keys[key]))
                               for key in wanted if key in keys)


def new_row(clientid, node, at, port):
    """A client that has just connected with a clean start."""
    row = {**dict.fromkeys(KEYS, 0), "enable_authn": True, "connected_at": date_text(at),
           "created_at": date_text(at), "is_expired": False, "username": None,
           "listener": "tcp:default", "auth_expire_at": None, "clientid": clientid,
           "inflight_max": 32, "peersni": None, "connected": True, "subscriptions_max": "infinity",
           "clean_start": True, "port": port, "node": node, "ip_address": "127.0.0.1",
           "mountpoint": None, "proto_ver": 5, "is_bridge": False, "is_persistent": False,
           "proto_name": "MQTT", "mqueue_max": 1000, "client_attrs": {}, "durable": False,
           "awaiting_rel_max": 100, "heap_size": 2586, "reductions": 5373, "keepalive": 60}
    del row["disconn_props"], row["disconnected_at"]
    return row


class Row:
    """What is told of a client by one node."""

    def __init__(self, clientid, node, keys):
        self.clientid, self.node, self.keys = clientid, node, keys
        # Whether pages of all pass it over, and whether those of asked ids do.
        self.is_hidden = self.is_hidden_from_filters = False


class Clients:
    """Who is connected to which node; all by id but for the crowd.

    nodes       the cluster's, the answering one first
    lock        for changes that are to be seen together
    on_page     called with the number of each page of the list before it is made
    full_page_has_next  whether a last page that is exactly full says that there is more
    endless     the first page comes for ever
    """

    def __init__(self, nodes, clock=time.time):
        self.nodes, self._clock = nodes, clock
        self.lock = threading.RLock()
        self.on_page = None
        self.full_page_has_next, self.endless = True, False
        self.crowded = None
        self._rows = []     # in the order of their first connections
        self._current = {}  # the row that is not a stale one, by id
        self._now, self._port = 0, 40000

    # A life

    def connect(self, clientid, node=None, clean_start=True, keepalive=60, username=None, at=None,
                **numbers):
        """A new connection, at `at` (ms) or now; who has a place keeps it.

        Without a clean start there is a session, which outlives the connection.
        """
        clientid = text_of(clientid)
        with self.lock:
            node, at = self._member(node), self._time(at)
            self._port = 40000 + (self._port + 1) % 20000
            keys = new_row(clientid, node, at, self._port)
            if not set(numbers) <= set(KEYS):
                raise ValueError(f"no such keys: {set(numbers) - set(KEYS)}")
            keys.update(clean_start=clean_start, is_persistent=not clean_start,
                        expiry_interval=0 if clean_start else 3600, keepalive=keepalive,
                        username=username)
            old = self._current.get(clientid)
            if old and not clean_start and old.keys["is_persistent"]:
                keys.update({key: old.keys[key] for key in ("created_at", "subscriptions_cnt")})
            self._put(old, Row(clientid, node, {**keys, **numbers}))

    def disconnect(self, clientid, at=None):
        """A client without a session is gone by that."""
        with self.lock:
            keys = self._connected(clientid)
            if not keys["is_persistent"]:
                self.vanish(clientid)
                return
            for key in OF_THE_CONNECTION:
                keys.pop(key, None)
            keys.update(connected=False, disconnected_at=date_text(self._time(at)),
                        disconn_props={})

    def move(self, clientid, node, at=None):
        """The client reconnects to another node."""
        with self.lock:
            keys = self._row(clientid).keys
            self.connect(clientid, node, keys["clean_start"], keys["keepalive"], keys["username"],
                         at)

    def vanish(self, clientid):
        """Nothing is told of the client any longer, by stale rows neither."""
        with self.lock:
            clientid = self._row(clientid).clientid
            del self._current[clientid]
            self._rows = [row for row in self._rows if row.clientid != clientid]

    def publish(self, clientid, n=1, qos=0, size=100):
        """n messages of the client's, each a packet and a segment of so many bytes."""
        self._carry("recv", clientid, n, qos, size)

    def deliver(self, clientid, n=1, qos=0, size=100):
        """And n to it."""
        self._carry("send", clientid, n, qos, size)

    def drop(self, clientid, direction, reason, n=1):
        total, reasons = DROPPED[direction]
        if reason not in reasons:
            raise ValueError(f"nothing is dropped so: {direction} {reason}")
        with self.lock:
            self._add(self._row(clientid).keys, {total: n, f"{total}.{reason}": n})

    def set(self, clientid, keys=None, **more):
        """Any keys to any values; bytes are text that may be none, Raw goes out as it stands."""
        with self.lock:
            row = self._row(clientid).keys
            row.update(keys or {}, **more)
            for key in [key for key, value in row.items() if value is ABSENT]:
                del row[key]

    def reset(self, clientid):
        """Counters start anew within the same connection."""
        with self.lock:
            keys = self._row(clientid).keys
            keys.update((key, 0) for key in COUNTERS if key in keys)

    def duplicate(self, clientid, node, **keys):
        """A second row as of now, with these keys; it stands still until `vanish`."""
        with self.lock:
            row = self._row(clientid)
            self._rows.append(Row(row.clientid, self._member(node),
                                  {**row.keys, "node": node, **keys}))

    def hide(self, clientid, from_filters=False):
        """The list passes the client over, as shifting pages do; asked for by id it is there, with
        `from_filters` only at its own path."""
        with self.lock:
            row = self._row(clientid)
            row.is_hidden, row.is_hidden_from_filters = True, from_filters

    def show_again(self, clientid):
        with self.lock:
            row = self._row(clientid)
            row.is_hidden = row.is_hidden_from_filters = False

    def crowd(self, n, prefix="sensor-", grows=1):
        """So many more after those of each node, 0 for none; returns them (emqx_crowd.Crowd)."""
        with self.lock:
            row = new_row(None, None, self._time(None), 40000)
            self.crowded = Crowd(n, prefix, self.nodes, row, grows) if n else None
            return self.crowded

    def row(self, clientid):
        """The keys as they stand."""
        with self.lock:
            return dict(self._row(clientid).keys)

    # For answers, under the lock

    def rows_on(self, node):
        return [row for row in self._rows if row.node == node]

    def found(self, clientid, nodes):
        """The row that the first of these nodes has; None if none has one."""
        rows = (row for node in nodes for row in self._rows
                if row.clientid == clientid and row.node == node)
        return next(rows, None)

    def _row(self, clientid):
        return self._current[text_of(clientid)]

    def _connected(self, clientid):
        keys = self._row(clientid).keys
        if not keys["connected"]:
            raise ValueError(f"not connected: {clientid!r}")
        return keys

    def _member(self, node):
        if node is not None and node not in self.nodes:
            raise ValueError(f"no such node: {node}")
        return node or self.nodes[0]

    def _time(self, at):
        """In milliseconds; no two are now at the same time."""
        if at is not None:
            return at
        self._now = max(self._now + 1, int(self._clock() * 1000))
        return self._now

    def _put(self, old, row):
        if old:
            self._rows[self._rows.index(old)] = row
        else:
            self._rows.append(row)
        self._current[row.clientid] = row

    def _carry(self, way, clientid, n, qos, size):
        with self.lock:
            self._add(self._connected(clientid), {
                f"{way}_msg": n, f"{way}_msg.qos{qos}": n, f"{way}_pkt": n, f"{way}_cnt": n,
                f"{way}_oct": n * size})

    @staticmethod
    def _add(keys, numbers):
        keys.update((key, keys.get(key, 0) + number) for key, number in numbers.items())


def live(clients, step):
    """A step, from 0 on, in the life of a pump that sends, a gate that comes and goes, and a panel
    whose queue overflows."""
    with clients.lock:
        if step == 0:
            clients.connect("pump-1", keepalive=60, subscriptions_cnt=1)
            clients.connect("panel-hall-2", clean_start=False, keepalive=300, subscriptions_cnt=12)
        clients.publish("pump-1", 3, qos=1)
        clients.deliver("panel-hall-2", 5)
        clients.drop("panel-hall-2", "tx", "queue_full")
        if step % 4 == 0:
            clients.connect("gate-7", clean_start=False, keepalive=90, subscriptions_cnt=2)
        if step % 4 == 3:
            clients.disconnect("gate-7")
        else:
            clients.publish("gate-7")
