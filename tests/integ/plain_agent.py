# SPDX-License-Identifier: Apache-2.0
"""The agent without sanitizers, which leaves room for limits and for a wall clock that jumps."""

import os
from pathlib import Path

import pytest

from peers import BINARY, PEERS, PROJECT, RunningAgent, need


def is_sanitized(binary):
    return b"__asan_init" in binary.read_bytes()


def plain_binary():
    """One without sanitizers, which want much address space, and to be loaded first."""
    named = os.environ.get("BROKERPUSH_PLAIN")
    built = [PROJECT / "build" / preset / "brokerpush" for preset in ("dev", "release")]
    for candidate in [Path(named)] if named else [BINARY, *built]:
        if candidate.exists() and not is_sanitized(candidate):
            return candidate.absolute()
    need(Path(named) if named else built[0],
         "cmake --preset dev && cmake --build --preset dev, or name one by BROKERPUSH_PLAIN=")
    return pytest.skip(f"{named or built[0]} is built with sanitizers")


def faketime_library():
    """It changes wall time for one process."""
    named = os.environ.get("BROKERPUSH_FAKETIME")
    pattern = "usr/lib/*/faketime/libfaketime.so.1"
    found = [Path(named)] if named else [*PEERS.glob(pattern), *Path("/").glob(pattern)]
    if not found:
        need(PEERS / pattern, "install libfaketime, or name it by BROKERPUSH_FAKETIME=")
    return found[0]


def faketime(agent, offset):
    """The environment in which an agent's wall clock is off by so many seconds, such as "-3600".
    Called again, it sets that anew for an agent that runs."""
    path = agent.folder / "offset"
    agent.write_file("offset.new", offset).replace(path)
    return {"LD_PRELOAD": str(faketime_library()), "FAKETIME_TIMESTAMP_FILE": str(path),
            "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DONT_FAKE_MONOTONIC": "1"}


@pytest.fixture
def plain(agent):
    """plain(environment) -> the agent in timer mode, without sanitizers"""
    running = []

    def start(environment=None):
        running.append(RunningAgent([str(plain_binary()), "-c", str(agent.config_file)],
                                    agent.folder, {**agent.environment, **(environment or {})}))
        return running[-1]

    yield start
    for process in running:
        process.end()
