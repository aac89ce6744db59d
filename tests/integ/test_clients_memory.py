# SPDX-License-Identifier: Apache-2.0
"""What the source emqx_clients knows of clients over time: totals over connections, connections
that were seen, values that stay, and what it forgets. What outlives the agent:
test_clients_state.py.
"""

import time

import pytest

from client_monitor import Watch, clients_source
from cycles import TICKS, assert_told_once, body, lines, wait_pushes
from emqx_clients import date_text
from exposition import Exposition
from plain_agent import faketime, plain  # noqa: F401  plain is a fixture
from setups import sink
from simulated_emqx import SimulatedEmqx

NODES = ["emqx1@127.0.0.1", "emqx2@127.0.0.1"]
HOUR_MS = 3600 * 1000
# Ways to watch the client a: asked for by its id, or found on the pages of all.
NAMED, FOUND, OF_A_CLASS = "a", {"glob": "*"}, {"class": "*"}
BOTH_WAYS = pytest.mark.parametrize("watched", (NAMED, FOUND), ids=("named", "found"))
# So many that they are asked for by lists of ids.
MANY = ["a", *(f"other-{number}" for number in range(60))]


@pytest.fixture
def emqx():
    with SimulatedEmqx(nodes=2, key="key", secret="secret") as server:
        yield server


@pytest.fixture
def clients(emqx):
    return emqx.clients


@pytest.fixture
def watch(agent, emqx, fake_gateway):
    return Watch(agent, emqx, fake_gateway)


def now_ms():
    return int(time.time() * 1000)


def in_numbers(told, client="a"):
    """(connected, connections, flaps)"""
    return tuple(told.of(client, name) for name in ("connected", "connects_total", "flaps_total"))


def of_class(told, glob="*"):
    """(connected, clients, connections, flaps)"""
    return tuple(told.of_class(glob, name)
                 for name in ("connected", "clients", "connects_total", "flaps_total"))


def class_messages(told, direction="rx", glob="*"):
    return told.of_class(glob, "messages_processed_total", direction=direction)


def assert_nothing_is_wrong(watch):
    log = watch.end()
    assert "level=warn" not in log and "level=error" not in log, log
    for push in watch.gateway.pushes:
        assert body(push).value("brokerpush_endpoint_up", endpoint="clients") == 1


# Counters over connections

RECONNECTS = {
    "with a clean start": {"clean_start": True},
    "with its session": {"clean_start": False},
    "with a clean start to the other node": {"clean_start": True, "node": NODES[1]},
    "with its session to the other node": {"clean_start": False, "node": NODES[1]}}


@BOTH_WAYS
@pytest.mark.parametrize("options", RECONNECTS.values(), ids=RECONNECTS)
def test_totals_go_on_when_a_client_reconnects(watch, clients, watched, options):
    """The broker begins again at 0, and the sum of what was seen of each connection is told."""
    clients.connect("a", clean_start=options["clean_start"])
    clients.publish("a", 5, qos=1, size=10)
    clients.deliver("a", 4, size=3)
    clients.drop("a", "tx", "expired", 2)
    first = watch.start(watched, enable_dates=True, enable_qos_split=True,
                        enable_dropped_counters=True, enable_reason_split=True)
    assert in_numbers(first) == (1, 1, 0)
    clients.connect("a", **options)
    clients.publish("a", 2, qos=1, size=20)
    clients.deliver("a", 1, size=3)
    told = watch.look()
    assert in_numbers(told) == (1, 2, 1)
    assert (told.messages("a"), told.messages("a", "tx")) == (7, 5)
    for direction, total in ("rx", 5 * 10 + 2 * 20), ("tx", 5 * 3):
        assert told.of("a", "bytes_total", direction=direction) == total
    assert told.of("a", "packets_total", direction="rx") == 7
    assert told.of("a", "messages_processed_by_qos_total", direction="rx", qos="1") == 7
    assert told.of("a", "messages_dropped_total", direction="tx") == 2
    assert told.of("a", "messages_dropped_by_reason_total", reason="expired") == 2
    kept = not options["clean_start"]
    assert (told.of("a", "created_at") == first.of("a", "created_at")) == kept
    assert told.of("a", "connected_at") > first.of("a", "connected_at")
    clients.publish("a", 1)
    assert watch.look().messages("a") == 8
    assert_nothing_is_wrong(watch)


@pytest.mark.parametrize("options", RECONNECTS.values(), ids=RECONNECTS)
def test_totals_of_a_class_go_on_when_members_reconnect(watch, clients, options):
    for name, n in ("a", 5), ("b", 3):
        clients.connect(name, clean_start=options["clean_start"])
        clients.publish(name, n)
    assert class_messages(watch.start(OF_A_CLASS)) == 8
    clients.connect("a", **options)
    clients.publish("a", 2)
    clients.publish("b", 1)
    told = watch.look()
    assert class_messages(told) == 11
    assert of_class(told) == (2, 2, 3, 1)
    clients.vanish("b")
    told = watch.look()
    assert class_messages(told) == 11
    assert of_class(told) == (1, 1, 3, 1)
    assert_nothing_is_wrong(watch)


@pytest.mark.parametrize("watched", (MANY, (FOUND,)), ids=("by lists", "found"))
def test_a_reconnect_is_seen_whichever_way_the_rows_of_both_nodes_stand(watch, clients, watched):
    """The old node tells of the connection that ended, as if it went on or as ended; the newest
    counts, once."""
    clients.connect("a", node=NODES[1], clean_start=False)
    clients.publish("a", 5)
    watch.start(*watched)
    for old, new, connected in ((1, 0, True), (0, 1, True), (1, 0, False), (0, 1, False)):
        clients.duplicate("a", NODES[old], connected=connected)
        clients.connect("a", node=NODES[new], clean_start=False)
        clients.publish("a", 2)
        told = watch.look()
        clients.vanish("a")
        clients.connect("a", node=NODES[new], clean_start=False)
        gone_on = watch.look()
        assert told.of("a", "connected") == gone_on.of("a", "connected") == 1
    assert told.messages("a") == gone_on.messages("a") == 5 + 4 * 2
    assert in_numbers(gone_on) == (1, 9, 8)
    assert_nothing_is_wrong(watch)


@pytest.mark.parametrize("watched", (FOUND, OF_A_CLASS), ids=("found", "class"))
def test_what_a_stale_row_says_of_being_disconnected_makes_no_difference_to_flaps(
        watch, clients, watched):
    """Connected at both looks, and connected anew between them: that is a flap, though the first
    of two rows tells that the old connection has ended."""
    clients.connect("a", node=NODES[0], clean_start=False)
    watch.start(watched)
    clients.duplicate("a", NODES[0], connected=False)
    clients.connect("a", node=NODES[1], clean_start=False)
    told = watch.look()
    if watched is FOUND:
        assert in_numbers(told) == (1, 2, 1)
    else:
        assert of_class(told) == (1, 1, 2, 1)


def test_what_no_look_saw_of_a_connection_that_ended_is_not_claimed(watch, clients):
    clients.connect("a")
    clients.publish("a", 5)
    watch.start(NAMED)
    clients.publish("a", 30)
    clients.connect("a")
    clients.publish("a", 2)
    assert watch.look().messages("a") == 7


SHRINKING = {
    "a little": (9, 4, 4), "to nothing": (9, 0, 0), "from above 2^31": (3000000000, 5, 5),
    "from above 2^32": (5000000000, 7, 7),
    "to more than half": (4000000000, 2500000000, 2500000000),
    "from the most that JSON can tell": (2**53 - 1, 1, 1)}


@BOTH_WAYS
@pytest.mark.parametrize("before, after, more", SHRINKING.values(), ids=SHRINKING)
def test_a_counter_that_shrinks_within_a_connection_begins_anew(watch, clients, watched, before,
                                                                 after, more):
    """As Prometheus takes it: what it has now is new."""
    clients.connect("a")
    clients.set("a", {"recv_msg": before, "recv_oct": before})
    told = watch.start(watched)
    assert told.messages("a") == told.of("a", "bytes_total", direction="rx") == before
    clients.set("a", {"recv_msg": after, "recv_oct": after})
    told = watch.look()
    assert told.of("a", "bytes_total", direction="rx") == before + more
    assert told.messages("a") == before + more
    assert in_numbers(told) == (1, 1, 0)
    assert watch.look().messages("a") == before + more


@pytest.mark.parametrize("before, after", ((0, 2**31 - 1), (10, 2**31 + 10), (10**9, 4 * 10**9),
                                           (1, 2**32 + 5), (2**32 - 2, 2**32 + 2)))
def test_a_counter_may_grow_by_any_number_between_two_looks(watch, clients, before, after):
    """The agent may have been down for a week."""
    clients.connect("a")
    clients.set("a", {"recv_msg": before, "recv_oct": before})
    watch.start(NAMED)
    clients.set("a", {"recv_msg": after, "recv_oct": after})
    told = watch.look()
    assert told.of("a", "bytes_total", direction="rx") == after
    assert told.messages("a") == after


def test_counters_of_a_class_begin_anew_where_a_member_s_shrink(watch, clients):
    for name in "ab":
        clients.connect(name)
        clients.publish(name, 9)
    watch.start(OF_A_CLASS)
    clients.reset("a")
    clients.publish("a", 4)
    clients.publish("b", 1)
    told = watch.look()
    assert class_messages(told) == 9 + 9 + 4 + 1
    assert of_class(told) == (2, 2, 2, 0)


# raw_counters

@BOTH_WAYS
def test_raw_counters_are_the_broker_s_own_and_connections_are_counted_all_the_same(
        watch, clients, watched):
    clients.connect("a")
    clients.publish("a", 5, size=10)
    watch.start(watched, raw_counters=True)
    clients.connect("a")
    clients.publish("a", 2, size=10)
    told = watch.look()
    assert told.messages("a") == 2 and told.of("a", "bytes_total", direction="rx") == 20
    assert in_numbers(told) == (1, 2, 1)
    clients.reset("a")
    assert watch.look().messages("a") == 0
    clients.publish("a", 3)
    clients.vanish("a")
    told = watch.look()
    assert told.messages("a") == 0 and in_numbers(told) == (0, 2, 1)
    assert told.page.families["emqx_client_monitor_messages_processed_total"].type == "counter"


def test_raw_counters_of_a_class_are_those_of_who_is_there(watch, clients):
    for name, n in ("a", 5), ("b", 3):
        clients.connect(name)
        clients.publish(name, n)
    assert class_messages(watch.start(OF_A_CLASS, raw_counters=True)) == 8
    clients.connect("a")
    clients.publish("a", 1)
    assert class_messages(watch.look()) == 4
    clients.vanish("b")
    told = watch.look()
    assert class_messages(told) == 1
    assert of_class(told) == (1, 1, 3, 1)


# Connections between two looks

@BOTH_WAYS
def test_a_connection_between_two_looks_is_found_where_the_session_is_kept(watch, clients,
                                                                           watched):
    """Ten seconds, as the broker's clock has it, and what it sent is counted too."""
    clients.connect("a", clean_start=False, at=now_ms() - HOUR_MS)
    clients.disconnect("a", at=now_ms() - HOUR_MS + 1000)
    assert in_numbers(watch.start(watched)) == (0, 0, 0)
    began = now_ms() - 60000
    clients.connect("a", clean_start=False, at=began)
    clients.publish("a", 6)
    clients.disconnect("a", at=began + 10000)
    told = watch.look()
    assert in_numbers(told) == (0, 1, 1)
    assert told.messages("a") == 6
    assert told.of("a", "last_seen_timestamp_seconds") == (began + 10000) / 1000
    assert in_numbers(watch.look()) == (0, 1, 1)
    assert_nothing_is_wrong(watch)


@BOTH_WAYS
def test_a_connection_between_two_looks_is_not_claimed_where_nothing_is_left_of_it(
        watch, clients, watched):
    clients.connect("a")
    watch.start(watched)
    clients.disconnect("a")
    assert in_numbers(watch.look()) == (0, 1, 0)
    clients.connect("a")
    clients.publish("a", 6)
    clients.disconnect("a")
    told = watch.look()
    assert in_numbers(told) == (0, 1, 0)
    assert told.messages("a") == 0


def test_connections_of_a_class_between_two_looks_are_found_where_sessions_are_kept(watch,
                                                                                    clients):
    for name, kept in ("a", True), ("b", False):
        clients.connect(name, clean_start=not kept)
        clients.disconnect(name)
    assert of_class(watch.start(OF_A_CLASS)) == (0, 1, 0, 0)
    for name, kept in ("a", True), ("b", False):
        clients.connect(name, clean_start=not kept)
        clients.publish(name, 3)
        clients.disconnect(name)
    told = watch.look()
    assert of_class(told) == (0, 1, 1, 1)
    assert class_messages(told) == 3


@BOTH_WAYS
def test_a_connection_counts_as_a_flap_only_where_connected_was_the_same_at_both_looks(
        watch, clients, watched):
    clients.connect("a", clean_start=False)
    assert in_numbers(watch.start(watched)) == (1, 1, 0)
    clients.disconnect("a")
    assert in_numbers(watch.look()) == (0, 1, 0)
    clients.connect("a", clean_start=False)
    assert in_numbers(watch.look()) == (1, 2, 0)
    clients.connect("a", clean_start=False)
    clients.connect("a", clean_start=False)
    # Two of them, of which the last one shows.
    assert in_numbers(watch.look()) == (1, 3, 1)
    clients.connect("a", clean_start=False)
    clients.disconnect("a")
    assert in_numbers(watch.look()) == (0, 4, 1)
    clients.vanish("a")
    assert in_numbers(watch.look()) == (0, 4, 1)


# Clients that are gone

@BOTH_WAYS
@pytest.mark.parametrize("kept", (True, False), ids=("session kept", "gone"))
def test_values_stay_after_a_disconnect(watch, clients, watched, kept):
    clients.connect("a", clean_start=not kept)
    clients.publish("a", 5)
    clients.set("a", subscriptions_cnt=3, inflight_cnt=2)
    before = watch.start(watched, enable_dates=True)
    ended = now_ms() + 1
    clients.disconnect("a", at=ended)
    for _ in range(2):
        told = watch.look()
        assert told.of("a", "connected") == 0
        seen = "last_seen_timestamp_seconds"
        assert told.of("a", seen) == (ended / 1000 if kept else before.of("a", seen))
        for name in "subscriptions", "inflights", "connects_total", "created_at", "connected_at":
            assert told.of("a", name) == before.of("a", name) is not None
        assert told.messages("a") == 5
        # How old a session is that is no more, nobody can say.
        assert before.names("a") - told.names("a") == (set() if kept else {"session_age_seconds"})
        assert not told.names("a") - before.names("a")


def test_a_client_that_nobody_has_seen_is_told_as_not_connected_and_no_more(watch, clients):
    clients.connect("other")
    for told in watch.start("a", "other"), watch.look():
        assert told.names("a") == {"connected"}
        assert told.of("a", "connected") == 0


def test_last_seen_goes_on_while_a_client_is_connected(watch, clients):
    clients.connect("a")
    low = now_ms() / 1000
    seen = [told.of("a", "last_seen_timestamp_seconds")
            for told in (watch.start(NAMED), watch.look(), watch.look())]
    assert low <= seen[0] <= seen[1] <= seen[2] <= time.time()


@BOTH_WAYS
def test_a_session_s_age_goes_on_over_connections_that_keep_it(watch, clients, watched):
    """It is made two hours ago; a clean start makes another one."""
    clients.connect("a", clean_start=False, at=now_ms() - 2 * HOUR_MS)
    first = watch.start(watched).of("a", "session_age_seconds")
    assert first >= 7200
    clients.connect("a", clean_start=False)
    second = watch.look().of("a", "session_age_seconds")
    clients.disconnect("a")
    third = watch.look().of("a", "session_age_seconds")
    assert first <= second <= third
    clients.connect("a", at=now_ms() - HOUR_MS // 2)
    assert 1800 <= watch.look().of("a", "session_age_seconds") < 7200


def test_a_session_of_a_broker_whose_clock_is_ahead_is_not_younger_than_nothing(watch, clients):
    clients.connect("a", at=now_ms() + 100 * HOUR_MS)
    assert watch.start(NAMED).of("a", "session_age_seconds") == 0


# Clocks that go back

CLOCK_WAYS = {"named": (NAMED,), "by lists": MANY, "found": (FOUND,)}


@pytest.mark.parametrize("watched", CLOCK_WAYS.values(), ids=CLOCK_WAYS)
@pytest.mark.parametrize("kept", (True, False), ids=("session kept", "clean start"))
def test_when_the_broker_s_clock_goes_back_an_hour_a_reconnect_is_one(watch, clients, watched,
                                                                      kept):
    """It seems older than the connection before; and it is no failure of the broker's."""
    clients.connect("a", clean_start=not kept)
    clients.publish("a", 5)
    assert in_numbers(watch.start(*watched)) == (1, 1, 0)
    clients.connect("a", clean_start=not kept, at=now_ms() - HOUR_MS)
    clients.publish("a", 2)
    told = watch.look()
    assert told.messages("a") == 7
    assert in_numbers(told) == (1, 2, 1)
    clients.publish("a", 1)
    told = watch.look()
    assert told.messages("a") == 8 and in_numbers(told) == (1, 2, 1)
    clients.connect("a", clean_start=not kept, at=now_ms())
    told = watch.look()
    assert told.messages("a") == 8 and in_numbers(told) == (1, 3, 2)
    assert_nothing_is_wrong(watch)


@pytest.mark.parametrize("watched", CLOCK_WAYS.values(), ids=CLOCK_WAYS)
def test_of_whom_only_an_old_copy_is_told_nothing_is_said(watch, clients, watched):
    """A row of the connection before proves neither that a client is there nor that it is gone."""
    before, now = now_ms() - HOUR_MS, now_ms()
    clients.connect("a", at=before)
    watch.start(*watched)
    clients.connect("a", at=now)
    assert in_numbers(watch.look()) == (1, 2, 1)
    clients.set("a", {"connected_at": date_text(before)})
    assert "a" not in watch.look().clients()
    clients.set("a", {"connected_at": date_text(now)})
    assert in_numbers(watch.look()) == (1, 2, 1)
    assert_nothing_is_wrong(watch)


def test_when_the_broker_s_clock_goes_back_a_class_counts_on(watch, clients):
    clients.connect("a")
    clients.publish("a", 5)
    watch.start(OF_A_CLASS)
    clients.connect("a", at=now_ms() - HOUR_MS)
    clients.publish("a", 2)
    told = watch.look()
    assert of_class(told) == (1, 1, 2, 1)
    assert class_messages(told) == 7
    assert_nothing_is_wrong(watch)


@pytest.mark.parametrize("jump", ("-3600", "+86400"))
def test_when_the_agent_s_wall_clock_jumps_nobody_is_forgotten(agent, plain, watch, clients, jump):
    """What is told as wall time jumps with it; how long somebody is remembered does not."""
    for name in "ab":
        clients.connect(name)
        clients.publish(name, 5)
    watch.launch, watch.environment = plain, faketime(agent, "+0")
    watch.start(FOUND, remember="30m", enable_dates=True)
    clients.vanish("b")
    before = watch.look()
    faketime(agent, jump)
    for _ in range(3):
        told = watch.look()
        assert in_numbers(told) == (1, 1, 0) and in_numbers(told, "b") == (0, 1, 0)
        assert told.messages("a") == told.messages("b") == 5
        assert told.of("a", "session_age_seconds") >= 0
        assert told.of("a", "connected_at") == before.of("a", "connected_at")
        seen = "last_seen_timestamp_seconds"
        assert told.of("a", seen) - before.of("a", seen) == pytest.approx(int(jump), abs=1800)
        assert told.of("b", seen) == before.of("b", seen)
    clients.connect("a")
    assert in_numbers(watch.look()) == (1, 2, 1)
    assert_nothing_is_wrong(watch)


def test_a_wall_clock_that_went_back_while_the_agent_was_down_is_no_reason_to_forget(
        agent, plain, watch, clients):
    for name in "abc":
        clients.connect(name, clean_start=False)
        clients.publish(name, 5)
    watch.launch, watch.environment = plain, faketime(agent, "+0")
    watch.start("a", {"glob": "b*"}, {"class": "c*"}, remember="30m")
    clients.vanish("b")
    watch.look()
    watch.end()
    faketime(agent, "-3600")
    for told in watch.start(), watch.look(), watch.look():
        assert in_numbers(told) == (1, 1, 0) and in_numbers(told, "b") == (0, 1, 0)
        assert told.messages("a") == told.messages("b") == class_messages(told, glob="c*") == 5
    assert_nothing_is_wrong(watch)


# Forgetting

def test_who_is_gone_for_longer_than_remember_is_forgotten(watch, clients, clock):
    """A client that settings name is then told as one that nobody has seen."""
    for name in "ab":
        clients.connect(name)
        clients.publish(name, 5)
    watch.environment = clock.environment
    watch.start("a", {"glob": "b*"}, remember="1h")
    clients.vanish("a")
    clients.vanish("b")
    watch.look()
    clock.forward(1800)
    told = watch.look()
    assert told.messages("a") == told.messages("b") == 5
    clock.forward(1800)
    watch.look()
    told = watch.look()
    assert told.clients() == {"a"} and told.names("a") == {"connected"}
    clients.connect("a")
    clients.connect("b")
    clients.publish("b", 2)
    told = watch.look()
    assert in_numbers(told) == in_numbers(told, "b") == (1, 1, 0)
    assert told.messages("b") == 2


def test_who_is_there_is_never_forgotten(watch, clients, clock):
    """Nor is a session that is kept, however long its client is away."""
    clients.connect("a")
    clients.connect("b", clean_start=False)
    clients.publish("b", 5)
    clients.disconnect("b")
    watch.environment = clock.environment
    watch.start(FOUND, remember="1h")
    for _ in range(3):
        clock.forward(5000)
        told = watch.look()
        assert told.of("a", "connected") == 1 and told.of("b", "connected") == 0
        assert told.messages("b") == 5


def test_coming_back_begins_the_time_of_remembering_anew(watch, clients, clock):
    clients.connect("a")
    clients.publish("a", 5)
    watch.environment = clock.environment
    watch.start(FOUND, remember="1h")
    for number in range(2, 5):
        clients.vanish("a")
        watch.look()
        clock.forward(3000)
        assert watch.look().messages("a") == 5
        clients.connect("a")
        assert in_numbers(watch.look()) == (1, number, 0)


def test_a_class_keeps_its_totals_when_its_members_are_forgotten(watch, clients, clock):
    for name in "ab":
        clients.connect(name)
        clients.publish(name, 5)
    watch.environment = clock.environment
    watch.start(OF_A_CLASS, remember="1h")
    clients.vanish("a")
    watch.look()
    clock.forward(7200)
    watch.look()
    told = watch.look()
    assert class_messages(told) == 10 and of_class(told) == (1, 1, 2, 0)
    clients.connect("a")
    clients.publish("a", 1)
    clients.publish("b", 1)
    told = watch.look()
    assert class_messages(told) == 12 and of_class(told) == (2, 2, 3, 0)


@BOTH_WAYS
def test_with_remember_of_0s_nothing_is_told_of_who_is_gone(watch, clients, watched):
    clients.connect("a")
    clients.publish("a", 5)
    assert watch.start(watched, remember="0s").messages("a") == 5
    clients.connect("a")
    clients.publish("a", 1)
    told = watch.look()
    assert told.messages("a") == 6 and in_numbers(told) == (1, 2, 1)
    clients.vanish("a")
    for _ in range(2):
        told = watch.look()
        assert told.clients() == ({"a"} if watched is NAMED else set())
        if watched is NAMED:
            assert told.names("a") == {"connected"} and told.of("a", "connected") == 0
    clients.connect("a")
    clients.publish("a", 2)
    told = watch.look()
    assert told.messages("a") == 2 and in_numbers(told) == (1, 1, 0)


def test_with_remember_of_0s_a_session_that_is_kept_is_told_on(watch, clients):
    clients.connect("a", clean_start=False)
    clients.publish("a", 5)
    watch.start(FOUND, remember="0s")
    clients.disconnect("a")
    for _ in range(2):
        told = watch.look()
        assert told.messages("a") == 5 and in_numbers(told) == (0, 1, 0)
    clients.connect("a", clean_start=False)
    told = watch.look()
    assert told.messages("a") == 5 and in_numbers(told) == (1, 2, 0)


@pytest.mark.parametrize("remember", ("7d", "0s"))
def test_a_member_that_a_page_passed_over_is_not_counted_twice(watch, clients, remember):
    """Shifting pages miss a client now and then: its connection is the same as before."""
    for name in "ab":
        clients.connect(name)
        clients.publish(name, 5)
    watch.start(OF_A_CLASS, remember=remember)
    clients.hide("a", from_filters=True)
    watch.look()
    clients.show_again("a")
    told = watch.look()
    assert class_messages(told) == 10
    assert of_class(told)[2:] == (2, 0)


# Watching more often than pushing

class Script:
    """What happens before each look at the pages; the looks are counted from 0."""

    def __init__(self, clients, steps):
        self.steps, self.looks = steps, 0
        clients.on_page = self.on_page

    def on_page(self, page):
        if page == 1:
            self.steps.get(self.looks, lambda: None)()
            self.looks += 1


def pushes_of(agent, emqx, gateway, steps, n, every=3, **settings):
    """The first n pushes, of each third look; what they say of clients, and the log."""
    script = Script(emqx.clients, steps)
    watch = Watch(agent, emqx, gateway)
    told = [watch.start(FOUND, timing=TICKS, sinks=sink(gateway, every=every), **settings)]
    for push in wait_pushes(watch.running, gateway, n)[1:n]:
        told.append(type(told[0])(push))
    assert script.looks >= every * (n - 1) + 1
    return told, watch.end()


def test_what_happened_between_two_pushes_is_in_the_next_one(agent, emqx, clients, fake_gateway):
    """A client that came and went is seen, and connections are counted, whatever is pushed."""
    clients.connect("a", clean_start=False)

    def first():
        clients.connect("blink")
        clients.publish("blink", 3)
        clients.connect("a", clean_start=False)
        clients.publish("a", 2)

    def second():
        clients.vanish("blink")
        clients.connect("a", clean_start=False)
        clients.publish("a", 5)

    def third():
        clients.disconnect("a")

    told, log = pushes_of(agent, emqx, fake_gateway, {1: first, 2: second, 3: third}, 3)
    assert told[0].clients() == {"a"} and in_numbers(told[0]) == (1, 1, 0)
    for push in told[1:]:
        assert in_numbers(push, "blink") == (0, 1, 0) and push.messages("blink") == 3
        assert in_numbers(push) == (0, 3, 2) and push.messages("a") == 7
    assert "level=warn" not in log


def test_with_remember_of_0s_who_came_and_went_between_two_pushes_is_told_once(
        agent, emqx, clients, fake_gateway):
    def come():
        clients.connect("blink")
        clients.publish("blink", 3)

    told, _ = pushes_of(agent, emqx, fake_gateway, {1: come, 2: lambda: clients.vanish("blink")}, 3,
                        remember="0s")
    assert not told[0].clients()
    assert in_numbers(told[1], "blink") == (0, 1, 0) and told[1].messages("blink") == 3
    assert not told[2].clients()


def test_a_class_counts_what_happens_between_two_pushes(agent, emqx, clients, fake_gateway):
    def come():
        clients.connect("blink")
        clients.publish("blink", 3)

    Script(clients, {1: come, 2: lambda: clients.vanish("blink")})
    watch = Watch(agent, emqx, fake_gateway)
    watch.start(OF_A_CLASS, timing=TICKS, sinks=sink(fake_gateway, every=3))
    told = type(watch.look())(wait_pushes(watch.running, fake_gateway, 3)[2])
    assert of_class(told) == (0, 0, 1, 0) and class_messages(told) == 3


def test_who_is_gone_makes_room_between_two_pushes_too(agent, emqx, clients, fake_gateway):
    """Of five clients, one after the other and two at a time, no more than max_clients are kept."""
    for name in "ab":
        clients.connect(name)

    def follow(old, new):
        def step():
            clients.vanish(old)
            clients.connect(new)
        return step

    steps = {look: follow(*pair) for look, pair in enumerate(("ac", "bd", "ce", "df"), 1)}
    told, _ = pushes_of(agent, emqx, fake_gateway, steps, 3, every=6, max_clients=2)
    assert told[0].clients() == {"a", "b"}
    assert {"e", "f"} <= told[1].clients()
    assert told[2].clients() == {"e", "f"}
    for push in told:
        assert over_limit(push) == 0


# max_clients

def over_limit(told):
    return told.page.value("emqx_client_monitor_clients_over_limit")


def test_who_is_remembered_makes_room_for_who_is_there(watch, clients):
    """The one that is gone for longest first."""
    for name in "abc":
        clients.connect(name)
        clients.publish(name, 5)
    watch.start(FOUND, max_clients=3)
    for name in "ab":
        clients.vanish(name)
        watch.look()
    clients.connect("d")
    assert over_limit(watch.look()) == 0
    told = watch.look()
    assert told.clients() == {"b", "c", "d"} and told.messages("b") == 5
    assert in_numbers(told, "d") == (1, 1, 0)
    clients.connect("a")
    watch.look()
    told = watch.look()
    assert told.clients() == {"a", "c", "d"}
    assert told.messages("a") == 0 and in_numbers(told) == (1, 1, 0)
    assert over_limit(told) == 0
    assert_nothing_is_wrong(watch)


def test_who_comes_back_just_then_is_not_the_one_that_makes_room(watch, clients):
    """Though it was gone for longest at the last look."""
    for name in "ab":
        clients.connect(name)
        clients.publish(name, 5)
    watch.start(FOUND, max_clients=2)
    clients.vanish("a")
    watch.look()
    clients.vanish("b")
    watch.look()
    clients.connect("new")
    clients.connect("a")
    watch.look()
    told = watch.look()
    assert told.clients() == {"a", "new"}
    assert over_limit(told) == 0
    assert in_numbers(told, "new") == (1, 1, 0)


OVER = "more clients match than max_clients allows"


def test_who_is_over_the_limit_is_counted_and_logged_until_there_is_room(watch, clients):
    for name in "abcd":
        clients.connect(name)
    told = watch.start(FOUND, max_clients=2)
    first = told.clients()
    assert len(first) == 2 and over_limit(told) == 2
    for _ in range(3):
        told = watch.look()
        assert told.clients() == first and over_limit(told) == 2
    for gone, count in (min(first), 1), (max(first), 0):
        clients.vanish(gone)
        # That it is gone, that another one takes its place, and without it.
        told = [watch.look(), watch.look(), watch.look()][-1]
        assert len(told.clients()) == 2 and over_limit(told) == count
        assert gone not in told.clients()
    assert told.clients() == set("abcd") - first and over_limit(told) == 0
    log = watch.end()
    assert OVER in assert_told_once(log, "the source warns", "count=2")
    assert OVER in assert_told_once(log, "a warning of the source holds no longer")


def test_clients_that_settings_name_are_not_counted_towards_max_clients(watch, clients):
    for name in "abc":
        clients.connect(name)
    told = watch.start("a", "b", FOUND, max_clients=1)
    assert told.clients() == {"a", "b", "c"} and over_limit(told) == 0
    assert not lines(watch.end(), "the source warns")
