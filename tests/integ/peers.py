# SPDX-License-Identifier: Apache-2.0
"""The agent under test and those it talks to: real programs as processes, a scriptable sink.

Everything is on free loopback ports, is waited for by a condition, and is ended by process id.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopback import LoopbackServer

PROJECT = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("BROKERPUSH_PEERS", PROJECT / "build" / "peers"))
BINARY = Path(os.environ.get("BROKERPUSH", PROJECT / "build" / "dev" / "brokerpush")).absolute()

# How long a test waits before it calls a condition lost; no test asserts on time.
PATIENCE = 60

GATEWAY_PROGRAM = PEERS / "usr/bin/prometheus-pushgateway"
NODE_EXPORTER_PROGRAM = PEERS / "usr/bin/prometheus-node-exporter"
PROMTOOL_PROGRAM = PEERS / "usr/bin/promtool"


def need(path, remedy):
    """A missing prerequisite skips with its reason; with BROKERPUSH_NO_SKIP=1 it fails."""
    if path.exists():
        return
    reason = f"{path} is missing: {remedy}"
    if os.environ.get("BROKERPUSH_NO_SKIP") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def wait_until(condition, what, seconds=PATIENCE):
    """Poll until the condition is true, and return what it returned."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain: {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def get(url, timeout=PATIENCE):
    # Proxies of the environment have no business on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=timeout) as answer:
        return answer.read().decode()


# Real peers

class Peer:
    """A real server program on a free loopback port."""

    program = None
    ready_path = "/metrics"
    environment = None  # that of the tests
    log_path = None  # nobody reads what it says

    def __init__(self, *arguments):
        self.arguments = arguments
        self.port = None
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def command(self):
        raise NotImplementedError

    def start(self):
        # Another process may take a free port before the peer has it: then try the next.
        for _ in range(5):
            self.port = free_port()
            if self._launch():
                return self
        said = Path(self.log_path).read_text() if self.log_path else ""
        raise AssertionError(f"{self.program} does not start\n{said[-2000:]}")

    def _launch(self):
        command = [str(self.program), *self.command(), *self.arguments]
        with open(self.log_path or os.devnull, "a") as log:
            self.process = subprocess.Popen(command, env=self.environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        wait_until(lambda: self.process.poll() is not None or self._is_ready(),
                   f"{self.program.name} answers")
        return self.process.poll() is None

    def _is_ready(self):
        try:
            get(self.url + self.ready_path, timeout=5)
            return True
        except OSError:
            return False

    def stop(self):
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def start_again(self):
        """On the same port, after stop()."""
        wait_until(self._launch, f"{self.program.name} starts again on port {self.port}")

    def restart(self):
        self.stop()
        self.start_again()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class Gateway(Peer):
    """A real Pushgateway that keeps nothing on disk."""

    program = GATEWAY_PROGRAM
    ready_path = "/-/ready"

    def command(self):
        return [f"--web.listen-address=127.0.0.1:{self.port}", "--persistence.file=",
                "--log.level=error"]

    def metrics_text(self):
        return get(self.url + "/metrics")

    def groups(self):
        """The grouping keys as dicts of labels (from the JSON interface)."""
        return [group["labels"] for group in json.loads(get(self.url + "/api/v1/metrics"))["data"]]

    def push(self, path, body, method="PUT"):
        """Somebody else's push."""
        request = urllib.request.Request(self.url + path, data=body.encode(), method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return answer.status


class NodeExporter(Peer):
    """A real page in the text format that is not EMQX's."""

    program = NODE_EXPORTER_PROGRAM

    def command(self):
        return [f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"]


def promtool_check(text):
    """(exit code, what it said): 0 is good, 3 has only lint remarks, 1 cannot be parsed."""
    done = subprocess.run([str(PROMTOOL_PROGRAM), "check", "metrics"], input=text.encode(),
                          capture_output=True, timeout=PATIENCE, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


# A sink that obeys

class FakeGateway(LoopbackServer):
    """Takes every push with 200 unless told otherwise; remembers requests with their bodies."""

    def __init__(self, port=0):
        super().__init__(port)
        self._fault = None
        self._state = threading.Lock()
        self._holding = threading.Event()

    def set_fault(self, kind, **options):
        """refused, silent, reset, held (no answer before release()), or
        status (code=, text="", headers={})."""
        if kind == "refused":
            self.refuse()
        elif not hasattr(self, f"_fault_{kind}"):
            raise ValueError(f"no such fault: {kind}")
        if kind == "held":
            self._holding.clear()
        with self._state:
            self._fault = kind, options

    def clear_faults(self):
        with self._state:
            refused = self._fault is not None and self._fault[0] == "refused"
            self._fault = None
        self._holding.set()
        if refused:
            self.accept_again()

    release = clear_faults

    def stop(self):
        self._holding.set()
        super().stop()

    @property
    def pushes(self):
        return [request for request in self.requests if request.method in ("PUT", "POST")]

    def wait_for_pushes(self, count):
        """The pushes, once there are so many."""
        wait_until(lambda: len(self.pushes) >= count, f"{count} pushes at the fake gateway")
        return self.pushes

    def handle(self, connection, request):
        with self._state:
            fault = self._fault
        if fault is None:
            return self._fault_status(connection, request, 200)
        kind, options = fault
        return getattr(self, f"_fault_{kind}")(connection, request, **options)

    @staticmethod
    def _fault_status(connection, _request, code, text="", headers=None):
        fields = {"Content-Length": str(len(text.encode())), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.send(f"HTTP/1.1 {code} Whatever\r\n{head}\r\n{text}".encode())
        return True

    @staticmethod
    def _fault_silent(connection, _request):
        connection.wait_until_closed_by_peer()
        return False

    @staticmethod
    def _fault_reset(connection, _request):
        connection.reset()
        return False

    def _fault_held(self, connection, request):
        self._holding.wait(PATIENCE)
        return self._fault_status(connection, request, 200)


# The agent

@dataclass
class Result:
    code: int
    stdout: str
    stderr: str


def config_text(value, depth=0):
    """A Python structure in libconfig's syntax: dict a group, list a list, the rest scalars."""
    indent = "  " * (depth + 1)
    if isinstance(value, dict):
        inside = "".join(f"{indent}{name} = {config_text(item, depth + 1)};\n"
                         for name, item in value.items())
        return "{\n" + inside + indent[2:] + "}"
    if isinstance(value, (list, tuple)):
        inside = ", ".join(config_text(item, depth + 1) for item in value)
        return f"( {inside} )"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value) if abs(value) < 1 << 31 else f"{value}L"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return f'"{escaped}"'


def check_sanity(code, stderr):
    """No crash, no finding of a sanitizer: in whatever a test does."""
    for sign in ("AddressSanitizer", "LeakSanitizer", "runtime error:", "UndefinedBehavior"):
        if sign in stderr:
            raise AssertionError(f"a sanitizer found something:\n{stderr}")
    if code is not None and code < 0:
        name = signal.Signals(-code).name
        raise AssertionError(f"brokerpush died of {name}:\n{stderr}")


class Agent:
    """Runs the binary with a generated configuration file in a folder of the test's own."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.config_file = self.folder / "brokerpush.conf"
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.lower().endswith("_proxy")}
        self._running = []

    def configure(self, config):
        """Write the configuration: text as it is, a dict as libconfig."""
        if isinstance(config, dict):
            config = "".join(f"{name} = {config_text(value)};\n"
                             for name, value in config.items())
        self.config_file.write_text(config)
        self.config_file.chmod(0o600)
        return self

    def write_file(self, name, text, mode=0o600):
        """A file beside the configuration, such as a secret."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def run(self, *arguments, config_file=None, environment=None):
        """One run to its end, with the configuration."""
        return self.run_plain("-c", config_file or self.config_file, *arguments,
                              environment=environment)

    def run_plain(self, *arguments, environment=None):
        """One run to its end with exactly these arguments."""
        done = subprocess.run(
            [str(BINARY), *map(str, arguments)], cwd=self.folder, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=2 * PATIENCE, check=False,
            env={**self.environment, **(environment or {})})
        result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
        check_sanity(result.code, result.stderr)
        return result

    def once(self, *arguments, **options):
        return self.run("--once", *arguments, **options)

    def dry_run(self, *arguments, **options):
        return self.run("--dry-run", *arguments, **options)

    def check_config(self, *arguments, **options):
        return self.run("--check-config", *arguments, **options)

    def start(self, *arguments, environment=None):
        """Timer mode; ended with the test at the latest."""
        command = [str(BINARY), "-c", str(self.config_file), *map(str, arguments)]
        running = RunningAgent(command, self.folder,
                               {**self.environment, **(environment or {})})
        self._running.append(running)
        return running

    def stop_all(self):
        for running in self._running:
            running.end()


class RunningAgent:
    """The agent in timer mode; its log is read as it comes."""

    def __init__(self, command, folder, environment):
        self.process = subprocess.Popen(command, cwd=folder, env=environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self._log = []
        self._out = []
        self._readers = [
            threading.Thread(target=self._read, args=(stream, lines), daemon=True)
            for stream, lines in ((self.process.stderr, self._log),
                                  (self.process.stdout, self._out))]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.append(line)

    @property
    def log(self):
        return "".join(self._log)

    def log_lines(self, regex):
        return [line for line in list(self._log) if re.search(regex, line)]

    def wait_log(self, regex, count=1):
        """The lines that match, once there are so many."""
        def enough():
            lines = self.log_lines(regex)
            return lines if len(lines) >= count else None

        def waiting():
            found = enough()
            if not found and self.process.poll() is not None:
                self._join()
                if not enough():
                    raise AssertionError(f"brokerpush ended with {self.process.returncode} "
                                         f"without a line like {regex!r}:\n{self.log}")
            return found

        try:
            return wait_until(waiting, f"{count} log lines like {regex!r}")
        except AssertionError as error:
            raise AssertionError(f"{error}\nthe log:\n{self.log}") from None

    def send_signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """The result, once it ends by itself."""
        self.process.wait(timeout=PATIENCE)
        self._join()
        check_sanity(self.process.returncode, self.log)
        return Result(self.process.returncode, "".join(self._out), self.log)

    def stop(self, number=signal.SIGTERM):
        """End it by a signal, and return the result."""
        self.send_signal(number)
        return self.wait()

    def _join(self):
        for reader in self._readers:
            reader.join(timeout=PATIENCE)

    def end(self):
        """Whatever state it is in; a failure of the test shows elsewhere."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._join()
