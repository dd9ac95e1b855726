/* SPDX-License-Identifier: ISC */
/*
 * Addresses and origins: what looks like this shop or this machine and is not.
 */
#include "unit.h"

#include "base/url.h"

static const char *text_of(struct span s)
{
	return keep_text(span_dup(s));
}

static void an_address_falls_into_its_parts(void **state)
{
	static const struct {
		const char *text, *scheme, *host, *port, *rest;
		bool has_user;
	} table[] = {
		{"http://a", "http", "a", "", "", false},
		{"https://a", "https", "a", "", "", false},
		{"HTTPS://Shop.Example/x", "https", "Shop.Example", "", "/x", false},
		{"https://shop.example/a/b?c=d#e", "https", "shop.example", "", "/a/b?c=d#e", false},
		{"https://shop.example?c", "https", "shop.example", "", "?c", false},
		{"https://shop.example#e", "https", "shop.example", "", "#e", false},
		{"https://shop.example:8443/x", "https", "shop.example", "8443", "/x", false},
		{"http://h:1", "http", "h", "1", "", false},
		{"http://h:65535", "http", "h", "65535", "", false},
		{"http://a_b-c.9z", "http", "a_b-c.9z", "", "", false},
		{"http://[::1]", "http", "[::1]", "", "", false},
		{"http://[::1]:80/", "http", "[::1]", "80", "/", false},
		{"http://[fe80::1:2]/x:y", "http", "[fe80::1:2]", "", "/x:y", false},
		{"https://me@shop.example/", "https", "shop.example", "", "/", true},
		{"https://me:pw@shop.example:1/", "https", "shop.example", "1", "/", true},
		{"https://@shop.example/", "https", "shop.example", "", "/", true},
		{"https://shop.example@evil.example", "https", "evil.example", "", "", true},
		{"https://a@b@c", "https", "c", "", "", true},
		{"https://shop.example/@evil.example", "https", "shop.example", "", "/@evil.example", false},
		{"https://shop.example?@evil.example", "https", "shop.example", "", "?@evil.example", false},
		{"https://shop.example#@evil.example:9", "https", "shop.example", "",
		 "#@evil.example:9", false},
		{"https://h/{CHECKOUT_SESSION_ID}", "https", "h", "", "/{CHECKOUT_SESSION_ID}", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct url url;

		check_int(row->text, url_parse(span_of(row->text), &url), 0);
		check_text(row->text, text_of(url.scheme), row->scheme);
		check_text(row->text, text_of(url.host), row->host);
		check_text(row->text, text_of(url.port), row->port);
		check_text(row->text, text_of(url.rest), row->rest);
		check(row->text, url.has_user == row->has_user);
	}
}

static void what_is_no_web_address_is_refused(void **state)
{
	static const char *const table[] = {
		"", "h", "http", "http:", "http:/", "http://", "https://", "http:///x", "http://?x",
		"http://#x", "http:/a", "http:a", "//a", "/a", "a.example", "ftp://a", "httpx://a",
		"https:a//b", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd",
		"http//a.example", " http://a", "http://a ", "http://a b", "http://a\tb", "http://a\n",
		"http://a/\x7F", "http://a/\x1F", "http://a/\"", "http://a/<", "http://a/>", "http://a/\\",
		"http://a\\@b", "http://a/^", "http://a/`", "http://\xC3\xA4.example",
		"http://a/\xC3\xA4", "http://a:", "http://a:/", "http://a:0", "http://a:65536",
		"http://a:99999", "http://a:000080", "http://a:100000", "http://a:-1", "http://a:+1", "http://a:1a",
		"http://a:b", "http://:80", "http://@", "http://a@", "http://me@:80", "http://a,b",
		"http://a;b", "http://a%2e", "http://a!b", "http://a*", "http://a~b", "http://[",
		"http://[]", "http://[::1", "http://::1]", "http://[::1]x", "http://a[b]",
		"http://[::1]:", "http://[::1]:0", "http://a:1:b",
	};
	const char *const *row;

	(void)state;
	for EACH(row, table) {
		struct url url;

		check_int(*row, url_parse(span_of(*row), &url), -1);
	}
}

static void each_byte_of_a_path_and_of_a_host_is_legal_or_not(void **state)
{
	int c;

	(void)state;
	for (c = 1; c < 256; c++) {
		bool in_path = c > ' ' && c < 0x7F && !strchr("\"<>\\^`", c);
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		bool in_host = letter || strchr("-._/?#@", c);
		const char *path = keep_text(str_printf("http://a/x%cy", c));
		const char *host = keep_text(str_printf("http://a%cb", c));
		struct url url;

		check(path, (url_parse(span_of(path), &url) == 0) == in_path);
		check(host, (url_parse(span_of(host), &url) == 0) == in_host);
		check(host, !in_host || (url.host.n == 3) == (letter || strchr("-._", c)));
	}
}

static void a_nul_byte_is_no_part_of_an_address(void **state)
{
	struct url url;

	(void)state;
	assert_int_equal(url_parse((struct span){"http://a\0b", 10}, &url), -1);
	assert_int_equal(url_parse((struct span){"http://a/\0", 10}, &url), -1);
}

static void parsing_stops_where_the_span_ends(void **state)
{
	struct url url;

	(void)state;
	assert_int_equal(url_parse((struct span){"http://ab.example", 9}, &url), 0);
	assert_string_equal(text_of(url.host), "ab");
	assert_int_equal(url_parse((struct span){"http://127.0.0.1", 14}, &url), 0);
	assert_string_equal(text_of(url.host), "127.0.0");
	assert_int_equal(url_parse((struct span){"https://a", 8}, &url), -1);
}

static void only_this_machine_is_loopback(void **state)
{
	static const struct {
		const char *text;
		bool loopback;
	} table[] = {
		{"http://127.0.0.1", true}, {"http://127.0.0.1:80/x", true}, {"http://127.255.1.2", true},
		{"http://127.1", true}, {"http://localhost", true}, {"http://LocalHost:1", true},
		{"http://[::1]", true}, {"http://[::1]:12111", true}, {"http://[::2]", false},
		{"http://127.evil.com", false}, {"http://127.0.0.1.evil.com", false},
		{"http://127.0.0.1a", false}, {"http://127.Q", false}, {"http://127.0.0.1Q", false},
		{"http://127", false}, {"http://127.", false},
		{"http://1270.0.0.1", false}, {"http://128.0.0.1", false}, {"http://27.0.0.1", false},
		{"http://a127.0.0.1", false}, {"http://localhost.evil.com", false},
		{"http://localhos", false}, {"http://xlocalhost", false}, {"http://0.0.0.0", false},
		{"http://127.0.0.1@evil.com", false}, {"http://localhost@evil.com", false},
		{"http://evil.com/127.0.0.1", false}, {"http://[::1].evil.com.]", false},
		{"http://192.168.0.1", false}, {"http://127-0-0-1.example", false},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct url url;

		check_int(row->text, url_parse(span_of(row->text), &url), 0);
		check(row->text, url_is_loopback(&url) == row->loopback);
	}
}

static void origins_are_the_same_by_scheme_host_and_port(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} table[] = {
		{"https://a", "https://a", true}, {"https://a", "https://A/x?y#z", true},
		{"https://a", "http://a", false}, {"https://a", "https://a:443", true},
		{"http://a", "http://a:80", true}, {"https://a", "https://a:80", false},
		{"http://a", "http://a:443", false}, {"https://a:8443", "https://a:8443/", true},
		{"https://a:8443", "https://a", false}, {"https://a:8443", "https://a:8444", false},
		{"https://a", "https://ab", false}, {"https://ab", "https://a", false},
		{"https://a.b", "https://b", false}, {"https://a.b", "https://a.c", false},
		{"http://a:443", "https://a:443", false}, {"https://a:443", "https://a:443", true},
		{"https://[::1]", "https://[::1]:443", true},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct url a, b;

		check_int(row->a, url_parse(span_of(row->a), &a), 0);
		check_int(row->b, url_parse(span_of(row->b), &b), 0);
		check(row->b, url_same_origin(&a, &b) == row->same);
		check(row->b, url_same_origin(&b, &a) == row->same);
	}
}

static void a_list_of_origins_has_commas_or_blanks_between(void **state)
{
	static const struct {
		const char *list, *entries;
	} table[] = {
		{"", ""}, {" ,\t,", ""}, {"a", "<a>"}, {"a,b", "<a><b>"}, {"a b", "<a><b>"},
		{" a ,\tb\t", "<a><b>"}, {",,a,,b,,", "<a><b>"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct span rest = span_of(row->list), one;
		char entries[64] = "";

		while (url_next_origin(&rest, &one)) {
			strcat(entries, "<");
			strncat(entries, one.p, one.n);
			strcat(entries, ">");
		}
		check_text(row->list, entries, row->entries);
	}
}

static void an_address_is_in_the_list_only_by_its_origin(void **state)
{
	static const char list[] = "https://shop.example, nonsense,http://localhost:8080";
	static const struct {
		const char *text, *list;
		bool in;
	} table[] = {
		{"https://shop.example/thanks", list, true}, {"https://SHOP.example:443/", list, true},
		{"http://localhost:8080/x", list, true}, {"http://shop.example/", list, false},
		{"https://shop.example.evil.com/", list, false}, {"http://localhost/", list, false},
		{"https://evil.com/https://shop.example", list, false},
		{"https://evil.com/", "*", false}, {"https://evil.com/", "", false},
		{"https://b", "https://a https://b", true},
	}, *row;

	(void)state;
	for EACH(row, table) {
		struct url url;

		check_int(row->text, url_parse(span_of(row->text), &url), 0);
		check(row->text, url_in_origins(&url, row->list) == row->in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(an_address_falls_into_its_parts),
		holds(what_is_no_web_address_is_refused),
		holds(each_byte_of_a_path_and_of_a_host_is_legal_or_not),
		holds(a_nul_byte_is_no_part_of_an_address),
		holds(parsing_stops_where_the_span_ends),
		holds(only_this_machine_is_loopback),
		holds(origins_are_the_same_by_scheme_host_and_port),
		holds(a_list_of_origins_has_commas_or_blanks_between),
		holds(an_address_is_in_the_list_only_by_its_origin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
