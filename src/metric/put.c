// SPDX-License-Identifier: Apache-2.0
#include "metric/put.h"

#include "base/number.h"
#include "metric/label.h"
#include "metric/write.h"

#include <inttypes.h>

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

struct sample *put_sample(struct metric_set *set, struct family *family, const struct pair *labels,
	size_t n_labels, struct str value)
{
	struct buf text = buf_new(WRITE_LONGEST_LINE);
	struct sample *sample = NULL;

	for (size_t i = 0; i < n_labels; i++)
		if (labels[i].value.len)
			write_label(&text, labels[i].name, labels[i].value);
	if (!text.failed) {
		sample = metric_add_sample(set, family);
		sample->labels = arena_copy(set->arena, buf_str(&text));
		label_identify(sample->labels, &sample->fingerprint, &sample->label_names);
		sample->value = value;
	}
	buf_free(&text);
	return sample;
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
	return arena_printf(arena, "%" PRId64, value);
}
