# SPDX-License-Identifier: Apache-2.0
"""What a source may deliver at most, whose labels stand, and families that every program has."""

import pytest

from cycles import NO_TICK, body, wait_pushes
from exposition import Exposition
from setups import NOBODY, Page, config, exporter, sink

PAGE = """\
# TYPE m gauge
m{a="four",b="x"} 1
m{a="",b="y"} 2
# TYPE other counter
other 3
# TYPE h histogram
h_bucket{le="+Inf"} 1
h_sum 2
h_count 1
"""  # 6 samples; 3 labels with the name; 8 bytes, of h_bucket


@pytest.fixture
def cycle(agent, recorded):
    """cycle(page, settings) -> (the group at a real gateway, the log); with a good source beside"""
    def run(page, **settings):
        with Page(page) as server, Page("good 1\n") as good:
            agent.configure(config(
                [exporter(server, name="limited", job_name="j", **settings),
                 exporter(good, name="good", job_name="j")], sink(recorded)))
            result = agent.once()
        group = Exposition.parse(recorded.metrics_text()).group(job="j")
        assert group.value("good") == 1
        assert group.value("brokerpush_source_up", source="good") == 1
        assert result.code == (0 if is_up(group) else 4), result.stderr
        return group, result.stderr
    return run


def is_up(group):
    return group.value("brokerpush_source_up", source="limited") == 1


def check_failed(group, log, *words):
    """The whole source has failed, and the log says why."""
    assert not is_up(group)
    assert set(group.broker().families) == {"good"}
    line, = [line for line in log.splitlines() if "reason=too_large" in line]
    for part in ("source=limited", *words):
        assert part in line, line


DROP_OTHER = [{"source_labels": ["__name__"], "regex": "other", "action": "drop"}]


@pytest.mark.parametrize("settings, words", (
    ({}, ()),
    ({"sample_limit": 0}, ()),
    ({"sample_limit": 6}, ()),
    ({"sample_limit": 5}, ("sample_limit", "5")),
    ({"sample_limit": 1}, ("sample_limit", "1")),
    ({"sample_limit": 5, "metric_relabel_configs": DROP_OTHER}, ()),
    ({"sample_limit": 4, "metric_relabel_configs": DROP_OTHER}, ("sample_limit", "4")),
    ({"sample_limit": 5, "exclude": ["other"]}, ()),
    ({"sample_limit": 3, "include": ["m", "other"]}, ()),
    ({"sample_limit": 2, "include": ["m", "other"]}, ("sample_limit", "2")),
    # The name counts.
    ({"label_limit": 0}, ()),
    ({"label_limit": 3}, ()),
    ({"label_limit": 2}, ("label_limit", "3", "2", " m ")),
    ({"label_limit": 1, "include": ["other"]}, ()),
    ({"label_limit": 2, "metric_relabel_configs": [{"action": "labeldrop", "regex": "a"}],
      "rename": {"other": "last"}}, ()),
    ({"label_limit": 3, "metric_relabel_configs": [{"target_label": "c", "replacement": "x"}]},
     ("label_limit", "4", "3")),
    ({"label_limit": 3, "metric_relabel_configs": [
        {"target_label": "__tmp", "replacement": "x"}]}, ()),
    ({"label_limit": 4, "labels": {"site": "x"}}, ()),
    ({"label_limit": 3, "labels": {"site": "x"}}, ("label_limit", "4", "3")),
    ({"label_limit": 256}, ()),
    # In bytes, and of the name, too: h_bucket.
    ({"label_value_length_limit": 8}, ()),
    ({"label_value_length_limit": 7}, ("label_value_length_limit", "8", "7", "h_bucket")),
    ({"label_value_length_limit": 5, "exclude": ["h"]}, ()),
    ({"label_value_length_limit": 4, "include": ["m"]}, ()),
    ({"label_value_length_limit": 3, "include": ["m"]}, ("label_value_length_limit", "4", "3", "a",
                                                        "m")),
    ({"label_value_length_limit": 7, "rename": {"h": "g"}, "prefix": "p_"},
     ("label_value_length_limit",)),
    ({"label_value_length_limit": 8, "metric_relabel_configs": [
        {"target_label": "c", "replacement": "12345678"}]}, ()),
    ({"label_value_length_limit": 8, "metric_relabel_configs": [
        {"target_label": "c", "replacement": "123456789"}]}, ("label_value_length_limit", "9")),
    ({"label_value_length_limit": 8, "labels": {"site": "12345678"}}, ()),
    ({"label_value_length_limit": 8, "labels": {"site": "123456789"}},
     ("label_value_length_limit", "9", "8", "site")),
    ({"sample_limit": 6, "label_limit": 3, "label_value_length_limit": 8}, ()),
), ids=str)
def test_a_limit_holds_after_the_rules_and_fails_the_source_as_a_whole(cycle, settings, words):
    group, log = cycle(PAGE, **settings)
    if words:
        check_failed(group, log, *words)
    else:
        assert is_up(group) and len(group.broker().families) > 1
        assert "too_large" not in log


@pytest.mark.parametrize("value, n_bytes", (
    ("é", 2), ("日本", 6), (r"\\", 1), (r"\"\n", 2), ("😀x", 5)))
@pytest.mark.parametrize("over", (False, True))
def test_the_length_of_a_value_is_counted_in_bytes_without_escapes(cycle, value, n_bytes, over):
    page = f'm{{a="{"x" * 10}{value}"}} 1\n'
    group, log = cycle(page, label_value_length_limit=10 + n_bytes - over)
    if over:
        check_failed(group, log, str(10 + n_bytes))
    else:
        assert is_up(group) and len(group.series("m")) == 1


def test_labels_without_a_value_do_not_count(cycle):
    group, _ = cycle('m{a="",b="",c="1"} 1\n', label_limit=2)
    assert is_up(group)


@pytest.mark.parametrize("limit, is_good", ((0, True), (256, False), (3, False)))
def test_a_line_with_labels_beyond_count_fails_a_source_that_has_a_limit(cycle, limit, is_good):
    """Without one the line is left out, as ever."""
    many = ",".join(f'l{i}="1"' for i in range(300))
    group, log = cycle(f"m{{{many}}} 1\nlast 2\n", label_limit=limit)
    if is_good:
        assert group.value("last") == 2 and not group.series("m")
    else:
        check_failed(group, log, "label_limit")


def test_limits_go_for_sources_of_emqx_too(agent, emqx, fake_gateway):
    agent.configure(config({"name": "emqx", "type": "emqx", "url": emqx.url,
                            "node": "emqx@127.0.0.1", "sample_limit": 3}, sink(fake_gateway)))
    result = agent.once()
    got = body(fake_gateway.pushes[0])
    assert got.value("brokerpush_source_up", source="emqx") == 0
    assert not got.broker().families
    assert "reason=too_large" in result.stderr and "sample_limit" in result.stderr


def test_a_limit_that_holds_again_brings_the_source_back(agent, fake_gateway):
    with Page("m 1\nn 2\n") as server:
        agent.configure(config(exporter(server, sample_limit=1), sink(fake_gateway),
                               **{**NO_TICK, "interval": "1s"}))
        running = agent.start()
        wait_pushes(running, fake_gateway, 2)
        server.body = b"m 1\n"
        seen = len(fake_gateway.pushes)
        wait_pushes(running, fake_gateway, seen + 2)
        assert running.stop().code == 0
    first, last = body(fake_gateway.pushes[0]), body(fake_gateway.pushes[-1])
    assert first.value("brokerpush_source_up") == 0 and not first.broker().families
    assert last.value("brokerpush_source_up") == 1 and last.value("m") == 1
    assert last.value("brokerpush_scrape_failures_total", reason="too_large") >= 2


# honor_labels

OWN = 'm{site="own",n="1"} 1\nm{n="2"} 2\nm{site="",n="3"} 3\nm{site="own",exported_site="x",n="4"} 4\n'


def labels_of(agent, page, source, **more):
    with Page(page) as server:
        agent.configure(config(exporter(server, **source), {
            "name": "gateway", "type": "pushgateway", "url": NOBODY}, **more))
        result = agent.dry_run()
    assert result.code == 0, result.stderr
    got = Exposition.parse(result.stdout).without_empty_labels()
    return {dict(key[1])["n"]: {label: value for label, value in key[1] if label != "n"}
            for key in got.broker().families["m"].samples}


@pytest.mark.parametrize("settings", ({}, {"honor_labels": True}), ids=("default", "true"))
def test_honoured_labels_stay_as_they_are(agent, settings):
    assert labels_of(agent, OWN, {"labels": {"site": "agent"}, **settings}) == {
        "1": {"site": "own"}, "2": {"site": "agent"}, "3": {},
        "4": {"site": "own", "exported_site": "x"}}


def test_labels_that_are_not_honoured_become_exported(agent):
    """As in Prometheus: scrape/scrape.go, resolveConflictingExposedLabels."""
    assert labels_of(agent, OWN, {"labels": {"site": "agent"}, "honor_labels": False}) == {
        "1": {"site": "agent", "exported_site": "own"}, "2": {"site": "agent"},
        "3": {"site": "agent"},
        "4": {"site": "agent", "exported_site": "x", "exported_exported_site": "own"}}


def test_honor_labels_is_about_the_source_s_own_labels_alone(agent):
    """Top-level labels stand back, labels of the key never do."""
    page = 'm{site="own",rack="own",n="1",k="own"} 1\n'
    assert labels_of(agent, page, {"labels": {"site": "agent"}, "honor_labels": False,
                                   "job_name": "j/k/v"}, labels={"rack": "top"}) == {
        "1": {"site": "agent", "exported_site": "own", "rack": "own", "exported_k": "own"}}


# Families of runtimes

CENTER = """\
# HELP connmix_center_registry_clients Clients.
# TYPE connmix_center_registry_clients gauge
connmix_center_registry_clients 3
# HELP go_gc_duration_seconds A summary of the pause duration of garbage collection cycles.
# TYPE go_gc_duration_seconds summary
go_gc_duration_seconds{quantile="0"} 1.5e-05
go_gc_duration_seconds{quantile="1"} 0.00025
go_gc_duration_seconds_sum 0.5
go_gc_duration_seconds_count 100
# HELP go_goroutines Number of goroutines that currently exist.
# TYPE go_goroutines gauge
go_goroutines 10
# TYPE go_info gauge
go_info{version="go1.19"} 1
# TYPE go_memstats_frees_total counter
go_memstats_frees_total 12345
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 7
# TYPE promhttp_metric_handler_requests_total counter
promhttp_metric_handler_requests_total{code="200"} 5
"""
ENGINE = CENTER.replace("connmix_center_registry_clients", "connmix_engine_servers_clients").replace(
    "go_goroutines 10", "go_goroutines 20")
RUNTIME = ("go_gc_duration_seconds", "go_goroutines", "go_info", "go_memstats_frees_total",
           "process_cpu_seconds_total", "promhttp_metric_handler_requests_total")


@pytest.fixture
def connmix():
    with Page(CENTER) as center, Page(ENGINE) as engine:
        yield center, engine


def two(servers, center=None, engine=None, **more):
    return [exporter(server, name=name, job_name="connmix", **more,
                     **({"runtime_families": wish} if wish else {}))
            for server, name, wish in zip(servers, ("center", "engine-1"), (center, engine))]


def pushed(agent, recorded, sources, code=0):
    result = agent.configure(config(sources, sink(recorded))).once()
    assert result.code == code, result.stderr
    return Exposition.parse(recorded.metrics_text()).group(job="connmix")


def sources_of(group, name):
    """The values of the label `source` on a family's samples."""
    return {dict(key[1]).get("source") for key in group.families[name].samples}


@pytest.mark.parametrize("center, engine", ((None, None), ("label", None), ("label", "label")))
def test_runtime_families_of_two_sources_are_told_apart_by_a_label(agent, recorded, connmix,
                                                                   center, engine):
    group = pushed(agent, recorded, two(connmix, center, engine))
    for name in RUNTIME:
        assert sources_of(group, name) == {"center", "engine-1"}, name
    assert group.value("go_goroutines", source="center") == 10
    assert group.value("go_goroutines", source="engine-1") == 20
    assert group.families["go_gc_duration_seconds"].type == "summary"
    assert len(group.families["go_gc_duration_seconds"].samples) == 8
    assert sources_of(group, "connmix_center_registry_clients") == {None}
    assert sources_of(group, "connmix_engine_servers_clients") == {None}
    assert group.total("brokerpush_quarantined_families") == 0


def test_a_single_source_s_runtime_families_get_no_label(agent, recorded, connmix):
    group = pushed(agent, recorded, two(connmix)[:1])
    assert all(sources_of(group, name) == {None} for name in RUNTIME)


def test_sources_of_other_groups_get_no_label(agent, recorded, connmix):
    sources = two(connmix)
    sources[1]["job_name"] = "other"
    group = pushed(agent, recorded, sources)
    assert all(sources_of(group, name) == {None} for name in RUNTIME)


def test_the_label_does_not_come_and_go_with_the_other_source(agent, recorded, connmix):
    connmix[1].refuse()
    group = pushed(agent, recorded, two(connmix), code=4)
    assert all(sources_of(group, name) == {"center"} for name in RUNTIME)


def test_runtime_families_can_be_left_out(agent, recorded, connmix):
    group = pushed(agent, recorded, two(connmix, "drop", "drop"))
    assert set(group.broker().families) == {"connmix_center_registry_clients",
                                            "connmix_engine_servers_clients"}


def test_one_that_is_left_alone_needs_no_label(agent, recorded, connmix):
    group = pushed(agent, recorded, two(connmix, "drop", "label"))
    assert all(sources_of(group, name) == {None} for name in RUNTIME)
    assert group.value("go_goroutines") == 20


def test_runtime_families_can_get_the_source_s_name_in_front(agent, recorded, connmix):
    group = pushed(agent, recorded, two(connmix, "prefix", "prefix"))
    wanted = {f"{prefix}_{name}" for name in RUNTIME for prefix in ("center", "engine_1")}
    assert set(group.broker().families) == {
        *wanted, "connmix_center_registry_clients", "connmix_engine_servers_clients"}
    assert group.value("center_go_goroutines") == 10
    assert group.value("engine_1_go_goroutines") == 20
    assert group.families["engine_1_go_gc_duration_seconds"].type == "summary"
    assert group.families["center_go_goroutines"].help == (
        "Number of goroutines that currently exist.")


@pytest.mark.parametrize("wish", ("label", "drop", "prefix"))
def test_a_real_gateway_takes_runtime_families_of_any_type(agent, recorded, wish):
    """Typed as the gateway types its own, whatever the page says."""
    odd = ("go_goroutines 1\n# TYPE process_cpu_seconds_total gauge\nprocess_cpu_seconds_total 2\n"
           "# TYPE go_info untyped\ngo_info{version=\"x\"} 1\nmine 3\n")
    with Page(odd) as one, Page(odd.replace("mine", "yours")) as other:
        group = pushed(agent, recorded, two((one, other), wish, wish))
    assert group.value("mine") == 3 and group.value("yours") == 3
    types = {name: family.type for name, family in group.broker().families.items()}
    if wish == "label":
        assert (types["go_goroutines"], types["process_cpu_seconds_total"], types["go_info"]) == (
            "gauge", "counter", "gauge")
    if wish == "drop":
        assert set(types) == {"mine", "yours"}
    if wish == "prefix":
        assert (types["center_go_goroutines"], types["engine_1_process_cpu_seconds_total"],
                types["center_go_info"]) == ("gauge", "counter", "gauge")


def test_rules_see_runtime_families_as_the_setting_left_them(agent, recorded, connmix):
    """include and the like are about the names of the page or with the prefix, and rules can
    take such families out whatever the setting is."""
    sources = two(connmix, "label", "label", exclude=["go_*", "process_*"],
                  metric_relabel_configs=[{"source_labels": ["__name__"], "regex": "promhttp_.*",
                                           "action": "drop"}])
    group = pushed(agent, recorded, sources)
    assert set(group.broker().families) == {"connmix_center_registry_clients",
                                            "connmix_engine_servers_clients"}


def test_a_sink_s_rules_come_behind_the_label(agent, recorded, connmix):
    """So a family that they rename is still told apart, and they may use the label."""
    rules = {"rename": {"go_goroutines": "goroutines"}, "metric_relabel_configs": [
        {"source_labels": ["source"], "regex": "engine-(.*)", "target_label": "number"}]}
    result = agent.configure(config(two(connmix), sink(recorded, **rules))).once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="connmix")
    assert sources_of(group, "goroutines") == {"center", "engine-1"}
    assert group.value("goroutines", number="1") == 20
