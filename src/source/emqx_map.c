// SPDX-License-Identifier: Apache-2.0
// One file, longer than others: it is one table, sorted, and a family is looked for in one place only.
#include "source/emqx_map.h"

#include <string.h>

// Of every family below, so that a name can be spelt on the stack; test_emqx_map checks it.
enum { LONGEST_FAMILY = 64 };

// How a page's keys become family names: this in front of the key, `_` for its dots.
static const struct str prefixes[N_EMQX_PAGES] = {
	[EMQX_TEXT] = STR_INIT("emqx_"),
	[EMQX_STATS] = STR_INIT("emqx_"),
	[EMQX_METRICS] = STR_INIT("emqx_"),
	[EMQX_NODES] = STR_INIT("emqx_node_"),
	[EMQX_MONITOR] = STR_INIT("emqx_"),
	[EMQX_LISTENERS] = STR_INIT("emqx_listener_"),
	[EMQX_ALARMS] = STR_INIT("emqx_alarms_"),
	[EMQX_BANNED] = STR_INIT("emqx_banned_"),
	[EMQX_LICENSE] = STR_INIT("emqx_license_"),
	[EMQX_RULES] = STR_INIT("emqx_rule_"),
	[EMQX_ACTIONS] = STR_INIT("emqx_action_"),
	[EMQX_CONNECTORS] = STR_INIT("emqx_connector_"),
	[EMQX_AUTHN] = STR_INIT("emqx_authn_"),
	[EMQX_AUTHZ] = STR_INIT("emqx_authz_"),
};

// 1. The table

#define ROW(name, kind, where, spelling, nodes, text)                                              \
	{                                                                                          \
		.family = STR_INIT(name), .type = METRIC_##kind, .page = EMQX_##where,             \
		.key = STR_INIT(spelling), .rule = EMQX_##nodes, .help = STR_INIT(text)            \
	}
// What most rows of a page have in common.
#define TEXT(name, kind, nodes, help) ROW(name, kind, TEXT, "", nodes, help)
#define STAT(name, key, nodes, help)  ROW(name, GAUGE, STATS, key, nodes, help)
#define METRIC(name, key, help)	      ROW(name, COUNTER, METRICS, key, SPLIT, help)
#define NODE(name, key, help)	      ROW(name, GAUGE, NODES, key, PER_NODE, help)
#define MONITOR(name, key, help)      ROW(name, GAUGE, MONITOR, key, ONCE, help)
#define RULE(name, kind, key, help)   ROW(name, kind, RULES, key, SPLIT, help)
#define ACTION(name, kind, key, help) ROW(name, kind, ACTIONS, key, SPLIT, help)
#define AUTHN(name, kind, key, help)  ROW(name, kind, AUTHN, key, SPLIT, help)
#define AUTHZ(name, kind, key, help)  ROW(name, kind, AUTHZ, key, SPLIT, help)

// Sorted by family, byte by byte: emqx_map_family halves it. EMQX 4.4 to 6.3 taken together.
static const struct emqx_statistic statistics[] = {
	ACTION("emqx_action_dropped", COUNTER, "dropped",
		"Messages dropped by the action without any attempt, for whatever reason."),
	ACTION("emqx_action_dropped_expired", COUNTER, "dropped.expired",
		"Messages that expired in the action's queue."),
	ACTION("emqx_action_dropped_other", COUNTER, "dropped.other",
		"Messages dropped by the action for another reason."),
	ACTION("emqx_action_dropped_queue_full", COUNTER, "dropped.queue_full",
		"Messages dropped because the action's queue was full."),
	ACTION("emqx_action_dropped_resource_not_found", COUNTER, "dropped.resource_not_found",
		"Messages dropped because the action's resource was not there."),
	ACTION("emqx_action_dropped_resource_stopped", COUNTER, "dropped.resource_stopped",
		"Messages dropped because the action's resource was stopped."),
	ACTION("emqx_action_enable", GAUGE, "enable",
		"1 if the action is enabled, else 0; aggregated, the sum over the nodes."),
	ACTION("emqx_action_failed", COUNTER, "failed",
		"Messages that the action could not deliver."),
	ACTION("emqx_action_inflight", GAUGE, "inflight",
		"Messages sent by the action that wait for an answer."),
	ACTION("emqx_action_late_reply", COUNTER, "late_reply",
		"Answers after the message's time was over; delivered or not, nobody knows."),
	ACTION("emqx_action_matched", COUNTER, "matched", "Messages routed to the action."),
	ACTION("emqx_action_queuing", GAUGE, "queuing", "Messages in the action's queue."),
	ACTION("emqx_action_queuing_bytes", GAUGE, "queuing_bytes", "Bytes in the action's queue."),
	ACTION("emqx_action_rate", GAUGE, "rate", "Messages a second routed to the action."),
	ACTION("emqx_action_rate_last5m", GAUGE, "rate_last5m",
		"Messages a second routed to the action, over the last 5 minutes."),
	ACTION("emqx_action_rate_max", GAUGE, "rate_max",
		"Most messages a second routed to the action since the node's start."),
	ACTION("emqx_action_received", COUNTER, "received",
		"Messages received from the other system."),
	ACTION("emqx_action_retried", COUNTER, "retried",
		"Deliveries that the action tried again."),
	TEXT("emqx_action_retried_failed", COUNTER, SPLIT,
		"Messages that the action could not deliver, not even after another try."),
	TEXT("emqx_action_retried_success", COUNTER, SPLIT,
		"Messages that the action delivered after another try."),
	ACTION("emqx_action_status", GAUGE, "status",
		"1 if the action is connected, else 0; aggregated, the sum over the nodes."),
	ACTION("emqx_action_success", COUNTER, "success", "Messages that the action delivered."),
	STAT("emqx_actions_count", "actions.count", ONCE,
		"Actions as all rules list them, not as configured; 4.x: kinds of actions."),
	METRIC("emqx_actions_error", "actions.error",
		"Actions run by rules that failed; EMQX 4.x only."),
	METRIC("emqx_actions_exception", "actions.exception",
		"Actions run by rules that crashed; EMQX 4.x only."),
	METRIC("emqx_actions_executed", "actions.executed",
		"Actions executed by rules; one execution may take a batch of messages."),
	MONITOR("emqx_actions_executed_rate", "actions_executed_rate",
		"Actions executed a second, by the broker's last sample."),
	STAT("emqx_actions_max", "actions.max", ONCE,
		"Most kinds of actions at once since the node's start; EMQX 4.x only."),
	METRIC("emqx_actions_messages", "actions.messages",
		"Messages handled by executed actions."),
	MONITOR("emqx_actions_messages_rate", "actions_messages_rate",
		"Messages in actions a second, by the broker's last sample."),
	METRIC("emqx_actions_retry", "actions.retry",
		"Actions run by rules that were tried again; EMQX 4.x only."),
	METRIC("emqx_actions_success", "actions.success",
		"Actions run by rules that succeeded; EMQX 4.x only."),
	METRIC("emqx_actions_taken", "actions.taken", "Actions run by rules; EMQX 4.x only."),
	ROW("emqx_alarms_active", GAUGE, ALARMS, "", SPLIT, "Alarms that are active on the node."),
	METRIC("emqx_authentication_failure", "authentication.failure",
		"Clients whose authentication failed."),
	METRIC("emqx_authentication_success", "authentication.success",
		"Clients authenticated, anonymous ones included."),
	METRIC("emqx_authentication_success_anonymous", "authentication.success.anonymous",
		"Clients let in without authentication."),
	TEXT("emqx_authn_builtin_record_count", GAUGE, ONCE,
		"Users of the namespace in the built-in database for authentication."),
	AUTHN("emqx_authn_enable", GAUGE, "enable",
		"1 if the authenticator is enabled, else 0; aggregated, 1 if all are."),
	AUTHN("emqx_authn_failed", COUNTER, "failed", "Requests that the authenticator refused."),
	TEXT("emqx_authn_latency", HISTOGRAM, SPLIT,
		"Milliseconds that the authenticator took to answer."),
	AUTHN("emqx_authn_nomatch", COUNTER, "nomatch",
		"Requests that the authenticator left to the next one."),
	AUTHN("emqx_authn_rate", GAUGE, "rate", "Requests a second to the authenticator."),
	AUTHN("emqx_authn_rate_last5m", GAUGE, "rate_last5m",
		"Requests a second to the authenticator, over the last 5 minutes."),
	AUTHN("emqx_authn_rate_max", GAUGE, "rate_max",
		"Most requests a second to the authenticator since the node's start."),
	AUTHN("emqx_authn_status", GAUGE, "status",
		"1 if the authenticator is connected, else 0; aggregated, 1 if all are."),
	AUTHN("emqx_authn_success", COUNTER, "success", "Requests that the authenticator let in."),
	AUTHN("emqx_authn_total", COUNTER, "total",
		"Authentication requests that reached the authenticator."),
	TEXT("emqx_authn_users_count", GAUGE, ONCE,
		"Users in the authenticator's built-in database."),
	METRIC("emqx_authorization_allow", "authorization.allow",
		"Publish and subscribe requests allowed, by whatever rule or default."),
	METRIC("emqx_authorization_cache_hit", "authorization.cache_hit",
		"Authorization checks answered by the client's cache."),
	METRIC("emqx_authorization_cache_miss", "authorization.cache_miss",
		"Authorization checks that the client's cache could not answer."),
	METRIC("emqx_authorization_deny", "authorization.deny",
		"Publish and subscribe requests denied, by whatever rule or default."),
	METRIC("emqx_authorization_matched_allow", "authorization.matched.allow",
		"Authorization checks that a rule allowed; text pages before 6.2.2 say 0."),
	METRIC("emqx_authorization_matched_deny", "authorization.matched.deny",
		"Authorization checks that a rule denied; text pages before 6.2.2 say 0."),
	METRIC("emqx_authorization_nomatch", "authorization.nomatch",
		"Authorization checks that no rule matched, so that the default decided."),
	METRIC("emqx_authorization_superuser", "authorization.superuser",
		"Authorization checks passed because the client is a superuser."),
	AUTHZ("emqx_authz_allow", COUNTER, "allow",
		"Requests that the authorization source allowed."),
	TEXT("emqx_authz_builtin_record_count", GAUGE, ONCE,
		"Rules of the namespace in the built-in database for authorization."),
	AUTHZ("emqx_authz_deny", COUNTER, "deny", "Requests that the authorization source denied."),
	AUTHZ("emqx_authz_enable", GAUGE, "enable",
		"1 if the authorization source is enabled, else 0; aggregated, 1 if all are."),
	AUTHZ("emqx_authz_ignore", COUNTER, "ignore",
		"Requests that the authorization source ignored, as when it is down."),
	TEXT("emqx_authz_latency", HISTOGRAM, SPLIT,
		"Milliseconds that the authorization source took to answer."),
	AUTHZ("emqx_authz_nomatch", COUNTER, "nomatch",
		"Requests that the authorization source left to the next one."),
	AUTHZ("emqx_authz_rate", GAUGE, "rate", "Requests a second to the authorization source."),
	AUTHZ("emqx_authz_rate_last5m", GAUGE, "rate_last5m",
		"Requests a second to the authorization source, over the last 5 minutes."),
	AUTHZ("emqx_authz_rate_max", GAUGE, "rate_max",
		"Most requests a second to the authorization source since the node's start."),
	TEXT("emqx_authz_rules_count", GAUGE, ONCE,
		"Rules in the authorization source; the file and the built-in database only."),
	AUTHZ("emqx_authz_status", GAUGE, "status",
		"1 if the authorization source is connected, else 0; aggregated, 1 if all are."),
	AUTHZ("emqx_authz_total", COUNTER, "total",
		"Authorization requests that reached the source."),
	ROW("emqx_banned_count", GAUGE, BANNED, "", ONCE, "Entries of the ban list."),
	METRIC("emqx_bytes_received", "bytes.received", "Bytes received from clients."),
	METRIC("emqx_bytes_sent", "bytes.sent", "Bytes sent to clients."),
	TEXT("emqx_cert_expiry_at", GAUGE, ONCE,
		"Expiry of a listener's certificate on the asked node, Unix time; 0: unreadable."),
	STAT("emqx_channels_count", "channels.count", SPLIT,
		"Channel processes, one for each session on the node."),
	STAT("emqx_channels_max", "channels.max", SPLIT,
		"Most channels at once since the node's start; aggregated, the nodes' sum."),
	METRIC("emqx_client_acl_allow", "client.acl.allow",
		"Requests allowed; EMQX 4.x only, emqx_authorization_allow since 5.0."),
	METRIC("emqx_client_acl_cache_hit", "client.acl.cache_hit",
		"Checks answered by a cache; EMQX 4.x only, emqx_authorization_cache_hit since."),
	METRIC("emqx_client_acl_deny", "client.acl.deny",
		"Requests denied; EMQX 4.x only, emqx_authorization_deny since 5.0."),
	METRIC("emqx_client_auth_anonymous", "client.auth.anonymous",
		"Clients let in anonymously."),
	METRIC("emqx_client_auth_success_anonymous", "client.auth.success.anonymous",
		"Clients let in anonymously; EMQX 4.x only."),
	METRIC("emqx_client_authenticate", "client.authenticate",
		"Authentications of clients, with whatever result."),
	METRIC("emqx_client_authorize", "client.authorize",
		"Authorization checks that the cache could not answer."),
	METRIC("emqx_client_check_acl", "client.check_acl",
		"Authorization checks; EMQX 4.x only, emqx_client_authorize since 5.0."),
	METRIC("emqx_client_connack", "client.connack",
		"Connection requests of clients answered, refusals included."),
	METRIC("emqx_client_connect", "client.connect", "Connection requests of clients handled."),
	METRIC("emqx_client_connected", "client.connected", "Clients that got connected."),
	METRIC("emqx_client_disconnected", "client.disconnected",
		"Clients that got disconnected, for whatever reason."),
	TEXT("emqx_client_disconnected_reason", COUNTER, SPLIT,
		"Disconnections by listener and reason; TCP and TLS listeners only."),
	METRIC("emqx_client_post_authn", "client.post_authn",
		"Runs of the hook that follows a client's authentication."),
	METRIC("emqx_client_subscribe", "client.subscribe",
		"Subscribe requests of clients handled."),
	METRIC("emqx_client_unsubscribe", "client.unsubscribe",
		"Unsubscribe requests of clients handled."),
	NODE("emqx_cluster_nodes_running", "",
		"Running nodes of the cluster as this node sees it; never sum over nodes."),
	NODE("emqx_cluster_nodes_stopped", "",
		"Stopped nodes of the cluster as this node sees it; never sum over nodes."),
	STAT("emqx_cluster_sessions_count", "cluster_sessions.count", ONCE,
		"Sessions in the whole cluster; every node has the same number."),
	STAT("emqx_cluster_sessions_max", "cluster_sessions.max", ONCE,
		"Most sessions in the cluster at once since the node's start."),
	TEXT("emqx_conf_sync_txid", GAUGE, PER_NODE,
		"Last configuration change applied; nodes that stay apart are out of sync."),
	STAT("emqx_connections_count", "connections.count", SPLIT,
		"Client connections, those of disconnected persistent sessions included."),
	STAT("emqx_connections_max", "connections.max", SPLIT,
		"Most connections at once since the node's start; aggregated, the nodes' sum."),
	ROW("emqx_connector_enable", GAUGE, CONNECTORS, "enable", SPLIT,
		"1 if the connector is enabled, else 0; aggregated, 1 if all are."),
	ROW("emqx_connector_status", GAUGE, CONNECTORS, "status", SPLIT,
		"1 if the connector is connected, else 0; aggregated, 1 if all are."),
	TEXT("emqx_connectors_count", GAUGE, ONCE,
		"Configured connectors, disabled ones included."),
	STAT("emqx_delayed_count", "delayed.count", SPLIT,
		"Messages that wait for their time of delayed publishing."),
	STAT("emqx_delayed_max", "delayed.max", SPLIT,
		"Most messages waiting since the node's start; aggregated, the nodes' sum."),
	METRIC("emqx_delivery_dropped", "delivery.dropped",
		"Messages dropped on their way to a single client, for whatever reason."),
	METRIC("emqx_delivery_dropped_expired", "delivery.dropped.expired",
		"Messages that expired before they could be delivered."),
	METRIC("emqx_delivery_dropped_filter", "delivery.dropped.filter",
		"Messages that the subscription's own filter kept back."),
	METRIC("emqx_delivery_dropped_no_local", "delivery.dropped.no_local",
		"Messages not sent back to their publisher: the subscription has No Local."),
	METRIC("emqx_delivery_dropped_qos0_msg", "delivery.dropped.qos0_msg",
		"QoS 0 messages dropped because the client's queue keeps none of QoS 0."),
	METRIC("emqx_delivery_dropped_queue_full", "delivery.dropped.queue_full",
		"Messages dropped because the client's queue was full."),
	METRIC("emqx_delivery_dropped_too_large", "delivery.dropped.too_large",
		"Messages dropped because the client takes no packets that large."),
	MONITOR("emqx_disconnected_durable_sessions_count", "disconnected_durable_sessions",
		"Durable sessions in the whole cluster whose client is not connected."),
	STAT("emqx_durable_subscriptions_count", "durable_subscriptions.count", SPLIT,
		"Subscriptions of durable sessions, connected or not."),
	STAT("emqx_durable_subscriptions_max", "durable_subscriptions.max", SPLIT,
		"Most durable ones at once since the node's start; aggregated, the nodes' sum."),
	ROW("emqx_license_expiry_at", GAUGE, LICENSE, "expiry_at", ONCE,
		"When the license expires, in Unix seconds."),
	TEXT("emqx_license_issued_at", GAUGE, ONCE,
		"When the license was issued, in Unix seconds."),
	ROW("emqx_license_max_sessions", GAUGE, LICENSE, "max_sessions", ONCE,
		"Sessions the license allows in the cluster."),
	ROW("emqx_listener_current_connections", GAUGE, LISTENERS, "current_connections", PER_NODE,
		"Connections of the listener on the node."),
	ROW("emqx_listener_enable", GAUGE, LISTENERS, "enable", ONCE,
		"1 if the listener is enabled in the configuration, else 0."),
	ROW("emqx_listener_max_connections", GAUGE, LISTENERS, "max_connections", PER_NODE,
		"Connections the listener allows on the node."),
	ROW("emqx_listener_running", GAUGE, LISTENERS, "running", PER_NODE,
		"1 if the listener runs on the node, else 0."),
	STAT("emqx_live_connections_count", "live_connections.count", SPLIT,
		"Clients connected right now."),
	STAT("emqx_live_connections_max", "live_connections.max", SPLIT,
		"Most clients at once since the node's start; aggregated, the nodes' sum."),
	TEXT("emqx_message_transformation_enable", GAUGE, SPLIT,
		"1 if the message transformation is enabled, else 0; aggregated, 1 if all are."),
	TEXT("emqx_message_transformation_failed", COUNTER, SPLIT,
		"Messages that the message transformation failed for."),
	TEXT("emqx_message_transformation_matched", COUNTER, SPLIT,
		"Messages that the message transformation applies to."),
	TEXT("emqx_message_transformation_succeeded", COUNTER, SPLIT,
		"Messages that the message transformation transformed."),
	METRIC("emqx_messages_acked", "messages.acked",
		"Messages acknowledged by clients: PUBACK and PUBREC received."),
	METRIC("emqx_messages_delayed", "messages.delayed",
		"Messages taken for delayed publishing; emqx_delayed_count are waiting."),
	METRIC("emqx_messages_delivered", "messages.delivered",
		"Deliveries to clients; one published message may have none or many."),
	METRIC("emqx_messages_dropped", "messages.dropped",
		"Messages dropped before any delivery; see also emqx_delivery_dropped."),
	METRIC("emqx_messages_dropped_expired", "messages.dropped.await_pubrel_timeout",
		"QoS 2 messages whose PUBREL did not come in time; not message expiry."),
	METRIC("emqx_messages_dropped_no_subscribers", "messages.dropped.no_subscribers",
		"Messages dropped because nobody subscribes to their topic."),
	METRIC("emqx_messages_dropped_quota_exceeded", "messages.dropped.quota_exceeded",
		"QoS 0 messages dropped because a rate limit was exceeded."),
	MONITOR("emqx_messages_dropped_rate", "dropped_msg_rate",
		"Messages dropped a second, by the broker's last sample."),
	METRIC("emqx_messages_dropped_receive_maximum", "messages.dropped.receive_maximum",
		"QoS 2 messages dropped, their client cut off: too many wait for PUBREL."),
	METRIC("emqx_messages_forward", "messages.forward", "Messages forwarded to other nodes."),
	METRIC("emqx_messages_persisted", "messages.persisted",
		"Messages written to durable storage."),
	MONITOR("emqx_messages_persisted_rate", "persisted_rate",
		"Messages stored a second, by the broker's last sample."),
	METRIC("emqx_messages_publish", "messages.publish",
		"Messages published, the broker's own system messages left out."),
	METRIC("emqx_messages_qos0_received", "messages.qos0.received",
		"QoS 0 messages received from clients."),
	METRIC("emqx_messages_qos0_sent", "messages.qos0.sent", "QoS 0 messages sent to clients."),
	METRIC("emqx_messages_qos1_received", "messages.qos1.received",
		"QoS 1 messages received from clients."),
	METRIC("emqx_messages_qos1_sent", "messages.qos1.sent", "QoS 1 messages sent to clients."),
	METRIC("emqx_messages_qos2_received", "messages.qos2.received",
		"QoS 2 messages received from clients."),
	METRIC("emqx_messages_qos2_sent", "messages.qos2.sent", "QoS 2 messages sent to clients."),
	METRIC("emqx_messages_received", "messages.received",
		"Messages received from clients, the sum over all QoS."),
	MONITOR("emqx_messages_received_rate", "received_msg_rate",
		"Messages received a second, by the broker's last sample."),
	METRIC("emqx_messages_retained", "messages.retained",
		"Retained messages stored; always 0 before 6.2.2, see emqx_retained_count."),
	METRIC("emqx_messages_sent", "messages.sent",
		"Messages sent to clients, the sum over all QoS."),
	MONITOR("emqx_messages_sent_rate", "sent_msg_rate",
		"Messages sent a second, by the broker's last sample."),
	METRIC("emqx_messages_transformation_failed", "messages.transformation_failed",
		"Messages whose transformation failed."),
	MONITOR("emqx_messages_transformation_failed_rate", "transformation_failed_rate",
		"Failed transformations a second, by the broker's last sample."),
	METRIC("emqx_messages_transformation_succeeded", "messages.transformation_succeeded",
		"Messages transformed."),
	MONITOR("emqx_messages_transformation_succeeded_rate", "transformation_succeeded_rate",
		"Messages transformed a second, by the broker's last sample."),
	METRIC("emqx_messages_validation_failed", "messages.validation_failed",
		"Messages that failed schema validation."),
	MONITOR("emqx_messages_validation_failed_rate", "validation_failed_rate",
		"Failed validations a second, by the broker's last sample."),
	METRIC("emqx_messages_validation_succeeded", "messages.validation_succeeded",
		"Messages that passed schema validation."),
	MONITOR("emqx_messages_validation_succeeded_rate", "validation_succeeded_rate",
		"Messages validated a second, by the broker's last sample."),
	TEXT("emqx_mria_bootstrap_num_keys", GAUGE, PER_NODE,
		"Records this replicant copied from its core node at its start."),
	TEXT("emqx_mria_bootstrap_time", GAUGE, PER_NODE,
		"Milliseconds this replicant took to copy the shard at its start."),
	TEXT("emqx_mria_lag", GAUGE, PER_NODE,
		"Transactions that this replicant is behind its core node."),
	TEXT("emqx_mria_last_intercepted_trans", GAUGE, PER_NODE,
		"Transactions of the shard seen by this core node since its start."),
	TEXT("emqx_mria_message_queue_len", GAUGE, PER_NODE,
		"Messages that wait for this replicant's replication process."),
	TEXT("emqx_mria_replayq_len", GAUGE, PER_NODE,
		"Transactions that wait in this replicant's replay queue."),
	TEXT("emqx_mria_replicants", GAUGE, PER_NODE,
		"Replicants that get the shard from this core node."),
	TEXT("emqx_mria_server_mql", GAUGE, PER_NODE,
		"Transactions that wait to be sent to replicants."),
	TEXT("emqx_mria_weight", GAUGE, PER_NODE,
		"Load of this core node as replicants see it when they choose one."),
	NODE("emqx_node_info", "",
		"Always 1; the labels tell the node's release, edition, role and Erlang."),
	NODE("emqx_node_load1", "load1", "Load average of the host over 1 minute."),
	NODE("emqx_node_load15", "load15", "Load average of the host over 15 minutes."),
	NODE("emqx_node_load5", "load5", "Load average of the host over 5 minutes."),
	NODE("emqx_node_processes_limit", "process_available",
		"Erlang processes the node may have."),
	NODE("emqx_node_processes_used", "process_used", "Erlang processes of the node."),
	NODE("emqx_node_running", "node_status", "1 if the node runs, 0 if it is stopped."),
	METRIC("emqx_overload_protection_delay_ok", "overload_protection.delay.ok",
		"Tasks put off under overload until it had passed."),
	METRIC("emqx_overload_protection_delay_timeout", "overload_protection.delay.timeout",
		"Tasks put off under overload that waited in vain for its end."),
	METRIC("emqx_overload_protection_gc", "overload_protection.gc",
		"Garbage collections of connections skipped under overload."),
	METRIC("emqx_overload_protection_hibernation", "overload_protection.hibernation",
		"Hibernations of connections skipped under overload."),
	METRIC("emqx_overload_protection_new_conn", "overload_protection.new_conn",
		"New connections refused under overload."),
	METRIC("emqx_packets_auth_received", "packets.auth.received", "AUTH packets received."),
	METRIC("emqx_packets_auth_sent", "packets.auth.sent", "AUTH packets sent."),
	METRIC("emqx_packets_connack_auth_error", "packets.connack.auth_error",
		"CONNACK packets sent that refuse: bad credentials or not authorized."),
	METRIC("emqx_packets_connack_error", "packets.connack.error",
		"CONNACK packets sent that refuse, for whatever reason."),
	METRIC("emqx_packets_connack_sent", "packets.connack.sent",
		"CONNACK packets sent, refusals included."),
	METRIC("emqx_packets_connect", "packets.connect.received", "CONNECT packets received."),
	METRIC("emqx_packets_disconnect_received", "packets.disconnect.received",
		"DISCONNECT packets received."),
	METRIC("emqx_packets_disconnect_sent", "packets.disconnect.sent",
		"DISCONNECT packets sent."),
	METRIC("emqx_packets_pingreq_received", "packets.pingreq.received",
		"PINGREQ packets received."),
	METRIC("emqx_packets_pingresp_sent", "packets.pingresp.sent", "PINGRESP packets sent."),
	METRIC("emqx_packets_puback_inuse", "packets.puback.inuse",
		"PUBACK packets received whose packet identifier was in another use."),
	METRIC("emqx_packets_puback_missed", "packets.puback.missed",
		"PUBACK packets received with an unknown packet identifier."),
	METRIC("emqx_packets_puback_received", "packets.puback.received",
		"PUBACK packets received (QoS 1)."),
	METRIC("emqx_packets_puback_sent", "packets.puback.sent", "PUBACK packets sent (QoS 1)."),
	METRIC("emqx_packets_pubcomp_inuse", "packets.pubcomp.inuse",
		"PUBCOMP packets received whose packet identifier was in another use."),
	METRIC("emqx_packets_pubcomp_missed", "packets.pubcomp.missed",
		"PUBCOMP packets received with an unknown packet identifier."),
	METRIC("emqx_packets_pubcomp_received", "packets.pubcomp.received",
		"PUBCOMP packets received (QoS 2, step 3)."),
	METRIC("emqx_packets_pubcomp_sent", "packets.pubcomp.sent",
		"PUBCOMP packets sent (QoS 2, step 3)."),
	METRIC("emqx_packets_publish_auth_error", "packets.publish.auth_error",
		"PUBLISH packets (QoS 1 and 2) that the client was not authorized for."),
	METRIC("emqx_packets_publish_dropped", "packets.publish.dropped",
		"PUBLISH packets dropped: QoS 0 over a limit, QoS 2 with too many unreleased."),
	METRIC("emqx_packets_publish_error", "packets.publish.error",
		"PUBLISH packets (QoS 1 and 2) answered with an error, for whatever reason."),
	METRIC("emqx_packets_publish_inuse", "packets.publish.inuse",
		"QoS 2 PUBLISH packets received whose packet identifier was in use."),
	METRIC("emqx_packets_publish_quota_exceeded", "packets.publish.quota_exceeded",
		"PUBLISH packets refused because a rate limit was exceeded."),
	METRIC("emqx_packets_publish_received", "packets.publish.received",
		"PUBLISH packets received."),
	METRIC("emqx_packets_publish_sent", "packets.publish.sent", "PUBLISH packets sent."),
	METRIC("emqx_packets_pubrec_inuse", "packets.pubrec.inuse",
		"PUBREC packets received whose packet identifier was in another use."),
	METRIC("emqx_packets_pubrec_missed", "packets.pubrec.missed",
		"PUBREC packets received with an unknown packet identifier."),
	METRIC("emqx_packets_pubrec_received", "packets.pubrec.received",
		"PUBREC packets received (QoS 2, step 1)."),
	METRIC("emqx_packets_pubrec_sent", "packets.pubrec.sent",
		"PUBREC packets sent (QoS 2, step 1)."),
	METRIC("emqx_packets_pubrel_missed", "packets.pubrel.missed",
		"PUBREL packets received with an unknown packet identifier."),
	METRIC("emqx_packets_pubrel_received", "packets.pubrel.received",
		"PUBREL packets received (QoS 2, step 2)."),
	METRIC("emqx_packets_pubrel_sent", "packets.pubrel.sent",
		"PUBREL packets sent (QoS 2, step 2)."),
	METRIC("emqx_packets_received", "packets.received", "MQTT packets received from clients."),
	METRIC("emqx_packets_sent", "packets.sent", "MQTT packets sent to clients."),
	METRIC("emqx_packets_suback_sent", "packets.suback.sent", "SUBACK packets sent."),
	METRIC("emqx_packets_subscribe_auth_error", "packets.subscribe.auth_error",
		"SUBSCRIBE packets with a topic filter that the client is not authorized for."),
	METRIC("emqx_packets_subscribe_error", "packets.subscribe.error",
		"SUBSCRIBE packets with a topic filter that was refused, for whatever reason."),
	METRIC("emqx_packets_subscribe_received", "packets.subscribe.received",
		"SUBSCRIBE packets received."),
	METRIC("emqx_packets_unsuback_sent", "packets.unsuback.sent", "UNSUBACK packets sent."),
	METRIC("emqx_packets_unsubscribe_error", "packets.unsubscribe.error",
		"UNSUBSCRIBE packets that failed."),
	METRIC("emqx_packets_unsubscribe_received", "packets.unsubscribe.received",
		"UNSUBSCRIBE packets received."),
	STAT("emqx_resources_count", "resources.count", ONCE,
		"Resources of the rule engine; EMQX 4.x only."),
	STAT("emqx_resources_max", "resources.max", ONCE,
		"Most resources of the rule engine at once since the node's start."),
	STAT("emqx_retained_count", "retained.count", ONCE,
		"Retained messages stored in the cluster."),
	STAT("emqx_retained_max", "retained.max", ONCE,
		"Most retained messages at once since the node's start."),
	STAT("emqx_routes_count", "routes.count", ONCE,
		"Entries of the cluster's route table, as this node has it."),
	STAT("emqx_routes_max", "routes.max", ONCE,
		"Most entries in the route table at once since the node's start."),
	RULE("emqx_rule_actions_discarded", COUNTER, "actions.discarded",
		"Actions of the rule that were not run, as when they are disabled."),
	RULE("emqx_rule_actions_failed", COUNTER, "actions.failed",
		"Actions of the rule that failed."),
	RULE("emqx_rule_actions_failed_out_of_service", COUNTER, "actions.failed.out_of_service",
		"Actions of the rule that failed because their target was out of service."),
	RULE("emqx_rule_actions_failed_unknown", COUNTER, "actions.failed.unknown",
		"Actions of the rule that failed for another reason; see the broker's log."),
	RULE("emqx_rule_actions_success", COUNTER, "actions.success",
		"Actions of the rule that succeeded."),
	RULE("emqx_rule_actions_total", COUNTER, "actions.total",
		"Actions that the rule called, with whatever result."),
	RULE("emqx_rule_enable", GAUGE, "enable",
		"1 if the rule is enabled, else 0; aggregated, 1 if all are."),
	RULE("emqx_rule_failed", COUNTER, "failed",
		"Runs of the rule's SQL that crashed or gave no result (its WHERE was not met)."),
	RULE("emqx_rule_failed_exception", COUNTER, "failed.exception",
		"Runs of the rule's SQL that crashed."),
	RULE("emqx_rule_failed_no_result", COUNTER, "failed.no_result",
		"Runs of the rule's SQL without a result: its WHERE was not met."),
	RULE("emqx_rule_matched", COUNTER, "matched",
		"Messages and events that came in for the rule (its FROM)."),
	RULE("emqx_rule_matched_rate", GAUGE, "matched.rate",
		"Messages and events a second that came in for the rule."),
	RULE("emqx_rule_matched_rate_last5m", GAUGE, "matched.rate.last5m",
		"Messages and events a second for the rule, over the last 5 minutes."),
	RULE("emqx_rule_matched_rate_max", GAUGE, "matched.rate.max",
		"Most messages and events a second for the rule since the node's start."),
	RULE("emqx_rule_passed", COUNTER, "passed",
		"Messages and events that the rule's SQL gave a result for."),
	STAT("emqx_rules_count", "rules.count", ONCE, "Rules, disabled ones included."),
	METRIC("emqx_rules_matched", "rules.matched",
		"Messages and events that matched a rule, summed over all rules."),
	MONITOR("emqx_rules_matched_rate", "rules_matched_rate",
		"Matches of rules a second, by the broker's last sample."),
	STAT("emqx_rules_max", "rules.max", ONCE,
		"Most rules at once since the node's start; EMQX 4.x only."),
	TEXT("emqx_schema_registrys_count", GAUGE, ONCE, "Schemas in the schema registry."),
	TEXT("emqx_schema_validation_enable", GAUGE, SPLIT,
		"1 if the schema validation is enabled, else 0; aggregated, 1 if all are."),
	TEXT("emqx_schema_validation_failed", COUNTER, SPLIT,
		"Messages that failed the schema validation."),
	TEXT("emqx_schema_validation_matched", COUNTER, SPLIT,
		"Messages that the schema validation applies to."),
	TEXT("emqx_schema_validation_succeeded", COUNTER, SPLIT,
		"Messages that passed the schema validation."),
	METRIC("emqx_session_created", "session.created", "Sessions created."),
	METRIC("emqx_session_discarded", "session.discarded",
		"Sessions discarded because a new connection asked for a clean start."),
	METRIC("emqx_session_disconnected", "session.disconnected",
		"Sessions whose client got disconnected."),
	METRIC("emqx_session_resumed", "session.resumed",
		"Sessions resumed by a client that came back."),
	METRIC("emqx_session_takenover", "session.takenover",
		"Sessions taken over by a new connection with the same client identifier."),
	METRIC("emqx_session_takeovered", "session.takeovered",
		"Sessions taken over; EMQX 4.x only, emqx_session_takenover since 5.0."),
	METRIC("emqx_session_terminated", "session.terminated", "Sessions that ended."),
	STAT("emqx_sessions_count", "sessions.count", SPLIT,
		"Sessions on the node, those of disconnected clients included."),
	STAT("emqx_sessions_max", "sessions.max", SPLIT,
		"Most sessions at once since the node's start; aggregated, the nodes' sum."),
	STAT("emqx_suboptions_count", "suboptions.count", SPLIT,
		"Subscription options stored; as a rule one for each subscription."),
	STAT("emqx_suboptions_max", "suboptions.max", SPLIT,
		"Most options at once since the node's start; aggregated, the nodes' sum."),
	STAT("emqx_subscribers_count", "subscribers.count", SPLIT,
		"Subscribers: pairs of a topic filter and a client on the node."),
	STAT("emqx_subscribers_max", "subscribers.max", SPLIT,
		"Most subscribers at once since the node's start; aggregated, the nodes' sum."),
	STAT("emqx_subscriptions_count", "subscriptions.count", SPLIT,
		"Subscriptions of clients, shared ones included."),
	STAT("emqx_subscriptions_max", "subscriptions.max", SPLIT,
		"Most subscriptions at once since the node's start; aggregated, the nodes' sum."),
	MONITOR("emqx_subscriptions_ram_count", "subscriptions_ram",
		"Subscriptions in the whole cluster, those of durable sessions left out."),
	STAT("emqx_subscriptions_shared_count", "subscriptions.shared.count", ONCE,
		"Shared subscriptions in the cluster."),
	STAT("emqx_subscriptions_shared_max", "subscriptions.shared.max", ONCE,
		"Most shared subscriptions at once since the node's start."),
	TEXT("emqx_topic_metric_bytes_in", COUNTER, SPLIT,
		"Bytes of messages published to topics that match the filter."),
	TEXT("emqx_topic_metric_bytes_out", COUNTER, SPLIT,
		"Bytes of messages delivered of topics that match the filter."),
	TEXT("emqx_topic_metric_messages_dropped_count", COUNTER, SPLIT,
		"Messages dropped of topics that match the filter."),
	TEXT("emqx_topic_metric_messages_in_count", COUNTER, SPLIT,
		"Messages published to topics that match the filter."),
	TEXT("emqx_topic_metric_messages_out_count", COUNTER, SPLIT,
		"Messages delivered of topics that match the filter."),
	STAT("emqx_topics_count", "topics.count", ONCE,
		"Topic filters with subscribers in the cluster, once for each node of theirs."),
	STAT("emqx_topics_max", "topics.max", ONCE,
		"Most at once in the cluster since the node's start, see emqx_topics_count."),
	TEXT("emqx_vm_broker_pool_max_mailbox_size", GAUGE, PER_NODE,
		"Messages in the longest mailbox of the broker's worker pool."),
	TEXT("emqx_vm_cpu_idle", GAUGE, PER_NODE,
		"Percent of CPU time idle since anybody last asked; jumps if asked quickly."),
	TEXT("emqx_vm_cpu_use", GAUGE, PER_NODE,
		"Percent of CPU time used since anybody last asked; jumps if asked quickly."),
	NODE("emqx_vm_max_fds", "max_fds", "File descriptors the node may open."),
	TEXT("emqx_vm_mnesia_tm_mailbox_size", GAUGE, PER_NODE,
		"Messages that wait for the database's transaction manager."),
	TEXT("emqx_vm_process_messages_in_queues", GAUGE, PER_NODE, "Always 0; gone in 6.3."),
	TEXT("emqx_vm_run_queue", GAUGE, PER_NODE,
		"Erlang processes and ports ready to run that wait for a scheduler."),
	NODE("emqx_vm_total_memory", "memory_total",
		"Memory of the host in bytes; rounded if it came from JSON."),
	NODE("emqx_vm_uptime_ms", "uptime", "Milliseconds since the node's start."),
	NODE("emqx_vm_used_memory", "memory_used",
		"Memory used on the host in bytes, not only by EMQX; rounded if from JSON."),
};

// Names as of EMQX 5 but for the first one.
static const struct emqx_second_key second_keys[] = {
	{ EMQX_METRICS, STR_INIT("messages.dropped.expired"),
		STR_INIT("emqx_messages_dropped_expired") }, // 4.x
	{ EMQX_MONITOR, STR_INIT("cluster_sessions"), STR_INIT("emqx_cluster_sessions_count") },
	{ EMQX_MONITOR, STR_INIT("connections"), STR_INIT("emqx_connections_count") },
	{ EMQX_MONITOR, STR_INIT("license_quota"), STR_INIT("emqx_license_max_sessions") },
	{ EMQX_MONITOR, STR_INIT("live_connections"), STR_INIT("emqx_live_connections_count") },
	{ EMQX_MONITOR, STR_INIT("node_uptime"), STR_INIT("emqx_vm_uptime_ms") },
	{ EMQX_MONITOR, STR_INIT("retained_msg_count"), STR_INIT("emqx_retained_count") },
	{ EMQX_MONITOR, STR_INIT("shared_subscriptions"),
		STR_INIT("emqx_subscriptions_shared_count") },
	{ EMQX_MONITOR, STR_INIT("subscriptions"), STR_INIT("emqx_subscriptions_count") },
	{ EMQX_MONITOR, STR_INIT("subscriptions_durable"),
		STR_INIT("emqx_durable_subscriptions_count") },
	{ EMQX_MONITOR, STR_INIT("topics"), STR_INIT("emqx_topics_count") },
};

// 2. Looking up

// Less than, equal to or greater than 0 as a stands before, at or behind b in byte order.
static int compare(struct str a, struct str b)
{
	int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

const struct emqx_statistic *emqx_map_family(struct str family)
{
	size_t from = 0, to = ARRAY_LEN(statistics);

	if (family.len == 0)
		return NULL;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		int order = compare(family, statistics[middle].family);

		if (order == 0)
			return &statistics[middle];
		if (order < 0)
			to = middle;
		else
			from = middle + 1;
	}
	return NULL;
}

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

// The family name by rule, in a place that has room for it.
static struct str spell(char *place, struct str prefix, struct str key)
{
	memcpy(place, prefix.ptr, prefix.len);
	for (size_t i = 0; i < key.len; i++) {
		char c = key.ptr[i];

		place[prefix.len + i] = '_';
		if (is_name_byte(c))
			place[prefix.len + i] = c;
	}
	return (struct str){ place, prefix.len + key.len };
}

// Nearly every key that EMQX has is found by its name.
static const struct emqx_statistic *find_by_rule(enum emqx_page page, struct str key)
{
	char place[LONGEST_FAMILY];
	const struct emqx_statistic *row;

	if (key.len > sizeof(place) - prefixes[page].len)
		return NULL;
	row = emqx_map_family(spell(place, prefixes[page], key));
	return row && row->page == page && str_eq(row->key, key) ? row : NULL;
}

const struct emqx_statistic *emqx_map_key(enum emqx_page page, struct str key)
{
	const struct emqx_statistic *row;

	if (key.len == 0)
		return NULL;
	row = find_by_rule(page, key);
	if (row)
		return row;
	for (size_t i = 0; i < ARRAY_LEN(statistics); i++)
		if (statistics[i].page == page && str_eq(statistics[i].key, key))
			return &statistics[i];
	for (size_t i = 0; i < ARRAY_LEN(second_keys); i++)
		if (second_keys[i].page == page && str_eq(second_keys[i].key, key))
			return emqx_map_family(second_keys[i].family);
	return NULL;
}

struct str emqx_map_unknown(struct arena *arena, enum emqx_page page, struct str key)
{
	struct str prefix = prefixes[page];

	return spell(arena_alloc(arena, prefix.len + key.len), prefix, key);
}

enum metric_type emqx_map_unknown_type(enum emqx_page page)
{
	return page == EMQX_METRICS ? METRIC_COUNTER : METRIC_GAUGE;
}

const struct emqx_statistic *emqx_map_all(size_t *n)
{
	*n = ARRAY_LEN(statistics);
	return statistics;
}

const struct emqx_second_key *emqx_map_second_keys(size_t *n)
{
	*n = ARRAY_LEN(second_keys);
	return second_keys;
}
