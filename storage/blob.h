/*
 * blob.h - bytes as they are, or packed by zstd where that is shorter.
 */
#ifndef STORAGE_BLOB_H
#define STORAGE_BLOB_H

#include <stddef.h>

#include "proto/base/text.h"
#include "storage/bytes.h"

struct blob_packer;

struct blob_packer *blob_packer_new(void);

/* Adds n bytes to text, with what is needed to find their end. */
void blob_put(
    struct blob_packer *packer, struct text *text, const void *bytes, size_t n);

void blob_packer_free(struct blob_packer *packer); /* NULL is allowed */

struct blob_opener;

struct blob_opener *blob_opener_new(void);

/* Makes text the bytes of the next blob; -1 when there is none, or it is
 * longer than max. */
int blob_get(struct blob_opener *opener, struct text *text, size_t max,
    struct bytes *bytes);

void blob_opener_free(struct blob_opener *opener); /* NULL is allowed */

#endif
