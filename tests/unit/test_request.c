/* SPDX-License-Identifier: ISC */
/*
 * Requests as servers give them: which path is meant, what type the body has,
 * and above all a body's length, which is never believed.
 */
#include "web_fixture.h"

#include <stdio.h>

#include "base/clock.h"

static void a_variable_is_found_by_its_whole_name(void **state)
{
	struct request r = REQUEST("A_LONG=1", "A=2", "EMPTY=", "B==3", "NOTHING");
	const struct request none = {.variables = NULL};

	(void)state;
	assert_string_equal(request_variable(&r, "A"), "2");
	assert_string_equal(request_variable(&r, "A_LONG"), "1");
	assert_string_equal(request_variable(&r, "B"), "=3");
	assert_null(request_variable(&r, "EMPTY"));
	assert_null(request_variable(&r, "A_"));
	assert_null(request_variable(&r, "NOTHING"));
	assert_null(request_variable(&r, "a"));
	assert_null(request_variable(&none, "A"));
}

static void a_header_is_found_by_its_usual_name(void **state)
{
	struct request r = REQUEST("HTTP_STRIPE_SIGNATURE=t=1", "HTTP_X9=y", "STRIPE_SIGNATURE=no");
	char room[32];

	(void)state;
	assert_string_equal(request_header(&r, "Stripe-Signature", room, sizeof room), "t=1");
	assert_string_equal(request_header(&r, "stripe-signature", room, sizeof room), "t=1");
	assert_string_equal(request_header(&r, "X9", room, sizeof room), "y");
	assert_null(request_header(&r, "X8", room, sizeof room));
	assert_string_equal(request_header(&r, "X9", room, 8), "y");
	assert_null(request_header(&r, "X9", room, 7));
}

static void a_path_is_told_whatever_the_server_makes_of_it(void **state)
{
	static const struct {
		const char *script, *info;
		bool fits; /* /cart/quote of cart-quote */
	} table[] = {
		{"", "/cart/quote", true}, {"/cgi-bin/cart-quote.fcgi", "/cart/quote", true},
		{"/cgi-bin/cart-quote.fcgi", "", true}, {"/cgi-bin/cart-quote.cgi", "", true},
		{"/cgi-bin/cart-quote", "", true}, {"/cart-quote", "", true},
		{"/cart/quote", "", true}, {"/api/v1/cart/quote", "", true}, {"", "", true},
		{"/api", "/cart/quote", true}, {"/api", "/v1/cart/quote", true},
		{"", "/api/cart/quote", true}, {"/index.php", "/x/cart/quote", true},
		{"/cgi-bin/cart-quote.fcgi", "/other", false},
		{"/cgi-bin/cart-quote.fcgi", "/v1/cart/quote", false},
		{"/cgi-bin/cart-quote.fcgi", "/cart/quote/", false},
		{"/cgi-bin/cart-quote.fcgi", "/", false},
		{"/cgi-bin/cart-quote.php", "", false}, {"/cgi-bin/xcart-quote.fcgi", "", false},
		{"/cgi-bin/cart-quotes", "", false}, {"cart-quote", "", false},
		{"/cgi-bin/other.fcgi", "", false}, {"/cart/quotes", "", false},
		{"/cart", "", false}, {"/", "", false}, {"", "/cart", false}, {"", "/cart/quote/x", false},
		{"", "/", false}, {"/xcart/quote", "", false}, {"/cart-quote.fcgi.fcgi", "", false},
		{"/cart/quote", "/x", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct request r = REQUEST(variable("SCRIPT_NAME", row->script),
					   variable("PATH_INFO", row->info));
		const char *name = keep_text(str_printf("%s + %s", row->script, row->info));

		check(name, request_is_for(&r, "/cart/quote", "cart-quote") == row->fits);
	}
}

static void a_part_below_a_path_is_found_whatever_the_server_makes_of_it(void **state)
{
	static const struct {
		const char *script, *info, *rest; /* of /orders/{rest}, NULL: it is not that */
	} table[] = {
		{"/orders/cs_1", "", "cs_1"}, {"/orders", "/cs_1", "cs_1"}, {"", "/orders/cs_1", "cs_1"},
		{"/api/orders/cs_1", "", "cs_1"}, {"/api", "/orders/cs_1", "cs_1"},
		{"/api/v1/orders", "/cs_1", "cs_1"}, {"/cgi-bin/orders.fcgi", "/cs_1", "cs_1"},
		{"/cgi-bin/orders.fcgi", "/orders/cs_1", "cs_1"}, {"/orders/a#b", "", "a#b"},
		{"/orders/..", "", ".."}, {"/orders", "/orders", "orders"},
		{"/orders/orders", "", "orders"},
		{"/orders", "", NULL}, {"/orders/", "", NULL}, {"/orders", "/", NULL}, {"", "", NULL},
		{"/orders/a/b", "", NULL}, {"/orders", "/a/b", NULL}, {"/orders", "/orders/a/b", NULL},
		{"/cgi-bin/orders.fcgi", "", NULL}, {"/cgi-bin/orders.fcgi", "/a/b", NULL},
		{"/xorders/cs_1", "", NULL}, {"/checkout/session-status", "", NULL},
		{"/cgi-bin/orders.fcgi", "/checkout/session-status", NULL},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct request r = REQUEST(variable("SCRIPT_NAME", row->script),
					   variable("PATH_INFO", row->info));
		const char *name = keep_text(str_printf("%s + %s", row->script, row->info));
		struct span rest = {"", 0};
		bool below = request_is_below(&r, "/orders", "orders", &rest);

		check(name, below == (row->rest != NULL));
		if (below) {
			check_text(name, keep_text(span_dup(rest)), row->rest);
			check(name, (strcmp(row->script, "/cgi-bin/orders.fcgi") == 0 &&
				     strcmp(row->info, "/orders") == 0) ||
					    !request_is_for(&r, "/orders", "orders"));
		}
	}
}

static void a_server_that_names_no_path_means_the_program(void **state)
{
	struct request r = REQUEST("REQUEST_METHOD=POST");

	(void)state;
	assert_true(request_is_for(&r, "/cart/quote", "cart-quote"));
}

static void the_type_of_a_body_is_json(void **state)
{
	static const struct {
		const char *type;
		bool fits;
	} table[] = {
		{"application/json", true}, {"APPLICATION/JSON", true},
		{"application/json; charset=utf-8", true}, {"application/json;charset=utf-8", true},
		{" application/json ", true}, {"application/json ;x", true}, {"application/json;", true},
		{"application/jsonp", false}, {"application/jso", false}, {"text/json", false},
		{"text/plain", false}, {"application/x-www-form-urlencoded", false},
		{"multipart/form-data; boundary=application/json", false}, {"json", false},
		{"application/json, text/plain", false}, {";application/json", false}, {";", false},
		{"application /json", false}, {"application/ld+json", false},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct request r = REQUEST(variable("CONTENT_TYPE", row->type));

		check_int(row->type, request_check_type(&r, false, &e), row->fits ? 0 : -1);
		check_int(row->type, request_check_type(&r, true, &e), row->fits ? 0 : -1);
		if (!row->fits)
			check_int(row->type, e.code, ERR_MEDIA_TYPE);
	}
}

static void a_type_may_lack_only_where_that_is_said(void **state)
{
	struct request none = REQUEST("X=1"), empty = REQUEST("CONTENT_TYPE=");
	struct err e;

	(void)state;
	assert_int_equal(request_check_type(&none, true, &e), 0);
	assert_int_equal(request_check_type(&empty, true, &e), 0);
	assert_int_equal(request_check_type(&none, false, &e), -1);
	assert_int_equal(request_check_type(&empty, false, &e), -1);
	assert_int_equal(e.code, ERR_MEDIA_TYPE);
}

/* Reads with this CONTENT_LENGTH; the body is in `r`, to buf_free(). */
static int read_body(struct request *r, const char *length, struct fake_body *body, size_t max,
		     struct err *e)
{
	const struct body_source source = fake_source(body);
	char *variables[] = {length ? variable("CONTENT_LENGTH", length) : variable("X", "1"), NULL};

	*r = (struct request){.variables = variables};
	buf_init(&r->body, max);
	return request_read_body(r, &source, (struct body_limits){max, deadline_in(60000)}, e);
}

static void a_body_of_the_length_it_says_is_read(void **state)
{
	static const char *const lengths[] = {"4", "0004", "0000000000000000000000000000000004"};
	struct request r;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(lengths); i++) {
		struct fake_body body = {.bytes = "a\0b\n", .n = 4};

		check_int(lengths[i], read_body(&r, lengths[i], &body, 10, &e), 0);
		assert_int_equal(r.body.len, 4);
		assert_memory_equal(r.body.data, "a\0b\n", 4);
		buf_free(&r.body);
	}
}

static void a_length_that_is_wrong_is_refused_before_anything_is_read(void **state)
{
	static const struct {
		const char *length;
		enum err_code code;
	} table[] = {
		{NULL, ERR_LENGTH}, {"", ERR_LENGTH},
		{"12abc", ERR_LENGTH}, {"-1", ERR_LENGTH}, {"+5", ERR_LENGTH},
		{" 5", ERR_LENGTH}, {"5 ", ERR_LENGTH}, {"5,5", ERR_LENGTH},
		{"0x5", ERR_LENGTH}, {"5.0", ERR_LENGTH}, {"abc", ERR_LENGTH},
		{"1e3", ERR_LENGTH}, {"-", ERR_LENGTH}, {"/", ERR_LENGTH},
		{":", ERR_LENGTH},
		{"11", ERR_TOO_LARGE}, {"4294967301", ERR_TOO_LARGE},
		{"9223372036854775807", ERR_TOO_LARGE}, {"9223372036854775808", ERR_TOO_LARGE},
		{"18446744073709551621", ERR_TOO_LARGE}, {"99999999999999999999999999", ERR_TOO_LARGE},
	}, *row;
	struct request r;
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct fake_body body = {.bytes = "12345", .n = 5};
		const char *name = row->length ? row->length : "none";

		check_int(name, read_body(&r, row->length, &body, 10, &e), -1);
		check_int(name, e.code, row->code);
		check_int(name, body.reads, 0);
		check(name, r.body.data == NULL);
	}
}

static void a_body_at_the_cap_is_read_and_one_byte_more_is_not(void **state)
{
	struct fake_body just = {.bytes = "1234567890", .n = 10}, above = just;
	struct request r;
	struct err e;

	(void)state;
	assert_int_equal(read_body(&r, "10", &just, 10, &e), 0);
	assert_int_equal(r.body.len, 10);
	buf_free(&r.body);
	assert_int_equal(read_body(&r, "10", &above, 9, &e), -1);
	check_err("above", &e, ERR_TOO_LARGE, "The body is larger than 9 bytes");
	assert_int_equal(above.reads, 0);
}

static void a_body_that_is_shorter_or_longer_than_it_says_is_refused(void **state)
{
	struct fake_body body = {.bytes = "12345", .n = 5};
	struct request r;
	struct err e;

	(void)state;
	assert_int_equal(read_body(&r, "6", &body, 10, &e), -1);
	check_err("short", &e, ERR_BAD_REQUEST, "shorter than Content-Length says");
	buf_free(&r.body);
	body = (struct fake_body){.bytes = "12345", .n = 5, .fail = true};
	assert_int_equal(read_body(&r, "6", &body, 10, &e), -1);
	assert_int_equal(e.code, ERR_BAD_REQUEST);
	buf_free(&r.body);
	body = (struct fake_body){.bytes = "12345", .n = 5};
	assert_int_equal(read_body(&r, "4", &body, 10, &e), -1);
	check_err("long", &e, ERR_BAD_REQUEST, "longer than Content-Length says");
	buf_free(&r.body);
	body = (struct fake_body){.bytes = "12345", .n = 5};
	assert_int_equal(read_body(&r, "0", &body, 10, &e), -1);
	assert_int_equal(e.code, ERR_BAD_REQUEST);
	assert_int_equal(body.reads, 0);
}

/* The time of these bodies is over before their first byte comes. */
static void a_body_that_is_not_whole_in_time_is_a_timeout(void **state)
{
	static const struct {
		const char *bytes;
		size_t at_most;
		int rc; /* with CONTENT_LENGTH 5 */
	} table[] = {
		{"", 0, -1}, {"1234", 0, -1}, {"12345", 1, -1}, {"12345", 4, -1}, {"12345", 0, 0},
	}, *row;
	char *variables[] = {variable("CONTENT_LENGTH", "5"), NULL};

	(void)state;
	for EACH(row, table) {
		struct fake_body body = {.bytes = row->bytes, .n = strlen(row->bytes),
					 .at_most = row->at_most};
		const struct body_source source = fake_source(&body);
		const struct body_limits limits = {10, clock_monotonic_ms() - 1};
		struct request r = {.variables = variables};
		struct err e;

		buf_init(&r.body, 10);
		check_int(row->bytes, request_read_body(&r, &source, limits, &e), row->rc);
		if (row->rc)
			check_err(row->bytes, &e, ERR_TIMEOUT, "The body did not arrive in time");
		assert_true(body.until == limits.until);
		buf_free(&r.body);
	}
}

static void an_empty_body_is_read_without_reading(void **state)
{
	struct fake_body body = {.bytes = "", .n = 0, .fail = true};
	struct request r;
	struct err e;

	(void)state;
	assert_int_equal(read_body(&r, "0", &body, 10, &e), 0);
	assert_int_equal(r.body.len, 0);
	assert_int_equal(body.reads, 0);
	buf_free(&r.body);
}

static void a_body_may_come_in_pieces_of_any_size(void **state)
{
	static const size_t sizes[] = {1, 16383, 16384, 16385, 32768, 65536};
	const char *bytes = repeat("0123456789abcdef", 4096);
	struct request r;
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(sizes); i++) {
		for (j = 0; j < LENGTH(sizes); j++) {
			struct fake_body body = {.bytes = bytes, .n = sizes[i], .at_most = sizes[j]};
			const char *length = keep_text(str_printf("%zu", sizes[i]));

			if (sizes[j] == 1 && sizes[i] > 16384)
				continue;
			check_int(length, read_body(&r, length, &body, 65536, &e), 0);
			assert_int_equal(r.body.len, sizes[i]);
			assert_memory_equal(r.body.data, bytes, sizes[i]);
			buf_free(&r.body);
		}
	}
}

static void a_body_above_its_buffer_is_a_fault_of_the_program(void **state)
{
	struct fake_body body = {.bytes = "12345", .n = 5};
	const struct body_source source = fake_source(&body);
	struct request r = REQUEST("CONTENT_LENGTH=5");
	struct err e;

	(void)state;
	buf_init(&r.body, 4);
	assert_int_equal(request_read_body(&r, &source, (struct body_limits){10, deadline_in(60000)},
					   &e), -1);
	assert_int_equal(e.code, ERR_INTERNAL);
	buf_free(&r.body);
}

static void a_body_is_json_or_refused(void **state)
{
	static const struct {
		const char *text;
		int rc;
	} table[] = {
		{"{\"a\":1}", 0}, {" [] ", 0}, {"", -1}, {"{", -1}, {"null", -1}, {"{} x", -1},
		{"\xEF\xBB\xBF{}", -1},
	}, *row;
	struct request r = {.variables = NULL};
	struct err e;

	(void)state;
	for EACH(row, table) {
		struct json_object *json = json_of("1");

		buf_init(&r.body, 100);
		buf_puts(&r.body, row->text);
		check_int(row->text, request_json(&r, &json, &e), row->rc);
		check(row->text, (json == NULL) == (row->rc != 0));
		if (row->rc)
			check_err(row->text, &e, ERR_BAD_REQUEST, "The body is not JSON");
		keep(json);
		buf_free(&r.body);
	}
	buf_init(&r.body, 10);
	buf_add(&r.body, "{}\0", 3);
	{
		struct json_object *json;

		assert_int_equal(request_json(&r, &json, &e), -1);
	}
	buf_free(&r.body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_variable_is_found_by_its_whole_name),
		holds(a_header_is_found_by_its_usual_name),
		holds(a_path_is_told_whatever_the_server_makes_of_it),
		holds(a_part_below_a_path_is_found_whatever_the_server_makes_of_it),
		holds(a_server_that_names_no_path_means_the_program),
		holds(the_type_of_a_body_is_json),
		holds(a_type_may_lack_only_where_that_is_said),
		holds(a_body_of_the_length_it_says_is_read),
		holds(a_length_that_is_wrong_is_refused_before_anything_is_read),
		holds(a_body_at_the_cap_is_read_and_one_byte_more_is_not),
		holds(a_body_that_is_shorter_or_longer_than_it_says_is_refused),
		holds(a_body_that_is_not_whole_in_time_is_a_timeout),
		holds(an_empty_body_is_read_without_reading),
		holds(a_body_may_come_in_pieces_of_any_size),
		holds(a_body_above_its_buffer_is_a_fault_of_the_program),
		holds(a_body_is_json_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
