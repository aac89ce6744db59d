# SPDX-License-Identifier: Apache-2.0
"""What a simulated EMQX has, by release: families, their types, rows and `node` rules; keys.

No behaviour. The order of the tables is the order of emission. The tables of 5.8 were held against
answers of a real one; those of other releases follow from its source and documentation.
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
    # Empty for all of EMQX's own families but a few.
    help: str = ""


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
    "authn_latency": [{"name": "password_based:built_in_database"}],
    "authz_latency": [{"name": "file"}, {"name": "built_in_database"}],
    "validation": [{"validation_name": "only_json"}],
    "transformation": [{"validation_name": "to_upper"}],
    "namespace": [{"namespace": "tenant_a"}, {"namespace": "tenant_b"}],
    "topic": [{"name": "all", "topic_filter": "#"},
              {"name": "own", "topic_filter": "t/#", "namespace": "tenant_a"}],
    "used_free": [{"usage": "used"}, {"usage": "free"}],
    "kind": [{"kind": "system"}, {"kind": "processes"}],
    "system": [{"usage": usage} for usage in ("atom", "binary", "code", "ets", "other")],
    "allocator": [
        {"alloc": alloc, "instance_no": instance, "kind": kind, "usage": usage}
        for alloc in ("temp_alloc", "sl_alloc", "std_alloc", "ll_alloc", "eheap_alloc",
                      "ets_alloc", "binary_alloc", "driver_alloc")
        for instance in ("0", "1", "2") for kind in ("mbcs", "mbcs_pool", "sbcs")
        for usage in ("blocks", "blocks_size", "carriers", "carriers_size")
    ],
}

# What belongs to a namespace stands beside the global rows from 6.3 on.
ROWS_WITH_NAMESPACE = {
    "rule": [*ROWS["rule"], {"id": "rule_tenant", "namespace": "tenant_a"}],
    "action": [*ROWS["action"], {"id": "mqtt:tenant", "namespace": "tenant_a"}],
    "connector": [*ROWS["connector"], {"id": "mqtt:tenant", "namespace": "tenant_a"}],
}

# Rows whose own label stands before `node`; everywhere else `node` is first.
ROWS_BEFORE_NODE = ("shard",)


def table(kind, prefix, names, rows, node, group, help_text=""):
    return [Family(prefix + name, kind, rows, node, group, help_text) for name in names.split()]


def without(families, *names):
    """The table less these families (whole names, or a prefix that ends in *)."""
    def is_left(name):
        return not any(name == out or out.endswith("*") and name.startswith(out[:-1])
                       for out in names)

    return [family for family in families if is_left(family.name)]


def with_after(families, name, more):
    """The table with more families after that one."""
    at = [family.name for family in families].index(name) + 1
    return [*families[:at], *more, *families[at:]]


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

# What a rule does with what it matched: actions by their id, or functions of the broker itself.
RULE_ACTIONS = {"rule_all": [{"function": "console"}], "rule_forward": ["mqtt:forward"],
                "rule_hook": ["http:hook"]}
# What an action goes through.
CONNECTORS = {"mqtt:forward": "mqtt:upstream", "http:hook": "http:dead"}

# Only declared where overload protection is on.
OVERLOAD = table("counter", "emqx_overload_protection_",
                 "delay_ok delay_timeout hibernation gc new_conn", "one", SPLIT, "olp")

# 5.4: what 5.5 and later brought is not there.
STATS_5_4 = without(
    STATS, "emqx_authorization_cache_miss", "emqx_cert_expiry_at", "emqx_mria_*",
    "emqx_cluster_sessions_*", "emqx_durable_subscriptions_*", "emqx_conf_sync_txid",
    "emqx_client_disconnected_reason", "emqx_vm_mnesia_tm_mailbox_size",
    "emqx_vm_broker_pool_max_mailbox_size")

# 5.0: what came with 5.2 and 5.3 is not there either, and the JSON form has seven groups.
STATS_5_0 = [
    family._replace(group=None) if family.group == "cluster" else family
    for family in without(
        STATS_5_4, "emqx_channels_*", "emqx_delayed_*", "emqx_authorization_*",
        "emqx_authentication_*", "emqx_client_connect", "emqx_client_connack")
]

# 5.5: before durable storage and what the patches of 5.8 brought.
STATS_5_5 = without(
    STATS, "emqx_cluster_sessions_*", "emqx_durable_subscriptions_*", "emqx_conf_sync_txid",
    "emqx_client_disconnected_reason", "emqx_vm_mnesia_tm_mailbox_size",
    "emqx_vm_broker_pool_max_mailbox_size")
DATA_INTEGRATION_5_5 = without(DATA_INTEGRATION, "emqx_actions_count")

# 6.2: one edition, so a license; 5.9 to 6.2 brought these. (6.1 has two more, unknown by name.)
STATS_6_2 = without(STATS, "emqx_packets_publish_dropped")
for _after, _more in (
        ("emqx_topics_count", table("gauge", "emqx_", "routes_count routes_max",
                                    "one", NEVER, "stats")),
        ("emqx_vm_used_memory", table("gauge", "emqx_vm_", "uptime_ms max_fds",
                                      "one", CLUSTER, "metrics")),
        ("emqx_messages_dropped_no_subscribers",
         table("counter", "emqx_messages_dropped_", "quota_exceeded receive_maximum",
               "one", SPLIT, "messages")),
        ("emqx_cert_expiry_at", table("gauge", "emqx_license_",
                                      "expiry_at max_sessions issued_at",
                                      "one", NEVER, "license"))):
    STATS_6_2 = with_after(STATS_6_2, _after, _more)

AUTH_6_2 = [
    *AUTH,
    *table("histogram", "emqx_authn_", "latency", "authn_latency", SPLIT, None),
    *table("histogram", "emqx_authz_", "latency", "authz_latency", SPLIT, None),
]

DATA_INTEGRATION_6_2 = with_after(
    DATA_INTEGRATION, "emqx_connectors_count",
    table("gauge", "emqx_", "schema_registrys_count", "one", NEVER, "data_integration_overview"))

SCHEMA_VALIDATION = [
    *table("gauge", "emqx_schema_validation_", "enable", "validation", SPLIT, None),
    *table("counter", "emqx_schema_validation_", "matched failed succeeded",
           "validation", SPLIT, None),
]
MESSAGE_TRANSFORMATION = [
    *table("gauge", "emqx_message_transformation_", "enable", "transformation", SPLIT, None),
    *table("counter", "emqx_message_transformation_", "matched failed succeeded",
           "transformation", SPLIT, None),
]

# The names of `stats` once more, by namespace.
NAMESPACED_STATS = [
    *[family._replace(rows="namespace", group=None) for family in STATS_6_2
      if family.group in ("packets", "messages", "delivery")],
    *table("gauge", "emqx_", "sessions_count", "namespace", SPLIT, None),
    *table("gauge", "emqx_", "authn_builtin_record_count authz_builtin_record_count",
           "namespace", NEVER, None),
]

# 6.3: the collectors of the Erlang VM that are on by default. Each is of the answering node.
_DIST = "What the Erlang distribution knows about a peer."
_STATISTICS = "From erlang:statistics/1."
_SYSTEM = "From erlang:system_info/1."
_MEMORY = "From erlang:memory/0."
VM_COLLECTORS = [
    *table("gauge", "erlang_vm_dist_",
           "recv_bytes recv_cnt recv_max_bytes recv_avg_bytes recv_dvi_bytes send_bytes send_cnt "
           "send_max_bytes send_avg_bytes send_pend_bytes port_input_bytes port_output_bytes "
           "port_memory_bytes port_queue_size_bytes", "peer", NEVER, None, _DIST),
    *table("gauge", "erlang_vm_dist_proc_",
           "memory_bytes heap_size_words min_heap_size_words min_bin_vheap_size_words "
           "stack_size_words total_heap_size_words message_queue_len reductions status",
           "peer_process", NEVER, None, _DIST),
    *table("gauge", "erlang_vm_dist_node_", "state queue_size_bytes", "peer", NEVER, None, _DIST),
    *table("counter", "erlang_vm_statistics_",
           "bytes_output_total bytes_received_total context_switches "
           "garbage_collection_number_of_gcs garbage_collection_bytes_reclaimed "
           "garbage_collection_words_reclaimed reductions_total runtime_milliseconds "
           "wallclock_time_milliseconds", "one", NEVER, None, _STATISTICS),
    *table("gauge", "erlang_vm_statistics_",
           "dirty_cpu_run_queue_length dirty_io_run_queue_length run_queues_length",
           "one", NEVER, None, _STATISTICS),
    *table("gauge", "erlang_vm_",
           "ets_limit logical_processors logical_processors_available logical_processors_online "
           "port_count port_limit processes process_limit schedulers schedulers_online "
           "thread_pool_size wordsize_bytes atom_count atom_limit dirty_cpu_schedulers "
           "dirty_cpu_schedulers_online dirty_io_schedulers", "one", NEVER, None, _SYSTEM),
    *table("untyped", "erlang_vm_", "smp_support threads time_correction",
           "one", NEVER, None, _SYSTEM),
    *table("gauge", "erlang_vm_", "allocators", "allocator", NEVER, None, _SYSTEM),
    *table("gauge", "erlang_vm_memory_", "atom_bytes processes_bytes",
           "used_free", NEVER, None, _MEMORY),
    *table("gauge", "erlang_vm_memory_", "bytes", "kind", NEVER, None, _MEMORY),
    *table("gauge", "erlang_vm_memory_", "system_bytes", "system", NEVER, None, _MEMORY),
    *table("gauge", "erlang_vm_memory_", "dets_tables ets_tables", "one", NEVER, None, _MEMORY),
]
STATS_6_3 = [*without(STATS_6_2, "emqx_vm_process_messages_in_queues"), *VM_COLLECTORS]

# 4.4: other names, and some collectors of the Erlang VM, which could not be switched off.
VM_4_4 = [
    *table("gauge", "erlang_vm_memory_", "atom_bytes_total processes_bytes_total",
           "used_free", NEVER, None),
    *table("gauge", "erlang_vm_memory_", "bytes_total", "kind", NEVER, None),
    *table("gauge", "erlang_vm_memory_", "system_bytes_total", "system", NEVER, None),
    *table("gauge", "erlang_vm_", "ets_tables port_count port_limit process_count process_limit "
           "ets_limit logical_processors schedulers schedulers_online thread_pool_size",
           "one", NEVER, None),
    *table("untyped", "erlang_vm_", "smp_support threads time_correction", "one", NEVER, None),
    *table("counter", "erlang_vm_statistics_",
           "bytes_output_total bytes_received_total context_switches "
           "garbage_collection_number_of_gcs garbage_collection_words_reclaimed "
           "reductions_total runtime_milliseconds wallclock_time_milliseconds",
           "one", NEVER, None),
    *table("gauge", "erlang_vm_statistics_", "run_queues_length_total", "one", NEVER, None),
]
_RENAMED_IN_5 = {"emqx_client_authorize": "emqx_client_check_acl",
                 "emqx_session_takenover": "emqx_session_takeovered"}
STATS_4_4 = [
    *(family._replace(name=_RENAMED_IN_5.get(family.name, family.name)) for family in with_after(
        without(STATS_5_0, "emqx_live_connections_*"), "emqx_topics_count",
        table("gauge", "emqx_", count_and_max("routes actions"), "one", NEVER, "stats"))),
    *VM_4_4,
]

TOPIC_METRICS = table(
    "counter", "emqx_topic_metric_",
    "messages_in_count messages_out_count messages_dropped_count bytes_in bytes_out",
    "topic", SPLIT, None, "Of the topics that match the filter.")


class Key(NamedTuple):
    """A key of a JSON endpoint, and the releases that have it."""

    name: str
    since: tuple
    until: tuple


def keys(prefix, names, since=(4,), until=(99,)):
    return [Key(prefix + name, since, until) for name in names.split()]


STATS_KEYS = [
    *keys("", "connections sessions channels suboptions subscribers subscriptions "
          "subscriptions.shared topics retained"),
    *keys("", "live_connections delayed", since=(5,)),
    *keys("", "cluster_sessions", since=(5, 6)),
    *keys("", "actions", until=(5,)),
    *keys("", "routes", until=(5,)),
    *keys("", "routes", since=(5, 10, 4)),
]
# The sum over the cluster takes these from the node that answers. That what else is cluster-wide
# is counted once a node is how EMQX does it.
STATS_NOT_SUMMED = ("retained", "topics", "subscriptions.shared")

METRICS_KEYS = [
    *keys("bytes.", "received sent"),
    *keys("packets.",
          "received sent connect.received connack.sent connack.error connack.auth_error "
          "subscribe.received subscribe.auth_error subscribe.error suback.sent "
          "unsubscribe.received unsubscribe.error unsuback.sent publish.received publish.sent "
          "publish.inuse publish.error publish.auth_error puback.received puback.sent "
          "puback.inuse puback.missed pubrec.received pubrec.sent pubrec.inuse pubrec.missed "
          "pubrel.received pubrel.sent pubrel.missed pubcomp.received pubcomp.sent "
          "pubcomp.inuse pubcomp.missed pingreq.received pingresp.sent disconnect.received "
          "disconnect.sent auth.received auth.sent"),
    *keys("packets.", "publish.dropped", until=(5, 9)),
    *keys("packets.", "publish.quota_exceeded", since=(5, 9)),
    *keys("messages.",
          "received sent publish dropped forward delayed delivered acked qos0.received qos0.sent "
          "qos1.received qos1.sent qos2.received qos2.sent dropped.await_pubrel_timeout "
          "dropped.no_subscribers"),
    *keys("messages.", "persisted validation_succeeded validation_failed "
          "transformation_succeeded transformation_failed", since=(5, 7)),
    *keys("messages.", "dropped.quota_exceeded dropped.receive_maximum", since=(5, 9)),
    *keys("messages.", "retained", until=(5,)),
    *keys("messages.", "retained", since=(6, 2, 2)),
    *keys("delivery.", "dropped dropped.no_local dropped.too_large dropped.qos0_msg "
          "dropped.queue_full dropped.expired"),
    *keys("delivery.", "dropped.filter", since=(6, 2)),
    *keys("client.", "connect connack connected authenticate auth.anonymous subscribe "
          "unsubscribe disconnected"),
    *keys("client.", "check_acl acl.allow acl.deny acl.cache_hit", until=(5,)),
    *keys("client.", "authorize", since=(5,)),
    *keys("client.", "post_authn", since=(6, 1, 2)),
    *keys("session.", "created resumed discarded terminated"),
    *keys("session.", "takeovered", until=(5,)),
    *keys("session.", "takenover", since=(5,)),
    *keys("session.", "disconnected", since=(6,)),
    *keys("authorization.", "allow deny cache_hit cache_miss superuser nomatch matched.allow "
          "matched.deny", since=(5,)),
    *keys("authentication.", "success success.anonymous failure", since=(5,)),
    *keys("overload_protection.", "delay.ok delay.timeout hibernation gc new_conn", since=(5,)),
    *keys("", "rules.matched actions.executed", since=(5, 10, 3)),
    *keys("", "actions.messages", since=(6, 1, 2)),
]
# Where the text has another name than the key with its dots as underscores.
TEXT_NAMES = {"packets.connect.received": "emqx_packets_connect",
              "messages.dropped.await_pubrel_timeout": "emqx_messages_dropped_expired"}

RATE_KEYS = [
    *keys("", "received_msg_rate sent_msg_rate dropped_msg_rate"),
    *keys("", "validation_succeeded_rate validation_failed_rate transformation_succeeded_rate "
          "transformation_failed_rate persisted_rate", since=(5, 7)),
    *keys("", "rules_matched_rate actions_executed_rate", since=(5, 10, 3)),
    *keys("", "actions_messages_rate", since=(6, 1, 2)),
]
RULE_KEYS = (
    "matched passed failed failed.exception failed.no_result actions.total actions.success "
    "actions.failed actions.failed.out_of_service actions.failed.unknown "
    "actions.discarded").split()
ACTION_KEYS = (
    "matched success failed dropped dropped.expired dropped.other dropped.queue_full "
    "dropped.resource_not_found dropped.resource_stopped inflight queuing queuing_bytes "
    "late_reply received retried").split()
AUTHN_KEYS = "total success failed nomatch".split()
AUTHZ_KEYS = "total allow deny ignore nomatch".split()
# The ports of the listeners, by their id.
LISTENERS = {"ssl:default": 8883, "tcp:default": 1883, "ws:default": 8083, "wss:default": 8084}


# Groups of the JSON form that are arrays in every mode, with an element a row.
JSON_ARRAYS = ("certs", "client", "emqx_authn", "emqx_authz", "rules", "actions", "connectors")
JSON_ARRAYS_5_4 = tuple(name for name in JSON_ARRAYS if name != "client")


class Profile(NamedTuple):
    """A broker's release: which endpoints it has, what it calls itself, how it differs."""

    release: str
    # The pages of text, by the end of their path; 4.4 has one, elsewhere, which goes as `v4`.
    endpoints: dict
    # Whether the query's `mode` means anything.
    has_mode: bool = True
    # Whether the statistics demand credentials without being told to.
    protected: bool = False
    # Endpoints that have no JSON form; asked for it they answer 400.
    text_only: tuple = ()
    # Endpoints that take a namespace, and are limited when asked for all namespaces.
    limited: tuple = ()
    # Whether the upper bound of a bucket has twenty digits, or is as short as can be.
    long_bounds: bool = True
    # Whether /status?format=json tells the cluster's name where 5.8 tells the release.
    tells_cluster: bool = False
    # Groups of the JSON form that are arrays in every mode, with an element a row.
    json_arrays: tuple = JSON_ARRAYS
    always_zero: tuple = ()
    rows: dict = {}
    # Whether a family's TYPE is followed by a HELP.
    has_help: bool = True
    # Whether overload protection has families, once it is on.
    has_overload: bool = True
    # What its 401s ask credentials for.
    realm: str = "emqx-dashboard"
    # The most rows of a page of JSON.
    rows_a_page: int = 10000

    @property
    def version(self):
        """(5, 8, 9)"""
        return tuple(map(int, self.release.partition("-")[0].split(".")))

    @property
    def is_enterprise(self):
        """From 5.9 on there is one edition."""
        return self.version >= (5, 9)


# What the JSON of /metrics tells truly, however long the text says 0.
TRUE_IN_JSON = ("emqx_authorization_matched_allow", "emqx_authorization_matched_deny")
_ALWAYS_ZERO = ("emqx_vm_process_messages_in_queues",)
_ZERO_BEFORE_6 = (*_ALWAYS_ZERO, "emqx_messages_retained", *TRUE_IN_JSON)
_ENDPOINTS_6_2 = {
    "stats": STATS_6_2, "auth": AUTH_6_2, "data_integration": DATA_INTEGRATION_6_2,
    "schema_validation": SCHEMA_VALIDATION, "message_transformation": MESSAGE_TRANSFORMATION,
    "namespaced_stats": NAMESPACED_STATS,
}
_ENDPOINTS_6_3 = {**_ENDPOINTS_6_2, "stats": STATS_6_3, "topic_metrics": TOPIC_METRICS}

PROFILES = {
    "4.4": Profile("4.4.19", {"v4": STATS_4_4}, has_mode=False, json_arrays=JSON_ARRAYS_5_4,
                   always_zero=_ALWAYS_ZERO, has_help=False, has_overload=False,
                   realm="minirest-server"),
    "5.0": Profile("5.0.26", {"stats": STATS_5_0}, has_mode=False, json_arrays=JSON_ARRAYS_5_4,
                   always_zero=_ZERO_BEFORE_6, has_overload=False, realm="minirest-server",
                   rows_a_page=1000),
    "5.4": Profile("5.4.1", {"stats": STATS_5_4}, has_mode=False, json_arrays=JSON_ARRAYS_5_4,
                   always_zero=_ZERO_BEFORE_6, rows_a_page=1000),
    "5.5": Profile("5.5.1", {"stats": STATS_5_5, "auth": AUTH,
                             "data_integration": DATA_INTEGRATION_5_5},
                   json_arrays=JSON_ARRAYS_5_4, always_zero=_ZERO_BEFORE_6),
    "5.8": Profile("5.8.9", {"stats": STATS, "auth": AUTH, "data_integration": DATA_INTEGRATION},
                   always_zero=_ZERO_BEFORE_6),
    "6.2": Profile("6.2.2", _ENDPOINTS_6_2, text_only=("namespaced_stats",),
                   limited=("namespaced_stats",), tells_cluster=True, always_zero=_ALWAYS_ZERO),
    "6.3": Profile("6.3.0-beta.2", _ENDPOINTS_6_3, protected=True,
                   text_only=tuple(_ENDPOINTS_6_3),
                   limited=("namespaced_stats", "data_integration"), long_bounds=False,
                   tells_cluster=True, always_zero=_ALWAYS_ZERO, rows=ROWS_WITH_NAMESPACE),
}

# Upper bounds of the latency histograms in milliseconds; the last one, +Inf, goes without saying.
LATENCY_BOUNDS = (10.0, 100.0, 1000.0, 5000.0, 30000.0)

# Groups of the JSON form's `stats` that are an array with `node` in mode aggregated too, and
# those that show only the answering node there.
JSON_ARRAYS_WHEN_AGGREGATED = ("metrics",)
JSON_ANSWERING_NODE_ONLY = ("cluster", "cluster_rpc")

# Aggregated by a logical AND; everything else is summed (the enable and status of actions too).
AGGREGATED_BY_AND = frozenset(
    f"emqx_{kind}_{state}" for kind in ("authn", "authz", "rule", "connector",
                                        "schema_validation", "message_transformation")
    for state in ("enable", "status"))

# Families that are the sum of others in the same row, as the broker counts them.
SUMS = {
    "emqx_authn_total": ("emqx_authn_success", "emqx_authn_failed", "emqx_authn_nomatch"),
    "emqx_authz_total": ("emqx_authz_allow", "emqx_authz_deny", "emqx_authz_nomatch"),
}

# Values that are not free: on a healthy, mostly idle broker.
IDLE_SHARDS = ("emqx_acl_sharded", "emqx_exclusive_shard", "emqx_psk_shard")
# Beyond 32 bits, as real ones are.
MEMORY_BYTES = {"emqx_vm_total_memory": 16794939392, "emqx_vm_used_memory": 2254857216}
# What is off, and what is on but not connected.
DISABLED = ("rule_off",)
UNREACHABLE = ("http:dead", "http:hook")
BIG_COUNTERS = ("emqx_bytes_received", "emqx_bytes_sent")
FIXED = {"emqx_cert_expiry_at": 1925000000, "emqx_license_expiry_at": 1924905600,
         "emqx_license_issued_at": 1767225600, "emqx_license_max_sessions": 10000000,
         "emqx_conf_sync_txid": 11, "emqx_vm_max_fds": 1048576}
