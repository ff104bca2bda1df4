#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "agent/agent.h"
#include "agent/fingerprint.h"
#include "agent/generation.h"
#include "agent/identity.h"
#include "agent/outbox.h"
#include "agent/probe.h"
#include "agent/schedule.h"
#include "agent/secrets.h"
#include "agent/spool.h"
#include "agent/uplink.h"
#include "proto/base/file.h"
#include "proto/base/log.h"
#include "proto/base/mem.h"

#define FIRST_RUN_MS 2000
#define IDENTITY_MS  60000 /* how often the proofs are looked at again */
#define WHY_BYTES    512

struct agent {
	uv_loop_t loop;
	uv_signal_t terminate, interrupt, hang_up;
	uv_timer_t identity;
	const struct clock *clock;
	const char *path; /* of the configuration */
	struct generation *generation;
	struct list retired; /* generations */
	struct list runs;    /* under way */
	struct spool *spool;
	struct fingerprint *fingerprint;
	struct runner *runner;
	struct outbox *outbox;
	struct uplink *uplink;
	struct schedule *schedule;
	enum vantage vantage;
	char why[WHY_BYTES]; /* of the vantage */
	int rc;              /* of the whole; err is set when it is -1 */
	struct err *err;
};

/* One run of a probe, and of its reference. */
struct run {
	struct list node;
	struct agent *agent;
	struct generation *generation;
	const struct probe_config *probe;
	unsigned awaited; /* results still to come */
};

static void
on_closed(void *arg)
{
	(void)arg;
}

static void
on_news(void *arg, int is_bad, const char *text)
{
	(void)arg;
	log_line(is_bad ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "%s", text);
}

/* --- runs --------------------------------------------------------------------- */

static void
run_free(struct run *run)
{
	list_remove(&run->node);
	run->generation->runs--;
	free(run);
}

static void
on_result(void *arg, const struct series *series, const struct result *result,
    const struct fact *facts, size_t n_facts)
{
	struct run *run = arg;
	struct agent *agent = run->agent;
	struct series own = *series;

	own.environment = run->generation->config->environment;
	own.agent = run->generation->config->agent;
	/* What a control plane says, it says everywhere; but of whose
	 * environment, only one who stands in it can know. */
	if (!vantage_counts(agent->vantage) || series->vantage == 0)
		own.vantage = agent->vantage;
	outbox_add(agent->outbox, &own, result, facts, n_facts);
	if (--run->awaited > 0)
		return;
	schedule_ended(agent->schedule, run->probe->name);
	run_free(run);
}

static void
on_due(void *arg, struct probe_config *probe)
{
	struct agent *agent = arg;
	struct run *run = mem_zalloc(sizeof(*run));
	const struct probe_kind *kind = probe->kind;

	/* Here, since a result is told before the runner lets go of the
	 * configuration of its probe. */
	generation_sweep(&agent->retired);
	run->agent = agent;
	run->generation = agent->generation;
	run->probe = probe;
	run->awaited =
	    1 + (kind->has_reference != NULL && kind->has_reference(probe));
	run->generation->runs++;
	list_push(&agent->runs, &run->node);
	runner_run(agent->runner, probe, on_result, run);
}

static void
on_pushed(void *arg)
{
	struct agent *agent = arg;

	if (agent->uplink != NULL)
		uplink_wake(agent->uplink);
}

/* --- where we are ------------------------------------------------------------- */

static void
prove(struct agent *agent)
{
	enum vantage before = agent->vantage;
	char why[WHY_BYTES];

	agent->vantage =
	    identity_prove(agent->generation->config, why, sizeof(why));
	if (agent->vantage != before || strcmp(why, agent->why) != 0)
		log_line(vantage_counts(agent->vantage) ? LOG_LEVEL_INFO
							: LOG_LEVEL_WARNING,
		    "vantage %s (%s)", vantage_name(agent->vantage), why);
	memcpy(agent->why, why, sizeof(why));
	if (agent->uplink != NULL)
		uplink_set_vantage(agent->uplink, agent->vantage);
}

static void
on_identity(uv_timer_t *timer)
{
	prove(timer->data);
}

/* --- starting and reloading ---------------------------------------------------- */

/* What config_load() cannot know: this one is to run. */
static int
check_runnable(
    const struct agent_config *config, const char *path, struct err *err)
{
	if (config->n_collectors == 0)
		return err_set(err, ERR_INVALID,
		    "%s: collectors: must list at least one to run with; "
		    "vedette-agent check needs none",
		    path);
	if (config->tls != NULL &&
	    file_is_private(config->tls->key_file, err) < 0)
		return err_wrap(err, "%s: tls.key_file", path);
	return 0;
}

static void
on_open_secret(void *arg, const char *text)
{
	(void)arg;
	log_warning("%s", text);
}

static int
connect_uplink(struct agent *agent, struct uplink **out,
    const struct agent_config *config, struct err *err)
{
	struct uplink_setup setup = {
		.loop = &agent->loop,
		.clock = agent->clock,
		.random = random_system(),
		.config = config,
		.spool = agent->spool,
		.on_news = on_news,
		.arg = agent,
	};

	return uplink_new(out, &setup, err);
}

static int
reload(struct agent *agent, struct err *err)
{
	const struct agent_config *old = agent->generation->config;
	struct agent_config *next = NULL;
	struct fingerprint *fingerprint = NULL;
	struct uplink *uplink = NULL;
	int rc;

	rc = config_load(&next, agent->path, err);
	if (rc == 0)
		rc = check_runnable(next, agent->path, err);
	if (rc == 0 && (rc = generation_check(old, next, err)) < 0)
		err_wrap(err, "%s", agent->path);
	if (rc == 0)
		rc = fingerprint_open_configured(
		    &fingerprint, next, agent->clock, err);
	if (rc == 0)
		rc = connect_uplink(agent, &uplink, next, err);
	if (rc < 0) {
		fingerprint_close(fingerprint);
		config_free(next);
		return -1;
	}
	runner_set_fingerprint(agent->runner, fingerprint);
	fingerprint_close(agent->fingerprint);
	agent->fingerprint = fingerprint;
	uplink_close(agent->uplink, on_closed, NULL);
	agent->uplink = uplink;
	schedule_set(
	    agent->schedule, next->probes, next->n_probes, FIRST_RUN_MS);
	list_push(&agent->retired, &agent->generation->node);
	agent->generation = generation_new(next);
	outbox_set_heartbeat(agent->outbox, next->heartbeat_ms);
	secrets_warn(next, on_open_secret, NULL);
	prove(agent);
	return 0;
}

static void
on_hang_up(uv_signal_t *signal, int number)
{
	struct agent *agent = signal->data;
	struct err err;

	(void)number;
	if (reload(agent, &err) < 0)
		log_error(
		    "%s; still running with what was read before", err.text);
	else
		log_info("%s: read again, %u probes", agent->path,
		    agent->generation->config->n_probes);
}

static int
open_state(struct agent *agent, struct err *err)
{
	const struct agent_config *config = agent->generation->config;
	struct spool_setup spool = {
		.path = config->spool.path,
		.clock = agent->clock,
		.random = random_system(),
		.max_bytes = config->spool.max_bytes,
		.max_age_ms = config->spool.max_age_ms,
	};
	char *salvaged = NULL;

	if (mkdir(config->state_directory, 0700) < 0 && errno != EEXIST)
		return err_set(err, ERR_IO, "state_directory %s: %s",
		    config->state_directory, strerror(errno));
	if (fingerprint_open_configured(
		&agent->fingerprint, config, agent->clock, err) < 0 ||
	    spool_open(&agent->spool, &salvaged, &spool, err) < 0)
		return -1;
	if (salvaged != NULL)
		log_warning("%s", salvaged);
	free(salvaged);
	return 0;
}

static int
open_parts(struct agent *agent, struct err *err)
{
	const struct agent_config *config = agent->generation->config;
	struct runner_setup runner = {
		.loop = &agent->loop,
		.clock = agent->clock,
		.fingerprint = agent->fingerprint,
		.concurrency = config->concurrency,
		.state_directory = config->state_directory,
	};
	struct outbox_setup outbox = {
		.loop = &agent->loop,
		.clock = agent->clock,
		.spool = agent->spool,
		.heartbeat_ms = config->heartbeat_ms,
		.on_pushed = on_pushed,
		.on_news = on_news,
		.arg = agent,
	};

	if (runner_new(&agent->runner, &runner, err) < 0)
		return -1;
	agent->outbox = outbox_new(&outbox);
	agent->schedule =
	    schedule_new(&agent->loop, agent->clock, on_due, agent);
	return connect_uplink(agent, &agent->uplink, config, err);
}

/* --- stopping ----------------------------------------------------------------- */

static void
close_handle(uv_handle_t *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

/* In the reverse order; what was collected goes to the spool on the way. */
static void
stop(struct agent *agent)
{
	struct err why;

	close_handle((uv_handle_t *)&agent->terminate);
	close_handle((uv_handle_t *)&agent->interrupt);
	close_handle((uv_handle_t *)&agent->hang_up);
	close_handle((uv_handle_t *)&agent->identity);
	if (agent->schedule != NULL)
		schedule_close(agent->schedule, on_closed, NULL);
	if (agent->runner != NULL)
		runner_close(agent->runner, on_closed, NULL);
	if (agent->outbox != NULL) {
		if (outbox_flush(agent->outbox, &why) < 0)
			agent->rc = err_set(agent->err, why.code,
			    "%s; %llu batches are lost", why.text,
			    (unsigned long long)outbox_counts(agent->outbox)
				->kept);
		outbox_close(agent->outbox, on_closed, NULL);
	}
	if (agent->uplink != NULL)
		uplink_close(agent->uplink, on_closed, NULL);
	agent->uplink = NULL;
}

static void
on_stop(uv_signal_t *signal, int number)
{
	struct agent *agent = signal->data;

	log_info("stopping (%s)", strsignal(number));
	stop(agent);
}

static void
watch_signals(struct agent *agent)
{
	uv_signal_init(&agent->loop, &agent->terminate);
	uv_signal_init(&agent->loop, &agent->interrupt);
	uv_signal_init(&agent->loop, &agent->hang_up);
	uv_timer_init(&agent->loop, &agent->identity);
	agent->terminate.data = agent->interrupt.data = agent->hang_up.data =
	    agent->identity.data = agent;
	uv_signal_start(&agent->terminate, on_stop, SIGTERM);
	uv_signal_start(&agent->interrupt, on_stop, SIGINT);
	uv_signal_start(&agent->hang_up, on_hang_up, SIGHUP);
	uv_timer_start(&agent->identity, on_identity, IDENTITY_MS, IDENTITY_MS);
}

static void
begin(struct agent *agent)
{
	struct agent_config *config = agent->generation->config;

	log_info("vedette-agent %s: %s in %s, %u probes", VEDETTE_VERSION,
	    config->agent, config->environment, config->n_probes);
	secrets_warn(config, on_open_secret, NULL);
	prove(agent);
	schedule_set(
	    agent->schedule, config->probes, config->n_probes, FIRST_RUN_MS);
	mem_give_back();
}

static void
fini(struct agent *agent)
{
	LIST_EACH (node, &agent->runs) {
		run_free(LIST_ITEM(node, struct run, node));
	}
	if (agent->spool != NULL)
		log_info("stopped; %llu batches wait in the spool",
		    (unsigned long long)spool_waiting(agent->spool));
	spool_close(agent->spool);
	fingerprint_close(agent->fingerprint);
	generation_sweep(&agent->retired);
	generation_free(agent->generation);
	uv_loop_close(&agent->loop);
}

int
agent_run(struct agent_config *config, const char *path, struct err *err)
{
	struct agent agent = {
		.clock = clock_system(),
		.path = path,
		.generation = generation_new(config),
		.err = err,
	};

	list_init(&agent.retired);
	list_init(&agent.runs);
	uv_loop_init(&agent.loop);
	watch_signals(&agent);
	agent.rc = check_runnable(config, path, err);
	if (agent.rc == 0)
		agent.rc = open_state(&agent, err);
	if (agent.rc == 0)
		agent.rc = open_parts(&agent, err);
	if (agent.rc == 0)
		begin(&agent);
	else
		stop(&agent);
	uv_run(&agent.loop, UV_RUN_DEFAULT);
	fini(&agent);
	return agent.rc;
}
