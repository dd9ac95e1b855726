/* SPDX-License-Identifier: ISC */
/*
 * Naming accounts.
 */
#include "orders/sync_account.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "config/secret.h"

/* Behind sk_live_ and its like a key of 2020 and later begins with 51 and the
 * account's own id without its acct_1; the rest, which changes when it is rolled,
 * is longer than that. */
#define ACCOUNT_PREFIX "51"
#define ACCOUNT_CHARS 17
#define NEW_KEY_CHARS 90

static const char *const mode_names[] = {
	[KEY_MODE_UNKNOWN] = "none", [KEY_MODE_TEST] = "test", [KEY_MODE_LIVE] = "live",
};

const char *sync_account_of(const char *secret, char out[SYNC_ACCOUNT_SIZE])
{
	enum key_mode mode = key_mode_of(secret ? secret : "");
	struct span part = span_of(secret ? secret : "");
	char digest[DIGEST_HEX];
	const char *id;

	/* Of a key that has the account's id in it only that counts, for a rolled one has it
	 * too; else the whole key. */
	if (secret && mode != KEY_MODE_UNKNOWN) {
		id = strstr(secret, mode == KEY_MODE_LIVE ? "_live_" : "_test_") + strlen("_live_");
		if (strncmp(id, ACCOUNT_PREFIX, strlen(ACCOUNT_PREFIX)) == 0 &&
		    strlen(id) >= NEW_KEY_CHARS)
			part = (struct span){id, ACCOUNT_CHARS};
	}
	digest_sha256_hex(part, digest);
	snprintf(out, SYNC_ACCOUNT_SIZE, "%s-%.16s", mode_names[mode], digest);
	return out;
}

bool sync_account_same_mode(const char *a, const char *b)
{
	return strncmp(a, b, strlen("live")) == 0;
}

bool sync_account_is_foreign(const char *account, const char *id)
{
	enum key_mode of_id = key_mode_of(id);

	return of_id != KEY_MODE_UNKNOWN && !sync_account_same_mode(account, mode_names[KEY_MODE_UNKNOWN]) &&
	       !sync_account_same_mode(account, mode_names[of_id]);
}
