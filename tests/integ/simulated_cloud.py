# SPDX-License-Identifier: Apache-2.0
"""A simulated EMQX Cloud: the statistics of a deployment, behind its API, with invented values.

    with SimulatedCloud() as cloud: ... cloud.url + "/api/v5/deployment_metrics?type=prometheus"

The real one speaks https (tls=) on port 8443. Only its documentation was at hand, no answer of it.
"""

import base64
import json
import math
import threading
import time

import emqx_families as families
from listeners import Placed
from loopback import LoopbackServer
from simulated_emqx import STATUS_TEXT, label_text, pick

PAGES = {"/api/v5/deployment_metrics": "overview",
         "/api/v5/deployment_metrics/data_integration": "integration"}

# Of the deployment as a whole: what the number is, and the broker's family that it equals.
OVERVIEW = {
    "connections_count": ("Clients that are connected now.", "connections_count"),
    "messages_rate": ("Messages a second, in and out.", None),
    "messages_receive_rate": ("Messages a second that come in.", None),
    "messages_send_rate": ("Messages a second that go out.", None),
    "sessions_count": ("Sessions now, with and without a client.", "sessions_count"),
    "subscriptions_count": ("Subscriptions now.", "subscriptions_count"),
    "topics_count": ("Topics now.", "topics_count"),
}
# Of a self-hosted broker's families the platform has all but those of the machine and the few
# that came late.
METRICS = families.without(
    families.STATS, "emqx_vm_*", "emqx_mria_*", "emqx_durable_subscriptions_*",
    "emqx_client_disconnected_reason", "emqx_cert_expiry_at", "emqx_conf_sync_txid")

RESOURCES = ("resource:kafka", "resource:webhook")
RULES = ("rule_a", "rule_b")
# All are gauges, those too that only rise.
INTEGRATION = {
    "resource_status": ("Whether the resource works.", [
        {"resource_id": resource} for resource in RESOURCES]),
    "rule_status": ("Whether the rule works.", [{"rule_id": rule} for rule in RULES]),
    "rule_matched_count": ("What became of the rule's messages.", [
        {"rule_id": rule, "match_status": status} for rule in RULES
        for status in ("exception", "failed", "matched", "no_result", "passed")]),
    "rule_matched_rate": ("Messages a second that the rule matches.", [
        {"rule_id": rule} for rule in RULES]),
    "rule_action_execution_count": ("What became of the rule's actions.", [
        {"rule_id": rule, "execution_status": status} for rule in RULES
        for status in ("failed", "success", "taken")]),
}


class SimulatedCloud(Placed, LoopbackServer):
    """A deployment's API.

    app_id, app_secret  what it wants as Basic credentials
    labels      those of every sample, in place of the usual three
    vary        values change from answer to answer
    limit       how many requests an hour it takes (of the clock); others get 429
    retry_after whether a 429 tells when to come back
    clock       in seconds
    address, tls  as listeners.Placed has them
    """

    HOUR = 3600

    def __init__(self, app_id="app", app_secret="secret", labels=None, vary=False, limit=60,
                 retry_after=False, clock=time.monotonic, **more):
        super().__init__(**more)
        self.credentials = base64.b64encode(f"{app_id}:{app_secret}".encode()).decode()
        self.labels = labels or {"deployment_id": "d0000001", "deployment_type": "dedicated",
                                 "platform": "example"}
        self.vary, self.limit, self.retry_after, self.clock = vary, limit, retry_after, clock
        self._taken = []  # when, of the last hour
        self._tick = 0
        self._pages = {}
        self._state = threading.Lock()

    def page(self, name="overview"):
        """The last good page, `overview` or `integration`."""
        with self._state:
            return self._pages[name]

    def handle(self, connection, request):
        status, content_type, body, headers = self._answer(request)
        lines = [f"HTTP/1.1 {status} {STATUS_TEXT[status]}", f"Content-Type: {content_type}",
                 f"Content-Length: {len(body.encode())}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        connection.send("\r\n".join([*lines, "", body]).encode())
        return (request.header("connection") or "").lower() != "close"

    def _answer(self, request):
        name = PAGES.get(request.path)
        if name is None:
            return self._error(404, "NOT_FOUND", "No such path")
        if request.method != "GET":
            return self._error(405, "METHOD_NOT_ALLOWED", "Only GET")
        if request.header("authorization") != f"Basic {self.credentials}":
            return self._error(401, "BAD_APP_ID_OR_SECRET", "Check app id and secret")
        wait = self._seconds_to_wait()
        if wait:
            return self._error(429, "TOO_MANY_REQUESTS", f"More than {self.limit} an hour",
                               {"Retry-After": str(wait)} if self.retry_after else {})
        with self._state:
            tick = self._tick
            self._tick += self.vary
            self._pages[name] = self._text(name, tick)
            return 200, "text/plain", self._pages[name], {}

    @staticmethod
    def _error(status, code, message, headers=None):
        return (status, "application/json", json.dumps({"code": code, "message": message}),
                headers or {})

    def _seconds_to_wait(self):
        """0 if this request is still within the hour's number."""
        with self._state:
            now = self.clock()
            self._taken = [then for then in self._taken if then > now - self.HOUR]
            if len(self._taken) >= self.limit:
                return max(1, math.ceil(self._taken[0] + self.HOUR - now))
            self._taken.append(now)
            return 0

    def _text(self, name, tick):
        found = self._overview(tick) if name == "overview" else self._integration(tick)
        return "".join(f"{line}\n" for family in sorted(found) for line in found[family])

    def _overview(self, tick):
        found = {}
        for name, (told, equal) in OVERVIEW.items():
            value = self._value("gauge", f"emqx_{equal or name}", {}, tick)
            found.update(self._family(name, "gauge", told, [({}, value)]))
        for family in METRICS:
            name = "metrics_" + family.name.removeprefix("emqx_")
            value = self._value(family.type, family.name, {}, tick)
            told = f"{name.replace('_', ' ').capitalize()} of the deployment."
            found.update(self._family(name, family.type, told, [({}, value)]))
        return found

    def _integration(self, tick):
        found = {}
        for name, (told, rows) in INTEGRATION.items():
            kind = "counter" if name.endswith("_count") else "gauge"
            found.update(self._family(name, "gauge", told, [
                (row, 1 if name.endswith("_status") else self._value(kind, name, row, tick))
                for row in rows]))
        return found

    @staticmethod
    def _value(kind, name, row, tick):
        words = (name, sorted(row.items()))
        if kind == "gauge":
            return pick(50, tick, *words)
        return pick(5000, *words) + tick * pick(90, "step", *words)

    def _family(self, name, kind, told, rows):
        """HELP stands before TYPE here, and says something."""
        name = f"deployment_emqx_{name}"
        lines = [f"# HELP {name} {told}", f"# TYPE {name} {kind}"]
        for row, value in rows:
            labels = ",".join(f'{label}="{label_text(text)}"'
                              for label, text in {**self.labels, **row}.items())
            lines.append(f"{name}{{{labels}}} {value}")
        return {name: lines}
