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
from pathlib import Path

import pytest

from emqx_families import MODES, PROFILES
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

def test_the_tables_have_the_known_number_of_families():
    endpoints = PROFILES["5.8"]["endpoints"]
    assert {name: len(table) for name, table in endpoints.items()} == {
        "stats": 138, "auth": 15, "data_integration": 35}


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


