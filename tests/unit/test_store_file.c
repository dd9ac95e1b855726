/* SPDX-License-Identifier: ISC */
/*
 * The SQLite file: what a write has brought to the disk, which file stands at the path and whose the log beside
 * it is, when others have it open, and what is left when it is closed.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/store.h"
#include "store/store_sqlite.h"
#include "store/store_sqlite_draft.h"
#include "store/store_sqlite_file.h"
#include "store/store_sqlite_make.h"
#include "store/store_sqlite_path.h"

static const char *folder, *file, *wal, *shm;

static const char *beside(const char *suffix)
{
	return keep_text(str_printf("%s%s", file, suffix));
}

static void make_store(const char *path)
{
	struct err e = {.code = ERR_NONE};
	bool made = false;

	check_int(e.text, sqlite_make(path, &made, &e), 0);
	assert_true(made);
}

static int begin(void **state)
{
	(void)state;
	folder = unit_folder();
	file = keep_text(str_printf("%s/orders.db", folder));
	wal = beside("-wal");
	shm = beside("-shm");
	make_store(file);
	return 0;
}

static int end(void **state)
{
	unit_remove_folder(folder);
	return unit_release(state);
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static off_t size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int put(struct store *store, const char *sk, const char *text, struct err *e)
{
	const struct store_action one = {.item = json_of("{'PK':'P','SK':'%s','t':'%s'}", sk, text),
					 .condition = STORE_ANY};

	*e = (struct err){.code = ERR_NONE};
	return store_write(store, &one, 1, NULL, deadline_in(10000), e);
}

static void must_put(struct store *store, const char *sk)
{
	struct err e;

	check_int(e.text, put(store, sk, "", &e), 0);
}

/* "2 1": what a new connection finds there, the newest key first; or why it finds nothing. */
static const char *keys_in(const char *path)
{
	struct store *store = store_sqlite_new(path);
	struct json_object *items = NULL;
	struct buf keys;
	struct err e = {.code = ERR_NONE};
	size_t i;

	buf_init(&keys, 1 << 16);
	if (store_query(store, "P", "", NULL, 100, &items, deadline_in(10000), &e))
		buf_puts(&keys, e.text);
	for (i = 0; items && i < json_object_array_length(items); i++)
		buf_printf(&keys, "%s%s", i ? " " : "",
			   json_string_or_null(json_object_array_get_idx(items, i), "SK"));
	json_object_put(items);
	store_close(store);
	return keep_text(buf_detach(&keys));
}

/* --- the disk -------------------------------------------------------------------------- */

/* SQLite's and our calls come here: how often, and whether the disk says no. */
static unsigned syncs, own_syncs;
static bool disk_fails;

int fsync(int fd)
{
	own_syncs++;
	return (int)syscall(SYS_fsync, fd);
}

/* Not every file system can rename to a name that nothing has. */
static bool plain_renames;

int renameat2(int oldfd, const char *old, int newfd, const char *new, unsigned flags)
{
	if (!plain_renames)
		return (int)syscall(SYS_renameat2, oldfd, old, newfd, new, flags);
	errno = EINVAL;
	return -1;
}

#ifdef SYS_fcntl64 /* 32 bits, where the other one knows no locks of large files */
#define SYS_FCNTL SYS_fcntl64
#else
#define SYS_FCNTL SYS_fcntl
#endif

/* A share may have no locks: how it answers who asks for one. */
static int no_locks;
static bool one_kind_of_locks; /* on NFS those of flock(2) are such locks, too */

static int lock_or(int fd, int command, void *argument)
{
	if (one_kind_of_locks && command == F_GETLK) {
		((struct flock *)argument)->l_type = F_WRLCK;
		return 0;
	}
	if (!no_locks || command != F_SETLK)
		return (int)syscall(SYS_FCNTL, fd, command, argument);
	errno = no_locks;
	return -1;
}

int fcntl_of_test(int fd, int command, ...);

int fcntl_of_test(int fd, int command, ...)
{
	va_list list;
	void *argument;

	va_start(list, command);
	argument = va_arg(list, void *);
	va_end(list);
	return lock_or(fd, command, argument);
}

/* What the program calls, and what SQLite does: on 32 bits the header has another name for both. */
int fcntl(int fd, int command, ...) __attribute__((alias("fcntl_of_test")));
int fcntl_of_sqlite(int fd, int command, ...) __asm__("fcntl64") __attribute__((alias("fcntl_of_test")));

/* SQLite tries for ten seconds to lock the index of its log. */
int usleep(useconds_t us)
{
	const struct timespec time = {.tv_sec = us / 1000000, .tv_nsec = (long)(us % 1000000) * 1000};

	return no_locks ? 0 : nanosleep(&time, NULL);
}

int fdatasync(int fildes)
{
	syncs++;
	if (!disk_fails)
		return (int)syscall(SYS_fdatasync, fildes);
	errno = EIO;
	return -1;
}

static void each_write_is_on_the_disk_before_it_is_acknowledged(void **state)
{
	struct store *store = store_sqlite_new(file);
	struct json_object *found = NULL;
	const struct store_key key = {"P", "1"};
	unsigned before;
	struct err e;
	int i, closed = unit_next_descriptor();

	(void)state;
	for (i = 0; i < 3; i++) {
		before = syncs;
		must_put(store, keep_text(str_printf("%d", i)));
		check("synced", syncs > before);
	}
	before = syncs;
	assert_int_equal(store_get_many(store, &key, 1, &found, deadline_in(1000), &e), 0);
	assert_non_null(keep(found));
	check_int("a read is not", syncs, before);
	disk_fails = true;
	check_int("not on the disk", put(store, "3", "", &e), -1);
	check_err("not on the disk", &e, ERR_UNAVAILABLE, "disk I/O error");
	disk_fails = false;
	check_int("the file is closed", unit_next_descriptor(), closed);
	must_put(store, "4");
	store_close(store);
}

/* As on a full disk, or behind a quota, which SQLite calls the same as a broken disk. */
static void a_disk_that_takes_nothing_is_named_as_the_system_does(void **state)
{
	const struct rlimit nothing = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
	const struct store_key key = {"P", "1"};
	struct store *store = store_sqlite_new(file);
	struct json_object *found = NULL;
	struct rlimit before;
	struct err e;
	int rc;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &nothing);
	rc = store_get_many(store, &key, 1, &found, deadline_in(1000), &e);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	check_int("a read", rc, -1);
	check_err("a read", &e, ERR_UNAVAILABLE, "can't open it: disk I/O error: File too large");
	store_close(store);
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = -1;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return number;
}

static void run_on(const char *path, const char *sql)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	check_int(sql, sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Also where another program has set it otherwise. */
static void a_connection_is_set_up_for_many_programs_and_a_power_cut(void **state)
{
	static const struct {
		const char *sql;
		int64_t is;
	} table[] = {
		{"PRAGMA synchronous", 2}, {"PRAGMA trusted_schema", 1}, {"PRAGMA journal_size_limit", 4194304},
		{"SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'", 1},
		{"PRAGMA user_version", 1}, {"PRAGMA application_id", 0x4F534E50},
	}, *row;
	struct sqlite_file open = {.path = str_dup(file)};
	struct err e = {.code = ERR_NONE};

	(void)state;
	run_on(file, "PRAGMA journal_mode = DELETE");
	check_int(e.text, sqlite_file_open(&open, deadline_in(1000), &e), 0);
	for EACH(row, table)
		check_int(row->sql, number_of(open.db, row->sql), row->is);
	sqlite_file_free(&open);
	free(open.path);
}

/* A reader keeps the log from beginning anew; once he is gone the next writer cuts it.  While he is there that
 * is tried once a second. */
static void a_log_that_has_grown_under_a_reader_is_cut_when_he_is_gone(void **state)
{
	struct sqlite_file open = {.path = str_dup(file)};
	struct err e = {.code = ERR_NONE};
	sqlite3 *reader = NULL;
	int64_t next;
	int held;

	(void)state;
	check_int(e.text, sqlite_file_open(&open, deadline_in(10000), &e), 0);
	assert_int_equal(sqlite3_open(file, &reader), SQLITE_OK);
	assert_int_equal(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM items", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(open.db, "INSERT INTO items VALUES ('P', 'S', hex(zeroblob(4200000)), NULL)",
				      NULL, NULL, NULL), SQLITE_OK);
	check_int("it counts", sqlite_file_confirm(&open, &e), 0);
	check("it is large", size_of(wal) > 8 << 20);
	next = open.next_checkpoint;
	check("it is tried", next > clock_monotonic_ms());
	check_int("once more", sqlite_file_confirm(&open, &e), 0);
	check_int("not again so soon", open.next_checkpoint, next);
	sqlite3_close(reader);
	open.next_checkpoint = 0;
	check_int("he is gone", sqlite_file_confirm(&open, &e), 0);
	held = openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check_int("the turn is given on", flock(held, LOCK_EX | LOCK_NB), 0);
	close(held);
	check_int("it is cut", size_of(wal), 0);
	sqlite_file_free(&open);
	free(open.path);
}

/* --- locks ----------------------------------------------------------------------------- */

/* A connection of another program, in a transaction that this begins. */
static sqlite3 *lock(const char *begin_of_it)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	check_int(begin_of_it, sqlite3_exec(db, begin_of_it, NULL, NULL, NULL), SQLITE_OK);
	return db;
}

/* It looks at what stands there when nobody else can write: it waits as long as it may, whatever its condition is. */
/* A row of odd length, as they come in a shop: then another one of its key, or none. */
static void put_row(struct store *store, int n, const char *text, int length)
{
	struct store_action one = {.item = json_of("{'PK':'P','SK':'%d','t':'%s%0*d'}", n * 7919 % 1009, text,
						   length, 0),
				   .condition = STORE_ANY};
	struct err e;

	check_int(e.text, store_write(store, &one, 1, NULL, deadline_in(10000), &e), 0);
}

/* How often the text is in the file's bytes.  The store is closed, for this closes the file. */
static int count_in_file(const char *text)
{
	FILE *f = fopen(file, "r");
	size_t size = (size_t)size_of(file), length = strlen(text), i;
	char *all = keep_text(str_printf("%*s", (int)size, ""));
	int count = 0;

	assert_non_null(f);
	assert_int_equal(fread(all, 1, size, f), size);
	fclose(f);
	for (i = 0; i + length <= size; i++)
		count += memcmp(all + i, text, length) == 0;
	return count;
}

static void what_was_written_over_is_in_no_page_once_the_file_is_wiped(void **state)
{
	struct store *store = store_sqlite_new(file);
	struct err e = {.code = ERR_NONE};
	int n;

	(void)state;
	for (n = 0; n < 1000; n++)
		put_row(store, n, "person", n * 31 % 700);
	for (n = 0; n < 1000; n++)
		put_row(store, n, "nobody", n * 17 % 700);

	/* Where that takes too long for those who wait, all is as it was. */
	assert_int_equal(store_wipe(store, 0, &e), -1);
	check_text("0 ms", e.text, keep_text(str_printf("%s is too large to be written anew while others wait: "
						"import an export of it into a new file", file)));
	check_int(e.text, store_wipe(store, 10000, &e), 0);
	assert_int_equal(size_of(wal), 0);
	assert_int_equal(store_count(store, deadline_in(10000)), 1000);
	store_close(store);
	assert_int_equal(count_in_file("nobody"), 1000);
	assert_int_equal(count_in_file("person"), 0);
}

/* Another program that writes the log into the file for a moment: it has SQLite's lock for that. */
static pid_t write_log_into_file_for_a_moment(void)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 121, .l_len = 1};
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		int fd = open(shm, O_RDWR | O_CLOEXEC);
		bool locked = fd >= 0 && fcntl(fd, F_SETLKW, &lock) == 0 && write(ready[1], "x", 1) == 1;

		deadline_sleep(200, deadline_in(200));
		_exit(locked ? 0 : 1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void a_wipe_waits_for_who_writes_the_log_into_the_file(void **state)
{
	struct store *store = store_sqlite_new(file);
	struct err e = {.code = ERR_NONE};
	int status;
	pid_t other;

	(void)state;
	must_put(store, "1");
	other = write_log_into_file_for_a_moment();
	check_int(e.text, store_wipe(store, 10000, &e), 0);
	assert_int_equal(size_of(wal), 0);
	assert_int_equal(waitpid(other, &status, 0), other);
	assert_int_equal(status, 0);
	store_close(store);
}

static void a_write_waits_for_the_other_one_before_it_looks(void **state)
{
	static const enum store_condition conditions[] = {STORE_ANY, STORE_ABSENT, STORE_VERSION}, *condition;
	struct store *store = store_sqlite_new(file);
	struct store_action one = {.item = json_of("{'PK':'P','SK':'1'}"), .version = 1};
	sqlite3 *db;
	struct err e;

	(void)state;
	must_put(store, "1");
	db = lock("BEGIN IMMEDIATE; UPDATE items SET item = '{\"PK\":\"P\",\"SK\":\"1\",\"version\":2}'");
	for EACH(condition, conditions) {
		const char *row = keep_text(str_printf("condition %d", (int)*condition));
		struct unit_watch watch = unit_watch_begin();

		one.condition = *condition;
		check_int(row, store_write(store, &one, 1, NULL, deadline_in(100), &e), -1);
		check_err(row, &e, ERR_UNAVAILABLE, "database is locked");
		check(row, unit_watch_took(&watch, 99, 1500));
	}
	assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	check_int("the other one's is there", store_write(store, &one, 1, NULL, deadline_in(1000), &e), -1);
	check_int("the other one's is there", e.code, ERR_CONFLICT);
	store_close(store);
}

static void who_reads_does_not_wait_for_a_writer(void **state)
{
	const struct store_key keys[] = {{"P", "1"}, {"P", "2"}};
	struct store *store = store_sqlite_new(file);
	struct json_object *found[2] = {NULL};
	sqlite3 *db;
	struct err e = {.code = ERR_NONE};

	(void)state;
	must_put(store, "1");
	db = lock("BEGIN IMMEDIATE; DELETE FROM items");
	check_int(e.text, store_get_many(store, keys, 2, found, deadline_in(0), &e), 0);
	check("it stands until the other one is done", keep(found[0]) && !found[1]);
	check_text("for a new connection, too", keys_in(file), "1");
	sqlite3_close(db);
	store_close(store);
}

/* The switch to the log wants the file for itself; SQLite does not ask who waits for locks. */
static void a_file_without_a_log_is_waited_for_while_somebody_reads_or_writes(void **state)
{
	static const char *const others[] = {"BEGIN; SELECT count(*) FROM items", "BEGIN IMMEDIATE"}, *const *other;
	struct sqlite_file open = {.path = str_dup(file)};
	struct unit_watch watch;
	struct err e = {.code = ERR_NONE};
	sqlite3 *db;

	(void)state;
	for EACH(other, others) {
		run_on(file, "PRAGMA journal_mode = DELETE");
		db = lock(*other);
		watch = unit_watch_begin();
		check_int(*other, sqlite_file_open(&open, deadline_in(100), &e), -1);
		check_err(*other, &e, ERR_UNAVAILABLE, "can't open it: database is locked");
		check(*other, unit_watch_took(&watch, 99, 1500));
		sqlite3_close(db);
		check_int("it is gone", sqlite_file_open(&open, deadline_in(1000), &e), 0);
		sqlite_file_close(&open);
	}
	sqlite_file_free(&open);
	free(open.path);
}

static void the_turn_to_write_is_given_on(void **state)
{
	struct store *store = store_sqlite_new(file);
	const struct store_action one = {.item = json_of("{'PK':'P','SK':'1'}"), .condition = STORE_ABSENT};
	int held = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e;

	(void)state;
	must_put(store, "1");
	check_int("behind a write", flock(held, LOCK_EX | LOCK_NB), 0);
	assert_int_equal(flock(held, LOCK_UN), 0);
	check_int("conflict", store_write(store, &one, 1, NULL, deadline_in(1000), &e), -1);
	check_int("conflict", e.code, ERR_CONFLICT);
	check_int("behind a conflict", flock(held, LOCK_EX | LOCK_NB), 0);
	close(held);
	store_close(store);
}

/* --- the path -------------------------------------------------------------------------- */

static void what_stands_at_a_path_is_known_by_what_it_is(void **state)
{
	static const struct {
		const char *name, *says;
		enum sqlite_path_state state;
	} table[] = {
		{"orders.db", NULL, SQLITE_PATH_FILE}, {"link", NULL, SQLITE_PATH_FILE},
		{"empty", "is empty: put a backup back", SQLITE_PATH_EMPTY},
		{".", "is a folder or a device", SQLITE_PATH_OTHER},
		{"none", "is not there: if it was moved away", SQLITE_PATH_MISSING},
		{"broken", "is not there", SQLITE_PATH_MISSING},
		{"circle", "circle: can't look at it: Too many levels of symbolic links", SQLITE_PATH_UNKNOWN},
	}, *row;
	struct sqlite_path_id id, own, other;
	struct err e;

	(void)state;
	write_text(keep_text(str_printf("%s/empty", folder)), "");
	assert_int_equal(symlink("orders.db", keep_text(str_printf("%s/link", folder))), 0);
	assert_int_equal(symlink("nowhere", keep_text(str_printf("%s/broken", folder))), 0);
	assert_int_equal(symlink("circle", keep_text(str_printf("%s/circle", folder))), 0);
	sqlite_path_look(file, &own);
	for EACH(row, table) {
		const char *path = keep_text(str_printf("%s/%s", folder, row->name));

		check_int(row->name, sqlite_path_look(path, &id), row->state);
		check_int(row->name, id.inode == 0, row->state == SQLITE_PATH_MISSING ||
						    row->state == SQLITE_PATH_UNKNOWN);
		check_int(row->name, sqlite_path_same(&id, &own), row->state == SQLITE_PATH_FILE);
		check_int(row->name, id.size == own.size, row->state == SQLITE_PATH_FILE);
		if (row->says) {
			check_int(row->name, sqlite_path_complain(path, row->state, &e), -1);
			check_err(row->name, &e, ERR_UNAVAILABLE, row->says);
		}
	}
	other = own;
	other.device++;
	check("on another device", !sqlite_path_same(&own, &other));
	check_int("no log", sqlite_path_log(file).inode, 0);
	write_text(wal, "log");
	sqlite_path_look(wal, &id);
	own = sqlite_path_log(file);
	check("the log", sqlite_path_same(&own, &id) && own.size == 3);
}

static void what_this_user_may_not_look_at_is_not_said_to_be_gone(void **state)
{
	struct sqlite_path_id id;
	struct err e;
	int rc;

	(void)state;
	if (geteuid() != 0)
		return; /* another user is needed */
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(seteuid(65534), 0);
	rc = sqlite_path_complain(file, sqlite_path_look(file, &id), &e);
	assert_int_equal(seteuid(0), 0);
	check_int("denied", rc, -1);
	check_err("denied", &e, ERR_UNAVAILABLE, "run this as the programs' user");
}

/* Another process that has the file open, until it is let go. */
struct other {
	pid_t pid;
	int let_go; /* the writing end of its pipe */
};

static struct other other_begin(void)
{
	struct other other;
	int ready[2], go[2];
	char byte;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	other.pid = fork();
	assert_true(other.pid >= 0);
	if (other.pid == 0) {
		struct sqlite_file open = {.path = str_dup(file)};
		struct err e;
		bool well = sqlite_file_open(&open, deadline_in(10000), &e) == 0;

		close(go[1]);
		well = write(ready[1], "x", 1) == 1 && well;
		well = read(go[0], &byte, 1) == 0 && well;
		_exit(well ? 0 : 1);
	}
	close(go[0]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	other.let_go = go[1];
	return other;
}

static void other_end(const struct other *other)
{
	int status;

	close(other->let_go);
	assert_int_equal(waitpid(other->pid, &status, 0), other->pid);
	assert_int_equal(status, 0);
}

static void nothing(void)
{
}

static void take_log_away(void)
{
	assert_int_equal(rename(wal, beside(".aside-wal")), 0);
}

static void put_another_in_its_place(void)
{
	const char *another = beside(".another");

	make_store(another);
	assert_int_equal(rename(another, file), 0);
}

static void put_back(void)
{
	take_log_away();
	assert_int_equal(rename(beside(".aside-wal"), wal), 0);
}

/* Opening it would mix the file with a log that is another's. */
static void a_file_that_is_not_the_one_that_others_have_open_is_not_opened(void **state)
{
	static const struct {
		const char *name;
		void (*happens)(void);
		bool torn;
	} table[] = {
		{"nothing", nothing, false}, {"its log is away", take_log_away, true},
		{"another file", put_another_in_its_place, true}, {"it is as it was", put_back, false},
	}, *row;
	int next = unit_next_descriptor();

	(void)state;
	for EACH(row, table) {
		struct other other = other_begin();

		row->happens();
		check_int(row->name, sqlite_path_is_torn(file), row->torn);
		check_int(row->name, strstr(keys_in(file), "is not the file that running programs have open") != NULL,
			  row->torn);
		other_end(&other);
		check(row->name, !sqlite_path_is_torn(file));
		check_text(row->name, keys_in(file), "");
		unit_remove_folder(folder);
		assert_int_equal(mkdir(folder, 0700), 0);
		make_store(file);
	}
	check("where none is", !sqlite_path_is_torn(beside(".none")));
	check_int("descriptors", unit_next_descriptor(), next);
}

static void a_log_is_put_aside_only_where_it_is_the_one_that_is_meant(void **state)
{
	struct sqlite_path_id log, other;

	(void)state;
	write_text(wal, "log");
	write_text(shm, "index");
	log = other = sqlite_path_log(file);
	other.inode++;
	sqlite_path_put_log_aside(file, &other);
	check("another's stays", is_there(wal) && is_there(shm) && !is_there(beside("-wal.replaced")));
	sqlite_path_put_log_aside(file, &log);
	check("it is put aside", !is_there(wal) && !is_there(shm));
	check_int("and kept", size_of(beside("-wal.replaced")), 3);
	write_text(shm, "index");
	sqlite_path_put_log_aside(file, &log);
	check("where none is, nothing happens", is_there(shm));
	sqlite_path_put_log_aside("/nonexistent/orders.db", &log);
}

static void a_file_moves_aside_with_what_is_beside_it_and_over_nothing(void **state)
{
	char *to = NULL;
	struct err e = {.code = ERR_NONE};
	int next = unit_next_descriptor();

	(void)state;
	write_text(wal, "log");
	check_int(e.text, sqlite_path_move_aside(file, ".old", &to, &e), 0);
	check_text("where to", keep_text(to), beside(".old"));
	check("both moved", !is_there(file) && !is_there(wal) && size_of(beside(".old-wal")) == 3);
	check_int("nothing is there", sqlite_path_move_aside(file, ".old", &to, &e), 0);
	check("no name", !to);
	write_text(shm, "index");
	check_int("the last one alone", sqlite_path_move_aside(file, ".old", &to, &e), 0);
	check_text("its name", keep_text(to), beside(".old-shm"));
	write_text(file, "another");
	check_int("a name that is taken", sqlite_path_move_aside(file, ".old", &to, &e), -1);
	check_err("a name that is taken", &e, ERR_UNAVAILABLE, keep_text(str_printf(
		"can't move %s aside to %s: File exists", file, beside(".old"))));
	check("it stays", is_there(file) && !to);
	check_int("descriptors", unit_next_descriptor(), next);
}

/* --- which file it is -------------------------------------------------------------------- */

static void a_file_is_a_store_of_ours_or_says_what_it_is(void **state)
{
#define TABLE "CREATE TABLE items (pk, sk, item, expires_at);"
	static const struct {
		const char *sql; /* NULL: a text */
		enum sqlite_file_trouble trouble;
		enum err_code code;
		const char *says;
	} table[] = {
		{TABLE, SQLITE_FILE_FINE, ERR_NONE, ""},
		{TABLE "PRAGMA user_version = 1; PRAGMA application_id = 0x4F534E50", SQLITE_FILE_FINE, ERR_NONE, ""},
		{TABLE "PRAGMA user_version = 2", SQLITE_FILE_BUSY, ERR_CONFIG,
		 "was written by a newer ordersnap (its table is version 2, this program knows 1)"},
		{TABLE "PRAGMA user_version = 2; PRAGMA application_id = 0x4F534E50", SQLITE_FILE_BUSY, ERR_CONFIG,
		 "was written by a newer ordersnap"},
		{TABLE "PRAGMA user_version = 2; PRAGMA application_id = 7", SQLITE_FILE_FOREIGN, ERR_UNAVAILABLE,
		 "is a database without ordersnap's table"},
		{TABLE "PRAGMA application_id = 7", SQLITE_FILE_FOREIGN, ERR_UNAVAILABLE, "without ordersnap's table"},
		{"CREATE TABLE items (pk, sk, item)", SQLITE_FILE_FOREIGN, ERR_UNAVAILABLE, "without"},
		{"CREATE TABLE other (pk, sk, item, expires_at)", SQLITE_FILE_FOREIGN, ERR_UNAVAILABLE, "without"},
		{NULL, SQLITE_FILE_RUINED, ERR_UNAVAILABLE, "is not a database: mend COMMERCE_DB"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *name = row->sql ? row->sql : "a text";
		struct sqlite_file open = {.path = str_dup(file)};
		struct err e = {.code = ERR_NONE};

		assert_int_equal(unlink(file), 0);
		if (row->sql)
			run_on(file, row->sql);
		else
			write_text(file, repeat("no database ", 100));
		check_int(name, sqlite_file_open(&open, deadline_in(1000), &e), row->code ? -1 : 0);
		check_int(name, open.trouble, row->trouble);
		if (row->code)
			check_err(name, &e, row->code, row->says);
		sqlite_file_free(&open);
		free(open.path);
	}
}

static void what_can_be_no_store_is_told_apart(void **state)
{
	static const struct {
		const char *name, *says;
		enum sqlite_file_trouble trouble;
	} table[] = {
		{"none", "is not there: if it was moved away", SQLITE_FILE_ABSENT},
		{"empty", "is empty: put a backup back", SQLITE_FILE_RUINED},
		{".", "is a folder or a device", SQLITE_FILE_FOREIGN},
	}, *row;

	(void)state;
	write_text(keep_text(str_printf("%s/empty", folder)), "");
	for EACH(row, table) {
		struct sqlite_file open = {.path = str_printf("%s/%s", folder, row->name)};
		const char *log = keep_text(str_printf("%s-wal", open.path));
		struct err e;

		write_text(log, "a log with orders in it");
		check_int(row->name, sqlite_file_open(&open, deadline_in(1000), &e), -1);
		check_err(row->name, &e, ERR_UNAVAILABLE, row->says);
		check_int(row->name, open.trouble, row->trouble);
		check("the log beside it stays", is_there(log));
		sqlite_file_free(&open);
		free(open.path);
	}
}

/* Whoever restores moves a damaged file aside, and leaves one that is in use. */
static void a_file_in_use_is_no_damaged_one(void **state)
{
	struct sqlite_file open = {.path = str_dup(file)};
	struct err e;
	sqlite3 *db;
	FILE *f;

	(void)state;
	run_on(file, "PRAGMA journal_mode = DELETE");
	db = lock("BEGIN EXCLUSIVE");
	check_int("in use", sqlite_file_open(&open, deadline_in(1), &e), -1);
	check_err("in use", &e, ERR_UNAVAILABLE, "orders.db: can't open it: database is locked");
	check("in use", !strstr(e.text, "restore"));
	check_int("in use", open.trouble, SQLITE_FILE_BUSY);
	sqlite3_close(db);

	/* Its table's page is none. */
	f = fopen(file, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 100, SEEK_SET), 0);
	fputs(repeat("damage ", 100), f);
	fclose(f);
	check_int("damaged", sqlite_file_open(&open, deadline_in(1000), &e), -1);
	check_err("damaged", &e, ERR_UNAVAILABLE, "put a backup back with `ordersnap restore`");
	check_int("damaged", open.trouble, SQLITE_FILE_RUINED);
	sqlite_file_free(&open);
	free(open.path);
}

/* A copy is moved over the file, and the log of the old one lies beside it. */
static void a_new_file_is_not_mixed_with_the_old_ones_log(void **state)
{
	const char *another = beside(".another");
	struct store *store = store_sqlite_new(another);
	int i;

	(void)state;
	make_store(another);
	must_put(store, "new");
	store_close(store);
	store = store_sqlite_new(file);
	for (i = 0; i < 3; i++)
		must_put(store, "old");
	assert_int_equal(rename(another, file), 0);
	store_rest(store);
	check("the log is put aside", is_there(beside("-wal.replaced")) && !is_there(wal));
	must_put(store, "newer");
	check_text("the new one's", keys_in(file), "newer new");
	store_close(store);
}

static void a_log_that_is_taken_away_is_told_and_what_it_has_is_saved(void **state)
{
	struct store *store = store_sqlite_new(file);
	struct err e;

	(void)state;
	must_put(store, "1");
	assert_int_equal(unlink(wal), 0);
	check_int("taken away", put(store, "2", "", &e), -1);
	check_err("taken away", &e, ERR_UNAVAILABLE, keep_text(str_printf(
		"%s was taken away while programs used it: start them again", wal)));
	check_text("saved", keys_in(file), "1");
	must_put(store, "3");
	store_close(store);
}

/* What is in the log without a name may be older than what others have written since. */
static void a_log_that_another_has_taken_the_place_of_is_not_written_into_the_file(void **state)
{
	struct store *store = store_sqlite_new(file);

	(void)state;
	must_put(store, "1");
	assert_int_equal(unlink(wal), 0);
	write_text(wal, "another's");
	store_close(store);
	check_int("it stays", size_of(wal), 9);
	assert_int_equal(unlink(wal), 0);
	unlink(shm);
	check_text("nothing was written", keys_in(file), "");
}

/* --- closing -------------------------------------------------------------------------------- */

static void empty_it(void)
{
	assert_int_equal(truncate(file, 0), 0);
}

static void move_it_away(void)
{
	assert_int_equal(rename(file, beside(".aside")), 0);
}

static void fill_it_with_something_else(void)
{
	write_text(file, repeat("no database ", 1000));
}

static void a_closed_file_has_all_and_one_that_is_not_in_its_place_keeps_its_log(void **state)
{
	static const struct {
		const char *name;
		void (*happens)(void);
		bool keeps_log;
	} table[] = {
		{"in its place", nothing, false}, {"emptied", empty_it, true}, {"moved away", move_it_away, true},
		{"another", put_another_in_its_place, true}, {"another text", fill_it_with_something_else, true},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct store *store = store_sqlite_new(file);

		must_put(store, "1");
		row->happens();
		store_close(store);
		check_int(row->name, size_of(wal) > 0, row->keeps_log);
		if (!row->keeps_log)
			check_text(row->name, keys_in(file), "1");
		unit_remove_folder(folder);
		assert_int_equal(mkdir(folder, 0700), 0);
		make_store(file);
	}
}

/* --- making ---------------------------------------------------------------------------------- */

static void a_store_is_made_where_nothing_is_and_beside_no_log(void **state)
{
	static const struct {
		const char *path, *beside;
		int rc;
		bool made;
		const char *says;
	} table[] = {
		{"orders.db", NULL, 0, false, ""}, {"orders.db", "orders.db-wal", 0, false, ""},
		{"empty", NULL, 0, false, ""}, {"new.db", NULL, 0, true, ""},
		{"log.db", "log.db-wal", -1, false, "log.db-wal is, with orders in it"},
		{"journal.db", "journal.db-journal", -1, false, "journal.db-journal is, with orders in it"},
		{"none/x.db", NULL, -1, false, "can't make it: No such file or directory (its folder is not there)"},
	}, *row;
	struct sqlite_path_id before, after;
	struct err e;
	bool made;

	(void)state;
	write_text(keep_text(str_printf("%s/empty", folder)), "");
	for EACH(row, table) {
		const char *path = keep_text(str_printf("%s/%s", folder, row->path));

		if (row->beside)
			write_text(keep_text(str_printf("%s/%s", folder, row->beside)), "log");
		sqlite_path_look(path, &before);
		made = !row->made;
		own_syncs = 0;
		check_int(row->path, sqlite_make(path, &made, &e), row->rc);
		check_int(row->path, made, row->made);
		if (row->rc)
			check_err(row->path, &e, ERR_UNAVAILABLE, row->says);
		sqlite_path_look(path, &after);
		check_int(row->path, sqlite_path_same(&before, &after), !row->made);
		check(row->path, !is_there(keep_text(str_printf("%s.draft-%ld", path, (long)getpid()))));
		check(row->path, !is_there(keep_text(str_printf("%s-wal", path))) || row->beside);
		check_int("its folder is on the disk", own_syncs > 0, row->made);
		if (row->made)
			check_text(row->path, keys_in(path), "");
	}
}

static void a_link_that_leads_nowhere_is_named_and_left(void **state)
{
	const char *path = beside(".link"), *nowhere = beside(".nowhere");
	bool made = true;
	struct err e;

	(void)state;
	assert_int_equal(symlink(nowhere, path), 0);
	check_int("link", sqlite_make(path, &made, &e), -1);
	check_err("link", &e, ERR_UNAVAILABLE, ".link is a link to a file that is not there: name the file itself "
						 "in COMMERCE_DB, or remove the link");
	check("left", !made && is_there(path) && !is_there(nowhere));
}

static void a_store_that_cant_be_made_whole_leaves_nothing(void **state)
{
	const struct rlimit little = {.rlim_cur = 1000, .rlim_max = RLIM_INFINITY};
	const char *path = beside(".new");
	struct rlimit before;
	bool made = true;
	struct err e;
	int rc;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	setrlimit(RLIMIT_FSIZE, &little);
	rc = sqlite_make(path, &made, &e);
	setrlimit(RLIMIT_FSIZE, &before);
	signal(SIGXFSZ, SIG_DFL);
	check_int("make", rc, -1);
	check_err("make", &e, ERR_UNAVAILABLE, "can't create its table");
	check("nothing", !made && !is_there(path));
	check("no draft", !is_there(keep_text(str_printf("%s.draft-%ld", path, (long)getpid()))));
}

/* What a run has left that was killed: nobody has locked it. */
static void kill_draft(struct sqlite_draft *draft)
{
	close(draft->fd);
	free(draft->name);
}

static void a_killed_run_leaves_no_journal_and_the_next_one_removes_its_draft(void **state)
{
	const char *path = beside(".killed"), *name;
	struct err e;
	struct sqlite_draft draft, next;
	sqlite3 *db = NULL;
	bool made = false;
	int fd;

	(void)state;
	assert_int_equal(sqlite_draft_make(path, &draft, &e), 0);
	name = keep_text(str_dup(draft.name));
	assert_int_equal(sqlite_make_open(name, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE half (x); BEGIN; DROP TABLE half", NULL, NULL, NULL),
			 SQLITE_OK);
	check("no journal", !is_there(keep_text(str_printf("%s-journal", name))));
	sqlite3_close(db);
	kill_draft(&draft);
	write_text(keep_text(str_printf("%s-wal", name)), "log");
	assert_int_equal(sqlite_draft_make(path, &next, &e), 0);
	check_text("the name is free again", next.name, name);
	check("no log", !is_there(keep_text(str_printf("%s-wal", name))));
	kill_draft(&next);

	/* One that is being written stays. */
	fd = open(name, O_RDWR | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(sqlite_draft_make(path, &next, &e), 0);
	check("another one", strcmp(next.name, name) != 0 && is_there(next.name) && is_there(name));
	sqlite_draft_end(&next, false);
	close(fd);
	check_int("the next one", sqlite_make(path, &made, &e), 0);
	check("is made", made && is_there(path) && !is_there(name));
}

static void a_draft_has_no_lock_that_sqlite_would_meet(void **state)
{
	struct sqlite_draft draft;
	struct err e;
	int fd;

	(void)state;
	one_kind_of_locks = true;
	assert_int_equal(sqlite_draft_make(beside(".nfs"), &draft, &e), 0);
	fd = open(draft.name, O_RDWR | O_CLOEXEC);
	check_int("it was given back", flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	sqlite_draft_sweep(beside(".nfs"));
	check("whose it is can't be told", is_there(draft.name));
	one_kind_of_locks = false;
	sqlite_draft_end(&draft, false);
	check("gone", !is_there(beside(keep_text(str_printf(".nfs.new-%ld", (long)getpid())))));
}

static void what_only_looks_like_a_draft_stays(void **state)
{
	static const char *const names[] = {
		".draft", ".draft-", ".draft-x", ".draft-1x", ".draft-1-", ".draft-1-2-3", ".draft-1-x", ".draft--1",
		".draft-1.gz", ".drafts-1", "x.draft-1", ".new-2", ".new-20261128", ".draft-77", ".draft-88",
	};
	const char *folder_there = beside(".draft-77"), *link_there = beside(".draft-88"), *own = beside(".draft-99");
	bool made = false;
	struct err e;
	size_t i;

	(void)state;
	assert_int_equal(mkdir(folder_there, 0700), 0);
	assert_int_equal(symlink(file, link_there), 0);
	for (i = 0; i < LENGTH(names) - 2; i++)
		write_text(beside(names[i]), "kept");
	write_text(own, "left");
	check_int("there is one", sqlite_make(file, &made, &e), 0);
	check("of a store that is there, too", !is_there(own));
	for (i = 0; i < LENGTH(names); i++)
		check(names[i], is_there(beside(names[i])));
	rmdir(folder_there);
}

static void a_draft_gets_its_name_only_where_nothing_has_it(void **state)
{
	struct err e;
	struct sqlite_draft draft;
	const char *made = beside(".made");
	off_t size = size_of(file);
	struct stat st;

	(void)state;
	assert_int_equal(sqlite_draft_make(file, &draft, &e), 0);
	assert_int_equal(stat(draft.name, &st), 0);
	check_int("of its owner and group", st.st_mode & 0777, 0660);
	check_int("there is one", sqlite_make_publish(draft.name, file), -1);
	check_int("there is one", errno, EEXIST);
	check_int("it is as it was", size_of(file), size);
	check_int("there is none", sqlite_make_publish(draft.name, made), 0);
	check("it has its name", is_there(made) && !is_there(draft.name));
	sqlite_draft_end(&draft, true);
}

static void a_file_system_that_has_plain_renames_alone_is_enough(void **state)
{
	struct err e = {.code = ERR_NONE};
	struct sqlite_draft draft;
	const char *made = beside(".made");
	char *to = NULL;

	(void)state;
	assert_int_equal(sqlite_draft_make(file, &draft, &e), 0);
	plain_renames = true;
	check_int("there is one", sqlite_make_publish(draft.name, file), -1);
	check_int("there is one", errno, EEXIST);
	check_int("there is none", sqlite_make_publish(draft.name, made), 0);
	check("it has its name", is_there(made) && !is_there(draft.name));
	sqlite_draft_end(&draft, true);
	check_int(e.text, sqlite_path_move_aside(file, ".old", &to, &e), 0);
	check_text("moved", to, beside(".old"));
	check("moved", !is_there(file) && is_there(to));
	plain_renames = false;
	free(to);
}

static void a_file_system_without_locks_is_no_database_that_is_locked(void **state)
{
	static const struct {
		const char *row;
		int error;
		bool open; /* the share lost its locks while the store was open */
		const char *says;
	} table[] = {
		{"never", ENOLCK, false, "can't open it: its file system gives no locks (No locks available): keep it "
					 "on a disk of this machine"},
		{"no more", ENOLCK, true, "its file system gives no locks"},
		{"locked", EAGAIN, false, "can't open it: database is locked"},
	}, *row;
	struct json_object *items;
	bool made;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct store *store = store_sqlite_new(file);

		if (row->open)
			must_put(store, "1");
		no_locks = row->error;
		check_int(row->row, store_query(store, "P", "", NULL, 9, &items, deadline_in(20), &e), -1);
		check_err(row->row, &e, ERR_UNAVAILABLE, row->says);
		no_locks = 0;
		must_put(store, "2");
		store_close(store);
	}
	no_locks = ENOLCK;
	check_int("init", sqlite_make(beside(".none"), &made, &e), -1);
	check_err("init", &e, ERR_UNAVAILABLE, "can't create its table: its file system gives no locks");
	no_locks = 0;
}

static void what_root_makes_or_has_made_is_the_folders_owners(void **state)
{
	static const uid_t owner = 65534;
	const char *made = beside(".made");
	struct stat st;
	bool is_new;
	struct err e = {.code = ERR_NONE};

	(void)state;
	if (geteuid() != 0)
		return;
	write_text(wal, "log");
	assert_int_equal(chown(folder, owner, owner), 0);
	check_int(e.text, sqlite_make(file, &is_new, &e), 0);
	check_int(e.text, sqlite_make(made, &is_new, &e), 0);
	assert_int_equal(stat(file, &st), 0);
	check_int("the file", st.st_uid, owner);
	assert_int_equal(stat(wal, &st), 0);
	check_int("its log", st.st_uid, owner);
	assert_int_equal(stat(made, &st), 0);
	check_int("a new one", st.st_uid, owner);
}

int main(void)
{
#define holds_with_store(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		holds_with_store(each_write_is_on_the_disk_before_it_is_acknowledged),
		holds_with_store(a_disk_that_takes_nothing_is_named_as_the_system_does),
		holds_with_store(a_connection_is_set_up_for_many_programs_and_a_power_cut),
		holds_with_store(a_log_that_has_grown_under_a_reader_is_cut_when_he_is_gone),
		holds_with_store(what_was_written_over_is_in_no_page_once_the_file_is_wiped),
		holds_with_store(a_wipe_waits_for_who_writes_the_log_into_the_file),
		holds_with_store(a_write_waits_for_the_other_one_before_it_looks),
		holds_with_store(who_reads_does_not_wait_for_a_writer),
		holds_with_store(a_file_without_a_log_is_waited_for_while_somebody_reads_or_writes),
		holds_with_store(the_turn_to_write_is_given_on),
		holds_with_store(what_stands_at_a_path_is_known_by_what_it_is),
		holds_with_store(what_this_user_may_not_look_at_is_not_said_to_be_gone),
		holds_with_store(a_file_that_is_not_the_one_that_others_have_open_is_not_opened),
		holds_with_store(a_log_is_put_aside_only_where_it_is_the_one_that_is_meant),
		holds_with_store(a_file_moves_aside_with_what_is_beside_it_and_over_nothing),
		holds_with_store(a_file_is_a_store_of_ours_or_says_what_it_is),
		holds_with_store(what_can_be_no_store_is_told_apart),
		holds_with_store(a_file_in_use_is_no_damaged_one),
		holds_with_store(a_new_file_is_not_mixed_with_the_old_ones_log),
		holds_with_store(a_log_that_is_taken_away_is_told_and_what_it_has_is_saved),
		holds_with_store(a_log_that_another_has_taken_the_place_of_is_not_written_into_the_file),
		holds_with_store(a_closed_file_has_all_and_one_that_is_not_in_its_place_keeps_its_log),
		holds_with_store(a_store_is_made_where_nothing_is_and_beside_no_log),
		holds_with_store(a_link_that_leads_nowhere_is_named_and_left),
		holds_with_store(a_store_that_cant_be_made_whole_leaves_nothing),
		holds_with_store(a_killed_run_leaves_no_journal_and_the_next_one_removes_its_draft),
		holds_with_store(a_draft_has_no_lock_that_sqlite_would_meet),
		holds_with_store(what_only_looks_like_a_draft_stays),
		holds_with_store(a_draft_gets_its_name_only_where_nothing_has_it),
		holds_with_store(a_file_system_that_has_plain_renames_alone_is_enough),
		holds_with_store(a_file_system_without_locks_is_no_database_that_is_locked),
		holds_with_store(what_root_makes_or_has_made_is_the_folders_owners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
