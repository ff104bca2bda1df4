#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/guards.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

/* The rule owns its texts, and points to the places below. */
struct guard {
	char *condition, *environment, *service;
	char *environments[1], *services[1];
	struct expectation_config rule;
};

struct guards {
	struct guard **list; /* in the order in which they were told */
	size_t n;
};

/* --- conditions --------------------------------------------------------- */

/* How people write the names of facts. */
static const struct {
	const char *prefix, *fact;
} prefixes[] = {
	{ "config:", "setting/" },
	{ "setting:", "setting/" },
	{ "envvar:", "env/" },
	{ "env:", "env/" },
};

static const struct {
	const char *sign;
	size_t at; /* of the text in the rule */
	bool is_number;
} signs[] = {
	{ ">=", offsetof(struct expectation_config, at_least), true },
	{ "<=", offsetof(struct expectation_config, at_most), true },
	{ "==", offsetof(struct expectation_config, equals), false },
	{ "=", offsetof(struct expectation_config, equals), false },
};

static char *
fact_name(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		size_t used = strlen(prefixes[i].prefix);

		if (n > used && strncmp(name, prefixes[i].prefix, used) == 0)
			return mem_printf("%s%.*s", prefixes[i].fact,
			    (int)(n - used), name + used);
	}
	return mem_printf("%.*s", (int)n, name);
}

static void
rule_fini(struct expectation_config *rule)
{
	free(rule->name);
	free(rule->at_least);
	free(rule->at_most);
	free(rule->equals);
	free(rule->issue);
}

static const struct {
	const char *word;
	enum relation relation;
} relations[] = {
	{ "matches", RELATION_MATCHES },
	{ "differs", RELATION_DIFFERS },
	{ "free", RELATION_FREE },
};

/* The value behind a sign. */
static int
read_value(struct expectation_config *rule, size_t sign, const char *value,
    struct err *err)
{
	char *end;

	if (*value == '\0')
		return err_set(err, ERR_INVALID, "no value stands behind %s",
		    signs[sign].sign);
	*(char **)((char *)rule + signs[sign].at) = mem_strdup(value);
	rule->number = strtod(value, &end);
	if (signs[sign].is_number && (*end != '\0' || !isfinite(rule->number)))
		return err_set(err, ERR_INVALID,
		    "%.40s, behind %s, is no number", value, signs[sign].sign);
	return 0;
}

/* What stands behind the name: a word, or a sign and a value. */
static int
read_wish(struct expectation_config *rule, const char *wish, struct err *err)
{
	if (strcmp(wish, "present") == 0) {
		rule->present = true;
		return 0;
	}
	for (size_t i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
		if (strcmp(wish, relations[i].word) != 0)
			continue;
		rule->relation = relations[i].relation;
		return 0;
	}
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
		size_t n = strlen(signs[i].sign);

		if (strncmp(wish, signs[i].sign, n) == 0)
			return read_value(
			    rule, i, wish + n + strspn(wish + n, " "), err);
	}
	if (*wish == '\0')
		return err_set(
		    err, ERR_INVALID, "a name with nothing behind it");
	return err_set(
	    err, ERR_INVALID, "%.60s is not what may follow a name", wish);
}

/* "config:" is what stands before one. */
static bool
is_name(const char *name)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strcmp(name, prefixes[i].prefix) == 0)
			return false;
	return name[0] != '\0';
}

/* On -1 the rule is empty. */
static int
read_rule(
    struct expectation_config *rule, const char *condition, struct err *err)
{
	size_t n = strcspn(condition, " <>=");
	const char *wish = condition + n + strspn(condition + n, " ");
	int rc;

	*rule = (struct expectation_config){ .name = fact_name(condition, n) };
	rc = is_name(rule->name)
	    ? read_wish(rule, wish, err)
	    : err_set(err, ERR_INVALID, "it begins with no name of a fact");
	if (rc == 0)
		return 0;
	rule_fini(rule);
	*rule = (struct expectation_config){ 0 };
	return -1;
}

/* --- those in force ------------------------------------------------------ */

struct guards *
guards_new(void)
{
	return mem_zalloc(sizeof(struct guards));
}

static void
guard_free(struct guard *guard)
{
	rule_fini(&guard->rule);
	free(guard->condition);
	free(guard->environment);
	free(guard->service);
	free(guard);
}

void
guards_free(struct guards *guards)
{
	if (guards == NULL)
		return;
	for (size_t i = 0; i < guards->n; i++)
		guard_free(guards->list[i]);
	free(guards->list);
	free(guards);
}

static struct guard *
guard_new(const struct mark *mark, const struct expectation_config *rule)
{
	struct guard *guard = mem_zalloc(sizeof(*guard));
	const char *issue = mark_text(mark, GUARDS_ISSUE);

	guard->condition = mem_strdup(mark->subject);
	guard->environment = mem_strdup(mark->environment);
	guard->service = mem_strdup(mark->service);
	guard->environments[0] = guard->environment;
	guard->services[0] = guard->service;
	guard->rule = *rule;
	guard->rule.issue = issue != NULL ? mem_strdup(issue) : NULL;
	guard->rule.environments = (struct names){ guard->environments, 1 };
	if (guard->service[0] != '\0')
		guard->rule.services = (struct names){ guard->services, 1 };
	return guard;
}

/* Either may be NULL. */
static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool
is_same(const struct expectation_config *a, const struct expectation_config *b)
{
	return strcmp(a->name, b->name) == 0 && a->relation == b->relation &&
	    a->present == b->present &&
	    is_same_text(a->at_least, b->at_least) &&
	    is_same_text(a->at_most, b->at_most) &&
	    is_same_text(a->equals, b->equals);
}

/* The same condition, however it is written, or another relation of the same
 * fact. */
static bool
is_replaced(const struct guard *guard, const struct mark *mark,
    const struct expectation_config *rule)
{
	if (strcmp(guard->environment, mark->environment) != 0 ||
	    strcmp(guard->service, mark->service) != 0)
		return false;
	return is_same(&guard->rule, rule) ||
	    (guard->rule.relation != RELATION_NONE &&
		rule->relation != RELATION_NONE &&
		mark_text(mark, GUARDS_REMOVED) == NULL &&
		strcmp(guard->rule.name, rule->name) == 0);
}

static bool
forget(struct guards *guards, const struct mark *mark,
    const struct expectation_config *rule)
{
	for (size_t i = 0; i < guards->n; i++) {
		if (!is_replaced(guards->list[i], mark, rule))
			continue;
		guard_free(guards->list[i]);
		memmove(&guards->list[i], &guards->list[i + 1],
		    (--guards->n - i) * sizeof(guards->list[0]));
		return true;
	}
	return false;
}

bool
guards_learn(struct guards *guards, const struct mark *mark)
{
	struct expectation_config rule;
	bool was_known;

	if (mark->kind != MARK_GUARD ||
	    read_rule(&rule, mark->subject, NULL) < 0)
		return false;
	was_known = forget(guards, mark, &rule);
	if (mark_text(mark, GUARDS_REMOVED) != NULL) {
		rule_fini(&rule);
		return was_known;
	}
	guards->list =
	    mem_resize(guards->list, guards->n + 1, sizeof(guards->list[0]));
	guards->list[guards->n++] = guard_new(mark, &rule);
	return true;
}

const char *
guards_replaced(const struct guards *guards, const struct mark *mark)
{
	struct expectation_config rule;
	const char *found = NULL;

	if (mark->kind != MARK_GUARD ||
	    read_rule(&rule, mark->subject, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < guards->n; i++)
		if (is_replaced(guards->list[i], mark, &rule) &&
		    !is_same(&guards->list[i]->rule, &rule))
			found = guards->list[i]->condition;
	rule_fini(&rule);
	return found;
}

static int
check_removal(const struct guards *guards, const struct mark *mark,
    const struct expectation_config *rule, struct err *err)
{
	for (size_t i = 0; i < guards->n; i++)
		if (is_replaced(guards->list[i], mark, rule))
			return 0;
	return err_set(err, ERR_NOT_FOUND,
	    "guard %.100s: nobody added it to %s%s%s, so there is nothing to "
	    "remove: vedette guard list %s shows what is in force there",
	    mark->subject, mark->environment,
	    mark->service[0] != '\0' ? "/" : "", mark->service,
	    mark->environment);
}

int
guards_check(
    const struct guards *guards, const struct mark *mark, struct err *err)
{
	struct expectation_config rule;
	struct err why;
	int rc = 0;

	if (read_rule(&rule, mark->subject, &why) < 0)
		return err_set(err, ERR_INVALID,
		    "guard %.100s: not a condition: %s; write the name of a "
		    "fact, then one of: present, matches, differs, free, >= N, "
		    "<= N, = VALUE; such as: config:pool_size >= 20",
		    mark->subject, why.text);
	if (mark_text(mark, GUARDS_REMOVED) != NULL)
		rc = check_removal(guards, mark, &rule, err);
	rule_fini(&rule);
	return rc;
}

static int
on_mark(void *arg, const struct mark *mark, struct err *err)
{
	(void)err;
	guards_learn(arg, mark);
	return 0;
}

int
guards_load(
    struct guards *guards, struct store *store, int64_t at_ms, struct err *err)
{
	const struct store_marks all = { "", "", 0, at_ms };

	return store_scan_marks(store, &all, on_mark, guards, err);
}

size_t
guards_count(const struct guards *guards)
{
	return guards->n;
}

const struct expectation_config *
guards_get(const struct guards *guards, size_t i)
{
	return &guards->list[i]->rule;
}

const char *
guards_condition(const struct guards *guards, size_t i)
{
	return guards->list[i]->condition;
}
