# SPDX-License-Identifier: Apache-2.0
"""A page of text that fails, and the JSON that takes its place in the same cycle."""

import pytest

from cycles import NO_TICK, assert_told_once, body, lines, push_now, wait_pushes
from emqx_families import MODES, NODE as MODE_NODE
from releases import (CLUSTER, asked, assert_has_all_text, assert_json_says_the_same, endpoints,
                      page, release, source, source_config)  # noqa: F401  a fixture too
from setups import ENDPOINTS, NODE, config, sink

FELL = "endpoint fails as text; its statistics come from JSON"
STILL = "endpoint still fails as text; its statistics come from JSON"
RETURNED = "endpoint answers as text again"
# Below /api/v5, of the answers that stand in for `stats` in mode node.
JSON_OF_STATS = ("nodes/{node}/stats", "nodes/{node}/metrics", "nodes/{node}")
# What the page does: (kind, options, reason, what the log says of it)
FAULTS = {
    "a crashing collector": ("500", {}, "http_5xx", "HTTP 500: "),
    "overload": ("503", {}, "http_5xx", "HTTP 503"),
    "a role that may not": ("403", {}, "http_4xx", "the role viewer"),
    "silence": ("silent", {}, "timed_out", "no answer"),
    "cut within a line": ("truncated", {}, "bad_body", "broke off"),
    "cut off before the last line's end": (
        "page", {"text": "# TYPE emqx_a gauge\nemqx_a 1"}, "bad_body", "cut off"),
    "a login page": ("html", {}, "bad_body", "text/html"),
    "rubbish": ("binary", {}, "bad_body", ""),
    "nothing": ("empty", {}, "bad_body", ""),
}
# Long enough for JSON on a busy machine, short enough to wait for what never comes.
PATIENT = {"timeout": "2s"}


class Steps:
    """The agent, one cycle at a time."""

    def __init__(self, agent, emqx, gateway, **settings):
        agent.configure(source_config(emqx, gateway, settings, **NO_TICK))
        self.gateway = gateway
        self.running = agent.start()
        self.first = body(wait_pushes(self.running, gateway, 1)[0])

    def next(self):
        return body(push_now(self.running, self.gateway)[0])

    def stop(self):
        """The log."""
        result = self.running.stop()
        assert result.code == 0, result.stderr
        return result.stderr


def assert_stands_in(push, emqx, endpoint, mode=MODE_NODE):
    """JSON in the place of one page, and text for all the others."""
    assert endpoints(push, "fallback") == {endpoint: 1}
    assert endpoints(push, "up") == dict.fromkeys(ENDPOINTS, 1)
    assert_json_says_the_same(page(emqx, endpoint, mode=mode), push.broker(), mode)
    others = [name for name in ENDPOINTS if name != endpoint]
    assert_has_all_text(page(emqx, *others, mode=mode), push)
    assert push.value("brokerpush_source_up") == 1
    assert push.value("brokerpush_quarantined_families") == 0
    assert not push.series("brokerpush_repairs_total", rule="duplicate_series")


# When

@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_that_fails_comes_from_json_in_the_same_cycle(agent, release, fake_gateway, fault):
    kind, options, reason, said = FAULTS[fault]
    emqx = release()
    steps = Steps(agent, emqx, fake_gateway, **PATIENT)
    assert not endpoints(steps.first, "fallback")
    assert not asked(emqx, f"/nodes/{NODE.replace('@', '%40')}/")
    emqx.set_fault(kind, "stats", **options)
    assert_stands_in(steps.next(), emqx, "stats")
    assert_told_once(steps.stop(), FELL, "level=warn", "endpoint=stats", f"reason={reason} ", said)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("mode", MODES)
def test_each_page_that_json_can_stand_in_for(agent, release, fake_gateway, mode, endpoint):
    emqx = release(**CLUSTER)
    emqx.set_fault("500", endpoint)
    steps = Steps(agent, emqx, fake_gateway, mode=mode)
    assert_stands_in(steps.first, emqx, endpoint, mode)
    assert_told_once(steps.stop(), FELL, f"endpoint={endpoint} ")


@pytest.mark.parametrize("mode", MODES)
def test_all_pages_may_fail_at_once(agent, release, fake_gateway, mode):
    emqx = release(**CLUSTER)
    for endpoint in ENDPOINTS:
        emqx.set_fault("500", endpoint)
    steps = Steps(agent, emqx, fake_gateway, mode=mode)
    assert endpoints(steps.first, "fallback") == dict.fromkeys(ENDPOINTS, 1)
    assert_json_says_the_same(page(emqx, *ENDPOINTS, mode=mode), steps.first.broker(), mode)
    assert steps.first.value("brokerpush_source_up") == 1
    assert len(lines(steps.stop(), FELL)) == 3


@pytest.mark.parametrize("profile", ("5.8", "6.2"))
@pytest.mark.parametrize("mode", MODES)
def test_among_all_endpoints_nothing_comes_twice_and_nothing_is_missing(
        agent, release, fake_gateway, mode, profile):
    """`metrics` and `nodes` tell a part of what now stands in for `stats`; `namespaced_stats` has
    families of the same names, but of namespaces alone."""
    emqx = release(profile, **CLUSTER)
    emqx.set_fault("500", "stats")
    steps = Steps(agent, emqx, fake_gateway, mode=mode, endpoints=["all"])
    assert endpoints(steps.first, "fallback") == {"stats": 1}
    assert not steps.first.series("brokerpush_repairs_total")
    # Of durable subscriptions JSON has the cluster's sum alone.
    text = page(emqx, "stats", mode=mode).only(lambda name, _: "durable" not in name)
    assert_json_says_the_same(
        text, steps.first.only(lambda _, labels: "namespace" not in labels), mode)
    if profile == "6.2":
        assert_has_all_text(page(emqx, "namespaced_stats", mode=mode), steps.first)
    assert "duplicate_series" not in steps.stop()


def test_a_key_without_the_scope_of_the_pages_gets_them_as_json(agent, release, fake_gateway):
    scopes = ("cluster_operations", "access_control", "data_integration")
    emqx = release("6.2", scopes=scopes, protect_pages=True)
    steps = Steps(agent, emqx, fake_gateway)
    assert endpoints(steps.first, "fallback") == dict.fromkeys(ENDPOINTS, 1)
    assert steps.first.value("brokerpush_source_up") == 1
    for line in lines(steps.stop(), FELL):
        assert "reason=http_4xx" in line and "scope monitoring" in line


def test_a_page_that_never_comes_leaves_json_the_last_third_of_the_time(
        agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("silent", "stats")
    agent.configure(source_config(emqx, fake_gateway, interval="8s"))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert_stands_in(body(fake_gateway.pushes[0]), emqx, "stats")


def without_node(emqx, gateway):
    """No node is named, and no grouping key needs its name."""
    settings = source(emqx, job_name="own")
    del settings["node"]
    return config(settings, sink(gateway))


def test_json_asks_for_the_node_s_name_where_none_is_set(agent, release, fake_gateway):
    emqx = release(nodes=["emqx@10.0.0.7"])
    emqx.set_fault("500", "stats")
    agent.configure(without_node(emqx, fake_gateway))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert_stands_in(body(fake_gateway.pushes[0]), emqx, "stats")
    assert asked(emqx, "/nodes/emqx%4010.0.0.7/stats")


def test_a_dashboard_user_s_token_serves_for_json_too(agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("500", "auth")
    steps = Steps(agent, emqx, fake_gateway, basic_auth=None,
                  login={"username": "admin", "password": "public"})
    assert_stands_in(steps.first, emqx, "auth")
    steps.next()
    assert len(emqx.logins) == 1
    steps.stop()


# Until

def test_text_is_tried_in_each_cycle_and_told_of_when_it_is_back(agent, release, fake_gateway):
    emqx = release()
    steps = Steps(agent, emqx, fake_gateway)
    emqx.set_fault("500", "auth")
    for _ in range(5):
        assert endpoints(steps.next(), "fallback") == {"auth": 1}
    assert len(asked(emqx, "/prometheus/auth")) == 6
    emqx.clear_faults()
    push = steps.next()
    assert not endpoints(push, "fallback")
    assert endpoints(push, "up") == dict.fromkeys(ENDPOINTS, 1)
    assert_has_all_text(page(emqx, *ENDPOINTS), push)
    n_asked = len(asked(emqx, "/authentication"))
    steps.next()
    assert len(asked(emqx, "/authentication")) == n_asked
    log = steps.stop()
    assert_told_once(log, FELL)
    assert len(lines(log, STILL)) == 2  # at the second and the fourth
    assert_told_once(log, RETURNED, "level=info", "endpoint=auth", "failures=5 ")
    assert not lines(log, "endpoint failed") and not lines(log, "endpoint is back")


def test_another_reason_is_told_again(agent, release, fake_gateway):
    emqx = release()
    steps = Steps(agent, emqx, fake_gateway)
    emqx.set_fault("500", "auth")
    steps.next()
    emqx.set_fault("html", "auth")
    steps.next()
    found = lines(steps.stop(), FELL)
    assert ["http_5xx" in found[0], "bad_body" in found[1], len(found)] == [True, True, 2]


# Not

def assert_failed(push, endpoint="stats"):
    assert not endpoints(push, "fallback")
    assert endpoints(push, "up") == {**dict.fromkeys(ENDPOINTS, 1), endpoint: 0}


@pytest.mark.parametrize("settings", ({"basic_auth": None}, {"collect": "text"}))
def test_without_credentials_or_with_only_text_nothing_stands_in(
        agent, release, fake_gateway, settings):
    emqx = release(protect_pages=False)
    emqx.set_fault("500", "stats")
    steps = Steps(agent, emqx, fake_gateway, **settings)
    assert_failed(steps.first)
    assert not steps.first.series("emqx_bytes_received")
    assert {request.path.rpartition("/")[0] for request in emqx.requests} <= {
        "/api/v5/prometheus", ""}
    assert_told_once(steps.stop(), "endpoint failed", "endpoint=stats", "reason=http_5xx",
                     "HTTP 500")


@pytest.mark.parametrize("kind, reason", (("401", "http_4xx"), ("429", "http_4xx")))
def test_what_json_would_not_mend_is_not_asked_for_again(
        agent, release, fake_gateway, kind, reason):
    """Wrong credentials are wrong for JSON too, and a limiter wants fewer questions."""
    emqx = release()
    emqx.set_fault(kind, "stats")
    steps = Steps(agent, emqx, fake_gateway)
    assert_failed(steps.first)
    assert not asked(emqx, "/metrics")
    assert_told_once(steps.stop(), "endpoint failed", f"reason={reason}", f"HTTP {kind}")


def test_a_broker_that_is_not_there_is_not_asked_for_json(agent, release, fake_gateway):
    emqx = release()
    steps = Steps(agent, emqx, fake_gateway)
    emqx.set_fault("refused")
    push = steps.next()
    assert push.value("brokerpush_source_up") == 0 and not endpoints(push, "fallback")
    log = steps.stop()
    assert_told_once(log, "source is down", "reason=unreachable")
    assert not lines(log, FELL)


def test_a_page_without_any_json_just_fails(agent, release, fake_gateway):
    emqx = release("6.3")
    names = ["auth", "schema_validation", "topic_metrics"]
    for name in names[1:]:
        emqx.set_fault("500", name)
    steps = Steps(agent, emqx, fake_gateway, endpoints=names)
    assert endpoints(steps.first, "up") == {
        "auth": 1, "schema_validation": 0, "topic_metrics": 0}
    assert not endpoints(steps.first, "fallback")
    assert len(lines(steps.stop(), "endpoint failed")) == 2


def test_json_alone_never_asks_for_text_not_even_where_it_fails(agent, release, fake_gateway):
    emqx = release()
    steps = Steps(agent, emqx, fake_gateway, collect="json")
    emqx.set_fault("500", "json:nodes/{node}/stats")
    push = steps.next()
    assert endpoints(push, "up") == {**dict.fromkeys(ENDPOINTS, 1), "stats": 0}
    assert not endpoints(push, "fallback") and not asked(emqx, "prometheus")
    assert not push.series("emqx_connections_count") and push.series("emqx_bytes_sent")
    assert_told_once(steps.stop(), "endpoint failed", "endpoint=stats", "reason=http_5xx",
                     "/nodes/")


# When JSON fails as well

def test_if_json_fails_too_it_is_the_page_s_failure_that_is_told(agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("html", "stats")
    for path in JSON_OF_STATS:
        emqx.set_fault("500", f"json:{path}")
    steps = Steps(agent, emqx, fake_gateway)
    assert_failed(steps.first)
    log = steps.stop()
    assert_told_once(log, "endpoint failed", "endpoint=stats", "reason=bad_body", "text/html",
                     "/prometheus/stats")
    assert not lines(log, FELL)


def test_if_all_fails_the_source_is_down_by_the_first_page_s_failure(
        agent, release, fake_gateway):
    emqx = release("6.2", scopes=(), protect_pages=True)
    steps = Steps(agent, emqx, fake_gateway)
    assert steps.first.value("brokerpush_source_up") == 0
    assert endpoints(steps.first, "up") == dict.fromkeys(ENDPOINTS, 0)
    assert not endpoints(steps.first, "fallback") and not steps.first.broker().families
    assert_told_once(steps.stop(), "source is down", "reason=http_4xx", "scope monitoring")


def test_a_part_of_json_that_fails_leaves_the_rest(agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("500", "stats")
    emqx.set_fault("403", "json:nodes/{node}/metrics")
    steps = Steps(agent, emqx, fake_gateway)
    assert endpoints(steps.first, "fallback") == {"stats": 1}
    assert endpoints(steps.first, "up")["stats"] == 0
    assert steps.first.series("emqx_connections_count")
    assert steps.first.series("emqx_vm_total_memory")
    assert not steps.first.series("emqx_bytes_sent")
    log = steps.stop()
    assert_told_once(log, FELL, "reason=http_5xx", "endpoint=stats")
    assert_told_once(log, "endpoint failed", "reason=http_4xx", "endpoint=stats", "scope")


def test_no_name_of_the_node_leaves_the_page_s_failure(agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("500", "stats")
    emqx.set_fault("503", "status")
    agent.configure(without_node(emqx, fake_gateway))
    result = agent.once()
    assert result.code == 4, result.stderr
    assert_failed(body(fake_gateway.pushes[0]))
    failures = lines(result.stderr, "endpoint failed")
    assert len(failures) == 2
    assert "endpoint=stats" in failures[0] and "HTTP 500" in failures[0]
    assert "endpoint=/status" in failures[1] and "HTTP 503" in failures[1]
