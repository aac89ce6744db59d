# SPDX-License-Identifier: Apache-2.0
"""Timer mode: signals, ticks, connections, counters, and what the log says and does not say."""

import base64
import json
import re
import signal

import pytest

from cycles import (NO_TICK, TICKS, assert_told_once, bodies, body, lines, push_now, wait_push,
                    wait_pushes)
from exposition import Exposition, assert_gateway_serves, assert_same
from peers import FakeGateway, wait_until
from setups import ENDPOINTS, KEY, NOBODY, PATH, Page, config, emqx_source, exporter, sink
from simulated_emqx import SimulatedEmqx

ENDING_SIGNALS = (signal.SIGTERM, signal.SIGINT)
PAGE = "# TYPE shop_orders counter\nshop_orders 12\n"


@pytest.fixture
def simple(agent, emqx, fake_gateway):
    """One broker, one sink, no tick."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), **NO_TICK))
    return agent


def times_asked(emqx, endpoint="stats"):
    return [request.path.rpartition("/")[2] for request in emqx.requests].count(endpoint)


def messages(log):
    """The messages of a logfmt log in their order."""
    return [quoted or bare for quoted, bare in
            re.findall(r'^ts=\S+ level=\S+ msg=(?:"((?:[^"\\]|\\.)*)"|(\S+))', log, re.M)]


# Cycles

def test_first_cycle_runs_at_once(simple, emqx, gateway):
    """Whoever starts the agent must see whether it works, however long the interval is."""
    simple.configure(config(emqx_source(emqx), sink(gateway), **NO_TICK))
    running = simple.start()
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


def test_sigusr1_during_a_push_queues_exactly_one_cycle(simple, emqx, fake_gateway):
    fake_gateway.set_fault("held")
    running = simple.start()
    wait_pushes(running, fake_gateway, 1)
    for count in (1, 2, 3):
        running.send_signal(signal.SIGUSR1)
        running.wait_log("pushing now", count)
    assert times_asked(emqx) == 1
    # The queued cycle fails, and the log of that shows when it is over.
    fake_gateway.release()
    fake_gateway.set_fault("status", code=500)
    running.wait_log("push failed|push still fails")
    running.send_signal(signal.SIGHUP)
    running.wait_log("cannot reload|SIGHUP")
    assert len(fake_gateway.pushes) == 2
    fake_gateway.clear_faults()
    push_now(running, fake_gateway)
    running.wait_log("push is accepted again")
    assert running.stop().code == 0
    assert len(fake_gateway.pushes) == times_asked(emqx) == 3


def test_sigusr1_while_collecting_queues_exactly_one_cycle(simple, emqx, fake_gateway):
    emqx.set_fault("together", "stats", count=2)  # holds the first until another asks
    running = simple.start()
    wait_until(lambda: times_asked(emqx) == 1, "the broker is asked")
    for count in (1, 2, 3):
        running.send_signal(signal.SIGUSR1)
        running.wait_log("pushing now", count)
    assert not fake_gateway.pushes
    emqx.clear_faults()
    with SimulatedEmqx() as helper:
        helper.requests  # the barrier below needs no broker of the agent's
    from peers import get
    get(emqx.url + "/api/v5/prometheus/auth")
    emqx_barrier_release(emqx)
    wait_pushes(running, fake_gateway, 2)
    push_now(running, fake_gateway)
    assert running.stop().code == 0
    assert len(fake_gateway.pushes) == 3
