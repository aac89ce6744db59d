// SPDX-License-Identifier: Apache-2.0
// Assignments of the command line (--set), laid over a good file.
//
// Input: a PATH=VALUE a line.
#include "config_run.h"
#include "fuzz.h"

#include <string.h>

enum { MOST = 16 };

static const char file[] =
	"labels = { env = \"fuzz\"; };\n"
	"sources = (\n"
	"  { name = \"broker\"; type = \"emqx\"; url = \"http://127.0.0.1:18083\";\n"
	"    basic_auth = { username = \"key\"; password = \"secret\"; }; },\n"
	"  { type = \"prometheus\"; name = \"host\"; url = \"http://127.0.0.1:9100\"; }\n"
	");\n"
	"sinks = (\n"
	"  { name = \"gateway\"; type = \"pushgateway\"; url = \"http://127.0.0.1:9091\"; }\n"
	");\n";

// --set wants a = in it before the configuration sees it; an argument has no NUL.
static bool is_argument(struct str line)
{
	return line.len && memchr(line.ptr, '=', line.len) && !memchr(line.ptr, '\0', line.len) &&
	       !memmem(line.ptr, line.len, "/dev", 4) && !memmem(line.ptr, line.len, "/proc", 5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size };
	char *overrides[MOST];
	size_t n = 0;

	while (rest.len && n < MOST) {
		struct str line = fuzz_take(&rest, "\n");
		if (is_argument(line))
			overrides[n++] = strndup(line.ptr, line.len);
	}
	config_run(str_of(file), (const char *const *)overrides, n);
	while (n)
		free(overrides[--n]);
	return 0;
}
