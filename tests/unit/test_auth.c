/* SPDX-License-Identifier: ISC */
/*
 * Bearer tokens: the configuration says how a token is signed, never the token.
 * HS256 tokens are made here by hand, so that libjwt is not checked against
 * itself; RS256 and ES256 ones with keys that are made for the run.
 */
#include "web_fixture.h"

#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <unistd.h>

#include "base/digest.h"
#include "web/auth.h"

#define NOW 1732612800
#define SECRET "a secret of the site's own login"
#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

static const struct auth_settings by_secret = {.secret = SECRET};

static const char *base64url(const unsigned char *bytes, size_t n)
{
	char *text = keep_text(malloc(n * 4 / 3 + 8)), *p;

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	for (p = text; *p && *p != '='; p++)
		*p = *p == '+' ? '-' : *p == '/' ? '_' : *p;
	*p = '\0';
	return text;
}

static const char *base64url_text(const char *text)
{
	return base64url((const unsigned char *)text, strlen(text));
}

static const char *hmac_token(const char *secret, const char *header, const char *payload)
{
	const char *text = keep_text(str_printf("%s.%s", base64url_text(header),
						base64url_text(payload)));
	const struct span message = span_of(text);
	unsigned char mac[DIGEST_BYTES];
	char hex[DIGEST_HEX];
	size_t i;

	digest_hmac_hex(span_of(secret), &message, 1, hex);
	for (i = 0; i < sizeof mac; i++) {
		unsigned byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		mac[i] = (unsigned char)byte;
	}
	return keep_text(str_printf("%s.%s", text, base64url(mac, sizeof mac)));
}

/* A token with this payload ('for "), signed as it should be. */
static const char *token_of(const char *payload)
{
	return hmac_token(SECRET, HS256, json_text(json_of("%s", payload)));
}

static char *subject;

/* Fills `subject`, to free; NULL: nobody. */
static int find_subject(const struct auth_settings *settings, const struct request *r,
			struct err *e)
{
	struct auth_identity who;
	int rc = auth_identify(settings, r, NOW, &who, e);

	subject = who.subject;
	free(who.email);
	return rc;
}

static int ask_with(const struct auth_settings *settings, const char *name, const char *value,
		    struct err *e)
{
	struct request r = REQUEST("REQUEST_METHOD=POST", variable(name, value));
	int rc;

	*e = (struct err){.code = ERR_NONE};
	rc = find_subject(settings, &r, e);
	keep_text(subject);
	return rc;
}

static int ask(const struct auth_settings *settings, const char *token, struct err *e)
{
	return ask_with(settings, "HTTP_AUTHORIZATION", keep_text(str_printf("Bearer %s", token)), e);
}

static void a_valid_token_says_who_asks(void **state)
{
	static const char *const payloads[] = {
		"{'sub':'user_1'}",
		"{'sub':'user_1','exp':1732612801}",
		"{'sub':'user_1','exp':4102444800,'nbf':0,'iat':1}",
		"{'sub':'user_1','nbf':1732612800}", "{'sub':'user_1','nbf':1732612800.5}",
		"{'sub':'user_1','nbf':1732612860,'iat':1732612860}",
		"{'sub':'user_1','nbf':1732612799,'exp':1732612801,'email':'a@b'}",
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(payloads); i++) {
		check_int(payloads[i], ask(&by_secret, token_of(payloads[i]), &e), 0);
		check_text(payloads[i], subject, "user_1");
	}
}

static void a_token_that_is_not_valid_now_is_refused(void **state)
{
	static const struct {
		const char *payload, *problem;
	} table[] = {
		{"{'sub':'u','exp':1732612800}", "it has expired"},
		{"{'sub':'u','exp':1732612799}", "it has expired"}, {"{'sub':'u','exp':0}", "it has expired"},
		{"{'sub':'u','exp':-1}", "it has expired"},
		{"{'sub':'u','nbf':1732612861}", "it is not valid yet"},
		{"{'sub':'u','nbf':1732612860.5}", "it is not valid yet"},
		{"{'sub':'u','nbf':1732612860,'exp':1732612800}", "it has expired"},
		{"{'sub':'u','exp':'4102444800'}", "its exp or nbf is no time"},
		{"{'sub':'u','exp':true}", "its exp or nbf is no time"},
		{"{'sub':'u','nbf':'1'}", "its exp or nbf is no time"},
		{"{'sub':'u','nbf':{}}", "its exp or nbf is no time"},
		{"{}", "it has no subject"}, {"{'sub':''}", "it has no subject"},
		{"{'sub':7}", "it has no subject"}, {"{'sub':null}", "it has no subject"},
		{"{'SUB':'u'}", "it has no subject"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->payload, ask(&by_secret, token_of(row->payload), &e), -1);
		check_err(row->payload, &e, ERR_UNAUTHORIZED, row->problem);
		check(row->payload, subject == NULL);
	}
}

static void a_token_that_was_not_signed_with_the_secret_is_refused(void **state)
{
	const char *good = token_of("{'sub':'u'}");
	const char *unsigned_one = keep_text(str_printf("%s.%s.",
		base64url_text("{\"alg\":\"none\"}"), base64url_text("{\"sub\":\"u\"}")));
	const char *const table[] = {
		hmac_token("another secret", HS256, "{\"sub\":\"u\"}"),
		hmac_token("", HS256, "{\"sub\":\"u\"}"),
		hmac_token(SECRET, "{\"alg\":\"HS384\",\"typ\":\"JWT\"}", "{\"sub\":\"u\"}"),
		hmac_token(SECRET, "{\"alg\":\"none\"}", "{\"sub\":\"u\"}"),
		hmac_token(SECRET, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", "{\"sub\":\"u\"}"),
		hmac_token(SECRET, "{\"alg\":\"HS256\",\"crit\":[\"b64\"],\"b64\":false}", "{\"sub\":\"u\"}"),
		hmac_token(SECRET, "{}", "{\"sub\":\"u\"}"), unsigned_one,
		keep_text(str_printf("%.*s", (int)strlen(unsigned_one) - 1, unsigned_one)),
		keep_text(str_printf("%.*s", (int)strlen(good) - 4, good)),
		keep_text(str_printf("x%s", good)), keep_text(str_printf("%s.x", good)),
		"", " ", ".", "..", "a.b.c", "user_1",
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		check_int(table[i], ask(&by_secret, table[i], &e), -1);
		check_err(table[i], &e, ERR_UNAUTHORIZED, "The bearer token is not valid");
		check(table[i], subject == NULL);
	}
}

static void the_payload_of_another_token_does_not_fit_its_signature(void **state)
{
	const char *mine = token_of("{'sub':'me'}"), *other = token_of("{'sub':'you'}");
	const char *a = strchr(mine, '.') + 1, *b = strrchr(other, '.');
	struct err e;

	(void)state;
	assert_int_equal(ask(&by_secret, keep_text(str_printf("%.*s%s", (int)(strchr(a, '.') - mine),
							      mine, b)), &e), -1);
}

static void another_hmac_is_not_the_configured_one(void **state)
{
	static const jwt_alg_t algorithms[] = {JWT_ALG_HS384, JWT_ALG_HS512};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(algorithms); i++) {
		jwt_t *jwt = NULL;
		char *token;

		assert_int_equal(jwt_new(&jwt), 0);
		jwt_add_grant(jwt, "sub", "u");
		jwt_set_alg(jwt, algorithms[i], (const unsigned char *)SECRET, (int)strlen(SECRET));
		token = jwt_encode_str(jwt);
		assert_int_equal(ask(&by_secret, token, &e), -1);
		check_err("hmac", &e, ERR_UNAUTHORIZED, "its algorithm is not the configured one");
		free(token);
		jwt_free(jwt);
	}
}

static void a_request_without_a_token_is_nobodys(void **state)
{
	static const char *const values[] = {"", "Basic dTpw", "Token x", "bearerx", "Bearer\tx", "Bearer,x"};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(values); i++) {
		check_int(values[i], ask_with(&by_secret, "HTTP_AUTHORIZATION", values[i], &e), 0);
		check(values[i], subject == NULL);
	}
}

static void a_bearer_with_nothing_behind_it_is_refused(void **state)
{
	static const char *const values[] = {"Bearer", "Bearer ", "bearer   ", "BEARER"};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(values); i++) {
		check_int(values[i], ask_with(&by_secret, "HTTP_AUTHORIZATION", values[i], &e), -1);
		check_err(values[i], &e, ERR_UNAUTHORIZED, "The bearer token is not valid");
	}
}

static void settings_may_ask_for_an_issuer_an_audience_and_an_end(void **state)
{
	static const struct auth_settings settings = {.secret = SECRET, .issuer = "https://login",
						      .audience = "shop", .needs_exp = true};
	static const struct {
		const char *payload, *problem; /* NULL: it is valid */
	} table[] = {
		{"{'sub':'u','exp':4102444800,'iss':'https://login','aud':'shop'}", NULL},
		{"{'sub':'u','exp':4102444800.5,'iss':'https://login','aud':['x','shop']}", NULL},
		{"{'sub':'u','exp':1732612800.5,'iss':'https://login','aud':['shop','x']}", NULL},
		{"{'sub':'u','iss':'https://login','aud':'shop'}", "it never expires"},
		{"{'sub':'u','exp':null,'iss':'https://login','aud':'shop'}", "no time"},
		{"{'sub':'u','exp':4102444800,'aud':'shop'}", "its issuer"},
		{"{'sub':'u','exp':4102444800,'iss':'https://login/','aud':'shop'}", "its issuer"},
		{"{'sub':'u','exp':4102444800,'iss':['https://login'],'aud':'shop'}", "its issuer"},
		{"{'sub':'u','exp':4102444800,'iss':'https://login'}", "its audience"},
		{"{'sub':'u','exp':4102444800,'iss':'https://login','aud':'shops'}", "its audience"},
		{"{'sub':'u','exp':4102444800,'iss':'https://login','aud':[]}", "its audience"},
		{"{'sub':'u','exp':4102444800,'iss':'https://login','aud':['x',['shop']]}", "its audience"},
		{"{'sub':'u','exp':4102444800,'iss':'https://login','aud':{'shop':1}}", "its audience"},
		{"{'sub':'u','exp':4102444800,'iss':'https://login','aud':7}", "its audience"},
		{"{'sub':'u','exp':1732612800,'iss':'https://login','aud':'shop'}", "it has expired"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->payload, ask(&settings, token_of(row->payload), &e), row->problem ? -1 : 0);
		if (row->problem)
			check_err(row->payload, &e, ERR_UNAUTHORIZED, row->problem);
	}
}

static void an_address_counts_where_the_login_has_verified_it(void **state)
{
	static const struct {
		const char *payload, *email;
	} table[] = {
		{"{'sub':'u','email':'Jane@shop.example','email_verified':true}", "Jane@shop.example"},
		{"{'sub':'u','email':'jane@shop.example','email_verified':false}", NULL},
		{"{'sub':'u','email':'jane@shop.example'}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':'true'}", "jane@shop.example"},
		{"{'sub':'u','email':'jane@shop.example','email_verified':'false'}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':'True'}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':'true '}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':''}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':'1'}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':[true]}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':{'true':true}}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':1}", NULL},
		{"{'sub':'u','email':'jane@shop.example','email_verified':null}", NULL},
		{"{'sub':'u','email':['jane@shop.example'],'email_verified':true}", NULL},
		{"{'sub':'u','email_verified':true}", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *value = keep_text(str_printf("Bearer %s", token_of(row->payload)));
		struct request r = REQUEST(variable("HTTP_AUTHORIZATION", value));
		struct auth_identity who;
		struct err e;

		check_int(row->payload, auth_identify(&by_secret, &r, NOW, &who, &e), 0);
		check_text(row->payload, who.subject, "u");
		check_text(row->payload, who.email, row->email);
		auth_identity_free(&who);
	}
}

static void a_token_is_not_looked_at_where_none_is_configured(void **state)
{
	const struct auth_settings none = {.secret = NULL};
	struct err e;

	(void)state;
	assert_int_equal(ask(&none, token_of("{'sub':'u'}"), &e), 0);
	assert_null(subject);
	assert_int_equal(ask(&none, "garbage", &e), 0);
	assert_null(subject);
}

/* So that a secret is not fetched for what is no token: the signature is looked at later. */
static void what_has_not_a_tokens_form_is_refused_before_a_secret_is_needed(void **state)
{
	static const struct {
		const char *token;
		bool fits;
	} table[] = {
		{"a.b.c", true}, {"A-Z.0_9.x", true},
		{"", false}, {"a", false}, {"a.b", false}, {"a.b.c.d", false}, {"a.b.c.", false},
		{"..", false}, {".b.c", false}, {"a..c", false}, {"a.b.", false},
		{"a.b.c=", false}, {"a.b+.c", false}, {"a/.b.c", false}, {"a.b.c d", false},
		{"a.b.\xC3\xA4", false},
	}, *row;
	const struct auth_settings none = {.secret = NULL};

	(void)state;
	for EACH(row, table) {
		struct request r = REQUEST(variable("HTTP_AUTHORIZATION",
						    keep_text(str_printf("Bearer %s", row->token))));
		struct err e = {.code = ERR_NONE};
		bool has;

		check_int(row->token, auth_look_for_token(&by_secret, &r, &has, &e), row->fits ? 0 : -1);
		check(row->token, has);
		if (!row->fits)
			check_err(row->token, &e, ERR_UNAUTHORIZED, "its signature or form is wrong");
		check_int(row->token, auth_look_for_token(&none, &r, &has, &e), 0);
		check(row->token, !has);
	}
}

static void a_token_is_found_in_three_places_in_this_order(void **state)
{
	const struct auth_settings settings = {.secret = SECRET, .header = "X-Shop-Auth"};
	const char *names[] = {"HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION",
			       "HTTP_X_SHOP_AUTH"};
	const char *users[] = {"first", "second", "third"};
	char *list[LENGTH(names)];
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(names); i++) {
		const char *payload = keep_text(str_printf("{'sub':'%s'}", users[i]));

		list[i] = variable(names[i], keep_text(str_printf("bEARER %s", token_of(payload))));
	}
	for (i = 0; i < LENGTH(names); i++) {
		struct request r = {.variables = (char *const[]){list[2], i < 2 ? list[1] : list[2],
								 i < 1 ? list[0] : list[2], NULL}};

		assert_int_equal(find_subject(&settings, &r, &e), 0);
		check_text(names[i], keep_text(subject), users[i]);
	}
}

static void the_extra_header_counts_only_where_it_is_configured(void **state)
{
	const char *value = keep_text(str_printf("Bearer %s", token_of("{'sub':'u'}")));
	struct err e;

	(void)state;
	assert_int_equal(ask_with(&by_secret, "HTTP_X_SHOP_AUTH", value, &e), 0);
	assert_null(subject);
	assert_int_equal(ask_with(&by_secret, "REDIRECT_HTTP_AUTHORIZATION", value, &e), 0);
	assert_string_equal(subject, "u");
	assert_int_equal(ask_with(&by_secret, "AUTHORIZATION", value, &e), 0);
	assert_null(subject);
}

static void another_scheme_in_front_does_not_hide_a_token(void **state)
{
	struct request r = REQUEST("HTTP_AUTHORIZATION=Basic dTpw",
				   variable("REDIRECT_HTTP_AUTHORIZATION",
					    keep_text(str_printf("Bearer %s",
								 token_of("{'sub':'u'}")))));
	struct err e;

	(void)state;
	assert_int_equal(find_subject(&by_secret, &r, &e), 0);
	assert_string_equal(keep_text(subject), "u");
}

static void a_token_has_at_most_8_kilobytes(void **state)
{
	struct err e;
	size_t n, longest = 0, shortest = SIZE_MAX;

	(void)state;
	for (n = 6000; n < 6200; n++) {
		const char *token = token_of(keep_text(str_printf("{'sub':'u','x':'%s'}",
								  repeat("x", n))));

		if (ask(&by_secret, token, &e) == 0)
			longest = strlen(token) > longest ? strlen(token) : longest;
		else
			shortest = strlen(token) < shortest ? strlen(token) : shortest;
		unit_release(NULL);
	}
	assert_in_range(longest, 8190, 8192);
	assert_in_range(shortest, 8193, 8195);
}

/* --- public keys --------------------------------------------------------- */

static const char *folder;

/* Writes the public key to a file (its path) and gives the private one. */
static const char *make_key(EVP_PKEY *key, const char *name, char **private_pem)
{
	const char *path = keep_text(str_printf("%s/%s.pem", folder, name));
	FILE *f = fopen(path, "w");
	BIO *memory = BIO_new(BIO_s_mem());
	char *bytes;
	long n;

	assert_non_null(key);
	assert_int_equal(PEM_write_PUBKEY(f, key), 1);
	fclose(f);
	assert_int_equal(PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL), 1);
	n = BIO_get_mem_data(memory, &bytes);
	*private_pem = keep_text(span_dup((struct span){bytes, (size_t)n}));
	BIO_free(memory);
	EVP_PKEY_free(key);
	return path;
}

static const char *signed_token(jwt_alg_t algorithm, const char *key, const char *sub)
{
	jwt_t *jwt = NULL;
	char *token;

	assert_int_equal(jwt_new(&jwt), 0);
	jwt_add_grant(jwt, "sub", sub);
	assert_int_equal(jwt_set_alg(jwt, algorithm, (const unsigned char *)key, (int)strlen(key)), 0);
	token = jwt_encode_str(jwt);
	assert_non_null(token);
	jwt_free(jwt);
	return keep_text(token);
}

static const char *content_of(const char *path)
{
	char *text = keep_text(calloc(1, 16384));
	FILE *f = fopen(path, "r");

	assert_true(fread(text, 1, 16383, f) > 0);
	fclose(f);
	return text;
}

static void tokens_are_checked_with_a_public_key(void **state)
{
	char *rsa_key, *ec_key;
	const char *rsa, *ec;
	struct auth_settings by_rsa = {.secret = NULL}, by_ec = {.secret = NULL};
	struct err e;

	(void)state;
	folder = unit_folder();
	rsa = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "rsa", &rsa_key);
	ec = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "ec", &ec_key);
	by_rsa.public_key_file = rsa;
	by_ec.public_key_file = ec;
	assert_int_equal(auth_check(&by_rsa, true, &e), 0);
	assert_int_equal(auth_check(&by_ec, true, &e), 0);

	check_int("RS256", ask(&by_rsa, signed_token(JWT_ALG_RS256, rsa_key, "r"), &e), 0);
	check_text("RS256", subject, "r");
	check_int("ES256", ask(&by_ec, signed_token(JWT_ALG_ES256, ec_key, "e"), &e), 0);
	check_text("ES256", subject, "e");

	check_int("RS384", ask(&by_rsa, signed_token(JWT_ALG_RS384, rsa_key, "r"), &e), -1);
	check_int("RS256 with EC", ask(&by_ec, signed_token(JWT_ALG_RS256, rsa_key, "r"), &e), -1);
	check_int("ES256 with RSA", ask(&by_rsa, signed_token(JWT_ALG_ES256, ec_key, "e"), &e), -1);
	check_int("HS256 with the PEM as secret",
		  ask(&by_rsa, hmac_token(content_of(rsa), HS256, "{\"sub\":\"evil\"}"), &e), -1);
	check_err("HS256 with the PEM as secret", &e, ERR_UNAUTHORIZED,
		  "its algorithm is not the configured one");
	check_int("HS256", ask(&by_rsa, token_of("{'sub':'u'}"), &e), -1);
	by_rsa.previous_secret = SECRET;
	check_int("a secret that was left behind", ask(&by_rsa, token_of("{'sub':'u'}"), &e), -1);
	check_err("a secret that was left behind", &e, ERR_UNAUTHORIZED, "its signature or form is wrong");
	check_int("RS256 with a secret", ask(&by_secret, signed_token(JWT_ALG_RS256, rsa_key, "r"),
					     &e), -1);
	unit_remove_folder(folder);
}

static void while_a_secret_is_rolled_both_are_good(void **state)
{
	const struct auth_settings rolled = {.secret = "the new secret", .previous_secret = SECRET};
	struct err e;

	(void)state;
	check_int("the new one", ask(&rolled, hmac_token("the new secret", HS256, "{\"sub\":\"n\"}"), &e), 0);
	check_text("the new one", subject, "n");
	check_int("the previous one", ask(&rolled, token_of("{'sub':'p'}"), &e), 0);
	check_text("the previous one", subject, "p");
	check_int("another one", ask(&rolled, hmac_token("another", HS256, "{\"sub\":\"u\"}"), &e), -1);
	check_int("expired", ask(&rolled, token_of("{'sub':'u','exp':1}"), &e), -1);
	check_err("expired", &e, ERR_UNAUTHORIZED, "it has expired");
}

/* Writes the files one after the other into one. */
static const char *joined(const char *name, const char *const *paths, size_t n)
{
	const char *path = keep_text(str_printf("%s/%s.pem", folder, name));
	FILE *f = fopen(path, "w");
	size_t i;

	for (i = 0; i < n; i++)
		fputs(content_of(paths[i]), f);
	fclose(f);
	return path;
}

static void while_a_key_is_rolled_each_of_the_file_is_good(void **state)
{
	char *rsa_key, *ec_key, *other_key;
	const char *paths[9], *file;
	struct auth_settings settings = {.secret = NULL};
	struct err e;
	FILE *f;
	size_t i;

	(void)state;
	folder = unit_folder();
	paths[0] = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "rsa", &rsa_key);
	paths[1] = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "ec", &ec_key);
	make_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "other", &other_key);
	settings.public_key_file = joined("both", paths, 2);
	assert_int_equal(auth_check(&settings, true, &e), 0);
	check_int("the first", ask(&settings, signed_token(JWT_ALG_RS256, rsa_key, "r"), &e), 0);
	check_int("the second", ask(&settings, signed_token(JWT_ALG_ES256, ec_key, "e"), &e), 0);
	check_text("the second", subject, "e");
	check_int("another", ask(&settings, signed_token(JWT_ALG_ES256, other_key, "o"), &e), -1);
	check_int("HS256 with the file as secret",
		  ask(&settings, hmac_token(content_of(settings.public_key_file), HS256,
					    "{\"sub\":\"evil\"}"), &e), -1);

	for (i = 2; i < LENGTH(paths); i++)
		paths[i] = paths[1];
	settings.public_key_file = joined("eight", paths, 8);
	assert_int_equal(auth_check(&settings, true, &e), 0);
	settings.public_key_file = joined("nine", paths, 9);
	assert_int_equal(auth_check(&settings, true, &e), -1);
	check_err("nine", &e, ERR_CONFIG, "has more than 8 keys");

	/* One that is a private key spoils the whole file. */
	file = keep_text(str_printf("%s/private.pem", folder));
	f = fopen(file, "w");
	fputs(other_key, f);
	fclose(f);
	paths[1] = file;
	settings.public_key_file = joined("spoilt", paths, 2);
	assert_int_equal(auth_check(&settings, true, &e), -1);
	check_err("spoilt", &e, ERR_CONFIG, "is no PEM public key");
	unit_remove_folder(folder);
}

static void a_key_file_that_is_gone_is_a_misconfiguration(void **state)
{
	const struct auth_settings settings = {.public_key_file = "/nonexistent/key.pem"};
	struct err e;

	(void)state;
	assert_int_equal(ask(&settings, token_of("{'sub':'u'}"), &e), -1);
	check_err("gone", &e, ERR_CONFIG, "JWT_PUBLIC_KEY_FILE: can't read /nonexistent/key.pem");
	assert_null(subject);
}

/* A running program reads the file with each token: the key of a login that is being rolled may be half
 * written, or somebody has emptied the file.  No customer is told that their token is at fault. */
static void a_key_file_that_has_lost_its_keys_is_a_misconfiguration(void **state)
{
	char *good_key, *other_key;
	const char *good, *text, *token, *stranger;
	struct auth_settings settings = {.secret = NULL};
	struct err e;
	FILE *f;
	size_t i;

	(void)state;
	folder = unit_folder();
	good = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "good", &good_key);
	make_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "other", &other_key);
	token = signed_token(JWT_ALG_ES256, good_key, "e");
	stranger = signed_token(JWT_ALG_ES256, other_key, "e");
	text = content_of(good);
	settings.public_key_file = keep_text(str_printf("%s/rolled.pem", folder));
	for (i = 0; i < strlen(text) - strlen("-----END PUBLIC KEY-----"); i += 20) {
		f = fopen(settings.public_key_file, "w");
		fwrite(text, 1, i, f);
		fclose(f);
		check_int("cut", ask(&settings, token, &e), -1);
		check_err("cut", &e, ERR_CONFIG, "is no PEM public key");
		assert_null(subject);
	}

	/* The key behind it is not written yet: the first one's tokens are good, others may be. */
	f = fopen(settings.public_key_file, "w");
	fprintf(f, "%s%.40s", text, text);
	fclose(f);
	check_int("the first", ask(&settings, token, &e), 0);
	check_int("perhaps the second's", ask(&settings, stranger, &e), -1);
	check_err("perhaps the second's", &e, ERR_CONFIG, "is no PEM public key");

	settings.public_key_file = good;
	check_int("a stranger's", ask(&settings, stranger, &e), -1);
	check_err("a stranger's", &e, ERR_UNAUTHORIZED, "its signature or form is wrong");
	unit_remove_folder(folder);
}

static void no_file_stays_open(void **state)
{
	const struct auth_settings settings = {.public_key_file = "/dev/null"};
	int before = unit_next_descriptor();
	struct err e;

	(void)state;
	assert_int_equal(auth_check(&settings, false, &e), -1);
	assert_int_equal(ask(&settings, token_of("{'sub':'u'}"), &e), -1);
	assert_int_equal(unit_next_descriptor(), before);
}

static void settings_that_make_no_sense_are_named(void **state)
{
	static const struct {
		struct auth_settings settings;
		bool required;
		const char *text; /* NULL: they do */
	} table[] = {
		{{.secret = NULL}, false, NULL},
		{{.secret = "s"}, false, NULL},
		{{.secret = "s"}, true, NULL},
		{{.secret = NULL}, true, "CHECKOUT_REQUIRE_AUTH is on"},
		{{.secret = "s", .public_key_file = "/k"}, false,
		 "JWT_SECRET and JWT_PUBLIC_KEY_FILE are both set"},
		{{.public_key_file = "/nonexistent"}, false, "JWT_PUBLIC_KEY_FILE: can't read"},
		{{.public_key_file = "/dev/null"}, false, "JWT_PUBLIC_KEY_FILE: can't read /dev/null: not a file"},
		{{.public_key_file = "/dev/zero"}, false, "JWT_PUBLIC_KEY_FILE: can't read /dev/zero: not a file"},
		{{.public_key_file = "/etc/passwd"}, false, "JWT_PUBLIC_KEY_FILE: /etc/passwd is no PEM"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *name = row->text ? row->text : "fine";

		check_int(name, auth_check(&row->settings, row->required, &e), row->text ? -1 : 0);
		if (row->text)
			check_err(name, &e, ERR_CONFIG, row->text);
	}
}

static void only_a_public_key_of_a_fitting_kind_is_taken(void **state)
{
	struct auth_settings settings = {.secret = NULL};
	char *private_key;
	struct err e;
	FILE *f;

	(void)state;
	folder = unit_folder();
	settings.public_key_file = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "ed",
					    &private_key);
	assert_int_equal(auth_check(&settings, false, &e), -1);
	check_err("ed25519", &e, ERR_CONFIG, "is no PEM public key");
	settings.public_key_file = make_key(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), "p384", &private_key);
	assert_int_equal(auth_check(&settings, false, &e), -1);
	check_err("ES384", &e, ERR_CONFIG, "is no PEM public key");
	f = fopen(settings.public_key_file, "w");
	fputs(private_key, f);
	fclose(f);
	assert_int_equal(auth_check(&settings, false, &e), -1);
	f = fopen(settings.public_key_file, "w");
	fputs(repeat("#", 65537), f);
	fclose(f);
	assert_int_equal(auth_check(&settings, false, &e), -1);
	check_err("large", &e, ERR_CONFIG, "is larger than 65536 bytes");
	unit_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_valid_token_says_who_asks),
		holds(a_token_that_is_not_valid_now_is_refused),
		holds(a_token_that_was_not_signed_with_the_secret_is_refused),
		holds(the_payload_of_another_token_does_not_fit_its_signature),
		holds(another_hmac_is_not_the_configured_one),
		holds(a_request_without_a_token_is_nobodys),
		holds(a_bearer_with_nothing_behind_it_is_refused),
		holds(settings_may_ask_for_an_issuer_an_audience_and_an_end),
		holds(an_address_counts_where_the_login_has_verified_it),
		holds(a_token_is_not_looked_at_where_none_is_configured),
		holds(what_has_not_a_tokens_form_is_refused_before_a_secret_is_needed),
		holds(a_token_is_found_in_three_places_in_this_order),
		holds(the_extra_header_counts_only_where_it_is_configured),
		holds(another_scheme_in_front_does_not_hide_a_token),
		holds(a_token_has_at_most_8_kilobytes),
		holds(tokens_are_checked_with_a_public_key),
		holds(while_a_secret_is_rolled_both_are_good),
		holds(while_a_key_is_rolled_each_of_the_file_is_good),
		holds(a_key_file_that_is_gone_is_a_misconfiguration),
		holds(a_key_file_that_has_lost_its_keys_is_a_misconfiguration),
		holds(no_file_stays_open),
		holds(settings_that_make_no_sense_are_named),
		holds(only_a_public_key_of_a_fitting_kind_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
