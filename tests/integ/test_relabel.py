# SPDX-License-Identifier: Apache-2.0
"""metric_relabel_configs: the same page under the same rules in a real Prometheus and in brokerpush.

What differs is meant to: labels that start with __ end with the rules, and where rules make two
series equal Prometheus keeps one of them, brokerpush none of that family.
"""

import pytest

from exposition import SELF_PREFIX, Exposition
from peers import need
from prometheus_server import Prometheus
from relabel_cases import CASES, Case, random_case
from scraping import scrape_all
from setups import NOBODY, Page, config, exporter

LIMITED = """\
m{a="0123456789012345678901234567890123456789",b="x"} 1
m{a="",b="é\\"\\\\\\n",c=""} 2
m_count{a="1",b="2",c="3"} 3
h_bucket{le="+Inf"} 4
"""
# The names of labels and of the mark that Prometheus adds are shorter than those values.
LIMITS = {f"{limit.replace('_', '-')}-{n}": Case(LIMITED, [], {limit: n}) for limit, numbers in (
    ("sample_limit", (3, 4, 5)), ("label_limit", (3, 4, 5, 6)),
    ("label_value_length_limit", (38, 39, 40, 41))) for n in numbers}
LIMITS["limit-after-rules"] = Case(
    LIMITED, [{"action": "drop", "source_labels": ["c"], "regex": "3"}], {"sample_limit": 3})
LIMITS["limit-of-labels-after-rules"] = Case(
    LIMITED, [{"action": "labeldrop", "regex": "c"}], {"label_limit": 4})
LIMITS["limit-of-labels-made-by-rules"] = Case(
    LIMITED, [{"target_label": "d", "replacement": "x"}], {"label_limit": 5})
LIMITS["limit-of-a-value-made-by-rules"] = Case(
    LIMITED, [{"target_label": "a", "replacement": "y" * 50}], {"label_value_length_limit": 49})
LIMITS["limit-of-a-name"] = Case(
    'a_metric_with_a_name_of_42_bytes_as_it_seems 1\n', [], {"label_value_length_limit": 43})
LIMITS["limit-of-a-name-of-a-histogram"] = Case(
    '# TYPE a_metric_with_a_name_of_42_bytes_as_it histogram\n'
    'a_metric_with_a_name_of_42_bytes_as_it_bucket{le="+Inf"} 1\n'
    'a_metric_with_a_name_of_42_bytes_as_it_sum 1\n'
    'a_metric_with_a_name_of_42_bytes_as_it_count 1\n', [], {"label_value_length_limit": 44})

RANDOM = {f"random-{seed}": random_case(seed) for seed in range(300)}


@pytest.fixture(scope="module")
def scrapes(tmp_path_factory):
    """{name: what Prometheus made of the case}"""
    need(Prometheus.program, "run scripts/setup test")
    return scrape_all(tmp_path_factory.mktemp("prometheus"), {
        name: (case.page, with_room_for_the_mark(case.settings), case.rules)
        for name, case in {**CASES, **LIMITS, **RANDOM}.items()})


def with_room_for_the_mark(settings):
    """Prometheus counts the label that marks the scrape."""
    if "label_limit" in settings:
        return {**settings, "label_limit": settings["label_limit"] + 1}
    return settings


def source_of(server, name, case):
    settings = dict(case.settings)
    labels = {"instance": name, **settings.pop("labels", {})}
    return exporter(server, name=name, job_name=name, labels=labels,
                    metric_relabel_configs=case.rules, **settings)


def nowhere():
    return {"name": "gateway", "type": "pushgateway", "url": NOBODY}


def series_of(page):
    """{frozenset of label pairs, __name__ among them: value}; labels without a value are none."""
    return {frozenset({("__name__", key[0]), *(pair for pair in key[1] if pair[1])}): value
            for family in page.families.values() for key, value in family.samples.items()}


def without_reserved(series):
    return {frozenset(pair for pair in key
                      if not pair[0].startswith("__") or pair[0] == "__name__"): value
            for key, value in series.items()}


def name_of(key):
    return dict(key)["__name__"]


def differences(wanted, page):
    """What brokerpush's body has otherwise than Prometheus, as lines; quarantined families count
    as families that are gone, if Prometheus saw series become equal, and are not looked into."""
    broker = series_of(page.broker())
    expected = without_reserved(wanted.series)
    n_lost = int(page.total(f"{SELF_PREFIX}quarantined_families"))
    if len(expected) < wanted.n_samples:
        gone = {name_of(key) for key in expected} - {name_of(key) for key in broker}
        expected = {key: value for key, value in expected.items() if name_of(key) not in gone}
        n_lost -= len(gone)
    told = [f"{n_lost} families quarantined otherwise than expected"] if n_lost else []
    for key in sorted(expected.keys() | broker.keys(), key=sorted):
        one, other = expected.get(key), broker.get(key)
        if one != other and str(one) != str(other):
            told.append(f"{sorted(key)}: Prometheus has {one}, brokerpush {other}")
    return told


@pytest.mark.parametrize("name", CASES)
def test_rules_do_what_they_do_in_prometheus(agent, scrapes, name):
    case = CASES[name]
    assert scrapes[name].up, "Prometheus itself refused the page or what rules made of it"
    with Page(case.page) as server:
        agent.configure(config(source_of(server, name, case), nowhere()))
        result = agent.dry_run()
    assert result.stdout, result.stderr
    assert differences(scrapes[name], Exposition.parse(result.stdout)) == []


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_fails_the_source_where_it_fails_the_scrape(agent, scrapes, name):
    with Page(LIMITS[name].page) as server:
        agent.configure(config(source_of(server, name, LIMITS[name]), nowhere()))
        page = Exposition.parse(agent.dry_run().stdout)
    up = page.value(f"{SELF_PREFIX}source_up") == 1
    assert up == scrapes[name].up
    assert bool(page.broker().families) == up


def test_limits_of_the_cases_are_held_and_passed(scrapes):
    assert {scrapes[name].up for name in LIMITS} == {True, False}


def test_written_cases_make_no_series_equal(scrapes):
    """So that each of them is compared as a whole."""
    assert [name for name in CASES
            if len(without_reserved(scrapes[name].series)) != scrapes[name].n_samples] == []


def test_random_rules_do_what_they_do_in_prometheus(agent, scrapes, tmp_path):
    """All in one run: a source and a group for each."""
    compared = {name: case for name, case in RANDOM.items() if scrapes[name].up}
    assert len(compared) > 0.8 * len(RANDOM)
    servers = {name: Page(case.page).start() for name, case in compared.items()}
    try:
        agent.configure(config([source_of(servers[name], name, case)
                                for name, case in compared.items()], nowhere()))
        result = agent.dry_run("--output", tmp_path)
    finally:
        for server in servers.values():
            server.stop()
    assert result.code == 0, result.stderr
    told = []
    for name, case in compared.items():
        file, = tmp_path.glob(f"*+{name}.prom")
        try:
            found = differences(scrapes[name], Exposition.parse(file.read_text()))
        except ValueError as error:
            found = [f"{error}\n{file.read_text()}"]
        if found:
            told.append("\n".join([name, case.page, *map(str, case.rules), *found]))
    assert not told, f"{len(told)} of {len(compared)} differ:\n" + "\n\n".join(told[:5])


def test_random_rules_do_something(scrapes):
    """Most sets change or drop some series and leave some, few make series equal."""
    changed = [name for name in RANDOM if scrapes[name].series
               and scrapes[name].series != series_with_instance(RANDOM[name].page, name)]
    equal = [name for name in RANDOM
             if len(without_reserved(scrapes[name].series)) < scrapes[name].n_samples]
    assert len(changed) > 0.6 * len(RANDOM)
    assert 0 < len(equal) < 0.3 * len(RANDOM)


def series_with_instance(page, instance):
    return {key | {("instance", instance)}: value
            for key, value in series_of(Exposition.parse(page)).items()}
