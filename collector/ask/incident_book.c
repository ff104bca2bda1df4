#include <string.h>

#include "collector/ask/incident_book.h"
#include "collector/ask/questions.h"
#include "proto/base/text.h"

struct incident_page {
	const struct verdict *verdict;
	bool is_judged;
};

/* What was at fault. */
struct fault {
	enum blame blame;
	const char *subject; /* "" when nobody knows */
};

int
incident_book_open(struct incident_book *out, struct arena *arena,
    const struct document_source *source, const char *environment,
    int64_t from_ms, int64_t at_ms, struct err *err)
{
	*out = (struct incident_book){ .source = source, .arena = arena };
	if (incidents_find(&out->incidents, arena, source->store, environment,
		from_ms, at_ms, err) < 0 ||
	    labels_find(&out->labels, arena, source->store, environment,
		LABELS_ALL, err) < 0)
		return -1;
	out->pages =
	    arena_zalloc(arena, (out->incidents.n + 1) * sizeof(*out->pages));
	return 0;
}

const struct label *
incident_book_label(const struct incident_book *book, size_t at)
{
	return labels_of(&book->labels, &book->incidents.list[at]);
}

int
incident_book_verdict(const struct verdict **out, struct incident_book *book,
    size_t at, struct err *err)
{
	struct incident_page *page = &book->pages[at];
	const struct incident *incident = &book->incidents.list[at];
	struct verdict *verdict;

	if (!page->is_judged && book->n_judged < INCIDENT_BOOK_VERDICTS) {
		verdict = arena_zalloc(book->arena, sizeof(*verdict));
		if (question_verdict(verdict, book->arena, book->source,
			incident->environment, incident->seen_ms, err) < 0)
			return -1;
		book->n_judged++;
		page->is_judged = true;
		if (verdict->n_views > 0)
			page->verdict = verdict;
	}
	*out = page->verdict;
	return 0;
}

static int
find_fault(
    struct fault *out, struct incident_book *book, size_t at, struct err *err)
{
	const struct label *label = incident_book_label(book, at);
	const struct verdict *verdict;

	*out = (struct fault){ BLAME_UNDETERMINED, "" };
	if (label != NULL && label->subject[0] != '\0') {
		*out = (struct fault){ label->blame, label->subject };
		return 0;
	}
	if (incident_book_verdict(&verdict, book, at, err) < 0)
		return -1;
	if (verdict != NULL)
		*out = (struct fault){ verdict->blame, verdict->subject };
	return 0;
}

/* Two builds of one service are two faults; who said no more than the service
 * may have meant either. */
static bool
is_same(const struct fault *a, const struct fault *b)
{
	const char *x = a->subject, *y = b->subject;

	if (a->blame != b->blame || x[0] == '\0' || y[0] == '\0')
		return false;
	return text_same(x, y) ||
	    ((strpbrk(x, "#@") == NULL || strpbrk(y, "#@") == NULL) &&
		label_same_subject(x, y));
}

static bool
is_earlier(const struct incident *incident, const struct incident *than)
{
	return text_same(incident->environment, than->environment) &&
	    incident->closed_ms != 0 && incident->closed_ms < than->onset_ms;
}

int
incident_book_relapse(
    int64_t *out, struct incident_book *book, size_t at, struct err *err)
{
	const struct incident *incident = &book->incidents.list[at];
	struct fault own, other;

	*out = -1;
	if (find_fault(&own, book, at, err) < 0)
		return -1;
	if (own.subject[0] == '\0')
		return 0;
	for (size_t i = at + 1; i < book->incidents.n; i++) {
		if (!is_earlier(&book->incidents.list[i], incident))
			continue;
		if (find_fault(&other, book, i, err) < 0)
			return -1;
		if (is_same(&own, &other)) {
			*out = (int64_t)i;
			return 0;
		}
	}
	return 0;
}
