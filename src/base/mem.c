/* SPDX-License-Identifier: ISC */
/*
 * Allocation that succeeds or ends the process.
 */
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__ /* stdlib.h tells */
#include <malloc.h>
#endif
#include <string.h>
#include <sys/resource.h>

void mem_out(void)
{
	fputs("ordersnap: out of memory\n", stderr);
	abort();
}

static void *must(void *p)
{
	if (!p)
		mem_out();
	return p;
}

void *mem_zalloc(size_t count, size_t size)
{
	return must(calloc(count ? count : 1, size ? size : 1));
}

void *mem_realloc(void *p, size_t size)
{
	return must(realloc(p, size ? size : 1));
}

void mem_leave_no_core(void)
{
	setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0});
}

void mem_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

void mem_forget(char *text)
{
	if (text)
		mem_wipe(text, strlen(text));
	free(text);
}

/* glibc keeps small pieces apart when they are freed, and joins them all whenever a large one is: we
 * free a tree and then its text, again and again, and a tenth of the time went into that. */
void mem_tune(void)
{
#ifdef __GLIBC__
	mallopt(M_MXFAST, 0);
#endif
}
