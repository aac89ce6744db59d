// SPDX-License-Identifier: Apache-2.0
// Any JSON that can be had over HTTP, by a mapping in the configuration. What a mapping consists of is in
// json_path.h (paths), json_page.h (pages of lists), json_map.h (metrics) and json_conf.h (settings); here is what
// is asked for, and what answers lead to.
#include "base/hash.h"
#include "source/json_conf.h"

// 1. Asking

enum { MOST_PAGES = 1000 };

// What all samples of a source may take in a cycle. A label from the root of an answer stands in each sample, so the
// size of the answer alone is no limit.
static const size_t MOST_BYTES = MIB(256);

// What the pages of a list have given so far. It goes along from ask to ask and is delivered with the last one, so
// that a list that breaks off does not look like a short one.
struct list {
	struct metric_set *set;
	size_t n_bytes;
	uint64_t asked[MOST_PAGES]; // hashes of URLs
};

static struct json_look *new_look(const struct json_conf *own, struct arena *arena)
{
	struct json_look *look = arena_new(arena, struct json_look);
	struct err err = { 0 };

	look->rules = arena_array(arena, struct json_rule, own->metrics.n);
	look->pages = arena_array(arena, struct json_page, own->endpoints.n);
	look->n_left = MOST_BYTES;
	for (size_t i = 0; i < own->metrics.n; i++)
		look->rules[i] = json_map_rule(arena, json_conf_metric(own, i));
	for (size_t i = 0; i < own->endpoints.n; i++) {
		const struct json_endpoint *endpoint = json_conf_endpoint(own, i);

		if (endpoint->next_page.ptr)
			json_page_parse(arena, endpoint->next_page, &look->pages[i], &err);
		if (endpoint->more.ptr)
			json_page_parse_more(arena, endpoint->more, &look->pages[i], &err);
	}
	return look;
}

static void ask_page(struct source_turn *turn, const struct json_endpoint *endpoint, struct str url,
	unsigned number, struct list *list)
{
	struct source_ask *added = source_add_ask(turn, endpoint->name);

	added->part = endpoint;
	added->request.url = url;
	added->request.accept = STR("application/json");
	added->page = number;
	added->carried = list;
	list->asked[number - 1] = hash_bytes(url, hash_seed());
}

static void ask(struct source_turn *turn)
{
	const struct json_conf *own = turn->conf->own;
	struct json_state *state = turn->state;

	state->look = new_look(own, turn->arena);
	for (size_t i = 0; i < own->endpoints.n; i++) {
		const struct json_endpoint *endpoint = json_conf_endpoint(own, i);
		struct list *list = arena_new(turn->arena, struct list);

		list->set = metric_set_new(turn->arena);
		ask_page(turn, endpoint,
			source_url(turn->arena, turn->conf->http.url, endpoint->path.ptr), 1, list);
	}
}

// 2. Pages

// http://host:1/base
//        ^         ^ the end of the origin
static struct str origin_of(struct arena *arena, struct str url)
{
	struct str front, back, authority, path;

	http_public_url(url, &front, &back);
	str_cut(back, '/', &authority, &path);
	return arena_printf(arena, "%.*s%.*s", STR_ARG(front), STR_ARG(authority));
}

// What the template of a next page gave, as a URL. Whoever made the answer must not choose who gets the
// credentials.
static bool find_url(const struct source_turn *turn, const struct json_page *page, struct str next,
	struct str *url, struct err *err)
{
	struct str base = turn->conf->http.url;

	*url = next;
	if (json_page_is_path(next) && page->is_link)
		*url = source_url(turn->arena, origin_of(turn->arena, base), next.ptr);
	else if (json_page_is_path(next))
		*url = source_url(turn->arena, base, next.ptr);
	else if (!json_page_has_scheme(next))
		err_set(err, ERR_BAD_BODY, 0,
			"next_page gives neither a path from the root of the host nor a URL");
	if (err->kind == ERR_NONE && !json_page_is_url(*url))
		err_set(err, ERR_BAD_BODY, 0, "next_page gives what is no URL");
	else if (err->kind == ERR_NONE && !http_is_same_origin(base, *url))
		err_set(err, ERR_BAD_BODY, 0,
			"next_page leads away from the scheme, host and port of url, where no "
			"credentials may go");
	return err->kind == ERR_NONE;
}

static bool was_asked(const struct list *list, unsigned n, struct str url)
{
	uint64_t hash = hash_bytes(url, hash_seed());

	for (unsigned i = 0; i < n; i++)
		if (list->asked[i] == hash)
			return true;
	return false;
}

static bool ask_next(struct source_turn *turn, const struct source_ask *asked,
	const struct json_page *page, struct str next, struct err *err)
{
	struct list *list = asked->carried;
	struct str url;

	if (!find_url(turn, page, next, &url, err))
		return false;
	if (was_asked(list, asked->page, url))
		err_set(err, ERR_BAD_BODY, 0,
			"next_page leads to a page that was asked already; check it, and more");
	else if (asked->page == MOST_PAGES)
		err_set(err, ERR_TOO_LARGE, MOST_PAGES,
			"the list has more than %d pages; make them larger", (int)MOST_PAGES);
	else
		ask_page(turn, asked->part, url, asked->page + 1, list);
	return err->kind == ERR_NONE;
}

// 3. Answers

static const char *hint_for(
	const struct source_turn *turn, const struct http_answer *answer, const struct err *err)
{
	if (answer->status == 401 && !http_has_credentials(&turn->conf->http))
		return "; set basic_auth or authorization";
	if (err->kind == ERR_TOO_LARGE)
		return "; ask for it in pages, by path and next_page, or for fewer columns";
	if (err->kind == ERR_BAD_BODY &&
		str_starts_with(str_trim(buf_str(&answer->body)), STR("<")))
		return "; it looks like HTML or XML: check url and path";
	return "";
}

static void explain(struct err *err, unsigned page, const char *hint)
{
	struct err said = *err;

	*err = (struct err){ 0 };
	if (page > 1)
		err_set(err, said.kind, said.position, "page %u: %s%s", page, said.text, hint);
	else
		err_set(err, said.kind, said.position, "%s%s", said.text, hint);
}

static bool map(struct source_turn *turn, const struct source_ask *asked, struct json root,
	struct source_take *taken, struct err *err)
{
	const struct json_conf *own = turn->conf->own;
	struct json_look *look = ((struct json_state *)turn->state)->look;
	const struct list *list = asked->carried;
	struct json_mapped mapped = { list->set, &taken->report.repairs, look->n_left, false };

	for (size_t i = 0; i < own->metrics.n; i++)
		if (json_conf_endpoint(own, json_conf_endpoint_of(own, json_conf_metric(own, i))) ==
			asked->part)
			json_map_apply(&look->rules[i], root, &mapped);
	look->n_left = mapped.n_left;
	if (mapped.is_full)
		err_set(err, ERR_TOO_LARGE, MOST_BYTES,
			"the source's samples take more than %zu MiB; take fewer or shorter "
			"labels, or make several sources of it",
			MOST_BYTES / MIB(1));
	return !mapped.is_full;
}

// Takes a page into its list.
static enum source_verdict take_page(struct source_turn *turn, const struct source_ask *asked,
	struct json root, struct source_take *taken, struct err *err)
{
	const struct json_conf *own = turn->conf->own;
	const struct json_endpoint *endpoint = asked->part;
	const struct json_look *look = ((struct json_state *)turn->state)->look;
	const struct json_page *page = &look->pages[endpoint - json_conf_endpoint(own, 0)];
	struct str next;

	if (!map(turn, asked, root, taken, err))
		return SOURCE_FAILED;
	switch (json_page_next(page, root, turn->arena, &next, err)) {
	case JSON_PAGE_LAST: return SOURCE_DELIVERED;
	case JSON_PAGE_NEXT:
		return ask_next(turn, asked, page, next, err) ? SOURCE_ASKED_AGAIN : SOURCE_FAILED;
	case JSON_PAGE_FAILED: break;
	}
	return SOURCE_FAILED;
}

static enum source_verdict take(struct source_turn *turn, const struct source_ask *asked,
	const struct http_answer *answer, struct source_take *taken, struct err *err)
{
	struct list *list = asked->carried;
	struct json_doc *doc =
		http_judge(answer, err) ? json_read(buf_str(&answer->body), err) : NULL;
	const char *hint = doc ? "" : hint_for(turn, answer, err);
	enum source_verdict verdict =
		doc ? take_page(turn, asked, json_root(doc), taken, err) : SOURCE_FAILED;

	json_free(doc);
	taken->is_copied = true;
	if (verdict == SOURCE_FAILED)
		explain(err, asked->page, hint);
	if (verdict == SOURCE_DELIVERED) {
		taken->set = list->set;
		taken->n_bytes_before = list->n_bytes;
	}
	list->n_bytes += answer->body.len;
	return verdict;
}

// 4. After the last answer

static bool has_delivered(
	const struct json_endpoint *endpoint, const struct source_part *parts, size_t n_parts)
{
	for (size_t i = 0; i < n_parts; i++)
		if (parts[i].delivered && parts[i].ask->part == endpoint)
			return true;
	return false;
}

// Something that is amiss with some metrics, and one of them.
struct amiss {
	uint64_t n;
	struct str example;
};

static void note(
	struct amiss *amiss, uint64_t n, const struct json_metric *metric, struct arena *arena)
{
	if (n && !amiss->n)
		amiss->example = arena_printf(
			arena, "%.*s at %.*s", STR_ARG(metric->family), STR_ARG(metric->path));
	amiss->n += n;
}

// A row may lack a label, but not each of them.
static void note_labels(struct amiss *amiss, const struct json_rule *rule, struct arena *arena)
{
	const struct json_metric *metric = rule->metric;

	for (size_t i = 0; rule->n_values && i < metric->labels.n; i++) {
		const struct pair *label = &metric->labels.items[i];

		if (rule->has_label[i])
			continue;
		if (!amiss->n)
			amiss->example =
				arena_printf(arena, "%.*s of %.*s at %.*s", STR_ARG(label->name),
					STR_ARG(metric->family), STR_ARG(label->value));
		amiss->n++;
	}
}

static void conclude(struct source_turn *turn, const struct source_part *parts, size_t n_parts,
	struct metric_set *set)
{
	const struct json_conf *own = turn->conf->own;
	const struct json_look *look = ((struct json_state *)turn->state)->look;
	struct amiss lost = { 0 }, unlabelled = { 0 }, odd = { 0 }, same = { 0 };

	(void)set;
	for (size_t i = 0; i < own->metrics.n; i++) {
		const struct json_metric *metric = json_conf_metric(own, i);
		const struct json_rule *rule = &look->rules[i];
		size_t endpoint = json_conf_endpoint_of(own, metric);

		if (!has_delivered(json_conf_endpoint(own, endpoint), parts, n_parts))
			continue;
		note(&lost, !rule->has_found, metric, turn->arena);
		note_labels(&unlabelled, rule, turn->arena);
		note(&odd, rule->n_odd, metric, turn->arena);
		note(&same, rule->n_same, metric, turn->arena);
	}
	source_warn(turn,
		"paths of metrics find nothing in the answer; compare them with what the peer "
		"sends",
		lost.n, lost.example);
	source_warn(turn,
		"paths of labels find nothing in any row; compare them with what the peer sends",
		unlabelled.n, unlabelled.example);
	source_warn(turn,
		"paths of metrics find values that are no numbers; these are left out; name what "
		"is below them, or another path",
		odd.n, odd.example);
	source_warn(turn,
		"values of one metric have the same labels, and only one of them is pushed; add a "
		"label that tells them apart",
		same.n, same.example);
}

const struct source_type source_json = {
	.name = STR_INIT("json"),
	.settings = SETTING_TABLE(json_conf_rows),
	.conf_size = sizeof(struct json_conf),
	.state_size = sizeof(struct json_state),
	.job_name = STR_INIT("${source}/instance/${hostname}"),
	.check = json_conf_check,
	.ask = ask,
	.take = take,
	.conclude = conclude,
};
