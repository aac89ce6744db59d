// SPDX-License-Identifier: Apache-2.0
// Tables read from a text as if it were a file, and what is said about that.
#pragma once

#include "agent/settings.h"
#include "unit.h"

#include <sys/mman.h>
#include <unistd.h>

enum { RUN_MOST = 8 };

// A text that was read into an object, once it is done; run_free ends it.
struct settings_run {
	struct arena arena;
	struct buf shown;  // the object, in the file's syntax
	struct buf faults; // without the file's name: "3: path: text"
};

// A fault that is found only after reading, as a type's own check has it. NULL: none.
struct run_late {
	const char *name, *text;
};

static inline void run_cut_path(struct buf *out, struct str faults, const char *path)
{
	struct str line, rest = faults, start = str_of(path);

	while (rest.len) {
		str_cut(rest, '\n', &line, &rest);
		if (str_starts_with(line, start))
			line = (struct str){ line.ptr + start.len + 1, line.len - start.len - 1 };
		buf_addf(out, "%.*s\n", STR_ARG(line));
	}
}

// Reads the top of a text by a table; overrides end with NULL.
static inline void run_settings(struct settings_run *run, struct settings_part part,
	const char *text, const char *const *overrides, const struct run_late *late)
{
	int fd = memfd_create("settings", MFD_CLOEXEC);
	char path[64], *told = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&told, &size);

	assert_true(fd >= 0 && out);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	*run = (struct settings_run){ .shown = buf_new(UNIT_LIMIT), .faults = buf_new(UNIT_LIMIT) };
	struct settings *settings = settings_open(path, &run->arena);
	for (; overrides && *overrides; overrides++)
		settings_override(settings, *overrides);
	if (settings_n_faults(settings) == 0)
		settings_read(settings, settings_root(settings), &part, 1);
	if (late)
		settings_fault(settings, settings_root(settings), late->name, late->text);
	settings_print_faults(settings, out);
	fclose(out);
	run_cut_path(&run->faults, str_of(told), path);
	settings_print(&run->shown, &part, 1, 0);
	settings_close(settings);
	free(told);
	close(fd);
}

static inline void run_free(struct settings_run *run)
{
	buf_free(&run->shown);
	buf_free(&run->faults);
	arena_free(&run->arena);
}
