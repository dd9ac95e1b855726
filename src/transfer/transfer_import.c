/* SPDX-License-Identifier: ISC */
/*
 * Reading lines into batches.  The one idea: a batch is one read, one decision
 * and one transaction (transfer_batch.c), so what was counted is done, and the
 * same command can be run again after anything.
 */
#include "transfer/transfer_import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "transfer/adopt.h"
#include "transfer/transfer_batch.h"
#include "transfer/transfer_lines.h"

struct importer {
	struct app *app;
	const struct transfer_import *request;
	struct transfer_imported *done;
	struct transfer_lines lines;
	struct transfer_batch batch;
	int64_t size;      /* of the file, 0: not known */
	bool theirs;       /* an order without a version is among the lines */
	bool store_failed; /* then nothing more is tried */
};

/* Writes what has gathered.  When the store has failed nothing more is tried. */
static int run_batch(struct importer *m, struct err *e)
{
	const struct transfer_import *request = m->request;

	if (m->batch.n == 0)
		return 0;
	if (transfer_batch_run(&m->batch, request, m->done, e)) {
		m->store_failed = true;
		return -1;
	}
	if (request->progress)
		request->progress(request->context, m->done,
				  m->size > 0 ? (int)(m->lines.offset * 1000 / m->size) : -1);
	return 0;
}

/* Says that the table needs an adoption. */
static int want_adoption(struct importer *m, struct err *e)
{
	if (m->request->dry_run)
		return 0;
	m->store_failed = adopt_again(m->app, deadline_in(TRANSFER_VERB_MS), e) != 0;
	return m->store_failed ? -1 : 0;
}

/* Adds the item of a line to the batch; one whose key the batch has is the next batch's:
 * the later line counts. */
static int add_line(struct importer *m, struct span text, struct err *e)
{
	struct json_object *item = transfer_item(text, e);

	if (!item && m->lines.cut && !json_is_valid(text))
		return err_set(e, ERR_BAD_REQUEST, "line %" PRId64 ": cut off: the input ends in it",
			       m->lines.number);
	if (!item)
		return err_prefix(e, "line %" PRId64, m->lines.number);
	if (transfer_leaves_out(item)) {
		json_object_put(item);
		return 0;
	}
	/* An order without a version is one of the Lambda functions', which nothing names:
	 * said before it is written, and once more when all are. */
	if (!m->theirs && transfer_kind_of(item) == TRANSFER_ORDER && !store_item_version(item)) {
		m->theirs = true;
		if (want_adoption(m, e)) {
			json_object_put(item);
			return -1;
		}
	}
	if (!transfer_batch_fits(&m->batch, item, text.n) && run_batch(m, e)) {
		json_object_put(item);
		return -1;
	}
	transfer_batch_add(&m->batch, item, text.n, m->lines.number);
	return 0;
}

static bool is_stopped(const struct importer *m)
{
	return m->request->stop && m->request->stop(m->request->context);
}

/* Whatever ends the input, the lines before it are done. */
static int import_lines(struct importer *m, struct err *e)
{
	struct err ended = {.code = ERR_NONE};
	struct span text;
	int rc;

	while ((rc = transfer_lines_next(&m->lines, &text, &ended)) > 0)
		if (is_stopped(m) || (rc = add_line(m, text, &ended)))
			break;
	if (is_stopped(m) && rc >= 0)
		rc = err_set(&ended, ERR_UNAVAILABLE, "interrupted");
	if (!m->store_failed && run_batch(m, e))
		return -1;
	if (m->theirs && !m->store_failed && want_adoption(m, e))
		return -1;
	if (rc)
		*e = ended;
	return rc;
}

int transfer_import(struct app *app, const struct transfer_import *request,
		    struct transfer_imported *done, struct err *e)
{
	struct importer m = {.app = app, .request = request, .done = done};
	const char *path = request->path;
	struct stat st;
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO, rc;

	*done = (struct transfer_imported){.lines = 0};
	if (fd < 0)
		return err_set(e, ERR_UNAVAILABLE, "can't open %s: %s", path, strerror(errno));
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		m.size = (int64_t)st.st_size;
	m.batch.store = app_store(app);
	transfer_lines_init(&m.lines, fd, path ? path : "standard input");
	m.lines.stop = request->stop;
	m.lines.context = request->context;
	rc = import_lines(&m, e);
	transfer_batch_empty(&m.batch);
	transfer_lines_free(&m.lines);
	if (path)
		close(fd);
	return rc;
}
