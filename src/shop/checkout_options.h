/* SPDX-License-Identifier: ISC */
/*
 * What a request for a session may say about Checkout: it fills what the owner left
 * open, narrows his countries, or picks one of his shipping options.
 */
#ifndef ORDERSNAP_SHOP_CHECKOUT_OPTIONS_H
#define ORDERSNAP_SHOP_CHECKOUT_OPTIONS_H

#include "base/err.h"
#include "shop/checkout_request.h"

/* 0 where each field of the request is a known one, or null; else -1 with
 * ERR_BAD_REQUEST naming the first that is not. */
int checkout_check_names(struct json_object *body, struct err *e);

/* Reads the fields that are choices among Checkout's; -1 with ERR_BAD_REQUEST naming
 * the one that is wrong. */
int checkout_read_options(struct json_object *body, const struct checkout_policy *policy,
			  struct checkout_request *request, struct err *e);

/* The countries of the owner's options, or NULL where they name none. */
struct json_object *checkout_owner_countries(struct json_object *options);

/* Whether a list of texts has `text`. */
bool checkout_list_has(struct json_object *list, const char *text);

#endif
