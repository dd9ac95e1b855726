/* SPDX-License-Identifier: ISC */
/*
 * Which orders.  The one idea: the query reads the days in which they can be, and
 * each order is then asked whether it is one of them.
 */
#include "cli/selection.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/seconds.h"
#include "format/iso8601.h"
#include "shop/keys.h"
#include "shop/order_rank.h"
#include "shop/tracking.h"

#define READ_MS 30000
#define DAYS_MAX 36600      /* a century: a day is a read */
#define DAYS_DEFAULT 7
#define DAYS_UNSHIPPED 90   /* without days: a parcel that waits longer was never sent */
#define MONTHS_DEFAULT 12   /* of --by month */
#define DAYS_OF_PAYMENT 92  /* a session lasts a day, Konbini and Boleto sixty more */

/* --- days ----------------------------------------------------------------------- */

/* The midnight (UTC) that the option's day begins with: only what would be written the
 * same is a day, so that 2024-02-30 is none.  Nothing is read where it is not given. */
static int read_day(const struct command_line *line, const char *option, int64_t *midnight)
{
	const char *text = command_value(line, option);
	int64_t today = clock_epoch() / DAY * DAY, epoch = 0;
	char *time, day[ISO8601_SIZE];
	int rc;

	if (!text)
		return COMMAND_OK;
	if (strcmp(text, "today") == 0 || strcmp(text, "yesterday") == 0) {
		*midnight = today - (*text == 'y' ? DAY : 0);
		return COMMAND_OK;
	}
	time = str_printf("%sT00:00:00Z", text);
	rc = iso8601_parse(time, &epoch);
	free(time);
	if (rc || epoch < 0 || strcmp(iso8601_day(epoch, day), text) != 0)
		return command_usage(line->command, "--%s must be a day as 2024-11-26, today or "
				     "yesterday, not \"%s\"", option, text);
	*midnight = epoch;
	return COMMAND_OK;
}

/* From the first day's midnight to the one behind the last day. */
static int read_days(const struct command_line *line, struct selection *s)
{
	bool day = command_value(line, "day"), since = command_value(line, "since");
	bool until = command_value(line, "until");
	int64_t first = 0, last = clock_epoch() / DAY * DAY, days;

	if (day && (since || until))
		return command_usage(line->command, "--day excludes --since and --until");
	if (read_day(line, day ? "day" : "until", &last) != COMMAND_OK)
		return COMMAND_USAGE;
	days = command_value(line, "unshipped") ? DAYS_UNSHIPPED : DAYS_DEFAULT;
	first = day ? last : last - (days - 1) * DAY;
	if (read_day(line, "since", &first) != COMMAND_OK)
		return COMMAND_USAGE;
	if (first > last)
		return command_usage(line->command, "--since must not be after %s",
				     until ? "--until" : "today");
	if (!s->user && (last - first) / DAY >= DAYS_MAX)
		return command_usage(line->command, "from --since to --until must not be more than "
				     "a century");
	s->from = s->user && !day && !since ? INT64_MIN : first;
	s->to = s->user && !day && !since && !until ? INT64_MAX : last + DAY;
	return COMMAND_OK;
}

/* From the first month to the last one, with the days in which they can be in any zone. */
static void set_months(struct selection *s, int first, int last)
{
	int64_t ignored;

	s->has_months = true;
	s->first_month = first;
	s->last_month = last;
	month_days(first, &s->from, &ignored);
	month_days(last, &ignored, &s->to);
}

/* A month, or days; a list by months has those of a year where the line says nothing. */
static int read_time(const struct command_line *line, struct selection *s)
{
	const char *text = command_value(line, "month"), *by = command_value(line, "by");
	bool days = command_value(line, "day") || command_value(line, "since") ||
		    command_value(line, "until");
	int month;

	if (text && days)
		return command_usage(line->command, "--month excludes --day, --since and --until");
	if (text && month_read(text, &month))
		return command_usage(line->command, "--month must be a month as 2024-11, not \"%s\"",
				     text);
	if (text)
		set_months(s, month, month);
	else if (!days && !s->user && by && strcmp(by, "month") == 0)
		set_months(s, month_of(clock_epoch()) - MONTHS_DEFAULT + 1, month_of(clock_epoch()));
	else
		return read_days(line, s);
	return COMMAND_OK;
}

/* --- the line ------------------------------------------------------------------- */

int selection_read(const struct command_line *line, struct selection *s)
{
	const char *user = command_value(line, "user");
	const char *by = command_value(line, "by");
	struct span rest = span_of(command_value(line, "status")), name;
	bool has_zone = month_set_zone() == 0;

	*s = (struct selection){.query = {.read_ms = READ_MS}};
	s->query.test = command_value(line, "test");
	s->paid = command_value(line, "paid");
	s->unshipped = command_value(line, "unshipped");

	/* Whose. */
	s->email = command_value(line, "email");
	s->user = user_id_from(user);
	if (user && (!s->user || span_utf8_length(span_of(s->user)) < 0))
		return command_usage(line->command, "--user must be a user's id or an e-mail address "
				     "of up to %d bytes", USER_ID_MAX);
	if (s->email && !strchr(s->email, '@'))
		return command_usage(line->command, "--email must be an e-mail address, not \"%s\"",
				     s->email);

	/* Of when. */
	if (read_time(line, s) != COMMAND_OK)
		return COMMAND_USAGE;
	if (!has_zone && (s->has_months || (by && strcmp(by, "month") == 0)))
		return command_usage(line->command, "TZ must be a time zone of this machine's, not \"%s\" "
				     "(Debian's packages of them are tzdata and tzdata-legacy)",
				     getenv("TZ"));

	/* In which state. */
	while (span_next(&rest, ',', &name)) {
		unsigned bit = history_status_of(span_trim(name));

		if (!bit)
			return command_usage(line->command, "there is no status \"%.*s\"; there are "
					     "%s", (int)name.n, name.p, history_status_names());
		s->query.statuses |= bit;
	}

	/* An order that was paid in these days may have been begun long before them. */
	s->query.user = s->user;
	s->query.from = s->from;
	s->query.to = s->to;
	if (s->paid && s->from != INT64_MIN)
		s->query.from -= DAYS_OF_PAYMENT * DAY;
	if (s->query.from < 0 && s->from != INT64_MIN)
		s->query.from = 0;
	return COMMAND_OK;
}

void selection_free(struct selection *s)
{
	free(s->user);
	s->user = NULL;
}

/* --- an order ------------------------------------------------------------------- */

int selection_time(const struct selection *s, struct json_object *order, int64_t *time)
{
	const char *text = json_string_or_null(order, s->paid ? "completedAt" : "createdAt");

	if (text && iso8601_parse(text, time) == 0)
		return 0;
	return s->paid ? -1 : key_order_created(json_string_or_null(order, "SK"), time);
}

/* Whether the order's time is one of those asked for.  The query has seen to the days
 * of sessions. */
static bool has_time(const struct selection *s, struct json_object *order)
{
	int month;
	int64_t time;

	if (!s->paid && !s->has_months)
		return true;
	if (s->paid && order_rank_of(order) != ORDER_RANK_COMPLETED)
		return false;
	if (selection_time(s, order, &time))
		return false;
	if (!s->has_months)
		return time >= s->from && time < s->to;
	month = month_of(time);
	return month >= s->first_month && month <= s->last_month;
}

/* An address is the same in whatever case its letters are. */
static bool has_email(const struct selection *s, struct json_object *order)
{
	const char *email = json_string_or_null(order, "customerEmail");
	struct span own, asked;

	if (!s->email)
		return true;
	own = span_trim(span_of(email));
	asked = span_trim(span_of(s->email));
	return email && own.n == asked.n && strncasecmp(own.p, asked.p, own.n) == 0;
}

int selection_next(const struct selection *s, struct history *history, struct json_object **order,
		   struct err *e)
{
	while (!history_next(history, order, e)) {
		if (!*order || (has_email(s, *order) && has_time(s, *order) &&
				(!s->unshipped || tracking_is_awaited(*order))))
			return 0;
		json_object_put(*order);
	}
	return -1;
}

void selection_say_missing(const struct history *history)
{
	if (history_missing(history))
		command_complain("orders", "%zu orders are in the list of their day, but not in "
				 "the store", history_missing(history));
}

bool selection_hides_test(struct app *app, const struct selection *s)
{
	const char *secret;
	struct err ignored;

	return !s->query.test &&
	       app_secret(app, SECRET_STRIPE, deadline_in(READ_MS), &secret, &ignored) == 0 &&
	       secret && key_mode_of(secret) == KEY_MODE_LIVE;
}
