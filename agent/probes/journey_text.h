/*
 * journey_text.h - "${NAME}" in the texts of a journey.
 */
#ifndef AGENT_PROBES_JOURNEY_TEXT_H
#define AGENT_PROBES_JOURNEY_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The value of a name, borrowed; NULL when there is none. */
typedef const char *journey_value_fn(void *arg, const char *name);

/* The first name in text for which there is no value, as it stands there; NULL
 * when there are values for all.  *out_n is its length. */
const char *journey_text_unknown(
    size_t *out_n, const char *text, journey_value_fn *value_of, void *arg);

/* Text with its names filled in, owned by the caller, who wipes it.  In a url,
 * values are escaped, so that none becomes another path.  Names without a
 * value stay as they are. */
char *journey_text_fill(
    const char *text, bool is_url, journey_value_fn *value_of, void *arg);

#endif
