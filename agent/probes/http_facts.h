/*
 * http_facts.h - properties read from an HTTP answer: a header, or a key of
 * its JSON body.
 */
#ifndef AGENT_PROBES_HTTP_FACTS_H
#define AGENT_PROBES_HTTP_FACTS_H

#include "agent/probe.h"
#include "agent/probes/http_answer.h"

/* Is there a fact, or a thing that must hold, for which the body is needed? */
bool http_wants_body(const struct http_config *config);

/* Reports what was found.  What was not is no fact, but named in the
 * attribute "facts_missing". */
void http_facts_report(const struct http_config *config, struct probe *probe,
    struct http_answer *answer);

#endif
