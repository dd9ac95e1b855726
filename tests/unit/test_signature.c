/* SPDX-License-Identifier: ISC */
/*
 * Stripe's signatures: the known answer first, then all that must not pass for
 * one.  https://docs.stripe.com/webhooks?verify=verify-manually
 */
#include "unit.h"

#include <stdio.h>

#include "base/digest.h"
#include "stripe/signature.h"

#define SECRET "whsec_test_secret"
#define NOW 1700000000
#define TOLERANCE 300

static const char body[] = "{\n  \"id\": \"evt_test_webhook\",\n  \"object\": \"event\"\n}";
static const char known[] = "4f1cd7feda9826e746b7d482c4badebb657398df1099e1046364f6196a230150";

/* The hex of a v1 over "t.body". */
static const char *v1_of(const char *secret, const char *t, struct span signed_body)
{
	const struct span message[] = {span_of(t), {".", 1}, signed_body};
	char out[DIGEST_HEX];

	digest_hmac_hex(span_of(secret), message, 3, out);
	return keep_text(str_dup(out));
}

static const char *header_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *header_of(const char *format, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, format);
	assert_true(vsnprintf(text, sizeof text, format, ap) < (int)sizeof text);
	va_end(ap);
	return keep_text(str_dup(text));
}

static struct stripe_signature_check check_of(const char *header)
{
	return (struct stripe_signature_check){
		.secrets = SECRET, .header = header, .body = span_of(body), .now = NOW,
		.tolerance = TOLERANCE,
	};
}

static int verify(struct stripe_signature_check check)
{
	struct err e = {.code = ERR_NONE};
	int rc = stripe_signature_verify(&check, &e);

	assert_int_equal(e.code, rc ? ERR_SIGNATURE : ERR_NONE);
	return rc;
}

static int verify_header(const char *header)
{
	return verify(check_of(header));
}

static int verify_at(int64_t now, int64_t tolerance)
{
	struct stripe_signature_check check = check_of(header_of("t=%d,v1=%s", NOW, known));

	check.now = now;
	check.tolerance = tolerance;
	return verify(check);
}

static void the_known_answer_passes(void **state)
{
	(void)state;
	assert_string_equal(v1_of(SECRET, "1700000000", span_of(body)), known);
	assert_int_equal(verify_header(header_of("t=1700000000,v1=%s", known)), 0);
}

static void the_tolerance_holds_to_the_second_both_ways(void **state)
{
	(void)state;
	assert_int_equal(verify_at(NOW, 0), 0);
	assert_int_equal(verify_at(NOW + 300, 300), 0);
	assert_int_equal(verify_at(NOW + 301, 300), -1);
	assert_int_equal(verify_at(NOW - 300, 300), 0);
	assert_int_equal(verify_at(NOW - 301, 300), -1);
	assert_int_equal(verify_at(NOW + 1, 0), -1);
	assert_int_equal(verify_at(NOW - 1, 0), -1);
}

static void the_error_says_what_failed(void **state)
{
	static const struct {
		const char *header, *text;
		int64_t now;
	} table[] = {
		{NULL, "there is no Stripe-Signature header", NOW},
		{"", "there is no Stripe-Signature header", NOW},
		{"v1=x", "no t of digits", NOW},
		{"t=1,t=2,v1=x", "more than one t", NOW},
		{"t=1700000000", "has no v1", NOW},
		{"t=1700000000,v1=x", "no v1 matches", NOW},
		{"t=1700000000,v1=4f1cd7feda9826e746b7d482c4badebb657398df1099e1046364f6196a230150",
		 "is 301 seconds old", NOW + 301},
		{"t=1700000000,v1=4f1cd7feda9826e746b7d482c4badebb657398df1099e1046364f6196a230150",
		 "clock may be wrong by 302 seconds", NOW - 302},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct stripe_signature_check check = check_of(row->header);
		struct err e;

		check.now = row->now;
		check_int(row->text, stripe_signature_verify(&check, &e), -1);
		check_err(row->text, &e, ERR_SIGNATURE, row->text);
	}
}

static void a_t_that_is_no_plain_number_never_passes(void **state)
{
	static const struct {
		const char *t, *text;
	} table[] = {
		{"", "no t of digits"}, {"-1700000000", "no t of digits"},
		{"+1700000000", "no t of digits"}, {"1700000000x", "no t of digits"},
		{"x1700000000", "no t of digits"}, {"1 700000000", "no t of digits"},
		{"1700000000.0", "no t of digits"}, {"0x65538700", "no t of digits"},
		{"1700000000:", "no t of digits"}, {"1700000000/", "no t of digits"},
		{"17000000e2", "no t of digits"}, {"-1", "no t of digits"},
		{"9223372036854775808", "an impossible t"}, {"99999999999999999999", "an impossible t"},
		{"18446744075409551616", "an impossible t"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct stripe_signature_check check;
		struct err e = {.code = ERR_NONE};

		check = check_of(header_of("t=%s,v1=%s", row->t,
					   v1_of(SECRET, row->t, span_of(body))));
		check_int(row->t, stripe_signature_verify(&check, &e), -1);
		check_err(row->t, &e, ERR_SIGNATURE, row->text);
	}
}

static void the_text_of_t_is_what_is_signed(void **state)
{
	const char *t = "01700000000";

	(void)state;
	assert_int_equal(verify_header(header_of("t=%s,v1=%s", t, v1_of(SECRET, t, span_of(body)))),
			 0);
	assert_int_equal(verify_header(header_of("t=%s,v1=%s", t, known)), -1);
	assert_int_equal(verify_header(header_of("t=1700000001,v1=%s", known)), -1);
}

static void extreme_times_neither_pass_nor_overflow(void **state)
{
	struct stripe_signature_check check;

	(void)state;
	check = check_of(header_of("t=9223372036854775807,v1=%s",
				   v1_of(SECRET, "9223372036854775807", span_of(body))));
	assert_int_equal(verify(check), -1);
	check.now = -5;
	assert_int_equal(verify(check), -1);
	check = check_of(header_of("t=0,v1=%s", v1_of(SECRET, "0", span_of(body))));
	assert_int_equal(verify(check), -1);
	check.now = 0;
	assert_int_equal(verify(check), 0);
	check.now = -300;
	assert_int_equal(verify(check), 0);
	check = check_of(header_of("t=-1,v1=%s", v1_of(SECRET, "-1", span_of(body))));
	check.now = -1;
	assert_int_equal(verify(check), -1);
}

static void only_well_formed_headers_pass(void **state)
{
	static const struct {
		const char *header; /* V is the right v1, W a wrong one */
		int rc;
	} table[] = {
		{"t=1700000000,v1=V", 0}, {"v1=V,t=1700000000", 0}, {"t=1700000000 , v1=V", 0},
		{" t=1700000000,\tv1=V ", 0}, {"t=1700000000,v1=V,v0=W", 0}, {"t=1700000000,v0=W,v1=V", 0},
		{"t=1700000000,v1=W,v1=V", 0}, {"t=1700000000,v1=V,v1=W", 0},
		{"t=1700000000,,v1=V,", 0}, {",t=1700000000,v1=V", 0},
		{"t=1700000000,v1=V,foo=bar,baz,=,x=", 0}, {"scheme,t=1700000000,v1=V", 0},
		{"t=1700000000,T=1,v1=V", 0}, {"t=1700000000,v2=W,v1=V", 0},
		{"t=1700000000,v1=", -1}, {"t=1700000000,v1", -1}, {"t=1700000000,v0=V", -1},
		{"t=1700000000,v2=V", -1}, {"t=1700000000,v11=V", -1}, {"t=1700000000,V1=V", -1},
		{"t=1700000000,v=V", -1}, {"t=1700000000,v1=W", -1}, {"t=1700000000,v1=VV", -1},
		{"t=1700000000,v1= V", -1}, {"t=1700000000,v1 =V", -1}, {"t=1700000000,v1==V", -1},
		{"t=1700000000;v1=V", -1}, {"t=1700000000 v1=V", -1}, {"t=1700000000,v1=\"V\"", -1},
		{"t=1700000000,V", -1}, {"v1=V", -1}, {"t,v1=V", -1}, {"t=,v1=V", -1}, {"V", -1},
		{"T=1700000000,v1=V", -1}, {"tt=1700000000,v1=V", -1}, {"t =1700000000,v1=V", -1},
		{"t= 1700000000,v1=V", -1}, {"t=1700000000,t=1700000000,v1=V", -1},
		{"t=1700000000,v1=V,t=1", -1}, {"t=,t=1700000000,v1=V", -1},
		{"t=1700000000,t=,v1=V", -1}, {" ", -1}, {",", -1}, {"=", -1},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct buf header;
		const char *p;

		buf_init(&header, 1000);
		for (p = row->header; *p; p++) {
			if (*p == 'V' && p[1] != '1')
				buf_puts(&header, known);
			else if (*p == 'W')
				buf_puts(&header, repeat("0", 64));
			else
				buf_putc(&header, *p);
		}
		check_int(row->header, verify_header(keep_text(buf_detach(&header))), row->rc);
	}
}

static void hex_has_to_be_whole_and_lower_case(void **state)
{
	char text[70];

	(void)state;
	strcpy(text, known);
	str_upper(text);
	assert_int_equal(verify_header(header_of("t=%d,v1=%s", NOW, text)), -1);
	strcpy(text, known);
	text[63] = '\0';
	assert_int_equal(verify_header(header_of("t=%d,v1=%s", NOW, text)), -1);
	assert_int_equal(verify_header(header_of("t=%d,v1=%s0", NOW, known)), -1);
	assert_int_equal(verify_header(header_of("t=%d,v1=%s", NOW, known + 1)), -1);
	strcpy(text, known);
	text[0] = text[0] == '4' ? '5' : '4';
	assert_int_equal(verify_header(header_of("t=%d,v1=%s", NOW, text)), -1);
	strcpy(text, known);
	text[63] = text[63] == '0' ? '1' : '0';
	assert_int_equal(verify_header(header_of("t=%d,v1=%s", NOW, text)), -1);
}

static void the_sixteenth_v1_counts_and_the_seventeenth_does_not(void **state)
{
	const char *wrong = header_of(",v1=%s", repeat("0", 64));

	(void)state;
	assert_int_equal(STRIPE_MAX_SIGNATURES, 16);
	assert_int_equal(verify_header(header_of("t=%d%s,v1=%s", NOW, repeat(wrong, 15), known)), 0);
	assert_int_equal(verify_header(header_of("t=%d%s,v1=%s", NOW, repeat(wrong, 16), known)), -1);
	assert_int_equal(verify_header(header_of("t=%d,v1=%s%s", NOW, known, repeat(wrong, 40))), 0);
}

static void many_v0_take_no_place_of_a_v1(void **state)
{
	const char *decoy = header_of(",v0=%s", known);

	(void)state;
	assert_int_equal(verify_header(header_of("t=%d%s,v1=%s", NOW, repeat(decoy, 30), known)), 0);
	assert_int_equal(verify_header(header_of("t=%d%s", NOW, repeat(decoy, 30))), -1);
}

static void any_of_several_secrets_may_have_signed(void **state)
{
	static const struct {
		const char *secrets;
		int rc;
	} table[] = {
		{SECRET, 0}, {" " SECRET " ", 0}, {"whsec_old," SECRET, 0}, {SECRET ",whsec_new", 0},
		{"whsec_old , " SECRET " , whsec_new", 0}, {"\twhsec_old,\t" SECRET, 0},
		{"," SECRET, 0}, {SECRET ",", 0}, {"whsec_old", -1}, {"whsec_old,whsec_new", -1},
		{"test_secret", -1}, {"whsec_", -1}, {"whsec_test_secre", -1}, {SECRET "x", -1},
		{"WHSEC_TEST_SECRET", -1}, {SECRET " whsec_new", -1}, {"", -1},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct stripe_signature_check check = check_of(header_of("t=%d,v1=%s", NOW, known));

		check.secrets = row->secrets;
		check_int(row->secrets, verify(check), row->rc);
	}
}

/* HMAC with an empty key is something that anybody can compute. */
static void blank_secrets_never_match(void **state)
{
	static const char *const table[] = {"", " ", ",", " , ", "\t,\t", "whsec_x,", ",whsec_x",
					    "whsec_x, ,whsec_y", "\r\n"};
	const char *const *secrets;
	const char *with_empty = v1_of("", "1700000000", span_of(body));
	const char *with_space = v1_of(" ", "1700000000", span_of(body));

	(void)state;
	for EACH(secrets, table) {
		struct stripe_signature_check check;

		check = check_of(header_of("t=%d,v1=%s,v1=%s", NOW, with_empty, with_space));
		check.secrets = *secrets;
		check_int(*secrets, verify(check), -1);
	}
}

static void the_body_is_signed_to_its_last_byte(void **state)
{
	static const struct span bodies[] = {
		{"", 0}, {"\0", 1}, {"a\0b", 3}, {"\xFF\xFE", 2}, {"{}\n", 3}, {"{}", 2},
	};
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(bodies); i++) {
		for (j = 0; j < LENGTH(bodies); j++) {
			struct stripe_signature_check check;

			check = check_of(header_of("t=%d,v1=%s", NOW,
						   v1_of(SECRET, "1700000000", bodies[i])));
			check.body = bodies[j];
			assert_int_equal(verify(check), i == j ? 0 : -1);
		}
	}
}

static void a_header_that_can_be_no_signature_is_refused_before_a_secret_is_asked_for(void **state)
{
	const struct {
		const char *header, *wrong; /* NULL: it may be one */
	} table[] = {
		{header_of("t=%d,v1=%s", NOW, known), NULL},
		{header_of("t=%d,v1=%s", NOW, repeat("0", 64)), NULL},
		{header_of("t=%d,v1=abc,v1=%s", NOW, known), NULL}, {header_of("t=%d,v1=%s,v1=", NOW, known), NULL},
		{header_of("t=%d,v1=%s", NOW, repeat("0", 63)), "no v1 of 64 hex digits"},
		{header_of("t=%d,v1=%s", NOW, repeat("0", 65)), "no v1 of 64 hex digits"},
		{header_of("t=%d,v1=%sA", NOW, repeat("0", 63)), "no v1 of 64 hex digits"},
		{header_of("t=%d,v1=%sg", NOW, repeat("0", 63)), "no v1 of 64 hex digits"},
		{header_of("t=%d,v1=", NOW), "no v1 of 64 hex digits"},
		{header_of("t=%d,v1=%s", NOW - TOLERANCE - 1, known), "STRIPE_WEBHOOK_TOLERANCE"},
		{header_of("t=%d,v1=%s", NOW + TOLERANCE + 1, known), "from the future"},
		{header_of("v1=%s", known), ""}, {"", "there is no Stripe-Signature"},
		{NULL, "there is no Stripe-Signature"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct stripe_signature_check check = check_of(row->header);
		struct err e;

		check.secrets = NULL;
		check_int(row->header ? row->header : "NULL", stripe_signature_check_header(&check, &e),
			  row->wrong ? -1 : 0);
		if (row->wrong)
			check_err(row->header ? row->header : "NULL", &e, ERR_SIGNATURE, row->wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(the_known_answer_passes),
		holds(the_tolerance_holds_to_the_second_both_ways),
		holds(the_error_says_what_failed),
		holds(a_t_that_is_no_plain_number_never_passes),
		holds(the_text_of_t_is_what_is_signed),
		holds(extreme_times_neither_pass_nor_overflow),
		holds(only_well_formed_headers_pass),
		holds(hex_has_to_be_whole_and_lower_case),
		holds(the_sixteenth_v1_counts_and_the_seventeenth_does_not),
		holds(many_v0_take_no_place_of_a_v1),
		holds(any_of_several_secrets_may_have_signed),
		holds(blank_secrets_never_match),
		holds(the_body_is_signed_to_its_last_byte),
		holds(a_header_that_can_be_no_signature_is_refused_before_a_secret_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
