# SPDX-License-Identifier: Apache-2.0
"""What the simulated EMQX promises to its users; test_captures.py holds it against a real one."""

import base64
import http.client
import json
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
import zlib
from pathlib import Path

import pytest

import emqx_json
from certificates import Authority
from emqx_families import MODES, PROFILES
from exposition import Exposition
from loopback import ask, split_answer
from simulated_cloud import SimulatedCloud
from simulated_emqx import SimulatedEmqx

ENDPOINTS = ("stats", "auth", "data_integration")


@pytest.fixture
def cluster():
    with SimulatedEmqx(nodes=2) as emqx:
        yield emqx


@pytest.fixture
def protected():
    with SimulatedEmqx(nodes=2, key="key", secret="secret") as emqx:
        yield emqx


def header_names(answer):
    return [header[0].rstrip(":") for header in answer[1]]


def label_names(page):
    """{sample name: label names in their order}, for the families that have rows."""
    found = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", page, re.M):
        found.setdefault(name, set()).add(tuple(re.findall(r'(\w+)="', labels)))
    return found


# Without overload protection, and from 6.1 on without two families that are unknown by name.
N_FAMILIES = {
    "4.4": {"v4": 131},
    "5.0": {"stats": 103},
    "5.5": {"stats": 130, "auth": 15, "data_integration": 34},
    "5.4": {"stats": 119},
    "5.8": {"stats": 138, "auth": 15, "data_integration": 35},
    "6.2": {"stats": 146, "auth": 17, "data_integration": 36, "schema_validation": 4,
            "message_transformation": 4, "namespaced_stats": 69},
    "6.3": {"stats": 145 + 64, "auth": 17, "data_integration": 36, "schema_validation": 4,
            "message_transformation": 4, "namespaced_stats": 69, "topic_metrics": 5},
}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_tables_have_the_known_number_of_families_each_once(profile):
    tables = PROFILES[profile].endpoints
    assert {name: len(table) for name, table in tables.items()} == N_FAMILIES[profile]
    for table in tables.values():
        assert len({family.name for family in table}) == len(table)


@pytest.mark.parametrize("accept, content_type", [
    ("application/json", "application/json"),
    ("application/json; charset=utf-8", "text/plain"),
    ("application/json, text/plain", "text/plain"),
    ("Application/JSON", "text/plain"),
    ("text/plain", "text/plain"),
    ("*/*", "text/plain"),
])
def test_json_comes_only_for_the_exact_accept(cluster, accept, content_type):
    answer = ask(cluster, "/api/v5/prometheus/stats", Accept=accept)
    assert ("content-type", content_type) in answer[1]


@pytest.mark.parametrize("accept, body_starts", [
    ("application/json", '{"code": "NOT_FOUND"'), ("text/plain", "404 - NOT FOUND"),
    ("*/*", "<html>"),
])
def test_an_unknown_path_is_refused_in_three_styles(cluster, accept, body_starts):
    answer = ask(cluster, "/api/v5/nosuch", Accept=accept)
    assert answer[0].startswith("HTTP/1.1 404")
    assert answer[2].startswith(body_starts)


def test_options_is_an_empty_500_and_a_trailing_slash_works(cluster):
    assert ask(cluster, "/api/v5/prometheus/stats", "OPTIONS")[0].startswith("HTTP/1.1 500")
    assert ask(cluster, "/api/v5/prometheus/stats/")[0].startswith("HTTP/1.1 200")
    assert ask(cluster, "//api/v5/prometheus/stats")[0].startswith("HTTP/1.1 404")


def test_credentials_open_a_protected_broker(protected):
    answer = ask(protected, "/api/v5/prometheus/stats", Authorization="Basic a2V5OnNlY3JldA==")
    assert answer[0] == "HTTP/1.1 200 OK"
    assert ask(protected, "/status")[0] == "HTTP/1.1 200 OK"


def test_a_connection_is_kept_and_requests_are_recorded(cluster):
    connection = http.client.HTTPConnection("127.0.0.1", cluster.port, timeout=30)
    for endpoint in ENDPOINTS:
        connection.request("GET", f"/api/v5/prometheus/{endpoint}", headers={"X-Team": "iot"})
        connection.getresponse().read()
    connection.close()
    assert [request.path.rpartition("/")[2] for request in cluster.requests] == list(ENDPOINTS)
    assert {request.connection for request in cluster.requests} == {1}
    assert cluster.requests[0].header("x-team") == "iot"


def test_values_stand_still_unless_asked_to_vary():
    def two(**options):
        with SimulatedEmqx(**options) as emqx:
            return [sorted(ask(emqx, "/api/v5/prometheus/stats")[2].splitlines())
                    for _ in range(2)]

    first, second = two()
    assert first == second
    assert two()[0] == first
    assert two(seed=2)[0] != first
    first, second = two(vary=True)
    assert first != second


def test_a_refusing_broker_keeps_its_port_and_comes_back(cluster):
    cluster.set_fault("refused")
    with pytest.raises(ConnectionRefusedError):
        ask(cluster, "/status")
    cluster.clear_faults()
    assert ask(cluster, "/status")[0] == "HTTP/1.1 200 OK"


@pytest.mark.parametrize("kind, starts", [
    ("html", "HTTP/1.1 200"), ("401", "HTTP/1.1 401"), ("403", "HTTP/1.1 403"),
    ("404", "HTTP/1.1 404"), ("429", "HTTP/1.1 429"), ("500", "HTTP/1.1 500"),
    ("503", "HTTP/1.1 503"), ("empty", "HTTP/1.1 200"), ("bad_family", "HTTP/1.1 200"),
    ("conflicting_family", "HTTP/1.1 200"), ("too_large", "HTTP/1.1 200"),
])
def test_a_fault_hits_its_endpoint_only_until_it_ends(cluster, kind, starts):
    good = ask(cluster, "/api/v5/prometheus/auth")
    cluster.set_fault(kind, "auth")
    bad = ask(cluster, "/api/v5/prometheus/auth")
    assert bad[0].startswith(starts) and bad[2] != good[2]
    assert ask(cluster, "/api/v5/prometheus/stats")[0] == "HTTP/1.1 200 OK"
    cluster.clear_faults()
    assert ask(cluster, "/api/v5/prometheus/auth")[0] == "HTTP/1.1 200 OK"


def test_truncated_and_reset_send_less_than_announced(cluster):
    for kind, expected in (("truncated", http.client.IncompleteRead),
                           ("reset", (ConnectionResetError, http.client.IncompleteRead))):
        cluster.set_fault(kind, "stats")
        connection = http.client.HTTPConnection("127.0.0.1", cluster.port, timeout=30)
        with pytest.raises(expected):
            connection.request("GET", "/api/v5/prometheus/stats")
            connection.getresponse().read()
        connection.close()


def test_the_command_prints_its_url_says_what_it_is_and_ends_on_sigterm():
    with subprocess.Popen([sys.executable, str(Path(__file__).with_name("simulated_emqx.py")),
                           "--port", "0", "--nodes", "2"], stdout=subprocess.PIPE,
                          text=True) as process:
        url, told = process.stdout.readline().strip(), process.stdout.readline()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert "simulated EMQX" in told
        process.terminate()
        assert process.wait(timeout=30) == 0


# Other releases

@pytest.fixture
def release():
    """release("6.2", ...) -> a broker of that release"""
    brokers = []

    def start(profile, **options):
        brokers.append(SimulatedEmqx(profile=profile, **options).start())
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop()


class Clock:
    """Stands still until it is moved."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


KEY = {"Authorization": "Basic a2V5OnNlY3JldA=="}
PATH = "/api/v5/prometheus/"


def page_path(endpoint):
    return "/api/v4/emqx_prometheus?type=prometheus&" if endpoint == "v4" else (
        f"{PATH}{endpoint}?")


def families(page):
    return set(re.findall(r"^# TYPE (\S+) ", page, re.M))


def status(answer):
    return int(answer[0].split()[1])


@pytest.mark.parametrize("profile", PROFILES)
def test_every_page_of_a_release_is_what_an_independent_parser_reads(release, profile):
    emqx = release(profile, nodes=2, key="key", secret="secret", clock=iter(
        range(0, 10000, 100)).__next__)
    for endpoint in PROFILES[profile].endpoints:
        for mode in MODES:
            answer = ask(emqx, f"{page_path(endpoint)}mode={mode}", **KEY)
            assert status(answer) == 200 and answer[2].endswith("\n\n")
            assert Exposition.parse(answer[2]).families


@pytest.mark.parametrize("profile, endpoint, expected", [
    ("4.4", "stats", 404), ("5.0", "stats", 200), ("5.0", "auth", 404),
    ("5.5", "auth", 200), ("5.5", "data_integration", 200), ("5.5", "schema_validation", 404),
    ("5.4", "stats", 200), ("5.4", "auth", 404), ("5.4", "data_integration", 404),
    ("5.4", "schema_validation", 404), ("5.4", "namespaced_stats", 404),
    ("5.8", "auth", 200), ("5.8", "schema_validation", 404), ("5.8", "namespaced_stats", 404),
    ("6.2", "schema_validation", 200), ("6.2", "message_transformation", 200),
    ("6.2", "namespaced_stats", 200), ("6.2", "topic_metrics", 404),
    ("6.3", "topic_metrics", 401), ("6.3", "namespaced_stats", 401), ("6.3", "nosuch", 404),
])
def test_a_release_has_its_endpoints_and_no_others(release, profile, endpoint, expected):
    assert status(ask(release(profile), PATH + endpoint)) == expected


@pytest.mark.parametrize("mode", (*MODES, "bogus", ""))
@pytest.mark.parametrize("profile", ["5.0", "5.4"])
def test_before_5_5_the_mode_is_ignored_silently(release, profile, mode):
    emqx = release(profile, nodes=2)
    plain, other = (ask(emqx, PATH + "stats" + query) for query in ("", f"?mode={mode}"))
    assert status(other) == 200 and "node=" not in other[2]
    assert sorted(other[2].splitlines()) == sorted(plain[2].splitlines())


def test_5_4_lacks_what_later_releases_brought(release):
    names = families(ask(release("5.4"), PATH + "stats")[2])
    assert "emqx_channels_count" in names and "emqx_authorization_cache_hit" in names
    for absent in ("emqx_cert_expiry_at", "emqx_authorization_cache_miss", "emqx_mria_weight",
                   "emqx_cluster_sessions_count", "emqx_durable_subscriptions_count",
                   "emqx_conf_sync_txid", "emqx_client_disconnected_reason",
                   "emqx_vm_mnesia_tm_mailbox_size"):
        assert absent not in names


def test_5_0_lacks_what_5_2_and_5_3_brought_but_has_help(release):
    page = ask(release("5.0"), PATH + "stats")[2]
    assert "# HELP emqx_connections_count \n" in page
    names = families(page)
    assert {"emqx_live_connections_count", "emqx_client_authorize",
            "emqx_session_takenover", "emqx_packets_publish_dropped"} < names
    assert not {name for name in names if name.startswith((
        "emqx_channels", "emqx_delayed", "emqx_authorization", "emqx_authentication"))}
    groups = json.loads(ask(release("5.0"), PATH + "stats", Accept="application/json")[2])
    assert set(groups) == {"stats", "metrics", "packets", "messages", "delivery", "client",
                           "session"}


def test_5_5_has_modes_and_three_pages_without_what_5_6_to_5_8_brought(release):
    emqx = release("5.5", nodes=2)
    page = ask(emqx, PATH + "stats?mode=all_nodes_unaggregated")[2]
    assert 'node="emqx2@127.0.0.1"' in page
    names = families(page)
    assert "emqx_cert_expiry_at" in names and "emqx_mria_lag" in names
    assert not names & {"emqx_cluster_sessions_count", "emqx_durable_subscriptions_count",
                        "emqx_conf_sync_txid", "emqx_client_disconnected_reason"}
    assert "emqx_actions_count" not in families(ask(emqx, PATH + "data_integration")[2])


def test_the_json_form_of_5_4_has_its_clients_as_an_object(release):
    page = json.loads(ask(release("5.4"), PATH + "stats", Accept="application/json")[2])
    assert isinstance(page["client"], dict) and "certs" not in page and "cluster_rpc" not in page


def test_overload_protection_is_declared_only_when_it_is_on(release):
    for profile in ("5.4", "5.8", "6.2"):
        off, on = (families(ask(release(profile, overload=on), PATH + "stats")[2])
                   for on in (False, True))
        assert {name.partition("protection_")[2] for name in on - off} == {
            "delay_ok", "delay_timeout", "hibernation", "gc", "new_conn"}
        assert off < on


@pytest.mark.parametrize("profile, options, expected", [
    ("5.4", {}, 200), ("5.4", {"key": "key", "secret": "secret"}, 401),
    ("6.2", {}, 200), ("6.2", {"key": "key", "secret": "secret"}, 401),
    ("6.3", {}, 401), ("6.3", {"key": "key", "secret": "secret"}, 401),
])
def test_credentials_are_demanded_by_a_flag_and_by_6_3_on_its_own(release, profile, options,
                                                                  expected):
    emqx = release(profile, **options)
    assert status(ask(emqx, PATH + "stats")) == expected
    assert status(ask(emqx, PATH + "stats", **KEY)) == (200 if expected == 200 or options else 401)
    assert status(ask(emqx, "/status")) == 200


@pytest.mark.parametrize("profile, endpoint, expected", [
    ("5.4", "stats", 200), ("6.2", "stats", 200), ("6.2", "auth", 200),
    ("6.2", "data_integration", 200), ("6.2", "namespaced_stats", 400),
    ("6.3", "stats", 400), ("6.3", "auth", 400), ("6.3", "data_integration", 400),
])
def test_json_is_refused_where_there_is_only_text(release, profile, endpoint, expected):
    emqx = release(profile, key="key", secret="secret")
    answer = ask(emqx, PATH + endpoint, Accept="application/json", **KEY)
    assert status(answer) == expected
    if expected == 400:
        assert answer[2] == "only prometheus format is supported"
        for other in ("*/*", "application/json; charset=utf-8", "Application/JSON"):
            assert status(ask(emqx, PATH + "stats", Accept=other, **KEY)) == 200


def test_status_in_json_tells_the_cluster_from_5_9_on(release):
    for profile, key in (("5.4", "rel_vsn"), ("5.8", "rel_vsn"), ("6.2", "cluster")):
        told = json.loads(ask(release(profile), "/status?format=json")[2])
        assert key in told and ("rel_vsn" in told) != ("cluster" in told)


def test_6_2_brings_families_and_drops_one(release):
    old, new = (families(ask(release(profile), PATH + "stats")[2]) for profile in ("5.8", "6.2"))
    assert old - new == {"emqx_packets_publish_dropped"}
    assert new - old == {
        "emqx_messages_dropped_quota_exceeded", "emqx_messages_dropped_receive_maximum",
        "emqx_routes_count", "emqx_routes_max", "emqx_vm_uptime_ms", "emqx_vm_max_fds",
        "emqx_license_expiry_at", "emqx_license_max_sessions", "emqx_license_issued_at"}


@pytest.mark.parametrize("profile, bounds", [
    ("6.2", ["1.00000000000000000000e+01", "1.00000000000000000000e+02",
             "1.00000000000000000000e+03", "5.00000000000000000000e+03",
             "3.00000000000000000000e+04", "+Inf"]),
    ("6.3", ["10.0", "100.0", "1.0e3", "5.0e3", "3.0e4", "+Inf"]),
])
def test_latency_is_a_cumulative_histogram_in_the_release_s_spelling(release, profile, bounds):
    emqx = release(profile, key="key", secret="secret")
    page = ask(emqx, PATH + "auth", **KEY)[2]
    block = page[page.index("# TYPE emqx_authn_latency histogram\n"):
                 page.index("# TYPE emqx_authz_latency")].splitlines()
    assert re.findall(r'le="([^"]+)"', "\n".join(block)) == bounds
    counts = [int(line.rpartition(" ")[2]) for line in block if "_bucket{" in line]
    assert counts == sorted(counts)
    assert [line.partition("{")[0] for line in block[-2:]] == [
        "emqx_authn_latency_count", "emqx_authn_latency_sum"]
    assert block[-2].endswith(f" {counts[-1]}")


def test_histograms_of_a_cluster_are_added(release):
    emqx = release("6.2", nodes=2)
    together, apart = (Exposition.parse(ask(emqx, f"{PATH}auth?mode={mode}")[2])
                       for mode in MODES[1:])
    name = "emqx_authn_latency_bucket"
    for labels, value in together.series(name).items():
        assert value == apart.total(name, le=dict(labels)["le"])
    assert len(apart.series(name)) == 2 * len(together.series(name))


def test_namespaced_stats_bear_the_names_of_stats_and_a_namespace(release):
    emqx = release("6.2")
    stats, spaced = (ask(emqx, PATH + name)[2] for name in ("stats", "namespaced_stats"))
    assert families(spaced) - families(stats) == {
        "emqx_authn_builtin_record_count", "emqx_authz_builtin_record_count"}
    assert set(re.findall(r'namespace="([^"]*)"', spaced)) == {"tenant_a", "tenant_b"}
    assert all(labels == ("namespace",) for found in label_names(spaced).values()
               for labels in found)
    assert "namespace" not in stats


def test_one_namespace_is_never_limited_and_an_unknown_one_is_empty(release):
    emqx = release("6.2", clock=Clock())
    for _ in range(3):
        page = ask(emqx, PATH + "namespaced_stats?ns=tenant_a")[2]
        assert set(re.findall(r'namespace="([^"]*)"', page)) == {"tenant_a"}
    assert not label_names(ask(emqx, PATH + "namespaced_stats?ns=nosuch")[2])


def test_all_namespaces_are_told_once_in_five_seconds(release):
    clock = Clock()
    emqx = release("6.2", clock=clock)
    target = PATH + "namespaced_stats"
    assert status(ask(emqx, target)) == 200
    refused = ask(emqx, target)
    assert status(refused) == 429 and refused[2] == "Too many requests"
    assert "retry-after" not in header_names(refused)
    assert status(ask(emqx, PATH + "stats")) == 200
    clock.seconds += 4.9
    assert status(ask(emqx, target)) == 429
    clock.seconds += 0.2
    assert status(ask(emqx, target)) == 200


def test_6_3_puts_data_integration_under_the_rules_of_namespaces(release):
    clock = Clock()
    emqx = release("6.3", key="key", secret="secret", clock=clock)
    target = PATH + "data_integration"
    everything = ask(emqx, target, **KEY)
    assert status(everything) == 200
    assert {line.partition("{")[0] for line in everything[2].splitlines()
            if "namespace=" in line} > {"emqx_rule_enable", "emqx_action_status"}
    assert 'emqx_rule_enable{id="rule_all"} 1' in everything[2]
    assert status(ask(emqx, target, **KEY)) == 429
    for query, namespaces in (("?only_global=true", set()), ("?ns=tenant_a", {"tenant_a"})):
        answer = ask(emqx, target + query, **KEY)
        assert status(answer) == 200
        assert set(re.findall(r'namespace="([^"]*)"', answer[2])) == namespaces


def test_6_3_has_the_virtual_machine_s_collectors_on(release):
    emqx = release("6.3", nodes=2, key="key", secret="secret")
    page = ask(emqx, PATH + "stats?mode=all_nodes_unaggregated", **KEY)[2]
    names = families(page)
    assert "emqx_vm_process_messages_in_queues" not in names
    assert {"erlang_vm_memory_bytes", "erlang_vm_processes", "erlang_vm_dist_recv_bytes",
            "erlang_vm_statistics_reductions_total"} < names
    assert page.count("\nerlang_vm_allocators{") == 288
    assert not re.search(r'^erlang_\S*\bnode="', page, re.M)
    assert "# TYPE erlang_vm_threads untyped" in page
    assert all(text for text in re.findall(r"^# HELP erlang_\S+ (.*)$", page, re.M))


# Faults of the connection

def read_all(emqx, limit=1 << 30, **headers):
    """Up to that much of a raw answer, and whether it ended."""
    lines = [f"GET {PATH}stats HTTP/1.1", "Host: broker"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", emqx.port), timeout=30) as sock:
        sock.sendall("\r\n".join(lines + ["Connection: close", "", ""]).encode())
        data = b""
        while len(data) < limit:
            part = sock.recv(65536)
            if not part:
                return data, True
            data += part
    return data, False


def test_a_trickle_is_the_page_a_byte_at_a_time(cluster):
    cluster.set_fault("trickle", "stats", seconds=0)
    data, ended = read_all(cluster)
    assert ended and split_answer(data)[2] == cluster.page("stats")


def test_a_wrong_length_is_announced_of_the_whole_page(cluster):
    cluster.set_fault("wrong_length", "stats", announced=lambda right: right + 7)
    head, body = read_all(cluster)[0].split(b"\r\n\r\n", 1)
    assert f"content-length: {len(body) + 7}".encode() in head
    assert body.decode() == cluster.page("stats")


def test_an_endless_page_is_as_long_as_asked_for(cluster):
    for announced in (True, False):
        cluster.set_fault("endless", "stats", size=100000, announced=announced)
        head, body = read_all(cluster)[0].split(b"\r\n\r\n", 1)
        assert len(body) == 100000 and (b"content-length" in head) == announced
    assert cluster.streamed == 200000


def test_a_gzip_bomb_is_small_and_unpacks_to_its_size(cluster):
    cluster.set_fault("gzip_bomb", "stats", size=64 << 20)
    head, body = read_all(cluster)[0].split(b"\r\n\r\n", 1)
    assert b"content-encoding: gzip" in head and len(body) < 1 << 20
    assert len(zlib.decompressobj(31).decompress(body)) >= 64 << 20


def test_a_redirect_names_its_target_and_429_may_say_when_to_come_back(cluster):
    cluster.set_fault("redirect", "stats", location="/elsewhere", code=307)
    answer = ask(cluster, PATH + "stats")
    assert status(answer) == 307 and ("location", "/elsewhere") in answer[1]
    cluster.set_fault("429", "stats", retry_after=7)
    assert ("retry-after", "7") in ask(cluster, PATH + "stats")[1]
    cluster.set_fault("429", "stats")
    assert "retry-after" not in header_names(ask(cluster, PATH + "stats"))


# 4.4

ADMIN = {"Authorization": "Basic " + base64.b64encode(b"admin:public").decode()}


def told(emqx, path, **headers):
    """What a JSON endpoint says, by the key unless other headers are given."""
    answer = ask(emqx, path if path.startswith("/") else f"/api/v5/{path}", **(headers or KEY))
    assert status(answer) == 200, answer
    return json.loads(answer[2])


def test_4_4_has_its_own_names_virtual_machine_and_no_help(release):
    page = ask(release("4.4"), "/api/v4/emqx_prometheus?type=prometheus")[2]
    assert "# HELP" not in page
    names = families(page)
    assert {"emqx_client_check_acl", "emqx_session_takeovered", "emqx_routes_count",
            "emqx_actions_max", "erlang_vm_memory_bytes_total"} < names
    assert not names & {"emqx_client_authorize", "emqx_session_takenover",
                        "emqx_live_connections_count"}


def test_4_4_tells_json_unless_it_is_asked_for_prometheus(release):
    emqx = release("4.4")
    for query in ("", "?type=json"):
        page = told(emqx, f"/api/v4/emqx_prometheus{query}")
        assert page["code"] == 0 and set(page["data"]) == {
            "stats", "metrics", "packets", "messages", "delivery", "client", "session"}
    assert page["data"]["stats"]["emqx_routes_count"] == Exposition.parse(
        ask(emqx, "/api/v4/emqx_prometheus?type=prometheus")[2]).value("emqx_routes_count")


def test_4_4_has_three_lists_behind_an_app_s_credentials(release):
    emqx = release("4.4", nodes=2)
    refused = ask(emqx, "/api/v4/stats")
    assert status(refused) == 401 and refused[2] == "UNAUTHORIZED"
    stats, metrics, nodes = (told(emqx, f"/api/v4/{name}", **ADMIN)["data"]
                             for name in ("stats", "metrics", "nodes"))
    assert [set(element) for element in stats] == [{"node", "stats"}] * 2
    assert "client.check_acl" in metrics[0]["metrics"]
    assert nodes[0]["node_status"] == "Running" and isinstance(nodes[0]["load1"], str)
    assert re.fullmatch(r"\d+ days, \d+ hours, \d+ minutes, \d+ seconds", nodes[0]["uptime"])


def test_4_4_with_an_app_of_ones_own_protects_its_page_too(release):
    emqx = release("4.4", key="key", secret="secret")
    assert ask(emqx, "/api/v4/emqx_prometheus")[2] == "UNAUTHORIZED"
    assert told(emqx, "/api/v4/emqx_prometheus")["code"] == 0


def test_4_4_knows_nothing_of_v5_and_5_nothing_of_v4(release):
    old, new = release("4.4"), release("5.0")
    for path in ("/api/v5/nodes", "/api/v5/status", "/api/v5/login", "/api/v5/prometheus/stats"):
        assert status(ask(old, path)) == 404
    assert ask(old, "/status?format=json")[2].startswith("Node emqx@127.0.0.1 is started")
    for path in ("/api/v4/emqx_prometheus", "/api/v4/nodes"):
        assert status(ask(new, path)) == 404


# JSON endpoints

@pytest.fixture
def opened():
    """Two nodes of 5.8: open pages, and a key for the rest."""
    with SimulatedEmqx(nodes=2, key="key", secret="secret", protect_pages=False) as emqx:
        yield emqx


def filled(path):
    """A path of emqx_json.ROUTES with things that exist."""
    for part, thing in (("{node}", "emqx1@127.0.0.1"), ("rules/{id}", "rules/rule_all"),
                        ("actions/{id}", "actions/mqtt%3Aforward"), ("{type}", "file"),
                        ("authentication/{id}",
                         "authentication/password_based:built_in_database")):
        path = path.replace(part, thing)
    return path


@pytest.mark.parametrize("profile", [profile for profile in PROFILES if profile != "4.4"])
def test_every_json_endpoint_wants_credentials_and_answers(release, profile):
    emqx = release(profile, nodes=2, key="key", secret="secret", protect_pages=False)
    for route in emqx_json.ROUTES:
        path = f"/api/v5/{filled(route.path)}"
        exists = route.since <= emqx.profile.version
        assert status(ask(emqx, path)) == (401 if exists else 404), path
        assert status(ask(emqx, path, **KEY)) == (200 if exists else 404), path
        assert status(ask(emqx, path, "POST", **KEY)) == (405 if exists else 404)
    assert (status(ask(emqx, PATH + "stats"))) == 200


@pytest.mark.parametrize("profile", [profile for profile in PROFILES if profile != "4.4"])
def test_json_and_text_agree_wherever_both_tell(release, profile):
    emqx = release(profile, nodes=2, key="key", secret="secret", seed=7)
    page = Exposition.parse(ask(emqx, PATH + "stats", **KEY)[2])
    own = "nodes/emqx1%40127.0.0.1"
    compared = 0
    for key, value in {**told(emqx, f"{own}/stats"), **told(emqx, f"{own}/metrics")}.items():
        expected = page.value(emqx_json.text_name(key))
        if expected is not None and not key.startswith("authorization.matched."):
            assert value == expected, key
            compared += 1
    assert compared > 90
    node = told(emqx, own)
    assert node["connections"] == page.value("emqx_connections_count")
    assert node["memory_total"] == f"{page.value('emqx_vm_total_memory') / (1 << 30):.2f}G"


def test_matched_authorizations_are_true_in_json_and_0_in_the_text_before_6(release):
    for profile, in_text in (("5.8", False), ("6.2", True)):
        emqx = release(profile, key="key", secret="secret")
        text = Exposition.parse(ask(emqx, PATH + "stats", **KEY)[2]).value(
            "emqx_authorization_matched_allow")
        true = told(emqx, "metrics")[0]["authorization.matched.allow"]
        assert true > 0 and text == (true if in_text else 0)


def test_stats_of_a_cluster_count_its_sessions_once_a_node(opened):
    apart, together = told(opened, "stats"), told(opened, "stats?aggregate=true")
    assert {element["node"] for element in apart} == set(opened.nodes)
    assert apart == told(opened, "stats?aggregate=false")
    for key in ("cluster_sessions.count", "connections.count", "sessions.max"):
        assert together[key] == sum(element[key] for element in apart)
    for key in ("topics.count", "retained.max", "subscriptions.shared.count"):
        assert {together[key]} == {element[key] for element in apart}
    assert together["cluster_sessions.count"] == 2 * together["sessions.count"]


def test_metrics_may_be_of_one_node_and_of_nobody(opened, release):
    assert [element["node"] for element in told(opened, "metrics?node=emqx2@127.0.0.1")] == [
        "emqx2@127.0.0.1"]
    assert told(opened, "metrics?node=nosuch") == []
    assert "node" not in told(opened, "metrics?aggregate=true&node=nosuch")
    old = release("5.0", nodes=2, key="key", secret="secret")
    assert len(told(old, "metrics?node=nosuch")) == 2


@pytest.mark.parametrize("path, value, reason", [
    ("stats?aggregate=maybe", "maybe", "Unable to parse boolean value"),
    ("rules?limit=10001", 10001, {"expected": "1..10000"}),
    ("banned?page=0", 0, {"expected": "pos_integer()"}),
])
def test_a_parameter_out_of_its_range_is_told_as_json_in_json(opened, path, value, reason):
    answer = ask(opened, f"/api/v5/{path}", **KEY)
    assert status(answer) == 400
    message = json.loads(json.loads(answer[2])["message"])
    assert (message["value"], message["reason"]) == (value, reason)


@pytest.mark.parametrize("profile, most", [("5.0", 1000), ("5.4", 1000), ("5.5", 10000)])
def test_a_page_of_json_has_so_many_rows_at_most(release, profile, most):
    emqx = release(profile, key="key", secret="secret")
    assert told(emqx, f"alarms?limit={most}")["meta"]["limit"] == most
    assert status(ask(emqx, f"/api/v5/alarms?limit={most + 1}", **KEY)) == 400


def test_lists_come_in_pages(opened):
    first, last = (told(opened, f"rules?limit=3&page={page}") for page in (1, 2))
    assert [len(page["data"]) for page in (first, last)] == [3, 1]
    assert [page["meta"]["hasnext"] for page in (first, last)] == [True, False]
    assert told(opened, "rules?page=9")["data"] == []
    banned = told(opened, "banned")
    assert banned["meta"].keys() == {"page", "limit", "count"}
    text = Exposition.parse(ask(opened, PATH + "auth")[2])
    assert banned["meta"]["count"] == text.value("emqx_banned_count")


def test_what_does_not_exist_is_not_found(opened):
    for path, message in (("nodes/nosuch@h", "Node not found: nosuch@h"),
                          ("nodes/nosuch%40h/stats", "Node not found: nosuch@h"),
                          ("monitor_current/nodes/nosuch@h", "Node not found: nosuch@h"),
                          ("rules/nosuch/metrics", "Rule Id Not Found")):
        answer = ask(opened, f"/api/v5/{path}", **KEY)
        assert status(answer) == 404 and json.loads(answer[2]) == {
            "code": "NOT_FOUND", "message": message}


def test_rules_actions_and_authenticators_have_the_text_s_numbers(opened):
    text = Exposition.parse(ask(opened, PATH + "data_integration")[2])
    apart = told(opened, "rules/rule_all/metrics")["node_metrics"]
    assert apart[0]["metrics"]["actions.total"] == text.value("emqx_rule_actions_total",
                                                              id="rule_all")
    assert {row["id"]: int(row["enable"]) for row in told(opened, "rules")["data"]} == {
        dict(labels)["id"]: value for labels, value in text.series("emqx_rule_enable").items()}
    assert text.value("emqx_actions_count") == sum(
        len(rule["actions"]) for rule in told(opened, "rules")["data"])
    action = told(opened, "actions/mqtt:forward/metrics")
    assert action["node_metrics"][0]["metrics"]["dropped.queue_full"] == text.value(
        "emqx_action_dropped_queue_full", id="mqtt:forward")
    for action in told(opened, "actions"):
        assert text.value("emqx_action_status", id=f"{action['type']}:{action['name']}") == (
            action["status"] == "connected")
    text = Exposition.parse(ask(opened, PATH + "auth?mode=all_nodes_aggregated")[2])
    authn, = told(opened, "authentication")
    assert told(opened, f"authentication/{authn['id']}/status")["metrics"]["total"] == text.value(
        "emqx_authn_total", id=authn["id"])
    for source in told(opened, "authorization/sources")["sources"]:
        metrics = told(opened, f"authorization/sources/{source['type']}/status")["metrics"]
        assert metrics["deny"] == text.value("emqx_authz_deny", type=source["type"])


def test_a_listener_that_runs_on_one_node_only_is_inconsistent(opened, release):
    running = {row["id"]: row["status"]["running"] for row in told(opened, "listeners")}
    assert running == {"tcp:default": True, "ssl:default": "inconsistent", "ws:default": True,
                       "wss:default": False}
    alone = release("5.8", key="key", secret="secret")
    assert {row["status"]["running"] for row in told(alone, "listeners")} == {True, False}
    assert {row["status"]["max_connections"] for row in told(alone, "listeners")} == {"infinity"}


def test_alarms_are_of_the_present_or_of_the_past(opened):
    now, past = (told(opened, f"alarms?activated={flag}") for flag in ("true", "false"))
    assert now == told(opened, "alarms") and now["meta"]["count"] == 4
    assert all("deactivate_at" not in row for row in now["data"])
    assert all("deactivate_at" in row for row in past["data"])


@pytest.mark.parametrize("profile, present, absent", [
    ("5.0", {"node_status", "role"}, {"live_connections", "cluster_sessions"}),
    ("5.4", {"live_connections"}, {"cluster_sessions"}),
    ("5.8", {"live_connections", "cluster_sessions"}, set()),
])
def test_a_node_has_the_keys_of_its_release(release, profile, present, absent):
    node, = told(release(profile, key="key", secret="secret"), "nodes")
    assert present < node.keys() and not absent & node.keys()
    assert isinstance(node["load1"], str if profile == "5.0" else float)
    assert node["version"] == PROFILES[profile].release and isinstance(node["uptime"], int)


@pytest.mark.parametrize("profile, present, absent", [
    ("5.0", {"connections"}, {"live_connections", "retained_msg_count"}),
    ("5.5", {"live_connections"}, {"retained_msg_count", "persisted_rate"}),
    ("5.8", {"persisted_rate", "subscriptions_ram"}, {"cluster_sessions", "license_quota"}),
    ("6.2", {"cluster_sessions", "license_quota", "actions_messages_rate"}, set()),
])
def test_monitor_current_has_the_keys_of_its_release(release, profile, present, absent):
    emqx = release(profile, nodes=2, key="key", secret="secret")
    cluster_wide = told(emqx, "monitor_current")
    assert present < cluster_wide.keys() and not absent & cluster_wide.keys()
    of_node = told(emqx, "monitor_current/nodes/emqx2@127.0.0.1")
    assert ("node_uptime" in of_node) == (profile in ("5.8", "6.2"))
    assert "node_uptime" not in cluster_wide and "subscriptions_ram" not in of_node


def test_from_5_9_there_is_a_license_that_agrees_with_the_text(release):
    emqx = release("6.2", key="key", secret="secret")
    page = Exposition.parse(ask(emqx, PATH + "stats", **KEY)[2])
    told_license = told(emqx, "license")
    assert told_license["max_sessions"] == page.value("emqx_license_max_sessions")
    assert told_license["expiry_at"] == time.strftime(
        "%Y-%m-%d", time.gmtime(page.value("emqx_license_expiry_at")))
    assert told(emqx, "nodes")[0]["edition"] == "Enterprise"


def test_counters_grow_in_json_too_when_values_vary(release):
    emqx = release("5.8", key="key", secret="secret", vary=True)
    first, second = (told(emqx, "metrics")[0]["bytes.received"] for _ in range(2))
    assert second > first
    assert told(emqx, "nodes")[0]["uptime"] > 0


# Peers

PEER = "emqx2@127.0.0.1"


def rows_of(page):
    """The nodes that have rows of the family, and the family's own count of the running."""
    text = Exposition.parse(page)
    return ({dict(labels)["node"] for labels in text.series("emqx_connections_count")},
            text.value("emqx_cluster_nodes_running", node="emqx1@127.0.0.1"),
            text.value("emqx_cluster_nodes_stopped", node="emqx1@127.0.0.1"))


UNAGGREGATED = PATH + "stats?mode=all_nodes_unaggregated"
AGGREGATED = PATH + "stats?mode=all_nodes_aggregated"


def test_a_killed_peer_is_missing_at_once_and_sums_go_backwards(opened):
    def total():
        return Exposition.parse(ask(opened, AGGREGATED)[2]).value("emqx_bytes_received")

    both = total()
    opened.kill(PEER)
    assert total() < both
    assert rows_of(ask(opened, UNAGGREGATED)[2]) == ({"emqx1@127.0.0.1"}, 1, 1)
    assert told(opened, "nodes")[1] == {"node": PEER, "node_status": "stopped", "role": "core"}
    assert len(told(opened, "stats")) == 1 and told(opened, "cluster")["nodes"] == [
        "emqx1@127.0.0.1"]
    assert {status["node"] for row in told(opened, "listeners")
            for status in row["node_status"]} == {"emqx1@127.0.0.1"}
    assert status(ask(opened, f"/api/v5/nodes/{PEER}", **KEY)) == 404
    opened.revive(PEER)
    assert total() == both
    assert rows_of(ask(opened, UNAGGREGATED)[2]) == (set(opened.nodes), 2, 0)


def took(action):
    start = time.monotonic()
    found = action()
    return found, time.monotonic() - start


def test_a_hung_peer_delays_what_asks_all_and_is_missing_from_it(opened):
    opened.hang(PEER, seconds=0.1, nodes_seconds=0.3)
    answer, seconds = took(lambda: ask(opened, UNAGGREGATED))
    assert rows_of(answer[2]) == ({"emqx1@127.0.0.1"}, 2, 0) and seconds >= 0.1
    nodes, seconds = took(lambda: told(opened, "nodes"))
    assert [node["node"] for node in nodes] == ["emqx1@127.0.0.1"] and seconds >= 0.3
    stats, seconds = took(lambda: told(opened, "stats"))
    assert len(stats) == 1 and seconds >= 0.3


def test_a_hung_peer_does_not_delay_what_asks_one_node_alone(opened):
    opened.hang(PEER)
    for path in (PATH + "stats", "/api/v5/nodes/emqx1@127.0.0.1", "/api/v5/cluster",
                 "/api/v5/nodes/emqx1@127.0.0.1/stats", "/status"):
        answer, seconds = took(lambda path=path: ask(opened, path, **KEY))
        assert status(answer) == 200 and seconds < 2


def test_a_broker_that_stops_does_not_wait_for_its_hung_peer():
    def stop():
        with SimulatedEmqx(nodes=2) as emqx:
            emqx.hang(PEER, seconds=60)
            with socket.create_connection(("127.0.0.1", emqx.port)) as sock:
                sock.sendall(f"GET {UNAGGREGATED} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
                while not emqx.requests:
                    time.sleep(0.01)

    assert took(stop)[1] < 5


def test_a_peer_that_leaves_is_gone_from_everything(opened):
    opened.leave(PEER)
    assert opened.nodes == ["emqx1@127.0.0.1"]
    assert rows_of(ask(opened, UNAGGREGATED)[2]) == ({"emqx1@127.0.0.1"}, 1, 0)
    assert len(told(opened, "nodes")) == 1


def test_only_a_peer_can_be_lost(opened):
    for node in ("emqx1@127.0.0.1", "nosuch@h"):
        with pytest.raises(ValueError):
            opened.kill(node)


def test_an_upgrade_ends_connections_and_keeps_the_port(release):
    emqx = release("5.4", vary=True)
    connection = http.client.HTTPConnection("127.0.0.1", emqx.port, timeout=30)
    connection.request("GET", PATH + "stats")
    before = Exposition.parse(connection.getresponse().read().decode())
    emqx.become("6.2")
    assert connection.sock.recv(1) == b""
    connection.close()
    assert status(ask(emqx, PATH + "namespaced_stats?ns=tenant_a")) == 200
    emqx.become("5.4")
    after = Exposition.parse(ask(emqx, PATH + "stats")[2])
    assert after.value("emqx_bytes_received") == before.value("emqx_bytes_received")
    assert status(ask(emqx, PATH + "auth")) == 404


# Logins

def login(emqx, user="admin", password="public"):
    return ask(emqx, "/api/v5/login", "POST",
               body=json.dumps({"username": user, "password": password}))


def bearer(emqx):
    return {"Authorization": f"Bearer {json.loads(login(emqx)[2])['token']}"}


def code(answer):
    return status(answer), json.loads(answer[2])["code"]


@pytest.mark.parametrize("profile, edition", [("5.0", "ce"), ("5.8", "ce"), ("6.2", "ee")])
def test_a_login_gives_a_token_that_says_when_it_ends(release, profile, edition):
    answer = json.loads(login(release(profile))[2])
    assert answer["version"] == PROFILES[profile].release
    assert answer["license"] == {"edition": edition} and ("role" in answer) == (edition == "ee")
    payload = answer["token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["iss"] == "EMQX" and abs(claims["exp"] / 1000 - time.time() - 3600) < 60


def test_a_token_opens_pages_and_json_until_it_ends_and_use_prolongs_it(release):
    clock = Clock()
    emqx = release("5.8", key="key", secret="secret", clock=clock, token_seconds=100)
    token = bearer(emqx)
    for _ in range(3):
        clock.seconds += 99
        assert told(emqx, "nodes", **token)
        assert status(ask(emqx, PATH + "stats", **token)) == 200
    clock.seconds += 101
    assert code(ask(emqx, PATH + "stats", **token)) == (401, "TOKEN_TIME_OUT")
    token = bearer(emqx)
    emqx.expire_tokens()
    refused = ask(emqx, "/api/v5/nodes", **token)
    assert code(refused) == (401, "TOKEN_TIME_OUT")
    assert "WWW-Authenticate" not in header_names(refused)
    assert told(emqx, "nodes", **bearer(emqx))


def test_a_bad_login_is_refused_and_five_lock_the_user_for_ten_minutes(release):
    clock = Clock()
    emqx = release("5.8", clock=clock, users={"admin": "public", "other": "one"})
    for _ in range(5):
        refused = login(emqx, password="wrong")
        assert code(refused) == (401, "BAD_USERNAME_OR_PWD")
        assert "WWW-Authenticate" not in header_names(refused)
    assert code(login(emqx)) == (401, "LOGIN_LOCKED")
    assert status(login(emqx, "other", "one")) == 200
    clock.seconds += 601
    assert status(login(emqx)) == 200
    assert emqx.logins == [("admin", False)] * 6 + [("other", True), ("admin", True)]


def test_a_good_login_forgives_the_bad_ones(release):
    emqx = release("5.8")
    for _ in range(2):
        for _ in range(4):
            login(emqx, password="wrong")
        assert status(login(emqx)) == 200


def test_other_bodies_and_methods_are_no_login(release):
    emqx = release("5.8")
    assert status(ask(emqx, "/api/v5/login", "POST", body="{}")) == 400
    assert status(ask(emqx, "/api/v5/login")) == 405
    assert code(ask(emqx, "/api/v5/nodes", **ADMIN)) == (401, "BAD_API_KEY_OR_SECRET")


# What a key may

@pytest.mark.parametrize("scope, paths", [
    ("monitoring", ["prometheus/stats", "stats", "metrics", "monitor_current", "alarms"]),
    ("cluster_operations", ["nodes", "nodes/emqx@127.0.0.1/stats", "cluster"]),
    ("system", ["listeners"]), ("data_integration", ["rules", "actions", "connectors"]),
    ("access_control", ["authentication", "authorization/sources", "banned"]),
    ("license", ["license"]),
])
def test_a_key_reaches_what_its_scopes_name_and_nothing_else(release, scope, paths):
    emqx = release("6.2", key="key", secret="secret", scopes={scope})
    for path in paths:
        assert status(ask(emqx, f"/api/v5/{path}", **KEY)) == 200
    other = "nodes" if scope == "monitoring" else "prometheus/stats"
    assert code(ask(emqx, f"/api/v5/{other}", **KEY)) == (403, "FORBIDDEN")
    assert status(ask(emqx, f"/api/v5/{other}", **bearer(emqx))) == 200


def test_a_publisher_may_gather_nothing(release):
    emqx = release("5.8", key="key", secret="secret", role="publisher")
    for path in ("prometheus/stats", "nodes"):
        assert code(ask(emqx, f"/api/v5/{path}", **KEY)) == (403, "UNAUTHORIZED_ROLE")


@pytest.mark.parametrize("profile, options, expected", [
    ("5.8", {}, 200), ("6.3", {}, 401), ("6.3", {"protect_pages": False}, 200),
    ("5.8", {"protect_pages": True}, 401),
    ("5.8", {"key": "key", "secret": "secret", "protect_pages": False}, 200),
])
def test_pages_are_protected_as_told(release, profile, options, expected):
    emqx = release(profile, **options)
    assert status(ask(emqx, PATH + "stats")) == expected
    assert status(ask(emqx, "/api/v5/nodes")) == 401


# Faults of JSON endpoints

def test_a_fault_hits_one_json_endpoint_one_thing_of_it_or_all_of_its_kind(opened):
    paths = ("nodes", "nodes/emqx1@127.0.0.1", f"nodes/{PEER}", "stats")

    def failing():
        return [path for path in paths
                if status(ask(opened, f"/api/v5/{path.replace('@', '%40')}", **KEY)) == 500]

    for name, expected in (("json:nodes", ["nodes"]), (f"json:nodes/{PEER}", [f"nodes/{PEER}"]),
                           ("json:nodes/{node}", list(paths[1:3])), ("json:stats", ["stats"]),
                           ("stats", []), (None, list(paths))):
        opened.set_fault("500", name)
        assert failing() == expected
        assert status(ask(opened, PATH + "stats")) == (500 if name in ("stats", None) else 200)
        opened.clear_faults()


def test_faults_reach_the_login_and_4_4(release):
    emqx, old = release("5.8"), release("4.4")
    emqx.set_fault("503", "login")
    assert status(login(emqx)) == 503
    old.set_fault("500", "v4")
    old.set_fault("429", "v4:nodes")
    assert status(ask(old, "/api/v4/emqx_prometheus")) == 500
    assert status(ask(old, "/api/v4/nodes", **ADMIN)) == 429
    assert status(ask(old, "/api/v4/stats", **ADMIN)) == 200


def test_any_bytes_may_stand_in_for_an_answer_under_any_type(opened):
    for text in ('[{"node":', b"\xff\x00"):
        opened.set_fault("page", "json:metrics", text=text, content_type="application/json")
        with urllib.request.urlopen(f"{opened.url}/api/v5/metrics") as answer:
            assert answer.headers["content-type"] == "application/json"
            assert answer.read() == (text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("kind, options", [
    ("truncated", {}), ("reset", {}), ("wrong_length", {"announced": lambda right: right + 1})])
def test_json_may_end_before_its_end(opened, kind, options):
    opened.set_fault(kind, "json:nodes", **options)
    connection = http.client.HTTPConnection("127.0.0.1", opened.port, timeout=30)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        connection.request("GET", "/api/v5/nodes", headers={**KEY, "Connection": "close"})
        connection.getresponse().read()
    connection.close()


# EMQX Cloud

APP = {"Authorization": "Basic " + base64.b64encode(b"app:secret").decode()}
CLOUD = "/api/v5/deployment_metrics"


@pytest.fixture
def cloud():
    with SimulatedCloud() as server:
        yield server


def test_a_deployment_has_help_before_type_and_three_labels_on_every_sample(cloud):
    page = ask(cloud, CLOUD + "?type=prometheus", **APP)[2]
    assert page == cloud.page()
    text = Exposition.parse(page)
    assert len(text.families) == 123
    assert all(family.help and family.type for family in text.families.values())
    assert page.startswith("# HELP deployment_emqx_connections_count ")
    for labels in label_names(page).values():
        assert labels == {("deployment_id", "deployment_type", "platform")}
    assert text.families["deployment_emqx_metrics_bytes_received"].type == "counter"
    assert text.value("deployment_emqx_connections_count") == text.value(
        "deployment_emqx_metrics_connections_count")


def test_a_deployment_s_integration_is_all_gauges_and_counts_up_all_the_same():
    with SimulatedCloud(vary=True) as cloud:
        first, second = (Exposition.parse(ask(cloud, f"{CLOUD}/data_integration", **APP)[2])
                         for _ in range(2))
        assert ask(cloud, CLOUD + "/nosuch", **APP)[0].startswith("HTTP/1.1 404")
    assert {family.type for family in first.families.values()} == {"gauge"}
    name = "deployment_emqx_rule_matched_count"
    assert {dict(labels)["match_status"] for labels in first.series(name)} == {
        "exception", "failed", "matched", "no_result", "passed"}
    assert second.total(name) > first.total(name)


@pytest.mark.parametrize("headers", [{}, KEY])
def test_a_deployment_wants_its_app_s_credentials(cloud, headers):
    assert status(ask(cloud, CLOUD, **headers)) == 401


@pytest.mark.parametrize("retry_after", [False, True])
def test_a_deployment_answers_so_often_an_hour(retry_after):
    clock = Clock()
    with SimulatedCloud(clock=clock, limit=3, retry_after=retry_after) as cloud:
        assert [status(ask(cloud, CLOUD, **APP)) for _ in range(3)] == [200] * 3
        refused = ask(cloud, CLOUD, **APP)
        assert status(refused) == 429
        assert (("Retry-After", "3600") in refused[1]) == retry_after
        clock.seconds += 3600
        assert status(ask(cloud, CLOUD, **APP)) == 200


def test_a_deployment_may_be_asked_by_https(tmp_path):
    authority = Authority(tmp_path)
    context = ssl.create_default_context(cafile=authority.cert)
    with SimulatedCloud(tls=authority.issue("cloud").server_context()) as cloud:
        request = urllib.request.Request(cloud.url + CLOUD, headers=APP)
        with urllib.request.urlopen(request, context=context) as answer:
            assert answer.read().decode() == cloud.page()
