#include <string.h>

#include "collector/diagnose/claim.h"
#include "collector/diagnose/node.h"
#include "collector/diagnose/note.h"
#include "proto/base/text.h"

#define HEARD_MS    INT64_C(86400000)
#define WORD_LEAST  2
#define TOPIC_LEAST 3

#define DENIAL_BYTES 12 /* "is still not " */

bool
claim_is_heard(const struct scene *scene, const struct scene_change *change)
{
	return change->is_mark && change->kind == MARK_CLAIM &&
	    text_same(change->environment, scene->environment) &&
	    scene->at_ms - change->to_ms <= HEARD_MS;
}

static const struct {
	const char *word;
	enum blame blame;
} claim_words[] = {
	{ "variable", BLAME_ENV },
	{ "environment", BLAME_ENV },
	{ "config", BLAME_ENV },
	{ "secret", BLAME_ENV },
	{ "password", BLAME_ENV },
	{ "network", BLAME_NET },
	{ "firewall", BLAME_NET },
	{ "dns", BLAME_NET },
	{ "database", BLAME_INFRA },
	{ "postgres", BLAME_INFRA },
	{ "disk", BLAME_INFRA },
	{ "code", BLAME_APP },
	{ "release", BLAME_APP },
	{ "deploy", BLAME_APP },
	{ "bug", BLAME_APP },
};

enum blame
claim_blame(const char *text)
{
	for (size_t i = 0; i < sizeof(claim_words) / sizeof(claim_words[0]);
	     i++)
		if (strstr(text, claim_words[i].word) != NULL)
			return claim_words[i].blame;
	return BLAME_UNDETERMINED;
}

/* Does a word among the few before say that it is not? */
static bool
is_denied(const char *text, const char *at)
{
	static const char *const words[] = { "not ", "n't ", "never ", "no ",
		"almost ", "until ", "please ", "be " };
	const char *from = at - text > DENIAL_BYTES ? at - DENIAL_BYTES : text;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *word = strcasestr(from, words[i]);

		if (word != NULL && word < at)
			return true;
	}
	return false;
}

bool
claim_is_of_repair(const char *text)
{
	static const char *const words[] = { "fixed", "resolved", "solved",
		"mended", "repaired", "restored", "recovered", "works again",
		"working again", "works now", "back up", "back to normal",
		"all clear", "false alarm" };
	const char *at;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		for (at = text; (at = strcasestr(at, words[i])) != NULL; at++)
			if ((at == text || !text_is_word(at[-1])) &&
			    !is_denied(text, at))
				return true;
	return false;
}

/* --- paths ---------------------------------------------------------------- */

/* "and/or" and "1/2" are none, nor is what begins with another word. */
static bool
begins_path(const char *text, const char *at)
{
	return at[0] == '/' && text_is_letter(at[1]) &&
	    (at == text || strchr(" \t\"'(`", at[-1]) != NULL);
}

const char *
claim_path(struct arena *arena, const struct scene_change *claim)
{
	const char *const texts[] = { claim->name, claim->summary };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (const char *at = texts[i]; *at != '\0'; at++) {
			size_t n;

			if (!begins_path(texts[i], at))
				continue;
			n = strcspn(at, " \t\"'()`,;?#");
			while (n > 1 && strchr(".:!/", at[n - 1]) != NULL)
				n--;
			return note(arena, "%.*s", (int)n, at);
		}
	return "";
}

/* --- who looks at a path ---------------------------------------------------- */

/* The last part of a path that is a word: neither a number nor the name of a
 * parameter. */
static const char *
last_word(const char *path, size_t *out_n)
{
	const char *word = "";

	*out_n = 0;
	for (const char *at = path; *at != '\0';) {
		size_t n = strcspn(at, "/");

		if (n >= WORD_LEAST && text_is_letter(at[0])) {
			word = at;
			*out_n = n;
		}
		at += n + (at[n] == '/');
	}
	return word;
}

/* Does a word of the text begin like this one, of which it may be the
 * singular or the plural? */
static bool
holds_word(const char *text, const char *word, size_t n)
{
	if (n > WORD_LEAST && (word[n - 1] | 0x20) == 's')
		n--;
	for (const char *at = text; *at != '\0'; at++) {
		if (at > text && text_is_word(at[-1]))
			continue;
		if (strncasecmp(at, word, n) != 0)
			continue;
		if (!text_is_word(at[n + ((at[n] | 0x20) == 's')]))
			return true;
	}
	return false;
}

static bool
is_looking(const struct scene_view *view, const char *word, size_t n)
{
	const struct result *result = view->last;

	if (holds_word(view->series->probe, word, n) ||
	    holds_word(result->message, word, n))
		return true;
	for (size_t i = 0; i < result->n_attributes; i++)
		if (result->attributes[i].text != NULL &&
		    holds_word(result->attributes[i].text, word, n))
			return true;
	for (size_t i = 0; i < view->series->n_phases; i++)
		if (holds_word(view->series->phases[i], word, n))
			return true;
	return false;
}

static bool
is_covered(const struct scene *scene, const char *path)
{
	size_t n;
	const char *word = last_word(path, &n);

	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];

		if (text_same(view->series->environment, scene->environment) &&
		    node_counts(view) && node_is_fresh(scene, view) &&
		    view->last->outcome != OUTCOME_UNKNOWN &&
		    is_looking(view, word, n))
			return true;
	}
	return false;
}

/* --- what several name ------------------------------------------------------- */

/* Words of complaints, which tell that something fails and not what. */
static bool
is_common(const char *word, size_t n)
{
	static const char *const words[] = { "the", "and", "for", "with",
		"from", "that", "this", "they", "their", "our", "all", "any",
		"some", "not", "but", "since", "after", "before", "when",
		"while", "again", "still", "now", "today", "yesterday",
		"morning", "evening", "night", "noon", "minute", "hour", "day",
		"one", "two", "three", "four", "five", "six", "ten", "several",
		"many", "few", "more", "most", "every", "everything",
		"everybody", "everyone", "nothing", "nobody", "something",
		"somebody", "user", "customer", "client", "people", "person",
		"support", "team", "desk", "ticket", "call", "phone", "mail",
		"chat", "message", "report", "reported", "reporting",
		"complain", "complaint", "say", "said", "see", "seen", "get",
		"got", "has", "have", "had", "are", "was", "were", "been",
		"cannot", "can", "could", "does", "doesn", "did", "didn", "isn",
		"won", "fail", "failed", "failing", "failure", "error",
		"broken", "break", "down", "slow", "slowly", "hang", "hanging",
		"stuck", "wrong", "bad", "issue", "problem", "trouble",
		"incident", "outage", "timeout", "time", "out", "working",
		"work", "worked", "unavailable", "unreachable", "site",
		"website", "web", "app", "application", "service", "system",
		"server", "page", "production", "prod", "staging", "think",
		"believe", "maybe", "because", "network", "database", "config",
		"deploy", "release", "firewall", "dns", "disk", "code", "bug",
		"fixed", "resolved" };

	if (n > 2 && (word[n - 1] | 0x20) == 's')
		n--;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n &&
		    strncasecmp(words[i], word, n) == 0)
			return true;
	return false;
}

/* Does another report of the day name it? */
static bool
is_repeated(const struct scene *scene, const struct scene_change *claim,
    const char *word, size_t n)
{
	for (size_t i = 0; i < scene->n_changes; i++) {
		const struct scene_change *other = &scene->changes[i];

		if (other != claim && claim_is_heard(scene, other) &&
		    !claim_is_of_repair(other->summary) &&
		    strcmp(other->summary, claim->summary) != 0 &&
		    holds_word(other->summary, word, n))
			return true;
	}
	return false;
}

/* One word may be chance; what two reports name, and nobody looks at, is what
 * they are of. */
static const char *
claim_topic(struct arena *arena, const struct scene *scene,
    const struct scene_change *claim)
{
	for (const char *at = claim->summary; *at != '\0';) {
		size_t n = 0;
		const char *word;

		while (text_is_letter(at[n]))
			n++;
		word = note(arena, "%.*s", (int)n, at);
		if (n >= TOPIC_LEAST && !is_common(at, n) &&
		    is_repeated(scene, claim, at, n) &&
		    !is_covered(scene, word))
			return word;
		at += n + (at[n] != '\0');
	}
	return "";
}

const char *
claim_object(struct arena *arena, const struct scene *scene,
    const struct scene_change *claim)
{
	const char *path = claim_path(arena, claim);

	return path[0] != '\0' ? path : claim_topic(arena, scene, claim);
}

const struct scene_change *
claim_find_uncovered(struct arena *arena, const struct scene *scene)
{
	const struct scene_change *found = NULL;

	for (size_t i = 0; i < scene->n_changes; i++) {
		const struct scene_change *claim = &scene->changes[i];
		const char *path;

		if (!claim_is_heard(scene, claim))
			continue;
		path = claim_path(arena, claim);
		if (claim_is_of_repair(claim->summary)) {
			if (found != NULL &&
			    (path[0] == '\0' ||
				text_same(
				    path, claim_object(arena, scene, found))))
				found = NULL;
		} else if (path[0] != '\0'
			? !is_covered(scene, path)
			: claim_topic(arena, scene, claim)[0] != '\0')
			found = claim;
	}
	return found;
}
