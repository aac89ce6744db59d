# SPDX-License-Identifier: Apache-2.0
"""The binary that users run, under valgrind: no invalid access and no leak over whole cycles."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

from peers import wait_until

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


def write_config(folder, emqx, gateway):
    path = folder / "valgrind.conf"
    path.write_text(
        'interval = "60s"; splay = "0s";\n'
        f'sources = ( {{ name = "emqx"; type = "emqx"; url = "{emqx.url}"; }} );\n'
        f'sinks = ( {{ name = "gateway"; type = "pushgateway"; url = "{gateway.url}"; }} );\n')
    return path


def test_one_cycle_has_no_memory_fault(release, tmp_path, emqx, gateway):
    config = write_config(tmp_path, emqx, gateway)
    done = subprocess.run([*VALGRIND, release, "-c", config, "--once"], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "emqx_connections_count" in gateway.metrics_text()


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
