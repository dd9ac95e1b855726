/* SPDX-License-Identifier: ISC */
/*
 * The check as a whole: opens the app so that no fault ends it, then one part
 * after the other.
 */
#include "check/check.h"

#include <stdlib.h>

#include "base/clock.h"
#include "check/check_part.h"

static void on_fault(void *context, const char *name, const struct err *e)
{
	struct check *c = context;

	if (c->fault_count == CHECK_FAULTS_MAX)
		return;
	c->faults[c->fault_count++] = (struct check_fault){str_dup(name), str_dup(e->text)};
}

static void open_app(struct check *c)
{
	struct app_options options = *c->options->app;
	struct err e;

	options.fault = on_fault;
	options.fault_context = c;
	if (app_open_with(c->app, 0, &options, &e))
		on_fault(c, NULL, &e);
}

enum check_status check_run(struct app *app, const struct check_options *options)
{
	static void (*const parts[])(struct check *) = {
		check_config, check_stripe, check_webhook, check_store, check_site,
	};
	struct check c = {.app = app, .options = options, .deadline = deadline_in(CHECK_MS)};
	size_t i;

	open_app(&c);
	for (i = 0; i < sizeof parts / sizeof *parts; i++)
		parts[i](&c);
	for (i = 0; i < c.fault_count; i++) {
		free(c.faults[i].name);
		free(c.faults[i].text);
	}
	return c.worst;
}
