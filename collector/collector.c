#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "collector/ask/answer.h"
#include "collector/collector.h"
#include "collector/config/config.h"
#include "collector/desk.h"
#include "collector/heartbeats.h"
#include "collector/inbox.h"
#include "collector/live.h"
#include "collector/news.h"
#include "collector/numbers.h"
#include "collector/pipeline/pipeline.h"
#include "collector/teller.h"
#include "collector/web/web.h"
#include "proto/base/descriptors.h"
#include "proto/base/log.h"
#include "proto/base/mem.h"
#include "proto/edge.h"
#include "proto/query.h"
#include "proto/rpc.h"
#include "storage/store.h"

#define PUB_ADDRESS "inproc://vedette/collector/events"

#define CALLS_AT_ONCE    512
#define TICK_MS          1000
#define STALL_MS         2000 /* a tick this late: the collector stood still */
#define STOP_DEADLINE_MS 5000

struct collector {
	uv_loop_t loop;
	const char *config_path;
	struct collector_config *config;
	struct store *store;
	struct pipeline *pipeline;
	struct passage passage; /* of calls, from edge to rpc */
	struct rpc_server *rpc;
	struct live *live;
	struct inbox *inbox;
	struct heartbeats *heartbeats;
	struct answer answer;
	struct query_handlers
	    handlers; /* of the status; the desk has the rest */
	struct query_service *query;
	struct desk *desk;
	struct teller *teller;
	struct edge_server *edge;
	struct query_client *asking; /* for web */
	struct web *web;             /* NULL: no HTTP */
	uv_signal_t hangup, terminate, interrupt;
	uv_timer_t tick;
	int n_handles;
	int64_t ticked_ms;
	struct news *news;
	bool is_stopping;
};

/* --- telling ------------------------------------------------------------ */

/* Logs; the same line again only after a while, with how often it was left
 * out. */
static void
tell(struct collector *collector, bool is_bad, const char *text)
{
	enum log_level level = is_bad ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
	uint64_t n_untold;

	if (!news_is_due(collector->news, &n_untold, text,
		clock_mono_ms(clock_system())))
		return;
	if (n_untold > 0)
		log_line(level, "%s (and %llu times before)", text,
		    (unsigned long long)n_untold);
	else
		log_line(level, "%s", text);
}

static void
on_news(void *arg, bool is_bad, const char *text)
{
	tell(arg, is_bad, text);
}

static void
on_refused(void *arg, const struct peer *peer, const struct err *why)
{
	char text[sizeof(peer->address) + sizeof(why->text) + 16];

	snprintf(text, sizeof(text), "edge: %s: %s", peer->address, why->text);
	tell(arg, true, text);
}

/* Regressions are worth a line of the log; results are not. */
static void
log_event(const struct event *event)
{
	const struct regression_row *row = &event->regression;

	if (event->kind != EVENT_REGRESSION && event->kind != EVENT_CLEARED)
		return;
	log_line(
	    event->kind == EVENT_CLEARED ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING,
	    "%s #%llu %s %s%s%s %s: %s -> %s%s%s",
	    event->kind == EVENT_CLEARED ? "cleared" : "regression",
	    (unsigned long long)row->id, regression_kind_name(row->kind),
	    row->environment, row->service[0] != '\0' ? "/" : "", row->service,
	    row->subject, row->before, row->after,
	    row->message[0] != '\0' ? ": " : "", row->message);
}

static bool
is_watched(void *arg)
{
	const struct collector *collector = arg;

	return (collector->edge != NULL &&
		   edge_server_has_subscribers(collector->edge)) ||
	    (collector->web != NULL && web_is_watched(collector->web));
}

static void
on_events(void *arg, const struct event *events, size_t n)
{
	struct collector *collector = arg;

	for (size_t i = 0; i < n; i++)
		log_event(&events[i]);
	if (is_watched(collector))
		live_tell(collector->live, events, n);
	teller_events(collector->teller, events, n);
	if (collector->web != NULL)
		web_tell(collector->web, events, n);
}

static void
on_gather(void *arg, struct inbox *inbox)
{
	const struct collector *collector = arg;

	teller_gather(collector->teller, inbox);
}

static void
on_written(void *arg, bool is_stored)
{
	const struct collector *collector = arg;

	teller_written(collector->teller, is_stored);
}

/* --- questions ---------------------------------------------------------- */

static const struct fleet *
answer_fleet(void *arg)
{
	const struct collector *collector = arg;

	return pipeline_fleet(collector->pipeline);
}

static struct moment
answer_now(void *arg)
{
	const struct collector *collector = arg;

	return inbox_now(collector->inbox);
}

static void
answer_later(void *arg, struct query_job *job)
{
	const struct answer *answer = arg;
	const struct collector *collector = answer->arg;

	desk_ask(collector->desk, collector->inbox, job);
}

/* --- stopping ----------------------------------------------------------- */

/* From the outside in: nobody comes any more; what waits is committed and
 * answered; then the rest goes. */
static void
on_part_closed(void *arg)
{
	(void)arg; /* the loop ends by itself, with its last handle */
}

/* Before what it asks. */
static void
stop_web(struct collector *collector)
{
	query_client_free(collector->asking);
	collector->asking = NULL;
	if (collector->web != NULL)
		web_close(collector->web, on_part_closed, collector);
	collector->web = NULL;
}

static void
on_rpc_closed(void *arg)
{
	struct collector *collector = arg;

	query_service_free(collector->query);
	inbox_close(collector->inbox, on_part_closed, collector);
	live_free(collector->live);
	collector->live = NULL;
}

static void
on_edge_closed(void *arg)
{
	struct collector *collector = arg;

	collector->edge = NULL;
	query_service_stop(collector->query);
	rpc_server_close(collector->rpc, on_rpc_closed, collector);
}

static void
stop(struct collector *collector)
{
	if (collector->is_stopping)
		return;
	collector->is_stopping = true;
	uv_close((uv_handle_t *)&collector->hangup, NULL);
	uv_close((uv_handle_t *)&collector->terminate, NULL);
	uv_close((uv_handle_t *)&collector->interrupt, NULL);
	uv_close((uv_handle_t *)&collector->tick, NULL);
	stop_web(collector);
	teller_stop(collector->teller);
	desk_stop(collector->desk);
	inbox_stop(collector->inbox);
	teller_close(collector->teller);
	edge_server_close(collector->edge, on_edge_closed, collector);
}

static void
on_stop(uv_signal_t *signal, int number)
{
	log_info("collector: %s: stopping",
	    number == SIGTERM ? "SIGTERM" : "SIGINT");
	stop(signal->data);
}

/* --- running ------------------------------------------------------------ */

static int
reload(void *arg, struct err *err)
{
	struct collector *collector = arg;
	struct collector_config *config = NULL;

	if (config_load(&config, collector->config_path, err) < 0 ||
	    teller_prepare(collector->teller, config, err) < 0 ||
	    (collector->web != NULL && config->http != NULL &&
		web_set_config(collector->web, config->http, err) < 0) ||
	    edge_server_reload(collector->edge, err) < 0) {
		log_error("reload: %s; the old configuration stays", err->text);
		config_free(config);
		return -1;
	}
	if (config_needs_restart(collector->config, config))
		log_warning("reload: other addresses and another store are "
			    "used after a restart only");
	teller_adopt(collector->teller, config);
	inbox_set_config(collector->inbox, config);
	heartbeats_set_config(collector->heartbeats, config);
	pipeline_set_config(collector->pipeline, config);
	collector->answer.config = config;
	desk_set_config(collector->desk, config, collector->config);
	collector->config = config;
	log_info("reload: %s and the certificates were read again",
	    collector->config_path);
	return 0;
}

static void
on_hangup(uv_signal_t *signal, int number)
{
	struct err err;

	(void)number;
	reload(signal->data, &err);
}

static void
on_tick(uv_timer_t *timer)
{
	struct collector *collector = timer->data;
	int64_t now_ms = inbox_now(collector->inbox).mono_ms;
	int64_t stall_ms = now_ms - collector->ticked_ms - TICK_MS;

	collector->ticked_ms = now_ms;
	if (stall_ms > STALL_MS) {
		pipeline_forgive(collector->pipeline, stall_ms);
		log_warning("collector: stood still for %lld ms (a slow disk, "
			    "or no processor)",
		    (long long)stall_ms);
	}
	heartbeats_tick(collector->heartbeats);
	inbox_tick(collector->inbox);
	teller_tick(collector->teller);
}

/* --- starting ----------------------------------------------------------- */

static int
open_store(struct collector *collector, struct err *err)
{
	const struct store_setup setup = { .uri = collector->config->store,
		.mode = STORE_WRITE,
		.max_bytes = collector->config->store_max_bytes };
	char *salvaged = NULL;

	if (store_open(&collector->store, &salvaged, &setup, err) < 0)
		return -1;
	if (salvaged != NULL)
		log_error("store: %s", salvaged);
	free(salvaged);
	return 0;
}

static int
open_inside(struct collector *collector, struct err *err)
{
	struct rpc_server_setup rpc = {
		.loop = &collector->loop,
		.clock = clock_system(),
		.passage = &collector->passage,
		.contexts = CALLS_AT_ONCE,
	};
	struct moment now = { clock_wall_ms(clock_system()),
		clock_mono_ms(clock_system()) };

	if (open_store(collector, err) < 0 ||
	    pipeline_open(&collector->pipeline, collector->store,
		collector->config, now, err) < 0 ||
	    live_new(&collector->live, PUB_ADDRESS, err) < 0)
		return -1;
	return rpc_server_new(&collector->rpc, &rpc, err);
}

static int
open_teller(struct collector *collector, struct err *err)
{
	const struct teller_setup setup = {
		.loop = &collector->loop,
		.clock = clock_system(),
		.pipeline = collector->pipeline,
		.store = collector->store,
		.server = collector->rpc,
		.handlers = &collector->handlers,
		.answer = &collector->answer,
		.on_news = on_news,
		.arg = collector,
	};

	if (teller_open(&collector->teller, &setup, collector->config, err) < 0)
		return -1;
	teller_set_inbox(collector->teller, collector->inbox);
	return 0;
}

static void
add_services(struct collector *collector)
{
	struct inbox_setup inbox = {
		.loop = &collector->loop,
		.clock = clock_system(),
		.pipeline = collector->pipeline,
		.config = collector->config,
		.server = collector->rpc,
		.is_watched = is_watched,
		.on_events = on_events,
		.gather = on_gather,
		.written = on_written,
		.on_news = on_news,
		.arg = collector,
	};

	collector->inbox = inbox_new(&inbox);
	collector->heartbeats = heartbeats_new(
	    collector->inbox, collector->pipeline, collector->config);
	collector->answer = (struct answer){
		.fleet = answer_fleet,
		.now = answer_now,
		.arg = collector,
		.config = collector->config,
	};
	collector->desk = desk_new(
	    &collector->loop, collector->config->store, collector->config);
	collector->handlers = answer_handlers;
	collector->handlers.later = answer_later;
	collector->query = query_service_new(
	    collector->rpc, &collector->handlers, &collector->answer);
}

static int
listen_on(struct collector *collector, const struct listen_config *listen,
    struct err *err)
{
	struct edge_tls tls;

	if (listen->tls != NULL)
		tls = (struct edge_tls){
			.ca_file = listen->tls->ca_file,
			.certificate_file = listen->tls->certificate_file,
			.key_file = listen->tls->key_file,
			.revoked_file = listen->tls->revoked_file,
		};
	if (edge_server_listen(collector->edge, listen->url, listen->insecure,
		listen->tls != NULL ? &tls : NULL, err) < 0)
		return -1;
	log_info("listening on %s", edge_server_url(collector->edge));
	return 0;
}

static int
open_edge(struct collector *collector, struct err *err)
{
	struct edge_server_setup setup = {
		.loop = &collector->loop,
		.clock = clock_system(),
		.passage = &collector->passage,
		.pub_address = PUB_ADDRESS,
		.on_refused = on_refused,
		.arg = collector,
	};

	if (edge_server_new(&collector->edge, &setup, err) < 0)
		return -1;
	for (uint32_t i = 0; i < collector->config->n_listen; i++)
		if (listen_on(collector, &collector->config->listen[i], err) <
		    0)
			return -1;
	return 0;
}

static int64_t
web_now(void *arg)
{
	return answer_now(arg).wall_ms;
}

static size_t
web_numbers(void *arg, struct web_number *out, size_t n)
{
	const struct collector *collector = arg;

	size_t done = numbers_of(
	    out, n, collector->inbox, collector->rpc, collector->edge);

	return done + teller_numbers(collector->teller, out + done, n - done);
}

static int
web_push(void *arg, const struct push *push, pushed_fn *pushed,
    void *pushed_arg, struct err *err)
{
	const struct collector *collector = arg;

	return inbox_push(collector->inbox, push, pushed, pushed_arg, err);
}

static bool
web_is_ready(void *arg)
{
	const struct collector *collector = arg;

	return !inbox_is_broken(collector->inbox);
}

static int
open_web(struct collector *collector, struct err *err)
{
	struct web_setup setup = {
		.loop = &collector->loop,
		.config = collector->config->http,
		.now_ms = web_now,
		.numbers = web_numbers,
		.reload = reload,
		.push = web_push,
		.order = teller_order,
		.order_arg = collector->teller,
		.signal = heartbeats_signal,
		.heartbeats = collector->heartbeats,
		.news = on_news,
		.is_ready = web_is_ready,
		.arg = collector,
	};

	if (setup.config == NULL)
		return 0;
	collector->asking =
	    query_client_new_local(&collector->handlers, &collector->answer);
	setup.client = collector->asking;
	if (web_open(&collector->web, &setup, err) < 0)
		return -1;
	log_info("listening on http%s://%s/",
	    setup.config->tls != NULL ? "s" : "", web_address(collector->web));
	return 0;
}

static void
start_handles(struct collector *collector)
{
	uv_signal_init(&collector->loop, &collector->hangup);
	uv_signal_init(&collector->loop, &collector->terminate);
	uv_signal_init(&collector->loop, &collector->interrupt);
	uv_timer_init(&collector->loop, &collector->tick);
	collector->hangup.data = collector->terminate.data = collector;
	collector->interrupt.data = collector->tick.data = collector;
	uv_signal_start(&collector->hangup, on_hangup, SIGHUP);
	uv_signal_start(&collector->terminate, on_stop, SIGTERM);
	uv_signal_start(&collector->interrupt, on_stop, SIGINT);
	collector->ticked_ms = inbox_now(collector->inbox).mono_ms;
	uv_timer_start(&collector->tick, on_tick, TICK_MS, TICK_MS);
}

static void
log_start(const struct collector *collector)
{
	const struct fleet *fleet = pipeline_fleet(collector->pipeline);

	log_info("collector: vedette " VEDETTE_VERSION
		 ", store %s: %zu agents, %zu series, %zu open regressions",
	    collector->config->store, map_count(fleet->agents),
	    map_count(fleet->series), map_count(fleet->open));
}

static void
free_all(struct collector *collector)
{
	uv_run(&collector->loop, UV_RUN_DEFAULT);
	uv_loop_close(&collector->loop);
	teller_free(collector->teller);
	desk_free(collector->desk);
	heartbeats_free(collector->heartbeats);
	live_free(collector->live);
	pipeline_close(collector->pipeline);
	store_close(collector->store);
	config_free(collector->config);
	news_free(collector->news);
}

/* What was opened when something else could not be. */
static void
close_early(struct collector *collector)
{
	stop_web(collector);
	teller_close(collector->teller);
	if (collector->edge != NULL)
		edge_server_close(collector->edge, on_edge_closed, collector);
	else if (collector->rpc != NULL)
		rpc_server_close(collector->rpc, on_rpc_closed, collector);
}

int
collector_run(const char *config_path, struct err *err)
{
	struct collector collector = { .config_path = config_path };
	int rc;

	if (config_load(&collector.config, config_path, err) < 0)
		return -1;
	descriptors_raise();
	collector.news = news_new();
	uv_loop_init(&collector.loop);
	rc = open_inside(&collector, err);
	if (rc == 0) {
		add_services(&collector);
		log_start(&collector);
		rc = open_teller(&collector, err);
	}
	if (rc == 0)
		rc = open_edge(&collector, err);
	if (rc == 0)
		rc = open_web(&collector, err);
	if (rc == 0) {
		start_handles(&collector);
		uv_run(&collector.loop, UV_RUN_DEFAULT);
		log_info("collector: stopped");
	} else {
		close_early(&collector);
	}
	free_all(&collector);
	return rc;
}
