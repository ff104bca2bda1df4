#include <stdlib.h>

#include "collector/keep/reorder.h"
#include "proto/base/mem.h"

struct waiting {
	int64_t known_ms;
	uint64_t number; /* in which order they came */
	struct line *line;
};

/* A heap: none is before the one at half its index. */
struct reorder {
	struct waiting *heap; /* from 1 */
	size_t n, room;
	uint64_t number;
	int64_t newest_ms; /* of what was taken in */
};

struct reorder *
reorder_new(void)
{
	return mem_zalloc(sizeof(struct reorder));
}

void
reorder_free(struct reorder *reorder)
{
	if (reorder == NULL)
		return;
	for (size_t i = 1; i <= reorder->n; i++)
		free(reorder->heap[i].line);
	free(reorder->heap);
	free(reorder);
}

static bool
is_before(const struct waiting *a, const struct waiting *b)
{
	if (a->known_ms != b->known_ms)
		return a->known_ms < b->known_ms;
	return a->number < b->number;
}

void
reorder_put(struct reorder *reorder, const struct line *line, int64_t offset_ms)
{
	int64_t began_ms = line->at_ms - offset_ms;
	struct waiting waiting = { began_ms, reorder->number++,
		line_copy(line) };
	size_t at;

	if (line->type == LINE_RESULT)
		waiting.known_ms += line->result.duration_us / 1000;
	if (reorder->n == 0 || began_ms > reorder->newest_ms)
		reorder->newest_ms = began_ms;
	if (reorder->n + 2 > reorder->room) {
		reorder->room = 2 * reorder->room + 64;
		reorder->heap = mem_resize(
		    reorder->heap, reorder->room, sizeof(*reorder->heap));
	}
	for (at = ++reorder->n; at > 1; at /= 2) {
		if (!is_before(&waiting, &reorder->heap[at / 2]))
			break;
		reorder->heap[at] = reorder->heap[at / 2];
	}
	reorder->heap[at] = waiting;
}

/* Moves the last one down from the top. */
static void
sift(struct reorder *reorder)
{
	struct waiting last = reorder->heap[reorder->n--];
	size_t at = 1, next;

	for (; (next = 2 * at) <= reorder->n; at = next) {
		if (next < reorder->n &&
		    is_before(&reorder->heap[next + 1], &reorder->heap[next]))
			next++;
		if (!is_before(&reorder->heap[next], &last))
			break;
		reorder->heap[at] = reorder->heap[next];
	}
	reorder->heap[at] = last;
}

struct line *
reorder_take(struct reorder *reorder, int64_t *out_known_ms, bool at_end)
{
	struct line *line;

	if (reorder->n == 0)
		return NULL;
	if (!at_end && reorder->n < REORDER_LINES &&
	    reorder->heap[1].known_ms > reorder->newest_ms - REORDER_MS)
		return NULL;
	*out_known_ms = reorder->heap[1].known_ms;
	line = reorder->heap[1].line;
	sift(reorder);
	return line;
}
