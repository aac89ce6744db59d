# SPDX-License-Identifier: Apache-2.0
"""A FastStream application with its Prometheus middleware; `uvicorn app:app` serves /metrics.

It takes what is in the queue `orders`: "bad" fails, anything else goes on to the queue `done`.
"""

import os

from faststream.asgi import AsgiFastStream
from faststream.rabbit import RabbitBroker
from faststream.rabbit.prometheus import RabbitPrometheusMiddleware
from prometheus_client import CollectorRegistry, PlatformCollector, make_asgi_app

registry = CollectorRegistry()
PlatformCollector(registry=registry)
broker = RabbitBroker(os.environ["AMQP_URL"], middlewares=[
    RabbitPrometheusMiddleware(registry=registry, app_name="shop")])
app = AsgiFastStream(broker, asgi_routes=[("/metrics", make_asgi_app(registry))])


@broker.subscriber("orders")
@broker.publisher("done")
async def handle(message: str) -> str:
    if message == "bad":
        raise ValueError(message)
    return message
