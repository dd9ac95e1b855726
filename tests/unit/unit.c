/* SPDX-License-Identifier: ISC */
/*
 * What the unit tests share.
 */
#include "unit.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "../lib/environment.h"
#include "base/clock.h"
#include "base/mem.h"
#include "stripe/members.h"

#define KEPT_MAX 8192

static struct json_object *values[KEPT_MAX];
static char *texts[KEPT_MAX];
static size_t value_count, text_count;

/* Before main(): no test of any program can forget it. */
__attribute__((constructor)) static void begin(void)
{
	environment_clean();
}

int unit_release(void **state)
{
	(void)state;
	while (value_count)
		json_object_put(values[--value_count]);
	while (text_count)
		free(texts[--text_count]);
	return 0;
}

struct json_object *keep(struct json_object *value)
{
	assert_true(value_count < KEPT_MAX);
	values[value_count++] = value;
	return value;
}

char *keep_text(char *text)
{
	assert_true(text_count < KEPT_MAX);
	texts[text_count++] = text;
	return text;
}

void unit_check(const char *row, bool ok, const char *condition, const char *file, int line)
{
	if (ok)
		return;
	print_error("%s: %s does not hold\n", row, condition);
	_fail(file, line);
}

void unit_check_int(const char *row, int64_t actual, int64_t expected, const char *file, int line)
{
	if (actual == expected)
		return;
	print_error("%s: %" PRId64 " is not %" PRId64 "\n", row, actual, expected);
	_fail(file, line);
}

void unit_check_text(const char *row, const char *actual, const char *expected, const char *file,
		     int line)
{
	if (actual == expected || (actual && expected && strcmp(actual, expected) == 0))
		return;
	print_error("%s: <%s> is not <%s>\n", row, actual ? actual : "NULL",
		    expected ? expected : "NULL");
	_fail(file, line);
}

void unit_check_err(const char *row, const struct err *e, enum err_code code, const char *part,
		    const char *file, int line)
{
	unit_check_text(row, err_name(e->code), err_name(code), file, line);
	if (strstr(e->text, part))
		return;
	print_error("%s: <%s> is not in <%s>\n", row, part, e->text);
	_fail(file, line);
}

static char *double_quoted(char *text)
{
	char *p;

	for (p = text; *p; p++)
		if (*p == '\'')
			*p = '"';
	return keep_text(text);
}

void add_json(struct buf *out, const char *json)
{
	for (; *json; json++)
		buf_putc(out, *json == '\'' ? '"' : *json);
}

static struct json_object *vjson_of(const char *format, va_list ap)
{
	struct json_object *value;
	char *text = NULL;

	assert_true(vasprintf(&text, format, ap) >= 0);
	double_quoted(text);
	value = json_tokener_parse(text);
	if (!value)
		fail_msg("the test's own JSON is wrong: %s", text);
	return keep(value);
}

struct json_object *json_of(const char *format, ...)
{
	struct json_object *value;
	va_list ap;

	va_start(ap, format);
	value = vjson_of(format, ap);
	va_end(ap);
	return value;
}

struct json_object *stripe_of(const char *format, ...)
{
	struct json_object *value;
	va_list ap;

	va_start(ap, format);
	value = vjson_of(format, ap);
	va_end(ap);
	return keep(json_parse_members(span_of(json_text(value)), stripe_member));
}

void unit_check_json(const char *row, struct json_object *value, const char *expected,
		     const char *file, int line)
{
	struct json_object *wanted = expected ? json_of("%s", expected) : NULL;

	if (value == wanted || (value && wanted && json_equal(value, wanted)))
		return;
	print_error("%s: %s\nis not %s\n", row, value ? json_text(value) : "NULL",
		    wanted ? json_text(wanted) : "NULL");
	_fail(file, line);
}

const char *repeat(const char *text, size_t n)
{
	size_t length = strlen(text), i;
	char *all = keep_text(mem_zalloc(n * length + 1, 1));

	for (i = 0; i < n; i++)
		memcpy(all + i * length, text, length);
	return all;
}

int unit_next_descriptor(void)
{
	int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

/* Milliseconds in which processes had to wait for a processor or the disk, or 0
 * where the kernel does not count them. */
static int64_t stolen_ms(void)
{
	static const char *const files[] = {"/proc/pressure/cpu", "/proc/pressure/io"};
	int64_t total = 0;
	size_t i;

	for (i = 0; i < LENGTH(files); i++) {
		FILE *f = fopen(files[i], "r");
		int64_t us = 0;

		if (f && fscanf(f, "some %*s %*s %*s total=%" SCNd64, &us) == 1)
			total += us / 1000;
		if (f)
			fclose(f);
	}
	return total;
}

struct unit_watch unit_watch_begin(void)
{
	return (struct unit_watch){.began = clock_monotonic_ms(), .stolen = stolen_ms()};
}

bool unit_watch_took(const struct unit_watch *watch, int64_t least, int64_t most)
{
	int64_t took = clock_monotonic_ms() - watch->began;

	if (took >= least && took <= most + 3 * (stolen_ms() - watch->stolen))
		return true;
	print_error("it took %" PRId64 " ms\n", took);
	return false;
}

const char *unit_folder(void)
{
	const char *base = getenv("TMPDIR");
	char *path = keep_text(str_printf("%s/ordersnap-unit-XXXXXX", base ? base : "/tmp"));

	assert_non_null(mkdtemp(path));
	return path;
}

void unit_remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
	rmdir(path);
}
