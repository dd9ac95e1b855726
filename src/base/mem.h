/* SPDX-License-Identifier: ISC */
/*
 * Memory that is there.  A program of this size that can't get a few
 * kilobytes can't answer either: these functions end the process instead of
 * returning NULL.  That is safe because nothing is acknowledged before it is
 * durable; a request that died is delivered again.  All sizes that come from
 * outside are capped before they reach this file.
 */
#ifndef ORDERSNAP_BASE_MEM_H
#define ORDERSNAP_BASE_MEM_H

#include <stddef.h>

/* Zeroed memory for `count` objects of `size` bytes; free() it. */
void *mem_zalloc(size_t count, size_t size);

/* realloc() that ends the process when memory is out. */
void *mem_realloc(void *p, size_t size);

/* Ends the process: what has asked for memory itself, and has not got it. */
void mem_out(void) __attribute__((noreturn));

/* The process leaves no core dump: its memory has the secrets. */
void mem_leave_no_core(void);

/* Overwrites `n` bytes in a way that the compiler keeps: for secrets. */
void mem_wipe(void *p, size_t n);

/* free() of a text that was a secret, which is overwritten; NULL: nothing happens. */
void mem_forget(char *text);

/* For the main() of what answers requests, before anything else: how the C library should keep what
 * is freed.  (A command that reads many pages frees as many pieces of a kind as it asks for next.) */
void mem_tune(void);

#endif
