/*
 * export.h - gives the metrics to an OpenTelemetry collector, now and then.
 *
 * OTLP over HTTP, in JSON.  One at a time, never longer than its timeout; who
 * does not take one gets the next, of what is then so: nothing piles up.
 */
#ifndef COLLECTOR_WEB_EXPORT_H
#define COLLECTOR_WEB_EXPORT_H

#include "collector/web/parts.h"

struct export;

struct export_counts {
	uint64_t sent, failed;
};

int export_new(struct export **out, struct web *web, struct err *err);

/* From now on; config is borrowed for the call.  NULL: nowhere.  The secret is
 * read. */
int export_set_config(
    struct export *export, const struct otlp_config *config, struct err *err);

const struct export_counts *export_counts(const struct export *export);

/* closed is called from the loop. */
void export_close(struct export *export, void (*closed)(void *arg), void *arg);

#endif
