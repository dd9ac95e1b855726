/* SPDX-License-Identifier: ISC */
/*
 * What the shells' completion scripts (completions/) ask for.
 */
#ifndef ORDERSNAP_CLI_COMPLETE_H
#define ORDERSNAP_CLI_COMPLETE_H

#include "cli/command.h"

#define COMPLETE_WORD "__complete" /* a command that no help names */

/*
 * `ordersnap __complete`: the commands and the options of all, `ordersnap
 * __complete NAME`: the words that an operand of one may be, and its options.  A line
 * each: the word, what its value is called (`-` where it takes none; `...` at its end
 * says that it is a list by commas), what it does, and where they are known the words
 * that its value may be, by spaces; tabs between.
 */
int complete_print(const char *name);

#endif
