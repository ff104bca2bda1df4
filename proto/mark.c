#include <string.h>

#include "proto/mark.h"

static const char *const kinds[MARK_COUNT] = {
	[MARK_DEPLOY] = "deploy",
	[MARK_ROLLBACK] = "rollback",
	[MARK_RESTART] = "restart",
	[MARK_CONFIG_CHANGE] = "config_change",
	[MARK_SECRET_CHANGE] = "secret_change",
	[MARK_SCALE] = "scale",
	[MARK_MAINTENANCE_START] = "maintenance_start",
	[MARK_MAINTENANCE_END] = "maintenance_end",
	[MARK_CLAIM] = "claim",
	[MARK_INCIDENT_CLOSED] = "incident_closed",
	[MARK_GUARD] = "guard",
	[MARK_UNSTORED] = "unstored",
};

const char *
mark_kind_name(enum mark_kind kind)
{
	return (unsigned)kind < MARK_COUNT ? kinds[kind] : "?";
}

int
mark_kind_parse(enum mark_kind *out, const char *name)
{
	for (size_t i = 0; i < MARK_COUNT; i++) {
		if (strcmp(kinds[i], name) != 0)
			continue;
		*out = (enum mark_kind)i;
		return 0;
	}
	return -1;
}

const char *
mark_text(const struct mark *mark, const char *name)
{
	for (size_t i = 0; i < mark->n_attributes; i++)
		if (strcmp(mark->attributes[i].name, name) == 0)
			return mark->attributes[i].text;
	return NULL;
}

const char *
mark_by(const struct mark *mark)
{
	const char *by = mark_text(mark, MARK_BY);

	return by != NULL ? by : "";
}

int64_t
mark_unstored_to_ms(const struct mark *mark)
{
	for (size_t i = 0; i < mark->n_attributes; i++)
		if (strcmp(mark->attributes[i].name, MARK_UNTIL) == 0 &&
		    mark->attributes[i].text == NULL &&
		    mark->attributes[i].number > (double)mark->at_ms)
			return (int64_t)mark->attributes[i].number;
	return mark->at_ms;
}
