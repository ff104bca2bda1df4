#include "storage/sqlite.h"

#define BATCH_COLUMNS                                                        \
	"b.id, b.stream_id, b.sequence, b.received_ms, b.clock_offset_ms,"   \
	" b.from_ms, b.to_ms, b.n_results, b.crc32c, b.seal, s.environment," \
	" s.agent, s.stream, b.content"
#define CHANGE_COLUMNS                                                     \
	"environment, service, name, source, agent, before_ms, after_ms, " \
	"before, after"
#define REGRESSION_COLUMNS                                            \
	"id, kind, environment, service, agent, subject, severity,"   \
	" onset_from_ms, onset_to_ms, detected_ms, cleared_ms, late," \
	" before, after, message"
#define REGRESSION_ORDER                            \
	" AND (?1 = '' OR environment = ?1)"        \
	" AND (?2 = '' OR service = ?2)"            \
	" AND (cleared_ms = 0 OR cleared_ms >= ?3)" \
	" ORDER BY onset_to_ms DESC, id DESC LIMIT ?5"

static const char *const texts[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_STREAM_FIND] = "SELECT id FROM stream WHERE environment = ?1"
			    " AND agent = ?2 AND stream = ?3",
	[SQL_STREAM_ADD] = "INSERT INTO stream(environment, agent, stream)"
			   " VALUES(?1, ?2, ?3)",
	[SQL_SEEN] = "SELECT last FROM seen WHERE stream_id = ?1"
		     " AND first <= ?2 ORDER BY first DESC LIMIT 1",
	[SQL_SEEN_BELOW] = "SELECT first FROM seen WHERE stream_id = ?1"
			   " AND first < ?2 AND last = ?2 - 1"
			   " ORDER BY first DESC LIMIT 1",
	[SQL_SEEN_ABOVE] = "SELECT last FROM seen WHERE stream_id = ?1"
			   " AND first = ?2 + 1",
	[SQL_SEEN_ADD] = "REPLACE INTO seen VALUES(?1, ?2, ?3)",
	[SQL_SEEN_DROP] = "DELETE FROM seen WHERE stream_id = ?1"
			  " AND first = ?2",
	[SQL_BATCH_ADD] = "INSERT INTO inbox(stream_id, sequence, received_ms,"
			  " clock_offset_ms, from_ms, to_ms, n_results,"
			  " crc32c, seal, content)"
			  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
			  " ON CONFLICT DO NOTHING",
	[SQL_BATCH_FIND] = "SELECT crc32c FROM inbox WHERE stream_id = ?1"
			   " AND sequence = ?2",
	[SQL_BATCH_DROP] = "DELETE FROM inbox WHERE id = ?1",
	[SQL_BATCH_AFTER] = "SELECT " BATCH_COLUMNS " FROM inbox AS b"
			    " LEFT JOIN stream AS s ON s.id = b.stream_id"
			    " WHERE b.id > ?1 ORDER BY b.id",
	/* CROSS JOIN: by time, never by stream. */
	[SQL_BATCH_SPAN] = "SELECT " BATCH_COLUMNS " FROM inbox AS b"
			   " CROSS JOIN stream AS s ON s.id = b.stream_id"
			   " WHERE b.to_ms >= ?3 AND b.from_ms < ?4"
			   " AND (?1 = '' OR s.environment = ?1)"
			   " AND (?2 = '' OR s.agent = ?2)"
			   " ORDER BY b.to_ms DESC, b.id DESC",
	[SQL_BATCH_EXPIRED] =
	    "SELECT b.id, b.stream_id, b.sequence FROM inbox AS b"
	    " CROSS JOIN stream AS s ON s.id = b.stream_id"
	    " WHERE b.to_ms < ?2 AND (?1 = '' OR s.environment = ?1)"
	    " ORDER BY b.to_ms LIMIT 1",
	[SQL_CHANGE_ADD] = "REPLACE INTO change(" CHANGE_COLUMNS ")"
			   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9)",
	[SQL_CHANGE_SCAN] = "SELECT " CHANGE_COLUMNS " FROM change"
			    " WHERE before_ms >= ?3 AND before_ms < ?4"
			    " AND (?1 = '' OR environment = ?1)"
			    " AND (?2 = '' OR service = ?2)"
			    " ORDER BY before_ms DESC, id DESC",
	[SQL_REGRESSION_ADD] =
	    "REPLACE INTO regression(" REGRESSION_COLUMNS ")"
	    " VALUES(nullif(?1, 0),?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,"
	    " ?14,?15)",
	[SQL_REGRESSION_SCAN] = "SELECT " REGRESSION_COLUMNS " FROM regression"
				" WHERE onset_to_ms < ?4" REGRESSION_ORDER,
	[SQL_REGRESSION_OPEN] =
	    "SELECT " REGRESSION_COLUMNS " FROM regression"
	    " WHERE cleared_ms = 0 AND onset_to_ms < ?4" REGRESSION_ORDER,
	[SQL_STATE_PUT] = "REPLACE INTO state VALUES(?1, ?2, ?3)",
	[SQL_STATE_DROP] = "DELETE FROM state WHERE key = ?1",
	[SQL_STATE_SCAN] = "SELECT key, crc32c, bytes FROM state"
			   " WHERE key >= ?1 ORDER BY key",
	[SQL_SIZE] = "SELECT count(*), ifnull(sum(n_results), 0),"
		     " ifnull((SELECT seq FROM sqlite_sequence"
		     "  WHERE name = 'inbox'), 0),"
		     " (SELECT page_count FROM pragma_page_count) *"
		     " (SELECT page_size FROM pragma_page_size)"
		     " FROM inbox INDEXED BY inbox_time",
};

const char *
sqlite_text(enum sql sql)
{
	return texts[sql];
}
