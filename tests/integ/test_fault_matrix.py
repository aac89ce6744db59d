# SPDX-License-Identifier: Apache-2.0
"""What a broker or a gateway may do to the agent: each fault, what it is called, how it ends.

The agent's interval is an hour here, so that it cycles when told to (SIGUSR1) and not otherwise:
a test counts cycles instead of seconds. Where time itself matters the interval is a second.
"""

import re
import signal

import pytest

from cycles import peak_memory
from exposition import Exposition, assert_gateway_serves, assert_same
from loopback import LoopbackServer
from peers import FakeGateway, get, wait_until
from setups import KEY, NODE, NOBODY, config, emqx_source, sink
from simulated_emqx import SimulatedEmqx

ONLY_STATS = {"endpoints": ["stats"]}
STATS_PATH = "/api/v5/prometheus/stats"
GIGABYTE = 1 << 30


class HarshGateway(FakeGateway):
    """A sink with more faults; each push has a connection of its own."""

    def __init__(self):
        super().__init__()
        self.n_cut_uploads = 0

    def _serve(self, connection):
        with self._state:
            kind, options = self._fault or ("", {})
        if kind in ("reset_in_upload", "early"):
            self._answer_early(connection, **options)
        else:
            super()._serve(connection)

    def handle(self, connection, request):
        super().handle(connection, request)
        return False

    # Answered while the body is still on its way: not by a request's handler.
    _fault_reset_in_upload = _fault_early = None

    def _answer_early(self, connection, code=None):
        """Take in a part of the body, then reset, or say no and wait until the peer has heard."""
        try:
            connection.sock.recv(4096)
            if code is None:
                connection.reset()
            else:
                connection.send(f"HTTP/1.1 {code} Whatever\r\nConnection: close\r\n"
                                "Content-Length: 5\r\n\r\nlarge".encode())
                connection.wait_until_closed_by_peer()
        except OSError:
            pass
        finally:
            with self._state:
                self.n_cut_uploads += 1
            connection.sock.close()


@pytest.fixture
def harsh_gateway():
    with HarshGateway() as server:
        yield server


class Steps:
    """The agent, one cycle at a time; the witness counts something that each cycle does once."""

    def __init__(self, agent, witness):
        self.witness = witness
        self.running = agent.start()
        wait_until(witness, "the first cycle")

    def go(self, count=1):
        for _ in range(count):
            seen = self.witness()
            self.running.send_signal(signal.SIGUSR1)
            wait_until(lambda: self.witness() > seen or self._ended(), "one more cycle")

    def _ended(self):
        if self.running.process.poll() is not None:
            self.running.wait()  # tells of a crash
            raise AssertionError(f"brokerpush ended:\n{self.running.log}")

    def lines(self, message, *fields):
        return [line for line in self.running.log_lines(f'msg="{message}"')
                if all(field in line for field in fields)]

    def check_outage(self, words, n_failures, *fields):
        """One line at its begin, one at each doubling, one at its end: words for the three."""
        down, still, back = words
        self.running.wait_log(f'msg="{back}"')
        assert len(self.lines(down)) == 1
        assert len(self.lines(still)) == n_failures.bit_length() - 1
        assert len(self.lines(back)) == 1
        for line in self.lines(down) + self.lines(still):
            assert all(re.search(field, line) for field in fields), line
        assert f"failures={n_failures} " in self.lines(back)[0]

    def stop(self):
        result = self.running.stop()
        assert result.code == 0, result.stderr
        return result


SOURCE_WORDS = ("source is down", "source is still down", "source is back")
FALLBACK_WORDS = ("endpoint fails as text; its statistics come from JSON",
                  "endpoint still fails as text; its statistics come from JSON",
                  "endpoint answers as text again")
PUSH_WORDS = ("push failed", "push still fails", "push is accepted again")


def hourly(sources, sinks, **more):
    return config(sources, sinks, interval="1h", **more)


def body_of(push):
    return Exposition.parse(push.body.decode())


def asked(server, path=STATS_PATH):
    return [request for request in server.requests if request.path == path]


def whole_page(emqx):
    return get(emqx.url + STATS_PATH)


# The broker

# What it does: (kind, options, reason, what the line says, the source's own settings)
QUICK = {"timeout": "300ms"}
BROKER_FAULTS = {
    "one byte a second": ("trickle", {}, "timed_out", "not complete within", QUICK),
    "announces more than it sends, and stays": (
        "wrong_length", {"announced": lambda right: right + 100},
        "timed_out", "not complete within", QUICK),
    "announces more than it sends, and goes": (
        "wrong_length", {"announced": lambda right: right + 100, "close": True},
        "bad_body", "broke off after", {}),
    "1 GB, announced": ("endless", {"size": GIGABYTE}, "too_large", "larger than", {}),
    "1 GB without a length": (
        "endless", {"size": GIGABYTE, "announced": False}, "too_large", "larger than", {}),
    "a gzip bomb": ("gzip_bomb", {"size": GIGABYTE}, "too_large", "larger than", {}),
    "404": ("404", {}, "http_4xx", "HTTP 404", {}),
    "429": ("429", {}, "http_4xx", "HTTP 429: Too many requests", {}),
    "503": ("503", {}, "http_5xx", "HTTP 503", {}),
    "a redirect to itself": (
        "redirect", {"location": STATS_PATH}, "http_3xx", "HTTP 302 to ", {}),
    "a redirect to another host": (
        "redirect", {"location": NOBODY + STATS_PATH, "code": 301}, "http_3xx",
        "HTTP 301 to " + NOBODY, {}),
    "a redirect to nowhere": (
        "redirect", {"location": "http://["}, "http_3xx", "HTTP 302 to ", {}),
}


@pytest.mark.parametrize("fault", BROKER_FAULTS)
def test_a_broker_s_fault_has_its_reason_and_a_line_at_its_begin_doublings_and_end(
        agent, emqx, fake_gateway, fault):
    kind, options, reason, said, settings = BROKER_FAULTS[fault]
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS, **settings), sink(fake_gateway)))
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    page = Exposition.parse(emqx.page("stats"))
    emqx.set_fault(kind, "stats", **options)
    steps.go(5)
    for push in fake_gateway.pushes[1:6]:
        body = body_of(push)
        assert body.value("brokerpush_source_up") == 0 and not body.broker().families
    emqx.clear_faults()
    steps.go(1)
    steps.check_outage(SOURCE_WORDS, 5, f"reason={reason} ", said)
    body = body_of(fake_gateway.pushes[-1])
    assert_same(page, body.broker())
    assert body.value("brokerpush_source_up") == 1
    assert {dict(labels)["reason"]: value for labels, value in body.series(
        "brokerpush_scrape_failures_total").items()} == {reason: 5}
    steps.stop()
    assert not steps.lines("endpoint failed") and not steps.lines("push failed")


# How a broker's fault ends where there are credentials, and so JSON: it stands in for the page, or
# is all that there is; else nothing is as without them.
STAND_IN = {
    "one byte a second": True, "announces more than it sends, and stays": True,
    "announces more than it sends, and goes": True, "503": True, "404": False,
}


@pytest.mark.parametrize("fault", BROKER_FAULTS)
def test_with_credentials_json_stands_in_for_a_page_that_fails_unless_it_would_fail_too(
        agent, fake_gateway, fault):
    kind, options, reason, said, settings = BROKER_FAULTS[fault]
    with SimulatedEmqx(key="key", secret="secret") as emqx:
        agent.configure(hourly(emqx_source(
            emqx, **ONLY_STATS, **settings,
            basic_auth={"username": "key", "password": "secret"}), sink(fake_gateway)))
        steps = Steps(agent, lambda: len(fake_gateway.pushes))
        page = Exposition.parse(emqx.page("stats"))
        emqx.set_fault(kind, "stats", **options)
        steps.go(5)
        failed = [body_of(push) for push in fake_gateway.pushes[1:6]]
        asked_json = len(asked(emqx, "/api/v5/nodes/emqx%40127.0.0.1/stats"))
        emqx.clear_faults()
        steps.go(1)
    assert asked_json == (5 if fault in STAND_IN else 0)
    for body in failed:
        check_stand_in(body, page, fault)
    check_lines_of_stand_in(steps, fault, f"reason={reason} ", said)
    body = body_of(fake_gateway.pushes[-1])
    assert_same(page, body.broker())
    assert not body.series("brokerpush_endpoint_fallback")
    failures = {dict(labels)["reason"]: value for labels, value in body.series(
        "brokerpush_scrape_failures_total").items()}
    assert failures == ({} if fault == "404" else {reason: 5})
    # The pages, and three answers for each that JSON stood in for; a 404 is asked again, so none.
    n_pages = 7 - (fault == "404") * 5
    assert body.value("brokerpush_scrapes_total") == n_pages + 3 * asked_json
    steps.stop()


def check_stand_in(body, page, fault):
    is_up = fault in STAND_IN
    assert body.value("brokerpush_source_up") == is_up
    assert body.value("brokerpush_endpoint_up", endpoint="stats") == is_up
    assert body.value("brokerpush_endpoint_fallback", endpoint="stats") == (
        1 if STAND_IN.get(fault) else None)
    for name in ("emqx_connections_count", "emqx_bytes_received", "emqx_client_connected"):
        told = body.only(lambda sample, _, name=name: sample == name)
        expected = page.only(lambda sample, _, name=name: sample == name)
        assert_same(expected if is_up else Exposition({}), told)


def check_lines_of_stand_in(steps, fault, *fields):
    if fault not in STAND_IN:
        steps.check_outage(SOURCE_WORDS, 5, *fields)
    elif STAND_IN[fault]:
        steps.check_outage(FALLBACK_WORDS, 5, "endpoint=stats ", *fields)
    else:
        assert not steps.running.log_lines("level=(warn|error)")
    if fault in STAND_IN:
        assert not steps.lines(SOURCE_WORDS[0]) and not steps.lines("endpoint failed")
    else:
        assert not steps.lines(FALLBACK_WORDS[0])


def test_lines_of_a_long_outage_come_at_doublings_only(agent, emqx, fake_gateway):
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway)))
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    emqx.set_fault("503", "stats")
    for failure in range(1, 34):
        steps.go(1)
        # The line of a cycle is written before its push, which has just been seen.
        wait_until(lambda: len(steps.lines(SOURCE_WORDS[1])) == failure.bit_length() - 1,
                   f"the lines of {failure} failures")
        assert len(steps.lines(SOURCE_WORDS[0])) == 1
    emqx.clear_faults()
    steps.go(1)
    steps.check_outage(SOURCE_WORDS, 33, "reason=http_5xx ")
    steps.stop()


@pytest.mark.parametrize("host", ("x" * 70 + ".invalid", "nosuch.invalid"))
def test_a_name_that_resolves_to_nothing(agent, fake_gateway, host):
    """The first can have no address by the rules of names; of the second a resolver says so."""
    source = {"name": "emqx", "type": "emqx", "url": f"http://{host}:18083", "node": NODE,
              "timeout": "2s"}
    agent.configure(hourly(source, sink(fake_gateway)))
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    steps.go(2)
    assert len(fake_gateway.pushes) == 3
    steps.stop()
    line = steps.lines("source is down")[0]
    assert re.search(r"reason=(unreachable|timed_out) ", line) and host in line
    assert len(steps.lines("source is down")) == len(steps.lines("source is still down")) == 1


def test_one_byte_a_second_costs_the_deadline_and_no_push(agent, emqx, fake_gateway):
    """The deadline is of the whole answer, not of silence."""
    agent.configure(config(emqx_source(emqx), sink(fake_gateway), interval="1s"))
    emqx.set_fault("trickle", "stats")
    running = agent.start()
    pushes = fake_gateway.wait_for_pushes(3)
    for push in pushes:
        body = body_of(push)
        assert body.value("brokerpush_endpoint_up", endpoint="stats") == 0
        assert_same(Exposition.merged([emqx.page("auth"), emqx.page("data_integration")]),
                    body.broker())
    assert running.stop().code == 0
    assert len(running.log_lines("endpoint failed.*endpoint=stats reason=timed_out")) == 1


def cuts(page):
    """Where a length may cut a page: at a line's end, within a value, name, label, declaration."""
    value = re.search(r"^emqx_bytes_received (\d+)\n", page, re.M)
    label = re.search(r'^emqx_mria_weight\{shard="emqx', page, re.M)
    return {"at a line's end": value.end(), "within a value": value.start(1) + 3,
            "within a name": value.start() + 6, "within a label": label.end(),
            "within a declaration": page.index("# TYPE emqx_messages_received") + 12}


@pytest.mark.parametrize("where", ("at a line's end", "within a value", "within a name",
                                   "within a label", "within a declaration"))
def test_a_length_that_is_too_small_never_gives_a_wrong_value(agent, emqx, fake_gateway, where):
    """What was cut off cannot be known; but what arrives must be what the broker said."""
    cut = cuts(whole_page(emqx))[where]
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway)))
    emqx.set_fault("wrong_length", "stats", announced=lambda _: cut)
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    steps.go(1)
    page = Exposition.parse(emqx.page("stats"))
    said = {key: value for family in page.families.values()
            for key, value in family.samples.items()}
    for push in fake_gateway.pushes:
        for family in body_of(push).broker().families.values():
            for key, value in family.samples.items():
                assert key in said and (said[key] == value or value != value), key
    # The rest of the page is still on the connection; nobody may take it for an answer.
    emqx.clear_faults()
    steps.go(1)
    assert_same(page, body_of(fake_gateway.pushes[-1]).broker())
    steps.stop()


@pytest.mark.parametrize("kind, options", (
    ("endless", {"size": GIGABYTE}), ("endless", {"size": GIGABYTE, "announced": False}),
    ("gzip_bomb", {"size": GIGABYTE})), ids=("announced", "not announced", "packed"))
def test_a_gigabyte_is_neither_read_nor_held(agent, emqx, fake_gateway, kind, options):
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway)))
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    emqx.set_fault(kind, "stats", **options)
    before = peak_memory(steps.running)
    steps.go(1)
    steps.running.wait_log("source is down.*reason=too_large")
    assert emqx.streamed < GIGABYTE // 8
    assert peak_memory(steps.running) - before < GIGABYTE // 4
    steps.stop()


def test_a_redirect_to_itself_is_followed_five_times(agent, emqx, fake_gateway):
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway)))
    emqx.set_fault("redirect", "stats", location=STATS_PATH)
    result = agent.once()
    assert result.code == 4 and len(asked(emqx)) == 1 + 5
    assert re.search(f"source is down.*reason=http_3xx.*HTTP 302 to {STATS_PATH}", result.stderr)


@pytest.mark.parametrize("host", ("127.0.0.1", "localhost", "key:secret@127.0.0.1"))
def test_nothing_arrives_at_another_host_that_a_redirect_names(agent, emqx, fake_gateway, host):
    with LoopbackServer() as other:
        target = f"http://{host}:{other.port}{STATS_PATH}"
        emqx.set_fault("redirect", location=target)
        agent.configure(config(
            emqx_source(emqx, headers={"X-Api-Key": "s3cret"},
                        basic_auth={"username": "key", "password": "secret"}),
            sink(fake_gateway)))
        result = agent.once()
        assert result.code == 4 and "reason=http_3xx" in result.stderr
        assert str(other.port) in result.stderr
        assert other.n_connections == 0
    assert len(emqx.requests) == 3 + 1
    for request in emqx.requests:
        key = None if request.path == "/status" else "s3cret"
        assert request.header("x-api-key") == key


@pytest.mark.parametrize("code, reason, seconds", (
    ("429", "http_4xx", 2), ("503", "http_5xx", 2), ("429", "http_4xx", 1)))
def test_a_broker_that_says_when_to_come_back_is_left_alone_until_then(
        agent, emqx, fake_gateway, code, reason, seconds):
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1s"))
    emqx.set_fault(code, "stats", retry_after=seconds)
    running = agent.start()
    wait_until(lambda: len(asked(emqx)) >= 2 and asked(emqx)[1].answered, "two refusals")
    emqx.clear_faults()
    running.wait_log("source is back")
    whole = fake_gateway.wait_for_pushes(len(fake_gateway.pushes) + 1)[-1]
    assert running.stop().code == 0
    times = [request.received for request in asked(emqx)]
    assert all(later - earlier >= seconds for earlier, later in zip(times[:2], times[1:]))
    failures = {dict(labels)["reason"]: value for labels, value in body_of(whole).series(
        "brokerpush_scrape_failures_total").items()}
    assert failures[reason] == 2
    assert seconds == 1 or failures["skipped"] >= 2
    assert len(running.log_lines("source is down")) == 1
    assert f"reason={reason} " in running.log_lines("source is down")[0]


@pytest.mark.parametrize("told", ("-5", "soon", "", "Fri, 31 Dec 1999 23:59:59 GMT", "1.5", "0"))
def test_what_is_no_number_of_seconds_keeps_nobody_away(agent, emqx, fake_gateway, told):
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway)))
    emqx.set_fault("503", "stats", retry_after=told)
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    steps.go(2)
    assert len(asked(emqx)) == 3
    steps.stop()


def test_only_429_and_503_may_keep_the_agent_away(agent, emqx, fake_gateway):
    """A healthy broker's /status says retry-after: 15."""
    source = emqx_source(emqx, **ONLY_STATS)
    del source["node"]
    agent.configure(hourly(source, sink(fake_gateway)))
    emqx.set_fault("500", "stats", retry_after=3600)
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    steps.go(2)
    assert len(asked(emqx)) == 3 and len(asked(emqx, "/status")) == 3
    steps.stop()


def test_one_endpoint_that_wants_to_be_left_alone_keeps_none_of_the_others_away(
        agent, emqx, fake_gateway):
    agent.configure(hourly(emqx_source(emqx), sink(fake_gateway)))
    emqx.set_fault("429", "data_integration", retry_after=3600)
    steps = Steps(agent, lambda: len(fake_gateway.pushes))
    steps.go(3)
    assert len(asked(emqx)) == 4
    assert len(asked(emqx, "/api/v5/prometheus/data_integration")) == 1
    body = body_of(fake_gateway.pushes[-1])
    assert_same(Exposition.merged([emqx.page("stats"), emqx.page("auth")]), body.broker())
    assert body.value("brokerpush_scrape_failures_total", reason="http_4xx") == 1
    assert body.value("brokerpush_scrape_failures_total", reason="skipped") == 3
    steps.stop()
    assert not steps.lines("source is down")


def test_a_label_value_of_a_mebibyte_costs_its_sample_only(agent, emqx, recorded):
    page = whole_page(emqx)
    huge = 'emqx_client_disconnected_reason{reason="' + "v" * (1 << 20) + '"} 1\n'
    at = page.index("emqx_client_disconnected_reason{")
    emqx.set_fault("page", "stats", text=page[:at] + huge + page[at:])
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(recorded)))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), [page], KEY)
    assert group.value("brokerpush_quarantined_families") == 0
    assert max(map(len, result.stderr.splitlines())) < 8192


def test_a_hundred_thousand_series_arrive_at_a_real_gateway(agent, emqx, recorded):
    families = [f'emqx_client_{name}{{clientid="client-{number:06}"}} {number}\n'
                for name in ("recv", "sent") for number in range(50000)]
    page = ("# TYPE emqx_client_recv counter\n# HELP emqx_client_recv \n"
            + "".join(families[:50000])
            + "# TYPE emqx_client_sent counter\n# HELP emqx_client_sent \n"
            + "".join(families[50000:]) + "\n")
    emqx.set_fault("page", "stats", text=page)
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(recorded), interval="60s"))
    result = agent.once()
    assert result.code == 0, result.stderr
    group = assert_gateway_serves(recorded.metrics_text(), [page], KEY)
    assert group.value("brokerpush_source_samples") == 100000


# The gateway

# (kind, options, reason, what the line says)
GATEWAY_FAULTS = {
    "later than the deadline": ("held", {}, "timed_out", "no answer came within 300 ms"),
    "401": ("status", {"code": 401, "text": "who are you\nmore"}, "http_4xx",
            "HTTP 401: who are you"),
    "413": ("status", {"code": 413, "text": "too much"}, "http_4xx", "HTTP 413: too much"),
    "502": ("status", {"code": 502, "text": "<html>", "headers": {"Content-Type": "text/html"}},
            "http_5xx", "HTTP 502: .an HTML page"),
    "503": ("status", {"code": 503}, "http_5xx", "HTTP 503"),
    "301": ("status", {"code": 301, "headers": {"Location": "/gateway/metrics/job/x"}},
            "http_3xx", "HTTP 301 to /gateway/metrics/job/x"),
}


@pytest.mark.parametrize("fault", GATEWAY_FAULTS)
def test_a_gateway_s_fault_has_its_reason_and_a_line_at_its_begin_doublings_and_end(
        agent, emqx, harsh_gateway, fault):
    kind, options, reason, said = GATEWAY_FAULTS[fault]
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS),
                           sink(harsh_gateway, timeout="300ms")))
    steps = Steps(agent, lambda: len(harsh_gateway.pushes))
    steps.running.wait_log("first push accepted")
    harsh_gateway.set_fault(kind, **options)
    steps.go(5)
    steps.running.wait_log('msg="push still fails"', 2)
    assert len(harsh_gateway.requests) == 6, "no push is repeated, no redirect followed"
    # The fifth push must have failed before the fault ends.
    steps.go(1)
    harsh_gateway.clear_faults()
    check_gateway_recovers(steps, harsh_gateway, reason, said)
    steps.stop()
    assert not steps.lines("source is down")


def check_gateway_recovers(steps, gateway, reason, said):
    """However many pushes failed: the lines and the counter tell the same number."""
    steps.go(2)
    steps.running.wait_log('msg="push is accepted again"')
    n_failures = int(re.search(r"failures=(\d+)", steps.lines(PUSH_WORDS[2])[0])[1])
    assert n_failures in (5, 6)
    steps.check_outage(PUSH_WORDS, n_failures, f"reason={reason} ", said)
    steps.go(1)
    body = body_of(gateway.pushes[-1])
    assert {dict(labels)["reason"]: value for labels, value in body.series(
        "brokerpush_push_failures_total").items()} == {reason: n_failures}


def big_page():
    """More than fits the buffers between two sockets."""
    return "# TYPE emqx_generated gauge\n" + "".join(
        f'emqx_generated{{row="{row:0200}"}} 1\n' for row in range(40000))


@pytest.mark.parametrize("kind, options, reason, said", (
    ("reset_in_upload", {}, "unreachable", ""),
    ("early", {"code": 413}, "http_4xx", "HTTP 413"),
), ids=("reset", "refused"))
def test_an_upload_that_is_cut_off(agent, emqx, harsh_gateway, kind, options, reason, said):
    """A reset, or a refusal that comes while the body is still on its way."""
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS), sink(harsh_gateway)))
    emqx.set_fault("page", "stats", text=big_page())
    steps = Steps(agent, lambda: len(asked(emqx)))
    steps.running.wait_log("first push accepted")
    harsh_gateway.set_fault(kind, **options)
    steps.go(5)
    wait_until(lambda: harsh_gateway.n_cut_uploads == 5, "five uploads that were cut off")
    steps.running.wait_log('msg="push still fails"', 2)
    harsh_gateway.clear_faults()
    check_cut_uploads_end(steps, harsh_gateway, reason, said)
    steps.stop()
    assert len(harsh_gateway.pushes[-1].body) > 8 << 20


def check_cut_uploads_end(steps, gateway, reason, said):
    steps.go(1)
    steps.check_outage(PUSH_WORDS, 5, f"reason={reason} ", said)
    steps.go(1)
    gateway.wait_for_pushes(3)
    body = body_of(gateway.pushes[-1])
    assert {dict(labels)["reason"]: value for labels, value in body.series(
        "brokerpush_push_failures_total").items()} == {reason: 5}


def test_a_gateway_that_is_slow_but_not_too_slow_is_waited_for(agent, emqx, fake_gateway):
    """The answer comes when the test says so: nothing is lost, sent twice or complained about."""
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway)))
    fake_gateway.set_fault("held")
    running = agent.start()
    fake_gateway.wait_for_pushes(1)
    for _ in range(3):  # during a cycle exactly one more is noted
        running.send_signal(signal.SIGUSR1)
        running.wait_log("pushing now", len(running.log_lines("pushing now")) + 1)
    assert len(asked(emqx)) == len(fake_gateway.pushes) == 1
    fake_gateway.release()
    running.wait_log("first push accepted")
    pushes = fake_gateway.wait_for_pushes(2)
    waited = pushes[0].answered - pushes[0].received
    duration = body_of(pushes[1]).value("brokerpush_push_duration_seconds")
    assert 0 < duration and duration > 0.5 * waited
    assert running.stop().code == 0
    assert len(fake_gateway.pushes) == 2
    assert not running.log_lines("level=(warn|error)")


def test_a_gateway_that_says_when_to_come_back_is_left_alone_until_then(
        agent, emqx, fake_gateway):
    """The broker is asked all the same; the first push afterwards tells how many were skipped."""
    agent.configure(config(emqx_source(emqx, **ONLY_STATS), sink(fake_gateway), interval="1s"))
    fake_gateway.set_fault("status", code=503, headers={"Retry-After": "2"})
    running = agent.start()
    pushes = wait_until(
        lambda: [push for push in fake_gateway.pushes if push.answered][1:] and
        fake_gateway.pushes, "two refusals")
    fake_gateway.clear_faults()
    running.wait_log("push is accepted again")
    last = fake_gateway.wait_for_pushes(4)[3]
    assert running.stop().code == 0
    assert pushes[1].received - pushes[0].received >= 2
    assert fake_gateway.pushes[2].received - pushes[1].received >= 2
    before_second = [request for request in asked(emqx)
                     if pushes[0].received < request.received < pushes[1].received]
    assert len(before_second) >= 2, "the broker was asked meanwhile"
    failures = {dict(labels)["reason"]: value for labels, value in body_of(last).series(
        "brokerpush_push_failures_total").items()}
    assert failures["http_5xx"] == 2 and failures["skipped"] >= 2
    down = running.log_lines('msg="push failed"')
    assert len(down) == 1 and "reason=http_5xx " in down[0] and "HTTP 503" in down[0]
    over = running.log_lines("push is accepted again")
    assert f"failures={sum(failures.values()):.0f} " in over[0]


def test_a_gateway_in_trouble_costs_the_other_nothing(agent, emqx, fake_gateway, recorded):
    agent.configure(hourly(emqx_source(emqx, **ONLY_STATS), [
        sink(fake_gateway, name="bad", timeout="300ms"), sink(recorded, name="good")]))
    fake_gateway.set_fault("silent")
    steps = Steps(agent, lambda: len(recorded.pushes))
    steps.go(4)
    assert len(recorded.pushes) == 5
    pushed = body_of(recorded.pushes[-1])
    assert pushed.value("brokerpush_push_failures_total", sink="bad", reason="timed_out") == 4
    assert not pushed.series("brokerpush_push_failures_total", sink="good")
    assert_gateway_serves(recorded.metrics_text(), [emqx.page("stats")], KEY)
    fake_gateway.clear_faults()
    steps.go(1)
    steps.check_outage(PUSH_WORDS, 5, "sink=bad ", "reason=timed_out ")
    steps.stop()
