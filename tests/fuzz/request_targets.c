/* SPDX-License-Identifier: ISC */
/*
 * What a browser sends beside a body: paths, queries, cursors, tokens, origins.
 */
#include "targets.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "fake_http.h"
#include "format/form.h"
#include "format/json.h"
#include "orders/cursor.h"
#include "shop/keys.h"
#include "web/auth.h"
#include "web/cors.h"
#include "web/endpoint.h"
#include "web/etag.h"
#include "web/query.h"

#define NOW 1700000000
#define SECRET "a secret that nobody finds by chance"

static bool is_clean(struct span text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7F)
			return false;
	return true;
}

/* --- cursors ------------------------------------------------------------------------------- */

int fuzz_cursor(const uint8_t *data, size_t n)
{
	struct fuzz_halves in = fuzz_halves(data, n);
	char *user = fuzz_text(in.first, in.n_first), *text = fuzz_text(in.second, in.n_second);
	char *cursor = cursor_format(user, text), *sk, *parsed, *same;

	/* A key comes back as it was, and to nobody else. */
	sk = cursor_parse(user, cursor);
	HOLDS(!sk || strcmp(sk, text) == 0);
	HOLDS(sk || !str_starts(text, KEY_ORDER_PREFIX) || strlen(text) > 1024 ||
	      span_utf8_length(span_of(text)) < 0);
	free(sk);
	sk = cursor_parse(*user ? "" : "another", cursor);
	HOLDS(!sk);

	/* What is taken for a cursor is the one that would be given. */
	parsed = cursor_parse(user, text);
	if (parsed) {
		same = cursor_format(user, parsed);
		HOLDS(strcmp(same, text) == 0);
		free(same);
	}
	free(parsed);
	free(cursor);
	free(text);
	free(user);
	return 0;
}

/* --- requests ------------------------------------------------------------------------------ */

#define VARIABLES 16

static void check_query(const struct request *r, const char *name, size_t max)
{
	static const struct query_range range = {1, 100};
	int64_t number = 7;
	char *value = NULL;
	struct err e = {.code = ERR_NONE};

	if (query_get(r, name, max, &value, &e) == 0) {
		HOLDS(!value || (*value && strlen(value) <= max && is_clean(span_of(value)) &&
				 span_utf8_length(span_of(value)) > 0));
	} else {
		HOLDS(!value && e.code == ERR_BAD_REQUEST && *e.text);
	}
	if (query_get_int(r, name, range, &number, &e) == 0)
		HOLDS(number >= range.min && number <= range.max);
	else
		HOLDS(number == 7 && e.code == ERR_BAD_REQUEST);
	free(value);
}

/* A value that is written into a query is read as it was. */
static void check_round_trip(const char *text)
{
	char *variable, *value = NULL;
	struct buf form;
	struct err e;

	if (span_utf8_length(span_of(text)) < 1 || !is_clean(span_of(text)))
		return;
	buf_init(&form, 1 << 20);
	form_add(&form, text, "cursor");
	variable = str_printf("QUERY_STRING=limit=5&%s&other", buf_text(&form));
	HOLDS(query_get(&(struct request){.variables = (char *const[]){variable, NULL}}, "cursor",
			1 << 16, &value, &e) == 0);
	HOLDS(value && strcmp(value, text) == 0);
	free(value);
	free(variable);
	buf_free(&form);
}

/* No header that is answered has a line end in its value, so each line is one of ours. */
static void check_answer(const struct request *r, const char *allowed)
{
	struct response response;
	struct span rest, line;
	struct buf out;

	response_init(&response);
	response_json(&response, 200, json_object_new_object());
	cors_answer(r, allowed, &response);
	cors_preflight(r, allowed, "GET, OPTIONS", "X-Token", &response);
	etag_answer(r, &response);
	HOLDS(response.status == 200 || response.status == 304);
	buf_init(&out, RESPONSE_TEXT_MAX);
	response_format(&response, &out);
	rest = (struct span){buf_text(&out), out.len};
	while (span_next(&rest, '\n', &line) && line.n > 1) {
		HOLDS(line.p[line.n - 1] == '\r' && is_clean((struct span){line.p, line.n - 1}));
		HOLDS(memchr(line.p, ':', line.n));
	}
	buf_free(&out);
	response_free(&response);
}

/* --- an endpoint --------------------------------------------------------------------------- */

#define BODY_MAX 64

/* A body comes in parts of seven bytes, and a tenth of a second for each. */
static ssize_t read_body(void *context, char *bytes, size_t n, int64_t until)
{
	struct span *rest = context;

	if (deadline_left(until) == 0)
		return -1;
	deadline_sleep(100, until);
	n = n < 7 ? n : 7;
	n = n < rest->n ? n : rest->n;
	if (n)
		memcpy(bytes, rest->p, n);
	*rest = (struct span){rest->p + n, rest->n - n};
	return (ssize_t)n;
}

static bool has_more(void *context, int64_t until)
{
	(void)until;
	return ((const struct span *)context)->n > 0;
}

/* What a handler is given is whole, and what its route says. */
static int answer_post(void *context, const struct request *request, struct response *response,
		       struct err *e)
{
	struct json_object *json;
	int64_t length;

	(void)context;
	HOLDS(strcmp(request_variable(request, "REQUEST_METHOD"), "POST") == 0);
	HOLDS(span_to_int64(span_of(request_variable(request, "CONTENT_LENGTH")), &length) == 0);
	HOLDS((size_t)length == request->body.len && length <= BODY_MAX);
	if (request_json(request, &json, e))
		return -1;
	response_json(response, 200, json);
	return 0;
}

static int answer_get(void *context, const struct request *request, struct response *response,
		      struct err *e)
{
	(void)context;
	(void)e;
	HOLDS(request->body.len == 0);
	response_json(response, 200, json_object_new_object());
	return 0;
}

static int answer_below(void *context, const struct request *request, struct response *response,
			struct err *e)
{
	HOLDS(request->path_rest.n && !memchr(request->path_rest.p, '/', request->path_rest.n));
	return answer_get(context, request, response, e);
}

/* Whatever comes in is answered with one of the statuses that the endpoints know. */
static void serve(char *const *variables, struct span body)
{
	static const struct route routes[] = {
		{.path = "/cart/quote", .method = "POST", .body_max = BODY_MAX, .handle = answer_post},
		{.path = "/orders", .method = "GET", .handle = answer_get},
		{.path = "/orders", .below = true, .method = "GET", .handle = answer_below},
		{.path = NULL},
	};
	static const struct endpoint endpoint = {
		.program = "cart-quote", .routes = routes, .cors = "https://shop.example", .token_header = "X-Token",
		.request_ms = 8000,
	};
	struct arrival arrival = {.variables = variables, .source = {read_body, has_more, &body}};
	struct response response;
	struct buf out;

	fake_http_answer((struct span){NULL, 0}); /* the clock begins anew */
	arrival.since = clock_monotonic_ms();
	response_init(&response);
	endpoint_serve(&endpoint, &arrival, &response);
	HOLDS(strstr(" 200 204 400 404 405 408 411 413 415 ",
		     (char[8]){' ', (char)('0' + response.status / 100), (char)('0' + response.status / 10 % 10),
			       (char)('0' + response.status % 10), ' ', 0}));
	buf_init(&out, RESPONSE_TEXT_MAX);
	response_format(&response, &out);
	buf_free(&out);
	response_free(&response);
}

int fuzz_request(const uint8_t *data, size_t n)
{
	static const struct auth_settings by_secret = {.secret = SECRET, .header = "X-Token"};
	struct span body = {(const char *)data, n}, rest = fuzz_part(&body), line, below;
	char *text = fuzz_text(data, n), *variables[VARIABLES + 1] = {NULL};
	struct request r = {.variables = variables};
	bool has_token;
	size_t count = 0;
	struct err e;

	while (count < VARIABLES && span_next(&rest, '\n', &line))
		variables[count++] = span_dup(line);
	check_query(&r, "cursor", 64);
	check_query(&r, "limit", 8192);
	check_round_trip(text);
	request_is_for(&r, "/cart/quote", "cart-quote");
	if (request_is_below(&r, "/orders", "orders", &below))
		HOLDS(below.n && !memchr(below.p, '/', below.n));
	if (request_check_type(&r, false, &e))
		HOLDS(e.code == ERR_MEDIA_TYPE);
	if (auth_look_for_token(&by_secret, &r, &has_token, &e))
		HOLDS(e.code == ERR_UNAUTHORIZED);
	check_answer(&r, "*");
	check_answer(&r, "https://shop.example, https://www.shop.example");
	serve(variables, body);
	while (count)
		free(variables[--count]);
	free(text);
	return 0;
}

/* --- tokens -------------------------------------------------------------------------------- */

static char *sign(struct span header, struct span payload)
{
	unsigned char mac[DIGEST_BYTES];
	struct span message;
	struct buf token;

	buf_init(&token, 1 << 20);
	fuzz_add_base64url(&token, header);
	buf_putc(&token, '.');
	fuzz_add_base64url(&token, payload);
	message = (struct span){buf_text(&token), token.len};
	digest_hmac(span_of(SECRET), &message, 1, mac);
	buf_putc(&token, '.');
	fuzz_add_base64url(&token, (struct span){(const char *)mac, sizeof mac});
	return buf_detach(&token);
}

static int identify(const char *token, const struct auth_settings *settings,
		    struct auth_identity *who, struct err *e)
{
	char *variable = str_printf("HTTP_AUTHORIZATION=Bearer %s", token);
	struct request r = {.variables = (char *const[]){variable, NULL}};
	int rc = auth_identify(settings, &r, NOW, who, e);

	HOLDS(rc || who->subject);
	HOLDS(rc == 0 || (e->code == ERR_UNAUTHORIZED && !who->subject && !who->email));
	free(variable);
	return rc;
}

/* A token that was signed counts for what it says, and says all that is asked for.  (What our parser
 * does not take is not looked at: jansson takes more.) */
static void check_identity(struct span header, struct span payload, const struct auth_identity *who)
{
	struct json_object *head = json_parse(header), *claims = json_parse(payload), *expires = NULL;
	const char *text;
	bool verified = false;

	if (head) {
		text = json_string_or_null(head, "alg");
		HOLDS(!text || strcasecmp(text, "HS256") == 0);
		HOLDS(!json_object_object_get_ex(head, "crit", NULL));
	}
	if (claims) {
		text = json_string_or_null(claims, "sub");
		HOLDS(text && strcmp(text, who->subject) == 0);
		text = json_string_or_null(claims, "iss");
		HOLDS(text && strcmp(text, "https://login.example") == 0);
		HOLDS(json_object_object_get_ex(claims, "exp", &expires) &&
		      json_object_get_double(expires) > NOW);
		json_get_bool(claims, "email_verified", &verified);
		text = json_string_or_null(claims, "email_verified");
		HOLDS(!who->email || verified || (text && strcmp(text, "true") == 0));
	}
	json_object_put(claims);
	json_object_put(head);
}

int fuzz_token(const uint8_t *data, size_t n)
{
	static const struct auth_settings settings = {
		.secret = SECRET, .issuer = "https://login.example", .needs_exp = true,
	};
	struct fuzz_halves in = fuzz_halves(data, n);
	struct span header = {(const char *)in.first, in.n_first};
	struct span payload = {(const char *)in.second, in.n_second};
	char *raw = fuzz_text(data, n), *token = sign(header, payload);
	struct auth_identity who;
	struct err e;

	HOLDS(identify(raw, &settings, &who, &e) == -1); /* nobody finds a signature by chance */
	if (identify(token, &settings, &who, &e) == 0) {
		check_identity(header, payload, &who);
		auth_identity_free(&who);
		token[0] ^= 1; /* and none that was altered counts */
		HOLDS(identify(token, &settings, &who, &e) == -1);
	}
	free(token);
	free(raw);
	return 0;
}
