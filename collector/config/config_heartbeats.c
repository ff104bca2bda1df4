#include <string.h>

#include "collector/config/config_heartbeats.h"
#include "proto/base/mem.h"

#define SECOND_MS      INT64_C(1000)
#define DAY_MS         (86400 * SECOND_MS)
#define EVERY_MAX_MS   (20 * DAY_MS) /* with its grace it fits 32 bits */
#define GRACE_SHARE    10            /* of every, when nobody says */
#define GRACE_USUAL_MS (10 * SECOND_MS)

static int
check_times(
    const struct check *check, uint32_t i, struct heartbeat_config *heartbeat)
{
	struct place at = place_of("heartbeats[%u].every", i);

	if (check_span(check, &heartbeat->every_ms, at.path, heartbeat->every,
		NULL, SECOND_MS, EVERY_MAX_MS) < 0)
		return -1;
	heartbeat->grace_ms = heartbeat->every_ms / GRACE_SHARE;
	if (heartbeat->grace_ms < GRACE_USUAL_MS)
		heartbeat->grace_ms = GRACE_USUAL_MS;
	at = place_of("heartbeats[%u].grace", i);
	if (heartbeat->grace != NULL &&
	    check_span(check, &heartbeat->grace_ms, at.path, heartbeat->grace,
		NULL, 0, EVERY_MAX_MS) < 0)
		return -1;
	at = place_of("heartbeats[%u].limit", i);
	if (heartbeat->limit == NULL)
		return 0;
	return check_span(check, &heartbeat->limit_ms, at.path,
	    heartbeat->limit, NULL, SECOND_MS, EVERY_MAX_MS);
}

static int
check_words(
    const struct check *check, uint32_t i, struct heartbeat_config *heartbeat)
{
	struct place at = place_of("heartbeats[%u]", i);

	if (heartbeat->severity != NULL &&
	    check_severity(check, &heartbeat->is_warning, at.path,
		heartbeat->severity) < 0)
		return -1;
	heartbeat->seen_from = VANTAGE_IN_ENVIRONMENT;
	at = place_of("heartbeats[%u].vantage", i);
	if (heartbeat->vantage != NULL &&
	    vantage_parse(&heartbeat->seen_from, heartbeat->vantage) < 0)
		return conf_complain(check->conf, check->err, at.path,
		    "not a vantage: write in_environment, in_service, "
		    "external, control_plane or workstation");
	return 0;
}

static int
check_names(
    const struct check *check, uint32_t i, struct heartbeat_config *heartbeat)
{
	const struct heartbeat_config *others = check->config->heartbeats;
	struct place at = place_of("heartbeats[%u].name", i);
	struct err inner;

	if (check_name(check, at.path, heartbeat->name) < 0)
		return -1;
	for (uint32_t k = 0; k < i; k++)
		if (strcmp(others[k].name, heartbeat->name) == 0 &&
		    strcmp(others[k].environment, heartbeat->environment) == 0)
			return conf_complain(check->conf, check->err, at.path,
			    "another heartbeat of this environment has this "
			    "name; choose another");
	at = place_of("heartbeats[%u].environment", i);
	if (check_environment_name(check, at.path, heartbeat->environment) < 0)
		return -1;
	if (config_check_environment(
		check->config, heartbeat->environment, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, at.path, "%s", inner.text);
	at = place_of("heartbeats[%u].service", i);
	if (heartbeat->service != NULL)
		return check_label(check, at.path, heartbeat->service);
	heartbeat->service = mem_strdup("");
	return 0;
}

int
config_heartbeats_check(const struct check *check)
{
	struct collector_config *config = check->config;
	int rc = 0;

	for (uint32_t i = 0; i < config->n_heartbeats; i++) {
		rc |= check_names(check, i, &config->heartbeats[i]);
		rc |= check_times(check, i, &config->heartbeats[i]);
		rc |= check_words(check, i, &config->heartbeats[i]);
	}
	return rc;
}
