# SPDX-License-Identifier: Apache-2.0
"""A real RabbitMQ, unpacked but not installed, with its management and Prometheus plugins.

    with RabbitMQ(folder) as broker: ... broker.url + "/metrics"

Everything it needs and leaves is in the folder. Debian's start scripts know only installed
places, so the Erlang machine is started as those scripts would; it is then a single process.
"""

import base64
import json
import os
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

from peers import PATIENCE, PEERS, Peer, free_port, get, wait_until

ERLANG = PEERS / "usr/lib/erlang"
PLUGINS = ("rabbitmq_management", "rabbitmq_prometheus")
# Tests wait for the queues' figures, which come every 5 s otherwise. (The management API adds up
# every 5 s whatever one says.)
STATISTICS_MS = "500"
# Its schedulers sleep when they have nothing to do. Turning idly, as they else would, they keep
# themselves from the processors of a busy machine: a start takes minutes there, with this seconds.
NO_BUSY_WAITING = ("+sbwt", "none", "+sbwtdcpu", "none", "+sbwtdio", "none")
# The mapping of the manual page, and the user that it names.
EXAMPLE = Path(__file__).parent / "rabbitmq.conf"
MONITOR, SECRET = "monitor", "word-of-the-monitor"
USER, PASSWORD = "watcher", "password-of-watcher"


def inside(pattern):
    """The path of a pattern with a version in it; the pattern itself while it is not there."""
    return next(iter(sorted(PEERS.glob(pattern))), PEERS / pattern)


HOME = inside("usr/lib/rabbitmq/lib/rabbitmq_server-*")
MACHINE = inside("usr/lib/erlang/erts-*/bin")


def example(agent, source_url, gateway_url, page_size=500):
    """The agent has the configuration of the manual page, but for these."""
    text = EXAMPLE.read_text()
    agent.write_file("rabbitmq.secret", SECRET)
    return agent.configure(text.replace("http://127.0.0.1:15672", source_url)
                           .replace("http://10.0.0.7:9091", gateway_url)
                           .replace("page_size=500", f"page_size={page_size}"))


class PortMapper(Peer):
    """Erlang's epmd; without one of its own a broker would find, or start, one for the machine."""

    program = MACHINE / "epmd"

    def command(self):
        self.environment = {"ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(self.port)}
        return []

    def _is_ready(self):
        return subprocess.run([self.program, "-names"], env=self.environment, check=False,
                              capture_output=True, timeout=PATIENCE).returncode == 0


class RabbitMQ(Peer):
    """`port` is that of its pages."""

    program = MACHINE / "erlexec"

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.log_path = folder / "output"
        self.mapper = PortMapper()
        self.amqp_port = self.management_port = None

    @property
    def management_url(self):
        return f"http://127.0.0.1:{self.management_port}"

    @property
    def amqp_url(self):
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{self.amqp_port}/"

    # Life

    def start(self):
        self.mapper.start()
        try:
            return super().start()
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """At once: nobody looks at what it would still have written."""
        if self.process is not None:
            self.process.kill()
        super().stop()
        self.mapper.stop()

    def command(self):
        self.amqp_port, self.management_port = free_port(), free_port()
        self._write_configuration()
        self.environment = self._environment()
        return ["-noinput", *NO_BUSY_WAITING, "-start_epmd", "false", "-boot", "start_sasl",
                "-s", "rabbit", "boot", "+W", "w", "-rabbit", "quorum_tick_interval", STATISTICS_MS,
                "-kernel", "inet_dist_use_interface", "{127,0,0,1}",
                "-kernel", "prevent_overlapping_partitions", "false",
                "-syslog", "logger", "[]", "-syslog", "syslog_error_logger", "false"]

    def _write_configuration(self):
        (self.folder / "enabled_plugins").write_text(f"[{','.join(PLUGINS)}].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.amqp_port}\n"
            f"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {self.management_port}\n"
            f"prometheus.tcp.ip = 127.0.0.1\nprometheus.tcp.port = {self.port}\n"
            f"default_user = {USER}\ndefault_pass = {PASSWORD}\n"
            f"collect_statistics_interval = {STATISTICS_MS}\n")

    def _environment(self):
        folder = self.folder
        return {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder),
            "ROOTDIR": str(ERLANG), "BINDIR": str(MACHINE), "EMU": "beam", "PROGNAME": "erl",
            "ERL_LIBS": str(HOME / "plugins"), "ERL_CRASH_DUMP": str(folder / "crash"),
            **self.mapper.environment,
            "RABBITMQ_HOME": str(HOME), "RABBITMQ_PLUGINS_DIR": str(HOME / "plugins"),
            "RABBITMQ_NODENAME": "rabbit@localhost", "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "environment"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
        }

    def _is_ready(self):
        try:
            self.manage("GET", "overview")
        except OSError:
            return False
        return super()._is_ready()

    # What clients do

    def manage(self, method, path, value=None):
        """A request to the management API; the answer, read as JSON."""
        credentials = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            f"{self.management_url}/api/{path}", method=method,
            data=None if value is None else json.dumps(value).encode(),
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def add_monitor(self):
        """The user of the example. Without a permission in a virtual host it sees no queue there."""
        self.manage("PUT", f"users/{MONITOR}", {"password": SECRET, "tags": "monitoring"})
        self.manage("PUT", f"permissions/%2F/{MONITOR}", dict.fromkeys(
            ("configure", "write", "read"), "^$"))

    def publish(self, queue, message="a message"):
        answer = self.manage("POST", "exchanges/%2F/amq.default/publish", {
            "properties": {}, "routing_key": queue, "payload": message,
            "payload_encoding": "string"})
        if answer != {"routed": True}:
            raise AssertionError(f"a message for {queue} went nowhere: {answer}")

    def queue(self, name, n_messages, kind="classic"):
        """A queue that holds so many messages, as the page of single objects tells too."""
        self.manage("PUT", f"queues/%2F/{urllib.parse.quote(name, safe='')}",
                    {"durable": True, "arguments": {"x-queue-type": kind}})
        for _ in range(n_messages):
            self.publish(name)
        line = f'rabbitmq_queue_messages{{vhost="/",queue="{name}"}} {n_messages}\n'
        wait_until(lambda: line in get(f"{self.url}/metrics/per-object"), line)
