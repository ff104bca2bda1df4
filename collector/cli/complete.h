/*
 * complete.h - what could stand at the end of a command line, for shells.
 *
 * The scripts in deploy/completion call "vedette complete WORD...": the words
 * after the program's name, the last one as far as it was typed.
 */
#ifndef COLLECTOR_CLI_COMPLETE_H
#define COLLECTOR_CLI_COMPLETE_H

#include "collector/cli/arguments.h"
#include "proto/query.h"

/* Names that only a collector knows. */
enum complete_names {
	COMPLETE_NOTHING,
	COMPLETE_ENVIRONMENTS,
	COMPLETE_SERVICES,
	COMPLETE_PLACES, /* environments, and after a slash their services */
};

/* Adds candidates, one per line, each with a description behind a tab where
 * there is one; they need not begin as the last word does.  commands ends
 * with a NULL. */
enum complete_names complete_words(struct text *out, char *const *words,
    size_t n, const struct command *const *commands);

/* Adds those names that the answer knows. */
void complete_answer(struct text *out, enum complete_names names,
    const char *typed, const struct status_answer *answer);

/* The whole of it: asks the collector where names are wanted, and is silent
 * where none answers.  argv begins with the words. */
int complete_run(int argc, char **argv, const struct command *const *commands,
    const struct look *look);

#endif
