/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the check share.
 */
#include "check/check_part.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"

#define LINE_MAX_BYTES 4096

const char *check_status_name(enum check_status status)
{
	static const char *const names[] = {"ok", "warning", "failed"};

	return names[status];
}

/* A line may quote what Stripe, AWS or a setting said: secrets are masked here,
 * once for all. */
static void say(struct check *c, enum check_status status, const char *name, const char *advice,
		const char *text)
{
	struct buf shown;

	if (status > c->worst)
		c->worst = status;
	buf_init(&shown, LINE_MAX_BYTES);
	log_redact(&shown, text);
	c->options->report(c->options->context, &(struct check_line){
		.group = c->group,
		.name = name,
		.status = status,
		.text = buf_text(&shown),
		.advice = advice,
	});
	buf_free(&shown);
}

static void say_formatted(struct check *c, enum check_status status, const char *name,
			  const char *advice, const char *format, va_list ap)
{
	char text[LINE_MAX_BYTES];

	vsnprintf(text, sizeof text, format, ap);
	str_trim_sequence(text);
	say(c, status, name, advice, text);
}

void check_ok(struct check *c, const char *name, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_formatted(c, CHECK_OK, name, NULL, format, ap);
	va_end(ap);
}

void check_not(struct check *c, enum check_status status, const char *name, const char *advice,
	       const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_formatted(c, status, name, advice, format, ap);
	va_end(ap);
}

int64_t check_deadline(const struct check *c, int64_t ms)
{
	int64_t own = deadline_in(ms);

	return own < c->deadline ? own : c->deadline;
}

int64_t check_now(const struct check *c)
{
	return clock_epoch() - c->skew;
}

const char *check_spell(int64_t seconds, char *out)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;
	int64_t n;

	/* Two of a unit are more exact than one of the next. */
	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	n = seconds / units[i].seconds;
	snprintf(out, CHECK_SPELL, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
	return out;
}

/* Whether others than the owner of `st`, a folder, can put a file there. */
static bool is_open_folder(const struct stat *st, gid_t intended)
{
	return (st->st_mode & S_IWOTH) || ((st->st_mode & S_IWGRP) && st->st_gid != intended);
}

bool check_closed_folder(struct check *c, const char *path)
{
	char *folder = realpath(path, NULL), *slash;
	struct stat file, st;
	bool closed = true, nearest = true;

	/* Its own folder, and those above it, where a sticky bit is enough (/tmp). */
	if (folder && stat(folder, &file))
		*folder = '\0';
	while (closed && folder && (slash = strrchr(folder, '/'))) {
		*slash = '\0';
		if (stat(*folder ? folder : "/", &st))
			break;
		closed = nearest ? !is_open_folder(&st, file.st_gid)
				 : !(st.st_mode & S_IWOTH) || (st.st_mode & S_ISVTX);
		nearest = false;
	}
	if (!closed)
		check_not(c, CHECK_FAILED, "folder", "chmod o-w it, and g-w unless its group is the "
			  "programs'", "%s, mode %04o: others can write it, and put a file of theirs in "
			  "the place of %s", *folder ? folder : "/", (unsigned)(st.st_mode & 07777), path);
	free(folder);
	return closed;
}
