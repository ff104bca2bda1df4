#include <string.h>

#include "collector/diagnose/kin.h"
#include "collector/diagnose/node.h"
#include "collector/diagnose/platform.h"
#include "collector/diagnose/words.h"
#include "proto/base/text.h"

#define STALE_INTERVALS  3
#define STALE_LEAST_MS   INT64_C(5000)   /* on its way to the collector */
#define STALE_UNKNOWN_MS INT64_C(600000) /* nobody knows the interval */
#define SLOWER_US        INT64_C(20000)  /* and half as much again */
#define FLIPS_LEAST      4
#define AGAIN_LEAST      3 /* lost packets; one is chance */
#define PHASE_BYTES      64

static const char *const layer_names[LAYER_COUNT] = {
	"observer",
	"env",
	"config",
	"secret",
	"platform",
	"dns",
	"tcp",
	"tls",
	"auth",
	"query",
	"app",
	"golden",
};

const char *
layer_name(enum layer layer)
{
	return layer_names[layer];
}

/* --- what a view is worth ------------------------------------------------------ */

bool
node_is_failing(const struct scene_view *view)
{
	if (view->last->outcome == OUTCOME_CRITICAL || view->is_relapsing ||
	    view->is_testifying || view->is_late)
		return true;
	/* Half of the replicas, or one run in five: flapping is failing.  One
	 * that failed for a while and is well now has recovered. */
	return view->n_flips >= FLIPS_LEAST && view->n_good < 5 &&
	    view->n_recent_bad * 5 >= view->n_episode;
}

bool
node_is_longer(int64_t recent_us, int64_t usual_us)
{
	return usual_us > 0 && recent_us * 2 > usual_us * 3 &&
	    recent_us > usual_us + SLOWER_US;
}

bool
node_is_lossy(const struct scene_view *view)
{
	return view->n_again >= AGAIN_LEAST;
}

bool
node_is_slow(const struct scene_view *view)
{
	return node_is_lossy(view) ||
	    node_is_longer(view->recent_connect_us, view->usual_connect_us);
}

bool
node_takes_longer(const struct scene_view *view)
{
	return node_is_longer(view->recent_us, view->usual_us);
}

bool
node_is_fresh(const struct scene *scene, const struct scene_view *view)
{
	int64_t limit_ms = STALE_INTERVALS * (int64_t)view->series->interval_ms;

	if (view->series->interval_ms == 0)
		limit_ms = STALE_UNKNOWN_MS;
	else if (limit_ms < STALE_LEAST_MS)
		limit_ms = STALE_LEAST_MS;
	return scene->at_ms - view->last->at_ms <= limit_ms;
}

bool
node_counts(const struct scene_view *view)
{
	return vantage_counts(view->series->vantage);
}

bool
node_is_inside(const struct scene_view *view)
{
	return vantage_is_inside(view->series->vantage);
}

bool
node_is_user_facing(const struct scene *scene, const struct scene_view *view)
{
	const struct scene_service *declared =
	    node_service(scene, view->series->service);

	if (text_same(view->series->kind, "journey"))
		return true;
	for (size_t i = 0; declared != NULL && i < declared->n_journeys; i++)
		if (text_same(declared->journeys[i], view->series->probe))
			return true;
	/* Where nobody declared journeys: whoever asks it, and what somebody
	 * outside looks at.  Who watches an environment as a whole watches
	 * observers. */
	if (view->series->service[0] == '\0' ||
	    (declared != NULL && declared->n_journeys > 0))
		return false;
	/* Of what nobody declared, whoever answers may face users. */
	if (text_same(view->series->kind, "http"))
		return declared == NULL ||
		    node_is_application(scene, view->series->service);
	return text_same(view->series->kind, "exec") &&
	    view->series->vantage == VANTAGE_EXTERNAL &&
	    node_is_application(scene, view->series->service);
}

/* --- where a view stands -------------------------------------------------------- */

enum product
node_asked(const struct series *series)
{
	return platform_is_kind(series->kind) ? PRODUCT_NONE
					      : product_of_name(series->kind);
}

static bool
fits(const struct scene *scene, const struct series *series,
    const char *dependency)
{
	enum product asked = node_asked(series);

	if (kin_is_named(series->probe, dependency))
		return true;
	if (asked == PRODUCT_NONE)
		asked = product_of_name(series->probe);
	return asked != PRODUCT_NONE &&
	    kin_product(node_service(scene, dependency)) == asked;
}

/* The dependency that a run of an application's own probe goes to. */
static const char *
dependency_of(const struct scene *scene, const struct series *series)
{
	const struct scene_service *own = node_service(scene, series->service);

	for (size_t i = 0; own != NULL && i < own->n_depends_on; i++)
		if (fits(scene, series, own->depends_on[i]))
			return own->depends_on[i];
	for (size_t i = 0; own != NULL && i < own->n_optional; i++)
		if (fits(scene, series, own->optional[i]))
			return own->optional[i];
	return node_asked(series) != PRODUCT_NONE ? series->kind : "";
}

static void
copy(char out[PHASE_BYTES], const char *text)
{
	size_t n = strnlen(text, PHASE_BYTES - 1);

	memcpy(out, text, n);
	out[n] = '\0';
}

/* The phase in which a run ended; where phases were not recorded, the one that
 * its reason begins with.  "" when nobody said.  Returns out. */
static const char *
last_phase(char out[PHASE_BYTES], const struct scene_view *view)
{
	const struct result *told = view->told;
	size_t n = told->n_phases;

	out[0] = '\0';
	if (n > 0 && n <= view->series->n_phases) {
		copy(out, view->series->phases[n - 1]);
		return out;
	}
	for (size_t i = 0; i < told->n_attributes; i++) {
		const struct attribute *attribute = &told->attributes[i];

		if (text_same(attribute->name, ATTRIBUTE_REASON) &&
		    attribute->text != NULL)
			copy(out, attribute->text);
	}
	out[strcspn(out, ".")] = '\0';
	return out;
}

static enum layer
layer_of_phase(const char *phase, enum layer otherwise)
{
	static const struct {
		const char *phase;
		enum layer layer;
	} phases[] = {
		{ "inputs", LAYER_ENV },
		{ "resolve", LAYER_DNS },
		{ "connect", LAYER_TCP },
		{ "tcp", LAYER_TCP },
		{ "tls", LAYER_TLS },
		{ "auth", LAYER_AUTH },
		{ "ready", LAYER_AUTH },
		{ "query", LAYER_QUERY },
		{ "write", LAYER_QUERY },
		{ "server", LAYER_QUERY },
		{ "sessions", LAYER_QUERY },
	};

	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++)
		if (text_same(phases[i].phase, phase))
			return phases[i].layer;
	return otherwise;
}

/* Some classes say by themselves how far a run came. */
static enum layer
layer_of_reason(enum reason reason, enum layer otherwise)
{
	switch (reason) {
	case REASON_NXDOMAIN:
	case REASON_SERVFAIL:
	case REASON_NO_ADDRESS:
		return LAYER_DNS;
	case REASON_CERTIFICATE:
	case REASON_HANDSHAKE:
	case REASON_EXPIRED:
	case REASON_WRONG_NAME:
	case REASON_AUTHORITY:
		return LAYER_TLS;
	case REASON_PASSWORD:
	case REASON_ROLE:
	case REASON_DATABASE:
		return LAYER_AUTH;
	case REASON_SCHEMA:
	case REASON_SQL:
	case REASON_READ_ONLY:
	case REASON_CANCELLED:
		return LAYER_QUERY;
	case REASON_REFUSED:
	case REASON_UNREACHABLE:
		return LAYER_TCP;
	default:
		return otherwise;
	}
}

static enum layer
layer_of(const struct scene_view *view)
{
	const char *kind = view->series->kind;
	char phase[PHASE_BYTES];
	enum layer layer;

	/* A process that is gone has no environment, good or bad. */
	if (text_same(kind, "env"))
		return view->told->reason == REASON_PROCESS ? LAYER_APP
							    : LAYER_ENV;
	if (text_same(kind, "settings"))
		return LAYER_CONFIG;
	if (platform_is(view->series))
		return platform_is_secret(view) ? LAYER_SECRET : LAYER_SIDE;
	if (text_same(kind, "host"))
		return LAYER_SIDE;
	if (text_same(kind, "dns"))
		return LAYER_DNS;
	if (text_same(kind, "journey"))
		return LAYER_GOLDEN;
	if (text_same(kind, "tcp") || text_same(kind, "icmp"))
		layer = LAYER_TCP;
	else if (text_same(kind, "tls"))
		layer = LAYER_TLS;
	else if (text_same(kind, "postgres") || text_same(kind, "redis") ||
	    text_same(kind, "mysql"))
		layer = LAYER_QUERY;
	else
		layer = LAYER_APP;
	/* Of exec, log, push and heartbeat the phases are not the target's. */
	if (view->told->outcome == OUTCOME_CRITICAL &&
	    (layer != LAYER_APP || text_same(kind, "http")))
		layer = layer_of_phase(last_phase(phase, view), layer);
	return layer_of_reason(view->told->reason, layer);
}

static enum token
token_of_tcp(enum reason reason)
{
	return reason == REASON_REFUSED || reason == REASON_RESET
	    ? TOKEN_BREAK_REFUSED
	    : TOKEN_BREAK_TIMEOUT;
}

static enum token
token_of_auth(enum reason reason)
{
	switch (reason) {
	case REASON_NONE: /* nobody refused the login */
	case REASON_TIMEOUT:
	case REASON_RESET:
		return TOKEN_BREAK_HANG;
	case REASON_EXHAUSTED:
	case REASON_STARTING:
		return TOKEN_BREAK_SERVER;
	default:
		return TOKEN_BREAK_AUTH;
	}
}

static enum token
token_of_query(enum reason reason)
{
	switch (reason) {
	case REASON_SCHEMA:
		return TOKEN_BREAK_SCHEMA;
	case REASON_CANCELLED:
		return TOKEN_BREAK_LOCK;
	case REASON_PRIVILEGE:
		return TOKEN_BREAK_AUTH;
	case REASON_TIMEOUT: /* no answer, not even a refusal */
		return TOKEN_BREAK_HANG;
	case REASON_STATUS: /* it answered, and not as it should */
	case REASON_ANSWER:
	case REASON_EXIT:
	case REASON_NONE:
		return TOKEN_BREAK_DEPENDENCY;
	default:
		return TOKEN_BREAK_SERVER;
	}
}

/* A server that takes no connections up lets the kernel do it until its
 * queue is full; from then on connecting times out. */
static bool
was_hanging(const struct scene_view *view)
{
	const struct result *masked = view->masked;
	char text[PHASE_BYTES];

	if (masked == NULL || masked->reason != REASON_TIMEOUT ||
	    masked->n_phases == 0 || masked->n_phases > view->series->n_phases)
		return false;
	copy(text, view->series->phases[masked->n_phases - 1]);
	return layer_of_phase(text, LAYER_APP) == LAYER_AUTH ||
	    layer_of_phase(text, LAYER_APP) == LAYER_TLS;
}

const char *
node_target(const struct node *node)
{
	return node->dependency[0] != '\0' ? node->dependency : node->service;
}

/* Is it asked of something that is used and not ours? */
static bool
is_of_dependency(const struct node *node, const struct scene *scene)
{
	const char *target = node_target(node);
	const struct scene_service *known = node_service(scene, target);
	enum product product =
	    known != NULL ? kin_product(known) : product_of_name(target);

	/* Of whom nobody knows more than the name may stand before us. */
	if (product == PRODUCT_PROXY ||
	    (product == PRODUCT_NONE &&
		(known == NULL || known->kind[0] == '\0')))
		return false;
	return !node_is_application(scene, target);
}

static enum token
token_of(const struct node *node, const struct scene *scene)
{
	enum reason reason = node->view->told->reason;

	if (reason == REASON_MISSED)
		return TOKEN_BREAK_MISSED;
	switch (node->layer) {
	case LAYER_ENV:
		return TOKEN_BREAK_ENV;
	case LAYER_CONFIG:
		return TOKEN_BREAK_CONFIG;
	case LAYER_SECRET:
		return TOKEN_BREAK_SECRET;
	case LAYER_SIDE:
		return text_same(node->view->series->kind, "host")
		    ? TOKEN_SATURATED
		    : TOKEN_PLATFORM_BAD;
	case LAYER_DNS:
		return TOKEN_BREAK_DNS;
	case LAYER_TCP:
		return was_hanging(node->view) ? TOKEN_BREAK_HANG
					       : token_of_tcp(reason);
	case LAYER_TLS:
		/* It took the connection, and then said nothing. */
		return reason == REASON_TIMEOUT ? TOKEN_BREAK_HANG
						: TOKEN_BREAK_TLS;
	case LAYER_AUTH:
		return token_of_auth(reason);
	case LAYER_QUERY:
		return token_of_query(reason);
	case LAYER_GOLDEN:
		return reason == REASON_STATUS ? TOKEN_BREAK_HTTP
					       : TOKEN_BREAK_GOLDEN;
	default:
		if (node->dependency[0] == '\0' &&
		    node_is_application(scene, node->service))
			return TOKEN_BREAK_HTTP;
		/* No answer may be the way's as well. */
		return reason == REASON_TIMEOUT ? TOKEN_BREAK_HANG
						: TOKEN_BREAK_DEPENDENCY;
	}
}

bool
node_is_of_dependency(const struct node *node)
{
	return node->token == TOKEN_BREAK_DEPENDENCY ||
	    (node->token == TOKEN_BREAK_HANG && node->layer == LAYER_APP);
}

/* What a plug-in looks at, only its text can tell. */
static bool
is_of_plugin(const struct node *node)
{
	const struct series *series = node->view->series;

	return !node->by_text &&
	    (text_same(series->kind, "exec") ||
		text_same(series->kind, "push")) &&
	    (series->service[0] == '\0' || node_is_inside(node->view));
}

void
node_place(
    struct node *out, const struct scene *scene, const struct scene_view *view)
{
	const struct series *series = view->series;
	char phase[PHASE_BYTES];

	*out = (struct node){ .view = view, .service = series->service };
	out->text.runtime = "";
	out->dependency = node_is_application(scene, series->service)
	    ? dependency_of(scene, series)
	    : "";
	out->layer = layer_of(view);
	/* An application that does not answer on its own port is not a broken
	 * path: it does not run. */
	if (out->layer == LAYER_TCP && out->dependency[0] == '\0' &&
	    view->told->reason == REASON_REFUSED &&
	    node_is_application(scene, series->service))
		out->layer = LAYER_APP;
	/* Whoever answers there answers for itself, and is below whoever asks
	 * it. */
	if (out->layer == LAYER_APP && is_of_dependency(out, scene))
		out->layer = LAYER_QUERY;
	out->token = token_of(out, scene);
	if (!node_is_failing(view))
		return;
	if (view->is_late) {
		out->token = TOKEN_BREAK_GOLDEN; /* it answers */
		return;
	}
	/* Where nobody recorded how far a run came, its text may tell; so does
	 * that of a plug-in which asks a platform. */
	if ((out->layer >= LAYER_APP && words_are_testimony(view)) ||
	    (out->token == TOKEN_PLATFORM_BAD &&
		!platform_is_kind(series->kind)) ||
	    (out->layer >= LAYER_QUERY &&
		(out->layer == LAYER_QUERY || out->dependency[0] != '\0') &&
		last_phase(phase, view)[0] == '\0'))
		words_place(out, scene, view->told->message);
	out->is_vague = out->layer >= LAYER_APP &&
	    (words_lead_nowhere(out) || is_of_plugin(out));
}
