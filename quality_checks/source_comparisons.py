"""Source against staging: records fetched again, and what the source itself counts.

What was asked stands in `quality.sampled_records` and `quality.source_totals`, which whoever asks writes
before the checks run; without rows nothing was asked, and nothing is compared.
"""

from collections.abc import Iterable
from dataclasses import replace

from quality_checks.comparisons import Comparison
from quality_checks.repair_places import PLACE
from quality_checks.source_answers import SAMPLED_RECORDS, SOURCE_TOTALS
from quality_checks.streams import StreamContract

# Names the record at its source, its row's place and that of the answer: what a comparison's item is.
_RECORD = """
    concat(
        'record ', staged_record_id, ' (', source, ' ', record_key, ')',
        coalesce(' against record ' || sampled_record_id, ''),
        coalesce(': ' || nullif(array_to_string(differences, '; '), ''), ''),
        coalesce(': ' || problem, '')
    )
"""
_SCOPE = "concat_ws(' ', source, scope, problem)"

# One row for each sampled record: where its row in staging was fetched.
_SAMPLE_PLACES = f"""
    select subject, item, {PLACE}
    from (
        select subject, source, kind, stream, staged_record_id >> 23 as log_index, {_RECORD} as item
        from {SAMPLED_RECORDS}
    )
    inner join (
        select {PLACE}, window_index, unnest(page_indexes) as log_index from raw.fetch_windows
    ) using (source, kind, stream, log_index)
    qualify row_number() over (partition by subject, item order by window_index desc) = 1
"""


def _with(*verdicts: str) -> str:
    """Every sampled record with one of these verdicts."""
    listed = ", ".join(f"'{verdict}'" for verdict in verdicts)
    return f"select subject, {_RECORD} as item, 1 as value from {SAMPLED_RECORDS} where verdict in ({listed})"


_SOUND = ("equal", "changed_since")
_WRONG = ("differs", "overlooked")
_THERE = (*_SOUND, *_WRONG, "unversioned_change")
_SAMPLES = (
    Comparison(
        name="sampled_records_match",
        subjects=(),
        layer="staging",
        sentence="Records fetched again say what staging says, unless the source has updated them since.",
        left=_with(*_WRONG, *_SOUND),
        right=_with(*_SOUND),
        measure="records",
        remedy="The source tells another value under the same last update, or its list kept an update back "
        "that lies before its reading. Fetch the place again; if the "
        "check stays red, rebuild with `assay run --full-refresh`: then staging reads the page wrongly. "
        "`assay reconcile --sample 50` shows how many records it is.",
        item="item",
        action="refetch",
        places=_SAMPLE_PLACES,
    ),
    Comparison(
        name="sampled_values_moved_with_notice",
        subjects=(),
        layer="staging",
        sentence="Nothing of the sampled records has changed without the source telling of an update.",
        left=_with("unversioned_change", *_SOUND),
        right=_with(*_SOUND),
        measure="records",
        remedy="The source changes these values without moving the record's last update (a label that was "
        "renamed, another default branch), so no run sees it. Fetch the place again.",
        item="item",
        severity="warning",
        action="refetch",
        places=_SAMPLE_PLACES,
    ),
    Comparison(
        name="sampled_records_still_exist",
        subjects=(),
        layer="staging",
        sentence="Every sampled record is still there at the source.",
        left=_with("vanished", *_THERE),
        right=_with(*_THERE),
        measure="records",
        remedy="The record was deleted or moved, or the token may not see it any more. What was fetched "
        "stays; if records must go with their source, look for the stream's deletions.",
        item="item",
        severity="warning",
        action="run",
    ),
    Comparison(
        name="samples_were_taken",
        subjects=(),
        layer="staging",
        sentence="The source answered for every record that was to be fetched again.",
        left=_with("not_taken", "vanished", *_THERE),
        right=_with("vanished", *_THERE),
        measure="records",
        remedy="The source was down, slow or limited when the sample was taken. Take it again with "
        "`assay reconcile`.",
        item="item",
        severity="warning",
        action="run",
    ),
)
_COUNTED = "verdict in ('compared', 'may_shrink')"
_TOTALS = (
    Comparison(
        name="source_totals_arrived",
        subjects=(),
        layer="staging",
        sentence="Staging holds as many records as the source itself counts, within the declared tolerance.",
        left=f"""
            select subject, {_SCOPE} as item,
                case when total_count - staged_count <= tolerance_count
                    then least(total_count, staged_count) else total_count end as value
            from {SOURCE_TOTALS} where {_COUNTED}
        """,
        right=f"""
            select subject, {_SCOPE} as item, staged_count as value from {SOURCE_TOTALS} where {_COUNTED}
        """,
        measure="records",
        remedy="Records are missing: fetch the scope again. If the difference stays, the token does not see "
        "all that the source counts, or the listing leaves records out.",
        rule="at_least",
        action="refetch",
        places=f"""
            select subject, {_SCOPE} as item, source, kind, stream, scope, null as parent_key,
                null::timestamptz as requested_from, null::timestamptz as requested_until
            from {SOURCE_TOTALS}
        """,
    ),
    Comparison(
        name="source_totals_not_exceeded",
        subjects=(),
        layer="staging",
        sentence="Staging holds no more records than the source itself counts, within the tolerance.",
        left=f"""
            select subject, {_SCOPE} as item, staged_count as value
            from {SOURCE_TOTALS} where verdict = 'compared'
        """,
        right=f"""
            select subject, {_SCOPE} as item,
                case when staged_count - total_count <= tolerance_count
                    then greatest(total_count, staged_count) else total_count end as value
            from {SOURCE_TOTALS} where verdict = 'compared'
        """,
        measure="records counted at the source",
        remedy="Records were deleted or moved at the source, or staging holds some twice. "
        "`assay reconcile --sample 50` finds those that vanished.",
        rule="at_least",
        severity="warning",
        action="run",
    ),
    Comparison(
        name="source_totals_were_told",
        subjects=(),
        layer="staging",
        sentence="The source told a whole total wherever it was asked for one.",
        left=f"select subject, {_SCOPE} as item, 1 as value from {SOURCE_TOTALS}",
        right=f"select subject, {_SCOPE} as item, 1 as value from {SOURCE_TOTALS} where {_COUNTED}",
        measure="scopes",
        remedy="The source was down or limited, its count is cut at a bound of its own, or it says itself "
        "that it is not complete. Ask again with `assay reconcile`.",
        severity="warning",
        action="run",
    ),
)


def source_comparisons(streams: Iterable[StreamContract]) -> tuple[Comparison, ...]:
    """What the source itself says of these streams."""
    known = tuple(streams)
    sampled = tuple(contract.staging for contract in known if contract.is_sampled)
    counted = tuple(contract.staging for contract in known if contract.is_counted)
    return (
        *(replace(comparison, subjects=sampled) for comparison in _SAMPLES),
        *(replace(comparison, subjects=counted) for comparison in _TOTALS),
    )
