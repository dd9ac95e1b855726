/* SPDX-License-Identifier: ISC */
/*
 * What the parts of the check share: how a line is said, and what an earlier
 * part found that a later one has to know.
 */
#ifndef ORDERSNAP_CHECK_CHECK_PART_H
#define ORDERSNAP_CHECK_CHECK_PART_H

#include "check/check_report.h"

#define CHECK_FAULTS_MAX 64

/* What was wrong with the configuration as it was loaded; both to free(). */
struct check_fault {
	char *name; /* of the setting, NULL: the file */
	char *text;
};

struct check {
	struct app *app;
	const struct check_options *options;
	const char *group;
	enum check_status worst;
	int64_t deadline; /* of the whole */
	struct check_fault faults[CHECK_FAULTS_MAX];
	size_t fault_count;

	const char *key;      /* Stripe's, where it may be one; else NULL */
	enum key_mode mode;  /* the key's */
	bool accepted;        /* Stripe takes the key */
	bool sees_endpoints;  /* and lets it read the webhook endpoints */
	int64_t skew;         /* seconds that this machine's clock is ahead, 0 if not known */
};

/* Says that something is well. */
void check_ok(struct check *c, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Says that something is not, and what to do. */
void check_not(struct check *c, enum check_status status, const char *name, const char *advice,
	       const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The deadline of a call that may take `ms`, within that of the whole. */
int64_t check_deadline(const struct check *c, int64_t ms);

/* The time in epoch seconds, by Stripe's clock where it is known. */
int64_t check_now(const struct check *c);

/* A user who can write the folder can put another file in the place of this one. True
 * where nobody but the owner and the file's own group can; else it is said, as "folder". */
bool check_closed_folder(struct check *c, const char *path);

/* "5 minutes", "3 days" into `out`, which holds CHECK_SPELL bytes; returns it. */
#define CHECK_SPELL 32
const char *check_spell(int64_t seconds, char *out);

/* The advice, then where cron's line goes, and the line: "...; cron's line, in
 * /etc/cron.d/ordersnap: 17 * * * * ordersnap ...", or "by crontab -e: ..." for a user who is not
 * root.  free() it. */
char *check_cron(const struct check *c, const char *advice, const char *times, const char *command);

/* The parts, in their order. */
void check_config(struct check *c);
void check_secrets(struct check *c); /* goes on with the group of check_config() */
void check_stripe(struct check *c);
void check_webhook(struct check *c);
void check_store(struct check *c);
void check_file_system(struct check *c, const char *path); /* of the store's file; for it */
bool check_adopted(struct check *c);  /* whether the table is; for check_orders() */
void check_orders(struct check *c);  /* where check_store() could read */
void check_hook(struct check *c);    /* is the shop told of them? where the store can be read */
void check_unknown(struct check *c); /* the sessions of the newest orders; for check_orders() */
void check_site(struct check *c);
struct probe;
void check_site_files(struct check *c, struct probe *probe, int64_t deadline); /* for it */

#endif
