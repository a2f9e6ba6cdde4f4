"""What the source claimed and the connector recorded, against the pages that were committed.

A window is one complete reading of a stream for one scope (and parent): it may claim a number of records and
it names its pages. A window that a newer one covers no longer matters: what it missed was read again.
"""

from collections.abc import Iterable
from dataclasses import replace

from quality_checks.comparisons import Comparison
from quality_checks.repair_places import PLACE
from quality_checks.streams import StreamContract

SUBJECT = "concat('raw.', kind, '__', stream) as subject"
WINDOW = "concat_ws(' ', window_index, scope, parent_key) as item"

# One row per closed window that no newer window of the same place covers.
STANDING = """
    select *
    from raw.fetch_windows as windows
    where not exists (
        from raw.fetch_windows as newer
        where newer.source = windows.source
            and newer.stream = windows.stream
            and newer.scope = windows.scope
            and newer.parent_key is not distinct from windows.parent_key
            and newer.window_index > windows.window_index
            and coalesce(newer.requested_from, timestamptz '-infinity')
                <= coalesce(windows.requested_from, timestamptz '-infinity')
            and coalesce(newer.requested_until, newer.started_at)
                >= coalesce(windows.requested_until, windows.started_at)
    )
"""

_CLAIMING = f"select * from ({STANDING}) where claimed_total is not null"


_WINDOW_PLACES = f"select {SUBJECT}, {WINDOW}, {PLACE} from raw.fetch_windows"

# Without windows whose faults no longer matter: the list of their parent was read again, or their range of
# time, or (as the end of a window's id says) the whole list from its start. What goes on covers nothing.
_UNCOVERED = """
    select *
    from raw.fetch_windows as windows
    where not exists (
        from raw.fetch_windows as newer
        where newer.source = windows.source
            and newer.stream = windows.stream
            and newer.scope = windows.scope
            and newer.parent_key is not distinct from windows.parent_key
            and newer.window_index > windows.window_index
            and (
                windows.parent_key is not null
                or (
                    newer.requested_from <= windows.requested_from
                    and newer.requested_until >= windows.requested_until
                )
                or (newer.requested_until is null and newer.window_id like '% again')
            )
    )
"""

# Pages that stand in such windows alone.
COVERED_PAGES = f"""
    select log_index from (select unnest(page_indexes) as log_index from raw.fetch_windows)
    except
    select log_index from (select unnest(page_indexes) as log_index from ({_UNCOVERED}))
"""


def _pages_of(windows: str) -> str:
    columns = f"{SUBJECT}, {WINDOW}, source, kind, stream, unnest(page_indexes) as log_index"
    return f"select {columns} from ({windows})"


_ARRIVED = f"""
    select subject, item, count(distinct key) as value
    from ({_pages_of(_CLAIMING)})
    inner join (
        select kind, stream, record_id >> 23 as log_index, key from quality.landed_records
    ) using (kind, stream, log_index)
    group by subject, item
"""

_CLAIMED = Comparison(
    name="claimed_totals_arrived",
    subjects=(),
    layer="extraction",
    sentence="Each window holds at least as many different records as the source said there were.",
    left=f"select {SUBJECT}, {WINDOW}, claimed_total as value from ({_CLAIMING})",
    right=_ARRIVED,
    measure="records",
    remedy="A record may have vanished while the list was read. If many are missing, open the window's URL "
    "by hand: some may be hidden from this token.",
    item="concat('window ', item)",
    rule="at_least",
    severity="warning",
    action="refetch",
    places=_WINDOW_PLACES,
)

# Lists move while they are read, and a window of the past is never read again: a few may be missing for ever.
_MOST_CLAIMED = Comparison(
    name="claimed_totals_nearly_arrived",
    subjects=(),
    layer="extraction",
    sentence="No window lacks more than one in a hundred of the records that the source said there were.",
    left=f"""
        select {SUBJECT}, {WINDOW}, claimed_total - greatest(1, claimed_total // 100) as value
        from ({_CLAIMING})
    """,
    right=_ARRIVED,
    measure="records",
    remedy="The source lists fewer records than it counts. Open the window's URL by hand: some records may "
    "be hidden from this token.",
    item="concat('window ', item)",
    rule="at_least",
    action="refetch",
    places=_WINDOW_PLACES,
)

_CHAINS = Comparison(
    name="window_pages_exist",
    subjects=(),
    layer="extraction",
    sentence="Every page that a closed window names is committed under the same source and stream.",
    left=f"select {SUBJECT}, {WINDOW}, len(page_indexes) as value from raw.fetch_windows",
    right=f"""
        select subject, item, count(*) as value
        from ({_pages_of("from raw.fetch_windows")})
        semi join raw.evidence_pages using (source, kind, stream, log_index)
        group by subject, item
    """,
    measure="pages",
    remedy="Evidence is missing or stands under another stream. Run `assay verify`: it names the file. "
    "Restore that file from a backup.",
    item="concat('window ', item)",
    action="restore",
)

_WINDOW_COUNTS = Comparison(
    name="window_record_counts_match",
    subjects=(),
    layer="extraction",
    sentence="A window's record count is the sum over its pages.",
    left=f"select {SUBJECT}, {WINDOW}, record_count as value from ({_UNCOVERED})",
    right=f"""
        select subject, item, sum(record_count)::bigint as value
        from ({_pages_of(_UNCOVERED)})
        inner join raw.evidence_pages using (source, kind, stream, log_index)
        group by subject, item
    """,
    measure="records",
    remedy="The window was closed without all of its pages. Fetched again, a new one covers it; if that one "
    "differs too, report it with the window's number.",
    item="concat('window ', item)",
    action="refetch",
    places=_WINDOW_PLACES,
)

_STREAMS_READ = Comparison(
    name="streams_were_read",
    subjects=(),
    layer="extraction",
    sentence="Every stream that the settings ask for was read to its end somewhere.",
    left=f"select distinct {SUBJECT}, source as item, 1 as value from quality.expected_places",
    right=f"""
        select distinct {SUBJECT}, source as item, 1 as value
        from raw.fetch_windows
        semi join quality.expected_places using (source, kind, stream)
    """,
    measure="sources",
    remedy="The token may not read this stream anywhere, or extraction never came to it. Run `assay run` "
    "again and read its failures; a stream that is not wanted can be left out by `streams` in assay.yml.",
    action="run",
)

# A warning: a repository may be empty, or have the feature switched off, and then has nothing to be read.
_PLACES_READ = Comparison(
    name="places_were_read",
    subjects=(),
    layer="extraction",
    sentence="Every configured place was read to its end at least once.",
    left=f"select {SUBJECT}, concat_ws(' ', source, scope) as item, 1 as value from quality.expected_places",
    right=f"""
        select distinct {SUBJECT}, concat_ws(' ', source, scope) as item, 1 as value
        from raw.fetch_windows
        semi join quality.expected_places using (source, kind, stream, scope)
    """,
    measure="places",
    remedy="Extraction has not finished there. Run `assay run` again and read its failures; a repository "
    "that is gone must leave assay.yml.",
    severity="warning",
    action="refetch",
    places=f"""
        select {SUBJECT}, concat_ws(' ', source, scope) as item, source, kind, stream, scope,
            null::varchar as parent_key, null::timestamptz as requested_from,
            null::timestamptz as requested_until
        from quality.expected_places
    """,
)

_COMPARISONS = (_CLAIMED, _MOST_CLAIMED, _CHAINS, _WINDOW_COUNTS, _STREAMS_READ, _PLACES_READ)


def window_comparisons(streams: Iterable[StreamContract]) -> tuple[Comparison, ...]:
    """What must hold of the windows of these streams."""
    subjects = tuple(contract.raw for contract in streams)
    return tuple(replace(comparison, subjects=subjects) for comparison in _COMPARISONS)
