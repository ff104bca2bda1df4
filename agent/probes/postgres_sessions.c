#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "agent/probes/postgres_sessions.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/conf.h"
#include "proto/place.h"

#define WARNING_PERCENT  80
#define CRITICAL_PERCENT 95
#define BLOCKED_MS       5000

/* A row of each kind of thing.  Who holds what others wait for waits for
 * nobody itself; process 0 is a prepared transaction.  Of what kind a session is
 * who may not know sees nothing, only whose it is; who waits, and for whom, any
 * role sees.  Since when is known from version 14 on, and for a moment not yet;
 * before that it counts from the beginning of the statement. */
const char postgres_sessions_query[] =
    "with session as (select pid, usename::text as role, state,"
    " coalesce(application_name, '') as application, query_start,"
    " backend_type is null as is_hidden from pg_stat_activity"
    " where (backend_type = 'client backend' or (backend_type is null"
    " and usesysid is not null)) and pid <> pg_backend_pid()),"
    " lock as (select pid, mode, relation, datname, database,"
    " to_jsonb(l) as row from pg_locks l left join pg_database d"
    " on d.oid = database where not granted),"
    " waiting as (select pid, unnest(pg_blocking_pids(pid)) as by,"
    " extract(epoch from clock_timestamp() - case when row ? 'waitstart'"
    " then coalesce((row ->> 'waitstart')::timestamptz, clock_timestamp())"
    " else query_start end) as seconds from lock join session using (pid)),"
    " holding as (select by, count(distinct pid) as n, max(seconds) as seconds,"
    " min(pid) as example from waiting"
    " where by not in (select pid from waiting) group by by)"
    " select 'all' as what, '' as name, count(*) as n,"
    " current_setting('max_connections')::float as number, '' as more"
    " from session"
    " union all select 'own', '', count(*), 0, '' from session"
    " where role = current_user"
    " union all select 'hidden', '', count(*), 0, '' from session"
    " where is_hidden"
    " union all select 'idle', '', count(*), 0, '' from session"
    " where state like 'idle in transaction%'"
    " union all select 'waiting', '', count(distinct pid),"
    " coalesce(max(seconds), 0), '' from waiting"
    " union all select 'untimed', '', count(distinct pid), 0, '' from waiting"
    " where seconds is null"
    " union all (select 'who', coalesce(nullif(application, ''), role, '?'),"
    " count(*), 0, '' from session group by 2 order by 3 desc, 2 limit 20)"
    " union all (select 'holder', case when by = 0 then 'a prepared"
    " transaction' else coalesce(role, '?') || case when application <> ''"
    " then ' (' || application || ')' else '' end end, n, seconds,"
    " concat_ws(', ', state, (select 'waited for: ' || mode ||"
    " coalesce(case when datname = current_database() or database = 0"
    " then ' on ' || relation::regclass::text"
    " else ' in database ' || datname end, '') from lock"
    " where pid = example limit 1))"
    " from holding left join session on pid = by"
    " order by n desc, by limit 1)";
enum column { WHAT, NAME, N, NUMBER, MORE, N_COLUMNS };

struct sessions {
	double n, n_max, n_own, n_hidden, n_idle;
	double n_waiting, n_untimed, waited_s;
	const char *holder, *more; /* borrowed of the answer; NULL */
	double n_held;
};

static void
take_row(struct probe *p, struct sessions *out, const PGresult *answer, int row)
{
	const char *what = PQgetvalue(answer, row, WHAT);
	const char *name = PQgetvalue(answer, row, NAME);
	double n = strtod(PQgetvalue(answer, row, N), NULL);
	double number = strtod(PQgetvalue(answer, row, NUMBER), NULL);
	char *label;

	if (text_same(what, "all")) {
		out->n = n;
		out->n_max = number;
	} else if (text_same(what, "own")) {
		out->n_own = n;
	} else if (text_same(what, "hidden")) {
		out->n_hidden = n;
	} else if (text_same(what, "idle")) {
		out->n_idle = n;
	} else if (text_same(what, "waiting")) {
		out->n_waiting = n;
		out->waited_s = number;
	} else if (text_same(what, "untimed")) {
		out->n_untimed = n;
	} else if (text_same(what, "holder")) {
		out->holder = name;
		out->more = PQgetvalue(answer, row, MORE);
		out->n_held = n;
	} else if (text_same(what, "who")) {
		label = mem_printf("sessions:%s", name);
		probe_number(p, label, n);
		free(label);
	}
}

static uint32_t
limit(const uint32_t *given, uint32_t usual)
{
	return given != NULL ? *given : usual;
}

static int64_t
blocked_ms(const struct postgres_sessions_config *config)
{
	int64_t ms = BLOCKED_MS;

	if (config->blocked_for != NULL)
		text_duration(&ms, config->blocked_for, NULL);
	return ms;
}

/* Whom others wait for, so that it is seen when that changes. */
static void
tell_blocker(struct probe *p, const char *holder)
{
	char *name = mem_printf("postgres/%s/blocker", probe_config(p)->name);

	if (holder != NULL)
		probe_text(p, "blocker", holder);
	probe_fact(p, name, holder, NULL, SOURCE_SERVER);
	free(name);
}

static enum turn
judge_blocked(
    struct probe *p, const struct sessions *sessions, const char *server)
{
	const struct postgres_sessions_config *config =
	    probe_config(p)->postgres->sessions;
	bool is_long = sessions->holder != NULL &&
	    sessions->waited_s * 1000 >= (double)blocked_ms(config);
	char span[TEXT_SPAN_BYTES];

	tell_blocker(p, is_long ? sessions->holder : NULL);
	if (!is_long)
		return TURN_NEXT;
	text_span(span, (int64_t)(sessions->waited_s * 1e6));
	return probe_fail(p, REASON_CANCELLED,
	    "%s: %.0f session%s for up to %s for a lock that %s holds%s%s",
	    server, sessions->n_held,
	    sessions->n_held > 1 ? "s wait" : " waits", span, sessions->holder,
	    sessions->more[0] != '\0' ? ", " : "", sessions->more);
}

static enum turn
judge_share(
    struct probe *p, const struct sessions *sessions, const char *server)
{
	const struct postgres_sessions_config *config =
	    probe_config(p)->postgres->sessions;
	double warning = limit(config->warning, WARNING_PERCENT);
	double critical = limit(config->critical, CRITICAL_PERCENT);
	/* Our own is one of them. */
	double percent =
	    sessions->n_max > 0 ? 100 * (sessions->n + 1) / sessions->n_max : 0;

	if (percent >= critical)
		return probe_fail(p, REASON_EXHAUSTED,
		    "%s: %.0f of %.0f connections are in use", server,
		    sessions->n + 1, sessions->n_max);
	if (percent >= warning)
		return probe_warn(p, REASON_THRESHOLD,
		    "%s: %.0f of %.0f connections are in use", server,
		    sessions->n + 1, sessions->n_max);
	return TURN_NEXT;
}

/* Of whom nothing is seen it is not known that they do nothing. */
static void
tell_states(
    struct probe *p, const struct sessions *sessions, const char *server)
{
	if (sessions->n_hidden > 0) {
		probe_number(p, "sessions_hidden", sessions->n_hidden);
		probe_say(p,
		    "%s: what sessions of other roles do is hidden from this "
		    "one, so those idle in transaction are not counted%s: "
		    "grant pg_monitor to it",
		    server,
		    sessions->n_untimed > 0
			? ", and how long others wait is not known"
			: "");
		return;
	}
	probe_number(p, "sessions_idle_in_transaction", sessions->n_idle);
}

enum turn
postgres_sessions_judge(
    struct probe *p, const PGresult *answer, const char *server)
{
	struct sessions sessions = { 0 };

	if (PQnfields(answer) != N_COLUMNS)
		return probe_unknown(p, REASON_PROTOCOL,
		    "%s: it does not say who is connected", server);
	for (int row = 0; row < PQntuples(answer); row++)
		take_row(p, &sessions, answer, row);
	probe_number(p, "sessions", sessions.n);
	probe_number(p, "max_connections", sessions.n_max);
	probe_number(p, "sessions_own", sessions.n_own);
	tell_states(p, &sessions, server);
	probe_number(p, "sessions_waiting", sessions.n_waiting);
	if (judge_blocked(p, &sessions, server) != TURN_NEXT)
		return TURN_STOP;
	return judge_share(p, &sessions, server);
}

static int
check_percent(const struct conf *conf, const char *path, const char *key,
    const uint32_t *percent, struct err *err)
{
	if (percent == NULL || (*percent >= 1 && *percent <= 100))
		return 0;
	return conf_complain(conf, err, place_of("%s.%s", path, key).path,
	    "must be from 1 to 100, percent of max_connections");
}

static int
check_shares(const struct conf *conf, const char *path,
    const struct postgres_sessions_config *sessions, struct err *err)
{
	uint32_t critical = limit(sessions->critical, CRITICAL_PERCENT);

	int rc = check_percent(conf, path, "warning", sessions->warning, err) |
	    check_percent(conf, path, "critical", sessions->critical, err);

	/* A critical limit alone may be so low that it is the only one. */
	if (rc < 0 || sessions->warning == NULL ||
	    *sessions->warning < critical)
		return rc;
	return conf_complain(conf, err, place_of("%s.warning", path).path,
	    "must be below critical, which is %u%s: it comes first", critical,
	    sessions->critical == NULL ? " when it is not given" : "");
}

int
postgres_sessions_check(const struct conf *conf, const char *path,
    const struct postgres_sessions_config *sessions, struct err *err)
{
	struct place at = place_of("%s.sessions", path);
	struct err inner;
	int64_t ms;
	int rc;

	if (sessions == NULL)
		return 0;
	rc = check_shares(conf, at.path, sessions, err);
	if (sessions->blocked_for == NULL)
		return rc;
	at = place_of("%s.sessions.blocked_for", path);
	if (text_duration(&ms, sessions->blocked_for, &inner) < 0)
		return conf_complain(conf, err, at.path, "%s", inner.text);
	if (ms == 0)
		return conf_complain(conf, err, at.path,
		    "must be at least 1ms: nobody waits for less; without "
		    "sessions nobody is looked at");
	return rc;
}
