/*
 * vfs_powercut.h - files of SQLite's in memory, on a disk that loses power.
 *
 * Writes are pending until their file is synced.  When the power goes, that
 * operation and all later ones fail; at the restart each 512-byte sector of
 * each pending write is there or not, in no order, and so are truncations,
 * files created and files deleted since.  An operation may also fail alone;
 * what a sync that failed should have written is then never written, though
 * it can be read until the restart.  Everything follows from the seed.
 * One process, any number of connections, write-ahead log included.
 */
#ifndef TESTS_SUPPORT_VFS_POWERCUT_H
#define TESTS_SUPPORT_VFS_POWERCUT_H

#include <stdbool.h>
#include <stdint.h>

struct powercut;

/* Registers the VFS under this name, with an empty disk. */
struct powercut *powercut_new(const char *name, uint64_t seed);

/* The power goes at the operation after this many more writes, truncations,
 * deletions and syncs; UINT64_MAX: never. */
void powercut_arm(struct powercut *disk, uint64_t operations);

/* The operation after this many more fails; the next ones work again. */
void powercut_trouble(struct powercut *disk, uint64_t operations);

bool powercut_is_off(const struct powercut *disk);

/* Operations since the disk was new. */
uint64_t powercut_operations(const struct powercut *disk);

/* Every connection must have been closed. */
void powercut_restart(struct powercut *disk);

void powercut_free(struct powercut *disk); /* NULL is allowed */

#endif
