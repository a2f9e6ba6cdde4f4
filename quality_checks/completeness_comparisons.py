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

# What the settings do not ask of a source is left out on purpose: values say so, and it is no fault.
_ASKED_GAPS = f"""
    select
        source, kind, stream, scope,
        greatest(gap.gap_from, since) as gap_from,
        least(gap.gap_until, until) as gap_until
    from ({GAPS})
    left join quality.source_ranges using (source)
    where greatest(gap.gap_from, since) < least(gap.gap_until, until)
"""

_RANGE_READ = Comparison(
    name="reported_range_was_read",
    subjects=("marts.mart_stream_completeness",),
    layer="marts",
    sentence="Every place of a stream was read for all of the reported range that the settings ask for.",
    left=f"select {_PLACE}, 0 as value from marts.mart_stream_completeness",
    right=f"""
        select item, count(gap_from) as value
        from (select {_PLACE} from marts.mart_stream_completeness)
        left join (select {_PLACE}, gap_from from ({_ASKED_GAPS})) using (item)
        group by item
    """,
    measure="gaps",
    remedy="Numbers of that time lack what happened there. Fetch the gap again; a source that is meant to "
    "be read from later on says so by its `since`.",
    severity="warning",
    action="refetch",
    places=f"""
        select {_PLACE}, source, kind, stream, scope, null::varchar as parent_key,
            gap_from as requested_from, gap_until as requested_until
        from ({_ASKED_GAPS})
    """,
)

COMPLETENESS_COMPARISONS: tuple[Comparison, ...] = (_RANGE_READ,)
