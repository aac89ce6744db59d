# SPDX-License-Identifier: Apache-2.0
"""Timer mode: signals, ticks, connections, counters, and what the log says and does not say."""

import base64
import contextlib
import json
import re
import signal
import threading

import pytest

from cycles import (NO_TICK, TICKS, assert_told_once, bodies, body, lines, push_now, wait_push,
                    wait_pushes)
from exposition import Exposition, assert_gateway_serves, assert_same
from peers import PATIENCE, FakeGateway, wait_until
from setups import ENDPOINTS, KEY, NOBODY, PATH, Page, config, emqx_source, exporter, sink
from simulated_emqx import SimulatedEmqx

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)
PAGE = "# TYPE shop_orders counter\nshop_orders 12\n"


@pytest.fixture
def simple(agent, emqx, fake_gateway):
    """One broker, one sink, no tick."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    return agent


class GatedPage(Page):
    """An exporter that answers only while its gate is open."""

    def __init__(self, page=PAGE):
        super().__init__(page)
        self.gate = threading.Event()

    def handle(self, connection, request):
        self.gate.wait(PATIENCE)
        return super().handle(connection, request)

    def stop(self):
        self.gate.set()
        super().stop()


@pytest.fixture
def gated():
    with GatedPage() as server:
        yield server


def settle(running):
    """Let the agent's loop turn a few times: each answer to SIGHUP is at least one turn."""
    for _ in range(3):
        count = len(running.log_lines("SIGHUP"))
        running.send_signal(signal.SIGHUP)
        running.wait_log("SIGHUP", count + 1)


def times_asked(emqx, endpoint="stats"):
    return [request.path.rpartition("/")[2] for request in emqx.requests].count(endpoint)


def messages(log):
    """The messages of a logfmt log in their order."""
    return [quoted or bare for quoted, bare in
            re.findall(r'^ts=\S+ level=\S+ msg=(?:"((?:[^"\\]|\\.)*)"|(\S+))', log, re.M)]


# Cycles

def test_first_cycle_runs_at_once(agent, emqx, gateway):
    """Whoever starts the agent must see whether it works, however long the interval is."""
    agent.configure(config(emqx_source(emqx), sink(gateway), **NO_TICK))
    running = agent.start()
    running.wait_log("first push accepted")
    assert_gateway_serves(gateway.metrics_text(),
                          [emqx.page(endpoint) for endpoint in ENDPOINTS], KEY)
    assert running.stop().code == 0


@pytest.mark.parametrize("timing", (TICKS, {"interval": "1s"},
                                    {"interval": "1s", "splay": "500ms"}),
                         ids=("start", "phase", "part"))
def test_ticks_push_again_and_again(agent, emqx, fake_gateway, timing):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **timing))
    running = agent.start()
    wait_pushes(running, fake_gateway, 3)
    assert running.stop().code == 0
    assert {push.target for push in fake_gateway.pushes} == {PATH}


def test_sigusr1_pushes_now(simple, fake_gateway):
    """The next tick is minutes away: only the signal explains the pushes."""
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(3):
        push_now(running, fake_gateway)
    result = running.stop()
    assert result.code == 0
    assert len(lines(result.stderr, "pushing now")) == 3
    assert len(fake_gateway.pushes) == 4


def test_sigusr1_moves_no_tick(agent, emqx, fake_gateway):
    """Ticks go on as if nothing had happened."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **TICKS))
    running = agent.start()
    wait_pushes(running, fake_gateway, 1)
    running.wait_log("first push accepted")
    push_now(running, fake_gateway)
    wait_pushes(running, fake_gateway, 4)
    assert running.stop().code == 0


def send_three(running):
    """Signals that are told apart, since equal ones that wait are one to the system."""
    for _ in range(3):
        count = len(running.log_lines("pushing now"))
        running.send_signal(signal.SIGUSR1)
        running.wait_log("pushing now", count + 1)


def test_sigusr1_during_a_push_queues_exactly_one_cycle(simple, emqx, fake_gateway):
    fake_gateway.set_fault("held")
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    send_three(running)
    assert times_asked(emqx) == len(fake_gateway.pushes) == 1
    fake_gateway.release()
    wait_pushes(running, fake_gateway, 2)
    settle(running)
    assert times_asked(emqx) == len(fake_gateway.pushes) == 2
    push_now(running, fake_gateway)
    assert running.stop().code == 0
    assert times_asked(emqx) == len(fake_gateway.pushes) == 3


def test_sigusr1_while_collecting_queues_exactly_one_cycle(agent, gated, fake_gateway):
    agent.configure(config(exporter(gated), sink(fake_gateway), **NO_TICK))
    running = agent.start()
    wait_until(lambda: gated.requests, "the page is asked for")
    send_three(running)
    assert len(gated.requests) == 1 and not fake_gateway.pushes
    gated.gate.set()
    wait_pushes(running, fake_gateway, 2)
    settle(running)
    assert len(gated.requests) == len(fake_gateway.pushes) == 2
    assert running.stop().code == 0


def test_tick_during_a_cycle_is_counted_as_skipped(agent, emqx, fake_gateway):
    """A cycle that a tick starts ends before the next; one that a signal starts may not. With a
    silent broker and a silent gateway the deadlines leave 150 ms of a second, so a queued cycle
    always runs into a tick."""
    with FakeGateway() as silent:
        emqx.set_fault("silent")
        silent.set_fault("silent")
        agent.configure(config(emqx_source(emqx), [
            sink(fake_gateway), sink(silent, name="silent")], **TICKS))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        skipped = 0
        while not skipped:
            push = push_now(running, fake_gateway)[0]
            skipped = body(push).value("brokerpush_cycles_skipped_total")
        emqx.clear_faults()
        result = running.stop()
    assert result.code == 0
    told = re.search(r"msg=stopped skipped_cycles=(\d+)", result.stderr)
    assert int(told[1]) >= skipped


def test_sources_and_endpoints_are_asked_side_by_side_in_every_cycle(agent, fake_gateway):
    """A broker that answers only when all its pages are asked for, and in the first cycle who it
    is, gets its questions at once."""
    with SimulatedEmqx() as first, SimulatedEmqx(nodes=["other@host"]) as second:
        def answer_only_together(count):
            for emqx in (first, second):
                emqx.set_fault("together", count=count)

        agent.configure(config(
            [emqx_source(first, only_global=True),
             emqx_source(second, name="second", node="other@host", only_global=True)],
            sink(fake_gateway), **NO_TICK))
        answer_only_together(len(ENDPOINTS) + 1)
        running = agent.start()
        wait_pushes(running, fake_gateway, 2)
        answer_only_together(len(ENDPOINTS))
        push_now(running, fake_gateway, fake_gateway)
        assert running.stop().code == 0
        for emqx in (first, second):
            assert len(emqx.requests) == 2 * len(ENDPOINTS) + 1
    for push in fake_gateway.pushes:
        assert body(push).value("brokerpush_source_up") == 1


def test_sinks_are_pushed_side_by_side(agent, emqx, fake_gateway):
    """One that hangs delays nobody: the other's push comes while it still hangs."""
    with FakeGateway() as held:
        held.set_fault("held")
        agent.configure(config(emqx_source(emqx), [
            sink(held, name="held"), sink(fake_gateway)], **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        wait_pushes(running, held, 1)
        assert messages(running.log) == ["started"]
        held.release()
        running.wait_log("first push accepted", 2)
        assert running.stop().code == 0


# Ending

@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_signal_at_rest_ends_with_0(simple, fake_gateway, number):
    running = simple.start()
    running.wait_log("first push accepted")
    result = running.stop(number)
    assert result.code == 0
    assert messages(result.stderr) == ["started", "first push accepted", "stopping", "stopped"]
    assert f"signal={number.name}" in result.stderr
    assert len(fake_gateway.pushes) == 1


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_push_in_flight_may_finish(simple, fake_gateway, number):
    """A body that is cut at a line's end is a complete one to old gateways."""
    fake_gateway.set_fault("held")
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    running.send_signal(number)
    running.wait_log("stopping")
    assert running.process.poll() is None
    fake_gateway.release()
    result = running.wait()
    assert result.code == 0
    assert messages(result.stderr) == ["started", "stopping", "first push accepted", "stopped"]
    assert len(fake_gateway.pushes) == 1


def test_push_that_never_ends_does_not_keep_the_agent(simple, fake_gateway):
    """The push's own deadline is minutes away; what ends it is the grace after the signal."""
    fake_gateway.set_fault("silent")
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    running.send_signal(signal.SIGTERM)
    running.wait_log("stopping")
    running.send_signal(signal.SIGINT)  # impatience changes nothing
    running.send_signal(signal.SIGUSR1)
    result = running.wait()
    assert result.code == 0
    assert_told_once(result.stderr, "push failed", "reason=cancelled ")
    assert_told_once(result.stderr, "stopping")
    assert len(fake_gateway.pushes) == 1


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_signal_while_collecting_pushes_nothing(agent, gated, fake_gateway, number):
    """Half of the data would look like the whole."""
    with Page(PAGE) as quick:
        agent.configure(config([exporter(gated), exporter(quick, name="quick")],
                               sink(fake_gateway), **NO_TICK))
        running = agent.start()
        wait_until(lambda: gated.requests and quick.requests, "the pages are asked for")
        result = running.stop(number)
    assert result.code == 0
    assert not fake_gateway.requests
    assert messages(result.stderr) == ["started", "stopping", "stopped"]


def test_queued_cycle_is_forgotten_at_the_end(simple, emqx, fake_gateway):
    fake_gateway.set_fault("held")
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    running.send_signal(signal.SIGUSR1)
    running.wait_log("pushing now")
    running.send_signal(signal.SIGTERM)
    running.wait_log("stopping")
    fake_gateway.release()
    assert running.wait().code == 0
    assert len(fake_gateway.pushes) == times_asked(emqx) == 1


@pytest.mark.parametrize("number", ENDING_SIGNALS)
def test_signal_ends_a_single_run_that_hangs(agent, gated, fake_gateway, number):
    agent.configure(config(exporter(gated), sink(fake_gateway), **NO_TICK))
    running = agent.start("--once")
    wait_until(lambda: gated.requests, "the page is asked for")
    result = running.stop(number)
    assert result.code == 1  # no push was accepted
    assert not fake_gateway.requests


def test_peers_that_are_gone_do_not_hinder_the_end(agent, fake_gateway):
    agent.configure(config(
        {"name": "gone", "type": "prometheus", "url": NOBODY},
        {"name": "gone", "type": "pushgateway", "url": NOBODY}, **NO_TICK))
    running = agent.start()
    running.wait_log("push failed")
    assert running.stop().code == 0


def test_sighup_is_ignored_with_a_warning(simple, fake_gateway):
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    running.send_signal(signal.SIGHUP)
    line = running.wait_log("signal=SIGHUP")[0]
    assert "level=warn" in line and "restart" in line
    push_now(running, fake_gateway)
    assert running.stop().code == 0


# The log

def test_log_tells_changes_and_not_cycles(simple, fake_gateway):
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(10):
        push_now(running, fake_gateway)
    result = running.stop()
    assert [message for message in messages(result.stderr) if message != "pushing now"] == \
        ["started", "first push accepted", "stopping", "stopped"]


def test_ticks_are_not_told(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **TICKS))
    running = agent.start()
    wait_pushes(running, fake_gateway, 4)
    log = running.stop().stderr
    assert messages(log) == ["started", "first push accepted", "stopping", "stopped"]


def test_level_error_is_silent_while_all_is_well(simple, fake_gateway):
    running = simple.start("--log-level", "error")
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    result = running.stop()
    assert (result.code, result.stdout, result.stderr) == (0, "", "")


def test_nothing_stands_on_stdout(agent, emqx, fake_gateway):
    """Data on stdout, all else on stderr; and the timer has no data to show."""
    emqx.set_fault("500", "auth")
    agent.configure(config(emqx_source(emqx), [
        sink(fake_gateway), {"name": "gone", "type": "pushgateway", "url": NOBODY}], **NO_TICK))
    running = agent.start("--log-level", "debug")
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    result = running.stop()
    assert result.stdout == ""
    assert result.stderr


@pytest.mark.parametrize("by", ("option", "setting"))
def test_each_json_line_is_an_object(agent, emqx, fake_gateway, by):
    """Whatever texts the peers sent: quotes, backslashes, control bytes."""
    emqx.set_fault("500", "auth")
    emqx.set_fault("bad_family", "stats")
    text = 'say "no" to C:\\new\t\x01 caf\u00e9\nmore'
    log = {"log": {"format": "json"}} if by == "setting" else {}
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK, **log))
    running = agent.start(*(["--log-format=json"] if by == "option" else []))
    wait_pushes(running, fake_gateway, 1)
    fake_gateway.set_fault("status", code=400, text=text)
    push_now(running, fake_gateway)
    running.wait_log("push failed")
    emqx.set_fault("refused")
    fake_gateway.clear_faults()
    push_now(running, fake_gateway)
    result = running.stop()
    told = [json.loads(line) for line in result.stderr.splitlines()]
    for line in told:
        assert {"ts", "level", "msg"} <= line.keys(), line
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["ts"])
    by_message = {line["msg"]: line for line in told}
    assert {"started", "endpoint failed", "push failed", "source is down", "stopped"} <= \
        by_message.keys()
    assert by_message["push failed"]["reason"] == "rejected"
    assert 'say "no" to C:' in by_message["push failed"]["error"]
    assert by_message["push is accepted again"]["failures"] == 1


# Connections

# Where the release does not matter all questions go out at once, each on a connection of its own.
ALL_AT_ONCE = {"only_global": True}
AT_ONCE = len(ENDPOINTS) + 1  # the pages, and who it is


def start_with_all_connections(agent, brokers, gateway):
    """As many as a cycle can need at most: nobody answers before all have asked. The agent after
    its first cycle."""
    for broker in brokers:
        broker.set_fault("together", count=AT_ONCE)
    gateway.set_fault("held")
    agent.configure(config([
        emqx_source(broker, name=f"broker{number}", node=broker.nodes[0], **ALL_AT_ONCE)
        for number, broker in enumerate(brokers)], sink(gateway), **NO_TICK))
    running = agent.start()
    wait_pushes(running, gateway, len(brokers))
    for server in (*brokers, gateway):
        server.clear_faults()
    running.wait_log("first push accepted", len(brokers))
    return running


def times_asked_who_it_is(emqx):
    return [request.path for request in emqx.requests].count("/status")


@pytest.mark.parametrize("count", (1, 4))
def test_connections_are_kept_over_cycles(agent, fake_gateway, count):
    """None is opened again."""
    with contextlib.ExitStack() as stack:
        brokers = [stack.enter_context(SimulatedEmqx(nodes=[f"emqx@host{number}"]))
                   for number in range(count)]
        running = start_with_all_connections(agent, brokers, fake_gateway)
        for _ in range(5):
            push_now(running, *[fake_gateway] * count)
        assert running.stop().code == 0
        for broker in brokers:
            assert broker.n_connections == AT_ONCE
            assert times_asked_who_it_is(broker) == 1
    assert fake_gateway.n_connections == count
    assert {push.connection for push in fake_gateway.pushes} == set(range(1, count + 1))


def test_connections_are_kept_over_failures_that_leave_them_whole(agent, emqx, fake_gateway):
    running = start_with_all_connections(agent, [emqx], fake_gateway)
    emqx.set_fault("500")
    fake_gateway.set_fault("status", code=400, text="no\n")
    for _ in range(3):
        push_now(running, fake_gateway)
    assert running.stop().code == 0
    assert (emqx.n_connections, fake_gateway.n_connections) == (AT_ONCE, 1)
    # After a cycle that delivered nothing the broker may be another.
    assert times_asked_who_it_is(emqx) == 3


# Self-metrics

def test_counters_grow_over_cycles(simple, fake_gateway):
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    for _ in range(4):
        push_now(running, fake_gateway)
    running.stop()
    exposed = [body(push) for push in fake_gateway.pushes]

    def over_cycles(name, **labels):
        return [each.value(name, **labels) for each in exposed]

    # A push cannot tell of itself; a scrape can.
    assert over_cycles("brokerpush_pushes_total", sink="gateway") == [0, 1, 2, 3, 4]
    assert over_cycles("brokerpush_scrapes_total", source="emqx") == [3, 6, 9, 12, 15]
    sizes = [len(push.body) for push in fake_gateway.pushes]
    assert over_cycles("brokerpush_push_bytes_total", sink="gateway") == \
        [sum(sizes[:count]) for count in range(5)]
    assert over_cycles("brokerpush_cycles_skipped_total") == [0] * 5
    durations = over_cycles("brokerpush_push_duration_seconds", sink="gateway")
    assert durations[0] is None and all(each >= 0 for each in durations[1:])
    for name, labels in (("push", {"sink": "gateway"}), ("source", {"source": "emqx"})):
        name = f"brokerpush_{name}_last_success_timestamp_seconds"
        stamps = [each for each in over_cycles(name, **labels) if each is not None]
        assert len(stamps) == (4 if "push" in name[len("brokerpush_"):] else 5)
        assert stamps == sorted(stamps) and len(set(stamps)) == len(stamps)
    for each in exposed:
        assert not each.series("brokerpush_push_failures_total")
        assert not each.series("brokerpush_scrape_failures_total")


def test_self_metrics_have_their_types_and_a_help(simple, fake_gateway):
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    push_now(running, fake_gateway)
    running.stop()
    for name, family in body(fake_gateway.pushes[-1]).self_metrics().families.items():
        assert family.type == ("counter" if name.endswith("_total") else "gauge"), name
        assert family.help, name


def test_every_cycle_pushes_values_of_its_own(agent, fake_gateway):
    with SimulatedEmqx(vary=True) as emqx:
        agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        for _ in range(3):
            pushed = body(*push_now(running, fake_gateway))
            assert_same(Exposition.merged(emqx.page(endpoint) for endpoint in ENDPOINTS),
                        pushed.broker())
        assert running.stop().code == 0
    assert len(set(bodies(fake_gateway.pushes))) == 4


def test_several_groups_and_sinks_stay_apart_over_cycles(agent, emqx, gateway):
    with Page(PAGE) as shop, FakeGateway() as second:
        agent.configure(config(
            [emqx_source(emqx), exporter(shop, job_name="shop")],
            [sink(gateway), sink(second, name="second")], **NO_TICK))
        running = agent.start()
        running.wait_log("first push accepted", 4)
        for _ in range(3):
            push_now(running, second, second)
        result = running.stop()
        assert result.code == 0
        assert len(lines(result.stderr, "first push accepted")) == 4
        served = gateway.metrics_text()
        assert_gateway_serves(served, [emqx.page(endpoint) for endpoint in ENDPOINTS], KEY)
        assert_gateway_serves(served, [PAGE], {"job": "shop"})
        assert [push.target for push in second.pushes].count(PATH) == 4
        last = wait_push(running, second, lambda e: e.value("brokerpush_pushes_total",
                                                            sink="second") == 6)
        # Each group tells of the sources in it only.
        assert len(body(last).series("brokerpush_source_up")) == 1


# Secrets

SECRETS = {"password": "s3cret-Password", "token": "s3cret-Token", "header": "s3cret-Header"}
# As they travel, too.
FORBIDDEN = [*SECRETS.values(),
             base64.b64encode(f"key:{SECRETS['password']}".encode()).decode()]


def secret_config(emqx, gateway):
    """Every kind of secret, on both sides."""
    basic = {"basic_auth": {"username": "key", "password": SECRETS["password"]}}
    bearer = {"authorization": {"credentials": SECRETS["token"]}}
    header = {"headers": {"X-Api-Key": SECRETS["header"]}}
    return config(
        [emqx_source(emqx, job_name="basic", **basic, **header),
         emqx_source(emqx, name="bearer", job_name="bearer", **bearer, **header)],
        [sink(gateway, **bearer, **header), sink(gateway, name="second", **basic, **header)],
        **NO_TICK)


def assert_no_secret(*texts):
    for text in texts:
        for secret in FORBIDDEN:
            assert secret not in text, text


PEER_FAULTS = {
    "well": (None, None),
    "refused": ("refused", ("refused", {})),
    "401": ("401", ("status", {"code": 401, "text": "Unauthorized\n"})),
    "500": ("500", ("status", {"code": 500, "text": "no\n"})),
    "reset": ("reset", ("reset", {})),
    "redirect": ("html", ("status", {"code": 301, "headers": {"Location": "/other"}})),
}


def misbehave(emqx, gateway, faults):
    of_broker, of_gateway = PEER_FAULTS[faults]
    if of_broker:
        emqx.set_fault(of_broker)
    if of_gateway:
        gateway.set_fault(of_gateway[0], **of_gateway[1])


@pytest.mark.parametrize("style", ("logfmt", "json"))
@pytest.mark.parametrize("faults", PEER_FAULTS)
def test_no_secret_in_the_log_of_the_timer(agent, emqx, fake_gateway, faults, style):
    agent.configure(secret_config(emqx, fake_gateway))
    misbehave(emqx, fake_gateway, faults)
    running = agent.start("--log-level=debug", f"--log-format={style}")
    running.wait_log("push failed|first push accepted", 4)
    running.send_signal(signal.SIGUSR1)
    running.wait_log("pushing now")
    result = running.stop()
    assert result.code == 0
    assert_no_secret(result.stdout, result.stderr)


@pytest.mark.parametrize("mode", (["--once"], ["--dry-run", "--output=."], ["--check-config"]),
                         ids=("once", "dry-run", "check-config"))
@pytest.mark.parametrize("faults", PEER_FAULTS)
def test_no_secret_in_any_output_of_a_single_run(agent, emqx, fake_gateway, faults, mode):
    agent.configure(secret_config(emqx, fake_gateway))
    misbehave(emqx, fake_gateway, faults)
    result = agent.run(*mode, "--log-level=debug")
    assert_no_secret(result.stdout, result.stderr,
                     *(path.read_text() for path in agent.folder.glob("*.prom")))


def test_secrets_did_travel_where_they_belong(agent, emqx, fake_gateway):
    """Else the tests before would show nothing."""
    agent.configure(secret_config(emqx, fake_gateway))
    assert agent.once().code == 0
    for server in (emqx, fake_gateway):
        sent = " ".join(value for request in server.requests for _, value in request.headers)
        for secret in (SECRETS["token"], SECRETS["header"], FORBIDDEN[-1]):
            assert secret in sent
    for push in fake_gateway.pushes:
        assert_no_secret(push.body.decode(), push.target)


@pytest.mark.parametrize("mode", ([], ["--once"], ["--check-config"]),
                         ids=("timer", "once", "check-config"))
def test_no_secret_in_a_fault_of_the_configuration(agent, emqx, fake_gateway, mode):
    broken = secret_config(emqx, fake_gateway)
    broken["intervall"] = "1s"
    broken["sources"][0]["headers"] = {"X-Api-Key": SECRETS["header"] + "\n"}
    broken["sinks"][0]["authorization"]["credentials"] = SECRETS["token"] + "\r"
    result = agent.configure(broken).run(*mode)
    assert result.code == 3
    assert_no_secret(result.stdout, result.stderr)
