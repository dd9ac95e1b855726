/* SPDX-License-Identifier: ISC */
/*
 * The log's lines and where they go.  What a line may show is decided in
 * log_redact.c, before it is formatted.
 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log_syslog.h"
#include "base/str.h"

#define LINE_MAX_BYTES 65536
#define VALUE_MAX_BYTES 2048
#define AGAIN_MS 2000 /* until a file that could not be opened is tried again */

static struct {
	enum log_level level;
	bool json;
	bool to_syslog;
	bool to_journal; /* standard error is the journal */
	bool to_both; /* the file can't be opened: the sink or standard error, and syslog */
	char *path;   /* of the file; NULL where the target is none */
	int64_t again; /* when one that can't be opened is tried again, on the monotonic clock */
	int file;     /* -1: the sink or standard error */
	log_sink *sink;
	void *sink_context;
} state = {.level = LOG_LEVEL_WARNING, .file = -1};

/* The program first; each text is owned, and masked already. */
static struct log_field subject[1 + LOG_CONTEXT_MAX + 1];

static const char *const level_names[] = {"debug", "info", "warning", "error"};
static const int syslog_levels[] = {LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR};

/* Whether lines can be added to what is open: a file or a device (/dev/null), or a pipe that
 * the process was given (/dev/stderr, /proc/1/fd/1). */
static bool is_target(const char *path, mode_t mode)
{
	return S_ISREG(mode) || S_ISCHR(mode) ||
	       (S_ISFIFO(mode) && (str_starts(path, "/dev/") || str_starts(path, "/proc/")));
}

/* What the path names, if it can be a target, or a new file; else -1, with ENXIO for a FIFO.
 * Opening a FIFO would wait for a reader, and writing into it for one that reads.  Made by root,
 * the file is its folder's owner's: the programs add to it too. */
static int open_target(const char *path)
{
	int fd = file_open_to_write(path, O_WRONLY | O_APPEND, 0640);
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) || !is_target(path, st.st_mode) || fcntl(fd, F_SETFL, O_APPEND)) {
		close(fd);
		errno = ENXIO;
		return -1;
	}
	if (st.st_size == 0 && file_give_to_owner(fd, path)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The file that could not be opened may be mended by now. */
static void try_target_again(void)
{
	if (state.to_both && clock_monotonic_ms() >= state.again) {
		state.file = open_target(state.path);
		state.to_both = state.file < 0;
		state.again = clock_monotonic_ms() + AGAIN_MS;
	}
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* A file that was renamed, or removed, is opened anew under its name, so that a log is rotated
 * without a word to the programs.  Where that fails, lines go on into the one that is open. */
void log_follow_rename(void)
{
	struct stat opened, named;
	int fd;

	if (state.file >= 0 && fstat(state.file, &opened) == 0 && S_ISREG(opened.st_mode) &&
	    (stat(state.path, &named) || !is_same_file(&opened, &named)) &&
	    (fd = open_target(state.path)) >= 0) {
		close(state.file);
		state.file = fd;
	}
}

/* systemd says of a service's standard error which device and inode the journal has; a child
 * may have been given another one. */
bool log_stderr_is_journal(void)
{
	const char *told = getenv("JOURNAL_STREAM");
	char own[64];
	struct stat st;

	if (!told || fstat(STDERR_FILENO, &st))
		return false;
	snprintf(own, sizeof own, "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(told, own) == 0;
}

int log_configure(const struct log_options *options)
{
	bool to_file = options->target && options->target[0] == '/';

	state.level = options->level;
	state.json = options->json;
	state.to_syslog = options->target && strcmp(options->target, "syslog") == 0;
	if (state.file >= 0)
		close(state.file);
	state.file = to_file ? open_target(options->target) : -1;
	state.to_both = to_file && state.file < 0;
	state.to_journal = log_stderr_is_journal();
	free(state.path);
	state.path = to_file ? str_dup(options->target) : NULL;
	state.again = clock_monotonic_ms() + AGAIN_MS;
	return state.to_both ? -1 : 0;
}

void log_set_sink(log_sink *sink, void *context)
{
	state.sink = sink;
	state.sink_context = context;
}

static void add_timestamp(struct buf *out, int64_t now)
{
	time_t t = (time_t)now;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_puts(out, text);
}

/* What stands at `p`: a character, of *n bytes, that is fit for a line; or what
 * is not, of *n bytes too, and then the escape for it. */
static bool is_fit(const char *p, size_t *n, unsigned long *escape)
{
	*n = 1;
	*escape = 0;
	if (*p >= ' ' && *p <= '~') /* nearly all of them */
		return true;
	*n = utf8_sequence((const unsigned char *)p, strnlen(p, 4));
	*escape = *n ? utf8_code_point((const unsigned char *)p, *n) : 0xFFFD;
	if (*n)
		return !unicode_is_control(*escape);
	*n = 1;
	return false;
}

/* Quoted with JSON's escapes; both formats use it, so one line stays one line,
 * of UTF-8, and drives no terminal whatever the value holds. */
static void add_quoted(struct buf *out, const char *text)
{
	unsigned long escape;
	size_t n;

	buf_putc(out, '"');
	for (; *text; text += n) {
		if (!is_fit(text, &n, &escape))
			buf_printf(out, "\\u%04lx", escape);
		else if (*text == '"' || *text == '\\')
			buf_printf(out, "\\%c", *text);
		else
			buf_add(out, text, n);
	}
	buf_putc(out, '"');
}

static bool is_plain(const char *text)
{
	const char *p = text;
	unsigned long escape;
	size_t n;

	for (; *p; p += n)
		if (!is_fit(p, &n, &escape) || strchr(" \"\\=", *p))
			return false;
	return p != text;
}

/* What a value may show, cut between two characters; buf_free() it. */
static void mask(struct buf *masked, const char *text)
{
	buf_init(masked, VALUE_MAX_BYTES);
	log_redact(masked, text);
}

static void add_text(struct buf *out, const char *key, const char *masked, bool json)
{
	buf_printf(out, json ? ",\"%s\":" : " %s=", key);
	if (!json && is_plain(masked))
		buf_puts(out, masked);
	else
		add_quoted(out, masked);
}

static void add_fields(struct buf *out, const struct log_field *fields, bool json)
{
	struct buf masked;

	for (; fields->key; fields++) {
		if (fields->is_number) {
			buf_printf(out, json ? ",\"%s\":%lld" : " %s=%lld", fields->key,
				   (long long)fields->number);
		} else if (fields->text) {
			mask(&masked, fields->text);
			add_text(out, fields->key, buf_text(&masked), json);
			buf_free(&masked);
		}
	}
}

static void add_context(struct buf *out, const struct log_field *fields, bool json)
{
	const struct log_field *own, *of;

	for (of = subject; of < subject + 1 + LOG_CONTEXT_MAX; of++) {
		if (!of->text)
			continue;
		for (own = fields; own->key && strcmp(own->key, of->key) != 0; own++)
			;
		if (!own->key)
			add_text(out, of->key, of->text, json);
	}
}

static void set_context(struct log_field *of, const char *key, const char *value)
{
	struct buf masked;

	free((char *)(uintptr_t)of->text);
	*of = (struct log_field){.key = key};
	if (!value)
		return;
	mask(&masked, value);
	of->text = buf_detach(&masked);
}

void log_program(const char *name)
{
	set_context(&subject[0], "program", name);
}

void log_context(const char *key, const char *value)
{
	struct log_field *of = subject + 1, *free_one = NULL;

	for (; of < subject + 1 + LOG_CONTEXT_MAX; of++) {
		if (of->text && strcmp(of->key, key) == 0)
			break;
		if (!of->text && !free_one)
			free_one = of;
	}
	if (of == subject + 1 + LOG_CONTEXT_MAX)
		of = free_one;
	if (of)
		set_context(of, key, value);
}

void log_context_clear(void)
{
	size_t i;

	for (i = 1; i <= LOG_CONTEXT_MAX; i++)
		set_context(&subject[i], NULL, NULL);
}

void log_format(struct buf *out, bool json, int64_t now, enum log_level level, const char *message,
		const struct log_field *fields)
{
	buf_puts(out, json ? "{\"ts\":\"" : "");
	add_timestamp(out, now);
	if (json) {
		buf_printf(out, "\",\"level\":\"%s\",\"msg\":", level_names[level]);
		add_quoted(out, message);
	} else {
		buf_printf(out, " %s %s", level_names[level], message);
	}
	add_fields(out, fields, json);
	add_context(out, fields, json);
	buf_puts(out, json ? "}\n" : "\n");
}

/* Whoever reads the pipe may have stopped: then a request's alarm (src/web/responder.c) or a command's
 * interrupt ends the waiting with EINTR, and what is left of the line is lost, not the request's time. */
static void write_all(int fd, const char *p, size_t n)
{
	while (n) {
		ssize_t done = write(fd, p, n);

		if (done <= 0)
			return;
		p += done;
		n -= (size_t)done;
	}
}

/* The journal takes the level from a line's beginning (sd-daemon(3)): "<3>2026-11-27T...".  In
 * one write, so that no other worker's line comes between. */
static void write_to_journal(enum log_level level, const struct buf *line)
{
	struct buf marked;

	buf_init(&marked, LINE_MAX_BYTES + 8);
	buf_printf(&marked, "<%d>", syslog_levels[level]);
	buf_add(&marked, buf_text(line), line->len);
	write_all(STDERR_FILENO, buf_text(&marked), marked.len);
	buf_free(&marked);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
	bool sent = false;
	int error = errno; /* the caller may be about to say why a call failed */
	struct buf line;

	if (level < state.level)
		return;
	try_target_again();
	log_follow_rename();
	buf_init(&line, LINE_MAX_BYTES);
	log_format(&line, state.json, clock_epoch(), level, message, fields);
	if (state.to_syslog || state.to_both)
		sent = log_syslog_send(syslog_levels[level], buf_text(&line), line.len) == 0;
	/* What no system log takes goes where it would go without one. */
	if (state.to_syslog && sent)
		goto out;
	if (state.file >= 0)
		write_all(state.file, buf_text(&line), line.len);
	else if (state.to_journal)
		write_to_journal(level, &line);
	else if (state.sink)
		state.sink(state.sink_context, buf_text(&line), line.len);
	else
		write_all(STDERR_FILENO, buf_text(&line), line.len);
out:
	buf_free(&line);
	errno = error;
}

void log_close(void)
{
	if (state.file >= 0)
		close(state.file);
	state.file = -1;
	log_syslog_close();
	state.to_both = false;
	state.to_journal = false;
	free(state.path);
	state.path = NULL;
	state.sink = NULL;
	log_context_clear();
	log_program(NULL);
	log_hide(NULL);
}
