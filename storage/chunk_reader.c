/* Reading a chunk: every number is checked before it is used as one. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "storage/chunk.h"
#include "storage/chunk_code.h"
#include "storage/chunk_texts.h"
#include "storage/column.h"

struct chunk_reader {
	struct column_opener *opener;
	struct chunk_view view;
	struct bytes sections[SECTIONS];
	unsigned decoded; /* of enum chunk_columns */
	struct chunk_state states[STATES_MAX];
	struct series series[FORMS_MAX];
	struct text forms; /* the strings of series point into it */
	size_t room;       /* results in each of the arrays: */
	int64_t *at_ms, *duration_us, *scratch;
	uint16_t *state;
	uint32_t *first_phase;
	int64_t *phase_us; /* PHASES_MAX times room */
	struct chunk_texts *texts;
};

struct chunk_reader *
chunk_reader_new(void)
{
	struct chunk_reader *reader = mem_zalloc(sizeof(*reader));

	reader->opener = column_opener_new();
	reader->texts = chunk_texts_new();
	return reader;
}

void
chunk_reader_free(struct chunk_reader *reader)
{
	if (reader == NULL)
		return;
	column_opener_free(reader->opener);
	text_fini(&reader->forms);
	free(reader->at_ms);
	free(reader->duration_us);
	free(reader->scratch);
	free(reader->state);
	free(reader->first_phase);
	free(reader->phase_us);
	chunk_texts_free(reader->texts);
	free(reader);
}

const struct chunk_view *
chunk_view(const struct chunk_reader *reader)
{
	return &reader->view;
}

/* --- opening ---------------------------------------------------------------- */

static int
damaged(struct err *err, const char *what)
{
	return err_set(err, ERR_CORRUPT, "chunk: %s", what);
}

static int
check_crc(struct bytes *bytes, struct err *err)
{
	uint32_t crc = 0;
	size_t n = bytes_left(bytes);

	if (n < 1 + CHUNK_CRC_BYTES || n > CHUNK_MAX_BYTES)
		return err_set(
		    err, ERR_CORRUPT, "chunk: %zu bytes cannot be one", n);
	bytes->end -= CHUNK_CRC_BYTES;
	for (unsigned i = 0; i < CHUNK_CRC_BYTES; i++)
		crc |= (uint32_t)bytes->end[i] << (8 * i);
	if (crc != crc32c(0, bytes->at, n - CHUNK_CRC_BYTES))
		return damaged(err, "checksum does not match");
	return 0;
}

static int
get_head(struct chunk_reader *reader, struct bytes *bytes, struct err *err)
{
	struct chunk_view *view = &reader->view;
	size_t lengths[SECTIONS];
	unsigned version = 0;
	uint64_t span;

	if (bytes_byte(&version, bytes) < 0 || version != CHUNK_VERSION)
		return err_set(err, ERR_UNSUPPORTED,
		    "chunk: version %u, known is %d", version, CHUNK_VERSION);
	if (bytes_count(&view->n, bytes, CHUNK_MAX_RESULTS) < 0 ||
	    view->n == 0 || bytes_signed(&view->from_ms, bytes) < 0 ||
	    bytes_number(&span, bytes) < 0)
		return damaged(err, "malformed head");
	view->to_ms = (int64_t)((uint64_t)view->from_ms + span);
	for (size_t i = 0; i + 1 < SECTIONS; i++)
		if (bytes_count(&lengths[i], bytes, bytes_left(bytes)) < 0)
			return damaged(err, "malformed lengths");
	for (size_t i = 0; i + 1 < SECTIONS; i++)
		if (bytes_part(&reader->sections[i], bytes, lengths[i]) < 0)
			return damaged(err, "truncated section");
	reader->sections[SECTIONS - 1] = *bytes;
	return 0;
}

static void
make_room(struct chunk_reader *reader, size_t n)
{
	if (n <= reader->room)
		return;
	reader->room = n;
	reader->at_ms = mem_resize(reader->at_ms, n, sizeof(int64_t));
	reader->duration_us =
	    mem_resize(reader->duration_us, n, sizeof(int64_t));
	reader->scratch = mem_resize(reader->scratch, n, sizeof(int64_t));
	reader->state = mem_resize(reader->state, n, sizeof(uint16_t));
	reader->first_phase =
	    mem_resize(reader->first_phase, n + 1, sizeof(uint32_t));
	free(reader->phase_us); /* as large as needed when it is needed */
	reader->phase_us = NULL;
}

static int
get_form(struct series *form, const struct series *key, struct bytes *bytes)
{
	size_t vantage, interval_ms;

	*form = (struct series){
		.environment = key->environment,
		.agent = key->agent,
		.service = key->service,
		.probe = key->probe,
	};
	if (bytes_count(&vantage, bytes, VANTAGE_EXTERNAL) < 0 ||
	    bytes_count(&interval_ms, bytes, UINT32_MAX) < 0 ||
	    bytes_string(&form->kind, bytes) < 0 ||
	    bytes_string(&form->reference_of, bytes) < 0 ||
	    bytes_count(&form->n_phases, bytes, PHASES_MAX) < 0)
		return -1;
	form->vantage = (enum vantage)vantage;
	form->interval_ms = (uint32_t)interval_ms;
	for (size_t i = 0; i < form->n_phases; i++)
		if (bytes_string(&form->phases[i], bytes) < 0)
			return -1;
	return 0;
}

static int
get_state(const struct chunk_reader *reader, struct chunk_state *state,
    struct bytes *bytes)
{
	size_t outcome, reason, censored, attempts, limit_ms;

	if (bytes_count(&state->series, bytes, reader->view.n_series - 1) < 0 ||
	    bytes_count(&outcome, bytes, OUTCOME_UNKNOWN) < 0 ||
	    bytes_count(&reason, bytes, REASON_COUNT - 1) < 0 ||
	    bytes_count(&censored, bytes, 1) < 0 ||
	    bytes_count(&attempts, bytes, UINT32_MAX) < 0 ||
	    bytes_count(&limit_ms, bytes, UINT32_MAX) < 0 ||
	    bytes_count(&state->n_phases, bytes,
		reader->series[state->series].n_phases) < 0)
		return -1;
	state->outcome = (enum outcome)outcome;
	state->reason = (enum reason)reason;
	state->censored = censored != 0;
	state->attempts = (uint32_t)attempts;
	state->limit_ms = (uint32_t)limit_ms;
	return 0;
}

static int
get_runs(struct chunk_reader *reader, struct bytes *bytes)
{
	size_t at = 0, state, more, n = reader->view.n;

	while (at < n) {
		if (bytes_count(&state, bytes, reader->view.n_states - 1) < 0 ||
		    bytes_count(&more, bytes, n - at - 1) < 0)
			return -1;
		for (more += at + 1; at < more; at++)
			reader->state[at] = (uint16_t)state;
	}
	return bytes_left(bytes) == 0 ? 0 : -1;
}

static int
get_state_column(struct chunk_reader *reader, struct bytes *bytes)
{
	uint64_t limit = reader->view.n_states;

	if (column_get(reader->opener, reader->scratch, reader->view.n, bytes) <
	    0)
		return -1;
	for (size_t i = 0; i < reader->view.n; i++) {
		if ((uint64_t)reader->scratch[i] >= limit)
			return -1;
		reader->state[i] = (uint16_t)reader->scratch[i];
	}
	return 0;
}

static int
get_states(struct chunk_reader *reader, const struct series *key)
{
	struct bytes *section = &reader->sections[SECTION_STATES], inside;
	struct chunk_view *view = &reader->view;
	unsigned runs;

	if (blob_get(column_opener_blobs(reader->opener), &reader->forms,
		TEXTS_MAX_BYTES, section) < 0)
		return -1;
	inside.at = (const unsigned char *)reader->forms.bytes;
	inside.end = inside.at + reader->forms.n;
	if (bytes_count(&view->n_series, &inside, FORMS_MAX) < 0 ||
	    view->n_series == 0)
		return -1;
	for (size_t i = 0; i < view->n_series; i++)
		if (get_form(&reader->series[i], key, &inside) < 0)
			return -1;
	if (bytes_count(&view->n_states, &inside, STATES_MAX) < 0 ||
	    view->n_states == 0)
		return -1;
	for (size_t i = 0; i < view->n_states; i++)
		if (get_state(reader, &reader->states[i], &inside) < 0)
			return -1;
	if (bytes_byte(&runs, &inside) < 0)
		return -1;
	return runs ? get_runs(reader, &inside)
		    : get_state_column(reader, section);
}

static int
open_bytes(struct chunk_reader *reader, const struct series *key,
    struct bytes *bytes, struct err *err)
{
	if (check_crc(bytes, err) < 0 || get_head(reader, bytes, err) < 0)
		return -1;
	make_room(reader, reader->view.n);
	if (get_states(reader, key) < 0)
		return damaged(err, "malformed states");
	return 0;
}

int
chunk_open(struct chunk_reader *reader, const struct series *key,
    const void *bytes, size_t n, struct err *err)
{
	struct bytes all = { bytes, (const unsigned char *)bytes + n };

	reader->decoded = 0;
	reader->view = (struct chunk_view){ 0 };
	if (open_bytes(reader, key, &all, err) < 0) {
		reader->view.n = 0;
		return -1;
	}
	reader->view.state = reader->state;
	reader->view.states = reader->states;
	reader->view.series = reader->series;
	return 0;
}

/* --- columns ---------------------------------------------------------------- */

static int
get_times(struct chunk_reader *reader)
{
	struct chunk_view *view = &reader->view;
	int64_t from_ms = INT64_MAX, to_ms = INT64_MIN;

	if (column_get(reader->opener, reader->at_ms, view->n,
		&reader->sections[SECTION_TIMES]) < 0)
		return -1;
	for (size_t i = 0; i < view->n; i++) {
		int64_t at_ms = reader->at_ms[i];

		from_ms = at_ms < from_ms ? at_ms : from_ms;
		to_ms = at_ms > to_ms ? at_ms : to_ms;
	}
	view->at_ms = reader->at_ms;
	return from_ms == view->from_ms && to_ms == view->to_ms ? 0 : -1;
}

static int
get_durations(struct chunk_reader *reader)
{
	if (column_get(reader->opener, reader->duration_us, reader->view.n,
		&reader->sections[SECTION_DURATIONS]) < 0)
		return -1;
	reader->view.duration_us = reader->duration_us;
	return 0;
}

static size_t
phases_of(const struct chunk_reader *reader, size_t i)
{
	return reader->states[reader->state[i]].n_phases;
}

static bool
has_phase(
    const struct chunk_reader *reader, size_t i, size_t which, size_t dominant)
{
	size_t n = phases_of(reader, i);

	return which < n &&
	    (dominant == PHASES_MAX || phase_left_out(dominant, n) != which);
}

/* Reads the column of one phase and puts its values where they belong. */
static int
get_phase(struct chunk_reader *reader, size_t which, size_t dominant)
{
	size_t n = 0, next = 0;

	for (size_t i = 0; i < reader->view.n; i++)
		n += has_phase(reader, i, which, dominant);
	if (column_get(reader->opener, reader->scratch, n,
		&reader->sections[SECTION_PHASES]) < 0)
		return -1;
	for (size_t i = 0; i < reader->view.n; i++)
		if (has_phase(reader, i, which, dominant))
			reader->phase_us[reader->first_phase[i] + which] =
			    reader->scratch[next++];
	return 0;
}

/* Works out the phase that is not stored from what is left. */
static int
get_rests(struct chunk_reader *reader, size_t dominant)
{
	size_t n = 0, next = 0;

	for (size_t i = 0; i < reader->view.n; i++)
		n += phases_of(reader, i) > 0;
	if (column_get(reader->opener, reader->scratch, n,
		&reader->sections[SECTION_PHASES]) < 0)
		return -1;
	for (size_t i = 0; i < reader->view.n; i++) {
		int64_t *phase = reader->phase_us + reader->first_phase[i];
		size_t count = phases_of(reader, i), out;
		uint64_t left = (uint64_t)reader->duration_us[i];

		if (count == 0)
			continue;
		left -= (uint64_t)reader->scratch[next++];
		out = phase_left_out(dominant, count);
		for (size_t k = 0; k < count; k++)
			left -= k == out ? 0 : (uint64_t)phase[k];
		phase[out] = (int64_t)left;
	}
	return 0;
}

static int
get_phases(struct chunk_reader *reader)
{
	size_t n_phases = 0, total = 0, dominant;
	unsigned stored;

	if (reader->phase_us == NULL)
		reader->phase_us =
		    mem_calloc(reader->room, PHASES_MAX * sizeof(int64_t));
	for (size_t i = 0; i < reader->view.n; i++) {
		size_t n = phases_of(reader, i);

		reader->first_phase[i] = (uint32_t)total;
		total += n;
		n_phases = n > n_phases ? n : n_phases;
	}
	if (n_phases == 0)
		return 0;
	if (bytes_byte(&stored, &reader->sections[SECTION_PHASES]) < 0 ||
	    stored > PHASES_MAX)
		return -1;
	dominant = stored == 0 ? PHASES_MAX : stored - 1;
	for (size_t i = 0; i < n_phases; i++)
		if (get_phase(reader, i, dominant) < 0)
			return -1;
	return dominant == PHASES_MAX ? 0 : get_rests(reader, dominant);
}

static int
get_texts(struct chunk_reader *reader)
{
	return chunk_texts_get(reader->texts, reader->opener, reader->view.n,
	    &reader->sections[SECTION_TEXTS]);
}

int
chunk_decode(struct chunk_reader *reader, unsigned columns, struct err *err)
{
	static const struct {
		unsigned column;
		int (*get)(struct chunk_reader *reader);
		const char *what;
	} getters[] = {
		{ CHUNK_TIMES, get_times, "malformed times" },
		{ CHUNK_DURATIONS, get_durations, "malformed durations" },
		{ CHUNK_PHASES, get_phases, "malformed phases" },
		{ CHUNK_TEXTS, get_texts, "malformed texts" },
	};

	if ((columns & CHUNK_PHASES) != 0)
		columns |= CHUNK_DURATIONS;
	columns &= ~reader->decoded;
	for (size_t i = 0; i < sizeof(getters) / sizeof(getters[0]); i++) {
		if ((columns & getters[i].column) == 0)
			continue;
		if (getters[i].get(reader) < 0)
			return damaged(err, getters[i].what);
		reader->decoded |= getters[i].column;
	}
	return 0;
}

void
chunk_row(struct chunk_reader *reader, struct result *out, size_t i)
{
	const struct chunk_state *state = &reader->states[reader->state[i]];
	unsigned decoded = reader->decoded;

	*out = (struct result){
		.series = state->series,
		.at_ms = decoded & CHUNK_TIMES ? reader->at_ms[i] : 0,
		.duration_us =
		    decoded & CHUNK_DURATIONS ? reader->duration_us[i] : 0,
		.limit_ms = state->limit_ms,
		.outcome = state->outcome,
		.censored = state->censored,
		.attempts = state->attempts,
		.reason = state->reason,
		.n_phases = state->n_phases,
		.message = "",
	};
	if ((decoded & CHUNK_PHASES) != 0)
		memcpy(out->phase_us, reader->phase_us + reader->first_phase[i],
		    out->n_phases * sizeof(*out->phase_us));
	if ((decoded & CHUNK_TEXTS) != 0)
		chunk_texts_row(reader->texts, out, i);
}
