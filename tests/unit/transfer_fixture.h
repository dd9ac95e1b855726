/* SPDX-License-Identifier: ISC */
/*
 * Files of lines, and what a caller of export, import and adopt is told.
 */
#ifndef ORDERSNAP_TESTS_TRANSFER_FIXTURE_H
#define ORDERSNAP_TESTS_TRANSFER_FIXTURE_H

#include "outside.h"

#include <stdio.h>

#include "format/json_canonical.h"

/* The folder of a test's files, from files_begin() to files_end(). */
static const char *folder;

static inline int files_begin(void **state)
{
	(void)state;
	folder = unit_folder();
	outside_begin();
	return 0;
}

static inline int files_end(void **state)
{
	outside_end();
	unit_remove_folder(folder);
	return unit_release(state);
}

#define holds_with_files(f) cmocka_unit_test_setup_teardown(f, files_begin, files_end)

/* The path of a file in the folder, kept. */
static inline const char *path_of(const char *name)
{
	return keep_text(str_printf("%s/%s", folder, name));
}

static inline void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

/* The whole text of a file, kept; NULL where there is none. */
static inline const char *read_file(const char *path)
{
	FILE *file = fopen(path, "r");
	char part[4096];
	struct buf text;
	size_t n;

	if (!file)
		return NULL;
	buf_init(&text, 16 << 20);
	while ((n = fread(part, 1, sizeof part, file)) > 0)
		buf_add(&text, part, n);
	assert_int_equal(fclose(file), 0);
	return keep_text(buf_detach(&text));
}

/* A line of an item, which is written with ' for ", kept. */
static inline const char *line_of(const char *item)
{
	struct buf line;

	buf_init(&line, 16 << 20);
	assert_int_equal(json_canonical(json_of("%s", item), &line), 0);
	buf_putc(&line, '\n');
	return keep_text(buf_detach(&line));
}

/* A store that knows how many items it has. */
static inline int64_t count_items(struct store *s, int64_t deadline)
{
	(void)s;
	(void)deadline;
	return (int64_t)outside.table.n;
}

static inline void let_it_count(void)
{
	static struct store_backend counting;

	counting = *outside.store.store.backend;
	counting.count = count_items;
	outside.store.store.backend = &counting;
}

/* What a caller was told; it is the `context` of a request. */
struct told {
	struct buf sentences; /* each with a line end */
	struct buf permille;  /* "500 1000 " */
	unsigned asked, stop_at; /* whether to stop: so often, and the time at which it is said; 0: never */
};

static inline void told_sentence(void *context, const char *sentence)
{
	struct told *told = context;

	buf_printf(&told->sentences, "%s\n", sentence);
}

static inline bool told_stop(void *context)
{
	struct told *told = context;

	return ++told->asked >= told->stop_at && told->stop_at;
}

static inline void told_permille(struct told *told, int permille)
{
	buf_printf(&told->permille, "%d ", permille);
}

static inline struct told told_begin(unsigned stop_at)
{
	struct told told = {.stop_at = stop_at};

	buf_init(&told.sentences, 1 << 16);
	buf_init(&told.permille, 1 << 16);
	return told;
}

static inline void told_end(struct told *told)
{
	buf_free(&told->sentences);
	buf_free(&told->permille);
}

#endif
