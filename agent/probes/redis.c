#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "agent/config_env.h"
#include "agent/probes/connect.h"
#include "agent/probes/kinds.h"
#include "agent/probes/redis_inputs.h"
#include "agent/probes/redis_reply.h"
#include "agent/probes/secure.h"
#include "proto/redact.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define ANSWER_MAX_BYTES (1024 * 1024) /* an INFO has some 10 KiB */
#define READ_BYTES       16384
#define WORDS_MAX        6
#define VALUE_BYTES      128
#define CANARY_MS        "60000" /* after which it is gone by itself */

struct redis {
	struct redis_target target;
	struct connect connection;
	struct secure *secure; /* NULL: plain */
	redisReader *reader;
	char *question; /* that is being sent or answered; NULL: none */
	size_t n_question, n_sent;
	size_t n_received;
	redisReply *reply; /* to the last question */
	bool is_authenticated;
	const char *silent; /* what there is no answer to, for expire() */
	int64_t write_us;   /* when the write began; 0: not yet */
};

static const struct redis_inputs *
inputs_of(const struct probe *p)
{
	const struct redis_config *config = probe_config(p)->redis;

	return probe_is_reference(p) ? config->reference : &config->inputs;
}

/* --- connecting ----------------------------------------------------------- */

static enum turn
inputs_step(struct probe *p, void *state)
{
	struct redis *redis = state;

	return redis_target_read(p, &redis->target, inputs_of(p));
}

static enum turn
resolve_step(struct probe *p, void *state)
{
	struct redis *redis = state;

	if (probe_answer(p) == NULL)
		probe_target(p, redis->target.host, redis->target.port);
	return probe_resolve(p, state);
}

static enum turn
connect_step(struct probe *p, void *state)
{
	struct redis *redis = state;

	return connect_try(p, &redis->connection);
}

static enum turn
tls_step(struct probe *p, void *state)
{
	struct redis *redis = state;
	struct secure_setup setup = {
		.fd = redis->connection.fd,
		.name = redis->target.host,
		.ca_file = inputs_of(p)->ca_file,
	};
	struct err err;
	enum turn turn;

	if (!redis->target.is_secure) {
		probe_text(p, "tls", "off");
		return TURN_NEXT;
	}
	redis->silent = "the handshake of TLS";
	if (redis->secure == NULL &&
	    secure_open(&redis->secure, &setup, &err) < 0)
		return probe_unknown(p, REASON_INTERNAL, "%s", err.text);
	turn = secure_handshake(p, redis->secure);
	return turn == TURN_NEXT ? secure_judge(p, redis->secure) : turn;
}

/* --- asking --------------------------------------------------------------- */

static enum turn
lost(struct probe *p, const struct redis *redis, int error)
{
	return probe_fail(p,
	    error == 0 ? REASON_RESET : probe_reason_of_errno(error),
	    "%s: %s: %s", redis->target.host, redis->silent,
	    error == 0 ? "closed the connection instead of an answer"
		       : strerror(error));
}

/* TURN_NEXT when all is sent. */
static enum turn
send_question(struct probe *p, struct redis *redis)
{
	int fd = redis->connection.fd, events = UV_WRITABLE;
	ssize_t n;

	while (redis->n_sent < redis->n_question) {
		const char *bytes = redis->question + redis->n_sent;
		size_t n_left = redis->n_question - redis->n_sent;

		n = redis->secure != NULL
		    ? secure_write(redis->secure, bytes, n_left, &events)
		    : send(fd, bytes, n_left, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return probe_await(p, fd, events);
		if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
			return TURN_NEXT; /* it may have said why */
		if (n < 0)
			return lost(p, redis, errno);
		redis->n_sent += (size_t)n;
	}
	return TURN_NEXT;
}

/* No question of ours has a list for an answer, which would let a server make
 * us allocate what it likes. */
static bool
is_plain(const struct redis *redis, const char *bytes)
{
	return redis->n_received > 0 || strchr("+-$:", bytes[0]) != NULL;
}

static enum turn
take(struct probe *p, struct redis *redis, const char *bytes, size_t n)
{
	void *reply = NULL;

	if (n > 0 && !is_plain(redis, bytes))
		return probe_fail(p, REASON_PROTOCOL,
		    "%s: %s: what answers is no redis", redis->target.host,
		    redis->silent);
	redis->n_received += n;
	if (redis->n_received > ANSWER_MAX_BYTES)
		return probe_fail(p, REASON_LIMIT,
		    "%s: %s: more than %d bytes of answer", redis->target.host,
		    redis->silent, ANSWER_MAX_BYTES);
	redisReaderFeed(redis->reader, bytes, n);
	/* Two answers to one question would be taken for one to the next. */
	if (redisReaderGetReply(redis->reader, &reply) != REDIS_OK ||
	    (reply != NULL && redis->reader->pos < redis->reader->len)) {
		freeReplyObject(reply);
		return probe_fail(p, REASON_PROTOCOL,
		    "%s: %s: the answer is not what redis speaks",
		    redis->target.host, redis->silent);
	}
	redis->reply = reply;
	return TURN_NEXT;
}

/* TURN_NEXT when there is a whole reply. */
static enum turn
receive(struct probe *p, struct redis *redis)
{
	int fd = redis->connection.fd, events = UV_READABLE;
	char bytes[READ_BYTES];
	enum turn turn;
	ssize_t n;

	while (redis->reply == NULL) {
		n = redis->secure != NULL
		    ? secure_read(redis->secure, bytes, sizeof(bytes), &events)
		    : recv(fd, bytes, sizeof(bytes), 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return probe_await(p, fd, events);
		if (n <= 0)
			return lost(p, redis, n < 0 ? errno : 0);
		turn = take(p, redis, bytes, (size_t)n);
		if (turn != TURN_NEXT)
			return turn;
	}
	return TURN_NEXT;
}

static void
forget_question(struct redis *redis)
{
	if (redis->question != NULL)
		explicit_bzero(redis->question, redis->n_question);
	free(redis->question);
	redis->question = NULL;
	redis->n_sent = redis->n_received = 0;
}

/* Asks, unless it has been asked; TURN_NEXT when the reply is there, which
 * stays until the next question.  words end with NULL. */
static enum turn
ask(struct probe *p, struct redis *redis, const char *const *words)
{
	const char *argv[WORDS_MAX];
	enum turn turn;
	int n = 0;

	if (redis->question == NULL) {
		for (; words[n] != NULL; n++)
			argv[n] = words[n];
		freeReplyObject(redis->reply);
		redis->reply = NULL;
		n = redisFormatCommandArgv(&redis->question, n, argv, NULL);
		if (n < 0)
			return probe_unknown(
			    p, REASON_INTERNAL, "out of memory");
		redis->n_question = (size_t)n;
	}
	turn = send_question(p, redis);
	if (turn == TURN_NEXT)
		turn = receive(p, redis);
	if (turn == TURN_NEXT)
		forget_question(redis);
	return turn;
}

/* The server says no. */
static enum turn
refused(struct probe *p, const struct redis *redis)
{
	char *text = redact(redis->reply->str);

	probe_fail(p, redis_reason_of(redis->reply->str), "%s: %s",
	    redis->target.host, text);
	free(text);
	return TURN_STOP;
}

/* The reply must be this status, or the run ends. */
static enum turn
expect(struct probe *p, const struct redis *redis, const char *status)
{
	const redisReply *reply = redis->reply;

	if (reply->type == REDIS_REPLY_ERROR)
		return refused(p, redis);
	if (reply->type == REDIS_REPLY_STATUS &&
	    strcmp(reply->str, status) == 0)
		return TURN_NEXT;
	return probe_fail(p, REASON_ANSWER, "%s: %s: answered, but not \"%s\"",
	    redis->target.host, redis->silent, status);
}

static enum turn
log_in(struct probe *p, struct redis *redis)
{
	const struct redis_target *target = &redis->target;
	const char *const plain[] = { "AUTH", target->password, NULL };
	const char *const named[] = { "AUTH", target->user, target->password,
		NULL };
	enum turn turn;

	redis->silent = "the login";
	turn = ask(p, redis, target->user != NULL ? named : plain);
	if (turn == TURN_NEXT)
		turn = expect(p, redis, "OK");
	return turn;
}

static enum turn
choose(struct probe *p, struct redis *redis)
{
	char number[16];
	const char *const words[] = { "SELECT", number, NULL };
	enum turn turn;

	snprintf(number, sizeof(number), "%u", redis->target.database);
	redis->silent = "the choice of the database";
	turn = ask(p, redis, words);
	if (turn == TURN_NEXT)
		turn = expect(p, redis, "OK");
	return turn;
}

static enum turn
auth_step(struct probe *p, void *state)
{
	struct redis *redis = state;
	enum turn turn;

	if (redis->reader == NULL)
		redis->reader = redisReaderCreate();
	if (!redis->is_authenticated && redis->target.password != NULL) {
		turn = log_in(p, redis);
		if (turn != TURN_NEXT)
			return turn;
	}
	redis->is_authenticated = true;
	if (redis->target.database != 0)
		return choose(p, redis);
	return TURN_NEXT;
}

static enum turn
ping_step(struct probe *p, void *state)
{
	static const char *const words[] = { "PING", NULL };
	struct redis *redis = state;
	enum turn turn;

	redis->silent = "PING";
	turn = ask(p, redis, words);
	return turn == TURN_NEXT ? expect(p, redis, "PONG") : turn;
}

/* Reading may work where writing does not: read-only, out of memory, a disk
 * that is full. */
static enum turn
write_step(struct probe *p, void *state)
{
	const char *key = probe_config(p)->redis->write;
	const char *const words[] = { "SET", key, "vedette", "PX", CANARY_MS,
		NULL };
	struct redis *redis = state;
	enum turn turn;

	if (key == NULL)
		return TURN_NEXT;
	redis->silent = "the write";
	if (redis->write_us == 0)
		redis->write_us = probe_elapsed_us(p);
	turn = ask(p, redis, words);
	if (turn == TURN_NEXT)
		turn = expect(p, redis, "OK");
	if (turn == TURN_NEXT)
		probe_number(p, "write_duration_ms",
		    (double)(probe_elapsed_us(p) - redis->write_us) / 1000);
	return turn;
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
	name = mem_printf("redis/%s/%s", probe_config(p)->name, what);
	probe_fact(p, name, value, NULL, SOURCE_SERVER);
	free(name);
}

static const struct measure {
	const char *key, *attribute;
} measures[] = {
	{ "uptime_in_seconds", "uptime_s" },
	{ "connected_clients", "clients" },
	{ "blocked_clients", "clients_blocked" },
	{ "rejected_connections", "clients_rejected" },
	{ "used_memory", "memory_used_bytes" },
	{ "maxmemory", "memory_limit_bytes" },
	{ "evicted_keys", "keys_evicted" },
	{ "connected_slaves", "replicas" },
};

static void
tell_server(struct probe *p, const char *info)
{
	char value[VALUE_BYTES];
	double number;

	if (redis_info_text(value, sizeof(value), info, "redis_version") == 0)
		tell(p, "server_version", value);
	/* Another one means that it was started again. */
	if (redis_info_text(value, sizeof(value), info, "run_id") == 0)
		tell(p, "server_run", value);
	for (size_t i = 0; i < sizeof(measures) / sizeof(measures[0]); i++)
		if (redis_info_number(&number, info, measures[i].key) == 0)
			probe_number(p, measures[i].attribute, number);
	if (redis_info_lag(&number, info) == 0)
		probe_number(p, "replication_lag_bytes", number);
}

/* Is it what it should be? */
static enum turn
judge_role(struct probe *p, const struct redis *redis, const char *info)
{
	const char *wanted = probe_config(p)->redis->role, *role;
	char value[VALUE_BYTES];

	if (redis_info_text(value, sizeof(value), info, "role") < 0)
		return TURN_NEXT;
	role = strcmp(value, "master") == 0 ? "primary"
	    : strcmp(value, "slave") == 0   ? "replica"
					    : value;
	tell(p, "server_role", role);
	if (wanted != NULL && strcmp(wanted, role) != 0)
		return probe_fail(p, REASON_ANSWER,
		    "%s: is a %s, and should be a %s", redis->target.host, role,
		    wanted);
	if (redis_info_text(value, sizeof(value), info, "master_link_status") ==
		0 &&
	    strcmp(value, "down") == 0)
		return probe_warn(p, REASON_STALE,
		    "%s: a replica that has lost its primary: what it knows "
		    "is getting old",
		    redis->target.host);
	return TURN_NEXT;
}

/* A user may be kept from asking this; what counts has been answered. */
static enum turn
server_step(struct probe *p, void *state)
{
	static const char *const words[] = { "INFO", NULL };
	struct redis *redis = state;
	enum turn turn;

	redis->silent = "the question who it is";
	turn = ask(p, redis, words);
	if (turn != TURN_NEXT)
		return turn;
	if (redis->reply->type == REDIS_REPLY_STRING) {
		tell_server(p, redis->reply->str);
		return judge_role(p, redis, redis->reply->str);
	}
	if (probe_config(p)->redis->role != NULL)
		return probe_unknown(p, REASON_DENIED,
		    "%s: this user may not ask for its role (INFO)",
		    redis->target.host);
	return TURN_NEXT;
}

static void
expire(struct probe *p, void *state)
{
	const struct redis *redis = state;
	char span[TEXT_SPAN_BYTES];

	if (redis->silent == NULL) {
		connect_expire(p, &redis->connection);
		return;
	}
	text_span(span, (int64_t)probe_config(p)->timeout_ms * 1000);
	probe_fail(p, REASON_TIMEOUT, "%s: no answer to %s within %s",
	    redis->target.host, redis->silent, span);
}

static void
cleanup(void *state)
{
	struct redis *redis = state;

	freeReplyObject(redis->reply);
	if (redis->reader != NULL)
		redisReaderFree(redis->reader);
	forget_question(redis);
	secure_close(redis->secure);
	connect_close(&redis->connection);
	redis_target_fini(&redis->target);
}

/* --- the configuration ---------------------------------------------------- */

static int
check_inputs(const struct conf *conf, const char *path,
    const struct redis_inputs *inputs, struct err *err)
{
	int n = (inputs->url != NULL) + (inputs->host != NULL) +
	    (inputs->variables != NULL);
	char at[256];

	if (n != 1)
		return conf_complain(conf, err, path,
		    "must have exactly one of url, host and variables");
	snprintf(at, sizeof(at), "%s.variables", path);
	if (inputs->variables != NULL &&
	    config_check_source(conf, at, inputs->variables, err) < 0)
		return -1;
	if (inputs->user != NULL && inputs->password == NULL)
		return conf_complain(
		    conf, err, path, "a user needs a password");
	return 0;
}

static int
check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct redis_config *redis = config->redis;
	char at[256];
	int rc = 0;

	rc |= check_inputs(conf, path, &redis->inputs, err);
	snprintf(at, sizeof(at), "%s.role", path);
	if (redis->role != NULL && strcmp(redis->role, "primary") != 0 &&
	    strcmp(redis->role, "replica") != 0)
		rc = conf_complain(conf, err, at, "must be primary or replica");
	snprintf(at, sizeof(at), "%s.write", path);
	if (redis->write != NULL && redis->write[0] == '\0')
		rc = conf_complain(
		    conf, err, at, "must be a key that nobody else uses");
	if (redis->reference == NULL)
		return rc;
	snprintf(at, sizeof(at), "%s.reference", path);
	return rc | check_inputs(conf, at, redis->reference, err);
}

static bool
has_reference(const struct probe_config *config)
{
	return config->redis->reference != NULL;
}

static const struct probe_step steps[] = {
	{ "inputs", inputs_step },
	{ "resolve", resolve_step },
	{ "connect", connect_step },
	{ "tls", tls_step },
	{ "auth", auth_step },
	{ "ping", ping_step },
	{ "write", write_step },
	{ "server", server_step },
	{ NULL, NULL },
};

const struct probe_kind redis_kind = {
	.name = "redis",
	.state_size = sizeof(struct redis),
	.steps = steps,
	.expire = expire,
	.cleanup = cleanup,
	.check = check,
	.has_reference = has_reference,
};
