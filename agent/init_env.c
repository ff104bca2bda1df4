#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "agent/init.h"
#include "agent/survey.h"
#include "proto/base/mem.h"

#define SECRET_MIN_BYTES 16
#define LONG_MIN_BYTES   32 /* of what signs or encrypts */
#define SHORT_MIN_BYTES  8  /* of what a person may have chosen */

/* --- env ------------------------------------------------------------------- */

static void
put_requirement(struct draft *draft, const struct entry *entry)
{
	size_t min = SECRET_MIN_BYTES;

	draft_text(draft, 2, "- name:", entry->name);
	if (entry->role == ROLE_SETTING) {
		draft_line(draft, 3, "type: number");
		draft_line(draft, 3, "severity: warning");
		draft_line(draft, 3, "show: true");
		return;
	}
	if (strstr(entry->name, "SECRET_KEY") != NULL ||
	    strstr(entry->name, "ENCRYPTION_KEY") != NULL)
		min = LONG_MIN_BYTES;
	else if (strstr(entry->name, "PASSW") != NULL)
		min = SHORT_MIN_BYTES;
	draft_line(draft, 3, "min_length: %zu", min);
}

static void
put_group(const struct survey *survey, const char *name, const char *const *all)
{
	draft_line(survey->draft, 2, "- name: %s", name);
	draft_line(survey->draft, 3, "alternatives:");
	if (survey_has(survey, all[0])) {
		draft_line(survey->draft, 4, "- names: [%s]", all[0]);
		return;
	}
	draft_line(survey->draft, 4, "- names:");
	for (all++; *all != NULL; all++)
		if (survey_has(survey, *all))
			draft_line(survey->draft, 6, "- %s", *all);
}

/* What of a database or a cache must be there: the URL, or those parts that
 * are. */
static void
put_groups(const struct survey *survey)
{
	static const char *const database[] = { "DATABASE_URL", "POSTGRES_HOST",
		"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD", "PGHOST",
		"PGDATABASE", "PGUSER", "PGPASSWORD", NULL };
	static const char *const cache[] = { "REDIS_URL", "REDIS_HOST", NULL };
	bool has_cache =
	    survey_has(survey, cache[0]) || survey_has(survey, cache[1]);
	bool has_database = false;

	for (const char *const *name = database; *name != NULL; name++)
		has_database = has_database || survey_has(survey, *name);
	if (!has_database && !has_cache)
		return;
	draft_line(survey->draft, 1, "groups:");
	if (has_database)
		put_group(survey, "database", database);
	if (has_cache)
		put_group(survey, "cache", cache);
}

static void
put_requirements(const struct survey *survey)
{
	const char *title = "require:";

	for (size_t i = 0; i < survey->n; i++) {
		const struct entry *entry = &survey->entries[i];

		if (entry->role != ROLE_SECRET && entry->role != ROLE_SETTING)
			continue;
		if (title != NULL)
			draft_line(survey->draft, 1, "%s", title);
		title = NULL;
		put_requirement(survey->draft, entry);
	}
}

static void
put_watched(const struct survey *survey)
{
	const char *title = "watch:";

	for (size_t i = 0; i < survey->n; i++) {
		const struct entry *entry = &survey->entries[i];

		if (entry->role == ROLE_SECRET || entry->role == ROLE_SETTING ||
		    entry->role == ROLE_UNFIT)
			continue;
		if (title != NULL)
			draft_line(survey->draft, 1, "%s", title);
		title = NULL;
		draft_text(survey->draft, 2, "-", entry->name);
	}
}

static void
put_env(const struct survey *survey)
{
	draft_say(survey->draft,
	    "What the service is given.  A running process says more than a "
	    "file: name it");
	draft_say(survey->draft,
	    "instead, here and below, with source: { pidfile: ... } or "
	    "{ command: ... }.");
	draft_begin(survey->draft, survey->service, "env", survey->service);
	draft_line(survey->draft, 0, "env:");
	draft_file(survey->draft, 1, "source", survey->path);
	put_requirements(survey);
	put_groups(survey);
	put_watched(survey);
	for (size_t i = 0; i < survey->n; i++)
		if (survey->entries[i].role == ROLE_UNFIT)
			draft_miss(survey->draft,
			    "%s: not the name of a variable",
			    survey->entries[i].name);
}

/* --- settings -------------------------------------------------------------- */

static void
put_settings(const struct survey *survey)
{
	struct draft *draft = survey->draft;

	if (!survey_has_role(survey, ROLE_SETTING))
		return;
	draft_say(draft,
	    "Known good is what stands in the file now; add bounds, and guards "
	    "of fixes:");
	draft_say(draft, "guards: [ { since: \"1263\", at_least: \"35\" } ]");
	draft_begin(draft, survey->service, "settings", survey->service);
	draft_line(draft, 0, "settings:");
	draft_line(draft, 1, "sources:");
	draft_line(draft, 2, "- name: file");
	draft_file(survey->draft, 3, "variables", survey->path);
	draft_line(draft, 1, "register:");
	for (size_t i = 0; i < survey->n; i++) {
		const struct entry *entry = &survey->entries[i];
		char *name;

		if (entry->role != ROLE_SETTING)
			continue;
		name = mem_strdup(entry->name);
		for (char *at = name; *at != '\0'; at++)
			*at = (char)tolower((unsigned char)*at);
		draft_text(draft, 2, "- name:", name);
		draft_line(draft, 3, "type: number");
		draft_line(draft, 3, "effective:");
		draft_line(draft, 4, "source: file");
		draft_text(draft, 4, "key", entry->name);
		draft_text(draft, 3, "known_good", entry->value);
		free(name);
	}
}

int
init_env(
    struct draft *draft, const char *path, const char *service, struct err *err)
{
	struct survey survey = {
		.draft = draft,
		.service = service != NULL ? service : "app",
	};
	int rc = survey_init(&survey, path, err);

	if (rc == 0) {
		put_env(&survey);
		put_settings(&survey);
		survey_reach(&survey);
	}
	survey_fini(&survey);
	return rc;
}
