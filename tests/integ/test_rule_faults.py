# SPDX-License-Identifier: Apache-2.0
"""Settings of rules and limits that are refused, and how that is said: for sources and sinks."""

import pytest

from setups import NOBODY

SOURCE = 'sources = ( {{ name = "exporter"; type = "{type}"; url = "{url}";\n{source}\n}} );\n'
SINK = 'sinks = ( {{ name = "gateway"; type = "pushgateway"; url = "{url}";\n{sink}\n}} );\n'


def check(agent, source="", sink="", type="prometheus"):
    text = (SOURCE + SINK).format(url=NOBODY, source=source, sink=sink, type=type)
    return agent.configure(text).check_config()


def relabel(rule):
    return f"metric_relabel_configs = ( {{ {rule} }} );"


FIRST = "metric_relabel_configs[0]"
RULE_FAULTS = (  # the rule, the part of it that is named, what is said
    ('action = "change"; target_label = "a";', "action", ("replace", "labelmap", "dropequal")),
    ('action = "";', "action", ("replace",)),
    ('action = 5;', "action", ("text in quotes",)),
    ('target = "a";', "target", ("no known setting",)),
    ('', "target_label", ("missing",)),
    ('replacement = "x";', "target_label", ("missing",)),
    ('action = "hashmod"; modulus = 5;', "target_label", ("missing", "hashmod")),
    ('action = "lowercase"; source_labels = ["a"];', "target_label", ("missing", "lowercase")),
    ('action = "uppercase"; source_labels = ["a"];', "target_label", ("missing", "uppercase")),
    ('action = "keepequal"; source_labels = ["a"];', "target_label", ("missing", "keepequal")),
    ('action = "dropequal"; source_labels = ["a"];', "target_label", ("missing", "dropequal")),
    ('action = "hashmod"; target_label = "a";', "modulus", ("missing",)),
    ('action = "hashmod"; target_label = "a"; modulus = 0;', "modulus", ("hashmod",)),
    ('action = "hashmod"; target_label = "a"; modulus = -1;', "modulus", ("whole number",)),
    ('action = "hashmod"; target_label = "a"; modulus = "7";', "modulus", ("whole number",)),
    # Regular expressions
    ('target_label = "a"; regex = "(x";', "regex", ("2",)),
    ('target_label = "a"; regex = "x)";', "regex", ("1",)),
    ('target_label = "a"; regex = "abc[";', "regex", ("4",)),
    ('target_label = "a"; regex = "*";', "regex", ("0",)),
    ('target_label = "a"; regex = "a{2,1}";', "regex", ("",)),
    (r'target_label = "a"; regex = "\\C";', "regex", ("",)),
    (r'target_label = "a"; regex = "a\\";', "regex", ("2",)),
    ('action = "drop"; regex = "(x";', "regex", ("2",)),
    ('action = "labeldrop"; regex = "(x";', "regex", ("2",)),
    ('action = "labelmap"; regex = "(x";', "regex", ("2",)),
    ('target_label = "a"; regex = 5;', "regex", ("text in quotes",)),
    # References
    ('target_label = "a"; replacement = "$1x";', "replacement", ("${1}",)),
    ('target_label = "a"; replacement = "$1_";', "replacement", ("${1}",)),
    ('target_label = "a"; replacement = "x$12y";', "replacement", ("${",)),
    ('target_label = "a"; replacement = "$2";', "replacement", ("2",)),
    ('target_label = "a"; replacement = "${2}";', "replacement", ("2",)),
    ('target_label = "a"; regex = "x"; replacement = "$1";', "replacement", ("1",)),
    ('target_label = "a"; regex = "x";', "replacement", ("1",)),
    ('target_label = "a"; replacement = "${name}";', "replacement", ("name",)),
    ('target_label = "a"; replacement = "${1";', "replacement", ("$",)),
    ('target_label = "a_$2"; replacement = "x";', "target_label", ("2",)),
    ('target_label = "$1x"; replacement = "x";', "target_label", ("${1}",)),
    ('action = "labelmap"; regex = "a(.)"; replacement = "$1x";', "replacement", ("${1}",)),
    ('action = "labelmap"; regex = "a"; replacement = "b$1";', "replacement", ("1",)),
    # Names of labels
    ('target_label = "a-b";', "target_label", ("a-b",)),
    ('target_label = "1a";', "target_label", ("1a",)),
    ('target_label = "é";', "target_label", ("label name",)),
    ('target_label = "a b$1";', "target_label", ("label name",)),
    ('target_label = "$1-";', "target_label", ("",)),
    ('target_label = "a"; source_labels = ["a-b"];', "source_labels", ("a-b",)),
    ('target_label = "a"; source_labels = ["a", ""];', "source_labels", ("",)),
    ('action = "hashmod"; modulus = 5; target_label = "$1";', "target_label", ("label name",)),
    ('action = "keepequal"; target_label = "a-b";', "target_label", ("a-b",)),
    ('action = "labelmap"; replacement = "a-$1";', "replacement", ("label name",)),
    # Settings that Prometheus refuses beside these actions
    *((f'action = "{action}"; regex = "a"; {more}', named, (action,))
      for action in ("labeldrop", "labelkeep")
      for more, named in (('source_labels = ["a"];', "source_labels"),
                          ('target_label = "b";', "target_label"),
                          ('separator = ",";', "separator"), ('modulus = 2;', "modulus"),
                          ('replacement = "x";', "replacement"))),
    *((f'action = "{action}"; source_labels = ["a"]; target_label = "b"; {more}', named, (action,))
      for action in ("keepequal", "dropequal")
      for more, named in (('regex = "a";', "regex"), ('modulus = 2;', "modulus"),
                          ('separator = ",";', "separator"), ('replacement = "x";', "replacement"))),
    *((f'action = "{action}"; source_labels = ["a"]; target_label = "b"; replacement = "x";',
       "replacement", (action,)) for action in ("lowercase", "uppercase")),
)


@pytest.mark.parametrize("place", ("source", "sink"))
@pytest.mark.parametrize("rule, named, words", RULE_FAULTS, ids=[row[0] for row in RULE_FAULTS])
def test_a_faulty_rule_is_refused_and_the_setting_in_it_named(agent, place, rule, named, words):
    owner = {"source": "sources.exporter", "sink": "sinks.gateway"}[place]
    check_fault(agent, check(agent, **{place: relabel(rule)}), f"{owner}.{FIRST}.{named}", words)


def check_fault(agent, result, path, words):
    assert result.code == 3, result.stdout + result.stderr
    assert result.stdout == ""
    told = [line for line in result.stderr.splitlines()
            if line.startswith(f"{agent.config_file}:") and f": {path}: " in line]
    assert told, result.stderr
    said = told[0].partition(f": {path}: ")[2]
    assert all(word in said for word in words), result.stderr


FAULTS = (
    ('include = ["[a"];', "include", "[a"),
    ('include = ["a", "a\\\\"];', "include", "a\\"),
    ('exclude = ["[]"];', "exclude", "[]"),
    ('exclude = ["[b-a]"];', "exclude", "[b-a]"),
    ('include = 5;', "include", "text"),
    ('rename = { a-b = "c"; };', "rename", "a-b"),
    ('rename = { a = "b c"; };', "rename", "b c"),
    ('rename = { a = ""; };', "rename", ""),
    ('rename = { a = "1"; };', "rename", "1"),
    ('rename = ( { name = "a"; value = "b"; }, { name = "a"; value = "c"; } );', "rename", "a"),
    ('rename = ( { name = "a"; } );', "rename", "value"),
    ('rename = "a";', "rename", "group"),
    ('rename = { a = "brokerpush_source_up"; };', "rename", "brokerpush_source_up"),
    ('prefix = "brokerpush_";', "prefix", "brokerpush_"),
    ('prefix = "1";', "prefix", "1"),
    ('prefix = "a-";', "prefix", "a-"),
    ('prefix = "é_";', "prefix", "é_"),
    ('prefix = 5;', "prefix", "text in quotes"),
    ('metric_relabel_configs = { action = "drop"; };', "metric_relabel_configs", "list"),
    ('metric_relabel_configs = ( "drop" );', "metric_relabel_configs[0]", "group"),
    ('metric_relabel_config = ( );', "metric_relabel_config", "metric_relabel_configs"),
)
SOURCE_FAULTS = (
    ("sample_limit = -1;", "sample_limit", "whole number"),
    ('sample_limit = "5";', "sample_limit", "whole number"),
    ("label_limit = 257;", "label_limit", "256"),
    ("label_limit = -1;", "label_limit", "whole number"),
    ("label_value_length_limit = -1;", "label_value_length_limit", "whole number"),
    ('honor_labels = "no";', "honor_labels", "true or false"),
    ('runtime_families = "keep";', "runtime_families", "label, drop, prefix"),
    ("runtime_families = true;", "runtime_families", "text in quotes"),
)


@pytest.mark.parametrize("line, named, words", FAULTS, ids=[row[0] for row in FAULTS])
@pytest.mark.parametrize("place", ("source", "sink"))
def test_a_faulty_setting_of_families_is_refused(agent, place, line, named, words):
    owner = {"source": "sources.exporter", "sink": "sinks.gateway"}[place]
    result = check(agent, **{place: line})
    assert result.code == 3, result.stdout
    assert any(f": {owner}.{named}" in told and words in told
               for told in result.stderr.splitlines()), result.stderr


@pytest.mark.parametrize("line, named, words", SOURCE_FAULTS, ids=[row[0] for row in SOURCE_FAULTS])
def test_a_faulty_limit_is_refused(agent, line, named, words):
    check_fault(agent, check(agent, source=line), f"sources.exporter.{named}", (words,))


@pytest.mark.parametrize("line", ("sample_limit = 5;", "label_limit = 5;", "honor_labels = true;",
                                  "label_value_length_limit = 5;", 'runtime_families = "drop";'))
def test_limits_are_of_sources_alone(agent, line):
    result = check(agent, sink=line)
    assert result.code == 3 and f"sinks.gateway.{line.split()[0]}: " in result.stderr


def test_runtime_families_are_of_sources_of_any_page_alone(agent):
    result = check(agent, source='runtime_families = "drop";', type="emqx")
    assert result.code == 3 and "sources.exporter.runtime_families: " in result.stderr


def test_all_faults_of_all_rules_are_told_together(agent):
    rules = ('metric_relabel_configs = ( { target_label = "a-"; }, { action = "drop"; },\n'
             '  { action = "hashmod"; }, { action = "keep"; regex = "("; } );')
    result = check(agent, source=rules, sink=rules)
    for owner in ("sources.exporter", "sinks.gateway"):
        for path in ("[0].target_label", "[2].target_label", "[2].modulus", "[3].regex"):
            assert f": {owner}.metric_relabel_configs{path}: " in result.stderr
        assert f"{owner}.metric_relabel_configs[1]" not in result.stderr


# Two sinks that push to one group

RULES = 'include = [ "a" ];'
TWO_SINKS = ('sinks = ( {{ name = "first"; type = "pushgateway"; url = "{url}"; {first} }},\n'
             '  {{ name = "second"; type = "pushgateway"; url = "{url}"; {second} }} );\n')


def check_two(agent, first, second):
    text = (SOURCE + TWO_SINKS).format(url=NOBODY, source="", type="prometheus", first=first,
                                       second=second)
    return agent.configure(text).check_config()


@pytest.mark.parametrize("first, second", (
    ("", RULES), (RULES, ""), (RULES, 'include = [ "b" ];'),
    (RULES, 'method = "post";'), (RULES + ' job_name = "j";', 'job_name = "j";')))
def test_a_sink_that_would_replace_what_another_pushes_is_refused(agent, first, second):
    check_fault(agent, check_two(agent, first, second), "sinks.second.url",
                ("sink first", "other rules", "job_name", "post"))


@pytest.mark.parametrize("first, second", (
    (RULES, RULES), ("", ""), ('job_name = "j";', RULES),
    ('method = "post";', 'method = "post"; ' + RULES),
    ("", RULES + ' headers = { X-Scope-OrgID = "b"; };'),
    ("", RULES + ' unix_socket = "/run/gateway";')))
def test_sinks_that_do_not_are_taken(agent, first, second):
    result = check_two(agent, first, second)
    assert result.code == 0, result.stderr


# What Prometheus takes, though it means nothing there

@pytest.mark.parametrize("rule", (
    'action = "labelmap"; source_labels = ["a"]; regex = "a";  replacement = "b";',
    'action = "hashmod"; regex = "x"; target_label = "b"; modulus = 2;',
    'action = "lowercase"; regex = "x"; source_labels = ["a"]; target_label = "b";',
    'action = "drop"; target_label = "b";',
    'action = "Drop"; source_labels = ["a"];',
    'action = "keep"; replacement = "b";',
    'regex = "(?P<first>.)(?P<rest>.*)"; replacement = "$first-$rest"; target_label = "b";',
    'regex = "(?i)x(?:y|z){1,3}[[:digit:]]+\\\\.\\\\d$"; replacement = ""; target_label = "b";',
    'source_labels = ["__name__", "__tmp"]; target_label = "__tmp";',
    'source_labels = []; target_label = "a";',
    'target_label = "${1}_x$1";',
    'target_label = "a"; replacement = "$$1 $$";',
    'target_label = "a"; separator = "";',
))
def test_what_prometheus_takes_is_taken(agent, rule):
    result = check(agent, source=relabel(rule), sink=relabel(rule))
    assert result.code == 0, result.stderr
