/*
 * Random histories, put into a store and into a plain list: both must give
 * the same answers, whatever was sealed, repeated, expired or late.
 *
 * VEDETTE_SEED sets where to begin, VEDETTE_ROUNDS how many histories.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tests/storage/place.h"

#include "proto/base/random.h"

#define ROUNDS      30
#define STEPS       60
#define BATCHES_MAX 400
#define RESULTS_MAX 20000
#define FIRST_MS    INT64_C(1767607200000)
#define SPAN_MS     (INT64_C(3) * 86400000)

struct item {
	char service[16], probe[16];
	const char *environment, *agent;
	struct result result;
	uint64_t tag; /* makes each result unlike all others */
};

struct sent {
	const char *environment, *agent;
	uint64_t stream, sequence;
	struct store_batch batch; /* its content is ours */
	size_t n_facts;
};

struct history {
	struct random_seeded random;
	uint64_t seed;
	struct place place;
	struct item *items;
	size_t n_items;
	struct sent sent[BATCHES_MAX];
	size_t n_sent, n_facts;
	uint64_t sequences[4];
	bool expires;
	int64_t kept_from_ms; /* results before may have expired */
};

static const char *const environments[] = { "staging", "production" };
static const char *const agents[] = { "one", "two" };
static const char *const services[] = { "", "web", "backend" };
static const char *const probes[] = { "db", "http", "env" };

static uint64_t
below(struct history *h, uint64_t limit)
{
	return random_below(&h->random.random, limit);
}

/* --- writing ----------------------------------------------------------------- */

static void
fill_item(struct history *h, struct item *item, unsigned who, int64_t at_ms)
{
	unsigned outcome = below(h, 6) == 0 ? (unsigned)below(h, 4) : 0;

	*item = (struct item){ .environment = environments[who / 2],
		.agent = agents[who % 2],
		.tag = h->n_items };
	snprintf(
	    item->service, sizeof(item->service), "%s", services[below(h, 3)]);
	snprintf(item->probe, sizeof(item->probe), "%s", probes[below(h, 3)]);
	item->result = (struct result){ .at_ms = at_ms,
		.duration_us = (int64_t)(h->n_items * 1000 + below(h, 1000)),
		.limit_ms = 5000,
		.outcome = (enum outcome)outcome,
		.reason = outcome == 0 ? REASON_NONE : REASON_TIMEOUT,
		.censored = outcome == 2,
		.attempts = 1 + (uint32_t)below(h, 2),
		.n_phases = outcome == 0 ? 2 : 1,
		.phase_us = { (int64_t)below(h, 500), 20 },
		.message = outcome == 0 ? "" : "it did not answer" };
}

static void
add_item(struct batch *batch, const struct item *item)
{
	struct series series = { .service = item->service,
		.probe = item->probe,
		.kind = "tcp",
		.reference_of = "",
		.vantage = VANTAGE_IN_SERVICE,
		.interval_ms = 30000,
		.phases = { "resolve", "connect" },
		.n_phases = 2 };
	struct attribute attribute = { "tag", NULL, (double)item->tag };
	struct result result = item->result;

	result.attributes = &attribute;
	result.n_attributes = 1;
	if (result.n_phases < 2)
		result.phase_us[1] = 0;
	batch_add_result(batch, &series, &result);
}

/* A batch of some agent: mostly of now, sometimes long late. */
static struct sent *
make_batch(struct history *h, int64_t now_ms)
{
	struct sent *sent = &h->sent[h->n_sent++];
	unsigned who = (unsigned)below(h, 4);
	struct batch *batch = batch_new();
	uint64_t n = 1 + below(h, 60);
	unsigned char *content = NULL;

	if (below(h, 5) == 0)
		now_ms = FIRST_MS + (int64_t)below(h, SPAN_MS);
	*sent = (struct sent){ .environment = environments[who / 2],
		.agent = agents[who % 2],
		.stream = who + 1,
		.sequence = ++h->sequences[who] };
	for (uint64_t i = 0; i < n && h->n_items < RESULTS_MAX; i++) {
		struct item *item = &h->items[h->n_items];

		fill_item(h, item, who, now_ms + (int64_t)below(h, 600000));
		add_item(batch, item);
		h->n_items++;
	}
	if (below(h, 3) == 0) {
		struct fact fact = { .service = "web",
			.name = "build",
			.value = "7",
			.at_ms = now_ms };

		batch_add_fact(batch, &fact);
		sent->n_facts = 1;
	}
	sent->batch = (struct store_batch){ .environment = sent->environment,
		.agent = sent->agent,
		.stream = sent->stream,
		.sequence = sent->sequence,
		.received_ms = (int64_t)h->n_sent,
		.n_results = (uint32_t)batch->n_results };
	batch_span(&sent->batch.from_ms, &sent->batch.to_ms, batch);
	batch_encode(&content, &sent->batch.n_content, batch);
	batch_free(batch);
	sent->batch.content = content;
	sent->batch.crc32c = crc32c(0, content, sent->batch.n_content);
	return sent;
}

static void
put_some(struct history *h)
{
	int64_t now_ms =
	    FIRST_MS + (int64_t)(h->n_sent * (SPAN_MS / BATCHES_MAX));
	uint64_t id;

	place_begin(&h->place);
	for (uint64_t n = 1 + below(h, 8);
	     n > 0 && h->n_sent < BATCHES_MAX && h->n_items + 60 < RESULTS_MAX;
	     n--) {
		struct sent *sent = make_batch(h, now_ms);

		h->n_facts += sent->n_facts;
		assert_int_equal(
		    place_put(&h->place, &sent->batch, &id), STORE_NEW);
	}
	place_commit(&h->place);
}

/* Sends again what was sent before, and what never was under its name. */
static void
repeat_some(struct history *h)
{
	struct store_batch other;
	uint64_t id;

	if (h->n_sent == 0)
		return;
	place_begin(&h->place);
	for (int i = 0; i < 5; i++) {
		struct sent *sent = &h->sent[below(h, h->n_sent)];

		assert_int_equal(
		    place_put(&h->place, &sent->batch, &id), STORE_REPEAT);
		if (sent->batch.to_ms < h->kept_from_ms)
			continue; /* of what expired only the number is known */
		other = sent->batch;
		other.crc32c ^= 0x100;
		assert_int_equal(
		    place_put(&h->place, &other, &id), STORE_CONFLICT);
	}
	store_rollback(h->place.store);
}

static void
seal_some(struct history *h)
{
	struct store_seal request = { .due_ms =
					  (int64_t)below(h, h->n_sent + 2),
		.upto = below(h, h->n_sent + 2) };
	struct err err = { 0 };
	uint64_t n = 1;

	for (uint64_t calls = 1 + below(h, 6); calls > 0 && n > 0; calls--) {
		place_begin(&h->place);
		if (store_seal(h->place.store, &n, &request, &err) < 0)
			fail_msg("seed %" PRIu64 ": %s", h->seed, err.text);
		if (below(h, 6) == 0)
			store_rollback(h->place.store);
		else
			place_commit(&h->place);
	}
}

static void
expire_some(struct history *h)
{
	int64_t before_ms = FIRST_MS + (int64_t)below(h, SPAN_MS / 3);
	struct err err = { 0 };
	uint64_t n;

	if (!h->expires || below(h, 4) != 0)
		return;
	place_begin(&h->place);
	if (store_expire(h->place.store, &n, "", before_ms, 20, &err) < 0)
		fail_msg("seed %" PRIu64 ": %s", h->seed, err.text);
	place_commit(&h->place);
	if (before_ms > h->kept_from_ms)
		h->kept_from_ms = before_ms;
}

/* --- asking ------------------------------------------------------------------ */

static bool
fits(const char *wanted, const char *found)
{
	return wanted[0] == '\0' || strcmp(wanted, found) == 0;
}

static bool
is_place(const struct item *item, const struct series *series)
{
	return strcmp(item->environment, series->environment) == 0 &&
	    strcmp(item->agent, series->agent) == 0 &&
	    strcmp(item->service, series->service) == 0 &&
	    strcmp(item->probe, series->probe) == 0;
}

static bool
is_same_place(const struct item *a, const struct item *b)
{
	struct series series = { .environment = b->environment,
		.agent = b->agent,
		.service = b->service,
		.probe = b->probe };

	return is_place(a, &series);
}

static int
older_first(const void *left, const void *right)
{
	const struct result *a = &(*(const struct item *const *)left)->result;
	const struct result *b = &(*(const struct item *const *)right)->result;
	int rc = (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);

	if (rc == 0)
		rc = (int)a->outcome - (int)b->outcome;
	return rc != 0 ? rc : (int)a->reason - (int)b->reason;
}

static int
newer_first(const void *left, const void *right)
{
	const struct item *a = *(const struct item *const *)left;
	const struct item *b = *(const struct item *const *)right;
	int rc = (a->result.at_ms < b->result.at_ms) -
	    (a->result.at_ms > b->result.at_ms);

	if (rc == 0)
		rc = strcmp(a->environment, b->environment);
	if (rc == 0)
		rc = strcmp(a->service, b->service);
	if (rc == 0)
		rc = strcmp(a->agent, b->agent);
	if (rc == 0)
		rc = strcmp(a->probe, b->probe);
	if (rc == 0)
		rc = a->result.duration_us < b->result.duration_us ? 1 : -1;
	return rc;
}

/* What the plain list answers. */
struct expected {
	const struct item **items;
	size_t n, at;
	uint64_t seed;
};

static void
expect(struct history *h, struct expected *out, const struct query_history *q)
{
	out->seed = h->seed;
	out->items = mem_calloc(h->n_items, sizeof(*out->items));
	for (size_t i = 0; i < h->n_items; i++) {
		const struct item *item = &h->items[i];

		if (item->result.at_ms >= q->from_ms &&
		    item->result.at_ms < q->to_ms &&
		    fits(q->environment, item->environment) &&
		    fits(q->agent, item->agent) &&
		    fits(q->service, item->service) &&
		    fits(q->probe, item->probe))
			out->items[out->n++] = item;
	}
	if (out->n > 1)
		qsort(out->items, out->n, sizeof(*out->items), newer_first);
}

static int
compare_one(void *arg, const struct series *series, const struct result *got,
    struct err *err)
{
	struct expected *expected = arg;
	const struct item *item;

	(void)err;
	if (expected->at == expected->n)
		fail_msg("seed %" PRIu64 ": more than was put", expected->seed);
	item = expected->items[expected->at++];
	if (got->at_ms != item->result.at_ms ||
	    got->duration_us != item->result.duration_us)
		fail_msg("seed %" PRIu64 ": result %zu is another",
		    expected->seed, expected->at - 1);
	assert_string_equal(series->environment, item->environment);
	assert_string_equal(series->agent, item->agent);
	assert_string_equal(series->service, item->service);
	assert_string_equal(series->probe, item->probe);
	assert_string_equal(series->kind, "tcp");
	assert_int_equal(series->interval_ms, 30000);
	assert_int_equal(series->vantage, VANTAGE_IN_SERVICE);
	assert_int_equal(series->n_phases, 2);
	assert_string_equal(series->phases[1], "connect");
	assert_int_equal(got->outcome, item->result.outcome);
	assert_int_equal(got->reason, item->result.reason);
	assert_int_equal(got->censored, item->result.censored);
	assert_int_equal(got->attempts, item->result.attempts);
	assert_int_equal(got->limit_ms, item->result.limit_ms);
	assert_int_equal(got->n_phases, item->result.n_phases);
	assert_int_equal(got->phase_us[0], item->result.phase_us[0]);
	assert_string_equal(got->message, item->result.message);
	assert_int_equal(got->n_attributes, 1);
	assert_true((uint64_t)got->attributes[0].number == item->tag);
	return 0;
}

static const char *
any_or(struct history *h, const char *const *names, size_t n)
{
	size_t pick = below(h, n + 1);

	return pick == n ? "" : names[pick];
}

static void
ask(struct history *h)
{
	struct query_history q = {
		.environment = any_or(h, environments, 2),
		.agent = any_or(h, agents, 2),
		.service = any_or(h, services, 3),
		.probe = any_or(h, probes, 3),
	};
	static const uint32_t limits[] = { 1, 7, 100, 10000 };
	struct expected expected = { 0 };
	struct err err = { 0 };
	bool more;

	q.from_ms = h->kept_from_ms + (int64_t)below(h, SPAN_MS / 2);
	q.to_ms = q.from_ms + 1 + (int64_t)below(h, SPAN_MS);
	q.limit = limits[below(h, 4)];
	expect(h, &expected, &q);
	if (store_scan_results(
		h->place.store, &more, &q, compare_one, &expected, &err) < 0)
		fail_msg("seed %" PRIu64 ": %s", h->seed, err.text);
	if (expected.at != (expected.n < q.limit ? expected.n : q.limit) ||
	    more != (expected.n > q.limit))
		fail_msg("seed %" PRIu64 ": %zu of %zu results, limit %d",
		    h->seed, expected.at, expected.n, (int)q.limit);
	free(expected.items);
}

/* The results of the place of an item on one day, in the order of time. */
static size_t
list_day(struct history *h, const struct item **out, const struct item *place,
    int64_t day)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_items; i++) {
		const struct item *item = &h->items[i];

		if (item->result.at_ms / ROLLUP_DAY_MS == day &&
		    is_same_place(item, place))
			out[n++] = item;
	}
	if (n > 1)
		qsort(out, n, sizeof(*out), older_first);
	return n;
}

static bool
belong_together(const struct item *a, const struct item *b)
{
	return a->result.outcome == b->result.outcome &&
	    a->result.reason == b->result.reason &&
	    b->result.at_ms - a->result.at_ms <= 3 * 30000;
}

struct moment {
	struct history *h;
	int64_t at_ms;
	size_t n;
};

static int
compare_moment(void *arg, const struct store_moment *got, struct err *err)
{
	struct moment *moment = arg;
	struct history *h = moment->h;
	const struct item **day, *newest = NULL;
	size_t n, at = 0, from, to;

	(void)err;
	for (size_t i = 0; i < h->n_items; i++)
		if (h->items[i].result.at_ms <= moment->at_ms &&
		    is_place(&h->items[i], got->series) &&
		    (newest == NULL ||
			h->items[i].result.at_ms > newest->result.at_ms))
			newest = &h->items[i];
	assert_non_null(newest);
	day = mem_calloc(h->n_items, sizeof(*day));
	n = list_day(h, day, newest, newest->result.at_ms / ROLLUP_DAY_MS);
	while (at + 1 < n && day[at + 1]->result.at_ms <= moment->at_ms)
		at++;
	for (from = at; from > 0 && belong_together(day[from - 1], day[from]);)
		from--;
	for (to = at; to + 1 < n && belong_together(day[to], day[to + 1]);)
		to++;
	if (got->outcome != day[at]->result.outcome ||
	    got->reason != day[at]->result.reason ||
	    got->from_ms != day[from]->result.at_ms ||
	    got->to_ms != day[to]->result.at_ms)
		fail_msg("seed %" PRIu64 ": another run at %" PRId64, h->seed,
		    moment->at_ms);
	free(day);
	moment->n++;
	return 0;
}

/* How many series had a result by then? */
static size_t
count_places(struct history *h, int64_t at_ms, const char *environment)
{
	size_t n = 0, k;

	for (size_t i = 0; i < h->n_items; i++) {
		const struct item *item = &h->items[i];

		if (item->result.at_ms > at_ms ||
		    !fits(environment, item->environment))
			continue;
		for (k = 0; k < i; k++)
			if (h->items[k].result.at_ms <= at_ms &&
			    is_same_place(&h->items[k], item))
				break;
		n += k == i;
	}
	return n;
}

static void
ask_moment(struct history *h)
{
	struct moment moment = { h, FIRST_MS + (int64_t)below(h, SPAN_MS), 0 };
	const char *environment = any_or(h, environments, 2);
	struct err err = { 0 };

	if (h->expires)
		return;
	if (store_scan_moment(h->place.store, environment, moment.at_ms,
		compare_moment, &moment, &err) < 0)
		fail_msg("seed %" PRIu64 ": %s", h->seed, err.text);
	assert_int_equal(moment.n, count_places(h, moment.at_ms, environment));
}

/* The plain rollup of what a span of a place holds, or of all places. */
struct trend {
	struct history *h;
	struct store_trend request;
	uint64_t n;
};

static int
compare_rollup(void *arg, const struct series *key, int64_t at_ms,
    const struct rollup *got, struct err *err)
{
	struct trend *trend = arg;
	struct history *h = trend->h;
	struct rollup plain = { 0 };

	(void)err;
	for (size_t i = 0; i < h->n_items; i++) {
		const struct item *item = &h->items[i];

		if (item->result.at_ms >= at_ms &&
		    item->result.at_ms < at_ms + trend->request.span_ms &&
		    fits(trend->request.environment, item->environment) &&
		    fits(trend->request.probe, item->probe) &&
		    (key == NULL || is_place(item, key)))
			rollup_add(&plain, item->result.outcome,
			    item->result.censored, item->result.duration_us);
	}
	for (int i = 0; i < ROLLUP_OUTCOMES; i++) {
		assert_int_equal(got->n[i], plain.n[i]);
		trend->n += got->n[i];
	}
	assert_int_equal(got->n_censored, plain.n_censored);
	assert_int_equal(got->sum_us, plain.sum_us);
	assert_int_equal(got->max_us, plain.max_us);
	assert_int_equal(
	    rollup_quantile_us(got, 9500), rollup_quantile_us(&plain, 9500));
	rollup_fini(&plain);
	return 0;
}

static void
ask_trend(struct history *h)
{
	struct trend trend = { .h = h };
	struct store_trend *q = &trend.request;
	struct err err = { 0 };
	uint64_t n = 0;

	if (h->expires)
		return;
	*q = (struct store_trend){ .environment = any_or(h, environments, 2),
		.service = "",
		.agent = "",
		.probe = any_or(h, probes, 3),
		.span_ms = below(h, 2) ? ROLLUP_DAY_MS : ROLLUP_HOUR_MS,
		.together = below(h, 2) == 0 };
	q->from_ms = FIRST_MS + (int64_t)below(h, SPAN_MS / 2);
	q->to_ms = q->from_ms + 1 + (int64_t)below(h, SPAN_MS);
	if (store_scan_rollups(
		h->place.store, q, compare_rollup, &trend, &err) < 0)
		fail_msg("seed %" PRIu64 ": %s", h->seed, err.text);
	q->from_ms -= q->from_ms % q->span_ms;
	q->to_ms += q->span_ms - 1;
	q->to_ms -= q->to_ms % q->span_ms;
	for (size_t i = 0; i < h->n_items; i++)
		n += h->items[i].result.at_ms >= q->from_ms &&
		    h->items[i].result.at_ms < q->to_ms &&
		    fits(q->environment, h->items[i].environment) &&
		    fits(q->probe, h->items[i].probe);
	assert_int_equal(trend.n, n);
}

static int
count_facts(void *arg, const struct store_batch *row, struct err *err)
{
	struct batch *batch = NULL;

	if (batch_decode(&batch, row->content, row->n_content, row->environment,
		row->agent, err) < 0)
		return -1;
	*(size_t *)arg += batch->n_facts;
	batch_free(batch);
	return 0;
}

/* --- telling a history -------------------------------------------------------- */

static void
tell(struct history *h)
{
	static void (*const steps[])(struct history *) = { put_some, put_some,
		put_some, repeat_some, seal_some, seal_some, expire_some, ask,
		ask, ask, ask_moment, ask_trend };
	struct err err = { 0 };
	size_t n_facts = 0;

	for (int i = 0; i < STEPS; i++) {
		if (below(h, 15) == 0)
			place_reopen(&h->place);
		steps[below(h, sizeof(steps) / sizeof(steps[0]))](h);
	}
	for (int i = 0; i < 10; i++) {
		ask(h);
		ask_moment(h);
		ask_trend(h);
	}
	assert_int_equal(place_measure(h->place.store).damaged, 0);
	if (h->kept_from_ms > FIRST_MS)
		return;
	assert_int_equal(place_measure(h->place.store).results, h->n_items);
	assert_int_equal(
	    store_scan_batches(h->place.store, 0, count_facts, &n_facts, &err),
	    0);
	assert_int_equal(n_facts, h->n_facts);
}

static void
same_answers(void **state)
{
	const char *seed = getenv("VEDETTE_SEED");
	const char *rounds = getenv("VEDETTE_ROUNDS");
	uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	uint64_t n = rounds != NULL ? strtoull(rounds, NULL, 10) : ROUNDS;

	(void)state;
	for (uint64_t i = 0; i < n; i++) {
		struct history *h = mem_zalloc(sizeof(*h));

		h->seed = first + i;
		h->kept_from_ms = FIRST_MS;
		h->expires = h->seed % 3 == 0;
		h->items = mem_calloc(RESULTS_MAX, sizeof(*h->items));
		random_seeded_init(&h->random, h->seed);
		place_open(&h->place,
		    schemes[i % (sizeof(schemes) / sizeof(*schemes))]);
		tell(h);
		place_close(&h->place);
		for (size_t k = 0; k < h->n_sent; k++)
			free((void *)(uintptr_t)h->sent[k].batch.content);
		free(h->items);
		free(h);
	}
	printf("seeds %" PRIu64 " to %" PRIu64 "\n", first, first + n - 1);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_answers),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
