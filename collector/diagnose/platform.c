#include <string.h>

#include "collector/diagnose/note.h"
#include "collector/diagnose/platform.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

/* What a resource is called in the name of the kind, in sentences (and, with
 * an s, in paths) and in subjects. */
struct resource {
	const char *kind, *noun, *type;
};

static const struct resource resources[] = {
	{ "gcp.sql", "instance", "sql" },
	{ "gcp.vpc_connector", "connector", "vpcaccess" },
	{ "gcp.secret", "secret", "secret" },
	{ "gcp.run", "service", "run" },
};

#define RESOURCES (sizeof(resources) / sizeof(resources[0]))

bool
platform_is_kind(const char *kind)
{
	return strncmp(kind, "gcp.", 4) == 0;
}

bool
platform_is(const struct series *series)
{
	return platform_is_kind(series->kind) ||
	    series->vantage == VANTAGE_CONTROL_PLANE;
}

static bool
is_name_byte(char c)
{
	return text_is_word(c) || c == '-' || c == '_' || c == '.';
}

/* Words that follow a noun and are no name. */
static bool
is_no_name(const char *word, size_t n)
{
	static const char *const words[] = { "in", "is", "was", "has", "not",
		"of", "state", "may", "version" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && strncmp(words[i], word, n) == 0)
			return true;
	return n == 0;
}

/* The name that follows a noun, with or without its project ("instance shop/db
 * is RUNNABLE"), or its plural in a path ("projects/shop/secrets/key/..."). */
static const char *
named_after(struct arena *arena, const char *text, const char *noun)
{
	size_t n = strlen(noun);

	for (const char *at = strstr(text, noun); at != NULL;
	     at = strstr(at + 1, noun)) {
		bool in_path = strncmp(at + n, "s/", 2) == 0;
		const char *name = at + n + (in_path ? 2 : 1);
		size_t length = 0;

		if ((at > text && is_name_byte(at[-1])) ||
		    (!in_path && at[n] != ' '))
			continue;
		while (is_name_byte(name[length]) ||
		    (!in_path && name[length] == '/')) {
			if (name[length] == '/') {
				name += length + 1;
				length = 0;
				continue;
			}
			length++;
		}
		if (!is_no_name(name, length))
			return note(arena, "%.*s", (int)length, name);
	}
	return NULL;
}

/* As an attribute tells it, else the message. */
static const char *
named_by(struct arena *arena, const struct result *told, const char *noun)
{
	const char *name = told_text(told, noun);

	return name[0] != '\0' ? name : named_after(arena, told->message, noun);
}

bool
platform_is_secret(const struct scene_view *view)
{
	const struct series *series = view->series;

	if (platform_is_kind(series->kind))
		return text_same(series->kind, "gcp.secret");
	return series->vantage == VANTAGE_CONTROL_PLANE &&
	    (strcasestr(series->probe, "secret") != NULL ||
		strcasestr(view->told->message, "secret") != NULL);
}

static bool
is_denied(const struct result *told)
{
	return told->reason == REASON_DENIED ||
	    told->reason == REASON_PRIVILEGE ||
	    strcasestr(told->message, "denied") != NULL ||
	    strstr(told->message, "403") != NULL;
}

static const char *
say(struct arena *arena, const struct resource *resource,
    const struct result *told, const char *name)
{
	const char *finer = "";

	if (text_same(resource->type, "secret"))
		finer = is_denied(told) ? "#access" : "#version";
	return note(arena, "gcp:%s/%s%s", resource->type, name, finer);
}

const char *
platform_subject(struct arena *arena, const struct scene_view *view)
{
	const struct result *told = view->told;
	const struct series *series = view->series;
	const char *name;

	for (size_t i = 0; i < RESOURCES; i++) {
		if (!text_same(series->kind, resources[i].kind))
			continue;
		name = named_by(arena, told, resources[i].noun);
		return say(arena, &resources[i], told,
		    name != NULL ? name : series->probe);
	}
	if (strncmp(series->kind, "gcloud", 6) != 0 &&
	    strncmp(series->kind, "gcp", 3) != 0)
		return NULL;
	for (size_t i = 0; i < RESOURCES; i++) {
		name = named_by(arena, told, resources[i].noun);
		if (name != NULL)
			return say(arena, &resources[i], told, name);
	}
	return NULL;
}
