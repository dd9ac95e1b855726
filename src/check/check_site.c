/* SPDX-License-Identifier: ISC */
/*
 * The shop as its visitors reach it: what lies between them and the programs.
 * Each request is one that a program refuses, and the test is whether it is the
 * program that refuses it.  Of each program the routing comes first; what can't
 * be told without it is left out.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/url.h"
#include "check/check_part.h"
#include "check/check_site_orders.h"
#include "check/probe.h"

#define GROUP_MS 18000
#define CALL_MS 5000
#define QUOTE_BYTES (100 << 10)   /* above the 32 KiB of cart-quote */
#define WEBHOOK_BYTES (200 << 10) /* below the 1 MiB of stripe-webhook, above FastCGI's usual */
#define FOREIGN "https://ordersnap-check.invalid"
#define NO_QUOTE "{\"quoteSignature\":" \
	"\"0000000000000000000000000000000000000000000000000000000000000000\"}"

struct site {
	struct check *c;
	struct probe *probe;
	int64_t until;
};

/* Asks within the time of one call, and of all. */
static int ask(struct site *s, struct probe_request request, struct probe_answer *answer, struct err *e)
{
	int64_t own = deadline_in(CALL_MS);

	request.deadline = own < s->until ? own : s->until;
	return probe_ask(s->probe, &request, answer, e);
}

/* What a program of ours says of an error; NULL where it is not one of ours
 * that speaks. */
static const char *error_of(const struct probe_answer *answer)
{
	return json_string_or_null(answer->json, "error");
}

/* Whether a program that knows the path refused what was sent there. */
static bool is_refusal(const struct probe_answer *answer, int status)
{
	const char *error = error_of(answer);

	return answer->status == status && error && strcmp(error, "Not found") != 0;
}

/* Says why a program did not answer as it should have, by the web server's
 * status. */
static void say_status(struct site *s, const char *name, const char *program,
		       const struct probe_answer *a)
{
	const char *base = probe_base(s->probe);
	const char *error = error_of(a);

	if (a->status >= 300 && a->status < 400)
		check_not(s->c, CHECK_FAILED, name, "answer there without a redirect: Stripe and a "
			  "browser's POST do not follow it; or give --url the address that it leads to",
			  "%s is redirected to %s", base, a->location);
	else if (a->status == 404 || a->status == 405 || (a->status == 200 && !a->json))
		check_not(s->c, CHECK_FAILED, name, "lead the path to the program in the web server's "
			  "configuration; see conf/nginx and conf/apache", "answered %d: the path does "
			  "not lead to %s", a->status, program);
	else if ((a->status == 502 || a->status == 504 || a->status == 503) && !error)
		check_not(s->c, CHECK_FAILED, name, "start it (systemd unit or spawn-fcgi), and compare "
			  "its socket with the web server's configuration", "answered %d: the web server "
			  "does not reach %s", a->status, program);
	else if (a->status == 401 || a->status == 403)
		check_not(s->c, CHECK_FAILED, name, "let the path be reached without a password, from "
			  "everywhere", "answered %d: the web server keeps visitors out", a->status);
	else if (a->status == 429)
		check_not(s->c, CHECK_WARNING, name, "wait a minute and run this again",
			  "answered 429: the web server's rate limit is reached");
	else
		check_not(s->c, CHECK_FAILED, name, "see the log of the program and of the web server",
			  "%s answered %d%s%s", program, a->status, error ? ": " : "",
			  error ? error : "");
}

static void say_no_answer(struct site *s, const char *name, const struct err *e)
{
	check_not(s->c, CHECK_FAILED, name, "see the log of the web server", "no answer: %s", e->text);
}

/* A web server that limits the rate does so in the middle of all this, and that
 * is no fault of what is looked at. */
static bool is_limited(struct site *s, const char *name, const struct probe_answer *a)
{
	bool limited = a->status == 429 || (a->status == 503 && !error_of(a));

	if (limited)
		check_not(s->c, CHECK_WARNING, name, "wait a minute and run this again",
			  "not known: the web server answered %d, as it does to too many requests",
			  a->status);
	return limited;
}

/* --- /healthz ------------------------------------------------------------- */

/* The address, and what is healthy there.  False where nobody answers at all. */
static bool look_at_health(struct site *s)
{
	struct json_object *checks = NULL;
	const char *base = probe_base(s->probe), *store, *secrets;
	bool https = str_starts(base, "https://");
	struct probe_answer answer;
	struct err e;

	if (ask(s, (struct probe_request){.method = "GET", .path = "/healthz"}, &answer, &e)) {
		check_not(s->c, CHECK_FAILED, "address", "look at DNS, firewall, web server and "
			  "certificate of that address", "can't be reached: %s", e.text);
		probe_answer_free(&answer);
		return false;
	}
	if (!https && s->c->mode == KEY_MODE_LIVE)
		check_not(s->c, CHECK_FAILED, "address", "serve it by https, and give --url that "
			  "address", "%s is not https, and this is live mode", base);
	else
		check_ok(s->c, "address", "%s%s", base, https ? ", its certificate is valid" : "");

	json_get_object(answer.json, "checks", &checks);
	store = json_string_or_null(checks, "store");
	secrets = json_string_or_null(checks, "secrets");
	if (checks && answer.status == 200)
		check_ok(s->c, "healthz", "healthy");
	else if (checks && answer.status == 503)
		check_not(s->c, CHECK_FAILED, "healthz", "see the log of status.fcgi: it says why",
			  "unhealthy: store %s, secrets %s", store ? store : "?",
			  secrets ? secrets : "?");
	else
		say_status(s, "healthz", "status.fcgi", &answer);
	probe_answer_free(&answer);
	return true;
}

/* --- /cart/quote ---------------------------------------------------------- */

/* An empty cart is refused by the program alone. */
static bool look_at_quote(struct site *s)
{
	struct probe_answer answer;
	struct err e;
	int rc = ask(s, (struct probe_request){.method = "POST", .path = "/cart/quote",
				       .body = span_of("{\"items\":[]}")}, &answer, &e);
	bool well = !rc && is_refusal(&answer, 400);

	if (rc)
		say_no_answer(s, "quote", &e);
	else if (well)
		check_ok(s->c, "quote", "/cart/quote reaches cart-quote");
	else
		say_status(s, "quote", "cart-quote", &answer);
	probe_answer_free(&answer);
	return well;
}

/* What a browser is told that asks before it sends a cart from a page of `origin`:
 * one that may, or, as FOREIGN, one that CORS_ALLOW_ORIGIN does not name. */
static void preflight(struct site *s, const char *origin, bool foreign, bool any)
{
	static const char mend[] = "let the web server hand OPTIONS to the program, and add or take no "
				   "CORS headers itself";
	const char *whose = strcmp(origin, FOREIGN) == 0 ? "any origin" : origin;
	struct probe_answer a;
	bool allowed;
	struct err e;

	if (ask(s, (struct probe_request){.method = "OPTIONS", .path = "/cart/quote", .origin = origin,
				  .preflight = true}, &a, &e)) {
		say_no_answer(s, "cors", &e);
		probe_answer_free(&a);
		return;
	}
	allowed = strcmp(a.allow_origin, "*") == 0 || strcmp(a.allow_origin, origin) == 0;
	if (is_limited(s, "cors", &a))
		;
	else if (foreign && any)
		; /* it may, as all may, and that was looked at */
	else if (foreign && a.allow_origin[0])
		check_not(s->c, CHECK_FAILED, "cors", "take Access-Control-Allow-Origin out of the web "
			  "server's configuration: the program sends it", "pages of any origin may read "
			  "the answers, though CORS_ALLOW_ORIGIN does not say so");
	else if (foreign)
		check_ok(s->c, "cors", "pages of other origins may not read the answers");
	else if (!allowed)
		check_not(s->c, CHECK_FAILED, "cors", mend, "pages of %s may not read the answers, "
			  "though CORS_ALLOW_ORIGIN has it: Access-Control-Allow-Origin is \"%s\"",
			  whose, a.allow_origin);
	else if (a.status > 299 || !strstr(a.allow_methods, "POST"))
		check_not(s->c, CHECK_FAILED, "cors", mend, "pages of %s may not POST: OPTIONS was "
			  "answered %d, Access-Control-Allow-Methods is \"%s\"", whose, a.status,
			  a.allow_methods);
	else
		check_ok(s->c, "cors", "pages of %s may read the answers", whose);
	probe_answer_free(&a);
}

/* The pages of each origin that CORS_ALLOW_ORIGIN names may, those of another may not. */
static void look_at_cors(struct site *s)
{
	const char *allowed = s->c->app->config.cors_allow_origin;
	struct span rest = span_of(allowed ? allowed : ""), one;
	bool any = false;

	while (url_next_origin(&rest, &one)) {
		char *origin = span_dup(one);

		if (strcmp(origin, "*") == 0)
			any = true;
		preflight(s, any ? FOREIGN : origin, false, any);
		free(origin);
	}
	preflight(s, FOREIGN, true, any);
}

/* A JSON object of about `bytes`, to free(). */
static char *body_of(size_t bytes)
{
	static const char front[] = "{\"check\":\"", back[] = "\"}";
	char *body = mem_zalloc(1, bytes + 1);

	memset(body, 'x', bytes);
	memcpy(body, front, sizeof front - 1);
	memcpy(body + bytes - (sizeof back - 1), back, sizeof back - 1);
	return body;
}

/* A cart that is too large is to be refused by the program, in JSON, and not by the web
 * server. */
static void look_at_quote_limit(struct site *s)
{
	static const char mend[] = "leave the limit to the program: set the web server's above 1 MiB "
				   "(nginx client_max_body_size, Apache LimitRequestBody)";
	char *body = body_of(QUOTE_BYTES);
	struct probe_answer answer;
	struct err e;

	if (ask(s, (struct probe_request){.method = "POST", .path = "/cart/quote",
				  .body = {body, QUOTE_BYTES}}, &answer, &e))
		check_not(s->c, CHECK_WARNING, "quote limit", mend, "a cart of %d KiB is cut off: %s",
			  QUOTE_BYTES >> 10, e.text);
	else if (answer.status == 413 && error_of(&answer))
		check_ok(s->c, "quote limit", "a cart that is too large is refused by the program");
	else if (is_limited(s, "quote limit", &answer))
		;
	else if (answer.status == 413)
		check_not(s->c, CHECK_WARNING, "quote limit", mend, "a cart of %d KiB is refused by the "
			  "web server, with a page in the place of JSON", QUOTE_BYTES >> 10);
	else
		check_not(s->c, CHECK_FAILED, "quote limit", mend, "a cart of %d KiB is answered %d, not "
			  "413", QUOTE_BYTES >> 10, answer.status);
	probe_answer_free(&answer);
	free(body);
}

/* --- /stripe/webhook ------------------------------------------------------ */

/* The program's own words for an event without a signature. */
static bool is_refused_signature(const struct probe_answer *a)
{
	const char *error = error_of(a);

	return a->status == 400 && error && strcmp(error, "Invalid Stripe signature") == 0;
}

/* An event without a signature is refused by the program, in its own words. */
static bool look_at_webhook(struct site *s)
{
	struct probe_answer answer;
	struct err e;
	int rc = ask(s, (struct probe_request){.method = "POST", .path = "/stripe/webhook",
				       .body = span_of("{}")}, &answer, &e);
	bool well = !rc && is_refused_signature(&answer);

	if (rc)
		say_no_answer(s, "webhook", &e);
	else if (well)
		check_ok(s->c, "webhook", "/stripe/webhook reaches stripe-webhook, which refuses "
			 "unsigned requests");
	else if (answer.status >= 300 && answer.status < 400)
		check_not(s->c, CHECK_FAILED, "webhook", "answer there without a redirect, or give "
			  "Stripe the address that it leads to", "/stripe/webhook is redirected (%d) to "
			  "%s: Stripe does not follow, every delivery fails", answer.status,
			  answer.location);
	else
		say_status(s, "webhook", "stripe-webhook", &answer);
	probe_answer_free(&answer);
	return well;
}

/* An event may have some hundred KiB, more than a web server takes by itself. */
static void look_at_webhook_limit(struct site *s)
{
	static const char mend[] = "raise the web server's limit to 1 MiB: nginx client_max_body_size, "
				   "Apache LimitRequestBody, mod_fcgid FcgidMaxRequestLen";
	char *body = body_of(WEBHOOK_BYTES);
	struct probe_answer answer;
	struct err e;

	if (ask(s, (struct probe_request){.method = "POST", .path = "/stripe/webhook",
				  .body = {body, WEBHOOK_BYTES}}, &answer, &e))
		check_not(s->c, CHECK_FAILED, "webhook limit", mend, "an event of %d KiB is cut off: %s",
			  WEBHOOK_BYTES >> 10, e.text);
	else if (is_refused_signature(&answer))
		check_ok(s->c, "webhook limit", "an event of %d KiB arrives", WEBHOOK_BYTES >> 10);
	else if (!is_limited(s, "webhook limit", &answer))
		check_not(s->c, CHECK_FAILED, "webhook limit", mend, "an event of %d KiB is answered %d: "
			  "it does not reach stripe-webhook", WEBHOOK_BYTES >> 10, answer.status);
	probe_answer_free(&answer);
	free(body);
}

/* --- /checkout/create-session --------------------------------------------- */

/* Nobody's quote is refused by the program.  Where there is a login it comes with a token
 * that is none: 401 if the token arrived, whatever else is wrong.  Where only those may buy whom
 * the web server has logged in, it or the program says 401. */
static void look_at_checkout(struct site *s)
{
	const struct config *config = &s->c->app->config;
	bool login = config->jwt_secret || config->jwt_secret_parameter ||
		     config->jwt_public_key_file;
	bool closed = config_login_is_by_server(config) && config->checkout_require_auth;
	struct probe_answer a;
	bool refused;
	struct err e;

	if (ask(s, (struct probe_request){.method = "POST", .path = "/checkout/create-session",
				  .authorization = login ? "Bearer invalid" : NULL,
				  .token_header = config->auth_header,
				  .body = span_of(NO_QUOTE)}, &a, &e)) {
		say_no_answer(s, "checkout", &e);
		probe_answer_free(&a);
		return;
	}
	refused = is_refusal(&a, 404) || is_refusal(&a, 400);
	if (!login && refused)
		check_ok(s->c, "checkout", "/checkout/create-session reaches checkout-create-session");
	else if (closed && (check_site_is_login(&a) || (!login && is_refusal(&a, 401))))
		check_ok(s->c, "checkout", "/checkout/create-session refuses whoever is not logged in at the "
			 "web server (CHECKOUT_REQUIRE_AUTH)");
	else if (login && is_refusal(&a, 401) && !strstr(error_of(&a), "is required"))
		check_ok(s->c, "authorization", "a bearer token reaches checkout-create-session");
	else if (login && (refused || is_refusal(&a, 401)))
		check_not(s->c, CHECK_FAILED, "authorization", "Apache: `CGIPassAuth On` for these paths; "
			  "nginx: pass HTTP_AUTHORIZATION on", "the Authorization header does not reach "
			  "checkout-create-session: every buyer is a guest");
	else
		say_status(s, "checkout", "checkout-create-session", &a);
	probe_answer_free(&a);
}

/* --- /checkout/session-status --------------------------------------------- */

/* A page after paying that is told its session's id is to ask for the session's order; without
 * an id the program refuses to say anything. */
static void look_at_status(struct site *s)
{
	const char *success = s->c->app->config.checkout_success_url;
	struct probe_answer a;
	struct err e;

	if (!success || !strstr(success, URL_SESSION_ID))
		return;
	if (ask(s, (struct probe_request){.method = "GET", .path = "/checkout/session-status"}, &a, &e))
		say_no_answer(s, "session-status", &e);
	else if (is_refusal(&a, 400))
		check_ok(s->c, "session-status", "/checkout/session-status reaches orders.fcgi");
	else if (config_login_is_by_server(&s->c->app->config) && check_site_is_login(&a))
		check_ok(s->c, "session-status", "/checkout/session-status is behind the web server's login");
	else if (!is_limited(s, "session-status", &a))
		check_not(s->c, CHECK_WARNING, "session-status", "lead the path to orders.fcgi, if the page "
			  "after paying is to show the order; see conf/nginx and conf/apache",
			  "answered %d: the path does not lead to orders.fcgi", a.status);
	probe_answer_free(&a);
}

void check_site(struct check *c)
{
	struct site site = {.c = c, .until = check_deadline(c, GROUP_MS)};

	if (!c->options->url)
		return;
	c->group = "site";
	site.probe = probe_new(c->options->url);
	if (look_at_health(&site)) {
		if (look_at_quote(&site)) {
			look_at_cors(&site);
			look_at_quote_limit(&site);
		}
		look_at_checkout(&site);
		look_at_status(&site);
		check_site_orders(c, site.probe, check_deadline(c, CALL_MS));
		check_site_buyer(c, site.probe, check_deadline(c, CALL_MS));
		if (look_at_webhook(&site))
			look_at_webhook_limit(&site);
		check_site_files(c, site.probe, check_deadline(c, CALL_MS));
	}
	probe_free(site.probe);
}
