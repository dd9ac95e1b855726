/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: what a program does with SQLite.  For each step of a statement its text
 * goes, as a line, into the file that STATEMENTS names.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

struct sqlite3_stmt;
const char *sqlite3_sql(struct sqlite3_stmt *statement);
int sqlite3_step(struct sqlite3_stmt *statement);

int sqlite3_step(struct sqlite3_stmt *statement)
{
	int (*step)(struct sqlite3_stmt *);
	const char *path = getenv("STATEMENTS");
	FILE *to = path ? fopen(path, "a") : NULL;

	*(void **)&step = dlsym(RTLD_NEXT, "sqlite3_step");
	if (to) {
		fprintf(to, "%s\n", sqlite3_sql(statement));
		fclose(to);
	}
	return step(statement);
}
