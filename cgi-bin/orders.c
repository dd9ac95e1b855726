/* SPDX-License-Identifier: ISC */
/*
 * GET /orders, GET /orders/{orderId}: a customer's own orders, for whom the site's
 * login vouches.  GET /checkout/session-status: how the order of a session stands,
 * for whoever knows the session's id.
 */
#include <stdlib.h>
#include <string.h>

#include "app/login.h"
#include "config/secret.h"
#include "orders/customer_order.h"
#include "orders/customer_page.h"
#include "program.h"
#include "shop/keys.h"
#include "web/etag.h"
#include "web/query.h"

#define LIMIT 20
#define CURSOR_MAX_BYTES 4096
#define SESSION_ID_MAX_BYTES 300

/* Test orders are no orders of a live shop, and live ones none of a test shop; where the key
 * does not say which it is, all are. */
static int find_mode(struct app *app, int64_t deadline, enum customer_mode *mode, struct err *e)
{
	static const enum customer_mode modes[] = {
		[KEY_MODE_UNKNOWN] = CUSTOMER_ANY_MODE,
		[KEY_MODE_TEST] = CUSTOMER_TEST_MODE,
		[KEY_MODE_LIVE] = CUSTOMER_LIVE_MODE,
	};
	const char *secret;

	if (app_secret(app, SECRET_STRIPE, deadline, &secret, e))
		return -1;
	*mode = modes[secret ? key_mode_of(secret) : KEY_MODE_UNKNOWN];
	return 0;
}

/* Who asks: by the web server's login or by a bearer token, as it is set up; and orders
 * of which mode there are to be seen. */
static int find_customer(struct app *app, const struct request *request, struct customer *customer,
			 struct err *e)
{
	struct auth_identity who = {.subject = NULL};
	bool by_server = config_login_is_by_server(&app->config);
	const char *user = login_remote_user(app, request);
	enum customer_mode mode;
	int rc = 0;

	*customer = (struct customer){.user = NULL};
	if (!by_server)
		rc = login_identify(app, request, true, &who, e);
	if (!rc && !by_server)
		user = who.subject;
	if (!rc && !user)
		rc = err_set(e, ERR_UNAUTHORIZED, by_server ? "a login is required"
							     : "a bearer token is required");
	if (!rc)
		rc = find_mode(app, request->deadline, &mode, e);
	if (!rc && (!user_id_is_exact(user) || customer_init(customer, user, who.email, mode)))
		rc = err_set(e, ERR_UNAUTHORIZED, "the login's name of the user is empty or too long, has "
			     "white space around it, or is not UTF-8");
	auth_identity_free(&who);
	return rc;
}

/* GET /orders?limit=20&cursor=... */
static int get_orders(void *context, const struct request *request, struct response *response,
		      struct err *e)
{
	struct json_object *answer = NULL;
	struct customer customer;
	char *cursor = NULL;
	int64_t limit = LIMIT;
	int rc = find_customer(context, request, &customer, e);

	if (!rc)
		rc = query_get_int(request, "limit", (struct query_range){1, CUSTOMER_PAGE_MAX}, &limit,
				   e);
	if (!rc)
		rc = query_get(request, "cursor", CURSOR_MAX_BYTES, &cursor, e);
	if (!rc)
		rc = customer_page(context, &customer, cursor, (size_t)limit, request->deadline, &answer, e);
	if (!rc) {
		response_json(response, 200, answer);
		etag_answer(request, response);
	}
	free(cursor);
	customer_free(&customer);
	return rc;
}

/* GET /orders/{orderId} */
static int get_order(void *context, const struct request *request, struct response *response,
		     struct err *e)
{
	char *id = span_dup(request->path_rest);
	struct json_object *view = NULL;
	struct customer customer;
	int rc = find_customer(context, request, &customer, e);

	if (!rc)
		rc = customer_order(context, &customer, id, request->deadline, &view, e);
	if (!rc) {
		response_json(response, 200, view);
		etag_answer(request, response);
	}
	free(id);
	customer_free(&customer);
	return rc;
}

/* GET /checkout/session-status?session_id=cs_... */
static int get_status(void *context, const struct request *request, struct response *response,
		      struct err *e)
{
	struct json_object *view = NULL;
	enum customer_mode mode;
	char *id = NULL;
	int rc = query_get(request, "session_id", SESSION_ID_MAX_BYTES, &id, e);

	if (!rc && !id)
		rc = err_set(e, ERR_BAD_REQUEST, "session_id is required");
	if (!rc)
		rc = find_mode(context, request->deadline, &mode, e);
	if (!rc)
		rc = customer_session_status(context, id, mode, request->deadline, &view, e);
	if (!rc)
		response_json(response, 200, view);
	free(id);
	return rc;
}

static int check_auth(struct app *app, struct err *e)
{
	return login_check(&app->config, false, e);
}

static const struct route routes[] = {
	{.path = "/orders", .method = "GET", .handle = get_orders},
	{.path = "/orders", .below = true, .method = "GET", .handle = get_order},
	{.path = "/checkout/session-status", .method = "GET", .handle = get_status},
	{.path = NULL},
};

static const struct program program = {
	.name = "orders",
	.summary = "GET /orders, what a customer has bought",
	.needs = CONFIG_NEEDS_STORE | CONFIG_NEEDS_STRIPE,
	.routes = routes,
	.check = check_auth,
};

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
