/* SPDX-License-Identifier: ISC */
/*
 * The check as a whole: opens the app so that no fault ends it, then one part
 * after the other.
 */
#include "check/check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "check/check_part.h"

/* Notes what was wrong with the settings, for check_config(). */
static void on_fault(void *context, const char *name, const struct err *e)
{
	struct check *c = context;

	if (c->fault_count == CHECK_FAULTS_MAX)
		return;
	c->faults[c->fault_count++] = (struct check_fault){str_dup(name), str_dup(e->text)};
}

enum check_status check_run(struct app *app, const struct check_options *options)
{
	static void (*const parts[])(struct check *) = {
		check_config, check_stripe, check_webhook, check_store, check_site,
	};
	struct check c = {.app = app, .options = options, .deadline = deadline_in(CHECK_MS)};
	struct app_options opening = *options->app;
	struct err e;
	size_t i;

	opening.fault = on_fault;
	opening.fault_context = &c;
	if (app_open_with(app, 0, &opening, &e))
		on_fault(&c, NULL, &e);
	for (i = 0; i < sizeof parts / sizeof *parts; i++)
		parts[i](&c);
	for (i = 0; i < c.fault_count; i++) {
		free(c.faults[i].name);
		free(c.faults[i].text);
	}
	return c.worst;
}
