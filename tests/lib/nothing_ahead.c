/* SPDX-License-Identifier: ISC */
/*
 * Servers of which nothing can be asked ahead: the part of net/http.h about that, beside a program's own
 * of the others.
 */
#include "net/http.h"

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
