#include <stdio.h>
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
	struct map *by_name; /* those in the inbox */
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

/* Finds or adds the subject of a series in the inbox. */
static struct subject *
subject_of(struct search *search, const struct glance_series *series)
{
	struct arena *arena = search->subjects->arena;
	char name[NAME_BYTES];
	struct subject *subject;
	int n;

	/* A name holds no line end, and is far shorter. */
	n = snprintf(name, sizeof(name), "%s\n%s\n%.*s\n%.*s",
	    search->row->environment, search->row->agent,
	    (int)series->service.n, series->service.bytes, (int)series->probe.n,
	    series->probe.bytes);
	if (n < 0 || (size_t)n >= sizeof(name))
		return NULL;
	subject = map_get(search->by_name, name);
	if (subject != NULL)
		return subject;
	subject = add_subject(search->subjects);
	subject->key.environment =
	    arena_strdup(arena, search->row->environment);
	subject->key.agent = arena_strdup(arena, search->row->agent);
	subject->key.service =
	    arena_strndup(arena, series->service.bytes, series->service.n);
	subject->key.probe =
	    arena_strndup(arena, series->probe.bytes, series->probe.n);
	map_put(search->by_name, name, subject);
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

/* Makes one of two that are neighbours now: a series that has chunks is in the
 * inbox as well. */
static void
unify(struct subjects *subjects)
{
	size_t n = 0;

	for (size_t i = 0; i < subjects->n; i++) {
		struct subject *one = subjects->list[i], *two;

		subjects->list[n++] = one;
		if (i + 1 == subjects->n ||
		    compare_subjects(
			&subjects->list[i], &subjects->list[i + 1]) != 0)
			continue;
		two = subjects->list[++i];
		one->id += two->id; /* one of them is 0 */
		if (one->points == NULL) {
			one->points = two->points;
			one->n_points = two->n_points;
			two->points = NULL;
		}
		free(two->points);
		free(two);
	}
	subjects->n = n;
}

int
subjects_find(struct subjects *out, struct sqlite *s,
    const struct query_history *request, struct err *err)
{
	struct search *search = mem_zalloc(sizeof(*search));
	int rc;

	*out = (struct subjects){ .arena = arena_new(0) };
	search->s = s;
	search->request = request;
	search->subjects = out;
	search->by_name = map_new();
	rc = add_sealed(search, err);
	if (rc == 0)
		rc = sqlite_scan_span(&s->store, request->environment,
		    request->agent, request->from_ms, request->to_ms,
		    take_batch, search, err);
	map_free(search->by_name);
	free(search);
	if (rc < 0 || out->n == 0)
		return rc;
	qsort(out->list, out->n, sizeof(*out->list), compare_subjects);
	unify(out);
	for (size_t i = 0; i < out->n; i++)
		if (out->list[i]->n_points > 1)
			qsort(out->list[i]->points, out->list[i]->n_points,
			    sizeof(struct point), point_compare);
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
