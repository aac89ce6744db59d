# SPDX-License-Identifier: Apache-2.0
"""Holds the simulated EMQX 5.8 against answers of a real 5.8.9, where those are at hand.

A simulator that nothing checks drifts towards what the agent would like to read. The answers lie
beside the checkout, in ../shared, or where BROKERPUSH_SHARED says.
"""

import base64
import json
import os
import re
from pathlib import Path
from urllib.parse import quote

import pytest

import emqx_json
from emqx_families import METRICS_KEYS, MODES, STATS_KEYS
from loopback import ask, split_answer
from simulated_emqx import SimulatedEmqx

SHARED = Path(os.environ.get("BROKERPUSH_SHARED",
                             Path(__file__).resolve().parents[2].parent / "shared"))
REAL = SHARED / "captures" / "emqx-5.8.9"
API = "/api/v5/"

pytestmark = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"no answers of a real EMQX at {REAL}")


def basic(user, password):
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {credentials}"}


KEY = basic("key", "secret")


@pytest.fixture
def opened():
    """Two nodes whose pages are open; the rest takes the key."""
    with SimulatedEmqx(nodes=2, key="key", secret="secret", protect_pages=False) as emqx:
        yield emqx


@pytest.fixture
def protected():
    with SimulatedEmqx(nodes=2, key="key", secret="secret", tokens=("good",)) as emqx:
        yield emqx


def real(name):
    return split_answer((REAL / f"{name}.http").read_bytes())


def header_names(answer):
    return [header[0].rstrip(":") for header in answer[1]]


def without_date(answer):
    return [header for header in answer[1] if header[0] != "date"]


def assert_same_bytes(ours, theirs):
    assert (ours[0], without_date(ours), ours[2]) == (theirs[0], without_date(theirs), theirs[2])


def declarations(page):
    return re.findall(r"^# (?:TYPE|HELP) .*$", page, re.M)


def label_names(page):
    """{sample name: label names in their order}, for the families that have rows."""
    found = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", page, re.M):
        found.setdefault(name, set()).add(tuple(re.findall(r'(\w+)="', labels)))
    return found


def shape(value, loose=()):
    """Keys and types; the keys in `loose` may hold anything."""
    if isinstance(value, list):
        return sorted({json.dumps(shape(item, loose), sort_keys=True) for item in value})
    if isinstance(value, dict):
        return {key: "any" if key in loose else shape(item, loose) for key, item in value.items()}
    return type(value).__name__


def assert_same_shape(ours, theirs, loose=()):
    assert ours[0] == theirs[0] and header_names(ours) == header_names(theirs)
    assert shape(json.loads(ours[2]), loose) == shape(json.loads(theirs[2]), loose)


# Pages

@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("endpoint", ["stats", "auth", "data_integration"])
def test_text_pages_have_the_real_families_types_order_and_labels(opened, endpoint, mode):
    ours = ask(opened, f"{API}prometheus/{endpoint}?mode={mode}")
    theirs = real(f"cluster/prom_{endpoint}_{mode}_text")
    assert ours[0] == theirs[0]
    assert header_names(ours) == header_names(theirs)
    assert declarations(ours[2]) == declarations(theirs[2])
    assert label_names(ours[2]) == label_names(theirs[2])
    assert ours[2].endswith("\n\n") and theirs[2].endswith("\n\n")


@pytest.mark.parametrize("mode", MODES)
def test_pages_as_json_have_the_real_shape(opened, mode):
    ours = ask(opened, f"{API}prometheus/stats?mode={mode}", Accept="application/json")
    assert_same_shape(ours, real(f"cluster/prom_stats_{mode}_json"))


@pytest.mark.parametrize("capture, headers", [
    ("gzip", {"Accept-Encoding": "gzip"}), ("noaccept", {}), ("wrongkey", basic("key", "wrong")),
    ("json_list", {"Accept": "application/json, text/plain"}),
    ("openmetrics", {"Accept": "application/openmetrics-text; version=1.0.0"}),
])
def test_whatever_one_accepts_the_page_is_the_same(opened, capture, headers):
    ours, theirs = ask(opened, f"{API}prometheus/stats", **headers), real(
        f"cluster/prom_stats_{capture}")
    assert ours[0] == theirs[0] and header_names(ours) == header_names(theirs)
    assert declarations(ours[2]) == declarations(theirs[2])


@pytest.mark.parametrize("capture, target, method", [
    ("status", "/api/v5/status", "GET"),
    ("status_root", "/status", "GET"),
    ("status_json", "/api/v5/status?format=json", "GET"),
    ("prom_stats_badmode", "/api/v5/prometheus/stats?mode=bogus", "GET"),
    ("prom_stats_emptymode", "/api/v5/prometheus/stats?mode=", "GET"),
    ("prom_stats_head", "/api/v5/prometheus/stats", "HEAD"),
    ("prom_stats_post", "/api/v5/prometheus/stats", "POST"),
    ("prom_schema_validation", "/api/v5/prometheus/schema_validation", "GET"),
    ("prom_message_transformation", "/api/v5/prometheus/message_transformation", "GET"),
    ("wrongpath", "/api/v5/nosuch", "GET"),
    ("wrongpath_root", "/nosuch", "GET"),
])
def test_other_answers_are_the_real_ones_to_the_byte(opened, capture, target, method):
    assert_same_bytes(ask(opened, target, method), real(f"cluster/{capture}"))


def test_http_1_0_is_answered_as_the_real_one_does(opened):
    ours = ask(opened, f"{API}prometheus/stats", version="1.0")
    assert header_names(ours) == header_names(real("cluster/prom_stats_http10"))


# Credentials

@pytest.mark.parametrize("capture, headers", [
    ("noauth", {}),
    ("wrong", basic("key", "wrong")),
    ("disabledkey", basic("disabled", "secret")),
    ("dashboarduser", basic("admin", "public")),
    ("badtoken", {"Authorization": "Bearer nosuch"}),
])
def test_refusals_are_the_real_ones_to_the_byte(protected, capture, headers):
    ours = ask(protected, f"{API}prometheus/stats", **headers)
    assert_same_bytes(ours, real(f"protected/stats_{capture}"))


@pytest.mark.parametrize("capture, headers", [
    ("ok", KEY), ("token", {"Authorization": "Bearer good"})])
def test_good_credentials_get_a_page_like_the_real_one(protected, capture, headers):
    ours, theirs = ask(protected, f"{API}prometheus/stats", **headers), real(
        f"protected/stats_{capture}")
    assert ours[0] == theirs[0] and header_names(ours) == header_names(theirs)


@pytest.mark.parametrize("capture, headers", [
    ("noauth_stats", {}), ("wrongkey_stats", basic("key", "wrong")),
    ("bearer_bad", {"Authorization": "Bearer nosuch"}),
])
def test_json_is_refused_to_the_byte_where_the_pages_are_open(opened, capture, headers):
    assert_same_bytes(ask(opened, f"{API}stats", **headers), real(f"cluster/{capture}"))


def test_broken_base64_gets_the_real_bare_answer(opened):
    assert ask(opened, f"{API}stats", Authorization="Basic %%%") == real("cluster/basic_garbage")


# JSON

# What depends on how an action or a connector is set up.
SETTINGS = ("parameters", "resource_opts")


@pytest.mark.parametrize("capture, path", [
    ("stats", "stats"), ("stats_aggregate", "stats?aggregate=true"),
    ("metrics", "metrics"), ("metrics_aggregate", "metrics?aggregate=true"),
    ("monitor_current", "monitor_current"),
    ("monitor_current_node", "monitor_current/nodes/emqx1@127.0.0.1"),
    ("nodes", "nodes"), ("node1", "nodes/emqx1%40127.0.0.1"),
    ("cluster", "cluster"), ("listeners", "listeners"), ("alarms", "alarms"), ("rules", "rules"),
    ("rule_metrics", "rules/rule_forward/metrics"), ("actions", "actions"),
])
def test_json_has_the_real_keys_and_types(opened, capture, path):
    assert_same_shape(ask(opened, API + path, **KEY), real(f"cluster/{capture}"), SETTINGS)


def test_connectors_tell_their_state_as_the_real_ones_do(opened):
    """What else a connector tells is its settings."""
    def states(answer):
        told = ("type", "name", "enable", "status", "status_reason", "node_status", "description",
                "actions", "sources")
        return shape([{key: row[key] for key in told if key in row}
                      for row in json.loads(answer[2])])

    ours, theirs = ask(opened, f"{API}connectors", **KEY), real("cluster/connectors")
    assert ours[0] == theirs[0] and states(ours) == states(theirs)


@pytest.mark.parametrize("capture, path", [
    ("node_unknown", "nodes/nosuch@127.0.0.1"),
    ("stats_aggregate_bad", "stats?aggregate=maybe"),
    ("clients_limit0", "alarms?limit=0"), ("clients_limit10001", "alarms?limit=10001"),
])
def test_json_says_no_as_the_real_one_does_to_the_byte(opened, capture, path):
    assert_same_bytes(ask(opened, API + path, **KEY), real(f"cluster/{capture}"))


def test_each_known_key_of_json_has_the_text_s_family_where_there_is_one():
    """In the real answers: so the mapping stands on its own feet, not on the simulation's."""
    page = real("cluster/prom_stats_node_text")[2]
    stats = json.loads(real("cluster/stats_aggregate")[2])
    metrics = json.loads(real("cluster/metrics_aggregate")[2])
    declared = set(re.findall(r"^# TYPE (\S+)", page, re.M))
    assert all(emqx_json.text_name(key) in declared for key in stats)
    assert sum(emqx_json.text_name(key) in declared for key in metrics) == 89
    known = {key.name for key in METRICS_KEYS if key.since <= (5, 8, 9) < key.until}
    assert known == set(metrics)
    assert {f"{key.name}.{what}" for key in STATS_KEYS if key.since <= (5, 8, 9) < key.until
            for what in ("count", "max")} == set(stats)


# Clients

def connected(emqx, rows):
    """These rows of a real broker, each after the life that makes such a row."""
    for row in rows:
        name = row["clientid"]
        emqx.clients.connect(name, row["node"], row["clean_start"], username=row["username"])
        if not row["connected"]:
            emqx.clients.disconnect(name)
        assert shape(emqx.clients.row(name)) == shape(row)
        emqx.clients.set(name, row)
    return emqx


@pytest.fixture
def with_clients(opened):
    return connected(opened, json.loads(real("cluster/clients")[2])["data"])


@pytest.mark.parametrize("capture, query", [
    ("clients", ""), ("clients_limit2", "?limit=2"), ("clients_limit2_page2", "?limit=2&page=2"),
    ("clients_node", "?node=emqx2%40127.0.0.1"), ("clients_username", "?username=u1&limit=1"),
    ("clients_like", "?like_clientid=sub"),
    ("clients_fields", "?fields=clientid,connected,mqueue_len,inflight_cnt,mqueue_dropped"),
    ("clients_fields_bad", "?fields=clientid,nosuchfield"),
    ("clients_limit0", "?limit=0"), ("clients_limit10001", "?limit=10001"),
    ("clients_node_unknown", "?node=nosuch@127.0.0.1"),
])
def test_lists_of_clients_are_the_real_ones_to_the_byte(with_clients, capture, query):
    assert_same_bytes(ask(with_clients, f"{API}clients{query}", **KEY), real(f"cluster/{capture}"))


@pytest.mark.parametrize("capture", ["client_one", "client_persist", "client_odd"])
def test_a_client_by_its_id_is_the_real_one_to_the_byte(opened, capture):
    row = json.loads(real(f"cluster/{capture}")[2])
    connected(opened, [row])
    path = f"{API}clients/{quote(row['clientid'], safe='')}"
    assert_same_bytes(ask(opened, path, **KEY), real(f"cluster/{capture}"))


def test_an_unknown_client_is_refused_to_the_byte(opened):
    assert_same_bytes(ask(opened, f"{API}clients/nosuch", **KEY), real("cluster/client_unknown"))


@pytest.mark.parametrize("capture, headers", [
    ("noauth_stats", {}), ("wrongkey_stats", basic("key", "wrong")),
    ("bearer_bad", {"Authorization": "Bearer nosuch"}),
])
@pytest.mark.parametrize("path", ["clients", "clients/a"])
def test_clients_are_refused_as_other_json_is_to_the_byte(opened, path, capture, headers):
    assert_same_bytes(ask(opened, API + path, **headers), real(f"cluster/{capture}"))


# A peer that was killed

@pytest.mark.parametrize("mode", MODES[1:])
def test_a_killed_peer_leaves_pages_of_the_real_shape(opened, mode):
    opened.kill("emqx2@127.0.0.1")
    ours = ask(opened, f"{API}prometheus/stats?mode={mode}", Accept="application/json")
    assert_same_shape(ours, real(f"peer-down/t1_{mode}"))
    for page in ours, real(f"peer-down/t1_{mode}"):
        assert "emqx2@" not in page[2]


def test_a_killed_peer_is_told_as_stopped_in_three_keys(opened):
    opened.kill("emqx2@127.0.0.1")
    ours, theirs = ask(opened, f"{API}nodes", **KEY), real("peer-down/t1_nodes")
    assert_same_shape(ours, theirs)
    assert json.loads(ours[2])[1] == json.loads(theirs[2])[1]
