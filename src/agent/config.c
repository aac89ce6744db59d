// SPDX-License-Identifier: Apache-2.0
#include "agent/config.h"

#include "agent/config_check.h"
#include "agent/config_tables.h"
#include "agent/secret.h"
#include "agent/settings.h"
#include "base/mem.h"
#include "net/http.h"
#include "transform/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A gateway's answer is read for its first line only.
enum { SINK_ANSWER_LIMIT = 64 * 1024 };

// However long the interval is, nobody waits longer for a peer.
enum { LONGEST_PHASE_MS = 30 * 1000 };

// Reading

// A source or sink while it is read: where its faults belong.
struct place {
	struct config *config;
	struct settings *settings;
	struct settings_group *group;
	struct config_places *where;
};

static void say(void *context, const char *name, const char *text)
{
	struct place *place = context;

	settings_fault(place->settings, place->group, name, text);
}

static struct setting_faults faults_at(struct place *place)
{
	return (struct setting_faults){ say, place };
}

static void check_permissions(struct place *place, const char *name, struct str file)
{
	struct setting_faults faults = faults_at(place);

	if (place->config->strict_permissions)
		setting_fault(&faults, name,
			"everybody can read the file; take that right away (chmod o-r)");
	else
		log_warn("everybody can read a file with a secret",
			log_text("peer", settings_peek(place->settings, place->group, "name")),
			log_text("setting", str_of(name)), log_text("file", file));
}

// The secret in force: the value, or what the file of the setting `name` holds.
static void read_secret(struct place *place, const char *name, struct secret *secret)
{
	struct setting_faults faults = faults_at(place);
	struct err err = { 0 };
	bool world_readable = false;

	secret->text = secret->value;
	if (!secret->file.ptr)
		return;
	if (!secret_read(&place->config->arena, place->config->path, secret->file, &secret->text,
		    &world_readable, &err))
		setting_fault(&faults, name, "%s", err.text);
	else if (secret->text.len == 0)
		setting_fault(&faults, name, "the file is empty");
	else if (world_readable)
		check_permissions(place, name, secret->file);
}

// A file that libcurl will open later: found now, and known to be readable.
static void find_file(struct place *place, const char *name, struct str *path, bool is_secret)
{
	struct setting_faults faults = faults_at(place);
	struct stat status;

	if (!path->len)
		return;
	*path = secret_find(&place->config->arena, place->config->path, *path);
	if (access(path->ptr, R_OK) != 0)
		setting_fault(&faults, name, "%s cannot be read: %s", path->ptr, strerror(errno));
	else if (is_secret && stat(path->ptr, &status) == 0 && (status.st_mode & S_IROTH))
		check_permissions(place, name, *path);
}

static bool is_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			    c == '_' || c == '-' || c == '.'))
			return false;
	}
	return name.len > 0;
}

static void check_name(struct place *place, struct str name)
{
	struct setting_faults faults = faults_at(place);

	if (name.ptr && !is_name(name))
		setting_fault(&faults, "name", "must consist of letters, digits, _, - and .");
}

static void check_http(
	struct place *place, struct http_conf *http, struct str default_path, int64_t phase_ms)
{
	struct setting_faults faults = faults_at(place);
	struct err err = { 0 };
	bool complete = default_path.len > 0;

	if (http->url.ptr && !http_check_url(http->url, complete, &err))
		setting_fault(&faults, "url", "%s", err.text);
	else if (http->url.ptr && complete)
		http->url = http_default_path(&place->config->arena, http->url, default_path);
	if (http->timeout_ms > phase_ms)
		setting_fault(&faults, "timeout",
			"must be at most %" PRId64
			" ms, which this phase of the cycle has; lower it or "
			"raise interval",
			phase_ms);
	http_conf_check(http, &faults);
	if (http->proxy_url.ptr && !http_check_proxy(http->proxy_url))
		setting_fault(&faults, "proxy_url",
			"must be like http://127.0.0.1:3128 (or https, socks5, socks5h)");
	find_file(place, "tls_config.ca_file", &http->tls_config.ca_file, false);
	find_file(place, "tls_config.cert_file", &http->tls_config.cert_file, false);
	find_file(place, "tls_config.key_file", &http->tls_config.key_file, true);
	if (http->tls_config.insecure_skip_verify)
		log_warn("insecure_skip_verify takes any certificate: anybody can be this peer",
			log_text("peer", settings_peek(place->settings, place->group, "name")));
	read_secret(place, "basic_auth.password_file", &http->basic_auth.password);
	read_secret(place, "authorization.credentials_file", &http->authorization.credentials);
}

static void check_needs(struct place *place, const struct source_conf *source)
{
	struct setting_faults faults = faults_at(place);
	int64_t needs_ms = source->type->needs_ms ? source->type->needs_ms(source) : 0;
	int64_t has_ms = config_collect_ms(place->config);

	if (source->http.timeout_ms && source->http.timeout_ms < has_ms)
		has_ms = source->http.timeout_ms;
	if (has_ms < needs_ms)
		setting_fault(&faults, "mode",
			"needs %" PRId64
			" ms for collecting, since a broker waits for nodes that hang; "
			"there are %" PRId64 " ms: raise interval or timeout",
			needs_ms, has_ms);
}

static void check_runtime_families(struct place *place, const struct source_conf *source)
{
	struct setting_faults faults = faults_at(place);

	if (source->runtime_families != RUNTIME_LABEL && !source->type->reads_any_page)
		setting_fault(&faults, "runtime_families",
			"means nothing to a source of type %.*s, which has no such families",
			STR_ARG(source->type->name));
}

static void read_source(struct place *place)
{
	struct setting_faults faults = faults_at(place);
	struct config *config = place->config;
	struct str type_name = settings_peek(place->settings, place->group, "type");
	struct source_conf *source = arena_new(&config->arena, struct source_conf);

	source->type = source_find_type(type_name);
	bool is_known = source->type != NULL;
	if (!is_known && type_name.len)
		setting_fault(&faults, "type", "\"%.*s\" is not one of %s", STR_ARG(type_name),
			source_type_names());
	if (!is_known)
		source->type = &source_emqx; // stands in, so that all else is checked
	source->own = arena_alloc(&config->arena, source->type->conf_size);
	struct settings_part parts[] = { { &config_source_table, source },
		{ &http_settings, &source->http }, { &rules_settings, &source->rules_conf },
		{ &limits_settings, &source->limits }, { &source->type->settings, source->own } };
	settings_read(place->settings, place->group, parts, ARRAY_LEN(parts));
	source->http.accept_gzip = true;
	source->rules = rules_new(&source->rules_conf, &faults);
	if (source->type->login_secret)
		read_secret(place, "login.password_file", source->type->login_secret(source));
	check_name(place, source->name);
	check_http(place, &source->http, source->type->default_path, config_collect_ms(config));
	if (source->type->check)
		source->type->check(source, &faults);
	check_needs(place, source);
	check_runtime_families(place, source);
	if (!is_known) {
		rules_free(source->rules);
		return;
	}
	config->sources[config->n_sources] = source;
	place->where->sources[config->n_sources++] = place->group;
}

static void read_sink(struct place *place)
{
	struct setting_faults faults = faults_at(place);
	struct config *config = place->config;
	struct str type_name = settings_peek(place->settings, place->group, "type");
	struct sink_conf *sink = arena_new(&config->arena, struct sink_conf);

	sink->type = sink_find_type(type_name);
	bool is_known = sink->type != NULL;
	if (!is_known && type_name.len)
		setting_fault(&faults, "type", "\"%.*s\" is not one of %s", STR_ARG(type_name),
			sink_type_names());
	if (!is_known)
		sink->type = &sink_pushgateway; // stands in, as above
	sink->own = arena_alloc(&config->arena, sink->type->conf_size);
	sink->http.body_size_limit = SINK_ANSWER_LIMIT;
	sink->http.cut_answer = true;
	struct settings_part parts[] = { { &config_sink_table, sink },
		{ &http_settings, &sink->http }, { &rules_settings, &sink->rules_conf },
		{ &sink->type->settings, sink->own } };
	settings_read(place->settings, place->group, parts, ARRAY_LEN(parts));
	sink->rules = rules_new(&sink->rules_conf, &faults);
	check_name(place, sink->name);
	check_http(place, &sink->http, STR(""), config_push_ms(config));
	if (sink->type->check)
		sink->type->check(sink, &faults);
	if (!is_known) {
		rules_free(sink->rules);
		return;
	}
	config->sinks[config->n_sinks] = sink;
	place->where->sinks[config->n_sinks++] = place->group;
}

static void read_lists(
	struct config *config, struct settings *settings, struct config_places *where)
{
	struct settings_group *root = settings_root(settings), **sources, **sinks;
	size_t n_sources = settings_list(settings, root, "sources", &sources);
	size_t n_sinks = settings_list(settings, root, "sinks", &sinks);
	struct place place = { config, settings, root, where };

	config->sources = arena_array(&config->arena, struct source_conf *, n_sources);
	config->sinks = arena_array(&config->arena, struct sink_conf *, n_sinks);
	where->sources = arena_array(&config->arena, struct settings_group *, n_sources);
	where->sinks = arena_array(&config->arena, struct settings_group *, n_sinks);
	for (size_t i = 0; i < n_sources; i++) {
		place.group = sources[i];
		read_source(&place);
	}
	for (size_t i = 0; i < n_sinks; i++) {
		place.group = sinks[i];
		read_sink(&place);
	}
}

static struct str read_hostname(struct arena *arena)
{
	char name[256] = "";

	gethostname(name, sizeof(name) - 1);
	return arena_copy(arena, str_of(name));
}

struct config *config_load(
	const char *path, const char *const *overrides, size_t n_overrides, FILE *messages)
{
	struct config *config = mem_alloc(sizeof(*config));
	struct settings *settings = settings_open(path, &config->arena);
	struct settings_part top = { &config_top_table, config };
	struct config_places where = { 0 };

	config->path = arena_copy(&config->arena, str_of(path));
	config->hostname = read_hostname(&config->arena);
	if (settings_n_faults(settings) == 0) {
		for (size_t i = 0; i < n_overrides; i++)
			settings_override(settings, overrides[i]);
		config->splay_ms = -1;
		settings_read(settings, settings_root(settings), &top, 1);
		// settings_read writes it by its offset
		// cppcheck-suppress knownConditionTrueFalse
		if (config->splay_ms < 0)
			config->splay_ms = config->interval_ms;
		log_configure(config->log_level, config->log_format);
		read_lists(config, settings, &where);
		config_check(config, settings, &where);
	}
	bool good = settings_n_faults(settings) == 0;
	settings_print_faults(settings, messages);
	settings_close(settings);
	if (good)
		return config;
	config_free(config);
	return NULL;
}

static void refresh(struct config *config, struct str name, struct secret *secret)
{
	struct arena arena = { 0 };
	struct err err = { 0 };
	struct str now = STR("");
	bool world_readable;

	if (!secret->file.ptr)
		return;
	if (secret_read(&arena, config->path, secret->file, &now, &world_readable, &err) &&
		now.len == 0)
		err_set(&err, ERR_INVALID, 0, "%s is empty", secret->file.ptr);
	if (err.kind != ERR_NONE && !secret->is_faulty)
		log_warn("a secret cannot be read again", log_text("peer", name),
			log_text("error", str_of(err.text)));
	secret->is_faulty = err.kind != ERR_NONE;
	if (!secret->is_faulty && !str_eq(now, secret->text)) {
		secret->text = arena_copy(&config->arena, now);
		log_info("a secret was read again, and has changed", log_text("peer", name),
			log_text("file", secret->file));
	}
	arena_free(&arena);
}

static void refresh_peer(struct config *config, struct str name, struct http_conf *http)
{
	refresh(config, name, &http->basic_auth.password);
	refresh(config, name, &http->authorization.credentials);
}

void config_refresh_secrets(struct config *config)
{
	for (size_t i = 0; i < config->n_sources; i++) {
		struct source_conf *source = config->sources[i];

		refresh_peer(config, source->name, &source->http);
		if (source->type->login_secret)
			refresh(config, source->name, source->type->login_secret(source));
	}
	for (size_t i = 0; i < config->n_sinks; i++)
		refresh_peer(config, config->sinks[i]->name, &config->sinks[i]->http);
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->n_sources; i++)
		rules_free(config->sources[i]->rules);
	for (size_t i = 0; i < config->n_sinks; i++)
		rules_free(config->sinks[i]->rules);
	arena_free(&config->arena);
	free(config);
}

// Looking at it

static int64_t at_most(int64_t value, int64_t limit)
{
	return value < limit ? value : limit;
}

int64_t config_collect_ms(const struct config *config)
{
	return at_most(config->interval_ms / 2, LONGEST_PHASE_MS);
}

int64_t config_push_ms(const struct config *config)
{
	return at_most(config->interval_ms * 35 / 100, LONGEST_PHASE_MS);
}

const struct template *config_template(const struct config *config, size_t sink, size_t source)
{
	return config->templates[sink * config->n_sources + source];
}

struct template_values config_values(const struct config *config, size_t source, const void *state)
{
	const struct source_conf *conf = config->sources[source];
	struct template_values values = { .source = conf->name, .hostname = config->hostname };

	if (conf->type->identify)
		conf->type->identify(conf, state, &values.node, &values.cluster_name);
	return values;
}
