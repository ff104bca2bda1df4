#include <stdbool.h>
#include <string.h>

#include "collector/diagnose/signature.h"
#include "proto/base/text.h"

/* What "*" may stand for: more is another sentence. */
#define ANYTHING_MAX_BYTES 200

static const char *const names[SIGNATURE_COUNT] = {
	[SIGNATURE_UNKNOWN] = "unknown",
	[SIGNATURE_MODULE] = "module",
	[SIGNATURE_FILE] = "file",
	[SIGNATURE_SETTING] = "setting",
	[SIGNATURE_LOGIN] = "login",
	[SIGNATURE_GRANT] = "grant",
	[SIGNATURE_NAME] = "name",
	[SIGNATURE_TIMEOUT] = "timeout",
	[SIGNATURE_REFUSED] = "refused",
	[SIGNATURE_RESET] = "reset",
	[SIGNATURE_CERTIFICATE] = "certificate",
	[SIGNATURE_MEMORY] = "memory",
	[SIGNATURE_DISK] = "disk",
	[SIGNATURE_CONNECTIONS] = "connections",
	[SIGNATURE_MIGRATION] = "migration",
	[SIGNATURE_LOCK] = "lock",
	[SIGNATURE_READ_ONLY] = "read_only",
	[SIGNATURE_STARTING] = "starting",
	[SIGNATURE_CRASH] = "crash",
	[SIGNATURE_SERVER] = "server",
	[SIGNATURE_THROTTLED] = "throttled",
	[SIGNATURE_PROXY] = "proxy",
	[SIGNATURE_UPSTREAM] = "upstream",
	[SIGNATURE_OBSERVER] = "observer",
	[SIGNATURE_SILENT] = "silent",
};

struct span {
	const char *bytes;
	size_t n;
};

/* Locale has no say in what a text means. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_hex(char c)
{
	return text_is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'f');
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Does the phrase, up to its next '%' or '*', stand at the start of text? */
static bool
goes_on(const char *phrase, const char *text, size_t n)
{
	for (size_t i = 0;
	     phrase[i] != '\0' && phrase[i] != '%' && phrase[i] != '*'; i++)
		if (i == n || lower(phrase[i]) != lower(text[i]))
			return false;
	return true;
}

static bool
is_quote(char c)
{
	return c == '\'' || c == '"' || c == '`';
}

/* The bytes of an object that the phrase goes on behind; 0 for none.  Only a
 * quoted one may hold white space. */
static size_t
object_bytes(const char *text, size_t n, const char *phrase)
{
	size_t i = 0;

	while (i < n && text[i] != '\n') {
		if (*phrase == '\0' ? strchr("\"'`,;)]", text[i]) != NULL
				    : goes_on(phrase, text + i, n - i))
			break;
		if (is_space(text[i]) && !is_quote(*phrase))
			break;
		i++;
	}
	if (*phrase != '\0')
		return i < n && goes_on(phrase, text + i, n - i) ? i : 0;
	/* The full stop or colon of a sentence is not part of a name. */
	while (i > 0 && strchr(".:", text[i - 1]) != NULL)
		i--;
	return i;
}

/* Does phrase match at the start of text?  The object is left alone unless
 * the phrase has one. */
static bool
matches(const char *phrase, const char *text, size_t n, struct span *object)
{
	size_t at = 0;

	for (; *phrase != '\0'; phrase++) {
		if (*phrase == '*') {
			for (size_t skip = 0;
			     skip <= ANYTHING_MAX_BYTES && at + skip <= n;
			     skip++)
				if (matches(phrase + 1, text + at + skip,
					n - at - skip, object))
					return true;
			return false;
		}
		if (*phrase == '%') {
			object->bytes = text + at;
			object->n = object_bytes(text + at, n - at, phrase + 1);
			if (object->n == 0)
				return false;
			at += object->n;
		} else if (at == n || lower(*phrase) != lower(text[at])) {
			return false;
		} else {
			at++;
		}
	}
	return true;
}

/* A phrase that begins with its object begins at the start of a word, and one
 * that begins with a letter not inside another word. */
static bool
may_begin(const char *phrase, const char *text, size_t at)
{
	if (at == 0)
		return true;
	if (*phrase == '%')
		return is_space(text[at - 1]);
	return !text_is_letter(*phrase) || !text_is_letter(text[at - 1]);
}

/* A phrase that matches, and the object in it. */
struct match {
	const struct signature_row *row; /* NULL: none */
	struct span object;
};

static void
match_in(struct match *best, const struct signature_row *rows, size_t n_rows,
    const char *text, size_t n, size_t at)
{
	for (size_t i = 0; i < n_rows; i++) {
		struct match match = { &rows[i], { NULL, 0 } };

		if (may_begin(rows[i].phrase, text, at) &&
		    matches(rows[i].phrase, text + at, n - at, &match.object) &&
		    (best->row == NULL ||
			strlen(rows[i].phrase) > strlen(best->row->phrase)))
			*best = match;
	}
}

static struct match
match_at(const char *text, size_t n, size_t at)
{
	struct match best = { NULL, { NULL, 0 } };

	match_in(&best, signature_table, signature_table_n, text, n, at);
	match_in(&best, signature_stores, signature_stores_n, text, n, at);
	match_in(&best, signature_services, signature_services_n, text, n, at);
	return best;
}

/* Does it say that something did not come, or did not stay, and not why? */
static bool
is_vague(const struct signature_row *row)
{
	return row->signature == SIGNATURE_CRASH ||
	    row->signature == SIGNATURE_UPSTREAM ||
	    (row->signature == SIGNATURE_TIMEOUT &&
		strcmp(row->runtime, "any") == 0);
}

void
signature_find(struct signature_found *out, const char *text, size_t n)
{
	struct match found = { NULL, { NULL, 0 } };

	memset(out, 0, sizeof(*out));
	out->runtime = "";
	for (size_t at = 0; at < n; at++) {
		struct match match = match_at(text, n, at);

		if (match.row == NULL)
			continue;
		if (found.row == NULL || !is_vague(match.row))
			found = match;
		if (!is_vague(match.row))
			break;
	}
	if (found.row == NULL)
		return;
	out->signature = found.row->signature;
	out->runtime = found.row->runtime;
	if (found.object.n >= sizeof(out->object))
		found.object.n = sizeof(out->object) - 1;
	if (found.object.n > 0)
		memcpy(out->object, found.object.bytes, found.object.n);
}

const char *
signature_name(enum signature signature)
{
	return names[signature];
}

/* --- fingerprints ------------------------------------------------------------ */

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t
mix(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * 1099511628211u;
}

/* The bytes of a number, an id in hexadecimal, a UUID or a time: a word of
 * hexadecimal digits and joints with at least one digit. */
static size_t
number_bytes(const char *text, size_t n)
{
	bool has_digit = false;
	size_t i = 0;

	if (n > 2 && text[0] == '0' && lower(text[1]) == 'x')
		i = 2;
	while (i < n && (is_hex(text[i]) || strchr("-:.,_", text[i]) != NULL)) {
		has_digit |= text_is_digit(text[i]);
		i++;
	}
	if (!has_digit || (i < n && text_is_letter(text[i]) && i < 4))
		return 0;
	while (i > 1 && strchr("-:.,_", text[i - 1]) != NULL)
		i--;
	return i;
}

/* The bytes of a path: a slash, then a word with another one or a dot. */
static size_t
path_bytes(const char *text, size_t n)
{
	size_t i = 0;

	if (n < 2 || text[0] != '/' || is_space(text[1]))
		return 0;
	while (i < n && !is_space(text[i]) &&
	    strchr("\"'`,;:)(]", text[i]) == NULL)
		i++;
	return i > 1 ? i : 0;
}

uint64_t
signature_fingerprint(const char *text, size_t n)
{
	uint64_t hash = 14695981039346656037u;
	bool gap = false, any = false;
	size_t i = 0;

	while (i < n) {
		bool inside = i > 0 && text_is_letter(text[i - 1]);
		size_t skip = inside ? 0 : number_bytes(text + i, n - i);
		char sign = '#';

		if (skip == 0 && (skip = path_bytes(text + i, n - i)) > 0)
			sign = '/';
		if (skip == 0) {
			skip = 1;
			sign = lower(text[i]);
			if (text_is_digit(sign))
				sign = '#';
		}
		if (is_space(sign)) {
			gap = any;
		} else {
			if (gap)
				hash = mix(hash, ' ');
			gap = false;
			any |= text_is_letter(sign);
			hash = mix(hash, sign);
		}
		i += skip;
	}
	return any ? hash : 0;
}
