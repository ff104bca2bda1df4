/* Marks as rows; their attributes are numbers and strings of bytes.h. */
#include <stdlib.h>
#include <string.h>

#include "proto/base/crc32c.h"
#include "proto/base/mem.h"
#include "storage/bytes.h"
#include "storage/sqlite.h"

static void
put_string(struct text *text, const char *string)
{
	text_add_bytes(text, string, strlen(string) + 1);
}

/* The number of attributes, then of each its name, whether it is a text, and
 * the text or the bits of the number. */
static void
put_attributes(struct text *text, const struct mark *mark)
{
	uint64_t bits;

	bytes_put_number(text, mark->n_attributes);
	for (size_t i = 0; i < mark->n_attributes; i++) {
		const struct attribute *attribute = &mark->attributes[i];

		put_string(text, attribute->name);
		bytes_put_byte(text, attribute->text != NULL);
		memcpy(&bits, &attribute->number, sizeof(bits));
		if (attribute->text != NULL)
			put_string(text, attribute->text);
		else
			bytes_put_number(text, bits);
	}
}

static int
get_attribute(struct attribute *out, struct bytes *bytes)
{
	unsigned is_text;
	uint64_t bits;

	*out = (struct attribute){ 0 };
	if (bytes_string(&out->name, bytes) < 0 ||
	    bytes_byte(&is_text, bytes) < 0)
		return -1;
	if (is_text)
		return bytes_string(&out->text, bytes);
	if (bytes_number(&bits, bytes) < 0)
		return -1;
	memcpy(&out->number, &bits, sizeof(bits));
	return 0;
}

static uint32_t
seal_of(const struct mark *mark, const void *attributes, size_t n)
{
	struct text text = { 0 };
	uint32_t crc;

	bytes_put_signed(&text, mark->at_ms);
	bytes_put_number(&text, mark->kind);
	put_string(&text, mark->environment);
	put_string(&text, mark->service);
	put_string(&text, mark->subject);
	put_string(&text, mark->summary);
	text_add_bytes(&text, attributes, n);
	crc = crc32c(0, text.bytes, text.n);
	text_fini(&text);
	return crc;
}

int
sqlite_put_mark(struct store *store, const struct mark *mark, struct err *err)
{
	struct sqlite *s = sqlite_of(store);
	struct text attributes = { 0 };
	int rc;

	put_attributes(&attributes, mark);
	sqlite_bind(s, SQL_MARK_ADD, "ittittbi", mark->at_ms, mark->environment,
	    mark->service, (int64_t)mark->kind, mark->subject, mark->summary,
	    (const void *)attributes.bytes, attributes.n,
	    (int64_t)seal_of(mark, attributes.bytes, attributes.n));
	rc = sqlite_run(s, SQL_MARK_ADD, err);
	text_fini(&attributes);
	return rc;
}

/* Reads the row at hand; -1 when it is damaged. */
static int
read_mark(struct sqlite *s, struct mark *out,
    struct attribute attributes[ATTRIBUTES_MAX])
{
	enum sql sql = SQL_MARK_SCAN;
	sqlite3_stmt *statement = s->statements[sql];
	const void *blob = sqlite3_column_blob(statement, 6);
	size_t n = (size_t)sqlite3_column_bytes(statement, 6);
	struct bytes bytes = { blob, (const unsigned char *)blob + n };
	int64_t kind = sqlite_int(s, sql, 3);

	*out = (struct mark){
		.at_ms = sqlite_int(s, sql, 0),
		.environment = sqlite_str(s, sql, 1),
		.service = sqlite_str(s, sql, 2),
		.kind = (enum mark_kind)kind,
		.subject = sqlite_str(s, sql, 4),
		.summary = sqlite_str(s, sql, 5),
		.attributes = attributes,
	};
	if (kind < 0 || kind >= MARK_COUNT ||
	    sqlite_int(s, sql, 7) != (int64_t)seal_of(out, blob, n) ||
	    bytes_count(&out->n_attributes, &bytes, ATTRIBUTES_MAX) < 0)
		return -1;
	for (size_t i = 0; i < out->n_attributes; i++)
		if (get_attribute(&attributes[i], &bytes) < 0)
			return -1;
	return 0;
}

int
sqlite_scan_marks(struct store *store, const struct store_marks *request,
    store_mark_fn *on_mark, void *arg, struct err *err)
{
	struct attribute attributes[ATTRIBUTES_MAX];
	struct sqlite *s = sqlite_of(store);
	struct mark mark;
	int rc;

	sqlite_bind(s, SQL_MARK_SCAN, "ttii", request->environment,
	    request->service, request->from_ms, request->to_ms);
	for (;;) {
		rc = sqlite_step(s, SQL_MARK_SCAN, err);
		if (rc <= 0)
			return rc;
		if (read_mark(s, &mark, attributes) < 0) {
			s->damaged++;
			continue;
		}
		rc = on_mark(arg, &mark, err);
		if (rc != 0)
			break;
	}
	sqlite_end(s, SQL_MARK_SCAN);
	return rc < 0 ? -1 : 0;
}
