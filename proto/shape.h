/*
 * shape.h - answers as JSON, in the shapes of docs/cli.md.
 *
 * Keys are snake_case, times RFC 3339 in UTC with milliseconds or null,
 * durations milliseconds as numbers.  What is unknown is null, never left
 * out.  Each returns a value owned by the caller (json_decref).
 */
#ifndef PROTO_SHAPE_H
#define PROTO_SHAPE_H

#include <jansson.h>

#include "proto/base/text.h"
#include "proto/query.h"

/* --- values ---------------------------------------------------------------- */

/* Text that is not UTF-8 is made printable first; NULL is null. */
json_t *shape_text(const char *text);
json_t *shape_known(const char *text); /* "" is null as well */
json_t *shape_time(int64_t at_ms);     /* 0, or beyond any calendar: null */
/* {"from": ..., "to": ...}; null when it has no end. */
json_t *shape_interval(int64_t from_ms, int64_t to_ms);

/* --- answers --------------------------------------------------------------- */

json_t *shape_status(const struct status_answer *answer);
json_t *shape_history(const struct history_answer *answer);
json_t *shape_changes(const struct changes_answer *answer);
json_t *shape_regressions(const struct regressions_answer *answer);
json_t *shape_mark(const struct mark *mark);
json_t *shape_event(const struct event *event);

/* Events of an environment that did not arrive, although connected. */
json_t *
shape_dropped(int64_t at_ms, const char *environment, uint64_t n_events);

/* The connection of `watch` came up or went down; message may be "". */
json_t *
shape_connection(int64_t at_ms, bool up, const char *url, const char *message);

/* Takes value and adds it to text: indented over several lines, or as one
 * line; ASCII only, so that no terminal is led astray. */
void shape_print(struct text *text, json_t *value, bool one_line);

#endif
