#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/postgres_dial.h"
#include "agent/probes/postgres_inputs.h"
#include "agent/probes/postgres_reason.h"
#include "agent/probes/postgres_show.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define ANSWER_MAX_BYTES (256 * 1024) /* of all values together */

/* Parameters that are not there give null, not an error. */
#define QUERY                                      \
	"select name, current_setting(name, true)" \
	" from unnest($1::text[]) as name"

enum stage { BEGINNING, LOOKING_UP, CONNECTING, ASKING, DONE };

struct postgres_show {
	const struct postgres_inputs *inputs;
	struct postgres_target target;
	struct text names; /* an array as PostgreSQL writes one */
	enum stage stage;
	PGconn *conn;
	PostgresPollingStatusType asked;
	PGresult *result;
};

struct postgres_show *
postgres_show_new(const struct postgres_inputs *inputs)
{
	struct postgres_show *show = mem_zalloc(sizeof(*show));

	show->inputs = inputs;
	return show;
}

void
postgres_show_ask(struct postgres_show *show, const char *name)
{
	text_add(&show->names, show->names.n > 0 ? ",\"" : "{\"");
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			text_add(&show->names, "\\");
		text_add_bytes(&show->names, name, 1);
	}
	text_add(&show->names, "\"");
}

static enum turn
lost(struct probe *p, const struct postgres_show *show)
{
	struct postgres_complaint complaint;

	postgres_complaint_read(&complaint, PQerrorMessage(show->conn));
	return probe_fail(p, complaint.reason, "%s: %.*s",
	    postgres_show_host(show), (int)complaint.n_text, complaint.text);
}

static enum turn
connect_on(struct probe *p, struct postgres_show *show)
{
	const char *value;

	show->asked = PQconnectPoll(show->conn);
	if (show->asked == PGRES_POLLING_FAILED)
		return lost(p, show);
	if (show->asked != PGRES_POLLING_OK)
		return probe_await(p, PQsocket(show->conn),
		    show->asked == PGRES_POLLING_READING ? UV_READABLE
							 : UV_WRITABLE);
	text_add(&show->names, show->names.n > 0 ? "}" : "{}");
	value = show->names.bytes;
	PQsetnonblocking(show->conn, 1);
	if (!PQsendQueryParams(
		show->conn, QUERY, 1, NULL, &value, NULL, NULL, 0))
		return lost(p, show);
	show->stage = ASKING;
	return TURN_NEXT;
}

static size_t
size_of(const PGresult *result)
{
	size_t n = 0;

	for (int i = 0; i < PQntuples(result); i++)
		n += (size_t)PQgetlength(result, i, 0) +
		    (size_t)PQgetlength(result, i, 1);
	return n;
}

static enum turn
ask_on(struct probe *p, struct postgres_show *show)
{
	int unsent = PQflush(show->conn);

	if (unsent < 0 || !PQconsumeInput(show->conn))
		return lost(p, show);
	if (PQisBusy(show->conn))
		return probe_await(p, PQsocket(show->conn),
		    UV_READABLE | (unsent > 0 ? UV_WRITABLE : 0));
	show->result = PQgetResult(show->conn);
	if (PQresultStatus(show->result) != PGRES_TUPLES_OK ||
	    PQnfields(show->result) != 2)
		return lost(p, show);
	if (size_of(show->result) > ANSWER_MAX_BYTES)
		return probe_fail(p, REASON_LIMIT,
		    "%s: the parameters are larger than %d bytes",
		    postgres_show_host(show), ANSWER_MAX_BYTES);
	show->stage = DONE;
	return TURN_NEXT;
}

static enum turn
begin(struct probe *p, struct postgres_show *show)
{
	enum turn turn = postgres_target_read(p, &show->target, show->inputs);

	if (turn != TURN_NEXT)
		return turn;
	show->stage = LOOKING_UP;
	probe_target(p, show->target.host, show->target.port);
	return TURN_NEXT;
}

static enum turn
dial(struct probe *p, struct postgres_show *show)
{
	enum turn turn =
	    show->target.host[0] == '/' ? TURN_NEXT : probe_resolve(p, NULL);

	if (turn != TURN_NEXT)
		return turn;
	show->conn = postgres_dial(p, &show->target);
	if (show->conn == NULL)
		return probe_unknown(p, REASON_INTERNAL, "out of memory");
	if (PQstatus(show->conn) == CONNECTION_BAD)
		return lost(p, show);
	show->stage = CONNECTING;
	return probe_await(p, PQsocket(show->conn), UV_WRITABLE);
}

enum turn
postgres_show_step(struct probe *p, struct postgres_show *show)
{
	enum turn turn = TURN_NEXT;

	while (turn == TURN_NEXT && show->stage != DONE)
		turn = show->stage == BEGINNING ? begin(p, show)
		    : show->stage == LOOKING_UP ? dial(p, show)
		    : show->stage == CONNECTING ? connect_on(p, show)
						: ask_on(p, show);
	return turn;
}

const char *
postgres_show_value(const struct postgres_show *show, const char *name)
{
	for (int i = 0; show->stage == DONE && i < PQntuples(show->result); i++)
		if (strcmp(PQgetvalue(show->result, i, 0), name) == 0 &&
		    !PQgetisnull(show->result, i, 1))
			return PQgetvalue(show->result, i, 1);
	return NULL;
}

const char *
postgres_show_host(const struct postgres_show *show)
{
	const char *address =
	    show->conn == NULL ? NULL : PQhostaddr(show->conn);

	return address != NULL && address[0] != '\0' ? address
						     : show->target.host;
}

void
postgres_show_free(struct postgres_show *show)
{
	if (show == NULL)
		return;
	PQclear(show->result);
	PQfinish(show->conn);
	postgres_target_fini(&show->target);
	text_fini(&show->names);
	free(show);
}
