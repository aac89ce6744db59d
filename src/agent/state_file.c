// SPDX-License-Identifier: Apache-2.0
#include "agent/state_file.h"

#include "agent/state_store.h"
#include "agent/state_text.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/gzip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

// The largest text packs to less; of what is larger, and of what unpacks to more, nothing is taken.
#define LARGEST_FILE MIB(64)

struct state_file {
	struct arena arena; // holds the names
	struct str path;
	struct tally *tally; // borrowed
	struct state_store store;
	bool is_reader;	  // only to read: nothing is changed on the disk
	bool is_given_up; // it is not ours to write
	bool is_saved;	  // what was written last has this fingerprint
	uint64_t fingerprint;
	uint64_t n_failures; // in a row
	int64_t since_ns;    // monotonic time of the first of them
};

// Names

// brokerpush.state for /etc/brokerpush/brokerpush.conf
static struct str file_name(struct arena *arena, struct str config_path)
{
	struct str name = config_path, front;

	while (str_cut(name, '/', &front, &name))
		;
	name = front;
	if (str_ends_with(name, STR(".conf")))
		name.len -= STR(".conf").len;
	return arena_printf(arena, "%.*s.state", STR_ARG(name));
}

static struct state_file *new_file(struct tally *tally)
{
	struct state_file *file = mem_alloc(sizeof(*file));
	struct str directory = arena_copy(&file->arena, tally->config->state_dir);
	struct str name = file_name(&file->arena, tally->config->path);

	file->tally = tally;
	file->path = arena_printf(&file->arena, "%s/%s", directory.ptr, name.ptr);
	file->store = state_store_new(directory, name);
	return file;
}

// Reading

// Writing over what could not be read would lose it.
static void give_up(struct state_file *file, const struct err *err)
{
	file->is_given_up = true;
	log_warn(file->is_reader
			 ? "the state file cannot be read; sources begin anew"
			 : "the state file cannot be read; it is left alone, and nothing is saved",
		log_text("file", file->path), log_text("error", str_of(err->text)));
}

// False: it stays, and that was told.
static bool set_aside(struct state_file *file, const char *suffix)
{
	struct err err = { 0 };
	bool good = state_store_set_aside(&file->store, suffix, &err);

	if (!good)
		give_up(file, &err);
	return good;
}

// Of use to whoever looks for the cause, so one of them is enough.
static void reject_damaged(struct state_file *file, const struct err *why)
{
	if (file->is_reader)
		log_warn("the state file is damaged; sources begin anew",
			log_text("file", file->path), log_text("error", str_of(why->text)));
	else if (set_aside(file, ".damaged"))
		log_warn("the state file was damaged and is set aside; sources begin anew",
			log_text("file", file->path), log_text("error", str_of(why->text)),
			log_text("now", arena_printf(&file->arena, "%s.damaged", file->path.ptr)));
}

// Whole, and of use once the newer version runs again: the time in its name spares any earlier one.
static void reject_newer(struct state_file *file, int64_t format)
{
	time_t now = (time_t)(clock_wall_ns() / NS_PER_S);
	char utc_time[32];
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(utc_time, sizeof(utc_time), "%Y%m%dT%H%M%SZ", &utc);
	struct str suffix = arena_printf(&file->arena, ".version-%" PRId64 "-%s", format, utc_time);
	if (file->is_reader)
		log_warn("the state file is from a newer version; sources begin anew",
			log_text("file", file->path), log_number("format", format));
	else if (set_aside(file, suffix.ptr))
		log_warn("the state file is from a newer version and is set aside; sources begin "
			 "anew",
			log_text("file", file->path), log_number("format", format),
			log_text("now",
				arena_printf(&file->arena, "%s%s", file->path.ptr, suffix.ptr)));
}

static void unpack(struct str bytes, struct buf *text, struct err *err)
{
	struct err fault = { 0 };

	if (bytes.len == 0)
		err_set(err, ERR_BAD_BODY, 0, "it is empty");
	else if (!gzip_unpack(bytes, text, &fault) && fault.kind == ERR_TOO_LARGE)
		err_set(err, ERR_TOO_LARGE, 0, "it unpacks to more than %zu bytes", text->limit);
	else if (fault.kind != ERR_NONE)
		err_set(err, ERR_BAD_BODY, 0, "its gzip is damaged or cut off");
}

static void load(struct state_file *file, struct str text, int64_t saved_ns)
{
	struct source_past past = { saved_ns, clock_wall_ns(), clock_monotonic_ns() };

	state_text_load(text, file->tally, &past);
	log_info("the state file was read", log_text("file", file->path),
		log_number("bytes", (int64_t)text.len),
		log_number("seconds_old", (past.wall_ns - saved_ns) / NS_PER_S));
}

static void take_in(struct state_file *file, struct str bytes)
{
	struct buf text = buf_new(STATE_LARGEST);
	struct state_head head = { 0 };
	struct err err = { 0 };
	enum state_verdict verdict = STATE_DAMAGED;

	unpack(bytes, &text, &err);
	if (err.kind == ERR_NONE)
		verdict = state_text_check(buf_str(&text), &head, &err);
	switch (verdict) {
	case STATE_GOOD: load(file, buf_str(&text), head.saved_ns); break;
	case STATE_NEWER: reject_newer(file, head.format); break;
	case STATE_DAMAGED: reject_damaged(file, &err); break;
	}
	buf_free(&text);
}

static void read_file(struct state_file *file)
{
	struct buf bytes = buf_new(LARGEST_FILE);
	struct err err = { 0 };

	if (!state_store_read(&file->store, &bytes, &err)) {
		give_up(file, &err);
	} else if (bytes.failed) {
		err_set(&err, ERR_TOO_LARGE, 0, "it is larger than %zu bytes", bytes.limit);
		reject_damaged(file, &err);
	} else {
		take_in(file, buf_str(&bytes));
	}
	buf_free(&bytes);
}

// What is in the file of another agent may be about other brokers, and is not read.
static void yield_to_another(struct state_file *file)
{
	file->is_given_up = true;
	log_warn("another brokerpush uses the state file; this one saves nothing, unless it gets "
		 "another state_dir",
		log_text("file", file->path));
}

static void open_file(struct state_file *file)
{
	struct err err = { 0 };

	switch (state_store_open(&file->store, !file->is_reader, &err)) {
	case STORE_DONE: read_file(file); break;
	case STORE_MISSING:
		log_debug("there is no state file yet", log_text("file", file->path));
		break;
	case STORE_BUSY: yield_to_another(file); break;
	case STORE_FAILED: give_up(file, &err); break;
	}
}

struct state_file *state_file_open(struct tally *tally)
{
	if (!state_is_wanted(tally->config))
		return NULL;
	struct state_file *file = new_file(tally);
	open_file(file);
	return file;
}

void state_file_read(struct tally *tally)
{
	if (!state_is_wanted(tally->config))
		return;
	struct state_file *file = new_file(tally);
	file->is_reader = true;
	open_file(file);
	state_file_free(file);
}

// Writing

static void report(struct state_file *file, const struct err *err)
{
	bool failed = err->kind != ERR_NONE;
	int64_t now_ns = clock_monotonic_ns();

	if (failed && file->n_failures++ == 0) {
		file->since_ns = now_ns;
		log_warn("the state file cannot be written; a restart would forget what is new",
			log_text("file", file->path), log_text("error", str_of(err->text)));
	} else if (!failed && file->n_failures) {
		log_info("the state file is written again", log_text("file", file->path),
			log_number("failures", (int64_t)file->n_failures),
			log_number("seconds", (now_ns - file->since_ns) / NS_PER_S));
		file->n_failures = 0;
	}
}

static void replace(struct state_file *file, const struct buf *text)
{
	struct buf packed = buf_new(LARGEST_FILE);
	struct err err = { 0 };
	enum store_outcome outcome = STORE_FAILED;

	if (text->failed || !gzip_add(&packed, buf_str(text)))
		err_set(&err, ERR_TOO_LARGE, 0,
			"there is more to save than %zu bytes, or %zu bytes packed", text->limit,
			packed.limit);
	else
		outcome = state_store_replace(&file->store, buf_str(&packed), &err);
	buf_free(&packed);
	file->is_saved = outcome == STORE_DONE;
	if (outcome == STORE_BUSY)
		yield_to_another(file);
	else
		report(file, &err);
}

void state_file_save(struct state_file *file)
{
	struct buf text = buf_new(STATE_LARGEST);

	if (!file || file->is_given_up)
		return;
	uint64_t fingerprint = state_text_write(&text, file->tally, clock_wall_ns());
	if (!file->is_saved || text.failed || fingerprint != file->fingerprint) {
		replace(file, &text);
		file->fingerprint = fingerprint;
	}
	buf_free(&text);
}

void state_file_free(struct state_file *file)
{
	if (!file)
		return;
	state_store_close(&file->store);
	arena_free(&file->arena);
	free(file);
}
