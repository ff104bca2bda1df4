/*
 * label.h - what people call their environments, services, agents, probes.
 *
 * Names that we give (agent configurations, certificates) are the narrower
 * text_is_name(); histories of others, and the questions about them, may hold
 * any label.
 */
#ifndef PROTO_LABEL_H
#define PROTO_LABEL_H

#include <stdbool.h>

#define LABEL_MAX_BYTES 64
#define LABEL_RULE                                                      \
	"a name: 1 to 64 bytes of printable UTF-8, without a space at " \
	"either end"
#define ENVIRONMENT_RULE LABEL_RULE " or a slash"

/* Stands between labels in keys, as none holds it. */
#define LABEL_CUT "\n"

/* Is it LABEL_RULE, and not "." or ".."? */
bool label_is(const char *text);

/* The same, but longer, for facts ("setting/egress"). */
#define LABEL_FACT_BYTES 200
bool label_is_fact(const char *text);

/* And without '/': places are written ENVIRONMENT/SERVICE. */
bool label_is_environment(const char *text);

#endif
