/* Gives a parser every input that a fuzzer kept: each file of the folders
 * named, in any build and without clang. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/base/err.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX (4 * 1024 * 1024)

static int
feed(const char *path)
{
	struct err err;
	char *bytes;
	size_t n;

	if (file_read(&bytes, &n, path, INPUT_MAX, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	LLVMFuzzerTestOneInput((const uint8_t *)bytes, n);
	free(bytes);
	return 0;
}

/* Returns how many, or -1. */
static int
feed_all(const char *folder)
{
	DIR *directory = opendir(folder);
	struct dirent *entry;
	int n = 0;

	if (directory == NULL) {
		perror(folder);
		return -1;
	}
	while (n >= 0 && (entry = readdir(directory)) != NULL) {
		char *path = mem_printf("%s/%s", folder, entry->d_name);

		if (entry->d_name[0] != '.')
			n = feed(path) < 0 ? -1 : n + 1;
		free(path);
	}
	closedir(directory);
	return n;
}

int
main(int argc, char **argv)
{
	int all = 0, n;

	for (int i = 1; i < argc; i++) {
		n = feed_all(argv[i]);
		if (n < 0)
			return 1;
		all += n;
	}
	printf("%d inputs\n", all);
	return all > 0 ? 0 : 1;
}
