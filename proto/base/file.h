/*
 * file.h - whole small files: read, write at once or not at all, lock.
 *
 * Databases reach their files through SQLite's VFS instead, whose name is an
 * argument of spool_open() and store_open().
 */
#ifndef PROTO_BASE_FILE_H
#define PROTO_BASE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

/* Reads a file of at most max_bytes (files of /proc as well).  *out_bytes is
 * owned by the caller and followed by a NUL that out_n does not count. */
int file_read(char **out_bytes, size_t *out_n, const char *path,
    size_t max_bytes, struct err *err);

/* Writes beside path, syncs and renames over it; mode as for open(2). */
int file_write(
    const char *path, const void *bytes, size_t n, int mode, struct err *err);

/* Takes the lock of path (created if need be) for this process's life, and
 * returns its descriptor; ERR_BUSY, with the number of the process, when
 * another one holds it. */
int file_lock(const char *path, struct err *err);

/* Renames a damaged database, with what SQLite keeps beside it (-wal, -shm),
 * to PATH.damaged-TIME; *out_path is that name, owned by the caller. */
int file_set_aside(
    char **out_path, const char *path, int64_t at_ms, struct err *err);

/* Makes path a file of this many bytes that holds their place on the disk:
 * who removes it when the disk is full has room to tidy up.  ERR_FULL, and no
 * file, when there is no room. */
int file_reserve(const char *path, int64_t bytes, struct err *err);

/* May only its owner (and root) read path? ERR_DENIED says how to mend it. */
int file_is_private(const char *path, struct err *err);

#endif
