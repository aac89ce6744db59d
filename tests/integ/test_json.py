# SPDX-License-Identifier: Apache-2.0
"""EMQX's JSON statistics: they say what the text says, and what it does not.

What only the text of a release tells is listed here: whatever else is missing is an error.
"""

import itertools
import json
import math
import time

import pytest

from cycles import NO_TICK, TICKS, body, push_now, wait_pushes
from emqx_families import AGGREGATED, MODES, NODE as MODE_NODE, ROWS, UNAGGREGATED
from emqx_json import memory_text
from exposition import Exposition
from releases import (CLUSTER, OF_5, PEER, RELEASES, REPAIRED, Clock, asked,
                      assert_has_all_text, assert_json_says_the_same, endpoints, only, page,
                      release, rows, source, source_config, told)  # noqa: F401  a fixture too
from setups import NODE, config, sink
from shifted_clock import ShiftedClock
from simulated_emqx import LIMITED_TO_ONE_IN_SECONDS, Limiter

STATISTICS = ["stats", "auth", "data_integration"]
WITHOUT_MODES = ("4.4", "5.0", "5.4")
# Of 6.3, where some rows have a namespace and stand in the text alone.
GLOBAL_ROWS = {kind: ROWS[kind] for kind in ("rule", "action", "connector")}
def broker_of(release, profile, **options):
    rows = GLOBAL_ROWS if profile == "6.3" else {}
    return release(profile, **CLUSTER, rows=rows, **options)


def pushed(agent, emqx, gateway, interval="15s", **settings):
    """What one cycle pushes; the agent has nothing to complain about."""
    agent.configure(source_config(emqx, gateway, settings, interval=interval))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert "level=warn" not in result.stderr and "level=error" not in result.stderr
    return body(gateway.pushes[-1])


# What both tell is the same

@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("profile", RELEASES)
def test_json_says_what_the_text_says(agent, release, fake_gateway, profile, mode):
    emqx = broker_of(release, profile)
    names = ["stats"] if profile == "4.4" else STATISTICS
    names = [*names, "license"] if profile.startswith("6") else names
    other = pushed(agent, emqx, fake_gateway, collect="json", mode=mode, endpoints=names)
    assert_json_says_the_same(page(emqx, "v4", *STATISTICS, mode=mode), other.broker(), mode)
    assert not asked(emqx, "prometheus")


# endpoints = "all"

@pytest.mark.parametrize("profile", RELEASES)
@pytest.mark.parametrize("collect", ("auto", "json"))
def test_all_endpoints_in_all_modes_give_no_family_twice_and_each_a_help(
        agent, release, recorded, promtool, collect, profile):
    """One source a mode, each of a broker of its own: they wait for their limiters together."""
    brokers = {mode: broker_of(release, profile) for mode in MODES}
    agent.configure(config([
        source(emqx, name=mode, job_name=mode, collect=collect, mode=mode, endpoints=["all"])
        for mode, emqx in brokers.items()], sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert REPAIRED not in result.stderr and "family left out" not in result.stderr
    for push in recorded.pushes:
        assert promtool(push.body.decode())[0] in (0, 3)
    served = Exposition.parse(recorded.metrics_text())
    for mode, emqx in brokers.items():
        group = served.group(job=mode)
        assert group.value("brokerpush_quarantined_families") == 0
        assert [name for name, family in group.families.items()
                if name.startswith("emqx_") and not family.help] == []
        if collect == "auto" and (mode == MODE_NODE or profile not in WITHOUT_MODES):
            assert_has_all_text(page(emqx, mode=mode).with_labels(job=mode),
                                group.without_empty_labels())
        else:
            text = page(emqx, "v4", *STATISTICS, mode=mode).with_labels(job=mode)
            # Of durable subscriptions JSON has the cluster's sum alone.
            assert_json_says_the_same(text.only(lambda name, _: "durable" not in name),
                                      group.broker(), mode)


def test_what_a_broker_lacks_is_asked_again_after_an_upgrade_and_not_before(
        agent, release, fake_gateway):
    emqx = release("5.8", clock=Clock(step=10))
    lacks = {"schema_validation", "message_transformation", "namespaced_stats", "topic_metrics",
             "license"}
    paths = [*(f"/prometheus/{name}" for name in lacks - {"license"}), "/license"]
    agent.configure(source_config(emqx, fake_gateway, {"endpoints": ["all"], "ns": "tenant_a"},
                                  **NO_TICK))
    running = agent.start()
    first = body(wait_pushes(running, fake_gateway, 1)[0])
    assert {name for name, value in endpoints(first, "available").items() if not value} == lacks
    assert not lacks & endpoints(first, "up").keys()
    for _ in range(3):
        push = body(push_now(running, fake_gateway)[0])
        assert endpoints(push, "available") == endpoints(first, "available")
    assert [len(asked(emqx, path)) for path in paths] == [1] * len(paths)
    emqx.become("6.2")
    push_now(running, fake_gateway)
    push = body(push_now(running, fake_gateway)[0])
    assert {name for name, value in endpoints(push, "available").items() if not value} == {
        "topic_metrics"}
    assert endpoints(push, "up").keys() >= lacks - {"topic_metrics"}
    assert push.series("emqx_schema_validation_matched")
    result = running.stop()
    assert len(running.log_lines("endpoint is not available.*endpoint=license ")) == 1
    assert not running.log_lines("level=(warn|error)"), result.stderr


def test_what_a_broker_lacks_is_asked_again_after_an_hour(
        agent, release, fake_gateway, tmp_path):
    clock = ShiftedClock(tmp_path)
    emqx = release("5.8")
    agent.configure(source_config(emqx, fake_gateway, {"endpoints": ["all"]},
                                  interval="24h", splay="0s"))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    paths = ("/prometheus/topic_metrics", "/license")
    for seconds, n_asked in ((3500, 1), (200, 2), (3500, 2), (200, 3)):
        clock.forward(seconds)
        push = body(push_now(running, fake_gateway)[0])
        assert [len(asked(emqx, path)) for path in paths] == [n_asked, n_asked]
        assert endpoints(push, "available")["license"] == 0
    assert running.stop().code == 0
    assert len(running.log_lines("endpoint is not available.*endpoint=license ")) == 1


def test_what_is_named_is_asked_each_time_and_its_lack_is_a_failure(agent, release, fake_gateway):
    emqx = release("5.8")
    agent.configure(source_config(
        emqx, fake_gateway, {"endpoints": ["stats", "topic_metrics", "license"]}, **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push = body(push_now(running, fake_gateway)[0])
    assert endpoints(push, "up") == {"stats": 1, "topic_metrics": 0, "license": 0}
    assert not endpoints(push, "available")
    assert len(asked(emqx, "topic_metrics")) == len(asked(emqx, "license")) == 2
    assert running.log_lines("level=warn.*endpoint failed.*endpoint=license reason=http_4xx")


def test_without_credentials_all_is_the_pages_of_text(agent, release, fake_gateway):
    emqx = release("5.8", protect_pages=False)
    agent.configure(source_config(emqx, fake_gateway, {"endpoints": ["all"], "basic_auth": None}))
    result = agent.once()
    assert result.code == 0, result.stderr
    push = body(fake_gateway.pushes[0])
    assert {name for name, value in endpoints(push, "available").items() if value} == {*STATISTICS}
    assert "needs credentials; set basic_auth" in result.stderr
    assert not [request for request in emqx.requests
                if not request.path.startswith(("/api/v5/prometheus/", "/status"))]


def test_with_only_text_all_is_the_pages_of_text(agent, release, fake_gateway):
    emqx = release("5.8")
    push = pushed(agent, emqx, fake_gateway, endpoints=["all"], collect="text")
    assert {name for name, value in endpoints(push, "available").items() if value} == {*STATISTICS}
    assert not push.series("emqx_node_load1")


# What is asked

@pytest.mark.parametrize("mode", MODES)
def test_every_page_is_asked_in_the_mode(agent, release, fake_gateway, mode):
    emqx = broker_of(release, "6.2")
    push = pushed(agent, emqx, fake_gateway, mode=mode, endpoints=[*emqx.endpoints])
    queries = {request.path.rpartition("/")[2]: request.query
               for request in asked(emqx, "/prometheus/")}
    assert queries == dict.fromkeys(emqx.endpoints, "" if mode == MODE_NODE else f"mode={mode}")
    assert_has_all_text(page(emqx, mode=mode), push)


def test_a_namespace_is_asked_for_where_there_are_namespaces(agent, release, fake_gateway):
    emqx = release("6.3")
    push = pushed(agent, emqx, fake_gateway, ns="tenant_a", mode=AGGREGATED,
                  endpoints=[*emqx.endpoints])
    queries = {request.path.rpartition("/")[2]: request.query
               for request in asked(emqx, "/prometheus/")}
    assert queries.pop("namespaced_stats") == f"mode={AGGREGATED}&ns=tenant_a"
    assert queries.pop("data_integration") == f"mode={AGGREGATED}&ns=tenant_a"
    assert set(queries.values()) == {f"mode={AGGREGATED}"}
    assert {dict(labels).get("namespace") for labels in push.series("emqx_bytes_sent")} == {
        None, "tenant_a"}
    assert not endpoints(push, "age_seconds")


def test_only_global_leaves_namespaces_out_of_data_integration(agent, release, fake_gateway):
    emqx = release("6.3")
    names = ["stats", "data_integration"]
    push = pushed(agent, emqx, fake_gateway, only_global=True, endpoints=names)
    assert [request.query for request in asked(emqx, "/data_integration")] == ["only_global=true"]
    assert set(rows(push, "emqx_rule_matched", "id")) == {row["id"] for row in ROWS["rule"]}
    assert not endpoints(push, "age_seconds")


# The limiter of namespaces: one question for all of them in five seconds

class WatchedLimiter(Limiter):
    """Counts what it refuses."""

    def __init__(self, clock):
        super().__init__(LIMITED_TO_ONE_IN_SECONDS, clock)
        self.n_refused = 0

    def lets_through(self):
        is_free = super().lets_through()
        self.n_refused += not is_free
        return is_free


@pytest.fixture
def limited(release):
    """limited("6.2") -> a broker whose limiter is watched, and goes by the agent's clock"""
    def start(profile, clock=time.monotonic):
        emqx = release(profile)
        emqx.limiter = WatchedLimiter(clock)
        return emqx

    return start


def test_two_sources_of_a_broker_wait_for_its_limiter_one_after_the_other(
        agent, limited, fake_gateway):
    emqx = limited("6.2")
    agent.configure(config([
        source(emqx, name=name, job_name=name, endpoints=["namespaced_stats"])
        for name in ("one", "two")], sink(fake_gateway), interval="12s"))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert len(fake_gateway.pushes) == 2 and emqx.limiter.n_refused == 0
    # Both groups are pushed at once: either may come first.
    pushes = sorted(fake_gateway.pushes, key=lambda push: push.target)
    for name, push in zip(("one", "two"), pushes):
        assert endpoints(body(push), "age_seconds", name) == {"namespaced_stats": 0}
        assert_has_all_text(page(emqx, "namespaced_stats"), body(push))


def test_6_3_has_data_integration_in_the_same_line(agent, limited, fake_gateway):
    emqx = limited("6.3")
    names = ["namespaced_stats", "data_integration", "stats"]
    push = pushed(agent, emqx, fake_gateway, endpoints=names, interval="12s")
    assert emqx.limiter.n_refused == 0
    assert endpoints(push, "age_seconds") == {"namespaced_stats": 0, "data_integration": 0}
    assert_has_all_text(page(emqx, *names), push)


def test_what_may_not_be_asked_yet_is_told_again_with_its_age(
        agent, limited, fake_gateway, tmp_path):
    """A cycle of less than five seconds leaves one of two sources an answer."""
    clock = ShiftedClock(tmp_path)
    emqx = limited("6.2", clock)
    names = ["namespaced_stats", "auth"]
    agent.configure(config([source(emqx, name=name, job_name=name, endpoints=names)
                            for name in ("one", "two")], sink(fake_gateway), **TICKS))
    running = agent.start(environment=clock.environment)
    aged, n_seen = {}, 0
    while len(aged) < 2:
        push = wait_pushes(running, fake_gateway, n_seen + 1)[n_seen]
        n_seen += 1
        clock.forward(1)
        source_name = push.path.rpartition("/")[2]
        if endpoints(body(push), "age_seconds", source_name).get("namespaced_stats", 0) > 0:
            aged[source_name] = body(push)
    for source_name, push in aged.items():
        assert endpoints(push, "up", source_name) == dict.fromkeys(names, 1)
        assert_has_all_text(page(emqx, *names), push)
    assert emqx.limiter.n_refused == 0
    assert running.stop().code == 0
    assert not running.log_lines("level=error.*source=one ")


@pytest.mark.parametrize("names", (["data_integration"], ["namespaced_stats", "data_integration"]))
def test_6_3_refuses_nothing_even_before_its_release_is_known(
        agent, limited, fake_gateway, names):
    """A source for each; no interval is too short."""
    emqx = limited("6.3")
    agent.configure(config([source(emqx, name=name, job_name=name, endpoints=[name])
                            for name in names], sink(fake_gateway), **TICKS))
    running = agent.start()
    pushes = wait_pushes(running, fake_gateway, 3 * len(names))
    assert emqx.limiter.n_refused == 0
    own = [push for push in pushes if push.path.endswith("/" + names[0])]
    assert endpoints(body(own[-1]), "up", names[0]) == {names[0]: 1}
    assert running.stop().code == 0


# One endpoint of JSON each

def test_listeners_tell_of_the_asked_node(agent, release, fake_gateway):
    emqx = release(**CLUSTER)
    push = pushed(agent, emqx, fake_gateway, endpoints=["listeners"])
    assert rows(push, "emqx_listener_running", "listener") == {
        "tcp:default": 1, "ssl:default": 1, "ws:default": 1, "wss:default": 0}
    assert rows(push, "emqx_listener_enable", "listener") == {
        "tcp:default": 1, "ssl:default": 1, "ws:default": 1, "wss:default": 0}
    live = page(emqx, "stats").value("emqx_live_connections_count")
    assert rows(push, "emqx_listener_current_connections", "listener")["tcp:default"] == live
    assert set(rows(push, "emqx_listener_max_connections", "listener").values()) == {math.inf}
    assert b'emqx_listener_max_connections{listener="tcp:default"} +Inf\n' in \
        fake_gateway.pushes[0].body


@pytest.mark.parametrize("mode", MODES[1:])
def test_an_inconsistent_listener_is_told_node_by_node(agent, release, fake_gateway, mode):
    emqx = release(**CLUSTER)
    assert {row["id"]: row["status"]["running"] for row in told(emqx, "listeners")}[
        "ssl:default"] == "inconsistent"
    push = pushed(agent, emqx, fake_gateway, endpoints=["listeners"], mode=mode)
    running = rows(push, "emqx_listener_running", "listener", "node")
    assert running["ssl:default", NODE] == 1 and running["ssl:default", PEER] == 0
    assert len(running) == 8
    assert len(rows(push, "emqx_listener_enable", "listener")) == 4
    text = page(emqx, "stats", mode=UNAGGREGATED)
    for node in (NODE, PEER):
        assert push.value("emqx_listener_current_connections", listener="tcp:default", node=node) \
            == text.value("emqx_live_connections_count", node=node)


def test_alarms_are_counted_by_node(agent, release, fake_gateway):
    emqx = release(**CLUSTER)
    each = {row["node"] for row in told(emqx, "alarms")["data"]}
    assert each == {NODE, PEER}
    push = pushed(agent, emqx, fake_gateway, endpoints=["alarms"])
    assert only(push, "emqx_alarms_active") == 2
    push = pushed(agent, emqx, fake_gateway, endpoints=["alarms"], mode=UNAGGREGATED)
    assert rows(push, "emqx_alarms_active", "node") == {NODE: 2, PEER: 2}
    push = pushed(agent, emqx, fake_gateway, endpoints=["alarms"], mode=AGGREGATED)
    assert only(push, "emqx_alarms_active") == 4


def test_no_alarm_is_0_and_not_nothing(agent, release, fake_gateway):
    emqx = release(rows={"action": [], "connector": []})
    push = pushed(agent, emqx, fake_gateway, endpoints=["alarms"])
    assert only(push, "emqx_alarms_active") == 0


def test_a_license_has_its_last_day_and_its_sessions(agent, release, fake_gateway):
    emqx = release("6.2")
    push = pushed(agent, emqx, fake_gateway, endpoints=["license"])
    text = page(emqx, "stats")
    for name in ("emqx_license_expiry_at", "emqx_license_max_sessions"):
        assert only(push, name) == text.value(name) > 0


def test_rules_have_their_metrics_and_rates(agent, release, fake_gateway):
    emqx = release()
    push = pushed(agent, emqx, fake_gateway, endpoints=["rules"])
    text = page(emqx, "data_integration")
    for name in ("emqx_rule_enable", "emqx_rule_matched", "emqx_rule_failed_exception",
                 "emqx_rule_actions_failed_out_of_service"):
        assert rows(push, name, "id") == rows(text, name, "id")
        assert push.families[name].type == text.families[name].type
    assert only(push, "emqx_rules_count") == 4 and only(push, "emqx_actions_count") == 3
    for rule in ("rule_all", "rule_off"):
        metrics = told(emqx, f"rules/{rule}/metrics")["metrics"]
        assert push.value("emqx_rule_matched_rate_last5m", id=rule) == \
            metrics["matched.rate.last5m"]
    assert push.families["emqx_rule_matched_rate"].type == "gauge"


def test_actions_are_counted_once_where_two_endpoints_ask_for_rules(
        agent, release, fake_gateway, monkeypatch):
    emqx = release()
    rules_answers, answer = itertools.count(), emqx._answer

    def first_is_late(request, endpoint):
        if endpoint.name == "json:rules" and next(rules_answers) == 0:
            time.sleep(0.2)
        return answer(request, endpoint)

    monkeypatch.setattr(emqx, "_answer", first_is_late)
    push = pushed(agent, emqx, fake_gateway, collect="json",
                  endpoints=["data_integration", "rules"])
    assert only(push, "emqx_rules_count") == 4 and only(push, "emqx_actions_count") == 3


def test_a_rule_that_is_gone_since_it_was_listed_is_no_failure(agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("404", "json:rules/rule_hook/metrics")
    push = pushed(agent, emqx, fake_gateway, endpoints=["rules"])
    assert set(rows(push, "emqx_rule_matched", "id")) == {"rule_all", "rule_forward", "rule_off"}


def test_rules_beyond_a_page_are_all_there(agent, release, fake_gateway):
    emqx = release("5.0", rows={"rule": [{"id": f"rule_{number}"} for number in range(201)]})
    push = pushed(agent, emqx, fake_gateway, endpoints=["rules"])
    assert only(push, "emqx_rules_count") == len(push.series("emqx_rule_matched")) == 201
    assert [request.query for request in emqx.requests if request.path == "/api/v5/rules"] == [
        "page=1&limit=200", "page=2&limit=200"]


def test_bans_are_counted_by_one_row(agent, release, fake_gateway):
    emqx = release()
    push = pushed(agent, emqx, fake_gateway, endpoints=["banned"])
    assert only(push, "emqx_banned_count") == page(emqx, "auth").value("emqx_banned_count") > 1
    assert asked(emqx, "banned")[0].query == "page=1&limit=1"


def test_metrics_add_what_the_text_lacks(agent, release, fake_gateway):
    emqx = release()
    push = pushed(agent, emqx, fake_gateway, endpoints=["stats", "metrics"])
    counters = told(emqx, f"nodes/{NODE}/metrics")
    for key in ("messages.persisted", "overload_protection.delay.ok"):
        name = "emqx_" + key.replace(".", "_")
        assert only(push, name) == counters[key]
        assert push.families[name].type == "counter"
    # Where the text says 0, it goes before the truth of JSON: nothing comes twice.
    assert only(push, "emqx_authorization_matched_allow") == 0
    assert counters["authorization.matched.allow"] > 0


@pytest.mark.parametrize("profile", OF_5)
def test_nodes_have_load_memory_and_a_release(agent, release, fake_gateway, profile):
    emqx = release(profile)
    push = pushed(agent, emqx, fake_gateway, endpoints=["nodes"])
    node = told(emqx, f"nodes/{NODE}")
    assert isinstance(node["load1"], str if profile == "5.0" else float)
    for load in ("load1", "load5", "load15"):
        assert only(push, f"emqx_node_{load}") == pytest.approx(float(node[load]), abs=1e-9)
    assert memory_text(only(push, "emqx_vm_used_memory") + 1) == node["memory_used"]
    assert only(push, "emqx_vm_uptime_ms") == node["uptime"]
    assert only(push, "emqx_vm_max_fds") == node["max_fds"]
    assert only(push, "emqx_node_processes_used") == node["process_used"]
    assert only(push, "emqx_node_processes_limit") == node["process_available"]
    assert rows(push, "emqx_node_info", "node", "version", "edition", "role", "otp_release") == {
        (NODE, node["version"], node["edition"], "core", node["otp_release"]): 1}
    assert rows(push, "emqx_node_running", "node") == {NODE: 1}


def test_a_stopped_node_is_0_and_has_nothing_else(agent, release, fake_gateway):
    emqx = release(**CLUSTER)
    emqx.kill(PEER)
    stopped = next(node for node in told(emqx, "nodes") if node["node"] == PEER)
    assert stopped.keys() == {"node", "node_status", "role"}
    agent.configure(source_config(emqx, fake_gateway, {"endpoints": ["nodes"],
                                                       "mode": UNAGGREGATED}))
    assert agent.once().code == 0
    push = body(fake_gateway.pushes[0])
    assert rows(push, "emqx_node_running", "node") == {NODE: 1, PEER: 0}
    assert rows(push, "emqx_cluster_nodes_running", "node") == {NODE: 1}
    assert rows(push, "emqx_cluster_nodes_stopped", "node") == {NODE: 1}
    assert {dict(labels)["node"] for name in push.broker().families
            for labels in push.series(name) if name != "emqx_node_running"} == {NODE}


@pytest.mark.parametrize("mode", MODES[1:])
def test_how_a_node_sees_its_cluster_bears_the_node_s_name(agent, release, fake_gateway, mode):
    """Even where the broker is slow to tell who it is: a series keeps its labels."""
    emqx = release(**CLUSTER)
    emqx.set_fault("delayed", "status", seconds=0.5)
    settings = source(emqx, job_name="own", endpoints=["nodes"], mode=mode)
    del settings["node"]
    agent.configure(config(settings, sink(fake_gateway)))
    assert agent.once().code == 0
    push = body(fake_gateway.pushes[0])
    assert rows(push, "emqx_node_running", "node") == {NODE: 1, PEER: 1}
    for name in ("emqx_cluster_nodes_running", "emqx_cluster_nodes_stopped"):
        assert "" not in rows(push, name, "node")


# Families with a row for each node in the unaggregated mode, which a cluster's sum would belie.
BY_NODE = ("emqx_connections_count", "emqx_live_connections_count",
           "emqx_durable_subscriptions_count")


@pytest.mark.parametrize("mode", MODES)
def test_current_values_are_rates_and_the_cluster_s_own(agent, release, fake_gateway, mode):
    emqx = broker_of(release, "6.2")
    push = pushed(agent, emqx, fake_gateway, endpoints=["monitor_current"], mode=mode)
    current = told(emqx, "monitor_current" + (f"/nodes/{NODE}" if mode == MODE_NODE else ""))
    for key, name in (("received_msg_rate", "emqx_messages_received_rate"),
                      ("dropped_msg_rate", "emqx_messages_dropped_rate"),
                      ("persisted_rate", "emqx_messages_persisted_rate"),
                      ("validation_failed_rate", "emqx_messages_validation_failed_rate"),
                      ("rules_matched_rate", "emqx_rules_matched_rate"),
                      ("connections", "emqx_connections_count"),
                      ("live_connections", "emqx_live_connections_count"),
                      ("retained_msg_count", "emqx_retained_count"),
                      ("shared_subscriptions", "emqx_subscriptions_shared_count"),
                      ("cluster_sessions", "emqx_cluster_sessions_count"),
                      ("license_quota", "emqx_license_max_sessions")):
        if mode == UNAGGREGATED and name in BY_NODE:
            assert name not in push.families
        else:
            assert only(push, name) == current[key], key
    extra = {"emqx_vm_uptime_ms": "node_uptime"} if mode == MODE_NODE else {
        "emqx_durable_subscriptions_count": "subscriptions_durable",
        "emqx_disconnected_durable_sessions_count": "disconnected_durable_sessions",
        "emqx_subscriptions_ram_count": "subscriptions_ram"}
    for name, key in extra.items():
        if mode == UNAGGREGATED and name in BY_NODE:
            assert name not in push.families
        else:
            assert only(push, name) == current[key]
    assert {family.type for family in push.broker().families.values()} == {"gauge"}


def test_an_object_among_the_current_values_is_passed_over(agent, release, fake_gateway):
    emqx = release("6.3")
    assert isinstance(told(emqx, "monitor_current")["sessions_hist_hwmark"], dict)
    push = pushed(agent, emqx, fake_gateway, endpoints=["monitor_current"])
    assert not [name for name in push.families if "hwmark" in name or "peak" in name]


@pytest.mark.parametrize("mode", MODES)
def test_what_is_cluster_wide_is_told_once_and_not_summed(agent, release, fake_gateway, mode):
    emqx = broker_of(release, "6.2")
    push = pushed(agent, emqx, fake_gateway, collect="json", endpoints=["stats"], mode=mode)
    stats = told(emqx, f"nodes/{NODE}/stats")
    for key in ("retained.count", "retained.max", "topics.count", "topics.max", "routes.count",
                "routes.max", "subscriptions.shared.count", "subscriptions.shared.max",
                "cluster_sessions.count", "cluster_sessions.max"):
        assert only(push, "emqx_" + key.replace(".", "_")) == stats[key], key


@pytest.mark.parametrize("collect", ("text", "json"))
def test_detached_sessions_are_connections_but_not_live_ones(
        agent, release, fake_gateway, collect):
    emqx = release()
    stats = told(emqx, f"nodes/{NODE}/stats")
    assert stats["connections.count"] != stats["live_connections.count"]
    push = pushed(agent, emqx, fake_gateway, collect=collect, endpoints=["stats"])
    assert only(push, "emqx_connections_count") == stats["connections.count"]
    assert only(push, "emqx_live_connections_count") == stats["live_connections.count"]


# Keys of releases to come

NEW_STATS = {"gateways.count": 7, "a.b.max": 2.5, "odd key/é": 3, "text": "no number",
             "in_quotes": "12.5", "flag": True, "list": [1], "connections": 77}
NEW_METRICS = {"gateways.started": 9, "packets.connect": 1, "": 4, "messages.dropped_expired": 5}


def with_new_keys(emqx, mode):
    """The broker tells more than this version knows."""
    if mode == MODE_NODE:
        for path, more in ((f"nodes/{NODE}/stats", NEW_STATS),
                           (f"nodes/{NODE}/metrics", NEW_METRICS)):
            serve(emqx, f"json:{path}", {**told(emqx, path), **more})
    else:
        for path, more in (("stats", NEW_STATS), ("metrics", NEW_METRICS)):
            serve(emqx, f"json:{path}", [{**node, **more} for node in told(emqx, path)])


def serve(emqx, endpoint, value):
    emqx.set_fault("page", endpoint, text=json.dumps(value), content_type="application/json")


def test_unknown_keys_become_families_by_rule(agent, release, fake_gateway):
    emqx = release()
    with_new_keys(emqx, MODE_NODE)
    push = pushed(agent, emqx, fake_gateway, collect="json", endpoints=["stats"])
    assert only(push, "emqx_gateways_count") == 7
    assert only(push, "emqx_a_b_max") == 2.5
    assert only(push, "emqx_odd_key___") == 3
    assert only(push, "emqx_in_quotes") == 12.5
    assert only(push, "emqx_connections") == 77
    assert only(push, "emqx_gateways_started") == 9
    assert {name: push.families[name].type for name in (
        "emqx_gateways_count", "emqx_gateways_started")} == {
            "emqx_gateways_count": "gauge", "emqx_gateways_started": "counter"}
    assert not {"emqx_text", "emqx_flag", "emqx_list", "emqx_"} & push.families.keys()


def test_an_unknown_key_never_takes_a_known_family_s_name(agent, release, fake_gateway):
    emqx = release()
    stats = told(emqx, f"nodes/{NODE}/metrics")
    with_new_keys(emqx, MODE_NODE)
    push = pushed(agent, emqx, fake_gateway, collect="json", endpoints=["stats"])
    assert only(push, "emqx_packets_connect") == stats["packets.connect.received"]
    assert only(push, "emqx_messages_dropped_expired") == \
        stats["messages.dropped.await_pubrel_timeout"]


def test_unknown_keys_can_be_switched_off(agent, release, fake_gateway):
    emqx = release()
    settings = {"collect": "json", "endpoints": ["stats"], "unknown_keys": False}
    before = pushed(agent, emqx, fake_gateway, **settings)
    with_new_keys(emqx, MODE_NODE)
    after = pushed(agent, emqx, fake_gateway, **settings)
    assert before.broker().families == after.broker().families


@pytest.mark.parametrize("mode", MODES[1:])
def test_unknown_keys_are_summed_or_told_by_node_as_known_ones(
        agent, release, fake_gateway, mode):
    emqx = release(**CLUSTER)
    with_new_keys(emqx, mode)
    push = pushed(agent, emqx, fake_gateway, collect="json", endpoints=["stats"], mode=mode)
    for name, value in (("emqx_gateways_count", 7), ("emqx_gateways_started", 9)):
        if mode == AGGREGATED:
            assert only(push, name) == 2 * value
        else:
            assert rows(push, name, "node") == {NODE: value, PEER: value}


def test_two_unknown_keys_of_one_name_give_one_sample(agent, release, fake_gateway):
    emqx = release()
    serve(emqx, f"json:nodes/{NODE}/metrics", {"new.key": 1, "new_key": 2})
    push = pushed(agent, emqx, fake_gateway, collect="json", endpoints=["metrics"])
    assert only(push, "emqx_new_key") in (1, 2)
