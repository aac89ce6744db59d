# SPDX-License-Identifier: Apache-2.0
"""Whatever a page has that some reader would refuse: it is repaired or left out, that is counted,
all else arrives, and a real Pushgateway takes the push.

All differences go through one run of the agent: each is a page by itself, and a page among a
hundred good families.
"""

import pytest

import peers
from cycles import NO_TICK, lines
from differences import ALL
from exposition import Exposition, assert_same
from loopback import LoopbackServer
from setups import HOSTNAME, Page, config, exporter, sink

GOOD_TYPES = ("counter", "gauge", "untyped")
GOOD = [f"# HELP good_{n} number {n}\n# TYPE good_{n} {GOOD_TYPES[n % 3]}\n"
        f'good_{n}{{x="{n}"}} {n}\n' for n in range(100)]
NAMES = [f"d{number:03}" for number in range(len(ALL))]
WAYS = ("alone", "among")
DIFFERENCES = pytest.mark.parametrize("number", range(len(ALL)), ids=[each.what for each in ALL])


def lines_of(number):
    return ALL[number].lines.replace(b"M", NAMES[number].encode())


def arriving(number):
    return ALL[number].arrives.replace("M", NAMES[number])


def page_of(number, way):
    if way == "alone":
        return lines_of(number)
    n_before = {"first": 0, "middle": 50, "last": 100}[ALL[number].place]
    good = [family.encode() for family in GOOD]
    return b"".join([*good[:n_before], lines_of(number), *good[n_before:]])


class Pages(LoopbackServer):
    """The path is a way and a number."""

    def handle(self, connection, request):
        way, number = request.path[1:].split("/")
        page = page_of(int(number), way)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                        b"Content-Length: %d\r\n\r\n%s" % (len(page), page))
        return True


def source_name(number, way):
    return f"{NAMES[number]}-{way}"


def sources(server):
    return [{"name": source_name(number, way), "type": "prometheus",
             "url": f"{server.url}/{way}/{number}"} for number in range(len(ALL)) for way in WAYS]


class Arrived:
    """What one cycle has brought to a gateway."""

    def __init__(self, served, log):
        self.log = log
        self._groups = {}
        for family_name, family in Exposition.parse(served).families.items():
            for (name, labels), value in family.samples.items():
                group = self._groups.setdefault(dict(labels).get("job"), Exposition({}))
                known = group.families.setdefault(family_name, type(family)(family.type,
                                                                            family.help))
                known.samples[name, labels] = value

    def group(self, number, way):
        return self._groups[source_name(number, way)]


@pytest.fixture(scope="module")
def arrived(tmp_path_factory):
    peers.need(peers.GATEWAY_PROGRAM, "run scripts/setup test")
    peers.need(peers.BINARY, "build it first, or name another by BROKERPUSH=")
    agent = peers.Agent(tmp_path_factory.mktemp("differences"))
    with Pages() as server, peers.Gateway() as gateway:
        agent.configure(config(sources(server), sink(gateway), **NO_TICK))
        running = agent.start()
        try:
            running.wait_log("first push accepted|push failed", len(WAYS) * len(ALL))
            served = gateway.metrics_text()
            log = running.stop().stderr
        finally:
            agent.stop_all()
    return Arrived(served, log)


def check(group, name, expected, repairs):
    key = {"job": name, "instance": HOSTNAME}
    assert_same(Exposition.parse(expected).with_labels(**key), group.broker())
    counted = group.series("brokerpush_repairs_total", source=name)
    assert {dict(labels)["rule"]: count for labels, count in counted.items()} == repairs


def test_every_push_is_accepted(arrived):
    assert not lines(arrived.log, "push failed")
    assert len(lines(arrived.log, "first push accepted")) == len(WAYS) * len(ALL)


@DIFFERENCES
def test_alone_it_arrives_as_all_readers_take_it(arrived, number):
    each = ALL[number]
    group = arrived.group(number, "alone")
    check(group, source_name(number, "alone"), arriving(number), each.repairs)
    assert group.value("brokerpush_source_up") == each.is_page
    if each.is_page:
        assert group.value("brokerpush_quarantined_families") == each.n_quarantined


@DIFFERENCES
def test_among_a_hundred_good_families_it_costs_none_of_them(arrived, number):
    each = ALL[number]
    group = arrived.group(number, "among")
    check(group, source_name(number, "among"), "".join(GOOD) + arriving(number), each.repairs)
    assert group.value("brokerpush_source_up") == 1
    assert group.value("brokerpush_quarantined_families") == each.n_quarantined


def test_all_together_are_one_page_that_promtool_takes_too(agent, gateway, promtool):
    by_place = {place: [number for number, each in enumerate(ALL) if each.place == place]
                for place in ("first", "middle", "last")}
    numbers = by_place["first"] + by_place["middle"] + by_place["last"][:1]
    lines_of_all = [lines_of(number) for number in numbers]
    page = b"".join([lines_of_all[0], "".join(GOOD).encode(), *lines_of_all[1:]])
    with Page(page) as server:
        agent.configure(config(exporter(server), sink(gateway)))
        result = agent.once()
        said = promtool(agent.dry_run().stdout)
    assert result.code == 0, result.stderr
    key = {"job": "exporter", "instance": HOSTNAME}
    expected = Exposition.parse("".join(GOOD) + "".join(map(arriving, numbers)))
    group = Exposition.parse(gateway.metrics_text()).group(**key).without_empty_labels()
    assert_same(expected.with_labels(**key), group.broker())
    # 3: remarks about style.
    assert said[0] in (0, 3), said[1]
