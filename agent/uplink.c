#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/uplink.h"
#include "proto/base/mem.h"
#include "proto/edge.h"
#include "proto/publish.h"

#define RETRY_MIN_MS  1000
#define RETRY_MAX_MS  (5 * 60 * 1000)
#define DEADLINE_MS   30000
#define NEWS_AGAIN_MS (3600 * 1000) /* the same trouble, told once more */
#define ADDRESS_BYTES 64
#define NEWS_BYTES    768

struct uplink {
	uv_timer_t pause;
	struct uplink_setup setup;
	struct edge_client *edge;
	struct rpc_client *rpc;
	struct publish_client *publish;
	enum vantage vantage;
	bool is_sending, is_paused;
	uint32_t retry_ms; /* of the next refusal */
	struct uplink_counts counts;
	char news[NEWS_BYTES]; /* what was told last */
	int64_t news_ms;
	void (*closed)(void *arg);
	void *closed_arg;
};

/* Tells people, but not the same trouble again and again. */
static void __attribute__((format(printf, 3, 4)))
tell(struct uplink *uplink, int is_bad, const char *format, ...)
{
	int64_t now_ms = clock_mono_ms(uplink->setup.clock);
	char news[NEWS_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(news, sizeof(news), format, args);
	va_end(args);
	if (strcmp(news, uplink->news) == 0 &&
	    now_ms - uplink->news_ms < NEWS_AGAIN_MS)
		return;
	memcpy(uplink->news, news, sizeof(news));
	uplink->news_ms = now_ms;
	uplink->setup.on_news(uplink->setup.arg, is_bad, news);
}

/* --- sending ------------------------------------------------------------------ */

/* An answer leads to the next batch. */
static void pump(struct uplink *uplink);

static void
on_pause_over(uv_timer_t *timer)
{
	struct uplink *uplink = timer->data;

	uplink->is_paused = false;
	pump(uplink);
}

static void
pause_for(struct uplink *uplink, uint32_t ms)
{
	uplink->is_paused = true;
	uv_timer_start(&uplink->pause, on_pause_over, ms, 0);
}

/* Waits longer each time, with full jitter. */
static void
back_off(struct uplink *uplink)
{
	uint32_t limit_ms = uplink->retry_ms;

	uplink->retry_ms =
	    limit_ms < RETRY_MAX_MS / 2 ? limit_ms * 2 : RETRY_MAX_MS;
	pause_for(
	    uplink, 1 + (uint32_t)random_below(uplink->setup.random, limit_ms));
}

/* The spool itself is in trouble; it says so at a push as well. */
static void
on_spool_trouble(struct uplink *uplink, const struct err *err)
{
	tell(uplink, 1, "uplink: %s", err->text);
	back_off(uplink);
}

static void
on_refused(
    struct uplink *uplink, const struct rpc_status *status, uint64_t sequence)
{
	struct err err;

	uplink->counts.refused++;
	tell(uplink, 1,
	    "uplink: the collector will never take batch %llu (%s: %s); it is "
	    "set aside as a gap",
	    (unsigned long long)sequence, rpc_code_name(status->code),
	    status->message);
	if (spool_refuse(uplink->setup.spool, sequence, &err) < 0)
		on_spool_trouble(uplink, &err);
}

static void
on_aborted(struct uplink *uplink, const struct rpc_status *status)
{
	struct err err;

	tell(uplink, 1,
	    "uplink: %s; a new stream begins (was this disk copied from "
	    "another agent's?)",
	    status->message);
	if (spool_renew(uplink->setup.spool, &err) < 0)
		on_spool_trouble(uplink, &err);
}

static void
on_acknowledged(struct uplink *uplink, uint64_t sequence, bool repeated)
{
	struct err err;

	uplink->counts.acknowledged++;
	uplink->counts.repeated += repeated;
	uplink->retry_ms = RETRY_MIN_MS;
	if (spool_pop(uplink->setup.spool, sequence, &err) < 0)
		on_spool_trouble(uplink, &err);
}

static void
on_status(
    struct uplink *uplink, const struct rpc_status *status, uint64_t sequence)
{
	switch (status->code) {
	case RPC_CANCELLED: /* we are closing */
		break;
	case RPC_UNAVAILABLE:
		uplink->counts.postponed++;
		if (status->retry_ms > 0)
			pause_for(uplink, status->retry_ms);
		else
			back_off(uplink);
		break;
	case RPC_ABORTED:
		on_aborted(uplink, status);
		break;
	case RPC_INVALID_ARGUMENT:
	case RPC_RESOURCE_EXHAUSTED:
		on_refused(uplink, status, sequence);
		break;
	case RPC_PERMISSION_DENIED:
	case RPC_UNAUTHENTICATED:
		tell(uplink, 1,
		    "uplink: the collector does not let this agent publish: "
		    "%s: %s; compare agent and environment with the "
		    "certificate's vedette://ENVIRONMENT/AGENT",
		    rpc_code_name(status->code), status->message);
		back_off(uplink);
		break;
	default:
		uplink->counts.postponed++;
		tell(uplink, 1, "uplink: %s: %s", rpc_code_name(status->code),
		    status->message);
		back_off(uplink);
	}
}

static void
on_done(void *arg, const struct rpc_status *status, uint64_t sequence,
    bool repeated)
{
	struct uplink *uplink = arg;
	uint64_t sent = uplink->counts.sending;

	uplink->is_sending = false;
	if (status->code != RPC_OK) {
		on_status(uplink, status, sent);
	} else if (sequence == sent) {
		on_acknowledged(uplink, sequence, repeated);
	} else {
		/* Whoever that is, it did not say that it has our batch. */
		tell(uplink, 1,
		    "uplink: batch %llu was sent and another acknowledged",
		    (unsigned long long)sent);
		back_off(uplink);
	}
	pump(uplink);
}

static void
send_entry(struct uplink *uplink, const struct spool_entry *entry)
{
	const struct uplink_setup *setup = &uplink->setup;
	struct envelope envelope = {
		.environment = setup->config->environment,
		.agent = setup->config->agent,
		.stream = spool_stream(setup->spool),
		.sequence = entry->sequence,
		.wall_ms = clock_wall_ms(setup->clock),
		.mono_ms = clock_mono_ms(setup->clock),
		.heartbeat_ms = setup->config->heartbeat_ms,
		.waiting = spool_waiting(setup->spool) - 1,
		.vantage = uplink->vantage,
		.version = VEDETTE_VERSION,
		.content = entry->content,
		.n_content = entry->n_content,
		.crc32c = entry->crc32c,
	};

	uplink->is_sending = true;
	uplink->counts.sending = entry->sequence;
	publish_send(uplink->publish, &envelope, on_done, uplink);
}

static void
pump(struct uplink *uplink)
{
	struct spool_entry entry;
	struct err err;
	int found;

	if (uplink->closed != NULL || uplink->is_sending || uplink->is_paused ||
	    !edge_client_is_up(uplink->edge))
		return;
	if (spool_peek(uplink->setup.spool, &found, &entry, &err) < 0)
		on_spool_trouble(uplink, &err);
	else if (found)
		send_entry(uplink, &entry);
}

void
uplink_wake(struct uplink *uplink)
{
	pump(uplink);
}

void
uplink_set_vantage(struct uplink *uplink, enum vantage vantage)
{
	uplink->vantage = vantage;
}

const struct uplink_counts *
uplink_counts(const struct uplink *uplink)
{
	return &uplink->counts;
}

/* --- the connection ----------------------------------------------------------- */

static void
on_up(void *arg, const char *url)
{
	struct uplink *uplink = arg;

	tell(uplink, 0, "uplink: connected to %s", url);
	uv_timer_stop(&uplink->pause);
	uplink->is_paused = false;
	pump(uplink);
}

static void
on_down(void *arg, const char *url, const struct err *why, uint32_t retry_ms)
{
	struct uplink *uplink = arg;

	(void)retry_ms; /* jittered, so it would make each message another */
	if (uplink->closed != NULL)
		return;
	tell(uplink, 1, "uplink: %s: %s", url, why->text);
	rpc_client_fail_all(uplink->rpc, why->text);
}

static int
connect_edge(struct uplink *uplink, const char *inside, struct err *err)
{
	const struct agent_config *config = uplink->setup.config;
	struct edge_tls tls = { 0 };
	struct edge_client_setup setup = {
		.loop = uplink->setup.loop,
		.clock = uplink->setup.clock,
		.random = uplink->setup.random,
		.pattern = EDGE_REQ,
		.inside_address = inside,
		.urls = (const char *const *)config->collectors,
		.n_urls = config->n_collectors,
		.insecure = config->insecure,
		.retry_min_ms = RETRY_MIN_MS,
		.retry_max_ms = RETRY_MAX_MS,
		.on_up = on_up,
		.on_down = on_down,
		.arg = uplink,
	};

	if (config->tls != NULL) {
		tls.ca_file = config->tls->ca_file;
		tls.certificate_file = config->tls->certificate_file;
		tls.key_file = config->tls->key_file;
		setup.tls = &tls;
		setup.server_name = config->tls->server_name;
	}
	return edge_client_new(&uplink->edge, &setup, err);
}

/* --- its life ------------------------------------------------------------------- */

static void
on_pause_closed(uv_handle_t *handle)
{
	struct uplink *uplink = handle->data;
	void (*closed)(void *arg) = uplink->closed;
	void *arg = uplink->closed_arg;

	free(uplink);
	closed(arg);
}

static void
on_edge_closed(void *arg)
{
	struct uplink *uplink = arg;

	uv_close((uv_handle_t *)&uplink->pause, on_pause_closed);
}

static void
on_rpc_closed(void *arg)
{
	struct uplink *uplink = arg;

	if (uplink->edge != NULL)
		edge_client_close(uplink->edge, on_edge_closed, uplink);
	else
		on_edge_closed(uplink);
}

void
uplink_close(struct uplink *uplink, void (*closed)(void *arg), void *arg)
{
	uplink->closed = closed;
	uplink->closed_arg = arg;
	publish_client_free(uplink->publish);
	if (uplink->rpc != NULL)
		rpc_client_close(uplink->rpc, on_rpc_closed, uplink);
	else
		on_rpc_closed(uplink);
}

static void
on_abandoned(void *arg)
{
	(void)arg;
}

int
uplink_new(
    struct uplink **out, const struct uplink_setup *setup, struct err *err)
{
	struct uplink *uplink = mem_zalloc(sizeof(*uplink));
	char inside[ADDRESS_BYTES];
	struct rpc_client_setup rpc = {
		.loop = setup->loop,
		.clock = setup->clock,
		.address = inside,
	};

	uplink->setup = *setup;
	uplink->retry_ms = RETRY_MIN_MS;
	uv_timer_init(setup->loop, &uplink->pause);
	uplink->pause.data = uplink;
	/* After a reload, the one before may still be closing. */
	snprintf(inside, sizeof(inside), "inproc://uplink-%016llx",
	    (unsigned long long)random_u64(setup->random));
	if (connect_edge(uplink, inside, err) < 0 ||
	    rpc_client_new(&uplink->rpc, &rpc, err) < 0) {
		uplink_close(uplink, on_abandoned, NULL);
		return -1;
	}
	rpc_client_set_deadline(uplink->rpc, DEADLINE_MS);
	uplink->publish = publish_client_new(uplink->rpc);
	*out = uplink;
	return 0;
}
