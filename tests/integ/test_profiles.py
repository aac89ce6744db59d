# SPDX-License-Identifier: Apache-2.0
"""The agent beside brokers of other releases than the one that most tests simulate."""

import re

import pytest

from cycles import NO_TICK, body, push_now, wait_push, wait_pushes
from emqx_families import MODES
from exposition import Exposition, assert_gateway_serves, assert_same
from setups import (ENDPOINTS, KEY, NODE, config, emqx_source, exporter,
                    running_nodes, sink)
from simulated_emqx import SimulatedEmqx

API_KEY = {"key": "key", "secret": "secret"}
BASIC_AUTH = {"username": "key", "password": "secret"}
CLUSTER = [NODE, "emqx2@127.0.0.1"]
LATENCY_BOUNDS = {"10", "100", "1000", "5000", "30000", "+Inf"}


@pytest.fixture
def release():
    """release("6.2", ...) -> a broker of that release"""
    brokers = []

    def start(profile, **options):
        brokers.append(SimulatedEmqx(profile=profile, **options).start())
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop()


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


def plain_bounds(page):
    """The page with `le` as a gateway spells it, so that both sides can be compared."""
    return re.sub(r'le="([^"]+)"',
                  lambda found: 'le="+Inf"' if found[1] == "+Inf" else f'le="{float(found[1]):g}"',
                  page)


def pages(emqx, *names, mode="node"):
    return [plain_bounds(emqx.page(name, mode)) for name in names]


def of_cluster(emqx, mode):
    """All that must arrive by default in a mode."""
    known = [] if mode == "node" else [running_nodes(emqx.nodes)]
    return pages(emqx, *ENDPOINTS, mode=mode) + known


def targets(emqx):
    return sorted(request.target for request in emqx.requests)


def text_targets(*names, mode="node"):
    query = "" if mode == "node" else f"?mode={mode}"
    return [f"/api/v5/prometheus/{name}{query}" for name in names]


def by_endpoint(exposition, what):
    series = exposition.series(f"brokerpush_endpoint_{what}", source="emqx")
    return {dict(labels)["endpoint"]: value for labels, value in series.items()}


def served_group(recorded):
    return Exposition.parse(recorded.metrics_text()).group(**KEY)


# 5.0 and 5.4

@pytest.mark.parametrize("profile", ("5.0", "5.4"))
def test_before_5_5_there_are_statistics_and_the_rest_is_not_available(agent, release, recorded,
                                                                       profile):
    emqx = release(profile)
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), pages(emqx, "stats"), KEY)
    assert group.value("brokerpush_source_up") == 1
    assert by_endpoint(group, "up") == {"stats": 1}
    assert by_endpoint(group, "available") == {"stats": 1, "auth": 0, "data_integration": 0}
    lines = [line for line in result.stderr.splitlines()
             if "endpoint is not available in this broker" in line]
    assert [re.search(r"endpoint=(\S+)", line)[1] for line in lines] == [
        "auth", "data_integration"]
    assert all("level=info" in line for line in lines)
    assert "level=warn" not in result.stderr and "level=error" not in result.stderr
    told = result.stderr.splitlines()
    at = next(i for i, line in enumerate(told) if line.startswith("source emqx: 1 of 3 endpoints"))
    assert told[at + 1] == "  not available: auth, data_integration"


def test_what_5_4_lacks_is_a_failure_where_it_is_listed(agent, release, recorded):
    emqx = release("5.4")
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "auth"]), sink(recorded)))
    result = agent.once()
    assert result.code == 4, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), pages(emqx, "stats"), KEY)
    assert by_endpoint(group, "up") == {"stats": 1, "auth": 0}
    assert not by_endpoint(group, "available") and "not available" not in result.stderr
    assert re.search(r"endpoint failed.*endpoint=auth reason=http_4xx.*404", result.stderr)


def test_what_5_4_lacks_is_told_once_and_not_at_every_cycle(agent, release, fake_gateway):
    emqx = release("5.4")
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), interval="1s"))
    running = agent.start()
    fake_gateway.wait_for_pushes(4)
    assert running.stop().code == 0
    assert len(running.log_lines("endpoint is not available.*endpoint=auth ")) == 1
    assert not running.log_lines("level=(warn|error)")
    assert [target for target in targets(emqx) if "auth" in target or "data" in target] == \
        text_targets("auth", "data_integration")


@pytest.mark.parametrize("profile", ("5.0", "5.4"))
@pytest.mark.parametrize("mode", MODES[1:])
def test_before_5_5_a_cluster_mode_is_ignored_and_fails_rather_than_tell_of_one_node(
        agent, release, recorded, mode, profile):
    emqx = release(profile, nodes=CLUSTER)
    agent.configure(config(emqx_source(emqx, mode=mode, endpoints=["stats"]), sink(recorded)))
    result = agent.once()
    assert result.code == 4, result.stderr
    assert text_targets("stats", mode=mode) == [
        target for target in targets(emqx) if target != "/status?format=json"]
    group = assert_gateway_serves(recorded.metrics_text(), [], KEY)
    assert by_endpoint(group, "up") == {"stats": 0} and not by_endpoint(group, "nodes")
    down, = re.findall('msg="source is down".*', result.stderr)
    assert "reason=bad_body " in down and f"the broker ignores mode={mode}, " in down
    assert r'set mode to \"node\", or credentials for JSON' in down


@pytest.mark.parametrize("collect", ("text", "auto"))
def test_5_4_with_its_flag_on_refuses_without_credentials(agent, release, recorded, collect):
    agent.configure(config(emqx_source(release("5.4", **API_KEY), collect=collect),
                           sink(recorded)))
    refused = agent.once()
    assert refused.code == 4 and re.search("source is down.*reason=http_4xx", refused.stderr)


def test_5_4_with_its_flag_on_takes_an_api_key(agent, release, recorded):
    emqx = release("5.4", **API_KEY)
    agent.configure(config(emqx_source(emqx, collect="text", basic_auth=BASIC_AUTH),
                           sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), pages(emqx, "stats"), KEY)
    assert by_endpoint(group, "up") == {"stats": 1}
    assert by_endpoint(group, "available") == {"stats": 1, "auth": 0, "data_integration": 0}
    assert "  not available: auth, data_integration" in result.stderr.splitlines()


def test_5_4_with_an_api_key_tells_in_json_what_it_has_no_page_for(agent, release, recorded):
    """That is no way out of a failure, and so not told."""
    emqx = release("5.4", **API_KEY)
    agent.configure(config(emqx_source(emqx, basic_auth=BASIC_AUTH), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert "level=" not in result.stderr and "not available" not in result.stderr
    group = served_group(recorded)
    page = Exposition.merged(pages(emqx, "stats")).with_labels(**KEY)
    assert_same(page, group.only(lambda name, _: name in page.families))
    assert {"emqx_authn_success", "emqx_authz_enable", "emqx_banned_count", "emqx_rule_matched",
            "emqx_action_success", "emqx_connector_enable"} <= set(group.families)
    every = dict.fromkeys(ENDPOINTS, 1)
    assert by_endpoint(group, "up") == by_endpoint(group, "available") == every
    assert not by_endpoint(group, "fallback")


def test_a_node_s_name_by_setting_invents_no_node_of_the_cluster(agent, release, recorded):
    """Where JSON tells of the cluster, too: it names a group, and that may be any name."""
    nodes = ["emqx1@127.0.0.1", "emqx2@127.0.0.1"]
    emqx = release("5.4", nodes=nodes, **API_KEY)
    agent.configure(config(emqx_source(emqx, mode=MODES[2], basic_auth=BASIC_AUTH),
                           sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert "lack nodes" not in result.stderr
    group = served_group(recorded)
    assert_same(Exposition.parse(running_nodes(nodes)).with_labels(**KEY),
                group.only(lambda name, _: name == "emqx_node_running"))
    assert by_endpoint(group, "nodes")["stats"] == 2


# 5.5 and 6.2

@pytest.mark.parametrize("profile", ("5.5", "6.2"))
@pytest.mark.parametrize("mode", MODES)
def test_from_5_5_on_all_arrives_sample_by_sample_in_every_mode(agent, release, recorded,
                                                                promtool, mode, profile):
    emqx = release(profile, nodes=CLUSTER)
    agent.configure(config(emqx_source(emqx, mode=mode), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), of_cluster(emqx, mode), KEY)
    if profile == "6.2":
        assert group.families["emqx_authn_latency"].type == "histogram"
    assert group.value("brokerpush_quarantined_families") == 0
    assert targets(emqx) == sorted([*text_targets(*ENDPOINTS, mode=mode), "/status?format=json"])
    code, said = promtool(recorded.pushes[0].body.decode())
    assert code in (0, 3), said


def test_bounds_of_twenty_digits_leave_as_prometheus_writes_them(agent, release, recorded):
    """The same histogram of another release, or of Go, must not become other series."""
    for profile in ("6.2", "6.3"):
        emqx = release(profile, **API_KEY)
        agent.configure(config(emqx_source(emqx, endpoints=["auth"], basic_auth=BASIC_AUTH),
                               sink(recorded)))
        assert agent.once().code == 0
        body = recorded.pushes[-1].body.decode()
        assert set(re.findall(r'le="([^"]*)"', body)) == LATENCY_BOUNDS


def test_6_2_shares_names_between_two_pages_and_both_arrive(agent, release, recorded):
    """`stats` and `namespaced_stats` as two sources of one group: one TYPE, samples of both."""
    emqx = release("6.2", clock=Clock())
    agent.configure(config([
        emqx_source(emqx),
        exporter(emqx, name="namespaces", job_name="emqx/instance/emqx~127.0.0.1",
                 url=emqx.url + "/api/v5/prometheus/namespaced_stats"),
    ], sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert len(recorded.pushes) == 1
    body = recorded.pushes[0].body.decode()
    for name in ("emqx_bytes_received", "emqx_messages_publish", "emqx_sessions_count"):
        assert body.count(f"# TYPE {name} ") == 1
    group = assert_gateway_serves(recorded.metrics_text(),
                                  pages(emqx, *ENDPOINTS, "namespaced_stats"), KEY)
    received = group.series("emqx_bytes_received")
    assert {dict(labels).get("namespace") for labels in received} == {None, "tenant_a", "tenant_b"}
    assert group.total("brokerpush_quarantined_families") == 0


def test_6_2_refuses_all_namespaces_twice_in_five_seconds_and_the_rest_goes_on(
        agent, release, fake_gateway):
    clock = Clock()
    emqx = release("6.2", clock=clock)
    agent.configure(config([
        emqx_source(emqx),
        exporter(emqx, name="namespaces", job_name="emqx/instance/emqx~127.0.0.1",
                 url=emqx.url + "/api/v5/prometheus/namespaced_stats"),
    ], sink(fake_gateway), interval="1s"))
    running = agent.start()
    line = running.wait_log("source is down.*source=namespaces.*reason=http_4xx")[0]
    assert "429" in line and "Too many requests" in line
    seen = len(fake_gateway.pushes)
    push = fake_gateway.wait_for_pushes(seen + 2)[-1]
    body = Exposition.parse(push.body.decode())
    assert body.value("brokerpush_source_up", source="namespaces") == 0
    assert body.value("brokerpush_source_up", source="emqx") == 1
    assert_same(Exposition.merged(pages(emqx, *ENDPOINTS)), body.broker())
    clock.seconds += 5
    running.wait_log("source is back.*source=namespaces")
    assert running.stop().code == 0


# 6.3

def test_6_3_refuses_without_credentials(agent, release, recorded):
    emqx = release("6.3")
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    result = agent.once()
    assert result.code == 4, result.stderr
    down = re.findall("source is down.*", result.stderr)
    assert len(down) == 1 and "reason=http_4xx" in down[0] and "401" in down[0]
    assert "AUTHORIZATION_HEADER_ERROR" in down[0]
    assert '; set basic_auth to an API key, or login to a dashboard user" url=' in down[0]
    group = served_group(recorded)
    assert group.value("brokerpush_source_up") == 0 and not group.broker().families


@pytest.mark.parametrize("mode", MODES)
def test_6_3_with_an_api_key_arrives_sample_by_sample(agent, release, recorded, promtool, mode):
    emqx = release("6.3", nodes=CLUSTER, **API_KEY)
    agent.configure(config(emqx_source(emqx, mode=mode, basic_auth=BASIC_AUTH), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    served = recorded.metrics_text()
    group = assert_gateway_serves(served, of_cluster(emqx, mode), KEY)
    assert "# TYPE erlang_vm_threads untyped\n" in served
    assert group.families["erlang_vm_memory_bytes"].help
    assert group.series("emqx_rule_enable", namespace="tenant_a")
    assert group.value("brokerpush_quarantined_families") == 0
    code, said = promtool(recorded.pushes[0].body.decode())
    assert code in (0, 3), said


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("profile", ("6.2", "6.3"))
def test_6_3_is_asked_for_its_release_in_json_and_for_all_else_as_text(agent, release,
                                                                       fake_gateway, profile, mode):
    """Its /status does not tell the release, and JSON with credentials does."""
    emqx = release(profile, nodes=CLUSTER, **API_KEY)
    agent.configure(config(emqx_source(emqx, mode=mode, basic_auth=BASIC_AUTH),
                           sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    node = "/api/v5/nodes/emqx%40127.0.0.1"  # in every mode: a list of all may take its time
    assert sorted((request.target, request.header("accept")) for request in emqx.requests) == \
        sorted([*((target, "text/plain") for target in text_targets(*ENDPOINTS, mode=mode)),
                ("/status?format=json", "application/json"), (node, "application/json")])
    emqx.forget_requests()
    pushed = body(*push_now(running, fake_gateway))
    assert running.stop().code == 0
    assert targets(emqx) == sorted(text_targets(*ENDPOINTS, mode=mode))
    # Questions are no pages of the source.
    assert pushed.value("brokerpush_scrapes_total") == 6
    assert not pushed.series("brokerpush_scrape_failures_total")


def test_6_3_limits_data_integration_alone_and_it_comes_back(agent, release, fake_gateway):
    """Somebody else has used up what the broker lets through; nothing else suffers."""
    clock = Clock()
    emqx = release("6.3", clock=clock, **API_KEY)
    assert emqx.limiter.lets_through()
    agent.configure(config(emqx_source(emqx, basic_auth=BASIC_AUTH), sink(fake_gateway),
                           interval="1s"))
    running = agent.start()
    line = running.wait_log("endpoint failed.*endpoint=data_integration")[0]
    assert "reason=http_4xx" in line and "429" in line
    pushed = body(wait_pushes(running, fake_gateway, 1)[0])
    assert by_endpoint(pushed, "up") == {"stats": 1, "auth": 1, "data_integration": 0}
    assert_same(Exposition.merged(pages(emqx, "stats", "auth")), pushed.broker())
    clock.seconds += 5
    running.wait_log("endpoint is back.*endpoint=data_integration")
    pushed = body(wait_push(running, fake_gateway, lambda push: set(
        by_endpoint(push, "up").values()) == {1}))
    assert_same(Exposition.merged(pages(emqx, *ENDPOINTS)), pushed.broker())
    assert running.stop().code == 0
    assert not running.log_lines("source is down")
    # Refused or not, that page was not asked for in each cycle.
    of_failures = pushed.series("brokerpush_scrape_failures_total")
    assert of_failures.pop(frozenset({("source", "emqx"), ("reason", "http_4xx")})) == 1
    assert of_failures.keys() == {frozenset({("source", "emqx"), ("reason", "skipped")})}
