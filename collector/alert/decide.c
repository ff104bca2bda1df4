#include <string.h>

#include "collector/alert/decide.h"

const char *
word_name(enum word word)
{
	static const char *const names[] = { "none", "firing", "update",
		"reminder", "acknowledged", "firing", "resolved" };

	return names[word];
}

/* --- of what is not known to the receiver ------------------------------- */

/* A verdict is worth some patience: without one nobody knows whose it is. */
static enum word
begin(
    const struct alert *alert, const struct listener *listener, int64_t now_ms)
{
	int64_t since_ms = now_ms - alert->opened_ms;
	bool is_judged = alert->judged_ms >= alert->opened_ms;

	if (alert->quiet_ms != 0 || since_ms < listener->wait_ms)
		return WORD_NONE;
	if (!is_judged && since_ms < listener->wait_ms + DECIDE_VERDICT_MS)
		return WORD_NONE;
	return WORD_FIRING;
}

/* --- of what is --------------------------------------------------------- */

static enum word
go_on(const struct alert *alert, const struct alert_told *told,
    const struct listener *listener, int64_t now_ms)
{
	bool is_acked = alert_is_acked(alert, now_ms);
	bool may_talk = listener->is_wanted && listener->muted_until_ms == 0;

	if (may_talk && is_acked && !told->is_acked)
		return WORD_ACKNOWLEDGED;
	if (may_talk && told->version != alert->version &&
	    now_ms - told->at_ms >= listener->wait_ms)
		return WORD_UPDATE;
	/* Who took it has let go again, or it has lasted. */
	if (may_talk && !is_acked && alert->quiet_ms == 0 &&
	    ((told->is_acked && listener->remind_ms > 0) ||
		(listener->remind_ms > 0 &&
		    now_ms - told->reminded_ms >= listener->remind_ms)))
		return WORD_REMINDER;
	/* Muted or not: a program that is not told any more would say that it
	 * is over. */
	if (listener->resend_ms > 0 &&
	    now_ms - told->at_ms >= listener->resend_ms)
		return WORD_AGAIN;
	return WORD_NONE;
}

enum word
decide(
    const struct alert *alert, const struct listener *listener, int64_t now_ms)
{
	const struct alert_told *told =
	    alert_told_find(alert, listener->receiver);
	bool is_told = told != NULL && told->is_firing;

	/* Who was told that it fires is told that it is over, whatever the
	 * routes and silences say by then. */
	if (alert->closed_ms != 0)
		return is_told ? WORD_RESOLVED : WORD_NONE;
	if (is_told)
		return go_on(alert, told, listener, now_ms);
	if (!listener->is_wanted || listener->muted_until_ms != 0)
		return WORD_NONE;
	return begin(alert, listener, now_ms);
}

void
decide_note(struct alert *alert, const char *receiver, enum word word,
    uint32_t version, int64_t now_ms)
{
	struct alert_told *told = alert_told_of(alert, receiver);

	told->is_firing = word != WORD_RESOLVED;
	told->at_ms = now_ms;
	if (word == WORD_AGAIN)
		return; /* nothing new, so nothing to keep */
	told->version = version;
	told->is_acked = word == WORD_ACKNOWLEDGED ||
	    (told->is_acked && word == WORD_UPDATE);
	told->reminded_ms = now_ms;
	alert_text(&told->service, alert_service(alert));
	alert_text(&told->class, alert_class(alert));
	alert->is_dirty = true;
}

/* --- routes ------------------------------------------------------------- */

static bool
takes(const struct names *names, const char *name)
{
	return names->n == 0 || names_hold(names, name);
}

static bool
route_matches(const struct route_config *route, const struct alert *alert)
{
	bool is_touched = route->services.n == 0;

	for (uint32_t i = 0; i < route->services.n; i++)
		is_touched |= alert_touches(alert, route->services.names[i]);
	return is_touched && takes(&route->environments, alert->environment) &&
	    takes(&route->classes, alert_class(alert)) &&
	    (!route->is_critical || alert_is_critical(alert));
}

bool
decide_is_wanted(const struct alerts_config *config, const struct alert *alert,
    const char *receiver)
{
	for (uint32_t i = 0; i < config->n_routes; i++) {
		const struct route_config *route = &config->routes[i];

		if (!route_matches(route, alert))
			continue;
		if (names_hold(&route->receivers, receiver))
			return true;
		if (!route->goes_on)
			return false;
	}
	return config->n_routes == 0;
}
