# SPDX-License-Identifier: Apache-2.0
"""The agent beside brokers of other releases than the one that most tests simulate."""

import re

import pytest

from emqx_families import MODES
from exposition import Exposition, assert_gateway_serves, assert_same
from peers import wait_until
from setups import ENDPOINTS, KEY, RecordedGateway, config, emqx_source, exporter, sink
from simulated_emqx import SimulatedEmqx

API_KEY = {"key": "key", "secret": "secret"}
BASIC_AUTH = {"username": "key", "password": "secret"}
LATENCY_BOUNDS = {"10", "100", "1000", "5000", "30000", "+Inf"}


@pytest.fixture
def recorded(gateway):
    with RecordedGateway(gateway) as server:
        yield server


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


def served_group(recorded):
    return Exposition.parse(recorded.metrics_text()).group(**KEY)


# 5.4

def test_5_4_gives_its_statistics_and_the_rest_is_not_available(agent, release, recorded):
    emqx = release("5.4")
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), pages(emqx, "stats"), KEY)
    assert group.value("brokerpush_source_up") == 1
    assert {endpoint: group.value("brokerpush_endpoint_up", endpoint=endpoint)
            for endpoint in ENDPOINTS} == {"stats": 1, "auth": 0, "data_integration": 0}
    lines = [line for line in result.stderr.splitlines()
             if "endpoint is not available in this broker" in line]
    assert [re.search(r"endpoint=(\S+)", line)[1] for line in lines] == [
        "auth", "data_integration"]
    assert all("level=info" in line for line in lines)
    assert "level=warn" not in result.stderr and "level=error" not in result.stderr


def test_what_5_4_lacks_is_a_failure_where_it_is_listed(agent, release, recorded):
    emqx = release("5.4")
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "auth"]), sink(recorded)))
    result = agent.once()
    assert result.code == 4, result.stderr
    assert_gateway_serves(recorded.metrics_text(), pages(emqx, "stats"), KEY)
    assert re.search(r"endpoint failed.*endpoint=auth reason=http_4xx.*404", result.stderr)


def test_what_5_4_lacks_is_told_once_and_not_at_every_cycle(agent, release, fake_gateway):
    agent.configure(config(emqx_source(release("5.4")), sink(fake_gateway), interval="1s"))
    running = agent.start()
    fake_gateway.wait_for_pushes(4)
    assert running.stop().code == 0
    assert len(running.log_lines("endpoint is not available.*endpoint=auth ")) == 1
    assert not running.log_lines("level=(warn|error)")


@pytest.mark.parametrize("mode", MODES[1:])
def test_5_4_answers_a_cluster_mode_with_its_own_node(agent, release, recorded, mode):
    """It ignores the mode, so the samples have no label `node`; they arrive as they are."""
    emqx = release("5.4", nodes=2)
    agent.configure(config(emqx_source(emqx, mode=mode, endpoints=["stats"]), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert emqx.requests[0].query == f"mode={mode}"
    assert_gateway_serves(recorded.metrics_text(), pages(emqx, "stats"), KEY)


def test_5_4_with_its_flag_on_takes_an_api_key(agent, release, recorded):
    emqx = release("5.4", **API_KEY)
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    refused = agent.once()
    assert refused.code == 4 and re.search("source is down.*reason=http_4xx", refused.stderr)
    agent.configure(config(emqx_source(emqx, basic_auth=BASIC_AUTH), sink(recorded)))
    assert agent.once().code == 0
    assert_gateway_serves(recorded.metrics_text(), pages(emqx, "stats"), KEY)


# 6.2

@pytest.mark.parametrize("mode", MODES)
def test_6_2_arrives_sample_by_sample_in_every_mode(agent, release, recorded, promtool, mode):
    emqx = release("6.2", nodes=2)
    agent.configure(config(emqx_source(emqx, mode=mode), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), pages(emqx, *ENDPOINTS, mode=mode), KEY)
    assert group.families["emqx_authn_latency"].type == "histogram"
    assert group.value("brokerpush_quarantined_families") == 0
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
    group = served_group(recorded)
    assert group.value("brokerpush_source_up") == 0 and not group.broker().families


@pytest.mark.parametrize("mode", MODES)
def test_6_3_with_an_api_key_arrives_sample_by_sample(agent, release, recorded, promtool, mode):
    emqx = release("6.3", nodes=2, **API_KEY)
    agent.configure(config(emqx_source(emqx, mode=mode, basic_auth=BASIC_AUTH), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    served = recorded.metrics_text()
    group = assert_gateway_serves(served, pages(emqx, *ENDPOINTS, mode=mode), KEY)
    assert "# TYPE erlang_vm_threads untyped\n" in served
    assert group.families["erlang_vm_memory_bytes"].help
    assert group.series("emqx_rule_enable", namespace="tenant_a")
    assert group.value("brokerpush_quarantined_families") == 0
    code, said = promtool(recorded.pushes[0].body.decode())
    assert code in (0, 3), said


def test_6_3_is_never_asked_for_json(agent, release, fake_gateway):
    emqx = release("6.3", **API_KEY)
    agent.configure(config(emqx_source(emqx, basic_auth=BASIC_AUTH), sink(fake_gateway)))
    assert agent.once().code == 0
    assert len(emqx.requests) == len(ENDPOINTS)
    assert all("json" not in request.header("accept") for request in emqx.requests)


def test_6_3_limits_data_integration_alone_and_it_comes_back(agent, release, fake_gateway):
    """With an interval below five seconds every other answer is 429; nothing else suffers."""
    clock = Clock()
    emqx = release("6.3", clock=clock, **API_KEY)
    agent.configure(config(emqx_source(emqx, basic_auth=BASIC_AUTH), sink(fake_gateway),
                           interval="1s"))
    running = agent.start()
    line = running.wait_log("endpoint failed.*endpoint=data_integration")[0]
    assert "reason=http_4xx" in line and "429" in line
    body = Exposition.parse(wait_until(
        lambda: next((push.body.decode() for push in fake_gateway.pushes
                      if b'endpoint="data_integration"} 0' in push.body), None),
        "a push without data_integration"))
    assert_same(Exposition.merged(pages(emqx, "stats", "auth")), body.broker())
    clock.seconds += 5
    running.wait_log("endpoint is back.*endpoint=data_integration")
    assert running.stop().code == 0
    assert not running.log_lines("source is down")
