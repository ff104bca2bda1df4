#include "collector/pipeline/retention.h"

#define EXPIRE_AT_ONCE 256

/* Of an environment, or of all that have none of their own. */
static const struct retention_config *
retention_of(const struct collector_config *config, const char *environment)
{
	const struct environment_config *own =
	    config_environment(config, environment);

	return own != NULL ? &own->retention : &config->retention;
}

static int
expire_derived(struct store *store, uint64_t *n,
    const struct retention_config *keep, const char *environment,
    int64_t now_ms, struct err *err)
{
	const struct {
		enum store_derived what;
		int64_t keep_ms;
	} rows[] = {
		{ STORE_HOURS, keep->rollups_ms },
		{ STORE_DAYS, keep->rollups_ms },
		{ STORE_CHANGES, keep->changes_ms },
		{ STORE_REGRESSIONS, keep->changes_ms },
		{ STORE_MARKS, keep->changes_ms },
	};
	uint64_t expired;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (store_expire_derived(store, &expired, rows[i].what,
			environment, now_ms - rows[i].keep_ms, EXPIRE_AT_ONCE,
			err) < 0)
			return -1;
		*n += expired;
	}
	return 0;
}

int
retention_apply(struct store *store, uint64_t *out_n,
    const struct retention_rule *rule, const char *environment, int64_t now_ms,
    struct err *err)
{
	const struct retention_config *keep =
	    retention_of(rule->config, environment);

	*out_n = 0;
	if (store_expire(store, out_n, environment, now_ms - keep->results_ms,
		EXPIRE_AT_ONCE, err) < 0)
		return -1;
	return rule->derived
	    ? expire_derived(store, out_n, keep, environment, now_ms, err)
	    : 0;
}
