/* SPDX-License-Identifier: ISC */
/*
 * Which file of certificate authorities is used.
 */
#include "unit.h"

#include <stdio.h>

#include "base/ca_file.h"

static const char *const usual[] = {"/nonexistent/a.crt", "/etc/passwd", "/etc/group", NULL};
static const char *const none[] = {"/nonexistent/a.crt", NULL};

static void what_was_built_in_is_used_where_it_is_there(void **state)
{
	(void)state;
	assert_null(ca_file("/etc/group", usual));
}

static void else_the_first_of_the_usual_ones_that_is_there(void **state)
{
	(void)state;
	assert_string_equal(ca_file("/nonexistent/b.crt", usual), "/etc/passwd");
	assert_string_equal(ca_file(NULL, usual), "/etc/passwd");
	assert_null(ca_file("/nonexistent/b.crt", none));
}

static void what_was_chosen_is_used_in_any_case(void **state)
{
	(void)state;
	ca_file_choose("/nonexistent/chosen.pem");
	assert_string_equal(ca_file("/etc/group", usual), "/nonexistent/chosen.pem");
	ca_file_choose(NULL);
	assert_null(ca_file("/etc/group", usual));
}

static void a_file_without_a_certificate_is_named(void **state)
{
	static const struct {
		const char *path, *why;
	} table[] = {
		{"/nonexistent/a.crt", "/nonexistent/a.crt: No such file or directory"},
		{"/etc", "/etc: it is no file"}, {"/dev/zero", "/dev/zero: it is no file"},
		{"/etc/passwd", "/etc/passwd: there is no certificate in it (PEM)"},
	}, *row;
	struct err e;

	(void)state;
	for EACH(row, table) {
		check_int(row->path, ca_file_check(row->path, &e), -1);
		check_err(row->path, &e, ERR_CONFIG, row->why);
	}
}

/* The key beside the certificate has nearly its name. */
static void what_is_pem_and_no_certificate_is_none(void **state)
{
	static const struct {
		const char *label;
		int rc;
	} table[] = {
		{"CERTIFICATE", 0}, {"TRUSTED CERTIFICATE", 0}, {"X509 CERTIFICATE", 0},
		{"PRIVATE KEY", -1}, {"RSA PRIVATE KEY", -1}, {"PUBLIC KEY", -1}, {"CERTIFICATE REQUEST", -1},
	}, *row;
	const char *folder = unit_folder(), *path = keep_text(str_printf("%s/x.pem", folder));
	struct err e;

	(void)state;
	for EACH(row, table) {
		FILE *file = fopen(path, "w");

		assert_non_null(file);
		fprintf(file, "# the shop's own\n-----BEGIN %s-----\nMIIB\n-----END %s-----\n", row->label, row->label);
		assert_int_equal(fclose(file), 0);
		check_int(row->label, ca_file_check(path, &e), row->rc);
	}
	unit_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(what_was_built_in_is_used_where_it_is_there),
		holds(else_the_first_of_the_usual_ones_that_is_there),
		holds(what_was_chosen_is_used_in_any_case),
		holds(a_file_without_a_certificate_is_named),
		holds(what_is_pem_and_no_certificate_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
