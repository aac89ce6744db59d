# SPDX-License-Identifier: Apache-2.0
"""The source type prometheus: its settings, how it asks, and pages that have too much."""

import pytest

from cycles import NO_TICK, assert_told_once, body, lines, peak_memory, wait_pushes
from exposition import Exposition, assert_gateway_serves, assert_same
from listeners import PAGE, Endless, Exporter, large_page, many_labels, packed_exporter
from setups import HOSTNAME, Page, config, exporter as source, sink

KEY = {"job": "exporter", "instance": HOSTNAME}
MATCH = "match[]"


def pairs(*names_and_values):
    """A list of pairs, for names that a group cannot have."""
    return [{"name": name, "value": value} for name, value in names_and_values]


@pytest.fixture
def page():
    with Exporter() as server:
        yield server


# What is asked for

@pytest.mark.parametrize("added, params, asked", (
    ("/federate", {"a": "1", "b": ""}, "/federate?a=1&b="),
    ("/federate?c=2", {"a": "1"}, "/federate?c=2&a=1"),
    ("/federate?", {"a": "1"}, "/federate?a=1"),
    ("", {"a": "1"}, "/metrics?a=1"),
    ("?c=2", {"a": "1"}, "/metrics?c=2&a=1"),
    ("/m", pairs((MATCH, "up"), (MATCH, '{job=~"a|b"}'), (MATCH, "up")),
     "/m?match%5B%5D=up&match%5B%5D=%7Bjob%3D~%22a%7Cb%22%7D&match%5B%5D=up"),
    ("/m", {"a": "b&c=d#e?f/g%20 \n\u00e4"},
     "/m?a=b%26c%3Dd%23e%3Ff%2Fg%2520%20%0A%C3%A4"),
    ("/m?a=%20+&b", pairs(("", "x")), None),
    ("/m", {"a": "${env:TEST_VALUE}", "b": "$$"}, "/m?a=x%26y&b=%24"),
), ids=range(9))
def test_params_are_added_to_the_query(agent, page, fake_gateway, added, params, asked):
    agent.configure(config(source(page, url=page.url + added, params=params), sink(fake_gateway)))
    result = agent.once(environment={"TEST_VALUE": "x&y"})
    if asked:
        assert result.code == 0, result.stderr
        assert [request.target for request in page.requests] == [asked]
    else:
        assert result.code == 3
        assert "params: has a parameter without a name" in result.stderr


def test_params_choose_what_a_real_exporter_tells(agent, node_exporter, fake_gateway):
    """The same name twice: two of its collectors, and none of the others."""
    agent.configure(config(
        source(node_exporter, params=pairs(("collect[]", "loadavg"), ("collect[]", "uname"))),
        sink(fake_gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    families = Exposition.parse(fake_gateway.pushes[0].body.decode()).families
    assert "node_load1" in families and "node_uname_info" in families
    assert "node_cpu_seconds_total" not in families and "node_time_seconds" not in families


def test_params_are_shown_by_their_names_only(agent, page, fake_gateway):
    params = pairs(("token", "this-token-is-a-secret"), (MATCH, "up"))
    agent.configure(config(source(page, params=params), sink(fake_gateway)))
    shown = agent.check_config()
    assert shown.code == 0, shown.stderr
    assert 'params = ( { name = "token"; value = "(hidden)"; }, ' \
        '{ name = "match[]"; value = "(hidden)"; } );' in shown.stdout
    page.refuse()
    result = agent.once("--log-level", "debug")
    line = assert_told_once(result.stderr, "source is down", "reason=unreachable ")
    assert f"{page.url}/metrics" in line and "token" not in line and "?" not in line


@pytest.mark.parametrize("settings, fault", (
    ({"params": {"a": "x" * 32768, "b": "x" * 32767}}, "are longer than 65536 bytes together"),
    ({"params": {"a": "x" * 32769}}, "params.a: is longer than 32768 bytes"),
    ({"type": "emqx", "params": {"a": "1"}}, "params: is no known setting"),
    ({"type": "emqx_cloud", "params": {"a": "1"}}, "params: is no known setting"),
), ids=range(4))
def test_params_that_cannot_be_are_refused(agent, page, fake_gateway, settings, fault):
    agent.configure(config(source(page, **settings), sink(fake_gateway)))
    result = agent.check_config()
    assert result.code == 3
    assert fault in result.stderr


def test_params_are_a_secret_and_no_option(agent, page, fake_gateway):
    agent.configure(config(source(page, params={"a": "1"}), sink(fake_gateway)))
    result = agent.check_config("--set", "sources.exporter.params.a=2")
    assert result.code == 3
    assert "is secret and cannot be given on the command line" in result.stderr


def quality(accept):
    """{media type: (its parameters, q)}"""
    types = {}
    for part in accept.split(","):
        media, *parameters = [text.strip() for text in part.split(";")]
        q = [text for text in parameters if text.startswith("q=")]
        types[media] = [text for text in parameters if text not in q], float((q or ["q=1"])[0][2:])
    return types


def test_text_is_preferred_and_openmetrics_taken(agent, page, fake_gateway):
    agent.configure(config(source(page), sink(fake_gateway)))
    assert agent.once().code == 0
    accept = quality(page.requests[0].header("accept"))
    assert list(accept) == ["text/plain", "application/openmetrics-text", "*/*"]
    assert accept["text/plain"] == (["version=0.0.4"], 1)
    assert accept["application/openmetrics-text"][0] == ["version=1.0.0"]
    assert 1 > accept["application/openmetrics-text"][1] > accept["*/*"][1] > 0


@pytest.mark.parametrize("content_type", (
    "application/openmetrics-text; version=1.0.0; charset=utf-8", "text/plain", "",
    "application/octet-stream"))
def test_a_page_is_read_whatever_its_type_unless_it_is_html_or_json(agent, gateway, content_type):
    with Page(PAGE + "# EOF\n", content_type) as server:
        agent.configure(config(source(server), sink(gateway)))
        assert agent.once().code == 0
    assert_gateway_serves(gateway.metrics_text(), [PAGE], KEY)


# Quoted names

QUOTED = '{"shop.orders","shop.name"="a.b"} 2\nplain{"x.y"="1"} 3\nlast 4\n'


@pytest.mark.parametrize("settings, arrives, rule, count", (
    ({}, 'shop_orders{shop_name="a.b"} 2\nplain{x_y="1"} 3\nlast 4\n', "utf8_name", 2),
    ({"metric_name_escaping_scheme": "underscores"},
     'shop_orders{shop_name="a.b"} 2\nplain{x_y="1"} 3\nlast 4\n', "utf8_name", 2),
    ({"metric_name_escaping_scheme": "refuse"}, "last 4\n", "bad_line", 2),
), ids=("default", "underscores", "refuse"))
def test_quoted_names_are_escaped_or_refused(agent, gateway, settings, arrives, rule, count):
    page = 'one{a="1"} 1\n'
    with Page(page + QUOTED) as server:
        agent.configure(config(source(server, **settings), sink(gateway)))
        result = agent.once()
    assert result.code == 0, result.stderr
    assert_gateway_serves(gateway.metrics_text(), [page + arrives], KEY)
    assert_told_once(result.stderr, "repaired what the source sends; told once", f"rule={rule} ",
                     f"count={count} ")


def test_names_that_escaping_makes_equal_are_a_duplicate(agent, gateway):
    with Page('{"a.b"} 1\n{"a-b"} 2\na_b{"c.d"="1","c-d"="2"} 3\n') as server:
        agent.configure(config(source(server), sink(gateway)))
        result = agent.once()
    assert result.code == 0, result.stderr
    assert_gateway_serves(gateway.metrics_text(), ['a_b 1\na_b{c_d="1"} 3\n'], KEY)
    for rule in "duplicate_series", "duplicate_label":
        assert lines(result.stderr, "repaired what the source sends; told once")
        assert f"rule={rule} count=1 " in result.stderr


@pytest.mark.parametrize("settings, fault", (
    ({"metric_name_escaping_scheme": "dots"}, '"dots" is not one of underscores, refuse'),
    ({"metric_name_escaping_scheme": True}, "must be a text in quotes"),
    ({"type": "emqx", "metric_name_escaping_scheme": "refuse"}, "is no known setting"),
), ids=range(3))
def test_another_scheme_or_another_type_has_none(agent, page, fake_gateway, settings, fault):
    agent.configure(config(source(page, **settings), sink(fake_gateway)))
    result = agent.check_config()
    assert result.code == 3
    assert f"metric_name_escaping_scheme: {fault}" in result.stderr


# All ways at once

@pytest.mark.parametrize("room, good", ((0, True), (-1, False)))
def test_a_packed_page_comes_through_a_unix_socket_up_to_its_size(agent, gateway, tmp_path, room,
                                                                  good):
    text = large_page()
    with packed_exporter(text, unix=tmp_path / "page.sock") as server:
        agent.configure(config(
            source(server, unix_socket=str(server.unix), params={"a": "1"},
                   body_size_limit=f"{len(text) + room}B"), sink(gateway)))
        result = agent.once()
        assert [request.target for request in server.requests] == ["/metrics?a=1"]
    if good:
        assert result.code == 0, result.stderr
        assert_gateway_serves(gateway.metrics_text(), [text], KEY)
    else:
        assert_told_once(result.stderr, "source is down", "reason=too_large ")


# Too much

MEBIBYTE = 1 << 20
ENDLESS = {"close": "Content-Type: text/plain\r\n", "chunked": "Transfer-Encoding: chunked\r\n"}


def sources(*servers, **more):
    """Sources one, two, ... of one group; settings are of the first."""
    return [source(server, name=name, job_name="j", **(more if number == 0 else {}))
            for number, (name, server) in enumerate(zip(("one", "two", "three"), servers))]


def good_page(name):
    return f'# TYPE {name} gauge\n{name}{{x="1"}} 1\n'


@pytest.fixture
def others():
    """Two good exporters."""
    with Page(good_page("second")) as second, Page(good_page("third")) as third:
        yield second, third


def run_and_measure(agent, gateway, settings):
    """The push of one cycle, the log, and how much memory it took at the most."""
    agent.configure(config(settings, sink(gateway), **NO_TICK))
    running = agent.start()
    push, = wait_pushes(running, gateway, 1)
    used = peak_memory(running)
    return body(push), running.stop().stderr, used


@pytest.fixture
def base_memory(agent, others, fake_gateway):
    """What an agent takes that has nothing but good pages."""
    _, _, used = run_and_measure(agent, fake_gateway, sources(*others))
    fake_gateway.forget_requests()
    return used


@pytest.mark.parametrize("head", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("pause_s, settings, reason", (
    (0, {"timeout": "30s"}, "too_large"), (0.05, {"timeout": "1s"}, "timed_out")),
    ids=("fast", "slow"))
def test_a_page_that_never_ends_costs_its_own_source_only(
        agent, others, fake_gateway, base_memory, head, pause_s, settings, reason):
    with Endless(head, pause_s) as endless:
        pushed, log, used = run_and_measure(agent, fake_gateway,
                                            sources(endless, *others, **settings))
    assert_told_once(log, "source is down", "source=one ", f"reason={reason} ")
    assert_same(Exposition.merged(good_page(name) for name in ("second", "third")),
                pushed.broker())
    assert pushed.value("brokerpush_scrape_failures_total", source="one", reason=reason) == 1
    # A body has 16 MiB at most; sanitizers keep what was freed while its buffer grew.
    assert used - base_memory < 8 * 16 * MEBIBYTE
    assert endless.streamed < 4 * 16 * MEBIBYTE


FULL = {
    "10,000 labels on each sample": (many_labels("M", 10000), "bad_line"),
    "a value of 1 MiB on each sample": (f'M{{x="{"v" * MEBIBYTE}"}} 1\n', "too_long"),
    "a comma and no label, 100,000 times": ("M{" + 'x="1",,' * 100000 + "} 1\n", "bad_line"),
    "a label 100,000 times": ("M{" + 'x="1",' * 100000 + "} 1\n", "bad_line"),
    "an open quote on each line": (f'M{{x="{"v" * 10000} 1\n', "bad_line"),
}


@pytest.mark.parametrize("what", FULL)
def test_a_page_full_of_what_cannot_be_pushed_costs_that_only(
        agent, others, fake_gateway, base_memory, what):
    line, rule = FULL[what]
    n = 8 * MEBIBYTE // len(line)
    # A page with more bad lines than samples would be none.
    rest = "".join(f'first{{x="{number}"}} {number}\n' for number in range(n))
    with Page(rest + line * n + "last 1\n") as page:
        pushed, log, used = run_and_measure(agent, fake_gateway, sources(page, *others))
    assert_told_once(log, "repaired what the source sends; told once", "source=one ",
                     f"rule={rule} ", f"count={n} ")
    assert_same(Exposition.merged([rest + "last 1\n", good_page("second"), good_page("third")]),
                pushed.broker())
    assert pushed.value("brokerpush_repairs_total", source="one", rule=rule) == n
    assert used - base_memory < 3 * 8 * MEBIBYTE
