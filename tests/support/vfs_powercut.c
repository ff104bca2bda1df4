#include "tests/support/vfs_powercut.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "proto/base/mem.h"
#include "proto/base/random.h"

#define SECTOR     512
#define FILES_MAX  16
#define NAME_BYTES 512
#define SHM_SLOTS  SQLITE_SHM_NLOCK
#define SHM_MAX    64

/* What was done to a file and is not certain yet. */
struct pending {
	bool truncates; /* to at bytes; else writes n bytes there */
	size_t at, n;
	unsigned char *bytes;
};

struct image {
	unsigned char *bytes;
	size_t n, room;
};

struct file {
	char name[NAME_BYTES];
	bool used, gone, certain; /* certain: its name is on the disk */
	struct image now, durable;
	struct pending *pending;
	size_t n_pending, room_pending;
	int n_shared;
	const void *reserved, *exclusive; /* the handles that hold the locks */
	void *regions[SHM_MAX];
	int n_mapped; /* handles that use the shared memory */
	int shared[SHM_SLOTS];
	const void *owner[SHM_SLOTS];
};

struct powercut {
	sqlite3_vfs vfs;
	struct random_seeded random;
	struct file files[FILES_MAX];
	uint64_t operations, left, trouble;
	bool off;
	char name[64];
};

struct handle {
	sqlite3_file base; /* first */
	struct powercut *disk;
	struct file *file;
	int level;
	bool mapped, deletes;
};

/* --- the disk ---------------------------------------------------------------- */

static uint64_t
below(struct powercut *disk, uint64_t limit)
{
	return random_below(&disk->random.random, limit);
}

enum fate {
	WORKS,
	FAILS,    /* alone */
	POWER_CUT /* now, or before */
};

/* Counts an operation. */
static enum fate
operate(struct powercut *disk)
{
	disk->operations++;
	if (disk->off)
		return POWER_CUT;
	if (disk->left == 0)
		disk->off = true;
	else if (disk->left != UINT64_MAX)
		disk->left--;
	if (disk->off)
		return POWER_CUT;
	if (disk->trouble == UINT64_MAX)
		return WORKS;
	if (disk->trouble-- > 0)
		return WORKS;
	disk->trouble = UINT64_MAX;
	return FAILS;
}

static void
image_write(struct image *image, size_t at, const void *bytes, size_t n)
{
	if (at + n > image->room) {
		image->room = 2 * (at + n) + 4096;
		image->bytes = mem_resize(image->bytes, image->room, 1);
	}
	if (at > image->n)
		memset(image->bytes + image->n, 0, at - image->n);
	if (n > 0)
		memcpy(image->bytes + at, bytes, n);
	if (at + n > image->n)
		image->n = at + n;
}

static void
image_truncate(struct image *image, size_t n)
{
	if (n < image->n)
		image->n = n;
	else
		image_write(image, n, NULL, 0);
}

static void
add_pending(struct file *file, const struct pending *pending)
{
	struct pending *copy;

	if (file->n_pending == file->room_pending) {
		file->room_pending = 2 * file->room_pending + 16;
		file->pending = mem_resize(
		    file->pending, file->room_pending, sizeof(*file->pending));
	}
	copy = &file->pending[file->n_pending++];
	*copy = *pending;
	if (!copy->truncates)
		copy->bytes = mem_dup(pending->bytes, pending->n);
}

static void
clear_pending(struct file *file)
{
	for (size_t i = 0; i < file->n_pending; i++)
		free(file->pending[i].bytes);
	file->n_pending = 0;
}

static void
apply_all(struct file *file)
{
	for (size_t i = 0; i < file->n_pending; i++) {
		const struct pending *p = &file->pending[i];

		if (p->truncates)
			image_truncate(&file->durable, p->at);
		else
			image_write(&file->durable, p->at, p->bytes, p->n);
	}
	clear_pending(file);
}

/* Keeps percent of the sectors of a write. */
static void
apply_some(struct powercut *disk, struct file *file, const struct pending *p,
    unsigned percent)
{
	size_t end = p->at + p->n, next;

	for (size_t at = p->at; at < end; at = next) {
		next = (at / SECTOR + 1) * SECTOR;
		if (next > end)
			next = end;
		if (below(disk, 100) < percent)
			image_write(&file->durable, at, p->bytes + (at - p->at),
			    next - at);
	}
}

static void
forget(struct file *file)
{
	clear_pending(file);
	file->now.n = file->durable.n = 0;
	file->used = file->gone = file->certain = false;
}

/* SQLite syncs the folder together with a new file: that makes certain what
 * was created and deleted there before. */
static void
sync_folder(struct powercut *disk)
{
	for (int i = 0; i < FILES_MAX; i++) {
		struct file *file = &disk->files[i];

		file->certain = file->used;
		if (file->used && file->gone)
			forget(file);
	}
}

void
powercut_restart(struct powercut *disk)
{
	static const unsigned kept[] = { 0, 10, 50, 90, 100 };
	unsigned percent = kept[below(disk, 5)];

	for (int i = 0; i < FILES_MAX; i++) {
		struct file *file = &disk->files[i];

		if (!file->used)
			continue;
		if ((file->gone || !file->certain) && below(disk, 2) == 0) {
			forget(file);
			continue;
		}
		for (size_t k = 0; k < file->n_pending; k++) {
			const struct pending *p = &file->pending[k];

			if (!p->truncates)
				apply_some(disk, file, p, percent);
			else if (below(disk, 2) == 0)
				image_truncate(&file->durable, p->at);
		}
		clear_pending(file);
		file->gone = false;
		file->certain = true;
		file->now.n = 0;
		image_write(
		    &file->now, 0, file->durable.bytes, file->durable.n);
		assert(file->n_mapped == 0 && file->n_shared == 0);
	}
	disk->off = false;
	disk->left = disk->trouble = UINT64_MAX;
}

/* --- one file ------------------------------------------------------------------ */

static int
vfs_read(sqlite3_file *base, void *out, int n, sqlite3_int64 at)
{
	struct handle *handle = (void *)base;
	const struct image *image = &handle->file->now;
	size_t there;

	if (handle->disk->off)
		return SQLITE_IOERR_READ;
	there = (size_t)at < image->n ? image->n - (size_t)at : 0;
	if (there >= (size_t)n) {
		memcpy(out, image->bytes + at, (size_t)n);
		return SQLITE_OK;
	}
	memset(out, 0, (size_t)n);
	if (there > 0)
		memcpy(out, image->bytes + at, there);
	return SQLITE_IOERR_SHORT_READ;
}

static int
vfs_write(sqlite3_file *base, const void *bytes, int n, sqlite3_int64 at)
{
	struct handle *handle = (void *)base;
	struct pending pending = { false, (size_t)at, (size_t)n,
		(unsigned char *)(uintptr_t)bytes };
	bool was_off = handle->disk->off;
	enum fate fate = operate(handle->disk);

	if (!was_off && fate != FAILS) {
		/* The write during which the power goes is torn as well. */
		add_pending(handle->file, &pending);
		image_write(&handle->file->now, (size_t)at, bytes, (size_t)n);
	}
	return fate == WORKS ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

static int
vfs_truncate(sqlite3_file *base, sqlite3_int64 n)
{
	struct handle *handle = (void *)base;
	struct pending pending = { true, (size_t)n, 0, NULL };

	if (operate(handle->disk) != WORKS)
		return SQLITE_IOERR_TRUNCATE;
	add_pending(handle->file, &pending);
	image_truncate(&handle->file->now, (size_t)n);
	return SQLITE_OK;
}

static int
vfs_sync(sqlite3_file *base, int flags)
{
	struct handle *handle = (void *)base;

	enum fate fate = operate(handle->disk);

	(void)flags;
	/* As Linux does: the pages count as clean, and are not. */
	if (fate == FAILS)
		clear_pending(handle->file);
	if (fate != WORKS)
		return SQLITE_IOERR_FSYNC;
	apply_all(handle->file);
	if (!handle->file->certain)
		sync_folder(handle->disk);
	return SQLITE_OK;
}

static int
vfs_size(sqlite3_file *base, sqlite3_int64 *out)
{
	struct handle *handle = (void *)base;

	*out = (sqlite3_int64)handle->file->now.n;
	return SQLITE_OK;
}

static int
vfs_unlock(sqlite3_file *base, int level)
{
	struct handle *handle = (void *)base;
	struct file *file = handle->file;

	if (level <= SQLITE_LOCK_SHARED) {
		if (file->exclusive == handle)
			file->exclusive = NULL;
		if (file->reserved == handle)
			file->reserved = NULL;
	}
	if (level == SQLITE_LOCK_NONE && handle->level >= SQLITE_LOCK_SHARED)
		file->n_shared--;
	if (level < handle->level)
		handle->level = level;
	return SQLITE_OK;
}

static int
vfs_lock(sqlite3_file *base, int level)
{
	struct handle *handle = (void *)base;
	struct file *file = handle->file;

	if (level <= handle->level)
		return SQLITE_OK;
	if (file->exclusive != NULL && file->exclusive != handle)
		return SQLITE_BUSY;
	if (handle->level == SQLITE_LOCK_NONE) {
		file->n_shared++;
		handle->level = SQLITE_LOCK_SHARED;
	}
	if (level >= SQLITE_LOCK_RESERVED) {
		if (file->reserved != NULL && file->reserved != handle)
			return SQLITE_BUSY;
		file->reserved = handle;
	}
	if (level == SQLITE_LOCK_EXCLUSIVE) {
		if (file->n_shared > 1)
			return SQLITE_BUSY;
		file->exclusive = handle;
	}
	handle->level = level;
	return SQLITE_OK;
}

static int
vfs_check_lock(sqlite3_file *base, int *out)
{
	struct handle *handle = (void *)base;

	*out = handle->file->reserved != NULL;
	return SQLITE_OK;
}

static int
vfs_control(sqlite3_file *base, int op, void *arg)
{
	(void)base;
	(void)op;
	(void)arg;
	return SQLITE_NOTFOUND;
}

static int
vfs_sector_size(sqlite3_file *base)
{
	(void)base;
	return SECTOR;
}

static int
vfs_characteristics(sqlite3_file *base)
{
	(void)base;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

/* --- memory that connections share ------------------------------------------------ */

static int
vfs_shm_map(
    sqlite3_file *base, int region, int n, int extend, void volatile **out)
{
	struct handle *handle = (void *)base;
	struct file *file = handle->file;

	assert(region < SHM_MAX);
	if (!handle->mapped)
		file->n_mapped++;
	handle->mapped = true;
	if (file->regions[region] == NULL && extend)
		file->regions[region] = mem_zalloc((size_t)n);
	*out = file->regions[region];
	return SQLITE_OK;
}

static int
vfs_shm_lock(sqlite3_file *base, int first, int n, int flags)
{
	struct handle *handle = (void *)base;
	struct file *file = handle->file;

	for (int i = first; i < first + n; i++) {
		bool other = file->owner[i] != NULL && file->owner[i] != handle;

		if ((flags & SQLITE_SHM_LOCK) == 0)
			continue;
		if (other ||
		    ((flags & SQLITE_SHM_EXCLUSIVE) && file->shared[i] > 0))
			return SQLITE_BUSY;
	}
	for (int i = first; i < first + n; i++) {
		if (flags & SQLITE_SHM_SHARED)
			file->shared[i] += flags & SQLITE_SHM_LOCK ? 1 : -1;
		else
			file->owner[i] =
			    flags & SQLITE_SHM_LOCK ? handle : NULL;
	}
	return SQLITE_OK;
}

static void
vfs_shm_barrier(sqlite3_file *base)
{
	(void)base;
}

static int
vfs_shm_unmap(sqlite3_file *base, int deletes)
{
	struct handle *handle = (void *)base;
	struct file *file = handle->file;

	(void)deletes;
	if (!handle->mapped)
		return SQLITE_OK;
	handle->mapped = false;
	if (--file->n_mapped > 0)
		return SQLITE_OK;
	for (int i = 0; i < SHM_MAX; i++) {
		free(file->regions[i]);
		file->regions[i] = NULL;
	}
	memset(file->shared, 0, sizeof(file->shared));
	memset(file->owner, 0, sizeof(file->owner));
	return SQLITE_OK;
}

static int
vfs_close(sqlite3_file *base)
{
	struct handle *handle = (void *)base;

	vfs_shm_unmap(base, 0);
	vfs_unlock(base, SQLITE_LOCK_NONE);
	if (handle->deletes)
		forget(handle->file);
	return SQLITE_OK;
}

/* --- names -------------------------------------------------------------------- */

static struct powercut *
disk_of(sqlite3_vfs *vfs)
{
	return vfs->pAppData;
}

static struct file *
find(struct powercut *disk, const char *name)
{
	for (int i = 0; i < FILES_MAX; i++)
		if (disk->files[i].used &&
		    strcmp(disk->files[i].name, name) == 0)
			return &disk->files[i];
	return NULL;
}

static struct file *
create(struct powercut *disk, const char *name)
{
	struct file *file = find(disk, name);

	for (int i = 0; file == NULL && i < FILES_MAX; i++)
		if (!disk->files[i].used)
			file = &disk->files[i];
	assert(file != NULL && strlen(name) < NAME_BYTES);
	forget(file);
	file->used = true;
	strcpy(file->name, name);
	return file;
}

static int
vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
    int *out_flags)
{
	static const sqlite3_io_methods methods = { 2, vfs_close, vfs_read,
		vfs_write, vfs_truncate, vfs_sync, vfs_size, vfs_lock,
		vfs_unlock, vfs_check_lock, vfs_control, vfs_sector_size,
		vfs_characteristics, vfs_shm_map, vfs_shm_lock, vfs_shm_barrier,
		vfs_shm_unmap, NULL, NULL };
	struct powercut *disk = disk_of(vfs);
	struct handle *handle = (void *)base;
	struct file *file;

	memset(handle, 0, sizeof(*handle));
	if (disk->off)
		return SQLITE_CANTOPEN;
	file = find(disk, name == NULL ? "(nameless)" : name);
	if (file == NULL || file->gone) {
		if ((flags & SQLITE_OPEN_CREATE) == 0)
			return SQLITE_CANTOPEN;
		file = create(disk, name == NULL ? "(nameless)" : name);
	}
	handle->base.pMethods = &methods;
	handle->disk = disk;
	handle->file = file;
	handle->deletes = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
	if (out_flags != NULL)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
vfs_delete(sqlite3_vfs *vfs, const char *name, int certain)
{
	struct file *file = find(disk_of(vfs), name);

	if (operate(disk_of(vfs)) != WORKS)
		return SQLITE_IOERR_DELETE;
	if (file == NULL || file->gone)
		return SQLITE_IOERR_DELETE_NOENT;
	file->gone = true;
	if (certain)
		sync_folder(disk_of(vfs));
	return SQLITE_OK;
}

static int
vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
	struct file *file = find(disk_of(vfs), name);

	*out = file != NULL && !file->gone &&
	    (flags != SQLITE_ACCESS_EXISTS || file->now.n > 0);
	return SQLITE_OK;
}

static int
vfs_full_path(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
	(void)vfs;
	sqlite3_snprintf(room, out, "%s", name);
	return SQLITE_OK;
}

static int
vfs_randomness(sqlite3_vfs *vfs, int n, char *out)
{
	for (int i = 0; i < n; i++)
		out[i] = (char)below(disk_of(vfs), 256);
	return n;
}

static int
vfs_sleep(sqlite3_vfs *vfs, int us)
{
	(void)vfs;
	return us;
}

static int
vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
	(void)vfs;
	*out = 212000000000000;
	return SQLITE_OK;
}

struct powercut *
powercut_new(const char *name, uint64_t seed)
{
	struct powercut *disk = mem_zalloc(sizeof(*disk));

	disk->left = disk->trouble = UINT64_MAX;
	random_seeded_init(&disk->random, seed);
	sqlite3_snprintf(sizeof(disk->name), disk->name, "%s", name);
	disk->vfs = (sqlite3_vfs){ .iVersion = 2,
		.szOsFile = sizeof(struct handle),
		.mxPathname = NAME_BYTES - 16,
		.zName = disk->name,
		.pAppData = disk,
		.xOpen = vfs_open,
		.xDelete = vfs_delete,
		.xAccess = vfs_access,
		.xFullPathname = vfs_full_path,
		.xRandomness = vfs_randomness,
		.xSleep = vfs_sleep,
		.xCurrentTimeInt64 = vfs_time };
	sqlite3_vfs_register(&disk->vfs, 0);
	return disk;
}

void
powercut_arm(struct powercut *disk, uint64_t operations)
{
	disk->left = operations;
}

void
powercut_trouble(struct powercut *disk, uint64_t operations)
{
	disk->trouble = operations;
}

bool
powercut_is_off(const struct powercut *disk)
{
	return disk->off;
}

uint64_t
powercut_operations(const struct powercut *disk)
{
	return disk->operations;
}

void
powercut_free(struct powercut *disk)
{
	if (disk == NULL)
		return;
	sqlite3_vfs_unregister(&disk->vfs);
	for (int i = 0; i < FILES_MAX; i++) {
		struct file *file = &disk->files[i];

		clear_pending(file);
		free(file->pending);
		free(file->now.bytes);
		free(file->durable.bytes);
		for (int k = 0; k < SHM_MAX; k++)
			free(file->regions[k]);
	}
	free(disk);
}
