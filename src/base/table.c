// SPDX-License-Identifier: Apache-2.0
#include "base/table.h"

void table_add_row(struct table *table, const struct table_cell *cells)
{
	struct table_cell *copies = arena_array(table->arena, struct table_cell, table->n_columns);
	struct table_row *row = arena_new(table->arena, struct table_row);

	for (size_t i = 0; i < table->n_columns; i++) {
		copies[i] = cells[i];
		copies[i].text = arena_copy(table->arena, cells[i].text);
	}
	row->cells = copies;
	if (table->last)
		table->last->next = row;
	else
		table->first = row;
	table->last = row;
	table->n_rows++;
}

// Sorting

static bool stands_before(
	enum table_kind kind, const struct table_row *a, const struct table_row *b)
{
	const struct table_cell *x = &a->cells[0], *y = &b->cells[0];

	if (!x->is_known || !y->is_known)
		return x->is_known && !y->is_known;
	return kind == TABLE_TEXT ? str_order(x->text, y->text) < 0 : x->number < y->number;
}

// Of two that are equal the one of a comes first.
static struct table_row *merge(enum table_kind kind, struct table_row *a, struct table_row *b)
{
	struct table_row *first = NULL, **link = &first;

	while (a && b) {
		struct table_row **next = stands_before(kind, b, a) ? &b : &a;

		*link = *next;
		*next = (*next)->next;
		link = &(*link)->next;
	}
	*link = a ? a : b;
	return first;
}

// The n rows at the front of *rest, which is moved behind them.
static struct table_row *sort(enum table_kind kind, struct table_row **rest, size_t n)
{
	struct table_row *row = *rest;

	if (n == 1) {
		*rest = row->next;
		row->next = NULL;
		return row;
	}
	row = sort(kind, rest, n / 2);
	return merge(kind, row, sort(kind, rest, n - n / 2));
}

void table_sort(struct table *table)
{
	struct table_row *rest = table->first;

	if (table->n_rows < 2 || table->n_columns == 0)
		return;
	table->first = sort(table->columns[0].kind, &rest, table->n_rows);
	for (table->last = table->first; table->last->next;)
		table->last = table->last->next;
}

size_t table_n_titled(const struct table *table)
{
	size_t n = table->n_columns;

	while (n && table->columns[n - 1].title.len == 0)
		n--;
	return n;
}
