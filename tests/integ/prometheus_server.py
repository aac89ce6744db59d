# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus, and one that scrapes a Pushgateway as it should be scraped.

    with GatewayPrometheus(folder, gateway) as prometheus: prometheus.group(**key)
"""

import json
import re
import urllib.parse

from exposition import Exposition, Family
from peers import PEERS, Peer, get, wait_until

JOB = "pushgateway"
# Long enough for a machine that is busy: a scrape that comes too late has failed.
SCRAPE = "2s"


class Prometheus(Peer):
    """With these scrape configurations; all it writes is in the folder, its log with it."""

    program = PEERS / "usr/bin/prometheus"
    ready_path = "/-/ready"

    def __init__(self, folder, scrape_configs):
        super().__init__()
        self.folder = folder
        self.log_path = folder / "prometheus.log"
        # JSON is YAML; without escapes, since YAML knows no surrogates.
        (folder / "prometheus.yml").write_text(json.dumps(
            {"scrape_configs": scrape_configs}, ensure_ascii=False, indent=1))

    def command(self):
        return [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=warn",
                f"--config.file={self.folder}/prometheus.yml",
                f"--storage.tsdb.path={self.folder}/data"]

    def ask(self, path):
        return json.loads(get(f"{self.url}/api/v1/{path}"))["data"]

    def query(self, expression):
        """[(labels, value as text)] of an instant query."""
        answer = self.ask(f"query?query={urllib.parse.quote(expression, safe='')}")
        return [(found["metric"], found["value"][1]) for found in answer["result"]]


class GatewayPrometheus(Prometheus):
    """One that scrapes a gateway."""

    def __init__(self, folder, gateway):
        self.gateway = gateway
        super().__init__(folder, [{
            "job_name": JOB, "honor_labels": True,
            "scrape_interval": SCRAPE, "scrape_timeout": SCRAPE,
            "static_configs": [{"targets": [f"127.0.0.1:{gateway.port}"]}]}])

    def group(self, **key):
        """One pushed group as it is known now.

        It keeps no families: a sample goes where its name belongs by what `metadata` names.
        """
        self._wait_for_push(key)
        metadata = self.ask("metadata")
        families = {}
        for labels, value in self.query(selector(key)):
            name = labels.pop("__name__")
            family = name if name in metadata else re.sub("_(bucket|sum|count)$", "", name)
            [told] = metadata[family]
            into = families.setdefault(family, Family(told["type"], told["help"]))
            into.samples[name, frozenset(labels.items())] = float(value)
        return Exposition(families)

    def _wait_for_push(self, key):
        """Until it has scraped what was pushed last. It shows a scrape as a whole, or not yet."""
        pushed = Exposition.parse(self.gateway.metrics_text()).value("push_time_seconds", **key)
        wait_until(lambda: [pushed] == [float(value) for _, value in self.query(
            "push_time_seconds" + selector(key))], f"Prometheus has scraped {key}")

    def assert_content(self, n_scrapes=2):
        """After so many scrapes none has failed, and its log has no complaint."""
        up = f'up{{job="{JOB}"}}[1h]'
        wait_until(lambda: self.query(f"count_over_time({up}) >= {n_scrapes}"),
                   f"{n_scrapes} scrapes")
        [(_, lowest)] = self.query(f"min_over_time({up})")
        if lowest != "1":
            raise AssertionError("a scrape failed")
        complaints = self.log_path.read_text()
        if complaints:
            raise AssertionError(complaints)


def selector(labels):
    return "{" + ",".join(f"{name}={json.dumps(text)}" for name, text in labels.items()) + "}"
