// SPDX-License-Identifier: Apache-2.0
#include "metric/write.h"

#include <string.h>

void write_escaped(struct buf *out, struct str raw, bool quotes)
{
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];

		if (c == '\n')
			buf_add(out, STR("\\n"));
		else if (c == '\\')
			buf_add(out, STR("\\\\"));
		else if (c == '"' && quotes)
			buf_add(out, STR("\\\""));
		else
			buf_add_byte(out, c);
	}
}

void write_label(struct buf *out, struct str name, struct str value)
{
	if (out->len)
		buf_add_byte(out, ',');
	buf_add(out, name);
	buf_add(out, STR("=\""));
	write_escaped(out, value, true);
	buf_add_byte(out, '"');
}

static void write_metadata(struct buf *out, const struct family *family)
{
	if (family->help.len) {
		buf_add(out, STR("# HELP "));
		buf_add(out, family->name);
		buf_add_byte(out, ' ');
		buf_add(out, family->help);
		buf_add_byte(out, '\n');
	}
	buf_add(out, STR("# TYPE "));
	buf_add(out, family->name);
	buf_add_byte(out, ' ');
	buf_add(out, metric_type_names[family->type]);
	buf_add_byte(out, '\n');
}

static char *put(char *p, struct str text)
{
	if (text.len)
		memcpy(p, text.ptr, text.len);
	return p + text.len;
}

// The inner loop of every cycle: one reservation for the line, then plain copies.
static void write_sample(
	struct buf *out, struct str name, const struct sample *sample, struct str added)
{
	struct str suffix = sample_suffix_texts[sample->suffix];
	size_t longest = name.len + suffix.len + sample->labels.len + added.len +
			 sample->value.len + strlen("{,} \n");

	if (longest > out->capacity - out->len)
		buf_reserve(out, longest);
	if (out->failed)
		return;
	char *p = put(put(out->ptr + out->len, name), suffix);
	if (sample->labels.len || added.len) {
		*p++ = '{';
		p = put(p, sample->labels);
		if (sample->labels.len && added.len)
			*p++ = ',';
		p = put(p, added);
		*p++ = '}';
	}
	*p++ = ' ';
	p = put(p, sample->value);
	*p++ = '\n';
	out->len = (size_t)(p - out->ptr);
}

void write_set(struct buf *out, const struct metric_set *set, const struct str *added)
{
	for (const struct family *family = set->first; family; family = family->next) {
		if (!family->first)
			continue;
		write_metadata(out, family);
		for (const struct sample *s = family->first; s; s = s->next)
			write_sample(
				out, family->name, s, s->complete ? STR("") : added[s->source]);
	}
}
