// SPDX-License-Identifier: Apache-2.0
// What a state file holds, as text; not where it is kept, nor how it is packed. JSON, an object a line:
//
//	{"brokerpush_state":1,"version":"0.1.0","saved_at_ns":1795257119000000000}
//	{"source":"clients","type":"emqx_clients","lines":2}
//	... 2 lines, whatever the type wrote ...
//	{"end":4}
//
// The lines of a type are counted, not recognised: none of them can be taken for another one's head. The last
// line says how many stand before it.
#pragma once

#include "agent/tally.h"

// The version of the format: another number for whatever an older agent would read wrongly.
enum { STATE_FORMAT = 1 };

// No text is larger. A hundred thousand lines of a kilobyte are 100 MB.
#define STATE_LARGEST MIB(256)

enum state_verdict {
	STATE_GOOD,
	STATE_DAMAGED,
	STATE_NEWER, // of a later format than this agent knows
};

// What the first line says.
struct state_head {
	int64_t format;
	int64_t saved_ns; // wall time
};

// Whether any configured source has something to save.
bool state_is_wanted(const struct config *config);
// Adds a text of what the sources remember. Returns a fingerprint of it that does not depend on saved_ns; valid
// in this process only. Whether all of it fitted says text->failed.
uint64_t state_text_write(struct buf *text, const struct tally *tally, int64_t saved_ns);
// Whether the text is whole, down to its last line; what the lines of a type say is not looked into. Err is set
// for STATE_DAMAGED. Of STATE_NEWER only the format is known.
enum state_verdict state_text_check(struct str text, struct state_head *head, struct err *err);
// Gives the lines of a text that was found good to the sources of that name and type, and logs what could not
// be given: lines of a source that is gone, and those that its type refuses.
void state_text_load(struct str text, struct tally *tally, const struct source_past *past);
