/* SPDX-License-Identifier: ISC */
/*
 * Web addresses and lists of origins.
 */
#include "base/url.h"

#include <string.h>
#include <strings.h>

/* No blank, no control character, nothing above ASCII, and nothing that has to be
 * written as %XX (RFC 3986). */
static bool all_legal(struct span s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7F || strchr("\"<>\\^`", s.p[i]))
			return false;
	return true;
}

static struct span tail(struct span s, size_t from)
{
	return (struct span){s.p + from, s.n - from};
}

/* A name, or an address; one of IPv6 in brackets. */
static bool is_host(struct span host)
{
	size_t i;

	if (host.n > 2 && host.p[0] == '[')
		return host.p[host.n - 1] == ']';
	for (i = 0; i < host.n; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._",
			    host.p[i]))
			return false;
	return host.n > 0;
}

/* [user@]host[:port]; the colons inside [..] are part of the host. */
static int parse_authority(struct span authority, struct url *url)
{
	const char *at = memrchr(authority.p, '@', authority.n);
	const char *colon;
	int64_t port;

	url->has_user = at != NULL;
	if (at)
		authority = tail(authority, (size_t)(at - authority.p) + 1);
	colon = memrchr(authority.p, ':', authority.n);
	if (colon && memchr(colon, ']', authority.n - (size_t)(colon - authority.p)))
		colon = NULL;
	url->host = authority;
	url->port = (struct span){"", 0};
	if (colon) {
		url->host.n = (size_t)(colon - authority.p);
		url->port = tail(authority, url->host.n + 1);
		if (url->port.n > 5 || span_to_int64(url->port, &port) || port < 1 || port > 65535)
			return -1;
	}
	return is_host(url->host) ? 0 : -1;
}

int url_parse(struct span text, struct url *url)
{
	const char *names[] = {"http", "https"};
	struct span authority;
	size_t i, n;

	if (!all_legal(text))
		return -1;
	for (i = 0; i < 2; i++) {
		n = strlen(names[i]);
		if (text.n > n + 3 && strncasecmp(text.p, names[i], n) == 0 &&
		    memcmp(text.p + n, "://", 3) == 0)
			break;
	}
	if (i == 2)
		return -1;
	url->scheme = span_of(names[i]);
	authority = tail(text, n + 3);
	for (n = 0; n < authority.n && !strchr("/?#", authority.p[n]); n++)
		;
	url->rest = tail(authority, n);
	authority.n = n;
	return parse_authority(authority, url);
}

static bool same_text(struct span a, struct span b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* As a browser's URLSearchParams writes it. */
#define ENCODED_SESSION_ID "%7BCHECKOUT_SESSION_ID%7D"

bool url_has_other_braces(struct span address, struct span *found)
{
	size_t n = strlen(URL_SESSION_ID), encoded = strlen(ENCODED_SESSION_ID), i = 0, end;

	while (i < address.n) {
		if (address.n - i >= n && memcmp(address.p + i, URL_SESSION_ID, n) == 0) {
			i += n;
		} else if (address.n - i >= encoded &&
			   strncasecmp(address.p + i, ENCODED_SESSION_ID, encoded) == 0) {
			*found = (struct span){address.p + i, encoded};
			return true;
		} else if (address.p[i] == '{' || address.p[i] == '}') {
			for (end = i + 1; end < address.n && address.p[end - 1] != '}'; end++)
				;
			*found = (struct span){address.p + i, end - i};
			return true;
		} else {
			i++;
		}
	}
	return false;
}

bool url_is_https(const char *address)
{
	return strncasecmp(address, "https:", strlen("https:")) == 0;
}

bool url_is_loopback(const struct url *url)
{
	size_t i = 0;

	if (same_text(url->host, span_of("localhost")) || span_equals(url->host, "[::1]"))
		return true;
	/* the rest of 127.0.0.0/8, and no name that begins like it */
	while (i < url->host.n && strchr("0123456789.", url->host.p[i]))
		i++;
	return url->host.n > 4 && i == url->host.n && memcmp(url->host.p, "127.", 4) == 0;
}

/* The port, or the scheme's own where none is named. */
static struct span port_of(const struct url *url)
{
	if (url->port.n)
		return url->port;
	return span_of(span_equals(url->scheme, "https") ? "443" : "80");
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return same_text(a->scheme, b->scheme) && same_text(a->host, b->host) &&
	       same_text(port_of(a), port_of(b));
}

bool url_next_origin(struct span *rest, struct span *origin)
{
	while (rest->n && strchr(", \t", rest->p[0]))
		*rest = tail(*rest, 1);
	if (rest->n == 0)
		return false;
	*origin = *rest;
	for (origin->n = 0; origin->n < rest->n && !strchr(", \t", rest->p[origin->n]);)
		origin->n++;
	*rest = tail(*rest, origin->n);
	return true;
}

bool url_in_origins(const struct url *url, const char *list)
{
	struct span rest = span_of(list), one;
	struct url allowed;

	while (url_next_origin(&rest, &one))
		if (!url_parse(one, &allowed) && url_same_origin(url, &allowed))
			return true;
	return false;
}
