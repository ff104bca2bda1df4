/*
 * words.h - what an error text makes of the place of a failure.
 */
#ifndef COLLECTOR_DIAGNOSE_WORDS_H
#define COLLECTOR_DIAGNOSE_WORDS_H

#include "collector/diagnose/node.h"

/* Did the one who was asked say why, or does our own probe? */
bool words_are_testimony(const struct scene_view *view);

/* Places a node by a text: layer, token, dependency.  A log tells several
 * errors at once: of these the one that names something we know, else the
 * first that means something.  What means nothing changes nothing. */
void
words_place(struct node *node, const struct scene *scene, const char *text);

/* Did they speak of a way to nobody known? */
bool words_lead_nowhere(const struct node *node);

#endif
