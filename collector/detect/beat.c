#include "collector/detect/beat.h"

/* Could the call that was due have come while nobody listened? */
static bool
may_be_lost(const struct beat *beat, const struct beat_rule *rule)
{
	int64_t first_ms = beat->called_ms + rule->every_ms;
	int64_t last_ms = first_ms + rule->grace_ms;

	return beat->deaf_to_ms > beat->deaf_from_ms &&
	    beat->deaf_from_ms < last_ms && beat->deaf_to_ms > first_ms;
}

int64_t
beat_due_ms(const struct beat *beat, const struct beat_rule *rule)
{
	int64_t from_ms =
	    may_be_lost(beat, rule) ? beat->deaf_to_ms : beat->called_ms;

	return from_ms + rule->every_ms + rule->grace_ms;
}

static bool
is_too_long(
    const struct beat *beat, const struct beat_rule *rule, int64_t now_ms)
{
	return beat->is_running && rule->limit_ms > 0 &&
	    now_ms - beat->started_ms >= rule->limit_ms;
}

static enum beat_says
look(const struct beat *beat, const struct beat_rule *rule, int64_t now_ms)
{
	int64_t plain_ms = beat->called_ms + rule->every_ms + rule->grace_ms;

	if (is_too_long(beat, rule, now_ms))
		return BEAT_TOO_LONG;
	if (!beat->is_known)
		return BEAT_NEVER;
	if (now_ms >= beat_due_ms(beat, rule))
		return BEAT_MISSED;
	return now_ms >= plain_ms ? BEAT_UNHEARD : BEAT_NOTHING;
}

enum beat_says
beat_look(struct beat *beat, const struct beat_rule *rule, int64_t now_ms)
{
	int64_t again_ms = beat->said_ms + rule->every_ms + rule->grace_ms;
	enum beat_says says = look(beat, rule, now_ms);

	if (says == beat->said && now_ms < again_ms)
		return BEAT_NOTHING;
	beat->said = says;
	beat->said_ms = now_ms;
	return says;
}

void
beat_start(struct beat *beat, int64_t now_ms)
{
	beat->is_running = true;
	beat->started_ms = now_ms;
}

int64_t
beat_end(struct beat *beat, int64_t now_ms)
{
	int64_t ran_ms = beat->is_running ? now_ms - beat->started_ms : -1;

	beat->is_known = true;
	beat->called_ms = now_ms;
	beat->is_running = false;
	beat->said = BEAT_NOTHING;
	return ran_ms;
}
