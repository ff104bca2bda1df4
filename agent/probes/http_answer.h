/*
 * http_answer.h - an HTTP answer, read by what people call its parts: headers,
 * cookies, keys of a JSON body.
 */
#ifndef AGENT_PROBES_HTTP_ANSWER_H
#define AGENT_PROBES_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/config.h"
#include "proto/base/text.h"

struct http_answer;

/* Is it one of those that are wanted?  Of 200 to 299 when none are. */
bool
http_status_is_wanted(const uint16_t *wanted, uint32_t n_wanted, long status);

/* Are there answers without a body by their nature? */
bool http_status_may_be_empty(const char *method, long status);

struct http_answer *http_answer_new(void);

/* A line of the head, as it came, not ended by NUL; a status line begins anew.
 * arg is a struct http_answer: fits struct http_setup. */
void http_answer_take_line(void *arg, const char *line, size_t n);

/* Borrowed until the answer is freed or has another. */
void
http_answer_set_body(struct http_answer *answer, const char *body, size_t n);

/* Owned by the caller; NULL when it is not there.  Of several headers of one
 * name the last counts; path is as in json_path.h. */
char *http_answer_header(const struct http_answer *answer, const char *name);
char *http_answer_cookie(const struct http_answer *answer, const char *name);
char *http_answer_json(struct http_answer *answer, const char *path);

bool http_answer_is_json(struct http_answer *answer); /* the body */
bool http_answer_holds(const struct http_answer *answer, const char *text);

/* Does it hold what is expected?  If not, adds what is wrong to wrong, without
 * quoting the answer.  equals is what expect->equals stands for. */
bool http_answer_meets(struct http_answer *answer,
    const struct http_expect_config *expect, const char *equals,
    struct text *wrong);

void http_answer_free(struct http_answer *answer); /* NULL is allowed */

#endif
