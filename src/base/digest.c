/* SPDX-License-Identifier: ISC */
/*
 * Digests, by OpenSSL.  The one idea: the algorithm is fetched once a
 * process, because fetching costs more than signing.
 */
#include "base/digest.h"

#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <sys/random.h>

/* OpenSSL can only fail here when memory is out or when it was built without
 * SHA-256; there is nothing to answer then. */
static void must(int ok)
{
	if (ok != 1)
		abort();
}

/* What OpenSSL holds goes with the process.  It would give it back piece by piece, which a CGI process
 * feels: a twentieth of its instructions, where it refuses a request. */
static void begin(void)
{
	OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
}

/* EVP_sha256() would be fetched anew by each digest. */
static EVP_MD *sha256(void)
{
	static EVP_MD *md;

	if (md)
		return md;
	begin();
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(md != NULL);
	return md;
}

void digest_sha256(struct span message, unsigned char out[DIGEST_BYTES])
{
	must(EVP_Digest(message.p, message.n, out, NULL, sha256(), NULL));
}

void digest_sha256_hex(struct span message, char out[DIGEST_HEX])
{
	unsigned char hash[DIGEST_BYTES];

	digest_sha256(message, hash);
	str_hex(hash, sizeof hash, out);
}

/* The one that is used again and again. */
static EVP_MAC_CTX *hmac_context(void)
{
	static EVP_MAC_CTX *context;
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac;

	if (context)
		return context;
	begin();
	mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	must(mac != NULL);
	context = EVP_MAC_CTX_new(mac);
	must(context != NULL);
	must(EVP_MAC_CTX_set_params(context, params));
	EVP_MAC_free(mac);
	return context;
}

void digest_prepare(void)
{
	sha256();
	hmac_context();
}

void digest_hmac(struct span key, const struct span *parts, size_t count,
		 unsigned char out[DIGEST_BYTES])
{
	EVP_MAC_CTX *context = hmac_context();
	size_t i, size;

	must(EVP_MAC_init(context, (const unsigned char *)key.p, key.n, NULL));
	for (i = 0; i < count; i++)
		must(EVP_MAC_update(context, (const unsigned char *)parts[i].p, parts[i].n));
	must(EVP_MAC_final(context, out, &size, DIGEST_BYTES));
}

void digest_hmac_hex(struct span key, const struct span *parts, size_t count, char out[DIGEST_HEX])
{
	unsigned char hash[DIGEST_BYTES];

	digest_hmac(key, parts, count, hash);
	str_hex(hash, sizeof hash, out);
}

bool digest_equal(struct span a, struct span b)
{
	return a.n == b.n && CRYPTO_memcmp(a.p, b.p, a.n) == 0;
}

/* ES256 has this curve and no other (RFC 7518 section 3.4). */
static bool is_of_p256(const EVP_PKEY *key)
{
	char curve[32];

	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) == 1 &&
	       span_equals(span_of(curve), "prime256v1");
}

bool digest_is_public_key(struct span pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
	bool fits = key && (EVP_PKEY_is_a(key, "RSA") || is_of_p256(key));

	EVP_PKEY_free(key);
	BIO_free(bio);
	return fits;
}

void digest_random(unsigned char *bytes, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got = getrandom(bytes + done, n - done, 0);

		must(got > 0 || errno == EINTR);
		if (got > 0)
			done += (size_t)got;
	}
}
