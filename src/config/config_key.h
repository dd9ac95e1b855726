/* SPDX-License-Identifier: ISC */
/*
 * One setting: its type, and how its text becomes a field of struct config.
 */
#ifndef ORDERSNAP_CONFIG_CONFIG_KEY_H
#define ORDERSNAP_CONFIG_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct config;

enum config_type {
	CONFIG_TEXT,    /* printable, not blank */
	CONFIG_SECRET,  /* like TEXT; the file must not be readable by others */
	CONFIG_SECRETS, /* several secrets by commas, none blank */
	CONFIG_INT,     /* min..max */
	CONFIG_FLAG,    /* 1, true, yes, on, 0, false, no, off */
	CONFIG_CHOICE,  /* one of `choices`, by spaces */
	CONFIG_URL,     /* http:// or https:// */
	CONFIG_API_URL, /* https://, or http:// to this machine */
	CONFIG_PROXY,   /* http://host:port */
	CONFIG_ORIGINS, /* scheme://host[:port] by commas or spaces, or `*` */
	CONFIG_PATH,    /* absolute */
	CONFIG_TARGET,  /* stderr, syslog or an absolute path */
	CONFIG_PREFIX,  /* letters and digits, 1 to 12 */
	CONFIG_LOOKUP_KEY, /* with {collectionId} and {variantId}, perhaps {currency} */
	CONFIG_METADATA_KEY, /* 1 to 40 characters without brackets */
	CONFIG_HEADER,  /* a header's name */
	CONFIG_TABLE,   /* a DynamoDB table's name */
	CONFIG_AWS,     /* like TEXT; empty is not set, as in the AWS SDKs */
	CONFIG_AWS_SECRET,
	CONFIG_AWS_FLAG,
};

struct config_key {
	const char *name;
	enum config_type type;
	size_t offset;        /* of the field in struct config */
	int64_t min, max;     /* CONFIG_INT */
	const char *fallback; /* the default as text, or NULL */
	const char *choices;  /* CONFIG_CHOICE */
	unsigned needed_by;   /* CONFIG_NEEDS_... */
	const char *or_else;  /* the setting that may stand in its place, or NULL */
	const char *hint;     /* what to put there; a part of a sentence */
};

/* The table, in config_keys.c; ends with an entry whose name is NULL. */
extern const struct config_key config_keys[];

/* Whether the value is a secret; whether the AWS SDKs read it too, and take an empty
 * one for one that is not set. */
bool config_is_secret(const struct config_key *key);
bool config_is_aws(const struct config_key *key);

/* Checks `text` against the key's type and stores it in the key's field of `c`
 * (strings are copied). */
int config_set(struct config *c, const struct config_key *key, const char *text, struct err *e);

#endif
