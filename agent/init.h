/*
 * init.h - writes a first configuration out of what people have.
 *
 * From an environment file, from the modules and targets of
 * blackbox_exporter, or from the endpoints of Gatus.  What could not be
 * carried over is listed at the end of the configuration.  Nothing is probed.
 */
#ifndef AGENT_INIT_H
#define AGENT_INIT_H

#include "agent/arguments.h"
#include "agent/draft.h"
#include "proto/base/err.h"

/* Does what the arguments of init ask for. */
int init_run(const struct arguments *arguments, struct err *err);

/* Adds to draft what each kind of file says; service may be NULL. */
int init_env(struct draft *draft, const char *path, const char *service,
    struct err *err);
int init_blackbox(struct draft *draft, const char *path, const char *targets,
    const char *service, struct err *err);
int init_gatus(struct draft *draft, const char *path, const char *service,
    struct err *err);

#endif
