/* SPDX-License-Identifier: ISC */
/*
 * Which members of Stripe's objects are read, of events and of answers alike: a third of what
 * comes.  The rest is held against JSON's grammar, and no values are made of it.
 *
 * Whoever reads a new member writes its name into the list of members.c: what is not in it is
 * absent, everywhere.  tests/guard/test_members.py compares the list with the sources.
 */
#ifndef ORDERSNAP_STRIPE_MEMBERS_H
#define ORDERSNAP_STRIPE_MEMBERS_H

#include "format/json.h"

/* The member of this name, for json_parse_members(). */
json_members stripe_member;

#endif
