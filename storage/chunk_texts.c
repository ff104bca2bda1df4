#include <stdlib.h>
#include <string.h>

#include "proto/base/mem.h"
#include "storage/chunk_code.h"
#include "storage/chunk_texts.h"

struct key {
	const char *name;
	bool is_text;
	unsigned decimals; /* of numbers */
	int64_t *values;
	size_t n, next;
};

struct shape {
	uint16_t keys[ATTRIBUTES_MAX];
	size_t n;
};

struct chunk_texts {
	struct column_opener *opener; /* borrowed while getting */
	size_t n, room;               /* results */
	int64_t *scratch;
	const char **message;
	uint32_t *first_attribute; /* room + 1 */
	struct attribute *attributes;
	size_t room_attributes;
	struct text blob; /* what the strings of the list point into */
	const char **list;
	size_t n_list, room_list;
	struct key keys[KEYS_MAX];
	struct shape *shapes;
	size_t n_keys, n_shapes;
};

struct chunk_texts *
chunk_texts_new(void)
{
	struct chunk_texts *texts = mem_zalloc(sizeof(*texts));

	texts->shapes = mem_calloc(SHAPES_MAX, sizeof(*texts->shapes));
	return texts;
}

static void
free_keys(struct chunk_texts *texts)
{
	for (size_t i = 0; i < texts->n_keys; i++)
		free(texts->keys[i].values);
	memset(texts->keys, 0, sizeof(texts->keys));
	texts->n_keys = 0;
}

void
chunk_texts_free(struct chunk_texts *texts)
{
	if (texts == NULL)
		return;
	free_keys(texts);
	text_fini(&texts->blob);
	free(texts->scratch);
	free(texts->message);
	free(texts->first_attribute);
	free(texts->attributes);
	free(texts->list);
	free(texts->shapes);
	free(texts);
}

/* Room for n results, none of which says anything yet. */
static void
make_room(struct chunk_texts *texts, size_t n)
{
	if (n > texts->room) {
		texts->room = n;
		texts->scratch = mem_resize(texts->scratch, n, sizeof(int64_t));
		texts->message = mem_resize(texts->message, n, sizeof(char *));
		texts->first_attribute =
		    mem_resize(texts->first_attribute, n + 1, sizeof(uint32_t));
	}
	memset(texts->first_attribute, 0, (n + 1) * sizeof(uint32_t));
	for (size_t i = 0; i < n; i++)
		texts->message[i] = "";
}

static int
get_text_list(struct chunk_texts *texts, struct bytes *bytes)
{
	if (bytes_count(&texts->n_list, bytes, TEXTS_MAX) < 0 ||
	    texts->n_list > bytes_left(bytes))
		return -1;
	if (texts->n_list > texts->room_list) {
		texts->room_list = texts->n_list;
		texts->list =
		    mem_resize(texts->list, texts->n_list, sizeof(char *));
	}
	for (size_t i = 0; i < texts->n_list; i++)
		if (bytes_string(&texts->list[i], bytes) < 0)
			return -1;
	return 0;
}

static int
get_lists(struct chunk_texts *texts, struct bytes *bytes)
{
	size_t name, n_keys, key;

	if (get_text_list(texts, bytes) < 0 ||
	    bytes_count(&n_keys, bytes, KEYS_MAX) < 0)
		return -1;
	for (size_t i = 0; i < n_keys; i++) {
		if (bytes_count(&name, bytes, 2 * TEXTS_MAX) < 0 ||
		    name >> 1 >= texts->n_list)
			return -1;
		texts->keys[i].name = texts->list[name >> 1];
		texts->keys[i].is_text = (name & 1) != 0;
		texts->n_keys = i + 1;
	}
	if (bytes_count(&texts->n_shapes, bytes, SHAPES_MAX) < 0)
		return -1;
	for (size_t i = 0; i < texts->n_shapes; i++) {
		struct shape *shape = &texts->shapes[i];

		if (bytes_count(&shape->n, bytes, ATTRIBUTES_MAX) < 0)
			return -1;
		for (size_t k = 0; k < shape->n; k++) {
			if (bytes_count(&key, bytes, KEYS_MAX) < 0 ||
			    key >= n_keys)
				return -1;
			shape->keys[k] = (uint16_t)key;
		}
	}
	return bytes_left(bytes) == 0 ? 0 : -1;
}

static int
get_messages(struct chunk_texts *texts, struct bytes *bytes)
{
	if (column_get(texts->opener, texts->scratch, texts->n, bytes) < 0)
		return -1;
	for (size_t i = 0; i < texts->n; i++) {
		uint64_t id = (uint64_t)texts->scratch[i];

		if (id > texts->n_list)
			return -1;
		texts->message[i] = id == 0 ? "" : texts->list[id - 1];
	}
	return 0;
}

/* Reads the shapes into scratch and counts attributes and keys' values. */
static int
count_attributes(struct chunk_texts *texts, struct bytes *bytes)
{
	size_t total = 0;

	if (column_get(texts->opener, texts->scratch, texts->n, bytes) < 0)
		return -1;
	for (size_t i = 0; i < texts->n; i++) {
		uint64_t id = (uint64_t)texts->scratch[i];

		texts->first_attribute[i] = (uint32_t)total;
		if (id > texts->n_shapes)
			return -1;
		if (id == 0)
			continue;
		total += texts->shapes[id - 1].n;
		for (size_t k = 0; k < texts->shapes[id - 1].n; k++)
			texts->keys[texts->shapes[id - 1].keys[k]].n++;
	}
	texts->first_attribute[texts->n] = (uint32_t)total;
	if (total > texts->room_attributes) {
		texts->room_attributes = total;
		texts->attributes = mem_resize(
		    texts->attributes, total, sizeof(*texts->attributes));
	}
	return 0;
}

static int
get_keys(struct chunk_texts *texts, struct bytes *bytes)
{
	for (size_t i = 0; i < texts->n_keys; i++) {
		struct key *key = &texts->keys[i];

		if (!key->is_text &&
		    (bytes_byte(&key->decimals, bytes) < 0 ||
			(key->decimals > DECIMALS_MAX &&
			    key->decimals != DECIMALS_RAW)))
			return -1;
		key->values = mem_calloc(key->n, sizeof(int64_t));
		if (column_get(texts->opener, key->values, key->n, bytes) < 0)
			return -1;
		for (size_t k = 0; key->is_text && k < key->n; k++)
			if ((uint64_t)key->values[k] >= texts->n_list)
				return -1;
	}
	return 0;
}

static struct attribute
next_attribute(const struct chunk_texts *texts, struct key *key)
{
	struct attribute attribute = { .name = key->name };
	int64_t value = key->values[key->next++];

	if (key->is_text)
		attribute.text = texts->list[value];
	else if (key->decimals == DECIMALS_RAW)
		memcpy(&attribute.number, &value, sizeof(value));
	else
		attribute.number = (double)value / powers_of_ten[key->decimals];
	return attribute;
}

/* Puts every attribute where its result has it. */
static void
join_attributes(struct chunk_texts *texts)
{
	struct attribute *next = texts->attributes;

	for (size_t i = 0; i < texts->n; i++) {
		const struct shape *shape;

		if (texts->scratch[i] == 0)
			continue;
		shape = &texts->shapes[texts->scratch[i] - 1];
		for (size_t k = 0; k < shape->n; k++)
			*next++ =
			    next_attribute(texts, &texts->keys[shape->keys[k]]);
	}
}

int
chunk_texts_get(struct chunk_texts *texts, struct column_opener *opener,
    size_t n, struct bytes *section)
{
	struct bytes inside;

	texts->opener = opener;
	texts->n = n;
	free_keys(texts);
	make_room(texts, n);
	if (bytes_left(section) == 0)
		return 0;
	if (blob_get(column_opener_blobs(opener), &texts->blob, TEXTS_MAX_BYTES,
		section) < 0)
		return -1;
	inside.at = (const unsigned char *)texts->blob.bytes;
	inside.end = inside.at + texts->blob.n;
	/* After the messages, scratch holds the shapes. */
	if (get_lists(texts, &inside) < 0 || get_messages(texts, section) < 0 ||
	    count_attributes(texts, section) < 0 ||
	    get_keys(texts, section) < 0)
		return -1;
	join_attributes(texts);
	return bytes_left(section) == 0 ? 0 : -1;
}

void
chunk_texts_row(const struct chunk_texts *texts, struct result *out, size_t i)
{
	uint32_t first = texts->first_attribute[i];

	out->message = texts->message[i];
	out->n_attributes = texts->first_attribute[i + 1] - first;
	if (out->n_attributes > 0)
		out->attributes = texts->attributes + first;
}
