"""The study engine: a configuration becomes a plan of cached jobs, whose records become tables."""
