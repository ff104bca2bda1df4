/*
 * probe.h - runs probes: a table of steps for each kind, one runner for all.
 *
 * A step does what it can without blocking and says which way to turn.  The
 * runner calls the steps in order, times each as a phase, owns the only timer
 * and ends every run in one place.  A kind has no callback, timer or loop.
 *
 * A wait completes at most once, never from inside the call that started it,
 * and never after the run has ended.
 */
#ifndef AGENT_PROBE_H
#define AGENT_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "agent/config.h"
#include "proto/base/clock.h"
#include "proto/base/random.h"
#include "proto/conf.h"
#include "proto/result.h"

/* --- kinds ------------------------------------------------------------------ */

struct probe;       /* one run */
struct resolved;    /* see agent/resolve.h */
struct child_setup; /* see proto/child.h */
struct child_end;

enum turn {
	TURN_NEXT, /* this step is complete */
	TURN_WAIT, /* call this step again when its wait is over */
	TURN_STOP, /* the run has ended; see probe_fail() */
};

typedef enum turn probe_step_fn(struct probe *probe, void *state);

struct probe_step {
	const char *name;
	probe_step_fn *step;
};

struct probe_kind {
	const char *name;               /* as written in the configuration */
	size_t state_size;              /* zeroed before the first step */
	const struct probe_step *steps; /* in order; ends with a NULL name */
	/* Names of the phases where a library times them itself, ending with
	 * NULL; see probe_phase().  NULL: the steps are the phases. */
	const char *const *phases;
	/* The same where the configuration names them: that of phase i, or
	 * NULL past the last.  May be NULL. */
	const char *(*phase_of)(const struct probe_config *config, size_t i);
	/* The limit was reached in one of the steps: may add attributes, set
	 * phases, and say with probe_fail() what there was no answer to, or,
	 * with another reason than the timeout, what was found before.
	 * May be NULL. */
	void (*expire)(struct probe *probe, void *state);
	void (*cleanup)(void *state); /* called once, after the last step, even
					 when a step stopped or timed out */
	/* A run changes what the next one finds: it is never tried again. */
	bool is_consuming;
	/* From where its results are, wherever the agent stands; the default,
	 * 0, is where that is. */
	enum vantage vantage;
	/* No answer within the limit says nothing of what is looked at: such a
	 * run is unknown, not critical. */
	bool is_silence_unknown;
	/* Checks what the schema cannot; path is "probes[3].postgres".  May
	 * be NULL. */
	int (*check)(const struct conf *conf, const char *path,
	    const struct probe_config *config, struct err *err);
	/* Does this configuration ask for a second run with reference inputs?
	 * NULL: never. */
	bool (*has_reference)(const struct probe_config *config);
};

/* All kinds, ending with NULL; borrowed for ever.  A kind is found by the key
 * of the configuration that holds its settings. */
const struct probe_kind *const *probe_kinds(void);
const struct probe_kind *probe_kind_of(const struct probe_config *config);

/* --- for steps ---------------------------------------------------------------- */

const struct probe_config *probe_config(const struct probe *probe);
bool probe_is_reference(const struct probe *probe); /* use reference inputs */
struct fingerprint *probe_fingerprint(const struct probe *probe);
struct tokens *probe_tokens(const struct probe *probe);
int64_t probe_elapsed_us(const struct probe *probe); /* since the run began */
int64_t probe_now_ms(const struct probe *probe);     /* the wall clock */

/* Wait until fd is readable or writable (UV_READABLE | UV_WRITABLE); returns
 * TURN_WAIT.  The fd is unwatched before the step is called again, so that
 * the library that owns it may close it. */
enum turn probe_await(struct probe *probe, int fd, int events);

/* The same, or until so much of the run has passed. */
enum turn
probe_await_until(struct probe *probe, int fd, int events, int64_t elapsed_us);

/* Goes on when so much of the run has passed; in another turn of the loop, so
 * that what takes long can give way to others. */
enum turn probe_pause(struct probe *probe, int64_t elapsed_us);

/* The shared step "resolve": looks probe_target's host up (c-ares, A and
 * AAAA; literals at once) and goes on with at least one address, or fails with
 * nxdomain, servfail, no_address, timeout. */
enum turn probe_resolve(struct probe *probe, void *state);

/* Sets what probe_resolve() looks up; copies.  Call it in a step before. */
void probe_target(struct probe *probe, const char *host, uint16_t port);

/* Asks for DNS records of a type, as DNS numbers it; the step is called again
 * with the answer.  server is "ADDRESS[:PORT]", NULL for those of the system. */
enum turn probe_query(
    struct probe *probe, const char *server, const char *name, int type);

/* What probe_query() found, until the step ends; NULL before.  See
 * agent/resolve.h. */
const struct resolved *probe_answer(const struct probe *probe);

/* The address i found by probe_resolve(), with the port; NULL past the last.
 * IPv4 first. */
const struct sockaddr *
probe_address(const struct probe *probe, size_t i, socklen_t *out_size);

/* Hands a libcurl easy handle to the multi handle of the loop; the step is
 * called again when it is done.  probe_transfer_code() is then its CURLcode,
 * -1 before.  The handle stays the caller's, who frees it in cleanup: it has
 * been taken out of the multi handle by then. */
enum turn probe_transfer(struct probe *probe, void *curl);
int probe_transfer_code(const struct probe *probe);

/* Runs a program, see proto/child.h; the step is called again when it has
 * ended, and probe_child_end() is then how, borrowed until the step ends.  NULL
 * before.  A program that cannot be started ends the run as unknown.  Its
 * group is killed when the run ends first. */
enum turn probe_spawn(struct probe *probe, const struct child_setup *setup);
const struct child_end *probe_child_end(const struct probe *probe);

/* For a step that runs several programs: this one has been heard. */
void probe_forget_child(struct probe *probe);

/* Where this probe may keep what it must know at its next run, also after a
 * restart: a file that nobody else uses; owned by the caller.  NULL: nothing
 * may be kept. */
char *probe_state_path(const struct probe *probe);

/* Text that must not leave: from now on it becomes "***" in the messages and
 * attributes of this run.  Copied, and wiped afterwards; what is shorter than
 * 3 bytes cannot be told from other text and is left. */
void probe_hide(struct probe *probe, const char *text);

/* The run has ended critical / warning / unknown; messages are sanitised and
 * must hold no secret.  Returns TURN_STOP. */
enum turn probe_fail(struct probe *probe, enum reason reason,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
enum turn probe_warn(struct probe *probe, enum reason reason,
    const char *format, ...) __attribute__((format(printf, 3, 4)));
enum turn probe_unknown(struct probe *probe, enum reason reason,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Sets the message of a run that ends ok. */
void probe_say(struct probe *probe, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* From now on messages begin with "LABEL: "; copied.  NULL ends that. */
void probe_label(struct probe *probe, const char *label);

/* What the last of these said; borrowed until the next.  For kinds that go on
 * after one of their parts has not come about, and end otherwise. */
const char *probe_message(const struct probe *probe);
enum reason probe_reason(const struct probe *probe);

/* Copies. */
void probe_text(struct probe *probe, const char *name, const char *text);
void probe_number(struct probe *probe, const char *name, double number);

/* Reports a fact as observed now; value or fingerprint or neither (absent).
 * service NULL means that of the probe. */
void probe_fact(struct probe *probe, const char *name, const char *value,
    const char *fingerprint, enum source source);

/* Sets phase i of kind->phases, or phase_of(), and those before it that are unset to 0. */
void probe_phase(struct probe *probe, size_t i, int64_t us);

/* Is the failure of errno: refused, reset, unreachable, timeout ... */
enum reason probe_reason_of_errno(int error);

/* --- running ------------------------------------------------------------------- */

struct runner;

struct runner_setup {
	uv_loop_t *loop;
	const struct clock *clock;
	struct fingerprint *fingerprint; /* borrowed */
	uint32_t concurrency;            /* runs at a time; more wait */
	const char *state_directory;     /* copied; NULL: keep nothing */
	bool without_reference;          /* no second runs */
};

int runner_new(
    struct runner **out, const struct runner_setup *setup, struct err *err);

/* Takes the place of setup's, borrowed; whoever is under way uses it from now
 * on. */
void
runner_set_fingerprint(struct runner *runner, struct fingerprint *fingerprint);

/* A run has ended.  series has no environment, agent and vantage yet; all is
 * borrowed for the call.  facts are those observed in this run. */
typedef void runner_done_fn(void *arg, const struct series *series,
    const struct result *result, const struct fact *facts, size_t n_facts);

/* Runs config's probe, with its retries, and its reference run right after
 * when there is one (done is then called a second time, with series "NAME.reference").
 * config is borrowed until the last done.  Never calls done from inside. */
void runner_run(struct runner *runner, const struct probe_config *config,
    runner_done_fn *done, void *arg);

/* Ends all runs without calling their done, then frees; closed is called from
 * the loop. */
void runner_close(struct runner *runner, void (*closed)(void *arg), void *arg);

#endif
