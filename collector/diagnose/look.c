#include <string.h>

#include "collector/diagnose/look.h"
#include "collector/diagnose/relapse.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

struct finding *
look_add(
    const struct look *look, enum token token, int percent, const char *text)
{
	struct findings *out = look->out;
	struct finding *finding;

	if (out->n == FINDINGS_MAX)
		return &out->list[FINDINGS_MAX]; /* room that nobody reads */
	finding = &out->list[out->n++];
	*finding = (struct finding){
		.id = note(look->arena, "E%zu", out->n),
		.weight = { .token = token,
		    .percent = percent < 0 ? 0
			: percent > 100    ? 100
					   : percent },
		.text = text,
	};
	return finding;
}

/* "backend/db (stg-1, in_service)" */
const char *
look_place(const struct look *look, const struct scene_view *view)
{
	const struct series *series = view->series;

	return note(look->arena, "%s/%s (%s, %s)",
	    series->service[0] != '\0' ? series->service : series->environment,
	    series->probe, series->agent, vantage_name(series->vantage));
}

const char *
look_outcome(const struct look *look, const struct scene_view *view)
{
	char reason[REASON_TEXT_BYTES], span[TEXT_SPAN_BYTES];

	if (view->told->outcome == OUTCOME_OK)
		return note(look->arena, "ok, %s%s",
		    view->told->censored ? "at least " : "",
		    text_span(span, view->told->duration_us));
	return note(look->arena, "%s%s%.300s",
	    result_reason(reason, view->series, view->told),
	    view->told->message[0] != '\0' ? ": " : "", view->told->message);
}

bool
look_holds(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

const struct scene_change *
look_at_kills(const struct look *look)
{
	const struct scene_change *newest = NULL;

	for (size_t i = 0; i < look->scene->n_changes; i++) {
		const struct scene_change *change = &look->scene->changes[i];

		if (text_same(change->environment, look->scene->environment) &&
		    change->to_ms >= look->chain->onset_from_ms &&
		    relapse_is_kill(look->scene, change))
			newest = change;
	}
	return newest;
}

const struct node *
look_at_host(const struct look *look)
{
	for (size_t i = 0; i < look->chain->n_nodes; i++) {
		const struct scene_view *view = look->chain->nodes[i].view;

		if (text_same(view->series->kind, "host") &&
		    view->told->outcome != OUTCOME_OK &&
		    view->told->outcome != OUTCOME_UNKNOWN)
			return &look->chain->nodes[i];
	}
	return NULL;
}

const struct scene_fact *
look_at_override(const struct look *look)
{
	const struct result *told = look->break_->view->told;
	const char *server = told_text(told, "server");

	if (server[0] == '\0')
		server = told->message;
	for (size_t i = 0; i < look->scene->n_facts; i++) {
		const struct scene_fact *fact = &look->scene->facts[i];

		if (text_same(fact->environment, look->scene->environment) &&
		    strncmp(fact->name, "hosts/", 6) == 0 &&
		    fact->value[0] != '\0' && look_holds(server, fact->value))
			return fact;
	}
	return NULL;
}
