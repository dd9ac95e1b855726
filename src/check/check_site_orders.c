/* SPDX-License-Identifier: ISC */
/*
 * Trying to see somebody's orders, and to buy in somebody's name.  With
 * ORDERS_AUTH=remote_user the programs believe whomever the web server names; a
 * server that names a user whom it has not checked (nginx's $remote_user, outside of
 * auth_basic) shows all customers' orders to everybody.
 */
#include "check/check_site_orders.h"

#include <string.h>

/* ordersnap-check:nobody-has-this-password */
#define INVENTED "Basic b3JkZXJzbmFwLWNoZWNrOm5vYm9keS1oYXMtdGhpcy1wYXNzd29yZA=="

/* Nobody's quote, for another user than the invented one. */
#define FOR_ANOTHER "{\"userId\":\"somebody else\",\"quoteSignature\":" \
	"\"0000000000000000000000000000000000000000000000000000000000000000\"}"

static const char mend_login[] = "set REMOTE_USER in a location with auth_basic or auth_request "
				 "only; see conf/nginx/ordersnap.conf";

/* Asks as the invented user.  0 with the answer, to free, where it is one of a program
 * or of the site's login; else it is said, under `name`, and -1. */
static int ask_invented(struct check *c, struct probe *probe, const char *name,
			struct probe_request request, struct probe_answer *a)
{
	struct err e;

	request.authorization = INVENTED;
	if (probe_ask(probe, &request, a, &e))
		check_not(c, CHECK_FAILED, name, "see the log of the web server", "no answer: %s", e.text);
	else if (a->status == 429 || (a->status == 503 && !json_string_or_null(a->json, "error")))
		check_not(c, CHECK_WARNING, name, "wait a minute and run this again", "not known: the web "
			  "server answered %d, as it does to too many requests", a->status);
	else
		return 0;
	probe_answer_free(a);
	return -1;
}

bool check_site_is_login(const struct probe_answer *answer)
{
	static const int refusals[] = {401, 403, 302, 303, 307};
	size_t i;

	for (i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (answer->status == refusals[i])
			return !json_string_or_null(answer->json, "error");
	return false;
}

void check_site_orders(struct check *c, struct probe *probe, int64_t deadline)
{
	const struct config *config = &c->app->config;
	bool by_server = config_login_is_by_server(config);
	struct probe_request request = {.method = "GET", .path = "/orders", .deadline = deadline};
	struct probe_answer a;

	if (!config_has_login(config) || ask_invented(c, probe, "orders", request, &a))
		return;
	if ((a.status == 401 && json_string_or_null(a.json, "error")) ||
	    (by_server && check_site_is_login(&a)))
		check_ok(c, "orders", "/orders refuses a user without a checked login");
	else if (a.status == 200 && json_object_object_get_ex(a.json, "orders", NULL))
		check_not(c, CHECK_FAILED, "orders", mend_login, "everybody can see every customer's "
			  "orders: an invented user without a password was believed");
	else
		check_not(c, CHECK_WARNING, "orders", "lead /orders and the paths below it to orders.fcgi, "
			  "if customers are to see their orders; see conf/nginx and conf/apache",
			  "answered %d: the path does not lead to orders.fcgi", a.status);
	probe_answer_free(&a);
}

/* A program that believes the invented user refuses to let it buy for another: 403. A
 * program that knows no user refuses a named one: 401. */
void check_site_buyer(struct check *c, struct probe *probe, int64_t deadline)
{
	struct probe_request request = {.method = "POST", .path = "/checkout/create-session",
					.body = span_of(FOR_ANOTHER), .deadline = deadline};
	struct probe_answer a;

	if (!config_login_is_by_server(&c->app->config) || ask_invented(c, probe, "buyer", request, &a))
		return;
	if (a.status == 401 || check_site_is_login(&a))
		check_ok(c, "buyer", "/checkout/create-session refuses a user without a checked login");
	else if (a.status == 403 && json_string_or_null(a.json, "error"))
		check_not(c, CHECK_FAILED, "buyer", mend_login, "everybody can buy in every customer's name: "
			  "/checkout/create-session believed an invented user without a password");
	else
		check_not(c, CHECK_WARNING, "buyer", "lead /checkout/create-session to "
			  "checkout-create-session.fcgi; see conf/nginx and conf/apache",
			  "answered %d where an invented user is refused with 401", a.status);
	probe_answer_free(&a);
}
