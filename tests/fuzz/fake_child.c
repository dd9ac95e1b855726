/* SPDX-License-Identifier: ISC */
/*
 * The fake programs.
 */
#include "fake_child.h"

#include <string.h>

#include "base/child.h"
#include "base/child_output.h"
#include "base/clock.h"
#include "targets.h"

#define RUN_MS 30 /* what one takes */
#define PART 7    /* bytes that are read at once, so that characters are cut */

static struct span runs; /* that are left */

void fake_child_runs(struct span parts)
{
	runs = parts;
}

/* No variable has a line's end in it: scripts read them line by line. */
static void check_variables(char *const *variables)
{
	for (; *variables; variables++)
		HOLDS(strchr(*variables, '=') && !strchr(*variables, '\n'));
}

int child_run(const struct child *child, enum child_left *left, struct err *e)
{
	struct span rest = fuzz_part(&runs);
	struct child_output output = {.written = 0};
	char end = rest.n ? *rest.p : '0';

	check_variables(child->environment);
	HOLDS(span_utf8_length(child->input) > 0);
	for (rest = (struct span){rest.p + !!rest.n, rest.n - !!rest.n}; rest.n;) {
		size_t n = rest.n < PART ? rest.n : PART;

		child_output_add(&output, rest.p, n);
		rest = (struct span){rest.p + n, rest.n - n};
	}
	deadline_sleep(end == 'k' ? child->limit_ms : RUN_MS, deadline_in(child->limit_ms));
	*left = end == 'l' ? CHILD_LEFT_KILLED : end == 'a' ? CHILD_LEFT_ALIVE : CHILD_LEFT_NONE;
	if (end == 'k')
		return child_output_fail(&output, child->path, "was not done within its time, and was killed", e);
	return end == '1' ? child_output_fail(&output, child->path, "ended with status 1", e) : 0;
}

int child_check_file(const char *path, struct err *e)
{
	(void)e;
	HOLDS(*path == '/');
	return 0;
}
