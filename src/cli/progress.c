/* SPDX-License-Identifier: ISC */
/*
 * The bar: a line that is drawn over itself, or, where there is no terminal, a line every
 * ten seconds.  Lines of the log go in front of it.
 */
#include "cli/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/output.h"

#define REDRAW_MS 100
#define LINE_MS 10000
#define BAR_MAX 30

void progress_clear(struct progress *p)
{
	if (p->shown)
		fputs("\r\033[K", stderr);
	p->shown = false;
}

/* A line of the log goes where the bar was, which is drawn anew behind it. */
static void on_log(void *context, const char *line, size_t n)
{
	progress_clear(context);
	fwrite(line, 1, n, stderr);
}

void progress_begin(struct progress *p, const char *label, bool quiet)
{
	*p = (struct progress){.label = label, .quiet = quiet, .terminal = isatty(STDERR_FILENO)};
	p->next = clock_monotonic_ms() + (p->terminal ? 0 : LINE_MS);
	log_set_sink(on_log, p);
}

/* Draws the line anew.  Text that does not fit is cut: a line that wraps can't be
 * redrawn. */
static void draw(struct progress *p, int permille, const char *text)
{
	static const char full[] = "##############################";
	static const char empty[] = "..............................";
	int done = permille * BAR_MAX / 1000, left;
	struct winsize size = {.ws_col = 0};

	ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	left = (size.ws_col ? size.ws_col : 80) - (int)strlen(p->label) - 3;
	output_printf(stderr, "\r%s", p->label);
	if (permille >= 0 && left > BAR_MAX + 20) {
		output_printf(stderr, " [%.*s%.*s] %3d%%", done, full, BAR_MAX - done, empty,
			      permille / 10);
		left -= BAR_MAX + 8;
	}
	output_printf(stderr, "  %.*s\033[K", left > 0 ? left : 0, text);
	p->shown = true;
}

void progress_show(struct progress *p, int permille, const char *text)
{
	int64_t now = clock_monotonic_ms();

	if (p->quiet || now < p->next)
		return;
	p->next = now + (p->terminal ? REDRAW_MS : LINE_MS);
	if (p->terminal)
		draw(p, permille > 1000 ? 1000 : permille, text);
	else if (permille >= 0)
		output_printf(stderr, "%s: %d%%, %s\n", p->label, permille / 10, text);
	else
		output_printf(stderr, "%s: %s\n", p->label, text);
	fflush(stderr);
}

void progress_end(struct progress *p)
{
	progress_clear(p);
	log_set_sink(NULL, NULL);
}
