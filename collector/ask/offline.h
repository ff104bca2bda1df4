/*
 * offline.h - a store file answers as a collector would.
 *
 * The same implementation as online (collector/answer), in process and for
 * reading only; "now" is the moment of the newest data.
 */
#ifndef COLLECTOR_ASK_OFFLINE_H
#define COLLECTOR_ASK_OFFLINE_H

#include "proto/base/err.h"
#include "proto/query.h"

struct offline;

/* config is the collector's configuration file, or NULL: then every service
 * is as good as another. */
int offline_open(struct offline **out, const char *store, const char *config,
    struct err *err);

/* Borrowed until offline_close(). */
struct query_client *offline_client(const struct offline *offline);

void offline_close(struct offline *offline); /* NULL is allowed */

#endif
