/* SPDX-License-Identifier: ISC */
/*
 * The certificate authorities.
 */
#include "base/trust.h"

#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <sys/stat.h>

static X509_STORE *store;
static struct stat read_from;

const char *trust_version(void)
{
	return OpenSSL_version(OPENSSL_VERSION_STRING);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int trust_load(const char *file)
{
	X509_STORE *fresh;
	struct stat now;

	if (stat(file, &now))
		return -1;
	if (store && is_same(&now, &read_from))
		return 0;
	fresh = X509_STORE_new();
	if (!fresh || X509_STORE_load_file(fresh, file) != 1) {
		X509_STORE_free(fresh);
		return -1;
	}
	/* As libcurl has it: an intermediate certificate in the file is believed as well. */
	X509_STORE_set_flags(fresh, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	X509_STORE_free(store);
	store = fresh;
	read_from = now;
	return 0;
}

void trust_use(void *ssl_ctx)
{
	SSL_CTX_set1_cert_store(ssl_ctx, store);
}

/* The methods that OpenSSL looks up for the first context, and the order of the
 * certificates that it makes at the first search. */
void trust_prepare(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	X509_STORE_CTX *search = X509_STORE_CTX_new();
	X509_NAME *nobody = X509_NAME_new();
	X509_OBJECT *found = NULL;

	if (store && search && nobody && X509_STORE_CTX_init(search, store, NULL, NULL))
		found = X509_STORE_CTX_get_obj_by_subject(search, X509_LU_X509, nobody);
	X509_OBJECT_free(found);
	X509_NAME_free(nobody);
	X509_STORE_CTX_free(search);
	SSL_CTX_free(context);
}
