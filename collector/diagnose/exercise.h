/*
 * exercise.h - does a run that passed put to the test what another failed of?
 *
 * Who only reads comes through where nobody can write, and who asks something
 * else does not wait for what is locked: that they pass acquits nobody.
 */
#ifndef COLLECTOR_DIAGNOSE_EXERCISE_H
#define COLLECTOR_DIAGNOSE_EXERCISE_H

#include "collector/diagnose/node.h"

/* view went to the same target as the node, and as deep. */
bool exercise_covers(const struct scene_view *view, const struct node *node);

/* Did it fail for want of room, where it reached its target? */
bool exercise_is_of_disk(const struct node *node);

/* Did it get no connection, as all are taken? */
bool exercise_is_of_slots(const struct node *node);

#endif
