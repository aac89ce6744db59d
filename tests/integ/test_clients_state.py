# SPDX-License-Identifier: Apache-2.0
"""What the source emqx_clients takes over a restart, and state files that it cannot use."""

import gzip
import re
import time

import pytest

from client_monitor import STATE, Monitored, Watch, state_lines, state_path, write_state
from cycles import assert_told_once, lines
from peers import FakeGateway
from simulated_emqx import SimulatedEmqx

HOUR_MS = 3600 * 1000
READ = "the state file was read"
DAMAGED = "the state file was damaged and is set aside; sources begin anew"
NEWER = "the state file is from a newer version and is set aside; sources begin anew"
REFUSED = "lines of the state file were refused; the source goes on without them"
GONE = "the state file remembers a source that is gone; its lines are dropped"
UNWRITTEN = "the state file cannot be written; a restart would forget what is new"
WRITTEN_AGAIN = "the state file is written again"
UNREADABLE = "the state file cannot be read; it is left alone, and nothing is saved"
BUSY = ("another brokerpush uses the state file; this one saves nothing, unless it gets another "
        "state_dir")
ALL = {"glob": "*"}


@pytest.fixture
def emqx():
    with SimulatedEmqx(nodes=2, key="key", secret="secret") as server:
        yield server


@pytest.fixture
def clients(emqx):
    """a and b are connected, with five messages and three from them."""
    for name, n in ("a", 5), ("b", 3):
        emqx.clients.connect(name)
        emqx.clients.publish(name, n)
    return emqx.clients


@pytest.fixture
def watch(agent, emqx, fake_gateway):
    return Watch(agent, emqx, fake_gateway)


def in_numbers(told, client="a"):
    """(connections, flaps, messages); None for what is not told"""
    return (told.of(client, "connects_total"), told.of(client, "flaps_total"),
            told.messages(client))


def complaints(log):
    return [line for line in log.splitlines() if "level=warn" in line or "level=error" in line]


def files(agent):
    """{name: bytes} of the state's folder."""
    folder = agent.folder / STATE
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


def now_ms():
    return int(time.time() * 1000)


# Over a restart

@pytest.mark.parametrize("watched", (("a", "b"), (ALL,)), ids=("named", "found"))
def test_what_happened_while_no_agent_watched_is_counted(watch, clients, watched):
    watch.start(*watched)
    watch.end()
    clients.publish("a", 2)
    clients.connect("b")
    clients.publish("b", 1)
    told = watch.start()
    assert in_numbers(told) == (1, 0, 7)
    assert in_numbers(told, "b") == (2, 1, 4)
    log = watch.end()
    assert_told_once(log, READ)
    assert not complaints(log)


def test_who_was_gone_stays_so_with_all_that_was_known(watch, clients):
    watch.start("a", ALL, enable_dates=True)
    clients.vanish("a")
    clients.vanish("b")
    before = watch.look()
    told = watch.restart()
    for name in "ab":
        assert told.names(name) == before.names(name) > {"last_seen_timestamp_seconds"}
        for family in told.names(name) - {"messages_processed_total", "bytes_total",
                                          "packets_total"}:
            assert told.of(name, family) == before.of(name, family), family
        assert told.messages(name) == before.messages(name) is not None


def test_members_of_a_class_count_over_a_restart_by_their_new_connections(watch, clients):
    """What an old connection did meanwhile nobody knows; nothing is told twice."""
    clients.connect("c", clean_start=False)
    clients.publish("c", 1)
    watch.start({"class": "*"})
    watch.end()
    clients.publish("a", 100)
    clients.connect("b")
    clients.publish("b", 10)
    clients.disconnect("c")
    told = watch.start()
    assert told.of_class("*", "messages_processed_total", direction="rx") == 5 + 3 + 1 + 10
    assert told.of_class("*", "connects_total") == 4
    clients.publish("a", 1)
    clients.connect("c", clean_start=False)
    clients.publish("c", 4)
    told = watch.look()
    assert told.of_class("*", "messages_processed_total", direction="rx") == 19 + 1 + 4
    assert told.of_class("*", "connects_total") == 5


def saved_client(name, ago_ms, **more):
    at = now_ms() - ago_ms
    return {"client": name, "connected": False, "missing": True, "created_ms": at - 5000,
            "connected_ms": at - 4000, "last_seen_ms": at, "seen_ms": at, "gauges": [1, 2, None],
            "last": [5], "connects": 3, "flaps": 1, "totals": [9], **more}


def saved(*own, **head):
    """The lines of a state file of the source."""
    return [{"brokerpush_state": 1, "version": "0.1.0", "saved_at_ns": now_ms() * 10**6, **head},
            {"source": "plant", "type": "emqx_clients", "lines": len(own)}, *own,
            {"end": 2 + len(own)}]


COUNTERS_LINE = {"raw": False, "counters": ["recv_msg"]}


def test_the_time_of_remembering_goes_on_while_no_agent_runs(watch, clients, clock):
    """One is gone for half an hour, the other for two."""
    watch.environment = clock.environment
    write_state(watch.agent, saved(COUNTERS_LINE, saved_client("short", HOUR_MS // 2),
                                   saved_client("long", 2 * HOUR_MS)))
    watch.start(ALL, remember="1h")
    told = watch.look()
    assert told.clients() == {"a", "b", "short"}
    assert in_numbers(told, "short") == (3, 1, 9)
    assert told.of("short", "subscriptions") == 1 and told.of("short", "inflights") == 2
    clock.forward(1801)
    watch.look()
    assert watch.look().clients() == {"a", "b"}


def test_a_time_of_the_future_in_the_file_does_not_make_a_client_immortal(watch, clients, clock):
    """A clock was wrong: from the restart on it is remembered as long as anybody."""
    watch.environment = clock.environment
    write_state(watch.agent, saved(COUNTERS_LINE, saved_client("late", -1000 * HOUR_MS)))
    watch.start(ALL, remember="1h")
    assert "late" in watch.look().clients()
    clock.forward(3600)
    watch.look()
    assert "late" not in watch.look().clients()


# Another configuration

def test_a_client_that_is_not_watched_any_more_is_dropped_in_silence(watch, clients):
    watch.start("a", "b")
    told = watch.restart("a")
    assert told.clients() == {"a"} and in_numbers(told) == (1, 0, 5)
    assert not complaints(watch.end())
    clients.connect("b")
    clients.publish("b", 2)
    told = watch.start("a", "b")
    assert in_numbers(told, "b") == (1, 0, 2)


def test_a_client_keeps_its_memory_however_it_is_watched_and_called(watch, clients):
    watch.start("a", "b")
    told = watch.restart({"client_id": "a", "alias": "The A"}, ALL)
    assert told.of("a", "connects_total", alias="The A") == 1
    clients.connect("a")
    told = watch.look()
    assert in_numbers(told) == (2, 1, 5) and in_numbers(told, "b") == (1, 0, 3)
    told = watch.restart({"regex": "(.)", "alias": "client $1"})
    assert in_numbers(told) == (2, 1, 5)
    assert told.of("a", "connects_total", alias="client a") == 2
    told = watch.restart({"class": "*"}, "a")
    assert in_numbers(told) == (2, 1, 5) and told.clients() == {"a"}
    assert told.of_class("*", "clients") == 1
    assert not complaints(watch.end())


def test_a_limit_that_is_lower_now_lets_the_gone_go_first(watch, clients):
    clients.connect("c")
    watch.start(ALL, max_clients=3)
    clients.vanish("a")
    watch.look()
    watch.restart(ALL, max_clients=2)
    watch.look()
    told = watch.look()
    assert told.clients() == {"b", "c"}
    assert told.page.value("emqx_client_monitor_clients_over_limit") == 0
    assert not complaints(watch.end())


@pytest.mark.parametrize("watched", ("a", {"class": "*"}), ids=("client", "class"))
def test_a_switch_that_is_turned_on_between_runs_begins_with_what_is_there(watch, clients,
                                                                          watched):
    """Of a class only with what comes: what its members had before is another run's."""
    by_qos = "messages_processed_by_qos_total"

    def qos0(told):
        labels = {"direction": "rx", "qos": "0"}
        return (told.of("a", by_qos, **labels) if watched == "a"
                else told.of_class("*", by_qos, **labels))

    def messages(told):
        return (told.messages("a") if watched == "a"
                else told.of_class("*", "messages_processed_total", direction="rx"))

    before = messages(watch.start(watched))
    told = watch.restart(watched, enable_qos_split=True)
    began = qos0(told)
    assert began == (5 if watched == "a" else 0)
    clients.publish("a", 3, qos=0)
    told = watch.look()
    assert (messages(told), qos0(told)) == (before + 3, began + 3)
    told = watch.restart(watched, enable_processed_counters=False, enable_qos_split=True)
    assert (messages(told), qos0(told)) == (None, began + 3)
    told = watch.restart(watched, enable_packet_metrics=False)
    assert qos0(told) is None and messages(told) is not None
    assert "packets_total" not in told.names("a")
    assert not complaints(watch.end())


def test_totals_and_raw_values_are_not_taken_for_each_other_between_runs(watch, clients):
    watch.start("a", "b", "gone")
    clients.connect("a")
    clients.publish("a", 2)
    assert in_numbers(watch.look()) == (2, 1, 7)
    clients.vanish("b")
    watch.look()
    told = watch.restart("a", "b", "gone", raw_counters=True)
    assert in_numbers(told) == (2, 1, 2), "the connections that were counted stay"
    assert in_numbers(told, "b") == (1, 0, None), "a total is no value of the broker's"
    told = watch.restart("a", "b", "gone")
    assert in_numbers(told) == (2, 1, 2)
    clients.connect("a")
    clients.publish("a", 4)
    assert in_numbers(watch.look()) == (3, 2, 6)
    assert not complaints(watch.end())


def test_memory_that_was_turned_off_is_gone(watch, clients):
    watch.start("a")
    clients.connect("a")
    assert watch.look().of("a", "connects_total") == 2
    told = watch.restart("a", remember="0s")
    assert in_numbers(told) == (1, 0, 0)
    assert not [line for line in state_lines(watch.agent) if "client" in line]
    assert in_numbers(watch.restart("a", remember="7d")) == (1, 0, 0)
    assert not complaints(watch.end())


def test_a_source_of_another_name_begins_anew_and_that_is_told(watch, clients):
    watch.start("a")
    clients.connect("a")
    watch.look()
    watch.end()
    text = watch.agent.config_file.read_text()
    watch.agent.configure(text.replace('"plant"', '"factory"'))
    told = watch.start()
    assert in_numbers(told) == (1, 0, 0)
    watch.look()
    log = watch.end()
    assert_told_once(log, GONE, "source=plant", "type=emqx_clients", "lines=2")
    assert not complaints(log)
    watch.start()
    log = watch.end()
    assert_told_once(log, READ)
    assert not lines(log, GONE)


def test_two_sources_remember_each_for_itself(agent, emqx, clients, fake_gateway, watch):
    """Of the same clients, under names and labels of their own."""
    watch.start("a")
    watch.end()
    text = agent.config_file.read_text()
    start = text.index("sources = ( ") + len("sources = ( ")
    first = text[start:text.index(" );\nsinks")]
    second = first.replace('"plant"', '"factory"').replace('"hall"', '"yard"')
    agent.configure(text.replace(first, f"{first}, {second}"))
    clients.connect("a")
    clients.publish("a", 2)
    for _ in range(2):
        told = watch.start()
        assert told.of("a", "connects_total", broker="hall") == 2
        assert told.of("a", "connects_total", broker="yard") == 1
        assert told.of("a", "messages_processed_total", broker="hall", direction="rx") == 7
        assert told.of("a", "messages_processed_total", broker="yard", direction="rx") == 2
        watch.end()


# Files that cannot be used

def packed(*texts):
    return gzip.compress("".join(text + "\n" for text in texts).encode())


DAMAGE = {
    "a byte is another": lambda good: good[:40] + bytes([good[40] ^ 0xff]) + good[41:],
    "it is cut off": lambda good: good[:len(good) // 2],
    "it is empty": lambda _: b"",
    "it is doubled": lambda good: good + good,
    "it is plain text": lambda good: gzip.decompress(good),
    "it is somebody else's": lambda _: b"#!/bin/sh\nexit 0\n",
    "it is somebody else's gzip": lambda _: packed("hello", "world"),
    "it is somebody else's JSON": lambda _: packed('{"some":"thing"}'),
    "a line is missing": lambda good: gzip.compress(
        b"".join(gzip.decompress(good).splitlines(True)[:-2]) + b'{"end":4}\n')}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_set_aside_and_the_source_begins_anew(watch, clients, damage):
    watch.start("a")
    clients.connect("a")
    watch.look()
    watch.end()
    path = state_path(watch.agent)
    bad = damage(path.read_bytes())
    path.write_bytes(bad)
    told = watch.start()
    assert in_numbers(told) == (1, 0, 0), "it begins with the connection that is there"
    clients.publish("a", 1)
    assert in_numbers(watch.look()) == (1, 0, 1)
    log = watch.end()
    assert_told_once(log, DAMAGED, f"now={path}.damaged")
    assert len(complaints(log)) == 1
    assert {name for name in files(watch.agent)} == {path.name, path.name + ".damaged"}
    assert files(watch.agent)[path.name + ".damaged"] == bad
    assert in_numbers(watch.start()) == (1, 0, 1)
    log = watch.end()
    assert_told_once(log, READ)
    assert not complaints(log)


def test_a_file_of_a_newer_version_is_kept_beside_and_the_source_begins_anew(watch, clients):
    watch.start("a")
    clients.connect("a")
    watch.look()
    watch.end()
    path, good = state_path(watch.agent), state_lines(watch.agent)
    good[0]["brokerpush_state"] = 2
    write_state(watch.agent, good)
    newer = path.read_bytes()
    assert in_numbers(watch.start()) == (1, 0, 0)
    watch.look()
    log = watch.end()
    line = assert_told_once(log, NEWER, "format=2")
    assert len(complaints(log)) == 1
    kept = re.search(r"now=(\S+)", line)[1]
    assert re.fullmatch(re.escape(str(path)) + r"\.version-2-\d{8}T\d{6}Z", kept)
    assert files(watch.agent)[kept.rpartition("/")[2]] == newer
    watch.start()
    assert_told_once(watch.end(), READ)


# What each line is, and whether it is refused.
ODD_LINES = {
    "another field": ({"clint": "a"}, True), "a number": ("5", True), "a list": ('["a"]', True),
    "no JSON": ("{", True), "nothing": ("", True), "an empty id": ({"client": ""}, True),
    "text for numbers": ({**saved_client("x", 0), "totals": ["1"], "connects": "many"}, False),
    "a negative total": ({**saved_client("x", 0), "totals": [-5], "last": [-7]}, False),
    "numbers that are none": ('{"client":"x","connects":1e999,"totals":[1e999],"seen_ms":1e300}',
                              None),
    "huge times": ({**saved_client("x", 0), "created_ms": 2**63 - 1, "seen_ms": 2**63 - 1,
                    "last_seen_ms": 2**63 - 1, "connected_ms": 2**63 - 1}, False),
    "too many totals": ({**saved_client("x", 0), "totals": list(range(1000))}, False),
    "gauges of all kinds": ({**saved_client("x", 0), "gauges": [{}, "1", 2**62, 4, 5]}, False),
    "a client that is there already": (saved_client("a", 0), False),
    "no client but a class that is not watched": ({"class": "q*", "connects": 4}, False)}


@pytest.mark.parametrize("line, is_refused", ODD_LINES.values(), ids=ODD_LINES)
def test_a_line_that_no_agent_wrote_does_no_harm_to_the_others(watch, clients, line, is_refused):
    a = saved_client("a", 0, connected_ms=1, connects=7)
    write_state(watch.agent, saved(COUNTERS_LINE, a, line, saved_client("y", 0)))
    told = watch.start(ALL)
    assert in_numbers(told) == (8, 1, 14)
    assert in_numbers(told, "y") == (3, 1, 9)
    watch.look()
    log = watch.end()
    assert_told_once(log, READ)
    if is_refused is not None:
        assert len(lines(log, REFUSED)) == is_refused
    if lines(log, REFUSED):
        assert_told_once(log, REFUSED, "source=plant", "refused=1", "lines=4")
    watch.start()
    assert not complaints(watch.end())


def test_a_sum_beyond_what_json_can_tell_stays_the_largest(watch, clients):
    """A broker may tell any number; over a restart a counter does not go back to nothing."""
    clients.set("a", recv_oct=2**63 - 1)
    told = watch.start("a")
    clients.connect("a")
    clients.set("a", recv_oct=5)
    for told in told, watch.look(), watch.restart(), watch.look():
        assert told.of("a", "bytes_total", direction="rx") == 2.0**63
    assert not complaints(watch.end())


# Places that cannot be written

def test_a_folder_that_cannot_be_made_is_told_once_and_pushing_goes_on(watch, clients):
    """When it can, the file is written, with all that was seen meanwhile."""
    watch.start("a")
    watch.end()
    text = watch.agent.config_file.read_text()
    deeper = watch.agent.folder / "not" / "there"
    watch.agent.configure(text.replace(str(watch.agent.folder / STATE), str(deeper)))
    for told in watch.start(), watch.look(), watch.look():
        assert in_numbers(told) == (1, 0, 5)
    deeper.parent.mkdir()
    clients.connect("a")
    watch.look()
    watch.look()
    log = watch.end()
    assert_told_once(log, UNWRITTEN, f"file={deeper}/brokerpush.state")
    assert_told_once(log, WRITTEN_AGAIN, "failures=3")
    assert len(complaints(log)) == 1
    assert watch.start().of("a", "connects_total") == 2
    watch.end()


def test_what_stands_in_the_file_s_place_is_left_alone(watch, clients):
    path = state_path(watch.agent)
    path.mkdir(parents=True)
    (path / "keep").write_text("me")
    watch.start("a")
    clients.connect("a")
    assert in_numbers(watch.look()) == (2, 1, 5)
    watch.look()
    log = watch.end()
    assert_told_once(log, UNREADABLE, f"file={path}")
    assert len(complaints(log)) == 1
    assert (path / "keep").read_text() == "me" and len(list(path.parent.iterdir())) == 1


def test_a_second_agent_works_and_saves_nothing(watch, agent, emqx, clients):
    """Not even when the first one has ended."""
    watch.start("a")
    with FakeGateway() as other_gateway:
        other = Watch(agent, emqx, other_gateway)
        assert in_numbers(other.start("a")) == (1, 0, 5), "what the other one saved is not read"
        clients.connect("a")
        assert in_numbers(other.look()) == (2, 1, 5)
        assert in_numbers(watch.look()) == (2, 1, 5)
        assert not complaints(watch.end())
        last = files(agent)
        clients.connect("a")
        assert in_numbers(other.look()) == (3, 2, 5)
        log = other.end()
    assert_told_once(log, BUSY, f"file={state_path(agent)}")
    assert len(complaints(log)) == 1 and not lines(log, READ)
    assert files(agent) == last


# Single cycles

SINGLE = pytest.mark.parametrize("option", ("--once", "--dry-run"))


def single(watch, option):
    """(what it told, its log)"""
    result = watch.agent.run(option)
    assert result.code == 0, result.stderr
    told = watch.gateway.pushes[-1] if option == "--once" else result.stdout
    return Monitored(told), result.stderr


@SINGLE
def test_a_single_cycle_goes_on_from_the_file_and_writes_nothing(watch, clients, option):
    watch.start("a", ALL)
    clients.vanish("b")
    watch.look()
    watch.end()
    before = files(watch.agent)
    clients.connect("a")
    clients.publish("a", 2)
    for _ in range(2):
        told, log = single(watch, option)
        assert in_numbers(told) == (2, 1, 7)
        assert in_numbers(told, "b") == (1, 0, 3) and told.of("b", "connected") == 0
        assert not complaints(log)
        assert files(watch.agent) == before
    assert in_numbers(watch.start()) == (2, 1, 7)


@SINGLE
def test_a_single_cycle_beside_a_running_agent_reads_what_that_saved(watch, clients, option):
    watch.start("a")
    clients.connect("a")
    watch.look()
    before = files(watch.agent)
    told, log = single(watch, option)
    assert in_numbers(told) == (2, 1, 5)
    assert not complaints(log)
    assert files(watch.agent) == before
    assert in_numbers(watch.look()) == (2, 1, 5)
    assert not complaints(watch.end())


@SINGLE
def test_a_single_cycle_without_a_file_makes_none(watch, clients, option):
    watch.start("a")
    watch.end()
    for path in (watch.agent.folder / STATE).iterdir():
        path.unlink()
    (watch.agent.folder / STATE).rmdir()
    told, log = single(watch, option)
    assert in_numbers(told) == (1, 0, 5)
    assert not complaints(log)
    assert not (watch.agent.folder / STATE).exists()


@SINGLE
@pytest.mark.parametrize("content, message", (
    (b"nonsense", "the state file is damaged; sources begin anew"),
    (packed('{"brokerpush_state":7}'),
     "the state file is from a newer version; sources begin anew")), ids=("damaged", "newer"))
def test_a_single_cycle_leaves_a_file_that_it_cannot_use(watch, clients, option, content, message):
    watch.start("a")
    watch.end()
    state_path(watch.agent).write_bytes(content)
    told, log = single(watch, option)
    assert in_numbers(told) == (1, 0, 5)
    assert_told_once(log, message)
    assert len(complaints(log)) == 1
    assert files(watch.agent) == {"brokerpush.state": content}


def test_the_file_is_for_its_owner_only_and_is_named_after_the_configuration(watch, clients):
    watch.start("a")
    path = state_path(watch.agent)
    assert path.stat().st_mode & 0o7777 == 0o600
    assert path.parent.stat().st_mode & 0o007 == 0
    assert [line["client"] for line in state_lines(watch.agent) if "client" in line] == ["a"]
    watch.end()
