/* SPDX-License-Identifier: ISC */
/*
 * libFuzzer's entry for the target that the compiler's command line names.
 */
#include "targets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	return FUZZ_TARGET(data, n);
}
