/*
 * text.h - building text, and reading the small formats that people write.
 */
#ifndef PROTO_BASE_TEXT_H
#define PROTO_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

/* A growing text.  Starts as { 0 }; bytes is NULL or ends with NUL. */
struct text {
	char *bytes;
	size_t n, room;
};

void text_add(struct text *text, const char *more);
void text_add_bytes(struct text *text, const void *bytes, size_t n);
void text_addf(struct text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns the bytes, owned by the caller and never NULL; text is { 0 }. */
char *text_take(struct text *text);
void text_fini(struct text *text);

/* Adds a JSON string (RFC 8259, section 7), quotes included, of what is
 * UTF-8. */
void text_add_quoted(struct text *text, const char *string);

/* Adds a field of a comma separated row (RFC 4180), quoted if it must be. */
void text_add_field(struct text *text, const char *field);

/* Adds a byte as HTML and XML have it, between tags or in an attribute. */
void text_add_html(struct text *text, char c);

/* Is it 1 to 64 characters of [a-z0-9._-], not starting with a dot?  Names
 * of environments, agents, services and probes are. */
bool text_is_name(const char *name);

/* Is it valid UTF-8 without NUL?  (RFC 3629) */
bool text_is_utf8(const char *bytes, size_t n);

/* Makes bytes printable in place: control characters, DEL and what is not
 * UTF-8 become '?'; tab, CR and LF become a space.  Keeps the length. */
void text_sanitise(char *bytes, size_t n);

/* "250ms" "10s" "5m" "2h" "7d" to milliseconds; a unit is required, zero is
 * "0s".  At most 4000 days. */
int text_duration(int64_t *out_ms, const char *text, struct err *err);

/* "4096" "64KiB" "1GiB" "500MB" to bytes. */
int text_size(int64_t *out_bytes, const char *text, struct err *err);

/* Writes 2026-01-05T10:00:00.120Z; returns out. */
#define TEXT_TIME_BYTES 32
char *text_time(char out[TEXT_TIME_BYTES], int64_t at_ms);

/* Reads RFC 3339 with a zone to milliseconds since 1970 UTC. */
int text_time_parse(int64_t *out_ms, const char *text, struct err *err);

/* Writes a duration for people: "0.42 ms", "12 ms", "3.2 s", "5 m 10 s",
 * "3 d 4 h"; returns out. */
#define TEXT_SPAN_BYTES 32
char *text_span(char out[TEXT_SPAN_BYTES], int64_t us);

/* Does text match the shell pattern of '*' and '?'? */
bool text_matches(const char *pattern, const char *text);

bool text_same(const char *a, const char *b);

/* Of ASCII, whatever the locale is; a word is letters and digits. */
bool text_is_letter(char c);
bool text_is_digit(char c);
bool text_is_word(char c);

#endif
