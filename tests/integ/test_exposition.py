# SPDX-License-Identifier: Apache-2.0
"""The comparison must see what it is there to see, and forgive only what a gateway adds."""

import pytest

from arrival import Arrival
from exposition import Exposition, assert_gateway_serves, assert_same
from peers import get, need, wait_until
from prometheus_server import GatewayPrometheus
from setups import Page
from simulated_emqx import SimulatedEmqx

KEY = {"job": "emqx", "instance": "emqx~127.0.0.1"}
PAGE = """# TYPE emqx_connections_count gauge
# HELP emqx_connections_count\x20
emqx_connections_count 7
# TYPE emqx_authn_total counter
# HELP emqx_authn_total\x20
emqx_authn_total{id="a"} 3
# TYPE emqx_bytes_sent counter
emqx_bytes_sent NaN
# TYPE emqx_mria_lag gauge
# TYPE erlang_vm_threads gauge
# HELP erlang_vm_threads Old.
erlang_vm_threads 1

"""
SERVED = """# TYPE emqx_authn_total counter
emqx_authn_total{id="a",instance="emqx~127.0.0.1",job="emqx"} 3
# TYPE emqx_bytes_sent counter
emqx_bytes_sent{instance="emqx~127.0.0.1",job="emqx"} NaN
# HELP emqx_connections_count The agent's own words.
# TYPE emqx_connections_count gauge
emqx_connections_count{instance="emqx~127.0.0.1",job="emqx"} 7
# HELP erlang_vm_threads Old.
# TYPE erlang_vm_threads gauge
erlang_vm_threads{instance="emqx~127.0.0.1",job="emqx"} 1
# TYPE go_goroutines gauge
go_goroutines 9
# TYPE push_time_seconds gauge
push_time_seconds{instance="emqx~127.0.0.1",job="emqx"} 1.7e+09
# TYPE brokerpush_source_up gauge
brokerpush_source_up{instance="emqx~127.0.0.1",job="emqx",source="emqx"} 1
"""


def test_what_a_gateway_adds_is_forgiven():
    group = assert_gateway_serves(SERVED, [PAGE], KEY)
    assert group.value("brokerpush_source_up", source="emqx") == 1


@pytest.mark.parametrize("old, new, told", [
    ("} 3", "} 4", "became 4"),
    ('{id="a"', '{id="b"', "missing: emqx_authn_total"),
    ("emqx_connections_count gauge", "emqx_connections_count counter", "TYPE"),
    ("HELP erlang_vm_threads Old", "HELP erlang_vm_threads New", "HELP"),
    ("} NaN", "} 0", "became 0"),
    ("emqx_authn_total", "emqx_authn", "family emqx_authn is not expected"),
    ("go_goroutines 9", 'emqx_more{job="emqx",instance="emqx~127.0.0.1"} 9', "emqx_more"),
])
def test_a_difference_is_seen(old, new, told):
    with pytest.raises(AssertionError, match=told):
        assert_gateway_serves(SERVED.replace(old, new), [PAGE], KEY)


def test_labels_are_added_and_own_ones_exported():
    one = Exposition.parse('a{job="x",exported_job="y"} 1\n')
    both = 'a{exported_exported_job="x",exported_job="y",job="k"} 1\n'
    assert_same(one.with_labels(job="k"), Exposition.parse(both))
    assert_same(one.with_external_labels(job="k", site="s"),
                Exposition.parse('a{job="x",exported_job="y",site="s"} 1\n'))


def test_a_series_twice_is_an_error():
    with pytest.raises(AssertionError, match="series twice"):
        Exposition.parse('a{x="1",y="2"} 1\na{y="2",x="1"} 1\n')


def test_a_gauge_and_a_counter_may_differ_by_total_alone():
    page = "# TYPE a gauge\na 1\n# TYPE a_total counter\na_total 2\n# TYPE b counter\nb 3\n"
    families = Exposition.parse(page).families
    assert {name: family.type for name, family in families.items()} == {
        "a": "gauge", "a_total": "counter", "b": "counter"}
    assert Exposition.parse(page).value("b") == 3


def test_a_bound_is_a_number_on_request_only():
    one, other = (Exposition.parse(f'# TYPE h histogram\nh_bucket{{le="{le}"}} 2\n')
                  for le in ("1000000.0", "1e+06"))
    assert_same(one.with_bounds_as_numbers(), other.with_bounds_as_numbers())
    with pytest.raises(AssertionError, match="missing"):
        assert_same(one, other)


def test_a_real_gateway_serves_back_what_a_simulated_broker_says(gateway):
    with SimulatedEmqx(nodes=2) as emqx:
        pages = [get(f"{emqx.url}/api/v5/prometheus/{endpoint}?mode=all_nodes_unaggregated")
                 for endpoint in ("stats", "auth", "data_integration")]
    body = "".join(page.rstrip("\n") + "\n" for page in pages)
    gateway.push("/metrics/job/emqx/instance/emqx~127.0.0.1", body)
    assert_gateway_serves(gateway.metrics_text(), pages, KEY)
    assert gateway.groups() == [KEY]
    gateway.restart()
    assert gateway.groups() == []


def test_promtool_tells_good_from_bad(promtool):
    assert promtool("# HELP a_total Good.\n# TYPE a_total counter\na_total 1\n")[0] == 0
    assert promtool("a 1\na 1\n")[0] != 0


def test_a_node_exporter_serves_a_page_that_can_be_read(node_exporter):
    assert Exposition.parse(get(node_exporter.url + "/metrics")).families["node_load1"]


# Prometheus

RICH = """# HELP heat Heat.
# TYPE heat gauge
heat{room="a b"} NaN
# HELP wait_seconds Wait.
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.50"} 1
wait_seconds_bucket{le="+Inf"} 2
wait_seconds_sum 0.7
wait_seconds_count 2
# HELP pause_seconds Pause.
# TYPE pause_seconds summary
pause_seconds{quantile="0.5"} 3
pause_seconds_sum 4
pause_seconds_count 5
"""


@pytest.fixture
def prometheus(tmp_path):
    """prometheus(what is scraped) -> a running one"""
    need(GatewayPrometheus.program, "run scripts/setup test")
    running = []

    def start(gateway):
        running.append(GatewayPrometheus(tmp_path, gateway).start())
        return running[-1]

    yield start
    for server in running:
        server.stop()


def test_every_way_to_ask_a_gateway_tells_the_same_and_sees_a_difference(gateway, prometheus):
    arrival = Arrival(gateway)
    gateway.push("/metrics/job/emqx/instance/emqx~127.0.0.1", RICH)
    scraping = prometheus(gateway)
    arrival.assert_has(RICH, KEY)
    arrival.assert_scraped(RICH, KEY, scraping)
    scraping.assert_content()
    for old, new in (("NaN", "0"), ("a b", "a"), ("} 1\n", "} 0\n"), (" 0.7", " 0.8"), (" 5", " 6"),
                     ("Wait.", "Waiting."), ("heat gauge", "heat counter"), ("0.50", "0.51")):
        changed = RICH.replace(old, new)
        assert changed != RICH
        with pytest.raises(AssertionError):
            arrival.assert_has(changed, KEY)
        with pytest.raises(AssertionError):
            arrival.assert_scraped(changed, KEY, scraping)


@pytest.mark.parametrize("page, complaint", (
    ("m 1\nm{ 2\n", "a scrape failed"), ("m 1\nold 1 1000\n", "too old")))
def test_a_prometheus_that_is_not_content_is_seen(prometheus, page, complaint):
    with Page(page) as bad:
        scraping = prometheus(bad)
        wait_until(lambda: bad.requests, "a scrape")
        with pytest.raises(AssertionError, match=complaint):
            scraping.assert_content()
