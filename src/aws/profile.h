/* SPDX-License-Identifier: ISC */
/*
 * The files that the AWS tools share: ~/.aws/credentials and ~/.aws/config.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#ifndef ORDERSNAP_AWS_PROFILE_H
#define ORDERSNAP_AWS_PROFILE_H

#include "aws/settings.h"

/* Whether either file has the chosen profile. */
bool aws_profile_exists(const struct aws_settings *settings);

/* The access key, its secret and its token (NULL if it has none), all from the
 * file that has the key; free() them.  False where neither has key and secret. */
bool aws_profile_keys(const struct aws_settings *settings, char **key_id, char **secret,
		      char **token);

/* AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, or the profile's setting of that name. */
bool aws_profile_ignores_endpoints(const struct aws_settings *settings);

/* The value of `key` in the chosen profile: from the credentials file, else
 * the config file.  free() it; NULL if there is none. */
char *aws_profile_value(const struct aws_settings *settings, const char *key);

/* The profile's endpoint_url for a service ("dynamodb", "ssm"): that of its
 * `services` section, else the profile's own.  free() it; NULL if none. */
char *aws_profile_endpoint(const struct aws_settings *settings, const char *service);

/* The profile's name. */
const char *aws_profile_name(const struct aws_settings *settings);

#endif
