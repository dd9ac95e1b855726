/* SPDX-License-Identifier: ISC */
/*
 * What the usual AWS variables say.  The names and what they mean are those of
 * https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
 */
#ifndef ORDERSNAP_AWS_SETTINGS_H
#define ORDERSNAP_AWS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

/* Strings are borrowed; NULL: not set. */
struct aws_settings {
	const char *region;            /* AWS_REGION, else AWS_DEFAULT_REGION */
	const char *endpoint;          /* AWS_ENDPOINT_URL */
	const char *endpoint_dynamodb; /* AWS_ENDPOINT_URL_DYNAMODB */
	const char *endpoint_ssm;      /* AWS_ENDPOINT_URL_SSM */
	bool ignore_file_endpoints;    /* AWS_IGNORE_CONFIGURED_ENDPOINT_URLS */
	const char *key_id, *secret, *token; /* AWS_ACCESS_KEY_ID ... */
	const char *profile;           /* AWS_DEFAULT_PROFILE, else AWS_PROFILE */
	const char *profile_variable;  /* which of the two it is; needed with `profile` */
	const char *credentials_file;  /* AWS_SHARED_CREDENTIALS_FILE */
	const char *config_file;       /* AWS_CONFIG_FILE */
	const char *container_relative_uri, *container_full_uri;
	const char *container_token, *container_token_file;
	bool metadata_disabled;        /* AWS_EC2_METADATA_DISABLED */
	const char *metadata_endpoint; /* AWS_EC2_METADATA_SERVICE_ENDPOINT */
	const char *web_identity;      /* the variable that asks for one, NULL: none does */
	const char *home;              /* the user's directory */
};

#endif
