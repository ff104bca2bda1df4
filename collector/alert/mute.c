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
maintained_until(const struct maintenance_config *maintenance,
    const struct alert *alert, int64_t now_ms)
{
	struct cron cron;

	if ((maintenance->environments.n > 0 &&
		!names_hold(&maintenance->environments, alert->environment)) ||
	    (maintenance->services.n > 0 &&
		!is_all_of(alert, &maintenance->services)))
		return 0;
	if (maintenance->cron == NULL)
		return now_ms >= maintenance->from_ms &&
			now_ms < maintenance->to_ms
		    ? maintenance->to_ms
		    : 0;
	if (cron_parse(&cron, maintenance->cron, NULL) < 0)
		return 0; /* the configuration was checked */
	return cron_until(&cron, maintenance->lasts_ms, now_ms);
}

int64_t
mute_until(char out_why[MUTE_WHY_BYTES], const struct alert *alert,
    const struct silences *silences, const struct alerts_config *config,
    int64_t now_ms)
{
	int64_t until_ms = 0, end_ms;

	out_why[0] = '\0';
	for (size_t i = 0; i < silences->n; i++) {
		const struct silence *silence = &silences->list[i];

		if (now_ms < silence->from_ms || now_ms >= silence->until_ms ||
		    silence->until_ms <= until_ms ||
		    !silences_it(silence, alert))
			continue;
		until_ms = silence->until_ms;
		snprintf(out_why, MUTE_WHY_BYTES, "silence %llu",
		    (unsigned long long)silence->id);
	}
	for (uint32_t i = 0; config != NULL && i < config->n_maintenance; i++) {
		end_ms =
		    maintained_until(&config->maintenance[i], alert, now_ms);
		if (end_ms <= until_ms)
			continue;
		until_ms = end_ms;
		snprintf(out_why, MUTE_WHY_BYTES, "maintenance %s",
		    config->maintenance[i].name);
	}
	return until_ms;
}
