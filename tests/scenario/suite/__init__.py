"""suite - outages really injected into a world of our own, and judged."""
