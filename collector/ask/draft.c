#include <stdlib.h>
#include <string.h>

#include "collector/ask/draft.h"
#include "proto/base/mem.h"

#define SHARES 10000

/* What goes before a value: a comma, and the key. */
static struct text *
begin(struct draft *draft, const char *key)
{
	if (draft->is_inside)
		text_add_bytes(&draft->text, ",", 1);
	draft->is_inside = true;
	if (key != NULL) {
		text_add_quoted(&draft->text, key);
		text_add_bytes(&draft->text, ":", 1);
	}
	return &draft->text;
}

/* Digits without a library call: most of a long answer is numbers. */
static void
put_number(struct text *text, uint64_t number)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	text_add_bytes(text, digits + n, sizeof(digits) - n);
}

/* thousandths or ten thousandths, with the decimals that it takes. */
static void
put_decimal(struct text *text, uint64_t number, uint64_t of)
{
	uint64_t rest = number % of;
	char digits[8];
	size_t n = 0;

	put_number(text, number / of);
	if (rest == 0)
		return;
	digits[n++] = '.';
	while (rest > 0) {
		of /= 10;
		digits[n++] = (char)('0' + rest / of);
		rest %= of;
	}
	text_add_bytes(text, digits, n);
}

void
draft_open(struct draft *draft, const char *key, char bracket)
{
	text_add_bytes(begin(draft, key), &bracket, 1);
	draft->is_inside = false;
}

void
draft_close(struct draft *draft, char bracket)
{
	text_add_bytes(&draft->text, &bracket, 1);
	draft->is_inside = true;
}

void
draft_null(struct draft *draft, const char *key)
{
	text_add_bytes(begin(draft, key), "null", 4);
}

void
draft_text(struct draft *draft, const char *key, const char *value)
{
	size_t n = value != NULL ? strlen(value) : 0;
	char *clean;

	if (n == 0) {
		draft_null(draft, key);
		return;
	}
	if (text_is_utf8(value, n)) {
		text_add_quoted(begin(draft, key), value);
		return;
	}
	clean = mem_strndup(value, n);
	text_sanitise(clean, n);
	text_add_quoted(begin(draft, key), clean);
	free(clean);
}

void
draft_time(struct draft *draft, const char *key, int64_t at_ms)
{
	char written[TEXT_TIME_BYTES];

	draft_text(draft, key, at_ms == 0 ? NULL : text_time(written, at_ms));
}

void
draft_count(struct draft *draft, const char *key, uint64_t count)
{
	put_number(begin(draft, key), count);
}

void
draft_flag(struct draft *draft, const char *key, bool is_set)
{
	text_add(begin(draft, key), is_set ? "true" : "false");
}

void
draft_ms(struct draft *draft, const char *key, uint64_t us)
{
	put_decimal(begin(draft, key), us, 1000);
}

void
draft_share(struct draft *draft, const char *key, uint64_t part, uint64_t whole)
{
	if (whole == 0) {
		draft_null(draft, key);
		return;
	}
	/* All is said of all alone: 99.999 % is not 1. */
	put_decimal(begin(draft, key),
	    (uint64_t)((double)part / (double)whole * SHARES), SHARES);
}

void
draft_gain(struct draft *draft, const char *key, int64_t part, uint64_t whole)
{
	uint64_t size = part < 0 ? (uint64_t)-part : (uint64_t)part;

	if (part >= 0 || whole == 0) {
		draft_share(draft, key, size, whole);
		return;
	}
	text_add(begin(draft, key), "-");
	put_decimal(&draft->text,
	    (uint64_t)((double)size / (double)whole * SHARES), SHARES);
}

char *
draft_take(struct draft *draft)
{
	return text_take(&draft->text);
}

void
draft_fini(struct draft *draft)
{
	text_fini(&draft->text);
}
