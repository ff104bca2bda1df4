/*
 * dns_name.h - which name was it that could not be looked up?
 */
#ifndef COLLECTOR_DIAGNOSE_DNS_NAME_H
#define COLLECTOR_DIAGNOSE_DNS_NAME_H

#include "collector/diagnose/chain.h"

/* As the run or its text tells it: "A of db.test: no such name"; "" when it is
 * not told, or hidden.  In the arena, or borrowed from the node. */
const char *dns_name_of(struct arena *arena, const struct node *node);

/* The node, or one that failed alike and tells the name where it does not. */
const struct node *dns_name_teller(
    struct arena *arena, const struct chain *chain, const struct node *node);

#endif
