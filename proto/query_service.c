/* The serving side of query.h. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/list.h"
#include "proto/base/text.h"
#include "proto/label.h"
#include "proto/query_codec.h"
#include "proto/result_codec.h"

#define LIMIT_DEFAULT    100
#define LIMIT_MAX        10000
#define PATTERN_MAX      256
#define PERMITTED_SEARCH 64 /* stars of a pattern, each of which costs time */

struct query_service {
	ProtobufCService base;
	const struct query_handlers *handlers;
	void *arg;
	struct list jobs;
};

struct query_job {
	struct list node;
	struct rpc_call *call;           /* NULL once the service was stopped */
	const struct query_later *later; /* if it was asked in this process */
	void *later_arg;
	unsigned method;
	struct arena *arena;
	const ProtobufCMessage *request, *answer; /* in the arena */
};

/* --- checks ----------------------------------------------------------------- */

/* Refuses callers who may not ask. */
static bool
may_ask(struct rpc_call *call)
{
	struct err err;

	if (peer_is_user(rpc_call_peer(call), &err) == 0)
		return true;
	rpc_call_fail(call, RPC_PERMISSION_DENIED, 0, "%s", err.text);
	return false;
}

static int
check_name(const char *what, const char *name, struct err *err)
{
	if (name[0] == '\0' || label_is(name))
		return 0;
	return err_set(err, ERR_INVALID, "%s is not " LABEL_RULE, what);
}

static int
check_environment(const char *what, const char *name, struct err *err)
{
	if (name[0] == '\0' || label_is_environment(name))
		return 0;
	return err_set(err, ERR_INVALID, "%s is not " ENVIRONMENT_RULE, what);
}

static int
check_places(const char *environment, const char *service, struct err *err)
{
	if (check_environment("environment", environment, err) < 0)
		return -1;
	return check_name("service", service, err);
}

static int
check_span(int64_t from_ms, int64_t to_ms, uint32_t *limit, struct err *err)
{
	if (from_ms < 0 || from_ms > CODEC_AT_MAX_MS || to_ms < 0 ||
	    to_ms > CODEC_AT_MAX_MS)
		return err_set(err, ERR_INVALID, "a time outside 1970 to 2200");
	if (to_ms != 0 && to_ms <= from_ms)
		return err_set(
		    err, ERR_INVALID, "a span that ends before it begins");
	if (*limit > LIMIT_MAX)
		return err_set(err, ERR_INVALID, "limit %u, at most %d", *limit,
		    LIMIT_MAX);
	if (*limit == 0)
		*limit = LIMIT_DEFAULT;
	return 0;
}

static int
check_pattern(const char *pattern, struct err *err)
{
	size_t stars = 0;

	for (const char *at = pattern; *at != '\0'; at++)
		stars += *at == '*';
	if (strlen(pattern) <= PATTERN_MAX && stars <= PERMITTED_SEARCH)
		return 0;
	return err_set(err, ERR_INVALID,
	    "name: a pattern of at most %d bytes and %d stars", PATTERN_MAX,
	    PERMITTED_SEARCH);
}

enum rpc_code
query_code(const struct err *err)
{
	if (err->code == ERR_INVALID)
		return RPC_INVALID_ARGUMENT;
	return err->code == ERR_NOT_FOUND ? RPC_NOT_FOUND : RPC_INTERNAL;
}

/* --- methods ---------------------------------------------------------------- */

static const ProtobufCMessage *
answer_status(const struct query_service *service, struct arena *arena,
    const void *message, struct err *err)
{
	const Vedette__StatusRequest *input = message;
	struct query_status request = {
		.environment = input->environment,
		.service = input->service,
	};
	struct status_answer answer = { 0 };

	if (check_places(request.environment, request.service, err) < 0 ||
	    service->handlers->status(
		service->arg, &answer, arena, &request, err) < 0)
		return NULL;
	return &status_pack(arena, &answer)->base;
}

static const ProtobufCMessage *
answer_history(const struct query_service *service, struct arena *arena,
    const void *message, struct err *err)
{
	const Vedette__HistoryRequest *input = message;
	struct query_history request = {
		.environment = input->environment,
		.service = input->service,
		.agent = input->agent,
		.probe = input->probe,
		.from_ms = input->from_ms,
		.to_ms = input->to_ms,
		.limit = input->limit,
	};
	struct history_answer answer = { 0 };

	if (check_places(request.environment, request.service, err) < 0 ||
	    check_name("agent", request.agent, err) < 0 ||
	    check_name("probe", request.probe, err) < 0 ||
	    check_span(request.from_ms, request.to_ms, &request.limit, err) <
		0 ||
	    service->handlers->history(
		service->arg, &answer, arena, &request, err) < 0)
		return NULL;
	return &history_pack(arena, &answer)->base;
}

static const ProtobufCMessage *
answer_changes(const struct query_service *service, struct arena *arena,
    const void *message, struct err *err)
{
	const Vedette__ChangesRequest *input = message;
	struct query_changes request = {
		.environment = input->environment,
		.service = input->service,
		.name = input->name,
		.from_ms = input->from_ms,
		.to_ms = input->to_ms,
		.limit = input->limit,
	};
	struct changes_answer answer = { 0 };

	if (check_places(request.environment, request.service, err) < 0 ||
	    check_pattern(request.name, err) < 0 ||
	    check_span(request.from_ms, request.to_ms, &request.limit, err) <
		0 ||
	    service->handlers->changes(
		service->arg, &answer, arena, &request, err) < 0)
		return NULL;
	return &changes_pack(arena, &answer)->base;
}

static const ProtobufCMessage *
answer_regressions(const struct query_service *service, struct arena *arena,
    const void *message, struct err *err)
{
	const Vedette__RegressionsRequest *input = message;
	struct query_regressions request = {
		.environment = input->environment,
		.service = input->service,
		.from_ms = input->from_ms,
		.to_ms = input->to_ms,
		.open_only = input->open_only,
		.limit = input->limit,
	};
	struct regressions_answer answer = { 0 };

	if (check_places(request.environment, request.service, err) < 0 ||
	    check_span(request.from_ms, request.to_ms, &request.limit, err) <
		0 ||
	    service->handlers->regressions(
		service->arg, &answer, arena, &request, err) < 0)
		return NULL;
	return &regressions_pack(arena, &answer)->base;
}

static int
check_document(struct query_document *request, struct err *err)
{
	if (!text_is_name(request->question))
		return err_set(err, ERR_INVALID, "question is not a name");
	if (check_places(request->environment, request->service, err) < 0 ||
	    check_name("agent", request->agent, err) < 0 ||
	    check_name("probe", request->probe, err) < 0 ||
	    check_environment("other", request->other, err) < 0)
		return -1;
	if (request->span_ms < 0 || request->span_ms > CODEC_AT_MAX_MS ||
	    request->last_ms < 0 || request->last_ms > CODEC_AT_MAX_MS ||
	    (request->last_ms != 0 && request->from_ms != 0))
		return err_set(err, ERR_INVALID,
		    "a step or a span that cannot be, or two beginnings");
	return check_span(
	    request->from_ms, request->to_ms, &request->limit, err);
}

static struct query_document
document_request(const Vedette__DocumentRequest *input)
{
	return (struct query_document){
		.question = input->question,
		.environment = input->environment,
		.service = input->service,
		.agent = input->agent,
		.probe = input->probe,
		.other = input->other,
		.from_ms = input->from_ms,
		.to_ms = input->to_ms,
		.limit = input->limit,
		.span_ms = input->span_ms,
		.together = input->together,
		.last_ms = input->last_ms,
	};
}

static const ProtobufCMessage *
answer_document(const struct query_service *service, struct arena *arena,
    const void *message, struct err *err)
{
	struct query_document request = document_request(message);
	Vedette__Document *document = arena_zalloc(arena, sizeof(*document));
	const char *json;

	if (check_document(&request, err) < 0 ||
	    service->handlers->document(
		service->arg, &json, arena, &request, err) < 0)
		return NULL;
	vedette__document__init(document);
	document->json = codec_lend(json);
	return &document->base;
}

/* --- answering --------------------------------------------------------------- */

/* In the order of query.proto.  Each returns its answer in the arena, or NULL
 * with err. */
static const ProtobufCMessage *(*const methods[])(
    const struct query_service *service, struct arena *arena,
    const void *message, struct err *err) = {
	answer_status,
	answer_history,
	answer_changes,
	answer_regressions,
	answer_document,
};

const ProtobufCMessage *
query_answer(const struct query_handlers *handlers, void *arg, unsigned method,
    struct arena *arena, const void *request, struct err *err)
{
	const struct query_service service = { .handlers = handlers,
		.arg = arg };

	return methods[method](&service, arena, request, err);
}

/* --- answering later -------------------------------------------------------- */

bool
query_is_later(const struct query_handlers *handlers, unsigned method)
{
	return handlers->later != NULL && methods[method] != answer_status;
}

/* What was asked belongs to the call, which may be gone before the job. */
static struct query_job *
job_new(unsigned method, const ProtobufCMessage *request)
{
	struct query_job *job = mem_zalloc(sizeof(*job));
	size_t n = protobuf_c_message_get_packed_size(request);
	unsigned char *bytes;

	list_init(&job->node);
	job->method = method;
	job->arena = arena_new(0);
	bytes = arena_zalloc(job->arena, n);
	protobuf_c_message_pack(request, bytes);
	/* Asked in this process, its texts may be anything. */
	job->request =
	    message_parse(request->descriptor, job->arena, bytes, n, NULL);
	assert(job->request != NULL); /* it was one */
	return job;
}

void
query_answer_later(const struct query_handlers *handlers, void *handlers_arg,
    unsigned method, const ProtobufCMessage *request,
    const struct query_later *later, void *arg)
{
	struct query_job *job = job_new(method, request);

	job->later = later;
	job->later_arg = arg;
	handlers->later(handlers_arg, job);
}

bool
query_job_is_late(const struct query_job *job)
{
	if (job->later != NULL)
		return false;
	return job->call == NULL || rpc_call_left_ms(job->call) <= 0;
}

int
query_job_make(struct query_job *job, const struct query_handlers *handlers,
    void *arg, struct err *err)
{
	job->answer = query_answer(
	    handlers, arg, job->method, job->arena, job->request, err);
	if (job->answer == NULL)
		return -1;
	if (job->later != NULL)
		job->later->made(job->later_arg, job->answer);
	return 0;
}

static void
job_free(struct query_job *job)
{
	list_remove(&job->node);
	arena_free(job->arena);
	free(job);
}

/* In vain. */
static void
job_end(struct query_job *job, enum rpc_code code, uint32_t retry_ms,
    const char *why)
{
	struct rpc_status status = { .code = code, .retry_ms = retry_ms };

	snprintf(status.message, sizeof(status.message), "%s", why);
	if (job->later != NULL)
		job->later->told(job->later_arg, &status);
	if (job->call != NULL)
		rpc_call_fail(job->call, code, retry_ms, "%s", why);
	job_free(job);
}

void
query_job_answer(struct query_job *job, const struct err *err)
{
	const struct rpc_status status = { .code = RPC_OK };

	if (job->answer == NULL) {
		job_end(job, query_code(err), 0, err->text);
		return;
	}
	if (job->later != NULL)
		job->later->told(job->later_arg, &status);
	if (job->call != NULL)
		rpc_call_answer(job->call, job->answer);
	job_free(job);
}

void
query_job_refuse(struct query_job *job, uint32_t retry_ms, const char *why)
{
	job_end(job, RPC_UNAVAILABLE, retry_ms, why);
}

void
query_job_drop(struct query_job *job)
{
	job_end(job, RPC_DEADLINE_EXCEEDED, 0,
	    "waited for its turn longer than it had");
}

/* --- serving ------------------------------------------------------------------ */

static void
invoke(ProtobufCService *base, unsigned method, const ProtobufCMessage *input,
    ProtobufCClosure closure, void *call)
{
	struct query_service *service = (struct query_service *)base;
	const ProtobufCMessage *answer;
	struct query_job *job;
	struct arena *arena;
	struct err err;

	if (!may_ask(call))
		return;
	if (query_is_later(service->handlers, method)) {
		job = job_new(method, input);
		job->call = call;
		list_push(&service->jobs, &job->node);
		service->handlers->later(service->arg, job);
		return;
	}
	arena = arena_new(0);
	answer = methods[method](service, arena, input, &err);
	if (answer != NULL)
		closure(answer, call);
	else
		rpc_call_fail(call, query_code(&err), 0, "%s", err.text);
	arena_free(arena);
}

struct query_service *
query_service_new(
    struct rpc_server *server, const struct query_handlers *handlers, void *arg)
{
	struct query_service *service = mem_zalloc(sizeof(*service));

	assert(vedette__query__descriptor.n_methods ==
	    sizeof(methods) / sizeof(methods[0]));
	service->base.descriptor = &vedette__query__descriptor;
	service->base.invoke = invoke;
	service->handlers = handlers;
	service->arg = arg;
	list_init(&service->jobs);
	rpc_server_add(server, &service->base);
	return service;
}

void
query_service_stop(struct query_service *service)
{
	LIST_EACH (node, &service->jobs) {
		list_remove(node);
		LIST_ITEM(node, struct query_job, node)->call = NULL;
	}
}

void
query_service_free(struct query_service *service)
{
	free(service);
}
