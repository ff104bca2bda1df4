/*
 * spool_load.h - opens the database of a spool, and saves what is damaged.
 *
 * For the files of the spool alone.
 */
#ifndef AGENT_SPOOL_LOAD_H
#define AGENT_SPOOL_LOAD_H

#include "agent/spool_db.h"

/* Opens and makes memory and file agree.  A damaged file is set aside and
 * begun anew with what could be rescued; *out_salvaged, which may be NULL,
 * then says so, owned by the caller. */
int spool_load(struct spool *spool, char **out_salvaged, struct err *err);

/* Opens again after a write of unknown outcome; else does nothing. */
int spool_load_again(struct spool *spool, struct err *err);

#endif
