/* SPDX-License-Identifier: ISC */
/*
 * The file of the counts.  What is printed of it is in metrics_text.c.
 */
#include "base/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/metrics_file.h"
#include "base/str.h"

#define LOOK_MS 1000 /* a file that was replaced is noticed, and one that failed tried again */

const uint32_t metrics_bounds_us[METRICS_BOUNDS] = {
	1000, 5000, 10000, 25000, 50000, 100000, 250000, 500000, 1000000, 2500000, 5000000,
};

static struct {
	char *path; /* NULL: nothing is counted */
	struct metrics_file *file; /* NULL: not open now */
	dev_t device;
	ino_t inode;
	int64_t looked; /* clock_monotonic_ms() */
	bool told;      /* that it can't be used */
} state;

/* What the handler touches. */
static struct metrics_file *volatile mapped;
static volatile sig_atomic_t cut;
static struct sigaction before;

/* The pages that a file no longer has are taken from memory; what else is wrong is for
 * whoever was there before. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr, begin = (uintptr_t)mapped;

	(void)context;
	if (mapped && at >= begin && at < begin + sizeof *mapped &&
	    mmap(mapped, sizeof *mapped, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
		cut = 1;
	else
		sigaction(number, &before, NULL);
}

static void catch_bus_errors(void)
{
	struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO}, now;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, &now) == 0 && now.sa_sigaction != on_bus_error)
		before = now;
}

/*
 * Makes what is open a file of counts, of full size: an empty one is begun, one that was cut is
 * filled up.  Several processes may do it at once, and be killed in it: each writes the same.
 */
static int make_whole(int fd, const char *path, struct stat *st)
{
	char magic[sizeof METRICS_MAGIC] = "";
	ssize_t n = sizeof magic - 1;

	if (fstat(fd, st))
		return -1;
	if (!S_ISREG(st->st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (st->st_size == 0 && (file_give_to_owner(fd, path) ||
				 pwrite(fd, METRICS_MAGIC, (size_t)n, 0) != n))
		return -1;
	if (pread(fd, magic, (size_t)n, 0) != n || strcmp(magic, METRICS_MAGIC) != 0) {
		errno = EINVAL;
		return -1;
	}
	/* All blocks are there from the beginning: a disk that is full later stops no count. */
	errno = st->st_size < (off_t)sizeof *mapped ? posix_fallocate(fd, 0, sizeof *mapped) : 0;
	return errno ? -1 : 0;
}

static int map(int fd, const struct stat *st)
{
	void *at = mmap(NULL, sizeof *mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (at == MAP_FAILED)
		return -1;
	state.file = mapped = at;
	state.device = st->st_dev;
	state.inode = st->st_ino;
	return 0;
}

static int open_file(struct err *e)
{
	int fd = METRICS_LOCK_FREE ? file_open_to_write(state.path, O_RDWR, 0640) : -1, rc;
	struct stat st = {.st_size = 0};

	if (!METRICS_LOCK_FREE)
		errno = ENOTSUP;
	catch_bus_errors();
	rc = fd < 0 || make_whole(fd, state.path, &st) || map(fd, &st);
	if (rc)
		err_set(e, ERR_CONFIG, "METRICS_FILE: can't use %s: %s", state.path,
			errno == EINVAL ? "it is no file of counts; take it away, or name another"
					: strerror(errno));
	if (fd >= 0)
		close(fd);
	return rc ? -1 : 0;
}

static void unmap(void)
{
	if (state.file)
		munmap(state.file, sizeof *state.file);
	state.file = NULL;
	mapped = NULL;
	cut = 0;
}

static bool is_still_there(void)
{
	struct stat st;

	return state.file && !cut && stat(state.path, &st) == 0 && st.st_dev == state.device &&
	       st.st_ino == state.inode && st.st_size >= (off_t)sizeof *state.file;
}

/* The file to count in, or NULL. */
static struct metrics_file *current(void)
{
	int64_t now;
	struct err e;
	int error = errno;

	if (!state.path)
		return NULL;
	now = clock_monotonic_ms();
	if (now - state.looked < LOOK_MS)
		return state.file;
	state.looked = now;
	if (!is_still_there()) {
		unmap();
		if (open_file(&e) == 0)
			state.told = false;
		else if (!state.told)
			log_error("Metrics are not counted", LOG_STR("error", e.text));
		state.told |= !state.file;
	}
	errno = error;
	return state.file;
}

int metrics_open(const char *path, struct err *e)
{
	metrics_close();
	state.path = str_dup(path);
	state.looked = clock_monotonic_ms();
	state.told = open_file(e) != 0;
	return state.told ? -1 : 0;
}

void metrics_close(void)
{
	unmap();
	free(state.path);
	state.path = NULL;
}

struct metrics_file *metrics_file_to_read(void)
{
	state.looked -= LOOK_MS;
	return current();
}

/* --- counting ------------------------------------------------------------------------- */

/* FNV-1a; never 0, which is a place that nobody has. */
static uint64_t hash(const char *text)
{
	uint64_t h = 0xCBF29CE484222325u;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001B3u;
	return h ? h : 1;
}

static size_t add_text(char *to, size_t at, const char *text)
{
	while (*text && at < METRICS_SERIES_MAX - 1)
		to[at++] = *text++;
	return at;
}

/* name{label="value",...}; what would break the text is not in a value. */
static void write_series(char *to, const struct metrics_family *family, const char *const *values)
{
	size_t at = add_text(to, 0, family->name), i, begin;

	for (i = 0; i < METRICS_LABELS && family->labels[i]; i++) {
		at = add_text(to, at, i ? "," : "{");
		at = add_text(to, at, family->labels[i]);
		at = add_text(to, at, "=\"");
		begin = at;
		at = add_text(to, at, values && values[i] ? values[i] : "");
		for (; begin < at; begin++)
			if (to[begin] < ' ' || to[begin] > '~' || strchr("\"\\{}", to[begin]))
				to[begin] = '_';
		at = add_text(to, at, "\"");
	}
	at = add_text(to, at, i ? "}" : "");
	to[at] = '\0';
}

/* Who takes a place is decided by its key; the rest is the same, whoever writes it. */
static void name_place(struct metrics_place *place, const char *series, enum metrics_kind kind)
{
	if (__atomic_load_n(&place->named, __ATOMIC_ACQUIRE))
		return;
	memcpy(place->series, series, strlen(series));
	place->kind = (uint32_t)kind;
	__atomic_store_n(&place->named, 1, __ATOMIC_RELEASE);
}

static struct metrics_place *find_place(const struct metrics_family *family,
					const char *const *values)
{
	struct metrics_file *file = current();
	char series[METRICS_SERIES_MAX];
	uint64_t key, found;
	size_t i;

	if (!file)
		return NULL;
	write_series(series, family, values);
	key = hash(series);
	for (i = 0; i < METRICS_PLACES; i++) {
		struct metrics_place *place = &file->places[(key + i) % METRICS_PLACES];

		found = __atomic_load_n(&place->key, __ATOMIC_ACQUIRE);
		if (!found && __atomic_compare_exchange_n(&place->key, &found, key, 0,
							  __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			found = key;
		if (found == key) {
			name_place(place, series, family->kind);
			return place;
		}
	}
	__atomic_fetch_add(&file->lost, 1, __ATOMIC_RELAXED);
	return NULL;
}

void metrics_add(const struct metrics_family *family, int64_t by,
		 const char *const labels[METRICS_LABELS])
{
	struct metrics_place *place = find_place(family, labels);

	if (place)
		__atomic_fetch_add(&place->values[0], (uint64_t)by, __ATOMIC_RELAXED);
}

void metrics_took(const struct metrics_family *family, int64_t us,
		  const char *const labels[METRICS_LABELS])
{
	struct metrics_place *place = find_place(family, labels);
	size_t i = 0;

	if (!place)
		return;
	while (i < METRICS_BOUNDS && us > metrics_bounds_us[i])
		i++;
	__atomic_fetch_add(&place->values[METRICS_SUM], (uint64_t)us, __ATOMIC_RELAXED);
	__atomic_fetch_add(&place->values[i], 1, __ATOMIC_RELAXED);
}

void metrics_set(const struct metrics_family *family, int64_t value)
{
	struct metrics_place *place = find_place(family, NULL);

	if (place)
		__atomic_store_n(&place->values[0], (uint64_t)value, __ATOMIC_RELAXED);
}
