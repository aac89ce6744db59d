// SPDX-License-Identifier: Apache-2.0
// Not by pcre2_pattern_convert: where no separator is special, it makes [^sa-z] of [!a-z] in all releases
// up to 10.48.
#include "base/glob.h"

#include <string.h>

// Segments are what stands between two stars.
struct glob {
	struct str text;
	size_t at;	    // where reading goes on
	struct buf *regex;  // of all segments before
	struct buf segment; // what the current one becomes
	bool has_star;	    // the current segment follows a star
	struct err *err;
};

static bool fault(struct glob *glob, size_t at, const char *why)
{
	err_set(glob->err, ERR_INVALID, at, "no glob: %s, after %zu bytes", why, at);
	return false;
}

// 1. Characters

static bool has_ended(const struct glob *glob)
{
	return glob->at == glob->text.len;
}

// Whether the byte that comes next, or that many behind it, is this one.
static bool comes(const struct glob *glob, size_t ahead, char byte)
{
	size_t at = glob->at + ahead;

	return at < glob->text.len && glob->text.ptr[at] == byte;
}

static bool accept(struct glob *glob, char byte)
{
	bool is_there = comes(glob, 0, byte);

	glob->at += is_there;
	return is_there;
}

// Takes a character, or the one that a \ stands before.
static bool take_character(struct glob *glob, struct str *character)
{
	size_t start = glob->at;

	accept(glob, '\\');
	if (has_ended(glob))
		return fault(glob, start, "a \\ with nothing behind it");
	character->ptr = glob->text.ptr + glob->at;
	character->len = str_utf8_front((struct str){ character->ptr, glob->text.len - glob->at });
	if (character->len == 0)
		return fault(glob, glob->at, "invalid UTF-8");
	glob->at += character->len;
	return true;
}

static bool is_letter_or_digit(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// One that stands for itself, within a set or not.
static void add_character(struct glob *glob, struct str character)
{
	if (character.len == 1 && !is_letter_or_digit(character.ptr[0]))
		buf_add_byte(&glob->segment, '\\');
	buf_add(&glob->segment, character);
}

// 2. Sets

static bool starts_class(const struct glob *glob)
{
	return comes(glob, 0, '[') &&
	       (comes(glob, 1, ':') || comes(glob, 1, '.') || comes(glob, 1, '='));
}

// UTF-8 keeps the order of the characters.
static bool is_ascending(struct str first, struct str last)
{
	return memcmp(first.ptr, last.ptr, first.len < last.len ? first.len : last.len) <= 0;
}

// A character of a set, or a range of them.
static bool convert_member(struct glob *glob)
{
	size_t start = glob->at;
	struct str first, last;

	if (starts_class(glob))
		return fault(glob, start, "classes such as [:alpha:] are not known");
	if (!take_character(glob, &first))
		return false;
	add_character(glob, first);
	if (!comes(glob, 0, '-') || comes(glob, 1, ']') || glob->at + 1 == glob->text.len)
		return true;
	glob->at++;
	if (!take_character(glob, &last))
		return false;
	if (!is_ascending(first, last))
		return fault(glob, start, "a range that ends before its start");
	buf_add_byte(&glob->segment, '-');
	add_character(glob, last);
	return true;
}

// Behind its [. A ] that comes first is a member.
static bool convert_set(struct glob *glob)
{
	size_t start = glob->at - 1;

	buf_add_byte(&glob->segment, '[');
	if (accept(glob, '!') || accept(glob, '^'))
		buf_add_byte(&glob->segment, '^');
	do {
		if (has_ended(glob))
			return fault(glob, start, "a [ without its ]");
		if (!convert_member(glob))
			return false;
	} while (!accept(glob, ']'));
	buf_add_byte(&glob->segment, ']');
	return true;
}

// 3. Segments

// Of the places where a segment may match, the first is as good as any if another star follows: so it is
// atomic, and nothing is tried twice.
static void end_segment(struct glob *glob, bool is_last)
{
	struct str segment = buf_str(&glob->segment);

	if (!glob->has_star) {
		buf_add(glob->regex, segment);
	} else if (is_last) {
		buf_add(glob->regex, STR(".*"));
		buf_add(glob->regex, segment);
	} else if (segment.len) {
		buf_add(glob->regex, STR("(?>.*?"));
		buf_add(glob->regex, segment);
		buf_add_byte(glob->regex, ')');
	}
	glob->segment.len = 0;
}

static bool convert_next(struct glob *glob)
{
	struct str character;

	if (accept(glob, '[')) {
		return convert_set(glob);
	} else if (accept(glob, '*')) {
		end_segment(glob, false);
		glob->has_star = true;
	} else if (accept(glob, '?')) {
		buf_add_byte(&glob->segment, '.');
	} else {
		if (!take_character(glob, &character))
			return false;
		add_character(glob, character);
	}
	return true;
}

bool glob_to_regex(struct str text, struct buf *regex, struct err *err)
{
	struct glob glob = { .text = text, .regex = regex, .err = err };
	bool good = true;

	glob.segment = buf_new(GLOB_GROWTH * (text.len + 1));
	while (good && !has_ended(&glob))
		good = convert_next(&glob);
	if (good)
		end_segment(&glob, true);
	buf_free(&glob.segment);
	return good;
}
