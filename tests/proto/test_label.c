/* What others call their things. */
#include "tests/support/table.h"

#include "proto/label.h"

enum { NOTHING = 0, FACT = 1, LABEL = 2, ENVIRONMENT = 4 };

#define TEN    "1234567890"
#define SIXTY  TEN TEN TEN TEN TEN TEN
#define TWO_00 SIXTY SIXTY SIXTY TEN TEN

static const struct label {
	const char *name;
	const char *text;
	int is;
} labels[] = {
	{ "our own names are labels", "stg-1.a_b", ENVIRONMENT | LABEL | FACT },
	{ "so are capitals and spaces", "Web Frontend (EU)",
	    ENVIRONMENT | LABEL | FACT },
	{ "so are other alphabets", "Z\xc3\xbcrich \xe6\x9d\xb1",
	    ENVIRONMENT | LABEL | FACT },
	{ "so is a dot first", ".NET", ENVIRONMENT | LABEL | FACT },
	{ "a slash is of no environment", "payments/api", LABEL | FACT },
	{ "nothing is none", "", NOTHING },
	{ "a space before is not seen", " a", NOTHING },
	{ "a space behind is not seen", "a ", NOTHING },
	{ "two lines are none", "a\nb", NOTHING },
	{ "a tab is none", "a\tb", NOTHING },
	{ "an escape is none", "a\x1b[2J", NOTHING },
	{ "DEL is none", "a\x7f", NOTHING },
	{ "a control character of Latin-1 is none", "a\xc2\x9b", NOTHING },
	{ "what is not UTF-8 is none", "a\xff", NOTHING },
	{ "a folder is no label", "..", FACT },
	{ "64 bytes are", SIXTY "1234", ENVIRONMENT | LABEL | FACT },
	{ "65 bytes are too many but for facts", SIXTY "12345", FACT },
	{ "200 bytes are a fact's", TWO_00, FACT },
	{ "201 bytes are none", TWO_00 "1", NOTHING },
};

static void
test_label(void **state)
{
	const struct label *row = *state;
	int is = (label_is_environment(row->text) ? ENVIRONMENT : 0) |
	    (label_is(row->text) ? LABEL : 0) |
	    (label_is_fact(row->text) ? FACT : 0);

	assert_int_equal(is, row->is);
}

int
main(void)
{
	return TABLE_RUN(labels, test_label);
}
