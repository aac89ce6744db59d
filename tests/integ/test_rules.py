# SPDX-License-Identifier: Apache-2.0
"""Rules as a whole: where they stand, in which order they come, and what they cannot break.

What single metric_relabel_configs do is compared with Prometheus in test_relabel.py.
"""

import os
import re
import subprocess

import pytest

from cycles import NO_TICK, assert_told_once, body, wait_pushes
from exposition import Exposition, assert_same
from peers import FakeGateway
from plain_agent import plain_binary
from setups import NOBODY, Page, config, emqx_source, exporter, sink

FAMILIES = """\
# HELP aa Help of aa.
# TYPE aa gauge
aa{l="1"} 1
aa{l="2"} 2
# HELP ab Help of ab.
# TYPE ab counter
ab 3
# TYPE ac gauge
ac 4
# HELP h Help of h.
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 2
h_sum 3
h_count 2
# HELP q Help of q.
# TYPE q summary
q{quantile="0.5"} 1
q_sum 5
q_count 4
bare 5
"""
NAMES = {"aa", "ab", "ac", "h", "q", "bare"}

DROP_ALL = {"source_labels": ["__name__"], "regex": ".*", "action": "drop"}


@pytest.fixture
def page():
    with Page(FAMILIES) as server:
        yield server


@pytest.fixture
def dry(agent):
    """dry(source, **settings of the sink) -> the body of a dry run"""
    def run(source, **of_sink):
        agent.configure(config(source, nowhere(**of_sink)))
        result = agent.dry_run()
        assert result.stdout, result.stderr
        return Exposition.parse(result.stdout)
    return run


def nowhere(**more):
    return {"name": "gateway", "type": "pushgateway", "url": NOBODY, **more}


def of_two(place, rules):
    """Settings of the source and of the sink, of which the one at that place has the rules."""
    return (rules, {}) if place == "source" else ({}, rules)


def names_of(exposition):
    return set(exposition.broker().families)


def about_family(name, **more):
    return {"source_labels": ["__name__"], "regex": name, **more}


# Whole families

@pytest.mark.parametrize("place", ("source", "sink"))
@pytest.mark.parametrize("rules, stay", (
    ({"include": ["a*"]}, {"aa", "ab", "ac"}),
    ({"include": ["a[ab]", "h"]}, {"aa", "ab", "h"}),
    ({"include": ["a[!ab]", "?"]}, {"ac", "h", "q"}),
    ({"include": ["a"]}, set()),
    ({"include": ["*"]}, NAMES),
    ({"include": ["h_bucket", "q_sum"]}, set()),
    ({"exclude": ["a*"]}, {"h", "q", "bare"}),
    ({"exclude": ["h_*", "q_*"]}, NAMES),
    ({"exclude": ["*"]}, set()),
    ({"include": ["a*", "h"], "exclude": ["*b", "h"]}, {"aa", "ac"}),
))
def test_globs_say_which_families_stay_and_are_about_their_names(dry, page, place, rules, stay):
    of_source, of_sink = of_two(place, rules)
    got = dry(exporter(page, **of_source), **of_sink)
    assert_same(Exposition.parse(FAMILIES).only(
        lambda name, _: re.sub("_(bucket|sum|count)$", "", name) in stay), got.broker())


def renamed(text, names):
    """The page with other names of families; {old: new}."""
    for old, new in names.items():
        text = re.sub(rf"(?m)^((?:# (?:HELP|TYPE) )?){old}(?=[ {{]|_(?:bucket|sum|count)\b)",
                      rf"\g<1>{new}", text)
    return Exposition.parse(text)


@pytest.mark.parametrize("place", ("source", "sink"))
@pytest.mark.parametrize("rules, names", (
    ({"rename": {"aa": "new_aa"}}, {"aa": "new_aa"}),
    ({"rename": [{"name": "aa", "value": "new:aa"}]}, {"aa": "new:aa"}),
    ({"rename": {"h": "h2", "q": "q_seconds", "bare": "b"}},
     {"h": "h2", "q": "q_seconds", "bare": "b"}),
    ({"rename": {"a": "x", "h_bucket": "x", "nobody": "x"}}, {}),
    ({"prefix": "my_"}, {name: f"my_{name}" for name in NAMES}),
    ({"prefix": "site:"}, {name: f"site:{name}" for name in NAMES}),
    ({"rename": {"aa": "zz"}, "prefix": "p_"},
     {name: f"p_{name}" for name in NAMES if name != "aa"} | {"aa": "p_zz"}),
    ({"rename": {"aa": "zz", "zz": "yy", "p_ab": "xx"}, "prefix": "p_"},
     {name: f"p_{name}" for name in NAMES if name != "aa"} | {"aa": "p_zz"}),
))
def test_families_get_other_names_and_keep_type_and_help(dry, page, place, rules, names):
    of_source, of_sink = of_two(place, rules)
    got = dry(exporter(page, **of_source), **of_sink)
    assert_same(renamed(FAMILIES, names), got.broker())


def test_rename_exchanges_two_names(dry):
    with Page("# TYPE one gauge\none 1\n# TYPE two counter\ntwo 2\n") as server:
        got = dry(exporter(server, rename={"one": "two", "two": "one"})).broker()
    assert_same(Exposition.parse("# TYPE two gauge\ntwo 1\n# TYPE one counter\none 2\n"), got)


def test_relabelled_names_keep_type_and_help(dry, page):
    """Of a whole family, of a part of it, and of a histogram."""
    got = dry(exporter(page, metric_relabel_configs=[
        about_family("ab", target_label="__name__", replacement="ab_total"),
        {"source_labels": ["__name__", "l"], "regex": "aa;2", "target_label": "__name__",
         "replacement": "aa_two"},
        about_family("h_(.*)", target_label="__name__", replacement="g_$1")])).broker()
    assert {name: (got.families[name].type, got.families[name].help)
            for name in ("ab_total", "aa", "aa_two", "g")} == {
        "ab_total": ("counter", "Help of ab."), "aa": ("gauge", "Help of aa."),
        "aa_two": ("gauge", "Help of aa."), "g": ("histogram", "Help of h.")}
    assert set(got.families) == {"ab_total", "aa", "aa_two", "ac", "g", "q", "bare"}
    assert len(got.families["g"].samples) == 4


def test_rules_come_in_the_order_that_is_documented(dry, page):
    """include, exclude, rename, prefix, metric_relabel_configs: each would do something else if
    it stood elsewhere."""
    rules = {
        "include": ["a*", "bare"], "exclude": ["ab", "zz", "p_aa"],
        "rename": {"ac": "zz", "p_bare": "wrong"}, "prefix": "p_",
        "metric_relabel_configs": [
            about_family("p_zz", target_label="seen", replacement="yes"),
            about_family("(aa|ac|zz)", target_label="wrong", replacement="yes"),
            about_family("p_bare", target_label="__name__", replacement="last"),
            about_family("p_bare", action="drop")]}
    got = dry(exporter(page, **rules)).broker()
    assert_same(Exposition.parse(
        '# HELP p_aa Help of aa.\n# TYPE p_aa gauge\np_aa{l="1"} 1\np_aa{l="2"} 2\n'
        '# TYPE p_zz gauge\np_zz{seen="yes"} 4\nlast 5\n'), got)


def test_an_empty_value_deletes_a_target_that_a_template_names(dry):
    """Prometheus since 2.49; before, it deleted nothing (prometheus/prometheus#13308)."""
    with Page('m{b="y",y="z"} 1\nm{b="x",y="z"} 2\n') as server:
        got = dry(exporter(server, metric_relabel_configs=[
            {"source_labels": ["b"], "regex": "(y)|x", "target_label": "$1",
             "replacement": ""}])).broker()
    assert_same(Exposition.parse('m{b="y"} 1\nm{b="x",y="z"} 2\n'), got)


def test_a_sink_s_rules_come_after_those_of_the_source(dry, page):
    got = dry(exporter(page, prefix="s_", include=["a?"], metric_relabel_configs=[
        about_family("s_ac", target_label="by", replacement="source")]),
        prefix="t_", include=["s_a[ac]"], metric_relabel_configs=[
            {"source_labels": ["by"], "regex": "source", "target_label": "by",
             "replacement": "sink"}])
    assert_same(Exposition.parse(
        '# HELP t_s_aa Help of aa.\n# TYPE t_s_aa gauge\nt_s_aa{l="1"} 1\nt_s_aa{l="2"} 2\n'
        '# TYPE t_s_ac gauge\nt_s_ac{by="sink"} 4\n'), got.broker())


def test_rules_hold_for_their_source_alone(dry, page):
    with Page("# TYPE aa2 gauge\naa2 1\n") as other:
        got = dry([exporter(page, include=["aa"], prefix="p_", job_name="j"),
                   exporter(other, name="other", job_name="j")])
    assert names_of(got) == {"p_aa", "aa2"}


def test_rules_hold_for_sources_of_any_type(agent, emqx):
    agent.configure(config(
        emqx_source(emqx, include=["emqx_*"], exclude=["emqx_vm_*"], prefix="mq_"), nowhere()))
    plain = agent.dry_run()
    assert plain.code == 0, plain.stderr
    families = names_of(Exposition.parse(plain.stdout))
    assert families and all(name.startswith("mq_emqx_") for name in families)
    assert "mq_emqx_connections_count" in families
    assert not any(name.startswith("mq_emqx_vm_") for name in families)


# Sinks

def test_two_sinks_get_each_what_its_rules_say(agent, page, gateway, fake_gateway):
    agent.configure(config(exporter(page, job_name="j"), [
        sink(gateway, include=["a*"]),
        sink(fake_gateway, name="other", exclude=["a*"], prefix="x_")]))
    result = agent.once()
    assert result.code == 0, result.stderr
    served = Exposition.parse(gateway.metrics_text()).group(job="j")
    assert names_of(served) == {"aa", "ab", "ac"}
    push, = fake_gateway.pushes
    assert names_of(body(push)) == {"x_h", "x_q", "x_bare"}
    for group in (served, body(push)):
        assert group.value("brokerpush_source_up", source="exporter") == 1


def test_sinks_with_equal_rules_or_none_get_equal_bodies(agent, page):
    rules = {"exclude": ["h"], "metric_relabel_configs": [
        {"source_labels": ["l"], "target_label": "copy"}]}
    with FakeGateway() as one, FakeGateway() as two, FakeGateway() as three, FakeGateway() as four:
        agent.configure(config(exporter(page), [
            sink(one, **rules), sink(two, name="two", **rules),
            sink(three, name="three"), sink(four, name="four")]))
        result = agent.once()
        assert result.code == 0, result.stderr
        first, second, third, fourth = (server.pushes[0].body
                                        for server in (one, two, three, four))
    assert first == second and third == fourth and first != third
    assert names_of(Exposition.parse(first.decode())) == NAMES - {"h"}
    assert_same(Exposition.parse(FAMILIES), Exposition.parse(third.decode()).broker())


def test_a_sink_s_rules_leave_every_cycle_s_data_to_the_others(agent, page):
    """The rules of one sink do not change what another one gets, in the second cycle either."""
    with FakeGateway() as one, FakeGateway() as two:
        agent.configure(config(exporter(page), [
            sink(one, prefix="p_", metric_relabel_configs=[
                {"target_label": "l", "replacement": "changed"}, about_family(
                    "p_aa", action="drop")]),
            sink(two, name="two")], **{**NO_TICK, "interval": "1s"}))
        running = agent.start()
        wait_pushes(running, one, 3)
        wait_pushes(running, two, 3)
        assert running.stop().code == 0
        for push in two.pushes:
            assert_same(Exposition.parse(FAMILIES), body(push).broker())
        assert {frozenset(names_of(body(push))) for push in one.pushes} == {
            frozenset(f"p_{name}" for name in NAMES - {"aa"})}


# What rules cannot break

def own_of(exposition):
    """The agent's own metrics, without those that tell of time."""
    return exposition.self_metrics().only(
        lambda name, _: not name.endswith(("_seconds", "_bytes_total")))


EVERYTHING = {
    "drop": {"metric_relabel_configs": [DROP_ALL]},
    "drop-without-sources": {"metric_relabel_configs": [{"action": "drop"}]},
    "exclude": {"exclude": ["*"]},
    "include-nobody": {"include": ["nobody"]},
}


@pytest.mark.parametrize("place", ("source", "sink"))
@pytest.mark.parametrize("rules", EVERYTHING.values(), ids=EVERYTHING)
def test_rules_that_drop_everything_leave_a_push_with_the_agent_s_own(agent, page, recorded, rules,
                                                                     place):
    of_source, of_sink = of_two(place, rules)
    agent.configure(config(exporter(page, job_name="j", **of_source), sink(recorded, **of_sink)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert names_of(group) == set()
    assert group.value("brokerpush_source_up", source="exporter") == 1
    assert group.value("brokerpush_endpoint_up", source="exporter") == 1
    assert group.value("brokerpush_quarantined_families", source="exporter") == 0


@pytest.mark.parametrize("place", ("source", "sink"))
@pytest.mark.parametrize("rules", (
    {"prefix": "x_"}, {"rename": {"brokerpush_source_up": "renamed"}},
    {"exclude": ["brokerpush_*"]}, {"include": ["aa"]},
    {"metric_relabel_configs": [{"action": "labeldrop", "regex": "source|endpoint|version"}]},
    {"metric_relabel_configs": [{"target_label": "added", "replacement": "x"}]},
    {"metric_relabel_configs": [about_family("brokerpush_.*", action="drop")]},
), ids=str)
def test_the_agent_s_own_metrics_are_none_of_the_rules_business(dry, page, place, rules):
    plain = own_of(dry(exporter(page)))
    of_source, of_sink = of_two(place, rules)
    ruled = own_of(dry(exporter(page, **of_source), **of_sink))
    # How many samples there are is told in another test.
    def counted(name, _):
        return name != "brokerpush_source_samples"
    assert_same(plain.only(counted), ruled.only(counted))


def test_nobody_gets_names_of_the_agent_s_own_by_rules(dry, page):
    """What a setting names as a whole is refused at once, see test_rule_faults.py."""
    got = dry(exporter(page, metric_relabel_configs=[
        about_family("aa", target_label="__name__", replacement="brokerpush_source_up"),
        about_family("ac", target_label="__name__", replacement="brokerpush_mine")]))
    assert len(got.series("brokerpush_source_up")) == 1
    assert not got.series("brokerpush_mine")
    assert names_of(got) == NAMES - {"aa", "ac"}


@pytest.mark.parametrize("arguments", (("--once",), ("--dry-run",)))
@pytest.mark.parametrize("place", ("source", "sink"))
def test_to_leave_everything_out_is_no_failure(agent, page, fake_gateway, place, arguments):
    of_source, of_sink = of_two(place, {"exclude": ["*"]})
    agent.configure(config(exporter(page, **of_source), sink(fake_gateway, **of_sink)))
    result = agent.run(*arguments)
    assert result.code == 0, result.stderr


SAME = """\
# TYPE good gauge
good{a="1"} 1
good{a="2"} 2
# TYPE same gauge
same{a="1",b="x"} 1
same{a="2",b="x"} 2
same{a="3",b="y"} 3
# TYPE last counter
last 4
"""
DROP_A_OF_SAME = [about_family("same", target_label="a", replacement="")]


@pytest.mark.parametrize("place", ("source", "sink"))
def test_rules_that_make_series_equal_cost_that_family_and_not_the_push(agent, recorded, place):
    of_source, of_sink = of_two(place, {"metric_relabel_configs": DROP_A_OF_SAME})
    with Page(SAME) as server:
        agent.configure(config(exporter(server, job_name="j", **of_source),
                               sink(recorded, **of_sink)))
        result = agent.once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert {key[1] for key in group.families["good"].samples} and names_of(group) == {
        "good", "last"}
    assert group.total("good") == 3 and group.value("last") == 4
    assert group.value("brokerpush_quarantined_families", source="exporter") == 1
    assert_told_once(result.stderr, "family left out", "source=exporter", "family=same", "rule")


def test_only_the_sink_whose_rules_make_series_equal_goes_without_the_family(agent, gateway,
                                                                           fake_gateway):
    with Page(SAME) as server:
        agent.configure(config(exporter(server, job_name="j"), [
            sink(gateway, metric_relabel_configs=DROP_A_OF_SAME),
            sink(fake_gateway, name="other")]))
        result = agent.once()
    assert result.code == 0, result.stderr
    assert names_of(Exposition.parse(gateway.metrics_text()).group(job="j")) == {"good", "last"}
    assert_same(Exposition.parse(SAME), body(fake_gateway.pushes[0]).broker())


@pytest.mark.parametrize("how", ("prefix", "rename", "relabelled"))
def test_families_that_get_one_name_are_one_and_equal_series_quarantine_it(agent, recorded, how):
    rules = {"prefix": {"rename": {"two": "one"}}, "rename": {"rename": {"one": "x", "two": "x"}},
             "relabelled": {"metric_relabel_configs": [
                 about_family("two", target_label="__name__", replacement="one")]}}[how]
    together = "x" if how == "rename" else "one"
    for page, stays in (('one{a="1"} 1\ntwo{a="2"} 2\nlast 3\n', True),
                        ('one{a="1"} 1\ntwo{a="1"} 2\nlast 3\n', False)):
        with Page(page) as server:
            agent.configure(config(exporter(server, job_name="j", **rules), sink(recorded)))
            result = agent.once()
        assert result.code == 0, result.stderr
        group = Exposition.parse(recorded.metrics_text()).group(job="j")
        assert names_of(group) == ({together, "last"} if stays else {"last"})
        assert group.total(together) == (3 if stays else 0)
        assert group.value("brokerpush_quarantined_families") == (0 if stays else 1)


def test_series_that_were_equal_before_are_still_repaired_and_not_quarantined(dry):
    """Rules that did not make them so do not cost the family."""
    with Page('m{a="1"} 1\nm{a="1"} 2\nother 3\n') as server:
        got = dry(exporter(server, metric_relabel_configs=[
            {"target_label": "new", "replacement": "x"}]))
    assert got.value("m", new="x") == 1 and got.value("other") == 3
    assert got.value("brokerpush_quarantined_families") == 0


def test_a_sink_s_rules_that_make_two_sources_equal_cost_that_family(agent, recorded):
    pages = ['m{from="%d"} 1\nown_%d 2\n' % (i, i) for i in (1, 2)]
    with Page(pages[0]) as first, Page(pages[1]) as second, FakeGateway() as other:
        agent.configure(config(
            [exporter(first, name="first", job_name="j"),
             exporter(second, name="second", job_name="j")],
            [sink(recorded, metric_relabel_configs=[{"action": "labeldrop", "regex": "from"}]),
             sink(other, name="other")]))
        result = agent.once()
        assert names_of(body(other.pushes[0])) == {"m", "own_1", "own_2"}
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert names_of(group) == {"own_1", "own_2"}


@pytest.mark.parametrize("place", ("source", "sink"))
@pytest.mark.parametrize("rules", (
    {"rename": {"gauge": "counter"}},
    {"metric_relabel_configs": [
        about_family("gauge", target_label="__name__", replacement="counter")]},
    {"metric_relabel_configs": [
        about_family("(gauge|h_bucket|h_sum)", target_label="__name__", replacement="counter")]},
), ids=("rename", "relabelled", "parts of a histogram too"))
def test_a_family_renamed_into_one_of_another_type_does_not_cost_the_push(agent, recorded, place,
                                                                         rules):
    page = ("# TYPE gauge gauge\ngauge{a=\"1\"} 1\n# TYPE counter counter\ncounter{a=\"2\"} 2\n"
            "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\nlast 3\n")
    of_source, of_sink = of_two(place, rules)
    with Page(page) as server:
        agent.configure(config(exporter(server, job_name="j", **of_source),
                               sink(recorded, **of_sink)))
        result = agent.once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert group.value("last") == 3
    assert group.value("gauge") is None
    assert group.value("brokerpush_quarantined_families", source="exporter") >= 1
    assert "family=counter" in result.stderr


@pytest.mark.parametrize("rule", (
    {"target_label": "__name__", "replacement": ""},
    {"target_label": "__name__", "replacement": "not a name"},
    {"target_label": "__name__", "replacement": "1x"},
    {"target_label": "__name__", "replacement": "é"},
    {"action": "labeldrop", "regex": "__name__"},
    {"action": "labelkeep", "regex": "a"},
    {"action": "labeldrop", "regex": ".*"},
), ids=str)
def test_samples_that_rules_leave_without_a_name_are_left_out_and_counted(agent, fake_gateway,
                                                                          rule):
    """Prometheus would lose the whole scrape."""
    with Page('m{a="1"} 1\nm{a="2"} 2\nlast 3\n') as server:
        rules = [rule]
        if "target_label" in rule:
            rules = [{"source_labels": ["a"], "regex": ".", **rule}]
        agent.configure(config(exporter(server, metric_relabel_configs=rules), sink(fake_gateway),
                               **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        result = running.stop()
    assert result.code == 0, result.stderr
    got = body(fake_gateway.pushes[0])
    n_lost = 2 if "target_label" in rule else 3
    assert got.value("brokerpush_repairs_total", source="exporter", rule="rule") == n_lost
    assert names_of(got) == ({"last"} if n_lost == 2 else set())
    assert got.value("brokerpush_source_up", source="exporter") == 1


def test_labels_that_no_exposition_may_have_are_never_written(dry):
    """labelmap makes names without looking at them; Prometheus would lose the whole scrape."""
    with Page('m{a_1="x",b="y"} 1\nlast 3\n') as server:
        got = dry(exporter(server, metric_relabel_configs=[
            {"action": "labelmap", "regex": "a_(.)", "replacement": "$1"}]))
    assert got.value("last") == 3
    assert {label for family in got.broker().families.values() for key in family.samples
            for label, _ in key[1]} <= {"a_1", "b"}


def test_parts_of_histograms_may_be_dropped_without_a_broken_body(agent, recorded):
    for rule in (about_family("h_bucket", action="drop"), about_family("h_count", action="drop"),
                 about_family("h_sum", action="drop"),
                 {"source_labels": ["le"], "regex": "[+]Inf", "action": "drop"},
                 {"action": "labeldrop", "regex": "le|quantile"},
                 {"source_labels": ["__name__"], "regex": "h_bucket|q", "target_label": "le",
                  "replacement": "none"},
                 about_family("(h)_.*", target_label="__name__", replacement="$1"),
                 about_family("q_(.*)", target_label="__name__", replacement="h_$1"),
                 about_family("aa", target_label="__name__", replacement="h_count"),
                 about_family("aa", target_label="__name__", replacement="q_sum_total")):
        with Page(FAMILIES) as server:
            agent.configure(config(exporter(server, job_name="j", metric_relabel_configs=[rule]),
                                   sink(recorded)))
            result = agent.once()
        assert result.code == 0, (rule, result.stderr)
        group = Exposition.parse(recorded.metrics_text()).group(job="j")
        assert {"ab", "ac", "bare"} <= names_of(group), rule


# Regular expressions that would take for ever

CATASTROPHES = {
    "nested": ("(a+)+b", "a" * 3000 + "cb"),
    "nested-in-words": ("(x+x+)+y", "x" * 3000 + "zy"),
    "many-stars": ("(.*a){20}", "a" * 19 + "b" * 300),
    "many-stars-long": ("(.*a){20}b", "a" * 1000 + "c"),
    "alternatives": ("(a|a)*b", "a" * 3000 + "cb"),
    "alternatives-of-words": ("(a|aa)+b", "a" * 3000 + "cb"),
    "reference-like": (".*.*.*.*.*.*=.*", "x" * 10000),
    "commas": ("(.*?,){30}P", "1,2,3,4,5,6,7,8,9," * 200),
    "lazy": ("(a+?)+?b", "a" * 3000 + "cb"),
    "letters-and-digits": (r"(\w+\d*)+!", "word1" * 1000 + "?!"),
}
# Of a text of any length these take exponential time where there is backtracking, so that one
# that does not give up has done better than that.
TEXTS_WITHOUT_A_MATCH = ("nested", "nested-in-words", "many-stars-long", "alternatives",
                         "alternatives-of-words", "lazy", "letters-and-digits")


def catastrophic(name, action="replace"):
    regex, _ = CATASTROPHES[name]
    rule = {"source_labels": ["a"], "regex": regex, "action": action}
    return {**rule, "target_label": "new", "replacement": "matched"} if action == "replace" \
        else rule


@pytest.mark.parametrize("place", ("source", "sink"))
@pytest.mark.parametrize("action", ("replace", "drop", "keep"))
@pytest.mark.parametrize("name", CATASTROPHES)
def test_a_catastrophic_regex_ends_and_the_rest_arrives(agent, fake_gateway, name, action, place):
    """No text matches. The sample is as if, or it is left out and counted."""
    _, text = CATASTROPHES[name]
    rules = {"metric_relabel_configs": [catastrophic(name, action)]}
    if action == "keep":
        rules["metric_relabel_configs"][0]["regex"] += "|ok"
    of_source, of_sink = of_two(place, rules)
    with Page(f'm{{a="{text}"}} 1\nm{{a="ok"}} 2\nlast{{a="ok"}} 3\n') as server:
        agent.configure(config(exporter(server, **of_source), sink(fake_gateway, **of_sink),
                               **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        result = running.stop()
    assert result.code == 0, result.stderr
    got = body(fake_gateway.pushes[0])
    assert got.value("m", a="ok") == 2 and got.value("last") == 3
    assert got.value("brokerpush_source_up", source="exporter") == 1
    n_left_out = got.value("brokerpush_repairs_total", source="exporter", rule="rule") or 0
    if action == "keep":
        assert not got.series("m", a=text) and n_left_out in (0, 1)
    else:
        assert len(got.series("m", a=text)) == 1 - n_left_out
    assert not got.series("m", new="matched")


def test_some_regexes_do_give_up(agent, fake_gateway):
    """So that the test above has seen both; each of them is told as a repair."""
    rules = [{**catastrophic(name), "source_labels": [f"t_{i}"], "target_label": f"new_{i}"}
             for i, name in enumerate(TEXTS_WITHOUT_A_MATCH)]
    page = "".join(f'm{{t_{i}="{CATASTROPHES[name][1]}"}} {i}\n'
                   for i, name in enumerate(TEXTS_WITHOUT_A_MATCH))
    with Page(page + "last 3\n") as server:
        agent.configure(config(exporter(server, metric_relabel_configs=rules), sink(fake_gateway),
                               **NO_TICK))
        running = agent.start()
        wait_pushes(running, fake_gateway, 1)
        result = running.stop()
    got = body(fake_gateway.pushes[0])
    n_left_out = got.value("brokerpush_repairs_total", source="exporter", rule="rule")
    assert n_left_out >= 1 and len(got.series("m")) == len(rules) - n_left_out
    assert got.value("last") == 3
    assert_told_once(result.stderr, "repaired what the source sends; told once", "rule=rule ",
                     "metric_relabel_configs[")


# For each place of the text it looks at all that follows: 10 ms and more, before it gives up.
DEAREST = [{"source_labels": ["n", "a"], "regex": "[0-9]+;.*?a*+b", "action": "drop"}]


@pytest.fixture(scope="module")
def dear_page():
    """All its texts together would take about ten seconds."""
    text = "a" * 60000
    page = "".join(f'm{{a="{text}c",n="{i}"}} {i}\n' for i in range(1000))
    with Page(page) as server:
        yield server


def test_too_many_dear_texts_fail_the_source_and_not_the_others(agent, recorded, dear_page):
    with Page("good 1\n") as good:
        agent.configure(config(
            [exporter(dear_page, name="slow", job_name="j", body_size_limit="100MiB",
                      metric_relabel_configs=DEAREST),
             exporter(good, name="good", job_name="j")], sink(recorded)))
        result = agent.once()
    assert result.code == 4, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert names_of(group) == {"good"}
    assert group.value("brokerpush_source_up", source="slow") == 0
    assert group.value("brokerpush_source_up", source="good") == 1
    line, = [line for line in result.stderr.splitlines() if "reason=timed_out" in line]
    assert "source=slow" in line and "metric_relabel_configs" in line


def test_too_many_dear_texts_under_a_sink_s_rules_leave_the_other_sink_alone(agent, dear_page,
                                                                             page):
    with FakeGateway() as one, FakeGateway() as two:
        agent.configure(config(
            [exporter(dear_page, name="slow", job_name="j", body_size_limit="100MiB"),
             exporter(page, job_name="j")],
            [sink(one, name="one", metric_relabel_configs=DEAREST),
             sink(two, name="two", exclude=["m"])]))
        result = agent.once()
        assert names_of(body(two.pushes[0])) == NAMES
        assert all(b"\nm{" not in push.body for push in one.pushes)
    assert result.code == 4, result.stderr
    line, = [line for line in result.stderr.splitlines() if "reason=timed_out" in line]
    assert "sink=one" in line and "metric_relabel_configs" in line


# What rules need for a while

def peak_of(agent, binary):
    """KiB of memory that a dry run had at most."""
    process = subprocess.Popen([binary, "-c", agent.config_file, "--dry-run"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return usage.ru_maxrss


def test_labels_for_rules_alone_take_no_room_beyond_their_series(agent):
    """Ten copies of each text would be five times what the page needs otherwise."""
    copies = [{"source_labels": ["a"], "target_label": f"__copy_{i}"} for i in range(10)]
    page = "".join(f'm{{a="{"x" * 6000}",n="{i}"}} {i}\n' for i in range(2500))
    with Page(page) as server:
        peaks = []
        for rules in [], copies:
            agent.configure(config(exporter(server, metric_relabel_configs=rules), nowhere()))
            peaks.append(peak_of(agent, plain_binary()))
    assert peaks[1] < 2 * peaks[0]


# What each rule did

EXPLAINED = {
    "include": ["a*", "h", "q"], "exclude": ["q"], "rename": {"ab": "ab_total"}, "prefix": "p_",
    "metric_relabel_configs": [
        about_family("p_h_.*", target_label="of", replacement="h"),
        {"source_labels": ["l"], "regex": "1", "action": "drop"},
        {"action": "labeldrop", "regex": "nobody"},
        {"action": "labelmap", "regex": "l", "replacement": "m"},
        {"action": "hashmod", "source_labels": ["l"], "target_label": "h", "modulus": 7},
        {"action": "keep", "source_labels": ["__name__"], "regex": "p_(aa|ab_total|h_.*)"},
        {"action": "lowercase", "source_labels": ["l"], "target_label": "l"},
        {"action": "uppercase", "source_labels": ["__name__"], "target_label": "upper"},
        {"action": "dropequal", "source_labels": ["of"], "target_label": "nobody"},
        {"action": "keepequal", "source_labels": ["l"], "target_label": "m"},
        {"action": "labelkeep", "regex": "__name__|le|of"},
    ]}
# Of 12 samples: aa 2, ab 1, ac 1, h 4, q 3, bare 1
TOUCHED = {
    "include": 1,  # bare
    "exclude": 3,  # q
    "rename": 1, "prefix": 8,
    "metric_relabel_configs[0] replace": 4,
    "metric_relabel_configs[1] drop": 1,
    "metric_relabel_configs[2] labeldrop": 0,
    "metric_relabel_configs[3] labelmap": 1,
    "metric_relabel_configs[4] hashmod": 7,
    "metric_relabel_configs[5] keep": 1,  # ac
    "metric_relabel_configs[6] lowercase": 0,
    "metric_relabel_configs[7] uppercase": 6,
    "metric_relabel_configs[8] dropequal": 2,  # all but h
    "metric_relabel_configs[9] keepequal": 0,
    "metric_relabel_configs[10] labelkeep": 4,
}


def explained(stderr, owner):
    """(series that came in, {rule: series}) as --explain told it of a source or sink."""
    found, = re.findall(rf"(?m)^{owner}, rules on (\d+) series.*:\n((?:  .+\n)+)", stderr)
    return int(found[0]), {rule: int(count) for rule, count in re.findall(
        r"(?m)^  (.+): touched (\d+)$", found[1])}


@pytest.mark.parametrize("place", ("source", "sink"))
def test_explain_tells_for_each_rule_how_many_series_it_touched(agent, page, place):
    of_source, of_sink = of_two(place, EXPLAINED)
    agent.configure(config(exporter(page, **of_source), nowhere(**of_sink)))
    plain, result = agent.dry_run(), agent.dry_run("--explain")
    assert result.code == 0, result.stderr
    owner = "source exporter" if place == "source" else "sink gateway"
    assert explained(result.stderr, owner) == (12, TOUCHED), result.stderr
    assert own_of(Exposition.parse(result.stdout)).families.keys() == own_of(
        Exposition.parse(plain.stdout)).families.keys()
    assert Exposition.parse(result.stdout).broker().families == Exposition.parse(
        plain.stdout).broker().families
    assert "metric_relabel_configs" not in plain.stderr


def test_explain_goes_with_a_dry_run_alone(agent, page):
    agent.configure(config(exporter(page), nowhere()))
    for arguments in (("--once", "--explain"), ("--check-config", "--explain"), ("--explain",)):
        result = agent.run(*arguments)
        assert result.code == 2 and "--explain" in result.stderr


def test_explain_without_rules_is_a_dry_run(agent, page):
    agent.configure(config(exporter(page), nowhere()))
    result = agent.dry_run("--explain")
    assert result.code == 0
    assert_same(Exposition.parse(FAMILIES), Exposition.parse(result.stdout).broker())


# What --check-config shows

def test_check_config_shows_rules_as_a_configuration_that_says_the_same(agent, page):
    rules = {**EXPLAINED, "metric_relabel_configs": [
        *EXPLAINED["metric_relabel_configs"],
        {"source_labels": ["a", "b"], "separator": "\"\\\n", "regex": "(.*)\\\\\"\\n$",
         "target_label": "x_${1}", "replacement": "é$$\n${1}"}]}
    agent.configure(config(exporter(page, sample_limit=5, label_limit=6, honor_labels=False,
                                    label_value_length_limit=7, runtime_families="drop", **rules),
                           nowhere(**rules)))
    first = agent.check_config()
    assert first.code == 0, first.stderr
    for shown in ("sample_limit = 5;", "label_limit = 6;", "label_value_length_limit = 7;",
                  "honor_labels = false;", 'runtime_families = "drop";', 'prefix = "p_";',
                  'action = "labelkeep";', 'separator = ";";', "modulus = 7;"):
        assert shown in first.stdout, first.stdout
    second = agent.configure(first.stdout).check_config()
    assert second.code == 0, second.stderr
    assert second.stdout == first.stdout
