// SPDX-License-Identifier: Apache-2.0
// The monitor of single clients of an EMQX from release 5.0 on, by its REST API. See clients.h for the
// files of this source.
#include "source/clients.h"

#include <stddef.h>

// 1. Settings

static const struct setting watched_rows[] = {
	{ .name = "client_id",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_watched, client_id),
		.env = true,
		.help = "the one client of this id" },
	{ .name = "glob",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_watched, glob),
		.help = "each client whose id matches, with its id as alias" },
	{ .name = "regex",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_watched, regex),
		.help = "each client whose whole id matches" },
	{ .name = "class",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_watched, class_glob),
		.help = "all clients whose ids match this glob, as one" },
	{ .name = "alias",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_watched, alias),
		.help = "what people call the client; with regex, $1 is a group; default: its id" },
};

#define SWITCH(switch_name, index, is_on, what)                                                    \
	{                                                                                          \
		.name = "enable_" switch_name, .type = SETTING_BOOL,                               \
		.offset = offsetof(struct clients_conf, enabled[index]), .initial = (is_on),       \
		.help = (what)                                                                     \
	}

static const struct setting rows[] = {
	{ .name = "node",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_conf, emqx.node),
		.env = true,
		.help = "the broker's node name; default: asked from the broker" },
	{ .name = "cluster_name",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_conf, emqx.cluster_name),
		.env = true,
		.help = "what ${cluster_name} stands for; default: asked from the broker" },
	{ .name = "login",
		.type = SETTING_GROUP,
		.offset = offsetof(struct clients_conf, emqx.login.given),
		.rows = EMQX_LOGIN_TABLE,
		.help = "a dashboard user to log in as, in place of an API key" },
	{ .name = "broker",
		.type = SETTING_STRING,
		.offset = offsetof(struct clients_conf, broker),
		.env = true,
		.help = "value of the label broker; default: the source's name" },
	{ .name = "monitored_clients",
		.type = SETTING_GROUPS,
		.offset = offsetof(struct clients_conf, monitored),
		.rows = SETTING_TABLE(watched_rows),
		.item_size = sizeof(struct clients_watched),
		.required = true,
		.help = "which clients are watched" },
	{ .name = "max_clients",
		.type = SETTING_COUNT,
		.offset = offsetof(struct clients_conf, max_clients),
		.initial = "10000",
		.minimum = 1,
		.maximum = 1000000,
		.help = "how many clients patterns may find" },
	{ .name = "max_class_clients",
		.type = SETTING_COUNT,
		.offset = offsetof(struct clients_conf, max_class_clients),
		.initial = "100000",
		.minimum = 1,
		.maximum = 10000000,
		.help = "how many clients of classes have their counters added up" },
	{ .name = "remember",
		.type = SETTING_DURATION,
		.offset = offsetof(struct clients_conf, remember_ms),
		.initial = "7d",
		.maximum = INT64_C(366) * 86400000,
		.help = "how long a client that is gone is remembered; 0s: not at all" },
	{ .name = "raw_counters",
		.type = SETTING_BOOL,
		.offset = offsetof(struct clients_conf, raw_counters),
		.initial = "false",
		.help = "counters as the broker has them, which begin at 0 with each connection" },
	SWITCH("processed_counters", CLIENTS_PROCESSED, "true", "messages_processed_total"),
	SWITCH("qos_split", CLIENTS_QOS_SPLIT, "false", "messages_processed_by_qos_total"),
	SWITCH("dropped_counters", CLIENTS_DROPPED, "false", "messages_dropped_total"),
	SWITCH("reason_split", CLIENTS_REASON_SPLIT, "false", "messages_dropped_by_reason_total"),
	SWITCH("bytes_metrics", CLIENTS_BYTES, "true", "bytes_total"),
	SWITCH("packet_metrics", CLIENTS_PACKETS, "true", "packets_total"),
	SWITCH("dates", CLIENTS_DATES, "false", "created_at and connected_at"),
	SWITCH("inflight_metrics", CLIENTS_INFLIGHT, "true", "inflights"),
	SWITCH("subscription_count", CLIENTS_SUBSCRIPTIONS, "true", "subscriptions"),
};

static void check(const struct source_conf *conf, const struct setting_faults *faults)
{
	struct clients_conf *own = conf->own;

	if (!emqx_has_credentials(conf))
		setting_fault(faults, "basic_auth",
			"is missing: EMQX tells of clients only with credentials; set basic_auth "
			"to an API key with the scope connections, or login");
	if (!str_is_utf8(own->broker))
		setting_fault(faults, "broker", "is not UTF-8");
	emqx_check_broker(conf, faults);
	clients_watch_check(own, faults);
}

// 2. A cycle

static const struct emqx_kind kind = { .ask_all = clients_query_all,
	.ask_waiting = clients_query_waiting };

void clients_prepare(const struct source_conf *conf, struct clients_state *state, int64_t now_ns)
{
	if (state->is_ready)
		return;
	clients_book_init(&state->book, conf->own, now_ns);
	state->is_ready = true;
}

static void ask(struct source_turn *turn)
{
	struct clients_state *state = turn->state;

	clients_prepare(turn->conf, state, turn->now_ns);
	clients_book_begin(&state->book, turn->now_ns);
	state->look = (struct clients_look){ 0 };
	emqx_begin(turn, &kind);
}

static enum source_verdict take(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	enum source_verdict verdict;

	taken->is_copied = true;
	if (emqx_take_question(turn, asked, answer, &verdict, err))
		return verdict;
	return clients_answer_take(turn, asked, answer, err);
}

static void warn(struct source_turn *turn, const struct clients_state *state)
{
	source_warn(turn,
		"more clients match than max_clients allows; the others are not watched; raise "
		"it, or use a class",
		state->book.n_over, state->book.over);
	source_warn(turn,
		"more clients are in classes than max_class_clients allows; the counters of the "
		"others are not added; raise it",
		state->book.n_untracked, state->book.untracked);
	source_warn(turn,
		"a pattern takes too long for some client ids; they are not watched; make it "
		"simpler",
		state->book.n_undecided, state->book.undecided);
	source_warn(turn,
		"the broker tells of clients what is no client object; these are left out",
		state->look.n_unread, STR(""));
}

static void conclude(struct source_turn *turn, const struct source_part *parts, size_t n_parts,
	struct metric_set *set)
{
	struct clients_state *state = turn->state;
	bool delivered = false;

	for (size_t i = 0; i < n_parts; i++)
		delivered |= parts[i].delivered && !parts[i].ask->is_question;
	clients_book_settle(&state->book, turn);
	clients_book_end(&state->book, state->look.is_complete);
	if (turn->is_pushed)
		clients_tell(turn, set);
	if (turn->table)
		clients_table_fill(turn);
	clients_accounts_forget(&state->book, turn, state->look.is_complete);
	warn(turn, state);
	emqx_end(turn, delivered);
}

static void free_state(void *arg)
{
	struct clients_state *state = arg;

	emqx_free_state(&state->emqx);
	clients_book_free(&state->book);
}

const struct source_type source_emqx_clients = {
	.name = STR_INIT("emqx_clients"),
	.settings = SETTING_TABLE(rows),
	.conf_size = sizeof(struct clients_conf),
	.state_size = sizeof(struct clients_state),
	.job_name = STR_INIT("${name}/instance/${name}~${host}"),
	.has_node = true,
	.columns = clients_columns,
	.n_columns = N_CLIENTS_COLUMNS,
	.watches = true,
	.check = check,
	.login_secret = emqx_login_secret,
	.identify = emqx_identify,
	.ask = ask,
	.take = take,
	.conclude = conclude,
	.save = clients_save,
	.load = clients_load,
	.free_state = free_state,
};
