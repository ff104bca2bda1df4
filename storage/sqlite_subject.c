#include <stdlib.h>
#include <string.h>

#include "proto/base/map.h"
#include "proto/publish.h"
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

struct search {
	struct sqlite *s;
	const struct query_history *request;
	struct subjects *subjects;
	struct map *by_name;
};

static struct subject *
add_subject(struct search *search, const struct series *key)
{
	struct subjects *subjects = search->subjects;
	struct arena *arena = subjects->arena;
	struct subject *subject = mem_zalloc(sizeof(*subject));

	subject->key.environment = arena_strdup(arena, key->environment);
	subject->key.agent = arena_strdup(arena, key->agent);
	subject->key.service = arena_strdup(arena, key->service);
	subject->key.probe = arena_strdup(arena, key->probe);
	if (subjects->n == subjects->room) {
		subjects->room = 2 * subjects->room + 16;
		subjects->list = mem_resize(
		    subjects->list, subjects->room, sizeof(*subjects->list));
	}
	subjects->list[subjects->n++] = subject;
	return subject;
}

/* Finds or adds the subject of a series that the inbox names. */
static struct subject *
subject_of(struct search *search, const struct series *series)
{
	/* A name holds no line end. */
	char *name = mem_printf("%s\n%s\n%s\n%s", series->environment,
	    series->agent, series->service, series->probe);
	struct subject *subject = map_get(search->by_name, name);

	if (subject == NULL) {
		subject = add_subject(search, series);
		map_put(search->by_name, name, subject);
	}
	free(name);
	return subject;
}

static bool
is_asked(const char *wanted, const char *found)
{
	return wanted[0] == '\0' || strcmp(wanted, found) == 0;
}

static void
add_point(struct subject *subject, const struct series *series,
    const struct result *result)
{
	if (subject->n_points == subject->room) {
		subject->room = 2 * subject->room + 16;
		subject->points = mem_resize(
		    subject->points, subject->room, sizeof(*subject->points));
	}
	subject->points[subject->n_points++] =
	    (struct point){ result->at_ms, result->duration_us, result->outcome,
		    result->reason, result->censored, series->interval_ms };
}

/* A name that is not among the bytes of a batch is not in the batch. */
static bool
may_hold(const struct store_batch *row, const char *name)
{
	return name[0] == '\0' ||
	    memmem(row->content, row->n_content, name, strlen(name)) != NULL;
}

static void
add_points(struct search *search, const struct batch *batch)
{
	const struct query_history *q = search->request;
	struct subject **subjects =
	    mem_calloc(batch->n_series, sizeof(*subjects));

	for (size_t i = 0; i < batch->n_series; i++) {
		const struct series *series = &batch->series[i];

		if (is_asked(q->service, series->service) &&
		    is_asked(q->probe, series->probe))
			subjects[i] = subject_of(search, series);
	}
	for (size_t i = 0; i < batch->n_results; i++) {
		const struct result *result = &batch->results[i];

		if (subjects[result->series] != NULL &&
		    result->at_ms >= q->from_ms && result->at_ms < q->to_ms)
			add_point(subjects[result->series],
			    &batch->series[result->series], result);
	}
	free(subjects);
}

static int
take_batch(void *arg, const struct store_batch *row, struct err *err)
{
	struct search *search = arg;
	struct batch *batch = NULL;

	(void)err;
	if (row->n_results == 0 || !may_hold(row, search->request->probe) ||
	    !may_hold(row, search->request->service))
		return 0;
	if (batch_decode(&batch, row->content, row->n_content, row->environment,
		row->agent, NULL) < 0) {
		search->s->damaged++;
		return 0;
	}
	add_points(search, batch);
	batch_free(batch);
	return 0;
}

/* Adds the series that have chunks. */
static int
add_sealed(struct search *search, struct err *err)
{
	const struct query_history *q = search->request;
	struct sqlite *s = search->s;
	enum sql sql = SQL_SERIES_SCAN;
	int rc;

	sqlite_bind(
	    s, sql, "tttt", q->environment, q->agent, q->service, q->probe);
	while ((rc = sqlite_step(s, sql, err)) > 0) {
		struct series key = { .environment = sqlite_str(s, sql, 1),
			.agent = sqlite_str(s, sql, 2),
			.service = sqlite_str(s, sql, 3),
			.probe = sqlite_str(s, sql, 4) };

		subject_of(search, &key)->id = sqlite_int(s, sql, 0);
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

int
subjects_find(struct subjects *out, struct sqlite *s,
    const struct query_history *request, struct err *err)
{
	struct search search = { .s = s, .request = request, .subjects = out };
	int rc;

	*out = (struct subjects){ .arena = arena_new(0) };
	search.by_name = map_new();
	rc = add_sealed(&search, err);
	if (rc == 0)
		rc = sqlite_scan_span(&s->store, request->environment,
		    request->agent, request->from_ms, request->to_ms,
		    take_batch, &search, err);
	map_free(search.by_name);
	if (rc < 0 || out->n == 0)
		return rc;
	qsort(out->list, out->n, sizeof(*out->list), compare_subjects);
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
