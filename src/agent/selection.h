// SPDX-License-Identifier: Apache-2.0
// Which part of a configuration a cycle is about: by options, and by whose turn it is.
#pragma once

#include "agent/config.h"

struct selection {
	bool *sources;	  // by index; owned, as the next
	bool *sinks;	  // by index
	struct str group; // borrowed: URL of the one group; empty: all
};

// All sources and sinks.
struct selection selection_new(const struct config *config);
void selection_free(struct selection *selection);
// Makes one the same as another of this configuration.
void selection_copy(
	const struct config *config, struct selection *to, const struct selection *from);

bool selection_has_sink(const struct config *config, const struct selection *selection);

// What the timer's cycle of this number, from 0 on, is about: of `all` those sinks whose turn it is, with
// all sources; where it is no sink's turn, the sources that watch. Cycle 0 is about all sinks. False: it is
// about nothing.
bool selection_of_cycle(const struct config *config, const struct selection *all, uint64_t number,
	struct selection *due);
