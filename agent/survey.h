/*
 * survey.h - what the variables of a service seem to be, by name and shape.
 *
 * For drafts of configurations: a guess that a person reads over, not
 * knowledge.  Values stay in here; what is written out is what the functions
 * of init choose to.
 */
#ifndef AGENT_SURVEY_H
#define AGENT_SURVEY_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/draft.h"
#include "agent/variables.h"
#include "proto/base/err.h"

/* What a variable is taken for. */
enum role {
	ROLE_WATCH,
	ROLE_POSTGRES, /* one of those a postgres probe reads */
	ROLE_REDIS,
	ROLE_ENDPOINTS, /* one or more URLs or HOST:PORT */
	ROLE_HOST,      /* X_HOST, beside X_PORT */
	ROLE_SECRET,
	ROLE_SETTING,
	ROLE_UNFIT, /* not the name of a variable */
};

struct entry {
	char *name;
	const char *value; /* borrowed from variables */
	enum role role;
};

struct survey {
	struct draft *draft; /* borrowed */
	const char *service; /* borrowed */
	char *path;          /* of the file, from the root */
	struct variables *variables;
	struct entry *entries; /* each name once, in the order of the file */
	size_t n;
};

/* Reads the file.  What survey owns is freed by survey_fini(), on failure
 * too. */
int survey_init(struct survey *survey, const char *path, struct err *err);
void survey_fini(struct survey *survey);

bool survey_has_role(const struct survey *survey, enum role role);

/* Is the variable set, and not empty? */
bool survey_has(const struct survey *survey, const char *name);

bool survey_ends_with(const char *text, const char *end);
bool survey_is_listed(const char *const *words, const char *text);

/* Adds probes of what the service talks to, in the order of their chains. */
void survey_reach(const struct survey *survey);

#endif
