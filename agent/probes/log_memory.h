/*
 * log_memory.h - what a log probe knows from its earlier runs: how far it has
 * read, and which kinds of errors it has seen.
 *
 * Of an error line only a fingerprint of its kind is kept, never its text.
 */
#ifndef AGENT_PROBES_LOG_MEMORY_H
#define AGENT_PROBES_LOG_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

#define LOG_KNOWN_MAX    2048 /* then the oldest are forgotten */
#define LOG_CURSOR_BYTES 256

/* Starts as { 0 }. */
struct log_memory {
	bool is_known; /* there was an earlier run */
	uint64_t device, inode;
	int64_t offset;                /* in a file */
	char cursor[LOG_CURSOR_BYTES]; /* in the journal */
	int64_t at_ms;                 /* the wall clock at the last run */
	int64_t line_ms;               /* when the last line had come */
	uint64_t known[LOG_KNOWN_MAX];
	size_t n_known, oldest;
};

/* The kind of an error line: equal for lines that differ only in numbers,
 * identifiers, times and quoted names. */
uint64_t log_kind_of(const char *line);

/* Learns a kind; is it new? */
bool log_memory_learn(struct log_memory *memory, uint64_t kind);

/* From a file, which may be absent; what makes no sense is forgotten. */
void log_memory_read(struct log_memory *out, const char *path);
int log_memory_write(
    const struct log_memory *memory, const char *path, struct err *err);

/* The same for bytes, which end with a NUL. */
void log_memory_parse(struct log_memory *out, const char *text);

#endif
