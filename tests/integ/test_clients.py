# SPDX-License-Identifier: Apache-2.0
"""Single clients of a broker, as one look tells them: families, who is watched, bad input."""

import pytest

from client_watch import (PREFIX, SWITCHES, aliases, assert_silent, by, connect, connected,
                          families, is_up, messages, named, of_class, once, started, switches,
                          watch)
from cycles import assert_told_once, body, push_now
from emqx_clients import ABSENT, Raw
from exposition import Exposition, assert_same
from releases import OF_5, release  # noqa: F401  a fixture
from setups import KEY, PATH

# What emqx-client-monitor showed with all its switches on, of two clients, the second one unknown
# to the broker; HELP is not compared.
DROP_IN = """\
# TYPE emqx_client_monitor_connected gauge
emqx_client_monitor_connected{alias="Pump 7",broker="plant",client_id="pump-7"} 1.0
emqx_client_monitor_connected{alias="Pump 8",broker="plant",client_id="pump-8"} 0.0
# TYPE emqx_client_monitor_subscriptions gauge
emqx_client_monitor_subscriptions{alias="Pump 7",broker="plant",client_id="pump-7"} 3.0
# TYPE emqx_client_monitor_inflights gauge
emqx_client_monitor_inflights{alias="Pump 7",broker="plant",client_id="pump-7"} 2.0
# TYPE emqx_client_monitor_created_at gauge
emqx_client_monitor_created_at{alias="Pump 7",broker="plant",client_id="pump-7"} 1.767323045678e+09
# TYPE emqx_client_monitor_connected_at gauge
emqx_client_monitor_connected_at{alias="Pump 7",broker="plant",client_id="pump-7"} 1.767323046e+09
# TYPE emqx_client_monitor_messages_processed_total counter
emqx_client_monitor_messages_processed_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx"} 1006.0
emqx_client_monitor_messages_processed_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx"} 2015.0
# TYPE emqx_client_monitor_messages_processed_by_qos_total counter
emqx_client_monitor_messages_processed_by_qos_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx",qos="0"} 1000.0
emqx_client_monitor_messages_processed_by_qos_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx",qos="1"} 1.0
emqx_client_monitor_messages_processed_by_qos_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx",qos="2"} 5.0
emqx_client_monitor_messages_processed_by_qos_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx",qos="0"} 2000.0
emqx_client_monitor_messages_processed_by_qos_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx",qos="1"} 8.0
emqx_client_monitor_messages_processed_by_qos_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx",qos="2"} 7.0
# TYPE emqx_client_monitor_messages_dropped_total counter
emqx_client_monitor_messages_dropped_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx"} 10.0
emqx_client_monitor_messages_dropped_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx"} 33.0
# TYPE emqx_client_monitor_messages_dropped_by_reason_total counter
emqx_client_monitor_messages_dropped_by_reason_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx",reason="await_pubrel_timeout"} 9.0
emqx_client_monitor_messages_dropped_by_reason_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx",reason="expired"} 11.0
emqx_client_monitor_messages_dropped_by_reason_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx",reason="queue_full"} 12.0
emqx_client_monitor_messages_dropped_by_reason_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx",reason="too_large"} 13.0
# TYPE emqx_client_monitor_bytes_total counter
emqx_client_monitor_bytes_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx"} 1.0525736e+07
emqx_client_monitor_bytes_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx"} 9007199254740991.0
# TYPE emqx_client_monitor_packets_total counter
emqx_client_monitor_packets_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="rx"} 1014.0
emqx_client_monitor_packets_total{alias="Pump 7",broker="plant",client_id="pump-7",direction="tx"} 2014.0
"""
PUMP_7 = {
    "subscriptions_cnt": 3, "inflight_cnt": 2, "mqueue_len": 4,
    "created_at": "2026-01-02T03:04:05.678+00:00", "connected_at": "2026-01-02T04:04:06+01:00",
    "recv_msg": 1006, "recv_msg.qos0": 1000, "recv_msg.qos1": 1, "recv_msg.qos2": 5,
    "send_msg": 2015, "send_msg.qos0": 2000, "send_msg.qos1": 8, "send_msg.qos2": 7,
    "recv_msg.dropped": 10, "recv_msg.dropped.await_pubrel_timeout": 9, "send_msg.dropped": 33,
    "send_msg.dropped.expired": 11, "send_msg.dropped.queue_full": 12,
    "send_msg.dropped.too_large": 13, "recv_oct": 10525736, "send_oct": 9007199254740991,
    "recv_pkt": 1014, "send_pkt": 2014,
}
PUMPS = ({"client_id": "pump-7", "alias": "Pump 7"}, {"client_id": "pump-8", "alias": "Pump 8"})

# By the switch that rules it; what no switch rules is under None.
FAMILIES = {
    None: {"connected", "connects_total", "flaps_total", "last_seen_timestamp_seconds",
           "session_age_seconds"},
    "processed_counters": {"messages_processed_total"},
    "qos_split": {"messages_processed_by_qos_total"},
    "dropped_counters": {"messages_dropped_total"},
    "reason_split": {"messages_dropped_by_reason_total"},
    "bytes_metrics": {"bytes_total"},
    "packet_metrics": {"packets_total"},
    "dates": {"created_at", "connected_at"},
    "inflight_metrics": {"inflights"},
    "subscription_count": {"subscriptions"},
}
# Those that are on where nothing is said.
DEFAULT = {"processed_counters", "bytes_metrics", "packet_metrics", "inflight_metrics",
           "subscription_count"}
ALL_FAMILIES = set().union(*FAMILIES.values())
CLASS_FAMILIES = {None: {"class_connected", "class_clients", "class_queue_largest",
                         "class_connects_total", "class_flaps_total", "clients_over_limit",
                         "class_clients_over_limit"},
                  **{switch: {f"class_{name}" for name in names}
                     for switch, names in FAMILIES.items() if switch not in (None, "dates")}}

OVER_CLIENTS = "more clients match than max_clients allows"
OVER_CLASS = "more clients are in classes than max_class_clients allows"
TOO_SLOW = "a pattern takes too long for some client ids"
UNREAD = "the broker tells of clients what is no client object"


@pytest.fixture
def emqx(release):
    return release()


def pump_7(emqx):
    emqx.clients.connect("pump-7")
    emqx.clients.set("pump-7", PUMP_7)


# In the place of emqx-client-monitor

@pytest.mark.parametrize("profile", OF_5)
def test_dashboards_made_for_emqx_client_monitor_find_all_that_they_had(agent, release, recorded,
                                                                        profile):
    emqx = release(profile)
    pump_7(emqx)
    _, log = once(agent, emqx, recorded, *PUMPS, broker="plant", **switches(*SWITCHES))
    assert_silent(log)
    assert len(recorded.pushes) == 1
    group = Exposition.parse(recorded.metrics_text()).group(**KEY).broker()
    drop_in = Exposition.parse(DROP_IN)
    assert_same(drop_in.with_labels(**KEY),
                group.only(lambda name, _: name in drop_in.families))
    assert families(group) == ALL_FAMILIES
    assert not [name for name, family in group.families.items() if not family.help]


def test_without_a_switch_the_families_are_emqx_client_monitors_own(agent, emqx, fake_gateway):
    pump_7(emqx)
    told, _ = once(agent, emqx, fake_gateway, *PUMPS)
    assert families(told) == FAMILIES[None].union(*(FAMILIES[name] for name in DEFAULT))


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_rules_its_own_families_and_no_others(agent, emqx, fake_gateway, switch):
    pump_7(emqx)
    told, _ = once(agent, emqx, fake_gateway, *PUMPS, **switches(switch))
    assert families(told) == FAMILIES[None] | FAMILIES[switch]
    told, _ = once(agent, emqx, fake_gateway, *PUMPS, **switches(*set(SWITCHES) - {switch}))
    assert families(told) == ALL_FAMILIES - FAMILIES[switch]


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_rules_the_families_of_classes_too(agent, emqx, fake_gateway, switch):
    pump_7(emqx)
    told, _ = once(agent, emqx, fake_gateway, {"class": "pump-*"}, **switches(switch))
    assert families(told) == CLASS_FAMILIES[None] | CLASS_FAMILIES.get(switch, set())


def test_an_unknown_client_is_0_and_says_nothing_else(agent, emqx, fake_gateway):
    told, log = once(agent, emqx, fake_gateway, *PUMPS, **switches(*SWITCHES))
    assert families(told) == {"connected"}
    assert connected(told) == {"pump-7": 0, "pump-8": 0}
    assert is_up(told)
    assert_silent(log)


def test_a_client_without_a_connection_keeps_its_numbers_and_has_no_bytes(agent, emqx,
                                                                          fake_gateway):
    """EMQX leaves the bytes out of the row."""
    emqx.clients.connect("a", clean_start=False)
    emqx.clients.publish("a", 4)
    emqx.clients.disconnect("a", at=1767323046500)
    told, _ = once(agent, emqx, fake_gateway, *named("a"))
    assert connected(told) == {"a": 0} and messages(told) == {"a": 4}
    assert "bytes_total" not in families(told)
    assert by(told, "last_seen_timestamp_seconds", "alias", "client_id") == {
        ("a", "a"): 1767323046.5}


@pytest.mark.parametrize("setting, label", (({}, "emqx"), ({"broker": "Plant 4"}, "Plant 4")))
def test_the_label_broker_is_the_sources_name_unless_it_is_set(agent, emqx, fake_gateway, setting,
                                                               label):
    connect(emqx, "a", "b-1")
    told, _ = once(agent, emqx, fake_gateway, *named("a"), {"class": "b-*"}, **setting)
    found = {dict(pairs).get("broker") for name in families(told)
             for pairs in told.series(PREFIX + name)}
    assert found == {label}


# Who is watched

def test_an_alias_is_the_id_unless_it_is_set(agent, emqx, fake_gateway):
    connect(emqx, "a", "b")
    told, _ = once(agent, emqx, fake_gateway, {"client_id": "a", "alias": "Ä \"1\""}, *named("b"))
    assert aliases(told) == {"a": 'Ä "1"', "b": "b"}


def test_a_glob_watches_each_client_that_matches_as_a_whole(agent, emqx, fake_gateway):
    connect(emqx, "pump-1", "pump-22", "pump-", "xpump-1", "Pump-1", "pump")
    told, _ = once(agent, emqx, fake_gateway, {"glob": "pump-[0-9]*"})
    assert aliases(told) == {"pump-1": "pump-1", "pump-22": "pump-22"}


def test_a_regexs_groups_make_aliases(agent, emqx, fake_gateway):
    connect(emqx, "site-north/pump-7", "site-south/pump-12", "site-x/pump-", "site-x/pump-1/a")
    told, _ = once(agent, emqx, fake_gateway, {
        "regex": r"site-(?<site>\w+)/pump-(\d+)", "alias": "Pump $2 in the ${site} for $$1"})
    assert aliases(told) == {"site-north/pump-7": "Pump 7 in the north for $1",
                             "site-south/pump-12": "Pump 12 in the south for $1"}


def test_a_class_is_told_as_one_by_sums_and_its_largest_queue(agent, emqx, recorded):
    for number, queue in ((1, 5), (2, 70), (3, 0)):
        emqx.clients.connect(f"sensor-{number}", clean_start=False)
        emqx.clients.set(f"sensor-{number}", {
            "recv_msg": 100 * number, "send_msg": number, "recv_oct": 1 << 40, "inflight_cnt": 2,
            "subscriptions_cnt": number, "mqueue_len": queue, "send_msg.dropped.queue_full": 3})
    emqx.clients.disconnect("sensor-3")
    connect(emqx, "other")
    told, log = once(agent, emqx, recorded, {"class": "sensor-*"}, {"class": "nobody-*"},
                     **switches(*SWITCHES))
    assert_silent(log)
    told = Exposition.parse(recorded.metrics_text()).group(**KEY).broker()
    assert of_class(told, "clients") == {"sensor-*": 3, "nobody-*": 0}
    assert of_class(told, "connected") == {"sensor-*": 2, "nobody-*": 0}
    assert of_class(told, "subscriptions")["sensor-*"] == 6
    assert of_class(told, "inflights")["sensor-*"] == 6
    assert of_class(told, "queue_largest")["sensor-*"] == 70
    assert of_class(told, "connects_total") == {"sensor-*": 2, "nobody-*": 0}
    assert by(told, "class_messages_processed_total", "class", "direction") == {
        ("sensor-*", "rx"): 600, ("sensor-*", "tx"): 6}
    assert by(told, "class_bytes_total", "class", "direction")["sensor-*", "rx"] == 2 << 40
    assert by(told, "class_messages_dropped_by_reason_total", "class", "direction", "reason")[
        "sensor-*", "tx", "queue_full"] == 9
    assert not families(told) - set().union(*CLASS_FAMILIES.values())


def test_everybody_is_watched_by_a_star(agent, emqx, fake_gateway):
    ids = ["a", "b/c", "..", "Ünïcödé", "*", "line\nbreak"]
    connect(emqx, *ids)
    told, _ = once(agent, emqx, fake_gateway, {"glob": "*"})
    assert connected(told) == dict.fromkeys(ids, 1)
    assert told.value(f"{PREFIX}clients_over_limit") == 0


def test_an_id_goes_before_patterns_and_of_those_the_first_one_counts(agent, emqx, fake_gateway):
    connect(emqx, "pump-1", "pump-2", "pump-30", "pump-31", "valve-1")
    told, _ = once(agent, emqx, fake_gateway, {"regex": r"pump-(\d)", "alias": "short $1"},
                   {"class": "pump-*"}, {"glob": "*-1"}, {"glob": "pump-3*"},
                   {"client_id": "pump-2", "alias": "mine"})
    assert aliases(told) == {"pump-1": "short 1", "pump-2": "mine", "valve-1": "valve-1"}
    assert of_class(told, "clients") == {"pump-*": 2}


def test_who_is_beyond_max_clients_is_counted_and_told_at_the_beginning_and_the_end(
        agent, emqx, fake_gateway):
    connect(emqx, "mine", *(f"pump-{number}" for number in range(5)))
    running, told = started(agent, emqx, fake_gateway, *named("mine"), {"glob": "pump-*"},
                            max_clients=2, remember="0s")
    assert connected(told) == {"mine": 1, "pump-0": 1, "pump-1": 1}
    assert told.value(f"{PREFIX}clients_over_limit", broker="emqx") == 3
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"mine": 1, "pump-0": 1, "pump-1": 1}
    for number in range(1, 4):
        emqx.clients.vanish(f"pump-{number}")
    push_now(running, fake_gateway)
    told = body(*push_now(running, fake_gateway))
    assert connected(told) == {"mine": 1, "pump-0": 1, "pump-4": 1}
    assert told.value(f"{PREFIX}clients_over_limit") == 0
    log = running.stop().stderr
    assert_told_once(log, "the source warns", "level=warn", "source=emqx", OVER_CLIENTS, "count=3",
                     "example=pump-2")
    assert_told_once(log, "a warning of the source holds no longer", "level=info", OVER_CLIENTS)


def test_who_is_beyond_max_class_clients_is_there_but_adds_no_counters(agent, emqx, fake_gateway):
    for number in range(5):
        emqx.clients.connect(f"sensor-{number}", mqueue_len=number, recv_msg=10)
    told, log = once(agent, emqx, fake_gateway, {"class": "sensor-*"}, max_class_clients=3)
    assert of_class(told, "clients") == {"sensor-*": 5}
    assert of_class(told, "connected") == {"sensor-*": 5}
    assert of_class(told, "queue_largest") == {"sensor-*": 4}
    assert by(told, "class_messages_processed_total", "class", "direction")["sensor-*", "rx"] == 30
    assert told.value(f"{PREFIX}class_clients_over_limit") == 2
    assert told.value(f"{PREFIX}clients_over_limit") == 0
    assert_told_once(log, "the source warns", OVER_CLASS, "count=2", "example=sensor-3")


def test_a_pattern_that_would_take_for_ever_is_given_up_and_told(agent, emqx, fake_gateway):
    bad = "a" * 40 + "!z"
    connect(emqx, bad, "aaa!", "pump-1")
    told, log = once(agent, emqx, fake_gateway, {"regex": "(a+)+!"}, {"glob": "pump-*"})
    assert connected(told) == {"aaa!": 1, "pump-1": 1}
    assert_told_once(log, "the source warns", TOO_SLOW, "make it simpler", "count=1", f"example={bad}")


# Bad input

ODD_IDS = ('a "quoted" one', "back\\slash", "line\nbreak", "cr\rlf\r\n", "a/b/c", "/", " spaces  ",
           ".", "..", "../../nodes", "100%", "%2e%2e", "%", "a+b&c=d;e?f#g", "tab\t", "\x01\x7f",
           "über/日本語/🦊", "{alias=\"x\"} 1", "$1", "*", "-")


def odd_broker(release, *ids):
    emqx = release()
    for number, clientid in enumerate(ids):
        emqx.clients.connect(clientid, recv_msg=number)
    return emqx


@pytest.mark.parametrize("monitored", (named(*ODD_IDS), [{"glob": "*"}],
                                       [*named(*ODD_IDS), *named(*map(str, range(30)))]),
                         ids=("one by one", "in pages", "by lists of ids"))
def test_any_text_may_be_an_id(agent, release, recorded, promtool, monitored):
    emqx = odd_broker(release, *ODD_IDS)
    _, log = once(agent, emqx, recorded, *monitored)
    assert_silent(log)
    served = Exposition.parse(recorded.metrics_text()).group(**KEY)
    expected = {clientid: number for number, clientid in enumerate(ODD_IDS)}
    assert messages(served) == expected
    assert {clientid for clientid, value in connected(served).items() if value} == set(ODD_IDS)
    assert aliases(served).items() >= {(clientid, clientid) for clientid in ODD_IDS}
    code, said = promtool(recorded.pushes[0].body.decode())
    assert code in (0, 3), said


# MQTT has ids of 65,535 bytes, a setting at most 32 KiB.
@pytest.mark.parametrize("monitored, n_bytes, alias", (
    ({"glob": "*"}, 65535, None), ({"regex": "(..).*", "alias": "$1"}, 65535, "ä/"),
    ({"regex": "(.*)", "alias": "$1$1"}, 65535, None),
    ({"client_id": "ä/" * 10922, "alias": "long"}, 32766, "long")),
    ids=("glob", "regex", "alias too long", "client_id"))
def test_an_id_of_many_bytes_is_one_as_any_other(agent, release, recorded, monitored, n_bytes,
                                                 alias):
    longest = "ä/" * (n_bytes // 3)
    emqx = odd_broker(release, longest, "ab")
    _, log = once(agent, emqx, recorded, *named("ab"), monitored)
    assert_silent(log)
    served = Exposition.parse(recorded.metrics_text()).group(**KEY)
    assert connected(served) == {longest: 1, "ab": 1}
    assert aliases(served)[longest] == (alias or longest)


def test_an_id_that_is_not_utf_8_costs_its_own_row_only(agent, release, recorded):
    emqx = odd_broker(release, "a", b"bad\xff", "c")
    _, log = once(agent, emqx, recorded, {"glob": "*"})
    served = Exposition.parse(recorded.metrics_text()).group(**KEY)
    assert messages(served) == {"a": 0, "c": 2}
    assert is_up(served)
    assert_told_once(log, "the source warns", UNREAD, "count=1")


def test_rows_that_are_none_are_left_out_and_told(agent, emqx, fake_gateway):
    rows = (b"1", b"null", b'"a"', b"[]", b"[1,{}]", b"{}", b'{"clientid":""}', b'{"clientid":5}',
            b'{"clientid":null,"connected":true}', b'{"clientid":"nan","recv_msg":NaN}',
            b'{"clientid":"a\\u0000b"}', b'{"clientid":"good","connected":true,"recv_msg":7}')
    emqx.clients.on_page = lambda page: b'{"data":[%s],"meta":{"hasnext":false}}' % b",".join(rows)
    told, log = once(agent, emqx, fake_gateway, {"glob": "*"})
    assert messages(told) == {"good": 7}
    assert connected(told) == {"good": 1}
    assert_told_once(log, "the source warns", UNREAD, f"count={len(rows) - 1}")


@pytest.mark.parametrize("value, told", (
    (0, 0), (7.0, 7), (Raw(b"1.2e1"), 12), ((1 << 53) + 1, (1 << 53) + 1),
    ((1 << 63) - 1, (1 << 63) - 1), (1 << 63, None), (10 ** 30, None), (-1, None), (1.5, None),
    ("12", None), ("infinity", None), ("", None), (True, None), (None, None), (ABSENT, None),
    ([], None), ({"count": 1}, None)), ids=str)
def test_what_is_no_count_is_no_sample(agent, emqx, fake_gateway, value, told):
    connect(emqx, "a", "b-1")
    for clientid in ("a", "b-1"):
        emqx.clients.set(clientid, {"recv_oct": value, "subscriptions_cnt": value, "send_oct": 5})
    pushed, log = once(agent, emqx, fake_gateway, *named("a"), {"class": "b-*"})
    assert_silent(log)
    line = f'{PREFIX}bytes_total{{alias="a",broker="emqx",client_id="a",direction="rx"}} {told}\n'
    text = fake_gateway.pushes[-1].body.decode()
    assert (line in text) == (told is not None)
    sent = {way: count for (*_, way), count in
            by(pushed, "bytes_total", "alias", "client_id", "direction").items()}
    assert sent == {"tx": 5} if told is None else sent["tx"] == 5
    if told is None:
        assert "subscriptions" not in families(pushed)
        assert by(pushed, "class_bytes_total", "class", "direction") == {("b-*", "tx"): 5}
    assert is_up(pushed)


@pytest.mark.parametrize("value", (None, ABSENT, [], "infinity", {}),
                         ids=("null", "missing", "list", "text", "object"))
def test_a_row_of_nothing_but_an_id_is_a_client_that_is_not_connected(agent, emqx, fake_gateway,
                                                                      value):
    connect(emqx, "a")
    keys = set(emqx.clients.row("a")) - {"clientid"}
    emqx.clients.set("a", dict.fromkeys(keys, value))
    told, log = once(agent, emqx, fake_gateway, *named("a"), **switches(*SWITCHES))
    assert_silent(log)
    assert connected(told) == {"a": 0}
    assert families(told) == {"connected", "connects_total", "flaps_total"}


@pytest.mark.parametrize("date", ("", "yesterday", "2026-01-02", "2026-13-02T03:04:05Z", -5, 1.5,
                                  "2026-02-31T00:00:00Z", "1969-12-31T23:59:59Z", "9" * 100))
def test_what_is_no_date_is_no_sample(agent, emqx, fake_gateway, date):
    connect(emqx, "a")
    emqx.clients.set("a", created_at=date, connected_at=date)
    told, _ = once(agent, emqx, fake_gateway, *named("a"), **switches("dates"))
    assert connected(told) == {"a": 1}
    assert families(told) == FAMILIES[None] - {"session_age_seconds"}


# Endings

def one_of_three(emqx, _):
    emqx.set_fault("500", "json:clients/pump-8")


ENDINGS = {
    "all are there": (0, None),
    "one is not": (0, lambda emqx, _: emqx.clients.vanish("pump-8")),
    "one cannot be told about": (4, one_of_three),
    "the broker is down": (4, lambda emqx, _: emqx.set_fault("refused")),
    "the gateway refuses": (1, lambda _, gateway: gateway.set_fault("refused")),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_exit_code_of_once(agent, emqx, fake_gateway, ending):
    code, prepare = ENDINGS[ending]
    connect(emqx, "pump-7", "pump-8", "pump-9")
    if prepare:
        prepare(emqx, fake_gateway)
    result = watch(agent, emqx, fake_gateway, *named("pump-7", "pump-8", "pump-9")).once()
    assert result.code == code, result.stderr
    assert "source emqx: " in result.stderr and "sink gateway: " in result.stderr


def test_who_cannot_be_told_about_is_left_out_and_the_others_are_told(agent, emqx, fake_gateway):
    connect(emqx, "pump-7", "pump-8", "pump-9")
    one_of_three(emqx, None)
    told, log = once(agent, emqx, fake_gateway, *named("pump-7", "pump-8", "pump-9"), code=4)
    assert connected(told) == {"pump-7": 1, "pump-9": 1}
    assert not is_up(told)
    assert told.value("brokerpush_source_up") == 1
    assert "HTTP 500" in log


@pytest.mark.parametrize("profile", OF_5)
def test_dry_run_gives_the_same_body_and_promtool_takes_it(agent, release, fake_gateway, promtool,
                                                           profile):
    emqx = release(profile)
    pump_7(emqx)
    monitored = (*PUMPS, {"glob": "*"}, {"class": "pump-*"})
    told, _ = once(agent, emqx, fake_gateway, *monitored, **switches(*SWITCHES))
    result = agent.dry_run()
    assert len(fake_gateway.pushes) == 1
    assert result.code == 0 and result.stderr == f"PUT {fake_gateway.url}{PATH}\n", result.stderr

    def stands(exposition):
        return exposition.broker().only(lambda name, _: "last_seen" not in name
                                        and "session_age" not in name)
    assert_same(stands(told), stands(Exposition.parse(result.stdout)))
    code, said = promtool(result.stdout)
    assert code in (0, 3), said
