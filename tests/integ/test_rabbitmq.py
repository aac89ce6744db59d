# SPDX-License-Identifier: Apache-2.0
"""A real RabbitMQ's pages through a real Pushgateway, to a real Prometheus; its management API too,
by the mapping of the manual page.
"""

import json

import pytest

import rabbitmq
from peers import need, wait_until
from prometheus_server import GatewayPrometheus
from rabbitmq import RabbitMQ, example
from setups import HOSTNAME, RecordedExporter, config, exporter, sink

KEY = {"job": "rabbit", "instance": HOSTNAME}
READY = "rabbitmq_queue_messages_ready"
N_READY = {"orders": 3, "mail": 1, "empty": 0, "caf\u00e9 {1,2} = $x": 2}


@pytest.fixture(scope="module", autouse=True)
def needed():
    need(rabbitmq.HOME / "plugins", "run scripts/setup test")
    need(RabbitMQ.program, "run scripts/setup test")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """With these queues; its start takes seconds."""
    with RabbitMQ(tmp_path_factory.mktemp("rabbitmq")) as server:
        for name, n_messages in N_READY.items():
            server.queue(name, n_messages, "quorum" if name == "mail" else "classic")
        yield server


@pytest.fixture
def recorded_broker(broker):
    with RecordedExporter(broker) as listener:
        yield listener


def push(agent, broker, gateway, path="", **settings):
    """Once; the page that was read."""
    source = exporter(broker, name="rabbit", url=broker.url + path, **settings)
    agent.configure(config(source, sink(gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    [page] = broker.pages
    return page


def rows(exposition, name, *labels):
    """{values of these labels: value}"""
    return {tuple(dict(pairs)[label] for label in labels): value
            for pairs, value in exposition.series(name).items()}


def ready(exposition, name=READY):
    """{queue: messages that are ready}"""
    return {dict(labels)["queue"]: value for labels, value in exposition.series(name).items()}


@pytest.mark.parametrize("path, params, family", (
    ("", {}, "rabbitmq_build_info"),
    ("/metrics/per-object", {}, "rabbitmq_queue_messages_bytes"),
    ("/metrics/detailed", [{"name": "family", "value": "queue_coarse_metrics"},
                           {"name": "family", "value": "queue_consumer_count"},
                           {"name": "vhost", "value": "/"}],
     "rabbitmq_detailed_queue_consumers")), ids=("whole", "per-object", "detailed"))
def test_every_page_arrives_with_all_samples_labels_types_and_help(
        agent, recorded_broker, arrival, promtool, path, params, family):
    page = push(agent, recorded_broker, arrival.gateway, path, params=params)
    group = arrival.assert_has(page, KEY)
    assert family in group.families
    assert group.value("brokerpush_quarantined_families") == 0
    code, said = promtool(arrival.gateway.metrics_text())
    assert code in (0, 3), said


def test_pages_come_packed(agent, recorded_broker, arrival):
    page = push(agent, recorded_broker, arrival.gateway)
    [headers] = recorded_broker.headers
    assert headers["Content-Encoding"] == "gzip"
    assert int(headers["Content-Length"]) < len(page) / 2


def test_the_whole_broker_s_page_adds_its_queues_up(agent, recorded_broker, arrival):
    page = push(agent, recorded_broker, arrival.gateway)
    group = arrival.assert_has(page, KEY)
    assert group.value(READY) == sum(N_READY.values())
    assert group.value("rabbitmq_queues") == len(N_READY)


@pytest.mark.parametrize("path, name", (
    ("/metrics/per-object", READY),
    ("/metrics/detailed?family=queue_coarse_metrics", "rabbitmq_detailed_queue_messages_ready")))
def test_queues_have_their_names_and_figures(agent, recorded_broker, arrival, path, name):
    page = push(agent, recorded_broker, arrival.gateway, path)
    group = arrival.assert_has(page, KEY)
    assert ready(group, name) == N_READY


def test_a_quote_in_a_queue_s_name_costs_only_that_queue(agent, arrival, tmp_path):
    """RabbitMQ does not escape it, so Prometheus would refuse the page as a whole. The broker is
    the test's own: it tells of a queue for minutes after its end."""
    with RabbitMQ(tmp_path) as broker, RecordedExporter(broker) as listener:
        broker.queue("orders", 2)
        broker.queue('say "hi"', 1)
        page = push(agent, listener, arrival.gateway, "/metrics/per-object")
    lines = page.splitlines(keepends=True)
    good = [line for line in lines if "say" not in line]
    assert len(good) < len(lines)
    group = arrival.assert_has("".join(good), KEY)
    assert ready(group) == {"orders": 2}


def test_a_prometheus_that_scrapes_the_gateway_shows_the_same(agent, recorded_broker, arrival,
                                                              tmp_path):
    with GatewayPrometheus(tmp_path, arrival.gateway) as prometheus:
        page = push(agent, recorded_broker, arrival.gateway, "/metrics/per-object")
        arrival.assert_scraped(page, KEY, prometheus)
        prometheus.assert_content()
        assert ready(prometheus.group(**KEY)) == N_READY


# The management API

@pytest.fixture
def management(broker):
    """Its answers are remembered, once they have the queues' figures: they come late."""
    broker.add_monitor()
    wait_until(lambda: {queue["name"]: queue.get("messages")
                        for queue in broker.manage("GET", "queues")} == N_READY, "all figures")
    with RecordedExporter(broker, broker.management_port) as listener:
        yield listener


def answers(management):
    """Of the endpoints: overview, nodes, all queues."""
    told = [json.loads(page) for page in management.pages]
    [overview] = [answer for answer in told if "object_totals" in answer]
    [nodes] = [answer for answer in told if isinstance(answer, list)]
    return overview, nodes, [queue for answer in told if "items" in answer
                             for queue in answer["items"]]


@pytest.mark.parametrize("page_size, n_pages", ((500, 1), (3, 2), (1, len(N_READY))))
def test_the_manual_s_mapping_of_the_management_api_fits_the_real_one(
        agent, management, arrival, page_size, n_pages):
    result = example(agent, management.url, arrival.gateway.url, page_size).once()
    assert result.code == 0, result.stderr
    assert "level=" not in result.stderr
    overview, nodes, queues = answers(management)
    assert len(management.pages) == 2 + n_pages
    group = arrival.group(job="rabbitmq", instance=HOSTNAME)
    cluster = overview["cluster_name"]
    assert rows(group, "rabbitmq_connections", "cluster") == {(cluster,): 0}
    listeners = rows(group, "rabbitmq_listener_port", "protocol", "node", "address", "cluster")
    assert listeners == {
        (listener["protocol"], "rabbit@localhost", listener["ip_address"], cluster):
        listener["port"] for listener in overview["listeners"]}
    assert {"amqp", "http", "http/prometheus"} <= {protocol for protocol, *_ in listeners}
    [node] = nodes
    assert rows(group, "rabbitmq_node_running", "node") == {(node["name"],): 1}
    assert rows(group, "rabbitmq_node_memory_used_bytes", "node") == {
        (node["name"],): node["mem_used"]}
    assert rows(group, "rabbitmq_queue_messages", "queue", "vhost") == {
        (name, "/"): n_ready for name, n_ready in N_READY.items()}
    assert rows(group, "rabbitmq_queue_consumers", "queue") == {(name,): 0 for name in N_READY}
    assert rows(group, "rabbitmq_queue_published_total", "queue") == {
        (queue["name"],): queue["message_stats"]["publish"]
        for queue in queues if "message_stats" in queue}
    assert rows(group, "rabbitmq_queue_published_total", "queue") == {
        (name,): n_ready for name, n_ready in N_READY.items() if n_ready}
