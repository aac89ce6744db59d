# SPDX-License-Identifier: Apache-2.0
"""Credentials for brokers: API keys, dashboard users and their tokens, roles and scopes."""

import re

import pytest

import certificates
from cycles import assert_told_once, body, lines, push_now, wait_pushes
from exposition import Exposition, assert_same
from listeners import Placed, Silence
from peers import need
from secret_watch import WATCH
from setups import ENDPOINTS, config, emqx_source, sink
from simulated_emqx import SimulatedEmqx

USER, PASSWORD, WRONG = "gatherer", "password-of-gatherer", "password-of-yesterday"
USERS = {"users": {USER: PASSWORD}}
API_KEY = {"key": "key-of-the-agent", "secret": "secret-of-that-key"}
BASIC_AUTH = {"username": API_KEY["key"], "password": API_KEY["secret"]}
# By SIGUSR1 alone; no tick falls into a test, not even where the clock is set forward.
BY_SIGNAL = {"interval": "24h", "splay": "0s"}
LOCK_S = 600


@pytest.fixture
def release():
    """release("6.3", ...) -> a broker of that release; its tokens are secrets"""
    brokers = []

    def start(profile="5.8", make=SimulatedEmqx, **options):
        brokers.append(make(profile=profile, **{**USERS, **options}).start())
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop()
        for token in broker.accounts._tokens:
            WATCH.register(token)


def login(password=PASSWORD, **more):
    return {"login": {"username": USER, "password": password, **more}}


def login_by_file(name="emqx.secret"):
    return {"login": {"username": USER, "password_file": name}}


def bearers(emqx):
    """The tokens of all requests, None where there was none."""
    found = []
    for request in emqx.requests:
        scheme, _, token = (request.header("authorization") or "").partition(" ")
        assert scheme in ("", "Bearer")
        found.append(token or None)
    return found


def up(pushed, **labels):
    """{endpoint: whether it delivered}"""
    return {dict(pairs)["endpoint"]: value for pairs, value in
            pushed.series("brokerpush_endpoint_up", **labels).items()}


def longest_row_of_failures(emqx):
    """Of logins, one after another."""
    longest = row = 0
    for _, good in emqx.logins:
        row = 0 if good else row + 1
        longest = max(longest, row)
    return longest


def assert_told(result, pattern):
    text = result.stderr if hasattr(result, "stderr") else result.log
    assert re.search(pattern, text), text


# API keys

@pytest.mark.parametrize("profile", ("5.8", "6.3"))
def test_an_api_key_opens_pages_and_json(agent, release, recorded, profile):
    emqx = release(profile, **API_KEY)
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], basic_auth=BASIC_AUTH),
                           sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text())
    assert up(group) == {"stats": 1, "nodes": 1}
    assert group.value("emqx_node_running", node="emqx@127.0.0.1") == 1
    assert group.value("emqx_packets_sent") is not None
    assert emqx.logins == []


@pytest.mark.parametrize("basic_auth", ({**BASIC_AUTH, "password": "another-secret"},
                                        {"username": "disabled-key", "password": "its-secret"}))
def test_a_wrong_or_disabled_key_is_told_with_what_to_check(agent, release, fake_gateway,
                                                            basic_auth):
    """EMQX says the same of both."""
    agent.configure(config(emqx_source(release("6.3", **API_KEY), basic_auth=basic_auth),
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=http_4xx ", "HTTP 401",
                     "BAD_API_KEY_OR_SECRET", "check the API key")


def test_without_credentials_6_3_is_told_with_what_to_set(agent, release, fake_gateway):
    agent.configure(config(emqx_source(release("6.3")), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "HTTP 401", "AUTHORIZATION_HEADER_ERROR",
                     "set basic_auth", "login")


def test_a_dashboard_user_s_password_as_a_key_is_told_to_be_a_login_s(agent, release,
                                                                      fake_gateway):
    agent.configure(config(emqx_source(
        release("6.3"), basic_auth={"username": USER, "password": PASSWORD}), sink(fake_gateway)))
    assert_told_once(agent.once().stderr, "source is down", "HTTP 401",
                     "a dashboard user needs login")


def test_a_wrong_key_costs_json_only_where_pages_are_open(agent, release, recorded):
    emqx = release("5.8", protect_pages=False, **API_KEY)
    agent.configure(config(emqx_source(
        emqx, endpoints=["stats", "nodes"], basic_auth={**BASIC_AUTH, "password": WRONG}),
        sink(recorded)))
    result = agent.once()
    assert result.code == 4
    group = Exposition.parse(recorded.metrics_text())
    assert up(group) == {"stats": 1, "nodes": 0}
    assert_told_once(result.stderr, "endpoint failed", "endpoint=nodes ", "HTTP 401",
                     "check the API key")


# A dashboard user

@pytest.mark.parametrize("profile", ("5.0", "5.8", "6.2", "6.3"))
def test_a_login_opens_pages_and_json(agent, release, recorded, profile):
    emqx = release(profile, protect_pages=True)
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], **login()),
                           sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert emqx.logins == [(USER, True)]
    assert up(Exposition.parse(recorded.metrics_text())) == {"stats": 1, "nodes": 1}
    asked = {request.path: token for request, token in zip(emqx.requests, bearers(emqx))}
    assert asked.pop("/api/v5/login") is None
    assert asked.pop("/status", None) is None
    assert len(asked) == 2 and all(asked.values())


@pytest.mark.parametrize("password", ('quotes"and\\slashes', "colons:and blanks ",
                                      "umlaute-\u00e4\u00f6\u00fc\u65e5", "\U0001f642-smiling"))
@pytest.mark.parametrize("by_file", (False, True))
def test_a_password_may_have_any_characters(agent, release, fake_gateway, password, by_file):
    emqx = release(protect_pages=True, users={USER: password})
    agent.configure(config(emqx_source(
        emqx, endpoints=["stats"], **(login_by_file() if by_file else login(password))),
        sink(fake_gateway)))
    agent.write_file("emqx.secret", password + "\n")
    assert agent.once().code == 0
    assert emqx.logins == [(USER, True)]


def test_a_password_may_come_from_the_environment(agent, release, fake_gateway):
    emqx = release(protect_pages=True)
    agent.configure(config(emqx_source(emqx, endpoints=["stats"], **login("${env:PASSWORD}")),
                           sink(fake_gateway)))
    assert agent.once(environment={"PASSWORD": WATCH.register(PASSWORD)}).code == 0
    assert emqx.logins == [(USER, True)]


class SecureEmqx(Placed, SimulatedEmqx):
    """A simulated broker behind TLS."""


def test_a_login_goes_through_tls(agent, release, fake_gateway, tmp_path):
    need(certificates.OPENSSL, "install the package openssl")
    authority = certificates.Authority(tmp_path / "authority")
    emqx = release(make=SecureEmqx, protect_pages=True,
                   tls=authority.issue("broker").server_context())
    for ca_file, code in ((authority.cert, 0), (certificates.Authority(tmp_path / "b").cert, 4)):
        agent.configure(config(emqx_source(
            emqx, endpoints=["stats"], tls_config={"ca_file": str(ca_file)}, **login()),
            sink(fake_gateway)))
        result = agent.once()
        assert result.code == code, result.stderr
    assert_told_once(result.stderr, "source is down", "reason=tls ")
    assert emqx.logins == [(USER, True)]


def test_one_token_serves_many_cycles(agent, release, fake_gateway):
    emqx = release(protect_pages=True)
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], **login()),
                           sink(fake_gateway), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(4):
        assert up(body(*push_now(running, fake_gateway))) == {"stats": 1, "nodes": 1}
    assert running.stop().code == 0
    assert emqx.logins == [(USER, True)]
    assert len(set(bearers(emqx))) == 2  # the token, and none at the login


class CountsRefusals(SimulatedEmqx):
    """Remembers what it said of tokens that it did not take."""

    def __init__(self, **options):
        super().__init__(**options)
        self.refusals = []
        refusal_of = self.accounts.refusal_of

        def counted(token):
            refusal = refusal_of(token)
            if refusal:
                self.refusals.append(refusal)
            return refusal

        self.accounts.refusal_of = counted


def test_a_token_is_renewed_before_it_ends(agent, release, fake_gateway, clock):
    emqx = release(make=CountsRefusals, protect_pages=True, clock=clock)
    agent.configure(config(emqx_source(emqx, endpoints=["stats"], **login()), sink(fake_gateway),
                           **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    for seconds, n_logins in ((1800, 1), (600, 1), (600, 2), (1800, 2), (1200, 3)):
        clock.forward(seconds)
        assert up(body(*push_now(running, fake_gateway))) == {"stats": 1}
        assert emqx.logins == [(USER, True)] * n_logins
    assert running.stop().code == 0
    assert emqx.refusals == []


@pytest.mark.parametrize("fault", ("500", "401", "reset"))
def test_a_token_that_cannot_be_renewed_is_used_to_its_end(agent, release, fake_gateway, clock,
                                                           fault):
    emqx = release(protect_pages=True, clock=clock)
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], **login()),
                           sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    clock.forward(2800)
    emqx.set_fault(fault, "login")
    for _ in range(3):
        assert up(body(*push_now(running, fake_gateway))) == {"stats": 1, "nodes": 1}
    emqx.expire_tokens()
    assert up(body(*push_now(running, fake_gateway))) == {"stats": 0, "nodes": 0}
    emqx.clear_faults()
    clock.forward(LOCK_S)
    assert up(body(*push_now(running, fake_gateway))) == {"stats": 1, "nodes": 1}
    assert_told(running.stop(), "endpoint failed.*endpoint=/login ")


class ExpiresAt(CountsRefusals):
    """Its tokens end when a certain request comes, once: in the middle of a cycle."""

    at = None

    def handle(self, connection, request):
        if self.at and request.path.endswith(self.at):
            self.at = None
            self.expire_tokens()
        return super().handle(connection, request)


@pytest.mark.parametrize("profile", ("5.8", "6.3"))
@pytest.mark.parametrize("at", ("stats", "auth", "listeners", "emqx%40127.0.0.1"))
def test_a_token_that_ends_in_mid_cycle_is_renewed_and_the_cycle_is_complete(
        agent, release, fake_gateway, profile, at):
    emqx = release(profile, make=ExpiresAt, protect_pages=True)
    agent.configure(config(emqx_source(
        emqx, endpoints=["stats", "auth", "listeners", "nodes"], **login()), sink(fake_gateway),
        **BY_SIGNAL))
    running = agent.start()
    whole = body(wait_pushes(running, fake_gateway, 1)[0])
    emqx.at = at
    assert_same(whole.broker(), body(*push_now(running, fake_gateway)).broker())
    assert_same(whole.broker(), body(*push_now(running, fake_gateway)).broker())
    result = running.stop()
    assert emqx.logins == [(USER, True)] * 2
    assert set(emqx.refusals) == {"TOKEN_TIME_OUT"}
    assert not re.search("level=(warn|error)", result.stderr)


def test_a_page_behind_the_limiter_is_complete_too_when_the_token_ends(agent, release,
                                                                       fake_gateway, clock):
    """A request that was refused for its token has not used the limiter's turn."""
    emqx = release("6.3", make=CountsRefusals, clock=clock)
    agent.configure(config(emqx_source(emqx, **login()), sink(fake_gateway),
                           **{**BY_SIGNAL, "interval": "8s"}))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 1)
    clock.forward(6)
    emqx.expire_tokens()
    pushed = body(*push_now(running, fake_gateway))
    assert up(pushed) == dict.fromkeys(ENDPOINTS, 1)
    assert pushed.value("brokerpush_endpoint_age_seconds", endpoint="data_integration") in (None, 0)
    assert running.stop().code == 0


def test_a_token_that_is_never_taken_leads_to_one_login_a_cycle_and_a_failure(
        agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("401", "json:nodes/{node}")
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], **login()),
                           sink(fake_gateway), **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(5):
        assert up(body(*push_now(running, fake_gateway))) == {"stats": 1, "nodes": 0}
    result = running.stop()
    assert len(emqx.logins) <= 6
    assert_told_once(result.stderr, "endpoint failed", "endpoint=nodes ", "HTTP 401")


# Refused logins

def refused(agent, emqx, *sinks, **more):
    """A configuration whose login is refused while the pages are open."""
    agent.configure(config(emqx_source(emqx, endpoints=[*ENDPOINTS, "nodes", "listeners"],
                                       **{**login(WRONG), **more}),
                           list(map(sink, sinks)), **BY_SIGNAL))


def open_pages(emqx):
    return Exposition.merged(emqx.page(name) for name in ENDPOINTS)


def test_after_two_refused_logins_there_is_none_until_the_lock_would_be_over(
        agent, release, recorded, clock):
    emqx = release(clock=clock)
    refused(agent, emqx, recorded)
    running = agent.start(environment=clock.environment)
    wait_pushes(running, recorded, 1)
    for _ in range(20):
        push_now(running, recorded)
    assert emqx.logins == [(USER, False)] * 2
    clock.forward(LOCK_S - 60)
    push_now(running, recorded)
    assert emqx.logins == [(USER, False)] * 2
    clock.forward(60)
    for _ in range(5):
        push_now(running, recorded)
    assert emqx.logins == [(USER, False)] * 4
    assert running.stop().code == 0


def test_open_pages_arrive_while_the_login_is_refused_and_json_says_why_not(agent, release,
                                                                            recorded):
    emqx = release()
    refused(agent, emqx, recorded)
    running = agent.start()
    wait_pushes(running, recorded, 1)
    for _ in range(3):
        pushed = body(*push_now(running, recorded))
        assert up(pushed) == {**dict.fromkeys(ENDPOINTS, 1), "nodes": 0, "listeners": 0}
        assert pushed.value("brokerpush_source_up") == 1
        assert_same(open_pages(emqx), pushed.broker())
    result = running.stop()
    for endpoint in ("nodes", "listeners"):
        found = [line for line in lines(result.stderr, "endpoint failed")
                 if f"endpoint={endpoint} " in line]
        assert len(found) == 1, result.stderr
        for part in (f"login as {USER} was refused", "HTTP 401", "BAD_USERNAME_OR_PWD",
                     "login.password"):
            assert part in found[0]


def test_a_refused_login_says_so_where_everything_is_protected(agent, release, fake_gateway):
    agent.configure(config(emqx_source(release("6.3"), **login(WRONG)), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "HTTP 401",
                     f"login as {USER} was refused", "BAD_USERNAME_OR_PWD")


def several(brokers, **more):
    """A source and a group for each; a broker several times stands for nodes of one cluster, whose
    accounts are the cluster's."""
    return [emqx_source(emqx, name=f"broker-{number}", job_name="${source}",
                        endpoints=["stats", "nodes"], **more)
            for number, emqx in enumerate(brokers)]


@pytest.mark.parametrize("profile", ("5.8", "6.3"))
def test_three_sources_of_one_account_never_lock_it(agent, release, fake_gateway, profile):
    emqx = release(profile)
    agent.configure(config(several([emqx] * 3, **login(WRONG)), sink(fake_gateway),
                           **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 3)
    for _ in range(12):
        push_now(running, *[fake_gateway] * 3)
    assert running.stop().code == 0
    assert 2 <= longest_row_of_failures(emqx) < 5, emqx.logins


@pytest.mark.parametrize("profile", ("5.8", "6.3"))
@pytest.mark.parametrize("n_sources", (1, 3))
def test_another_wrong_password_in_the_file_does_not_lock_the_account_either(
        agent, release, fake_gateway, n_sources, profile):
    emqx = release(profile)
    agent.configure(config(several([emqx] * n_sources, **login_by_file()),
                           sink(fake_gateway), **BY_SIGNAL))
    agent.write_file("emqx.secret", WRONG)
    running = agent.start()
    wait_pushes(running, fake_gateway, n_sources)
    for number in range(4):
        for _ in range(3):
            push_now(running, *[fake_gateway] * n_sources)
        agent.write_file("emqx.secret", WATCH.register(f"another-wrong-password-{number}"))
    assert running.stop().code == 0
    assert longest_row_of_failures(emqx) < 5, emqx.logins


def test_a_broker_that_takes_the_login_does_not_let_another_be_asked_into_its_lock(
        agent, release, fake_gateway):
    """Two clusters whose accounts have equal names: the good logins of one are none of the
    other's."""
    good = release(protect_pages=True)
    good.set_fault("delayed", "login", seconds=0.1)  # so the other one's refusal comes first
    bad = release(users={USER: WATCH.register("password-of-another-cluster")})
    agent.configure(config(several([good, bad], **login()), sink(fake_gateway),
                           **BY_SIGNAL))
    running = agent.start()
    wait_pushes(running, fake_gateway, 2)
    for _ in range(10):
        good.expire_tokens()
        push_now(running, *[fake_gateway] * 2)
    assert running.stop().code == 0
    assert all(is_good for _, is_good in good.logins)
    assert longest_row_of_failures(bad) < 5, bad.logins


def test_brokers_that_refuse_an_account_do_not_keep_it_from_others_for_ever(
        agent, release, fake_gateway, clock):
    """Several clusters, whose administrators have one name; only one of them has this password."""
    bad = [release(users={USER: WATCH.register("password-of-another-cluster")}, clock=clock)
           for _ in range(5)]
    good = release(protect_pages=True, clock=clock)
    agent.configure(config(several([*bad, good], **login()), sink(fake_gateway), **BY_SIGNAL))
    running = agent.start(environment=clock.environment)
    wait_pushes(running, fake_gateway, 6)
    for _ in range(4):
        for _ in range(3):
            push_now(running, *[fake_gateway] * 6)
        clock.forward(LOCK_S)
    assert running.stop().code == 0
    assert good.logins == [(USER, True)]
    assert all(longest_row_of_failures(emqx) < 10 for emqx in bad)


@pytest.mark.parametrize("n_sources", (5, 8))
def test_any_number_of_sources_of_one_account_log_in_in_the_first_cycle(
        agent, release, fake_gateway, n_sources):
    emqx = release(protect_pages=True)
    agent.configure(config(several([emqx] * n_sources, **login()), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert len(fake_gateway.pushes) == n_sources


def test_a_file_corrected_after_the_first_refusal_is_taken_at_once(agent, release, fake_gateway):
    emqx = release("6.3", users={USER: PASSWORD})
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], **login_by_file()),
                           sink(fake_gateway), **BY_SIGNAL))
    agent.write_file("emqx.secret", WRONG)
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    agent.write_file("emqx.secret", PASSWORD)
    push_now(running, fake_gateway)  # at whose end at the latest it is read again
    assert up(body(*push_now(running, fake_gateway))) == {"stats": 1, "nodes": 1}
    assert running.stop().code == 0
    assert emqx.logins[-1] == (USER, True)


@pytest.mark.parametrize("profile", ("5.8", "6.3"))
def test_a_file_corrected_while_no_login_is_made_is_taken_at_once(agent, release, fake_gateway,
                                                                  profile):
    """Two refusals have been, and the next try is ten minutes away: for the old password."""
    emqx = release(profile)
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], **login_by_file()),
                           sink(fake_gateway), **BY_SIGNAL))
    agent.write_file("emqx.secret", WRONG)
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(4):
        push_now(running, fake_gateway)
    assert emqx.logins == [(USER, False)] * 2
    agent.write_file("emqx.secret", PASSWORD)
    push_now(running, fake_gateway)
    assert up(body(*push_now(running, fake_gateway))) == {"stats": 1, "nodes": 1}
    result = running.stop()
    assert emqx.logins == [(USER, False)] * 2 + [(USER, True)]
    assert_told(result, "source is back" if profile == "6.3" else "endpoint is back.*=nodes ")


def test_a_locked_account_is_told_and_left_alone_until_its_lock_is_over(agent, release, recorded,
                                                                        clock):
    emqx = release(clock=clock)
    for _ in range(5):
        emqx.accounts.login(USER, "somebody's mistake")
    refused(agent, emqx, recorded, **login())
    running = agent.start(environment=clock.environment)
    wait_pushes(running, recorded, 1)
    for _ in range(5):
        assert up(body(*push_now(running, recorded))) == {
            **dict.fromkeys(ENDPOINTS, 1), "nodes": 0, "listeners": 0}
    assert len(emqx.logins) == 6
    clock.forward(LOCK_S + 1)
    assert set(up(body(*push_now(running, recorded))).values()) == {1}
    result = running.stop()
    assert emqx.logins[5:] == [(USER, False), (USER, True)]
    assert_told(result, f"login as {USER} was refused.*LOGIN_LOCKED")


# Logins that fail otherwise

@pytest.mark.parametrize("kind, options, reason", (
    ("500", {}, "http_5xx"), ("503", {}, "http_5xx"), ("404", {}, "http_4xx"),
    ("html", {}, "bad_body"), ("empty", {}, "bad_body"), ("binary", {}, "bad_body"),
    ("reset", {}, "bad_body"), ("page", {"text": '{"token":""}'}, "bad_body"),
    ("page", {"text": '{"token":"a b"}'}, "bad_body"),
    ("page", {"text": '{"token":["x"]}'}, "bad_body"),
))
def test_a_login_that_fails_costs_open_pages_nothing_and_is_tried_again(
        agent, release, fake_gateway, kind, options, reason):
    emqx = release()
    emqx.set_fault(kind, "login", **options)
    refused(agent, emqx, fake_gateway, **login())
    running = agent.start()
    pushed = body(wait_pushes(running, fake_gateway, 1)[0])
    assert up(pushed) == {**dict.fromkeys(ENDPOINTS, 1), "nodes": 0, "listeners": 0}
    assert_same(open_pages(emqx), pushed.broker())
    emqx.clear_faults()
    assert set(up(body(*push_now(running, fake_gateway))).values()) == {1}
    result = running.stop()
    assert_told(result, f"endpoint failed.*endpoint=nodes reason={reason} ")
    assert emqx.logins[-1] == (USER, True)


def test_a_login_that_is_never_answered_costs_open_pages_nothing(agent, release, fake_gateway):
    emqx = release()
    emqx.set_fault("silent", "login")
    refused(agent, emqx, fake_gateway, **login())
    agent.configure(config(emqx_source(emqx, endpoints=[*ENDPOINTS, "nodes"], **login()),
                           sink(fake_gateway), interval="4s"))
    result = agent.once()
    assert result.code == 4
    pushed = body(fake_gateway.pushes[0])
    assert up(pushed) == {**dict.fromkeys(ENDPOINTS, 1), "nodes": 0}
    assert_same(open_pages(emqx), pushed.broker())
    assert_told(result, "endpoint failed.*endpoint=nodes reason=timed_out ")


@pytest.mark.parametrize("code", (301, 302, 307))
def test_a_login_that_is_redirected_to_another_host_tells_it_nothing(agent, release, fake_gateway,
                                                                     code):
    emqx = release()
    with Silence() as other:
        emqx.set_fault("redirect", "login", code=code,
                       location=f"http://{other.address}:{other.port}/api/v5/login")
        refused(agent, emqx, fake_gateway, **login())
        result = agent.once()
        assert result.code == 4
        assert other.n_connections == 0
    assert_told(result, "endpoint failed.*endpoint=nodes reason=http_3xx ")
    assert_same(open_pages(emqx), body(fake_gateway.pushes[0]).broker())


# Roles and scopes

SCOPES = (
    ("stats", {}, "monitoring"), ("auth", {}, "monitoring"),
    ("data_integration", {}, "monitoring"),
    ("monitor_current", {}, "monitoring"), ("alarms", {}, "monitoring"),
    ("nodes", {}, "cluster_operations"), ("listeners", {}, "system"),
    ("license", {}, "license"), ("rules", {}, "data_integration"),
    ("banned", {}, "access_control"),
    # Of one node by its path, of all by another: each has a scope of its own.
    ("metrics", {}, "cluster_operations"),
    ("metrics", {"mode": "all_nodes_unaggregated"}, "monitoring"),
    ("stats", {"collect": "json"}, "cluster_operations"),
    ("auth", {"collect": "json"}, "access_control"),
    ("data_integration", {"collect": "json"}, "data_integration"),
)
ALL_SCOPES = {scope for _, _, scope in SCOPES}


def hinted(line):
    """The scope that the line says is needed, beside what the broker says."""
    return re.search(r"needs the role viewer, and the scope (\w+)", line)[1]


@pytest.mark.parametrize("endpoint, more, scope", SCOPES,
                         ids=["-".join([case[0], *case[1].values()]) for case in SCOPES])
def test_a_key_without_the_scope_is_told_with_the_scope_that_is_needed(
        agent, release, fake_gateway, endpoint, more, scope):
    emqx = release("6.3" if endpoint == "license" else "6.2", scopes=ALL_SCOPES - {scope},
                   **API_KEY)
    agent.configure(config(emqx_source(emqx, endpoints=[endpoint], basic_auth=BASIC_AUTH,
                                       **more), sink(fake_gateway)))
    result = agent.once()
    found = re.findall(r'.*HTTP 403.*', result.stderr)
    assert found, result.stderr
    assert "reason=http_4xx " in found[0] and "FORBIDDEN" in found[0]
    assert hinted(found[0]) == scope


@pytest.mark.parametrize("endpoint, more, scope", SCOPES,
                         ids=["-".join([case[0], *case[1].values()]) for case in SCOPES])
def test_a_key_with_that_scope_alone_is_enough(agent, release, fake_gateway, endpoint, more,
                                               scope):
    emqx = release("6.2", scopes={scope}, **API_KEY)
    agent.configure(config(emqx_source(emqx, endpoints=[endpoint], basic_auth=BASIC_AUTH, **more),
                           sink(fake_gateway)))
    result = agent.once()
    assert up(body(fake_gateway.pushes[0])) == {endpoint: 1}, result.stderr


def test_a_role_that_may_not_gather_is_told_with_the_one_that_is_needed(agent, release,
                                                                        fake_gateway):
    emqx = release("6.3", role="publisher", **API_KEY)
    agent.configure(config(emqx_source(emqx, basic_auth=BASIC_AUTH), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    line = assert_told_once(result.stderr, "source is down", "reason=http_4xx ", "HTTP 403",
                            "UNAUTHORIZED_ROLE", "role viewer")
    assert hinted(line) == "monitoring"


def test_a_name_that_a_scope_keeps_secret_is_told_with_that_scope(agent, release, fake_gateway):
    """5.8 tells the cluster's name in /cluster only."""
    emqx = release("5.8", scopes={"monitoring"}, **API_KEY)
    agent.configure(config(emqx_source(emqx, basic_auth=BASIC_AUTH,
                                       job_name="emqx/cluster/${cluster_name}"),
                           sink(fake_gateway)))
    result = agent.once()
    assert result.code == 1 and not fake_gateway.pushes
    found = [line for line in result.stderr.splitlines() if "HTTP 403" in line]
    assert found and hinted(found[0]) == "cluster_operations", result.stderr


# Configuration

def assert_fault(result, setting, *words):
    assert result.code == 3, result.stderr
    found = [line for line in result.stderr.splitlines() if f".{setting}:" in line]
    assert found, result.stderr
    assert all(word in found[0] for word in words), found[0]


@pytest.mark.parametrize("other", (
    {"basic_auth": BASIC_AUTH}, {"authorization": {"credentials": "token-of-somebody"}},
    {"headers": {"Authorization": "Bearer token-of-somebody"}}))
def test_a_login_stands_alone(agent, emqx, fake_gateway, other):
    agent.configure(config(emqx_source(emqx, **login(), **other), sink(fake_gateway)))
    assert_fault(agent.check_config(), "login", "use one of login, basic_auth")


@pytest.mark.parametrize("settings, setting, word", (
    ({"password": PASSWORD}, "login.username", "missing"),
    ({"username": "", "password": PASSWORD}, "login.username", "empty"),
    ({"username": USER}, "login.password", "missing"),
    ({"username": USER, "password": ""}, "login.password", "empty"),
    ({"username": USER, "password": PASSWORD, "password_file": "x"}, "login.password", "not both"),
    ({"username": USER, "password_file": "no-such-file"}, "login.password_file", "cannot be read"),
    ({"username": USER, "password": "two\nlines-of-it"}, "login.password", "line break"),
))
def test_a_login_has_a_user_and_one_password(agent, emqx, fake_gateway, settings, setting, word):
    agent.configure(config(emqx_source(emqx, login=settings), sink(fake_gateway)))
    assert_fault(agent.check_config(), setting, word)


@pytest.mark.parametrize("endpoint", ("metrics", "nodes", "monitor_current", "listeners", "alarms",
                                      "license", "rules", "banned"))
def test_what_json_alone_tells_needs_credentials(agent, emqx, fake_gateway, endpoint):
    agent.configure(config(emqx_source(emqx, endpoints=["stats", endpoint]), sink(fake_gateway)))
    assert_fault(agent.check_config(), "endpoints", f'"{endpoint}" needs credentials',
                 "basic_auth", "login")


def test_collecting_json_needs_credentials(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx, collect="json"), sink(fake_gateway)))
    assert_fault(agent.check_config(), "collect", "needs credentials", "basic_auth", "login")


@pytest.mark.parametrize("credentials", (login(), {"basic_auth": BASIC_AUTH}))
def test_with_credentials_of_either_kind_json_may_be_asked_for(agent, emqx, fake_gateway,
                                                               credentials):
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "nodes"], **credentials),
                           sink(fake_gateway)))
    result = agent.check_config()
    assert result.code == 0, result.stderr
