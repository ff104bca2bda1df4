-- What stood around a batch and is needed to judge it again: see
-- struct store_batch.
ALTER TABLE inbox ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE remainder ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
