/* SPDX-License-Identifier: ISC */
/*
 * The files that the AWS tools share: ~/.aws/credentials and ~/.aws/config, and
 * what the chosen profile says in them.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
#ifndef ORDERSNAP_AWS_PROFILE_H
#define ORDERSNAP_AWS_PROFILE_H

#include "aws/settings.h"
#include "base/err.h"

struct aws_credentials {
	char *key_id, *secret;
	char *token;     /* session token, or NULL */
	int64_t expires; /* epoch seconds, INT64_MAX: never */
};

/* Whether it can be an access key, a secret or a token, which go into headers: no character is a space,
 * a control character or beyond ASCII. */
bool aws_is_key(const char *text);

enum aws_profile_keys { AWS_PROFILE_HAS_KEYS, AWS_PROFILE_HAS_NONE, AWS_PROFILE_WRONG };

/*
 * The access key, its secret and its token (NULL if it has none), all from one
 * file, to free(); `expires` is left as it is.  HAS_NONE with a text where the profile names no
 * credentials at all: others may be looked for.
 *
 * WRONG with a text that names file or profile, and what to do, where it names
 * some that can't be had: a file that can't be read, half a key, a profile that
 * does not exist, or that wants a role (role_arn), a sign-on (sso_...), a web
 * identity, a login (login_session) or a program (credential_process), of which ordersnap does none.
 * Others in their place would be somebody else's.
 */
enum aws_profile_keys aws_profile_keys(const struct aws_settings *settings,
				       struct aws_credentials *keys, struct err *e);

/* AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, or the profile's setting of that name. */
bool aws_profile_ignores_endpoints(const struct aws_settings *settings);

/* The value of `key` in the chosen profile: from the credentials file, else
 * the config file, without a comment behind it.  free() it; NULL if there is
 * none. */
char *aws_profile_value(const struct aws_settings *settings, const char *key);

/* The profile's endpoint_url for a service ("dynamodb", "ssm"): that of its
 * `services` section, else the profile's own.  free() it; NULL if none. */
char *aws_profile_endpoint(const struct aws_settings *settings, const char *service);

/* The profile's name. */
const char *aws_profile_name(const struct aws_settings *settings);

#endif
