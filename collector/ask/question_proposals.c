/* Which rules between environments held long enough to be proposed? */
#include <stdlib.h>
#include <string.h>

#include "collector/ask/case_rules.h"
#include "collector/ask/draft.h"
#include "collector/ask/questions.h"
#include "collector/diagnose/peers.h"
#include "collector/pipeline/rows.h"
#include "proto/base/text.h"
#include "proto/fingerprints.h"

#define VERSION     1
#define HELD_MS     (14 * INT64_C(86400000))
#define CHANGES_MAX 100000 /* looked at, the newest */

/* Changes of one kind of fact in one environment, the newest first. */
struct history {
	const struct change_row **rows;
	size_t n;
};

struct gathering {
	struct arena *arena;
	struct change_row *rows; /* the newest first */
	size_t n, room;
};

/* How two histories compare, from a moment on until now. */
struct course {
	enum fingerprints likeness;
	int64_t since_ms;
	size_t n_changes; /* of either, since then */
};

/* --- reading ------------------------------------------------------------------------ */

static int
on_change(void *arg, const struct change_row *row, struct err *err)
{
	struct gathering *of = arg;

	(void)err;
	if (strncmp(row->name, "env/", 4) != 0 &&
	    strncmp(row->name, "setting/", 8) != 0)
		return 0;
	if (of->n == of->room) {
		size_t room = of->room * 2 + 256;
		struct change_row *more =
		    arena_zalloc(of->arena, room * sizeof(*more));

		if (of->n > 0)
			memcpy(more, of->rows, of->n * sizeof(*more));
		of->rows = more;
		of->room = room;
	}
	of->rows[of->n++] = rows_change(of->arena, row);
	return 0;
}

static bool
is_same_kind(const struct change_row *a, const struct change_row *b)
{
	return a->source == b->source && text_same(a->service, b->service) &&
	    text_same(a->name, b->name);
}

static struct history
history_of(const struct gathering *of, const struct change_row *like,
    const char *environment)
{
	struct history out = {
		arena_zalloc(of->arena, (of->n + 1) * sizeof(*out.rows)), 0
	};

	for (size_t i = 0; i < of->n; i++)
		if (is_same_kind(&of->rows[i], like) &&
		    text_same(of->rows[i].environment, environment))
			out.rows[out.n++] = &of->rows[i];
	return out;
}

/* --- comparing ------------------------------------------------------------------------ */

static enum fingerprints
compare(const char *a, const char *b)
{
	bool is_keyed = fingerprints_are_shown(a);

	if (text_same(a, "absent") || text_same(b, "absent") ||
	    is_keyed != fingerprints_are_shown(b))
		return FINGERPRINTS_UNKNOWN;
	if (is_keyed)
		return fingerprints_compare(a, b);
	return text_same(a, b) ? FINGERPRINTS_SAME : FINGERPRINTS_DIFFER;
}

/* Back from now, from change to change of either, as long as they compare as
 * they do now. */
static struct course
compare_histories(const struct history *a, const struct history *b)
{
	struct course out = { .likeness = FINGERPRINTS_UNKNOWN };
	size_t i = 0, k = 0;
	bool is_change = false;

	if (a->n == 0 || b->n == 0)
		return out;
	out.likeness = compare(a->rows[0]->after, b->rows[0]->after);
	while (i < a->n && k < b->n &&
	    compare(a->rows[i]->after, b->rows[k]->after) == out.likeness) {
		bool is_ours = a->rows[i]->before_ms >= b->rows[k]->before_ms;
		const struct change_row *newer =
		    is_ours ? a->rows[i] : b->rows[k];

		/* The change before, further back, left it as it is. */
		out.n_changes += is_change;
		is_change = newer->after_ms != 0;
		out.since_ms = newer->before_ms;
		if (is_ours)
			i++;
		else
			k++;
	}
	return out;
}

/* --- proposing ------------------------------------------------------------------------- */

/* What a course suggests that neither the name nor people say already. */
static bool
is_worth_it(enum peer_rule *out, const struct scene *scene,
    const struct change_row *row, const struct course *course)
{
	const struct scene_fact fact = { .environment = row->environment,
		.service = row->service,
		.name = row->name };
	enum peer_rule rule = peers_rule(scene, &fact);

	if (course->likeness == FINGERPRINTS_UNKNOWN ||
	    peers_is_told(scene, &fact))
		return false;
	/* That two environments share a database is told as what it is. */
	if (course->likeness == FINGERPRINTS_SAME) {
		*out = PEER_MATCH;
		return rule == PEER_FREE;
	}
	/* By its name it must match: it does not, and nobody minds. */
	*out = rule == PEER_MATCH ? PEER_FREE : PEER_DIFFER;
	return rule != PEER_DIFFER;
}

static void
draft_proposal(struct draft *draft, const struct change_row *row,
    const char *against, enum peer_rule rule, const struct course *course)
{
	static const char *const words[] = {
		[PEER_FREE] = "free",
		[PEER_MATCH] = "matches",
		[PEER_DIFFER] = "differs",
	};
	bool is_setting = strncmp(row->name, "setting/", 8) == 0;
	char *condition =
	    mem_printf("%s:%s %s", is_setting ? "config" : "envvar",
		strchr(row->name, '/') + 1, words[rule]);

	draft_open(draft, NULL, '{');
	draft_text(draft, "condition", condition);
	draft_text(draft, "service", row->service);
	draft_text(draft, "name", row->name);
	draft_text(draft, "rule", words[rule]);
	draft_text(draft, "against", against);
	draft_time(draft, "since", course->since_ms);
	draft_count(draft, "changes", course->n_changes);
	draft_close(draft, '}');
	free(condition);
}

/* Is it the newest row of its kind in the environment? */
static bool
is_newest(const struct gathering *of, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (is_same_kind(&of->rows[i], &of->rows[at]) &&
		    text_same(
			of->rows[i].environment, of->rows[at].environment))
			return false;
	return true;
}

/* When somebody last looked at an environment; 0: long ago. */
static int64_t
heard_ms(const struct scene *scene, const char *environment)
{
	int64_t at_ms = 0;

	for (size_t i = 0; i < scene->n_agents; i++)
		if (text_same(scene->agents[i].environment, environment) &&
		    scene->agents[i].heard_ms > at_ms)
			at_ms = scene->agents[i].heard_ms;
	return at_ms;
}

static void
propose(struct draft *draft, const struct scene *scene,
    const struct gathering *of, size_t at, const char *against)
{
	const struct change_row *row = &of->rows[at];
	const struct history own = history_of(of, row, row->environment);
	const struct history other = history_of(of, row, against);
	const struct course course = compare_histories(&own, &other);
	enum peer_rule rule;

	/* What nobody looked at since may have changed unseen. */
	if (course.since_ms <= heard_ms(scene, row->environment) - HELD_MS &&
	    course.since_ms <= heard_ms(scene, against) - HELD_MS &&
	    is_worth_it(&rule, scene, row, &course))
		draft_proposal(draft, row, against, rule, &course);
}

/* Against each environment that this one is compared with. */
static void
propose_all(struct draft *draft, const struct collector_config *config,
    const struct scene *scene, const struct gathering *of)
{
	for (size_t i = 0; i < of->n; i++) {
		if (!text_same(of->rows[i].environment, scene->environment) ||
		    !is_newest(of, i))
			continue;
		for (uint32_t k = 0; k < config->n_environments; k++)
			if (peers_are_compared(scene, scene->environment,
				config->environments[k].name))
				propose(draft, scene, of, i,
				    config->environments[k].name);
	}
}

char *
question_proposals(struct arena *arena, const struct document_source *source,
    const struct query_document *request, struct err *err)
{
	int64_t at_ms = question_at_ms(source, request);
	const struct query_changes changes = {
		.environment = "",
		.service = request->service,
		.name = "",
		.to_ms = at_ms + 1,
		.limit = CHANGES_MAX,
	};
	struct gathering of = { .arena = arena };
	struct draft draft = { 0 };
	struct scene *scene;
	bool more;

	if (request->environment[0] == '\0') {
		err_set(err, ERR_INVALID, "proposals: which environment?");
		return NULL;
	}
	if (question_scene(
		&scene, arena, source, request->environment, at_ms, err) < 0 ||
	    store_scan_changes(
		source->store, &more, &changes, on_change, &of, err) < 0)
		return NULL;
	draft_open(&draft, NULL, '{');
	draft_count(&draft, "version", VERSION);
	draft_text(&draft, "environment", request->environment);
	draft_time(&draft, "at", at_ms);
	draft_open(&draft, "proposals", '[');
	propose_all(&draft, source->config, scene, &of);
	draft_close(&draft, ']');
	draft_close(&draft, '}');
	return draft_take(&draft);
}
