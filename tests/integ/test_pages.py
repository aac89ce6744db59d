# SPDX-License-Identifier: Apache-2.0
"""Pages of other systems through a real Pushgateway, to a real Prometheus that scrapes it.

pages/ has one of each kind, with invented values. Pages as the systems' own documents show them
lie beside the checkout, in ../shared, or where BROKERPUSH_SHARED says.
"""

import os
from base64 import b64encode
from pathlib import Path

import pytest

import peers
from arrival import Arrival
from exposition import Exposition
from loopback import ask
from peers import need
from prometheus_server import GatewayPrometheus
from setups import HOSTNAME, Page, RecordedExporter, config, exporter, sink
from simulated_cloud import PAGES, SimulatedCloud

OWN = Path(__file__).parent / "pages"
SHARED = Path(os.environ.get("BROKERPUSH_SHARED",
                             Path(__file__).resolve().parents[2].parent / "shared")) / "pages"
# What a page must have to be of its kind: families by type, and one name.
KINDS = {
    "connmix_center": ({"counter", "gauge", "summary"}, "connmix_center_registry_clients"),
    "connmix_engine": ({"counter", "gauge", "summary"},
                       "connmix_engine_servers_send_duration_seconds"),
    "faststream": ({"counter", "gauge", "histogram"}, "faststream_received_messages_size_bytes"),
    "client_monitor": ({"counter", "gauge"}, "emqx_client_monitor_connected"),
    "platform_overview": ({"counter", "gauge"}, "deployment_emqx_connections_count"),
    "platform_integration": ({"gauge"}, "deployment_emqx_rule_matched_count"),
}
OF_DOCUMENTS = ("client_monitor", "cloud_deployment_metrics", "connmix_center")


@pytest.fixture(scope="module")
def scraped():
    """One gateway for all tests, and what it has of its own."""
    need(peers.GATEWAY_PROGRAM, "run scripts/setup test")
    with peers.Gateway() as gateway:
        yield Arrival(gateway)


@pytest.fixture
def arrival(scraped):
    """Emptied after the test: of one family's HELPs in several groups a gateway shows one."""
    yield scraped
    for group in scraped.gateway.groups():
        path = f"/metrics/job/{group['job']}/instance/{group['instance']}"
        scraped.gateway.push(path, "", "DELETE")


@pytest.fixture(scope="module")
def prometheus(scraped, tmp_path_factory):
    """One for all tests: it takes seconds until it scrapes."""
    need(GatewayPrometheus.program, "run scripts/setup test")
    with GatewayPrometheus(tmp_path_factory.mktemp("prometheus"), scraped.gateway) as server:
        yield server


def of_the_platform(path):
    """As the simulated one answers."""
    with SimulatedCloud() as cloud:
        credentials = b64encode(b"app:secret").decode()
        return ask(cloud, path, Authorization=f"Basic {credentials}")[2]


def page_of(kind):
    for path, name in PAGES.items():
        if kind == f"platform_{name}":
            return of_the_platform(path)
    return (OWN / f"{kind}.prom").read_text()


def push(agent, gateway, *sources, **settings):
    agent.configure(config(list(sources), sink(gateway), **settings))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert "level=" not in result.stderr
    return result


def key(job):
    return {"job": job, "instance": HOSTNAME}


def assert_goes_round(agent, arrival, prometheus, page, job):
    """Everything of it is in the gateway and in Prometheus. Returns the group."""
    with Page(page) as server:
        push(agent, arrival.gateway, exporter(server, name=job))
    group = arrival.assert_has(page, key(job))
    assert group.value("brokerpush_quarantined_families") == 0
    arrival.assert_scraped(page, key(job), prometheus)
    prometheus.assert_content()
    return group.broker()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_page_goes_round_with_all_samples_labels_types_and_help(
        agent, arrival, prometheus, kind):
    group = assert_goes_round(agent, arrival, prometheus, page_of(kind), kind)
    types, name = KINDS[kind]
    assert types <= {family.type for family in group.families.values()}
    assert name in group.families


@pytest.mark.parametrize("name", OF_DOCUMENTS)
def test_pages_of_the_systems_documents_go_round(agent, arrival, prometheus, name):
    path = SHARED / f"{name}.prom"
    if not path.exists():
        pytest.skip(f"no page of the system's documents at {path}")
    group = assert_goes_round(agent, arrival, prometheus, path.read_text(), f"documents-{name}")
    assert len(group.families) > 10


def test_the_engine_s_page_has_what_is_easily_spoilt():
    """Summaries that hold NaN, and numbers of 15 to 17 digits."""
    page = Exposition.parse(page_of("connmix_engine"))
    durations = page.series("connmix_engine_servers_send_duration_seconds", scenario="local")
    assert sum(value != value for value in durations.values()) == 5
    assert page.value("connmix_engine_servers_send_duration_seconds_sum", protocol="websocket",
                      scenario="forward") == 12345.678901234567
    assert {"go_", "process_", "promhttp_"} <= {
        name.split("_")[0] + "_" for name in page.families}


def test_all_kinds_go_together_in_one_run(agent, arrival, prometheus):
    """Each in a group of its own."""
    servers = {kind: Page(page_of(kind)).start() for kind in KINDS}
    try:
        push(agent, arrival.gateway, *(exporter(server, name=f"both-{kind}")
                                       for kind, server in servers.items()))
    finally:
        for server in servers.values():
            server.stop()
    for kind, server in servers.items():
        arrival.assert_has(server.body.decode(), key(f"both-{kind}"))
        arrival.assert_scraped(server.body.decode(), key(f"both-{kind}"), prometheus)
    prometheus.assert_content()


def test_a_node_exporter_s_page_goes_round(agent, arrival, prometheus, node_exporter):
    with RecordedExporter(node_exporter) as listener:
        push(agent, arrival.gateway, exporter(listener, name="host"))
    group = arrival.assert_has(listener.pages[0], key("host"))
    assert "node_load1" in group.families
    arrival.assert_scraped(listener.pages[0], key("host"), prometheus)
    prometheus.assert_content()
