#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A simulated EMQX: its statistics endpoints, faithful in form, with invented values.

In a test:      with SimulatedEmqx(nodes=2) as emqx: ... emqx.url, emqx.set_fault("500", "auth")
By hand:        python3 tests/integ/simulated_emqx.py --port 18083 --nodes 2 --vary --profile 6.2

What an EMQX has is in emqx_families.py, its JSON endpoints are in emqx_json.py, its clients in
emqx_clients.py; this file is how it answers. It is simulated only: no MQTT, no cluster protocol,
no dashboard.
"""

import argparse
import base64
import binascii
import contextlib
import itertools
import json
import math
import random
import signal
import sys
import threading
import time
import zlib
from decimal import Decimal
from email.utils import formatdate
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

import emqx_client_pages
import emqx_families as families
import emqx_json
from emqx_clients import Clients, live
from loopback import Limits, LoopbackServer

# What the REST listener of a broker tolerates.
LISTENER_LIMITS = Limits(request_line_bytes=8600, header_bytes=4250, headers=100,
                         first_byte_seconds=5, request_seconds=5, idle_seconds=60,
                         connections=512)

STATUS_TEXT = {
    200: "OK", 301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect",
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 429: "Too Many Requests", 500: "Internal Server Error",
    503: "Service Unavailable",
}

NOT_FOUND_PAGE = ("<html><head><title>404 - NOT FOUND</title></head>"
                  "<body><h1>404 - NOT FOUND</h1></body></html>")
LOGIN_PAGE = ("<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n"
              "<body><form action=\"/login\"><input name=\"user\"></form></body></html>\n")
ERLANG_STACK = ("{error,{badkey,crashing_collector},[{erlang,map_get,[crashing_collector,#{}],"
                "[{error_info,#{module => erl_erts_errors}}]},"
                "{emqx_prometheus,emqx_collect,2,[{file,\"emqx_prometheus.erl\"},{line,512}]},"
                "{prometheus_text_format,registry_collect_callback,4,"
                "[{file,\"prometheus_text_format.erl\"},{line,97}]}]}")
RUBBISH = bytes(random.Random(4).randrange(256) for _ in range(4096))


# Values

def pick(limit, *words):
    """A stable number below the limit for these words."""
    return zlib.crc32("\0".join(map(str, words)).encode()) % limit


class Histogram(NamedTuple):
    """Cumulative counts by LATENCY_BOUNDS and +Inf, and the sum of what was observed."""

    counts: tuple
    total: float

    @staticmethod
    def added(parts):
        parts = list(parts)
        return Histogram(tuple(map(sum, zip(*(part.counts for part in parts)))),
                         round(sum(part.total for part in parts), 1))


class Members(NamedTuple):
    """Who belongs to a cluster, and how they fare, at one moment; the first one answers."""

    nodes: tuple
    stopped: frozenset = frozenset()
    # Seconds that a question to all waits for a node that hangs, by node: (for one of a few
    # seconds, for one of those without a limit of their own).
    hung: dict = {}

    @property
    def answering(self):
        return self.nodes[0]

    @property
    def running(self):
        """What the cluster believes in: a node that hangs is not missed yet."""
        return [node for node in self.nodes if node not in self.stopped]

    @property
    def reachable(self):
        return [node for node in self.running if node not in self.hung]


class Values:
    """Every value of a cluster as a function of the seed, the family, the row and the tick."""

    def __init__(self, members, rows, seed, always_zero):
        self.members = members
        self.rows = rows
        self.seed = seed
        self.always_zero = always_zero

    def value(self, family, row, node, tick):
        """One node's own value."""
        name = family.name
        if name in families.SUMS:
            return sum(self.value(family._replace(name=part), row, node, tick)
                       for part in families.SUMS[name])
        if name == "emqx_cluster_sessions_count":
            return sum(self.value(family._replace(name="emqx_sessions_count"), row, member, tick)
                       for member in self.members.running)
        words = (self.seed, name, sorted(row.items()), node)
        special = self._special(name, row, tick, words)
        if special is not None:
            return special
        if family.type == "histogram":
            return self._histogram(tick, words)
        if family.type == "gauge":
            return (pick(50, *words) + pick(7, tick, *words)) if tick else pick(50, *words)
        start = pick(1 << 41, *words) if name in families.BIG_COUNTERS else pick(5000, *words)
        return start + tick * pick(90, "step", *words)

    @staticmethod
    def _histogram(tick, words):
        counts, count = [], 0
        for bucket in range(len(families.LATENCY_BOUNDS) + 1):
            count += pick(40, bucket, *words) + tick * pick(5, "step", bucket, *words)
            counts.append(count)
        return Histogram(tuple(counts), count * 12.5)

    def _special(self, name, row, tick, words):
        if name in self.always_zero:
            return 0
        if name in families.MEMORY_BYTES:
            return families.MEMORY_BYTES[name] + 4096 * pick(1000, tick, *words)
        if name == "emqx_vm_uptime_ms":
            return 86400000 + pick(1 << 20, self.seed, words[-1]) + 1000 * tick
        if name == "emqx_cluster_nodes_running":
            return len(self.members.running)
        if name == "emqx_cluster_nodes_stopped":
            return len(self.members.stopped)
        if name in families.FIXED:
            return families.FIXED[name]
        if name in ("emqx_vm_cpu_use", "emqx_vm_cpu_idle"):
            use = (0.0, 50.0, 66.66, 100.0)[pick(4, tick, self.seed, words[-1])]
            return use if name.endswith("use") else round(100.0 - use, 2)
        if name == "emqx_mria_weight":
            return (0.0, 1.0e-5, 0.25)[pick(3, *words)]
        if name == "emqx_mria_last_intercepted_trans" and row["shard"] in families.IDLE_SHARDS:
            return math.nan
        if name.endswith(("_enable", "_status")):
            off = families.DISABLED if name.endswith("enable") else families.UNREACHABLE
            return int(row.get("id") not in off)
        if name == "emqx_actions_count":  # not of the configured actions
            return sum(len(families.RULE_ACTIONS.get(rule["id"], [])) for rule in self.rows["rule"])
        if name in ("emqx_rules_count", "emqx_connectors_count"):
            return len(self.rows[name.split("_")[1].rstrip("s")])
        return None

    def rows_of(self, family, mode, tick, is_wanted=lambda row: True):
        """(labels, value) of every row in a mode; the order is as unstable as a broker's."""
        shuffle = random.Random(pick(1 << 31, self.seed, family.name, mode, tick)).sample
        rows = list(filter(is_wanted, self.rows[family.rows]))
        rows = shuffle(rows, len(rows))
        answering, nodes = self.members.answering, self.members.reachable
        if mode == families.NODE or family.node == families.NEVER:
            return [(row, self.value(family, row, answering, tick)) for row in rows]
        if mode in family.node:
            return [(self._with_node(family, row, node), self.value(family, row, node, tick))
                    for node in shuffle(nodes, len(nodes)) for row in rows]
        together = self._aggregate(family)
        return [(row, together(self.value(family, row, node, tick) for node in nodes))
                for row in rows]

    @staticmethod
    def _aggregate(family):
        if family.type == "histogram":
            return Histogram.added
        return (lambda values: int(all(values))) if family.name in families.AGGREGATED_BY_AND \
            else sum

    @staticmethod
    def _with_node(family, row, node):
        if family.rows in families.ROWS_BEFORE_NODE:
            return {**row, "node": node}
        return {"node": node, **row}


# Pages

def number_text(value):
    """A number as Erlang writes it: the shorter of 66.66 and 6.666e1, so 1.0e3 and 1.0e-5."""
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    digits, _, power = f"{Decimal(repr(value)).normalize():e}".partition("e")
    scientific = f"{digits if '.' in digits else digits + '.0'}e{int(power)}"
    plain = f"{Decimal(repr(value)):f}"
    plain = plain if "." in plain else plain + ".0"
    return scientific if value and len(scientific) < len(plain) else plain


def long_number_text(value):
    """A float as Erlang wrote it when not asked for the shortest form."""
    return f"{value:.20e}"


def label_text(value):
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def sample_line(name, labels, value):
    inside = ",".join(f'{label}="{label_text(text)}"' for label, text in labels.items())
    return f"{name}{'{' + inside + '}' if inside else ''} {number_text(value)}"


def histogram_lines(name, labels, value, bound_text):
    """The buckets, then _count, then _sum."""
    bounds = [*map(bound_text, families.LATENCY_BOUNDS), "+Inf"]
    return [*(sample_line(f"{name}_bucket", {**labels, "le": le}, count)
              for le, count in zip(bounds, value.counts)),
            sample_line(f"{name}_count", labels, value.counts[-1]),
            sample_line(f"{name}_sum", labels, value.total)]


def text_page(profile, endpoint, values, mode, tick, is_wanted=lambda row: True):
    """The text form: TYPE before an empty HELP, and an empty line at the end."""
    bound_text = long_number_text if profile.long_bounds else number_text
    lines = []
    for family in profile.endpoints[endpoint]:
        lines.append(f"# TYPE {family.name} {family.type}")
        if profile.has_help:
            lines.append(f"# HELP {family.name} {family.help}")
        for labels, value in values.rows_of(family, mode, tick, is_wanted):
            if isinstance(value, Histogram):
                lines += histogram_lines(family.name, labels, value, bound_text)
            else:
                lines.append(sample_line(family.name, labels, value))
    return "\n".join(lines) + "\n\n"


def json_page(profile, endpoint, values, mode, tick):
    """The JSON form; the shape of a group depends on the mode."""
    groups = {}
    for family in profile.endpoints[endpoint]:
        if family.group is None:
            continue
        group = groups.setdefault(family.group, {})
        for labels, value in values.rows_of(family, mode, tick):
            if mode == families.AGGREGATED and family.group in families.JSON_ANSWERING_NODE_ONLY \
                    and labels["node"] != values.members.answering:
                continue
            # What is cluster-wide stands in the object of each node.
            everywhere = mode == families.UNAGGREGATED and family.group == "stats" \
                and family.node == families.NEVER
            nodes = values.members.reachable
            for row in [{"node": node} for node in nodes] if everywhere else [labels]:
                element = group.setdefault(tuple(sorted(row.items())), dict(row))
                element[family.name] = value
    page = {}
    for name, elements in groups.items():
        as_array = (name in profile.json_arrays
                    or endpoint == "stats" and mode == families.UNAGGREGATED
                    or mode == families.AGGREGATED and name in families.JSON_ARRAYS_WHEN_AGGREGATED)
        if as_array:
            page[name] = list(elements.values())
        else:
            page[name] = {key: value for element in elements.values()
                          for key, value in element.items()}
    if endpoint == "stats" and profile.has_overload:
        page.setdefault("olp", [] if mode == families.UNAGGREGATED else {})
    return page


# The broker

class Answer(NamedTuple):
    status: int
    type: str = None
    body: object = ""
    headers: dict = {}
    # Without date and server: what the HTTP library answers before the broker sees the request.
    bare: bool = False

    @property
    def bytes(self):
        return self.body if isinstance(self.body, bytes) else self.body.encode()


def json_answer(value, status=200, headers=None):
    """Bytes are JSON already."""
    body = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":"))
    return Answer(status, "application/json", body, headers or {})


def json_error(status, code, message, **headers):
    return json_answer({"code": code, "message": message}, status, headers)


class Endpoint(NamedTuple):
    # By which a fault finds it, and all of its kind: json:nodes/emqx@h, json:nodes/{node}.
    name: str
    kind: str
    # Called with the request.
    answer: object
    method: str = "GET"


class Limiter:
    """Lets one through each so many seconds of a clock."""

    def __init__(self, seconds, clock):
        self.seconds = seconds
        self.clock = clock
        self._next = None
        self._state = threading.Lock()

    def lets_through(self):
        with self._state:
            now = self.clock()
            if self._next is not None and now < self._next:
                return False
            self._next = now + self.seconds
            return True


# Of questions for all namespaces, by node.
LIMITED_TO_ONE_IN_SECONDS = 5


class Accounts:
    """The dashboard's users: their logins, which a row of bad ones locks, and their tokens.

    logins      (user, whether it went well) of each
    """

    BAD_LOGINS, LOCKED_SECONDS = 5, 600

    def __init__(self, users, token_seconds, clock, tokens=()):
        self.users, self.token_seconds, self.clock = users, token_seconds, clock
        self.logins = []
        self._tokens = dict.fromkeys(tokens, math.inf)  # their end, by token
        self._bad = {}     # how many bad logins in a row, by user
        self._locked = {}  # the end of it, by user
        self._state = threading.Lock()

    def knows(self, user, password):
        return user in self.users and self.users[user] == password

    def login(self, user, password):
        """(a token, None), or (None, the code of the refusal)"""
        with self._state:
            now = self.clock()
            is_locked = now < self._locked.get(user, now)
            good = not is_locked and self.knows(user, password)
            self.logins.append((user, good))
            if good:
                self._bad.pop(user, None)
                token = self._new_token(len(self.logins))
                self._tokens[token] = now + self.token_seconds
                return token, None
            if is_locked:
                return None, "LOGIN_LOCKED"
            self._bad[user] = self._bad.get(user, 0) + 1
            if self._bad[user] == self.BAD_LOGINS:
                self._locked[user] = now + self.LOCKED_SECONDS
                del self._bad[user]
            return None, "BAD_USERNAME_OR_PWD"

    def _new_token(self, number):
        """Looks like a JSON web token, and says when it ends unless it is used."""
        end = int((time.time() + self.token_seconds) * 1000)
        parts = [json.dumps(part, separators=(",", ":")).encode() for part in (
            {"alg": "HS256", "typ": "JWT"}, {"exp": end, "iss": "EMQX"})]
        parts.append(b"signature %08d of nobody" % number)
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)

    def refusal_of(self, token):
        """The code of the refusal; None for a good token, which by that lives on."""
        with self._state:
            now = self.clock()
            if token not in self._tokens:
                return "BAD_TOKEN"
            if now >= self._tokens[token]:
                return "TOKEN_TIME_OUT"
            self._tokens[token] = max(self._tokens[token], now + self.token_seconds)
            return None

    def expire_tokens(self):
        with self._state:
            self._tokens = {token: self.clock() for token in self._tokens}


class SimulatedEmqx(LoopbackServer):
    """A cluster of simulated nodes behind the REST listener of the first.

    nodes       how many, or their names (default: one, emqx@127.0.0.1)
    vary        values change from answer to answer
    seed        other values for another seed, the same for the same
    profile     the release, a key of emqx_families.PROFILES
    key, secret the API key, which every JSON endpoint requires, and the statistics where they are
                protected
    protect_pages  whether the statistics are, as with enable_basic_auth; None: if there is a key,
                or if the release does so by itself
    role, scopes of the API key: role="publisher" may nothing here; scopes: those that it has
                (`monitoring`, `cluster_operations` ...), None for all
    users       the dashboard's, their passwords by name (default: admin, public)
    token_seconds  how long a token from a login lives without use
    tokens      bearer tokens that are taken without a login, for ever
    rows        label sets in place of those of emqx_families.ROWS, by their key
    overload    overload protection is on, so its families are declared
    clock       what tokens, locked users and the limiter of namespaces go by, in seconds

    clients     who is connected, nobody at first
    """

    def __init__(self, port=0, nodes=1, vary=False, seed=1, profile="5.8", key=None, secret=None,
                 tokens=(), rows=None, overload=False, clock=time.monotonic, users=None,
                 token_seconds=3600, scopes=None, role="administrator", protect_pages=None):
        super().__init__(port, LISTENER_LIMITS)
        if isinstance(nodes, int):
            nodes = (["emqx@127.0.0.1"] if nodes == 1
                     else [f"emqx{number + 1}@127.0.0.1" for number in range(nodes)])
        self.nodes = list(nodes)
        self.clients = Clients(self.nodes)
        self._stopped, self._hung = set(), {}
        self.vary = vary
        self.key, self.secret, self.scopes, self.role = key, secret, scopes, role
        self.protect_pages = protect_pages
        self.accounts = Accounts({"admin": "public"} if users is None else users,
                                 token_seconds, clock, tokens)
        self._seed, self._rows, self._has_overload = seed, rows or {}, overload
        self.limiter = Limiter(LIMITED_TO_ONE_IN_SECONDS, clock)
        # How many bytes of endless answers went out.
        self.streamed = 0
        self._tick = 0
        self._pages = {}
        self._faults = {}
        self._state = threading.Lock()
        self._stopping = threading.Event()
        self.profile = self._release(profile)

    def _release(self, name):
        profile = families.PROFILES[name]
        if self._has_overload and profile.has_overload:
            return profile._replace(endpoints={**profile.endpoints, "stats": families.with_after(
                profile.endpoints["stats"], "emqx_session_terminated", families.OVERLOAD)})
        return profile

    @property
    def endpoints(self):
        return self.profile.endpoints

    @property
    def values(self):
        """As they stand now."""
        with self._state:
            members = Members(tuple(self.nodes), frozenset(self._stopped), dict(self._hung))
            profile = self.profile
        peers = [{"peer": node} for node in members.running[1:]]
        return Values(members, {
            **families.ROWS, "peer": peers,
            "peer_process": [{**peer, "type": "dist"} for peer in peers],
            **profile.rows, **self._rows}, self._seed, profile.always_zero)

    # The cluster and its release

    def kill(self, node):
        """The node dies, and the others notice at once; it is a member still."""
        with self._peer(node):
            self._stopped.add(node)

    def hang(self, node, seconds=5, nodes_seconds=30):
        """The node falls silent, which nobody notices: what asks all nodes waits `seconds` (or
        `nodes_seconds`: /nodes, /stats) and goes without it."""
        with self._peer(node):
            self._hung[node] = seconds, nodes_seconds

    def revive(self, node):
        with self._peer(node):
            pass

    def leave(self, node):
        """The node belongs to the cluster no longer."""
        with self._peer(node):
            self.nodes.remove(node)

    @contextlib.contextmanager
    def _peer(self, node):
        """Of a node other than the answering one, after whatever befell it before."""
        with self._state:
            if node not in self.nodes[1:]:
                raise ValueError(f"no peer: {node}")
            self._stopped.discard(node)
            self._hung.pop(node, None)
            yield

    def become(self, profile):
        """Another release from now on, after a restart: connections end, counters start anew."""
        with self._state:
            self.profile = self._release(profile)
            self._tick = 0
        self._drop_connections()

    # Logins

    @property
    def logins(self):
        """(user, whether it went well) of each."""
        return list(self.accounts.logins)

    def expire_tokens(self):
        self.accounts.expire_tokens()

    # Faults

    def set_fault(self, kind, endpoint=None, **options):
        """Misbehave from now on: at one endpoint or, with None, at all.

        Endpoints: `stats`, `auth` ... (pages), `status`, `login`, `v4` (the page of 4.4), and for
        JSON `json:` and the path below /api/v5, such as json:nodes, json:nodes/emqx@127.0.0.1 or,
        for all of a kind, json:nodes/{node} (emqx_json.ROUTES). That of 4.4 is v4:nodes ...

        Kinds: refused (all endpoints only), silent, reset, truncated, too_large (size=bytes),
        html, 401, 403, 404, 429, 500, 503 (the last three with retry_after=), empty, binary,
        bad_family, conflicting_family, delayed (seconds=), together (count=; answers only once
        that many requests wait), page (text=, content_type=; these bytes as the page), trickle
        (seconds=; a byte each), wrong_length (announced=, a function of the right one; close=),
        endless (size=, announced=; made as it goes, counted in `streamed`), gzip_bomb (size=) and
        redirect (location=, code=).
        """
        kind = str(kind)
        if kind == "refused":
            if endpoint is not None:
                raise ValueError("only the whole listener can refuse")
            self.refuse()
        elif not hasattr(self, f"_fault_{kind}"):
            raise ValueError(f"no such fault: {kind}")
        if kind == "together":
            options["barrier"] = threading.Barrier(options.pop("count"))
        with self._state:
            self._faults[endpoint] = (kind, options)

    def clear_faults(self):
        with self._state:
            refused = self._faults.get(None, ("", {}))[0] == "refused"
            self._faults.clear()
        if refused:
            self.accept_again()

    def _fault_for(self, endpoint):
        names = (endpoint.name, endpoint.kind, None) if endpoint else (None,)
        with self._state:
            return next((self._faults[name] for name in names if name in self._faults), None)

    # What it served

    @property
    def pages(self):
        """{(endpoint, mode): text} of the last good text page of each."""
        with self._state:
            return dict(self._pages)

    def page(self, endpoint, mode=families.NODE):
        return self.pages[endpoint, mode]

    # Answering

    def handle(self, connection, request):
        endpoint = self._endpoint(request.path)
        fault = self._fault_for(endpoint)
        if fault is None:
            return self._send(connection, request, self._answer(request, endpoint))
        kind, options = fault
        return getattr(self, f"_fault_{kind}")(connection, request, **options)

    @staticmethod
    def _send(connection, request, answer, announced=None):
        """Header names and their order as Cowboy sends them: sorted, upper case before lower."""
        body = answer.bytes
        keep = (request.version == "HTTP/1.1"
                and (request.header("connection") or "").lower() != "close")
        fields = {"content-length": announced or len(body), **answer.headers}
        if not answer.bare:
            fields.update({"date": formatdate(usegmt=True), "server": "Cowboy"})
        if answer.type:
            fields["content-type"] = answer.type
        if not keep:
            fields["connection"] = "close"
        lines = [f"HTTP/1.1 {answer.status} {STATUS_TEXT[answer.status]}"]
        lines += [f"{name}: {fields[name]}" for name in sorted(fields)]
        connection.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        return keep

    def _endpoint(self, path):
        """What this release serves at a path; None if nothing."""
        path, profile = path.rstrip("/"), self.profile
        if path == "/status":
            return Endpoint("status", "status", self._status)
        if profile.version < (5,):
            prefix, find = "/api/v4/", self._endpoint_of_4
        else:
            prefix, find = "/api/v5/", self._endpoint_of_5
        return find(path.removeprefix(prefix), profile) if path.startswith(prefix) else None

    def _endpoint_of_4(self, path, profile):
        if path == "emqx_prometheus":
            return Endpoint("v4", "v4", lambda request: self._page_of_4(request, profile))
        found = emqx_json.route_of(path, profile.version)
        if found is None:
            return None
        route, parts = found
        return Endpoint(f"v4:{unquote(path)}", f"v4:{route.path}",
                        lambda request: self._refusal(request) or self._json(
                            request, profile,
                            lambda rest: {"code": 0, "data": route.answer(rest, *parts)}))

    def _endpoint_of_5(self, path, profile):
        if path == "status":
            return Endpoint(path, path, self._status)
        if path == "login":
            return Endpoint(path, path, self._login, "POST")
        prefix, _, name = path.rpartition("/")
        if prefix == "prometheus" and name in profile.endpoints:
            return Endpoint(name, name, lambda request: self._page_of_5(request, profile, name))
        found = emqx_json.route_of(path, profile.version, emqx_client_pages.ROUTES)
        if found is None:
            return None
        route, parts = found
        return Endpoint(f"json:{unquote(path)}", f"json:{route.path}",
                        lambda request: self._refusal(request, route.scope) or self._json(
                            request, profile, lambda rest: route.answer(rest, *parts)))

    def _answer(self, request, endpoint):
        if endpoint is None:
            return self._not_found(request)
        if request.method == "OPTIONS":
            return Answer(500)
        if request.method != endpoint.method:
            return Answer(405, headers={"allow": endpoint.method})
        return endpoint.answer(request)

    def _json(self, request, profile, ask):
        rest = emqx_json.Rest(profile, self.values, self._next_tick(), self._asked(request),
                              self._wait_for_peers, self.clients)
        try:
            return json_answer(ask(rest))
        except emqx_json.Refused as refused:
            return json_error(refused.status, refused.code, refused.message)

    def _next_tick(self):
        with self._state:
            tick = self._tick
            self._tick += self.vary
        return tick

    def _wait_for_peers(self, limit):
        """As long as a question to all nodes takes."""
        with self._state:
            waits = [(seconds, nodes_seconds)[limit == "nodes_seconds"]
                     for seconds, nodes_seconds in self._hung.values()]
        if waits:
            self._stopping.wait(max(waits))

    @staticmethod
    def _asked(request):
        return parse_qsl(request.query, keep_blank_values=True, errors="surrogateescape")

    def _query(self, request):
        return dict(self._asked(request))  # the last one wins

    @staticmethod
    def _not_found(request):
        accept = request.header("accept")
        if accept == "application/json":
            return Answer(404, accept,
                          '{"code": "NOT_FOUND", "message": "Request Path Not Found"}')
        if accept == "text/plain":
            return Answer(404, accept, "404 - NOT FOUND")
        return Answer(404, "text/html", NOT_FOUND_PAGE)

    def _status(self, request):
        query = self._query(request)
        healthy = {"retry-after": "15"}  # a broker says so even when all is well
        if query.get("format") == "json" and self.profile.version >= (5,):
            first = ({"cluster": "emqxcl"} if self.profile.tells_cluster
                     else {"rel_vsn": f"v{self.profile.release}"})
            return json_answer({**first, "node_name": self.nodes[0], "broker_status": "started",
                                "app_status": "running"}, headers=healthy)
        return Answer(200, "text/plain",
                      f"Node {self.nodes[0]} is started\nemqx is running", healthy)

    def _login(self, request):
        try:
            given = json.loads(request.body)
            user, password = str(given["username"]), str(given["password"])
        except (ValueError, KeyError, TypeError):
            return json_error(400, "BAD_REQUEST", "invalid json message received")
        token, refusal = self.accounts.login(user, password)
        if refusal:
            return json_error(401, refusal, "Auth failed")
        told = {"license": {"edition": "ce"}, "token": token, "version": self.profile.release}
        if self.profile.is_enterprise:
            told.update(license={"edition": "ee"}, role="administrator")
        return json_answer(told)

    def _is_protected(self):
        if self.protect_pages is not None:
            return self.protect_pages
        return self.key is not None or self.profile.protected

    def _refusal(self, request, scope="monitoring"):
        """The answer for missing or wrong credentials; None if all is well."""
        challenge = {"WWW-Authenticate": f'Basic Realm="{self.profile.realm}"'}
        scheme, _, credentials = (request.header("authorization") or "").partition(" ")
        of_4 = self.profile.version < (5,)
        if scheme.lower() == "basic":
            try:
                user, _, password = base64.b64decode(
                    credentials, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return Answer(400, bare=True)
            if self.key is not None and (user, password) == (self.key, self.secret):
                return self._forbidden(scope)
            if of_4 and self.accounts.knows(user, password):
                return None
            if not of_4:
                return json_error(401, "BAD_API_KEY_OR_SECRET", "Check api_key/api_secret",
                                  **challenge)
        if of_4:
            return Answer(401, body="UNAUTHORIZED", headers=challenge)
        if scheme.lower() == "bearer":
            refusal = self.accounts.refusal_of(credentials)
            return refusal and json_error(401, refusal, {
                "BAD_TOKEN": "Get a token by POST /login",
                "TOKEN_TIME_OUT": "Token expired, get new token by POST /login"}[refusal])
        return json_error(401, "AUTHORIZATION_HEADER_ERROR",
                          "Support authorization: basic/bearer ", **challenge)

    def _forbidden(self, scope):
        """What an API key may not."""
        if self.role == "publisher":
            return json_error(403, "UNAUTHORIZED_ROLE",
                              "You don't have permission to access this resource")
        if self.scopes is not None and scope not in self.scopes:
            return json_error(403, "FORBIDDEN", f"The API key lacks the scope {scope}")
        return None

    def _page_of_4(self, request, profile):
        if self._is_protected() and (refusal := self._refusal(request)):
            return refusal
        values, tick = self.values, self._next_tick()
        if self._query(request).get("type") == "prometheus":
            return self._text("v4", families.NODE, text_page(
                profile, "v4", values, families.NODE, tick))
        return json_answer({"code": 0, "data": json_page(
            profile, "v4", values, families.NODE, tick)})

    def _page_of_5(self, request, profile, endpoint):
        if self._is_protected() and (refusal := self._refusal(request)):
            return refusal
        query = self._query(request)
        mode = query.get("mode", families.NODE) if profile.has_mode else families.NODE
        if mode not in families.MODES:
            reason = "unable_to_convert_to_enum_symbol" if mode else "not_a_enum_symbol"
            refused = emqx_json.invalid("mode", mode, reason)
            return json_error(refused.status, refused.code, refused.message)
        as_json = request.header("accept") == "application/json"
        if as_json and endpoint in profile.text_only:
            return Answer(400, "text/plain", "only prometheus format is supported")
        is_wanted = self._rows_wanted(query, endpoint)
        if is_wanted is None:
            return Answer(429, "text/plain", "Too many requests")
        values, tick = self.values, self._next_tick()
        if mode != families.NODE:
            self._wait_for_peers("seconds")
        if as_json:
            return json_answer(json_page(profile, endpoint, values, mode, tick))
        return self._text(endpoint, mode, text_page(
            profile, endpoint, values, mode, tick, is_wanted))

    def _text(self, endpoint, mode, page):
        with self._state:
            self._pages[endpoint, mode] = page
        return Answer(200, "text/plain", page)

    def _rows_wanted(self, query, endpoint):
        """Which rows, by their namespace; None if this was asked too often."""
        if endpoint in self.profile.limited:
            if "ns" in query:
                return lambda row: row.get("namespace", query["ns"]) == query["ns"]
            if query.get("only_global") == "true":
                return lambda row: "namespace" not in row
            if not self.limiter.lets_through():
                return None
        return lambda row: True

    # Misbehaving. Each returns whether the connection is to be kept.

    def _fault_silent(self, connection, _request):
        connection.wait_until_closed_by_peer()
        return False

    def _fault_reset(self, connection, request):
        self._send_part(connection, request)
        connection.reset()
        return False

    def _fault_truncated(self, connection, request):
        self._send_part(connection, request)
        return False

    def _send_part(self, connection, request):
        """Announce the whole page and send half of it, cut within a line."""
        answer = self._answer(request, self._endpoint(request.path))
        body = answer.bytes
        cut = len(body) // 2
        while body[cut - 1:cut] == b"\n":
            cut -= 1
        self._send(connection, request, answer._replace(body=body[:cut]), announced=len(body))

    def _fault_too_large(self, connection, request, size=1 << 20):
        lines = [b"# TYPE emqx_generated gauge"]
        lines += [b'emqx_generated{row="%09d"} 1' % row for row in range(size // 32 + 1)]
        return self._send(connection, request,
                          Answer(200, "text/plain", b"\n".join(lines) + b"\n"))

    def _fault_html(self, connection, request):
        return self._send(connection, request, Answer(200, "text/html", LOGIN_PAGE))

    def _fault_401(self, connection, request):
        return self._send(connection, request, json_error(
            401, "BAD_API_KEY_OR_SECRET", "Check api_key/api_secret",
            **{"WWW-Authenticate": 'Basic Realm="emqx-dashboard"'}))

    def _fault_403(self, connection, request):
        return self._send(connection, request, json_error(
            403, "UNAUTHORIZED_ROLE", "You don't have permission to access this resource"))

    def _fault_404(self, connection, request):
        return self._send(connection, request, self._not_found(request))

    def _fault_429(self, connection, request, retry_after=None):
        return self._send(connection, request, Answer(
            429, "text/plain", "Too many requests", self._retry_after(retry_after)))

    def _fault_500(self, connection, request, retry_after=None):
        return self._send(connection, request, json_error(
            500, "INTERNAL_ERROR", ERLANG_STACK, **self._retry_after(retry_after)))

    def _fault_503(self, connection, request, retry_after=None):
        return self._send(connection, request, json_error(
            503, "SERVICE_UNAVAILABLE", "The broker is starting",
            **self._retry_after(retry_after)))

    @staticmethod
    def _retry_after(seconds):
        return {} if seconds is None else {"retry-after": str(seconds)}

    def _fault_redirect(self, connection, request, location, code=302):
        return self._send(connection, request, Answer(code, headers={"location": location}))

    def _fault_empty(self, connection, request):
        return self._send(connection, request, Answer(200, "text/plain"))

    def _fault_binary(self, connection, request):
        return self._send(connection, request, Answer(200, "text/plain", RUBBISH))

    def _fault_page(self, connection, request, text, content_type="text/plain"):
        return self._send(connection, request, Answer(200, content_type, text))

    def _fault_bad_family(self, connection, request):
        """Lines that no reader takes, in a family of their own, between the good ones."""
        return self._send_with(connection, request, (
            "# TYPE emqx_bad_family gauge\n# HELP emqx_bad_family \n"
            'emqx_bad_family{id="a" 1\n'
            'emqx_bad_family{id="b"} 12,5\n'
            'emqx-bad-family{id="c"} 1\n'))

    def _fault_conflicting_family(self, connection, request):
        """A name that comes a second time with another type."""
        return self._send_with(connection, request, (
            "# TYPE emqx_conflict gauge\n# HELP emqx_conflict \nemqx_conflict 1\n"
            "# TYPE emqx_conflict counter\n# HELP emqx_conflict \n"
            'emqx_conflict{id="second"} 2\n'))

    def _send_with(self, connection, request, inserted):
        answer = self._answer(request, self._endpoint(request.path))
        head, found, rest = answer.bytes.partition(b"\n# TYPE ")
        if answer.status == 200 and found:
            answer = answer._replace(body=head + b"\n" + inserted.encode() + found[1:] + rest)
        return self._send(connection, request, answer)

    def _fault_delayed(self, connection, request, seconds=1.0):
        self._stopping.wait(seconds)
        return self._send(connection, request,
                          self._answer(request, self._endpoint(request.path)))

    def _fault_trickle(self, connection, request, seconds=1.0):
        """The answer, a byte at a time: never silent, never done."""
        answer = self._answer(request, self._endpoint(request.path))
        body = answer.bytes
        self._send(connection, request, answer._replace(body=b""), announced=len(body))
        for byte in body:
            if self._stopping.wait(seconds):
                break
            connection.send(bytes([byte]))
        return False

    def _fault_wrong_length(self, connection, request, announced, close=False):
        """The whole page under another length than its own."""
        answer = self._answer(request, self._endpoint(request.path))
        keep = self._send(connection, request, answer, announced=announced(len(answer.bytes)))
        return keep and not close

    def _fault_endless(self, connection, _request, size=1 << 30, announced=True):
        """A page of any size, made as it goes; without a length it ends with the connection."""
        length = f"content-length: {size}" if announced else "connection: close"
        connection.send(f"HTTP/1.1 200 OK\r\n{length}\r\n"
                        "content-type: text/plain\r\n\r\n".encode())
        parts = (b"".join(b'emqx_generated{row="%09d"} 1\n' % row
                          for row in range(start, start + 1000))
                 for start in itertools.count(0, 1000))
        self._stream(connection, parts, size)
        return False

    def _fault_gzip_bomb(self, connection, _request, size=1 << 30):
        """Little on the wire, much when unpacked."""
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        chunk = b"emqx_a 1\n" * (1 << 17)
        first = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
        # After a full flush a block stands for itself, so it can be sent again and again.
        again = packer.compress(chunk) + packer.flush(zlib.Z_FULL_FLUSH)
        connection.send(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-encoding: gzip\r\n"
                        b"content-type: text/plain\r\n\r\n" + first)
        self._stream(connection, itertools.repeat(again), size // len(chunk) * len(again))
        return False

    def _stream(self, connection, parts, size):
        for part in parts:
            if self._stopping.is_set() or size <= 0:
                return
            part = part[:size]
            connection.send(part)
            size -= len(part)
            with self._state:
                self.streamed += len(part)

    def _fault_together(self, connection, request, barrier):
        """A caller that asks one after the other never gets an answer."""
        try:
            barrier.wait(timeout=60)
        except threading.BrokenBarrierError:
            return False
        return self._send(connection, request,
                          self._answer(request, self._endpoint(request.path)))

    def stop(self):
        self._stopping.set()
        with self._state:
            for _, options in self._faults.values():
                if "barrier" in options:
                    options["barrier"].abort()
        super().stop()


def main():
    parser = argparse.ArgumentParser(description="A simulated EMQX; not a real broker.")
    parser.add_argument("--port", type=int, default=18083, help="0 takes a free one")
    parser.add_argument("--nodes", type=int, default=1, help="size of the simulated cluster")
    parser.add_argument("--profile", choices=families.PROFILES, default="5.8",
                        help="the release to be (default: 5.8)")
    parser.add_argument("--key", help="require this API key for the statistics")
    parser.add_argument("--secret", help="and this secret")
    parser.add_argument("--seed", type=int, default=1, help="other values for another seed")
    parser.add_argument("--clients", type=int, default=0, help="a crowd of so many is connected")
    parser.add_argument("--life", action="store_true",
                        help="pump-1, gate-7 and panel-hall-2 live, two steps a second")
    parser.add_argument("--vary", action="store_true", help="values change with each answer")
    arguments = parser.parse_args()
    if (arguments.key is None) != (arguments.secret is None):
        parser.error("--key and --secret go together")

    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    try:
        emqx = SimulatedEmqx(arguments.port, arguments.nodes, arguments.vary, arguments.seed,
                             arguments.profile, key=arguments.key, secret=arguments.secret).start()
    except OSError as error:
        print(f"simulated EMQX: port {arguments.port}: {error.strerror}", file=sys.stderr)
        return 1
    emqx.clients.crowd(arguments.clients)
    print(emqx.url)
    print(f"This is a simulated EMQX {emqx.profile.release} ({', '.join(emqx.nodes)}): "
          "no real broker, invented values.", flush=True)
    for step in itertools.count():
        if arguments.life:
            live(emqx.clients, step)
        if ended.wait(0.5 if arguments.life else None):
            break
    emqx.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
