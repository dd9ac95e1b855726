/* SPDX-License-Identifier: ISC */
/*
 * The format of the files that the AWS tools share, read as botocore reads it,
 * which is Python's configparser: what one tool takes for a key, so does the
 * other, and what it refuses is refused.
 * https://docs.python.org/3/library/configparser.html#supported-ini-file-structure
 *
 *     # a comment is a line of its own
 *     [profile shop]            what stands behind the ] does not count
 *     region = eu-central-1
 *     REGION : eu-central-1     a key in any case, either separator
 *     s3 =
 *         max_queue_size = 10   deeper than its key: part of the value
 */
#ifndef ORDERSNAP_AWS_INI_H
#define ORDERSNAP_AWS_INI_H

#include "base/err.h"
#include "format/json.h"

/*
 * The file's sections in their order, an object of objects: a key in lower case
 * has a string, or, where it has nothing but lines below it, an object of those.
 * A value that goes on in further lines has line feeds in it.  What [DEFAULT]
 * says stands in every section that does not say otherwise.
 *
 * 0 with *sections to release, NULL where there is no such file; -1 with
 * ERR_UNAVAILABLE naming file and line where it can't be read: a line in front
 * of the first section, one that is no key, a section or key that stands twice,
 * a byte order mark, bytes that are no UTF-8.
 */
int ini_read(const char *path, struct json_object **sections, struct err *e);

#endif
