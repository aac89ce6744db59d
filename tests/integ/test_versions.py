# SPDX-License-Identifier: Apache-2.0
"""Releases from 4.4 to 6.3: where each keeps its statistics, and upgrades under a running agent."""

import pytest

from cycles import NO_TICK, assert_told_once, body, lines, push_now, wait_pushes
from emqx_families import MODES, NODE as MODE_NODE, PROFILES, UNAGGREGATED
from releases import (CLUSTER, PEER, RELEASES, asked, assert_has_all_text,
                      assert_json_says_the_same, endpoints, only, page, release, rows,
                      source_config)  # noqa: F401  release is a fixture
from setups import ENDPOINTS, NODE

OPEN = {"protect_pages": False}
NO_KEY = {"basic_auth": None}
FELL = "endpoint fails as text; its statistics come from JSON"
# Releases that answer any mode with one node's page, and say nothing.
WITHOUT_MODES = ("4.4", "5.0", "5.4")
# Asked for one namespace, a broker does not make its callers wait.
UNLIMITED = {"ns": "tenant_a"}
WITH_NO_MORE_THAN_STATS = {"stats": 1, "auth": 0, "data_integration": 0}


def once(agent, emqx, gateway, **settings):
    agent.configure(source_config(emqx, gateway, settings))
    return agent.once()


def pushed(agent, emqx, gateway, **settings):
    result = once(agent, emqx, gateway, **settings)
    assert result.code == 0, result.stderr
    return body(gateway.pushes[-1])


def started(agent, emqx, gateway, **settings):
    agent.configure(source_config(emqx, gateway, settings, **NO_TICK))
    running = agent.start()
    return running, body(wait_pushes(running, gateway, 1)[0])


def next_push(running, gateway):
    return body(push_now(running, gateway)[0])


def available(push):
    return {name for name, value in endpoints(push, "available").items() if value}


def version(push):
    """By the one sample of emqx_node_info; None if there is none."""
    found = [dict(labels)["version"] for labels in push.series("emqx_node_info")]
    assert len(found) <= 1
    return found[0] if found else None


# 4.4

@pytest.mark.parametrize("settings, options", ((NO_KEY, OPEN), ({}, {})))
def test_4_4_has_its_page_below_another_path(agent, release, fake_gateway, settings, options):
    emqx = release("4.4", **options)
    push = pushed(agent, emqx, fake_gateway, endpoints=["stats"], **settings)
    assert_has_all_text(page(emqx, "v4"), push)
    assert push.series("emqx_client_check_acl") and push.series("emqx_session_takeovered")
    assert [name for name, family in push.families.items()
            if name.startswith("emqx_") and not family.help] == []


@pytest.mark.parametrize("settings, options", ((NO_KEY, OPEN), ({}, {})))
def test_4_4_has_no_more_than_its_page_and_that_is_no_failure(
        agent, release, fake_gateway, settings, options):
    emqx = release("4.4", **options)
    result = once(agent, emqx, fake_gateway, **settings)
    assert result.code == 0, result.stderr
    assert "level=warn" not in result.stderr
    push = body(fake_gateway.pushes[0])
    assert endpoints(push, "available") == WITH_NO_MORE_THAN_STATS
    assert endpoints(push, "up") == {"stats": 1}


@pytest.mark.parametrize("settings, options", ((NO_KEY, OPEN), ({}, {})))
def test_4_4_is_known_as_such_from_the_second_cycle_on(
        agent, release, fake_gateway, settings, options):
    emqx = release("4.4", **options)
    running, first = started(agent, emqx, fake_gateway, **settings)
    emqx.forget_requests()
    push = next_push(running, fake_gateway)
    assert endpoints(push, "available") == endpoints(first, "available") == WITH_NO_MORE_THAN_STATS
    assert_has_all_text(page(emqx, "v4"), push)
    assert len(asked(emqx, "/api/v4/emqx_prometheus")) == 1 and not asked(emqx, "/api/v5/")
    assert running.stop().code == 0


def test_4_4_tells_all_it_has(agent, release, fake_gateway):
    emqx = release("4.4")
    running, _ = started(agent, emqx, fake_gateway, endpoints=["all"], **UNLIMITED)
    push = next_push(running, fake_gateway)
    assert available(push) == {"stats", "metrics", "nodes"}
    assert endpoints(push, "up") == {"stats": 1, "metrics": 1, "nodes": 1}
    assert set(endpoints(push, "available")) > {"auth", "listeners", "license", "topic_metrics"}
    assert_has_all_text(page(emqx, "v4"), push)
    assert version(push) == "4.4.19"
    assert only(push, "emqx_node_load1") > 0  # a string in 4.x
    assert not push.series("emqx_vm_uptime_ms")  # in words
    assert only(push, "emqx_client_acl_allow") > 0
    assert running.stop().code == 0


def test_4_4_tells_in_json_what_its_page_tells(agent, release, fake_gateway):
    emqx = release("4.4")
    push = pushed(agent, emqx, fake_gateway, endpoints=["stats"], collect="json")
    assert_json_says_the_same(page(emqx, "v4"), push.broker(), MODE_NODE)
    assert not asked(emqx, "emqx_prometheus") and endpoints(push, "up") == {"stats": 1}


def test_4_4_has_json_for_a_page_that_fails(agent, release, fake_gateway):
    emqx = release("4.4")
    running, _ = started(agent, emqx, fake_gateway, endpoints=["stats"])
    emqx.set_fault("500", "v4")
    push = next_push(running, fake_gateway)
    assert endpoints(push, "fallback") == {"stats": 1}
    assert_json_says_the_same(page(emqx, "v4"), push.broker(), MODE_NODE)
    emqx.clear_faults()
    assert not endpoints(next_push(running, fake_gateway), "fallback")
    assert_told_once(running.stop().stderr, FELL, "reason=http_5xx")


def test_a_plugin_that_is_not_loaded_is_a_page_that_is_missing(agent, release, fake_gateway):
    emqx = release("4.4", **OPEN)
    emqx.set_fault("404", "v4")
    result = once(agent, emqx, fake_gateway, endpoints=["stats"], **NO_KEY)
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=http_4xx", "HTTP 404")


# 5.0 to 5.4: no modes

@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("profile", WITHOUT_MODES)
def test_a_mode_that_is_ignored_is_an_error_and_not_wrong_data(
        agent, release, fake_gateway, profile, mode):
    emqx = release(profile, **CLUSTER, **OPEN)
    result = once(agent, emqx, fake_gateway, mode=mode, **NO_KEY)
    assert result.code == 4
    push = body(fake_gateway.pushes[0])
    assert push.value("brokerpush_source_up") == 0
    assert not push.broker().families
    assert_told_once(result.stderr, "source is down", "reason=bad_body", f"mode={mode}",
                     "releases before 5.5", 'set mode to \\"node\\", or credentials for JSON')


@pytest.mark.parametrize("mode", MODES[1:])
@pytest.mark.parametrize("profile", WITHOUT_MODES)
def test_json_knows_the_cluster_where_the_text_does_not(
        agent, release, fake_gateway, profile, mode):
    emqx = release(profile, **CLUSTER)
    result = once(agent, emqx, fake_gateway, mode=mode, endpoints=["stats"])
    assert result.code == 0, result.stderr
    push = body(fake_gateway.pushes[0])
    assert endpoints(push, "fallback") == {"stats": 1}
    assert endpoints(push, "nodes") == {"stats": 2}
    assert_json_says_the_same(page(emqx, "v4", "stats", mode=mode), push.broker(), mode)
    assert_told_once(result.stderr, FELL, "reason=bad_body", f"mode={mode}")


@pytest.mark.parametrize("profile", ("5.0", "5.4"))
def test_pages_that_came_later_are_json_where_there_are_credentials(
        agent, release, fake_gateway, profile):
    emqx = release(profile)
    result = once(agent, emqx, fake_gateway)
    assert result.code == 0, result.stderr
    assert "level=" not in result.stderr  # neither a failure nor something to remark
    push = body(fake_gateway.pushes[0])
    assert endpoints(push, "up") == endpoints(push, "available") == dict.fromkeys(ENDPOINTS, 1)
    assert not endpoints(push, "fallback")
    assert_has_all_text(page(emqx, "stats"), push)
    assert push.series("emqx_authn_total") and push.series("emqx_rule_matched")
    assert bool(push.series("emqx_action_matched")) == (profile == "5.4")


def test_such_pages_are_asked_as_text_once_and_as_json_each_time(agent, release, fake_gateway):
    emqx = release("5.4")
    running, first = started(agent, emqx, fake_gateway)
    emqx.forget_requests()
    push = next_push(running, fake_gateway)
    assert first.broker().families.keys() == push.broker().families.keys()
    assert endpoints(push, "up") == dict.fromkeys(ENDPOINTS, 1)
    assert [request.path for request in asked(emqx, "/prometheus/")] == [
        "/api/v5/prometheus/stats"]
    assert running.stop().code == 0


# 6.3: credentials by default, and no JSON of the pages

def test_6_3_without_credentials_says_what_to_do(agent, release, fake_gateway):
    emqx = release("6.3")
    result = once(agent, emqx, fake_gateway, **NO_KEY)
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=http_4xx", "HTTP 401",
                     "set basic_auth to an API key, or login to a dashboard user")


def test_6_3_with_a_dashboard_user_as_a_key_says_what_to_do(agent, release, fake_gateway):
    emqx = release("6.3")
    result = once(agent, emqx, fake_gateway,
                  basic_auth={"username": "admin", "password": "public"})
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "HTTP 401",
                     "check the API key; a dashboard user needs login")


def test_6_3_with_the_old_layout_is_open(agent, release, fake_gateway):
    emqx = release("6.3", **OPEN)
    push = pushed(agent, emqx, fake_gateway, **NO_KEY)
    assert_has_all_text(page(emqx, *ENDPOINTS), push)


@pytest.mark.parametrize("profile", RELEASES)
def test_no_page_is_ever_asked_for_in_json(agent, release, fake_gateway, profile):
    """6.3 refuses that with 400; and what has text only has no JSON anywhere else."""
    emqx = release(profile)
    emqx.set_fault("500", "stats")
    running, _ = started(agent, emqx, fake_gateway, endpoints=["all"], **UNLIMITED)
    next_push(running, fake_gateway)
    running.stop()
    assert {request.header("accept") for request in asked(emqx, "prometheus")} == {"text/plain"}


# What the release is

@pytest.mark.parametrize("profile", RELEASES)
def test_the_release_is_a_label(agent, release, fake_gateway, profile):
    emqx = release(profile)
    running, _ = started(agent, emqx, fake_gateway, endpoints=["stats", "nodes"])
    assert version(next_push(running, fake_gateway)) == PROFILES[profile].release
    assert running.stop().code == 0


@pytest.mark.parametrize("profile", ("5.0", "5.4", "5.5", "5.8"))
def test_the_release_is_told_without_credentials_as_long_as_the_broker_tells_it(
        agent, release, fake_gateway, profile):
    emqx = release(profile, **OPEN)
    push = pushed(agent, emqx, fake_gateway, endpoints=["all"], **NO_KEY)
    assert rows(push, "emqx_node_info", "node", "version") == {
        (NODE, PROFILES[profile].release): 1}


def test_each_node_of_a_cluster_has_its_release(agent, release, fake_gateway):
    emqx = release("6.2", **CLUSTER)
    push = pushed(agent, emqx, fake_gateway, endpoints=["nodes"], mode=UNAGGREGATED)
    assert {dict(labels)["node"]: dict(labels)["version"]
            for labels in push.series("emqx_node_info")} == {NODE: "6.2.2", PEER: "6.2.2"}


# An upgrade under a running agent

def upgraded(running, emqx, gateway, profile):
    """The first push that knows of the new release; the source is never down."""
    emqx.become(profile)
    for _ in range(3):
        push = next_push(running, gateway)
        assert push.value("brokerpush_source_up") == 1
        if version(push) == PROFILES[profile].release:
            return next_push(running, gateway)
    raise AssertionError(f"the release is not noticed:\n{running.log}")


def all_of(profile):
    """The endpoints that a release has of "all"."""
    lacking = set() if PROFILES[profile].is_enterprise else {"license"}
    json = {"metrics", "nodes", "monitor_current", "listeners", "alarms", "license"} - lacking
    if profile == "4.4":
        return {"stats", "metrics", "nodes"}
    return {*PROFILES[profile].endpoints} | {*ENDPOINTS} | json


def assert_has_all_of(emqx, push):
    """Of that release, and nothing of another: namespaces aside, of which one was asked for."""
    profile = next(name for name in RELEASES if PROFILES[name].release == version(push))
    assert emqx.profile.release == version(push)
    assert available(push) == all_of(profile)
    whole = [name for name in emqx.endpoints if name not in emqx.profile.limited]
    assert_has_all_text(page(emqx, *whole), push)
    assert bool(push.series("emqx_bytes_sent", namespace="tenant_a")) == \
        ("namespaced_stats" in emqx.profile.limited)


@pytest.mark.parametrize("steps", (
    ("5.8", "6.2", "6.3"), ("4.4", "5.8"), ("5.4", "5.5"), ("6.2", "5.8"), ("5.0", "4.4")),
    ids="-".join)
def test_an_upgrade_needs_no_restart(agent, release, fake_gateway, steps):
    """Nor does a step back."""
    emqx = release(steps[0])
    running, _ = started(agent, emqx, fake_gateway, endpoints=["all"], **UNLIMITED)
    assert_has_all_of(emqx, next_push(running, fake_gateway))
    for profile in steps[1:]:
        assert_has_all_of(emqx, upgraded(running, emqx, fake_gateway, profile))
    log = running.stop().stderr
    assert not lines(log, "source is down") and not lines(log, "endpoint failed")
    assert not lines(log, "family left out")


@pytest.mark.parametrize("before, after, name", (("4.4", "5.8", "stats"), ("5.0", "4.4", "v4")))
def test_an_upgrade_to_other_paths_is_noticed_however_late_the_page_is(
        agent, release, fake_gateway, before, after, name):
    """What was asked for in JSON meanwhile, below the old path, is not missing for an hour."""
    emqx = release(before)
    running, _ = started(agent, emqx, fake_gateway, endpoints=["all"], **UNLIMITED)
    assert_has_all_of(emqx, next_push(running, fake_gateway))
    emqx.set_fault("delayed", name, seconds=0.3)
    assert_has_all_of(emqx, upgraded(running, emqx, fake_gateway, after))
    assert running.stop().code == 0


def test_an_upgrade_to_modes_ends_the_fallback(agent, release, fake_gateway):
    emqx = release("5.4", **CLUSTER)
    running, first = started(agent, emqx, fake_gateway, mode=UNAGGREGATED)
    assert endpoints(first, "fallback") == {"stats": 1}
    push = upgraded_text(running, emqx, fake_gateway)
    assert not endpoints(push, "fallback")
    assert_has_all_text(page(emqx, *ENDPOINTS, mode=UNAGGREGATED), push)
    assert_told_once(running.stop().stderr, "endpoint answers as text again", "endpoint=stats")


def upgraded_text(running, emqx, gateway):
    """Pages that came with the release are asked for at the latest in the third cycle."""
    emqx.become("5.8")
    for _ in range(2):
        next_push(running, gateway)
    return next_push(running, gateway)


def test_an_upgrade_that_wants_credentials_is_told(agent, release, fake_gateway):
    emqx = release("6.2", key=None, secret=None)
    running, first = started(agent, emqx, fake_gateway, **NO_KEY)
    assert first.value("brokerpush_source_up") == 1
    emqx.become("6.3")
    push = next_push(running, fake_gateway)
    assert push.value("brokerpush_source_up") == 0 and not push.broker().families
    assert_told_once(running.stop().stderr, "source is down", "HTTP 401", "set basic_auth")


def test_a_peer_that_restarts_changes_nothing(agent, release, fake_gateway):
    emqx = release("5.8", **CLUSTER)
    running, first = started(agent, emqx, fake_gateway, endpoints=["all"], mode=UNAGGREGATED)
    emqx.kill(PEER)
    next_push(running, fake_gateway)
    emqx.revive(PEER)
    push = next_push(running, fake_gateway)
    assert available(push) == available(first) == all_of("5.8")
    assert running.stop().code == 0
