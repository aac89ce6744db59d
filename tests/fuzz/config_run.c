// SPDX-License-Identifier: Apache-2.0
#include "config_run.h"

#include "agent/config.h"
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// A file in memory; *path is how it is opened.
static int make_file(struct str text, char *path, size_t path_size)
{
	int fd = memfd_create("configuration", MFD_CLOEXEC);

	FUZZ_CHECK(fd >= 0, "no file in memory");
	FUZZ_CHECK(write(fd, text.ptr, text.len) == (ssize_t)text.len, "a short write");
	snprintf(path, path_size, "/proc/self/fd/%d", fd);
	return fd;
}

static struct config *load(
	struct str text, const char *const *overrides, size_t n_overrides, char **messages)
{
	char path[64];
	int fd = make_file(text, path, sizeof(path));
	size_t size;
	FILE *out = open_memstream(messages, &size);
	struct config *config;

	FUZZ_CHECK(out, "no memory");
	config = config_load(path, overrides, n_overrides, out);
	fclose(out);
	close(fd);
	FUZZ_CHECK(!config == (size > 0), "messages and no fault, or a fault and no messages");
	FUZZ_CHECK(size == strlen(*messages), "a message holds a NUL");
	return config;
}

static void check_messages(struct str text)
{
	struct str line;

	FUZZ_CHECK(str_ends_with(text, STR("\n")), "a message does not end");
	while (str_cut(text, '\n', &line, &text)) {
		FUZZ_CHECK(line.len && fuzz_is_printable(line), "a message cannot be shown: %.*s",
			STR_ARG(line));
	}
}

static char *print(const struct config *config)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	FUZZ_CHECK(out, "no memory");
	config_print(config, out);
	fclose(out);
	FUZZ_CHECK(size && size == strlen(text), "a configuration shows nothing, or holds a NUL");
	return text;
}

static void check_print(const struct config *config)
{
	char *shown = print(config), *again, *messages;
	struct config *second = load(str_of(shown), NULL, 0, &messages);

	FUZZ_CHECK(second, "what is shown is no configuration:\n%s\n%s", messages, shown);
	again = print(second);
	FUZZ_CHECK(strcmp(shown, again) == 0, "shown:\n%s\nthen:\n%s", shown, again);
	config_free(second);
	free(messages);
	free(again);
	free(shown);
}

void config_run(struct str text, const char *const *overrides, size_t n_overrides)
{
	char *messages;
	struct config *config;

	setenv("FUZZ", "value", 1);
	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	config = load(text, overrides, n_overrides, &messages);
	if (config)
		check_print(config);
	else
		check_messages(str_of(messages));
	config_free(config);
	free(messages);
}
