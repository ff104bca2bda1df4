/*
 * disk.h - a small disk of a test's own, that can really be full.
 *
 * A tmpfs mounted where only this process sees it, in a mount namespace (and,
 * for those who are not root, a user namespace) of its own.  It is gone when
 * the process ends.
 */
#ifndef TESTS_SUPPORT_DISK_H
#define TESTS_SUPPORT_DISK_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

static inline void
disk_must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "a small disk: %s: %s\n", what, strerror(errno));
	abort();
}

static inline void
disk_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	disk_must(fd >= 0, path);
	disk_must(write(fd, text, strlen(text)) > 0, path);
	close(fd);
}

/* Enters the namespaces; once, before threads start. */
static inline void
disk_private(void)
{
	unsigned uid = geteuid(), gid = getegid();
	char map[64];

	disk_must(unshare(CLONE_NEWNS | (uid != 0 ? CLONE_NEWUSER : 0)) == 0,
	    "unshare");
	if (uid != 0) {
		disk_write("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", uid);
		disk_write("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "0 %u 1", gid);
		disk_write("/proc/self/gid_map", map);
	}
	disk_must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
	    "private mounts");
}

/* Mounts an empty disk of so many bytes on an existing folder. */
static inline void
disk_open(const char *folder, size_t bytes)
{
	char options[64];

	snprintf(options, sizeof(options), "size=%zu", bytes);
	disk_must(mount("tmpfs", folder, "tmpfs", 0, options) == 0, folder);
}

static inline void
disk_close(const char *folder)
{
	disk_must(umount2(folder, MNT_DETACH) == 0, folder);
}

#define DISK_MAX_BYTES (64L * 1024 * 1024) /* none of a test is larger */

/* Writes to a file until nothing more fits. */
static inline void
disk_fill(const char *folder)
{
	static const char block[4096];
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/filling", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	disk_must(fd >= 0, path);
	while (write(fd, block, sizeof(block)) > 0)
		if (lseek(fd, 0, SEEK_CUR) > DISK_MAX_BYTES)
			abort(); /* not the disk that it should be */
	while (write(fd, block, 1) > 0)
		;
	disk_must(errno == ENOSPC, path);
	close(fd);
}

static inline void
disk_make_room(const char *folder)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/filling", folder);
	disk_must(unlink(path) == 0, path);
}

#endif
