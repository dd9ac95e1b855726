/* SPDX-License-Identifier: ISC */
/*
 * Setting up the store.  Running it twice is as good as once.
 */
#include "app/setup.h"

#include <stdlib.h>

#include "store/dynamodb_table.h"
#include "store/store_sqlite_make.h"
#include "shop/keys.h"

static void say(setup_report *report, char *sentence)
{
	report(sentence);
	free(sentence);
}

/* A table on its way to being right. */
struct setup {
	struct dynamodb db;
	struct dynamodb_table found; /* how it was described last */
	int64_t deadline;
	setup_report *report;
};

/* DynamoDB deletes what has expired by one attribute of the table. */
static int fit_ttl(const struct setup *s, struct err *e)
{
	const char *name = s->db.table;

	if (s->found.ttl_fits) {
		say(s->report, str_printf("time to live of %s is on for expiresAt", name));
		return 0;
	}
	if (s->found.ttl_attribute[0])
		return err_set(e, ERR_CONFIG, "time to live of %s is on for \"%s\": switch it off "
			       "there, DynamoDB allows one attribute, and it has to be expiresAt",
			       name, s->found.ttl_attribute);
	if (dynamodb_table_set_ttl(&s->db, s->deadline, e))
		return -1;
	say(s->report, str_printf("time to live of %s was switched on for expiresAt", name));
	return 0;
}

/* Switched on where they are wanted, and told in any case. */
static int fit_backups(const struct setup *s, bool wanted, struct err *e)
{
	const char *name = s->db.table;

	if (s->found.backups || !wanted) {
		say(s->report, str_printf("point-in-time recovery of %s is %s", name,
					  s->found.backups ? "on" : s->found.backups_known ? "off"
					  : "not known: it could not be asked for"));
		return 0;
	}
	if (dynamodb_table_set_backups(&s->db, s->deadline, e))
		return -1;
	say(s->report, str_printf("point-in-time recovery of %s was switched on", name));
	return 0;
}

/* Makes the table or looks whether it fits, then its time to live and its backups. */
static int setup_table(struct setup *s, bool backups, struct err *e)
{
	const char *name = s->db.table;

	/* One that is there has to have the right keys. */
	if (dynamodb_table_describe(&s->db, s->deadline, &s->found, e))
		return -1;
	if (s->found.exists && !s->found.active)
		return err_set(e, ERR_UNAVAILABLE, "table %s is being created or deleted: run this "
			       "again in a minute", name);
	if (s->found.exists && !s->found.keys_fit)
		return err_set(e, ERR_CONFIG, "table %s has other keys than PK (hash) and SK "
			       "(range), both strings: choose another name for COMMERCE_TABLE", name);
	if (s->found.exists)
		say(s->report, str_printf("table %s is there with the right keys", name));

	/* One that is not is made. */
	if (!s->found.exists) {
		if (dynamodb_table_create(&s->db, s->deadline, e))
			return -1;
		say(s->report, str_printf("table %s was created, billed on demand", name));
		if (dynamodb_table_describe(&s->db, s->deadline, &s->found, e))
			return -1;
	}
	if (fit_ttl(s, e))
		return -1;
	return fit_backups(s, backups, e);
}

int setup_store(struct app *app, bool backups, int64_t deadline, setup_report *report,
		struct err *e)
{
	const struct store_key any = {KEY_SYSTEM, KEY_SYNC};
	struct setup setup = {.deadline = deadline, .report = report};
	const char *path = app->config.commerce_db;
	struct json_object *item;
	bool made;
	int rc;

	/* A table in DynamoDB. */
	if (app->config.commerce_table) {
		setup.db.client = aws_client_new(&app->aws, &aws_dynamodb);
		setup.db.table = app->config.commerce_table;
		rc = setup_table(&setup, backups, e);
		aws_client_free(setup.db.client);
		return rc;
	}

	/* A file, which has to be one that can be read, too. */
	if (sqlite_make(path, &made, e) ||
	    store_get_many(app_store(app), &any, 1, &item, deadline, e))
		return -1;
	json_object_put(item);
	say(report, str_printf("%s %s", path, made ? "was created" : "is there and can be used"));
	return 0;
}
