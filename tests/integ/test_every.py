# SPDX-License-Identifier: Apache-2.0
"""Sinks that are pushed to in every Nth cycle only. Which cycle a push belongs to is told by what
its body counts, not by time."""

import re

import pytest

from cycles import (NO_TICK, TICKS, assert_told_once, bodies, body, lines, push_now, wait_pushes)
from exposition import assert_same
from peers import FakeGateway
from setups import ENDPOINTS, NOBODY, config, emqx_source, sink

PUSHES, SCRAPES = "brokerpush_pushes_total", "brokerpush_scrapes_total"
DURATION = "brokerpush_push_duration_seconds"
SUCCESS = "brokerpush_push_last_success_timestamp_seconds"
RARELY = 1000000


@pytest.fixture
def other_gateway():
    with FakeGateway() as server:
        yield server


def configure(agent, emqx, sinks, **timing):
    """One broker; sinks {name: (gateway, every)}."""
    agent.configure(config(emqx_source(emqx), [
        sink(gateway, name=name, every=every) for name, (gateway, every) in sinks.items()],
        **timing))
    return agent


def told(pushes, name, **labels):
    return [body(push).value(name, **labels) for push in pushes]


def test_a_sink_is_pushed_in_every_nth_cycle(agent, emqx, fake_gateway, other_gateway):
    configure(agent, emqx, {"each": (fake_gateway, 1), "third": (other_gateway, 3)}, **TICKS)
    running = agent.start()
    pushes = wait_pushes(running, fake_gateway, 8)[:8]
    assert running.stop().code == 0
    assert told(pushes, PUSHES, sink="each") == list(range(8))
    assert told(pushes, PUSHES, sink="third") == [0, 1, 1, 1, 2, 2, 2, 3]
    assert told(other_gateway.pushes[:3], PUSHES, sink="each") == [0, 3, 6]
    assert told(other_gateway.pushes[:3], PUSHES, sink="third") == [0, 1, 2]


def test_a_cycle_without_a_push_asks_nobody_and_is_not_skipped(agent, emqx, fake_gateway,
                                                                other_gateway):
    """Of the first seven turns the second and the sixth are nobody's."""
    configure(agent, emqx, {"second": (fake_gateway, 2), "third": (other_gateway, 3)}, **TICKS)
    running = agent.start()
    pushes = wait_pushes(running, fake_gateway, 4)[:4]
    others = wait_pushes(running, other_gateway, 3)[:3]
    result = running.stop()
    assert result.code == 0
    assert told(pushes, PUSHES, sink="third") == [0, 1, 2, 2]
    assert told(others, PUSHES, sink="second") == [0, 2, 3]
    asked = [cycles * len(ENDPOINTS) for cycles in (1, 2, 4, 5)]
    assert told(pushes, SCRAPES, source="emqx") == asked
    assert told(pushes, "brokerpush_cycles_skipped_total") == [0] * 4
    assert re.findall(r' msg=("[^"]*"|\S+)', result.stderr) == \
        ["started", '"first push accepted"', '"first push accepted"', "stopping", "stopped"]
    assert "skipped_cycles=0" in result.stderr


def test_sinks_whose_turn_it_is_get_the_same_body(agent, emqx, fake_gateway, other_gateway):
    configure(agent, emqx, {"a": (fake_gateway, 2), "b": (other_gateway, 2)}, **TICKS)
    running = agent.start()
    for gateway in (fake_gateway, other_gateway):
        wait_pushes(running, gateway, 2)
    assert running.stop().code == 0
    assert bodies(fake_gateway.pushes[:2]) == bodies(other_gateway.pushes[:2])


def test_sigusr1_pushes_to_all_sinks(agent, emqx, fake_gateway, other_gateway):
    configure(agent, emqx, {"rare": (fake_gateway, RARELY), "each": (other_gateway, 1)},
              **NO_TICK)
    running = agent.start()
    for gateway in (fake_gateway, other_gateway):
        wait_pushes(running, gateway, 1)
    for _ in range(3):
        push_now(running, fake_gateway, other_gateway)
    assert running.stop().code == 0
    assert len(fake_gateway.pushes) == len(other_gateway.pushes) == 4


def test_sigusr1_takes_no_turn_away(agent, emqx, fake_gateway, other_gateway):
    """What it pushes counts for both; the turns stay three to one."""
    configure(agent, emqx, {"each": (fake_gateway, 1), "third": (other_gateway, 3)}, **TICKS)
    running = agent.start()
    wait_pushes(running, fake_gateway, 2)
    push_now(running, fake_gateway, other_gateway)
    pushes = wait_pushes(running, fake_gateway, len(fake_gateway.pushes) + 5)
    assert running.stop().code == 0
    by_third = told(pushes, PUSHES, sink="third")
    # One push more of both than the turns explain, from the cycle after the signal's on.
    extra = [seen - (own + 2) // 3 for own, seen in enumerate(by_third)]
    turns = [seen - 1 - (own - 1 + 2) // 3 for own, seen in enumerate(by_third)]
    first = next(own for own, more in enumerate(extra) if more)
    assert first >= 2
    assert not any(extra[:first]) and not any(turns[first:])


@pytest.mark.parametrize("mode", (["--once"], ["--dry-run", "--output=."]),
                         ids=("once", "dry-run"))
def test_a_single_run_is_about_all_sinks(agent, emqx, fake_gateway, other_gateway, mode):
    configure(agent, emqx, {"rare": (fake_gateway, RARELY), "second": (other_gateway, 2)})
    assert agent.run(*mode).code == 0
    pushed = [len(gateway.pushes) for gateway in (fake_gateway, other_gateway)]
    files = sorted(path.name.partition("+")[0] for path in agent.folder.glob("*.prom"))
    assert (pushed, files) == (([1, 1], []) if mode == ["--once"] else ([0, 0],
                                                                       ["rare", "second"]))


def test_what_is_known_of_a_sink_stays_until_its_next_turn(agent, emqx, fake_gateway,
                                                           other_gateway):
    """Its last push is no older for the agent than it is."""
    configure(agent, emqx, {"each": (fake_gateway, 1), "rare": (other_gateway, RARELY)}, **TICKS)
    running = agent.start()
    pushes = wait_pushes(running, fake_gateway, 5)[:5]
    assert running.stop().code == 0
    for name in (DURATION, SUCCESS):
        rare = told(pushes, name, sink="rare")
        assert rare[0] is None and rare[1] is not None
        assert len(set(rare[1:])) == 1, f"{name}: {rare}"
    assert len(set(told(pushes, SUCCESS, sink="each"))) == len(pushes)


def test_failures_of_a_sink_are_counted_by_its_turns(agent, emqx, fake_gateway, other_gateway):
    """A cycle without a push to it is neither a failure nor the end of one."""
    other_gateway.set_fault("status", code=400, text="no\n")
    configure(agent, emqx, {"each": (fake_gateway, 1), "second": (other_gateway, 2)}, **TICKS)
    running = agent.start()
    pushes = wait_pushes(running, fake_gateway, 6)[:6]
    other_gateway.clear_faults()
    running.wait_log("push is accepted again")
    last = wait_pushes(running, fake_gateway, len(fake_gateway.pushes) + 1)[-1]
    result = running.stop()
    assert result.code == 0
    failures = [told(some, "brokerpush_push_failures_total", sink="second", reason="rejected")
                for some in (pushes, [last])]
    assert failures[0] == [None, 1, 1, 2, 2, 3]
    assert_told_once(result.stderr, "push failed", "sink=second")
    # At each doubling.
    assert len(lines(result.stderr, "push still fails")) == int(failures[1][0]).bit_length() - 1
    again = assert_told_once(result.stderr, "push is accepted again", "sink=second")
    assert [int(re.search(r"failures=(\d+)", again)[1])] == failures[1]


def test_a_push_of_any_turn_has_the_whole_group(agent, emqx, fake_gateway, other_gateway):
    """A push replaces its group, so all sources are asked for it."""
    agent.configure(config(
        [emqx_source(emqx, job_name="all"),
         {"name": "gone", "type": "prometheus", "url": NOBODY, "job_name": "all"}],
        [sink(fake_gateway, name="each"), sink(other_gateway, name="second", every=2)], **TICKS))
    running = agent.start()
    pushes = wait_pushes(running, fake_gateway, 3)[:3]
    wait_pushes(running, other_gateway, 2)
    assert running.stop().code == 0
    for push in (*pushes, *other_gateway.pushes[:2]):
        assert told([push], "brokerpush_source_up", source="emqx") == [1]
        assert told([push], "brokerpush_source_up", source="gone") == [0]
    for one, two in ((0, 0), (2, 1)):
        assert_same(body(pushes[one]).broker(), body(other_gateway.pushes[two]).broker())
