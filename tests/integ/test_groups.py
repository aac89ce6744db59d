# SPDX-License-Identifier: Apache-2.0
"""Several sources, several sinks: who shares a push, and what a key's values may hold."""

import re
import urllib.parse

import pytest

from exposition import Exposition, assert_gateway_serves
from peers import wait_until
from setups import (ENDPOINTS, HOSTNAME, KEY, NOBODY, PATH, Page, config,
                    emqx_source, exporter, sink)
from simulated_emqx import SimulatedEmqx


@pytest.fixture
def two_pages():
    """Exporters with a family of their own each, and one that both have."""
    with Page('# TYPE one gauge\none 1\n# TYPE both gauge\nboth{from="1"} 1\n') as first, \
            Page('# TYPE two gauge\ntwo 2\n# TYPE both gauge\nboth{from="2"} 2\n') as second:
        yield first, second


def pair(servers, first="j", second="j", **more):
    """Two sources, with a template each."""
    return [exporter(servers[0], name="first", job_name=first, **more),
            exporter(servers[1], name="second", job_name=second, **more)]


def nowhere(name, **more):
    return {"name": name, "type": "pushgateway", "url": NOBODY, **more}


def targets(server):
    return sorted(push.target for push in server.pushes)


# Who shares a push

@pytest.mark.parametrize("first, second, n_pushes", (
    ("j", "j", 1),
    ("j/a/1/b/2", "j/b/2/a/1", 1),
    ("${source}", "first", 1),
    ("x${env:TEST_EMPTYISH}", "x.", 1),
    ("j", "k", 2),
    ("j/a/1", "j/a/2", 2),
    ("j/a/1", "j/b/1", 2),
    ("j/a/1", "j", 2),
    ("${source}", "${source}", 2),
    ("J", "j", 2),
))
def test_equal_keys_share_a_push_and_others_do_not(agent, two_pages, recorded, first, second,
                                                   n_pushes):
    agent.configure(config(pair(two_pages, first, second), sink(recorded)))
    result = agent.once(environment={"TEST_EMPTYISH": "."})
    assert result.code == 0, result.stderr
    assert len(recorded.requests) == n_pushes
    assert len(recorded.gateway.groups()) == n_pushes
    served = Exposition.parse(recorded.metrics_text())
    for name, value in (("one", 1), ("two", 2)):
        assert served.value(name) == value
    assert len(served.series("both")) == 2
    # Of each push: itself, and its sources only.
    assert len(served.series("brokerpush_build_info")) == n_pushes
    assert len(served.series("brokerpush_source_up")) == 2
    for push in recorded.pushes:
        assert push.body.count(b"# TYPE both ") == 1


def test_two_brokers_with_one_node_name_share_the_default_group(agent, emqx, recorded):
    """Their own endpoints: one tells stats, the other auth."""
    agent.configure(config([emqx_source(emqx, name="a", endpoints=["stats"]),
                            emqx_source(emqx, name="b", endpoints=["auth"])], sink(recorded)))
    assert agent.once().code == 0
    assert targets(recorded) == [PATH]
    group = assert_gateway_serves(recorded.metrics_text(),
                                  [emqx.page("stats"), emqx.page("auth")], KEY)
    assert {dict(labels)["source"] for labels in group.series("brokerpush_source_up")} == {
        "a", "b"}


def test_a_shared_key_may_come_from_different_templates_and_status(agent, emqx, two_pages,
                                                                   recorded):
    """What /status tells counts as what the configuration spells."""
    source = emqx_source(emqx)
    del source["node"]
    agent.configure(config(
        [source, exporter(two_pages[0], job_name="emqx/instance/emqx~127.0.0.1")],
        sink(recorded)))
    assert agent.once().code == 0
    assert targets(recorded) == [PATH]


@pytest.mark.parametrize("post", (False, True))
def test_one_body_goes_to_two_sinks(agent, two_pages, fake_gateway, recorded, post):
    second = sink(fake_gateway, name="other", **({"method": "post"} if post else {}))
    agent.configure(config(pair(two_pages), [sink(recorded), second]))
    assert agent.once().code == 0
    (one,), (other,) = recorded.pushes, fake_gateway.pushes
    assert one.body == other.body and one.target == other.target
    assert (one.method, other.method) == ("PUT", "POST" if post else "PUT")


def test_sinks_may_group_the_same_sources_differently(agent, two_pages, fake_gateway, recorded):
    """Renaming a label for one sink's key leaves the other sink's body alone."""
    with Page('m{a="own"} 1\n') as page:
        agent.configure(config(
            [exporter(page, name="first"), exporter(two_pages[0], name="second")],
            [sink(recorded, job_name="j/a/x"), sink(fake_gateway, name="other")]))
        assert agent.once().code == 0
    assert targets(recorded) == ["/metrics/job/j/a/x"]
    assert targets(fake_gateway) == [f"/metrics/job/first/instance/{HOSTNAME}",
                                     f"/metrics/job/second/instance/{HOSTNAME}"]
    assert b'm{exported_a="own"} 1\n' in recorded.pushes[0].body
    first, = [push for push in fake_gateway.pushes if "first" in push.target]
    assert b'm{a="own"} 1\n' in first.body and b"\none " not in first.body


def test_a_source_s_own_template_wins_over_the_sink_s(agent, emqx, two_pages, fake_gateway):
    agent.configure(config(
        [emqx_source(emqx), exporter(two_pages[0], job_name="own/of/${source}")],
        [sink(fake_gateway, job_name="of_sink/s/${source}")]))
    assert agent.once().code == 0
    assert targets(fake_gateway) == ["/metrics/job/of_sink/s/emqx",
                                     "/metrics/job/own/of/exporter"]


def test_a_prometheus_source_s_default_key_is_its_name_and_this_machine(agent, two_pages,
                                                                        recorded):
    agent.configure(config(exporter(two_pages[0], name="node-1"), sink(recorded)))
    assert agent.once().code == 0
    assert recorded.gateway.groups() == [{"job": "node-1", "instance": HOSTNAME}]


# Each with its own outcome

def test_a_source_that_is_down_leaves_the_others_of_its_group_alone(agent, two_pages, recorded):
    two_pages[0].refuse()
    agent.configure(config(pair(two_pages), sink(recorded)))
    result = agent.once()
    assert result.code == 4
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert group.value("two") == 2 and group.value("one") is None
    assert group.value("brokerpush_source_up", source="first") == 0
    assert group.value("brokerpush_source_up", source="second") == 1
    assert "source=first reason=unreachable" in result.stderr
    assert "source=second" not in result.stderr


def test_a_source_that_is_down_never_leads_to_an_empty_push(agent, two_pages, recorded):
    recorded.gateway.push("/metrics/job/a", "stale 1\n")
    two_pages[0].refuse()
    agent.configure(config(pair(two_pages, "a", "b"), sink(recorded)))
    assert agent.once().code == 4
    group = Exposition.parse(recorded.metrics_text()).group(job="a")
    assert group.value("brokerpush_source_up", source="first") == 0
    assert group.value("brokerpush_build_info") == 1 and group.value("stale") is None


def test_sinks_fail_each_by_itself(agent, two_pages, recorded, fake_gateway):
    fake_gateway.set_fault("status", code=400, text="not here")
    agent.configure(config(pair(two_pages, "a", "b"), [
        nowhere("gone"), sink(fake_gateway, name="rejects"), sink(recorded)]))
    result = agent.once()
    assert result.code == 4
    assert targets(recorded) == ["/metrics/job/a", "/metrics/job/b"]
    assert len(fake_gateway.pushes) == 2
    for name, n_lines in (("gone", 2), ("rejects", 2), ("gateway", 0)):
        assert len(re.findall(rf'msg="push failed" sink={name} ', result.stderr)) == n_lines
    assert result.stderr.count("accepted, ") == 2


# Conflicts within a group

CLASHING = (
    "# TYPE m gauge\nm 1\n# TYPE only_1 gauge\nonly_1 1\n",
    "# TYPE m counter\nm{a=\"1\"} 2\n# TYPE only_2 gauge\nonly_2 2\n",
)


def test_of_unlike_types_the_first_source_s_family_stays(agent, recorded):
    with Page(CLASHING[0]) as first, Page(CLASHING[1]) as second:
        agent.configure(config(pair((first, second)), sink(recorded)))
        result = agent.once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert group.families["m"].type == "gauge" and group.value("m") == 1
    assert group.value("only_1") == 1 and group.value("only_2") == 2
    assert group.value("brokerpush_quarantined_families", source="first") == 0
    assert group.value("brokerpush_quarantined_families", source="second") == 1
    line, = [line for line in result.stderr.splitlines() if "left out" in line]
    for words in ("source=second", "family=m", "first"):
        assert words in line


UNLIKE = {  # what a gateway does not take side by side, in any two of its groups
    "a type": ("# TYPE m gauge\nm 1\n", "# TYPE m counter\nm 2\n", "m"),
    "a part behind its histogram": ('# TYPE m histogram\nm_bucket{le="+Inf"} 1\nm_sum 1\nm_count 1\n',
                                    "# TYPE m_count counter\nm_count 2\n", "m_count"),
    "a part before its histogram": (
        "m_bucket 2\n", '# TYPE m histogram\nm_bucket{le="+Inf"} 1\nm_sum 1\nm_count 1\n', "m"),
    "a part behind its summary": ("# TYPE m summary\nm_sum 1\nm_count 1\n",
                                  "# TYPE m_sum gauge\nm_sum 2\n", "m_sum"),
    "a part before its summary": ("# TYPE m_count gauge\nm_count 2\n",
                                  "# TYPE m summary\nm_sum 1\nm_count 1\n", "m"),
}


@pytest.mark.parametrize("pages", UNLIKE.values(), ids=UNLIKE)
def test_of_families_in_two_groups_that_a_gateway_refuses_the_first_stays(agent, gateway, pages):
    first_page, second_page, name = pages
    with Page(first_page + "one 1\n") as first, Page(second_page + "two 2\n") as second:
        agent.configure(config(pair((first, second), "j", "k"), sink(gateway)))
        result = agent.once()
    assert result.code == 0, result.stderr
    groups = {job: Exposition.parse(gateway.metrics_text()).group(job=job) for job in "jk"}
    assert groups["j"].value("one") == 1 and groups["k"].value("two") == 2
    assert set(groups["j"].families) >= set(Exposition.parse(first_page).families)
    assert not set(groups["k"].families) & {name, "m", "m_count", "m_sum", "m_bucket"}
    line, = [line for line in result.stderr.splitlines() if "left out" in line]
    for words in ("source=second", f"family={name} ", "another group"):
        assert words in line


class LatePage(Page):
    """Answers only once the other one was asked and has answered."""

    other = None

    def handle(self, connection, request):
        wait_until(lambda: any(asked.answered for asked in self.other.requests), "the other page")
        return super().handle(connection, request)


def test_the_order_of_the_configuration_decides_and_not_that_of_answers(agent, recorded):
    with LatePage(CLASHING[0]) as first, Page(CLASHING[1]) as second:
        first.other = second
        agent.configure(config(pair((first, second)), sink(recorded)))
        assert agent.once().code == 0
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert group.families["m"].type == "gauge"
    assert group.value("brokerpush_quarantined_families", source="second") == 1


def test_of_equal_series_the_first_source_s_stays_and_the_log_names_the_remedies(agent,
                                                                               recorded):
    pages = ('# TYPE m gauge\nm{a="1",b="2"} 1\n', '# TYPE m gauge\nm{b="2",a="1"} 9\nm{c="3"} 3\n')
    with Page(pages[0]) as first, Page(pages[1]) as second:
        agent.configure(config(pair((first, second)), sink(recorded)))
        result = agent.once()
    assert result.code == 0, result.stderr
    group = Exposition.parse(recorded.metrics_text()).group(job="j")
    assert group.value("m", a="1") == 1 and group.value("m", c="3") == 3
    line, = [line for line in result.stderr.splitlines() if "duplicate_series" in line]
    for words in ("source=second", "source first", "labels", "job_name", "count=1"):
        assert words in line


def test_labels_tell_equal_series_of_two_sources_apart(agent, recorded):
    with Page("m 1\n") as first, Page("m 2\n") as second:
        sources = pair((first, second))
        sources[0]["labels"], sources[1]["labels"] = {"of": "1"}, {"of": "2"}
        agent.configure(config(sources, sink(recorded)))
        result = agent.once()
    assert result.code == 0 and "duplicate" not in result.stderr
    served = Exposition.parse(recorded.metrics_text())
    assert (served.value("m", of="1"), served.value("m", of="2")) == (1, 2)


def test_a_conflict_is_counted_in_timer_mode(agent, gateway):
    with Page(CLASHING[0] + 'd{a="1"} 1\n') as first, Page(CLASHING[1] + 'd{a="1"} 2\n') as second:
        agent.configure(config(pair((first, second)), sink(gateway)))
        running = agent.start("--set=interval=1s", "--set=splay=0s")
        running.wait_log("first push accepted")
        result = running.stop()
    assert result.code == 0
    group = Exposition.parse(gateway.metrics_text()).group(job="j")
    assert group.value("brokerpush_repairs_total", source="second", rule="duplicate_series") >= 1
    assert not group.series("brokerpush_repairs_total", source="first")
    assert group.value("brokerpush_quarantined_families", source="second") == 1
    assert group.value("d") == 1 and group.value("m") == 1


# Selecting

@pytest.mark.parametrize("arguments, missing", (
    (["--source=first"], "second"), (["--source=second"], "first"),
    (["--source=first", "--source=third"], "second")))
def test_a_push_of_half_a_group_is_refused(agent, two_pages, recorded, arguments, missing):
    """A push replaces the group, so the other half would be gone."""
    agent.configure(config(
        [*pair(two_pages, "j/a/1", "j/a/${env:TEST_ONE}"),
         exporter(two_pages[0], name="third")], sink(recorded)))
    result = agent.once(*arguments, environment={"TEST_ONE": "1"})
    assert result.code == 2
    assert f"--source {missing}" in result.stderr and "--dry-run" in result.stderr
    assert recorded.requests == [] and two_pages[0].requests == []


@pytest.mark.parametrize("sources, pushed", (
    (["first", "second"], ["/metrics/job/j"]), (["second", "first", "first"], ["/metrics/job/j"]),
    (["third"], [f"/metrics/job/third/instance/{HOSTNAME}"])))
def test_a_push_of_whole_groups_may_be_selected(agent, two_pages, recorded, sources, pushed):
    agent.configure(config(
        [*pair(two_pages), exporter(two_pages[0], name="third")], sink(recorded)))
    result = agent.once(*[f"--source={name}" for name in sources])
    assert result.code == 0, result.stderr
    assert targets(recorded) == pushed


@pytest.mark.parametrize("known", ("a", "b", "neither"))
def test_half_a_group_is_refused_where_a_node_is_not_known_yet(agent, emqx, recorded, known):
    """Two sources at one URL are one broker, whichever of them says its name."""
    sources = [emqx_source(emqx, name="a", endpoints=["stats"]),
               emqx_source(emqx, name="b", endpoints=["auth"])]
    for source in sources:
        if source["name"] != known:
            del source["node"]
    agent.configure(config(sources, sink(recorded)))
    for name, missing in (("a", "b"), ("b", "a")):
        result = agent.once(f"--source={name}")
        assert result.code == 2 and f"--source {missing}" in result.stderr
    assert recorded.requests == [] and emqx.requests == []


@pytest.mark.parametrize("names, is_refused", (
    ({}, True), ({"a": "c"}, True), ({"a": "c", "b": "c"}, True), ({"a": "c", "b": "d"}, False)),
    ids=("neither", "one", "the same", "different"))
def test_half_a_group_is_refused_where_a_cluster_is_not_known_yet(agent, recorded, names,
                                                                  is_refused):
    """Two brokers may be of one cluster, for all that is known."""
    with SimulatedEmqx() as first, SimulatedEmqx() as second:
        agent.configure(config([
            emqx_source(server, name=name, endpoints=["stats"], job_name="${cluster_name}",
                        **({"cluster_name": names[name]} if name in names else {}))
            for name, server in (("a", first), ("b", second))], sink(recorded)))
        for name, missing in (("a", "b"), ("b", "a")):
            result = agent.once(f"--source={name}")
            assert result.code == (2 if is_refused else 0)
            assert (f"--source {missing}" in result.stderr) == is_refused
        assert targets(recorded) == ([] if is_refused else ["/metrics/job/c", "/metrics/job/d"])
        assert bool(first.requests or second.requests) == (not is_refused)


def test_half_a_group_may_be_looked_at(agent, two_pages):
    result = agent.configure(config(pair(two_pages), nowhere("g"))).dry_run("--source=second")
    assert result.code == 0, result.stderr
    body = Exposition.parse(result.stdout)
    assert body.value("two") == 2 and "one" not in body.families
    assert two_pages[0].requests == []


def test_a_sink_may_be_selected(agent, two_pages, fake_gateway, recorded):
    agent.configure(config(pair(two_pages), [sink(recorded), sink(fake_gateway, name="other")]))
    assert agent.once("--sink=other").code == 0
    assert targets(fake_gateway) == ["/metrics/job/j"] and recorded.requests == []


def test_a_group_may_be_selected_by_its_url(agent, two_pages, recorded):
    agent.configure(config(pair(two_pages, "a", "b"), sink(recorded)))
    assert agent.once(f"--group={recorded.url}/metrics/job/b").code == 0
    assert targets(recorded) == ["/metrics/job/b"]
    result = agent.once(f"--group={recorded.url}/metrics/job/c")
    assert result.code == 2 and "/metrics/job/c" in result.stderr
    assert len(recorded.requests) == 1


# --dry-run of several groups

def several(agent, two_pages):
    return agent.configure(config(pair(two_pages, "a", "b"), [
        nowhere("x"), nowhere("y", url=f"{NOBODY}/y")]))


def test_dry_run_of_several_groups_is_refused_with_their_list(agent, two_pages):
    result = several(agent, two_pages).dry_run()
    assert (result.code, result.stdout) == (2, "")
    for name, base in (("x", NOBODY), ("y", f"{NOBODY}/y")):
        for job in ("a", "b"):
            assert f"--sink {name} --group {base}/metrics/job/{job}\n" in result.stderr


@pytest.mark.parametrize("arguments", (
    ["--sink=x", f"--group={NOBODY}/metrics/job/b"], [f"--group={NOBODY}/metrics/job/b"],
    ["--sink=x", "--source=second"]))
def test_dry_run_of_a_selected_group_prints_its_body(agent, two_pages, arguments):
    result = several(agent, two_pages).dry_run(*arguments)
    assert result.code == 0, result.stderr
    assert result.stderr == f"PUT {NOBODY}/metrics/job/b\n"
    assert Exposition.parse(result.stdout).value("two") == 2


def test_output_writes_one_file_a_group(agent, two_pages, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    result = several(agent, two_pages).dry_run(f"--output={folder}")
    assert (result.code, result.stdout) == (0, ""), result.stderr
    files = sorted(folder.iterdir())
    assert len(files) == 4
    assert {path.name.partition("+")[0] for path in files} == {"x", "y"}
    for path in files:
        body = Exposition.parse(path.read_text())
        assert body.value("one" if path.stem.endswith("a") else "two") is not None
        assert str(path) in result.stderr
    assert result.stderr.count("PUT ") == 4


# Values of keys

VALUES = (
    "a/b", "/", "//", "..", ".", "../..", "...", "a/../../b", "a b", " ", "+", "a+b", "%", "%2F",
    "%2e%2e", "a%20b", 'quote"d', "back\\slash", "line\nfeed", "tab\t", "ü", "日本語", "🙂", "?",
    "a?b=c", "#", "a#b", "&", "=", "@", "a@base64", "@base64", "~", "-_.~", "$", "${name}", "*",
    "{}", ";", ":", "a:b", "<>", "\x01\x7f", "x" * 3000, "ÿ" * 500, "a,b", "'", "=="
)


@pytest.mark.parametrize("value", VALUES, ids=[ascii(value)[:20] for value in VALUES])
def test_no_byte_of_a_value_becomes_structure(agent, two_pages, recorded, value):
    """The gateway serves exactly this value, whatever it holds, as job and as another label."""
    agent.configure(config(
        exporter(two_pages[0],
                 job_name="${env:TEST_VALUE}/a/${env:TEST_VALUE}/z/x-${env:TEST_VALUE}"),
        sink(recorded)))
    result = agent.once(environment={"TEST_VALUE": value})
    assert result.code == 0, result.stderr
    assert recorded.gateway.groups() == [
        {"job": value, "a": value, "z": f"x-{value}"}]
    (push,) = recorded.requests
    assert re.fullmatch(r"/metrics/job(@base64)?/[\w~.-]+/a(@base64)?/[\w~.-]+/z(@base64)?"
                        r"/[\w~.-]+", push.target), push.target
    for segment in push.target.split("/"):
        assert urllib.parse.unquote(segment) not in (".", "..")
    checked = agent.check_config(environment={"TEST_VALUE": value})
    assert f"PUT {recorded.url}{push.target}\n" in checked.stdout
    dry = agent.dry_run("--output=.", environment={"TEST_VALUE": value})
    assert dry.code == 0, dry.stderr
    assert len(list(agent.folder.glob("*.prom"))) == 1


@pytest.mark.parametrize("node", ("a/b@h", "emqx@../..", "e q@ü", "a@b@c", '"@\\', "n@%2F", "+@+"))
def test_a_node_s_name_may_hold_anything_by_setting(agent, emqx, recorded, node):
    agent.configure(config(emqx_source(emqx, node=node), sink(recorded)))
    assert agent.once().code == 0
    name, _, host = node.partition("@")
    assert recorded.gateway.groups() == [{"job": name, "instance": f"{name}~{host}"}]


def test_a_node_s_name_by_status_may_hold_a_slash(agent, recorded):
    with SimulatedEmqx(nodes=["../é@a/b+c"]) as emqx:
        source = emqx_source(emqx)
        del source["node"]
        agent.configure(config(source, sink(recorded)))
        assert agent.once().code == 0
    assert recorded.gateway.groups() == [{"job": "../é", "instance": "../é~a/b+c"}]


# Keys that are not known

@pytest.mark.parametrize("template, node", (
    ("j/h/${host}", "without-host"), ("${host}", "emqx@"), ("${name}", "@host"),
    ("j/n/${name}", "@")))
def test_an_empty_value_keeps_its_group_at_home(agent, emqx, two_pages, recorded, template, node):
    """A gateway would take it for a group without that label, and the others go their way."""
    agent.configure(config([emqx_source(emqx, node=node, job_name=template),
                            exporter(two_pages[0], job_name="other")], sink(recorded)))
    result = agent.once()
    assert result.code == 4
    assert targets(recorded) == ["/metrics/job/other"]
    assert "reason=empty_key_value" in result.stderr and "is empty" in result.stderr
    checked = agent.check_config()
    assert checked.code == 0 and "nothing: " in checked.stdout


def test_a_value_that_is_not_utf8_keeps_its_group_at_home(agent, emqx, recorded):
    """One such push makes a gateway refuse everybody's."""
    agent.configure(config(emqx_source(emqx, job_name="a/b/${env:TEST_VALUE}"), sink(recorded)))
    value = b"a\xff".decode(errors="surrogateescape")
    result = agent.once(environment={"TEST_VALUE": value})
    assert result.code in (1, 3) and "UTF-8" in result.stderr
    assert recorded.requests == []


@pytest.mark.parametrize("fault", ("500", "html", "empty", "binary"))
def test_while_the_node_is_unknown_nothing_is_pushed_for_it(agent, emqx, two_pages, recorded,
                                                            fault):
    emqx.set_fault(fault, "status")
    source = emqx_source(emqx)
    del source["node"]
    agent.configure(config([source, exporter(two_pages[0], job_name="other")], sink(recorded)))
    result = agent.once()
    assert result.code == 4
    assert targets(recorded) == ["/metrics/job/other"]
    line, = [line for line in result.stderr.splitlines() if "reason=node_unknown" in line]
    assert "node = " in line and "source=emqx" in line


def test_set_moves_a_sink(agent, two_pages, fake_gateway):
    agent.configure(config(pair(two_pages), nowhere("x")))
    assert agent.once(f"--set=sinks.x.url={fake_gateway.url}").code == 0
    assert targets(fake_gateway) == ["/metrics/job/j"]


def test_a_gateway_s_foreign_groups_stay(agent, emqx, recorded):
    recorded.gateway.push("/metrics/job/emqx", "foreign 1\n")
    recorded.gateway.push("/metrics/job/emqx/instance/other", "foreign 2\n")
    agent.configure(config(emqx_source(emqx), sink(recorded)))
    assert agent.once().code == 0
    assert len(recorded.gateway.groups()) == 3
    assert_gateway_serves(recorded.metrics_text(),
                          [emqx.page(endpoint) for endpoint in ENDPOINTS], KEY)
