/* SPDX-License-Identifier: ISC */
/*
 * AWS Signature Version 4 of a POST whose signed headers are content-type, host,
 * x-amz-date, x-amz-security-token where there is one, and x-amz-target.  Pure: the
 * time is an argument.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
 *
 * libcurl can sign as well.  It derives the signing key anew for each request, and
 * formats byte by byte: that was a fifth of all that a new event's instructions were.
 */
#ifndef ORDERSNAP_AWS_SIGV4_H
#define ORDERSNAP_AWS_SIGV4_H

#include <stdint.h>

#include "base/digest.h"

struct sigv4_request {
	const char *region, *service;
	const char *key_id, *secret, *token; /* token: NULL where there is none */
	const char *host, *path;             /* as they are sent; no query */
	const char *content_type, *target;   /* X-Amz-Target */
	struct span body;
	int64_t now; /* epoch seconds */
};

/* The signing key of a day, kept from one request to the next; zeroed at first.  For
 * one region and service: another day or secret is noticed. */
struct sigv4_key {
	char day[9]; /* "20261127" */
	unsigned char secret[DIGEST_BYTES]; /* its SHA-256 */
	unsigned char key[DIGEST_BYTES];
};

#define SIGV4_TIME_SIZE 17 /* "20261127T124145Z" */

/* The value of X-Amz-Date. */
void sigv4_time(int64_t now, char out[SIGV4_TIME_SIZE]);

/* The value of Authorization, for free(). */
char *sigv4_authorization(const struct sigv4_request *request, struct sigv4_key *key);

#endif
