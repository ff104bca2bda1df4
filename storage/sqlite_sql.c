#include "storage/sqlite.h"

_Static_assert(MARK_GUARD == 10, "SQL_MARK_EXPIRE names it");

#define BATCH_COLUMNS                                                        \
	"b.id, b.stream_id, b.sequence, b.received_ms, b.clock_offset_ms,"   \
	" b.from_ms, b.to_ms, b.n_results, b.crc32c, b.seal, s.environment," \
	" s.agent, s.stream, b.content, b.told"
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

/* CROSS JOIN: by time, never by stream. */
#define SPAN_OF(table)                                  \
	" FROM " table " AS b"                          \
	" CROSS JOIN stream AS s ON s.id = b.stream_id" \
	" WHERE b.to_ms >= ?3 AND b.from_ms < ?4"       \
	" AND (?1 = '' OR s.environment = ?1)"          \
	" AND (?2 = '' OR s.agent = ?2)"
#define CHUNK_FILTER                           \
	" c.to_ms >= ?5 AND c.from_ms < ?6"    \
	" AND (?1 = '' OR s.environment = ?1)" \
	" AND (?2 = '' OR s.agent = ?2)"       \
	" AND (?3 = '' OR s.service = ?3)"     \
	" AND (?4 = '' OR s.probe = ?4)"       \
	" ORDER BY c.to_ms DESC"

static const char *const texts[SQL_N] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_STREAM_FIND] = "SELECT id FROM stream WHERE environment = ?1"
			    " AND agent = ?2 AND stream = ?3",
	[SQL_STREAM_ADD] = "INSERT INTO stream(environment, agent, stream)"
			   " VALUES(?1, ?2, ?3)",
	[SQL_HOLD] = "BEGIN",
	[SQL_SEEN] = "SELECT first, last FROM seen WHERE stream_id = ?1"
		     " AND first <= ?2 ORDER BY first DESC LIMIT 1",
	[SQL_SEEN_ADD] = "REPLACE INTO seen VALUES(?1, ?2, ?3)",
	[SQL_SEEN_DROP] = "DELETE FROM seen WHERE stream_id = ?1"
			  " AND first = ?2",
	[SQL_BATCH_ADD] = "INSERT INTO inbox(stream_id, sequence, received_ms,"
			  " clock_offset_ms, from_ms, to_ms, n_results,"
			  " crc32c, seal, content, told)"
			  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)"
			  " ON CONFLICT DO NOTHING",
	[SQL_BATCH_FIND] = "SELECT crc32c FROM inbox WHERE stream_id = ?1"
			   " AND sequence = ?2",
	[SQL_BATCH_DROP] = "DELETE FROM inbox WHERE id = ?1",
	[SQL_BATCH_AFTER] =
	    "SELECT " BATCH_COLUMNS " FROM inbox AS b"
	    " LEFT JOIN stream AS s ON s.id = b.stream_id WHERE b.id > ?1"
	    " UNION ALL SELECT " BATCH_COLUMNS " FROM remainder AS b"
	    " LEFT JOIN stream AS s ON s.id = b.stream_id WHERE b.id > ?1"
	    " ORDER BY 1",
	[SQL_BATCH_SPAN] = "SELECT " BATCH_COLUMNS
	    SPAN_OF("inbox") " UNION ALL SELECT " BATCH_COLUMNS SPAN_OF(
		"remainder") " ORDER BY 7 DESC, 1 DESC",
	[SQL_BATCH_EXPIRED] =
	    "SELECT b.id, b.stream_id, b.sequence, b.to_ms, b.crc32c"
	    " FROM inbox AS b"
	    " CROSS JOIN stream AS s ON s.id = b.stream_id"
	    " WHERE b.to_ms < ?2 AND (?1 = '' OR s.environment = ?1)"
	    " ORDER BY b.to_ms LIMIT 1",
	[SQL_DIGEST] = "SELECT bytes FROM digest WHERE stream_id = ?1"
		       " AND block = ?2",
	[SQL_DIGEST_PUT] = "INSERT INTO digest(stream_id, block, to_ms, bytes)"
			   " VALUES(?1, ?2, ?3, ?4)"
			   " ON CONFLICT(stream_id, block) DO UPDATE SET"
			   " to_ms = max(to_ms, excluded.to_ms),"
			   " bytes = excluded.bytes",
	[SQL_DIGEST_EXPIRE] =
	    "DELETE FROM digest WHERE id IN (SELECT d.id FROM digest AS d"
	    " CROSS JOIN stream AS s ON s.id = d.stream_id WHERE d.to_ms < ?2"
	    " AND (?1 = '' OR s.environment = ?1) LIMIT ?3)",
	[SQL_REMAINDER_ADD] = "INSERT INTO remainder"
			      " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,"
			      "?12)",
	[SQL_REMAINDER_EXPIRE] =
	    "DELETE FROM remainder WHERE id IN (SELECT b.id FROM remainder AS b"
	    " CROSS JOIN stream AS s ON s.id = b.stream_id WHERE b.to_ms < ?2"
	    " AND (?1 = '' OR s.environment = ?1) LIMIT ?3)",
	[SQL_SEAL_NEXT] = "SELECT stream_id, received_ms FROM inbox"
			  " WHERE id <= ?1 ORDER BY id LIMIT 1",
	[SQL_SEAL_BATCHES] = "SELECT " BATCH_COLUMNS " FROM inbox AS b"
			     " INDEXED BY inbox_key"
			     " LEFT JOIN stream AS s ON s.id = b.stream_id"
			     " WHERE b.stream_id = ?1 AND b.id <= ?2"
			     " ORDER BY b.sequence",
	[SQL_SEAL_ASIDE] = "INSERT INTO remainder SELECT * FROM inbox"
			   " WHERE id = ?1",
	[SQL_SERIES_FIND] = "SELECT id FROM series WHERE environment = ?1"
			    " AND agent = ?2 AND service = ?3 AND probe = ?4",
	[SQL_SERIES_ADD] =
	    "INSERT INTO series(environment, agent, service, probe)"
	    " VALUES(?1, ?2, ?3, ?4)",
	[SQL_SERIES_SCAN] =
	    "SELECT id, environment, agent, service, probe FROM series"
	    " WHERE (?1 = '' OR environment = ?1) AND (?2 = '' OR agent = ?2)"
	    " AND (?3 = '' OR service = ?3) AND (?4 = '' OR probe = ?4)"
	    " ORDER BY environment, agent, service, probe",
	[SQL_CHUNK_OF_DAY] = "SELECT id, from_ms, to_ms, n_results FROM chunk"
			     " WHERE series_id = ?1 AND day = ?2"
			     " ORDER BY to_ms DESC, id DESC",
	[SQL_CHUNK_DAY_BEFORE] = "SELECT max(day) FROM chunk"
				 " WHERE series_id = ?1 AND day < ?2",
	[SQL_CHUNK_UNTIL] = "SELECT id, day, to_ms, from_ms, n_results, seal,"
			    " runs FROM chunk INDEXED BY chunk_series"
			    " WHERE series_id = ?1 AND day <= ?2 AND day >= ?3"
			    " ORDER BY day DESC, to_ms DESC, id DESC",
	[SQL_CHUNK_GET] =
	    "SELECT c.series_id, c.day, c.from_ms, c.to_ms, c.n_results,"
	    " c.seal, c.runs, s.environment, s.agent, s.service, s.probe,"
	    " c.bytes FROM chunk AS c LEFT JOIN series AS s"
	    " ON s.id = c.series_id WHERE c.id = ?1",
	[SQL_CHUNK_DAYS] = "SELECT series_id, min(from_ms), max(to_ms)"
			   " FROM chunk GROUP BY series_id, day",
	[SQL_CHUNK_IDS] = "SELECT id FROM chunk ORDER BY id",
	[SQL_CHUNK_ADD] = "INSERT INTO chunk(series_id, day, from_ms, to_ms,"
			  " n_results, seal, runs, bytes)"
			  " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)",
	[SQL_CHUNK_DROP] = "DELETE FROM chunk WHERE id = ?1",
	[SQL_CHUNK_OF_SERIES] =
	    "SELECT c.id, c.to_ms FROM series AS s"
	    " CROSS JOIN chunk AS c INDEXED BY chunk_series"
	    " ON c.series_id = s.id"
	    " WHERE c.day >= ?7 AND c.day <= ?8 AND" CHUNK_FILTER,
	/* ?7 and ?8 are bound, and of no use here. */
	[SQL_CHUNK_OF_SPAN] = "SELECT c.id, c.to_ms FROM chunk AS c"
			      " INDEXED BY chunk_time"
			      " CROSS JOIN series AS s ON s.id = c.series_id"
			      " WHERE (?7 <= ?8) AND" CHUNK_FILTER,
	[SQL_CHUNK_EXPIRE] =
	    "DELETE FROM chunk WHERE id IN (SELECT c.id FROM chunk AS c"
	    " INDEXED BY chunk_time"
	    " CROSS JOIN series AS s ON s.id = c.series_id WHERE c.to_ms < ?2"
	    " AND (?1 = '' OR s.environment = ?1) ORDER BY c.to_ms LIMIT ?3)",
	[SQL_ROLLUP_GET] = "SELECT seal, bytes FROM rollup WHERE series_id = ?1"
			   " AND span_ms = ?2 AND at_ms = ?3",
	[SQL_ROLLUP_SCAN] = "SELECT at_ms, seal, bytes FROM rollup"
			    " WHERE series_id = ?1 AND span_ms = ?2"
			    " AND at_ms >= ?3 AND at_ms < ?4",
	[SQL_ROLLUP_ALL] = "SELECT series_id, at_ms, seal, bytes, span_ms"
			   " FROM rollup",
	[SQL_ROLLUP_DROP] = "DELETE FROM rollup WHERE series_id = ?1"
			    " AND span_ms = ?2 AND at_ms = ?3",
	[SQL_ROLLUP_EXPIRE] =
	    "DELETE FROM rollup WHERE (series_id, span_ms, at_ms) IN"
	    " (SELECT r.series_id, r.span_ms, r.at_ms FROM series AS s"
	    "  CROSS JOIN rollup AS r ON r.series_id = s.id"
	    "  WHERE r.span_ms = ?4 AND r.at_ms < ?2"
	    "  AND (?1 = '' OR s.environment = ?1) LIMIT ?3)",
	[SQL_CHANGE_EXPIRE] =
	    "DELETE FROM change WHERE id IN (SELECT id FROM change"
	    " WHERE before_ms < ?2 AND (?1 = '' OR environment = ?1)"
	    " AND ?4 = ?4 LIMIT ?3)",
	/* What is open stays, however old. */
	[SQL_REGRESSION_EXPIRE] =
	    "DELETE FROM regression WHERE id IN (SELECT id FROM regression"
	    " WHERE cleared_ms <> 0 AND cleared_ms < ?2 AND onset_to_ms < ?2"
	    " AND (?1 = '' OR environment = ?1) AND ?4 = ?4 LIMIT ?3)",
	[SQL_MARK_EXPIRE] =
	    "DELETE FROM mark WHERE id IN (SELECT id FROM mark"
	    " WHERE at_ms < ?2 AND (?1 = '' OR environment = ?1)"
	    /* A guard is in force however long ago it was told. */
	    " AND kind <> 10 AND ?4 = ?4 LIMIT ?3)",
	[SQL_ROLLUP_PUT] = "REPLACE INTO rollup VALUES(?1, ?2, ?3, ?4, ?5)",
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
	[SQL_REGRESSION_LAST] =
	    "SELECT seq FROM sqlite_sequence WHERE name = 'regression'",
	[SQL_REGRESSION_SCAN] = "SELECT " REGRESSION_COLUMNS " FROM regression"
				" WHERE onset_to_ms < ?4" REGRESSION_ORDER,
	[SQL_REGRESSION_OPEN] =
	    "SELECT " REGRESSION_COLUMNS " FROM regression"
	    " WHERE cleared_ms = 0 AND onset_to_ms < ?4" REGRESSION_ORDER,
	[SQL_MARK_ADD] = "INSERT INTO mark(at_ms, environment, service, kind,"
			 " subject, summary, attributes, seal)"
			 " VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"
			 " ON CONFLICT DO NOTHING",
	[SQL_MARK_SCAN] = "SELECT at_ms, environment, service, kind, subject,"
			  " summary, attributes, seal FROM mark"
			  " WHERE at_ms >= ?3 AND at_ms < ?4"
			  " AND (?1 = '' OR environment = ?1)"
			  " AND (?2 = '' OR service = ?2)"
			  " ORDER BY at_ms, environment, seal",
	[SQL_STATE_PUT] = "REPLACE INTO state VALUES(?1, ?2, ?3)",
	[SQL_STATE_DROP] = "DELETE FROM state WHERE key = ?1",
	[SQL_STATE_SCAN] = "SELECT key, crc32c, bytes FROM state"
			   " WHERE key >= ?1 ORDER BY key",
	[SQL_SIZE] = "SELECT count(*), ifnull(sum(n_results), 0) +"
		     " (SELECT ifnull(sum(n_results), 0) FROM chunk"
		     "  INDEXED BY chunk_time),"
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
