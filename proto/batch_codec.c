/* The bytes of a batch: encoding, and decoding with every check. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/text.h"
#include "proto/batch.h"
#include "proto/publish.pb-c.h"

#define DECODE_FACTOR      16         /* memory per byte of wire, at most */
#define DECODE_SPARE_BYTES 4096       /* for batches of a few bytes */
#define AT_MIN_MS          INT64_C(0) /* 1970 */
#define AT_MAX_MS          INT64_C(7258118400000) /* 2200 */

/* --- encoding -------------------------------------------------------------- */

/* protobuf-c wants char *; it does not write through it. */
static char *
lend(const char *text)
{
	return (char *)(uintptr_t)text;
}

static Vedette__Series *
series_message(struct arena *arena, const struct series *series)
{
	Vedette__Series *message = arena_zalloc(arena, sizeof(*message));

	vedette__series__init(message);
	message->service = lend(series->service);
	message->probe = lend(series->probe);
	message->kind = lend(series->kind);
	message->vantage = series->vantage;
	message->interval_ms = series->interval_ms;
	message->reference_of = lend(series->reference_of);
	message->n_phases = series->n_phases;
	message->phases =
	    arena_zalloc(arena, series->n_phases * sizeof(char *));
	for (size_t i = 0; i < series->n_phases; i++)
		message->phases[i] = lend(series->phases[i]);
	return message;
}

static Vedette__Attribute *
attribute_message(struct arena *arena, const struct attribute *attribute)
{
	Vedette__Attribute *message = arena_zalloc(arena, sizeof(*message));

	vedette__attribute__init(message);
	message->name = lend(attribute->name);
	if (attribute->text != NULL) {
		message->value_case = VEDETTE__ATTRIBUTE__VALUE_TEXT;
		message->text = lend(attribute->text);
	} else {
		message->value_case = VEDETTE__ATTRIBUTE__VALUE_NUMBER;
		message->number = attribute->number;
	}
	return message;
}

static Vedette__Result *
result_message(
    struct arena *arena, const struct result *result, int64_t base_ms)
{
	Vedette__Result *message = arena_zalloc(arena, sizeof(*message));

	vedette__result__init(message);
	message->series = (uint32_t)result->series;
	message->at_ms = result->at_ms - base_ms;
	message->duration_us = (uint64_t)result->duration_us;
	message->limit_ms = result->limit_ms;
	message->outcome = result->outcome;
	message->censored = result->censored;
	message->reason = result->reason;
	message->retries = result->attempts > 0 ? result->attempts - 1 : 0;
	message->message = lend(result->message);
	message->n_phase_us = result->n_phases;
	message->phase_us =
	    arena_zalloc(arena, result->n_phases * sizeof(uint64_t));
	for (size_t i = 0; i < result->n_phases; i++)
		message->phase_us[i] = (uint64_t)result->phase_us[i];
	message->n_attributes = result->n_attributes;
	message->attributes = arena_zalloc(
	    arena, result->n_attributes * sizeof(*message->attributes));
	for (size_t i = 0; i < result->n_attributes; i++)
		message->attributes[i] =
		    attribute_message(arena, &result->attributes[i]);
	return message;
}

static Vedette__Fact *
fact_message(struct arena *arena, const struct fact *fact, int64_t base_ms)
{
	Vedette__Fact *message = arena_zalloc(arena, sizeof(*message));

	vedette__fact__init(message);
	message->service = lend(fact->service);
	message->name = lend(fact->name);
	if (fact->value != NULL) {
		message->content_case = VEDETTE__FACT__CONTENT_VALUE;
		message->value = lend(fact->value);
	} else if (fact->fingerprint != NULL) {
		message->content_case = VEDETTE__FACT__CONTENT_FINGERPRINT;
		message->fingerprint = lend(fact->fingerprint);
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
	message->why = lend(gap->why);
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
		content.series[i] = series_message(arena, &batch->series[i]);
	for (size_t i = 0; i < batch->n_results; i++)
		content.results[i] =
		    result_message(arena, &batch->results[i], content.base_ms);
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

static void *
arena_alloc_fn(void *arg, size_t size)
{
	return arena_zalloc(arg, size);
}

static void
arena_free_fn(void *arg, void *memory)
{
	(void)arg;
	(void)memory; /* goes with the arena */
}

static bool
is_text(const char *text, size_t max)
{
	size_t n = strlen(text);

	return n <= max && text_is_utf8(text, n);
}

static int
decode_series(
    struct series *out, const Vedette__Series *message, struct err *err)
{
	if ((message->service[0] != '\0' && !text_is_name(message->service)) ||
	    (message->reference_of[0] != '\0' &&
		!text_is_name(message->reference_of)) ||
	    !text_is_name(message->probe) || !text_is_name(message->kind))
		return err_set(err, ERR_INVALID, "malformed name of a series");
	if (message->vantage > VANTAGE_EXTERNAL)
		return err_set(err, ERR_INVALID, "probe %s: vantage %u unknown",
		    message->probe, message->vantage);
	if (message->n_phases > PHASES_MAX)
		return err_set(err, ERR_LIMIT, "probe %s: %zu phases",
		    message->probe, message->n_phases);
	out->service = message->service;
	out->probe = message->probe;
	out->kind = message->kind;
	out->reference_of = message->reference_of;
	out->vantage = (enum vantage)message->vantage;
	out->interval_ms = message->interval_ms;
	out->n_phases = message->n_phases;
	for (size_t i = 0; i < out->n_phases; i++) {
		if (!text_is_name(message->phases[i]))
			return err_set(err, ERR_INVALID,
			    "probe %s: malformed phase", message->probe);
		out->phases[i] = message->phases[i];
	}
	return 0;
}

static int
decode_attributes(struct owned *owned, struct result *out,
    const Vedette__Result *message, struct err *err)
{
	struct attribute *list =
	    arena_zalloc(owned->arena, message->n_attributes * sizeof(*list));

	if (message->n_attributes > ATTRIBUTES_MAX || list == NULL)
		return err_set(err, ERR_LIMIT, "a result of %zu attributes",
		    message->n_attributes);
	for (size_t i = 0; i < message->n_attributes; i++) {
		const Vedette__Attribute *from = message->attributes[i];
		bool text = from->value_case == VEDETTE__ATTRIBUTE__VALUE_TEXT;

		if (!is_text(from->name, TEXT_MAX_BYTES) ||
		    (text && !is_text(from->text, TEXT_MAX_BYTES)))
			return err_set(err, ERR_INVALID, "malformed attribute");
		list[i].name = from->name;
		list[i].text = text ? from->text : NULL;
		list[i].number = text ? 0 : from->number;
	}
	out->attributes = list;
	out->n_attributes = message->n_attributes;
	return 0;
}

/* Adds an offset to a base without overflow and within 1970 to 2200. */
static int
decode_at(int64_t *out, int64_t base_ms, int64_t offset_ms, struct err *err)
{
	if (__builtin_add_overflow(base_ms, offset_ms, out) ||
	    *out < AT_MIN_MS || *out > AT_MAX_MS)
		return err_set(err, ERR_INVALID, "a time outside 1970 to 2200");
	return 0;
}

static int
decode_phases(
    struct result *out, const Vedette__Result *message, struct err *err)
{
	for (size_t i = 0; i < message->n_phase_us; i++) {
		if (message->phase_us[i] > INT64_MAX)
			return err_set(err, ERR_INVALID, "a phase without end");
		out->phase_us[i] = (int64_t)message->phase_us[i];
	}
	out->n_phases = message->n_phase_us;
	return 0;
}

static int
decode_result(struct owned *owned, struct result *out,
    const Vedette__Result *message, int64_t base_ms, struct err *err)
{
	if (message->series >= owned->batch.n_series)
		return err_set(err, ERR_INVALID,
		    "a result of series %u, of which there are %zu",
		    message->series, owned->batch.n_series);
	if (message->outcome > OUTCOME_UNKNOWN ||
	    message->reason >= REASON_COUNT ||
	    message->duration_us > INT64_MAX ||
	    message->retries == UINT32_MAX ||
	    message->n_phase_us >
		owned->batch.series[message->series].n_phases ||
	    !is_text(message->message, MESSAGE_MAX_BYTES))
		return err_set(err, ERR_INVALID,
		    "probe %s: a result out of range",
		    owned->batch.series[message->series].probe);
	if (decode_at(&out->at_ms, base_ms, message->at_ms, err) < 0 ||
	    decode_phases(out, message, err) < 0)
		return -1;
	out->series = message->series;
	out->duration_us = (int64_t)message->duration_us;
	out->limit_ms = message->limit_ms;
	out->outcome = (enum outcome)message->outcome;
	out->censored = message->censored;
	out->reason = (enum reason)message->reason;
	out->attempts = message->retries + 1;
	out->message = message->message;
	return decode_attributes(owned, out, message, err);
}

/* Printable, no spaces: "env/POSTGRES_HOST". */
static bool
is_fact_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > FACT_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return true;
}

static int
decode_fact(struct fact *out, const Vedette__Fact *message, int64_t base_ms,
    struct err *err)
{
	if (message->content_case == VEDETTE__FACT__CONTENT_VALUE)
		out->value = message->value;
	if (message->content_case == VEDETTE__FACT__CONTENT_FINGERPRINT)
		out->fingerprint = message->fingerprint;
	if (!is_fact_name(message->name) ||
	    (message->service[0] != '\0' && !text_is_name(message->service)) ||
	    message->source > SOURCE_SERVER ||
	    (out->value != NULL && !is_text(out->value, TEXT_MAX_BYTES)) ||
	    (out->fingerprint != NULL &&
		!is_text(out->fingerprint, TEXT_MAX_BYTES)))
		return err_set(err, ERR_INVALID, "malformed fact");
	if (message->last_ms < 0 || message->last_ms > AT_MAX_MS)
		return err_set(err, ERR_INVALID, "fact %s: time out of range",
		    message->name);
	out->service = message->service;
	out->name = message->name;
	out->source = (enum source)message->source;
	out->last_ms = message->last_ms;
	return decode_at(&out->at_ms, base_ms, message->at_ms, err);
}

static int
decode_gap(struct gap *out, const Vedette__Gap *message, struct err *err)
{
	if (message->first_sequence > message->last_sequence ||
	    message->from_ms < AT_MIN_MS || message->to_ms > AT_MAX_MS ||
	    message->from_ms > message->to_ms ||
	    !is_text(message->why, TEXT_MAX_BYTES))
		return err_set(err, ERR_INVALID, "malformed gap");
	out->first_sequence = message->first_sequence;
	out->last_sequence = message->last_sequence;
	out->n_results = message->n_results;
	out->from_ms = message->from_ms;
	out->to_ms = message->to_ms;
	out->why = message->why;
	return 0;
}

static int
check_counts(const Vedette__Content *content, struct err *err)
{
	if (content->n_series > BATCH_MAX_SERIES ||
	    content->n_results > BATCH_MAX_RESULTS ||
	    content->n_facts > BATCH_MAX_FACTS ||
	    content->n_gaps > BATCH_MAX_GAPS)
		return err_set(err, ERR_LIMIT,
		    "a batch of %zu series, %zu results, %zu facts, %zu gaps",
		    content->n_series, content->n_results, content->n_facts,
		    content->n_gaps);
	if (content->base_ms < AT_MIN_MS || content->base_ms > AT_MAX_MS)
		return err_set(
		    err, ERR_INVALID, "a batch outside 1970 to 2200");
	return 0;
}

/* Gives the arrays their sizes; check_counts() has bounded them. */
static void
make_room(struct owned *owned, const Vedette__Content *content)
{
	owned->batch.series =
	    mem_calloc(content->n_series, sizeof(struct series));
	owned->batch.results =
	    mem_calloc(content->n_results, sizeof(struct result));
	owned->batch.facts = mem_calloc(content->n_facts, sizeof(struct fact));
	owned->batch.gaps = mem_calloc(content->n_gaps, sizeof(struct gap));
}

static int
decode_all(struct owned *owned, const Vedette__Content *content,
    const char *environment, const char *agent, struct err *err)
{
	struct batch *batch = &owned->batch;
	struct series *series = (struct series *)(uintptr_t)batch->series;
	struct result *results = (struct result *)(uintptr_t)batch->results;
	struct fact *facts = (struct fact *)(uintptr_t)batch->facts;
	struct gap *gaps = (struct gap *)(uintptr_t)batch->gaps;
	size_t *n;

	for (n = &batch->n_series; *n < content->n_series; ++*n) {
		series[*n].environment = environment;
		series[*n].agent = agent;
		if (decode_series(&series[*n], content->series[*n], err) < 0)
			return -1;
	}
	for (n = &batch->n_results; *n < content->n_results; ++*n)
		if (decode_result(owned, &results[*n], content->results[*n],
			content->base_ms, err) < 0)
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
	ProtobufCAllocator allocator = { arena_alloc_fn, arena_free_fn, NULL };
	Vedette__Content *content;
	int rc = -1;

	if (n > BATCH_MAX_BYTES) {
		err_set(err, ERR_LIMIT, "a batch of %zu bytes", n);
		goto out;
	}
	owned->arena = arena_new(DECODE_FACTOR * n + DECODE_SPARE_BYTES);
	allocator.allocator_data = owned->arena;
	content = vedette__content__unpack(&allocator, n, bytes);
	if (content == NULL) {
		err_set(err, ERR_INVALID, "a malformed batch of %zu bytes", n);
		goto out;
	}
	environment = arena_strdup(owned->arena, environment);
	agent = arena_strdup(owned->arena, agent);
	if (environment == NULL || agent == NULL) {
		err_set(err, ERR_LIMIT, "a batch that unpacks too large");
		goto out;
	}
	if (check_counts(content, err) < 0)
		goto out;
	make_room(owned, content);
	rc = decode_all(owned, content, environment, agent, err);
out:
	if (rc == 0)
		*out = &owned->batch;
	else
		batch_free(&owned->batch);
	return rc;
}
