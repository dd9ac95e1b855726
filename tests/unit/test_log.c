/* SPDX-License-Identifier: ISC */
/*
 * The log: one event stays one line whatever it holds, and nothing personal or
 * secret gets into it.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_syslog.h"

#define NOW 1732612800 /* 2024-11-26T09:20:00Z */

static const char *redacted(const char *text)
{
	struct buf out;

	buf_init(&out, 4096);
	log_redact(&out, text);
	return keep_text(buf_detach(&out));
}

static const char *line_of(bool json, enum log_level level, const char *message,
			   const struct log_field *fields)
{
	struct buf out;

	buf_init(&out, 65536);
	log_format(&out, json, NOW, level, message, fields);
	return keep_text(buf_detach(&out));
}

#define LINE(json, level, message, ...) \
	line_of(json, level, message, (const struct log_field[]){__VA_ARGS__, {.key = NULL}})

static void a_text_line_has_time_level_message_and_fields(void **state)
{
	(void)state;
	assert_string_equal(LINE(false, LOG_LEVEL_INFO, "Order snapshot created",
				 LOG_STR("order", "BC-ABC123"), LOG_INT("items", -3)),
			    "2024-11-26T09:20:00Z info Order snapshot created order=BC-ABC123 "
			    "items=-3\n");
	assert_string_equal(line_of(false, LOG_LEVEL_DEBUG, "m", &(struct log_field){.key = NULL}),
			    "2024-11-26T09:20:00Z debug m\n");
	assert_string_equal(LINE(false, LOG_LEVEL_WARNING, "m", LOG_INT("n", INT64_MIN)),
			    "2024-11-26T09:20:00Z warning m n=-9223372036854775808\n");
	assert_string_equal(LINE(false, LOG_LEVEL_ERROR, "m", LOG_INT("n", INT64_MAX)),
			    "2024-11-26T09:20:00Z error m n=9223372036854775807\n");
}

static void a_json_line_is_a_json_object(void **state)
{
	const char *line = LINE(true, LOG_LEVEL_WARNING, "Webhook \"processed\"",
				LOG_STR("a", "x"), LOG_INT("b", 7), LOG_STR("c", ""));

	(void)state;
	assert_string_equal(line, "{\"ts\":\"2024-11-26T09:20:00Z\",\"level\":\"warning\","
				  "\"msg\":\"Webhook \\\"processed\\\"\",\"a\":\"x\",\"b\":7,"
				  "\"c\":\"\"}\n");
	assert_true(json_is_valid(span_of(line)));
}

static void a_field_without_a_text_is_left_out(void **state)
{
	(void)state;
	assert_string_equal(LINE(false, LOG_LEVEL_INFO, "m", LOG_STR("a", NULL), LOG_STR("b", "c")),
			    "2024-11-26T09:20:00Z info m b=c\n");
	assert_string_equal(LINE(true, LOG_LEVEL_INFO, "m", LOG_STR("a", NULL)),
			    "{\"ts\":\"2024-11-26T09:20:00Z\",\"level\":\"info\",\"msg\":\"m\"}\n");
}

static void a_value_is_quoted_where_it_could_be_misread(void **state)
{
	static const struct {
		const char *value, *text;
	} table[] = {
		{"plain", "plain"}, {"a:b/c,d", "a:b/c,d"}, {"~!", "~!"},
		{"", "\"\""}, {"a b", "\"a b\""}, {" ", "\" \""}, {"a=b", "\"a=b\""},
		{"say \"hi\"", "\"say \\\"hi\\\"\""}, {"a\"b", "\"a\\\"b\""}, {"a\\b", "\"a\\\\b\""},
		{"a\nb", "\"a\\u000ab\""}, {"a\rb", "\"a\\u000db\""}, {"a\tb", "\"a\\u0009b\""},
		{"a\x1B[31mb", "\"a\\u001b[31mb\""}, {"a\x01" "b", "\"a\\u0001b\""},
		{"a\x7F", "\"a\\u007f\""}, {"a\x1F", "\"a\\u001f\""}, {"\xC3\xA4", "\xC3\xA4"},
	}, *row;

	(void)state;
	for EACH(row, table) {
		const char *json = LINE(true, LOG_LEVEL_INFO, "m", LOG_STR("k", row->value));

		check_text(row->text, LINE(false, LOG_LEVEL_INFO, "m", LOG_STR("k", row->value)),
			   keep_text(str_printf("2024-11-26T09:20:00Z info m k=%s\n", row->text)));
		check(row->text, json_is_valid(span_of(json)));
		check_text(row->text, json_string_or_null(keep(json_parse(span_of(json))), "k"),
			   row->value);
	}
}

static void a_value_cannot_begin_a_line_of_its_own(void **state)
{
	const char *evil = "x\n2024-11-26T09:20:00Z info Webhook processed order=BC-FAKE\r\nmore";
	const char *text = LINE(false, LOG_LEVEL_INFO, "m", LOG_STR("k", evil));
	const char *json = LINE(true, LOG_LEVEL_INFO, "m", LOG_STR("k", evil));

	(void)state;
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	assert_ptr_equal(strchr(json, '\n'), json + strlen(json) - 1);
	assert_null(strchr(text, '\r'));
}

static void addresses_and_keys_are_masked(void **state)
{
	static const struct {
		const char *text, *shown;
	} table[] = {
		{"", ""},
		{"nothing to see", "nothing to see"},
		{"jane.doe@shop.example", "j***@shop.example"},
		{"j@x.y", "j***@x.y"},
		{"to jane@x.y and bob@x.y.", "to j***@x.y and b***@x.y."},
		{"<jane+tag@x.y>", "<j***@x.y>"},
		{"jane_d'oe-1@x.y", "j***@x.y"}, {"\x80@x.y", "***@x.y"},
		{"\xC3\xA4nne@x.y", "\xC3\xA4***@x.y"},
		{"jane%40x.y", "j***%40x.y"},
		{"a jane.doe%40x.y b", "a j***%40x.y b"},
		{"USER#jane@x.y", "USER#j***@x.y"},
		{"USER#jane@x.y/ORDER#1", "USER#j***@x.y/ORDER#1"},
		{"(jane@x.y)", "(j***@x.y)"},
		{"\"jane@x.y\"", "\"j***@x.y\""},
		{"mailto:jane@x.y", "mailto:j***@x.y"},
		{"@x.y", "@x.y"},
		{"a @ b", "a @ b"},
		{"50%4", "50%4"},
		{"%40x", "%40x"},
		{"sk_live_51HabcDEF", "sk_live_***"},
		{"sk_test_51Habc def", "sk_test_*** def"},
		{"rk_live_abc,x", "rk_live_***,x"},
		{"rk_test_abc-def.ghi_jkl;x", "rk_test_***;x"},
		{"whsec_abc", "whsec_***"},
		{"whsec_", "whsec_"}, {"whsec_...", "whsec_..."}, {"whsec_...a", "whsec_***"},
		{"those begin with whsec_: look", "those begin with whsec_: look"},
		{"(sk_live_..., rk_live_...)", "(sk_live_..., rk_live_...)"},
		{"whsec_..., whsec_abc", "whsec_..., whsec_***"},
		{"xwhsec_", "xwhsec_"}, {"Bearer ", "Bearer "},
		{"key=sk_live_abc", "key=sk_live_***"},
		{"xsk_live_abc", "xsk_live_***"},
		{"whsec_a,whsec_b", "whsec_***,whsec_***"},
		{"Authorization: Bearer eyJh.eyJz.c2ln", "Authorization: Bearer ***"},
		{"authorization: bearer eyJh.eyJz.c2ln", "authorization: bearer ***"},
		{"Bearer b64/with+all~of.it==, x", "Bearer ***, x"}, {"whsec_aB/c+d=", "whsec_***"},
		{"BEARER eyJh", "BEARER ***"}, {"SK_LIVE_ABC", "SK_LIVE_***"},
		{"a bearer token is required", "a bearer token is required"},
		{"The bearer token's subject", "The bearer token's subject"},
		{"without a bearer token: send one", "without a bearer token: send one"},
		{"Bearer tokens", "Bearer ***"}, {"Bearer token.x", "Bearer ***"}, {"Bearer xtoken", "Bearer ***"},
		{"pk_live_abc is public", "pk_live_abc is public"},
		{"cs_test_abc123", "cs_test_abc123"},
		{"sk_live", "sk_live"},
	}, *row;

	(void)state;
	for EACH(row, table)
		check_text(row->text, redacted(row->text), row->shown);
}

static void quoted_local_parts_are_masked_and_no_character_is_cut(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"to \"jane doe\"@shop.example now", "to ***@shop.example now"},
		{"\"a@b\"@x.example", "***@x.example"},
		{"\"a\\\"b c\"@x.example", "***@x.example"},
		{"{\\\"to\\\": \\\"jane doe\\\"@x.example}", "{\\\"to\\\": \\***@x.example}"},
		{"say \"hello\" to \"jane doe\"%40x.example", "say \"hello\" to ***%40x.example"},
		{"\"no address\" here", "\"no address\" here"},
		{"\"no end@", "\"no e***@"},
		{"\xC3\xA9mile@x.example", "\xC3\xA9***@x.example"},
		{"\xF0\x9F\x98\x80@x.example", "\xF0\x9F\x98\x80***@x.example"},
		{"\x82mile@x.example", "***@x.example"},
	};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(rows); i++)
		check_text(rows[i].text, redacted(rows[i].text), rows[i].shown);
}

static void hidden_values_never_show(void **state)
{
	(void)state;
	log_hide("s3cret");
	log_hide("another one");
	assert_string_equal(redacted("s3cret"), "***");
	assert_string_equal(redacted("a s3cret, xs3crety"), "a ***, x***y");
	assert_string_equal(redacted("an another one"), "an ***");
	assert_string_equal(redacted("s3cre t"), "s3cre t");
	assert_string_equal(redacted("us3cret@x.y"), "u***@x.y");
	log_hide(NULL);
	assert_string_equal(redacted("s3cret"), "s3cret");
}

static void of_two_hidden_values_the_longer_one_is_masked_whole(void **state)
{
	static const char *const orders[][2] = {{"s3cret", "s3cret-two"}, {"s3cret-two", "s3cret"}};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(orders); i++) {
		log_hide(orders[i][0]);
		log_hide(orders[i][1]);
		check_text(orders[i][0], redacted("a s3cret-two b"), "a *** b");
		check_text(orders[i][0], redacted("a s3cret-three"), "a ***-three");
		log_hide(NULL);
	}
}

static void each_of_a_list_is_hidden_without_the_blanks_around_it(void **state)
{
	(void)state;
	log_hide_list(" first-one, second-one ,third-one");
	assert_string_equal(redacted("first-one second-one,third-one"), "*** ***,***");
	log_hide_list("ab,cd,ef,gh"); /* one secret, with commas in it */
	assert_string_equal(redacted("a secret ab,cd,ef,gh, that is"), "a secret ***, that is");
	log_hide(NULL);
}

/* A secret in SSM is read again each minute in which a signature does not match. */
static void a_secret_that_is_hidden_again_pushes_no_other_out(void **state)
{
	size_t i;

	(void)state;
	log_hide("a secret of the file");
	for (i = 0; i < 100; i++)
		log_hide("one of SSM");
	assert_string_equal(redacted("a secret of the file, one of SSM"), "***, ***");
	log_hide(NULL);
}

static void short_values_are_not_hidden(void **state)
{
	(void)state;
	log_hide("");
	log_hide("order");
	assert_string_equal(redacted("order"), "order");
	log_hide("orders");
	assert_string_equal(redacted("orders"), "***");
	log_hide(NULL);
}

static void many_values_can_be_hidden_and_of_too_many_the_last(void **state)
{
	char secret[16];
	int i;

	(void)state;
	for (i = 1; i <= 34; i++) {
		snprintf(secret, sizeof secret, "secret-%02d", i);
		log_hide(secret);
		check_text(secret, redacted(secret), "***");
		if (i >= 32)
			check_text(secret, redacted("secret-03"), "***");
	}
	assert_string_equal(redacted("secret-02"), "secret-02");
	log_hide(NULL);
}

static void fields_are_masked_in_both_formats(void **state)
{
	(void)state;
	assert_string_equal(LINE(false, LOG_LEVEL_INFO, "m", LOG_STR("u", "jane@x.y")),
			    "2024-11-26T09:20:00Z info m u=j***@x.y\n");
	assert_non_null(strstr(LINE(true, LOG_LEVEL_INFO, "m", LOG_STR("u", "jane@x.y")),
			       "\"u\":\"j***@x.y\""));
}

struct lines {
	size_t count;
	char last[16384];
};

static void take_line(void *context, const char *line, size_t n)
{
	struct lines *lines = context;

	assert_true(n < sizeof lines->last);
	memcpy(lines->last, line, n);
	lines->last[n] = '\0';
	lines->count++;
}

static void configure(enum log_level level, bool json, const char *target)
{
	log_configure(&(struct log_options){.level = level, .json = json, .target = target});
}

static void lines_below_the_level_are_dropped(void **state)
{
	struct lines lines = {0};
	int level;

	(void)state;
	for (level = LOG_LEVEL_DEBUG; level <= LOG_LEVEL_ERROR; level++) {
		configure((enum log_level)level, false, "stderr");
		log_set_sink(take_line, &lines);
		lines.count = 0;
		log_debug("m", LOG_INT("n", 1));
		log_info("m", LOG_INT("n", 1));
		log_warning("m", LOG_INT("n", 1));
		log_error("last", LOG_INT("n", 2));
		assert_int_equal(lines.count, 4 - level);
		assert_true(str_ends(lines.last, " error last n=2\n"));
	}
	log_close();
}

static void the_configured_format_is_used(void **state)
{
	struct lines lines = {0};

	(void)state;
	configure(LOG_LEVEL_INFO, true, "stderr");
	log_set_sink(take_line, &lines);
	log_info("m", LOG_INT("n", 1));
	assert_true(str_starts(lines.last, "{\"ts\":\"20"));
	assert_true(json_is_valid(span_of(lines.last)));
	log_close();
}

static const char *content_of(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void a_file_is_appended_to_and_not_for_all_to_read(void **state)
{
	const char *folder = unit_folder();
	const char *path = keep_text(str_printf("%s/log", folder));
	int before = unit_next_descriptor();
	struct lines lines = {0};
	struct stat st;

	(void)state;
	log_set_sink(take_line, &lines);
	configure(LOG_LEVEL_INFO, false, path);
	log_info("first", LOG_INT("n", 1));
	configure(LOG_LEVEL_INFO, false, path);
	log_info("second", LOG_INT("n", 2));
	log_close();
	assert_non_null(strstr(content_of(path), " info first n=1\n"));
	assert_non_null(strstr(content_of(path), " info second n=2\n"));
	assert_int_equal(lines.count, 0);
	assert_int_equal(unit_next_descriptor(), before);
	configure(LOG_LEVEL_INFO, false, path);
	configure(LOG_LEVEL_INFO, false, "stderr");
	log_set_sink(take_line, &lines);
	log_info("third", LOG_INT("n", 3));
	log_close();
	assert_int_equal(lines.count, 1);
	assert_null(strstr(content_of(path), "third"));
	assert_int_equal(unit_next_descriptor(), before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07, 0);
	unit_remove_folder(folder);
}

static void a_sink_that_is_taken_away_leaves_standard_error(void **state)
{
	const char *folder = unit_folder();
	const char *path = keep_text(str_printf("%s/stderr", folder));
	struct lines lines = {0};
	int before = dup(STDERR_FILENO), file = open(path, O_WRONLY | O_CREAT, 0600);

	(void)state;
	configure(LOG_LEVEL_INFO, false, "stderr");
	dup2(file, STDERR_FILENO);
	log_set_sink(take_line, &lines);
	log_set_sink(NULL, NULL);
	log_info("to standard error", LOG_INT("n", 1));
	log_set_sink(take_line, &lines);
	log_close();
	log_info("to standard error", LOG_INT("n", 2));
	dup2(before, STDERR_FILENO);
	close(before);
	close(file);
	assert_non_null(strstr(content_of(path), "info to standard error n=1\n"));
	assert_non_null(strstr(content_of(path), "info to standard error n=2\n"));
	assert_int_equal(lines.count, 0);
	unit_remove_folder(folder);
}

static void a_line_ends_in_a_newline_however_long_its_values_are(void **state)
{
	const char *text = repeat("\x01", 2000), *words = repeat("word ", 2000);
	struct lines lines = {0};

	(void)state;
	configure(LOG_LEVEL_INFO, true, "stderr");
	log_set_sink(take_line, &lines);
	log_info("m", LOG_STR("a", words), LOG_STR("b", words), LOG_STR("c", words),
		 LOG_STR("d", words), LOG_STR("e", words));
	assert_true(str_ends(lines.last, "\n"));
	log_info("m", LOG_STR("a", text));
	assert_true(str_ends(lines.last, "\n"));
	log_close();
}

static void a_log_file_that_cannot_be_opened_is_told(void **state)
{
	const struct log_options options = {.level = LOG_LEVEL_INFO, .target = "/nonexistent/x/log"};
	const struct log_options fine = {.level = LOG_LEVEL_INFO, .target = "stderr"};

	(void)state;
	assert_int_equal(log_configure(&options), -1);
	assert_int_equal(log_configure(&fine), 0);
	log_close();
}

/* A pipe that is full makes the next line wait: none is lost. */
static void what_is_written_to_blocks_and_is_added_to(void **state)
{
	int ends[2], fd, flags;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	fd = unit_next_descriptor();
	assert_int_equal(log_configure(&(struct log_options){.target = keep_text(str_printf(
				"/proc/self/fd/%d", ends[1]))}), 0);
	flags = fcntl(fd, F_GETFL);
	assert_int_equal(flags & (O_NONBLOCK | O_APPEND), O_APPEND);
	log_close();
	close(ends[0]);
	close(ends[1]);
}

static void a_fifo_is_no_target_though_somebody_reads_it(void **state)
{
	const char *folder = unit_folder();
	const char *path = keep_text(str_printf("%s/log", folder));
	int reader;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(log_configure(&(struct log_options){.target = path}), -1);
	assert_int_equal(errno, ENXIO);
	log_close();
	close(reader);
	unit_remove_folder(folder);
}

/* Lines of the time before stay where they went; and errno as it was, for whoever is about to say why a call
 * failed. */
static void a_log_file_that_can_be_opened_again_gets_the_lines(void **state)
{
	const char *folder = unit_folder();
	char *path = str_printf("%s/log", folder);
	int64_t deadline = deadline_in(60000);
	struct lines lines = {0};
	struct stat st = {.st_size = 0};

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(log_configure(&(struct log_options){.level = LOG_LEVEL_INFO,
							     .target = path}), -1);
	assert_int_equal(errno, ENXIO);
	log_set_sink(take_line, &lines);
	log_info("before", LOG_INT("n", 1));
	assert_int_equal(lines.count, 1);
	assert_int_equal(unlink(path), 0);
	while (st.st_size == 0 && deadline_left(deadline) > 0) {
		errno = EINTR;
		log_info("again", LOG_INT("n", 2));
		assert_int_equal(errno, EINTR);
		if (stat(path, &st))
			deadline_sleep(20, deadline);
	}
	assert_true(st.st_size > 0);
	log_close();
	free(path);
	unit_remove_folder(folder);
}

static void a_log_file_that_is_renamed_or_removed_is_made_anew(void **state)
{
	const char *folder = unit_folder();
	const char *path = keep_text(str_printf("%s/log", folder));
	const char *old = keep_text(str_printf("%s/log.1", folder));
	int before = unit_next_descriptor();

	(void)state;
	configure(LOG_LEVEL_INFO, false, path);
	log_info("first", LOG_INT("n", 1));
	assert_int_equal(rename(path, old), 0);
	log_follow_rename();
	assert_string_equal(content_of(path), "");
	log_info("second", LOG_INT("n", 2));
	assert_null(strstr(content_of(path), "first"));
	assert_non_null(strstr(content_of(path), " info second n=2\n"));
	assert_null(strstr(content_of(old), "second"));
	assert_int_equal(rename(path, old), 0);
	log_info("third", LOG_INT("n", 3));
	assert_non_null(strstr(content_of(path), " info third n=3\n"));
	assert_int_equal(unlink(path), 0);
	log_info("fourth", LOG_INT("n", 4));
	assert_non_null(strstr(content_of(path), " info fourth n=4\n"));
	log_close();
	assert_int_equal(unit_next_descriptor(), before);
	unit_remove_folder(folder);
}

/* As where the folder is root's, between a rename and the file that logrotate makes. */
static void a_renamed_log_file_gets_the_lines_until_there_is_a_new_one(void **state)
{
	const char *folder = unit_folder();
	const char *path = keep_text(str_printf("%s/log", folder));
	const char *old = keep_text(str_printf("%s/log.1", folder));
	int file;

	(void)state;
	configure(LOG_LEVEL_INFO, false, path);
	assert_int_equal(rename(path, old), 0);
	assert_int_equal(mkfifo(path, 0600), 0); /* can't be opened */
	errno = EDOM;
	log_info("between", LOG_INT("n", 1));
	assert_int_equal(errno, EDOM);
	assert_non_null(strstr(content_of(old), " info between n=1\n"));
	assert_int_equal(unlink(path), 0);
	file = open(path, O_WRONLY | O_CREAT, 0600);
	log_info("after", LOG_INT("n", 2));
	assert_null(strstr(content_of(old), "after"));
	assert_non_null(strstr(content_of(path), " info after n=2\n"));
	close(file);
	log_close();
	unit_remove_folder(folder);
}

static void the_journal_gets_lines_with_their_level(void **state)
{
	const char *folder = unit_folder();
	const char *path = keep_text(str_printf("%s/journal", folder));
	struct lines lines = {0};
	int before = dup(STDERR_FILENO), file = open(path, O_RDWR | O_CREAT, 0600);
	struct stat st;

	(void)state;
	assert_int_equal(fstat(file, &st), 0);
	setenv("JOURNAL_STREAM", keep_text(str_printf("%ju:%ju", (uintmax_t)st.st_dev,
						      (uintmax_t)st.st_ino)), 1);
	assert_false(log_stderr_is_journal());
	dup2(file, STDERR_FILENO);
	assert_true(log_stderr_is_journal());
	configure(LOG_LEVEL_DEBUG, false, "stderr");
	log_set_sink(take_line, &lines);
	log_debug("told", LOG_INT("n", 1));
	log_info("told", LOG_INT("n", 2));
	log_warning("told", LOG_INT("n", 3));
	log_error("told", LOG_INT("n", 4));
	log_close();
	dup2(before, STDERR_FILENO);
	unsetenv("JOURNAL_STREAM");
	close(before);
	close(file);
	assert_int_equal(lines.count, 0);
	assert_memory_equal(content_of(path), "<7>20", 5);
	assert_non_null(strstr(content_of(path), "debug told n=1\n<6>20"));
	assert_non_null(strstr(content_of(path), "info told n=2\n<4>20"));
	assert_non_null(strstr(content_of(path), "warning told n=3\n<3>20"));
	unit_remove_folder(folder);
}

static void a_long_value_is_cut_between_characters(void **state)
{
	const char *line = LINE(true, LOG_LEVEL_INFO, "m",
				LOG_STR("k", repeat("\xE2\x82\xAC", 2000)));

	(void)state;
	assert_true(json_is_valid(span_of(line)));
	assert_in_range(strlen(line), 2000, 2200);
	assert_null(strstr(line, "ufffd")); /* the place of what is no character */
}

static void a_link_in_a_folder_that_others_can_write_is_not_followed(void **state)
{
	const char *folder = unit_folder();
	const char *victim = keep_text(str_printf("%s/victim", folder));
	const char *path = keep_text(str_printf("%s/log", folder));
	struct stat st;

	(void)state;
	close(open(victim, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlink(victim, path), 0);
	assert_int_equal(log_configure(&(struct log_options){.target = path}), 0);
	assert_int_equal(chmod(folder, 01777), 0);
	assert_int_equal(log_configure(&(struct log_options){.target = path}), -1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(link(victim, path), 0);
	assert_int_equal(log_configure(&(struct log_options){.target = path}), -1);
	assert_int_equal(stat(victim, &st), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(log_configure(&(struct log_options){.target = path}), 0);
	log_close();
	unit_remove_folder(folder);
}

/* --- what lines are about --------------------------------------------------------- */

static void set_subject(void)
{
	log_program("stripe-webhook");
	log_context("eventId", "evt_1");
	log_context("buyer", "jane@shop.example");
	log_context("sessionId", "cs_1");
	log_context("sessionId", "cs_2");
	log_context("none", "x");
	log_context("none", NULL);
}

static void a_line_says_what_it_is_about_after_its_own_fields(void **state)
{
	(void)state;
	set_subject();
	assert_string_equal(LINE(false, LOG_LEVEL_INFO, "m", LOG_STR("a", "b"), LOG_INT("n", 7)),
			    "2024-11-26T09:20:00Z info m a=b n=7 program=stripe-webhook eventId=evt_1 "
			    "buyer=j***@shop.example sessionId=cs_2\n");
	assert_string_equal(LINE(true, LOG_LEVEL_INFO, "m", LOG_STR("eventId", "evt_own")),
			    "{\"ts\":\"2024-11-26T09:20:00Z\",\"level\":\"info\",\"msg\":\"m\","
			    "\"eventId\":\"evt_own\",\"program\":\"stripe-webhook\","
			    "\"buyer\":\"j***@shop.example\",\"sessionId\":\"cs_2\"}\n");
	log_context_clear();
	assert_string_equal(LINE(false, LOG_LEVEL_INFO, "m", LOG_INT("n", 7)),
			    "2024-11-26T09:20:00Z info m n=7 program=stripe-webhook\n");
	log_close();
	assert_string_equal(LINE(false, LOG_LEVEL_INFO, "m", LOG_INT("n", 7)),
			    "2024-11-26T09:20:00Z info m n=7\n");
}

static void too_many_things_to_be_about_do_no_harm(void **state)
{
	static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
	size_t i;

	(void)state;
	for (i = 0; i < LENGTH(keys); i++)
		log_context(keys[i], "x");
	assert_string_equal(LINE(false, LOG_LEVEL_INFO, "m", LOG_INT("n", 7)),
			    "2024-11-26T09:20:00Z info m n=7 a=x b=x c=x d=x e=x f=x g=x\n");
	log_close();
}

static void the_system_log_gets_the_same_lines_in_both_formats(void **state)
{
	struct sockaddr_un own = {.sun_family = AF_UNIX};
	const char *folder = unit_folder();
	int daemon = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), json;
	char got[1024];
	ssize_t n;

	(void)state;
	snprintf(own.sun_path, sizeof own.sun_path, "%s/log", folder);
	assert_int_equal(bind(daemon, (struct sockaddr *)&own, sizeof own), 0);
	log_syslog_address(own.sun_path);
	for (json = 0; json < 2; json++) {
		log_configure(&(struct log_options){.level = LOG_LEVEL_INFO, .json = json,
						    .target = "syslog"});
		log_program("stripe-webhook");
		log_context("orderNumber", "BC-1");
		log_info("Order snapshot created", LOG_INT("amount", 8500));
		n = recv(daemon, got, sizeof got - 1, MSG_DONTWAIT);
		assert_true(n > 0);
		got[n] = '\0';
		assert_non_null(strstr(got, json ? "\"msg\":\"Order snapshot created\",\"amount\":8500,"
						   "\"program\":\"stripe-webhook\",\"orderNumber\":\"BC-1\"}"
						 : " info Order snapshot created amount=8500 "
						   "program=stripe-webhook orderNumber=BC-1"));
	}
	log_close();
	log_syslog_address("/dev/log");
	close(daemon);
	unit_remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_text_line_has_time_level_message_and_fields),
		holds(a_json_line_is_a_json_object),
		holds(a_field_without_a_text_is_left_out),
		holds(a_value_is_quoted_where_it_could_be_misread),
		holds(a_value_cannot_begin_a_line_of_its_own),
		holds(addresses_and_keys_are_masked),
		holds(quoted_local_parts_are_masked_and_no_character_is_cut),
		holds(hidden_values_never_show),
		holds(of_two_hidden_values_the_longer_one_is_masked_whole),
		holds(each_of_a_list_is_hidden_without_the_blanks_around_it),
		holds(short_values_are_not_hidden),
		holds(many_values_can_be_hidden_and_of_too_many_the_last),
		holds(a_secret_that_is_hidden_again_pushes_no_other_out),
		holds(fields_are_masked_in_both_formats),
		holds(lines_below_the_level_are_dropped),
		holds(the_configured_format_is_used),
		holds(a_file_is_appended_to_and_not_for_all_to_read),
		holds(a_sink_that_is_taken_away_leaves_standard_error),
		holds(a_line_ends_in_a_newline_however_long_its_values_are),
		holds(a_log_file_that_cannot_be_opened_is_told),
		holds(what_is_written_to_blocks_and_is_added_to),
		holds(a_fifo_is_no_target_though_somebody_reads_it),
		holds(a_log_file_that_can_be_opened_again_gets_the_lines),
		holds(a_log_file_that_is_renamed_or_removed_is_made_anew),
		holds(a_renamed_log_file_gets_the_lines_until_there_is_a_new_one),
		holds(the_journal_gets_lines_with_their_level),
		holds(a_long_value_is_cut_between_characters),
		holds(a_link_in_a_folder_that_others_can_write_is_not_followed),
		holds(a_line_says_what_it_is_about_after_its_own_fields),
		holds(too_many_things_to_be_about_do_no_harm),
		holds(the_system_log_gets_the_same_lines_in_both_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
