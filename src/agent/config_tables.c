// SPDX-License-Identifier: Apache-2.0
#include "agent/config_tables.h"

#include "agent/config.h"

#include <stddef.h>

static const struct setting log_rows[] = {
	{ .name = "level",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct config, log_level),
		.words = log_level_names,
		.n_words = N_LOG_LEVELS,
		.initial = "info",
		.help = "the least important lines that are written" },
	{ .name = "format",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct config, log_format),
		.words = log_format_names,
		.n_words = N_LOG_FORMATS,
		.initial = "logfmt",
		.help = "how lines are written" },
};

static const struct setting top_rows[] = {
	{ .name = "interval",
		.type = SETTING_DURATION,
		.offset = offsetof(struct config, interval_ms),
		.initial = "15s",
		.minimum = 1000,
		.maximum = 86400000,
		.help = "time from one cycle to the next" },
	{ .name = "splay",
		.type = SETTING_DURATION,
		.offset = offsetof(struct config, splay_ms),
		.maximum = 86400000,
		.help = "agents spread their cycles over this much; default: the interval" },
	{ .name = "labels",
		.type = SETTING_PAIRS,
		.offset = offsetof(struct config, labels),
		.env = true,
		.help = "labels to add to every sample" },
	{ .name = "log", .type = SETTING_GROUP, .rows = SETTING_TABLE(log_rows) },
	{ .name = "strict_permissions",
		.type = SETTING_BOOL,
		.offset = offsetof(struct config, strict_permissions),
		.initial = "false",
		.help = "a secret that others can read is an error, not a warning" },
	{ .name = "sources", .type = SETTING_LIST, .required = true, .help = "what to gather" },
	{ .name = "sinks", .type = SETTING_LIST, .required = true, .help = "where to push" },
};

static const struct setting source_rows[] = {
	{ .name = "name",
		.type = SETTING_STRING,
		.offset = offsetof(struct source_conf, name),
		.required = true,
		.help = "its name in metrics, logs and options" },
	{ .name = "type",
		.type = SETTING_STRING,
		.offset = offsetof(struct source_conf, type_name),
		.required = true,
		.help = "emqx or prometheus" },
	{ .name = "labels",
		.type = SETTING_PAIRS,
		.offset = offsetof(struct source_conf, labels),
		.env = true,
		.help = "labels to add to its samples" },
	{ .name = "job_name",
		.type = SETTING_STRING,
		.offset = offsetof(struct source_conf, job_name),
		.help = "template of its grouping key" },
	{ .name = "body_size_limit",
		.type = SETTING_SIZE,
		.offset = offsetof(struct source_conf, http.body_size_limit),
		.initial = "16MiB",
		.minimum = 1,
		.maximum = 1 << 30,
		.help = "larger answers are refused" },
	{ .name = "every", .type = SETTING_LATER },
	{ .name = "follow_redirects", .type = SETTING_LATER },
	{ .name = "on_failure", .type = SETTING_LATER },
	{ .name = "max_age", .type = SETTING_LATER },
	{ .name = "params", .type = SETTING_LATER },
	{ .name = "honor_labels", .type = SETTING_LATER },
	{ .name = "sample_limit", .type = SETTING_LATER },
	{ .name = "label_limit", .type = SETTING_LATER },
	{ .name = "label_value_length_limit", .type = SETTING_LATER },
	{ .name = "metric_relabel_configs", .type = SETTING_LATER },
};

static const struct setting sink_rows[] = {
	{ .name = "name",
		.type = SETTING_STRING,
		.offset = offsetof(struct sink_conf, name),
		.required = true,
		.help = "its name in metrics, logs and options" },
	{ .name = "type",
		.type = SETTING_STRING,
		.offset = offsetof(struct sink_conf, type_name),
		.required = true,
		.help = "pushgateway" },
	{ .name = "job_name",
		.type = SETTING_STRING,
		.offset = offsetof(struct sink_conf, job_name),
		.help = "template of the grouping keys; a source's own wins" },
	{ .name = "every", .type = SETTING_LATER },
	{ .name = "metric_relabel_configs", .type = SETTING_LATER },
};

const struct setting_table config_top_table = SETTING_TABLE(top_rows);
const struct setting_table config_source_table = SETTING_TABLE(source_rows);
const struct setting_table config_sink_table = SETTING_TABLE(sink_rows);
