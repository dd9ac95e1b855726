/* SPDX-License-Identifier: ISC */
/*
 * The store: the file or the table, reading it, and writing to it, for which a
 * write is tried whose condition can't hold.
 */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/dynamodb_table.h"
#include "base/clock.h"
#include "base/file.h"
#include "check/check_part.h"
#include "shop/keys.h"
#include "store/store_sqlite_path.h"

#define STORE_MS 5000
#define TABLE_MS 8000
#define MEGABYTE (1024 * 1024)
#define SPACE_FAILED 10 /* megabytes */
#define SPACE_WARNING 100
#define AWS_SKEW 240    /* seconds; AWS takes five minutes */
#define NEVER 999999999 /* no item is ever of this version */

/* --- the SQLite file ------------------------------------------------------ */

/* Whether whoever runs the programs can make files in the folder.  Root can do
 * anything: then it is asked for the owner of `as`, by the folder's mode. */
static bool can_write_folder(const char *folder, const struct stat *as)
{
	struct stat st;

	if (access(folder, R_OK | W_OK | X_OK))
		return false;
	if (geteuid() != 0 || stat(folder, &st))
		return true;
	if (st.st_uid == as->st_uid)
		return (st.st_mode & (S_IWUSR | S_IXUSR)) == (S_IWUSR | S_IXUSR);
	if (as->st_uid == 0)
		return true;
	return (st.st_mode & (S_IWOTH | S_IWGRP)) != 0;
}

/* The name of the user whose file it is. */
static const char *owner_of(const struct stat *st)
{
	const struct passwd *user = getpwuid(st->st_uid);

	return user ? user->pw_name : "its owner";
}

/* SQLite makes files beside the table's, so the folder has to be the programs' too. */
static bool look_at_folder(struct check *c, const char *path)
{
	char *folder = file_folder(path);
	struct stat own, st;
	bool there = stat(folder, &own) == 0, well = false;

	if (there && stat(path, &st) == 0)
		own = st;
	if (!there)
		check_not(c, CHECK_FAILED, "folder", "make it, for the programs' user, or mend "
			  "COMMERCE_DB", "%s: %s", folder, strerror(errno));
	else if (!can_write_folder(folder, &own))
		check_not(c, CHECK_FAILED, "folder", "chown it to the programs' user, mode 750: SQLite "
			  "makes files beside the table's; or run this as that user",
			  "%s can't be written by %s", folder,
			  geteuid() == 0 ? owner_of(&own) : "this user");
	else
		well = check_closed_folder(c, path);
	free(folder);
	return well;
}

/* The file itself: there, a store, the programs' to read and write, and nobody else's. */
static bool look_at_file(struct check *c, const char *path)
{
	struct sqlite_path_id id;
	enum sqlite_path_state state = sqlite_path_look(path, &id);
	struct stat st;
	struct err e;

	if (state != SQLITE_PATH_FILE || stat(path, &st)) {
		sqlite_path_complain(path, state, &e);
		check_not(c, CHECK_FAILED, "file", "run ordersnap init, as the programs' user, for a new "
			  "store; ordersnap restore puts a backup back", "%s", e.text);
		return false;
	}
	if (access(path, R_OK | W_OK)) {
		check_not(c, CHECK_FAILED, "file", "chown it to the programs' user, or run this as "
			  "that user", "%s can't be read and written by this user", path);
		return false;
	}
	if (st.st_mode & S_IRWXO)
		check_not(c, st.st_mode & S_IWOTH ? CHECK_FAILED : CHECK_WARNING, "file",
			  "chmod 660 it: it holds names and addresses of people",
			  "%s, mode %03o: others can %s it", path, (unsigned)(st.st_mode & 07777),
			  st.st_mode & S_IWOTH ? "write" : "read");
	else
		check_ok(c, "file", "%s, mode %03o, of %s", path, (unsigned)(st.st_mode & 07777),
			 owner_of(&st));
	return true;
}

/* How much the disk still holds. */
static void look_at_space(struct check *c, const char *path)
{
	struct statvfs fs;
	uint64_t free_mb;

	if (statvfs(path, &fs))
		return;
	free_mb = (uint64_t)fs.f_bavail * fs.f_frsize / MEGABYTE;
	if (free_mb < SPACE_WARNING)
		check_not(c, free_mb < SPACE_FAILED ? CHECK_FAILED : CHECK_WARNING, "space",
			  "make room: a full disk takes no orders", "%llu MB are free",
			  (unsigned long long)free_mb);
	else
		check_ok(c, "space", "%llu MB are free", (unsigned long long)free_mb);
}

/* --- the DynamoDB table --------------------------------------------------- */

/* A clock that is wrong makes signatures look wrong. */
static const char *mend_of(const struct check *c, const struct err *e)
{
	if (strstr(e->text, "newer ordersnap"))
		return "install the ordersnap that wrote it, or a later one";
	if (strstr(e->text, "Signature") && llabs(c->skew) > AWS_SKEW)
		return "set the clock: AWS refuses requests signed minutes away from its time";
	return "see DIAGNOSTICS in ordersnap(7)";
}

/* The table, its keys, backups and time to live.  Credentials that may not describe it
 * are no fault: the programs don't. */
static bool look_at_table(struct check *c, const char *name)
{
	const struct dynamodb db = {aws_client_new(&c->app->aws, &aws_dynamodb), name};
	struct dynamodb_table table;
	struct err e;
	int rc = dynamodb_table_describe(&db, check_deadline(c, TABLE_MS), &table, &e);

	aws_client_free(db.client);
	if (rc && !strstr(e.text, "AccessDenied")) {
		check_not(c, CHECK_FAILED, "table", mend_of(c, &e), "table %s is not known: %s", name,
			  e.text);
		return false;
	}

	if (rc && !table.exists) {
		check_ok(c, "table", "%s; these credentials may not ask for its keys", name);
		check_ok(c, "ttl", "not known: these credentials may not ask for it");
		return true;
	}

	/* What makes it unfit. */
	if (!table.exists) {
		check_not(c, CHECK_FAILED, "table", "run ordersnap init, or mend COMMERCE_TABLE or "
			  "AWS_REGION", "there is no table %s in this region", name);
		return false;
	}
	if (!table.active) {
		check_not(c, CHECK_FAILED, "table", "run this again in a minute",
			  "table %s is being created or deleted", name);
		return false;
	}
	if (!table.keys_fit) {
		check_not(c, CHECK_FAILED, "table", "choose another name for COMMERCE_TABLE and run "
			  "ordersnap init", "table %s has other keys than PK (hash) and SK (range), both "
			  "strings", name);
		return false;
	}

	check_ok(c, "table", "%s, with the right keys; point-in-time recovery is %s", name,
		 table.backups ? "on" : table.backups_known ? "off" : "not known");
	if (rc)
		check_ok(c, "ttl", "not known: these credentials may not ask for it");
	else if (table.ttl_fits)
		check_ok(c, "ttl", "on for expiresAt");
	else if (table.ttl_attribute[0])
		check_not(c, CHECK_WARNING, "ttl", "switch it off there: DynamoDB allows one attribute; "
			  "then run ordersnap init", "time to live is on for \"%s\", not for expiresAt: "
			  "expired items stay for ever", table.ttl_attribute);
	else
		check_not(c, CHECK_WARNING, "ttl", "run ordersnap init, which switches it on",
			  "time to live is off: expired items stay for ever");
	return true;
}

/* --- both ----------------------------------------------------------------- */

/* Reads one item, whichever. */
static bool look_at_reading(struct check *c)
{
	const struct store_key key = {KEY_SYSTEM, KEY_SYNC};
	struct json_object *item = NULL;
	int64_t before = clock_monotonic_ms();
	struct err e;
	int rc = store_get_many(app_store(c->app), &key, 1, &item, check_deadline(c, STORE_MS), &e);

	json_object_put(item);
	if (rc)
		check_not(c, CHECK_FAILED, "read", mend_of(c, &e), "%s", e.text);
	else
		check_ok(c, "read", "in %lld ms", (long long)(clock_monotonic_ms() - before));
	return rc == 0;
}

/* What each verb of a write is to IAM, and what goes without it. */
static const struct {
	enum check_status without;
	const char *action, *without_it;
} verbs[] = {
	[STORE_PUT] = {CHECK_FAILED, "dynamodb:PutItem", "nothing can be written"},
	[STORE_DELETE] = {CHECK_WARNING, "dynamodb:DeleteItem",
			  "ORDER_HOOK is told of no order, and no guest's order can be erased"},
	[STORE_CHECK] = {CHECK_WARNING, "dynamodb:ConditionCheckItem",
			 "an order is written again where it only had to be checked"},
};

/* All that a write needs, but for the write: an item that is not there is to be
 * replaced (deleted, checked), and the store says that it is not there. */
static bool look_at_verb(struct check *c, enum store_verb verb)
{
	struct json_object *item = json_object_new_object();
	const struct store_action action = {.verb = verb, .item = item,
					    .condition = STORE_VERSION, .version = NEVER};
	struct err e = {.code = ERR_NONE, .text = "a condition that can't hold did"};
	bool allowed;

	json_set_string(item, "PK", KEY_SYSTEM);
	json_set_string(item, "SK", "CHECK");
	allowed = store_write(app_store(c->app), &action, 1, NULL, check_deadline(c, STORE_MS), &e) &&
		  e.code == ERR_CONFLICT;
	json_object_put(item);
	if (!allowed && strstr(e.text, "AccessDenied"))
		check_not(c, verbs[verb].without, "write", "give them the policy in conf/dynamodb "
			  "(iam-policy.json)", "these AWS credentials lack %s: %s (%s)",
			  verbs[verb].action, verbs[verb].without_it, e.text);
	else if (!allowed)
		check_not(c, CHECK_FAILED, "write", mend_of(c, &e), "%s", e.text);
	return allowed;
}

/* Each action that is missing is named: 0.1.0's policy has the first alone. */
static void look_at_writing(struct check *c)
{
	bool checks, deletes;

	if (!look_at_verb(c, STORE_PUT))
		return;
	checks = look_at_verb(c, STORE_CHECK);
	deletes = look_at_verb(c, STORE_DELETE);
	if (checks && deletes)
		check_ok(c, "write", "allowed (nothing was written)");
}

/* No program walks the whole table, so that these credentials need not be allowed to;
 * the owner's commands that do are named before they fail. */
static void look_at_scanning(struct check *c)
{
	struct json_object *items = NULL, *last = NULL;
	struct err e;
	int rc = store_scan(app_store(c->app), NULL, 1, &items, &last,
			    check_deadline(c, STORE_MS), &e);

	json_object_put(items);
	json_object_put(last);
	if (!rc)
		check_ok(c, "scan", "allowed: export, adopt and erase --user can walk the table");
	else if (strstr(e.text, "AccessDenied"))
		check_ok(c, "scan", "not allowed, and no program needs it: export, adopt and erase "
			 "--user need credentials with dynamodb:Scan (conf/dynamodb, "
			 "iam-policy-transfer.json)");
	else
		check_not(c, CHECK_WARNING, "scan", mend_of(c, &e), "%s", e.text);
}

void check_store(struct check *c)
{
	const char *path = c->app->config.commerce_db, *table = c->app->config.commerce_table;
	char *real;

	if (!path == !table)
		return; /* check_secrets() has said that neither is set, or both are */

	/* What can be seen without opening the store; where that is wrong, opening it is of no
	 * use. */
	c->group = "store";
	if (table && !look_at_table(c, table))
		return;
	if (path) {
		if (!look_at_folder(c, path))
			return;
		check_file_system(c, path);
		if (!look_at_file(c, path))
			return;
		look_at_space(c, path);
	}

	/* Reading, writing and walking it. */
	if (!look_at_reading(c))
		return;
	/* A file that is open has its log beside it.  It is asked for by its name: opening and
	 * closing a file that SQLite has open in this process drops SQLite's locks. */
	real = path ? realpath(path, NULL) : NULL;
	if (real && sqlite_path_log(real).inode == 0)
		check_not(c, CHECK_WARNING, "wal", "move it to a local disk that can share memory",
			  "%s has no write-ahead log: programs wait for each other", path);
	free(real);
	look_at_writing(c);
	if (table)
		look_at_scanning(c);

	/* What stands in it. */
	check_orders(c);
	check_hook(c);
}
