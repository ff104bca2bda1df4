/*
 * query.h - what people and programs ask a collector.
 *
 * Requests and answers are plain structs, owned by one arena each, so that
 * the CLI, the page and a store file opened offline all share one set of
 * words.  Generated messages stay inside the query*.c files.
 */
#ifndef PROTO_QUERY_H
#define PROTO_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/mem.h"
#include "proto/mark.h"
#include "proto/result.h"
#include "proto/rpc.h"

/* What is known of a series, a cell or an agent now. */
enum state {
	STATE_OK,
	STATE_WARNING,
	STATE_CRITICAL,
	STATE_UNKNOWN, /* the observer could not tell */
	STATE_STALE,   /* the last result is older than three intervals */
	STATE_BLIND,   /* nothing was ever seen from a vantage that counts */
};

const char *state_name(enum state state);
int state_parse(enum state *out, const char *name);

/* --- status --------------------------------------------------------------- */

struct query_status {
	const char *environment, *service; /* "" for all */
};

/* One place of the matrix: a service in an environment. */
struct cell_row {
	const char *environment, *service; /* service "" : the environment */
	enum state state;
	int64_t since_ms;  /* the state's; 0 when never seen */
	int64_t last_ms;   /* of the newest result */
	const char *build; /* value of the fact "build"; "" when unknown */
	const char *why;   /* one line, names the object: "env: 6 variables
			      missing in pid 812: POSTGRES_HOST ..." */
};

struct series_row {
	struct series series;
	struct result last; /* its series index means nothing here */
	enum state state;
	bool hard;          /* confirmed by consecutive results */
	int64_t since_ms;   /* first result of this state */
	uint64_t n_results; /* since the collector knows the series */
};

struct agent_row {
	const char *environment, *agent, *version;
	enum vantage vantage;
	int64_t seen_ms;         /* last batch, by the collector's clock */
	bool silent;             /* no batch when one was due */
	int64_t clock_offset_ms; /* agent's wall clock minus ours */
	uint64_t waiting;        /* batches in its spool at that time */
	uint64_t lost_results;   /* by gaps it reported */
	int64_t lost_from_ms, lost_to_ms;
};

/* A sentence that compares: evidence for people in the middle of an outage. */
struct finding_row {
	const char *environment, *service;
	const char *kind; /* "reference" "peer" "build" "blind" "gap" "clock" */
	const char *text; /* "db: own inputs fail (env.missing), reference
			     inputs pass in the same run (3.2 ms)" */
};

struct status_answer {
	int64_t at_ms; /* the collector's clock */
	const struct cell_row *cells;
	const struct series_row *series;
	const struct agent_row *agents;
	const struct finding_row *findings;
	const struct regression_row *open; /* regressions not cleared */
	size_t n_cells, n_series, n_agents, n_findings, n_open;
};

/* --- history --------------------------------------------------------------- */

/* "" and 0 leave a restriction out. */
struct query_history {
	const char *environment, *service, *agent, *probe;
	int64_t from_ms, to_ms; /* from inclusive, to exclusive */
	uint32_t limit;         /* [100, at most 10000]; the newest are kept */
};

struct history_row {
	struct series series;
	struct result result;
};

struct history_answer {
	const struct history_row *rows; /* newest first */
	size_t n_rows;
	bool more; /* older ones were left out */
};

/* --- changes --------------------------------------------------------------- */

struct query_changes {
	const char *environment, *service, *name; /* name may hold * and ? */
	int64_t from_ms, to_ms;
	uint32_t limit;
};

/* A fact that differs between two observations: an interval, not a point. */
struct change_row {
	const char *environment, *service, *name;
	enum source source;
	/* What is shown of it: the value, "fingerprint k1:9f2c...", "absent",
	 * or "not seen before". */
	const char *before, *after;
	int64_t after_ms;  /* last time the old one was seen; 0: never */
	int64_t before_ms; /* first time the new one was seen */
	const char *agent;
};

struct changes_answer {
	const struct change_row *rows; /* newest first */
	size_t n_rows;
	bool more;
	const struct mark *marks; /* what was told, newest first */
	size_t n_marks;
};

/* --- regressions ------------------------------------------------------------ */

enum regression_kind {
	REGRESSION_STATE,
	REGRESSION_LATENCY,
	REGRESSION_ERROR_RATE,
	REGRESSION_DRIFT,
	REGRESSION_GUARD,
	REGRESSION_SILENCE,
};

const char *regression_kind_name(enum regression_kind kind);
int regression_kind_parse(enum regression_kind *out, const char *name);

struct query_regressions {
	const char *environment, *service;
	int64_t from_ms, to_ms; /* open at any time in between */
	bool open_only;
	uint32_t limit;
};

struct regression_row {
	uint64_t id;
	enum regression_kind kind;
	const char *environment, *service, *agent;
	const char *subject;   /* the probe, fact or agent that got worse */
	enum outcome severity; /* warning or critical */
	int64_t onset_from_ms, onset_to_ms; /* last good, first bad */
	int64_t detected_ms;
	int64_t cleared_ms;         /* 0: open */
	bool late;                  /* known only afterwards: never raised */
	const char *before, *after; /* with numbers: "ok, 3.2 ms" */
	const char *message;
};

struct regressions_answer {
	const struct regression_row *rows; /* newest first */
	size_t n_rows;
	bool more;
};

/* --- documents ----------------------------------------------------------------- */

/* A question whose answer is a JSON document by a versioned contract
 * (docs/formats.md); "" and 0 leave a restriction out. */
struct query_document {
	const char *question; /* "diagnose" */
	const char *environment, *service, *agent, *probe;
	const char *other;      /* a second environment, an id */
	int64_t from_ms, to_ms; /* to_ms: or the one moment asked about */
	uint32_t limit;
	int64_t span_ms; /* how long each step of the answer is */
	bool together;   /* everything as one */
	int64_t last_ms; /* instead of from_ms: how far back from the end */
};

/* --- live events ------------------------------------------------------------- */

enum event_kind {
	EVENT_RESULT,
	EVENT_CHANGE,
	EVENT_REGRESSION,
	EVENT_CLEARED,
	EVENT_MARK
};

/* Topics are "ENVIRONMENT/KIND/SERVICE/SUBJECT", such as
 * "staging/regression/backend/env"; kinds: result change regression cleared
 * mark. */
struct event {
	enum event_kind kind;
	int64_t at_ms;
	/* Counts the events of its environment since the collector started,
	 * from 1: a hole tells a watcher that it does not keep up. */
	uint64_t serial;
	struct history_row result;        /* of EVENT_RESULT */
	bool transition;                  /* its outcome differs from before */
	struct change_row change;         /* of EVENT_CHANGE */
	struct regression_row regression; /* of the two that are about one */
	struct mark mark;                 /* of EVENT_MARK */
};

const char *event_environment(const struct event *event);

#define EVENT_TOPIC_BYTES 320
char *event_topic(char out[EVENT_TOPIC_BYTES], const struct event *event);

void event_encode(
    unsigned char **out_bytes, size_t *out_n, const struct event *event);
/* Strings of *out are in the arena. */
int event_decode(struct event *out, struct arena *arena, const void *bytes,
    size_t n, struct err *err);

/* --- calling ----------------------------------------------------------------- */

/* An answer is borrowed for the call of done, and NULL unless status is OK. */
struct query_client;

typedef void query_status_fn(void *arg, const struct rpc_status *status,
    const struct status_answer *answer);
typedef void query_history_fn(void *arg, const struct rpc_status *status,
    const struct history_answer *answer);
typedef void query_changes_fn(void *arg, const struct rpc_status *status,
    const struct changes_answer *answer);
typedef void query_regressions_fn(void *arg, const struct rpc_status *status,
    const struct regressions_answer *answer);

typedef void
query_document_fn(void *arg, const struct rpc_status *status, const char *json);

struct query_client *query_client_new(struct rpc_client *rpc);
/* One that asks handlers in this process instead, as a caller who may ask;
 * done is called before the question returns, unless handlers->later answers.
 * handlers are borrowed. */
struct query_handlers;
struct query_client *
query_client_new_local(const struct query_handlers *handlers, void *arg);
void query_status(struct query_client *client,
    const struct query_status *request, query_status_fn *done, void *arg);
void query_history(struct query_client *client,
    const struct query_history *request, query_history_fn *done, void *arg);
void query_changes(struct query_client *client,
    const struct query_changes *request, query_changes_fn *done, void *arg);
void query_regressions(struct query_client *client,
    const struct query_regressions *request, query_regressions_fn *done,
    void *arg);
void query_document(struct query_client *client,
    const struct query_document *request, query_document_fn *done, void *arg);

/* For questions whose done is NULL: made gets the answer where it was made,
 * maybe on another thread, to do what is costly with it; then done is called
 * from the loop.  In this process always, with CANCELLED when the client was
 * freed meanwhile. */
struct query_ear {
	/* answer: as done would get it. */
	void (*made)(void *arg, const void *answer);
	void (*done)(void *arg, const struct rpc_status *status);
};
/* Borrowed until the last done. */
void
query_client_set_ear(struct query_client *client, const struct query_ear *ear);
/* Before the rpc_client is closed.  done of calls under way is not called any
 * more.  NULL is allowed. */
void query_client_free(struct query_client *client);

/* --- serving ------------------------------------------------------------------ */

/* Each fills *out with memory of the arena and returns 0, or -1 with err
 * (ERR_INVALID becomes INVALID_ARGUMENT, ERR_NOT_FOUND NOT_FOUND, the rest
 * INTERNAL).  Requests were checked: places are names or "", times and limits
 * in range, a limit of 0 was replaced by its default. */
struct query_job;

struct query_handlers {
	int (*status)(void *arg, struct status_answer *out, struct arena *arena,
	    const struct query_status *request, struct err *err);
	int (*history)(void *arg, struct history_answer *out,
	    struct arena *arena, const struct query_history *request,
	    struct err *err);
	int (*changes)(void *arg, struct changes_answer *out,
	    struct arena *arena, const struct query_changes *request,
	    struct err *err);
	int (*regressions)(void *arg, struct regressions_answer *out,
	    struct arena *arena, const struct query_regressions *request,
	    struct err *err);
	int (*document)(void *arg, const char **out_json, struct arena *arena,
	    const struct query_document *request, struct err *err);
	/* Or takes a question over, to be answered later: any but that for
	 * the status, which is of this moment.  NULL: all are answered at
	 * once. */
	void (*later)(void *arg, struct query_job *job);
};

/* On the loop: has whoever asked stopped waiting? */
bool query_job_is_late(const struct query_job *job);

/* On any thread, which has the job alone: lets these handlers answer; what
 * they say is kept with the job. */
int query_job_make(struct query_job *job, const struct query_handlers *handlers,
    void *arg, struct err *err);

/* On the loop; the job is gone.  With what was made, or, if it was in vain,
 * with err.  Once the service was stopped nobody is told any more. */
void query_job_answer(struct query_job *job, const struct err *err);
void
query_job_refuse(struct query_job *job, uint32_t retry_ms, const char *why);
/* One that is late. */
void query_job_drop(struct query_job *job);

struct query_service;

/* Refuses peers that may not ask (peer_is_user).  handlers are borrowed until
 * the service is freed. */
struct query_service *query_service_new(struct rpc_server *server,
    const struct query_handlers *handlers, void *arg);
/* Nobody is answered any more: before the server is closed. */
void query_service_stop(struct query_service *service);
void query_service_free(struct query_service *service);

#endif
