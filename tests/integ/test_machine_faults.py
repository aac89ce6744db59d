# SPDX-License-Identifier: Apache-2.0
"""What the machine may do to the agent: descriptors, memory, sleep, a network that comes late, a
clock that jumps.

A cycle may come later than the grid says, never earlier: that is all that is asserted of time.
"""

import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from exposition import Exposition, assert_same
from peers import PATIENCE, check_sanity, wait_until
from plain_agent import faketime, plain, plain_binary  # noqa: F401  plain is a fixture
from setups import config, emqx_source, sink

ONLY_STATS = {"endpoints": ["stats"]}
MEBIBYTE = 1 << 20
INTERVAL_S = 1


def body_of(push):
    return Exposition.parse(push.body.decode())


def drop_connections(*servers):
    """What sleeping machines and restarted peers leave behind: connections that are dead."""
    for server in servers:
        server.refuse()
        server.accept_again()


def check_no_catching_up(server, since, n_before):
    """Three cycles from a moment on take at least an interval, however many ticks were missed."""
    pushes = server.wait_for_pushes(n_before + 3)
    assert pushes[n_before + 2].received - since >= INTERVAL_S


# File descriptors

def test_out_of_descriptors_is_an_outage_like_any_other_and_ends(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1s"))
    running = agent.start()
    fake_gateway.wait_for_pushes(2)
    before = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
    # No number is left for another descriptor; those that are open stay.
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    drop_connections(emqx, fake_gateway)
    running.wait_log('msg="push still fails"', 2)
    n_pushes = len(fake_gateway.pushes)
    resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, before)
    running.wait_log("source is back")
    running.wait_log("push is accepted again")
    whole = fake_gateway.wait_for_pushes(n_pushes + 2)[-1]
    assert running.stop().code == 0
    assert_same(Exposition.parse(emqx.page("stats")), body_of(whole).broker())
    for words in ("source is down", "push failed", "source is back", "push is accepted again"):
        assert len(running.log_lines(f'msg="{words}"')) == 1
    for line in running.log_lines('msg="(source is down|push failed)"'):
        assert "reason=unreachable " in line


@pytest.mark.parametrize("limit", range(4, 13))
def test_too_few_descriptors_from_the_start_are_told(agent, emqx, fake_gateway, limit):
    """Whatever cannot be opened first: a line that says so, an exit code, no crash, no hang."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    command = [str(plain_binary()), "-c", str(agent.config_file), "--once"]
    # The shell sets the limit; below 4 not even the program's libraries can be loaded.
    done = subprocess.run(
        ["sh", "-c", f'ulimit -n {limit} && exec "$@"', "sh", *command], cwd=agent.folder,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE, check=False, text=True,
        env=agent.environment)
    check_sanity(done.returncode, done.stderr)
    assert done.returncode in (0, 1, 3, 4) and done.stderr, done.stderr
    assert bool(fake_gateway.pushes) == (done.returncode in (0, 4))


# Memory

@pytest.mark.parametrize("headroom", (1, 4, 16, 24))
def test_out_of_memory_ends_with_one_line_and_exit_code_1(agent, plain, emqx, fake_gateway,
                                                          headroom):
    """Too little for the page, for its families, or for the body that would be pushed."""
    page = "# TYPE emqx_generated gauge\n" + "".join(
        f'emqx_generated{{row="{row:09}"}} 1\n' for row in range(450000))
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1h"))
    running = plain()
    running.wait_log("first push accepted")
    emqx.set_fault("page", "stats", text=page)
    status = Path(f"/proc/{running.process.pid}/status").read_text(encoding="ascii")
    used = int(re.search(r"VmSize:\s+(\d+) kB", status)[1]) << 10
    limit = used + headroom * MEBIBYTE
    resource.prlimit(running.process.pid, resource.RLIMIT_AS, (limit, limit))
    running.send_signal(signal.SIGUSR1)
    result = running.wait()
    assert result.code == 1
    last = result.stderr.splitlines()[-1]
    assert last.startswith("brokerpush: out of memory")
    assert result.stderr.count("out of memory") == 1
    assert not running.log_lines("level=(warn|error)")
    assert len(fake_gateway.pushes) == 1, "nothing torn was pushed"


# Sleep

def is_at_rest(emqx, gateway):
    """Every cycle is one page here and one push there: none is on its way, nor a question."""
    requests, pushes = emqx.requests, gateway.pushes
    pages = [request for request in requests if request.path != "/status"]
    return len(pages) == len(pushes) and all(
        request.answered for request in requests + pushes)


def stop_at_rest(running, emqx, gateway):
    """Between two cycles; a slow machine may need a second try."""
    for _ in range(10):
        wait_until(lambda: is_at_rest(emqx, gateway), "the end of a cycle")
        stop_process(running)
        if is_at_rest(emqx, gateway):
            return
        running.send_signal(signal.SIGCONT)
    raise AssertionError("never at rest")


def stop_process(running):
    running.send_signal(signal.SIGSTOP)
    stat = Path(f"/proc/{running.process.pid}/stat")
    wait_until(lambda: stat.read_text(encoding="ascii").rpartition(")")[2].split()[0] == "T",
               "the process stands still")


def test_after_a_sleep_one_cycle_comes_and_then_the_grid(agent, emqx, fake_gateway):
    """Meanwhile the peers have closed the connections; that costs nothing either."""
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1s"))
    running = agent.start()
    fake_gateway.wait_for_pushes(2)
    stop_at_rest(running, emqx, fake_gateway)
    drop_connections(emqx, fake_gateway)
    n_asleep = len(fake_gateway.pushes)
    time.sleep(5 * INTERVAL_S)
    n_before, woken = len(fake_gateway.pushes), time.monotonic()
    assert n_before == n_asleep
    running.send_signal(signal.SIGCONT)
    check_no_catching_up(fake_gateway, woken, n_before)
    assert running.stop().code == 0
    assert not running.log_lines("level=(warn|error)")
    assert body_of(fake_gateway.pushes[-1]).value("brokerpush_cycles_skipped_total") <= 1


def test_a_sleep_in_the_middle_of_a_cycle_costs_that_cycle_at_most(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1s"))
    running = agent.start()
    fake_gateway.wait_for_pushes(2)
    emqx.set_fault("silent", "stats")
    n_asked = len(emqx.requests)
    wait_until(lambda: len(emqx.requests) > n_asked, "a request that gets no answer")
    stop_process(running)
    emqx.clear_faults()
    time.sleep(3 * INTERVAL_S)
    n_before, woken = len(fake_gateway.pushes), time.monotonic()
    running.send_signal(signal.SIGCONT)
    check_no_catching_up(fake_gateway, woken, n_before)
    running.wait_log("source is back")
    whole = fake_gateway.wait_for_pushes(len(fake_gateway.pushes) + 1)[-1]
    assert running.stop().code == 0
    assert_same(Exposition.parse(emqx.page("stats")), body_of(whole).broker())
    assert len(running.log_lines("source is down")) == 1


def test_a_sleep_in_the_middle_of_a_push_loses_nothing(agent, emqx, fake_gateway):
    """The gateway answered while the agent slept past its deadline."""
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1s"))
    running = agent.start()
    fake_gateway.wait_for_pushes(1)
    fake_gateway.set_fault("held")
    n_held = len(fake_gateway.pushes)
    wait_until(lambda: len(fake_gateway.pushes) > n_held, "a push that waits for its answer")
    stop_process(running)
    fake_gateway.release()
    time.sleep(2 * INTERVAL_S)
    n_before, woken = len(fake_gateway.pushes), time.monotonic()
    running.send_signal(signal.SIGCONT)
    check_no_catching_up(fake_gateway, woken, n_before)
    assert running.stop().code == 0
    assert len(running.log_lines('msg="push failed"')) == len(
        running.log_lines("push is accepted again"))


# Started before the network

@pytest.mark.parametrize("node_is_known", (True, False))
def test_started_without_a_network_it_recovers_when_that_comes(agent, emqx, fake_gateway,
                                                               node_is_known):
    source = emqx_source(emqx)
    if not node_is_known:
        del source["node"]
    emqx.set_fault("refused")
    fake_gateway.set_fault("refused")
    agent.configure(config(source, sink(fake_gateway), interval="1s"))
    running = agent.start()
    line = running.wait_log('msg="push failed"')[0]
    assert f"reason={'unreachable' if node_is_known else 'node_unknown'} " in line
    running.wait_log("source is still down")
    fake_gateway.clear_faults()
    if node_is_known:
        only_self = fake_gateway.wait_for_pushes(1)[0]
        assert not body_of(only_self).broker().families
    emqx.clear_faults()
    running.wait_log("source is back")
    running.wait_log("push is accepted again")
    whole = fake_gateway.wait_for_pushes(len(fake_gateway.pushes) + 1)[-1]
    assert running.stop().code == 0
    assert whole.path == "/metrics/job/emqx/instance/emqx~127.0.0.1"
    pages = [emqx.page(name) for name in ("stats", "auth", "data_integration")]
    assert_same(Exposition.merged(pages), body_of(whole).broker())
    assert len(running.log_lines("source is down")) == 1
    assert not running.log_lines("msg=.endpoint")


# A clock that jumps

@pytest.mark.parametrize("jump", ("+86400", "-86400"))
def test_when_the_wall_clock_jumps_the_schedule_goes_on(agent, plain, emqx, fake_gateway, jump):
    """Neither a burst of cycles nor a day without any; only the times that are told change."""
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1s"))
    running = plain(faketime(agent, "+0"))
    told = [body_of(push).value("brokerpush_source_last_success_timestamp_seconds")
            for push in fake_gateway.wait_for_pushes(2)]
    faketime(agent, jump)
    n_before, since = len(fake_gateway.pushes), time.monotonic()
    check_no_catching_up(fake_gateway, since, n_before)
    last = fake_gateway.wait_for_pushes(n_before + 4)[-1]
    after = body_of(last).value("brokerpush_source_last_success_timestamp_seconds")
    assert after - told[-1] == pytest.approx(int(jump), abs=3600)
    assert body_of(last).value("brokerpush_cycles_skipped_total") == 0
    assert running.stop().code == 0
    assert not running.log_lines("level=(warn|error)")
