/* SPDX-License-Identifier: ISC */
/*
 * The certificate authorities: read once, and anew when the file is another one.
 */
#include "unit.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/trust.h"

static char folder[] = "/tmp/ordersnap-trust.XXXXXX";
static char *file;

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	file = str_printf("%s/ca.crt", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(file);
	free(file);
	return rmdir(folder);
}

/* Writes so many authorities into the file, in the place of what stands there. */
static void write_authorities(int n)
{
	const char *draft = keep_text(str_printf("%s.new", file));
	EVP_PKEY *key = EVP_EC_gen("P-256");
	FILE *to = fopen(draft, "w");
	int i;

	assert_non_null(to);
	for (i = 0; i < n; i++) {
		X509 *one = X509_new();
		X509_NAME *name = X509_get_subject_name(one);
		const char *words = keep_text(str_printf("authority %d", i));

		X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)words, -1, -1, 0);
		X509_set_issuer_name(one, name);
		X509_gmtime_adj(X509_getm_notBefore(one), 0);
		X509_gmtime_adj(X509_getm_notAfter(one), 3600);
		X509_set_pubkey(one, key);
		assert_true(X509_sign(one, key, EVP_sha256()) > 0);
		assert_int_equal(PEM_write_X509(to, one), 1);
		X509_free(one);
	}
	EVP_PKEY_free(key);
	assert_int_equal(fclose(to), 0);
	assert_int_equal(rename(draft, file), 0);
}

/* What a new connection would be given. */
static X509_STORE *given(SSL_CTX *context)
{
	trust_use(context);
	return SSL_CTX_get_cert_store(context);
}

static void the_file_is_read_once_and_anew_when_it_is_another(void **state)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method()), *old = SSL_CTX_new(TLS_client_method());
	X509_STORE *first;

	(void)state;
	write_authorities(1);
	assert_int_equal(trust_load(file), 0);
	trust_prepare();
	first = given(old);
	assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(first)), 1);
	assert_int_equal(trust_load(file), 0);
	assert_ptr_equal(given(context), first);
	write_authorities(2);
	assert_int_equal(trust_load(file), 0);
	assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(given(context))), 2);
	assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(first)), 1); /* it lives on */
	SSL_CTX_free(context);
	SSL_CTX_free(old);
}

static void a_file_without_a_certificate_is_none(void **state)
{
	FILE *to;

	(void)state;
	assert_int_equal(trust_load("/nonexistent/ca.crt"), -1);
	unlink(file);
	to = fopen(file, "w");
	assert_non_null(to);
	fputs("no certificate\n", to);
	fclose(to);
	assert_int_equal(trust_load(file), -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		holds(the_file_is_read_once_and_anew_when_it_is_another),
		holds(a_file_without_a_certificate_is_none),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
