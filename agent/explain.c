#include <string.h>

#include "agent/explain.h"
#include "proto/result.h"

/* phase "" is any phase.  The first row that fits counts. */
struct meaning {
	const char *phase;
	enum reason reason;
	const char *means;
	const char *hides; /* what it cannot tell; "" when it tells all */
	const char *test;  /* what separates */
};

static const struct meaning meanings[] = {
	{ "connect", REASON_TIMEOUT,
	    "nothing came back: filtered, routed nowhere, the host is down, or "
	    "a connector on the way is",
	    "which of them; a longer limit only helps if a slow success was "
	    "ever seen",
	    "other ports of the same host, the same probe from another agent, "
	    "the state of the platform" },
	{ "resolve", REASON_TIMEOUT, "no name server answered within the limit",
	    "whether the name server is down or port 53 is filtered",
	    "a dns probe with server: of each name server; the target by its "
	    "last known address" },
	{ "query", REASON_TIMEOUT,
	    "connected, logged in, and no answer to the query within the "
	    "limit: locks, load, or a path that loses large packets",
	    "which: a small reply that passes and a large one that hangs is a "
	    "black hole for large packets on the way back",
	    "pg_locks and pg_stat_activity; a query with a small and one with "
	    "a large result" },
	{ "tls", REASON_TIMEOUT,
	    "the port takes connections and nobody speaks: the server hangs "
	    "(stopped, swapping), or the path loses data",
	    "which",
	    "the same from the host itself; a small and a large "
	    "request" },
	{ "first_byte", REASON_TIMEOUT,
	    "the request was sent and no answer began: the application is "
	    "stuck, or waits for something it uses",
	    "whether it is the application or what it waits for",
	    "its database and its other dependencies by their own probes; the "
	    "application directly, around the proxy" },
	{ "", REASON_TIMEOUT,
	    "the limit was reached: the duration says at least, not took",
	    "how long it would have taken",
	    "the phases before it, which say how far it came" },
	{ "", REASON_REFUSED,
	    "an answer within a millisecond or so that nobody listens on that "
	    "port",
	    "whether nothing listens or a filter answers in its place",
	    "the same probe from another agent; when the server was started" },
	{ "", REASON_RESET, "closed by the other side before the end",
	    "whether the server did it or something in between",
	    "the server's log; the same request around the proxy" },
	{ "", REASON_UNREACHABLE,
	    "the network says that there is no way there: routing, an egress "
	    "setting, or a host that is down",
	    "whether the route or the host is missing",
	    "another host in the same network; the same probe from another "
	    "agent" },
	{ "", REASON_NXDOMAIN,
	    "the name does not exist, says the name server that was asked",
	    "whether it is misspelt, its record was removed, or it is in a "
	    "zone that cannot be seen from here",
	    "the same name at the zone's own name server; the variable's "
	    "fingerprint: did the input change, or the record?" },
	{ "", REASON_SERVFAIL,
	    "the name server could not find out: it, or the one it asks, is in "
	    "trouble",
	    "anything of the name", "another name server; another name" },
	{ "", REASON_NO_ADDRESS,
	    "the name exists, without a record of the type that was asked for",
	    "whether that was ever different",
	    "the history of the fact dns/NAME" },
	{ "", REASON_ANSWER, "it answers, but not with what was expected of it",
	    "whether it is the wrong place or the right one in trouble",
	    "identity: of the http probe; the answer of the same build "
	    "elsewhere" },
	{ "", REASON_STATUS,
	    "a status that was not expected: 502 at once is a proxy that "
	    "cannot connect, 504 after a while one whose upstream is silent, "
	    "500 the application, 401 and 403 the right to ask",
	    "application or proxy",
	    "the same request directly, around the proxy" },
	{ "", REASON_EMPTY, "an answer without content, where there is one",
	    "who emptied it", "the same request around the proxy" },
	{ "", REASON_PROTOCOL,
	    "what answers does not speak the protocol: another service, or "
	    "encryption on one side only",
	    "which", "the first bytes of the answer, with nc" },
	{ "", REASON_CERTIFICATE, "the certificate is not acceptable",
	    "which of several things is wrong with it, if the message does "
	    "not say",
	    "a tls probe, which judges the whole chain" },
	{ "", REASON_HANDSHAKE,
	    "TLS did not come about: no TLS on that port, or no version or "
	    "cipher in common",
	    "which", "openssl s_client, with and without -tls1_2" },
	{ "", REASON_EXPIRED,
	    "a certificate of the chain is past its end, or before its time",
	    "whether it was renewed and not read again",
	    "the file on the server; the clocks on both sides" },
	{ "", REASON_WRONG_NAME, "the certificate is for somebody else",
	    "whether the host or the name that it is asked for is wrong",
	    "server_name: of the tls probe; where the name leads" },
	{ "", REASON_AUTHORITY, "signed by nobody who is trusted here",
	    "whether a certificate in between is not sent, or the authority is "
	    "not known here",
	    "the chain that is sent; the same probe with ca_file" },
	{ "", REASON_PASSWORD,
	    "28P01: a wrong password, a missing role or an expired password: "
	    "PostgreSQL says the same for all three",
	    "which of the three",
	    "reference: inputs of the postgres probe; the history of the "
	    "password's fingerprint" },
	{ "", REASON_ROLE,
	    "28000: the role may not log in, or pg_hba.conf rejects it from "
	    "here",
	    "", "the text of the server tells the two apart" },
	{ "", REASON_DATABASE, "3D000: there is no database of that name", "",
	    "psql -l; did the input or the server change?" },
	{ "", REASON_PRIVILEGE,
	    "42501: the role lacks a privilege; while connecting, CONNECT was "
	    "revoked",
	    "", "\\dp and \\l in psql" },
	{ "", REASON_EXHAUSTED,
	    "53...: the server is out of slots, memory or disk; a log-in that "
	    "is reserved for a superuser still works",
	    "who uses them up",
	    "pg_stat_activity by application_name, before and after the last "
	    "release" },
	{ "", REASON_STARTING,
	    "57P03 or 57P01: the server is starting or stopping", "why",
	    "its log; server_started of the probe" },
	{ "", REASON_CANCELLED,
	    "57014 or 55P03: a limit on statements or locks was reached",
	    "who holds the lock", "pg_locks, with its blocker" },
	{ "", REASON_READ_ONLY,
	    "25006: the server takes no writes: a setting, or a standby",
	    "which", "select pg_is_in_recovery()" },
	{ "", REASON_SCHEMA,
	    "42...: what the query names is not there: query and schema "
	    "disagree",
	    "which of them moved", "the version of the schema, and the build" },
	{ "", REASON_SQL, "another SQLSTATE: the message says which", "",
	    "Appendix A of PostgreSQL's manual" },
	{ "", REASON_MISSING,
	    "a variable, file or program that is required is not there",
	    "who took it away",
	    "the history of the fact; a deploy or a change at that time" },
	{ "", REASON_SHAPE,
	    "it is there and cannot be right: empty, in quotes, unexpanded, a "
	    "placeholder, too short, not of its type",
	    "what the right value is", "where it is set, as it is set" },
	{ "", REASON_FORBIDDEN, "it is there and must not be", "",
	    "where it is set" },
	{ "", REASON_DENIED,
	    "the observer may not look: its own right is missing",
	    "anything of what it was to look at",
	    "the same as the user of the service" },
	{ "", REASON_PROCESS, "the process to look at is not there",
	    "whether it ended or is somebody else now",
	    "its unit, its log, the pid file" },
	{ "", REASON_LIMIT, "larger than a limit of ours", "",
	    "the same by hand" },
	{ "", REASON_SKIPPED,
	    "not run, so it says nothing: the message says why", "", "" },
	{ "", REASON_INTERNAL, "the probe itself is at fault",
	    "anything of its target", "check --full; the agent's log" },
	{ "", REASON_THRESHOLD,
	    "it was measured, and is past what is configured",
	    "whether the value or the bound is wrong",
	    "its trend: vedette trend" },
	{ "", REASON_LOSS, "packets went out and no reply came back",
	    "whether they are lost, or replies to pings are filtered",
	    "a tcp probe of the same host; its syn_retransmits" },
	{ "", REASON_EXIT, "a program says so by its exit code",
	    "more than its text does", "the program, by hand" },
	{ "", REASON_ERRORS, "errors in a log that were not there before",
	    "whether anybody was hurt by them",
	    "the golden path at the same time" },
	{ "", REASON_STALE, "nothing new for too long",
	    "whether nothing happened or nothing is told of it",
	    "the clock on both sides; the writer's process" },
	{ "", REASON_MISSED, "a call that should have come did not",
	    "whether the job did not run, or ran and could not call",
	    "the log of its schedule; its way to where it calls" },
	{ "", REASON_KILLED,
	    "the kernel killed processes for want of memory: the host's, or "
	    "what a control group is limited to",
	    "which they were, and whether they asked for more or were given "
	    "less",
	    "the kernel's log; host's facts cgroup_memory_bytes and "
	    "memory_bytes: did a limit change?" },
	{ "", REASON_TARGET, "somebody else answers at that address",
	    "anything of the service that was meant",
	    "the URL, and where its name leads" },
};
#define N_MEANINGS (sizeof(meanings) / sizeof(meanings[0]))

static bool
is_sqlstate(const char *code)
{
	return strlen(code) == 5 &&
	    code[strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")] == '\0';
}

/* The phase and the class of "connect.timeout"; -1: no class of ours. */
static int
parse(char *phase, size_t size, enum reason *out, const char *code)
{
	const char *dot = strrchr(code, '.');
	size_t n = dot != NULL ? (size_t)(dot - code) : 0;

	phase[0] = '\0';
	if (is_sqlstate(code)) {
		*out = reason_of_sqlstate(code);
		return 0;
	}
	if (n >= size)
		return -1;
	memcpy(phase, code, n);
	phase[n] = '\0';
	if (reason_parse(out, dot != NULL ? dot + 1 : code) < 0)
		return -1;
	return *out == REASON_NONE ? -1 : 0;
}

static int
complain(struct err *err)
{
	struct text all = { 0 };

	for (int reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		text_addf(&all, " %s", reason_name((enum reason)reason));
	err_set(err, ERR_NOT_FOUND,
	    "--explain: no such reason; write PHASE.CLASS, an SQLSTATE, or one "
	    "of%s",
	    all.bytes);
	text_fini(&all);
	return -1;
}

int
explain(struct text *out, const char *code, struct err *err)
{
	enum reason reason;
	char phase[64];

	if (parse(phase, sizeof(phase), &reason, code) < 0)
		return complain(err);
	for (size_t i = 0; i < N_MEANINGS; i++) {
		const struct meaning *meaning = &meanings[i];

		if (meaning->reason != reason ||
		    (meaning->phase[0] != '\0' &&
			strcmp(meaning->phase, phase) != 0))
			continue;
		text_addf(
		    out, "%s\n  means          %s\n", code, meaning->means);
		if (meaning->hides[0] != '\0')
			text_addf(out, "  cannot tell    %s\n", meaning->hides);
		if (meaning->test[0] != '\0')
			text_addf(out, "  what separates %s\n", meaning->test);
		return 0;
	}
	return complain(err);
}
