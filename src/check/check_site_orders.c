/* SPDX-License-Identifier: ISC */
/*
 * Trying to see somebody's orders.  With ORDERS_AUTH=remote_user the program
 * believes whomever the web server names; a server that names a user whom it has
 * not checked (nginx's $remote_user, outside of auth_basic) shows all customers'
 * orders to everybody.
 */
#include "check/check_site_orders.h"

#include <string.h>

/* ordersnap-check:nobody-has-this-password */
#define INVENTED "Basic b3JkZXJzbmFwLWNoZWNrOm5vYm9keS1oYXMtdGhpcy1wYXNzd29yZA=="

static bool has_login(const struct config *config, bool by_server)
{
	return by_server || config->jwt_secret || config->jwt_secret_parameter ||
	       config->jwt_public_key_file;
}

void check_site_orders(struct check *c, struct probe *probe, int64_t deadline)
{
	const struct config *config = &c->app->config;
	bool by_server = config_login_is_by_server(config);
	struct probe_answer a;
	const char *error;
	struct err e;

	if (!has_login(config, by_server))
		return;
	if (probe_ask(probe, &(struct probe_request){.method = "GET", .path = "/orders",
						 .authorization = INVENTED, .deadline = deadline}, &a, &e)) {
		check_not(c, CHECK_FAILED, "orders", "see the log of the web server", "no answer: %s", e.text);
		probe_answer_free(&a);
		return;
	}
	error = json_string_or_null(a.json, "error");
	if (a.status == 401 && (error || by_server))
		check_ok(c, "orders", "/orders refuses a user without a checked login");
	else if (a.status == 200 && json_object_object_get_ex(a.json, "orders", NULL))
		check_not(c, CHECK_FAILED, "orders", "set REMOTE_USER in a location with auth_basic or "
			  "auth_request only; see conf/nginx/ordersnap.conf", "everybody can see every "
			  "customer's orders: an invented user without a password was believed");
	else if (a.status == 429 || (a.status == 503 && !error))
		check_not(c, CHECK_WARNING, "orders", "wait a minute and run this again", "not known: the web "
			  "server answered %d, as it does to too many requests", a.status);
	else
		check_not(c, CHECK_WARNING, "orders", "lead /orders and the paths below it to orders.fcgi, "
			  "if customers are to see their orders; see conf/nginx and conf/apache",
			  "answered %d: the path does not lead to orders.fcgi", a.status);
	probe_answer_free(&a);
}
