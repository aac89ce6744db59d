// SPDX-License-Identifier: Apache-2.0
// A page of exposition text into the model.
#pragma once

#include "base/err.h"
#include "metric/metric.h"
#include "metric/repair.h"

// What a source's settings say about reading. NULL stands for zeros, the defaults.
struct read_options {
	// A line with a quoted name, {"a.b"}, is bad (metric_name_escaping_scheme = "refuse"). Otherwise what is
	// not legal in it becomes _ ("underscores"): label_escape_name.
	bool refuses_quoted_names;
	// A page without samples is one if it has no bad line either, as for Prometheus: an application that has
	// counted nothing yet. For a broker's page it is a fault.
	bool may_be_empty;
};

struct read_report {
	struct repairs repairs;
	size_t n_bad_lines;
	size_t first_bad_line;	 // its number from 1; 0: none
	const char *first_fault; // why, static text
	bool has_too_many_labels; // a bad line had more labels than any limit allows (SCAN_MOST_LABELS)
};

// Adds the families and samples of a page to an empty set. The set borrows from the page. Single bad
// lines are left out and counted. False: the page as a whole is no exposition: it has no sample, unless
// it may, or more bad lines than samples; err has kind ERR_BAD_BODY and the first bad line's number as position.
bool read_page(struct metric_set *set, struct str page, const struct read_options *options,
	struct read_report *report, struct err *err);
