// SPDX-License-Identifier: Apache-2.0
// URLs taken apart and put together, by libcurl's own parser; for the files of net/.
#pragma once

#include "base/buf.h"
#include "base/str.h"

// Where a Location leads from a URL (RFC 9110 section 10.2.2), into *target, which ends in NUL. False: it
// is no URL.
bool url_resolve(const char *url, const char *location, struct buf *target);
// Whether two URLs have the same scheme, host and port.
bool url_same_origin(const char *a, const char *b);
// The URL with another host, into *changed, which ends in NUL.
bool url_with_host(const char *url, struct str host, struct buf *changed);
// The URL's host and port as a header Host has them: without the scheme's own port.
bool url_authority(const char *url, struct buf *authority);
// The URL's host alone, IPv6 addresses in brackets.
bool url_host(const char *url, struct buf *host);
