// SPDX-License-Identifier: Apache-2.0
// A state file's text of any content is refused with an error, or gives each of its lines to at most one source,
// once and as it is. What the sources hold then is written, and gives the same again.
//
// Input: the text, without its packing
#include "fuzz.h"

#include "../unit/state_fake.h"
#include "agent/state_text.h"

#include <string.h>

// Their names in seeds and dictionary: a and b of one type, c of another.
static void add_sources(struct fake_config *fake)
{
	fake_add(fake, STR("a"), &fake_type);
	fake_add(fake, STR("b"), &fake_type);
	fake_add(fake, STR("c"), &other_type);
	fake_add(fake, STR("plain"), &forgetful_type);
}

static size_t n_remembered(const struct tally *tally)
{
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		n += fake_of(tally, i)->lines.len;
	return n;
}

static void check_lines(const struct tally *tally, struct str text)
{
	FUZZ_CHECK(n_remembered(tally) <= text.len, "more lines than there are");
	for (size_t i = 0; i < 3; i++) {
		struct str rest = buf_str(&fake_of(tally, i)->lines), line;

		while (str_cut(rest, '\n', &line, &rest))
			FUZZ_CHECK(!line.len || memmem(text.ptr, text.len, line.ptr, line.len),
				"a line that is not in the text: %.*s", STR_ARG(line));
	}
}

// False: the text is not good.
static bool load(struct str text, struct tally *tally, struct state_head *head)
{
	struct err err = { 0 };
	struct source_past past = { 0 };
	enum state_verdict verdict = state_text_check(text, head, &err);

	if (verdict == STATE_DAMAGED) {
		fuzz_check_err(&err);
		return false;
	}
	FUZZ_CHECK(err.kind == ERR_NONE, "an error: %s", err.text);
	FUZZ_CHECK((verdict == STATE_NEWER) == (head->format > STATE_FORMAT), "another version");
	if (verdict == STATE_NEWER)
		return false;
	past.saved_ns = head->saved_ns;
	state_text_load(text, tally, &past);
	check_lines(tally, text);
	return true;
}

static void check_again(const struct tally *tally, const struct config *config, int64_t saved_ns)
{
	struct tally *second = tally_new(config);
	struct buf text = buf_new(FAKE_LIMIT);
	struct state_head head;

	state_text_write(&text, tally, saved_ns);
	FUZZ_CHECK(load(buf_str(&text), second, &head), "what is written is not good: %.*s",
		STR_ARG(buf_str(&text)));
	FUZZ_CHECK(head.saved_ns == saved_ns, "another time");
	for (size_t i = 0; i < 3; i++)
		FUZZ_CHECK(str_eq(buf_str(&fake_of(tally, i)->lines),
				   buf_str(&fake_of(second, i)->lines)),
			"other lines of source %zu", i);
	tally_free(second);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = fuzz_copy((struct str){ (const char *)data, size });
	struct fake_config fake = { 0 };
	struct state_head head = { 0 };

	log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	add_sources(&fake);
	struct tally *tally = tally_new(&fake.config);
	if (load((struct str){ copy, size }, tally, &head))
		check_again(tally, &fake.config, head.saved_ns);
	tally_free(tally);
	free(copy);
	return 0;
}
