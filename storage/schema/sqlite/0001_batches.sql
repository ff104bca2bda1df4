-- Batches as received, what was derived of them, and which were here before.
-- Released migrations are never edited: write the next one.
PRAGMA application_id = 1986286451; -- 0x76645373, "vdSs"

-- One spool lifetime of one agent.
CREATE TABLE stream(
	id INTEGER PRIMARY KEY,
	environment TEXT NOT NULL,
	agent TEXT NOT NULL,
	stream INTEGER NOT NULL,
	UNIQUE(environment, agent, stream)
);

-- Appended by id, which is fast whoever sent it; seal is the CRC of the
-- numbers, crc32c that of content.  Ids are never given twice.
CREATE TABLE inbox(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
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
CREATE UNIQUE INDEX inbox_key ON inbox(stream_id, sequence);
CREATE INDEX inbox_time ON inbox(to_ms, from_ms, stream_id, n_results);

-- Sequences that were in the inbox and are not any more, as ranges.
CREATE TABLE seen(
	stream_id INTEGER NOT NULL,
	first INTEGER NOT NULL,
	last INTEGER NOT NULL,
	PRIMARY KEY(stream_id, first)
) WITHOUT ROWID;

CREATE TABLE change(
	id INTEGER PRIMARY KEY,
	environment TEXT NOT NULL,
	service TEXT NOT NULL,
	name TEXT NOT NULL,
	source INTEGER NOT NULL,
	agent TEXT NOT NULL,
	before_ms INTEGER NOT NULL,
	after_ms INTEGER NOT NULL,
	before TEXT NOT NULL,
	after TEXT NOT NULL
);
CREATE UNIQUE INDEX change_key
	ON change(before_ms, environment, service, name, source, agent);

CREATE TABLE regression(
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,
	environment TEXT NOT NULL,
	service TEXT NOT NULL,
	agent TEXT NOT NULL,
	subject TEXT NOT NULL,
	severity INTEGER NOT NULL,
	onset_from_ms INTEGER NOT NULL,
	onset_to_ms INTEGER NOT NULL,
	detected_ms INTEGER NOT NULL,
	cleared_ms INTEGER NOT NULL,
	late INTEGER NOT NULL,
	before TEXT NOT NULL,
	after TEXT NOT NULL,
	message TEXT NOT NULL
);
CREATE INDEX regression_onset ON regression(onset_to_ms);
CREATE INDEX regression_open ON regression(onset_to_ms) WHERE cleared_ms = 0;

CREATE TABLE state(
	key TEXT PRIMARY KEY,
	crc32c INTEGER NOT NULL, -- of key and bytes
	bytes BLOB NOT NULL
) WITHOUT ROWID;
