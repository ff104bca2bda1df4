#include <stdlib.h>
#include <string.h>

#include "agent/hint.h"
#include "proto/base/mem.h"

/* kind "" is any kind, phase "" any phase.  The first row that fits counts.
 * {word} is filled in by fill(). */
struct hint {
	const char *kind, *phase;
	enum reason reason;
	const char *meaning, *command;
};

#define DIG  "dig {server} {name} {type}"
#define NC   "nc -vz -w 10 {host} {port}"
#define PSQL "psql {conninfo} -c "
#define TLS                                                              \
	"openssl s_client -connect {host}:{port} -servername {host} "    \
	"</dev/null | openssl x509 -noout -subject -issuer -dates -ext " \
	"subjectAltName"
#define REDIS "redis-cli -h {host} -p {port} "
#define ARGV  "{argv}"
#define CURL  "curl -sS -o /dev/null -D - --max-time 10 {url}"

static const struct hint hints[] = {
	{ "env", "", REASON_MISSING,
	    "the process runs without it: set it where that process is "
	    "started, then restart it",
	    "{names}" },
	{ "env", "", REASON_SHAPE,
	    "it is set, but not usable as it is: correct it where that "
	    "process is started",
	    "{names}" },
	{ "env", "", REASON_FORBIDDEN,
	    "it must not be set here: remove it where that process is started",
	    "{names}" },
	{ "env", "", REASON_PROCESS,
	    "the process to look at is not running, or is not the one that "
	    "source names",
	    "{process}" },
	{ "env", "", REASON_DENIED,
	    "the agent may not read the environment of that process: run it "
	    "as the same user, or with CAP_SYS_PTRACE",
	    "{process}" },
	{ "exec", "", REASON_EXIT,
	    "the program itself says so: see all that it has to say", ARGV },
	{ "exec", "", REASON_EMPTY,
	    "an exit code without a word is no answer: is this a plug-in?",
	    ARGV },
	{ "exec", "", REASON_MISSING,
	    "there is no such program here: install it, or write its path",
	    "{find}" },
	{ "exec", "", REASON_DENIED,
	    "the agent's user may not run it: see its owner and mode",
	    "{find}" },
	{ "exec", "", REASON_LIMIT,
	    "a plug-in says a line or two; this says more than anybody reads",
	    ARGV " | head -c 400" },
	{ "exec", "", REASON_INTERNAL,
	    "the program fell over, or needs what it was not given", ARGV },
	{ "exec", "", REASON_TIMEOUT,
	    "the program does not end: give it a limit of its own, below the "
	    "probe's, so that it can say what it waits for",
	    ARGV },
	{ "journey", "", REASON_STATUS,
	    "a user would stand still at this step: see the server's log at "
	    "this time; the steps before it work",
	    "{again}" },
	{ "journey", "", REASON_ANSWER,
	    "the step is answered, but not with what a user needs: see the "
	    "server's log at this time; the steps before it work",
	    "{again}" },
	{ "journey", "", REASON_EMPTY, "the step is answered without content",
	    "{again}" },
	{ "journey", "", REASON_TIMEOUT,
	    "no answer at this step within the limit of the whole way; its "
	    "phases say where the time went",
	    "{again}" },
	{ "settings", "", REASON_ANSWER,
	    "a setting is not what it must be: correct it where the message "
	    "says it is in force, and restart what read the old one",
	    "{again}" },
	{ "settings", "", REASON_MISSING,
	    "a setting, or the file that declares it, is not there: what is "
	    "in force then is the program's own default",
	    "{again}" },
	{ "settings", "", REASON_PROCESS,
	    "the process whose settings count is not running: nothing is in "
	    "force",
	    "{again}" },
	{ "settings", "read", REASON_TIMEOUT,
	    "a source of settings does not answer; the others were looked at",
	    "{again}" },
	{ "dns", "", REASON_NXDOMAIN,
	    "this name server knows no such name: misspelt, or in a zone that "
	    "cannot be seen from here",
	    DIG },
	{ "dns", "", REASON_SERVFAIL,
	    "the name server could not find out: look at it, or at the one it "
	    "asks",
	    DIG },
	{ "dns", "", REASON_NO_ADDRESS,
	    "the name exists, without a record of this type", DIG },
	{ "dns", "", REASON_ANSWER,
	    "the name leads elsewhere than expected: a changed record, or "
	    "another zone",
	    DIG },
	{ "dns", "", REASON_TIMEOUT,
	    "no answer from the name server: is port 53 open from here?", DIG },
	{ "", "", REASON_NXDOMAIN,
	    "the name does not exist here: misspelt, or in a zone that cannot "
	    "be seen from here",
	    "getent ahosts {host}" },
	{ "", "", REASON_SERVFAIL, "the name server could not find out",
	    "getent ahosts {host}" },
	{ "", "", REASON_NO_ADDRESS, "the name exists, without an address",
	    "getent ahosts {host}" },
	{ "", "resolve", REASON_TIMEOUT, "no answer from the name server",
	    "getent ahosts {host}" },
	{ "", "", REASON_REFUSED,
	    "the host answers, but nothing listens on that port: is the "
	    "server running there, and on this port?",
	    NC },
	{ "", "", REASON_RESET,
	    "closed by the other side, or by something in between: see its "
	    "log",
	    NC },
	{ "", "", REASON_UNREACHABLE,
	    "no way there from here: routing, egress settings, or a host that "
	    "is down",
	    "ip route get $(getent ahosts {host} | head -n 1 | cut -d' ' "
	    "-f1)" },
	{ "postgres", "query", REASON_TIMEOUT,
	    "connected, but the query did not end in time: locks, or load",
	    PSQL "\"select state, wait_event_type, left(query, 60) from "
		 "pg_stat_activity where state <> 'idle'\"" },
	{ "", "", REASON_TIMEOUT,
	    "no answer within the limit: a firewall or an egress setting that "
	    "drops it, or load; a longer limit helps only if a slow success "
	    "was ever seen",
	    NC },
	{ "", "", REASON_CERTIFICATE,
	    "the certificate is not acceptable: expired, for another name, or "
	    "by an authority that is not trusted",
	    TLS },
	{ "", "", REASON_HANDSHAKE,
	    "TLS did not come about: not TLS at that port, or no version in "
	    "common",
	    TLS },
	{ "", "", REASON_EXPIRED,
	    "the certificate is out of its time: renew it, and see that the "
	    "server has read the new one",
	    TLS },
	{ "", "", REASON_WRONG_NAME,
	    "the certificate is for somebody else: is this the right host, "
	    "and does it know the name it is asked for?",
	    TLS },
	{ "", "", REASON_AUTHORITY,
	    "signed by nobody that is trusted here: a certificate in between "
	    "that the server does not send, or the authority belongs into "
	    "ca_file",
	    "openssl s_client -connect {host}:{port} -servername {host} "
	    "-showcerts </dev/null" },
	{ "tls", "", REASON_THRESHOLD,
	    "it will expire soon: renew it, or see why that did not happen by "
	    "itself",
	    TLS },
	{ "http", "", REASON_STATUS,
	    "the server answers with another status than expected: see its "
	    "log, and whether this is the right URL",
	    CURL },
	{ "http", "", REASON_TARGET,
	    "somebody else answers at this address: correct the URL, or where "
	    "its name leads; this is no outage of the service",
	    "curl -sS --max-time 10 {url} | head -c 400" },
	{ "http", "", REASON_ANSWER,
	    "the status is right, the content is not: is this the right URL?",
	    "curl -sS --max-time 10 {url} | head -c 400" },
	{ "http", "", REASON_EMPTY, "an answer without content", CURL },
	{ "http", "", REASON_LIMIT, "the answer is larger than max_bytes",
	    CURL },
	{ "postgres", "", REASON_PASSWORD,
	    "the server is reachable and refuses this password: compare it "
	    "with what the server was told last",
	    PSQL "'select 1'" },
	{ "postgres", "", REASON_ROLE,
	    "this user may not log in from here: the role, or pg_hba.conf",
	    PSQL "'select 1'" },
	{ "postgres", "", REASON_DATABASE,
	    "the server has no database of this name", PSQL "'\\l'" },
	{ "postgres", "", REASON_PRIVILEGE,
	    "the user lacks a privilege that the query needs", PSQL "'\\dp'" },
	{ "postgres", "", REASON_EXHAUSTED,
	    "the server is out of slots, memory or disk",
	    PSQL "'select count(*), max(current_setting($$max_connections$$)) "
		 "from pg_stat_activity'" },
	{ "postgres", "", REASON_STARTING,
	    "the server is starting or stopping: see its log if that lasts",
	    "pg_isready -h {host} -p {port}" },
	{ "postgres", "", REASON_READ_ONLY,
	    "a read-only server: a standby, or a fail-over is under way",
	    PSQL "'select pg_is_in_recovery()'" },
	{ "postgres", "", REASON_SCHEMA,
	    "a table, column or function is not there: was it migrated?",
	    PSQL "'\\d'" },
	{ "redis", "", REASON_PASSWORD,
	    "the server is reachable and refuses this login: compare it with "
	    "requirepass or the ACL there",
	    REDIS "ping" },
	{ "redis", "", REASON_PRIVILEGE,
	    "the user lacks a right that this command needs",
	    REDIS "acl whoami" },
	{ "redis", "", REASON_ROLE,
	    "protected mode: the server answers nobody from outside without a "
	    "password or a bind of its own",
	    REDIS "ping" },
	{ "redis", "", REASON_DATABASE,
	    "the server has no database of this number",
	    REDIS "config get databases" },
	{ "redis", "", REASON_STARTING,
	    "the server still reads its data: see its log if that lasts",
	    REDIS "info persistence" },
	{ "redis", "", REASON_EXHAUSTED,
	    "out of memory, of disk, or of room for clients: the message says "
	    "which",
	    REDIS "info memory" },
	{ "redis", "", REASON_READ_ONLY,
	    "a replica takes no writes: is this the right server, or is a "
	    "fail-over under way?",
	    REDIS "info replication" },
	{ "redis", "", REASON_STALE,
	    "the replica does not reach its primary: look from there",
	    REDIS "info replication" },
	{ "redis", "server", REASON_ANSWER,
	    "not the role it should have: is this the right server, or was "
	    "there a fail-over?",
	    REDIS "info replication" },
	{ "redis", "", REASON_PROTOCOL,
	    "what listens there is no redis, or wants TLS", NC },
	{ "", "", REASON_MISSING,
	    "something that the probe needs is not there: the message says "
	    "what",
	    "{again}" },
	{ "", "", REASON_INTERNAL,
	    "the probe itself is at fault; this says nothing of its target",
	    "{again}" },
};

/* --- what commands are filled in with ------------------------------------------- */

/* Adds a word so that a shell takes it as it is. */
static void
add_quoted(struct text *out, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._:/@%+,-";

	if (word[0] != '\0' && word[strspn(word, plain)] == '\0') {
		text_add(out, word);
		return;
	}
	text_add(out, "'");
	for (; *word != '\0'; word++) {
		if (*word == '\'')
			text_add(out, "'\\''");
		else
			text_add_bytes(out, word, 1);
	}
	text_add(out, "'");
}

/* An attribute of the result, or NULL. */
static const struct attribute *
attribute_of(const struct finding *finding, const char *name)
{
	const struct result *result = finding->result;

	for (size_t i = 0; i < result->n_attributes; i++)
		if (strcmp(result->attributes[i].name, name) == 0)
			return &result->attributes[i];
	return NULL;
}

static const struct postgres_inputs *
inputs_of(const struct finding *finding)
{
	const struct postgres_config *postgres = finding->probe->postgres;

	return finding->series->reference_of[0] != '\0' &&
		postgres->reference != NULL
	    ? postgres->reference
	    : &postgres->inputs;
}

/* Splits "HOST:PORT" or "[V6]:PORT" in two; either may be missing. */
static void
split(struct text *host, struct text *port, const char *text, size_t n)
{
	const char *end = text + n, *close, *colon;

	close = n > 0 && *text == '[' ? memchr(text, ']', n) : NULL;
	colon = memrchr(text, ':', n);
	if (close != NULL) {
		text_add_bytes(host, text + 1, (size_t)(close - text) - 1);
		if (colon != NULL && colon < close)
			colon = NULL;
	} else {
		text_add_bytes(
		    host, text, (size_t)((colon != NULL ? colon : end) - text));
	}
	if (colon != NULL)
		text_add_bytes(port, colon + 1, (size_t)(end - colon) - 1);
}

/* The part of a URL between the slashes and the path, without any user. */
static const char *
authority_of(const char *url, size_t *out_n)
{
	const char *at = strstr(url, "://");
	const char *user;

	at = at != NULL ? at + 3 : url;
	*out_n = strcspn(at, "/?#");
	user = memrchr(at, '@', *out_n);
	if (user != NULL) {
		*out_n -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	return at;
}

static void
find_postgres(
    struct text *host, struct text *port, const struct finding *finding)
{
	const struct postgres_inputs *inputs = inputs_of(finding);
	const struct attribute *server = attribute_of(finding, "server");

	if (inputs->host != NULL) {
		text_add(host, inputs->host);
		text_addf(port, "%u", inputs->port);
	} else if (server != NULL && server->text != NULL) {
		split(host, port, server->text, strlen(server->text));
	}
}

static void
find_redis(struct text *host, struct text *port, const struct finding *finding)
{
	const struct redis_inputs *inputs = &finding->probe->redis->inputs;
	const struct attribute *server = attribute_of(finding, "server");

	if (finding->series->reference_of[0] != '\0' &&
	    finding->probe->redis->reference != NULL)
		inputs = finding->probe->redis->reference;
	if (inputs->host != NULL) {
		text_add(host, inputs->host);
		text_addf(port, "%u", inputs->port);
	} else if (server != NULL && server->text != NULL) {
		split(host, port, server->text, strlen(server->text));
	}
}

static void
find_target(struct text *host, struct text *port, const struct finding *finding)
{
	const struct probe_config *probe = finding->probe;
	const char *authority;
	size_t n;

	if (probe->redis != NULL) {
		find_redis(host, port, finding);
	} else if (probe->tls != NULL) {
		text_add(host, probe->tls->host);
		text_addf(port, "%u", probe->tls->port);
	} else if (probe->tcp != NULL) {
		text_add(host, probe->tcp->host);
		text_addf(port, "%u", probe->tcp->port);
	} else if (probe->http != NULL) {
		authority = authority_of(probe->http->url, &n);
		split(host, port, authority, n);
		if (port->n == 0)
			text_add(port,
			    strncmp(probe->http->url, "https", 5) == 0 ? "443"
								       : "80");
	} else if (probe->postgres != NULL) {
		find_postgres(host, port, finding);
	}
	if (host->n == 0)
		text_add(host, "HOST");
	if (port->n == 0)
		text_add(port, probe->postgres != NULL ? "5432" : "PORT");
}

/* The URL without user and query, which may hold secrets. */
static void
add_url(struct text *out, const char *url)
{
	const char *scheme = strstr(url, "://");
	size_t n;
	const char *authority = authority_of(url, &n);
	size_t n_path = strcspn(authority + n, "?#");
	struct text plain = { 0 };

	if (scheme != NULL)
		text_add_bytes(&plain, url, (size_t)(scheme + 3 - url));
	text_add_bytes(&plain, authority, n + n_path);
	add_quoted(out, plain.bytes);
	text_fini(&plain);
}

static void
add_conninfo(struct text *out, const struct finding *finding)
{
	const struct postgres_inputs *inputs = inputs_of(finding);
	struct text host = { 0 }, port = { 0 }, info = { 0 };

	find_target(&host, &port, finding);
	text_addf(&info, "host=%s port=%s", host.bytes, port.bytes);
	if (inputs->database != NULL)
		text_addf(&info, " dbname=%s", inputs->database);
	if (inputs->user != NULL)
		text_addf(&info, " user=%s", inputs->user);
	text_add(&info, " connect_timeout=10");
	add_quoted(out, info.bytes);
	text_fini(&host);
	text_fini(&port);
	text_fini(&info);
}

/* A shell expression for the process whose environment counts. */
static void
add_pid(struct text *out, const struct finding *finding)
{
	const struct variables_config *source = &finding->probe->env->source;
	const struct attribute *pid = attribute_of(finding, "pid");

	if (source->pidfile != NULL) {
		text_add(out, "$(cat ");
		add_quoted(out, source->pidfile);
		text_add(out, ")");
	} else if (source->command == NULL) {
		text_add(out, "self");
	} else if (pid != NULL && pid->text == NULL) {
		text_addf(out, "%.0f", pid->number);
	} else {
		text_add(out, "PID");
	}
}

/* Names only: no value is shown. */
static void
add_names(struct text *out, const struct finding *finding)
{
	const struct variables_config *source = &finding->probe->env->source;

	if (source->file != NULL) {
		text_add(out, "cut -d= -f1 ");
		add_quoted(out, source->file);
		return;
	}
	text_add(out, "tr '\\0' '\\n' </proc/");
	add_pid(out, finding);
	text_add(out, "/environ | cut -d= -f1 | sort");
}

static void
add_process(struct text *out, const struct finding *finding)
{
	const struct variables_config *source = &finding->probe->env->source;

	if (source->file != NULL) {
		text_add(out, "ls -l ");
		add_quoted(out, source->file);
	} else if (source->command != NULL) {
		text_add(out, "ps -eo pid,user,args");
	} else {
		text_add(out, "ps -o pid,user,args -p ");
		add_pid(out, finding);
	}
}

/* dig's way to name a server; nothing for that of the system. */
static void
add_server(struct text *out, const char *server)
{
	struct text host = { 0 }, port = { 0 };

	if (server == NULL)
		return;
	split(&host, &port, server, strlen(server));
	text_add(out, "@");
	add_quoted(out, host.bytes);
	if (port.n > 0) {
		text_add(out, " -p ");
		add_quoted(out, port.bytes);
	}
	text_fini(&host);
	text_fini(&port);
}

static void
add_argv(struct text *out, const struct exec_config *exec)
{
	for (uint32_t i = 0; i < exec->n_command; i++) {
		text_add(out, i > 0 ? " " : "");
		add_quoted(out, exec->command[i]);
	}
}

/* Where a program is, and who may run it. */
static void
add_find(struct text *out, const char *program)
{
	text_add(out, strchr(program, '/') != NULL ? "ls -l " : "command -v ");
	add_quoted(out, program);
}

static void
add_again(struct text *out, const struct report *report)
{
	text_add(out, "vedette-agent check --full --config ");
	add_quoted(out, report->path);
}

/* Adds what a word stands for. */
static void
fill(struct text *out, const char *word, const struct report *report,
    const struct finding *finding)
{
	const struct probe_config *probe = finding->probe;
	struct text host = { 0 }, port = { 0 };

	find_target(&host, &port, finding);
	if (strcmp(word, "host") == 0)
		add_quoted(out, host.bytes);
	else if (strcmp(word, "port") == 0)
		add_quoted(out, port.bytes);
	else if (strcmp(word, "url") == 0)
		add_url(out, probe->http->url);
	else if (strcmp(word, "conninfo") == 0)
		add_conninfo(out, finding);
	else if (strcmp(word, "name") == 0)
		add_quoted(out, probe->dns->name);
	else if (strcmp(word, "type") == 0)
		add_quoted(out, probe->dns->type);
	else if (strcmp(word, "server") == 0)
		add_server(out, probe->dns->server);
	else if (strcmp(word, "names") == 0)
		add_names(out, finding);
	else if (strcmp(word, "process") == 0)
		add_process(out, finding);
	else if (strcmp(word, "argv") == 0)
		add_argv(out, probe->exec);
	else if (strcmp(word, "find") == 0)
		add_find(out, probe->exec->command[0]);
	else if (strcmp(word, "again") == 0)
		add_again(out, report);
	text_fini(&host);
	text_fini(&port);
}

/* Adds a command with its words filled in. */
static void
expand(struct text *out, const char *command, const struct report *report,
    const struct finding *finding)
{
	const char *open, *close;
	char *word;

	while ((open = strchr(command, '{')) != NULL) {
		close = strchr(open, '}');
		word = mem_strndup(open + 1, (size_t)(close - open) - 1);
		text_add_bytes(out, command, (size_t)(open - command));
		fill(out, word, report, finding);
		free(word);
		command = close + 1;
		if (out->n > 0 && out->bytes[out->n - 1] == ' ' &&
		    *command == ' ')
			command++; /* the word stood for nothing */
	}
	text_add(out, command);
}

static bool
fits(const struct hint *hint, const struct finding *finding)
{
	const struct result *result = finding->result;
	const struct series *series = finding->series;
	const char *phase =
	    result->n_phases > 0 && result->n_phases <= series->n_phases
	    ? series->phases[result->n_phases - 1]
	    : "";

	return hint->reason == result->reason &&
	    (hint->kind[0] == '\0' || strcmp(hint->kind, series->kind) == 0) &&
	    (hint->phase[0] == '\0' || strcmp(hint->phase, phase) == 0);
}

void
hint_write(struct text *meaning, struct text *command,
    const struct report *report, const struct finding *finding)
{
	if (finding->result->outcome == OUTCOME_OK)
		return;
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (!fits(&hints[i], finding))
			continue;
		text_add(meaning, hints[i].meaning);
		expand(command, hints[i].command, report, finding);
		return;
	}
	text_add(meaning, "the message says what was seen");
	add_again(command, report);
}
