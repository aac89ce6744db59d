// SPDX-License-Identifier: Apache-2.0
// Settings of whatever speaks HTTP, and their checks.
#include "net/request.h"

#include <stddef.h>
#include <string.h>
#include <sys/un.h>

static const struct setting basic_auth_rows[] = {
	{ .name = "username",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, basic_auth.username),
		.env = true,
		.help = "user name, or an EMQX API key" },
	{ .name = "password",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, basic_auth.password.value),
		.env = true,
		.secret = true,
		.help = "password, or the API key's secret" },
	{ .name = "password_file",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, basic_auth.password.file),
		.env = true,
		.help = "file that holds the password" },
};

static const struct setting authorization_rows[] = {
	{ .name = "type",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, authorization.type),
		.initial = "Bearer",
		.help = "scheme in front of the credentials" },
	{ .name = "credentials",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, authorization.credentials.value),
		.env = true,
		.secret = true,
		.help = "token" },
	{ .name = "credentials_file",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, authorization.credentials.file),
		.env = true,
		.help = "file that holds the token" },
};

static const struct str tls_versions[N_TLS_VERSIONS] = {
	[TLS_1_2] = STR_INIT("TLS12"),
	[TLS_1_3] = STR_INIT("TLS13"),
};

static const struct setting tls_rows[] = {
	{ .name = "ca_file",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, tls_config.ca_file),
		.env = true,
		.help = "certificates that vouch for the peer; default: the system's" },
	{ .name = "cert_file",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, tls_config.cert_file),
		.env = true,
		.help = "client certificate" },
	{ .name = "key_file",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, tls_config.key_file),
		.env = true,
		.help = "private key of the client certificate" },
	{ .name = "server_name",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, tls_config.server_name),
		.env = true,
		.help = "name in the peer's certificate; default: the URL's host" },
	{ .name = "insecure_skip_verify",
		.type = SETTING_BOOL,
		.offset = offsetof(struct http_conf, tls_config.insecure_skip_verify),
		.initial = "false",
		.help = "take any certificate: only for tests" },
	{ .name = "min_version",
		.type = SETTING_CHOICE,
		.offset = offsetof(struct http_conf, tls_config.min_version),
		.words = tls_versions,
		.n_words = N_TLS_VERSIONS,
		.initial = "TLS12",
		.help = "oldest version of TLS to use" },
};

static const struct setting rows[] = {
	{ .name = "url",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, url),
		.required = true,
		.env = true,
		.is_url = true,
		.help = "where the peer is, http or https" },
	{ .name = "timeout",
		.type = SETTING_DURATION,
		.offset = offsetof(struct http_conf, timeout_ms),
		.minimum = 1,
		.help = "limit for one request; default: the phase's deadline" },
	{ .name = "headers",
		.type = SETTING_PAIRS,
		.offset = offsetof(struct http_conf, headers),
		.env = true,
		.secret = true,
		.help = "headers to send" },
	{ .name = "basic_auth",
		.type = SETTING_GROUP,
		.offset = offsetof(struct http_conf, basic_auth.given),
		.rows = SETTING_TABLE(basic_auth_rows),
		.help = "credentials for HTTP Basic" },
	{ .name = "authorization",
		.type = SETTING_GROUP,
		.offset = offsetof(struct http_conf, authorization.given),
		.rows = SETTING_TABLE(authorization_rows),
		.help = "credentials for a header Authorization, such as a bearer token" },
	{ .name = "tls_config",
		.type = SETTING_GROUP,
		.rows = SETTING_TABLE(tls_rows),
		.help = "TLS beyond the system's defaults" },
	{ .name = "proxy_url",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, proxy_url),
		.env = true,
		.secret = true,
		.help = "proxy to go through" },
	{ .name = "proxy_from_environment",
		.type = SETTING_BOOL,
		.offset = offsetof(struct http_conf, proxy_from_environment),
		.initial = "false",
		.help = "take the proxy from http_proxy, https_proxy and no_proxy" },
	{ .name = "unix_socket",
		.type = SETTING_STRING,
		.offset = offsetof(struct http_conf, unix_socket),
		.env = true,
		.help = "path of a Unix socket to connect to" },
};

const struct setting_table http_settings = SETTING_TABLE(rows);

// Headers that brokerpush or libcurl writes; a second one would break the request or the format.
static const struct str own_headers[] = {
	STR_INIT("Accept"),
	STR_INIT("Accept-Encoding"),
	STR_INIT("Connection"),
	STR_INIT("Content-Encoding"),
	STR_INIT("Content-Length"),
	STR_INIT("Content-Type"),
	STR_INIT("Expect"),
	STR_INIT("Host"),
	STR_INIT("TE"),
	STR_INIT("Transfer-Encoding"),
};

// A token of RFC 9110 section 5.6.2.
static bool is_token(struct str name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c <= ' ' || c > '~' || strchr("\"(),/:;<=>?@[\\]{}", c))
			return false;
	}
	return name.len > 0;
}

static bool has_control(struct str text)
{
	for (size_t i = 0; text.ptr && i < text.len; i++)
		if (((unsigned char)text.ptr[i] < ' ' && text.ptr[i] != '\t') ||
			text.ptr[i] == 0x7f)
			return true;
	return false;
}

static void check_header(
	const struct http_conf *conf, size_t i, const struct setting_faults *faults)
{
	struct pair header = conf->headers.items[i];

	if (!is_token(header.name)) {
		setting_fault(faults, "headers", "\"%.*s\" is no legal header name",
			STR_ARG(header.name));
		return;
	}
	for (size_t k = 0; k < ARRAY_LEN(own_headers); k++)
		if (str_eq_nocase(header.name, own_headers[k]))
			setting_fault(faults, "headers",
				"%.*s is set by brokerpush itself; remove it",
				STR_ARG(header.name));
	for (size_t k = 0; k < i; k++)
		if (str_eq_nocase(header.name, conf->headers.items[k].name))
			setting_fault(
				faults, "headers", "%.*s is given twice", STR_ARG(header.name));
	if (has_control(header.value))
		setting_fault(faults, "headers",
			"the value of %.*s has a line break or another control byte; remove it",
			STR_ARG(header.name));
}

static bool has_authorization_header(const struct http_conf *conf)
{
	for (size_t i = 0; i < conf->headers.n; i++)
		if (str_eq_nocase(conf->headers.items[i].name, STR("Authorization")))
			return true;
	return false;
}

bool http_has_credentials(const struct http_conf *conf)
{
	return conf->basic_auth.given || conf->authorization.given ||
	       has_authorization_header(conf);
}

void http_check_secret(
	const struct secret *secret, const char *name, const struct setting_faults *faults)
{
	struct str group = str_of(name);

	while (group.len && group.ptr[group.len - 1] != '.')
		group.len--;
	const char *file = name + group.len; // the other setting has this name and _file
	if (secret->value.ptr && secret->file.ptr)
		setting_fault(faults, name, "give this or %s_file, not both", file);
	else if (!secret->value.ptr && !secret->file.ptr)
		setting_fault(faults, name, "is missing; give it or %s_file", file);
	else if (secret->value.ptr && secret->value.len == 0)
		setting_fault(faults, name, "is empty; give the secret, or remove the group");
	else if (has_control(secret->value))
		setting_fault(faults, name, "has a line break or another control byte");
}

static void check_tls(const struct http_conf *conf, const struct setting_faults *faults)
{
	struct str cert = conf->tls_config.cert_file, key = conf->tls_config.key_file;

	if (cert.len && !key.len)
		setting_fault(faults, "tls_config.key_file", "is missing; cert_file needs it");
	if (key.len && !cert.len)
		setting_fault(faults, "tls_config.cert_file", "is missing; key_file needs it");
	if (has_control(conf->tls_config.server_name))
		setting_fault(faults, "tls_config.server_name", "is no host name");
}

static void check_way(const struct http_conf *conf, const struct setting_faults *faults)
{
	struct sockaddr_un address;
	bool proxy = conf->proxy_url.len > 0;

	if (conf->tls_config.server_name.len && conf->proxy_from_environment)
		setting_fault(faults, "tls_config.server_name",
			"does not go with proxy_from_environment, since no_proxy would be asked "
			"for this name; use proxy_url");
	if (proxy + conf->proxy_from_environment + (conf->unix_socket.len > 0) > 1)
		setting_fault(faults, conf->unix_socket.len ? "unix_socket" : "proxy_url",
			"use one of proxy_url, proxy_from_environment and unix_socket");
	if (conf->unix_socket.ptr && !str_starts_with(conf->unix_socket, STR("/")))
		setting_fault(faults, "unix_socket", "must be a path that starts with /");
	if (conf->unix_socket.len >= sizeof(address.sun_path))
		setting_fault(faults, "unix_socket",
			"is longer than the %zu bytes of a socket's path",
			sizeof(address.sun_path) - 1);
}

void http_conf_check(const struct http_conf *conf, const struct setting_faults *faults)
{
	bool basic = conf->basic_auth.given, other = conf->authorization.given;
	struct str before, after;

	for (size_t i = 0; i < conf->headers.n; i++)
		check_header(conf, i, faults);
	check_tls(conf, faults);
	check_way(conf, faults);
	if (basic + other + has_authorization_header(conf) > 1)
		setting_fault(faults, basic ? "basic_auth" : "authorization",
			"use one of basic_auth, authorization and a header Authorization");
	if (basic) {
		if (conf->basic_auth.username.len == 0)
			setting_fault(faults, "basic_auth.username", "is missing or empty");
		if (has_control(conf->basic_auth.username) ||
			str_cut(conf->basic_auth.username, ':', &before, &after))
			setting_fault(faults, "basic_auth.username",
				"may have no colon and no control byte (RFC 7617 section 2)");
		http_check_secret(&conf->basic_auth.password, "basic_auth.password", faults);
	}
	if (other) {
		if (!is_token(conf->authorization.type))
			setting_fault(faults, "authorization.type", "is no scheme such as Bearer");
		http_check_secret(
			&conf->authorization.credentials, "authorization.credentials", faults);
	}
}
