"""The wall between two tracks (invariant I10): developmental feedback never feeds a compensation metric.

`track_crossings` reads a whole dbt project, as compiled and as the warehouse really is, and names every way
by which feedback could come into a metric. `participation` holds DEFINITIONS §2.6: taking part in an
incident enters no person's number. Both are pure: they read what they are given, and what they cannot read
closes.
"""

from lineage.tracks.catalog import WarehouseCatalog, read_catalog
from lineage.tracks.crossing import Crossing
from lineage.tracks.wall import ReviewedSql, track_crossings, unreviewed_sql

__all__ = ["Crossing", "ReviewedSql", "WarehouseCatalog", "read_catalog", "track_crossings", "unreviewed_sql"]
