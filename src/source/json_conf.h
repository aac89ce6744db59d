// SPDX-License-Identifier: Apache-2.0
// The settings of the source `json`, and what can be known of them before anything is asked. For the source
// itself, json_endpoints.c.
#pragma once

#include "source/json_map.h"
#include "source/json_page.h"
#include "source/source.h"

// One element of the setting `endpoints`.
struct json_endpoint {
	struct str name, path, next_page, more;
};

struct json_conf {
	struct group_list endpoints; // of struct json_endpoint
	struct group_list metrics;   // of struct json_metric
};

enum { N_JSON_CONF_ROWS = 2 };
extern const struct setting json_conf_rows[N_JSON_CONF_ROWS];

const struct json_endpoint *json_conf_endpoint(const struct json_conf *own, size_t i);
const struct json_metric *json_conf_metric(const struct json_conf *own, size_t i);
// The index of the endpoint that a metric is about; the number of endpoints: nobody knows, which is a fault.
size_t json_conf_endpoint_of(const struct json_conf *own, const struct json_metric *metric);

// The type's check.
void json_conf_check(const struct source_conf *conf, const struct setting_faults *faults);

// What is needed in a cycle; lives in its arena.
struct json_look {
	struct json_rule *rules; // by index of metrics
	struct json_page *pages; // by index of endpoints
	size_t n_left;		 // bytes that samples may take from now on
};

// What the source has from `ask` to `conclude`; it remembers nothing else.
struct json_state {
	struct json_look *look;
};
