/* SPDX-License-Identifier: ISC */
/*
 * The HTTP client over libcurl.  The one idea: the easy handle is reset, not
 * made anew, between requests; its connections, TLS sessions and trust store
 * stay.
 */
#include "net/http.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/ca_file.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/proxy.h"
#include "base/trust.h"
#include "base/url.h"

#define CONNECT_TIMEOUT_MS 4000 /* the look-up included, which takes libc three seconds where
				  * questions for IPv6 addresses are never answered */
#define BEGIN_STEPS 5 /* of a millisecond at most, in which a near server is connected to */
#define RESOLVER_OPTIONS "timeout:1 attempts:2"
#define USER_AGENT "ordersnap/" PACKAGE_VERSION

struct http_client {
	CURL *curl; /* NULL until the first request */
	CURLM *multi; /* what is asked ahead, and its connections; NULL: nothing was yet */
	struct http_ahead *taken; /* whose answer was the last one; NULL: curl's */
	unsigned calls;
};

/* One that was begun. */
struct http_ahead {
	CURL *curl;
	struct curl_slist *headers;
	char *url;
	char detail[CURL_ERROR_SIZE];
	struct http_answer answer;
	CURLcode code;
	bool ended; /* with `code` */
};

struct http_client *http_client_new(void)
{
	return mem_zalloc(1, sizeof(struct http_client));
}

void http_client_free(struct http_client *client)
{
	if (!client)
		return;
	http_drop(client, client->taken);
	curl_multi_cleanup(client->multi);
	if (client->curl) {
		curl_easy_cleanup(client->curl);
		curl_global_cleanup();
	}
	free(client);
}

void http_answer_init(struct http_answer *answer)
{
	answer->status = 0;
	buf_init(&answer->body, HTTP_MAX_ANSWER);
}

void http_answer_free(struct http_answer *answer)
{
	buf_forget(&answer->body);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *context)
{
	return buf_add(context, bytes, size * n) ? 0 : size * n;
}

/* By default libc asks the second name server after five seconds, when the
 * connection's three are over: with the first one silent nobody would be
 * reached.  It reads RES_OPTIONS (resolv.conf(5)) at the first look-up of a
 * thread, and what stands there last counts, so the owner's own options stay. */
static void hurry_resolver(void)
{
	const char *own = getenv("RES_OPTIONS");
	char *options;

	if (own && str_starts(own, RESOLVER_OPTIONS))
		return;
	options = str_printf(RESOLVER_OPTIONS "%s%s", own ? " " : "", own ? own : "");
	setenv("RES_OPTIONS", options, 1);
	free(options);
}

static int open_handle(struct http_client *client, struct err *e)
{
	if (client->curl) {
		curl_easy_reset(client->curl);
		return 0;
	}
	hurry_resolver();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) == 0)
		client->curl = curl_easy_init();
	return client->curl ? 0 : err_set(e, ERR_INTERNAL, "libcurl could not be started");
}

/* libcurl copies texts.  Without memory for one it says so and goes on without the option: without a
 * header, say, or with the proxy that the environment names.  Ours ends, as with base/mem.h. */
#define set_option(curl, option, value) must(curl_easy_setopt(curl, option, value))

static void must(CURLcode code)
{
	if (code == CURLE_OUT_OF_MEMORY)
		mem_out();
}

/* Whether libcurl works with the OpenSSL that we have, so that it can be handed our trust store. */
static bool has_our_openssl(void)
{
	const char *library = curl_version_info(CURLVERSION_NOW)->ssl_version;

	return library && str_starts(library, "OpenSSL/") &&
	       strcmp(library + strlen("OpenSSL/"), trust_version()) == 0;
}

static CURLcode on_ssl_ctx(CURL *curl, void *ssl_ctx, void *context)
{
	(void)curl;
	(void)context;
	trust_use(ssl_ctx);
	return CURLE_OK;
}

/* The file to believe servers by, NULL for that of the TLS library. */
static const char *trusted_file(CURL *curl)
{
	const char *built_in = NULL, *file;

	curl_easy_getinfo(curl, CURLINFO_CAINFO, &built_in);
	file = ca_file(built_in, ca_file_usual);
	return file ? file : built_in;
}

/* Our own store of certificates where that works: it is read once, by a master for all its
 * workers; libcurl would read the file once in each.  A file that can't be read is left to
 * libcurl, which says so. */
static void set_trust(CURL *curl, const char *url)
{
	const char *file = url_is_https(url) ? trusted_file(curl) : NULL;

	if (!file)
		return;
	if (!has_our_openssl() || trust_load(file)) {
		set_option(curl, CURLOPT_CAINFO, file);
		return;
	}
	set_option(curl, CURLOPT_CAINFO, NULL);
	set_option(curl, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx);
}

void http_prepare(void)
{
	CURL *curl = curl_global_init(CURL_GLOBAL_DEFAULT) == 0 ? curl_easy_init() : NULL;
	const char *file = curl ? trusted_file(curl) : NULL;

	if (file && has_our_openssl() && trust_load(file) == 0)
		trust_prepare();
	curl_easy_cleanup(curl);
}

/* A proxy hears of an https address its host alone: the headers, an API key among them, go
 * through the tunnel. */
static void set_proxy(CURL *curl)
{
	set_option(curl, CURLOPT_PROXY, proxy_chosen());
	set_option(curl, CURLOPT_NOPROXY, proxy_direct_hosts);
	set_option(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	set_option(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

/* CURLOPT_CAPATH is NULL because a directory of certificates switches off
 * libcurl's cache of the trust store: each new connection would then read the
 * whole bundle again.
 *
 * CURLOPT_QUICK_EXIT because libcurl looks names up in a thread, and waits for
 * that thread's end beyond its own timeout: with three silent name servers 30
 * seconds.  An older libcurl still does. */
static void set_policy(CURL *curl, int64_t left)
{
	set_option(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	set_option(curl, CURLOPT_FOLLOWLOCATION, 0L);
	set_proxy(curl);
	set_option(curl, CURLOPT_NOSIGNAL, 1L);
	set_option(curl, CURLOPT_CAPATH, NULL);
#if CURL_AT_LEAST_VERSION(7, 87, 0)
	set_option(curl, CURLOPT_QUICK_EXIT, 1L);
#endif
	set_option(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	set_option(curl, CURLOPT_USERAGENT, USER_AGENT);
	set_option(curl, CURLOPT_CONNECTTIMEOUT_MS,
			 (long)(left < CONNECT_TIMEOUT_MS ? left : CONNECT_TIMEOUT_MS));
	set_option(curl, CURLOPT_TIMEOUT_MS, (long)left);
}

/* The path and query of an address; NULL where it has none, or where they are not what a request's
 * first line takes, which libcurl then says. */
static const char *target_of(const char *url)
{
	const char *host = strstr(url, "://"), *target = host ? strchr(host + 3, '/') : NULL, *p = target;

	while (p && *p > ' ' && *p < 127 && *p != '#')
		p++;
	return p && !*p ? target : NULL;
}

/* libcurl copies a query letter by letter, and more than once, but a target that it is handed as it
 * is.  A proxy that makes the request itself is to have the whole address: one of http. */
static void set_address(CURL *curl, const char *url)
{
	const char *target = target_of(url);
	char *origin;

	if (!target || (*proxy_chosen() && !url_is_https(url))) {
		set_option(curl, CURLOPT_URL, url);
		return;
	}
	origin = str_printf("%.*s", (int)(target - url), url);
	set_option(curl, CURLOPT_URL, origin);
	set_option(curl, CURLOPT_REQUEST_TARGET, target);
	free(origin);
}

static void set_request(CURL *curl, const struct http_request *request, struct http_answer *answer)
{
	set_address(curl, request->url);
	set_trust(curl, request->url);
	if (strcmp(request->method, "POST") == 0) {
		set_option(curl, CURLOPT_POST, 1L);
		set_option(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.n);
		set_option(curl, CURLOPT_POSTFIELDS, request->body.n ? request->body.p : "");
	} else {
		set_option(curl, CURLOPT_HTTPGET, 1L);
		set_option(curl, CURLOPT_CUSTOMREQUEST, request->method);
	}
	set_option(curl, CURLOPT_WRITEFUNCTION, on_body);
	set_option(curl, CURLOPT_WRITEDATA, &answer->body);
}

/* The answer that was the last one is that no more. */
static void leave_taken(struct http_client *client)
{
	struct http_ahead *taken = client->taken;

	client->taken = NULL;
	http_drop(client, taken);
}

/* What went wrong, by libcurl's code and, where it has some, its own words. */
static int fail(const char *url, CURLcode code, const char *detail, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "%s: %s%s%s%s", url, curl_easy_strerror(code),
		       *detail ? " (" : "", detail, *detail ? ")" : "");
}

static struct curl_slist *header_list(const struct http_request *request)
{
	struct curl_slist *list = NULL, *longer;
	size_t i;

	for (i = 0; i < HTTP_MAX_HEADERS && request->headers[i]; i++) {
		longer = curl_slist_append(list, request->headers[i]);
		if (!longer)
			mem_out();
		list = longer;
	}
	return list;
}

int http_perform(struct http_client *client, const struct http_request *request,
		 struct http_answer *answer, struct err *e)
{
	int64_t left = deadline_left(request->deadline);
	struct curl_slist *headers;
	char detail[CURL_ERROR_SIZE] = "";
	long status = 0;
	CURLcode code;

	buf_reset(&answer->body);
	answer->status = 0;
	leave_taken(client);
	if (open_handle(client, e))
		return -1;
	if (left <= 0)
		return err_set(e, ERR_UNAVAILABLE, "no time left to ask %s", request->url);
	set_policy(client->curl, left);
	set_request(client->curl, request, answer);
	headers = header_list(request);
	set_option(client->curl, CURLOPT_HTTPHEADER, headers);
	set_option(client->curl, CURLOPT_ERRORBUFFER, detail);
	client->calls++;
	code = curl_easy_perform(client->curl);
	curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, NULL);
	curl_slist_free_all(headers);
	if (code != CURLE_OK)
		return fail(request->url, code, detail, e);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
	return 0;
}

/* --- asked ahead ------------------------------------------------------------------- */

void http_drop(struct http_client *client, struct http_ahead *ahead)
{
	if (!ahead)
		return;
	curl_multi_remove_handle(client->multi, ahead->curl);
	curl_easy_cleanup(ahead->curl);
	curl_slist_free_all(ahead->headers);
	http_answer_free(&ahead->answer);
	free(ahead->url);
	free(ahead);
}

/* Sends and receives what can be without waiting, and notes which requests have ended. */
static void go_on(struct http_client *client)
{
	struct http_ahead *ahead;
	CURLMsg *message;
	int left;

	curl_multi_perform(client->multi, &left);
	while ((message = curl_multi_info_read(client->multi, &left))) {
		if (message->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&ahead))
			continue;
		ahead->ended = true;
		ahead->code = message->data.result;
	}
}

void http_go_on(struct http_client *client)
{
	if (client->multi)
		go_on(client);
}

static bool is_sent(const struct http_ahead *ahead)
{
	long bytes = 0;

	curl_easy_getinfo(ahead->curl, CURLINFO_REQUEST_SIZE, &bytes);
	return bytes > 0;
}

struct http_ahead *http_begin(struct http_client *client, const struct http_request *request)
{
	int64_t left = deadline_left(request->deadline);
	struct http_ahead *ahead;
	int steps;

	if (left <= 0 || open_handle(client, NULL))
		return NULL;
	if (!client->multi)
		client->multi = curl_multi_init();
	ahead = mem_zalloc(1, sizeof *ahead);
	http_answer_init(&ahead->answer);
	ahead->curl = curl_easy_init();
	if (!client->multi || !ahead->curl)
		mem_out();
	ahead->url = str_dup(request->url);
	ahead->headers = header_list(request);
	set_policy(ahead->curl, left);
	set_request(ahead->curl, request, &ahead->answer);
	set_option(ahead->curl, CURLOPT_HTTPHEADER, ahead->headers);
	set_option(ahead->curl, CURLOPT_ERRORBUFFER, ahead->detail);
	set_option(ahead->curl, CURLOPT_PRIVATE, ahead);
	if (curl_multi_add_handle(client->multi, ahead->curl)) {
		http_drop(client, ahead);
		return NULL;
	}
	client->calls++;
	go_on(client);
	/* A new connection takes some steps before anything can be sent. */
	for (steps = 0; steps < BEGIN_STEPS && !ahead->ended && !is_sent(ahead); steps++) {
		curl_multi_poll(client->multi, NULL, 0, 1, NULL);
		go_on(client);
	}
	return ahead;
}

int http_finish(struct http_client *client, struct http_ahead *ahead, struct http_answer *answer,
		bool *waited, struct err *e)
{
	long status = 0;
	int rc = 0;

	leave_taken(client);
	go_on(client);
	*waited = !ahead->ended;
	for (; !ahead->ended; go_on(client))
		curl_multi_poll(client->multi, NULL, 0, 1000, NULL);
	if (ahead->code != CURLE_OK) {
		rc = fail(ahead->url, ahead->code, ahead->detail, e);
	} else {
		curl_easy_getinfo(ahead->curl, CURLINFO_RESPONSE_CODE, &status);
		ahead->answer.status = (int)status;
	}
	http_answer_free(answer);
	*answer = ahead->answer;
	http_answer_init(&ahead->answer);
	client->taken = ahead;
	return rc;
}

/* --- the last answer ----------------------------------------------------------------- */

const char *http_last_header(struct http_client *client, const char *name)
{
	CURL *curl = client->taken ? client->taken->curl : client->curl;
	struct curl_header *header;

	if (!curl || curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return NULL;
	return header->value;
}

int64_t http_last_date(struct http_client *client)
{
	const char *date = http_last_header(client, "Date");

	return date ? (int64_t)curl_getdate(date, NULL) : -1;
}

unsigned http_client_calls(const struct http_client *client)
{
	return client->calls;
}
