// SPDX-License-Identifier: Apache-2.0
// What is known of the watched clients, as families. Names, labels and switches are those of the program
// emqx-client-monitor, so that its users' dashboards and alerts go on working; see brokerpush-metrics(7).
#include "source/clients.h"

#include "base/clock.h"
#include "metric/put.h"

#include <string.h>

#define NAME(suffix) STR_INIT("emqx_client_monitor_" suffix)

struct kind {
	struct str name, class_name; // of the family for clients, and for classes
	enum metric_type type;
	struct str help, class_help;
};

static const struct kind counter_kinds[N_CLIENTS_FAMILIES] = {
	[CLIENTS_FAMILY_PROCESSED] = { NAME("messages_processed_total"),
		NAME("class_messages_processed_total"), METRIC_COUNTER,
		STR_INIT("Messages from (rx) and to (tx) the client."),
		STR_INIT("Messages from (rx) and to (tx) clients of the class.") },
	[CLIENTS_FAMILY_BY_QOS] = { NAME("messages_processed_by_qos_total"),
		NAME("class_messages_processed_by_qos_total"), METRIC_COUNTER,
		STR_INIT("Messages from (rx) and to (tx) the client, by quality of service."),
		STR_INIT("Messages from (rx) and to (tx) clients of the class, by quality of "
			 "service.") },
	[CLIENTS_FAMILY_DROPPED] = { NAME("messages_dropped_total"),
		NAME("class_messages_dropped_total"), METRIC_COUNTER,
		STR_INIT("Messages from (rx) and to (tx) the client that the broker dropped."),
		STR_INIT("Messages from (rx) and to (tx) clients of the class that the broker "
			 "dropped.") },
	[CLIENTS_FAMILY_BY_REASON] = { NAME("messages_dropped_by_reason_total"),
		NAME("class_messages_dropped_by_reason_total"), METRIC_COUNTER,
		STR_INIT("Messages from (rx) and to (tx) the client that the broker dropped, by "
			 "reason."),
		STR_INIT("Messages from (rx) and to (tx) clients of the class that the broker "
			 "dropped, by reason.") },
	[CLIENTS_FAMILY_BYTES] = { NAME("bytes_total"), NAME("class_bytes_total"), METRIC_COUNTER,
		STR_INIT("Bytes from (rx) and to (tx) the client."),
		STR_INIT("Bytes from (rx) and to (tx) clients of the class.") },
	[CLIENTS_FAMILY_PACKETS] = { NAME("packets_total"), NAME("class_packets_total"),
		METRIC_COUNTER, STR_INIT("MQTT packets from (rx) and to (tx) the client."),
		STR_INIT("MQTT packets from (rx) and to (tx) clients of the class.") },
};

static const struct kind gauge_kinds[N_CLIENTS_GAUGES] = {
	[CLIENTS_SUBSCRIBED] = { NAME("subscriptions"), NAME("class_subscriptions"), METRIC_GAUGE,
		STR_INIT("Subscriptions of the client."),
		STR_INIT("Subscriptions of the clients of the class.") },
	[CLIENTS_IN_FLIGHT] = { NAME("inflights"), NAME("class_inflights"), METRIC_GAUGE,
		STR_INIT("Messages to the client that wait for their acknowledgement."),
		STR_INIT("Messages to clients of the class that wait for their "
			 "acknowledgement.") },
	[CLIENTS_QUEUED] = { { 0 }, NAME("class_queue_largest"), METRIC_GAUGE, { 0 },
		STR_INIT("Messages in the longest queue of a client of the class.") },
};

static const enum clients_switch gauge_switches[N_CLIENTS_GAUGES] = {
	[CLIENTS_SUBSCRIBED] = CLIENTS_SUBSCRIPTIONS,
	[CLIENTS_IN_FLIGHT] = CLIENTS_INFLIGHT,
	[CLIENTS_QUEUED] = CLIENTS_ALWAYS,
};

// Whose samples are being made.
struct teller {
	const struct source_turn *turn;
	const struct clients_conf *own;
	const struct clients_state *state;
	struct clients_account *account;
	struct metric_set *set;
	struct str broker;
	struct put_labels labels; // of the account
	struct put_labels of_counter[N_CLIENTS_COUNTERS];
};

// 1. Samples

static void put(const struct teller *t, struct family *family, struct str value,
	const struct put_labels *of_counter)
{
	put_labelled(t->set, family, &t->labels, of_counter, value);
}

static struct put_labels labels_of_account(const struct teller *t)
{
	const struct clients_account *account = t->account;
	struct pair client[] = { { STR("alias"), account->alias }, { STR("broker"), t->broker },
		{ STR("client_id"), account->id } };
	struct pair class[] = { { STR("broker"), t->broker }, { STR("class"), account->id } };

	return account->is_class ? put_labels(t->set->arena, class, ARRAY_LEN(class))
				 : put_labels(t->set->arena, client, ARRAY_LEN(client));
}

static struct put_labels labels_of_counter(
	const struct teller *t, const struct clients_counter *counter)
{
	struct pair labels[] = { { STR("direction"), counter->direction },
		{ STR("qos"), counter->qos }, { STR("reason"), counter->reason } };

	return put_labels(t->set->arena, labels, ARRAY_LEN(labels));
}

static struct family *family_of(const struct teller *t, const struct kind *kind)
{
	return t->account->is_class
		       ? put_family(t->set, kind->class_name, kind->type, kind->class_help)
		       : put_family(t->set, kind->name, kind->type, kind->help);
}

static struct str whole(const struct teller *t, uint64_t value)
{
	return put_integer(t->turn->arena, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

static struct str seconds(const struct teller *t, int64_t ms)
{
	return put_real(t->turn->arena, (double)ms / 1000);
}

static void tell_counters(const struct teller *t)
{
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++) {
		const struct clients_counter *counter = &clients_counters[i];

		if (t->account->told & 1u << i)
			put(t, family_of(t, &counter_kinds[counter->family]),
				whole(t, t->account->counters[i]), &t->of_counter[i]);
	}
}

static void tell_gauges(const struct teller *t)
{
	for (unsigned i = 0; i < N_CLIENTS_GAUGES; i++) {
		const struct kind *kind = &gauge_kinds[i];
		bool has_name = t->account->is_class || kind->name.len;

		if (has_name && clients_wants(t->own, gauge_switches[i]) &&
			t->account->told_gauges & 1u << i)
			put(t, family_of(t, kind),
				put_integer(t->turn->arena, t->account->gauges[i]), NULL);
	}
}

static void tell_value(const struct teller *t, const struct kind *kind, struct str value)
{
	put(t, family_of(t, kind), value, NULL);
}

// 2. Clients and classes

static const struct kind connected = { NAME("connected"), NAME("class_connected"), METRIC_GAUGE,
	STR_INIT("Whether the client is connected."),
	STR_INIT("Clients of the class that are connected.") };
static const struct kind known = { { 0 }, NAME("class_clients"), METRIC_GAUGE, { 0 },
	STR_INIT("Clients of the class that the broker knows, connected or not.") };
static const struct kind connects = { NAME("connects_total"), NAME("class_connects_total"),
	METRIC_COUNTER, STR_INIT("Connections of the client that were seen."),
	STR_INIT("Connections of clients of the class that were seen.") };
static const struct kind flaps = { NAME("flaps_total"), NAME("class_flaps_total"), METRIC_COUNTER,
	STR_INIT("Connections of the client that began between two looks at which `connected` was "
		 "the same."),
	STR_INIT("Connections of clients of the class that began between two looks at which "
		 "`connected` was the same.") };
static const struct kind last_seen = { NAME("last_seen_timestamp_seconds"), { 0 }, METRIC_GAUGE,
	STR_INIT("When the client was last known to be connected."), { 0 } };
static const struct kind session_age = { NAME("session_age_seconds"), { 0 }, METRIC_GAUGE,
	STR_INIT("Time since the client's session was made."), { 0 } };
static const struct kind created_at = { NAME("created_at"), { 0 }, METRIC_GAUGE,
	STR_INIT("When the client's session was made, in seconds since 1970."), { 0 } };
static const struct kind connected_at = { NAME("connected_at"), { 0 }, METRIC_GAUGE,
	STR_INIT("When the client's last connection began, in seconds since 1970."), { 0 } };

static void tell_of_class(const struct teller *t)
{
	tell_value(t, &connected, whole(t, t->account->n_connected));
	tell_value(t, &known, whole(t, t->account->n_known));
}

static void tell_of_client(const struct teller *t)
{
	const struct clients_account *account = t->account;
	int64_t age_ms = t->turn->wall_ns / NS_PER_MS - account->created_ms;

	if (account->last_seen_ms)
		tell_value(t, &last_seen, seconds(t, account->last_seen_ms));
	// A clock that was set back is no reason for a negative age.
	if (account->created_ms && !account->is_missing)
		tell_value(t, &session_age, seconds(t, age_ms > 0 ? age_ms : 0));
	if (account->created_ms && clients_wants(t->own, CLIENTS_DATES))
		tell_value(t, &created_at, seconds(t, account->created_ms));
	if (account->connected_ms && clients_wants(t->own, CLIENTS_DATES))
		tell_value(t, &connected_at, seconds(t, account->connected_ms));
}

static void tell_account(const struct teller *t)
{
	struct clients_account *account = t->account;
	bool is_remembered =
		account->is_class || clients_account_is_remembered(&t->state->book, account);

	if (account->is_class)
		tell_of_class(t);
	else if (is_remembered || account->is_fixed)
		tell_value(t, &connected, account->is_connected ? STR("1") : STR("0"));
	account->exported = t->state->book.stamp;
	if (!is_remembered)
		return;
	if (!account->is_class)
		tell_of_client(t);
	tell_gauges(t);
	tell_counters(t);
	tell_value(t, &connects, whole(t, account->n_connects));
	tell_value(t, &flaps, whole(t, account->n_flaps));
}

// Nothing is said of a client of whom this look could not tell, nor of a class of which it saw only a part.
static bool is_due(const struct clients_state *state, const struct clients_account *account)
{
	return account->is_class ? state->look.is_complete : account->checked == state->book.stamp;
}

// 3. All

static const struct kind over_limit = { NAME("clients_over_limit"), { 0 }, METRIC_GAUGE,
	STR_INIT("Clients that match a pattern and are not watched, since max_clients are."),
	{ 0 } };
static const struct kind untracked = { NAME("class_clients_over_limit"), { 0 }, METRIC_GAUGE,
	STR_INIT("Clients of classes whose counters are not added, since those of "
		 "max_class_clients are."),
	{ 0 } };

static void tell_limit(const struct teller *t, const struct kind *kind, size_t n)
{
	struct pair labels[] = { { STR("broker"), t->broker } };
	struct family *family = put_family(t->set, kind->name, kind->type, kind->help);

	put_sample(t->set, family, labels, ARRAY_LEN(labels), whole(t, n));
}

void clients_tell(struct source_turn *turn, struct metric_set *set)
{
	const struct clients_conf *own = turn->conf->own;
	const struct clients_state *state = turn->state;
	const struct clients_book *book = &state->book;
	struct teller t = { .turn = turn,
		.own = own,
		.state = state,
		.set = set,
		.broker = own->broker.len ? own->broker : turn->conf->name };

	size_t n_too_long = 0;
	struct str too_long = STR("");

	for (size_t i = 0; i < N_CLIENTS_COUNTERS; i++)
		t.of_counter[i] = labels_of_counter(&t, &clients_counters[i]);
	for (size_t a = 0; a < book->n_accounts; a++) {
		t.account = book->accounts[a];
		if (!is_due(state, t.account))
			continue;
		t.labels = labels_of_account(&t);
		n_too_long += t.labels.is_too_long;
		if (t.labels.is_too_long && !too_long.len)
			too_long = arena_copy(turn->arena, t.account->id);
		tell_account(&t);
	}
	if (state->look.is_complete) {
		tell_limit(&t, &over_limit, book->n_over);
		tell_limit(&t, &untracked, book->n_untracked);
	}
	source_warn(turn,
		"some clients have ids or aliases that are too long for a line of metrics; they "
		"are left out",
		n_too_long, too_long);
}
