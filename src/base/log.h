/* SPDX-License-Identifier: ISC */
/*
 * The log: one line an event, `ts level msg key=value ...` or JSON.
 *
 * Nothing personal or secret gets out: every string that is logged passes
 * log_redact(), which masks the local part of e-mail addresses, what follows
 * Stripe's key prefixes, and the exact values given to log_hide().
 */
#ifndef ORDERSNAP_BASE_LOG_H
#define ORDERSNAP_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* Where a line goes when the target is "stderr": a FastCGI request puts its
 * own error stream here.  `line` ends in a newline.  Where standard error is the
 * journal of systemd, lines go there instead, each at its level. */
typedef void log_sink(void *context, const char *line, size_t n);

struct log_options {
	enum log_level level; /* lines below are dropped */
	bool json;            /* LOG_FORMAT=json */
	const char *target;   /* "stderr", "syslog" or a file's absolute path; copied */
};

/* Before it is called, warnings and errors go to standard error as text.
 * -1, with errno, where the target's file can't be opened: lines go to standard error (or the
 * sink) and to syslog then, and the file is tried again with a line every two seconds.
 * ENXIO: it is neither a file nor a device.  A file that root makes is its folder's owner's. */
int log_configure(const struct log_options *options);

/* Opens the target's file anew where it was renamed or removed.  log_write() does so before
 * each line; a program does before each request. */
void log_follow_rename(void);

/* Whether standard error is systemd's journal: a line there may begin with its level, "<3>". */
bool log_stderr_is_journal(void);

/* Sends the lines of the target "stderr" to `sink`; NULL: to standard error. */
void log_set_sink(log_sink *sink, void *context);

/* Never shows `secret` in a line; NULL forgets all.  Copied; short or empty ones
 * are ignored, and of too many the oldest is forgotten. */
void log_hide(const char *secret);

/* The same for each of a list with commas between, and for all of it: it may be one secret.  NULL: none. */
void log_hide_list(const char *secrets);

/* One key and its value.  Build it with LOG_STR, LOG_INT or LOG_FLAG. */
struct log_field {
	const char *key;
	const char *text; /* NULL with a number; a NULL string is left out */
	int64_t number;
	bool is_number;
};

#define LOG_STR(k, v) ((struct log_field){.key = (k), .text = (v)})
#define LOG_INT(k, v) ((struct log_field){.key = (k), .number = (v), .is_number = true})

/* Writes one line.  The fields are those of the array up to one whose key is
 * NULL.  Use the macros below. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

#define log_event(level, message, ...) \
	log_write((level), (message), (const struct log_field[]){__VA_ARGS__, {.key = NULL}})
#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_event(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) log_event(LOG_LEVEL_ERROR, __VA_ARGS__)

/*
 * What each line says from here on: the program, and what the request or the object of a loop is
 * about, set once where it is known.  A line that has a field of the key itself keeps its own.
 * Keys are static, at most LOG_CONTEXT_MAX of them; values are copied, NULL takes one away.
 * log_context_clear() forgets all but the program.
 */
#define LOG_CONTEXT_MAX 7
void log_program(const char *name);
void log_context(const char *key, const char *value);
void log_context_clear(void);

/* Adds `text` to `out` with what must not be seen masked. */
void log_redact(struct buf *out, const char *text);

/* Formats a line as log_write() would, with the time given (for tests). */
void log_format(struct buf *out, bool json, int64_t now, enum log_level level, const char *message,
		const struct log_field *fields);

/* Closes a log file and forgets the hidden values and the context. */
void log_close(void);

#endif
