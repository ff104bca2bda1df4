/*
 * postgres_dial.h - begins a connection to a PostgreSQL, to addresses that are
 * known: libpq looks no name up and reads no password file.
 */
#ifndef AGENT_PROBES_POSTGRES_DIAL_H
#define AGENT_PROBES_POSTGRES_DIAL_H

#include <libpq-fe.h>

#include "agent/probes/postgres_inputs.h"

/* To the addresses that probe_resolve() found.  Owned by the caller; never
 * NULL but for want of memory.  The next PQconnectPoll() is to be made when
 * its socket is writable. */
PGconn *
postgres_dial(const struct probe *probe, const struct postgres_target *target);

#endif
