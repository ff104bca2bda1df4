/*
 * run.h - one run of a probe, as agent/runner.c drives it and the functions
 * for steps in agent/probe.c see it.  Nobody else includes this.
 */
#ifndef AGENT_RUN_H
#define AGENT_RUN_H

#include "proto/child.h"
#include "agent/probe.h"
#include "agent/resolve.h"
#include "proto/transfer.h"
#include "proto/watch.h"
#include "proto/base/list.h"
#include "proto/base/mem.h"

/* A text that must not leave; wiped when freed. */
struct hidden {
	struct hidden *next;
	char text[];
};

/* What belongs to one attempt: zero, but for those said.  A run that is tried
 * again starts with a new one. */
struct attempt {
	void *state; /* of the kind */
	size_t step; /* that is next, or waits */
	int64_t at_ms, began_ns, step_ns;

	/* What the step waits for: at most one, and a moment. */
	struct watch *watch;
	struct resolve *resolve;
	struct transfer *transfer;
	struct child *child;
	int64_t wake_us; /* go on when so much has passed; 0: no matter */
	struct resolved *answer; /* of probe_query() */
	int transfer_code;       /* -1 before */
	struct child_end *end;   /* of probe_spawn() */

	char *host; /* of probe_target() */
	uint16_t port;
	union address addresses[RESOLVE_MAX_ADDRESSES];
	size_t n_addresses;

	enum outcome outcome;
	enum reason reason;
	char *message, *label;
	int64_t phase_us[PHASES_MAX];
	size_t n_phases;

	struct arena *arena; /* of attributes and facts; made when needed */
	struct attribute *attributes;
	size_t n_attributes;
	size_t n_declared; /* of them, the first; a run cannot change these */
	struct fact *facts;
	size_t n_facts;
	struct hidden *hidden;
};

struct probe {
	struct list node; /* of the runner's waiting, or of its others */
	struct runner *runner;
	const struct probe_config *config;
	const struct probe_kind *kind;
	runner_done_fn *done;
	void *arg;
	uv_timer_t timer; /* the deadline, or the pause before a retry */
	bool is_reference;
	bool is_running; /* counts as one of the runner's concurrency */
	bool is_telling; /* its result is on loan */
	uint32_t attempts;
	struct attempt attempt;
};

/* The services of the runner's loop, made when first asked for; NULL with err
 * when they cannot be. */
uv_loop_t *runner_loop(struct runner *runner);
const struct clock *runner_clock(const struct runner *runner);
struct resolver *runner_resolver(struct runner *runner);
struct transfers *runner_transfers(struct runner *runner, struct err *err);
struct fingerprint *runner_fingerprint(const struct runner *runner);
struct tokens *runner_tokens(struct runner *runner);
const char *runner_state_directory(const struct runner *runner);

/* Does the kind set its phases with probe_phase()? */
static inline bool
run_times_itself(const struct probe *probe)
{
	return probe->kind->phases != NULL || probe->kind->phase_of != NULL;
}

/* The wait of this run is over: calls its steps again. */
void run_resume(struct probe *probe);

/* Ends the wait of this run when it has lasted for wake_us, at the latest. */
void run_wake_at(struct probe *probe, int64_t wake_us);

/* Stops what the attempt does: unwatches, cancels, cleans up, in this order.
 * What it has found out stays. */
void attempt_stop(struct attempt *attempt, const struct probe_kind *kind);
void attempt_forget_answer(struct attempt *attempt);
void attempt_unwait(struct attempt *attempt);

/* Frees what a stopped attempt has found out; it is zero afterwards. */
void attempt_fini(struct attempt *attempt);

#endif
