# SPDX-License-Identifier: Apache-2.0
"""A broker that misbehaves costs what it did not deliver, and nothing else."""

import pytest

import emqx_families as families
from cycles import (NO_TICK, TICKS, assert_told_once, bodies, body, lines, push_now,
                    wait_push, wait_pushes)
from exposition import Exposition, assert_gateway_serves, assert_same
from listeners import Endless
from loopback import LoopbackServer
from peers import FakeGateway
from setups import (ENDPOINTS, KEY, NOBODY, PATH, Page, config, emqx_source, exporter, nodes_of,
                    running_nodes, sink)
from simulated_emqx import SimulatedEmqx

LIMIT = "200KiB"
TOO_LARGE = {"size": 1 << 20}
# fault: (its options, the reason, what the log says of it)
FAULTS = {
    "silent": ({}, "timed_out", "no answer came within"),
    "reset": ({}, "bad_body", "broke off after"),
    "truncated": ({}, "bad_body", "broke off after"),
    "too_large": (TOO_LARGE, "too_large", "larger than 204800 bytes"),
    "html": ({}, "bad_body", "text/html"),
    "401": ({}, "http_4xx", "HTTP 401: {"),
    "403": ({}, "http_4xx", "HTTP 403: {"),
    "404": ({}, "http_4xx", "HTTP 404: 404 - NOT FOUND"),
    "429": ({}, "http_4xx", "HTTP 429: Too many requests"),
    "500": ({}, "http_5xx", "crashing_collector"),
    "503": ({}, "http_5xx", "The broker is starting"),
    "empty": ({}, "bad_body", "has no samples (0 bytes)"),
    "binary": ({}, "bad_body", "not metrics: line"),
}
# All endpoints at once can refuse, too.
FAULTS_OF_ALL = {"refused": ({}, "unreachable", "url="), **FAULTS}
PAGE = "# TYPE shop_orders counter\nshop_orders 12\n"


def source(emqx, kind, **more):
    """A short time-out for a broker that says nothing, so that the test need not wait long."""
    patience = {"timeout": "1s"} if kind == "silent" else {}
    return emqx_source(emqx, body_size_limit=LIMIT, **patience, **more)


def asked(emqx):
    """Which pages were asked for how often; all else aside."""
    paths = [request.path for request in emqx.requests]
    return {endpoint: paths.count(f"/api/v5/prometheus/{endpoint}") for endpoint in ENDPOINTS}


def times_asked_who_it_is(emqx):
    return [request.target for request in emqx.requests].count("/status?format=json")


def families_of(exposition):
    """Broker families by name, none of the agent's own."""
    return set(exposition.broker().families)


def pages_without(emqx, *endpoints):
    return [emqx.page(endpoint) for endpoint in ENDPOINTS if endpoint not in endpoints]


def failures(exposition, name="emqx"):
    """{reason: count} of a source."""
    series = exposition.series("brokerpush_scrape_failures_total", source=name)
    return {dict(labels)["reason"]: value for labels, value in series.items()}


def by_endpoint(exposition, what, name="emqx"):
    series = exposition.series(f"brokerpush_endpoint_{what}", source=name)
    return {dict(labels)["endpoint"]: value for labels, value in series.items()}


def endpoints_up(exposition, name="emqx"):
    return by_endpoint(exposition, "up", name)


def available(exposition, name="emqx"):
    return by_endpoint(exposition, "available", name)


# One endpoint

@pytest.mark.parametrize("endpoint", ("auth",))
@pytest.mark.parametrize("kind", FAULTS)
def test_fault_of_one_endpoint_costs_only_its_families(agent, emqx, gateway, kind, endpoint):
    options, reason, told = FAULTS[kind]
    emqx.set_fault(kind, endpoint, **options)
    agent.configure(config(source(emqx, kind, endpoints=ENDPOINTS), sink(gateway)))
    result = agent.once()
    assert result.code == 4, result.stderr
    group = assert_gateway_serves(gateway.metrics_text(), pages_without(emqx, endpoint), KEY)
    assert endpoints_up(group) == {name: name != endpoint for name in ENDPOINTS}
    assert not available(group) and not by_endpoint(group, "fallback")
    assert group.value("brokerpush_source_up", source="emqx") == 1
    assert_told_once(result.stderr, "endpoint failed", f"endpoint={endpoint} ",
                     f"reason={reason} ", told)
    assert not lines(result.stderr, "source is down")


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("kind", ("500", "truncated"))
def test_any_endpoint_may_be_the_one_that_fails(agent, emqx, gateway, kind, endpoint):
    emqx.set_fault(kind, endpoint)
    agent.configure(config(source(emqx, kind), sink(gateway)))
    assert agent.once().code == 4
    assert_gateway_serves(gateway.metrics_text(), pages_without(emqx, endpoint), KEY)


@pytest.mark.parametrize("kind", FAULTS)
def test_fault_of_one_endpoint_is_counted_by_its_reason_and_told_once(agent, emqx, fake_gateway,
                                                                      kind):
    options, reason, told = FAULTS[kind]
    agent.configure(config(source(emqx, kind, endpoints=ENDPOINTS), sink(fake_gateway),
                           **NO_TICK))
    emqx.set_fault(kind, "auth", **options)
    running = agent.start()
    first = body(wait_pushes(running, fake_gateway, 1)[0])
    again = body(*push_now(running, fake_gateway))
    emqx.clear_faults()
    healthy = body(*push_now(running, fake_gateway))
    result = running.stop()

    for number, pushed in enumerate((first, again), 1):
        assert failures(pushed) == {reason: number}
        assert endpoints_up(pushed) == {"stats": 1, "auth": 0, "data_integration": 1}
        assert pushed.value("brokerpush_source_up", source="emqx") == 1
        assert_same(Exposition.merged(pages_without(emqx, "auth")), pushed.broker())
    assert_same(Exposition.merged(pages_without(emqx)), healthy.broker())
    assert failures(healthy) == {reason: 2}
    assert set(endpoints_up(healthy).values()) == {1}
    assert healthy.value("brokerpush_scrapes_total", source="emqx") == 9
    assert_told_once(result.stderr, "endpoint failed", "endpoint=auth ", f"reason={reason} ",
                     told)
    assert_told_once(result.stderr, "endpoint is back", "endpoint=auth ", "failures=2")
    assert result.code == 0


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_endpoint_that_an_older_broker_lacks_is_no_failure_by_default(agent, emqx, gateway,
                                                                      endpoint):
    """404 for what the configuration did not ask for by name: not available, exit code 0."""
    emqx.set_fault("404", endpoint)
    agent.configure(config(emqx_source(emqx), sink(gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(gateway.metrics_text(), pages_without(emqx, endpoint), KEY)
    assert endpoints_up(group) == {name: 1 for name in ENDPOINTS if name != endpoint}
    assert available(group) == {name: name != endpoint for name in ENDPOINTS}
    assert_told_once(result.stderr, "endpoint is not available in this broker",
                     "level=info", f"endpoint={endpoint} ", "HTTP 404: 404 - NOT FOUND")
    assert not lines(result.stderr, "endpoint failed")
    assert f"\n  not available: {endpoint}\n" in result.stderr


def test_endpoint_that_the_configuration_lists_must_be_there(agent, emqx, gateway):
    emqx.set_fault("404", "data_integration")
    agent.configure(config(emqx_source(emqx, endpoints=ENDPOINTS), sink(gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "endpoint failed", "level=warn", "reason=http_4xx",
                     "endpoint=data_integration")
    assert "not available" not in result.stderr
    group = assert_gateway_serves(gateway.metrics_text(),
                                  pages_without(emqx, "data_integration"), KEY)
    assert endpoints_up(group) == {"stats": 1, "auth": 1, "data_integration": 0}
    assert not available(group)


@pytest.mark.parametrize("endpoint, tries", (
    ("stats", ["/api/v5/prometheus/stats", "/api/v4/emqx_prometheus"]),
    ("auth", ["/api/v5/prometheus/auth"])))
@pytest.mark.parametrize("settings", ({}, {"endpoints": ENDPOINTS}), ids=("by default", "named"))
def test_where_stats_is_missing_that_of_emqx_4_is_tried_once(agent, emqx, fake_gateway, settings,
                                                             endpoint, tries):
    emqx.set_fault("404", endpoint)
    emqx.set_fault("404", "v4")
    agent.configure(config(emqx_source(emqx, **settings), sink(fake_gateway)))
    assert agent.once().code == (4 if settings else 0)
    others = {f"/api/v5/prometheus/{name}" for name in ENDPOINTS if name != endpoint}
    paths = [request.path for request in emqx.requests]
    assert [path for path in paths if path not in {*others, "/status"}] == tries
    assert len(paths) == len(others) + 1 + len(tries)


@pytest.mark.parametrize("kind", ("401", "429", "500"))
def test_only_404_is_forgiven_of_a_default_endpoint(agent, emqx, fake_gateway, kind):
    emqx.set_fault(kind, "data_integration")
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    assert agent.once().code == 4
    pushed = body(fake_gateway.pushes[0])
    assert endpoints_up(pushed) == {"stats": 1, "auth": 1, "data_integration": 0}
    assert available(pushed) == dict.fromkeys(ENDPOINTS, 1)


def test_missing_endpoint_is_asked_once_told_once_and_never_a_failure(agent, emqx, fake_gateway):
    emqx.set_fault("404", "data_integration")
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(4):
        push_now(running, fake_gateway)
    log = running.stop().stderr
    assert_told_once(log, "endpoint is not available in this broker")
    assert not [line for line in log.splitlines() if "level=info" not in line]
    # A 404 is believed for an hour.
    assert asked(emqx) == {"stats": 5, "auth": 5, "data_integration": 1}
    for number, push in enumerate(fake_gateway.pushes, 1):
        pushed = body(push)
        assert endpoints_up(pushed) == {"stats": 1, "auth": 1}
        assert available(pushed) == {"stats": 1, "auth": 1, "data_integration": 0}
        assert pushed.value("brokerpush_scrapes_total", source="emqx") == 2 * number
        assert not failures(pushed)


def test_missing_endpoint_that_is_named_is_asked_and_counted_every_time(agent, emqx, fake_gateway):
    emqx.set_fault("404", "data_integration")
    agent.configure(config(emqx_source(emqx, endpoints=ENDPOINTS), sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    pushed = body(*push_now(running, fake_gateway))
    running.stop()
    assert asked(emqx) == dict.fromkeys(ENDPOINTS, 3)
    assert failures(pushed) == {"http_4xx": 3}
    assert pushed.value("brokerpush_scrapes_total", source="emqx") == 9


def test_missing_endpoint_is_asked_again_once_the_release_is_another(agent, fake_gateway):
    """The old one had the statistics only. Its successor is noticed by its new connections, after
    the cycle that opened them, and asked who it is in the next; only then is that one's 404 of
    before forgotten, for the cycle after."""
    with SimulatedEmqx(profile="5.4") as emqx:
        agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        push_now(running, fake_gateway)
        emqx.become("5.8")
        for _ in range(3):
            push_now(running, fake_gateway)
        log = running.stop().stderr
        assert times_asked_who_it_is(emqx) == 2
        assert asked(emqx) == {"stats": 5, "auth": 2, "data_integration": 2}
        assert_same(Exposition.merged(pages_without(emqx)), body(fake_gateway.pushes[4]).broker())
    assert [sorted(endpoints_up(body(push))) for push in fake_gateway.pushes] == [
        *[["stats"]] * 4, sorted(ENDPOINTS)]
    assert available(body(fake_gateway.pushes[3])) == {
        "stats": 1, "auth": 0, "data_integration": 0}
    assert available(body(fake_gateway.pushes[4])) == dict.fromkeys(ENDPOINTS, 1)
    assert len(lines(log, "endpoint is not available in this broker")) == 2


# All endpoints

@pytest.fixture
def shop():
    """A second source that is well."""
    with Page(PAGE) as server:
        yield server


@pytest.fixture
def second_gateway():
    with FakeGateway() as server:
        yield server


def assert_down(pushed, reason, n_failures):
    """The group says that the source is down, and why; nothing of the broker is in it."""
    assert pushed.value("brokerpush_source_up", source="emqx") == 0
    assert endpoints_up(pushed) == dict.fromkeys(ENDPOINTS, 0)
    assert failures(pushed) == {reason: n_failures}
    assert pushed.value("brokerpush_scrapes_total", source="emqx") is not None
    assert pushed.value("brokerpush_source_samples", source="emqx") == 0
    assert len(pushed.series("brokerpush_build_info")) == 1
    assert not [name for name in families_of(pushed) if name.startswith("emqx_")]


@pytest.mark.parametrize("kind", FAULTS_OF_ALL)
def test_source_that_is_down_says_so_in_its_group_and_comes_back(agent, emqx, shop, fake_gateway,
                                                                 second_gateway, kind):
    """A PUT replaces the group: what is left out is gone, so the push must say why. The other
    source has a group of its own, and both sinks get both."""
    options, reason, told = FAULTS_OF_ALL[kind]
    gateways = fake_gateway, second_gateway
    agent.configure(config(
        [source(emqx, kind, endpoints=ENDPOINTS), exporter(shop, job_name="shop")],
        [sink(fake_gateway), sink(second_gateway, name="second")], **NO_TICK))
    running = agent.start()
    for gateway in gateways:
        wait_pushes(running, gateway, 2)
    emqx.set_fault(kind, **options)
    push_now(running, *gateways, *gateways)
    push_now(running, *gateways, *gateways)
    emqx.clear_faults()
    push_now(running, *gateways, *gateways)
    result = running.stop()

    assert result.code == 0
    for gateway in gateways:
        of_emqx = [body(push) for push in gateway.pushes if push.target == PATH]
        of_shop = [body(push) for push in gateway.pushes if push.target == "/metrics/job/shop"]
        assert len(of_emqx) == len(of_shop) == 4
        for pushed in of_shop:
            assert_same(Exposition.parse(PAGE), pushed.broker())
            assert pushed.value("brokerpush_source_up", source="exporter") == 1
            assert not failures(pushed, "exporter")
        assert not failures(of_emqx[0])
        assert_down(of_emqx[1], reason, 3)
        assert_down(of_emqx[2], reason, 6)
        # The broker's values do not vary, so before and after are the same.
        for healthy in (of_emqx[0], of_emqx[3]):
            assert_same(Exposition.merged(pages_without(emqx)), healthy.broker())
            assert healthy.value("brokerpush_source_up", source="emqx") == 1
        assert failures(of_emqx[3]) == {reason: 6}
    assert sorted(bodies(fake_gateway.pushes)) == sorted(bodies(second_gateway.pushes))
    assert_told_once(result.stderr, "source is down", "source=emqx ", f"reason={reason} ", told)
    assert_told_once(result.stderr, "source is back", "source=emqx ", "failures=2")
    assert not lines(result.stderr, "endpoint failed")
    assert not lines(result.stderr, "push failed")


def test_broker_without_any_default_endpoint_is_down_and_asked_again(agent, emqx, fake_gateway):
    """That is rather a proxy that is set up wrongly, so its 404s are not believed; but they are no
    failed requests either."""
    emqx.set_fault("404")
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    assert asked(emqx) == dict.fromkeys(ENDPOINTS, 2)
    emqx.clear_faults()
    push_now(running, fake_gateway)
    result = running.stop()
    *down, back = [body(push) for push in fake_gateway.pushes]
    for pushed in down:
        assert pushed.value("brokerpush_source_up", source="emqx") == 0
        assert endpoints_up(pushed) == {} and available(pushed) == dict.fromkeys(ENDPOINTS, 0)
        assert pushed.value("brokerpush_scrapes_total", source="emqx") == 0
        assert not failures(pushed) and not families_of(pushed)
    assert_same(Exposition.merged(pages_without(emqx)), back.broker())
    assert endpoints_up(back) == available(back) == dict.fromkeys(ENDPOINTS, 1)
    assert back.value("brokerpush_scrapes_total", source="emqx") == 3
    assert_told_once(result.stderr, "source is down", "reason=http_4xx ", "HTTP 404: 404 - NOT")
    assert_told_once(result.stderr, "source is back", "failures=2")
    assert not lines(result.stderr, "endpoint is not available in this broker")


@pytest.mark.parametrize("kind", FAULTS_OF_ALL)
def test_source_of_the_same_group_is_unaffected(agent, emqx, shop, gateway, kind):
    options, reason, told = FAULTS_OF_ALL[kind]
    emqx.set_fault(kind, **options)
    agent.configure(config(
        [source(emqx, kind, endpoints=ENDPOINTS),
         exporter(shop, job_name="emqx/instance/emqx~127.0.0.1")], sink(gateway)))
    result = agent.once()
    assert result.code == 4, result.stderr
    group = assert_gateway_serves(gateway.metrics_text(), [PAGE], KEY)
    assert group.value("brokerpush_source_up", source="emqx") == 0
    assert group.value("brokerpush_source_up", source="exporter") == 1
    assert_told_once(result.stderr, "source is down", "source=emqx ", f"reason={reason} ", told)


def test_recovery_and_failure_of_a_source_in_a_shared_group(agent, emqx, shop, fake_gateway):
    agent.configure(config(
        [source(emqx, "500"), exporter(shop, job_name="emqx/instance/emqx~127.0.0.1")],
        sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    emqx.set_fault("500")
    push_now(running, fake_gateway)
    emqx.clear_faults()
    push_now(running, fake_gateway)
    assert running.stop().code == 0
    healthy, down, back = (body(push) for push in fake_gateway.pushes)
    for pushed in (healthy, back):
        assert_same(Exposition.merged([*pages_without(emqx), PAGE]), pushed.broker())
    assert_same(Exposition.parse(PAGE), down.broker())
    assert_down(down, "http_5xx", 3)


@pytest.mark.parametrize("kind", ("refused", "500"))
def test_down_from_the_start_is_pushed_too(agent, emqx, gateway, kind):
    """Whoever watches the gateway must see it, even if it never worked."""
    emqx.set_fault(kind)
    agent.configure(config(emqx_source(emqx), sink(gateway)))
    assert agent.once().code == 4
    group = assert_gateway_serves(gateway.metrics_text(), [], KEY)
    assert group.value("brokerpush_source_up", source="emqx") == 0


def test_each_cause_of_an_outage_is_told(agent, emqx, fake_gateway):
    """The log reports changes, and another reason is one."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    emqx.set_fault("500")
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    emqx.set_fault("401")
    push_now(running, fake_gateway)
    push_now(running, fake_gateway)
    emqx.clear_faults()
    push_now(running, fake_gateway)
    log = running.stop().stderr
    down = lines(log, "source is down")
    assert ["reason=http_5xx" in line for line in down] == [True, False], log
    assert "reason=http_4xx" in down[1]
    assert_told_once(log, "source is back", "failures=4")


def test_long_outage_is_told_at_each_doubling(agent, emqx, fake_gateway):
    """So that the end of a log shows it too, without a line for every cycle."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    emqx.set_fault("500")
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(8):
        push_now(running, fake_gateway)
    emqx.clear_faults()
    push_now(running, fake_gateway)
    log = running.stop().stderr
    assert_told_once(log, "source is down", "level=error")
    assert len(lines(log, "source is still down")) == 3, log  # at 2, 4 and 8 failures
    assert_told_once(log, "source is back", "failures=9")


@pytest.mark.parametrize("status", (429, 503))
def test_broker_that_asks_for_a_pause_gets_it(agent, fake_gateway, status):
    head = f"HTTP/1.1 {status} No\r\nRetry-After: 200\r\nContent-Length: 0\r\n\r\n"
    with Raw(head.encode()) as server:
        agent.configure(config(exporter(server), sink(fake_gateway), **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        push_now(running, fake_gateway)
        last = body(*push_now(running, fake_gateway))
        log = running.stop().stderr
        assert len(server.requests) == 1
    reason = f"http_{status // 100}xx"
    assert failures(last, "exporter") == {reason: 1, "skipped": 2}
    assert last.value("brokerpush_source_up") == 0
    assert_told_once(log, "source is down", f"reason={reason} ")


def test_retry_after_of_another_status_means_nothing(agent, fake_gateway):
    """EMQX sends it with a healthy /status too."""
    head = b"HTTP/1.1 500 No\r\nRetry-After: 200\r\nContent-Length: 0\r\n\r\n"
    with Raw(head) as server:
        agent.configure(config(exporter(server), sink(fake_gateway), **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        push_now(running, fake_gateway)
        assert running.stop().code == 0
        assert len(server.requests) == 2


# Real ticks

@pytest.mark.parametrize("kind", ("silent", "refused", "500"))
def test_ticks_go_on_while_the_broker_is_down_and_the_first_after_it_is_good(agent, emqx,
                                                                             fake_gateway, kind):
    """With a silent broker the collect deadline ends each cycle: no time-out is configured."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **TICKS))
    running = agent.start()
    wait_push(running, fake_gateway, lambda e: e.value("brokerpush_source_up") == 1)
    emqx.set_fault(kind)
    wait_push(running, fake_gateway, lambda e: e.value("brokerpush_source_up") == 0)
    wait_pushes(running, fake_gateway, len(fake_gateway.pushes) + 2)
    emqx.clear_faults()
    seen = len(fake_gateway.pushes)
    # The cycle that the fault's end falls into may still be bad, the next may not.
    after = [body(push) for push in wait_pushes(running, fake_gateway, seen + 2)[seen:]]
    result = running.stop()
    assert result.code == 0
    assert after[1].value("brokerpush_source_up") == 1, result.stderr
    assert_same(Exposition.merged(pages_without(emqx)), after[1].broker())
    assert after[1].value("brokerpush_cycles_skipped_total") == 0
    assert_told_once(result.stderr, "source is down")
    assert_told_once(result.stderr, "source is back")


# Answers beyond the simulated broker's faults

@pytest.mark.parametrize("head", ("Content-Type: text/plain\r\n",
                                  "Transfer-Encoding: chunked\r\n"), ids=("close", "chunked"))
def test_body_size_limit_holds_without_an_announced_length(agent, fake_gateway, head):
    with Endless(head) as server:
        agent.configure(config(exporter(server, body_size_limit=LIMIT), sink(fake_gateway)))
        result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", "reason=too_large ")


class Raw(LoopbackServer):
    """Sends exactly these bytes and closes."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def handle(self, connection, request):
        connection.send(self.data)
        return False


@pytest.mark.parametrize("data, reason", (
    (b"", "unreachable"),
    (b"\x16\x03\x01\x02\x00\x01", "bad_body"),
    (b"220 mail.example ESMTP\r\n", "bad_body"),
    (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", "bad_body"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nx 1\n", "too_large"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx 1\n", "bad_body"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nx 1\n", "bad_body"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nx 1\n", "bad_body"),
    (b"HTTP/1.1 204 No Content\r\n\r\n", "bad_body"),
    (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:1/\r\nContent-Length: 0\r\n\r\n",
     "http_3xx"),
), ids=("nothing", "tls", "smtp", "half-a-head", "huge-length", "negative-length", "half-a-chunk",
        "no-chunk", "204", "redirect"))
def test_what_is_no_answer_is_a_failure_with_a_reason(agent, fake_gateway, data, reason):
    with Raw(data) as server:
        agent.configure(config(exporter(server), sink(fake_gateway)))
        result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "source is down", f"reason={reason} ")
    assert body(fake_gateway.pushes[0]).value("brokerpush_source_up") == 0


def test_error_text_of_a_broker_stays_one_line_without_control_bytes(agent, emqx, fake_gateway):
    """A terminal or a log must not obey what a broker says."""
    text = b'x" level=fatal msg="\x1b[31mred\x07\r\nlevel=error msg=forged\n\xff 1\n'
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    for status in (b"500 Bad", b"200 OK"):
        head = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n" % (status, len(text))
        with Raw(head + text) as server:
            agent.configure(config(exporter(server), sink(fake_gateway)))
            result = agent.once()
        assert_told_once(result.stderr, "source is down")
        assert "\x1b" not in result.stderr and "\x07" not in result.stderr
        assert not [line for line in result.stderr.splitlines()
                    if line.startswith("level=error")]


# Families that cannot go out as they are

def test_bad_family_costs_only_itself(agent, emqx, gateway):
    emqx.set_fault("bad_family", "stats")
    agent.configure(config(emqx_source(emqx), sink(gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert_gateway_serves(gateway.metrics_text(), pages_without(emqx), KEY)
    assert_told_once(result.stderr, "repaired what the source sends; told once",
                     "source=emqx ", "rule=bad_line ", "count=3 ", "endpoint stats line ")


def test_bad_lines_are_counted_in_every_cycle_and_told_once(agent, emqx, fake_gateway):
    emqx.set_fault("bad_family", "auth")
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    push_now(running, fake_gateway)
    result = running.stop()
    counts = [body(push).value("brokerpush_repairs_total", source="emqx", rule="bad_line")
              for push in fake_gateway.pushes]
    assert counts == [3, 6, 9]
    for push in fake_gateway.pushes:
        assert set(endpoints_up(body(push)).values()) == {1}
        assert_same(Exposition.merged(pages_without(emqx)), body(push).broker())
    assert_told_once(result.stderr, "repaired what the source sends; told once",
                     "rule=bad_line ")


def test_second_type_of_a_family_is_repaired_and_the_first_stays(agent, emqx, gateway):
    emqx.set_fault("conflicting_family", "stats")
    agent.configure(config(emqx_source(emqx), sink(gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    conflict = '# TYPE emqx_conflict gauge\nemqx_conflict 1\nemqx_conflict{id="second"} 2\n'
    assert_gateway_serves(gateway.metrics_text(), [*pages_without(emqx), conflict], KEY)
    assert_told_once(result.stderr, "repaired what the source sends; told once", "rule=metadata ")


def test_endpoints_that_disagree_on_a_type_cost_the_later_one_its_family(agent, emqx,
                                                                         fake_gateway):
    page = ("# TYPE emqx_connections_count counter\nemqx_connections_count 1\n"
            "# TYPE emqx_more gauge\nemqx_more 2\n")
    emqx.set_fault("page", "auth", text=page)
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    emqx.clear_faults()
    push_now(running, fake_gateway)
    result = running.stop()
    *bad, good = [body(push) for push in fake_gateway.pushes]
    more = "# TYPE emqx_more gauge\nemqx_more 2\n"
    for pushed in bad:
        assert_same(Exposition.merged([*pages_without(emqx, "auth"), more]), pushed.broker())
        assert pushed.value("brokerpush_quarantined_families", source="emqx") == 1
    assert_same(Exposition.merged(pages_without(emqx)), good.broker())
    assert good.value("brokerpush_quarantined_families", source="emqx") == 0
    assert_told_once(result.stderr, "family left out", "family=emqx_connections_count ", "counter")
    assert_told_once(result.stderr, "no family is left out any more")


# Credentials

@pytest.mark.parametrize("credentials, hint", (
    ({}, "set basic_auth to an API key, or login to a dashboard user"),
    ({"basic_auth": {"username": "key", "password": "wrong"}},
     "check the API key; a dashboard user needs login"),
    ({"authorization": {"credentials": "wrong"}},
     "check the API key; a dashboard user needs login")), ids=("none", "basic", "bearer"))
def test_wrong_credentials_are_told_with_the_broker_s_word_and_a_hint(agent, gateway, credentials,
                                                                      hint):
    with SimulatedEmqx(key="key", secret="right") as emqx:
        agent.configure(config(emqx_source(emqx, **credentials), sink(gateway)))
        result = agent.once()
    assert result.code == 4
    group = assert_gateway_serves(gateway.metrics_text(), [], KEY)
    assert group.value("brokerpush_source_up", source="emqx") == 0
    assert_told_once(result.stderr, "source is down", "reason=http_4xx ", "HTTP 401: {",
                     f'}}; {hint}" url=')


def test_a_role_or_scope_that_is_not_enough_is_told_with_what_is(agent, emqx, fake_gateway):
    emqx.set_fault("403", "auth")
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4
    assert_told_once(result.stderr, "endpoint failed", "endpoint=auth ", "HTTP 403: {",
                     '}; the key or user needs the role viewer, and the scope monitoring" url=')


def test_right_credentials_after_wrong_ones_bring_the_source_back(agent, fake_gateway):
    with SimulatedEmqx(key="key", secret="other") as emqx:
        agent.configure(config(emqx_source(
            emqx, basic_auth={"username": "key", "password": "right"}), sink(fake_gateway),
            **NO_TICK))
        running = agent.start()
        assert_down(body(wait_pushes(running, fake_gateway, 1)[0]), "http_4xx", 3)
        emqx.secret = "right"
        back = body(*push_now(running, fake_gateway))
        assert running.stop().code == 0
        assert_same(Exposition.merged(pages_without(emqx)), back.broker())


def test_secret_file_is_read_again_after_a_401(agent, fake_gateway):
    """Whoever changes an API key need not restart the agent."""
    agent.write_file("emqx.secret", "old\n")
    with SimulatedEmqx(key="key", secret="new") as emqx:
        agent.configure(config(emqx_source(
            emqx, basic_auth={"username": "key", "password_file": "emqx.secret"}),
            sink(fake_gateway), **NO_TICK))
        running = agent.start()
        assert_down(body(wait_pushes(running, fake_gateway, 1)[0]), "http_4xx", 3)
        agent.write_file("emqx.secret", "new\n")
        # The cycle that is refused reads the file at its end; the one after it uses it.
        push_now(running, fake_gateway)
        back = body(*push_now(running, fake_gateway))
        result = running.stop()
        assert_same(Exposition.merged(pages_without(emqx)), back.broker())
    assert_told_once(result.stderr, "source is back")


# The node's name

@pytest.mark.parametrize("kind", ("401", "404", "500", "html", "empty", "binary", "reset",
                                  "truncated", "silent"))
def test_without_the_node_s_name_nothing_is_pushed_for_the_source(agent, emqx, shop, fake_gateway,
                                                                  kind):
    """A group of a wrong key would stay in the gateway for ever."""
    emqx.set_fault(kind, "status")
    unnamed = source(emqx, kind)
    del unnamed["node"]
    agent.configure(config([unnamed, exporter(shop, job_name="shop")], sink(fake_gateway)))
    result = agent.once()
    assert result.code == 4, result.stderr
    assert [push.target for push in fake_gateway.pushes] == ["/metrics/job/shop"]
    assert_told_once(result.stderr, "push failed", "source=emqx ", "reason=node_unknown ",
                     "node = ")
    assert_told_once(result.stderr, "endpoint failed", "endpoint=/status ",
                     f"reason={FAULTS[kind][1]} ", f"url={emqx.url}/status")
    assert times_asked_who_it_is(emqx) == 1


def test_node_unknown_alone_is_exit_code_1(agent, emqx, fake_gateway):
    emqx.set_fault("500", "status")
    unnamed = emqx_source(emqx)
    del unnamed["node"]
    agent.configure(config(unnamed, sink(fake_gateway)))
    assert agent.once().code == 1
    assert not fake_gateway.pushes


def test_node_known_later_is_pushed_from_then_on(agent, emqx, shop, fake_gateway):
    emqx.set_fault("500", "status")
    unnamed = emqx_source(emqx)
    del unnamed["node"]
    agent.configure(config([unnamed, exporter(shop, job_name="shop")], sink(fake_gateway),
                           **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    assert {push.target for push in fake_gateway.pushes} == {"/metrics/job/shop"}
    emqx.clear_faults()
    push_now(running, fake_gateway, fake_gateway)
    result = running.stop()
    [late] = [body(push) for push in fake_gateway.pushes if push.target == PATH]
    assert_same(Exposition.merged(pages_without(emqx)), late.broker())
    assert late.value("brokerpush_push_failures_total", reason="node_unknown") == 2
    assert_told_once(result.stderr, "push failed", "reason=node_unknown ")
    assert_told_once(result.stderr, "push is accepted again", "failures=2")


def test_last_known_name_serves_while_the_broker_is_down(agent, emqx, fake_gateway):
    """Else the group would keep the last good values, as if all were well. Afterwards the name
    is asked again: another node may have taken the address."""
    unnamed = emqx_source(emqx)
    del unnamed["node"]
    agent.configure(config(unnamed, sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    emqx.set_fault("refused")
    down = push_now(running, fake_gateway)[0]
    assert down.target == PATH
    assert_down(body(down), "unreachable", 3)
    push_now(running, fake_gateway)
    emqx.nodes[0] = "emqx@127.0.0.9"
    emqx.clear_faults()
    back = push_now(running, fake_gateway)[0]
    assert back.target == "/metrics/job/emqx/instance/emqx~127.0.0.9"
    assert running.stop().code == 0


def test_known_name_is_not_asked_again(agent, emqx, fake_gateway):
    unnamed = emqx_source(emqx)
    del unnamed["node"]
    agent.configure(config(unnamed, sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    push_now(running, fake_gateway)
    running.stop()
    assert times_asked_who_it_is(emqx) == 1
    assert asked(emqx) == dict.fromkeys(ENDPOINTS, 3)


@pytest.mark.parametrize("knows_node", (True, False))
def test_broker_is_asked_who_it_is_once_more_after_its_connections_were_lost(
        agent, emqx, fake_gateway, knows_node):
    """It may have been started again, as another one. The question is in the next cycle."""
    agent.configure(config({**emqx_source(emqx)} if knows_node else {
        key: value for key, value in emqx_source(emqx).items() if key != "node"},
        sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    emqx.become("5.5")
    emqx.nodes[0] = "emqx@127.0.0.9"
    counts = []
    for _ in range(4):
        push_now(running, fake_gateway)
        counts.append(times_asked_who_it_is(emqx))
    assert running.stop().code == 0
    assert counts == [1, 2, 2, 2]
    later = PATH if knows_node else "/metrics/job/emqx/instance/emqx~127.0.0.9"
    assert [push.target for push in fake_gateway.pushes] == [PATH] * 3 + [later] * 3


@pytest.mark.parametrize("knows_node", (True, False))
def test_broker_is_asked_who_it_is_until_it_tells(agent, emqx, fake_gateway, knows_node):
    """Whether that is needed makes no difference to asking, but to what its failure means."""
    emqx.set_fault("500", "status")
    named = emqx_source(emqx)
    if not knows_node:
        del named["node"]
    agent.configure(config([named, {"name": "beside", "type": "prometheus", "url": NOBODY,
                                    "job_name": "beside"}], sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1 + knows_node)
    for count in (2, 3):
        push_now(running, *[fake_gateway] * (1 + knows_node))
        assert times_asked_who_it_is(emqx) == count
    emqx.clear_faults()
    for _ in range(2):
        push_now(running, fake_gateway, fake_gateway)
        assert times_asked_who_it_is(emqx) == 4
    log = running.stop().stderr
    assert len(lines(log, "endpoint failed")) == (not knows_node)
    assert len(lines(log, "endpoint is back")) == (not knows_node)


# Everything at once

def test_every_source_down_still_pushes_what_is_known(agent, fake_gateway):
    agent.configure(config(
        [{"name": "one", "type": "prometheus", "url": NOBODY, "job_name": "j"},
         {"name": "two", "type": "prometheus", "url": NOBODY, "job_name": "j"}],
        sink(fake_gateway)))
    assert agent.once().code == 4
    [push] = fake_gateway.pushes
    pushed = body(push)
    assert set(pushed.series("brokerpush_source_up").values()) == {0}
    assert not families_of(pushed)


def test_faults_of_every_kind_one_after_another_leave_nothing_behind(agent, emqx, fake_gateway):
    """One process, every fault, a good cycle between each: the last is as the first."""
    agent.configure(config(source(emqx, "silent", endpoints=ENDPOINTS), sink(fake_gateway),
                           **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    for kind, (options, _, _) in FAULTS_OF_ALL.items():
        emqx.set_fault(kind, **options)
        assert body(*push_now(running, fake_gateway)).value("brokerpush_source_up") == 0, kind
        emqx.clear_faults()
        assert body(*push_now(running, fake_gateway)).value("brokerpush_source_up") == 1, kind
    result = running.stop()
    assert result.code == 0
    first, last = body(fake_gateway.pushes[0]), body(fake_gateway.pushes[-1])
    assert_same(first.broker(), last.broker())
    assert sum(failures(last).values()) == 3 * len(FAULTS_OF_ALL)
    assert len(lines(result.stderr, "source is down")) == len(FAULTS_OF_ALL)
    assert len(lines(result.stderr, "source is back")) == len(FAULTS_OF_ALL)


@pytest.mark.parametrize("mode", families.MODES)
def test_a_cluster_s_fault_is_an_ordinary_one_in_every_mode(agent, cluster, gateway, mode):
    cluster.set_fault("500", "stats")
    agent.configure(config(emqx_source(cluster, mode=mode), sink(gateway)))
    assert agent.once().code == 4
    pages = [cluster.page(endpoint, mode) for endpoint in ("auth", "data_integration")]
    # The other pages name nodes in one of the modes only.
    nodes = set.union(*map(nodes_of, pages))
    assert nodes == (set(cluster.nodes) if mode == families.UNAGGREGATED else set())
    group = assert_gateway_serves(gateway.metrics_text(), [*pages, running_nodes(nodes)], KEY)
    assert by_endpoint(group, "nodes") == (
        {"auth": 2, "data_integration": 2} if nodes else {})
