# SPDX-License-Identifier: Apache-2.0
"""Compares what a gateway serves with what a broker served, sample by sample.

Reading is left to prometheus_client, which shares no code with brokerpush.
"""

import math
import re
from dataclasses import dataclass, field

from prometheus_client.parser import text_string_to_metric_families

# What a gateway adds to every group.
GATEWAY_FAMILIES = ("push_time_seconds", "push_failure_time_seconds")
SELF_PREFIX = "brokerpush_"
BOUNDS = ("le", "quantile")


@dataclass
class Family:
    type: str
    help: str
    # {(sample name, frozenset of label pairs): value}
    samples: dict = field(default_factory=dict)


class Exposition:
    """Text 0.0.4 as families by name; a series twice is an error."""

    def __init__(self, families):
        self.families = families

    @classmethod
    def parse(cls, text):
        # prometheus_client takes _total from counters' names and gives it to all their samples.
        counters = iter(re.findall(r"^#\s*TYPE\s+(\S+)\s+counter", text, re.M))
        families = {}
        for metric in text_string_to_metric_families(text):
            name, added = metric.name, ""
            if metric.type == "counter":
                name = next(sent for sent in counters if sent in (name, f"{name}_total"))
                added = "_total" if name == metric.name else ""
            if not metric.samples:
                continue  # a family without samples says nothing
            family = families.setdefault(name, Family(metric.type, metric.documentation))
            for sample in metric.samples:
                sample_name = sample.name.removesuffix(added)
                key = sample_name, frozenset(sample.labels.items())
                if key in family.samples:
                    raise AssertionError(f"series twice: {describe(key)}")
                family.samples[key] = sample.value
        return cls(families)

    @classmethod
    def merged(cls, texts):
        """Several pages as one; equal names join, as they do in one push."""
        together = {}
        for text in texts:
            for name, family in cls.parse(text).families.items():
                known = together.setdefault(name, Family(family.type, family.help))
                if known.type != family.type:
                    raise AssertionError(f"{name} is a {known.type} and a {family.type}")
                known.samples.update(family.samples)
        return cls(together)

    def only(self, wanted):
        """The part whose series satisfy wanted(sample name, labels as a dict)."""
        families = {}
        for name, family in self.families.items():
            samples = {key: value for key, value in family.samples.items()
                       if wanted(key[0], dict(key[1]))}
            if samples:
                families[name] = Family(family.type, family.help, samples)
        return Exposition(families)

    def group(self, **key):
        """One pushed group by its key labels, `job` first among them.

        The gateway's own go_*, process_*, pushgateway_* have no such labels, so they stay out.
        """
        return self.only(lambda _, labels: key.items() <= labels.items())

    def broker(self):
        """Without self-metrics, and without what a gateway adds."""
        return self.only(lambda name, _: not name.startswith(SELF_PREFIX)
                         and name not in GATEWAY_FAMILIES)

    def self_metrics(self):
        return self.only(lambda name, _: name.startswith(SELF_PREFIX))

    def series(self, name, **labels):
        """{labels: value} of the samples of this name that bear these labels."""
        return {key[1]: value for family in self.families.values()
                for key, value in family.samples.items()
                if key[0] == name and labels.items() <= dict(key[1]).items()}

    def value(self, name, **labels):
        """The only such sample's value; None if there is none, an error if there are several."""
        found = self.series(name, **labels)
        if len(found) > 1:
            raise AssertionError(f"{name} {labels} is not one series: {list(found)}")
        return next(iter(found.values()), None)

    def total(self, name, **labels):
        """Their sum; 0 if there is none."""
        return sum(self.series(name, **labels).values())

    def with_labels(self, **labels):
        """Each sample with more labels; its own of such a name become exported_<name>."""
        families = {}
        for name, family in self.families.items():
            samples = {}
            for (sample_name, pairs), value in family.samples.items():
                own = dict(pairs)
                for label in [label for label in labels if label in own]:
                    renamed = f"exported_{label}"
                    while renamed in own:
                        renamed = f"exported_{renamed}"
                    own[renamed] = own.pop(label)
                samples[sample_name, frozenset({**own, **labels}.items())] = value
            families[name] = Family(family.type, family.help, samples)
        return Exposition(families)

    def with_external_labels(self, **labels):
        """Each sample with more labels, except where it bears one of that name."""
        families = {}
        for name, family in self.families.items():
            families[name] = Family(family.type, family.help, {
                (sample_name, frozenset({**labels, **dict(pairs)}.items())): value
                for (sample_name, pairs), value in family.samples.items()})
        return Exposition(families)

    def with_bounds_as_numbers(self):
        """`le` and `quantile` are numbers, which everybody writes in a way of his own."""
        families = {}
        for name, family in self.families.items():
            families[name] = Family(family.type, family.help, {
                (sample_name, frozenset((label, str(float(text)) if label in BOUNDS else text)
                                        for label, text in pairs)): value
                for (sample_name, pairs), value in family.samples.items()})
        return Exposition(families)

    def without_empty_labels(self):
        """A label without a value equals none (a gateway adds instance="" to what has none)."""
        families = {}
        for name, family in self.families.items():
            families[name] = Family(family.type, family.help, {
                (sample_name, frozenset(pair for pair in pairs if pair[1])): value
                for (sample_name, pairs), value in family.samples.items()})
        return Exposition(families)


def describe(key):
    name, pairs = key
    return name + "{" + ",".join(f'{label}="{value}"' for label, value in sorted(pairs)) + "}"


def same_number(one, other):
    return one == other or math.isnan(one) and math.isnan(other)


def differences(expected, actual):
    """What is missing, added or changed, as lines; none if both say the same."""
    found = []
    for name in sorted(expected.families.keys() | actual.families.keys()):
        one, other = expected.families.get(name), actual.families.get(name)
        if one is None or other is None:
            found.append(f"family {name} is {'not expected' if one is None else 'missing'}")
            continue
        if one.type != other.type:
            found.append(f"TYPE {name}: {one.type} became {other.type}")
        # EMQX's own help is empty; the agent has words of its own for its families.
        if one.help != other.help and (one.help or not name.startswith("emqx_")):
            found.append(f"HELP {name}: {one.help!r} became {other.help!r}")
        for key in sorted(one.samples.keys() | other.samples.keys(), key=describe):
            if key not in one.samples:
                found.append(f"not expected: {describe(key)} {other.samples[key]}")
            elif key not in other.samples:
                found.append(f"missing: {describe(key)} {one.samples[key]}")
            elif not same_number(one.samples[key], other.samples[key]):
                found.append(f"{describe(key)}: {one.samples[key]} became {other.samples[key]}")
    return found


def assert_same(expected, actual):
    found = differences(expected.without_empty_labels(), actual.without_empty_labels())
    if found:
        more = f"\n... and {len(found) - 30} more" if len(found) > 30 else ""
        raise AssertionError("\n".join(found[:30]) + more)


def assert_gateway_serves(served, pages, key, labels=None):
    """A gateway's page (text) holds in the group `key` exactly what a broker's pages said.

    labels: what the configuration adds to every sample. Returns the group, self-metrics included.
    """
    group = Exposition.parse(served).group(**key)
    pushed = Exposition.merged(pages)
    pushed = pushed.with_external_labels(**(labels or {}))
    assert_same(pushed.with_labels(**key), group.broker())
    return group
