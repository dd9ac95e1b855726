/* SPDX-License-Identifier: ISC */
/*
 * A client that is nothing but a count.
 */
#include "counting_http.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

void http_prepare(void)
{
}

struct http_client *http_client_new(void)
{
	return mem_zalloc(1, sizeof(struct http_client));
}

void http_client_free(struct http_client *client)
{
	free(client);
}

unsigned http_client_calls(const struct http_client *client)
{
	return client->calls;
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

int64_t http_last_date(struct http_client *client)
{
	(void)client;
	return clock_epoch();
}

/* --- nothing can be asked ahead --- */

struct http_ahead *http_begin(struct http_client *client, const struct http_request *request)
{
	(void)client;
	(void)request;
	return NULL;
}

void http_go_on(struct http_client *client)
{
	(void)client;
}

void http_drop(struct http_client *client, struct http_ahead *ahead)
{
	(void)client;
	(void)ahead;
}

int http_finish(struct http_client *client, struct http_ahead *ahead, struct http_answer *answer,
		bool *waited, struct err *e)
{
	(void)client;
	(void)ahead;
	(void)answer;
	*waited = false;
	return err_set(e, ERR_INTERNAL, "nothing was asked ahead");
}
