"""The events of the OpenLineage standard that a run emits: what it built, from what, and how each column came about."""
