// SPDX-License-Identifier: Apache-2.0
// A page of exposition text into the model.
#pragma once

#include "base/err.h"
#include "metric/metric.h"
#include "metric/repair.h"

struct read_report {
	struct repairs repairs;
	size_t n_bad_lines;
	size_t first_bad_line;	 // its number from 1; 0: none
	const char *first_fault; // why, static text
};

// Adds the families and samples of a page to an empty set. The set borrows from the page. Single bad
// lines are left out and counted. False: the page as a whole is no exposition: it has no sample, or
// more bad lines than samples; err has kind ERR_BAD_BODY and the first bad line's number as position.
bool read_page(
	struct metric_set *set, struct str page, struct read_report *report, struct err *err);
