/*
 * seals.h - checksums of rows.
 *
 * SQLite has none of pages outside its log: each row carries one of its
 * numbers, and of bytes beside them.
 */
#ifndef STORAGE_SEALS_H
#define STORAGE_SEALS_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/crc32c.h"

static inline uint32_t
seal_of(const int64_t *numbers, size_t n, const void *bytes, size_t n_bytes)
{
	return crc32c(crc32c(0, numbers, n * sizeof(*numbers)), bytes, n_bytes);
}

#endif
