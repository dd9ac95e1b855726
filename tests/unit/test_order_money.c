/* SPDX-License-Identifier: ISC */
/*
 * What became of an order's money, case by case.
 */
#include "unit.h"

#include "shop/order_money.h"

#define SOLD "'amount':8500,'currency':'usd'"
#define PAID SOLD ",'status':'completed'"
#define LOST(amount) "{'status':'lost','amount':" #amount ",'currency':'usd'}"
#define SEEN "'presentment':{'amount':11900,'currency':'cad'}"

static const struct {
	const char *what, *order;
	int64_t unpaid, refunded, lost, disputed;
} table[] = {
	{"paid", PAID, 0, 0, 0, 0},
	{"pending", SOLD ",'status':'pending'", 8500, 0, 0, 0},
	{"failed", SOLD ",'status':'failed'", 8500, 0, 0, 0},
	{"the functions' word before the payment came",
	 PAID ",'stripePaymentStatus':'unpaid'", 8500, 0, 0, 0},
	{"nothing was to be paid",
	 PAID ",'stripePaymentStatus':'no_payment_required'", 0, 0, 0, 0},
	{"a status that nobody knows", SOLD ",'status':'sent'", 0, 0, 0, 0},
	{"held", SOLD ",'status':'pending','amountCaptured':0", 8500, 0, 0, 0},
	{"released", SOLD ",'status':'failed','amountCaptured':0,'amountRefunded':0", 8500, 0, 0, 0},
	{"released, as it was once written",
	 SOLD ",'status':'failed','amountRefunded':8500", 8500, 0, 0, 0},
	{"captured in part", PAID ",'amountCaptured':5000", 3500, 0, 0, 0},
	{"captured in part, and some refunded",
	 SOLD ",'status':'partially_refunded','amountCaptured':5000,'amountRefunded':1000",
	 3500, 1000, 0, 0},
	{"captured in part, and all of that refunded",
	 SOLD ",'status':'refunded','amountCaptured':5000,'amountRefunded':5000", 3500, 5000, 0, 0},
	{"more captured than authorized", PAID ",'amountCaptured':9000", 0, 0, 0, 0},
	{"more captured than authorized, and all of that refunded",
	 SOLD ",'status':'refunded','amountCaptured':9000,'amountRefunded':9000", 0, 9000, 0, 0},
	{"more captured than authorized, and lost",
	 PAID ",'amountCaptured':9000,'disputes':[" LOST(9000) "]", 0, 0, 9000, 0},
	{"more captured, of an order that is pending", SOLD ",'status':'pending','amountCaptured':9000", 8500, 0, 0, 0},
	{"refunded", SOLD ",'status':'refunded','amountRefunded':8500", 0, 8500, 0, 0},
	{"lost", PAID ",'disputes':[" LOST(8500) "]", 0, 0, 8500, 0},
	{"a part lost", PAID ",'disputes':[" LOST(2000) "]", 0, 0, 2000, 0},
	{"lost, in the one dispute that an older order has", PAID ",'dispute':" LOST(8500), 0, 0, 8500, 0},
	{"lost, and the latest is the same dispute",
	 PAID ",'dispute':" LOST(8500) ",'disputes':[" LOST(8500) "]", 0, 0, 8500, 0},
	{"more lost than a number holds",
	 PAID ",'disputes':[" LOST(9000000000000000000) "," LOST(9000000000000000000) "]", 0, 0, 8500, 0},
	{"a part lost, and the latest is the same dispute",
	 PAID ",'dispute':" LOST(2000) ",'disputes':[" LOST(2000) "]", 0, 0, 2000, 0},
	{"lost as a whole after a part was refunded",
	 PAID ",'amountRefunded':3000,'disputes':[" LOST(8500) "]", 0, 3000, 5500, 0},
	{"the rest lost after a part was refunded",
	 PAID ",'amountRefunded':3000,'disputes':[" LOST(5500) "]", 0, 3000, 5500, 0},
	{"a part lost after a part was refunded",
	 PAID ",'amountRefunded':3000,'disputes':[" LOST(2000) "]", 0, 3000, 2000, 0},
	{"lost after all was refunded",
	 PAID ",'amountRefunded':8500,'disputes':[" LOST(8500) "]", 0, 8500, 0, 0},
	{"captured in part, and lost", PAID ",'amountCaptured':5000,'disputes':[" LOST(8500) "]",
	 3500, 0, 5000, 0},
	{"two of a charge's lines lost", PAID ",'disputes':[" LOST(2000) "," LOST(3000) "]", 0, 0, 5000, 0},
	{"more lost than there was", PAID ",'disputes':[" LOST(8500) "," LOST(8500) "]", 0, 0, 8500, 0},
	{"won after it was lost", PAID ",'disputes':[{'status':'won','amount':8500,'currency':'usd'}]",
	 0, 0, 0, 0},
	{"one won, one lost",
	 PAID ",'disputes':[{'status':'won','amount':6000,'currency':'usd'}," LOST(2500) "]",
	 0, 0, 2500, 0},
	{"not decided", PAID ",'disputes':[{'status':'needs_response','amount':8500,'currency':'usd'}]",
	 0, 0, 0, 8500},
	{"under review, a part refunded before",
	 PAID ",'amountRefunded':3000,'disputes':[{'status':'under_review','amount':8500,'currency':'usd'}]",
	 0, 3000, 0, 5500},
	{"one lost, one not decided",
	 PAID ",'disputes':[" LOST(6000) ",{'status':'under_review','amount':8500,'currency':'usd'}]",
	 0, 0, 6000, 2500},
	{"an inquiry", PAID ",'disputes':[{'status':'warning_needs_response','amount':8500,'currency':'usd'}]",
	 0, 0, 0, 0},
	{"an inquiry under review",
	 PAID ",'disputes':[{'status':'warning_under_review','amount':8500,'currency':'usd'}]", 0, 0, 0, 0},
	{"an inquiry that was closed",
	 PAID ",'disputes':[{'status':'warning_closed','amount':8500,'currency':'usd'}]", 0, 0, 0, 0},
	{"refunded in place of a dispute, in an old version's word",
	 PAID ",'amountRefunded':8500,'disputes':[{'status':'charge_refunded','amount':8500,'currency':'usd'}]",
	 0, 8500, 0, 0},
	{"prevented", PAID ",'disputes':[{'status':'prevented','amount':8500,'currency':'usd'}]", 0, 0, 0, 0},
	{"lost in the buyer's currency",
	 PAID "," SEEN ",'disputes':[{'status':'lost','amount':11900,'currency':'cad'}]", 0, 0, 8500, 0},
	{"half of it lost in the buyer's currency",
	 PAID "," SEEN ",'disputes':[{'status':'lost','amount':5950,'currency':'cad'}]", 0, 0, 4250, 0},
	{"half of a large one lost in the buyer's currency",
	 "'amount':6000000000,'currency':'cop','status':'completed',"
	 "'presentment':{'amount':24000000000,'currency':'idr'},"
	 "'disputes':[{'status':'lost','amount':12000000000,'currency':'idr'}]", 0, 0, 3000000000, 0},
	{"lost in the shop's currency, the buyer saw another",
	 PAID "," SEEN ",'disputes':[" LOST(4000) "]", 0, 0, 4000, 0},
	{"lost, noted by 0.1.0 without its currency",
	 PAID "," SEEN ",'dispute':{'status':'lost','amount':5950}", 0, 0, 4250, 0},
	{"lost, noted by 0.1.0 without its currency, the buyer saw no other",
	 PAID ",'dispute':{'status':'lost','amount':5950}", 0, 0, 5950, 0},
	{"half of it lost in the currency of the settlement",
	 PAID ",'settlementCurrency':'eur','amountNet':7700,'amountFee':300,"
	 "'disputes':[{'status':'lost','amount':4000,'currency':'eur'}]", 0, 0, 4250, 0},
	{"lost in the currency of a settlement that can't be",
	 PAID ",'settlementCurrency':'eur','amountNet':9223372036854775806,'amountFee':2,"
	 "'disputes':[{'status':'lost','amount':4000,'currency':'eur'}]", 0, 0, 8500, 0},
	{"lost in a currency that nothing tells the rate of",
	 PAID ",'disputes':[{'status':'lost','amount':100,'currency':'jpy'}]", 0, 0, 8500, 0},
	{"a dispute of nothing", PAID ",'disputes':[{'status':'lost','amount':0,'currency':'usd'},{}]",
	 0, 0, 0, 0},
	{"a dispute of nothing, in a currency that nothing tells the rate of",
	 PAID ",'disputes':[{'status':'lost','amount':0,'currency':'jpy'}]", 0, 0, 0, 0},
	{"less than nothing refunded", SOLD ",'status':'completed','stripePaymentStatus':'paid','amountRefunded':-5",
	 0, 0, 0, 0},
	{"less than nothing", "'amount':-250,'status':'completed'", 0, 0, 0, 0},
}, *row;

static void each_unit_of_an_orders_amount_is_in_one_part_at_most(void **state)
{
	struct order_money money;

	(void)state;
	for EACH(row, table) {
		check(row->what, order_money_of(json_of("{%s}", row->order), &money));
		check_int(row->what, money.unpaid, row->unpaid);
		check_int(row->what, money.refunded, row->refunded);
		check_int(row->what, money.lost, row->lost);
		check_int(row->what, money.disputed, row->disputed);
		check(row->what, money.amount < 0 || money.unpaid + money.refunded + money.lost +
						      money.disputed <= money.amount);
	}
	assert_false(order_money_of(json_of("{'status':'completed'}"), &money));
	assert_int_equal(money.amount, 0);
}

#define LINE(subtotal, total) \
	"{'currency':'usd','amountSubtotal':" #subtotal ",'amountTotal':" #total "}"
#define TAXED(subtotal, tax, total) \
	"{'currency':'usd','amountSubtotal':" #subtotal ",'amountTax':" #tax ",'amountTotal':" #total "}"

static void lines_that_do_not_come_to_the_total_are_named_with_it(void **state)
{
	static const struct {
		const char *what, *order;
		int64_t lines, total; /* 0, 0: it adds up */
	} cases[] = {
		{"lines alone", SOLD ",'amountSubtotal':8500,'items':[" LINE(6000, 6000) "," LINE(2500, 2500)
		 "]", 0, 0},
		{"a line is missing", SOLD ",'amountSubtotal':8500,'items':[" LINE(6000, 6000) "]", 6000, 8500},
		{"a subtotal that is not the lines'", SOLD ",'amountSubtotal':9000,'items':[" LINE(8500, 8500) "]",
		 8500, 9000},
		{"a discount", "'amount':7650,'currency':'usd','amountSubtotal':8500,'amountDiscount':850,"
		 "'items':[" LINE(8500, 7650) "]", 0, 0},
		{"a discount that no line has", "'amount':7650,'currency':'usd','amountSubtotal':8500,"
		 "'amountDiscount':850,'items':[" LINE(8500, 8500) "]", 8500, 7650},
		{"tax on top", "'amount':9350,'currency':'usd','amountSubtotal':8500,'amountTax':850,"
		 "'items':[" LINE(8500, 9350) "]", 0, 0},
		{"tax within", SOLD ",'amountSubtotal':8500,'amountTax':850,'items':[" LINE(8500, 8500) "]",
		 0, 0},
		{"a tax that is in no line and not that of shipping", "'amount':9350,'currency':'usd',"
		 "'amountSubtotal':8500,'amountTax':850,'items':[" LINE(8500, 8500) "]", 8500, 9350},
		{"shipping", "'amount':9000,'currency':'usd','amountSubtotal':8500,'amountShipping':500,"
		 "'items':[" LINE(8500, 8500) "]", 0, 0},
		{"shipping with a tax of its own", "'amount':9050,'currency':'usd','amountSubtotal':8500,"
		 "'amountShipping':500,'amountTax':50,'items':[" LINE(8500, 8500) "]", 0, 0},
		{"a fee on the delivery, whose shipping is free", "'amount':8568,'currency':'usd',"
		 "'amountSubtotal':8500,'amountShipping':0,'amountTax':68,'items':[" TAXED(8000, 40, 8040) ","
		 TAXED(500, 0, 500) "]", 0, 0},
		{"more than the tax that is in no line", "'amount':8569,'currency':'usd','amountSubtotal':8500,"
		 "'amountShipping':0,'amountTax':68,'items':[" TAXED(8500, 40, 8540) "]", 8540, 8569},
		{"lines of more tax than the order says", "'amount':8540,'currency':'usd','amountSubtotal':8500,"
		 "'amountTax':20,'items':[" TAXED(8500, 40, 8540) "]", 0, 0},
		{"a tax further from the lines' than can be counted", "'amount':8500,'currency':'usd',"
		 "'amountTax':9223372036854775806,'items':[" TAXED(8500, -2, 8500) "]", 0, 0},
		{"shipping that is not in the total", SOLD ",'amountSubtotal':8500,'amountShipping':500,"
		 "'items':[" LINE(8500, 8500) "]", 9000, 8500},
		{"more than all of them", "'amount':9900,'currency':'usd','amountSubtotal':8500,"
		 "'amountShipping':500,'amountTax':50,'items':[" LINE(8500, 8500) "]", 9000, 9900},
		{"further from them than can be counted", "'amount':9223372036854775806,'currency':'usd',"
		 "'items':[" LINE(-2, -2) "]", -2, INT64_MAX - 1},
		{"no lines yet", SOLD ",'itemsPending':true,'items':[" LINE(1, 1) "]", 0, 0},
		{"no lines", SOLD ",'items':[]", 0, 0},
		{"lines of another currency", SOLD ",'items':[{'currency':'eur','amountTotal':1}]", 0, 0},
		{"lines that do not say what they cost", SOLD ",'items':[{'currency':'usd'}]", 0, 0},
	}, *c;

	(void)state;
	for EACH(c, cases) {
		int64_t lines = 0, total = 0;

		check_int(c->what, order_adds_up(json_of("{%s}", c->order), &lines, &total), !c->total);
		check_int(c->what, lines, c->lines);
		check_int(c->what, total, c->total);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(lines_that_do_not_come_to_the_total_are_named_with_it),
		holds(each_unit_of_an_orders_amount_is_in_one_part_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
