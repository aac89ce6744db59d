# SPDX-License-Identifier: Apache-2.0
"""The tables of --show: what is asked for them, what stands in them, and what is refused.

The tables are those of clients, and what they must say is told by emqx.clients.row().
"""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata

import pytest

from cycles import NO_TICK, assert_told_once, push_now
from exposition import Exposition
from peers import BINARY, PATIENCE, Result, check_sanity
from setups import NOBODY, config, emqx_source, sink
from simulated_emqx import SimulatedEmqx

TITLES = {"client", "created", "keep-alive", "connected since", "subs", "inflight", "rx", "tx",
          "rx drops", "tx drops"}
# Of columns that stand at the left of their room; numbers stand at its right.
LEFT = {"client", "created", "connected since"}
# Members of an object of JSON, and the keys of EMQX that they come from.
NUMBERS = {"keepalive_seconds": "keepalive", "subscriptions": "subscriptions_cnt",
           "inflight": "inflight_cnt", "rx_messages": "recv_msg", "tx_messages": "send_msg",
           "rx_dropped": "recv_msg.dropped", "tx_dropped": "send_msg.dropped"}
MEMBERS = {"source", "alias", "created_at", "connected_at", "client_id", *NUMBERS}
# 2026-01-02 03:04:05 UTC
BEGIN_MS = 1767323045678
EVERYBODY = [{"glob": "*"}]
# Wide characters, marks that take no room, and a text that is too long for most terminals.
WIDE, COMBINING, LONG = "温度センサー-7", "te\u0301le\u0301-9", "line-4-north-hall-temperature-sensor"
STEERING = ("a\x1b[2Jb", "c\u009b31md", "e\u202ef", "g\nh", "i\rj", "k\x07l", "o\x7fp")


@pytest.fixture
def emqx():
    """A broker that has the key which clients_source() shows."""
    with SimulatedEmqx(key="key", secret="secret") as server:
        yield server


@pytest.fixture
def other():
    with SimulatedEmqx(nodes=["emqx@10.0.0.2"], key="key", secret="secret") as server:
        yield server


def clients_source(emqx, monitored_clients=None, **more):
    return {"name": "clients", "type": "emqx_clients", "url": emqx.url,
            "basic_auth": {"username": "key", "password": "secret"},
            "monitored_clients": EVERYBODY if monitored_clients is None else monitored_clients,
            **more}


def configure(agent, *sources, gateway=NOBODY, **more):
    """The sink is never asked for a table, so nobody need be there."""
    url = gateway if isinstance(gateway, str) else gateway.url
    agent.configure(config(list(sources), {"name": "gateway", "type": "pushgateway", "url": url},
                           **more))
    return agent


def show(agent, *arguments, **environment):
    return agent.run("--show", *arguments, environment={"TZ": "UTC", **environment})


def show_on_terminal(agent, columns, *arguments, **environment):
    """The same with standard output on a terminal that is so wide; its line ends are LF here."""
    terminal, end = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [str(BINARY), "-c", str(agent.config_file), "--show", *arguments], cwd=agent.folder,
        stdin=subprocess.DEVNULL, stdout=end, stderr=subprocess.PIPE,
        env={**agent.environment, "TZ": "UTC", "TERM": "xterm", **environment})
    os.close(end)
    shown = b"".join(iter(lambda: read_terminal(terminal), b""))
    os.close(terminal)
    with process.stderr as stderr:
        said = stderr.read().decode()
    result = Result(process.wait(PATIENCE), shown.decode().replace("\r\n", "\n"), said)
    check_sanity(result.code, result.stderr)
    return result


def read_terminal(terminal):
    """Linux tells the end of a terminal by EIO."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""


# Reading a table

def width(text):
    """In columns of a terminal."""
    return sum(0 if unicodedata.category(char) in ("Mn", "Me", "Cf")
               else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def spread(line):
    """(first column, column behind the last, text) of what two blanks or more keep apart."""
    return [(width(line[:found.start()]), width(line[:found.end()]), found[0])
            for found in re.finditer(r"\S+(?: \S+)*", line)]


def read_table(text):
    """Rows by title, once it is sure that all cells stand below their titles."""
    head, *lines = text.splitlines()
    titles = spread(head)
    rows = []
    for line in lines:
        cells = spread(line)
        assert len(cells) == len(titles), line
        for (start, end, title), (cell_start, cell_end, _) in zip(titles, cells):
            where = (start, cell_start) if title in LEFT else (end, cell_end)
            assert where[0] == where[1], f"{title} in {line!r} below {head!r}"
        rows.append({title: cell for (_, _, title), (_, _, cell) in zip(titles, cells)})
    return rows


def shown_clients(result):
    return [row["client"] for row in read_table(result.stdout)]


def utc(text):
    """A time of EMQX, 2026-01-02T03:04:05.678+00:00, as JSON has it."""
    return text.replace("+00:00", "Z")


def expected_object(emqx, clientid, alias=None, source="clients"):
    row = emqx.clients.row(clientid)
    return {"source": source, "alias": alias or clientid, "client_id": clientid,
            "created_at": utc(row["created_at"]),
            "connected_at": utc(row["connected_at"]) if row["connected"] else None,
            **{member: row.get(key) for member, key in NUMBERS.items()}}


def seconds_of(length):
    """1h 30s"""
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    return sum(int(part[:-1]) * units[part[-1]] for part in length.split(" "))


def fill(emqx, *clientids):
    """Connected clients, each with numbers of its own."""
    for number, clientid in enumerate(clientids, 1):
        emqx.clients.connect(clientid, at=BEGIN_MS + number * 61_001, keepalive=45 * number,
                             clean_start=False, subscriptions_cnt=number, inflight_cnt=2 * number)
        emqx.clients.publish(clientid, 1000 * number)
        emqx.clients.deliver(clientid, 7 * number)
        emqx.clients.drop(clientid, "rx", "await_pubrel_timeout", 3 * number)
        emqx.clients.drop(clientid, "tx", "queue_full", 10 ** number)


def fill_with_strangers(emqx):
    """Two that are watched, one of them away; two that are not, one of them away; and one that is
    watched and nowhere."""
    fill(emqx, "pump-1", "pump-2", "stranger-1", "stranger-2")
    emqx.clients.disconnect("pump-2")
    emqx.clients.disconnect("stranger-2")
    return [{"client_id": "pump-1", "alias": "Feed pump"}, {"client_id": "pump-2"},
            {"client_id": "nobody"}]


# What is in a table

def test_the_table_has_who_is_watched_and_connected(agent, emqx):
    configure(agent, clients_source(emqx, fill_with_strangers(emqx)))
    result = show(agent)
    assert (result.code, result.stderr) == (0, "")
    assert read_table(result.stdout) == [{
        "client": "Feed pump", "created": "2026-01-02 03:05:06", "keep-alive": "45s",
        "connected since": "2026-01-02 03:05:06", "subs": "1", "inflight": "2", "rx": "1000",
        "tx": "7", "rx drops": "3", "tx drops": "10"}]


def test_all_shows_whom_nobody_watches_and_who_is_away_too(agent, emqx):
    configure(agent, clients_source(emqx, fill_with_strangers(emqx)))
    result = show(agent, "--all")
    assert (result.code, result.stderr) == (0, "")
    assert [(row["client"], row["connected since"]) for row in read_table(result.stdout)] == [
        ("Feed pump", "2026-01-02 03:05:06"), ("pump-2", "-"),
        ("stranger-1", "2026-01-02 03:07:08"), ("stranger-2", "-")]


@pytest.mark.parametrize("monitored", (
    [{"client_id": "b-1"}, {"client_id": "b-2", "alias": "two"}], [{"glob": "b-*"}],
    [{"regex": "b-([0-9])", "alias": "bee $1"}], [{"class": "b-*"}],
    [{"client_id": "b-1", "alias": "one"}, {"class": "*-2"}]),
    ids=("named", "glob", "regex", "class", "mixed"))
def test_clients_are_there_however_they_are_watched(agent, emqx, monitored):
    fill(emqx, "b-1", "a-1", "b-2")
    configure(agent, clients_source(emqx, monitored))
    expected = {"b-1": "b-1", "b-2": "b-2"}
    if "regex" in monitored[0]:
        expected = {"b-1": "bee 1", "b-2": "bee 2"}
    expected.update({row["client_id"]: row["alias"] for row in monitored
                     if {"client_id", "alias"} <= row.keys()})
    told = json.loads(show(agent, "--output", "json").stdout)
    assert {row["client_id"]: row["alias"] for row in told} == expected


def test_an_alias_that_comes_out_empty_is_the_id(agent, emqx):
    """As for people, so in metrics."""
    fill(emqx, "b", "ab")
    configure(agent, clients_source(emqx, [{"regex": "(a?)b", "alias": "$1"}]))
    assert shown_clients(show(agent)) == ["a", "b"]
    told = Exposition.parse(agent.dry_run().stdout)
    for alias, clientid in (("a", "ab"), ("b", "b")):
        assert told.value("emqx_client_monitor_connected", alias=alias, broker="clients",
                          client_id=clientid) == 1


def test_rows_are_in_the_order_of_the_bytes_of_their_aliases(agent, emqx):
    fill(emqx, "z", "a", "ä", "B", "10", "9", WIDE)
    configure(agent, clients_source(emqx, [{"client_id": "z", "alias": "Aa"}, {"glob": "*"}]))
    order = sorted(["Aa", "a", "ä", "B", "10", "9", WIDE], key=str.encode)
    assert shown_clients(show(agent)) == order
    told = json.loads(show(agent, "--output", "json").stdout)
    assert [row["alias"] for row in told] == order


def test_what_the_broker_does_not_tell_is_unknown(agent, emqx):
    fill(emqx, "a")
    emqx.clients.set("a", {"subscriptions_cnt": None, "inflight_cnt": "many", "keepalive": -1,
                           "recv_msg": 1.5, "created_at": "yesterday", "connected_at": ""})
    configure(agent, clients_source(emqx))
    told = {"client": "a", "tx": "7", "rx drops": "3", "tx drops": "10"}
    assert read_table(show(agent).stdout) == [{**dict.fromkeys(TITLES, "-"), **told}]
    object_, = json.loads(show(agent, "--output", "json").stdout)
    known = {"source", "alias", "client_id", "tx_messages", "rx_dropped", "tx_dropped"}
    assert {name for name, value in object_.items() if value is None} == MEMBERS - known


@pytest.mark.parametrize("fields", ("few", "without"))
def test_columns_do_not_depend_on_what_is_switched_off(agent, emqx, fields):
    """fields= asks for them, and releases before 5.6 send all anyway."""
    if fields == "without":
        emqx.profile = emqx.profile._replace(release="5.4.0")
    fill(emqx, *(f"c-{number}" for number in range(3)))
    off = dict.fromkeys(("enable_processed_counters", "enable_dropped_counters",
                         "enable_inflight_metrics", "enable_subscription_count"), False)
    configure(agent, clients_source(emqx, **off))
    told = json.loads(show(agent, "--output", "json").stdout)
    assert told == [expected_object(emqx, f"c-{number}") for number in range(3)]


def test_a_client_with_two_rows_stands_in_the_table_once(agent):
    """Who moves to another node has two rows for a moment, and shifting pages tell one twice."""
    with SimulatedEmqx(nodes=2, key="key", secret="secret") as cluster:
        fill(cluster, "a", "b")
        cluster.clients.duplicate("a", cluster.nodes[1], connected=False)
        configure(agent, clients_source(cluster))
        assert shown_clients(show(agent)) == ["a", "b"]
        assert shown_clients(show(agent, "--all")) == ["a", "b"]


def test_more_clients_than_max_clients_are_all_in_the_table(agent, emqx):
    fill(emqx, "a", "b", "c")
    configure(agent, clients_source(emqx, max_clients=2))
    result = show(agent)
    assert (result.code, shown_clients(result)) == (0, ["a", "b", "c"])
    assert_told_once(result.stderr, "the source warns", "max_clients", "count=1")


def test_nothing_to_show_is_said_and_is_no_failure(agent, emqx):
    fill(emqx, "stranger")
    configure(agent, clients_source(emqx, [{"client_id": "nobody"}]))
    result = show(agent)
    assert (result.code, result.stdout) == (0, "")
    assert result.stderr.startswith("brokerpush: source clients: nothing to show; --all ")
    result = show(agent, "--output", "json")
    assert (result.code, json.loads(result.stdout)) == (0, [])


# For programs

def test_json_has_what_the_broker_told(agent, emqx):
    monitored = fill_with_strangers(emqx)
    configure(agent, clients_source(emqx, monitored))
    everybody = [expected_object(emqx, "pump-1", "Feed pump"),
                 *(expected_object(emqx, name) for name in ("pump-2", "stranger-1", "stranger-2"))]
    result = show(agent, "--all", "--output", "json")
    assert (result.code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == everybody
    assert json.loads(show(agent, "--output", "json").stdout) == everybody[:1]
    assert set(everybody[0]) == MEMBERS
    # One object a line, for those who read lines.
    lines = result.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("[", "]")
    assert [json.loads(line.rstrip(",")) for line in lines[1:-1]] == everybody


def test_json_is_the_same_on_a_terminal(agent, emqx):
    fill(emqx, LONG, WIDE)
    configure(agent, clients_source(emqx))
    assert show_on_terminal(agent, 50, "--output", "json").stdout == \
        show(agent, "--output", "json").stdout


# On a terminal

def without_bold(text):
    """The titles are, and nothing else steers the terminal."""
    assert re.match(r"\x1b\[1m[^\x1b\n]*\x1b\[0m\n", text), text
    return re.sub(r"\A\x1b\[1m([^\n]*)\x1b\[0m\n", r"\1\n", text)


@pytest.mark.parametrize("columns", (160, 120, 80, 50, 20))
def test_a_table_fits_the_terminal_and_says_what_is_left_out(agent, emqx, columns):
    clientids = [LONG, WIDE, COMBINING, "pump-1", WIDE * 4]
    fill(emqx, *clientids)
    configure(agent, clients_source(emqx))
    result = show_on_terminal(agent, columns)
    text = without_bold(result.stdout)
    assert result.code == 0
    assert max(map(width, text.splitlines())) <= columns
    rows = read_table(text)
    whole = {row["client"]: row for row in read_table(show(agent).stdout)}
    assert len(rows) == len(clientids)
    for row, alias in zip(rows, sorted(clientids, key=str.encode)):
        front, cut, _ = row["client"].partition("…")
        assert alias.startswith(front) if cut else row["client"] == alias
        assert {title: cell for title, cell in row.items() if title != "client"}.items() <= \
            whole[alias].items()
    missing = TITLES - rows[0].keys()
    if missing:
        note, = result.stderr.splitlines()
        said = re.fullmatch("brokerpush: source clients: for want of room left out: (.*); a wider "
                            "terminal or --output json shows all", note)[1]
        assert set(said.split(", ")) == missing
    else:
        assert result.stderr == ""
    assert bool(missing) == (columns < 112)


def test_short_aliases_are_whole_on_a_terminal(agent, emqx):
    fill(emqx, COMBINING, "pump-1")
    configure(agent, clients_source(emqx))
    text = without_bold(show_on_terminal(agent, 120).stdout)
    assert [row["client"] for row in read_table(text)] == ["pump-1", COMBINING]


@pytest.mark.parametrize("environment", ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}),
                         ids=("NO_COLOR", "dumb", "unknown"))
def test_titles_are_plain_where_they_should_be(agent, emqx, environment):
    fill(emqx, "a")
    configure(agent, clients_source(emqx))
    result = show_on_terminal(agent, 120, **environment)
    assert "\x1b" not in result.stdout and shown_clients(result) == ["a"]


def test_anywhere_else_a_table_is_plain_and_whole(agent, emqx):
    fill(emqx, LONG, WIDE, COMBINING)
    configure(agent, clients_source(emqx))
    result = show(agent, COLUMNS="20", TERM="xterm")
    assert (result.code, result.stderr) == (0, "")
    assert "\x1b" not in result.stdout and "…" not in result.stdout
    rows = read_table(result.stdout)
    assert [row["client"] for row in rows] == sorted([LONG, WIDE, COMBINING], key=str.encode)
    for row, number in zip(rows, (1, 3, 2)):
        assert row.keys() == TITLES
        assert seconds_of(row["keep-alive"]) == 45 * number
        assert (row["rx"], row["tx drops"]) == (str(1000 * number), str(10 ** number))


@pytest.mark.parametrize("on_terminal", (True, False), ids=("terminal", "file"))
def test_an_id_cannot_steer_the_terminal(agent, emqx, on_terminal):
    fill(emqx, *STEERING)
    configure(agent, clients_source(emqx))
    if on_terminal:
        result = show_on_terminal(agent, 160)
        text = without_bold(result.stdout)
    else:
        result = show(agent)
        text = result.stdout
    assert result.code == 0
    assert not re.search(r"[^\n\x20-\x7e…]", text)
    assert [row["client"] for row in read_table(text)] == sorted(
        ["a\\x1b[2Jb", "c\\u009b31md", "e\\u202ef", "g\\x0ah", "i\\x0dj", "k\\x07l", "o\\x7fp"])


def test_programs_get_odd_ids_as_they_are(agent, emqx):
    odd = (*STEERING, 'q"u\\o/te', " ", "\u2028", "x" * 5000)
    fill(emqx, *odd)
    configure(agent, clients_source(emqx, [{"regex": "(?s)(.*)", "alias": "<$1>"}]))
    result = show(agent, "--output", "json")
    assert result.code == 0
    told = json.loads(result.stdout)
    assert {row["client_id"]: row["alias"] for row in told} == {
        clientid: f"<{clientid}>" for clientid in odd}
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", result.stdout)


# Several sources, and those that fail

def test_tables_of_several_sources_stand_under_their_names(agent, emqx, other):
    fill(emqx, "a", "b")
    fill(other, "c")
    configure(agent, clients_source(emqx, name="east"), emqx_source(emqx, name="statistics"),
              clients_source(other, name="west"))
    result = show(agent)
    assert (result.code, result.stderr) == (0, "")
    east, west = re.fullmatch("source east\n(.*)\n\nsource west\n(.*)", result.stdout,
                              re.S).groups()
    assert [row["client"] for row in read_table(east)] == ["a", "b"]
    assert [row["client"] for row in read_table(west)] == ["c"]
    told = json.loads(show(agent, "--output", "json").stdout)
    assert told == [expected_object(emqx, "a", source="east"),
                    expected_object(emqx, "b", source="east"),
                    expected_object(other, "c", source="west")]


def test_only_the_source_that_is_named_is_asked(agent, emqx, other):
    fill(other, "c")
    configure(agent, clients_source(emqx, name="east"), clients_source(other, name="west"))
    result = show(agent, "--source", "west")
    assert (result.code, shown_clients(result)) == (0, ["c"])
    assert emqx.requests == []


def test_a_source_that_is_down_beside_another_ends_with_4(agent, emqx, other):
    fill(emqx, "a")
    other.set_fault("refused")
    configure(agent, clients_source(emqx, name="east"), clients_source(other, name="west"))
    result = show(agent)
    assert result.code == 4
    assert result.stdout.startswith("source east\n")
    assert [row["client"] for row in read_table(result.stdout.split("\n", 1)[1])] == ["a"]
    assert_told_once(result.stderr, "source is down", "source=west", "reason=unreachable",
                     f"url={other.url}")
    assert "nothing to show" not in result.stderr
    told = json.loads(show(agent, "--output", "json").stdout)
    assert told == [expected_object(emqx, "a", source="east")]


# What is wrong, and what the line about it says: why, and what to do.
DOWN = (
    (lambda emqx: emqx.set_fault("refused"), "unreachable", "connect"),
    (lambda emqx: setattr(emqx, "secret", "another"), "http_4xx", "check the API key"),
    (lambda emqx: setattr(emqx, "scopes", ["monitoring"]), "http_4xx", "scope connections"),
    (lambda emqx: emqx.set_fault("503", "json:clients"), "http_5xx", "503"),
    (lambda emqx: emqx.set_fault("html", "json:clients"), "bad_body", "no page of a list"),
)


@pytest.mark.parametrize("output", ("text", "json"))
@pytest.mark.parametrize("wrong, reason, said", DOWN, ids=("refused", "key", "scope", "503", "html"))
def test_where_no_source_delivers_nothing_is_shown_and_the_code_is_1(agent, emqx, wrong, reason,
                                                                     said, output):
    fill(emqx, "a")
    wrong(emqx)
    configure(agent, clients_source(emqx))
    result = show(agent, "--output", output)
    assert (result.code, result.stdout) == (1, "")
    assert_told_once(result.stderr, "source is down", "source=clients", f"reason={reason}", said,
                     f"url={emqx.url}")


def test_a_list_that_breaks_off_is_shown_as_far_as_it_came(agent, emqx):
    emqx.profile = emqx.profile._replace(release="5.4.0")
    crowd = emqx.clients.crowd(1500, grows=0)
    emqx.clients.on_page = lambda page: b"[" if page == 2 else None
    configure(agent, clients_source(emqx))
    result = show(agent)
    assert (result.code, shown_clients(result)) == (4, [crowd.clientid(i) for i in range(1000)])
    assert_told_once(result.stderr, "endpoint failed", "source=clients", "endpoint=clients",
                     "reason=bad_body")


# Standard output

@pytest.mark.parametrize("output", ("text", "json"))
def test_a_full_disk_is_told_and_ends_with_1(agent, emqx, output):
    fill(emqx, "a")
    configure(agent, clients_source(emqx))
    assert_output_fails(agent, output, open("/dev/full", "wb"), "No space left on device")


@pytest.mark.parametrize("output", ("text", "json"))
def test_a_pipe_that_nobody_reads_is_told_and_ends_with_1(agent, emqx, output):
    emqx.clients.crowd(5000)
    configure(agent, clients_source(emqx))
    reader, writer = os.pipe()
    os.close(reader)
    assert_output_fails(agent, output, os.fdopen(writer, "wb"), "Broken pipe")


def assert_output_fails(agent, output, stdout, why):
    with stdout:
        done = subprocess.run(
            [str(BINARY), "-c", str(agent.config_file), "--show", "--output", output],
            cwd=agent.folder, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE,
            timeout=PATIENCE, check=False, env=agent.environment)
    said = done.stderr.decode()
    check_sanity(done.returncode, said)
    assert (done.returncode, said) == (1, f"brokerpush: stdout cannot be written: {why}\n")


# Many

def test_five_thousand_clients_come_in_order_and_whole(agent, emqx):
    crowd = emqx.clients.crowd(5000, grows=0)
    fill(emqx, "zz", "aa")
    configure(agent, clients_source(emqx))
    result = show(agent)
    assert (result.code, result.stderr) == (0, "")
    rows = read_table(result.stdout)
    assert [row["client"] for row in rows] == [
        "aa", *(crowd.clientid(number) for number in range(5000)), "zz"]
    assert [(row["rx"], row["tx"]) for row in rows[1:-1]] == [
        (str(crowd.number("recv_msg", number, 0)), str(crowd.number("send_msg", number, 0)))
        for number in range(5000)]
    told = json.loads(show(agent, "--output", "json").stdout)
    assert len(told) == 5002 and told[1]["client_id"] == crowd.clientid(0)
    text = without_bold(show_on_terminal(agent, 80).stdout)
    assert len(text.splitlines()) == 5003 and max(map(width, text.splitlines())) <= 80


# Nothing but showing

def test_a_table_pushes_nothing_and_writes_no_state(agent, emqx, fake_gateway, tmp_path):
    fill(emqx, "a")
    state = tmp_path / "state"
    configure(agent, clients_source(emqx), gateway=fake_gateway, state_dir=str(state))
    for arguments in ([], ["--all"], ["--output", "json"]):
        assert show(agent, *arguments).code == 0
    assert not state.exists() and fake_gateway.requests == []


def test_a_table_leaves_the_state_and_the_lock_of_a_running_agent_alone(agent, emqx, fake_gateway,
                                                                       tmp_path):
    fill(emqx, "a")
    state = tmp_path / "state"
    state.mkdir()
    configure(agent, clients_source(emqx), gateway=fake_gateway, state_dir=str(state), **NO_TICK)
    running = agent.start()
    fake_gateway.wait_for_pushes(1)
    file, = state.iterdir()
    before = file.read_bytes(), file.stat().st_ino
    emqx.clients.publish("a", 5)
    result = show(agent)
    assert (result.code, result.stderr) == (0, "")
    assert read_table(result.stdout)[0]["rx"] == "1005"
    assert (file.read_bytes(), file.stat().st_ino) == before and list(state.iterdir()) == [file]
    push_now(running, fake_gateway)
    stopped = running.stop()
    assert stopped.code == 0 and "state file" not in stopped.stderr


# Arguments

# Arguments, and what the message says besides.
USAGE_ERRORS = (
    (["--show", "--output", "xml"], "--output with --show must be text or json: xml"),
    (["--show", "--output="], "--output with --show must be text or json"),
    (["--show", "--sink", "gateway"], "--sink and --group go with --once or --dry-run"),
    (["--show", "--group", "http://127.0.0.1/"], "--sink and --group go with --once or --dry-run"),
    (["--show", "--once"], "more than one mode"),
    (["--show", "--source", "absent"], "--source: there is no such source: absent"),
    (["--all"], "--all goes with --show only"),
    (["--once", "--all"], "--all goes with --show only"),
    (["--once", "--output", "json"], "--output goes with --dry-run or --show only"),
)


@pytest.mark.parametrize("arguments, said", USAGE_ERRORS,
                         ids=[" ".join(row[0]) for row in USAGE_ERRORS])
def test_what_does_not_fit_the_mode_is_a_usage_error(agent, emqx, fake_gateway, arguments, said):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.run(*arguments)
    assert (result.code, result.stdout) == (2, "")
    assert said in result.stderr
    assert emqx.requests == fake_gateway.requests == []


@pytest.mark.parametrize("output", ("text", "json"))
def test_without_a_source_that_has_a_table_nobody_is_asked(agent, emqx, fake_gateway, output):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.run("--show", "--output", output)
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == (f"brokerpush: --show: no source in {agent.config_file} has a table; of "
                             "these types one would have it: emqx_clients\n")
    assert emqx.requests == fake_gateway.requests == []


def test_a_source_without_a_table_cannot_be_chosen(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx), sink(fake_gateway)))
    result = agent.run("--show", "--source", "emqx")
    assert (result.code, result.stdout) == (2, "")
    assert "--source: this source has no table to show: emqx" in result.stderr
    assert emqx.requests == fake_gateway.requests == []


def test_a_faulty_configuration_ends_with_3(agent):
    agent.configure("sources = ( );\n")
    result = agent.run("--show")
    assert (result.code, result.stdout) == (3, "")
