/* SPDX-License-Identifier: ISC */
/*
 * A copy of the SQLite file and the way back: of one moment, whole or not at all, and what is the
 * store's own stays its own.
 */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "store/store_sqlite.h"
#include "store/store_sqlite_copy.h"
#include "store/store_sqlite_make.h"

#define OWN "OUTBOX"
#define WAIT_MS 5000

static const char *folder, *file, *copy_file;
static const char *emptied; /* is given to somebody else once it was emptied; NULL: no file is */
static long writes_left = -1; /* of which the process is killed; -1: never */
static const char *fails_in; /* writing into a file with this in its name fails; NULL: into none */
static int fails_with;

/* In a folder of his own, somebody exchanges the file that was just made. */
int ftruncate(int fd, off_t length)
{
	int rc = (int)syscall(SYS_ftruncate, fd, length);

	if (emptied) {
		assert_int_equal(unlink(emptied), 0);
		assert_int_equal(symlink(keep_text(str_printf("%s/victim", folder)), emptied), 0);
	}
	return rc;
}

static const char *name_of(int fd)
{
	static char path[512];
	char of[64];
	ssize_t n;

	snprintf(of, sizeof of, "/proc/self/fd/%d", fd);
	n = readlink(of, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	return path;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off64_t at)
{
	if (writes_left == 0)
		raise(SIGKILL);
	if (fails_in && strstr(name_of(fd), fails_in)) {
		errno = fails_with;
		return -1;
	}
	writes_left -= writes_left > 0;
	return syscall(SYS_pwrite64, fd, bytes, n, at);
}

/* On NFS a flock(2) of the part is one that SQLite's own locks meet, flock(2) says so. */
static bool one_kind_of_locks;

int fcntl64(int fd, int command, ...)
{
	va_list list;
	struct flock *lock;

	va_start(list, command);
	lock = va_arg(list, struct flock *);
	va_end(list);
	if (one_kind_of_locks && command == F_SETLK && lock->l_type != F_UNLCK &&
	    str_ends(name_of(fd), ".part")) {
		errno = EAGAIN;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, command, lock);
}

static const char *path_of(const char *name)
{
	return keep_text(str_printf("%s/%s", folder, name));
}

static bool there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void must_put(const char *path, const char *pk, const char *value)
{
	struct store *store = store_sqlite_new(path);
	const struct store_action put = {.item = json_of("{'PK':'%s','SK':'1','value':'%s',"
							 "'updatedAt':'2026-11-27T09:30:00Z'}", pk, value)};
	struct err e;

	check_int(e.text, store_write(store, &put, 1, NULL, deadline_in(WAIT_MS), &e), 0);
	store_close(store);
}

/* The value under a key of a store's file; NULL where there is none. */
static const char *value_of(const char *path, const char *pk)
{
	struct store *store = store_sqlite_new(path);
	const struct store_key key = {pk, "1"};
	struct json_object *item = NULL;
	struct err e = {.code = ERR_NONE};

	check_int(e.text, store_get_many(store, &key, 1, &item, deadline_in(WAIT_MS), &e), 0);
	store_close(store);
	return json_string_or_null(keep(item), "value");
}

static void write_bytes(const char *path, const char *bytes)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(bytes, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

/* Overwrites a store's first page behind its header: SQLite opens it and finds the damage. */
static void damage(const char *path)
{
	static const char junk[2000] = {1};
	int fd = open(path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, junk, sizeof junk, 2000), (int)sizeof junk);
	close(fd);
}

static int set_up(void **state)
{
	bool made;
	struct err e;

	(void)state;
	folder = unit_folder();
	file = path_of("orders.db");
	copy_file = path_of("copy.db");
	check_int("make", sqlite_make(file, &made, &e), 0);
	must_put(file, "USER#a", "of the store");
	must_put(file, OWN, "waits");
	return 0;
}

static int clean_up(void **state)
{
	unit_remove_folder(folder);
	return unit_release(state);
}

static int save(const struct sqlite_copy *how, struct sqlite_copied *done, struct err *e)
{
	struct sqlite_copy copy = *how;

	*e = (struct err){.code = ERR_NONE};
	copy.store = copy.store ? copy.store : file;
	copy.file = copy.file ? copy.file : copy_file;
	copy.own = OWN;
	copy.wait_ms = WAIT_MS;
	return sqlite_copy_save(&copy, done, e);
}

static int load(const struct sqlite_copy *how, struct sqlite_copied *done, struct err *e)
{
	struct sqlite_copy copy = *how;

	*e = (struct err){.code = ERR_NONE};
	copy.store = copy.store ? copy.store : file;
	copy.file = copy.file ? copy.file : copy_file;
	copy.own = OWN;
	copy.wait_ms = WAIT_MS;
	return sqlite_copy_load(&copy, done, e);
}

/* So much that it takes more than one step, after each of which a copy can be stopped. */
static void fill(const char *path)
{
	const char *much = repeat("x", 300000);
	int i;

	for (i = 0; i < 8; i++)
		must_put(path, keep_text(str_printf("USER#%d", i)), much);
}

static const struct sqlite_copy plain = {.store = NULL};

static void must_save(void)
{
	struct sqlite_copied done;
	struct err e;

	check_int(e.text, save(&plain, &done, &e), 0);
}

static const char *other_store(void)
{
	const char *other = path_of("other.db");
	bool made;
	struct err e;

	check_int("make", sqlite_make(other, &made, &e), 0);
	must_put(other, "USER#a", "of another");
	must_put(other, OWN, "waits elsewhere");
	return other;
}

/* How many files there are whose name begins so. */
static int files_of(const char *name)
{
	DIR *list = opendir(folder);
	struct dirent *entry;
	int n = 0;

	assert_non_null(list);
	while ((entry = readdir(list)))
		n += str_starts(entry->d_name, name);
	closedir(list);
	return n;
}

/* --- saving --------------------------------------------------------------------- */

static void a_copy_has_all_but_what_is_the_stores_own(void **state)
{
	struct sqlite_copied done;
	struct stat st;
	struct err e;

	(void)state;
	check_int(e.text, save(&plain, &done, &e), 0);
	assert_int_equal(done.items, 1);
	assert_string_equal(done.newest, "2026-11-27T09:30:00Z");
	assert_int_equal(stat(copy_file, &st), 0);
	assert_int_equal(st.st_size, done.bytes);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_string_equal(value_of(copy_file, "USER#a"), "of the store");
	assert_null(value_of(copy_file, OWN));
	assert_string_equal(value_of(file, OWN), "waits");
	assert_false(there(path_of("copy.db.part")));
}

static void a_name_that_is_taken_is_replaced_only_when_that_is_said(void **state)
{
	struct sqlite_copied done;
	struct err e;

	(void)state;
	write_bytes(copy_file, "somebody's");
	assert_int_equal(save(&plain, &done, &e), -1);
	check_err("there", &e, ERR_UNAVAILABLE, "is there already");
	check_int(e.text, save(&(struct sqlite_copy){.replace = true}, &done, &e), 0);
	assert_string_equal(value_of(copy_file, "USER#a"), "of the store");
}

static void a_name_that_can_be_no_copys_is_refused_and_nothing_is_made(void **state)
{
	const struct {
		const char *file, *part;
		bool replace;
	} table[] = {
		{folder, "is a folder", true},
		{file, "is the store itself", true},
		{path_of("logged.db"), "logged.db-wal is there", false},
		{path_of("linked.db"), "linked.db.part", false},
		{path_of("twice.db"), "is somebody else's", false},
		{path_of("none/copy.db"), "No such file", false},
	}, *row;
	struct sqlite_copied done;
	struct err e;

	(void)state;
	write_bytes(path_of("logged.db-wal"), "a log");
	assert_int_equal(symlink(file, path_of("linked.db.part")), 0);
	write_bytes(path_of("one"), "");
	assert_int_equal(link(path_of("one"), path_of("twice.db.part")), 0);
	for EACH(row, table) {
		check_int(row->part, save(&(struct sqlite_copy){.file = row->file, .replace = row->replace},
					  &done, &e), -1);
		check_err(row->file, &e, ERR_UNAVAILABLE, row->part);
	}
	assert_false(there(path_of("logged.db")));
	assert_false(there(path_of("linked.db")));
	assert_false(there(path_of("twice.db")));
	assert_string_equal(value_of(file, "USER#a"), "of the store");
}

static bool stop(void *context, int64_t pages, int64_t all)
{
	*(int64_t *)context = all;
	return pages > all;
}

static void a_copy_that_is_stopped_or_fails_leaves_no_part_of_it(void **state)
{
	struct sqlite_copied done;
	int64_t pages = 0;
	struct err e;

	(void)state;
	fill(file);
	assert_int_equal(save(&(struct sqlite_copy){.progress = stop, .context = &pages}, &done, &e), -1);
	check_err("stopped", &e, ERR_UNAVAILABLE, "stopped");
	assert_true(pages > 0);
	assert_false(there(copy_file));
	assert_false(there(path_of("copy.db.part")));

	assert_int_equal(save(&(struct sqlite_copy){.store = path_of("none.db")}, &done, &e), -1);
	check_err("no store", &e, ERR_UNAVAILABLE, "none.db");
	assert_false(there(copy_file));
	assert_false(there(path_of("copy.db.part")));
}

/* No file of this process grows beyond so many bytes until it is told otherwise, as on a disk that is full. */
static void limit_files(rlim_t most)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = most < limit.rlim_max ? most : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_copy_for_which_there_is_no_room_is_none_and_neither_is_the_way_back(void **state)
{
	struct sqlite_copied done;
	int rc;
	struct err e;

	(void)state;
	fill(file);
	must_save();
	assert_int_equal(rename(copy_file, path_of("whole.db")), 0);
	limit_files(1 << 20);
	rc = save(&plain, &done, &e);
	limit_files(RLIM_INFINITY);
	check_int("save", rc, -1);
	check_err("save", &e, ERR_UNAVAILABLE, "can't copy ");
	assert_false(there(copy_file));
	assert_false(there(path_of("copy.db.part")));

	must_put(file, "USER#a", "sold since");
	limit_files(1 << 20);
	rc = load(&(struct sqlite_copy){.file = path_of("whole.db")}, &done, &e);
	limit_files(RLIM_INFINITY);
	check_int("load", rc, -1);
	check_err("load", &e, ERR_UNAVAILABLE, "can't copy ");
	assert_string_equal(value_of(file, "USER#a"), "sold since");
}

static void what_a_killed_run_has_left_of_a_copy_is_taken_over(void **state)
{
	struct sqlite_copied done;
	struct err e;

	(void)state;
	write_bytes(path_of("copy.db.part"), "half of it");
	write_bytes(path_of("copy.db.part-journal"), "and its journal");
	check_int(e.text, save(&plain, &done, &e), 0);
	assert_string_equal(value_of(copy_file, "USER#a"), "of the store");
	assert_false(there(path_of("copy.db.part-journal")));
}

static void a_copy_on_a_share_where_its_own_lock_meets_sqlites_is_made_too(void **state)
{
	struct sqlite_copied done;
	struct err e;

	(void)state;
	one_kind_of_locks = true;
	check_int(e.text, save(&plain, &done, &e), 0);
	one_kind_of_locks = false;
	assert_string_equal(value_of(copy_file, "USER#a"), "of the store");
}

static void a_copy_that_cant_be_written_says_what_the_system_says(void **state)
{
	static const struct {
		const char *in;
		int error;
		const char *store; /* that is to become the copy; NULL: one is made */
		const char *says;
	} table[] = {
		{".part", EDQUOT, NULL, "copy.db: disk I/O error: Disk quota exceeded"},
		{".part", EACCES, NULL, "copy.db: disk I/O error: Permission denied"},
		{".part", ENOSPC, NULL, "copy.db: database or disk is full"},
		{"-wal", EDQUOT, "orders.db", "orders.db: disk I/O error: Disk quota exceeded"},
		{".draft-", EDQUOT, "new.db", "new.db: disk I/O error: Disk quota exceeded"},
	}, *row;
	struct sqlite_copied done;
	struct err e;

	(void)state;
	must_save();
	for EACH(row, table) {
		const struct sqlite_copy how = {.store = row->store ? path_of(row->store) : NULL, .replace = true};

		fails_in = row->in;
		fails_with = row->error;
		check_int(row->says, row->store ? load(&how, &done, &e) : save(&how, &done, &e), -1);
		fails_in = NULL;
		check_err(row->says, &e, ERR_UNAVAILABLE, row->says);
	}
}

/* --- loading -------------------------------------------------------------------- */

static void a_store_becomes_what_the_copy_is_and_keeps_its_own(void **state)
{
	struct sqlite_copied done;
	struct err e;

	(void)state;
	must_save();
	must_put(file, "USER#a", "later");
	must_put(file, "USER#b", "later");
	must_put(file, OWN, "waits still");
	check_int(e.text, load(&plain, &done, &e), 0);
	assert_int_equal(done.items, 1);
	assert_null(done.aside);
	assert_string_equal(value_of(file, "USER#a"), "of the store");
	assert_null(value_of(file, "USER#b"));
	assert_string_equal(value_of(file, OWN), "waits still");
}

static void run_on(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	check_int(sql, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* For reports of the owner's. */
static void a_column_that_somebody_has_added_does_not_keep_a_copy_out(void **state)
{
	static const char added[] = "ALTER TABLE items ADD COLUMN value GENERATED ALWAYS AS (item ->> 'value')";
	struct sqlite_copied done;
	struct err e;

	(void)state;
	must_save();
	run_on(file, added);
	must_put(file, OWN, "waits still");
	check_int(e.text, load(&plain, &done, &e), 0);
	assert_string_equal(value_of(file, "USER#a"), "of the store");
	assert_string_equal(value_of(file, OWN), "waits still");

	/* In both of them, and in the copy alone. */
	run_on(file, added);
	check_int(e.text, save(&(struct sqlite_copy){.replace = true}, &done, &e), 0);
	check_int(e.text, load(&plain, &done, &e), 0);
	run_on(file, "ALTER TABLE items DROP COLUMN value");
	check_int(e.text, load(&plain, &done, &e), 0);
	assert_string_equal(value_of(file, OWN), "waits still");
}

static void where_there_is_no_store_one_is_made(void **state)
{
	const char *made = path_of("made.db");
	struct sqlite_copied done;
	struct err e;

	(void)state;
	must_save();
	check_int(e.text, load(&(struct sqlite_copy){.store = made}, &done, &e), 0);
	assert_null(done.aside);
	assert_string_equal(value_of(made, "USER#a"), "of the store");
	assert_null(value_of(made, OWN));
}

/* Somebody's own copy of the file has all of it; a new store is to tell the shop of nothing anew. */
static void a_new_store_takes_none_of_what_is_another_stores_own(void **state)
{
	const char *made = path_of("made.db");
	struct sqlite_copied done;
	struct err e;

	(void)state;
	check_int("load", load(&(struct sqlite_copy){.store = made, .file = other_store()}, &done, &e), 0);
	assert_string_equal(value_of(made, "USER#a"), "of another");
	assert_null(value_of(made, OWN));
	assert_int_equal(files_of("made.db."), 0);
}

static void a_store_that_is_no_database_any_more_is_moved_aside(void **state)
{
	struct sqlite_copied done;
	struct err e;

	(void)state;
	must_save();
	unlink(path_of("orders.db-wal"));
	write_bytes(file, "this is no database, and long enough to be looked at: "
		    "0123456789012345678901234567890123456789012345678901234567890123456789");
	check_int(e.text, load(&plain, &done, &e), 0);
	assert_non_null(done.aside);
	assert_true(there(done.aside));
	assert_string_equal(value_of(file, "USER#a"), "of the store");
	free(done.aside);
}

/* SQLite reads all of it without an error, and finds NULL where the table says that there may be none. */
static void make_unsound(const char *path)
{
	run_on(path, "PRAGMA writable_schema = ON;"
		     "UPDATE sqlite_schema SET sql = replace(sql, 'at INTEGER', 'at INTEGER NOT NULL')");
}

static void a_copy_that_is_none_changes_nothing(void **state)
{
	const struct {
		const char *file, *part;
	} table[] = {
		{path_of("gone.db"), "is not there"},
		{path_of("circle"), "circle: Too many levels of symbolic links"},
		{path_of("empty.db"), "is empty"},
		{folder, "is no file"},
		{file, "is the store itself"},
		{path_of("junk.db"), "is not a database, or damaged"},
		{path_of("other.db"), "without ordersnap's table"},
		{path_of("damaged?#%.db"), "damaged"},
		{path_of("unsound.db"), "unsound.db is damaged: NULL value in items.expires_at"},
	}, *row;
	struct sqlite_copied done;
	sqlite3 *db;
	struct err e;

	(void)state;
	assert_int_equal(symlink("circle", path_of("circle")), 0);
	write_bytes(path_of("empty.db"), "");
	write_bytes(path_of("junk.db"), "no database at all, but more than a hundred bytes of it: "
		    "0123456789012345678901234567890123456789012345678901234567890123456789");
	assert_int_equal(sqlite3_open(path_of("other.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE others (a)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	must_save();
	assert_int_equal(rename(copy_file, path_of("damaged?#%.db")), 0);
	damage(path_of("damaged?#%.db"));
	must_save();
	assert_int_equal(rename(copy_file, path_of("unsound.db")), 0);
	make_unsound(path_of("unsound.db"));
	for EACH(row, table) {
		check_int(row->file, load(&(struct sqlite_copy){.file = row->file}, &done, &e), -1);
		check_err(row->file, &e, ERR_UNAVAILABLE, row->part);
		check_text(row->file, done.aside, NULL);
		check_text(row->file, value_of(file, "USER#a"), "of the store");
	}
}

static void a_store_that_cant_be_looked_at_is_not_taken_for_one_that_is_gone(void **state)
{
	const char *store = path_of("circle");
	struct sqlite_copied done;
	struct stat st;
	struct err e;

	(void)state;
	must_save();
	assert_int_equal(symlink("circle", store), 0);
	check_int("restore", load(&(struct sqlite_copy){.store = store}, &done, &e), -1);
	check_err("restore", &e, ERR_UNAVAILABLE, "can't look at it: Too many levels of symbolic links");
	check_text("nothing is moved aside", done.aside, NULL);
	check("it is as it was", lstat(store, &st) == 0 && S_ISLNK(st.st_mode));
	free(done.aside);
}

static void a_copy_that_is_stopped_on_its_way_back_leaves_the_store_as_it_was(void **state)
{
	struct sqlite_copied done;
	int64_t pages = 0;
	struct err e;

	(void)state;
	fill(file);
	must_save();
	must_put(file, "USER#a", "later");
	assert_int_equal(load(&(struct sqlite_copy){.progress = stop, .context = &pages}, &done, &e), -1);
	check_err("stopped", &e, ERR_UNAVAILABLE, "orders.db is as it was");
	assert_string_equal(value_of(file, "USER#a"), "later");
	assert_string_equal(value_of(file, OWN), "waits");

	assert_int_equal(load(&(struct sqlite_copy){.store = path_of("made.db"), .progress = stop,
						    .context = &pages}, &done, &e), -1);
	check_err("a new one", &e, ERR_UNAVAILABLE, "stopped");
	assert_int_equal(files_of("made.db"), 0);
}

/* Somebody puts another store into its place, on its way. */
static bool replace(void *context, int64_t pages, int64_t all)
{
	if (*(const char **)context)
		assert_int_equal(rename(*(const char **)context, file), 0);
	*(const char **)context = NULL;
	return pages <= all;
}

static void a_store_that_is_replaced_meanwhile_is_not_said_to_be_restored(void **state)
{
	struct sqlite_copied done;
	const char *other;
	struct err e;

	(void)state;
	fill(file);
	must_save();
	other = other_store();
	assert_int_equal(load(&(struct sqlite_copy){.progress = replace, .context = &other}, &done, &e), -1);
	check_err("replaced", &e, ERR_UNAVAILABLE, "was moved away, replaced or emptied");
}

/* Killed at whichever write: what the store had, or what the copy has, and what waits in any case. */
static void a_copy_that_is_killed_on_its_way_back_loses_nothing_of_the_stores_own(void **state)
{
	struct sqlite_copied done;
	bool was_killed = true;
	int status, k, before = 0, after = 0;
	const char *value;
	struct err e;

	(void)state;
	must_save();
	must_put(file, "USER#a", "later");
	for (k = 0; was_killed; k++) {
		if (fork() == 0) {
			writes_left = k;
			_exit(load(&plain, &done, &e) ? 1 : 0);
		}
		wait(&status);
		was_killed = WIFSIGNALED(status);
		assert_true(was_killed || WEXITSTATUS(status) == 0);
		value = value_of(file, "USER#a");
		assert_non_null(value);
		before += strcmp(value, "later") == 0;
		after += strcmp(value, "of the store") == 0;
		check_text(keep_text(str_printf("write %d", k)), value_of(file, OWN), "waits");
		must_put(file, "USER#a", "later");
	}
	assert_int_equal(before + after, k);
	assert_true(before > 0 && after > 0);
}

static void a_file_that_somebody_puts_in_the_parts_place_is_not_written(void **state)
{
	const char *part = path_of("copy.db.part"), *victim = path_of("victim");
	struct sqlite_copied done;
	struct err e;
	bool made;

	(void)state;
	check_int("make", sqlite_make(victim, &made, &e), 0);
	must_put(victim, "USER#v", "of the victim");
	emptied = part;
	check_int("save", save(&plain, &done, &e), -1);
	emptied = NULL;
	assert_string_equal(value_of(victim, "USER#v"), "of the victim");
	assert_false(there(copy_file));
}

#define with_stores(f) {#f, f, set_up, clean_up, NULL}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_stores(a_copy_has_all_but_what_is_the_stores_own),
		with_stores(a_name_that_is_taken_is_replaced_only_when_that_is_said),
		with_stores(a_name_that_can_be_no_copys_is_refused_and_nothing_is_made),
		with_stores(a_copy_that_is_stopped_or_fails_leaves_no_part_of_it),
		with_stores(a_copy_for_which_there_is_no_room_is_none_and_neither_is_the_way_back),
		with_stores(what_a_killed_run_has_left_of_a_copy_is_taken_over),
		with_stores(a_copy_on_a_share_where_its_own_lock_meets_sqlites_is_made_too),
		with_stores(a_copy_that_cant_be_written_says_what_the_system_says),
		with_stores(a_store_becomes_what_the_copy_is_and_keeps_its_own),
		with_stores(a_column_that_somebody_has_added_does_not_keep_a_copy_out),
		with_stores(where_there_is_no_store_one_is_made),
		with_stores(a_new_store_takes_none_of_what_is_another_stores_own),
		with_stores(a_store_that_is_no_database_any_more_is_moved_aside),
		with_stores(a_copy_that_is_none_changes_nothing),
		with_stores(a_store_that_cant_be_looked_at_is_not_taken_for_one_that_is_gone),
		with_stores(a_copy_that_is_stopped_on_its_way_back_leaves_the_store_as_it_was),
		with_stores(a_store_that_is_replaced_meanwhile_is_not_said_to_be_restored),
		with_stores(a_copy_that_is_killed_on_its_way_back_loses_nothing_of_the_stores_own),
		with_stores(a_file_that_somebody_puts_in_the_parts_place_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
