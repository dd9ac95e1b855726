/* SPDX-License-Identifier: ISC */
/*
 * One transport, one error mapper.
 */
#include "aws/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/profile.h"
#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/url.h"
#include "net/http.h"

#define TRY_MS 4000       /* one try; a lost packet should not take the deadline, */
#define BYTES_A_MS 64     /* and a large body has to get there over a slow line; */
#define LONGER_MAX 4      /* doubled up to so often where an answer did not get here whole */
#define SECRET_ROOM (16 << 10) /* bytes: an answer of the Parameter Store is not moved */
#define FIRST_PAUSE_MS 50u /* doubled each time, all of it jitter */
#define LAST_PAUSE_MS 1600u

const struct aws_service aws_dynamodb = {
	.name = "dynamodb",
	.target = "DynamoDB_20120810",
	.content_type = "application/x-amz-json-1.0",
};

const struct aws_service aws_ssm = {
	.name = "ssm",
	.target = "AmazonSSM",
	.content_type = "application/x-amz-json-1.1",
};

const struct metrics_family aws_retries = {
	.name = "ordersnap_aws_retries_total",
	.help = "Requests to AWS that were tried again, by service.",
	.labels = {"service"},
};

struct aws_client {
	const struct aws_settings *settings;
	const struct aws_service *service;
	struct aws_provider *provider;
	struct http_client *http;
	char *region;   /* NULL until the first call */
	char *endpoint;
	char *host, *path; /* the endpoint's, as they are sent */
	struct sigv4_key key;
};

/* What to do about a refusal. */
enum remedy { RETRY, RENEW, MEND, REFUSE };

/* By the type's last part.  MEND: passes when the owner has mended it. */
static const struct {
	const char *type;
	enum remedy remedy;
	const char *hint;
} refusals[] = {
	{"ProvisionedThroughputExceededException", RETRY, NULL},
	{"ThrottlingException", RETRY, NULL},
	{"RequestLimitExceeded", RETRY, NULL},
	{"TransactionConflictException", RETRY, NULL},
	{"TransactionInProgressException", RETRY, NULL},
	{"InternalServerError", RETRY, NULL},
	{"ServiceUnavailable", RETRY, NULL},
	{"TooManyUpdates", RETRY, NULL},
	{"ExpiredTokenException", RENEW, "the AWS credentials have expired: renew them"},
	{"RequestExpired", MEND, "this machine's clock is wrong"},
	{"ResourceNotFoundException", MEND, "COMMERCE_TABLE names a table that is not in this "
					    "region: create it with `ordersnap init`, or mend "
					    "AWS_REGION"},
	{"AccessDeniedException", MEND, "these AWS credentials may not do this: give them the "
					"policy in conf/dynamodb"},
	{"UnrecognizedClientException", RENEW, "AWS does not know this access key: check "
					      "AWS_ACCESS_KEY_ID or the profile"},
	{"InvalidSignatureException", RENEW, "the secret access key is not this access key's, or "
					    "this machine's clock is wrong"},
	{"MissingAuthenticationTokenException", MEND, "the AWS credentials are not complete"},
	{"IncompleteSignatureException", MEND, "the AWS credentials are not complete"},
};

struct aws_client *aws_client_new(const struct aws_settings *settings,
				  const struct aws_service *service)
{
	struct aws_client *client = mem_zalloc(1, sizeof *client);

	client->settings = settings;
	client->service = service;
	client->provider = aws_provider_new(settings);
	client->http = http_client_new();
	return client;
}

void aws_client_free(struct aws_client *client)
{
	if (!client)
		return;
	aws_provider_free(client->provider);
	http_client_free(client->http);
	free(client->region);
	free(client->endpoint);
	free(client->host);
	free(client->path);
	mem_wipe(&client->key, sizeof client->key);
	free(client);
}

void aws_failure_free(struct aws_failure *failure)
{
	json_object_put(failure->answer);
	memset(failure, 0, sizeof *failure);
}

/* Under which the services of a region are: China's and the European Sovereign Cloud's have one of their
 * own (partitions.json of Amazon's SDKs has them all). */
static const char *domain_of(const char *region)
{
	if (str_starts(region, "cn-"))
		return "amazonaws.com.cn";
	return str_starts(region, "eusc-") ? "amazonaws.eu" : "amazonaws.com";
}

static char *endpoint_of(const struct aws_client *client)
{
	const struct aws_settings *s = client->settings;
	const char *own = client->service == &aws_ssm ? s->endpoint_ssm : s->endpoint_dynamodb;
	char *from_file = NULL;

	if (!aws_profile_ignores_endpoints(s)) {
		if (own || s->endpoint)
			return str_dup(own ? own : s->endpoint);
		from_file = aws_profile_endpoint(s, client->service->name);
	}
	if (from_file)
		return from_file;
	return str_printf("https://%s.%s.%s", client->service->name, client->region,
			  domain_of(client->region));
}

/* The endpoint's authority and path, which are signed; libcurl says what is wrong with
 * one that is no address. */
static void take_apart(struct aws_client *client)
{
	struct url url = {.rest = {.n = 0}};
	size_t n = 0;

	url_parse(span_of(client->endpoint), &url);
	client->host = str_printf("%.*s%s%.*s", (int)url.host.n, url.host.n ? url.host.p : "",
				  url.port.n ? ":" : "", (int)url.port.n, url.port.n ? url.port.p : "");
	while (n < url.rest.n && url.rest.p[n] != '?' && url.rest.p[n] != '#')
		n++;
	client->path = n ? span_dup((struct span){url.rest.p, n}) : str_dup("/");
}

static int find_endpoint(struct aws_client *client, struct err *e)
{
	if (!client->region)
		client->region = client->settings->region ? str_dup(client->settings->region)
							  : aws_profile_value(client->settings, "region");
	if (!client->region)
		return err_set(e, ERR_UNAVAILABLE, "AWS_REGION is not set, and the AWS profile "
			       "\"%s\" has no region", aws_profile_name(client->settings));
	if (!client->endpoint) {
		client->endpoint = endpoint_of(client);
		take_apart(client);
	}
	return 0;
}

/* A request on its way, over all its tries. */
struct call {
	const struct aws_request *request;
	bool renewed;               /* the credentials were fetched anew for it once */
	unsigned longer;            /* tries of which a part of the answer came; LONGER_MAX at most */
	struct json_object *answer; /* where it succeeded */
	struct aws_failure failure; /* the last refusal */
};

static int send_once(struct aws_client *client, const struct call *call,
		     const struct aws_credentials *credentials, struct http_answer *answer,
		     struct err *e)
{
	struct span sent = call->request->input;
	int64_t try_ms = (TRY_MS << call->longer) + (int64_t)sent.n / BYTES_A_MS;
	char *target = str_printf("%s.%s", client->service->target, call->request->operation);
	struct sigv4_request request = {
		.region = client->region, .service = client->service->name,
		.key_id = credentials->key_id, .secret = credentials->secret, .token = credentials->token,
		.host = client->host, .path = client->path,
		.content_type = client->service->content_type, .target = target,
		.body = sent,
		.now = clock_epoch(),
	};
	char *authorization = sigv4_authorization(&request, &client->key), time[SIGV4_TIME_SIZE];
	char *headers[] = {
		str_printf("Host: %s", request.host),
		str_printf("Content-Type: %s", request.content_type),
		str_printf("X-Amz-Target: %s", target),
		str_printf("X-Amz-Date: %s", (sigv4_time(request.now, time), time)),
		str_printf("Authorization: %s", authorization),
		request.token ? str_printf("X-Amz-Security-Token: %s", request.token) : NULL,
	};
	size_t i;
	int rc;

	rc = http_perform(client->http, &(struct http_request){
		.method = "POST",
		.url = client->endpoint,
		.headers = {headers[0], headers[1], headers[2], headers[3], headers[4], headers[5]},
		.body = sent,
		.deadline = deadline_within(try_ms, call->request->deadline),
	}, answer, e);
	for (i = 0; i < sizeof headers / sizeof *headers; i++)
		free(headers[i]);
	free(authorization);
	free(target);
	return rc;
}

/* "com.amazonaws.dynamodb.v20120810#ThrottlingException", with a colon and an address behind it or not, as
 * `__type` or as `code`. https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html */
static void read_type(struct json_object *json, struct aws_failure *failure)
{
	const char *type = json_string_or_null(json, "__type"), *cut;
	size_t n;

	if (!type)
		type = json_string_or_null(json, "code");
	n = type ? strcspn(type, ":") : 0;
	cut = n ? memchr(type, '#', n) : NULL;
	snprintf(failure->type, sizeof failure->type, "%.*s", cut ? (int)(type + n - cut - 1) : (int)n,
		 cut ? cut + 1 : type ? type : "");
}

/* A transaction that was cancelled for passing reasons alone is worth another
 * try. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
static bool cancelled_in_passing(const struct aws_failure *failure)
{
	static const char *const passing[] = {"TransactionConflict", "ThrottlingError",
					      "ProvisionedThroughputExceeded", "None"};
	struct json_object *reasons;
	size_t i, k;

	if (strcmp(failure->type, "TransactionCanceledException") != 0 ||
	    json_get_array(failure->answer, "CancellationReasons", &reasons) != JSON_FOUND)
		return false;
	for (i = 0; i < json_object_array_length(reasons); i++) {
		const char *code = json_string_or_null(json_object_array_get_idx(reasons, i), "Code");

		for (k = 0; code && k < 4 && strcmp(code, passing[k]) != 0; k++)
			;
		if (!code || k == 4)
			return false;
	}
	return true;
}

static enum remedy remedy_of(const struct aws_failure *failure, int status, const char **hint)
{
	size_t i;

	*hint = NULL;
	for (i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (strcmp(refusals[i].type, failure->type) == 0) {
			*hint = refusals[i].hint;
			return refusals[i].remedy;
		}
	}
	return status >= 500 || cancelled_in_passing(failure) ? RETRY : REFUSE;
}

static enum remedy map_error(struct aws_client *client, const struct http_answer *http,
			     struct call *call, struct err *e)
{
	struct aws_failure *failure = &call->failure;
	const char *message, *hint;
	enum remedy remedy;

	json_object_put(failure->answer);
	failure->answer = json_parse((struct span){buf_text(&http->body), http->body.len});
	read_type(failure->answer, failure);
	remedy = remedy_of(failure, http->status, &hint);
	message = json_string_or_null(failure->answer, "message");
	if (!message)
		message = json_string_or_null(failure->answer, "Message");
	err_set(e, remedy == REFUSE ? ERR_REFUSED : ERR_UNAVAILABLE, "%s%s%s at %s: %d %s: %s",
		hint ? hint : "", hint ? "; " : "", call->request->operation, client->endpoint,
		http->status, failure->type, message ? message : "");
	return remedy;
}

/* Full jitter: anything up to a bound that doubles with each try. */
static bool pause_before_retry(int try, int64_t deadline)
{
	uint32_t most = try < 5 ? FIRST_PAUSE_MS << try : LAST_PAUSE_MS;

	return deadline_pause(clock_jitter(most + 1), deadline);
}

/* Whether it has a member of an error's, which no operation's answer has.  Something that stands in AWS's
 * place may say one with status 200; of a read it would be taken for an empty table. */
static bool is_error(struct json_object *json)
{
	static const char *const members[] = {"__type", "message", "Message", "error", "errors"};
	size_t i;

	for (i = 0; i < sizeof members / sizeof *members; i++)
		if (json_object_object_get_ex(json, members[i], NULL))
			return true;
	return false;
}

/* All operations answer with an object: 0, or 1 where it is none, and worth another try. */
static int take_answer(struct call *call, const struct http_answer *http, struct err *e)
{
	struct json_object *json = json_parse((struct span){buf_text(&http->body), http->body.len});
	bool is_object = json_object_is_type(json, json_type_object);

	if (is_object && !is_error(json)) {
		call->answer = json;
		return 0;
	}
	json_object_put(json);
	err_set(e, ERR_UNAVAILABLE, "%s: the answer is %s", call->request->operation,
		is_object ? "an error with the status 200, and not AWS's" : "no JSON object");
	return 1;
}

/* One try: 0 done, 1 worth another, -1 not. */
static int try_once(struct aws_client *client, struct call *call, struct err *e)
{
	const struct aws_credentials *credentials;
	struct http_answer http;
	enum remedy remedy;
	int rc;

	if (aws_provider_get(client->provider, call->request->deadline, &credentials, e))
		return -1;
	http_answer_init(&http);
	if (client->service == &aws_ssm)
		buf_make_room(&http.body, SECRET_ROOM);
	if (send_once(client, call, credentials, &http, e)) {
		call->longer += http.body.len && call->longer < LONGER_MAX;
		rc = 1;
	} else if (http.status == 200) {
		rc = take_answer(call, &http, e);
	} else {
		remedy = map_error(client, &http, call, e);
		if (remedy == RENEW && !call->renewed)
			aws_provider_forget(client->provider);
		rc = remedy == RETRY || (remedy == RENEW && !call->renewed) ? 1 : -1;
		call->renewed |= remedy == RENEW;
	}
	http_answer_free(&http);
	return rc;
}

int aws_call(struct aws_client *client, const struct aws_request *request,
	     struct json_object **answer, struct aws_failure *failure, struct err *e)
{
	struct call call = {.request = request};
	int try = 0, rc;

	if (failure)
		*failure = call.failure;
	if (find_endpoint(client, e))
		return -1;
	while ((rc = try_once(client, &call, e)) > 0 &&
	       pause_before_retry(try++, request->deadline))
		metrics_count(&aws_retries, client->service->name);
	if (failure)
		*failure = call.failure;
	else
		aws_failure_free(&call.failure);
	if (rc)
		return -1;
	*answer = call.answer;
	return 0;
}
