#include <stdlib.h>
#include <string.h>

#include "collector/alert/lane.h"

int64_t
lane_back_off_ms(uint32_t n_failures, const struct random *random)
{
	int64_t span_ms = LANE_RETRY_MIN_MS;

	for (uint32_t i = 1; i < n_failures && span_ms < LANE_RETRY_MAX_MS; i++)
		span_ms *= 2;
	if (span_ms > LANE_RETRY_MAX_MS)
		span_ms = LANE_RETRY_MAX_MS;
	return span_ms / 2 +
	    (int64_t)random_below(random, (uint64_t)span_ms / 2 + 1);
}

bool
lane_note(struct lane *lane, const struct err *why, int64_t wall_ms,
    int64_t mono_ms, const struct random *random)
{
	struct receiver_state *state = &lane->state;
	bool is_news;

	if (why == NULL) {
		is_news = state->n_failures > 0;
		lane->n_taken++;
		lane->retry_ms = 0;
		state->n_failures = 0;
		state->failing_ms = 0;
		state->taken_ms = wall_ms;
		alert_text(&state->trouble, NULL);
		lane->is_dirty = true;
		return is_news;
	}
	is_news =
	    state->trouble == NULL || strcmp(state->trouble, why->text) != 0;
	lane->n_failed++;
	state->n_failures++;
	if (state->failing_ms == 0)
		state->failing_ms = wall_ms;
	alert_text(&state->trouble, why->text);
	lane->retry_ms = mono_ms + lane_back_off_ms(state->n_failures, random);
	lane->is_dirty = true;
	return is_news;
}

void
lane_fini(struct lane *lane)
{
	delivery_cancel(lane->delivery);
	free(lane->state.trouble);
	memset(lane, 0, sizeof(*lane));
}
