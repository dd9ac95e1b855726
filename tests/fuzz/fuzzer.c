/* SPDX-License-Identifier: ISC */
/*
 * libFuzzer's entries.  One program has all targets; the name that it is run by says
 * which: build/fuzz/fuzz/cart FILE runs fuzz_cart on a file.  With FUZZ_SECONDS it ends after so
 * many seconds of a processor, whatever else the machine does.
 */
#include <signal.h>
#include <string.h>
#include <time.h>

#include "targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static fuzz_target *target;
static long seconds; /* 0: no limit */

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *path = (*argv)[0], *slash = strrchr(path, '/'), *limit = getenv("FUZZ_SECONDS");

	(void)argc;
	target = fuzz_target_of(slash ? slash + 1 : path);
	HOLDS(target);
	seconds = limit ? strtol(limit, NULL, 10) : 0;
	fuzz_begin();
	return 0;
}

/* libFuzzer ends with its figures when it gets this signal. */
static void look_at_clock(void)
{
	static unsigned runs;

	if (seconds && ++runs % 64 == 0 && clock() / CLOCKS_PER_SEC >= seconds)
		raise(SIGUSR1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	look_at_clock();
	return target(data, n);
}
