// SPDX-License-Identifier: Apache-2.0
#include "metric/put.h"

#include "base/number.h"
#include "metric/label.h"
#include "metric/write.h"

#include <string.h>

struct family *put_family(
	struct metric_set *set, struct str name, enum metric_type type, struct str help)
{
	struct family *family = metric_family(set, name);

	family->type = type;
	family->typed = true;
	if (family->help.len == 0)
		family->help = help;
	return family;
}

struct put_labels put_labels(struct arena *arena, const struct pair *labels, size_t n)
{
	struct buf text = buf_new(WRITE_LONGEST_LINE);
	struct put_labels made = { 0 };

	for (size_t i = 0; i < n; i++)
		if (labels[i].value.len)
			write_label(&text, labels[i].name, labels[i].value);
	made.is_too_long = text.failed;
	if (!text.failed) {
		made.text = arena_copy(arena, buf_str(&text));
		label_identify(made.text, &made.fingerprint, &made.names);
	}
	buf_free(&text);
	return made;
}

static struct str join(struct arena *arena, struct str a, struct str b)
{
	if (a.len == 0 || b.len == 0)
		return a.len ? a : b;
	char *text = arena_alloc(arena, a.len + 1 + b.len);

	memcpy(text, a.ptr, a.len);
	text[a.len] = ',';
	memcpy(text + a.len + 1, b.ptr, b.len);
	return (struct str){ text, a.len + 1 + b.len };
}

struct sample *put_labelled(struct metric_set *set, struct family *family,
	const struct put_labels *front, const struct put_labels *back, struct str value)
{
	static const struct put_labels none;

	back = back ? back : &none;
	if (front->is_too_long || back->is_too_long ||
		front->text.len + back->text.len >= WRITE_LONGEST_LINE)
		return NULL;
	struct sample *sample = metric_add_sample(set, family);
	sample->labels = join(set->arena, front->text, back->text);
	sample->fingerprint = front->fingerprint + back->fingerprint;
	sample->label_names = front->names | back->names;
	sample->value = value;
	return sample;
}

struct sample *put_sample(struct metric_set *set, struct family *family, const struct pair *labels,
	size_t n_labels, struct str value)
{
	struct put_labels all = put_labels(set->arena, labels, n_labels);

	return put_labelled(set, family, &all, NULL, value);
}

struct str put_real(struct arena *arena, double value)
{
	struct buf text = buf_new(KIB(1));

	number_write(&text, value);
	struct str copy = arena_copy(arena, buf_str(&text));
	buf_free(&text);
	return copy;
}

struct str put_integer(struct arena *arena, int64_t value)
{
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	char text[20];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		text[--at] = '-';
	return arena_copy(arena, (struct str){ text + at, sizeof(text) - at });
}
