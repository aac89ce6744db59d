# SPDX-License-Identifier: Apache-2.0
"""Sources of type emqx_clients, for suites about what they remember."""

import gzip
import json

from cycles import NO_TICK, push_now, wait_pushes
from exposition import Exposition
from releases import BASIC_AUTH
from setups import config, sink

PREFIX = "emqx_client_monitor_"
BROKER = "hall"
STATE = "state"


def clients_source(emqx, *watched, **more):
    """A source that watches these; a text is the id of a client."""
    return {"name": "plant", "type": "emqx_clients", "url": emqx.url, "broker": BROKER,
            "basic_auth": BASIC_AUTH,
            "monitored_clients": [{"client_id": one} if isinstance(one, str) else one
                                  for one in watched], **more}


def watch(agent, emqx, gateway, *watched, timing=NO_TICK, sinks=None, log=None, **more):
    """Configures the agent with one such source; its state is in the test's own folder."""
    agent.configure(config(clients_source(emqx, *watched, **more), sinks or sink(gateway),
                           state_dir=str(agent.folder / STATE), log=log or {}, **timing))
    return agent


def state_path(agent):
    return agent.folder / STATE / "brokerpush.state"


def state_lines(agent):
    """What the state file says, a dict per line."""
    return [json.loads(line) for line in
            gzip.decompress(state_path(agent).read_bytes()).decode().splitlines()]


def write_state(agent, lines):
    """A state file of these dicts; texts stand as they are."""
    path = state_path(agent)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    text = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode()))
    path.chmod(0o600)


class Monitored:
    """What a push, or a gateway's page of one group, says of clients."""

    def __init__(self, text, **key):
        text = text if isinstance(text, str) else text.body.decode()
        self.page = Exposition.parse(text)
        if key:
            self.page = self.page.group(**key)
        self.page = self.page.only(lambda name, _: name.startswith(PREFIX)).without_empty_labels()

    def of(self, client, name, **labels):
        """The value of a client's series; None: it has none."""
        return self.page.value(PREFIX + name, client_id=client, **labels)

    def of_class(self, glob, name, **labels):
        return self.page.value(f"{PREFIX}class_{name}", **{"class": glob}, **labels)

    def messages(self, client, direction="rx"):
        return self.of(client, "messages_processed_total", direction=direction)

    def clients(self):
        """Of whom anything is said."""
        return {dict(labels)["client_id"] for labels in self.page.series(f"{PREFIX}connected")}

    def names(self, client):
        """The short names of all that is said of a client."""
        return {name.removeprefix(PREFIX) for name in self.page.families
                if self.page.series(name, client_id=client)}


class Watch:
    """An agent that watches clients, look by look; each look is pushed to a gateway that takes
    everything."""

    def __init__(self, agent, emqx, gateway):
        self.agent, self.emqx, self.gateway = agent, emqx, gateway
        self.running, self.environment = None, None
        self.launch = agent.start

    def start(self, *watched, **settings):
        """The first look. Without arguments as before."""
        if watched:
            watch(self.agent, self.emqx, self.gateway, *watched, **settings)
        count = len(self.gateway.pushes) + 1
        self.running = self.launch(environment=self.environment)
        return Monitored(wait_pushes(self.running, self.gateway, count)[-1])

    def look(self):
        """One more."""
        return Monitored(push_now(self.running, self.gateway)[0])

    def end(self):
        """Returns the log."""
        result = self.running.stop()
        assert result.code == 0
        return result.stderr

    def restart(self, *watched, **settings):
        self.end()
        return self.start(*watched, **settings)
