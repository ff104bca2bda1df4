#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/log_memory.h"
#include "proto/base/file.h"
#include "proto/base/text.h"

#define FILE_MAX_BYTES  (64 * 1024)
#define KIND_MAX_BYTES  512 /* of a line: what comes later makes no kind */
#define QUOTE_MAX_BYTES 200
#define HEAD            "vedette-log 1\n"

/* FNV-1a, 64 bit (Fowler, Noll, Vo). */
#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

static uint64_t
add(uint64_t hash, char c)
{
	return (hash ^ (unsigned char)c) * FNV_PRIME;
}

/* A word, n bytes; does it hold a digit, as numbers, identifiers and times
 * do? */
static size_t
word_span(const char *text, bool *out_has_digit)
{
	size_t n = 0;

	*out_has_digit = false;
	for (; isalnum((unsigned char)text[n]); n++)
		*out_has_digit |= isdigit((unsigned char)text[n]) != 0;
	return n;
}

/* The end of what is in quotes, the closing one; NULL when it stays open. */
static const char *
quote_end(const char *text)
{
	const char *end = text + 1;

	while (*end != '\0' && *end != *text)
		end += *end == '\\' && end[1] != '\0' ? 2 : 1;
	return *end != '\0' ? end : NULL;
}

/* A name in quotes; 0 when the quote is an apostrophe or stays open.  Where all
 * is in quotes, as in JSON, one that holds several words is what is said. */
static size_t
quote_span(const char *text, bool is_json)
{
	const char *end;
	size_t n;

	if (*text != '"' && (*text != '\'' || is_json))
		return 0;
	end = quote_end(text);
	if (end == NULL || end - text >= QUOTE_MAX_BYTES)
		return 0;
	n = (size_t)(end - text) + 1;
	return is_json && memchr(text, ' ', n) != NULL ? 0 : n;
}

uint64_t
log_kind_of(const char *line)
{
	uint64_t hash = FNV_START;
	const char *end = line + strnlen(line, KIND_MAX_BYTES);
	const char *said = NULL; /* ends the quote of JSON that it is in */
	bool is_json = *line == '{', has_digit;
	size_t n;

	while (line < end) {
		n = line != said ? quote_span(line, is_json) : 0;
		if (n > 0) {
			hash = add(hash, '*');
			line += n;
			continue;
		}
		n = word_span(line, &has_digit);
		if (n == 0) {
			if (is_json && *line == '"')
				said = line != said ? quote_end(line) : NULL;
			hash = add(hash, *line++);
			continue;
		}
		if (has_digit)
			hash = add(hash, '#');
		for (size_t i = 0; i < n && !has_digit; i++)
			hash = add(hash, (char)tolower((unsigned char)line[i]));
		line += n;
	}
	return hash;
}

bool
log_memory_learn(struct log_memory *memory, uint64_t kind)
{
	for (size_t i = 0; i < memory->n_known; i++)
		if (memory->known[i] == kind)
			return false;
	if (memory->n_known < LOG_KNOWN_MAX) {
		memory->known[memory->n_known++] = kind;
		return true;
	}
	memory->known[memory->oldest] = kind;
	memory->oldest = (memory->oldest + 1) % LOG_KNOWN_MAX;
	return true;
}

void
log_memory_parse(struct log_memory *out, const char *text)
{
	uint64_t kind;
	int n = 0;

	memset(out, 0, sizeof(*out));
	if (sscanf(text,
		HEAD "file %" SCNu64 " %" SCNu64 " %" SCNd64 "\n"
		     "time %" SCNd64 " %" SCNd64 "\ncursor=%n",
		&out->device, &out->inode, &out->offset, &out->at_ms,
		&out->line_ms, &n) != 5 ||
	    n == 0 || out->offset < 0) {
		memset(out, 0, sizeof(*out));
		return;
	}
	text += n;
	snprintf(out->cursor, sizeof(out->cursor), "%.*s",
	    (int)strcspn(text, "\n"), text);
	text += strcspn(text, "\n");
	while (sscanf(text, "\n%" SCNx64 "%n", &kind, &n) == 1) {
		log_memory_learn(out, kind);
		text += n;
	}
	out->is_known = true;
}

void
log_memory_read(struct log_memory *out, const char *path)
{
	char *text = NULL;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (file_read(&text, &n, path, FILE_MAX_BYTES, NULL) < 0)
		return;
	log_memory_parse(out, text);
	free(text);
}

int
log_memory_write(
    const struct log_memory *memory, const char *path, struct err *err)
{
	struct text text = { 0 };
	int rc;

	text_addf(&text,
	    HEAD "file %" PRIu64 " %" PRIu64 " %" PRId64 "\n"
		 "time %" PRId64 " %" PRId64 "\ncursor=%s",
	    memory->device, memory->inode, memory->offset, memory->at_ms,
	    memory->line_ms, memory->cursor);
	/* The oldest first, so that they are in order when read again. */
	for (size_t i = 0; i < memory->n_known; i++)
		text_addf(&text, "\n%016" PRIx64,
		    memory->known[(memory->oldest + i) % memory->n_known]);
	text_add(&text, "\n");
	rc = file_write(path, text.bytes, text.n, 0600, err);
	text_fini(&text);
	return rc;
}
