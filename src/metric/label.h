// SPDX-License-Identifier: Apache-2.0
// Canonical label text (see metric.h): walking it, looking into it, and making it anew.
#pragma once

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"
#include "metric/repair.h"

#include <stdint.h>

struct label {
	struct str name;
	struct str value; // escaped, without the quotes
};

// Whether a text is a legal label name (text format 0.0.4): letters, digits and _, no digit first.
bool label_is_name(struct str name);
// The same; with colon, which names of metrics may have.
bool label_is_legal(struct str name, bool colon);

// Takes the first label off *rest. False: there is none left.
bool label_next(struct str *rest, struct label *label);

// One of 64 bits for a label's name. Names may share a bit: a clear bit proves that a name is absent,
// a set one proves nothing.
static inline uint64_t label_name_bit(struct str name)
{
	unsigned first = (unsigned char)name.ptr[0], last = (unsigned char)name.ptr[name.len - 1];

	return UINT64_C(1) << ((first * 5 + last * 11 + (unsigned)name.len * 7) & 63);
}

// The part of a fingerprint that one label has, from its text name="value". A sum of these does not
// depend on the order of the labels, as a series' identity does not.
static inline uint64_t label_fingerprint(struct str text)
{
	return hash_bytes(text, hash_seed());
}

// Fingerprint and name bits of a whole canonical text. A label with an empty value does not count:
// Prometheus takes it as absent.
void label_identify(struct str labels, uint64_t *fingerprint, uint64_t *names);
// A label's value in a canonical text; false: it has no such label.
bool label_find(struct str labels, struct str name, struct str *value);

// What is added to every sample of a source: a canonical text.
struct label_extra {
	struct str text;
	size_t n_forced; // so many at the front stand in place of a sample's own of that name
};

// Labels apart, to be changed and put together again. Starts zeroed but for the arena; items are
// reused, so one list serves a whole page.
struct label_list {
	struct arena *arena;
	struct label *items;
	size_t n, capacity;
};

void label_list_add(struct label_list *list, struct label label);
// The index of a name, or list->n.
size_t label_list_find(const struct label_list *list, struct str name);
// Fills the list from a canonical text.
void label_list_read(struct label_list *list, struct str labels);
// The name with `exported_` in front, as often as it takes until the list has none of that name and is_taken, which
// may be NULL, does not know it. Lives in the list's arena.
struct str label_list_export(const struct label_list *list, struct str name,
	bool (*is_taken)(const void *arg, struct str name), const void *arg);
// Adds the labels that the list does not have. To the first extra->n_forced a label of that name gives way: it gets an
// exported_ name, if it has a value. Returns how many did.
size_t label_list_extend(struct label_list *list, const struct label_extra *extra);
// Takes out the labels that are empty.
void label_list_drop_empty(struct label_list *list);
// Fills the list from what scan_next called odd: blanks, a comma too much or too little, unknown escapes,
// raw line feeds, bytes that are not UTF-8, quoted names, names twice or with `__` in front. The metric's
// own name among them is passed over. Sets the bits 1 << enum repair of what was mended.
void label_list_repair(struct label_list *list, struct str labels, uint32_t *repairs);
// The canonical text; lives in the list's arena.
struct str label_list_text(const struct label_list *list);

// A name as it stood between quotes, made legal by the rule `underscores` (Prometheus' escaping_schemes):
// each character that is not becomes _, also a digit in front. With colon, which names of metrics may have,
// that is legal. Not empty. Returns the text itself where nothing is to be done.
struct str label_escape_name(struct arena *arena, struct str text, bool colon);

// A value or help text with escapes, made canonical: unknown escapes are kept as the two characters
// that they are, as Prometheus does; raw line feeds are escaped; invalid UTF-8 becomes U+FFFD.
// Returns the text itself where nothing is to be done. quotes: \" is an escape (label values), otherwise it is a
// plain quote (HELP).
struct str label_repair_escapes(
	struct arena *arena, struct str text, bool quotes, uint32_t *repairs);
