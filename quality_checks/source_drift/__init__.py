"""Data contracts of sources: what staging reads, what the pages bring, and how the two differ."""
