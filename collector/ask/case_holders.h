/*
 * case_holders.h - how many connections of a server who had, over time.
 *
 * Read from the attributes of whatever check counts them: sessions:NAME or
 * sessions_NAME, NAME being an application or a role, and sessions_own, those
 * of the role that the check itself logs in as.
 */
#ifndef COLLECTOR_ASK_CASE_HOLDERS_H
#define COLLECTOR_ASK_CASE_HOLDERS_H

#include "collector/diagnose/scene.h"
#include "proto/base/mem.h"

struct case_holders;

/* Takes in the counts of a result; *holders is made with the first, in the
 * arena.  Results come the newest first, and some may come again. */
void case_holders_add(struct case_holders **holders, struct arena *arena,
    const struct result *result);

/* Gives the view what was taken in; NULL is nothing. */
void case_holders_view(struct scene_view *out,
    const struct case_holders *holders, struct arena *arena);

#endif
