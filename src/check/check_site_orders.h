/* SPDX-License-Identifier: ISC */
/*
 * Whether the shop's site shows customers' orders to whom it should: a part of
 * check_site().
 */
#ifndef ORDERSNAP_CHECK_CHECK_SITE_ORDERS_H
#define ORDERSNAP_CHECK_CHECK_SITE_ORDERS_H

#include "check/check_part.h"
#include "check/probe.h"

/* Whether a login of the web server's own refused, before there was a program: it asks for one,
 * denies, or leads to the page of it for the moment (RFC 9110, 15.4; what moved for good is no login). */
bool check_site_is_login(const struct probe_answer *answer);

/* Asks for orders as an invented user, with a password that nobody has; only where
 * the settings have a login. */
void check_site_orders(struct check *c, struct probe *probe, int64_t deadline);

/* The same for buying in a customer's name, as "buyer"; nothing where the web server
 * has no login of the customers'. */
void check_site_buyer(struct check *c, struct probe *probe, int64_t deadline);

#endif
