/* SPDX-License-Identifier: ISC */
/*
 * The parameters of a Checkout Session, byte for byte: they make the
 * idempotency key, so the same click has to give the same text.
 */
#include "unit.h"

#include "shop/checkout.h"

#define NOW 1732612800
#define OFF (5 * 60) /* seconds that Stripe's clock may be ahead or behind */

static const struct checkout_policy policy = {.mode = "payment", .session_ttl_minutes = 60};

static const char *form_by(const struct checkout_request *request, struct json_object *quote,
			   const struct checkout_policy *by)
{
	struct buf form;
	struct err e = {.code = ERR_NONE};

	buf_init(&form, 65536);
	check_int("form", checkout_form(request, quote, by, &form, &e), 0);
	return keep_text(buf_detach(&form));
}

static const char *form_of(const struct checkout_request *request, struct json_object *quote)
{
	return form_by(request, quote, &policy);
}

static struct json_object *quote_of(const char *items)
{
	return json_of("{'created':%d,'normalizedHash':'hh','items':[%s]}", NOW, items);
}

static struct checkout_request smallest(void)
{
	return (struct checkout_request){.quote_signature = "qq", .success_url = "https://s/"};
}

static void the_smallest_form_is_this(void **state)
{
	const struct checkout_request request = smallest();

	(void)state;
	assert_string_equal(form_of(&request, quote_of("")),
			    "mode=payment&success_url=https%3A%2F%2Fs%2F&expires_at=1732616400&"
			    "metadata[quoteSignature]=qq&metadata[normalizedHash]=hh&"
			    "payment_intent_data[metadata][quoteSignature]=qq&"
			    "payment_intent_data[metadata][normalizedHash]=hh");
}

static void the_whole_form_is_this(void **state)
{
	char user[] = "user_1";
	const struct checkout_request request = {
		.quote_signature = "qq", .user_id = user, .user_kind = "claimed", .email = "a+b@x.y",
		.success_url = "https://s/?id={CHECKOUT_SESSION_ID}", .cancel_url = "https://s/c",
		.promotion_codes = true, .automatic_tax = true, .phone = true,
		.metadata = json_of("{'gift':'yes & no','n':7,'t':true,'empty':'','userId':'evil',"
				    "'userKind':'user','user_id':'evil','quoteSignature':'evil',"
				    "'normalizedHash':'evil'}"),
		.countries = json_of("['DE','US']"),
	};

	(void)state;
	assert_string_equal(
		form_of(&request,
			quote_of("{'stripePriceId':'price_1','quantity':2,'sku':'tee','collectionId':"
				 "'c 1','variantId':'v1','unitPrice':5},"
				 "{'stripePriceId':'price_2','quantity':999}")),
		"mode=payment&success_url=https%3A%2F%2Fs%2F%3Fid%3D%7BCHECKOUT_SESSION_ID%7D&"
		"cancel_url=https%3A%2F%2Fs%2Fc&expires_at=1732616400&client_reference_id=user_1&"
		"customer_email=a%2Bb%40x.y&allow_promotion_codes=true&automatic_tax[enabled]=true&"
		"phone_number_collection[enabled]=true&"
		"shipping_address_collection[allowed_countries][0]=DE&"
		"shipping_address_collection[allowed_countries][1]=US&"
		"metadata[gift]=yes%20%26%20no&metadata[n]=7&metadata[t]=true&"
		"metadata[userId]=user_1&metadata[userKind]=claimed&"
		"metadata[quoteSignature]=qq&metadata[normalizedHash]=hh&"
		"payment_intent_data[metadata][gift]=yes%20%26%20no&"
		"payment_intent_data[metadata][n]=7&payment_intent_data[metadata][t]=true&"
		"payment_intent_data[metadata][userId]=user_1&"
		"payment_intent_data[metadata][userKind]=claimed&"
		"payment_intent_data[metadata][quoteSignature]=qq&"
		"payment_intent_data[metadata][normalizedHash]=hh&"
		"line_items[0][price]=price_1&line_items[0][quantity]=2&"
		"line_items[0][metadata][sku]=tee&line_items[0][metadata][collectionId]=c%201&"
		"line_items[0][metadata][variantId]=v1&"
		"line_items[1][price]=price_2&line_items[1][quantity]=999");
}

#define OWN_METADATA                                                                            \
	"&metadata[quoteSignature]=qq&metadata[normalizedHash]=hh"                              \
	"&payment_intent_data[metadata][quoteSignature]=qq"                                     \
	"&payment_intent_data[metadata][normalizedHash]=hh"

/* What the owner's options and a request give together, behind what each form has. */
static void the_owners_options_stand_over_the_request(void **state)
{
	static const struct {
		const char *options, *want;
		bool codes, tax, phone;
		const char *locale, *countries, *metadata;
		int rate; /* the index of the option that was picked, -1: none */
	} table[] = {
		{"{'locale':'fr'}", "&locale=fr", .locale = "de", .rate = -1},
		{"{}", "&locale=de", .locale = "de", .rate = -1},
		{"{'automatic_tax':{'enabled':false}}", "&automatic_tax[enabled]=false", .tax = true,
		 .rate = -1},
		{"{'automatic_tax':{'enabled':true,'liability':{'type':'self'}}}",
		 "&automatic_tax[enabled]=true&automatic_tax[liability][type]=self", .rate = -1},
		{"{'phone_number_collection':{'enabled':false}}",
		 "&phone_number_collection[enabled]=false", .phone = true, .rate = -1},
		{"{'discounts':[{'coupon':'c'}]}", "&discounts[0][coupon]=c", .codes = true, .rate = -1},
		{"{'shipping_address_collection':{'allowed_countries':['DE','FR','IT']}}",
		 "&shipping_address_collection[allowed_countries][0]=DE"
		 "&shipping_address_collection[allowed_countries][1]=IT",
		 .countries = "['IT','US','DE']", .rate = -1},
		{"{'shipping_options':[{'shipping_rate':'a'},{'shipping_rate':'b'}]}",
		 "&shipping_options[0][shipping_rate]=a&shipping_options[1][shipping_rate]=b",
		 .rate = -1},
		{"{'shipping_options':[{'shipping_rate':'a'},{'shipping_rate':'b'}]}",
		 "&shipping_options[0][shipping_rate]=b", .rate = 1},
		{"{'metadata':{'shop':'1'}}",
		 "&metadata[shop]=1&metadata[gift]=no&metadata[quoteSignature]=qq&metadata[normalizedHash]=hh"
		 "&payment_intent_data[metadata][shop]=1&payment_intent_data[metadata][gift]=no"
		 "&payment_intent_data[metadata][quoteSignature]=qq"
		 "&payment_intent_data[metadata][normalizedHash]=hh",
		 .metadata = "{'shop':'2','gift':'no'}", .rate = -1},
		{"{'payment_intent_data':{'description':'d','metadata':{'k':'v'}}}",
		 "&payment_intent_data[description]=d"
		 "&payment_intent_data[metadata][quoteSignature]=qq"
		 "&payment_intent_data[metadata][normalizedHash]=hh&payment_intent_data[metadata][k]=v"
		 "&metadata[quoteSignature]=qq&metadata[normalizedHash]=hh",
		 .rate = -1},
		{"{'custom_text':{'submit':{'message':'a & b'}}}",
		 "&custom_text[submit][message]=a%20%26%20b", .rate = -1},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct checkout_policy owner = policy;
		struct checkout_request request = smallest();
		struct json_object *rates = NULL;
		const char *form;

		owner.options = json_of("%s", row->options);
		json_get_array(owner.options, "shipping_options", &rates);
		request.promotion_codes = row->codes;
		request.automatic_tax = row->tax;
		request.phone = row->phone;
		request.locale = row->locale;
		request.countries = row->countries ? json_of("%s", row->countries) : NULL;
		request.metadata = row->metadata ? json_of("%s", row->metadata) : NULL;
		request.rate = row->rate < 0 ? NULL
			: json_object_array_get_idx(rates, (size_t)row->rate);
		form = strstr(form_by(&request, quote_of(""), &owner), "1732616400") + 10;
		check_text(row->options, form, strstr(row->want, "metadata[") ? row->want
			   : keep_text(str_printf("%s" OWN_METADATA, row->want)));
		check_json("for the next request", owner.options, row->options);
	}
}

static void a_line_without_a_quantity_is_one(void **state)
{
	const struct checkout_request request = smallest();

	(void)state;
	assert_true(str_ends(form_of(&request, quote_of("{'stripePriceId':'p'}")),
			     "&line_items[0][price]=p&line_items[0][quantity]=1"));
}

static void each_option_stands_alone(void **state)
{
	static const struct {
		bool codes, tax, phone;
		const char *text;
	} table[] = {
		{true, false, false, "&allow_promotion_codes=true"},
		{false, true, false, "&automatic_tax[enabled]=true"},
		{false, false, true, "&phone_number_collection[enabled]=true"},
	}, *row, *other;

	(void)state;
	for EACH(row, table) {
		struct checkout_request request = smallest();
		const char *form;

		request.promotion_codes = row->codes;
		request.automatic_tax = row->tax;
		request.phone = row->phone;
		form = form_of(&request, quote_of(""));
		for EACH(other, table)
			check(row->text, (strstr(form, other->text) != NULL) == (row == other));
	}
}

static void only_what_stripe_takes_is_a_client_reference_id(void **state)
{
	static const struct {
		const char *user;
		bool fits;
	} table[] = {
		{"user_12345", true}, {"A-z_09", true}, {"a@x.y", false}, {"a b", false}, {"a#b", false},
		{"\xC3\xA4", false}, {"auth0|5f", false}, {"a.b", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct checkout_request request = smallest();

		request.user_id = keep_text(str_dup(row->user));
		check(row->user, (strstr(form_of(&request, quote_of("")), "client_reference_id=") !=
				  NULL) == row->fits);
		check(row->user, strstr(form_of(&request, quote_of("")), "&metadata[userId]=") !=
				  NULL);
	}
}

static void a_client_reference_id_has_at_most_200_characters(void **state)
{
	struct checkout_request request = smallest();

	(void)state;
	request.user_id = (char *)(uintptr_t)repeat("x", 200);
	assert_non_null(strstr(form_of(&request, quote_of("")), "client_reference_id=x"));
	request.user_id = (char *)(uintptr_t)repeat("x", 201);
	assert_null(strstr(form_of(&request, quote_of("")), "client_reference_id="));
}

static void a_session_ends_within_stripes_limits_and_never_before_the_quote(void **state)
{
	static const struct {
		int64_t quote_ttl, session_ttl, minutes;
	} table[] = {
		{15, 1440, 1435}, {15, 1435, 1435}, {15, 1434, 1434}, {15, 60, 60}, {15, 51, 51},
		{15, 50, 50}, {15, 49, 50}, {15, 30, 50}, {1, 30, 36}, {1, 36, 36}, {1, 37, 37},
		{60, 30, 95}, {1380, 30, 1415}, {1380, 1440, 1435}, {15, 525600, 1435},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const struct checkout_policy p = {.session_ttl_minutes = row->session_ttl};
		const char *name = keep_text(str_printf("%d/%d", (int)row->quote_ttl,
							(int)row->session_ttl));
		struct json_object *quote = json_of("{'created':%d,'validUntil':%d}", NOW,
						    NOW + (int)row->quote_ttl * 60);
		int64_t end = checkout_expires_at(quote, &p);

		check_int(name, end, NOW + row->minutes * 60);
		/* Stripe counts from the moment it is asked, at the earliest now and
		 * at the latest when the quote runs out, by a clock of its own. */
		check(name, end - (NOW + row->quote_ttl * 60) - OFF >= 30 * 60);
		check(name, end - NOW + OFF <= 24 * 3600);
	}
}

static void a_form_that_does_not_fit_is_refused(void **state)
{
	const struct checkout_request request = smallest();
	struct buf form;
	struct err e;

	(void)state;
	buf_init(&form, 60);
	assert_int_equal(checkout_form(&request, quote_of(""), &policy, &form, &e), -1);
	check_err("small", &e, ERR_BAD_REQUEST, "the request is too large");
	buf_free(&form);
}

static void a_hundred_lines_are_all_in_the_form(void **state)
{
	const struct checkout_request request = smallest();
	const char *lines = repeat("{'stripePriceId':'p','quantity':1},", 99);
	const char *form = form_of(&request, quote_of(keep_text(str_printf(
					"%s{'stripePriceId':'last','quantity':3}", lines))));

	(void)state;
	assert_true(str_ends(form, "&line_items[99][price]=last&line_items[99][quantity]=3"));
	assert_non_null(strstr(form, "&line_items[98][price]=p&"));
}

/* {"k1": "v", ...} from `first` to `last`. */
static struct json_object *keys_from(int first, int last)
{
	struct json_object *metadata = json_of("{}");

	for (; first <= last; first++)
		json_set_string(metadata, keep_text(str_printf("k%d", first)), "v");
	return metadata;
}

static void the_owners_and_the_requests_metadata_have_to_fit_together(void **state)
{
	static const struct {
		int last; /* of the request's, of which the first is k40; the owner has k1 to k46 */
		bool fits;
	} table[] = {{46, true}, {48, true}, {49, false}}, *row;

	(void)state;
	for EACH(row, table) {
		struct checkout_policy owner = policy;
		struct checkout_request request = smallest();
		struct buf form;
		struct err e;

		owner.options = json_of("{'metadata':%s}", json_text(keys_from(1, 46)));
		request.metadata = keys_from(40, row->last);
		buf_init(&form, 65536);
		check_int("form", checkout_form(&request, quote_of(""), &owner, &form, &e), row->fits ? 0 : -1);
		if (!row->fits)
			check_err("form", &e, ERR_BAD_REQUEST, "metadata has more keys");
		buf_free(&form);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(the_smallest_form_is_this),
		holds(the_whole_form_is_this),
		holds(the_owners_options_stand_over_the_request),
		holds(a_line_without_a_quantity_is_one),
		holds(each_option_stands_alone),
		holds(only_what_stripe_takes_is_a_client_reference_id),
		holds(a_client_reference_id_has_at_most_200_characters),
		holds(a_session_ends_within_stripes_limits_and_never_before_the_quote),
		holds(a_form_that_does_not_fit_is_refused),
		holds(a_hundred_lines_are_all_in_the_form),
		holds(the_owners_and_the_requests_metadata_have_to_fit_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
