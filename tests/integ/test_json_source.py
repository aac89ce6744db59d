# SPDX-License-Identifier: Apache-2.0
"""Source json: any JSON by a mapping, lists in pages, and what goes wrong with either.

The mapping of rabbitmq.conf is that of the manual page; here a small simulated broker answers it.
"""

import base64
import json
import re
from urllib.parse import parse_qs

import pytest

from cycles import NO_TICK, assert_told_once, body, push_now, wait_pushes
from exposition import Exposition, assert_same
from loopback import LoopbackServer
from peers import PROJECT
from rabbitmq import EXAMPLE, MONITOR, SECRET, example
from setups import HOSTNAME, NOBODY, config, sink

MANUAL = PROJECT / "man" / "brokerpush.conf.5"
GROUP = {"job": "rabbitmq", "instance": HOSTNAME}
NOWHERE = {"name": "gateway", "type": "pushgateway", "url": NOBODY}
ROWS = {"family": "row", "path": "items[*].n", "labels": {"id": "id"}}
NUMBERED = {"next_page": "/a?page=${page + 1}", "more": "page < pages"}


class JsonServer(LoopbackServer):
    """Answers by path: a value that becomes JSON, bytes as they are, a status, or (request) -> any
    of these."""

    def __init__(self, **answers):
        super().__init__()
        self.answers = {f"/{name}": answer for name, answer in answers.items()}

    def handle(self, connection, request):
        answer = self.answers.get(request.path, 404)
        if callable(answer):
            answer = answer(request)
        status = answer if isinstance(answer, int) else 200
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        connection.send(f"HTTP/1.1 {status} Status\r\nContent-Type: application/json\r\n"
                        f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        return True

    @property
    def targets(self):
        return [request.target for request in self.requests]


class Rabbit(JsonServer):
    """As much of RabbitMQ's management API as the mapping wants, with this many queues."""

    PAGE_SIZE = 500

    def __init__(self, n_queues):
        super().__init__()
        self.queues = [{"name": f"q{i}", "vhost": "/" if i % 2 else 'v"h', "messages": i,
                        "consumers": i % 3, "message_stats": {"publish": 10 * i}}
                       for i in range(n_queues)]
        self.answers = {
            "/api/overview": self._checked({
                "cluster_name": "rabbit@h", "object_totals": {"connections": 3, "queues": n_queues},
                "listeners": [{"node": "rabbit@h", "protocol": protocol, "ip_address": "::",
                               "port": port} for protocol, port in (("amqp", 5672),
                                                                    ("http", 15672))]}),
            "/api/nodes": self._checked([
                {"name": "rabbit@h", "running": True, "mem_used": 123456789},
                {"name": "rabbit@i", "running": False}]),
            "/api/queues": self._checked(self._page),
        }

    @staticmethod
    def _checked(answer):
        wanted = "Basic " + base64.b64encode(f"{MONITOR}:{SECRET}".encode()).decode()

        def check(request):
            if request.header("authorization") != wanted:
                return 401
            return answer(request) if callable(answer) else answer
        return check

    def _page(self, request):
        query = parse_qs(request.query)
        page, size = int(query["page"][0]), int(query["page_size"][0])
        count = max(1, -(-len(self.queues) // size))
        if page > count or size > self.PAGE_SIZE:
            return 400
        items = self.queues[(page - 1) * size:page * size]
        return {"filtered_count": len(self.queues), "item_count": len(items), "items": items,
                "page": page, "page_count": count, "page_size": size,
                "total_count": len(self.queues)}

    def expected(self):
        """The page that the mapping makes."""
        helps = dict(re.findall(r'family = "(\w+)";\s*type = "\w+"; help = "([^"]*)"',
                                EXAMPLE.read_text()))

        def samples(family, kind, rows):
            return "".join([f"# HELP {family} {helps[family]}\n# TYPE {family} {kind}\n"] + [
                family + "{" + ",".join(f"{name}={json.dumps(value)}" for name, value in labels)
                + f"}} {value}\n" for labels, value in rows])

        def queues(value):
            return [((("queue", queue["name"]), ("vhost", queue["vhost"])), value(queue))
                    for queue in self.queues]
        return "".join([
            samples("rabbitmq_connections", "gauge", [((("cluster", "rabbit@h"),), 3)]),
            samples("rabbitmq_listener_port", "gauge", [
                ((("node", "rabbit@h"), ("protocol", protocol), ("address", "::"),
                  ("cluster", "rabbit@h")), port)
                for protocol, port in (("amqp", 5672), ("http", 15672))]),
            samples("rabbitmq_node_running", "gauge", [((("node", "rabbit@h"),), 1),
                                                       ((("node", "rabbit@i"),), 0)]),
            samples("rabbitmq_node_memory_used_bytes", "gauge", [((("node", "rabbit@h"),),
                                                                  123456789)]),
            samples("rabbitmq_queue_messages", "gauge", queues(lambda queue: queue["messages"])),
            samples("rabbitmq_queue_consumers", "gauge", queues(lambda queue: queue["consumers"])),
            samples("rabbitmq_queue_published_total", "counter",
                    queues(lambda queue: queue["message_stats"]["publish"])),
        ])


@pytest.fixture
def servers():
    """servers(name=answer, ...) -> a running JsonServer"""
    running = []

    def start(server=None, **answers):
        running.append((server or JsonServer(**answers)).start())
        return running[-1]

    yield start
    for server in running:
        server.stop()


def source(server, endpoints, metrics, **more):
    return {"name": "json", "type": "json", "url": server if isinstance(server, str) else server.url,
            "endpoints": endpoints, "metrics": metrics, **more}


def one(server, metrics, **endpoint):
    """A source with one endpoint, /a."""
    return source(server, [{"name": "a", **{"path": "/a", **endpoint}}],
                  metrics if isinstance(metrics, list) else [metrics])


def ups(pushed):
    return {dict(labels)["endpoint"]: value for labels, value in
            pushed.series("brokerpush_endpoint_up").items()}


def samples(pushed, family):
    """Its values by the value of the one label, or "" without one."""
    return {"".join(value for _, value in labels): number
            for labels, number in pushed.series(family).items()}


def numbered(n_pages):
    """Answers for NUMBERED, a row each; those in .failing are a status or bytes instead."""
    failing = {}

    def answer(request):
        page = int(parse_qs(request.query or "page=1")["page"][0])
        return failing.get(page, {"page": page, "pages": n_pages,
                                  "items": [{"id": f"r{page}", "n": page}]})
    answer.failing = failing
    return answer


# The worked example

def test_the_example_of_the_manual_is_the_one_that_is_tested():
    manual = MANUAL.read_text().replace("\\e", "\\")
    assert f".Bd -literal -offset indent\n{EXAMPLE.read_text()}.Ed\n" in manual


@pytest.mark.parametrize("n_queues, n_pages", ((0, 1), (3, 1), (500, 1), (501, 2), (1234, 3)))
def test_the_example_brings_overview_nodes_and_all_pages_of_queues(agent, servers, recorded, promtool,
                                                                   n_queues, n_pages):
    rabbit = servers(Rabbit(n_queues))
    result = example(agent, rabbit.url, recorded.url).once()
    assert result.code == 0, result.stderr
    assert "level=" not in result.stderr
    assert "3 of 3 endpoints" in result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(**GROUP)
    wanted = Exposition.parse(rabbit.expected()).with_labels(**GROUP)
    assert_same(wanted.only(lambda *_: True), group.broker())
    assert ups(group) == dict.fromkeys(("overview", "nodes", "queues"), 1)
    assert len(rabbit.requests) == 2 + n_pages
    assert group.value("brokerpush_source_body_bytes") == sum(
        len(json.dumps(rabbit.answers[request.path](request)).encode())
        for request in rabbit.requests)
    code, said = promtool(recorded.pushes[0].body.decode())
    assert code in (0, 3), said


def test_wrong_credentials_are_told_and_none_at_all_are_asked_for(agent, servers, fake_gateway):
    rabbit = servers(Rabbit(1))
    example(agent, rabbit.url, fake_gateway.url)
    agent.write_file("rabbitmq.secret", "another-word-than-that")
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=http_4xx ", "HTTP 401")
    assert body(fake_gateway.pushes[0]).value("brokerpush_source_up") == 0
    agent.configure(config(source(rabbit, [{"name": "a", "path": "/api/overview"}], [
        {"family": "x", "path": "x"}]), sink(fake_gateway)))
    assert_told_once(agent.once().stderr, "source is down", "set basic_auth or authorization")


# Mapping

def test_dry_run_shows_what_a_mapping_gives(agent, servers):
    server = servers(a={"n": 1, "on": True, "big": 9007199254740993, "text": "2.50",
                        "rows": {"x": {"v": 1}, "y": {"v": None}, "z": {"v": -1e-7}}})
    agent.configure(config(one(server, [
        {"family": "n", "type": "counter", "path": "n", "labels": {"by": "='hand'"}},
        {"family": "big", "path": "big"}, {"family": "text", "path": "text"},
        {"family": "is_on", "type": "gauge", "path": "$.on", "help": "It is."},
        {"family": "v", "path": "rows[*].v", "labels": {"key": "@key", "n": "^.n"}}]),
        NOWHERE))
    result = agent.dry_run()
    assert result.code == 0, result.stderr
    assert "level=" not in result.stderr
    assert result.stdout.startswith(
        "# TYPE n counter\n"
        'n{by="hand"} 1\n'
        "# TYPE big untyped\n"
        "big 9007199254740993\n"
        "# TYPE text untyped\n"
        "text 2.50\n"
        "# HELP is_on It is.\n"
        "# TYPE is_on gauge\n"
        "is_on 1\n"
        "# TYPE v untyped\n"
        'v{key="x",n="1"} 1\n'
        'v{key="z",n="1"} -1e-07\n'), result.stdout


def test_families_of_several_endpoints_are_one(agent, servers, fake_gateway):
    server = servers(a={"n": 1}, b={"n": 2}, c={"n": 3})
    names = ("a", "b", "c")
    agent.configure(config(source(
        server, [{"name": name, "path": f"/{name}?x={name}"} for name in names],
        [{"endpoint": name, "family": "n", "path": "n", "labels": {"from": f"='{name}'"}}
         for name in names]), sink(fake_gateway)))
    assert agent.once().code == 0
    assert samples(body(fake_gateway.pushes[0]), "n") == {"a": 1, "b": 2, "c": 3}
    assert sorted(server.targets) == ["/a?x=a", "/b?x=b", "/c?x=c"]


def test_headers_and_bearers_go_to_json_endpoints_too(agent, servers, fake_gateway):
    server = servers(a={"n": 1})
    agent.configure(config({**one(server, {"family": "n", "path": "n"}), "headers": {"X-Team": "iot"},
                            "authorization": {"credentials": "token-of-the-agent"}},
                           sink(fake_gateway)))
    assert agent.once().code == 0
    [request] = server.requests
    assert request.header("authorization") == "Bearer token-of-the-agent"
    assert request.header("x-team") == "iot"
    assert request.header("accept") == "application/json"


# What the mapping misses

def test_paths_that_find_nothing_are_warned_of_until_they_do(agent, servers, fake_gateway):
    server = servers(a={"n": 1, "items": []})
    agent.configure(config(one(server, [
        {"family": "n", "path": "n"}, ROWS, {"family": "lost", "path": "totals.messages"},
        {"family": "lost", "path": "totals.more", "labels": {"a": "='b'"}}]),
        sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    server.answers["/a"] = {"n": 1, "totals": {"messages": 2, "more": 3}, "items": []}
    [push] = push_now(running, fake_gateway)
    assert samples(body(push), "lost") == {"": 2, "b": 3}
    log = running.stop().stderr
    assert_told_once(log, "the source warns", "paths of metrics find nothing", "count=2",
                     'example="lost at totals.messages"')
    assert_told_once(log, "a warning of the source holds no longer", "paths of metrics find nothing")


@pytest.mark.parametrize("metric, said", (
    ({"family": "x", "path": "items"}, 'values that are no numbers.* example="x at items"'),
    ({"family": "x", "path": "items[*].n"}, r'same labels.* count=2 example="x at items\[\*\]\.n"'),
    ({"family": "x", "path": "items[*].id"}, r'no numbers.* count=3 '),
    ({"family": "x", "path": "items[*].n", "labels": {"id": "id", "queue": "nmae", "type": "tpye"}},
     'labels find nothing in any row.* count=2 example="queue of x at nmae"'),
))
def test_a_dry_run_tells_what_is_amiss_with_a_metric(agent, servers, metric, said):
    server = servers(a={"n": 1, "items": [{"id": i, "n": 1} for i in ("a", "b", "c")]})
    agent.configure(config(one(server, [{"family": "n", "path": "n"}, metric]), NOWHERE))
    result = agent.dry_run()
    assert result.code == 0
    assert re.search(said, assert_told_once(result.stderr, "the source warns"))


def test_a_label_that_some_rows_lack_is_nothing_to_warn_of(agent, servers, fake_gateway):
    server = servers(a={"items": [{"id": "a", "n": 1}, {"id": "b", "n": 2, "of": "x"}], "none": []})
    labels = {"id": "id", "of": "of"}
    agent.configure(config(one(server, [
        {"family": "n", "path": "items[*].n", "labels": labels},
        {"family": "none", "path": "none[*].n", "labels": labels}]), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0 and "the source warns" not in result.stderr
    pushed = body(fake_gateway.pushes[0])
    assert (pushed.value("n", id="a"), pushed.value("n", id="b", of="x")) == (1, 2)


# Pages

def test_the_pages_of_a_list_are_one(agent, servers, fake_gateway):
    server = servers(a=numbered(5))
    agent.configure(config(one(server, ROWS, **NUMBERED), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    pushed = body(fake_gateway.pushes[0])
    assert samples(pushed, "row") == {f"r{page}": page for page in range(1, 6)}
    assert server.targets == ["/a"] + [f"/a?page={page}" for page in range(2, 6)]
    assert pushed.value("brokerpush_source_samples") == 5


def test_a_list_ends_where_its_cursor_ends(agent, servers, fake_gateway):
    cursors = {None: "a/b c", "a/b c": "\u00e4&x=1", "\u00e4&x=1": None}

    def answer(request):
        given = parse_qs(request.query).get("after", [None])[0]
        return {"cursor": cursors[given], "items": [{"id": str(given), "n": 1}]}
    server = servers(a=answer)
    agent.configure(config(one(server, ROWS, next_page="/a?after=${cursor}"), sink(fake_gateway)))
    assert agent.once().code == 0
    assert samples(body(fake_gateway.pushes[0]), "row") == dict.fromkeys(map(str, cursors), 1)


@pytest.mark.parametrize("is_whole", (False, True))
def test_an_answer_may_have_the_next_address_itself(agent, servers, fake_gateway, is_whole):
    server = servers()
    front = server.url if is_whole else ""
    server.answers = {
        "/base/a": {"next": f"{front}/other?x=%2F&y", "items": [{"id": "r1", "n": 1}]},
        "/other": {"next": None, "items": [{"id": "r2", "n": 2}]}}
    agent.configure(config({**one(server, ROWS, next_page="${next}"), "url": server.url + "/base"},
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert samples(body(fake_gateway.pushes[0]), "row") == {"r1": 1, "r2": 2}
    assert server.targets == ["/base/a", "/other?x=%2F&y"]


@pytest.mark.parametrize("away", ("http://{other}/a", "http://{own}@{other}/a", "https://{own}/a",
                                  "//{other}/a", "http://user:word@{own}/a", "http:///{other}/a",
                                  "/\\{other}/a"))
def test_credentials_never_follow_a_next_page_to_another_place(agent, servers, fake_gateway, away):
    server, other = servers(), servers(a={"items": [{"id": "stolen", "n": 1}]})
    address = away.format(other=f"127.0.0.1:{other.port}", own=f"127.0.0.1:{server.port}")
    server.answers["/a"] = {"next": address, "items": [{"id": "r1", "n": 1}]}
    agent.configure(config({**one(server, ROWS, next_page="${next}"),
                            "basic_auth": {"username": "monitor", "password": SECRET}},
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=bad_body ", "next_page")
    assert other.requests == [] and len(server.requests) == 1


@pytest.mark.parametrize("failure, reason, said", (
    (503, "http_5xx", "page 3: HTTP 503"),
    (404, "http_4xx", "page 3: HTTP 404"),
    (b'{"page": 3, "pages": 4, "items": [', "bad_body", "page 3: no JSON"),
    (b"<html>Log in</html>", "bad_body", "it looks like HTML"),
    (b'{"items": []}', "bad_body", "page 3: the answer has no number left of the < of more"),
    (b'{"page": 1, "pages": 4}', "bad_body", "page 3: next_page leads to a page that was asked"),
))
def test_a_page_that_fails_leaves_nothing_of_its_list(agent, servers, fake_gateway, failure, reason,
                                                      said):
    pages = numbered(4)
    server = servers(a=pages, b={"n": 1})
    agent.configure(config(source(server, [{"name": "a", "path": "/a", **NUMBERED},
                                           {"name": "b", "path": "/b"}], [
        {"endpoint": "a", **ROWS}, {"endpoint": "b", "family": "n", "path": "n"}]),
        sink(fake_gateway), **NO_TICK))
    running = agent.start()
    pushed = body(wait_pushes(running, fake_gateway, 1)[0])
    assert ups(pushed) == {"a": 1, "b": 1}
    assert pushed.value("brokerpush_scrapes_total") == 2
    pages.failing[3] = failure
    pushed = body(*push_now(running, fake_gateway))
    assert ups(pushed) == {"a": 0, "b": 1}
    assert pushed.value("brokerpush_source_up") == 1
    assert set(pushed.broker().families) == {"n"}
    assert pushed.value("brokerpush_source_samples") == 1
    assert pushed.value("brokerpush_scrape_failures_total", reason=reason) == 1
    pages.failing.clear()
    pushed = body(*push_now(running, fake_gateway))
    assert ups(pushed) == {"a": 1, "b": 1}
    assert len(samples(pushed, "row")) == 4
    log = running.stop().stderr
    assert_told_once(log, "endpoint failed", "endpoint=a ", f"reason={reason} ", said)
    assert_told_once(log, "endpoint is back", "endpoint=a ")


def test_a_source_whose_only_list_breaks_off_is_down(agent, servers, fake_gateway):
    pages = numbered(4)
    pages.failing[4] = 500
    server = servers(a=pages)
    agent.configure(config(one(server, ROWS, **NUMBERED), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=http_5xx ", "page 4: HTTP 500")
    assert "0 of 1 endpoints, 0 samples, 0 bytes" in result.stderr
    pushed = body(fake_gateway.pushes[0])
    assert pushed.value("brokerpush_source_up") == 0 and not pushed.broker().families


def test_a_list_without_end_is_given_up(agent, servers, fake_gateway):
    server = servers(a=numbered(10**9))
    agent.configure(config(one(server, ROWS, **NUMBERED), sink(fake_gateway), interval="60s"))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=too_large ", "more than 1000 pages")
    assert len(server.requests) == 1000
    assert not body(fake_gateway.pushes[0]).broker().families


# Answers of any size

def test_an_answer_that_is_too_large_says_what_to_do(agent, servers, fake_gateway):
    server = servers(a=b" " * (4 << 20) + b"{}")
    agent.configure(config(one(server, ROWS), sink(fake_gateway)))
    assert_told_once(agent.once().stderr, "source is down", "reason=too_large ",
                     "ask for it in pages, by path and next_page, or for fewer columns")


def test_what_samples_take_is_limited_whatever_their_labels_are(agent, servers, fake_gateway):
    """Four megabytes that would become two hundred gigabytes."""
    text = "x" * 1_000_000
    server = servers(a={"text": text, "v": [1] * 200_000})
    agent.configure(config(one(server, {"family": "v", "path": "v[*]", "labels": {
        "text": "$.text", "i": "@key"}}), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=too_large ", "more than 256 MiB")


def test_a_long_answer_is_taken(agent, servers, fake_gateway):
    server = servers(a=b"[" + b",".join([b"1"] * 200_000) + b"]")
    agent.configure(config(one(server, {"family": "v", "path": "[*]", "labels": {"i": "@key"}}),
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert body(fake_gateway.pushes[0]).value("brokerpush_source_samples") == 200_000


# Configuration

@pytest.mark.parametrize("endpoints, metrics, faults", (
    ([], [], ["endpoints: is empty", "metrics: is empty"]),
    ([{"name": "a", "path": "http://h/a"}], [ROWS], ["endpoints.a.path: must start with one /"]),
    ([{"name": "a", "path": "/a", "next_page": "/a?b=${c"}], [ROWS],
     ["endpoints.a.next_page: after 8 bytes: a } is missing"]),
    ([{"name": "a", "path": "/a", "next_page": "http://h/${c}"}], [ROWS],
     ["endpoints.a.next_page: must have the scheme, host and port of url"]),
    ([{"name": "a", "path": "/a"}, {"name": "b", "path": "/b"}], [ROWS],
     ["metrics[0].endpoint: is missing; whose answers is it found in: one of a, b"]),
    ([{"name": "a", "path": "/a"}, {"name": "b", "path": "/b"}], [{**ROWS, "endpoint": "a"}],
     ["endpoints.b: no element of metrics"]),
    ([{"name": "a", "path": "/a"}], [{**ROWS, "endpoint": "c"}],
     ["metrics[0].endpoint: \"c\" is not one of a"]),
    ([{"name": "a", "path": "/a"}], [{**ROWS, "path": "items[*]n"}],
     ["metrics[0].path: after 8 bytes: a dot or a bracket is missing"]),
    ([{"name": "a", "path": "/a"}], [{**ROWS, "labels": {"id": "^^.id"}}],
     ["metrics[0].labels.id: after 2 bytes: this is further out"]),
    ([{"name": "a", "path": "/a"}], [{**ROWS, "labels": {"le": "id"}}],
     ["metrics[0].labels: le belongs to histograms"]),
    ([{"name": "a", "path": "/a"}], [{**ROWS, "family": "a-b"}],
     ['metrics[0].family: "a-b" is no name']),
    ([{"name": "a", "path": "/a"}], [{**ROWS, "type": "histogram"}],
     ['metrics[0].type: "histogram" is not one of untyped, counter, gauge']),
    ([{"name": "a", "path": "/a"}], [ROWS, {**ROWS, "type": "gauge"}],
     ["metrics[1].type: is not that of metrics[0]"]),
    ([{"path": "/a"}], [{"path": "x"}],
     ["endpoints[0].name: is missing", "metrics[0].family: is missing"]),
    ([{"name": "a", "path": "/a", "pages": "x"}], [ROWS], ["endpoints.a.pages: is no known setting"]),
))
def test_faults_of_a_mapping_are_all_told_with_their_place(agent, endpoints, metrics, faults):
    agent.configure(config(source(NOBODY, endpoints, metrics), NOWHERE))
    result = agent.check_config()
    assert result.code == 3
    told = [re.sub(r"^.*?sources\.json\.", "", line) for line in result.stderr.splitlines()]
    assert len(told) == len(faults), result.stderr
    assert all(line.startswith(fault) for line, fault in zip(told, faults)), result.stderr


def test_what_is_shown_of_a_mapping_is_a_mapping(agent, servers):
    agent.configure(config(one(NOBODY, [ROWS, {"family": "x", "path": "['a b'][c=\"d\"]", "help":
                                               "one\ntwo", "labels": {"k": "='$x'"}}]), NOWHERE))
    shown = agent.check_config()
    assert shown.code == 0, shown.stderr
    agent.configure(shown.stdout)
    again = agent.check_config()
    assert (again.code, again.stdout) == (0, shown.stdout)


def test_queries_are_not_shown(agent):
    agent.configure(config(one(NOBODY, ROWS, path="/a?token=hidden-token",
                               next_page="/a?token=hidden-token&page=${page}"), NOWHERE))
    shown = agent.check_config()
    assert shown.code == 0, shown.stderr
    assert "hidden-token" not in shown.stdout + shown.stderr
