# SPDX-License-Identifier: Apache-2.0
"""A real FastStream application on a real RabbitMQ: its page through a real Pushgateway.

Its library answers with OpenMetrics to whoever takes that at all, so to brokerpush; what must
arrive is what its page in the text format says.
"""


import pytest

import rabbitmq
from exposition import Exposition
from faststream_peer import FastStream, faststream_python
from peers import get, need, wait_until
from prometheus_server import GatewayPrometheus
from rabbitmq import RabbitMQ
from setups import HOSTNAME, RecordedExporter, config, exporter, sink

KEY = {"job": "shop", "instance": HOSTNAME}
PROCESSED = "faststream_received_processed_messages_total"
MESSAGES = ("first", "bad", "second", "third")


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    """It has handled the messages; from then on its page stays as it is."""
    need(rabbitmq.HOME / "plugins", "run scripts/setup test")
    python = faststream_python()
    folder = tmp_path_factory.mktemp("faststream")
    with RabbitMQ(folder) as broker, FastStream(folder, broker, python) as server:
        wait_until(lambda: "orders" in {queue["name"] for queue in broker.manage("GET", "queues")},
                   "the application takes messages")
        for message in MESSAGES:
            broker.publish("orders", message)
        wait_until(lambda: processed(page_of(server)) == {"acked": 3, "error": 1},
                   "the application handles all messages")
        yield server


def page_of(application):
    """In the text format, which it sends to those who say nothing of a format."""
    return get(f"{application.url}/metrics")


def processed(page):
    """{status: messages}, once none is being handled."""
    page = Exposition.parse(page)
    if page.total("faststream_received_messages_in_process") != 0:
        return None
    return {dict(labels)["status"]: value for labels, value in page.series(PROCESSED).items()}


def push(agent, application, gateway):
    with RecordedExporter(application) as listener:
        agent.configure(config(exporter(listener, name="shop"), sink(gateway)))
        result = agent.once()
    assert result.code == 0, result.stderr
    assert listener.pages[0].endswith("\n# EOF\n")


def test_its_page_arrives_with_all_samples_labels_types_and_help(agent, application, arrival,
                                                                 promtool):
    push(agent, application, arrival.gateway)
    group = arrival.assert_has(page_of(application), KEY)
    told = {name: group.families[f"faststream_{name}"].type for name in (
        "received_messages_total", "received_messages_created", "received_messages_in_process",
        "received_messages_size_bytes", "published_messages_duration_seconds")}
    assert list(told.values()) == ["counter", "gauge", "gauge", "histogram", "histogram"]
    assert group.total("faststream_received_messages_total", app_name="shop") == len(MESSAGES)
    assert group.value("faststream_received_processed_messages_exceptions_total",
                       exception_type="ValueError") == 1
    code, said = promtool(arrival.gateway.metrics_text())
    assert code in (0, 3), said


def test_a_prometheus_that_scrapes_the_gateway_shows_the_same(agent, application, arrival,
                                                              tmp_path):
    with GatewayPrometheus(tmp_path, arrival.gateway) as prometheus:
        push(agent, application, arrival.gateway)
        arrival.assert_scraped(page_of(application), KEY, prometheus)
        prometheus.assert_content()
