/*
 * chunk_code.h - the layout of a chunk, for chunk*.c alone.
 *
 * A chunk is
 *   version                      one byte
 *   n, from_ms, to_ms - from_ms  of the results
 *   lengths                      of the sections but the last
 *   sections                     in the order of enum chunk_section
 *   CRC32C                       of all before, lowest byte first
 *
 * STATES: a blob of forms (what struct series has beside its names), states
 * and, if `runs` is set, of runs of states; else a column of states follows.
 * TIMES, DURATIONS: a column each.
 * PHASES: 0, or 1 + the phase that is not stored; a column for each phase; if
 * one is not stored, a column of the durations less all phases.  The phase
 * left out of a result that ended before it is the last one it has.
 * TEXTS: empty when there is no message and no attribute; else a blob of
 * texts, keys (name and type of an attribute) and shapes (lists of keys);
 * columns of messages (0, or 1 + the text), of shapes (the same), and of each
 * key's values in order.
 */
#ifndef STORAGE_CHUNK_CODE_H
#define STORAGE_CHUNK_CODE_H

#include "proto/result.h"
#include "storage/bytes.h"
#include "storage/chunk.h"

#define CHUNK_VERSION   1
#define CHUNK_CRC_BYTES 4

/* A writer at one of these is full, so that searching stays short. */
#define FORMS_MAX  256
#define STATES_MAX 256
#define SHAPES_MAX 256
#define KEYS_MAX   (256 + ATTRIBUTES_MAX)

/* A writer past this many bytes of distinct texts is full; the largest
 * result goes over it by less than the rest. */
#define TEXTS_FULL_BYTES (4 * 1024 * 1024)
#define TEXTS_MAX_BYTES  (TEXTS_FULL_BYTES + 256 * 1024)
#define TEXTS_MAX        (1 << 20)

enum chunk_section {
	SECTION_STATES,
	SECTION_TIMES,
	SECTION_DURATIONS,
	SECTION_PHASES,
	SECTION_TEXTS,
	SECTIONS,
};

/* How the numbers of a key are kept: times a power of ten, or as the bits of
 * the double. */
#define DECIMALS_MAX 9
#define DECIMALS_RAW 255

static const double powers_of_ten[DECIMALS_MAX + 1] = { 1e0, 1e1, 1e2, 1e3, 1e4,
	1e5, 1e6, 1e7, 1e8, 1e9 };

/* The phase of a result that is not stored, when dominant is the one chosen
 * for the chunk; n_phases > 0. */
static inline size_t
phase_left_out(size_t dominant, size_t n_phases)
{
	return dominant < n_phases ? dominant : n_phases - 1;
}

#endif
