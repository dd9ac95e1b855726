/* SPDX-License-Identifier: ISC */
/*
 * Reading a checkout request: who it is for, where it may return to, and each
 * field at its limits.
 */
#include "unit.h"

#include "shop/checkout.h"

#define SIGNATURE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct checkout_policy shop = {
	.success_url = "https://shop.example/thanks?x=1",
	.cancel_url = "https://shop.example/cart",
	.session_ttl_minutes = 1440,
};

static struct checkout_request request;

static int read_as(const char *body, const char *subject, const struct checkout_policy *policy,
		   struct err *e)
{
	int rc;

	memset(&request, 0x55, sizeof request);
	*e = (struct err){.code = ERR_NONE};
	rc = checkout_read(json_of("{'quoteSignature':'" SIGNATURE "'%s%s}", *body ? "," : "", body),
			   subject, policy, &request, e);
	keep_text(request.user_id);
	return rc;
}

static int read_body(const char *body, struct err *e)
{
	return read_as(body, NULL, &shop, e);
}

static void the_smallest_request_has_the_presets(void **state)
{
	struct err e;

	(void)state;
	check_int(e.text, read_body("", &e), 0);
	assert_string_equal(request.quote_signature, SIGNATURE);
	assert_string_equal(request.success_url, shop.success_url);
	assert_string_equal(request.cancel_url, shop.cancel_url);
	assert_null(request.user_id);
	assert_null(request.email);
	assert_null(request.metadata);
	assert_null(request.countries);
	assert_false(request.promotion_codes || request.automatic_tax || request.phone);
}

static void every_field_is_read(void **state)
{
	struct err e;

	(void)state;
	check_int("full", read_body("'userId':' u1 ','customerEmail':'Jane@x.y',"
				    "'successUrl':'https://shop.example/ok',"
				    "'cancelUrl':'https://shop.example/no',"
				    "'allowPromotionCodes':true,'automaticTax':true,"
				    "'phoneNumberCollection':{'enabled':true},"
				    "'shippingAddressCollection':{'allowed_countries':['DE','US']},"
				    "'metadata':{'gift':'yes'},'locale':'de'", &e), 0);
	assert_string_equal(request.user_id, "u1");
	assert_string_equal(request.email, "Jane@x.y");
	assert_string_equal(request.success_url, "https://shop.example/ok");
	assert_string_equal(request.cancel_url, "https://shop.example/no");
	assert_true(request.promotion_codes && request.automatic_tax && request.phone);
	check_json("countries", request.countries, "['DE','US']");
	check_json("metadata", request.metadata, "{'gift':'yes'}");
}

static void a_body_without_a_quote_signature_is_refused(void **state)
{
	static const char *const table[] = {"{}", "{'quoteSignature':null}", "{'quoteSignature':''}",
					    "{'quoteSignature':7}", "{'quoteSignature':'a\\u0000'}"};
	const char *const *body;
	struct err e;

	(void)state;
	for EACH(body, table) {
		check_int(*body, checkout_read(json_of("%s", *body), NULL, &shop, &request, &e), -1);
		check_err(*body, &e, ERR_BAD_REQUEST, "quoteSignature is required");
		check(*body, request.user_id == NULL);
	}
	assert_int_equal(checkout_read(json_of("[]"), NULL, &shop, &request, &e), -1);
	check_err("array", &e, ERR_BAD_REQUEST, "the body must be a JSON object");
	assert_int_equal(checkout_read(NULL, NULL, &shop, &request, &e), -1);
}

static void a_signature_is_64_lower_case_hex_digits(void **state)
{
	int c;

	(void)state;
	assert_true(checkout_is_signature(SIGNATURE));
	assert_false(checkout_is_signature(""));
	assert_false(checkout_is_signature(SIGNATURE "0"));
	assert_false(checkout_is_signature(&SIGNATURE[1]));
	assert_false(checkout_is_signature(keep_text(str_printf("%.63sA", SIGNATURE))));
	assert_false(checkout_is_signature(keep_text(str_printf("%.63sg", SIGNATURE))));
	for (c = 1; c < 256; c++)
		assert_true(checkout_is_signature(keep_text(str_printf("%.63s%c", SIGNATURE, c))) ==
			    (strchr("0123456789abcdef", c) != NULL));
	assert_false(checkout_is_signature(keep_text(str_printf("#%.63s", SIGNATURE))));
}

static void who_buys_is_the_token_then_the_user_id_then_the_address(void **state)
{
	static const struct {
		const char *body, *subject, *user, *kind;
	} table[] = {
		{"'userId':'u1'", NULL, "u1", "claimed"},
		{"'user_id':'u2'", NULL, "u2", "claimed"},
		{"'userId':'u1','user_id':'u2'", NULL, "u1", "claimed"},
		{"'userId':' ','user_id':'u2'", NULL, "u2", "claimed"},
		{"'userId':null,'user_id':'u2'", NULL, "u2", "claimed"},
		{"'userId':'  a b\\t'", NULL, "a b", "claimed"},
		{"'userId':'u1','customerEmail':'Jane@X.y'", NULL, "u1", "claimed"},
		{"'customerEmail':'Jane@X.y'", NULL, "jane@x.y", "guest"},
		{"'userId':'','customerEmail':'Jane@X.y'", NULL, "jane@x.y", "guest"},
		{"'customerEmail':''", NULL, NULL, NULL},
		{"", NULL, NULL, NULL},
		{"", "sub", "sub", "user"},
		{"'userId':'sub'", "sub", "sub", "user"},
		{"'userId':' sub '", "sub", "sub", "user"},
		{"'user_id':'sub'", "sub", "sub", "user"},
		{"'customerEmail':'Jane@X.y'", "sub", "sub", "user"},
		{"'userId':''", "sub", "sub", "user"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->body, read_as(row->body, row->subject, &shop, &e), 0);
		check_text(row->body, request.user_id, row->user);
		check_text(row->body, request.user_kind, row->kind);
	}
}

static void a_user_id_that_is_not_the_tokens_subject_is_forbidden(void **state)
{
	static const char *const table[] = {"'userId':'other'", "'user_id':'other'", "'userId':'SUB'",
					    "'userId':'su'", "'userId':'subx'"};
	const char *const *body;
	struct err e;

	(void)state;
	for EACH(body, table) {
		check_int(*body, read_as(*body, "sub", &shop, &e), -1);
		check_err(*body, &e, ERR_FORBIDDEN, "userId is not the token's subject");
	}
}

static void a_subject_that_is_no_user_id_is_unauthorized(void **state)
{
	const char *const subjects[] = {"", " ", "u1 ", "\tu1", "u1\n", repeat("x", 257)};
	static const char *const bodies[] = {"", "'userId':'u1'", "'customerEmail':'jane@x.y'"};
	struct err e;
	size_t i, j;

	(void)state;
	for (i = 0; i < LENGTH(subjects); i++) {
		for (j = 0; j < LENGTH(bodies); j++) {
			check_int(bodies[j], read_as(bodies[j], subjects[i], &shop, &e), -1);
			check_err(bodies[j], &e, ERR_UNAUTHORIZED, "subject is empty or longer");
		}
	}
	assert_int_equal(read_as("", repeat("x", 256), &shop, &e), 0);
	assert_int_equal(read_as("'userId':' u 1 '", "u 1", &shop, &e), 0);
	assert_string_equal(request.user_id, "u 1");
}

static void a_freed_request_can_be_freed_again(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(checkout_read(json_of("{'quoteSignature':'q','userId':'u'}"), NULL, &shop,
				       &request, &e), 0);
	checkout_request_free(&request);
	assert_null(request.user_id);
	checkout_request_free(&request);
}

static void a_policy_can_require_a_token(void **state)
{
	struct checkout_policy strict = shop;
	struct err e;

	(void)state;
	strict.require_auth = true;
	assert_int_equal(read_as("'userId':'u1'", NULL, &strict, &e), -1);
	check_err("none", &e, ERR_UNAUTHORIZED, "a bearer token is required");
	assert_int_equal(read_as("", "u1", &strict, &e), 0);
	assert_string_equal(request.user_id, "u1");
}

static void a_shop_with_a_login_believes_no_bare_user_id(void **state)
{
	struct checkout_policy with_login = shop;
	struct err e;

	(void)state;
	with_login.has_login = true;
	assert_int_equal(read_as("'userId':'u1'", NULL, &with_login, &e), -1);
	check_err("userId", &e, ERR_UNAUTHORIZED, "userId is not believed without a bearer token");
	assert_int_equal(read_as("'user_id':'u1'", NULL, &with_login, &e), -1);
	check_err("user_id", &e, ERR_UNAUTHORIZED, "user_id is not believed without a bearer token");
	assert_int_equal(read_as("'userId':'j@x.y','customerEmail':'j@x.y'", NULL, &with_login, &e), -1);
	assert_int_equal(read_as("'userId':' ','customerEmail':'J@x.y'", NULL, &with_login, &e), 0);
	assert_string_equal(request.user_id, "j@x.y");
	assert_string_equal(request.user_kind, "guest");
	assert_int_equal(read_as("'userId':'u1'", "u1", &with_login, &e), 0);
	assert_string_equal(request.user_kind, "user");
}

static void the_web_servers_login_is_called_a_login(void **state)
{
	struct checkout_policy by_server = shop;
	struct err e;

	(void)state;
	by_server.has_login = by_server.by_server = true;
	assert_int_equal(read_as("'userId':'u1'", NULL, &by_server, &e), -1);
	check_err("bare", &e, ERR_UNAUTHORIZED, "userId is not believed without a login");
	assert_int_equal(read_as("'userId':'u2'", "u1", &by_server, &e), -1);
	check_err("other", &e, ERR_FORBIDDEN, "userId is not the user who is logged in");
	assert_int_equal(read_as("", " ", &by_server, &e), -1);
	check_err("blank", &e, ERR_UNAUTHORIZED, "The login's name of the user is empty");
	by_server.require_auth = true;
	assert_int_equal(read_as("", NULL, &by_server, &e), -1);
	check_err("none", &e, ERR_UNAUTHORIZED, "a login is required");
}

static void an_email_is_kept_as_given_and_empty_is_none(void **state)
{
	static const struct {
		const char *value;
		bool fits;
	} table[] = {
		{"'a@b'", true}, {"'Jane.Doe+x@shop.example'", true}, {"'\xC3\xA4@b.c'", true},
		{"''", true}, {"null", true}, {"'a'", false}, {"'@b'", false}, {"'a@'", false},
		{"'a@b@c'", false}, {"'a@@b'", false}, {"'a!b@c'", true}, {"'a b@c'", false},
		{"'a@b c'", false}, {"' a@b'", false},
		{"'a@b\\n'", false}, {"'a@b\\u007f'", false}, {"'@'", false}, {"7", false},
		{"['a@b']", false}, {"'a@b\\u0000c'", false},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *body = keep_text(str_printf("'customerEmail':%s", row->value));

		check_int(row->value, read_body(body, &e), row->fits ? 0 : -1);
		if (!row->fits)
			check_err(row->value, &e, ERR_BAD_REQUEST,
				  "customerEmail must be an e-mail address");
		else if (row->value[1] == '\'' || row->value[0] == 'n')
			check(row->value, request.email == NULL);
		else
			check_int(row->value, strlen(request.email), strlen(row->value) - 2);
	}
}

static void an_email_has_at_most_254_bytes(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(keep_text(str_printf("'customerEmail':'%s@b'",
							repeat("a", 252))), &e), 0);
	assert_int_equal(read_body(keep_text(str_printf("'customerEmail':'%s@b'",
							repeat("a", 253))), &e), -1);
}

static void a_user_id_has_at_most_256_bytes_and_is_a_string(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(keep_text(str_printf("'userId':'%s'", repeat("a", 256))), &e), 0);
	assert_int_equal(read_body(keep_text(str_printf("'userId':'%s'", repeat("a", 257))), &e), -1);
	check_err("long", &e, ERR_BAD_REQUEST, "userId has more than 256 bytes");
	assert_int_equal(read_body(keep_text(str_printf("'user_id':'%s'", repeat("a", 257))), &e),
			 -1);
	check_err("long", &e, ERR_BAD_REQUEST, "user_id has more than 256 bytes");
	assert_int_equal(read_body("'userId':12345", &e), -1);
	check_err("number", &e, ERR_BAD_REQUEST, "userId must be a string");
	assert_int_equal(read_body("'user_id':{}", &e), -1);
	check_err("object", &e, ERR_BAD_REQUEST, "user_id must be a string");
}

static void return_addresses_are_on_an_origin_of_the_shop(void **state)
{
	static const struct checkout_policy cors = {
		.success_url = "https://shop.example/thanks", .cancel_url = "https://pay.example/no",
		.cors_origins = "https://app.example, *",
	}, listed = {
		.success_url = "https://shop.example/thanks", .cancel_url = "https://pay.example/no",
		.return_origins = "https://only.example:8443", .cors_origins = "https://app.example",
	};
	static const struct {
		const char *url;
		const struct checkout_policy *policy;
		bool fits;
	} table[] = {
		{"https://shop.example", &shop, true}, {"https://shop.example/", &shop, true},
		{"https://SHOP.example:443/any?x#y", &shop, true},
		{"https://shop.example/x?id={CHECKOUT_SESSION_ID}", &shop, true},
		{"http://shop.example/", &shop, false}, {"https://shop.example:8443/", &shop, false},
		{"https://shop.example.evil.com/", &shop, false}, {"https://evil.com/", &shop, false},
		{"https://evilshop.example/", &shop, false}, {"https://app.example/", &shop, false},
		{"https://shop.example@evil.com/", &shop, false},
		{"https://me:pw@shop.example/", &shop, false},
		{"https://evil.com@shop.example/", &shop, false},
		{"https://shop.example\\\\@evil.com/", &shop, false},
		{"https://evil.com#@shop.example/", &shop, false},
		{"https://evil.com/@shop.example/", &shop, false},
		{"//shop.example/", &shop, false}, {"/thanks", &shop, false},
		{"javascript:alert(1)", &shop, false}, {"shop.example", &shop, false},
		{"https://shop.example/a b", &shop, false},
		{"https://shop.example/x?id={SESSION_ID}", &shop, false},
		{"https://shop.example/{x}?id={CHECKOUT_SESSION_ID}", &shop, false},
		{"https://shop.example/x?id=%7BCHECKOUT_SESSION_ID%7D", &shop, false},
		{"https://shop.example/x?a=%7B%7D&b=%7BX%7D", &shop, true},
		{"https://pay.example/", &cors, true}, {"https://app.example/", &cors, true},
		{"https://shop.example/", &cors, true}, {"https://evil.com/", &cors, false},
		{"https://only.example:8443/", &listed, true}, {"https://only.example/", &listed, false},
		{"https://shop.example/", &listed, false}, {"https://app.example/", &listed, false},
	}, *row;
	static const char *const keys[] = {"successUrl", "cancelUrl"};
	struct err e;
	size_t i;

	(void)state;
	for EACH(row, table) {
		for (i = 0; i < LENGTH(keys); i++) {
			const char *body = keep_text(str_printf("'%s':'%s'", keys[i], row->url));

			check_int(row->url, read_as(body, NULL, row->policy, &e), row->fits ? 0 : -1);
			if (row->fits)
				check_text(row->url, i ? request.cancel_url : request.success_url,
					   row->url);
			else
				check_err(row->url, &e, ERR_BAD_REQUEST, keys[i]);
		}
	}
}

static void an_address_that_is_no_text_is_refused_and_an_empty_one_is_none(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body("'successUrl':7", &e), -1);
	check_err("number", &e, ERR_BAD_REQUEST, "successUrl must be an http or https address");
	assert_int_equal(read_body("'cancelUrl':{}", &e), -1);
	check_err("object", &e, ERR_BAD_REQUEST, "cancelUrl must be an http or https address");
	assert_int_equal(read_body("'successUrl':'','cancelUrl':null", &e), 0);
	assert_string_equal(request.success_url, shop.success_url);
	assert_string_equal(request.cancel_url, shop.cancel_url);
}

static void an_address_has_at_most_2000_bytes(void **state)
{
	const char *start = "https://shop.example/";
	const char *fill = repeat("x", 2000 - strlen(start));
	struct err e;

	(void)state;
	assert_int_equal(read_body(keep_text(str_printf("'successUrl':'%s%s'", start, fill)), &e), 0);
	assert_int_equal(read_body(keep_text(str_printf("'successUrl':'%s%sx'", start, fill)), &e),
			 -1);
}

static void without_a_preset_the_success_address_has_to_be_given(void **state)
{
	static const struct checkout_policy bare = {.return_origins = "https://shop.example"};
	struct err e;

	(void)state;
	assert_int_equal(read_as("", NULL, &bare, &e), -1);
	check_err("none", &e, ERR_BAD_REQUEST, "successUrl is required");
	assert_int_equal(read_as("'successUrl':'https://shop.example/'", NULL, &bare, &e), 0);
	assert_null(request.cancel_url);
}

static void what_the_owner_decided_no_request_undoes(void **state)
{
	static const struct {
		const char *value;
		enum checkout_choice owner;
		int want; /* -1: refused */
	} table[] = {
		{"true", CHECKOUT_OPEN, 1}, {"false", CHECKOUT_OPEN, 0}, {"null", CHECKOUT_OPEN, 0},
		{"'true'", CHECKOUT_OPEN, 1}, {"'false'", CHECKOUT_OPEN, 0},
		{"'True'", CHECKOUT_OPEN, 1}, {"1", CHECKOUT_OPEN, 1}, {"0", CHECKOUT_OPEN, 0},
		{"true", CHECKOUT_NO, 0}, {"false", CHECKOUT_YES, 1}, {"null", CHECKOUT_YES, 1},
		{"null", CHECKOUT_NO, 0}, {"0", CHECKOUT_YES, 1},
		{"2", CHECKOUT_OPEN, -1}, {"-1", CHECKOUT_OPEN, -1}, {"1.0", CHECKOUT_OPEN, -1},
		{"'yes'", CHECKOUT_OPEN, -1}, {"''", CHECKOUT_OPEN, -1}, {"[]", CHECKOUT_OPEN, -1},
		{"{}", CHECKOUT_OPEN, -1}, {"'x'", CHECKOUT_YES, -1},
	}, *row;
	static const char *const fields[] = {"allowPromotionCodes", "automaticTax"};
	struct err e;
	size_t i;

	(void)state;
	for EACH(row, table) {
		struct checkout_policy policy = shop;

		policy.promotion_codes = policy.automatic_tax = row->owner;
		for (i = 0; i < LENGTH(fields); i++) {
			const char *body = keep_text(str_printf("'%s':%s", fields[i], row->value));
			int rc = read_as(body, NULL, &policy, &e);

			check_int(body, rc, row->want < 0 ? -1 : 0);
			if (rc)
				check_err(body, &e, ERR_BAD_REQUEST, fields[i]);
			else
				check_int(body, i ? request.automatic_tax : request.promotion_codes,
					  row->want);
		}
	}
}

static void a_field_that_is_not_known_is_named(void **state)
{
	static const struct {
		const char *body, *name; /* NULL: it is taken */
	} table[] = {
		{"'customerId':'cus_1'", "customerId"}, {"'line_items':[]", "line_items"},
		{"'currency':'jpy'", "currency"}, {"'QuoteSignature':'x'", "QuoteSignature"},
		{"'':1", " is not a field"}, {"'discounts':[{}]", "discounts"},
		{"'customerId':null", NULL}, {"'userId':null", NULL},
		{"'phoneNumberCollection':{'enable':true}", "phoneNumberCollection.enable "},
		{"'phoneNumberCollection':{'enable':null}", NULL},
		{"'shippingAddressCollection':{'allowed_countries':['DE'],'x':1}",
		 "shippingAddressCollection.x "},
		{"'mode':'payment'", NULL}, {"'mode':null", NULL}, {"'mode':'setup'", "mode"},
		{"'mode':'subscription'", "mode"}, {"'mode':1", "mode"},
		{"'paymentMethodTypes':['card']", NULL}, {"'paymentMethodTypes':[]", NULL},
		{"'paymentMethodTypes':['card','sepa_debit']", "paymentMethodTypes[1]"},
		{"'paymentMethodTypes':'card'", "paymentMethodTypes"},
		{"'paymentMethodTypes':[1]", "paymentMethodTypes[0]"},
		{"'locale':'de'", NULL}, {"'locale':'en-GB'", NULL}, {"'locale':'auto'", NULL},
		{"'locale':'xx'", "locale"}, {"'locale':'de fr'", "locale"}, {"'locale':''", "locale"},
		{"'locale':1", "locale"}, {"'shippingRate':'shr_1'", "shippingRate"},
		{"'metadata':{'a':null}", NULL},
	}, *row;
	struct checkout_policy policy = shop;
	struct err e;

	(void)state;
	policy.mode = "payment";
	for EACH(row, table) {
		check_int(row->body, read_as(row->body, NULL, &policy, &e), row->name ? -1 : 0);
		if (row->name)
			check_err(row->body, &e, ERR_BAD_REQUEST, row->name);
	}
}

static void a_request_chooses_among_what_the_owner_offers(void **state)
{
	static const struct {
		const char *body, *wrong; /* NULL: it is taken */
	} table[] = {
		{"'shippingRate':'shr_1'", NULL}, {"'shippingRate':'Express'", NULL},
		{"'shippingRate':'shr_2'", "shippingRate"}, {"'shippingRate':'express'", "shippingRate"},
		{"'shippingRate':''", "shippingRate"}, {"'shippingRate':1", "shippingRate"},
		{"'shippingRate':null", NULL},
		{"'shippingAddressCollection':{'allowed_countries':['US','FR']}", NULL},
		{"'shippingAddressCollection':{'allowed_countries':['US']}", "allowed_countries"},
		{"'paymentMethodTypes':['klarna','card']", NULL},
		{"'paymentMethodTypes':['paypal']", "paymentMethodTypes[0]"},
	}, *row;
	struct checkout_policy policy = shop;
	struct err e;

	(void)state;
	policy.options = json_of(
		"{'shipping_options':[{'shipping_rate':'shr_1'},"
		"{'shipping_rate_data':{'display_name':'Express'}}],"
		"'shipping_address_collection':{'allowed_countries':['DE','FR']},"
		"'allowed_payment_method_types':['card','klarna']}");
	for EACH(row, table) {
		check_int(row->body, read_as(row->body, NULL, &policy, &e), row->wrong ? -1 : 0);
		if (row->wrong)
			check_err(row->body, &e, ERR_BAD_REQUEST, row->wrong);
	}
}

static void the_phone_number_is_asked_for_only_when_enabled(void **state)
{
	static const struct {
		const char *value;
		int rc;
		bool phone;
	} table[] = {
		{"{'enabled':true}", 0, true}, {"{'enabled':false}", 0, false}, {"{}", 0, false},
		{"null", 0, false}, {"{'enabled':null}", 0, false}, {"{'enabled':1}", 0, true},
		{"{'enabled':'true'}", 0, true}, {"{'enabled':'ja'}", -1, false}, {"true", -1, false},
		{"[]", -1, false},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *body = keep_text(str_printf("'phoneNumberCollection':%s", row->value));

		check_int(row->value, read_body(body, &e), row->rc);
		if (row->rc)
			check_err(row->value, &e, ERR_BAD_REQUEST,
				  "phoneNumberCollection.enabled must be");
		else
			check(row->value, request.phone == row->phone);
	}
}

static void countries_are_lists_of_two_capitals(void **state)
{
	static const struct {
		const char *value;
		int rc;
	} table[] = {
		{"{'allowed_countries':['DE']}", 0}, {"{'allowed_countries':['DE','FR','US']}", 0},
		{"null", 0}, {"{'allowed_countries':[]}", -1}, {"{'allowed_countries':['de']}", -1},
		{"{'allowed_countries':['De']}", -1}, {"{'allowed_countries':['dE']}", -1},
		{"{'allowed_countries':['D']}", -1}, {"{'allowed_countries':['DEU']}", -1},
		{"{'allowed_countries':['D1']}", -1}, {"{'allowed_countries':['1D']}", -1},
		{"{'allowed_countries':['']}", -1}, {"{'allowed_countries':['DE','x']}", -1},
		{"{'allowed_countries':['DE',7]}", -1}, {"{'allowed_countries':[null]}", -1},
		{"{'allowed_countries':[77]}", -1},
		{"{'allowed_countries':'DE'}", -1}, {"{'allowed_countries':null}", -1}, {"{}", -1},
		{"[]", -1}, {"'DE'", -1},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		const char *body = keep_text(str_printf("'shippingAddressCollection':%s",
							row->value));

		check_int(row->value, read_body(body, &e), row->rc);
		if (row->rc)
			check_err(row->value, &e, ERR_BAD_REQUEST,
				  "shippingAddressCollection.allowed_countries must be a list");
	}
}

static void at_most_250_countries_are_listed(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_body(keep_text(str_printf(
		"'shippingAddressCollection':{'allowed_countries':['DE'%s]}",
		repeat(",'FR'", 249))), &e), 0);
	assert_int_equal(read_body(keep_text(str_printf(
		"'shippingAddressCollection':{'allowed_countries':['DE'%s]}",
		repeat(",'FR'", 250))), &e), -1);
}

static int read_metadata(const char *key, const char *value, struct err *e)
{
	return read_body(keep_text(str_printf("'metadata':{'%s':%s}", key, value)), e);
}

static void metadata_is_counted_in_characters(void **state)
{
	static const char *const letters[] = {"a", "\xC3\xA4", "\xF0\x9F\x98\x80"};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(letters); i++) {
		const char *just = repeat(letters[i], 500);

		check_int(letters[i], read_metadata(repeat(letters[i], 40), "'v'", &e), 0);
		check_int(letters[i], read_metadata(repeat(letters[i], 41), "'v'", &e), -1);
		check_err(letters[i], &e, ERR_BAD_REQUEST, "a key must have 1 to 40 characters");
		check_int(letters[i], read_metadata("k", keep_text(str_printf("'%s'", just)), &e), 0);
		check_int(letters[i], read_metadata("k", keep_text(str_printf("'%sx'", just)), &e),
			  -1);
		check_err(letters[i], &e, ERR_BAD_REQUEST, "metadata.k has more than 500 characters");
	}
	check_int("huge", read_metadata("k", keep_text(str_printf("'%s'", repeat("x", 40000))), &e),
		  -1);
}

static void metadata_has_keys_and_values_that_stripe_takes(void **state)
{
	static const struct {
		const char *key, *value, *error; /* NULL: it is taken */
	} table[] = {
		{"k", "'v'", NULL}, {"k", "''", NULL}, {"k", "7", NULL}, {"k", "true", NULL},
		{"a b", "'v'", NULL}, {"", "'v'", "a key must have"}, {"a[b]", "'v'", "no brackets"},
		{"a[", "'v'", "no brackets"}, {"]", "'v'", "no brackets"},
		{"k", "{}", "metadata.k must be a string"},
		{"k", "[]", "metadata.k must be a string"}, {"k", "1.5", "metadata.k must be a string"},
		{"k", "'a\\u0000b'", "metadata.k has a NUL character"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->value, read_metadata(row->key, row->value, &e), row->error ? -1 : 0);
		if (row->error)
			check_err(row->value, &e, ERR_BAD_REQUEST, row->error);
	}
	assert_int_equal(read_body("'metadata':[]", &e), -1);
	check_err("array", &e, ERR_BAD_REQUEST, "metadata must be an object");
	assert_int_equal(read_body("'metadata':'x'", &e), -1);
	assert_int_equal(read_body("'metadata':null", &e), 0);
	assert_int_equal(read_body("'metadata':{}", &e), 0);
}

static void a_metadata_key_may_have_any_character_but_brackets(void **state)
{
	struct json_object *body, *metadata;
	struct err e;
	int c;

	(void)state;
	for (c = 0x20; c < 0x7F; c++) {
		char key[2] = {(char)c, '\0'};
		bool bracket = c == '[' || c == ']';

		body = json_of("{'quoteSignature':'q'}");
		metadata = json_object_new_object();
		json_set_string(metadata, key, "v");
		json_set(body, "metadata", metadata);
		check_int(key, checkout_read(body, NULL, &shop, &request, &e), bracket ? -1 : 0);
	}
}

static int read_keys(int count, const char *more, struct err *e)
{
	struct buf body;
	int i;

	buf_init(&body, 10000);
	buf_puts(&body, "'metadata':{");
	buf_puts(&body, more);
	for (i = 0; i < count; i++)
		buf_printf(&body, "%s'k%d':'v'", i || *more ? "," : "", i);
	buf_puts(&body, "}");
	return read_body(keep_text(buf_detach(&body)), e);
}

static void metadata_has_at_most_46_keys_beside_ours(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(read_keys(46, "", &e), 0);
	assert_int_equal(read_keys(47, "", &e), -1);
	check_err("47", &e, ERR_BAD_REQUEST, "metadata has more than 46 keys");
	assert_int_equal(read_keys(46, "'userId':'x','userKind':'x','user_id':'y','quoteSignature':{},"
				   "'normalizedHash':7", &e), 0);
	assert_int_equal(read_keys(47, "'userId':'x'", &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(the_smallest_request_has_the_presets),
		holds(every_field_is_read),
		holds(a_body_without_a_quote_signature_is_refused),
		holds(a_signature_is_64_lower_case_hex_digits),
		holds(who_buys_is_the_token_then_the_user_id_then_the_address),
		holds(a_user_id_that_is_not_the_tokens_subject_is_forbidden),
		holds(a_subject_that_is_no_user_id_is_unauthorized),
		holds(a_freed_request_can_be_freed_again),
		holds(a_policy_can_require_a_token),
		holds(a_shop_with_a_login_believes_no_bare_user_id),
		holds(the_web_servers_login_is_called_a_login),
		holds(an_email_is_kept_as_given_and_empty_is_none),
		holds(an_email_has_at_most_254_bytes),
		holds(a_user_id_has_at_most_256_bytes_and_is_a_string),
		holds(return_addresses_are_on_an_origin_of_the_shop),
		holds(an_address_that_is_no_text_is_refused_and_an_empty_one_is_none),
		holds(an_address_has_at_most_2000_bytes),
		holds(without_a_preset_the_success_address_has_to_be_given),
		holds(what_the_owner_decided_no_request_undoes),
		holds(a_field_that_is_not_known_is_named),
		holds(a_request_chooses_among_what_the_owner_offers),
		holds(the_phone_number_is_asked_for_only_when_enabled),
		holds(countries_are_lists_of_two_capitals),
		holds(at_most_250_countries_are_listed),
		holds(metadata_is_counted_in_characters),
		holds(metadata_has_keys_and_values_that_stripe_takes),
		holds(a_metadata_key_may_have_any_character_but_brackets),
		holds(metadata_has_at_most_46_keys_beside_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
