#include <stdlib.h>
#include <string.h>

#include "proto/base/map.h"
#include "proto/glance.h"
#include "storage/sqlite_subject.h"

int
point_compare(const void *left, const void *right)
{
	const struct point *a = left, *b = right;
	int rc = (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);

	if (rc == 0)
		rc = (a->outcome > b->outcome) - (a->outcome < b->outcome);
	if (rc == 0)
		rc = (a->reason > b->reason) - (a->reason < b->reason);
	return rc;
}

#define NAME_BYTES 1024

struct search {
	struct sqlite *s;
	const struct query_history *request;
	struct subjects *subjects;
	struct map *by_name;
	/* Of the batch at hand: */
	const struct store_batch *row;
	struct subject *of[BATCH_MAX_SERIES]; /* NULL: not asked for */
	uint32_t interval_ms[BATCH_MAX_SERIES];
};

static struct subject *
add_subject(struct subjects *subjects)
{
	struct subject *subject = mem_zalloc(sizeof(*subject));

	if (subjects->n == subjects->room) {
		subjects->room = 2 * subjects->room + 16;
		subjects->list = mem_resize(
		    subjects->list, subjects->room, sizeof(*subjects->list));
	}
	subjects->list[subjects->n++] = subject;
	return subject;
}

/* The key of by_name.  False: no names are as long. */
static bool
key_of(char out[NAME_BYTES], const struct series *names)
{
	const char *parts[] = { names->environment, names->agent,
		names->service, names->probe };
	char *at = out, *end = out + NAME_BYTES;

	/* A name holds no line end.  printf is slow where every batch asks. */
	for (int i = 0; i < 4; i++) {
		size_t n = strlen(parts[i]);

		if (n >= (size_t)(end - at))
			return false;
		memcpy(at, parts[i], n);
		at += n;
		*at++ = i < 3 ? '\n' : '\0';
	}
	return true;
}

/* Ends with NUL; false: it is too long for a name. */
static bool
copy_name(char out[NAME_BYTES], const struct glance_name *name)
{
	if (name->n >= NAME_BYTES)
		return false;
	memcpy(out, name->bytes, name->n);
	out[name->n] = '\0';
	return true;
}

/* Finds or adds the subject of a series in the inbox. */
static struct subject *
subject_of(struct search *search, const struct glance_series *series)
{
	struct arena *arena = search->subjects->arena;
	char key[NAME_BYTES], service[NAME_BYTES], probe[NAME_BYTES];
	const struct series names = { .environment = search->row->environment,
		.agent = search->row->agent,
		.service = service,
		.probe = probe };
	struct subject *subject;

	if (!copy_name(service, &series->service) ||
	    !copy_name(probe, &series->probe) || !key_of(key, &names))
		return NULL;
	subject = map_get(search->by_name, key);
	if (subject != NULL)
		return subject;
	subject = add_subject(search->subjects);
	subject->key.environment = arena_strdup(arena, names.environment);
	subject->key.agent = arena_strdup(arena, names.agent);
	subject->key.service = arena_strdup(arena, service);
	subject->key.probe = arena_strdup(arena, probe);
	map_put(search->by_name, key, subject);
	return subject;
}

static bool
is_asked(const char *wanted, const struct glance_name *found)
{
	return wanted[0] == '\0' ||
	    (strlen(wanted) == found->n &&
		memcmp(wanted, found->bytes, found->n) == 0);
}

static void
take_series(void *arg, const struct glance_series *series)
{
	struct search *search = arg;

	search->interval_ms[series->index] = series->interval_ms;
	search->of[series->index] =
	    is_asked(search->request->service, &series->service) &&
		is_asked(search->request->probe, &series->probe)
	    ? subject_of(search, series)
	    : NULL;
}

static void
take_result(void *arg, const struct glance_result *result)
{
	struct search *search = arg;
	struct subject *subject = search->of[result->series];

	if (subject == NULL || result->at_ms < search->request->from_ms ||
	    result->at_ms >= search->request->to_ms)
		return;
	if (subject->n_points == subject->room) {
		subject->room = 2 * subject->room + 16;
		subject->points = mem_resize(
		    subject->points, subject->room, sizeof(*subject->points));
	}
	subject->points[subject->n_points++] = (struct point){ result->at_ms,
		result->duration_us, result->outcome, result->reason,
		result->censored, search->interval_ms[result->series] };
}

/* A name that is not among the bytes of a batch is not in the batch. */
static bool
may_hold(const struct store_batch *row, const char *name)
{
	return name[0] == '\0' ||
	    memmem(row->content, row->n_content, name, strlen(name)) != NULL;
}

static int
take_batch(void *arg, const struct store_batch *row, struct err *err)
{
	struct search *search = arg;
	struct glance glance = { take_series, take_result, search };

	(void)err;
	if (row->n_results == 0 || !may_hold(row, search->request->probe) ||
	    !may_hold(row, search->request->service))
		return 0;
	search->row = row;
	if (batch_glance(&glance, row->content, row->n_content) < 0)
		search->s->damaged++;
	return 0;
}

/* Adds the series that have chunks. */
static int
add_sealed(struct search *search, struct err *err)
{
	const struct query_history *q = search->request;
	struct arena *arena = search->subjects->arena;
	enum sql sql = SQL_SERIES_SCAN;
	struct sqlite *s = search->s;
	struct subject *subject;
	char name[NAME_BYTES];
	int rc;

	sqlite_bind(
	    s, sql, "tttt", q->environment, q->agent, q->service, q->probe);
	while ((rc = sqlite_step(s, sql, err)) > 0) {
		subject = add_subject(search->subjects);
		subject->id = sqlite_int(s, sql, 0);
		subject->key.environment =
		    arena_strdup(arena, sqlite_str(s, sql, 1));
		subject->key.agent = arena_strdup(arena, sqlite_str(s, sql, 2));
		subject->key.service =
		    arena_strdup(arena, sqlite_str(s, sql, 3));
		subject->key.probe = arena_strdup(arena, sqlite_str(s, sql, 4));
		if (key_of(name, &subject->key))
			map_put(search->by_name, name, subject);
	}
	return rc;
}

static int
compare_subjects(const void *left, const void *right)
{
	const struct series *a = &(*(struct subject *const *)left)->key;
	const struct series *b = &(*(struct subject *const *)right)->key;
	int rc = strcmp(a->environment, b->environment);

	if (rc == 0)
		rc = strcmp(a->agent, b->agent);
	if (rc == 0)
		rc = strcmp(a->service, b->service);
	return rc != 0 ? rc : strcmp(a->probe, b->probe);
}

static void
sort_points(struct subject *subject)
{
	if (subject->n_points > 1)
		qsort(subject->points, subject->n_points, sizeof(struct point),
		    point_compare);
}

int
subjects_find(struct subjects *out, struct sqlite *s,
    const struct query_history *request, struct err *err)
{
	struct search *search = mem_zalloc(sizeof(*search));
	size_t n_sealed;
	int rc;

	*out = (struct subjects){ .arena = arena_new(0) };
	search->s = s;
	search->request = request;
	search->subjects = out;
	search->by_name = map_new();
	rc = add_sealed(search, err);
	n_sealed = out->n;
	if (rc == 0)
		rc = sqlite_scan_span(&s->store, request->environment,
		    request->agent, request->from_ms, request->to_ms,
		    take_batch, search, err);
	map_free(search->by_name);
	free(search);
	if (rc < 0 || out->n == 0)
		return rc;
	if (out->n > n_sealed) /* which are in order already */
		qsort(out->list, out->n, sizeof(*out->list), compare_subjects);
	for (size_t i = 0; i < out->n; i++)
		sort_points(out->list[i]);
	return 0;
}

void
subjects_fini(struct subjects *subjects)
{
	for (size_t i = 0; i < subjects->n; i++) {
		free(subjects->list[i]->points);
		free(subjects->list[i]);
	}
	free(subjects->list);
	arena_free(subjects->arena);
}
