# SPDX-License-Identifier: Apache-2.0
"""The configuration, its overrides and the command line: what is refused, and how that is said."""

import os
import re

import pytest

from exposition import Exposition
from setups import NOBODY, PATH, config, emqx_source, sink

# A good configuration, a setting a line; a fault replaces a line or adds one.
GOOD = {
    "top": {"interval": 'interval = "15s";'},
    "source": {"name": 'name = "emqx";', "type": 'type = "emqx";', "url": 'url = "@BROKER@";',
               "node": 'node = "emqx@127.0.0.1";'},
    "sink": {"name": 'name = "gateway";', "type": 'type = "pushgateway";',
             "url": 'url = "@GATEWAY@";'},
}
OWN_PATH = {"top": "", "source": "sources.emqx.", "sink": "sinks.gateway."}
ENVIRONMENT = {"TEST_EMPTY": "", "TEST_VALUE": "value", "TEST_BREAK": "a\r\nX-Evil: 1"}


def key_of(line):
    return re.match(r"\w+", line).group()


def text_with(*changes):
    """The configuration's text with changes (place, line), or (place, key, None) to leave out."""
    settings = {place: dict(lines) for place, lines in GOOD.items()}
    for place, line, *nothing in changes:
        if nothing:
            del settings[place][line]
        else:
            settings[place][key_of(line)] = line
    lines = list(settings["top"].values())
    for place, name in (("source", "sources"), ("sink", "sinks")):
        if name not in settings["top"]:
            lines += [f"{name} = (", "{", *settings[place].values(), "}", ");"]
    return "\n".join(lines) + "\n"


def line_of(text, line):
    return text.splitlines().index(line) + 1


@pytest.fixture
def run(agent, emqx, fake_gateway):
    """run(text, *arguments): a real run against peers that must not notice; its result."""
    def start(text, *arguments, silent=True):
        text = text.replace("@BROKER@", emqx.url).replace("@GATEWAY@", fake_gateway.url)
        agent.configure(text)
        result = agent.run(*(arguments or ("--once",)), environment=ENVIRONMENT)
        if silent:
            assert emqx.requests == [] and fake_gateway.requests == []
        return result
    return start


def check_fault(agent, result, line, path, words):
    assert result.code == 3, result.stdout + result.stderr
    assert result.stdout == ""
    start = f"{agent.config_file}:{line}: {path}: "
    told = [fault for fault in result.stderr.splitlines() if fault.startswith(start)]
    assert told, f"nothing starts with {start!r}:\n{result.stderr}"
    assert any(words in fault for fault in told), result.stderr


# Each fault by itself

PLANNED = "is planned, but not in this version"
HTTP_FAULTS = (
    ('url = "ftp://127.0.0.1/";', "url", "must start with http:// or https://"),
    ('url = "file:///etc/passwd";', "url", "must start with http:// or https://"),
    ('url = "mailto:x";', "url", "http"),
    ('url = "127.0.0.1:9091";', "url", "http"),
    ('url = "gateway";', "url", "must start with http:// or https://"),
    ('url = "";', "url", "http"),
    ('url = "http://";', "url", "is no URL"),
    ('url = "http://a b/";', "url", "is no URL"),
    ('url = "http://127.0.0.1:99999";', "url", "is no URL"),
    ('url = "http://user:hidden-word@127.0.0.1:1";', "url", "basic_auth"),
    ('url = "http://user@127.0.0.1:1";', "url", "basic_auth"),
    ('url = "http:///user@127.0.0.1:1/";', "url", "has no host"),
    ('url = "http://127.0.0.1:1/?a=b";', "url", "query"),
    ('url = "http://127.0.0.1:1/#part";', "url", "fragment"),
    ('url = "${env:TEST_UNSET}";', "url", "TEST_UNSET is not set"),
    ('url = "${env:TEST_EMPTY}";', "url", "TEST_EMPTY is empty"),
    ('url = "http://${hostname}/";', "url", "only ${env:NAME}"),
    ('url = "http://${env:TEST_VALUE";', "url", "only ${env:NAME}"),
    ("url = 5;", "url", "must be a text in quotes"),
    ('name = "a b";', "name", "letters, digits"),
    ('name = "";', "name", "letters, digits"),
    ('timeout = "31s";', "timeout", "must be at most"),
    ('timeout = "0s";', "timeout", "must be at least 1ms"),
    ("timeout = 5;", "timeout", 'with a unit, such as "15s"'),
    ('tls_config = { cert_file = "/dev/null"; };', "tls_config.key_file", "is missing"),
    ('tls_config = { key_file = "/dev/null"; };', "tls_config.cert_file", "is missing"),
    ('tls_config = { ca_file = "/no/such"; };', "tls_config.ca_file", "cannot be read"),
    ('tls_config = { min_version = "SSL3"; };', "tls_config.min_version", "TLS12, TLS13"),
    ('tls_config = { insecure_skip_verify = 1; };', "tls_config.insecure_skip_verify",
     "true or false"),
    ('proxy_url = "127.0.0.1:1";', "proxy_url", "must be like"),
    ('proxy_url = "http://127.0.0.1:1"; unix_socket = "/x";', "unix_socket", "use one of"),
    ('proxy_url = "http://127.0.0.1:1"; proxy_from_environment = true;', "proxy_url",
     "use one of"),
    (f'unix_socket = "/{"x" * 108}";', "unix_socket", "longer than"),
    (f'headers = {{ X-A = "{"x" * 40000}"; }};', "headers.X-A", "is longer than"),
    ('headers = "a: b";', "headers", "must be a group"),
    ('headers = [ "a: b" ];', "headers", "must be a group"),
    ('headers = ( "a: b" );', "headers[0]", "name"),
    ('headers = { X-A = 1; };', "headers.X-A", "must be a text in quotes"),
    (r'headers = { X-A = "1\r\nX-B: 2"; };', "headers", "line break"),
    (r'headers = { X-A = "1\n"; };', "headers", "line break"),
    ('headers = { X-A = "${env:TEST_BREAK}"; };', "headers", "line break"),
    ('headers = { X-A = "${env:TEST_UNSET}"; };', "headers.X-A", "TEST_UNSET is not set"),
    ('headers = ( { name = "X A"; value = "1"; } );', "headers", "no legal header name"),
    (r'headers = ( { name = "X\r\nB"; value = "1"; } );', "headers", "no legal header name"),
    ('headers = ( { name = "X:"; value = "1"; } );', "headers", "no legal header name"),
    ('headers = ( { name = "X-A"; } );', "headers.X-A", "value"),
    ('headers = { X-A = "1"; x-a = "2"; };', "headers", "given twice"),
    *((f'headers = {{ {name} = "1"; }};', "headers", "is set by brokerpush itself")
      for name in ("Content-Type", "content-length", "Content-Encoding", "TRANSFER-ENCODING",
                   "Host", "Connection", "Expect", "te")),
    ('basic_auth = "user:word";', "basic_auth", "must be a group"),
    ('basic_auth = ( { username = "u"; } );', "basic_auth", "must be a group"),
    ("basic_auth = { };", "basic_auth.username", "is missing"),
    ('basic_auth = { username = "u"; };', "basic_auth.password", "is missing"),
    ('basic_auth = { password = "hidden-word"; };', "basic_auth.username", "is missing"),
    ('basic_auth = { username = "u"; password = ""; };', "basic_auth.password", "is empty"),
    ('basic_auth = { username = "u:v"; password = "p"; };', "basic_auth.username", "colon"),
    (r'basic_auth = { username = "u"; password = "hidden-word\n"; };', "basic_auth.password",
     "line break"),
    ('basic_auth = { username = "u"; password = "${env:TEST_EMPTY}"; };', "basic_auth.password",
     "TEST_EMPTY is empty"),
    ('basic_auth = { username = "u"; password = "p"; password_file = "f"; };',
     "basic_auth.password", "not both"),
    ('basic_auth = { username = "u"; password_file = "absent"; };', "basic_auth.password_file",
     "cannot be read"),
    ('basic_auth = { username = "u"; pasword = "hidden-word"; };', "basic_auth.pasword",
     "the nearest is password"),
    ('authorization = { type = "Token"; };', "authorization.credentials", "is missing"),
    ('authorization = { credentials = ""; };', "authorization.credentials", "is empty"),
    ('authorization = { type = "a b"; credentials = "t"; };', "authorization.type", "scheme"),
    ('authorization = { credentials_file = "/dev/null"; };', "authorization.credentials_file",
     "is empty"),
    ('authorization = { credentials_file = "/"; };', "authorization.credentials_file",
     "cannot be read"),
)
TEMPLATE_FAULTS = (
    ("", "a segment is empty"), ("/a", "a segment is empty"), ("a/", "a segment is empty"),
    ("a//b", "a segment is empty"), ("a/b", "has no value"), ("a/b/c/d", "has no value"),
    ("a/b/c/b/d", "occurs twice"), ("a/job/b", "reserved"), ("a/le/b", "reserved"),
    ("a/quantile/b", "reserved"), ("a/source/b", "reserved"), ("a/sink/b", "reserved"),
    ("a/endpoint/b", "reserved"), ("a/__b/c", "reserved"), ("a/${name}/b", "label's name"),
    ("a/x${name}/b", "label's name"), ("a/1b/c", "no label name"), ("a/b-c/d", "no label name"),
    ("a/b:c/d", "no label name"), ("a/é/d", "no label name"),
    ("${nope}", "there is no variable ${nope}"), ("${}", "there is no variable"),
    ("${env:}", "not set"), ("a${name", "$ must be followed"), ("$name", "$ must be followed"),
    ("a$", "$ must be followed"), ("${env:TEST_UNSET}", "TEST_UNSET is not set"),
    ("${env:TEST_EMPTY}", "TEST_EMPTY is empty"),
)
NEEDS_CREDENTIALS = "needs credentials; set basic_auth to an API key, or login"
CREDENTIALS = 'basic_auth = { username = "u"; password = "hidden-word"; };'
ONLY_JSON = ("metrics", "nodes", "monitor_current", "listeners", "alarms", "license", "rules",
             "banned")
ONLY_TEXT = ("schema_validation", "message_transformation", "namespaced_stats", "topic_metrics")
ENDPOINT_NAMES = ", ".join(("all", "stats", "auth", "data_integration", *ONLY_TEXT, *ONLY_JSON))
FAULTS = (
    *(("top", f'interval = "{wrong}";', "interval", "is no duration")
      for wrong in ("15", "15 s", "15sec", "1s1m", "-1s", "", "s", "1.5s", "9999999999999s")),
    ("top", 'interval = "999ms";', "interval", "must be at least 1s"),
    ("top", 'interval = "0";', "interval", "must be at least 1s"),
    ("top", 'interval = "25h";', "interval", "must be at most 1d"),
    ("top", "interval = 15;", "interval", 'with a unit, such as "15s"'),
    ("top", "interval = 99999999999;", "interval", 'with a unit, such as "15s"'),
    ("top", 'splay = "1x";', "splay", "is no duration"),
    ("top", 'intervall = "15s";', "intervall", "the nearest is interval"),
    ("top", "labels = 5;", "labels", "must be a group"),
    ("top", 'labels = { site = ""; };', "labels", "is empty"),
    ("top", r'labels = { site = "\xff"; };', "labels", "not UTF-8"),
    ("top", 'labels = { le = "1"; };', "labels", "histograms"),
    ("top", 'labels = { quantile = "1"; };', "labels", "histograms"),
    ("top", 'labels = ( { name = "a-b"; value = "1"; } );', "labels", "no label name"),
    ("top", 'labels = ( { name = "__a"; value = "1"; } );', "labels", "no label name"),
    ("top", 'labels = ( { name = "a"; value = "1"; }, { name = "a"; value = "1"; } );', "labels",
     "given twice"),
    ("top", 'labels = { instance = "a"; };', "labels", "grouping key"),
    ("top", 'log = "info";', "log", "must be a group"),
    ("top", 'log = { level = "loud"; };', "log.level", "is not one of error, warn, info, debug"),
    ("top", 'log = { format = "xml"; };', "log.format", "is not one of logfmt, json"),
    ("top", 'log = { levle = "info"; };', "log.levle", "the nearest is level"),
    ("top", 'strict_permissions = "true";', "strict_permissions", "must be true or false"),
    ("top", 'state_dir = "state";', "state_dir", "must be a whole path"),
    ("top", 'state_dir = "";', "state_dir", "must be a whole path"),
    ("top", "sources = { };", "sources", "must be a list of groups"),
    ("top", 'sources = "emqx";', "sources", "must be a list of groups"),
    ("top", "sources = ( 5 );", "sources[0]", "must be a group"),
    ("top", "sources = ( );", "sources", "is empty"),
    ("top", "sinks = ( );", "sinks", "is empty"),
    ("source", 'type = "rabbitmq";', "type", "is not one of emqx, emqx_clients, emqx_cloud, json, prometheus"),
    ("source", 'body_size_limit = "16MB";', "body_size_limit", "is no size"),
    ("source", 'body_size_limit = "0B";', "body_size_limit", "must be at least 1B"),
    ("source", "body_size_limit = 16;", "body_size_limit", 'such as "16MiB"'),
    ("source", 'timeout = "7501ms";', "timeout", "must be at most 7500 ms"),
    ("source", 'on_failure = "keep";', "on_failure", PLANNED),
    ("source", "every = 2;", "every", PLANNED),
    ("source", 'collect = "x";', "collect", "is not one of auto, text, json"),
    ("source", 'collect = "json";', "collect", f'"json" {NEEDS_CREDENTIALS}'),
    *(("source", f"endpoints = {wrong};", "endpoints", words) for wrong, words in (
        ('[ "stat" ]', f'"stat" is not one of {ENDPOINT_NAMES}'),
        ('"stat"', f'"stat" is not one of {ENDPOINT_NAMES}'),
        ('"auth,, stats"', f'"" is not one of {ENDPOINT_NAMES}'),
        ('[ "stats", "stats" ]', '"stats" is given twice'),
        ('"stats, auth, stats"', '"stats" is given twice'),
        ('[ "all", "stats" ]', '"all" stands alone; remove it or the others'),
        ('"stats, all"', '"all" stands alone; remove it or the others'),
        ("[ ]", "is empty"), ('""', "is empty"), ("5", "must be a list of texts"))),
    *(("source", f'endpoints = "stats, {name}";', "endpoints", f'"{name}" {NEEDS_CREDENTIALS}')
      for name in ONLY_JSON),
    *(("source", f'collect = "text"; endpoints = "{name}"; {CREDENTIALS}', "endpoints",
       f'"{name}" has no text, but collect is "text"') for name in ONLY_JSON),
    *(("source", f'collect = "json"; endpoints = "{name}"; {CREDENTIALS}', "endpoints",
       f'"{name}" has no JSON, but collect is "json"') for name in ONLY_TEXT),
    ("source", "unknown_keys = 1;", "unknown_keys", "must be true or false"),
    ("source", 'only_global = "yes";', "only_global", "must be true or false"),
    ("source", 'ns = "a"; only_global = true;', "only_global", "does not go with ns"),
    *(("source", f'collect = "json"; {namespaced}; {CREDENTIALS}', "collect",
       '"json" knows no namespaces; remove ns and only_global, or this')
      for namespaced in ('ns = "a"', "only_global = true")),
    ("source", 'ns = "";', "ns", "is empty"),
    ("source", r'ns = "\xff";', "ns", "is not UTF-8"),
    ("source", r'node = "\xff";', "node", "is not UTF-8"),
    ("source", 'login = "admin";', "login", "must be a group"),
    ("source", "login = { };", "login.username", "is missing, empty or not UTF-8"),
    ("source", "login = { };", "login.password", "is missing; give it or password_file"),
    ("source", 'login = { username = "u"; };', "login.password", "is missing"),
    ("source", 'login = { username = ""; password = "hidden-word"; };', "login.username",
     "is missing, empty"),
    ("source", 'login = { username = "u"; password = ""; };', "login.password", "is empty"),
    ("source", r'login = { username = "u"; password = "hidden-word\n"; };', "login.password",
     "line break"),
    ("source", 'login = { username = "u"; password = "p"; password_file = "f"; };',
     "login.password", "not both"),
    ("source", 'login = { username = "u"; password_file = "absent"; };', "login.password_file",
     "cannot be read"),
    ("source", 'login = { username = "u"; pasword = "hidden-word"; };', "login.pasword",
     "the nearest is password"),
    *(("source", f'login = {{ username = "u"; password = "hidden-word"; }}; {other}', "login",
       "use one of login, basic_auth, authorization and a header Authorization") for other in (
        CREDENTIALS, 'authorization = { credentials = "t"; };',
        'headers = { authorization = "t"; };')),
    ("source", 'endpoints = { stats = "1"; };', "endpoints", "must be a list of texts"),
    ("source", "endpoints = [ 1 ];", "endpoints[0]", "must be a text"),
    ("source", 'mode = "cluster";', "mode", "all_nodes_unaggregated"),
    ("source", 'node = "";', "node", "is empty"),
    ("source", 'labels = { instance = "emqx~127.0.0.1"; };', "labels", "grouping key"),
    ("source", 'labels = { job = "a"; };', "labels", "grouping key"),
    ("sink", 'timeout = "5251ms";', "timeout", "must be at most 5250 ms"),
    *(("sink", f"every = {wrong};", "every", "must be a whole number from 1 to 1000000")
      for wrong in ("0", "-1", "1000001", "9999999999L", '"2"', "2.0", "true", "[ 2 ]")),
    ("sink", 'type = "kafka";', "type", "is not one of pushgateway"),
    ("sink", 'method = "patch";', "method", "is not one of put, post"),
    ("sink", 'metod = "put";', "metod", "the nearest is method"),
    ("sink", 'compression = "zip";', "compression", "is not one of auto, gzip, none"),
    *((place, *fault) for place in ("source", "sink") for fault in HTTP_FAULTS),
    *((place, f'job_name = "{template}";', "job_name", words)
      for place in ("source", "sink") for template, words in TEMPLATE_FAULTS),
)


@pytest.mark.parametrize("place, line, path, words", FAULTS,
                         ids=[f"{fault[0]}: {fault[1]}" for fault in FAULTS])
def test_fault_is_told_with_file_line_and_path(agent, run, place, line, path, words):
    text = text_with((place, line))
    # An element is called by its name, so a fault in the name shows the faulty one.
    own = OWN_PATH[place]
    if key_of(line) == "name":
        own = f"{own.split('.')[0]}.{line.split(chr(34))[1]}."
    result = run(text)
    check_fault(agent, result, line_of(text, line), own + path, words)
    assert "hidden-word" not in result.stderr


@pytest.mark.parametrize("place, key", (
    ("source", "name"), ("source", "type"), ("source", "url"),
    ("sink", "name"), ("sink", "type"), ("sink", "url")))
def test_what_is_required_and_missing_is_told_at_its_group(agent, run, place, key):
    text = text_with((place, key, None))
    group = line_of(text, "sources = (" if place == "source" else "sinks = (") + 1
    own = OWN_PATH[place] if key != "name" else f"{OWN_PATH[place].split('.')[0]}[0]."
    check_fault(agent, run(text), group, own + key, "is missing")


def test_an_empty_file_lacks_sources_and_sinks(run):
    result = run("\n")
    assert result.code == 3
    assert re.search(r"sources: is missing", result.stderr)
    assert re.search(r"sinks: is missing", result.stderr)


@pytest.mark.parametrize("changes", (
    [("source", 'timeout = "5s";')], [("top", 'interval = "11s";')]))
@pytest.mark.parametrize("mode", ("all_nodes_aggregated", "all_nodes_unaggregated"))
def test_a_cluster_mode_needs_the_time_a_broker_waits(agent, run, mode, changes):
    line = f'mode = "{mode}";'
    text = text_with(("source", line), *changes)
    check_fault(agent, run(text), line_of(text, line), "sources.emqx.mode", "needs 6000 ms")


@pytest.mark.parametrize("line", (
    'authorization = { credentials = "t"; };', 'headers = { authorization = "t"; };'))
def test_credentials_are_given_in_one_way(agent, run, line):
    both = 'basic_auth = { username = "u"; password = "p"; };'
    text = text_with(("sink", both), ("sink", line))
    check_fault(agent, run(text), line_of(text, both), "sinks.gateway.basic_auth", "use one of")


def test_a_variable_that_the_source_cannot_tell_is_a_fault_of_that_source(agent, run):
    for line, variable in (('job_name = "${node}";', "${node}"),
                           ('job_name = "${cluster_name}";', "${cluster_name}")):
        text = text_with(("source", 'type = "prometheus";'), ("source", "node", None),
                         ("source", line))
        check_fault(agent, run(text), line_of(text, line), "sources.emqx.job_name", variable)
        text = text_with(("source", 'type = "prometheus";'), ("source", "node", None),
                         ("sink", line))
        check_fault(agent, run(text), line_of(text, "sources = (") + 1, "sources.emqx.job_name",
                    variable)


@pytest.mark.parametrize("own, shown", (
    ('cluster_name = "c";', "PUT http://127.0.0.1:1/metrics/job/c/instance/127.0.0.1\n"),
    ('cluster_name = "";', "${cluster_name}/instance/${host}, once the broker has told its "
     "cluster's name\n"),
    (None, "${cluster_name}/instance/${host}, once the broker has told its cluster's name\n")))
@pytest.mark.parametrize("place", ("source", "sink"))
def test_a_cluster_s_name_may_be_given_or_left_to_the_broker(run, place, own, shown):
    changes = [(place, 'job_name = "${cluster_name}/instance/${host}";'),
               ("sink", 'url = "http://127.0.0.1:1";')]
    result = run(text_with(*changes, *([("source", own)] if own else [])), "--check-config")
    assert (result.code, result.stderr) == (0, "")
    assert f"# source emqx to sink gateway: {shown}" in result.stdout


def test_a_text_of_nothing_but_commas_is_many_faults_and_no_crash(agent, run):
    line = f'endpoints = "{"," * 100000}";'
    text = text_with(("source", line))
    check_fault(agent, run(text), line_of(text, line), "sources.emqx.endpoints",
                f'"" is not one of {ENDPOINT_NAMES}')


CLOUD_FAULTS = (
    ('endpoints = [ "stats" ];', "endpoints",
     '"stats" is not one of deployment_metrics, data_integration'),
    ('endpoints = "data_integration, data_integration";', "endpoints", "is given twice"),
    ("endpoints = [ ];", "endpoints", "is empty"),
    ('names = "emqx";', "names", "is not one of cloud, self_hosted"),
    ("correct_types = 1;", "correct_types", "must be true or false"),
    ('min_interval = "0s";', "min_interval", "must be at least 1s"),
    ('min_interval = "119s";', "min_interval", "raise it to 120s at least"),
    ('min_interval = "59s"; endpoints = "deployment_metrics";', "min_interval",
     "raise it to 60s at least"),
    ('url = "http://cloud.example";', "url", "must start with https://"),
    ('node = "emqx@127.0.0.1";', "node", "is no known setting"),
    ('mode = "all_nodes_aggregated";', "mode", "is no known setting"),
    ('job_name = "${node}";', "job_name", "cannot tell ${node}"),
)


@pytest.mark.parametrize("line, path, words", CLOUD_FAULTS, ids=[row[0] for row in CLOUD_FAULTS])
def test_a_fault_of_a_cloud_source_is_told_with_file_line_and_path(agent, run, line, path, words):
    text = text_with(("source", "node", None), ("source", 'type = "emqx_cloud";'),
                     ("source", CREDENTIALS), ("source", line))
    check_fault(agent, run(text), line_of(text, line), f"sources.emqx.{path}", words)


def test_a_cloud_source_needs_credentials(agent, run):
    text = text_with(("source", "node", None), ("source", 'type = "emqx_cloud";'))
    check_fault(agent, run(text), line_of(text, "sources = (") + 1, "sources.emqx.basic_auth",
                "is missing; its username is the app id, its password the app secret")


def test_names_are_unique_per_list(agent, run):
    text = ('sources = (\n{ name = "a"; type = "prometheus"; url = "@BROKER@"; },\n'
            '{ name = "a"; type = "prometheus"; url = "@BROKER@"; } );\n'
            'sinks = (\n{ name = "a"; type = "pushgateway"; url = "@GATEWAY@"; },\n'
            '{ name = "a"; type = "pushgateway"; url = "@GATEWAY@"; } );\n')
    result = run(text)
    check_fault(agent, result, 3, "sources.a.name", "another source")
    check_fault(agent, result, 6, "sinks.a.name", "another sink")
    assert len(result.stderr.splitlines()) == 2, "a source may be called as a sink is"


def test_all_faults_are_told_at_once(agent, run):
    faults = [("top", 'interval = "1ms";', "interval"),
              ("top", 'splay = "x";', "splay"),
              ("top", 'labels = { le = "1"; };', "labels"),
              ("top", 'log = { level = "x"; format = "y"; };', "log.format"),
              ("top", "nonsense = 1;", "nonsense"),
              ("source", 'url = "ftp://x/";', "url"),
              ("source", 'timeout = "9h";', "timeout"),
              ("source", 'endpoints = [ "x" ];', "endpoints"),
              ("source", 'job_name = "a/b";', "job_name"),
              ("source", 'basic_auth = { username = "u"; password = ""; };',
               "basic_auth.password"),
              ("source", "unknown = 2;", "unknown"),
              ("sink", 'url = "http://u@x/";', "url"),
              ("sink", 'method = "x";', "method"),
              ("sink", 'headers = { Host = "x"; };', "headers"),
              ("sink", 'job_name = "${x}";', "job_name"),
              ("sink", "every = 0;", "every")]
    text = text_with(*[fault[:2] for fault in faults])
    result = run(text)
    for place, line, path in faults:
        check_fault(agent, result, line_of(text, line), OWN_PATH[place] + path, "")
    every_line = rf"^{re.escape(str(agent.config_file))}:\d+: \S+: "
    assert all(re.match(every_line, line) for line in result.stderr.splitlines())


@pytest.mark.parametrize("place, type_line", (
    ("source", 'type = "x";'), ("source", None), ("sink", 'type = "x";'), ("sink", None)))
def test_an_unknown_type_hides_no_other_fault_of_its_element(agent, run, place, type_line):
    line = 'url = "ftp://x/";'
    without = (place, type_line) if type_line else (place, "type", None)
    text = text_with(without, (place, line))
    result = run(text)
    assert ".type: " in result.stderr
    check_fault(agent, result, line_of(text, line), OWN_PATH[place] + "url", "http")


@pytest.mark.parametrize("mode", ((), ("--once",), ("--dry-run",), ("--check-config",)))
def test_every_mode_refuses_a_faulty_configuration(agent, run, mode):
    text = text_with(("top", 'interval = "1ms";'))
    agent.configure(text)
    result = agent.run(*mode)
    check_fault(agent, result, 1, "interval", "at least")


# Files

@pytest.mark.parametrize("text, line", (
    ("interval = ;\n", 1), ('interval = "15s";\nsources = ( { name = "a" \n', 3),
    ('interval = "15s"; interval = "16s";\n', 1), ("\0\1\2\n", 1), ("é = 1;\n", 1),
    ('interval = "unended\n', 2)))
def test_a_syntax_error_is_told_with_its_line(agent, run, text, line):
    result = run(text)
    assert result.code == 3
    assert re.match(rf"{re.escape(str(agent.config_file))}:{line}: \S", result.stderr), \
        result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_configuration_that_cannot_be_read_is_named(agent, tmp_path):
    for path in (tmp_path / "absent.conf", tmp_path):
        result = agent.run("--once", config_file=path)
        assert result.code == 3
        assert result.stderr.startswith(f"{path}:")


@pytest.mark.parametrize("number", ("4294967297", "0x100000001", "99999999999999999999"))
def test_a_number_that_is_read_as_another_one_is_refused(agent, run, tmp_path, number):
    """libconfig 1.5 takes the first two for 1. A file that is included has its own lines."""
    line = f"every = {number};"
    text = text_with(("sink", line))
    result = run(text, "-t")
    assert result.code == 3
    assert f"{agent.config_file}:{line_of(text, line)}: the number {number} is too large" in \
        result.stderr.splitlines()
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "main.conf"
    path.write_text(text.replace(line, '\n@include "part.conf"').replace(
        "@BROKER@", NOBODY).replace("@GATEWAY@", NOBODY))
    (folder / "part.conf").write_text(f"# one\n{line}\n")
    result = agent.run("-t", config_file=path)
    assert result.code == 3
    assert re.search(rf"(?m)part\.conf:2: the number {number} is too large$", result.stderr)


def test_includes_are_relative_to_the_file_and_named_in_faults(agent, emqx, fake_gateway,
                                                               tmp_path):
    """Not to the working directory, which for a service is /."""
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "main.conf"
    text = text_with().replace("@BROKER@", emqx.url).replace("@GATEWAY@", fake_gateway.url)
    path.write_text('@include "part.conf"\n' + text)
    (folder / "part.conf").write_text('\nlabels = { site = "included"; };\n')
    for name in (path, "etc/main.conf"):
        assert agent.run("-t", config_file=name).code == 0
    assert agent.run("--once", config_file=path).code == 0
    assert b'site="included"' in fake_gateway.pushes[0].body
    (folder / "part.conf").write_text('\nlabels = { site = ""; };\n')
    result = agent.run("-t", config_file=path)
    assert result.code == 3 and re.search(r"part\.conf:2: labels: ", result.stderr)
    (folder / "part.conf").unlink()
    result = agent.run("-t", config_file=path)
    assert result.code == 3 and result.stderr.startswith(f"{path}:1: ")


def with_secret_file(emqx, name="secret"):
    return config(emqx_source(emqx), {
        "name": "gateway", "type": "pushgateway", "url": NOBODY,
        "basic_auth": {"username": "u", "password_file": name}})


def test_a_secret_file_is_found_beside_the_configuration(agent, emqx, fake_gateway, tmp_path):
    folder = tmp_path / "etc"
    folder.mkdir()
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    agent.configure(with_secret_file(emqx))
    path = agent.config_file.rename(folder / "main.conf")
    (folder / "secret").write_text("beside\r\n")
    (folder / "secret").chmod(0o600)
    (tmp_path / "secret").write_text("in the working directory\n")
    to_fake = f"--set=sinks.gateway.url={fake_gateway.url}"
    assert agent.run("-1", to_fake, config_file=path).code == 0
    assert agent.run("-1", to_fake, config_file="etc/main.conf").code == 0
    (credentials / "secret").write_text("of systemd")
    (credentials / "secret").chmod(0o400)
    assert agent.run("-1", to_fake, config_file=path,
                     environment={"CREDENTIALS_DIRECTORY": str(credentials)}).code == 0
    assert [push.header("authorization") for push in fake_gateway.pushes] == [
        "Basic dTpiZXNpZGU=", "Basic dTpiZXNpZGU=", "Basic dTpvZiBzeXN0ZW1k"]


@pytest.mark.parametrize("strict", (False, True))
@pytest.mark.parametrize("mode", (0o600, 0o640, 0o644))
def test_a_secret_for_everybody_is_a_warning_or_an_error(agent, emqx, strict, mode):
    agent.write_file("secret", "word", mode)
    result = agent.configure({**with_secret_file(emqx), "strict_permissions": strict}).run("-t")
    told = "everybody can read" in result.stderr
    assert told == (mode == 0o644)
    assert result.code == (3 if strict and told else 0), result.stderr


def test_variables_of_the_environment_are_expanded_once(agent, emqx, fake_gateway):
    agent.configure(config(
        emqx_source(emqx, url="http://127.0.0.1:${env:TEST_PORT}",
                    labels={"a": "$$", "b": "$${env:TEST_PORT}", "c": "${env:TEST_NESTED}!",
                            "d": "5$ a${env:TEST_PORT}b"}),
        sink(fake_gateway, job_name="x$$y/a_b/$${name}")))
    environment = {"TEST_PORT": str(emqx.port), "TEST_NESTED": "${env:TEST_PORT}$$"}
    result = agent.dry_run(environment=environment)
    assert result.code == 0, result.stderr
    labels, = {key[1] for key in Exposition.parse(result.stdout).families[
        "emqx_connections_count"].samples}
    assert dict(labels) == {"a": "$", "b": "${env:TEST_PORT}", "c": "${env:TEST_PORT}$$!",
                            "d": f"5$ a{emqx.port}b"}
    agent.once(environment=environment)
    assert fake_gateway.pushes[0].target == (
        "/metrics/job@base64/eCR5/a_b@base64/JHtuYW1lfQ")


# --check-config

ALL_SETTINGS = """
interval = "1m30s"; splay = "0s"; strict_permissions = true; state_dir = "/x/$$y";
labels = ( { name = "site"; value = "a\\"b\\\\c\\nd \\x01é"; }, { name = "_u"; value = "v"; } );
log = { level = "debug"; format = "json"; };
sources = (
  { name = "a"; type = "emqx"; url = "http://127.0.0.1:1/x/"; timeout = "6s500ms";
    node = "n@h"; cluster_name = "c"; mode = "all_nodes_aggregated"; endpoints = ( "auth" );
    collect = "json"; unknown_keys = false;
    body_size_limit = "1MiB1B"; labels = { l = "m"; }; job_name = "${cluster_name}";
    basic_auth = { username = "user"; password = "hidden-word"; }; },
  { name = "b"; type = "prometheus"; url = "https://localhost";
    authorization = { type = "Token"; credentials = "hidden-word"; }; },
  { name = "d"; type = "emqx"; url = "http://127.0.0.1:1"; ns = "tenant"; },
  { name = "f"; type = "emqx"; url = "http://127.0.0.1:1"; endpoints = "all"; only_global = true;
    login = { username = "user"; password = "hidden-word"; }; job_name = "${cluster_name}"; },
  { name = "g"; type = "emqx_cloud"; url = "https://127.0.0.1:1"; endpoints = "data_integration";
    names = "self_hosted"; correct_types = true; min_interval = "1m30s";
    basic_auth = { username = "user"; password = "hidden-word"; }; } );
sinks = (
  { name = "s"; type = "pushgateway"; url = "http://127.0.0.1:2"; method = "post"; every = 5;
    headers = { X-A = "hidden-word"; }; } );
"""


def test_check_config_shows_all_and_hides_secrets(agent):
    result = agent.configure(ALL_SETTINGS).check_config()
    assert result.code == 0 and result.stderr == ""
    assert "hidden-word" not in result.stdout
    for shown in ('state_dir = "/x/$$y";', 'interval = "1m30s";', 'splay = "0s";', 'timeout = "6s500ms";',
                  'body_size_limit = "1MiB1B";', 'mode = "all_nodes_aggregated";',
                  'method = "post";', "every = 5;", 'username = "user";', 'X-A', 'endpoints = [ "all" ];',
                  'endpoints = [ "stats", "auth", "data_integration" ];', 'collect = "json";',
                  'collect = "auto";', "unknown_keys = false;", "unknown_keys = true;",
                  'ns = "tenant";', "only_global = true;", "only_global = false;",
                  'names = "self_hosted";', "correct_types = true;", 'min_interval = "1m30s";',
                  "POST http://127.0.0.1:2/metrics/job/c\n",
                  f"POST http://127.0.0.1:2/metrics/job/b/instance/{os.uname().nodename}\n",
                  "${name}/instance/${name}~${host}, once the broker has told its node name",
                  "# source f to sink s: ${cluster_name}, once the broker has told its cluster's "
                  "name\n",
                  "warning: POST keeps"):
        assert shown in result.stdout, result.stdout
    assert 'url = "https://localhost/metrics";' in result.stdout


@pytest.mark.parametrize("setting, variable, wanted", (
    ((), None, "/var/lib/brokerpush"),
    ((), "", "/var/lib/brokerpush"),
    ((), "/var/lib/own", "/var/lib/own"),
    ((), "/var/lib/own:/var/lib/other", "/var/lib/own"),
    ((), "relative", "/var/lib/brokerpush"),
    ((("top", 'state_dir = "/set";'),), "/var/lib/own", "/set"),
), ids=lambda value: None if isinstance(value, tuple) else repr(value))
def test_state_dir_is_the_one_of_systemd_unless_it_is_set(agent, emqx, fake_gateway, setting,
                                                          variable, wanted):
    text = text_with(*setting).replace("@BROKER@", emqx.url).replace("@GATEWAY@", fake_gateway.url)
    environment = {} if variable is None else {"STATE_DIRECTORY": variable}
    result = agent.configure(text).run("--check-config", environment=environment)
    assert result.code == 0 and f'\nstate_dir = "{wanted}";\n' in result.stdout


DOLLARS = 'labels = { l = "$$ $${x} $$$$"; };'
FILES = 'basic_auth = { username = "u"; password_file = "secret"; };'
TOKEN = 'authorization = { credentials_file = "secret"; };'


@pytest.mark.parametrize("text", (
    ALL_SETTINGS, text_with(), text_with(("source", DOLLARS)), text_with(("sink", FILES)),
    text_with(("source", TOKEN)), text_with(("source", 'labels = { l = "${env:TEST_VALUE}"; };')),
    text_with(("source", 'job_name = "a$$b/c/${env:TEST_VALUE}";'))),
    ids=("all settings", "defaults", "dollars", "a secret file", "a token file", "a variable",
         "a template"))
def test_the_output_of_check_config_is_a_configuration_that_says_the_same(agent, run, text):
    agent.write_file("secret", "hidden-word\n")
    first = run(text, "--check-config")
    assert first.code == 0, first.stderr
    second = run(first.stdout, "--check-config")
    assert second.code == 0, second.stderr
    assert second.stdout == first.stdout
    assert "hidden-word" not in first.stdout + first.stderr


# --set

SETS = (
    (["interval=1m"], ['interval = "1m";', 'splay = "1m";']),
    (["interval=1s", "interval=2s"], ['interval = "2s";']),
    (["strict_permissions=true"], ["strict_permissions = true;"]),
    (["log.level=debug"], ['level = "debug";']),
    (["labels.site=a=b c"], ['{ name = "site"; value = "a=b c"; }']),
    (["labels.site=a", "labels.rack=b"], ['name = "site"', 'name = "rack"']),
    (["sources.emqx.url=http://127.0.0.1:77"], ['url = "http://127.0.0.1:77";']),
    (["sources[0].url=http://127.0.0.1:77"], ['url = "http://127.0.0.1:77";']),
    (["sources.[0].url=http://127.0.0.1:77"], ['url = "http://127.0.0.1:77";']),
    (["sources.emqx.endpoints=auth, stats"], ['endpoints = [ "auth", "stats" ];']),
    (["sources.emqx.endpoints=auth"], ['endpoints = [ "auth" ];']),
    (["sources.emqx.endpoints=all"], ['endpoints = [ "all" ];']),
    (["sources.emqx.collect=text"], ['collect = "text";']),
    (["sources.emqx.unknown_keys=false"], ["unknown_keys = false;"]),
    (["sources.emqx.ns=a"], ['ns = "a";']),
    (["sources.emqx.login.username=u", "sources.emqx.login.password_file=secret"],
     ["login = {\n", 'username = "u";', 'password_file = "']),
    (["sources.emqx.body_size_limit=2MiB"], ['body_size_limit = "2MiB";']),
    (["sources.emqx.mode=all_nodes_aggregated"], ['mode = "all_nodes_aggregated";']),
    (["sources.emqx.job_name=${source}/a/${node}"], ["/metrics/job/emqx/a@base64/"]),
    (["sources.emqx.basic_auth.username=u", "sources.emqx.basic_auth.password_file=secret"],
     ['username = "u";']),
    (["sinks.gateway.every=12"], ["every = 12;"]),
    (["sinks.gateway.method=post"], ['method = "post";']),
    (["sinks.gateway.job_name=j"], ["/metrics/job/j\n"]),
    (["sinks.gateway.name=other", "sinks.other.method=post"], ['name = "other";']),
)


@pytest.mark.parametrize("sets, shown", SETS, ids=[" ".join(sets[0]) for sets in SETS])
@pytest.mark.parametrize("how", ("--set=X", "--set X"))
def test_set_lays_a_setting_over_the_file(agent, run, sets, shown, how):
    agent.write_file("secret", "hidden-word")
    arguments = [f"--set={pair}" for pair in sets] if how == "--set=X" else [
        word for pair in sets for word in ("--set", pair)]
    result = run(text_with(), "-t", *arguments)
    assert result.code == 0, result.stderr
    for words in shown:
        assert words in result.stdout


SET_FAULTS = (
    ("interval=5", "--set: interval: ", "is no duration"),
    ("interval=1ms", "--set: interval: ", "must be at least 1s"),
    ("strict_permissions=yes", "--set: strict_permissions: ", "must be true or false"),
    ("log=debug", "--set: log: ", "must be a group"),
    ("log.level=loud", "--set: log.level: ", "is not one of"),
    ("nonsense=1", "--set: nonsense: ", "the nearest is"),
    ("sources.emqx.nod=x", "--set: sources.emqx.nod: ", "the nearest is node"),
    ("sources.emqx.every=2", "--set: sources.emqx.every: ", PLANNED),
    ("sinks.gateway.every=0", "--set: sinks.gateway.every: ", "must be a whole number from 1"),
    ("sinks.gateway.every=x", "--set: sinks.gateway.every: ", "must be a whole number from 1"),
    ("sources.absent.url=x", "--set: sources.absent.url: ", "no such setting or list element"),
    ("sources[1].url=x", "--set: sources[1].url: ", "no such setting or list element"),
    ("sources[x].url=x", "--set: sources[x].url: ", "no such setting or list element"),
    ("sources[0]=x", "--set: sources[0]: ", "no such setting or list element"),
    ("interval.deeper=x", "--set: interval.deeper: ", "no such setting or list element"),
    ("sources=x", "--set: sources: ", "must be a list of groups"),
    ("=x", "--set: ", "no such setting or list element"),
    (".=x", "--set: ", "no such setting or list element"),
    ("a..b=x", "--set: a..b: ", "no such setting or list element"),
    ("a b=x", "--set: a b: ", "no such setting or list element"),
    ("sources.emqx.url=ftp://x", "--set: sources.emqx.url: ", "http"),
    ("sources.emqx.basic_auth.password=hidden-word", "--set: sources.emqx.basic_auth.password: ",
     "is secret"),
    ("sources.emqx.authorization.credentials=hidden-word",
     "--set: sources.emqx.authorization.credentials: ", "is secret"),
    ("sources.emqx.login.password=hidden-word", "--set: sources.emqx.login.password: ",
     "is secret"),
    ("sinks.gateway.headers.X-A=hidden-word", "--set: sinks.gateway.headers", "is secret"),
    ("sinks.gateway.job_name=a/b", "--set: sinks.gateway.job_name: ", "has no value"),
)


@pytest.mark.parametrize("pair, start, words", SET_FAULTS, ids=[row[0] for row in SET_FAULTS])
def test_a_wrong_set_is_told_as_such(run, pair, start, words):
    result = run(text_with(), "--once", f"--set={pair}")
    assert result.code == 3, result.stderr
    assert any(line.startswith(start) and words in line for line in result.stderr.splitlines()), \
        result.stderr
    assert "hidden-word" not in result.stderr


def test_a_secret_of_the_file_may_not_be_replaced_by_set(run):
    text = text_with(("sink", 'headers = { X-A = "1"; };'),
                     ("source", 'basic_auth = { username = "u"; password = "p"; };'))
    result = run(text, "--once", "--set=sinks.gateway.headers.X-A=hidden-word",
                 "--set=sources.emqx.basic_auth.password=hidden-word")
    assert result.code == 3 and result.stderr.count("is secret") == 2
    assert "hidden-word" not in result.stderr


# The command line

def test_help_is_for_a_terminal_and_on_stdout(agent):
    for option in ("--help", "-h"):
        result = agent.run_plain(option)
        assert (result.code, result.stderr) == (0, "")
        assert max(map(len, result.stdout.splitlines())) <= 80
        for name in ("--once", "--dry-run", "--show", "--check-config", "--source", "--sink",
                     "--group", "--all", "--output", "--set", "--log-level", "--log-format",
                     "--help", "--version", "--config"):
            assert name in result.stdout


def test_version_names_the_program(agent):
    for option in ("--version", "-V"):
        result = agent.run_plain(option)
        assert (result.code, result.stderr) == (0, "")
        assert re.match(r"brokerpush \d+\.\d+\.\d+", result.stdout)


USAGE_ERRORS = (
    (["--nonsense"], "--nonsense"), (["-x"], "-x"), (["-1x"], "-x"), (["-x1"], "-x"),
    (["argument"], "argument"),
    (["--once=yes"], "--once"), (["--set"], "--set"), (["-c"], "-c"),
    (["--config"], "--config"), (["--s=x"], "--s"), (["--set", "interval"], "--set"),
    (["--set=interval"], "--set"), (["--once", "--dry-run"], "mode"), (["-1", "-t"], "mode"),
    (["-nt"], "mode"), (["--diff"], "--diff"), (["--show"], "--show"), (["--delete"], "--delete"),
    (["--once", "--output", "x"], "--output"), (["--source", "emqx"], "--source"),
    (["--sink=gateway"], "--sink"), (["--group=x"], "--group"),
    (["-t", "--source=emqx"], "--source"), (["--log-level=loud"], "--log-level"),
    (["--log-format=xml"], "--log-format"), (["-1", "--sink=a", "--sink=b"], "--sink"),
    (["-n", "--group=a", "--group=b"], "--group"), (["-n", "--output=a", "--output=b"],
                                                    "--output"),
    (["-1", "--source=absent"], "absent"), (["-1", "--sink=absent"], "absent"),
)


@pytest.mark.parametrize("arguments, named", USAGE_ERRORS,
                         ids=[" ".join(row[0]) for row in USAGE_ERRORS])
def test_a_usage_error_names_the_option_and_ends_with_2(agent, emqx, fake_gateway, arguments,
                                                        named):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.run_plain("-c", agent.config_file, *arguments) if arguments[0] not in (
        "-c", "--config") else agent.run_plain(*arguments)
    assert result.code == 2, result.stderr
    assert result.stdout == "" and emqx.requests == fake_gateway.requests == []
    # The folder bears the test's name, and so perhaps the option's.
    assert named in result.stderr.replace("--help", "").replace(str(agent.folder), ""), \
        result.stderr


def test_every_long_option_takes_its_value_with_an_equals_sign(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    common = [f"--config={agent.config_file}", "--source=emqx", "--sink=gateway",
              "--set=labels.site=x", "--log-level=warn", "--log-format=json",
              f"--group={fake_gateway.url}{PATH}"]
    assert agent.run_plain("--once", *common).code == 0
    assert b'site="x"' in fake_gateway.pushes[0].body
    result = agent.run_plain("--dry-run", *common, f"--output={agent.folder}")
    assert result.code == 0 and result.stdout == ""


def test_output_that_cannot_be_written_is_a_failure_and_said(agent, emqx):
    agent.configure(config(emqx_source(emqx), {"name": "g", "type": "pushgateway", "url": NOBODY}))
    result = agent.dry_run("--output=absent")
    assert result.code == 1 and "absent/" in result.stderr


# Rubbish

@pytest.fixture
def check_rubbish(agent):
    """check_rubbish(text) -> the result; the run fails on any finding of a sanitizer but one:
    libconfig 1.5 loses the text of a string when a syntax error follows."""
    suppressions = agent.write_file("suppressions", "leak:libconfig.so\n")
    options = {"LSAN_OPTIONS": f"suppressions={suppressions}:print_suppressions=0"}

    def check(text):
        agent.config_file.write_text(text)
        result = agent.check_config(environment=options)
        assert result.code in (0, 3), result.stderr
        assert bool(result.stderr) == (result.code == 3)
        return result.code
    return check


def test_a_configuration_cut_anywhere_is_refused_without_a_crash(check_rubbish):
    text = ALL_SETTINGS.strip() + "\n"
    codes = [check_rubbish(text[:cut]) for cut in [*range(0, len(text), 7), len(text)]]
    assert codes[0] == 3 and codes[-1] == 0


@pytest.mark.parametrize("old, new", (
    ('"', ""), (";", ""), ("{", "("), ("=", ":"), ("(", "{"), ("127.0.0.1", ""), ("$", "$$${"),
    ('"', '"\\x00'), ("http", "\\xff"), ("a", "\u20ac"), ("=", "= 99999999999999999999L +"),
    ('"', '"' + "x" * 70000)), ids=range(12))
def test_a_mangled_configuration_never_crashes(check_rubbish, old, new):
    for count in (1, 3, 9, -1):
        check_rubbish(ALL_SETTINGS.replace(old, new, count))
