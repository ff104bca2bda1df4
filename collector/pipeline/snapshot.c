#include <stdlib.h>
#include <string.h>

#include "collector/pipeline/snapshot.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/label.h"

#define VERSION        4
#define VERSION_KEYS   3 /* the same pieces, under keys with slashes */
#define CHECKPOINT_KEY "checkpoint"
#define SERIES_PREFIX  "series/"
#define FACT_PREFIX    "fact/"
#define TEXT_MAX       65536
#define NO_TEXT        UINT32_MAX

/* Structs are written as they lie in memory; these numbers tell whether they
 * lie the same way in the program that reads them. */
struct head {
	uint32_t version, byte_order;
	uint32_t watch_size, proof_size, drift_size, result_size;
	uint64_t last_id;
	int64_t wall_ms;
	uint64_t n_series, n_facts, n_agents;
};

/* --- writing ------------------------------------------------------------ */

static void
put(struct text *text, const void *bytes, size_t n)
{
	text_add_bytes(text, bytes, n);
}

static void
put_text(struct text *text, const char *words)
{
	uint32_t n = words != NULL ? (uint32_t)strlen(words) : NO_TEXT;

	put(text, &n, sizeof(n));
	if (words != NULL)
		put(text, words, n);
}

static void
put_result(struct text *text, const struct result *result)
{
	struct result bare = *result;

	bare.message = NULL;
	bare.attributes = NULL;
	put(text, &bare, sizeof(bare));
	put_text(text, result->message);
	for (size_t i = 0; i < result->n_attributes; i++) {
		put_text(text, result->attributes[i].name);
		put_text(text, result->attributes[i].text);
		put(text, &result->attributes[i].number, sizeof(double));
	}
}

static void
put_description(struct text *text, const struct series *series)
{
	uint32_t numbers[] = { (uint32_t)series->vantage, series->interval_ms,
		(uint32_t)series->n_phases };

	put_text(text, series->environment);
	put_text(text, series->agent);
	put_text(text, series->service);
	put_text(text, series->probe);
	put_text(text, series->kind);
	put_text(text, series->reference_of);
	put(text, numbers, sizeof(numbers));
	for (size_t i = 0; i < series->n_phases; i++)
		put_text(text, series->phases[i]);
}

static uint32_t
course_bytes(const struct fleet_course *course)
{
	return course != NULL ? sizeof(*course) : 0;
}

/* Its size and the version of its detector tell whether it can be read: one of
 * another program is learned anew, which must not cost the rest. */
static void
put_course(struct text *text, const struct fleet_course *course)
{
	uint32_t kind[] = { course_bytes(course), DETECTOR_VERSION };

	put(text, kind, sizeof(kind));
	if (course != NULL)
		put(text, course, sizeof(*course));
}

static void
put_series(struct text *text, const struct fleet_series *series)
{
	uint8_t flags[] = { series->counts, series->counted };
	int64_t numbers[] = { (int64_t)series->n_results, series->since_ms,
		series->fresh_ms, series->good_us, (int64_t)series->open,
		(int64_t)series->open_slower, (int64_t)series->open_failing };

	put_description(text, &series->series);
	put_result(text, &series->last);
	put(text, &series->watch, sizeof(series->watch));
	put(text, &series->proof, sizeof(series->proof));
	put(text, flags, sizeof(flags));
	put(text, numbers, sizeof(numbers));
	put_course(text, series->course);
}

static void
put_fact(struct text *text, const struct fleet_fact *fact)
{
	int64_t numbers[] = { (int64_t)fact->source, fact->seen_ms,
		fact->good_ms, (int64_t)fact->open };

	put_text(text, fact->environment);
	put_text(text, fact->agent);
	put_text(text, fact->service);
	put_text(text, fact->name);
	put_text(text, fact->shown);
	put_text(text, fact->known);
	put(text, &fact->drift, sizeof(fact->drift));
	put(text, numbers, sizeof(numbers));
}

static void
put_agent(struct text *text, const struct fleet_agent *agent)
{
	int64_t numbers[] = { (int64_t)agent->vantage, agent->seen_ms,
		agent->silence.heartbeat_ms, agent->clock_offset_ms,
		(int64_t)agent->waiting, (int64_t)agent->lost_results,
		agent->lost_from_ms, agent->lost_to_ms, (int64_t)agent->open };

	put_text(text, agent->environment);
	put_text(text, agent->agent);
	put_text(text, agent->version);
	put(text, numbers, sizeof(numbers));
}

/* Writes one piece; empties text. */
static int
write_piece(struct store *store, struct text *text, const char *prefix,
    const char *key, struct err *err)
{
	char *name = mem_printf("%s%s", prefix, key);
	int rc = store_put_state(store, name, text->bytes, text->n, err);

	free(name);
	text->n = 0;
	return rc;
}

static struct head
head_of(const struct fleet *fleet, const struct checkpoint *checkpoint)
{
	return (struct head){
		.version = VERSION,
		.byte_order = 0x01020304,
		.watch_size = sizeof(struct state_watch),
		.proof_size = sizeof(struct drift_proof),
		.drift_size = sizeof(struct drift),
		.result_size = sizeof(struct result),
		.last_id = checkpoint->last_id,
		.wall_ms = checkpoint->wall_ms,
		.n_series = map_count(fleet->series),
		.n_facts = map_count(fleet->facts),
		.n_agents = map_count(fleet->agents),
	};
}

static int
note_key(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct text *keys = arg;

	(void)bytes;
	(void)n;
	(void)err;
	text_add_bytes(keys, key, strlen(key) + 1);
	return 0;
}

/* Pieces of things that the fleet does not know would be counted. */
static int
drop_pieces(struct store *store, const char *prefix, struct err *err)
{
	struct text keys = { 0 };
	int rc = store_scan_states(store, prefix, note_key, &keys, err);

	for (size_t at = 0; at < keys.n && rc == 0;
	     at += strlen(keys.bytes + at) + 1)
		rc = store_put_state(store, keys.bytes + at, NULL, 0, err);
	text_fini(&keys);
	return rc;
}

static int
write_pieces(struct store *store, struct text *text, const struct fleet *fleet,
    bool everything, struct err *err)
{
	MAP_EACH (const struct fleet_series, series, fleet->series) {
		if (!everything && !series->is_dirty)
			continue;
		put_series(text, series);
		if (write_piece(store, text, SERIES_PREFIX, series->key, err) <
		    0)
			return -1;
	}
	MAP_EACH (const struct fleet_fact, fact, fleet->facts) {
		if (!everything && !fact->is_dirty)
			continue;
		put_fact(text, fact);
		if (write_piece(store, text, FACT_PREFIX, fact->key, err) < 0)
			return -1;
	}
	MAP_EACH (const struct fleet_agent, agent, fleet->agents) {
		if (!everything && !agent->is_dirty)
			continue;
		put_agent(text, agent);
		if (write_piece(store, text, SNAPSHOT_AGENT, agent->key, err) <
		    0)
			return -1;
	}
	return 0;
}

void
snapshot_wash(const struct fleet *fleet)
{
	MAP_EACH (struct fleet_series, series, fleet->series)
		series->is_dirty = false;
	MAP_EACH (struct fleet_fact, fact, fleet->facts)
		fact->is_dirty = false;
	MAP_EACH (struct fleet_agent, agent, fleet->agents)
		agent->is_dirty = false;
}

int
snapshot_write(struct store *store, const struct fleet *fleet,
    const struct checkpoint *checkpoint, bool everything, struct err *err)
{
	struct head head = head_of(fleet, checkpoint);
	struct text text = { 0 };
	int rc = 0;

	if (everything)
		rc = drop_pieces(store, SERIES_PREFIX, err) < 0 ||
			drop_pieces(store, FACT_PREFIX, err) < 0 ||
			drop_pieces(store, SNAPSHOT_AGENT, err) < 0
		    ? -1
		    : 0;
	if (rc == 0)
		rc = write_pieces(store, &text, fleet, everything, err);
	if (rc == 0)
		rc = store_put_state(
		    store, CHECKPOINT_KEY, &head, sizeof(head), err);
	text_fini(&text);
	return rc;
}

/* --- reading ------------------------------------------------------------ */

/* Bytes that are read from; is_short once there were not enough. */
struct reader {
	const char *at, *end;
	bool is_short;
	struct arena *arena; /* texts, until the piece is read */
};

static void
get(struct reader *reader, void *out, size_t n)
{
	if (n > (size_t)(reader->end - reader->at))
		reader->is_short = true;
	if (reader->is_short) {
		memset(out, 0, n);
		return;
	}
	memcpy(out, reader->at, n);
	reader->at += n;
}

/* NULL where there was none; never where the bytes were too short. */
static const char *
get_text(struct reader *reader)
{
	const char *text;
	uint32_t n;

	get(reader, &n, sizeof(n));
	if (n == NO_TEXT)
		return NULL;
	if (n > TEXT_MAX || n > (size_t)(reader->end - reader->at))
		reader->is_short = true;
	if (reader->is_short)
		return "";
	text = arena_strndup(reader->arena, reader->at, n);
	reader->at += n;
	return text;
}

static const char *
get_word(struct reader *reader)
{
	const char *text = get_text(reader);

	return text != NULL ? text : "";
}

static void
get_result(struct reader *reader, struct result *out)
{
	struct attribute *list;

	get(reader, out, sizeof(*out));
	out->message = get_word(reader);
	if (out->n_attributes > ATTRIBUTES_MAX) {
		reader->is_short = true;
		out->n_attributes = 0;
	}
	list = arena_zalloc(reader->arena, out->n_attributes * sizeof(*list));
	for (size_t i = 0; i < out->n_attributes; i++) {
		list[i].name = get_word(reader);
		list[i].text = get_text(reader);
		get(reader, &list[i].number, sizeof(double));
	}
	out->attributes = list;
}

static void
get_description(struct reader *reader, struct series *out)
{
	uint32_t numbers[3];

	memset(out, 0, sizeof(*out));
	out->environment = get_word(reader);
	out->agent = get_word(reader);
	out->service = get_word(reader);
	out->probe = get_word(reader);
	out->kind = get_word(reader);
	out->reference_of = get_word(reader);
	get(reader, numbers, sizeof(numbers));
	out->vantage = (enum vantage)numbers[0];
	out->interval_ms = numbers[1];
	out->n_phases = numbers[2];
	if (out->n_phases > PHASES_MAX) {
		reader->is_short = true;
		out->n_phases = 0;
	}
	for (size_t i = 0; i < out->n_phases; i++)
		out->phases[i] = get_word(reader);
}

/* The database may be anybody's work, and keys have a limit. */
static bool
is_named(const struct series *series)
{
	return label_is_environment(series->environment) &&
	    label_is(series->agent) && label_is(series->probe) &&
	    (series->service[0] == '\0' || label_is(series->service));
}

static void
get_course(struct reader *reader, struct fleet_series *series)
{
	struct fleet_course *course;
	uint32_t kind[2];

	get(reader, kind, sizeof(kind));
	if (reader->is_short || kind[0] == 0)
		return;
	if (kind[0] > (size_t)(reader->end - reader->at)) {
		reader->is_short = true;
		return;
	}
	if (kind[0] != sizeof(*course) || kind[1] != DETECTOR_VERSION) {
		reader->at += kind[0];
		return;
	}
	course = fleet_course_of(series);
	get(reader, course, sizeof(*course));
}

static void
get_series(struct reader *reader, struct fleet *fleet)
{
	struct fleet_series *series;
	struct series described;
	struct result last;
	int64_t numbers[7];
	uint8_t flags[2];

	get_description(reader, &described);
	get_result(reader, &last);
	if (!is_named(&described))
		reader->is_short = true;
	if (reader->is_short)
		return;
	series = fleet_series_of(fleet, &described);
	fleet_series_keep(series, &last);
	get(reader, &series->watch, sizeof(series->watch));
	get(reader, &series->proof, sizeof(series->proof));
	get(reader, flags, sizeof(flags));
	get(reader, numbers, sizeof(numbers));
	series->counts = flags[0] != 0;
	series->counted = flags[1] != 0;
	series->n_results = (uint64_t)numbers[0];
	series->since_ms = numbers[1];
	series->fresh_ms = numbers[2];
	series->good_us = numbers[3];
	series->open = (uint64_t)numbers[4];
	series->open_slower = (uint64_t)numbers[5];
	series->open_failing = (uint64_t)numbers[6];
	get_course(reader, series);
}

static void
get_fact(struct reader *reader, struct fleet *fleet)
{
	const char *environment = get_word(reader), *agent = get_word(reader);
	struct fact key = { .service = get_word(reader) };
	const char *shown, *known;
	struct fleet_fact *fact;
	int64_t numbers[4];
	struct drift drift;

	key.name = get_word(reader);
	shown = get_text(reader);
	known = get_text(reader);
	get(reader, &drift, sizeof(drift));
	get(reader, numbers, sizeof(numbers));
	if (reader->is_short)
		return;
	key.source = (enum source)numbers[0];
	fact = fleet_fact_of(fleet, environment, agent, &key);
	fleet_text(&fact->shown, shown);
	fleet_text(&fact->known, known);
	fact->drift = drift;
	fact->seen_ms = numbers[1];
	fact->good_ms = numbers[2];
	fact->open = (uint64_t)numbers[3];
}

static void
get_agent(struct reader *reader, struct fleet *fleet)
{
	const char *environment = get_word(reader), *name = get_word(reader);
	const char *version = get_word(reader);
	struct fleet_agent *agent;
	int64_t numbers[9];

	get(reader, numbers, sizeof(numbers));
	if (reader->is_short)
		return;
	agent = fleet_agent_of(fleet, environment, name);
	fleet_text(&agent->version, version);
	agent->vantage = (enum vantage)numbers[0];
	agent->seen_ms = numbers[1];
	agent->silence.heartbeat_ms = (uint32_t)numbers[2];
	agent->clock_offset_ms = numbers[3];
	agent->waiting = (uint64_t)numbers[4];
	agent->lost_results = (uint64_t)numbers[5];
	agent->lost_from_ms = numbers[6];
	agent->lost_to_ms = numbers[7];
	agent->open = (uint64_t)numbers[8];
}

static const struct piece {
	const char *prefix;
	void (*get)(struct reader *reader, struct fleet *fleet);
} pieces[] = {
	{ SERIES_PREFIX, get_series },
	{ FACT_PREFIX, get_fact },
	{ SNAPSHOT_AGENT, get_agent },
};

struct reading {
	const struct piece *piece;
	struct fleet *fleet;
	bool is_whole;
};

static int
read_piece(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct reading *reading = arg;
	struct reader reader = { .at = bytes, .end = (const char *)bytes + n };

	(void)key;
	(void)err;
	reader.arena = arena_new(0);
	reading->piece->get(&reader, reading->fleet);
	if (reader.is_short || reader.at != reader.end)
		reading->is_whole = false;
	arena_free(reader.arena);
	return 0;
}

static int
read_head(
    void *arg, const char *key, const void *bytes, size_t n, struct err *err)
{
	struct head *head = arg;

	(void)err;
	if (strcmp(key, CHECKPOINT_KEY) == 0 && n == sizeof(*head))
		memcpy(head, bytes, n);
	return 0;
}

int
snapshot_read(struct store *store, struct fleet *fleet, struct checkpoint *out,
    struct err *err)
{
	struct reading reading = { .fleet = fleet, .is_whole = true };
	struct head head = { 0 }, now;

	memset(out, 0, sizeof(*out));
	if (store_scan_states(store, CHECKPOINT_KEY, read_head, &head, err) < 0)
		return -1;
	*out = (struct checkpoint){ head.last_id, head.wall_ms,
		head.version == VERSION_KEYS };
	if (out->is_older)
		head.version = VERSION;
	now = head_of(fleet, out);
	if (memcmp(&now, &head, offsetof(struct head, n_series)) != 0)
		goto none;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		reading.piece = &pieces[i];
		if (store_scan_states(
			store, pieces[i].prefix, read_piece, &reading, err) < 0)
			return -1;
	}
	now = head_of(fleet, out);
	if (reading.is_whole && memcmp(&now, &head, sizeof(head)) == 0)
		return 0;
none:
	memset(out, 0, sizeof(*out));
	return 0;
}
