// SPDX-License-Identifier: Apache-2.0
// Each test has a directory of its own, which goes with it. Sources are fakes that remember lines.
#include "agent/state_file.h"
#include "agent/state_text.h"
#include "net/gzip.h"
#include "state_fake.h"
#include "unit.h"

#include <dirent.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINES "{\"id\":\"a\",\"seen\":1}\n{\"id\":\"b\",\"seen\":2}\n"

// The place of a test

static char directory[64];

// Valid until 64 further calls.
static const char *in_directory(const char *name)
{
	static char places[64][512];
	static size_t turn;
	char *place = places[turn++ % ARRAY_LEN(places)];

	snprintf(place, sizeof(places[0]), "%s/%s", directory, name);
	return place;
}

static const char *state_path(void)
{
	return in_directory("agent.state");
}

static int make_directory(void **state)
{
	(void)state;
	strcpy(directory, "/tmp/brokerpush-state-XXXXXX");
	return mkdtemp(directory) ? 0 : -1;
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

// What is in the directory: names in order, with a blank between them. To be freed.
static char *names(void)
{
	struct buf all = buf_new(UNIT_LIMIT);
	struct dirent **entries;
	int n = scandir(directory, &entries, is_entry, alphasort);

	for (int i = 0; i < n; i++) {
		buf_addf(&all, "%s%s", i ? " " : "", entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	buf_add_byte(&all, '\0');
	return all.ptr;
}

static void check_names(const char *row, const char *wanted)
{
	char *got = names();

	check_str(row, str_of(got), str_of(wanted));
	free(got);
}

static void empty_directory(void)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, is_entry, alphasort);

	for (int i = 0; i < n; i++) {
		remove(in_directory(entries[i]->d_name));
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static int remove_directory(void **state)
{
	(void)state;
	empty_directory();
	return remove(directory);
}

static void put_file(const char *path, struct str bytes)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	fclose(file);
}

// To be freed; empty if there is no such file.
static struct buf get_file(const char *path)
{
	struct buf bytes = buf_new(UNIT_LIMIT);
	FILE *file = fopen(path, "rb");

	for (int c; file && (c = fgetc(file)) != EOF;)
		buf_add_byte(&bytes, (char)c);
	if (file)
		fclose(file);
	return bytes;
}

static void check_file(const char *row, const char *path, struct str wanted)
{
	struct buf got = get_file(path);

	check_str(row, buf_str(&got), wanted);
	buf_free(&got);
}

static ino_t inode_of(const char *path)
{
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	return status.st_ino;
}

// Agents

struct agent {
	struct fake_config fake;
	struct tally *tally;
	struct state_file *file;
};

static void prepare(struct agent *agent)
{
	*agent = (struct agent){ 0 };
	agent->fake.config.path = STR("/etc/brokerpush/agent.conf");
	agent->fake.config.state_dir = str_of(directory);
	fake_add(&agent->fake, STR("plain"), &forgetful_type);
	fake_add(&agent->fake, STR("clients"), &fake_type);
	agent->tally = tally_new(&agent->fake.config);
}

static void start(struct agent *agent)
{
	prepare(agent);
	agent->file = state_file_open(agent->tally);
}

static void stop(struct agent *agent)
{
	state_file_free(agent->file);
	tally_free(agent->tally);
}

static void save(struct agent *agent, const char *lines)
{
	fake_remember(agent->tally, 1, str_of(lines));
	state_file_save(agent->file);
}

static struct str memory(const struct agent *agent)
{
	return buf_str(&fake_of(agent->tally, 1)->lines);
}

// What a start finds; to be freed.
static void check_remembered(const char *row, const char *wanted)
{
	struct agent agent;

	prepare(&agent);
	state_file_read(agent.tally);
	check_str(row, memory(&agent), str_of(wanted));
	stop(&agent);
}

// The log

static FILE *log_file;
static int old_stderr;

static void start_listening(void)
{
	log_file = tmpfile();
	old_stderr = dup(STDERR_FILENO);
	assert_non_null(log_file);
	assert_true(dup2(fileno(log_file), STDERR_FILENO) >= 0);
}

// What was logged since; in a place that the next call uses again.
static const char *stop_listening(void)
{
	static char text[65536];

	dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	rewind(log_file);
	text[fread(text, 1, sizeof(text) - 1, log_file)] = '\0';
	fclose(log_file);
	return text;
}

static size_t count(const char *text, const char *what)
{
	size_t n = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		n++;
	}
	return n;
}

// Saving and reading

static void what_was_saved_is_there_at_the_next_start(void **state)
{
	struct agent agent;
	struct stat status;

	(void)state;
	start(&agent);
	check_str("first start", memory(&agent), STR(""));
	check_names("first start", "");
	save(&agent, LINES);
	stop(&agent);
	check_names("saved", "agent.state");
	assert_int_equal(stat(state_path(), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	start(&agent);
	check_str("second start", memory(&agent), STR(LINES));
	const struct source_past *past = &fake_of(agent.tally, 1)->past;
	assert_true(past->saved_ns > 0 && past->saved_ns <= past->wall_ns && past->now_ns > 0);
	stop(&agent);
	check_names("second start", "agent.state");
}

// Not under another name, nor with another way of packing: people look into it by zcat.
static void the_file_is_the_text_packed_by_gzip(void **state)
{
	struct agent agent;
	struct err err = { 0 };
	struct buf text = buf_new(UNIT_LIMIT);

	(void)state;
	start(&agent);
	save(&agent, LINES);
	struct buf bytes = get_file(state_path());
	assert_true(gzip_unpack(buf_str(&bytes), &text, &err));
	assert_true(str_starts_with(buf_str(&text), STR("{\"brokerpush_state\":1,")));
	assert_true(str_ends_with(buf_str(&text), STR("\n" LINES "{\"end\":4}\n")));
	buf_free(&bytes);
	buf_free(&text);
	stop(&agent);
}

static void what_is_unchanged_is_not_written_again(void **state)
{
	struct agent agent;

	(void)state;
	start(&agent);
	save(&agent, LINES);
	ino_t first = inode_of(state_path());
	save(&agent, LINES);
	assert_int_equal(inode_of(state_path()), first);
	save(&agent, "{}\n");
	assert_int_not_equal(inode_of(state_path()), first);
	stop(&agent);
	check_remembered("changed", "{}\n");
}

static void the_name_is_that_of_the_configuration(void **state)
{
	static const struct {
		const char *path, *name;
	} rows[] = {
		{ "/etc/brokerpush/brokerpush.conf", "brokerpush.state" },
		{ "brokerpush.conf", "brokerpush.state" },
		{ "./a.b/site.cfg", "site.cfg.state" },
		{ "/a.conf/b.conf.conf", "b.conf.state" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct agent agent;

		prepare(&agent);
		agent.fake.config.path = str_of(rows[i].path);
		agent.file = state_file_open(agent.tally);
		save(&agent, LINES);
		stop(&agent);
		check_names(rows[i].path, rows[i].name);
		empty_directory();
	}
}

static void without_a_source_that_saves_nothing_is_touched(void **state)
{
	struct agent agent = { 0 };

	(void)state;
	agent.fake.config.path = STR("/etc/brokerpush/agent.conf");
	agent.fake.config.state_dir = str_of(directory);
	put_file(state_path(), STR("damaged"));
	fake_add(&agent.fake, STR("plain"), &forgetful_type);
	agent.tally = tally_new(&agent.fake.config);
	start_listening();
	agent.file = state_file_open(agent.tally);
	state_file_save(agent.file);
	state_file_read(agent.tally);
	assert_string_equal(stop_listening(), "");
	assert_null(agent.file);
	stop(&agent);
	check_file("untouched", state_path(), STR("damaged"));
}

// Files that are not as they should be

// Either all is there, or nothing is, and the file stands aside.
static void check_bad_bytes(const char *row, struct str bytes, bool may_be_good)
{
	struct agent agent;

	empty_directory();
	put_file(state_path(), bytes);
	start_listening();
	start(&agent);
	const char *log = stop_listening();
	if (may_be_good && str_eq(memory(&agent), STR(LINES))) {
		check_names(row, "agent.state");
	} else {
		check_str(row, memory(&agent), STR(""));
		check_names(row, "agent.state.damaged");
		check_file(row, in_directory("agent.state.damaged"), bytes);
		CHECK_ROW(row, count(log, "level=warn") == 1);
		CHECK_ROW(row, strstr(log, "was damaged and is set aside"));
		CHECK_ROW(row, strstr(log, in_directory("agent.state.damaged")));
	}
	stop(&agent);
}

static struct buf good_file(void)
{
	struct agent agent;

	start(&agent);
	save(&agent, LINES);
	stop(&agent);
	return get_file(state_path());
}

static void any_byte_may_be_wrong(void **state)
{
	static const char flips[] = { 1, 0x20, (char)0x80, (char)0xff };
	struct buf bytes = good_file();
	size_t n_damaged = 0;

	(void)state;
	for (size_t i = 0; i < bytes.len * ARRAY_LEN(flips); i++) {
		size_t at = i / ARRAY_LEN(flips);
		char row[64];

		snprintf(row, sizeof(row), "byte %zu, flip %zu", at, i % ARRAY_LEN(flips));
		bytes.ptr[at] ^= flips[i % ARRAY_LEN(flips)];
		check_bad_bytes(row, buf_str(&bytes), true);
		bytes.ptr[at] ^= flips[i % ARRAY_LEN(flips)];
		n_damaged += access(state_path(), F_OK) != 0;
	}
	// Only the time, the way of packing and the system in gzip's head have no checksum.
	assert_true(n_damaged >= (bytes.len - 10) * ARRAY_LEN(flips));
	buf_free(&bytes);
}

static void it_may_be_cut_off_anywhere(void **state)
{
	struct buf bytes = good_file();

	(void)state;
	assert_true(bytes.len > 50);
	for (size_t len = 0; len < bytes.len; len++) {
		char row[64];

		snprintf(row, sizeof(row), "%zu bytes", len);
		check_bad_bytes(row, (struct str){ bytes.ptr, len }, false);
	}
	buf_free(&bytes);
}

static struct buf packed(struct str text)
{
	struct buf bytes = buf_new(UNIT_LIMIT);

	assert_true(gzip_add(&bytes, text));
	return bytes;
}

static void foreign_files_are_set_aside(void **state)
{
	static const char *const texts[] = { "hello\n", "", "{}\n", "[1]\n",
		"{\"brokerpush_state\":1,\"saved_at_ns\":5}\n{\"end\":2}\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf bytes = packed(str_of(texts[i]));

		check_bad_bytes(texts[i], buf_str(&bytes), false);
		check_bad_bytes(texts[i], str_of(texts[i]), false);
		buf_free(&bytes);
	}
}

// A file of a fraction of a megabyte that unpacks to more than anything may.
static void a_bomb_does_not_go_off(void **state)
{
	struct buf zeros = buf_new(MIB(1)), bytes = buf_new(UNIT_LIMIT);

	(void)state;
	buf_reserve(&zeros, MIB(1));
	memset(zeros.ptr, 0, MIB(1));
	zeros.len = MIB(1);
	struct buf one = packed(buf_str(&zeros));
	for (size_t n = 0; n <= STATE_LARGEST / MIB(1); n++)
		buf_add(&bytes, buf_str(&one));
	check_bad_bytes("bomb", buf_str(&bytes), false);
	buf_free(&one);
	buf_free(&zeros);
	buf_free(&bytes);
}

static void a_file_beyond_all_measure_is_set_aside(void **state)
{
	struct agent agent;

	(void)state;
	put_file(state_path(), STR(""));
	assert_int_equal(truncate(state_path(), MIB(64) + 1), 0);
	start_listening();
	start(&agent);
	assert_non_null(strstr(stop_listening(), "it is larger than 67108864 bytes"));
	stop(&agent);
	check_names("set aside", "agent.state.damaged");
}

static void of_damaged_files_the_last_one_is_kept(void **state)
{
	struct agent agent;

	(void)state;
	put_file(in_directory("agent.state.damaged"), STR("first"));
	put_file(state_path(), STR("second"));
	start(&agent);
	check_file("set aside", in_directory("agent.state.damaged"), STR("second"));
	save(&agent, LINES);
	stop(&agent);
	check_names("saved", "agent.state agent.state.damaged");
	check_remembered("saved", LINES);
}

static void a_newer_version_is_set_aside_whole(void **state)
{
	struct buf bytes = packed(STR("{\"brokerpush_state\":2,\"saved\":\"other\"}\nwhatever"));
	struct agent agent;
	char *all, *blank;

	(void)state;
	put_file(state_path(), buf_str(&bytes));
	start_listening();
	start(&agent);
	assert_non_null(strstr(stop_listening(), "is from a newer version and is set aside"));
	check_str("memory", memory(&agent), STR(""));
	save(&agent, LINES);
	stop(&agent);
	check_remembered("saved", LINES);
	all = names();
	assert_true(str_starts_with(str_of(all), STR("agent.state agent.state.version-2-20")));
	blank = strchr(all, ' ');
	assert_null(strchr(blank + 1, ' '));
	check_file("set aside", in_directory(blank + 1), buf_str(&bytes));
	free(all);
	buf_free(&bytes);
}

static void what_cannot_be_set_aside_is_not_written_over(void **state)
{
	struct agent agent;

	(void)state;
	put_file(state_path(), STR("damaged"));
	assert_int_equal(mkdir(in_directory("agent.state.damaged"), 0700), 0);
	start_listening();
	start(&agent);
	save(&agent, LINES);
	assert_int_equal(count(stop_listening(), "level=warn"), 1);
	stop(&agent);
	check_file("left alone", state_path(), STR("damaged"));
}

static void what_is_no_file_is_left_alone(void **state)
{
	static const char *const kinds[] = { "a directory", "a link", "a FIFO" };
	const char *target = in_directory("target");
	struct buf bytes = good_file();

	(void)state;
	put_file(target, buf_str(&bytes));
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct agent agent;

		remove(state_path());
		assert_int_equal(i == 0	  ? mkdir(state_path(), 0700)
				 : i == 1 ? symlink(target, state_path())
					  : mkfifo(state_path(), 0600),
			0);
		ino_t before = inode_of(state_path());
		start_listening();
		start(&agent);
		save(&agent, LINES);
		const char *log = stop_listening();
		CHECK_ROW(kinds[i], count(log, "level=warn") == 1);
		CHECK_ROW(kinds[i], strstr(log, "it is left alone, and nothing is saved"));
		check_str(kinds[i], memory(&agent), STR(LINES)); // its own
		stop(&agent);
		CHECK_ROW(kinds[i], inode_of(state_path()) == before);
		check_names(kinds[i], "agent.state target");
		check_file(kinds[i], target, buf_str(&bytes));
	}
	buf_free(&bytes);
}

// Reading only

static void a_single_cycle_reads_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "damaged", "{\"brokerpush_state\":2}\n" };
	struct agent agent;

	(void)state;
	check_remembered("no file", "");
	check_names("no file", "");
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf bytes = packed(str_of(texts[i]));

		put_file(state_path(), buf_str(&bytes));
		start_listening();
		check_remembered(texts[i], "");
		const char *log = stop_listening();
		CHECK_ROW(texts[i], count(log, "level=warn") == 1);
		CHECK_ROW(texts[i], strstr(log, "sources begin anew"));
		check_names(texts[i], "agent.state");
		check_file(texts[i], state_path(), buf_str(&bytes));
		buf_free(&bytes);
	}
	empty_directory();
	start(&agent);
	save(&agent, LINES);
	check_remembered("beside a daemon", LINES);
	save(&agent, "{}\n");
	check_remembered("beside a daemon that writes", "{}\n");
	stop(&agent);
}

static void a_single_cycle_makes_no_directory(void **state)
{
	struct agent agent;

	(void)state;
	prepare(&agent);
	agent.fake.config.state_dir = str_of(in_directory("missing"));
	start_listening();
	state_file_read(agent.tally);
	assert_string_equal(stop_listening(), "");
	stop(&agent);
	check_names("untouched", "");
}

// Writing that fails

static void a_missing_directory_is_made(void **state)
{
	const char *path = in_directory("missing");
	struct agent agent;
	struct stat status;

	(void)state;
	prepare(&agent);
	agent.fake.config.state_dir = str_of(path);
	agent.file = state_file_open(agent.tally);
	start_listening();
	save(&agent, LINES);
	assert_string_equal(stop_listening(), "");
	stop(&agent);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777 & ~0750, 0);
	assert_int_equal(stat(in_directory("missing/agent.state"), &status), 0);
	remove(in_directory("missing/agent.state"));
}

static void a_failure_is_told_when_it_begins_and_when_it_ends(void **state)
{
	const char *path = in_directory("in the way");
	struct agent agent;

	(void)state;
	put_file(path, STR("a file"));
	prepare(&agent);
	agent.fake.config.state_dir = str_of(path);
	start_listening();
	agent.file = state_file_open(agent.tally);
	for (int i = 0; i < 3; i++)
		save(&agent, LINES);
	const char *log = stop_listening();
	assert_int_equal(count(log, "\n"), 1);
	assert_int_equal(count(log, "level=warn msg=\"the state file cannot be written"), 1);
	assert_non_null(strstr(log, "in the way/agent.state"));
	assert_non_null(strstr(log, "Not a directory; make that directory, or set state_dir"));
	remove(path);
	start_listening();
	save(&agent, LINES);
	save(&agent, LINES);
	log = stop_listening();
	assert_int_equal(count(log, "\n"), 1);
	assert_int_equal(count(log, "level=info msg=\"the state file is written again\""), 1);
	assert_non_null(strstr(log, "failures=3"));
	stop(&agent);
	remove(in_directory("in the way/agent.state"));
}

// Text that gzip cannot make smaller than a few hundred kilobytes.
static struct buf noise(void)
{
	struct buf text = buf_new(UNIT_LIMIT);
	uint64_t x = 1;

	for (int i = 0; i < 16384; i++) {
		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		buf_addf(&text, "{\"%016llx\":1}\n", (unsigned long long)x);
	}
	buf_add_byte(&text, '\0');
	return text;
}

// In place of a disk that is full: files may not grow beyond 64 KiB.
static void save_on_a_full_disk(struct agent *agent, const char *lines)
{
	struct rlimit old, small;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){ KIB(64), old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	save(agent, lines);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
}

static void a_write_that_fails_leaves_the_old_file(void **state)
{
	struct buf lines = noise();
	struct agent agent;

	(void)state;
	start(&agent);
	save_on_a_full_disk(&agent, lines.ptr);
	check_names("no file before", "");
	save(&agent, LINES);
	save_on_a_full_disk(&agent, lines.ptr);
	check_names("a file before", "agent.state");
	check_remembered("a file before", LINES);
	save(&agent, lines.ptr);
	check_remembered("room again", lines.ptr);
	stop(&agent);
	buf_free(&lines);
}

static void a_link_in_the_place_of_the_new_file_is_not_followed(void **state)
{
	const char *victim = in_directory("victim"), *new_path = in_directory("agent.state.new");
	struct agent agent;

	(void)state;
	put_file(victim, STR("mine"));
	assert_int_equal(symlink(victim, new_path), 0);
	start(&agent);
	save(&agent, LINES);
	stop(&agent);
	check_file("victim", victim, STR("mine"));
	check_names("saved", "agent.state victim");
	check_remembered("saved", LINES);
}

static void what_a_killed_agent_left_is_replaced(void **state)
{
	struct agent agent;

	(void)state;
	put_file(in_directory("agent.state.new"), STR("half of it"));
	start(&agent);
	save(&agent, LINES);
	stop(&agent);
	check_names("saved", "agent.state");
	check_remembered("saved", LINES);
}

static void a_file_that_was_removed_comes_back(void **state)
{
	struct agent agent, second;

	(void)state;
	start(&agent);
	save(&agent, LINES);
	remove(state_path());
	save(&agent, "{}\n");
	check_remembered("written", "{}\n");
	start(&second);
	check_str("still locked", memory(&second), STR(""));
	stop(&second);
	stop(&agent);
}

// Two agents

static void a_second_agent_neither_reads_nor_writes(void **state)
{
	struct agent first, second;

	(void)state;
	start(&first);
	save(&first, "{\"first\":1}\n");
	save(&first, "{\"first\":2}\n"); // the lock goes along to another file
	start_listening();
	start(&second);
	save(&second, "{\"second\":1}\n");
	save(&second, "{\"second\":2}\n");
	const char *log = stop_listening();
	assert_int_equal(count(log, "\n"), 1);
	assert_int_equal(count(log, "level=warn msg=\"another brokerpush uses the state file"), 1);
	check_remembered("both run", "{\"first\":2}\n");
	stop(&first);
	save(&second, "{\"second\":3}\n"); // the first may come back
	stop(&second);
	check_remembered("both ended", "{\"first\":2}\n");
	start(&second);
	check_str("after both", memory(&second), STR("{\"first\":2}\n"));
	stop(&second);
}

static void of_two_first_starts_one_gets_the_file(void **state)
{
	struct agent first, second;

	(void)state;
	start(&first);
	start(&second);
	save(&second, "{\"second\":1}\n");
	start_listening();
	save(&first, "{\"first\":1}\n");
	assert_int_equal(count(stop_listening(), "another brokerpush uses the state file"), 1);
	stop(&first);
	save(&second, "{\"second\":2}\n");
	stop(&second);
	check_remembered("both ended", "{\"second\":2}\n");
	check_names("both ended", "agent.state");
}

// In a cycle

static bool was_saved;

static struct http_request encode(const struct sink_conf *conf, const struct sink_state *state,
	struct key key, struct str body, struct arena *arena)
{
	was_saved = access(state_path(), F_OK) == 0;
	return sink_pushgateway.encode(conf, state, key, body, arena);
}

static void on_done(void *arg, struct cycle *cycle)
{
	(void)cycle;
	event_base_loopbreak(arg);
}

// A sink that nobody listens for.
static void add_sink(struct agent *agent, struct sink_type *type, struct sink_conf *conf,
	struct sink_conf **list, const struct template **templates)
{
	struct config *config = &agent->fake.config;
	struct err err = { 0 };

	*type = sink_pushgateway;
	type->encode = encode;
	*conf = (struct sink_conf){ .name = STR("gateway"), .type = type };
	conf->http.url = STR("http://localhost:1");
	conf->http.unix_socket = str_of(in_directory("nobody"));
	conf->own = arena_alloc(&config->arena, type->conf_size);
	*list = conf;
	config->sinks = list;
	config->n_sinks = 1;
	for (size_t i = 0; i < config->n_sources; i++)
		templates[i] = template_parse(&config->arena, STR("job"), &err);
	config->templates = templates;
}

static void run_cycle(struct agent *agent, bool is_cut_short)
{
	struct event_base *base = event_base_new();
	bool all[FAKE_MOST] = { true, true, true, true };
	struct cycle_env env = { .config = &agent->fake.config,
		.selection = { all, all, { NULL, 0 } },
		.tally = agent->tally,
		.state_file = agent->file,
		.http = http_new(base),
		.push = true,
		.shows = true };
	struct cycle *cycle = cycle_new(&env, on_done, base);

	if (is_cut_short)
		cycle_stop(cycle);
	cycle_start(cycle);
	if (!is_cut_short)
		event_base_dispatch(base);
	cycle_free(cycle);
	http_free(env.http);
	event_base_free(base);
}

static void a_cycle_saves_before_it_pushes(void **state)
{
	const struct template *templates[FAKE_MOST];
	struct sink_conf conf, *list;
	struct sink_type type;
	struct agent agent;

	(void)state;
	prepare(&agent);
	add_sink(&agent, &type, &conf, &list, templates);
	tally_free(agent.tally);
	agent.tally = tally_new(&agent.fake.config);
	agent.file = state_file_open(agent.tally);
	fake_remember(agent.tally, 1, STR(LINES));
	run_cycle(&agent, true);
	check_names("cut short", "");
	was_saved = false;
	run_cycle(&agent, false);
	assert_true(was_saved);
	stop(&agent);
	arena_free(&agent.fake.config.arena);
	check_remembered("a whole cycle", LINES);
}

#define IN_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, make_directory, remove_directory)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIRECTORY(what_was_saved_is_there_at_the_next_start),
		IN_DIRECTORY(the_file_is_the_text_packed_by_gzip),
		IN_DIRECTORY(what_is_unchanged_is_not_written_again),
		IN_DIRECTORY(the_name_is_that_of_the_configuration),
		IN_DIRECTORY(without_a_source_that_saves_nothing_is_touched),
		IN_DIRECTORY(any_byte_may_be_wrong),
		IN_DIRECTORY(it_may_be_cut_off_anywhere),
		IN_DIRECTORY(foreign_files_are_set_aside),
		IN_DIRECTORY(a_bomb_does_not_go_off),
		IN_DIRECTORY(a_file_beyond_all_measure_is_set_aside),
		IN_DIRECTORY(of_damaged_files_the_last_one_is_kept),
		IN_DIRECTORY(a_newer_version_is_set_aside_whole),
		IN_DIRECTORY(what_cannot_be_set_aside_is_not_written_over),
		IN_DIRECTORY(what_is_no_file_is_left_alone),
		IN_DIRECTORY(a_single_cycle_reads_and_changes_nothing),
		IN_DIRECTORY(a_single_cycle_makes_no_directory),
		IN_DIRECTORY(a_missing_directory_is_made),
		IN_DIRECTORY(a_failure_is_told_when_it_begins_and_when_it_ends),
		IN_DIRECTORY(a_write_that_fails_leaves_the_old_file),
		IN_DIRECTORY(a_link_in_the_place_of_the_new_file_is_not_followed),
		IN_DIRECTORY(what_a_killed_agent_left_is_replaced),
		IN_DIRECTORY(a_file_that_was_removed_comes_back),
		IN_DIRECTORY(a_second_agent_neither_reads_nor_writes),
		IN_DIRECTORY(of_two_first_starts_one_gets_the_file),
		IN_DIRECTORY(a_cycle_saves_before_it_pushes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
