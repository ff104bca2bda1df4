#include <ares.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/dns_answer.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define HEADER_BYTES   12
#define QUESTION_BYTES 4  /* type and class, after the name */
#define RECORD_BYTES   10 /* type, class, ttl and length, after the name */

/* A place in the message; bytes are left of it up to end. */
struct cursor {
	const unsigned char *message, *at, *end;
};

static size_t
left(const struct cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

static unsigned
get16(const unsigned char *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* Reads a name, owned by the caller; NULL when there is none.  c-ares knows
 * how to follow compression, and where to stop. */
static char *
take_name(struct cursor *cursor)
{
	char *name = NULL, *copy;
	long n;

	if (left(cursor) == 0 ||
	    ares_expand_name(cursor->at, cursor->message,
		(int)(cursor->end - cursor->message), &name,
		&n) != ARES_SUCCESS)
		return NULL;
	cursor->at += n;
	copy = mem_strdup(name);
	ares_free_string(name);
	return copy;
}

static int
skip_name(struct cursor *cursor)
{
	char *name = take_name(cursor);

	free(name);
	return name == NULL ? -1 : 0;
}

/* --- what the types hold; NULL when the data make no sense ---------------- */

static char *
address_of(const struct cursor *data, int family, size_t size)
{
	char text[INET6_ADDRSTRLEN];

	if (left(data) != size ||
	    inet_ntop(family, data->at, text, sizeof(text)) == NULL)
		return NULL;
	return mem_strdup(text);
}

static char *
a_of(struct cursor *data)
{
	return address_of(data, AF_INET, 4);
}

static char *
aaaa_of(struct cursor *data)
{
	return address_of(data, AF_INET6, 16);
}

/* n numbers and a name: MX has one, SRV three, CNAME none. */
static char *
numbers_and_name_of(struct cursor *data, size_t n)
{
	struct text out = { 0 };
	char *name;

	if (left(data) <= 2 * n)
		return NULL;
	for (size_t i = 0; i < n; i++, data->at += 2)
		text_addf(&out, "%u ", get16(data->at));
	name = take_name(data);
	if (name == NULL) {
		text_fini(&out);
		return NULL;
	}
	text_add(&out, name);
	free(name);
	return text_take(&out);
}

static char *
cname_of(struct cursor *data)
{
	return numbers_and_name_of(data, 0);
}

static char *
mx_of(struct cursor *data)
{
	return numbers_and_name_of(data, 1);
}

static char *
srv_of(struct cursor *data)
{
	return numbers_and_name_of(data, 3);
}

/* Strings of up to 255 bytes that belong together. */
static char *
txt_of(struct cursor *data)
{
	struct text out = { 0 };
	size_t n;

	while (left(data) > 0) {
		n = *data->at++;
		if (n > left(data)) {
			text_fini(&out);
			return NULL;
		}
		text_add_bytes(&out, data->at, n);
		data->at += n;
	}
	for (size_t i = 0; i < out.n; i++)
		if (out.bytes[i] == '\0')
			out.bytes[i] = '?'; /* text goes on */
	return text_take(&out);
}

static const struct type {
	const char *name;
	int number;
	char *(*text_of)(struct cursor *data);
} types[] = {
	{ "A", ns_t_a, a_of },
	{ "AAAA", ns_t_aaaa, aaaa_of },
	{ "CNAME", ns_t_cname, cname_of },
	{ "MX", ns_t_mx, mx_of },
	{ "TXT", ns_t_txt, txt_of },
	{ "SRV", ns_t_srv, srv_of },
};
#define N_TYPES (sizeof(types) / sizeof(types[0]))

int
dns_type_parse(const char *name)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].number;
	return -1;
}

/* --- the message ---------------------------------------------------------- */

/* Takes record, in its place among the others; what is there is freed. */
static void
add(struct dns_answer *answer, char *record)
{
	size_t i = 0, n = answer->n_records;
	int order = -1;

	while (i < n && (order = strcmp(answer->records[i], record)) < 0)
		i++;
	if ((i < n && order == 0) || n == DNS_RECORDS_MAX) {
		free(record);
		return;
	}
	memmove(answer->records + i + 1, answer->records + i,
	    (n - i) * sizeof(answer->records[0]));
	answer->records[i] = record;
	answer->n_records++;
}

static int
take_record(
    struct dns_answer *answer, struct cursor *cursor, const struct type *type)
{
	struct cursor data;
	uint32_t ttl_s;
	unsigned number;
	size_t n;
	char *text;

	if (skip_name(cursor) < 0 || left(cursor) < RECORD_BYTES)
		return -1;
	number = get16(cursor->at);
	ttl_s = (uint32_t)get16(cursor->at + 4) << 16 | get16(cursor->at + 6);
	n = get16(cursor->at + 8);
	cursor->at += RECORD_BYTES;
	if (n > left(cursor))
		return -1;
	data = (struct cursor){ cursor->message, cursor->at, cursor->at + n };
	cursor->at += n;
	if (ttl_s < answer->ttl_s)
		answer->ttl_s = ttl_s;
	if ((int)number != type->number)
		return 0; /* a CNAME on the way */
	/* A name may point before its record, never behind the message. */
	text = type->text_of(&data);
	if (text == NULL)
		return -1;
	add(answer, text);
	return 0;
}

static const struct type *
type_of(int number)
{
	for (size_t i = 0; i < N_TYPES; i++)
		if (types[i].number == number)
			return &types[i];
	return NULL;
}

int
dns_answer_read(
    struct dns_answer *out, const unsigned char *message, size_t n, int type)
{
	struct cursor cursor;
	const struct type *known = type_of(type);
	unsigned n_questions, n_answers;

	*out = (struct dns_answer){ .ttl_s = UINT32_MAX };
	if (n < HEADER_BYTES || known == NULL)
		return -1;
	cursor =
	    (struct cursor){ message, message + HEADER_BYTES, message + n };
	n_questions = get16(message + 4);
	n_answers = get16(message + 6);
	for (unsigned i = 0; i < n_questions; i++) {
		if (skip_name(&cursor) < 0 || left(&cursor) < QUESTION_BYTES)
			goto broken;
		cursor.at += QUESTION_BYTES;
	}
	for (unsigned i = 0; i < n_answers; i++)
		if (take_record(out, &cursor, known) < 0)
			goto broken;
	return 0;
broken:
	dns_answer_fini(out);
	return -1;
}

void
dns_answer_fini(struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->n_records; i++)
		free(answer->records[i]);
	answer->n_records = 0;
}
