/* SPDX-License-Identifier: ISC */
/*
 * The transport to AWS's JSON services: endpoint, signature, retries
 * and errors, decided once for all operations.
 */
#ifndef ORDERSNAP_AWS_CLIENT_H
#define ORDERSNAP_AWS_CLIENT_H

#include "aws/credentials.h"
#include "base/metrics.h"
#include "format/json.h"

/* A service: its name in endpoints and signatures, its X-Amz-Target prefix, its
 * JSON version. */
struct aws_service {
	const char *name;         /* "dynamodb" */
	const char *target;       /* "DynamoDB_20120810" */
	const char *content_type; /* "application/x-amz-json-1.0" */
};

extern const struct aws_service aws_dynamodb, aws_ssm;

struct aws_client;

/* Requests that were tried again, by service. */
extern const struct metrics_family aws_retries;

/* `settings` is borrowed and has to outlive the client.  Opens nothing. */
struct aws_client *aws_client_new(const struct aws_settings *settings,
				  const struct aws_service *service);
void aws_client_free(struct aws_client *client);

/* What a service refused with. */
struct aws_failure {
	char type[64];              /* "TransactionCanceledException", "" if none */
	struct json_object *answer; /* the error's whole JSON, or NULL; owned */
};

/* An operation ("GetItem") with the text of its JSON, and until when (base/clock.h). */
struct aws_request {
	const char *operation;
	struct span input;
	int64_t deadline;
};

/*
 * Calls an operation; again, with full jitter, while it is throttled, in conflict
 * or failing (5xx, no answer), until the deadline.  A try takes four seconds at most, and
 * after one of which the answer did not get here whole twice as long.
 * 0 with `*answer` to release.  -1 with ERR_UNAVAILABLE where time is over or
 * something has to be mended first (credentials, permission, table: the text
 * says which and what to do), ERR_REFUSED for every other refusal; `failure`
 * (which may be NULL) then has its type.  aws_failure_free() it.
 */
int aws_call(struct aws_client *client, const struct aws_request *request,
	     struct json_object **answer, struct aws_failure *failure, struct err *e);
void aws_failure_free(struct aws_failure *failure);

#endif
