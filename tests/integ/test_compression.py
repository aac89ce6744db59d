# SPDX-License-Identifier: Apache-2.0
"""Packed bodies: when a sink gets them, what an old gateway makes of them, what sources send."""

import gzip
import itertools
import os
import re
import shutil
import signal
import subprocess
import zlib

import pytest

import peers
from exposition import assert_gateway_serves
from listeners import PAGE, Exporter, OldSink, Sink, large_page, packed_exporter
from setups import HOSTNAME, config, exporter as source, sink

LARGE = large_page()
GATEWAYS_VIEW = {"job": "exporter"}


@pytest.fixture
def started():
    """started(server) -> the server, running until the end of the test"""
    running = []

    def start(server):
        running.append(server.start())
        return server

    yield start
    for server in running:
        server.stop()


def is_packed(push):
    assert push.header("content-encoding") in (None, "gzip")
    assert (push.header("content-encoding") == "gzip") == push.body.startswith(b"\x1f\x8b")
    return push.header("content-encoding") == "gzip"


def plain(push):
    return gzip.decompress(push.body) if is_packed(push) else push.body


def accepted_bytes(result):
    return int(re.search(r"accepted, (\d+) bytes", result.stderr)[1])


# Two machines. Loopback is local by definition, so the agent runs in a network namespace of its
# own, joined to this one by a virtual cable: its gateway then really has another machine's address.

class OtherMachine:
    HERE, THERE = "198.18.77.1", "198.18.77.2"
    numbers = itertools.count()

    def __init__(self):
        number = next(self.numbers)
        self.name = f"brokerpush-{os.getpid()}-{number}"
        self.cable = f"bp{os.getpid()}n{number}"

    def __enter__(self):
        self._ip("netns", "add", self.name)
        try:
            self._ip("link", "add", self.cable, "type", "veth", "peer", "name", "cable",
                     "netns", self.name)
            self._ip("addr", "add", f"{self.HERE}/30", "dev", self.cable)
            self._ip("link", "set", self.cable, "up")
            inside = ("-n", self.name)
            self._ip(*inside, "addr", "add", f"{self.THERE}/30", "dev", "cable")
            self._ip(*inside, "link", "set", "cable", "up")
            self._ip(*inside, "link", "set", "lo", "up")
        except OSError:
            subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)
            raise
        return self

    def __exit__(self, *_):
        try:
            self._ip("link", "del", self.cable)  # at once; with the namespace it goes some time
        finally:
            self._ip("netns", "del", self.name)

    @staticmethod
    def _ip(*arguments):
        done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")

    def wrapper(self, folder):
        """A program that becomes the agent on the other machine, and so keeps its process id."""
        script = folder / "brokerpush-there"
        script.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} "{peers.BINARY}" "$@"\n')
        script.chmod(0o755)
        return script


def skip(reason):
    if os.environ.get("BROKERPUSH_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def other_machine(tmp_path, monkeypatch):
    """The agent runs there; servers must be at other_machine.HERE."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        skip("a second network namespace needs root and the command ip (package iproute2)")
    machine = OtherMachine()
    try:
        machine.__enter__()
    except OSError as error:
        skip(f"no second network namespace here: {error}")
    monkeypatch.setattr(peers, "BINARY", machine.wrapper(tmp_path))
    yield machine
    machine.__exit__()


def push_again(running, gateway, count):
    """One more cycle each time the last one has ended, until there are so many pushes."""
    for n in range(len(gateway.pushes), count):
        gateway.wait_for_pushes(n)
        running.send_signal(signal.SIGUSR1)
        gateway.wait_for_pushes(n + 1)
    return gateway.pushes


def start_distant(agent, machine, page, gateway, **more):
    agent.configure(config(source(page), sink(gateway, **more), interval="1h", splay="0s"))
    running = agent.start()
    running.wait_log("first push accepted")
    return running


# auto

def test_auto_packs_large_bodies_for_a_distant_gateway_from_the_second_push_on(
        agent, other_machine, started):
    page = started(Exporter(LARGE, address=other_machine.HERE))
    gateway = started(Sink(address=other_machine.HERE))
    running = start_distant(agent, other_machine, page, gateway)
    pushes = push_again(running, gateway, 3)
    assert running.stop().code == 0
    assert [is_packed(push) for push in pushes] == [False, True, True]
    assert all(LARGE.splitlines()[-1].encode() in plain(push) for push in pushes)
    assert len(pushes[1].body) < len(plain(pushes[1])) / 2
    assert {push.header("content-type") for push in pushes} == {
        "text/plain; version=0.0.4; charset=utf-8"}


def test_auto_leaves_small_bodies_plain_for_a_distant_gateway(agent, other_machine, started):
    page = started(Exporter(PAGE, address=other_machine.HERE))
    gateway = started(Sink(address=other_machine.HERE))
    running = start_distant(agent, other_machine, page, gateway)
    pushes = push_again(running, gateway, 3)
    assert running.stop().code == 0
    assert not any(is_packed(push) for push in pushes)


def test_auto_packs_from_64_kib_on_and_not_below(agent, other_machine, started):
    page = started(Exporter(LARGE, address=other_machine.HERE))
    gateway = started(Sink(address=other_machine.HERE))
    running = start_distant(agent, other_machine, page, gateway)
    # The self-metrics in a body have digits that come and go, so a size cannot be ordered; what
    # holds for each body is the rule.
    for rows in range(2260, 2360, 4):
        page.page = "".join(LARGE.splitlines(keepends=True)[:rows]).encode()
        push_again(running, gateway, len(gateway.pushes) + 1)
    assert running.stop().code == 0
    first, *later = gateway.pushes
    assert not is_packed(first)
    sizes = {len(plain(push)): is_packed(push) for push in later}
    assert {packed for packed in sizes.values()} == {False, True}
    assert sizes == {size: size >= 64 * 1024 for size in sizes}


def test_auto_on_loopback_stays_plain(agent, started):
    page, gateway = started(Exporter(LARGE)), started(Sink())
    agent.configure(config(source(page), sink(gateway), interval="1h", splay="0s"))
    running = agent.start()
    running.wait_log("first push accepted")
    pushes = push_again(running, gateway, 3)
    assert running.stop().code == 0
    assert not any(is_packed(push) for push in pushes)
    assert all(len(push.body) > 64 * 1024 for push in pushes)


def test_auto_on_another_loopback_address_stays_plain(agent, started):
    page, gateway = started(Exporter(LARGE)), started(Sink(address="127.0.0.2"))
    agent.configure(config(source(page), sink(gateway), interval="1h", splay="0s"))
    running = agent.start()
    running.wait_log("first push accepted")
    pushes = push_again(running, gateway, 2)
    assert running.stop().code == 0
    assert not any(is_packed(push) for push in pushes)


def test_auto_through_a_unix_socket_stays_plain(agent, started, tmp_path):
    page, gateway = started(Exporter(LARGE)), started(Sink(unix=tmp_path / "gateway.sock"))
    agent.configure(config(source(page), sink(gateway, unix_socket=str(gateway.unix)),
                           interval="1h", splay="0s"))
    running = agent.start()
    running.wait_log("first push accepted")
    pushes = push_again(running, gateway, 2)
    assert running.stop().code == 0
    assert not any(is_packed(push) for push in pushes)


def test_auto_with_an_own_address_stays_plain(agent, other_machine, started, monkeypatch):
    """Gateway and agent on one machine that talk by its outer address spare no network."""
    monkeypatch.undo()  # the agent is here, too
    page = started(Exporter(LARGE, address=other_machine.HERE))
    gateway = started(Sink(address=other_machine.HERE))
    running = start_distant(agent, other_machine, page, gateway)
    pushes = push_again(running, gateway, 2)
    assert running.stop().code == 0
    assert not any(is_packed(push) for push in pushes)


def test_a_single_run_of_auto_is_plain(agent, other_machine, started):
    page = started(Exporter(LARGE, address=other_machine.HERE))
    gateway = started(Sink(address=other_machine.HERE))
    agent.configure(config(source(page), sink(gateway)))
    assert agent.once().code == 0
    assert not is_packed(gateway.pushes[0])


def test_an_old_distant_gateway_gets_one_plain_resend_and_plain_bodies_ever_after(
        agent, other_machine, started):
    page = started(Exporter(LARGE, address=other_machine.HERE))
    gateway = started(OldSink(address=other_machine.HERE))
    running = start_distant(agent, other_machine, page, gateway)
    running.send_signal(signal.SIGUSR1)
    gateway.wait_for_pushes(3)  # the packed one and its resend
    pushes = push_again(running, gateway, 5)
    result = running.stop()
    assert [is_packed(push) for push in pushes] == [False, True, False, False, False]
    assert plain(pushes[1]) == pushes[2].body
    assert_told_once(result.stderr)


# gzip and none

@pytest.mark.parametrize("page", (PAGE, LARGE))
def test_gzip_packs_every_body_and_a_real_gateway_serves_the_same(agent, gateway, started, page):
    exporter = started(Exporter(page))
    agent.configure(config(source(exporter), sink(gateway, compression="gzip")))
    packed = agent.once()
    assert packed.code == 0, packed.stderr
    key = {**GATEWAYS_VIEW, "instance": HOSTNAME}
    assert_gateway_serves(gateway.metrics_text(), [page], key)
    agent.configure(config(source(exporter), sink(gateway, compression="none")))
    assert accepted_bytes(packed) < accepted_bytes(agent.once())


@pytest.mark.parametrize("page", (PAGE, LARGE))
def test_gzip_packs_the_first_push_too_and_it_unpacks_to_the_body(agent, started, page):
    exporter, gateway = started(Exporter(page)), started(Sink())
    agent.configure(config(source(exporter), sink(gateway, compression="gzip")))
    assert agent.once().code == 0
    push, = gateway.pushes
    assert is_packed(push)
    assert int(push.header("content-length")) == len(push.body)
    assert push.header("transfer-encoding") is None
    assert page.splitlines()[-1].encode() in plain(push).splitlines()


def test_gzip_with_post_reaches_a_real_gateway(agent, gateway, started):
    exporter = started(Exporter(PAGE))
    agent.configure(config(source(exporter), sink(gateway, compression="gzip", method="post")))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert_gateway_serves(gateway.metrics_text(), [PAGE],
                          {**GATEWAYS_VIEW, "instance": HOSTNAME})


def test_none_never_packs_for_a_distant_gateway(agent, other_machine, started):
    page = started(Exporter(LARGE, address=other_machine.HERE))
    gateway = started(Sink(address=other_machine.HERE))
    running = start_distant(agent, other_machine, page, gateway, compression="none")
    pushes = push_again(running, gateway, 2)
    assert running.stop().code == 0
    assert not any(is_packed(push) for push in pushes)


# Old gateways

def assert_told_once(log):
    lines = [line for line in log.splitlines() if "gzip" in line]
    assert len(lines) == 1 and "level=warn" in lines[0] and "sink=gateway" in lines[0], log
    assert "push failed" not in log


def test_an_old_gateway_gets_exactly_one_plain_resend_in_the_same_run(agent, started):
    exporter, gateway = started(Exporter(LARGE)), started(OldSink())
    agent.configure(config(source(exporter), sink(gateway, compression="gzip")))
    result = agent.once()
    assert result.code == 0, result.stderr
    first, second = gateway.pushes
    assert (is_packed(first), is_packed(second)) == (True, False)
    assert plain(first) == second.body
    assert first.target == second.target
    assert_told_once(result.stderr)


def test_an_old_gateway_is_remembered_until_the_restart(agent, started):
    exporter, gateway = started(Exporter(PAGE)), started(OldSink())
    agent.configure(config(source(exporter), sink(gateway, compression="gzip"),
                           interval="1h", splay="0s"))
    running = agent.start()
    running.wait_log("first push accepted")
    pushes = push_again(running, gateway, 4)
    result = running.stop()
    assert [is_packed(push) for push in pushes] == [True, False, False, False]
    assert_told_once(result.stderr)
    # A restart knows nothing of it.
    running = agent.start()
    running.wait_log("first push accepted")
    assert_told_once(running.stop().stderr)
    assert [is_packed(push) for push in gateway.pushes[4:]] == [True, False]


def test_an_old_gateway_with_several_groups_is_told_once(agent, started):
    pages = [started(Exporter(PAGE)) for _ in range(3)]
    gateway = started(OldSink())
    agent.configure(config([source(page, name=f"page{n}") for n, page in enumerate(pages)],
                           sink(gateway, compression="gzip"), interval="1h", splay="0s"))
    running = agent.start()
    running.wait_log("first push accepted", 3)
    result = running.stop()
    assert_told_once(result.stderr)
    targets = [push.target for push in gateway.pushes if not is_packed(push)]
    assert len(targets) == len(set(targets)) == 3
    # Each at most once: no group is sent packed again after its refusal.
    packed = [push.target for push in gateway.pushes if is_packed(push)]
    assert len(packed) == len(set(packed)) <= 3


def test_a_resend_that_fails_too_is_the_pushs_failure_and_not_repeated(agent, started):
    exporter, gateway = started(Exporter(PAGE)), started(Sink())
    gateway.set_fault("status", code=400,
                      text="text format parsing error in line 1: invalid metric name")
    agent.configure(config(source(exporter), sink(gateway, compression="gzip")))
    result = agent.once()
    assert result.code == 1
    assert "reason=rejected" in result.stderr
    assert [is_packed(push) for push in gateway.pushes] == [True, False]


def test_a_plain_body_that_is_refused_in_these_words_is_not_sent_again(agent, started):
    exporter, gateway = started(Exporter(PAGE)), started(Sink())
    gateway.set_fault("status", code=400,
                      text="text format parsing error in line 1: invalid metric name")
    agent.configure(config(source(exporter), sink(gateway, compression="none")))
    result = agent.once()
    assert result.code == 1
    assert "invalid metric name" in result.stderr and "reason=rejected" in result.stderr
    assert len(gateway.pushes) == 1


@pytest.mark.parametrize("code,text", (
    (400, "text format parsing error in line 2: invalid metric name"),
    (500, "text format parsing error in line 1: invalid metric name"),
    (400, "pushed metrics are invalid or inconsistent with existing metrics"),
    (415, "unsupported encoding")))
def test_other_refusals_of_a_packed_body_lead_to_no_resend(agent, started, code, text):
    exporter, gateway = started(Exporter(PAGE)), started(Sink())
    gateway.set_fault("status", code=code, text=text)
    agent.configure(config(source(exporter), sink(gateway, compression="gzip")))
    result = agent.once()
    assert result.code == 1 and text in result.stderr
    assert [is_packed(push) for push in gateway.pushes] == [True]


# Sources

def test_sources_are_asked_for_gzip_and_their_packed_pages_are_read(agent, gateway, started):
    exporter = started(packed_exporter(LARGE))
    agent.configure(config(source(exporter), sink(gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert exporter.requests[0].header("accept-encoding") == "gzip"
    assert_gateway_serves(gateway.metrics_text(), [LARGE],
                          {**GATEWAYS_VIEW, "instance": HOSTNAME})


def test_sinks_are_not_asked_for_gzip(agent, started):
    exporter, gateway = started(Exporter()), started(Sink())
    agent.configure(config(source(exporter), sink(gateway)))
    assert agent.once().code == 0
    assert gateway.pushes[0].header("accept-encoding") is None


def test_a_real_exporters_packed_page_is_read(agent, gateway, node_exporter):
    """The library of Go packs whenever it is asked to."""
    agent.configure(config(source(node_exporter), sink(gateway)))
    result = agent.once()
    assert result.code == 0, result.stderr
    assert "node_load1" in gateway.metrics_text()


def failure(agent, exporter, gateway, **more):
    """The line about the source, which must have failed while the rest went on."""
    agent.configure(config(source(exporter, **more), sink(gateway)))
    result = agent.once()
    assert result.code == 4, result.stderr
    assert not any(b"app_" in push.body for push in gateway.pushes)
    return next(line for line in result.stderr.splitlines() if "source is down" in line)


def test_a_gzip_bomb_is_too_large_by_its_unpacked_size(agent, fake_gateway, started):
    rows = b"app_bomb 1\n" * (8 << 20)
    exporter = started(packed_exporter("", gzip.compress(rows)))
    assert len(exporter.page) < 1 << 20
    line = failure(agent, exporter, fake_gateway, body_size_limit="1MiB")
    assert "reason=too_large" in line and str(1 << 20) in line


@pytest.mark.parametrize("limit,good", ((0, True), (-1, False)))
def test_the_limit_counts_unpacked_bytes_exactly(agent, fake_gateway, started, limit, good):
    exporter = started(packed_exporter(LARGE))
    size = f"{len(LARGE) + limit}B"
    if good:
        agent.configure(config(source(exporter, body_size_limit=size), sink(fake_gateway)))
        assert agent.once().code == 0
    else:
        assert "reason=too_large" in failure(agent, exporter, fake_gateway, body_size_limit=size)


def broken_streams():
    whole = gzip.compress(LARGE.encode())
    changed = bytearray(whole)
    changed[-8] ^= 0xff  # in the checksum
    return {
        "rubbish": b"this is not packed at all, whatever the header says\n" * 20,
        "empty": b"",
        "cut in its header": whole[:6],
        "cut in the middle": whole[:len(whole) // 2],
        "cut before the checksum": whole[:-8],
        "wrong checksum": bytes(changed),
        "rubbish behind it": whole + b"x" * 40000,
        "damaged": whole[:200] + b"\xff" * 200 + whole[400:],
    }


@pytest.mark.parametrize("kind", broken_streams())
def test_broken_gzip_is_a_bad_body(agent, fake_gateway, started, kind):
    exporter = started(packed_exporter("", broken_streams()[kind]))
    assert "reason=bad_body" in failure(agent, exporter, fake_gateway)


def test_gzip_cut_at_the_end_of_a_line_is_a_bad_body(agent, fake_gateway, started):
    """What can be unpacked ends with a whole line, and nothing but the stream's end is missing."""
    packer = zlib.compressobj(wbits=31)
    lines = LARGE.splitlines(keepends=True)
    front = packer.compress("".join(lines[:1000]).encode()) + packer.flush(zlib.Z_SYNC_FLUSH)
    exporter = started(packed_exporter("", front))
    assert "reason=bad_body" in failure(agent, exporter, fake_gateway)


def test_an_encoding_that_was_not_asked_for_is_a_bad_body(agent, fake_gateway, started):
    exporter = started(Exporter(PAGE, headers={"Content-Encoding": "lzma"}))
    assert "reason=bad_body" in failure(agent, exporter, fake_gateway)


def test_a_packed_page_in_two_members_is_read_whole_or_refused(agent, fake_gateway, started):
    """RFC 1952 section 2.2 allows several; half a page must not pass as a whole one."""
    lines = LARGE.splitlines(keepends=True)
    packed = b"".join(gzip.compress("".join(part).encode())
                      for part in (lines[:2000], lines[2000:]))
    exporter = started(packed_exporter("", packed))
    agent.configure(config(source(exporter), sink(fake_gateway)))
    result = agent.once()
    if result.code == 0:
        assert lines[-1].encode() in fake_gateway.pushes[0].body
    else:
        assert "reason=bad_body" in result.stderr
