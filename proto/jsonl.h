/*
 * jsonl.h - history as JSON Lines: results, facts, events, heartbeats.
 *
 * The format of replay, import and export; docs/formats.md section 1 says
 * what a line may hold.  Reading is strict: an unknown type or field, a field
 * given twice, a value out of range is ERR_INVALID, and the message names
 * line and field and what is allowed there.
 */
#ifndef PROTO_JSONL_H
#define PROTO_JSONL_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/text.h"
#include "proto/mark.h"
#include "proto/result.h"

#define LINE_MAX_BYTES (256 * 1024)

/* The kind of a result that does not say any. */
#define KIND_UNSAID "other"

enum line_type { LINE_RESULT, LINE_FACT, LINE_EVENT, LINE_HEARTBEAT, LINE_GAP };

/* One line.  Text that is not there is "", never NULL. */
struct line {
	enum line_type type;
	int64_t at_ms;
	const char *environment, *agent;
	struct series series;    /* of LINE_RESULT */
	struct result result;    /* of LINE_RESULT; its series is 0 */
	struct fact fact;        /* of LINE_FACT */
	struct mark mark;        /* of LINE_EVENT */
	struct gap gap;          /* of LINE_GAP; at_ms is its from_ms */
	int64_t clock_offset_us; /* of LINE_HEARTBEAT */
};

/* A deep copy in one allocation, owned by the caller: free() it. */
struct line *line_copy(const struct line *line);

/* --- reading ------------------------------------------------------------ */

struct jsonl_reader;

/* Opens a file; "-" is the standard input. */
int jsonl_open(struct jsonl_reader **out, const char *path, struct err *err);

/* Gives the next line, borrowed until the next call: 1; the end: 0; -1 with
 * the number of the line in err.  Empty lines are skipped.  After -1 it goes
 * on with the line after that. */
int jsonl_next(struct jsonl_reader *reader, struct line *out, struct err *err);

uint64_t jsonl_line(const struct jsonl_reader *reader); /* from 1 */

/* How far it has come; *out_of is 0 when nobody can know. */
void jsonl_progress(
    const struct jsonl_reader *reader, int64_t *out_bytes, int64_t *out_of);

void jsonl_close(struct jsonl_reader *reader); /* NULL is allowed */

/* Reads one line of n bytes given, as jsonl_next() would with the number. */
struct jsonl_parser;
struct jsonl_parser *jsonl_parser_new(void);
int jsonl_parse(struct jsonl_parser *parser, struct line *out,
    const char *bytes, size_t n, struct err *err);
void jsonl_parser_free(struct jsonl_parser *parser); /* NULL is allowed */

/* From now on lines need not say their type, time, environment and vantage
 * (and may leave out agent and kind, as ever): they then have those of usual,
 * which is borrowed.  An at_ms of 0 or an environment of "" must be said. */
void
jsonl_parser_set_usual(struct jsonl_parser *parser, const struct line *usual);

/* --- writing ------------------------------------------------------------ */

/* Adds the line and its '\n'.  Fields have one fixed order, what has its
 * usual value is left out, numbers are as short as they can be: equal lines
 * are equal bytes, and reading them gives the same line again. */
void jsonl_write(struct text *text, const struct line *line);

#endif
