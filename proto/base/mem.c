#include <link.h>
#include <malloc.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "proto/base/mem.h"

#define ARENA_BLOCK_BYTES 8192
#define ARENA_ALIGN       _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t used, size; /* bytes after this header */
	_Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *blocks; /* the newest first */
	size_t cap, total;
};

static void *
checked(void *memory)
{
	if (memory == NULL) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

void *
mem_zalloc(size_t size)
{
	return checked(calloc(1, size > 0 ? size : 1));
}

void *
mem_calloc(size_t n, size_t size)
{
	return checked(calloc(n > 0 ? n : 1, size > 0 ? size : 1));
}

void *
mem_resize(void *memory, size_t n, size_t size)
{
	return checked(reallocarray(memory, n > 0 ? n : 1, size));
}

char *
mem_strdup(const char *text)
{
	return text == NULL ? NULL : checked(strdup(text));
}

char *
mem_strndup(const char *bytes, size_t n)
{
	return checked(strndup(bytes, n));
}

void *
mem_dup(const void *bytes, size_t n)
{
	void *copy = mem_zalloc(n);

	if (n > 0)
		memcpy(copy, bytes, n);
	return copy;
}

char *
mem_printf(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	return n < 0 ? checked(NULL) : text;
}

struct arena *
arena_new(size_t cap_bytes)
{
	struct arena *arena = mem_zalloc(sizeof(*arena));

	arena->cap = cap_bytes > 0 ? cap_bytes : SIZE_MAX;
	return arena;
}

static struct block *
block_with_room(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	size_t room;

	if (block != NULL && block->size - block->used >= size)
		return block;
	room = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
	block = mem_zalloc(sizeof(*block) + room);
	block->size = room;
	block->next = arena->blocks;
	arena->blocks = block;
	return block;
}

void *
arena_zalloc(struct arena *arena, size_t size)
{
	struct block *block;
	void *memory;

	if (size > arena->cap)
		return NULL; /* also keeps the rounding from overflowing */
	size = (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (size > arena->cap - arena->total)
		return NULL;
	block = block_with_room(arena, size);
	memory = block->bytes + block->used;
	block->used += size;
	arena->total += size;
	return memory;
}

char *
arena_strndup(struct arena *arena, const char *bytes, size_t n)
{
	char *copy = n == SIZE_MAX ? NULL : arena_zalloc(arena, n + 1);

	if (copy != NULL && n > 0)
		memcpy(copy, bytes, n);
	return copy;
}

char *
arena_strdup(struct arena *arena, const char *text)
{
	if (text == NULL)
		return NULL;
	return arena_strndup(arena, text, strlen(text));
}

size_t
arena_bytes(const struct arena *arena)
{
	return arena->total;
}

void
arena_free(struct arena *arena)
{
	struct block *next;

	if (arena == NULL)
		return;
	for (struct block *block = arena->blocks; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

/* Of segments that are never written, no page differs from its file; what
 * relocations have changed lies in segments that are written. */
static int
drop_code(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + segment->p_vaddr;
		uintptr_t to = (from + segment->p_memsz) & ~(page - 1);

		from = (from + page - 1) & ~(page - 1);
		if (segment->p_type == PT_LOAD &&
		    (segment->p_flags & PF_W) == 0 && from < to)
			madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void
mem_give_back(void)
{
	malloc_trim(0);
	dl_iterate_phdr(drop_code, NULL);
}
