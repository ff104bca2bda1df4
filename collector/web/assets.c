#include <stdlib.h>
#include <string.h>

#include "collector/web/assets.h"
#include "proto/base/mem.h"

/* The files as they are given out, each made when first asked for. */
struct assets {
	struct packed **files;
	size_t n;
};

struct assets *
assets_new(void)
{
	struct assets *of = mem_zalloc(sizeof(*of));

	while (assets[of->n].path != NULL)
		of->n++;
	of->files = mem_calloc(of->n, sizeof(struct packed *));
	return of;
}

struct packed *
assets_find(struct assets *of, const char *path)
{
	for (size_t i = 0; i < of->n; i++) {
		const struct asset *asset = &assets[i];

		if (strcmp(asset->path, path) != 0)
			continue;
		if (of->files[i] == NULL) {
			of->files[i] = packed_new(asset->type,
			    mem_dup(asset->bytes, asset->n), asset->n);
			of->files[i]->cache = "no-cache";
		}
		return of->files[i];
	}
	return NULL;
}

void
assets_free(struct assets *of)
{
	if (of == NULL)
		return;
	for (size_t i = 0; i < of->n; i++)
		packed_free(of->files[i]);
	free(of->files);
	free(of);
}
