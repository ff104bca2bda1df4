/* The bytes of a batch: encoding, and decoding with every check. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/batch.h"
#include "proto/label.h"
#include "proto/message.h"
#include "proto/result_codec.h"
#include "proto/result_read.h"

#define DECODE_FACTOR      16   /* memory per byte of wire, at most */
#define DECODE_SPARE_BYTES 4096 /* for batches of a few bytes */
#define CONTENT_RESULTS    3    /* its number in publish.proto */

/* --- encoding -------------------------------------------------------------- */

static Vedette__Fact *
fact_message(struct arena *arena, const struct fact *fact, int64_t base_ms)
{
	Vedette__Fact *message = arena_zalloc(arena, sizeof(*message));

	vedette__fact__init(message);
	message->service = codec_lend(fact->service);
	message->name = codec_lend(fact->name);
	if (fact->value != NULL) {
		message->content_case = VEDETTE__FACT__CONTENT_VALUE;
		message->value = codec_lend(fact->value);
	} else if (fact->fingerprint != NULL) {
		message->content_case = VEDETTE__FACT__CONTENT_FINGERPRINT;
		message->fingerprint = codec_lend(fact->fingerprint);
	}
	message->source = fact->source;
	message->at_ms = fact->at_ms - base_ms;
	message->last_ms = fact->last_ms;
	return message;
}

static Vedette__Gap *
gap_message(struct arena *arena, const struct gap *gap)
{
	Vedette__Gap *message = arena_zalloc(arena, sizeof(*message));

	vedette__gap__init(message);
	message->first_sequence = gap->first_sequence;
	message->last_sequence = gap->last_sequence;
	message->n_results = gap->n_results;
	message->from_ms = gap->from_ms;
	message->to_ms = gap->to_ms;
	message->why = codec_lend(gap->why);
	return message;
}

void
batch_encode(
    unsigned char **out_bytes, size_t *out_n, const struct batch *batch)
{
	Vedette__Content content = VEDETTE__CONTENT__INIT;
	struct arena *arena = arena_new(0);
	int64_t to_ms;

	batch_span(&content.base_ms, &to_ms, batch);
	content.n_series = batch->n_series;
	content.n_results = batch->n_results;
	content.n_facts = batch->n_facts;
	content.n_gaps = batch->n_gaps;
	content.series = arena_zalloc(arena, batch->n_series * sizeof(void *));
	content.results =
	    arena_zalloc(arena, batch->n_results * sizeof(void *));
	content.facts = arena_zalloc(arena, batch->n_facts * sizeof(void *));
	content.gaps = arena_zalloc(arena, batch->n_gaps * sizeof(void *));
	for (size_t i = 0; i < batch->n_series; i++)
		content.series[i] = series_pack(arena, &batch->series[i]);
	for (size_t i = 0; i < batch->n_results; i++)
		content.results[i] =
		    result_pack(arena, &batch->results[i], content.base_ms);
	for (size_t i = 0; i < batch->n_facts; i++)
		content.facts[i] =
		    fact_message(arena, &batch->facts[i], content.base_ms);
	for (size_t i = 0; i < batch->n_gaps; i++)
		content.gaps[i] = gap_message(arena, &batch->gaps[i]);
	*out_n = vedette__content__get_packed_size(&content);
	*out_bytes = mem_zalloc(*out_n);
	vedette__content__pack(&content, *out_bytes);
	arena_free(arena);
}

/* --- decoding -------------------------------------------------------------- */

/* Printable, no spaces: "env/POSTGRES_HOST". */
static int
decode_fact(struct fact *out, const Vedette__Fact *message, int64_t base_ms,
    struct err *err)
{
	if (message->content_case == VEDETTE__FACT__CONTENT_VALUE)
		out->value = message->value;
	if (message->content_case == VEDETTE__FACT__CONTENT_FINGERPRINT)
		out->fingerprint = message->fingerprint;
	if (!label_is_fact(message->name) ||
	    (message->service[0] != '\0' && !label_is(message->service)) ||
	    message->source > SOURCE_SERVER ||
	    (out->value != NULL &&
		!codec_is_text(out->value, TEXT_MAX_BYTES)) ||
	    (out->fingerprint != NULL &&
		!codec_is_text(out->fingerprint, TEXT_MAX_BYTES)))
		return err_set(err, ERR_INVALID, "malformed fact");
	if (message->last_ms < 0 || message->last_ms > CODEC_AT_MAX_MS)
		return err_set(err, ERR_INVALID, "fact %s: time out of range",
		    message->name);
	out->service = message->service;
	out->name = message->name;
	out->source = (enum source)message->source;
	out->last_ms = message->last_ms;
	return codec_at(&out->at_ms, base_ms, message->at_ms, err);
}

static int
decode_gap(struct gap *out, const Vedette__Gap *message, struct err *err)
{
	if (message->first_sequence > message->last_sequence ||
	    message->from_ms < CODEC_AT_MIN_MS ||
	    message->to_ms > CODEC_AT_MAX_MS ||
	    message->from_ms > message->to_ms ||
	    !codec_is_text(message->why, TEXT_MAX_BYTES))
		return err_set(err, ERR_INVALID, "malformed gap");
	out->first_sequence = message->first_sequence;
	out->last_sequence = message->last_sequence;
	out->n_results = message->n_results;
	out->from_ms = message->from_ms;
	out->to_ms = message->to_ms;
	out->why = message->why;
	return 0;
}

/* What a batch is made of: its results as they lie, the rest as a message. */
struct parts {
	struct span *results;
	size_t n_results;
	Vedette__Content *content; /* without them */
};

static int
check_counts(const struct parts *parts, struct err *err)
{
	const Vedette__Content *content = parts->content;

	if (content->n_series > BATCH_MAX_SERIES ||
	    parts->n_results > BATCH_MAX_RESULTS ||
	    content->n_facts > BATCH_MAX_FACTS ||
	    content->n_gaps > BATCH_MAX_GAPS)
		return err_set(err, ERR_LIMIT,
		    "a batch of %zu series, %zu results, %zu facts, %zu gaps",
		    content->n_series, parts->n_results, content->n_facts,
		    content->n_gaps);
	if (content->base_ms < CODEC_AT_MIN_MS ||
	    content->base_ms > CODEC_AT_MAX_MS)
		return err_set(
		    err, ERR_INVALID, "a batch outside 1970 to 2200");
	return 0;
}

static int
fail_malformed(size_t n, struct err *err)
{
	return err_set(err, ERR_INVALID, "malformed Content of %zu bytes", n);
}

/* Takes the bytes apart.  Results past the limit are counted alone. */
static int
take_apart(struct parts *out, struct arena *arena, const void *bytes, size_t n,
    struct err *err)
{
	struct span span = { bytes, (const unsigned char *)bytes + n };
	unsigned char *rest = mem_zalloc(n), *end = rest;
	int rc = -1;

	while (span.at < span.end) {
		const unsigned char *from = span.at;
		struct field field;

		if (!span_field(&span, &field)) {
			fail_malformed(n, err);
			goto out;
		}
		if (field.number != CONTENT_RESULTS) {
			memcpy(end, from, (size_t)(span.at - from));
			end += span.at - from;
			continue;
		}
		if (field.wire != FIELD_BYTES) {
			fail_malformed(n, err);
			goto out;
		}
		if (out->n_results < BATCH_MAX_RESULTS)
			out->results[out->n_results] = field.bytes;
		out->n_results++;
	}
	out->content = message_parse(&vedette__content__descriptor, arena, rest,
	    (size_t)(end - rest), err);
	rc = out->content != NULL ? 0 : -1;
out:
	free(rest);
	return rc;
}

/* Gives the arrays their sizes; check_counts() has bounded them. */
static void
make_room(struct owned *owned, const struct parts *parts)
{
	const Vedette__Content *content = parts->content;

	owned->batch.series =
	    mem_calloc(content->n_series, sizeof(struct series));
	owned->batch.results =
	    mem_calloc(parts->n_results, sizeof(struct result));
	owned->batch.facts = mem_calloc(content->n_facts, sizeof(struct fact));
	owned->batch.gaps = mem_calloc(content->n_gaps, sizeof(struct gap));
}

static int
decode_results(struct owned *owned, const struct parts *parts, struct err *err)
{
	struct batch *batch = &owned->batch;
	struct result *results = (struct result *)(uintptr_t)batch->results;
	const struct result_place place = { batch->series, batch->n_series,
		parts->content->base_ms };
	struct result_read read;
	size_t *n;

	for (n = &batch->n_results; *n < parts->n_results; ++*n) {
		struct span bytes = parts->results[*n];

		if (!result_read(&read, owned->arena, bytes))
			return err_set(err, ERR_INVALID,
			    "malformed Result of %zu bytes", span_size(bytes));
		if (result_unpack(&results[*n], owned->arena, &read.message,
			&place, err) < 0)
			return -1;
	}
	return 0;
}

static int
decode_all(struct owned *owned, const struct parts *parts,
    const char *environment, const char *agent, struct err *err)
{
	const Vedette__Content *content = parts->content;
	struct batch *batch = &owned->batch;
	struct series *series = (struct series *)(uintptr_t)batch->series;
	struct fact *facts = (struct fact *)(uintptr_t)batch->facts;
	struct gap *gaps = (struct gap *)(uintptr_t)batch->gaps;
	size_t *n;

	for (n = &batch->n_series; *n < content->n_series; ++*n) {
		series[*n].environment = environment;
		series[*n].agent = agent;
		if (series_unpack(&series[*n], content->series[*n], err) < 0)
			return -1;
	}
	if (decode_results(owned, parts, err) < 0)
		return -1;
	for (n = &batch->n_facts; *n < content->n_facts; ++*n)
		if (decode_fact(&facts[*n], content->facts[*n],
			content->base_ms, err) < 0)
			return -1;
	for (n = &batch->n_gaps; *n < content->n_gaps; ++*n)
		if (decode_gap(&gaps[*n], content->gaps[*n], err) < 0)
			return -1;
	return 0;
}

int
batch_decode(struct batch **out, const void *bytes, size_t n,
    const char *environment, const char *agent, struct err *err)
{
	struct owned *owned = mem_zalloc(sizeof(*owned));
	struct span results[BATCH_MAX_RESULTS];
	struct parts parts = { .results = results };
	int rc = -1;

	if (n > BATCH_MAX_BYTES) {
		err_set(err, ERR_LIMIT, "a batch of %zu bytes", n);
		goto out;
	}
	owned->arena = arena_new(DECODE_FACTOR * n + DECODE_SPARE_BYTES);
	if (take_apart(&parts, owned->arena, bytes, n, err) < 0)
		goto out;
	environment = arena_strdup(owned->arena, environment);
	agent = arena_strdup(owned->arena, agent);
	if (environment == NULL || agent == NULL) {
		err_set(err, ERR_LIMIT, "a batch that unpacks too large");
		goto out;
	}
	if (check_counts(&parts, err) < 0)
		goto out;
	make_room(owned, &parts);
	rc = decode_all(owned, &parts, environment, agent, err);
out:
	if (rc == 0)
		*out = &owned->batch;
	else
		batch_free(&owned->batch);
	return rc;
}
