"""The events of the OpenLineage standard that a run emits: what it built, of what, and how."""
