/* SPDX-License-Identifier: ISC */
/*
 * What a shop's owner decides about Checkout beyond the settings, in Stripe's own
 * words: the parameters of a session that stand in CHECKOUT_SESSION_FILE.
 *
 *   {"shipping_address_collection": {"allowed_countries": ["DE", "FR"]},
 *    "shipping_options": [{"shipping_rate": "shr_1Pq..."}]}
 *
 * https://docs.stripe.com/api/checkout/sessions/create
 */
#ifndef ORDERSNAP_SHOP_SESSION_OPTIONS_H
#define ORDERSNAP_SHOP_SESSION_OPTIONS_H

#include "base/err.h"
#include "base/str.h"
#include "format/json.h"

#define SESSION_OPTIONS_MAX_BYTES 65536

enum session_option_type {
	OPTION_FLAG,     /* true or false */
	OPTION_TEXT,     /* of 1 to `max` characters */
	OPTION_INT,      /* from `min` to `max` */
	OPTION_CHOICE,   /* one of the words of `text` */
	OPTION_COUNTRY,  /* two capital letters */
	OPTION_CURRENCY, /* three small letters */
	OPTION_OBJECT,   /* is only there to be needed */
	OPTION_LIST,     /* of at most `max` elements */
	OPTION_OURS,     /* ordersnap says what it is; `text` how */
};

/* A parameter.  `path` is its name from the top, `[]` any element of a list, `*` a
 * name of the owner's choice: "custom_fields[].label.custom", "metadata.*". */
struct session_option {
	const char *path;
	enum session_option_type type;
	int64_t min, max;
	const char *text;
	bool needed; /* where the object that it is a member of stands */
};

/* All that may stand in the file, ended by a NULL path. */
extern const struct session_option session_option_table[];

/* Pairs of which Stripe takes one alone, ended by a NULL. */
extern const char *const session_option_exclusive[][2];

/*
 * Reads the text of the file; `path` is the file's, for messages.  0 with the
 * options, to release.  -1 with ERR_CONFIG, "PATH:LINE: NAME what is wrong": no
 * JSON, a name that is unknown or ordersnap's own, a value of another type.
 */
int session_options_read(const char *path, struct span text, struct json_object **options,
			 struct err *e);

/* Whether a word is one of those that `text`, with spaces between, has. */
bool session_option_has_word(const char *text, const char *word);

/* What Stripe takes as locale, with spaces between. */
extern const char session_option_locales[];

#endif
