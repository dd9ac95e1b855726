/* SPDX-License-Identifier: ISC */
/*
 * The buffer keeps its promise at every bound: what does not fit is not added,
 * and the buffer remembers it.
 */
#include "unit.h"

#include <malloc.h>

#include "base/buf.h"

static void a_new_buffer_is_the_empty_string_and_has_no_memory(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 10);
	assert_false(b.failed);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
}

static void pieces_stand_one_behind_the_other(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 100);
	assert_int_equal(buf_puts(&b, "one"), 0);
	assert_int_equal(buf_putc(&b, ' '), 0);
	assert_int_equal(buf_add(&b, "twofold", 3), 0);
	assert_int_equal(buf_printf(&b, " %s %d", "three", 4), 0);
	assert_string_equal(buf_text(&b), "one two three 4");
	assert_int_equal(b.len, 15);
	buf_free(&b);
}

static void the_maximum_itself_fits_and_one_byte_more_does_not(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_puts(&b, "1234"), 0);
	assert_false(b.failed);
	assert_int_equal(buf_putc(&b, '5'), -1);
	assert_true(b.failed);
	assert_string_equal(buf_text(&b), "1234");
	assert_int_equal(b.len, 4);
	buf_free(&b);
}

static void what_does_not_fit_is_not_added_in_part(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_puts(&b, "12"), 0);
	assert_int_equal(buf_puts(&b, "345"), -1);
	assert_string_equal(buf_text(&b), "12");
	buf_free(&b);
	buf_init(&b, 4);
	assert_int_equal(buf_add(&b, "", SIZE_MAX), -1);
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void a_failed_buffer_takes_nothing_until_it_is_reset(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 4);
	assert_int_equal(buf_puts(&b, "12345"), -1);
	assert_int_equal(buf_puts(&b, "1"), -1);
	assert_int_equal(buf_printf(&b, "1"), -1);
	assert_int_equal(buf_add(&b, "", 0), -1);
	assert_string_equal(buf_text(&b), "");
	buf_reset(&b);
	assert_false(b.failed);
	assert_int_equal(buf_puts(&b, "1234"), 0);
	buf_reset(&b);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(b.len, 0);
	buf_free(&b);
}

static void formatted_text_fits_up_to_the_very_bound(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_printf(&b, "%s", "0123456789"), 0);
	assert_string_equal(buf_text(&b), "0123456789");
	assert_int_equal(b.len, 10);
	buf_reset(&b);
	assert_int_equal(buf_printf(&b, "%s", "0123456789x"), -1);
	assert_true(b.failed);
	assert_string_equal(buf_text(&b), "");
	buf_free(&b);
}

static void bytes_may_be_anything(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 10);
	assert_int_equal(buf_add(&b, "a\0b\xFF", 4), 0);
	assert_int_equal(buf_putc(&b, '\0'), 0);
	assert_int_equal(b.len, 5);
	assert_memory_equal(b.data, "a\0b\xFF\0", 6);
	buf_free(&b);
}

static void it_grows_byte_by_byte_and_stays_terminated(void **state)
{
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 5000);
	for (i = 1; i <= 5000; i++) {
		assert_int_equal(buf_putc(&b, (char)('a' + i % 26)), 0);
		assert_int_equal(b.len, i);
		assert_true(b.cap > b.len);
		assert_int_equal(b.data[i], '\0');
	}
	for (i = 1; i <= 5000; i++)
		assert_int_equal(b.data[i - 1], 'a' + i % 26);
	buf_free(&b);
}

static void any_first_size_leaves_room_for_the_nul(void **state)
{
	struct buf b;
	size_t n;

	(void)state;
	for (n = 0; n < 300; n++) {
		buf_init(&b, n);
		assert_int_equal(buf_puts(&b, repeat("x", n)), 0);
		assert_true(b.cap > n);
		assert_int_equal(strlen(buf_text(&b)), n);
		buf_reset(&b);
		assert_int_equal(buf_printf(&b, "%s", repeat("y", n)), 0);
		assert_int_equal(strlen(buf_text(&b)), n);
		buf_free(&b);
	}
}

static void reset_keeps_the_memory_and_free_keeps_the_maximum(void **state)
{
	struct buf b;
	char *before;

	(void)state;
	buf_init(&b, 7);
	buf_puts(&b, "1234567");
	before = b.data;
	buf_reset(&b);
	assert_ptr_equal(b.data, before);
	buf_free(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
	assert_int_equal(b.max, 7);
	assert_int_equal(buf_puts(&b, "12345678"), -1);
	buf_free(&b);
}

static void detach_gives_the_text_away_and_leaves_an_empty_buffer(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 7);
	assert_string_equal(keep_text(buf_detach(&b)), "");
	buf_puts(&b, "one");
	assert_string_equal(keep_text(buf_detach(&b)), "one");
	assert_null(b.data);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.max, 7);
	buf_puts(&b, "two");
	assert_string_equal(buf_text(&b), "two");
	buf_free(&b);
}

static void detach_of_a_failed_buffer_is_what_fitted(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 3);
	buf_puts(&b, "1234");
	assert_string_equal(keep_text(buf_detach(&b)), "");
	assert_false(b.failed);
	buf_puts(&b, "123");
	buf_puts(&b, "4");
	assert_string_equal(keep_text(buf_detach(&b)), "123");
	buf_free(&b);
}

static void room_that_is_made_holds_the_text_as_it_was(void **state)
{
	struct buf b;

	(void)state;
	mallopt(M_PERTURB, 0x55); /* memory that is not cleared has something in it */
	buf_init(&b, 1000);
	assert_int_equal(buf_make_room(&b, 0), 0);
	assert_string_equal(buf_text(&b), "");
	assert_int_equal(buf_make_room(&b, 100), 0);
	assert_string_equal(buf_text(&b), "");
	buf_puts(&b, "abc");
	assert_int_equal(buf_make_room(&b, 900), 0);
	assert_string_equal(buf_text(&b), "abc");
	buf_free(&b);
	mallopt(M_PERTURB, 0);
}

static void what_there_is_room_for_moves_nothing(void **state)
{
	const char *before;
	struct buf b;
	int i;

	(void)state;
	buf_init(&b, 1000);
	buf_puts(&b, "a secret");
	assert_int_equal(buf_make_room(&b, 992), 0);
	before = buf_text(&b);
	for (i = 0; i < 992; i++)
		buf_putc(&b, 'x');
	assert_ptr_equal(buf_text(&b), before);
	assert_false(b.failed);
	assert_int_equal(b.len, 1000);
	assert_int_equal(buf_make_room(&b, 1), -1);
	assert_true(b.failed);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(a_new_buffer_is_the_empty_string_and_has_no_memory),
		holds(pieces_stand_one_behind_the_other),
		holds(the_maximum_itself_fits_and_one_byte_more_does_not),
		holds(what_does_not_fit_is_not_added_in_part),
		holds(a_failed_buffer_takes_nothing_until_it_is_reset),
		holds(formatted_text_fits_up_to_the_very_bound),
		holds(bytes_may_be_anything),
		holds(it_grows_byte_by_byte_and_stays_terminated),
		holds(any_first_size_leaves_room_for_the_nul),
		holds(reset_keeps_the_memory_and_free_keeps_the_maximum),
		holds(detach_gives_the_text_away_and_leaves_an_empty_buffer),
		holds(detach_of_a_failed_buffer_is_what_fitted),
		holds(room_that_is_made_holds_the_text_as_it_was),
		holds(what_there_is_room_for_moves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
