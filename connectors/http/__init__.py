"""A small HTTP core: declared streams, tiny pagers, polite retries, credentials that stay on their host."""
