#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "collector/backlog.h"
#include "proto/base/mem.h"

/* One of them; what the envelope points to is behind it. */
struct unjudged {
	struct list node;
	struct stored stored;
	struct envelope envelope;
	struct batch *batch; /* NULL: to be decoded again */
	size_t n_new;
	char block[];
};

void
backlog_init(struct backlog *backlog, struct pipeline *pipeline)
{
	*backlog = (struct backlog){ .pipeline = pipeline };
	list_init(&backlog->list);
}

bool
backlog_is_full(const struct backlog *backlog)
{
	return backlog->n_bytes >= BACKLOG_MAX_BYTES;
}

static void
put(char **at, const void **out, const void *bytes, size_t n)
{
	*out = memcpy(*at, bytes, n);
	*at += n;
}

/* Copies the envelope; its content only if that will be needed. */
static struct unjudged *
unjudged_new(const struct envelope *envelope, bool with_content)
{
	size_t n[] = { strlen(envelope->environment) + 1,
		strlen(envelope->agent) + 1, strlen(envelope->version) + 1,
		with_content ? envelope->n_content : 0 };
	struct unjudged *one =
	    mem_zalloc(sizeof(*one) + n[0] + n[1] + n[2] + n[3]);
	const void *copies[4];
	char *at = one->block;

	put(&at, &copies[0], envelope->environment, n[0]);
	put(&at, &copies[1], envelope->agent, n[1]);
	put(&at, &copies[2], envelope->version, n[2]);
	put(&at, &copies[3], envelope->content, n[3]);
	one->envelope = *envelope;
	one->envelope.environment = copies[0];
	one->envelope.agent = copies[1];
	one->envelope.version = copies[2];
	one->envelope.content = with_content ? copies[3] : NULL;
	return one;
}

void
backlog_add(struct backlog *backlog, const struct stored *stored,
    const struct envelope *envelope, struct batch *batch, size_t n_new)
{
	bool stays = backlog->n < BACKLOG_DECODED;
	struct unjudged *one = unjudged_new(envelope, !stays);

	one->stored = *stored;
	one->n_new = n_new;
	if (stays)
		one->batch = batch;
	else
		batch_free(batch);
	list_push(&backlog->list, &one->node);
	backlog->n++;
	backlog->n_bytes += envelope->n_content;
}

static void
drop(struct backlog *backlog, struct unjudged *one)
{
	list_remove(&one->node);
	backlog->n--;
	backlog->n_bytes -= one->envelope.n_content;
	batch_free(one->batch);
	free(one);
}

static struct unjudged *
oldest(const struct backlog *backlog)
{
	assert(!list_is_empty(&backlog->list));
	return LIST_ITEM(backlog->list.next, struct unjudged, node);
}

void
backlog_judge(struct backlog *backlog,
    void (*tell)(void *arg, const struct event *events, size_t n), void *arg)
{
	struct unjudged *one = oldest(backlog);
	const struct envelope *envelope = &one->envelope;
	const struct event *events;
	struct arrived arrived;
	struct err err;
	size_t n;
	int rc = 0;

	if (one->batch == NULL)
		rc = batch_decode(&one->batch, envelope->content,
		    envelope->n_content, envelope->environment, envelope->agent,
		    &err);
	assert(rc == 0); /* it was decoded before */
	arrived = (struct arrived){ envelope, one->batch };
	pipeline_judge(backlog->pipeline, &one->stored, &arrived);
	events = pipeline_events(backlog->pipeline, &n);
	if (n > 0)
		tell(arg, events, n);
	pipeline_forget(backlog->pipeline);
	drop(backlog, one);
}

struct moment
backlog_since(const struct backlog *backlog)
{
	return oldest(backlog)->stored.at;
}

size_t
backlog_count_new(
    const struct backlog *backlog, const char *environment, const char *agent)
{
	size_t n = 0;

	LIST_EACH (node, &backlog->list) {
		const struct unjudged *one =
		    LIST_ITEM(node, struct unjudged, node);

		if (one->n_new > 0 && strcmp(one->envelope.agent, agent) == 0 &&
		    strcmp(one->envelope.environment, environment) == 0)
			n += one->n_new;
	}
	return n;
}

void
backlog_drop(struct backlog *backlog)
{
	while (!list_is_empty(&backlog->list))
		drop(backlog, oldest(backlog));
}
