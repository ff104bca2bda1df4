#include "tests/support/table.h"

#include <string.h>

#include "agent/probes/dns_answer.h"

/* A header for one question and n answers, and the question for x.t */
#define HEAD(n)                           \
	"\0\1\x81\x80\0\1\0" n "\0\0\0\0" \
	"\1x\1t\0\0\1\0\1"
/* What comes before the data of an answer about that name. */
#define ABOUT(type) "\xc0\x0c\0" type "\0\1\0\0\0\x3c"

static const struct message {
	const char *name;
	const char *bytes;
	size_t n;
	const char *type;
	const char *expect; /* records with spaces around; NULL: refused */
} messages[] = {
#define BYTES(text) text, sizeof(text) - 1
	{ "no answers are none", BYTES(HEAD("\0")), "A", " " },
	{ "an address is four bytes",
	    BYTES(HEAD("\1") ABOUT("\1") "\0\4\x7f\0\0\1"), "A",
	    " 127.0.0.1 " },
	{ "five bytes are none",
	    BYTES(HEAD("\1") ABOUT("\1") "\0\5\x7f\0\0\1\0"), "A", NULL },
	{ "records of other types are passed over",
	    BYTES(HEAD("\2")
		    ABOUT("\5") "\0\2\xc0\x0c" ABOUT("\1") "\0\4\x7f\0\0\2"),
	    "A", " 127.0.0.2 " },
	{ "records are sorted, each once",
	    BYTES(HEAD("\3") ABOUT("\1") "\0\4\1\0\0\2" ABOUT(
		"\1") "\0\4\1\0\0\1" ABOUT("\1") "\0\4\1\0\0\2"),
	    "A", " 1.0.0.1 1.0.0.2 " },
	{ "a length past the end is refused",
	    BYTES(HEAD("\1") ABOUT("\1") "\0\xff\x7f\0\0\1"), "A", NULL },
	{ "an answer that is promised must come", BYTES(HEAD("\1")), "A",
	    NULL },
	{ "a name that points at itself is refused",
	    BYTES(HEAD("\1") "\xc0\x15\0\1\0\1\0\0\0\0\0\4\1\2\3\4"), "A",
	    NULL },
	{ "a name that points past the end is refused",
	    BYTES(HEAD("\1") "\xff\xff\0\1\0\1\0\0\0\0\0\4\1\2\3\4"), "A",
	    NULL },
	{ "a priority needs a name",
	    BYTES(HEAD("\1") ABOUT("\x0f") "\0\2\0\x0a"), "MX", NULL },
	{ "a name may be compressed",
	    BYTES(HEAD("\1") ABOUT("\x0f") "\0\4\0\x0a\xc0\x0c"), "MX",
	    " 10 x.t " },
	{ "strings of a text belong together",
	    BYTES(HEAD("\1") ABOUT("\x10") "\0\6\2ab\2cd"), "TXT", " abcd " },
	{ "a string must not pass its record",
	    BYTES(HEAD("\1") ABOUT("\x10") "\0\3\4ab"), "TXT", NULL },
	{ "nothing is no message", BYTES(""), "A", NULL },
	{ "a header alone promises a question",
	    BYTES("\0\1\x81\x80\0\1\0\0\0\0\0\0"), "A", NULL },
};

static void
test_message(void **state)
{
	const struct message *row = *state;
	/* A copy of just that size, so that a sanitizer sees its end. */
	unsigned char *copy = malloc(row->n > 0 ? row->n : 1);
	struct dns_answer answer;
	char all[256] = " ";
	int rc;

	memcpy(copy, row->bytes, row->n);
	rc = dns_answer_read(&answer, copy, row->n, dns_type_parse(row->type));
	free(copy);
	if (row->expect == NULL) {
		assert_int_equal(rc, -1);
		assert_int_equal(answer.n_records, 0);
		return;
	}
	assert_int_equal(rc, 0);
	for (size_t i = 0; i < answer.n_records; i++) {
		strcat(all, answer.records[i]);
		strcat(all, " ");
	}
	dns_answer_fini(&answer);
	assert_string_equal(all, row->expect);
}

int
main(void)
{
	return TABLE_RUN(messages, test_message);
}
