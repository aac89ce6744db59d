# SPDX-License-Identifier: Apache-2.0
"""EMQX Cloud: a deployment's two pages, names and types, https, and its 60 requests an hour."""

import re

import pytest

import certificates
from certificates import Authority
from cycles import assert_told_once, body, push_now, wait_pushes
from exposition import Exposition, Family, assert_gateway_serves, assert_same
from peers import need
from setups import ENDPOINTS, HOSTNAME, PATH, config, emqx_source, sink
from simulated_cloud import PAGES, SimulatedCloud

APP = {"app_id": "app-of-the-agent", "app_secret": "secret-of-that-app"}
BASIC_AUTH = {"username": APP["app_id"], "password": APP["app_secret"]}
BOTH = {"deployment_metrics", "data_integration"}
LONG_PREFIX = "deployment_emqx_metrics_"
COUNT_UP = {"deployment_emqx_rule_matched_count", "deployment_emqx_rule_action_execution_count"}
GROUP = {"job": "cloud", "instance": HOSTNAME}
# By SIGUSR1 alone; no tick falls into a test, not even where the clock is set forward.
BY_SIGNAL = {"interval": "24h", "splay": "0s"}
TURN_S = 120


class Cloud(SimulatedCloud):
    """Some of its pages may fail: `failing` has their names."""

    failing = ()

    def _answer(self, request):
        if PAGES.get(request.path) in self.failing:
            return self._error(500, "INTERNAL_ERROR", "Something went wrong")
        return super()._answer(request)


@pytest.fixture
def deployments():
    """deployments(vary=True, ...) -> a simulated deployment"""
    running = []

    def start(**options):
        running.append(Cloud(**{**APP, **options}).start())
        return running[-1]

    yield start
    for deployment in running:
        deployment.stop()


@pytest.fixture
def cloud(deployments):
    return deployments()


@pytest.fixture
def authority(tmp_path):
    need(certificates.OPENSSL, "install the package openssl")
    return Authority(tmp_path / "authority")


def cloud_source(cloud, **more):
    return {"name": "cloud", "type": "emqx_cloud", "url": f"{cloud.url}/api/v5",
            "basic_auth": BASIC_AUTH, **more}


def pages(cloud):
    return [cloud.page("overview"), cloud.page("integration")]


def platform(cloud):
    return Exposition.merged(pages(cloud))


def renamed(exposition, rename=str, retype=lambda name, kind: kind):
    """Its families under other names, and of other types."""
    families = {}
    for name, family in exposition.families.items():
        new = rename(name)
        families[new] = Family(retype(name, family.type), family.help, {
            (new, labels): value for (_, labels), value in family.samples.items()})
    return Exposition(families)


def self_hosted(name):
    return "emqx_" + name[len(LONG_PREFIX):] if name.startswith(LONG_PREFIX) else name


def corrected(name, kind):
    return "counter" if name in COUNT_UP else kind


def ages(pushed):
    return {dict(labels)["endpoint"]: value for labels, value in
            pushed.series("brokerpush_endpoint_age_seconds").items()}


def up(pushed):
    return {dict(labels)["endpoint"]: value for labels, value in
            pushed.series("brokerpush_endpoint_up").items()}


def assert_ages(pushed, seconds):
    """Of both pages; a cycle itself takes a moment."""
    told = ages(pushed)
    assert set(told) == BOTH
    assert all(seconds <= age < seconds + 10 for age in told.values()), told


# What arrives

def test_both_pages_arrive_with_all_families_labels_types_and_help(agent, cloud, recorded,
                                                                   promtool):
    agent.configure(config(cloud_source(cloud), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), pages(cloud), GROUP)
    assert up(group) == dict.fromkeys(BOTH, 1)
    assert group.value("brokerpush_quarantined_families") == 0
    assert "level=" not in result.stderr
    assert {(request.path, request.query) for request in cloud.requests} == {
        (path, "type=prometheus") for path in PAGES}
    code, said = promtool(recorded.pushes[0].body.decode())
    assert code in (0, 3), said


def test_labels_of_the_platform_stay_whatever_they_say(agent, deployments, recorded):
    cloud = deployments(labels={"deployment_id": 'quote"back\\slash', "deployment_type": "\u00fc",
                                "platform": "two\nlines"})
    agent.configure(config(cloud_source(cloud), sink(recorded)))
    assert agent.once().code == 0
    assert_gateway_serves(recorded.metrics_text(), pages(cloud), GROUP)


@pytest.mark.parametrize("endpoint, page", (("deployment_metrics", "overview"),
                                            ("data_integration", "integration")))
def test_one_page_may_be_asked_for_alone(agent, cloud, recorded, endpoint, page):
    agent.configure(config(cloud_source(cloud, endpoints=[endpoint]), sink(recorded)))
    assert agent.once().code == 0
    group = assert_gateway_serves(recorded.metrics_text(), [cloud.page(page)], GROUP)
    assert up(group) == {endpoint: 1}
    assert len(cloud.requests) == 1


def test_names_may_be_those_of_a_broker_of_ones_own(agent, cloud, recorded):
    agent.configure(config(cloud_source(cloud, names="self_hosted"), sink(recorded)))
    assert agent.once().code == 0
    group = Exposition.parse(recorded.metrics_text()).group(**GROUP)
    expected = renamed(platform(cloud), self_hosted)
    assert {"emqx_messages_received", "emqx_connections_count",
            "deployment_emqx_connections_count", "deployment_emqx_rule_status"} <= set(
                expected.families)
    assert_same(expected.with_labels(**GROUP), group.broker())
    # The platform's own help is kept under another name too, which assert_same does not look at.
    helps = {name: family.help for name, family in group.broker().families.items()}
    assert helps == {name: family.help for name, family in expected.families.items()}


@pytest.mark.parametrize("names", ("cloud", "self_hosted"))
def test_types_are_corrected_on_request_only(agent, cloud, recorded, names):
    rename = self_hosted if names == "self_hosted" else str
    for correct in (False, True):
        agent.configure(config(cloud_source(cloud, names=names, correct_types=correct),
                               sink(recorded)))
        assert agent.once().code == 0
        expected = renamed(platform(cloud), rename,
                           corrected if correct else lambda name, kind: kind)
        assert_same(expected.with_labels(**GROUP),
                    Exposition.parse(recorded.metrics_text()).group(**GROUP).broker())
    assert {name for name, family in expected.families.items()
            if name.startswith("deployment") and family.type == "counter"} >= COUNT_UP


def test_beside_a_broker_of_ones_own_the_same_names_have_the_same_types(agent, cloud, emqx,
                                                                       recorded):
    """A gateway would refuse whole pushes otherwise. Of two helps it serves one, so the bodies are
    what is compared."""
    agent.configure(config([emqx_source(emqx), cloud_source(
        cloud, names="self_hosted", correct_types=True)], sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    pushed = {push.path: body(push) for push in recorded.pushes}
    own = pushed.pop(PATH)
    [other] = pushed.values()
    assert_same(Exposition.merged(emqx.page(name) for name in ENDPOINTS), own.broker())
    assert_same(renamed(platform(cloud), self_hosted, corrected), other.broker())
    assert len(own.families.keys() & other.broker().families.keys()) > 100
    assert Exposition.parse(recorded.metrics_text()).total("brokerpush_quarantined_families") == 0


# Https

def secure_cloud(deployments, authority, **certificate):
    return deployments(tls=authority.issue("cloud", **certificate).server_context())


def trusting(authority):
    return {"tls_config": {"ca_file": str(authority.cert)}}


def test_https_with_the_platform_s_authority_is_verified_and_works(agent, deployments, authority,
                                                                   recorded):
    cloud = secure_cloud(deployments, authority)
    assert cloud.url.startswith("https://")
    agent.configure(config(cloud_source(cloud, **trusting(authority)), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert_gateway_serves(recorded.metrics_text(), pages(cloud), GROUP)


@pytest.mark.parametrize("fault", ("no authority", "another authority", "another name", "expired"))
def test_a_certificate_that_is_not_good_is_an_error_of_tls_and_nothing_is_asked(
        agent, deployments, authority, fake_gateway, tmp_path, fault):
    cloud = secure_cloud(deployments, authority, **{
        "another name": {"names": ("DNS:cloud.example",)}, "expired": {"days": -1}}.get(fault, {}))
    settings = {"no authority": {},
                "another authority": trusting(Authority(tmp_path / "other", "Other authority"))}
    agent.configure(config(cloud_source(cloud, **settings.get(fault, trusting(authority))),
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=tls ")
    assert cloud.requests == []


def check_url(agent, fake_gateway, url):
    agent.configure(config({"name": "cloud", "type": "emqx_cloud", "url": url,
                            "basic_auth": BASIC_AUTH}, sink(fake_gateway)))
    return agent.check_config()


@pytest.mark.parametrize("host", (
    "cloud.example:8443", "10.1.2.3", "127.example.com", "127.0.0.1.example.com:8443",
    "localhost.example.com", "localhost.", "[::2]:80", "[::1:2]"))
def test_a_secret_does_not_go_to_another_machine_in_clear_text(agent, fake_gateway, host):
    result = check_url(agent, fake_gateway, f"http://{host}/api/v5")
    assert result.code == 3, result.stdout
    assert "sources.cloud.url: must start with https://" in result.stderr


@pytest.mark.parametrize("url", (
    "https://cloud.example:8443/api/v5", "HTTPS://cloud.example/api/v5",
    "http://127.0.0.1:8080/api/v5", "http://localhost:8080", "http://localhost",
    "http://[::1]:8080/api/v5"))
def test_https_and_this_machine_are_good_places_for_a_secret(agent, fake_gateway, url):
    result = check_url(agent, fake_gateway, url)
    assert result.code == 0, result.stderr


# Credentials

@pytest.mark.parametrize("wrong", ({"username": "another-app"}, {"password": "another-secret"}))
def test_a_wrong_app_id_or_secret_is_told_with_the_platform_s_words(agent, cloud, fake_gateway,
                                                                    wrong):
    agent.configure(config(cloud_source(cloud, basic_auth={**BASIC_AUTH, **wrong}),
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=http_4xx ", "HTTP 401",
                     "BAD_APP_ID_OR_SECRET")
    pushed = body(fake_gateway.pushes[0])
    assert pushed.value("brokerpush_source_up") == 0 and not pushed.broker().families


def test_a_corrected_secret_is_used_at_the_next_turn(agent, cloud, fake_gateway, clock):
    agent.configure(config(cloud_source(cloud, basic_auth={
        "username": APP["app_id"], "password_file": "app.secret"}), sink(fake_gateway),
        **BY_SIGNAL))
    agent.write_file("app.secret", "secret-of-yesterday")
    running = agent.start(environment=clock.environment)
    assert up(body(wait_pushes(running, fake_gateway, 1)[0])) == dict.fromkeys(BOTH, 0)
    agent.write_file("app.secret", APP["app_secret"])
    for _ in range(2):
        clock.forward(TURN_S)
        pushed = body(*push_now(running, fake_gateway))
    assert up(pushed) == dict.fromkeys(BOTH, 1)
    assert running.stop().code == 0


# 60 requests an hour

@pytest.mark.parametrize("settings, rename, retype", (
    ({}, str, lambda name, kind: kind),
    ({"names": "self_hosted", "correct_types": True}, self_hosted, corrected)))
def test_between_its_turns_the_last_values_are_pushed_with_their_age(
        agent, deployments, fake_gateway, clock, settings, rename, retype):
    cloud = deployments(vary=True, clock=clock)
    agent.configure(config(cloud_source(cloud, **settings), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    pushed = body(wait_pushes(running, fake_gateway, 1)[0])
    for turn in range(1, 4):
        asked = renamed(platform(cloud), rename, retype)
        assert len(cloud.requests) == 2 * turn
        assert_same(asked, pushed.broker())
        assert_ages(pushed, 0)
        for seconds in (30, 60, 90):
            clock.forward(30)
            pushed = body(*push_now(running, fake_gateway))
            assert len(cloud.requests) == 2 * turn
            assert_same(asked, pushed.broker())
            assert_ages(pushed, seconds)
            assert up(pushed) == dict.fromkeys(BOTH, 1)
        clock.forward(30)
        pushed = body(*push_now(running, fake_gateway))
    assert running.stop().code == 0


def test_quick_cycles_do_not_ask_more_often(agent, deployments, fake_gateway):
    cloud = deployments(vary=True)
    agent.configure(config(cloud_source(cloud), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(10):
        pushed = body(*push_now(running, fake_gateway))
        assert_same(platform(cloud), pushed.broker())
        assert pushed.value("brokerpush_source_up") == 1
    assert len(cloud.requests) == 2
    scrapes = pushed.value("brokerpush_scrapes_total", source="cloud")
    assert scrapes == 2
    assert running.stop().code == 0


def test_a_cycle_shortly_before_the_next_turn_does_not_wait_for_it(agent, deployments,
                                                                   fake_gateway, clock):
    """It would hold up every push."""
    cloud = deployments(vary=True, clock=clock)
    agent.configure(config(cloud_source(cloud), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    clock.forward(TURN_S - 4)
    pushed = body(*push_now(running, fake_gateway))
    assert len(cloud.requests) == 2
    assert_same(platform(cloud), pushed.broker())
    assert_ages(pushed, TURN_S - 4)
    assert running.stop().code == 0


@pytest.mark.parametrize("endpoints, min_interval", (
    (list(BOTH), "2m"), (["deployment_metrics"], "1m")))
def test_an_hour_of_cycles_never_meets_the_platform_s_limit(
        agent, deployments, fake_gateway, clock, endpoints, min_interval):
    cloud = deployments(vary=True, clock=clock)
    agent.configure(config(cloud_source(cloud, endpoints=endpoints, min_interval=min_interval),
                           sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    for _ in range(3700 // 30):
        clock.forward(30)
        assert up(body(*push_now(running, fake_gateway))) == dict.fromkeys(endpoints, 1)
    result = running.stop()
    assert "level=warn" not in result.stderr
    assert 58 <= len(cloud.requests) <= 63


def test_a_tick_that_comes_a_little_early_does_not_meet_the_limit_either(agent, deployments,
                                                                         fake_gateway, clock):
    """The first was late by a twentieth of a second, all others are on time. An hour of sixty
    requests is long: here it is four minutes of four."""
    cloud = deployments(clock=clock, limit=4)
    cloud.HOUR = 2 * TURN_S
    agent.configure(config(cloud_source(cloud), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    begun = clock()
    for turn in range(1, 8):
        clock.forward(begun + turn * TURN_S - 0.05 - clock())
        assert up(body(*push_now(running, fake_gateway))) == dict.fromkeys(BOTH, 1), turn
    assert len(cloud.requests) >= 10
    assert running.stop().code == 0


# Failures

def assert_without(pushed, *endpoints):
    """These pages failed, and nothing of them is pushed."""
    assert up(pushed) == {**dict.fromkeys(BOTH, 1), **dict.fromkeys(endpoints, 0)}
    assert not set(endpoints) & set(ages(pushed))
    assert ("deployment_emqx_sessions_count" in pushed.families) == (
        "deployment_metrics" not in endpoints)
    assert ("deployment_emqx_rule_status" in pushed.families) == (
        "data_integration" not in endpoints)


def test_after_a_failure_at_its_turn_old_values_are_not_pushed(agent, deployments, fake_gateway,
                                                               clock):
    cloud = deployments(clock=clock)
    agent.configure(config(cloud_source(cloud), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    cloud.refuse()
    clock.forward(30)
    assert_without(body(*push_now(running, fake_gateway)))  # nobody was asked
    clock.forward(90)
    for _ in range(2):
        pushed = body(*push_now(running, fake_gateway))
        assert_without(pushed, *BOTH)
        assert pushed.value("brokerpush_source_up") == 0
        assert not pushed.broker().families
        clock.forward(30)
    cloud.accept_again()
    clock.forward(60)
    assert_without(body(*push_now(running, fake_gateway)))
    result = running.stop()
    assert_told_once(result.stderr, "source is down", "reason=unreachable ")
    assert_told_once(result.stderr, "source is back")
    assert len(cloud.requests) == 4


@pytest.mark.parametrize("page, endpoint", (("overview", "deployment_metrics"),
                                            ("integration", "data_integration")))
def test_one_page_that_fails_costs_the_other_nothing(agent, deployments, fake_gateway, clock,
                                                     page, endpoint):
    cloud = deployments(clock=clock)
    agent.configure(config(cloud_source(cloud), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    cloud.failing = (page,)
    for seconds in (TURN_S, 30, 30):
        clock.forward(seconds)
        assert_without(body(*push_now(running, fake_gateway)), endpoint)
    cloud.failing = ()
    clock.forward(60)
    assert_without(body(*push_now(running, fake_gateway)))
    result = running.stop()
    assert_told_once(result.stderr, "endpoint failed", f"endpoint={endpoint} ",
                     "reason=http_5xx ", "HTTP 500")
    assert_told_once(result.stderr, "endpoint is back", f"endpoint={endpoint} ")


def test_the_platform_is_left_alone_as_long_as_it_says(agent, deployments, fake_gateway, clock):
    cloud = deployments(clock=clock, limit=2, retry_after=True)
    agent.configure(config(cloud_source(cloud), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    clock.forward(3400)  # it says: in 200 s
    pushed = body(*push_now(running, fake_gateway))
    assert_without(pushed, *BOTH)
    for seconds in (TURN_S + 1, 30):
        clock.forward(seconds)
        assert_without(body(*push_now(running, fake_gateway)), *BOTH)
    assert len(cloud.requests) == 4
    clock.forward(50)
    assert_without(body(*push_now(running, fake_gateway)))
    result = running.stop()
    assert len(cloud.requests) == 6
    assert_told_once(result.stderr, "source is down", "reason=http_4xx ", "HTTP 429")
    assert_told_once(result.stderr, "source is back")


def test_without_its_word_the_platform_is_asked_again_at_the_next_turn(agent, deployments,
                                                                       fake_gateway, clock):
    cloud = deployments(clock=clock, limit=2)
    agent.configure(config(cloud_source(cloud), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    clock.forward(3500)
    assert_without(body(*push_now(running, fake_gateway)), *BOTH)
    clock.forward(30)
    assert_without(body(*push_now(running, fake_gateway)), *BOTH)
    assert len(cloud.requests) == 4
    clock.forward(90)
    assert_without(body(*push_now(running, fake_gateway)))
    assert running.stop().code == 0


# Configuration

def assert_fault(result, setting, *words):
    assert result.code == 3, result.stdout
    found = re.findall(rf"sources\.cloud\.{setting}: .*", result.stderr)
    assert found and all(word in found[0] for word in words), result.stderr


@pytest.mark.parametrize("endpoints, min_interval", (
    (BOTH, "1s"), (BOTH, "1m"), (BOTH, "119s"), ({"data_integration"}, "59s")))
def test_more_than_60_requests_an_hour_are_a_fault(agent, cloud, fake_gateway, endpoints,
                                                   min_interval):
    agent.configure(config(cloud_source(cloud, endpoints=list(endpoints),
                                        min_interval=min_interval), sink(fake_gateway)))
    assert_fault(agent.check_config(), "min_interval", "more than 60 times an hour",
                 f"raise it to {60 * len(endpoints)}s")


@pytest.mark.parametrize("endpoints, min_interval", (
    (BOTH, "2m"), (BOTH, "1h"), ({"data_integration"}, "1m")))
def test_60_requests_an_hour_are_none(agent, cloud, fake_gateway, endpoints, min_interval):
    agent.configure(config(cloud_source(cloud, endpoints=list(endpoints),
                                        min_interval=min_interval), sink(fake_gateway)))
    result = agent.check_config()
    assert result.code == 0, result.stderr


@pytest.mark.parametrize("settings, setting, words", (
    ({"endpoints": []}, "endpoints", ["is empty"]),
    ({"endpoints": ["stats"]}, "endpoints", ["stats", "deployment_metrics, data_integration"]),
    ({"endpoints": ["data_integration"] * 2}, "endpoints", ["twice"]),
    ({"names": "short"}, "names", ["cloud", "self_hosted"]),
    ({"basic_auth": None}, "basic_auth", ["app id", "app secret"]),
    ({"job_name": "${name}"}, "job_name", ["cannot tell ${name}"]),
    ({"login": {"username": "u", "password": "password-of-u"}}, "login", []),
    ({"mode": "node"}, "mode", []),
))
def test_what_a_deployment_s_settings_cannot_be(agent, cloud, fake_gateway, settings, setting,
                                                words):
    source = {name: value for name, value in cloud_source(cloud, **settings).items()
              if value is not None}
    agent.configure(config(source, sink(fake_gateway)))
    assert_fault(agent.check_config(), setting, *words)
