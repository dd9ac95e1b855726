/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: one call of a kind fails, whichever the test names.
 *
 * FAULT_FILE is a file of struct fault, which the test and the program have both mapped: the test
 * says which call is to fail, the program counts.  A call is of one kind; those of the others go
 * through.  `at` 0: none fails, all are counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { READ = 1, WRITE, CONNECT, SYNC, OPEN, ALLOCATE };

struct fault {
	int64_t kind;   /* enum kind */
	int64_t at;     /* the call that fails, from 1; 0: none */
	int64_t number; /* errno */
	int64_t count;  /* calls of the kind so far */
	int64_t more;   /* this many calls after it fail too */
};

static struct fault *fault;

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static struct fault none;

static void map(void)
{
	const char *path = getenv("FAULT_FILE");
	int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? (void *)syscall(SYS_mmap, NULL, sizeof *fault, PROT_READ | PROT_WRITE,
					    MAP_SHARED, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		syscall(SYS_close, fd);
	fault = p == MAP_FAILED ? &none : p;
}

/* Whether this call is the one. */
static int fails(enum kind kind)
{
	int64_t n;

	if (!fault)
		map();
	if (fault->kind != kind)
		return 0;
	n = __atomic_add_fetch(&fault->count, 1, __ATOMIC_SEQ_CST);
	if (fault->at == 0 || n < fault->at || n > fault->at + fault->more)
		return 0;
	errno = (int)fault->number;
	return 1;
}

ssize_t read(int fd, void *to, size_t n)
{
	return fails(READ) ? -1 : syscall(SYS_read, fd, to, n);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
	return fails(READ) ? -1 : syscall(SYS_pread64, fd, to, n, at);
}

ssize_t recv(int fd, void *to, size_t n, int flags)
{
	return fails(READ) ? -1 : syscall(SYS_recvfrom, fd, to, n, flags, NULL, NULL);
}

ssize_t write(int fd, const void *from, size_t n)
{
	return fails(WRITE) ? -1 : syscall(SYS_write, fd, from, n);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	return fails(WRITE) ? -1 : syscall(SYS_pwrite64, fd, from, n, at);
}

ssize_t writev(int fd, const struct iovec *from, int n)
{
	return fails(WRITE) ? -1 : syscall(SYS_writev, fd, from, n);
}

ssize_t send(int fd, const void *from, size_t n, int flags)
{
	return fails(WRITE) ? -1 : syscall(SYS_sendto, fd, from, n, flags, NULL, 0);
}

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
	return fails(CONNECT) ? -1 : (int)syscall(SYS_connect, fd, to, n);
}

int fsync(int fd)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fails(SYNC) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int open(const char *path, int flags, ...)
{
	va_list more;
	int mode = 0;

	if (flags & (O_CREAT | O_TMPFILE)) {
		va_start(more, flags);
		mode = va_arg(more, int);
		va_end(more);
	}
	return fails(OPEN) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));

#ifndef WITHOUT_ALLOCATIONS /* sanitizers and valgrind have their own */
void *malloc(size_t n)
{
	return fails(ALLOCATE) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails(ALLOCATE) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails(ALLOCATE) ? NULL : __libc_realloc(p, n);
}
#endif
