/* Packing a chunk; chunk_code.h has the layout. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"
#include "storage/chunk.h"
#include "storage/chunk_code.h"
#include "storage/column.h"

/* A list of values that grows. */
struct values {
	int64_t *at;
	size_t n, room;
};

/* An attribute's name and type, and its values in order. */
struct key {
	size_t name; /* index of its text */
	bool is_text;
	struct values values; /* indices of texts, or the bits of doubles */
};

struct shape {
	uint16_t keys[ATTRIBUTES_MAX];
	size_t n;
};

struct chunk_writer {
	struct column_packer *packer;
	struct values at_ms, duration_us, phase_us, state, message, shape;
	struct arena *arena; /* of the forms' strings */
	struct series forms[FORMS_MAX];
	struct chunk_state states[STATES_MAX];
	struct map *text_ids; /* text to 1 + its index */
	struct text texts;    /* each with its NUL */
	struct key keys[KEYS_MAX];
	struct shape *shapes;
	size_t n_forms, n_states, n_texts, n_keys, n_shapes;
	struct text sections[SECTIONS];
	struct values scratch;
};

static void
values_add(struct values *values, int64_t value)
{
	if (values->n == values->room) {
		values->room = values->room > 0 ? 2 * values->room : 256;
		values->at =
		    mem_resize(values->at, values->room, sizeof(*values->at));
	}
	values->at[values->n++] = value;
}

/* Forgets what was added and keeps the memory, but for the strings. */
static void
reset(struct chunk_writer *writer)
{
	writer->at_ms.n = writer->duration_us.n = writer->phase_us.n = 0;
	writer->state.n = writer->message.n = writer->shape.n = 0;
	arena_free(writer->arena);
	writer->arena = arena_new(0);
	map_free(writer->text_ids);
	writer->text_ids = map_new();
	writer->texts.n = 0;
	for (size_t i = 0; i < writer->n_keys; i++)
		writer->keys[i].values.n = 0;
	writer->n_forms = writer->n_states = writer->n_texts = 0;
	writer->n_keys = writer->n_shapes = 0;
	for (size_t i = 0; i < SECTIONS; i++)
		writer->sections[i].n = 0;
}

struct chunk_writer *
chunk_writer_new(void)
{
	struct chunk_writer *writer = mem_zalloc(sizeof(*writer));

	writer->packer = column_packer_new();
	writer->shapes = mem_calloc(SHAPES_MAX, sizeof(*writer->shapes));
	reset(writer);
	return writer;
}

void
chunk_writer_free(struct chunk_writer *writer)
{
	if (writer == NULL)
		return;
	column_packer_free(writer->packer);
	free(writer->at_ms.at);
	free(writer->duration_us.at);
	free(writer->phase_us.at);
	free(writer->state.at);
	free(writer->message.at);
	free(writer->shape.at);
	free(writer->scratch.at);
	arena_free(writer->arena);
	map_free(writer->text_ids);
	text_fini(&writer->texts);
	for (size_t i = 0; i < KEYS_MAX; i++)
		free(writer->keys[i].values.at);
	for (size_t i = 0; i < SECTIONS; i++)
		text_fini(&writer->sections[i]);
	free(writer->shapes);
	free(writer);
}

size_t
chunk_count(const struct chunk_writer *writer)
{
	return writer->at_ms.n;
}

/* --- adding ---------------------------------------------------------------- */

static bool
is_form(const struct series *a, const struct series *b)
{
	if (a->n_phases != b->n_phases || a->vantage != b->vantage ||
	    a->interval_ms != b->interval_ms || strcmp(a->kind, b->kind) != 0 ||
	    strcmp(a->reference_of, b->reference_of) != 0)
		return false;
	for (size_t i = 0; i < a->n_phases; i++)
		if (strcmp(a->phases[i], b->phases[i]) != 0)
			return false;
	return true;
}

static size_t
form_index(struct chunk_writer *writer, const struct series *series)
{
	struct series *form;

	for (size_t i = writer->n_forms; i > 0; i--)
		if (is_form(&writer->forms[i - 1], series))
			return i - 1;
	form = &writer->forms[writer->n_forms];
	*form = *series;
	form->kind = arena_strdup(writer->arena, series->kind);
	form->reference_of = arena_strdup(writer->arena, series->reference_of);
	for (size_t i = 0; i < series->n_phases; i++)
		form->phases[i] =
		    arena_strdup(writer->arena, series->phases[i]);
	return writer->n_forms++;
}

static size_t
state_index(struct chunk_writer *writer, const struct chunk_state *state)
{
	for (size_t i = writer->n_states; i > 0; i--) {
		const struct chunk_state *known = &writer->states[i - 1];

		if (known->series == state->series &&
		    known->outcome == state->outcome &&
		    known->reason == state->reason &&
		    known->censored == state->censored &&
		    known->attempts == state->attempts &&
		    known->limit_ms == state->limit_ms &&
		    known->n_phases == state->n_phases)
			return i - 1;
	}
	writer->states[writer->n_states] = *state;
	return writer->n_states++;
}

static size_t
text_index(struct chunk_writer *writer, const char *text)
{
	void *id = map_get(writer->text_ids, text);

	if (id != NULL)
		return (size_t)(uintptr_t)id - 1;
	text_add_bytes(&writer->texts, text, strlen(text) + 1);
	writer->n_texts++;
	map_put(writer->text_ids, text, (void *)(uintptr_t)writer->n_texts);
	return writer->n_texts - 1;
}

static size_t
key_index(struct chunk_writer *writer, const struct attribute *attribute)
{
	size_t name = text_index(writer, attribute->name);
	bool is_text = attribute->text != NULL;
	struct key *key;

	for (size_t i = 0; i < writer->n_keys; i++)
		if (writer->keys[i].name == name &&
		    writer->keys[i].is_text == is_text)
			return i;
	key = &writer->keys[writer->n_keys];
	key->name = name;
	key->is_text = is_text;
	return writer->n_keys++;
}

/* Adds the values of attributes and returns 1 + the index of their shape. */
static size_t
add_attributes(
    struct chunk_writer *writer, const struct attribute *attributes, size_t n)
{
	struct shape *shape = &writer->shapes[writer->n_shapes];
	int64_t value;

	for (size_t i = 0; i < n; i++) {
		size_t key = key_index(writer, &attributes[i]);

		if (attributes[i].text != NULL)
			value = (int64_t)text_index(writer, attributes[i].text);
		else
			memcpy(&value, &attributes[i].number, sizeof(value));
		values_add(&writer->keys[key].values, value);
		shape->keys[i] = (uint16_t)key;
	}
	shape->n = n;
	for (size_t i = 0; i < writer->n_shapes; i++)
		if (writer->shapes[i].n == n &&
		    memcmp(writer->shapes[i].keys, shape->keys,
			n * sizeof(*shape->keys)) == 0)
			return i + 1;
	return ++writer->n_shapes;
}

static bool
is_full(const struct chunk_writer *writer)
{
	return writer->at_ms.n == CHUNK_MAX_RESULTS ||
	    writer->n_forms == FORMS_MAX || writer->n_states == STATES_MAX ||
	    writer->n_shapes == SHAPES_MAX ||
	    writer->n_keys + ATTRIBUTES_MAX > KEYS_MAX ||
	    writer->texts.n >= TEXTS_FULL_BYTES;
}

bool
chunk_add(struct chunk_writer *writer, const struct series *series,
    const struct result *result)
{
	struct chunk_state state = {
		.outcome = result->outcome,
		.reason = result->reason,
		.censored = result->censored,
		.attempts = result->attempts,
		.limit_ms = result->limit_ms,
		.n_phases = result->n_phases,
	};
	size_t message = 0, shape = 0;

	assert(series->n_phases <= PHASES_MAX &&
	    result->n_phases <= series->n_phases &&
	    result->n_attributes <= ATTRIBUTES_MAX);
	if (is_full(writer))
		return false;
	state.series = form_index(writer, series);
	values_add(&writer->state, (int64_t)state_index(writer, &state));
	values_add(&writer->at_ms, result->at_ms);
	values_add(&writer->duration_us, result->duration_us);
	for (size_t i = 0; i < result->n_phases; i++)
		values_add(&writer->phase_us, result->phase_us[i]);
	if (result->message[0] != '\0')
		message = 1 + text_index(writer, result->message);
	if (result->n_attributes > 0)
		shape = add_attributes(
		    writer, result->attributes, result->n_attributes);
	values_add(&writer->message, (int64_t)message);
	values_add(&writer->shape, (int64_t)shape);
	return true;
}

/* --- packing ---------------------------------------------------------------- */

static void
put_string(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string) + 1);
}

static void
put_forms(const struct chunk_writer *writer, struct text *text)
{
	bytes_put_number(text, writer->n_forms);
	for (size_t i = 0; i < writer->n_forms; i++) {
		const struct series *form = &writer->forms[i];

		bytes_put_number(text, form->vantage);
		bytes_put_number(text, form->interval_ms);
		put_string(text, form->kind);
		put_string(text, form->reference_of);
		bytes_put_number(text, form->n_phases);
		for (size_t k = 0; k < form->n_phases; k++)
			put_string(text, form->phases[k]);
	}
	bytes_put_number(text, writer->n_states);
	for (size_t i = 0; i < writer->n_states; i++) {
		const struct chunk_state *state = &writer->states[i];

		bytes_put_number(text, state->series);
		bytes_put_number(text, state->outcome);
		bytes_put_number(text, state->reason);
		bytes_put_number(text, state->censored);
		bytes_put_number(text, state->attempts);
		bytes_put_number(text, state->limit_ms);
		bytes_put_number(text, state->n_phases);
	}
}

/* Runs of equal states: the state, and how many more of it follow. */
static void
put_runs(const struct values *states, struct text *text)
{
	size_t start = 0;

	for (size_t i = 1; i <= states->n; i++) {
		if (i < states->n && states->at[i] == states->at[start])
			continue;
		bytes_put_number(text, (uint64_t)states->at[start]);
		bytes_put_number(text, i - start - 1);
		start = i;
	}
}

static void
put_states(struct chunk_writer *writer, struct text *text)
{
	struct blob_packer *blobs = column_blobs(writer->packer);
	struct text forms = { 0 }, runs = { 0 }, column = { 0 }, blob = { 0 };

	put_forms(writer, &forms);
	put_runs(&writer->state, &runs);
	blob_put(blobs, &blob, runs.bytes, runs.n);
	column_put(writer->packer, &column, writer->state.at, writer->state.n,
	    COLUMN_NOISE);
	if (blob.n <= column.n) {
		bytes_put_byte(&forms, 1);
		text_add_bytes(&forms, runs.bytes, runs.n);
		column.n = 0;
	} else {
		bytes_put_byte(&forms, 0);
	}
	blob_put(blobs, text, forms.bytes, forms.n);
	text_add_bytes(text, column.bytes, column.n);
	text_fini(&forms);
	text_fini(&runs);
	text_fini(&column);
	text_fini(&blob);
}

static size_t
phases_of(const struct chunk_writer *writer, size_t i)
{
	return writer->states[writer->state.at[i]].n_phases;
}

/* What the phases leave of each duration; results without phases are left
 * out. */
static void
find_rests(struct chunk_writer *writer)
{
	const int64_t *phase = writer->phase_us.at;
	uint64_t rest;

	writer->scratch.n = 0;
	for (size_t i = 0; i < writer->at_ms.n; i++) {
		size_t n = phases_of(writer, i);

		if (n == 0)
			continue;
		rest = (uint64_t)writer->duration_us.at[i];
		while (n-- > 0)
			rest -= (uint64_t)*phase++;
		values_add(&writer->scratch, (int64_t)rest);
	}
}

/* Sums bit lengths, which is what values cost when they are noise. */
static uint64_t
bits_of(const struct values *values)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < values->n; i++)
		sum += 64 -
		    (unsigned)__builtin_clzll(bytes_fold(values->at[i]) | 1);
	return sum;
}

/* The values of one phase, but for those results that leave it out. */
static void
find_phase(struct chunk_writer *writer, size_t which, size_t dominant)
{
	const int64_t *phase = writer->phase_us.at;

	writer->scratch.n = 0;
	for (size_t i = 0; i < writer->at_ms.n; i++) {
		size_t n = phases_of(writer, i);

		if (which < n &&
		    (dominant == PHASES_MAX ||
			phase_left_out(dominant, n) != which))
			values_add(&writer->scratch, phase[which]);
		phase += n;
	}
}

/* Which phase costs most, and more than the rests: that one need not be
 * stored.  PHASES_MAX when there is none. */
static size_t
dominant_phase(struct chunk_writer *writer, size_t n_phases)
{
	size_t dominant = PHASES_MAX;
	uint64_t most, bits;

	find_rests(writer);
	most = bits_of(&writer->scratch);
	for (size_t i = 0; i < n_phases; i++) {
		find_phase(writer, i, PHASES_MAX);
		bits = bits_of(&writer->scratch);
		if (bits <= most)
			continue;
		most = bits;
		dominant = i;
	}
	return dominant;
}

static void
put_phases(struct chunk_writer *writer, struct text *text)
{
	size_t n_phases = 0, dominant;

	for (size_t i = 0; i < writer->n_states; i++)
		if (writer->states[i].n_phases > n_phases)
			n_phases = writer->states[i].n_phases;
	if (n_phases == 0)
		return;
	dominant = dominant_phase(writer, n_phases);
	bytes_put_byte(
	    text, dominant < PHASES_MAX ? 1 + (unsigned)dominant : 0);
	for (size_t i = 0; i < n_phases; i++) {
		find_phase(writer, i, dominant);
		column_put(writer->packer, text, writer->scratch.at,
		    writer->scratch.n, COLUMN_NOISE);
	}
	if (dominant == PHASES_MAX)
		return;
	find_rests(writer);
	column_put(writer->packer, text, writer->scratch.at, writer->scratch.n,
	    COLUMN_NOISE);
}

/* Turns doubles into whole numbers of 10^-decimals; false when one of them
 * would not come back bit for bit. */
static bool
scale(struct values *out, const struct values *doubles, unsigned decimals)
{
	double number, scaled, again;

	out->n = 0;
	for (size_t i = 0; i < doubles->n; i++) {
		memcpy(&number, &doubles->at[i], sizeof(number));
		scaled = number * powers_of_ten[decimals];
		if (!(scaled > -9e15 && scaled < 9e15))
			return false;
		values_add(
		    out, (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5));
		again = (double)out->at[i] / powers_of_ten[decimals];
		if (memcmp(&again, &number, sizeof(again)) != 0)
			return false;
	}
	return true;
}

static void
put_key(struct chunk_writer *writer, struct text *text, const struct key *key)
{
	const struct values *values = &key->values;
	unsigned decimals = 0;

	if (!key->is_text) {
		while (decimals <= DECIMALS_MAX &&
		    !scale(&writer->scratch, values, decimals))
			decimals++;
		if (decimals > DECIMALS_MAX)
			decimals = DECIMALS_RAW;
		else
			values = &writer->scratch;
		bytes_put_byte(text, decimals);
	}
	column_put(writer->packer, text, values->at, values->n, COLUMN_NOISE);
}

static void
put_texts(struct chunk_writer *writer, struct text *text)
{
	struct text lists = { 0 };

	if (writer->n_texts == 0)
		return;
	bytes_put_number(&lists, writer->n_texts);
	text_add_bytes(&lists, writer->texts.bytes, writer->texts.n);
	bytes_put_number(&lists, writer->n_keys);
	for (size_t i = 0; i < writer->n_keys; i++)
		bytes_put_number(&lists,
		    writer->keys[i].name << 1 |
			(size_t)writer->keys[i].is_text);
	bytes_put_number(&lists, writer->n_shapes);
	for (size_t i = 0; i < writer->n_shapes; i++) {
		bytes_put_number(&lists, writer->shapes[i].n);
		for (size_t k = 0; k < writer->shapes[i].n; k++)
			bytes_put_number(&lists, writer->shapes[i].keys[k]);
	}
	blob_put(column_blobs(writer->packer), text, lists.bytes, lists.n);
	text_fini(&lists);
	column_put(writer->packer, text, writer->message.at, writer->message.n,
	    COLUMN_NOISE);
	column_put(writer->packer, text, writer->shape.at, writer->shape.n,
	    COLUMN_NOISE);
	for (size_t i = 0; i < writer->n_keys; i++)
		put_key(writer, text, &writer->keys[i]);
}

static void
put_head(struct chunk_writer *writer, struct text *text)
{
	int64_t from_ms = writer->at_ms.at[0], to_ms = from_ms;

	for (size_t i = 1; i < writer->at_ms.n; i++) {
		int64_t at_ms = writer->at_ms.at[i];

		from_ms = at_ms < from_ms ? at_ms : from_ms;
		to_ms = at_ms > to_ms ? at_ms : to_ms;
	}
	bytes_put_byte(text, CHUNK_VERSION);
	bytes_put_number(text, writer->at_ms.n);
	bytes_put_signed(text, from_ms);
	bytes_put_number(text, (uint64_t)to_ms - (uint64_t)from_ms);
	for (size_t i = 0; i + 1 < SECTIONS; i++)
		bytes_put_number(text, writer->sections[i].n);
}

void
chunk_finish(
    struct chunk_writer *writer, unsigned char **out_bytes, size_t *out_n)
{
	struct text *sections = writer->sections;
	struct text text = { 0 };
	uint32_t crc;

	assert(writer->at_ms.n > 0);
	put_states(writer, &sections[SECTION_STATES]);
	column_put(writer->packer, &sections[SECTION_TIMES], writer->at_ms.at,
	    writer->at_ms.n, COLUMN_TICKS);
	column_put(writer->packer, &sections[SECTION_DURATIONS],
	    writer->duration_us.at, writer->duration_us.n, COLUMN_NOISE);
	put_phases(writer, &sections[SECTION_PHASES]);
	put_texts(writer, &sections[SECTION_TEXTS]);
	put_head(writer, &text);
	for (size_t i = 0; i < SECTIONS; i++)
		text_add_bytes(&text, sections[i].bytes, sections[i].n);
	crc = crc32c(0, text.bytes, text.n);
	for (unsigned i = 0; i < CHUNK_CRC_BYTES; i++)
		bytes_put_byte(&text, crc >> (8 * i) & 0xff);
	*out_n = text.n;
	*out_bytes = (unsigned char *)text_take(&text);
	reset(writer);
}
