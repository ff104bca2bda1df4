/*
 * document.h - questions whose answers are JSON documents.
 *
 * Made from the store and the configuration alone, so that a store that is
 * opened offline, and the same store in a year, give the same document.
 */
#ifndef COLLECTOR_ASK_DOCUMENT_H
#define COLLECTOR_ASK_DOCUMENT_H

#include "collector/config/config.h"
#include "proto/query.h"
#include "storage/store.h"

struct document_source {
	struct store *store;
	const struct collector_config *config;
	int64_t now_ms; /* what "now" means, where no moment is asked about */
};

/* *out_json is in the arena.  ERR_INVALID names the questions there are. */
int document_make(const char **out_json, struct arena *arena,
    const struct document_source *source, const struct query_document *request,
    struct err *err);

#endif
