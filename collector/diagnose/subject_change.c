#include <string.h>

#include "collector/diagnose/note.h"
#include "collector/diagnose/sibling.h"
#include "collector/diagnose/subject.h"
#include "proto/base/text.h"

static const char *
lower_case(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *c = copy; *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return copy;
}

/* What begins with a prefix is called by its type. */
static const struct {
	const char *prefix, *type;
} types[] = {
	{ "envvar/", "envvar:" },
	{ "envfile/", "envfile:" },
	{ "file/", "envfile:" },
	{ "hosts/", "hosts:" },
	{ "setting/", "config:" },
	{ "config/", "config:" },
	{ "secret/", "secret:" },
	{ "policy/", "policy:" },
	{ "iam/", "iam:" },
	{ "role/", "role:" },
	{ "flag/", "config:" },
	{ "dns/", "dns:" },
	{ "server/", "infra:" },
	{ "certificate/", "tls:" },
	{ "tls/", "tls:" },
	{ "limit/", "limit:" },
	{ "gcp/", "gcp:" },
};

/* What the last word of a fact host/PROBE/... limits: a file of the control
 * group of a service. */
static const struct {
	const char *fact, *file;
} limits[] = {
	{ "/cgroup_memory_bytes", "memory.max" },
	{ "/cgroup_cpus", "cpu.max" },
	{ "/cgroup_pids", "pids.max" },
};

static const char *
subject_of_limit(struct arena *arena, const struct scene_change *change)
{
	const char *word = strrchr(change->name, '/');

	if (strncmp(change->name, "host/", 5) != 0)
		return NULL;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (text_same(word, limits[i].fact))
			return note(arena, "cgroup:%s/%s", change->service,
			    limits[i].file);
	return NULL;
}

/* "envvar:SECRET_KEY@backend/b"; of a build it is the build. */
static const char *
subject_of_replica(
    struct arena *arena, const struct scene_change *change, size_t n)
{
	struct scene_change plain = *change;
	const char *subject;

	plain.name = note(arena, "%.*s", (int)n, change->name);
	subject = subject_of_change(arena, &plain);
	return suspect_class(&plain) == CHANGE_RELEASE
	    ? subject
	    : note(arena, "%s@%s/%s", subject, change->service,
		  change->name + n + 1);
}

const char *
subject_of_change(struct arena *arena, const struct scene_change *change)
{
	const char *name = change->name;
	const char *limit = subject_of_limit(arena, change);
	size_t n = sibling_name_bytes(name);

	if (name[n] != '\0')
		return subject_of_replica(arena, change, n);

	if (limit != NULL)
		return limit;
	if (strncmp(name, "env/FLAG_", 9) == 0)
		return note(arena, "config:%s", lower_case(arena, name + 4));
	if (strncmp(name, "env/", 4) == 0)
		return note(arena, "envvar:%s", name + 4);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncmp(name, types[i].prefix, strlen(types[i].prefix)) ==
		    0)
			return note(arena, "%s%s", types[i].type,
			    name + strlen(types[i].prefix));
	if (strncmp(name, "build/", 6) == 0)
		return note(arena, "app:%s@%s", change->service, name + 6);
	if (text_same(name, "build"))
		return note(arena, "app:%s@%s", change->service, change->after);
	if (change->is_mark && name[0] == '\0')
		return note(arena, "%s:%s", mark_kind_name(change->kind),
		    change->service);
	return name;
}

const char *
subject_of_fact(struct arena *arena, const struct scene_fact *fact)
{
	const struct scene_change as = {
		.name = fact->name, .service = fact->service, .after = ""
	};

	return subject_of_change(arena, &as);
}

/* A setting may be written without saying that it is one. */
const char *
subject_of_guard(struct arena *arena, const struct scene_guard *guard)
{
	const struct scene_change as = {
		.name = guard->name, .service = guard->service, .after = ""
	};

	return strchr(guard->name, '/') == NULL
	    ? note(arena, "config:%s", guard->name)
	    : subject_of_change(arena, &as);
}
