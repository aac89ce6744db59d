// SPDX-License-Identifier: Apache-2.0
// One JSON answer of EMQX on its way into families: values as EMQX writes them, and samples by the table
// of emqx_map. What is missing, null or of another shape than expected is left out; only an answer that
// is no JSON, or of another shape as a whole, is refused. For the files that know what an answer is about:
// emqx_statistics.c and emqx_objects.c.
#pragma once

#include "metric/put.h"
#include "source/emqx.h"
#include "source/json.h"

// A sum over nodes, in mode all_nodes_aggregated.
struct total {
	struct total *next;
	struct family *family;
	struct json_number sum;
};

struct reading {
	struct source_turn *turn;
	const struct source_ask *ask;
	const struct emqx_conf *own;
	struct emqx_state *state;
	struct metric_set *set;
	struct str node; // whose broker this is; empty: unknown
	struct total *totals, *next_total, *last_total;
	struct metric_set *unknown; // names that unknown keys have given; NULL: none
	const char *too_many;	    // of what the answer has more than can be; NULL: of nothing
};

// The label of an object, such as a rule, and none.
#define NO_OBJECT ((struct pair){ 0 })

static inline struct json_number reading_whole(int64_t integer)
{
	return (struct json_number){ true, integer, (double)integer };
}

// A number as EMQX writes one: as itself, as text such as "0.42" or "1.13G" (powers of 1024), as a truth,
// or as "infinity".
bool reading_value(struct json value, struct json_number *number);

// The family of a statistic in the answer's set.
struct family *reading_family(struct reading *r, const struct emqx_statistic *stat);
// What a key means, known or by rule. False: it is to be left out. unknown is room for a meaning by rule.
bool reading_meaning(struct reading *r, enum emqx_page page, struct str key,
	struct emqx_statistic *unknown, const struct emqx_statistic **stat);

// Adds a sample as it is; without an object, or a node, it has no such label.
void reading_put(struct reading *r, const struct emqx_statistic *stat, struct pair object,
	struct str node, struct json_number number);
// A value of one node, by the statistic's rule and the mode: alone, with its node, or added to the sum.
void reading_tell(struct reading *r, const struct emqx_statistic *stat, struct str node,
	struct json_number number);
// The same by a key of an object; nothing where that is no value.
void reading_tell_key(struct reading *r, enum emqx_page page, struct json object, const char *key,
	struct str node);
// The same for all members that are numbers, known or by rule.
void reading_tell_members(
	struct reading *r, enum emqx_page page, struct json object, struct str node);

// Whether what a cluster's answer tells of this node is wanted: in mode node only the own one is.
bool reading_wants(const struct reading *r, struct str node);
// The answer is JSON, but not what was asked for. Always false.
bool reading_refuse(struct err *err, const char *expected);

// A list that never ends is cut here: EMQX has at most some thousand rules, each of some kilobytes.
enum { READING_MOST_PAGES = 100, READING_PAGE_SIZE = 200 };

// The rows of a page. False: it is none.
bool reading_rows(struct json root, struct json *rows, struct err *err);
// Asks for the next page, which goes on with what was carried so far. A page without rows is the last one,
// whatever it says.
bool reading_next_page(struct reading *r, struct json root, struct json rows, void *carried);
// Walks a list with an entry per node. False: there is none, so what stands beside it has to do.
bool reading_walk_nodes(struct json object, const char *name, struct json_walk *walk);
