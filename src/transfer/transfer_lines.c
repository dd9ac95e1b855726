/* SPDX-License-Identifier: ISC */
/*
 * Lines, one in memory at a time.
 */
#include "transfer/transfer_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "transfer/transfer.h"

#define CHUNK 65536

void transfer_lines_init(struct transfer_lines *lines, int fd, const char *name)
{
	*lines = (struct transfer_lines){.fd = fd, .name = name, .chunk = mem_zalloc(1, CHUNK)};
	buf_init(&lines->line, TRANSFER_LINE_MAX);
}

void transfer_lines_free(struct transfer_lines *lines)
{
	buf_free(&lines->line);
	free(lines->chunk);
	lines->chunk = NULL;
}

/* 1 when there are bytes, 0 at the end of the input, -1 on failure. */
static int fill(struct transfer_lines *lines, struct err *e)
{
	ssize_t n;

	if (lines->at < lines->have)
		return 1;
	n = file_read_until(lines->fd, lines->chunk, CHUNK, lines->stop, lines->context);
	if (n < 0 && errno == ECANCELED)
		return 0;
	if (n < 0)
		return err_set(e, ERR_UNAVAILABLE, "can't read %s: %s", lines->name,
			       strerror(errno));
	lines->at = 0;
	lines->have = (size_t)n;
	return n > 0;
}

int transfer_lines_next(struct transfer_lines *lines, struct span *text, struct err *e)
{
	bool ended = false;
	int rc = 1;

	/* Takes what is there up to the line's end, until that is reached. */
	buf_reset(&lines->line);
	while (!ended && !lines->line.failed && (rc = fill(lines, e)) > 0) {
		const char *from = lines->chunk + lines->at;
		size_t have = lines->have - lines->at;
		const char *end = memchr(from, '\n', have);
		size_t n = end ? (size_t)(end - from) : have;

		ended = end != NULL;
		buf_add(&lines->line, from, n);
		lines->at += n + ended;
		lines->offset += (int64_t)n + ended;
	}
	if (rc < 0 || (rc == 0 && lines->line.len == 0))
		return rc;
	lines->number++;
	lines->cut = !ended;
	if (lines->line.failed)
		return err_set(e, ERR_BAD_REQUEST, "line %" PRId64 ": longer than an item can be "
			       "(%d KB)", lines->number, TRANSFER_ITEM_MAX / 1024);
	*text = (struct span){buf_text(&lines->line), lines->line.len};
	return 1;
}
