# SPDX-License-Identifier: Apache-2.0
"""A single cycle: from what a broker serves to what a real gateway serves, and how it ends."""

import base64

import pytest

from emqx_families import MODES, NODE as MODE_NODE
from exposition import Exposition, assert_gateway_serves, assert_same
from peers import get
from setups import (ENDPOINTS, HOSTNAME, KEY, NOBODY, PATH, Page, config,
                    emqx_source, exporter, nodes_of, running_nodes, sink)
from simulated_emqx import SimulatedEmqx

# Those that say something about a single cycle; the others are about a history.
SELF_METRICS_OF_A_SINGLE_CYCLE = {
    "brokerpush_build_info", "brokerpush_source_up", "brokerpush_endpoint_up",
    "brokerpush_endpoint_available", "brokerpush_source_scrape_duration_seconds",
    "brokerpush_source_samples", "brokerpush_source_body_bytes",
    "brokerpush_quarantined_families", "brokerpush_source_last_success_timestamp_seconds"}


@pytest.fixture
def serve():
    """serve(page) -> an exporter"""
    servers = []

    def start(page):
        servers.append(Page(page).start())
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def pages_of(emqx, mode=MODE_NODE):
    """What must arrive: what the broker served, and what the agent knows of the cluster."""
    known = [] if mode == MODE_NODE else [running_nodes(emqx.nodes)]
    return [emqx.page(endpoint, mode) for endpoint in ENDPOINTS] + known


def by_endpoint(exposition, name):
    return {dict(labels)["endpoint"]: value
            for labels, value in exposition.series(name, source="emqx").items()}


def questions(emqx):
    """The targets of what was asked beside the statistics."""
    return [request.target for request in emqx.requests if "/prometheus/" not in request.target]


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


# The whole way

@pytest.mark.parametrize("mode", MODES)
def test_one_put_makes_the_gateway_serve_what_the_cluster_served(agent, cluster, recorded, mode):
    source = emqx_source(cluster, mode=mode)
    del source["node"]
    agent.configure(config(source, sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert [(push.method, push.target) for push in recorded.requests] == [
        ("PUT", "/metrics/job/emqx1/instance/emqx1~127.0.0.1")]
    group = assert_gateway_serves(recorded.metrics_text(), pages_of(cluster, mode),
                                  {"job": "emqx1", "instance": "emqx1~127.0.0.1"})
    assert group.value("brokerpush_source_up", source="emqx") == 1
    every = dict.fromkeys(ENDPOINTS, 1)
    assert by_endpoint(group, "brokerpush_endpoint_up") == every
    assert by_endpoint(group, "brokerpush_endpoint_available") == every
    counts = {endpoint: len(nodes_of(cluster.page(endpoint, mode))) for endpoint in ENDPOINTS}
    assert by_endpoint(group, "brokerpush_endpoint_nodes") == {
        endpoint: count for endpoint, count in counts.items() if count}
    assert counts["stats"] == (0 if mode == MODE_NODE else 2)


@pytest.mark.parametrize("mode", MODES)
def test_dry_run_gives_the_same_body_and_promtool_takes_it(agent, cluster, promtool, mode):
    agent.configure(config(emqx_source(cluster, mode=mode), {
        "name": "gateway", "type": "pushgateway", "url": NOBODY}))
    result = agent.dry_run()
    assert result.code == 0, result.stderr
    assert result.stderr == f"PUT {NOBODY}{PATH}\n"
    assert_same(Exposition.merged(pages_of(cluster, mode)),
                Exposition.parse(result.stdout).broker())
    code, said = promtool(result.stdout)
    assert code in (0, 3), said


@pytest.mark.parametrize("by", ("setting", "/status"))
def test_default_template_gives_emqx_s_own_path(agent, emqx, recorded, by):
    source = emqx_source(emqx)
    if by == "/status":
        del source["node"]
    result = agent.configure(config(source, sink(recorded))).once()
    assert result.code == 0, result.stderr
    assert [push.target for push in recorded.pushes] == [PATH]
    assert KEY in [dict(labels) for labels in recorded.gateway.groups()]
    assert questions(emqx) == ["/status?format=json"]


@pytest.mark.parametrize("fault", (None, "500", "html", "404", "reset"))
@pytest.mark.parametrize("needs_no_node", ("by its template", "by its setting"))
def test_status_is_asked_once_and_may_fail_where_no_node_is_needed(agent, emqx, recorded,
                                                                   needs_no_node, fault):
    source = emqx_source(emqx)
    target = PATH
    if needs_no_node == "by its template":
        source["job_name"] = "${source}/instance/${hostname}"
        target = f"/metrics/job/emqx/instance/{HOSTNAME}"
        del source["node"]
    if fault:
        emqx.set_fault(fault, "status")
    result = agent.configure(config(source, sink(recorded))).once()
    assert result.code == 0, result.stderr
    assert [push.target for push in recorded.pushes] == [target]
    assert questions(emqx) == ["/status?format=json"]
    assert "status" not in result.stderr and "level=" not in result.stderr
    group = Exposition.parse(recorded.pushes[0].body.decode())
    assert by_endpoint(group, "brokerpush_endpoint_up") == dict.fromkeys(ENDPOINTS, 1)


def test_path_prefixes_and_trailing_slashes_of_both_urls_are_kept_apart(agent, emqx,
                                                                        fake_gateway):
    agent.configure(config(
        emqx_source(emqx, url=f"{emqx.url}/"),
        sink(fake_gateway, url=f"{fake_gateway.url}/behind/a.proxy/")))
    assert agent.once().code == 0
    assert [push.target for push in fake_gateway.pushes] == [f"/behind/a.proxy{PATH}"]
    assert all("//" not in request.target for request in emqx.requests)


def test_endpoints_are_asked_side_by_side(agent, emqx, fake_gateway):
    """The broker answers only once all three wait, and the question who it is beside them."""
    emqx.set_fault("together", count=len(ENDPOINTS) + 1)
    agent.configure(config(emqx_source(emqx, only_global=True), sink(fake_gateway)))
    assert agent.once().code == 0
    assert len(emqx.requests) == len(ENDPOINTS) + 1


def test_data_integration_is_asked_once_the_release_is_known(agent, emqx, fake_gateway):
    """Some releases limit how often it may be asked for all namespaces."""
    held_back = 0.3
    emqx.set_fault("delayed", "status", seconds=held_back)
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    assert agent.once().code == 0
    asked = {request.path.rpartition("/")[2]: request for request in emqx.requests}
    assert len(asked) == len(emqx.requests) == len(ENDPOINTS) + 1
    # `answered` is noted after the answer has gone out: the agent may be quicker than that.
    assert asked["data_integration"].received > asked["status"].received + held_back
    assert asked["auth"].received < asked["status"].answered > asked["stats"].received


@pytest.mark.parametrize("question", ("status", "json:nodes/{node}"))
def test_a_question_that_is_not_answered_costs_no_page(agent, fake_gateway, question):
    with SimulatedEmqx(profile="6.2", nodes=2, key="key", secret="secret") as emqx:
        emqx.set_fault("silent", question)
        agent.configure(config(emqx_source(
            emqx, mode="all_nodes_aggregated",
            basic_auth={"username": "key", "password": "secret"}), sink(fake_gateway)))
        result = agent.once()
        assert len([target for target in questions(emqx) if target != "/status?format=json"]) == (
            question != "status")
    assert result.code == 0, result.stderr
    assert "level=" not in result.stderr
    group = Exposition.parse(fake_gateway.pushes[0].body.decode())
    assert by_endpoint(group, "brokerpush_endpoint_up") == dict.fromkeys(ENDPOINTS, 1)


# What goes over the wire

@pytest.mark.parametrize("mode", MODES)
def test_the_broker_is_asked_for_statistics_as_text_only(agent, cluster, fake_gateway, mode):
    source = emqx_source(cluster, mode=mode)
    del source["node"]
    agent.configure(config(source, sink(fake_gateway))).once()
    query = "" if mode == MODE_NODE else f"?mode={mode}"
    assert sorted(request.target for request in cluster.requests) == sorted(
        [f"/api/v5/prometheus/{endpoint}{query}" for endpoint in ENDPOINTS]
        + ["/status?format=json"])
    for request in cluster.requests:
        kind = "application/json" if request.path == "/status" else "text/plain"
        assert (request.method, request.header("accept")) == ("GET", kind)
        assert request.body == b"" and request.header("content-type") is None


@pytest.mark.parametrize("size", (0, 3 << 20))
def test_a_push_has_a_length_and_its_type_and_no_expect(agent, emqx, fake_gateway, size):
    """libcurl by itself would ask 100-continue from 1 MiB on."""
    if size:
        emqx.set_fault("too_large", "stats", size=size)
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    (push,) = fake_gateway.requests
    assert push.method == "PUT"
    assert push.header("content-type") == "text/plain; version=0.0.4; charset=utf-8"
    assert push.header("content-length") == str(len(push.body)) and len(push.body) > size
    for absent in ("expect", "transfer-encoding", "content-encoding", "authorization"):
        assert push.header(absent) is None
    assert push.body.endswith(b"\n") and b"\r" not in push.body


def test_method_post_keeps_other_families_and_put_replaces_them(agent, emqx, recorded):
    for method, kept in (("post", 7), ("put", None)):
        recorded.gateway.push(PATH, "foreign 7\n", method="POST")
        recorded.forget_requests()
        agent.configure(config(emqx_source(emqx), sink(recorded, method=method)))
        assert agent.once().code == 0
        assert [push.method for push in recorded.requests] == [method.upper()]
        group = Exposition.parse(recorded.metrics_text()).group(**KEY)
        assert group.value("foreign") == kept
        assert group.value("brokerpush_source_up") == 1


CREDENTIALS = {
    "headers": ({"headers": {"X-Team": "iot", "X-Api-Key": "${env:TEST_SECRET}"}},
                {"x-team": "iot", "x-api-key": "pa:ss wörd", "authorization": None}),
    "headers as a list": ({"headers": [{"name": "x.dotted", "value": "${env:TEST_SECRET}"},
                                       {"name": "X-Empty", "value": ""}]},
                          {"x.dotted": "pa:ss wörd", "x-empty": ""}),
    "basic inline": ({"basic_auth": {"username": "user", "password": "${env:TEST_SECRET}"}},
                     {"authorization": basic("user", "pa:ss wörd")}),
    "basic by file": ({"basic_auth": {"username": "user", "password_file": "gateway.secret"}},
                      {"authorization": basic("user", "pa:ss wörd")}),
    "bearer inline": ({"authorization": {"credentials": "${env:TEST_SECRET}"}},
                      {"authorization": "Bearer pa:ss wörd"}),
    "bearer by file": ({"authorization": {"credentials_file": "gateway.secret"}},
                       {"authorization": "Bearer pa:ss wörd"}),
    "another scheme": ({"authorization": {"type": "Token", "credentials": "${env:TEST_SECRET}"}},
                       {"authorization": "Token pa:ss wörd"}),
    "the header itself": ({"headers": {"Authorization": "Custom ${env:TEST_SECRET}"}},
                          {"authorization": "Custom pa:ss wörd"}),
}


@pytest.mark.parametrize("what", CREDENTIALS)
@pytest.mark.parametrize("to", ("gateway", "broker"))
def test_headers_and_credentials_arrive_and_are_never_shown(agent, emqx, fake_gateway, what, to):
    settings, expected = CREDENTIALS[what]
    agent.write_file("gateway.secret", "pa:ss wörd\n")
    at_source, at_sink = (settings, {}) if to == "broker" else ({}, settings)
    agent.configure(config(emqx_source(emqx, **at_source), sink(fake_gateway, **at_sink)))
    result = agent.once("--log-level=debug", environment={"TEST_SECRET": "pa:ss wörd"})
    assert result.code == 0, result.stderr
    given, spared = (emqx, fake_gateway) if to == "broker" else (fake_gateway, emqx)
    asked = [request for request in given.requests if request.path != "/status"]
    assert len(asked) == (len(ENDPOINTS) if to == "broker" else 1)
    for request in asked:
        for name, value in expected.items():
            got = request.header(name)
            assert (got and got.encode("latin-1").decode()) == (value or got and value), name
    anonymous = [request for request in given.requests if request.path == "/status"]
    assert len(anonymous) == (to == "broker")
    for request in anonymous:
        assert not [name for name in expected if request.header(name) is not None]
    for request in spared.requests:
        assert request.header("authorization") is None and request.header("x-team") is None
    checked = agent.check_config(environment={"TEST_SECRET": "pa:ss wörd"})
    for shown in (result.stdout, result.stderr, checked.stdout, checked.stderr):
        assert "pa:ss" not in shown and "iot" not in shown


def test_an_api_key_opens_the_statistics_and_is_not_sent_to_status(agent, fake_gateway):
    with SimulatedEmqx(key="key", secret="secret") as emqx:
        source = emqx_source(emqx, basic_auth={"username": "key", "password": "secret"})
        del source["node"]
        agent.configure(config(source, sink(fake_gateway)))
        assert agent.once().code == 0
        assert {(request.path == "/status", request.header("authorization"))
                for request in emqx.requests} == {(True, None), (False, basic("key", "secret"))}


def test_a_wrong_api_key_costs_the_statistics_but_not_the_push(agent, recorded):
    with SimulatedEmqx(key="key", secret="secret") as emqx:
        agent.configure(config(
            emqx_source(emqx, basic_auth={"username": "key", "password": "wrong"}),
            sink(recorded)))
        result = agent.once()
    assert result.code == 4
    assert "401" in result.stderr and "wrong" not in result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(**KEY)
    assert group.value("brokerpush_source_up") == 0
    assert not group.broker().families


@pytest.mark.parametrize("secret", ("one\r\nX-Injected: yes", "one\nX-Injected: yes\n", "a\0b"))
def test_a_secret_file_with_a_line_break_injects_no_header(agent, emqx, fake_gateway, secret):
    agent.write_file("secret", secret)
    agent.configure(config(emqx_source(emqx), sink(
        fake_gateway, authorization={"credentials_file": "secret"})))
    result = agent.once()
    assert all(push.header("x-injected") is None for push in fake_gateway.pushes)
    assert result.code == 3, "a control byte is an error, as it is in an inline secret"
    assert "credentials_file" in result.stderr


# Labels

def test_labels_are_added_everywhere_and_a_sample_s_own_wins(agent, cluster, recorded):
    agent.configure(config(
        emqx_source(cluster, mode="all_nodes_unaggregated",
                    labels={"node": "ignored", "site": "from the source"}),
        sink(recorded), labels={"site": "from the top", "rack": 'r"1\\\nä'}))
    assert agent.once().code == 0
    added = {"node": "ignored", "site": "from the source", "rack": 'r"1\\\nä'}
    group = assert_gateway_serves(recorded.metrics_text(),
                                  pages_of(cluster, "all_nodes_unaggregated"), KEY, added)
    for family in group.self_metrics().families.values():
        for _, labels in family.samples:
            assert dict(labels)["rack"] == added["rack"]


def test_a_label_that_bears_a_key_s_name_is_exported(agent, serve, recorded):
    """Also with an equal value, and under a name that is still free."""
    page = ('m{node="other"} 1\n'
            'm{node="emqx@127.0.0.1"} 2\n'
            'm{node="a",exported_node="b"} 3\n'
            'm{exported_node="c"} 4\n'
            'm{job="j",instance="i"} 5\n'
            'm{node=""} 6\n')
    agent.configure(config(exporter(serve(page), job_name="j/node/${source}/instance/i"),
                           sink(recorded)))
    assert agent.once().code == 0
    key = {"job": "j", "node": "exporter", "instance": "i"}
    assert_gateway_serves(recorded.metrics_text(), [page], key)


# Self-metrics

def test_self_metrics_of_a_single_cycle_have_no_history(agent, emqx, recorded):
    """A counter that starts again with each run would look like a reset each time."""
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    assert agent.once().code == 0
    group = Exposition.parse(recorded.metrics_text()).group(**KEY)
    own = group.self_metrics()
    assert set(own.families) == SELF_METRICS_OF_A_SINGLE_CYCLE
    assert {family.type for family in own.families.values()} == {"gauge"}
    pages = pages_of(emqx)
    assert own.value("brokerpush_source_body_bytes") == sum(map(len, pages))
    assert own.value("brokerpush_source_samples") == sum(
        len(family.samples) for family in Exposition.merged(pages).families.values())
    assert own.value("brokerpush_quarantined_families") == 0
    assert own.value("brokerpush_build_info") == 1
    assert by_endpoint(own, "brokerpush_endpoint_available") == dict.fromkeys(ENDPOINTS, 1)


def test_what_is_named_has_to_be_there_and_so_nothing_tells_whether_it_is(agent, emqx, recorded):
    agent.configure(config(emqx_source(emqx, endpoints=["stats", "auth"]), sink(recorded)))
    assert agent.once().code == 0
    group = Exposition.parse(recorded.metrics_text()).group(**KEY)
    assert by_endpoint(group, "brokerpush_endpoint_up") == {"stats": 1, "auth": 1}
    assert by_endpoint(group, "brokerpush_endpoint_available") == {}


# Exit codes

def one_endpoint_lost(emqx, _):
    emqx.set_fault("500", "auth")


def endpoint_missing(emqx, _):
    emqx.set_fault("404", "data_integration")


def broker_down(emqx, _):
    emqx.set_fault("refused")


def gateway_says(code, text="", headers=None):
    return lambda _, gateway: gateway.set_fault("status", code=code, text=text,
                                                headers=headers or {})


ALL = list(ENDPOINTS)
ENDINGS = {
    "all is well": (0, None, {}),
    "the default asks for more than an old broker has": (0, endpoint_missing, {}),
    "a listed endpoint is missing": (4, endpoint_missing, {"endpoints": ALL}),
    "one endpoint fails": (4, one_endpoint_lost, {}),
    "the broker is down": (4, broker_down, {}),
    "202 is success too": (0, gateway_says(202), {}),
    "204 is no gateway's answer": (1, gateway_says(204), {}),
    "the push is rejected": (1, gateway_says(400, "pushed metrics are invalid\nmore"), {}),
    "the gateway fails": (1, gateway_says(500, "overloaded\nmore"), {}),
    "the gateway redirects": (1, gateway_says(307, headers={"Location": "/elsewhere"}), {}),
    "the gateway refuses": (1, lambda _, gateway: gateway.set_fault("refused"), {}),
    "both are down": (1, lambda emqx, gateway: (broker_down(emqx, None),
                                                gateway.set_fault("refused")), {}),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_exit_code_of_once(agent, emqx, fake_gateway, ending):
    code, prepare, settings = ENDINGS[ending]
    agent.configure(config(emqx_source(emqx, **settings), sink(fake_gateway)))
    if prepare:
        prepare(emqx, fake_gateway)
    result = agent.once()
    assert result.code == code, result.stderr
    assert result.stdout == ""
    assert "source emqx: " in result.stderr and "sink gateway: " in result.stderr


@pytest.mark.parametrize("missing, settings, line", (
    ((), {}, None),
    (("data_integration",), {}, "  not available: data_integration"),
    (("auth", "data_integration"), {}, "  not available: auth, data_integration"),
    (("auth", "data_integration"), {"endpoints": ALL}, None)),
    ids=("nothing is missing", "one", "two", "they were named"))
def test_what_is_not_available_stands_below_its_source(agent, emqx, fake_gateway, missing,
                                                       settings, line):
    for endpoint in missing:
        emqx.set_fault("404", endpoint)
    agent.configure(config(emqx_source(emqx, **settings), sink(fake_gateway)))
    told = agent.once().stderr.splitlines()
    at = next(i for i, text in enumerate(told) if text.startswith("source emqx: "))
    assert told[at].startswith(f"source emqx: {3 - len(missing)} of 3 endpoints, ")
    if line:
        assert told.pop(at + 1) == line
    assert told[at + 1].startswith("sink gateway: ") and len(told) == at + 2
    exposed = Exposition.parse(fake_gateway.pushes[0].body.decode())
    named = bool(settings)
    assert by_endpoint(exposed, "brokerpush_endpoint_up") == {
        endpoint: endpoint not in missing for endpoint in ENDPOINTS
        if named or endpoint not in missing}
    assert by_endpoint(exposed, "brokerpush_endpoint_available") == {
        endpoint: endpoint not in missing for endpoint in ENDPOINTS if not named}


@pytest.mark.parametrize("ending, said", (
    ("the push is rejected", "pushed metrics are invalid"),
    ("the gateway fails", "overloaded"),
    ("the gateway redirects", "/elsewhere"),
))
def test_a_gateway_s_refusal_is_quoted_by_its_first_line(agent, emqx, fake_gateway, ending, said):
    ENDINGS[ending][1](emqx, fake_gateway)
    result = agent.configure(config(emqx_source(emqx), sink(fake_gateway))).once()
    assert said in result.stderr and "more" not in result.stderr
    assert len(fake_gateway.requests) == 1, "a sink follows no redirect"


@pytest.mark.parametrize("code, prepare", (
    (0, None), (0, endpoint_missing), (4, one_endpoint_lost), (1, broker_down)))
def test_exit_code_of_dry_run(agent, emqx, code, prepare):
    """A body without a source's samples is no success; it is shown all the same."""
    if prepare:
        prepare(emqx, None)
    result = agent.configure(config(emqx_source(emqx), {
        "name": "gateway", "type": "pushgateway", "url": NOBODY})).dry_run()
    assert result.code == code, result.stderr
    body = Exposition.parse(result.stdout)
    assert body.value("brokerpush_source_up") == (code != 1)
    assert bool(body.broker().families) == (code != 1)


def test_one_of_two_gateways_down_is_a_partial_success(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx), [
        sink(fake_gateway), {"name": "gone", "type": "pushgateway", "url": NOBODY}]))
    result = agent.once()
    assert result.code == 4 and len(fake_gateway.pushes) == 1
    assert "sink gone: " in result.stderr and "sink=gone" in result.stderr


# Pages of others

@pytest.mark.parametrize("added, asked", (
    ("", "/metrics"), ("/", "/metrics"), ("/own", "/own"), ("/own/", "/own/"),
    ("/own?a=b", "/own?a=b"), ("?a=b", "/metrics?a=b"), ("/?a=b", "/metrics?a=b")))
def test_an_exporter_s_url_is_complete_but_for_an_empty_path(agent, serve, fake_gateway,
                                                             added, asked):
    server = serve("m 1\n")
    agent.configure(config(exporter(server, url=server.url + added), sink(fake_gateway)))
    agent.once()
    assert [request.target for request in server.requests] == [asked]
    accept = server.requests[0].header("accept")
    assert accept.startswith("text/plain;version=0.0.4,") and "json" not in accept


def test_a_family_in_two_endpoints_becomes_one(agent, emqx, recorded):
    """One TYPE, one HELP, samples of both; of an unlike TYPE the first endpoint's stays."""
    emqx.set_fault("page", "stats", text="# TYPE both gauge\n# HELP both one\nboth{a=\"1\"} 1\n"
                   "# TYPE clash gauge\nclash 1\n")
    emqx.set_fault("page", "auth", text="# TYPE both gauge\n# HELP both two\nboth{a=\"2\"} 2\n"
                   "both{a=\"1\"} 9\n# TYPE clash counter\nclash{b=\"1\"} 2\nrest 3\n")
    emqx.set_fault("page", "data_integration", text="both{a=\"3\"} 3\n")
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(**KEY)
    assert {dict(labels)["a"]: value for labels, value in group.series("both").items()} == {
        "1": 1, "2": 2, "3": 3}
    assert (group.families["both"].type, group.families["both"].help) == ("gauge", "one")
    assert group.value("clash") == 1 and group.value("rest") == 3
    assert group.value("brokerpush_quarantined_families") == 1
    assert "family=clash" in result.stderr
    body = recorded.pushes[0].body.decode()
    assert body.count("# TYPE both ") == 1 and body.count("# HELP both ") == 1


@pytest.mark.parametrize("fault", ("empty", "binary", "html"))
def test_what_is_no_page_costs_its_endpoint_only(agent, emqx, recorded, fault):
    emqx.set_fault(fault, "auth")
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    result = agent.once()
    assert result.code == 4, result.stderr
    group = assert_gateway_serves(
        recorded.metrics_text(), [emqx.page("stats"), emqx.page("data_integration")], KEY)
    assert group.value("brokerpush_endpoint_up", endpoint="auth") == 0
    assert "endpoint=auth" in result.stderr and "reason=bad_body" in result.stderr
