-- The state at a moment is read from this index alone.
DROP INDEX chunk_series;
CREATE INDEX chunk_series
	ON chunk(series_id, day, to_ms, from_ms, n_results, seal, runs);
