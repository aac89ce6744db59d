// SPDX-License-Identifier: Apache-2.0
#include "agent/show.h"

#include "agent/show_cell.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

// For people

static void add_name(struct buf *out, struct str name, const struct show_view *view)
{
	struct buf line = buf_new(MIB(1));

	buf_add(&line, STR("source "));
	buf_add_printable(&line, name);
	if (out->len)
		buf_add_byte(out, '\n');
	display_add_cut(view->display, out, buf_str(&line), view->width ? view->width : SIZE_MAX);
	buf_add_byte(out, '\n');
	buf_free(&line);
}

static void add_front(struct buf *notes, const struct source_run *run)
{
	buf_add(notes, STR("brokerpush: source "));
	buf_add_printable(notes, run->conf->name);
}

static void note_omitted(struct buf *notes, const struct source_run *run, size_t n_shown)
{
	const struct table *table = run->turn.table;

	if (n_shown == table_n_titled(table))
		return;
	add_front(notes, run);
	buf_add(notes, STR(": for want of room left out: "));
	for (size_t i = n_shown; i < table_n_titled(table); i++) {
		buf_add(notes, i > n_shown ? STR(", ") : STR(""));
		buf_add(notes, table->columns[i].title);
	}
	buf_add(notes, STR("; a wider terminal or --output json shows all\n"));
}

// A source that is down has been reported as such.
static void note_empty(struct buf *notes, const struct source_run *run)
{
	if (!run->up)
		return;
	add_front(notes, run);
	buf_add(notes, run->turn.table_of_all ? STR(": nothing to show\n")
					      : STR(": nothing to show; --all shows also what is "
						    "not watched, and who is away\n"));
}

void show_add_text(
	struct buf *out, struct buf *notes, const struct cycle *cycle, const struct show_view *view)
{
	for (size_t i = 0; i < cycle->n_runs; i++) {
		const struct source_run *run = &cycle->runs[i];
		const struct table *table = run->turn.table;

		if (!table || table->n_rows == 0) {
			note_empty(notes, run);
			continue;
		}
		if (cycle->n_runs > 1)
			add_name(out, run->conf->name, view);
		note_omitted(notes, run, show_layout_add(out, table, view));
	}
}

// For programs

static void add_object(
	struct buf *out, struct str source, const struct table *table, const struct table_row *row)
{
	buf_add(out, STR("{\"source\":"));
	buf_add_json(out, source);
	for (size_t i = 0; i < table->n_columns; i++) {
		buf_add_byte(out, ',');
		buf_add_json(out, table->columns[i].name);
		buf_add_byte(out, ':');
		show_cell_add_json(out, table->columns[i].kind, &row->cells[i]);
	}
	buf_add_byte(out, '}');
}

void show_add_json(struct buf *out, const struct cycle *cycle)
{
	const char *before = "\n";

	buf_add_byte(out, '[');
	for (size_t i = 0; i < cycle->n_runs; i++) {
		const struct source_run *run = &cycle->runs[i];
		const struct table *table = run->turn.table;

		for (const struct table_row *row = table ? table->first : NULL; row;
			row = row->next) {
			buf_add(out, str_of(before));
			add_object(out, run->conf->name, table, row);
			before = ",\n";
		}
	}
	buf_add(out, before[0] == ',' ? STR("\n]\n") : STR("]\n"));
}

// The terminal

size_t show_width(unsigned terminal, const char *columns)
{
	enum { USUAL = 80, WIDEST = 10000 };
	size_t width = 0;

	if (terminal)
		return terminal;
	for (; columns && *columns; columns++) {
		if (*columns < '0' || *columns > '9' || width > WIDEST)
			return USUAL;
		width = width * 10 + (size_t)(*columns - '0');
	}
	return width && width <= WIDEST ? width : USUAL;
}

// See no-color.org. A terminal that does not say what it is may know no escape sequences.
static bool wants_escapes(void)
{
	struct str term = str_of(getenv("TERM"));

	return str_of(getenv("NO_COLOR")).len == 0 && term.len && !str_eq(term, STR("dumb"));
}

struct show_view show_view_of_stdout(const struct display *display)
{
	struct show_view view = { .display = display };
	struct winsize size = { 0 };

	if (!isatty(STDOUT_FILENO))
		return view;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
		size.ws_col = 0;
	view.width = show_width(size.ws_col, getenv("COLUMNS"));
	view.is_bold = wants_escapes();
	return view;
}
