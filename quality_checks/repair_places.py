"""Where what differs was fetched: from a comparison's items to the windows and lists that brought them."""

from collections.abc import Collection, Iterable
from typing import Any, Final

from quality_checks.repairs import Repair, refetch
from quality_checks.streams import StreamContract

PLACE: Final = "source, kind, stream, scope, parent_key, requested_from, requested_until"
REPAIRS_KEPT: Final = 200
"""Of one check and subject; what is beyond them shows in the next check."""

# One row for each page of a closed window: the newest window that names it.
PAGE_PLACES: Final = f"""
    select concat('raw.', kind, '__', stream) as subject, log_index as item, {PLACE}
    from (select {PLACE}, window_index, unnest(page_indexes) as log_index from raw.fetch_windows)
    qualify row_number() over (partition by kind, stream, log_index order by window_index desc) = 1
"""


def repairs_of(
    rows: Iterable[tuple[Any, ...]], streams: Collection[StreamContract]
) -> dict[str, tuple[Repair, ...]]:
    """What to fetch again for each subject, each place once.

    Args:
        rows: Subject and place (`PLACE`) of what differs.
        streams: Says of which streams a window of time can be asked for; of others it is the whole list.
    """
    windowed = {(each.kind, each.stream) for each in streams if each.is_windowed}
    found: dict[str, dict[Repair, None]] = {}
    for subject, source, kind, stream, scope, parent_key, first, until in rows:
        if (kind, stream) in windowed and first is not None and until is not None:
            repair = refetch(source, stream, scope=scope, requested_from=first, requested_until=until)
        else:
            repair = refetch(source, stream, scope=scope, parent_key=parent_key)
        found.setdefault(subject, {})[repair] = None
    return {subject: tuple(repairs)[:REPAIRS_KEPT] for subject, repairs in found.items()}
