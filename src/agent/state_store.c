// SPDX-License-Identifier: Apache-2.0
#include "agent/state_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DIRECTORY_MODE = 0750,
	FILE_MODE = 0600, // it says who the clients of a broker are
	CHUNK = 64 * 1024,
	// Each further try means that another process has just replaced the file.
	MOST_TRIES = 10,
};

// Failures

static const char *advice(int number)
{
	switch (number) {
	case ENOENT:
	case ENOTDIR: return "; make that directory, or set state_dir";
	case EACCES:
	case EPERM: return "; give the agent's user the right, or set state_dir";
	case EROFS: return "; set state_dir to a place that can be written";
	case ENOSPC:
	case EDQUOT: return "; make room there";
	default: return "";
	}
}

static enum store_outcome failed(const char *what, int number, struct err *err)
{
	err_set(err, ERR_INVALID, 0, "%s: %s%s", what, strerror(number), advice(number));
	return STORE_FAILED;
}

// Opening and locking

static int open_directory(const struct state_store *store)
{
	return open(store->directory.ptr, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void take(struct state_store *store, int fd)
{
	state_store_close(store);
	store->fd = fd;
}

// Whether the name still means the file that is open.
static bool is_current(const struct state_store *store, int directory)
{
	struct stat named, open_one;

	return store->fd >= 0 &&
	       fstatat(directory, store->name.ptr, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(store->fd, &open_one) == 0 && named.st_dev == open_one.st_dev &&
	       named.st_ino == open_one.st_ino;
}

// A file system that knows no locks cannot keep two apart; that is no reason to forget everything.
static bool is_locked_by_another(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

static bool open_file(struct state_store *store, int directory, int flags)
{
	// A FIFO must not hold us up, and nobody chooses by a link what we read.
	take(store, openat(directory, store->name.ptr,
			    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | flags, FILE_MODE));
	return store->fd >= 0;
}

// Sees to it that the open file is the one of that name, and locked.
static enum store_outcome hold(struct state_store *store, int directory, int flags, struct err *err)
{
	for (int i = 0; i < MOST_TRIES; i++) {
		if (is_current(store, directory))
			return STORE_DONE;
		if (!open_file(store, directory, flags))
			return errno == ENOENT && !(flags & O_CREAT)
				       ? STORE_MISSING
				       : failed("cannot be opened", errno, err);
		if (is_locked_by_another(store->fd)) {
			state_store_close(store);
			return STORE_BUSY;
		}
	}
	return failed("cannot be locked", EBUSY, err);
}

static enum store_outcome open_in(
	struct state_store *store, int directory, bool to_write, struct err *err)
{
	struct stat status;
	enum store_outcome outcome = STORE_DONE;

	if (to_write)
		outcome = hold(store, directory, 0, err);
	else if (!open_file(store, directory, 0))
		outcome = errno == ENOENT ? STORE_MISSING : failed("cannot be opened", errno, err);
	if (outcome != STORE_DONE)
		return outcome;
	if (fstat(store->fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		err_set(err, ERR_INVALID, 0, "it is not a plain file");
		state_store_close(store);
		return STORE_FAILED;
	}
	return STORE_DONE;
}

enum store_outcome state_store_open(struct state_store *store, bool to_write, struct err *err)
{
	int directory = open_directory(store);

	// Whether a file is behind a directory that is closed to us nobody knows; without one there is none.
	if (directory < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? STORE_MISSING
			       : failed("its directory cannot be opened", errno, err);
	enum store_outcome outcome = open_in(store, directory, to_write, err);
	close(directory);
	return outcome;
}

void state_store_close(struct state_store *store)
{
	if (store->fd >= 0)
		close(store->fd);
	store->fd = -1;
}

// Reading

bool state_store_read(const struct state_store *store, struct buf *bytes, struct err *err)
{
	char chunk[CHUNK];
	off_t at = 0;
	ssize_t n;

	while (!bytes->failed && (n = pread(store->fd, chunk, sizeof(chunk), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			failed("cannot be read", errno, err);
			return false;
		}
		buf_add(bytes, (struct str){ chunk, (size_t)n });
		at += n;
	}
	return true;
}

// Writing

static bool write_whole(int fd, struct str bytes)
{
	while (bytes.len) {
		ssize_t n = write(fd, bytes.ptr, bytes.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes.ptr += n;
		bytes.len -= (size_t)n;
	}
	return true;
}

// The new file in its directory, whole and on the disk; -1: errno says why, and nothing is left of it.
// It has one name only, so that an agent that was killed leaves at most one behind; that, or whatever else has
// the name, goes first, and a link is not followed.
static int write_new(int directory, const char *name, struct str bytes)
{
	unlinkat(directory, name, 0);
	int fd = openat(
		directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

	if (fd < 0)
		return -1;
	(void)is_locked_by_another(fd); // nobody else knows it yet
	if (write_whole(fd, bytes) && fsync(fd) == 0)
		return fd;
	int number = errno;
	close(fd);
	unlinkat(directory, name, 0);
	errno = number;
	return -1;
}

// A file that was only made to be locked says nothing; it would be taken for a damaged one.
static void remove_empty(struct state_store *store, int directory)
{
	struct stat status;

	if (is_current(store, directory) && fstat(store->fd, &status) == 0 && status.st_size == 0) {
		unlinkat(directory, store->name.ptr, 0);
		state_store_close(store);
	}
}

static enum store_outcome replace_in(
	struct state_store *store, int directory, struct str bytes, struct err *err)
{
	enum store_outcome outcome = hold(store, directory, O_CREAT, err);
	struct buf new_name = buf_new(KIB(64));

	if (outcome != STORE_DONE)
		return outcome;
	buf_addf(&new_name, "%s.new", store->name.ptr);
	int fd = write_new(directory, new_name.ptr, bytes);

	if (fd >= 0 && renameat(directory, new_name.ptr, directory, store->name.ptr) == 0) {
		take(store, fd);
		// EINVAL: a file system that has no such thing.
		if (fsync(directory) != 0 && errno != EINVAL)
			outcome = failed("its directory cannot be written", errno, err);
	} else {
		outcome = failed("cannot be written", errno, err);
		if (fd >= 0) {
			close(fd);
			unlinkat(directory, new_name.ptr, 0);
		}
		remove_empty(store, directory);
	}
	buf_free(&new_name);
	return outcome;
}

enum store_outcome state_store_replace(struct state_store *store, struct str bytes, struct err *err)
{
	int directory = open_directory(store);

	if (directory < 0 && errno == ENOENT && mkdir(store->directory.ptr, DIRECTORY_MODE) == 0)
		directory = open_directory(store);
	if (directory < 0)
		return failed("its directory cannot be made or opened", errno, err);
	enum store_outcome outcome = replace_in(store, directory, bytes, err);
	close(directory);
	return outcome;
}

bool state_store_set_aside(struct state_store *store, const char *suffix, struct err *err)
{
	int directory = open_directory(store);
	struct buf to = buf_new(KIB(64));

	buf_addf(&to, "%s%s", store->name.ptr, suffix);
	if (directory < 0 || renameat(directory, store->name.ptr, directory, to.ptr) != 0)
		failed("cannot be renamed", errno, err);
	if (directory >= 0)
		close(directory);
	state_store_close(store);
	buf_free(&to);
	return err->kind == ERR_NONE;
}
