/*
 * chunk_texts.h - the messages and attributes of a chunk, once read.
 */
#ifndef STORAGE_CHUNK_TEXTS_H
#define STORAGE_CHUNK_TEXTS_H

#include <stddef.h>

#include "proto/result.h"
#include "storage/bytes.h"
#include "storage/column.h"

struct chunk_texts;

struct chunk_texts *chunk_texts_new(void);

/* Reads the section of n results; -1 when it is malformed. */
int chunk_texts_get(struct chunk_texts *texts, struct column_opener *opener,
    size_t n, struct bytes *section);

/* Sets message and attributes of result i, borrowed until the next get. */
void
chunk_texts_row(const struct chunk_texts *texts, struct result *out, size_t i);

void chunk_texts_free(struct chunk_texts *texts); /* NULL is allowed */

#endif
