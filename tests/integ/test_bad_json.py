# SPDX-License-Identifier: Apache-2.0
"""JSON that is none, or not what was asked for.

The endpoint fails with a clear reason, or the rest of its answer is used; all else is pushed, the
agent lives on, and the next good answer is good again.
"""

import json
import math
import re

import pytest

from cycles import NO_TICK, body, lines, push_now, wait_pushes
from emqx_families import AGGREGATED
from exposition import Exposition, assert_same
from releases import (CLUSTER, asked, endpoints, only, release, rows, source, source_config,
                      told)  # noqa: F401  release is a fixture
from setups import NODE, config, sink

PATH_OF_NODE = f"nodes/{NODE}"
# Endpoints that are JSON and nothing else, by the path below /api/v5 of their answers.
PURE_JSON = {
    "metrics": f"{PATH_OF_NODE}/metrics", "nodes": PATH_OF_NODE,
    "monitor_current": f"monitor_current/{PATH_OF_NODE}", "listeners": "listeners",
    "alarms": "alarms", "license": "license", "rules": "rules", "banned": "banned"}
# Those of a page of text; the first one's fault is the endpoint's.
IN_PLACE_OF_TEXT = {
    "stats": [f"{PATH_OF_NODE}/stats", f"{PATH_OF_NODE}/metrics", PATH_OF_NODE],
    "auth": ["authentication", "authorization/sources", "banned"],
    "data_integration": ["rules", "actions", "connectors"]}
# Of one object each: what its families' names begin with, and one that the broker has.
DETAILS = {
    "rules/{id}/metrics": ("emqx_rule_", "rules/rule_hook/metrics"),
    "actions/{id}/metrics": ("emqx_action_", "actions/http:hook/metrics"),
    "authentication/{id}/status": (
        "emqx_authn_", "authentication/password_based:built_in_database/status"),
    "authorization/sources/{type}/status": ("emqx_authz_", "authorization/sources/file/status")}

# Whatever is asked for: (the answer, what the log says of it)
UNREADABLE = {
    "nothing": ("", "it ends too early"),
    "blanks": (" \n\t ", "it ends too early"),
    "cut within a string": ('{"connections.count": 12, "li', "it ends too early"),
    "cut between two": ('{"connections.count": 12,', "it ends too early"),
    "10,000 arrays deep": ("[" * 10000 + "]" * 10000, "nested too deeply"),
    "10,000 objects deep": ('{"a":' * 10000 + "1" + "}" * 10000, "nested too deeply"),
    "100,000 arrays never closed": ("[" * 100000, "nested too deeply"),
    "bytes that are no UTF-8": (b'{"node":"\xff\xfe","connections.count":1}', "invalid UTF-8"),
    "an overlong form of UTF-8": (b'{"node":"\xc0\xaf"}', "invalid UTF-8"),
    "a NUL in a string": ('{"node":"a\\u0000b"}', "NUL"),
    "a NUL in a name": ('{"a\\u0000b":1}', "NUL"),
    "a NUL byte": (b'{"node":"a\x00b"}', "no JSON"),
    "half a surrogate pair": ('{"node":"\\ud800"}', "no JSON"),
    "a number beyond a double": ('{"connections.count": 1e999}', "beyond a double"),
    "NaN": ('{"connections.count": NaN}', "no JSON"),
    "a comment": ('{/* 1 */"connections.count": 1}', "no JSON"),
    "a second value": ('{"connections.count":1}{"connections.count":2}', "follows its value"),
    "a byte order mark": (b'\xef\xbb\xbf{"connections.count":1}', "no JSON"),
    "HTML": ("<!DOCTYPE html><html><body>Sign in</body></html>", "no JSON"),
    "Prometheus text": ("# TYPE emqx_a gauge\nemqx_a 1\n", "no JSON"),
    "an Erlang term": ("#{connections => 1}", "no JSON"),
}


class Steps:
    """The agent beside a broker of 6.2, one cycle at a time; the first is a good one."""

    def __init__(self, agent, emqx, gateway, **settings):
        self.emqx, self.gateway = emqx, gateway
        agent.configure(source_config(emqx, gateway, settings, **NO_TICK))
        self.running = agent.start()
        self.good = body(wait_pushes(self.running, gateway, 1)[0])
        assert self.good.value("brokerpush_source_up") == 1
        assert set(endpoints(self.good, "up").values()) == {1}

    def next(self):
        return body(push_now(self.running, self.gateway)[0])

    def serve(self, paths, value):
        """These answers from now on: bytes or text as they are, else as JSON."""
        text = value if isinstance(value, (bytes, str)) else json.dumps(value)
        for path in paths:
            self.emqx.set_fault("page", f"json:{path}", text=text,
                                content_type="application/json")

    def bad(self, paths, value):
        self.serve(paths, value)
        return self.next()

    def recover(self):
        """All is as it was; returns the log."""
        self.emqx.clear_faults()
        push = self.next()
        assert_same(self.good.broker(), push.broker())
        assert endpoints(push, "up") == endpoints(self.good, "up")
        result = self.running.stop()
        assert result.code == 0, result.stderr
        return result.stderr


@pytest.fixture
def steps(agent, release, fake_gateway):
    """steps(endpoints=..., ...) -> Steps"""
    return lambda profile="6.2", options=None, **settings: Steps(
        agent, release(profile, **(options or {})), fake_gateway, **settings)


def failures(log):
    """{endpoint: the line}"""
    return {re.search(r"endpoint=(\S+)", line)[1]: line
            for line in lines(log, "endpoint failed")}


# No JSON at all

@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_a_bad_body_and_text_goes_on(steps, what):
    answer, said = UNREADABLE[what]
    it = steps(endpoints=["stats", *PURE_JSON])
    push = it.bad(PURE_JSON.values(), answer)
    assert endpoints(push, "up") == {"stats": 1, **dict.fromkeys(PURE_JSON, 0)}
    assert push.value("brokerpush_source_up") == 1
    assert only(push, "emqx_conf_sync_txid") == 11
    told_of = failures(it.recover())
    assert told_of.keys() == PURE_JSON.keys()
    for line in told_of.values():
        assert "reason=bad_body" in line and said in line, line


@pytest.mark.parametrize("what", ("cut within a string", "10,000 arrays deep", "HTML"))
def test_in_the_place_of_text_it_is_the_same(steps, what):
    """The part that is bad fails the endpoint, and the others are used."""
    it = steps(collect="json")
    push = it.bad([paths[0] for paths in IN_PLACE_OF_TEXT.values()], UNREADABLE[what][0])
    assert endpoints(push, "up") == dict.fromkeys(IN_PLACE_OF_TEXT, 0)
    for name in ("emqx_bytes_sent", "emqx_vm_max_fds", "emqx_authz_total", "emqx_banned_count",
                 "emqx_action_matched", "emqx_connectors_count"):
        assert push.series(name) and push.series(name) == it.good.series(name)
    for name in ("emqx_connections_count", "emqx_authn_total", "emqx_rule_matched"):
        assert not push.series(name)
    assert failures(it.recover()).keys() == IN_PLACE_OF_TEXT.keys()


@pytest.mark.parametrize("detail", DETAILS)
def test_a_bad_detail_costs_its_object_alone(steps, detail):
    it = steps(collect="json", endpoints=["auth", "data_integration"])
    push = it.bad([detail], "{")
    lost = {name for name in it.good.broker().families if not push.series(name)}
    assert lost and all(name.startswith(DETAILS[detail][0]) for name in lost)
    told_of, = failures(it.recover()).values()
    assert "reason=bad_body" in told_of and detail.partition("/")[0] in told_of


def test_an_answer_that_breaks_off_is_a_bad_body(steps):
    it = steps(endpoints=["stats", *PURE_JSON])
    for path in PURE_JSON.values():
        it.emqx.set_fault("truncated", f"json:{path}")
    push = it.next()
    assert endpoints(push, "up") == {"stats": 1, **dict.fromkeys(PURE_JSON, 0)}
    assert all("reason=bad_body" in line for line in failures(it.recover()).values())


def test_an_answer_of_five_megabytes_is_too_large(steps):
    it = steps(endpoints=["stats", "metrics"])
    counters = {f"new.key.{number}": number for number in range(300000)}
    push = it.bad([PURE_JSON["metrics"]], counters)
    assert endpoints(push, "up") == {"stats": 1, "metrics": 0}
    assert "reason=too_large" in failures(it.recover())["metrics"]


def test_text_that_fails_with_json_that_is_bad_is_the_text_s_failure(steps):
    it = steps(endpoints=["stats", "auth"])
    it.emqx.set_fault("500", "stats")
    push = it.bad(IN_PLACE_OF_TEXT["stats"], '{"connections.count": 12, "li')
    assert endpoints(push, "up") == {"stats": 0, "auth": 1}
    assert not endpoints(push, "fallback")
    log = it.recover()
    assert "reason=http_5xx" in failures(log)["stats"]
    assert not lines(log, "endpoint fails as text; its statistics come from JSON")


# JSON of another shape

REFUSED = {
    "metrics": ([], [None, 1, "a", []]),
    "nodes": ([], [None, 1, "a", []]),
    "monitor_current": ([], [{"connections": 1}]),
    "listeners": ({}, {"tcp:default": {"id": "tcp:default"}}),
    "alarms": ([], {}, {"data": {}}, {"data": None}),
    "license": ([], [{"max_sessions": 1}]),
    "rules": ([], {}, {"data": {}}, {"data": "none"}, {"rules": []}),
    "banned": ([], {}, {"data": []}, {"data": [], "meta": {"count": None}},
               {"data": [], "meta": {"count": "many"}}, {"data": [], "meta": []}),
}
SCALARS = (None, True, 12, "text")


@pytest.mark.parametrize("endpoint", REFUSED)
def test_an_array_for_an_object_or_the_reverse_is_a_bad_body(steps, endpoint):
    it = steps(endpoints=["stats", *PURE_JSON])
    for value in (*SCALARS, *REFUSED[endpoint]):
        push = it.bad([PURE_JSON[endpoint]], json.dumps(value))
        assert endpoints(push, "up") == {"stats": 1, **dict.fromkeys(PURE_JSON, 1), endpoint: 0}, \
            value
    told_of = failures(it.recover())
    assert told_of.keys() == {endpoint}
    assert "reason=bad_body" in told_of[endpoint]
    assert "the answer is JSON, but not " in told_of[endpoint]


IN_PLACE_OF_TEXT_REFUSED = {
    "authentication": ("auth", [{}, {"id": "a"}]),
    "authorization/sources": ("auth", [[], {}, {"sources": {}}, {"sources": None}]),
    "actions": ("data_integration", [{}, {"data": []}]),
    "connectors": ("data_integration", [{}, {"data": []}]),
}


@pytest.mark.parametrize("path", IN_PLACE_OF_TEXT_REFUSED)
def test_so_it_is_in_the_place_of_text(steps, path):
    endpoint, values = IN_PLACE_OF_TEXT_REFUSED[path]
    it = steps(collect="json")
    for value in (*SCALARS, *values):
        push = it.bad([path], json.dumps(value))
        assert endpoints(push, "up") == {**dict.fromkeys(IN_PLACE_OF_TEXT, 1), endpoint: 0}, value
    assert "the answer is JSON, but not " in failures(it.recover())[endpoint]


def nulled(value):
    if isinstance(value, dict):
        return {key: nulled(item) for key, item in value.items()}
    return [nulled(item) for item in value] if isinstance(value, list) else None


def swapped(value):
    """Objects become arrays, and arrays objects; all the way down."""
    if isinstance(value, dict):
        return [swapped(item) for item in value.values()]
    return {str(place): swapped(item) for place, item in enumerate(value)} \
        if isinstance(value, list) else value


def wrapped(value):
    """Each plain value is an array or an object of it; a number may be a word."""
    if isinstance(value, dict):
        return {key: wrapped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [wrapped(item) for item in value]
    return ([value], {"value": value},
            [value] if isinstance(value, str) else "many")[len(str(value)) % 3]


def thinned(value, depth=0):
    """Every second key is missing, at each depth."""
    if isinstance(value, dict):
        return {key: thinned(item, depth + 1) for place, (key, item) in enumerate(value.items())
                if (place + depth) % 2}
    return [thinned(item, depth + 1) for item in value] if isinstance(value, list) else value


def interspersed(value):
    """Arrays have elements that do not belong there."""
    if isinstance(value, dict):
        return {key: interspersed(item) for key, item in value.items()}
    return [None, 1, "a", [], {}, *map(interspersed, value), True] \
        if isinstance(value, list) else value


@pytest.mark.parametrize("damage", (nulled, swapped, wrapped, thinned, interspersed))
@pytest.mark.parametrize("mode", ("node", AGGREGATED, "all_nodes_unaggregated"))
@pytest.mark.parametrize("collect", ("auto", "json"))
def test_damaged_answers_disturb_nothing_else(steps, damage, mode, collect):
    """Each endpoint fails as a bad body, or tells what is left; text is whole."""
    it = steps(options=CLUSTER, collect=collect, mode=mode,
               endpoints=[*(("stats", "auth", "data_integration") if collect == "json" else
                            ("stats",)), *PURE_JSON])
    in_mode = {path if mode == "node" else {
        f"{PATH_OF_NODE}/stats": "stats", f"{PATH_OF_NODE}/metrics": "metrics",
        PATH_OF_NODE: "nodes", f"monitor_current/{PATH_OF_NODE}": "monitor_current"}.get(path, path)
        for path in [*PURE_JSON.values(), *sum(IN_PLACE_OF_TEXT.values(), [])]}
    for path in in_mode:
        it.serve([path], damage(told(it.emqx, path)))
    for detail, (_, example) in DETAILS.items():
        it.serve([detail], damage(told(it.emqx, example)))
    push = it.next()
    if collect == "auto":
        assert endpoints(push, "up")["stats"] == 1
        assert push.series("emqx_connections_count") == it.good.series("emqx_connections_count")
    assert push.value("brokerpush_quarantined_families") == 0
    log = it.recover()
    assert all("reason=bad_body" in line for line in failures(log).values())
    assert not lines(log, "push failed")


def test_what_a_thinned_answer_still_has_is_used(steps):
    it = steps(endpoints=["metrics", "nodes", "listeners"])
    whole = told(it.emqx, PURE_JSON["metrics"])
    it.serve([PURE_JSON["metrics"]], {**thinned(whole), "bytes.sent": None, "bytes.received": 5,
                                      "packets.sent": "12", "packets.received": [3]})
    it.serve([PURE_JSON["nodes"]], {"node": NODE, "node_status": "running", "load1": None})
    it.serve(["listeners"], [{"id": "tcp:default", "enable": True}, {"enable": True}, {}])
    push = it.next()
    assert set(endpoints(push, "up").values()) == {1}
    assert only(push, "emqx_bytes_received") == 5 and only(push, "emqx_packets_sent") == 12
    assert not push.series("emqx_bytes_sent") and not push.series("emqx_packets_received")
    assert rows(push, "emqx_node_running", "node") == {NODE: 1}
    assert not push.series("emqx_node_load1")
    assert rows(push, "emqx_listener_enable", "listener") == {"tcp:default": 1}
    it.recover()


# Duplicates

def test_of_a_key_that_comes_twice_one_value_is_taken(steps):
    it = steps(endpoints=["stats", "metrics", "nodes"])
    text = json.dumps(told(it.emqx, PURE_JSON["metrics"]))
    it.serve([PURE_JSON["metrics"]], f'{{"bytes.sent": 1, {text[1:-1]}, "bytes.sent": 2}}')
    push = it.next()
    assert set(endpoints(push, "up").values()) == {1}
    assert not push.series("brokerpush_repairs_total")
    assert push.broker().families.keys() == it.good.broker().families.keys()
    it.recover()


def test_an_object_that_is_listed_twice_does_no_harm(steps):
    it = steps(endpoints=["stats", "listeners", "rules"])
    it.serve(["listeners"], told(it.emqx, "listeners") * 2)
    rules = told(it.emqx, "rules")
    it.serve(["rules"], {**rules, "data": rules["data"] * 2})
    push = it.next()
    assert set(endpoints(push, "up").values()) == {1}
    assert push.broker().families.keys() == it.good.broker().families.keys()
    assert push.series("emqx_listener_running") == it.good.series("emqx_listener_running")
    it.recover()


def test_a_list_that_never_ends_is_given_up(steps):
    it = steps(endpoints=["alarms", "banned"])
    page = told(it.emqx, "alarms")
    it.emqx.forget_requests()
    push = it.bad(["alarms"], {**page, "meta": {"hasnext": True}})
    assert len(asked(it.emqx, "/alarms")) == 100
    assert endpoints(push, "up") == {"alarms": 0, "banned": 1}
    it.recover()


# Numbers

NUMBERS = {
    "9007199254740993": "9007199254740993",  # 2^53 + 1
    "9223372036854775807": "9223372036854775807",
    "-9223372036854775808": "-9223372036854775808",
    "18446744073709551616": "18446744073709551616|1.8446744073709552e\\+19",
    "1e308": "1e\\+?308", "-0.0": "-?0", "1.5": "1.5", "12.0": "12", "5e-324": "5e-324|4.94\\S*",
    "0.1": "0.1",
}


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_arrive_as_exactly_as_they_can(agent, release, recorded, number):
    emqx = release()
    emqx.set_fault("page", "json:nodes/{node}/metrics", content_type="application/json",
                   text=f'{{"bytes.sent": {number}, "packets.sent": 3}}')
    agent.configure(source_config(emqx, recorded, {"endpoints": ["metrics"]}))
    result = agent.once()
    assert result.code == 0, result.stderr
    written = re.search(r"^emqx_bytes_sent (\S+)$", recorded.pushes[0].body.decode(), re.M)[1]
    assert re.fullmatch(NUMBERS[number], written)
    served = Exposition.parse(recorded.metrics_text())
    assert served.value("emqx_bytes_sent") == float(number)
    assert served.value("emqx_packets_sent") == 3


def test_sums_beyond_64_bits_do_not_wrap(agent, release, fake_gateway):
    emqx = release(**CLUSTER)
    most = 2 ** 63 - 1
    emqx.set_fault("page", "json:metrics", content_type="application/json", text=json.dumps([
        {"node": node, "bytes.sent": most, "packets.sent": 2 ** 53} for node in emqx.nodes]))
    agent.configure(source_config(emqx, fake_gateway, {"endpoints": ["metrics"],
                                                       "mode": AGGREGATED}))
    assert agent.once().code == 0
    push = fake_gateway.pushes[0]
    assert only(body(push), "emqx_bytes_sent") == float(2 * most)
    assert b"\nemqx_packets_sent 18014398509481984\n" in push.body


def test_memory_of_any_spelling_is_a_number_or_left_out(steps):
    it = steps(endpoints=["nodes"])
    node = told(it.emqx, PURE_JSON["nodes"])
    for text, value in (("512.00M", 512 << 20), ("1.5T", 1.5 * (1 << 40)), ("998", 998),
                        ("2K", 2048), ("infinity", math.inf), ("", None), ("G", None),
                        ("1.2.3G", None), ("12 GB", None), ("0x10", None), (None, None),
                        ([], None)):
        push = it.bad([PURE_JSON["nodes"]], {**node, "memory_used": text})
        assert push.value("emqx_vm_used_memory") == value, text
        assert push.series("emqx_vm_total_memory")
    it.recover()


# Names

ODD = 'a b/ü"x\\{}%?#\n'


def test_odd_names_are_asked_for_and_told_as_they_are(agent, release, recorded):
    emqx = release(rows={"rule": [{"id": "rule_all"}, {"id": ODD}],
                         "action": [{"id": f"mqtt:{ODD}"}]})
    agent.configure(source_config(emqx, recorded, {"collect": "json",
                                                   "endpoints": ["data_integration"]}))
    result = agent.once()
    assert result.code == 0, result.stderr
    served = Exposition.parse(recorded.metrics_text())
    assert set(rows(served, "emqx_rule_matched", "id")) == {"rule_all", ODD}
    assert set(rows(served, "emqx_action_matched", "id")) == {f"mqtt:{ODD}"}


def test_odd_names_of_nodes_and_releases_are_labels_too(agent, release, recorded):
    emqx = release(nodes=2)
    node = told(emqx, "nodes")[0]
    emqx.set_fault("page", "json:nodes", content_type="application/json", text=json.dumps([
        {**node, "node": "emqx@ü\n", "version": '5.8.9"\\', "edition": "x" * 100},
        {**node, "node": "n" * 5000}, {**node, "node": ""}, {"node": "b", "node_status": 3}]))
    agent.configure(source_config(emqx, recorded, {
        "endpoints": ["nodes"], "mode": "all_nodes_unaggregated"}))
    result = agent.once()
    assert result.code == 0, result.stderr
    served = Exposition.parse(recorded.metrics_text())
    assert served.value("emqx_node_info", node="emqx@ü\n", version='5.8.9"\\') == 1
    assert served.value("emqx_node_load1", node="n" * 5000) > 0
    assert served.value("emqx_node_running", node="b") == 0


# Questions

STATUS = ("", "{", "[]", "null", "{}", '{"node_name": 12}', '{"node_name": null}',
          '{"node_name": "a\\u0000"}', '{"rel_vsn": 5, "node_name": ["emqx@a"]}',
          "Node", "Node  ", "Node " + "n" * 5000 + " is started", b"Node \xff is started\n",
          "<html>Node emqx@127.0.0.1 is started</html>", "[" * 10000)


def test_a_status_that_does_not_tell_the_node_is_said_so_until_it_does(
        agent, release, fake_gateway):
    emqx = release()
    settings = source(emqx, endpoints=["stats"])
    del settings["node"]
    for answer in STATUS:
        emqx.set_fault("page", "status", text=answer, content_type="application/json")
        agent.configure(config(settings, sink(fake_gateway)))
        result = agent.once()
        assert result.code == 1, (answer, result.stderr)
        assert "reason=bad_body" in result.stderr and "node's name" in result.stderr
    emqx.clear_faults()
    assert agent.once().code == 0
    assert len(fake_gateway.pushes) == 1


def short(value):
    return str(value)[:30]


@pytest.mark.parametrize("version", (
    5, None, "v", "v5", "vfive", "v99999999999999999999.7", "5.8.9", 'v5.8.9"\\',
    "v" + "9" * 100000, ["v5.8.9"]), ids=short)
def test_a_release_of_any_spelling_does_no_harm(agent, release, fake_gateway, version):
    emqx = release()
    emqx.set_fault("page", "status", content_type="application/json",
                   text=json.dumps({"rel_vsn": version, "node_name": NODE}))
    agent.configure(source_config(emqx, fake_gateway, {"endpoints": ["all"], "ns": "tenant_a"}))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert len(body(fake_gateway.pushes[0]).series("emqx_node_info")) == 1


@pytest.mark.parametrize("answer", (
    "", "{", "[]", "null", "{}", '{"token": 5}', '{"token": ""}', '{"token": "a\\nb"}',
    '{"token": "a\\u0000b"}', '{"token": "' + "t" * 100000 + '"}', "[" * 10000),
    ids=short)
def test_a_login_without_a_token_is_said_so_and_text_goes_on(
        agent, release, fake_gateway, answer):
    emqx = release(protect_pages=False)
    emqx.set_fault("page", "login", text=answer, content_type="application/json")
    agent.configure(source_config(emqx, fake_gateway, {
        "basic_auth": None, "login": {"username": "admin", "password": "public"},
        "endpoints": ["stats", "metrics"]}))
    result = agent.once()
    assert result.code == 4, result.stderr
    push = body(fake_gateway.pushes[0])
    assert endpoints(push, "up") == {"stats": 1, "metrics": 0}
    assert re.search("endpoint failed.*endpoint=metrics reason=bad_body", result.stderr)


def test_a_token_of_any_content_is_used_as_it_is(agent, release, fake_gateway):
    for token in ("x", "a.b.c", "..", "a.!!!.c", "a.eyJleHAiOiAxfQ.c", "a.W10.c", "a.eyJl.c"):
        emqx = release(tokens=[token])
        emqx.set_fault("page", "login", text=json.dumps({"token": token}),
                       content_type="application/json")
        agent.configure(source_config(emqx, fake_gateway, {
            "basic_auth": None, "login": {"username": "admin", "password": "public"}}))
        result = agent.once()
        assert result.code == 0, result.stderr
