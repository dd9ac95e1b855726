/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the check share.
 */
#include "check/check_part.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/seconds.h"
#include "base/log.h"

#define LINE_MAX_BYTES 4096

const char *check_status_name(enum check_status status)
{
	static const char *const names[] = {"ok", "warning", "failed"};

	return names[status];
}

/* A line may quote what Stripe, AWS or a setting said: secrets are masked here,
 * once for all. */
static void say(struct check *c, struct check_line line, const char *format, va_list ap)
{
	char text[LINE_MAX_BYTES];
	struct buf shown;

	vsnprintf(text, sizeof text, format, ap);
	str_trim_sequence(text);
	buf_init(&shown, LINE_MAX_BYTES);
	log_redact(&shown, text);
	line.group = c->group;
	line.text = buf_text(&shown);
	if (line.status > c->worst)
		c->worst = line.status;
	c->options->report(c->options->context, &line);
	buf_free(&shown);
}

void check_ok(struct check *c, const char *name, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(c, (struct check_line){.name = name, .status = CHECK_OK}, format, ap);
	va_end(ap);
}

void check_not(struct check *c, enum check_status status, const char *name, const char *advice,
	       const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(c, (struct check_line){.name = name, .status = status, .advice = advice}, format, ap);
	va_end(ap);
}

int64_t check_deadline(const struct check *c, int64_t ms)
{
	return deadline_within(ms, c->deadline);
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
	} units[] = {{DAY, "day"}, {HOUR, "hour"}, {60, "minute"}, {1, "second"}};
	size_t i = 0;
	int64_t n;

	/* Two of a unit are more exact than one of the next. */
	while (i < 3 && seconds < 2 * units[i].seconds)
		i++;
	n = seconds / units[i].seconds;
	snprintf(out, CHECK_SPELL, "%lld %s%s", (long long)n, units[i].name, n == 1 ? "" : "s");
	return out;
}

#define MAX_LINKS 40 /* as many as Linux follows in one path */

/* Whether others can put something of theirs in the place of what stands in `folder`.
 * On the way to the file a sticky bit keeps them from it (/tmp); in the file's own
 * folder they could still put a file beside it. */
static bool is_open_folder(const struct stat *folder, const struct stat *file, bool nearest)
{
	if (!nearest)
		return (folder->st_mode & S_IWOTH) && !(folder->st_mode & S_ISVTX);
	return (folder->st_mode & S_IWOTH) ||
	       ((folder->st_mode & S_IWGRP) && folder->st_gid != file->st_gid);
}

/* Where `part`, a path in `folder`, leads to if it is a link, with `rest` behind it;
 * else NULL.  To free. */
static char *follow_link(const char *part, const char *folder, const char *rest)
{
	char target[PATH_MAX];
	ssize_t n = readlink(part, target, sizeof(target));

	if (n <= 0)
		return NULL;
	if (*target == '/')
		return str_printf("%.*s%s", (int)n, target, rest);
	return str_printf("%s/%.*s%s", folder, (int)n, target, rest);
}

/* The first folder on the way to a file, `path` from the root on and then where its
 * links lead to, that others can write; NULL, or a path to free. */
static char *first_open_folder(const char *path, const struct stat *file, int links)
{
	const char *slash = path, *end;
	char *open = NULL;
	struct stat st;

	for (; slash && !open; slash = end) {
		char *folder = str_printf("%.*s", slash > path ? (int)(slash - path) : 1, path);
		char *part, *target;

		end = strchr(slash + 1, '/');
		part = str_printf("%.*s", end ? (int)(end - path) : (int)strlen(path), path);
		target = follow_link(part, folder, end ? end : "");
		if (!stat(folder, &st) && is_open_folder(&st, file, !end && !target))
			open = realpath(folder, NULL);
		else if (target && links > 0)
			open = first_open_folder(target, file, links - 1);
		if (target) /* the rest of the way has been looked at behind the link */
			end = NULL;
		free(folder);
		free(part);
		free(target);
	}
	return open;
}

bool check_closed_folder(struct check *c, const char *path)
{
	char *here = *path == '/' ? NULL : realpath(".", NULL);
	char *whole = here ? str_printf("%s/%s", here, path) : str_dup(path);
	struct stat file, folder = {0};
	char *open = stat(path, &file) ? NULL : first_open_folder(whole, &file, MAX_LINKS);

	if (open) {
		stat(open, &folder);
		check_not(c, CHECK_FAILED, "folder", "chmod o-w it, and g-w unless its group is the "
			  "programs'", "%s, mode %04o: others can write it, and put a file of theirs in "
			  "the place of %s", open, (unsigned)(folder.st_mode & 07777), path);
	}
	free(open);
	free(whole);
	free(here);
	return !open;
}
