# SPDX-License-Identifier: Apache-2.0
"""Fixtures. A missing prerequisite skips with its reason; with BROKERPUSH_NO_SKIP=1 it fails."""

import os
import sys

import pytest

import peers
from secret_watch import secret_watch  # noqa: F401  every run is searched for secrets
from simulated_emqx import SimulatedEmqx

sys.dont_write_bytecode = True


def need(path, remedy):
    if path.exists():
        return
    reason = f"{path} is missing: {remedy}"
    if os.environ.get("BROKERPUSH_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


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
    need(peers.GATEWAY_PROGRAM, "run scripts/setup test")
    with peers.Gateway() as server:
        yield server


@pytest.fixture
def fake_gateway():
    """A sink that takes everything until it is told otherwise."""
    with peers.FakeGateway() as server:
        yield server


@pytest.fixture
def node_exporter():
    need(peers.NODE_EXPORTER_PROGRAM, "run scripts/setup test")
    with peers.NodeExporter() as server:
        yield server


@pytest.fixture
def promtool():
    """promtool_check(text) -> (exit code, output)"""
    need(peers.PROMTOOL_PROGRAM, "run scripts/setup test")
    return peers.promtool_check


@pytest.fixture
def agent(tmp_path):
    """The program under test."""
    need(peers.BINARY, "build it first, or name another by BROKERPUSH=")
    under_test = peers.Agent(tmp_path)
    yield under_test
    under_test.stop_all()
