# SPDX-License-Identifier: Apache-2.0
"""A life of twenty clients, tick by tick, through a real gateway and over restarts of the agent.

The table says what happens before each tick, and a small model says which series must be in the
gateway after it: all of them, and no other. The model goes by the events, not by the broker's rows.
"""

import re
import signal
import time
from dataclasses import dataclass, field, replace

import pytest

from client_monitor import BROKER, PREFIX, Monitored, watch
from cycles import lines, push_now, wait_pushes
from exposition import Exposition, describe
from peers import PROJECT, wait_until
from simulated_emqx import SimulatedEmqx

# What an event is; several may stand behind one another, and a number is N.
#   c   connects with a clean start          p N   publishes N messages, with QoS N modulo 3
#   k   connects and keeps its session       d N   gets N, with QoS N modulo 3
#   m   reconnects to the other node         x N   loses N of those to it, since its queue is full
#   w   the same, and the node that it left  e N   the same, since they expired
#       goes on telling of it                l N   the same, since they are too large
#   -   disconnects                          y N   loses N of its own, not released in time
#   v   is thrown out with its session       q N   has N in its queue; s N subscriptions; i N
#   z   its counters begin anew,                   messages that are not acknowledged
#       though the connection stays
# To the agent: kill, by SIGKILL, or term, by SIGTERM; what happens then it does not see happen.
LIFE = """
tick      1      2     3     4       5      6     7      8     9     10    11    12
agent     .      .     .     kill    .      .     kill   .     term  .     kill  .

gate      c      p3    p2d4  p5      -      .     .      cp1   p2    -     .     c
pump-1    ks2    p1q4  -     .       k      p4    -k     p1    .     v     .     k
late      .      .     .     .       cp2    d1    .      z     p1    .     -c    cp1
spare     .      .     .     .       .      .     .      .     .     .     .     .

plc-a-1   k      p2m   p3    m       p1     -     .      .     m     p1    v     .
plc-a-2   cp7    p1    c     p2      cp1    c     c-     .     c-    c     v     c-
plc-b-1   k-     .     k-    k-      .      k     p6     -k-   .     v     .     k-
plc-b-2   cp5    p1    w     p2d2    p1     -     c      .     w     p1    .     m

pump-2    c      x2    e3    l1y4    x1     -     .      .     .     .     c     x5
pump-3    ci5    i6    -c    i1      .      v     .      .     .     .     .     .
pump-4    .      c-    .     c-      .      k-    .      k     .     -     k     p1
pump-5    kp1d1  z     p1    zp1     zk     p2    z      -     k     z     p1    v

sensor-1  cp1    p1    p1    p1      p1     p1    p1     p1    p1    p1    p1    p1
sensor-2  ks3    -     .     k       p2     -k    .      p3    -     k     -k    p2
sensor-3  cq7    q9    -     .       cq3    q1    .      p4    -     .     c     p1
sensor-4  .      .     ci2   p2      -      c     -c     .     c     p9    -     .
sensor-5  c      m     m     c       z      p2z   m      w     .     -     c     m

meter-a   kp4    .     v     .       c      .     p3     v     .     .     .     c
meter-b   .      k-    .     .       k      .     -      k     .     z     p1    .
meter-c   .      .     .     .       .      .     .      cp1   .     .     .     .
"""
WATCHED = (
    {"client_id": "gate", "alias": "The gate"}, {"client_id": "pump-1"},
    {"client_id": "late", "alias": "late \\ \"one\""}, {"client_id": "spare"},
    {"regex": r"plc-(\w+)-(\d+)", "alias": "PLC $2 of $1"}, {"glob": "pump-*"},
    {"class": "sensor-*"}, {"class": "meter-?"})
# Everything that can be told, and what stands for it in a row of the broker's.
COUNTERS = {
    **{f"{way}_{what}": (f"{name}_total", {"direction": direction})
       for way, direction in (("recv", "rx"), ("send", "tx"))
       for what, name in (("msg", "messages_processed"), ("msg.dropped", "messages_dropped"),
                          ("oct", "bytes"), ("pkt", "packets"))},
    **{f"{way}_msg.qos{qos}": ("messages_processed_by_qos_total",
                               {"direction": direction, "qos": str(qos)})
       for way, direction in (("recv", "rx"), ("send", "tx")) for qos in range(3)},
    **{f"{way}_msg.dropped.{reason}": ("messages_dropped_by_reason_total",
                                       {"direction": direction, "reason": reason})
       for way, direction, reason in (
           ("recv", "rx", "await_pubrel_timeout"), ("send", "tx", "expired"),
           ("send", "tx", "queue_full"), ("send", "tx", "too_large"))}}
OF_THE_CONNECTION = ("recv_oct", "send_oct")
DROPS = {"x": ("tx", "queue_full"), "e": ("tx", "expired"), "l": ("tx", "too_large"),
         "y": ("rx", "await_pubrel_timeout")}
GAUGES = {"s": "subscriptions_cnt", "i": "inflight_cnt", "q": "mqueue_len"}
NODES = ["emqx1@127.0.0.1", "emqx2@127.0.0.1"]
KEY = {"job": "emqx1", "instance": "emqx1~127.0.0.1"}
ALL_ON = {f"enable_{name}": True for name in (
    "processed_counters", "qos_split", "dropped_counters", "reason_split", "bytes_metrics",
    "packet_metrics", "dates", "inflight_metrics", "subscription_count")}


def table():
    """(ticks, {who: the cell of each tick})"""
    rows = [line.split() for line in LIFE.splitlines() if line]
    (_, *ticks), *others = rows
    assert all(len(cells) == len(ticks) for _, *cells in others)
    return ticks, {who: cells for who, *cells in others}


# What happens

@dataclass
class Client:
    """One client as it is."""

    is_known: bool = False
    is_connected: bool = False
    is_kept: bool = False
    node: int = 0
    created: int = 0        # ms
    connected: int = 0
    disconnected: int = 0
    gauges: dict = field(default_factory=dict)
    counts: dict = field(default_factory=dict)


class World:
    """Lets the same happen to the clients of the simulated broker and to those of the model."""

    def __init__(self, broker, names):
        self.broker, self._now = broker, 0
        self.clients = {name: Client() for name in names}

    def happen(self, name, cell):
        for event, number in re.findall(r"([a-z-])(\d*)", cell.strip(".")):
            number = int(number or 1)
            if event in "ckmw":
                self._connect(name, event)
            elif event in "-v":
                self._end(name, event)
            elif event in DROPS:
                self._drop(name, number, *DROPS[event])
            elif event in "pd":
                self._carry(name, number, event)
            elif event == "z":
                self.broker.reset(name)
                client = self.clients[name]
                client.counts = dict.fromkeys(client.counts, 0)
            else:
                self.broker.set(name, {GAUGES[event]: number})
                self.clients[name].gauges[GAUGES[event]] = number

    def _time(self):
        """Milliseconds, of which no two events have the same."""
        self._now = max(self._now + 1, int(time.time() * 1000))
        return self._now

    def wait_past(self):
        """Until all that happened is in the past."""
        wait_until(lambda: int(time.time() * 1000) > self._now, "the next millisecond")

    def _connect(self, name, event):
        at, old = self._time(), self.clients[name]
        node = 1 - old.node if event in "mw" else old.node
        is_kept = old.is_kept if event in "mw" else event == "k"
        if event == "w":
            self.broker.duplicate(name, NODES[old.node])
        self.broker.connect(name, NODES[node], clean_start=not is_kept, at=at)
        goes_on = old.is_known and old.is_kept and is_kept
        self.clients[name] = Client(
            True, True, is_kept, node, old.created if goes_on else at, at, 0,
            {key: old.gauges[key] if goes_on and key == "subscriptions_cnt" else 0
             for key in GAUGES.values()}, dict.fromkeys(COUNTERS, 0))

    def _end(self, name, event):
        at, client = self._time(), self.clients[name]
        if event == "v":
            self.broker.vanish(name)
        else:
            self.broker.disconnect(name, at=at)
        client.is_connected, client.disconnected = False, at
        client.is_known = client.is_kept and event != "v"
        for key in OF_THE_CONNECTION:
            client.counts.pop(key, None)

    def _carry(self, name, n, event):
        act, way = {"p": (self.broker.publish, "recv"), "d": (self.broker.deliver, "send")}[event]
        act(name, n, qos=n % 3, size=100 + n)
        counts = self.clients[name].counts
        for key, more in (("msg", n), (f"msg.qos{n % 3}", n), ("pkt", n), ("oct", n * (100 + n))):
            counts[f"{way}_{key}"] += more

    def _drop(self, name, n, direction, reason):
        self.broker.drop(name, direction, reason, n)
        whole = {"rx": "recv", "tx": "send"}[direction] + "_msg.dropped"
        for key in (whole, f"{whole}.{reason}"):
            self.clients[name].counts[key] += n


# What must be told of it

@dataclass
class Between:
    """A value that depends on when exactly the agent looked."""

    low: float
    high: float


@dataclass
class Sums:
    """What is added up over connections."""

    connects: int = 0
    flaps: int = 0
    totals: dict = field(default_factory=dict)

    def add(self, before, now):
        """What a client, seen like this at two looks, did between them; before is None at first.
        """
        is_new = before is None or now.connected != before.connected
        if before is None:
            self.connects += now.is_connected
        elif is_new:
            self.connects += 1
            self.flaps += now.is_connected == before.is_connected
        for key, count in now.counts.items():
            had = 0 if is_new else before.counts.get(key, 0)
            grown = count - had if count >= had else count
            self.totals[key] = self.totals.get(key, 0) + grown

    def tell(self, put):
        put("connects_total", self.connects)
        put("flaps_total", self.flaps)
        for key, total in self.totals.items():
            name, labels = COUNTERS[key]
            put(name, total, **labels)


def seen(client, before):
    """A copy, with what a disconnected client's row lacks as it was in the same connection."""
    had = before.counts if before and before.connected == client.connected else {}
    return replace(client, counts={**had, **client.counts}, gauges=dict(client.gauges))


class OneClient:
    """A client with series of its own."""

    def __init__(self, name, alias, is_named):
        self.labels = {"client_id": name, "alias": alias}
        self.name, self.is_named = name, is_named
        self.sums, self.last, self.last_seen = Sums(), None, None

    def look(self, world, look, put):
        client = world.clients[self.name]
        if client.is_known:
            self.sums.add(self.last, client)
            self.last = seen(client, self.last)
            self.last_seen = look if client.is_connected else client.disconnected / 1000
        elif self.last:
            self.last = replace(self.last, is_connected=False)
        if not self.last:
            if self.is_named:
                put("connected", 0, **self.labels)
            return
        self.tell(client.is_known, look,
                  lambda name, value, **labels: put(name, value, **self.labels, **labels))

    def tell(self, is_known, look, put):
        last = self.last
        put("connected", int(last.is_connected))
        put("last_seen_timestamp_seconds", self.last_seen)
        put("created_at", last.created / 1000)
        put("connected_at", last.connected / 1000)
        if is_known:
            age = look.low - last.created / 1000, look.high - last.created / 1000
            put("session_age_seconds", Between(*age))
        put("subscriptions", last.gauges["subscriptions_cnt"])
        put("inflights", last.gauges["inflight_cnt"])
        self.sums.tell(put)

    def told(self, series):
        """Who is gone was seen last when he was: that stays as it was told."""
        key = PREFIX + "last_seen_timestamp_seconds", frozenset(
            {**self.labels, "broker": BROKER}.items())
        self.last_seen = series.get(key)

    def restart(self, since):
        """Everything outlives the agent."""


class OneClass:
    """Clients that are told as one."""

    def __init__(self, glob, names):
        self.labels, self.names = {"class": glob}, names
        self.sums, self.members, self.since = Sums(), {}, 0

    def look(self, world, _, put):
        there = {name: world.clients[name] for name in self.names if world.clients[name].is_known}
        for name, client in there.items():
            before = self.members.get(name)
            if before or client.connected / 1000 >= self.since:
                self.sums.add(before, client)
            else:  # who knows what of it was told before the restart; but there are such counters
                self.sums.totals.update({key: self.sums.totals.get(key, 0)
                                         for key in client.counts})
            self.members[name] = seen(client, before)
        for name in self.members.keys() - there.keys():
            self.members[name] = replace(self.members[name], is_connected=False)

        def tell(name, value, **labels):
            put(f"class_{name}", value, **self.labels, **labels)
        tell("connected", sum(client.is_connected for client in there.values()))
        tell("clients", len(there))
        if self.members or self.since:
            gauges = {key: [client.gauges[key] for client in there.values()]
                      for key in GAUGES.values()}
            tell("subscriptions", sum(gauges["subscriptions_cnt"]))
            tell("inflights", sum(gauges["inflight_cnt"]))
            tell("queue_largest", max(gauges["mqueue_len"], default=0))
        self.sums.tell(tell)

    def told(self, series):
        """Nothing depends on what was told."""

    def restart(self, since):
        """The sums outlive the agent, what each member had does not."""
        self.members, self.since = {}, since


def expected_accounts():
    named = {watched["client_id"]: watched.get("alias", watched["client_id"])
             for watched in WATCHED if "client_id" in watched}
    _, rows = table()
    for name in rows:
        plc = re.fullmatch(r"plc-(\w+)-(\d+)", name)
        if name in named:
            yield OneClient(name, named[name], True)
        elif plc:
            yield OneClient(name, f"PLC {plc[2]} of {plc[1]}", False)
        elif name.startswith("pump-"):
            yield OneClient(name, name, False)
    for glob in "sensor-*", "meter-?":
        yield OneClass(glob, [name for name in rows if name.startswith(glob[:-1])])


def expected_series(accounts, world, look):
    series = {}

    def put(name, value, **labels):
        key = PREFIX + name, frozenset({**labels, "broker": BROKER}.items())
        assert key not in series
        series[key] = value

    for account in accounts:
        account.look(world, look, put)
    put("clients_over_limit", 0)
    put("class_clients_over_limit", 0)
    return series


# Both beside each other

def is_as_expected(expected, actual):
    if isinstance(expected, Between):
        return expected.low <= actual <= expected.high
    return expected == actual


def check_series(tick, expected, actual):
    wrong = [f"{describe(key)}: expected {expected.get(key)}, told {actual.get(key)}"
             for key in sorted(expected.keys() | actual.keys(), key=describe)
             if key not in expected or key not in actual
             or not is_as_expected(expected[key], actual[key])]
    assert not wrong, f"tick {tick}:\n" + "\n".join(wrong)


def check_types(page):
    for name, family in page.families.items():
        assert family.type == ("counter" if name.endswith("_total") else "gauge"), name
        assert family.help, name


class Life:
    """The agent between a broker and a gateway."""

    def __init__(self, agent, gateway):
        self.agent, self.gateway = agent, gateway
        self.running, self.logs = None, []

    def end(self, how):
        if how == "kill":
            self.running.send_signal(signal.SIGKILL)
            self.running.process.wait()
            self.running.end()
        elif how == "term":
            assert self.running.stop().code == 0
        self.logs.append(self.running.log)
        self.running = None

    def look(self):
        """One tick: the first is the start's. Returns the time that it took, and what the gateway
        serves after it."""
        before = int(time.time() * 1000) / 1000
        if self.running:
            push_now(self.running, self.gateway)
        else:
            count = len(self.gateway.pushes) + 1
            self.running = self.agent.start()
            wait_pushes(self.running, self.gateway, count)
        wait_until(lambda: self.gateway.pushes[-1].answered, "the gateway's answer")
        after = time.time()
        return Between(before, after), Monitored(self.gateway.metrics_text(), **KEY).page


def own_labels(page):
    return {(name, frozenset(pair for pair in labels if pair[0] not in KEY)): value
            for family in page.families.values() for (name, labels), value in
            family.samples.items()}


@pytest.mark.parametrize("restarts", (True, False), ids=("with restarts", "without"))
def test_a_life_of_twenty_clients_gives_exactly_the_expected_series(agent, recorded, restarts):
    ticks, rows = table()
    ends = rows.pop("agent")
    assert len(rows) == 20
    accounts = list(expected_accounts())
    with SimulatedEmqx(nodes=2, key="key", secret="secret") as emqx:
        watch(agent, emqx, recorded, *WATCHED, **ALL_ON)
        world, life, look = World(emqx.clients, rows), Life(agent, recorded), None
        emqx.clients.connect("stranger")
        for column, tick in enumerate(ticks):
            if restarts and ends[column] != ".":
                life.end(ends[column])
                for account in accounts:
                    account.restart(look.low)
            for name, cells in rows.items():
                world.happen(name, cells[column])
            world.wait_past()
            look, page = life.look()
            actual = own_labels(page)
            check_series(tick, expected_series(accounts, world, look), actual)
            check_types(page)
            for account in accounts:
                account.told(actual)
        life.end("term")
    assert [len(lines(log, "the state file was read")) for log in life.logs] == [
        0, *[1] * (len(life.logs) - 1)]
    for log in life.logs:
        assert "level=warn" not in log and "level=error" not in log


def test_the_sample_alerts_are_about_series_that_a_gateway_has(agent, recorded):
    """Whatever their test by promtool makes up."""
    rules = (PROJECT / "etc" / "brokerpush.rules.yml").read_text()
    with SimulatedEmqx(key="key", secret="secret") as emqx:
        for name in "gate", "sensor-1":
            emqx.clients.connect(name)
        watch(agent, emqx, recorded, "gate", {"class": "sensor-*"})
        life = Life(agent, recorded)
        life.look()
        life.end("term")
    page = Exposition.parse(recorded.metrics_text())
    expressions = re.findall(r"(?m)^    expr: (?:\|\n((?: {6}.*\n)+)|(.*)\n)", rules)
    assert len(expressions) == rules.count("expr:") == rules.count("alert:")
    used = {name for parts in expressions for name in re.findall(
        r"\b(?:emqx_|brokerpush_|push_)\w+", "".join(parts))}
    assert len(used) > 5
    for name in used:
        series = page.series(name)
        assert series, name
        for labels in re.findall(rf"by \(([\w, ]+)\) \(\s*(?:\w+\()?{name}\b", rules):
            assert all(set(labels.split(", ")) <= dict(key).keys() for key in series), name
