// SPDX-License-Identifier: Apache-2.0
// The configuration as one immutable object: read, checked as a whole, and never changed afterwards, but
// for secrets in files of their own (config_refresh_secrets).
#pragma once

#include "agent/template.h"
#include "base/log.h"
#include "sink/sink.h"
#include "source/source.h"

#include <stdio.h>

struct config {
	struct arena arena; // holds all below
	struct str path;
	int64_t interval_ms, splay_ms;
	struct pair_list labels;
	struct label_extra added; // what comes of them, for the agent's own metrics
	int log_level;		  // enum log_level
	int log_format;		  // enum log_format
	bool strict_permissions;
	struct str state_dir; // an absolute path
	struct source_conf **sources;
	size_t n_sources;
	struct sink_conf **sinks;
	size_t n_sinks;
	const struct template **templates; // of sink i and source k: [i * n_sources + k]
	struct str hostname;
};

// Reads and checks everything, and sets up the log as configured. overrides are PATH=VALUE
// texts, laid over the file. NULL: all faults have been written to `messages`. The caller owns it.
struct config *config_load(
	const char *path, const char *const *overrides, size_t n_overrides, FILE *messages);
// Reads the files of secrets again and takes those that have changed; a file that cannot be read leaves
// the old secret. The one change to a configuration, never while requests are in flight.
void config_refresh_secrets(struct config *config);
// Takes NULL.
void config_free(struct config *config);

// How long collecting and pushing may take (ms): half the interval, and 0.35 of it; 30 s at most.
int64_t config_collect_ms(const struct config *config);
int64_t config_push_ms(const struct config *config);

const struct template *config_template(const struct config *config, size_t sink, size_t source);
// What the variables of templates stand for, as far as it is known; state is the source's, NULL before it
// was asked.
struct template_values config_values(const struct config *config, size_t source, const void *state);

// The effective configuration, secrets hidden, then each group's URL as far as it is known.
void config_print(const struct config *config, FILE *out);
