# SPDX-License-Identifier: Apache-2.0
"""What the simulated EMQX promises about its clients; test_captures.py holds it against a real
one."""

import http.client
import json
import socket
from dataclasses import replace
from urllib.parse import quote, urlencode

import pytest

import simulated_emqx
from emqx_clients import ABSENT, COUNTERS, KEYS, Raw, live
from emqx_json import Refused
from loopback import ask
from simulated_emqx import LISTENER_LIMITS, SimulatedEmqx

API = "/api/v5/clients"
KEY = {"Authorization": "Basic a2V5OnNlY3JldA=="}
NODES = ["emqx1@127.0.0.1", "emqx2@127.0.0.1"]


def broker(profile="5.8", **options):
    return SimulatedEmqx(nodes=2, profile=profile, key="key", secret="secret", **options)


@pytest.fixture
def emqx():
    with broker() as emqx:
        yield emqx


@pytest.fixture
def clients(emqx):
    return emqx.clients


def listed(emqx, *pairs, **query):
    """(rows, meta)"""
    query = urlencode([*pairs, *query.items()])
    status, _, body = ask(emqx, f"{API}?{query}", **KEY)
    assert status == "HTTP/1.1 200 OK", body
    page = json.loads(body)
    return page["data"], page["meta"]


def ids(emqx, *pairs, **query):
    return [row["clientid"] for row in listed(emqx, *pairs, **query)[0]]


def one(emqx, clientid):
    status, _, body = ask(emqx, f"{API}/{quote(clientid, safe='')}", **KEY)
    return json.loads(body) if status == "HTTP/1.1 200 OK" else (status, json.loads(body)["code"])


def raw(emqx, target):
    """(status, body), whatever bytes it has."""
    connection = http.client.HTTPConnection("127.0.0.1", emqx.port, timeout=30)
    connection.request("GET", target, headers=KEY)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


def refused(emqx, query):
    """(status, code, message)"""
    status, _, body = ask(emqx, f"{API}?{query}", **KEY)
    error = json.loads(body)
    return status.split()[1], error["code"], error["message"]


def connect(emqx, *names, **options):
    for name in names:
        emqx.clients.connect(name, **options)


# Pages

def test_pages_follow_each_other_by_node_and_then_in_the_order_of_connecting(emqx, clients):
    connect(emqx, "b", "a", node=NODES[1])
    connect(emqx, "d", "c")
    clients.connect("b", NODES[1])
    pages = [ids(emqx, page=page, limit=3) for page in (1, 2, 3)]
    assert pages == [["d", "c", "b"], ["a"], []]


@pytest.mark.parametrize("claims", [True, False])
def test_a_last_page_that_is_exactly_full_may_claim_that_there_is_more(emqx, clients, claims):
    connect(emqx, "a", "b")
    clients.full_page_has_next = claims
    assert listed(emqx, limit=2)[1] == {"count": 2, "hasnext": claims, "limit": 2, "page": 1}
    assert listed(emqx, limit=2, page=2) == ([], {
        "count": 2, "hasnext": claims and False, "limit": 2, "page": 2})
    assert [listed(emqx, limit=limit)[1]["hasnext"] for limit in (1, 3)] == [True, False]


def test_an_empty_list_has_no_next_page(emqx):
    assert listed(emqx) == ([], {"count": 0, "hasnext": False, "limit": 100, "page": 1})


@pytest.mark.parametrize("release, told", [("5.0.14", False), ("5.0.15", True), ("5.0.26", True)])
def test_what_comes_next_is_told_from_5_0_15_on(emqx, release, told):
    emqx.become("5.0")
    emqx.profile = emqx.profile._replace(release=release)
    assert ("hasnext" in listed(emqx)[1]) == told


@pytest.mark.parametrize("profile, most", [
    ("5.0", 1000), ("5.4", 1000), ("5.5", 10000), ("5.8", 10000), ("6.3", 10000)])
def test_a_page_has_at_most_what_the_release_allows(emqx, profile, most):
    emqx.become(profile)
    assert listed(emqx, limit=most)[1]["limit"] == most
    assert refused(emqx, f"limit={most + 1}") == ("400", "BAD_REQUEST", (
        f'{{"value":{most + 1},"reason":{{"expected":"1..{most}"}},"path":"limit",'
        '"kind":"validation_error"}'))


@pytest.mark.parametrize("query, reason", [
    ("page=0", {"expected": "pos_integer()"}), ("limit=0", {"expected": "1..10000"}),
    ("limit=x", "Unable to parse integer value"),
    ("conn_state=bogus", "unable_to_convert_to_enum_symbol"),
])
def test_parameters_that_the_schema_does_not_allow_are_a_400(emqx, query, reason):
    status, code, message = refused(emqx, query)
    assert (status, code, json.loads(message)["reason"]) == ("400", "BAD_REQUEST", reason)


def test_the_query_arrives_as_it_was_sent(emqx):
    ask(emqx, f"{API}?clientid=%C3%BC+x&fields=a%2Cb&&clientid=&x", **KEY)
    assert emqx.requests[-1].target == f"{API}?clientid=%C3%BC+x&fields=a%2Cb&&clientid=&x"
    assert emqx.requests[-1].query == "clientid=%C3%BC+x&fields=a%2Cb&&clientid=&x"


# Filters

@pytest.mark.parametrize("name", ["clientid", "username"])
@pytest.mark.parametrize("profile, found", [("5.5", ["b"]), ("5.8", ["a", "b"])])
def test_a_parameter_comes_again_from_5_6_on_and_the_last_one_won_before(emqx, name, profile,
                                                                        found):
    emqx.become(profile)
    for client in "abc":
        emqx.clients.connect(client, username=client)
    assert ids(emqx, (name, "nosuch"), (name, "a"), (name, "a"), (name, "b")) == found


def test_filters_hold_together_and_count_all_matches(emqx, clients):
    for number in range(4):
        clients.connect(f"c{number}", NODES[number % 2], clean_start=False,
                        username=f"u{number // 2}")
    clients.disconnect("c3")
    assert ids(emqx, ("clientid", "c0"), ("clientid", "c2"), ("username", "u1")) == ["c2"]
    assert ids(emqx, node=NODES[1]) == ["c1", "c3"]
    assert ids(emqx, conn_state="disconnected") == ["c3"]
    assert ids(emqx, conn_state="connected", username="u1") == ["c2"]
    assert ids(emqx, conn_state="idle") == []
    assert ids(emqx, clientid="nosuch") == []
    assert listed(emqx, username="u0", limit=1)[1]["count"] == 2


@pytest.mark.parametrize("query, found", [
    ({"like_clientid": "ens"}, ["sensor"]), ({"like_username": "line"}, ["motor"]),
    ({"like_clientid": "o", "like_username": "line"}, ["motor"]),
])
def test_fuzzy_questions_are_not_counted(emqx, clients, query, found):
    clients.connect("sensor")
    clients.connect("motor", username="line 1")
    rows, meta = listed(emqx, **query)
    assert [row["clientid"] for row in rows] == found
    assert meta == {"hasnext": False, "limit": 100, "page": 1}


def test_a_node_that_cannot_answer_fails_what_needs_it(emqx, clients):
    connect(emqx, "a")
    connect(emqx, "b", node=NODES[1])
    emqx.kill(NODES[1])
    assert ids(emqx) == ["a"] and one(emqx, "b")[1] == "CLIENTID_NOT_FOUND"
    assert refused(emqx, f"node={NODES[1]}")[:2] == ("500", "NODE_DOWN")
    emqx.hang(NODES[1], seconds=0, nodes_seconds=0)
    assert refused(emqx, "")[:2] == refused(emqx, f"node={NODES[1]}")[:2] == ("500", "NODE_DOWN")
    assert ids(emqx, node=NODES[0]) == ["a"]
    emqx.revive(NODES[1])
    assert ids(emqx) == ["a", "b"]


# Keys of the rows

def test_the_keys_asked_for_come_sorted_while_they_are_few(emqx, clients):
    connect(emqx, "a")
    rows, _ = listed(emqx, fields="recv_msg,clientid,n_streams,recv_msg,connected")
    assert list(rows[0].items()) == [("clientid", "a"), ("connected", True), ("recv_msg", 0)]
    assert listed(emqx, fields="")[0] == [{}]
    assert set(listed(emqx, fields="all")[0][0]) == set(listed(emqx)[0][0]) == set(
        clients.row("a"))


@pytest.mark.parametrize("fields, place, reason", [
    ("nosuch", 1, "unable_to_convert_to_enum_symbol"),
    ("clientid,,nosuch,other", 2, "unable_to_convert_to_enum_symbol"),
    ("enable_authn", 1, "not_a_enum_symbol"), ("clientid,is_persistent", 2, "not_a_enum_symbol"),
    ("listener", 1, "not_a_enum_symbol"),
])
def test_unknown_keys_and_some_that_come_by_themselves_are_refused(emqx, fields, place, reason):
    status, code, message = refused(emqx, f"fields={fields}")
    error = json.loads(message)
    assert (status, code, error["reason"]) == ("400", "BAD_REQUEST", "matched_no_union_member")
    assert error["mismatches"]["array"]["path"] == f"fields.{place}"
    assert error["mismatches"]["array"]["reason"] == reason


def test_before_5_6_nobody_chooses_keys(emqx):
    emqx.become("5.5")
    connect(emqx, "a")
    assert len(listed(emqx, fields="nosuch")[0][0]) == 55


# By id

ODD = ['odd id/ü"x', "back\\slash", "line\r\nbreak\ttab\0\x01\x7f", "%41", "a+b&c=d?e#f", ".", "..",
       "a/", " ", "\U0001f600", "+", "," * 3]


@pytest.mark.parametrize("clientid", ODD)
def test_odd_ids_are_found_and_told_as_they_are(emqx, clients, clientid):
    connect(emqx, "other", clientid)
    assert one(emqx, clientid)["clientid"] == clientid
    assert ids(emqx, clientid=clientid) == [clientid]
    assert ids(emqx) == ["other", clientid]


def test_an_empty_id_and_one_of_64_kb_stand_in_the_list(emqx, clients):
    long = "x" * 65535
    connect(emqx, "", long)
    assert ids(emqx) == ["", long]
    assert ids(emqx, clientid="") == [""]
    assert ask(emqx, f"{API}/{long}", **KEY)[0] == "HTTP/1.1 414 Request-URI Too Long"


def test_an_id_of_bytes_that_are_not_utf_8_is_sent_as_these_bytes(emqx, clients):
    clients.connect(b"\xff\"\xc3")
    clients.publish(b"\xff\"\xc3")
    for target in API, f"{API}/%FF%22%C3", f"{API}?clientid=%FF%22%C3":
        assert b'"clientid":"\xff\\"\xc3"' in raw(emqx, target)[1]


def test_an_unknown_client_is_a_404_with_the_code_of_the_release(emqx):
    assert one(emqx, "a") == ("HTTP/1.1 404 Not Found", "CLIENTID_NOT_FOUND")
    emqx.become("5.0")
    assert one(emqx, "a")[1] == "CLIENTID_NOT_FOUND"
    emqx.profile = emqx.profile._replace(release="5.0.0")
    assert one(emqx, "a")[1] == "RESOURCE_NOT_FOUND"


def test_the_scope_of_connections_opens_clients():
    for scopes, status in ((("connections",), "200"), (("monitoring", "system"), "403")):
        with broker(scopes=scopes) as emqx:
            connect(emqx, "a")
            for path in API, f"{API}/a":
                assert ask(emqx, path, **KEY)[0].split()[1] == status
            assert ask(emqx, API)[0].split()[1] == "401"


# A life

def test_messages_count_in_their_direction_until_a_new_connection(emqx, clients):
    clients.connect("a", clean_start=False, at=1767323045678)
    clients.publish("a", 3, qos=1, size=50)
    clients.deliver("a", 2, qos=2)
    clients.drop("a", "rx", "await_pubrel_timeout")
    clients.drop("a", "tx", "queue_full", 2)
    clients.drop("a", "tx", "expired", 3)
    row = one(emqx, "a")
    expected = {
        "recv_msg": 3, "recv_msg.qos1": 3, "recv_pkt": 3, "recv_cnt": 3, "recv_oct": 150,
        "send_msg": 2, "send_msg.qos2": 2, "send_pkt": 2, "send_cnt": 2, "send_oct": 200,
        "recv_msg.dropped": 1, "recv_msg.dropped.await_pubrel_timeout": 1, "send_msg.dropped": 5,
        "send_msg.dropped.queue_full": 2, "send_msg.dropped.expired": 3}
    assert {key: row[key] for key in COUNTERS} == {**dict.fromkeys(COUNTERS, 0), **expected}
    assert row["connected_at"] == row["created_at"] == "2026-01-02T03:04:05.678+00:00"

    clients.connect("a", clean_start=False, at=1767323046000)
    row = one(emqx, "a")
    assert not any(row[key] for key in COUNTERS)
    assert row["connected_at"] == "2026-01-02T03:04:06.000+00:00"
    assert row["created_at"] == "2026-01-02T03:04:05.678+00:00"


def test_a_clean_start_makes_a_new_session(emqx, clients):
    clients.connect("a", clean_start=False)
    before = one(emqx, "a")
    clients.connect("a")
    after = one(emqx, "a")
    assert after["created_at"] == after["connected_at"] > before["created_at"]
    assert before["connected_at"] < after["connected_at"]


def test_only_a_client_with_a_session_outlives_its_connection(emqx, clients):
    connect(emqx, "clean")
    connect(emqx, "kept", clean_start=False)
    for client in "clean", "kept":
        clients.disconnect(client, at=1767323045678)
    assert ids(emqx) == ["kept"]
    row = one(emqx, "kept")
    assert len(row) == 53 and row["connected"] is False and row["disconn_props"] == {}
    assert row["disconnected_at"] == "2026-01-02T03:04:05.678+00:00"
    assert set(KEYS) - set(row) == {"recv_oct", "send_oct", "recv_cnt", "send_cnt"}
    clients.drop("kept", "tx", "queue_full")
    assert one(emqx, "kept")["send_msg.dropped.queue_full"] == 1
    with pytest.raises(ValueError):
        clients.publish("kept")
    clients.connect("kept", clean_start=False)
    assert len(one(emqx, "kept")) == 55


def test_a_client_moves_with_its_session_and_a_new_connection(emqx, clients):
    clients.connect("a", clean_start=False, keepalive=30, username="u")
    clients.publish("a")
    before = one(emqx, "a")
    clients.move("a", NODES[1])
    after = one(emqx, "a")
    assert after["node"] == NODES[1] and ids(emqx, node=NODES[0]) == []
    assert after["recv_msg"] == 0 and after["connected_at"] > before["connected_at"]
    for key in "created_at", "keepalive", "username", "clean_start":
        assert after[key] == before[key]


def test_counters_start_anew_within_a_connection(emqx, clients):
    connect(emqx, "a")
    clients.publish("a", 3)
    before = one(emqx, "a")
    clients.reset("a")
    after = one(emqx, "a")
    assert before["recv_msg"] == 3 and after["recv_msg"] == after["recv_oct"] == 0
    assert after["connected_at"] == before["connected_at"]


def test_a_stale_row_on_another_node_stands_still_beside_the_client_s(emqx, clients):
    connect(emqx, "a")
    clients.publish("a", 5)
    clients.duplicate("a", NODES[1], connected=False)
    clients.publish("a")
    rows, meta = listed(emqx)
    assert [(row["node"], row["recv_msg"], row["connected"]) for row in rows] == [
        (NODES[0], 6, True), (NODES[1], 5, False)]
    assert meta["count"] == 2 and one(emqx, "a")["node"] == NODES[0]
    clients.vanish("a")
    assert ids(emqx) == [] and one(emqx, "a")[1] == "CLIENTID_NOT_FOUND"


def test_a_hidden_client_is_missing_from_pages_and_there_by_id(emqx, clients):
    connect(emqx, "a", "b")
    clients.hide("a")
    assert ids(emqx) == ids(emqx, like_clientid="a") + ["b"] == ["b"]
    assert ids(emqx, clientid="a") == ["a"] and one(emqx, "a")["clientid"] == "a"
    clients.hide("a", from_filters=True)
    assert ids(emqx, clientid="a") == [] and one(emqx, "a")["clientid"] == "a"
    clients.show_again("a")
    assert ids(emqx) == ["a", "b"]


def test_any_key_can_have_any_value_or_be_absent(emqx, clients):
    clients.connect("a", mqueue_len=4, subscriptions_max=7)
    clients.set("a", {"recv_msg.qos1": None, "listener": ABSENT, "port": Raw(b"1e999"),
                      "username": b"\xfe"}, client_attrs={"k": [1.5]}, extra="more")
    status, body = raw(emqx, API)
    assert status == 200 and b'"port":1e999,' in body and b'"username":"\xfe"' in body
    row = json.loads(body.decode(errors="replace"))["data"][0]
    assert (row["mqueue_len"], row["subscriptions_max"], row["recv_msg.qos1"]) == (4, 7, None)
    assert row["client_attrs"] == {"k": [1.5]} and row["extra"] == "more"
    assert "listener" not in row


@pytest.mark.parametrize("mistake", [
    lambda clients: clients.connect("a", node="nosuch"),
    lambda clients: clients.connect("a", no_such_key=1),
    lambda clients: clients.drop("a", "rx", "queue_full"),
    lambda clients: clients.publish("nosuch"),
])
def test_a_mistake_in_a_script_is_told(clients, mistake):
    clients.connect("a")
    with pytest.raises((ValueError, KeyError)):
        mistake(clients)


# Between pages, and badly behaved

def test_the_life_may_go_on_between_two_pages(emqx, clients):
    connect(emqx, *"abcd")
    clients.on_page = lambda page: page == 2 and clients.vanish("a")
    assert ids(emqx, limit=2) + ids(emqx, limit=2, page=2) == ["a", "b", "d"]


def test_a_page_may_be_any_body_or_a_refusal(emqx, clients):
    connect(emqx, *"abcd")

    def on_page(page):
        if page == 2:
            return b'{"data":\xff'
        if page == 3:
            raise Refused(500, "INTERNAL_ERROR", "crash")
        return None

    clients.on_page = on_page
    assert ids(emqx, limit=2) == ["a", "b"]
    assert raw(emqx, f"{API}?page=2") == (200, b'{"data":\xff')
    assert refused(emqx, "page=3") == ("500", "INTERNAL_ERROR", "crash")


def test_an_endless_list_is_the_first_page_for_ever(emqx, clients):
    connect(emqx, *"abc")
    clients.endless = True
    for page in 1, 2, 99:
        rows, meta = listed(emqx, limit=2, page=page)
        assert [row["clientid"] for row in rows] == ["a", "b"]
        assert meta["hasnext"] is True and meta["page"] == page


def test_faults_of_the_broker_reach_clients_too(emqx, clients):
    connect(emqx, "a")
    emqx.set_fault("page", "json:clients", text=b"[\xff]", content_type="application/json")
    emqx.set_fault("503", "json:clients/{clientid}")
    assert raw(emqx, API) == (200, b"[\xff]")
    assert ask(emqx, f"{API}/a", **KEY)[0].split()[1] == "503"
    emqx.set_fault("truncated", "json:clients")
    headers, body = ask(emqx, API, **KEY)[1:]
    assert 0 < len(body) < int(dict(headers)["content-length"])
    for kind, options in (("trickle", {"seconds": 0}), ("bad_family", {}),
                          ("wrong_length", {"announced": lambda length: length})):
        emqx.set_fault(kind, "json:clients", **options)
        assert ids(emqx) == ["a"]


def test_a_connection_beyond_the_limit_waits_for_another_to_end(monkeypatch):
    assert LISTENER_LIMITS.connections == 512
    monkeypatch.setattr(simulated_emqx, "LISTENER_LIMITS", replace(LISTENER_LIMITS, connections=1))
    with broker() as emqx:
        first = http.client.HTTPConnection("127.0.0.1", emqx.port, timeout=30)
        first.connect()
        with socket.create_connection(("127.0.0.1", emqx.port), timeout=30) as second:
            second.sendall(b"GET /status?second HTTP/1.0\r\n\r\n")
            for _ in range(50):
                first.request("GET", "/status")
                first.getresponse().read()
            first.close()
            assert second.recv(12) == b"HTTP/1.1 200"
        assert [request.query for request in emqx.requests] == [""] * 50 + ["second"]


def test_in_a_life_for_people_one_client_comes_and_goes_and_two_stay(emqx, clients):
    gate = []
    for step in range(8):
        live(clients, step)
        row = one(emqx, "gate-7")
        gate.append((row["connected"], row["recv_msg"]))
    assert gate == [(True, 1), (True, 2), (True, 3), (False, 3)] * 2
    assert one(emqx, "pump-1")["recv_msg.qos1"] == 24
    panel = one(emqx, "panel-hall-2")
    assert (panel["send_msg"], panel["send_msg.dropped.queue_full"]) == (40, 8)


# A crowd

def test_a_crowd_stands_in_pages_after_the_others_of_its_node(emqx, clients):
    clients.crowd(5, prefix="s%\"-", grows=0)
    connect(emqx, "a")
    connect(emqx, "b", node=NODES[1])
    crowd = [f's%"-{number:06d}' for number in range(5)]
    assert ids(emqx) == ["a", *crowd[:2], "b", *crowd[2:]]
    assert [ids(emqx, limit=2, page=page) for page in (1, 2, 4, 5)] == [
        ["a", crowd[0]], [crowd[1], "b"], [crowd[4]], []]
    rows, meta = listed(emqx, node=NODES[1])
    assert [row["clientid"] for row in rows] == ["b", *crowd[2:]] and meta["count"] == 4
    assert {row["node"] for row in rows} == {NODES[1]}
    assert set(rows[1]) == set(rows[0]) and list(rows[1]) == list(rows[0])


def test_the_crowd_s_numbers_are_known_beforehand_and_grow_by_looks(emqx, clients):
    crowd = clients.crowd(1000)
    for look in 1, 2:
        row = listed(emqx, limit=1000)[0][700]
        assert row["recv_oct"] == crowd.number("recv_oct", 700, look)
        for way in "recv", "send":
            assert row[f"{way}_msg"] == sum(row[f"{way}_msg.qos{qos}"] for qos in range(3)) > 0
    second = listed(emqx, limit=500, page=2)[0]
    assert second[200] == row
    assert one(emqx, "sensor-000700")["recv_msg"] == crowd.number("recv_msg", 700, 3)
    assert one(emqx, "sensor-000999")["recv_msg"] == crowd.number("recv_msg", 999, 4)


def test_filters_and_keys_hold_for_a_crowd(emqx, clients):
    clients.crowd(1000, grows=0)
    asked = [("clientid", name) for name in ("sensor-000900", "sensor-000003", "sensor-3",
                                             "sensor-001000", "sensor-", "x")]
    assert ids(emqx, *asked) == ["sensor-000003", "sensor-000900"]
    assert listed(emqx, ("clientid", "sensor-000003"), fields="node,clientid,recv_msg,n_streams") \
        == ([{"clientid": "sensor-000003", "node": NODES[0], "recv_msg": 6}],
            {"count": 1, "hasnext": False, "limit": 100, "page": 1})
    assert listed(emqx, fields="node", limit=1)[0] == [{"node": NODES[0]}]
    assert ids(emqx, like_clientid="00099", limit=20) == ["sensor-000099", *(
        f"sensor-{number:06d}" for number in range(990, 1000))]
    assert ids(emqx, conn_state="disconnected") == ids(emqx, username="u") == []
    assert one(emqx, "sensor-1000")[1] == one(emqx, "sensor-001000")[1] == "CLIENTID_NOT_FOUND"
    clients.crowd(0)
    assert ids(emqx) == []


def test_a_large_crowd_is_told_page_by_page_each_client_once(emqx, clients):
    clients.crowd(25000)
    seen, page, more = [], 1, True
    while more:
        rows, meta = listed(emqx, page=page, limit=10000, fields="clientid")
        seen += [row["clientid"] for row in rows]
        page, more = page + 1, meta["hasnext"]
    assert page == 4 and meta["count"] == 25000
    assert seen == [f"sensor-{number:06d}" for number in range(25000)]
