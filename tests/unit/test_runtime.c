// SPDX-License-Identifier: Apache-2.0
#include "transform/runtime.h"
#include "transform_run.h"

static const char page[] = "# TYPE go_goroutines gauge\ngo_goroutines 1\n"
			   "# HELP go_custom mine\n# TYPE go_custom counter\ngo_custom 2\n"
			   "process_open_fds 3\n"
			   "# TYPE promhttp_metric_handler_requests_total counter\n"
			   "promhttp_metric_handler_requests_total{code='200'} 4\n"
			   "# TYPE go_gc_duration_seconds summary\ngo_gc_duration_seconds_sum 5\n"
			   "go_gc_duration_seconds_count 6\n"
			   "# TYPE going gauge\ngoing 7\nprocesses 8\nmy_go_info 9\n";

static void such_families_are_kept_dropped_or_prefixed(void **state)
{
	static const char kept[] = "# TYPE going gauge\ngoing 7\n# TYPE processes untyped\n"
				   "processes 8\n# TYPE my_go_info untyped\nmy_go_info 9\n";
	static const struct {
		const char *name;
		enum runtime_families wish;
		const char *source;
		const char *body, *more; // behind it stands what is no such family
		const char *told;
	} rows[] = {
		{ "label: known later", RUNTIME_LABEL, "app",
			"# TYPE go_goroutines gauge\ngo_goroutines 1\n"
			"# HELP go_custom mine\n# TYPE go_custom counter\ngo_custom 2\n"
			"# TYPE process_open_fds gauge\nprocess_open_fds 3\n"
			"# TYPE promhttp_metric_handler_requests_total counter\n"
			"promhttp_metric_handler_requests_total{code='200'} 4\n"
			"# TYPE go_gc_duration_seconds summary\ngo_gc_duration_seconds_sum 5\n"
			"go_gc_duration_seconds_count 6\n",
			kept, "gateway_type=1\n" },
		{ "drop", RUNTIME_DROP, "app", "", kept, "" },
		{ "prefix", RUNTIME_PREFIX, "app",
			"# TYPE app_go_goroutines gauge\napp_go_goroutines 1\n"
			"# HELP app_go_custom mine\n# TYPE app_go_custom counter\n"
			"app_go_custom 2\n"
			"# TYPE app_process_open_fds gauge\napp_process_open_fds 3\n"
			"# TYPE app_promhttp_metric_handler_requests_total counter\n"
			"app_promhttp_metric_handler_requests_total{code='200'} 4\n"
			"# TYPE app_go_gc_duration_seconds summary\n"
			"app_go_gc_duration_seconds_sum 5\napp_go_gc_duration_seconds_count 6\n",
			kept, "gateway_type=1\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transform_input input = { .page = page };
		struct buf wanted = buf_new(UNIT_LIMIT);
		struct transform_result result;

		transform_begin(&result);
		struct metric_set *set = transform_page(&result, &input, 0);
		runtime_apply(
			rows[i].wish, str_of(rows[i].source), set, &result.sources[0].repairs);
		check_add(&result.check, set, 0);
		transform_end(&result);
		buf_addf(&wanted, "%s%s%c", rows[i].body, rows[i].more, '\0');
		transform_compare(rows[i].name, buf_str(&result.body), wanted.ptr);
		transform_compare(rows[i].name, buf_str(&result.told), rows[i].told);
		transform_release(&result);
		buf_free(&wanted);
	}
}

// Pages of sources "first" and "second", each told apart or not.
static void families_are_told_apart_by_their_source(void **state)
{
	static const char first[] = "# TYPE go_threads gauge\ngo_threads 1\n"
				    "# TYPE process_x counter\nprocess_x{a='1'} 2\nm{b='1'} 3\n";
	static const char second[] = "go_threads 4\npromhttp_x 5\nm{b='2'} 6\n";
	static const struct {
		const char *name;
		struct transform_input inputs[TRANSFORM_SOURCES];
		bool is_told_apart[TRANSFORM_SOURCES];
		const char *body, *told;
	} rows[] = {
		{ .name = "both",
			.inputs = { { .page = first }, { .page = second } },
			.is_told_apart = { true, true },
			.body = "# TYPE go_threads gauge\ngo_threads{source='first'} 1\n"
				"go_threads{source='second'} 4\n"
				"# TYPE process_x counter\nprocess_x{a='1',source='first'} 2\n"
				"# TYPE m untyped\nm{b='1'} 3\nm{b='2'} 6\n"
				"# TYPE promhttp_x untyped\npromhttp_x{source='second'} 5\n",
			.told = "2:gateway_type=1\n" },
		{ .name = "one of them",
			.inputs = { { .page = first }, { .page = second } },
			.is_told_apart = { false, true },
			.body = "# TYPE go_threads gauge\ngo_threads 1\n"
				"go_threads{source='second'} 4\n"
				"# TYPE process_x counter\nprocess_x{a='1'} 2\n"
				"# TYPE m untyped\nm{b='1'} 3\nm{b='2'} 6\n"
				"# TYPE promhttp_x untyped\npromhttp_x{source='second'} 5\n",
			.told = "2:gateway_type=1\n" },
		{ .name = "none: the first has it",
			.inputs = { { .page = "go_threads 1\n" }, { .page = "go_threads 2\n" } },
			.body = "# TYPE go_threads gauge\ngo_threads 1\n",
			.told = "gateway_type=1\n2:gateway_type=1\n2:duplicate_series=1\n" },
		{ .name = "behind the labels of the source",
			.inputs = { { .page = "go_threads{a='1'} 1\n", .added = "site='x'" } },
			.is_told_apart = { true },
			.body = "# TYPE go_threads gauge\n"
				"go_threads{a='1',site='x',source='first'} 1\n",
			.told = "gateway_type=1\n" },
		{ .name = "forced ones in place of the sample's",
			.inputs = { { .page = "go_threads{site='own'} 1\n",
				.added = "site='x'",
				.n_forced = 1 } },
			.is_told_apart = { true },
			.body = "# TYPE go_threads gauge\n"
				"go_threads{exported_site='own',site='x',source='first'} 1\n",
			.told = "gateway_type=1\nexported_label=1\n" },
		{ .name = "not those of samples that are complete",
			.inputs = { { .page = "go_threads{a='1'} 1\n",
				.added = "site='x'",
				.complete = true } },
			.is_told_apart = { true },
			.body = "# TYPE go_threads gauge\ngo_threads{a='1',source='first'} 1\n",
			.told = "gateway_type=1\n" },
		{ .name = "a label that a sample has stays",
			.inputs = { { .page = "go_threads{source='own'} 1\n" },
				{ .page = "go_threads 2\n" } },
			.is_told_apart = { true, true },
			.body = "# TYPE go_threads gauge\ngo_threads{source='own'} 1\n"
				"go_threads{source='second'} 2\n",
			.told = "gateway_type=1\n2:gateway_type=1\n" },
		{ .name = "an empty label is none",
			.inputs = { { .page = "go_threads{source=''} 1\n" },
				{ .page = "go_threads{a='',source=''} 2\n" } },
			.is_told_apart = { true, true },
			.body = "# TYPE go_threads gauge\ngo_threads{source='first'} 1\n"
				"go_threads{a='',source='second'} 2\n",
			.told = "gateway_type=1\n2:gateway_type=1\n" },
		{ .name = "all parts of a summary",
			.inputs = { { .page = "# TYPE go_gc_duration_seconds summary\n"
					      "go_gc_duration_seconds{quantile='0'} 1\n"
					      "go_gc_duration_seconds_sum 1\n"
					      "go_gc_duration_seconds_count 1\n" } },
			.is_told_apart = { true },
			.body = "# TYPE go_gc_duration_seconds summary\n"
				"go_gc_duration_seconds{quantile='0',source='first'} 1\n"
				"go_gc_duration_seconds_sum{source='first'} 1\n"
				"go_gc_duration_seconds_count{source='first'} 1\n",
			.told = "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct transform_result result;

		transform_begin(&result);
		for (uint16_t k = 0; k < TRANSFORM_SOURCES; k++) {
			struct check_source *source = &result.sources[k];

			if (!rows[i].inputs[k].page)
				continue;
			struct metric_set *set = transform_page(&result, &rows[i].inputs[k], k);
			if (rows[i].is_told_apart[k])
				runtime_tell_apart(
					source->name, &source->added, set, &source->repairs);
			check_add(&result.check, set, k);
		}
		transform_end(&result);
		transform_compare(rows[i].name, buf_str(&result.body), rows[i].body);
		transform_compare(rows[i].name, buf_str(&result.told), rows[i].told);
		transform_release(&result);
	}
}

static void prefixes_are_legal_names(void **state)
{
	static const struct {
		const char *source, *name;
	} rows[] = {
		{ "app", "app_go_x" },
		{ "my-app.v2", "my_app_v2_go_x" },
		{ "A_b", "A_b_go_x" },
		{ "9app", "_app_go_x" },
		{ "-", "__go_x" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena arena = { 0 };
		struct metric_set *set = metric_set_new(&arena);
		struct family *family = metric_add_family(set, STR("go_x"));
		struct repairs repairs = { 0 };

		runtime_apply(RUNTIME_PREFIX, str_of(rows[i].source), set, &repairs);
		check_str(rows[i].source, family->name, str_of(rows[i].name));
		CHECK_ROW(rows[i].source, metric_is_name(family->name));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(such_families_are_kept_dropped_or_prefixed),
		cmocka_unit_test(families_are_told_apart_by_their_source),
		cmocka_unit_test(prefixes_are_legal_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
