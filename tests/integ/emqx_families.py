# SPDX-License-Identifier: Apache-2.0
"""What a simulated EMQX 5.8 has: families, their types, rows and `node` rules. No behaviour.

The order of the tables is the order of emission.
"""

from typing import NamedTuple

NODE, AGGREGATED, UNAGGREGATED = MODES = (
    "node", "all_nodes_aggregated", "all_nodes_unaggregated")

# In which modes a family's rows carry the label `node`. `mode=node` never has it.
NEVER = ()
CLUSTER = (AGGREGATED, UNAGGREGATED)
SPLIT = (UNAGGREGATED,)


class Family(NamedTuple):
    name: str
    type: str
    # One of the keys of ROWS.
    rows: str
    # NEVER: the answering node's value in every mode. CLUSTER, SPLIT: see above; a mode that is
    # not named aggregates over the nodes.
    node: tuple
    # The group in the JSON form; None for what the JSON form leaves out.
    group: str


# The label sets of a family's rows, without `node`. A simulator may be given others.
ROWS = {
    "one": [{}],
    "none": [],
    "authn": [{"id": "password_based:built_in_database"}],
    "authz": [{"type": "file"}, {"type": "built_in_database"}],
    "rule": [{"id": "rule_all"}, {"id": "rule_forward"}, {"id": "rule_hook"},
             {"id": "rule_off"}],
    "action": [{"id": "mqtt:forward"}, {"id": "http:hook"}],
    "connector": [{"id": "mqtt:upstream"}, {"id": "http:dead"}],
    "certificate": [{"listener_type": "ssl", "listener_name": "default"}],
    "reason": [
        {"listener_type": "tcp", "listener_name": "default", "reason": reason}
        for reason in ("bad_username_or_password", "not_authorized")
    ],
    "shard": [
        {"shard": shard} for shard in (
            "$mria_meta_shard", "emqx_acl_sharded", "emqx_authn_shard", "emqx_cluster_rpc_shard",
            "emqx_cm_shard", "emqx_common_shard", "emqx_dashboard_shard", "emqx_exclusive_shard",
            "emqx_psk_shard", "emqx_retainer_shard", "emqx_shared_sub_shard", "route_shard")
    ],
}

# Rows whose own label stands before `node`; everywhere else `node` is first.
ROWS_BEFORE_NODE = ("shard",)


def table(kind, prefix, names, rows, node, group):
    return [Family(prefix + name, kind, rows, node, group) for name in names.split()]


def count_and_max(names):
    return " ".join(f"{name}_count {name}_max" for name in names.split())


STATS = [
    *table("gauge", "emqx_", count_and_max(
        "connections live_connections sessions channels suboptions subscribers subscriptions "
        "durable_subscriptions delayed"), "one", SPLIT, "stats"),
    *table("gauge", "emqx_",
           "cluster_sessions_count cluster_sessions_max topics_max topics_count "
           "retained_count retained_max subscriptions_shared_count subscriptions_shared_max",
           "one", NEVER, "stats"),
    *table("gauge", "emqx_vm_",
           "cpu_use cpu_idle run_queue process_messages_in_queues total_memory used_memory "
           "mnesia_tm_mailbox_size broker_pool_max_mailbox_size", "one", CLUSTER, "metrics"),
    *table("gauge", "emqx_cluster_", "nodes_running nodes_stopped", "one", CLUSTER, "cluster"),
    *table("counter", "emqx_bytes_", "received sent", "one", SPLIT, "packets"),
    *table("counter", "emqx_packets_",
           "received sent connect connack_sent connack_error connack_auth_error "
           "subscribe_received subscribe_auth_error subscribe_error suback_sent "
           "unsubscribe_received unsubscribe_error unsuback_sent "
           "publish_received publish_sent publish_inuse publish_error publish_auth_error "
           "publish_dropped puback_received puback_sent puback_inuse puback_missed "
           "pubrec_received pubrec_sent pubrec_inuse pubrec_missed "
           "pubrel_received pubrel_sent pubrel_missed "
           "pubcomp_received pubcomp_sent pubcomp_inuse pubcomp_missed "
           "pingreq_received pingresp_sent disconnect_received disconnect_sent "
           "auth_received auth_sent", "one", SPLIT, "packets"),
    *table("counter", "emqx_messages_",
           "received sent qos0_received qos0_sent qos1_received qos1_sent qos2_received qos2_sent "
           "publish dropped dropped_expired dropped_no_subscribers forward retained delayed "
           "delivered acked", "one", SPLIT, "messages"),
    *table("counter", "emqx_delivery_dropped",
           "_no_local _too_large _qos0_msg _queue_full _expired", "one", SPLIT, "delivery"),
    *table("counter", "emqx_client_",
           "connect connack connected authenticate auth_anonymous authorize subscribe "
           "unsubscribe disconnected", "one", SPLIT, "client"),
    *table("counter", "emqx_client_", "disconnected_reason", "reason", SPLIT, "client"),
    *table("counter", "emqx_session_", "created resumed takenover discarded terminated",
           "one", SPLIT, "session"),
    *table("counter", "emqx_authorization_",
           "allow deny cache_hit cache_miss superuser nomatch matched_allow matched_deny",
           "one", SPLIT, "acl"),
    *table("counter", "emqx_authentication_", "success success_anonymous failure",
           "one", SPLIT, "authn"),
    *table("gauge", "emqx_", "cert_expiry_at", "certificate", NEVER, "certs"),
    *table("gauge", "emqx_", "conf_sync_txid", "one", CLUSTER, "cluster_rpc"),
    # A core node has values for the first four; the others belong to a replicant.
    *table("gauge", "emqx_mria_", "last_intercepted_trans weight replicants server_mql",
           "shard", CLUSTER, None),
    *table("gauge", "emqx_mria_",
           "lag bootstrap_time bootstrap_num_keys message_queue_len replayq_len",
           "none", CLUSTER, None),
]
# The plain name of the delivery family stands before its parts.
STATS.insert([family.name for family in STATS].index("emqx_delivery_dropped_no_local"),
             Family("emqx_delivery_dropped", "counter", "one", SPLIT, "delivery"))

AUTH = [
    *table("gauge", "emqx_authn_", "enable status", "authn", SPLIT, "emqx_authn"),
    *table("counter", "emqx_authn_", "nomatch total success failed",
           "authn", SPLIT, "emqx_authn"),
    *table("gauge", "emqx_authn_", "users_count", "authn", NEVER, "emqx_authn"),
    *table("gauge", "emqx_authz_", "enable status", "authz", SPLIT, "emqx_authz"),
    *table("counter", "emqx_authz_", "nomatch total allow deny", "authz", SPLIT, "emqx_authz"),
    *table("gauge", "emqx_authz_", "rules_count", "authz", NEVER, "emqx_authz"),
    *table("gauge", "emqx_", "banned_count", "one", NEVER, "emqx_banned"),
]

DATA_INTEGRATION = [
    *table("gauge", "emqx_", "rules_count actions_count connectors_count",
           "one", NEVER, "data_integration_overview"),
    *table("gauge", "emqx_rule_", "enable", "rule", SPLIT, "rules"),
    *table("counter", "emqx_rule_",
           "matched failed passed failed_exception failed_no_result actions_total "
           "actions_success actions_failed actions_failed_out_of_service "
           "actions_failed_unknown actions_discarded", "rule", SPLIT, "rules"),
    *table("gauge", "emqx_action_", "enable status", "action", SPLIT, "actions"),
    *table("counter", "emqx_action_", "matched dropped success failed",
           "action", SPLIT, "actions"),
    *table("gauge", "emqx_action_", "inflight", "action", SPLIT, "actions"),
    *table("counter", "emqx_action_",
           "received late_reply retried retried_success retried_failed "
           "dropped_resource_stopped dropped_resource_not_found dropped_queue_full "
           "dropped_other dropped_expired", "action", SPLIT, "actions"),
    *table("gauge", "emqx_action_", "queuing", "action", SPLIT, "actions"),
    *table("gauge", "emqx_connector_", "enable status", "connector", SPLIT, "connectors"),
]

# A broker's release: which endpoints it has, what it calls itself.
PROFILES = {
    "5.8": {
        "release": "5.8.9",
        "endpoints": {"stats": STATS, "auth": AUTH, "data_integration": DATA_INTEGRATION},
    },
}

# Groups of the JSON form that are arrays in every mode, with an element a row.
JSON_ARRAYS = ("certs", "client", "emqx_authn", "emqx_authz", "rules", "actions", "connectors")
# Groups of `stats` that are an array with `node` in mode aggregated too, and those that show
# only the answering node there.
JSON_ARRAYS_WHEN_AGGREGATED = ("metrics",)
JSON_ANSWERING_NODE_ONLY = ("cluster", "cluster_rpc")

# Aggregated by a logical AND; everything else is summed (the enable and status of actions too).
AGGREGATED_BY_AND = frozenset(
    f"emqx_{kind}_{state}" for kind in ("authn", "authz", "rule", "connector")
    for state in ("enable", "status"))

# Families that are the sum of others in the same row, as the broker counts them.
SUMS = {
    "emqx_authn_total": ("emqx_authn_success", "emqx_authn_failed", "emqx_authn_nomatch"),
    "emqx_authz_total": ("emqx_authz_allow", "emqx_authz_deny", "emqx_authz_nomatch"),
}

# Values that are not free: on a healthy, mostly idle broker.
IDLE_SHARDS = ("emqx_acl_sharded", "emqx_exclusive_shard", "emqx_psk_shard")
ALWAYS_ZERO = ("emqx_vm_process_messages_in_queues", "emqx_messages_retained",
               "emqx_authorization_matched_allow", "emqx_authorization_matched_deny",
               "emqx_cluster_nodes_stopped")
# Beyond 32 bits, as real ones are.
MEMORY_BYTES = {"emqx_vm_total_memory": 16794939392, "emqx_vm_used_memory": 2254857216}
BIG_COUNTERS = ("emqx_bytes_received", "emqx_bytes_sent")
CERTIFICATE_EXPIRY = 1925000000
