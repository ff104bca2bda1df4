#include "tests/support/table.h"

#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/text.h"

static const struct duration {
	const char *name;
	const char *text;
	int rc;
	int64_t ms;
} durations[] = {
	{ "milliseconds are read", "250ms", 0, 250 },
	{ "seconds are read", "10s", 0, 10000 },
	{ "days are read", "7d", 0, INT64_C(604800000) },
	{ "zero has a unit too", "0s", 0, 0 },
	{ "a number without a unit is refused", "10", -1, 0 },
	{ "an unknown unit is refused", "10x", -1, 0 },
	{ "a sign is refused", "-1s", -1, 0 },
	{ "white space is refused", " 1s", -1, 0 },
	{ "4001 days are refused", "4001d", -1, 0 },
	{ "what overflows is refused", "9223372036854775807d", -1, 0 },
	{ "nothing is refused", "", -1, 0 },
};

static void
test_duration(void **state)
{
	const struct duration *row = *state;
	int64_t ms = 0;
	struct err err;

	assert_int_equal(text_duration(&ms, row->text, &err), row->rc);
	if (row->rc == 0)
		assert_int_equal(ms, row->ms);
}

static const struct moment {
	const char *name;
	const char *text;
	int rc;
	int64_t ms;
} moments[] = {
	{ "UTC is read", "2026-01-05T10:00:00.120Z", 0, 1767607200120 },
	{ "no fraction is needed", "2026-01-05T10:00:00Z", 0, 1767607200000 },
	{ "microseconds are cut", "2026-01-05T10:00:00.120999Z", 0,
	    1767607200120 },
	{ "a zone east is taken away", "2026-01-05T11:30:00+01:30", 0,
	    1767607200000 },
	{ "a time without zone is refused", "2026-01-05T10:00:00", -1, 0 },
	{ "the 31st of February is refused", "2026-02-31T10:00:00Z", -1, 0 },
	{ "text behind the zone is refused", "2026-01-05T10:00:00Zx", -1, 0 },
	{ "a word is refused", "yesterday", -1, 0 },
};

static void
test_moment(void **state)
{
	const struct moment *row = *state;
	char again[TEXT_TIME_BYTES];
	int64_t ms = 0, ms2;
	struct err err;

	assert_int_equal(text_time_parse(&ms, row->text, &err), row->rc);
	if (row->rc < 0)
		return;
	assert_int_equal(ms, row->ms);
	assert_int_equal(text_time_parse(&ms2, text_time(again, ms), &err), 0);
	assert_int_equal(ms, ms2);
}

static const struct naming {
	const char *name;
	const char *text;
	bool good;
} namings[] = {
	{ "small letters, digits, dot, dash and underscore make a name",
	    "stg-1.a_b", true },
	{ "an empty name is none", "", false },
	{ "capitals are refused", "Staging", false },
	{ "a path is no name", "../etc", false },
	{ "a slash is refused", "a/b", false },
	{ "65 characters are too many",
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    false },
};

static void
test_naming(void **state)
{
	const struct naming *row = *state;

	assert_int_equal(text_is_name(row->text), row->good);
}

static const struct foreign {
	const char *name;
	const char *bytes;
	size_t n;
	bool valid;
	const char *shown;
} foreigns[] = {
	{ "ASCII is left alone", "abc", 3, true, "abc" },
	{ "two bytes of UTF-8 are left alone", "\xc3\xa9", 2, true,
	    "\xc3\xa9" },
	{ "an overlong slash is replaced", "\xc0\xaf", 2, false, "??" },
	{ "a surrogate is replaced", "\xed\xa0\x80", 3, false, "???" },
	{ "a cut sequence is replaced", "a\xe2\x82", 3, false, "a??" },
	{ "a terminal escape is replaced", "\x1b[2J", 4, true, "?[2J" },
	{ "a line end becomes a space", "a\nb", 3, true, "a b" },
	{ "NUL is not text", "a\0b", 3, false, "a?b" },
};

static void
test_foreign(void **state)
{
	const struct foreign *row = *state;
	char copy[16] = { 0 };

	memcpy(copy, row->bytes, row->n);
	assert_int_equal(text_is_utf8(copy, row->n), row->valid);
	text_sanitise(copy, row->n);
	assert_string_equal(copy, row->shown);
}

static const struct checksum {
	const char *name;
	const char *text;
	uint32_t crc;
} checksums[] = {
	{ "the check value of the catalogue", "123456789", 0xe3069283 },
	{ "nothing", "", 0 },
	{ "one byte", "a", 0xc1d04330 },
};

static void
test_checksum(void **state)
{
	const struct checksum *row = *state;
	size_t n = strlen(row->text), half = n / 2;

	assert_int_equal(crc32c(0, row->text, n), row->crc);
	assert_int_equal(
	    crc32c(crc32c(0, row->text, half), row->text + half, n - half),
	    row->crc);
}

int
main(void)
{
	return TABLE_RUN(durations, test_duration) +
	    TABLE_RUN(moments, test_moment) + TABLE_RUN(namings, test_naming) +
	    TABLE_RUN(foreigns, test_foreign) +
	    TABLE_RUN(checksums, test_checksum);
}
