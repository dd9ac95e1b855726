/* SPDX-License-Identifier: ISC */
/*
 * Signals.
 */
#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t came;

static void on_signal(int number)
{
	came = number;
}

/* What is ignored stays so: nohup, or a shell that has started us in the background, meant it.  Output
 * that waits for its reader goes on, or the line would be lost. */
static void catch_one(int number)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
	struct sigaction before;

	if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
		sigaction(number, &action, NULL);
}

void interrupt_catch(void)
{
	catch_one(SIGINT);
	catch_one(SIGTERM);
	catch_one(SIGHUP);
}

bool interrupt_came(void *context)
{
	(void)context;
	return came != 0;
}
