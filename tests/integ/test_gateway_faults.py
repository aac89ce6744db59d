# SPDX-License-Identifier: Apache-2.0
"""A gateway that misbehaves: the log says why, the other sinks get theirs, the next cycle tries
again with newer values."""

import signal

import pytest

from cycles import (NO_TICK, TICKS, assert_told_once, bodies, body, lines, push_now, wait_push,
                    wait_pushes)
from exposition import assert_gateway_serves
from loopback import LoopbackServer
from peers import FakeGateway, wait_until
from setups import ENDPOINTS, KEY, NOBODY, PATH, Page, config, emqx_source, exporter, sink
from simulated_emqx import SimulatedEmqx

REFUSAL = ('pushed metrics are invalid or inconsistent with existing metrics: "x" is a gauge\n'
           "and a second line\n")
ELSEWHERE = {"Location": "/elsewhere/job/emqx"}
# name: (fault, its options, the reason, what the log says of it)
FAULTS = {
    "refused": ("refused", {}, "unreachable", "Couldn't connect"),
    "silent": ("silent", {}, "timed_out", "no answer came within 1000 ms"),
    "reset": ("reset", {}, "unreachable", "reset"),
    "400": ("status", {"code": 400, "text": REFUSAL}, "rejected", "HTTP 400: pushed metrics are"),
    "401": ("status", {"code": 401, "text": "Unauthorized\n"}, "http_4xx",
            "HTTP 401: Unauthorized"),
    "404": ("status", {"code": 404, "text": "404 page not found\n"}, "http_4xx",
            "HTTP 404: 404 page not found"),
    "429": ("status", {"code": 429, "text": "slow down"}, "http_4xx", "HTTP 429: slow down"),
    "500": ("status", {"code": 500, "text": "disk is full\nmore"}, "http_5xx",
            "HTTP 500: disk is full"),
    "502": ("status", {"code": 502, "text": "<html>\n<title>Bad Gateway</title>",
                       "headers": {"Content-Type": "text/html"}}, "http_5xx", "HTTP 502"),
    "204": ("status", {"code": 204}, "rejected", "HTTP 204 where a Pushgateway answers"),
    "301": ("status", {"code": 301, "headers": ELSEWHERE}, "http_3xx", "/elsewhere/job/emqx"),
    "307": ("status", {"code": 307, "headers": ELSEWHERE}, "http_3xx", "/elsewhere/job/emqx"),
}
every_fault = pytest.mark.parametrize("name", FAULTS)


def impatient(gateway, **more):
    return sink(gateway, timeout="1s", **more)


def set_fault(gateway, name):
    kind, options, reason, told = FAULTS[name]
    gateway.set_fault(kind, **options)
    return reason, told


def push_failures(exposition, name="gateway"):
    """{reason: count} of a sink."""
    series = exposition.series("brokerpush_push_failures_total", sink=name)
    return {dict(labels)["reason"]: value for labels, value in series.items()}


@pytest.fixture
def healthy():
    """A second sink that takes everything."""
    with FakeGateway() as server:
        yield server


@pytest.fixture
def varying():
    """A broker whose values differ from answer to answer."""
    with SimulatedEmqx(vary=True) as server:
        yield server


# A single run

@every_fault
def test_failed_push_is_exit_code_1_and_the_log_says_why(agent, emqx, fake_gateway, name):
    reason, told = set_fault(fake_gateway, name)
    agent.configure(config(emqx_source(emqx), impatient(fake_gateway)))
    result = agent.once()
    assert result.code == 1, result.stderr
    assert_told_once(result.stderr, "push failed", "sink=gateway ", f"reason={reason} ", told,
                     f"url={fake_gateway.url}{PATH} ")
    assert "second line" not in result.stderr
    assert result.stdout == ""
    # One try, and nobody followed a redirect.
    assert [request.target for request in fake_gateway.requests] == \
        [PATH] * (name != "refused")


@every_fault
def test_another_sink_gets_all_the_same(agent, emqx, gateway, fake_gateway, name):
    reason, _ = set_fault(fake_gateway, name)
    agent.configure(config(emqx_source(emqx), [
        impatient(fake_gateway, name="bad"), sink(gateway, name="good")]))
    result = agent.once()
    assert result.code == 4, result.stderr
    pages = [emqx.page(endpoint) for endpoint in ENDPOINTS]
    assert_gateway_serves(gateway.metrics_text(), pages, KEY)
    assert_told_once(result.stderr, "push failed", "sink=bad ", f"reason={reason} ")


@pytest.mark.parametrize("status", (200, 202))
def test_200_and_202_are_success(agent, emqx, fake_gateway, status):
    fake_gateway.set_fault("status", code=status)
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    assert agent.once().code == 0


@pytest.mark.parametrize("status", (201, 203, 204, 206, 226))
def test_any_other_2xx_is_a_failure(agent, emqx, fake_gateway, status):
    """No Pushgateway says so: something else listens there and nothing was stored."""
    fake_gateway.set_fault("status", code=status)
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 1
    assert_told_once(result.stderr, "push failed", "reason=rejected ", f"HTTP {status}")


@pytest.mark.parametrize("status", (301, 302, 303, 307, 308))
def test_redirect_is_reported_and_never_followed(agent, emqx, fake_gateway, healthy, status):
    """To another host least of all: headers and credentials would go with it."""
    target = f"{healthy.url}/metrics/job/other"
    fake_gateway.set_fault("status", code=status, headers={"Location": target})
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 1
    assert_told_once(result.stderr, "push failed", "reason=http_3xx ", f"HTTP {status}", target)
    assert not healthy.requests
    assert len(fake_gateway.requests) == 1


def test_gateway_s_text_cannot_forge_the_log(agent, emqx, fake_gateway):
    text = '\x1b[2Jlevel=info msg="all is well"\r\nts=1 level=info msg=forged\n'
    fake_gateway.set_fault("status", code=400, text=text)
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.once()
    line = assert_told_once(result.stderr, "push failed", "reason=rejected ")
    assert "\x1b" not in result.stderr and "forged" not in result.stderr
    assert not [each for each in result.stderr.splitlines() if each.startswith("level=info")]
    assert r"\"all is well\"" in line


@pytest.mark.parametrize("size", (0, 1, 300, 60_000, 5_000_000))
def test_length_of_a_refusal_does_not_matter(agent, emqx, fake_gateway, size):
    fake_gateway.set_fault("status", code=400, text="x" * size)
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.once()
    assert result.code == 1
    line = assert_told_once(result.stderr, "push failed")
    assert len(line) < 1000
    if size < 64 << 10:
        assert "reason=rejected " in line and "HTTP 400" in line


class Cutting(LoopbackServer):
    """Answers with these bytes and closes."""

    def __init__(self, data):
        super().__init__()
        self.data = data

    def handle(self, connection, request):
        connection.send(self.data)
        return False


@pytest.mark.parametrize("data, reason", (
    (b"", "unreachable"),
    (b"220 mail.example ESMTP\r\n", "bad_body"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "bad_body"),
), ids=("nothing", "smtp", "half-an-answer"))
def test_what_is_no_answer_is_a_failed_push(agent, emqx, data, reason):
    with Cutting(data) as server:
        agent.configure(config(emqx_source(emqx), sink(server)))
        result = agent.once()
    assert result.code == 1
    assert_told_once(result.stderr, "push failed", f"reason={reason} ")


class Hasty(LoopbackServer):
    """Refuses before it has read the body, as a proxy with a limit does."""

    def __init__(self):
        super().__init__()
        self.heads = 0

    def _serve(self, connection):
        connection.sock.recv(1000)
        self.heads += 1
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 9\r\n"
                        b"Connection: close\r\n\r\ntoo large")
        connection.wait_until_closed_by_peer()
        connection.sock.close()


def test_answer_before_the_end_of_the_body_counts(agent):
    page = "# TYPE x gauge\n" + "".join(f'x{{row="{row}"}} 1\n' for row in range(500_000))
    with Page(page) as server, Hasty() as hasty:
        agent.configure(config(exporter(server), sink(hasty)))
        result = agent.once()
        assert result.code == 1
        assert_told_once(result.stderr, "push failed", "reason=http_4xx ", "HTTP 413: too large")
        assert hasty.heads == 1


# In timer mode

@every_fault
def test_newest_values_win_and_there_is_no_backlog(agent, varying, fake_gateway, healthy, name):
    """The other sink shows what each cycle pushed: the faulty one is tried once a cycle with just
    that, and after the fault gets that of the first cycle and nothing of those before."""
    agent.configure(config(emqx_source(varying), [
        impatient(fake_gateway), sink(healthy, name="healthy")], **NO_TICK))
    both = (healthy,) if name == "refused" else (healthy, fake_gateway)
    running = agent.start()
    running.wait_log("first push accepted", 2)
    reason, told = set_fault(fake_gateway, name)
    push_now(running, *both)
    running.wait_log("push failed")
    push_now(running, *both)
    running.wait_log("push still fails")
    fake_gateway.clear_faults()
    push_now(running, healthy, fake_gateway)
    running.wait_log("push is accepted again")
    push_now(running, healthy, fake_gateway)
    result = running.stop()

    assert result.code == 0
    cycles = bodies(healthy.pushes)
    assert len(set(cycles)) == len(cycles) == 5
    tried = list(dict.fromkeys(bodies(fake_gateway.pushes)))
    assert tried == ([cycles[0], *cycles[3:]] if name == "refused" else cycles)
    assert {push.target for push in fake_gateway.requests} == {PATH}
    after = body(healthy.pushes[-1])
    assert push_failures(after) == {reason: 2}
    assert not push_failures(after, "healthy")
    assert after.value("brokerpush_pushes_total", sink="gateway") == 4
    assert push_failures(body(healthy.pushes[2])) == {reason: 1}
    assert not push_failures(body(healthy.pushes[1]))
    assert_told_once(result.stderr, "push failed", "sink=gateway ", f"reason={reason} ", told)
    assert_told_once(result.stderr, "push still fails", "sink=gateway ", f"reason={reason} ")
    assert_told_once(result.stderr, "push is accepted again", "sink=gateway ", "failures=2")


@pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=(
        "libcurl sends once more, on a new connection, when a kept-alive one is reset before "
        "any byte of an answer")) if name == "reset" else ())
    for name in FAULTS if name != "refused"])
def test_push_that_fails_on_a_kept_alive_connection_is_sent_once_a_cycle(agent, emqx,
                                                                         fake_gateway, name):
    agent.configure(config(emqx_source(emqx), impatient(fake_gateway), **NO_TICK))
    running = agent.start()
    running.wait_log("first push accepted")
    set_fault(fake_gateway, name)
    running.send_signal(signal.SIGUSR1)
    running.wait_log("push failed")
    running.send_signal(signal.SIGUSR1)
    running.wait_log("push still fails")
    assert running.stop().code == 0
    first, second = (push.connection for push in fake_gateway.pushes[:2])
    assert first == second  # else it shows nothing
    sent = bodies(fake_gateway.pushes)
    assert len(sent) == len(set(sent)) == 3


def test_fault_tells_what_it_did_to_the_self_metrics_of_the_sink(agent, emqx, fake_gateway,
                                                                 healthy):
    """The time of the last success stands still, that of the other sink goes on."""
    agent.configure(config(emqx_source(emqx), [
        impatient(fake_gateway), sink(healthy, name="healthy")], **NO_TICK))
    running = agent.start()
    running.wait_log("first push accepted", 2)
    set_fault(fake_gateway, "500")
    push_now(running, healthy, fake_gateway)
    running.wait_log("push failed")
    push_now(running, healthy, fake_gateway)
    push_now(running, healthy, fake_gateway)
    running.stop()
    exposed = [body(push) for push in healthy.pushes[1:]]
    success = "brokerpush_push_last_success_timestamp_seconds"
    bad = [each.value(success, sink="gateway") for each in exposed]
    good = [each.value(success, sink="healthy") for each in exposed]
    assert len(set(bad)) == 1 and bad[0] is not None
    assert sorted(set(good)) == good and len(good) == 3


def test_sink_that_never_accepted_has_no_time_of_a_success(agent, emqx, healthy):
    agent.configure(config(emqx_source(emqx), [
        {"name": "gone", "type": "pushgateway", "url": NOBODY}, sink(healthy)], **NO_TICK))
    running = agent.start()
    wait_pushes(running, healthy, 1)
    push_now(running, healthy)
    last = body(*push_now(running, healthy))
    result = running.stop()
    assert push_failures(last, "gone") == {"unreachable": 2}
    assert last.value("brokerpush_push_last_success_timestamp_seconds", sink="gone") is None
    assert_told_once(result.stderr, "push failed", "sink=gone ", "reason=unreachable ")
    assert not lines(result.stderr, "push is accepted again")


def test_another_reason_is_told_too(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx), impatient(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    running.wait_log("first push accepted")
    for number, name in enumerate(("500", "401", "400"), 1):
        set_fault(fake_gateway, name)
        push_now(running, fake_gateway)
        running.wait_log("push failed", number)
    fake_gateway.clear_faults()
    push_now(running, fake_gateway)
    running.wait_log("push is accepted again")
    log = running.stop().stderr
    assert [line.partition(" reason=")[2].partition(" ")[0]
            for line in lines(log, "push failed")] == ["http_5xx", "http_4xx", "rejected"]
    assert_told_once(log, "push is accepted again", "failures=3")


def test_groups_of_one_gateway_fail_each_by_itself(agent, emqx, gateway):
    """The real gateway refuses a type that another group has otherwise; the rest goes on."""
    gateway.push("/metrics/job/foreign", "# TYPE shop_orders gauge\nshop_orders 1\n")
    with Page("# TYPE shop_orders counter\nshop_orders 12\n") as shop:
        agent.configure(config([exporter(shop, job_name="shop"), emqx_source(emqx)],
                               sink(gateway), **NO_TICK))
        running = agent.start()
        refused = running.wait_log("push failed")[0]
        running.wait_log("first push accepted")
        assert "reason=rejected " in refused and "/metrics/job/shop" in refused
        assert "inconsistent" in refused
        pages = [emqx.page(endpoint) for endpoint in ENDPOINTS]
        assert_gateway_serves(gateway.metrics_text(), pages, KEY)
        # It may heal: whoever stood in the way goes, and the next cycle succeeds.
        gateway.push("/metrics/job/foreign", "", method="DELETE")
        wait_until(lambda: {"job": "foreign"} not in gateway.groups(), "the foreign group goes")
        running.send_signal(signal.SIGUSR1)
        back = running.wait_log("push is accepted again")
        assert len(back) == 1 and "/metrics/job/shop" in back[0]
        assert running.stop().code == 0
        assert_gateway_serves(gateway.metrics_text(), [shop.body.decode()], {"job": "shop"})


def test_pause_that_a_gateway_asks_for_is_kept_for_that_sink_only(agent, emqx, fake_gateway,
                                                                  healthy):
    fake_gateway.set_fault("status", code=503, headers={"Retry-After": "200"})
    agent.configure(config(emqx_source(emqx), [
        sink(fake_gateway), sink(healthy, name="healthy")], **NO_TICK))
    running = agent.start()
    wait_pushes(running, healthy, 1)
    running.wait_log("push failed")
    push_now(running, healthy)
    push_now(running, healthy)
    last = body(*push_now(running, healthy))
    result = running.stop()
    assert len(fake_gateway.pushes) == 1
    assert push_failures(last) == {"http_5xx": 1, "skipped": 2}
    assert_told_once(result.stderr, "push failed", "reason=http_5xx ")


# A real gateway goes and comes

def holds_group(gateway):
    return KEY in gateway.groups()


def test_restart_between_pushes_goes_unnoticed(agent, emqx, gateway):
    """The kept-alive connection is dead then, and must not cost a push."""
    agent.configure(config(emqx_source(emqx), sink(gateway), **NO_TICK))
    running = agent.start()
    running.wait_log("first push accepted")
    for _ in range(3):
        gateway.restart()
        assert not holds_group(gateway)
        running.send_signal(signal.SIGUSR1)
        wait_until(lambda: holds_group(gateway), "the group is pushed again")
        pages = [emqx.page(endpoint) for endpoint in ENDPOINTS]
        assert_gateway_serves(gateway.metrics_text(), pages, KEY)
    result = running.stop()
    assert result.code == 0
    assert not lines(result.stderr, "push failed")


def test_gateway_that_comes_back_gets_the_next_push(agent, emqx, gateway):
    agent.configure(config(emqx_source(emqx), sink(gateway), **NO_TICK))
    running = agent.start()
    running.wait_log("first push accepted")
    gateway.stop()
    running.send_signal(signal.SIGUSR1)
    assert "reason=unreachable " in running.wait_log("push failed")[0]
    gateway.start_again()
    running.send_signal(signal.SIGUSR1)
    running.wait_log("push is accepted again")
    group = assert_gateway_serves(
        gateway.metrics_text(), [emqx.page(endpoint) for endpoint in ENDPOINTS], KEY)
    assert push_failures(group) == {"unreachable": 1}
    assert running.stop().code == 0


def test_gateway_that_starts_after_the_agent_is_found(agent, emqx, fake_gateway):
    fake_gateway.set_fault("refused")
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    running = agent.start()
    running.wait_log("push failed")
    fake_gateway.clear_faults()
    push_now(running, fake_gateway)
    running.wait_log("push is accepted again")
    result = running.stop()
    assert result.code == 0
    assert len(fake_gateway.pushes) == 1


# Real ticks

@pytest.mark.parametrize("name", ("refused", "silent", "400"))
def test_ticks_go_on_while_a_gateway_is_down_and_the_first_after_it_is_good(agent, varying,
                                                                            fake_gateway, healthy,
                                                                            name):
    """No time-out is configured: with a silent gateway the push deadline ends each cycle, well
    before the next tick."""
    agent.configure(config(emqx_source(varying), [
        sink(fake_gateway), sink(healthy, name="healthy")], **TICKS))
    running = agent.start()
    running.wait_log("first push accepted", 2)
    reason, _ = set_fault(fake_gateway, name)
    wait_push(running, healthy, lambda e: push_failures(e).get(reason, 0) >= 2)
    fake_gateway.clear_faults()
    cleared = len(healthy.pushes)
    running.wait_log("push is accepted again")
    # The cycle that the fault's end falls into may still be bad, the next may not.
    wait_pushes(running, healthy, cleared + 3)
    result = running.stop()
    assert result.code == 0
    last = body(healthy.pushes[cleared + 2])
    failed_before = push_failures(body(healthy.pushes[cleared + 1]))
    assert push_failures(last) == failed_before
    assert last.value("brokerpush_cycles_skipped_total") == 0
    assert_told_once(result.stderr, "push failed", f"reason={reason} ")
    assert_told_once(result.stderr, "push is accepted again")
    # A part of what the other got, in its order, and nothing twice.
    cycles, tried = bodies(healthy.pushes), bodies(fake_gateway.pushes)
    assert [each for each in cycles if each in tried] == tried
