# SPDX-License-Identifier: Apache-2.0
"""Single clients of a broker: which requests a look makes, by release and credentials."""

import pytest

import emqx_client_pages
from client_watch import (API, CROWD, asked, asked_by_id, asked_lists, asked_pages, assert_silent,
                          connect, connected, failures, is_up, messages, named, of_class, once,
                          started, switches, watch)
from cycles import assert_told_once, body, push_now
from emqx_json import Refused
from exposition import assert_same
from releases import release  # noqa: F401  a fixture
from setups import KEY

# What is asked of each client whatever is switched on, and by the switches that are on by default.
BASE_FIELDS = ["clientid", "connected", "connected_at", "disconnected_at", "created_at",
               "mqueue_len"]
DEFAULT_FIELDS = [*BASE_FIELDS, "subscriptions_cnt", "inflight_cnt", "recv_msg", "send_msg",
                  "recv_oct", "send_oct", "recv_pkt", "send_pkt"]


@pytest.fixture
def emqx(release):
    return release()


def numbered(n, form="pump-{:03}"):
    return [form.format(number) for number in range(n)]


# One by one

@pytest.mark.parametrize("profile", ("5.0", "5.8", "6.3"))
def test_a_few_clients_are_asked_for_by_id_over_one_connection(agent, release, fake_gateway,
                                                               profile):
    emqx = release(profile)
    ids = numbered(40)
    connect(emqx, *ids[:30])
    running, first = started(agent, emqx, fake_gateway, *named(*ids))
    second = body(*push_now(running, fake_gateway))
    assert_silent(running.stop().stderr)
    assert connected(first) == connected(second) == {
        clientid: clientid in ids[:30] for clientid in ids}
    assert sorted(asked_by_id(emqx)) == sorted(ids * 2)
    assert not asked_lists(emqx)
    # At first /status was asked beside them.
    assert emqx.n_connections <= 2
    second_look = {request.connection for request in emqx.requests[-40:]}
    assert len(second_look) == 1


@pytest.mark.parametrize("clientid, segment", (
    ("a b", "a%20b"), ("..", "%2E%2E"), (".", "%2E"), ("a/b", "a%2Fb"), ("100%", "100%25"),
    ("a?b#c&d=e+f", "a%3Fb%23c%26d%3De%2Bf"), ("ü", "%C3%BC"), ("a\r\nX: y", "a%0D%0AX%3A%20y"),
    ("A-Z_0.9~", "A-Z_0.9~")))
def test_an_id_is_percent_encoded_in_a_path_and_in_a_list(agent, emqx, fake_gateway, clientid,
                                                          segment):
    connect(emqx, clientid)
    for monitored in named(clientid), named(clientid, *numbered(40)):
        told, _ = once(agent, emqx, fake_gateway, *monitored)
        assert connected(told)[clientid] == 1
    targets = [request.target for request in emqx.requests if request.path.startswith(API)]
    assert len(targets) == 2
    assert targets[0].upper() == f"{API}/{segment}".upper()
    assert f"&clientid={segment}&".upper() in f"{targets[1]}&".upper()


def test_one_that_fails_keeps_none_of_the_next_from_being_asked_for(agent, emqx, fake_gateway):
    connect(emqx, *"abcde")
    emqx.set_fault("500", "json:clients/b")
    emqx.set_fault("page", "json:clients/c", text="<html>", content_type="text/html")
    emqx.set_fault("page", "json:clients/d", text=b'{"clientid":"e","connected":true}',
                   content_type="application/json")
    told, log = once(agent, emqx, fake_gateway, *named(*"abcde"), code=4)
    assert asked_by_id(emqx) == [*"abcde"]
    assert connected(told) == {"a": 1, "e": 1}
    assert not is_up(told)


# By lists of ids

@pytest.mark.parametrize("form", ("pump-{:03}", "{:03} " + "x" * 90, "{:03}/" + "ü" * 250),
                         ids=("short ids", "long ids", "ids that grow by encoding"))
@pytest.mark.parametrize("profile", ("5.8", "6.3"))
def test_many_clients_are_asked_for_by_lists_of_ids(agent, release, recorded, profile, form):
    emqx = release(profile)
    ids = numbered(241, form)
    for number, clientid in enumerate(ids[:200]):
        emqx.clients.connect(clientid, recv_msg=number)
    told, log = once(agent, emqx, recorded, *named(*ids))
    assert_silent(log)
    assert connected(told) == {clientid: clientid in ids[:200] for clientid in ids}
    assert messages(told) == {clientid: number for number, clientid in enumerate(ids[:200])}
    queries = asked_lists(emqx)
    assert not asked_by_id(emqx)
    assert sorted(clientid for query in queries for clientid in query["clientid"]) == sorted(ids)
    assert max(len(query["clientid"]) for query in queries) <= 100
    assert {query["fields"][0] for query in queries} == {",".join(DEFAULT_FIELDS)}
    line = [f"{request.method} {request.target} {request.version}" for request in emqx.requests]
    assert max(map(len, line)) <= 8000
    if form == "pump-{:03}":
        assert len(queries) == 3


@pytest.mark.parametrize("profile, n, way", (
    ("5.8", 40, "one by one"), ("5.8", 41, "lists"), ("5.5", 41, "one by one"),
    ("5.4", 400, "one by one"), ("5.4", 401, "pages"), ("5.8", 401, "lists")))
def test_how_many_are_asked_for_and_the_release_choose_the_way(agent, release, fake_gateway,
                                                               profile, n, way):
    emqx = release(profile)
    ids = numbered(n)
    connect(emqx, *ids)
    told, _ = once(agent, emqx, fake_gateway, *named(*ids))
    assert connected(told) == dict.fromkeys(ids, 1)
    assert (len(asked_by_id(emqx)) == n) == (way == "one by one")
    assert any("clientid" in query for query in asked_lists(emqx)) == (way == "lists")
    assert bool(asked_pages(emqx)) == (way == "pages")


def test_a_list_that_fails_costs_its_own_clients_only(agent, emqx, fake_gateway):
    """The second request is cut off; the third one is good again."""
    ids = numbered(250)
    connect(emqx, *ids)
    answers = []

    def on_page(_):
        answers.append(None)
        if len(answers) == 2:
            raise Refused(500, "INTERNAL_ERROR", "crash")

    emqx.clients.on_page = on_page
    told, log = once(agent, emqx, fake_gateway, *named(*ids), code=4)
    assert sorted(map(len, (query["clientid"] for query in asked_lists(emqx)))) == [50, 100, 100]
    assert len(connected(told)) in (150, 200) and set(connected(told).values()) == {1}
    assert not is_up(told)
    assert "HTTP 500" in log


# Pages

@pytest.mark.parametrize("profile, limit, has_fields", (
    ("5.0", 1000, False), ("5.4", 1000, False), ("5.5", 10000, False), ("5.8", 10000, True),
    ("6.2", 10000, True), ("6.3", 10000, True)))
def test_patterns_are_asked_for_in_pages_as_large_as_the_release_has_them(
        agent, release, fake_gateway, profile, limit, has_fields):
    emqx = release(profile)
    emqx.clients.crowd(limit + 1)
    told, log = once(agent, emqx, fake_gateway, CROWD)
    assert_silent(log)
    assert of_class(told, "clients") == {"sensor-*": limit + 1}
    assert asked_pages(emqx) == [(1, limit), (2, limit)]
    fields = [query.get("fields") for query in asked_lists(emqx)]
    assert fields == [[",".join(DEFAULT_FIELDS)] if has_fields else None] * 2
    assert not asked_by_id(emqx)


def test_only_what_is_told_is_asked_for(agent, emqx, fake_gateway):
    once(agent, emqx, fake_gateway, CROWD, **switches())
    once(agent, emqx, fake_gateway, CROWD, **switches("reason_split", "dates"))
    fields = [query["fields"][0].split(",") for query in asked_lists(emqx)]
    assert fields == [BASE_FIELDS, [
        *BASE_FIELDS, "recv_msg.dropped.await_pubrel_timeout", "send_msg.dropped.expired",
        "send_msg.dropped.queue_full", "send_msg.dropped.too_large"]]


@pytest.mark.parametrize("claims", (True, False))
@pytest.mark.parametrize("n, n_pages", ((0, 1), (999, 1), (1000, 2), (1001, 2), (2000, 3)))
def test_hasnext_decides_whether_there_is_another_page(agent, release, fake_gateway, claims, n,
                                                       n_pages):
    """It may be true before an empty page: where the last one is exactly full."""
    emqx = release("5.4")
    emqx.clients.full_page_has_next = claims
    emqx.clients.crowd(n)
    told, log = once(agent, emqx, fake_gateway, CROWD)
    assert_silent(log)
    is_full = n and n % 1000 == 0
    assert [page for page, _ in asked_pages(emqx)] == list(
        range(1, n_pages + (0 if is_full and not claims else 1)))
    assert of_class(told, "clients") == {"sensor-*": n}
    assert is_up(told)


@pytest.mark.parametrize("n, n_pages", ((999, 1), (1000, 2), (1500, 2)))
def test_where_hasnext_is_missing_a_full_page_has_a_next_one(agent, release, fake_gateway, n,
                                                             n_pages):
    emqx = release("5.0")
    emqx.profile = emqx.profile._replace(release="5.0.14")
    emqx.clients.crowd(n)
    told, log = once(agent, emqx, fake_gateway, CROWD)
    assert_silent(log)
    assert [page for page, _ in asked_pages(emqx)] == list(range(1, n_pages + 1))
    assert of_class(told, "clients") == {"sensor-*": n}


@pytest.mark.parametrize("n_full", (0, 2))
def test_an_empty_page_is_the_last_one_whatever_it_says(agent, emqx, fake_gateway, n_full):
    emqx.clients.on_page = lambda page: b'{"data":[%s],"meta":{"hasnext":true}}' % (
        b'{"clientid":"%d","connected":true}' % page if page <= n_full else b"")
    told, log = once(agent, emqx, fake_gateway, {"glob": "*"})
    assert_silent(log)
    assert [page for page, _ in asked_pages(emqx)] == list(range(1, n_full + 2))
    assert len(connected(told)) == n_full and is_up(told)


@pytest.mark.parametrize("meta", (
    b',"meta":{"hasnext":false,"limit":10000,"page":1}', b',"meta":{}', b',"meta":null', b"",
    b',"meta":{"hasnext":null}', b',"meta":{"count":50,"hasnext":false}',
    b',"meta":{"count":"many","hasnext":"no"}'))
def test_no_count_is_needed(agent, emqx, fake_gateway, meta):
    emqx.clients.on_page = lambda page: (
        b'{"data":[{"clientid":"a","connected":true}]%s}' % meta)
    told, log = once(agent, emqx, fake_gateway, {"glob": "*"})
    assert_silent(log)
    assert connected(told) == {"a": 1}
    assert asked_pages(emqx) == [(1, 10000)]


@pytest.mark.parametrize("monitored", ([CROWD], named(*(f"sensor-{n:06}" for n in range(150)))),
                         ids=("pages", "lists"))
def test_a_broker_that_refuses_fields_is_asked_without_from_then_on(agent, emqx, fake_gateway,
                                                                    monkeypatch, monitored):
    monkeypatch.setattr(emqx_client_pages, "FIELDS", emqx_client_pages.FIELDS - {"mqueue_len"})
    emqx.clients.crowd(150)
    running, first = started(agent, emqx, fake_gateway, *monitored)
    n_first = len(asked_lists(emqx))
    second = body(*push_now(running, fake_gateway))
    assert_silent(running.stop().stderr)
    queries = asked_lists(emqx)
    assert [("fields" in query) for query in queries[n_first:]] == [False] * (n_first // 2)
    assert sum("fields" in query for query in queries) == n_first // 2
    for told in first, second:
        assert is_up(told)
        if monitored == [CROWD]:
            assert of_class(told, "clients") == {"sensor-*": 150}
        else:
            assert len(connected(told)) == 150 and set(connected(told).values()) == {1}


def test_a_page_that_is_too_large_comes_in_tenths_from_then_on(agent, emqx, fake_gateway):
    emqx.clients.crowd(2500)
    running, first = started(agent, emqx, fake_gateway, CROWD, body_size_limit="512KiB")
    since = len(emqx.requests)
    second = body(*push_now(running, fake_gateway))
    assert_silent(running.stop().stderr)
    tenths = [(1, 1000), (2, 1000), (3, 1000)]
    assert asked_pages(emqx) == [(1, 10000), *tenths, *tenths]
    assert asked_pages(emqx, since) == tenths
    for told in first, second:
        assert of_class(told, "clients") == {"sensor-*": 2500} and is_up(told)


def test_a_later_page_that_is_too_large_goes_on_where_it_would_have_begun(agent, release,
                                                                          fake_gateway):
    emqx = release("5.4")
    for clientid in numbered(1000, "sensor-{:04}"):
        emqx.clients.connect(clientid)
    for clientid in numbered(120, "sensor-x{:04}"):
        emqx.clients.connect(clientid, mountpoint="m" * 15000)
    told, log = once(agent, emqx, fake_gateway, CROWD, body_size_limit="1750KiB")
    assert_silent(log)
    assert asked_pages(emqx) == [(1, 1000), (2, 1000), (11, 100), (12, 100)]
    assert of_class(told, "clients") == {"sensor-*": 1120}


def test_a_page_of_a_few_rows_that_is_still_too_large_is_a_failure(agent, emqx, fake_gateway):
    emqx.clients.crowd(300)
    told, log = once(agent, emqx, fake_gateway, CROWD, body_size_limit="2KiB", code=4)
    assert asked_pages(emqx) == [(1, 10000), (1, 1000), (1, 100), (1, 10)]
    assert not of_class(told, "clients")
    assert "reason=too_large" in failures(log)[0]


@pytest.mark.parametrize("profile, status, limit, has_fields", (
    ("6.2", None, 10000, True), ("6.2", "404", 1000, False), ("5.8", "404", 1000, False),
    ("5.8", None, 10000, True), ("5.4", "404", 1000, False)))
def test_a_broker_that_does_not_tell_its_release_is_asked_for_what_all_have(
        agent, release, fake_gateway, profile, status, limit, has_fields):
    """The key may not ask /nodes; up to 5.8 /status tells the release, from 5.9 on only that it is
    one of those."""
    emqx = release(profile, scopes={"connections"})
    if status:
        emqx.set_fault(status, "status")
    emqx.clients.crowd(1500)
    told, log = once(agent, emqx, fake_gateway, CROWD)
    assert of_class(told, "clients") == {"sensor-*": 1500} and is_up(told)
    assert asked_pages(emqx) == [(page + 1, limit) for page in range(2 if limit == 1000 else 1)]
    assert ["fields" in query for query in asked_lists(emqx)] == [has_fields] * len(
        asked_pages(emqx))
    assert not failures(log)


def test_another_release_is_asked_in_its_own_way_soon_and_nobody_is_lost_meanwhile(
        agent, release, fake_gateway):
    """What the older one refused is asked of the newer one again."""
    emqx = release("5.4")
    emqx.clients.crowd(1500)
    running, _ = started(agent, emqx, fake_gateway, CROWD)
    for profile, pages, has_fields in (("5.8", [(1, 10000)], True),
                                       ("5.4", [(1, 1000), (2, 1000)], False),
                                       ("6.2", [(1, 10000)], True)):
        emqx.become(profile)
        for _ in range(3):
            since = len(emqx.requests)
            told = body(*push_now(running, fake_gateway))
            assert of_class(told, "clients") == ({"sensor-*": 1500} if is_up(told) else {})
        assert is_up(told)
        assert asked_pages(emqx, since) == pages
        assert {"fields" in query for query in asked_lists(emqx, since)} == {has_fields}


# Credentials

def test_a_wrong_key_is_told_with_what_to_check(agent, emqx, fake_gateway):
    told, log = once(agent, emqx, fake_gateway, {"glob": "*"}, code=4,
                     basic_auth={"username": "key", "password": "wrong-secret"})
    assert_told_once(log, "source is down", "reason=http_4xx ", "HTTP 401", "check the API key")
    assert not connected(told)
    assert len(asked(emqx)) == 1


@pytest.mark.parametrize("monitored", ([{"glob": "*"}], named("a", "b"), named(*numbered(50))),
                         ids=("pages", "one by one", "lists"))
def test_a_key_without_the_scope_is_told_which_it_needs(agent, release, fake_gateway, monitored):
    emqx = release("6.2", scopes={"monitoring", "cluster_operations"})
    told, log = once(agent, emqx, fake_gateway, *monitored, code=4)
    assert_told_once(log, "source is down", "reason=http_4xx ", "HTTP 403", "FORBIDDEN",
                     "the scope connections")
    assert not connected(told)
    assert len(asked(emqx)) == 1


LOGIN = {"basic_auth": None, "login": {"username": "gatherer", "password": "gatherers-password"}}
USERS = {"gatherer": "gatherers-password"}


@pytest.mark.parametrize("monitored", ([{"glob": "*"}], named("a", "b"), named("a", *numbered(50))),
                         ids=("pages", "one by one", "lists"))
@pytest.mark.parametrize("profile", ("5.4", "5.8", "6.3"))
def test_a_login_opens_clients(agent, release, fake_gateway, profile, monitored):
    emqx = release(profile, users=USERS)
    connect(emqx, "a")
    told, log = once(agent, emqx, fake_gateway, *monitored, **LOGIN)
    assert_silent(log)
    assert connected(told)["a"] == 1
    assert emqx.logins == [("gatherer", True)]
    assert {request.header("authorization").split()[0] for request in emqx.requests
            if request.path.startswith(API)} == {"Bearer"}


def test_a_token_that_ends_between_two_pages_is_renewed_and_the_look_is_complete(
        agent, release, fake_gateway):
    emqx = release("5.4", users=USERS)
    emqx.clients.crowd(3000, grows=0)
    running, whole = started(agent, emqx, fake_gateway, CROWD, **LOGIN)
    emqx.clients.on_page = lambda page: page == 1 and emqx.expire_tokens()
    since = len(emqx.requests)
    told = body(*push_now(running, fake_gateway))
    emqx.clients.on_page = None
    assert_same(whole.broker(), told.broker())
    assert is_up(told)
    assert [page for page, _ in asked_pages(emqx, since)][:3] == [1, 2, 2]
    assert emqx.logins == [("gatherer", True)] * 2
    assert_silent(running.stop().stderr)


def test_a_token_that_ends_between_two_clients_is_renewed_and_all_are_told(agent, release,
                                                                           fake_gateway):
    emqx = release(users=USERS)
    connect(emqx, *"abc")
    running, _ = started(agent, emqx, fake_gateway, *named(*"abc"), **LOGIN)
    emqx.expire_tokens()
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"a": 1, "b": 1, "c": 1} and is_up(told)
    assert emqx.logins == [("gatherer", True)] * 2
    assert_silent(running.stop().stderr)


def test_the_key_has_the_nodes_name_as_the_broker_tells_it(agent, emqx, recorded):
    connect(emqx, "a")
    once(agent, emqx, recorded, *named("a"), node=None)
    assert recorded.gateway.groups() == [KEY]


def test_without_the_nodes_name_nothing_is_pushed_that_needs_it(agent, release, fake_gateway):
    emqx = release(scopes={"connections"})
    connect(emqx, "a")
    emqx.set_fault("404", "status")
    result = watch(agent, emqx, fake_gateway, *named("a"), node=None).once()
    assert result.code == 1, result.stderr
    assert "node" in result.stderr
    assert fake_gateway.pushes == []
    told, _ = once(agent, emqx, fake_gateway, *named("a"), node=None, job_name="clients")
    assert connected(told) == {"a": 1}
