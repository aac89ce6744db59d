# SPDX-License-Identifier: Apache-2.0
"""What a real gateway has of a page, by each of the ways to ask: its own page, its API, and a real
Prometheus that scrapes it.
"""

import json

from exposition import Exposition, Family, assert_same
from peers import get


class Arrival:
    """Made while the gateway is still empty: what it has by then is its own."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.own = Exposition.parse(gateway.metrics_text()).families

    def group(self, **key):
        return Exposition.parse(self.gateway.metrics_text()).group(**key)

    def assert_has(self, page, key):
        """Its page and its API tell exactly this page in the group `key`. Returns the group."""
        group = self.group(**key)
        self._assert_same(page, key, group)
        self._assert_same(page, key, api_group(self.gateway, key))
        return group

    def assert_scraped(self, page, key, prometheus):
        """So does a Prometheus."""
        self._assert_same(page, key, prometheus.group(**key))

    def _assert_same(self, page, key, group):
        expected = Exposition.parse(page).with_labels(**key).with_bounds_as_numbers()
        actual = group.broker().with_bounds_as_numbers()
        for name in self.own.keys() & expected.families.keys() & actual.families.keys():
            # A gateway has one HELP for a family that it has itself too.
            helps = (expected.families[name].help, self.own[name].help)
            if actual.families[name].help in helps:
                actual.families[name].help = helps[0]
        assert_same(expected, actual)


def api_group(gateway, key):
    """A group as /api/v1/metrics tells it."""
    data = json.loads(get(f"{gateway.url}/api/v1/metrics"))["data"]
    [group] = [group for group in data if group["labels"] == key]
    return Exposition({name: api_family(name, told) for name, told in group.items()
                       if isinstance(told, dict) and "metrics" in told})


def api_family(name, told):
    kind = told["type"].lower()
    family = Family("unknown" if kind == "untyped" else kind, told.get("help", ""))
    for metric in told["metrics"]:
        for suffix, label, value in api_samples(kind, metric):
            family.samples[name + suffix, frozenset({**metric["labels"], **label}.items())] = value
    return family


def api_samples(kind, metric):
    """(suffix of the name, label, value) of each of its samples."""
    if kind not in ("histogram", "summary"):
        return [("", {}, float(metric["value"]))]
    rows, suffix, label = ((metric["buckets"], "_bucket", "le") if kind == "histogram" else
                           (metric["quantiles"], "", "quantile"))
    return [(suffix, {label: bound}, float(value)) for bound, value in (rows or {}).items()] + [
        (f"_{part}", {}, float(metric[part])) for part in ("sum", "count")]
