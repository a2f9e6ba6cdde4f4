"""The reported range against what was read of each stream and place: of a gap nothing is known."""

from quality_checks.comparisons import Comparison

_PLACE = "concat_ws(' ', source, stream, nullif(scope, '')) as item"

# A place of which nothing at all was read any more has gone: its end is no gap, unless the settings name it.
GAPS = """
    select places.*, gap
    from (
        select *, unnest(gaps) as gap, max(read_until) over (partition by source, scope) as scope_read_until
        from marts.mart_stream_completeness
    ) as places
    where gap.gap_from < read_until or read_until < scope_read_until
        or (source, stream, scope) in (
            select (asked.source, asked.stream, asked.scope)
            from quality.expected_places as asked
            inner join config.repositories as known
                on known.source = asked.source and known.repository = asked.scope
        )
"""

_RANGE_READ = Comparison(
    name="reported_range_was_read",
    subjects=("marts.mart_stream_completeness",),
    layer="marts",
    sentence="Every place of a stream was read for the whole reported range.",
    left=f"select {_PLACE}, 0 as value from marts.mart_stream_completeness",
    right=f"""
        select item, count(gap) as value
        from (select {_PLACE} from marts.mart_stream_completeness)
        left join (select {_PLACE}, gap from ({GAPS})) using (item)
        group by item
    """,
    measure="gaps",
    remedy="Numbers of that time lack what happened there. Fetch the gap again; a source that is meant to "
    "be read from later on needs a later `reporting.from`.",
    severity="warning",
    action="refetch",
    places=f"""
        select {_PLACE}, source, kind, stream, scope, null::varchar as parent_key,
            gap.gap_from as requested_from, gap.gap_until as requested_until
        from ({GAPS})
    """,
)

COMPLETENESS_COMPARISONS: tuple[Comparison, ...] = (_RANGE_READ,)
