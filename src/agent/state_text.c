// SPDX-License-Identifier: Apache-2.0
#include "agent/state_text.h"

#include "base/hash.h"
#include "base/log.h"
#include "source/json.h"
#include "version.h"

#include <inttypes.h>
#include <string.h>

// Writing

// The head of a source stands before its lines, and their number in it is known after them: until then
// blanks keep the place. Ten digits are enough for STATE_LARGEST.
enum { COUNT_WIDTH = 10 };

static size_t count_lines(struct str text)
{
	const char *end = text.ptr + text.len;
	size_t n = 0;

	for (const char *at = text.ptr; at < end; n++) {
		at = memchr(at, '\n', (size_t)(end - at));
		if (!at)
			return n;
		at++;
	}
	return n;
}

static void put_count(struct buf *text, size_t at, size_t n)
{
	struct buf digits = buf_new(KIB(1));

	buf_addf(&digits, "%*zu", COUNT_WIDTH, n);
	memcpy(text->ptr + at, digits.ptr, COUNT_WIDTH);
	buf_free(&digits);
}

static void write_source(struct buf *text, const struct source_conf *conf, const void *state)
{
	buf_addf(text, "{\"source\":\"%.*s\",\"type\":\"%.*s\",\"lines\":", STR_ARG(conf->name),
		STR_ARG(conf->type->name));
	size_t count_at = text->len;
	buf_addf(text, "%*s}\n", COUNT_WIDTH, "");
	size_t lines_at = text->len;

	conf->type->save(conf, state, text);
	if (!text->failed)
		put_count(text, count_at,
			count_lines((struct str){ text->ptr + lines_at, text->len - lines_at }));
}

bool state_is_wanted(const struct config *config)
{
	for (size_t i = 0; i < config->n_sources; i++)
		if (config->sources[i]->type->save)
			return true;
	return false;
}

uint64_t state_text_write(struct buf *text, const struct tally *tally, int64_t saved_ns)
{
	const struct config *config = tally->config;

	buf_addf(text, "{\"brokerpush_state\":%d,\"version\":\"%s\",\"saved_at_ns\":%" PRId64 "}\n",
		(int)STATE_FORMAT, BROKERPUSH_VERSION, saved_ns);
	size_t head = text->len;
	for (size_t i = 0; i < config->n_sources; i++)
		if (config->sources[i]->type->save)
			write_source(text, config->sources[i], tally->sources[i].state);
	if (text->failed)
		return 0;
	buf_addf(text, "{\"end\":%zu}\n", count_lines(buf_str(text)));
	return text->failed ? 0
			    : hash_bytes((struct str){ text->ptr + head, text->len - head },
				      hash_seed());
}

// Reading

struct reader {
	struct str rest;
	size_t n_lines; // that were taken
};

// Takes a line, without its end. False: there is no whole one.
static bool next_line(struct reader *reader, struct str *line)
{
	if (!str_cut(reader->rest, '\n', line, &reader->rest))
		return false;
	reader->n_lines++;
	return true;
}

// A line of this program's own: a whole number by this name.
static bool get_count(struct json object, const char *name, int64_t *value)
{
	struct json_number number;
	bool good = json_number(json_get(object, name), &number) && number.is_integer;

	*value = number.integer;
	return good && *value >= 0;
}

// The next line as JSON, to be freed. NULL: err says why.
static struct json_doc *next_object(struct reader *reader, struct err *err)
{
	struct err fault = { 0 };
	struct json_doc *doc = NULL;
	struct str line;

	if (!next_line(reader, &line))
		err_set(err, ERR_BAD_BODY, reader->n_lines, "it ends after line %zu",
			reader->n_lines);
	else if (!(doc = json_read(line, &fault)))
		err_set(err, ERR_BAD_BODY, reader->n_lines, "line %zu: %s", reader->n_lines,
			fault.text);
	return doc;
}

static void set_damaged(struct err *err, const struct reader *reader, const char *what)
{
	err_set(err, ERR_BAD_BODY, reader->n_lines, "line %zu %s", reader->n_lines, what);
}

static enum state_verdict check_head(
	struct reader *reader, struct state_head *head, struct err *err)
{
	struct json_doc *doc = next_object(reader, err);
	enum state_verdict verdict = STATE_DAMAGED;

	if (!doc)
		return verdict;
	struct json root = json_root(doc);
	if (!get_count(root, "brokerpush_state", &head->format) || head->format == 0)
		set_damaged(err, reader, "is not that of a state file");
	else if (head->format > STATE_FORMAT)
		verdict = STATE_NEWER;
	else if (!get_count(root, "saved_at_ns", &head->saved_ns))
		set_damaged(err, reader, "does not say when it was saved");
	else
		verdict = STATE_GOOD;
	json_free(doc);
	return verdict;
}

// The head of a source's lines, or the end.
struct part {
	struct json_doc *doc;	 // owned
	struct str source, type; // borrow from it
	int64_t n_lines;
	bool is_end;
};

// False: err says what is wrong, and there is nothing to free.
static bool next_part(struct reader *reader, struct part *part, struct err *err)
{
	int64_t n_before = (int64_t)reader->n_lines, n;

	*part = (struct part){ .doc = next_object(reader, err) };
	if (!part->doc)
		return false;
	struct json root = json_root(part->doc);
	part->source = json_text(json_get(root, "source"));
	part->type = json_text(json_get(root, "type"));
	part->is_end = get_count(root, "end", &n);
	if (part->is_end && n != n_before)
		set_damaged(err, reader, "counts other lines than there are");
	else if (part->is_end && reader->rest.len)
		set_damaged(err, reader, "should be the last one");
	else if (!part->is_end && !(part->source.len && get_count(root, "lines", &part->n_lines)))
		set_damaged(err, reader, "is neither a source nor the end");
	if (err->kind != ERR_NONE)
		json_free(part->doc);
	return err->kind == ERR_NONE;
}

static bool skip_lines(struct reader *reader, int64_t n, struct err *err)
{
	struct str line;

	for (; n > 0; n--) {
		if (next_line(reader, &line))
			continue;
		err_set(err, ERR_BAD_BODY, reader->n_lines,
			"it ends after line %zu, where the lines of a source should go on",
			reader->n_lines);
		return false;
	}
	return true;
}

enum state_verdict state_text_check(struct str text, struct state_head *head, struct err *err)
{
	struct reader reader = { .rest = text };
	enum state_verdict verdict = check_head(&reader, head, err);
	struct part part;

	while (verdict == STATE_GOOD) {
		if (!next_part(&reader, &part, err))
			return STATE_DAMAGED;
		json_free(part.doc);
		if (part.is_end)
			break;
		if (!skip_lines(&reader, part.n_lines, err))
			return STATE_DAMAGED;
	}
	return verdict;
}

// Loading

// The source's index; n_sources: there is none of that name and type, or it takes nothing back.
static size_t find_source(const struct config *config, struct str name, struct str type_name)
{
	size_t i = 0;

	for (; i < config->n_sources; i++) {
		const struct source_conf *conf = config->sources[i];
		if (str_eq(conf->name, name) && str_eq(conf->type->name, type_name) &&
			conf->type->load)
			break;
	}
	return i;
}

static void load_source(struct reader *reader, int64_t n_lines, const struct source_conf *conf,
	void *state, const struct source_past *past)
{
	struct err first = { 0 };
	int64_t n_refused = 0;
	struct str line;

	for (int64_t i = 0; i < n_lines && next_line(reader, &line); i++) {
		struct err err = { 0 };
		if (conf->type->load(conf, state, line, past, &err))
			continue;
		if (n_refused++ == 0)
			first = err;
	}
	if (n_refused)
		log_warn("lines of the state file were refused; the source goes on without them",
			log_text("source", conf->name), log_number("refused", n_refused),
			log_number("lines", n_lines), log_text("error", str_of(first.text)));
}

static void load_part(struct reader *reader, const struct part *part, struct tally *tally,
	const struct source_past *past)
{
	size_t i = find_source(tally->config, part->source, part->type);
	struct err err = { 0 };

	if (i < tally->n_sources) {
		load_source(reader, part->n_lines, tally->config->sources[i],
			tally->sources[i].state, past);
		return;
	}
	log_info("the state file remembers a source that is gone; its lines are dropped",
		log_text("source", part->source), log_text("type", part->type),
		log_number("lines", part->n_lines));
	skip_lines(reader, part->n_lines, &err);
}

void state_text_load(struct str text, struct tally *tally, const struct source_past *past)
{
	struct reader reader = { .rest = text };
	struct err err = { 0 };
	struct str head;
	struct part part;
	bool more = next_line(&reader, &head);

	while (more && next_part(&reader, &part, &err)) {
		more = !part.is_end;
		if (more)
			load_part(&reader, &part, tally, past);
		json_free(part.doc);
	}
}
