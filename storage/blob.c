#include <assert.h>
#include <stdlib.h>
#include <zstd.h>

#include "proto/base/mem.h"
#include "storage/blob.h"

/* Measured on symbols of durations: levels above gain less than 0.1 %. */
#define LEVEL 3

/* Below this a frame of zstd is longer than what it can save. */
#define WORTH_BYTES 24

struct blob_packer {
	ZSTD_CCtx *context;
	struct text scratch;
};

struct blob_opener {
	ZSTD_DCtx *context;
};

/* Makes text n bytes long, whatever they are. */
static void
set_length(struct text *text, size_t n)
{
	if (text->room < n + 1) {
		text->room = n + 1;
		text->bytes = mem_resize(text->bytes, text->room, 1);
	}
	text->n = n;
	text->bytes[n] = '\0';
}

struct blob_packer *
blob_packer_new(void)
{
	struct blob_packer *packer = mem_zalloc(sizeof(*packer));

	packer->context = ZSTD_createCCtx();
	assert(packer->context != NULL);
	/* The length stands before the frame, the checksum after all. */
	ZSTD_CCtx_setParameter(packer->context, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(packer->context, ZSTD_c_contentSizeFlag, 0);
	ZSTD_CCtx_setParameter(packer->context, ZSTD_c_checksumFlag, 0);
	return packer;
}

void
blob_packer_free(struct blob_packer *packer)
{
	if (packer == NULL)
		return;
	ZSTD_freeCCtx(packer->context);
	text_fini(&packer->scratch);
	free(packer);
}

void
blob_put(
    struct blob_packer *packer, struct text *text, const void *bytes, size_t n)
{
	struct text *scratch = &packer->scratch;
	size_t packed = n;

	if (n >= WORTH_BYTES) {
		set_length(scratch, ZSTD_compressBound(n));
		packed = ZSTD_compress2(
		    packer->context, scratch->bytes, scratch->n, bytes, n);
		assert(!ZSTD_isError(packed));
	}
	if (packed + 2 >= n) {
		bytes_put_number(text, (uint64_t)n << 1);
		text_add_bytes(text, bytes, n);
		return;
	}
	bytes_put_number(text, (uint64_t)n << 1 | 1);
	bytes_put_number(text, packed);
	text_add_bytes(text, scratch->bytes, packed);
}

struct blob_opener *
blob_opener_new(void)
{
	struct blob_opener *opener = mem_zalloc(sizeof(*opener));

	opener->context = ZSTD_createDCtx();
	assert(opener->context != NULL);
	return opener;
}

void
blob_opener_free(struct blob_opener *opener)
{
	if (opener == NULL)
		return;
	ZSTD_freeDCtx(opener->context);
	free(opener);
}

int
blob_get(struct blob_opener *opener, struct text *text, size_t max,
    struct bytes *bytes)
{
	struct bytes inside;
	uint64_t head;
	size_t packed, n;

	if (bytes_number(&head, bytes) < 0 || head >> 1 > max)
		return -1;
	n = (size_t)(head >> 1);
	if ((head & 1) == 0) {
		if (bytes_part(&inside, bytes, n) < 0)
			return -1;
		text->n = 0;
		text_add_bytes(text, inside.at, n);
		return 0;
	}
	if (bytes_count(&packed, bytes, bytes_left(bytes)) < 0 ||
	    bytes_part(&inside, bytes, packed) < 0)
		return -1;
	set_length(text, n);
	packed = ZSTD_decompressDCtx(
	    opener->context, text->bytes, n, inside.at, packed);
	return packed == n ? 0 : -1;
}
