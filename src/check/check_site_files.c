/* SPDX-License-Identifier: ISC */
/*
 * Whether the web server hands out the shop's settings or its orders.  Where below the
 * document root a file may stand is not known here, so it is asked for under each end of its
 * path: /srv/shop/html/conf/x as /x, /conf/x, /html/conf/x and so on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "check/check_part.h"
#include "check/probe.h"
#include "format/form.h"

#define ENDS_MAX 6
#define FILE_MAX_BYTES 65536
#define FIRST_BYTES "bytes=0-255"

/* A file to ask for: what it begins with tells it from a page that the server gives for
 * whatever address it does not know. */
struct kept {
	const char *name; /* of the line in the report */
	const char *path;
	struct span beginning;
	const char *text, *advice; /* where it is handed out */
};

/* An address's path of a file's, to free(). */
static char *address_of(const char *path)
{
	struct buf text;
	char *address;

	buf_init(&text, FILE_MAX_BYTES);
	for (; *path; path++)
		if (*path == '/')
			buf_add(&text, path, 1);
		else
			form_encode(&text, (const char[]){*path, '\0'});
	address = str_dup(buf_text(&text));
	buf_free(&text);
	return address;
}

/* True where it was asked for; *given where it came. */
static bool ask_for(struct probe *probe, const struct kept *kept, const char *end, int64_t deadline,
		    bool *given)
{
	char *address = address_of(end);
	const struct probe_request request = {.method = "GET", .path = address, .range = FIRST_BYTES,
					      .deadline = deadline};
	struct probe_answer answer;
	struct err e;
	int rc = probe_ask(probe, &request, &answer, &e);
	size_t n = kept->beginning.n;

	*given = !rc && (answer.status == 200 || answer.status == 206) && answer.beginning_n >= n &&
		 memcmp(answer.beginning, kept->beginning.p, n) == 0;
	probe_answer_free(&answer);
	free(address);
	return rc == 0;
}

static void look_at_file(struct check *c, struct probe *probe, const struct kept *kept,
			 int64_t deadline)
{
	char *real = realpath(kept->path, NULL);
	const char *end = real ? strrchr(real, '/') : NULL;
	bool asked = end != NULL, given = false;
	int i;

	for (i = 0; asked && !given && end && i < ENDS_MAX; i++) {
		asked = ask_for(probe, kept, end, deadline, &given);
		if (given)
			check_not(c, CHECK_FAILED, kept->name, kept->advice, "%s%s %s",
				  probe_base(probe), end, kept->text);
		end = end > real ? memrchr(real, '/', (size_t)(end - real)) : NULL;
	}
	if (asked && !given)
		check_ok(c, kept->name, "%s is not handed out", kept->path);
	free(real);
}

static void look_at_settings(struct check *c, struct probe *probe, const char *path,
			     int64_t deadline)
{
	struct kept kept = {
		.name = "settings file",
		.path = path,
		.text = "hands out the settings, with the secrets in them",
		.advice = "move the file out of the document root, to ~/ordersnap/ordersnap.conf for "
			  "one, and change each secret that stands in it: they are known now",
	};
	struct stat st;
	struct buf text;
	struct err e;

	buf_init(&text, FILE_MAX_BYTES);
	if (file_read(path, &text, &st, &e) == 0 && text.len) {
		kept.beginning = (struct span){
			buf_text(&text), text.len < PROBE_BEGINNING ? text.len : PROBE_BEGINNING};
		look_at_file(c, probe, &kept, deadline);
	}
	buf_forget(&text);
}

/* What a SQLite file begins with is known without opening it. */
void check_site_files(struct check *c, struct probe *probe, int64_t deadline)
{
	static const char magic[] = "SQLite format 3"; /* with its NUL, sqlite.org/fileformat.html */
	const struct config *config = &c->app->config;

	if (config->file)
		look_at_settings(c, probe, config->file, deadline);
	if (config->commerce_db)
		look_at_file(c, probe, &(const struct kept){
			.name = "orders' file",
			.path = config->commerce_db,
			.beginning = {magic, sizeof magic},
			.text = "hands out the orders, with the names and addresses of people",
			.advice = "move the file out of the document root, with those beside it (-wal, "
				  "-shm), and COMMERCE_DB with it",
		}, deadline);
}
