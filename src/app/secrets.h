/* SPDX-License-Identifier: ISC */
/*
 * The secrets: in the configuration, or in SSM parameters that it names, which
 * are read once a process and again when they may have been rotated.
 */
#ifndef ORDERSNAP_APP_SECRETS_H
#define ORDERSNAP_APP_SECRETS_H

#include <stdbool.h>

#include "aws/client.h"
#include "config/secret.h"

#define SECRETS_REFRESH_MS 60000 /* a parameter is read again at most once a minute */

struct secrets {
	const struct config *config;         /* borrowed: what names them, */
	const struct aws_settings *settings; /* and what SSM is asked with */
	char *fetched[SECRETS];   /* what SSM said, or NULL */
	int64_t read_at[SECRETS]; /* base/clock.h, monotonic; 0: never */
	struct aws_client *ssm;   /* NULL until it is needed */
};

/* The secret, borrowed until the next refresh; *value is NULL where it is not
 * configured at all.  -1 with ERR_UNAVAILABLE where SSM does not give it. */
int secrets_get(struct secrets *s, enum secret which, int64_t deadline, const char **value,
		struct err *e);

/* Reads the parameter again, if the secret is in one and that was not done
 * within the last minute.  True when the secret has changed. */
bool secrets_refresh(struct secrets *s, enum secret which, int64_t deadline);

void secrets_free(struct secrets *s);

#endif
