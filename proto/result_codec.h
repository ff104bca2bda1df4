/*
 * result_codec.h - series and results as messages, and back with every check.
 *
 * Batches and answers are made of the same two, so both are encoded here.
 * For the .c files of this folder alone.
 */
#ifndef PROTO_RESULT_CODEC_H
#define PROTO_RESULT_CODEC_H

#include "proto/base/err.h"
#include "proto/base/mem.h"
#include "proto/publish.pb-c.h"
#include "proto/result.h"

#define CODEC_AT_MIN_MS INT64_C(0)             /* 1970 */
#define CODEC_AT_MAX_MS INT64_C(7258118400000) /* 2200 */

/* protobuf-c wants char *; it does not write through it. */
static inline char *
codec_lend(const char *text)
{
	return (char *)(uintptr_t)text;
}

/* Messages in the arena that borrow the texts. */
Vedette__Series *series_pack(struct arena *arena, const struct series *series);
Vedette__Result *
result_pack(struct arena *arena, const struct result *result, int64_t base_ms);

Vedette__Attribute **
attributes_pack(struct arena *arena, const struct attribute *list, size_t n);

/* Texts are borrowed from the message; environment and agent are left as
 * they are. */
int series_unpack(
    struct series *out, const Vedette__Series *message, struct err *err);

/* What the numbers of a result refer to. */
struct result_place {
	const struct series *series;
	size_t n_series;
	int64_t base_ms;
};

/* Attributes are in the arena; texts are borrowed from the message. */
int result_unpack(struct result *out, struct arena *arena,
    const Vedette__Result *message, const struct result_place *place,
    struct err *err);

/* At most ATTRIBUTES_MAX.  In the arena; texts are borrowed. */
int attributes_unpack(const struct attribute **out, struct arena *arena,
    Vedette__Attribute *const *messages, size_t n, struct err *err);

/* UTF-8 of at most max bytes? */
bool codec_is_text(const char *text, size_t max);

/* Adds an offset to a base without overflow and within 1970 to 2200. */
int codec_at(int64_t *out, int64_t base_ms, int64_t offset_ms, struct err *err);

#endif
