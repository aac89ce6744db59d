# SPDX-License-Identifier: Apache-2.0
"""Sources of type emqx_clients, what they ask and what they tell; for the suites about clients."""

from urllib.parse import parse_qsl, unquote

from cycles import NO_TICK, body, lines, wait_pushes
from releases import source
from setups import KEY, config, sink

PREFIX = "emqx_client_monitor_"
API = "/api/v5/clients"
SWITCHES = ("processed_counters", "qos_split", "dropped_counters", "reason_split",
            "bytes_metrics", "packet_metrics", "dates", "inflight_metrics", "subscription_count")
# All of a crowd (emqx.clients.crowd) as one.
CROWD = {"class": "sensor-*"}


def connect(emqx, *ids, **options):
    for clientid in ids:
        emqx.clients.connect(clientid, **options)


def switches(*on):
    """All of them, these on."""
    if not set(on) <= set(SWITCHES):
        raise ValueError(f"no such switches: {set(on) - set(SWITCHES)}")
    return {f"enable_{name}": name in on for name in SWITCHES}


def named(*ids):
    return [{"client_id": clientid} for clientid in ids]


def watch(agent, emqx, gateway, *monitored, more=None, **settings):
    """Configures one source that watches these clients, and one sink; settings are the source's,
    None takes one out, and those of `more` stand above. What is remembered is in the test's own
    folder."""
    own = {**source(emqx), "type": "emqx_clients", "monitored_clients": monitored, **settings}
    own = {name: value for name, value in own.items() if value is not None}
    agent.configure(config(own, sink(gateway), state_dir=str(agent.folder / "state"),
                           **(more or {})))
    return agent


def once(agent, emqx, gateway, *monitored, code=0, **settings):
    """What a single cycle pushes, and what it says."""
    result = watch(agent, emqx, gateway, *monitored, **settings).once()
    assert result.code == code, result.stderr
    return body(gateway.pushes[-1]), result.stderr


def started(agent, emqx, gateway, *monitored, **settings):
    """(the agent, its first push); further looks by push_now."""
    running = watch(agent, emqx, gateway, *monitored, more=NO_TICK, **settings).start()
    return running, body(wait_pushes(running, gateway, 1)[0])


# What is told

def families(exposition):
    """The names of those about clients, without their beginning."""
    return {name.removeprefix(PREFIX) for name in exposition.families if name.startswith(PREFIX)}


def by(exposition, name, *labels):
    """{the values of these labels: value} of a family about clients, one label without a tuple;
    the key's labels and `broker` are not looked at, and others are not there."""
    found = {}
    for pairs, value in exposition.series(PREFIX + name).items():
        own = {label: text for label, text in pairs if label not in KEY and label != "broker"}
        assert own.keys() == set(labels), f"{name}{own}"
        values = tuple(own[label] for label in labels)
        found[values[0] if len(labels) == 1 else values] = value
    return found


def connected(exposition):
    """By id."""
    return {clientid: value for (_, clientid), value in
            by(exposition, "connected", "alias", "client_id").items()}


def aliases(exposition):
    """By id."""
    return {clientid: alias for alias, clientid in
            by(exposition, "connected", "alias", "client_id")}


def of_class(exposition, name):
    """By class."""
    return by(exposition, f"class_{name}", "class")


def messages(exposition, direction="rx"):
    """By id."""
    return {clientid: value for (_, clientid, way), value in
            by(exposition, "messages_processed_total", "alias", "client_id", "direction").items()
            if way == direction}


def is_up(exposition):
    return exposition.value("brokerpush_endpoint_up", endpoint="clients") == 1


# What the log says

def assert_silent(log):
    assert "level=warn" not in log and "level=error" not in log, log


def failures(log):
    return lines(log, "endpoint failed") + lines(log, "source is down")


# What is asked

def asked(emqx, since=0):
    """[(what follows /api/v5/clients, parameters as pairs)] of all requests for clients."""
    return [(request.path.removeprefix(API), parse_qsl(request.query, keep_blank_values=True))
            for request in emqx.requests[since:] if request.path.startswith(API)]


def asked_by_id(emqx, since=0):
    """The ids of those that were asked for by themselves."""
    return [unquote(path[1:], errors="surrogateescape") for path, _ in asked(emqx, since) if path]


def asked_lists(emqx, since=0):
    """{parameter: its values} of each request that is not for one client."""
    found = []
    for path, pairs in asked(emqx, since):
        if not path:
            found.append({})
            for name, value in pairs:
                found[-1].setdefault(name, []).append(value)
    return found


def asked_pages(emqx, since=0):
    """[(page, limit)] of the list of all clients."""
    return [(int(query["page"][0]), int(query["limit"][0]))
            for query in asked_lists(emqx, since) if "clientid" not in query]
