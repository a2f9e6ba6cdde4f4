"""What was read of each stream, as a publication shows it: from when to when, and the gaps."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import duckdb

GAPS_NAMED = 5
_PLACES_NAMED = 3
_COLUMNS = frozenset(
    ("source", "stream", "scope", "window_count", "record_count", "read_from", "read_until", "gaps")
)

STREAMS_SQL = """
    select
        source,
        stream,
        count(*) as place_count,
        sum(window_count)::bigint as window_count,
        sum(record_count)::bigint as record_count,
        case when bool_or(read_from is null) then null else min(read_from) end as read_from,
        max(read_until) as read_until,
        sum(len(gaps))::bigint as gap_count
    from marts.mart_stream_completeness
    group by source, stream
    order by source, stream
"""

GAPS_SQL = """
    select
        source, stream, gap.gap_from, gap.gap_until, count(*) as place_count,
        list(scope order by scope)[:$places] as scopes
    from (select source, stream, scope, unnest(gaps) as gap from marts.mart_stream_completeness)
    group by source, stream, gap
    qualify row_number() over (partition by source, stream order by gap) <= $named
    order by source, stream, gap
"""


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the reported range in which some places of a stream were not read; the first are named."""

    gap_from: datetime
    gap_until: datetime
    place_count: int
    scopes: tuple[str, ...]

    @property
    def places(self) -> str:
        """The places in words."""
        left = self.place_count - len(self.scopes)
        return ", ".join(self.scopes) + (f" and {left:,} more" if left else "")


@dataclass(frozen=True, slots=True)
class StreamReading:
    """What was read of one stream, over all its places; a place that ends earlier has a gap."""

    source: str
    stream: str
    place_count: int
    window_count: int
    record_count: int
    read_from: datetime | None
    read_until: datetime
    gap_count: int
    gaps: tuple[Gap, ...]

    @property
    def unnamed_count(self) -> int:
        """How many gaps are not named."""
        return self.gap_count - sum(gap.place_count for gap in self.gaps)


def read_completeness(con: duckdb.DuckDBPyConnection) -> list[StreamReading]:
    """Read what was read of every stream; nothing where a publication does not say it."""
    present = con.execute(
        "select column_name from duckdb_columns() "
        "where schema_name = 'marts' and table_name = 'mart_stream_completeness'"
    ).fetchall()
    if not _COLUMNS.issubset(name for (name,) in present):
        return []
    gaps = con.execute(GAPS_SQL, {"named": GAPS_NAMED, "places": _PLACES_NAMED}).fetchall()
    names = [field.name for field in fields(StreamReading)]
    readings = []
    for row in con.execute(STREAMS_SQL).fetchall():
        found = tuple(
            Gap(gap_from, gap_until, count, tuple(scopes))
            for *stream, gap_from, gap_until, count, scopes in gaps
            if stream == [*row[:2]]
        )
        readings.append(StreamReading(**dict(zip(names, (*row, found), strict=True))))
    return readings


def completeness_document(readings: Sequence[StreamReading]) -> dict[str, Any]:
    """Return in brief what was read, and the streams with gaps."""
    return {
        "streams": len(readings),
        "places": sum(each.place_count for each in readings),
        "gaps": sum(each.gap_count for each in readings),
        "streams_with_gaps": [
            {
                "stream": f"{each.source}.{each.stream}",
                "gaps": each.gap_count,
                "first": [
                    {
                        "scopes": list(gap.scopes),
                        "places": gap.place_count,
                        "from": gap.gap_from.isoformat(),
                        "until": gap.gap_until.isoformat(),
                    }
                    for gap in each.gaps
                ],
            }
            for each in readings
            if each.gap_count
        ],
    }
