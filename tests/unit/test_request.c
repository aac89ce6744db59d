// SPDX-License-Identifier: Apache-2.0
#include "net/request.h"
#include "settings_fill.h"
#include "unit.h"

static const char TWO_WAYS[] =
	": use one of basic_auth, authorization and a header Authorization\n";

enum { MOST_HEADERS = 3 };

static void settings_that_do_not_go_together(void **state)
{
	static const struct {
		const char *name;
		struct pair headers[MOST_HEADERS];
		struct str username, password, password_file;
		struct str type, credentials, credentials_file;
		const char *faults; // "name: text" lines
	} rows[] = {
		{ .name = "nothing", .faults = "" },
		{ .name = "good headers",
			.headers = { { STR_INIT("X-Team"), STR_INIT("iot") },
				{ STR_INIT("x.!#$%&'*+-^_`|~0"), STR_INIT("a\tb") },
				{ STR_INIT("X-Empty"), STR_INIT("") } },
			.faults = "" },
		{ .name = "no header names",
			.headers = { { STR_INIT("X Team"), STR_INIT("") },
				{ STR_INIT("X:"), STR_INIT("") },
				{ STR_INIT("\xc3\xa4"), STR_INIT("") } },
			.faults = "headers: \"X Team\" is no legal header name\n"
				  "headers: \"X:\" is no legal header name\n"
				  "headers: \"\xc3\xa4\" is no legal header name\n" },
		{ .name = "line breaks",
			.headers = { { STR_INIT("X-A"), STR_INIT("a\r\nX-B: b") },
				{ STR_INIT("X-C"), STR_INIT("a\nb") },
				{ STR_INIT("X-D"), STR_INIT("\x7f") } },
			.faults = "headers: the value of X-A has a line break or another control "
				  "byte; remove it\n"
				  "headers: the value of X-C has a line break or another control "
				  "byte; remove it\n"
				  "headers: the value of X-D has a line break or another control "
				  "byte; remove it\n" },
		{ .name = "a header twice, without case",
			.headers = { { STR_INIT("X-Team"), STR_INIT("a") },
				{ STR_INIT("x-team"), STR_INIT("b") } },
			.faults = "headers: x-team is given twice\n" },
		{ .name = "basic",
			.username = STR_INIT("u"),
			.password = STR_INIT("p:p"),
			.faults = "" },
		{ .name = "basic by file",
			.username = STR_INIT("u"),
			.password_file = STR_INIT("f"),
			.faults = "" },
		{ .name = "no password",
			.username = STR_INIT("u"),
			.faults = "basic_auth.password: is missing; give it or password_file\n" },
		{ .name = "an empty password",
			.username = STR_INIT("u"),
			.password = STR_INIT(""),
			.faults = "basic_auth.password: is empty; give the secret, or remove the "
				  "group\n" },
		{ .name = "two passwords",
			.username = STR_INIT("u"),
			.password = STR_INIT("p"),
			.password_file = STR_INIT("f"),
			.faults = "basic_auth.password: give this or password_file, not both\n" },
		{ .name = "a password with a line break",
			.username = STR_INIT("u"),
			.password = STR_INIT("p\n"),
			.faults = "basic_auth.password: has a line break or another control "
				  "byte\n" },
		{ .name = "no user name",
			.password = STR_INIT("p"),
			.faults = "basic_auth.username: is missing or empty\n" },
		{ .name = "an empty user name",
			.username = STR_INIT(""),
			.password = STR_INIT("p"),
			.faults = "basic_auth.username: is missing or empty\n" },
		{ .name = "a user name with a colon",
			.username = STR_INIT("a:b"),
			.password = STR_INIT("p"),
			.faults = "basic_auth.username: may have no colon and no control byte (RFC "
				  "7617 section 2)\n" },
		{ .name = "bearer",
			.type = STR_INIT("Bearer"),
			.credentials = STR_INIT("t"),
			.faults = "" },
		{ .name = "no scheme",
			.type = STR_INIT("Bea rer"),
			.credentials = STR_INIT("t"),
			.faults = "authorization.type: is no scheme such as Bearer\n" },
		{ .name = "an empty token",
			.type = STR_INIT("Bearer"),
			.credentials = STR_INIT(""),
			.faults = "authorization.credentials: is empty; give the secret, or remove "
				  "the group\n" },
		{ .name = "no token",
			.type = STR_INIT("Bearer"),
			.faults = "authorization.credentials: is missing; give it or "
				  "credentials_file\n" },
		{ .name = "two tokens",
			.type = STR_INIT("Bearer"),
			.credentials = STR_INIT("t"),
			.credentials_file = STR_INIT("f"),
			.faults = "authorization.credentials: give this or credentials_file, not "
				  "both\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair headers[MOST_HEADERS];
		struct http_conf conf = { .headers = { headers, 0 } };
		struct buf faults = buf_new(UNIT_LIMIT);

		memcpy(headers, rows[i].headers, sizeof(headers));
		while (conf.headers.n < MOST_HEADERS && headers[conf.headers.n].name.len)
			conf.headers.n++;
		conf.basic_auth.given = rows[i].username.ptr || rows[i].password.ptr;
		conf.authorization.given = rows[i].type.ptr != NULL;
		conf.basic_auth.username = rows[i].username;
		conf.basic_auth.password.value = rows[i].password;
		conf.basic_auth.password.file = rows[i].password_file;
		conf.authorization.type = rows[i].type;
		conf.authorization.credentials.value = rows[i].credentials;
		conf.authorization.credentials.file = rows[i].credentials_file;
		http_conf_check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
	}
}

static void headers_that_are_not_the_users(void **state)
{
	static const char *const names[] = { "Content-Type", "content-type", "CONTENT-LENGTH",
		"Content-Encoding", "Transfer-Encoding", "Host", "Connection", "Expect", "TE",
		"te" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct pair header = { str_of(names[i]), STR("x") };
		struct http_conf conf = { .headers = { &header, 1 } };
		struct buf faults = buf_new(UNIT_LIMIT), wanted = buf_new(UNIT_LIMIT);

		buf_addf(&wanted, "headers: %s is set by brokerpush itself; remove it\n", names[i]);
		http_conf_check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str(names[i], buf_str(&faults), buf_str(&wanted));
		buf_free(&faults);
		buf_free(&wanted);
	}
}

static void credentials_come_in_one_way(void **state)
{
	static const struct {
		const char *name;
		bool basic, bearer;
		const char *header;
		const char *setting; // that the fault names; NULL: none
	} rows[] = {
		{ "basic", true, false, NULL, NULL },
		{ "bearer", false, true, NULL, NULL },
		{ "header", false, false, "Authorization", NULL },
		{ "basic and bearer", true, true, NULL, "basic_auth" },
		{ "basic and header", true, false, "authorization", "basic_auth" },
		{ "bearer and header", false, true, "AUTHORIZATION", "authorization" },
		{ "all", true, true, "Authorization", "basic_auth" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair header = { str_of(rows[i].header), STR("x") };
		struct http_conf conf = { .headers = { &header, rows[i].header ? 1 : 0 } };
		struct buf faults = buf_new(UNIT_LIMIT), wanted = buf_new(UNIT_LIMIT);

		conf.basic_auth.given = rows[i].basic;
		conf.authorization.given = rows[i].bearer;
		if (rows[i].basic)
			conf.basic_auth.username = conf.basic_auth.password.value = STR("x");
		conf.authorization.type = STR("Bearer");
		if (rows[i].bearer)
			conf.authorization.credentials.value = STR("x");
		if (rows[i].setting)
			buf_addf(&wanted, "%s%s", rows[i].setting, TWO_WAYS);
		http_conf_check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), buf_str(&wanted));
		buf_free(&faults);
		buf_free(&wanted);
	}
}

static void ways_to_the_peer(void **state)
{
	static const struct {
		const char *name, *cert, *key, *server, *proxy, *socket;
		bool environment;
		const char *faults;
	} rows[] = {
		{ .name = "nothing", .faults = "" },
		{ .name = "a client's certificate", .cert = "c", .key = "k", .faults = "" },
		{ .name = "no key",
			.cert = "c",
			.faults = "tls_config.key_file: is missing; cert_file needs it\n" },
		{ .name = "no certificate",
			.key = "k",
			.faults = "tls_config.cert_file: is missing; key_file needs it\n" },
		{ .name = "a server's name", .server = "h.example", .faults = "" },
		{ .name = "a server's name with a line break",
			.server = "h\n",
			.faults = "tls_config.server_name: is no host name\n" },
		{ .name = "a proxy", .proxy = "http://p", .faults = "" },
		{ .name = "the environment's", .environment = true, .faults = "" },
		{ .name = "both",
			.proxy = "http://p",
			.environment = true,
			.faults = "proxy_url: use one of proxy_url, proxy_from_environment and "
				  "unix_socket\n" },
		{ .name = "a proxy and a socket",
			.proxy = "http://p",
			.socket = "/s",
			.faults = "unix_socket: use one of proxy_url, proxy_from_environment and "
				  "unix_socket\n" },
		{ .name = "a socket", .socket = "/s", .faults = "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_conf conf = { .proxy_from_environment = rows[i].environment };
		struct buf faults = buf_new(UNIT_LIMIT);

		conf.tls_config.cert_file = str_of(rows[i].cert);
		conf.tls_config.key_file = str_of(rows[i].key);
		conf.tls_config.server_name = str_of(rows[i].server);
		conf.proxy_url = str_of(rows[i].proxy);
		conf.unix_socket = str_of(rows[i].socket);
		http_conf_check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
	}
}

static void a_sockets_path_has_107_bytes(void **state)
{
	(void)state;
	for (size_t n = 107; n <= 108; n++) {
		struct buf path = buf_new(UNIT_LIMIT), faults = buf_new(UNIT_LIMIT);
		struct http_conf conf = { 0 };

		while (path.len < n)
			buf_add_byte(&path, '/');
		conf.unix_socket = buf_str(&path);
		http_conf_check(&conf, &(struct setting_faults){ fill_note, &faults });
		check_str("path", buf_str(&faults),
			n == 107 ? STR("")
				 : STR("unix_socket: is longer than the 107 bytes of a socket's "
				       "path\n"));
		buf_free(&path);
		buf_free(&faults);
	}
}

static void answers_are_judged_by_status_and_first_line(void **state)
{
	static const struct {
		const char *name;
		struct http_answer answer;
		const char *body;
		enum err_kind kind; // ERR_NONE: good
		const char *text;
	} rows[] = {
		{ "200", { .status = 200 }, "m 1\n", ERR_NONE, "" },
		{ "204", { .status = 204 }, "", ERR_NONE, "" },
		{ "299", { .status = 299 }, "", ERR_NONE, "" },
		{ "100", { .status = 100 }, "", ERR_BAD_BODY, "HTTP 100" },
		{ "300", { .status = 300 }, "", ERR_HTTP_3XX, "HTTP 300" },
		{ "302", { .status = 302, .location = STR_INIT("http://x/") }, "moved",
			ERR_HTTP_3XX, "HTTP 302 to http://x/" },
		{ "401 with JSON", { .status = 401 },
			"{\"code\":\"BAD_API_KEY_OR_SECRET\",\"message\":\"Check api key\"}",
			ERR_HTTP_4XX,
			"HTTP 401: {\"code\":\"BAD_API_KEY_OR_SECRET\",\"message\":\"Check api "
			"key\"}" },
		{ "500 with a stack", { .status = 500 },
			"\n {\"exception\", badarg,\n [{erlang,foo,1}]}\n", ERR_HTTP_5XX,
			"HTTP 500: {\"exception\", badarg," },
		{ "502 with a page", { .status = 502, .content_type = STR_INIT("text/html") },
			"<html>", ERR_HTTP_5XX, "HTTP 502: (an HTML page)" },
		{ "a page in other case", { .status = 502, .content_type = STR_INIT("Text/HTML") },
			"<html>", ERR_HTTP_5XX, "HTTP 502: (an HTML page)" },
		{ "control bytes", { .status = 404 }, "a\x1b[31mb\xff\n", ERR_HTTP_4XX,
			"HTTP 404: a\\x1b[31mb\\xff" },
		{ "a location with control bytes", { .status = 301, .location = STR_INIT("/a\tb") },
			"", ERR_HTTP_3XX, "HTTP 301 to /a\\x09b" },
		{ "no answer",
			{ .err = { .kind = ERR_UNREACHABLE, .position = 0, .text = "refused" } },
			"", ERR_UNREACHABLE, "refused" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_answer answer = rows[i].answer;
		struct err err = { 0 };

		answer.body = buf_new(UNIT_LIMIT);
		buf_add(&answer.body, str_of(rows[i].body));
		bool good = http_judge(&answer, &err);
		check_number(rows[i].name, "good", good, rows[i].kind == ERR_NONE);
		check_number(rows[i].name, "kind", err.kind, rows[i].kind);
		check_str(rows[i].name, str_of(err.text), str_of(rows[i].text));
		buf_free(&answer.body);
	}
}

static void long_first_lines_are_cut(void **state)
{
	struct http_answer answer = { .status = 400, .body = buf_new(UNIT_LIMIT) };
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_add_byte(&answer.body, 'x');
	assert_false(http_judge(&answer, &err));
	assert_int_equal(strlen(err.text), strlen("HTTP 400: ") + 300);
	buf_free(&answer.body);
}

static void media_types_that_are_no_metrics(void **state)
{
	static const struct {
		const char *type;
		bool foreign;
	} rows[] = {
		{ "", false },
		{ "text/plain", false },
		{ "text/plain; version=0.0.4; charset=utf-8", false },
		{ "application/openmetrics-text; version=1.0.0", false },
		{ "text/html", true },
		{ "text/html; charset=utf-8", true },
		{ "TEXT/HTML ;charset=utf-8", true },
		{ "application/json", true },
		{ "Application/JSON; charset=utf-8", true },
		{ "application/json-seq", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct http_answer answer = { .content_type = str_of(rows[i].type) };

		check_number(rows[i].type, "foreign", http_is_foreign(&answer), rows[i].foreign);
	}
}

// Nothing in a segment can become a part of the path's structure, or of what stands behind it.
static void segments_have_no_structure(void **state)
{
	static const struct {
		const char *name;
		struct str segment;
		const char *url;
	} rows[] = {
		{ "plain", STR_INIT("AZaz09-._~"), "AZaz09-._~" },
		{ "a node", STR_INIT("emqx@127.0.0.1"), "emqx%40127.0.0.1" },
		{ "slashes", STR_INIT("a/b\\c"), "a%2Fb%5Cc" },
		{ "blanks", STR_INIT(" \t\r\n"), "%20%09%0D%0A" },
		{ "delimiters", STR_INIT("?#[]!$&'()*+,;=:%"),
			"%3F%23%5B%5D%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%25" },
		{ "quotes", STR_INIT("\"<>`{}|^"), "%22%3C%3E%60%7B%7D%7C%5E" },
		{ "other bytes", STR_INIT("\0\x7f\x80\xff"), "%00%7F%80%FF" },
		{ "UTF-8", STR_INIT("\xc3\xbc"), "%C3%BC" },
		{ "nothing", STR_INIT(""), "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf url = buf_new(UNIT_LIMIT);

		buf_add(&url, STR("/"));
		http_add_segment(&url, rows[i].segment);
		check_str(rows[i].name, (struct str){ url.ptr + 1, url.len - 1 },
			str_of(rows[i].url));
		buf_free(&url);
	}
}

static void parameters_go_to_the_end_of_the_query(void **state)
{
	static const struct {
		const char *url, *name, *value, *whole;
	} rows[] = {
		{ "http://h/m", "a", "1", "http://h/m?a=1" },
		{ "http://h/m?", "a", "1", "http://h/m?a=1" },
		{ "http://h/m?b", "a", "1", "http://h/m?b&a=1" },
		{ "http://h/m?b=2", "a", "1", "http://h/m?b=2&a=1" },
		{ "http://h/m?b=2&", "a", "1", "http://h/m?b=2&a=1" },
		{ "http://h/m?a=1", "a", "1", "http://h/m?a=1&a=1" },
		{ "http://h/m", "a", "", "http://h/m?a=" },
		{ "http://h/m", "match[]", "{job=~\"a&b|c\"}",
			"http://h/m?match%5B%5D=%7Bjob%3D~%22a%26b%7Cc%22%7D" },
		{ "http://h/m", "a=b", "c d+%", "http://h/m?a%3Db=c%20d%2B%25" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf url = buf_new(UNIT_LIMIT);

		buf_add(&url, str_of(rows[i].url));
		http_add_parameter(&url, str_of(rows[i].name), str_of(rows[i].value));
		check_str(rows[i].url, buf_str(&url), str_of(rows[i].whole));
		buf_free(&url);
	}
}

static void only_unreserved_bytes_stand_for_themselves(void **state)
{
	static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
					 "0123456789-._~";

	(void)state;
	for (int byte = 0; byte < 256; byte++)
		assert_int_equal(http_is_unreserved((char)byte),
			byte != 0 && strchr(unreserved, byte) != NULL);
}

static void secrets_are_given_once_and_whole(void **state)
{
	static const struct {
		const char *name;
		struct secret secret;
		const char *setting, *faults;
	} rows[] = {
		{ "itself", { .value = STR_INIT("s") }, "login.password", "" },
		{ "a file", { .file = STR_INIT("f") }, "login.password", "" },
		{ "a tab", { .value = STR_INIT("a\tb") }, "login.password", "" },
		{ "neither", { .is_faulty = false }, "login.password",
			"login.password: is missing; give it or password_file\n" },
		{ "both", { .value = STR_INIT("s"), .file = STR_INIT("f") }, "login.password",
			"login.password: give this or password_file, not both\n" },
		{ "empty", { .value = STR_INIT("") }, "login.password",
			"login.password: is empty; give the secret, or remove the group\n" },
		{ "a line break", { .value = STR_INIT("a\nb") }, "login.password",
			"login.password: has a line break or another control byte\n" },
		{ "no group", { .is_faulty = false }, "token",
			"token: is missing; give it or token_file\n" },
		{ "a group in a group", { .is_faulty = false }, "a.b.token",
			"a.b.token: is missing; give it or token_file\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf faults = buf_new(UNIT_LIMIT);

		http_check_secret(&rows[i].secret, rows[i].setting,
			&(struct setting_faults){ fill_note, &faults });
		check_str(rows[i].name, buf_str(&faults), str_of(rows[i].faults));
		buf_free(&faults);
	}
}

static void credentials_of_any_kind_are_seen(void **state)
{
	static const struct {
		const char *name, *header;
		bool basic, other, has;
	} rows[] = {
		{ "none", NULL, false, false, false },
		{ "basic", NULL, true, false, true },
		{ "authorization", NULL, false, true, true },
		{ "a header", "Authorization", false, false, true },
		{ "a header in other case", "AUTHORIZATION", false, false, true },
		{ "another header", "X-Authorization", false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct pair headers[] = { { STR("X-Team"), STR("iot") },
			{ str_of(rows[i].header), STR("x") } };
		struct http_conf conf = { .headers = { headers, rows[i].header ? 2 : 1 } };

		conf.basic_auth.given = rows[i].basic;
		conf.authorization.given = rows[i].other;
		check_number(rows[i].name, "credentials", http_has_credentials(&conf), rows[i].has);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_that_do_not_go_together),
		cmocka_unit_test(headers_that_are_not_the_users),
		cmocka_unit_test(credentials_come_in_one_way),
		cmocka_unit_test(ways_to_the_peer),
		cmocka_unit_test(a_sockets_path_has_107_bytes),
		cmocka_unit_test(answers_are_judged_by_status_and_first_line),
		cmocka_unit_test(long_first_lines_are_cut),
		cmocka_unit_test(media_types_that_are_no_metrics),
		cmocka_unit_test(segments_have_no_structure),
		cmocka_unit_test(parameters_go_to_the_end_of_the_query),
		cmocka_unit_test(only_unreserved_bytes_stand_for_themselves),
		cmocka_unit_test(secrets_are_given_once_and_whole),
		cmocka_unit_test(credentials_of_any_kind_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
