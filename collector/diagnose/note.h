/*
 * note.h - a sentence for people, kept in an arena.
 */
#ifndef COLLECTOR_DIAGNOSE_NOTE_H
#define COLLECTOR_DIAGNOSE_NOTE_H

#include <stdint.h>

#include "proto/base/mem.h"

/* Formats as printf does; borrowed until the arena is freed. */
const char *note(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "10:05:07" of the day, UTC. */
const char *note_clock(struct arena *arena, int64_t at_ms);

/* "10:05:00-10:05:10", or one time when they are within a second. */
const char *note_interval(struct arena *arena, int64_t from_ms, int64_t to_ms);

#endif
