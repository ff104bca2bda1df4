/*
 * guards.h - conditions that keep earlier fixes in force, told by people.
 *
 * A mark of the kind guard: its subject is the condition, its attribute issue
 * the fix.  A fact that breaks one is a regression, as one that breaks an
 * expectation of the configuration.  The same condition told again replaces
 * the first; with the attribute removed it is none any more.
 *
 *	config:connection_timeout >= 35.0     a setting; also <= and =
 *	envvar:SSL_CERT_FILE present          a variable
 *	platform/activationPolicy = ALWAYS    any fact, by its name
 *	build = v1                            also one without a slash
 *	envvar:POSTGRES_HOST differs          from other environments
 *	envvar:FLAG_X matches                 other environments
 *	envvar:DB_HOST free                   neither, whatever it is called
 *
 * Of the last three one is in force of a fact: the one that was told last.
 * Two conditions are the same when they mean the same: spaces do not count, and
 * config:a is setting/a.
 */
#ifndef COLLECTOR_PIPELINE_GUARDS_H
#define COLLECTOR_PIPELINE_GUARDS_H

#include "collector/config/config.h"
#include "proto/mark.h"
#include "storage/store.h"

#define GUARDS_ISSUE   "issue"
#define GUARDS_REMOVED "removed"

struct guards; /* those that are in force */

struct guards *guards_new(void);
void guards_free(struct guards *guards); /* NULL is allowed */

/* Takes in a mark of any kind; says whether it changed anything. */
bool guards_learn(struct guards *guards, const struct mark *mark);

/* Takes in the marks of a store, up to a moment. */
int guards_load(
    struct guards *guards, struct store *store, int64_t at_ms, struct err *err);

size_t guards_count(const struct guards *guards);
const struct expectation_config *
guards_get(const struct guards *guards, size_t i);

/* As it was told. */
const char *guards_condition(const struct guards *guards, size_t i);

/* The condition whose place a mark takes, as the last relation of a fact counts;
 * NULL: of none.  Borrowed until guards_learn(). */
const char *
guards_replaced(const struct guards *guards, const struct mark *mark);

/* May this mark be told?  ERR_INVALID says why its subject is no condition and
 * what one looks like; ERR_NOT_FOUND that what it removes is not in force. */
int guards_check(
    const struct guards *guards, const struct mark *mark, struct err *err);

#endif
