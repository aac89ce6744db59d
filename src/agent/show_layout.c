// SPDX-License-Identifier: Apache-2.0
#include "agent/show_layout.h"

#include "agent/show_cell.h"

enum {
	GAP = 2,
	NARROWEST_TEXT = 12,
	// Where nothing is cut, one long text must not add so many blanks to all other rows.
	WIDEST_PADDING = 100,
	LONGEST_CELL = 1024 * 1024 * 1024
};

// A table on its way to a view.
struct layout {
	const struct table *table;
	const struct show_view *view;
	struct buf *out;
	struct buf cell; // owned; the text of one cell
	size_t *widths;	 // of the columns, in the table's arena
	size_t n;	 // so many columns are shown
};

// Widths

static size_t widest(const struct layout *l)
{
	return l->view->width ? l->view->width : WIDEST_PADDING;
}

static struct str cell_text(struct layout *l, const struct table_row *row, size_t column)
{
	l->cell.len = 0;
	show_cell_add_text(&l->cell, l->table->columns[column].kind, &row->cells[column]);
	return buf_str(&l->cell);
}

static void widen(struct layout *l, size_t column, struct str text)
{
	size_t width = display_columns(l->view->display, text);

	if (width > widest(l))
		width = widest(l);
	if (width > l->widths[column])
		l->widths[column] = width;
}

static void measure(struct layout *l)
{
	for (size_t i = 0; i < l->n; i++)
		widen(l, i, l->table->columns[i].title);
	for (const struct table_row *row = l->table->first; row; row = row->next)
		for (size_t i = 0; i < l->n; i++)
			widen(l, i, cell_text(l, row, i));
}

// Fitting

static bool can_shrink(const struct layout *l, size_t column)
{
	return l->table->columns[column].kind == TABLE_TEXT && l->widths[column] > NARROWEST_TEXT;
}

static size_t line_width(const struct layout *l, bool is_shrunk)
{
	size_t width = 0;

	for (size_t i = 0; i < l->n; i++)
		width += (i ? GAP : 0) +
			 (is_shrunk && can_shrink(l, i) ? NARROWEST_TEXT : l->widths[i]);
	return width;
}

// Takes a column off the widest text. False: there is none to be taken.
static bool shrink(struct layout *l)
{
	size_t best = l->n;

	for (size_t i = 0; i < l->n; i++)
		if (can_shrink(l, i) && (best == l->n || l->widths[i] > l->widths[best]))
			best = i;
	if (best == l->n)
		return false;
	l->widths[best]--;
	return true;
}

static void fit(struct layout *l)
{
	size_t width = l->view->width;

	while (l->n > 1 && line_width(l, true) > width)
		l->n--;
	while (line_width(l, false) > width && shrink(l)) {
	}
}

// Lines

static void pad(struct layout *l, size_t n)
{
	while (n--)
		buf_add_byte(l->out, ' ');
}

static void add_cell(struct layout *l, size_t column, struct str text)
{
	enum table_kind kind = l->table->columns[column].kind;
	bool is_right = kind == TABLE_COUNT || kind == TABLE_SECONDS;
	struct buf shown = buf_new(LONGEST_CELL);
	size_t room = l->widths[column];

	if (l->view->width)
		display_add_cut(l->view->display, &shown, text, room);
	else
		buf_add(&shown, text);
	// A wide character that does not fit leaves a column free before the cut.
	size_t width = display_columns(l->view->display, buf_str(&shown));
	size_t blanks = width < room ? room - width : 0;
	if (is_right)
		pad(l, blanks);
	buf_add(l->out, buf_str(&shown));
	buf_free(&shown);
	if (column + 1 < l->n)
		pad(l, (is_right ? 0 : blanks) + GAP);
}

static void add_titles(struct layout *l)
{
	if (l->view->is_bold)
		buf_add(l->out, STR("\x1b[1m"));
	for (size_t i = 0; i < l->n; i++)
		add_cell(l, i, l->table->columns[i].title);
	buf_add(l->out, l->view->is_bold ? STR("\x1b[0m\n") : STR("\n"));
}

size_t show_layout_add(struct buf *out, const struct table *table, const struct show_view *view)
{
	struct layout l = { .table = table,
		.view = view,
		.out = out,
		.cell = buf_new(LONGEST_CELL),
		.widths = arena_array(table->arena, size_t, table->n_columns),
		.n = table_n_titled(table) };

	measure(&l);
	if (view->width)
		fit(&l);
	add_titles(&l);
	for (const struct table_row *row = table->first; row; row = row->next) {
		for (size_t i = 0; i < l.n; i++)
			add_cell(&l, i, cell_text(&l, row, i));
		buf_add_byte(out, '\n');
	}
	out->failed |= l.cell.failed;
	buf_free(&l.cell);
	return l.n;
}
