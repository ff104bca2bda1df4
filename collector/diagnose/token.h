/*
 * token.h - what a piece of evidence says for and against each class.
 *
 * A token is a finding in general words; its row tells how likely it is under
 * each class.  Tokens of one family tell of the same thing and are not
 * independent.
 *
 * The probabilities are the shipped state of knowledge, not law: what people
 * said of closed incidents moves them (experience.h).
 */
#ifndef COLLECTOR_DIAGNOSE_TOKEN_H
#define COLLECTOR_DIAGNOSE_TOKEN_H

#include <stdbool.h>

/* The class of a verdict: which single object, put back to its last good
 * state, restores service? */
enum blame {
	BLAME_APP,   /* code or release */
	BLAME_ENV,   /* an input given to an unchanged build */
	BLAME_INFRA, /* something used, but not contained */
	BLAME_NET,   /* the path between two healthy ends */
	BLAME_BLIND, /* what is needed was not seen */
	BLAME_NONE,  /* no incident */
	BLAME_COUNT,
	BLAME_UNDETERMINED = BLAME_COUNT,
};

/* "app", "undetermined"; borrowed for ever. */
const char *blame_name(enum blame blame);
/* -1 for another word; "undetermined" is none that an incident can be. */
int blame_parse(enum blame *out, const char *name);

enum family {
	FAMILY_IMPACT,
	FAMILY_OBSERVER,
	FAMILY_BREAK,
	FAMILY_SUBSTITUTION,
	FAMILY_VANTAGE,
	FAMILY_ADDRESS,
	FAMILY_PROXY,
	FAMILY_BUILD,
	FAMILY_RELEASE,
	FAMILY_INPUT,
	FAMILY_PLATFORM_CHANGE,
	FAMILY_PATH_CHANGE,
	FAMILY_EXPIRY,
	FAMILY_PEER,
	FAMILY_SHAPE,
	FAMILY_PLATFORM,
	FAMILY_RESOURCE,
	FAMILY_GROWTH,
	FAMILY_CRASH,
	FAMILY_PATH,
	FAMILY_CALLS,
	FAMILY_SIGNATURE,
	FAMILY_COUNT
};

enum token {
	/* golden path or user-facing check failing, seen from inside or outside */
	TOKEN_IMPACT,
	TOKEN_HEALTHY,      /* golden path healthy */
	TOKEN_OUTSIDE_ONLY, /* failing from outside only; no inside view */
	TOKEN_SILENT,       /* agent silent for more than 3 intervals */
	TOKEN_CLOCK,        /* clock offset larger than the probe interval */
	/* results come from a host not enrolled in the environment, and nothing
	 * else does */
	TOKEN_STRANGER,
	/* a probe could not observe (401 from the cloud API, plugin time-out,
	 * collector gap) */
	TOKEN_UNABLE,
	/* observers healthy: heartbeats fresh, offset small, every layer of the
	 * chain fresh, reported path covered */
	TOKEN_OBSERVED,
	TOKEN_UNCOVERED, /* a person reports impact on a path no probe covers */
	/* first break: required variable or env file missing */
	TOKEN_BREAK_ENV,
	/* first break: value violates a constraint or a guard */
	TOKEN_BREAK_CONFIG,
	TOKEN_BREAK_SECRET,  /* first break: secret reference unreadable */
	TOKEN_BREAK_DNS,     /* first break: name resolution */
	TOKEN_BREAK_REFUSED, /* first break: connection refused */
	TOKEN_BREAK_TIMEOUT, /* first break: connect time-out */
	TOKEN_BREAK_TLS,     /* first break: TLS */
	TOKEN_BREAK_AUTH, /* first break: authentication (28P01, 28000, 401) */
	TOKEN_BREAK_HANG, /* first break: TCP ok, no protocol reply */
	TOKEN_BREAK_SCHEMA, /* first break: 42xxx from the application query */
	/* first break: 53xxx, 57P0x, 25006 from a canary query */
	TOKEN_BREAK_SERVER,
	/* first break: 55P03 or 57014 with a blocking session */
	TOKEN_BREAK_LOCK,
	/* first break: third-party dependency answers 5xx */
	TOKEN_BREAK_DEPENDENCY,
	TOKEN_BREAK_HTTP, /* everything below passes, application HTTP fails */
	/* only the golden path fails (content or latency) */
	TOKEN_BREAK_GOLDEN,
	/* only that a job did not call: the job, its schedule, its host, its
	 * way here */
	TOKEN_BREAK_MISSED,
	TOKEN_BREAK_NONE, /* no layer fails */
	/* substitution: app inputs fail, reference inputs succeed, same vantage,
	 * same run */
	TOKEN_REFERENCE_OK,
	TOKEN_BOTH_FAIL, /* substitution: both fail at the same layer */
	TOKEN_BOTH_OK, /* substitution: both succeed, application still fails */
	/* the same, of a path that does not read the input which changed */
	TOKEN_BOTH_OK_UNREAD,
	/* a peer vantage reaches the same target at the same time */
	TOKEN_VANTAGE_OK,
	/* it connects where this one does not, so the target listens */
	TOKEN_CONNECTS,
	TOKEN_VANTAGE_FAIL, /* a peer vantage fails too */
	TOKEN_ADDRESS_OK,   /* target reachable by last known address */
	/* direct request ok, request through the proxy fails */
	TOKEN_PROXY_FAIL,
	/* same build fingerprint healthy in a peer environment or replica */
	TOKEN_BUILD_OK,
	TOKEN_BUILD_FAIL,    /* same build failing in a peer at the same time */
	TOKEN_RELEASED,      /* build changed inside the window before onset */
	TOKEN_NOT_RELEASED,  /* no build change inside the window */
	TOKEN_INPUT_CHANGED, /* env, config or secret changed before onset */
	TOKEN_INPUT_SAME,    /* no env, config or secret change */
	/* a variable changed that no failing layer uses */
	TOKEN_INPUT_UNRELATED,
	/* platform or server state changed before onset */
	TOKEN_PLATFORM_CHANGED,
	/* DNS answer, route, firewall or proxy changed before onset */
	TOKEN_PATH_CHANGED,
	TOKEN_EXPIRED,      /* an expiry instant coincides with onset */
	TOKEN_PEER_DIFFERS, /* value differs from peers where it must match */
	TOKEN_PEER_EQUAL,   /* value equals a peer where it must differ */
	/* shape defect: trailing CR, quotes, placeholder, wrong type */
	TOKEN_SHAPE,
	TOKEN_PLATFORM_BAD, /* cloud resource not serving */
	TOKEN_PLATFORM_OK,  /* cloud resources read and serving */
	TOKEN_SATURATED, /* disk, memory, connection or descriptor saturation */
	/* monotonic growth owned by the application since a release */
	TOKEN_LEAK,
	TOKEN_ENLARGED, /* such growth since it was allowed more */
	TOKEN_TENANT,   /* growth, or a lock, that is somebody else's */
	TOKEN_CRASH,    /* process exits or restarts */
	TOKEN_LOSS,     /* partial loss: retransmits, bimodal connect times */
	TOKEN_LATENCY,  /* connect time rose, server time flat */
	TOKEN_MTU,      /* small payload ok, large payload hangs */
	TOKEN_CALLS,    /* calls per request rose, time per call flat */
	TOKEN_NEW_TEXT, /* error signature never seen before this build */
	TOKEN_COUNT
};

struct token_row {
	const char *id; /* as written in reports */
	enum family family;
	bool decisive;             /* a separating test */
	int permille[BLAME_COUNT]; /* P(token | class); > 0 */
};

/* Borrowed for ever. */
const struct token_row *token_row(enum token token);

/* Before any evidence. */
extern const int token_prior_permille[BLAME_COUNT];

#endif
