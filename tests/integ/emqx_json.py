# SPDX-License-Identifier: Apache-2.0
"""The JSON endpoints of a simulated EMQX: their paths, keys by release, shapes and values.

A quantity that the text pages tell too has their value; what only the JSON tells is made up in the
same way. What an endpoint needs of HTTP (credentials, faults) is the broker's business.
"""

import json
from typing import NamedTuple
from urllib.parse import unquote

import emqx_families as families

CREATED = "2026-01-02T03:04:05.678+00:00"
CREATED_MS = 1767323045678
FLAT = {"separators": (",", ":")}


class Refused(Exception):
    """The endpoint says no."""

    def __init__(self, status, code, message):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def invalid(name, value, reason):
    """A parameter that its schema does not allow; the message is JSON within JSON."""
    return Refused(400, "BAD_REQUEST", json.dumps(
        {"value": value, "reason": reason, "path": name, "kind": "validation_error"}, **FLAT))


def text_name(key):
    return families.TEXT_NAMES.get(key) or "emqx_" + key.replace(".", "_")


def memory_text(size):
    """15.64G, as the broker rounds it."""
    for unit, power in (("G", 30), ("M", 20), ("K", 10)):
        if size >= 1 << power:
            return f"{size / (1 << power):.2f}{unit}"
    return str(size)


class Rest:
    """What a cluster tells in JSON at one moment.

    values      the simulated values (simulated_emqx.Values)
    asked       the question's parameters as pairs; in `query` the last one of a name wins
    wait        called with `seconds` or `nodes_seconds` before an answer that needs every peer
    clients     who is connected (emqx_clients.Clients)
    """

    def __init__(self, profile, values, tick, asked, wait, clients):
        self.profile, self.values, self.tick = profile, values, tick
        self.asked, self.query = asked, dict(asked)
        self.wait, self.clients = wait, clients
        self.members = values.members
        self.version = profile.version
        self.families = {}
        for table in profile.endpoints.values():
            for family in table:
                self.families.setdefault(family.name, family)

    def value(self, name, node, row=None, kind="counter"):
        """A quantity of a node: that of the text, where the text has it."""
        made_up = families.Family(name, kind, "one", families.SPLIT, None)
        family = self.families.get(name, made_up)
        if name in families.TRUE_IN_JSON and name in self.values.always_zero:
            family = made_up._replace(name=name.replace("emqx_", "true_"))
        if family.node == families.NEVER:
            node = self.members.answering
        return self.values.value(family, row or {}, node, self.tick)

    def cluster_value(self, name):
        """What is the same wherever one asks."""
        return self.value(name, self.members.answering, kind="gauge")

    def summed(self, name):
        return sum(self.value(name, node, kind="gauge") for node in self.members.reachable)

    def rate(self, *words):
        return self.value("_".join(("rate", *words)), self.members.answering, kind="gauge")

    def _keys(self, table):
        return [key.name for key in table if key.since <= self.version < key.until]

    def _flag(self, name, default=None):
        given = self.query.get(name)
        if given not in (None, "true", "false"):
            raise invalid(name, given, "Unable to parse boolean value")
        return default if given is None else given == "true"

    def _known(self, node):
        """A node that may be asked; what else is not found."""
        if node not in self.members.running:
            raise Refused(404, "NOT_FOUND", f"Node not found: {node}")
        if node in self.members.hung:
            self.wait("nodes_seconds")
            raise Refused(500, "NODE_DOWN", "bad rpc call {badrpc,timeout}")
        return node

    def page_asked(self):
        """(page, limit)"""
        page, limit = (self._number(name, default) for name, default in
                       (("page", 1), ("limit", 100)))
        most = self.profile.rows_a_page
        if not 1 <= limit <= most:
            raise invalid("limit", limit, {"expected": f"1..{most}"})
        if page < 1:
            raise invalid("page", page, {"expected": "pos_integer()"})
        return page, limit

    def _page(self, rows, has_next=True):
        """A page of a longer list."""
        page, limit = self.page_asked()
        meta = {"page": page, "limit": limit, "count": len(rows)}
        if has_next:
            meta["hasnext"] = page * limit < len(rows)
        return {"data": rows[(page - 1) * limit:page * limit], "meta": meta}

    def _number(self, name, default):
        given = self.query.get(name, default)
        try:
            return int(given)
        except ValueError:
            raise invalid(name, given, "Unable to parse integer value") from None

    # Of nodes

    def _stats_of(self, node):
        return {f"{key}.{what}": self.value(f"{text_name(key)}_{what}", node, kind="gauge")
                for key in self._keys(families.STATS_KEYS) for what in ("count", "max")}

    def _metrics_of(self, node):
        return {key: self.value(text_name(key), node)
                for key in self._keys(families.METRICS_KEYS)}

    def _node(self, node):
        version, of_4 = self.version, self.version < (5,)
        if node in self.members.stopped:
            return {"node": node, "node_status": "Stopped" if of_4 else "stopped",
                    **({} if of_4 else {"role": "core"})}
        loads = {load: (7 + self.value(load, node, kind="gauge")) / 100
                 for load in ("load1", "load5", "load15")}
        uptime = self.value("emqx_vm_uptime_ms", node, kind="gauge")
        told = {
            "connections": self.value("emqx_connections_count", node),
            "max_fds": self.value("emqx_vm_max_fds", node, kind="gauge"),
            "memory_total": memory_text(self.value("emqx_vm_total_memory", node)),
            "memory_used": memory_text(self.value("emqx_vm_used_memory", node)),
            "node": node, "node_status": "Running" if of_4 else "running",
            "otp_release": "26.2.5/14.2.5", "process_available": 2097152,
            "process_used": 500 + self.value("process_used", node, kind="gauge"),
            "uptime": uptime_text(uptime) if of_4 else uptime,
            "version": self.profile.release,
            **{load: f"{value:.2f}" if version < (5, 1) else value
               for load, value in loads.items()},
        }
        if of_4:
            return told
        if version >= (5, 1):
            told["live_connections"] = self.value("emqx_live_connections_count", node)
        if version >= (5, 6):
            told["cluster_sessions"] = self.value("emqx_cluster_sessions_count", node)
        return {**told, "role": "core", "log_path": "/var/log/emqx", "sys_path": "/opt/emqx",
                "edition": "Enterprise" if self.profile.is_enterprise else "Opensource"}

    def stats(self):
        aggregate = self._flag("aggregate")
        self.wait("nodes_seconds")
        told = [(node, self._stats_of(node)) for node in reversed(self.members.reachable)]
        if not aggregate:
            return [{"node": node, **stats} for node, stats in told]
        once = {f"{key}.{what}" for key in families.STATS_NOT_SUMMED for what in ("count", "max")}
        return {key: value if key in once else sum(stats[key] for _, stats in told)
                for key, value in self._stats_of(self.members.answering).items()}

    def metrics(self):
        aggregate = self._flag("aggregate")
        nodes = self.members.reachable
        if "node" in self.query and not aggregate and self.version >= (5, 1):
            nodes = [node for node in nodes if node == self.query["node"]]
        else:
            self.wait("seconds")
        told = [(node, self._metrics_of(node)) for node in nodes]
        if not aggregate:
            return [{"node": node, **metrics} for node, metrics in told]
        if self.members.hung and self.version >= (6,):
            raise Refused(500, "INTERNAL_ERROR", "{badmatch,{error,timeout}}")
        return {key: sum(metrics[key] for _, metrics in told) for key in told[0][1]}

    def nodes(self):
        self.wait("nodes_seconds")
        return [self._node(node) for node in self.members.nodes if node not in self.members.hung]

    def node(self, node):
        return self._node(self._known(node))

    def node_stats(self, node):
        return self._stats_of(self._known(node))

    def node_metrics(self, node):
        return self._metrics_of(self._known(node))

    def cluster(self):
        return {"name": "emqxcl", "nodes": list(self.members.running),
                "self": self.members.answering}

    # Of the dashboard

    def monitor_current(self):
        self.wait("seconds")
        told = self._monitored(self.summed)
        if self.version >= (5, 7):
            durable = self.summed("emqx_durable_subscriptions_count")
            told.update(subscriptions_durable=durable,
                        subscriptions_ram=max(told["subscriptions"] - durable, 0),
                        disconnected_durable_sessions=self.rate("disconnected_durable"))
        return told

    def monitor_current_node(self, node):
        self._known(node)
        told = self._monitored(lambda name: self.value(name, node, kind="gauge"))
        if self.version >= (5, 6):
            told["node_uptime"] = self.value("emqx_vm_uptime_ms", node, kind="gauge")
        return told

    def _monitored(self, of):
        told = {key: self.rate(key) for key in self._keys(families.RATE_KEYS)}
        told.update(connections=of("emqx_connections_count"),
                    subscriptions=of("emqx_subscriptions_count"),
                    topics=self.cluster_value("emqx_topics_count"))
        if self.version >= (5, 1):
            told["live_connections"] = of("emqx_live_connections_count")
        if self.version >= (5, 6):
            told.update(retained_msg_count=self.cluster_value("emqx_retained_count"),
                        shared_subscriptions=self.cluster_value("emqx_subscriptions_shared_count"))
        if self.version >= (5, 9):
            told.update(cluster_sessions=self.cluster_value("emqx_cluster_sessions_count"),
                        license_quota=self.cluster_value("emqx_license_max_sessions"))
        if self.version >= (6, 3):  # an object among numbers, where the history is on
            now = told["cluster_sessions"]
            told["sessions_hist_hwmark"] = {"peak_time": CREATED_MS, "peak_value": now + 5,
                                            "current_value": now}
        return told

    def listeners(self):
        self.wait("seconds")
        return [self._listener(name, port) for name, port in families.LISTENERS.items()]

    def _listener(self, name, port):
        kind, nodes = name.partition(":")[0], self.members.reachable
        runs = {node: kind != "wss" and (kind != "ssl" or node == self.members.answering)
                for node in nodes}
        counts = {node: self.value("emqx_live_connections_count", node) if kind == "tcp" else 0
                  for node in nodes}

        def status(running, count):
            return {"running": running, "max_connections": "infinity",
                    "current_connections": count}

        same = len(set(runs.values())) == 1
        return {"id": name, "type": kind, "name": name.partition(":")[2], "enable": kind != "wss",
                "number": len(nodes), "bind": f"0.0.0.0:{port}", "acceptors": 16,
                "status": status(runs[nodes[0]] if same else "inconsistent",
                                 sum(counts.values())),
                "node_status": [{"node": node, "status": status(runs[node], counts[node])}
                                for node in nodes]}

    def alarms(self):
        is_active = self._flag("activated", True)
        self.wait("seconds")
        rows = []
        for node in self.members.reachable:
            for kind in ("connector", "action"):
                for name in self._ids(kind):
                    if name in families.UNREACHABLE:
                        rows.append(self._alarm(node, f"{kind}:{name}", is_active))
        return self._page(rows)

    @staticmethod
    def _alarm(node, resource, is_active):
        alarm = {"node": node, "name": resource, "message": "resource down: Connection refused",
                 "details": {"reason": "resource_down", "resource_id": resource},
                 "activate_at": CREATED, "duration": 60000}
        return alarm if is_active else {**alarm, "deactivate_at": "2026-01-02T03:05:05.678+00:00"}

    def license(self):
        return {"type": "official", "customer": "Example", "start_at": "2026-01-01",
                "expiry_at": "2030-12-31", "expiry": False,
                "max_sessions": self.cluster_value("emqx_license_max_sessions")}

    def banned(self):
        count = self.cluster_value("emqx_banned_count")
        return self._page([
            {"as": "clientid", "who": f"banned-{number}", "by": "mgmt_api", "reason": "",
             "at": CREATED, "until": "2030-01-02T03:04:05+00:00"} for number in range(count)],
            has_next=False)

    # Of the integration and of who may do what

    def _ids(self, kind, label="id"):
        return [row[label] for row in self.values.rows[kind] if "namespace" not in row]

    def _found(self, kind, name, message, label="id"):
        if name not in self._ids(kind, label):
            raise Refused(404, "NOT_FOUND", message)

    def _is_on(self, kind, label, name):
        return bool(self.value(f"emqx_{kind}_enable", self.members.answering, {label: name}))

    def _measured(self, table, prefix, row, rates):
        """Metrics of the whole and of each node."""
        by_node = {}
        for node in self.members.reachable:
            by_node[node] = {key: self.value(f"{prefix}{key.replace('.', '_')}", node, row)
                             for key in table}
            by_node[node].update({rate: float(self.value(f"{prefix}{rate}", node, row, "gauge"))
                                  for rate in rates.split()})
        return {"metrics": {key: sum(metrics[key] for metrics in by_node.values())
                            for key in by_node[self.members.answering]},
                "node_metrics": [{"node": node, "metrics": metrics}
                                 for node, metrics in by_node.items()]}

    def rules(self):
        self.wait("seconds")
        return self._page([
            {"id": name, "name": name, "enable": self._is_on("rule", "id", name),
             "sql": 'SELECT * FROM "t/#"', "from": ["t/#"], "description": "",
             "actions": families.RULE_ACTIONS.get(name, []),
             "created_at": CREATED, "last_modified_at": CREATED} for name in self._ids("rule")])

    def rule_metrics(self, rule):
        self._found("rule", rule, "Rule Id Not Found")
        self.wait("seconds")
        return {"id": rule, **self._measured(families.RULE_KEYS, "emqx_rule_", {"id": rule},
                                             "matched.rate matched.rate.max matched.rate.last5m")}

    def _resource(self, kind, name):
        """What actions and connectors tell alike."""
        reason = "Connection refused" if name in families.UNREACHABLE else ""
        status = {"status": "disconnected" if reason else "connected"}
        if reason or kind == "action":
            status["status_reason"] = reason
        resource_type, _, short = name.partition(":")
        return {"type": resource_type, "name": short, "enable": self._is_on(kind, "id", name),
                **status, "description": "", "resource_opts": {"health_check_interval": "15s"},
                "node_status": [{"node": node, **status} for node in self.members.reachable]}

    def actions(self):
        self.wait("seconds")
        return [{**self._resource("action", name),
                 "connector": families.CONNECTORS.get(name, name).partition(":")[2],
                 "error": "Connection refused" if name in families.UNREACHABLE else "",
                 "rules": [rule for rule, actions in families.RULE_ACTIONS.items()
                           if name in actions],
                 "parameters": {"topic": "up/${topic}"}, "created_at": CREATED_MS,
                 "last_modified_at": CREATED_MS} for name in self._ids("action")]

    def action_metrics(self, action):
        self._found("action", action, "Bridge lookup failed: bridge named does not exist")
        self.wait("seconds")
        return self._measured(families.ACTION_KEYS, "emqx_action_", {"id": action},
                              "rate rate_last5m rate_max")

    def connectors(self):
        self.wait("seconds")
        return [{**self._resource("connector", name), "sources": [], "password": "******",
                 "actions": [action.partition(":")[2]
                             for action, connector in families.CONNECTORS.items()
                             if connector == name]} for name in self._ids("connector")]

    def authentication(self):
        return [{"id": name, "mechanism": name.partition(":")[0],
                 "backend": name.partition(":")[2], "enable": self._is_on("authn", "id", name),
                 "user_id_type": "username"} for name in self._ids("authn")]

    def authentication_status(self, name):
        self._found("authn", name, f"Authenticator '{name}' does not exist")
        return self._checked(families.AUTHN_KEYS, "emqx_authn_", {"id": name})

    def authorization_sources(self):
        return {"sources": [{"type": name, "enable": self._is_on("authz", "type", name)}
                            for name in self._ids("authz", "type")]}

    def authorization_status(self, name):
        self._found("authz", name, f"Not found: {name}", "type")
        return self._checked(families.AUTHZ_KEYS, "emqx_authz_", {"type": name})

    def _checked(self, table, prefix, row):
        """The status of an authenticator or of a source of authorizations."""
        self.wait("seconds")
        nodes, rates = self.members.reachable, "rate rate_last5m rate_max"
        resource = self._measured("matched success failed".split(), f"{prefix}resource_", row,
                                  rates)
        return {"status": "connected",
                "node_status": [{"node": node, "status": "connected"} for node in nodes],
                "node_error": [], **self._measured(table, prefix, row, rates),
                "resource_metrics": resource["metrics"],
                "node_resource_metrics": resource["node_metrics"]}


def uptime_text(milliseconds):
    """As 4.x told it."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} days, {hours} hours, {minutes} minutes, {seconds} seconds"


# Paths

class Route(NamedTuple):
    """{x} in the path stands for one segment, which the answering method gets."""

    path: str
    scope: str
    answer: object
    since: tuple = (5,)

    def match(self, segments):
        own = self.path.split("/")
        if len(own) != len(segments):
            return None
        found = []
        for mine, given in zip(own, segments):
            if mine.startswith("{"):
                found.append(given)
            elif mine != given:
                return None
        return found


ROUTES = (
    Route("stats", "monitoring", Rest.stats),
    Route("metrics", "monitoring", Rest.metrics),
    Route("monitor_current", "monitoring", Rest.monitor_current),
    Route("monitor_current/nodes/{node}", "monitoring", Rest.monitor_current_node),
    Route("alarms", "monitoring", Rest.alarms),
    Route("nodes", "cluster_operations", Rest.nodes),
    Route("nodes/{node}", "cluster_operations", Rest.node),
    Route("nodes/{node}/stats", "cluster_operations", Rest.node_stats),
    Route("nodes/{node}/metrics", "cluster_operations", Rest.node_metrics),
    Route("cluster", "cluster_operations", Rest.cluster),
    Route("listeners", "system", Rest.listeners),
    Route("rules", "data_integration", Rest.rules),
    Route("rules/{id}/metrics", "data_integration", Rest.rule_metrics),
    Route("actions", "data_integration", Rest.actions, since=(5, 4)),
    Route("actions/{id}/metrics", "data_integration", Rest.action_metrics, since=(5, 4)),
    Route("connectors", "data_integration", Rest.connectors, since=(5, 4)),
    Route("authentication", "access_control", Rest.authentication),
    Route("authentication/{id}/status", "access_control", Rest.authentication_status),
    Route("authorization/sources", "access_control", Rest.authorization_sources),
    Route("authorization/sources/{type}/status", "access_control", Rest.authorization_status),
    Route("banned", "access_control", Rest.banned),
    Route("license", "license", Rest.license, since=(5, 9)),
)


def by_node(name, elements):
    """As 4.x told of every node."""
    return [{"node": element.pop("node"), name: element} for element in elements]


# Below /api/v4. What they answer stands in {"code":0,"data":...}.
ROUTES_OF_4 = (
    Route("stats", None, lambda rest: by_node("stats", rest.stats())),
    Route("metrics", None, lambda rest: by_node("metrics", rest.metrics())),
    Route("nodes", None, Rest.nodes),
    Route("nodes/{node}", None, Rest.node),
    Route("nodes/{node}/stats", None, Rest.node_stats),
    Route("nodes/{node}/metrics", None, Rest.node_metrics),
)


def route_of(path, version, more=()):
    """The route of a path below /api/v5, where there are `more`, or, before 5.0, /api/v4, and what
    its variable parts are; None if there is none."""
    segments = [unquote(segment, errors="surrogateescape") for segment in path.split("/")]
    for route in (*ROUTES, *more) if version >= (5,) else ROUTES_OF_4:
        found = route.match(segments)
        if found is not None and (version >= route.since or version < (5,)):
            return route, found
    return None
