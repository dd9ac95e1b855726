/* SPDX-License-Identifier: ISC */
/*
 * The file of certificate authorities (PEM) by which other servers are believed; one for the
 * whole process.  A program that was built elsewhere looks for it where that system has it.
 */
#ifndef ORDERSNAP_BASE_CA_FILE_H
#define ORDERSNAP_BASE_CA_FILE_H

#include "base/err.h"

/* Where the files of Linux distributions are, NULL at the end. */
extern const char *const ca_file_usual[];

/* Whether a file can be that: 0, or -1 with ERR_CONFIG and a text that begins with its path. */
int ca_file_check(const char *path, struct err *e);

/* The file that was chosen (CA_FILE), copied; NULL: none was. */
void ca_file_choose(const char *path);

/* The file to use in the place of `built_in` (NULL: there is none), borrowed: the chosen one;
 * else, where `built_in` can't be read, the first of `usual` that can.  NULL: stay with
 * `built_in`. */
const char *ca_file(const char *built_in, const char *const *usual);

#endif
