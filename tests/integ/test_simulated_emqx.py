# SPDX-License-Identifier: Apache-2.0
"""Holds the simulated EMQX against answers of a real one, where those are at hand.

A simulator that nothing checks drifts towards what the agent would like to read.
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from emqx_families import MODES, PROFILES
from exposition import Exposition
from simulated_emqx import SimulatedEmqx

PROJECT = Path(__file__).resolve().parents[2]
CAPTURES = Path(os.environ.get("BROKERPUSH_CAPTURES", PROJECT.parent / "shared" / "captures"))
REAL = CAPTURES / "emqx-5.8.9"
ENDPOINTS = ("stats", "auth", "data_integration")

needs_captures = pytest.mark.skipif(
    not REAL.is_dir(), reason=f"no answers of a real EMQX at {CAPTURES}")


@pytest.fixture
def cluster():
    with SimulatedEmqx(nodes=2) as emqx:
        yield emqx


@pytest.fixture
def protected():
    with SimulatedEmqx(nodes=2, key="key", secret="secret") as emqx:
        yield emqx


def ask(emqx, target, method="GET", version="1.1", **headers):
    """The raw answer, as it stands on the wire (http.client would change header names)."""
    lines = [f"{method} {target} HTTP/{version}", "Host: broker"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", emqx.port), timeout=30) as sock:
        sock.sendall("\r\n".join(lines + ["", ""]).encode())
        sock.shutdown(socket.SHUT_WR)
        data = b""
        while part := sock.recv(65536):
            data += part
    return split(data)


def split(data):
    head, _, body = data.partition(b"\r\n\r\n")
    status, *headers = head.decode().split("\r\n")
    return status, [tuple(header.split(": ", 1)) for header in headers], body.decode()


def real(name):
    return split((REAL / name).read_bytes())


def header_names(answer):
    return [header[0].rstrip(":") for header in answer[1]]


def declarations(page):
    return re.findall(r"^# (?:TYPE|HELP) .*$", page, re.M)


def label_names(page):
    """{sample name: label names in their order}, for the families that have rows."""
    found = {}
    for name, labels in re.findall(r"^(\w+)(?:\{(.*)\})? \S+$", page, re.M):
        found.setdefault(name, set()).add(tuple(re.findall(r'(\w+)="', labels)))
    return found


# Against the real thing

@needs_captures
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_text_pages_have_the_real_families_types_order_and_labels(cluster, endpoint, mode):
    ours = ask(cluster, f"/api/v5/prometheus/{endpoint}?mode={mode}")
    theirs = real(f"cluster/prom_{endpoint}_{mode}_text.http")
    assert ours[0] == theirs[0]
    assert header_names(ours) == header_names(theirs)
    assert declarations(ours[2]) == declarations(theirs[2])
    assert label_names(ours[2]) == label_names(theirs[2])
    assert ours[2].endswith("\n\n") and theirs[2].endswith("\n\n")


@needs_captures
@pytest.mark.parametrize("mode", MODES)
def test_json_form_has_the_real_shape(cluster, mode):
    def shape(value):
        if isinstance(value, list):
            return sorted({json.dumps(shape(item)) for item in value})
        return sorted(value) if isinstance(value, dict) else type(value).__name__

    ours = ask(cluster, f"/api/v5/prometheus/stats?mode={mode}", Accept="application/json")
    theirs = real(f"cluster/prom_stats_{mode}_json.http")
    ours_body, theirs_body = json.loads(ours[2]), json.loads(theirs[2])
    assert header_names(ours) == header_names(theirs)
    assert ({name: shape(group) for name, group in ours_body.items()}
            == {name: shape(group) for name, group in theirs_body.items()})


@needs_captures
@pytest.mark.parametrize("capture, target, method, version, headers", [
    ("status", "/api/v5/status", "GET", "1.1", {}),
    ("status_root", "/status", "GET", "1.1", {}),
    ("status_json", "/api/v5/status?format=json", "GET", "1.1", {}),
    ("prom_stats_badmode", "/api/v5/prometheus/stats?mode=bogus", "GET", "1.1", {}),
    ("prom_stats_emptymode", "/api/v5/prometheus/stats?mode=", "GET", "1.1", {}),
    ("prom_stats_head", "/api/v5/prometheus/stats", "HEAD", "1.1", {}),
    ("prom_stats_post", "/api/v5/prometheus/stats", "POST", "1.1", {}),
    ("prom_schema_validation", "/api/v5/prometheus/schema_validation", "GET", "1.1", {}),
    ("prom_message_transformation", "/api/v5/prometheus/message_transformation", "GET", "1.1",
     {}),
    ("wrongpath", "/api/v5/nosuch", "GET", "1.1", {}),
    ("wrongpath_root", "/nosuch", "GET", "1.1", {}),
])
def test_other_answers_are_the_real_ones_to_the_byte(cluster, capture, target, method, version,
                                                     headers):
    ours = ask(cluster, target, method, version, **headers)
    theirs = real(f"cluster/{capture}.http")
    assert ours[0] == theirs[0]
    assert without_date(ours) == without_date(theirs)
    assert ours[2] == theirs[2]


@needs_captures
@pytest.mark.parametrize("capture, headers", [
    ("stats_noauth", {}),
    ("stats_wrong", {"Authorization": "Basic a2V5Ondyb25n"}),
    ("stats_badtoken", {"Authorization": "Bearer nosuch"}),
])
def test_refusals_are_the_real_ones_to_the_byte(protected, capture, headers):
    ours = ask(protected, "/api/v5/prometheus/stats", **headers)
    theirs = real(f"protected/{capture}.http")
    assert ours[0] == theirs[0]
    assert without_date(ours) == without_date(theirs)
    assert ours[2] == theirs[2]


@needs_captures
def test_broken_base64_gets_the_real_bare_answer(protected):
    ours = ask(protected, "/api/v5/prometheus/stats", Authorization="Basic %%%")
    assert ours == real("cluster/basic_garbage.http")


@needs_captures
def test_http_1_0_is_answered_as_the_real_one_does(cluster):
    ours = ask(cluster, "/api/v5/prometheus/stats", version="1.0")
    assert header_names(ours) == header_names(real("cluster/prom_stats_http10.http"))


def without_date(answer):
    return [header for header in answer[1] if header[0] != "date"]


# What stands without captures

# Without overload protection, and from 6.1 on without two families that are unknown by name.
N_FAMILIES = {
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
            answer = ask(emqx, f"{PATH}{endpoint}?mode={mode}", **KEY)
            assert status(answer) == 200 and answer[2].endswith("\n\n")
            assert Exposition.parse(answer[2]).families


@pytest.mark.parametrize("profile, endpoint, expected", [
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
def test_5_4_ignores_the_mode_silently(release, mode):
    emqx = release("5.4", nodes=2)
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
    assert ended and split(data)[2] == cluster.page("stats")


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
