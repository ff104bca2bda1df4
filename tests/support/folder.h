/*
 * folder.h - a folder of a test's own, with files in it, gone afterwards.
 */
#ifndef TESTS_SUPPORT_FOLDER_H
#define TESTS_SUPPORT_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_PATH_BYTES 256

struct folder {
	char path[FOLDER_PATH_BYTES / 2];
};

static inline void
folder_open(struct folder *folder)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder->path, sizeof(folder->path), "%s/vedette-XXXXXX",
	    base != NULL ? base : "/tmp");
	if (mkdtemp(folder->path) == NULL)
		abort();
}

/* The path of name in folder; returns out. */
static inline char *
folder_path(
    char out[FOLDER_PATH_BYTES], const struct folder *folder, const char *name)
{
	snprintf(out, FOLDER_PATH_BYTES, "%s/%s", folder->path, name);
	return out;
}

/* Writes n bytes to the file name, readable by its owner only; its path is
 * put in out, which is returned. */
static inline char *
folder_write(char out[FOLDER_PATH_BYTES], const struct folder *folder,
    const char *name, const void *bytes, size_t n)
{
	int fd;

	folder_path(out, folder, name);
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) < 0)
		abort();
	return out;
}

static inline int
folder_remove_one(
    const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void
folder_close(struct folder *folder)
{
	nftw(folder->path, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
