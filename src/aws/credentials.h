/* SPDX-License-Identifier: ISC */
/*
 * AWS credentials, found where the AWS SDKs look for them, in their order:
 *   1. the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN)
 *   2. a web identity (AWS_WEB_IDENTITY_TOKEN_FILE): refused, with what to do
 *   3. the shared credentials and config files, profile AWS_PROFILE; one that wants
 *      a role, a sign-on or a program is refused
 *   4. a container's endpoint (AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI)
 *   5. the instance's metadata service, IMDSv2
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 *
 * What expires is fetched again five minutes before; if that fails, or takes more
 * than a second, the old ones are used as long as they last.
 */
#ifndef ORDERSNAP_AWS_CREDENTIALS_H
#define ORDERSNAP_AWS_CREDENTIALS_H

#include "aws/profile.h"
#include "base/err.h"

struct aws_provider;

/* `settings` is borrowed and has to outlive the provider. */
struct aws_provider *aws_provider_new(const struct aws_settings *settings);
void aws_provider_free(struct aws_provider *provider);

/* Credentials that are good now; borrowed until the next call.  -1 with
 * ERR_UNAVAILABLE and a text that lists what was tried. */
int aws_provider_get(struct aws_provider *provider, int64_t deadline,
		     const struct aws_credentials **credentials, struct err *e);

/* Forgets what it has: the service said that it has expired. */
void aws_provider_forget(struct aws_provider *provider);

#endif
