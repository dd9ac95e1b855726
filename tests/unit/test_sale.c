/* SPDX-License-Identifier: ISC */
/*
 * What an order takes over from sessions, charges, refunds and disputes, value by
 * value, in the shapes that the API versions since 2019 give them.
 */
#include "unit.h"

#include <stdlib.h>

#include "shop/attributes.h"
#include "shop/order_size.h"
#include "shop/sale.h"

struct row {
	const char *what, *stripe, *order; /* stripe: the members of a session or charge */
};

static void check_sessions(const struct row *row, size_t n)
{
	for (; n; n--, row++) {
		struct json_object *order = keep(json_object_new_object());

		sale_set_session(order, stripe_of("{'object':'checkout.session',%s}", row->stripe));
		check_json(row->what, order, row->order);
	}
}

static void who_bought_and_under_which_terms_is_taken_over(void **state)
{
	static const struct row table[] = {
		{"nothing", "'id':'cs_1'", "{}"},
		{"all null",
		 "'consent':null,'custom_fields':null,'customer_details':null,'locale':null,"
		 "'payment_link':null,'invoice':null,'recovered_from':null,'shipping_cost':null,"
		 "'total_details':null,'discounts':null,'collected_information':null", "{}"},
		{"empty", "'consent':{'promotions':null,'terms_of_service':null},'custom_fields':[],"
		 "'customer_details':{'address':null,'tax_ids':[],'tax_exempt':null,'name':'Jane'},"
		 "'discounts':[],'total_details':{'amount_discount':0,'amount_tax':0,"
		 "'breakdown':{'discounts':[],'taxes':[]}},'locale':''", "{}"},
		{"the billing address, of 2026",
		 "'customer_details':{'address':{'city':'Berlin','country':'DE','line1':'Street 1',"
		 "'line2':null,'postal_code':'10115','state':''},'business_name':null,"
		 "'email':'jane@shop.example','individual_name':'Jane Doe','name':'Jane Doe',"
		 "'phone':null,'tax_exempt':'none','tax_ids':[]}",
		 "{'billingAddress':{'name':'Jane Doe','line1':'Street 1','city':'Berlin',"
		 "'postalCode':'10115','country':'DE'},'customerTaxExempt':'none'}"},
		{"a country alone", "'customer_details':{'name':null,'address':{'city':null,"
		 "'country':'US','line1':null,'line2':null,'postal_code':'94103','state':null}}",
		 "{'billingAddress':{'postalCode':'94103','country':'US'}}"},
		{"an address of nothing", "'customer_details':{'name':'Jane','address':{'city':null,"
		 "'country':null,'line1':null,'line2':null,'postal_code':null,'state':null}}", "{}"},
		{"tax ids, of 2020", "'customer_details':{'email':'a@b.example','tax_exempt':'reverse',"
		 "'tax_ids':[{'type':'eu_vat','value':'DE123456789'},{'type':'unknown','value':null}]}",
		 "{'customerTaxIds':[{'type':'eu_vat','value':'DE123456789'},{'type':'unknown'}],"
		 "'customerTaxExempt':'reverse'}"},
		{"a firm", "'customer_details':{'business_name':'Doe Ltd','tax_exempt':'exempt'},"
		 "'collected_information':{'business_name':'Other','individual_name':null,"
		 "'shipping_details':null}",
		 "{'customerTaxExempt':'exempt','customerBusinessName':'Doe Ltd'}"},
		{"a firm that was collected", "'collected_information':{'business_name':'Doe Ltd'}",
		 "{'customerBusinessName':'Doe Ltd'}"},
		{"what was agreed to",
		 "'consent':{'promotions':'opt_in','terms_of_service':'accepted'},'locale':'fr-CA'",
		 "{'consent':{'promotions':'opt_in','termsOfService':'accepted'},'locale':'fr-CA'}"},
		{"promotions alone, of 2021", "'consent':{'promotions':'opt_out'}",
		 "{'consent':{'promotions':'opt_out'}}"},
		{"ids", "'payment_link':'plink_1','invoice':'in_1','recovered_from':'cs_test_0'",
		 "{'paymentLinkId':'plink_1','invoiceId':'in_1','recoveredFrom':'cs_test_0'}"},
		{"expanded ids", "'payment_link':{'id':'plink_1'},'invoice':{'id':'in_1','object':'invoice'}",
		 "{'paymentLinkId':'plink_1','invoiceId':'in_1'}"},
		{"fields of each type",
		 "'custom_fields':[{'key':'engraving','label':{'custom':'Engraving','type':'custom'},"
		 "'optional':false,'text':{'default_value':null,'maximum_length':null,"
		 "'minimum_length':null,'value':'For Jo \\u2665'},'type':'text'},"
		 "{'key':'count','label':{'custom':'How many','type':'custom'},'numeric':{'value':'12'},"
		 "'type':'numeric'},{'dropdown':{'options':[{'label':'Red','value':'red'}],"
		 "'value':'red'},'key':'colour','label':{'custom':'Colour','type':'custom'},"
		 "'numeric':null,'text':null,'type':'dropdown'},"
		 "{'key':'note','label':{'custom':'Note','type':'custom'},'optional':true,"
		 "'text':{'value':null},'type':'text'}]",
		 "{'customFields':[{'key':'engraving','label':'Engraving','type':'text',"
		 "'value':'For Jo \xe2\x99\xa5'},{'key':'count','label':'How many','type':'numeric',"
		 "'value':'12'},{'key':'colour','label':'Colour','type':'dropdown','value':'red'},"
		 "{'key':'note','label':'Note','type':'text'}]}"},
		{"other types than there should be",
		 "'consent':'yes','custom_fields':{'a':1},'customer_details':{'tax_ids':'x',"
		 "'address':'Street 1','tax_exempt':1},'locale':{'a':1},'invoice':7,"
		 "'custom_text':1,'discounts':7,'total_details':{'breakdown':[]}", "{}"},
	};

	(void)state;
	check_sessions(table, LENGTH(table));
}

static void what_the_sums_are_made_of_is_taken_over(void **state)
{
	static const struct row table[] = {
		{"shipping, of 2026", "'shipping_cost':{'amount_subtotal':500,'amount_tax':95,"
		 "'amount_total':595,'shipping_rate':{'id':'shr_1','object':'shipping_rate',"
		 "'display_name':'Parcel','fixed_amount':{'amount':500,'currency':'eur'}}}",
		 "{'shippingRate':{'id':'shr_1','name':'Parcel','amount':595}}"},
		{"shipping, not expanded", "'shipping_cost':{'amount_subtotal':500,'amount_tax':0,"
		 "'amount_total':500,'shipping_rate':'shr_1'}",
		 "{'shippingRate':{'id':'shr_1','amount':500}}"},
		{"shipping, of 2021", "'shipping_rate':'shr_1','shipping_options':[{'shipping_amount':500,"
		 "'shipping_rate':'shr_1'}],'total_details':{'amount_shipping':500}",
		 "{'shippingRate':{'id':'shr_1','amount':500}}"},
		{"no rate", "'shipping_rate':null,'total_details':{'amount_shipping':0}", "{}"},
		{"taxes", "'total_details':{'amount_tax':287,'breakdown':{'discounts':[],'taxes':["
		 "{'amount':190,'rate':{'display_name':'MwSt.','percentage':19.0,"
		 "'effective_percentage':null}},"
		 "{'amount':97,'rate':{'display_name':'Sales Tax','percentage':8.875}},"
		 "{'amount':0,'rate':{'display_name':'VAT','percentage':20,'effective_percentage':0.0}},"
		 "{'amount':5,'rate':{'display_name':'Fee','percentage':100}}]}}",
		 "{'taxes':[{'name':'MwSt.','rate':'19','amount':190},"
		 "{'name':'Sales Tax','rate':'8.875','amount':97},{'name':'VAT','rate':'0','amount':0},"
		 "{'name':'Fee','rate':'100','amount':5}]}"},
		{"a fee, which is no share of anything", "'total_details':{'amount_tax':68,'breakdown':{'taxes':["
		 "{'amount':40,'rate':{'display_name':'Sales Tax','percentage':4.0,'rate_type':'percentage'}},"
		 "{'amount':28,'rate':{'display_name':'Retail Delivery Fee','percentage':0.0,"
		 "'effective_percentage':null,'flat_amount':{'amount':28,'currency':'usd'},"
		 "'rate_type':'flat_amount'}},{'amount':-28,'rate':{'display_name':'Fee','percentage':0}},"
		 "{'rate':{'display_name':'Exempt','percentage':0.0}}]}}",
		 "{'taxes':[{'name':'Sales Tax','rate':'4','amount':40},"
		 "{'name':'Retail Delivery Fee','amount':28},{'name':'Fee','amount':-28},"
		 "{'name':'Exempt','rate':'0'}]}"},
		{"a tax of more digits than any has", "'total_details':{'amount_tax':1,'breakdown':{'taxes':["
		 "{'amount':1,'rate':{'display_name':'X','percentage':0.1234567890123456789012345678901234567891}}]}}",
		 "{'taxes':[{'name':'X','amount':1}]}"},
		{"a discount, of 2026",
		 "'discounts':[{'coupon':{'id':'SUMMER','name':'Summer sale'},"
		 "'promotion_code':{'id':'promo_1','code':'SUN10'}}],'total_details':{"
		 "'amount_discount':600,'breakdown':{'discounts':[{'amount':600,'discount':{'id':'di_1',"
		 "'promotion_code':'promo_1','source':{'coupon':'SUMMER','type':'coupon'}}}],"
		 "'taxes':[]}}",
		 "{'discounts':[{'promotionCodeId':'promo_1','couponId':'SUMMER','amount':600,"
		 "'code':'SUN10','name':'Summer sale'}]}"},
		{"a discount of a code, which alone knows the coupon",
		 "'discounts':[{'coupon':null,'promotion_code':{'id':'promo_1','code':'SUN10','promotion':{"
		 "'type':'coupon','coupon':{'id':'SUMMER','name':'Summer sale'}}}}],'total_details':{"
		 "'amount_discount':600,'breakdown':{'discounts':[{'amount':600,'discount':{'id':'di_1',"
		 "'promotion_code':'promo_1','source':{'coupon':'SUMMER','type':'coupon'}}}],"
		 "'taxes':[]}}",
		 "{'discounts':[{'promotionCodeId':'promo_1','couponId':'SUMMER','amount':600,"
		 "'code':'SUN10','name':'Summer sale'}]}"},
		{"a discount of a code, in a list of sessions",
		 "'discounts':[{'coupon':null,'promotion_code':{'id':'promo_1','code':'SUN10','promotion':{"
		 "'type':'coupon','coupon':'SUMMER'}}}],'total_details':{'amount_discount':600}",
		 "{'discounts':[{'code':'SUN10','promotionCodeId':'promo_1','couponId':'SUMMER',"
		 "'amount':600}]}"},
		{"a discount, of 2021", "'total_details':{'amount_discount':600,'breakdown':{"
		 "'discounts':[{'amount':600,'discount':{'id':'di_1','object':'discount',"
		 "'coupon':{'id':'SUMMER','object':'coupon','name':'Summer sale','percent_off':10.0},"
		 "'promotion_code':'promo_1'}}],'taxes':[]}}",
		 "{'discounts':[{'promotionCodeId':'promo_1','couponId':'SUMMER','name':'Summer sale',"
		 "'amount':600}]}"},
		{"a coupon without a name or code", "'discounts':[{'coupon':{'id':'Z4OV','name':null},"
		 "'promotion_code':null}],'total_details':{'amount_discount':50,'breakdown':{'discounts':["
		 "{'amount':50,'discount':{'promotion_code':null,'source':{'coupon':'Z4OV'}}}]}}",
		 "{'discounts':[{'couponId':'Z4OV','amount':50}]}"},
		{"an event's, which has no breakdown",
		 "'discounts':[{'coupon':'SUMMER','promotion_code':'promo_1'}],"
		 "'total_details':{'amount_discount':600}",
		 "{'discounts':[{'promotionCodeId':'promo_1','couponId':'SUMMER','amount':600}]}"},
		{"two", "'discounts':[{'coupon':'A','promotion_code':null},{'coupon':'B'}],"
		 "'total_details':{'amount_discount':600}",
		 "{'discounts':[{'couponId':'A'},{'couponId':'B'}]}"},
		{"in the buyer's own currency, before 2025-03-31",
		 "'currency_conversion':{'amount_total':100,'source_currency':'usd'},'total_details':{"
		 "'amount_discount':60,'breakdown':{'discounts':[{'amount':60,'discount':{'id':'di_1',"
		 "'coupon':{'id':'A'}}}],'taxes':[{'amount':9,'rate':{'percentage':1}}]}},"
		 "'shipping_cost':{'amount_total':500,'shipping_rate':'shr_1'}",
		 "{'shippingRate':{'id':'shr_1'}}"},
	};

	(void)state;
	check_sessions(table, LENGTH(table));
}

static void what_is_there_is_only_completed(void **state)
{
	struct json_object *order = json_of("{'locale':'de','recoveredFrom':'cs_0'}");

	(void)state;
	sale_set_session(order, stripe_of("{'locale':'fr','recovered_from':'cs_1','invoice':'in_1'}"));
	check_json("gaps", order, "{'locale':'de','recoveredFrom':'cs_0','invoiceId':'in_1'}");
	sale_set_session(order, NULL);
	check_json("nothing", order, "{'locale':'de','recoveredFrom':'cs_0','invoiceId':'in_1'}");
}

static void how_it_was_paid_is_taken_over_of_the_charge(void **state)
{
	static const struct row table[] = {
		{"nothing", "'id':'ch_1','payment_method_details':null,'receipt_url':null,"
		 "'balance_transaction':null", "{}"},
		{"a card in a wallet, and its fee",
		 "'payment_method_details':{'card':{'brand':'visa','funding':'credit','last4':'4242',"
		 "'network':'visa','wallet':{'dynamic_last4':null,'type':'apple_pay','apple_pay':{}}},"
		 "'type':'card'},'receipt_url':'https://pay.stripe.com/receipts/1','currency':'cad',"
		 "'balance_transaction':{'id':'txn_1','amount':6000,'currency':'usd','fee':204,"
		 "'net':5796,'exchange_rate':0.73}",
		 "{'payment':{'type':'card','brand':'visa','last4':'4242','wallet':'apple_pay',"
		 "'receiptUrl':'https://pay.stripe.com/receipts/1'},'amountFee':204,'amountNet':5796,"
		 "'settlementCurrency':'usd'}"},
		{"the fee is not known yet", "'balance_transaction':'txn_1'", "{}"},
		{"a debit", "'payment_method_details':{'sepa_debit':{'bank_code':'37040044',"
		 "'last4':'3000'},'type':'sepa_debit'}",
		 "{'payment':{'type':'sepa_debit','last4':'3000'}}"},
		{"a transfer", "'payment_method_details':{'ideal':{'bank':'ing','iban_last4':'5264'},"
		 "'type':'ideal'}", "{'payment':{'type':'ideal','last4':'5264'}}"},
		{"a card behind it", "'payment_method_details':{'amazon_pay':{'funding':{'card':{"
		 "'brand':'visa','last4':'4242'},'type':'card'}},'type':'amazon_pay'}",
		 "{'payment':{'type':'amazon_pay','brand':'visa','last4':'4242'}}"},
		{"a card in it", "'payment_method_details':{'mobilepay':{'card':{'brand':'mastercard',"
		 "'country':'DK','last4':'0005'}},'type':'mobilepay'}",
		 "{'payment':{'type':'mobilepay','brand':'mastercard','last4':'0005'}}"},
		{"a card in it that is not told", "'payment_method_details':{'mobilepay':{'card':null},"
		 "'type':'mobilepay'}", "{'payment':{'type':'mobilepay'}}"},
		{"a method without anything", "'payment_method_details':{'klarna':{},'type':'klarna'}",
		 "{'payment':{'type':'klarna'}}"},
		{"of 2019", "'payment_method_details':{'card':{'brand':'visa','last4':'4242',"
		 "'wallet':null},'type':'card'},'source':null,'refunds':{'object':'list','data':[],"
		 "'has_more':false}", "{'payment':{'type':'card','brand':'visa','last4':'4242'}}"},
		{"of before", "'source':{'id':'card_1','object':'card','brand':'Visa','last4':'4242',"
		 "'tokenization_method':'apple_pay'}",
		 "{'payment':{'type':'card','brand':'Visa','last4':'4242','wallet':'apple_pay'}}"},
		{"its refunds", "'refunds':{'object':'list','has_more':false,'data':[{'id':'re_2',"
		 "'object':'refund','amount':500,'currency':'usd','status':'succeeded',"
		 "'reason':'requested_by_customer','created':1732612800},{'id':'re_1','amount':100,"
		 "'currency':'usd','status':'failed','reason':null,'created':1732612700}]}",
		 "{'refunds':[{'id':'re_2','amount':500,'currency':'usd','status':'succeeded',"
		 "'reason':'requested_by_customer','createdAt':'2024-11-26T09:20:00Z'},"
		 "{'id':'re_1','amount':100,'currency':'usd','status':'failed',"
		 "'createdAt':'2024-11-26T09:18:20Z'}]}"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = keep(json_object_new_object());

		sale_set_charge(order, &(struct sale_charge){
			.charge = stripe_of("{'object':'charge',%s}", row->stripe)});
		check_json(row->what, order, row->order);
	}
}

static void what_was_asked_for_apart_replaces_what_stands(void **state)
{
	struct json_object *order = json_of("{'amountFee':1,'refunds':[{'id':'re_0'}],"
					    "'disputes':[{'id':'du_0'}],'dispute':{'id':'du_0'}}");

	(void)state;
	sale_set_charge(order, &(struct sale_charge){
		.charge = stripe_of("{'refunds':{'data':[{'id':'re_2'}],'has_more':true}}"),
		.refunds = stripe_of("[{'id':'re_2'},{'id':'re_1'}]"),
		.disputes = stripe_of("[{'id':'du_1','amount':8500,'currency':'usd','status':'lost',"
				    "'reason':'fraudulent','created':1732612800,'evidence':{}}]")});
	check_json("all", order,
		   "{'amountFee':1,'dispute':{'id':'du_0'},'refunds':[{'id':'re_2'},{'id':'re_1'}],"
		   "'disputes':[{'id':'du_1','amount':8500,'currency':'usd','status':'lost',"
		   "'reason':'fraudulent','createdAt':'2024-11-26T09:20:00Z'}]}");
}

static void a_poorer_answer_takes_no_name_back(void **state)
{
	static const char full[] = "{'discounts':[{'promotionCodeId':'promo_1','couponId':'A','code':'TEN',"
				   "'name':'Ten','amount':5},{'couponId':'B','name':'B','amount':7}],"
				   "'shippingRate':{'id':'shr_1','name':'Post','amount':500}}";
	static const struct {
		const char *what, *is, *becomes;
	} table[] = {
		{"ids alone", "{'discounts':[{'couponId':'B'},{'promotionCodeId':'promo_1'}],"
			      "'shippingRate':{'id':'shr_1','amount':400}}",
		 "{'discounts':[{'couponId':'B','name':'B','amount':7},{'promotionCodeId':'promo_1',"
		 "'code':'TEN','name':'Ten','amount':5}],"
		 "'shippingRate':{'id':'shr_1','amount':400,'name':'Post'}}"},
		{"others", "{'discounts':[{'couponId':'C'}],'shippingRate':{'id':'shr_2'}}",
		 "{'discounts':[{'couponId':'C'}],'shippingRate':{'id':'shr_2'}}"},
		{"none", "{}", "{}"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = json_of("%s", row->is);

		sale_keep_names(order, json_of(full));
		check_json(row->what, order, row->becomes);
	}
}

static void an_order_is_cut_to_what_the_table_takes(void **state)
{
	char *long_text = str_printf("%0*d", 200 * 1024, 7);
	struct json_object *order = json_of("{'id':'a','items':[{'name':'Tee','quantity':2,"
					    "'unitPrice':1,'amountTotal':2,'currency':'usd'}]}");
	struct json_object *item, *items = NULL;

	(void)state;
	assert_false(order_cut_lines(order));
	json_get_array(order, "items", &items);
	item = json_object_array_get_idx(items, 0);
	json_set_string(item, "sku", long_text);
	assert_false(order_cut_lines(order));
	json_set_string(item, "variantId", long_text);
	assert_true(order_size(order) > ORDER_SIZE_MAX);
	assert_true(order_cut_lines(order));
	check_json("cut", order, "{'id':'a','items':[{'name':'Tee','quantity':2,'unitPrice':1,"
				 "'amountTotal':2,'currency':'usd'}]}");
	assert_false(order_cut_lines(order));
	free(long_text);
}

/* https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
static void a_size_is_no_less_than_what_dynamodb_counts(void **state)
{
	static const struct {
		const char *value;
		size_t size;
	} table[] = {
		{"'four'", 4}, {"'\\u00e9'", 2}, {"7", 21}, {"true", 1}, {"null", 1},
		{"[]", 3}, {"[null,'ab']", 3 + 2 + 2 + 1}, {"{}", 3},
		{"{'abc':'de','f':[true]}", 3 + (3 + 2 + 1) + (1 + 3 + 1 + 1 + 1)},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct json_object *order = json_of("{'v':%s}", row->value);

		check_int(row->value, order_size(order), 3 + 1 + 1 + row->size);
	}
}

static void a_path_leads_to_a_member_or_nowhere(void **state)
{
	static const struct {
		const char *path, *found;
	} table[] = {
		{"", "{'type':'card','card':{'brand':'visa'},'n':null}"},
		{"card.brand", "'visa'"}, {"@type", "{'brand':'visa'}"}, {"@type.brand", "'visa'"},
		{"n", NULL}, {"n.a", NULL}, {"card.none", NULL}, {"card.brand.more", NULL},
		{"card.@type", NULL}, {".card", NULL}, {"card.", NULL},
		{"a_step_that_is_longer_than_any_name_of_stripe_is_and_does_not_fit_in", NULL},
	}, *row;
	struct json_object *object = json_of("%s", table[0].found);

	(void)state;
	for EACH(row, table) {
		struct json_object *found = attributes_find(object, row->path);

		if (row->found)
			check_json(row->path, found, row->found);
		else
			assert_null(found);
	}
	assert_null(attributes_find(NULL, "a.b"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		holds(who_bought_and_under_which_terms_is_taken_over),
		holds(what_the_sums_are_made_of_is_taken_over),
		holds(what_is_there_is_only_completed),
		holds(how_it_was_paid_is_taken_over_of_the_charge),
		holds(what_was_asked_for_apart_replaces_what_stands),
		holds(a_poorer_answer_takes_no_name_back),
		holds(an_order_is_cut_to_what_the_table_takes),
		holds(a_size_is_no_less_than_what_dynamodb_counts),
		holds(a_path_leads_to_a_member_or_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
