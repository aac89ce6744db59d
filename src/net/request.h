// SPDX-License-Identifier: Apache-2.0
// Requests and answers as data. Sources and sinks make and read them; only the cycle has them carried
// out, by net/http.
#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "base/setting.h"
#include "base/str.h"

#include <stdint.h>

// What every peer's settings have in common; owned by the configuration.
struct http_conf {
	struct str url;
	int64_t timeout_ms; // 0: the phase's deadline
	struct pair_list headers;
	struct {
		bool given;
		struct str username;
		struct secret password;
	} basic_auth;
	struct {
		bool given;
		struct str type;
		struct secret credentials;
	} authorization;
	struct {
		struct str ca_file, cert_file, key_file, server_name;
		bool insecure_skip_verify;
		int min_version; // enum tls_version
	} tls_config;
	struct str proxy_url; // empty: none
	bool proxy_from_environment;
	struct str unix_socket; // path; empty: by the URL's host and port
	bool follow_redirects;	// to the same scheme, host and port only
	bool accept_gzip;
	bool cut_answer;	// a longer answer is cut, not refused: only its start is read
	size_t body_size_limit; // bytes of an answer, unpacked
};

enum tls_version { TLS_1_2, TLS_1_3, N_TLS_VERSIONS };

// The rows of struct http_conf that sources and sinks share.
extern const struct setting_table http_settings;

// The longest chain of redirects that is followed.
enum { HTTP_MOST_REDIRECTS = 5 };

// Checks what one row cannot: the headers, and that credentials come in one way only and whole. The
// URL is checked by http_check_url.
void http_conf_check(const struct http_conf *conf, const struct setting_faults *faults);

// Whether requests carry credentials of any kind: those of a group above, or a header Authorization.
bool http_has_credentials(const struct http_conf *conf);
// Checks a secret of a settings group that must have one, given by the setting `name` or `name`_file.
void http_check_secret(
	const struct secret *secret, const char *name, const struct setting_faults *faults);

struct http_request {
	const struct http_conf *conf; // credentials, headers, limits; borrowed until the answer
	struct str method;	      // GET, PUT or POST
	struct str url;		      // complete; here and below: borrowed until the answer
	struct str accept;	      // empty: none
	struct str content_type;      // of the body
	struct str body;	      // sent whole, with its length; GET has none
	struct str content_encoding;  // of the body; empty: identity
	bool anonymous;		      // without the credentials
	struct str bearer;	      // a token to send as credentials; empty: those of conf
	int64_t timeout_ms;	      // a limit beside that of conf; 0: none
	int64_t not_before_ns;	      // monotonic time to wait for before it goes out; 0: none
};

// Exactly one comes for each request.
struct http_answer {
	struct err err; // ERR_NONE: an HTTP answer came, whole, whatever its status
	int status;
	struct str content_type, location; // empty: no such header
	struct buf body;		   // owned by the receiver of the answer
	double seconds;			   // from the start of the request
	bool peer_is_local;	// this machine answered: loopback, an own address, a Unix socket
	int64_t retry_after_s;	// of a header Retry-After (RFC 9110 section 10.2.3); 0: none
	bool on_new_connection; // none was open any more: the peer may be another one than before
};

// Whether a byte stands for itself anywhere in a URL (RFC 3986 section 2.3).
bool http_is_unreserved(char c);
// Appends a text as one segment of a URL's path: every byte that is not unreserved
// becomes %XX, and the dots of . and .. too, which would be structure.
void http_add_segment(struct buf *url, struct str segment);
// Appends name=value to a URL's query, which begins with it if there is none yet.
void http_add_parameter(struct buf *url, struct str name, struct str value);

// Whether two complete URLs, which end in NUL, have the same scheme, host and port, as whoever carries requests out
// reads them, and no user-info: so that what goes to the one may go to the other. In url.c.
bool http_is_same_origin(struct str url, struct str other);

// Cuts what may be secret out of a URL that is shown or logged: user-info, query, fragment. *front and
// *back together are what is left.
void http_public_url(struct str url, struct str *front, struct str *back);

// Judges the status of an answer: true for 2xx. Otherwise err has the reason and a text with
// the status, the first line of the body (cut, printable) and, for 3xx, the Location.
bool http_judge(const struct http_answer *answer, struct err *err);

// Whether the media type of an answer (RFC 9110 section 8.3.1) is one of text/html and application/json:
// no page of metrics, whatever the status.
bool http_is_foreign(const struct http_answer *answer);
