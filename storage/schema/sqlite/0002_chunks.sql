-- Results leave the inbox for chunks: those of one series on one day (UTC).

CREATE TABLE series(
	id INTEGER PRIMARY KEY,
	environment TEXT NOT NULL,
	agent TEXT NOT NULL,
	service TEXT NOT NULL,
	probe TEXT NOT NULL,
	UNIQUE(environment, agent, service, probe)
);

-- bytes is of chunk.h and carries its own CRC; seal is that of the numbers
-- and of runs (runs.h; NULL when there are too many).
CREATE TABLE chunk(
	id INTEGER PRIMARY KEY,
	series_id INTEGER NOT NULL,
	day INTEGER NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms INTEGER NOT NULL,
	n_results INTEGER NOT NULL,
	seal INTEGER NOT NULL,
	runs BLOB,
	bytes BLOB NOT NULL
);
CREATE INDEX chunk_series ON chunk(series_id, day, to_ms, from_ms, n_results);
CREATE INDEX chunk_time ON chunk(to_ms, from_ms, series_id, n_results);

-- bytes is of rollup.h; span_ms an hour or a day; seal is their CRC.
CREATE TABLE rollup(
	series_id INTEGER NOT NULL,
	span_ms INTEGER NOT NULL,
	at_ms INTEGER NOT NULL,
	seal INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	PRIMARY KEY(series_id, span_ms, at_ms)
) WITHOUT ROWID;

-- What a batch held besides results: facts and gaps; and batches that were
-- found damaged, as they were.
CREATE TABLE remainder(
	id INTEGER PRIMARY KEY,
	stream_id INTEGER NOT NULL,
	sequence INTEGER NOT NULL,
	received_ms INTEGER NOT NULL,
	clock_offset_ms INTEGER NOT NULL,
	from_ms INTEGER NOT NULL,
	to_ms INTEGER NOT NULL,
	n_results INTEGER NOT NULL,
	crc32c INTEGER NOT NULL,
	seal INTEGER NOT NULL,
	content BLOB NOT NULL
);
CREATE INDEX remainder_time ON remainder(to_ms, from_ms, stream_id);

-- Two bytes of the CRC of each batch that was seen, 256 sequences in a row:
-- a disk that was cloned or set back uses sequences anew, with other content.
CREATE TABLE digest(
	id INTEGER PRIMARY KEY,
	stream_id INTEGER NOT NULL,
	block INTEGER NOT NULL,
	to_ms INTEGER NOT NULL,
	bytes BLOB NOT NULL,
	UNIQUE(stream_id, block)
);
CREATE INDEX digest_time ON digest(to_ms);
