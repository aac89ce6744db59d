# SPDX-License-Identifier: Apache-2.0
"""Single clients of a broker whose pages shift, repeat or fail while one look reads them."""

import pytest

from client_watch import (CROWD, PREFIX, asked, asked_by_id, asked_lists, asked_pages,
                          assert_silent, connect, connected, failures, is_up, messages, named,
                          of_class, once, started)
from cycles import assert_told_once, body, push_now
from emqx_json import Refused
from releases import release  # noqa: F401  a fixture

NODES = ["emqx1@127.0.0.1", "emqx2@127.0.0.1"]
WATCHED = (CROWD, *named("named"), {"glob": "mover*"})


@pytest.fixture
def emqx(release):
    return release()


def cluster(release, profile="5.4"):
    """A page of 5.4 has at most 1,000 rows."""
    return release(profile, nodes=NODES)


# Pages that shift

def test_a_client_on_two_pages_is_one(agent, release, fake_gateway):
    """Somebody connects meanwhile, and all move on by one."""
    emqx = cluster(release)
    emqx.clients.crowd(1500)
    emqx.clients.on_page = lambda page: page == 2 and emqx.clients.connect("newcomer")
    told, log = once(agent, emqx, fake_gateway, CROWD)
    assert asked_pages(emqx) == [(1, 1000), (2, 1000)]
    assert of_class(told, "clients") == of_class(told, "connected") == {"sensor-*": 1500}
    assert of_class(told, "connects_total") == {"sensor-*": 1500}
    look = emqx.clients.crowded.look
    numbers = [emqx.clients.crowded.number("recv_msg", row, look) for row in range(1500)]
    labels = {"class": "sensor-*", "direction": "rx"}
    assert told.value(f"{PREFIX}class_messages_processed_total", **labels) == sum(numbers)
    assert_silent(log)


@pytest.mark.parametrize("profile", ("5.4", "5.8"))
@pytest.mark.parametrize("found", ({"glob": "mov*"}, {"client_id": "mover"}))
def test_who_was_there_and_is_on_no_page_is_asked_for_by_id(agent, release, fake_gateway, profile,
                                                            found):
    emqx = release(profile)
    connect(emqx, "mover", "other")
    running, first = started(agent, emqx, fake_gateway, found, {"glob": "o*"})
    assert connected(first) == {"mover": 1, "other": 1}
    emqx.clients.hide("mover")
    emqx.clients.publish("mover", 3)
    since = len(emqx.requests)
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"mover": 1, "other": 1}
    assert messages(told) == {"mover": 3, "other": 0}
    by_list = [query["clientid"] for query in asked_lists(emqx, since) if "clientid" in query]
    assert asked_by_id(emqx, since) or by_list == [["mover"]]
    assert len(asked(emqx, since)) == 2
    # Asked by id nobody knows it: it is gone.
    emqx.clients.vanish("mover")
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"mover": 0, "other": 1}
    # And from then on it is not asked for by id any more.
    since = len(emqx.requests)
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"mover": 0, "other": 1}
    assert len(asked(emqx, since)) == 1
    assert_silent(running.stop().stderr)


def test_a_named_client_that_pages_miss_at_the_first_look_is_not_called_gone(agent, emqx,
                                                                             fake_gateway):
    connect(emqx, "named", "other")
    emqx.clients.hide("named")
    told, _ = once(agent, emqx, fake_gateway, *named("named"), {"glob": "o*"})
    assert connected(told) == {"named": 1, "other": 1}


def test_where_the_question_by_id_fails_nothing_is_said_of_who_was_missed(agent, emqx,
                                                                          fake_gateway):
    connect(emqx, "mover", "other")
    running, _ = started(agent, emqx, fake_gateway, {"glob": "*"})
    emqx.clients.hide("mover")
    pages = []

    def on_page(_):
        pages.append(None)
        if len(pages) == 2:
            raise Refused(500, "INTERNAL_ERROR", "crash")

    emqx.clients.on_page = on_page
    told = body(*push_now(running, fake_gateway))
    assert len(pages) == 2
    assert connected(told) == {"other": 1} and not is_up(told)
    emqx.clients.on_page = None
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"mover": 1, "other": 1} and is_up(told)


def test_a_client_that_moves_to_a_later_page_is_on_two_of_which_the_newer_connection_counts(
        agent, release, fake_gateway):
    emqx = cluster(release)
    emqx.clients.crowd(2000)
    emqx.clients.connect("mover", NODES[0])
    emqx.clients.publish("mover", 5)
    running, _ = started(agent, emqx, fake_gateway, *WATCHED)
    emqx.clients.on_page = lambda page: page == 2 and emqx.clients.move("mover", NODES[1])
    told = body(*push_now(running, fake_gateway))
    emqx.clients.on_page = None
    assert connected(told) == {"named": 0, "mover": 1}
    assert messages(told) == {"mover": 5}
    assert told.value(f"{PREFIX}connects_total", client_id="mover") == 2
    # One of the crowd came to the first page meanwhile. Nobody knows whom of a class to ask for.
    assert of_class(told, "clients") == {"sensor-*": 1999}
    emqx.clients.publish("mover", 2)
    assert messages(body(*push_now(running, fake_gateway))) == {"mover": 7}


def test_a_client_that_moves_to_an_earlier_page_is_on_none_and_found_by_id(agent, release,
                                                                           fake_gateway):
    emqx = cluster(release)
    emqx.clients.crowd(2000)
    emqx.clients.connect("mover", NODES[1])
    emqx.clients.publish("mover", 5)
    running, _ = started(agent, emqx, fake_gateway, *WATCHED)
    emqx.clients.on_page = lambda page: page == 2 and emqx.clients.move("mover", NODES[0])
    since = len(emqx.requests)
    told = body(*push_now(running, fake_gateway))
    assert asked_by_id(emqx, since) == ["mover"]
    assert connected(told) == {"named": 0, "mover": 1}
    assert messages(told) == {"mover": 5}
    assert told.value(f"{PREFIX}connects_total", client_id="mover") == 2
    assert of_class(told, "clients") == {"sensor-*": 2000}
    assert_silent(running.stop().stderr)


@pytest.mark.parametrize("stale_first", (True, False))
def test_of_two_rows_of_one_client_the_newer_connection_counts(agent, release, fake_gateway,
                                                               stale_first):
    emqx = cluster(release, "5.8")
    emqx.clients.connect("mover", NODES[stale_first], at=1767323046500, recv_msg=3)
    emqx.clients.duplicate("mover", NODES[not stale_first], recv_msg=900, connected=False,
                           connected_at="2026-01-02T03:04:01.000+00:00")
    told, _ = once(agent, emqx, fake_gateway, {"glob": "*"}, enable_dates=True, raw_counters=True)
    assert connected(told) == {"mover": 1}
    assert messages(told) == {"mover": 3}
    assert told.value(f"{PREFIX}connected_at") == 1767323046.5


def test_a_list_that_does_not_end_is_a_failure_that_says_so(agent, release, fake_gateway):
    emqx = cluster(release)
    emqx.clients.connect("mover")
    emqx.clients.crowd(1500)
    emqx.clients.endless = True
    told, log = once(agent, emqx, fake_gateway, *WATCHED, code=4)
    assert [page for page, _ in asked_pages(emqx)] == [1, 2]
    assert_told_once(log, "endpoint failed", "endpoint=clients", "reason=bad_body",
                     "the broker's list of clients does not end")
    assert connected(told) == {"mover": 1}
    assert not is_up(told) and told.value("brokerpush_source_up") == 1
    assert not of_class(told, "clients")


def test_a_list_that_goes_round_in_circles_ends_too(agent, emqx, fake_gateway):
    emqx.clients.on_page = lambda page: (
        b'{"data":[{"clientid":"%d","connected":true}],"meta":{"hasnext":true}}' % (page % 3))
    told, log = once(agent, emqx, fake_gateway, {"glob": "*"}, code=4, more={"interval": "1m"})
    assert_told_once(log, "endpoint failed", "reason=bad_body",
                     "the broker's list of clients does not end")
    assert connected(told) == {"0": 1, "1": 1, "2": 1}
    assert not is_up(told)


# Faults in the middle

MIDDLE = {
    "500": ({}, "http_5xx"), "503": ({}, "http_5xx"), "429": ({}, "http_4xx"),
    "silent": ({}, "timed_out"), "truncated": ({}, None), "reset": ({}, None),
    "html": ({}, None), "empty": ({}, None), "binary": ({}, None),
    "too_large": ({"size": 2 << 20}, "too_large"), "endless": ({}, "too_large"),
    "gzip_bomb": ({}, None),
    "page": ({"text": b'{"data":[{"clientid":"late","connected":true},{"cli',
              "content_type": "application/json"}, "bad_body"),
}


@pytest.mark.parametrize("kind", MIDDLE)
def test_a_page_that_fails_costs_what_it_would_have_told(agent, release, fake_gateway, kind):
    """Of those who are on it nothing is said, not even that they are gone, nor of classes."""
    options, reason = MIDDLE[kind]
    emqx = cluster(release)
    emqx.clients.crowd(1998)
    emqx.clients.connect("early", NODES[0])
    emqx.clients.connect("late", NODES[1])
    running, whole = started(agent, emqx, fake_gateway, CROWD, {"glob": "early"}, *named("late"),
                             timeout="3s", body_size_limit="1500KiB")
    assert connected(whole) == {"early": 1, "late": 1}
    emqx.clients.on_page = lambda page: page == 1 and emqx.set_fault(kind, "json:clients",
                                                                     **options)
    told = body(*push_now(running, fake_gateway))
    emqx.clients.on_page = None
    emqx.clear_faults()
    assert connected(told) == {"early": 1, **({"late": 1} if kind == "page" else {})}
    assert not of_class(told, "clients")
    assert not is_up(told) and told.value("brokerpush_source_up") == 1
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"early": 1, "late": 1} and is_up(told)
    assert of_class(told, "clients") == of_class(whole, "clients")
    log = running.stop().stderr
    line = assert_told_once(log, "endpoint failed", "endpoint=clients")
    if reason:
        assert f"reason={reason} " in line


@pytest.mark.parametrize("kind", ("500", "silent", "truncated", "html", "empty"))
def test_a_first_page_that_fails_says_nothing_of_anybody(agent, emqx, fake_gateway, kind):
    connect(emqx, "a")
    emqx.set_fault(kind, "json:clients")
    told, log = once(agent, emqx, fake_gateway, {"glob": "*"}, *named("b"), CROWD, timeout="2s",
                     code=4)
    assert not [name for name in told.families if name.startswith(PREFIX)]
    assert told.value("brokerpush_source_up") == 0
    assert len(failures(log)) == 1
