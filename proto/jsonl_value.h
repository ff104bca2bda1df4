/*
 * jsonl_value.h - the values of a line's fields, checked; for jsonl_parse.c,
 * and for who has lines inside other JSON.
 *
 * Each reader sets what out points to and returns 0, or -1 with the field,
 * the value and what would be allowed in err.
 */
#ifndef PROTO_JSONL_VALUE_H
#define PROTO_JSONL_VALUE_H

#include <stdint.h>

#include <jansson.h>

#include "proto/base/err.h"
#include "proto/jsonl.h"

/* As jsonl_parse(), of a value that was parsed already.  Takes root. */
int jsonl_parse_value(struct jsonl_parser *parser, struct line *out,
    json_t *root, struct err *err);

/* What is being read; err describes it. */
struct place {
	const char *field;
	struct err *err;
};

typedef int value_fn(const struct place *place, void *out, const json_t *value);

/* Says that the value is not what is allowed; returns -1. */
int value_refuse(
    const struct place *place, const json_t *value, const char *allowed);

/* Writes the value as JSON, cut; returns out. */
#define VALUE_SHOWN_BYTES 48
char *value_show(char out[VALUE_SHOWN_BYTES], const json_t *value);

value_fn value_text;         /* const char *: borrowed from the value */
value_fn value_name;         /* const char *: label_is() */
value_fn value_environment;  /* const char *: label_is_environment() */
value_fn value_name_or_none; /* const char *: ... or "" */
value_fn value_fact_name;    /* const char *: printable, no spaces */
value_fn value_time;         /* int64_t: ms; RFC 3339 from 1970 to 2200 */
value_fn value_bool;         /* bool */
value_fn value_u32;          /* uint32_t */
value_fn value_count;        /* uint64_t: at most INT64_MAX */
value_fn value_attempts;     /* uint32_t: 1 or more */
value_fn value_duration;     /* int64_t: ms with fractions, to us */
value_fn value_offset;       /* int64_t: the same, may be negative */
value_fn value_outcome;      /* enum outcome */
value_fn value_vantage;      /* enum vantage */
value_fn value_source;       /* enum source */
value_fn value_mark_kind;    /* enum mark_kind */

#endif
