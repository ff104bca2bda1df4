/*
 * settings_rule.h - an invariant over several settings: "a <= b < c".
 */
#ifndef AGENT_PROBES_SETTINGS_RULE_H
#define AGENT_PROBES_SETTINGS_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/base/err.h"

#define RULE_TERMS_MAX  12
#define RULE_NAME_BYTES 65

enum relation {
	RELATION_LESS,
	RELATION_AT_MOST,
	RELATION_EQUAL,
	RELATION_AT_LEAST,
	RELATION_MORE,
};

struct rule {
	struct rule_term {
		char name[RULE_NAME_BYTES]; /* "": a number */
		double number;
	} terms[RULE_TERMS_MAX];
	size_t n_terms;
	enum relation relations[RULE_TERMS_MAX]; /* between i and i + 1 */
};

/* Reads terms parted by < <= == >= >: names of settings, and numbers. */
int rule_parse(struct rule *out, const char *text, struct err *err);

const char *relation_name(enum relation relation);

/* Equal numbers are those of value_same_number(). */
bool relation_holds(enum relation relation, double left, double right);

#endif
