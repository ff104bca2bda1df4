/*
 * postgres_sessions.h - who holds the connections of a PostgreSQL, and who
 * waits for a lock of whom.
 *
 * Names of applications and roles, how many sessions they have and who waits for
 * whom are open to any role; what other roles' sessions do, only to members of
 * pg_monitor.
 */
#ifndef AGENT_PROBES_POSTGRES_SESSIONS_H
#define AGENT_PROBES_POSTGRES_SESSIONS_H

#include <libpq-fe.h>

#include "agent/probe.h"

extern const char postgres_sessions_query[];

/* Tells what the answer to the query says; may end the run. */
enum turn postgres_sessions_judge(
    struct probe *probe, const PGresult *answer, const char *server);

int postgres_sessions_check(const struct conf *conf, const char *path,
    const struct postgres_sessions_config *sessions, struct err *err);

#endif
