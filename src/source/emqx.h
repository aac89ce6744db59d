// SPDX-License-Identifier: Apache-2.0
// What the files of the source `emqx` share: its settings, what it remembers, and its parts. For them
// only; the source itself is source_emqx in source.h.
//
//	emqx.c             settings, what is remembered, and what is added at a cycle's end
//	emqx_conf.c        the table of endpoints, and checks of settings
//	emqx_ask.c         what is asked for, and when
//	emqx_url.c         at which URL
//	emqx_take.c        what answers mean, and what they lead to
//	emqx_token.c       what waits for a token, and goes on with a new one
//	emqx_login.c       a dashboard user's token
//	emqx_reading.c     values and samples of JSON answers; their contents:
//	emqx_statistics.c    nodes and cluster
//	emqx_objects.c       rules, actions, connectors, authenticators
//	emqx_lists.c         alarms, bans, listeners
//	emqx_nodes.c       which nodes the cluster has, and which have vanished
//	emqx_map.c         the table of statistics
#pragma once

#include "source/emqx_map.h"
#include "source/source.h"

enum emqx_mode { EMQX_NODE, EMQX_AGGREGATED, EMQX_UNAGGREGATED, N_EMQX_MODES };
enum emqx_collect { EMQX_COLLECT_AUTO, EMQX_COLLECT_TEXT, EMQX_COLLECT_JSON };

// Other sources that speak to an EMQX begin with it, so that whatever is not about statistics serves them too:
// the login, the questions about the broker.
struct emqx_conf {
	struct str node, cluster_name;
	struct str_list endpoints;
	int mode;    // enum emqx_mode
	int collect; // enum emqx_collect
	struct str ns;
	bool only_global, unknown_keys;
	struct {
		bool given;
		struct str username;
		struct secret password;
	} login;
};

extern const struct str emqx_mode_words[N_EMQX_MODES];

// EMQX waits 5.0 s for a node that hangs, in the cluster modes (seen on 5.8.9).
enum { EMQX_CLUSTER_NEEDS_MS = 6000 };

// An Erlang node's name is an atom of at most 255 characters; longer ones are a mistake.
enum { EMQX_LONGEST_NAME = 1024 };

// emqx_conf: endpoints, which are what people name, see in metrics and read about in the log

enum emqx_endpoint_index {
	ENDPOINT_STATS,
	ENDPOINT_AUTH,
	ENDPOINT_DATA_INTEGRATION,
	ENDPOINT_SCHEMA_VALIDATION,
	ENDPOINT_MESSAGE_TRANSFORMATION,
	ENDPOINT_NAMESPACED_STATS,
	ENDPOINT_TOPIC_METRICS,
	ENDPOINT_METRICS,
	ENDPOINT_NODES,
	ENDPOINT_MONITOR,
	ENDPOINT_LISTENERS,
	ENDPOINT_ALARMS,
	ENDPOINT_LICENSE,
	ENDPOINT_RULES,
	ENDPOINT_BANNED,
	N_EMQX_ENDPOINTS,
};

struct emqx_part;

struct emqx_endpoint {
	struct str name;
	bool has_text; // a page of Prometheus text
	bool has_namespaces;
	bool tells_all_nodes; // its text, of a cluster: so that a missing one can be seen
	bool is_in_all;	      // that is, in endpoints = "all"
	const struct emqx_part *parts[3]; // JSON that tells the same, or all that there is
};

extern const struct emqx_endpoint emqx_endpoints[N_EMQX_ENDPOINTS];

// NULL: there is none of this name.
const struct emqx_endpoint *emqx_find_endpoint(struct str name);
bool emqx_wants_all(const struct emqx_conf *own);
// Whether no setting names the endpoints, so that none of them must be there.
bool emqx_is_by_default(const struct emqx_conf *own);
// Whether JSON tells what a page of text would have told that failed.
bool emqx_json_may_stand_in(const struct emqx_conf *own, size_t endpoint);
// Whether the source has credentials of any kind.
bool emqx_has_credentials(const struct source_conf *conf);
// Checks what is about the broker, not about its statistics.
void emqx_check_broker(const struct source_conf *conf, const struct setting_faults *faults);
// The type's check.
void emqx_check(const struct source_conf *conf, const struct setting_faults *faults);

// emqx_login: a token for a dashboard user

struct emqx_login {
	struct buf token;   // owned; empty: there is none
	int64_t renew_ns;   // monotonic time from which on a new one is wanted
	bool is_pending;    // a login is under way
	struct err err;	    // why there is no token, in this cycle
	unsigned n_refused; // logins in a row that were refused,
	int64_t refused_ns; // the last of them when (monotonic),
	uint64_t refused;   // and the fingerprint of its password
};

// Whether a token must be had before anything else.
bool emqx_login_is_due(const struct source_turn *turn);
// Adds the request for one, or where others log in with this account one to wait for them. False: it is
// held back, so that the account is not locked; login->err says so.
bool emqx_login_ask(struct source_turn *turn);
// Reads its answer. False: login->err says why there is no token.
bool emqx_login_take(struct source_turn *turn, const struct http_answer *answer);

// emqx_nodes: the nodes that were seen

struct emqx_node {
	struct buf name;	    // as in a label, escaped; owned
	bool is_seen;		    // in this cycle, by statistics of its own
	bool is_listed, is_running; // in this cycle, by /nodes
	bool is_marked;		    // scratch
	int64_t known_ns;	    // monotonic time of the last sign of it
};

struct emqx_nodes {
	struct emqx_node *items; // owned
	size_t n;
	bool is_listed; // /nodes answered in this cycle
};

void emqx_nodes_begin(struct emqx_nodes *nodes);
// /nodes told of this node.
void emqx_nodes_list(struct emqx_nodes *nodes, struct str name, bool is_running, int64_t now_ns);
// Sees the nodes that the label `node` of a set names. Returns how many they are.
size_t emqx_nodes_see(struct emqx_nodes *nodes, const struct metric_set *set, int64_t now_ns);
// The known nodes that have no sample in the set, "a, b"; empty if it has none of any node. Lives in the
// arena.
struct str emqx_nodes_missing(
	struct emqx_nodes *nodes, const struct metric_set *set, struct arena *arena);
// How many nodes /nodes told of in this cycle, running or not; and the known ones that it did not tell of.
size_t emqx_nodes_listed(const struct emqx_nodes *nodes);
struct str emqx_nodes_unlisted(const struct emqx_nodes *nodes, struct arena *arena);
// Forgets those that have left, then adds emqx_node_running for all others.
void emqx_nodes_conclude(struct emqx_nodes *nodes, struct metric_set *set, int64_t now_ns);
void emqx_nodes_free(struct emqx_nodes *nodes);

// What a source does in its own way, of those that speak to an EMQX.
struct emqx_kind {
	// Asks for all it wants; the token is there, if one is needed and was to be had.
	void (*ask_all)(struct source_turn *turn);
	// The release is known, or will not be in this cycle: asks for what has waited for it.
	void (*ask_waiting)(struct source_turn *turn);
};

extern const struct emqx_kind emqx_statistics_kind; // of the source `emqx`

// What the source remembers from cycle to cycle; other sources begin with it, as their settings do.

enum emqx_api { EMQX_API_UNKNOWN, EMQX_API_V5, EMQX_API_V4 };

struct emqx_state {
	struct buf node, cluster_name, version; // as the broker told them; owned
	enum emqx_api api;
	bool met;	   // the version is that of the broker behind the connections that are open
	bool is_since_5_9; // /status tells the cluster's name, whatever the version is
	bool is_limited;   // data_integration is behind the limiter of namespaces
	int64_t missing_until_ns[N_EMQX_ENDPOINTS]; // a 404 that is believed until then; 0: none
	struct emqx_login login;
	struct emqx_nodes nodes;
	const struct emqx_kind *kind;
	struct emqx_turn {		   // of this cycle
		int64_t start_ns;	   // monotonic
		struct source_ask *status; // the question; NULL: not asked
		bool status_failed;
		bool waits_for_version; // something does, such as data_integration, which may be limited
		bool version_is_settled;      // it will not be known any better in this cycle
		bool asked_login;	      // or was held back from it
		bool reconnected;	      // some connection was new
		bool api_changed;	      // from or to that of EMQX 4
		uint32_t missing;	      // endpoints, by bit, that answered 404
		uint32_t deferred;	      // endpoints that wait for the node's name
		size_t n_details;	      // asks for details of objects
		struct emqx_refused *refused; // asks to be made again with a new token
	} turn;
};

// The names by configuration, else as the broker told them; empty: not known yet. state may be NULL.
struct str emqx_own_node(const struct emqx_conf *own, const struct emqx_state *state);
struct str emqx_cluster_of(const struct emqx_conf *own, const struct emqx_state *state);
// Puts a text in the place of another that is remembered.
void emqx_remember(struct buf *place, struct str text);
// Takes an API as the broker's. What another one had not is no longer believed to be missing.
void emqx_set_api(struct emqx_state *state, enum emqx_api api);
// Takes a release such as "5.8.9" as the broker's.
void emqx_set_version(struct emqx_state *state, struct str version);
// Whether the broker's release is this one or later; false where it is not known.
bool emqx_is_since(const struct emqx_state *state, unsigned major, unsigned minor);

// Begins a cycle: with a login, if one is due, else with all the source wants.
void emqx_begin(struct source_turn *turn, const struct emqx_kind *kind);
// Ends it; delivered: the broker has told something that was asked for, beside questions.
void emqx_end(struct source_turn *turn, bool delivered);
// The type's free_state, identify and login_secret.
void emqx_free_state(void *type_state);
void emqx_identify(const struct source_conf *conf, const void *state, struct str *node,
	struct str *cluster_name);
struct secret *emqx_login_secret(const struct source_conf *conf);
enum { N_EMQX_LOGIN_ROWS = 3 };
extern const struct setting emqx_login_rows[N_EMQX_LOGIN_ROWS];
#define EMQX_LOGIN_TABLE SETTING_TABLE(emqx_login_rows)

// emqx_ask

// What source_ask.marks says of asks of this source.
enum emqx_mark {
	EMQX_ENABLED = 1,    // the object is
	EMQX_OF_V4 = 2,	     // it goes to the API of EMQX 4
	EMQX_SECOND_TRY = 4, // the other API did not have it
};

// Whether JSON may be asked for; else err says why not.
bool emqx_can_ask_json(const struct source_turn *turn, struct err *err);
// Asks who the broker is, unless that was asked in this cycle.
void emqx_ask_status(struct source_turn *turn);
// The same, if it is not known, or may not be true any more.
void emqx_ask_who(struct source_turn *turn);
// Asks for an endpoint's JSON: all its parts, which together are its outcome. In mode node they are for the
// node by its name, and have to wait for that.
// False: it has none, here or in general, or JSON may not be asked for.
bool emqx_ask_json(struct source_turn *turn, size_t endpoint, bool by_default);
// The node's name is known, or will not be in this cycle: asks for the JSON that has waited for it.
void emqx_ask_deferred(struct source_turn *turn);
// Asks for what only JSON tells about the broker itself, if it may: its release, unless that is known, and
// the cluster's name, if it is wanted. Returns whether the release was asked for.
bool emqx_ask_more(struct source_turn *turn, bool knows_version);
// What needs the broker's release is to wait until that is known, or will not be in this cycle.
void emqx_wait_for_version(struct source_turn *turn);
// It is so: the kind asks for what has waited.
void emqx_settle_version(struct source_turn *turn);
// Puts the token in force into a request.
void emqx_add_credentials(const struct source_turn *turn, struct source_ask *ask);
// Asks for the next page of the list that an ask was for, or for the detail of one of its objects. Either
// may be gone by then.
void emqx_ask_page(
	struct source_turn *turn, const struct source_ask *list, unsigned page, void *carried);
void emqx_ask_detail(struct source_turn *turn, const struct source_ask *list, struct str object,
	bool is_enabled);
// Asks for the same at the other API. False: that was tried, or makes no sense.
bool emqx_ask_other_api(struct source_turn *turn, const struct source_ask *asked);

// emqx_url: they live in the arena

// Of an ask for JSON, by its part, object, page and marks.
struct str emqx_part_url(const struct source_turn *turn, const struct source_ask *ask);
// Of an endpoint's page of text.
struct str emqx_text_url(const struct source_turn *turn, size_t endpoint, bool is_v4);

// emqx_take

// Reads the answer to a question about the broker, or notes that another answer has to wait for a new token.
// False: it is neither, but what the source asked for itself.
bool emqx_take_question(struct source_turn *turn, const struct source_ask *ask,
	const struct http_answer *answer, enum source_verdict *verdict, struct err *err);
// As http_judge, for JSON: what a refusal means for the credentials, with the scope that is needed, and of a 5xx only
// the code, since a stack trace may hold what the broker was configured with.
bool emqx_judge_json(struct source_turn *turn, const struct source_ask *ask,
	const struct http_answer *answer, const char *scope, struct err *err);
// The type's take.
enum source_verdict emqx_take(struct source_turn *turn, const struct source_ask *ask,
	const struct http_answer *answer, struct source_take *take, struct err *err);

// emqx_token: requests that wait for a token

// Whether an answer means that the token was old, and the request is made again with a new one. There is at
// most one login in a cycle, so this ends.
bool emqx_token_renews(
	struct source_turn *turn, const struct source_ask *asked, const struct http_answer *answer);
// Takes the answer to a login, and goes on with or without a token.
enum source_verdict emqx_token_take(
	struct source_turn *turn, const struct http_answer *answer, struct err *err);
// Time has passed, and the other logins may have their answers. Where none has, since the request was not even
// made, there is no use in asking again.
enum source_verdict emqx_token_take_wait(
	struct source_turn *turn, const struct http_answer *answer, struct err *err);

// emqx_reading: JSON answers

struct reading;
struct json;

// One kind of JSON answer.
struct emqx_part {
	const char *path;	 // below /api/v5
	const char *node_path;	 // of one node, %s its name; NULL: there is none
	const char *detail_path; // of one object of the list, %s its id; NULL: there is none
	const char *query;	 // without the ?; NULL: none
	unsigned page_size;	 // of a list in pages; 0: it comes whole
	const char *scope;	 // that the broker demands of an API key
	const char *node_scope;	 // for node_path; NULL: the same
	bool is_in_v4;		 // EMQX 4 has it too, below /api/v4
	bool tells_all_nodes;	 // of a cluster: so that one that is missing can be seen
	// NULL: emqx_take reads it.
	bool (*take)(struct reading *reading, struct json root, struct err *err);
};

extern const struct emqx_part emqx_part_stats, emqx_part_metrics, emqx_part_nodes,
	emqx_part_monitor, emqx_part_listeners, emqx_part_alarms, emqx_part_license,
	emqx_part_rules, emqx_part_actions, emqx_part_connectors, emqx_part_authn, emqx_part_authz,
	emqx_part_banned;

// {"code":"NODE_DOWN","message":"..."}: the code, if it is such a word; empty otherwise. Lives in the arena.
struct str emqx_error_code(struct arena *arena, struct str body);
// Adds what an answer tells to the take's set. False: err says why it is no such answer.
bool emqx_take_part(struct source_turn *turn, const struct source_ask *ask, struct str body,
	struct source_take *take, struct err *err);

// Questions, which emqx_take knows by their address. The version is asked by the answer about nodes.
extern const struct emqx_part emqx_question_login, emqx_question_wait, emqx_question_status,
	emqx_question_cluster, emqx_question_version;
