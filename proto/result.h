/*
 * result.h - the words every program shares: what a probe can find out.
 *
 * Plain structs; strings are borrowed from whoever owns the struct (a batch,
 * a probe).  The words are those of docs/formats.md and never change meaning.
 */
#ifndef PROTO_RESULT_H
#define PROTO_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From bad to worse is not their order: see outcome_worse(). */
enum outcome {
	OUTCOME_OK,
	OUTCOME_WARNING,
	OUTCOME_CRITICAL,
	OUTCOME_UNKNOWN, /* the observer could not tell */
};

enum vantage {
	VANTAGE_WORKSTATION, /* unproven: says nothing of the environment */
	VANTAGE_IN_SERVICE,
	VANTAGE_IN_ENVIRONMENT,
	VANTAGE_CONTROL_PLANE,
	VANTAGE_EXTERNAL,
};

/* Where a fact was read. */
enum source {
	SOURCE_PROCESS,
	SOURCE_FILE,
	SOURCE_CONTROL_PLANE,
	SOURCE_SERVICE,
	SOURCE_SERVER,
};

/* The class of a failure; with the phase it happened in it makes a reason,
 * written "connect.timeout".  Closed: add at the end, in result.c too. */
enum reason {
	REASON_NONE,        /* it did not fail */
	REASON_TIMEOUT,     /* the limit was reached: at least, not took */
	REASON_REFUSED,     /* connection refused */
	REASON_RESET,       /* connection reset or closed too early */
	REASON_UNREACHABLE, /* no route to network or host */
	REASON_NXDOMAIN,    /* the name does not exist */
	REASON_SERVFAIL,    /* the name server could not tell */
	REASON_NO_ADDRESS,  /* the name exists, without such a record */
	REASON_ANSWER,      /* answered, but not what was expected */
	REASON_STATUS,      /* an HTTP status that was not expected */
	REASON_EMPTY,       /* an answer without content */
	REASON_PROTOCOL,    /* not the protocol that was spoken */
	REASON_CERTIFICATE, /* presented certificate not acceptable */
	REASON_HANDSHAKE,   /* TLS did not come about for another cause */
	REASON_PASSWORD,    /* SQLSTATE 28P01 */
	REASON_ROLE,        /* SQLSTATE 28000: not permitted to log in */
	REASON_DATABASE,    /* SQLSTATE 3D000: no such database */
	REASON_PRIVILEGE,   /* SQLSTATE 42501 */
	REASON_EXHAUSTED,   /* SQLSTATE class 53: slots, memory, disk */
	REASON_STARTING,    /* SQLSTATE 57P03, 57P01: starting, stopping */
	REASON_CANCELLED,   /* SQLSTATE 57014, 55P03: statement or lock limit */
	REASON_READ_ONLY,   /* SQLSTATE 25006 */
	REASON_SCHEMA,      /* SQLSTATE class 42: table, column, function */
	REASON_SQL,         /* any other SQLSTATE */
	REASON_MISSING,     /* a required variable, file or process is absent */
	REASON_SHAPE,       /* present, but malformed: empty, quoted, ... */
	REASON_FORBIDDEN,   /* present, but must be absent */
	REASON_DENIED,      /* the observer may not look */
	REASON_PROCESS,     /* the process to look at is not there */
	REASON_LIMIT,       /* larger than a limit of ours */
	REASON_SKIPPED,     /* not run: see the message */
	REASON_INTERNAL,    /* the probe itself is at fault */
	REASON_EXPIRED,     /* a certificate past its end, or before its time */
	REASON_WRONG_NAME,  /* a certificate for somebody else */
	REASON_AUTHORITY,   /* a certificate nobody trusted has signed */
	REASON_THRESHOLD,   /* measured, and past what is configured */
	REASON_LOSS,        /* packets without a reply */
	REASON_EXIT,        /* what a plug-in says by its exit code */
	REASON_ERRORS,      /* errors in a log that were not there before */
	REASON_STALE,       /* nothing new for too long */
	REASON_TARGET,      /* somebody else answers: says nothing of ours */
	REASON_MISSED,      /* a call that should have come did not */
	REASON_KILLED,      /* processes were, for want of memory */
	REASON_COUNT,
};

/* Which of two outcomes a person should hear about first:
 * critical > unknown > warning > ok. */
enum outcome outcome_worse(enum outcome a, enum outcome b);

/* The written words, borrowed for ever; parsing gives -1 for another word. */
const char *outcome_name(enum outcome outcome);
const char *vantage_name(enum vantage vantage);
const char *source_name(enum source source);
const char *reason_name(enum reason reason);
int outcome_parse(enum outcome *out, const char *name);
int vantage_parse(enum vantage *out, const char *name);
int source_parse(enum source *out, const char *name);
int reason_parse(enum reason *out, const char *name);

/* Which reason an SQLSTATE is; REASON_SQL when it is none of its own. */
enum reason reason_of_sqlstate(const char *sqlstate);

/* May an observation from here speak for its environment? */
bool vantage_counts(enum vantage vantage);
/* Is it made within it? */
bool vantage_is_inside(enum vantage vantage);

/* Limits on what a result may hold; longer text is cut, more is refused. */
#define PHASES_MAX        12
#define ATTRIBUTES_MAX    64
#define MESSAGE_MAX_BYTES 1024
#define TEXT_MAX_BYTES    512 /* of an attribute or a fact */

/* The results of one probe of one agent. */
struct series {
	const char *environment, *agent; /* as in the batch */
	const char *service; /* "" means the environment as a whole */
	const char *probe, *kind;
	/* For a run with reference inputs, the probe it is compared with, so
	 * "db" for "db.reference"; else "". */
	const char *reference_of;
	enum vantage vantage;
	uint32_t interval_ms; /* start to start; 0 when not periodic */
	const char *phases[PHASES_MAX]; /* names of the steps, in order */
	size_t n_phases;
};

struct attribute {
	const char *name;
	const char *text; /* NULL: it is a number */
	double number;
};

/* One run of a probe. */
struct result {
	size_t series;       /* index into the series of its batch */
	int64_t at_ms;       /* wall clock at the start of the run */
	int64_t duration_us; /* of the whole run, monotonic */
	uint32_t limit_ms;   /* the timeout in force; 0 for none */
	enum outcome outcome;
	bool censored;     /* the duration says "at least" */
	uint32_t attempts; /* runs that made this result; 1 or more */
	enum reason reason;
	/* Durations of the first n_phases phases of the series; the last one
	 * is where the run ended. */
	int64_t phase_us[PHASES_MAX];
	size_t n_phases;
	const char *message; /* for people; "" when there is nothing to say */
	const struct attribute *attributes;
	size_t n_attributes;
};

/* Attributes that say more of a reason than the result's fields can: the
 * words of whoever reported it, when they are not the phase it ended in and a
 * class of ours; and that it was derived from the message. */
#define ATTRIBUTE_REASON  "reason.given"   /* text */
#define ATTRIBUTE_DERIVED "reason.derived" /* number: 1 */

/* Writes "connect.timeout", or "" for REASON_NONE; words that were given go
 * before.  Returns out. */
#define REASON_TEXT_BYTES 48
char *result_reason(char out[REASON_TEXT_BYTES], const struct series *series,
    const struct result *result);

/* A property with a history.  Either value (may be shown) or fingerprint
 * ("k1:9f2c...", keyed, of a value that may not); both NULL: absent. */
struct fact {
	const char *service; /* "" means the environment as a whole */
	const char *name;    /* "env/POSTGRES_HOST", "build", "dns/db.test" */
	const char *value, *fingerprint;
	enum source source;
	int64_t at_ms; /* when it was first seen to be so */
	int64_t
	    last_ms; /* when the agent last saw the value before; 0: never */
};

/* Results that are lost and known to be. */
struct gap {
	uint64_t first_sequence, last_sequence; /* of the agent's stream */
	uint64_t n_results;
	int64_t from_ms, to_ms;
	const char *why; /* "spool full", "spool damaged" */
};

#endif
