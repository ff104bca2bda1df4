-- What people and pipelines report (mark.h).  seal is the CRC of all of it:
-- the same mark, told twice, is one.
CREATE TABLE mark(
	id INTEGER PRIMARY KEY,
	at_ms INTEGER NOT NULL,
	environment TEXT NOT NULL,
	service TEXT NOT NULL,
	kind INTEGER NOT NULL,
	subject TEXT NOT NULL,
	summary TEXT NOT NULL,
	attributes BLOB NOT NULL,
	seal INTEGER NOT NULL
);
CREATE UNIQUE INDEX mark_key ON mark(at_ms, environment, seal);
