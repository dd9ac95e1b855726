/* SPDX-License-Identifier: ISC */
/*
 * The list of targets, and what they share.
 */
#include "targets.h"

#include <string.h>

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
