"""The nightly audit: what has changed since the last one, where a trend leads, and who is told of it."""
