/* SPDX-License-Identifier: ISC */
/*
 * The list of targets, and what they share.
 */
#include "targets.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/table.h"

static const struct {
	const char *name;
	fuzz_target *run;
} targets[] = {
#define ENTRY(name) {#name, fuzz_##name},
	FUZZ_TARGETS(ENTRY)
};

fuzz_target *fuzz_target_of(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof targets / sizeof *targets; i++)
		if (strcmp(targets[i].name, name) == 0)
			return targets[i].run;
	return NULL;
}

/* --- once ---------------------------------------------------------------------------------- */

static void look_at_line(void *context, const char *line, size_t n)
{
	(void)context;
	HOLDS(fuzz_is_line(line, n));
}

void fuzz_look_at_log(void)
{
	log_configure(&(struct log_options){.level = LOG_LEVEL_INFO});
	log_set_sink(look_at_line, NULL);
}

void fuzz_begin(void)
{
	table_set_locale();
	fuzz_look_at_log();
}

/* --- texts --------------------------------------------------------------------------------- */

bool fuzz_is_line(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + n;
	size_t bytes;

	for (; p < end && *p != '\n'; p += bytes) {
		bytes = utf8_sequence(p, (size_t)(end - p));
		if (!bytes || unicode_is_control(utf8_code_point(p, bytes)))
			return false;
	}
	return p + 1 == end;
}

char *fuzz_text(const uint8_t *data, size_t n)
{
	char *text = malloc(n + 1);

	HOLDS(text);
	if (n)
		memcpy(text, data, n);
	text[n] = '\0';
	return text;
}

struct fuzz_halves fuzz_halves(const uint8_t *data, size_t n)
{
	const uint8_t *cut = n ? memchr(data, '\n', n) : NULL;
	size_t head = cut ? (size_t)(cut - data) : n;

	if (!cut)
		return (struct fuzz_halves){data, data + n, n, 0};
	return (struct fuzz_halves){data, cut + 1, head, n - head - 1};
}

void fuzz_add_base64url(struct buf *out, struct span bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = (const unsigned char *)bytes.p;
	unsigned held = 0;
	int bits = 0;
	size_t i;

	for (i = 0; i < bytes.n; i++) {
		held = held << 8 | p[i];
		for (bits += 8; bits >= 6; bits -= 6)
			buf_putc(out, digits[held >> (bits - 6) & 63]);
	}
	if (bits)
		buf_putc(out, digits[held << (6 - bits) & 63]);
}

struct span fuzz_part(struct span *rest)
{
	const char *cut = rest->n ? memmem(rest->p, rest->n, "\n%\n", 3) : NULL;
	struct span part = *rest;

	*rest = (struct span){"", 0};
	if (cut) {
		*rest = (struct span){cut + 3, part.n - (size_t)(cut - part.p) - 3};
		part.n = (size_t)(cut - part.p);
	}
	return part;
}

void fuzz_put_file(enum fuzz_file which, struct span text, char path[FUZZ_PATH])
{
	static int files[FUZZ_FILES];

	if (!files[which]) {
		files[which] = memfd_create("input", MFD_CLOEXEC);
		HOLDS(files[which] > 0 && fchmod(files[which], 0600) == 0);
	}
	HOLDS(ftruncate(files[which], 0) == 0);
	HOLDS(pwrite(files[which], text.p, text.n, 0) == (ssize_t)text.n);
	snprintf(path, FUZZ_PATH, "/proc/self/fd/%d", files[which]);
}
