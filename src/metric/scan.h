// SPDX-License-Identifier: Apache-2.0
// Exposition text, line by line, without copying. It takes what Prometheus' textparse takes and more,
// OpenMetrics among it, and says which repairs a line needs; the texts that it hands out borrow from the
// page.
//
//	# HELP emqx_topics_count number of topics
//	       ^name             ^text
//	# TYPE emqx_topics_count gauge
//	       ^name             ^text
//	emqx_topics_count{node="emqx@10.0.0.1"} 12 1760000000000
//	^name             ^labels               ^text (timestamps and exemplars are passed over)
//	{"emqx.topics.count",node="emqx@10.0.0.1"} 12
//	 ^labels, name between the quotes          ^text
#pragma once

#include "base/str.h"

#include <stdint.h>

// A sample with more labels than this is a bad line: no real one has, and what is done for each pair
// of labels stays cheap.
enum { SCAN_MOST_LABELS = 256 };

enum scan_kind {
	SCAN_END,     // no line is left
	SCAN_SAMPLE,  // name, labels, text = the value as it is to be sent
	SCAN_HELP,    // name, text = the help with its escapes as found; may be empty
	SCAN_TYPE,    // name, text = the type's word as found; may be empty
	SCAN_COMMENT, // nothing but repairs; comments and empty lines that need none are passed over
	SCAN_BAD,     // text = why it is none of these
};

struct scan {
	const char *start, *at, *end;
	size_t line_number;
	struct str name; // of the last sample
};

struct scan_line {
	enum scan_kind kind;
	size_t number; // from 1
	struct str
		name; // with REPAIR_UTF8_NAME perhaps what stood between quotes: label_escape_name
	struct str labels; // between the braces
	struct str text;
	uint64_t fingerprint; // of the labels, see label.h; with odd_labels unset only
	uint64_t label_names; // likewise
	bool odd_labels;      // labels have the grammar but are not canonical: label_list_repair
	bool too_many_labels; // that is why it is bad
	bool open_quote;  // likewise: what a quote began in its labels goes on at the line's end
	uint32_t repairs; // bits 1 << enum repair that the line outside its labels needs
};

// Starts at the front of a page, which is borrowed while scanning. The page's own oddity, a byte order
// mark, is a repair of the first line.
struct scan scan_new(struct str page);
// The next line that means something or needs a repair. Returns line->kind.
enum scan_kind scan_next(struct scan *scan, struct scan_line *line);
