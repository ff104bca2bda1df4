#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "collector/cli/ask.h"
#include "collector/cli/output.h"
#include "collector/ask/offline.h"
#include "proto/rpc.h"

#define INSIDE "inproc://vedette/ask"

struct ask_wait {
	struct ask *ask;
	ask_start_fn *start;
	uv_loop_t loop;
	uv_timer_t deadline; /* until the call is sent; then it has its own */
	struct edge_client *edge;
	struct rpc_client *rpc;
	struct query_client *client;
	int64_t begun_ms;
	bool started, over;
	struct err why; /* there is no answer; ERR_NONE: there is */
};

/* --- the connection --------------------------------------------------------- */

void
ask_dial(struct edge_client_setup *setup, struct edge_tls *tls,
    const char **url, const struct arguments *arguments)
{
	*url = arguments->collector;
	*tls = (struct edge_tls){ .ca_file = arguments->ca,
		.certificate_file = arguments->certificate,
		.key_file = arguments->key };
	setup->clock = clock_system();
	setup->random = random_system();
	setup->urls = url;
	setup->n_urls = 1;
	setup->insecure = arguments->insecure;
	setup->tls = strncmp(*url, "tls+", 4) == 0 ? tls : NULL;
	if (arguments->server_name[0] != '\0')
		setup->server_name = arguments->server_name;
}

void
ask_complain(const struct arguments *arguments, const char *why)
{
	bool here = strncmp(arguments->collector, "ipc://", 6) == 0;
	char text[1024];

	snprintf(text, sizeof(text), "no answer from %.200s: %s",
	    arguments->collector, why);
	output_complain(text,
	    here ? "is vedette-collector running here, and may you open its "
		   "socket?\n--collector URL or VEDETTE_COLLECTOR names "
		   "another one"
		 : "check the address, and that vedette-collector listens "
		   "there;\n--collector URL or VEDETTE_COLLECTOR names "
		   "another one");
}

static void
end(struct ask_wait *wait)
{
	wait->over = true;
	if (wait->edge != NULL)
		uv_stop(&wait->loop);
}

static void
on_deadline(uv_timer_t *timer)
{
	struct ask_wait *wait = timer->data;
	char span[TEXT_SPAN_BYTES];

	err_set(&wait->why, ERR_TIMEOUT, "not connected within %s",
	    text_span(span, wait->ask->arguments->timeout_ms * 1000));
	end(wait);
}

static void
on_up(void *arg, const char *url)
{
	struct ask_wait *wait = arg;
	int64_t left_ms;

	(void)url;
	if (wait->started || wait->over)
		return;
	wait->started = true;
	uv_timer_stop(&wait->deadline);
	left_ms = wait->begun_ms + wait->ask->arguments->timeout_ms -
	    clock_mono_ms(clock_system());
	rpc_client_set_deadline(wait->rpc, left_ms > 1 ? (uint32_t)left_ms : 1);
	wait->start(wait->ask, wait->client);
}

static void
on_down(void *arg, const char *url, const struct err *why, uint32_t retry_ms)
{
	struct ask_wait *wait = arg;

	(void)url;
	(void)retry_ms;
	if (wait->over)
		return;
	if (wait->started) {
		rpc_client_fail_all(wait->rpc, why->text);
		return; /* ask_done() follows */
	}
	/* Whatever the peer did, the command line was right. */
	err_set(&wait->why, ERR_CLOSED, "%s", why->text);
	end(wait);
}

struct rpc_client *
ask_rpc(const struct ask *ask)
{
	return ask->wait->rpc;
}

uv_loop_t *
ask_loop(const struct ask *ask)
{
	return &ask->wait->loop;
}

void
ask_done(struct ask *ask, const struct rpc_status *status)
{
	struct ask_wait *wait = ask->wait;

	switch (status->code) {
	case RPC_OK:
		break;
	case RPC_INVALID_ARGUMENT:
		err_set(&wait->why, ERR_INVALID, "%s", status->message);
		break;
	case RPC_CANCELLED:
	case RPC_DEADLINE_EXCEEDED:
	case RPC_UNAVAILABLE:
		err_set(&wait->why, ERR_CLOSED, "%s", status->message);
		break;
	default: /* it answered: nothing is wrong with the address */
		err_set(&wait->why, ERR_DENIED, "%.200s: %s: %s",
		    ask->arguments->store != NULL ? ask->arguments->store
						  : ask->arguments->collector,
		    rpc_code_name(status->code), status->message);
	}
	end(wait);
}

static int
connect_edge(struct ask_wait *wait, struct err *err)
{
	const struct arguments *arguments = wait->ask->arguments;
	struct edge_client_setup setup = {
		.loop = &wait->loop,
		.pattern = EDGE_REQ,
		.inside_address = INSIDE,
		.on_up = on_up,
		.on_down = on_down,
		.arg = wait,
	};
	struct rpc_client_setup rpc = {
		.loop = &wait->loop,
		.clock = clock_system(),
		.address = INSIDE,
	};
	struct edge_tls tls;
	const char *url;

	ask_dial(&setup, &tls, &url, arguments);
	if (edge_client_new(&wait->edge, &setup, err) < 0 ||
	    rpc_client_new(&wait->rpc, &rpc, err) < 0)
		return -1;
	wait->client = query_client_new(wait->rpc);
	return 0;
}

/* --- from beginning to end -------------------------------------------------- */

static void
on_closed(void *arg)
{
	(void)arg; /* the loop ends by itself, with its last handle */
}

static void
close_all(struct ask_wait *wait)
{
	uv_close((uv_handle_t *)&wait->deadline, NULL);
	if (wait->client != NULL)
		query_client_free(wait->client);
	if (wait->rpc != NULL)
		rpc_client_close(wait->rpc, on_closed, NULL);
	if (wait->edge != NULL)
		edge_client_close(wait->edge, on_closed, NULL);
	uv_run(&wait->loop, UV_RUN_DEFAULT);
	uv_loop_close(&wait->loop);
}

static void
converse(struct ask_wait *wait)
{
	uv_loop_init(&wait->loop);
	uv_timer_init(&wait->loop, &wait->deadline);
	wait->deadline.data = wait;
	wait->begun_ms = clock_mono_ms(clock_system());
	uv_timer_start(&wait->deadline, on_deadline,
	    (uint64_t)wait->ask->arguments->timeout_ms, 0);
	if (connect_edge(wait, &wait->why) == 0)
		while (!wait->over)
			uv_run(&wait->loop, UV_RUN_DEFAULT);
	close_all(wait);
}

/* Tells why there is no answer, and returns the exit code. */
static int
give_up(const struct ask *ask, const struct err *why)
{
	if (why->code == ERR_INVALID) {
		output_complain(why->text, NULL);
		return OUTPUT_USAGE;
	}
	if (why->code == ERR_DENIED)
		output_complain(why->text, NULL);
	else if (ask->arguments->store != NULL)
		output_complain(why->text, NULL);
	else
		ask_complain(ask->arguments, why->text);
	return OUTPUT_NO_ANSWER;
}

/* Prints the page of an answer, or says why there is none. */
static int
finish(struct ask *ask, const struct err *why)
{
	struct err err;
	int rc = ask->exit_code;

	if (why->code != ERR_NONE) {
		rc = give_up(ask, why);
	} else if (output_write(&ask->page.text, &err) < 0 &&
	    err.code != ERR_CLOSED) {
		output_complain(err.text, NULL);
		rc = OUTPUT_NO_ANSWER;
	}
	page_fini(&ask->page);
	return rc;
}

static int
ask_store(struct ask *ask, ask_start_fn *start)
{
	const struct arguments *arguments = ask->arguments;
	struct offline *offline;
	struct err err;

	if (offline_open(&offline, arguments->store, arguments->config, &err) <
	    0) {
		output_complain(err.text, NULL);
		return err.code == ERR_NOT_FOUND || err.code == ERR_INVALID
		    ? OUTPUT_USAGE
		    : OUTPUT_NO_ANSWER;
	}
	start(ask, offline_client(offline));
	offline_close(offline);
	return finish(ask, &ask->wait->why);
}

int
ask_collector(const struct arguments *arguments, const struct look *look,
    ask_start_fn *start)
{
	struct ask ask = { .arguments = arguments, .page = { .look = *look } };
	struct ask_wait wait = { .ask = &ask, .start = start };

	ask.wait = &wait;
	if (arguments->store != NULL)
		return ask_store(&ask, start);
	converse(&wait);
	return finish(&ask, &wait.why);
}
