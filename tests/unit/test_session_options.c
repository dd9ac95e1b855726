/* SPDX-License-Identifier: ISC */
/*
 * The owner's options for Checkout: what may stand in CHECKOUT_SESSION_FILE, and on
 * which line what may not is found.
 */
#include "unit.h"

#include "shop/session_options.h"

static int read_text(const char *text, struct err *e)
{
	char *json = keep_text(str_dup(text)), *p;
	struct json_object *options;
	int rc;

	for (p = json; *p; p++)
		if (*p == '\'')
			*p = '"';
	*e = (struct err){.code = ERR_NONE};
	rc = session_options_read("/s.json", span_of(json), &options, e);
	if (!rc)
		json_object_put(options);
	return rc;
}

static void what_checkout_offers_may_stand_there(void **state)
{
	static const char *const table[] = {
		"{}", "\xEF\xBB\xBF{'locale':'de'}", "{\r\n'locale':'de'\r\n}\r\n",
		"{'locale':'de'}", "{'billing_address_collection':'required'}",
		"{'shipping_options':[{'shipping_rate':'shr_1'}]}",
		"{'shipping_options':[{'shipping_rate_data':{'display_name':'Post','type':"
		"'fixed_amount','fixed_amount':{'amount':500,'currency':'usd','currency_options':"
		"{'eur':{'amount':450,'tax_behavior':'inclusive'}}},'delivery_estimate':{'minimum':"
		"{'unit':'day','value':1},'maximum':{'unit':'week','value':2}},'metadata':{'a':'b'},"
		"'tax_code':'txcd_92010001','tax_behavior':'exclusive'}}]}",
		"{'shipping_address_collection':{'allowed_countries':['DE','FR']}}",
		"{'custom_fields':[{'key':'gift','label':{'type':'custom','custom':'Gift note'},'type':"
		"'text','optional':true,'text':{'maximum_length':200}},{'key':'size','label':{'type':"
		"'custom','custom':'Size'},'type':'dropdown','dropdown':{'options':[{'label':'S',"
		"'value':'s'}]}},{'key':'n','label':{'type':'custom','custom':'N'},'type':'numeric'}]}",
		"{'tax_id_collection':{'enabled':true,'required':'if_supported'}}",
		"{'invoice_creation':{'enabled':true,'invoice_data':{'footer':'Thanks','custom_fields':"
		"[{'name':'a','value':'b'}],'metadata':{'userId':'is nobody there'}}}}",
		"{'consent_collection':{'terms_of_service':'required','promotions':'auto'}}",
		"{'custom_text':{'submit':{'message':'Soon'},'shipping_address':{'message':'x'}}}",
		"{'phone_number_collection':{'enabled':true}}",
		"{'payment_intent_data':{'statement_descriptor':'SHOP','statement_descriptor_suffix':"
		"'TEE','capture_method':'manual','metadata':{'a':'b'}}}",
		"{'after_expiration':{'recovery':{'enabled':true,'allow_promotion_codes':true}}}",
		"{'metadata':{'season':'winter','a.b':'c'}}", "{'discounts':[{'promotion_code':'p'}]}",
		"{'automatic_tax':{'enabled':true,'liability':{'type':'self'}}}",
		"{'payment_method_options':{'card':{'request_three_d_secure':'any'}}}",
	};
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(table); i++) {
		int rc = read_text(table[i], &e);

		check_text(table[i], rc ? e.text : "", "");
	}
}

static void what_may_not_is_named_with_its_line(void **state)
{
	static const struct {
		const char *text, *wrong;
	} table[] = {
		{"{\n'locale':'de',\n'line_items':[]}", "/s.json:3: line_items can't stand here"},
		{"{'mode':'payment'}", "/s.json:1: mode can't"},
		{"{\n\n'success_url':'https://x'}", "/s.json:3: success_url can't"},
		{"{'cancel_url':'x'}", "cancel_url can't"}, {"{'return_url':1}", "return_url can't"},
		{"{'ui_mode':'hosted'}", "ui_mode can't"}, {"{'expires_at':1}", "expires_at can't"},
		{"{'client_reference_id':'x'}", "client_reference_id can't"},
		{"{'customer_email':'x'}", "customer_email can't"}, {"{'customer':'x'}", "customer can't"},
		{"{'currency':'eur'}", "currency can't"},
		{"{'payment_method_types':['card']}", "payment_method_types can't"},
		{"{'metadata':{'a':'b',\n'userId':'x'}}", "/s.json:2: metadata.userId can't"},
		{"{'metadata':{'quoteSignature':'x'}}", "metadata.quoteSignature can't"},
		{"{'metadata':{'userKind':'x'}}", "metadata.userKind can't"},
		{"{'metadata':{'normalizedHash':'x'}}", "metadata.normalizedHash can't"},
		{"{'payment_intent_data':{'metadata':{'user_id':'x'}}}",
		 "payment_intent_data.metadata.user_id can't"},
		{"{'shiping_options':[]}", "/s.json:1: shiping_options is no option"},
		{"{'shipping_options':[{'shipping_rate':'a'},\n{'rate':'b'}]}",
		 "/s.json:2: shipping_options[1].rate is no option"},
		{"{'after_expiration.recovery':{}}", "after_expiration.recovery is no option"},
		{"{'':1}", "/s.json:1:  is no option"}, {"{'*':1}", "* is no option"},
		{"{'custom_fields[]':1}", "custom_fields[] is no option"},
		{"{'locale':{'a':1}}", "locale must be one of"}, {"{'locale':'xx'}", "locale must be one of"},
		{"{'locale':null}", "locale must be"}, {"{'shipping_options':{}}", "must be a list"},
		{"{'shipping_options':[]}", "shipping_options must be a list of 1 to 5"},
		{"{'shipping_options':[{}]}", "shipping_options[0] needs shipping_rate or"},
		{"{'shipping_options':[\n{\n'shipping_rate':'a',\n'shipping_rate_data':{'display_name':"
		 "'a','fixed_amount':{'amount':1,'currency':'usd'}}}]}",
		 "/s.json:4: shipping_options[0].shipping_rate_data can't stand beside shipping_rate"},
		{"{'shipping_options':['shr_1']}", "shipping_options[0] must be an object"},
		{"{'shipping_options':[{'shipping_rate':7}]}", "shipping_rate must be a text"},
		{"{'shipping_options':[{'shipping_rate':''}]}", "shipping_rate must be a text"},
		{"{'shipping_options':[{'shipping_rate_data':{'fixed_amount':{'amount':1,'currency':"
		 "'usd'}}}]}", "shipping_options[0].shipping_rate_data needs display_name"},
		{"{'shipping_options':[{'shipping_rate_data':{'display_name':'a','fixed_amount':"
		 "{'amount':'5','currency':'usd'}}}]}", "fixed_amount.amount must be a whole number"},
		{"{'shipping_options':[{'shipping_rate_data':{'display_name':'a','fixed_amount':"
		 "{'amount':5.0,'currency':'usd'}}}]}", "fixed_amount.amount must be a whole number"},
		{"{'shipping_options':[{'shipping_rate_data':{'display_name':'a','fixed_amount':"
		 "{'amount':-1,'currency':'usd'}}}]}", "fixed_amount.amount must be a whole number"},
		{"{'shipping_options':[{'shipping_rate_data':{'display_name':'a','fixed_amount':"
		 "{'amount':1,'currency':'USD'}}}]}", "fixed_amount.currency must be three small"},
		{"{'shipping_address_collection':{'allowed_countries':['Germany']}}",
		 "allowed_countries[0] must be two capital"},
		{"{'shipping_address_collection':{}}", "shipping_address_collection needs allowed_countries"},
		{"{'tax_id_collection':{}}", "tax_id_collection needs enabled"},
		{"{'tax_id_collection':{'enabled':'true'}}", "tax_id_collection.enabled must be true or"},
		{"{'tax_id_collection':true}", "tax_id_collection must be an object"},
		{"{'custom_fields':[{'key':'a','type':'text'}]}", "custom_fields[0] needs label"},
		{"{'custom_text':{'submit':'x'}}", "custom_text.submit must be an object"},
		{"{'discounts':[{'coupon':'a'}],'allow_promotion_codes':true}",
		 "discounts can't stand beside allow_promotion_codes"},
		{"{'discounts':[{'coupon':'a'},{'coupon':'b'}]}", "discounts must be a list of 1 to 1"},
		{"{'metadata':{'a[b]':'c'}}", "metadata.a[b] is no key"},
		{"{'metadata':{'a':7}}", "metadata.a must be a text"},
		{"{'payment_intent_data':{'statement_descriptor':'longer than Stripe takes'}}",
		 "statement_descriptor must be a text of 1 to 22"},
		{"\xEF\xBB\xBF", "/s.json:1: this is no JSON"},
		{"\xEF\xBB\xBF\xEF\xBB\xBF{}", "/s.json:1: this is no JSON"},
		{"\xEF\xBB\xBF{\n'mode':'payment'}", "/s.json:2: mode can't"},
		{"", "/s.json:1: this is no JSON"}, {"{\n'a':1,\n}", "/s.json:3: this is no JSON"},
		{"{\n'a':1\n'b':2}", "/s.json:3: this is no JSON"}, {"{} {}", "this is no JSON"},
		{"[]", "this must be an object"}, {"null", "this must be an object"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->text, read_text(row->text, &e), -1);
		check_err(row->text, &e, ERR_CONFIG, row->wrong);
	}
}

/* https://docs.stripe.com/api/checkout/sessions/create, but a colour's seven: "#0f5c63". */
static void a_text_has_as_many_characters_as_stripe_takes(void **state)
{
	static const struct {
		const char *before, *after;
		size_t most;
	} table[] = {
		{"{'branding_settings':{'background_color':'", "'}}", 7},
		{"{'branding_settings':{'button_color':'", "'}}", 7},
		{"{'custom_fields':[{'type':'text','label':{'type':'custom','custom':'a'},'key':'", "'}]}", 200},
		{"{'custom_fields':[{'type':'text','key':'a','label':{'type':'custom','custom':'", "'}}]}", 50},
		{"{'custom_fields':[{'type':'text','key':'a','label':{'type':'custom','custom':'a'},"
		 "'text':{'default_value':'", "'}}]}", 255},
		{"{'custom_fields':[{'type':'dropdown','key':'a','label':{'type':'custom','custom':'a'},"
		 "'dropdown':{'options':[{'value':'a','label':'", "'}]}}]}", 100},
		{"{'custom_fields':[{'type':'dropdown','key':'a','label':{'type':'custom','custom':'a'},"
		 "'dropdown':{'options':[{'label':'a','value':'", "'}]}}]}", 100},
		{"{'custom_fields':[{'type':'dropdown','key':'a','label':{'type':'custom','custom':'a'},"
		 "'dropdown':{'options':[{'label':'a','value':'a'}],'default_value':'", "'}}]}", 100},
		{"{'custom_text':{'submit':{'message':'", "'}}}", 1200},
		{"{'payment_intent_data':{'statement_descriptor':'", "'}}", 22},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->before, read_text(keep_text(str_printf("%s%s%s", row->before,
				repeat("x", row->most), row->after)), &e), 0);
		check_int(row->before, read_text(keep_text(str_printf("%s%s%s", row->before,
				repeat("x", row->most + 1), row->after)), &e), -1);
		check_err(row->before, &e, ERR_CONFIG,
			  keep_text(str_printf("1 to %zu characters", row->most)));
	}
}

static void the_line_is_that_of_the_name(void **state)
{
	static const struct {
		const char *text;
		int line;
	} table[] = {
		{"{'allowed_payment_method_types':['a','b]'],\n'x':1}", 2},
		{"{'allowed_payment_method_types':['a',\n'b',\n{}]}", 3}, {"{'locale'\n:\n'xx'}", 1},
		{"{'locale':'xx',\n'locale':'xy'}", 2}, {"{'metadata':{'a':'x\\'}\\n'},\n'x':1}", 2},
		{"{\n'\\u0078':1}", 2}, {"{'metadata':{'x':'x'},\n\n\n'x':-1.5e3}", 4},
		{"{'custom_fields':\n[\n{'key':'x','type':'text','label':\n{'type':'custom'}}]}", 3},
		{"\n\n{'x':true}", 3},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->text, read_text(row->text, &e), -1);
		check_err(row->text, &e, ERR_CONFIG, keep_text(str_printf("/s.json:%d: ", row->line)));
	}
}

static void metadata_leaves_room_for_ours(void **state)
{
	struct json_object *metadata = json_of("{}");
	struct err e;
	int n;

	(void)state;
	for (n = 0; n < 46; n++)
		json_set_string(metadata, keep_text(str_printf("k%d", n)), "v");
	assert_int_equal(read_text(keep_text(str_printf("{'metadata':%s}", json_text(metadata))), &e), 0);
	json_set_string(metadata, "one_more", "v");
	assert_int_equal(read_text(keep_text(str_printf("{'metadata':%s}", json_text(metadata))), &e), -1);
	check_err("47", &e, ERR_CONFIG, "metadata has more than 46 keys");
}

static void the_payment_has_room_for_the_metadata_of_both(void **state)
{
	static const struct {
		int session, payment, same; /* how many keys, and how many of them are in both */
		bool fits;
	} table[] = {{23, 23, 0, true}, {23, 24, 0, false}, {46, 46, 46, true}, {46, 1, 0, false},
		     {30, 30, 14, true}, {30, 30, 13, false}, {0, 46, 0, true}}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *session = json_of("{}"), *payment = json_of("{}");
		const char *name = keep_text(str_printf("%d and %d", row->session, row->payment));
		struct err e;
		int n;

		for (n = 0; n < row->session; n++)
			json_set_string(session, keep_text(str_printf("k%d", n)), "v");
		for (n = row->session - row->same; n < row->session - row->same + row->payment; n++)
			json_set_string(payment, keep_text(str_printf("k%d", n)), "w");
		check_int(name, read_text(keep_text(str_printf("{'metadata':%s,\n'payment_intent_data':{'metadata':%s"
			"}}", json_text(session), json_text(payment))), &e), row->fits ? 0 : -1);
		if (!row->fits)
			check_err(name, &e, ERR_CONFIG, "/s.json:2: payment_intent_data.metadata and metadata "
				  "have more than 46 keys");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_checkout_offers_may_stand_there),
		holds(what_may_not_is_named_with_its_line),
		holds(a_text_has_as_many_characters_as_stripe_takes),
		holds(the_line_is_that_of_the_name),
		holds(metadata_leaves_room_for_ours),
		holds(the_payment_has_room_for_the_metadata_of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
