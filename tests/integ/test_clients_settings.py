# SPDX-License-Identifier: Apache-2.0
"""The settings of a source of single clients: what is refused, and how that is said."""

import pytest

# A good configuration but for `@LINE@`, a line of the source, and the line of its credentials.
TEXT = """\
sources = (
{ name = "emqx";
type = "emqx_clients";
url = "@BROKER@";
node = "emqx@127.0.0.1";
@CREDENTIALS@
@LINE@
} );
sinks = ( { name = "gateway"; type = "pushgateway"; url = "@GATEWAY@"; } );
"""
CREDENTIALS = 'basic_auth = { username = "key"; password = "hidden-word"; };'
GOOD = 'monitored_clients = ( { client_id = "a"; } );'
LIST = "monitored_clients"
NAMED = '{ client_id = "pump-7"; alias = "Pump 7"; }'
ONE = "it must have exactly one of client_id, glob, regex and class"
OWN_ALIAS = "give each its own, so that people can tell them apart"


@pytest.fixture
def run(agent, emqx, fake_gateway):
    """run(line) -> what a run with it says; the peers must not notice."""
    def start(line, credentials=CREDENTIALS, mode="--once"):
        agent.configure(TEXT.replace("@BROKER@", emqx.url).replace("@GATEWAY@", fake_gateway.url)
                        .replace("@LINE@", line).replace("@CREDENTIALS@", credentials))
        result = agent.run(mode)
        assert emqx.requests == [] and fake_gateway.requests == []
        assert "hidden-word" not in result.stderr
        return result
    return start


def assert_fault(agent, result, line, path, words):
    assert result.code == 3, result.stderr
    start = f"{agent.config_file}:{line}: sources.emqx.{path}: "
    told = [fault for fault in result.stderr.splitlines() if fault.startswith(start)]
    assert any(words in fault for fault in told), result.stderr


def clients(*elements):
    return f"{LIST} = ( {', '.join(elements)} );"


FAULTS = (
    (clients('{ client_id = ""; }'), f"{LIST}[0].client_id",
     "is empty; name the clients that it is about"),
    (clients(NAMED, '{ glob = ""; }'), f"{LIST}[1].glob", "is empty"),
    (clients('{ regex = ""; }'), f"{LIST}[0].regex", "is empty"),
    (clients('{ class = ""; }'), f"{LIST}[0].class", "is empty"),
    (clients(NAMED, '{ client_id = "pump-7"; alias = "another"; }'), f"{LIST}[1].client_id",
     "this client is in the list twice"),
    (clients(NAMED, '{ client_id = "b"; }', '{ client_id = "pump-8"; alias = "Pump 7"; }'),
     f"{LIST}[2].alias", OWN_ALIAS),
    (clients('{ client_id = "Pump 7"; }', '{ client_id = "pump-8"; alias = "Pump 7"; }'),
     f"{LIST}[1].alias", OWN_ALIAS),
    (clients('{ class = "a*"; }', '{ class = "a*"; }'), f"{LIST}[1].class",
     "this class is in the list twice"),
    (clients("{ }"), f"{LIST}[0]", ONE),
    (clients('{ alias = "a"; }'), f"{LIST}[0]", ONE),
    (clients('{ client_id = "a"; glob = "*"; }'), f"{LIST}[0]", ONE),
    (clients(NAMED, '{ class = "a*"; regex = "a.*"; }'), f"{LIST}[1]", ONE),
    (clients('{ client_id = "a"; glob = "*"; regex = "a"; class = "b"; }'), f"{LIST}[0]", ONE),
    (clients('{ glob = "pump-[0-9"; }'), f"{LIST}[0].glob", "after 5 bytes"),
    (clients('{ glob = "a\\\\"; }'), f"{LIST}[0].glob", "after 1 bytes"),
    (clients('{ class = "[z-a]"; }'), f"{LIST}[0].class", "bytes"),
    (clients('{ regex = "pump-("; }'), f"{LIST}[0].regex", "bytes"),
    (clients('{ regex = "a**"; }'), f"{LIST}[0].regex", "bytes"),
    (clients(r'{ regex = "\\C"; }'), f"{LIST}[0].regex", "bytes"),
    (clients(r'{ regex = "\xff"; }'), f"{LIST}[0].regex", "UTF-8"),
    (clients(r'{ glob = "\xff*"; }'), f"{LIST}[0].glob", "UTF-8"),
    (clients(r'{ client_id = "\xff"; }'), f"{LIST}[0].client_id", "UTF-8"),
    (clients(r'{ client_id = "a"; alias = "\xff"; }'), f"{LIST}[0].alias", "UTF-8"),
    (clients('{ regex = "pump-(.*)"; alias = "$2"; }'), f"{LIST}[0].alias", "2"),
    (clients('{ regex = "pump-(.*)"; alias = "${nope}"; }'), f"{LIST}[0].alias", "nope"),
    (clients('{ regex = "pump-(.*)"; alias = "cost: 5$"; }'), f"{LIST}[0].alias", "$"),
    (clients('{ glob = "pump-*"; alias = "Pump"; }'), f"{LIST}[0].alias",
     "many clients would have the same; use regex and its groups"),
    (clients('{ class = "pump-*"; alias = "Pumps"; }'), f"{LIST}[0].alias", "a class has none"),
    (clients('{ client_id = "a"; clas = "b"; }'), f"{LIST}[0].clas", "the nearest is class"),
    (clients('{ client_id = 5; }'), f"{LIST}[0].client_id", "must be a text in quotes"),
    (clients('"pump-7"'), f"{LIST}[0]", "must be a group"),
    (f"{LIST} = ( );", LIST, 'name the clients to watch, as in ( { client_id = "pump-7"; alias = '
     '"Pump 7"; } ); all of them: ( { glob = "*"; } )'),
    (f'{LIST} = "*";', LIST, "must be a list of groups"),
    (f"{GOOD} max_clients = 0;", "max_clients", "must be a whole number from 1 to 1000000"),
    (f"{GOOD} max_clients = 1000001;", "max_clients", "must be a whole number from 1 to 1000000"),
    (f"{GOOD} max_class_clients = 0;", "max_class_clients",
     "must be a whole number from 1 to 10000000"),
    (f'{GOOD} remember = "367d";', "remember", "must be at most"),
    (f"{GOOD} remember = 7;", "remember", 'with a unit, such as "15s"'),
    (f"{GOOD} raw_counters = 1;", "raw_counters", "must be true or false"),
    (f'{GOOD} enable_dates = "yes";', "enable_dates", "must be true or false"),
    (f"{GOOD} enable_date = true;", "enable_date", "the nearest is enable_dates"),
    (rf'{GOOD} broker = "\xff";', "broker", "is not UTF-8"),
    (f'{GOOD} mode = "node";', "mode", "is no known setting"),
    (f'{GOOD} endpoints = "stats";', "endpoints", "is no known setting"),
)


@pytest.mark.parametrize("line, path, words", FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_is_told_with_file_line_and_path(agent, run, line, path, words):
    assert_fault(agent, run(line), 7, path, words)


def test_clients_are_required(agent, run):
    assert_fault(agent, run(""), 2, LIST, "is missing")


def test_credentials_are_required(agent, run):
    assert_fault(agent, run(GOOD, credentials=""), 2, "basic_auth",
                 "set basic_auth to an API key with the scope connections, or login")


def test_an_element_is_told_with_its_own_line_and_all_faults_at_once(agent, run):
    result = run(clients('{ client_id = "a"; }', '\n{ glob = "["; }', '\n\n{ client_id = "a"; }'))
    assert result.code == 3
    told = [line for line in result.stderr.splitlines() if f".{LIST}[" in line]
    assert [line.split(": ")[0] for line in told] == [
        f"{agent.config_file}:8", f"{agent.config_file}:10"], result.stderr


@pytest.mark.parametrize("line", (
    clients('{ client_id = "a"; }', '{ client_id = "*"; alias = "star"; }'),
    clients('{ client_id = "a"; }', '{ glob = "a"; }', '{ class = "a"; }', '{ regex = "a"; }'),
    clients('{ regex = "(?<n>a)"; alias = "$1 ${n} $0 $$"; }'),
    clients(*(f'{{ client_id = "pump-{number}"; }}' for number in range(3000))),
    f'{GOOD} remember = "0s"; raw_counters = true; max_clients = 1000000; broker = "x";'),
    ids=("a star is an id", "a client in four ways", "groups", "thousands", "limits"))
def test_what_is_good_is_taken(run, line):
    result = run(line, mode="--check-config")
    assert (result.code, result.stderr) == (0, "")
