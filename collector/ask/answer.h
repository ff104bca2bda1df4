/*
 * answer.h - the answers to proto/query.h, from the picture and the store.
 *
 * The same for a collector that runs and for a store that is opened offline:
 * then "now" is the moment of its newest batch.
 */
#ifndef COLLECTOR_ASK_ANSWER_H
#define COLLECTOR_ASK_ANSWER_H

#include "collector/config/config.h"
#include "collector/pipeline/fleet.h"
#include "proto/query.h"
#include "storage/store.h"

/* What the handlers get as arg; all is borrowed. */
struct answer {
	const struct fleet *(*fleet)(void *arg);
	struct moment (*now)(void *arg);
	void *arg;
	struct store *store; /* may be one that only reads */
	const struct collector_config *config;
};

extern const struct query_handlers answer_handlers;

#endif
