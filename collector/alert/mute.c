#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/alert/cron.h"
#include "collector/alert/mute.h"
#include "proto/base/mem.h"

void
silence_fini(struct silence *silence)
{
	free(silence->environment);
	free(silence->service);
	free(silence->by);
	free(silence->why);
	memset(silence, 0, sizeof(*silence));
}

bool
silences_add(struct silences *silences, struct silence *silence)
{
	if (silences->n == SILENCES_MAX) {
		silence_fini(silence);
		return false;
	}
	silences->list = mem_resize(
	    silences->list, silences->n + 1, sizeof(*silences->list));
	silences->list[silences->n++] = *silence;
	memset(silence, 0, sizeof(*silence));
	return true;
}

void
silences_remove(struct silences *silences, size_t i)
{
	silence_fini(&silences->list[i]);
	silences->n--;
	memmove(&silences->list[i], &silences->list[i + 1],
	    (silences->n - i) * sizeof(silences->list[0]));
}

void
silences_fini(struct silences *silences)
{
	while (silences->n > 0)
		silences_remove(silences, silences->n - 1);
	free(silences->list);
	silences->list = NULL;
}

/* --- asking ------------------------------------------------------------- */

/* All of what is open must be meant: an alert that has spread beyond what is
 * silenced is told. */
static bool
is_all_of(const struct alert *alert, const struct names *services)
{
	for (size_t i = 0; i < alert->n_members; i++)
		if (alert->members[i].is_open &&
		    !names_hold(services, alert->members[i].service))
			return false;
	return true;
}

static bool
silences_it(const struct silence *silence, const struct alert *alert)
{
	const struct names one = { (char **)(uintptr_t)&silence->service, 1 };

	if (silence->environment[0] != '\0' &&
	    strcmp(silence->environment, alert->environment) != 0)
		return false;
	return silence->service[0] == '\0' || is_all_of(alert, &one);
}

static int64_t
window_until(const struct maintenance_config *maintenance, int64_t now_ms)
{
	struct cron cron;

	if (maintenance->cron == NULL)
		return now_ms >= maintenance->from_ms &&
			now_ms < maintenance->to_ms
		    ? maintenance->to_ms
		    : 0;
	if (cron_parse(&cron, maintenance->cron, NULL) < 0)
		return 0; /* the configuration was checked */
	return cron_until(&cron, maintenance->lasts_ms, now_ms);
}

int64_t *
mute_windows(const struct alerts_config *config, int64_t now_ms)
{
	int64_t *until_ms;

	if (config == NULL)
		return NULL;
	until_ms = mem_calloc(config->n_maintenance, sizeof(*until_ms));
	for (uint32_t i = 0; i < config->n_maintenance; i++)
		until_ms[i] = window_until(&config->maintenance[i], now_ms);
	return until_ms;
}

static bool
maintains(
    const struct maintenance_config *maintenance, const struct alert *alert)
{
	return (maintenance->environments.n == 0 ||
		   names_hold(
		       &maintenance->environments, alert->environment)) &&
	    (maintenance->services.n == 0 ||
		is_all_of(alert, &maintenance->services));
}

int64_t
mute_until(char out_why[MUTE_WHY_BYTES], const struct alert *alert,
    const struct mutes *mutes, int64_t now_ms)
{
	const struct alerts_config *config = mutes->config;
	int64_t until_ms = 0;

	out_why[0] = '\0';
	for (size_t i = 0; i < mutes->silences->n; i++) {
		const struct silence *silence = &mutes->silences->list[i];

		if (now_ms < silence->from_ms || now_ms >= silence->until_ms ||
		    silence->until_ms <= until_ms ||
		    !silences_it(silence, alert))
			continue;
		until_ms = silence->until_ms;
		snprintf(out_why, MUTE_WHY_BYTES, "silence %llu",
		    (unsigned long long)silence->id);
	}
	for (uint32_t i = 0; config != NULL && i < config->n_maintenance; i++) {
		if (now_ms >= mutes->windows[i] ||
		    mutes->windows[i] <= until_ms ||
		    !maintains(&config->maintenance[i], alert))
			continue;
		until_ms = mutes->windows[i];
		snprintf(out_why, MUTE_WHY_BYTES, "maintenance %s",
		    config->maintenance[i].name);
	}
	return until_ms;
}
