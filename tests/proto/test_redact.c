#include "tests/support/table.h"

#include "proto/redact.h"

static const struct row {
	const char *name;
	const char *text, *expect;
} rows[] = {
	{ "a user and password of a URL",
	    "dial postgres://app:hunter2@db.test:5432/shop: refused",
	    "dial postgres://***@db.test:5432/shop: refused" },
	{ "a password with an at sign in it", "x://u:p@ss@h/y", "x://***@h/y" },
	{ "a password with a slash in it", "x://u:p/w@h/y", "x://***@h/y" },
	{ "a URL without a user stays", "GET https://web.test/a@b?x=1",
	    "GET https://web.test/a@b?x=1" },
	{ "a password by its key", "password=hunter2 user=app",
	    "password=*** user=app" },
	{ "a key is part of a name", "DB_PASSWORD=hunter2;x",
	    "DB_PASSWORD=***;x" },
	{ "capitals do not matter", "Password: hunter2", "Password: ***" },
	{ "a value in quotes may have blanks", "secret=\"two words\" next",
	    "secret=*** next" },
	{ "JSON", "{\"api_key\": \"abc\\\"def\", \"n\": 1}",
	    "{\"api_key\": ***, \"n\": 1}" },
	{ "a query of a URL", "GET /x?token=abc&page=2",
	    "GET /x?token=***&page=2" },
	{ "a plain key", "key=abc", "key=***" },
	{ "a key that is none", "monkey=abc", "monkey=abc" },
	{ "a header", "Authorization: Bearer abc.def", "Authorization: ***" },
	{ "a bearer without a key", "sent Bearer abcdefgh12345", "sent ***" },
	{ "a JSON web token", "got eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl end",
	    "got *** end" },
	{ "an access key of a cloud", "AKIAIOSFODNN7EXAMPLE denied",
	    "*** denied" },
	{ "a long token without a name", "id Zm9vYmFyQmF6UXV4MTIzNDU2 end",
	    "id *** end" },
	{ "a token behind a dot", "x.Zm9vYmFyQmF6UXV4MTIzNDU2", "x.***" },
	{ "a digest in hexadecimal stays",
	    "commit 2e3fc75d07a1b2c3d4e5f60718293a4b5c6d7e8f",
	    "commit 2e3fc75d07a1b2c3d4e5f60718293a4b5c6d7e8f" },
	{ "a unique id stays", "req 6ba7b810-9dad-11d1-80b4-00c04fd430c8",
	    "req 6ba7b810-9dad-11d1-80b4-00c04fd430c8" },
	{ "the name of a class stays",
	    "java.lang.IllegalArgumentExceptionHandler",
	    "java.lang.IllegalArgumentExceptionHandler" },
	{ "an author is no authorization", "author=me", "author=me" },
	{ "a colon alone is no assignment of a scheme", "token://x",
	    "token://x" },
	{ "nothing stays nothing", "", "" },
	{ "an open quote hides the rest", "password='abc def", "password=***" },
	{ "blanks around the equals sign", "password = hunter2 user",
	    "password = *** user" },
	{ "an empty value has nothing to hide", "password= user=x",
	    "password= user=x" },
};

static void
test_row(void **state)
{
	const struct row *row = *state;
	char *out = redact(row->text);

	assert_string_equal(out, row->expect);
	free(out);
}

int
main(void)
{
	return TABLE_RUN(rows, test_row);
}
