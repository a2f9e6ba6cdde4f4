"""What of the streams was not read: stretches of the reported range of which nothing, or not all, is known.

A place is one repository, project or site of a stream. It has a gap where its readings do not touch, where
they begin after the reported range does or end before it does, where a reading brought clearly fewer records
than its source counted, and where the settings name it and nothing of it was ever read to its end. The rows
stand in `config.stream_gaps`: a gap that opens or closes is news for models, and nothing else of windows is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

GAP_COLUMNS: Mapping[str, str] = {
    "source": "varchar",
    "kind": "varchar",
    "stream": "varchar",
    "scope": "varchar",
    "gap_from": "timestamptz",
    "gap_until": "timestamptz",
    "reason": "varchar",
}

Place = tuple[str, str, str, str]
"""Source, kind, stream and scope."""

# Lists that belong to a record of another stream are left out: they are read where that record has changed.
_READINGS = """
    select
        windows.source,
        kinds.kind,
        windows.stream,
        windows.scope,
        windows.parent_key,
        windows.window_index,
        coalesce(windows.requested_from, timestamptz '0001-01-01 00:00:00+00') as read_from,
        least(coalesce(windows.requested_until, windows.started_at), windows.started_at) as read_until,
        windows.record_count,
        windows.claimed_total
    from windows
    inner join kinds using (source)
    where windows.parent_key is null or windows.requested_until is not null
"""

# Where nothing of a scope is read any more, it has gone: its end is no gap, unless the settings name it.
_GAPS = f"""
with readings as materialized ({_READINGS}),

chained as (
    select
        *,
        max(read_until) over (
            partition by source, stream, scope
            order by read_from, read_until
            rows between unbounded preceding and 1 preceding
        ) as read_before
    from readings
),

ends as (
    select
        source, kind, stream, scope,
        min(read_from) as read_from,
        max(read_until) as read_until,
        max(max(read_until)) over (partition by source, scope) as scope_read_until
    from readings
    group by source, kind, stream, scope
),

short as (
    select * from readings
    where claimed_total - greatest(1, claimed_total // 100) > record_count
),

found as (
    select source, kind, stream, scope, read_before as gap_from, read_from as gap_until, 'not_read' as reason
    from chained
    where read_from > read_before
    union all
    select source, kind, stream, scope, null, read_from, 'not_read'
    from ends
    where read_from > timestamptz '0001-01-01 00:00:00+00'
    union all
    select source, kind, stream, scope, read_until, $coverage_until, 'not_read'
    from ends
    left join (select *, true as is_asked from expected) as asked using (source, kind, stream, scope)
    where read_until < scope_read_until or is_asked
    union all
    select source, kind, stream, scope, read_from, read_until, 'records_missing'
    from short
    where not exists (
        from readings as newer
        where newer.source = short.source
            and newer.stream = short.stream
            and newer.scope = short.scope
            and newer.parent_key is not distinct from short.parent_key
            and newer.window_index > short.window_index
            and newer.read_from <= short.read_from
            and newer.read_until >= short.read_until
    )
    union all
    select source, kind, stream, scope, null, $coverage_until, 'never_read'
    from expected
    anti join ends using (source, kind, stream, scope)
)

select
    source, kind, stream, scope,
    nullif(greatest(gap_from, $coverage_from), timestamptz '0001-01-01 00:00:00+00') as gap_from,
    least(gap_until, $coverage_until) as gap_until,
    reason
from found
where (reason <> 'not_read' or gap_until is not null)
    and coalesce(greatest(gap_from, $coverage_from) < least(gap_until, $coverage_until), true)
order by all
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The reported range, as far as settings and evidence say it; without an end, nothing ends too early."""

    begins_at: datetime | None
    ends_at: datetime | None


def stream_gaps(
    windows: pa.Table, kinds: Mapping[str, str], *, expected: Iterable[Place], coverage: Coverage
) -> pa.Table:
    """Return the gaps within the reported range, with the columns of `GAP_COLUMNS`.

    Args:
        windows: Every closed window, with the columns of `raw.closed_windows` but the kind.
        kinds: The kind of each source by its name; windows of other sources do not matter.
        expected: The places that the settings ask for.
        coverage: The reported range.
    """
    wanted = sorted(set(expected))
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        con.register("windows", windows)
        con.register("kinds", _texts(("source", "kind"), list(kinds.items())))
        con.register("expected", _texts(("source", "kind", "stream", "scope"), wanted))
        limits = {"coverage_from": coverage.begins_at, "coverage_until": coverage.ends_at}
        return con.execute(_typed(_GAPS), limits).to_arrow_table()


def _typed(query: str) -> str:
    """Give both limits their type, which an empty one does not have by itself."""
    for name in ("coverage_from", "coverage_until"):
        query = query.replace(f"${name}", f"${name}::timestamptz")
    return query


def _texts(names: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ([] for _ in names)
    return pa.table(
        {name: pa.array(list(column), pa.string()) for name, column in zip(names, columns, strict=True)}
    )
