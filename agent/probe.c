#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/run.h"
#include "proto/base/text.h"

#define ATTEMPT_MAX_BYTES (1024 * 1024) /* attributes and facts */
#define FACTS_MAX         1024
#define HIDDEN_MIN_BYTES  3 /* shorter text is no secret and everywhere */
#define HIDDEN_AS         "***"

/* --- about the run -------------------------------------------------------- */

const struct probe_config *
probe_config(const struct probe *probe)
{
	return probe->config;
}

bool
probe_is_reference(const struct probe *probe)
{
	return probe->is_reference;
}

struct fingerprint *
probe_fingerprint(const struct probe *probe)
{
	return runner_fingerprint(probe->runner);
}

struct tokens *
probe_tokens(const struct probe *probe)
{
	return runner_tokens(probe->runner);
}

int64_t
probe_elapsed_us(const struct probe *probe)
{
	int64_t now_ns = clock_mono_ns(runner_clock(probe->runner));

	return (now_ns - probe->attempt.began_ns) / 1000;
}

int64_t
probe_now_ms(const struct probe *probe)
{
	return clock_wall_ms(runner_clock(probe->runner));
}

/* --- text ----------------------------------------------------------------- */

/* Writes text without what is hidden; owned by the caller. */
static char *
without(const char *text, const char *hidden)
{
	struct text out = { 0 };
	const char *at;

	while ((at = strstr(text, hidden)) != NULL) {
		text_add_bytes(&out, text, (size_t)(at - text));
		text_add(&out, HIDDEN_AS);
		text = at + strlen(hidden);
	}
	text_add(&out, text);
	return text_take(&out);
}

/* Takes text and returns it fit to leave: nothing hidden, printable, short
 * enough. */
static char *
fit(const struct probe *probe, char *text, size_t max)
{
	const struct hidden *hidden = probe->attempt.hidden;
	char *next;
	size_t n;

	for (; hidden != NULL; hidden = hidden->next) {
		next = without(text, hidden->text);
		explicit_bzero(text, strlen(text));
		free(text);
		text = next;
	}
	n = strlen(text);
	while (n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL)
		n--;
	if (n > max)
		n = max;
	text[n] = '\0';
	text_sanitise(text, n);
	return text;
}

static char *__attribute__((format(printf, 2, 0)))
fit_format(const struct probe *probe, const char *format, va_list args)
{
	const char *label = probe->attempt.label;
	char *text = NULL, *whole;

	if (vasprintf(&text, format, args) < 0)
		abort(); /* as mem_printf() does */
	if (label != NULL) {
		whole = mem_printf("%s: %s", label, text);
		explicit_bzero(text, strlen(text));
		free(text);
		text = whole;
	}
	return fit(probe, text, MESSAGE_MAX_BYTES - 1);
}

void
probe_label(struct probe *probe, const char *label)
{
	free(probe->attempt.label);
	probe->attempt.label = mem_strdup(label);
}

void
probe_hide(struct probe *probe, const char *text)
{
	struct hidden **at = &probe->attempt.hidden;
	size_t n = text == NULL ? 0 : strlen(text);
	struct hidden *hidden;

	if (n < HIDDEN_MIN_BYTES)
		return;
	hidden = mem_zalloc(sizeof(*hidden) + n + 1);
	memcpy(hidden->text, text, n);
	/* The longest first: one may be a part of another. */
	while (*at != NULL && strlen((*at)->text) > n)
		at = &(*at)->next;
	hidden->next = *at;
	*at = hidden;
}

#define SET_MESSAGE(probe, format)                       \
	do {                                             \
		va_list args;                            \
		va_start(args, format);                  \
		free((probe)->attempt.message);          \
		(probe)->attempt.message =               \
		    fit_format((probe), (format), args); \
		va_end(args);                            \
	} while (0)

static enum turn
stop(struct probe *probe, enum outcome outcome, enum reason reason)
{
	probe->attempt.outcome = outcome;
	probe->attempt.reason = reason;
	return TURN_STOP;
}

enum turn
probe_fail(struct probe *probe, enum reason reason, const char *format, ...)
{
	SET_MESSAGE(probe, format);
	return stop(probe, OUTCOME_CRITICAL, reason);
}

enum turn
probe_warn(struct probe *probe, enum reason reason, const char *format, ...)
{
	SET_MESSAGE(probe, format);
	return stop(probe, OUTCOME_WARNING, reason);
}

enum turn
probe_unknown(struct probe *probe, enum reason reason, const char *format, ...)
{
	SET_MESSAGE(probe, format);
	return stop(probe, OUTCOME_UNKNOWN, reason);
}

void
probe_say(struct probe *probe, const char *format, ...)
{
	SET_MESSAGE(probe, format);
}

const char *
probe_message(const struct probe *probe)
{
	return probe->attempt.message != NULL ? probe->attempt.message : "";
}

enum reason
probe_reason(const struct probe *probe)
{
	return probe->attempt.reason;
}

/* --- attributes, facts ---------------------------------------------------- */

static struct arena *
arena_of(struct attempt *attempt)
{
	if (attempt->arena == NULL)
		attempt->arena = arena_new(ATTEMPT_MAX_BYTES);
	return attempt->arena;
}

/* Copies text, fit to leave; NULL gives NULL. */
static const char *
keep(struct probe *probe, const char *text)
{
	char *fitting, *copy;

	if (text == NULL)
		return NULL;
	fitting = fit(probe, mem_strdup(text), TEXT_MAX_BYTES - 1);
	copy = arena_strdup(arena_of(&probe->attempt), fitting);
	free(fitting);
	return copy == NULL ? "" : copy;
}

/* The attribute of this name, or a new one; NULL when there are too many, or it
 * is declared: of these the configuration has the word, not a plug-in that
 * measures something of the same name. */
static struct attribute *
attribute_of(struct probe *probe, const char *name)
{
	struct attempt *attempt = &probe->attempt;
	struct attribute *attribute;

	for (size_t i = 0; i < attempt->n_attributes; i++)
		if (strcmp(attempt->attributes[i].name, name) == 0)
			return i < attempt->n_declared
			    ? NULL
			    : &attempt->attributes[i];
	if (attempt->n_attributes == ATTRIBUTES_MAX)
		return NULL;
	attempt->attributes = mem_resize(
	    attempt->attributes, attempt->n_attributes + 1, sizeof(*attribute));
	attribute = &attempt->attributes[attempt->n_attributes++];
	*attribute = (struct attribute){ .name = keep(probe, name) };
	return attribute;
}

void
probe_text(struct probe *probe, const char *name, const char *text)
{
	struct attribute *attribute = attribute_of(probe, name);

	if (attribute != NULL)
		attribute->text = keep(probe, text);
}

void
probe_number(struct probe *probe, const char *name, double number)
{
	struct attribute *attribute = attribute_of(probe, name);

	if (attribute == NULL)
		return;
	attribute->text = NULL;
	attribute->number = number;
}

void
probe_fact(struct probe *probe, const char *name, const char *value,
    const char *fingerprint, enum source source)
{
	struct attempt *attempt = &probe->attempt;
	int64_t now_ms = probe_now_ms(probe);
	char *own = NULL;

	if (attempt->n_facts == FACTS_MAX)
		return;
	if (probe->config->replica != NULL)
		name = own = mem_printf("%s@%s", name, probe->config->replica);
	attempt->facts = mem_resize(
	    attempt->facts, attempt->n_facts + 1, sizeof(*attempt->facts));
	attempt->facts[attempt->n_facts++] = (struct fact){
		.service = probe->config->service,
		.name = keep(probe, name),
		.value = keep(probe, value),
		.fingerprint = keep(probe, fingerprint),
		.source = source,
		.at_ms = now_ms,
	};
	free(own);
}

enum reason
probe_reason_of_errno(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return REASON_REFUSED;
	case ECONNRESET:
	case ECONNABORTED:
	case EPIPE:
		return REASON_RESET;
	case ENETUNREACH:
	case EHOSTUNREACH:
	case ENETDOWN:
	case EHOSTDOWN:
	case EAFNOSUPPORT:
		return REASON_UNREACHABLE;
	case ETIMEDOUT:
		return REASON_TIMEOUT;
	case EACCES:
	case EPERM:
		return REASON_DENIED;
	default:
		return REASON_INTERNAL;
	}
}

/* --- waiting -------------------------------------------------------------- */

static void
on_ready(void *arg, int fd, int events)
{
	struct probe *probe = arg;

	(void)fd;
	(void)events;
	attempt_unwait(&probe->attempt);
	run_resume(probe);
}

enum turn
probe_await(struct probe *probe, int fd, int events)
{
	struct err err;

	assert(probe->attempt.watch == NULL);
	if (watch_open(&probe->attempt.watch, runner_loop(probe->runner), fd,
		on_ready, probe, &err) < 0)
		return probe_unknown(probe, REASON_INTERNAL, "%s", err.text);
	watch_set(probe->attempt.watch, events);
	return TURN_WAIT;
}

enum turn
probe_await_until(struct probe *probe, int fd, int events, int64_t elapsed_us)
{
	enum turn turn = probe_await(probe, fd, events);

	if (turn == TURN_WAIT)
		run_wake_at(probe, elapsed_us);
	return turn;
}

enum turn
probe_pause(struct probe *probe, int64_t elapsed_us)
{
	run_wake_at(probe, elapsed_us);
	return TURN_WAIT;
}

void
probe_target(struct probe *probe, const char *host, uint16_t port)
{
	struct attempt *attempt = &probe->attempt;

	free(attempt->host);
	attempt->host = mem_strdup(host);
	attempt->port = port;
	attempt->n_addresses = 0;
}

/* Keeps what was found for the step, which is called again. */
static void
on_resolved(void *arg, const struct resolved *resolved)
{
	struct attempt *attempt = &((struct probe *)arg)->attempt;

	attempt->resolve = NULL;
	attempt->answer = mem_dup(resolved, sizeof(*resolved));
	if (resolved->n_answer > 0)
		attempt->answer->answer =
		    mem_dup(resolved->answer, resolved->n_answer);
	run_resume(arg);
}

static void
forget_end(struct attempt *attempt)
{
	if (attempt->end != NULL)
		child_end_fini(attempt->end);
	free(attempt->end);
	attempt->end = NULL;
}

void
attempt_forget_answer(struct attempt *attempt)
{
	if (attempt->answer != NULL)
		free((void *)(uintptr_t)attempt->answer->answer);
	free(attempt->answer);
	attempt->answer = NULL;
	forget_end(attempt);
}

enum turn
probe_resolve(struct probe *probe, void *state)
{
	struct attempt *attempt = &probe->attempt;
	struct resolved *found = attempt->answer;
	enum turn turn = TURN_NEXT;

	(void)state;
	assert(attempt->host != NULL);
	if (attempt->n_addresses > 0)
		return TURN_NEXT;
	if (address_parse(
		&attempt->addresses[0], attempt->host, attempt->port) == 0) {
		attempt->n_addresses = 1;
		return TURN_NEXT;
	}
	if (found == NULL) {
		attempt->resolve = resolve_start(runner_resolver(probe->runner),
		    attempt->host, attempt->port, on_resolved, probe);
		return TURN_WAIT;
	}
	if (found->reason == REASON_NONE) {
		memcpy(attempt->addresses, found->addresses,
		    sizeof(attempt->addresses));
		attempt->n_addresses = found->n_addresses;
	} else if (found->reason == REASON_INTERNAL) {
		turn = probe_unknown(probe, REASON_INTERNAL, "%s: %s",
		    attempt->host, found->why);
	} else {
		turn = probe_fail(
		    probe, found->reason, "%s: %s", attempt->host, found->why);
	}
	attempt_forget_answer(attempt);
	return turn;
}

enum turn
probe_query(struct probe *probe, const char *server, const char *name, int type)
{
	probe->attempt.resolve = resolve_query(runner_resolver(probe->runner),
	    server, name, type, on_resolved, probe);
	return TURN_WAIT;
}

const struct resolved *
probe_answer(const struct probe *probe)
{
	return probe->attempt.answer;
}

const struct sockaddr *
probe_address(const struct probe *probe, size_t i, socklen_t *out_size)
{
	const struct attempt *attempt = &probe->attempt;

	if (i >= attempt->n_addresses)
		return NULL;
	if (out_size != NULL)
		*out_size = address_size(&attempt->addresses[i]);
	return &attempt->addresses[i].any;
}

static void
on_transferred(void *arg, int code)
{
	struct probe *probe = arg;

	probe->attempt.transfer = NULL;
	probe->attempt.transfer_code = code;
	run_resume(probe);
}

enum turn
probe_transfer(struct probe *probe, void *curl)
{
	struct transfers *transfers;
	struct err err;

	probe->attempt.transfer_code = -1;
	transfers = runner_transfers(probe->runner, &err);
	if (transfers == NULL ||
	    transfer_start(&probe->attempt.transfer, transfers, curl,
		on_transferred, probe, &err) < 0)
		return probe_unknown(probe, REASON_INTERNAL, "%s", err.text);
	return TURN_WAIT;
}

int
probe_transfer_code(const struct probe *probe)
{
	return probe->attempt.transfer_code;
}

/* --- other programs ------------------------------------------------------- */

static void
on_child_end(void *arg, struct child_end *end)
{
	struct attempt *attempt = &((struct probe *)arg)->attempt;

	attempt->child = NULL;
	attempt->end = mem_dup(end, sizeof(*end));
	run_resume(arg);
}

enum turn
probe_spawn(struct probe *probe, const struct child_setup *setup)
{
	struct err err;

	forget_end(&probe->attempt);
	if (child_start(&probe->attempt.child, runner_loop(probe->runner),
		setup, on_child_end, probe, &err) == 0)
		return TURN_WAIT;
	return probe_unknown(probe,
	    err.code == ERR_NOT_FOUND    ? REASON_MISSING
		: err.code == ERR_DENIED ? REASON_DENIED
					 : REASON_INTERNAL,
	    "%s", err.text);
}

const struct child_end *
probe_child_end(const struct probe *probe)
{
	return probe->attempt.end;
}

void
probe_forget_child(struct probe *probe)
{
	forget_end(&probe->attempt);
}

char *
probe_state_path(const struct probe *probe)
{
	const char *folder = runner_state_directory(probe->runner);

	if (folder == NULL)
		return NULL;
	return mem_printf("%s/probe-%s.state", folder, probe->config->name);
}

/* --- the end -------------------------------------------------------------- */

void
attempt_unwait(struct attempt *attempt)
{
	watch_close(attempt->watch);
	attempt->watch = NULL;
	attempt->wake_us = 0;
}

void
attempt_stop(struct attempt *attempt, const struct probe_kind *kind)
{
	attempt_unwait(attempt);
	resolve_cancel(attempt->resolve);
	transfer_cancel(attempt->transfer);
	child_cancel(attempt->child);
	attempt->resolve = NULL;
	attempt->transfer = NULL;
	attempt->child = NULL;
	if (attempt->state != NULL && kind->cleanup != NULL)
		kind->cleanup(attempt->state);
	free(attempt->state);
	attempt->state = NULL;
	attempt_forget_answer(attempt);
}

void
attempt_fini(struct attempt *attempt)
{
	struct hidden *next;

	assert(attempt->state == NULL);
	free(attempt->host);
	free(attempt->message);
	free(attempt->label);
	free(attempt->attributes);
	free(attempt->facts);
	arena_free(attempt->arena);
	for (; attempt->hidden != NULL; attempt->hidden = next) {
		next = attempt->hidden->next;
		explicit_bzero(
		    attempt->hidden->text, strlen(attempt->hidden->text));
		free(attempt->hidden);
	}
	memset(attempt, 0, sizeof(*attempt));
}
