#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "proto/redact.h"
#include "proto/base/text.h"

#define HIDDEN_AS "***"

/* From here on a run of letters and digits is no word: digests of commits
 * have 40, of 16 characters alone. */
#define TOKEN_MIN_BYTES 24

/* A key whose name holds one of these has a value that is nobody's business.
 * "auth" comes with its end, so that "author" stays. */
static const char *const keys[] = { "password", "passwd", "passphrase", "pwd",
	"secret", "token", "apikey", "api_key", "api-key", "access_key",
	"access-key", "private_key", "private-key", "credential", "cookie",
	"session", "signature", "authorization", NULL };

/* What follows these is a secret whatever stands before it. */
static const char *const beginnings[] = { "Bearer ", "Basic ", "AKIA", "ghp_",
	"gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_", "sk-",
	"eyJ", "AIza", "ya29.", NULL };

static bool
is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool
is_part(char c) /* of a word, between dots */
{
	return is_word(c) && c != '.';
}

static bool
is_token(char c)
{
	return isalnum((unsigned char)c) || strchr("_-+/=.~", c) != NULL;
}

static size_t
span(const char *text, bool (*is)(char c))
{
	size_t n = 0;

	while (text[n] != '\0' && is(text[n]))
		n++;
	return n;
}

/* Does the name of a key, n bytes, hold one of the words? */
static bool
is_secret_key(const char *name, size_t n)
{
	for (const char *const *key = keys; *key != NULL; key++) {
		size_t n_key = strlen(*key);

		for (size_t i = 0; i + n_key <= n; i++)
			if (strncasecmp(name + i, *key, n_key) == 0)
				return true;
	}
	return n == 3 && strncasecmp(name, "key", 3) == 0;
}

/* The value behind "=" or ":": in quotes, or up to where the next thing
 * begins.  Authorization has a word before it. */
static size_t
value_span(const char *text)
{
	size_t n;

	if (*text == '"' || *text == '\'') {
		for (n = 1; text[n] != '\0' && text[n] != *text; n++)
			if (text[n] == '\\' && text[n + 1] != '\0')
				n++;
		return n + (text[n] != '\0');
	}
	if (strncasecmp(text, "bearer ", 7) == 0 ||
	    strncasecmp(text, "basic ", 6) == 0)
		n = strcspn(text, " ") + 1;
	else
		n = 0;
	return n + strcspn(text + n, " \t,;&\"'(){}[]<>\r\n");
}

/* How much of text from here is "NAME=value" or "NAME": "value" of a secret
 * name; *out_n_name is what of it is shown. */
static size_t
pair_span(const char *text, size_t *out_n_name)
{
	size_t n = span(text, is_word);
	bool is_spaced;

	if (n == 0 || !is_secret_key(text, n))
		return 0;
	if (text[n] == '"' || text[n] == '\'')
		n++;
	is_spaced = text[n] == ' ';
	while (text[n] == ' ')
		n++;
	is_spaced |= text[n] == ':'; /* "a= b=1": a is empty */
	if (text[n] != '=' && text[n] != ':')
		return 0;
	n += 1 + (text[n] == ':' && text[n + 1] == '=');
	if (text[n] == '/' && text[n + 1] == '/')
		return 0; /* a scheme */
	while (is_spaced && text[n] == ' ')
		n++;
	*out_n_name = n;
	return n + value_span(text + n);
}

/* The user and password behind "://", up to the last "@" before the path. */
static size_t
login_span(const char *text)
{
	size_t n = strcspn(text, " \t\"'<>\r\n/?#"), at = 0;

	for (size_t i = 0; i < n; i++)
		if (text[i] == '@')
			at = i;
	/* A "/" or "#" may be part of a password that nobody encoded. */
	for (size_t i = n; at == 0 && text[i] != '\0' &&
	     strchr(" \t\"'<>\r\n", text[i]) == NULL;
	     i++)
		if (text[i] == '@' && memchr(text, ':', i) != NULL)
			at = i;
	return at;
}

static size_t
beginning_span(const char *text)
{
	size_t n_begin, n;

	for (const char *const *at = beginnings; *at != NULL; at++) {
		n_begin = strlen(*at);
		if (strncmp(text, *at, n_begin) != 0)
			continue;
		n = span(text + n_begin, is_token);
		if (n >= 8)
			return n_begin + n;
	}
	return 0;
}

/* Long, with digits among letters of both cases: no word, no path, no digest
 * in hexadecimal, and no identifier of a class. */
static size_t
token_span(const char *text)
{
	size_t n = 0, n_upper = 0, n_lower = 0, n_digits = 0;

	for (; text[n] != '\0' &&
	     (isalnum((unsigned char)text[n]) || text[n] == '+' ||
		 text[n] == '=' || text[n] == '_' || text[n] == '-');
	     n++) {
		n_upper += isupper((unsigned char)text[n]) != 0;
		n_lower += islower((unsigned char)text[n]) != 0;
		n_digits += isdigit((unsigned char)text[n]) != 0;
	}
	return n >= TOKEN_MIN_BYTES && n_upper >= 3 && n_lower >= 3 &&
		n_digits >= 2
	    ? n
	    : 0;
}

char *
redact(const char *text)
{
	struct text out = { 0 };
	size_t n, n_shown;

	while (*text != '\0') {
		n_shown = 0;
		n = pair_span(text, &n_shown);
		if (n == 0)
			n = beginning_span(text);
		if (n == 0)
			n = token_span(text);
		if (n > n_shown) {
			text_add_bytes(&out, text, n_shown);
			text_add(&out, HIDDEN_AS);
			text += n;
			continue;
		}
		/* A word, or what is none, as it is. */
		n = span(text, is_part);
		n = n > 0 ? n : 1;
		text_add_bytes(&out, text, n);
		text += n;
		if (strncmp(text, "://", 3) != 0)
			continue;
		text_add(&out, "://");
		text += 3;
		n = login_span(text);
		if (n > 0)
			text_add(&out, HIDDEN_AS);
		text += n;
	}
	return text_take(&out);
}
