# SPDX-License-Identifier: Apache-2.0
"""The binary that users run, under valgrind: no invalid access and no leak over whole cycles."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from emqx_families import MODES
from peers import wait_until
from simulated_emqx import SimulatedEmqx

RELEASE = os.environ.get("BROKERPUSH_RELEASE")
VALGRIND = ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99"]


@pytest.fixture
def release():
    if not RELEASE or not pathlib.Path(RELEASE).exists() or not shutil.which("valgrind"):
        reason = "needs valgrind and a release build (BROKERPUSH_RELEASE)"
        if os.environ.get("BROKERPUSH_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    return RELEASE


def write_config(folder, emqx, gateway, settings=""):
    path = folder / "valgrind.conf"
    path.write_text(
        'interval = "60s"; splay = "0s";\n'
        f'sources = ( {{ name = "emqx"; type = "emqx"; url = "{emqx.url}"; {settings} }} );\n'
        f'sinks = ( {{ name = "gateway"; type = "pushgateway"; url = "{gateway.url}"; }} );\n')
    return path


def test_one_cycle_has_no_memory_fault(release, tmp_path, emqx, gateway):
    config = write_config(tmp_path, emqx, gateway)
    done = subprocess.run([*VALGRIND, release, "-c", config, "--once"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "emqx_connections_count" in gateway.metrics_text()


@pytest.mark.parametrize("fault", (None, "500", "truncated"))
@pytest.mark.parametrize("mode", MODES)
def test_a_cycle_of_all_that_there_is_has_no_memory_fault(release, tmp_path, fake_gateway, mode,
                                                          fault):
    """Pages and JSON with a token, in place of the pages too; and nothing but failures."""
    with SimulatedEmqx(profile="6.3", nodes=2) as emqx:
        if fault:
            emqx.set_fault(fault, "stats")
            emqx.set_fault(fault, "json:rules")
        config = write_config(
            tmp_path, emqx, fake_gateway, f'endpoints = "all"; mode = "{mode}"; '
            'only_global = true; login = { username = "admin"; password = "public"; };')
        done = subprocess.run([*VALGRIND, release, "-c", config, "--once"], capture_output=True,
                              text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ("its statistics come from JSON" in done.stderr) == bool(fault)
    for family in (b"emqx_connections_count", b"emqx_node_load1", b"emqx_listener_running"):
        assert family in fake_gateway.pushes[0].body


def test_a_life_of_several_cycles_has_no_memory_fault(release, tmp_path, emqx, fake_gateway):
    config = write_config(tmp_path, emqx, fake_gateway)
    with open(tmp_path / "log", "wb") as log:
        agent = subprocess.Popen([*VALGRIND, release, "-c", config], stderr=log)
        try:
            for n_pushes in (1, 2, 3):
                wait_until(lambda: len(fake_gateway.pushes) >= n_pushes, f"push {n_pushes}")
                agent.send_signal(signal.SIGUSR1)
            agent.send_signal(signal.SIGTERM)
            code = agent.wait(60)
        finally:
            agent.kill()
    assert code == 0, (tmp_path / "log").read_text()
