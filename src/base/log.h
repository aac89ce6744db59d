// SPDX-License-Identifier: Apache-2.0
// The log: one line per event on stderr, in logfmt or JSON, written whole by one call. Every line has
// at least one field that says what it is about. Never a secret, a header's value or a query string.
#pragma once

#include "base/str.h"

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG, N_LOG_LEVELS };
enum log_format { LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON, N_LOG_FORMATS };

// The words of the settings `log.level` and `log.format`, by value.
extern const struct str log_level_names[N_LOG_LEVELS];
extern const struct str log_format_names[N_LOG_FORMATS];

struct log_field {
	const char *key; // [a-z_]+
	struct str text; // with a NULL ptr the number counts
	int64_t number;
};

static inline struct log_field log_text(const char *key, struct str text)
{
	return (struct log_field){ .key = key, .text = text.ptr ? text : STR("") };
}

static inline struct log_field log_number(const char *key, int64_t number)
{
	return (struct log_field){ .key = key, .number = number };
}

// Which lines are written and how, from now on. Before: info and worse, logfmt.
void log_configure(enum log_level level, enum log_format format);

void log_line(
	enum log_level level, const char *message, const struct log_field *fields, size_t n_fields);

// log_info("source is down", log_text("source", name), log_number("failures", 3));
#define log_error(message, ...) LOG_LINE(LOG_LEVEL_ERROR, message, __VA_ARGS__)
#define log_warn(message, ...)	LOG_LINE(LOG_LEVEL_WARN, message, __VA_ARGS__)
#define log_info(message, ...)	LOG_LINE(LOG_LEVEL_INFO, message, __VA_ARGS__)
#define log_debug(message, ...) LOG_LINE(LOG_LEVEL_DEBUG, message, __VA_ARGS__)
#define LOG_LINE(level, message, ...)                                                              \
	log_line((level), (message), (struct log_field[]){ __VA_ARGS__ },                          \
		sizeof((struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
