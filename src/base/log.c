// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include "base/buf.h"
#include "base/clock.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

// A text is cut at LONGEST_TEXT; escaped it takes six times that, and a line has few long ones.
enum { LONGEST_TEXT = 4 * 1024, LONGEST_LINE = 1024 * 1024 };

const struct str log_level_names[N_LOG_LEVELS] = {
	[LOG_LEVEL_ERROR] = STR_INIT("error"),
	[LOG_LEVEL_WARN] = STR_INIT("warn"),
	[LOG_LEVEL_INFO] = STR_INIT("info"),
	[LOG_LEVEL_DEBUG] = STR_INIT("debug"),
};

const struct str log_format_names[N_LOG_FORMATS] = {
	[LOG_FORMAT_LOGFMT] = STR_INIT("logfmt"),
	[LOG_FORMAT_JSON] = STR_INIT("json"),
};

static enum log_level max_level = LOG_LEVEL_INFO;
static enum log_format line_format = LOG_FORMAT_LOGFMT;

void log_configure(enum log_level level, enum log_format format)
{
	max_level = level;
	line_format = format;
}

static bool is_bare_word(struct str text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if (c <= ' ' || c > '~' || c == '"' || c == '=' || c == '\\')
			return false;
	}
	return text.len > 0;
}

static void add_field(struct buf *line, struct log_field field)
{
	bool json = line_format == LOG_FORMAT_JSON;

	if (field.text.len > LONGEST_TEXT)
		field.text.len = LONGEST_TEXT;
	if (json)
		buf_addf(line, ",\"%s\":", field.key);
	else
		buf_addf(line, " %s=", field.key);
	if (!field.text.ptr)
		buf_addf(line, "%lld", (long long)field.number);
	else if (!json && is_bare_word(field.text))
		buf_add(line, field.text);
	else
		buf_add_json(line, field.text);
}

static void add_head(struct buf *line, enum log_level level)
{
	int64_t now_ns = clock_wall_ns();
	time_t seconds = (time_t)(now_ns / NS_PER_S);
	int ms = (int)(now_ns % NS_PER_S / NS_PER_MS);
	struct tm utc;
	char text[32];

	gmtime_r(&seconds, &utc);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	if (line_format == LOG_FORMAT_JSON)
		buf_addf(line, "{\"ts\":\"%s.%03dZ\",\"level\":\"%s\"", text, ms,
			log_level_names[level].ptr);
	else
		buf_addf(line, "ts=%s.%03dZ level=%s", text, ms, log_level_names[level].ptr);
}

static void write_whole(struct str text)
{
	while (text.len) {
		ssize_t n = write(STDERR_FILENO, text.ptr, text.len);
		if (n <= 0)
			return; // nobody is left to tell
		text.ptr += n;
		text.len -= (size_t)n;
	}
}

void log_line(
	enum log_level level, const char *message, const struct log_field *fields, size_t n_fields)
{
	if (level > max_level)
		return;

	struct buf line = buf_new(LONGEST_LINE);
	add_head(&line, level);
	add_field(&line, log_text("msg", str_of(message)));
	for (size_t i = 0; i < n_fields; i++)
		add_field(&line, fields[i]);
	buf_add(&line, line_format == LOG_FORMAT_JSON ? STR("}\n") : STR("\n"));
	write_whole(buf_str(&line));
	buf_free(&line);
}
