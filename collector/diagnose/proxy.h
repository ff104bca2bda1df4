/*
 * proxy.h - does the hop before an application fail, and the application not?
 *
 * A gateway that reaches nobody behind it says so itself (502; RFC 9110,
 * section 15.6.3).  When every request that goes to the application directly
 * passes at the same time, the fault lies between the two.
 */
#ifndef COLLECTOR_DIAGNOSE_PROXY_H
#define COLLECTOR_DIAGNOSE_PROXY_H

#include "collector/diagnose/chain.h"

/* "nginx": the program that a text names; NULL: none. */
const char *proxy_program(const char *text);

/* What a check is said to go through, by its attribute of that name; "". */
const char *proxy_of(const struct scene_view *view);

/* A direct request that passes while what goes through a proxy fails; NULL
 * when there is none, when one fails as well, or when the break is no
 * gateway's answer. */
const struct scene_view *
proxy_passed(const struct chain *chain, const struct scene *scene);

/* "nginx": the hop that failed, as it is declared, by its service or that of a
 * proxy that fails alike, or as it calls itself. */
const char *proxy_name(const struct scene *scene, const struct chain *chain,
    const struct node *node);

#endif
