"""Evidence against staging: every record that landed is in its model, once, and nothing else is."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from quality_checks.comparisons import Comparison
from quality_checks.landed_records import ORDINAL_BITS
from quality_checks.repair_places import PAGE_PLACES, PLACE
from quality_checks.staged_values import has_versions
from quality_checks.streams import StreamContract
from quality_checks.window_comparisons import COVERED_PAGES, SUBJECT

_PAGE = "concat('page ', item)"
_STANDING_PAGES = f"log_index not in ({COVERED_PAGES})"

_PARSED = Comparison(
    name="pages_parse",
    subjects=(),
    layer="landing",
    sentence="Every page is what its endpoint documents, for a second parser too.",
    left=f"select {SUBJECT}, log_index as item, 1 as value from quality.landed_pages where {_STANDING_PAGES}",
    right=f"""
        select {SUBJECT}, log_index as item, 1 as value
        from quality.landed_pages
        where is_parsed and {_STANDING_PAGES}
    """,
    measure="pages",
    remedy="Look at the page's URL by hand: if the source's format has changed, the stream's structure "
    "must follow before its records count.",
    item=_PAGE,
    action="refetch",
    places=PAGE_PLACES,
)

_PAGE_COUNTS = Comparison(
    name="page_record_counts_match",
    subjects=(),
    layer="landing",
    sentence="The connector and a second parser count the same records on every page.",
    left=f"""
        select {SUBJECT}, log_index as item, record_count as value
        from raw.evidence_pages
        semi join (select distinct kind, stream from quality.landed_pages) using (kind, stream)
        where {_STANDING_PAGES}
    """,
    right=f"""
        select {SUBJECT}, log_index as item, counted as value
        from quality.landed_pages
        where {_STANDING_PAGES}
    """,
    measure="records",
    remedy="One of the two parsers skips records of the page. Compare its body with both before publishing.",
    item=_PAGE,
    action="refetch",
    places=PAGE_PLACES,
)


def _keys_staged(contract: StreamContract) -> Comparison:
    """Upsert and append: one row per key that ever landed."""
    parts = ", ".join(part.staged_text for part in (*contract.page_parts, *contract.record_parts))
    return Comparison(
        name="landed_keys_are_staged",
        subjects=(contract.staging,),
        layer="staging",
        sentence="Each key that landed has exactly one row.",
        left=f"""
            select key as item, 1 as value
            from quality.landed_records
            where {contract.is_of_stream}
            group by key
        """,
        right=f"""
            select hash(concat_ws(chr(31), source, {parts})) as item, count(*) as value
            from {contract.staging}
            group by item
        """,
        measure="rows",
        remedy="Rows are missing, doubled or left over in the model. Rebuild it with `assay run "
        "--full-refresh`; if the difference stays, the model drops records.",
        item=f"""coalesce(
            (
                select 'record ' || max(record_id)
                from quality.landed_records
                where {contract.is_of_stream} and key = item
            ),
            concat('a key that never landed (', item, ')')
        )""",
    )


def _people_staged(contract: StreamContract) -> Comparison:
    """Upsert and append of people, whose keys are not kept: no fewer than any one reading named."""
    return Comparison(
        name="landed_people_are_staged",
        subjects=(contract.staging,),
        layer="staging",
        sentence="There are at least as many rows as one reading of the source named different people.",
        left=f"""
            select source as item, max(people) as value
            from (
                select source, window_index, count(distinct key) as people
                from (
                    select source, window_index, unnest(page_indexes) as log_index
                    from raw.fetch_windows
                    where {contract.is_of_stream}
                )
                inner join (
                    select record_id >> {ORDINAL_BITS} as log_index, key
                    from quality.landed_records
                    where {contract.is_of_stream}
                ) using (log_index)
                group by source, window_index
            )
            group by source
        """,
        right=f"select source as item, count(*) as value from {contract.staging} group by source",
        measure="rows",
        remedy="Rows are missing in the model. Rebuild it with `assay run --full-refresh`; if the difference "
        "stays, the model drops people.",
        item="concat('source ', item)",
        rule="at_least",
    )


def _sets_staged(contract: StreamContract) -> Comparison:
    """Replaced sets: the newest closed window of each parent, and none of the older ones."""
    return Comparison(
        name="newest_sets_are_staged",
        subjects=(contract.staging,),
        layer="staging",
        sentence="The rows are exactly the different records of each parent's newest closed window.",
        left=f"""
            select item, count(distinct key) as value
            from ({_newest_pages(contract)})
            inner join (
                select record_id >> {ORDINAL_BITS} as log_index, key
                from quality.landed_records
                where {contract.is_of_stream}
            ) using (log_index)
            group by item
        """,
        right=f"""
            select coalesce(item, concat('superseded page ', log_index)) as item, count(*) as value
            from (select record_id >> {ORDINAL_BITS} as log_index from {contract.staging})
            left join ({_newest_pages(contract)}) using (log_index)
            group by 1
        """,
        measure="rows",
        remedy="A set was not replaced as a whole. Rebuild the model with `assay run --full-refresh`; if the "
        "difference stays, the model mixes two readings of one parent.",
    )


def _newest_pages(contract: StreamContract) -> str:
    return f"""
        select concat('window ', item) as item, max(log_index) as log_index
        from (
            select concat_ws(' ', window_index, scope, parent_key) as item, unnest(page_indexes) as log_index
            from (
                select *
                from raw.fetch_windows
                where {contract.is_of_stream}
                qualify row_number() over (
                    partition by source, scope, parent_key order by window_index desc
                ) = 1
            )
        )
        group by item, log_index
    """


def _records_known(contract: StreamContract) -> Comparison:
    by_page = f"select record_id >> {ORDINAL_BITS} as item, count(*) as value from {contract.staging}"
    return Comparison(
        name="staged_rows_name_their_records",
        subjects=(contract.staging,),
        layer="staging",
        sentence="Every row names a record that a second parser finds at that place.",
        left=f"{by_page} group by 1",
        right=f"""
            {by_page}
            semi join (
                select record_id
                from quality.landed_records
                where {contract.is_of_stream}
            ) using (record_id)
            group by 1
        """,
        measure="rows",
        remedy="Traces of these rows would end at a wrong place. Rebuild the model with `assay run "
        "--full-refresh`.",
        item=_PAGE,
    )


def _nothing_cast_away(contract: StreamContract) -> Comparison:
    return Comparison(
        name="no_value_lost_in_casts",
        subjects=(contract.staging,),
        layer="staging",
        sentence="No value was lost because its type was not the documented one.",
        left=f"select record_id as item, 0 as value from {contract.staging} where false",
        right=f"""
            select record_id as item, sum(cast_loss_count)::bigint as value
            from {contract.staging}
            where cast_loss_count > 0
            group by record_id
        """,
        measure="lost values",
        remedy="The source sends another type than it documents. Trace one of the records, then widen the "
        "model's column or report it to the vendor.",
        item="concat('record ', item)",
        severity="warning",
        action="refetch",
        places=f"""
            select records.record_id as item, {PLACE}
            from (select record_id from {contract.staging} where cast_loss_count > 0) as records
            inner join ({PAGE_PLACES}) as places
                on places.item = records.record_id >> {ORDINAL_BITS} and {contract.is_of_stream}
        """,
    )


def _children_read(child: StreamContract, parent_key: str, scope: str | None) -> Comparison:
    """A warning: a parent that vanished before its own list could be read leaves a gap for ever.

    Sources that leave the stream out have nothing to read. What was read of a parent that is there no longer
    is no fault, unless the source tells of none at all.
    """
    staged_scope, read_scope = (f"{scope}, ", "scope, ") if scope else ("", "")
    parents = f"staging.stg_{child.kind}__{child.parent}"
    staged = f"select concat_ws(' ', source, {staged_scope}{parent_key}) as item from {parents}"
    return Comparison(
        name="parents_were_read",
        subjects=(child.raw,),
        layer="staging",
        sentence="Each parent's own list was read to its end.",
        left=f"""
            select distinct item, 1 as value
            from ({staged} where source in (select source from raw.fetch_windows where {child.is_of_stream}))
        """,
        right=f"""
            select distinct concat_ws(' ', source, {read_scope}parent_key) as item, 1 as value
            from raw.fetch_windows
            where {child.is_of_stream}
                and (item in ({staged}) or source not in (select source from {parents}))
        """,
        measure="parents",
        remedy="What stays missing after that was deleted at the source between two requests.",
        severity="warning",
        action="refetch",
        places=f"""
            select
                concat_ws(' ', source, {staged_scope}{parent_key}) as item,
                source,
                '{child.kind}' as kind,
                '{child.stream}' as stream,
                {scope or "null::varchar"} as scope,
                {parent_key}::varchar as parent_key,
                null::timestamptz as requested_from,
                null::timestamptz as requested_until
            from {parents}
        """,
    )


def landing_comparisons(streams: Iterable[StreamContract]) -> tuple[Comparison, ...]:
    """What must hold of the pages of these streams."""
    subjects = tuple(contract.raw for contract in streams)
    return tuple(replace(comparison, subjects=subjects) for comparison in (_PARSED, _PAGE_COUNTS))


def staging_comparisons(streams: Iterable[StreamContract]) -> Iterator[Comparison]:
    """What must hold of the models of these streams."""
    for contract in streams:
        if contract.is_row_per_record:
            yield _rows_staged(contract)
        yield _records_known(contract)
        yield _nothing_cast_away(contract)
        if contract.parent_columns is not None:
            yield _children_read(contract, *contract.parent_columns)


def value_comparisons(streams: Iterable[StreamContract]) -> tuple[Comparison, ...]:
    """What must hold of the values of these streams' models."""
    compared = [contract for contract in streams if contract.values]
    versioned = [contract.staging for contract in compared if has_versions(contract)]
    return (
        replace(_VALUES, subjects=tuple(contract.staging for contract in compared)),
        replace(_NEWEST, subjects=tuple(versioned)),
    )


_DIFFERING = "concat_ws(' ', record_id, differing_columns) as item"
_VALUES = Comparison(
    name="staged_values_are_those_of_their_records",
    subjects=(),
    layer="staging",
    sentence="A second parser reads the same values at the place that each row of a sample names.",
    left=f"select subject, {_DIFFERING}, compared_count as value from quality.staged_values",
    right=f"""
        select subject, {_DIFFERING}, compared_count - len(differing_columns) as value
        from quality.staged_values
    """,
    measure="values",
    remedy="The model reads other values than its records have. Rebuild it with `assay run --full-refresh`; "
    "if the difference stays, compare the named columns with the vendor's documentation.",
    item="concat('record ', item)",
)

_NEWEST = Comparison(
    name="newest_versions_are_staged",
    subjects=(),
    layer="staging",
    sentence="No record has landed that is newer than the version in its row.",
    left="select subject, record_id as item, 0 as value from quality.superseded_rows where false",
    right="select subject, record_id as item, count(*) as value from quality.superseded_rows group by all",
    measure="newer records",
    remedy="The model holds on to older versions. Rebuild it with `assay run --full-refresh`.",
    item="concat('record ', item)",
)


def _rows_staged(contract: StreamContract) -> Comparison:
    if contract.mode == "replace_set":
        return _sets_staged(contract)
    return _people_staged(contract) if contract.is_about_people else _keys_staged(contract)
