// SPDX-License-Identifier: Apache-2.0
// Why something that depends on the world did not work: a kind for programs, a text for people and,
// where text was read, a position.
#pragma once

#include "base/str.h"

// The closed list of reasons in metrics and logs; ERR_INVALID alone never leaves as a reason: it is a
// fault in a setting, found before anything runs.
enum err_kind {
	ERR_NONE,
	ERR_TIMED_OUT,
	ERR_UNREACHABLE,
	ERR_TLS,
	ERR_HTTP_3XX,
	ERR_HTTP_4XX,
	ERR_HTTP_5XX,
	ERR_REJECTED,
	ERR_TOO_LARGE,
	ERR_BAD_BODY,
	ERR_CANCELLED,
	ERR_SKIPPED,
	ERR_NODE_UNKNOWN,
	ERR_EMPTY_KEY_VALUE,
	ERR_INVALID,
	N_ERR_KINDS,
};

enum { ERR_TEXT_SIZE = 512 };

// Starts zeroed: no error.
struct err {
	enum err_kind kind;
	size_t position; // of the first wrong byte or line, as the setter says; 0 where there is none
	char text[ERR_TEXT_SIZE];
};

// Sets kind, position and text (cut to fit, control bytes as \xNN); an error already set stays.
void err_set(struct err *err, enum err_kind kind, size_t position, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// The reason's name, as in the label `reason`.
struct str err_reason(enum err_kind kind);
