/*
 * http_facts.h - properties read from an HTTP answer: a header, or a key of
 * its JSON body.
 */
#ifndef AGENT_PROBES_HTTP_FACTS_H
#define AGENT_PROBES_HTTP_FACTS_H

#include <stddef.h>

#include "agent/probe.h"

struct http_facts; /* of one answer */

struct http_facts *http_facts_new(const struct http_config *config);

/* Is there a fact for which the body is needed? */
bool http_facts_want_body(const struct http_config *config);

/* A line of the answer's head, as it came; not ended by NUL. */
void http_facts_take_line(struct http_facts *facts, const char *line, size_t n);

/* Reports what was found.  What was not is no fact, but named in the
 * attribute "facts_missing". */
void http_facts_report(struct http_facts *facts, struct probe *probe,
    const char *body, size_t n_body);

void http_facts_free(struct http_facts *facts); /* NULL is allowed */

#endif
