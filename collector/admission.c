#include "collector/admission.h"

#define MARK_AHEAD_MS 300000

int
admission_of_sender(const struct collector_config *config,
    const struct envelope *envelope, const struct peer *peer, struct err *err)
{
	if (peer_is_agent(peer, envelope->environment, envelope->agent, err) <
	    0)
		return -1;
	if (config_check_environment(config, envelope->environment, err) == 0)
		return 0;
	return err_wrap(
	    err, "agent %s/%s", envelope->environment, envelope->agent);
}

int
admission_of_things(const struct fleet *fleet, const struct envelope *envelope,
    size_t n_new, size_t n_coming, struct err *err)
{
	size_t n;

	if (n_new == 0)
		return 0;
	n = n_new + fleet_count(fleet, envelope->environment, envelope->agent);
	if (n > ADMISSION_THINGS_MAX)
		return err_set(err, ERR_LIMIT,
		    "more than %d series and facts of one agent; do the names "
		    "of its probes hold numbers?",
		    ADMISSION_THINGS_MAX);
	if (n + n_coming > ADMISSION_THINGS_MAX)
		return err_set(err, ERR_BUSY,
		    "much that is new has come of this agent, and is still to "
		    "be judged");
	return 0;
}

int
admission_of_mark(const struct collector_config *config,
    const struct guards *guards, const struct mark *mark, int64_t now_ms,
    struct err *err)
{
	if (config_check_environment(config, mark->environment, err) < 0)
		return -1;
	if (mark->at_ms > now_ms + MARK_AHEAD_MS)
		return err_set(err, ERR_INVALID,
		    "a mark of what lies in the future, by the collector's "
		    "clock");
	if (mark->kind == MARK_UNSTORED)
		return err_set(err, ERR_DENIED,
		    "only the collector itself says what it could not store");
	if (mark->kind == MARK_GUARD)
		return guards_check(guards, mark, err);
	return 0;
}
