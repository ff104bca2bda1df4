#include <stdlib.h>

#include "collector/ask/answer.h"
#include "collector/ask/offline.h"
#include "collector/pipeline/pipeline.h"
#include "proto/base/mem.h"

#define FOREVER_MS INT64_C(4102444800000) /* the year 2100 */

struct offline {
	struct store *store;
	struct collector_config *config;
	struct pipeline *pipeline;
	struct moment now;
	struct answer answer;
	struct query_client *client;
};

static const struct fleet *
fleet_of(void *arg)
{
	return pipeline_fleet(((struct offline *)arg)->pipeline);
}

static struct moment
now_of(void *arg)
{
	return ((struct offline *)arg)->now;
}

static int
on_moment(void *arg, const struct store_moment *moment, struct err *err)
{
	int64_t *now_ms = arg;

	(void)err;
	if (moment->to_ms > *now_ms)
		*now_ms = moment->to_ms;
	return 0;
}

static int
on_batch(void *arg, const struct store_batch *batch, struct err *err)
{
	int64_t *now_ms = arg;

	(void)err;
	if (batch->received_ms > *now_ms)
		*now_ms = batch->received_ms;
	return 1;
}

/* When something was last heard; both clocks are that of the data. */
static int
find_now(struct offline *offline, struct err *err)
{
	int64_t now_ms = 0;

	if (store_scan_moment(
		offline->store, "", FOREVER_MS, on_moment, &now_ms, err) < 0 ||
	    store_scan_span(offline->store, "", "", 0, FOREVER_MS, on_batch,
		&now_ms, err) < 0)
		return -1;
	offline->now = (struct moment){ now_ms, now_ms };
	return 0;
}

static int
load_config(struct offline *offline, const char *config, struct err *err)
{
	if (config == NULL) {
		offline->config = config_empty();
		return 0;
	}
	return config_load_rules(&offline->config, config, err);
}

int
offline_open(struct offline **out, const char *store, const char *config,
    struct err *err)
{
	const struct store_setup setup = { .uri = store, .mode = STORE_READ };
	struct offline *offline = mem_zalloc(sizeof(*offline));
	char *salvaged = NULL;

	if (load_config(offline, config, err) < 0 ||
	    store_open(&offline->store, &salvaged, &setup, err) < 0 ||
	    find_now(offline, err) < 0 ||
	    pipeline_open(&offline->pipeline, offline->store, offline->config,
		offline->now, err) < 0) {
		free(salvaged);
		offline_close(offline);
		return -1;
	}
	free(salvaged);
	offline->answer = (struct answer){
		.fleet = fleet_of,
		.now = now_of,
		.arg = offline,
		.store = offline->store,
		.config = offline->config,
	};
	offline->client =
	    query_client_new_local(&answer_handlers, &offline->answer);
	*out = offline;
	return 0;
}

struct query_client *
offline_client(const struct offline *offline)
{
	return offline->client;
}

void
offline_close(struct offline *offline)
{
	if (offline == NULL)
		return;
	query_client_free(offline->client);
	pipeline_close(offline->pipeline);
	store_close(offline->store);
	config_free(offline->config);
	free(offline);
}
