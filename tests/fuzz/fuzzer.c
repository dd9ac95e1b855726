/* SPDX-License-Identifier: ISC */
/*
 * libFuzzer's entries.  One program has all targets; the name that it is run by says
 * which: build/fuzz/fuzz/cart FILE runs fuzz_cart on a file.
 */
#include <string.h>

#include "targets.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *path = (*argv)[0], *slash = strrchr(path, '/');

	(void)argc;
	target = fuzz_target_of(slash ? slash + 1 : path);
	HOLDS(target);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return target(data, n);
}
