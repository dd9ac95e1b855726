/* SPDX-License-Identifier: ISC */
/*
 * The export's output.  Lines are handed to the kernel whole, a page at a time,
 * so what a killed run leaves behind ends in a whole line, or nearly.
 */
#include "transfer/transfer_file.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/output.h"
#include "base/part.h"
#include "format/json_canonical.h"
#include "transfer/transfer.h"
#include "transfer/transfer_lines.h"

#define WRITE_BYTES 65536
#define WAIT_MS 1000
#define OUT_MAX (16 << 20) /* SQLite's items may be larger than DynamoDB's */

/* "can't open FILE.part: why" */
static int failed(const struct transfer_file *file, const char *what, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "can't %s %s: %s", what, file->name, strerror(errno));
}

/* Reads what is there, each line an item and the last of them resume->last, and cuts off
 * what stands behind the last whole line. */
static int read_part(struct transfer_file *file, struct transfer_resume *resume, struct err *e)
{
	struct transfer_lines lines;
	struct json_object *item;
	int64_t whole = 0;
	struct span text;
	int rc;

	transfer_lines_init(&lines, file->fd, file->part);
	while ((rc = transfer_lines_next(&lines, &text, e)) > 0 && !lines.cut) {
		item = transfer_item(text, e);
		if (!item) {
			rc = err_prefix(e, "line %" PRId64, lines.number);
			break;
		}
		resume->seen(resume->context, item);
		json_object_put(resume->last);
		resume->last = item;
		whole = lines.offset;
	}
	transfer_lines_free(&lines);
	if (rc < 0)
		return e->code != ERR_BAD_REQUEST ? -1
			: err_prefix(e, "%s can't be resumed, remove it", file->part);
	if (ftruncate(file->fd, whole) || lseek(file->fd, 0, SEEK_END) < 0)
		return failed(file, "cut", e);
	return 0;
}

int transfer_file_open(struct transfer_file *file, const char *path,
		       struct transfer_resume *resume, struct err *e)
{
	*file = (struct transfer_file){.fd = STDOUT_FILENO, .path = path,
				       .name = "standard output"};
	buf_init(&file->out, OUT_MAX);
	file->terminal = !path && isatty(file->fd);
	if (!path)
		return 0;
	file->part = str_printf("%s.part", path);
	file->name = file->part;
	file->fd = -1;
	if (part_check_name(path, e))
		return -1;
	file->fd = part_open(file->part, "export", e); /* for us alone: it holds addresses of people */
	if (file->fd < 0)
		return -1;
	if (!resume)
		return ftruncate(file->fd, 0) ? failed(file, "empty", e) : 0;
	if (read_part(file, resume, e) == 0)
		return 0;
	json_object_put(resume->last);
	resume->last = NULL;
	return -1;
}

int transfer_file_flush(struct transfer_file *file, struct err *e)
{
	size_t done = 0;

	while (done < file->out.len) {
		ssize_t n = write(file->fd, file->out.data + done, file->out.len - done);

		/* A pipe that somebody else made non-blocking: wait for its reader. */
		if (n < 0 && errno == EAGAIN)
			n = poll(&(struct pollfd){.fd = file->fd, .events = POLLOUT}, 1, WAIT_MS) < 0
				? -1 : 0;
		if (n < 0 && errno != EINTR)
			return failed(file, "write to", e);
		done += n > 0 ? (size_t)n : 0;
	}
	buf_reset(&file->out);
	return 0;
}

int transfer_file_add(struct transfer_file *file, struct json_object *item, struct err *e)
{
	struct buf line;
	int rc;

	buf_init(&line, OUT_MAX);
	rc = json_canonical(item, file->terminal ? &line : &file->out);
	if (!rc && file->terminal)
		output_add_json(&file->out, buf_text(&line));
	buf_free(&line);
	if (rc || buf_putc(&file->out, '\n'))
		return err_set(e, ERR_UNAVAILABLE, "the item %s, %s is too large for a line",
			       json_string_or_null(item, "PK"), json_string_or_null(item, "SK"));
	return file->out.len < WRITE_BYTES ? 0 : transfer_file_flush(file, e);
}

int transfer_file_finish(struct transfer_file *file, struct err *e)
{
	if (transfer_file_flush(file, e))
		return -1;
	if (!file->path)
		return 0;
	if (part_sync(file->part, file->fd, e))
		return -1;
	if (rename(file->part, file->path))
		return err_set(e, ERR_UNAVAILABLE, "can't rename %s to %s: %s", file->part,
			       file->path, strerror(errno));
	file_sync_folder(file->path);
	return 0;
}

void transfer_file_break(struct transfer_file *file)
{
	struct err ignored;

	if (file->path || buf_putc(&file->out, '{'))
		return;
	transfer_file_flush(file, &ignored);
}

void transfer_file_close(struct transfer_file *file)
{
	if (file->path && file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	free(file->part);
	file->part = NULL;
	buf_free(&file->out);
}
