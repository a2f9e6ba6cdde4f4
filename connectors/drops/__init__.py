"""Drops: files that some other tool lays into a folder, with a schema that somebody declared."""
