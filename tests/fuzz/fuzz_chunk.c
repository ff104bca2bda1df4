/*
 * fuzz_chunk - chunks from anywhere, with a right checksum.
 *
 * What a chunk says is read in full; and when it is accepted, packing its
 * results again gives a chunk that says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "storage/chunk.h"
#include "tests/fuzz/fuzz.h"

#define CRC_BYTES 4

static const struct series key = {
	.environment = "staging",
	.agent = "stg-1",
	.service = "backend",
	.probe = "db",
};

static void
same(const struct result *a, const struct result *b)
{
	assert(a->at_ms == b->at_ms && a->duration_us == b->duration_us);
	assert(a->outcome == b->outcome && a->reason == b->reason);
	assert(a->n_phases == b->n_phases);
	assert(memcmp(a->phase_us, b->phase_us,
		   a->n_phases * sizeof(a->phase_us[0])) == 0);
	assert(strcmp(a->message, b->message) == 0);
	assert(a->n_attributes == b->n_attributes);
	for (size_t i = 0; i < a->n_attributes; i++) {
		const struct attribute *x = &a->attributes[i];
		const struct attribute *y = &b->attributes[i];

		assert(strcmp(x->name, y->name) == 0);
		assert((x->text == NULL) == (y->text == NULL));
		assert(x->text == NULL || strcmp(x->text, y->text) == 0);
		assert(memcmp(&x->number, &y->number, sizeof(x->number)) == 0);
	}
}

/* Packs what reader holds, and compares. */
static void
again(struct chunk_reader *reader)
{
	struct chunk_writer *writer = chunk_writer_new();
	struct chunk_reader *second = chunk_reader_new();
	const struct chunk_view *view = chunk_view(reader);
	unsigned char *bytes = NULL;
	struct result a, b;
	size_t n, added = 0;

	for (; added < view->n; added++) {
		chunk_row(reader, &a, added);
		if (!chunk_add(writer, &view->series[a.series], &a))
			break; /* more texts than a writer would take */
	}
	chunk_finish(writer, &bytes, &n);
	assert(chunk_open(second, &key, bytes, n, NULL) == 0);
	assert(chunk_decode(second, CHUNK_ALL, NULL) == 0);
	assert(chunk_view(second)->n == added);
	for (size_t i = 0; i < added; i++) {
		chunk_row(reader, &a, i);
		chunk_row(second, &b, i);
		same(&a, &b);
	}
	free(bytes);
	chunk_writer_free(writer);
	chunk_reader_free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct chunk_reader *reader = chunk_reader_new();
	unsigned char *sealed = mem_calloc(n + CRC_BYTES, 1);
	uint32_t crc = crc32c(0, bytes, n);

	memcpy(sealed, bytes, n);
	for (size_t i = 0; i < CRC_BYTES; i++)
		sealed[n + i] = (unsigned char)(crc >> (8 * i));
	if (chunk_open(reader, &key, sealed, n + CRC_BYTES, NULL) == 0 &&
	    chunk_decode(reader, CHUNK_ALL, NULL) == 0)
		again(reader);
	free(sealed);
	chunk_reader_free(reader);
	return 0;
}
