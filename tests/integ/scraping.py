# SPDX-License-Identifier: Apache-2.0
"""What a real Prometheus makes of pages and of rules for them: many scrapes in one Prometheus.

Each scrape has a name, a page, settings of a scrape configuration, and rules. The target has no
label `job`, and as `instance` its name, so that an agent can be given the same labels.
"""

from dataclasses import dataclass, field

from loopback import LoopbackServer
from peers import wait_until
from prometheus_server import Prometheus

# Rules set this one after all others, so that a series is found whatever they did to its labels.
MARK = "scrape_of_test"


@dataclass
class Scrape:
    """What a page became."""

    up: bool = False
    # {frozenset of label pairs, __name__ among them: value}
    series: dict = field(default_factory=dict)
    # Samples after the rules; series that became equal count as often as there were.
    n_samples: int = 0


class Pages(LoopbackServer):
    """Serves the pages of scrapes, each under its name."""

    def __init__(self, pages):
        super().__init__()
        self.pages = {f"/{name}": page.encode() for name, page in pages.items()}

    def handle(self, connection, request):
        body = self.pages[request.path]
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                        f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        return True


def scrape_config(name, server, settings, rules):
    settings = dict(settings)
    labels = {"instance": name, **settings.pop("labels", {})}
    return {
        "job_name": name, "metrics_path": f"/{name}",
        "scrape_interval": "2s", "scrape_timeout": "2s", "honor_labels": True, **settings,
        "static_configs": [{"targets": [f"127.0.0.1:{server.port}"], "labels": labels}],
        "relabel_configs": [{"action": "labeldrop", "regex": "job"}],
        "metric_relabel_configs": [
            *map(rule_of_today, rules), {"target_label": MARK, "replacement": name}]}


def rule_of_today(rule):
    """Prometheus 3 lets a dot match a line end, 2 does not: so it is told to."""
    return {**rule, "regex": f"(?s:{rule['regex']})"} if "regex" in rule else rule


def scrape_all(folder, scrapes):
    """scrapes: {name: (page, settings, rules)}; {name: Scrape} once all were scraped."""
    with Pages({name: page for name, (page, _, _) in scrapes.items()}) as server:
        configs = [scrape_config(name, server, settings, rules)
                   for name, (_, settings, rules) in scrapes.items()]
        with Prometheus(folder, configs) as prometheus:
            found = {name: Scrape() for name in scrapes}
            wait_until(lambda: len(prometheus.query("scrape_samples_scraped")) == len(scrapes),
                       "Prometheus scrapes all pages")
            for labels, value in prometheus.query("up"):
                found[labels["instance"]].up = value == "1"
            for labels, value in prometheus.query("scrape_samples_post_metric_relabeling"):
                found[labels["instance"]].n_samples = int(value)
            for labels, value in prometheus.query(f'{{{MARK}!=""}}'):
                found[labels.pop(MARK)].series[frozenset(labels.items())] = float(value)
            return found
