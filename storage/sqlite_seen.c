/* Which batches were here before, though their content went elsewhere. */
#include <string.h>

#include "proto/base/mem.h"
#include "storage/sqlite_seal.h"

#define BLOCK       256 /* sequences of one digest */
#define BLOCK_BYTES ((size_t)BLOCK * 2)

/* 0 means: not here. */
static unsigned
digest_of(uint32_t crc)
{
	unsigned digest = (crc ^ (crc >> 16)) & 0xffff;

	return digest != 0 ? digest : 1;
}

/* Reads the digests of a block; zeroes when there are none. */
static int
load_block(struct sqlite *s, unsigned char bytes[BLOCK_BYTES],
    int64_t stream_id, int64_t block, struct err *err)
{
	sqlite3_stmt *statement = s->statements[SQL_DIGEST];
	int found;

	memset(bytes, 0, BLOCK_BYTES);
	sqlite_bind(s, SQL_DIGEST, "ii", stream_id, block);
	found = sqlite_step(s, SQL_DIGEST, err);
	if (found < 0)
		return -1;
	if (found && sqlite3_column_bytes(statement, 0) == (int)BLOCK_BYTES)
		memcpy(bytes, sqlite3_column_blob(statement, 0), BLOCK_BYTES);
	sqlite_end(s, SQL_DIGEST);
	return 0;
}

/* The first sequence of the range of seen ones that holds this one; 0: none. */
static int
find_range(struct sqlite *s, int64_t *out_first, int64_t *out_last,
    const struct key *key, struct err *err)
{
	int found;

	*out_first = *out_last = 0;
	sqlite_bind(s, SQL_SEEN, "ii", key->stream_id, key->sequence);
	found = sqlite_step(s, SQL_SEEN, err);
	if (found < 0)
		return -1;
	if (found && sqlite_int(s, SQL_SEEN, 1) >= key->sequence) {
		*out_first = sqlite_int(s, SQL_SEEN, 0);
		*out_last = sqlite_int(s, SQL_SEEN, 1);
	}
	sqlite_end(s, SQL_SEEN);
	return 0;
}

/* Hashes lie apart: a block of digests for each would cost 512 bytes. */
static bool
is_by_key(int64_t sequence)
{
	return sequence >= (int64_t)STORE_BY_KEY;
}

int
seen_find(struct sqlite *s, enum store_put *out, const struct key *key,
    uint32_t crc, struct err *err)
{
	unsigned char bytes[BLOCK_BYTES];
	int64_t first, last;
	unsigned digest, at = (unsigned)(key->sequence % BLOCK) * 2;

	*out = STORE_NEW;
	if (find_range(s, &first, &last, key, err) < 0)
		return -1;
	if (first == 0)
		return 0;
	*out = STORE_REPEAT;
	if (is_by_key(key->sequence))
		return 0;
	if (load_block(s, bytes, key->stream_id, key->sequence / BLOCK, err) <
	    0)
		return -1;
	digest = bytes[at] | (unsigned)bytes[at + 1] << 8;
	*out = digest != 0 && digest != digest_of(crc) ? STORE_CONFLICT
						       : STORE_REPEAT;
	return 0;
}

/* Adds a range to those that were seen, joined to its neighbours. */
static int
add_range(struct sqlite *s, int64_t stream_id, int64_t first, int64_t last,
    struct err *err)
{
	struct key below = { stream_id, first - 1 };
	struct key above = { stream_id, last + 1 };
	int64_t below_first, below_last, above_first, above_last;

	if (find_range(s, &below_first, &below_last, &below, err) < 0 ||
	    find_range(s, &above_first, &above_last, &above, err) < 0)
		return -1;
	if (below_first != 0)
		first = below_first;
	if (above_first != 0) {
		sqlite_bind(s, SQL_SEEN_DROP, "ii", stream_id, above_first);
		if (sqlite_run(s, SQL_SEEN_DROP, err) < 0)
			return -1;
		last = above_last;
	}
	sqlite_bind(s, SQL_SEEN_ADD, "iii", stream_id, first, last);
	return sqlite_run(s, SQL_SEEN_ADD, err);
}

static int
add_digests(struct sqlite *s, int64_t stream_id, const struct seen *list,
    size_t n, struct err *err)
{
	unsigned char bytes[BLOCK_BYTES];
	int64_t block, to_ms;
	unsigned digest, at;

	for (size_t i = 0; i < n;) {
		if (is_by_key(list[i].sequence)) {
			i++;
			continue;
		}
		block = list[i].sequence / BLOCK;
		to_ms = list[i].to_ms;
		if (load_block(s, bytes, stream_id, block, err) < 0)
			return -1;
		for (; i < n && list[i].sequence / BLOCK == block; i++) {
			digest = digest_of(list[i].crc32c);
			at = (unsigned)(list[i].sequence % BLOCK) * 2;
			bytes[at] = (unsigned char)digest;
			bytes[at + 1] = (unsigned char)(digest >> 8);
			if (list[i].to_ms > to_ms)
				to_ms = list[i].to_ms;
		}
		sqlite_bind(s, SQL_DIGEST_PUT, "iiib", stream_id, block, to_ms,
		    (const void *)bytes, BLOCK_BYTES);
		if (sqlite_run(s, SQL_DIGEST_PUT, err) < 0)
			return -1;
	}
	return 0;
}

int
seen_add(struct sqlite *s, int64_t stream_id, const struct seen *list, size_t n,
    struct err *err)
{
	size_t from = 0;

	for (size_t i = 1; i <= n; i++) {
		if (i < n && list[i].sequence == list[i - 1].sequence + 1)
			continue;
		if (add_range(s, stream_id, list[from].sequence,
			list[i - 1].sequence, err) < 0)
			return -1;
		from = i;
	}
	return add_digests(s, stream_id, list, n, err);
}
