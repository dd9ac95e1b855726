/* SPDX-License-Identifier: ISC */
/*
 * The files that the AWS tools share: ~/.aws/credentials and ~/.aws/config.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#ifndef ORDERSNAP_AWS_PROFILE_H
#define ORDERSNAP_AWS_PROFILE_H

#include "aws/settings.h"

/* The value of `key` in the chosen profile: from the credentials file, else
 * the config file.  free() it; NULL if there is none. */
char *aws_profile_value(const struct aws_settings *settings, const char *key);

/* The profile's endpoint_url for a service ("dynamodb", "ssm"): that of its
 * `services` section, else the profile's own.  free() it; NULL if none. */
char *aws_profile_endpoint(const struct aws_settings *settings, const char *service);

/* The profile's name. */
const char *aws_profile_name(const struct aws_settings *settings);

#endif
