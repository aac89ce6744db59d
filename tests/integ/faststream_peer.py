# SPDX-License-Identifier: Apache-2.0
"""A real FastStream application on a real RabbitMQ; its packages come from Python's registry.

    python = faststream_python()  # skips the test where they cannot be had
    with FastStream(folder, broker, python) as application: ... application.url + "/metrics"
"""

import os
import subprocess
from pathlib import Path

import pytest

from peers import PATIENCE, PROJECT, Peer

APPLICATION = Path(__file__).parent / "faststream_app"
ENVIRONMENT = PROJECT / "build" / "faststream"


def faststream_python():
    """The interpreter of a virtual environment under build/, which is made once.

    No machine without a network fails by this, so it skips even with BROKERPUSH_NO_SKIP=1.
    """
    requirements = APPLICATION / "requirements.txt"
    python, installed = ENVIRONMENT / "bin/python", ENVIRONMENT / "installed"
    if not installed.exists() or installed.read_text() != requirements.read_text():
        _run("/usr/bin/python3", "-m", "venv", "--clear", ENVIRONMENT)
        _run(python, "-m", "pip", "install", "--quiet", "--no-input", "--retries", "0",
             "--timeout", "15", "--disable-pip-version-check", "-r", requirements)
        installed.write_text(requirements.read_text())
    return python


def _run(*command):
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=4 * PATIENCE)
    except subprocess.TimeoutExpired as late:
        pytest.skip(f"FastStream cannot be installed: {late}")
    if done.returncode != 0:
        last = done.stdout.decode().strip().splitlines()[-1:]
        pytest.skip(f"FastStream cannot be installed: {last}")


class FastStream(Peer):
    """The folder has its output."""

    def __init__(self, folder, broker, python):
        super().__init__()
        self.program = python
        self.log_path = folder / "faststream.log"
        self.environment = {**os.environ, "AMQP_URL": broker.amqp_url,
                            "PYTHONDONTWRITEBYTECODE": "1"}

    def command(self):
        return ["-m", "uvicorn", "--app-dir", str(APPLICATION), "--host", "127.0.0.1",
                "--port", str(self.port), "app:app"]
