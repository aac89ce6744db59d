// SPDX-License-Identifier: Apache-2.0
// One client as EMQX tells it, by /clients and /clients/{clientid}.
#include "source/clients.h"
#include "source/json.h"

#include <time.h>

#define RX STR_INIT("rx")
#define TX STR_INIT("tx")

const struct clients_counter clients_counters[N_CLIENTS_COUNTERS] = {
	{ "recv_msg", CLIENTS_FAMILY_PROCESSED, CLIENTS_PROCESSED, .direction = RX },
	{ "send_msg", CLIENTS_FAMILY_PROCESSED, CLIENTS_PROCESSED, .direction = TX },
	{ "recv_msg.qos0", CLIENTS_FAMILY_BY_QOS, CLIENTS_QOS_SPLIT, .direction = RX,
		.qos = STR_INIT("0") },
	{ "recv_msg.qos1", CLIENTS_FAMILY_BY_QOS, CLIENTS_QOS_SPLIT, .direction = RX,
		.qos = STR_INIT("1") },
	{ "recv_msg.qos2", CLIENTS_FAMILY_BY_QOS, CLIENTS_QOS_SPLIT, .direction = RX,
		.qos = STR_INIT("2") },
	{ "send_msg.qos0", CLIENTS_FAMILY_BY_QOS, CLIENTS_QOS_SPLIT, .direction = TX,
		.qos = STR_INIT("0") },
	{ "send_msg.qos1", CLIENTS_FAMILY_BY_QOS, CLIENTS_QOS_SPLIT, .direction = TX,
		.qos = STR_INIT("1") },
	{ "send_msg.qos2", CLIENTS_FAMILY_BY_QOS, CLIENTS_QOS_SPLIT, .direction = TX,
		.qos = STR_INIT("2") },
	{ "recv_msg.dropped", CLIENTS_FAMILY_DROPPED, CLIENTS_DROPPED, .direction = RX },
	{ "send_msg.dropped", CLIENTS_FAMILY_DROPPED, CLIENTS_DROPPED, .direction = TX },
	{ "recv_msg.dropped.await_pubrel_timeout", CLIENTS_FAMILY_BY_REASON, CLIENTS_REASON_SPLIT,
		.direction = RX, .reason = STR_INIT("await_pubrel_timeout") },
	{ "send_msg.dropped.expired", CLIENTS_FAMILY_BY_REASON, CLIENTS_REASON_SPLIT,
		.direction = TX, .reason = STR_INIT("expired") },
	{ "send_msg.dropped.queue_full", CLIENTS_FAMILY_BY_REASON, CLIENTS_REASON_SPLIT,
		.direction = TX, .reason = STR_INIT("queue_full") },
	{ "send_msg.dropped.too_large", CLIENTS_FAMILY_BY_REASON, CLIENTS_REASON_SPLIT,
		.direction = TX, .reason = STR_INIT("too_large") },
	{ "recv_oct", CLIENTS_FAMILY_BYTES, CLIENTS_BYTES, .direction = RX },
	{ "send_oct", CLIENTS_FAMILY_BYTES, CLIENTS_BYTES, .direction = TX },
	{ "recv_pkt", CLIENTS_FAMILY_PACKETS, CLIENTS_PACKETS, .direction = RX },
	{ "send_pkt", CLIENTS_FAMILY_PACKETS, CLIENTS_PACKETS, .direction = TX },
};

// So that a sum over all clients of a class has room.
static const int64_t LARGEST_GAUGE = (int64_t)1 << 36;

static const char *const gauge_keys[N_CLIENTS_GAUGES] = {
	[CLIENTS_SUBSCRIBED] = "subscriptions_cnt",
	[CLIENTS_IN_FLIGHT] = "inflight_cnt",
	[CLIENTS_QUEUED] = "mqueue_len",
};

// Times

// Takes n digits off the front. False: there are none, or not so many.
static bool take_digits(struct str *text, size_t n, int *number)
{
	*number = 0;
	if (text->len < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (text->ptr[i] < '0' || text->ptr[i] > '9')
			return false;
		*number = *number * 10 + (text->ptr[i] - '0');
	}
	*text = (struct str){ text->ptr + n, text->len - n };
	return true;
}

static bool take_byte(struct str *text, const char *one_of)
{
	for (const char *c = one_of; text->len && *c; c++) {
		if (*c == text->ptr[0]) {
			*text = (struct str){ text->ptr + 1, text->len - 1 };
			return true;
		}
	}
	return false;
}

// .678; what is finer is left out. False: a dot without digits.
static bool take_fraction(struct str *text, int *ms)
{
	int digit, scale = 100, n_digits = 0;

	*ms = 0;
	if (!take_byte(text, "."))
		return true;
	for (; take_digits(text, 1, &digit); scale /= 10, n_digits++)
		*ms += digit * scale;
	return n_digits > 0;
}

// Z or +02:00
static bool take_offset(struct str *text, int64_t *offset_s)
{
	bool is_west = text->len && text->ptr[0] == '-';
	int hours, minutes;

	*offset_s = 0;
	if (take_byte(text, "Zz"))
		return true;
	if (!take_byte(text, "+-") || !take_digits(text, 2, &hours) || !take_byte(text, ":") ||
		!take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_s = (int64_t)(hours * 60 + minutes) * (is_west ? -60 : 60);
	return true;
}

static bool take_date_and_time(struct str *text, struct tm *tm)
{
	return take_digits(text, 4, &tm->tm_year) && take_byte(text, "-") &&
	       take_digits(text, 2, &tm->tm_mon) && take_byte(text, "-") &&
	       take_digits(text, 2, &tm->tm_mday) && take_byte(text, "Tt ") &&
	       take_digits(text, 2, &tm->tm_hour) && take_byte(text, ":") &&
	       take_digits(text, 2, &tm->tm_min) && take_byte(text, ":") &&
	       take_digits(text, 2, &tm->tm_sec) && tm->tm_sec <= 60;
}

// False: there is no such day or minute. timegm would take 31 February for the 3rd of March.
static bool seconds_of(struct tm tm, int64_t *seconds)
{
	int leap = tm.tm_sec == 60;

	tm.tm_year -= 1900;
	tm.tm_mon--;
	tm.tm_sec -= leap;
	struct tm normal = tm;
	*seconds = (int64_t)timegm(&normal) + leap;
	return normal.tm_mon == tm.tm_mon && normal.tm_mday == tm.tm_mday &&
	       normal.tm_hour == tm.tm_hour && normal.tm_min == tm.tm_min;
}

int64_t clients_row_time(struct str text)
{
	struct tm tm = { 0 };
	int64_t seconds, offset_s;
	int ms;

	if (!take_date_and_time(&text, &tm) || !take_fraction(&text, &ms) ||
		!take_offset(&text, &offset_s) || text.len || !seconds_of(tm, &seconds))
		return 0;
	seconds -= offset_s;
	return seconds < 0 ? 0 : seconds * 1000 + ms;
}

// Rows

// As text, or as a number of ms.
static int64_t time_of(struct json value)
{
	struct json_number number;

	if (json_number(value, &number))
		return number.is_integer && number.integer > 0 ? number.integer : 0;
	return clients_row_time(json_text(value));
}

static bool count_of(struct json value, int64_t *count)
{
	struct json_number number;

	if (!json_number(value, &number) || !number.is_integer || number.integer < 0)
		return false;
	*count = number.integer;
	return true;
}

bool clients_row_gauge(struct json value, int64_t *gauge)
{
	return count_of(value, gauge) && *gauge < LARGEST_GAUGE;
}

bool clients_row_read(struct json object, struct clients_row *row)
{
	int64_t count;

	*row = (struct clients_row){ .id = json_text(json_get(object, "clientid")) };
	if (row->id.len == 0)
		return false;
	row->is_connected = json_is_true(json_get(object, "connected"));
	row->created_ms = time_of(json_get(object, "created_at"));
	row->connected_ms = time_of(json_get(object, "connected_at"));
	row->disconnected_ms = time_of(json_get(object, "disconnected_at"));
	row->keepalive_s = count_of(json_get(object, "keepalive"), &count) ? count : -1;
	for (unsigned i = 0; i < N_CLIENTS_COUNTERS; i++) {
		if (count_of(json_get(object, clients_counters[i].key), &count)) {
			row->counters[i] = (uint64_t)count;
			row->told |= 1u << i;
		}
	}
	for (unsigned i = 0; i < N_CLIENTS_GAUGES; i++) {
		if (clients_row_gauge(json_get(object, gauge_keys[i]), &count)) {
			row->gauges[i] = count;
			row->told_gauges |= 1u << i;
		}
	}
	return true;
}
