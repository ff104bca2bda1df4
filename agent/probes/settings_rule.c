#include <string.h>

#include "agent/probes/settings_rule.h"
#include "agent/probes/settings_value.h"
#include "proto/base/text.h"

#define RELATIONS 5

/* The longer ones first: "<" begins "<=". */
static const struct sign {
	const char *sign;
	enum relation relation;
} signs[RELATIONS] = {
	{ "<=", RELATION_AT_MOST },
	{ ">=", RELATION_AT_LEAST },
	{ "==", RELATION_EQUAL },
	{ "<", RELATION_LESS },
	{ ">", RELATION_MORE },
};

const char *
relation_name(enum relation relation)
{
	size_t i = 0;

	while (signs[i].relation != relation)
		i++;
	return signs[i].sign;
}

bool
relation_holds(enum relation relation, double left, double right)
{
	bool same = value_same_number(left, right);

	switch (relation) {
	case RELATION_LESS:
		return left < right && !same;
	case RELATION_AT_MOST:
		return left < right || same;
	case RELATION_EQUAL:
		return same;
	case RELATION_AT_LEAST:
		return left > right || same;
	default:
		return left > right && !same;
	}
}

static int
take_term(struct rule_term *term, const char *text, size_t n)
{
	while (n > 0 && *text == ' ')
		text++, n--;
	while (n > 0 && text[n - 1] == ' ')
		n--;
	if (n == 0 || n >= RULE_NAME_BYTES)
		return -1;
	memcpy(term->name, text, n);
	term->name[n] = '\0';
	if (value_number(&term->number, term->name) == 0)
		term->name[0] = '\0';
	else if (!text_is_name(term->name))
		return -1;
	return 0;
}

static int
take_relation(enum relation *out, const char **at)
{
	for (size_t i = 0; i < RELATIONS; i++) {
		size_t n = strlen(signs[i].sign);

		if (strncmp(*at, signs[i].sign, n) != 0)
			continue;
		*out = signs[i].relation;
		*at += n;
		return 0;
	}
	return -1;
}

int
rule_parse(struct rule *out, const char *text, struct err *err)
{
	size_t n;

	memset(out, 0, sizeof(*out));
	for (const char *at = text;;) {
		n = strcspn(at, "<>=");
		if (out->n_terms == RULE_TERMS_MAX)
			return err_set(err, ERR_LIMIT,
			    "more than %d terms; make two rules of it",
			    RULE_TERMS_MAX);
		if (take_term(&out->terms[out->n_terms++], at, n) < 0)
			break;
		at += n;
		if (*at == '\0' && out->n_terms > 1)
			return 0;
		if (take_relation(&out->relations[out->n_terms - 1], &at) < 0)
			break;
	}
	return err_set(err, ERR_INVALID,
	    "not a rule: write names of settings and numbers with < <= == >= "
	    "or > between them, such as a <= b < 60");
}
