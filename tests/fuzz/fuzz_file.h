/*
 * fuzz_file.h - input for what reads a file by its name.
 *
 * In memory, one of its own for each program, written anew for each input.
 */
#ifndef TESTS_FUZZ_FUZZ_FILE_H
#define TESTS_FUZZ_FUZZ_FILE_H

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#define FUZZ_PATH_BYTES 64

/* name tells several of one program apart.  Returns out. */
static inline const char *
fuzz_file(
    char out[FUZZ_PATH_BYTES], const char *name, const void *bytes, size_t n)
{
	FILE *file;

	snprintf(out, FUZZ_PATH_BYTES, "/dev/shm/vedette-fuzz-%d.%s",
	    (int)getpid(), name);
	file = fopen(out, "w");
	assert(file != NULL && fwrite(bytes, 1, n, file) == n);
	fclose(file);
	return out;
}

#endif
