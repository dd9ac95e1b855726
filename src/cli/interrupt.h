/* SPDX-License-Identifier: ISC */
/*
 * Being told to stop: the first signal ends a command after its present step, the second
 * one the process.
 */
#ifndef ORDERSNAP_CLI_INTERRUPT_H
#define ORDERSNAP_CLI_INTERRUPT_H

#include <stdbool.h>

/* Catches SIGINT, SIGTERM and SIGHUP from now on. */
void interrupt_catch(void);

/* Whether one came.  `context` is for callers that want such a function. */
bool interrupt_came(void *context);

#endif
