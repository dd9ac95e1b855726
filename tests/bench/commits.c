/* SPDX-License-Identifier: ISC */
/*
 * What SQLite and the disk can do: one-row commits, WAL, synchronous=FULL, of
 * one process.  Prints how many a second.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void need(sqlite3 *db, int rc)
{
	if (rc != SQLITE_OK && rc != SQLITE_DONE && rc != SQLITE_ROW) {
		fprintf(stderr, "commits: %s\n", sqlite3_errmsg(db));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct timespec a, b;
	sqlite3_stmt *insert;
	sqlite3 *db;
	int i, n = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;

	if (n < 1)
		return 2;
	need(NULL, sqlite3_open(argv[1], &db));
	need(db, sqlite3_exec(db, "pragma journal_mode=wal; pragma synchronous=full;"
			      "create table t (k text primary key, v text) without rowid", NULL, NULL, NULL));
	need(db, sqlite3_prepare_v2(db, "insert into t values (?1, hex(zeroblob(600)))", -1, &insert, NULL));
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (i = 0; i < n; i++) {
		char key[32];

		snprintf(key, sizeof key, "key-%d", i);
		sqlite3_bind_text(insert, 1, key, -1, SQLITE_TRANSIENT);
		need(db, sqlite3_step(insert));
		sqlite3_reset(insert);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.1f\n", n / ((double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9));
	sqlite3_finalize(insert);
	sqlite3_close(db);
	return 0;
}
