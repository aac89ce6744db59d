// SPDX-License-Identifier: Apache-2.0
#include "agent/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A token of 64 KiB is larger than any server takes in a header.
enum { LARGEST_SECRET = 64 * 1024 };

static struct str directory_of(struct str path)
{
	while (path.len && path.ptr[path.len - 1] != '/')
		path.len--;
	return path.len ? path : STR("./");
}

struct str secret_find(struct arena *arena, struct str config_path, struct str name)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (str_starts_with(name, STR("/")))
		return name;
	if (credentials && *credentials) {
		struct str path = arena_printf(arena, "%s/%.*s", credentials, STR_ARG(name));
		if (access(path.ptr, F_OK) == 0)
			return path;
	}
	struct str directory = directory_of(config_path);
	return arena_printf(arena, "%.*s%.*s", STR_ARG(directory), STR_ARG(name));
}

bool secret_read(struct arena *arena, struct str config_path, struct str name, struct str *secret,
	bool *world_readable, struct err *err)
{
	struct str path = secret_find(arena, config_path, name);
	int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO must not hold us up
	struct stat status = { 0 };
	char *text = arena_alloc(arena, LARGEST_SECRET + 1);
	ssize_t n = fd < 0 ? -1 : read(fd, text, LARGEST_SECRET + 1);

	if (n < 0)
		err_set(err, ERR_INVALID, 0, "%s cannot be read: %s", path.ptr, strerror(errno));
	else if (n > LARGEST_SECRET)
		err_set(err, ERR_INVALID, 0, "%s is larger than 64 KiB; it is no secret", path.ptr);
	if (fd >= 0) {
		fstat(fd, &status);
		close(fd);
	}
	if (err->kind != ERR_NONE)
		return false;
	*secret = (struct str){ text, (size_t)n };
	if (str_ends_with(*secret, STR("\n")))
		secret->len--;
	if (str_ends_with(*secret, STR("\r")))
		secret->len--;
	text[secret->len] = '\0';
	// A header must not end where a secret's line does.
	for (size_t i = 0; i < secret->len; i++) {
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f) {
			err_set(err, ERR_INVALID, i,
				"%s has a line break or another control byte in it", path.ptr);
			return false;
		}
	}
	*world_readable = (status.st_mode & S_IROTH) != 0;
	return true;
}
