# SPDX-License-Identifier: Apache-2.0
"""Brokers of all releases behind an API key, and what their pages say; for suites about JSON."""

import json
import urllib.request
from base64 import b64encode

import pytest

from emqx_families import NODE as MODE_NODE
from emqx_json import memory_text
from exposition import Exposition, describe, same_number
from peers import PATIENCE
from setups import KEY, NODE, config, emqx_source, sink
from simulated_emqx import SimulatedEmqx, text_page

PEER = "emqx2@127.0.0.1"
BASIC_AUTH = {"username": "key", "password": "secret"}
CLUSTER = {"nodes": [NODE, PEER]}
OF_5 = ("5.0", "5.4", "5.5", "5.8", "6.2", "6.3")
RELEASES = ("4.4", *OF_5)
REPAIRED = "repaired what the source sends"

# Without a word in any JSON answer, whatever the release.
TEXT_ONLY = {
    "emqx_action_retried_failed", "emqx_action_retried_success", "emqx_authn_latency",
    "emqx_authn_users_count", "emqx_authz_latency", "emqx_authz_rules_count",
    "emqx_cert_expiry_at", "emqx_client_disconnected_reason", "emqx_conf_sync_txid",
    "emqx_durable_subscriptions_count", "emqx_durable_subscriptions_max",
    "emqx_license_issued_at", "emqx_messages_retained", "emqx_schema_registrys_count",
    "emqx_vm_broker_pool_max_mailbox_size", "emqx_vm_cpu_idle", "emqx_vm_cpu_use",
    "emqx_vm_mnesia_tm_mailbox_size", "emqx_vm_process_messages_in_queues", "emqx_vm_run_queue"}
# As the asked node sees them; a single node's JSON does not tell them.
CLUSTER_VIEW = ("emqx_cluster_nodes_running", "emqx_cluster_nodes_stopped")
# 0 in the text of old releases, whatever was counted.
TRUE_IN_JSON = ("emqx_authorization_matched_allow", "emqx_authorization_matched_deny")
ROUNDED = ("emqx_vm_total_memory", "emqx_vm_used_memory")


class Clock:
    """For a broker's limiter: it stands still until it is moved, or goes on at each look."""

    def __init__(self, step=0.0):
        self.seconds, self.step = 1000.0, step

    def __call__(self):
        self.seconds += self.step
        return self.seconds


@pytest.fixture
def release():
    """release("6.2", ...) -> a broker of that release, with an API key"""
    brokers = []

    def start(profile="5.8", **options):
        options = {"key": "key", "secret": "secret", "clock": Clock(step=10), **options}
        brokers.append(SimulatedEmqx(profile=profile, **options).start())
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop()


def source(emqx, **settings):
    """With the API key; basic_auth=None leaves it out."""
    settings = {"basic_auth": BASIC_AUTH, **settings}
    return emqx_source(emqx, **{name: value for name, value in settings.items()
                                if value is not None})


def source_config(emqx, gateway, settings=None, **more):
    """Of one such source and one sink."""
    return config(source(emqx, **(settings or {})), sink(gateway), **more)


def page(emqx, *endpoints, mode="node"):
    """What the pages of text say at this moment, asked or not; an old release's page of a cluster
    mode as a later one would write it."""
    names = [name for name in endpoints or emqx.endpoints if name in emqx.endpoints]
    return Exposition.merged(text_page(emqx.profile, name, emqx.values, mode, 0)
                             for name in names)


def told(emqx, path):
    """A JSON answer."""
    token = b64encode(b"key:secret").decode()
    request = urllib.request.Request(
        f"{emqx.url}/api/v5/{path}",
        headers={"Accept": "application/json", "Authorization": f"Basic {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=PATIENCE) as answer:
        return json.loads(answer.read())


def asked(emqx, part, since=0):
    """The requests for paths that contain this."""
    return [request for request in emqx.requests[since:] if part in request.path]


def endpoints(body, what, source_name="emqx"):
    """brokerpush_endpoint_<what> by endpoint."""
    return {dict(labels)["endpoint"]: value for labels, value in
            body.series(f"brokerpush_endpoint_{what}", source=source_name).items()}


def rows(exposition, name, *labels):
    """{the values of these labels: value}, one label without a tuple; no others are there."""
    found = {}
    for pairs, value in exposition.series(name).items():
        own = {label: text for label, text in pairs if label not in KEY}
        assert own.keys() <= set(labels), f"{name}{own}"
        values = tuple(own.get(label, "") for label in labels)
        found[values[0] if len(labels) == 1 else values] = value
    return found


def only(exposition, name):
    """The one sample's value; it has no labels."""
    return rows(exposition, name)[()]


# Text and JSON

def unlike(text, other):
    """Where two families of one name differ, known roundings aside; as lines."""
    found = [] if text.type == other.type else [f"TYPE {text.type} became {other.type}"]
    for key, value in other.samples.items():
        name = key[0]
        if key not in text.samples:
            found.append(f"not expected: {describe(key)}")
        elif name in ROUNDED:
            if memory_text(value + 1) != memory_text(text.samples[key]):
                found.append(f"{describe(key)}: {text.samples[key]} became {value}")
        elif text.samples[key] != value and (name not in TRUE_IN_JSON or text.samples[key]):
            found.append(f"{describe(key)}: {text.samples[key]} became {value}")
    found += [f"missing: {describe(key)}" for key in text.samples.keys() - other.samples.keys()
              if key[0] not in CLUSTER_VIEW or ("node", NODE) in key[1]]
    return found


def assert_json_says_the_same(text, other, mode):
    text, other = text.without_empty_labels(), other.without_empty_labels()
    unknown = TEXT_ONLY | ({*CLUSTER_VIEW} if mode == MODE_NODE else set())
    missing = {name for name in text.families.keys() - other.families.keys()
               if not name.startswith(("erlang_", "emqx_mria_"))}
    assert missing <= unknown, sorted(missing - unknown)
    found = [line for name in text.families.keys() & other.families.keys()
             for line in unlike(text.families[name], other.families[name])]
    assert not found, "\n".join(sorted(found)[:30])


def assert_has_all_text(text, group):
    """Text goes before JSON, value by value."""
    found = {key: value for family in group.families.values()
             for key, value in family.samples.items()}
    wrong = [describe(key) for family in text.without_empty_labels().families.values()
             for key, value in family.samples.items()
             if not key[0].endswith("_bucket")  # `le` is respelt
             and (key not in found or not same_number(found[key], value))]
    assert not wrong, "\n".join(wrong[:30])
