/* SPDX-License-Identifier: ISC */
/*
 * HMAC-SHA256 against the test vectors of RFC 4231, in one part and in many.
 */
#include "unit.h"

#include "base/digest.h"

static const char aa_131[] =
	"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
	"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
	"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
	"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
	"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa"
	"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa";

static const struct vector {
	const char *key, *message, *mac;
} vectors[] = {
	{"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b",
	 "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{"Jefe", "what do ya want for nothing?",
	 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{"\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa\xaa",
	 "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
	 "\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd\xdd"
	 "\xdd\xdd\xdd\xdd\xdd\xdd",
	 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	{"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16"
	 "\x17\x18\x19",
	 "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
	 "\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd\xcd"
	 "\xcd\xcd\xcd\xcd\xcd\xcd",
	 "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	{aa_131, "Test Using Larger Than Block-Size Key - Hash Key First",
	 "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
	{aa_131, "This is a test using a larger than block-size key and a larger than block-size "
		 "data. The key needs to be hashed before being used by the HMAC algorithm.",
	 "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static void hmac_gives_the_vectors_of_rfc_4231(void **state)
{
	const struct vector *row;

	(void)state;
	for EACH(row, vectors) {
		struct span message = span_of(row->message);
		char out[DIGEST_HEX];

		digest_hmac_hex(span_of(row->key), &message, 1, out);
		check_text(row->mac, out, row->mac);
	}
}

static void the_parts_of_a_message_are_signed_as_one(void **state)
{
	const struct vector *row;

	(void)state;
	for EACH(row, vectors) {
		struct span all = span_of(row->message);
		struct span parts[] = {{all.p, 1}, {all.p + 1, 0}, {all.p + 1, 4},
				       {all.p + 5, all.n - 5}};
		char out[DIGEST_HEX];

		digest_hmac_hex(span_of(row->key), parts, LENGTH(parts), out);
		check_text(row->mac, out, row->mac);
	}
}

static void sha256_gives_the_known_answers(void **state)
{
	char out[DIGEST_HEX];

	(void)state;
	digest_sha256_hex(span_of(""), out);
	assert_string_equal(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	digest_sha256_hex(span_of("abc"), out);
	assert_string_equal(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_sha256_hex((struct span){"\0", 1}, out);
	assert_string_equal(out, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

static void equal_is_by_length_and_by_every_byte(void **state)
{
	(void)state;
	assert_true(digest_equal(span_of(""), span_of("")));
	assert_true(digest_equal(span_of("abc"), span_of("abc")));
	assert_false(digest_equal(span_of("abc"), span_of("abd")));
	assert_false(digest_equal(span_of("abc"), span_of("zbc")));
	assert_false(digest_equal(span_of("abc"), span_of("ab")));
	assert_false(digest_equal(span_of("ab"), span_of("abc")));
	assert_false(digest_equal((struct span){"a\0b", 3}, (struct span){"a\0c", 3}));
}

static void random_bytes_fill_the_whole_room_and_differ(void **state)
{
	unsigned char a[64] = {0}, b[64] = {0};
	size_t i, zeros = 0;

	(void)state;
	digest_random(a, sizeof a);
	digest_random(b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	for (i = sizeof a - 8; i < sizeof a; i++)
		zeros += a[i] == 0;
	assert_true(zeros < 8);
	assert_memory_not_equal(a, a + 32, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		holds(hmac_gives_the_vectors_of_rfc_4231),
		holds(the_parts_of_a_message_are_signed_as_one),
		holds(sha256_gives_the_known_answers),
		holds(equal_is_by_length_and_by_every_byte),
		holds(random_bytes_fill_the_whole_room_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
