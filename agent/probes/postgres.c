#include <libpq-fe.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/probes/kinds.h"
#include "agent/probes/postgres_dial.h"
#include "agent/probes/postgres_inputs.h"
#include "agent/probes/postgres_look.h"
#include "agent/probes/postgres_reason.h"
#include "agent/probes/postgres_sessions.h"
#include "agent/resolve.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define ROWS_MAX         10000
#define ANSWER_MAX_BYTES (16 * 1024 * 1024)

/* tcpi_bytes_received in linux/tcp.h, which never moves: 8-byte words. */
#define TCP_INFO_BYTES_RECEIVED 16

/* Who it is that answers. */
#define SERVER_QUERY                                                     \
	"select extract(epoch from pg_postmaster_start_time())::bigint," \
	" pg_is_in_recovery(), host(inet_server_addr()),"                \
	" inet_server_port(), current_setting('server_version'),"        \
	" current_setting('max_connections'),"                           \
	" current_setting('default_transaction_read_only')"
enum column {
	STARTED,
	IN_RECOVERY,
	ADDRESS,
	PORT,
	VERSION,
	MAX_CONNECTIONS,
	READ_ONLY,
	N_COLUMNS
};

/* Needs room on the server's disk, its permission and nothing of the database,
 * and leaves nothing behind: a file that grows is a file that may not. */
#define WRITE_QUERY                                                 \
	"begin; create temporary table vedette_canary (x text);"    \
	" insert into vedette_canary select repeat('x', 1000) from" \
	" generate_series(1, 64); rollback"

/* How far the connection is; a step for each but the last. */
enum layer { CONNECTING, SECURING, GREETING, READY };

struct postgres {
	struct postgres_target target;
	PGconn *conn;
	PostgresPollingStatusType asked; /* by the last PQconnectPoll() */
	bool has_waited;
	enum layer layer;
	const char *silent; /* what there is no answer to, for expire() */
	bool is_sent;       /* the query */
	int64_t sent_us;
	size_t n_rows;
	PGresult *answer;           /* to one of our own questions */
	struct postgres_look *look; /* at a certificate that was refused */
};

static const struct postgres_inputs *
inputs_of(const struct probe *p)
{
	const struct postgres_config *config = probe_config(p)->postgres;

	return probe_is_reference(p) ? config->reference : &config->inputs;
}

/* --- ends ----------------------------------------------------------------- */

/* "192.0.2.7:5432", owned by the caller; of the socket: its folder. */
static char *
server_of(const struct postgres *pg)
{
	const char *address = pg->conn == NULL ? "" : PQhostaddr(pg->conn);

	if (address[0] == '\0')
		return mem_strdup(pg->target.host);
	return mem_printf(strchr(address, ':') != NULL ? "[%s]:%u" : "%s:%u",
	    address, pg->target.port);
}

static void
report_server(struct probe *p, const struct postgres *pg)
{
	char *server = server_of(pg);

	probe_text(p, "server", server);
	free(server);
}

/* The connection did not come about, or is gone. */
static enum turn
lost(struct probe *p, const struct postgres *pg)
{
	struct postgres_complaint complaint;
	char *server = server_of(pg);
	enum turn turn;

	postgres_complaint_read(&complaint, PQerrorMessage(pg->conn));
	probe_text(p, "server", server);
	if (complaint.sqlstate[0] != '\0')
		probe_text(p, "sqlstate", complaint.sqlstate);
	turn = complaint.reason == REASON_INTERNAL ||
		complaint.reason == REASON_DENIED
	    ? probe_unknown(p, complaint.reason, "%s: %.*s", server,
		  (int)complaint.n_text, complaint.text)
	    : probe_fail(p, complaint.reason, "%s: %.*s", server,
		  (int)complaint.n_text, complaint.text);
	free(server);
	return turn;
}

/* The server refused a statement. */
static enum turn
refused(struct probe *p, const struct postgres *pg, const PGresult *result)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	char *server;

	if (state == NULL)
		return lost(p, pg);
	server = server_of(pg);
	probe_text(p, "sqlstate", state);
	probe_fail(p, reason_of_sqlstate(state), "%s: %s: %s", server, state,
	    text != NULL ? text : "");
	free(server);
	return TURN_STOP;
}

/* --- connecting ----------------------------------------------------------- */

static enum turn
inputs_step(struct probe *p, void *state)
{
	struct postgres *pg = state;

	pg->silent = "its inputs";
	return postgres_target_read(p, &pg->target, inputs_of(p));
}

static enum turn
resolve_step(struct probe *p, void *state)
{
	struct postgres *pg = state;

	pg->silent = "the look-up of its host";
	if (pg->target.host[0] == '/')
		return TURN_NEXT;
	if (probe_answer(p) == NULL)
		probe_target(p, pg->target.host, pg->target.port);
	return probe_resolve(p, state);
}

static enum turn
dial(struct probe *p, struct postgres *pg)
{
	pg->conn = postgres_dial(p, &pg->target);
	if (pg->conn == NULL)
		return probe_unknown(p, REASON_INTERNAL, "out of memory");
	pg->asked = PGRES_POLLING_WRITING;
	return PQstatus(pg->conn) == CONNECTION_BAD ? lost(p, pg) : TURN_NEXT;
}

static enum layer
layer_of(const PGconn *conn)
{
	switch (PQstatus(conn)) {
	case CONNECTION_NEEDED:
	case CONNECTION_STARTED:
		return CONNECTING;
	case CONNECTION_MADE: /* whether by TLS is not settled yet */
	case CONNECTION_SSL_STARTUP:
		return SECURING;
	case CONNECTION_OK:
		return READY;
	default:
		return GREETING;
	}
}

/* Lets libpq go on until the connection is past layer.  libpq replaces its
 * socket as it likes, so it is watched for one wait only. */
static enum turn
advance(struct probe *p, struct postgres *pg, enum layer layer)
{
	enum layer reached;

	if (pg->has_waited) {
		pg->has_waited = false;
		pg->asked = PQconnectPoll(pg->conn);
		reached = layer_of(pg->conn);
		if (pg->asked == PGRES_POLLING_OK)
			reached = READY;
		/* With a second address, or without TLS, it starts again. */
		if (reached > pg->layer)
			pg->layer = reached;
	}
	if (pg->asked == PGRES_POLLING_FAILED)
		return lost(p, pg);
	if (pg->layer > layer)
		return TURN_NEXT;
	pg->has_waited = true;
	return probe_await(p, PQsocket(pg->conn),
	    pg->asked == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE);
}

static enum turn
connect_step(struct probe *p, void *state)
{
	struct postgres *pg = state;
	enum turn turn;

	pg->silent = "the connection";
	if (pg->conn == NULL) {
		turn = dial(p, pg);
		if (turn != TURN_NEXT)
			return turn;
	}
	return advance(p, pg, CONNECTING);
}

static enum turn
tls_step(struct probe *p, void *state)
{
	struct postgres *pg = state;

	enum turn turn = TURN_STOP;

	pg->silent = "the request for TLS, though it took the connection";
	if (pg->look == NULL)
		turn = advance(p, pg, SECURING);
	if (turn != TURN_STOP || pg->target.host[0] == '/' ||
	    probe_reason(p) != REASON_CERTIFICATE)
		return turn;
	return postgres_look_step(p, &pg->look, &pg->target);
}

static enum turn
auth_step(struct probe *p, void *state)
{
	struct postgres *pg = state;
	const char *tls;
	enum turn turn;

	pg->silent = "the login";
	turn = advance(p, pg, GREETING);
	if (turn != TURN_NEXT)
		return turn;
	tls = PQsslAttribute(pg->conn, "protocol");
	report_server(p, pg);
	probe_text(p, "tls", tls != NULL ? tls : "off");
	PQsetnonblocking(pg->conn, 1);
	return TURN_NEXT;
}

/* --- asking --------------------------------------------------------------- */

/* Has the server sent more than any probe needs?  libpq would keep it all.
 * The kernel counts; libc's struct tcp_info ends before that member, and the
 * kernel's cannot be included beside it. */
static bool
is_flooded(const struct postgres *pg)
{
	uint64_t info[TCP_INFO_BYTES_RECEIVED + 1] = { 0 };
	socklen_t size = sizeof(info);

	return getsockopt(PQsocket(pg->conn), IPPROTO_TCP, TCP_INFO, info,
		   &size) == 0 &&
	    info[TCP_INFO_BYTES_RECEIVED] > ANSWER_MAX_BYTES;
}

/* Sends what is to be sent and takes in what there is: TURN_NEXT when a result
 * can be had without waiting. */
static enum turn
exchange(struct probe *p, struct postgres *pg)
{
	int unsent = PQflush(pg->conn);

	/* A last word may have come before the end of the connection. */
	if ((unsent < 0 || !PQconsumeInput(pg->conn)) && PQisBusy(pg->conn))
		return lost(p, pg);
	if (is_flooded(pg))
		return probe_fail(p, REASON_LIMIT,
		    "the server sent more than %d bytes", ANSWER_MAX_BYTES);
	if (!PQisBusy(pg->conn))
		return TURN_NEXT;
	return probe_await(p, PQsocket(pg->conn),
	    UV_READABLE | (unsent > 0 ? UV_WRITABLE : 0));
}

/* The next result, owned by the caller; NULL when there are no more. */
static enum turn
next_result(struct probe *p, struct postgres *pg, PGresult **out)
{
	enum turn turn = exchange(p, pg);

	if (turn == TURN_NEXT)
		*out = PQgetResult(pg->conn);
	return turn;
}

static enum turn
take_result(struct probe *p, struct postgres *pg, const PGresult *result)
{
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
		if (++pg->n_rows > ROWS_MAX)
			return probe_fail(p, REASON_LIMIT,
			    "the query returns more than %d rows", ROWS_MAX);
		return TURN_NEXT;
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		return TURN_NEXT;
	case PGRES_FATAL_ERROR:
		return refused(p, pg, result);
	default:
		return probe_fail(p, REASON_PROTOCOL,
		    "the query gives no rows but %s",
		    PQresStatus(PQresultStatus(result)));
	}
}

/* The limit is the server's as well: a query that nobody waits for any more
 * must not go on there. */
static enum turn
send_query(struct probe *p, struct postgres *pg)
{
	const struct probe_config *config = probe_config(p);
	char *query = mem_printf("set statement_timeout = %u;\n%s",
	    config->timeout_ms, config->postgres->query);
	int sent = PQsendQuery(pg->conn, query);

	free(query);
	if (!sent || !PQsetSingleRowMode(pg->conn))
		return lost(p, pg);
	pg->sent_us = probe_elapsed_us(p);
	pg->is_sent = true;
	return TURN_NEXT;
}

static enum turn
query_step(struct probe *p, void *state)
{
	struct postgres *pg = state;
	PGresult *result;
	enum turn turn;

	pg->silent = "the query";
	if (!pg->is_sent && send_query(p, pg) != TURN_NEXT)
		return TURN_STOP;
	while ((turn = next_result(p, pg, &result)) == TURN_NEXT &&
	    result != NULL) {
		turn = take_result(p, pg, result);
		PQclear(result);
		if (turn != TURN_NEXT)
			return turn;
	}
	if (turn != TURN_NEXT)
		return turn;
	pg->is_sent = false;
	probe_number(p, "rows", (double)pg->n_rows);
	if (pg->n_rows == 0)
		return probe_fail(p, REASON_EMPTY, "the query returned no row");
	probe_number(p, "query_duration_ms",
	    (double)(probe_elapsed_us(p) - pg->sent_us) / 1000);
	probe_number(
	    p, "total_duration_ms", (double)probe_elapsed_us(p) / 1000);
	return TURN_NEXT;
}

/* --- questions of our own ------------------------------------------------- */

/* Asks, and keeps the last result as the answer: TURN_NEXT when all are
 * there. */
static enum turn
ask(struct probe *p, struct postgres *pg, const char *query)
{
	PGresult *result;
	enum turn turn;

	if (!pg->is_sent && !PQsendQuery(pg->conn, query))
		return lost(p, pg);
	if (!pg->is_sent)
		pg->sent_us = probe_elapsed_us(p);
	pg->is_sent = true;
	while ((turn = next_result(p, pg, &result)) == TURN_NEXT &&
	    result != NULL) {
		PQclear(pg->answer);
		pg->answer = result;
	}
	if (turn == TURN_NEXT)
		pg->is_sent = false;
	return turn;
}

static enum turn
write_step(struct probe *p, void *state)
{
	struct postgres *pg = state;
	enum turn turn;

	if (!probe_config(p)->postgres->write)
		return TURN_NEXT;
	pg->silent = "the write";
	turn = ask(p, pg, WRITE_QUERY);
	if (turn != TURN_NEXT)
		return turn;
	if (PQresultStatus(pg->answer) != PGRES_COMMAND_OK)
		return refused(p, pg, pg->answer);
	probe_number(p, "write_duration_ms",
	    (double)(probe_elapsed_us(p) - pg->sent_us) / 1000);
	return TURN_NEXT;
}

/* --- who answers ---------------------------------------------------------- */

/* Facts of two probes of one service may be of two servers. */
static void
tell(struct probe *p, const char *what, const char *value)
{
	char *name;

	probe_text(p, what, value);
	if (probe_is_reference(p))
		return; /* not what the service uses */
	name = mem_printf("postgres/%s/%s", probe_config(p)->name, what);
	probe_fact(p, name, value, NULL, SOURCE_SERVER);
	free(name);
}

static void
tell_server(struct probe *p, const struct postgres *pg)
{
	const PGresult *result = pg->answer;
	char time[TEXT_TIME_BYTES], *address;

	if (PQresultStatus(result) != PGRES_TUPLES_OK ||
	    PQntuples(result) != 1 || PQnfields(result) != N_COLUMNS)
		return;
	tell(p, "server_version", PQgetvalue(result, 0, VERSION));
	tell(p, "server_started",
	    text_time(time,
		strtoll(PQgetvalue(result, 0, STARTED), NULL, 10) * 1000));
	tell(p, "server_role",
	    PQgetvalue(result, 0, IN_RECOVERY)[0] == 't' ? "standby"
							 : "primary");
	tell(p, "max_connections", PQgetvalue(result, 0, MAX_CONNECTIONS));
	tell(p, "default_transaction_read_only",
	    PQgetvalue(result, 0, READ_ONLY));
	if (PQgetisnull(result, 0, ADDRESS))
		return; /* by a socket: it is on this host */
	address = mem_printf("%s:%s", PQgetvalue(result, 0, ADDRESS),
	    PQgetvalue(result, 0, PORT));
	tell(p, "server_address", address);
	free(address);
}

/* What pretends to be PostgreSQL may not know all this; the query that counts
 * has been answered. */
static enum turn
server_step(struct probe *p, void *state)
{
	struct postgres *pg = state;
	enum turn turn;

	pg->silent = "the question who it is";
	turn = ask(p, pg, SERVER_QUERY);
	if (turn == TURN_NEXT)
		tell_server(p, pg);
	return turn;
}

/* Of the server that the service uses; the other inputs lead to the same, or
 * to one that is not asked about. */
static enum turn
sessions_step(struct probe *p, void *state)
{
	struct postgres *pg = state;
	enum turn turn;
	char *server;

	if (probe_config(p)->postgres->sessions == NULL ||
	    probe_is_reference(p))
		return TURN_NEXT;
	pg->silent = "the question who is connected";
	turn = ask(p, pg, postgres_sessions_query);
	if (turn != TURN_NEXT)
		return turn;
	if (PQresultStatus(pg->answer) != PGRES_TUPLES_OK)
		return refused(p, pg, pg->answer);
	server = server_of(pg);
	turn = postgres_sessions_judge(p, pg->answer, server);
	free(server);
	return turn;
}

static void
expire(struct probe *p, void *state)
{
	const struct postgres *pg = state;
	char span[TEXT_SPAN_BYTES], *server;

	if (pg->silent == NULL || pg->target.host == NULL)
		return;
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	server = server_of(pg);
	if (pg->conn != NULL)
		probe_text(p, "server", server);
	probe_fail(p, REASON_TIMEOUT, "%s: no answer to %s within %s", server,
	    pg->silent, span);
	free(server);
}

static void
cleanup(void *state)
{
	struct postgres *pg = state;

	PQclear(pg->answer);
	postgres_look_free(pg->look);
	PQfinish(pg->conn);
	postgres_target_fini(&pg->target);
}

/* --- the configuration ---------------------------------------------------- */

static int
check_inputs(const struct conf *conf, const char *path,
    const struct postgres_inputs *inputs, struct err *err)
{
	int n = (inputs->url != NULL) + (inputs->host != NULL) +
	    (inputs->variables != NULL);

	if (n == 1)
		return 0;
	return conf_complain(conf, err, path,
	    "must have exactly one of url, host and variables");
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct postgres_config *postgres = config->postgres;
	char at[256];
	int rc = 0;

	rc |= check_inputs(conf, path, &postgres->inputs, err);
	rc |= postgres_sessions_check(conf, path, postgres->sessions, err);
	if (postgres->reference == NULL)
		return rc;
	snprintf(at, sizeof(at), "%s.reference", path);
	return rc | check_inputs(conf, at, postgres->reference, err);
}

static bool
has_reference(const struct probe_config *config)
{
	return config->postgres->reference != NULL;
}

static const struct probe_step steps[] = {
	{ "inputs", inputs_step },
	{ "resolve", resolve_step },
	{ "connect", connect_step },
	{ "tls", tls_step },
	{ "auth", auth_step },
	{ "query", query_step },
	{ "write", write_step },
	{ "server", server_step },
	{ "sessions", sessions_step },
	{ NULL, NULL },
};

const struct probe_kind postgres_kind = {
	.name = "postgres",
	.state_size = sizeof(struct postgres),
	.steps = steps,
	.expire = expire,
	.cleanup = cleanup,
	.check = check,
	.has_reference = has_reference,
};
