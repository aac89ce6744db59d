# SPDX-License-Identifier: Apache-2.0
"""Fixtures. A missing prerequisite skips with its reason; with BROKERPUSH_NO_SKIP=1 it fails."""

import sys

import pytest

import peers
from arrival import Arrival
from secret_watch import secret_watch  # noqa: F401  every run is searched for secrets
from setups import RecordedGateway
from shifted_clock import ShiftedClock
from simulated_emqx import SimulatedEmqx

sys.dont_write_bytecode = True


@pytest.fixture
def emqx():
    """A simulated node, emqx@127.0.0.1."""
    with SimulatedEmqx() as server:
        yield server


@pytest.fixture
def cluster():
    """Two simulated nodes, asked at the first."""
    with SimulatedEmqx(nodes=2) as server:
        yield server


@pytest.fixture
def gateway():
    """A real Pushgateway, empty."""
    peers.need(peers.GATEWAY_PROGRAM, "run scripts/setup test")
    with peers.Gateway() as server:
        yield server


@pytest.fixture
def arrival(gateway):
    """What a real Pushgateway, empty now, will have of a page."""
    return Arrival(gateway)


@pytest.fixture
def recorded(gateway):
    """A real Pushgateway that remembers what was pushed."""
    with RecordedGateway(gateway) as server:
        yield server


@pytest.fixture
def clock(tmp_path):
    """A monotonic clock that can be set forward, for an agent of this test."""
    return ShiftedClock(tmp_path)


@pytest.fixture
def fake_gateway():
    """A sink that takes everything until it is told otherwise."""
    with peers.FakeGateway() as server:
        yield server


@pytest.fixture
def node_exporter():
    peers.need(peers.NODE_EXPORTER_PROGRAM, "run scripts/setup test")
    with peers.NodeExporter() as server:
        yield server


@pytest.fixture
def promtool():
    """promtool_check(text) -> (exit code, output)"""
    peers.need(peers.PROMTOOL_PROGRAM, "run scripts/setup test")
    return peers.promtool_check


@pytest.fixture
def agent(tmp_path):
    """The program under test."""
    peers.need(peers.BINARY, "build it first, or name another by BROKERPUSH=")
    under_test = peers.Agent(tmp_path)
    yield under_test
    under_test.stop_all()
