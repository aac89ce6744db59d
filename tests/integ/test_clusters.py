# SPDX-License-Identifier: Apache-2.0
"""Clusters: nodes that vanish, hang or leave, several brokers of one agent, names of all kinds."""

import re
from urllib.parse import quote

import pytest

from cycles import assert_told_once, body, lines, push_now, wait_pushes
from emqx_families import AGGREGATED, MODES, UNAGGREGATED
from exposition import Exposition, assert_gateway_serves, assert_same
from peers import wait_until
from setups import ENDPOINTS, config, emqx_source, sink
from simulated_emqx import SimulatedEmqx

CLUSTER_MODES = (AGGREGATED, UNAGGREGATED)
API_KEY = {"key": "key-of-the-agent", "secret": "secret-of-that-key"}
BASIC_AUTH = {"username": API_KEY["key"], "password": API_KEY["secret"]}
OPEN = {"protect_pages": False, **API_KEY}
# By SIGUSR1 alone; no tick falls into a test, not even where the clock is set forward.
BY_SIGNAL = {"interval": "24h", "splay": "0s"}
FORGOTTEN_S = 600
FIRST, SECOND, THIRD = "emqx1@127.0.0.1", "emqx2@127.0.0.1", "emqx3@127.0.0.1"


@pytest.fixture
def brokers():
    """brokers(nodes=3, ...) -> a simulated cluster"""
    running = []

    def start(**options):
        running.append(SimulatedEmqx(**options).start())
        return running[-1]

    yield start
    for broker in running:
        broker.stop()


def cluster_source(emqx, mode=UNAGGREGATED, **more):
    """Without a name for the node: that is the broker's to tell."""
    return {"name": "emqx", "type": "emqx", "url": emqx.url, "mode": mode, **more}


def with_nodes(*endpoints):
    return {"endpoints": [*endpoints, "nodes"], "basic_auth": BASIC_AUTH}


def running_nodes(pushed):
    """{node: whether it runs}"""
    return {dict(labels)["node"]: value
            for labels, value in pushed.series("emqx_node_running").items()}


def told_nodes(pushed):
    """{endpoint: how many nodes its answer told about}"""
    return {dict(labels)["endpoint"]: value
            for labels, value in pushed.series("brokerpush_endpoint_nodes").items()}


def up(pushed, **labels):
    """{endpoint: whether it delivered}"""
    return {dict(pairs)["endpoint"]: value for pairs, value in
            pushed.series("brokerpush_endpoint_up", **labels).items()}


def served(recorded):
    """What the gateway serves, once it has answered all pushes."""
    wait_until(lambda: all(push.answered for push in recorded.pushes), "the gateway's answers")
    return recorded.metrics_text()


def without_running(pushed):
    return pushed.broker().only(lambda name, _: name != "emqx_node_running")


def pages(emqx, mode):
    return Exposition.merged(emqx.page(name, mode) for name in ENDPOINTS)


# Nodes that vanish

@pytest.mark.parametrize("mode", CLUSTER_MODES)
@pytest.mark.parametrize("more", ({}, with_nodes(*ENDPOINTS)), ids=("text", "nodes"))
def test_a_node_that_vanishes_from_answers_is_shown_and_told_and_so_is_its_return(
        agent, brokers, fake_gateway, mode, more):
    emqx = brokers(nodes=3, **OPEN)
    agent.configure(config(cluster_source(emqx, mode, **more), sink(fake_gateway), **BY_SIGNAL))
    whole = {name: 3 for name in (ENDPOINTS if mode == UNAGGREGATED else ("stats",))}
    if more:
        whole["nodes"] = 3
    # What /nodes says of a stopped node is an answer too.
    partial = {endpoint: 3 if endpoint == "nodes" else 2 for endpoint in whole}
    running = agent.start()
    pushed = body(wait_pushes(running, fake_gateway, 1)[0])
    assert running_nodes(pushed) == {FIRST: 1, SECOND: 1, THIRD: 1}
    assert told_nodes(pushed) == whole
    emqx.kill(SECOND)
    for _ in range(4):
        pushed = body(*push_now(running, fake_gateway))
        assert running_nodes(pushed) == {FIRST: 1, SECOND: 0, THIRD: 1}
        assert told_nodes(pushed) == partial
        assert set(up(pushed).values()) == {1}
        if not more:
            assert_same(pages(emqx, mode), without_running(pushed))
    emqx.revive(SECOND)
    for _ in range(2):
        pushed = body(*push_now(running, fake_gateway))
        assert running_nodes(pushed) == {FIRST: 1, SECOND: 1, THIRD: 1}
        assert told_nodes(pushed) == whole
    result = running.stop()
    line = assert_told_once(result.stderr, "answers lack nodes of the cluster", "source=emqx ",
                            f"missing={SECOND} ")
    assert all(name in line for name in whole)
    assert_told_once(result.stderr, "answers have all nodes of the cluster again", "source=emqx")


def test_each_change_of_the_missing_nodes_is_told(agent, brokers, fake_gateway):
    emqx = brokers(nodes=3)
    agent.configure(config(cluster_source(emqx), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for change, node in ((emqx.kill, SECOND), (emqx.kill, THIRD), (emqx.revive, SECOND),
                         (emqx.revive, THIRD)):
        change(node)
        for _ in range(2):
            push_now(running, fake_gateway)
    result = running.stop()
    told = lines(result.stderr, "answers lack nodes of the cluster")
    assert [re.search(r'missing=("[^"]*"|\S*)', line)[1] for line in told] == [
        SECOND, f'"{SECOND}, {THIRD}"', THIRD]
    assert_told_once(result.stderr, "answers have all nodes of the cluster again")


def test_a_node_that_was_down_before_the_agent_came_is_shown_by_nodes(agent, brokers, recorded):
    emqx = brokers(nodes=3, **OPEN)
    emqx.kill(THIRD)
    agent.configure(config(cluster_source(emqx, **with_nodes("stats")), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    pushed = Exposition.parse(served(recorded))
    assert running_nodes(pushed) == {FIRST: 1, SECOND: 1, THIRD: 0}
    assert told_nodes(pushed) == {"stats": 2, "nodes": 3}
    assert_told_once(result.stderr, "answers lack nodes of the cluster", f"missing={THIRD} ")


@pytest.mark.parametrize("more", ({}, with_nodes("stats")), ids=("text", "nodes"))
def test_a_node_that_left_is_down_at_first(agent, brokers, fake_gateway, more):
    emqx = brokers(nodes=3, **OPEN)
    agent.configure(config(cluster_source(emqx, **more), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    emqx.leave(SECOND)
    for _ in range(2):
        assert running_nodes(body(*push_now(running, fake_gateway))) == {
            FIRST: 1, SECOND: 0, THIRD: 1}
    assert_told_once(running.stop().stderr, "answers lack nodes of the cluster",
                     f"missing={SECOND} ")


def test_a_node_that_left_is_forgotten_in_time_and_one_that_is_down_is_not(
        agent, brokers, fake_gateway, clock):
    emqx = brokers(nodes=3, **OPEN)
    agent.configure(config(cluster_source(emqx, **with_nodes("stats")), sink(fake_gateway),
                           **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    emqx.leave(SECOND)
    emqx.kill(THIRD)
    clock.forward(FORGOTTEN_S - 60)
    pushed = body(*push_now(running, fake_gateway))
    assert running_nodes(pushed) == {FIRST: 1, SECOND: 0, THIRD: 0}
    clock.forward(120)
    for _ in range(3):
        pushed = body(*push_now(running, fake_gateway))
        assert running_nodes(pushed) == {FIRST: 1, THIRD: 0}
        clock.forward(FORGOTTEN_S)
    emqx.revive(THIRD)
    assert running_nodes(body(*push_now(running, fake_gateway))) == {FIRST: 1, THIRD: 1}
    result = running.stop()
    assert_told_once(result.stderr, "answers have all nodes of the cluster again")


def test_beside_one_node_no_other_is_shown(agent, brokers, fake_gateway):
    emqx = brokers(nodes=2, **OPEN)
    agent.configure(config(cluster_source(emqx, "node", **with_nodes("stats")),
                           sink(fake_gateway)))
    assert agent.once().code == 0
    assert running_nodes(body(fake_gateway.pushes[0])) == {FIRST: 1}


# Nodes that hang

def test_a_hung_peer_costs_its_own_rows_and_what_waits_for_it_and_nothing_else(
        agent, brokers, fake_gateway):
    """Pages of the cluster come after 5 s, /nodes after 30; there are 7.5."""
    emqx = brokers(nodes=2, **OPEN)
    other = brokers(nodes=["other@127.0.0.1"])
    agent.configure(config([cluster_source(emqx, **with_nodes(*ENDPOINTS)),
                            cluster_source(other, "node", name="other")],
                           sink(fake_gateway), splay="0s"))
    running = agent.start()
    wait_pushes(running, fake_gateway, 2)
    emqx.hang(SECOND)
    seen = len(fake_gateway.pushes)
    one, two = [body(push) for push in push_now(running, fake_gateway, fake_gateway)
                and wait_pushes(running, fake_gateway, seen + 2)[seen:seen + 2]]
    pushed, beside = (one, two) if running_nodes(one) else (two, one)
    assert up(pushed) == {**dict.fromkeys(ENDPOINTS, 1), "nodes": 0}
    assert told_nodes(pushed) == dict.fromkeys(ENDPOINTS, 1)
    assert running_nodes(pushed) == {FIRST: 1, SECOND: 0}
    assert_same(pages(emqx, UNAGGREGATED), without_running(pushed))
    assert up(beside) == dict.fromkeys(ENDPOINTS, 1)
    assert_same(pages(other, "node"), beside.broker())
    result = running.stop()
    assert_told_once(result.stderr, "answers lack nodes of the cluster", f"missing={SECOND} ")
    assert_told_once(result.stderr, "endpoint failed", "endpoint=nodes ", "reason=timed_out ")


def test_sums_of_a_cluster_arrive_without_a_hung_peer(agent, brokers, recorded):
    emqx = brokers(nodes=3)
    emqx.hang(THIRD)
    agent.configure(config(cluster_source(emqx, AGGREGATED), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    pushed = Exposition.parse(served(recorded)).group(job="emqx1")
    assert told_nodes(pushed) == {"stats": 2}
    assert_same(pages(emqx, AGGREGATED).with_labels(job="emqx1", instance="emqx1~127.0.0.1"),
                without_running(pushed))


def test_beside_one_node_a_hung_peer_is_not_waited_for(agent, brokers, recorded):
    """Whatever asked all nodes would time out."""
    emqx = brokers(nodes=2, **OPEN)
    emqx.hang(SECOND, seconds=600, nodes_seconds=600)
    agent.configure(config(cluster_source(
        emqx, "node", endpoints=[*ENDPOINTS, "nodes", "metrics", "monitor_current"],
        basic_auth=BASIC_AUTH), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    pushed = Exposition.parse(served(recorded))
    assert set(up(pushed).values()) == {1}
    assert running_nodes(pushed) == {FIRST: 1}


def test_json_beside_one_node_does_not_wait_for_a_hung_peer_either(agent, brokers, fake_gateway):
    emqx = brokers(nodes=2, **OPEN)
    emqx.hang(SECOND, seconds=600, nodes_seconds=600)
    agent.configure(config(cluster_source(emqx, "node", endpoints=["stats"], collect="json",
                                          basic_auth=BASIC_AUTH), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert up(body(fake_gateway.pushes[0])) == {"stats": 1}


@pytest.mark.parametrize("settings, word", (
    ({"interval": "11s"}, "raise interval"), ({"timeout": "5s"}, "raise interval or timeout")))
@pytest.mark.parametrize("mode", CLUSTER_MODES)
def test_a_cluster_needs_more_time_than_a_broker_waits_for_a_hung_node(agent, emqx, fake_gateway,
                                                                       mode, settings, word):
    source = cluster_source(emqx, mode)
    interval = settings.get("interval", "15s")
    if "timeout" in settings:
        source.update(settings)
    agent.configure(config(source, sink(fake_gateway), interval=interval))
    result = agent.check_config()
    assert result.code == 3 and "sources.emqx.mode: " in result.stderr and word in result.stderr


# Several brokers

@pytest.fixture
def three(brokers):
    """Nodes of one cluster, each asked by itself; told apart by their values."""
    names = [FIRST, SECOND, THIRD]
    return [brokers(nodes=names[n:] + names[:n], seed=n + 1) for n in range(3)]


def sources_of(three):
    return [{"name": f"node-{n + 1}", "type": "emqx", "url": emqx.url}
            for n, emqx in enumerate(three)]


def key_of(node):
    name, _, host = node.partition("@")
    return {"job": name, "instance": f"{name}~{host}"}


def assert_whole(page, emqx):
    key = key_of(emqx.nodes[0])
    assert_gateway_serves(page, [emqx.page(name) for name in ENDPOINTS], key)


def test_several_brokers_of_one_agent_have_a_group_each(agent, three, recorded):
    agent.configure(config(sources_of(three), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert sorted(group["job"] for group in recorded.gateway.groups()) == [
        "emqx1", "emqx2", "emqx3"]
    for emqx in three:
        assert_whole(served(recorded), emqx)


def test_one_broker_of_several_that_goes_down_leaves_the_others_whole(agent, three, recorded):
    agent.configure(config(sources_of(three), sink(recorded), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, recorded, 3)
    three[1].set_fault("refused")
    push_now(running, *[recorded] * 3)
    page = served(recorded)
    for emqx in (three[0], three[2]):
        assert_whole(page, emqx)
    group = Exposition.parse(page).group(**key_of(SECOND))
    assert group.value("brokerpush_source_up", source="node-2") == 0
    assert not group.broker().families
    three[1].clear_faults()
    push_now(running, *[recorded] * 3)
    for emqx in three:
        assert_whole(served(recorded), emqx)
    result = running.stop()
    assert_told_once(result.stderr, "source is down", "source=node-2 ", "reason=unreachable ")
    assert_told_once(result.stderr, "source is back", "source=node-2 ")


def test_one_broker_of_several_that_was_never_up_keeps_its_group_at_home(agent, three, recorded):
    three[1].set_fault("refused")
    agent.configure(config(sources_of(three), sink(recorded)))
    result = agent.once()
    assert result.code == 4
    assert sorted(group["job"] for group in recorded.gateway.groups()) == ["emqx1", "emqx3"]
    for emqx in (three[0], three[2]):
        assert_whole(served(recorded), emqx)
    assert_told_once(result.stderr, "push failed", "source=node-2 ", "reason=node_unknown ")


def test_two_nodes_of_one_host_have_a_group_each(agent, brokers, recorded):
    nodes = ["blue@10.0.0.7", "green@10.0.0.7"]
    pair = [brokers(nodes=[node]) for node in nodes]
    agent.configure(config([
        {"name": node.partition("@")[0], "type": "emqx", "url": emqx.url}
        for node, emqx in zip(nodes, pair)], sink(recorded)))
    assert agent.once().code == 0
    for emqx in pair:
        assert_whole(served(recorded), emqx)
    assert len(recorded.gateway.groups()) == 2


# The cluster's name

BY_CLUSTER = {"job_name": "emqx/cluster/${cluster_name}"}
CLUSTER_PATH = "/metrics/job/emqx/cluster/"


def asked_paths(emqx):
    return [request.path for request in emqx.requests]


@pytest.mark.parametrize("profile", ("6.2", "6.3"))
@pytest.mark.parametrize("mode", MODES)
def test_the_cluster_s_name_is_told_by_status_from_5_9_on(agent, brokers, fake_gateway, profile,
                                                          mode):
    emqx = brokers(profile=profile, protect_pages=False)
    agent.configure(config(cluster_source(emqx, mode, endpoints=["stats"], **BY_CLUSTER),
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert [push.path for push in fake_gateway.pushes] == [CLUSTER_PATH + "emqxcl"]
    assert "/api/v5/cluster" not in asked_paths(emqx)


@pytest.mark.parametrize("credentials", (
    {"basic_auth": BASIC_AUTH}, {"login": {"username": "admin", "password": "public"}}),
    ids=("key", "login"))
@pytest.mark.parametrize("profile", ("5.0", "5.8"))
def test_the_cluster_s_name_is_asked_with_credentials_before_5_9(agent, brokers, fake_gateway,
                                                                 profile, credentials):
    emqx = brokers(profile=profile, **OPEN)
    agent.configure(config(cluster_source(emqx, "node", endpoints=["stats"], **BY_CLUSTER,
                                          **credentials), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(2):
        push_now(running, fake_gateway)
    assert running.stop().code == 0
    assert {push.path for push in fake_gateway.pushes} == {CLUSTER_PATH + "emqxcl"}
    assert asked_paths(emqx).count("/api/v5/cluster") == 1


def assert_at_home(result, *words):
    """Nothing was pushed, and the log says what to do."""
    assert result.code == 1
    line = assert_told_once(result.stderr, "push failed")
    assert all(word in line for word in words), line


@pytest.mark.parametrize("profile", ("4.4", "5.0", "5.8"))
def test_without_credentials_before_5_9_the_push_is_not_made_and_the_log_says_what_to_do(
        agent, brokers, fake_gateway, profile):
    agent.configure(config(cluster_source(brokers(profile=profile), "node", endpoints=["stats"],
                                          **BY_CLUSTER), sink(fake_gateway)))
    assert_at_home(agent.once(), "cluster_name", "credentials")
    assert not fake_gateway.pushes


@pytest.mark.parametrize("kind", ("500", "404", "html", "empty"))
def test_a_name_that_the_broker_fails_to_tell_is_asked_again(agent, brokers, fake_gateway, kind):
    emqx = brokers(**OPEN)
    emqx.set_fault(kind, "json:cluster")
    agent.configure(config(cluster_source(emqx, "node", endpoints=["stats"], **BY_CLUSTER,
                                          basic_auth=BASIC_AUTH), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start()
    running.wait_log("push failed")
    assert running.log_lines("endpoint=/cluster reason=(http_|bad_body)")
    emqx.clear_faults()
    [push] = push_now(running, fake_gateway)
    assert push.path == CLUSTER_PATH + "emqxcl"
    emqx.set_fault("refused")
    [push] = push_now(running, fake_gateway)
    assert push.path == CLUSTER_PATH + "emqxcl"
    assert running.stop().code == 0
    assert len(fake_gateway.pushes) == 2


@pytest.mark.parametrize("profile", ("5.8", "6.2"))
@pytest.mark.parametrize("name", ("plant-3", "Werk \u00d6st/3"))
def test_the_setting_wins_over_what_the_broker_tells(agent, brokers, recorded, profile, name):
    emqx = brokers(profile=profile, **OPEN)
    agent.configure(config(cluster_source(
        emqx, "node", endpoints=["stats"], basic_auth=BASIC_AUTH, cluster_name=name,
        **BY_CLUSTER), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert recorded.gateway.groups() == [{"job": "emqx", "cluster": name}]
    assert "/api/v5/cluster" not in asked_paths(emqx)


# Names

ODD_NAMES = ("emqx", "emqx/a@h/b", "my emqx@my host", "b\u00f6se@\u65e5\u672c", "..@..",
             'quote"back\\slash@h', "percent%2F@h", "q?a=b#c@h", "emqx@[fe80::1%eth0]")
ODD_IDS = [ascii(name) for name in ODD_NAMES]


def only_stats(emqx, mode, endpoint="stats"):
    return [emqx.page(endpoint, mode)]


@pytest.mark.parametrize("profile", ("5.8", "6.2"))
@pytest.mark.parametrize("name", ODD_NAMES, ids=ODD_IDS)
def test_an_odd_name_of_the_answering_node_is_right_in_key_label_and_path(
        agent, brokers, recorded, profile, name):
    emqx = brokers(profile=profile, nodes=[name], **OPEN)
    agent.configure(config(cluster_source(
        emqx, "node", endpoints=["stats", "nodes", "metrics", "monitor_current"],
        basic_auth=BASIC_AUTH), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert recorded.gateway.groups() == [key_of(name)]
    pushed = Exposition.parse(served(recorded)).group(**key_of(name))
    assert running_nodes(pushed) == {name: 1}
    assert {dict(labels)["node"] for labels in pushed.series("emqx_node_info")} == {name}
    assert set(up(pushed).values()) == {1}
    encoded = quote(name, safe="")
    assert {path.replace(encoded, "{node}") for path in asked_paths(emqx) if "node" in path} == {
        "/api/v5/nodes/{node}", "/api/v5/nodes/{node}/metrics",
        "/api/v5/monitor_current/nodes/{node}"}


@pytest.mark.parametrize("name", ODD_NAMES, ids=ODD_IDS)
def test_an_odd_name_of_a_peer_is_right_in_every_label(agent, brokers, recorded, name):
    emqx = brokers(nodes=[FIRST, name], **OPEN)
    agent.configure(config(cluster_source(emqx, **with_nodes("stats"), unknown_keys=False),
                           sink(recorded), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, recorded, 1)
    pushed = Exposition.parse(served(recorded)).group(**key_of(FIRST))
    assert running_nodes(pushed) == {FIRST: 1, name: 1}
    assert told_nodes(pushed) == {"stats": 2, "nodes": 2}
    expected = Exposition.parse(emqx.page("stats", UNAGGREGATED)).with_labels(**key_of(FIRST))
    assert_same(expected, pushed.only(lambda family, _: family in expected.families))
    emqx.kill(name)
    push_now(running, recorded)
    pushed = Exposition.parse(served(recorded)).group(**key_of(FIRST))
    assert running_nodes(pushed) == {FIRST: 1, name: 0}
    assert told_nodes(pushed) == {"stats": 1, "nodes": 2}
    assert len(lines(running.stop().stderr, "answers lack nodes of the cluster")) == 1


@pytest.mark.parametrize("name", ODD_NAMES, ids=ODD_IDS)
def test_an_odd_name_in_the_text_of_status_is_read_whole(agent, brokers, recorded, name):
    """4.x has no JSON there: Node my emqx@my host is started"""
    emqx = brokers(profile="4.4", nodes=[name])
    agent.configure(config(cluster_source(emqx, "node", endpoints=["stats"]), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert recorded.gateway.groups() == [key_of(name)]


@pytest.mark.parametrize("late", (None, "stats", "json:nodes/{node}"))
def test_a_node_that_the_broker_does_not_know_is_told_with_the_setting(agent, brokers,
                                                                      fake_gateway, late):
    emqx = brokers(**OPEN)
    if late:
        emqx.set_fault("delayed", late, seconds=0.1)
    agent.configure(config(cluster_source(emqx, "node", node="emqx9@127.0.0.1",
                                          **with_nodes("stats")), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert up(body(fake_gateway.pushes[0])) == {"stats": 1, "nodes": 0}
    assert_told_once(result.stderr, "endpoint failed", "endpoint=nodes ",
                     "Node not found: emqx9@127.0.0.1", "check the setting node",
                     "/api/v5/nodes/emqx9%40127.0.0.1")


def test_a_node_without_a_host_has_no_group_by_its_host(agent, brokers, fake_gateway):
    agent.configure(config(cluster_source(brokers(nodes=["emqx"]), "node",
                                          job_name="emqx/host/${host}"), sink(fake_gateway)))
    assert_at_home(agent.once(), "reason=empty_key_value ", "grouping label host")
    assert not fake_gateway.pushes
