// SPDX-License-Identifier: Apache-2.0
// The model: a set of families, each with its samples. Everything lives in the set's arena or borrows
// from the page it was read from, so a set is valid as long as both.
//
// Texts are kept as they will be written. A sample's labels are one canonical text,
//
//	node="emqx@10.0.0.1",reason="not_authorized"
//
// without blanks, with only the escapes \\ \" \n, valid UTF-8, no name twice and none with `__` in
// front; its value is a spelling that number_judge has taken. So a sample takes one cache line and is
// written by copying. Nothing here checks that; metric/read makes it so.
#pragma once

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

enum metric_type {
	METRIC_UNTYPED,
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM,
	METRIC_SUMMARY,
	N_METRIC_TYPES,
};

// The type's word in a TYPE line.
extern const struct str metric_type_names[N_METRIC_TYPES];

// A sample's name is its family's name and this suffix; only histograms and summaries have any.
enum sample_suffix { SUFFIX_NONE, SUFFIX_BUCKET, SUFFIX_SUM, SUFFIX_COUNT, N_SUFFIXES };

extern const struct str sample_suffix_texts[N_SUFFIXES];

struct sample {
	struct sample *next;  // of the family, in the order of arrival
	struct str labels;    // canonical, without the braces
	struct str value;     // spelling to be written
	uint64_t fingerprint; // of the labels, see label.h
	uint64_t label_names; // a bit per label name, see label.h
	uint16_t source;      // index in configuration order; whose `labels` are added when written
	uint8_t suffix;	      // enum sample_suffix
	bool complete;	      // nothing is to be added to labels any more
	// A hash of what it was before rules of its source, or of a sink, changed it; 0: they did not.
	uint16_t before_source, before_sink;
};

struct family {
	struct family *next; // of the set, in the order of arrival
	struct str name;
	struct str help; // escaped as it will be written; empty: none
	enum metric_type type;
	bool typed; // a TYPE line said so; otherwise it is METRIC_UNTYPED until one does
	struct sample *first, *last;
	size_t n_samples;
};

struct metric_set {
	struct arena *arena;
	struct family *first, *last;
	size_t n_families;
	size_t n_samples;      // added by metric_add_sample; later removals do not count back
	struct family **table; // open addressing by name, at most half full
	size_t table_size;     // a power of two
};

// An empty set that lives in the arena.
struct metric_set *metric_set_new(struct arena *arena);

// NULL: there is no such family.
struct family *metric_find(const struct metric_set *set, struct str name);
// Adds an empty, untyped family; the name is borrowed. If there is one of that name,
// metric_find finds the new one from here on.
struct family *metric_add_family(struct metric_set *set, struct str name);
// Finds or adds.
struct family *metric_family(struct metric_set *set, struct str name);
// Adds a sample, zeroed but for its place, at the end of the family.
struct sample *metric_add_sample(struct metric_set *set, struct family *family);

// A second set with copies of all families and samples, in the same arena; texts are shared.
struct metric_set *metric_copy(const struct metric_set *set);
// Moves all samples of `from` to the end of `to`.
void metric_move_samples(struct family *to, struct family *from);
// Puts a sample of the same arena at the end of a family; it must be in no family.
void metric_put_back(struct family *family, struct sample *sample);
// Puts all families of `more` at the end of the set, where metric_find does not see them, whatever their names.
void metric_join(struct metric_set *set, const struct metric_set *more);
// Takes out of the family every sample for which keep is false; asks in order.
void metric_filter(
	struct family *family, bool (*keep)(void *arg, struct sample *sample), void *arg);

// Takes all samples out of a family, and its type: it is as if it had never been there.
void metric_empty(struct family *family);

// Whether each sample is a series by itself, as none of a histogram or summary is.
bool metric_is_simple(enum metric_type type);

// Whether a text is a legal name (text format 0.0.4): letters, digits, _ and :, no digit first.
bool metric_is_name(struct str name);
// Splits "x_bucket", "x_sum", "x_count": *base is "x". SUFFIX_NONE: the name has none of them.
enum sample_suffix metric_split_suffix(struct str name, struct str *base);
