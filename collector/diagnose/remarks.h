/*
 * remarks.h - what a verdict says beside its answer.
 *
 * What is cleared, what follows, what is masked, what else fails, what was
 * refuted, what could not be seen, what people claimed, what to do next and
 * which advice is withheld.
 */
#ifndef COLLECTOR_DIAGNOSE_REMARKS_H
#define COLLECTOR_DIAGNOSE_REMARKS_H

#include "collector/diagnose/verdict.h"

/* Fills in the lists of a verdict that has its class, subject and findings. */
void
remarks_add(struct verdict *out, struct arena *arena, const struct scene *scene,
    const struct chain *chain, const struct suspects *suspects);

#endif
