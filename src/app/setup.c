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

static int setup_file(struct app *app, int64_t deadline, setup_report *report, struct err *e)
{
	const char *path = app->config.commerce_db;
	const struct store_key key = {KEY_SYSTEM, KEY_SYNC};
	struct json_object *item;
	bool made;

	if (sqlite_make(path, &made, e) ||
	    store_get_many(app_store(app), &key, 1, &item, deadline, e))
		return -1;
	json_object_put(item);
	say(report, str_printf("%s %s", path, made ? "was created"
						   : "is there and can be used"));
	return 0;
}

static int fit_ttl(struct aws_client *db, const char *name, const struct dynamodb_table *table,
		   int64_t deadline, setup_report *report, struct err *e)
{
	if (table->ttl_fits) {
		say(report, str_printf("time to live of %s is on for expiresAt", name));
		return 0;
	}
	if (table->ttl_attribute[0])
		return err_set(e, ERR_CONFIG, "time to live of %s is on for \"%s\": switch it off "
			       "there, DynamoDB allows one attribute, and it has to be expiresAt",
			       name, table->ttl_attribute);
	if (dynamodb_table_set_ttl(db, name, deadline, e))
		return -1;
	say(report, str_printf("time to live of %s was switched on for expiresAt", name));
	return 0;
}

static int fit_backups(struct aws_client *db, const char *name,
		       const struct dynamodb_table *table, bool wanted, int64_t deadline,
		       setup_report *report, struct err *e)
{
	if (table->backups || !wanted) {
		say(report, str_printf("point-in-time recovery of %s is %s", name,
				       table->backups ? "on" : table->backups_known ? "off"
				       : "not known: it could not be asked for"));
		return 0;
	}
	if (dynamodb_table_set_backups(db, name, deadline, e))
		return -1;
	say(report, str_printf("point-in-time recovery of %s was switched on", name));
	return 0;
}

static int make_table(struct aws_client *db, const char *name, int64_t deadline,
		      setup_report *report, struct dynamodb_table *table, struct err *e)
{
	if (dynamodb_table_create(db, name, deadline, e))
		return -1;
	say(report, str_printf("table %s was created, billed on demand", name));
	return dynamodb_table_describe(db, name, deadline, table, e);
}

static int setup_table(struct aws_client *db, const char *name, bool backups, int64_t deadline,
		       setup_report *report, struct err *e)
{
	struct dynamodb_table table;

	if (dynamodb_table_describe(db, name, deadline, &table, e))
		return -1;
	if (table.exists && !table.active)
		return err_set(e, ERR_UNAVAILABLE, "table %s is being created or deleted: run this "
			       "again in a minute", name);
	if (table.exists && !table.keys_fit)
		return err_set(e, ERR_CONFIG, "table %s has other keys than PK (hash) and SK "
			       "(range), both strings: choose another name for COMMERCE_TABLE", name);
	if (table.exists)
		say(report, str_printf("table %s is there with the right keys", name));
	else if (make_table(db, name, deadline, report, &table, e))
		return -1;
	if (fit_ttl(db, name, &table, deadline, report, e))
		return -1;
	return fit_backups(db, name, &table, backups, deadline, report, e);
}

int setup_store(struct app *app, bool backups, int64_t deadline, setup_report *report,
		struct err *e)
{
	const char *name = app->config.commerce_table;
	struct aws_client *db;
	int rc;

	if (!name)
		return setup_file(app, deadline, report, e);
	db = aws_client_new(&app->aws, &aws_dynamodb);
	rc = setup_table(db, name, backups, deadline, report, e);
	aws_client_free(db);
	return rc;
}
